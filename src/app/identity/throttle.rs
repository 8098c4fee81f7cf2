//! Counting tries where it matters: in the database, before the outcome is known,
//! so that tries made at the same moment do not slip past.
//!
//! What always holds: whether the account exists changes nothing of what is read
//! and written here.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::devices;
use super::visitor::Visitor;
use crate::app::ctx::Ctx;
use crate::app::error::{AppError, AppResult};
use crate::domain::audit::{AuditAction, Outcome};
use crate::domain::cases::history::hex;
use crate::domain::codes::{CodeError, Mobile};
use crate::domain::identity::throttle::{Charge, Refund, Signal, Verdict, judge, refunds};
use crate::domain::identity::{Approach, Subject};
use crate::domain::network::Network;
use crate::domain::refusal::FieldError;
use crate::store::{self, Changes, IdentityWrite};

/// How often a count that somebody else overtook is tried again.
const ATTEMPTS: usize = 20;

/// What is tried. Each way in has counts of its own for an account: who guesses
/// passwords does not bar the way by SMS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Door {
    Password,
    SmsCode,
    SecondFactor,
    Registration,
    /// Asking for a message; every one counts, not only those that failed.
    Message,
}

impl Door {
    fn as_str(self) -> &'static str {
        match self {
            Door::Password => "password",
            Door::SmsCode => "sms_code",
            Door::SecondFactor => "second_factor",
            Door::Registration => "registration",
            Door::Message => "message",
        }
    }

    fn subjects(self, approach: Approach) -> &'static [Subject] {
        match self {
            Door::Password | Door::SmsCode | Door::SecondFactor | Door::Registration => approach.subjects(),
            Door::Message => approach.subjects_of_messages(),
        }
    }

    /// The name under which it counts against everybody of a network or place.
    fn shared(self) -> &'static str {
        match self {
            Door::Password | Door::SmsCode | Door::SecondFactor | Door::Registration => "sign_in",
            Door::Message => "message",
        }
    }
}

/// The tries counted for one attempt, to be taken back when it succeeds.
pub(super) struct Tries {
    counted: Vec<(Vec<u8>, Charge)>,
}

impl Tries {
    /// # Errors
    /// `TooMany` when too much failed before.
    pub(super) async fn count(
        ctx: &Ctx,
        door: Door,
        mobile: &Mobile,
        visitor: &Visitor,
        at: DateTime<Utc>,
    ) -> AppResult<Self> {
        let approach = devices::approach(ctx, visitor, mobile).await?;
        let subjects = door.subjects(approach);
        let keys: Vec<Vec<u8>> =
            subjects.iter().map(|subject| key(ctx, door, *subject, mobile, visitor)).collect();
        for _ in 0..ATTEMPTS {
            let found = ctx.store.list_failures(keys.clone()).await?;
            let signals: Vec<Signal> = subjects
                .iter()
                .zip(found)
                .map(|(subject, failures)| Signal { subject: *subject, failures })
                .collect();
            let charges = match judge(&signals, at) {
                Verdict::Try(charges) => charges,
                Verdict::Wait { subject, time } => {
                    note_wait(ctx, door, subject, mobile, visitor, at).await?;
                    return Err(too_many(time));
                }
            };
            let counted: Vec<(Vec<u8>, Charge)> = keys.iter().cloned().zip(charges).collect();
            match ctx.store.commit(counting(&counted, at)).await {
                Ok(()) => return Ok(Self { counted }),
                // Another try for the same account was counted first: look again.
                Err(store::Error::Stale | store::Error::Duplicate(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(AppError::TooMany { retry_after_seconds: 1 })
    }

    /// A success takes back what had failed here.
    pub(super) fn forgive(self, changes: &mut Changes) {
        let charges: Vec<Charge> = self.counted.iter().map(|(_, charge)| *charge).collect();
        for ((subject, _), (_, refund)) in self.counted.into_iter().zip(refunds(&charges)) {
            changes.write(match refund {
                Refund::All => IdentityWrite::ForgiveAll { subject },
                Refund::Some(count) => IdentityWrite::ForgiveTries { subject, count },
            });
        }
    }
}

fn counting(counted: &[(Vec<u8>, Charge)], at: DateTime<Utc>) -> Changes {
    let mut changes = Changes::new();
    for (subject, charge) in counted {
        let (subject, expected) = (subject.clone(), charge.before);
        changes.write(if charge.subject.counts_one_by_one() {
            IdentityWrite::CountTry { subject, expected, count: charge.after(), at }
        } else {
            IdentityWrite::AddTries { subject, expected, faded: charge.faded, count: charge.weight, at }
        });
    }
    changes
}

/// Counts one try against each of these, and nothing else; gives what was counted.
///
/// # Errors
/// `TooMany` when too much failed before.
pub(in crate::app) async fn charge(
    ctx: &Ctx,
    subjects: &[(Subject, Vec<u8>)],
    at: DateTime<Utc>,
) -> AppResult<Vec<(Vec<u8>, Charge)>> {
    let keys: Vec<Vec<u8>> = subjects.iter().map(|(_, key)| key.clone()).collect();
    for _ in 0..ATTEMPTS {
        let found = ctx.store.list_failures(keys.clone()).await?;
        let signals: Vec<Signal> = subjects
            .iter()
            .zip(found)
            .map(|((subject, _), failures)| Signal { subject: *subject, failures })
            .collect();
        let charges = match judge(&signals, at) {
            Verdict::Try(charges) => charges,
            Verdict::Wait { time, .. } => return Err(too_many(time)),
        };
        let counted: Vec<(Vec<u8>, Charge)> = keys.iter().cloned().zip(charges).collect();
        match ctx.store.commit(counting(&counted, at)).await {
            Ok(()) => return Ok(counted),
            // Another try was counted first: look again.
            Err(store::Error::Stale | store::Error::Duplicate(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(AppError::TooMany { retry_after_seconds: 1 })
}

/// What is counted against, by a keyed index.
fn key(ctx: &Ctx, door: Door, subject: Subject, mobile: &Mobile, visitor: &Visitor) -> Vec<u8> {
    let network = Network::of(visitor.from);
    let (mobile, way) = (mobile.as_str(), door.as_str());
    let (scope, value) = match subject {
        Subject::Account | Subject::Enquirer => (way, mobile.to_owned()),
        Subject::AccountFromNetwork => (way, format!("{mobile} {network}")),
        Subject::Device => {
            (way, format!("{mobile} {}", visitor.device.as_ref().map_or("", |device| device.expose())))
        }
        Subject::Network => (door.shared(), network.to_string()),
        Subject::Place => {
            let place = visitor.place.as_ref().map_or("", |place| place.as_str());
            (door.shared(), format!("{place} {network}"))
        }
    };
    ctx.store.vault().blind_index(&format!("failures.{scope}.{}", subject.as_str()), &value)
}

/// Puts on record that somebody was turned away, once a minute for each account
/// and network: whoever knocks on must not fill the trail.
async fn note_wait(
    ctx: &Ctx,
    door: Door,
    subject: Subject,
    mobile: &Mobile,
    visitor: &Visitor,
    at: DateTime<Utc>,
) -> AppResult<()> {
    let noted = key(ctx, door, Subject::AccountFromNetwork, mobile, visitor);
    if !ctx.identity.noted.is_new(noted, at) {
        return Ok(());
    }
    let entry = visitor
        .entry(ctx, at, AuditAction::Throttled, Outcome::Refused)
        .on(named(ctx, mobile).await?)
        .with(json!({ "way": door.as_str(), "for": subject.as_str() }));
    let mut changes = Changes::new();
    changes.audit(&entry);
    Ok(ctx.store.commit(changes).await?)
}

/// What somebody tried, as the audit trail names it: the account, or a label that
/// is the same for the same number and tells nothing of it.
pub(super) async fn named(ctx: &Ctx, mobile: &Mobile) -> AppResult<String> {
    let account = ctx.store.find_account_by_mobile(mobile).await?;
    Ok(account.map_or_else(|| label_of(ctx, mobile), |account| account.id.to_string()))
}

fn label_of(ctx: &Ctx, mobile: &Mobile) -> String {
    let index = ctx.store.vault().blind_index("audit.mobile", mobile.as_str());
    format!("mobile:{}", hex(index.get(..8).unwrap_or(&index)))
}

/// What was put on record within the last minute.
#[derive(Default)]
pub(super) struct Noted(Mutex<HashMap<Vec<u8>, DateTime<Utc>>>);

/// Entries kept; beyond that the oldest are let go.
const MOST_NOTED: usize = 10_000;

impl Noted {
    fn is_new(&self, key: Vec<u8>, at: DateTime<Utc>) -> bool {
        let minute = TimeDelta::minutes(1);
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if noted.len() >= MOST_NOTED {
            noted.retain(|_, noted_at| at < *noted_at + minute);
        }
        if noted.len() >= MOST_NOTED {
            noted.clear();
        }
        match noted.get(&key) {
            Some(noted_at) if at < *noted_at + minute => false,
            Some(_) | None => {
                noted.insert(key, at);
                true
            }
        }
    }
}

pub(super) fn too_many(wait: TimeDelta) -> AppError {
    // Rounded up: who comes back when told must not be sent away again.
    let seconds = (wait + TimeDelta::milliseconds(999)).num_seconds().max(1);
    AppError::TooMany { retry_after_seconds: seconds.unsigned_abs() }
}

pub(super) fn parse_at<T>(pointer: &str, parsed: Result<T, CodeError>) -> Result<T, Vec<FieldError>> {
    parsed.map_err(|error| vec![FieldError::new(pointer, error.code, error.detail)])
}

pub(super) fn parse_mobile(text: &str) -> AppResult<Mobile> {
    parse_at("/mobile", Mobile::parse(text)).map_err(AppError::Invalid)
}
