//! OAuth 2.0 and OpenID Connect as use cases: an authorization request becomes a
//! code, a code a session with tokens, a refresh token its successor.

mod after;
mod codes;
mod exchange;
mod polls;
mod proofs;
mod refreshes;
mod requests;

use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use super::tokens::Grounds;
use crate::app::ctx::{Ctx, new_id};
use crate::app::error::AppError;
use crate::domain::audit::{AuditAction, AuditEntry, Outcome};
use crate::domain::identity::session::ACCESS_TOKEN_LIFETIME;
use crate::domain::identity::{
    Client, Ial, OAuthCode, OAuthError, Scope, ScopeSet, Secret, Session, TokenRequest,
};
use crate::store::{self, Changes};

pub use after::{
    EndSession, Introspection, SignedOut, UserInfo, end_session, introspect, logout_location, logout_origin,
    revoke, userinfo,
};
pub use codes::grant_code;
pub use polls::{DeviceAuthorization, authorize_device};
pub use proofs::{Asker, authenticate_client, prove};
pub use requests::{Checked, Pushed, check, push};

/// Why there is no token.
#[derive(Debug)]
pub enum TokenError {
    OAuth(OAuthError),
    App(AppError),
}

pub type TokenResult<T> = Result<T, TokenError>;

impl From<OAuthError> for TokenError {
    fn from(error: OAuthError) -> Self {
        TokenError::OAuth(error)
    }
}

impl From<AppError> for TokenError {
    fn from(error: AppError) -> Self {
        TokenError::App(error)
    }
}

impl From<store::Error> for TokenError {
    fn from(error: store::Error) -> Self {
        TokenError::App(error.into())
    }
}

/// What the token endpoint answers (RFC 6749 §5.1).
pub struct Tokens {
    pub access_token: String,
    /// Whether it is bound to a key (RFC 9449 §5).
    pub is_bound: bool,
    pub expires_in_seconds: i64,
    pub refresh_token: Option<Secret>,
    pub id_token: Option<String>,
    pub scopes: ScopeSet,
    /// After a token exchange (RFC 8693 §2.2.1).
    pub issued_token_type: Option<&'static str>,
}

const INVALID_GRANT: OAuthError = OAuthError::new(
    OAuthCode::InvalidGrant,
    "the code or token is wrong, expired, used, or was given to another client",
);

/// The token endpoint.
pub async fn token(ctx: &Ctx, asker: &Asker, request: TokenRequest) -> TokenResult<Tokens> {
    let client = &asker.client;
    if !client.may_use(request.grant()) {
        let error = OAuthError::new(OAuthCode::UnauthorizedClient, "this client may not use that grant");
        return Err(error.into());
    }
    if client.require_dpop && asker.key.is_none() {
        let description = "this client must prove a key of its own with every request for tokens (RFC 9449)";
        return Err(OAuthError::new(OAuthCode::InvalidDpopProof, description).into());
    }
    match request {
        TokenRequest::AuthorizationCode { code, redirect_uri, verifier } => {
            codes::redeem(ctx, asker, &code, &redirect_uri, &verifier).await
        }
        TokenRequest::RefreshToken { token, scope } => {
            refreshes::refresh(ctx, asker, &token, scope.as_deref()).await
        }
        TokenRequest::ClientCredentials { scope } => client_credentials(ctx, asker, scope.as_deref()),
        TokenRequest::DeviceCode { code } => polls::poll(ctx, asker, &code).await,
        TokenRequest::TokenExchange(request) => exchange::exchange(ctx, asker, request).await,
    }
}

/// A code or refresh token came a second time: one of two holders stole it.
async fn end_replayed(ctx: &Ctx, client: &Client, session: Uuid, at: DateTime<Utc>) -> TokenError {
    tracing::warn!(client = %client.id, %session, "a used code or refresh token was presented; its session ends");
    let entry = AuditEntry::new(new_id(at), at, AuditAction::TokenReplayed, Outcome::Refused)
        .on(session)
        .through(&client.id)
        .with(json!({ "session": session }));
    let mut changes = Changes::new();
    changes.audit(&entry);
    match ctx.identity.end_sessions_with(changes, &[session], at).await {
        Ok(()) => INVALID_GRANT.into(),
        Err(error) => error.into(),
    }
}

fn narrowed(allowed: ScopeSet, asked: Option<&str>) -> Result<ScopeSet, OAuthError> {
    let Some(asked) = asked else { return Ok(allowed) };
    ScopeSet::parse(asked)
        .ok()
        .filter(|scopes| scopes.is_subset_of(allowed) && !scopes.is_empty())
        .ok_or(OAuthError::new(OAuthCode::InvalidScope, "a scope was asked for that was not granted"))
}

fn client_credentials(ctx: &Ctx, asker: &Asker, scope: Option<&str>) -> TokenResult<Tokens> {
    let at = ctx.clock.now();
    let Asker { client, key } = asker;
    // Without a person there is nobody to identify or to stay signed in.
    let own: ScopeSet = [Scope::Cases].into_iter().collect();
    let scopes = narrowed(client.scopes.intersection(own), scope)?;
    let until = at + ACCESS_TOKEN_LIFETIME;
    Ok(Tokens {
        access_token: ctx.identity.issue_client_token(&Grounds { client, scopes, key: *key, at, until })?,
        is_bound: key.is_some(),
        expires_in_seconds: ACCESS_TOKEN_LIFETIME.num_seconds(),
        refresh_token: None,
        id_token: None,
        scopes,
        issued_token_type: None,
    })
}

/// What goes into an answer beside the session.
struct Issue {
    scopes: ScopeSet,
    ial: Ial,
    refresh_token: Option<Secret>,
    nonce: Option<String>,
}

fn answer(
    ctx: &Ctx,
    asker: &Asker,
    session: &Session,
    issue: Issue,
    at: DateTime<Utc>,
) -> TokenResult<Tokens> {
    let Issue { scopes, ial, refresh_token, nonce } = issue;
    let Asker { client, key } = asker;
    let until = session.access_until(ctx.identity.lifetimes().of(client.channel, session.scopes), at);
    let id_token = if scopes.contains(Scope::OpenId) {
        Some(ctx.identity.issue_id_token(client, session, ial, nonce, at)?)
    } else {
        None
    };
    let grounds = Grounds { client, scopes, key: *key, at, until };
    Ok(Tokens {
        access_token: ctx.identity.issue_access_token(&grounds, session, ial)?,
        is_bound: key.is_some(),
        expires_in_seconds: (until - at).num_seconds(),
        refresh_token,
        id_token,
        scopes,
        issued_token_type: None,
    })
}
