//! What is kept against attackers: devices people signed in with before, and the
//! passwords they used before.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use super::Store;
use super::conn::Conn;
use super::error::Result;
use super::schema::{accounts, devices, password_history};
use super::types::{At, Key};
use crate::domain::identity::known_device::MOST_PER_ACCOUNT;

/// A write to one of these tables.
#[derive(Debug, Clone)]
pub enum DefenceWrite {
    /// Remembers a device, or that it was used again; one too many lets go of the
    /// one longest unused.
    RememberDevice { digest: Vec<u8>, account: Uuid, at: DateTime<Utc> },
    /// Every device of an account is a stranger's again.
    ForgetDevices { account: Uuid },
    /// Devices not used since are forgotten.
    ForgetDevicesUnusedSince(DateTime<Utc>),
    /// The present password was chosen now.
    PasswordChosen { account: Uuid, at: DateTime<Utc> },
    /// Keeps a password that may not come again, and of all of them so many.
    KeepPassword { id: Uuid, account: Uuid, password_hash: String, at: DateTime<Utc>, keep: usize },
}

pub(super) use DefenceWrite as Write;

impl DefenceWrite {
    /// Whether it found what it expected.
    pub(super) fn apply(&self, conn: &mut Conn) -> QueryResult<bool> {
        match self {
            Write::RememberDevice { digest, account, at } => remember(conn, digest, *account, *at),
            Write::ForgetDevices { account } => {
                diesel::delete(devices::table.filter(devices::account.eq(Key(*account)))).execute(conn)?;
                Ok(true)
            }
            Write::ForgetDevicesUnusedSince(before) => {
                diesel::delete(devices::table.filter(devices::last_used_at.lt(At(*before)))).execute(conn)?;
                Ok(true)
            }
            Write::PasswordChosen { account, at } => {
                diesel::update(accounts::table.filter(accounts::id.eq(Key(*account))))
                    .set(accounts::password_changed_at.eq(At(*at)))
                    .execute(conn)
                    .map(|n| n == 1)
            }
            Write::KeepPassword { id, account, password_hash, at, keep } => {
                diesel::insert_into(password_history::table)
                    .values((
                        password_history::id.eq(Key(*id)),
                        password_history::account.eq(Key(*account)),
                        password_history::password_hash.eq(password_hash),
                        password_history::at.eq(At(*at)),
                    ))
                    .execute(conn)?;
                forget_passwords(conn, *account, *keep)
            }
        }
    }
}

fn remember(conn: &mut Conn, digest: &[u8], account: Uuid, at: DateTime<Utc>) -> QueryResult<bool> {
    let row = devices::table.filter(devices::digest.eq(digest));
    if diesel::update(row).set(devices::last_used_at.eq(At(at))).execute(conn)? == 1 {
        return Ok(true);
    }
    diesel::insert_into(devices::table)
        .values((
            devices::digest.eq(digest),
            devices::account.eq(Key(account)),
            devices::created_at.eq(At(at)),
            devices::last_used_at.eq(At(at)),
        ))
        .execute(conn)?;
    let too_many: Vec<Vec<u8>> = devices::table
        .filter(devices::account.eq(Key(account)))
        .order((devices::last_used_at.desc(), devices::digest))
        .offset(i64::try_from(MOST_PER_ACCOUNT).unwrap_or(i64::MAX))
        .limit(1000)
        .select(devices::digest)
        .load(conn)?;
    for digest in too_many {
        diesel::delete(devices::table.filter(devices::digest.eq(digest))).execute(conn)?;
    }
    Ok(true)
}

fn forget_passwords(conn: &mut Conn, account: Uuid, keep: usize) -> QueryResult<bool> {
    let old: Vec<Key> = password_history::table
        .filter(password_history::account.eq(Key(account)))
        .order(password_history::id.desc())
        .offset(i64::try_from(keep).unwrap_or(i64::MAX))
        .limit(1000)
        .select(password_history::id)
        .load(conn)?;
    for id in old {
        diesel::delete(password_history::table.filter(password_history::id.eq(id))).execute(conn)?;
    }
    Ok(true)
}

impl Store {
    /// Whether an account was signed in to with this device, by its keyed index.
    pub async fn is_known_device(&self, digest: Vec<u8>) -> Result<bool> {
        self.read(move |conn| {
            let found: i64 = devices::table.filter(devices::digest.eq(digest)).count().get_result(conn)?;
            Ok(found > 0)
        })
        .await
    }

    /// How many devices an account is known by.
    pub async fn count_devices(&self, account: Uuid) -> Result<i64> {
        self.read(move |conn| {
            Ok(devices::table.filter(devices::account.eq(Key(account))).count().get_result(conn)?)
        })
        .await
    }

    /// When the present password was chosen; `None` means with the account.
    pub async fn find_password_changed_at(&self, account: Uuid) -> Result<Option<DateTime<Utc>>> {
        let found: Option<Option<At>> = self
            .read(move |conn| {
                Ok(accounts::table
                    .filter(accounts::id.eq(Key(account)))
                    .select(accounts::password_changed_at)
                    .first(conn)
                    .optional()?)
            })
            .await?;
        Ok(found.flatten().map(|at| at.0))
    }

    /// The hashes of the passwords used before, the latest first.
    pub async fn list_password_hashes(&self, account: Uuid, limit: usize) -> Result<Vec<String>> {
        self.read(move |conn| {
            Ok(password_history::table
                .filter(password_history::account.eq(Key(account)))
                .order(password_history::id.desc())
                .limit(i64::try_from(limit).unwrap_or(i64::MAX))
                .select(password_history::password_hash)
                .load(conn)?)
        })
        .await
    }
}
