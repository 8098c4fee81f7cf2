//! The endpoints only clients talk to: token (RFC 6749 §3.2), revocation
//! (RFC 7009), introspection (RFC 7662), pushed requests (RFC 9126) and device
//! authorization (RFC 8628). At each a client proves itself in the same way.

use std::sync::Arc;

use actix_web::http::header::{CACHE_CONTROL, HeaderMap, PRAGMA};
use actix_web::{HttpRequest, HttpResponse, post, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::form::{Form, authorization};
use super::token_views::{IntrospectionView, OAuthErrorView, TokensView, answer};
use crate::app::Ctx;
use crate::app::identity::oauth::{self, Asker, DeviceAuthorization, Pushed, TokenResult};
use crate::domain::identity::{
    Client, OAuthCode, OAuthError, Parameters, PresentedClient, Secret, TokenRequest,
};
use crate::http::extract::DPOP;
use crate::http::problem::{Problem, ProblemView};

type Reply = Result<HttpResponse, Problem>;

/// Gives tokens for a code, a refresh token, a device code, an agent's own token,
/// or a client's own proof. The body is a form: `grant_type` and what that grant needs.
#[utoipa::path(tag = "oauth", operation_id = "token",
    request_body(content = Object, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = TokensView), (status = 400, body = OAuthErrorView),
        (status = 401, body = OAuthErrorView), (status = "5XX", body = ProblemView)))]
#[post("/oauth2/token")]
pub async fn give_tokens(ctx: web::Data<Ctx>, request: HttpRequest, form: Form) -> Reply {
    let asked = async {
        let asker = asker(&ctx, &request, &form.0).await?;
        oauth::token(&ctx, &asker, TokenRequest::read(&form.0)?).await
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
        let client = client(&ctx, &request, &form.0).await?;
        oauth::revoke(&ctx, &client, &presented_token(&form.0)?).await
    };
    answer(&request, asked.await, |()| HttpResponse::Ok().finish())
}

/// Tells a client that can prove itself what one of its tokens is worth.
#[utoipa::path(tag = "oauth", operation_id = "introspect_token",
    request_body(content = Object, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = IntrospectionView), (status = 400, body = OAuthErrorView), (status = 401, body = OAuthErrorView)))]
#[post("/oauth2/introspect")]
pub async fn introspect_token(ctx: web::Data<Ctx>, request: HttpRequest, form: Form) -> Reply {
    let asked = async {
        let client = client(&ctx, &request, &form.0).await?;
        oauth::introspect(&ctx, &client, &presented_token(&form.0)?).await
    };
    let issuer = ctx.identity.issuer();
    answer(&request, asked.await, |found| {
        HttpResponse::Ok()
            .insert_header((CACHE_CONTROL, "no-store"))
            .json(IntrospectionView::new(found, issuer))
    })
}

/// The reference to a pushed request (RFC 9126 §2.2).
#[derive(Debug, Serialize, ToSchema)]
pub struct PushedView {
    /// Send the browser to the authorization endpoint with this and `client_id`.
    pub request_uri: String,
    /// Seconds.
    pub expires_in: i64,
}

impl From<Pushed> for PushedView {
    fn from(pushed: Pushed) -> Self {
        Self { request_uri: pushed.request_uri, expires_in: pushed.expires_in_seconds }
    }
}

/// Takes an authorization request in, before the browser is sent. The body is a
/// form with the parameters of the request.
#[utoipa::path(tag = "oauth", operation_id = "push_request",
    request_body(content = Object, content_type = "application/x-www-form-urlencoded"),
    responses((status = 201, body = PushedView), (status = 400, body = OAuthErrorView),
        (status = 401, body = OAuthErrorView), (status = "5XX", body = ProblemView)))]
#[post("/oauth2/par")]
pub async fn push_request(ctx: web::Data<Ctx>, request: HttpRequest, form: Form) -> Reply {
    let asked = async {
        let asker = asker(&ctx, &request, &form.0).await?;
        oauth::push(&ctx, &asker, &form.0).await
    };
    answer(&request, asked.await, |pushed| {
        HttpResponse::Created().insert_header((CACHE_CONTROL, "no-store")).json(PushedView::from(pushed))
    })
}

/// A pair of codes (RFC 8628 §3.2).
#[derive(Debug, Serialize, ToSchema)]
pub struct DeviceAuthorizationView {
    /// What the device asks the token endpoint with.
    pub device_code: String,
    /// What the device shows.
    pub user_code: String,
    /// Where a person enters it.
    pub verification_uri: String,
    /// The same with the code in it.
    pub verification_uri_complete: String,
    /// Seconds.
    pub expires_in: i64,
    /// The pause between two questions, in seconds.
    pub interval: u32,
}

impl From<DeviceAuthorization> for DeviceAuthorizationView {
    fn from(codes: DeviceAuthorization) -> Self {
        Self {
            device_code: codes.device_code.expose().to_owned(),
            user_code: codes.user_code.to_string(),
            verification_uri: codes.verification_uri,
            verification_uri_complete: codes.verification_uri_complete,
            expires_in: codes.expires_in_seconds,
            interval: codes.interval_seconds,
        }
    }
}

/// Begins a sign-in at a kiosk or another device that shows a code.
#[utoipa::path(tag = "oauth", operation_id = "authorize_device",
    request_body(content = Object, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = DeviceAuthorizationView), (status = 400, body = OAuthErrorView),
        (status = 401, body = OAuthErrorView), (status = "5XX", body = ProblemView)))]
#[post("/oauth2/device_authorization")]
pub async fn authorize_device(ctx: web::Data<Ctx>, request: HttpRequest, form: Form) -> Reply {
    let asked = async {
        let client = client(&ctx, &request, &form.0).await?;
        oauth::authorize_device(&ctx, &client, form.0.get("scope")).await
    };
    answer(&request, asked.await, |codes| {
        HttpResponse::Ok()
            .insert_header((CACHE_CONTROL, "no-store"))
            .json(DeviceAuthorizationView::from(codes))
    })
}

async fn client(ctx: &Ctx, request: &HttpRequest, form: &Parameters) -> TokenResult<Arc<Client>> {
    let presented = PresentedClient::read(authorization(request), form)?;
    oauth::authenticate_client(ctx, &presented).await
}

/// The client, and the key it shows to be at hand.
async fn asker(ctx: &Ctx, request: &HttpRequest, form: &Parameters) -> TokenResult<Asker> {
    let presented = PresentedClient::read(authorization(request), form)?;
    oauth::prove(ctx, &presented, proof(request.headers())?, request.uri().path()).await
}

/// The DPoP proof of a request; more than one proves nothing (RFC 9449 §4.3).
fn proof(headers: &HeaderMap) -> Result<Option<&str>, OAuthError> {
    let invalid = OAuthError::new(OAuthCode::InvalidDpopProof, "send one DPoP header that holds one proof");
    let mut all = headers.get_all(DPOP);
    match (all.next(), all.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| invalid),
        (Some(_), Some(_)) => Err(invalid),
    }
}

fn presented_token(form: &Parameters) -> Result<Secret, OAuthError> {
    match form.get("token") {
        Some(token) => Ok(Secret::presented(token)),
        None => Err(OAuthError::new(OAuthCode::InvalidRequest, "token is missing")),
    }
}
