//! `/api/v1/cases`: the same paths for every channel.

use actix_web::http::header::{ETAG, LOCATION};
use actix_web::{HttpResponse, get, patch, post, web};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use super::case_views::{CaseLineView, CaseView};
use super::{Page, PageQuery, TextBody};
use crate::app::Ctx;
use crate::app::cases::{self, Action, ApplicantRef, CaseReply, ListRequest, OpenRequest, Request};
use crate::app::identity::Caller;
use crate::app::once::Answer;
use crate::domain::cases::{
    ApproveCase, DeliverCase, GiveGrounds, RecordStep, SaveCase, StateName, WithdrawCase,
};
use crate::domain::codes::ResidentId;
use crate::domain::guides::{Delivery, Facts};
use crate::http::extract::{Body, IfMatch, OnceKey, Query, etag, mark_replay};
use crate::http::problem::{Problem, ProblemView};

type Reply = Result<HttpResponse, Problem>;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenBody {
    pub guide_code: String,
    /// Required when the guide has scenarios.
    pub scenario: Option<String>,
    /// Left out: the caller himself.
    pub applicant: Option<ApplicantBody>,
    /// First answers to the form.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub facts: Map<String, Value>,
    /// Submit at once.
    #[serde(default)]
    pub submit: bool,
}

/// Whom a case is for, when not for the caller.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApplicantBody {
    /// A person who mandated the caller.
    pub person_id: Option<Uuid>,
    /// Staff at a counter: the name on the card the applicant shows…
    pub name: Option<String>,
    /// …and its number.
    pub id_number: Option<String>,
}

impl ApplicantBody {
    pub(super) fn parse(body: Option<Self>) -> Result<ApplicantRef, Problem> {
        let Some(body) = body else { return Ok(ApplicantRef::Myself) };
        match (body.person_id, body.name, body.id_number) {
            (Some(person), None, None) => Ok(ApplicantRef::Person(person)),
            (None, Some(name), Some(number)) => {
                let id_number = ResidentId::parse(&number)
                    .map_err(|error| super::invalid("/applicant/id_number", error.code, error.detail))?;
                let name = name.trim().to_owned();
                Ok(ApplicantRef::Present { name, id_number })
            }
            _ => Err(super::invalid(
                "/applicant",
                "invalid",
                crate::domain::text::Text::new(
                    "请提供 person_id，或同时提供 name 和 id_number。",
                    "Give either `person_id`, or both `name` and `id_number`.",
                ),
            )),
        }
    }
}

/// Opens a case: a draft, or, with `submit`, an application handed in at once.
#[utoipa::path(tag = "cases", operation_id = "open_case", request_body = OpenBody, responses(
    (status = 201, body = CaseView), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[post("/cases")]
pub async fn open(ctx: web::Data<Ctx>, caller: Caller, once: OnceKey, body: Body<OpenBody>) -> Reply {
    let claim = once.claim(&caller, body.digest);
    let body = body.value;
    let request = OpenRequest {
        guide: body.guide_code,
        scenario: body.scenario,
        applicant: ApplicantBody::parse(body.applicant)?,
        facts: Facts::from(body.facts),
        submit: body.submit,
        claim,
    };
    let answer = cases::open(&ctx, &caller, request).await?;
    let location = format!("/api/v1/cases/{}", answer.value.case.id);
    Ok(respond(HttpResponse::Created().insert_header((LOCATION, location)), &answer))
}

/// One case.
#[utoipa::path(tag = "cases", operation_id = "read_case", responses(
    (status = 200, body = CaseView), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[get("/cases/{id}")]
pub async fn read(ctx: web::Data<Ctx>, caller: Caller, id: web::Path<Uuid>) -> Reply {
    let value = cases::read(&ctx, &caller, *id).await?;
    Ok(respond(&mut HttpResponse::Ok(), &Answer::first(value)))
}

/// Saves answers: a JSON merge patch (RFC 7396) on the facts of a draft.
#[utoipa::path(tag = "cases", operation_id = "save_facts", request_body = Object, responses(
    (status = 200, body = CaseView), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[patch("/cases/{id}/facts")]
pub async fn save(
    ctx: web::Data<Ctx>,
    caller: Caller,
    id: web::Path<Uuid>,
    version: IfMatch,
    body: Body<Map<String, Value>>,
) -> Reply {
    let action = Action::Save(SaveCase { patch: body.value });
    act(&ctx, &caller, Request { case: *id, expected_version: version.0, claim: None, action }).await
}

/// No arguments.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoBody {}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GroundsBody {
    pub reason: String,
    /// The legal article the decision rests on.
    pub article: String,
    /// Left out: the statutory remedy.
    pub remedy: Option<TextBody>,
}

impl From<GroundsBody> for GiveGrounds {
    fn from(body: GroundsBody) -> Self {
        GiveGrounds { reason: body.reason, article: body.article, remedy: body.remedy.map(Into::into) }
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StepBody {
    /// The step's code in the guide's flow.
    pub step: String,
    #[serde(default)]
    pub opinion: String,
}

impl From<StepBody> for RecordStep {
    fn from(body: StepBody) -> Self {
        RecordStep { step: body.step, opinion: body.opinion }
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApproveBody {
    #[serde(default)]
    pub opinion: String,
}

impl From<ApproveBody> for ApproveCase {
    fn from(body: ApproveBody) -> Self {
        ApproveCase { opinion: body.opinion }
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeliverBody {
    /// `self_collect`, `courier` or `electronic`, as the guide offers.
    #[schema(value_type = String)]
    pub method: Delivery,
    /// Courier number, or the name of who collected it.
    #[serde(default)]
    pub proof: String,
}

impl From<DeliverBody> for DeliverCase {
    fn from(body: DeliverBody) -> Self {
        DeliverCase { method: body.method, proof: body.proof }
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WithdrawBody {
    #[serde(default)]
    pub reason: String,
}

impl From<WithdrawBody> for WithdrawCase {
    fn from(body: WithdrawBody) -> Self {
        WithdrawCase { reason: body.reason }
    }
}

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
            let to_action: fn($body) -> Action = $action;
            let action = to_action(body.value);
            act(&ctx, &caller, Request { case: *id, expected_version: version.0, claim, action }).await
        }
    };
}

command!(
    /// 提交: hands the draft in; gives the case its number.
    submit "/cases/{id}/submit" "submit_case" NoBody => |_| Action::Submit
);
command!(
    /// 受理: accepts the application; pins its deadlines.
    accept "/cases/{id}/accept" "accept_case" NoBody => |_| Action::Accept
);
command!(
    /// 不予受理: refuses to accept, with reason, article and remedy.
    refuse "/cases/{id}/refuse" "refuse_case" GroundsBody => |body| Action::Refuse(body.into())
);
command!(
    /// 环节办理: records the step of the flow whose turn it is.
    record_step "/cases/{id}/record-step" "record_step" StepBody => |body| Action::RecordStep(body.into())
);
command!(
    /// 准予: approves, as the last step of the flow.
    approve "/cases/{id}/approve" "approve_case" ApproveBody => |body| Action::Approve(body.into())
);
command!(
    /// 不予: denies, as the last step of the flow, with reason, article and remedy.
    deny "/cases/{id}/deny" "deny_case" GroundsBody => |body| Action::Deny(body.into())
);
command!(
    /// 制证: makes out the certificate or result letter.
    issue "/cases/{id}/issue" "issue_result" NoBody => |_| Action::Issue
);
command!(
    /// 送达: serves the result and closes the case.
    deliver "/cases/{id}/deliver" "deliver_result" DeliverBody => |body| Action::Deliver(body.into())
);
command!(
    /// 撤回: the applicant takes the application back.
    withdraw "/cases/{id}/withdraw" "withdraw_case" WithdrawBody => |body| Action::Withdraw(body.into())
);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    state: Option<String>,
    guide: Option<String>,
    limit: Option<i64>,
    after: Option<String>,
}

impl ListQuery {
    fn parse(self) -> Result<ListRequest, Problem> {
        let page = PageQuery { limit: self.limit, after: self.after };
        let state = match self.state {
            None => None,
            Some(text) => Some(StateName::parse(&text).ok_or_else(|| unknown_state(&text))?),
        };
        Ok(ListRequest { state, guide: self.guide, limit: page.limit()?, after: page.after_id()? })
    }
}

fn unknown_state(_: &str) -> Problem {
    let known = StateName::ALL.map(StateName::as_str).join(", ");
    super::invalid(
        "?state",
        "not_an_option",
        crate::domain::text::Text::new(format!("可用：{known}。"), format!("Expected one of: {known}.")),
    )
}

/// The caller's own cases and those of his principals, newest first.
#[utoipa::path(tag = "me", operation_id = "list_my_cases", params(
    ("state" = Option<String>, Query), ("guide" = Option<String>, Query),
    ("limit" = Option<i64>, Query), ("after" = Option<String>, Query),
), responses(
    (status = 200, body = Page<CaseLineView>), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[get("/me/cases")]
pub async fn list_mine(ctx: web::Data<Ctx>, caller: Caller, query: Query<ListQuery>) -> Reply {
    let request = query.0.parse()?;
    let limit = request.limit;
    let replies = cases::list_mine(&ctx, &caller, request).await?;
    Ok(HttpResponse::Ok().json(page(&ctx, &replies, limit)))
}

fn page(ctx: &Ctx, replies: &[CaseReply], limit: i64) -> Page<CaseLineView> {
    let at = ctx.clock.now();
    let calendar = ctx.calendar.current();
    let items = replies.iter().map(|reply| CaseLineView::of(reply, &calendar, at)).collect();
    Page::new(items, limit, |line: &CaseLineView| line.id.to_string())
}

async fn act(ctx: &Ctx, caller: &Caller, request: Request) -> Reply {
    let answer = cases::act(ctx, caller, request).await?;
    Ok(respond(&mut HttpResponse::Ok(), &answer))
}

pub(super) fn respond(
    response: &mut actix_web::HttpResponseBuilder,
    answer: &Answer<CaseReply>,
) -> HttpResponse {
    response.insert_header((ETAG, etag(answer.value.case.version)));
    mark_replay(response, answer);
    response.json(CaseView::from(&answer.value))
}
