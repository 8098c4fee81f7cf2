//! 续传 as rows: files under way, and the parts of them that have arrived.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use super::Store;
use super::conn::Conn;
use super::error::{Error, Result};
use super::schema::{upload_parts, uploads};
use super::types::{At, Key};

/// A file under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadRecord {
    pub id: Uuid,
    pub case: Uuid,
    pub material: String,
    pub size_bytes: u64,
    /// SHA-256 of the whole, lower-case hex.
    pub digest: String,
    pub file_name: Option<String>,
    pub original_seen: bool,
    /// How much of it has arrived.
    pub received_bytes: u64,
    pub begun_by: Uuid,
    pub begun_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

/// A part of it, that lies in the file store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadPart {
    pub from_byte: u64,
    pub size_bytes: u64,
    /// SHA-256, lower-case hex.
    pub digest: String,
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = uploads, treat_none_as_default_value = false)]
struct UploadRow {
    id: Key,
    case_id: Key,
    material: String,
    size_bytes: i64,
    digest: String,
    file_name: Option<String>,
    original_seen: bool,
    received_bytes: i64,
    begun_by: Key,
    begun_at: At,
    expires_at: At,
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = upload_parts, treat_none_as_default_value = false)]
struct PartRow {
    upload: Key,
    from_byte: i64,
    size_bytes: i64,
    digest: String,
}

/// A file has no more bytes than an `i64` counts.
fn signed(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

impl From<&UploadRecord> for UploadRow {
    fn from(upload: &UploadRecord) -> Self {
        Self {
            id: Key(upload.id),
            case_id: Key(upload.case),
            material: upload.material.clone(),
            size_bytes: signed(upload.size_bytes),
            digest: upload.digest.clone(),
            file_name: upload.file_name.clone(),
            original_seen: upload.original_seen,
            received_bytes: signed(upload.received_bytes),
            begun_by: Key(upload.begun_by),
            begun_at: At(upload.begun_at),
            expires_at: At(upload.expires_at),
        }
    }
}

fn unsigned(id: Key, bytes: i64) -> Result<u64> {
    u64::try_from(bytes).map_err(|_| Error::corrupt("uploads", id.0, "it has fewer bytes than none"))
}

impl UploadRow {
    fn into_record(self) -> Result<UploadRecord> {
        Ok(UploadRecord {
            size_bytes: unsigned(self.id, self.size_bytes)?,
            received_bytes: unsigned(self.id, self.received_bytes)?,
            id: self.id.0,
            case: self.case_id.0,
            material: self.material,
            digest: self.digest,
            file_name: self.file_name,
            original_seen: self.original_seen,
            begun_by: self.begun_by.0,
            begun_at: self.begun_at.0,
            expires_at: self.expires_at.0,
        })
    }
}

/// A write to one of these tables.
#[derive(Debug, Clone)]
pub enum UploadWrite {
    Begin(UploadRecord),
    /// Expects that everything before it has arrived, and nothing after.
    Add {
        upload: Uuid,
        part: UploadPart,
    },
    /// It is done, or given up.
    Forget {
        upload: Uuid,
    },
}

pub(super) use UploadWrite as Write;

impl UploadWrite {
    pub(super) fn apply(&self, conn: &mut Conn) -> QueryResult<bool> {
        match self {
            Write::Begin(upload) => {
                let row = UploadRow::from(upload);
                diesel::insert_into(uploads::table).values(row).execute(conn).map(|n| n == 1)
            }
            Write::Add { upload, part } => {
                let from = signed(part.from_byte);
                let there = uploads::table
                    .filter(uploads::id.eq(Key(*upload)))
                    .filter(uploads::received_bytes.eq(from));
                let then = from.saturating_add(signed(part.size_bytes));
                if diesel::update(there).set(uploads::received_bytes.eq(then)).execute(conn)? != 1 {
                    return Ok(false);
                }
                let row = PartRow {
                    upload: Key(*upload),
                    from_byte: from,
                    size_bytes: signed(part.size_bytes),
                    digest: part.digest.clone(),
                };
                diesel::insert_into(upload_parts::table).values(row).execute(conn).map(|n| n == 1)
            }
            Write::Forget { upload } => {
                let parts = upload_parts::table.filter(upload_parts::upload.eq(Key(*upload)));
                diesel::delete(parts).execute(conn)?;
                diesel::delete(uploads::table.filter(uploads::id.eq(Key(*upload)))).execute(conn)?;
                Ok(true)
            }
        }
    }
}

impl Store {
    pub async fn find_upload(&self, id: Uuid) -> Result<Option<UploadRecord>> {
        let row: Option<UploadRow> = self
            .read(move |conn| {
                Ok(uploads::table
                    .filter(uploads::id.eq(Key(id)))
                    .select(UploadRow::as_select())
                    .first(conn)
                    .optional()?)
            })
            .await?;
        row.map(UploadRow::into_record).transpose()
    }

    /// The files of a case that are under way then, in the order they were begun.
    pub async fn list_uploads(&self, case: Uuid, at: DateTime<Utc>) -> Result<Vec<UploadRecord>> {
        let rows: Vec<UploadRow> = self
            .read(move |conn| {
                Ok(uploads::table
                    .filter(uploads::case_id.eq(Key(case)))
                    .filter(uploads::expires_at.gt(At(at)))
                    .order((uploads::begun_at, uploads::id))
                    .select(UploadRow::as_select())
                    .load(conn)?)
            })
            .await?;
        rows.into_iter().map(UploadRow::into_record).collect()
    }

    /// How many files of a case are under way.
    pub async fn count_uploads(&self, case: Uuid) -> Result<i64> {
        self.read(move |conn| {
            Ok(uploads::table.filter(uploads::case_id.eq(Key(case))).count().get_result(conn)?)
        })
        .await
    }

    /// The parts that have arrived, in order.
    pub async fn list_parts(&self, upload: Uuid) -> Result<Vec<UploadPart>> {
        let rows: Vec<PartRow> = self
            .read(move |conn| {
                Ok(upload_parts::table
                    .filter(upload_parts::upload.eq(Key(upload)))
                    .order(upload_parts::from_byte)
                    .select(PartRow::as_select())
                    .load(conn)?)
            })
            .await?;
        let part = |row: PartRow| {
            let (from_byte, size_bytes) =
                (unsigned(row.upload, row.from_byte)?, unsigned(row.upload, row.size_bytes)?);
            Ok(UploadPart { from_byte, size_bytes, digest: row.digest })
        };
        rows.into_iter().map(part).collect()
    }

    /// Files nobody has finished in time.
    pub async fn list_expired_uploads(&self, at: DateTime<Utc>, limit: i64) -> Result<Vec<Uuid>> {
        self.read(move |conn| {
            let ids: Vec<Key> = uploads::table
                .filter(uploads::expires_at.le(At(at)))
                .order((uploads::expires_at, uploads::id))
                .limit(limit)
                .select(uploads::id)
                .load(conn)?;
            Ok(ids.into_iter().map(|id| id.0).collect())
        })
        .await
    }
}
