//! What goes on beside the procedure and never changes its course: reminders
//! (催办), supervision (督办), ratings (好差评), and deadlines that were missed.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::case::Case;
use super::clock::ClockName;
use super::command::{Ask, GiveReply, RateService};
use super::decide::{Act, Rules, act};
use super::draft::invalid;
use super::event::{By, CaseEvent, Occasion, Urgency};
use crate::domain::private::Private;
use crate::domain::refusal::{FieldError, Refusal, RefusalCode};
use crate::domain::text::Text;
use crate::domain::time::local_date;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Attention {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asked: Vec<Asked>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ratings: Vec<Rating>,
    /// Permanent: what was late once stays on record.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overdue: Vec<Overdue>,
}

/// A reminder or an instruction of a superior, to which a reply is owed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    pub urgency: Urgency,
    pub at: DateTime<Utc>,
    pub by: By,
    pub text: Private<String>,
    pub due: NaiveDate,
    pub reply: Option<Said>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Said {
    pub at: DateTime<Utc>,
    pub by: By,
    pub text: Private<String>,
}

/// 好差评: 1 very satisfied … 5 very dissatisfied.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rating {
    pub score: u8,
    pub at: DateTime<Utc>,
    pub occasion: Occasion,
    pub comment: Private<String>,
    /// 整改 owed for a 4 or a 5: by when, and what was done.
    pub rectification: Option<Rectification>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rectification {
    pub due: NaiveDate,
    pub report: Option<Said>,
}

/// A deadline that passed before what it was for had happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overdue {
    pub clock: ClockName,
    /// Which one, where a case can have several: an agency, the number of a reminder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    pub due: NaiveDate,
}

impl Rating {
    fn owes_report(&self) -> bool {
        self.rectification.as_ref().is_some_and(|owed| owed.report.is_none())
    }
}

impl Attention {
    pub fn is_empty(&self) -> bool {
        self.asked.is_empty() && self.ratings.is_empty() && self.overdue.is_empty()
    }

    /// Whether a reminder waits for its reply, or a bad rating for what was put right.
    pub fn waits_for_agency(&self) -> bool {
        self.asked.iter().any(|asked| asked.reply.is_none()) || self.ratings.iter().any(Rating::owes_report)
    }

    /// The last day of the clock that started on that day when it was first overdue, if it
    /// ever was. An agency that is asked again has another clock, which starts after the
    /// last day of the first.
    pub fn missed_on(&self, clock: ClockName, of: Option<&str>, started_on: NaiveDate) -> Option<NaiveDate> {
        let is_of = |one: &&Overdue| one.clock == clock && one.of.as_deref() == of && one.due >= started_on;
        let missed = self.overdue.iter().filter(is_of);
        missed.map(|one| one.due).min()
    }
}

/// 催办 by the applicant's side, 督办 by a superior. One of each at a time.
pub(super) fn ask(
    case: &Case,
    rules: Rules<'_>,
    urgency: Urgency,
    command: Ask,
    by: &By,
    at: DateTime<Utc>,
) -> Result<Vec<Act>, Refusal> {
    let waiting = case.attention.asked.iter().any(|asked| asked.urgency == urgency && asked.reply.is_none());
    if waiting {
        return Err(Refusal::new(
            RefusalCode::WrongState,
            "上一次催办（督办）尚待答复，请等待答复后再提出。",
            "The reminder before this one still waits for its reply; wait for it first.",
        ));
    }
    let text = said("/text", &command.text)?;
    let due = rules.calendar.due(local_date(at), rules.guide.limits.reply());
    Ok(vec![act(by, CaseEvent::Asked { urgency, text, due })])
}

/// The reply to the oldest reminder or instruction that waits for one.
pub(super) fn reply(case: &Case, command: GiveReply, by: &By) -> Result<Vec<Act>, Refusal> {
    let Some(number) = case.attention.asked.iter().position(|asked| asked.reply.is_none()) else {
        return Err(nothing_owed());
    };
    Ok(vec![act(by, CaseEvent::Replied { number, text: said("/text", &command.text)? })])
}

pub(super) fn rate(
    case: &Case,
    rules: Rules<'_>,
    command: RateService,
    by: &By,
    at: DateTime<Utc>,
) -> Result<Vec<Act>, Refusal> {
    if !(1..=5).contains(&command.score) {
        return Err(invalid(vec![FieldError::new(
            "/score",
            "out_of_range",
            Text::new("评分为 1（非常满意）到 5（非常不满意）。", "Scores go from 1 (very satisfied) to 5."),
        )]));
    }
    let occasion = occasion(by, at);
    if case.attention.ratings.iter().any(|rating| rating.occasion == occasion) {
        return Err(Refusal::new(
            RefusalCode::AlreadyExists,
            "本次服务已经评价过；每次到场服务评价一次，网上办理每件评价一次。",
            "This service has been rated: once for each visit on site, and once for a case online.",
        ));
    }
    let bad = command.score >= 4;
    let rectify_by = bad.then(|| rules.calendar.due(local_date(at), rules.guide.limits.rectification()));
    let comment = Private::Known(command.comment.trim().to_owned());
    Ok(vec![act(by, CaseEvent::Rated { score: command.score, occasion, comment, rectify_by })])
}

/// Who rates with an officer beside him rates that visit; anybody else the case.
fn occasion(by: &By, at: DateTime<Utc>) -> Occasion {
    match by {
        By::Assistant { post, .. } | By::Officer { post, .. } => {
            Occasion::Visit { post: *post, on: local_date(at) }
        }
        By::Applicant { .. } | By::Agent { .. } | By::System => Occasion::Online,
    }
}

/// 整改: what was done about the oldest bad rating.
pub(super) fn rectify(case: &Case, command: GiveReply, by: &By) -> Result<Vec<Act>, Refusal> {
    let Some(number) = case.attention.ratings.iter().position(Rating::owes_report) else {
        return Err(nothing_owed());
    };
    Ok(vec![act(by, CaseEvent::Rectified { number, text: said("/text", &command.text)? })])
}

fn nothing_owed() -> Refusal {
    Refusal::new(RefusalCode::WrongState, "目前没有待答复的事项。", "Nothing waits for a reply at present.")
}

/// Words that must say something.
pub(super) fn said(pointer: &str, text: &str) -> Result<Private<String>, Refusal> {
    let text = text.trim();
    if text.is_empty() {
        return Err(invalid(vec![FieldError::new(
            pointer,
            "required",
            Text::new("请填写内容。", "Write something here."),
        )]));
    }
    Ok(text.to_owned().into())
}

/// A visit to a counter, named by whom one saw and when.
impl Occasion {
    pub fn post(&self) -> Option<Uuid> {
        match self {
            Occasion::Visit { post, .. } => Some(*post),
            Occasion::Online => None,
        }
    }
}
