//! What the portal knows already is filled in, so that nobody is asked for it
//! again; and where each answer came from is kept, so that whoever reads the form
//! can tell what the applicant wrote from what the portal did.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::applicant::{Applicant, IdNumber};
use super::expr::gender;
use super::facts::Facts;
use super::form::clean;
use super::model::{FieldKind, Form, Particular, Prefill};
use super::value::check_value;
use crate::domain::codes::{CertificateId, CertificateType, RegionCode};

/// What a valid certificate of the applicant says.
#[derive(Debug, Clone, PartialEq)]
pub struct Stated {
    pub certificate: CertificateId,
    pub certificate_type: CertificateType,
    pub issued_at: DateTime<Utc>,
    pub attributes: BTreeMap<String, Value>,
}

/// Where an answer came from, and how old it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "source", rename_all = "snake_case")]
pub enum FilledFrom {
    /// What is known of the person; `at` is when it was looked up.
    Identity { at: DateTime<Utc> },
    /// What a certificate says since it was issued.
    Certificate { certificate: CertificateId, at: DateTime<Utc> },
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Prefilled {
    pub facts: Facts,
    /// By field.
    pub from: BTreeMap<String, FilledFrom>,
}

/// The answers the portal knows. A field hidden at first is filled in too: it may
/// come to be shown. What does not fit the field is left for the applicant. Of
/// several certificates of one type the newest speaks.
pub fn prefill(form: &Form, applicant: &Applicant, certificates: &[Stated], at: DateTime<Utc>) -> Prefilled {
    prefill_from(form, &BTreeMap::new(), applicant, certificates, at)
}

/// The same; `sources` says of some fields where they are filled in from, whatever the
/// form says.
pub fn prefill_from(
    form: &Form,
    sources: &BTreeMap<String, Prefill>,
    applicant: &Applicant,
    certificates: &[Stated],
    at: DateTime<Utc>,
) -> Prefilled {
    let mut filled = Prefilled::default();
    for field in &form.fields {
        let known = match sources.get(&field.name).or(field.prefill.as_ref()) {
            None => None,
            Some(Prefill::Applicant(particular)) => {
                let value = known(*particular, &field.kind, applicant);
                value
                    .filter(|value| fits(&field.kind, value))
                    .map(|value| (value, FilledFrom::Identity { at }))
            }
            Some(Prefill::Certificate { certificate_type, attribute }) => certificates
                .iter()
                .filter(|stated| stated.certificate_type == *certificate_type)
                .max_by_key(|stated| (stated.issued_at, stated.certificate.to_string()))
                .and_then(|stated| said(stated, attribute, &field.kind)),
        };
        if let Some((value, from)) = known {
            filled.facts.set(field.name.as_str(), value);
            filled.from.insert(field.name.clone(), from);
        }
    }
    filled
}

fn said(stated: &Stated, attribute: &str, kind: &FieldKind) -> Option<(Value, FilledFrom)> {
    let value = clean(kind, stated.attributes.get(attribute)?)?;
    let from = FilledFrom::Certificate { certificate: stated.certificate.clone(), at: stated.issued_at };
    check_value(kind, &value).is_empty().then_some((value, from))
}

/// Whether it is an answer to the field, or the beginning of one: the region of an address.
fn fits(kind: &FieldKind, value: &Value) -> bool {
    matches!(kind, FieldKind::Address { .. }) || check_value(kind, value).is_empty()
}

fn known(source: Particular, kind: &FieldKind, applicant: &Applicant) -> Option<Value> {
    let text = match source {
        Particular::Name => applicant.name.clone(),
        Particular::IdNumber => match (kind, applicant.id_number.as_ref()?) {
            (FieldKind::ResidentId, IdNumber::Uscc(_)) | (FieldKind::Uscc, IdNumber::ResidentId(_)) => {
                return None;
            }
            (_, number) => number.expose().to_owned(),
        },
        Particular::Mobile => applicant.mobile.as_ref()?.as_str().to_owned(),
        Particular::BirthDate => applicant.birth_date?.format("%Y-%m-%d").to_string(),
        Particular::Gender => gender(Some(applicant.gender?)).to_owned(),
        Particular::Residence => return residence(kind, applicant),
    };
    (!text.is_empty()).then_some(Value::String(text))
}

fn residence(kind: &FieldKind, applicant: &Applicant) -> Option<Value> {
    let region = applicant.residence.as_ref()?;
    let within = |under: &Option<RegionCode>| under.as_ref().is_none_or(|under| under.contains(region));
    match kind {
        FieldKind::Region { under } if within(under) => Some(Value::from(region.as_str())),
        FieldKind::Address { under } if within(under) => Some(json!({ "region": region.as_str() })),
        FieldKind::Text { .. }
        | FieldKind::Number { .. }
        | FieldKind::Money { .. }
        | FieldKind::Date { .. }
        | FieldKind::Boolean
        | FieldKind::Choice { .. }
        | FieldKind::MultiChoice { .. }
        | FieldKind::Region { .. }
        | FieldKind::Address { .. }
        | FieldKind::ResidentId
        | FieldKind::Uscc
        | FieldKind::Mobile
        | FieldKind::Declaration
        | FieldKind::Group { .. }
        | FieldKind::File { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::guides::read_guide;

    #[test]
    fn what_is_known_of_a_person_and_does_not_fit_is_left_to_him() {
        let mut guide = read_guide(include_str!("../exports/samples/rich.yaml")).unwrap();
        let named = |field: &&mut crate::domain::guides::Field| {
            field.prefill == Some(Prefill::Applicant(Particular::Name))
        };
        let Some(field) = guide.form.fields.iter_mut().find(named) else { panic!("no field has the name") };
        let FieldKind::Text { max_length, .. } = &mut field.kind else { panic!("a name is a text") };
        *max_length = 3;
        let name = field.name.clone();
        let filled = |known: &str| {
            let applicant = Applicant {
                kind: crate::domain::guides::ApplicantKind::NaturalPerson,
                name: known.to_owned(),
                id_number: None,
                birth_date: None,
                gender: None,
                residence: None,
                mobile: None,
                ial: 2,
                verified: Default::default(),
            };
            prefill(&guide.form, &applicant, &[], DateTime::UNIX_EPOCH).facts.get(&name).cloned()
        };
        assert_eq!(filled("林晓岚"), Some(Value::from("林晓岚")));
        assert_eq!(filled("阿依古丽·买买提"), None);
    }
}
