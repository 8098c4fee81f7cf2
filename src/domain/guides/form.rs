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

/// The same, with every row of a group in the place it was given in: what is told of a row
/// points at what was sent.
pub fn normalise_in_place(form: &Form, facts: &Facts, whom: Whom<'_>, today: NaiveDate) -> Facts {
    let mut kept = normalise_for(form, facts, whom, today);
    for field in form.fields.iter().filter(|field| matches!(field.kind, FieldKind::Group { .. })) {
        if kept.contains(&field.name)
            && let Some(rows) = facts.get(&field.name).and_then(|rows| tidy(&field.kind, rows))
        {
            kept.set(field.name.as_str(), rows);
        }
    }
    kept
}

/// A merge patch to a draft with its answers in canonical form. What is empty takes the
/// answer away; an empty row keeps its place while the others are filled in.
pub fn tidy_patch(form: &Form, patch: Map<String, Value>) -> Map<String, Value> {
    let tidied = patch.into_iter().map(|(name, change)| {
        let change = match (form.field(&name).map(|field| &field.kind), change) {
            (None, change) => change,
            (Some(FieldKind::Address { .. }), Value::Object(members)) => {
                let part = |(name, value): (String, Value)| {
                    let value = clean_part(&name, &value).unwrap_or(Value::Null);
                    (name, value)
                };
                Value::Object(members.into_iter().map(part).collect())
            }
            (Some(kind), change) => tidy(kind, &change).unwrap_or(Value::Null),
        };
        (name, change)
    });
    tidied.collect()
}

/// One answer in canonical form; `None` when it is empty.
pub(super) fn clean(kind: &FieldKind, value: &Value) -> Option<Value> {
    without_empty_rows(kind, tidy(kind, value)?)
}

pub(super) fn without_empty_rows(kind: &FieldKind, value: Value) -> Option<Value> {
    match (kind, value) {
        (FieldKind::Group { .. }, Value::Array(mut rows)) => {
            rows.retain(|row| !is_empty_row(row));
            (!rows.is_empty()).then_some(Value::Array(rows))
        }
        (_, value) => Some(value),
    }
}

pub(super) fn is_empty_row(row: &Value) -> bool {
    row.as_object().is_some_and(Map::is_empty)
}

/// The same, with an empty row as `{}` in its place.
pub(super) fn tidy(kind: &FieldKind, value: &Value) -> Option<Value> {
    match (kind, value) {
        (_, Value::Null) => None,
        (FieldKind::Address { .. }, Value::Object(members)) => clean_address(members),
        (FieldKind::MultiChoice { options, .. }, Value::Array(chosen)) => clean_chosen(options, chosen),
        (FieldKind::Group { fields, .. }, Value::Array(rows)) => tidy_rows(fields, rows),
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
    let parts = members.iter().filter_map(|(name, value)| Some((name.clone(), clean_part(name, value)?)));
    let cleaned: Map<String, Value> = parts.collect();
    (!cleaned.is_empty()).then_some(Value::Object(cleaned))
}

/// The region of an address, or the rest of it.
fn clean_part(name: &str, value: &Value) -> Option<Value> {
    let Value::String(text) = value else { return Some(value.clone()) };
    let text = if name == "region" { dense(text) } else { one_line(text) };
    (!text.is_empty()).then_some(Value::String(text))
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

/// Rows in the order given.
fn tidy_rows(fields: &[Field], rows: &[Value]) -> Option<Value> {
    (!rows.is_empty()).then(|| rows.iter().map(|row| tidy_row(fields, row)).collect())
}

fn tidy_row(fields: &[Field], row: &Value) -> Value {
    let members = match row {
        Value::Object(members) => members,
        Value::Null => return Value::Object(Map::new()),
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => return row.clone(),
    };
    members
        .iter()
        .filter_map(|(name, value)| {
            let value = match fields.iter().find(|field| field.name == *name) {
                Some(field) => clean(&field.kind, value)?,
                None => value.clone(),
            };
            Some((name.clone(), value))
        })
        .collect()
}

/// Full-width digits, letters and the ideographic blank in their half-width form, and one
/// sign for the end of a line, so that `.` in a pattern passes over the same everywhere.
fn half_width(character: char) -> char {
    match character {
        '０'..='９' | 'Ａ'..='Ｚ' | 'ａ'..='ｚ' => {
            char::from_u32(u32::from(character) - 0xFEE0).unwrap_or(character)
        }
        '\u{3000}' | '\u{a0}' => ' ',
        '\u{2028}' | '\u{2029}' => '\n',
        other => other,
    }
}

/// Nobody types these and nobody sees them: they come along with what is pasted.
fn is_unseen(c: char) -> bool {
    let is_layout = matches!(
        c,
        '\u{ad}'
            | '\u{200b}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2064}'
            | '\u{2066}'..='\u{2069}'
            | '\u{feff}'
    );
    is_layout || c.is_control() && !matches!(c, '\n' | '\r' | '\t')
}

/// Blanks, and the joiners of scripts that shape their letters: those mean something
/// between letters and nothing elsewhere.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200c}' | '\u{200d}')
}

fn plain(text: &str) -> impl Iterator<Item = char> {
    text.chars().map(half_width).filter(|c| !is_unseen(*c))
}

pub(super) fn one_line(text: &str) -> String {
    let text: String = plain(text).collect();
    let text = text.trim_matches(is_blank);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn many_lines(text: &str) -> String {
    let text: String = plain(text).collect();
    let lines: Vec<&str> = text.lines().map(|line| line.trim_end()).collect();
    lines.join("\n").replace('\r', "").trim_matches(is_blank).to_owned()
}

/// Without any blanks.
fn dense(text: &str) -> String {
    plain(text).filter(|c| !is_blank(*c)).collect()
}
