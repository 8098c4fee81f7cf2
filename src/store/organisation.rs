//! Regions, agencies and counters: the city as the portal knows it.

use diesel::prelude::*;

use super::Store;
use super::conn::Conn;
use super::dialect;
use super::error::{Error, Result};
use super::schema::{agencies, counters, regions};
use crate::domain::agencies::{Agency, Counter, CounterKind};
use crate::domain::codes::{CounterCode, RegionCode, RegionLevel, Uscc};
use crate::domain::regions::Region;
use crate::domain::text::Text;

/// Replaces what an import brings; what it does not name stays.
#[derive(Debug, Clone)]
pub enum Write {
    Regions(Vec<Region>),
    Agencies(Vec<Agency>),
    Counters(Vec<Counter>),
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = regions, treat_none_as_default_value = false)]
pub(super) struct RegionRow {
    pub(super) code: String,
    pub(super) name: String,
    pub(super) level: String,
    pub(super) parent: Option<String>,
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = agencies)]
struct AgencyRow {
    uscc: String,
    region: String,
    kind: String,
    name_zh: String,
    name_en: String,
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = counters)]
struct CounterRow {
    code: String,
    region: String,
    kind: String,
    name_zh: String,
    name_en: String,
    address: String,
    hours_zh: String,
    hours_en: String,
}

impl Write {
    pub(super) fn apply(&self, conn: &mut Conn) -> QueryResult<bool> {
        match self {
            Write::Regions(regions) => {
                let rows: Vec<RegionRow> = regions.iter().map(region_row).collect();
                dialect::replace_regions(conn, &rows)?;
            }
            Write::Agencies(list) => {
                for row in list.iter().map(agency_row) {
                    diesel::delete(agencies::table.filter(agencies::uscc.eq(&row.uscc))).execute(conn)?;
                    diesel::insert_into(agencies::table).values(&row).execute(conn)?;
                }
            }
            Write::Counters(list) => {
                for row in list.iter().map(counter_row) {
                    diesel::delete(counters::table.filter(counters::code.eq(&row.code))).execute(conn)?;
                    diesel::insert_into(counters::table).values(&row).execute(conn)?;
                }
            }
        }
        Ok(true)
    }
}

fn region_row(region: &Region) -> RegionRow {
    RegionRow {
        code: region.code.to_string(),
        name: region.name.clone(),
        level: region.level.as_str().to_owned(),
        parent: region.parent.as_ref().map(ToString::to_string),
    }
}

fn agency_row(agency: &Agency) -> AgencyRow {
    AgencyRow {
        uscc: agency.uscc.to_string(),
        region: agency.region.to_string(),
        kind: agency.kind.clone(),
        name_zh: agency.name.zh.clone(),
        name_en: agency.name.en.clone(),
    }
}

fn counter_row(counter: &Counter) -> CounterRow {
    CounterRow {
        code: counter.code.to_string(),
        region: counter.region.to_string(),
        kind: counter.kind.as_str().to_owned(),
        name_zh: counter.name.zh.clone(),
        name_en: counter.name.en.clone(),
        address: counter.address.clone(),
        hours_zh: counter.hours.zh.clone(),
        hours_en: counter.hours.en.clone(),
    }
}

fn region(row: RegionRow) -> Result<Region> {
    let read = || {
        Some(Region {
            code: RegionCode::parse(&row.code).ok()?,
            name: row.name.clone(),
            level: RegionLevel::parse(&row.level)?,
            parent: row.parent.as_deref().map(RegionCode::parse).transpose().ok()?,
        })
    };
    read().ok_or_else(|| Error::corrupt("regions", &row.code, "it is no region"))
}

fn agency(row: AgencyRow) -> Result<Agency> {
    let read = || {
        Some(Agency {
            uscc: Uscc::parse(&row.uscc).ok()?,
            region: RegionCode::parse(&row.region).ok()?,
            kind: row.kind.clone(),
            name: Text::new(row.name_zh.clone(), row.name_en.clone()),
        })
    };
    read().ok_or_else(|| Error::corrupt("agencies", &row.uscc, "it is no agency"))
}

fn counter(row: CounterRow) -> Result<Counter> {
    let read = || {
        Some(Counter {
            code: CounterCode::parse(&row.code).ok()?,
            region: RegionCode::parse(&row.region).ok()?,
            kind: CounterKind::parse(&row.kind)?,
            name: Text::new(row.name_zh.clone(), row.name_en.clone()),
            address: row.address.clone(),
            hours: Text::new(row.hours_zh.clone(), row.hours_en.clone()),
        })
    };
    read().ok_or_else(|| Error::corrupt("counters", &row.code, "it is no counter"))
}

impl Store {
    pub async fn find_region(&self, code: RegionCode) -> Result<Option<Region>> {
        let row: Option<RegionRow> = self
            .read(move |conn| {
                Ok(regions::table
                    .filter(regions::code.eq(code.as_str()))
                    .select(RegionRow::as_select())
                    .first(conn)
                    .optional()?)
            })
            .await?;
        row.map(region).transpose()
    }

    /// The children of `parent`, or the topmost regions, in order of code, after `after`.
    pub async fn list_regions(
        &self,
        parent: Option<RegionCode>,
        after: Option<String>,
        limit: i64,
    ) -> Result<Vec<Region>> {
        let rows: Vec<RegionRow> = self
            .read(move |conn| {
                let mut query = regions::table.select(RegionRow::as_select()).into_boxed();
                query = match parent {
                    Some(code) => query.filter(regions::parent.eq(code.as_str().to_owned())),
                    None => query.filter(regions::parent.is_null()),
                };
                if let Some(after) = after {
                    query = query.filter(regions::code.gt(after));
                }
                Ok(query.order(regions::code).limit(limit).load(conn)?)
            })
            .await?;
        rows.into_iter().map(region).collect()
    }

    /// Every region code there is.
    pub async fn list_region_codes(&self) -> Result<Vec<String>> {
        self.read(|conn| Ok(regions::table.select(regions::code).load(conn)?)).await
    }

    pub async fn list_agencies(
        &self,
        region: Option<RegionCode>,
        after: Option<String>,
        limit: i64,
    ) -> Result<Vec<Agency>> {
        let rows: Vec<AgencyRow> = self
            .read(move |conn| {
                let mut query = agencies::table.select(AgencyRow::as_select()).into_boxed();
                if let Some(region) = region {
                    query = query.filter(agencies::region.eq(region.as_str().to_owned()));
                }
                if let Some(after) = after {
                    query = query.filter(agencies::uscc.gt(after));
                }
                Ok(query.order(agencies::uscc).limit(limit).load(conn)?)
            })
            .await?;
        rows.into_iter().map(agency).collect()
    }

    pub async fn find_agency(&self, uscc: Uscc) -> Result<Option<Agency>> {
        let row: Option<AgencyRow> = self
            .read(move |conn| {
                Ok(agencies::table
                    .filter(agencies::uscc.eq(uscc.as_str()))
                    .select(AgencyRow::as_select())
                    .first(conn)
                    .optional()?)
            })
            .await?;
        row.map(agency).transpose()
    }

    /// Those of these that there are.
    pub async fn list_agencies_named(&self, usccs: Vec<String>) -> Result<Vec<Agency>> {
        let rows: Vec<AgencyRow> = self
            .read(move |conn| {
                Ok(agencies::table
                    .filter(agencies::uscc.eq_any(usccs))
                    .select(AgencyRow::as_select())
                    .load(conn)?)
            })
            .await?;
        rows.into_iter().map(agency).collect()
    }

    pub async fn find_counter(&self, code: CounterCode) -> Result<Option<Counter>> {
        let row: Option<CounterRow> = self
            .read(move |conn| {
                Ok(counters::table
                    .filter(counters::code.eq(code.as_str()))
                    .select(CounterRow::as_select())
                    .first(conn)
                    .optional()?)
            })
            .await?;
        row.map(counter).transpose()
    }

    pub async fn list_counters(
        &self,
        region: Option<RegionCode>,
        after: Option<String>,
        limit: i64,
    ) -> Result<Vec<Counter>> {
        let rows: Vec<CounterRow> = self
            .read(move |conn| {
                let mut query = counters::table.select(CounterRow::as_select()).into_boxed();
                if let Some(region) = region {
                    query = query.filter(counters::region.eq(region.as_str().to_owned()));
                }
                if let Some(after) = after {
                    query = query.filter(counters::code.gt(after));
                }
                Ok(query.order(counters::code).limit(limit).load(conn)?)
            })
            .await?;
        rows.into_iter().map(counter).collect()
    }
}
