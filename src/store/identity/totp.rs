//! 动态口令 and 恢复码 as rows.
//!
//! What always holds: a step and a recovery code are used once, because the write
//! that uses one expects it not to have been used.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use crate::domain::identity::TotpKey;
use crate::domain::identity::totp::Authenticator;
use crate::store::Store;
use crate::store::conn::Conn;
use crate::store::error::{Error, Result};
use crate::store::schema::{recovery_codes, totp};
use crate::store::types::{At, Key};
use crate::store::vault::Vault;

/// A write to the apps and recovery codes of accounts.
#[derive(Debug, Clone)]
pub enum TotpWrite {
    /// Replaces an app that was not confirmed; expects that none was.
    Put(TotpRow),
    /// The first code came: the app counts from now on.
    Confirm { account: Uuid, step: u64, at: DateTime<Utc> },
    /// A code was accepted; expects that none of this step or later was.
    Use { account: Uuid, step: u64 },
    /// With the recovery codes. Expects that there is one.
    Delete { account: Uuid },
    /// Replaces all recovery codes of an account.
    PutRecoveryCodes { account: Uuid, digests: Vec<Vec<u8>> },
    /// Expects that it was not used.
    UseRecoveryCode { account: Uuid, digest: Vec<u8>, at: DateTime<Utc> },
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = totp, treat_none_as_default_value = false)]
pub struct TotpRow {
    account: Key,
    sealed: Vec<u8>,
    created_at: At,
    confirmed_at: Option<At>,
    last_step: i64,
}

impl TotpRow {
    pub fn seal(account: Uuid, app: &Authenticator, vault: &Vault) -> Self {
        Self {
            account: Key(account),
            sealed: vault.seal(&context(account), app.key.expose()),
            created_at: At(app.created_at),
            confirmed_at: app.confirmed_at.map(At),
            last_step: signed(app.last_step),
        }
    }

    fn open(self, vault: &Vault) -> Result<Authenticator> {
        let account = self.account.0;
        let corrupt = |why: &str| Error::corrupt("totp", account, why);
        let key = vault.open(&context(account), &self.sealed).and_then(|bytes| bytes.try_into().ok());
        Ok(Authenticator {
            key: TotpKey::from_bytes(key.ok_or_else(|| corrupt("its sealed secret does not open"))?),
            created_at: self.created_at.0,
            confirmed_at: self.confirmed_at.map(|at| at.0),
            last_step: u64::try_from(self.last_step).map_err(|_| corrupt("its last step is none"))?,
        })
    }
}

fn context(account: Uuid) -> String {
    format!("totp:{account}")
}

/// Steps are half minutes since 1970.
fn signed(step: u64) -> i64 {
    i64::try_from(step).unwrap_or(i64::MAX)
}

impl TotpWrite {
    pub(in crate::store) fn apply(&self, conn: &mut Conn) -> QueryResult<bool> {
        use TotpWrite as Write;
        match self {
            Write::Put(row) => {
                let unconfirmed = totp::table.filter(totp::account.eq(row.account));
                diesel::delete(unconfirmed.filter(totp::confirmed_at.is_null())).execute(conn)?;
                let confirmed: i64 =
                    totp::table.filter(totp::account.eq(row.account)).count().get_result(conn)?;
                if confirmed > 0 {
                    return Ok(false);
                }
                diesel::insert_into(totp::table).values(row).execute(conn).map(|n| n == 1)
            }
            Write::Confirm { account, step, at } => {
                let pending = totp::table.filter(totp::account.eq(Key(*account)));
                diesel::update(pending.filter(totp::confirmed_at.is_null()))
                    .set((totp::confirmed_at.eq(Some(At(*at))), totp::last_step.eq(signed(*step))))
                    .execute(conn)
                    .map(|n| n == 1)
            }
            Write::Use { account, step } => {
                let unused = totp::table.filter(totp::account.eq(Key(*account)));
                diesel::update(unused.filter(totp::last_step.lt(signed(*step))))
                    .set(totp::last_step.eq(signed(*step)))
                    .execute(conn)
                    .map(|n| n == 1)
            }
            Write::Delete { account } => {
                let codes = recovery_codes::table.filter(recovery_codes::account.eq(Key(*account)));
                diesel::delete(codes).execute(conn)?;
                let own = totp::table.filter(totp::account.eq(Key(*account)));
                diesel::delete(own).execute(conn).map(|n| n == 1)
            }
            Write::PutRecoveryCodes { account, digests } => {
                let codes = recovery_codes::table.filter(recovery_codes::account.eq(Key(*account)));
                diesel::delete(codes).execute(conn)?;
                for digest in digests {
                    diesel::insert_into(recovery_codes::table)
                        .values((
                            recovery_codes::account.eq(Key(*account)),
                            recovery_codes::digest.eq(digest),
                            recovery_codes::used_at.eq(None::<At>),
                        ))
                        .execute(conn)?;
                }
                Ok(true)
            }
            Write::UseRecoveryCode { account, digest, at } => {
                let unused = recovery_codes::table
                    .filter(recovery_codes::account.eq(Key(*account)))
                    .filter(recovery_codes::digest.eq(digest))
                    .filter(recovery_codes::used_at.is_null());
                let used = recovery_codes::used_at.eq(Some(At(*at)));
                diesel::update(unused).set(used).execute(conn).map(|n| n == 1)
            }
        }
    }
}

impl Store {
    pub async fn find_totp(&self, account: Uuid) -> Result<Option<Authenticator>> {
        let row: Option<TotpRow> = self
            .read(move |conn| {
                Ok(totp::table
                    .filter(totp::account.eq(Key(account)))
                    .select(TotpRow::as_select())
                    .first(conn)
                    .optional()?)
            })
            .await?;
        row.map(|row| row.open(self.vault())).transpose()
    }

    /// Recovery codes not used yet.
    pub async fn count_recovery_codes(&self, account: Uuid) -> Result<i64> {
        self.read(move |conn| {
            Ok(recovery_codes::table
                .filter(recovery_codes::account.eq(Key(account)))
                .filter(recovery_codes::used_at.is_null())
                .count()
                .get_result(conn)?)
        })
        .await
    }
}
