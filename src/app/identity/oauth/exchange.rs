//! Token exchange (RFC 8693): an agent swaps his own access token for one that
//! speaks for his principal. Only a mandate that was accepted and is in force
//! makes that possible, and the token lasts no longer than it.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use super::{Asker, TokenResult, Tokens, narrowed};
use crate::app::ctx::{Ctx, new_id};
use crate::app::identity::VerifiedToken;
use crate::app::identity::tokens::Grounds;
use crate::domain::audit::{AuditAction, AuditEntry, Outcome};
use crate::domain::identity::exchange::ACCESS_TOKEN;
use crate::domain::identity::session::ACCESS_TOKEN_LIFETIME;
use crate::domain::identity::{OAuthCode, OAuthError, Scope, ScopeSet, TokenExchange};
use crate::domain::policy::Mandate;
use crate::store::Changes;

pub(super) async fn exchange(ctx: &Ctx, asker: &Asker, request: TokenExchange) -> TokenResult<Tokens> {
    let at = ctx.clock.now();
    if request.target.as_deref().is_some_and(|target| target != ctx.identity.issuer()) {
        let description = "tokens are given for this portal alone: leave audience and resource out";
        return Err(OAuthError::new(OAuthCode::InvalidTarget, description).into());
    }
    let own = own_token(ctx, asker, &request, at).await?;
    let account = own.account.ok_or(NOT_OWN)?;
    // Who speaks for somebody else applies for him, and does nothing more.
    let allowed = own.scopes.intersection([Scope::Cases].into_iter().collect::<ScopeSet>());
    let scopes = narrowed(allowed, request.scope.as_deref())?;
    if scopes.is_empty() {
        let description = "the subject_token has no scope that could be used for a principal";
        return Err(OAuthError::new(OAuthCode::InvalidScope, description).into());
    }
    let mandate = mandate(ctx, account, request.principal, at).await?;
    let entry = |outcome| {
        AuditEntry::new(new_id(at), at, AuditAction::TokenExchanged, outcome)
            .by(account)
            .on(request.principal)
            .through(&asker.client.id)
    };
    let mut changes = Changes::new();
    let Some(mandate) = mandate else {
        changes.audit(&entry(Outcome::Refused));
        ctx.store.commit(changes).await?;
        let description = "there is no accepted mandate in force by which the person acts for this principal";
        return Err(OAuthError::new(OAuthCode::InvalidGrant, description).into());
    };
    let until = [DateTime::from_timestamp(own.expires_at, 0), mandate.valid_until];
    let until = until.into_iter().flatten().fold(at + ACCESS_TOKEN_LIFETIME, DateTime::min);
    let grounds = Grounds { client: &asker.client, scopes, key: asker.key, at, until };
    // Signed first, so that the record names the key; given away only once on record.
    let signed = ctx.identity.issue_exchanged_token(&grounds, &own, &mandate)?;
    let details = json!({ "mandate": mandate.id, "kid": signed.kid });
    changes.audit(&entry(Outcome::Succeeded).with(details));
    ctx.store.commit(changes).await?;
    Ok(Tokens {
        access_token: signed.jws,
        is_bound: asker.key.is_some(),
        expires_in_seconds: (until - at).num_seconds(),
        refresh_token: None,
        id_token: None,
        scopes,
        issued_token_type: Some(ACCESS_TOKEN),
    })
}

const NOT_OWN: OAuthError = OAuthError::new(
    OAuthCode::InvalidGrant,
    "subject_token must be an access token in force, of a person, given to this client, for himself",
);

/// The agent's own token. One that is bound to a key is good only with a proof of
/// that key: whoever stole it must not get rid of the binding here.
async fn own_token(
    ctx: &Ctx,
    asker: &Asker,
    request: &TokenExchange,
    at: DateTime<Utc>,
) -> TokenResult<Arc<VerifiedToken>> {
    let token = ctx.identity.verify(request.subject_token.expose(), at).await?;
    let token = token.filter(|token| token.client == asker.client.id && token.delegation.is_none());
    let token = token.ok_or(NOT_OWN)?;
    if token.key.is_some() && token.key != asker.key {
        let description = "the subject_token is bound to a key; send a DPoP proof made with it";
        return Err(OAuthError::new(OAuthCode::InvalidDpopProof, description).into());
    }
    Ok(token)
}

async fn mandate(
    ctx: &Ctx,
    account: Uuid,
    principal: Uuid,
    at: DateTime<Utc>,
) -> TokenResult<Option<Mandate>> {
    let rights = ctx.identity.rights(account).await?.ok_or(NOT_OWN)?;
    let found = rights
        .mandates
        .iter()
        .filter(|mandate| mandate.principal == principal && mandate.in_force(at))
        // The one for all guides before one for some; then the one that lasts.
        .max_by_key(|mandate| (mandate.guides.is_none(), mandate.valid_until.is_none(), mandate.valid_until));
    Ok(found.cloned())
}
