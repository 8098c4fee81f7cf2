//! What a case shows of its course: corrections, special procedures, opinions,
//! reminders, ratings. Part of [`CaseView`](super::case_views::CaseView).

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::TextView;
use super::case_views::side;
use crate::app::cases::{Audience, CaseReply};
use crate::domain::cases::clock::ClockName;
use crate::domain::cases::{
    Asked, CaseState, Consultation, CorrectionNotice, CorrectionReason, Rating, Urgency,
};
use crate::domain::guides::{Silence, SpecialProcedure};

/// What happened, and what is owed, between submission and decision.
#[derive(Debug, Serialize, ToSchema)]
pub struct CourseView {
    /// 补正: what must be mended, or had to be.
    pub correction: Option<CorrectionView>,
    /// 容缺: materials promised for later.
    pub deferral: Option<DeferralView>,
    /// 特别程序, those under way and those over.
    pub procedures: Vec<ProcedureView>,
    /// 延期
    pub extension: Option<ExtensionView>,
    /// Of the agencies whose opinion is awaited, the slowest.
    pub waits_for: Option<WaitsForView>,
    /// 征求意见; for staff.
    pub opinions: Vec<OpinionView>,
    /// 催办、督办, in their order.
    pub reminders: Vec<ReminderView>,
    /// 好差评
    pub ratings: Vec<RatingView>,
    /// Deadlines that were missed; they stay.
    pub overdue: Vec<OverdueView>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CorrectionView {
    pub asked_at: DateTime<Utc>,
    pub due: NaiveDate,
    /// When the corrections were handed in.
    pub corrected_at: Option<DateTime<Utc>>,
    pub items: Vec<CorrectionItemView>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CorrectionItemView {
    /// `/facts/<field>` or `/materials/<code>`.
    pub pointer: String,
    /// `missing`, `wrong` or `expired`.
    #[schema(value_type = String)]
    pub reason: CorrectionReason,
    pub note: Option<String>,
    /// Whether it has been mended.
    pub mended: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct DeferralView {
    pub due: NaiveDate,
    /// Codes of the materials still owed.
    pub owed: Vec<String>,
    pub settled_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ProcedureView {
    /// `hearing`, `tender`, `auction`, `inspection`, `testing`, `quarantine`,
    /// `appraisal` or `expert_review`.
    #[schema(value_type = String)]
    pub kind: SpecialProcedure,
    pub label: TextView,
    pub from: DateTime<Utc>,
    /// None while it is under way, and where the case ended before it did.
    pub until: Option<DateTime<Utc>>,
    /// Working days the applicant was told to expect, while it runs.
    pub expected_days: Option<u16>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ExtensionView {
    pub at: DateTime<Utc>,
    /// Working days.
    pub days: u16,
    pub reason: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct WaitsForView {
    pub agency: String,
    pub name: TextView,
    pub since: DateTime<Utc>,
    /// In the past where the agency is late.
    pub due: NaiveDate,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct OpinionView {
    pub step: String,
    pub agency: String,
    pub name: TextView,
    pub asked_at: DateTime<Utc>,
    pub due: NaiveDate,
    /// What silence means: `consents` or `escalates`.
    #[schema(value_type = String)]
    pub silence: Silence,
    pub escalated_at: Option<DateTime<Utc>>,
    pub answered_at: Option<DateTime<Utc>>,
    pub consents: Option<bool>,
    /// `system` where silence counted as consent.
    pub by: Option<&'static str>,
    pub text: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ReminderView {
    /// `reminder` (催办) or `supervision` (督办).
    #[schema(value_type = String)]
    pub kind: Urgency,
    pub at: DateTime<Utc>,
    pub text: Option<String>,
    pub due: NaiveDate,
    pub replied_at: Option<DateTime<Utc>>,
    pub reply: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RatingView {
    /// 1 very satisfied … 5 very dissatisfied.
    pub score: u8,
    pub at: DateTime<Utc>,
    /// Whether a visit on site was rated, or the case online.
    pub on_site: bool,
    pub comment: Option<String>,
    /// By when what was rated badly is to be put right.
    pub rectify_by: Option<NaiveDate>,
    pub rectified_at: Option<DateTime<Utc>>,
    pub report: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct OverdueView {
    /// The clock, as `/clock` names it.
    #[schema(value_type = String)]
    pub clock: ClockName,
    pub of: Option<String>,
    pub due: NaiveDate,
}

impl From<&CaseReply> for CourseView {
    fn from(reply: &CaseReply) -> Self {
        let case = &reply.case;
        let accepted = case.state.accepted();
        let staff = reply.audience == Audience::Staff;
        CourseView {
            correction: correction(&case.state),
            deferral: accepted.and_then(|accepted| accepted.deferral.as_ref()).map(|deferral| DeferralView {
                due: deferral.due,
                owed: deferral.owed.iter().cloned().collect(),
                settled_at: deferral.settled_at,
            }),
            procedures: procedures(&case.state),
            extension: accepted.and_then(|accepted| accepted.extension.as_ref()).map(|extension| {
                ExtensionView {
                    at: extension.at,
                    days: extension.days,
                    reason: extension.reason.known().cloned(),
                }
            }),
            waits_for: (accepted.filter(|_| case.state.as_closed().is_none()))
                .and_then(|accepted| accepted.slowest())
                .map(WaitsForView::from),
            opinions: accepted
                .filter(|_| staff)
                .map_or_else(Vec::new, |accepted| accepted.opinions.iter().map(OpinionView::from).collect()),
            reminders: case.attention.asked.iter().map(ReminderView::from).collect(),
            ratings: case.attention.ratings.iter().map(RatingView::from).collect(),
            overdue: (case.attention.overdue.iter())
                .map(|missed| OverdueView { clock: missed.clock, of: missed.of.clone(), due: missed.due })
                .collect(),
        }
    }
}

fn correction(state: &CaseState) -> Option<CorrectionView> {
    if let Some(correcting) = state.correcting() {
        let answers = correcting.answers.known();
        let mended = |pointer: &str| match pointer.split_at(pointer.rfind('/').unwrap_or(0)) {
            ("/facts", name) => answers.is_some_and(|answers| answers.contains_key(&name[1..])),
            (_, code) => correcting.materials.contains_key(&code[1..]),
        };
        return Some(CorrectionView::of(&correcting.notice, None, mended));
    }
    let done = state.filing()?.correction.as_ref()?;
    Some(CorrectionView::of(&done.notice, Some(done.at), |_| true))
}

impl CorrectionView {
    fn of(
        notice: &CorrectionNotice,
        corrected_at: Option<DateTime<Utc>>,
        mended: impl Fn(&str) -> bool,
    ) -> Self {
        let items = notice.items.iter().map(|item| {
            let pointer = item.of.pointer();
            CorrectionItemView {
                mended: mended(&pointer),
                pointer,
                reason: item.reason,
                note: item.note.known().filter(|note| !note.is_empty()).cloned(),
            }
        });
        Self { asked_at: notice.at, due: notice.due, corrected_at, items: items.collect() }
    }
}

fn procedures(state: &CaseState) -> Vec<ProcedureView> {
    let ended = state.accepted().into_iter().flat_map(|accepted| &accepted.procedures);
    let mut all: Vec<ProcedureView> = ended
        .map(|ended| ProcedureView {
            kind: ended.kind,
            label: ended.kind.label().into(),
            from: ended.from,
            until: Some(ended.until),
            expected_days: None,
        })
        .collect();
    all.extend(state.open_procedures().iter().map(|open| ProcedureView {
        kind: open.kind,
        label: open.kind.label().into(),
        from: open.from,
        until: None,
        expected_days: Some(open.expected_days),
    }));
    all
}

impl From<&Consultation> for WaitsForView {
    fn from(asked: &Consultation) -> Self {
        Self {
            agency: asked.agency.to_string(),
            name: asked.name.clone().into(),
            since: asked.asked_at,
            due: asked.due,
        }
    }
}

impl From<&Consultation> for OpinionView {
    fn from(asked: &Consultation) -> Self {
        let answer = asked.answer.as_ref();
        Self {
            step: asked.step.clone(),
            agency: asked.agency.to_string(),
            name: asked.name.clone().into(),
            asked_at: asked.asked_at,
            due: asked.due,
            silence: asked.silence,
            escalated_at: asked.escalated_at,
            answered_at: answer.map(|answer| answer.at),
            consents: answer.map(|answer| answer.consents),
            by: answer.map(|answer| side(&answer.by)),
            text: answer.and_then(|answer| answer.text.known().cloned()),
        }
    }
}

impl From<&Asked> for ReminderView {
    fn from(asked: &Asked) -> Self {
        Self {
            kind: asked.urgency,
            at: asked.at,
            text: asked.text.known().cloned(),
            due: asked.due,
            replied_at: asked.reply.as_ref().map(|reply| reply.at),
            reply: asked.reply.as_ref().and_then(|reply| reply.text.known().cloned()),
        }
    }
}

impl From<&Rating> for RatingView {
    fn from(rating: &Rating) -> Self {
        let report = rating.rectification.as_ref().and_then(|owed| owed.report.as_ref());
        Self {
            score: rating.score,
            at: rating.at,
            on_site: rating.occasion.post().is_some(),
            comment: rating.comment.known().filter(|comment| !comment.is_empty()).cloned(),
            rectify_by: rating.rectification.as_ref().map(|owed| owed.due),
            rectified_at: report.map(|report| report.at),
            report: report.and_then(|report| report.text.known().cloned()),
        }
    }
}
