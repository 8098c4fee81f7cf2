//! An item, an agency's guide to it and the register of certificates, read
//! together: what comes out, and what is told when something is wrong.

use proptest::prelude::*;
use serde_json::Value;

use super::trees::{edited, edits, json_of};
use crate::domain::calendar::WorkCalendar;
use crate::domain::guides::model::{FieldKind, Guide, Requirement};
use crate::domain::guides::source::Origin;
use crate::domain::guides::{FileKind, ItemFile, Problem, Register, SourceFile, read_guide, try_examples};

pub const ITEM: &str = include_str!("../read/samples/item.yaml");
pub const LOCAL: &str = include_str!("../read/samples/local.yaml");
pub const CERTIFICATES: &str = include_str!("../read/samples/certificates.yaml");

fn register() -> Register {
    Register::new(SourceFile::parse(CERTIFICATES).into_certificate_types().unwrap())
}

/// What is no item is read as whatever it is, for what is wrong with it.
fn item(yaml: &str) -> Result<ItemFile, Vec<Problem>> {
    let (source, register) = (SourceFile::parse(yaml), register());
    match source.kind() {
        FileKind::Item => source.into_item(Some(&register)),
        FileKind::Guide | FileKind::Bundle | FileKind::CertificateTypes => {
            Err(source.into_guide(None, Some(&register)).err().unwrap_or_default())
        }
    }
}

pub fn pair(item_yaml: &str, local: &str) -> Result<Guide, Vec<Problem>> {
    let item = item(item_yaml)?;
    SourceFile::parse(local).into_guide(Some(&item), Some(&register()))
}

fn lines<T>(read: Result<T, Vec<Problem>>) -> String {
    let problems = read.err().unwrap_or_default();
    problems.iter().map(|p| format!("{:?}:{}: {}\n", p.origin, p.path, p.reason.en)).collect()
}

/// What is told of the guide when a text of its own file is another.
fn local_with(from: &str, to: &str) -> String {
    assert!(LOCAL.contains(from), "{from}");
    lines(pair(ITEM, &LOCAL.replacen(from, to, 1)))
}

/// What is told of the item when a text of it is another.
fn item_with(from: &str, to: &str) -> String {
    assert!(ITEM.contains(from), "{from}");
    lines(item(&ITEM.replacen(from, to, 1)))
}

#[test]
fn the_samples_make_a_guide_with_three_scenarios() {
    let guide = pair(ITEM, LOCAL).unwrap_or_else(|problems| panic!("{problems:?}"));
    let names =
        |guide: &Guide| -> Vec<String> { guide.form.fields.iter().map(|field| field.name.clone()).collect() };
    let shared = ["holder", "mobile", "home", "since"];
    let change = guide.handled_as(Some("change"));
    let stop = guide.handled_as(Some("stop"));
    assert_eq!(names(stop), [&shared[..], &["truthful"][..]].concat());
    assert_eq!(names(change), [&["pay_by", "account"][..], &shared[..], &["scan", "truthful"][..]].concat());
    assert_eq!(names(guide.handled_as(Some("new"))).last().map(String::as_str), Some("community"));
    assert_eq!(guide.form.field("since").unwrap().required, Requirement::Required);
    assert!(matches!(&guide.form.field("home").unwrap().kind,
        FieldKind::Address { under: Some(under) } if under.as_str() == "340705000000"));
    assert_eq!(guide.conditions[0].when.source(), "applicant.age >= 79");
    let copies: Vec<(&str, u16)> = change.materials.iter().map(|m| (m.code.as_str(), m.copies)).collect();
    assert_eq!(copies, [("identity_card", 1), ("bank_card", 2), ("population", 1)]);
    // A scenario goes before the agency: it is the more particular.
    assert_eq!(
        (guide.limits.promised.days, change.limits.promised.days, change.limits.legal.days),
        (3, 2, 20)
    );
    assert_eq!((stop.flow.len(), stop.form.rules.len(), change.visits, guide.visits), (1, 0, 1, 0));
    assert!(change.scenarios.is_empty() && change.questions.is_none() && change.examples.is_empty());
}

#[test]
fn what_is_left_out_says_nothing_else() {
    let told = local_with("- { name: needs, omit: true }", "- { name: needs, omit: true, required: true }");
    assert!(
        told.contains("/form/fields/1/omit: To leave out an entry of the item write { name: …, omit: true }"),
        "{told}"
    );
}

#[test]
fn an_entry_given_twice_is_told() {
    for (from, to) in [
        (
            "- { code: bank_card, copies: 2 }",
            "- { code: bank_card, copies: 2 }\n  - { code: bank_card, copies: 3 }",
        ),
        (
            "- { name: since, required: true }",
            "- { name: since, required: true }\n    - { name: since, required: false }",
        ),
    ] {
        let told = local_with(from, to);
        assert!(told.contains("is used on line") && told.contains("choose another"), "{told}");
    }
    assert!(
        local_with(
            "- { name: needs, omit: true }",
            "- { name: needs, omit: true }\n    - { name: needs, omit: true }"
        )
        .contains("The item has no entry “needs” to leave out")
    );
}

#[test]
fn what_an_item_gives_its_guides_is_a_mapping() {
    let told = |start: &str| {
        let head = ITEM.split_once("\nguide:").unwrap().0;
        lines(item(&format!("{head}\nguide: {start}\n")))
    };
    for start in ["5", "[]", "~", "text"] {
        assert!(told(start).contains("/guide: Write `key: value` pairs"), "{start}: {}", told(start));
    }
    assert_eq!(told("{}"), "");
}

#[test]
fn an_item_of_an_older_print_is_read() {
    assert_eq!(item_with("\"000553001000\"", "\"0553001000\""), "");
    let older = ITEM.replacen("\"000553001000\"", "\"0553001000\"", 1);
    let local = LOCAL
        .replacen("\"11340705MBWXT061304000553001000\"", "\"11340705MBWXT06130000001\"", 1)
        .replacen("\"000553001000\"", "\"0553001000\"", 1);
    assert_eq!(lines(pair(&older, &local)), "");
}

#[test]
fn a_scenario_of_an_item_may_leave_to_the_agency_what_the_item_does() {
    let without = ITEM.replacen("  limits:\n    legal: { days: 20, unit: working_day }\n", "", 1);
    assert_ne!(without, ITEM);
    assert_eq!(lines(item(&without)), "");
    let told = lines(pair(&without, LOCAL));
    assert!(told.contains("File:/limits/legal: legal is missing"), "{told}");
    // What is never laid over is whole all the same.
    assert!(
        item_with("limits: { promised: { days: 2, unit: working_day } }", "fee: { amount_fen: 3 }")
            .contains("/guide/scenarios/1/fee/basis: In scenario change: basis is missing")
    );
}

#[test]
fn a_file_of_no_kind_is_told() {
    assert!(
        local_with("kind: guide", "kind: gide")
            .contains("/kind: “gide” cannot stand here; did you mean guide?")
    );
    assert!(local_with("kind: guide", "kind: [guide]").contains("/kind: "));
    assert_eq!(local_with("kind: guide\n", ""), "");
    assert!(item_with("guide:\n", "guide:\n  kind: item\n").contains("/guide/kind: "));
}

#[test]
fn a_file_has_no_answer_to_ask_for() {
    for when in ["facts.scan == \"x\"", "has(facts.scan)"] {
        let told = item_with("when: in_region(applicant.residence, guide.region)", &format!("when: {when}"));
        assert!(told.contains("scan hands in a file and has no answer"), "{told}");
    }
    let told = item_with("attributes: [mobile]", "attributes: [scan]");
    assert!(told.contains("/attributes/0: The form has no answer “scan”"), "{told}");
    // The message of a check may stand at it.
    assert_eq!(item_with("        at: members\n", "        at: scan\n"), "");
}

#[test]
fn a_file_is_of_a_material_of_every_scenario_it_is_in() {
    let told = item_with("material: bank_card, scenarios: [new, change]", "material: bank_card");
    assert!(
        told.contains(
            "/guide/form/fields/8/material: In scenario stop: The material “bank_card” of field scan"
        ),
        "{told}"
    );
    let told = item_with("type: file, material: bank_card", "type: file, material: population");
    assert!(told.contains("is none that is handed in"), "{told}");
    let told =
        item_with("type: file, material: bank_card", "type: file, required: true, material: bank_card");
    assert!(told.contains("Whether a file is needed is said by its material"), "{told}");
}

#[test]
fn what_is_known_of_one_row_is_not_known_of_another() {
    let with = |rule: &str| item_with("facts.members.all(m, m.age >= 18 || !has(m.income))", rule);
    assert_eq!(with("facts.members.all(m, !has(m.income) || m.income > 1)"), "");
    let shadowed = with("facts.members.all(m, has(m.income) && facts.members.all(m, m.income > 1))");
    assert!(shadowed.contains("income may be absent in a row"), "{shadowed}");
    let apart = with("facts.members.all(m, has(m.income) && facts.members.all(o, m.income > o.age))");
    assert_eq!(apart, "");
}

#[test]
fn a_field_that_hangs_on_many_others_is_read_in_no_time() {
    let boolean = |index: usize| {
        let seen = index.checked_sub(1).map(|above| format!(", visible_when: has(facts.b{above})"));
        let seen = seen.unwrap_or_default();
        format!(
            "      - {{ name: b{index}, label: {{ zh: 项, en: Thing }}, type: boolean, required: false{seen} }}\n"
        )
    };
    let many: String = (0..80).map(boolean).collect();
    assert_eq!(item_with("      - { name: truthful,", &format!("{many}      - {{ name: truthful,")), "");
}

#[test]
fn there_are_only_so_many_scenarios() {
    let more: String =
        (0..28).map(|n| format!("    - {{ code: s{n}, name: {{ zh: 情形, en: Scenario }} }}\n")).collect();
    let told = item_with("  questions:\n", &format!("{more}  questions:\n"));
    assert!(told.contains("/guide/scenarios: A guide has 30 scenarios at most"), "{told}");
}

#[test]
fn questions_lead_nowhere_where_there_are_no_scenarios() {
    let yaml = super::VALID.replacen(
        "scenarios:\n  - { code: new, name: { zh: 首次申领, en: First application } }\n",
        "",
        1,
    );
    let asked = "questions: { ask: { zh: 问, en: Which }, answers: [{ answer: { zh: 答, en: This }, scenario: new }] }";
    let told = lines(read_guide(&format!("{yaml}{asked}\n")));
    assert!(told.contains("There is no scenario “new”; list it under scenarios first."), "{told}");
}

#[test]
fn the_terms_of_an_agency_are_checked() {
    for (from, to, told) in [
        (
            "effective_until: 2030-12-31",
            "effective_until: 2025-12-31",
            "/effective_until: effective_until is before",
        ),
        ("effective_from: 2026-01-01", "effective_from: \"soon\"", "/effective_from: Write a date here"),
        ("only: [window, pc, mobile]", "only: []", "/channels/only: only must not be empty"),
        ("only: [window, pc, mobile]", "only: [window, window]", "/channels/only/1: “window” is used"),
        ("  basis:\n", "  reason:\n", "/channels/reason: There is no key “reason”; did you mean basis?"),
        ("article: 第九条", "article: 9", "/channels/basis/article: 9 is read as a number"),
        ("cross_region: city", "cross_region: county", "/cross_region: “county” cannot stand here"),
        (
            "telephone: 0562-2806131\n",
            "telephone: none\n",
            "/venues/0/telephone: “none” is no telephone number",
        ),
        ("ial: 2,", "ial: 5,", "/examples/0/applicant/ial: ial must be from 1 to 4"),
        ("scenario: new\n", "scenario: newest\n", "/examples/0/scenario: There is no scenario “newest”"),
        (
            "    expect:\n      eligible: true\n",
            "    expect: {}\n    more:\n      eligible: true\n",
            "expect is empty",
        ),
        ("income: 500000", "income: 0.5", "/examples/0/facts/members/0/income: Write a whole number"),
    ] {
        let found = local_with(from, to);
        assert!(found.contains(told), "{to}: {found}");
    }
    let told = CERTIFICATES.replacen("[居民身份证, 身份证复印件]", "[居民身份证, 居民身份证]", 1);
    let told = lines(SourceFile::parse(&told).into_certificate_types());
    assert!(told.contains("/types/0/supplies/1: “居民身份证” is used"), "{told}");
}

#[test]
fn a_problem_of_the_item_is_told_where_it_stands() {
    let local = LOCAL.replacen("- { name: needs, omit: true }", "- { name: mobile, omit: true }", 1);
    let local = local.replacen("      mobile: \"13812345678\"\n", "", 1);
    let problems = pair(ITEM, &local).unwrap_err();
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!(problems[0].origin, Origin::Item);
    assert_eq!(problems[0].path, "/guide/results/0/certificate/attributes/0");
    assert!(ITEM.lines().nth(problems[0].line - 1).unwrap().contains("attributes: [mobile]"));
}

#[test]
fn a_rule_sees_the_channel_only_where_it_cites_the_article_that_demands_it() {
    let basis = "basis: { law: { zh: 《办法》, en: Measures }, article: 第九条, text: 须当面申请。 }";
    let rule = |when: &str, more: &str| {
        let own = format!(
            "  rules:\n    - {{ code: seen, at: holder, text: {{ zh: 须当面申请, en: Apply in person }}, when: '{when}'{more} }}\n"
        );
        local_with("  rules:\n", &own)
    };
    let cited = format!(", {basis}");
    assert_eq!(rule("channel == \"window\" || facts.holder == \"x\"", &cited), "");
    let told = rule("channel == \"window\"", "");
    assert!(told.contains("/form/rules/0/when: The same facts get the same answer"), "{told}");
    assert!(told.contains("give the rule of the form its basis"), "{told}");
    let told = rule("channel == \"counter\"", &cited);
    assert!(told.contains("There is no option “counter”"), "{told}");
    let told = local_with("when: applicant.age >= 79", "when: channel == \"window\"");
    assert!(told.contains("no rule may rest on channel"), "{told}");
    assert!(rule("true", ", basis: { article: 第九条 }").contains("basis/law: law is missing"));
}

/// What the one example of the sample fails in, in English.
fn failures(from: &str, to: &str) -> Vec<String> {
    assert!(LOCAL.contains(from), "{from}");
    let guide = pair(ITEM, &LOCAL.replacen(from, to, 1)).unwrap_or_else(|problems| panic!("{problems:?}"));
    let failed = try_examples(&guide, &calendar(), &|_| true);
    failed.into_iter().flat_map(|example| example.differences).map(|text| text.en).collect()
}

fn calendar() -> WorkCalendar {
    WorkCalendar::parse(include_str!("../../../data/calendar-cn.csv")).unwrap()
}

#[test]
fn an_example_fails_in_what_it_expects_and_the_guide_does_not() {
    assert_eq!(failures("code: eighty_five", "code: eighty_six"), [""; 0]);
    for (from, to, told) in [
        ("eligible: true", "eligible: false", "eligible should be false, but is true"),
        ("unmet: []", "unmet: [age]", "unmet should be [age], but is []"),
        ("errors: []", "errors: [mobile]", "errors should be [mobile], but is []"),
        ("materials: [identity_card]", "materials: []", "materials should be [], but is [identity_card]"),
        ("fee_fen: 0", "fee_fen: 1", "fee_fen should be 1, but is 0"),
        ("outcome: approved", "outcome: officer", "outcome should be officer, but is approved"),
        (
            "promised_due: 2026-03-05",
            "promised_due: 2026-03-06",
            "promised_due should be 2026-03-06, but is 2026-03-05",
        ),
    ] {
        assert_eq!(failures(from, to), [told]);
    }
}

#[test]
fn an_example_is_tried_as_its_scenario_and_its_applicant_say() {
    let told = failures("birth_date: 1941-02-01", "birth_date: 1947-03-03");
    assert_eq!(told.len(), 3, "{told:?}");
    assert_eq!(told[1], "unmet should be [], but is [age]");
    assert_eq!(
        failures("verified: [birth_date, residence]", "verified: [birth_date]"),
        ["outcome should be approved, but is officer"]
    );
    let told = failures("pay_by: cash", "pay_by: bank");
    // Why there is an error is told with it.
    assert!(told[0].starts_with("errors should be [], but is [account] (/facts/account: "), "{told:?}");
    assert_eq!(
        told[1..],
        [
            "materials should be [identity_card], but is [bank_card, identity_card]",
            "outcome should be approved, but is refused",
        ]
    );
    // What he has to bring an officer looks at, whatever the rule says.
    assert_eq!(
        failures("pay_by: cash", "pay_by: bank\n      account: \"123456789012\""),
        [
            "materials should be [identity_card], but is [bank_card, identity_card]",
            "outcome should be approved, but is officer",
        ]
    );
    // The portal must know him as well as the guide asks.
    let well = |level: &str| failures("telephone:", &format!("identity: {{ ial: {level} }}\ntelephone:"));
    assert_eq!(well("2"), [""; 0]);
    assert_eq!(
        well("3"),
        [
            "outcome should be approved, but is refused: the guide asks for identity level 3 and the applicant has 2; write ial: 3"
        ]
    );
    // The scenario has no such questions, and no condition of age.
    let told = failures("scenario: new", "scenario: change");
    let are_errors = |told: &[String], names: &str| {
        let begins = format!("errors should be [], but is {names} (/facts/");
        assert!(told.iter().any(|told| told.starts_with(&begins)), "{told:?}");
    };
    are_errors(&told, "[community, members]");
    assert!(told.contains(&"promised_due should be 2026-03-05, but is 2026-03-04".to_owned()), "{told:?}");
    // A row is checked cell by cell, and told at its field.
    let told = failures("{ name: 孙一, age: 40, income: 500000 }", "{ name: 孙一, age: 151 }");
    are_errors(&told, "[members]");
    let told = failures("{ name: 孙一, age: 40, income: 500000 }", "{ name: 孙一, age: 4, income: 1 }");
    are_errors(&told, "[members]");
    assert_eq!(failures("members: [{ name: 孙一, age: 40, income: 500000 }]", "members: []"), [""; 0]);
}

/// What the item gives its guides and the guide says nothing of, said by the guide too.
fn restated(item: &Value, local: &Value, chosen: &[bool]) -> Value {
    let mut choice = chosen.iter().copied().cycle();
    let mut local = local.clone();
    lay_under(&item["guide"], &mut local, &mut choice);
    local
}

fn lay_under(item: &Value, local: &mut Value, choice: &mut impl Iterator<Item = bool>) {
    for (key, value) in item.as_object().unwrap() {
        let is_chosen = choice.next().unwrap();
        match local.get_mut(key) {
            None if is_chosen => {
                local.as_object_mut().unwrap().insert(key.clone(), value.clone());
            }
            Some(own) if own.is_object() && ["limits", "form", "identity"].contains(&key.as_str()) => {
                lay_under(value, own, choice);
            }
            Some(Value::Array(own)) => {
                let named = |entry: &Value| entry.get("code").or(entry.get("name")).cloned();
                for entry in value.as_array().unwrap() {
                    if choice.next().unwrap() && !own.iter().any(|known| named(known) == named(entry)) {
                        own.insert(0, entry.clone());
                    }
                }
            }
            None | Some(_) => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(50))]

    #[test]
    fn a_guide_that_restates_its_item_is_the_guide_that_inherits(
        chosen in prop::collection::vec(any::<bool>(), 1..60),
    ) {
        let (item, local) = (json_of(ITEM), json_of(LOCAL));
        let again = restated(&item, &local, &chosen);
        let read = pair(ITEM, &again.to_string());
        prop_assert_eq!(read, pair(ITEM, LOCAL), "{}", again);
    }

    #[test]
    fn no_item_and_guide_bring_the_reader_down(of_item in edits(), of_local in edits()) {
        let mut item_file = edited(&json_of(ITEM), &of_item);
        if !item_file.is_object() {
            item_file = json_of(ITEM);
        }
        item_file["kind"] = "item".into();
        let local = edited(&json_of(LOCAL), &of_local).to_string();
        if let Err(problems) = pair(&item_file.to_string(), &local) {
            prop_assert!(!problems.is_empty());
            // Files on one line: whatever is wrong, it is there.
            prop_assert!(problems.iter().all(|problem| problem.line == 1), "{:?}", problems);
        }
    }

    #[test]
    fn no_text_at_all_brings_the_reader_down(text in "[\\PC\\n]{0,200}") {
        prop_assert!(pair(ITEM, &text).is_err());
        let of_kind = format!("kind: item\n{text}");
        prop_assert!(item(&of_kind).is_err());
    }
}
