//! What is asked of a case, as it comes in, and how it becomes a command.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{known_to, usable_certificates};
use crate::app::catalog::PublishedGuide;
use crate::app::ctx::Ctx;
use crate::app::error::{AppError, AppResult};
use crate::domain::cases::{
    AcceptDeferred, ApproveCase, Ask, Case, Command, CommandName, CorrectCase, DeliverCase, ExtendCase,
    GiveGrounds, GiveOpinion, GiveReply, IssueResults, PauseCase, RateService, RecordStep, RequestCorrection,
    ResumeCase, SaveCase, TransferCase, TransferTarget, WithdrawCase,
};
use crate::domain::refusal::FieldError;
use crate::domain::text::Text;

/// The commands as they come in, before what only the server knows is added.
#[derive(Debug, Clone)]
pub enum Action {
    Save(SaveCase),
    /// With the deferrable materials promised for later.
    Submit(BTreeSet<String>),
    Accept,
    AcceptDeferred(AcceptDeferred),
    RequestCorrection(RequestCorrection),
    Correct,
    Refuse(GiveGrounds),
    Transfer {
        to: TransferTo,
        reason: String,
    },
    Pause(PauseCase),
    Resume(ResumeCase),
    Extend(ExtendCase),
    RecordStep(RecordStep),
    GiveOpinion(GiveOpinion),
    Approve(ApproveCase),
    Deny(GiveGrounds),
    Issue(IssueResults),
    Deliver(DeliverCase),
    Withdraw(WithdrawCase),
    Void(GiveGrounds),
    Revoke(GiveGrounds),
    Urge(Ask),
    Supervise(Ask),
    Reply(GiveReply),
    Rate(RateService),
    Rectify(GiveReply),
}

impl Action {
    pub fn name(&self) -> CommandName {
        match self {
            Action::Save(_) => CommandName::Save,
            Action::Submit(_) => CommandName::Submit,
            Action::Accept => CommandName::Accept,
            Action::AcceptDeferred(_) => CommandName::AcceptDeferred,
            Action::RequestCorrection(_) => CommandName::RequestCorrection,
            Action::Correct => CommandName::Correct,
            Action::Refuse(_) => CommandName::Refuse,
            Action::Transfer { .. } => CommandName::Transfer,
            Action::Pause(_) => CommandName::Pause,
            Action::Resume(_) => CommandName::Resume,
            Action::Extend(_) => CommandName::Extend,
            Action::RecordStep(_) => CommandName::RecordStep,
            Action::GiveOpinion(_) => CommandName::GiveOpinion,
            Action::Approve(_) => CommandName::Approve,
            Action::Deny(_) => CommandName::Deny,
            Action::Issue(_) => CommandName::Issue,
            Action::Deliver(_) => CommandName::Deliver,
            Action::Withdraw(_) => CommandName::Withdraw,
            Action::Void(_) => CommandName::Void,
            Action::Revoke(_) => CommandName::Revoke,
            Action::Urge(_) => CommandName::Urge,
            Action::Supervise(_) => CommandName::Supervise,
            Action::Reply(_) => CommandName::Reply,
            Action::Rate(_) => CommandName::Rate,
            Action::Rectify(_) => CommandName::Rectify,
        }
    }
}

/// Where a case is to go that is another agency's to handle.
#[derive(Debug, Clone)]
pub enum TransferTo {
    /// A guide on this portal, by its code.
    Guide(String),
    /// An agency outside of it, by name.
    Outside(String),
}

/// What the kernel is told: the action, with what only the server knows added to it.
pub(super) async fn command(
    ctx: &Ctx,
    case: &Case,
    guide: &PublishedGuide,
    action: Action,
) -> AppResult<Command> {
    Ok(match action {
        Action::Submit(_) => return Err(AppError::Internal("a submission without a number".to_owned())),
        Action::Correct => {
            let party = case.opened.party;
            let certificates = known_to(party, usable_certificates(ctx, party, guide).await?);
            Command::Correct(Box::new(CorrectCase { certificates }))
        }
        Action::Transfer { to, reason } => {
            let to = transfer_target(ctx, to).await?;
            Command::Transfer(Box::new(TransferCase { to, reason }))
        }
        Action::Save(save) => Command::Save(save),
        Action::Accept => Command::Accept,
        Action::AcceptDeferred(deferred) => Command::AcceptDeferred(deferred),
        Action::RequestCorrection(request) => Command::RequestCorrection(request),
        Action::Refuse(grounds) => Command::Refuse(grounds),
        Action::Pause(pause) => Command::Pause(pause),
        Action::Resume(resume) => Command::Resume(resume),
        Action::Extend(extend) => Command::Extend(extend),
        Action::RecordStep(step) => Command::RecordStep(step),
        Action::GiveOpinion(opinion) => Command::GiveOpinion(opinion),
        Action::Approve(approve) => Command::Approve(approve),
        Action::Deny(grounds) => Command::Deny(grounds),
        Action::Issue(issue) => Command::Issue(issue),
        Action::Deliver(deliver) => Command::Deliver(deliver),
        Action::Withdraw(withdraw) => Command::Withdraw(withdraw),
        Action::Void(grounds) => Command::Void(grounds),
        Action::Revoke(grounds) => Command::Revoke(grounds),
        Action::Urge(ask) => Command::Urge(ask),
        Action::Supervise(ask) => Command::Supervise(ask),
        Action::Reply(reply) => Command::Reply(reply),
        Action::Rate(rate) => Command::Rate(rate),
        Action::Rectify(report) => Command::Rectify(report),
    })
}

async fn transfer_target(ctx: &Ctx, to: TransferTo) -> AppResult<TransferTarget> {
    let code = match to {
        TransferTo::Outside(agency) => return Ok(TransferTarget::Outside { agency }),
        TransferTo::Guide(code) => code,
    };
    let found = ctx.catalogue.current(&code).await?.filter(|guide| !guide.is_closed(ctx.clock.now()));
    let found = found.ok_or_else(|| {
        let words = Text::new("没有这个在办的办事指南。", "There is no such guide in force.");
        AppError::Invalid(vec![FieldError::new("/guide_code", "unknown", words)])
    })?;
    let guide = Arc::new(found.guide.clone());
    let agency_name = ctx.store.find_agency(guide.agency.clone()).await?.map(|agency| agency.name);
    Ok(TransferTarget::Guide { guide, version: found.version, agency_name })
}
