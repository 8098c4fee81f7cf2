//! `PATCH /me` and `POST /me/close`: one's own account changed, and closed.

use actix_web::http::header::ETAG;
use actix_web::{HttpRequest, HttpResponse, patch, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Reply, required, wrong};
use crate::app::Ctx;
use crate::app::identity::Caller;
use crate::app::people::account::{self, ChangeRequest};
use crate::app::people::closing;
use crate::http::address::visitor;
use crate::http::extract::{Body, IfMatch, etag};
use crate::http::oauth::MeView;
use crate::http::problem::ProblemView;
use crate::http::v1::TextView;

/// What is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeMeBody {
    /// Until it is proven.
    pub name: Option<String>,
    /// A new number, with `code`.
    pub mobile: Option<String>,
    /// The code sent to the new number for `new_mobile`.
    pub code: Option<String>,
    /// `zh-CN` or `en`.
    pub language: Option<String>,
}

/// Changes name, number or language. A new number takes a sign-in of the last five
/// minutes, or two factors, and signs everything else out.
#[utoipa::path(tag = "people", operation_id = "change_me", request_body = ChangeMeBody, responses(
    (status = 200, body = MeView), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[patch("/me")]
pub async fn change_me(
    ctx: web::Data<Ctx>,
    request: HttpRequest,
    caller: Caller,
    version: IfMatch,
    body: Body<ChangeMeBody>,
) -> Reply {
    let ChangeMeBody { name, mobile, code, language } = body.value;
    let mobile = match (mobile, code) {
        (None, None) => None,
        (Some(mobile), Some(code)) => Some((mobile, code)),
        (Some(_), None) => {
            let zh = "请填写发到新号码的验证码。";
            return Err(wrong(vec![required("/code", zh, "Give the code sent to the new number.")]));
        }
        (None, Some(_)) => {
            return Err(wrong(vec![required("/mobile", "请填写新手机号码。", "Give the new number.")]));
        }
    };
    let change = ChangeRequest { name, mobile, language, expected_version: version.0 };
    let me = account::change(&ctx, &caller, visitor(&ctx, &request), change).await?;
    let tag = (ETAG, etag(account::version(&me.account)));
    Ok(HttpResponse::Ok().insert_header(tag).json(MeView::new(me, &caller)))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseBody {
    /// The code sent to one's number for `close_account`; left out after a sign-in
    /// of the last five minutes.
    pub code: Option<String>,
}

/// What is left of an account.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClosedView {
    pub closed_at: DateTime<Utc>,
    /// Cases that go on.
    pub open_cases: i64,
    pub detail: TextView,
}

/// 注销: closes one's account. Every session ends, the number is free; cases go on
/// and are found again after registering anew and proving one's identity.
#[utoipa::path(tag = "people", operation_id = "close_me", request_body = CloseBody, responses(
    (status = 200, body = ClosedView), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[post("/me/close")]
pub async fn close_me(
    ctx: web::Data<Ctx>,
    request: HttpRequest,
    caller: Caller,
    body: Body<CloseBody>,
) -> Reply {
    let visitor = visitor(&ctx, &request);
    let closed = closing::close(&ctx, &caller, visitor, body.value.code.as_deref()).await?;
    Ok(HttpResponse::Ok().json(ClosedView {
        closed_at: closed.at,
        open_cases: closed.open_cases,
        detail: closed.words.into(),
    }))
}
