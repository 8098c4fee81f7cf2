//! What is known of an application that is only tried out, and what may yet turn out one
//! way or the other. Nothing firm is said that rests on what nobody has said.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::applicant::{Applicant, ApplicantKind};
use super::expr::{Expr, Scope};
use super::facts::Facts;
use super::materials::MATCHED;
use super::model::{Attribute, Field, Form, Guide, Requirement};
use super::validate::Judged;

/// Whom an application is tried out for.
#[derive(Debug, Clone, Copy)]
pub enum Whom<'a> {
    /// As the portal knows him: what it does not know is seen as a submission sees it.
    Known(&'a Applicant),
    /// As he was described by somebody who need not say all: what was left out may be
    /// anything, and who he is nobody has checked.
    Described(&'a Applicant),
}

impl<'a> Whom<'a> {
    pub fn applicant(self) -> &'a Applicant {
        match self {
            Self::Known(applicant) | Self::Described(applicant) => applicant,
        }
    }

    pub fn unsaid(self) -> Unsaid {
        let Self::Described(applicant) = self else { return Unsaid::default() };
        // An organisation has neither age nor gender, and nobody need say so.
        let is_person = applicant.kind == ApplicantKind::NaturalPerson;
        let attributes = [
            ("name", applicant.name.is_empty()),
            ("age", is_person && applicant.birth_date.is_none()),
            ("birth_date", is_person && applicant.birth_date.is_none()),
            ("gender", is_person && applicant.gender.is_none()),
            ("residence", applicant.residence.is_none()),
            ("ial", true),
        ];
        let left_out = attributes.into_iter().filter(|(_, is_left_out)| *is_left_out);
        Unsaid { applicant: left_out.map(|(name, _)| name).collect(), answers: BTreeSet::new() }
    }

    /// Whether the population registry knows him by the time he hands the application in;
    /// none where that cannot be said.
    pub(super) fn is_matched(self, guide: &Guide) -> Option<bool> {
        let is_person = self.applicant().kind == ApplicantKind::NaturalPerson;
        match self {
            Self::Known(applicant) => Some(is_person && applicant.ial >= MATCHED),
            Self::Described(_) if !is_person => Some(false),
            Self::Described(_) => (guide.identity.ial >= MATCHED).then_some(true),
        }
    }

    /// Whether these attributes are proven then. The description is taken for what the
    /// registers say.
    pub(super) fn has_verified(self, guide: &Guide, attributes: &[Attribute]) -> Option<bool> {
        let applicant = match self {
            Self::Known(applicant) => return Some(applicant.has_verified(attributes)),
            Self::Described(applicant) => applicant,
        };
        let is_person = applicant.kind == ApplicantKind::NaturalPerson;
        let is_proven = guide.identity.ial >= MATCHED;
        all_known(attributes.iter().map(|attribute| match attribute {
            Attribute::BirthDate | Attribute::Gender if !is_person => Some(false),
            Attribute::Residence if applicant.residence.is_none() => None,
            Attribute::Name
            | Attribute::IdNumber
            | Attribute::BirthDate
            | Attribute::Gender
            | Attribute::Residence => is_proven.then_some(true),
        }))
    }
}

/// Whether all are true: false where one surely is not, none where one is not known.
pub(super) fn all_known(all: impl IntoIterator<Item = Option<bool>>) -> Option<bool> {
    let both = |one: Option<bool>, other: Option<bool>| match (one, other) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        (None, _) | (_, None) => None,
    };
    all.into_iter().fold(Some(true), both)
}

/// The names of which nothing is known, as expressions write them.
#[derive(Debug, Clone, Default)]
pub struct Unsaid {
    applicant: BTreeSet<&'static str>,
    answers: BTreeSet<String>,
}

impl Unsaid {
    /// Nothing is known of the answer to this field.
    pub(super) fn add_answer(&mut self, name: &str) {
        self.answers.insert(name.to_owned());
    }

    pub(super) fn is_empty(&self) -> bool {
        self.applicant.is_empty() && self.answers.is_empty()
    }

    /// Whether `object.name` is one of them.
    pub(super) fn has(&self, object: &str, name: &str) -> bool {
        match object {
            "applicant" => self.applicant.contains(name),
            "facts" => self.answers.contains(name),
            _ => false,
        }
    }
}

/// An application as far as it is known.
pub(super) struct Known<'a> {
    applicant: &'a Applicant,
    today: NaiveDate,
    /// The right ones.
    answers: Facts,
    unsaid: Unsaid,
}

impl<'a> Known<'a> {
    /// Nothing is known of an answer that is wrong, or needed and missing, nor where it is
    /// not known whether the field is shown or needed. One that may be left out and was is
    /// no answer.
    pub fn of(form: &Form, judged: &Judged<'_>, whom: Whom<'a>, today: NaiveDate) -> Self {
        let mut unsaid = whom.unsaid();
        judged.unsound.iter().for_each(|name| unsaid.add_answer(name));
        let mut known = Self { applicant: whom.applicant(), today, answers: judged.sound.clone(), unsaid };
        for field in &form.fields {
            if known.leaves_open(field) {
                known.unsaid.add_answer(&field.name);
            }
        }
        known
    }

    fn leaves_open(&self, field: &Field) -> bool {
        match field.visible_when.as_ref().map_or(Some(true), |rule| self.tells(rule)) {
            Some(true) if self.answers.contains(&field.name) => false,
            Some(true) => self.requires(&field.required) != Some(false),
            Some(false) => false,
            None => true,
        }
    }

    /// Whether a rule is true; none where that is not known.
    pub fn tells(&self, rule: &Expr) -> Option<bool> {
        let scope =
            Scope { facts: &self.answers, applicant: self.applicant, today: self.today, channel: None };
        rule.tells(&scope, &self.unsaid)
    }

    /// Whether something must be there; none where that is not known.
    pub fn requires(&self, required: &Requirement) -> Option<bool> {
        match required {
            Requirement::Required => Some(true),
            Requirement::Optional => Some(false),
            Requirement::When(rule) => self.tells(rule),
        }
    }
}
