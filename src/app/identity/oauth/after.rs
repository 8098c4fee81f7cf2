//! What can be done with a token afterwards: revoke it, ask what it is worth,
//! read who it is for, end its session.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::TokenResult;
use crate::app::ctx::Ctx;
use crate::app::error::{AppError, AppResult};
use crate::app::identity::{Caller, VerifiedToken};
use crate::domain::codes::{mask_mobile, mask_name};
use crate::domain::identity::{
    Authentication, Client, Lifetime, OAuthCode, OAuthError, Presented, Scope, Secret, Session, Standing,
};

/// Ends the session a token of this client hangs on (RFC 7009). A token that is
/// unknown, or somebody else's, is no error.
pub async fn revoke(ctx: &Ctx, client: &Client, token: &Secret) -> TokenResult<()> {
    let at = ctx.clock.now();
    let session = match ctx.store.find_refresh_token(token.digest()).await? {
        Some((_, session)) if session.client == client.id => Some(session.id),
        Some(_) => None,
        None => match ctx.identity.verify(token.expose(), at).filter(|token| token.client == client.id) {
            Some(verified) if verified.session.is_none() => {
                let error = OAuthError::new(
                    OAuthCode::UnsupportedTokenType,
                    "a token without a session cannot be revoked; it expires within ten minutes",
                );
                return Err(error.into());
            }
            verified => verified.and_then(|verified| verified.session),
        },
    };
    if let Some(session) = session {
        ctx.identity.end_sessions(&[session], at).await?;
    }
    Ok(())
}

/// What a token is worth (RFC 7662 §2.2).
pub enum Introspection {
    Inactive,
    AccessToken(Arc<VerifiedToken>),
    RefreshToken { session: Session, expires_at: DateTime<Utc> },
}

/// Tells a confidential client about its own tokens.
pub async fn introspect(ctx: &Ctx, client: &Client, token: &Secret) -> TokenResult<Introspection> {
    match client.authentication {
        Authentication::Secret(_) => {}
        Authentication::Public => {
            let error =
                OAuthError::new(OAuthCode::InvalidClient, "introspection needs a client with a secret");
            return Err(error.into());
        }
    }
    let at = ctx.clock.now();
    if let Some(verified) = ctx.identity.verify(token.expose(), at) {
        let own = verified.client == client.id;
        return Ok(if own { Introspection::AccessToken(verified) } else { Introspection::Inactive });
    }
    let Some((found, session)) = ctx.store.find_refresh_token(token.digest()).await? else {
        return Ok(Introspection::Inactive);
    };
    let live = session.standing(Lifetime::of(client.channel, session.scopes), at) == Standing::Live;
    Ok(if session.client == client.id && live && found.present(at) == Presented::Rotate {
        Introspection::RefreshToken { session, expires_at: found.expires_at }
    } else {
        Introspection::Inactive
    })
}

/// What the userinfo endpoint tells (OpenID Connect Core §5.3).
pub struct UserInfo {
    pub sub: Uuid,
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
        sub: account.id,
        name: profile.then_some(shown).filter(|name| !name.is_empty()),
        mobile: profile.then(|| mask_mobile(account.mobile.as_str())),
        ial: person.applicant.ial,
    })
}

/// Where a client that signs somebody out wants him to go.
pub struct EndSession<'a> {
    pub id_token_hint: Option<&'a str>,
    pub client: Option<&'a str>,
    pub post_logout_redirect_uri: Option<&'a str>,
    pub state: Option<&'a str>,
}

/// How a request to sign out ended.
pub enum Ended {
    /// On to the address the client registered.
    GoTo(String),
    /// Signed out; there is nowhere to go.
    Here,
    /// Nothing told which session was meant.
    Nothing,
}

/// Ends the session an ID token names (OpenID Connect RP-Initiated Logout).
/// Without the ID token nothing ends, since anybody could have sent the person
/// here; an address that is not registered is not gone to.
pub async fn end_session(ctx: &Ctx, request: EndSession<'_>) -> AppResult<Ended> {
    let Some(hint) = request.id_token_hint else { return Ok(Ended::Nothing) };
    let named = request.client.map(str::to_owned).or_else(|| audience(hint));
    let Some(client) = named.and_then(|id| ctx.identity.client(&id)) else { return Ok(Ended::Nothing) };
    let Some(claims) = ctx.identity.read_id_token(hint, &client.id) else { return Ok(Ended::Nothing) };
    ctx.identity.end_sessions(&[claims.sid], ctx.clock.now()).await?;
    let registered = request.post_logout_redirect_uri.and_then(|uri| client.post_logout_redirect_uri(uri));
    let state: Vec<(&str, &str)> = request.state.map(|state| ("state", state)).into_iter().collect();
    Ok(registered.map_or(Ended::Here, |uri| Ended::GoTo(uri.with_query(&state))))
}

/// The audience an unverified JWT names: only for finding the client that can
/// be asked to verify it.
fn audience(jwt: &str) -> Option<String> {
    let claims: serde_json::Value = jsonwebtoken::dangerous::insecure_decode_claims(jwt).ok()?;
    claims["aud"].as_str().map(str::to_owned)
}
