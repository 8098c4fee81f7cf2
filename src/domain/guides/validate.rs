//! Whether the answers are right. Every error is told at once, each at its
//! field, in words that say what to do.
//!
//! Expressions see only answers that are sound, so that a rule is never judged
//! by an answer that is itself in error: it is judged when that is corrected.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde_json::Value;

use super::applicant::Applicant;
use super::expr::{Expr, Scope};
use super::facts::{Facts, MAX_FACTS_BYTES};
use super::form::{clean, holds, is_visible, normalise_for, tidy, without_empty_rows};
use super::known::{Unsaid, Whom};
use super::model::{Condition, Field, Form, FormRule, Guide, OfferedChannel, Requirement};
use super::value::{Wrong, check_in_time_and_place, check_value};
use crate::domain::codes::RegionCode;
use crate::domain::refusal::FieldError;
use crate::domain::text::Text;

/// Checks a draft: every answer must be of a known field and well-formed;
/// nothing is required yet. Answers need not be in canonical form.
pub fn check_partial(form: &Form, facts: &Facts) -> Vec<FieldError> {
    let mut errors = unknown_fields(form, facts);
    errors.extend(too_large(facts));
    for field in &form.fields {
        let value = facts.get(&field.name).and_then(|value| tidy(&field.kind, value));
        let wrong = value.map(|value| check_value(&field.kind, &value)).unwrap_or_default();
        errors.extend(wrong.into_iter().filter(|wrong| !wrong.is_unfinished()).map(|wrong| at(field, wrong)));
    }
    errors
}

/// That the answers are more than a form can ask for.
pub(super) fn too_large(facts: &Facts) -> Option<FieldError> {
    (facts.size() > MAX_FACTS_BYTES).then(|| {
        let text = Text::new(
            "填报内容过多，请精简文字后重试。",
            "The answers are too long altogether; shorten the texts.",
        );
        FieldError::new("/facts", "too_large", text)
    })
}

/// Checks complete facts, as [`judge`] takes them, for submission: everything that
/// [`check_partial`] checks, and presence, dates against today, regions against
/// the register, and the rules across fields.
pub fn check_complete(
    guide: &Guide,
    facts: &Facts,
    applicant: &Applicant,
    today: NaiveDate,
    region_exists: &dyn Fn(&RegionCode) -> bool,
) -> Vec<FieldError> {
    judge(&guide.form, facts, Whom::Known(applicant), today, region_exists).errors
}

/// What an article demands of this channel in particular: the errors of the rules that
/// cite one and look at the channel. [`check_complete`] leaves these out, and whatever
/// decides on a case with them.
pub fn check_channel(
    guide: &Guide,
    facts: &Facts,
    whom: Whom<'_>,
    today: NaiveDate,
    region_exists: &dyn Fn(&RegionCode) -> bool,
    channel: OfferedChannel,
) -> Vec<FieldError> {
    if !guide.form.rules.iter().any(|rule| rule.when.asks_channel()) {
        return Vec::new();
    }
    let facts = normalise_for(&guide.form, facts, whom, today);
    let judged = judge(&guide.form, &facts, whom, today, region_exists);
    let scope = Scope { facts: &judged.sound, applicant: whom.applicant(), today, channel: Some(channel) };
    let rules = guide.form.rules.iter().filter(|rule| rule.when.asks_channel());
    rules.filter_map(|rule| judged.broken(&guide.form, rule, &scope, &whom.unsaid())).collect()
}

/// A field that is shown, with the answers so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown<'f> {
    pub name: &'f str,
    pub required: bool,
}

/// A form with answers to it. What rests on what nobody has said of the applicant is not
/// shown, not required and not broken.
pub struct Judged<'f> {
    pub errors: Vec<FieldError>,
    /// The answers that are right.
    pub sound: Facts,
    /// The names of fields that need an answer, or may need one, and have no right one.
    pub unsound: BTreeSet<&'f str>,
    /// In the order of the form.
    pub shown: Vec<Shown<'f>>,
    /// The names of fields that are surely not shown.
    hidden: BTreeSet<&'f str>,
}

/// Judges answers in canonical form, between which empty rows may still stand in their
/// places: errors count them, and nothing else does. A field whose `visible_when` rests on
/// an answer in error waits, as rules do.
pub fn judge<'f>(
    form: &'f Form,
    facts: &Facts,
    whom: Whom<'_>,
    today: NaiveDate,
    region_exists: &dyn Fn(&RegionCode) -> bool,
) -> Judged<'f> {
    let (applicant, mut unsaid) = (whom.applicant(), whom.unsaid());
    let mut errors = unknown_fields(form, facts);
    let mut sound = Facts::new();
    let mut unsound = BTreeSet::new();
    let (mut visible, mut hidden) = (Vec::new(), BTreeSet::new());
    for field in &form.fields {
        let scope = Scope { facts: &sound, applicant, today, channel: None };
        match is_visible(field, &scope, &unsaid) {
            Some(true) => {}
            Some(false) => {
                hidden.insert(field.name.as_str());
                continue;
            }
            None => {
                unsound.insert(field.name.as_str());
                unsaid.add_answer(&field.name);
                continue;
            }
        }
        visible.push(field);
        let Some(given) = facts.get(&field.name) else { continue };
        let Some(answer) = without_empty_rows(&field.kind, given.clone()) else { continue };
        let wrong = check_answer(field, given, today, region_exists);
        if wrong.is_empty() {
            sound.set(field.name.as_str(), answer);
        } else {
            unsound.insert(field.name.as_str());
            unsaid.add_answer(&field.name);
            errors.extend(wrong.into_iter().map(|wrong| at(field, wrong)));
        }
    }
    let scope = Scope { facts: &sound, applicant, today, channel: None };
    let (mut shown, mut missing, mut open) = (Vec::new(), Vec::new(), Vec::new());
    for field in visible {
        let required = is_required(&field.required, &scope, &unsound, &unsaid);
        shown.push(Shown { name: &field.name, required });
        let is_answered = sound.contains(&field.name) || unsound.contains(field.name.as_str());
        if !field.kind.has_answer() || is_answered {
            continue;
        }
        match &field.required {
            _ if required => missing.push(field),
            Requirement::When(rule) if rule.waits_for(&scope, &unsaid) => open.push(field),
            Requirement::Required | Requirement::Optional | Requirement::When(_) => {}
        }
    }
    open.iter().for_each(|field| unsaid.add_answer(&field.name));
    unsound.extend(open.iter().chain(&missing).map(|field| field.name.as_str()));
    errors.extend(missing.into_iter().map(|field| at(field, Wrong::required())));
    let rules = form.rules.iter().filter(|rule| !rule.when.asks_channel());
    let judged = Judged { errors, sound, unsound, shown, hidden };
    let scope = Scope { facts: &judged.sound, applicant, today, channel: None };
    let broken: Vec<_> = rules.filter_map(|rule| judged.broken(form, rule, &scope, &unsaid)).collect();
    Judged { errors: [judged.errors, broken].concat(), ..judged }
}

/// The answers to a form without conditions, in canonical form: its fields are always
/// shown, and no applicant is needed to say what is required.
pub fn read_answers(
    form: &Form,
    given: &Facts,
    today: NaiveDate,
    region_exists: &dyn Fn(&RegionCode) -> bool,
) -> Result<Facts, Vec<FieldError>> {
    let mut errors = unknown_fields(form, given);
    let mut facts = Facts::new();
    for field in &form.fields {
        match given.get(&field.name).and_then(|value| clean(&field.kind, value)) {
            Some(value) => {
                let wrong = check_answer(field, &value, today, region_exists);
                errors.extend(wrong.into_iter().map(|wrong| at(field, wrong)));
                facts.set(field.name.as_str(), value);
            }
            None if matches!(field.required, Requirement::Required) => {
                errors.push(at(field, Wrong::required()));
            }
            None => {}
        }
    }
    if errors.is_empty() { Ok(facts) } else { Err(errors) }
}

fn check_answer(
    field: &Field,
    value: &Value,
    today: NaiveDate,
    region_exists: &dyn Fn(&RegionCode) -> bool,
) -> Vec<Wrong> {
    let mut wrong = check_value(&field.kind, value);
    if wrong.is_empty() {
        wrong.extend(check_in_time_and_place(&field.kind, value, today, region_exists));
    }
    wrong
}

fn is_required(required: &Requirement, scope: &Scope<'_>, unsound: &BTreeSet<&str>, unsaid: &Unsaid) -> bool {
    match required {
        Requirement::Required => true,
        Requirement::Optional => false,
        Requirement::When(rule) => !rests_on(rule, unsound) && rule.tells(scope, unsaid) == Some(true),
    }
}

impl Judged<'_> {
    /// The error of a rule that is not met. A rule that rests on an answer in error, or on
    /// what nobody has said of the applicant, waits; one that cannot be evaluated is not met,
    /// under the code of that failure.
    fn broken(&self, form: &Form, rule: &FormRule, scope: &Scope<'_>, unsaid: &Unsaid) -> Option<FieldError> {
        if rests_on(&rule.when, &self.unsound) || rule.when.waits_for(scope, unsaid) {
            return None;
        }
        let code = match rule.when.holds(scope) {
            Ok(true) => return None,
            Ok(false) => "rule_broken",
            Err(error) => error.code(),
        };
        Some(FieldError::new(self.told_at(form, rule)?, code, rule.text.clone()))
    }

    /// Where a rule is told: at its own field, or the first one it reads, whichever is shown;
    /// at the whole form where none is. Not yet, while it is not known which.
    fn told_at(&self, form: &Form, rule: &FormRule) -> Option<String> {
        let read =
            form.fields.iter().map(|field| &field.name).filter(|name| rule.when.fields().contains(*name));
        let first = std::iter::once(&rule.at).chain(read).find(|name| !self.hidden.contains(name.as_str()));
        match first {
            None => Some("/facts".to_owned()),
            Some(name) => self.shown.iter().any(|field| field.name == *name).then(|| pointer(name)),
        }
    }
}

/// Whether a rule asks for an answer that is in error.
fn rests_on(rule: &Expr, unsound: &BTreeSet<&str>) -> bool {
    rule.fields().iter().any(|name| unsound.contains(name.as_str()))
}

fn unknown_fields(form: &Form, facts: &Facts) -> Vec<FieldError> {
    facts
        .iter()
        .filter(|(name, _)| form.field(name).is_none())
        .map(|(name, _)| {
            FieldError::new(
                pointer(name),
                "unknown_field",
                Text::new("表单没有这一项，请去掉。", "The form has no such field; leave it out."),
            )
        })
        .collect()
}

fn at(field: &Field, wrong: Wrong) -> FieldError {
    FieldError::new(
        format!("{}{}", pointer(&field.name), wrong.below),
        wrong.code,
        Text::new(
            format!("“{}”{}", field.label.zh, wrong.detail.zh),
            format!("“{}”: {}", field.label.en, wrong.detail.en),
        ),
    )
}

fn pointer(name: &str) -> String {
    format!("/facts/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// The conditions of eligibility that are not met. One that cannot be evaluated
/// is not met.
pub fn unmet_conditions<'g>(
    guide: &'g Guide,
    facts: &Facts,
    applicant: &Applicant,
    today: NaiveDate,
) -> Vec<&'g Condition> {
    guide.conditions.iter().filter(|condition| !holds(&condition.when, facts, applicant, today)).collect()
}

/// Of them those that are not met whatever else is answered. `errors` tell which answers
/// are wrong and say nothing yet.
pub fn surely_unmet<'g>(
    guide: &'g Guide,
    facts: &Facts,
    errors: &[FieldError],
    applicant: &Applicant,
    today: NaiveDate,
) -> Vec<&'g Condition> {
    let wrong = errors.iter().filter_map(|error| error.pointer.strip_prefix("/facts/")?.split('/').next());
    let mut sound = facts.clone();
    sound.merge(wrong.map(|name| (name.to_owned(), Value::Null)).collect());
    let scope = Scope { facts: &sound, applicant, today, channel: None };
    guide.conditions.iter().filter(|condition| condition.when.holds(&scope) == Ok(false)).collect()
}
