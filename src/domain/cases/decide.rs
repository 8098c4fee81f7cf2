//! The kernel: `decide(case, rules, command, by, at)` says which events follow
//! from a command, or why none may. It is a pure function and cannot see the
//! channel a request came through: 同源同质输出.
//!
//! One function per command that exists in a state. The tables below are the whole
//! of what can happen; they have no catch-all, so that a new state or command does
//! not compile until every cell is answered.

use chrono::{DateTime, TimeDelta, Utc};

use super::case::{Accepted, Case, CaseState, Closed, Correcting, Decided, Draft, Ending, Paused, Submitted};
use super::command::{Command, OpenCase};
use super::command_name::CommandName;
use super::event::{By, CaseEvent, Urgency};
use super::{
    accepted, attention, correcting, decided, draft, ended, opinions, procedures, submitted, timers,
};
use crate::domain::calendar::WorkCalendar;
use crate::domain::codes::RegionCode;
use crate::domain::guides::{DayUnit, Guide, Limit};
use crate::domain::refusal::{Refusal, RefusalCode};

/// How long an untouched draft is kept (practice; stated to the applicant).
pub(super) const DRAFT_LIMIT: Limit = Limit { days: 30, unit: DayUnit::CalendarDay };

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
    let whole = rules.guide;
    let rules = Rules { guide: whole.handled_as(case.opened.scenario.as_deref()), ..rules };
    let name = command.name();
    let (mut acts, now) = timers::catch_up(case, rules, at).map_err(|_| wrong_state(case, name))?;
    let now = now.as_ref().unwrap_or(case);
    if fills_in_draft(now, &command) {
        draft::handed_in_by(now, whole)?;
    }
    if !matches!(command, Command::Tick) {
        acts.extend(respond(now, rules, command, by, at)?);
    }
    Ok(acts)
}

/// What is put into a draft, or made of it, must fit the guide in force; what is taken out
/// of it need not.
fn fills_in_draft(case: &Case, command: &Command) -> bool {
    matches!(case.state, CaseState::Draft(_))
        && matches!(command, Command::Save(_) | Command::Attach(_) | Command::Submit(_))
}

fn respond(
    case: &Case,
    rules: Rules<'_>,
    command: Command,
    by: &By,
    at: DateTime<Utc>,
) -> Result<Vec<Act>, Refusal> {
    match (&case.state, command) {
        (_, Command::Tick) => Ok(Vec::new()),
        (state, Command::Urge(ask)) if is_open(state) => {
            attention::ask(case, rules, Urgency::Reminder, ask, by, at)
        }
        (state, Command::Supervise(ask)) if is_open(state) => {
            attention::ask(case, rules, Urgency::Supervision, ask, by, at)
        }
        (state, Command::Reply(answer)) if state.filing().is_some() => attention::reply(case, answer, by),
        (state, Command::Rate(rate)) if state.filing().is_some() => {
            attention::rate(case, rules, rate, by, at)
        }
        (state, Command::Rectify(answer)) if state.filing().is_some() => attention::rectify(case, answer, by),
        (CaseState::Draft(draft), command) => on_draft(case, draft, rules, command, by, at),
        (CaseState::Submitted(state), command) => on_submitted(case, state, rules, command, by, at),
        (CaseState::Correcting(state), command) => on_correcting(case, state, rules, command, by, at),
        (CaseState::Accepted(state), command) => on_accepted(case, state, rules, command, by, at),
        (CaseState::Paused(state), command) => on_paused(case, state, rules, command, by, at),
        (CaseState::Decided(state), command) => on_decided(case, state, rules, command, by, at),
        (CaseState::Closed(state), command) => on_closed(case, state, command, by),
    }
}

/// Filed and not closed: somebody still owes the applicant something.
fn is_open(state: &CaseState) -> bool {
    state.filing().is_some() && state.as_closed().is_none()
}

fn on_draft(
    case: &Case,
    draft: &Draft,
    rules: Rules<'_>,
    command: Command,
    by: &By,
    at: DateTime<Utc>,
) -> Result<Vec<Act>, Refusal> {
    use Command as C;
    let name = command.name();
    match command {
        C::Save(save) => draft::save(draft, rules, save, by, at),
        C::Attach(attach) => draft::attach(case, rules, attach, by, at),
        C::Remove(remove) => draft::remove(draft, remove, by, at),
        C::Submit(submit) => submitted::submit(case, draft, rules, *submit, by, at),
        C::Accept | C::AcceptDeferred(_) | C::RequestCorrection(_) | C::Correct(_) => refused(case, name),
        C::Refuse(_) | C::Transfer(_) | C::Pause(_) | C::Resume(_) | C::Extend(_) => refused(case, name),
        C::RecordStep(_) | C::GiveOpinion(_) | C::Approve(_) | C::Deny(_) => refused(case, name),
        C::Issue(_) | C::Deliver(_) | C::Withdraw(_) | C::Void(_) | C::Revoke(_) => refused(case, name),
        C::Urge(_) | C::Supervise(_) | C::Reply(_) | C::Rate(_) | C::Rectify(_) => refused(case, name),
        C::Tick => refused(case, name),
    }
}

fn on_submitted(
    case: &Case,
    state: &Submitted,
    rules: Rules<'_>,
    command: Command,
    by: &By,
    at: DateTime<Utc>,
) -> Result<Vec<Act>, Refusal> {
    use Command as C;
    let name = command.name();
    match command {
        C::Accept => submitted::accept(state, rules, by, at),
        C::AcceptDeferred(deferred) => submitted::accept_deferred(state, rules, deferred, by, at),
        C::RequestCorrection(request) => correcting::request(state, rules, request, by, at),
        C::Refuse(refuse) => submitted::refuse(refuse, by),
        C::Transfer(transfer) => submitted::transfer(case, *transfer, by),
        C::Withdraw(withdraw) => ended::withdraw(withdraw, by),
        C::Void(grounds) => ended::void(grounds, by),
        C::Save(_) | C::Attach(_) | C::Remove(_) | C::Submit(_) | C::Correct(_) => refused(case, name),
        C::Pause(_) | C::Resume(_) | C::Extend(_) | C::RecordStep(_) => refused(case, name),
        C::GiveOpinion(_) | C::Approve(_) | C::Deny(_) | C::Issue(_) | C::Deliver(_) => refused(case, name),
        C::Urge(_) | C::Supervise(_) | C::Reply(_) | C::Rate(_) | C::Rectify(_) => refused(case, name),
        C::Revoke(_) | C::Tick => refused(case, name),
    }
}

fn on_correcting(
    case: &Case,
    state: &Correcting,
    rules: Rules<'_>,
    command: Command,
    by: &By,
    at: DateTime<Utc>,
) -> Result<Vec<Act>, Refusal> {
    use Command as C;
    let name = command.name();
    match command {
        C::Save(save) => correcting::mend(state, rules, save, by, at),
        C::Attach(attach) => correcting::supply(case, state, rules, attach, by, at),
        C::Correct(correct) => correcting::correct(case, state, rules, *correct, by, at),
        C::Withdraw(withdraw) => ended::withdraw(withdraw, by),
        C::Void(grounds) => ended::void(grounds, by),
        C::Remove(_) | C::Submit(_) | C::Accept | C::AcceptDeferred(_) => refused(case, name),
        C::RequestCorrection(_) | C::Refuse(_) | C::Transfer(_) => refused(case, name),
        C::Pause(_) | C::Resume(_) | C::Extend(_) | C::RecordStep(_) => refused(case, name),
        C::GiveOpinion(_) | C::Approve(_) | C::Deny(_) | C::Issue(_) | C::Deliver(_) => refused(case, name),
        C::Urge(_) | C::Supervise(_) | C::Reply(_) | C::Rate(_) | C::Rectify(_) => refused(case, name),
        C::Revoke(_) | C::Tick => refused(case, name),
    }
}

fn on_accepted(
    case: &Case,
    state: &Accepted,
    rules: Rules<'_>,
    command: Command,
    by: &By,
    at: DateTime<Utc>,
) -> Result<Vec<Act>, Refusal> {
    use Command as C;
    let name = command.name();
    match command {
        C::Attach(attach) => submitted::supply(case, state, rules, attach, by, at),
        C::Pause(pause) => procedures::pause(&[], rules, pause, by),
        C::Extend(extend) => procedures::extend(state, rules, extend, by),
        C::RecordStep(step) => accepted::record_step(state, rules, step, by, at),
        C::GiveOpinion(opinion) => opinions::give(state, opinion, by),
        C::Approve(step) => accepted::approve(state, rules, step, by, at),
        C::Deny(deny) => accepted::deny(state, rules, deny, by, at),
        C::Withdraw(withdraw) => ended::withdraw(withdraw, by),
        C::Void(grounds) => ended::void(grounds, by),
        C::Save(_) | C::Remove(_) | C::Submit(_) | C::Accept => refused(case, name),
        C::AcceptDeferred(_) | C::RequestCorrection(_) | C::Correct(_) => refused(case, name),
        C::Refuse(_) | C::Transfer(_) | C::Resume(_) | C::Issue(_) | C::Deliver(_) => refused(case, name),
        C::Urge(_) | C::Supervise(_) | C::Reply(_) | C::Rate(_) | C::Rectify(_) => refused(case, name),
        C::Revoke(_) | C::Tick => refused(case, name),
    }
}

fn on_paused(
    case: &Case,
    state: &Paused,
    rules: Rules<'_>,
    command: Command,
    by: &By,
    at: DateTime<Utc>,
) -> Result<Vec<Act>, Refusal> {
    use Command as C;
    let name = command.name();
    match command {
        C::Attach(attach) => submitted::supply(case, &state.accepted, rules, attach, by, at),
        C::Pause(pause) => procedures::pause(&state.open, rules, pause, by),
        C::Resume(resume) => procedures::resume(state, rules, resume, by, at),
        C::GiveOpinion(opinion) => opinions::give(&state.accepted, opinion, by),
        C::Withdraw(withdraw) => ended::withdraw(withdraw, by),
        C::Void(grounds) => ended::void(grounds, by),
        C::Save(_) | C::Remove(_) | C::Submit(_) | C::Accept => refused(case, name),
        C::AcceptDeferred(_) | C::RequestCorrection(_) | C::Correct(_) => refused(case, name),
        C::Refuse(_) | C::Transfer(_) | C::Extend(_) | C::RecordStep(_) => refused(case, name),
        C::Approve(_) | C::Deny(_) | C::Issue(_) | C::Deliver(_) => refused(case, name),
        C::Urge(_) | C::Supervise(_) | C::Reply(_) | C::Rate(_) | C::Rectify(_) => refused(case, name),
        C::Revoke(_) | C::Tick => refused(case, name),
    }
}

fn on_decided(
    case: &Case,
    state: &Decided,
    rules: Rules<'_>,
    command: Command,
    by: &By,
    at: DateTime<Utc>,
) -> Result<Vec<Act>, Refusal> {
    use Command as C;
    let name = command.name();
    match command {
        C::Issue(issue) => decided::issue(state, rules, issue, by, at),
        C::Deliver(deliver) => decided::deliver(state, rules, deliver, by),
        C::Void(grounds) => ended::void(grounds, by),
        C::Save(_) | C::Attach(_) | C::Remove(_) | C::Submit(_) | C::Accept => refused(case, name),
        C::AcceptDeferred(_) | C::RequestCorrection(_) | C::Correct(_) => refused(case, name),
        C::Refuse(_) | C::Transfer(_) | C::Pause(_) | C::Resume(_) | C::Extend(_) => refused(case, name),
        C::RecordStep(_) | C::GiveOpinion(_) | C::Approve(_) | C::Deny(_) => refused(case, name),
        C::Withdraw(_) | C::Revoke(_) | C::Tick => refused(case, name),
        C::Urge(_) | C::Supervise(_) | C::Reply(_) | C::Rate(_) | C::Rectify(_) => refused(case, name),
    }
}

fn on_closed(case: &Case, state: &Closed, command: Command, by: &By) -> Result<Vec<Act>, Refusal> {
    use Command as C;
    let name = command.name();
    match command {
        C::Revoke(grounds) if matches!(state.ending, Ending::Issued { .. }) => ended::revoke(grounds, by),
        C::Save(_) | C::Attach(_) | C::Remove(_) | C::Submit(_) | C::Accept => refused(case, name),
        C::AcceptDeferred(_) | C::RequestCorrection(_) | C::Correct(_) => refused(case, name),
        C::Refuse(_) | C::Transfer(_) | C::Pause(_) | C::Resume(_) | C::Extend(_) => refused(case, name),
        C::RecordStep(_) | C::GiveOpinion(_) | C::Approve(_) | C::Deny(_) => refused(case, name),
        C::Issue(_) | C::Deliver(_) | C::Withdraw(_) | C::Void(_) | C::Revoke(_) => refused(case, name),
        C::Urge(_) | C::Supervise(_) | C::Reply(_) | C::Rate(_) | C::Rectify(_) => refused(case, name),
        C::Tick => refused(case, name),
    }
}

pub(super) fn draft_expiry(at: DateTime<Utc>) -> DateTime<Utc> {
    at + TimeDelta::days(DRAFT_LIMIT.days.into())
}

pub(super) fn act(by: &By, event: CaseEvent) -> Act {
    Act { by: by.clone(), event }
}

fn refused<T>(case: &Case, command: CommandName) -> Result<T, Refusal> {
    Err(wrong_state(case, command))
}

fn wrong_state(case: &Case, command: CommandName) -> Refusal {
    let (state, command) = (case.state.name().label(), command.label());
    Refusal::new(
        RefusalCode::WrongState,
        format!("办件当前状态为“{}”，不能执行“{}”。请刷新后按当前状态办理。", state.zh, command.zh),
        format!(
            "The case is in state “{}”, in which it is not possible to {}. Reload it and act on its present state.",
            state.en, command.en
        ),
    )
}
