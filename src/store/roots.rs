//! Daily roots on disk, and what happened on a day, read through the index by time.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use super::Store;
use super::conn::Conn;
use super::error::{Error, Result};
use super::schema::{case_events, daily_roots};
use super::types::{At, Key};
use crate::domain::cases::Digest;
use crate::domain::cases::merkle::Leaf;

/// Records read in one go.
const PAGE: i64 = 2000;

/// The signed root of one day.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = daily_roots)]
pub struct DailyRoot {
    /// As `yyyy-mm-dd`, in China.
    pub day: String,
    pub cases: i64,
    pub root: Vec<u8>,
    /// SHA-256 of the signed root of the day before; zeros for the first.
    pub previous: Vec<u8>,
    /// Compact JWS over all of this.
    pub jws: String,
}

/// From when until before when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayRange {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
}

impl DailyRoot {
    /// Whoever comes second finds the day taken.
    pub(super) fn insert(&self, conn: &mut Conn) -> QueryResult<bool> {
        let there: i64 =
            daily_roots::table.filter(daily_roots::day.eq(&self.day)).count().get_result(conn)?;
        if there > 0 {
            return Ok(false);
        }
        diesel::insert_into(daily_roots::table).values(self).execute(conn).map(|n| n == 1)
    }
}

impl Store {
    /// Roots, the newest first, from before a day.
    pub async fn list_roots(&self, before: Option<NaiveDate>, limit: i64) -> Result<Vec<DailyRoot>> {
        self.read(move |conn| {
            let mut query = daily_roots::table.select(DailyRoot::as_select()).into_boxed();
            if let Some(before) = before {
                query = query.filter(daily_roots::day.lt(before.to_string()));
            }
            Ok(query.order(daily_roots::day.desc()).limit(limit).load(conn)?)
        })
        .await
    }

    /// Roots, the oldest first, after a day.
    pub async fn list_roots_after(&self, after: String, limit: i64) -> Result<Vec<DailyRoot>> {
        self.read(move |conn| {
            let query = daily_roots::table.filter(daily_roots::day.gt(after));
            Ok(query.order(daily_roots::day).limit(limit).select(DailyRoot::as_select()).load(conn)?)
        })
        .await
    }

    pub async fn find_root(&self, day: NaiveDate) -> Result<Option<DailyRoot>> {
        self.read(move |conn| {
            let query = daily_roots::table.filter(daily_roots::day.eq(day.to_string()));
            Ok(query.select(DailyRoot::as_select()).first(conn).optional()?)
        })
        .await
    }

    /// When the first record of all was written.
    pub async fn first_record_at(&self) -> Result<Option<DateTime<Utc>>> {
        self.read(|conn| {
            let first: Option<At> =
                case_events::table.select(case_events::at).order(case_events::at).first(conn).optional()?;
            Ok(first.map(|at| at.0))
        })
        .await
    }

    /// When the last record of a case from before then was written.
    pub async fn last_record_at(&self, case: Uuid, before: DateTime<Utc>) -> Result<Option<DateTime<Utc>>> {
        self.read(move |conn| {
            let last: Option<At> = case_events::table
                .filter(case_events::case_id.eq(Key(case)))
                .filter(case_events::at.lt(At(before)))
                .select(case_events::at)
                .order(case_events::at.desc())
                .first(conn)
                .optional()?;
            Ok(last.map(|at| at.0))
        })
        .await
    }

    /// Where the history of every case stood that something happened to in that time,
    /// in the order of their ids. Kept in memory are the cases of that time alone.
    pub async fn leaves_of(&self, range: DayRange) -> Result<Vec<Leaf>> {
        let mut leaves: BTreeMap<Uuid, Leaf> = BTreeMap::new();
        let mut after: Option<(At, Key, i64)> = None;
        loop {
            let page = self.read(move |conn| records_of(conn, range, after)).await?;
            for (at, case, seq, hash) in page.iter() {
                after = Some((*at, *case, *seq));
                let corrupt = |why: &str| Error::corrupt("case_events", format!("{}:{seq}", case.0), why);
                let head: Digest =
                    hash.as_slice().try_into().map_err(|_| corrupt("its hash is not a SHA-256"))?;
                let seq = u64::try_from(*seq).map_err(|_| corrupt("its number is negative"))?;
                let leaf = Leaf { case: case.0, seq, head };
                let last = leaves.entry(case.0).or_insert(leaf);
                if last.seq < seq {
                    *last = leaf;
                }
            }
            if page.len() < usize::try_from(PAGE).unwrap_or(usize::MAX) {
                return Ok(leaves.into_values().collect());
            }
        }
    }
}

type Stood = (At, Key, i64, Vec<u8>);

fn records_of(conn: &mut Conn, range: DayRange, after: Option<(At, Key, i64)>) -> Result<Vec<Stood>> {
    let mut query = case_events::table
        .filter(case_events::at.lt(At(range.to)))
        .select((case_events::at, case_events::case_id, case_events::seq, case_events::hash))
        .into_boxed();
    query = match after {
        None => query.filter(case_events::at.ge(At(range.from))),
        Some((at, case, seq)) => {
            let of_case = case_events::case_id.eq(case).and(case_events::seq.gt(seq));
            let of_moment = case_events::case_id.gt(case).or(of_case);
            query.filter(case_events::at.ge(at)).filter(case_events::at.gt(at).or(of_moment))
        }
    };
    Ok(query.order((case_events::at, case_events::case_id, case_events::seq)).limit(PAGE).load(conn)?)
}
