//! Lists of cases: a person's, an officer's worklist, those the clock has something
//! to do for. By keyset, never by offset.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Nullable};
use uuid::Uuid;

use super::{StoredCase, stored_case};
use crate::domain::cases::StateName;
use crate::domain::codes::RegionCode;
use crate::domain::work::Reach;
use crate::store::Store;
use crate::store::conn::MultiBackend;
use crate::store::dialect;
use crate::store::error::Result;
use crate::store::rows::CaseRow;
use crate::store::schema::cases;
use crate::store::types::{At, Id, Instant, Key};

/// Which cases to list; `after` is the last id of the page before.
#[derive(Debug, Clone, Default)]
pub struct CaseFilter {
    pub parties: Option<Vec<Uuid>>,
    /// Staff see closed cases of these agencies or in these regions, whichever holds; open
    /// ones are on the worklists.
    pub reach: Option<Reach>,
    pub state: Option<StateName>,
    pub guide: Option<String>,
    pub agency: Option<String>,
    pub after: Option<Uuid>,
    pub limit: i64,
}

impl Store {
    /// Cases in the order they were opened, newest first. A damaged one is told to
    /// the log and listed by its id alone: it must not hide all the others.
    pub async fn list_cases(&self, filter: CaseFilter) -> Result<Vec<std::result::Result<StoredCase, Uuid>>> {
        let rows: Vec<CaseRow> = self
            .read(move |conn| {
                let mut query = cases::table.select(CaseRow::as_select()).into_boxed();
                if let Some(parties) = filter.parties {
                    query =
                        query.filter(cases::party.eq_any(parties.into_iter().map(Key).collect::<Vec<_>>()));
                }
                if let Some(reach) = filter.reach {
                    query = query.filter(closed_within_reach(&reach));
                }
                if let Some(state) = filter.state {
                    query = query.filter(cases::state.eq(state.as_str()));
                }
                if let Some(guide) = filter.guide {
                    query = query.filter(cases::guide.eq(guide));
                }
                if let Some(agency) = filter.agency {
                    query = query.filter(cases::agency.eq(agency));
                }
                if let Some(after) = filter.after {
                    query = query.filter(cases::id.lt(Key(after)));
                }
                Ok(query.order(cases::id.desc()).limit(filter.limit).load(conn)?)
            })
            .await?;
        let read = |row: CaseRow| {
            let id = row.id.0;
            stored_case(row, self.vault()).map_err(|error| {
                tracing::error!(%error, "left out of a list");
                id
            })
        };
        Ok(rows.into_iter().map(read).collect())
    }

    /// These cases, where they exist; of a damaged one, what is wrong with it.
    pub async fn find_cases(
        &self,
        ids: impl Iterator<Item = Uuid>,
    ) -> Result<HashMap<Uuid, Result<StoredCase>>> {
        let ids: Vec<Key> = ids.map(Key).collect();
        let rows: Vec<CaseRow> = self
            .read(move |conn| {
                Ok(cases::table.filter(cases::id.eq_any(ids)).select(CaseRow::as_select()).load(conn)?)
            })
            .await?;
        Ok(rows.into_iter().map(|row| (row.id.0, stored_case(row, self.vault()))).collect())
    }

    /// How many cases of these people are not closed.
    pub async fn count_open_cases(&self, parties: Vec<Uuid>) -> Result<i64> {
        self.read(move |conn| {
            let parties: Vec<Key> = parties.into_iter().map(Key).collect();
            Ok(cases::table
                .filter(cases::party.eq_any(parties))
                .filter(cases::state.ne(StateName::Closed.as_str()))
                .count()
                .get_result(conn)?)
        })
        .await
    }

    /// Cases for which the clock has something to do, with when; earliest first,
    /// after `after`.
    pub async fn list_cases_to_tick(
        &self,
        at: DateTime<Utc>,
        after: Option<(DateTime<Utc>, Uuid)>,
        limit: i64,
    ) -> Result<Vec<(DateTime<Utc>, Uuid)>> {
        self.read(move |conn| {
            let rows: Vec<(Option<At>, Key)> = to_tick(at, after, limit).load(conn)?;
            Ok(rows
                .into_iter()
                .map(|(tick_at, id)| (tick_at.map_or(at, |tick_at| tick_at.0), id.0))
                .collect())
        })
        .await
    }

    /// How the database goes about finding them.
    pub async fn explain_cases_to_tick(
        &self,
        at: DateTime<Utc>,
        after: Option<(DateTime<Utc>, Uuid)>,
        limit: i64,
    ) -> Result<Vec<String>> {
        self.read(move |conn| Ok(dialect::explain(conn, to_tick(at, after, limit))?)).await
    }
}

type Ticks = cases::BoxedQuery<'static, MultiBackend, (Nullable<Instant>, Id)>;

fn to_tick(at: DateTime<Utc>, after: Option<(DateTime<Utc>, Uuid)>, limit: i64) -> Ticks {
    let mut query = cases::table
        .filter(cases::tick_at.le(At(at)))
        .order((cases::tick_at, cases::id))
        .limit(limit)
        .select((cases::tick_at, cases::id))
        .into_boxed();
    if let Some((tick_at, id)) = after {
        // The first condition is what the index begins at, the second leaves out what was had.
        query = query.filter(cases::tick_at.ge(At(tick_at)));
        query = query.filter(cases::tick_at.gt(At(tick_at)).or(cases::id.gt(Key(id))));
    }
    query
}

type Condition = Box<dyn BoxableExpression<cases::table, MultiBackend, SqlType = Bool>>;

/// Whether a case is closed and lies within reach. Each part says so for itself, and none
/// is empty: else SQLite finds no index for it.
fn closed_within_reach(reach: &Reach) -> Condition {
    let closed = || cases::outcome.is_not_null();
    let mut parts: Vec<Condition> = Vec::new();
    if !reach.agencies.is_empty() {
        let agencies: Vec<String> = reach.agencies.iter().map(ToString::to_string).collect();
        parts.push(Box::new(closed().and(cases::agency.eq_any(agencies))));
    }
    if !reach.exactly.is_empty() {
        let exactly: Vec<String> = reach.exactly.iter().map(ToString::to_string).collect();
        parts.push(Box::new(closed().and(cases::region.eq_any(exactly))));
    }
    for region in &reach.below {
        let (from, to) = code_range(region);
        parts.push(Box::new(closed().and(cases::region.ge(from)).and(cases::region.lt(to))));
    }
    let nowhere: Condition = Box::new(diesel::dsl::sql::<Bool>("1 = 0"));
    parts.into_iter().reduce(|all, part| Box::new(all.or(part))).unwrap_or(nowhere)
}

/// Whether a case lies within reach.
pub(in crate::store) fn within_reach(reach: &Reach) -> Condition {
    let agencies: Vec<String> = reach.agencies.iter().map(ToString::to_string).collect();
    let exactly: Vec<String> = reach.exactly.iter().map(ToString::to_string).collect();
    let mut condition: Condition = Box::new(cases::agency.eq_any(agencies).or(cases::region.eq_any(exactly)));
    for region in &reach.below {
        // A half-open range over the code's own digits is what an index can walk.
        let (from, to) = code_range(region);
        condition = Box::new(condition.or(cases::region.ge(from).and(cases::region.lt(to))));
    }
    condition
}

/// All codes that begin with the region's own digits, as a range of text: from
/// `3407` to below `3408`. Digits alone, so that every collation agrees.
pub(in crate::store) fn code_range(region: &RegionCode) -> (String, String) {
    let digits = region.significant();
    let next = digits.parse::<u64>().map_or(u64::MAX, |number| number + 1);
    (digits.to_owned(), format!("{next:0width$}", width = digits.len()))
}
