use chrono::NaiveDate;
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::domain::codes::RegionCode;
use crate::domain::guides::applicant::{Applicant, ApplicantKind};
use crate::domain::guides::expr::{Schema, Scope, Vocabulary};
use crate::domain::guides::facts::Facts;
use crate::domain::guides::form::is_visible;
use crate::domain::guides::known::Unsaid;
use crate::domain::guides::model::{Choice, FormRule, Requirement};
use crate::domain::text::Text;

fn nobody() -> Applicant {
    Applicant {
        kind: ApplicantKind::NaturalPerson,
        name: String::new(),
        id_number: None,
        birth_date: None,
        gender: None,
        residence: None,
        mobile: None,
        ial: 1,
        verified: Default::default(),
    }
}

fn choice(values: &[&str]) -> FieldKind {
    let option = |value: &&str| Choice { value: (*value).to_owned(), label: Text::new("项", "item") };
    FieldKind::Choice { options: values.iter().map(option).collect() }
}

/// A form of which each field is shown when the rule over the fields above it says so;
/// without a rule always. `None` when a rule is none.
fn form(fields: &[(FieldKind, bool, Option<&str>)]) -> Option<Vec<Field>> {
    let mut schema = Schema::default();
    let mut read = Vec::new();
    for (index, (kind, required, rule)) in fields.iter().enumerate() {
        let name = format!("f{index}");
        let visible_when = match rule {
            Some(rule) => Some(Expr::compile(rule, Vocabulary::Whole(&schema)).ok()?),
            None => None,
        };
        schema.add(&name, Some(kind), *required && rule.is_none());
        read.push(Field {
            name,
            label: Text::new("项", "item"),
            help: None,
            kind: kind.clone(),
            required: if *required { Requirement::Required } else { Requirement::Optional },
            visible_when,
            prefill: None,
            scenarios: Vec::new(),
        });
    }
    Some(read)
}

fn told(fields: &[(FieldKind, bool, Option<&str>)]) -> Vec<(usize, Vec<String>)> {
    let fields = form(fields).unwrap();
    unreachable_fields(&fields, 2).into_iter().map(|one| (one.index, one.with)).collect()
}

fn number(min: i64, max: i64) -> FieldKind {
    FieldKind::Number { min: Some(min), max: Some(max) }
}

#[test]
fn what_no_answer_shows_is_told() {
    let day = FieldKind::Date { past: false, future: false };
    let needs = || some_of(&["meals", "care"], 1, None);
    let text = || FieldKind::Text { max_length: 9, multiline: false, pattern: None };
    for (kind, rule) in [
        (number(1, 20), "facts.f0 > 20"),
        (number(1, 20), "facts.f0 + 1 < 2"),
        (number(1, 20), "facts.f0 * 2 > 100"),
        (number(-3, 2), "facts.f0 * facts.f0 > 9"),
        (needs(), "size(facts.f0) > 2"),
        (number(1, 20), "facts.f0 > 5 && facts.f0 < 6"),
        (number(1, 1), "facts.f0 != 1"),
        (day, "facts.f0 < '2020-01-01' && facts.f0 > '2020-06-01'"),
        (choice(&["a", "b"]), "facts.f0 == 'a' && facts.f0 in ['b']"),
        (choice(&["a", "b"]), "!(facts.f0 in ['a', 'b'])"),
        (choice(&["a", "b"]), "facts.f0 == 'a' ? facts.f0 == 'b' : facts.f0 == 'a'"),
        (FieldKind::Boolean, "facts.f0 && !facts.f0"),
        (FieldKind::Boolean, "!has(facts.f0)"),
        (FieldKind::Declaration, "!facts.f0"),
        (needs(), "'care' in facts.f0 && !('care' in facts.f0)"),
        (text(), "facts.f0 == 'x' && facts.f0 == 'y'"),
        (FieldKind::Boolean, "applicant.age > 60 && applicant.age < 16"),
        (FieldKind::Boolean, "applicant.ial < 2"),
        (FieldKind::Boolean, "applicant.ial in [0, 1]"),
        (FieldKind::Boolean, "!(applicant.ial in [4, 2, 3])"),
        (number(1, 3), "facts.f0 in [1, 2] && facts.f0 > 2"),
        (FieldKind::Boolean, "false"),
    ] {
        assert_eq!(
            told(&[(kind, true, None), (FieldKind::Boolean, true, Some(rule))]),
            [(1, vec![])],
            "{rule}"
        );
    }
}

fn region(code: &str) -> RegionCode {
    RegionCode::parse(code).unwrap()
}

fn some_of(values: &[&str], min: u32, max: Option<u32>) -> FieldKind {
    match choice(values) {
        FieldKind::Choice { options } => FieldKind::MultiChoice { options, min, max },
        other => other,
    }
}

/// Whether some answers to two fields of this kind meet it.
fn can_be(kind: &FieldKind, when: &str) -> bool {
    let fields = form(&[(kind.clone(), true, None), (kind.clone(), true, None)]).unwrap();
    let mut schema = Schema::default();
    fields.iter().for_each(|field| schema.add(&field.name, Some(&field.kind), true));
    can_be_met(&fields, &[&Expr::compile(when, Vocabulary::Whole(&schema)).unwrap()], 2)
}

#[test]
fn what_cannot_be_together_is_told_and_what_can_is_not() {
    let past = FieldKind::Date { past: true, future: false };
    let future = FieldKind::Date { past: false, future: true };
    let day = FieldKind::Date { past: false, future: false };
    let place = FieldKind::Region { under: Some(region("340700000000")) };
    let home = FieldKind::Address { under: Some(region("340700000000")) };
    let two = some_of(&["a", "b", "c"], 2, Some(2));
    for (kind, never, sometimes) in [
        (&place, "in_region(facts.f0, '350000000000')", "in_region(facts.f0, '340000000000')"),
        (&place, "!in_region(facts.f0, '340000000000')", "!in_region(facts.f0, '340705000000')"),
        (&place, "facts.f0 == '350100000000'", "facts.f0 == '340705000000'"),
        (
            &place,
            "in_region(facts.f0, '340705000000') && in_region(facts.f0, '340706000000')",
            "in_region(facts.f0, '340705000000') && in_region(facts.f1, '340706000000')",
        ),
        (
            &place,
            "!in_region(facts.f0, '340705000000') && in_region(facts.f0, '340705000000')",
            "!in_region(facts.f0, '340705001000') && in_region(facts.f0, '340705000000')",
        ),
        (&home, "in_region(facts.f0.region, '350000000000')", "in_region(facts.f0.region, '340705000000')"),
        (
            &day,
            "in_region(applicant.residence, '350000000000') && in_region(applicant.residence, '340000000000')",
            "in_region(applicant.residence, '350000000000') || in_region(applicant.residence, '340000000000')",
        ),
        (
            &day,
            "in_region(applicant.residence, '350000000000') && applicant.residence == ''",
            "!in_region(applicant.residence, '350000000000') && applicant.residence == ''",
        ),
        (&two, "'a' in facts.f0 && 'b' in facts.f0 && 'c' in facts.f0", "'a' in facts.f0 && 'b' in facts.f0"),
        (&two, "!('a' in facts.f0) && !('b' in facts.f0)", "!('a' in facts.f0) && !('b' in facts.f1)"),
        (&day, "facts.f0 < facts.f1 && facts.f1 < facts.f0", "facts.f0 <= facts.f1 && facts.f1 <= facts.f0"),
        (&day, "facts.f0 == facts.f1 && facts.f0 < facts.f1", "facts.f0 == facts.f1 && facts.f0 >= facts.f1"),
        (&day, "facts.f0 != facts.f1 && facts.f1 == facts.f0", "facts.f0 != facts.f1 && facts.f1 > facts.f0"),
        (
            &day,
            "facts.f0 < today && today < facts.f1 && facts.f1 <= facts.f0",
            "facts.f0 < today && today < facts.f1 && facts.f0 <= facts.f1",
        ),
        (
            &day,
            "facts.f1 <= facts.f0 && facts.f0 <= '2026-01-05' && facts.f1 >= '2026-01-10' && days(facts.f0, facts.f1) in [1, 2]",
            "facts.f1 <= facts.f0 && facts.f0 <= '2026-01-10' && facts.f1 >= '2026-01-05' && days(facts.f1, facts.f0) in [1, 9]",
        ),
        (&past, "facts.f0 > today", "facts.f0 >= today"),
        (&past, "days(facts.f0, today) < 0", "days(facts.f0, today) <= 0"),
        (&past, "days(today, facts.f0) > 0", "days(facts.f1, facts.f0) > 0"),
        (&past, "years(facts.f0, today) < 0", "years(facts.f0, today) >= 80"),
        (&future, "years(facts.f0, today) > 0", "years(today, facts.f0) > 0"),
        (&future, "days(today, facts.f0) < 0", "days(today, facts.f0) == 0"),
        (
            &day,
            "facts.f0 > '2020-01-01' && days('2020-01-01', facts.f0) < 1",
            "facts.f0 > '2020-01-01' && days('2020-01-01', facts.f0) == 1",
        ),
        (&FieldKind::Mobile, "facts.f0.startsWith('2')", "facts.f0.startsWith('13')"),
        (&FieldKind::Mobile, "!facts.f0.startsWith('1')", "!facts.f0.startsWith('2')"),
        (&choice(&["aa", "b"]), "facts.f0.startsWith('c')", "!facts.f0.startsWith('c')"),
        (&day, "applicant.ial < 2", "applicant.ial <= 2"),
        (&FieldKind::Boolean, "has(facts.f0) && !has(facts.f0)", "has(facts.f0) == true && !facts.f0"),
    ] {
        assert!(!can_be(kind, never), "{never}");
        assert!(can_be(kind, sometimes), "{sometimes}");
    }
}

#[test]
fn what_contradicts_the_condition_of_another_is_told_and_what_hangs_on_it_named() {
    let found = told(&[
        (choice(&["a", "b"]), true, None),
        (FieldKind::Boolean, true, Some("facts.f0 == 'a'")),
        (FieldKind::Boolean, false, Some("facts.f0 == 'b' && has(facts.f1)")),
        (FieldKind::Boolean, false, Some("has(facts.f2) && facts.f2")),
        (FieldKind::Boolean, false, Some("has(facts.f3)")),
        (FieldKind::Boolean, false, Some("has(facts.f3) || facts.f0 == 'b'")),
    ]);
    assert_eq!(found, [(2, vec!["f3".to_owned(), "f4".to_owned()])]);
}

#[test]
fn an_option_no_rule_lets_pass_is_told() {
    let fields =
        form(&[(choice(&["a", "b", "c"]), true, None), (FieldKind::Boolean, false, Some("facts.f0 == 'b'"))])
            .unwrap();
    let mut schema = Schema::default();
    for field in &fields {
        schema.add(&field.name, Some(&field.kind), field.visible_when.is_none());
    }
    let rule = |when: &str| FormRule {
        code: "r".to_owned(),
        when: Expr::compile(when, Vocabulary::Cited(&schema)).unwrap(),
        at: "f0".to_owned(),
        text: Text::new("不对", "Wrong"),
        basis: None,
        scenarios: Vec::new(),
    };
    let rules = vec![
        rule("facts.f0 != 'c' || has(facts.f1)"),
        rule("facts.f0 != 'b' || applicant.age > 3"),
        rule("facts.f0 != 'a' || channel == 'window'"),
    ];
    assert_eq!(barred_options(&fields, &rules, 2), [(0, 2)]);
}

/// Every answer there is to a field, and none.
fn values(kind: &FieldKind) -> Vec<Value> {
    match kind {
        FieldKind::Boolean => vec![Value::Null, true.into(), false.into()],
        FieldKind::Number { min, max } => {
            let all = min.unwrap_or(0)..=max.unwrap_or(0);
            std::iter::once(Value::Null).chain(all.map(Value::from)).collect()
        }
        FieldKind::Choice { options } => {
            std::iter::once(Value::Null).chain(options.iter().map(|one| one.value.as_str().into())).collect()
        }
        FieldKind::Date { past, future } => {
            let days = [(-400, *future), (-1, *future), (0, false), (1, *past), (400, *past)];
            let days = days.into_iter().filter_map(|(days, is_refused)| (!is_refused).then_some(days));
            let day = |days| (TODAY + chrono::TimeDelta::days(days)).to_string().into();
            std::iter::once(Value::Null).chain(days.map(day)).collect()
        }
        FieldKind::MultiChoice { options, min, max } => {
            let some = |chosen: u32| -> Vec<&str> {
                let options = options.iter().enumerate().filter(|(place, _)| chosen & (1 << place) != 0);
                options.map(|(_, option)| option.value.as_str()).collect()
            };
            let is_right = |chosen: &u32| (*min..=max.unwrap_or(9)).contains(&chosen.count_ones());
            let all = (1..1 << options.len()).filter(is_right).map(|chosen| some(chosen).into());
            std::iter::once(Value::Null).chain(all).collect()
        }
        FieldKind::Region { under } => {
            let is_within = |place: &&str| under.as_ref().is_none_or(|under| under.contains(&region(place)));
            std::iter::once(Value::Null)
                .chain(PLACES.into_iter().filter(is_within).map(Value::from))
                .collect()
        }
        other => panic!("{other:?}"),
    }
}

const TODAY: NaiveDate = NaiveDate::from_ymd_opt(2026, 3, 2).unwrap();
const PLACES: [&str; 4] = ["340000000000", "340700000000", "340705000000", "350000000000"];

/// The fields some complete answers show, found by trying all.
fn seen(fields: &[Field]) -> BTreeSet<usize> {
    let mut seen = BTreeSet::new();
    let mut open = vec![Facts::new()];
    for (index, field) in fields.iter().enumerate() {
        let mut next = Vec::new();
        for facts in open {
            let above = Scope { facts: &facts, applicant: &nobody(), today: TODAY, channel: None };
            if is_visible(field, &above, &Unsaid::default()) != Some(true) {
                next.push(facts);
                continue;
            }
            seen.insert(index);
            let may_be_left_out = !matches!(field.required, Requirement::Required);
            for value in values(&field.kind).into_iter().filter(|value| may_be_left_out || !value.is_null()) {
                let mut facts = facts.clone();
                facts.set(field.name.as_str(), value);
                next.push(facts);
            }
        }
        open = next;
    }
    seen
}

fn kinds() -> impl Strategy<Value = FieldKind> {
    prop_oneof![
        Just(FieldKind::Boolean),
        Just(choice(&["a", "b", "c"])),
        (0..3_i64, 0..3_i64).prop_map(|(min, more)| number(min, min + more)),
    ]
}

/// Something that may be said of the fields above the one of this index.
fn rules(index: usize) -> impl Strategy<Value = String> {
    let field = move || 0..index.max(1);
    let atom = prop_oneof![
        field().prop_map(|f| format!("has(facts.f{f})")),
        field().prop_map(|f| format!("(has(facts.f{f}) && facts.f{f})")),
        (field(), prop::sample::select(vec!["==", "!="]), prop::sample::select(vec!["a", "b", "c"]))
            .prop_map(|(f, op, word)| format!("(has(facts.f{f}) && facts.f{f} {op} '{word}')")),
        (field(), prop::sample::select(vec!["<", "<=", ">", ">=", "==", "!="]), -1..6_i64)
            .prop_map(|(f, op, n)| format!("(has(facts.f{f}) && facts.f{f} {op} {n})")),
        (field(), field(), prop::sample::select(vec!["<", "<=", ">", "==", "!="])).prop_map(
            |(f, g, op)| format!("(has(facts.f{f}) && has(facts.f{g}) && facts.f{f} {op} facts.f{g})")
        ),
        (field(), field()).prop_map(|(f, g)| format!(
            "(has(facts.f{f}) && has(facts.f{g}) && facts.f{f} + 1 > facts.f{g} - 1)"
        )),
        field().prop_map(|f| format!("(has(facts.f{f}) && facts.f{f} in ['a', 'c'])")),
    ];
    atom.prop_recursive(3, 12, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} && {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} || {b})")),
            (inner.clone(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| format!("({a} ? {b} : {c})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("(({a}) == ({b}))")),
            inner.prop_map(|a| format!("!{a}")),
        ]
    })
}

fn part(index: usize) -> impl Strategy<Value = (FieldKind, bool, Option<String>)> {
    let rule = prop::option::weighted(0.8, rules(index));
    (kinds(), any::<bool>(), rule)
}

/// What is said to be out of reach is not among what is seen when all is tried.
fn never_said_in_vain(parts: &[(FieldKind, bool, Option<String>)]) -> Result<(), TestCaseError> {
    let given: Vec<_> =
        parts.iter().map(|(kind, required, rule)| (kind.clone(), *required, rule.as_deref())).collect();
    // Rules of the wrong type leave their field without one.
    let mut fields: Vec<(FieldKind, bool, Option<&str>)> = Vec::new();
    for (kind, required, rule) in given {
        fields.push((kind.clone(), required, rule));
        if form(&fields).is_none() {
            fields.pop();
            fields.push((kind, required, None));
        }
    }
    let fields = form(&fields).unwrap();
    let seen = seen(&fields);
    for Unreachable { index, with } in unreachable_fields(&fields, 1) {
        prop_assert!(!seen.contains(&index), "{index}: {fields:#?}");
        for name in with {
            let index = fields.iter().position(|field| field.name == name).unwrap();
            prop_assert!(!seen.contains(&index), "{name}: {fields:#?}");
        }
    }
    Ok(())
}

fn other_kinds() -> impl Strategy<Value = FieldKind> {
    prop_oneof![
        prop::sample::select(vec![(true, false), (false, true), (false, false)])
            .prop_map(|(past, future)| FieldKind::Date { past, future }),
        (1..3_u32, 2..4_u32).prop_map(|(min, max)| some_of(&["a", "b", "c"], min, Some(max.max(min)))),
        prop::option::of(prop::sample::select(PLACES.to_vec()))
            .prop_map(|under| FieldKind::Region { under: under.map(region) }),
    ]
}

/// Something that may be said of the days, places and options above the field of this index.
fn other_rules(index: usize) -> impl Strategy<Value = String> {
    let field = move || 0..index.max(1);
    let compared = || prop::sample::select(vec!["<", "<=", ">", ">=", "==", "!="]);
    let atom = prop_oneof![
        (field(), compared()).prop_map(|(f, op)| format!("(has(facts.f{f}) && facts.f{f} {op} today)")),
        (field(), field(), compared()).prop_map(|(f, g, op)| format!(
            "(has(facts.f{f}) && has(facts.f{g}) && facts.f{f} {op} facts.f{g})"
        )),
        (field(), field(), compared(), -1..2_i64).prop_map(|(f, g, op, n)| format!(
            "(has(facts.f{f}) && has(facts.f{g}) && days(facts.f{f}, facts.f{g}) {op} {n})"
        )),
        (field(), compared(), prop::sample::select(vec!["days", "years"]), -1..2_i64).prop_map(
            |(f, op, count, n)| format!("(has(facts.f{f}) && {count}(facts.f{f}, today) {op} {n})")
        ),
        (field(), prop::sample::select(vec!["a", "b", "c"]))
            .prop_map(|(f, option)| format!("(has(facts.f{f}) && '{option}' in facts.f{f})")),
        (field(), prop::sample::select(PLACES.to_vec()))
            .prop_map(|(f, place)| format!("(has(facts.f{f}) && in_region(facts.f{f}, '{place}'))")),
        (field(), prop::sample::select(PLACES.to_vec()))
            .prop_map(|(f, place)| format!("(has(facts.f{f}) && facts.f{f} == '{place}')")),
        (field(), field()).prop_map(|(f, g)| format!("(has(facts.f{f}) == has(facts.f{g}))")),
    ];
    atom.prop_recursive(3, 12, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} && {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} || {b})")),
            inner.prop_map(|a| format!("!{a}")),
        ]
    })
}

fn other_part(index: usize) -> impl Strategy<Value = (FieldKind, bool, Option<String>)> {
    let rule = prop::option::weighted(0.8, other_rules(index));
    (other_kinds(), any::<bool>(), rule)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn what_can_be_seen_is_never_said_to_be_out_of_reach(
        parts in (part(0), part(1), part(2), part(3), part(4)),
    ) {
        let (a, b, c, d, e) = parts;
        never_said_in_vain(&[a, b, c, d, e])?;
    }

    #[test]
    fn nor_is_what_days_places_and_several_options_allow(
        parts in (other_part(0), other_part(1), other_part(2), other_part(3)),
    ) {
        let (a, b, c, d) = parts;
        never_said_in_vain(&[a, b, c, d])?;
    }
}
