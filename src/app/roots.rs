//! 每日根: once a day, what all histories of the day before came to, as the root of a
//! Merkle tree, signed and bound to the root before it. Whoever keeps a root can tell
//! later whether any history was written anew, and a case can be shown to be under it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::cases::readable;
use super::ctx::Ctx;
use super::error::{AppError, AppResult};
use super::identity::Caller;
use crate::domain::cases::Digest;
use crate::domain::cases::history::{GENESIS, hex};
use crate::domain::cases::merkle::{self, Leaf};
use crate::domain::time::{end_of_local_day, local_date, start_of_local_day};
pub use crate::store::DailyRoot;
use crate::store::{self, Changes, DayRange, Store};

/// The JWS type of a root.
pub const DAILY_ROOT: &str = "daily-root+jwt";
/// How long after midnight a day is closed: whatever began before has been written.
const SETTLED_AFTER: TimeDelta = TimeDelta::minutes(15);
/// Days made up for in one go.
const DAYS_AT_ONCE: usize = 400;

/// What a root says, as it is signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RootClaims {
    /// In China.
    pub day: NaiveDate,
    /// Number of leaves: cases that something happened to.
    pub cases: u64,
    /// Lower-case hex, as all digests here.
    pub root: String,
    /// SHA-256 of the signed root of the day before, as text; zeros for the first.
    pub previous: String,
}

/// The day as instants.
pub fn range_of(day: NaiveDate) -> DayRange {
    DayRange { from: start_of_local_day(day), to: end_of_local_day(day) }
}

/// Makes the roots of all days that are over and have none; gives how many. Every
/// instance may run this: a day is taken once.
pub async fn make_due(ctx: &Ctx) -> AppResult<usize> {
    let at = ctx.clock.now();
    let Some(last_day) = local_date(at - SETTLED_AFTER).pred_opt() else { return Ok(0) };
    let newest = ctx.store.list_roots(None, 1).await?.pop();
    let mut next = match &newest {
        Some(root) => day_of(root)?.succ_opt(),
        None => ctx.store.first_record_at().await?.map(local_date),
    };
    let mut previous = newest.map_or(GENESIS, |root| digest_of(&root.jws));
    let mut made = 0;
    while let Some(day) = next.filter(|day| *day <= last_day && made < DAYS_AT_ONCE) {
        let root = make(ctx, day, previous, at).await?;
        previous = digest_of(&root.jws);
        let mut changes = Changes::new();
        changes.write(root);
        match ctx.store.commit(changes).await {
            Ok(()) => made += 1,
            // Another instance was faster; it goes on, too.
            Err(store::Error::Stale | store::Error::Duplicate(_)) => return Ok(made),
            Err(error) => return Err(error.into()),
        }
        next = day.succ_opt();
    }
    Ok(made)
}

async fn make(ctx: &Ctx, day: NaiveDate, previous: Digest, at: DateTime<Utc>) -> AppResult<DailyRoot> {
    let leaves = hashes(&ctx.store.leaves_of(range_of(day)).await?);
    let root = merkle::root(&leaves);
    let cases = leaves.len() as u64;
    let claims = RootClaims { day, cases, root: hex(&root), previous: hex(&previous) };
    Ok(DailyRoot {
        day: day.to_string(),
        cases: i64::try_from(cases).unwrap_or(i64::MAX),
        root: root.to_vec(),
        previous: previous.to_vec(),
        jws: ctx.identity.sign_seal(&claims, DAILY_ROOT, at)?,
    })
}

pub fn hashes(leaves: &[Leaf]) -> Vec<Digest> {
    leaves.iter().map(Leaf::hash).collect()
}

/// By which the next root is bound to this one.
pub fn digest_of(jws: &str) -> Digest {
    Sha256::digest(jws).into()
}

fn day_of(root: &DailyRoot) -> AppResult<NaiveDate> {
    root.day
        .parse()
        .map_err(|_| AppError::Internal(format!("corrupt row {} in daily_roots: no day", root.day)))
}

/// The newest first; anybody may keep them.
pub async fn list(ctx: &Ctx, before: Option<NaiveDate>, limit: i64) -> AppResult<Vec<DailyRoot>> {
    Ok(ctx.store.list_roots(before, limit).await?)
}

pub async fn read(ctx: &Ctx, day: NaiveDate) -> AppResult<DailyRoot> {
    ctx.store.find_root(day).await?.ok_or(AppError::NotFound)
}

/// The leaves of days that have a root, which do not change any more: as many days as
/// are likely to be asked for at once.
#[derive(Default)]
pub struct Days {
    known: Mutex<VecDeque<(NaiveDate, Arc<Vec<Leaf>>)>>,
}

impl Days {
    const KEPT: usize = 4;

    async fn leaves(&self, store: &Store, day: NaiveDate) -> AppResult<Arc<Vec<Leaf>>> {
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, leaves)) = known().iter().find(|(of, _)| *of == day) {
            return Ok(Arc::clone(leaves));
        }
        let leaves = Arc::new(store.leaves_of(range_of(day)).await?);
        let mut known = known();
        known.push_front((day, Arc::clone(&leaves)));
        known.truncate(Self::KEPT);
        Ok(leaves)
    }
}

/// That a case's history stood so on a day.
pub struct Proof {
    pub leaf: Leaf,
    /// Its place among the leaves, from 0.
    pub index: usize,
    pub size: usize,
    /// From the leaf up.
    pub path: Vec<Digest>,
    pub root: DailyRoot,
}

/// Under the newest root there is for the case.
///
/// # Errors
/// `NotFound` when the case is not the caller's to read, or younger than every root.
pub async fn prove(ctx: &Ctx, caller: &Caller, id: Uuid) -> AppResult<Proof> {
    readable(ctx, caller, id).await?;
    let newest = ctx.store.list_roots(None, 1).await?.pop().ok_or(AppError::NotFound)?;
    let covered = end_of_local_day(day_of(&newest)?);
    let last = ctx.store.last_record_at(id, covered).await?.ok_or(AppError::NotFound)?;
    let day = local_date(last);
    let root = ctx.store.find_root(day).await?.ok_or(AppError::NotFound)?;
    let leaves = ctx.roots.leaves(&ctx.store, day).await?;
    let index = leaves.iter().position(|leaf| leaf.case == id).ok_or(AppError::NotFound)?;
    let hashes = hashes(&leaves);
    let path = merkle::path(index, &hashes).unwrap_or_default();
    let Some(leaf) = leaves.get(index).copied() else { return Err(AppError::NotFound) };
    if merkle::root_of_path(index, hashes.len(), leaf.hash(), &path).map(|root| root.to_vec())
        != Some(root.root.clone())
    {
        return Err(AppError::Internal(format!("the histories of {day} do not give its root")));
    }
    Ok(Proof { leaf, index, size: hashes.len(), path, root })
}
