//! 法人 as rows: what the business registry said of them, and when it was asked.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use crate::domain::registries::{EntityExtract, EntityStatus};
use crate::store::Store;
use crate::store::conn::Conn;
use crate::store::error::{Error, Result};
use crate::store::schema::organizations;
use crate::store::types::{At, Key};
use crate::store::vault::Vault;

/// What is known of an organisation beside its record as a person.
#[derive(Debug, Clone, PartialEq)]
pub struct OrganizationRecord {
    pub person: Uuid,
    pub status: EntityStatus,
    pub extract: EntityExtract,
    pub checked_at: DateTime<Utc>,
    /// 1 when it is written for the first time.
    pub version: i64,
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = organizations, treat_none_as_null = true, treat_none_as_default_value = false)]
pub struct OrganizationRow {
    person: Key,
    status: String,
    sealed: Vec<u8>,
    checked_at: At,
    version: i64,
}

impl OrganizationRow {
    pub fn seal(record: &OrganizationRecord, vault: &Vault) -> Result<Self> {
        let plain = serde_json::to_vec(&record.extract)
            .map_err(|error| Error::corrupt("organizations", record.person, error))?;
        Ok(Self {
            person: Key(record.person),
            status: record.status.as_str().to_owned(),
            sealed: vault.seal(&format!("organizations:{}", record.person), &plain),
            checked_at: At(record.checked_at),
            version: record.version,
        })
    }

    fn open(self, vault: &Vault) -> Result<OrganizationRecord> {
        let person = self.person.0;
        let corrupt = |why: &str| Error::corrupt("organizations", person, why);
        let plain = vault
            .open(&format!("organizations:{person}"), &self.sealed)
            .ok_or_else(|| corrupt("its sealed data does not open"))?;
        Ok(OrganizationRecord {
            person,
            status: EntityStatus::parse(&self.status).ok_or_else(|| corrupt("its status is none"))?,
            extract: serde_json::from_slice(&plain)
                .map_err(|error| Error::corrupt("organizations", person, error))?,
            checked_at: self.checked_at.0,
            version: self.version,
        })
    }
}

/// Writes it anew, or replaces the version before.
pub(super) fn put(conn: &mut Conn, row: &OrganizationRow) -> QueryResult<bool> {
    if row.version == 1 {
        return diesel::insert_into(organizations::table).values(row).execute(conn).map(|n| n == 1);
    }
    let before = organizations::table.filter(organizations::person.eq(row.person));
    let before = before.filter(organizations::version.eq(row.version - 1));
    diesel::update(before).set(row).execute(conn).map(|n| n == 1)
}

impl Store {
    pub async fn find_organization(&self, person: Uuid) -> Result<Option<OrganizationRecord>> {
        let row: Option<OrganizationRow> = self
            .read(move |conn| {
                Ok(organizations::table
                    .filter(organizations::person.eq(Key(person)))
                    .select(OrganizationRow::as_select())
                    .first(conn)
                    .optional()?)
            })
            .await?;
        row.map(|row| row.open(self.vault())).transpose()
    }

    /// Organisations the registry was not asked about since, the longest ago first.
    pub async fn list_organizations_unchecked_since(
        &self,
        since: DateTime<Utc>,
        limit: i64,
    ) -> Result<Vec<Uuid>> {
        self.read(move |conn| {
            let ids: Vec<Key> = organizations::table
                .filter(organizations::checked_at.lt(At(since)))
                .order((organizations::checked_at, organizations::person))
                .limit(limit)
                .select(organizations::person)
                .load(conn)?;
            Ok(ids.into_iter().map(|id| id.0).collect())
        })
        .await
    }
}
