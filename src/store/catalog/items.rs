//! Items (基本目录事项) and the register of certificate types (证照目录).

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use super::{number, version};
use crate::domain::guides::CertificateTypeEntry;
use crate::store::Store;
use crate::store::conn::Conn;
use crate::store::error::{Error, Result};
use crate::store::schema::{catalogue_items, certificate_types};
use crate::store::types::{At, Key};

/// A published version of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemRecord {
    pub basic_code: String,
    pub version: u32,
    pub yaml: String,
    /// SHA-256 of the file.
    pub content_hash: Vec<u8>,
    pub published_at: DateTime<Utc>,
    pub published_by: Option<Uuid>,
    pub edited_by: Option<Uuid>,
}

#[derive(Debug, Clone)]
pub enum ItemWrite {
    /// A new version; it supersedes the one before, if any. Stale when that is not the
    /// present one.
    Publish(ItemRecord),
    /// Types of the register, in place of those of the same code.
    CertificateTypes { types: Vec<CertificateTypeEntry>, at: DateTime<Utc>, by: Option<Uuid> },
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = catalogue_items, treat_none_as_default_value = false)]
struct ItemRow {
    basic_code: String,
    version: i32,
    yaml: String,
    content_hash: Vec<u8>,
    published_at: At,
    published_by: Option<Key>,
    edited_by: Option<Key>,
    superseded_at: Option<At>,
}

impl ItemWrite {
    pub(super) fn apply(&self, conn: &mut Conn) -> QueryResult<bool> {
        match self {
            ItemWrite::Publish(item) => {
                let before = catalogue_items::table
                    .filter(catalogue_items::basic_code.eq(&item.basic_code))
                    .filter(catalogue_items::superseded_at.is_null());
                let superseded =
                    diesel::update(before.filter(catalogue_items::version.eq(number(item.version) - 1)))
                        .set(catalogue_items::superseded_at.eq(At(item.published_at)))
                        .execute(conn)?;
                if superseded == 0 && item.version != 1 {
                    return Ok(false);
                }
                diesel::insert_into(catalogue_items::table).values(item_row(item)).execute(conn)?;
            }
            ItemWrite::CertificateTypes { types, at, by } => {
                for entry in types {
                    let code = entry.certificate_type.to_string();
                    let text = serde_json::to_string(entry)
                        .map_err(|error| diesel::result::Error::SerializationError(Box::new(error)))?;
                    let known =
                        certificate_types::table.filter(certificate_types::certificate_type.eq(&code));
                    diesel::delete(known).execute(conn)?;
                    diesel::insert_into(certificate_types::table)
                        .values((
                            certificate_types::certificate_type.eq(&code),
                            certificate_types::entry.eq(text),
                            certificate_types::changed_at.eq(At(*at)),
                            certificate_types::changed_by.eq(by.map(Key)),
                        ))
                        .execute(conn)?;
                }
            }
        }
        Ok(true)
    }
}

fn item_row(item: &ItemRecord) -> ItemRow {
    ItemRow {
        basic_code: item.basic_code.clone(),
        version: number(item.version),
        yaml: item.yaml.clone(),
        content_hash: item.content_hash.clone(),
        published_at: At(item.published_at),
        published_by: item.published_by.map(Key),
        edited_by: item.edited_by.map(Key),
        superseded_at: None,
    }
}

fn item_record(row: ItemRow) -> Result<ItemRecord> {
    Ok(ItemRecord {
        version: version("catalogue_items", &row.basic_code, row.version)?,
        basic_code: row.basic_code,
        yaml: row.yaml,
        content_hash: row.content_hash,
        published_at: row.published_at.0,
        published_by: row.published_by.map(|key| key.0),
        edited_by: row.edited_by.map(|key| key.0),
    })
}

impl Store {
    /// The present versions of these items.
    pub async fn list_current_items(&self, codes: Vec<String>) -> Result<Vec<ItemRecord>> {
        let rows: Vec<ItemRow> = self
            .read(move |conn| {
                Ok(catalogue_items::table
                    .filter(catalogue_items::basic_code.eq_any(codes))
                    .filter(catalogue_items::superseded_at.is_null())
                    .select(ItemRow::as_select())
                    .load(conn)?)
            })
            .await?;
        rows.into_iter().map(item_record).collect()
    }

    /// The present versions of the items in whose file this text occurs.
    pub async fn list_current_items_saying(&self, text: &str) -> Result<Vec<ItemRecord>> {
        let literal: String = text
            .chars()
            .flat_map(|c| [Some('\\').filter(|_| "\\%_".contains(c)), Some(c)])
            .flatten()
            .collect();
        let rows: Vec<ItemRow> = self
            .read(move |conn| {
                Ok(catalogue_items::table
                    .filter(catalogue_items::superseded_at.is_null())
                    .filter(catalogue_items::yaml.like(format!("%{literal}%")).escape('\\'))
                    .select(ItemRow::as_select())
                    .load(conn)?)
            })
            .await?;
        rows.into_iter().map(item_record).collect()
    }

    pub async fn find_item(&self, basic_code: String, version: u32) -> Result<Option<ItemRecord>> {
        let row: Option<ItemRow> = self
            .read(move |conn| {
                Ok(catalogue_items::table
                    .filter(catalogue_items::basic_code.eq(basic_code))
                    .filter(catalogue_items::version.eq(number(version)))
                    .select(ItemRow::as_select())
                    .first(conn)
                    .optional()?)
            })
            .await?;
        row.map(item_record).transpose()
    }

    /// The whole register of certificate types.
    pub async fn list_certificate_types(&self) -> Result<Vec<CertificateTypeEntry>> {
        let rows: Vec<(String, String)> = self
            .read(|conn| {
                Ok(certificate_types::table
                    .order(certificate_types::certificate_type)
                    .select((certificate_types::certificate_type, certificate_types::entry))
                    .load(conn)?)
            })
            .await?;
        let read = |(code, entry): (String, String)| {
            serde_json::from_str(&entry).map_err(|error| Error::corrupt("certificate_types", code, error))
        };
        rows.into_iter().map(read).collect()
    }
}
