//! What somebody asks of a case. A command carries everything the decision needs
//! that is not in the case or its guide; it never carries the channel.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::event::CorrectionItem;
use super::evidence::Evidence;
use crate::domain::codes::{CaseNo, CertificateId, CertificateType, Uscc};
use crate::domain::guides::{Applicant, Delivery, Facts, Guide, Prefill, SpecialProcedure, Stated};
use crate::domain::refusal::FieldError;
use crate::domain::text::Text;

#[derive(Debug, Clone)]
pub enum Command {
    /// 暂存
    Save(SaveCase),
    Attach(AttachMaterial),
    Remove(RemoveMaterial),
    /// 提交
    Submit(Box<SubmitCase>),
    /// 受理
    Accept,
    /// 容缺受理
    AcceptDeferred(AcceptDeferred),
    /// 补正告知
    RequestCorrection(RequestCorrection),
    /// 补正
    Correct(Box<CorrectCase>),
    /// 不予受理
    Refuse(GiveGrounds),
    /// 转报
    Transfer(Box<TransferCase>),
    /// 特别程序
    Pause(PauseCase),
    Resume(ResumeCase),
    /// 延期
    Extend(ExtendCase),
    /// 环节办理
    RecordStep(RecordStep),
    /// 征求意见的答复
    GiveOpinion(GiveOpinion),
    /// 准予
    Approve(ApproveCase),
    /// 不予
    Deny(GiveGrounds),
    /// 制证
    Issue(IssueResults),
    /// 送达
    Deliver(DeliverCase),
    /// 撤回
    Withdraw(WithdrawCase),
    /// 作废
    Void(GiveGrounds),
    /// 撤销
    Revoke(GiveGrounds),
    /// 催办
    Urge(Ask),
    /// 督办
    Supervise(Ask),
    /// 答复催办、督办
    Reply(GiveReply),
    /// 好差评
    Rate(RateService),
    /// 整改
    Rectify(GiveReply),
    /// The clock: whatever has fallen due by now happens.
    Tick,
}

#[derive(Debug, Clone)]
pub struct OpenCase {
    pub id: Uuid,
    pub party: Uuid,
    pub scenario: Option<String>,
    pub facts: Facts,
    pub applicant: Applicant,
    /// What the applicant's valid certificates say, to be filled in.
    pub certificates: Vec<Stated>,
    /// Answers taken from certificates whatever the form says of them; none of these is
    /// the applicant's to give where the certificate does.
    pub sources: BTreeMap<String, Prefill>,
    /// A part of a bundle: whom it serves was looked at when the bundle was handed in.
    pub in_bundle: bool,
}

#[derive(Debug, Clone)]
pub struct SaveCase {
    /// Merge patch on the facts: a member replaces, `null` removes (RFC 7396).
    pub patch: Map<String, Value>,
}

#[derive(Debug, Clone)]
pub struct AttachMaterial {
    pub material: String,
    pub evidence: Evidence,
    /// What is known of the certificate, where the evidence is one; absent when unknown.
    pub certificate: Option<KnownCertificate>,
}

#[derive(Debug, Clone)]
pub struct RemoveMaterial {
    pub material: String,
}

#[derive(Debug, Clone)]
pub struct SubmitCase {
    pub case_no: CaseNo,
    pub applicant: Applicant,
    /// The authentication assurance of whoever submits (aal 1–3).
    pub aal: u8,
    /// The certificates the materials refer to, as they stand now.
    pub certificates: Vec<KnownCertificate>,
    /// 容缺: deferrable materials the applicant promises to bring later.
    pub promised: BTreeSet<String>,
    /// What a rule of the form that may look at the channel by law found wrong; told
    /// with everything else that is.
    pub at_the_door: Vec<FieldError>,
}

#[derive(Debug, Clone)]
pub struct AcceptDeferred {
    /// By when the promised materials must be there; none: the promised limit.
    pub due: Option<NaiveDate>,
}

#[derive(Debug, Clone)]
pub struct RequestCorrection {
    /// Everything there is to mend: it is asked once (行政许可法 32).
    pub items: Vec<CorrectionItem>,
    /// Working days the applicant has; none: as the guide has it.
    pub days: Option<u16>,
}

#[derive(Debug, Clone)]
pub struct CorrectCase {
    pub certificates: Vec<KnownCertificate>,
}

#[derive(Debug, Clone)]
pub struct TransferCase {
    pub to: TransferTarget,
    pub reason: String,
}

/// Whose competence it is.
#[derive(Debug, Clone)]
pub enum TransferTarget {
    /// The guide of another agency on this portal, with its version in force.
    Guide {
        guide: Arc<Guide>,
        version: u32,
        /// What the agency is called, where the portal knows it.
        agency_name: Option<Text>,
    },
    /// An agency that is not on this portal, by name.
    Outside { agency: String },
}

#[derive(Debug, Clone)]
pub struct PauseCase {
    pub kind: SpecialProcedure,
    pub reason: String,
    /// Working days it is expected to take; the applicant is told (行政许可法 45).
    pub expected_days: u16,
}

#[derive(Debug, Clone)]
pub struct ResumeCase {
    pub kind: SpecialProcedure,
}

#[derive(Debug, Clone)]
pub struct ExtendCase {
    /// Working days, 1 to 10 (行政许可法 42).
    pub days: u16,
    pub reason: String,
}

#[derive(Debug, Clone)]
pub struct GiveOpinion {
    /// The consulted agency whose opinion it is.
    pub agency: Uscc,
    pub consents: bool,
    pub text: String,
}

/// A reminder or an instruction.
#[derive(Debug, Clone)]
pub struct Ask {
    pub text: String,
}

/// What is answered to a reminder, or reported of a rectification.
#[derive(Debug, Clone)]
pub struct GiveReply {
    pub text: String,
}

#[derive(Debug, Clone)]
pub struct RateService {
    /// 1 very satisfied … 5 very dissatisfied.
    pub score: u8,
    pub comment: String,
}

/// A certificate as the register knows it.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownCertificate {
    pub id: CertificateId,
    pub certificate_type: CertificateType,
    pub holder: Uuid,
    pub valid_from: chrono::NaiveDate,
    pub valid_until: Option<chrono::NaiveDate>,
    pub revoked_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone)]
pub struct GiveGrounds {
    pub reason: String,
    pub article: String,
    /// Absent: the statutory remedy of the guide's kind.
    pub remedy: Option<Text>,
}

#[derive(Debug, Clone)]
pub struct RecordStep {
    /// The step's code in the flow.
    pub step: String,
    pub opinion: String,
}

#[derive(Debug, Clone)]
pub struct ApproveCase {
    pub opinion: String,
}

#[derive(Debug, Clone, Default)]
pub struct IssueResults {
    /// What the agency determined, by the names under `determined` of the guide's results.
    pub attributes: Map<String, Value>,
}

#[derive(Debug, Clone)]
pub struct DeliverCase {
    pub method: Delivery,
    pub proof: String,
}

#[derive(Debug, Clone)]
pub struct WithdrawCase {
    pub reason: String,
}
