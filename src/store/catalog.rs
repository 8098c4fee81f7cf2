//! The catalogue on disk: every version of every guide and item as it was
//! published, never changed afterwards but for its end. What a version means is
//! read from its YAML; a guide that inherits, from its item's as well.
//!
//! What always holds: the newest version of a code is the one that nothing
//! supersedes. Several versions may be to come; on any day the newest of those
//! whose day has come is in force.

mod drafts;
mod items;
mod naming;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use super::Store;
use super::conn::Conn;
use super::dialect;
use super::error::{Error, Result};
use super::schema::guides;
use super::types::{At, Key};
use crate::domain::text::Text;
use crate::domain::time::start_of_local_day;

pub use drafts::{DraftFilter, DraftRecord, DraftState, DraftWrite};
pub use items::{ItemRecord, ItemWrite};

/// A published version of a guide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuideRecord {
    pub code: String,
    pub version: u32,
    /// The local file.
    pub yaml: String,
    /// SHA-256 of the guide's canonical form, what it inherits included.
    pub content_hash: Vec<u8>,
    pub basic_code: String,
    /// The version of the item it inherits from, if it does.
    pub item_version: Option<u32>,
    pub effective_from: Option<NaiveDate>,
    pub effective_until: Option<NaiveDate>,
    pub published_at: DateTime<Utc>,
    /// A newer version is in its place since then, or will be.
    pub superseded_at: Option<DateTime<Utc>>,
    /// 停止办理: takes no new cases since then, or will take none.
    pub withdrawn_at: Option<DateTime<Utc>>,
}

impl GuideRecord {
    /// The moment it is in force from.
    pub fn in_force_from(&self) -> DateTime<Utc> {
        in_force_from(self.effective_from, self.published_at)
    }
}

fn in_force_from(day: Option<NaiveDate>, published_at: DateTime<Utc>) -> DateTime<Utc> {
    day.map_or(published_at, |day| start_of_local_day(day).max(published_at))
}

/// A version about to be published.
#[derive(Debug, Clone)]
pub struct NewGuide {
    pub code: String,
    /// One more than the newest, or 1.
    pub version: u32,
    pub yaml: String,
    pub content_hash: Vec<u8>,
    pub agency: String,
    pub region: String,
    pub basic_code: String,
    pub name: Text,
    pub item_version: Option<u32>,
    pub effective_from: Option<NaiveDate>,
    pub effective_until: Option<NaiveDate>,
    /// What listings show of it, as JSON.
    pub about: String,
    pub published_at: DateTime<Utc>,
    pub published_by: Option<Uuid>,
    pub edited_by: Option<Uuid>,
    /// When another version published with it takes its place.
    pub superseded_at: Option<DateTime<Utc>>,
    pub withdrawn_at: Option<DateTime<Utc>>,
}

impl NewGuide {
    /// The moment it is in force from.
    pub fn in_force_from(&self) -> DateTime<Utc> {
        in_force_from(self.effective_from, self.published_at)
    }
}

/// A guide in force, as light as listings need it. Nothing of it was compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuideLineRecord {
    pub code: String,
    pub version: u32,
    pub agency: String,
    pub region: String,
    pub basic_code: String,
    /// None for what was published before listings had it.
    pub about: Option<String>,
    pub effective_until: Option<NaiveDate>,
    pub withdrawn_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone)]
pub enum Write {
    /// New versions of guides; of one code in ascending order. Each supersedes what
    /// was published of its code before.
    Publish(Vec<GuideRow>),
    /// The guide takes no new cases from then on; open ones go on.
    Withdraw {
        code: String,
        from: DateTime<Utc>,
        at: DateTime<Utc>,
    },
    Item(ItemWrite),
    Draft(DraftWrite),
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = guides, treat_none_as_default_value = false)]
pub struct GuideRow {
    pub(super) code: String,
    pub(super) version: i32,
    pub(super) yaml: String,
    pub(super) content_hash: Vec<u8>,
    pub(super) agency: String,
    pub(super) region: String,
    pub(super) basic_code: String,
    pub(super) name_zh: String,
    pub(super) name_en: String,
    pub(super) published_at: At,
    pub(super) published_by: Option<Key>,
    pub(super) superseded_at: Option<At>,
    pub(super) withdrawn_at: Option<At>,
    pub(super) item_version: Option<i32>,
    pub(super) effective_from: Option<String>,
    pub(super) effective_until: Option<String>,
    pub(super) edited_by: Option<Key>,
    pub(super) about: Option<String>,
}

/// What the older versions of a code learn from the publication of a newer one.
pub(super) struct Supersession {
    pub code: String,
    /// Of the lowest that is new.
    pub version: i32,
    pub at: At,
}

impl From<NewGuide> for GuideRow {
    fn from(guide: NewGuide) -> Self {
        Self {
            version: number(guide.version),
            content_hash: guide.content_hash,
            name_zh: guide.name.zh,
            name_en: guide.name.en,
            published_at: At(guide.published_at),
            published_by: guide.published_by.map(Key),
            superseded_at: guide.superseded_at.map(At),
            withdrawn_at: guide.withdrawn_at.map(At),
            item_version: guide.item_version.map(number),
            effective_from: guide.effective_from.map(|day| day.to_string()),
            effective_until: guide.effective_until.map(|day| day.to_string()),
            edited_by: guide.edited_by.map(Key),
            about: Some(guide.about),
            code: guide.code,
            yaml: guide.yaml,
            agency: guide.agency,
            region: guide.region,
            basic_code: guide.basic_code,
        }
    }
}

impl Write {
    pub fn publish(guides: Vec<NewGuide>) -> Self {
        Write::Publish(guides.into_iter().map(GuideRow::from).collect())
    }

    pub(super) fn apply(&self, conn: &mut Conn) -> QueryResult<bool> {
        match self {
            Write::Publish(rows) => {
                dialect::supersede_guides(conn, &supersessions(rows))?;
                dialect::insert_guides(conn, &rows.iter().collect::<Vec<_>>())?;
                Ok(true)
            }
            Write::Withdraw { code, from, at } => {
                let open = guides::table
                    .filter(guides::code.eq(code))
                    .filter(guides::superseded_at.is_null().or(guides::superseded_at.gt(At(*at))))
                    .filter(guides::withdrawn_at.is_null().or(guides::withdrawn_at.gt(At(*at))));
                let done = diesel::update(open).set(guides::withdrawn_at.eq(At(*from))).execute(conn)?;
                Ok(done > 0)
            }
            Write::Item(write) => write.apply(conn),
            Write::Draft(write) => write.apply(conn),
        }
    }
}

/// One for each code that had versions before.
fn supersessions(rows: &[GuideRow]) -> Vec<Supersession> {
    let mut found: Vec<Supersession> = Vec::new();
    for row in rows {
        let day = row.effective_from.as_deref().and_then(|day| day.parse().ok());
        let at = At(in_force_from(day, row.published_at.0));
        match found.last_mut().filter(|last| last.code == row.code) {
            Some(last) => last.at = last.at.min(at),
            None => found.push(Supersession { code: row.code.clone(), version: row.version, at }),
        }
    }
    found.retain(|supersession| supersession.version > 1);
    found
}

/// A version as the databases count.
fn number(version: u32) -> i32 {
    i32::try_from(version).unwrap_or(i32::MAX)
}

fn version(table: &'static str, id: &str, version: i32) -> Result<u32> {
    u32::try_from(version).map_err(|_| Error::corrupt(table, id, "its version is negative"))
}

fn day(code: &str, text: Option<String>) -> Result<Option<NaiveDate>> {
    let parsed = text.map(|text| text.parse()).transpose();
    parsed.map_err(|_| Error::corrupt("guides", code, "a day of it is none"))
}

fn guide_record(row: GuideRow) -> Result<GuideRecord> {
    Ok(GuideRecord {
        version: version("guides", &row.code, row.version)?,
        item_version: row.item_version.map(|item| version("guides", &row.code, item)).transpose()?,
        effective_from: day(&row.code, row.effective_from)?,
        effective_until: day(&row.code, row.effective_until)?,
        code: row.code,
        yaml: row.yaml,
        content_hash: row.content_hash,
        basic_code: row.basic_code,
        published_at: row.published_at.0,
        superseded_at: row.superseded_at.map(|at| at.0),
        withdrawn_at: row.withdrawn_at.map(|at| at.0),
    })
}

type LineRow = (String, i32, String, String, String, Option<String>, Option<String>, Option<At>);

fn line_record(row: LineRow) -> Result<GuideLineRecord> {
    let (code, number, agency, region, basic_code, about, until, withdrawn_at) = row;
    Ok(GuideLineRecord {
        version: version("guides", &code, number)?,
        effective_until: day(&code, until)?,
        withdrawn_at: withdrawn_at.map(|at| at.0),
        code,
        agency,
        region,
        basic_code,
        about,
    })
}

impl Store {
    /// The version in force that day: the newest whose day has come.
    pub async fn find_current_guide(&self, code: String, today: NaiveDate) -> Result<Option<GuideRecord>> {
        let today = today.to_string();
        let row: Option<GuideRow> = self
            .read(move |conn| {
                Ok(guides::table
                    .filter(guides::code.eq(code))
                    .filter(guides::effective_from.is_null().or(guides::effective_from.le(today)))
                    .order(guides::version.desc())
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

    /// The newest versions of these guides, whether in force, withdrawn or to come.
    pub async fn list_newest_guides(&self, codes: Vec<String>) -> Result<Vec<GuideRecord>> {
        let rows: Vec<GuideRow> = self
            .read(move |conn| {
                Ok(guides::table
                    .filter(guides::code.eq_any(codes))
                    .filter(guides::superseded_at.is_null())
                    .select(GuideRow::as_select())
                    .load(conn)?)
            })
            .await?;
        rows.into_iter().map(guide_record).collect()
    }

    /// The versions of a guide whose day is to come and that nothing takes the place of
    /// before, in ascending order.
    pub async fn list_guides_to_come(&self, code: String, today: NaiveDate) -> Result<Vec<GuideRecord>> {
        let today = today.to_string();
        let rows: Vec<GuideRow> = self
            .read(move |conn| {
                Ok(guides::table
                    .filter(guides::code.eq(code))
                    .filter(guides::effective_from.gt(today))
                    .order(guides::version)
                    .select(GuideRow::as_select())
                    .load(conn)?)
            })
            .await?;
        let mut records: Vec<GuideRecord> = rows.into_iter().map(guide_record).collect::<Result<_>>()?;
        records.retain(|record| record.superseded_at.is_none_or(|at| record.in_force_from() < at));
        Ok(records)
    }

    /// Versions in force or to come that inherit from the item, in order of code and
    /// version. A page ends where a code ends.
    pub async fn list_heirs(
        &self,
        basic_code: String,
        at: DateTime<Utc>,
        after: Option<String>,
        limit: usize,
    ) -> Result<Vec<GuideRecord>> {
        let rows: Vec<GuideRow> = self
            .read(move |conn| {
                let mut query = guides::table
                    .filter(guides::basic_code.eq(basic_code))
                    .filter(guides::item_version.is_not_null())
                    .filter(guides::superseded_at.is_null().or(guides::superseded_at.gt(At(at))))
                    .select(GuideRow::as_select())
                    .into_boxed();
                if let Some(after) = after {
                    query = query.filter(guides::code.gt(after));
                }
                let limit = i64::try_from(limit).unwrap_or(i64::MAX);
                let mut rows: Vec<GuideRow> =
                    query.order((guides::code, guides::version)).limit(limit).load(conn)?;
                // Of the last code there may be more.
                if i64::try_from(rows.len()).is_ok_and(|found| found == limit) {
                    let last = rows.last().map(|row| row.code.clone()).unwrap_or_default();
                    if rows.first().is_some_and(|first| first.code != last) {
                        rows.retain(|row| row.code != last);
                    }
                }
                Ok(rows)
            })
            .await?;
        rows.into_iter().map(guide_record).collect()
    }

    /// The versions in force, those that take no new cases included, after this code
    /// and in order of it.
    pub async fn list_guide_lines(
        &self,
        at: DateTime<Utc>,
        today: NaiveDate,
        after: Option<String>,
        limit: i64,
    ) -> Result<Vec<GuideLineRecord>> {
        let today = today.to_string();
        let rows: Vec<LineRow> = self
            .read(move |conn| {
                let mut query = guides::table
                    .filter(guides::superseded_at.is_null().or(guides::superseded_at.gt(At(at))))
                    .filter(guides::effective_from.is_null().or(guides::effective_from.le(today)))
                    .select((
                        guides::code,
                        guides::version,
                        guides::agency,
                        guides::region,
                        guides::basic_code,
                        guides::about,
                        guides::effective_until,
                        guides::withdrawn_at,
                    ))
                    .into_boxed();
                if let Some(after) = after {
                    query = query.filter(guides::code.gt(after));
                }
                Ok(query.order((guides::code, guides::version)).limit(limit).load(conn)?)
            })
            .await?;
        rows.into_iter().map(line_record).collect()
    }
}
