//! What an approved case issues, and what its certificates say: answers of the form,
//! what the agency determines when it issues, and what every certificate says of itself.

use serde::Serialize;

use super::{Field, FieldKind, Form, Guide};
use crate::domain::codes::CertificateType;
use crate::domain::text::Text;

/// What an approved case issues.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ResultKind {
    /// 电子证照. Without `valid_months` it does not expire.
    Certificate {
        certificate_type: CertificateType,
        name: Text,
        valid_months: Option<u16>,
        /// The fields of the form it will say.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        attributes: Vec<String>,
        /// What it will say besides, and whoever issues it enters: a code that is
        /// assigned, a day that is settled. Always shown, without prefill or rules.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        determined: Vec<Field>,
    },
    /// 结果文书, e.g. a notice of confirmation.
    Letter { name: Text },
}

/// What every certificate says of itself: its identifier, the day it was issued, the
/// first day of its validity, and the last if there is one. No form answers these.
pub const OF_ITSELF: [&str; 4] = ["number", "issued_on", "valid_from", "valid_until"];

/// Room for the identifier of any certificate.
const IDENTIFIER: u32 = 100;

impl ResultKind {
    /// Whether it is a certificate of this type that says this; with `None`, whatever it says.
    pub fn states(&self, of: &CertificateType, says: Option<&str>) -> bool {
        let Self::Certificate { certificate_type, .. } = self else { return false };
        certificate_type == of && says.is_none_or(|says| self.says(says))
    }

    /// Whether it is a certificate that says this.
    pub fn says(&self, name: &str) -> bool {
        let Self::Certificate { valid_months, attributes, .. } = self else { return false };
        let of_itself = match name {
            "valid_until" => valid_months.is_some(),
            name => OF_ITSELF.contains(&name),
        };
        of_itself
            || attributes.iter().any(|known| known == name)
            || self.determined().iter().any(|field| field.name == name)
    }

    /// What whoever issues it enters.
    pub fn determined(&self) -> &[Field] {
        match self {
            Self::Certificate { determined, .. } => determined,
            Self::Letter { .. } => &[],
        }
    }
}

impl Guide {
    /// What the command that issues must supply: each thing once, though several of
    /// its certificates say it.
    pub fn determined(&self) -> Form {
        let mut fields: Vec<Field> = Vec::new();
        for field in self.results.iter().flat_map(ResultKind::determined) {
            if fields.iter().all(|known| known.name != field.name) {
                fields.push(field.clone());
            }
        }
        Form { fields, rules: Vec::new() }
    }

    /// What its certificates say of the answers and of what is determined, each once.
    pub fn stated(&self) -> Vec<Field> {
        let mut fields = self.determined().fields;
        for result in &self.results {
            let ResultKind::Certificate { attributes, .. } = result else { continue };
            let answers = attributes.iter().filter_map(|name| self.form.field(name));
            for field in answers {
                if fields.iter().all(|known| known.name != field.name) {
                    fields.push(field.clone());
                }
            }
        }
        fields
    }

    /// What an attribute of one of its certificates is called: the label of the field
    /// it comes from.
    pub fn label_of(&self, attribute: &str) -> Option<&Text> {
        let determined = self.results.iter().flat_map(ResultKind::determined);
        let field = determined.chain(&self.form.fields).find(|field| field.name == attribute)?;
        Some(&field.label)
    }

    /// The certificate of this guide that says this, and what kind of answer that is.
    pub fn stating(&self, attribute: &str) -> Option<(&CertificateType, FieldKind)> {
        let result = self.results.iter().find(|result| result.says(attribute))?;
        let ResultKind::Certificate { certificate_type, attributes, .. } = result else { return None };
        let determined = || result.determined().iter().find(|field| field.name == attribute);
        let kind = match attributes.iter().any(|name| name == attribute) {
            true => self.form.field(attribute)?.kind.clone(),
            false => determined().map_or_else(|| of_itself(attribute), |field| field.kind.clone()),
        };
        Some((certificate_type, kind))
    }

    /// Everything its certificates say, for whoever looks for the name of something.
    pub fn statements(&self) -> Vec<&str> {
        let mut all: Vec<&str> = Vec::new();
        for result in &self.results {
            let ResultKind::Certificate { attributes, .. } = result else { continue };
            all.extend(attributes.iter().map(String::as_str));
            all.extend(result.determined().iter().map(|field| field.name.as_str()));
            all.extend(OF_ITSELF.into_iter().filter(|name| result.says(name)));
        }
        let mut seen = std::collections::BTreeSet::new();
        all.retain(|name| seen.insert(*name));
        all
    }
}

fn of_itself(attribute: &str) -> FieldKind {
    match attribute {
        "issued_on" | "valid_from" => FieldKind::Date { past: true, future: false },
        "valid_until" => FieldKind::Date { past: false, future: false },
        _ => FieldKind::Text { max_length: IDENTIFIER, multiline: false, pattern: None },
    }
}
