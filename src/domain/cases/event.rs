//! What happened to a case. Events are facts in the past tense; they are stored
//! for ever, so a variant may gain an optional field but never lose or rename one.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::case::{Grounds, Opening};
use crate::domain::codes::{CaseNo, CertificateId, CertificateType};
use crate::domain::guides::{Applicant, Delivery, Facts, FilledFrom, Trust};
use crate::domain::private::Private;
use crate::domain::text::Text;

/// In which capacity somebody acted. Kept with every event; says who, never
/// through which channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "as", rename_all = "snake_case")]
pub enum By {
    /// The applicant in person.
    Applicant { account: Uuid },
    /// 代办: somebody the applicant mandated.
    Agent { account: Uuid, mandate: Uuid },
    /// 帮办: staff at a counter, the applicant being present.
    Assistant { account: Uuid, post: Uuid },
    /// Staff acting for the agency.
    Officer { account: Uuid, post: Uuid },
    /// The rules themselves: timers and automatic decisions.
    System,
}

impl By {
    pub fn account(&self) -> Option<Uuid> {
        match self {
            By::Applicant { account }
            | By::Agent { account, .. }
            | By::Assistant { account, .. }
            | By::Officer { account, .. } => Some(*account),
            By::System => None,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum CaseEvent {
    Opened {
        opening: Opening,
        facts: Private<Facts>,
        /// Which answers the portal filled in, and from where.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        prefilled: BTreeMap<String, FilledFrom>,
        expires_at: DateTime<Utc>,
    },
    /// A merge patch (RFC 7396) on the facts.
    FactsSaved {
        patch: Private<Map<String, Value>>,
        expires_at: DateTime<Utc>,
    },
    MaterialAttached {
        material: String,
        evidence: Private<Evidence>,
        expires_at: DateTime<Utc>,
    },
    MaterialRemoved {
        material: String,
        expires_at: DateTime<Utc>,
    },
    Submitted {
        case_no: CaseNo,
        guide_version: u32,
        /// Normalised; hidden fields are gone.
        facts: Private<Facts>,
        applicant: Private<Applicant>,
        intake_due: NaiveDate,
    },
    Accepted {
        promised_due: NaiveDate,
        legal_due: NaiveDate,
        basis: AcceptanceBasis,
    },
    Refused {
        grounds: Grounds,
    },
    StepRecorded {
        step: String,
        opinion: Private<String>,
    },
    Approved {
        step: String,
        opinion: Private<String>,
        delivery_due: NaiveDate,
    },
    Denied {
        step: String,
        grounds: Grounds,
        delivery_due: NaiveDate,
    },
    ResultsIssued {
        issued: Vec<Issued>,
    },
    Delivered {
        method: Delivery,
        proof: Private<String>,
    },
    Withdrawn {
        reason: Private<String>,
    },
    Expired,
}

/// Why a case counts as accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AcceptanceBasis {
    /// 受理 by an officer.
    Officer,
    /// Instant and automatic items: all evidence was verified at submission.
    Automatic,
    /// 视为受理: the agency said nothing in five working days (行政许可法 32).
    Deemed,
}

/// How a required document was delivered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Evidence {
    File {
        /// SHA-256 of the bytes, lower-case hex; also their address in the store.
        digest: String,
        size_bytes: u64,
        media_type: MediaType,
        file_name: Option<String>,
        #[serde(default, skip_serializing_if = "Standing::is_uploaded")]
        standing: Standing,
    },
    /// An electronic certificate of the applicant, checked when attached and again at submission.
    Certificate { certificate: CertificateId },
    /// 告知承诺: the applicant promises the document exists and holds.
    Promise,
}

impl Evidence {
    /// How far it can be relied on.
    pub fn trust(&self) -> Trust {
        match self {
            Evidence::Certificate { .. } => Trust::A,
            Evidence::File { standing: Standing::OriginalSeen, .. } => Trust::B,
            Evidence::File { standing: Standing::Uploaded, .. } => Trust::C,
            Evidence::File { standing: Standing::Earlier { original_seen, .. }, .. } => {
                if *original_seen {
                    Trust::B
                } else {
                    Trust::C
                }
            }
            Evidence::Promise => Trust::D,
        }
    }
}

/// How the bytes of a document came to the case.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Standing {
    #[default]
    Uploaded,
    /// An officer at a counter held the original in his hands.
    OriginalSeen,
    /// Handed in before, in a case of the same applicant.
    Earlier { case: Uuid, handed_in: NaiveDate, original_seen: bool },
}

impl Standing {
    fn is_uploaded(&self) -> bool {
        *self == Self::Uploaded
    }
}

/// The file types a material may have, known by their first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum MediaType {
    #[serde(rename = "application/pdf")]
    Pdf,
    #[serde(rename = "image/jpeg")]
    Jpeg,
    #[serde(rename = "image/png")]
    Png,
    /// 版式文档 GB/T 33190.
    #[serde(rename = "application/ofd")]
    Ofd,
}

impl MediaType {
    pub fn as_str(self) -> &'static str {
        match self {
            MediaType::Pdf => "application/pdf",
            MediaType::Jpeg => "image/jpeg",
            MediaType::Png => "image/png",
            MediaType::Ofd => "application/ofd",
        }
    }

    /// Tells the type from the bytes themselves; a name or header proves nothing.
    /// An OFD is a ZIP whose first entries include `OFD.xml`.
    pub fn sniff(bytes: &[u8]) -> Option<Self> {
        const ZIP: &[u8] = b"PK\x03\x04";
        if bytes.starts_with(b"%PDF-") {
            Some(MediaType::Pdf)
        } else if bytes.starts_with(b"\xFF\xD8\xFF") {
            Some(MediaType::Jpeg)
        } else if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
            Some(MediaType::Png)
        } else if bytes.starts_with(ZIP) && bytes.windows(7).any(|window| window == b"OFD.xml") {
            Some(MediaType::Ofd)
        } else {
            None
        }
    }
}

/// One result of an approved case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Issued {
    Certificate {
        id: CertificateId,
        certificate_type: CertificateType,
        name: Text,
        valid_from: NaiveDate,
        /// None: without end.
        valid_until: Option<NaiveDate>,
    },
    Letter {
        name: Text,
    },
}

impl CaseEvent {
    /// The event's wire name, as in its JSON `type`.
    pub fn name(&self) -> &'static str {
        match self {
            CaseEvent::Opened { .. } => "opened",
            CaseEvent::FactsSaved { .. } => "facts_saved",
            CaseEvent::MaterialAttached { .. } => "material_attached",
            CaseEvent::MaterialRemoved { .. } => "material_removed",
            CaseEvent::Submitted { .. } => "submitted",
            CaseEvent::Accepted { .. } => "accepted",
            CaseEvent::Refused { .. } => "refused",
            CaseEvent::StepRecorded { .. } => "step_recorded",
            CaseEvent::Approved { .. } => "approved",
            CaseEvent::Denied { .. } => "denied",
            CaseEvent::ResultsIssued { .. } => "results_issued",
            CaseEvent::Delivered { .. } => "delivered",
            CaseEvent::Withdrawn { .. } => "withdrawn",
            CaseEvent::Expired => "expired",
        }
    }
}
