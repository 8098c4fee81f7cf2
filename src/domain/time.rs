//! Local time and spans of time. China keeps UTC+8 all year, so the local day of
//! an instant needs no time-zone data. No clock is read here: every instant
//! comes in as an argument.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};

use super::codes::CodeError;

const HOURS_AHEAD_OF_UTC: i64 = 8;

/// The day it is in China at this instant.
pub fn local_date(at: DateTime<Utc>) -> NaiveDate {
    at.checked_add_signed(TimeDelta::hours(HOURS_AHEAD_OF_UTC)).unwrap_or(at).date_naive()
}

/// The days from 1970-01-01 to that day: told apart from another at less cost than dates.
pub fn local_day_number(at: DateTime<Utc>) -> i64 {
    (at.timestamp() + HOURS_AHEAD_OF_UTC * 3600).div_euclid(86_400)
}

/// The instant a deadline on this day has passed: the start of the next local
/// day. The last day counts to its end (民法典第二百零三条).
pub fn end_of_local_day(date: NaiveDate) -> DateTime<Utc> {
    let (time, _) = NaiveTime::MIN.overflowing_sub_signed(TimeDelta::hours(HOURS_AHEAD_OF_UTC));
    date.and_time(time).and_utc()
}

/// The instant this day begins in China.
pub fn start_of_local_day(date: NaiveDate) -> DateTime<Utc> {
    date.pred_opt().map_or(DateTime::<Utc>::MIN_UTC, end_of_local_day)
}

/// Seconds in each unit a date part may have, in the order ISO 8601 asks for.
const DATE_UNITS: [(char, i64); 2] = [('W', 7 * 86_400), ('D', 86_400)];
/// The same for the part after `T`.
const TIME_UNITS: [(char, i64); 3] = [('H', 3600), ('M', 60), ('S', 1)];

/// Reads an ISO 8601 duration of whole units: `PnW` or `PnDTnHnMnS`, any of them
/// left out but not all. Years and months have no fixed length and are refused,
/// as are fractions, signs and spans beyond what `TimeDelta` holds.
pub fn parse_duration(text: &str) -> Result<TimeDelta, CodeError> {
    if text.contains(['-', '+']) {
        return Err(wrong_duration("时长不能带正负号", "a duration has no sign"));
    }
    let body = text.strip_prefix('P').ok_or_else(not_a_duration)?;
    let (date, time) = match body.split_once('T') {
        Some((_, "")) => return Err(not_a_duration()),
        Some((date, time)) => (date, time),
        None => (body, ""),
    };
    if body.is_empty() || (body.contains('W') && !body.ends_with('W')) {
        return Err(not_a_duration());
    }
    if date.contains(['Y', 'M']) {
        return Err(wrong_duration(
            "年和月长短不一，不能用作时长，请改用周或天",
            "years and months have no fixed length; use weeks or days",
        ));
    }
    let seconds =
        seconds_of(date, &DATE_UNITS)?.checked_add(seconds_of(time, &TIME_UNITS)?).ok_or_else(too_long)?;
    TimeDelta::try_seconds(seconds).ok_or_else(too_long)
}

/// Sums number-and-letter pairs; each letter at most once and in order.
fn seconds_of(part: &str, units: &[(char, i64)]) -> Result<i64, CodeError> {
    let mut units = units.iter();
    let mut rest = part;
    let mut sum = 0_i64;
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, tail) = rest.split_at(digits);
        let letter = tail.chars().next().ok_or_else(not_a_duration)?;
        if letter == '.' || letter == ',' {
            return Err(wrong_duration(
                "时长只能是整数，请改用更小的单位",
                "only whole numbers are allowed; use a smaller unit",
            ));
        }
        let (_, seconds) =
            units.find(|(unit, _)| *unit == letter).filter(|_| digits > 0).ok_or_else(not_a_duration)?;
        sum = number
            .parse::<i64>()
            .ok()
            .and_then(|number| number.checked_mul(*seconds))
            .and_then(|more| sum.checked_add(more))
            .ok_or_else(too_long)?;
        rest = &tail[1..];
    }
    Ok(sum)
}

fn not_a_duration() -> CodeError {
    wrong_duration(
        "应按 ISO 8601 书写，如 P2W、P3D、PT12H、P1DT2H30M",
        "write it as ISO 8601, such as P2W, P3D, PT12H or P1DT2H30M",
    )
}

fn too_long() -> CodeError {
    wrong_duration("时长过大，请填较小的数", "the span is too long; use a smaller number")
}

fn wrong_duration(zh: &str, en: &str) -> CodeError {
    CodeError::new("wrong_duration", format!("时长不正确：{zh}。"), format!("The duration is wrong: {en}."))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn instant(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn the_local_day_begins_at_sixteen_hours_utc() {
        assert_eq!(local_date(instant("2026-02-13T15:59:59.999999Z")), day("2026-02-13"));
        assert_eq!(local_date(instant("2026-02-13T16:00:00Z")), day("2026-02-14"));
        assert_eq!(local_date(instant("2025-12-31T16:00:00Z")), day("2026-01-01"));
    }

    #[test]
    fn a_day_ends_where_the_next_begins() {
        assert_eq!(end_of_local_day(day("2026-02-13")), instant("2026-02-13T16:00:00Z"));
    }

    #[test]
    fn the_ends_of_the_calendar_do_not_panic() {
        local_date(DateTime::<Utc>::MAX_UTC);
        local_date(DateTime::<Utc>::MIN_UTC);
        end_of_local_day(NaiveDate::MAX);
        end_of_local_day(NaiveDate::MIN);
    }

    #[test]
    fn a_day_has_one_number_from_its_first_second_to_its_last() {
        for date in ["1969-12-31", "1970-01-01", "2024-02-29", "2026-12-31"] {
            let date: NaiveDate = date.parse().unwrap();
            let days = (date - NaiveDate::from_ymd_opt(1970, 1, 1).unwrap()).num_days();
            for at in [start_of_local_day(date), end_of_local_day(date) - TimeDelta::microseconds(1)] {
                assert_eq!((local_day_number(at), local_date(at)), (days, date));
            }
        }
    }

    #[test]
    fn durations_of_fixed_length_are_read() {
        for (text, seconds) in [
            ("P2W", 1_209_600),
            ("P3D", 259_200),
            ("PT0S", 0),
            ("PT12H", 43_200),
            ("PT90M", 5400),
            ("P1DT2H30M5S", 95_405),
            ("PT1H5S", 3605),
        ] {
            assert_eq!(parse_duration(text).unwrap(), TimeDelta::seconds(seconds), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_duration_is_refused() {
        for text in [
            "", "P", "PT", "P1DT", "1D", "P1", "PD", "p1d", "P1H", "PT1D", "P1D2W", "P1W2D", "P1WT1H",
            "PT1S1M", "PT1M1M", "P1D ", "P１D", "P天", "PT1天", "P1DT1H1D", "PTT1S",
        ] {
            assert_eq!(parse_duration(text).unwrap_err().code, "wrong_duration", "{text}");
        }
    }

    #[test]
    fn what_has_no_fixed_meaning_is_refused_with_the_reason() {
        let says = |text: &str, word: &str| {
            let english = parse_duration(text).unwrap_err().detail.en;
            assert!(english.contains(word), "{text}: {english}");
        };
        says("P1Y", "years and months");
        says("P2M", "years and months");
        says("P1Y2M3DT4H", "years and months");
        says("-P1D", "sign");
        says("P-1D", "sign");
        says("PT0.5S", "whole numbers");
        says("PT0,5S", "whole numbers");
        says("P99999999999999999999D", "too long");
        says("P9223372036854775807W", "too long");
        says("PT9223372036854775807S", "too long");
        says("P106751991167300DT9223372036854775807S", "too long");
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "P?[0-9WDTHMSY.,天+-]{0,24}") {
            let _ = parse_duration(&text);
        }

        #[test]
        fn an_instant_lies_before_the_end_of_its_day_and_not_before_its_start(
            seconds in 0_i64..10_000_000_000,
        ) {
            let at = DateTime::<Utc>::from_timestamp(seconds, 0).unwrap();
            let today = local_date(at);
            prop_assert!(at < end_of_local_day(today));
            prop_assert!(at >= end_of_local_day(today.pred_opt().unwrap()));
        }
    }
}
