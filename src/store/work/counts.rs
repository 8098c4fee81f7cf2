//! How many cases lie on the worklists, by state and day.
//!
//! To count a million rows takes a second; a counter in one row would make every
//! commit of a province wait for the one before. So it is kept as books are: each
//! commit only *posts* what came and what left, which nobody has to wait for, and a
//! moment later the postings are summed up into *balances* by one writer at a time. A
//! count is balances, postings and opinions read in one moment, and so it agrees with the
//! list at every moment.
//!
//! A balance is of a place, a state and a day on which lights turn: so many cases are due
//! that day, so many turn yellow. From a few hundred of them the lights of any day are
//! summed up. Places are the agency, the agency by region, for a reach that has regions as
//! well, a region alone, and a region with all that lies below, for each level.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Text};
use uuid::Uuid;

use super::asked::Asked;
use super::{NEVER, opinions};
use crate::domain::cases::StateName;
use crate::domain::cases::clock::Light;
use crate::domain::cases::clock::LightDays;
use crate::domain::codes::RegionCode;
use crate::domain::work::{Reach, regions_around};
use crate::store::Store;
use crate::store::conn::Conn;
use crate::store::dialect;
use crate::store::error::{Error, Result};
use crate::store::rows::PostingRow;
use crate::store::schema::{work_balances, work_postings};
use crate::store::types::Key;
use crate::store::verify::in_one_moment;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Insertable)]
#[diesel(table_name = work_balances, treat_none_as_default_value = false)]
pub struct BalanceRow {
    pub(in crate::store) place: String,
    pub(in crate::store) region: String,
    pub(in crate::store) state: String,
    pub(in crate::store) turn: &'static str,
    pub(in crate::store) day: String,
    pub(in crate::store) cases: i64,
}

/// What came onto the worklists, or left them.
pub struct Posting(PostingRow);

/// So many cases of one state that show one light.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    pub state: StateName,
    /// None while no clock runs.
    pub light: Option<Light>,
    pub cases: i64,
}

impl Posting {
    pub fn id(&self) -> Uuid {
        self.0.id.0
    }

    /// What it adds to the sums.
    pub fn sums(&self) -> Result<Vec<BalanceRow>> {
        let row = &self.0;
        let region = RegionCode::parse(&row.region)
            .map_err(|_| Error::corrupt("work_postings", row.id.0, "its region is none"))?;
        let own = [
            (row.agency.clone(), ""),
            (row.agency.clone(), region.as_str()),
            (region.to_string(), region.as_str()),
        ];
        let around = regions_around(&region).into_iter().map(|place| (place, ""));
        // The last day before red, the first of yellow.
        let turns = [("due", &row.due_on), ("yellow", &row.yellow_on)];
        let of_place = |(place, region): (String, &str)| {
            turns.map(|(turn, day)| BalanceRow {
                place: place.clone(),
                region: region.to_owned(),
                state: row.state.clone(),
                turn,
                day: day.clone(),
                cases: row.cases,
            })
        };
        Ok(around.chain(own).flat_map(of_place).collect())
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
        (&self.place, &self.region, &self.state, self.turn, &self.day)
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

/// Of which table, place, region and state; of these cases all, the red, those not yet
/// yellow, those without a clock.
type CountRow = (i32, String, String, String, i64, i64, i64, i64);
type CountColumns = (Integer, Text, Text, Text, BigInt, BigInt, BigInt, BigInt);

/// Balances and postings in one statement: the sums are of the same moment.
fn sums(reach: &Reach, today: NaiveDate) -> Asked {
    let (today, never) = (Some(today), Some(NEVER));
    let mut asked = Asked::new("SELECT 0, place, region, state");
    put_sum(&mut asked, "turn = 'due'", None);
    put_sum(&mut asked, "turn = 'due' AND day < ", today);
    put_sum(&mut asked, "turn = 'yellow' AND day > ", today);
    put_sum(&mut asked, "turn = 'due' AND day = ", never);
    asked.sql(" FROM work_balances WHERE place").is_one_of(places(reach));
    if reach.has_no_regions() {
        asked.sql(" AND region = ''");
    }
    asked.sql(" GROUP BY place, region, state UNION ALL SELECT 1, agency, region, state");
    put_sum(&mut asked, "TRUE", None);
    put_sum(&mut asked, "due_on < ", today);
    put_sum(&mut asked, "yellow_on > ", today);
    put_sum(&mut asked, "due_on = ", never);
    asked.sql(" FROM work_postings GROUP BY agency, region, state");
    asked
}

fn put_sum(asked: &mut Asked, those: &'static str, day: Option<NaiveDate>) {
    asked.sql(", CAST(SUM(CASE WHEN ").sql(those);
    if let Some(day) = day {
        asked.text(day);
    }
    asked.sql(" THEN cases ELSE 0 END) AS BIGINT)");
}

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

    /// The open cases within reach, those that await an opinion from there included, by
    /// the light they show on that day.
    pub async fn count_work(&self, reach: Reach, today: NaiveDate) -> Result<Vec<Counted>> {
        if places(&reach).is_empty() {
            return Ok(Vec::new());
        }
        let within = reach.clone();
        let (rows, asked): (Vec<CountRow>, _) = self
            .read(move |conn| {
                in_one_moment(conn, |conn| {
                    let asked = opinions::count(conn, &within)?;
                    Ok((sums(&within, today).giving::<CountColumns>().load(conn)?, asked))
                })
            })
            .await?;
        let mut counted = Vec::new();
        for row in rows.iter().filter(|row| belongs(&reach, row)) {
            let (table, place, _, state, all, red, later, still) = row;
            let table = if *table == 0 { "work_balances" } else { "work_postings" };
            let state = state_of(state, table, place)?;
            let lights = [
                (Some(Light::Red), *red),
                (Some(Light::Yellow), all - red - later),
                (Some(Light::Green), later - still),
                (None, *still),
            ];
            counted.extend(lights.map(|(light, cases)| Counted { state, light, cases }));
        }
        for (state, due_on, yellow_on, cases) in asked {
            let day = |text: &str| text.parse::<NaiveDate>();
            let days = day(&due_on).and_then(|due_on| Ok(LightDays { due_on, yellow_on: day(&yellow_on)? }));
            let days = days.map_err(|_| Error::corrupt("work_opinions", "", "its day is none"))?;
            let state = state_of(&state, "work_opinions", "")?;
            counted.push(Counted { state, light: Some(days.light(today)), cases });
        }
        Ok(counted)
    }
}

/// The places whose balances make up a reach.
fn places(reach: &Reach) -> Vec<String> {
    let agencies = reach.agencies.iter().map(ToString::to_string);
    let below = reach.below.iter().map(|region| region.significant().to_owned());
    agencies.chain(below).chain(reach.exactly.iter().map(ToString::to_string)).collect()
}

/// Whether a row counts: nothing twice that lies within two parts of the reach.
fn belongs(reach: &Reach, (table, place, region, ..): &CountRow) -> bool {
    let covered = || RegionCode::parse(region).is_ok_and(|region| reach.covers(&region));
    let of_agency = || reach.agencies.iter().any(|agency| agency.as_str() == place);
    match table {
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

fn state_of(name: &str, table: &'static str, place: &str) -> Result<StateName> {
    StateName::parse(name).ok_or_else(|| Error::corrupt(table, place, "its state is none"))
}
