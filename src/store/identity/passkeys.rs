//! 通行密钥 as rows, and the ceremonies under way.
//!
//! What always holds: a ceremony is finished once; a passkey that is not the
//! account's does not exist for it.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use crate::domain::identity::Digest;
use crate::store::Store;
use crate::store::conn::Conn;
use crate::store::error::Result;
use crate::store::schema::{ceremonies, passkeys};
use crate::store::types::{At, Key};

/// A write to passkeys and their ceremonies.
#[derive(Debug, Clone)]
pub enum PasskeyWrite {
    Insert(PasskeyRecord),
    /// It was used: its counter moved, if it was still at `version`.
    Use {
        id: Uuid,
        credential: String,
        version: i64,
        at: DateTime<Utc>,
    },
    /// Expects that it is there and the account's.
    Rename {
        id: Uuid,
        account: Uuid,
        name: String,
    },
    /// Expects that it is there and the account's.
    Delete {
        id: Uuid,
        account: Uuid,
    },
    /// Lets go of those that were not finished in time.
    Begin {
        digest: Digest,
        ceremony: CeremonyRecord,
        at: DateTime<Utc>,
    },
    /// Expects that nobody finished it before.
    Finish {
        digest: Digest,
    },
}

/// 通行密钥
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasskeyRecord {
    pub id: Uuid,
    /// As the authenticator names it (WebAuthn §4).
    pub credential_id: Vec<u8>,
    pub account: Uuid,
    /// The public key and its counter, as JSON.
    pub credential: String,
    /// What its owner calls it.
    pub name: String,
    pub created_at: DateTime<Utc>,
    pub last_used_at: Option<DateTime<Utc>>,
    pub version: i64,
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = passkeys, treat_none_as_default_value = false)]
struct PasskeyRow {
    id: Key,
    credential_id: Vec<u8>,
    account: Key,
    credential: String,
    name: String,
    created_at: At,
    last_used_at: Option<At>,
    version: i64,
}

impl PasskeyRow {
    fn new(record: &PasskeyRecord) -> Self {
        Self {
            id: Key(record.id),
            credential_id: record.credential_id.clone(),
            account: Key(record.account),
            credential: record.credential.clone(),
            name: record.name.clone(),
            created_at: At(record.created_at),
            last_used_at: record.last_used_at.map(At),
            version: record.version,
        }
    }

    fn into_record(self) -> PasskeyRecord {
        PasskeyRecord {
            id: self.id.0,
            credential_id: self.credential_id,
            account: self.account.0,
            credential: self.credential,
            name: self.name,
            created_at: self.created_at.0,
            last_used_at: self.last_used_at.map(|at| at.0),
            version: self.version,
        }
    }
}

/// A passkey ceremony under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CeremonyRecord {
    /// What it is for; one for one purpose is none for another.
    pub kind: String,
    /// What the finish is checked against, as JSON.
    pub state: String,
    /// None when the passkey itself will tell whose it is.
    pub account: Option<Uuid>,
    pub expires_at: DateTime<Utc>,
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = ceremonies, treat_none_as_default_value = false)]
struct CeremonyRow {
    digest: Vec<u8>,
    kind: String,
    state: String,
    account: Option<Key>,
    expires_at: At,
}

impl PasskeyWrite {
    pub(in crate::store) fn apply(&self, conn: &mut Conn) -> QueryResult<bool> {
        use PasskeyWrite as Write;
        match self {
            Write::Insert(record) => diesel::insert_into(passkeys::table)
                .values(PasskeyRow::new(record))
                .execute(conn)
                .map(|n| n == 1),
            Write::Use { id, credential, version, at } => {
                let before = passkeys::table.filter(passkeys::id.eq(Key(*id)));
                diesel::update(before.filter(passkeys::version.eq(version)))
                    .set((
                        passkeys::credential.eq(credential),
                        passkeys::last_used_at.eq(Some(At(*at))),
                        passkeys::version.eq(version + 1),
                    ))
                    .execute(conn)
                    .map(|n| n == 1)
            }
            Write::Rename { id, account, name } => {
                let own = passkeys::table.filter(passkeys::id.eq(Key(*id)));
                let own = own.filter(passkeys::account.eq(Key(*account)));
                diesel::update(own).set(passkeys::name.eq(name)).execute(conn).map(|n| n == 1)
            }
            Write::Delete { id, account } => {
                let own = passkeys::table.filter(passkeys::id.eq(Key(*id)));
                let own = own.filter(passkeys::account.eq(Key(*account)));
                diesel::delete(own).execute(conn).map(|n| n == 1)
            }
            Write::Begin { digest, ceremony, at } => {
                sweep(conn, *at)?;
                let row = CeremonyRow {
                    digest: digest.to_vec(),
                    kind: ceremony.kind.clone(),
                    state: ceremony.state.clone(),
                    account: ceremony.account.map(Key),
                    expires_at: At(ceremony.expires_at),
                };
                diesel::insert_into(ceremonies::table).values(row).execute(conn).map(|n| n == 1)
            }
            Write::Finish { digest } => {
                let row = ceremonies::table.filter(ceremonies::digest.eq(digest.as_slice()));
                diesel::delete(row).execute(conn).map(|n| n == 1)
            }
        }
    }
}

/// Drops ceremonies nobody finished in time: anybody may begin one, and they must
/// not heap up.
pub(super) fn sweep(conn: &mut Conn, before: DateTime<Utc>) -> QueryResult<()> {
    diesel::delete(ceremonies::table.filter(ceremonies::expires_at.lt(At(before)))).execute(conn).map(drop)
}

impl Store {
    /// The passkeys of an account, the oldest first.
    pub async fn list_passkeys(&self, account: Uuid) -> Result<Vec<PasskeyRecord>> {
        let rows: Vec<PasskeyRow> = self
            .read(move |conn| {
                Ok(passkeys::table
                    .filter(passkeys::account.eq(Key(account)))
                    .order(passkeys::id)
                    .select(PasskeyRow::as_select())
                    .load(conn)?)
            })
            .await?;
        Ok(rows.into_iter().map(PasskeyRow::into_record).collect())
    }

    pub async fn find_passkey(&self, credential_id: Vec<u8>) -> Result<Option<PasskeyRecord>> {
        let row: Option<PasskeyRow> = self
            .read(move |conn| {
                Ok(passkeys::table
                    .filter(passkeys::credential_id.eq(credential_id))
                    .select(PasskeyRow::as_select())
                    .first(conn)
                    .optional()?)
            })
            .await?;
        Ok(row.map(PasskeyRow::into_record))
    }

    pub async fn find_ceremony(&self, digest: Digest) -> Result<Option<CeremonyRecord>> {
        let row: Option<CeremonyRow> = self
            .read(move |conn| {
                Ok(ceremonies::table
                    .filter(ceremonies::digest.eq(digest.as_slice()))
                    .select(CeremonyRow::as_select())
                    .first(conn)
                    .optional()?)
            })
            .await?;
        Ok(row.map(|row| CeremonyRecord {
            kind: row.kind,
            state: row.state,
            account: row.account.map(|account| account.0),
            expires_at: row.expires_at.0,
        }))
    }
}
