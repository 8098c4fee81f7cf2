//! 授权同意: what a person lets third-party apps do, given on the consent page and
//! taken back at any time.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use super::browser::Guest;
use super::holder::Holder;
use super::visitor::Visitor;
use crate::app::ctx::Ctx;
use crate::app::error::{AppError, AppResult};
use crate::domain::audit::{AuditAction, Outcome};
use crate::domain::identity::{Client, ClientId, Consent, ScopeSet};
use crate::store::{self, Changes, SignInWrite};

/// What somebody lets a client do.
pub struct OwnConsent {
    pub client_id: ClientId,
    /// None when the client was removed since.
    pub client: Option<Arc<Client>>,
    pub scopes: ScopeSet,
    pub granted_at: DateTime<Utc>,
}

/// What the guest lets the client do by now.
pub async fn granted(ctx: &Ctx, account: Uuid, client: &Client) -> AppResult<Consent> {
    if client.is_first_party() {
        return Ok(Consent::default());
    }
    let record = ctx.store.find_consent(account, &client.id).await?;
    Ok(Consent { granted: record.map_or(ScopeSet::EMPTY, |record| record.scopes), is_fresh: false })
}

/// The guest lets the client do this, beside what he let it do before.
pub async fn give(
    ctx: &Ctx,
    guest: &Guest,
    client: &Client,
    scopes: ScopeSet,
    visitor: &Visitor,
) -> AppResult<Consent> {
    let at = ctx.clock.now();
    let account = guest.account.id;
    let before = granted(ctx, account, client).await?.granted;
    let scopes: ScopeSet = before.iter().chain(scopes.iter()).collect();
    let entry = visitor
        .entry(ctx, at, AuditAction::ConsentGiven, Outcome::Succeeded)
        .by(account)
        .on(&client.id)
        .through(&client.id)
        .with(json!({ "scope": scopes.to_string() }));
    let mut changes = Changes::new();
    changes.write(SignInWrite::PutConsent { account, client: client.id.clone(), scopes, at });
    changes.audit(&entry);
    match ctx.store.commit(changes).await {
        // Agreed to in the same moment in another window.
        Ok(()) | Err(store::Error::Duplicate(_)) => Ok(Consent { granted: scopes, is_fresh: true }),
        Err(error) => Err(error.into()),
    }
}

/// The guest does not let the client do it.
pub async fn deny(ctx: &Ctx, guest: &Guest, client: &Client, visitor: &Visitor) -> AppResult<()> {
    let entry = visitor
        .entry(ctx, ctx.clock.now(), AuditAction::ConsentGiven, Outcome::Refused)
        .by(guest.account.id)
        .on(&client.id)
        .through(&client.id);
    let mut changes = Changes::new();
    changes.audit(&entry);
    Ok(ctx.store.commit(changes).await?)
}

pub async fn list(ctx: &Ctx, holder: &Holder) -> AppResult<Vec<OwnConsent>> {
    let found = ctx.store.list_consents(holder.account.id).await?;
    let own = found.into_iter().map(|record| OwnConsent {
        client: ctx.identity.client_even_if_disabled(record.client.as_str()),
        client_id: record.client,
        scopes: record.scopes,
        granted_at: record.granted_at,
    });
    Ok(own.collect())
}

/// Takes back what a client was let do, and ends its sessions.
///
/// # Errors
/// `NotFound` when it was let do nothing.
pub async fn revoke(ctx: &Ctx, holder: &Holder, client: &str) -> AppResult<()> {
    let (account, at) = (holder.account.id, ctx.clock.now());
    let client = ClientId::parse(client).map_err(|_| AppError::NotFound)?;
    let mut changes = Changes::new();
    changes.write(SignInWrite::RevokeConsent { account, client: client.clone(), at });
    changes.write(SignInWrite::EndCodes { account, client: Some(client.clone()), at });
    changes.audit(&holder.entry(ctx, AuditAction::ConsentRevoked, Outcome::Succeeded).on(&client));
    match ctx.store.commit(changes).await {
        Ok(()) => {}
        Err(store::Error::Stale) => return Err(AppError::NotFound),
        Err(error) => return Err(error.into()),
    }
    let sessions = ctx.store.list_sessions(account, at).await?;
    let ended = sessions.into_iter().filter(|session| session.client == client);
    let ended: Vec<Uuid> = ended.map(|session| session.id).collect();
    ctx.identity.end_sessions(&ended, at).await
}
