//! 特别程序 (行政许可法 45) and 延期 (行政许可法 42): how a decision's deadlines
//! move. The time of hearings, inspections and their like is not counted, however
//! many run at once; a limit is extended once.

use chrono::{DateTime, Utc};

use super::attention::said;
use super::case::{Accepted, Dues, Extension, OpenProcedure, Paused};
use super::command::{ExtendCase, PauseCase, ResumeCase};
use super::decide::{Act, Rules, act};
use super::draft::invalid;
use super::event::{AcceptanceBasis, By, CaseEvent};
use crate::domain::calendar::{Standstill, Stop};
use crate::domain::refusal::{FieldError, Refusal, RefusalCode};
use crate::domain::text::Text;
use crate::domain::time::local_date;

/// 行政许可法 42: at most ten working days.
const LONGEST_EXTENSION: u16 = 10;
/// What an applicant can be told to expect of a special procedure (practice).
const LONGEST_PROCEDURE: u16 = 250;

pub(super) fn pause(
    open: &[OpenProcedure],
    rules: Rules<'_>,
    command: PauseCase,
    by: &By,
) -> Result<Vec<Act>, Refusal> {
    let PauseCase { kind, reason, expected_days } = command;
    let reason = said("/reason", &reason)?;
    if !rules.guide.special_procedures.contains(&kind) {
        let text = Text::new(
            "办事指南没有规定这种特别程序。",
            "The guide does not provide for this special procedure.",
        );
        return Err(invalid(vec![FieldError::new("/kind", "not_offered", text)]));
    }
    if !(1..=LONGEST_PROCEDURE).contains(&expected_days) {
        let text = Text::new(
            "请填写预计所需的工作日（1 至 250），并书面告知申请人。",
            "Give the working days it will take (1 to 250); the applicant is told in writing.",
        );
        return Err(invalid(vec![FieldError::new("/expected_days", "out_of_range", text)]));
    }
    if open.iter().any(|procedure| procedure.kind == kind) {
        let name = kind.label();
        return Err(Refusal::new(
            RefusalCode::WrongState,
            format!("“{}”已在进行中。", name.zh),
            format!("The {} is under way already.", name.en),
        ));
    }
    Ok(vec![act(by, CaseEvent::Paused { kind, reason, expected_days })])
}

pub(super) fn resume(
    state: &Paused,
    rules: Rules<'_>,
    command: ResumeCase,
    by: &By,
    at: DateTime<Utc>,
) -> Result<Vec<Act>, Refusal> {
    let kind = command.kind;
    let Some(ending) = state.open.iter().find(|procedure| procedure.kind == kind) else {
        let name = kind.label();
        return Err(Refusal::new(
            RefusalCode::WrongState,
            format!("“{}”没有在进行。", name.zh),
            format!("No {} is under way.", name.en),
        ));
    };
    let is_last = state.open.len() == 1;
    let dues = is_last.then(|| {
        let mut stops = stops(&state.accepted);
        stops.push(stop(ending.from, at));
        dues(&state.accepted, rules, &stops, extension_days(&state.accepted))
    });
    Ok(vec![act(by, CaseEvent::Resumed { kind, dues })])
}

pub(super) fn extend(
    state: &Accepted,
    rules: Rules<'_>,
    command: ExtendCase,
    by: &By,
) -> Result<Vec<Act>, Refusal> {
    let reason = said("/reason", &command.reason)?;
    if state.extension.is_some() {
        return Err(Refusal::new(
            RefusalCode::WrongState,
            "本件已经延期一次，不能再延。",
            "The limit has been extended once and cannot be again.",
        )
        .article("《中华人民共和国行政许可法》第四十二条"));
    }
    if !(1..=LONGEST_EXTENSION).contains(&command.days) {
        let text = Text::new("延期为 1 至 10 个工作日。", "An extension is 1 to 10 working days.");
        return Err(invalid(vec![FieldError::new("/days", "out_of_range", text)])
            .article("《中华人民共和国行政许可法》第四十二条"));
    }
    let dues = dues(state, rules, &stops(state), command.days);
    Ok(vec![act(by, CaseEvent::Extended { days: command.days, reason, dues })])
}

/// The days the decision's clock stood still so far.
pub fn stops(state: &Accepted) -> Vec<Stop> {
    state.procedures.iter().map(|procedure| stop(procedure.from, procedure.until)).collect()
}

fn stop(from: DateTime<Utc>, until: DateTime<Utc>) -> Stop {
    Stop { from: local_date(from), until: local_date(until), why: Standstill::Procedure }
}

pub fn extension_days(state: &Accepted) -> u16 {
    state.extension.as_ref().map_or(0, |Extension { days, .. }| *days)
}

/// From when the decision's limits run.
pub fn counted_from(state: &Accepted) -> DateTime<Utc> {
    match state.acceptance.basis {
        AcceptanceBasis::Officer | AcceptanceBasis::Automatic => state.acceptance.at,
        AcceptanceBasis::Deemed => state.filing.complete_at(),
    }
}

fn dues(state: &Accepted, rules: Rules<'_>, stops: &[Stop], extension: u16) -> Dues {
    let start = local_date(counted_from(state));
    let limits = rules.guide.limits;
    let due = |limit| rules.calendar.add_around(start, limit, stops, extension).due;
    Dues { promised: due(limits.promised), legal: due(limits.legal) }
}
