//! Where somebody is signed in, and signing out.

use std::sync::Arc;

use uuid::Uuid;

use super::Caller;
use super::browser::{self, Spared};
use super::holder::Holder;
use crate::app::ctx::Ctx;
use crate::app::error::{AppError, AppResult};
use crate::domain::audit::{AuditAction, AuditEntry, Outcome};
use crate::domain::identity::{BrowserSignIn, Client, Session, Standing};
use crate::store::Changes;

/// A live session of the caller.
pub struct OwnSession {
    pub session: Session,
    /// None when the client was removed since.
    pub client: Option<Arc<Client>>,
    /// The browser it was begun from, while that is signed in.
    pub browser: Option<BrowserSignIn>,
    /// Whether this request was made with it.
    pub is_current: bool,
}

/// Those the caller may know of: through a third party only its own, without the
/// browser they came from.
///
/// # Errors
/// `Forbidden` with a token for somebody else's affairs.
pub async fn list(ctx: &Ctx, caller: &Caller) -> AppResult<Vec<OwnSession>> {
    if caller.principal.is_some() {
        return Err(AppError::Forbidden);
    }
    let mut own = list_of(ctx, caller.actor.account).await?;
    if !caller.client.is_first_party() {
        own.retain(|each| each.session.client == caller.client.id);
        own.iter_mut().for_each(|each| each.browser = None);
    }
    for each in &mut own {
        each.is_current = caller.session == Some(each.session.id);
    }
    Ok(own)
}

/// The live sessions of an account, the latest first.
pub async fn list_of(ctx: &Ctx, account: Uuid) -> AppResult<Vec<OwnSession>> {
    let at = ctx.clock.now();
    let browsers = browser::list(ctx, account).await?;
    let sessions = ctx.store.list_sessions(account, at).await?;
    let own = sessions.into_iter().filter_map(|session| {
        let client = ctx.identity.client_even_if_disabled(session.client.as_str());
        let rests = client.as_ref().is_some_and(|client| {
            let lifetime = ctx.identity.lifetimes().of(client.channel, session.scopes);
            session.standing(lifetime, at) != Standing::Live
        });
        let browser = browsers.iter().find(|browser| Some(browser.id) == session.sign_in).cloned();
        (!rests).then_some(OwnSession { session, client, browser, is_current: false })
    });
    Ok(own.collect())
}

/// Signs out there.
///
/// # Errors
/// `NotFound` when the caller knows of no such session.
pub async fn end(ctx: &Ctx, caller: &Caller, id: Uuid) -> AppResult<()> {
    if list(ctx, caller).await?.iter().all(|own| own.session.id != id) {
        return Err(AppError::NotFound);
    }
    let entry = caller.entry(ctx.clock.now(), AuditAction::SessionsEnded, Outcome::Succeeded);
    end_of(ctx, caller.actor.account, id, entry.on(id)).await
}

/// The same on one's account page.
///
/// # Errors
/// `NotFound` when the account has no such session.
pub async fn end_own(ctx: &Ctx, holder: &Holder, id: Uuid) -> AppResult<()> {
    let entry = holder.entry(ctx, AuditAction::SessionsEnded, Outcome::Succeeded);
    end_of(ctx, holder.account.id, id, entry.on(id)).await
}

async fn end_of(ctx: &Ctx, account: Uuid, id: Uuid, entry: AuditEntry) -> AppResult<()> {
    let session = ctx.store.find_session(id).await?;
    if session.is_none_or(|session| session.account != account) {
        return Err(AppError::NotFound);
    }
    put_on_record(ctx, entry).await?;
    ctx.identity.end_sessions(&[id], ctx.clock.now()).await
}

/// Signs out everywhere, here included; through a third party out of that app alone.
///
/// # Errors
/// `Forbidden` with a token for somebody else's affairs.
pub async fn end_all(ctx: &Ctx, caller: &Caller) -> AppResult<()> {
    let (account, at) = (caller.actor.account, ctx.clock.now());
    let own = list(ctx, caller).await?;
    let entry = caller.entry(at, AuditAction::SessionsEnded, Outcome::Succeeded).on(account);
    put_on_record(ctx, entry.with(serde_json::json!({ "all": true }))).await?;
    if caller.client.is_first_party() {
        return browser::end_everywhere(ctx, account, Spared::default(), at).await;
    }
    let ids: Vec<Uuid> = own.into_iter().map(|own| own.session.id).collect();
    ctx.identity.end_sessions(&ids, at).await
}

/// The same on one's account page.
pub async fn end_all_own(ctx: &Ctx, holder: &Holder) -> AppResult<()> {
    let (account, at) = (holder.account.id, ctx.clock.now());
    let entry = holder.entry(ctx, AuditAction::SessionsEnded, Outcome::Succeeded);
    put_on_record(ctx, entry.with(serde_json::json!({ "all": true }))).await?;
    browser::end_everywhere(ctx, account, Spared::default(), at).await
}

async fn put_on_record(ctx: &Ctx, entry: AuditEntry) -> AppResult<()> {
    let mut changes = Changes::new();
    changes.audit(&entry);
    Ok(ctx.store.commit(changes).await?)
}
