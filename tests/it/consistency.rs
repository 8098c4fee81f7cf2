//! 同案不同办: what was asked for alike and decided differently is shown to the
//! supervisor, and to nobody else.

use serde_json::{Value, json};

use crate::api::submitted_road_case;
use crate::support::{Database, Portal, road_facts};

async fn decided(portal: &Portal, who: &str, changes: Value, approve: bool) -> String {
    let case = match changes.is_null() {
        true => submitted_road_case(portal, who).await,
        false => {
            let mut facts = road_facts();
            facts.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
            let case = crate::api::road_draft(portal, who, json!({ "facts": facts })).await;
            portal.act(who, &case, "submit", json!({})).await;
            case
        }
    };
    portal.act("counter_officer@counter", &case, "accept", json!({})).await;
    let step = |step: &str| json!({"step": step, "opinion": "现场核实，符合要求"});
    portal.act("handler@web", &case, "record-step", step("handle")).await;
    portal.act("reviewer@web", &case, "record-step", step("review")).await;
    match approve {
        true => portal.act("approver@web", &case, "approve", json!({"opinion": "同意"})).await,
        false => {
            let grounds = json!({"reason": "影响通行", "article": "第三十一条"});
            portal.act("approver@web", &case, "deny", grounds).await
        }
    };
    case
}

async fn what_was_decided_differently_is_shown(database: Database) {
    let portal = Portal::open(database).await;
    let guide = portal.city.guide("road-occupation-permit.yaml");
    let path = format!("/api/v1/reports/consistency?guide={guide}&version=1");
    let supervisor = "supervisor@web";
    let who = "resident@web";
    let approved = decided(&portal, who, Value::Null, true).await;
    // In other words, by somebody else's hand, and the same.
    let words = json!({"reason": "刷漆", "site_manager": "王一", "site_manager_mobile": "13900000009"});
    decided(&portal, who, words, true).await;
    // What is larger may be judged differently.
    decided(&portal, who, json!({"area": 900}), false).await;
    let report = portal.get(supervisor, &path).await.expect(200);
    assert_eq!(report, json!({"items": [], "next": null}));

    let denied = decided(&portal, who, Value::Null, false).await;
    let report = portal.get(supervisor, &path).await.expect(200);
    let [group] = report["items"].as_array().unwrap().as_slice() else { panic!("{report:#}") };
    assert_eq!((&group["approved"], &group["denied"]), (&json!(2), &json!(1)), "{group:#}");
    let cases = group["cases"].as_array().unwrap();
    let of = |id: &str| cases.iter().find(|case| case["id"] == id).unwrap();
    assert_eq!(
        (&of(&approved)["decision"], &of(&denied)["decision"]),
        (&json!("approved"), &json!("denied"))
    );
    assert_eq!(of(&denied)["decided_by"]["as"], "officer");
    assert!(of(&denied)["case_no"].as_str().unwrap().starts_with(&guide));
    for personal in ["林晓岚", "方书文", "13900000003", "影响通行"] {
        assert!(!report.to_string().contains(personal), "{personal}");
    }

    // A second group; a page each.
    decided(&portal, who, json!({"area": 900}), true).await;
    let first = portal.get(supervisor, &format!("{path}&limit=1")).await.expect(200);
    let next = first["next"].as_str().unwrap();
    let second = portal.get(supervisor, &format!("{path}&limit=1&after={next}")).await.expect(200);
    assert_ne!(first["items"][0]["group"], second["items"][0]["group"]);
    let next = second["next"].as_str().unwrap();
    let third = portal.get(supervisor, &format!("{path}&limit=1&after={next}")).await.expect(200);
    assert_eq!(third, json!({"items": [], "next": null}));
    portal.get(supervisor, &format!("{path}&after=x")).await.problem(400);

    for nobody in ["handler@web", "approver@web"] {
        portal.get(nobody, &path).await.problem(404);
    }
    portal.get(who, &path).await.problem(404);
    portal.get(supervisor, "/api/v1/reports/consistency?guide=x&version=1").await.problem(404);
    assert_eq!(crate::verify::look(&portal.city.ctx).await.1, []);
    portal.close().await;
}

#[actix_web::test]
async fn what_was_asked_alike_and_decided_differently_is_shown_to_the_supervisor() {
    what_was_decided_differently_is_shown(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn what_was_asked_alike_and_decided_differently_is_shown_to_the_supervisor_on_postgres() {
    what_was_decided_differently_is_shown(Database::postgres()).await;
}
