//! The dry run (预检): what would become of an application, before anything is
//! stored. It runs the same checks a submission does, in the same order; but what nobody has
//! said it counts neither for the applicant nor against him.

use chrono::NaiveDate;

use super::facts::Facts;
use super::form::normalise_for;
use super::known::{Known, Whom};
use super::materials::MaterialNeed;
use super::model::{Condition, Fee, Guide, OfferedChannel};
use super::validate::{Shown, check_channel, judge};
use crate::domain::codes::RegionCode;
use crate::domain::refusal::FieldError;
use crate::domain::text::Text;

/// What the guide says to these answers today.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation<'g> {
    /// The answers in canonical form; everything below is about these.
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
    let facts = normalise_for(&guide.form, facts, whom, today);
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
    let materials = needs.collect();
    let mut field_errors = judged.errors;
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
        materials,
        fee: &guide.fee,
        facts,
    }
}
