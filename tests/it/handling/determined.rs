//! What an agency determines: entered by whoever issues, said by the certificate, and
//! taken from there by whatever comes after.

use serde_json::{Value, json};
use wanshitong::domain::codes::CertificateId;
use wanshitong::domain::verification::Part;
use wanshitong::store::Changes;

use super::{APPROVER, COUNTER, HANDLER, Played, RESIDENT};
use crate::support::{Database, PDF, Portal, id, id_number};
use crate::verify::{look, of_case};

/// The number the police assign to the child.
fn assigned() -> String {
    id_number("34070520260210", 21)
}

/// The registration of a newborn, ready to be issued.
async fn decided(portal: &Portal) -> Played<'_> {
    let facts = json!({
        "child_name": "林新生", "child_gender": "female", "child_ethnicity": "汉族", "birth_date": "2026-02-10",
        "birth_place": "340705000000", "birth_certificate_no": "V340000123", "mother_name": "林晓岚",
        "mother_id": "340705199105125280", "parents_married": false, "settle_with": "mother",
        "household_address": { "region": "340705005002", "detail": "开源路1号" }, "householder_name": "林晓岚",
        "relation_to_householder": "child", "truth": true,
    });
    let guide = portal.city.guide("newborn-registration.yaml");
    let opened = portal.open_case(RESIDENT, json!({ "guide_code": guide, "facts": facts })).await;
    let case = Played { portal, case: id(&opened) };
    for material in ["birth_certificate", "unmarried_statement"] {
        let path = format!("/api/v1/cases/{}/materials/{material}", case.case);
        portal.put_file(RESIDENT, &path, PDF).await.expect(200);
    }
    case.does(RESIDENT, "submit", json!({})).await;
    case.does(COUNTER, "accept", json!({})).await;
    case.does(HANDLER, "record-step", json!({ "step": "handle" })).await;
    case.does(APPROVER, "approve", json!({})).await;
    case
}

fn with(attributes: Value) -> Value {
    json!({ "attributes": attributes })
}

async fn issued(portal: &Portal) -> (Played<'_>, Value) {
    let case = decided(portal).await;
    let seen = case.does(APPROVER, "issue", with(json!({ "child_id": assigned() }))).await;
    (case, seen)
}

#[actix_web::test]
async fn who_issues_is_told_what_to_enter_and_what_is_wrong_with_it() {
    let portal = Portal::open(Database::sqlite()).await;
    let case = decided(&portal).await;
    let form = case.read(HANDLER).await["issue_form"].clone();
    assert_eq!(form["required"], json!(["child_id"]), "{form:#}");
    assert_eq!(form["properties"]["child_id"]["x-wanshitong"]["widget"], "resident_id");
    let label = &form["properties"]["child_id"]["x-wanshitong"]["label"]["en"];
    assert_eq!(label, "Citizen ID number assigned to the child");
    assert_eq!(case.read(RESIDENT).await["issue_form"], Value::Null, "it is not the applicant's to enter");

    for (entered, faults) in [
        (json!({}), json!([["/attributes/child_id", "required"]])),
        (json!({ "child_id": " " }), json!([["/attributes/child_id", "required"]])),
        (json!({ "child_id": "340705202602100219" }), json!([["/attributes/child_id", "wrong_check_digit"]])),
        (
            json!({ "child_id": assigned(), "child_name": "林新生" }),
            json!([["/attributes/child_name", "unknown_field"]]),
        ),
    ] {
        let told = case.is_told(APPROVER, "issue", with(entered), 422).await;
        let errors = told["errors"].as_array().unwrap();
        let found: Value = errors.iter().map(|error| json!([error["pointer"], error["code"]])).collect();
        assert_eq!(found, faults, "{told:#}");
    }
    let told = case.is_told(APPROVER, "issue", with(json!({ "child_id": assigned(), "seal": 1 })), 422).await;
    assert!(told["errors"][0]["detail"].as_str().unwrap().contains("要填写的是：child_id"), "{told:#}");
    assert_eq!(case.read(HANDLER).await["results"], json!([]), "nothing was issued");

    // Nothing is entered where nothing is determined.
    let other = super::accepted(&super::portal(Database::sqlite()).await).await.read(HANDLER).await;
    assert_eq!(other["issue_form"], Value::Null);
    portal.close().await;
}

#[actix_web::test]
async fn what_was_determined_stands_on_the_certificate_and_on_the_case() {
    let portal = Portal::open(Database::sqlite()).await;
    // Written as an officer writes it, kept as it is written everywhere.
    let case = decided(&portal).await;
    let spaced = assigned().to_lowercase().replacen("3407", "３407 ", 1);
    let seen = case.does(APPROVER, "issue", with(json!({ "child_id": spaced }))).await;
    assert_eq!(seen["issue_form"], Value::Null, "it was entered");
    let masked = seen["results"][0]["determined"]["child_id"].as_str().unwrap().to_owned();
    assert!(masked.contains('*') && masked != assigned(), "{masked}");
    let own = case.read(RESIDENT).await["results"][0].clone();
    assert_eq!(own["determined"], json!({ "child_id": assigned() }));

    let mine = portal.get(RESIDENT, "/api/v1/me/certificates?limit=100").await.expect(200);
    let certificate = mine["items"].as_array().unwrap().iter().find(|one| one["id"] == own["id"]).unwrap();
    assert_eq!(
        certificate["attributes"],
        json!([
            {
                "name": "child_id", "value": assigned(),
                "label": { "zh": "编制的新生儿公民身份号码", "en": "Citizen ID number assigned to the child" },
            },
            { "name": "child_name", "value": "林新生", "label": { "zh": "新生儿姓名", "en": "Name of the child" } },
        ])
    );
    let verify = json!({ "id": own["id"], "seal": certificate["seal"] });
    let shown = portal.post("", "/api/v1/certificates/verify", verify).await.expect(200);
    assert_eq!((&shown["status"], &shown["attributes"]), (&json!("valid"), &json!([])), "not for everybody");
    portal.close().await;
}

#[actix_web::test]
async fn the_form_of_another_guide_takes_it_from_the_certificate() {
    let portal = Portal::open(Database::sqlite()).await;
    let guide = include_str!("../bundles/birth-certificate.yaml").replace(
        "{ name: hospital, label: { zh: 分娩医院, en: Hospital }, type: text, max_length: 60 }",
        "{ name: child_id, label: { zh: 号码, en: Number }, type: resident_id, prefill: { certificate: \"11100000MBWXT0001A002\", attribute: child_id } }",
    );
    assert!(guide.contains("attribute: child_id"));
    let files = vec![("birth.yaml".to_owned(), guide)];
    wanshitong::app::catalog::publish(&portal.city.ctx, files).await.unwrap().unwrap();
    // After the register that was taken over from the police: the newest speaks.
    portal.city.ctx.clock.advance(chrono::TimeDelta::minutes(1));
    let (_, seen) = issued(&portal).await;
    let body = json!({ "guide_code": "11340705MBWXT0517N4000723999001" });
    let draft = portal.open_case(RESIDENT, body).await;
    assert_eq!(draft["facts"]["child_id"], assigned(), "{draft:#}");
    assert_eq!(draft["prefilled"]["child_id"]["certificate"], seen["results"][0]["id"]);
    portal.close().await;
}

#[actix_web::test]
async fn what_was_determined_is_committed_to_and_nobody_can_change_it_unseen() {
    let portal = Portal::open(Database::sqlite()).await;
    let (case, _) = issued(&portal).await;
    let (other, _) = issued(&portal).await;
    assert_eq!(look(&portal.city.ctx).await.1, []);
    let history = portal.get(RESIDENT, &format!("/api/v1/cases/{}/events", case.case)).await.expect(200);
    let record = history["items"].as_array().unwrap().last().unwrap();
    assert!(record["event"]["issued"][0]["determined"]["$private"].is_string(), "{record:#}");
    assert!(!history.to_string().contains(&assigned()), "only what was committed to is in the open");

    // What another case sealed for the same record, in this one's place.
    let (here, there) = (of_case(&portal, "case_id", &case.case), of_case(&portal, "case_id", &other.case));
    let seq = record["seq"].as_u64().unwrap();
    let swapped = format!(
        "UPDATE case_events SET personal = (SELECT personal FROM case_events WHERE {there} AND seq = {seq}) \
         WHERE {here} AND seq = {seq}"
    );
    portal.city.database.tamper(&swapped);
    let found = look(&portal.city.ctx).await.1;
    assert!(found.iter().any(|fault| fault.part == Part::Record(seq)), "{found:?}");
    portal.close().await;
}

#[actix_web::test]
async fn one_character_changed_on_the_certificate_by_who_holds_the_key_is_found() {
    let portal = Portal::open(Database::sqlite()).await;
    let (_, seen) = issued(&portal).await;
    let store = &portal.city.ctx.store;
    let id = CertificateId::parse(seen["results"][0]["id"].as_str().unwrap()).unwrap();
    let mut sealed = store.find_certificate(&id).await.unwrap().unwrap();
    let number = sealed.certificate.attributes.get_mut("child_id").unwrap();
    *number = json!(assigned().replacen("0021", "0022", 1).replacen("021", "022", 1));
    assert_ne!(*number, json!(assigned()));
    portal.city.database.tamper(&format!("DELETE FROM certificates WHERE id = '{id}'"));
    let mut changes = Changes::new();
    changes.insert_certificate(&sealed, store.vault()).unwrap();
    store.commit(changes).await.unwrap();
    let found = look(&portal.city.ctx).await.1;
    assert!(found.iter().any(|fault| fault.part == Part::Certificate(id.to_string())), "{found:?}");
    portal.close().await;
}

async fn goes_with_the_case_and_stays_on_the_certificate(database: Database) {
    let portal = Portal::open(database).await;
    let (case, seen) = issued(&portal).await;
    let delivered = json!({ "method": "self_collect", "proof": "林晓岚" });
    case.does(COUNTER, "deliver", delivered).await;
    portal.city.ctx.clock.advance(chrono::TimeDelta::days(3660));
    assert_eq!(wanshitong::app::retention::erase_due(&portal.city.ctx).await.unwrap(), 1);
    let read = case.read(RESIDENT).await;
    assert_eq!(read["results"][0]["determined"], json!({}), "{read:#}");
    assert!(!read.to_string().contains(&assigned()));
    let mine = portal.get(RESIDENT, "/api/v1/me/certificates?limit=100").await.expect(200);
    let own = mine["items"].as_array().unwrap().iter().find(|one| one["id"] == seen["results"][0]["id"]);
    assert_eq!(own.unwrap()["attributes"][0]["value"], assigned());
    assert_eq!(look(&portal.city.ctx).await.1, []);
    portal.close().await;
}

#[actix_web::test]
async fn what_was_determined_goes_with_the_case_and_stays_on_the_certificate() {
    goes_with_the_case_and_stays_on_the_certificate(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn what_was_determined_goes_with_the_case_and_stays_on_the_certificate_on_postgres() {
    goes_with_the_case_and_stays_on_the_certificate(Database::postgres()).await;
}
