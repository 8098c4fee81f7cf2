//! The worklists: how each database moves cases on them, and sums up what moved.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Nullable, Text};

use super::columns::column_statement;
use crate::store::conn::Conn;
use crate::store::rows::{PostingRow, WorkUpdate};
use crate::store::schema::{case_claims, work, work_balances, work_postings};
use crate::store::types::{Id, Key};
use crate::store::work::{BalanceRow, ClaimRow};

macro_rules! of_row {
    ($field:ident) => {
        |u| u.row.as_ref().map(|row| row.$field.clone())
    };
}

column_statement! {
    /// Where a case lay before is read by the same statement that moves it; nobody
    /// else moves it meanwhile, the case itself being locked.
    PutWork from WorkUpdate {
        case_id: Id as Key = |u| u.case_id,
        left_id: Id as Key = |u| u.left,
        came_id: Id as Key = |u| u.came,
        state: Nullable<Text> as Option<String> = of_row!(state),
        agency: Nullable<Text> as Option<String> = of_row!(agency),
        region: Nullable<Text> as Option<String> = of_row!(region),
        county: Nullable<Text> as Option<String> = of_row!(county),
        city: Nullable<Text> as Option<String> = of_row!(city),
        guide: Nullable<Text> as Option<String> = of_row!(guide),
        step: Nullable<Text> as Option<String> = |u| u.row.as_ref().and_then(|row| row.step.clone()),
        counter: Nullable<Text> as Option<String> = |u| u.row.as_ref().and_then(|row| row.counter.clone()),
        due_on: Nullable<Text> as Option<String> = of_row!(due_on),
        yellow_on: Nullable<Text> as Option<String> = of_row!(yellow_on),
    }
    "WITH u AS (SELECT * FROM unnest("
    ") AS u(case_id, left_id, came_id, state, agency, region, county, city, guide, step, counter, due_on, yellow_on)), \
     old AS (SELECT u.left_id, w.* FROM u JOIN work w ON w.case_id = u.case_id), \
     put AS (INSERT INTO work AS w (case_id, state, agency, region, county, city, guide, step, counter, due_on, yellow_on) \
         SELECT case_id, state, agency, region, county, city, guide, step, counter, due_on, yellow_on \
         FROM u WHERE state IS NOT NULL \
         ON CONFLICT (case_id) DO UPDATE SET state = excluded.state, agency = excluded.agency, \
         region = excluded.region, county = excluded.county, city = excluded.city, guide = excluded.guide, \
         step = excluded.step, counter = COALESCE(excluded.counter, w.counter), due_on = excluded.due_on, \
         yellow_on = excluded.yellow_on), \
     gone AS (DELETE FROM work w USING u WHERE w.case_id = u.case_id AND u.state IS NULL), \
     free AS (DELETE FROM case_claims c USING u WHERE c.case_id = u.case_id AND u.state IS NULL) \
     INSERT INTO work_postings (id, agency, region, state, due_on, yellow_on, cases) \
     SELECT left_id, agency, region, state, due_on, yellow_on, -1 FROM old \
     UNION ALL SELECT came_id, agency, region, state, due_on, yellow_on, 1 FROM u WHERE state IS NOT NULL"
}

column_statement! {
    /// In the order of their keys, so that two writers never lock crosswise.
    AddBalances from BalanceRow {
        place: Text as String = |r| r.place.clone(),
        region: Text as String = |r| r.region.clone(),
        state: Text as String = |r| r.state.clone(),
        turn: Text as String = |r| r.turn.to_owned(),
        day: Text as String = |r| r.day.clone(),
        cases: BigInt as i64 = |r| r.cases,
    }
    "INSERT INTO work_balances AS b (place, region, state, turn, day, cases) SELECT * FROM unnest("
    ") ON CONFLICT (place, region, state, turn, day) DO UPDATE SET cases = b.cases + excluded.cases"
}

/// Moves cases on the worklists, and posts what moved.
pub(in crate::store) fn put_work(conn: &mut Conn, updates: &[&WorkUpdate]) -> QueryResult<()> {
    if updates.is_empty() {
        return Ok(());
    }
    match conn {
        Conn::Pg(pg) => PutWork::of(updates.iter().copied()).execute(pg).map(drop),
        Conn::Sqlite(sqlite) => updates.iter().try_for_each(|update| put_one(sqlite, update)),
    }
}

fn put_one(conn: &mut SqliteConnection, update: &WorkUpdate) -> QueryResult<()> {
    let lies = work::table.filter(work::case_id.eq(update.case_id));
    let old: Option<crate::store::rows::WorkRow> =
        lies.select(crate::store::rows::WorkRow::as_select()).first(conn).optional()?;
    if let Some(old) = &old {
        let left = posting(update.left, old, -1);
        diesel::insert_into(work_postings::table).values(left).execute(conn)?;
    }
    match &update.row {
        Some(row) => {
            let mut row = row.clone();
            row.counter = row.counter.or_else(|| old.as_ref().and_then(|old| old.counter.clone()));
            diesel::insert_into(work_postings::table).values(posting(update.came, &row, 1)).execute(conn)?;
            match old {
                Some(_) => diesel::update(lies).set(row).execute(conn)?,
                None => diesel::insert_into(work::table).values(row).execute(conn)?,
            };
        }
        None => {
            diesel::delete(lies).execute(conn)?;
            diesel::delete(case_claims::table.filter(case_claims::case_id.eq(update.case_id)))
                .execute(conn)?;
        }
    }
    Ok(())
}

fn posting(id: Key, row: &crate::store::rows::WorkRow, cases: i64) -> PostingRow {
    PostingRow {
        id,
        agency: row.agency.clone(),
        region: row.region.clone(),
        state: row.state.clone(),
        due_on: row.due_on.clone(),
        yellow_on: row.yellow_on.clone(),
        cases,
    }
}

/// Adds to the sums; `rows` are sorted and name no sum twice.
pub(in crate::store) fn add_balances(conn: &mut Conn, rows: &[BalanceRow]) -> QueryResult<()> {
    match conn {
        Conn::Pg(pg) => AddBalances::of(rows.iter()).execute(pg).map(drop),
        Conn::Sqlite(sqlite) => rows.iter().try_for_each(|row| {
            diesel::insert_into(work_balances::table)
                .values(row)
                .on_conflict((
                    work_balances::place,
                    work_balances::region,
                    work_balances::state,
                    work_balances::turn,
                    work_balances::day,
                ))
                .do_update()
                .set(work_balances::cases.eq(work_balances::cases + row.cases))
                .execute(sqlite)
                .map(drop)
        }),
    }
}

/// Takes a case for an officer; false when one of his role has it already.
pub(in crate::store) fn claim_case(conn: &mut Conn, row: &ClaimRow) -> QueryResult<bool> {
    macro_rules! insert {
        ($conn:expr) => {
            diesel::insert_into(case_claims::table).values(row).on_conflict_do_nothing().execute($conn)
        };
    }
    let inserted = match conn {
        Conn::Pg(pg) => insert!(pg),
        Conn::Sqlite(sqlite) => insert!(sqlite),
    };
    inserted.map(|rows| rows == 1)
}
