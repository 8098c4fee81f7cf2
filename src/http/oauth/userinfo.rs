//! Who a token is for (OpenID Connect Core §5.3).

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpResponse, get, post, web};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::Ctx;
use crate::app::identity::Caller;
use crate::app::identity::oauth::{self, UserInfo};
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
        Self { sub: info.sub, name: info.name, phone_number: info.mobile, ial: info.ial }
    }
}

/// Who the token is for.
#[utoipa::path(tag = "oauth", operation_id = "userinfo", security(("bearer" = [])), responses(
    (status = 200, body = UserInfoView), (status = "4XX", body = ProblemView)
))]
#[get("/oauth2/userinfo")]
pub async fn userinfo(ctx: web::Data<Ctx>, caller: Caller) -> Reply {
    answer(&ctx, &caller).await
}

/// The same by POST; the token is in the header all the same (OpenID Connect Core §5.3.1).
#[utoipa::path(tag = "oauth", operation_id = "userinfo_by_post", security(("bearer" = [])), responses(
    (status = 200, body = UserInfoView), (status = "4XX", body = ProblemView)
))]
#[post("/oauth2/userinfo")]
pub async fn userinfo_by_post(ctx: web::Data<Ctx>, caller: Caller) -> Reply {
    answer(&ctx, &caller).await
}

async fn answer(ctx: &Ctx, caller: &Caller) -> Reply {
    let info = oauth::userinfo(ctx, caller).await?;
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(UserInfoView::from(info)))
}
