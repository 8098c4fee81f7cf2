//! The bundle of the sample city for the birth of a child, as its families use it.

use serde_json::{Value, json};

use super::*;

const NEWBORN: &str = "newborn";
const MOTHER: &str = "林晓岚";
/// Where parts want the number of the birth certificate.
const NUMBERS: [(&str, &str); 2] =
    [("immunisation", "birth_certificate_number"), ("registration", "birth_certificate_no")];

fn of_the_child(name: &str) -> Value {
    let home = json!({ "region": "340705005002", "detail": "开源路1号" });
    json!({
        "child_name": name, "child_gender": "female", "birth_date": "2026-02-26", "birth_place": "340705000000",
        "hospital": "铜官区人民医院", "birth_weight": 3250, "mother_name": MOTHER,
        "mother_id": "340705199105125280", "father_given": true, "father_name": "周示例",
        "father_id": "340705199307160017", "address": home, "home": home, "mother_insured": false,
        "birth": { "birth_time": "08:35", "gestation_weeks": 39, "applicant_is": "mother", "truth": true },
        "immunisation": { "clinic": "东郊社区卫生服务中心", "guardian_relation": "mother", "truth": true },
        "registration": {
            "child_ethnicity": "汉族", "parents_married": false, "settle_with": "mother",
            "householder_name": MOTHER, "relation_to_householder": "child", "truth": true,
        },
        "medical_insurance": { "support": "none", "truth": true },
    })
}

/// Everything the family does before the first certificate.
async fn applied_for(portal: &Portal, name: &str) -> Value {
    let path = format!("/api/v1/bundles/{NEWBORN}/applications");
    let opened = portal.post(RESIDENT, &path, json!({ "facts": of_the_child(name) })).await.expect(201);
    attach(portal, &id(&opened), "registration.unmarried_statement").await;
    let started = submit(portal, &id(&opened)).await;
    assert_eq!(states(&started), ["filed", "waiting", "waiting", "waiting", "skipped"], "{started:#}");
    started
}

/// The case of a part, as the applicant sees it.
async fn case(portal: &Portal, application: &Value, code: &str) -> Value {
    portal.get(RESIDENT, &format!("/api/v1/cases/{}", case_of(application, code))).await.expect(200)
}

/// The certificate a part brought.
async fn brought(portal: &Portal, application: &Value, code: &str) -> Value {
    case(portal, application, code).await["results"][0]["id"].clone()
}

#[actix_web::test]
async fn the_number_of_the_birth_certificate_is_never_asked_for() {
    let portal = Portal::open(Database::sqlite()).await;
    let page = portal.get("", &format!("/api/v1/bundles/{NEWBORN}")).await.expect(200);
    let sections = &page["form"]["properties"];
    for (part, field) in NUMBERS {
        assert!(sections[part]["properties"].get(field).is_none(), "{part} asks for {field}");
        assert_eq!(page["form"]["properties"][part]["x-wanshitong"]["fed"], json!({ field: "birth" }));
    }
    let later = json!({ "child_id": "registration" });
    assert_eq!(page["form"]["x-wanshitong"]["later"], later);

    let started = applied_for(&portal, "林新生").await;
    let application = id(&started);
    approve(&portal, &case_of(&started, "birth")).await;
    follow(&portal).await;
    // Nobody was asked for anything: both are with their agencies.
    let on = read(&portal, &application).await;
    assert_eq!(states(&on), ["ended", "filed", "filed", "waiting", "skipped"], "{on:#}");
    let number = brought(&portal, &on, "birth").await;
    assert!(number.as_str().unwrap().contains(BIRTH_CERTIFICATE), "{number}");
    for (part, field) in NUMBERS {
        let filed = case(&portal, &on, part).await;
        assert_eq!(filed["facts"][field], number, "{filed:#}");
        assert_eq!(filed["materials"]["birth_certificate"]["certificate"], number, "{filed:#}");
    }
    portal.act("handler@web", &case_of(&on, "immunisation"), "accept", json!({})).await;
    approve(&portal, &case_of(&on, "registration")).await;
    follow(&portal).await;

    // The child's own number stands on no certificate of the portal: it is asked for once.
    let on = read(&portal, &application).await;
    assert_eq!(part(&on, "medical_insurance")["state"], "held", "{on:#}");
    let wants = part(&on, "medical_insurance")["wants"].as_array().unwrap();
    assert_eq!(wants.iter().map(|want| &want["pointer"]).collect::<Vec<_>>(), ["/facts/child_id"]);
    save(&portal, &application, json!({ "child_id": id_number("34070520260226", 22) })).await;
    let on = submit(&portal, &application).await;
    assert_eq!(
        case(&portal, &on, "medical_insurance").await["materials"]["guardianship"]["certificate"],
        number
    );
    approve(&portal, &case_of(&on, "medical_insurance")).await;
    follow(&portal).await;

    let done = read(&portal, &application).await;
    assert_eq!(states(&done), ["ended", "ended", "ended", "ended", "skipped"], "{done:#}");
    assert_eq!((&done["state"], &done["outcome"]), (&json!("ended"), &json!("complete")));
    portal.close().await;
}

#[actix_web::test]
async fn twins_have_each_the_number_of_their_own_certificate() {
    let portal = Portal::open(Database::sqlite()).await;
    let elder = applied_for(&portal, "林大双").await;
    let younger = applied_for(&portal, "林小双").await;
    for twin in [&elder, &younger] {
        approve(&portal, &case_of(twin, "birth")).await;
    }
    follow(&portal).await;
    let mut numbers = Vec::new();
    for twin in [&elder, &younger] {
        let on = read(&portal, &id(twin)).await;
        let number = brought(&portal, &on, "birth").await;
        let filed = case(&portal, &on, "registration").await;
        assert_eq!(filed["facts"]["birth_certificate_no"], number, "{filed:#}");
        assert_eq!(filed["materials"]["birth_certificate"]["certificate"], number, "{filed:#}");
        numbers.push(number);
    }
    assert_ne!(numbers[0], numbers[1]);
    portal.close().await;
}

#[actix_web::test]
async fn without_a_birth_certificate_nothing_that_rests_on_it_is_applied_for() {
    let portal = Portal::open(Database::sqlite()).await;
    let started = applied_for(&portal, "林新生").await;
    portal.act("handler@web", &case_of(&started, "birth"), "refuse", grounds()).await;
    follow(&portal).await;
    let ended = read(&portal, &id(&started)).await;
    assert_eq!(states(&ended), ["ended", "skipped", "skipped", "skipped", "skipped"], "{ended:#}");
    assert_eq!(part(&ended, "birth")["outcome"], "refused");
    assert_eq!(part(&ended, "registration")["skipped"]["after"], "birth");
    assert_eq!(ended["state"], "ended");
    let cases = portal.get(RESIDENT, "/api/v1/me/cases").await.expect(200);
    assert_eq!(cases["items"].as_array().unwrap().len(), 1);
    portal.close().await;
}

#[actix_web::test]
async fn a_form_is_filled_in_from_a_certificate_with_its_source_and_age() {
    let portal = Portal::open(Database::sqlite()).await;
    let started = applied_for(&portal, "林新生").await;
    approve(&portal, &case_of(&started, "birth")).await;
    let number = brought(&portal, &started, "birth").await;
    let guide = portal.city.guide("newborn-registration.yaml");
    let draft = portal.open_case(RESIDENT, json!({ "guide_code": guide })).await;
    assert_eq!(draft["facts"]["child_name"], "林新生", "{draft:#}");
    assert_eq!(draft["facts"]["birth_certificate_no"], number);
    for field in ["child_name", "birth_date", "mother_id", "birth_certificate_no"] {
        let from = &draft["prefilled"][field];
        assert_eq!((&from["source"], &from["certificate"]), (&json!("certificate"), &number), "{draft:#}");
        assert_eq!(from["at"], "2026-03-02T01:30:00Z", "{draft:#}");
    }
    portal.close().await;
}
