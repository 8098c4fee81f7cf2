//! Which documents an application needs.

use chrono::NaiveDate;

use super::applicant::Applicant;
use super::facts::Facts;
use super::form::holds;
use super::model::{Guide, Material, Requirement};

/// A material of the guide, and whether this application must have it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MaterialNeed<'g> {
    pub material: &'g Material,
    pub required: bool,
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
            required: match &material.required {
                Requirement::Required => true,
                Requirement::Optional => false,
                Requirement::When(rule) => holds(rule, facts, applicant, today),
            },
        })
        .collect()
}
