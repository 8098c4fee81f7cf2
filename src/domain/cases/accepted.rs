//! Commands on an accepted case (办理中): the steps of the guide's flow, in their
//! order, and the decision by whoever takes the last one.

use chrono::{DateTime, Utc};

use super::case::{Accepted, Case};
use super::command::{ApproveCase, GiveGrounds, RecordStep};
use super::decide::{Act, Rules, act};
use super::event::{By, CaseEvent};
use super::opinions;
use super::submitted::grounds;
use crate::domain::guides::{DayUnit, Limit, Step, StepRole};
use crate::domain::refusal::{Refusal, RefusalCode};
use crate::domain::time::local_date;

/// 行政许可法 44: the decision is served within ten working days.
pub const DELIVERY_LIMIT: Limit = Limit { days: 10, unit: DayUnit::WorkingDay };

pub(super) fn record_step(
    state: &Accepted,
    rules: Rules<'_>,
    command: RecordStep,
    by: &By,
    at: DateTime<Utc>,
) -> Result<Vec<Act>, Refusal> {
    let step = turn(state, rules)?;
    if step.code != command.step {
        return Err(not_its_turn(step));
    }
    if is_last(state, rules) {
        return Err(Refusal::new(
            RefusalCode::WrongStep,
            format!("“{}”是最后一步，请作出准予或不予的决定。", step.name.zh),
            format!("“{}” is the last step: approve or deny instead.", step.name.en),
        ));
    }
    four_eyes(state, step, by)?;
    opinions::all_heard(state, step)?;
    let event = CaseEvent::StepRecorded { step: command.step, opinion: command.opinion.into() };
    let following = rules.guide.flow.get(state.steps.len() + 1);
    let mut acts = vec![act(by, event)];
    acts.extend(opinions::asked(rules, following, at).map(|event| act(by, event)));
    Ok(acts)
}

pub(super) fn approve(
    state: &Accepted,
    rules: Rules<'_>,
    command: ApproveCase,
    by: &By,
    at: DateTime<Utc>,
) -> Result<Vec<Act>, Refusal> {
    let step = deciding_step(state, rules, by)?;
    nothing_owed(state)?;
    Ok(vec![act(
        by,
        CaseEvent::Approved {
            step: step.code.clone(),
            opinion: command.opinion.into(),
            delivery_due: rules.calendar.due(local_date(at), DELIVERY_LIMIT),
        },
    )])
}

pub(super) fn deny(
    state: &Accepted,
    rules: Rules<'_>,
    command: GiveGrounds,
    by: &By,
    at: DateTime<Utc>,
) -> Result<Vec<Act>, Refusal> {
    let step = deciding_step(state, rules, by)?;
    Ok(vec![act(
        by,
        CaseEvent::Denied {
            step: step.code.clone(),
            grounds: grounds(command)?,
            delivery_due: rules.calendar.due(local_date(at), DELIVERY_LIMIT),
        },
    )])
}

/// Nothing is granted on a promise alone (容缺受理).
fn nothing_owed(state: &Accepted) -> Result<(), Refusal> {
    let Some(deferral) = state.deferral.as_ref().filter(|deferral| !deferral.owed.is_empty()) else {
        return Ok(());
    };
    let owed: Vec<&str> = deferral.owed.iter().map(String::as_str).collect();
    let owed = owed.join(", ");
    Err(Refusal::new(
        RefusalCode::WrongState,
        format!("容缺材料（{owed}）尚未补交，补交后才能准予。"),
        format!("Materials promised for later ({owed}) are not in yet; approve when they are."),
    ))
}

/// The step whose turn it is: the first of the flow not yet taken.
pub fn next_step<'a>(state: &Accepted, flow: &'a [Step]) -> Option<&'a Step> {
    flow.get(state.steps.len())
}

/// The role of whoever takes the step whose turn it is; of the first before acceptance, of
/// the last after the decision.
pub fn role_whose_turn(case: &Case, flow: &[Step]) -> StepRole {
    let step = match (case.state.in_progress(), case.state.accepted()) {
        (Some(accepted), _) => next_step(accepted, flow),
        (None, None) => flow.first(),
        (None, Some(_)) => flow.last(),
    };
    step.map_or(StepRole::Handler, |step| step.role)
}

fn turn<'a>(state: &Accepted, rules: Rules<'a>) -> Result<&'a Step, Refusal> {
    next_step(state, &rules.guide.flow).ok_or_else(|| {
        Refusal::new(RefusalCode::WrongStep, "流程各步均已办理。", "Every step of the flow has been taken.")
    })
}

fn is_last(state: &Accepted, rules: Rules<'_>) -> bool {
    state.steps.len() + 1 == rules.guide.flow.len()
}

fn deciding_step<'a>(state: &Accepted, rules: Rules<'a>, by: &By) -> Result<&'a Step, Refusal> {
    let step = turn(state, rules)?;
    if !is_last(state, rules) {
        return Err(not_its_turn(step));
    }
    four_eyes(state, step, by)?;
    opinions::all_heard(state, step)?;
    Ok(step)
}

fn not_its_turn(next: &Step) -> Refusal {
    Refusal::new(
        RefusalCode::WrongStep,
        format!("下一步应为“{}”（{}），请先办理该步骤。", next.name.zh, next.code),
        format!("The next step is “{}” ({}); record that one first.", next.name.en, next.code),
    )
}

fn four_eyes(state: &Accepted, step: &Step, by: &By) -> Result<(), Refusal> {
    let acted_before = state.steps.iter().any(|taken| taken.by.account() == by.account());
    if step.four_eyes && acted_before {
        return Err(Refusal::new(
            RefusalCode::SamePerson,
            format!("“{}”须由未参与前序步骤的人员办理。", step.name.zh),
            format!("“{}” must be taken by somebody who took no earlier step.", step.name.en),
        ));
    }
    Ok(())
}
