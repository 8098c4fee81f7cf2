//! How far an application for a bundle has come: a pure state machine. `decide`
//! says which events follow from a command, `evolve` what they make of it.
//!
//! What always holds: a part is filed only when everything it comes after has
//! ended well, or ended badly without stopping it; a part that ended or was
//! skipped stays so; when all have, the whole has ended.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::graph::Graph;
use super::settle::{settle, waiting};
use crate::domain::calendar::WorkCalendar;
use crate::domain::cases::By;
use crate::domain::guides::Limit;
use crate::domain::refusal::{FieldError, Refusal, RefusalCode};
use crate::domain::text::Text;
use crate::domain::time::local_date;

/// How long a draft, or a part that waits for the applicant, is kept (practice).
pub const WAIT_DAYS: i64 = 30;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    pub stage: Stage,
    /// By code; every part of the bundle.
    pub parts: BTreeMap<String, PartState>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum Stage {
    /// 暂存
    Draft {
        /// Untouched until then, it lapses.
        expires_at: DateTime<Utc>,
    },
    /// 办理中
    UnderWay { submission: Submission },
    /// 办结
    Ended { at: DateTime<Utc>, outcome: Outcome, submission: Option<Submission> },
}

/// Who asked for all parts, and by when they are promised.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Submission {
    pub at: DateTime<Utc>,
    pub by: By,
    /// How well he had signed in (aal 1–3).
    pub aal: u8,
    /// 承诺办结日 of the whole; moves by the working days it stood still.
    pub due: NaiveDate,
    /// Since when it stands still: a part waits for the applicant, or its clocks do.
    pub waiting_since: Option<NaiveDate>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum PartState {
    /// Its turn has not come.
    Waiting,
    /// Its turn has come: it is filed without anybody asking.
    Ready,
    /// It could not be filed; the applicant is told what it wants.
    Held {
        since: DateTime<Utc>,
        expires_at: DateTime<Utc>,
        wants: Vec<Want>,
    },
    /// 已提交: a case of its agency.
    Filed {
        case: Uuid,
        at: DateTime<Utc>,
        /// Whether the clocks of the case stand still.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        still: bool,
    },
    Ended {
        case: Uuid,
        at: DateTime<Utc>,
        outcome: PartOutcome,
    },
    Skipped {
        at: DateTime<Utc>,
        why: WhySkipped,
    },
}

/// Something that stands in the way of filing a part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Want {
    /// Into the joint facts and materials.
    pub pointer: String,
    pub code: String,
    pub detail: Text,
}

impl From<FieldError> for Want {
    fn from(error: FieldError) -> Self {
        Self { pointer: error.pointer, code: error.code.to_owned(), detail: error.detail }
    }
}

/// How the case of a part came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartOutcome {
    /// 出证: the results are made out.
    Issued,
    /// 不予许可
    Denied,
    /// 不予受理
    Refused,
    /// 撤回
    Withdrawn,
    /// 过期
    Expired,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum WhySkipped {
    /// The answers do not call for it.
    NotNeeded,
    /// A part it comes after was not approved.
    After { part: String },
    /// The applicant took the application back.
    Withdrawn,
    /// What it wanted of the applicant never came.
    Lapsed,
    /// 停止受理: when its turn came its guide took no new cases.
    Closed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Every part that was needed was approved.
    Complete,
    /// Some were.
    Partial,
    /// None was.
    Failed,
    /// Taken back before any was.
    Withdrawn,
    /// A draft nobody touched for too long.
    Lapsed,
}

#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    pub graph: &'a Graph,
    /// The joint promise.
    pub promised: Limit,
    pub calendar: &'a WorkCalendar,
}

#[derive(Debug, Clone)]
pub enum Command {
    /// Somebody changed an answer or a document.
    Touch,
    /// 提交; the parts the answers do not call for.
    Submit {
        by: By,
        aal: u8,
        not_needed: BTreeSet<String>,
    },
    /// The case of a part was opened and submitted.
    File {
        part: String,
        case: Uuid,
    },
    /// It could not be.
    Hold {
        part: String,
        wants: Vec<Want>,
    },
    /// Nor will it ever be: its guide takes no new cases.
    Close {
        part: String,
    },
    /// The clocks of its case came to stand still, or to go on.
    Stand {
        part: String,
        still: bool,
    },
    /// The applicant says that what was wanted is there.
    GoOn {
        by: By,
        aal: u8,
    },
    /// The case of a part came out.
    End {
        part: String,
        outcome: PartOutcome,
    },
    Withdraw,
    /// The clock: whatever has fallen due by now happens.
    Tick,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    Touched {
        expires_at: DateTime<Utc>,
    },
    Submitted {
        submission: Submission,
    },
    TurnCame {
        part: String,
    },
    Filed {
        part: String,
        case: Uuid,
    },
    Held {
        part: String,
        expires_at: DateTime<Utc>,
        wants: Vec<Want>,
    },
    WentOn {
        by: By,
        aal: u8,
    },
    PartEnded {
        part: String,
        outcome: PartOutcome,
    },
    Skipped {
        part: String,
        why: WhySkipped,
    },
    Stood {
        part: String,
        still: bool,
    },
    /// From that day on the joint promise stands still.
    BeganToWait {
        on: NaiveDate,
    },
    /// It goes on; the joint promise moved.
    WaitedUntil {
        due: NaiveDate,
    },
    Finished {
        outcome: Outcome,
    },
}

pub fn decide(
    progress: &Progress,
    rules: Rules<'_>,
    command: Command,
    at: DateTime<Utc>,
) -> Result<Vec<Event>, Refusal> {
    let events = respond(progress, rules, command, at)?;
    if events.is_empty() {
        return Ok(events);
    }
    let after = events.iter().fold(progress.clone(), |progress, event| evolve(progress, event, at));
    let settled = settle(&after, rules.graph, at);
    let after = settled.iter().fold(after, |progress, event| evolve(progress, event, at));
    let waiting = waiting(&after, rules, at);
    Ok(events.into_iter().chain(settled).chain(waiting).collect())
}

fn respond(
    progress: &Progress,
    rules: Rules<'_>,
    command: Command,
    at: DateTime<Utc>,
) -> Result<Vec<Event>, Refusal> {
    use Command as C;
    match &progress.stage {
        Stage::Draft { expires_at } => match command {
            C::Touch => Ok(vec![Event::Touched { expires_at: at + TimeDelta::days(WAIT_DAYS) }]),
            C::Submit { by, aal, not_needed } => submit(progress, rules, by, aal, not_needed, at),
            C::Withdraw => Ok(vec![Event::Finished { outcome: Outcome::Withdrawn }]),
            C::Tick if *expires_at <= at => Ok(vec![Event::Finished { outcome: Outcome::Lapsed }]),
            C::Tick => Ok(Vec::new()),
            C::File { .. } | C::Hold { .. } | C::Close { .. } | C::Stand { .. } => Err(out_of_place()),
            C::End { .. } | C::GoOn { .. } => Err(out_of_place()),
        },
        Stage::UnderWay { .. } => under_way(progress, command, at),
        Stage::Ended { .. } => match command {
            C::Tick => Ok(Vec::new()),
            C::Touch | C::Submit { .. } | C::File { .. } | C::Hold { .. } => Err(out_of_place()),
            C::Close { .. } | C::Stand { .. } | C::GoOn { .. } => Err(out_of_place()),
            C::End { .. } | C::Withdraw => Err(out_of_place()),
        },
    }
}

fn submit(
    progress: &Progress,
    rules: Rules<'_>,
    by: By,
    aal: u8,
    not_needed: BTreeSet<String>,
    at: DateTime<Utc>,
) -> Result<Vec<Event>, Refusal> {
    if progress.parts.keys().all(|part| not_needed.contains(part)) {
        return Err(Refusal::new(
            RefusalCode::ValidationFailed,
            "按所填内容没有需要办理的事项，请核对填报内容。",
            "By these answers there is nothing to apply for; check them.",
        ));
    }
    let due = rules.calendar.due(local_date(at), rules.promised);
    let submission = Submission { at, by, aal, due, waiting_since: None };
    let left_out = not_needed.into_iter().filter(|part| progress.parts.contains_key(part));
    let skipped = left_out.map(|part| Event::Skipped { part, why: WhySkipped::NotNeeded });
    Ok(std::iter::once(Event::Submitted { submission }).chain(skipped).collect())
}

fn under_way(progress: &Progress, command: Command, at: DateTime<Utc>) -> Result<Vec<Event>, Refusal> {
    use Command as C;
    let state = |part: &str| progress.parts.get(part);
    match command {
        C::Touch => Ok(Vec::new()),
        C::File { part, case } => match state(&part) {
            Some(PartState::Ready) => Ok(vec![Event::Filed { part, case }]),
            Some(_) | None => Err(out_of_place()),
        },
        C::Hold { part, wants } => match state(&part) {
            Some(PartState::Ready) => {
                Ok(vec![Event::Held { part, expires_at: at + TimeDelta::days(WAIT_DAYS), wants }])
            }
            Some(_) | None => Err(out_of_place()),
        },
        C::Close { part } => match state(&part) {
            Some(PartState::Ready) => Ok(vec![Event::Skipped { part, why: WhySkipped::Closed }]),
            Some(_) | None => Err(out_of_place()),
        },
        C::Stand { part, still } => match state(&part) {
            Some(PartState::Filed { still: known, .. }) if *known != still => {
                Ok(vec![Event::Stood { part, still }])
            }
            Some(_) => Ok(Vec::new()),
            None => Err(out_of_place()),
        },
        C::GoOn { by, aal } => {
            let held = progress.parts.values().any(|state| matches!(state, PartState::Held { .. }));
            if held { Ok(vec![Event::WentOn { by, aal }]) } else { Err(out_of_place()) }
        }
        // Heard of twice is heard of once.
        C::End { part, outcome } => match state(&part) {
            Some(PartState::Filed { .. }) => Ok(vec![Event::PartEnded { part, outcome }]),
            Some(PartState::Ended { .. }) => Ok(Vec::new()),
            Some(_) | None => Err(out_of_place()),
        },
        C::Withdraw => {
            let open = progress.parts.iter().filter(|(_, state)| state.is_not_begun());
            Ok(open
                .map(|(part, _)| Event::Skipped { part: part.clone(), why: WhySkipped::Withdrawn })
                .collect())
        }
        C::Tick => {
            let is_late = |state: &PartState| match state {
                PartState::Held { expires_at, .. } => *expires_at <= at,
                PartState::Waiting | PartState::Ready => false,
                PartState::Filed { .. } | PartState::Ended { .. } | PartState::Skipped { .. } => false,
            };
            let late = progress.parts.iter().filter(|(_, state)| is_late(state));
            Ok(late.map(|(part, _)| Event::Skipped { part: part.clone(), why: WhySkipped::Lapsed }).collect())
        }
        C::Submit { .. } => Err(out_of_place()),
    }
}

fn out_of_place() -> Refusal {
    Refusal::new(
        RefusalCode::WrongState,
        "申请当前的状态不能这样办理。请刷新后按当前状态办理。",
        "This is not possible in the state the application is in. Reload it and act on its present state.",
    )
}

/// What an event makes of the progress. An event about a part there is none of
/// changes nothing.
pub fn evolve(mut progress: Progress, event: &Event, at: DateTime<Utc>) -> Progress {
    let mut put = |part: &String, state: PartState| {
        if let Some(known) = progress.parts.get_mut(part) {
            *known = state;
        }
    };
    match event {
        Event::TurnCame { part } => put(part, PartState::Ready),
        Event::Filed { part, case } => put(part, PartState::Filed { case: *case, at, still: false }),
        Event::Held { part, expires_at, wants } => {
            put(part, PartState::Held { since: at, expires_at: *expires_at, wants: wants.clone() });
        }
        Event::Skipped { part, why } => put(part, PartState::Skipped { at, why: why.clone() }),
        Event::PartEnded { part, outcome } => {
            if let Some(PartState::Filed { case, .. }) = progress.parts.get(part) {
                let ended = PartState::Ended { case: *case, at, outcome: *outcome };
                progress.parts.insert(part.clone(), ended);
            }
        }
        Event::Stood { part, still } => {
            if let Some(PartState::Filed { still: known, .. }) = progress.parts.get_mut(part) {
                *known = *still;
            }
        }
        Event::Touched { expires_at } => progress.stage = Stage::Draft { expires_at: *expires_at },
        Event::Submitted { submission } => {
            progress.stage = Stage::UnderWay { submission: submission.clone() }
        }
        Event::WentOn { by, aal } => {
            for state in progress.parts.values_mut().filter(|state| matches!(state, PartState::Held { .. })) {
                *state = PartState::Ready;
            }
            // What an officer witnessed stays so, and with it the originals he saw.
            if let Stage::UnderWay { submission } = &mut progress.stage
                && !matches!(submission.by, By::Assistant { .. })
            {
                submission.by = by.clone();
                submission.aal = *aal;
            }
        }
        Event::BeganToWait { on } => {
            if let Stage::UnderWay { submission } = &mut progress.stage {
                submission.waiting_since = Some(*on);
            }
        }
        Event::WaitedUntil { due } => {
            if let Stage::UnderWay { submission } = &mut progress.stage {
                submission.waiting_since = None;
                submission.due = *due;
            }
        }
        Event::Finished { outcome } => {
            let submission = progress.submission().cloned();
            progress.stage = Stage::Ended { at, outcome: *outcome, submission };
        }
    }
    progress
}
