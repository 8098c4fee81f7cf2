//! The dry run over all parts (联审预检): the same checks as for each of them alone,
//! every fault told once and at the place where it is answered. What an earlier
//! part will supply is waited for, not asked.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::plan::{Plan, Planned};
use crate::domain::codes::{CertificateType, RegionCode};
use crate::domain::guides::{
    self, Condition, Evaluation, Facts, Fee, Form, Given, OfferedChannel, Scope, Shown, Whom, judge,
    normalise_for,
};
use crate::domain::refusal::FieldError;
use crate::domain::text::Text;

/// What the bundle says to these answers today.
#[derive(Debug, Clone, PartialEq)]
pub struct Found<'p> {
    /// Every part that is applied for has all its conditions met, but those an earlier part
    /// supplies the answer to.
    pub eligible: bool,
    /// Why a part that is applied for is not for such an applicant.
    pub not_for: Option<Text>,
    /// Of the whole form, pointing into the joint answers.
    pub field_errors: Vec<FieldError>,
    /// The fields that are shown with these answers: the shared ones, then those of each
    /// part that is applied for. What an earlier part supplies is not among them.
    pub shown: Vec<JointShown>,
    pub parts: Vec<FoundPart<'p>>,
    /// Codes of the joint materials: which must be handed in, which may be.
    pub required: BTreeSet<String>,
    pub offered: BTreeSet<String>,
    /// Of all parts together, in fen.
    pub fee_fen: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JointShown {
    /// Into the joint answers.
    pub pointer: String,
    /// By the bundle's form or by that of a part.
    pub required: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct FoundPart<'p> {
    pub code: &'p str,
    /// Whether it is applied for; none before more is answered.
    pub needed: Option<bool>,
    pub unmet: Vec<&'p Condition>,
    /// Nothing can be said about these yet.
    pub open: Vec<&'p Condition>,
}

/// Evaluates answers that may be incomplete. `held`: the types of the applicant's
/// valid certificates, which nobody asks him for. `channel`: see [`guides::evaluate`].
pub fn evaluate<'p>(
    plan: &'p Plan,
    joint: &Facts,
    held: &[CertificateType],
    whom: Whom<'_>,
    today: NaiveDate,
    region_exists: &dyn Fn(&RegionCode) -> bool,
    channel: Option<OfferedChannel>,
) -> Found<'p> {
    let shared = normalise_for(&plan.bundle.form, &plan.shared(joint), whom, today);
    let needed: Vec<Option<bool>> =
        plan.parts.iter().map(|planned| needs(planned, &shared, whom, today)).collect();
    let comes = |code: &str| {
        let place = plan.parts.iter().position(|planned| planned.code() == code);
        place.is_some_and(|place| needed.get(place) != Some(&Some(false)))
    };
    let form = asked_now(plan, &comes);
    let judged = judge(&form, &shared, whom, today, region_exists);
    let joint_shown =
        |shown: Shown<'_>| JointShown { pointer: format!("/facts/{}", shown.name), required: shown.required };
    let mut found = Found {
        eligible: true,
        not_for: None,
        shown: judged.shown.into_iter().map(joint_shown).collect(),
        field_errors: judged.errors,
        parts: Vec::new(),
        required: BTreeSet::new(),
        offered: BTreeSet::new(),
        fee_fen: 0,
    };
    for (planned, needed) in plan.parts.iter().zip(needed.iter().copied()) {
        let mut part = FoundPart { code: planned.code(), needed, unmet: Vec::new(), open: Vec::new() };
        if needed == Some(true) {
            let facts = plan.facts_of(planned, joint, whom, today);
            let evaluation = guides::evaluate(&planned.guide, &facts, whom, today, region_exists, channel);
            let waits = |field: &str| waits_for(plan, planned, field, &comes);
            found.add(plan, planned, &evaluation, held, &comes, &waits);
            part.unmet = evaluation.unmet;
            part.open = evaluation.open;
            let is_awaited = |open: &&Condition| open.when.fields().iter().any(|field| waits(field));
            if planned.part.is_first() {
                found.eligible &= evaluation.not_for.is_none();
                found.not_for = found.not_for.or(evaluation.not_for);
            }
            found.eligible &= part.unmet.is_empty() && part.open.iter().all(is_awaited);
        }
        found.parts.push(part);
    }
    found.eligible &= found.parts.iter().any(|part| part.needed == Some(true));
    found
}

/// Whether a part is applied for, given the shared answers.
fn needs(planned: &Planned, shared: &Facts, whom: Whom<'_>, today: NaiveDate) -> Option<bool> {
    let Some(when) = &planned.part.when else { return Some(true) };
    when.tells(&Scope { facts: shared, applicant: whom.applicant(), today, channel: None }, &whom.unsaid())
}

/// The shared form without what has no answer yet, and the rules that rest on it.
fn asked_now(plan: &Plan, comes: &dyn Fn(&str) -> bool) -> Form {
    let form = &plan.bundle.form;
    let is_later = |name: &str| plan.bundle.later.get(name).is_some_and(|part| comes(part));
    Form {
        fields: form.fields.iter().filter(|field| !is_later(&field.name)).cloned().collect(),
        rules: form
            .rules
            .iter()
            .filter(|rule| !rule.when.fields().iter().any(|name| is_later(name)))
            .cloned()
            .collect(),
    }
}

/// Whether an earlier part will bring the answer to this field.
fn waits_for(plan: &Plan, planned: &Planned, field: &str, comes: &dyn Fn(&str) -> bool) -> bool {
    let shared = match planned.part.facts.get(field) {
        Some(Given::Shared(shared)) => plan.bundle.later.get(shared),
        Some(Given::Fixed(_) | Given::Own | Given::Stated { .. }) | None => None,
    };
    shared.or_else(|| planned.fed.get(field)).is_some_and(|part| comes(part))
}

impl Found<'_> {
    fn add(
        &mut self,
        plan: &Plan,
        planned: &Planned,
        evaluation: &Evaluation<'_>,
        held: &[CertificateType],
        comes: &dyn Fn(&str) -> bool,
        waits: &dyn Fn(&str) -> bool,
    ) {
        for error in &evaluation.field_errors {
            let field = error.pointer.split('/').nth(2).unwrap_or_default();
            let pointer = plan.joint_pointer(planned, &error.pointer);
            if !waits(field) && !self.field_errors.iter().any(|known| known.pointer == pointer) {
                self.field_errors.push(FieldError { pointer, ..error.clone() });
            }
        }
        for field in evaluation.shown.iter().filter(|field| !waits(field.name)) {
            let pointer = plan.joint_pointer(planned, &format!("/facts/{}", field.name));
            match self.shown.iter_mut().find(|known| known.pointer == pointer) {
                Some(known) => known.required |= field.required,
                None if planned.section.field(field.name).is_some() => {
                    self.shown.push(JointShown { pointer, required: field.required });
                }
                None => {}
            }
        }
        for need in &evaluation.materials {
            let material = need.material;
            let is_fed = planned.fed_materials.get(&material.code).is_some_and(|part| comes(part));
            if material.is_at_hand(held) || is_fed {
                continue;
            }
            let pointer = plan.joint_pointer(planned, &format!("/materials/{}", material.code));
            let code = pointer.strip_prefix("/materials/").unwrap_or_default().to_owned();
            if need.required {
                self.required.insert(code.clone());
            }
            self.offered.insert(code);
        }
        self.fee_fen += match evaluation.fee {
            Fee::Free => 0,
            Fee::Charged { amount_fen, .. } => *amount_fen,
        };
    }

    /// The parts that are not applied for.
    pub fn not_needed(&self) -> BTreeSet<String> {
        let left_out = self.parts.iter().filter(|part| part.needed == Some(false));
        left_out.map(|part| part.code.to_owned()).collect()
    }

    /// Everything that stands in the way of submitting, given the documents at hand.
    pub fn faults(&self, plan: &Plan, given: &dyn Fn(&str) -> bool) -> Vec<FieldError> {
        let mut faults = self.field_errors.clone();
        for code in self.required.iter().filter(|code| !given(code)) {
            let name = plan.material(code).map_or_else(|| Text::new(code, code), |joint| joint.name.clone());
            let words = Text::new(format!("请提交“{}”。", name.zh), format!("Please hand in “{}”.", name.en));
            faults.push(FieldError::new(format!("/materials/{code}"), "required", words));
        }
        faults
    }

    /// The conditions that are not met, each with its part.
    pub fn unmet(&self) -> Vec<FieldError> {
        let all = self.parts.iter().flat_map(|part| part.unmet.iter().map(move |unmet| (part.code, unmet)));
        all.map(|(part, unmet)| {
            FieldError::new(format!("/parts/{part}/conditions/{}", unmet.code), "not_met", unmet.text.clone())
        })
        .collect()
    }
}
