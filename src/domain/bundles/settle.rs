//! What follows by itself from how the parts stand: whose turn comes, who is
//! skipped, whether the whole has ended, when there is something to do again.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::graph::{Graph, Node};
use super::progress::{
    Event, Outcome, PartOutcome, PartState, Progress, Rules, Stage, Submission, WAIT_DAYS, WhySkipped, evolve,
};
use crate::domain::calendar::WorkCalendar;
use crate::domain::cases::clock::{Light, LightDays};
use crate::domain::cases::{CaseState, Decision, Ending};
use crate::domain::guides::{DayUnit, Limit, OnRefusal};
use crate::domain::time::local_date;

impl Progress {
    /// Of a new draft.
    pub fn new(graph: &Graph, at: DateTime<Utc>) -> Self {
        let parts = graph.nodes.iter().map(|node| (node.part.clone(), PartState::Waiting)).collect();
        Self { stage: Stage::Draft { expires_at: at + TimeDelta::days(WAIT_DAYS) }, parts }
    }

    pub fn submission(&self) -> Option<&Submission> {
        match &self.stage {
            Stage::Draft { .. } => None,
            Stage::UnderWay { submission } => Some(submission),
            Stage::Ended { submission, .. } => submission.as_ref(),
        }
    }

    pub fn outcome(&self) -> Option<Outcome> {
        match &self.stage {
            Stage::Draft { .. } | Stage::UnderWay { .. } => None,
            Stage::Ended { outcome, .. } => Some(*outcome),
        }
    }

    /// The first part that is to be filed now.
    pub fn next_ready(&self) -> Option<&str> {
        let ready = self.parts.iter().find(|(_, state)| matches!(state, PartState::Ready));
        ready.map(|(part, _)| part.as_str())
    }

    /// The parts whose cases are with their agencies.
    /// Each with its case, and whether the clocks of that stood still when it was looked at.
    pub fn filed(&self) -> impl Iterator<Item = (&str, uuid::Uuid, bool)> {
        self.parts.iter().filter_map(|(part, state)| match state {
            PartState::Filed { case, still, .. } => Some((part.as_str(), *case, *still)),
            PartState::Waiting | PartState::Ready | PartState::Held { .. } => None,
            PartState::Ended { .. } | PartState::Skipped { .. } => None,
        })
    }

    pub fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        for state in self.parts.values() {
            match state {
                PartState::Skipped { why: WhySkipped::NotNeeded, .. } => continue,
                PartState::Skipped { .. } => tally.stopped += 1,
                PartState::Ended { outcome: PartOutcome::Withdrawn | PartOutcome::Expired, .. } => {
                    tally.stopped += 1;
                }
                PartState::Ended { .. } => tally.done += 1,
                PartState::Waiting | PartState::Ready => {}
                PartState::Held { .. } | PartState::Filed { .. } => {}
            }
            tally.all += 1;
        }
        tally
    }
}

/// How many parts have come how far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Their agencies have answered: approved, denied or refused.
    pub done: usize,
    /// They came to an end without an answer: not applied for any more, taken back, lapsed.
    pub stopped: usize,
    /// All that are applied for.
    pub all: usize,
}

impl PartState {
    /// Nothing was filed for it, and something may yet be.
    pub(super) fn is_not_begun(&self) -> bool {
        match self {
            PartState::Waiting | PartState::Ready | PartState::Held { .. } => true,
            PartState::Filed { .. } | PartState::Ended { .. } | PartState::Skipped { .. } => false,
        }
    }

    pub fn is_over(&self) -> bool {
        matches!(self, PartState::Ended { .. } | PartState::Skipped { .. })
    }

    fn is_not_needed(&self) -> bool {
        matches!(self, PartState::Skipped { why: WhySkipped::NotNeeded, .. })
    }

    pub fn case(&self) -> Option<uuid::Uuid> {
        match self {
            PartState::Filed { case, .. } | PartState::Ended { case, .. } => Some(*case),
            PartState::Waiting | PartState::Ready | PartState::Held { .. } | PartState::Skipped { .. } => {
                None
            }
        }
    }
}

/// How a part stands to those after it.
enum Standing {
    NotYet,
    GoAhead,
    Stop,
}

fn standing(progress: &Progress, graph: &Graph, part: &str) -> Standing {
    let badly = match graph.node(part).map(|node| node.on_refusal) {
        Some(OnRefusal::Stop) | None => Standing::Stop,
        Some(OnRefusal::Continue) => Standing::GoAhead,
    };
    match progress.parts.get(part) {
        Some(PartState::Waiting | PartState::Ready | PartState::Held { .. } | PartState::Filed { .. }) => {
            Standing::NotYet
        }
        Some(PartState::Ended { outcome: PartOutcome::Issued, .. }) => Standing::GoAhead,
        Some(PartState::Skipped { why: WhySkipped::NotNeeded, .. }) => Standing::GoAhead,
        Some(PartState::Ended { .. } | PartState::Skipped { .. }) | None => badly,
    }
}

/// What becomes of a part that waits, as things stand.
fn turn(progress: &Progress, graph: &Graph, node: &Node) -> Option<Event> {
    let mut all_over = true;
    for earlier in &node.after {
        match standing(progress, graph, earlier) {
            Standing::GoAhead => {}
            Standing::NotYet => all_over = false,
            Standing::Stop => {
                let why = WhySkipped::After { part: earlier.clone() };
                return Some(Event::Skipped { part: node.part.clone(), why });
            }
        }
    }
    all_over.then(|| Event::TurnCame { part: node.part.clone() })
}

/// Everything that follows by itself, in order.
pub(super) fn settle(progress: &Progress, graph: &Graph, at: DateTime<Utc>) -> Vec<Event> {
    let mut events = Vec::new();
    let mut now = progress.clone();
    if !matches!(now.stage, Stage::UnderWay { .. }) {
        return events;
    }
    let waits = |now: &Progress, node: &Node| matches!(now.parts.get(&node.part), Some(PartState::Waiting));
    while let Some(event) =
        graph.nodes.iter().filter(|node| waits(&now, node)).find_map(|node| turn(&now, graph, node))
    {
        now = evolve(now, &event, at);
        events.push(event);
    }
    if now.parts.values().all(PartState::is_over) {
        events.push(Event::Finished { outcome: outcome(&now) });
    }
    events
}

fn outcome(progress: &Progress) -> Outcome {
    let applied: Vec<&PartState> = progress.parts.values().filter(|state| !state.is_not_needed()).collect();
    let went_well =
        |state: &&&PartState| matches!(state, PartState::Ended { outcome: PartOutcome::Issued, .. });
    let was_withdrawn = |state: &&PartState| match state {
        PartState::Skipped { why, .. } => *why == WhySkipped::Withdrawn,
        PartState::Ended { outcome, .. } => *outcome == PartOutcome::Withdrawn,
        PartState::Waiting | PartState::Ready | PartState::Held { .. } | PartState::Filed { .. } => false,
    };
    match applied.iter().filter(went_well).count() {
        0 if applied.iter().any(was_withdrawn) => Outcome::Withdrawn,
        0 => Outcome::Failed,
        well if well == applied.len() => Outcome::Complete,
        _ => Outcome::Partial,
    }
}

/// Whether the whole cannot be done for something no agency's time is counted for: a part
/// waits for the applicant, or the clocks of its case stand still. Counted whatever the
/// others do, so that the joint promise is not broken where every agency keeps its own.
pub(super) fn stands_still(progress: &Progress) -> bool {
    progress.parts.values().any(|state| match state {
        PartState::Held { .. } => true,
        PartState::Filed { still, .. } => *still,
        PartState::Waiting | PartState::Ready => false,
        PartState::Ended { .. } | PartState::Skipped { .. } => false,
    })
}

/// The joint promise does not run on days on which a part of the whole stands still.
pub(super) fn waiting(progress: &Progress, rules: Rules<'_>, at: DateTime<Utc>) -> Option<Event> {
    let Stage::UnderWay { submission } = &progress.stage else { return None };
    let today = local_date(at);
    match (submission.waiting_since, stands_still(progress)) {
        (None, true) => Some(Event::BeganToWait { on: today }),
        (Some(_), false) => {
            Some(Event::WaitedUntil { due: submission.due_on(rules.promised.unit, rules.calendar, today) })
        }
        (None, false) | (Some(_), true) => None,
    }
}

impl Submission {
    /// The last day of the joint promise; where it stands still, were it to go on today.
    pub fn due_on(&self, unit: DayUnit, calendar: &WorkCalendar, today: NaiveDate) -> NaiveDate {
        let Some(since) = self.waiting_since else { return self.due };
        let days = match unit {
            DayUnit::WorkingDay => calendar.working_days_between(since, today),
            DayUnit::CalendarDay => (today - since).num_days(),
        };
        let days = u16::try_from(days.max(0)).unwrap_or(u16::MAX);
        calendar.due(self.due, Limit { days, unit })
    }

    /// Its light; where it stands still, as it was when it began to.
    pub fn light(&self, unit: DayUnit, calendar: &WorkCalendar, today: NaiveDate) -> Light {
        let days = calendar.until(local_date(self.at), self.due, unit, &[]);
        LightDays::of(self.due, &days).light(self.waiting_since.unwrap_or(today))
    }
}

/// Whether the clocks of a case stand still: it is corrected (行政许可法 32), or in a
/// special procedure (45). Materials that are owed stop no clock.
pub fn is_still(state: &CaseState) -> bool {
    match state {
        CaseState::Correcting(_) | CaseState::Paused(_) => true,
        CaseState::Draft(_) | CaseState::Submitted(_) | CaseState::Accepted(_) => false,
        CaseState::Decided(_) | CaseState::Closed(_) => false,
    }
}

/// When the clock, or the portal itself, next has something to do, if ever.
pub fn next_tick_at(progress: &Progress, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
    match &progress.stage {
        Stage::Draft { expires_at } => Some(*expires_at),
        Stage::UnderWay { .. } => progress
            .parts
            .values()
            .filter_map(|state| match state {
                PartState::Ready => Some(at),
                PartState::Held { expires_at, .. } => Some(*expires_at),
                PartState::Waiting | PartState::Filed { .. } => None,
                PartState::Ended { .. } | PartState::Skipped { .. } => None,
            })
            .min(),
        Stage::Ended { .. } => None,
    }
}

/// How a case came out for the parts after it, once it can no longer come out
/// otherwise. A certificate is there when it is made out, not when it is served.
pub fn part_outcome(state: &CaseState) -> Option<PartOutcome> {
    match state {
        CaseState::Draft(_) | CaseState::Submitted(_) | CaseState::Correcting(_) => None,
        CaseState::Accepted(_) | CaseState::Paused(_) => None,
        CaseState::Decided(decided) => match &decided.decision {
            Decision::Approved { issued } if issued.is_empty() => None,
            Decision::Approved { .. } => Some(PartOutcome::Issued),
            Decision::Denied { .. } => Some(PartOutcome::Denied),
        },
        CaseState::Closed(closed) => Some(match closed.ending {
            // What was revoked later was there for the parts after it.
            Ending::Issued { .. } | Ending::Revoked { .. } => PartOutcome::Issued,
            Ending::Denied { .. } => PartOutcome::Denied,
            Ending::Refused { .. } | Ending::Void { .. } => PartOutcome::Refused,
            Ending::Transferred { .. } => PartOutcome::Refused,
            Ending::Withdrawn { .. } => PartOutcome::Withdrawn,
            Ending::Expired | Ending::Lapsed { .. } => PartOutcome::Expired,
        }),
    }
}
