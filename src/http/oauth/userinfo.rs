//! Who a token is for (OpenID Connect Core §5.3), and signing out by way of a
//! client (OpenID Connect RP-Initiated Logout).

use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::form::parameters;
use crate::app::Ctx;
use crate::app::identity::Caller;
use crate::app::identity::oauth::{self, EndSession, UserInfo};
use crate::http::extract::Accepted;
use crate::http::pages;
use crate::http::problem::{Problem, ProblemView};

type Reply = Result<HttpResponse, Problem>;

#[derive(Debug, Serialize, ToSchema)]
pub struct UserInfoView {
    pub sub: String,
    /// With the scope `profile`; masked for third parties.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// With the scope `profile`; always masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
    /// How well the person is known, 1–4.
    pub ial: u8,
}

impl From<UserInfo> for UserInfoView {
    fn from(info: UserInfo) -> Self {
        Self { sub: info.sub.to_string(), name: info.name, phone_number: info.mobile, ial: info.ial }
    }
}

/// Who the token is for.
#[utoipa::path(tag = "oauth", operation_id = "userinfo", security(("bearer" = [])), responses(
    (status = 200, body = UserInfoView), (status = "4XX", body = ProblemView)
))]
#[get("/oauth2/userinfo")]
pub async fn userinfo(ctx: web::Data<Ctx>, caller: Caller) -> Reply {
    let info = oauth::userinfo(&ctx, &caller).await?;
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(UserInfoView::from(info)))
}

/// Ends the session named by `id_token_hint`, then goes to the registered
/// `post_logout_redirect_uri`, or says that it is done.
#[utoipa::path(tag = "oauth", operation_id = "end_session", params(
    ("id_token_hint" = Option<String>, Query), ("client_id" = Option<String>, Query),
    ("post_logout_redirect_uri" = Option<String>, Query), ("state" = Option<String>, Query),
), responses((status = 200, content_type = "text/html", body = String), (status = 303)))]
#[get("/oauth2/end_session")]
pub async fn end_session(ctx: web::Data<Ctx>, request: HttpRequest, language: Accepted) -> Reply {
    let parameters = parameters(request.query_string())?;
    let wanted = EndSession {
        id_token_hint: parameters.get("id_token_hint"),
        client: parameters.get("client_id"),
        post_logout_redirect_uri: parameters.get("post_logout_redirect_uri"),
        state: parameters.get("state"),
    };
    let ended = oauth::end_session(&ctx, wanted).await?;
    Ok(match ended {
        oauth::Ended::GoTo(location) => HttpResponse::SeeOther().insert_header((LOCATION, location)).finish(),
        oauth::Ended::Here => pages::signed_out(language.0),
        oauth::Ended::Nothing => pages::nothing_ended(language.0),
    })
}
