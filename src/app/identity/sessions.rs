//! Where somebody is signed in, and signing out.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Caller, Identity};
use crate::app::ctx::Ctx;
use crate::app::error::{AppError, AppResult};
use crate::domain::identity::{Client, Lifetime, Session, Standing};
use crate::store::{Changes, Epoch, IdentityWrite};

/// A live session of the caller.
pub struct OwnSession {
    pub session: Session,
    /// None when the client was removed since.
    pub client: Option<Arc<Client>>,
    /// Whether this request was made with it.
    pub is_current: bool,
}

pub async fn list(ctx: &Ctx, caller: &Caller) -> AppResult<Vec<OwnSession>> {
    let at = ctx.clock.now();
    let sessions = ctx.store.list_sessions(caller.actor.account, at).await?;
    let own = sessions.into_iter().filter_map(|session| {
        let client = ctx.identity.client_even_if_disabled(session.client.as_str());
        let rests = client.as_ref().is_some_and(|client| {
            let lifetime = Lifetime::of(client.channel, session.scopes);
            session.standing(lifetime, at) != Standing::Live
        });
        let is_current = caller.session == Some(session.id);
        (!rests).then_some(OwnSession { session, client, is_current })
    });
    Ok(own.collect())
}

/// Signs out there.
pub async fn end(ctx: &Ctx, caller: &Caller, id: Uuid) -> AppResult<()> {
    let session = ctx.store.find_session(id).await?;
    if session.is_none_or(|session| session.account != caller.actor.account) {
        return Err(AppError::NotFound);
    }
    ctx.identity.end_sessions(&[id], ctx.clock.now()).await
}

/// Signs out everywhere, here included.
pub async fn end_all(ctx: &Ctx, caller: &Caller) -> AppResult<()> {
    let at = ctx.clock.now();
    let sessions = ctx.store.list_sessions(caller.actor.account, at).await?;
    let ids: Vec<Uuid> = sessions.into_iter().map(|session| session.id).collect();
    ctx.identity.end_sessions(&ids, at).await
}

impl Identity {
    /// Ends sessions: here at once, on every other instance within a second.
    pub(super) async fn end_sessions(&self, sessions: &[Uuid], at: DateTime<Utc>) -> AppResult<()> {
        if sessions.is_empty() {
            return Ok(());
        }
        let mut changes = Changes::new();
        for session in sessions {
            changes.write(IdentityWrite::RevokeSession { session: *session, at });
        }
        changes.write(Epoch::Identity);
        self.store.commit(changes).await?;
        for session in sessions {
            self.note_ended(*session, at);
        }
        Ok(())
    }

    /// Removes what expired more than a month ago.
    pub async fn sweep(&self, at: DateTime<Utc>) -> AppResult<()> {
        let mut changes = Changes::new();
        changes.write(IdentityWrite::Sweep { before: at - chrono::TimeDelta::days(30) });
        Ok(self.store.commit(changes).await?)
    }
}
