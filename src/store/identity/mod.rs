//! Clients, signing keys, one-time codes, failed sign-ins, sessions and the
//! tokens that hang on them. Secrets lie here as digests only; private keys lie
//! sealed.
//!
//! What always holds: a code is redeemed once and a refresh token rotated once,
//! because the update that does it expects it not to have been done.

mod clients;
mod keys;
mod sessions;
mod sign_in;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use super::conn::Conn;
use crate::domain::identity::{Client, Digest, FreshCode, Purpose, RefreshToken, Session};

pub use keys::{KeyPurpose, SigningKey, SigningKeyRow};
pub use sign_in::SmsCodeRow;

/// A write to one of the identity tables.
#[derive(Debug, Clone)]
pub enum IdentityWrite {
    /// Registers a client or replaces its registration.
    PutClient(Client),
    InsertSigningKey(SigningKeyRow),
    /// The key signs nothing any more; what it signed can still be verified.
    RetireSigningKey {
        kid: String,
        at: DateTime<Utc>,
    },
    /// Replaces the code of that number and purpose.
    PutSmsCode(SmsCodeRow),
    /// Uses the code up, if `failures` still stand against it.
    UseSmsCode {
        mobile_index: Vec<u8>,
        purpose: Purpose,
        failures: u32,
    },
    /// One failure more, if `failures_before` stand against the code.
    FailSmsCode {
        mobile_index: Vec<u8>,
        purpose: Purpose,
        failures_before: u32,
    },
    /// Counts a try before its outcome is known, if `expected` tries are on
    /// record; none expected means that a forgotten row is begun anew.
    CountTry {
        subject: Vec<u8>,
        expected: Option<u32>,
        count: u32,
        at: DateTime<Utc>,
    },
    /// Counts a try whatever is on record, forgetting what lies before.
    AddTry {
        subject: Vec<u8>,
        forgotten_before: DateTime<Utc>,
        at: DateTime<Utc>,
    },
    /// Takes one try back: it succeeded.
    ForgiveTry {
        subject: Vec<u8>,
    },
    /// Takes all tries back.
    ForgiveAll {
        subject: Vec<u8>,
    },
    InsertSession(Session),
    /// A refresh: the session was used, if it was not revoked meanwhile.
    TouchSession {
        session: Uuid,
        at: DateTime<Utc>,
    },
    /// Ends a session; one that has ended stays as it is.
    RevokeSession {
        session: Uuid,
        at: DateTime<Utc>,
    },
    InsertCode {
        digest: Digest,
        code: FreshCode,
    },
    /// Expects that nobody redeemed it before.
    RedeemCode {
        digest: Digest,
        at: DateTime<Utc>,
    },
    InsertRefreshToken {
        digest: Digest,
        token: RefreshToken,
    },
    /// Expects that nobody rotated it before.
    RotateRefreshToken {
        digest: Digest,
        at: DateTime<Utc>,
    },
    /// Removes what expired before this.
    Sweep {
        before: DateTime<Utc>,
    },
}

pub(super) use IdentityWrite as Write;

impl IdentityWrite {
    /// Whether it found what it expected.
    pub(super) fn apply(&self, conn: &mut Conn) -> QueryResult<bool> {
        match self {
            Write::PutClient(client) => clients::put(conn, client),
            Write::InsertSigningKey(row) => keys::insert(conn, row),
            Write::RetireSigningKey { kid, at } => keys::retire(conn, kid, *at),
            Write::PutSmsCode(row) => sign_in::put_code(conn, row),
            Write::UseSmsCode { mobile_index, purpose, failures } => {
                sign_in::use_code(conn, mobile_index, *purpose, *failures)
            }
            Write::FailSmsCode { mobile_index, purpose, failures_before } => {
                sign_in::fail_code(conn, mobile_index, *purpose, *failures_before)
            }
            Write::CountTry { subject, expected, count, at } => {
                sign_in::count_try(conn, subject, *expected, *count, *at)
            }
            Write::AddTry { subject, forgotten_before, at } => {
                sign_in::add_try(conn, subject, *forgotten_before, *at)
            }
            Write::ForgiveTry { subject } => sign_in::forgive_try(conn, subject),
            Write::ForgiveAll { subject } => sign_in::forgive_all(conn, subject),
            Write::InsertSession(session) => sessions::insert(conn, session),
            Write::TouchSession { session, at } => sessions::touch(conn, *session, *at),
            Write::RevokeSession { session, at } => sessions::revoke(conn, *session, *at),
            Write::InsertCode { digest, code } => sessions::insert_code(conn, digest, code),
            Write::RedeemCode { digest, at } => sessions::redeem_code(conn, digest, *at),
            Write::InsertRefreshToken { digest, token } => sessions::insert_refresh(conn, digest, token),
            Write::RotateRefreshToken { digest, at } => sessions::rotate_refresh(conn, digest, *at),
            Write::Sweep { before } => {
                sign_in::sweep(conn, *before)?;
                sessions::sweep(conn, *before)?;
                Ok(true)
            }
        }
    }
}
