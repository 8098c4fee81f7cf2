//! The functions of the guide language beyond CEL's own, and the environment
//! they live in. One environment serves every expression of the process.

use std::sync::{Arc, LazyLock};

use cel::common::types::{CelBool, CelInt, CelString, STRING_TYPE};
use cel::common::value::{CowVal, Val};
use cel::{Env, ExecutionError};
use chrono::{Datelike, NaiveDate};

use crate::domain::codes::RegionCode;
use crate::domain::guides::pattern::Pattern;

/// The message by which `years` and `days` say that a date is not known.
pub(super) const UNKNOWN_DATE: &str = "unknown date";
/// `matches` with its pattern compiled beforehand. Not a name anybody can write.
pub(super) const MATCHES: &str = "@matches";

type Arguments<'b, 'v> = Vec<CowVal<'b, 'v>>;
type Outcome<'b, 'v> = Result<CowVal<'b, 'v>, ExecutionError>;

static ENVIRONMENT: LazyLock<Arc<Env>> = LazyLock::new(|| {
    let mut env = Env::stdlib();
    let declared = env
        .add_overload("years", "years_between", vec![STRING_TYPE, STRING_TYPE], years)
        .and_then(|()| env.add_overload("days", "days_between", vec![STRING_TYPE, STRING_TYPE], days))
        .and_then(|()| env.add_overload("in_region", "in_region", vec![STRING_TYPE, STRING_TYPE], in_region))
        .and_then(|()| {
            let types = vec![STRING_TYPE, Pattern::cel_type().to_owned()];
            env.add_overload(MATCHES, "matches_pattern", types, matches)
        });
    debug_assert!(declared.is_ok(), "{declared:?}");
    Arc::new(env)
});

pub(super) fn environment() -> Arc<Env> {
    Arc::clone(&ENVIRONMENT)
}

/// Full years from one day to another, negative when the second comes first.
pub(super) fn full_years(from: NaiveDate, to: NaiveDate) -> i64 {
    if to < from {
        return -full_years(to, from);
    }
    let short = (to.month(), to.day()) < (from.month(), from.day());
    i64::from(to.year() - from.year()) - i64::from(short)
}

/// A date as the facts write it: `yyyy-mm-dd`, nothing shorter.
pub(in crate::domain::guides) fn date(text: &str) -> Option<NaiveDate> {
    let shaped = text.len() == 10
        && text.bytes().enumerate().all(|(index, byte)| match index {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    shaped.then(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()).flatten()
}

fn years<'b, 'v>(arguments: Arguments<'b, 'v>) -> Outcome<'b, 'v> {
    let (from, to) = dates("years", &arguments)?;
    Ok(CowVal::owned(CelInt::from(full_years(from, to))))
}

fn days<'b, 'v>(arguments: Arguments<'b, 'v>) -> Outcome<'b, 'v> {
    let (from, to) = dates("days", &arguments)?;
    Ok(CowVal::owned(CelInt::from(to.signed_duration_since(from).num_days())))
}

/// Whether the first region is the second or lies within it; no region lies anywhere.
fn in_region<'b, 'v>(arguments: Arguments<'b, 'v>) -> Outcome<'b, 'v> {
    let region = |index| RegionCode::parse(text(&arguments, index)).ok();
    let within = match (region(0), region(1)) {
        (Some(region), Some(ancestor)) => ancestor.contains(&region),
        (_, _) => false,
    };
    Ok(CowVal::owned(CelBool::from(within)))
}

fn matches<'b, 'v>(arguments: Arguments<'b, 'v>) -> Outcome<'b, 'v> {
    let pattern = arguments.get(1).and_then(|argument| argument.downcast_ref::<Pattern>());
    let matched = pattern.is_some_and(|pattern| pattern.is_match(text(&arguments, 0)));
    Ok(CowVal::owned(CelBool::from(matched)))
}

fn dates(function: &str, arguments: &Arguments<'_, '_>) -> Result<(NaiveDate, NaiveDate), ExecutionError> {
    date(text(arguments, 0))
        .zip(date(text(arguments, 1)))
        .ok_or_else(|| ExecutionError::function_error(function, UNKNOWN_DATE))
}

fn text<'a>(arguments: &'a Arguments<'_, '_>, index: usize) -> &'a str {
    arguments
        .get(index)
        .and_then(|argument| argument.downcast_ref::<CelString>())
        .map_or("", CelString::inner)
}
