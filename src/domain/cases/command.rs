//! What somebody asks of a case. A command carries everything the decision needs
//! that is not in the case or its guide; it never carries the channel.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::event::Evidence;
use crate::domain::codes::{CaseNo, CertificateId, CertificateType};
use crate::domain::guides::{Applicant, Delivery, Facts, Stated};
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
    /// 不予受理
    Refuse(GiveGrounds),
    /// 环节办理
    RecordStep(RecordStep),
    /// 准予
    Approve(ApproveCase),
    /// 不予
    Deny(GiveGrounds),
    /// 制证
    Issue,
    /// 送达
    Deliver(DeliverCase),
    /// 撤回
    Withdraw(WithdrawCase),
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
}

/// A certificate as the register knows it.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownCertificate {
    pub id: CertificateId,
    pub certificate_type: CertificateType,
    pub holder: Uuid,
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

#[derive(Debug, Clone)]
pub struct DeliverCase {
    pub method: Delivery,
    pub proof: String,
}

#[derive(Debug, Clone)]
pub struct WithdrawCase {
    pub reason: String,
}

/// The bare name of a command: the row of every table about commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CommandName {
    Save,
    Attach,
    Remove,
    Submit,
    Accept,
    Refuse,
    RecordStep,
    Approve,
    Deny,
    Issue,
    Deliver,
    Withdraw,
    Tick,
}

impl Command {
    pub fn name(&self) -> CommandName {
        match self {
            Command::Save(_) => CommandName::Save,
            Command::Attach(_) => CommandName::Attach,
            Command::Remove(_) => CommandName::Remove,
            Command::Submit(_) => CommandName::Submit,
            Command::Accept => CommandName::Accept,
            Command::Refuse(_) => CommandName::Refuse,
            Command::RecordStep(_) => CommandName::RecordStep,
            Command::Approve(_) => CommandName::Approve,
            Command::Deny(_) => CommandName::Deny,
            Command::Issue => CommandName::Issue,
            Command::Deliver(_) => CommandName::Deliver,
            Command::Withdraw(_) => CommandName::Withdraw,
            Command::Tick => CommandName::Tick,
        }
    }
}

impl CommandName {
    pub const ALL: [CommandName; 13] = [
        CommandName::Save,
        CommandName::Attach,
        CommandName::Remove,
        CommandName::Submit,
        CommandName::Accept,
        CommandName::Refuse,
        CommandName::RecordStep,
        CommandName::Approve,
        CommandName::Deny,
        CommandName::Issue,
        CommandName::Deliver,
        CommandName::Withdraw,
        CommandName::Tick,
    ];

    /// What the command is called in messages to people.
    pub fn label(self) -> Text {
        match self {
            CommandName::Save => Text::new("暂存", "save"),
            CommandName::Attach => Text::new("上传材料", "attach a material"),
            CommandName::Remove => Text::new("删除材料", "remove a material"),
            CommandName::Submit => Text::new("提交", "submit"),
            CommandName::Accept => Text::new("受理", "accept"),
            CommandName::Refuse => Text::new("不予受理", "refuse"),
            CommandName::RecordStep => Text::new("环节办理", "record a step"),
            CommandName::Approve => Text::new("准予", "approve"),
            CommandName::Deny => Text::new("不予", "deny"),
            CommandName::Issue => Text::new("制证", "issue the result"),
            CommandName::Deliver => Text::new("送达", "deliver"),
            CommandName::Withdraw => Text::new("撤回", "withdraw"),
            CommandName::Tick => Text::new("到期处理", "let the clock act"),
        }
    }
}
