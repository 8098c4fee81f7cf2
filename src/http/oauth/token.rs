//! The endpoints only clients talk to: token (RFC 6749 §3.2), revocation
//! (RFC 7009), introspection (RFC 7662).

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, PRAGMA, WWW_AUTHENTICATE};
use actix_web::{HttpRequest, HttpResponse, post, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::form::{Form, authorization};
use crate::app::Ctx;
use crate::app::identity::VerifiedToken;
use crate::app::identity::oauth::{self, Introspection, TokenError, TokenResult, Tokens};
use crate::domain::identity::{
    Client, OAuthCode, OAuthError, Parameters, PresentedClient, Secret, TokenRequest,
};
use crate::http::problem::{Problem, ProblemView};

type Reply = Result<HttpResponse, Problem>;

/// Tokens (RFC 6749 §5.1).
#[derive(Debug, Serialize, ToSchema)]
pub struct TokensView {
    pub access_token: String,
    /// Always `Bearer`.
    pub token_type: &'static str,
    /// Seconds.
    pub expires_in: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
    /// Names with blanks between.
    pub scope: String,
}

impl From<Tokens> for TokensView {
    fn from(tokens: Tokens) -> Self {
        Self {
            access_token: tokens.access_token,
            token_type: "Bearer",
            expires_in: tokens.expires_in_seconds,
            refresh_token: tokens.refresh_token.map(|token| token.expose().to_owned()),
            id_token: tokens.id_token,
            scope: tokens.scopes.to_string(),
        }
    }
}

/// What a token is worth (RFC 7662 §2.2); inactive ones say nothing else.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct IntrospectionView {
    pub active: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iat: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exp: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iss: Option<String>,
}

impl IntrospectionView {
    fn new(found: Introspection, issuer: &str) -> Self {
        match found {
            Introspection::Inactive => Self::default(),
            Introspection::AccessToken(token) => Self::of_access_token(&token, issuer),
            Introspection::RefreshToken { session, expires_at } => Self {
                active: true,
                scope: Some(session.scopes.to_string()),
                client_id: Some(session.client.to_string()),
                sub: Some(session.account.to_string()),
                exp: Some(expires_at.timestamp()),
                iss: Some(issuer.to_owned()),
                ..Self::default()
            },
        }
    }

    fn of_access_token(token: &VerifiedToken, issuer: &str) -> Self {
        let sub = token.account.map_or_else(|| token.client.to_string(), |account| account.to_string());
        Self {
            active: true,
            scope: Some(token.scopes.to_string()),
            client_id: Some(token.client.to_string()),
            token_type: Some("Bearer"),
            sub: Some(sub),
            iat: Some(token.issued_at),
            exp: Some(token.expires_at),
            iss: Some(issuer.to_owned()),
        }
    }
}

/// An error of the protocol (RFC 6749 §5.2).
#[derive(Debug, Serialize, ToSchema)]
pub struct OAuthErrorView {
    pub error: &'static str,
    pub error_description: &'static str,
}

impl OAuthErrorView {
    /// The answer; a client that used a header is told to use it again.
    fn answer(error: &OAuthError, by_header: bool) -> HttpResponse {
        let status = match error.code {
            OAuthCode::InvalidClient => StatusCode::UNAUTHORIZED,
            _ => StatusCode::BAD_REQUEST,
        };
        let mut answer = HttpResponse::build(status);
        if status == StatusCode::UNAUTHORIZED && by_header {
            answer.insert_header((WWW_AUTHENTICATE, "Basic realm=\"oauth2\""));
        }
        answer.insert_header((CACHE_CONTROL, "no-store"));
        answer.json(Self { error: error.code.as_str(), error_description: error.description })
    }
}

/// Gives tokens for a code, a refresh token, or a client's own secret. The body
/// is a form: `grant_type` and what that grant needs.
#[utoipa::path(tag = "oauth", operation_id = "token",
    request_body(content = Object, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = TokensView), (status = 400, body = OAuthErrorView),
        (status = 401, body = OAuthErrorView), (status = "5XX", body = ProblemView)))]
#[post("/oauth2/token")]
pub async fn give_tokens(ctx: web::Data<Ctx>, request: HttpRequest, form: Form) -> Reply {
    let asked = async {
        let client = client(&ctx, &request, &form.0)?;
        oauth::token(&ctx, &client, TokenRequest::read(&form.0)?).await
    };
    answer(&request, asked.await, |tokens| {
        HttpResponse::Ok()
            .insert_header((CACHE_CONTROL, "no-store"))
            .insert_header((PRAGMA, "no-cache"))
            .json(TokensView::from(tokens))
    })
}

/// Ends the session a token hangs on.
#[utoipa::path(tag = "oauth", operation_id = "revoke_token",
    request_body(content = Object, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200), (status = 400, body = OAuthErrorView), (status = 401, body = OAuthErrorView)))]
#[post("/oauth2/revoke")]
pub async fn revoke_token(ctx: web::Data<Ctx>, request: HttpRequest, form: Form) -> Reply {
    let asked = async {
        let client = client(&ctx, &request, &form.0)?;
        oauth::revoke(&ctx, &client, &presented_token(&form.0)?).await
    };
    answer(&request, asked.await, |()| HttpResponse::Ok().finish())
}

/// Tells a client with a secret what one of its tokens is worth.
#[utoipa::path(tag = "oauth", operation_id = "introspect_token",
    request_body(content = Object, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = IntrospectionView), (status = 400, body = OAuthErrorView), (status = 401, body = OAuthErrorView)))]
#[post("/oauth2/introspect")]
pub async fn introspect_token(ctx: web::Data<Ctx>, request: HttpRequest, form: Form) -> Reply {
    let asked = async {
        let client = client(&ctx, &request, &form.0)?;
        oauth::introspect(&ctx, &client, &presented_token(&form.0)?).await
    };
    let issuer = ctx.identity.issuer();
    answer(&request, asked.await, |found| {
        HttpResponse::Ok()
            .insert_header((CACHE_CONTROL, "no-store"))
            .json(IntrospectionView::new(found, issuer))
    })
}

fn client(ctx: &Ctx, request: &HttpRequest, form: &Parameters) -> TokenResult<Arc<Client>> {
    let presented = PresentedClient::read(authorization(request), form)?;
    Ok(oauth::authenticate_client(ctx, &presented)?)
}

fn presented_token(form: &Parameters) -> Result<Secret, OAuthError> {
    match form.get("token").filter(|_| !form.is_repeated()) {
        Some(token) => Ok(Secret::presented(token)),
        None => Err(OAuthError::new(OAuthCode::InvalidRequest, "token is missing or given more than once")),
    }
}

/// The protocol's errors in its own form, everything else as a problem.
fn answer<T>(request: &HttpRequest, result: TokenResult<T>, good: impl FnOnce(T) -> HttpResponse) -> Reply {
    match result {
        Ok(value) => Ok(good(value)),
        Err(TokenError::OAuth(error)) => Ok(OAuthErrorView::answer(&error, authorization(request).is_some())),
        Err(TokenError::App(error)) => Err(error.into()),
    }
}
