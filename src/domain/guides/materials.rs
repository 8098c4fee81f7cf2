//! Which documents an application needs.

use chrono::NaiveDate;

use super::applicant::{Applicant, ApplicantKind};
use super::facts::Facts;
use super::form::holds;
use super::model::{Guide, Material, MaterialSource, Requirement};

/// A material of the guide, and whether this application must have it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MaterialNeed<'g> {
    pub material: &'g Material,
    pub required: bool,
    /// Whether it is required cannot be said before more is known.
    pub open: bool,
}

/// All materials of the guide, in its order. A condition that cannot be
/// evaluated asks for nothing.
pub fn requirements<'g>(
    guide: &'g Guide,
    facts: &Facts,
    applicant: &Applicant,
    today: NaiveDate,
) -> Vec<MaterialNeed<'g>> {
    guide
        .materials
        .iter()
        .map(|material| MaterialNeed {
            material,
            open: false,
            required: match &material.required {
                Requirement::Required => true,
                Requirement::Optional => false,
                Requirement::When(rule) => holds(rule, facts, applicant, today),
            },
        })
        .collect()
}

/// 人口库, as guides name it.
const POPULATION: &str = "population";
/// From here on a name and a number are what the population registry knows.
const MATCHED: u8 = 2;

/// Whether somebody has to look something up in shared data (数据共享核验) before these
/// needs are met. The portal has looked up one thing itself: that a natural person is who
/// he says, when he proved it. Nobody may count on what nobody has looked at.
pub(super) fn waits_for_a_lookup(needs: &[MaterialNeed<'_>], applicant: &Applicant) -> bool {
    let is_known = applicant.kind == ApplicantKind::NaturalPerson && applicant.ial >= MATCHED;
    needs.iter().filter(|need| need.required).any(|need| match &need.material.source {
        MaterialSource::Shared { register } => !(is_known && register == POPULATION),
        MaterialSource::Own | MaterialSource::Certificate { .. } => false,
    })
}
