//! Ends that somebody puts to a case: 撤回 by the applicant, 作废 and 撤销 by the
//! agency.

use super::command::{GiveGrounds, WithdrawCase};
use super::decide::{Act, act};
use super::event::{By, CaseEvent};
use super::submitted::grounds;
use crate::domain::refusal::Refusal;

pub(super) fn withdraw(command: WithdrawCase, by: &By) -> Result<Vec<Act>, Refusal> {
    Ok(vec![act(by, CaseEvent::Withdrawn { reason: command.reason.into() })])
}

/// 作废 of an open case; what it has issued is revoked with it.
pub(super) fn void(command: GiveGrounds, by: &By) -> Result<Vec<Act>, Refusal> {
    Ok(vec![act(by, CaseEvent::Voided { grounds: grounds(command)? })])
}

/// 撤销 of what was issued (行政许可法 69).
pub(super) fn revoke(command: GiveGrounds, by: &By) -> Result<Vec<Act>, Refusal> {
    Ok(vec![act(by, CaseEvent::Revoked { grounds: grounds(command)? })])
}
