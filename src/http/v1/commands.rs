//! What is asked of a case, one path each: the same for every channel. The rules are
//! in `domain/cases`; here a body becomes an action.

use actix_web::{post, web};
use uuid::Uuid;

use super::case_views::CaseView;
use super::cases::{Reply, act};
use super::command_bodies::{
    AcceptDeferredBody, ApproveBody, CorrectionBody, DeliverBody, ExtendBody, GroundsBody, IssueBody, NoBody,
    OpinionBody, PauseBody, RateBody, ResumeBody, StepBody, SubmitBody, TransferBody, WithdrawBody,
    WordsBody,
};
use crate::app::Ctx;
use crate::app::cases::{Action, Request};
use crate::app::identity::Caller;
use crate::domain::cases::{AcceptDeferred, Ask, ExtendCase, GiveReply, PauseCase, RateService, ResumeCase};
use crate::http::extract::{Body, IfMatch, OnceKey};
use crate::http::problem::{Problem, ProblemView};
use crate::http::routes::Routes;

/// Defines one command's endpoint: path, body, and how the body becomes an action.
macro_rules! command {
    ($(#[doc = $doc:literal])+ $name:ident $path:literal $operation:literal $body:ident => $action:expr) => {
        $(#[doc = $doc])+
        #[utoipa::path(tag = "cases", operation_id = $operation, request_body = $body, responses(
            (status = 200, body = CaseView), (status = "4XX", body = ProblemView)
        ), security(("bearer" = [])))]
        #[post($path)]
        pub async fn $name(
            ctx: web::Data<Ctx>,
            caller: Caller,
            id: web::Path<Uuid>,
            version: IfMatch,
            once: OnceKey,
            body: Body<$body>,
        ) -> Reply {
            let claim = once.claim(&caller, body.digest);
            let to_action: fn($body) -> Result<Action, Problem> = $action;
            let action = to_action(body.value)?;
            act(&ctx, &caller, Request { case: *id, expected_version: version.0, claim, action }).await
        }
    };
}

command!(
    /// 提交: hands the draft in; gives the case its number.
    submit "/cases/{id}/submit" "submit_case" SubmitBody => |body| Ok(Action::Submit(body.promised))
);
command!(
    /// 受理: accepts the application; pins its deadlines.
    accept "/cases/{id}/accept" "accept_case" NoBody => |_| Ok(Action::Accept)
);
command!(
    /// 容缺受理: accepts while promised materials are still owed, by a day.
    accept_deferred "/cases/{id}/accept-deferred" "accept_case_deferred" AcceptDeferredBody => |body| Ok(Action::AcceptDeferred(AcceptDeferred { due: body.due }))
);
command!(
    /// 补正告知: asks, once, for everything that must be mended.
    request_correction "/cases/{id}/request-correction" "request_correction" CorrectionBody => CorrectionBody::action
);
command!(
    /// 补正: hands the corrections in.
    correct "/cases/{id}/correct" "correct_case" NoBody => |_| Ok(Action::Correct)
);
command!(
    /// 不予受理: refuses to accept, with reason, article and remedy.
    refuse "/cases/{id}/refuse" "refuse_case" GroundsBody => |body| Ok(Action::Refuse(body.into()))
);
command!(
    /// 转报: passes the application on to the agency that is competent.
    transfer "/cases/{id}/transfer" "transfer_case" TransferBody => TransferBody::action
);
command!(
    /// 特别程序: begins a hearing, an inspection or the like, whose time is not counted.
    pause "/cases/{id}/pause" "pause_case" PauseBody => |body| {
        let PauseBody { kind, reason, expected_days } = body;
        Ok(Action::Pause(PauseCase { kind, reason, expected_days }))
    }
);
command!(
    /// 特别程序结束: the clock goes on when the last one is over.
    resume "/cases/{id}/resume" "resume_case" ResumeBody => |body| Ok(Action::Resume(ResumeCase { kind: body.kind }))
);
command!(
    /// 延期: extends the time limit, once, by at most ten working days.
    extend "/cases/{id}/extend" "extend_case" ExtendBody => |body| Ok(Action::Extend(ExtendCase { days: body.days, reason: body.reason }))
);
command!(
    /// 环节办理: records the step of the flow whose turn it is.
    record_step "/cases/{id}/record-step" "record_step" StepBody => |body| Ok(Action::RecordStep(body.into()))
);
command!(
    /// 征求意见的答复: the opinion of a consulted agency.
    give_opinion "/cases/{id}/give-opinion" "give_opinion" OpinionBody => OpinionBody::action
);
command!(
    /// 准予: approves, as the last step of the flow.
    approve "/cases/{id}/approve" "approve_case" ApproveBody => |body| Ok(Action::Approve(body.into()))
);
command!(
    /// 不予: denies, as the last step of the flow, with reason, article and remedy.
    deny "/cases/{id}/deny" "deny_case" GroundsBody => |body| Ok(Action::Deny(body.into()))
);
command!(
    /// 制证: makes out the certificate or result letter, with what the agency determined.
    issue "/cases/{id}/issue" "issue_result" IssueBody => |body| Ok(Action::Issue(body.into()))
);
command!(
    /// 送达: serves the result and closes the case.
    deliver "/cases/{id}/deliver" "deliver_result" DeliverBody => |body| Ok(Action::Deliver(body.into()))
);
command!(
    /// 撤回: the applicant takes the application back.
    withdraw "/cases/{id}/withdraw" "withdraw_case" WithdrawBody => |body| Ok(Action::Withdraw(body.into()))
);
command!(
    /// 作废: declares an open case void; what it issued is revoked.
    void "/cases/{id}/void" "void_case" GroundsBody => |body| Ok(Action::Void(body.into()))
);
command!(
    /// 撤销: revokes what a closed case issued.
    revoke "/cases/{id}/revoke" "revoke_case" GroundsBody => |body| Ok(Action::Revoke(body.into()))
);
command!(
    /// 催办: the applicant asks how it stands; a reply is owed.
    urge "/cases/{id}/urge" "urge_case" WordsBody => |body| Ok(Action::Urge(Ask { text: body.text }))
);
command!(
    /// 督办: a superior asks how it stands; a reply is owed.
    supervise "/cases/{id}/supervise" "supervise_case" WordsBody => |body| Ok(Action::Supervise(Ask { text: body.text }))
);
command!(
    /// 答复: replies to the oldest reminder that waits.
    reply "/cases/{id}/reply" "reply_on_case" WordsBody => |body| Ok(Action::Reply(GiveReply { text: body.text }))
);
command!(
    /// 好差评: rates the service, once online and once for each visit on site.
    rate "/cases/{id}/rate" "rate_case" RateBody => |body| {
        Ok(Action::Rate(RateService { score: body.score, comment: body.comment }))
    }
);
command!(
    /// 整改: reports what was put right after a bad rating.
    rectify "/cases/{id}/rectify" "rectify_case" WordsBody => |body| Ok(Action::Rectify(GiveReply { text: body.text }))
);

/// Registers them all.
pub fn register(routes: &mut Routes<'_, '_>) {
    routes
        .service(submit)
        .service(accept)
        .service(accept_deferred)
        .service(request_correction)
        .service(correct)
        .service(refuse)
        .service(transfer)
        .service(pause)
        .service(resume)
        .service(extend)
        .service(record_step)
        .service(give_opinion)
        .service(approve)
        .service(deny)
        .service(issue)
        .service(deliver)
        .service(withdraw)
        .service(void)
        .service(revoke)
        .service(urge)
        .service(supervise)
        .service(reply)
        .service(rate)
        .service(rectify);
}
