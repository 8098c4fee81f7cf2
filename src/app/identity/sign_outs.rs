//! The end of sessions, and telling clients of it (OpenID Connect Back-Channel
//! Logout 1.0).
//!
//! What always holds: a session ends here at once and on every other instance
//! within a second; the message to its client is written in the same transaction
//! and is tried until it is delivered or given up, whatever restarts meanwhile.

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::StreamExt as _;
use serde_json::json;
use uuid::Uuid;

use super::Identity;
use crate::app::ctx::{Ctx, new_id};
use crate::app::error::{AppError, AppResult};
use crate::app::ports::PortError;
use crate::domain::identity::Session;
use crate::store::{Changes, Epoch, IdentityWrite, Message, OutboxWrite, SESSION_ENDED};

/// Messages taken in one go.
const PAGE: i64 = 100;
/// Clients told at the same moment: one that does not answer keeps few waiting.
const AT_ONCE: usize = 16;
/// After this many attempts, some three days, a client is given up.
const ATTEMPTS: u32 = 16;
const LONGEST_PAUSE: TimeDelta = TimeDelta::hours(12);

impl Identity {
    /// Ends sessions.
    pub(super) async fn end_sessions(&self, sessions: &[Uuid], at: DateTime<Utc>) -> AppResult<()> {
        match sessions {
            [] => Ok(()),
            sessions => self.end_sessions_with(Changes::new(), sessions, at).await,
        }
    }

    /// Ends sessions in the transaction of `changes`.
    pub(super) async fn end_sessions_with(
        &self,
        mut changes: Changes,
        sessions: &[Uuid],
        at: DateTime<Utc>,
    ) -> AppResult<()> {
        let found = self.store.list_sessions_by_id(sessions.to_vec()).await?;
        self.write_endings(&mut changes, &found, at);
        self.store.commit(changes).await?;
        for session in sessions {
            self.note_ended(*session, at);
        }
        Ok(())
    }

    /// Adds the end of these sessions to `changes`, and the messages to their clients.
    fn write_endings(&self, changes: &mut Changes, sessions: &[Session], at: DateTime<Utc>) {
        for session in sessions.iter().filter(|session| session.revoked_at.is_none()) {
            changes.write(IdentityWrite::RevokeSession { session: session.id, at });
            let client = self.client_even_if_disabled(session.client.as_str());
            if client.is_some_and(|client| client.backchannel_logout_uri.is_some()) {
                changes.tell(Message {
                    id: new_id(at),
                    topic: SESSION_ENDED.to_owned(),
                    subject: session.id,
                    payload: json!({ "client": session.client.as_str(), "account": session.account }),
                    created_at: at,
                    attempts: 0,
                });
            }
        }
        changes.write(Epoch::Identity);
    }

    /// Removes what expired more than a month ago.
    pub async fn sweep(&self, at: DateTime<Utc>) -> AppResult<()> {
        let mut changes = Changes::new();
        changes.write(IdentityWrite::Sweep { before: at - TimeDelta::days(30) });
        Ok(self.store.commit(changes).await?)
    }
}

/// Tells the clients that are due; gives how many messages were dealt with.
pub async fn deliver_due(ctx: &Ctx) -> AppResult<usize> {
    let at = ctx.clock.now();
    let due = ctx.store.list_due_sign_outs(at, PAGE).await?;
    if due.is_empty() {
        return Ok(0);
    }
    let outcomes: Vec<(&Message, Result<(), PortError>)> = futures_util::stream::iter(&due)
        .map(|message| async move { (message, tell(ctx, message, at).await) })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let mut delivered = Vec::new();
    let mut changes = Changes::new();
    for (message, outcome) in outcomes {
        match outcome {
            Ok(()) => delivered.push(message.id),
            Err(error) => {
                changes.write(again(message, &error, at));
            }
        }
    }
    changes.write(OutboxWrite::Delivered(delivered));
    match ctx.store.commit(changes).await.map_err(AppError::from) {
        // Another instance counted the same attempt; it will be looked at again.
        Err(AppError::Stale) | Ok(()) => Ok(due.len()),
        Err(error) => Err(error),
    }
}

/// A client that is gone, or wants to hear nothing any more, is told nothing.
async fn tell(ctx: &Ctx, message: &Message, at: DateTime<Utc>) -> Result<(), PortError> {
    let named = message.payload["client"].as_str().unwrap_or_default();
    let Some(client) = ctx.identity.client_even_if_disabled(named) else { return Ok(()) };
    let Some(uri) = &client.backchannel_logout_uri else { return Ok(()) };
    let account = message.payload["account"].as_str().and_then(|text| text.parse().ok());
    let Some(account) = account else { return Err(PortError::Rejected("it names no account".to_owned())) };
    let token = ctx
        .identity
        .issue_logout_token(&client, account, message.subject, at)
        .map_err(|error| PortError::Unavailable(format!("{error:?}")))?;
    ctx.sign_outs.tell(uri.as_str(), &token).await
}

fn again(message: &Message, error: &PortError, at: DateTime<Utc>) -> OutboxWrite {
    let attempts = message.attempts + 1;
    let hopeless = attempts >= ATTEMPTS;
    let client = message.payload["client"].as_str().unwrap_or_default();
    if hopeless {
        tracing::error!(message = %message.id, client, %error, "a client was not told of a sign-out; given up");
    } else {
        tracing::info!(message = %message.id, client, attempts, %error, "a client was not told of a sign-out yet");
    }
    let pause = TimeDelta::seconds(15 << attempts.min(20)).min(LONGEST_PAUSE);
    OutboxWrite::Retry {
        id: message.id,
        attempts_before: message.attempts,
        next_at: (!hopeless).then(|| at + pause),
    }
}
