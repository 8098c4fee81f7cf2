//! Rules that hold for every expression and every answer.

use std::sync::LazyLock;

use chrono::NaiveDate;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::functions::{date, full_years};
use super::super::{EvalError, Expr, Scope, Vocabulary};
use super::{applicant, compiled, facts, schema, today};
use crate::domain::guides::facts::Facts;

/// Rules over every kind of answer.
static RULES: LazyLock<Vec<Expr>> = LazyLock::new(|| {
    [
            "facts.pay_by == 'bank' && facts.people > 3 && facts.owner",
            "facts.needs.exists(n, n == 'care') || facts.home.region == '' || 'care' in facts.needs",
            "has(facts.until) && days(facts.from, facts.until) > 3 && facts.from < facts.until",
            "facts.people * 7 - 1 > 0 || size(facts.note) > 2 || facts.note.matches('a') || size(facts.needs) > 1",
            "has(facts.income) ? facts.income * 7 == 1 : in_region(facts.home.region, '340705000000')",
        ]
    .into_iter()
    .map(compiled)
    .collect()
});

fn days_of_the_century() -> impl Strategy<Value = NaiveDate> {
    (0..36_524_i64).prop_map(|days| date("1950-01-01").unwrap() + chrono::TimeDelta::days(days))
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,6}".prop_map(Value::from),
        Just(json!("2026-01-01")),
        Just(json!("bank")),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("region|detail|x", inner, 0..3)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn full_years_grow_by_one_on_each_birthday(from in days_of_the_century(), to in days_of_the_century()) {
        prop_assert_eq!(full_years(from, to), -full_years(to, from));
        let next = full_years(from, to + chrono::TimeDelta::days(1)) - full_years(from, to);
        prop_assert!(next == 0 || next == 1);
        if to >= from {
            prop_assert_eq!(Some(full_years(from, to)), to.years_since(from).map(i64::from));
        }
    }

    #[test]
    fn a_checked_rule_never_panics_whatever_the_facts(values in prop::collection::vec(any_json(), 9)) {
        let names = ["pay_by", "from", "until", "people", "income", "needs", "home", "owner", "note"];
        let facts: Facts = names.into_iter().map(str::to_owned).zip(values).collect::<serde_json::Map<_, _>>().into();
        let applicant = applicant();
        let scope = Scope { facts: &facts, applicant: &applicant, today: today(), channel: None };
        for rule in RULES.iter() {
            let _ = rule.holds(&scope);
        }
    }

    #[test]
    fn a_text_that_is_no_expression_is_refused_and_nothing_worse(text in "[a-z.()\\[\\]{}'\"&|!?:<>=+*/%, 0-9-]{0,60}") {
        let _ = Expr::compile(&text, Vocabulary::Whole(&schema()));
    }

    #[test]
    fn parts_of_rules_in_any_order_are_read_or_refused(
        parts in prop::collection::vec(prop::sample::select(vec![
            "facts", ".", "people", "needs", "has(", ")", "(", "&&", "||", "!", "?", ":", "==", ">", "+", "[", "]",
            "in", "1", "'x'", ".exists(n,", "applicant", ".age", "today", "years(", ",", "{", "}", "true", "null", "1.5",
        ]), 0..25)
    ) {
        let source = parts.join(" ");
        if let Ok(rule) = Expr::compile(&source, Vocabulary::Whole(&schema())) {
            let (facts, applicant) = (facts(), applicant());
            let outcome = rule.holds(&Scope { facts: &facts, applicant: &applicant, today: today(), channel: None });
            prop_assert!(!matches!(outcome, Err(EvalError::Internal(_))), "{source}: {outcome:?}");
        }
    }
}
