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
use wanshitong::store::{self, AuditFilter, Changes, Erase, Location, RetentionWrite, name_key};

use crate::api::{road_draft, submitted_road_case};
use crate::support::{Database, PDF, Portal, id};
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

/// How many rows of a table belong to a case, on SQLite.
fn rows_of(portal: &Portal, table: &str, case: &str) -> i64 {
    use diesel::prelude::*;
    let Location::Sqlite(path) = &portal.city.database.location else { panic!("this is SQLite") };
    let count = format!("(SELECT count(*) FROM {table} WHERE {})", of_case(portal, "case_id", case));
    let mut conn = SqliteConnection::establish(path).unwrap();
    diesel::select(diesel::dsl::sql::<diesel::sql_types::BigInt>(&count)).get_result(&mut conn).unwrap()
}

async fn personal_data_goes_after_ten_years(database: Database) {
    let portal = Portal::open(database).await;
    let case = closed_road_case(&portal).await;
    let at = format!("/api/v1/cases/{case}");
    let receipt = portal.get(WHO, &format!("{at}/receipt")).await.expect(200);
    let history = events(&portal, WHO, &case).await;
    let read = portal.get(WHO, &at).await.expect(200);
    assert!(read.to_string().contains("方书文"));
    let letters = portal.get(WHO, &format!("{at}/letters")).await.expect(200);
    let print = format!("{at}/letters/{}/pdf", id(&letters["items"][0]));
    assert_eq!(portal.get(WHO, &print).await.status, 200);
    assert_eq!(std::fs::read_dir(portal.city.database.files_of(&case)).unwrap().count(), 2);
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
    portal.get(WHO, &print).await.problem(404);
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
    assert!(!portal.city.database.files_of(&case).exists(), "its files are gone");
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
    // Its file was the same as that of the other, which still has it.
    assert!(!portal.city.database.files_of(&lapsed).exists());
    let file = format!("/api/v1/cases/{living}/materials/location_plan");
    assert_eq!(portal.get(WHO, &file).await.bytes, PDF);
    portal.close().await;
}

/// A certificate without an end may be revoked whenever it turns out to be wrong.
async fn what_is_erased_can_still_be_revoked(database: Database) {
    let portal = Portal::open(database).await;
    let case = closed_road_case(&portal).await;
    let at = format!("/api/v1/cases/{case}");
    days(&portal, 3654);
    assert_eq!(erased(&portal).await, 1);
    let grounds = json!({"reason": "以欺骗手段取得", "article": "《行政许可法》第六十九条"});
    portal.act("approver@web", &case, "revoke", grounds).await;
    let read = portal.get("handler@web", &at).await.expect(200);
    assert_eq!((&read["state"], &read["outcome"]), (&json!("closed"), &json!("revoked")));
    assert!(read.to_string().contains("以欺骗手段取得"), "{read:#}");
    assert!(!read.to_string().contains("方书文"), "what was erased stays so");
    let mine = portal.get(WHO, "/api/v1/me/certificates").await.expect(200);
    let own = mine["items"].as_array().unwrap().iter().find(|own| own["case"] == case.as_str()).unwrap();
    assert_eq!(own["status"], "revoked", "{own:#}");
    // The letter of it is there for who must know, and is set without the name that is gone.
    let letters = portal.get(WHO, &format!("{at}/letters")).await.expect(200);
    let revocation = letters["items"].as_array().unwrap().last().unwrap();
    assert_eq!((&revocation["kind"], &revocation["addressee"]), (&json!("revocation"), &Value::Null));
    let print = format!("{at}/letters/{}/pdf", id(revocation));
    let printed = portal.get(WHO, &print).await.bytes;
    assert!(printed.starts_with(b"%PDF"));
    // Whoever is late with deleting what was erased deletes nothing of it.
    let (ctx, folder) = (&portal.city.ctx, case.parse().unwrap());
    let mut late = Changes::new();
    late.write(RetentionWrite::Doom { folder, drop_at: ctx.clock.now() });
    ctx.store.commit(late).await.unwrap();
    erased(&portal).await;
    assert_eq!(portal.get(WHO, &print).await.bytes, printed);
    let first = format!("{at}/letters/{}/pdf", id(&letters["items"][0]));
    portal.get(WHO, &first).await.problem(404);
    let (counts, found) = look(&portal.city.ctx).await;
    assert_eq!((counts.erased, found), (1, Vec::new()));

    // It is kept as long as any other from then on, and erased again.
    days(&portal, 3650);
    assert_eq!(erased(&portal).await, 0);
    days(&portal, 4);
    assert_eq!(erased(&portal).await, 1);
    let read = portal.get("handler@web", &at).await.expect(200);
    assert!(!read.to_string().contains("以欺骗手段取得"), "{read:#}");
    portal.get(WHO, &print).await.problem(404);
    assert_eq!(kept(&portal.city.database.folder.join("files")), 0);
    assert_eq!(look(&portal.city.ctx).await.1, []);
    portal.close().await;
}

#[actix_web::test]
async fn a_certificate_is_revoked_after_the_erasure_of_its_case() {
    what_is_erased_can_still_be_revoked(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn a_certificate_is_revoked_after_the_erasure_of_its_case_on_postgres() {
    what_is_erased_can_still_be_revoked(Database::postgres()).await;
}

/// How many files lie in a folder and below.
fn kept(folder: &std::path::Path) -> usize {
    let entries = std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    entries.map(|path| if path.is_dir() { kept(&path) } else { 1 }).sum()
}

/// Two who read a case in the same moment: one erases it, one writes to it.
async fn an_erasure_and_a_write_do_not_undo_each_other(database: Database) {
    let portal = Portal::open(database).await;
    let case: uuid::Uuid = closed_road_case(&portal).await.parse().unwrap();
    let (store, clock) = (&portal.city.ctx.store, &portal.city.ctx.clock);
    let read = store.find_case(case).await.unwrap().unwrap();
    // Something has happened to it since it was listed.
    let closed_at = clock.now();
    let erase = Erase {
        id: case,
        version: read.case.version,
        until: closed_at - chrono::TimeDelta::seconds(1),
        folder: read.origin.folder(),
        at: closed_at,
    };
    let mut changes = Changes::new();
    changes.write(RetentionWrite::EraseCase(erase));
    assert!(matches!(store.commit(changes).await, Err(store::Error::Stale)));
    days(&portal, 3654);
    assert_eq!(erased(&portal).await, 1);
    let mut late = Changes::new();
    late.record_case(store.vault(), &read.origin, &read.case, &[], &[], None).unwrap();
    assert!(matches!(store.commit(late).await, Err(store::Error::Stale)), "its key is not brought back");
    assert!(store.find_case(case).await.unwrap().unwrap().origin.key().is_none());
    assert_eq!(look(&portal.city.ctx).await.1, []);
    portal.close().await;
}

#[actix_web::test]
async fn whoever_read_a_case_before_its_erasure_does_not_bring_it_back() {
    an_erasure_and_a_write_do_not_undo_each_other(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn whoever_read_a_case_before_its_erasure_does_not_bring_it_back_on_postgres() {
    an_erasure_and_a_write_do_not_undo_each_other(Database::postgres()).await;
}

/// Whatever is asked of a case whose personal data is gone: an answer, never a failure.
#[actix_web::test]
async fn an_erased_case_answers_every_command() {
    let portal = Portal::open(Database::sqlite()).await;
    let closed = closed_road_case(&portal).await;
    let lapsed = road_draft(&portal, WHO, json!({})).await;
    days(&portal, 31);
    assert_eq!(timers::run(&portal.city.ctx).await.unwrap(), 1);
    days(&portal, 3660);
    assert_eq!(erased(&portal).await, 2);
    for (case, rated) in [(&lapsed, 409), (&closed, 200)] {
        let at = format!("/api/v1/cases/{case}");
        let facts = portal.request(WHO, "PATCH", &format!("{at}/facts")).json(&json!({"area": 2}));
        assert_eq!(portal.send(facts).await.problem(409)["code"], "wrong_state");
        let plan = format!("{at}/materials/location_plan");
        assert_eq!(portal.put_file(WHO, &plan, PDF).await.problem(409)["code"], "wrong_state");
        assert_eq!(
            portal.post(WHO, &format!("{at}/submit"), json!({})).await.problem(409)["code"],
            "wrong_state"
        );
        let rating = portal.post(WHO, &format!("{at}/rate"), json!({"score": 5, "comment": "谢谢"})).await;
        assert_eq!(rating.status, rated, "{}", String::from_utf8_lossy(&rating.bytes));
        assert!(!portal.city.database.files_of(case).exists(), "nothing was kept of what was refused");
    }
    assert_eq!(look(&portal.city.ctx).await.1, []);
    portal.close().await;
}

/// Codes for somebody who helps, or to go on elsewhere, lead to nothing any more.
#[actix_web::test]
async fn who_helped_with_a_draft_is_forgotten_with_it() {
    let portal = Portal::open(Database::sqlite()).await;
    let case = road_draft(&portal, WHO, json!({})).await;
    let given = portal.post(WHO, &format!("/api/v1/cases/{case}/handoff"), json!({})).await.expect(201);
    let open = format!("/api/v1/handoffs/{}/open", given["code"].as_str().unwrap());
    portal.post("counter_officer@counter", &open, json!({})).await.expect(200);
    portal.post(WHO, &format!("/api/v1/cases/{case}/handoff"), json!({})).await.expect(201);
    let rows = |table| rows_of(&portal, table, &case);
    assert_eq!((rows("case_helpers"), rows("handoffs")), (1, 1));
    days(&portal, 31);
    assert_eq!(timers::run(&portal.city.ctx).await.unwrap(), 1);
    days(&portal, 30);
    assert_eq!(erased(&portal).await, 1);
    assert_eq!((rows("case_helpers"), rows("handoffs")), (0, 0));
    portal.close().await;
}

/// A case that was never filed leaves its files behind for a day.
#[actix_web::test]
async fn a_folder_that_was_not_spared_goes_after_a_day() {
    let portal = Portal::open(Database::sqlite()).await;
    let ctx = &portal.city.ctx;
    let folder = uuid::Uuid::from_bytes(wanshitong::store::random());
    retention::doom(ctx, folder, ctx.clock.now()).await.unwrap();
    ctx.blobs.put(folder, "one", bytes::Bytes::from_static(PDF)).await.unwrap();
    erased(&portal).await;
    assert!(ctx.blobs.get(folder, "one").await.unwrap().is_some());
    days(&portal, 1);
    erased(&portal).await;
    assert!(!portal.city.database.files_of(&folder.to_string()).exists());
    assert!(ctx.store.list_doomed_folders(ctx.clock.now(), 10).await.unwrap().is_empty());
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
        "UPDATE cases SET data_key = NULL, personal = NULL, kept_since = NULL, erased_to = version WHERE {}",
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
