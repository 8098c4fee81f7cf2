//! The bodies of the commands on a case.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::TextBody;
use crate::app::cases::{Action, TransferTo};
use crate::domain::cases::{
    ApproveCase, Correctable, CorrectionItem, CorrectionReason, DeliverCase, GiveGrounds, GiveOpinion,
    IssueResults, RecordStep, RequestCorrection, WithdrawCase,
};
use crate::domain::codes::Uscc;
use crate::domain::guides::{Delivery, SpecialProcedure};
use crate::domain::text::Text;
use crate::http::problem::Problem;

/// No arguments.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoBody {}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SubmitBody {
    /// 容缺: codes of deferrable materials the applicant promises to bring later.
    #[serde(default)]
    pub promised: BTreeSet<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GroundsBody {
    pub reason: String,
    /// The legal article the decision rests on.
    pub article: String,
    /// Left out: the statutory remedy.
    pub remedy: Option<TextBody>,
}

impl From<GroundsBody> for GiveGrounds {
    fn from(body: GroundsBody) -> Self {
        GiveGrounds { reason: body.reason, article: body.article, remedy: body.remedy.map(Into::into) }
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StepBody {
    /// The step's code in the guide's flow.
    pub step: String,
    #[serde(default)]
    pub opinion: String,
}

impl From<StepBody> for RecordStep {
    fn from(body: StepBody) -> Self {
        RecordStep { step: body.step, opinion: body.opinion }
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApproveBody {
    #[serde(default)]
    pub opinion: String,
}

impl From<ApproveBody> for ApproveCase {
    fn from(body: ApproveBody) -> Self {
        ApproveCase { opinion: body.opinion }
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IssueBody {
    /// What the agency determined, by name: all that the case shows as `issue_form`, and
    /// nothing else. Left out where there is none.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub attributes: Map<String, Value>,
}

impl From<IssueBody> for IssueResults {
    fn from(body: IssueBody) -> Self {
        IssueResults { attributes: body.attributes }
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeliverBody {
    /// `self_collect`, `courier` or `electronic`, as the guide offers.
    #[schema(value_type = String)]
    pub method: Delivery,
    /// Courier number, or the name of who collected it; needed unless it is served
    /// electronically.
    #[serde(default)]
    pub proof: String,
}

impl From<DeliverBody> for DeliverCase {
    fn from(body: DeliverBody) -> Self {
        DeliverCase { method: body.method, proof: body.proof }
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WithdrawBody {
    #[serde(default)]
    pub reason: String,
}

impl From<WithdrawBody> for WithdrawCase {
    fn from(body: WithdrawBody) -> Self {
        WithdrawCase { reason: body.reason }
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptDeferredBody {
    /// By when the promised materials must be there; left out: the promised limit.
    pub due: Option<NaiveDate>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CorrectionBody {
    /// Everything there is to mend: it can be asked only once.
    pub items: Vec<CorrectionItemBody>,
    /// Working days the applicant has; left out: as the guide says, or else 15.
    pub days: Option<u16>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CorrectionItemBody {
    /// `/facts/<field>` or `/materials/<code>`.
    pub pointer: String,
    /// `missing`, `wrong` or `expired`.
    #[schema(value_type = String)]
    pub reason: CorrectionReason,
    /// What to do about it, in the officer's words.
    #[serde(default)]
    pub note: String,
}

impl CorrectionBody {
    pub(super) fn action(self) -> Result<Action, Problem> {
        let items = self.items.into_iter().enumerate().map(|(index, item)| {
            let of = match item.pointer.strip_prefix("/facts/").map(str::to_owned) {
                Some(name) => Some(Correctable::Field(name)),
                None => item
                    .pointer
                    .strip_prefix("/materials/")
                    .map(|code| Correctable::Material(code.to_owned())),
            };
            let of = of.ok_or_else(|| {
                let words = Text::new(
                    "请写 /facts/字段名 或 /materials/材料编码。",
                    "Write /facts/<field> or /materials/<code>.",
                );
                super::invalid(format!("/items/{index}/pointer"), "not_a_pointer", words)
            })?;
            Ok(CorrectionItem { of, reason: item.reason, note: item.note.trim().to_owned().into() })
        });
        let items = items.collect::<Result<_, Problem>>()?;
        Ok(Action::RequestCorrection(RequestCorrection { items, days: self.days }))
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TransferBody {
    /// The guide of the agency that is competent, of the same item…
    pub guide_code: Option<String>,
    /// …or the name of an agency that is not on this portal.
    pub agency_name: Option<String>,
    pub reason: String,
}

impl TransferBody {
    pub(super) fn action(self) -> Result<Action, Problem> {
        let to = match (self.guide_code, self.agency_name) {
            (Some(code), None) => TransferTo::Guide(code),
            (None, Some(agency)) => TransferTo::Outside(agency),
            (Some(_), Some(_)) | (None, None) => {
                let words = Text::new(
                    "请填写 guide_code 或 agency_name，二者只填其一。",
                    "Give either `guide_code` or `agency_name`.",
                );
                return Err(super::invalid("/guide_code", "required", words));
            }
        };
        Ok(Action::Transfer { to, reason: self.reason })
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PauseBody {
    /// A special procedure the guide provides for: `hearing`, `inspection`…
    #[schema(value_type = String)]
    pub kind: SpecialProcedure,
    pub reason: String,
    /// Working days it is expected to take; the applicant is told.
    pub expected_days: u16,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResumeBody {
    /// The special procedure that is over.
    #[schema(value_type = String)]
    pub kind: SpecialProcedure,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExtendBody {
    /// Working days, 1 to 10.
    pub days: u16,
    pub reason: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpinionBody {
    /// The consulted agency whose opinion it is, by its unified social credit code.
    pub agency: String,
    pub consents: bool,
    /// Needed where it objects.
    #[serde(default)]
    pub text: String,
}

impl OpinionBody {
    pub(super) fn action(self) -> Result<Action, Problem> {
        let agency =
            Uscc::parse(&self.agency).map_err(|error| super::invalid("/agency", error.code, error.detail))?;
        Ok(Action::GiveOpinion(GiveOpinion { agency, consents: self.consents, text: self.text }))
    }
}

/// A few words: a reminder, a reply, a report.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WordsBody {
    pub text: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RateBody {
    /// 1 very satisfied … 5 very dissatisfied.
    pub score: u8,
    #[serde(default)]
    pub comment: String,
}
