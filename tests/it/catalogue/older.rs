//! What was published before a rule there is now goes on as it was decided then.

use serde_json::json;

use crate::support::{Database, Portal, id};

const GUIDE: &str = include_str!("../bundles/birth-certificate.yaml");
const CODE: &str = "11340705MBWXT0517N4000723999001";
const RESIDENT: &str = "resident@web";
const NEW: &str = "attributes: [child_name, birth_date]";
/// As guides could write it before certificates stated their number of themselves.
const OLD: &str = "attributes: [child_name, birth_date, number]";

/// The guide with a question whose answer has the name of what a certificate says of
/// itself.
fn guide() -> String {
    let hospital = "    - { name: hospital,";
    let number = "    - { name: number, label: { zh: 证明编号, en: Number }, type: text, max_length: 10 }\n";
    GUIDE.replacen(hospital, &format!("{number}{hospital}"), 1)
}

#[actix_web::test]
async fn a_stored_guide_whose_form_answers_what_certificates_now_say_themselves_is_read_as_ever() {
    let portal = Portal::open(Database::sqlite()).await;
    let ctx = &portal.city.ctx;
    let publish =
        |yaml: String| wanshitong::app::catalog::publish(ctx, vec![("birth.yaml".to_owned(), yaml)]);
    publish(guide()).await.unwrap().unwrap();
    portal
        .city
        .database
        .tamper(&format!("UPDATE guides SET yaml = replace(yaml, '{NEW}', '{OLD}') WHERE code = '{CODE}'"));
    ctx.catalogue.forget_guides();

    let shown = portal.get("", &format!("/api/v1/guides/{CODE}")).await.expect(200);
    assert_eq!(shown["code"], CODE);
    let facts = json!({
        "child_name": "林新生", "birth_date": "2026-02-20", "mother_name": "林晓岚", "number": "V340000123",
        "hospital": "铜官区人民医院",
    });
    let body = json!({ "guide_code": CODE, "facts": facts, "submit": true });
    let case = id(&portal.open_case(RESIDENT, body).await);
    portal.act("handler@web", &case, "accept", json!({})).await;
    portal.act("approver@web", &case, "approve", json!({})).await;
    let issued = portal.act("approver@web", &case, "issue", json!({})).await;
    let mine = portal.get(RESIDENT, "/api/v1/me/certificates?limit=100").await.expect(200);
    let certificate =
        mine["items"].as_array().unwrap().iter().find(|one| one["case"] == case.as_str()).unwrap();
    assert_eq!(certificate["id"], issued["results"][0]["id"]);

    // The answer of its form is what it says: a form that takes the number takes that one.
    let draft = portal
        .open_case(RESIDENT, json!({ "guide_code": portal.city.guide("newborn-registration.yaml") }))
        .await;
    assert_eq!(draft["facts"]["birth_certificate_no"], "V340000123", "{draft:#}");

    // Published anew it would be told, with the line and what to do.
    let again = publish(guide().replacen(NEW, OLD, 1)).await.unwrap().unwrap_err();
    let problem = &again.problems[0].problems[0];
    assert_eq!(problem.path, "/results/0/certificate/attributes/2");
    assert!(guide().lines().nth(problem.line - 1).unwrap().contains(NEW), "{problem}");
    assert!(
        problem
            .reason
            .en
            .contains("“number” is said by the certificate itself and entered by nobody; remove it")
    );
    portal.close().await;
}
