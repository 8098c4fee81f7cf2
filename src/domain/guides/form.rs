//! The form before it is judged: which fields are shown, and the one way an
//! answer is written.

use chrono::NaiveDate;
use serde_json::{Map, Value};

use super::applicant::Applicant;
use super::expr::{Expr, Scope};
use super::facts::Facts;
use super::known::{Unsaid, Whom};
use super::model::{Choice, Field, FieldKind, Form};
use crate::domain::canonical::MAX_WHOLE;
use crate::domain::codes::Mobile;

impl Form {
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

/// Whether `rule` is true; a rule that cannot be evaluated is not met.
pub fn holds(rule: &Expr, facts: &Facts, applicant: &Applicant, today: NaiveDate) -> bool {
    rule.holds(&Scope { facts, applicant, today, channel: None }) == Ok(true)
}

/// Whether the field is shown, given the answers to the fields above it; none where that
/// rests on what nobody has said.
pub(super) fn is_visible(field: &Field, above: &Scope<'_>, unsaid: &Unsaid) -> Option<bool> {
    match &field.visible_when {
        Some(rule) if rule.waits_for(above, unsaid) => None,
        Some(rule) => Some(rule.holds(above) == Ok(true)),
        None => Some(true),
    }
}

/// Writes every answer in its one canonical form, so that the same answer given
/// at a counter and on a phone is the same fact: blanks trimmed, full-width
/// letters and digits made half-width, codes in capitals, options in the order
/// of the form. Empty answers and answers to hidden fields are dropped; what
/// has the wrong type is left for the validation to tell. Doing it twice is
/// doing it once.
pub fn normalise(form: &Form, facts: &Facts, applicant: &Applicant, today: NaiveDate) -> Facts {
    normalise_for(form, facts, Whom::Known(applicant), today)
}

/// The same where not all need be known of the applicant: an answer to a field that may
/// yet be shown is kept.
pub fn normalise_for(form: &Form, facts: &Facts, whom: Whom<'_>, today: NaiveDate) -> Facts {
    let (applicant, mut unsaid) = (whom.applicant(), whom.unsaid());
    let mut kept = Facts::new();
    for field in &form.fields {
        let scope = Scope { facts: &kept, applicant, today, channel: None };
        let is_visible = is_visible(field, &scope, &unsaid);
        if is_visible.is_none() {
            unsaid.add_answer(&field.name);
        }
        if is_visible != Some(false)
            && let Some(value) = facts.get(&field.name).and_then(|value| clean(&field.kind, value))
        {
            kept.set(field.name.as_str(), value);
        }
    }
    for (name, value) in facts.iter().filter(|(name, _)| form.field(name).is_none()) {
        kept.set(name.as_str(), value.clone());
    }
    kept
}

/// One answer in canonical form; `None` when it is empty.
pub(super) fn clean(kind: &FieldKind, value: &Value) -> Option<Value> {
    match (kind, value) {
        (_, Value::Null) => None,
        (FieldKind::Address { .. }, Value::Object(members)) => clean_address(members),
        (FieldKind::MultiChoice { options, .. }, Value::Array(chosen)) => clean_chosen(options, chosen),
        (FieldKind::Group { fields, .. }, Value::Array(rows)) => clean_rows(fields, rows),
        (FieldKind::Number { .. } | FieldKind::Money { .. }, Value::Number(number)) => {
            let whole = number.as_f64().filter(|n| n.fract() == 0.0 && n.abs() <= MAX_WHOLE as f64);
            match (number.as_i64(), whole) {
                (None, Some(whole)) => Some(Value::from(whole as i64)),
                (Some(_), _) | (None, None) => Some(value.clone()),
            }
        }
        (_, Value::String(text)) => {
            let text = clean_text(kind, text);
            (!text.is_empty()).then_some(Value::String(text))
        }
        (_, value) => Some(value.clone()),
    }
}

fn clean_text(kind: &FieldKind, text: &str) -> String {
    match kind {
        FieldKind::Text { multiline: true, .. } => many_lines(text),
        FieldKind::Text { multiline: false, .. }
        | FieldKind::Number { .. }
        | FieldKind::Money { .. }
        | FieldKind::Boolean
        | FieldKind::Choice { .. }
        | FieldKind::MultiChoice { .. }
        | FieldKind::Address { .. }
        | FieldKind::Group { .. }
        | FieldKind::File { .. }
        | FieldKind::Declaration => one_line(text),
        FieldKind::Date { .. } | FieldKind::Region { .. } => dense(text),
        FieldKind::ResidentId | FieldKind::Uscc => dense(text).to_ascii_uppercase(),
        FieldKind::Mobile => {
            let text = dense(text);
            Mobile::parse(&text).map_or(text, |number| number.as_str().to_owned())
        }
    }
}

fn clean_address(members: &Map<String, Value>) -> Option<Value> {
    let mut cleaned = Map::new();
    for (name, member) in members {
        let member = match member {
            Value::String(text) if name == "region" => Value::String(dense(text)),
            Value::String(text) => Value::String(one_line(text)),
            other => other.clone(),
        };
        if member != Value::String(String::new()) {
            cleaned.insert(name.clone(), member);
        }
    }
    (!cleaned.is_empty()).then_some(Value::Object(cleaned))
}

fn clean_chosen(options: &[Choice], chosen: &[Value]) -> Option<Value> {
    let mut cleaned: Vec<Value> = Vec::new();
    for value in chosen {
        let value = match value {
            Value::String(text) => Value::String(one_line(text)),
            other => other.clone(),
        };
        if value != Value::String(String::new()) && !cleaned.contains(&value) {
            cleaned.push(value);
        }
    }
    cleaned.sort_by_key(|value| {
        options.iter().position(|option| Some(option.value.as_str()) == value.as_str()).unwrap_or(usize::MAX)
    });
    (!cleaned.is_empty()).then_some(Value::Array(cleaned))
}

/// Rows in the order given, without empty ones.
fn clean_rows(fields: &[Field], rows: &[Value]) -> Option<Value> {
    let cleaned: Vec<Value> = rows.iter().filter_map(|row| clean_row(fields, row)).collect();
    (!cleaned.is_empty()).then_some(Value::Array(cleaned))
}

fn clean_row(fields: &[Field], row: &Value) -> Option<Value> {
    let Value::Object(members) = row else { return Some(row.clone()) };
    let cleaned: Map<String, Value> = members
        .iter()
        .filter_map(|(name, value)| {
            let value = match fields.iter().find(|field| field.name == *name) {
                Some(field) => clean(&field.kind, value)?,
                None => value.clone(),
            };
            Some((name.clone(), value))
        })
        .collect();
    (!cleaned.is_empty()).then_some(Value::Object(cleaned))
}

/// Full-width digits, letters and the ideographic blank in their half-width form.
fn half_width(character: char) -> char {
    match character {
        '０'..='９' | 'Ａ'..='Ｚ' | 'ａ'..='ｚ' => {
            char::from_u32(u32::from(character) - 0xFEE0).unwrap_or(character)
        }
        '\u{3000}' | '\u{a0}' => ' ',
        other => other,
    }
}

fn plain(text: &str) -> impl Iterator<Item = char> {
    text.chars().map(half_width).filter(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t'))
}

pub(super) fn one_line(text: &str) -> String {
    let text: String = plain(text).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn many_lines(text: &str) -> String {
    let text: String = plain(text).collect();
    let lines: Vec<&str> = text.lines().map(|line| line.trim_end()).collect();
    lines.join("\n").replace('\r', "").trim().to_owned()
}

/// Without any blanks.
fn dense(text: &str) -> String {
    plain(text).filter(|c| !c.is_whitespace()).collect()
}
