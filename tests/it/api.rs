//! Whole cases over HTTP, each as the people it concerns would go through it.

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};

use crate::support::{Database, PDF, Portal, allowance_facts, id, id_number, road_facts};

const REASON: &str = "占用范围覆盖消防通道";
const ARTICLE: &str = "《城市道路管理条例》第三十一条第一款";

/// The road permit's draft with its one document, as somebody with a case body.
pub async fn road_draft(portal: &Portal, who: &str, more: Value) -> String {
    let mut body = json!({
        "guide_code": portal.city.guide("road-occupation-permit.yaml"),
        "scenario": "occupy",
        "facts": road_facts(),
    });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let case = id(&portal.open_case(who, body).await);
    let plan = format!("/api/v1/cases/{case}/materials/location_plan");
    portal.put_file(who, &plan, PDF).await.expect(200);
    case
}

pub async fn submitted_road_case(portal: &Portal, who: &str) -> String {
    let case = road_draft(portal, who, json!({})).await;
    portal.act(who, &case, "submit", json!({})).await;
    case
}

async fn accepted_and_reviewed(portal: &Portal) -> String {
    let case = submitted_road_case(portal, "resident@web").await;
    portal.act("counter_officer@counter", &case, "accept", json!({})).await;
    let step = |step: &str| json!({"step": step, "opinion": "现场核实，符合要求"});
    portal.act("handler@web", &case, "record-step", step("handle")).await;
    portal.act("reviewer@web", &case, "record-step", step("review")).await;
    case
}

async fn letter_kinds(portal: &Portal, who: &str, case: &str) -> Vec<String> {
    let letters = portal.get(who, &format!("/api/v1/cases/{case}/letters")).await.expect(200);
    let kind = |letter: &Value| letter["kind"].as_str().unwrap().to_owned();
    letters["items"].as_array().unwrap().iter().map(kind).collect()
}

async fn event_types(portal: &Portal, who: &str, case: &str) -> Vec<String> {
    let events = portal.get(who, &format!("/api/v1/cases/{case}/events")).await.expect(200);
    let kind = |event: &Value| event["event"]["type"].as_str().unwrap().to_owned();
    events["items"].as_array().unwrap().iter().map(kind).collect()
}

/// What was issued is a letter under its own name, to be printed like any other.
async fn result_is_a_letter(portal: &Portal, who: &str, case: &str, result: &Value) {
    let at = format!("/api/v1/cases/{case}/letters");
    let letters = portal.get(who, &at).await.expect(200);
    let letter =
        letters["items"].as_array().unwrap().iter().find(|letter| letter["kind"] == "result").unwrap();
    assert_eq!((&letter["number"], &letter["title"]), (&result["number"], &result["name"]));
    let at = format!("{at}/{}", id(letter));
    assert!(portal.get(who, &format!("{at}/pdf")).await.bytes.starts_with(b"%PDF"));
    let opened = portal.get(who, &at).await.expect(200);
    assert_eq!(opened["opened_by"], "applicant");
    assert!(opened["paragraphs"][0]["zh"].as_str().unwrap().contains("高龄津贴发放通知书"), "{opened:#}");
}

/// An old-age allowance is decided by rule the moment it is handed in.
async fn an_allowance_is_granted_at_once(database: Database) {
    let portal = Portal::open(database).await;
    let who = "second_resident@mini_program";
    let code = portal.city.guide("old-age-allowance.yaml");
    let mut tried = allowance_facts();
    tried["mobile"] = "13900000002".into();
    let described = json!({ "birth_date": "1940-05-20", "residence": "340705005002" });
    let body = json!({ "facts": tried, "applicant": described });
    let told = portal.post("", &format!("/api/v1/guides/{code}/evaluate"), body).await.expect(200);
    assert_eq!(told["decided"], "at_once", "{told:#}");
    assert!(told["latest_due"].as_str() > told["promised_due"].as_str(), "{told:#}");
    let draft = portal.open_case(who, json!({"guide_code": code, "facts": allowance_facts()})).await;
    assert_eq!((&draft["state"], &draft["version"]), (&json!("draft"), &json!(1)));
    assert_eq!(draft["facts"]["mobile"], "13900000002", "prefilled from what the portal knows");
    let case = id(&draft);

    let closed = portal.act(who, &case, "submit", json!({})).await;
    assert_eq!(closed["prefilled"], draft["prefilled"], "what was filled in stays marked: {closed:#}");
    assert_eq!(closed["prefilled"]["mobile"]["source"], "identity");
    assert_eq!((&closed["state"], &closed["outcome"]), (&json!("closed"), &json!("issued")), "{closed:#}");
    assert_eq!(
        (&closed["decision"]["kind"], &closed["decision"]["by"]),
        (&json!("approved"), &json!("system"))
    );
    assert_eq!(closed["results"][0]["kind"], "letter");
    assert!(closed["case_no"].as_str().unwrap().starts_with(&code));
    assert_eq!(
        letter_kinds(&portal, who, &case).await,
        ["receipt", "acceptance", "approval", "result", "proof_of_service"]
    );
    assert_eq!(
        event_types(&portal, who, &case).await,
        ["opened", "submitted", "accepted", "approved", "results_issued", "delivered"]
    );
    result_is_a_letter(&portal, who, &case, &closed["results"][0]).await;
    let clocks = portal.get(who, &format!("/api/v1/cases/{case}/clock")).await.expect(200);
    let running = clocks["items"].as_array().unwrap().iter().filter(|clock| clock["stopped_on"].is_null());
    assert_eq!(running.count(), 0, "{clocks:#}");
    let mine = portal.get(who, "/api/v1/me/cases?state=closed").await.expect(200);
    assert_eq!((&mine["items"][0]["id"], &mine["next"]), (&json!(case), &Value::Null));
    portal.close().await;
}

/// A road permit goes through every hand and ends as a certificate anybody can verify.
async fn a_permit_goes_from_draft_to_certificate(database: Database) {
    let portal = Portal::open(database).await;
    let case = accepted_and_reviewed(&portal).await;
    let at = format!("/api/v1/cases/{case}");
    let seen = portal.get("resident@web", &at).await.expect(200);
    assert_eq!(seen["materials"]["identity_card"]["kind"], "certificate", "taken from the register");
    assert_eq!(seen["next_step"], "approve");
    assert_eq!(seen["promised_due"], "2026-03-09", "five working days after Monday 2 March");

    let decided = portal.act("approver@web", &case, "approve", json!({"opinion": "同意"})).await;
    assert_eq!(
        (&decided["state"], &decided["facts"]["site_manager_mobile"]),
        (&json!("decided"), &json!("139****0003"))
    );
    let issued = portal.act("approver@web", &case, "issue", json!({})).await;
    let certificate = issued["results"][0].clone();
    assert_eq!(
        (&certificate["valid_from"], &certificate["valid_until"]),
        (&json!("2026-03-02"), &json!("2027-03-01")),
        "{certificate:#}"
    );
    let delivered = json!({"method": "self_collect", "proof": "林晓岚"});
    let closed = portal.act("counter_officer@counter", &case, "deliver", delivered).await;
    assert_eq!((&closed["state"], &closed["outcome"]), (&json!("closed"), &json!("issued")));

    let mine = portal.get("resident@web", "/api/v1/me/certificates").await.expect(200);
    let own = mine["items"].as_array().unwrap().iter().find(|own| own["id"] == certificate["id"]).unwrap();
    assert_eq!((&own["holder_name"], &own["case"]), (&json!("林晓岚"), &json!(case)));
    let shown = json!({"id": certificate["id"], "seal": own["seal"]});
    let verified = portal.post("", "/api/v1/certificates/verify", shown).await.expect(200);
    assert_eq!((&verified["status"], &verified["holder_name"]), (&json!("valid"), &json!("林**")));
    assert!(verified["case"].is_null() && verified["seal"].is_null(), "{verified:#}");
    a_certificate_with_another_seal_is_not_genuine(&portal, &certificate["id"], &mine).await;

    let file = portal.get("handler@web", &format!("{at}/materials/location_plan")).await;
    assert_eq!((file.status, file.bytes.as_slice()), (200, PDF));
    assert_eq!(file.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(file.header("content-disposition"), Some("attachment; filename*=UTF-8''plan%2Epdf"));
    portal.close().await;
}

async fn a_certificate_with_another_seal_is_not_genuine(portal: &Portal, id: &Value, mine: &Value) {
    let other = mine["items"].as_array().unwrap().iter().find(|own| own["id"] != *id).unwrap();
    let body = json!({"id": id, "seal": other["seal"]});
    portal.post("", "/api/v1/certificates/verify", body).await.problem(404);
    let body = json!({"id": id, "seal": "x.y.z"});
    portal.post("", "/api/v1/certificates/verify", body).await.problem(404);
}

/// The receipt says where the history stands; anybody can check it without the portal.
async fn a_receipt_is_verified_by_anybody(database: Database) {
    let portal = Portal::open(database).await;
    let who = "resident@web";
    let case = submitted_road_case(&portal, who).await;
    let at = format!("/api/v1/cases/{case}");
    let receipt = portal.get(who, &format!("{at}/receipt")).await.expect(200)["receipt"].clone();
    let answer = portal.post("", "/api/v1/receipts/verify", json!({"receipt": receipt})).await.expect(200);
    assert_eq!((&answer["valid"], &answer["receipt"]["case"]), (&json!(true), &json!(case)));

    let jws = receipt.as_str().unwrap();
    let keys = portal.get("", "/.well-known/seal-keys.json").await.expect(200);
    let keys: JwkSet = serde_json::from_value(keys).unwrap();
    let header = jsonwebtoken::decode_header(jws).unwrap();
    let key = DecodingKey::from_jwk(keys.find(header.kid.as_deref().unwrap()).unwrap()).unwrap();
    let mut validation = Validation::new(Algorithm::ES256);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    let claims = jsonwebtoken::decode::<Value>(jws, &key, &validation).unwrap().claims;
    let events = portal.get(who, &format!("{at}/events")).await.expect(200);
    let last = events["items"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&claims["head"], &claims["seq"]), (&last["hash"], &last["seq"]));

    let forged = format!("{}A", &jws[..jws.len() - 1]);
    let forged = if forged == jws { format!("{}B", &jws[..jws.len() - 1]) } else { forged };
    for bad in [forged.as_str(), "", "x", portal.city.sheet.tokens[who].as_str()] {
        let answer = portal.post("", "/api/v1/receipts/verify", json!({"receipt": bad})).await.expect(200);
        assert_eq!((&answer["valid"], &answer["receipt"]), (&json!(false), &Value::Null), "{bad}");
    }
    portal.close().await;
}

#[actix_web::test]
async fn an_allowance_is_granted_the_moment_it_is_handed_in() {
    an_allowance_is_granted_at_once(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn an_allowance_is_granted_the_moment_it_is_handed_in_on_postgres() {
    an_allowance_is_granted_at_once(Database::postgres()).await;
}

#[actix_web::test]
async fn a_road_permit_goes_from_draft_to_certificate() {
    a_permit_goes_from_draft_to_certificate(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn a_road_permit_goes_from_draft_to_certificate_on_postgres() {
    a_permit_goes_from_draft_to_certificate(Database::postgres()).await;
}

#[actix_web::test]
async fn a_receipt_can_be_verified_without_the_portal() {
    a_receipt_is_verified_by_anybody(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn a_receipt_can_be_verified_without_the_portal_on_postgres() {
    a_receipt_is_verified_by_anybody(Database::postgres()).await;
}

#[actix_web::test]
async fn a_denial_gives_its_grounds_and_the_statutory_remedy() {
    let portal = Portal::open(Database::sqlite()).await;
    let case = accepted_and_reviewed(&portal).await;
    let at = format!("/api/v1/cases/{case}");
    let deny = format!("{at}/deny");
    let refused =
        portal.post("approver@web", &deny, json!({"reason": " ", "article": ""})).await.problem(422);
    let pointers: Vec<_> =
        refused["errors"].as_array().unwrap().iter().map(|e| e["pointer"].clone()).collect();
    assert_eq!(pointers, ["/reason", "/article"]);
    assert!(refused["article"].as_str().unwrap().contains("行政许可法"), "{refused:#}");

    let denied =
        portal.act("approver@web", &case, "deny", json!({"reason": REASON, "article": ARTICLE})).await;
    assert_eq!(denied["decision"]["kind"], "denied");
    assert_eq!(
        (&denied["grounds"]["reason"], &denied["grounds"]["article"]),
        (&json!(REASON), &json!(ARTICLE))
    );
    assert!(denied["grounds"]["remedy"]["zh"].as_str().unwrap().contains("行政复议"), "{denied:#}");
    portal.post("approver@web", &format!("{at}/issue"), json!({})).await.problem(409);
    let closed = portal.act("handler@web", &case, "deliver", json!({"method": "electronic"})).await;
    assert_eq!((&closed["state"], &closed["outcome"]), (&json!("closed"), &json!("denied")));
    let kinds = letter_kinds(&portal, "resident@web", &case).await;
    assert_eq!(kinds, ["receipt", "acceptance", "denial", "proof_of_service"]);
    portal.close().await;
}

#[actix_web::test]
async fn a_refusal_to_accept_ends_the_case_with_a_letter() {
    let portal = Portal::open(Database::sqlite()).await;
    let case = submitted_road_case(&portal, "resident@web").await;
    let grounds =
        json!({"reason": "不属于本机关职权范围", "article": "《中华人民共和国行政许可法》第三十二条"});
    let closed = portal.act("counter_officer@counter", &case, "refuse", grounds).await;
    assert_eq!((&closed["state"], &closed["outcome"]), (&json!("closed"), &json!("refused")));
    assert_eq!(letter_kinds(&portal, "resident@web", &case).await, ["receipt", "refusal"]);
    portal.close().await;
}

#[actix_web::test]
async fn an_applicant_may_withdraw_and_then_nothing_more_happens() {
    let portal = Portal::open(Database::sqlite()).await;
    let case = submitted_road_case(&portal, "resident@web").await;
    let closed = portal.act("resident@kiosk", &case, "withdraw", json!({"reason": "工程取消"})).await;
    assert_eq!((&closed["state"], &closed["outcome"]), (&json!("closed"), &json!("withdrawn")));
    let accept = format!("/api/v1/cases/{case}/accept");
    portal.post("handler@web", &accept, json!({})).await.problem(409);
    portal.close().await;
}

#[actix_web::test]
async fn an_agent_acts_for_the_resident_who_mandated_him_and_for_nobody_else() {
    let portal = Portal::open(Database::sqlite()).await;
    let principal = json!({"applicant": {"person_id": portal.city.person("resident")}});
    let case = road_draft(&portal, "agent@web", principal).await;
    let submitted = portal.act("agent@web", &case, "submit", json!({})).await;
    assert_eq!(submitted["applicant"]["id"], json!(portal.city.person("resident")));
    assert_eq!(submitted["applicant"]["name"], "林晓岚");
    let events = portal.get("resident@web", &format!("/api/v1/cases/{case}/events")).await.expect(200);
    assert_eq!(events["items"][0]["by"]["as"], "agent");
    for who in ["agent@web", "resident@web"] {
        let mine = portal.get(who, "/api/v1/me/cases").await.expect(200);
        assert_eq!(mine["items"][0]["id"], json!(case), "{who}");
    }
    let stranger = json!({
        "guide_code": portal.city.guide("old-age-allowance.yaml"),
        "applicant": {"person_id": portal.city.person("second_resident")},
    });
    portal.post("agent@web", "/api/v1/cases", stranger).await.problem(403);
    portal.close().await;
}

#[actix_web::test]
async fn a_counter_officer_opens_a_case_for_the_person_before_him() {
    let portal = Portal::open(Database::sqlite()).await;
    let officer = "counter_officer@counter";
    let number = id_number("34070519850412", 301);
    let present = json!({"applicant": {"name": "程远山", "id_number": number}});
    let case = road_draft(&portal, officer, present.clone()).await;
    // The portal has never seen him and knows no certificate of his.
    let submit = format!("/api/v1/cases/{case}/submit");
    let refused = portal.post(officer, &submit, json!({})).await.problem(422);
    assert_eq!(refused["errors"][0]["pointer"], "/materials/identity_card", "{refused:#}");
    let card = format!("/api/v1/cases/{case}/materials/identity_card");
    portal.put_file(officer, &card, PDF).await.expect(200);
    let submitted = portal.act(officer, &case, "submit", json!({})).await;
    assert_eq!(submitted["applicant"]["name"], "程远山");
    let events = portal.get(officer, &format!("/api/v1/cases/{case}/events")).await.expect(200);
    assert_eq!(events["items"][0]["by"]["as"], "assistant");
    assert_eq!(events["items"][0]["provenance"]["counter"], "hall-340700");

    let again = road_draft(&portal, officer, present).await;
    let party = |case: String| {
        let portal = &portal;
        async move {
            portal.get(officer, &format!("/api/v1/cases/{case}")).await.expect(200)["applicant"]["id"].clone()
        }
    };
    assert_eq!(party(again).await, party(case).await, "he is the same person the second time");
    let wrong_name = json!({
        "guide_code": portal.city.guide("old-age-allowance.yaml"),
        "applicant": {"name": "程远水", "id_number": number},
    });
    portal.post(officer, "/api/v1/cases", wrong_name).await.problem(422);
    portal.close().await;
}

#[actix_web::test]
async fn only_staff_of_the_counter_may_open_a_case_for_somebody_present() {
    let portal = Portal::open(Database::sqlite()).await;
    let body = json!({
        "guide_code": portal.city.guide("old-age-allowance.yaml"),
        "applicant": {"name": "程远山", "id_number": id_number("34070519450412", 301)},
    });
    for who in ["resident@web", "agent@web", "handler@web", "admin@web", "counter_officer@third_party"] {
        portal.post(who, "/api/v1/cases", body.clone()).await.problem(403);
    }
    portal.close().await;
}
