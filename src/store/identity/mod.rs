//! Clients, signing keys, one-time codes, failed sign-ins, sessions and the
//! tokens that hang on them. Secrets lie here as digests only; private keys lie
//! sealed.
//!
//! What always holds: a code is redeemed once and a refresh token rotated once,
//! because the update that does it expects it not to have been done.

mod browser_sign_ins;
mod clients;
mod device_grants;
mod keys;
mod passkeys;
mod protocol;
mod sessions;
mod sign_in;
mod totp;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use super::conn::Conn;
use crate::domain::identity::{Client, Digest, Failures, FreshCode, Purpose, RefreshToken, Session};

pub use browser_sign_ins::{ConsentRecord, SignInWrite};
pub use device_grants::{DeviceGrantRow, user_code_index};
pub use keys::{KeyPurpose, SigningKey, SigningKeyRow};
pub use passkeys::{CeremonyRecord, PasskeyRecord, PasskeyWrite};
pub use protocol::ProtocolWrite;
pub use sessions::RefreshRecord;
pub use sign_in::SmsCodeRow;
pub use totp::{TotpRow, TotpWrite};

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
    /// Counts a try before its outcome is known, if exactly what was expected is
    /// on record.
    CountTry {
        subject: Vec<u8>,
        expected: Option<Failures>,
        count: u32,
        at: DateTime<Utc>,
    },
    /// Adds tries to whatever is on record. What has faded is taken off only while
    /// what was expected stands there, so that of several at once one does it.
    AddTries {
        subject: Vec<u8>,
        expected: Option<Failures>,
        faded: u32,
        count: u32,
        at: DateTime<Utc>,
    },
    /// Takes so many tries back, as far as they stand there.
    ForgiveTries {
        subject: Vec<u8>,
        count: u32,
    },
    /// Takes all tries back.
    ForgiveAll {
        subject: Vec<u8>,
    },
    InsertSession(Session),
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
            Write::AddTries { subject, expected, faded, count, at } => {
                sign_in::add_tries(conn, subject, *expected, *faded, *count, *at)
            }
            Write::ForgiveTries { subject, count } => sign_in::forgive_tries(conn, subject, *count),
            Write::ForgiveAll { subject } => sign_in::forgive_all(conn, subject),
            Write::InsertSession(session) => sessions::insert(conn, session),
            Write::RevokeSession { session, at } => sessions::revoke(conn, *session, *at),
            Write::InsertCode { digest, code } => sessions::insert_code(conn, digest, code),
            Write::RedeemCode { digest, at } => sessions::redeem_code(conn, digest, *at),
            Write::InsertRefreshToken { digest, token } => sessions::insert_refresh(conn, digest, token),
            Write::Sweep { before } => {
                sign_in::sweep(conn, *before)?;
                sessions::sweep(conn, *before)?;
                browser_sign_ins::sweep(conn, *before)?;
                passkeys::sweep(conn, *before)?;
                Ok(true)
            }
        }
    }
}
