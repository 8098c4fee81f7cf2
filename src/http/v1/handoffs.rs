//! 接续码: going on with a case at another channel.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpRequest, HttpResponse, post, web};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::case_views::CaseView;
use super::cases::respond;
use super::command_bodies::NoBody;
use crate::app::Ctx;
use crate::app::cases;
use crate::app::identity::Caller;
use crate::http::address::address;
use crate::http::extract::{Body, OnceKey};
use crate::http::problem::{Problem, ProblemView};

/// Shown once.
#[derive(Serialize, ToSchema)]
pub struct HandoffView {
    /// Eight letters in two groups.
    pub code: String,
    pub expires_at: DateTime<Utc>,
}

/// Gives a code by which the case goes on at another channel: good for thirty minutes,
/// once. One given before is good no more.
#[utoipa::path(tag = "cases", operation_id = "hand_off_case", request_body = NoBody, responses(
    (status = 201, body = HandoffView), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[post("/cases/{id}/handoff")]
pub async fn hand_off(
    ctx: web::Data<Ctx>,
    caller: Caller,
    id: web::Path<Uuid>,
    _body: Body<NoBody>,
) -> Result<HttpResponse, Problem> {
    let handed = cases::hand_off(&ctx, &caller, *id).await?;
    let view = HandoffView { code: handed.code.to_string(), expires_at: handed.expires_at };
    Ok(HttpResponse::Created().insert_header((CACHE_CONTROL, "no-store")).json(view))
}

/// Enters a code: the applicant's side finds its case; an officer at a counter may help
/// with a draft until the day ends.
#[utoipa::path(tag = "cases", operation_id = "open_handoff", request_body = NoBody, responses(
    (status = 200, body = CaseView), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[post("/handoffs/{code}/open")]
pub async fn open_handoff(
    ctx: web::Data<Ctx>,
    request: HttpRequest,
    caller: Caller,
    code: web::Path<String>,
    once: OnceKey,
    body: Body<NoBody>,
) -> Result<HttpResponse, Problem> {
    let claim = once.claim(&caller, body.digest);
    let answer = cases::open_handoff(&ctx, &caller, address(&request), &code, claim).await?;
    Ok(respond(&mut HttpResponse::Ok(), &answer))
}
