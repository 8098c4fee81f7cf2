//! What `wanshitong verify` finds: everything that is not as it was written, by name;
//! and nothing where all is well.

mod flips;
mod receipts;
mod roots;

use serde_json::{Value, json};
use wanshitong::app::verify::{Counts, Verifier};
use wanshitong::app::{Ctx, timers};
use wanshitong::domain::verification::{Fault, Part};

use crate::api::{road_draft, submitted_road_case};
use crate::support::{Database, PDF, Portal, allowance_facts, id};

pub async fn look(ctx: &Ctx) -> (Counts, Vec<Fault>) {
    let mut found = Vec::new();
    let verifier = Verifier { store: &ctx.store, blobs: ctx.blobs.as_ref() };
    let counts = verifier.all(&mut |fault| found.push(fault.clone())).await.unwrap();
    (counts, found)
}

/// A road permit that went through every hand: letters, a certificate, a file.
pub async fn closed_road_case(portal: &Portal) -> String {
    let case = submitted_road_case(portal, "resident@web").await;
    portal.act("counter_officer@counter", &case, "accept", json!({})).await;
    let step = |step: &str| json!({"step": step, "opinion": "现场核实，符合要求"});
    portal.act("handler@web", &case, "record-step", step("handle")).await;
    portal.act("reviewer@web", &case, "record-step", step("review")).await;
    portal.act("approver@web", &case, "approve", json!({"opinion": "同意"})).await;
    portal.act("approver@web", &case, "issue", json!({})).await;
    let delivered = json!({"method": "self_collect", "proof": "林晓岚"});
    portal.act("counter_officer@counter", &case, "deliver", delivered).await;
    case
}

/// Cases that ended in every way, and some that did not end.
async fn all_kinds_of_cases(portal: &Portal) -> u64 {
    closed_road_case(portal).await;
    let who = "resident@web";
    let withdrawn = submitted_road_case(portal, who).await;
    portal.act(who, &withdrawn, "withdraw", json!({"reason": "改期"})).await;
    let refused = submitted_road_case(portal, who).await;
    let grounds = json!({"reason": "不属于本机关职权", "article": "第三十二条"});
    portal.act("counter_officer@counter", &refused, "refuse", grounds).await;
    submitted_road_case(portal, who).await;
    let draft = road_draft(portal, who, json!({})).await;
    let removed = format!("/api/v1/cases/{draft}/materials/location_plan");
    portal.send(portal.request(who, "DELETE", &removed)).await.expect(200);
    let guide = portal.city.guide("old-age-allowance.yaml");
    let body = json!({"guide_code": guide, "facts": allowance_facts(), "submit": true});
    portal.open_case("second_resident@web", body).await;
    6
}

async fn a_sound_portal_has_no_faults(database: Database) {
    let portal = Portal::open(database).await;
    let (before, found) = look(&portal.city.ctx).await;
    assert_eq!(found, []);
    assert!(before.certificates > 0, "those taken over are looked at");
    let made = all_kinds_of_cases(&portal).await;
    let (counts, found) = look(&portal.city.ctx).await;
    assert_eq!(found, []);
    assert_eq!((counts.cases, counts.faults), (before.cases + made, 0));
    assert!(counts.letters >= 12 && counts.certificates > before.certificates, "{counts:?}");
    assert!(counts.files >= 5, "{counts:?}");
    // Silence counts as acceptance, drafts lapse.
    portal.city.ctx.clock.advance(chrono::TimeDelta::days(40));
    assert!(timers::run(&portal.city.ctx).await.unwrap() >= 2);
    assert_eq!(look(&portal.city.ctx).await.1, []);
    portal.close().await;
}

#[actix_web::test]
async fn where_all_is_well_nothing_is_found() {
    a_sound_portal_has_no_faults(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn where_all_is_well_nothing_is_found_on_postgres() {
    a_sound_portal_has_no_faults(Database::postgres()).await;
}

/// The condition that selects a case's rows, in the words of the database at hand.
pub fn of_case(portal: &Portal, column: &str, case: &str) -> String {
    match portal.city.database.location.is_sqlite() {
        true => format!("{column} = x'{}'", case.replace('-', "")),
        false => format!("{column} = '{case}'"),
    }
}

fn parts(found: &[Fault]) -> Vec<Part> {
    found.iter().map(|fault| fault.part.clone()).collect()
}

/// Whole rows taken away, and one that ends the reading of its case.
async fn missing_rows_are_named(database: Database) {
    let portal = Portal::open(database).await;
    let case = closed_road_case(&portal).await;
    let ctx = &portal.city.ctx;
    let database = &portal.city.database;
    let of = |column: &str| of_case(&portal, column, &case);
    database
        .tamper(&format!("CREATE TABLE kept_events AS SELECT * FROM case_events WHERE {}", of("case_id")));
    database.tamper(&format!("CREATE TABLE kept_letters AS SELECT * FROM letters WHERE {}", of("case_id")));
    database.tamper(&format!(
        "CREATE TABLE kept_certificates AS SELECT * FROM certificates WHERE {}",
        of("case_id")
    ));

    database.tamper(&format!("DELETE FROM case_events WHERE {} AND seq = 3", of("case_id")));
    let (_, found) = look(ctx).await;
    assert!(found.iter().any(|fault| fault.part == Part::Record(3)), "{found:#?}");
    assert!(found.iter().all(|fault| fault.case.as_ref().unwrap().id.to_string() == case), "{found:#?}");
    database.tamper("INSERT INTO case_events SELECT * FROM kept_events WHERE seq = 3");

    let last = "seq = (SELECT max(seq) FROM kept_events)";
    database.tamper(&format!("DELETE FROM case_events WHERE {} AND {last}", of("case_id")));
    let (_, found) = look(ctx).await;
    assert!(parts(&found).contains(&Part::Case), "{found:#?}");
    database.tamper(&format!("INSERT INTO case_events SELECT * FROM kept_events WHERE {last}"));

    database.tamper(&format!("DELETE FROM letters WHERE {}", of("case_id")));
    database.tamper(&format!("DELETE FROM certificates WHERE {}", of("case_id")));
    let (_, found) = look(ctx).await;
    let letters = found.iter().filter(|fault| matches!(fault.part, Part::Letter(_))).count();
    let certificates = found.iter().filter(|fault| matches!(fault.part, Part::Certificate(_))).count();
    assert_eq!((letters, certificates, found.len()), (4, 1, 5), "{found:#?}");
    database.tamper("INSERT INTO letters SELECT * FROM kept_letters");
    database.tamper("INSERT INTO certificates SELECT * FROM kept_certificates");
    assert_eq!(look(ctx).await.1, []);

    database.tamper(&format!("DELETE FROM cases WHERE {}", of("id")));
    let (_, found) = look(ctx).await;
    assert!(parts(&found).contains(&Part::Record(1)), "{found:#?}");
    let said = found[0].to_string();
    assert!(said.contains(&case) && said.contains("is not there") && said.contains("What to do"), "{said}");
    portal.close().await;
}

#[actix_web::test]
async fn a_row_that_was_taken_away_is_named() {
    missing_rows_are_named(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn a_row_that_was_taken_away_is_named_on_postgres() {
    missing_rows_are_named(Database::postgres()).await;
}

/// The column says it, the history of the case has the last word.
async fn revocations_are_those_on_record(database: Database) {
    let portal = Portal::open(database).await;
    let case = closed_road_case(&portal).await;
    let (ctx, database) = (&portal.city.ctx, &portal.city.database);
    let of_case = of_case(&portal, "case_id", &case);
    let revoked_at = |value: &str| {
        database.tamper(&format!("UPDATE certificates SET revoked_at = {value} WHERE {of_case}"));
    };
    let is_named = async || {
        let (_, found) = look(ctx).await;
        assert!(matches!(parts(&found).as_slice(), [Part::Certificate(_)]), "{found:#?}");
    };
    revoked_at("issued_at");
    is_named().await;
    revoked_at("NULL");
    assert_eq!(look(ctx).await.1, []);

    ctx.clock.advance(chrono::TimeDelta::days(1));
    let grounds = json!({"reason": "申请人隐瞒了真实情况", "article": "《行政许可法》第六十九条"});
    portal.act("approver@web", &case, "revoke", grounds).await;
    assert_eq!(look(ctx).await.1, [], "a revocation is no forgery");
    database.tamper(&format!("CREATE TABLE kept AS SELECT revoked_at FROM certificates WHERE {of_case}"));
    revoked_at("NULL");
    is_named().await;
    revoked_at("issued_at");
    is_named().await;
    revoked_at("(SELECT revoked_at FROM kept)");
    assert_eq!(look(ctx).await.1, []);
    portal.close().await;
}

#[actix_web::test]
async fn a_certificate_is_revoked_only_by_a_record_that_says_so() {
    revocations_are_those_on_record(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn a_certificate_is_revoked_only_by_a_record_that_says_so_on_postgres() {
    revocations_are_those_on_record(Database::postgres()).await;
}

#[actix_web::test]
async fn a_file_of_which_a_byte_was_changed_is_named() {
    use sha2::Digest as _;
    let portal = Portal::open(Database::sqlite()).await;
    let case = closed_road_case(&portal).await;
    let digest = wanshitong::domain::cases::history::hex(&sha2::Sha256::digest(PDF));
    let file = portal.city.database.files_of(&case).join(&digest);
    let part = Part::Material { code: "location_plan".to_owned(), digest };
    let sealed = std::fs::read(&file).unwrap();
    for place in 0..sealed.len() {
        let mut bytes = sealed.clone();
        bytes[place] ^= 1;
        std::fs::write(&file, bytes).unwrap();
        assert_eq!(parts(&look(&portal.city.ctx).await.1), std::slice::from_ref(&part), "byte {place}");
    }
    std::fs::remove_file(&file).unwrap();
    assert_eq!(parts(&look(&portal.city.ctx).await.1), [part]);
    portal.close().await;
}

/// The first of somebody's cases, as the worklist gives it.
pub async fn events(portal: &Portal, who: &str, case: &str) -> Value {
    portal.get(who, &format!("/api/v1/cases/{case}/events")).await.expect(200)
}

#[actix_web::test]
async fn the_events_name_the_letters_and_certificates_made_out_with_them() {
    let portal = Portal::open(Database::sqlite()).await;
    let case = closed_road_case(&portal).await;
    let events = events(&portal, "resident@web", &case).await;
    let letters = portal.get("resident@web", &format!("/api/v1/cases/{case}/letters")).await.expect(200);
    let named = |kind: &str| -> Vec<String> {
        let papers = events["items"].as_array().unwrap().iter().flat_map(|event| event["papers"].as_array());
        papers.flatten().filter(|paper| paper["kind"] == kind).map(id).collect()
    };
    let written: Vec<String> = letters["items"].as_array().unwrap().iter().map(id).collect();
    assert_eq!(named("letter"), written);
    assert_eq!(named("certificate").len(), 1);
    assert!(!events.to_string().contains("林晓岚"));
    portal.close().await;
}
