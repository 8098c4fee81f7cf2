//! Who a case is for, as the rules of a guide see him: the attributes as they
//! stood at submission, and which of them are proven. Pinned into the case, so
//! that a decision can be replayed for ever.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::model::Attribute;
use crate::domain::codes::{Gender, Mobile, RegionCode, ResidentId, Uscc};

/// 自然人 or 法人.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApplicantKind {
    NaturalPerson,
    Organization,
}

impl ApplicantKind {
    pub const ALL: [Self; 2] = [Self::NaturalPerson, Self::Organization];

    /// As expressions and JSON write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NaturalPerson => "natural_person",
            Self::Organization => "organization",
        }
    }
}

/// The number an applicant is known by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "number", rename_all = "snake_case")]
pub enum IdNumber {
    ResidentId(ResidentId),
    Uscc(Uscc),
}

impl IdNumber {
    /// The whole number; for its owner and for the form it fills in.
    pub fn expose(&self) -> &str {
        match self {
            Self::ResidentId(number) => number.expose(),
            Self::Uscc(number) => number.as_str(),
        }
    }
}

/// The applicant of a case. An attribute that is not known is `None`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Applicant {
    pub kind: ApplicantKind,
    pub name: String,
    pub id_number: Option<IdNumber>,
    pub birth_date: Option<NaiveDate>,
    pub gender: Option<Gender>,
    pub residence: Option<RegionCode>,
    pub mobile: Option<Mobile>,
    /// How well the person is known, 1–4 (domain.md §6).
    pub ial: u8,
    /// The attributes that are proven, not merely stated.
    pub verified: BTreeSet<Attribute>,
}

impl Applicant {
    /// Age in full years (周岁) on the given day; `None` when the birth date is
    /// unknown or still to come. Somebody born on 29 February comes of age on
    /// 1 March in other years.
    pub fn age(&self, today: NaiveDate) -> Option<i64> {
        today.years_since(self.birth_date?).map(i64::from)
    }

    /// Whether every one of these attributes is proven.
    pub fn has_verified(&self, attributes: &[Attribute]) -> bool {
        attributes.iter().all(|attribute| self.verified.contains(attribute))
    }
}
