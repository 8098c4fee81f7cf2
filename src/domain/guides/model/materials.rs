//! The documents a guide requires, and what satisfies them.

use serde::Serialize;

use super::Requirement;
use crate::domain::codes::CertificateType;
use crate::domain::text::Text;

/// A document the guide requires (申请材料).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Material {
    pub code: String,
    pub name: Text,
    pub help: Option<Text>,
    pub required: Requirement,
    pub source: MaterialSource,
    pub paper: Paper,
    pub copies: u16,
    /// 受理标准: what it must be like to be accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standard: Option<Text>,
    /// The least trust a document must have to satisfy it; a promise is allowed apart.
    pub least_trust: Trust,
    /// 告知承诺: a signed promise may stand in for it.
    pub promise_allowed: bool,
    /// 容缺: may follow after acceptance.
    pub deferrable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reuse: Option<Reuse>,
    /// 空白表格
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blank_form: Option<Download>,
    /// 示例样表
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample: Option<Download>,
    /// Why the applicant must bring what a certificate could supply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own_because: Option<Text>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scenarios: Vec<String>,
}

/// 材料形式 (GB/T 39046).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Paper {
    /// 原件
    Original,
    /// 复印件
    Copy,
    /// 电子
    Electronic,
}

/// How far a document can be relied on. Ordered: A is the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, serde::Deserialize)]
pub enum Trust {
    /// Made by the issuer: a certificate, a register.
    A,
    /// An officer saw the original.
    B,
    /// Uploaded by the applicant.
    C,
    /// Promised.
    D,
}

impl Material {
    /// Whether a document of this trust satisfies it.
    pub fn is_satisfied_by(&self, trust: Trust) -> bool {
        match trust {
            Trust::D => self.promise_allowed,
            Trust::A | Trust::B | Trust::C => trust as u8 <= self.least_trust as u8,
        }
    }
}

impl Material {
    /// Whether nothing is left to hand in for somebody who holds certificates of these types.
    pub fn is_at_hand(&self, held: &[CertificateType]) -> bool {
        match &self.source {
            MaterialSource::Own => false,
            MaterialSource::Certificate { certificate_type } => held.contains(certificate_type),
            MaterialSource::Shared { .. } => true,
        }
    }
}

/// A document handed in before, in a case of the same applicant, serves again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Reuse {
    /// For this long after it was handed in.
    pub within_days: u16,
}

/// A page the applicant can take away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Download {
    /// The portal prints it from this text.
    Text(String),
    /// An `https` address.
    Url(String),
}

/// Who has the document. Ask nothing twice: whatever an agency issued is taken
/// from there.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum MaterialSource {
    /// The applicant's own: a lease, a photograph.
    Own,
    /// An electronic certificate of this type satisfies it.
    Certificate { certificate_type: CertificateType },
    /// Looked up by the agency: nothing to hand in.
    Shared { register: String },
}
