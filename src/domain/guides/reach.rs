//! Whether anybody can ever see a field: its condition is tried with every
//! combination of the answers it hangs on, where these are choices.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use chrono::NaiveDate;
use serde_json::Value;

use super::applicant::{Applicant, ApplicantKind};
use super::expr::Expr;
use super::facts::Facts;
use super::form::is_visible;
use super::model::{Field, FieldKind, Requirement};

/// More combinations than these are not tried; the field then counts as reachable.
const MAX_COMBINATIONS: usize = 20_000;

/// Whether no answers to the fields before it make the field at `index` visible.
/// What cannot be told, because it hangs on free answers or on the applicant,
/// counts as reachable.
pub(super) fn is_unreachable(fields: &[Field], index: usize) -> bool {
    let Some(rule) = &fields[index].visible_when else { return false };
    let Some(grounds) = grounds(fields, index) else { return false };
    let combinations = grounds.values().try_fold(1_usize, |product, values| {
        product.checked_mul(values.len()).filter(|product| *product <= MAX_COMBINATIONS)
    });
    let Some(combinations) = combinations.filter(|_| !rests_on_more(rule, fields, &grounds)) else {
        return false;
    };
    let nobody = nobody();
    (0..combinations).all(|combination| {
        let facts = answers(fields, &grounds, combination, &nobody);
        facts.is_none_or(|facts| !is_visible(&fields[index], &facts, &nobody, NaiveDate::MIN))
    })
}

/// The fields the condition hangs on, directly or through their own conditions,
/// with the answers there are to each; `None` when one is free.
fn grounds(fields: &[Field], index: usize) -> Option<BTreeMap<usize, Vec<Option<Value>>>> {
    let mut found = BTreeMap::new();
    let mut open = vec![index];
    while let Some(next) = open.pop() {
        for name in fields[next].visible_when.iter().flat_map(Expr::fields) {
            let place = fields.iter().position(|field| field.name == *name)?;
            if let Entry::Vacant(entry) = found.entry(place) {
                entry.insert(possible(&fields[place])?);
                open.push(place);
            }
        }
    }
    Some(found)
}

fn possible(field: &Field) -> Option<Vec<Option<Value>>> {
    let mut values: Vec<Option<Value>> = match &field.kind {
        FieldKind::Boolean => vec![Some(Value::Bool(true)), Some(Value::Bool(false))],
        FieldKind::Declaration => vec![Some(Value::Bool(true))],
        FieldKind::Choice { options } => {
            options.iter().map(|option| Some(Value::from(option.value.as_str()))).collect()
        }
        FieldKind::Text { .. }
        | FieldKind::Number { .. }
        | FieldKind::Money { .. }
        | FieldKind::Date { .. }
        | FieldKind::MultiChoice { .. }
        | FieldKind::Region { .. }
        | FieldKind::Address { .. }
        | FieldKind::ResidentId
        | FieldKind::Uscc
        | FieldKind::Mobile
        | FieldKind::Group { .. }
        | FieldKind::File { .. } => return None,
    };
    if field.visible_when.is_some() || !matches!(field.required, Requirement::Required) {
        values.push(None);
    }
    Some(values)
}

/// Whether a condition among them speaks of the applicant, the day or the region.
fn rests_on_more(rule: &Expr, fields: &[Field], grounds: &BTreeMap<usize, Vec<Option<Value>>>) -> bool {
    let others = grounds.keys().filter_map(|place| fields[*place].visible_when.as_ref());
    others.chain([rule]).any(|rule| {
        let source = rule.source();
        ["applicant", "today", "guide"].iter().any(|name| source.contains(name))
    })
}

/// The answers of one combination, or nothing if no form could hold them: an
/// answer to a hidden field, or none to one that is required.
fn answers(
    fields: &[Field],
    grounds: &BTreeMap<usize, Vec<Option<Value>>>,
    mut combination: usize,
    nobody: &Applicant,
) -> Option<Facts> {
    let mut facts = Facts::new();
    for (place, values) in grounds {
        let value = &values[combination % values.len()];
        combination /= values.len();
        let field = &fields[*place];
        let visible = is_visible(field, &facts, nobody, NaiveDate::MIN);
        match value {
            Some(value) if visible => facts.set(field.name.as_str(), value.clone()),
            None if !visible || !matches!(field.required, Requirement::Required) => {}
            Some(_) | None => return None,
        }
    }
    Some(facts)
}

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
