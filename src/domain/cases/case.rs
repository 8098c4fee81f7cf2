//! What a case is at one moment. The data lives in the variants of the state:
//! a case number exists exactly when something was submitted, a decision exactly
//! when somebody decided. Nobody builds a `Case` but [`evolve`](super::evolve).

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::event::{AcceptanceBasis, By, Evidence, Issued};
use crate::domain::codes::{CaseNo, GuideCode, RegionCode, Uscc};
use crate::domain::guides::{Applicant, Facts, FilledFrom};
use crate::domain::private::Private;
use crate::domain::text::Text;

/// One application (办件), from draft to closing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Case {
    pub id: Uuid,
    /// Number of events folded into it; the version every change must name.
    pub version: u64,
    pub opened: Opening,
    pub state: CaseState,
}

/// What is fixed when a case is opened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Opening {
    pub at: DateTime<Utc>,
    pub guide: GuideCode,
    /// The guide's version then; at submission the case pins its own.
    pub guide_version: u32,
    pub scenario: Option<String>,
    /// 实施机构
    pub agency: Uscc,
    pub region: RegionCode,
    /// Who the case is for.
    pub party: Uuid,
    pub by: By,
}

/// 办件状态. The clocks of each are in [`clock`](super::clock).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum CaseState {
    /// 暂存
    Draft(Draft),
    /// 待受理
    Submitted(Submitted),
    /// 办理中
    Accepted(Accepted),
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

/// What the applicant handed in: never changes after submission.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Filing {
    pub case_no: CaseNo,
    pub at: DateTime<Utc>,
    /// The version the case is handled by to the end.
    pub guide_version: u32,
    pub facts: Private<Facts>,
    /// What was known and proven of the applicant at that moment.
    pub applicant: Private<Applicant>,
    pub materials: BTreeMap<String, Private<Evidence>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Submitted {
    pub filing: Filing,
    /// Last day to accept, refuse or ask for correction (行政许可法 32).
    pub intake_due: NaiveDate,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Accepted {
    pub filing: Filing,
    pub acceptance: Acceptance,
    /// Steps of the flow taken so far, in order.
    pub steps: Vec<StepTaken>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Acceptance {
    pub at: DateTime<Utc>,
    pub by: By,
    pub basis: AcceptanceBasis,
    /// 承诺办结日, the last day of the promised limit.
    pub promised_due: NaiveDate,
    /// 法定办结日
    pub legal_due: NaiveDate,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepTaken {
    pub step: String,
    pub at: DateTime<Utc>,
    pub by: By,
    pub opinion: Private<String>,
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
    Withdrawn { filing: Box<Filing>, acceptance: Option<Acceptance>, reason: Private<String> },
    /// 草稿过期
    Expired,
}

/// 送达: how and to whom the result was served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    pub method: crate::domain::guides::Delivery,
    pub at: DateTime<Utc>,
    /// Courier number, name of the person who collected it, or the inbox.
    pub proof: Private<String>,
}

/// The bare name of a state, for filters, columns and messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StateName {
    Draft,
    Submitted,
    Accepted,
    Decided,
    Closed,
}

impl StateName {
    pub const ALL: [StateName; 5] =
        [StateName::Draft, StateName::Submitted, StateName::Accepted, StateName::Decided, StateName::Closed];

    pub fn as_str(self) -> &'static str {
        match self {
            StateName::Draft => "draft",
            StateName::Submitted => "submitted",
            StateName::Accepted => "accepted",
            StateName::Decided => "decided",
            StateName::Closed => "closed",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// The term residents and officers use.
    pub fn label(self) -> Text {
        match self {
            StateName::Draft => Text::new("暂存", "Draft"),
            StateName::Submitted => Text::new("待受理", "Awaiting acceptance"),
            StateName::Accepted => Text::new("办理中", "In progress"),
            StateName::Decided => Text::new("已决定", "Decided"),
            StateName::Closed => Text::new("办结", "Closed"),
        }
    }
}

impl CaseState {
    pub fn name(&self) -> StateName {
        match self {
            CaseState::Draft(_) => StateName::Draft,
            CaseState::Submitted(_) => StateName::Submitted,
            CaseState::Accepted(_) => StateName::Accepted,
            CaseState::Decided(_) => StateName::Decided,
            CaseState::Closed(_) => StateName::Closed,
        }
    }

    pub fn as_draft(&self) -> Option<&Draft> {
        match self {
            CaseState::Draft(draft) => Some(draft),
            CaseState::Submitted(_)
            | CaseState::Accepted(_)
            | CaseState::Decided(_)
            | CaseState::Closed(_) => None,
        }
    }

    pub fn as_submitted(&self) -> Option<&Submitted> {
        match self {
            CaseState::Submitted(submitted) => Some(submitted),
            CaseState::Draft(_) | CaseState::Accepted(_) | CaseState::Decided(_) | CaseState::Closed(_) => {
                None
            }
        }
    }

    pub fn as_accepted(&self) -> Option<&Accepted> {
        match self {
            CaseState::Accepted(accepted) => Some(accepted),
            CaseState::Draft(_) | CaseState::Submitted(_) | CaseState::Decided(_) | CaseState::Closed(_) => {
                None
            }
        }
    }

    pub fn as_closed(&self) -> Option<&Closed> {
        match self {
            CaseState::Closed(closed) => Some(closed),
            CaseState::Draft(_)
            | CaseState::Submitted(_)
            | CaseState::Accepted(_)
            | CaseState::Decided(_) => None,
        }
    }

    /// What was handed in; none for a draft, open or expired.
    pub fn filing(&self) -> Option<&Filing> {
        match self {
            CaseState::Draft(_) => None,
            CaseState::Submitted(submitted) => Some(&submitted.filing),
            CaseState::Accepted(accepted) => Some(&accepted.filing),
            CaseState::Decided(decided) => Some(&decided.accepted.filing),
            CaseState::Closed(closed) => closed.ending.filing(),
        }
    }

    pub fn acceptance(&self) -> Option<&Acceptance> {
        match self {
            CaseState::Draft(_) | CaseState::Submitted(_) => None,
            CaseState::Accepted(accepted) => Some(&accepted.acceptance),
            CaseState::Decided(decided) => Some(&decided.accepted.acceptance),
            CaseState::Closed(closed) => match &closed.ending {
                Ending::Issued { decided, .. } | Ending::Denied { decided, .. } => {
                    Some(&decided.accepted.acceptance)
                }
                Ending::Withdrawn { acceptance, .. } => acceptance.as_ref(),
                Ending::Refused { .. } | Ending::Expired => None,
            },
        }
    }

    pub fn decided(&self) -> Option<&Decided> {
        match self {
            CaseState::Draft(_) | CaseState::Submitted(_) | CaseState::Accepted(_) => None,
            CaseState::Decided(decided) => Some(decided),
            CaseState::Closed(closed) => match &closed.ending {
                Ending::Issued { decided, .. } | Ending::Denied { decided, .. } => Some(decided),
                Ending::Refused { .. } | Ending::Withdrawn { .. } | Ending::Expired => None,
            },
        }
    }

    pub fn facts(&self) -> Option<&Private<Facts>> {
        match self {
            CaseState::Draft(draft) => Some(&draft.facts),
            other => other.filing().map(|filing| &filing.facts),
        }
    }

    pub fn materials(&self) -> Option<&BTreeMap<String, Private<Evidence>>> {
        match self {
            CaseState::Draft(draft) => Some(&draft.materials),
            other => other.filing().map(|filing| &filing.materials),
        }
    }
}

impl Ending {
    pub fn name(&self) -> &'static str {
        match self {
            Ending::Issued { .. } => "issued",
            Ending::Denied { .. } => "denied",
            Ending::Refused { .. } => "refused",
            Ending::Withdrawn { .. } => "withdrawn",
            Ending::Expired => "expired",
        }
    }

    fn filing(&self) -> Option<&Filing> {
        match self {
            Ending::Issued { decided, .. } | Ending::Denied { decided, .. } => Some(&decided.accepted.filing),
            Ending::Refused { filing, .. } | Ending::Withdrawn { filing, .. } => Some(filing),
            Ending::Expired => None,
        }
    }
}

impl Case {
    /// The guide version the case is bound to now.
    pub fn guide_version(&self) -> u32 {
        self.state.filing().map_or(self.opened.guide_version, |filing| filing.guide_version)
    }

    pub fn case_no(&self) -> Option<&CaseNo> {
        self.state.filing().map(|filing| &filing.case_no)
    }
}
