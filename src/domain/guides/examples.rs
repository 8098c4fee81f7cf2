//! Trying the examples of a guide: each is evaluated as an application would be,
//! and compared with what its author expects.

use super::evaluate::{Evaluation, evaluate};
use super::form::holds;
use super::materials::waits_for_a_lookup;
use super::model::{Example, ExampleOutcome, Fee, Guide, Handling};
use crate::domain::calendar::WorkCalendar;
use crate::domain::codes::RegionCode;
use crate::domain::text::Text;

/// An example and everything in which the guide does not do what it expects.
#[derive(Debug, Clone, PartialEq)]
pub struct FailedExample {
    pub code: String,
    pub name: Text,
    pub differences: Vec<Text>,
}

/// Tries every example. Nothing fails where there is none.
pub fn try_examples(
    guide: &Guide,
    calendar: &WorkCalendar,
    region_exists: &dyn Fn(&RegionCode) -> bool,
) -> Vec<FailedExample> {
    let failed = guide.examples.iter().filter_map(|example| {
        let handled = guide.handled_as(example.scenario.as_deref());
        let found = evaluate(handled, &example.facts, &example.applicant, example.today, region_exists, None);
        let differences = differences(handled, example, &found, calendar);
        (!differences.is_empty()).then(|| FailedExample {
            code: example.code.clone(),
            name: example.name.clone(),
            differences,
        })
    });
    failed.collect()
}

fn differences(
    guide: &Guide,
    example: &Example,
    found: &Evaluation<'_>,
    calendar: &WorkCalendar,
) -> Vec<Text> {
    let expect = &example.expect;
    let unmet: Vec<String> =
        found.unmet.iter().chain(&found.open).map(|condition| condition.code.clone()).collect();
    let mut errors: Vec<String> = found
        .field_errors
        .iter()
        .filter_map(|error| Some(error.pointer.split('/').nth(2)?.to_owned()))
        .collect();
    errors.dedup();
    let materials = found.materials.iter().filter(|need| need.required);
    let materials: Vec<String> = materials.map(|need| need.material.code.clone()).collect();
    let fee = match found.fee {
        Fee::Free => 0,
        Fee::Charged { amount_fen, .. } => *amount_fen,
    };
    let due = calendar.due(example.today, guide.limits.promised);
    let outcome = outcome(guide, example, found);
    [
        differs("eligible", expect.eligible.map(|truth| truth.to_string()), found.eligible.to_string()),
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
fn outcome(guide: &Guide, example: &Example, found: &Evaluation<'_>) -> ExampleOutcome {
    if !found.eligible || !found.field_errors.is_empty() {
        return ExampleOutcome::Refused;
    }
    let looked_up = !waits_for_a_lookup(&found.materials, &example.applicant);
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
