//! How events become a case. A case *is* the fold of its events: there is no
//! other way to build one, and a sequence no `decide` could have made is refused.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::case::{
    Acceptance, Accepted, Case, CaseState, Closed, Decided, Decision, Draft, Ending, Filing, Grounds,
    Service, StepTaken, Submitted,
};
use super::decide::Act;
use super::event::{By, CaseEvent, Issued};
use crate::domain::private::Private;

/// The events do not belong to this case in this state: stored history is damaged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutOfPlace {
    pub event: &'static str,
    pub version: u64,
}

impl std::fmt::Display for OutOfPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "event `{}` cannot follow version {}", self.event, self.version)
    }
}

/// Begins a case from its first event.
pub fn begin(id: Uuid, act: Act) -> Result<Case, OutOfPlace> {
    match act.event {
        CaseEvent::Opened { opening, facts, prefilled, expires_at } => Ok(Case {
            id,
            version: 1,
            opened: opening,
            state: CaseState::Draft(Draft { facts, prefilled, materials: BTreeMap::new(), expires_at }),
        }),
        other => Err(OutOfPlace { event: other.name(), version: 0 }),
    }
}

/// Folds one more event into the case.
pub fn evolve(case: Case, act: Act, at: DateTime<Utc>) -> Result<Case, OutOfPlace> {
    let misplaced = OutOfPlace { event: act.event.name(), version: case.version };
    let state = next_state(case.state, act, at).ok_or(misplaced)?;
    Ok(Case { version: case.version + 1, state, ..case })
}

fn next_state(state: CaseState, act: Act, at: DateTime<Utc>) -> Option<CaseState> {
    match state {
        CaseState::Draft(draft) => from_draft(draft, act.event, at),
        CaseState::Submitted(submitted) => from_submitted(submitted, act, at),
        CaseState::Accepted(accepted) => from_accepted(accepted, act, at),
        CaseState::Decided(decided) => from_decided(decided, act.event, at),
        CaseState::Closed(_) => None,
    }
}

fn from_draft(mut draft: Draft, event: CaseEvent, at: DateTime<Utc>) -> Option<CaseState> {
    match event {
        CaseEvent::FactsSaved { patch, expires_at } => {
            draft.expires_at = expires_at;
            draft.facts = match (draft.facts, patch) {
                (Private::Known(mut facts), Private::Known(patch)) => {
                    let before = facts.clone();
                    facts.merge(patch);
                    draft.prefilled.retain(|field, _| facts.get(field) == before.get(field));
                    Private::Known(facts)
                }
                (Private::Erased, _) | (_, Private::Erased) => Private::Erased,
            };
            Some(CaseState::Draft(draft))
        }
        CaseEvent::MaterialAttached { material, evidence, expires_at } => {
            draft.expires_at = expires_at;
            draft.materials.insert(material, evidence);
            Some(CaseState::Draft(draft))
        }
        CaseEvent::MaterialRemoved { material, expires_at } => {
            draft.expires_at = expires_at;
            draft.materials.remove(&material);
            Some(CaseState::Draft(draft))
        }
        CaseEvent::Submitted { case_no, guide_version, facts, applicant, intake_due } => {
            let filing = Filing { case_no, at, guide_version, facts, applicant, materials: draft.materials };
            Some(CaseState::Submitted(Submitted { filing, intake_due }))
        }
        CaseEvent::Expired => Some(close(at, Ending::Expired)),
        CaseEvent::Opened { .. } | CaseEvent::Accepted { .. } | CaseEvent::Refused { .. } => None,
        CaseEvent::StepRecorded { .. } | CaseEvent::Approved { .. } | CaseEvent::Denied { .. } => None,
        CaseEvent::ResultsIssued { .. } | CaseEvent::Delivered { .. } | CaseEvent::Withdrawn { .. } => None,
    }
}

fn from_submitted(submitted: Submitted, act: Act, at: DateTime<Utc>) -> Option<CaseState> {
    let filing = submitted.filing;
    match act.event {
        CaseEvent::Accepted { promised_due, legal_due, basis } => Some(CaseState::Accepted(Accepted {
            filing,
            acceptance: Acceptance { at, by: act.by, basis, promised_due, legal_due },
            steps: Vec::new(),
        })),
        CaseEvent::Refused { grounds } => {
            Some(close(at, Ending::Refused { filing: Box::new(filing), grounds }))
        }
        CaseEvent::Withdrawn { reason } => {
            Some(close(at, Ending::Withdrawn { filing: Box::new(filing), acceptance: None, reason }))
        }
        CaseEvent::Opened { .. } | CaseEvent::FactsSaved { .. } | CaseEvent::MaterialAttached { .. } => None,
        CaseEvent::MaterialRemoved { .. } | CaseEvent::Submitted { .. } | CaseEvent::Expired => None,
        CaseEvent::StepRecorded { .. } | CaseEvent::Approved { .. } | CaseEvent::Denied { .. } => None,
        CaseEvent::ResultsIssued { .. } | CaseEvent::Delivered { .. } => None,
    }
}

fn from_accepted(mut accepted: Accepted, act: Act, at: DateTime<Utc>) -> Option<CaseState> {
    let take = |accepted: &mut Accepted, step: String, opinion: Private<String>| {
        accepted.steps.push(StepTaken { step, at, by: act.by.clone(), opinion });
    };
    match act.event {
        CaseEvent::StepRecorded { step, opinion } => {
            take(&mut accepted, step, opinion);
            Some(CaseState::Accepted(accepted))
        }
        CaseEvent::Approved { step, opinion, delivery_due } => {
            take(&mut accepted, step, opinion);
            let decision = Decision::Approved { issued: Vec::new() };
            Some(decide(accepted, decision, act.by, at, delivery_due))
        }
        CaseEvent::Denied { step, grounds, delivery_due } => {
            take(&mut accepted, step, grounds.reason.clone());
            Some(decide(accepted, Decision::Denied { grounds }, act.by, at, delivery_due))
        }
        CaseEvent::Withdrawn { reason } => Some(close(
            at,
            Ending::Withdrawn {
                filing: Box::new(accepted.filing),
                acceptance: Some(accepted.acceptance),
                reason,
            },
        )),
        CaseEvent::Opened { .. } | CaseEvent::FactsSaved { .. } | CaseEvent::MaterialAttached { .. } => None,
        CaseEvent::MaterialRemoved { .. } | CaseEvent::Submitted { .. } | CaseEvent::Expired => None,
        CaseEvent::Accepted { .. } | CaseEvent::Refused { .. } => None,
        CaseEvent::ResultsIssued { .. } | CaseEvent::Delivered { .. } => None,
    }
}

fn from_decided(mut decided: Decided, event: CaseEvent, at: DateTime<Utc>) -> Option<CaseState> {
    match event {
        CaseEvent::ResultsIssued { issued: made } => match &mut decided.decision {
            Decision::Approved { issued } if issued.is_empty() => {
                *issued = made;
                Some(CaseState::Decided(decided))
            }
            Decision::Approved { .. } | Decision::Denied { .. } => None,
        },
        CaseEvent::Delivered { method, proof } => {
            let delivery = Service { method, at, proof };
            let denied = matches!(decided.decision, Decision::Denied { .. });
            let decided = Box::new(decided);
            Some(close(
                at,
                if denied {
                    Ending::Denied { decided, delivery }
                } else {
                    Ending::Issued { decided, delivery }
                },
            ))
        }
        CaseEvent::Opened { .. } | CaseEvent::FactsSaved { .. } | CaseEvent::MaterialAttached { .. } => None,
        CaseEvent::MaterialRemoved { .. } | CaseEvent::Submitted { .. } | CaseEvent::Expired => None,
        CaseEvent::Accepted { .. } | CaseEvent::Refused { .. } | CaseEvent::StepRecorded { .. } => None,
        CaseEvent::Approved { .. } | CaseEvent::Denied { .. } | CaseEvent::Withdrawn { .. } => None,
    }
}

fn decide(
    accepted: Accepted,
    decision: Decision,
    by: By,
    at: DateTime<Utc>,
    delivery_due: chrono::NaiveDate,
) -> CaseState {
    CaseState::Decided(Decided { accepted, decision, decided_at: at, decided_by: by, delivery_due })
}

fn close(at: DateTime<Utc>, ending: Ending) -> CaseState {
    CaseState::Closed(Closed { at, ending })
}

/// The results and grounds a closed or decided case carries, for its letters.
pub fn results(state: &CaseState) -> (&[Issued], Option<&Grounds>) {
    match state.decided().map(|decided| &decided.decision) {
        Some(Decision::Approved { issued }) => (issued, None),
        Some(Decision::Denied { grounds }) => (&[], Some(grounds)),
        None => (&[], None),
    }
}
