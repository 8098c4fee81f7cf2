//! Personal data that is kept no longer: gone from every place, while the history, the
//! letters and the receipts still verify.

use serde_json::{Value, json};
use wanshitong::app::seals::SealKeys;
use wanshitong::app::verify::{attested, follows};
use wanshitong::app::{retention, timers};
use wanshitong::domain::audit::AuditAction;
use wanshitong::domain::codes::RegionCode;
use wanshitong::domain::registries::PersonName;
use wanshitong::domain::verification::Part;
use wanshitong::domain::work::Reach;
use wanshitong::store::{AuditFilter, name_key};

use crate::api::{road_draft, submitted_road_case};
use crate::support::{Database, PDF, Portal};
use crate::verify::{closed_road_case, events, look, of_case};

const WHO: &str = "resident@web";

fn days(portal: &Portal, days: i64) {
    portal.city.ctx.clock.advance(chrono::TimeDelta::days(days));
}

async fn erased(portal: &Portal) -> usize {
    retention::erase_due(&portal.city.ctx).await.unwrap()
}

/// The cases that are found by the name of who applied.
async fn found(portal: &Portal) -> Vec<uuid::Uuid> {
    let (store, name) = (&portal.city.ctx.store, PersonName::parse("", "林晓岚").unwrap());
    let everywhere = vec![RegionCode::parse("340000000000").unwrap()];
    let reach = Reach { below: everywhere, ..Reach::default() };
    store.find_cases_by_key(name_key(store.vault(), &name), reach, None, 10).await.unwrap()
}

async fn personal_data_goes_after_ten_years(database: Database) {
    let portal = Portal::open(database).await;
    let case = closed_road_case(&portal).await;
    let at = format!("/api/v1/cases/{case}");
    let receipt = portal.get(WHO, &format!("{at}/receipt")).await.expect(200);
    let history = events(&portal, WHO, &case).await;
    let read = portal.get(WHO, &at).await.expect(200);
    assert!(read.to_string().contains("方书文"));
    assert_eq!(found(&portal).await, [case.parse::<uuid::Uuid>().unwrap()]);
    days(&portal, 3650);
    assert_eq!(erased(&portal).await, 0, "two days early: two of the years were leap years");
    days(&portal, 4);
    assert_eq!(erased(&portal).await, 1);
    assert_eq!(erased(&portal).await, 0, "once");

    let read = portal.get(WHO, &at).await.expect(200);
    let letters = portal.get(WHO, &format!("{at}/letters")).await.expect(200);
    for shown in [&read, &letters] {
        for gone in ["林晓岚", "方书文", "13900000003", "同意"] {
            assert!(!shown.to_string().contains(gone), "{gone}: {shown:#}");
        }
    }
    assert_eq!((&read["state"], &read["outcome"]), (&json!("closed"), &json!("issued")));
    assert_eq!(read["materials"]["location_plan"]["kind"], "erased", "{read:#}");
    assert_eq!(letters["items"][0]["addressee"], Value::Null);
    portal.get(WHO, &format!("{at}/materials/location_plan")).await.problem(404);
    assert_eq!(events(&portal, WHO, &case).await, history, "the history is the same, byte by byte");
    let keys = portal.get("", "/.well-known/seal-keys.json").await.expect(200);
    let receipt = attested(&receipt.to_string(), &SealKeys::from_jwks(&keys).unwrap()).unwrap();
    assert_eq!(follows(&receipt, &history.to_string()), Ok(0));
    assert!(found(&portal).await.is_empty(), "nobody finds it by who applied");
    // The certificate is its holder's.
    let mine = portal.get(WHO, "/api/v1/me/certificates").await.expect(200);
    let own = mine["items"].as_array().unwrap().iter().find(|own| own["case"] == case.as_str()).unwrap();
    assert_eq!(own["holder_name"], "林晓岚");

    let ctx = &portal.city.ctx;
    let (counts, found) = look(ctx).await;
    assert_eq!((counts.erased, found), (1, Vec::new()));
    let entries = AuditFilter { action: Some(AuditAction::CaseErased), limit: 10, ..AuditFilter::default() };
    let entries = ctx.store.list_audit(entries).await.unwrap();
    assert_eq!((entries.len(), entries[0].subject.as_deref()), (1, Some(case.as_str())));
    assert_eq!(entries[0].details["files"], 1);
    portal.close().await;
}

#[actix_web::test]
async fn the_personal_data_of_a_closed_case_goes_after_ten_years() {
    personal_data_goes_after_ten_years(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn the_personal_data_of_a_closed_case_goes_after_ten_years_on_postgres() {
    personal_data_goes_after_ten_years(Database::postgres()).await;
}

/// One case for every way to end but those of `closed_road_case`.
#[actix_web::test]
async fn however_a_case_ended_its_personal_data_goes() {
    const COUNTER: &str = "counter_officer@counter";
    const APPROVER: &str = "approver@web";
    let portal = Portal::open(Database::sqlite()).await;
    let grounds = json!({"reason": "查明情况不符", "article": "第五条"});
    let ends = [
        (WHO, "withdraw", json!({"reason": "改期"})),
        (COUNTER, "refuse", grounds.clone()),
        (COUNTER, "transfer", json!({"agency_name": "省民政厅", "reason": "属省级权限"})),
        (APPROVER, "void", grounds.clone()),
    ];
    for (who, command, body) in ends {
        let case = submitted_road_case(&portal, WHO).await;
        portal.act(who, &case, command, body).await;
    }
    let revoked = closed_road_case(&portal).await;
    portal.act(APPROVER, &revoked, "revoke", grounds).await;
    let lapsed = submitted_road_case(&portal, WHO).await;
    let items = json!([{"pointer": "/facts/area", "reason": "wrong"}]);
    portal.act(COUNTER, &lapsed, "request-correction", json!({"items": items})).await;
    days(&portal, 40);
    assert_eq!(timers::run(&portal.city.ctx).await.unwrap(), 1);

    days(&portal, 3654);
    assert_eq!(erased(&portal).await, 6);
    assert_eq!(look(&portal.city.ctx).await.1, []);
    assert!(found(&portal).await.is_empty());
    portal.close().await;
}

#[actix_web::test]
async fn a_draft_that_lapsed_goes_a_month_later_and_one_that_lives_stays() {
    let portal = Portal::open(Database::sqlite()).await;
    let lapsed = road_draft(&portal, WHO, json!({})).await;
    days(&portal, 31);
    assert_eq!(timers::run(&portal.city.ctx).await.unwrap(), 1);
    let living = road_draft(&portal, WHO, json!({})).await;
    days(&portal, 29);
    assert_eq!(erased(&portal).await, 0);
    days(&portal, 1);
    assert_eq!(erased(&portal).await, 1);
    assert_eq!(look(&portal.city.ctx).await.1, []);
    let read = portal.get(WHO, &format!("/api/v1/cases/{lapsed}")).await.expect(200);
    assert_eq!((&read["state"], &read["outcome"]), (&json!("closed"), &json!("expired")));
    // Its file is the same as that of the other, which still needs it.
    let file = format!("/api/v1/cases/{living}/materials/location_plan");
    assert_eq!(portal.get(WHO, &file).await.bytes, PDF);
    portal.close().await;
}

#[actix_web::test]
async fn two_instances_erase_a_case_once() {
    let portal = Portal::open(Database::sqlite()).await;
    let beside = portal.beside().await;
    for _ in 0..3 {
        closed_road_case(&portal).await;
    }
    for portal in [&portal, &beside] {
        days(portal, 3660);
    }
    let (here, there) = futures_util::join!(erased(&portal), erased(&beside));
    assert_eq!(here + there, 3);
    assert_eq!(look(&portal.city.ctx).await.1, []);
    beside.close().await;
    portal.close().await;
}

/// Erasing is no way to hide something.
#[actix_web::test]
async fn what_was_erased_by_somebody_else_is_named() {
    let portal = Portal::open(Database::sqlite()).await;
    let case = closed_road_case(&portal).await;
    let database = &portal.city.database;
    let of = |column: &str| of_case(&portal, column, &case);
    database.tamper(&format!(
        "UPDATE cases SET data_key = NULL, personal = NULL, kept_since = NULL WHERE {}",
        of("id")
    ));
    assert!(look(&portal.city.ctx).await.1.len() > 1, "what the key sealed is still there");
    for table in ["case_events", "letters"] {
        database.tamper(&format!("UPDATE {table} SET personal = NULL WHERE {}", of("case_id")));
    }
    let (_, found) = look(&portal.city.ctx).await;
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].part, Part::Case);
    assert!(found[0].why.contains("audit trail"), "{found:#?}");
    portal.close().await;
}
