//! Idempotency keys (api.md): who repeats a request gets the first answer again.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::Store;
use super::changes::Changes;
use super::conn::Conn;
use super::error::Result;
use super::rows::IdempotencyRow;
use super::schema::{fences, idempotency};
use super::types::At;

/// A caller's claim that this request is made once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// SHA-256 over caller, route and the key he sent.
    pub key: [u8; 32],
    /// SHA-256 over the request body.
    pub request_digest: [u8; 32],
}

/// What was answered under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    pub request_digest: Vec<u8>,
    pub answer: String,
}

impl Changes {
    /// Claims the key with these changes; `answer` is what a repetition is answered from.
    pub fn claim(&mut self, claim: Option<&Claim>, answer: String, at: DateTime<Utc>) {
        self.claim = claim.map(|claim| IdempotencyRow {
            key: claim.key.to_vec(),
            request_digest: claim.request_digest.to_vec(),
            answer,
            created_at: At(at),
        });
    }
}

/// Drops answers, and the marks of commits, from before that time.
pub(super) fn forget(conn: &mut Conn, before: DateTime<Utc>) -> QueryResult<bool> {
    diesel::delete(idempotency::table.filter(idempotency::created_at.lt(At(before)))).execute(conn)?;
    diesel::delete(fences::table.filter(fences::created_at.lt(At(before)))).execute(conn)?;
    Ok(true)
}

impl Store {
    pub async fn find_answer(&self, claim: &Claim) -> Result<Option<Answered>> {
        let key = claim.key.to_vec();
        self.read(move |conn| {
            let row: Option<IdempotencyRow> = idempotency::table
                .filter(idempotency::key.eq(key))
                .select(IdempotencyRow::as_select())
                .first(conn)
                .optional()?;
            Ok(row.map(|row| Answered { request_digest: row.request_digest, answer: row.answer }))
        })
        .await
    }
}
