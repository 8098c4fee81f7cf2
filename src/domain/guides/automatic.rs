//! What is decided by rule, and what an officer decides.

use chrono::NaiveDate;

use super::applicant::Applicant;
use super::facts::Facts;
use super::form::holds;
use super::known::{Whom, all_known};
use super::materials::{needs_no_lookup, requirements};
use super::model::{Guide, Handling};

/// What it hangs on whether a decision is made at once; none: not known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grounds {
    pub are_certificates: Option<bool>,
    pub needs_no_lookup: Option<bool>,
    /// The automatic rule says yes, and what it rests on is proven; where there is no rule,
    /// that the item is handled on the spot.
    pub rule_says_yes: Option<bool>,
}

/// Instant items (即办件) and items with an automatic rule are decided at once when nobody
/// is to be asked, nothing rests on an unverified document or on shared data that an officer
/// looks up, and the rule says yes. In every other case an officer decides: a machine never
/// denies, and it determines nothing.
pub(super) fn decided_at_once(guide: &Guide, grounds: Grounds) -> Option<bool> {
    let Grounds { are_certificates, needs_no_lookup, rule_says_yes } = grounds;
    let asks_others = guide.flow.iter().any(|step| !step.opinions.is_empty());
    let is_for_an_officer = asks_others || !guide.determined().fields.is_empty();
    all_known([Some(!is_for_an_officer), are_certificates, needs_no_lookup, rule_says_yes])
}

/// The same of an application that is handed in, of which all is known.
pub fn system_may_decide(
    guide: &Guide,
    facts: &Facts,
    applicant: &Applicant,
    today: NaiveDate,
    all_are_certificates: bool,
) -> bool {
    let needs = requirements(guide, facts, applicant, today);
    let is_matched = Whom::Known(applicant).is_matched(guide);
    let rule_says_yes = match &guide.automatic {
        Some(rule) => {
            applicant.has_verified(&rule.verified) && holds(&rule.approve_when, facts, applicant, today)
        }
        None => guide.handling == Handling::Instant,
    };
    let grounds = Grounds {
        are_certificates: Some(all_are_certificates),
        needs_no_lookup: needs_no_lookup(&needs, is_matched),
        rule_says_yes: Some(rule_says_yes),
    };
    decided_at_once(guide, grounds) == Some(true)
}
