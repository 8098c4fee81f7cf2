//! How events become a case. A case *is* the fold of its events: there is no
//! other way to build one, and a sequence no `decide` could have made is refused.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Map;
use uuid::Uuid;

use super::attention::{Asked, Rating, Rectification, Said};
use super::case::{
    Acceptance, Accepted, Case, CaseState, Closed, Consultation, Correcting, CorrectionNotice, Decided,
    Decision, Deferral, Draft, Ending, Extension, Filing, Grounds, OpenProcedure, Opinion, Paused, Procedure,
    Reached, Service, StepTaken, Submitted,
};
use super::correcting::corrected;
use super::decide::Act;
use super::event::{By, CaseEvent, Issued};
use crate::domain::codes::Uscc;
use crate::domain::private::Private;
use crate::domain::time::local_date;

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
            moved_to: None,
            state: CaseState::Draft(Draft { facts, prefilled, materials: BTreeMap::new(), expires_at }),
            attention: Default::default(),
        }),
        other => Err(OutOfPlace { event: other.name(), version: 0 }),
    }
}

/// Folds one more event into the case.
pub fn evolve(case: Case, act: Act, at: DateTime<Utc>) -> Result<Case, OutOfPlace> {
    let misplaced = OutOfPlace { event: act.event.name(), version: case.version };
    let mut case = case;
    case.version += 1;
    let Some(act) = beside(&mut case, act, at).map_err(|()| misplaced.clone())? else { return Ok(case) };
    if let CaseEvent::Transferred { to, .. } = &act.event {
        case.moved_to = Some(to.clone());
    }
    case.state = next_state(case.state, act, at).ok_or(misplaced)?;
    Ok(case)
}

/// What goes on beside the procedure; any other act is handed back.
fn beside(case: &mut Case, act: Act, at: DateTime<Utc>) -> Result<Option<Act>, ()> {
    let attention = &mut case.attention;
    let by = act.by.clone();
    match act.event {
        CaseEvent::Asked { urgency, text, due } => {
            attention.asked.push(Asked { urgency, at, by, text, due, reply: None });
        }
        CaseEvent::Replied { number, text } => {
            attention.asked.get_mut(number).ok_or(())?.reply = Some(Said { at, by, text });
        }
        CaseEvent::Rated { score, occasion, comment, rectify_by } => {
            let rectification = rectify_by.map(|due| Rectification { due, report: None });
            attention.ratings.push(Rating { score, at, occasion, comment, rectification });
        }
        CaseEvent::Rectified { number, text } => {
            let rating = attention.ratings.get_mut(number).ok_or(())?;
            rating.rectification.as_mut().ok_or(())?.report = Some(Said { at, by, text });
        }
        CaseEvent::DeadlinePassed(overdue) => attention.overdue.push(overdue),
        event => return Ok(Some(Act { by: act.by, event })),
    }
    Ok(None)
}

fn next_state(state: CaseState, act: Act, at: DateTime<Utc>) -> Option<CaseState> {
    match state {
        CaseState::Draft(draft) => from_draft(draft, act.event, at),
        CaseState::Submitted(submitted) => from_submitted(submitted, act, at),
        CaseState::Correcting(correcting) => from_correcting(correcting, act, at),
        CaseState::Accepted(accepted) => from_accepted(accepted, act, at),
        CaseState::Paused(paused) => from_paused(paused, act, at),
        CaseState::Decided(decided) => from_decided(decided, act.event, at),
        CaseState::Closed(closed) => from_closed(closed, act.event, at),
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
        CaseEvent::Submitted {
            case_no,
            guide_version,
            facts,
            applicant,
            intake_due,
            prefilled,
            promised,
        } => {
            let materials = draft.materials;
            let filing = Filing {
                prefilled,
                case_no,
                at,
                guide_version,
                facts,
                applicant,
                materials,
                promised,
                later: BTreeMap::new(),
                intake_due,
                correction: None,
            };
            Some(CaseState::Submitted(Submitted { filing }))
        }
        CaseEvent::Expired => Some(close(at, Ending::Expired)),
        _ => None,
    }
}

fn from_submitted(submitted: Submitted, act: Act, at: DateTime<Utc>) -> Option<CaseState> {
    let mut filing = submitted.filing;
    Some(match act.event {
        CaseEvent::Accepted { promised_due, legal_due, basis, deferred_until } => {
            let acceptance = Acceptance { at, by: act.by, basis, promised_due, legal_due };
            CaseState::Accepted(accepted(filing, acceptance, deferred_until))
        }
        CaseEvent::CorrectionRequested { items, due } if filing.correction.is_none() => {
            let notice = CorrectionNotice { at, by: act.by, items, due };
            let answers = Private::Known(Map::new());
            CaseState::Correcting(Correcting { filing, notice, answers, materials: BTreeMap::new() })
        }
        CaseEvent::Transferred { guide_version, promised, .. } => {
            filing.guide_version = guide_version;
            filing.promised = promised;
            CaseState::Submitted(Submitted { filing })
        }
        CaseEvent::TransferredOut { to, reason } => {
            close(at, Ending::Transferred { filing: Box::new(filing), to, reason })
        }
        CaseEvent::Refused { grounds } => close(at, Ending::Refused { filing: Box::new(filing), grounds }),
        event => ended(Reached::Filed(Box::new(filing)), event, at)?,
    })
}

fn accepted(filing: Filing, acceptance: Acceptance, deferred_until: Option<NaiveDate>) -> Accepted {
    let owed: BTreeSet<String> = filing.promised.clone();
    Accepted {
        deferral: deferred_until.map(|due| Deferral { due, owed, settled_at: None }),
        filing,
        acceptance,
        steps: Vec::new(),
        moved: None,
        opinions: Vec::new(),
        procedures: Vec::new(),
        extension: None,
    }
}

fn from_correcting(mut state: Correcting, act: Act, at: DateTime<Utc>) -> Option<CaseState> {
    Some(match act.event {
        CaseEvent::AnswersMended { patch } => {
            state.answers = match (state.answers, patch) {
                (Private::Known(mut answers), Private::Known(patch)) => {
                    answers.extend(patch);
                    Private::Known(answers)
                }
                (Private::Erased, _) | (_, Private::Erased) => Private::Erased,
            };
            CaseState::Correcting(state)
        }
        CaseEvent::MaterialSupplied { material, evidence } => {
            state.materials.insert(material, evidence);
            CaseState::Correcting(state)
        }
        CaseEvent::Corrected { facts, intake_due, prefilled } => {
            let mut filing = corrected(state, at);
            (filing.facts, filing.intake_due, filing.prefilled) = (facts, intake_due, prefilled);
            CaseState::Submitted(Submitted { filing })
        }
        event => ended(Reached::Correcting(Box::new(state)), event, at)?,
    })
}

fn from_accepted(mut accepted: Accepted, act: Act, at: DateTime<Utc>) -> Option<CaseState> {
    let taken = |step, opinion| StepTaken { step, at, by: act.by.clone(), opinion };
    Some(match act.event {
        CaseEvent::StepRecorded { step, opinion } => {
            accepted.steps.push(taken(step, opinion));
            CaseState::Accepted(accepted)
        }
        CaseEvent::Approved { step, opinion, delivery_due } => {
            accepted.steps.push(taken(step, opinion));
            let decision = Decision::Approved { issued: Vec::new() };
            decide(accepted, decision, act.by, at, delivery_due)
        }
        CaseEvent::Denied { step, grounds, delivery_due } => {
            accepted.steps.push(taken(step, grounds.reason.clone()));
            decide(accepted, Decision::Denied { grounds }, act.by, at, delivery_due)
        }
        CaseEvent::Paused { kind, reason, expected_days } => {
            let open = vec![OpenProcedure { kind, from: at, expected_days, reason }];
            CaseState::Paused(Paused { accepted, open })
        }
        CaseEvent::Extended { days, reason, dues } if accepted.extension.is_none() => {
            accepted.extension = Some(Extension { at, by: act.by, days, reason });
            accepted.moved = Some(dues);
            CaseState::Accepted(accepted)
        }
        event => match owed_by_others(&mut accepted, Act { by: act.by, event }, at)? {
            None => CaseState::Accepted(accepted),
            Some(event) => ended(Reached::Accepted(Box::new(accepted)), event, at)?,
        },
    })
}

fn from_paused(mut state: Paused, act: Act, at: DateTime<Utc>) -> Option<CaseState> {
    Some(match act.event {
        CaseEvent::Paused { kind, reason, expected_days } => {
            state.open.push(OpenProcedure { kind, from: at, expected_days, reason });
            CaseState::Paused(state)
        }
        CaseEvent::Resumed { kind, dues } => {
            let index = state.open.iter().position(|open| open.kind == kind)?;
            let ended = state.open.remove(index);
            state.accepted.procedures.push(Procedure { kind, from: ended.from, until: at });
            match (state.open.is_empty(), dues) {
                (true, Some(dues)) => {
                    state.accepted.moved = Some(dues);
                    CaseState::Accepted(state.accepted)
                }
                (false, None) => CaseState::Paused(state),
                (true, None) | (false, Some(_)) => return None,
            }
        }
        event => match owed_by_others(&mut state.accepted, Act { by: act.by, event }, at)? {
            None => CaseState::Paused(state),
            Some(event) => ended(Reached::Paused(Box::new(state)), event, at)?,
        },
    })
}

/// What comes in while the case is handled: opinions and promised materials. Any
/// other event is handed back.
fn owed_by_others(accepted: &mut Accepted, act: Act, at: DateTime<Utc>) -> Option<Option<CaseEvent>> {
    fn asked<'a>(accepted: &'a mut Accepted, agency: &Uscc) -> Option<&'a mut Consultation> {
        accepted.opinions.iter_mut().find(|asked| asked.agency == *agency && asked.answer.is_none())
    }
    match act.event {
        CaseEvent::OpinionsAsked { step, agencies } => {
            accepted.opinions.extend(agencies.into_iter().map(|asked| Consultation {
                step: step.clone(),
                agency: asked.agency,
                name: asked.name,
                asked_at: at,
                due: asked.due,
                silence: asked.silence,
                escalated_at: None,
                answer: None,
            }));
        }
        CaseEvent::OpinionGiven { agency, consents, text } => {
            asked(accepted, &agency)?.answer = Some(Opinion { at, by: act.by, consents, text });
        }
        CaseEvent::OpinionEscalated { agency } => asked(accepted, &agency)?.escalated_at = Some(at),
        CaseEvent::MaterialSupplied { material, evidence } => {
            let deferral = accepted.deferral.as_mut()?;
            deferral.owed.remove(&material).then_some(())?;
            if deferral.owed.is_empty() {
                deferral.settled_at = Some(at);
            }
            accepted.filing.later.insert(material.clone(), local_date(at));
            accepted.filing.materials.insert(material, evidence);
        }
        event => return Some(Some(event)),
    }
    Some(None)
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
        CaseEvent::Voided { grounds } => {
            Some(close(at, Ending::Void { reached: Reached::Decided(Box::new(decided)), grounds }))
        }
        _ => None,
    }
}

fn from_closed(closed: Closed, event: CaseEvent, at: DateTime<Utc>) -> Option<CaseState> {
    match (closed.ending, event) {
        (Ending::Issued { decided, delivery }, CaseEvent::Revoked { grounds }) => {
            Some(close(at, Ending::Revoked { decided, delivery, issued_at: closed.at, grounds }))
        }
        _ => None,
    }
}

/// The ends an applicant or the agency can put to a case that is not decided.
fn ended(reached: Reached, event: CaseEvent, at: DateTime<Utc>) -> Option<CaseState> {
    match event {
        CaseEvent::Withdrawn { reason } => Some(close(at, Ending::Withdrawn { reached, reason })),
        CaseEvent::Voided { grounds } => Some(close(at, Ending::Void { reached, grounds })),
        CaseEvent::Lapsed => match reached {
            Reached::Correcting(_) | Reached::Accepted(_) | Reached::Paused(_) => {
                Some(close(at, Ending::Lapsed { reached }))
            }
            Reached::Filed(_) | Reached::Decided(_) => None,
        },
        _ => None,
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
    if let CaseState::Closed(Closed {
        ending:
            Ending::Refused { grounds, .. } | Ending::Void { grounds, .. } | Ending::Revoked { grounds, .. },
        ..
    }) = state
    {
        let issued = state.decided().map(|decided| &decided.decision);
        let issued: &[Issued] = match issued {
            Some(Decision::Approved { issued }) => issued,
            Some(Decision::Denied { .. }) | None => &[],
        };
        return (issued, Some(grounds));
    }
    match state.decided().map(|decided| &decided.decision) {
        Some(Decision::Approved { issued }) => (issued, None),
        Some(Decision::Denied { grounds }) => (&[], Some(grounds)),
        None => (&[], None),
    }
}
