//! What can be done with a token afterwards: revoke it, ask what it is worth,
//! read who it is for, end its session.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::TokenResult;
use crate::app::ctx::{Ctx, new_id};
use crate::app::error::{AppError, AppResult};
use crate::app::identity::{Caller, VerifiedToken};
use crate::domain::audit::{AuditAction, AuditEntry, Outcome};
use crate::domain::codes::{mask_mobile, mask_name};
use crate::domain::identity::{Client, OAuthCode, OAuthError, Presented, Scope, Secret, Session, Standing};
use crate::store::{Changes, RefreshRecord};

/// Ends the session a token of this client hangs on (RFC 7009). A token that is
/// unknown, or somebody else's, is no error.
pub async fn revoke(ctx: &Ctx, client: &Client, token: &Secret) -> TokenResult<()> {
    let at = ctx.clock.now();
    let found = ctx.store.find_refresh_token(token.digest()).await?;
    let (session, account) = match found {
        Some(RefreshRecord { session, .. }) if session.client == client.id => (session.id, session.account),
        Some(_) => return Ok(()),
        None => {
            let verified = ctx.identity.verify(token.expose(), at).await?;
            let Some(verified) = verified.filter(|token| token.client == client.id) else { return Ok(()) };
            match verified.session.zip(verified.account) {
                Some(found) => found,
                None => {
                    let error = OAuthError::new(
                        OAuthCode::UnsupportedTokenType,
                        "a token without a session cannot be revoked; it expires within ten minutes",
                    );
                    return Err(error.into());
                }
            }
        }
    };
    Ok(sign_out(ctx, client, session, account, at).await?)
}

/// Ends a session at the wish of its client, and puts that on record.
async fn sign_out(
    ctx: &Ctx,
    client: &Client,
    session: Uuid,
    account: Uuid,
    at: DateTime<Utc>,
) -> AppResult<()> {
    let entry = AuditEntry::new(new_id(at), at, AuditAction::SignedOut, Outcome::Succeeded)
        .by(account)
        .on(session)
        .through(&client.id);
    let mut changes = Changes::new();
    changes.audit(&entry);
    ctx.identity.end_sessions_with(changes, &[session], at).await
}

/// What a token is worth (RFC 7662 §2.2).
pub enum Introspection {
    Inactive,
    AccessToken(Arc<VerifiedToken>),
    RefreshToken {
        /// As the client sees the person.
        subject: String,
        session: Session,
        expires_at: DateTime<Utc>,
    },
}

/// Tells a confidential client about its own tokens.
pub async fn introspect(ctx: &Ctx, client: &Client, token: &Secret) -> TokenResult<Introspection> {
    if !client.authentication.is_confidential() {
        let error = OAuthError::new(
            OAuthCode::InvalidClient,
            "introspection needs a client that can prove itself, with a secret or a key",
        );
        return Err(error.into());
    }
    let at = ctx.clock.now();
    if let Some(verified) = ctx.identity.verify(token.expose(), at).await? {
        let own = verified.client == client.id;
        return Ok(if own { Introspection::AccessToken(verified) } else { Introspection::Inactive });
    }
    let Some(RefreshRecord { token: found, session, level: Some(_) }) =
        ctx.store.find_refresh_token(token.digest()).await?
    else {
        return Ok(Introspection::Inactive);
    };
    let lifetime = ctx.identity.lifetimes().of(client.channel, session.scopes);
    let live = session.standing(lifetime, at) == Standing::Live;
    if session.client != client.id || !live || found.present(at) != Presented::Rotate {
        return Ok(Introspection::Inactive);
    }
    let subject = ctx.identity.subject(client, session.account);
    Ok(Introspection::RefreshToken { subject, session, expires_at: found.expires_at })
}

/// What the userinfo endpoint tells (OpenID Connect Core §5.3).
pub struct UserInfo {
    /// As the client sees the person.
    pub sub: String,
    /// Whole for a first-party client, masked for a third party.
    pub name: Option<String>,
    /// Always masked.
    pub mobile: Option<String>,
    pub ial: u8,
}

pub async fn userinfo(ctx: &Ctx, caller: &Caller) -> AppResult<UserInfo> {
    if !caller.scopes.contains(Scope::OpenId) {
        return Err(AppError::Forbidden);
    }
    let account = ctx.store.find_account(caller.actor.account).await?.ok_or(AppError::Unauthenticated)?;
    let person = ctx.store.find_person(account.person).await?.ok_or(AppError::Unauthenticated)?;
    let name = &person.applicant.name;
    let shown = if caller.client.is_first_party() { name.clone() } else { mask_name(name) };
    let profile = caller.scopes.contains(Scope::Profile);
    Ok(UserInfo {
        sub: ctx.identity.subject(&caller.client, account.id),
        name: profile.then_some(shown).filter(|name| !name.is_empty()),
        mobile: profile.then(|| mask_mobile(account.mobile.as_str())),
        ial: ctx.identity.holder_ial(account.id, account.level, ctx.clock.now()).await?.get(),
    })
}

/// Where a client that signs somebody out wants him to go.
#[derive(Debug, Clone, Copy)]
pub struct EndSession<'a> {
    pub id_token_hint: Option<&'a str>,
    pub client: Option<&'a str>,
    pub post_logout_redirect_uri: Option<&'a str>,
    pub state: Option<&'a str>,
}

/// Who was signed out, and where he goes.
pub struct SignedOut {
    pub account: Uuid,
    /// The address the client registered, if it asked for it.
    pub location: Option<String>,
}

/// Ends the session an ID token names (OpenID Connect RP-Initiated Logout). None
/// without an ID token of ours: anybody could have sent the person here.
pub async fn end_session(ctx: &Ctx, request: &EndSession<'_>) -> AppResult<Option<SignedOut>> {
    let Some(hint) = request.id_token_hint else { return Ok(None) };
    let named = request.client.map(str::to_owned).or_else(|| audience(hint));
    let Some(client) = named.and_then(|id| ctx.identity.client(&id)) else { return Ok(None) };
    let Some(claims) = ctx.identity.read_id_token(hint, &client.id) else { return Ok(None) };
    let Some(session) = ctx.store.find_session(claims.sid).await? else { return Ok(None) };
    sign_out(ctx, &client, session.id, session.account, ctx.clock.now()).await?;
    let location = logout_location(ctx, &EndSession { client: Some(client.id.as_str()), ..*request });
    Ok(Some(SignedOut { account: session.account, location }))
}

/// Where a client that names itself wants somebody to go who signed out: an address
/// it registered, or nowhere.
pub fn logout_location(ctx: &Ctx, request: &EndSession<'_>) -> Option<String> {
    let client = ctx.identity.client(request.client?)?;
    let registered = client.post_logout_redirect_uri(request.post_logout_redirect_uri?)?;
    let state: Vec<(&str, &str)> = request.state.map(|state| ("state", state)).into_iter().collect();
    Some(registered.with_query(&state))
}

/// The origin of that address, for the page that asks first.
pub fn logout_origin(ctx: &Ctx, client: Option<&str>, uri: Option<&str>) -> Option<String> {
    let client = ctx.identity.client(client?)?;
    client.post_logout_redirect_uri(uri?).map(|uri| uri.origin().to_owned())
}

/// The audience an unverified JWT names: only for finding the client that can
/// be asked to verify it.
fn audience(jwt: &str) -> Option<String> {
    let claims: serde_json::Value = jsonwebtoken::dangerous::insecure_decode_claims(jwt).ok()?;
    claims["aud"].as_str().map(str::to_owned)
}
