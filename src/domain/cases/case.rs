//! What a case is at one moment. The data lives in the variants of the state:
//! a case number exists exactly when something was submitted, a decision exactly
//! when somebody decided. Nobody builds a `Case` but [`evolve`](super::evolve).

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::attention::Attention;
use super::event::{AcceptanceBasis, By, CorrectionItem, Issued};
use super::evidence::Evidence;
use crate::domain::codes::{CaseNo, GuideCode, RegionCode, Uscc};
use crate::domain::guides::{Applicant, Facts, FilledFrom, Silence, SpecialProcedure};
use crate::domain::private::Private;
use crate::domain::text::Text;

/// One application (办件), from draft to closing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Case {
    pub id: Uuid,
    /// Number of events folded into it; the version every change must name.
    pub version: u64,
    pub opened: Opening,
    /// Where it has been transferred to; none: it is handled where it was opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved_to: Option<Place>,
    pub state: CaseState,
    /// 催办、督办、好差评 and what is overdue: what goes on beside the procedure.
    #[serde(default, skip_serializing_if = "Attention::is_empty")]
    pub attention: Attention,
}

/// What is fixed when a case is opened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Opening {
    pub at: DateTime<Utc>,
    #[serde(flatten)]
    pub place: Place,
    /// The guide's version then; at submission the case pins its own.
    pub guide_version: u32,
    pub scenario: Option<String>,
    /// Who the case is for.
    pub party: Uuid,
    pub by: By,
}

/// Where a case is handled, and by which guide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub guide: GuideCode,
    /// 实施机构
    pub agency: Uscc,
    pub region: RegionCode,
}

/// 办件状态. The clocks of each are in [`clock`](super::clock).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum CaseState {
    /// 暂存
    Draft(Draft),
    /// 待受理
    Submitted(Submitted),
    /// 补正中
    Correcting(Correcting),
    /// 办理中
    Accepted(Accepted),
    /// 特别程序
    Paused(Paused),
    /// 已决定
    Decided(Decided),
    /// 办结
    Closed(Closed),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Draft {
    pub facts: Private<Facts>,
    /// The answers the portal filled in that nobody has changed since.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub prefilled: BTreeMap<String, FilledFrom>,
    pub materials: BTreeMap<String, Private<Evidence>>,
    /// Untouched until then, the draft lapses.
    pub expires_at: DateTime<Utc>,
}

/// What the applicant handed in. After submission only a correction changes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Filing {
    pub case_no: CaseNo,
    pub at: DateTime<Utc>,
    /// The version the case is handled by to the end.
    pub guide_version: u32,
    pub facts: Private<Facts>,
    /// What was known and proven of the applicant at that moment.
    pub applicant: Private<Applicant>,
    /// The answers the portal filled in that nobody has changed since; none in what was
    /// filed before they were kept.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub prefilled: BTreeMap<String, FilledFrom>,
    pub materials: BTreeMap<String, Private<Evidence>>,
    /// 容缺: deferrable materials the applicant promised to bring later.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub promised: BTreeSet<String>,
    /// The materials that came after submission, and on which day.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub later: BTreeMap<String, NaiveDate>,
    /// Last day to accept, refuse or ask for correction (行政许可法 32), as it was told last.
    pub intake_due: NaiveDate,
    /// 补正, which may be asked for once (行政许可法 32): what was asked and when it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correction: Option<Corrected>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Submitted {
    pub filing: Filing,
}

/// 补正告知: the complete list of what must be mended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CorrectionNotice {
    pub at: DateTime<Utc>,
    pub by: By,
    /// Never empty.
    pub items: Vec<CorrectionItem>,
    pub due: NaiveDate,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Corrected {
    pub notice: CorrectionNotice,
    pub at: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Correcting {
    pub filing: Filing,
    pub notice: CorrectionNotice,
    /// The answers mended so far.
    pub answers: Private<Map<String, Value>>,
    /// The materials handed in anew so far.
    pub materials: BTreeMap<String, Private<Evidence>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Accepted {
    pub filing: Filing,
    pub acceptance: Acceptance,
    /// Steps of the flow taken so far, in order.
    pub steps: Vec<StepTaken>,
    /// The deadlines as they stand since a special procedure ended or an extension
    /// was granted; none: those of the acceptance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved: Option<Dues>,
    /// 容缺受理: materials owed after acceptance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deferral: Option<Deferral>,
    /// 征求意见: the agencies asked, of all steps so far.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub opinions: Vec<Consultation>,
    /// Special procedures that have ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub procedures: Vec<Procedure>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extension: Option<Extension>,
}

/// The days by which a decision is owed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dues {
    /// 承诺办结日, the last day of the promised limit.
    pub promised: NaiveDate,
    /// 法定办结日
    pub legal: NaiveDate,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Acceptance {
    pub at: DateTime<Utc>,
    pub by: By,
    pub basis: AcceptanceBasis,
    pub promised_due: NaiveDate,
    pub legal_due: NaiveDate,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepTaken {
    pub step: String,
    pub at: DateTime<Utc>,
    pub by: By,
    pub opinion: Private<String>,
}

/// What the applicant promised to bring after acceptance, and by when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deferral {
    pub due: NaiveDate,
    /// The materials still owed.
    pub owed: BTreeSet<String>,
    /// When the last one came.
    pub settled_at: Option<DateTime<Utc>>,
}

/// One agency asked for its opinion on a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Consultation {
    pub step: String,
    pub agency: Uscc,
    pub name: Text,
    pub asked_at: DateTime<Utc>,
    pub due: NaiveDate,
    /// What silence means.
    pub silence: Silence,
    /// 逾期未复 and not to be taken for consent: its superior was told.
    pub escalated_at: Option<DateTime<Utc>>,
    pub answer: Option<Opinion>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Opinion {
    pub at: DateTime<Utc>,
    /// The system, where silence counted as consent.
    pub by: By,
    pub consents: bool,
    pub text: Private<String>,
}

/// 特别程序 (行政许可法 45): its time is not counted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Procedure {
    pub kind: SpecialProcedure,
    pub from: DateTime<Utc>,
    pub until: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OpenProcedure {
    pub kind: SpecialProcedure,
    pub from: DateTime<Utc>,
    /// The working days it is expected to take, as the applicant was told.
    pub expected_days: u16,
    pub reason: Private<String>,
}

/// 延期 (行政许可法 42): once, at most ten working days.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Extension {
    pub at: DateTime<Utc>,
    pub by: By,
    pub days: u16,
    pub reason: Private<String>,
}

/// An accepted case while at least one special procedure runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Paused {
    pub accepted: Accepted,
    /// Never empty, each kind once.
    pub open: Vec<OpenProcedure>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decided {
    pub accepted: Accepted,
    pub decision: Decision,
    pub decided_at: DateTime<Utc>,
    pub decided_by: By,
    /// Last day to serve the decision (行政许可法 44).
    pub delivery_due: NaiveDate,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Decision {
    /// 准予. `issued` is empty until the results are made out.
    Approved { issued: Vec<Issued> },
    /// 不予
    Denied { grounds: Grounds },
}

/// Why somebody was told no: reason, article and where to complain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grounds {
    pub reason: Private<String>,
    /// The legal article, e.g. 《食品经营许可和备案管理办法》第十二条.
    pub article: String,
    /// 救济途径: reconsideration and lawsuit, with their terms.
    pub remedy: Text,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Closed {
    pub at: DateTime<Utc>,
    pub ending: Ending,
}

/// How a case ended, with all that was there when it did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Ending {
    /// 出证
    Issued { decided: Box<Decided>, delivery: Service },
    /// 不予许可
    Denied { decided: Box<Decided>, delivery: Service },
    /// 不予受理
    Refused { filing: Box<Filing>, grounds: Grounds },
    /// 撤回
    Withdrawn { reached: Reached, reason: Private<String> },
    /// 补正或补交逾期不来
    Lapsed { reached: Reached },
    /// 作废
    Void { reached: Reached, grounds: Grounds },
    /// 转报 to an agency that is not on this portal.
    Transferred { filing: Box<Filing>, to: String, reason: Private<String> },
    /// 撤销 of what had been issued (行政许可法 69).
    Revoked { decided: Box<Decided>, delivery: Service, issued_at: DateTime<Utc>, grounds: Grounds },
    /// 草稿过期
    Expired,
}

/// How far a case had come when something ended it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "stage", content = "with", rename_all = "snake_case")]
pub enum Reached {
    Filed(Box<Filing>),
    /// Corrections were awaited.
    Correcting(Box<Correcting>),
    Accepted(Box<Accepted>),
    /// A special procedure was under way.
    Paused(Box<Paused>),
    Decided(Box<Decided>),
}

/// 送达: how and to whom the result was served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    pub method: crate::domain::guides::Delivery,
    pub at: DateTime<Utc>,
    /// Courier number, name of the person who collected it, or the inbox.
    pub proof: Private<String>,
}
