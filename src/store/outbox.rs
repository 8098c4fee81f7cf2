//! The outbox: what must be told to the world, written in the same transaction
//! as what it tells of, delivered later by the worker, at least once.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::Value;
use uuid::Uuid;

use super::Store;
use super::changes::Changes;
use super::conn::Conn;
use super::error::{Error, Result};
use super::rows::OutboxRow;
use super::schema::outbox;
use super::types::{At, Key};

/// The topic of messages that go to clients and not to people. They are listed
/// apart, so that a client that does not answer delays nobody's message.
pub const SESSION_ENDED: &str = "session.ended";

/// Something to tell.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    pub id: Uuid,
    /// `case.submitted`, `sms`…
    pub topic: String,
    /// What it is about: a case, an account.
    pub subject: Uuid,
    pub payload: Value,
    pub created_at: DateTime<Utc>,
    /// Attempts made so far.
    pub attempts: u32,
}

#[derive(Debug, Clone)]
pub enum Write {
    /// They were delivered.
    Delivered(Vec<Uuid>),
    /// It was not; try again then. Guarded by the number of attempts, so that
    /// two instances never count one attempt twice.
    Retry { id: Uuid, attempts_before: u32, next_at: Option<DateTime<Utc>> },
}

impl Changes {
    pub fn tell(&mut self, message: Message) {
        self.outbox.push(OutboxRow {
            id: Key(message.id),
            topic: message.topic,
            subject: Key(message.subject),
            payload: message.payload.to_string(),
            created_at: At(message.created_at),
            next_at: Some(At(message.created_at)),
            attempts: 0,
        });
    }
}

impl Write {
    pub(super) fn apply(&self, conn: &mut Conn) -> QueryResult<bool> {
        match self {
            Write::Delivered(ids) => {
                let ids: Vec<Key> = ids.iter().copied().map(Key).collect();
                diesel::update(outbox::table.filter(outbox::id.eq_any(ids)))
                    .set(outbox::next_at.eq(None::<At>))
                    .execute(conn)
                    .map(|_| true)
            }
            Write::Retry { id, attempts_before, next_at } => {
                let before = i32::try_from(*attempts_before).unwrap_or(i32::MAX);
                let row = outbox::table.filter(outbox::id.eq(Key(*id))).filter(outbox::attempts.eq(before));
                diesel::update(row)
                    .set((outbox::attempts.eq(before.saturating_add(1)), outbox::next_at.eq(next_at.map(At))))
                    .execute(conn)
                    .map(|n| n == 1)
            }
        }
    }
}

impl Store {
    /// Messages to people due for delivery, oldest first.
    pub async fn list_due_messages(&self, at: DateTime<Utc>, limit: i64) -> Result<Vec<Message>> {
        let rows: Vec<OutboxRow> = self
            .read(move |conn| {
                Ok(outbox::table
                    .filter(outbox::next_at.le(At(at)))
                    .filter(outbox::topic.ne(SESSION_ENDED))
                    .order((outbox::next_at, outbox::id))
                    .limit(limit)
                    .select(OutboxRow::as_select())
                    .load(conn)?)
            })
            .await?;
        rows.into_iter().map(message).collect()
    }

    /// Clients due to be told that a session ended, oldest first.
    pub async fn list_due_sign_outs(&self, at: DateTime<Utc>, limit: i64) -> Result<Vec<Message>> {
        let rows: Vec<OutboxRow> = self
            .read(move |conn| {
                Ok(outbox::table
                    .filter(outbox::next_at.le(At(at)))
                    .filter(outbox::topic.eq(SESSION_ENDED))
                    .order((outbox::next_at, outbox::id))
                    .limit(limit)
                    .select(OutboxRow::as_select())
                    .load(conn)?)
            })
            .await?;
        rows.into_iter().map(message).collect()
    }
}

fn message(row: OutboxRow) -> Result<Message> {
    let id = row.id.0;
    Ok(Message {
        id,
        topic: row.topic,
        subject: row.subject.0,
        payload: serde_json::from_str(&row.payload).map_err(|error| Error::corrupt("outbox", id, error))?,
        created_at: row.created_at.0,
        attempts: u32::try_from(row.attempts)
            .map_err(|_| Error::corrupt("outbox", id, "it counts fewer than no attempts"))?,
    })
}
