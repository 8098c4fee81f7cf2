//! Trying the examples of a guide: each is judged as a submission would be, and compared
//! with what its author expects.

use super::automatic::system_may_decide;
use super::facts::Facts;
use super::form::normalise;
use super::materials::{MaterialNeed, requirements};
use super::model::{Condition, Example, ExampleOutcome, Fee, Guide, MaterialSource};
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
    let is_eligible = unmet.is_empty() && guide.serves(example.applicant.kind);
    let mut errors: Vec<String> = found
        .errors
        .iter()
        .map(|error| error.pointer.split('/').nth(2).unwrap_or("facts").to_owned())
        .collect();
    errors.dedup();
    let materials = found.needs.iter().filter(|need| need.required);
    let materials: Vec<String> = materials.map(|need| need.material.code.clone()).collect();
    let fee = match &guide.fee {
        Fee::Free => 0,
        Fee::Charged { amount_fen, .. } => *amount_fen,
    };
    let due = calendar.due(example.today, guide.limits.promised);
    [
        differs("eligible", expect.eligible.map(|truth| truth.to_string()), is_eligible.to_string()),
        differs("unmet", expect.unmet.as_deref().map(sorted), sorted(&unmet)),
        differs("errors", expect.errors.as_deref().map(sorted), sorted(&errors))
            .map(|text| because(text, found)),
        differs("materials", expect.materials.as_deref().map(sorted), sorted(&materials)),
        differs("fee_fen", expect.fee_fen.map(|fen| fen.to_string()), fee.to_string()),
        outcome_differs(guide, example, found),
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

/// With what was said of each field: why there is an error is not to be seen otherwise.
fn because(differs: Text, found: &Found<'_>) -> Text {
    if found.errors.is_empty() {
        return differs;
    }
    let told = |language: fn(&Text) -> &String| {
        let told = found.errors.iter().map(|error| format!("{}: {}", error.pointer, language(&error.detail)));
        told.collect::<Vec<_>>()
    };
    Text::new(
        format!("{}（{}）", differs.zh, told(|text| &text.zh).join(" ")),
        format!("{} ({})", differs.en, told(|text| &text.en).join(" ")),
    )
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

/// What would become of it with all that must be handed in: certificates where they will
/// do, and what an officer has yet to look at where the applicant has to bring it.
fn outcome(guide: &Guide, example: &Example, found: &Found<'_>) -> ExampleOutcome {
    let Example { applicant, today, .. } = example;
    let is_served = guide.serves(applicant.kind);
    if !is_served
        || is_known_too_little(guide, example)
        || !found.unmet.is_empty()
        || !found.errors.is_empty()
    {
        return ExampleOutcome::Refused;
    }
    let mut needed = found.needs.iter().filter(|need| need.required);
    let are_certificates = needed.all(|need| need.material.source != MaterialSource::Own);
    match system_may_decide(guide, &found.facts, applicant, *today, are_certificates) {
        true => ExampleOutcome::Approved,
        false => ExampleOutcome::Officer,
    }
}

fn is_known_too_little(guide: &Guide, example: &Example) -> bool {
    example.applicant.ial < guide.identity.ial
}

/// The outcome, and why it is another where that is not to be seen.
fn outcome_differs(guide: &Guide, example: &Example, found: &Found<'_>) -> Option<Text> {
    let outcome = outcome(guide, example, found);
    let differs = differs("outcome", example.expect.outcome.map(word), word(outcome))?;
    if !is_known_too_little(guide, example) {
        // Where errors are expected, what they are is told with them.
        return Some(if example.expect.errors.is_none() { because(differs, found) } else { differs });
    }
    let (has, needed) = (example.applicant.ial, guide.identity.ial);
    Some(Text::new(
        format!("{}：本事项要求实名等级 {needed}，例中申请人为 {has}，请写 ial: {needed}", differs.zh),
        format!(
            "{}: the guide asks for identity level {needed} and the applicant has {has}; write ial: {needed}",
            differs.en
        ),
    ))
}
