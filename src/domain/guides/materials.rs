//! Which documents an application needs.

use chrono::NaiveDate;

use super::applicant::Applicant;
use super::facts::Facts;
use super::form::holds;
use super::known::all_known;
use super::model::{Guide, Material, MaterialSource, Requirement, Trust};
use crate::domain::codes::CertificateType;

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
pub(super) const MATCHED: u8 = 2;

/// Whether nobody has to look anything up in shared data (数据共享核验) before these needs
/// are met; none where that is not known. The portal has looked up one thing itself: that a
/// natural person is who he says, when he proved it (`is_matched`). Nobody may count on what
/// nobody has looked at.
pub(super) fn needs_no_lookup(needs: &[MaterialNeed<'_>], is_matched: Option<bool>) -> Option<bool> {
    all_known(needs.iter().map(|need| match &need.material.source {
        MaterialSource::Shared { register } => {
            let is_done = if register == POPULATION { is_matched } else { Some(false) };
            need.unless_needed(is_done)
        }
        MaterialSource::Own | MaterialSource::Certificate { .. } => Some(true),
    }))
}

/// Whether all that is handed in will be certificates, where the applicant hands in what is
/// needed and nothing else. What he holds is taken from the register; another certificate
/// he may yet come by, or hand in a scan.
pub(super) fn are_certificates(needs: &[MaterialNeed<'_>], held: &[CertificateType]) -> Option<bool> {
    all_known(needs.iter().map(|need| match &need.material.source {
        MaterialSource::Own => need.unless_needed(Some(false)),
        MaterialSource::Certificate { certificate_type } => {
            let is_sure = held.contains(certificate_type) || need.material.least_trust == Trust::A;
            need.unless_needed(is_sure.then_some(true))
        }
        MaterialSource::Shared { .. } => Some(true),
    }))
}

impl MaterialNeed<'_> {
    /// True where it is not needed, else what is true of it.
    fn unless_needed(&self, truth: Option<bool>) -> Option<bool> {
        match (self.open, self.required) {
            (false, true) => truth,
            (false, false) => Some(true),
            (true, _) => truth.filter(|truth| *truth),
        }
    }
}
