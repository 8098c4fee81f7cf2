//! How many cases lie on the worklists, by state and day.
//!
//! To count a million rows takes a second; a counter in one row would make every
//! commit of a province wait for the one before. So it is kept as books are: each
//! commit only *posts* what came and what left, which nobody has to wait for, and a
//! moment later the postings are summed up into *balances* by one writer at a time. A
//! count is balances, postings and opinions read in one moment, and so it agrees with the
//! list at every moment.
//!
//! A balance is of a place, a state and the two days on which its light turns, so that
//! the light of any day is told from a few hundred rows. Places are the agency, the
//! agency by region, for a reach that has regions as well, a region alone, and a region
//! with all that lies below, for each level.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Integer, Text};
use uuid::Uuid;

use super::{NEVER, opinions};
use crate::domain::cases::StateName;
use crate::domain::cases::desk::LightDays;
use crate::domain::codes::RegionCode;
use crate::domain::work::{Reach, regions_around};
use crate::store::Store;
use crate::store::conn::{Conn, MultiBackend};
use crate::store::dialect;
use crate::store::error::{Error, Result};
use crate::store::rows::PostingRow;
use crate::store::schema::{work_balances, work_postings};
use crate::store::types::Key;
use crate::store::verify::in_one_moment;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Queryable, Insertable)]
#[diesel(table_name = work_balances, treat_none_as_default_value = false)]
pub struct BalanceRow {
    pub(in crate::store) place: String,
    pub(in crate::store) region: String,
    pub(in crate::store) state: String,
    pub(in crate::store) due_on: String,
    pub(in crate::store) yellow_on: String,
    pub(in crate::store) cases: i64,
}

/// What came onto the worklists, or left them.
pub struct Posting(PostingRow);

/// So many cases of one state whose light turns on the same days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    pub state: StateName,
    /// None while no clock runs.
    pub days: Option<LightDays>,
    pub cases: i64,
}

/// Told apart in one answer: a balance, a posting, a sum of balances.
const BALANCE: &str = "0";
const POSTING: &str = "1";
const SUM: &str = "2";

impl Posting {
    pub fn id(&self) -> Uuid {
        self.0.id.0
    }

    /// What it adds to the sums.
    pub fn sums(&self) -> Result<Vec<BalanceRow>> {
        let row = &self.0;
        let region = RegionCode::parse(&row.region)
            .map_err(|_| Error::corrupt("work_postings", row.id.0, "its region is none"))?;
        let sum = |place: String, region: &str| BalanceRow {
            place,
            region: region.to_owned(),
            state: row.state.clone(),
            due_on: row.due_on.clone(),
            yellow_on: row.yellow_on.clone(),
            cases: row.cases,
        };
        let around = regions_around(&region).into_iter().map(|place| sum(place, ""));
        let own = [
            sum(row.agency.clone(), ""),
            sum(row.agency.clone(), region.as_str()),
            sum(region.to_string(), region.as_str()),
        ];
        Ok(around.chain(own).collect())
    }
}

impl BalanceRow {
    /// Sums of the same thing made one, in the order of their keys; what comes to nothing is left out.
    pub fn together(mut rows: Vec<BalanceRow>) -> Vec<BalanceRow> {
        rows.sort();
        let mut sums: Vec<BalanceRow> = Vec::new();
        for row in rows {
            match sums.last_mut() {
                Some(last) if last.key() == row.key() => last.cases += row.cases,
                Some(_) | None => sums.push(row),
            }
        }
        sums.retain(|sum| sum.cases != 0);
        sums
    }

    fn key(&self) -> (&str, &str, &str, &str, &str) {
        (&self.place, &self.region, &self.state, &self.due_on, &self.yellow_on)
    }
}

pub(super) fn settle(conn: &mut Conn, postings: &[Uuid], sums: &[BalanceRow]) -> QueryResult<bool> {
    let ids: Vec<Key> = postings.iter().copied().map(Key).collect();
    let expected = ids.len();
    if diesel::delete(work_postings::table.filter(work_postings::id.eq_any(ids))).execute(conn)? != expected {
        return Ok(false);
    }
    dialect::add_balances(conn, sums)?;
    Ok(true)
}

pub(super) fn drop_empty(conn: &mut Conn) -> QueryResult<()> {
    diesel::delete(work_balances::table.filter(work_balances::cases.eq(0))).execute(conn).map(drop)
}

type CountRow = (i32, String, String, String, String, String, i64);

impl Store {
    /// What was posted since the last summing up, at most so much of it.
    pub async fn list_postings(&self, limit: i64) -> Result<Vec<Posting>> {
        let rows: Vec<PostingRow> = self
            .read(move |conn| {
                Ok(work_postings::table
                    .order(work_postings::id)
                    .limit(limit)
                    .select(PostingRow::as_select())
                    .load(conn)?)
            })
            .await?;
        Ok(rows.into_iter().map(Posting).collect())
    }

    /// The open cases within reach, those that await an opinion from there included.
    pub async fn count_work(&self, reach: Reach) -> Result<Vec<Counted>> {
        let places = places(&reach);
        let agencies_alone = reach.has_no_regions();
        let within = reach.clone();
        let (rows, asked): (Vec<CountRow>, _) = self
            .read(move |conn| {
                in_one_moment(conn, |conn| {
                    let asked = opinions::count(conn, &within)?;
                    let balances = work_balances::table
                        .filter(work_balances::place.eq_any(places.clone()))
                        .select((
                            diesel::dsl::sql::<Integer>(BALANCE),
                            work_balances::place,
                            work_balances::region,
                            work_balances::state,
                            work_balances::due_on,
                            work_balances::yellow_on,
                            work_balances::cases,
                        ))
                        .into_boxed::<MultiBackend>();
                    let sums = || {
                        // Of agencies alone no case is counted twice, and there may be many.
                        let of_agencies = work_balances::table
                            .filter(work_balances::place.eq_any(places.clone()))
                            .filter(work_balances::region.eq(""));
                        let (state, due_on, yellow_on) =
                            (work_balances::state, work_balances::due_on, work_balances::yellow_on);
                        of_agencies.group_by((state, due_on, yellow_on)).select((
                            diesel::dsl::sql::<Integer>(SUM),
                            diesel::dsl::sql::<Text>("''"),
                            diesel::dsl::sql::<Text>("''"),
                            state,
                            due_on,
                            yellow_on,
                            diesel::dsl::sql::<BigInt>("CAST(SUM(cases) AS BIGINT)"),
                        ))
                    };
                    let postings = work_postings::table.select((
                        diesel::dsl::sql::<Integer>(POSTING),
                        work_postings::agency,
                        work_postings::region,
                        work_postings::state,
                        work_postings::due_on,
                        work_postings::yellow_on,
                        work_postings::cases,
                    ));
                    let found = match agencies_alone {
                        true => Both(sums(), postings).load(conn)?,
                        false => Both(balances, postings).load(conn)?,
                    };
                    Ok((found, asked))
                })
            })
            .await?;
        let asked = asked.into_iter().map(|(state, due_on, yellow_on, cases)| {
            counted("work_opinions", "", (state, due_on, yellow_on, cases))
        });
        let lying = rows.into_iter().filter(|row| belongs(&reach, row));
        let lying = lying.map(|(_, place, _, state, due_on, yellow_on, cases)| {
            counted("work_balances", &place, (state, due_on, yellow_on, cases))
        });
        lying.chain(asked).collect()
    }
}

/// Two questions as one statement: the answers are of the same moment.
struct Both<A, B>(A, B);

impl<A, B> QueryId for Both<A, B> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<A: QueryFragment<MultiBackend>, B: QueryFragment<MultiBackend>> QueryFragment<MultiBackend>
    for Both<A, B>
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        self.0.walk_ast(out.reborrow())?;
        out.push_sql(" UNION ALL ");
        self.1.walk_ast(out.reborrow())
    }
}

impl<A, B> Query for Both<A, B> {
    type SqlType = (Integer, Text, Text, Text, Text, Text, BigInt);
}

impl<A, B> RunQueryDsl<Conn> for Both<A, B> {}

/// The places whose balances make up a reach.
fn places(reach: &Reach) -> Vec<String> {
    let agencies = reach.agencies.iter().map(ToString::to_string);
    let below = reach.below.iter().map(|region| region.significant().to_owned());
    agencies.chain(below).chain(reach.exactly.iter().map(ToString::to_string)).collect()
}

/// Whether a row counts: nothing twice that lies within two parts of the reach.
fn belongs(reach: &Reach, (kind, place, region, ..): &CountRow) -> bool {
    let covered = || RegionCode::parse(region).is_ok_and(|region| reach.covers(&region));
    let of_agency = || reach.agencies.iter().any(|agency| agency.as_str() == place);
    match kind {
        2 => true,
        // A region that is also a village's own balance is told by its second column.
        0 if region.is_empty() => {
            let below = reach.below.iter().any(|below| below.significant() == place);
            below || (reach.has_no_regions() && of_agency())
        }
        0 if region == place => reach.exactly.iter().any(|exactly| exactly.as_str() == place),
        0 => !reach.has_no_regions() && of_agency() && !covered(),
        _ => of_agency() || covered(),
    }
}

fn counted(
    table: &'static str,
    place: &str,
    (state, due_on, yellow_on, cases): (String, String, String, i64),
) -> Result<Counted> {
    let corrupt = |why: &str| Error::corrupt(table, place, why);
    let state = StateName::parse(&state).ok_or_else(|| corrupt("its state is none"))?;
    let day = |text: &str| text.parse::<NaiveDate>().map_err(|_| corrupt("its day is none"));
    let days = LightDays { due_on: day(&due_on)?, yellow_on: day(&yellow_on)? };
    Ok(Counted { state, days: Some(days).filter(|days| days.due_on != NEVER), cases })
}
