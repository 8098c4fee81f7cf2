//! Where the faults of a form are told, and how answers are written meanwhile.

use super::*;
use crate::domain::guides::expr::{Schema, Vocabulary};
use crate::domain::text::Text;

const ALLOWANCE: &str = include_str!("../../../data/sample/guides/old-age-allowance.yaml");

fn field(name: &str, kind: FieldKind, visible_when: Option<&str>) -> Field {
    Field {
        name: name.to_owned(),
        label: Text::new("项", "item"),
        help: None,
        kind,
        required: Requirement::Required,
        visible_when: visible_when.map(rule),
        prefill: None,
        scenarios: Vec::new(),
    }
}

fn number() -> FieldKind {
    FieldKind::Number { min: None, max: Some(100) }
}

fn line() -> FieldKind {
    FieldKind::Text { max_length: 10, multiline: false, pattern: None }
}

fn rule(text: &str) -> Expr {
    let mut schema = Schema::default();
    schema.add("flag", Some(&FieldKind::Boolean), false);
    for name in ["n", "h"] {
        schema.add(name, Some(&number()), false);
    }
    Expr::compile(text, Vocabulary::Whole(&schema)).unwrap_or_else(|why| panic!("{text}: {why:?}"))
}

fn form(fields: Vec<Field>) -> Form {
    Form { fields, rules: Vec::new() }
}

fn household() -> Form {
    let date = FieldKind::Date { past: true, future: false };
    let columns = vec![field("born", date, None)];
    form(vec![field("rows", FieldKind::Group { fields: columns, min: 1, max: 2 }, None)])
}

fn told(form: &Form, given: Value) -> Vec<(String, &'static str)> {
    let guide = Guide { form: form.clone(), ..guide() };
    let whom = applicant();
    let found = evaluate(&guide, &facts(given), Whom::Known(&whom), today(), &everywhere, None);
    found.field_errors.into_iter().map(|error| (error.pointer, error.code)).collect()
}

#[test]
fn the_fault_of_a_row_points_at_the_row_as_it_was_sent() {
    let given = json!({ "rows": [{}, { "born": "2020-01-01" }, null, { "born": "x" }] });
    let expected = [("/facts/rows/3/born".to_owned(), "not_a_date")];
    assert_eq!(told(&household(), given.clone()), expected);
    let draft = check_partial(&household(), &facts(given));
    assert_eq!(codes(&draft), [("/facts/rows/3/born", "not_a_date")]);
    assert!(draft[0].detail.zh.contains("第 4 行"), "{}", draft[0].detail.zh);
    assert_eq!(told(&household(), json!({ "rows": [{}, null] })), [("/facts/rows".to_owned(), "required")]);
    let whole = json!({ "rows": [{}, { "born": "2020-01-01" }, { "born": "2021-01-01" }] });
    assert_eq!(told(&household(), whole), [], "an empty row is none too many");
}

#[test]
fn a_draft_is_written_in_canonical_form_and_keeps_what_is_unfinished() {
    let mut form = household();
    form.fields.push(field("name", line(), Some("has(facts.flag) && facts.flag")));
    form.fields.push(field("home", FieldKind::Address { under: None }, None));
    let patch = json!({
        "rows": [{}, { "born": "２０２０-01-01" }, null], "name": " Ａ\u{3000} b ", "other": " x",
        "home": { "region": " 3407 ", "detail": " " },
    });
    let Value::Object(patch) = patch else { panic!("{patch}") };
    let tidied = tidy_patch(&form, patch);
    let expected = json!({
        "rows": [{}, { "born": "2020-01-01" }, {}], "name": "A b", "other": " x",
        "home": { "region": "3407", "detail": null },
    });
    assert_eq!(Value::Object(tidied.clone()), expected);
    assert_eq!(tidy_patch(&form, tidied.clone()), tidied, "doing it twice is doing it once");
}

#[test]
fn a_broken_rule_is_told_at_a_field_that_is_shown() {
    let mut form = form(vec![
        field("flag", FieldKind::Boolean, None),
        field("n", number(), None),
        field("hidden", line(), Some("has(facts.flag) && facts.flag")),
    ]);
    form.rules.push(FormRule {
        code: "few".to_owned(),
        when: rule("has(facts.n) && facts.n < 50"),
        at: "hidden".to_owned(),
        text: Text::new("少于五十", "fewer than fifty"),
        basis: None,
        scenarios: Vec::new(),
    });
    let broken = |at: &str| (at.to_owned(), "rule_broken");
    assert_eq!(told(&form, json!({ "flag": false, "n": 70 })), [broken("/facts/n")]);
    assert_eq!(told(&form, json!({ "flag": true, "n": 70, "hidden": "x" })), [broken("/facts/hidden")]);
    form.fields[1].visible_when = Some(rule("has(facts.flag) && facts.flag"));
    form.rules[0].when = rule("has(facts.n)");
    assert_eq!(told(&form, json!({ "flag": false })), [broken("/facts")], "none of its fields is shown");
}

#[test]
fn a_field_whose_condition_rests_on_a_wrong_answer_waits() {
    let form =
        form(vec![field("h", number(), None), field("y", line(), Some("!has(facts.h) || facts.h <= 3"))]);
    assert_eq!(told(&form, json!({ "h": 150 })), [("/facts/h".to_owned(), "too_large")]);
    assert_eq!(told(&form, json!({ "h": 3 })), [("/facts/y".to_owned(), "required")]);
}

#[test]
fn what_nobody_sees_is_no_answer() {
    let form = form(vec![field("name", line(), None), field("id", FieldKind::Mobile, None)]);
    for nothing in ["\u{200b}", "\u{feff} \u{2060}", "\u{200d}\u{200c}"] {
        assert_eq!(told(&form, json!({ "name": nothing, "id": "13812345678" }))[0].1, "required");
    }
    let names = ["阿依古丽·买买提", "葛\u{e0100}某", "می\u{200c}خواهم"];
    for name in names {
        let given = json!({ "name": name, "id": "\u{202a}138 1234 5678\u{202c}" });
        assert_eq!(told(&form, given.clone()), []);
        let written = normalise(&form, &facts(given), &applicant(), today());
        assert_eq!(
            (written.get("name"), written.get("id")),
            (Some(&json!(name)), Some(&json!("13812345678")))
        );
    }
}

#[test]
fn a_dry_run_refuses_answers_for_their_size_as_a_draft_does() {
    let form = form(vec![field("n", number(), None)]);
    let given = json!({ "n": 1, "extra": "x".repeat(MAX_FACTS_BYTES) });
    assert!(told(&form, given.clone()).contains(&("/facts".to_owned(), "too_large")));
    assert!(codes(&check_partial(&form, &facts(given))).contains(&("/facts", "too_large")));
}

#[test]
fn an_address_names_its_county_in_the_end_and_a_region_need_not() {
    let under = RegionCode::parse("340000000000").ok();
    let form = form(vec![
        field("home", FieldKind::Address { under: under.clone() }, None),
        field("place", FieldKind::Region { under }, None),
    ]);
    let schema = jsonschema::draft202012::new(&form_schema(&form)).unwrap();
    for (region, is_enough) in [
        ("340000000000", false),
        ("340700000000", false),
        ("340705000000", true),
        ("340705005002", true),
        ("340700003000", true),
    ] {
        let given = json!({ "home": { "region": region, "detail": "1 号" }, "place": region });
        let expected = if is_enough { vec![] } else { vec![("/facts/home/region".to_owned(), "too_coarse")] };
        assert_eq!(told(&form, given.clone()), expected);
        assert_eq!(schema.is_valid(&given), is_enough, "{region}");
        assert_eq!(check_partial(&form, &facts(given)), [], "a draft is not finished");
    }
}

/// What a dry run says of who decides on an old-age allowance.
fn at_once(guide: &Guide, described: &Applicant, given: &Facts) -> Option<bool> {
    let found = evaluate(guide, given, Whom::Described(described), day("2026-03-02"), &everywhere, None);
    found.is_decided_at_once(&[])
}

#[test]
fn a_dry_run_says_that_the_system_decides_where_a_submission_is_decided_by_it() {
    let guide = read_guide(ALLOWANCE).unwrap();
    let example = guide.examples.iter().find(|example| example.code == "eighty_five").unwrap();
    assert!(system_may_decide(&guide, &example.facts, &example.applicant, example.today, true));
    let described =
        Applicant { name: String::new(), ial: 1, verified: BTreeSet::new(), ..example.applicant.clone() };
    assert_eq!(at_once(&guide, &described, &example.facts), Some(true));
    assert_eq!(at_once(&guide, &described, &Facts::new()), None, "it cannot be handed in yet");
    let unsaid = Applicant { residence: None, ..described.clone() };
    assert_eq!(at_once(&guide, &unsaid, &example.facts), None);
    let unproven = Guide { identity: IdentityLevel { ial: 1, aal: 1 }, ..guide.clone() };
    assert_eq!(at_once(&unproven, &described, &example.facts), None, "nobody knows how well he is known");
    let by_officers = Guide { automatic: None, ..guide };
    assert_eq!(at_once(&by_officers, &unsaid, &Facts::new()), Some(false), "whatever else is said");
}

#[test]
fn what_has_to_be_looked_at_is_decided_by_an_officer() {
    let mut guide = read_guide(ALLOWANCE).unwrap();
    let example = guide.examples.iter().find(|example| example.code == "eighty_five").unwrap().clone();
    let certificate_type: CertificateType = CertificateType::parse("11100000000013338W001").unwrap();
    for (source, held, expected) in [
        (MaterialSource::Own, vec![], Some(false)),
        (MaterialSource::Shared { register: "vehicles".to_owned() }, vec![], Some(false)),
        (MaterialSource::Certificate { certificate_type: certificate_type.clone() }, vec![], None),
        (
            MaterialSource::Certificate { certificate_type: certificate_type.clone() },
            vec![certificate_type.clone()],
            Some(true),
        ),
    ] {
        guide.materials[0].source = source.clone();
        let whom = Whom::Described(&example.applicant);
        let found = evaluate(&guide, &example.facts, whom, example.today, &everywhere, None);
        assert_eq!(found.is_decided_at_once(&held), expected, "{source:?}");
    }
}

#[test]
fn an_organisation_has_no_age_and_no_gender_and_need_not_say_so() {
    let described = Applicant {
        kind: ApplicantKind::Organization,
        name: String::new(),
        id_number: None,
        birth_date: None,
        gender: None,
        residence: None,
        ..applicant()
    };
    let unsaid = Whom::Described(&described).unsaid();
    for name in ["age", "birth_date", "gender"] {
        assert!(!unsaid.has("applicant", name), "{name}");
    }
    for name in ["residence", "ial", "name"] {
        assert!(unsaid.has("applicant", name), "{name}");
    }
}
