//! A guide with everything the language has, played over HTTP: what its file says
//! is what the page shows, the form asks, and a submission must fulfil.

mod by_channel;
mod followed;
mod in_force;

use serde_json::{Value, json};

use crate::support::{Database, Portal, id};

const YAML: &str = include_str!("rent-subsidy.yaml");
/// The certificate the guide issues, which nobody else does.
const TYPES: &str = "format: 1\nkind: certificate_types\ntypes:\n  - { type: 11100000MBWXT0006A099, name: { zh: 租房补助证, en: Rent subsidy certificate }, attributes: [rent] }\n";
const CODE: &str = "11340705MBWXT061304000501099000";
const RESIDENT: &str = "resident@web";
const OFFICER: &str = "counter_officer@counter";
const PDF: &[u8] = b"%PDF-1.7\n%%EOF";

async fn portal_with(yaml: &str) -> Portal {
    let portal = Portal::open(Database::sqlite()).await;
    publish(&portal, yaml).await;
    portal
}

async fn publish(portal: &Portal, yaml: &str) {
    let files = vec![("types.yaml".to_owned(), TYPES.to_owned()), ("rent.yaml".to_owned(), yaml.to_owned())];
    wanshitong::app::catalog::publish(&portal.city.ctx, files).await.unwrap().unwrap();
}

fn facts(scenario: &str) -> Value {
    let mut facts = json!({
        "applicant_name": "钱多多", "home": { "region": "340705005002", "detail": "幸福里 1 号" }, "rent": 80000,
    });
    if scenario == "new" {
        facts["members"] = json!([{ "name": "钱多多", "age": 35, "id_number": "440524188001010014" }, { "name": "钱小多", "age": 3 }]);
    }
    facts
}

fn draft(scenario: &str) -> Value {
    json!({ "guide_code": CODE, "scenario": scenario, "facts": facts(scenario) })
}

async fn evaluate(portal: &Portal, body: Value) -> Value {
    portal.post("", &format!("/api/v1/guides/{CODE}/evaluate"), body).await.expect(200)
}

/// What is said of each.
fn states(list: &Value) -> Vec<String> {
    let say = |one: &Value| format!("{} {}", one["code"], one["state"]).replace('"', "");
    list.as_array().unwrap().iter().map(say).collect()
}

fn codes(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|entry| entry["code"].as_str().unwrap()).collect()
}

#[actix_web::test]
async fn questions_lead_to_a_scenario_and_its_form_materials_and_limits_follow() {
    let portal = portal_with(YAML).await;
    let page = portal.get("", &format!("/api/v1/guides/{CODE}")).await.expect(200);
    assert_eq!(page["questions"]["answers"][1]["scenario"], "renew");
    assert_eq!(page["scenarios"][0]["limits"]["promised"]["days"], 10);
    assert_eq!(page["scenarios"][1]["limits"]["promised"]["days"], 2);
    assert!(page.get("examples").is_none(), "examples are for the author");

    let form = |query: &str| format!("/api/v1/guides/{CODE}/form{query}");
    let new = portal.get("", &form("?scenario=new")).await.expect(200);
    assert_eq!(new["required"], json!(["applicant_name", "home", "rent", "members"]));
    assert_eq!(new["properties"]["members"]["items"]["required"], json!(["name", "age"]));
    assert_eq!(new["x-wanshitong"]["files"]["lease_file"]["material"], "lease");
    let renew = portal.get("", &form("?scenario=renew")).await.expect(200);
    assert!(renew["properties"].get("members").is_none());
    let whole = portal.get("", &form("")).await.expect(200);
    assert_eq!(whole["properties"]["members"]["x-wanshitong"]["scenarios"], json!(["new"]));
    let unknown = portal.get("", &form("?scenario=other")).await.problem(422);
    assert_eq!(unknown["errors"][0]["pointer"], "/scenario");

    let path = format!("/api/v1/guides/{CODE}/evaluate");
    let unsaid = portal.post("", &path, json!({})).await.problem(422);
    assert!(
        unsaid["errors"][0]["detail"].as_str().unwrap().contains("new（首次申请）、renew（年审）"),
        "{unsaid:#}"
    );
    let new = evaluate(&portal, json!({ "scenario": "new", "facts": facts("new") })).await;
    assert_eq!((&new["eligible"], &new["field_errors"]), (&json!(true), &json!([])), "{new:#}");
    assert_eq!(codes(&new["materials"]), ["lease", "hardship_proof"]);
    let renew = evaluate(&portal, json!({ "scenario": "renew", "facts": facts("renew") })).await;
    assert_eq!(codes(&renew["materials"]), ["lease"]);
    assert!(renew["promised_due"].as_str() < new["promised_due"].as_str());
    portal.close().await;
}

#[actix_web::test]
async fn a_dry_run_that_is_told_nothing_says_neither_yes_nor_no() {
    let portal = Portal::open(Database::sqlite()).await;
    let path = format!("/api/v1/guides/{}/evaluate", portal.city.guide("old-age-allowance.yaml"));
    let nothing = portal.post("", &path, json!({})).await.expect(200);
    assert_eq!(states(&nothing["conditions"]), ["age unknown", "residence unknown"]);
    assert_eq!(nothing["eligible"], false, "nobody is eligible before all is known");

    let young = json!({ "applicant": { "birth_date": "1990-05-20" } });
    let young = portal.post("", &path, young).await.expect(200);
    assert_eq!(states(&young["conditions"]), ["age not_met", "residence unknown"]);
    let old = json!({ "applicant": { "birth_date": "1940-05-20", "residence": "340705005002" } });
    let old = portal.post("", &path, old).await.expect(200);
    assert_eq!(states(&old["conditions"]), ["age met", "residence met"]);
    assert_eq!(old["eligible"], true);
    portal.close().await;
}

#[actix_web::test]
async fn whether_a_document_is_needed_is_left_open_until_what_it_rests_on_is_known() {
    let rule = "    least_trust: B\n    required: facts.rent > 50000 || applicant.age < 18\n";
    let portal = portal_with(&YAML.replace("    least_trust: B\n", rule)).await;
    let mut body = json!({ "scenario": "new", "facts": {}, "applicant": {} });
    let nothing = evaluate(&portal, body.clone()).await;
    assert_eq!(states(&nothing["materials"]), ["lease required", "hardship_proof unknown"]);
    assert_eq!(states(&nothing["conditions"]), ["lives_here unknown", "adults_named unknown"]);
    assert_eq!(nothing["materials"][1]["required"], false, "it is not surely required");
    body["facts"] = json!({ "rent": "dear" });
    let wrong = evaluate(&portal, body.clone()).await;
    assert_eq!(states(&wrong["materials"]), ["lease required", "hardship_proof unknown"]);
    body["facts"] = json!({ "rent": 10_000 });
    body["applicant"] = json!({ "birth_date": "1990-05-20" });
    let cheap = evaluate(&portal, body.clone()).await;
    assert_eq!(states(&cheap["materials"]), ["lease required", "hardship_proof not_required"]);
    body["facts"] = json!({ "rent": 80_000 });
    body["applicant"] = json!({});
    let dear = evaluate(&portal, body).await;
    assert_eq!(states(&dear["materials"]), ["lease required", "hardship_proof required"]);
    assert_eq!(dear["materials"][1]["required"], true);
    portal.close().await;
}

#[actix_web::test]
async fn errors_in_rows_are_told_at_their_cells() {
    let portal = portal_with(YAML).await;
    let mut wrong = facts("new");
    wrong["members"] =
        json!([{ "name": "钱多多", "age": 200 }, { "age": "x", "id_number": "1", "pet": 1 }, {}]);
    let said = evaluate(&portal, json!({ "scenario": "new", "facts": wrong })).await;
    let errors = said["field_errors"].as_array().unwrap();
    let mut pointers: Vec<&str> = errors.iter().map(|error| error["pointer"].as_str().unwrap()).collect();
    pointers.sort_unstable();
    assert_eq!(
        pointers,
        [
            "/facts/members/0/age",
            "/facts/members/1/age",
            "/facts/members/1/id_number",
            "/facts/members/1/name",
            "/facts/members/1/pet",
        ]
    );
    wrong = facts("new");
    wrong["members"] = json!([{ "name": "钱小多", "age": 3 }]);
    let said = evaluate(&portal, json!({ "scenario": "new", "facts": wrong })).await;
    let adults = said["conditions"].as_array().unwrap().iter().find(|c| c["code"] == "adults_named");
    assert_eq!(adults.unwrap()["state"], "not_met", "{said:#}");
    portal.close().await;
}

#[actix_web::test]
async fn what_the_portal_filled_in_is_marked_until_somebody_changes_it() {
    let portal = portal_with(YAML).await;
    let case = portal.open_case(RESIDENT, json!({ "guide_code": CODE, "scenario": "renew" })).await;
    assert_eq!(case["prefilled"]["applicant_name"]["source"], "identity", "{case:#}");
    assert_eq!(case["prefilled"]["applicant_name"]["at"], case["opened_at"]);
    let path = format!("/api/v1/cases/{}/facts", id(&case));
    let patch = portal.request(RESIDENT, "PATCH", &path).json(&json!({ "applicant_name": "钱少少" }));
    let case = portal.send(patch).await.expect(200);
    assert!(case["prefilled"].get("applicant_name").is_none(), "{case:#}");
    portal.close().await;
}

#[actix_web::test]
async fn a_document_must_be_trusted_as_far_as_the_guide_asks() {
    let portal = portal_with(YAML).await;
    let case = id(&portal.open_case(RESIDENT, draft("new")).await);
    let at = |material: &str| format!("/api/v1/cases/{case}/materials/{material}");
    portal.put_file(RESIDENT, &at("lease"), PDF).await.expect(200);
    let refused = portal.put_file(RESIDENT, &at("hardship_proof"), PDF).await.problem(422);
    assert_eq!(refused["errors"][0]["code"], "original_needed", "{refused:#}");
    let seen =
        |who: &str, path: &str| portal.request(who, "PUT", path).header("x-original-seen", "true").body(PDF);
    let lie = portal.send(seen(RESIDENT, &at("hardship_proof"))).await.problem(422);
    assert_eq!(lie["errors"][0]["code"], "original_not_seen", "{lie:#}");

    let person = json!({ "name": "程远山", "id_number": crate::support::id_number("34070519570105", 11) });
    let mut at_the_counter = draft("new");
    at_the_counter["applicant"] = person;
    let case = id(&portal.open_case(OFFICER, at_the_counter).await);
    let proof = format!("/api/v1/cases/{case}/materials/hardship_proof");
    let kept = portal.send(seen(OFFICER, &proof)).await.expect(200);
    assert_eq!(kept["materials"]["hardship_proof"]["original_seen"], true);
    portal.close().await;
}

#[actix_web::test]
async fn what_was_handed_in_once_serves_again_for_as_long_as_the_guide_says() {
    let portal = portal_with(YAML).await;
    let submitted = || async {
        let case = id(&portal.open_case(RESIDENT, draft("renew")).await);
        portal.put_file(RESIDENT, &format!("/api/v1/cases/{case}/materials/lease"), PDF).await.expect(200);
        portal.act(RESIDENT, &case, "submit", json!({})).await;
        case
    };
    let first = submitted().await;
    let second = id(&portal.open_case(RESIDENT, draft("renew")).await);
    let path = format!("/api/v1/cases/{second}/materials/lease");
    let again = |who: &str, case: &str| {
        let body = json!({ "kind": "earlier", "case": case, "material": "lease" });
        portal.request(who, "PUT", &path).json(&body)
    };
    let kept = portal.send(again(RESIDENT, &first)).await.expect(200);
    assert_eq!(kept["materials"]["lease"]["handed_in"], "2026-03-02", "{kept:#}");
    let stranger = portal.send(again(RESIDENT, &uuid::Uuid::nil().to_string())).await.problem(422);
    assert_eq!(stranger["errors"][0]["code"], "unknown");
    portal.send(again("second_resident@web", &first)).await.problem(404);

    portal.city.ctx.clock.advance(chrono::TimeDelta::days(29));
    portal.act(RESIDENT, &second, "submit", json!({})).await;
    portal.city.ctx.clock.advance(chrono::TimeDelta::days(2));
    let third = id(&portal.open_case(RESIDENT, draft("renew")).await);
    let body = json!({ "kind": "earlier", "case": second, "material": "lease" });
    let path = format!("/api/v1/cases/{third}/materials/lease");
    let old = portal.send(portal.request(RESIDENT, "PUT", &path).json(&body)).await.problem(422);
    assert_eq!(old["errors"][0]["code"], "too_old", "{old:#}");
    portal.close().await;
}

#[actix_web::test]
async fn a_channel_is_left_out_only_by_law_and_the_refusal_cites_it() {
    let basis = "channels:\n  only: [window]\n  basis: { law: { zh: 《民法典》, en: Civil Code }, article: 第一千零四十九条, text: 应当亲自到婚姻登记机关申请结婚登记 }\n";
    let portal = portal_with(&format!("{YAML}{basis}")).await;
    let refused = portal.post(RESIDENT, "/api/v1/cases", draft("renew")).await.problem(409);
    assert_eq!(refused["code"], "channel_not_offered");
    let mut body = json!({ "scenario": "renew", "facts": facts("renew"), "channel": "pc" });
    let online = evaluate(&portal, body.clone()).await;
    let told = (&online["eligible"], &online["open"], &online["offered"], &online["channels"]);
    assert_eq!(told, (&json!(false), &json!(true), &json!(false), &json!(["window"])), "{online:#}");
    assert_eq!(online["why_not"][0]["zh"], refused["detail"], "what whoever applied all the same is told");
    body["channel"] = json!("window");
    let there = evaluate(&portal, body).await;
    let told = (&there["eligible"], &there["offered"], &there["why_not"]);
    assert_eq!(told, (&json!(true), &json!(true), &json!([])), "{there:#}");
    assert!(refused["detail"].as_str().unwrap().contains("第一千零四十九条"), "{refused:#}");
    let mut present = draft("renew");
    present["applicant"] =
        json!({ "name": "程远山", "id_number": crate::support::id_number("34070519570105", 11) });
    portal.open_case(OFFICER, present).await;
    portal.close().await;
}
