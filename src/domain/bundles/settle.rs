//! What follows by itself from how the parts stand: whose turn comes, who is
//! skipped, whether the whole has ended, when there is something to do again.

use chrono::{DateTime, TimeDelta, Utc};

use super::graph::{Graph, Node};
use super::progress::{
    Event, Outcome, PartOutcome, PartState, Progress, Stage, Submission, WAIT_DAYS, WhySkipped, evolve,
};
use crate::domain::cases::{CaseState, Decision, Ending};
use crate::domain::guides::OnRefusal;

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
    pub fn filed(&self) -> impl Iterator<Item = (&str, uuid::Uuid)> {
        self.parts.iter().filter_map(|(part, state)| match state {
            PartState::Filed { case, .. } => Some((part.as_str(), *case)),
            PartState::Waiting | PartState::Ready | PartState::Held { .. } => None,
            PartState::Ended { .. } | PartState::Skipped { .. } => None,
        })
    }

    /// Parts done, and all that are applied for.
    pub fn count(&self) -> (usize, usize) {
        let applied = self.parts.values().filter(|state| !state.is_not_needed());
        let done = self.parts.values().filter(|state| !state.is_not_needed() && state.is_over());
        (done.count(), applied.count())
    }
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

/// Nothing is being handled, and something is wanted of the applicant.
pub(super) fn waits_for_applicant(progress: &Progress) -> bool {
    let is_moving = |state: &PartState| matches!(state, PartState::Filed { .. } | PartState::Ready);
    let is_held = |state: &PartState| matches!(state, PartState::Held { .. });
    progress.parts.values().any(is_held) && !progress.parts.values().any(is_moving)
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
