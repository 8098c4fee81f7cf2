//! `wanshitong verify numbers`: to whom every case number was given, and why those in
//! between were not.

use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};

use super::PAGE;
use crate::app::error::AppResult;
use crate::domain::codes::CaseNo;
use crate::domain::numbers::{Unused, account};
use crate::domain::time::local_date;
use crate::domain::verification::{CaseName, Fault, Part};
use crate::store::Store;

/// Numbers no case has, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    pub series: String,
    pub unused: Unused,
    /// The day of the series has passed: nobody will be given them.
    pub is_final: bool,
}

/// How much was looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NumberCounts {
    /// Guides and days.
    pub series: u64,
    pub given: u64,
    pub not_given: u64,
    pub faults: u64,
}

/// Accounts for every number of every series; tells gaps and faults as they are found.
///
/// # Errors
/// When the database cannot be reached.
pub async fn explain_numbers(
    store: &Store,
    at: DateTime<Utc>,
    gap: &mut dyn FnMut(&Gap),
    fault: &mut dyn FnMut(&Fault),
) -> AppResult<NumberCounts> {
    let mut counts = NumberCounts::default();
    let mut after = String::new();
    loop {
        let page = store.list_series(after.clone(), PAGE).await?;
        let Some((last_series, _)) = page.last() else { break };
        after.clone_from(last_series);
        for (series, last) in page {
            let (blocks, numbers) = store.numbers_of(series.clone()).await?;
            let serials: Vec<i64> = numbers.iter().filter_map(|number| serial(&series, number)).collect();
            counts.series += 1;
            counts.given += serials.len() as u64;
            let account = account(last, &blocks, serials);
            let is_final = day(&series).is_some_and(|day| day < local_date(at));
            for unused in account.unused {
                counts.not_given += u64::try_from(unused.last - unused.first + 1).unwrap_or(0);
                gap(&Gap { series: series.clone(), unused, is_final });
            }
            for why in account.faults {
                counts.faults += 1;
                fault(&Fault::new(Part::Series(series.clone()), why));
            }
        }
    }
    counts.faults += strangers(store, fault).await?;
    Ok(counts)
}

/// Numbers of which no series is known at all.
async fn strangers(store: &Store, fault: &mut dyn FnMut(&Fault)) -> AppResult<u64> {
    let (mut faults, mut after) = (0, String::new());
    let mut seen: (String, bool) = Default::default();
    loop {
        let page = store.list_numbers(after.clone(), PAGE).await?;
        let Some((_, last)) = page.last() else { return Ok(faults) };
        after.clone_from(last);
        for (id, number) in page {
            let series = series_of(&number);
            if let Some(series) = &series
                && seen.0 != *series
            {
                seen = (series.clone(), store.has_series(series.clone()).await?);
            }
            if series.is_some() && seen.1 {
                continue;
            }
            let why = match series {
                None => "it is no case number",
                Some(_) => "nothing was ever reserved of its series",
            };
            faults += 1;
            let name = CaseName { id, case_no: Some(number.clone()) };
            fault(&Fault::of_case(&name, Part::Series(series.unwrap_or(number)), why));
        }
    }
}

/// The guide's code and the day, where this is a case number.
fn series_of(number: &str) -> Option<String> {
    let parsed = CaseNo::parse(number).ok()?;
    let series = format!("{}{}", parsed.guide_code(), parsed.date().format("%Y%m%d"));
    Some(series)
}

/// The serial, where the number is one of the series.
fn serial(series: &str, number: &str) -> Option<i64> {
    let parsed = CaseNo::parse(number).ok()?;
    (series_of(number)? == series).then(|| i64::from(parsed.serial()))
}

fn day(series: &str) -> Option<NaiveDate> {
    let digits = series.get(series.len().checked_sub(8)?..)?;
    NaiveDate::parse_from_str(digits, "%Y%m%d").ok()
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Unused { first, last, block, is_passed } = &self.unused;
        match first == last {
            true => write!(f, "{} {first:04}", self.series)?,
            false => write!(f, "{} {first:04}–{last:04}", self.series)?,
        }
        let (instance, at) = (block.instance, block.reserved_at.format("%Y-%m-%dT%H:%M:%SZ"));
        write!(
            f,
            ": not given. Reserved ({}–{}) at {at} by the instance {instance}",
            block.first, block.last
        )?;
        let started = instance.get_timestamp().map(|timestamp| timestamp.to_unix().0);
        let started = started.and_then(|seconds| DateTime::from_timestamp(i64::try_from(seconds).ok()?, 0));
        if let Some(started) = started {
            write!(f, ", which started at {}", started.format("%Y-%m-%dT%H:%M:%SZ"))?;
        }
        f.write_str(match (self.is_final, is_passed) {
            (true, false) => {
                "; it stopped or the day ended before it gave them, and nobody will be given them."
            }
            (true, true) => {
                "; each was in hand for a submission of which nothing came, and nobody will be given them."
            }
            (false, false) => "; it gives them next if it still runs, and nobody does if it stopped.",
            (false, true) => {
                "; later ones were given, so each is in hand for a submission under way, waits to be given next, or was lost with one of which the instance never learned whether it was written."
            }
        })
    }
}
