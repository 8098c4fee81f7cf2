//! 待办: how an open case lies on the worklists. By what is stored of it the light of
//! any day is two comparisons, and no listing has to open the case.

use super::accepted::next_step;
use super::case::{Case, CaseState, Paused};
use super::clock::{Clock, ClockName, LightDays, clocks};
use super::state_name::StateName;
use crate::domain::calendar::WorkCalendar;
use crate::domain::codes::Uscc;
use crate::domain::guides::Guide;

/// What the worklists keep of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Desk {
    /// None while no clock runs.
    pub days: Option<LightDays>,
    /// The step of the flow whose turn it is.
    pub step: Option<String>,
    pub opinions: Vec<AwaitedOpinion>,
}

/// 征求意见: an agency that was asked and may still answer in time. Once it kept silent
/// the case is for its superior, who sees it anyway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwaitedOpinion {
    pub agency: Uscc,
    pub days: LightDays,
}

impl StateName {
    /// Whether cases in this state may lie on the worklists: closed ones while something
    /// is owed of them, all others for as long as they are open.
    pub fn may_be_work(self) -> bool {
        self != StateName::Draft
    }
}

/// Where a case lies; none for a draft, and for what is closed unless the agency still
/// owes a reply or a report of it.
pub fn desk(case: &Case, guide: &Guide, calendar: &WorkCalendar) -> Option<Desk> {
    let step = match &case.state {
        CaseState::Draft(_) => return None,
        CaseState::Closed(_) if !case.attention.waits_for_agency() => return None,
        CaseState::Closed(_) => None,
        CaseState::Submitted(_) | CaseState::Correcting(_) | CaseState::Decided(_) => None,
        CaseState::Accepted(accepted) | CaseState::Paused(Paused { accepted, .. }) => {
            next_step(accepted, &guide.flow).map(|step| step.code.clone())
        }
    };
    // On which day they are looked at changes only how far clocks that stand still are told.
    let at = case.state.filing().map_or(case.opened.at, |filing| filing.at);
    let clocks = clocks(case, guide, calendar, at);
    let days = light_days(case, &clocks);
    Some(Desk { days, step, opinions: opinions(case, &clocks) })
}

fn opinions(case: &Case, clocks: &[Clock]) -> Vec<AwaitedOpinion> {
    let asked = case.state.in_progress().map_or(&[][..], |accepted| &accepted.opinions);
    let awaited = asked.iter().filter(|asked| asked.answer.is_none() && asked.escalated_at.is_none());
    let days = |agency: &Uscc| {
        let runs = |clock: &&Clock| clock.name == ClockName::Opinion && clock.stopped_on.is_none();
        let of = clocks.iter().filter(runs).find(|clock| clock.of.as_deref() == Some(agency.as_str()));
        of.and_then(|clock| turns(case, clock))
    };
    let awaited = awaited.filter_map(|asked| {
        Some(AwaitedOpinion { agency: asked.agency.clone(), days: days(&asked.agency)? })
    });
    awaited.collect()
}

/// When the light of a case with these clocks turns, as long as nothing happens to it;
/// none while none of them runs.
pub fn light_days(case: &Case, clocks: &[Clock]) -> Option<LightDays> {
    let running = clocks.iter().filter(|clock| clock.stopped_on.is_none());
    running
        .filter_map(|clock| turns(case, clock))
        .reduce(|a, b| LightDays { due_on: a.due_on.min(b.due_on), yellow_on: a.yellow_on.min(b.yellow_on) })
}

/// A clock that was missed stays red, wherever it has moved since; one that stands still
/// turns on no day.
fn turns(case: &Case, clock: &Clock) -> Option<LightDays> {
    if let Some(missed) = case.attention.missed_on(clock.name, clock.of.as_deref(), clock.started_on) {
        return Some(LightDays { due_on: missed, yellow_on: missed });
    }
    clock.due_on.map(|due_on| LightDays::of(due_on, &clock.days))
}
