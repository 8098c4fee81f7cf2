//! Counting tries where it matters: in the database, before the outcome is known,
//! so that tries made at the same moment do not slip past.

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};

use crate::app::ctx::Ctx;
use crate::app::error::{AppError, AppResult};
use crate::domain::codes::{CodeError, Mobile};
use crate::domain::identity::throttle::network;
use crate::domain::identity::{Failures, Subject};
use crate::domain::refusal::FieldError;
use crate::store::{self, Changes, IdentityWrite};

/// How often a count that somebody else overtook is tried again.
const ATTEMPTS: usize = 10;

/// The tries counted for one attempt, to be taken back when it succeeds.
pub(super) struct Tries {
    account: Vec<u8>,
    address: Vec<u8>,
}

impl Tries {
    pub(super) async fn count(
        ctx: &Ctx,
        mobile: &Mobile,
        from: IpAddr,
        at: DateTime<Utc>,
    ) -> AppResult<Self> {
        let account = subject(ctx, "sign_in.account", mobile.as_str());
        let address = subject(ctx, "sign_in.address", &network(from));
        for _ in 0..ATTEMPTS {
            refuse_if_waiting(Subject::Address, ctx.store.find_failures(address.clone()).await?, at)?;
            let failures = ctx.store.find_failures(account.clone()).await?;
            refuse_if_waiting(Subject::Account, failures, at)?;
            let mut changes = Changes::new();
            changes.write(IdentityWrite::CountTry {
                subject: account.clone(),
                expected: failures.map(|failures| failures.count),
                count: Subject::Account.remembered(failures, at).saturating_add(1),
                at,
            });
            changes.write(IdentityWrite::AddTry {
                subject: address.clone(),
                forgotten_before: Subject::Address.forgotten_before(at),
                at,
            });
            match ctx.store.commit(changes).await {
                Ok(()) => return Ok(Self { account, address }),
                // Another try for the same account was counted first: look again.
                Err(store::Error::Stale | store::Error::Duplicate(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(AppError::TooMany { retry_after_seconds: 1 })
    }

    pub(super) fn forgive(self, changes: &mut Changes) {
        changes.write(IdentityWrite::ForgiveAll { subject: self.account });
        changes.write(IdentityWrite::ForgiveTry { subject: self.address });
    }
}

pub(super) fn refuse_if_waiting(
    subject: Subject,
    failures: Option<Failures>,
    at: DateTime<Utc>,
) -> AppResult<()> {
    subject.wait(failures, at).map_or(Ok(()), |wait| Err(too_many(wait)))
}

pub(super) fn too_many(wait: TimeDelta) -> AppError {
    // Rounded up: who comes back when told must not be sent away again.
    let seconds = (wait + TimeDelta::milliseconds(999)).num_seconds().max(1);
    AppError::TooMany { retry_after_seconds: seconds.unsigned_abs() }
}

/// What is counted against, by a keyed index.
pub(super) fn subject(ctx: &Ctx, kind: &str, value: &str) -> Vec<u8> {
    ctx.store.vault().blind_index(kind, value)
}

pub(super) fn parse_at<T>(pointer: &str, parsed: Result<T, CodeError>) -> Result<T, Vec<FieldError>> {
    parsed.map_err(|error| vec![FieldError::new(pointer, error.code, error.detail)])
}

pub(super) fn parse_mobile(text: &str) -> AppResult<Mobile> {
    parse_at("/mobile", Mobile::parse(text)).map_err(AppError::Invalid)
}
