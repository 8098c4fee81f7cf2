//! What happened to a case. Events are facts in the past tense; they are stored
//! for ever, so a variant may gain an optional field but never lose or rename one.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::attention::Overdue;
use super::case::{Dues, Grounds, Opening, Place};
use super::evidence::Evidence;
use crate::domain::codes::{CaseNo, CertificateId, CertificateType, Uscc};
use crate::domain::guides::{Applicant, Delivery, Facts, FilledFrom, Silence, SpecialProcedure};
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
        /// Which answers the portal filled in, and nobody changed.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        prefilled: BTreeMap<String, FilledFrom>,
        /// 容缺: deferrable materials promised for later.
        #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
        promised: BTreeSet<String>,
    },
    Accepted {
        promised_due: NaiveDate,
        legal_due: NaiveDate,
        basis: AcceptanceBasis,
        /// By when the promised materials are owed, where some were.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        deferred_until: Option<NaiveDate>,
    },
    CorrectionRequested {
        items: Vec<CorrectionItem>,
        due: NaiveDate,
    },
    /// A merge patch (RFC 7396) on the answers that were asked for.
    AnswersMended {
        patch: Private<Map<String, Value>>,
    },
    /// A material handed in after submission: asked for in a correction, or promised.
    MaterialSupplied {
        material: String,
        evidence: Private<Evidence>,
    },
    Corrected {
        /// Normalised, as at submission.
        facts: Private<Facts>,
        intake_due: NaiveDate,
        /// Of the answers the portal filled in, those that still stand.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        prefilled: BTreeMap<String, FilledFrom>,
    },
    Lapsed,
    Refused {
        grounds: Grounds,
    },
    /// To another agency on the portal; number and time of receipt stay.
    Transferred {
        to: Place,
        guide_version: u32,
        /// What the agency and its item are called; absent in those of before it was
        /// written down.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        agency_name: Option<Text>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        item_name: Option<Text>,
        /// Of the materials promised for later, those that the other guide lets wait too.
        #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
        promised: BTreeSet<String>,
        reason: Private<String>,
    },
    TransferredOut {
        to: String,
        reason: Private<String>,
    },
    Paused {
        kind: SpecialProcedure,
        reason: Private<String>,
        expected_days: u16,
    },
    Resumed {
        kind: SpecialProcedure,
        /// The deadlines from now on; none while another procedure still runs.
        dues: Option<Dues>,
    },
    Extended {
        days: u16,
        reason: Private<String>,
        dues: Dues,
    },
    OpinionsAsked {
        step: String,
        agencies: Vec<AskedAgency>,
    },
    OpinionGiven {
        agency: Uscc,
        consents: bool,
        text: Private<String>,
    },
    /// Its time is over and silence is no consent: its superior is told.
    OpinionEscalated {
        agency: Uscc,
    },
    DeadlinePassed(Overdue),
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
    Voided {
        grounds: Grounds,
    },
    Revoked {
        grounds: Grounds,
    },
    Asked {
        urgency: Urgency,
        text: Private<String>,
        due: NaiveDate,
    },
    Replied {
        /// Which reminder, counted from 0.
        number: usize,
        text: Private<String>,
    },
    Rated {
        score: u8,
        occasion: Occasion,
        comment: Private<String>,
        rectify_by: Option<NaiveDate>,
    },
    Rectified {
        /// Which rating, counted from 0.
        number: usize,
        text: Private<String>,
    },
    Expired,
}

/// One thing to mend, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CorrectionItem {
    pub of: Correctable,
    pub reason: CorrectionReason,
    /// What the officer wants to say about it.
    pub note: Private<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", content = "name", rename_all = "snake_case")]
pub enum Correctable {
    Field(String),
    Material(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CorrectionReason {
    /// 缺失
    Missing,
    /// 有误
    Wrong,
    /// 过期
    Expired,
}

/// An agency that is asked for its opinion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedAgency {
    pub agency: Uscc,
    pub name: Text,
    pub due: NaiveDate,
    pub silence: Silence,
}

/// Who presses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    /// 催办, by the applicant.
    Reminder,
    /// 督办, by a superior.
    Supervision,
}

/// What is rated: each of them once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Occasion {
    /// The case, by whoever handled it from afar.
    Online,
    /// A visit to a counter.
    Visit { post: Uuid, on: NaiveDate },
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
        /// What the agency determined and the certificate says; absent where the guide
        /// asks for nothing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        determined: Option<Private<BTreeMap<String, Value>>>,
    },
    Letter {
        name: Text,
        /// That of the letter; absent in results of before they were written out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        number: Option<String>,
    },
}

impl CaseEvent {
    /// The file it put in the place of a material: the material's code and the digest.
    pub fn file(&self) -> Option<(&str, &str)> {
        match self {
            CaseEvent::MaterialAttached { material, evidence, .. }
            | CaseEvent::MaterialSupplied { material, evidence, .. } => match evidence.known()? {
                Evidence::File { digest, .. } => Some((material, digest)),
                Evidence::Certificate { .. } | Evidence::Promise => None,
            },
            _ => None,
        }
    }

    /// The event's wire name, as in its JSON `type`.
    pub fn name(&self) -> &'static str {
        match self {
            CaseEvent::Opened { .. } => "opened",
            CaseEvent::FactsSaved { .. } => "facts_saved",
            CaseEvent::MaterialAttached { .. } => "material_attached",
            CaseEvent::MaterialRemoved { .. } => "material_removed",
            CaseEvent::Submitted { .. } => "submitted",
            CaseEvent::Accepted { .. } => "accepted",
            CaseEvent::CorrectionRequested { .. } => "correction_requested",
            CaseEvent::AnswersMended { .. } => "answers_mended",
            CaseEvent::MaterialSupplied { .. } => "material_supplied",
            CaseEvent::Corrected { .. } => "corrected",
            CaseEvent::Lapsed => "lapsed",
            CaseEvent::Transferred { .. } => "transferred",
            CaseEvent::TransferredOut { .. } => "transferred_out",
            CaseEvent::Paused { .. } => "paused",
            CaseEvent::Resumed { .. } => "resumed",
            CaseEvent::Extended { .. } => "extended",
            CaseEvent::OpinionsAsked { .. } => "opinions_asked",
            CaseEvent::OpinionGiven { .. } => "opinion_given",
            CaseEvent::OpinionEscalated { .. } => "opinion_escalated",
            CaseEvent::DeadlinePassed(_) => "deadline_passed",
            CaseEvent::Refused { .. } => "refused",
            CaseEvent::StepRecorded { .. } => "step_recorded",
            CaseEvent::Approved { .. } => "approved",
            CaseEvent::Denied { .. } => "denied",
            CaseEvent::ResultsIssued { .. } => "results_issued",
            CaseEvent::Delivered { .. } => "delivered",
            CaseEvent::Withdrawn { .. } => "withdrawn",
            CaseEvent::Voided { .. } => "voided",
            CaseEvent::Revoked { .. } => "revoked",
            CaseEvent::Asked { .. } => "asked",
            CaseEvent::Replied { .. } => "replied",
            CaseEvent::Rated { .. } => "rated",
            CaseEvent::Rectified { .. } => "rectified",
            CaseEvent::Expired => "expired",
        }
    }
}
