//! `/api/v1/cases`: the same paths for every channel.

use actix_web::http::header::{ETAG, LOCATION};
use actix_web::{HttpResponse, get, patch, post, web};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use super::case_views::{CaseLineView, CaseView};
use super::{Page, PageQuery};
use crate::app::Ctx;
use crate::app::cases::{self, Action, ApplicantRef, CaseReply, ListRequest, OpenRequest, Request};
use crate::app::identity::Caller;
use crate::app::once::Answer;
use crate::domain::cases::{SaveCase, StateName};
use crate::domain::codes::ResidentId;
use crate::domain::guides::Facts;
use crate::http::extract::{Body, IfMatch, OnceKey, Query, etag, mark_replay};
use crate::http::problem::{Problem, ProblemView};

pub(super) type Reply = Result<HttpResponse, Problem>;

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
        let (limit, after) = (page.limit()?, page.after_id()?);
        Ok(ListRequest { state, guide: self.guide, agency: None, limit, after })
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

pub(super) async fn act(ctx: &Ctx, caller: &Caller, request: Request) -> Reply {
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
