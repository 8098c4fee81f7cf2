//! What is decided by rule, and what an officer decides.

use chrono::NaiveDate;

use super::applicant::Applicant;
use super::facts::Facts;
use super::form::holds;
use super::materials::{requirements, waits_for_a_lookup};
use super::model::{Guide, Handling};

/// Instant items (即办件) and items with an automatic rule are decided at once when nobody
/// is to be asked, nothing rests on an unverified document or on shared data that an officer
/// looks up, and the rule says yes. In every other case an officer decides: a machine never
/// denies, and it determines nothing.
pub fn system_may_decide(
    guide: &Guide,
    facts: &Facts,
    applicant: &Applicant,
    today: NaiveDate,
    all_are_certificates: bool,
) -> bool {
    let asks_others = guide.flow.iter().any(|step| !step.opinions.is_empty());
    if asks_others || !all_are_certificates || !guide.determined().fields.is_empty() {
        return false;
    }
    if waits_for_a_lookup(&requirements(guide, facts, applicant, today), applicant) {
        return false;
    }
    match (&guide.automatic, guide.handling) {
        (Some(rule), _) => {
            applicant.has_verified(&rule.verified) && holds(&rule.approve_when, facts, applicant, today)
        }
        (None, Handling::Instant) => true,
        (None, Handling::Promised) => false,
    }
}
