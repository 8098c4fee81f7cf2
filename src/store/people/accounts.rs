//! 账号 as rows: whose they are, and how well their holder is known.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use crate::domain::codes::Mobile;
use crate::domain::identity::{Ial, Level};
use crate::domain::text::Language;
use crate::store::Store;
use crate::store::conn::Conn;
use crate::store::error::{Error, Result};
use crate::store::schema::{accounts, consents, devices, passkeys, password_history, recovery_codes, totp};
use crate::store::types::{At, Key};
use crate::store::vault::Vault;

#[derive(Debug, Clone, PartialEq)]
pub struct AccountRecord {
    pub id: Uuid,
    pub person: Uuid,
    pub mobile: Mobile,
    /// PHC string of argon2id; none for accounts that sign in otherwise.
    pub password_hash: Option<String>,
    /// How well its holder is known, as it was last written down.
    pub level: Level,
    /// In which he likes to read.
    pub language: Option<Language>,
    pub created_at: DateTime<Utc>,
    pub closed_at: Option<DateTime<Utc>>,
    pub version: i64,
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = accounts, treat_none_as_default_value = false)]
pub struct AccountRow {
    id: Key,
    person: Key,
    mobile_index: Vec<u8>,
    mobile_sealed: Vec<u8>,
    password_hash: Option<String>,
    created_at: At,
    closed_at: Option<At>,
    version: i64,
    ial: i32,
    ial_until: Option<At>,
    language: Option<String>,
}

impl AccountRow {
    pub fn seal(account: &AccountRecord, vault: &Vault) -> Self {
        Self {
            id: Key(account.id),
            person: Key(account.person),
            mobile_index: mobile_index(vault, &account.mobile),
            mobile_sealed: vault
                .seal(&format!("accounts:{}", account.id), account.mobile.as_str().as_bytes()),
            password_hash: account.password_hash.clone(),
            created_at: At(account.created_at),
            closed_at: account.closed_at.map(At),
            version: account.version,
            ial: i32::from(account.level.ial.get()),
            ial_until: account.level.until.map(At),
            language: account.language.map(|language| language.tag().to_owned()),
        }
    }

    fn open(self, vault: &Vault) -> Result<AccountRecord> {
        let id = self.id.0;
        let corrupt = |why: &str| Error::corrupt("accounts", id, why);
        let plain = vault
            .open(&format!("accounts:{id}"), &self.mobile_sealed)
            .ok_or_else(|| corrupt("its sealed mobile number does not open"))?;
        let mobile = std::str::from_utf8(&plain)
            .ok()
            .and_then(|text| Mobile::parse(text).ok())
            .ok_or_else(|| corrupt("its mobile number is none"))?;
        let language = match self.language.as_deref() {
            None => None,
            Some(tag) => Some(Language::parse(tag).ok_or_else(|| corrupt("its language is none"))?),
        };
        Ok(AccountRecord {
            id,
            person: self.person.0,
            mobile,
            password_hash: self.password_hash,
            level: level(id, self.ial, self.ial_until)?,
            language,
            created_at: self.created_at.0,
            closed_at: self.closed_at.map(|at| at.0),
            version: self.version,
        })
    }
}

/// A level as its two columns say it.
pub(in crate::store) fn level(account: Uuid, ial: i32, until: Option<At>) -> Result<Level> {
    let ial = u8::try_from(ial).ok().and_then(Ial::new);
    let ial = ial.ok_or_else(|| Error::corrupt("accounts", account, "its ial is off the scale"))?;
    Ok(Level { ial, until: until.map(|at| at.0) })
}

/// The blind index of a mobile number.
pub fn mobile_index(vault: &Vault, mobile: &Mobile) -> Vec<u8> {
    vault.blind_index("mobile", mobile.as_str())
}

pub(super) fn insert(conn: &mut Conn, row: &AccountRow) -> QueryResult<bool> {
    diesel::insert_into(accounts::table).values(row).execute(conn).map(|n| n == 1)
}

pub(super) fn set_password(
    conn: &mut Conn,
    account: Uuid,
    password_hash: &str,
    expected_version: i64,
) -> QueryResult<bool> {
    let before = accounts::table.filter(accounts::id.eq(Key(account)));
    let before = before.filter(accounts::version.eq(expected_version));
    diesel::update(before)
        .set((accounts::password_hash.eq(password_hash), accounts::version.eq(expected_version + 1)))
        .execute(conn)
        .map(|n| n == 1)
}

pub(super) fn set_holder(
    conn: &mut Conn,
    account: Uuid,
    person: Uuid,
    level: Level,
    expected_version: i64,
) -> QueryResult<bool> {
    let before = accounts::table.filter(accounts::id.eq(Key(account)));
    let before = before.filter(accounts::version.eq(expected_version)).filter(accounts::closed_at.is_null());
    diesel::update(before)
        .set((
            accounts::person.eq(Key(person)),
            accounts::ial.eq(i32::from(level.ial.get())),
            accounts::ial_until.eq(level.until.map(At)),
            accounts::version.eq(expected_version + 1),
        ))
        .execute(conn)
        .map(|n| n == 1)
}

pub(super) fn change(conn: &mut Conn, row: &AccountRow) -> QueryResult<bool> {
    let before = accounts::table.filter(accounts::id.eq(row.id));
    let before = before.filter(accounts::version.eq(row.version - 1)).filter(accounts::closed_at.is_null());
    diesel::update(before)
        .set((
            accounts::mobile_index.eq(&row.mobile_index),
            accounts::mobile_sealed.eq(&row.mobile_sealed),
            accounts::language.eq(&row.language),
            accounts::version.eq(row.version),
        ))
        .execute(conn)
        .map(|n| n == 1)
}

/// The number itself stays, sealed, for as long as what was done with the account
/// must be explained; everything one could sign in with goes.
pub(super) fn close(
    conn: &mut Conn,
    account: Uuid,
    at: DateTime<Utc>,
    expected_version: i64,
    mobile_index: &[u8],
) -> QueryResult<bool> {
    let key = Key(account);
    let before = accounts::table.filter(accounts::id.eq(key));
    let before = before.filter(accounts::version.eq(expected_version)).filter(accounts::closed_at.is_null());
    let closed = diesel::update(before)
        .set((
            accounts::closed_at.eq(Some(At(at))),
            accounts::mobile_index.eq(mobile_index),
            accounts::password_hash.eq(None::<String>),
            accounts::version.eq(expected_version + 1),
        ))
        .execute(conn)?;
    diesel::delete(totp::table.filter(totp::account.eq(key))).execute(conn)?;
    diesel::delete(recovery_codes::table.filter(recovery_codes::account.eq(key))).execute(conn)?;
    diesel::delete(passkeys::table.filter(passkeys::account.eq(key))).execute(conn)?;
    diesel::delete(password_history::table.filter(password_history::account.eq(key))).execute(conn)?;
    diesel::delete(devices::table.filter(devices::account.eq(key))).execute(conn)?;
    let given = consents::table.filter(consents::account.eq(key)).filter(consents::revoked_at.is_null());
    diesel::update(given).set(consents::revoked_at.eq(Some(At(at)))).execute(conn)?;
    Ok(closed == 1)
}

impl Store {
    pub async fn find_account(&self, id: Uuid) -> Result<Option<AccountRecord>> {
        let row: Option<AccountRow> = self
            .read(move |conn| {
                Ok(accounts::table
                    .filter(accounts::id.eq(Key(id)))
                    .select(AccountRow::as_select())
                    .first(conn)
                    .optional()?)
            })
            .await?;
        row.map(|row| row.open(self.vault())).transpose()
    }

    pub async fn find_account_by_mobile(&self, mobile: &Mobile) -> Result<Option<AccountRecord>> {
        let index = mobile_index(self.vault(), mobile);
        let row: Option<AccountRow> = self
            .read(move |conn| {
                Ok(accounts::table
                    .filter(accounts::mobile_index.eq(index))
                    .select(AccountRow::as_select())
                    .first(conn)
                    .optional()?)
            })
            .await?;
        row.map(|row| row.open(self.vault())).transpose()
    }

    /// The open account of a person, who has one at the most.
    pub async fn find_account_of(&self, person: Uuid) -> Result<Option<AccountRecord>> {
        let row: Option<AccountRow> = self
            .read(move |conn| {
                Ok(accounts::table
                    .filter(accounts::person.eq(Key(person)))
                    .filter(accounts::closed_at.is_null())
                    .order(accounts::id)
                    .select(AccountRow::as_select())
                    .first(conn)
                    .optional()?)
            })
            .await?;
        row.map(|row| row.open(self.vault())).transpose()
    }
}
