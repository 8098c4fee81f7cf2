//! The catalogue on disk: every version of every guide as it was published,
//! never changed afterwards. What a version means is read from its YAML.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use super::Store;
use super::conn::Conn;
use super::error::{Error, Result};
use super::schema::guides;
use super::types::{At, Key};
use crate::domain::guides::Guide;

/// A published version of a guide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuideRecord {
    pub code: String,
    pub version: u32,
    pub yaml: String,
    /// SHA-256 of the guide's canonical form.
    pub content_hash: Vec<u8>,
    pub published_at: DateTime<Utc>,
    pub superseded_at: Option<DateTime<Utc>>,
    /// 停止办理: takes no new cases since then.
    pub withdrawn_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone)]
pub enum Write {
    /// A new version; it supersedes the one before, if any.
    Publish(Box<GuideRow>),
    /// The guide takes no new cases; open ones go on.
    Withdraw { code: String, at: DateTime<Utc> },
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = guides, treat_none_as_default_value = false)]
pub struct GuideRow {
    code: String,
    version: i32,
    yaml: String,
    content_hash: Vec<u8>,
    agency: String,
    region: String,
    basic_code: String,
    name_zh: String,
    name_en: String,
    published_at: At,
    published_by: Option<Key>,
    superseded_at: Option<At>,
    withdrawn_at: Option<At>,
}

/// Which guides in force to list, in order of code.
#[derive(Debug, Clone, Default)]
pub struct GuideFilter {
    pub after: Option<String>,
    pub limit: i64,
}

impl Write {
    /// `version` is one more than the present one, or 1.
    pub fn publish(guide: &Guide, yaml: String, version: u32, by: Option<Uuid>, at: DateTime<Utc>) -> Self {
        Write::Publish(Box::new(GuideRow {
            code: guide.code.to_string(),
            version: i32::try_from(version).unwrap_or(i32::MAX),
            yaml,
            content_hash: guide.content_hash().to_vec(),
            agency: guide.agency.to_string(),
            region: guide.region.to_string(),
            basic_code: guide.item.basic_code.to_string(),
            name_zh: guide.item.name.zh.clone(),
            name_en: guide.item.name.en.clone(),
            published_at: At(at),
            published_by: by.map(Key),
            superseded_at: None,
            withdrawn_at: None,
        }))
    }

    pub(super) fn apply(&self, conn: &mut Conn) -> QueryResult<bool> {
        match self {
            Write::Publish(row) => {
                let current =
                    guides::table.filter(guides::code.eq(&row.code)).filter(guides::superseded_at.is_null());
                let superseded = diesel::update(current.filter(guides::version.eq(row.version - 1)))
                    .set(guides::superseded_at.eq(row.published_at))
                    .execute(conn)?;
                if superseded == 0 && row.version != 1 {
                    return Ok(false);
                }
                diesel::insert_into(guides::table).values(row.as_ref()).execute(conn)?;
                Ok(true)
            }
            Write::Withdraw { code, at } => {
                let current = guides::table
                    .filter(guides::code.eq(code))
                    .filter(guides::superseded_at.is_null())
                    .filter(guides::withdrawn_at.is_null());
                let done = diesel::update(current).set(guides::withdrawn_at.eq(At(*at))).execute(conn)?;
                Ok(done == 1)
            }
        }
    }
}

fn guide_record(row: GuideRow) -> Result<GuideRecord> {
    Ok(GuideRecord {
        version: u32::try_from(row.version)
            .map_err(|_| Error::corrupt("guides", &row.code, "its version is negative"))?,
        code: row.code,
        yaml: row.yaml,
        content_hash: row.content_hash,
        published_at: row.published_at.0,
        superseded_at: row.superseded_at.map(|at| at.0),
        withdrawn_at: row.withdrawn_at.map(|at| at.0),
    })
}

impl Store {
    /// The version in force, or the newest when it was withdrawn.
    pub async fn find_current_guide(&self, code: String) -> Result<Option<GuideRecord>> {
        let row: Option<GuideRow> = self
            .read(move |conn| {
                Ok(guides::table
                    .filter(guides::code.eq(code))
                    .filter(guides::superseded_at.is_null())
                    .select(GuideRow::as_select())
                    .first(conn)
                    .optional()?)
            })
            .await?;
        row.map(guide_record).transpose()
    }

    pub async fn find_guide(&self, code: String, version: u32) -> Result<Option<GuideRecord>> {
        let Ok(version) = i32::try_from(version) else { return Ok(None) };
        let row: Option<GuideRow> = self
            .read(move |conn| {
                Ok(guides::table
                    .filter(guides::code.eq(code))
                    .filter(guides::version.eq(version))
                    .select(GuideRow::as_select())
                    .first(conn)
                    .optional()?)
            })
            .await?;
        row.map(guide_record).transpose()
    }

    /// Codes of the guides in force, in order.
    pub async fn list_guide_codes(&self) -> Result<Vec<String>> {
        self.read(|conn| {
            Ok(guides::table
                .filter(guides::superseded_at.is_null())
                .filter(guides::withdrawn_at.is_null())
                .order(guides::code)
                .select(guides::code)
                .load(conn)?)
        })
        .await
    }

    /// Guides in force.
    pub async fn list_guides(&self, filter: GuideFilter) -> Result<Vec<GuideRecord>> {
        let rows: Vec<GuideRow> = self
            .read(move |conn| {
                let mut query = guides::table
                    .filter(guides::superseded_at.is_null())
                    .filter(guides::withdrawn_at.is_null())
                    .select(GuideRow::as_select())
                    .into_boxed();
                if let Some(after) = filter.after {
                    query = query.filter(guides::code.gt(after));
                }
                Ok(query.order(guides::code).limit(filter.limit).load(conn)?)
            })
            .await?;
        rows.into_iter().map(guide_record).collect()
    }
}
