//! 自然人与法人 as rows: who they are, sealed.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use crate::domain::guides::{Applicant, IdNumber};
use crate::domain::identity::{Ial, Level};
use crate::store::Store;
use crate::store::conn::Conn;
use crate::store::error::{Error, Result};
use crate::store::schema::persons;
use crate::store::types::{At, Key};
use crate::store::vault::Vault;

/// A natural or legal person.
#[derive(Debug, Clone, PartialEq)]
pub struct PersonRecord {
    pub id: Uuid,
    pub applicant: Applicant,
    /// Until when he is known as well as the record says; none: for good.
    pub ial_until: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub version: i64,
}

impl PersonRecord {
    /// How well the person on record is known, as it was last written down.
    pub fn level(&self) -> Level {
        Level { ial: Ial::new(self.applicant.ial).unwrap_or(Ial::DECLARED), until: self.ial_until }
    }
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = persons, treat_none_as_null = true, treat_none_as_default_value = false)]
pub struct PersonRow {
    id: Key,
    kind: String,
    sealed: Vec<u8>,
    id_index: Option<Vec<u8>>,
    ial: i32,
    created_at: At,
    version: i64,
    ial_until: Option<At>,
    joined_to: Option<Key>,
}

impl PersonRow {
    pub fn seal(person: &PersonRecord, vault: &Vault) -> Result<Self> {
        let plain = serde_json::to_vec(&person.applicant)
            .map_err(|error| Error::corrupt("persons", person.id, error))?;
        Ok(Self {
            id: Key(person.id),
            kind: person.applicant.kind.as_str().to_owned(),
            sealed: vault.seal(&format!("persons:{}", person.id), &plain),
            id_index: proven_number(&person.applicant).map(|number| id_index(vault, number)),
            ial: i32::from(person.applicant.ial),
            created_at: At(person.created_at),
            version: person.version,
            ial_until: person.ial_until.map(At),
            joined_to: None,
        })
    }

    fn open(self, vault: &Vault) -> Result<PersonRecord> {
        let id = self.id.0;
        let plain = vault
            .open(&format!("persons:{id}"), &self.sealed)
            .ok_or_else(|| Error::corrupt("persons", id, "its sealed data does not open"))?;
        let applicant: Applicant =
            serde_json::from_slice(&plain).map_err(|error| Error::corrupt("persons", id, error))?;
        if applicant.kind.as_str() != self.kind || i32::from(applicant.ial) != self.ial {
            return Err(Error::corrupt("persons", id, "its columns and its sealed data disagree"));
        }
        Ok(PersonRecord {
            id,
            applicant,
            ial_until: self.ial_until.map(|at| at.0),
            created_at: self.created_at.0,
            version: self.version,
        })
    }
}

/// A number that was only declared finds nobody: else whoever registered with a
/// stranger's number would be handed the stranger's cases. One that was proven
/// once stays the person's, however long ago.
fn proven_number(applicant: &Applicant) -> Option<&IdNumber> {
    applicant.id_number.as_ref().filter(|_| applicant.ial >= 2)
}

fn id_index(vault: &Vault, number: &IdNumber) -> Vec<u8> {
    vault.blind_index("id_number", number.expose())
}

pub(super) fn insert(conn: &mut Conn, row: &PersonRow) -> QueryResult<bool> {
    diesel::insert_into(persons::table).values(row).execute(conn).map(|n| n == 1)
}

pub(super) fn update(conn: &mut Conn, row: &PersonRow) -> QueryResult<bool> {
    let before = persons::table.filter(persons::id.eq(row.id));
    let before = before.filter(persons::version.eq(row.version - 1)).filter(persons::joined_to.is_null());
    diesel::update(before).set(row).execute(conn).map(|n| n == 1)
}

pub(super) fn join(conn: &mut Conn, from: Uuid, into: Uuid, expected_version: i64) -> QueryResult<bool> {
    let before = persons::table.filter(persons::id.eq(Key(from)));
    let before = before.filter(persons::version.eq(expected_version)).filter(persons::joined_to.is_null());
    let joined = (persons::joined_to.eq(Some(Key(into))), persons::version.eq(expected_version + 1));
    Ok(diesel::update(before).set(joined).execute(conn)? == 1)
}

/// A person's row, that of the record it was joined to if it was.
fn find(conn: &mut Conn, id: Uuid) -> QueryResult<Option<PersonRow>> {
    let by_id = |conn: &mut Conn, id: Key| {
        persons::table.filter(persons::id.eq(id)).select(PersonRow::as_select()).first(conn).optional()
    };
    let found: Option<PersonRow> = by_id(conn, Key(id))?;
    match found.as_ref().and_then(|row| row.joined_to) {
        // Whoever was joined to has a proven number, and is joined to nobody.
        Some(into) => by_id(conn, into),
        None => Ok(found),
    }
}

impl Store {
    /// The person of a record; when that was joined to another, the other.
    pub async fn find_person(&self, id: Uuid) -> Result<Option<PersonRecord>> {
        let row = self.read(move |conn| Ok(find(conn, id)?)).await?;
        row.map(|row| row.open(self.vault())).transpose()
    }

    /// The person whose proven number this is.
    pub async fn find_person_by_id_number(&self, number: &IdNumber) -> Result<Option<PersonRecord>> {
        let index = id_index(self.vault(), number);
        let row: Option<PersonRow> = self
            .read(move |conn| {
                Ok(persons::table
                    .filter(persons::id_index.eq(index))
                    .select(PersonRow::as_select())
                    .first(conn)
                    .optional()?)
            })
            .await?;
        row.map(|row| row.open(self.vault())).transpose()
    }

    /// The records that were joined to this one.
    pub async fn list_former_records(&self, person: Uuid) -> Result<Vec<Uuid>> {
        self.read(move |conn| {
            let ids: Vec<Key> = persons::table
                .filter(persons::joined_to.eq(Key(person)))
                .order(persons::id)
                .select(persons::id)
                .load(conn)?;
            Ok(ids.into_iter().map(|id| id.0).collect())
        })
        .await
    }
}
