//! The form of a guide: its fields, and the rules across them.

use serde::Serialize;

use super::LegalBasis;
use crate::domain::codes::{CertificateType, RegionCode};
use crate::domain::guides::expr::Expr;
use crate::domain::guides::pattern::Pattern;
use crate::domain::text::Text;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Form {
    pub fields: Vec<Field>,
    /// Rules across fields: each must be true.
    pub rules: Vec<FormRule>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Field {
    /// `snake_case`, unique in the form; the key in the facts.
    pub name: String,
    pub label: Text,
    pub help: Option<Text>,
    pub kind: FieldKind,
    pub required: Requirement,
    /// Shown only when true; a hidden field is neither required nor kept.
    pub visible_when: Option<Expr>,
    pub prefill: Option<Prefill>,
    /// The scenarios it belongs to; empty: all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scenarios: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FieldKind {
    Text {
        max_length: u32,
        multiline: bool,
        pattern: Option<Pattern>,
    },
    /// Whole numbers.
    Number {
        min: Option<i64>,
        max: Option<i64>,
    },
    /// Fen.
    Money {
        min: Option<i64>,
        max: Option<i64>,
    },
    /// `yyyy-mm-dd`.
    Date {
        past: bool,
        future: bool,
    },
    Boolean,
    Choice {
        options: Vec<Choice>,
    },
    MultiChoice {
        options: Vec<Choice>,
        min: u32,
        max: Option<u32>,
    },
    /// A 12-digit region code, at or below `under` where given.
    Region {
        under: Option<RegionCode>,
    },
    /// Region code + detail: `{"region": "...", "detail": "..."}`.
    Address {
        under: Option<RegionCode>,
    },
    ResidentId,
    Uscc,
    Mobile,
    /// Must be ticked: `true`.
    Declaration,
    /// Rows of the same fields; the fields of a row are of the plain kinds.
    Group {
        fields: Vec<Field>,
        min: u32,
        max: u32,
    },
    /// Where the bytes of a material are handed in; it has no answer of its own.
    File {
        material: String,
    },
}

impl FieldKind {
    /// Whether an answer to it is among the facts.
    pub fn has_answer(&self) -> bool {
        !matches!(self, Self::File { .. })
    }
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Choice {
    pub value: String,
    pub label: Text,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Requirement {
    Required,
    Optional,
    When(Expr),
}

/// Where a field's first value comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Prefill {
    /// What is known of the applicant.
    Applicant(Particular),
    /// What the applicant's valid certificate of this type says.
    Certificate { certificate_type: CertificateType, attribute: String },
}

impl Prefill {
    /// The type of certificate it takes from.
    pub fn certificate_type(&self) -> Option<&CertificateType> {
        match self {
            Self::Certificate { certificate_type, .. } => Some(certificate_type),
            Self::Applicant(_) => None,
        }
    }
}

/// What the portal knows of an applicant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Particular {
    Name,
    IdNumber,
    Mobile,
    BirthDate,
    Gender,
    Residence,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FormRule {
    pub code: String,
    pub when: Expr,
    /// The field the message stands at.
    pub at: String,
    pub text: Text,
    /// The article that demands the rule. Only a rule that cites one may speak of
    /// `channel`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub basis: Option<LegalBasis>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scenarios: Vec<String>,
}
