//! The kernel: `decide(case, rules, command, by, at)` says which events follow
//! from a command, or why none may. It is a pure function and cannot see the
//! channel a request came through: 同源同质输出.
//!
//! One file per state, one function per command that exists in it. The table
//! below is the whole of what can happen; it has no catch-all, so that a new
//! state or command does not compile until every cell is answered.

use chrono::{DateTime, TimeDelta, Utc};

use super::case::{Case, CaseState, StateName};
use super::command::{Command, CommandName, OpenCase};
use super::event::{By, CaseEvent};
use super::evolve::evolve;
use super::{accepted, decided, draft, submitted};
use crate::domain::calendar::WorkCalendar;
use crate::domain::codes::RegionCode;
use crate::domain::guides::Guide;
use crate::domain::refusal::{Refusal, RefusalCode};

/// How long an untouched draft is kept (practice; stated to the applicant).
pub const DRAFT_DAYS: i64 = 30;

/// What every decision may look up: the guide version the case is handled by,
/// the calendar, and which regions exist.
#[derive(Clone, Copy)]
pub struct Rules<'a> {
    pub guide: &'a Guide,
    pub guide_version: u32,
    pub calendar: &'a WorkCalendar,
    pub region_exists: &'a (dyn Fn(&RegionCode) -> bool + Sync),
}

/// One event and who it is due to: a submission may be followed by acts of the system.
#[derive(Debug, Clone, PartialEq)]
pub struct Act {
    pub by: By,
    pub event: CaseEvent,
}

/// The applicant side's first step: a draft with whatever is already known filled in.
pub fn open(command: OpenCase, rules: Rules<'_>, by: By, at: DateTime<Utc>) -> Result<Act, Refusal> {
    draft::open(command, rules, by, at)
}

/// Whatever has fallen due by `at` comes first, so that an outcome does not hang
/// on how soon the timers run: nobody refuses what silence has accepted.
pub fn decide(
    case: &Case,
    rules: Rules<'_>,
    command: Command,
    by: &By,
    at: DateTime<Utc>,
) -> Result<Vec<Act>, Refusal> {
    let rules = Rules { guide: rules.guide.handled_as(case.opened.scenario.as_deref()), ..rules };
    let mut acts = respond(case, rules, Command::Tick, &By::System, at)?;
    if matches!(command, Command::Tick) {
        return Ok(acts);
    }
    if acts.is_empty() {
        return respond(case, rules, command, by, at);
    }
    let due = acts.iter().cloned().try_fold(case.clone(), |case, act| evolve(case, act, at));
    let Ok(now) = due else { return Err(wrong_state(case.state.name(), command.name())) };
    acts.extend(respond(&now, rules, command, by, at)?);
    Ok(acts)
}

fn respond(
    case: &Case,
    rules: Rules<'_>,
    command: Command,
    by: &By,
    at: DateTime<Utc>,
) -> Result<Vec<Act>, Refusal> {
    use Command as C;
    let name = command.name();
    let out_of_state = || Err(wrong_state(case.state.name(), name));
    match &case.state {
        CaseState::Draft(draft) => match command {
            C::Save(save) => draft::save(draft, rules, save, by, at),
            C::Attach(attach) => draft::attach(case, rules, attach, by, at),
            C::Remove(remove) => draft::remove(draft, remove, by, at),
            C::Submit(submit) => submitted::submit(case, draft, rules, *submit, by, at),
            C::Tick => draft::tick(draft, at),
            C::Accept | C::Refuse(_) | C::RecordStep(_) | C::Approve(_) | C::Deny(_) => out_of_state(),
            C::Issue | C::Deliver(_) | C::Withdraw(_) => out_of_state(),
        },
        CaseState::Submitted(state) => match command {
            C::Accept => submitted::accept(rules, by, at),
            C::Refuse(refuse) => submitted::refuse(refuse, by),
            C::Withdraw(withdraw) => submitted::withdraw(withdraw, by),
            C::Tick => submitted::tick(state, rules, at),
            C::Save(_) | C::Attach(_) | C::Remove(_) | C::Submit(_) => out_of_state(),
            C::RecordStep(_) | C::Approve(_) | C::Deny(_) | C::Issue | C::Deliver(_) => out_of_state(),
        },
        CaseState::Accepted(state) => match command {
            C::RecordStep(step) => accepted::record_step(state, rules, step, by),
            C::Approve(step) => accepted::approve(state, rules, step, by, at),
            C::Deny(deny) => accepted::deny(state, rules, deny, by, at),
            C::Withdraw(withdraw) => submitted::withdraw(withdraw, by),
            C::Tick => Ok(Vec::new()),
            C::Save(_) | C::Attach(_) | C::Remove(_) | C::Submit(_) => out_of_state(),
            C::Accept | C::Refuse(_) | C::Issue | C::Deliver(_) => out_of_state(),
        },
        CaseState::Decided(state) => match command {
            C::Issue => decided::issue(state, rules, by, at),
            C::Deliver(deliver) => decided::deliver(state, rules, deliver, by),
            C::Tick => Ok(Vec::new()),
            C::Save(_) | C::Attach(_) | C::Remove(_) | C::Submit(_) => out_of_state(),
            C::Accept | C::Refuse(_) | C::RecordStep(_) | C::Approve(_) | C::Deny(_) => out_of_state(),
            C::Withdraw(_) => out_of_state(),
        },
        CaseState::Closed(_) => match command {
            C::Tick => Ok(Vec::new()),
            C::Save(_) | C::Attach(_) | C::Remove(_) | C::Submit(_) => out_of_state(),
            C::Accept | C::Refuse(_) | C::RecordStep(_) | C::Approve(_) | C::Deny(_) => out_of_state(),
            C::Issue | C::Deliver(_) | C::Withdraw(_) => out_of_state(),
        },
    }
}

/// When the clock next has something to do with this case, if ever.
pub fn next_tick_at(case: &Case) -> Option<DateTime<Utc>> {
    match &case.state {
        CaseState::Draft(draft) => Some(draft.expires_at),
        CaseState::Submitted(state) => Some(crate::domain::time::end_of_local_day(state.intake_due)),
        CaseState::Accepted(_) | CaseState::Decided(_) | CaseState::Closed(_) => None,
    }
}

pub(super) fn draft_expiry(at: DateTime<Utc>) -> DateTime<Utc> {
    at + TimeDelta::days(DRAFT_DAYS)
}

pub(super) fn act(by: &By, event: CaseEvent) -> Act {
    Act { by: by.clone(), event }
}

fn wrong_state(state: StateName, command: CommandName) -> Refusal {
    let (state, command) = (state.label(), command.label());
    Refusal::new(
        RefusalCode::WrongState,
        format!("办件当前状态为“{}”，不能执行“{}”。请刷新后按当前状态办理。", state.zh, command.zh),
        format!(
            "The case is in state “{}”, in which it is not possible to {}. Reload it and act on its present state.",
            state.en, command.en
        ),
    )
}
