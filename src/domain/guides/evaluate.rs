//! The dry run (预检): what would become of an application, before anything is
//! stored. It runs the same checks a submission does, in the same order.

use chrono::NaiveDate;

use super::applicant::Applicant;
use super::expr::{EvalError, Scope};
use super::facts::Facts;
use super::form::normalise;
use super::materials::{MaterialNeed, requirements};
use super::model::{Condition, Fee, Guide, OfferedChannel};
use super::validate::{check_channel, check_complete};
use crate::domain::codes::RegionCode;
use crate::domain::refusal::FieldError;

/// What the guide says to these answers today.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation<'g> {
    /// The answers in canonical form; everything below is about these.
    pub facts: Facts,
    /// Every condition is met.
    pub eligible: bool,
    /// The conditions that are not met.
    pub unmet: Vec<&'g Condition>,
    /// The conditions nothing can be said about before more is answered.
    pub open: Vec<&'g Condition>,
    pub field_errors: Vec<FieldError>,
    pub materials: Vec<MaterialNeed<'g>>,
    pub fee: &'g Fee,
}

/// Evaluates a guide on answers that may be incomplete. Without the channel it would be
/// applied for through, the rules that look at it are left out.
pub fn evaluate<'g>(
    guide: &'g Guide,
    facts: &Facts,
    applicant: &Applicant,
    today: NaiveDate,
    region_exists: &dyn Fn(&RegionCode) -> bool,
    channel: Option<OfferedChannel>,
) -> Evaluation<'g> {
    let facts = normalise(&guide.form, facts, applicant, today);
    let scope = Scope { facts: &facts, applicant, today, channel: None };
    let (mut unmet, mut open) = (Vec::new(), Vec::new());
    for condition in &guide.conditions {
        match condition.when.holds(&scope) {
            Ok(true) => {}
            Err(EvalError::Absent(_)) => open.push(condition),
            Ok(false) | Err(EvalError::UnknownDate | EvalError::Overflow | EvalError::Internal(_)) => {
                unmet.push(condition);
            }
        }
    }
    let mut field_errors = check_complete(guide, &facts, applicant, today, region_exists);
    if let Some(channel) = channel {
        field_errors.extend(check_channel(guide, &facts, applicant, today, region_exists, channel));
    }
    Evaluation {
        eligible: unmet.is_empty() && open.is_empty(),
        unmet,
        open,
        field_errors,
        materials: requirements(guide, &facts, applicant, today),
        fee: &guide.fee,
        facts,
    }
}
