//! The dry run (预检): what would become of an application, before anything is
//! stored. It runs the same checks a submission does, in the same order; but what nobody has
//! said it counts neither for the applicant nor against him.

use chrono::NaiveDate;

use super::automatic::{Grounds, decided_at_once};
use super::facts::Facts;
use super::form::normalise_in_place;
use super::known::{Known, Whom, all_known};
use super::materials::{MaterialNeed, are_certificates, needs_no_lookup};
use super::model::{Condition, Fee, Guide, Handling, OfferedChannel};
use super::validate::{Shown, check_channel, judge, too_large};
use crate::domain::codes::{CertificateType, RegionCode};
use crate::domain::refusal::FieldError;
use crate::domain::text::Text;

/// What the guide says to these answers today.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation<'g> {
    /// The answers in canonical form, between which empty rows stand in their places;
    /// everything below is about these.
    pub facts: Facts,
    /// It is for such an applicant, and every condition is met.
    pub eligible: bool,
    /// Why it is not for such an applicant.
    pub not_for: Option<Text>,
    /// The conditions that are not met.
    pub unmet: Vec<&'g Condition>,
    /// The conditions nothing can be said about before more is known.
    pub open: Vec<&'g Condition>,
    pub field_errors: Vec<FieldError>,
    /// The fields that are shown with these answers.
    pub shown: Vec<Shown<'g>>,
    pub materials: Vec<MaterialNeed<'g>>,
    pub fee: &'g Fee,
    guide: &'g Guide,
    needs_no_lookup: Option<bool>,
    rule_says_yes: Option<bool>,
}

impl Evaluation<'_> {
    /// Whether it would be decided the moment it is handed in, or by an officer; none where
    /// that is not known. `held`: the types of certificates the applicant says he holds.
    pub fn is_decided_at_once(&self, held: &[CertificateType]) -> Option<bool> {
        let grounds = Grounds {
            are_certificates: are_certificates(&self.materials, held),
            needs_no_lookup: self.needs_no_lookup,
            rule_says_yes: self.rule_says_yes,
        };
        let can_be_handed_in = self.eligible && self.field_errors.is_empty();
        decided_at_once(self.guide, grounds).filter(|at_once| !at_once || can_be_handed_in)
    }
}

/// Evaluates a guide on answers that may be incomplete. Without the channel it would be
/// applied for through, the rules that look at it are left out.
pub fn evaluate<'g>(
    guide: &'g Guide,
    facts: &Facts,
    whom: Whom<'_>,
    today: NaiveDate,
    region_exists: &dyn Fn(&RegionCode) -> bool,
    channel: Option<OfferedChannel>,
) -> Evaluation<'g> {
    let size_error = too_large(facts);
    let facts = normalise_in_place(&guide.form, facts, whom, today);
    let judged = judge(&guide.form, &facts, whom, today, region_exists);
    let known = Known::of(&guide.form, &judged, whom, today);
    let (mut unmet, mut open) = (Vec::new(), Vec::new());
    for condition in &guide.conditions {
        match known.tells(&condition.when) {
            Some(true) => {}
            Some(false) => unmet.push(condition),
            None => open.push(condition),
        }
    }
    let needs = guide.materials.iter().map(|material| {
        let required = known.requires(&material.required);
        MaterialNeed { material, required: required == Some(true), open: required.is_none() }
    });
    let materials: Vec<_> = needs.collect();
    let rule_says_yes = match &guide.automatic {
        Some(rule) => all_known([whom.has_verified(guide, &rule.verified), known.tells(&rule.approve_when)]),
        None => Some(guide.handling == Handling::Instant),
    };
    let mut field_errors: Vec<_> = size_error.into_iter().chain(judged.errors).collect();
    if let Some(channel) = channel {
        field_errors.extend(check_channel(guide, &facts, whom, today, region_exists, channel));
    }
    let not_for = guide.not_for(whom.applicant().kind);
    let eligible = not_for.is_none() && unmet.is_empty() && open.is_empty();
    Evaluation {
        eligible,
        not_for,
        unmet,
        open,
        field_errors,
        shown: judged.shown,
        needs_no_lookup: needs_no_lookup(&materials, whom.is_matched(guide)),
        rule_says_yes,
        materials,
        fee: &guide.fee,
        guide,
        facts,
    }
}
