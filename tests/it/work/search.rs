//! Finding filed cases by their number or by who applied.

use serde_json::{Value, json};

use super::audited;
use crate::api::{road_draft, submitted_road_case};
use crate::support::{Database, Portal};

async fn found(portal: &Portal, who: &str, body: Value) -> Vec<Value> {
    let list = portal.post(who, "/api/v1/cases/search", body).await.expect(200);
    list["items"].as_array().unwrap().iter().map(|item| item["id"].clone()).collect()
}

async fn cases_are_found(database: Database) {
    let portal = Portal::open(database).await;
    let first = submitted_road_case(&portal, "resident@web").await;
    // Ids of one moment are in no order of time.
    portal.city.ctx.clock.advance(chrono::TimeDelta::seconds(1));
    let second = submitted_road_case(&portal, "resident@web").await;
    road_draft(&portal, "resident@web", json!({})).await;
    portal.act("resident@web", &first, "withdraw", json!({})).await;
    let number =
        portal.get("resident@web", &format!("/api/v1/cases/{first}")).await.expect(200)["case_no"].clone();
    let guide = portal.city.guide("road-occupation-permit.yaml");
    let both = [json!(second), json!(first)];
    for who in ["handler@web", "supervisor@web", "counter_officer@counter"] {
        for body in [
            json!({"name": " 林晓岚 "}),
            json!({"id_number": "340705199105125280"}),
            json!({"mobile": "+86 139 0000 0001"}),
        ] {
            assert_eq!(found(&portal, who, body).await, both, "{who}");
        }
        assert_eq!(found(&portal, who, json!({"case_no": number})).await, [json!(first)]);
        assert_eq!(found(&portal, who, json!({"case_no": guide})).await, [json!(first), json!(second)]);
        assert!(
            found(&portal, who, json!({"name": "林晓"})).await.is_empty(),
            "a name is found whole or not at all"
        );
        assert!(found(&portal, who, json!({"name": "周永年"})).await.is_empty());
    }
    let page = json!({"name": "林晓岚", "limit": 1, "after": second});
    assert_eq!(found(&portal, "handler@web", page).await, [json!(first)]);
    for wrong in [
        json!({}),
        json!({"name": "林晓岚", "mobile": "13900000001"}),
        json!({"id_number": "340705199105125281"}),
        json!({"case_no": "2026"}),
        json!({"mobile": "1390"}),
    ] {
        portal.post("handler@web", "/api/v1/cases/search", wrong).await.problem(400);
    }
    for who in ["resident@web", "admin@web", "auditor@web"] {
        portal.post(who, "/api/v1/cases/search", json!({"name": "林晓岚"})).await.problem(403);
    }
    let searches = audited(&portal, "case.searched").await;
    let text = Value::from(searches.clone()).to_string();
    assert!(text.contains(&format!("number:{}", number.as_str().unwrap())), "{text}");
    assert!(searches.len() >= 16, "{}", searches.len());
    assert!(
        !text.contains("林晓岚") && !text.contains("3407051991") && !text.contains("13900000001"),
        "{text}"
    );
    portal.close().await;
}

#[actix_web::test]
async fn a_case_is_found_by_its_number_and_its_applicant_and_who_looked_is_on_record() {
    cases_are_found(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL; tests/run starts it"]
async fn a_case_is_found_by_its_number_and_its_applicant_and_who_looked_is_on_record_on_postgres() {
    cases_are_found(Database::postgres()).await;
}

#[actix_web::test]
async fn nobody_finds_what_his_posts_do_not_reach() {
    let portal = Portal::open(Database::sqlite()).await;
    let case = submitted_road_case(&portal, "resident@web").await;
    portal.city.database.tamper("DELETE FROM posts WHERE role = 'handler' AND agency = '11340705MBWXT1317J'");
    portal.city.ctx.identity.reload(portal.city.ctx.clock.now()).await.unwrap();
    let number =
        portal.get("resident@web", &format!("/api/v1/cases/{case}")).await.expect(200)["case_no"].clone();
    let guide = portal.city.guide("road-occupation-permit.yaml");
    for body in [json!({"name": "林晓岚"}), json!({"case_no": number}), json!({"case_no": guide})] {
        assert!(found(&portal, "handler@web", body).await.is_empty());
    }
    assert_eq!(found(&portal, "reviewer@web", json!({"name": "林晓岚"})).await, [json!(case)]);
    portal.close().await;
}
