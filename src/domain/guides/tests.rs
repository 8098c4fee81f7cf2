use std::collections::BTreeSet;
use std::sync::LazyLock;

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::*;
use crate::domain::codes::{CertificateType, Gender, Mobile, RegionCode, ResidentId};
use crate::domain::refusal::FieldError;

mod agreement;
mod determined;
mod dry_run;
mod file_schema;
mod prefilled;
mod properties;
mod reading;
mod single_mistakes;
mod told;
mod trees;

const VALID: &str = include_str!("read/samples/valid.yaml");

static GUIDE: LazyLock<Guide> =
    LazyLock::new(|| read_guide(VALID).unwrap_or_else(|problems| panic!("{problems:?}")));

fn guide() -> Guide {
    GUIDE.clone()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn today() -> NaiveDate {
    day("2026-03-01")
}

fn facts(value: Value) -> Facts {
    serde_json::from_value(value).unwrap()
}

fn applicant() -> Applicant {
    Applicant {
        kind: ApplicantKind::NaturalPerson,
        name: "钱多多".to_owned(),
        id_number: ResidentId::parse("440524188001010014").ok().map(IdNumber::ResidentId),
        birth_date: Some(day("1940-02-29")),
        gender: Some(Gender::Male),
        residence: RegionCode::parse("340705005002").ok(),
        mobile: Mobile::parse("13812345678").ok(),
        ial: 3,
        verified: BTreeSet::from([Attribute::BirthDate, Attribute::Residence]),
    }
}

fn complete() -> Facts {
    facts(json!({
        "pay_by": "bank", "bank_account": "123456789012", "start_date": "2026-03-01",
        "applicant_name": "钱多多", "id_number": "11010519491231002X", "mobile": "13812345678",
        "born": "1940-02-29", "sex": "male", "home": { "region": "340705005002", "detail": "幸福里 1 号" },
        "household": 2, "income": 120000, "lives_alone": false, "needs": ["meals"], "truthful": true,
    }))
}

fn changed(patch: Value) -> Facts {
    let mut facts = complete();
    facts.merge(serde_json::from_value(patch).unwrap());
    facts
}

fn everywhere(_: &RegionCode) -> bool {
    true
}

fn check(facts: &Facts) -> Vec<FieldError> {
    check_complete(&guide(), facts, &applicant(), today(), &everywhere)
}

fn codes(errors: &[FieldError]) -> Vec<(&str, &str)> {
    errors.iter().map(|error| (error.pointer.as_str(), error.code)).collect()
}

fn clean(patch: Value) -> Facts {
    normalise(&guide().form, &changed(patch), &applicant(), today())
}

#[test]
fn complete_facts_are_accepted_as_they_are() {
    assert_eq!(codes(&check(&complete())), []);
    assert_eq!(normalise(&guide().form, &complete(), &applicant(), today()), complete());
}

#[test]
fn every_error_is_told_at_once_and_at_its_field() {
    let wrong = changed(json!({
        "pay_by": "gold", "start_date": "2026-02-30", "end_date": "2025-01-01", "applicant_name": "字".repeat(51),
        "id_number": "110105194912310021", "mobile": "23812345678", "born": "2026-03-02", "sex": 1,
        "home": { "region": "340100000000", "street": "x" }, "household": 0, "income": 1.5, "lives_alone": "no",
        "needs": ["meals", "meals", "x"], "employer": "91350100M000100Y4Z", "truthful": false, "extra": 1,
    }));
    assert_eq!(
        codes(&check(&wrong)),
        [
            ("/facts/extra", "unknown_field"),
            ("/facts/pay_by", "not_an_option"),
            ("/facts/start_date", "not_a_date"),
            ("/facts/end_date", "in_the_past"),
            ("/facts/applicant_name", "too_long"),
            ("/facts/id_number", "wrong_check_digit"),
            ("/facts/mobile", "wrong_part"),
            ("/facts/born", "in_the_future"),
            ("/facts/sex", "wrong_type"),
            ("/facts/home/region", "outside_region"),
            ("/facts/home", "unknown_field"),
            ("/facts/household", "too_small"),
            ("/facts/income", "wrong_type"),
            ("/facts/lives_alone", "wrong_type"),
            ("/facts/needs", "not_an_option"),
            ("/facts/needs", "chosen_twice"),
            ("/facts/needs", "too_many"),
            ("/facts/employer", "wrong_character"),
            ("/facts/truthful", "not_affirmed"),
        ]
    );
}

#[test]
fn an_error_says_in_both_languages_what_to_do() {
    let errors = check(&changed(json!({ "household": null, "bank_account": "12" })));
    let details: Vec<_> =
        errors.iter().map(|error| (error.detail.zh.as_str(), error.detail.en.as_str())).collect();
    assert_eq!(
        details,
        [
            (
                "“银行账号”格式不对，请对照填写说明核对后重新填写。",
                "“Bank account”: the format is wrong; compare it with the instructions and enter it again."
            ),
            (
                "“家庭人数”为必填项，请填写。",
                "“People in the household”: this is required; please answer it."
            ),
        ]
    );
    let errors = check(&changed(json!({ "income": 10_000_001 })));
    assert_eq!(errors[0].detail.zh, "“月收入”不能大于 ¥100000.00。");
}

#[test]
fn what_is_required_depends_on_the_other_answers() {
    let without = |patch| codes_of(&check(&changed(patch)));
    assert_eq!(without(json!({ "income": null })), ["/facts/income"]);
    assert_eq!(without(json!({ "income": null, "household": 1 })), [""; 0]);
    // What it depends on is itself in error: told first, and alone.
    assert_eq!(without(json!({ "income": null, "household": 0 })), ["/facts/household"]);
}

fn codes_of(errors: &[FieldError]) -> Vec<String> {
    errors.iter().map(|error| error.pointer.clone()).collect()
}

#[test]
fn a_hidden_field_is_neither_required_nor_kept() {
    assert_eq!(codes(&check(&changed(json!({ "pay_by": "cash", "bank_account": null })))), []);
    assert!(!clean(json!({ "pay_by": "cash" })).contains("bank_account"));
    // Nothing shows it yet.
    assert!(!clean(json!({ "pay_by": null })).contains("bank_account"));
    // A wrong answer in a hidden field is nobody's mistake.
    assert_eq!(codes(&check(&changed(json!({ "pay_by": "cash", "bank_account": 7 })))), []);
}

#[test]
fn a_rule_across_fields_stands_at_its_field() {
    let errors = check(&changed(json!({ "start_date": "2026-03-09", "end_date": "2026-03-05" })));
    assert_eq!(codes(&errors), [("/facts/end_date", "rule_broken")]);
    assert_eq!(errors[0].detail.zh, "结束日期不得早于开始日期");
    // A rule over an answer in error waits for its correction.
    let errors = check(&changed(json!({ "start_date": "soon", "end_date": "2026-03-05" })));
    assert_eq!(codes(&errors), [("/facts/start_date", "not_a_date")]);
}

#[test]
fn a_region_must_be_in_the_register() {
    let known = |region: &RegionCode| region.as_str() != "340705005002";
    let errors = check_complete(&guide(), &complete(), &applicant(), today(), &known);
    assert_eq!(codes(&errors), [("/facts/home/region", "unknown_region")]);
}

#[test]
fn a_draft_may_be_incomplete_but_not_malformed() {
    let form = guide().form;
    assert_eq!(check_partial(&form, &Facts::new()), []);
    let begun = facts(json!({
        "home": { "region": "340705005002" }, "truthful": false, "needs": [], "applicant_name": " ",
        "mobile": "+86 138 1234 5678", "id_number": "11010519491231002x", "end_date": "2020-01-01", "household": 3.0,
    }));
    assert_eq!(codes(&check_partial(&form, &begun)), []);
    let wrong =
        facts(json!({ "home": { "region": "34" }, "household": "3", "unknown/field": 1, "truthful": "yes" }));
    assert_eq!(
        codes(&check_partial(&form, &wrong)),
        [
            ("/facts/unknown~1field", "unknown_field"),
            ("/facts/home/region", "wrong_length"),
            ("/facts/household", "wrong_type"),
            ("/facts/truthful", "wrong_type"),
        ]
    );
    let endless = facts(json!({ "remark": "字".repeat(MAX_FACTS_BYTES) }));
    assert!(codes(&check_partial(&form, &endless)).contains(&("/facts", "too_large")));
}

#[test]
fn an_answer_is_written_in_one_way() {
    let tidy = clean(json!({
        "applicant_name": "　钱多多 ", "id_number": " １１０１０５１９４９１２３１００２ｘ", "mobile": "+86 138-1234-5678",
        "employer": "91350100m000100y43", "start_date": " 2026-03-01 ", "needs": ["care", " meals", "care"],
        "home": { "region": "3407 0500 5002", "detail": " 幸福里　１号\n" }, "household": 2.0,
        "remark": " 一行 \r\n\u{2028}二行\t \u{7} ", "bank_account": "１２３４５６７８９０１２",
    }));
    assert_eq!(
        tidy,
        changed(json!({
            "needs": ["meals", "care"], "home": { "detail": "幸福里 1号" }, "employer": "91350100M000100Y43",
            "remark": "一行\n\n二行",
        }))
    );
    assert_eq!(codes(&check(&tidy)), []);
}

#[test]
fn what_is_known_is_not_asked_for() {
    let form = guide().form;
    let at = "2026-03-02T01:00:00Z".parse().unwrap();
    let filled = prefill(&form, &applicant(), &[], at);
    assert!(filled.from.values().all(|from| *from == FilledFrom::Identity { at }));
    assert_eq!(
        filled.facts,
        facts(json!({
            "applicant_name": "钱多多", "id_number": "440524188001010014", "mobile": "13812345678",
            "born": "1940-02-29", "sex": "male", "home": { "region": "340705005002" },
        }))
    );
    let elsewhere = Applicant {
        residence: RegionCode::parse("340100000000").ok(),
        id_number: crate::domain::codes::Uscc::parse("91350100M000100Y43").ok().map(IdNumber::Uscc),
        birth_date: None,
        gender: None,
        mobile: None,
        ..applicant()
    };
    assert_eq!(prefill(&form, &elsewhere, &[], at).facts, facts(json!({ "applicant_name": "钱多多" })));
    assert_eq!(check_partial(&form, &filled.facts), []);
}

#[test]
fn conditions_not_met_are_named() {
    let guide = guide();
    let young = Applicant { birth_date: Some(day("1946-03-02")), ..applicant() };
    let unmet = |applicant: &Applicant| {
        let unmet = unmet_conditions(&guide, &complete(), applicant, today());
        unmet.iter().map(|condition| condition.code.clone()).collect::<Vec<_>>()
    };
    assert_eq!(unmet(&applicant()), [""; 0]);
    assert_eq!(unmet(&young), ["age"]);
    assert_eq!(unmet(&Applicant { birth_date: None, ..applicant() }), ["age"]);
}

#[test]
fn materials_are_asked_for_as_the_answers_say() {
    let guide = guide();
    let needed = |facts: &Facts| {
        let needs = requirements(&guide, facts, &applicant(), today());
        needs.iter().map(|need| (need.material.code.clone(), need.required)).collect::<Vec<_>>()
    };
    let expected = |bank_card| {
        [("hukou_book", true), ("id_card", true), ("bank_card", bank_card), ("population", false)]
            .map(|(code, required)| (code.to_owned(), required))
    };
    assert_eq!(needed(&complete()), expected(true));
    assert_eq!(needed(&changed(json!({ "pay_by": "cash" }))), expected(false));
    assert_eq!(needed(&Facts::new()), expected(false));
}

#[test]
fn a_dry_run_tells_what_a_submission_would() {
    let guide = guide();
    let outcome = evaluate(&guide, &complete(), Whom::Known(&applicant()), today(), &everywhere, None);
    assert!(outcome.eligible && outcome.field_errors.is_empty());
    assert_eq!((outcome.materials.len(), outcome.fee), (4, &Fee::Free));
    let unborn = Applicant { birth_date: None, ..applicant() };
    let outcome = evaluate(&guide, &Facts::new(), Whom::Known(&unborn), today(), &everywhere, None);
    assert!(!outcome.eligible);
    assert_eq!(outcome.unmet.len(), 1, "an age the portal does not know is not eighty");
    assert!(outcome.field_errors.iter().all(|error| error.code == "required"));
}

#[test]
fn a_condition_on_what_is_not_answered_yet_is_open() {
    let yaml = VALID.replace("    when: applicant.age >= 80", "    when: facts.household < 9");
    let guide = read_guide(&yaml).unwrap();
    let run = |facts: &Facts| {
        let outcome = evaluate(&guide, facts, Whom::Known(&applicant()), today(), &everywhere, None);
        (outcome.eligible, outcome.unmet.len(), outcome.open.len())
    };
    assert_eq!(run(&Facts::new()), (false, 0, 1));
    assert_eq!(run(&complete()), (true, 0, 0));
    assert_eq!(run(&changed(json!({ "household": 9 }))), (false, 1, 0));
}

#[test]
fn a_guide_is_the_same_when_it_says_the_same() {
    let hash = |yaml: &str| read_guide(yaml).unwrap().content_hash();
    let moved = VALID
        .replace("topics: [elderly]\n", "")
        .replace("fee: { free: true }", "# note\ntopics:\n  - elderly\nfee: {  free: true  }");
    assert_eq!(hash(VALID), hash(&moved));
    assert_ne!(hash(VALID), hash(&VALID.replace("applicant.age >= 80", "applicant.age >= 70")));
    assert_ne!(hash(VALID), hash(&VALID.replace("en: Bank account", "en: The bank account")));
    let hex: String = hash(VALID).iter().map(|byte| format!("{byte:02x}")).collect();
    // A published guide is known by this number: the way it is made must not change.
    assert_eq!(hex, "52c4d660c4e0f7be9b7d63ef3b38efbc8c04bd9d7174c99af283007f6486305e");
}

#[test]
fn an_applicant_survives_json() {
    let json = serde_json::to_value(applicant()).unwrap();
    assert_eq!(json["id_number"], json!({ "type": "resident_id", "number": "440524188001010014" }));
    assert_eq!(serde_json::from_value::<Applicant>(json).unwrap(), applicant());
}

#[test]
fn a_form_is_described_to_any_client() {
    let schema = json_schema(&guide());
    assert_eq!(schema["title"], "高龄津贴申领");
    let account = &schema["properties"]["bank_account"];
    assert_eq!(
        *account,
        json!({
            "type": "string", "minLength": 1, "maxLength": 30, "pattern": "^[0-9]{12,30}$", "title": "银行账号",
            "x-wanshitong": {
                "widget": "text",
                "label": { "zh": "银行账号", "en": "Bank account" },
                "visible_when": "facts.pay_by == \"bank\"",
                "required_when_visible": true,
            },
        })
    );
    assert!(!schema["required"].as_array().unwrap().contains(&json!("bank_account")));
    assert_eq!(schema["properties"]["income"]["x-wanshitong"]["required_when"], "facts.household > 1");
    assert!(jsonschema::meta::is_valid(&schema));
}
