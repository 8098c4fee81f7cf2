//! `/api/v1/me/credentials` and `/api/v1/me/consents`: what one signs in with, and
//! what one lets third-party apps do. For the portal's own clients alone.

use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::sign_in::CeremonyView;
use crate::app::identity::Caller;
use crate::app::identity::authenticators::{self, NewTotp, PasskeyView as OwnPasskey};
use crate::app::identity::consents::{self, OwnConsent};
use crate::app::identity::holder::Holder;
use crate::app::identity::passkeys::Answer;
use crate::app::identity::passwords::{self, Right};
use crate::app::{AppResult, Ctx};
use crate::domain::codes::mask_mobile;
use crate::domain::text::Text;
use crate::http::address::visitor;
use crate::http::extract::Body;
use crate::http::problem::{Problem, ProblemView};
use crate::http::v1::{TextView, invalid};

type Reply = Result<HttpResponse, Problem>;

async fn holder(ctx: &Ctx, request: &HttpRequest, caller: &Caller) -> AppResult<Holder> {
    Holder::of_caller(ctx, caller, visitor(ctx, request)).await
}

/// What one signs in with.
#[derive(Debug, Serialize, ToSchema)]
pub struct CredentialsView {
    /// Where codes by SMS go; always masked.
    pub mobile: String,
    pub has_password: bool,
    /// Set while the password must be changed soon; 0 is today.
    pub password_expires_in_days: Option<u16>,
    pub totp: Option<TotpStateView>,
    pub passkeys: Vec<PasskeyView>,
}

/// 动态口令
#[derive(Debug, Serialize, ToSchema)]
pub struct TotpStateView {
    pub confirmed_at: DateTime<Utc>,
    pub recovery_codes_left: i64,
}

/// 通行密钥
#[derive(Debug, Serialize, ToSchema)]
pub struct PasskeyView {
    pub id: Uuid,
    pub name: String,
    pub created_at: DateTime<Utc>,
    pub last_used_at: Option<DateTime<Utc>>,
    /// Whether its owner's devices may copy it to each other.
    pub is_synced: bool,
}

impl From<OwnPasskey> for PasskeyView {
    fn from(own: OwnPasskey) -> Self {
        let OwnPasskey { id, name, created_at, last_used_at, is_synced } = own;
        Self { id, name, created_at, last_used_at, is_synced }
    }
}

/// What one signs in with; no secret is among it.
#[utoipa::path(tag = "identity", operation_id = "list_credentials", security(("bearer" = [])), responses(
    (status = 200, body = CredentialsView), (status = "4XX", body = ProblemView)
))]
#[get("/me/credentials")]
pub async fn list_credentials(ctx: web::Data<Ctx>, request: HttpRequest, caller: Caller) -> Reply {
    let holder = holder(&ctx, &request, &caller).await?;
    let own = authenticators::list(&ctx, &holder).await?;
    Ok(HttpResponse::Ok().json(CredentialsView {
        mobile: mask_mobile(holder.account.mobile.as_str()),
        has_password: own.has_password,
        password_expires_in_days: own.password_expires_in_days,
        totp: own.totp.map(|totp| TotpStateView {
            confirmed_at: totp.confirmed_at,
            recovery_codes_left: totp.recovery_codes_left,
        }),
        passkeys: own.passkeys.into_iter().map(PasskeyView::from).collect(),
    }))
}

/// A secret for an authenticator app. Shown once.
#[derive(Debug, Serialize, ToSchema)]
pub struct NewTotpView {
    /// Base32, to be typed in.
    pub secret: String,
    /// `otpauth://…`, to be shown as a picture.
    pub uri: String,
}

impl From<NewTotp> for NewTotpView {
    fn from(new: NewTotp) -> Self {
        Self { secret: new.secret, uri: new.uri }
    }
}

/// Makes a secret for an authenticator app (RFC 6238: SHA-1, 6 digits, 30 s).
/// Nothing rests on it before its first code.
#[utoipa::path(tag = "identity", operation_id = "begin_totp", security(("bearer" = [])), responses(
    (status = 201, body = NewTotpView), (status = "4XX", body = ProblemView)
))]
#[post("/me/credentials/totp")]
pub async fn begin_totp(ctx: web::Data<Ctx>, request: HttpRequest, caller: Caller) -> Reply {
    let holder = holder(&ctx, &request, &caller).await?;
    let new = authenticators::begin_totp(&ctx, &holder).await?;
    Ok(HttpResponse::Created().insert_header((CACHE_CONTROL, "no-store")).json(NewTotpView::from(new)))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeBody {
    /// Six digits.
    pub code: String,
}

/// Shown once: each stands in for a code of the app, once.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecoveryCodesView {
    pub recovery_codes: Vec<String>,
}

/// Confirms the app by its first code.
#[utoipa::path(tag = "identity", operation_id = "confirm_totp", security(("bearer" = [])), request_body = CodeBody,
    responses((status = 200, body = RecoveryCodesView), (status = "4XX", body = ProblemView)))]
#[post("/me/credentials/totp/confirm")]
pub async fn confirm_totp(
    ctx: web::Data<Ctx>,
    request: HttpRequest,
    caller: Caller,
    body: Body<CodeBody>,
) -> Reply {
    let holder = holder(&ctx, &request, &caller).await?;
    let codes = authenticators::confirm_totp(&ctx, &holder, &body.value.code).await?;
    let view = RecoveryCodesView { recovery_codes: codes.iter().map(|code| code.shown()).collect() };
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(view))
}

/// Removes the app and its recovery codes.
#[utoipa::path(tag = "identity", operation_id = "remove_totp", security(("bearer" = [])), responses(
    (status = 204), (status = "4XX", body = ProblemView)
))]
#[delete("/me/credentials/totp")]
pub async fn remove_totp(ctx: web::Data<Ctx>, request: HttpRequest, caller: Caller) -> Reply {
    let holder = holder(&ctx, &request, &caller).await?;
    authenticators::remove_totp(&ctx, &holder).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Begins making a passkey.
#[utoipa::path(tag = "identity", operation_id = "begin_passkey", security(("bearer" = [])), responses(
    (status = 201, body = CeremonyView), (status = "4XX", body = ProblemView)
))]
#[post("/me/credentials/passkeys/options")]
pub async fn passkey_options(ctx: web::Data<Ctx>, request: HttpRequest, caller: Caller) -> Reply {
    let holder = holder(&ctx, &request, &caller).await?;
    let begun = authenticators::begin_passkey(&ctx, &holder).await?;
    Ok(HttpResponse::Created().insert_header((CACHE_CONTROL, "no-store")).json(CeremonyView::from(begun)))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPasskeyBody {
    /// As the options came with it.
    pub ceremony: String,
    /// The browser's `PublicKeyCredential` as JSON (WebAuthn Level 3 §5.1), byte
    /// strings in base64url.
    #[schema(value_type = Object)]
    pub credential: serde_json::Value,
    /// 1–64 characters.
    pub name: Option<String>,
}

/// Makes the passkey.
#[utoipa::path(tag = "identity", operation_id = "add_passkey", security(("bearer" = [])), request_body = NewPasskeyBody,
    responses((status = 201, body = PasskeyView), (status = "4XX", body = ProblemView)))]
#[post("/me/credentials/passkeys")]
pub async fn add_passkey(
    ctx: web::Data<Ctx>,
    request: HttpRequest,
    caller: Caller,
    body: Body<NewPasskeyBody>,
) -> Reply {
    let holder = holder(&ctx, &request, &caller).await?;
    let NewPasskeyBody { ceremony, credential, name } = body.value;
    let answer = Answer { ceremony, credential: credential.to_string() };
    let made = authenticators::add_passkey(&ctx, &holder, &answer, name.as_deref()).await?;
    let at = (LOCATION, format!("/api/v1/me/credentials/passkeys/{}", made.id));
    Ok(HttpResponse::Created().insert_header(at).json(PasskeyView::from(made)))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RenameBody {
    /// 1–64 characters.
    pub name: String,
}

/// Gives a passkey another name.
#[utoipa::path(tag = "identity", operation_id = "rename_passkey", security(("bearer" = [])), request_body = RenameBody,
    responses((status = 200, body = PasskeyView), (status = "4XX", body = ProblemView)))]
#[patch("/me/credentials/passkeys/{id}")]
pub async fn rename_passkey(
    ctx: web::Data<Ctx>,
    request: HttpRequest,
    caller: Caller,
    id: web::Path<Uuid>,
    body: Body<RenameBody>,
) -> Reply {
    let holder = holder(&ctx, &request, &caller).await?;
    let renamed = authenticators::rename_passkey(&ctx, &holder, *id, &body.value.name).await?;
    Ok(HttpResponse::Ok().json(PasskeyView::from(renamed)))
}

/// Removes a passkey.
#[utoipa::path(tag = "identity", operation_id = "remove_passkey", security(("bearer" = [])), responses(
    (status = 204), (status = "4XX", body = ProblemView)
))]
#[delete("/me/credentials/passkeys/{id}")]
pub async fn remove_passkey(
    ctx: web::Data<Ctx>,
    request: HttpRequest,
    caller: Caller,
    id: web::Path<Uuid>,
) -> Reply {
    let holder = holder(&ctx, &request, &caller).await?;
    authenticators::remove_passkey(&ctx, &holder, *id).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// A new password, by the right of the old one or of a code sent to one's own number
/// for `reset_password`; exactly one of the two.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordBody {
    pub old_password: Option<String>,
    pub code: Option<String>,
    pub new_password: String,
}

/// Sets a new password; everything else of the account is signed out.
#[utoipa::path(tag = "identity", operation_id = "change_password", security(("bearer" = [])), request_body = PasswordBody,
    responses((status = 204), (status = "4XX", body = ProblemView), (status = 503, body = ProblemView)))]
#[post("/me/credentials/password")]
pub async fn change_password(
    ctx: web::Data<Ctx>,
    request: HttpRequest,
    caller: Caller,
    body: Body<PasswordBody>,
) -> Reply {
    let holder = holder(&ctx, &request, &caller).await?;
    let right = match (body.value.old_password, body.value.code) {
        (Some(old), None) => Right::OldPassword(old),
        (None, Some(code)) => Right::SmsCode(code),
        (None, None) | (Some(_), Some(_)) => {
            let words =
                Text::new("请提供 old_password 或 code 之一。", "Give either `old_password` or `code`.");
            return Err(invalid("/old_password", "one_of", words));
        }
    };
    passwords::change(&ctx, &holder, right, &body.value.new_password).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// What one lets a third-party app do.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConsentView {
    pub client_id: String,
    pub client_name: Option<TextView>,
    /// Names with blanks between.
    pub scope: String,
    pub granted_at: DateTime<Utc>,
}

impl From<OwnConsent> for ConsentView {
    fn from(own: OwnConsent) -> Self {
        Self {
            client_id: own.client_id.to_string(),
            client_name: own.client.map(|client| client.name.clone().into()),
            scope: own.scopes.to_string(),
            granted_at: own.granted_at,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ConsentsView {
    pub items: Vec<ConsentView>,
    /// Always null: all are given at once.
    pub next: Option<String>,
}

/// What one lets third-party apps do.
#[utoipa::path(tag = "identity", operation_id = "list_consents", security(("bearer" = [])), responses(
    (status = 200, body = ConsentsView), (status = "4XX", body = ProblemView)
))]
#[get("/me/consents")]
pub async fn list_consents(ctx: web::Data<Ctx>, request: HttpRequest, caller: Caller) -> Reply {
    let holder = holder(&ctx, &request, &caller).await?;
    let items = consents::list(&ctx, &holder).await?.into_iter().map(ConsentView::from).collect();
    Ok(HttpResponse::Ok().json(ConsentsView { items, next: None }))
}

/// Takes back what an app was let do, and signs it out.
#[utoipa::path(tag = "identity", operation_id = "revoke_consent", security(("bearer" = [])), responses(
    (status = 204), (status = "4XX", body = ProblemView)
))]
#[delete("/me/consents/{client_id}")]
pub async fn revoke_consent(
    ctx: web::Data<Ctx>,
    request: HttpRequest,
    caller: Caller,
    client: web::Path<String>,
) -> Reply {
    let holder = holder(&ctx, &request, &caller).await?;
    consents::revoke(&ctx, &holder, &client).await?;
    Ok(HttpResponse::NoContent().finish())
}
