//! A case handled by statute, over HTTP: by the applicant, the counter, the handler,
//! the agency whose opinion is asked, the approver and the superior.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use wanshitong::domain::cases::history::hex;
use wanshitong::domain::verification::Part;

use crate::support::{Database, PDF, Portal, id};
use crate::verify::look;

mod determined;
mod notices;
mod told;

pub const HALL: &str = include_str!("hall.yaml");
pub const HALL_TYPES: &str = "format: 1\nkind: certificate_types\ntypes:\n  - { type: 11100000MBWXT0006A098, name: { zh: 助餐点登记证, en: Canteen registration }, attributes: [canteen] }\n";
pub const CODE: &str = "11340705MBWXT061304000101098000";
/// The agency that handles it.
pub const HALL_AGENCY: &str = "11340705MBWXT06130";
pub const RESIDENT: &str = "resident@web";
const COUNTER: &str = "counter_officer@counter";
pub const HANDLER: &str = "handler@web";
pub const APPROVER: &str = "approver@web";
const SUPERVISOR: &str = "supervisor@web";
pub const POLICE: &str = "11340705MBWXT0111D";

pub async fn portal(database: Database) -> Portal {
    let portal = Portal::open(database).await;
    let files =
        vec![("types.yaml".to_owned(), HALL_TYPES.to_owned()), ("hall.yaml".to_owned(), HALL.to_owned())];
    wanshitong::app::catalog::publish(&portal.city.ctx, files).await.unwrap().unwrap();
    portal
}

/// One case and who does something with it.
pub struct Played<'a> {
    portal: &'a Portal,
    pub case: String,
}

impl Played<'_> {
    fn at(&self, rest: &str) -> String {
        format!("/api/v1/cases/{}{rest}", self.case)
    }

    pub async fn does(&self, who: &str, what: &str, body: Value) -> Value {
        self.portal.post(who, &self.at(&format!("/{what}")), body).await.expect(200)
    }

    pub async fn is_told(&self, who: &str, what: &str, body: Value, status: u16) -> Value {
        self.portal.post(who, &self.at(&format!("/{what}")), body).await.problem(status)
    }

    pub async fn attach(&self, material: &str) -> Value {
        let path = self.at(&format!("/materials/{material}"));
        let put = self.portal.request(RESIDENT, "PUT", &path).header("content-type", "application/pdf");
        self.portal.send(put.body(PDF.to_vec())).await.expect(200)
    }

    pub async fn read(&self, who: &str) -> Value {
        self.portal.get(who, &self.at("")).await.expect(200)
    }

    async fn letters(&self) -> Vec<String> {
        let letters = self.portal.get(RESIDENT, &self.at("/letters")).await.expect(200);
        let kinds = letters["items"].as_array().unwrap().iter();
        kinds.map(|letter| letter["kind"].as_str().unwrap().to_owned()).collect()
    }

    /// The one letter of a kind, opened; and its page, in words.
    async fn letter(&self, kind: &str) -> (Value, String) {
        let letters = self.portal.get(RESIDENT, &self.at("/letters")).await.expect(200);
        let found = letters["items"].as_array().unwrap().iter().find(|letter| letter["kind"] == kind);
        let at = self.at(&format!("/letters/{}", id(found.unwrap_or_else(|| panic!("no {kind}")))));
        let page = self.portal.get(RESIDENT, &format!("{at}/html")).await;
        (self.portal.get(RESIDENT, &at).await.expect(200), String::from_utf8(page.bytes).unwrap())
    }

    async fn clock(&self, name: &str) -> Value {
        let clocks = self.portal.get(RESIDENT, &self.at("/clock")).await.expect(200);
        let found = clocks["items"].as_array().unwrap().iter().find(|clock| clock["name"] == name);
        found.unwrap_or_else(|| panic!("no clock {name} in {clocks:#}")).clone()
    }
}

/// A draft with all answers and the floor plan.
pub async fn draft(portal: &Portal) -> Played<'_> {
    let facts = json!({ "canteen": "幸福里助餐点", "seats": 40 });
    let opened = portal.post(RESIDENT, "/api/v1/cases", json!({ "guide_code": CODE, "facts": facts })).await;
    let case = Played { portal, case: id(&opened.expect(201)) };
    case.attach("plan").await;
    case
}

pub async fn accepted(portal: &Portal) -> Played<'_> {
    let case = draft(portal).await;
    case.attach("lease").await;
    case.does(RESIDENT, "submit", json!({})).await;
    case.does(COUNTER, "accept", json!({})).await;
    case
}

async fn move_clock(portal: &Portal, by: &str) {
    portal.post("admin@web", "/api/v1/sandbox/clock", json!({ "advance": by })).await.expect(200);
}

async fn corrections(database: Database) {
    let portal = portal(database).await;
    let case = draft(&portal).await;
    case.attach("lease").await;
    case.does(RESIDENT, "submit", json!({})).await;
    let items = json!([
        { "pointer": "/facts/seats", "reason": "wrong", "note": "与平面图不符" },
        { "pointer": "/materials/plan", "reason": "expired" },
    ]);
    case.is_told(RESIDENT, "request-correction", json!({ "items": items }), 403).await;
    let unknown = json!({ "items": [{ "pointer": "/seats", "reason": "wrong" }] });
    let told = case.is_told(COUNTER, "request-correction", unknown, 400).await;
    assert_eq!(told["errors"][0]["pointer"], "/items/0/pointer");
    let asked = case.does(COUNTER, "request-correction", json!({ "items": items, "days": 5 })).await;
    assert_eq!(asked["state"], "correcting");
    assert_eq!(asked["course"]["correction"]["items"][0]["note"], "与平面图不符");
    assert_eq!(case.clock("intake").await["due_on"], Value::Null, "the agency's clock stands still");

    let patch = portal.request(RESIDENT, "PATCH", &case.at("/facts")).json(&json!({ "canteen": "别名" }));
    let other = portal.send(patch).await.problem(422);
    assert_eq!(
        (&other["errors"][0]["pointer"], &other["errors"][0]["code"]),
        (&json!("/facts/canteen"), &json!("not_asked"))
    );
    let early = case.is_told(RESIDENT, "correct", json!({}), 422).await;
    assert_eq!(early["errors"].as_array().unwrap().len(), 2, "both at once: {early:#}");
    let patch = portal.request(RESIDENT, "PATCH", &case.at("/facts")).json(&json!({ "seats": 24 }));
    let mending = portal.send(patch).await.expect(200);
    assert_eq!(mending["facts"]["seats"], 24, "who mends sees what he has mended");
    let filed = case.read(COUNTER).await;
    assert_ne!(filed["facts"]["seats"], 24, "to staff it is as it was filed until it is handed in");
    let half = case.attach("plan").await;
    let plan = case.at("/materials/plan");
    let plans = [RESIDENT, COUNTER].map(|who| portal.get(who, &plan));
    let [anew, before] = futures_util::future::join_all(plans).await.try_into().unwrap();
    assert_eq!(half["materials"]["plan"]["sha256"], hex(&Sha256::digest(&anew.bytes)));
    assert_eq!(filed["materials"]["plan"]["sha256"], hex(&Sha256::digest(&before.bytes)));
    assert!(
        half["course"]["correction"]["items"].as_array().unwrap().iter().all(|item| item["mended"] == true)
    );
    let corrected = case.does(RESIDENT, "correct", json!({})).await;
    assert_eq!((&corrected["state"], &corrected["facts"]["seats"]), (&json!("submitted"), &json!(24)));
    let again = case.is_told(COUNTER, "request-correction", json!({ "items": items }), 409).await;
    assert!(again["detail"].as_str().unwrap().contains("一次"), "{again:#}");
    case.does(COUNTER, "accept", json!({})).await;
    assert_eq!(case.letters().await, ["receipt", "correction", "acceptance", "payment"]);
    // What was supplied in the correction is looked at like what was handed in at first.
    let plan = case.read(RESIDENT).await["materials"]["plan"]["sha256"].as_str().unwrap().to_owned();
    let plan = portal.city.database.files_of(&case.case).join(plan);
    assert_eq!(look(&portal.city.ctx).await.1, []);
    std::fs::remove_file(plan).unwrap();
    let found = look(&portal.city.ctx).await.1;
    assert!(found.iter().any(|fault| matches!(&fault.part, Part::Material { code, .. } if code == "plan")));
    portal.close().await;
}

/// The applicant brings his case to a counter by a code, mends it there and rates the visit.
async fn mended_at_a_counter(database: Database) {
    let portal = portal(database).await;
    let case = draft(&portal).await;
    case.attach("lease").await;
    case.does(RESIDENT, "submit", json!({})).await;
    let items = json!([{ "pointer": "/facts/seats", "reason": "wrong" }]);
    case.does(COUNTER, "request-correction", json!({ "items": items })).await;
    let mend = || portal.request(COUNTER, "PATCH", &case.at("/facts")).json(&json!({ "seats": 24 }));
    portal.send(mend()).await.problem(403);
    case.is_told(COUNTER, "correct", json!({}), 403).await;
    case.is_told(COUNTER, "rate", json!({ "score": 1 }), 403).await;
    let code = case.portal.post(RESIDENT, &case.at("/handoff"), json!({})).await.expect(201);
    let open = format!("/api/v1/handoffs/{}/open", code["code"].as_str().unwrap());
    portal.post(COUNTER, &open, json!({})).await.expect(200);
    portal.send(mend()).await.expect(200);
    let corrected = case.does(COUNTER, "correct", json!({})).await;
    assert_eq!((&corrected["state"], &corrected["facts"]["seats"]), (&json!("submitted"), &json!(24)));
    case.does(COUNTER, "accept", json!({})).await;
    let events = portal.get(RESIDENT, &case.at("/events")).await.expect(200);
    let by = |kind: &str| {
        let all = events["items"].as_array().unwrap();
        all.iter().find(|each| each["event"]["type"] == kind).unwrap_or_else(|| panic!("{events:#}"))["by"]
            .clone()
    };
    assert_eq!((&by("corrected")["as"], &by("accepted")["as"]), (&json!("assistant"), &json!("officer")));
    // One rating for the visit, one online, and a code takes him back to his phone.
    case.does(COUNTER, "rate", json!({ "score": 1 })).await;
    case.is_told(COUNTER, "rate", json!({ "score": 2 }), 409).await;
    case.does(RESIDENT, "rate", json!({ "score": 2 })).await;
    let back = portal.post(COUNTER, &case.at("/handoff"), json!({})).await.expect(201);
    let open = format!("/api/v1/handoffs/{}/open", back["code"].as_str().unwrap());
    portal.post("resident@mini_program", &open, json!({})).await.expect(200);
    move_clock(&portal, "PT20H").await;
    case.is_told(COUNTER, "rate", json!({ "score": 1 }), 403).await;
    portal.post(COUNTER, &case.at("/handoff"), json!({})).await.problem(403);
    portal.close().await;
}

#[actix_web::test]
async fn what_was_asked_is_mended_at_a_counter_too_and_the_visit_is_rated() {
    mended_at_a_counter(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: tests/run"]
async fn what_was_asked_is_mended_at_a_counter_too_and_the_visit_is_rated_on_postgres() {
    mended_at_a_counter(Database::postgres()).await;
}

#[actix_web::test]
async fn corrections_are_asked_once_and_the_applicant_sees_exactly_what_to_mend() {
    corrections(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: tests/run"]
async fn corrections_are_asked_once_and_the_applicant_sees_exactly_what_to_mend_on_postgres() {
    corrections(Database::postgres()).await;
}

async fn whole_course(database: Database) {
    let portal = portal(database).await;
    let case = draft(&portal).await;
    let missing = case.is_told(RESIDENT, "submit", json!({}), 422).await;
    assert!(missing["errors"][0]["detail"].as_str().unwrap().contains("容缺"), "{missing:#}");
    let plan = json!({ "promised": ["plan", "lease"] });
    let told = case.is_told(RESIDENT, "submit", plan, 422).await;
    assert_eq!(told["errors"][0]["code"], "not_deferrable");
    case.does(RESIDENT, "submit", json!({ "promised": ["lease"] })).await;
    case.is_told(COUNTER, "accept", json!({}), 409).await;
    let accepted = case.does(COUNTER, "accept-deferred", json!({})).await;
    assert_eq!(accepted["course"]["deferral"]["owed"], json!(["lease"]));

    let promised = case.clock("promised").await["due_on"].clone();
    let pause = json!({ "kind": "inspection", "reason": "现场核查", "expected_days": 5 });
    case.is_told(COUNTER, "pause", pause.clone(), 403).await;
    case.does(HANDLER, "pause", pause).await;
    assert_eq!(case.clock("promised").await["due_on"], Value::Null);
    move_clock(&portal, "P2D").await;
    let resumed = case.does(HANDLER, "resume", json!({ "kind": "inspection" })).await;
    assert_eq!(resumed["state"], "accepted");
    let later = case.clock("promised").await;
    assert!(later["due_on"].as_str() > promised.as_str());
    assert!(later["rule"]["zh"].as_str().unwrap().contains("行政许可法第八十二条"), "{}", later["rule"]);
    let stood = |day: &Value| day["reason"]["en"].as_str().unwrap().contains("article 45");
    assert!(later["days"].as_array().unwrap().iter().any(stood));
    case.is_told(HANDLER, "extend", json!({ "days": 5, "reason": "案情复杂" }), 403).await;
    case.does(APPROVER, "extend", json!({ "days": 5, "reason": "案情复杂" })).await;
    case.is_told(APPROVER, "extend", json!({ "days": 5, "reason": "案情复杂" }), 409).await;

    let stepped = case.does(HANDLER, "record-step", json!({ "step": "handle" })).await;
    assert_eq!(stepped["course"]["opinions"][0]["agency"], POLICE);
    let read = case.read(RESIDENT).await;
    assert_eq!(read["course"]["opinions"], json!([]), "opinions are the agencies' own");
    assert_eq!(read["course"]["waits_for"]["agency"], POLICE, "whom it waits for is the applicant's to know");
    case.is_told(APPROVER, "approve", json!({}), 409).await;
    case.is_told(RESIDENT, "give-opinion", json!({ "agency": POLICE, "consents": true }), 403).await;
    let heard = case.does(HANDLER, "give-opinion", json!({ "agency": POLICE, "consents": true })).await;
    assert_eq!(heard["course"]["waits_for"], Value::Null);
    let owed = case.is_told(APPROVER, "approve", json!({}), 409).await;
    assert!(owed["detail"].as_str().unwrap().contains("lease"), "{owed:#}");
    case.attach("lease").await;
    case.does(APPROVER, "approve", json!({})).await;
    let issued = case.does(HANDLER, "issue", json!({})).await;
    let certificate = issued["results"][0]["id"].clone();
    case.does(COUNTER, "deliver", json!({ "method": "self_collect", "proof": "本人" })).await;

    let verify = json!({ "id": certificate });
    let valid = portal.post("", "/api/v1/certificates/verify", verify.clone()).await.expect(200);
    assert_eq!(valid["status"], "valid", "{valid:#}");
    let grounds = json!({ "reason": "以欺骗手段取得", "article": "《行政许可法》第六十九条" });
    case.is_told(HANDLER, "revoke", grounds.clone(), 403).await;
    let revoked = case.does(APPROVER, "revoke", grounds).await;
    assert_eq!((&revoked["state"], &revoked["outcome"]), (&json!("closed"), &json!("revoked")));
    let ended = portal.post("", "/api/v1/certificates/verify", verify).await.expect(200);
    assert_eq!(ended["status"], "revoked", "{ended:#}");
    let letters = case.letters().await;
    let expected = [
        "receipt",
        "acceptance",
        "payment",
        "special_procedure",
        "extension",
        "approval",
        "proof_of_service",
        "revocation",
    ];
    assert_eq!(letters, expected);
    portal.close().await;
}

#[actix_web::test]
async fn a_case_goes_through_everything_the_law_provides() {
    whole_course(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: tests/run"]
async fn a_case_goes_through_everything_the_law_provides_on_postgres() {
    whole_course(Database::postgres()).await;
}

#[actix_web::test]
async fn silence_of_a_consulted_agency_goes_to_the_superior_who_answers_in_its_place() {
    let portal = portal(Database::sqlite()).await;
    let case = accepted(&portal).await;
    case.does(HANDLER, "record-step", json!({ "step": "handle" })).await;
    let opinion = json!({ "agency": POLICE, "consents": false, "text": "消防通道不足" });
    case.is_told(SUPERVISOR, "give-opinion", opinion.clone(), 403).await;
    move_clock(&portal, "P9D").await;
    wanshitong::app::timers::run(&portal.city.ctx).await.unwrap();
    let waiting = case.read(HANDLER).await;
    assert!(waiting["course"]["opinions"][0]["escalated_at"].is_string(), "{waiting:#}");
    assert_eq!(waiting["course"]["overdue"][0]["clock"], "opinion");
    assert_eq!(wanshitong::app::timers::run(&portal.city.ctx).await.unwrap(), 0, "exactly once");
    case.does(SUPERVISOR, "give-opinion", opinion).await;
    let grounds = json!({ "reason": "消防通道不足", "article": "第五条" });
    let denied = case.does(APPROVER, "deny", grounds).await;
    assert_eq!(denied["decision"]["kind"], "denied");
    portal.close().await;
}

#[actix_web::test]
async fn reminders_are_answered_and_bad_ratings_put_right() {
    let portal = portal(Database::sqlite()).await;
    let case = accepted(&portal).await;
    let words = |text: &str| json!({ "text": text });
    case.does(RESIDENT, "urge", words("什么时候能办好？")).await;
    case.is_told(RESIDENT, "urge", words("再问一次"), 409).await;
    case.is_told(RESIDENT, "supervise", words("督办"), 403).await;
    case.does(SUPERVISOR, "supervise", words("请按期办结")).await;
    case.does(HANDLER, "reply", words("本周内办结")).await;
    case.does(HANDLER, "reply", words("已安排")).await;
    case.is_told(HANDLER, "reply", words("没有了"), 409).await;
    let read = case.read(RESIDENT).await;
    assert_eq!(read["course"]["reminders"][0]["reply"], "本周内办结");
    case.is_told(HANDLER, "rate", json!({ "score": 1 }), 403).await;
    let told = case.is_told(RESIDENT, "rate", json!({ "score": 9 }), 422).await;
    assert_eq!(told["errors"][0]["pointer"], "/score");
    case.does(RESIDENT, "rate", json!({ "score": 5, "comment": "等太久" })).await;
    case.is_told(RESIDENT, "rate", json!({ "score": 1 }), 409).await;
    let done = case.does(HANDLER, "rectify", words("已增设窗口")).await;
    assert_eq!(done["course"]["ratings"][0]["report"], "已增设窗口");
    portal.close().await;
}

#[actix_web::test]
async fn what_a_case_issued_is_worth_nothing_once_it_is_void() {
    let portal = portal(Database::sqlite()).await;
    let case = accepted(&portal).await;
    case.does(HANDLER, "record-step", json!({ "step": "handle" })).await;
    case.does(HANDLER, "give-opinion", json!({ "agency": POLICE, "consents": true })).await;
    case.does(APPROVER, "approve", json!({})).await;
    let issued = case.does(HANDLER, "issue", json!({})).await;
    let verify = json!({ "id": issued["results"][0]["id"] });
    let status = async || {
        portal.post("", "/api/v1/certificates/verify", verify.clone()).await.expect(200)["status"].clone()
    };
    assert_eq!(status().await, "valid");
    let void = case
        .does(APPROVER, "void", json!({ "reason": "制证有误", "article": "《行政许可法》第六十九条" }))
        .await;
    assert_eq!((&void["state"], &void["outcome"]), (&json!("closed"), &json!("void")));
    assert_eq!(status().await, "revoked");
    assert_eq!(look(&portal.city.ctx).await.1, []);
    portal.close().await;
}

#[actix_web::test]
async fn what_is_another_agency_s_is_passed_on_and_a_void_case_ends() {
    let portal = portal(Database::sqlite()).await;
    let case = draft(&portal).await;
    case.attach("lease").await;
    case.does(RESIDENT, "submit", json!({})).await;
    let neither = case.is_told(COUNTER, "transfer", json!({ "reason": "不属职权" }), 400).await;
    assert_eq!(neither["errors"][0]["pointer"], "/guide_code");
    let other_item =
        json!({ "guide_code": portal.city.guide("old-age-allowance.yaml"), "reason": "不属职权" });
    case.is_told(COUNTER, "transfer", other_item, 422).await;
    let away = json!({ "agency_name": "省民政厅", "reason": "属省级权限" });
    let gone = case.does(COUNTER, "transfer", away).await;
    assert_eq!((&gone["state"], &gone["outcome"]), (&json!("closed"), &json!("transferred")));
    assert_eq!(case.letters().await, ["receipt", "transfer"]);

    let case = accepted(&portal).await;
    let grounds = json!({ "reason": "重复申请", "article": "第六条" });
    case.is_told(HANDLER, "void", grounds.clone(), 403).await;
    let void = case.does(APPROVER, "void", grounds).await;
    assert_eq!(void["outcome"], "void");
    assert_eq!(void["grounds"]["reason"], "重复申请");
    portal.close().await;
}

/// Who decides is as the scenario's own flow has it, not as the common one.
#[actix_web::test]
async fn a_scenario_with_a_flow_of_its_own_is_decided_by_whom_that_names() {
    const SCENARIOS: &str = "scenarios:
  - { code: long, name: { zh: 一般程序, en: Ordinary } }
  - code: short
    name: { zh: 告知承诺, en: Promise }
    flow:
      - { code: decide, name: { zh: 决定, en: Decision }, role: approver }
questions:
  ask: { zh: 愿意承诺吗？, en: Do you promise? }
  answers:
    - { answer: { zh: 愿意, en: \"Yes\" }, scenario: short }
    - { answer: { zh: 不愿意, en: \"No\" }, scenario: long }
limits:
";
    let portal = portal(Database::sqlite()).await;
    let yaml = HALL.replace("000101098000", "000101099000").replace("limits:\n", SCENARIOS);
    crate::catalogue::publish(&portal, &yaml).await;
    let facts = json!({ "canteen": "幸福里助餐点", "seats": 40 });
    let code = CODE.replace("000101098000", "000101099000");
    let body = json!({ "guide_code": code, "scenario": "short", "facts": facts });
    let case = Played { portal: &portal, case: id(&portal.open_case(RESIDENT, body).await) };
    case.attach("plan").await;
    case.attach("lease").await;
    case.does(RESIDENT, "submit", json!({})).await;
    case.does(COUNTER, "accept", json!({})).await;
    case.is_told(HANDLER, "approve", json!({}), 403).await;
    let approved = case.does(APPROVER, "approve", json!({})).await;
    assert_eq!(approved["state"], "decided");
    portal.close().await;
}
