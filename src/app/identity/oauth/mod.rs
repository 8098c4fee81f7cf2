//! OAuth 2.0 and OpenID Connect as use cases: an authorization request becomes a
//! code, a code a session with tokens, a refresh token its successor.

mod after;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::sign_in::SignedIn;
use crate::app::ctx::{Ctx, new_id};
use crate::app::error::{AppError, AppResult};
use crate::domain::identity::authorize::{self, AuthorizationRequest, Parameters, Prompt, Rejection};
use crate::domain::identity::{
    Attempt, Client, FreshCode, Grant, Ial, Lifetime, OAuthCode, OAuthError, Presented, PresentedClient,
    Redemption, RefreshToken, Rotation, Scope, ScopeSet, Secret, Session, Standing, TokenRequest, code,
};
use crate::store::{self, Changes, IdentityWrite, random};

pub use after::{EndSession, Ended, Introspection, UserInfo, end_session, introspect, revoke, userinfo};

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
    pub expires_in_seconds: i64,
    pub refresh_token: Option<Secret>,
    pub id_token: Option<String>,
    pub scopes: ScopeSet,
}

/// How often a refresh that another overtook looks again. The other may still be
/// on its way to the disk.
const ATTEMPTS: usize = 10;

const INVALID_GRANT: OAuthError = OAuthError::new(
    OAuthCode::InvalidGrant,
    "the code or token is wrong, expired, used, or was given to another client",
);

/// Checks an authorization request. There is no sign-in without the person
/// yet, so `prompt=none` cannot be met.
pub fn check(ctx: &Ctx, parameters: &Parameters) -> Result<(AuthorizationRequest, Arc<Client>), Rejection> {
    let client = parameters.get("client_id").and_then(|id| ctx.identity.client(id));
    let request = authorize::check(parameters, client.as_deref())?;
    let client = client.ok_or(Rejection::Page(authorize::PageProblem::UnknownClient))?;
    match request.prompt {
        Prompt::Never => {
            Err(request.refuse(OAuthError::new(OAuthCode::LoginRequired, "the person has to sign in")))
        }
        Prompt::WhenNeeded | Prompt::SignIn | Prompt::Consent => Ok((request, client)),
    }
}

/// Where to send somebody who signed in: back to the client, with a code.
pub async fn grant_code(
    ctx: &Ctx,
    request: &AuthorizationRequest,
    signed_in: &SignedIn,
) -> AppResult<String> {
    let at = ctx.clock.now();
    let secret = Secret::from_bytes(random());
    let code = FreshCode {
        session: new_id(at),
        account: signed_in.account,
        client: request.client.clone(),
        redirect_uri: request.redirect_uri.clone(),
        challenge: request.challenge.clone(),
        scopes: request.scopes,
        nonce: request.nonce.clone(),
        methods: signed_in.methods,
        sign_in: None,
        authenticated_at: signed_in.at,
        expires_at: at + code::LIFETIME,
    };
    let mut changes = Changes::new();
    changes.write(IdentityWrite::InsertCode { digest: secret.digest(), code });
    ctx.store.commit(changes).await?;
    Ok(request.answer(secret.expose(), ctx.identity.issuer()))
}

/// The client that proved to be itself.
pub fn authenticate_client(ctx: &Ctx, presented: &PresentedClient) -> Result<Arc<Client>, OAuthError> {
    ctx.identity
        .client(&presented.id)
        .filter(|client| client.is_proven_by(presented.secret.as_ref()))
        .ok_or(OAuthError::new(OAuthCode::InvalidClient, "the client is unknown or its secret is wrong"))
}

/// The token endpoint.
pub async fn token(ctx: &Ctx, client: &Client, request: TokenRequest) -> TokenResult<Tokens> {
    if !client.may_use(request.grant()) {
        let error = OAuthError::new(OAuthCode::UnauthorizedClient, "this client may not use that grant");
        return Err(error.into());
    }
    match request {
        TokenRequest::AuthorizationCode { code, redirect_uri, verifier } => {
            redeem(ctx, client, &code, &redirect_uri, &verifier).await
        }
        TokenRequest::RefreshToken { token, scope } => refresh(ctx, client, &token, scope.as_deref()).await,
        TokenRequest::ClientCredentials { scope } => client_credentials(ctx, client, scope.as_deref()),
    }
}

async fn redeem(
    ctx: &Ctx,
    client: &Client,
    secret: &Secret,
    redirect_uri: &str,
    verifier: &str,
) -> TokenResult<Tokens> {
    let at = ctx.clock.now();
    let digest = secret.digest();
    let code = ctx.store.find_code(digest).await?.ok_or(INVALID_GRANT)?;
    let attempt = Attempt { client: &client.id, redirect_uri, verifier };
    let code = match code.redeem(attempt, at) {
        Redemption::Granted(code) => code,
        Redemption::Refused(refusal) => {
            tracing::info!(client = %client.id, ?refusal, "authorization code refused");
            return Err(INVALID_GRANT.into());
        }
        Redemption::Replayed { session } => return Err(end_replayed(ctx, client, session, at).await),
    };
    let ial = ial_of(ctx, code.account).await?;
    let session = open_session(&code, client, at);
    let first = client.may_use(Grant::RefreshToken).then(|| Secret::from_bytes(random()));
    let mut changes = Changes::new();
    changes.write(IdentityWrite::RedeemCode { digest, at });
    changes.write(IdentityWrite::InsertSession(session.clone()));
    if let Some(first) = &first {
        changes.write(insert_refresh_token(first, &session, client, at));
    }
    match ctx.store.commit(changes).await {
        Ok(()) => {
            let issue = Issue { scopes: session.scopes, ial, refresh_token: first, nonce: code.nonce };
            answer(ctx, client, &session, issue, at)
        }
        // Redeemed by somebody else in the same moment.
        Err(store::Error::Stale | store::Error::Duplicate(_)) => {
            Err(end_replayed(ctx, client, code.session, at).await)
        }
        Err(error) => Err(error.into()),
    }
}

fn open_session(code: &FreshCode, client: &Client, at: DateTime<Utc>) -> Session {
    Session {
        id: code.session,
        account: code.account,
        client: code.client.clone(),
        scopes: code.scopes,
        methods: code.methods,
        sign_in: code.sign_in,
        authenticated_at: code.authenticated_at,
        created_at: at,
        last_used_at: at,
        expires_at: at + Lifetime::of(client.channel, code.scopes).absolute,
        revoked_at: None,
    }
}

/// A code or refresh token came a second time: one of two holders stole it.
async fn end_replayed(ctx: &Ctx, client: &Client, session: Uuid, at: DateTime<Utc>) -> TokenError {
    tracing::warn!(client = %client.id, %session, "a used code or refresh token was presented; its session ends");
    match ctx.identity.end_sessions(&[session], at).await {
        Ok(()) => INVALID_GRANT.into(),
        Err(error) => error.into(),
    }
}

async fn refresh(ctx: &Ctx, client: &Client, presented: &Secret, scope: Option<&str>) -> TokenResult<Tokens> {
    let at = ctx.clock.now();
    let digest = presented.digest();
    // Everybody who presents the same token computes the same successor, so it
    // need not be kept to be given again.
    let successor = successor(ctx, presented);
    for _ in 0..ATTEMPTS {
        let (token, mut session) = ctx.store.find_refresh_token(digest).await?.ok_or(INVALID_GRANT)?;
        let lifetime = Lifetime::of(client.channel, session.scopes);
        let over = match session.standing(lifetime, at) {
            // An unused refresh token expires with the rest it may take.
            Standing::Live | Standing::Idle => false,
            Standing::Expired | Standing::Revoked => true,
        };
        if session.client != client.id || over {
            return Err(INVALID_GRANT.into());
        }
        let scopes = narrowed(session.scopes, scope)?;
        match token.present(at) {
            Presented::Expired => return Err(INVALID_GRANT.into()),
            Presented::Replay => return Err(end_replayed(ctx, client, session.id, at).await),
            Presented::Repeat => {}
            Presented::Rotate => {
                session.last_used_at = at;
                let mut changes = Changes::new();
                changes.write(IdentityWrite::RotateRefreshToken { digest, at });
                changes.write(insert_refresh_token(&successor, &session, client, at));
                changes.write(IdentityWrite::TouchSession { session: session.id, at });
                match ctx.store.commit(changes).await {
                    Ok(()) => {}
                    // Rotated in the same moment, or the session ended: look again.
                    Err(store::Error::Stale | store::Error::Duplicate(_)) => continue,
                    Err(error) => return Err(error.into()),
                }
            }
        }
        let ial = ial_of(ctx, session.account).await?;
        let issue = Issue { scopes, ial, refresh_token: Some(successor), nonce: None };
        return answer(ctx, client, &session, issue, at);
    }
    Err(INVALID_GRANT.into())
}

fn successor(ctx: &Ctx, presented: &Secret) -> Secret {
    let bytes = ctx.store.vault().blind_index("refresh_token.successor", presented.expose());
    Secret::from_bytes(crate::domain::identity::digest(&bytes))
}

fn insert_refresh_token(
    secret: &Secret,
    session: &Session,
    client: &Client,
    at: DateTime<Utc>,
) -> IdentityWrite {
    let lifetime = Lifetime::of(client.channel, session.scopes);
    let token = RefreshToken {
        session: session.id,
        created_at: at,
        expires_at: session.refresh_until(lifetime, at),
        rotation: Rotation::Current,
    };
    IdentityWrite::InsertRefreshToken { digest: secret.digest(), token }
}

fn narrowed(allowed: ScopeSet, asked: Option<&str>) -> Result<ScopeSet, OAuthError> {
    let Some(asked) = asked else { return Ok(allowed) };
    ScopeSet::parse(asked)
        .ok()
        .filter(|scopes| scopes.is_subset_of(allowed) && !scopes.is_empty())
        .ok_or(OAuthError::new(OAuthCode::InvalidScope, "a scope was asked for that was not granted"))
}

fn client_credentials(ctx: &Ctx, client: &Client, scope: Option<&str>) -> TokenResult<Tokens> {
    let at = ctx.clock.now();
    // Without a person there is nobody to identify or to stay signed in.
    let own: ScopeSet = [Scope::Cases].into_iter().collect();
    let scopes = narrowed(client.scopes.intersection(own), scope)?;
    Ok(Tokens {
        access_token: ctx.identity.issue_client_token(client, scopes, at)?,
        expires_in_seconds: crate::domain::identity::session::ACCESS_TOKEN_LIFETIME.num_seconds(),
        refresh_token: None,
        id_token: None,
        scopes,
    })
}

/// How well the person behind an open account is known.
async fn ial_of(ctx: &Ctx, account: Uuid) -> TokenResult<Ial> {
    let account = ctx.store.find_account(account).await?.filter(|account| account.closed_at.is_none());
    let account = account.ok_or(INVALID_GRANT)?;
    let person = ctx.store.find_person(account.person).await?.ok_or(INVALID_GRANT)?;
    Ok(Ial::new(person.applicant.ial).unwrap_or(Ial::DECLARED))
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
    client: &Client,
    session: &Session,
    issue: Issue,
    at: DateTime<Utc>,
) -> TokenResult<Tokens> {
    let Issue { scopes, ial, refresh_token, nonce } = issue;
    let until = session.access_until(Lifetime::of(client.channel, session.scopes), at);
    let id_token = if scopes.contains(Scope::OpenId) {
        Some(ctx.identity.issue_id_token(session, ial, nonce, at)?)
    } else {
        None
    };
    Ok(Tokens {
        access_token: ctx.identity.issue_access_token(session, scopes, ial, at, until)?,
        expires_in_seconds: (until - at).num_seconds(),
        refresh_token,
        id_token,
        scopes,
    })
}
