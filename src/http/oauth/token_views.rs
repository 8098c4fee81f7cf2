//! What the endpoints for clients answer: tokens, what a token is worth, errors in
//! the protocol's own form.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, WWW_AUTHENTICATE};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::ToSchema;

use super::form::authorization;
use crate::app::identity::VerifiedToken;
use crate::app::identity::oauth::{Introspection, TokenError, TokenResult, Tokens};
use crate::domain::identity::{OAuthCode, OAuthError, Thumbprint};
use crate::http::problem::Problem;

/// Tokens (RFC 6749 §5.1).
#[derive(Debug, Serialize, ToSchema)]
pub struct TokensView {
    pub access_token: String,
    /// `Bearer`, or `DPoP` when it is bound to a key (RFC 9449 §5).
    pub token_type: &'static str,
    /// Seconds.
    pub expires_in: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
    /// Names with blanks between.
    pub scope: String,
    /// After a token exchange (RFC 8693 §2.2.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued_token_type: Option<&'static str>,
}

impl From<Tokens> for TokensView {
    fn from(tokens: Tokens) -> Self {
        Self {
            access_token: tokens.access_token,
            token_type: token_type(tokens.is_bound),
            expires_in: tokens.expires_in_seconds,
            refresh_token: tokens.refresh_token.map(|token| token.expose().to_owned()),
            id_token: tokens.id_token,
            scope: tokens.scopes.to_string(),
            issued_token_type: tokens.issued_token_type,
        }
    }
}

fn token_type(is_bound: bool) -> &'static str {
    if is_bound { "DPoP" } else { "Bearer" }
}

/// What a token is worth (RFC 7662 §2.2); inactive ones say nothing else.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct IntrospectionView {
    pub active: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// `Bearer` or `DPoP`; a refresh token has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_type: Option<&'static str>,
    /// As the client sees the person: for a third party a pairwise name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aud: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iat: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exp: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iss: Option<String>,
    /// The key it is bound to (RFC 9449 §6.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cnf: Option<ConfirmationView>,
    /// Who acts for `sub` (RFC 8693 §4.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub act: Option<ActorView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amr: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
}

/// The thumbprint of a key (RFC 7638).
#[derive(Debug, Serialize, ToSchema)]
pub struct ConfirmationView {
    pub jkt: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ActorView {
    pub sub: String,
}

impl IntrospectionView {
    pub fn new(found: Introspection, issuer: &str) -> Self {
        match found {
            Introspection::Inactive => Self::default(),
            Introspection::AccessToken(token) => Self::of_access_token(&token, issuer),
            Introspection::RefreshToken { subject, session, expires_at } => Self {
                active: true,
                scope: Some(session.scopes.to_string()),
                client_id: Some(session.client.to_string()),
                sub: Some(subject),
                exp: Some(expires_at.timestamp()),
                iss: Some(issuer.to_owned()),
                cnf: session.key.map(confirmation),
                ..Self::default()
            },
        }
    }

    fn of_access_token(token: &VerifiedToken, issuer: &str) -> Self {
        let of_person = token.account.is_some();
        Self {
            active: true,
            scope: Some(token.scopes.to_string()),
            client_id: Some(token.client.to_string()),
            token_type: Some(token_type(token.key.is_some())),
            sub: Some(token.subject.clone()),
            aud: Some(issuer.to_owned()),
            iat: Some(token.issued_at),
            exp: Some(token.expires_at),
            iss: Some(issuer.to_owned()),
            cnf: token.key.map(confirmation),
            act: token.delegation.as_ref().map(|delegation| ActorView { sub: delegation.actor.clone() }),
            acr: token.acr.clone(),
            amr: of_person.then(|| token.amr.clone()),
            auth_time: of_person.then_some(token.authenticated_at),
        }
    }
}

fn confirmation(key: Thumbprint) -> ConfirmationView {
    ConfirmationView { jkt: key.to_string() }
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

/// The protocol's errors in its own form, everything else as a problem.
pub fn answer<T>(
    request: &HttpRequest,
    result: TokenResult<T>,
    good: impl FnOnce(T) -> HttpResponse,
) -> Result<HttpResponse, Problem> {
    match result {
        Ok(value) => Ok(good(value)),
        Err(TokenError::OAuth(error)) => Ok(OAuthErrorView::answer(&error, authorization(request).is_some())),
        Err(TokenError::App(error)) => Err(error.into()),
    }
}
