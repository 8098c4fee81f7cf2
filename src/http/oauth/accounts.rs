//! `/api/v1/accounts`: registering, in two steps: a code to the mobile number,
//! then the account.

use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::Ctx;
use crate::app::identity::accounts::{self, RegisterRequest};
use crate::app::identity::one_time_codes;
use crate::domain::identity::{Purpose, sms_code};
use crate::http::address::visitor;
use crate::http::extract::{Body, OnceKey, mark_replay};
use crate::http::problem::{Problem, ProblemView};

type Reply = Result<HttpResponse, Problem>;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SmsCodeBody {
    pub mobile: String,
    /// What the code is for.
    pub purpose: PurposeBody,
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PurposeBody {
    Register,
    SignIn,
    ResetPassword,
    NewMobile,
    CloseAccount,
    ProveIdentity,
}

impl From<PurposeBody> for Purpose {
    fn from(body: PurposeBody) -> Self {
        match body {
            PurposeBody::Register => Purpose::Register,
            PurposeBody::SignIn => Purpose::SignIn,
            PurposeBody::ResetPassword => Purpose::ResetPassword,
            PurposeBody::NewMobile => Purpose::NewMobile,
            PurposeBody::CloseAccount => Purpose::CloseAccount,
            PurposeBody::ProveIdentity => Purpose::ProveIdentity,
        }
    }
}

/// The same for every number, whether it has an account or not.
#[derive(Debug, Serialize, ToSchema)]
pub struct SmsCodeView {
    pub expires_in_seconds: i64,
    pub resend_after_seconds: i64,
}

/// Sends a one-time code to a mobile number.
#[utoipa::path(tag = "identity", operation_id = "request_sms_code", request_body = SmsCodeBody, responses(
    (status = 202, body = SmsCodeView), (status = "4XX", body = ProblemView), (status = 503, body = ProblemView)
))]
#[post("/accounts/sms-codes")]
pub async fn request_sms_code(ctx: web::Data<Ctx>, request: HttpRequest, body: Body<SmsCodeBody>) -> Reply {
    let SmsCodeBody { mobile, purpose } = body.value;
    one_time_codes::request_sms_code(&ctx, &mobile, purpose.into(), &visitor(&ctx, &request)).await?;
    Ok(HttpResponse::Accepted().json(SmsCodeView {
        expires_in_seconds: sms_code::LIFETIME.num_seconds(),
        resend_after_seconds: sms_code::RESEND_AFTER.num_seconds(),
    }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterBody {
    pub mobile: String,
    /// The code sent to that number.
    pub code: String,
    /// 8–128 characters.
    pub password: String,
    pub name: Option<String>,
    /// Resident ID number; declared, to be proven later.
    pub id_number: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct AccountView {
    pub id: Uuid,
}

/// Makes an account.
#[utoipa::path(tag = "identity", operation_id = "register", request_body = RegisterBody, responses(
    (status = 201, body = AccountView), (status = "4XX", body = ProblemView), (status = 503, body = ProblemView)
))]
#[post("/accounts")]
pub async fn register(
    ctx: web::Data<Ctx>,
    request: HttpRequest,
    once: OnceKey,
    body: Body<RegisterBody>,
) -> Reply {
    let claim = once.claim_by_nobody(body.digest);
    let RegisterBody { mobile, code, password, name, id_number } = body.value;
    let wanted = RegisterRequest { mobile, code, password, name, id_number, claim };
    let answer = accounts::register(&ctx, wanted, &visitor(&ctx, &request)).await?;
    let mut response = HttpResponse::Created();
    mark_replay(&mut response, &answer);
    Ok(response.insert_header((LOCATION, "/api/v1/me")).json(AccountView { id: answer.value }))
}
