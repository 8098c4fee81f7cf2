//! Trying the examples of a guide: each is judged as a submission would be, and compared
//! with what its author expects.

use super::facts::Facts;
use super::form::{holds, normalise};
use super::materials::{MaterialNeed, requirements, waits_for_a_lookup};
use super::model::{Condition, Example, ExampleOutcome, Fee, Guide, Handling};
use super::validate::{check_complete, unmet_conditions};
use crate::domain::calendar::WorkCalendar;
use crate::domain::codes::RegionCode;
use crate::domain::refusal::FieldError;
use crate::domain::text::Text;

/// An example and everything in which the guide does not do what it expects.
#[derive(Debug, Clone, PartialEq)]
pub struct FailedExample {
    pub code: String,
    pub name: Text,
    pub differences: Vec<Text>,
}

/// What a submission finds in an example.
struct Found<'g> {
    facts: Facts,
    unmet: Vec<&'g Condition>,
    errors: Vec<FieldError>,
    needs: Vec<MaterialNeed<'g>>,
}

impl<'g> Found<'g> {
    fn of(guide: &'g Guide, example: &Example, region_exists: &dyn Fn(&RegionCode) -> bool) -> Self {
        let Example { applicant, today, .. } = example;
        let facts = normalise(&guide.form, &example.facts, applicant, *today);
        Self {
            unmet: unmet_conditions(guide, &facts, applicant, *today),
            errors: check_complete(guide, &facts, applicant, *today, region_exists),
            needs: requirements(guide, &facts, applicant, *today),
            facts,
        }
    }
}

/// Tries every example. Nothing fails where there is none.
pub fn try_examples(
    guide: &Guide,
    calendar: &WorkCalendar,
    region_exists: &dyn Fn(&RegionCode) -> bool,
) -> Vec<FailedExample> {
    let failed = guide.examples.iter().filter_map(|example| {
        let handled = guide.handled_as(example.scenario.as_deref());
        let found = Found::of(handled, example, region_exists);
        let differences = differences(handled, example, &found, calendar);
        (!differences.is_empty()).then(|| FailedExample {
            code: example.code.clone(),
            name: example.name.clone(),
            differences,
        })
    });
    failed.collect()
}

fn differences(guide: &Guide, example: &Example, found: &Found<'_>, calendar: &WorkCalendar) -> Vec<Text> {
    let expect = &example.expect;
    let unmet: Vec<String> = found.unmet.iter().map(|condition| condition.code.clone()).collect();
    let mut errors: Vec<String> =
        found.errors.iter().filter_map(|error| Some(error.pointer.split('/').nth(2)?.to_owned())).collect();
    errors.dedup();
    let materials = found.needs.iter().filter(|need| need.required);
    let materials: Vec<String> = materials.map(|need| need.material.code.clone()).collect();
    let fee = match &guide.fee {
        Fee::Free => 0,
        Fee::Charged { amount_fen, .. } => *amount_fen,
    };
    let due = calendar.due(example.today, guide.limits.promised);
    let outcome = outcome(guide, example, found);
    [
        differs("eligible", expect.eligible.map(|truth| truth.to_string()), unmet.is_empty().to_string()),
        differs("unmet", expect.unmet.as_deref().map(sorted), sorted(&unmet)),
        differs("errors", expect.errors.as_deref().map(sorted), sorted(&errors)),
        differs("materials", expect.materials.as_deref().map(sorted), sorted(&materials)),
        differs("fee_fen", expect.fee_fen.map(|fen| fen.to_string()), fee.to_string()),
        differs("outcome", expect.outcome.map(word), word(outcome)),
        differs("promised_due", expect.promised_due.map(|day| day.to_string()), due.to_string()),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn differs(what: &str, expected: Option<String>, found: String) -> Option<Text> {
    let expected = expected.filter(|expected| *expected != found)?;
    Some(Text::new(
        format!("{what} 应为 {expected}，实为 {found}"),
        format!("{what} should be {expected}, but is {found}"),
    ))
}

fn sorted(names: &[String]) -> String {
    let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    format!("[{}]", names.join(", "))
}

fn word(outcome: ExampleOutcome) -> String {
    match outcome {
        ExampleOutcome::Approved => "approved",
        ExampleOutcome::Officer => "officer",
        ExampleOutcome::Refused => "refused",
    }
    .to_owned()
}

/// What would become of it with all that can be handed in, each of it verified.
fn outcome(guide: &Guide, example: &Example, found: &Found<'_>) -> ExampleOutcome {
    if !found.unmet.is_empty() || !found.errors.is_empty() {
        return ExampleOutcome::Refused;
    }
    let looked_up = !waits_for_a_lookup(&found.needs, &example.applicant);
    let by_rule = match (&guide.automatic, guide.handling) {
        _ if !looked_up => false,
        (Some(rule), _) => {
            example.applicant.has_verified(&rule.verified)
                && holds(&rule.approve_when, &found.facts, &example.applicant, example.today)
        }
        (None, Handling::Instant) => true,
        (None, Handling::Promised) => false,
    };
    if by_rule { ExampleOutcome::Approved } else { ExampleOutcome::Officer }
}
