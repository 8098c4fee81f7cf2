use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde_json::json;

use super::bounds::MAX_LENGTH;
use super::functions::date;
use super::{EvalError, Expr, Schema, Scope, Vocabulary};
use crate::domain::codes::{Gender, RegionCode};
use crate::domain::guides::applicant::{Applicant, ApplicantKind};
use crate::domain::guides::facts::Facts;
use crate::domain::guides::model::{Attribute, Choice, FieldKind};
use crate::domain::text::Text;

mod properties;

fn options(values: &[&str]) -> Vec<Choice> {
    values
        .iter()
        .map(|value| Choice { value: (*value).to_owned(), label: Text::new(*value, *value) })
        .collect()
}

fn schema() -> Schema {
    let day = FieldKind::Date { past: false, future: false };
    let mut schema = Schema::default();
    schema.add("pay_by", Some(&FieldKind::Choice { options: options(&["bank", "cash"]) }), true);
    schema.add("from", Some(&day), true);
    schema.add("until", Some(&day), false);
    schema.add("people", Some(&FieldKind::Number { min: None, max: None }), true);
    schema.add("income", Some(&FieldKind::Money { min: None, max: None }), false);
    schema.add(
        "needs",
        Some(&FieldKind::MultiChoice { options: options(&["care", "meals"]), min: 1, max: None }),
        true,
    );
    schema.add("home", Some(&FieldKind::Address { under: None }), true);
    schema.add("owner", Some(&FieldKind::Boolean), true);
    schema.add("note", Some(&FieldKind::Text { max_length: 10, multiline: false, pattern: None }), true);
    schema.add("odd", None, true);
    schema
}

fn facts() -> Facts {
    serde_json::from_value(json!({
        "pay_by": "bank", "from": "2026-03-01", "people": 3, "needs": ["care"], "owner": true, "note": "甲A1",
        "home": { "region": "340705005002", "detail": "1" },
    }))
    .unwrap()
}

fn applicant() -> Applicant {
    Applicant {
        kind: ApplicantKind::NaturalPerson,
        name: "钱多多".to_owned(),
        id_number: None,
        birth_date: date("1946-03-02"),
        gender: Some(Gender::Female),
        residence: RegionCode::parse("340705005002").ok(),
        mobile: None,
        ial: 2,
        verified: BTreeSet::new(),
    }
}

fn today() -> NaiveDate {
    date("2026-03-01").unwrap()
}

fn compiled(source: &str) -> Expr {
    Expr::compile(source, Vocabulary::Whole(&schema()))
        .unwrap_or_else(|problems| panic!("{source}: {problems:?}"))
}

fn value(source: &str) -> Result<bool, EvalError> {
    compiled(source).holds(&Scope { facts: &facts(), applicant: &applicant(), today: today(), channel: None })
}

fn problems(source: &str) -> Vec<String> {
    match Expr::compile(source, Vocabulary::Whole(&schema())) {
        Ok(_) => Vec::new(),
        Err(problems) => problems.into_iter().map(|problem| problem.text.en).collect(),
    }
}

#[test]
fn rules_over_facts_applicant_and_day_are_true_or_false() {
    for (source, expected) in [
        ("facts.pay_by == \"bank\"", true),
        ("facts.pay_by in ['cash']", false),
        ("applicant.age >= 80", false),
        ("applicant.age == 79 && applicant.gender == \"female\"", true),
        ("applicant.kind == 'natural_person' && applicant.ial >= 2", true),
        ("applicant.birth_date < today", true),
        ("years(applicant.birth_date, today) == 79", true),
        ("days(facts.from, today) == 0", true),
        ("in_region(applicant.residence, \"340705000000\")", true),
        ("in_region(facts.home.region, '340100000000')", false),
        ("facts.home.detail == '1'", true),
        ("has(facts.until) && facts.until >= facts.from", false),
        ("!has(facts.until) || facts.until >= facts.from", true),
        ("has(facts.income) ? facts.income < 100 : facts.people * 2 - 1 == 5", true),
        ("size(facts.needs) == 1 && 'care' in facts.needs", true),
        ("facts.needs.exists(need, need == 'meals')", false),
        ("facts.needs.all(need, need in ['care', 'meals'])", true),
        ("facts.needs.exists(need, need.startsWith('c'))", true),
        ("facts.note.matches('^[甲乙][A-Z][0-9]\\\\.?$')", true),
        ("matches(facts.note, '^x') || facts.note.matches('1$')", true),
        ("facts.note.matches('A') && size(facts.note) == 3", true),
        ("facts.owner", true),
        ("facts.people * 2 == 6 && -facts.people < 0", true),
        ("(facts.pay_by == 'bank' ? 'a' : 'b') == 'a'", true),
        ("years('2000-02-29', '2026-02-28') == 25", true),
        ("true", true),
    ] {
        assert_eq!(value(source), Ok(expected), "{source}");
    }
}

/// A mistaken rule, and words of what is said about it.
const MISTAKES: [(&str, &str); 65] = [
    ("facts.pay_bye == 'bank'", "did you mean pay_by?"),
    ("facts.pay_by == 'bnak'", "did you mean “bank”?"),
    ("facts.pay_by in ['bank', 'gold']", "There is no option “gold”"),
    ("'car' in facts.needs", "did you mean “care”?"),
    ("facts.needs.exists(n, n == 'meal')", "did you mean “meals”?"),
    ("applicant.gender == 'woman'", "There is no option “woman”"),
    ("applicant.agee > 3", "did you mean age?"),
    ("aplicant.age > 3", "did you mean applicant?"),
    ("pay_by == 'bank'", "write facts.pay_by."),
    ("facts.pay_by == bank", "put text in quotes"),
    ("facts.people > '3'", "Only numbers or dates can be ordered"),
    ("facts.note > 'a'", "Only numbers or dates can be ordered"),
    ("facts.from >= '2026-2-1'", "“2026-2-1” is not a date"),
    ("facts.from == facts.pay_by", "do not go together"),
    ("facts.people == 'three'", "do not go together"),
    ("facts.people + facts.note == 3", "a whole number is needed here, not text"),
    ("facts.owner && facts.people", "true or false is needed here, not a whole number"),
    ("facts.people", "must be true or false, but is a whole number"),
    ("years(facts.note, today) > 1", "a date is needed here, not text"),
    ("in_region(facts.from, '340705000000')", "a region code is needed here, not a date"),
    ("in_region(facts.home.region, '3407')", "must have 12 or 15 characters"),
    ("facts.home.street == 'x'", "only region and detail"),
    ("facts.home == 'x'", "do not go together"),
    ("facts.until >= facts.from", "test first: has(facts.until)"),
    ("facts.until >= facts.from || has(facts.until)", "test first"),
    ("has(facts.until) || facts.until >= facts.from", "test first"),
    ("has(facts.untill)", "did you mean until?"),
    ("has(applicant.age)", "age is always there"),
    ("age(applicant.birth_date) > 3", "cannot be used so"),
    ("facts.note.startswith('a')", "did you mean startsWith?"),
    ("year(applicant.birth_date, today) > 3", "did you mean years?"),
    ("facts.note.matches('[')", "The regular expression is wrong"),
    ("facts.note.matches(facts.pay_by)", "must be written out"),
    ("facts.needs[0] == 'care'", "cannot be used so"),
    ("facts['note'] == 'a'", "cannot be used so"),
    ("facts.people > 1.5", "Only whole numbers"),
    ("facts.people / 12 > 1", "multiply the other side instead"),
    ("facts.people % 12 == 1", "% cannot be used so: there are =="),
    ("facts.note + 'x' == 'y'", "a whole number is needed here, not text"),
    ("facts.needs + ['care'] == facts.needs", "a whole number is needed here, not a list"),
    ("facts.note.contains('a')", "write x.matches("),
    ("facts.note.endsWith('a')", "write x.matches(\"…$\")"),
    ("size(facts.needs.map(n, n)) == 1", "map / filter cannot be used so: there are =="),
    ("size(facts.needs.map(n, n == 'care', n)) == 1", "map / filter cannot be used so"),
    ("size(facts.needs.filter(n, n == 'care')) == 1", "map / filter cannot be used so"),
    ("facts.needs.exists_one(n, n == 'care')", "exists_one cannot be used so"),
    ("facts.needs.existsOne(n, n == 'care')", "exists_one cannot be used so"),
    ("facts.note.size() == 1", "size cannot be used so: there are =="),
    ("double(facts.people) == 1", "double cannot be used so"),
    ("facts.note.matches('\\\\d')", "write [0-9]"),
    ("facts.until == null", "use has(facts.x)"),
    ("{'a': 1} == {'a': 1}", "not supported here"),
    ("facts.home.exists(x, true)", "Only a list can be gone through"),
    ("facts.needs.exists(facts, true)", "cannot be called facts"),
    ("facts == facts", "do not go together"),
    ("timestamp('2026-01-01T00:00:00Z') == timestamp('2026-01-01T00:00:00Z')", "cannot be used so"),
    ("facts.people >", "Syntax error"),
    ("facts.note == 'a", "A quote is not closed"),
    ("facts.note == 'a\n'", "A quote is not closed"),
    ("facts.note == '\\q'", "A backslash in a text"),
    ("facts.note == r'\\d'", "A backslash in a text"),
    ("facts.note == \"\"\"a\"\"\"", "not three"),
    ("facts.owner // yes", "no // comments"),
    ("((((((((((((facts.owner))))))))))))", "nested more than 10 deep"),
    ("", "empty"),
];

#[test]
fn mistakes_are_found_when_the_rule_is_read() {
    for (source, part) in MISTAKES {
        let found = problems(source);
        assert!(found.iter().any(|problem| problem.contains(part)), "{source}: {found:?}");
    }
}

#[test]
fn all_that_is_wrong_with_a_rule_is_told_at_once() {
    assert_eq!(problems("facts.a == 'x' && facts.people == 'y' && z").len(), 3);
}

#[test]
fn a_guard_holds_where_it_is_known_to_be_true_and_nowhere_else() {
    for source in [
        "has(facts.until) && has(facts.income) && facts.until > today && facts.income > 0",
        "!(!has(facts.until) || facts.until < today)",
        "!has(facts.until) ? true : facts.until > today",
        "(has(facts.until) && facts.owner) ? facts.until > today : false",
        "!has(facts.until) || !has(facts.income) || facts.until > today && facts.income > 1",
        "has(facts.until) && ['2026-01-01'].all(day, day < facts.until)",
    ] {
        assert_eq!(problems(source), Vec::<String>::new(), "{source}");
    }
    for source in [
        "(has(facts.until) || facts.owner) && facts.until > today",
        "!(has(facts.until) && facts.owner) || facts.income > 0",
        "has(facts.until) ? true : facts.until > today",
    ] {
        assert_eq!(problems(source).len(), 1, "{source}");
    }
}

#[test]
fn visibility_may_depend_on_earlier_fields_only() {
    let schema = schema();
    let at = |index, source| Expr::compile(source, Vocabulary::Above(&schema, index));
    assert!(at(1, "facts.pay_by == 'bank'").is_ok());
    let problems = at(0, "facts.pay_by == 'bank'").unwrap_err();
    assert!(problems[0].text.en.contains("comes after this field"), "{problems:?}");
}

#[test]
fn a_machine_decides_by_verified_attributes_alone() {
    let verified = [Attribute::BirthDate];
    let read = |source| Expr::compile(source, Vocabulary::Verified(&verified));
    assert!(
        read("applicant.age >= 80 && applicant.kind == 'natural_person' && today > '2026-01-01'").is_ok()
    );
    let told = |source| read(source).unwrap_err()[0].text.en.clone();
    assert!(told("facts.owner").contains("rests on verified attributes"));
    assert!(told("applicant.residence != ''").contains("rests on residence, which is not listed"));
}

#[test]
fn a_field_that_could_not_be_read_causes_no_second_complaint() {
    assert_eq!(problems("facts.odd == 3 && facts.odd > '2' && facts.odd + 1 == 2"), Vec::<String>::new());
}

#[test]
fn a_rule_that_cannot_be_evaluated_says_why_and_names_nobody() {
    assert_eq!(value("days(applicant.birth_date, today) > 1"), Ok(true));
    let unborn = Applicant { birth_date: None, residence: None, gender: None, ..applicant() };
    let scope = |applicant, facts| Scope { facts, applicant, today: today(), channel: None };
    let all = facts();
    let unknown = |source| compiled(source).holds(&scope(&unborn, &all));
    assert_eq!(unknown("years(applicant.birth_date, today) < 14"), Err(EvalError::UnknownDate));
    assert_eq!(unknown("applicant.age == -1 && applicant.gender == 'unknown'"), Ok(true));
    assert_eq!(unknown("in_region(applicant.residence, '340705000000')"), Ok(false));
    let none = Facts::new();
    assert_eq!(
        compiled("facts.people > 1").holds(&scope(&unborn, &none)),
        Err(EvalError::Absent("people".to_owned()))
    );
    let huge = serde_json::from_value(json!({ "people": i64::MAX })).unwrap();
    assert_eq!(compiled("facts.people + 1 > 1").holds(&scope(&unborn, &huge)), Err(EvalError::Overflow));
}

#[test]
fn the_parts_asked_about_are_known() {
    let names: Vec<_> = compiled("has(facts.until) && facts.people > 1").fields().iter().cloned().collect();
    assert_eq!(names, ["people", "until"]);
}

#[test]
fn expressions_compare_and_write_as_their_text() {
    let one = compiled(" facts.owner ");
    assert_eq!(one, compiled("facts.owner"));
    assert_eq!(serde_json::to_value(&one).unwrap(), json!("facts.owner"));
    fn shareable<T: Send + Sync>(_: &T) {}
    shareable(&one);
}

#[test]
fn expressions_too_long_or_too_deep_are_refused_without_harm() {
    let nested =
        |open: &str, close: &str, n: usize| format!("{}facts.owner{}", open.repeat(n), close.repeat(n));
    for source in [
        format!("facts.note == '{}'", "a".repeat(MAX_LENGTH)),
        nested("(", ")", 190),
        nested("!", "", 1900),
        nested("[", "]", 190),
        nested("{1:", "}", 100),
        "facts.owner?".repeat(150),
        vec!["1"; 390].join("+") + " > 1",
        vec!["a"; 390].join("."),
        "a".to_owned() + &"[0]".repeat(190),
        "a".to_owned() + &".b()".repeat(130),
        "facts.needs.exists(a, facts.needs.exists(b, facts.needs.exists(c, a == c)))".to_owned(),
        "((((a&&".repeat(50),
    ] {
        assert!(!problems(&source).is_empty(), "{source}");
    }
    assert_eq!(value(&vec!["facts.owner"; 60].join(" && ")), Ok(true));
}
