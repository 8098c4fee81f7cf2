//! 工作日历: which days are worked, and where a legal time limit ends.
//!
//! Days of rest and make-up working days come from the State Council's yearly
//! notices, given as CSV. A year without a notice falls back to Monday–Friday
//! and says so. A calendar never changes: a new notice makes a new one, with
//! another version, so that a deadline can always be counted again.
//!
//! The day of the event is not counted. A limit in working days counts those
//! only (行政许可法第八十二条). A limit in calendar days counts every day and,
//! when the last one is a day of rest, ends with the working day after it
//! (民法典第二百零三条).

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{Datelike, Days, NaiveDate, Weekday};
use serde::Serialize;

use super::guides::{DayUnit, Limit};
use super::text::Text;

mod notices;

/// Which days are worked, by the notices of the years it was made from.
#[derive(Clone)]
pub struct WorkCalendar {
    version: String,
    /// By date, each date once.
    exceptions: Vec<Exception>,
    /// Years whose notice is in.
    noticed: BTreeSet<i32>,
    /// What was counted with before its newest notice came.
    earlier: Option<Arc<WorkCalendar>>,
}

/// A day the notices say something about.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Exception {
    date: NaiveDate,
    worked: bool,
    festival: String,
    /// Sum of the working days won and lost up to and including this day,
    /// against Monday–Friday. Set once all are sorted.
    balance: i32,
}

/// Whether a day is worked, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum DayKind {
    Working { reason: DayReason },
    Resting { reason: DayReason },
}

/// Why a day is worked or not, or counted. The festivals are named in Chinese, as the
/// notice does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "rule", content = "of", rename_all = "snake_case")]
pub enum DayReason {
    Weekday,
    Weekend,
    FestivalRest(String),
    MakeUpWorkday(String),
    /// Monday–Friday taken as worked, for want of that year's notice.
    NoNoticeForYear,
    /// A limit in calendar days counts it, whether it is worked or not.
    CalendarDay,
    /// The working day on which a limit in calendar days ends, its last day being one of
    /// rest (民法典 203).
    MovedHere,
    ClockStopped(Standstill),
}

/// Why a clock stands still.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standstill {
    /// 补正: what the applicant takes to mend his application (行政许可法 32).
    Correction,
    /// 特别程序 (行政许可法 45).
    Procedure,
}

/// Days on which a clock stands still, the first and the last included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stop {
    pub from: NaiveDate,
    pub until: NaiveDate,
    pub why: Standstill,
}

impl Stop {
    fn holds(&self, date: NaiveDate) -> bool {
        self.from <= date && date <= self.until
    }
}

/// Where a limit ends, with every day that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Deadline {
    /// The last day on which the limit is still kept.
    pub due: NaiveDate,
    pub rule: CountingRule,
    /// From the day after the start to `due`; empty for a limit of 0 days. As
    /// many are counted as the limit has days.
    pub days: Vec<CountedDay>,
}

/// The rule a deadline was found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum CountingRule {
    /// A limit of 0 days: at once.
    SameDay,
    WorkingDays,
    CalendarDays,
    /// The calendar days ended at `from`, a day of rest.
    MovedToWorkingDay {
        from: NaiveDate,
    },
    /// Somebody set the day.
    Set,
}

/// One day of a deadline's explanation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CountedDay {
    pub date: NaiveDate,
    pub counted: bool,
    pub reason: DayReason,
}

impl CountedDay {
    /// Whether somebody has this day for what he owes: it is counted, or the limit was
    /// moved to it.
    pub fn is_given(&self) -> bool {
        self.counted || self.reason == DayReason::MovedHere
    }

    /// The same of a day a limit was moved past, or to where it is worked.
    fn passed(self) -> Self {
        let reason = if self.counted { DayReason::MovedHere } else { self.reason };
        Self { counted: false, reason, ..self }
    }
}

/// Two calendars are the same when they say the same of every day.
impl PartialEq for WorkCalendar {
    fn eq(&self, other: &Self) -> bool {
        self.version == other.version
    }
}

impl Eq for WorkCalendar {}

impl std::fmt::Debug for WorkCalendar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WorkCalendar").field("version", &self.version).finish_non_exhaustive()
    }
}

impl WorkCalendar {
    /// SHA-256, in hex, of the calendar's content; the order of the rows and the
    /// way lines end do not matter.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Whether this year's notice is in.
    pub fn has_notice_for(&self, year: i32) -> bool {
        self.noticed.contains(&year)
    }

    pub fn day(&self, date: NaiveDate) -> DayKind {
        if let Ok(index) = self.exceptions.binary_search_by_key(&date, |e| e.date) {
            let Exception { worked, festival, .. } = &self.exceptions[index];
            return match worked {
                true => DayKind::Working { reason: DayReason::MakeUpWorkday(festival.clone()) },
                false => DayKind::Resting { reason: DayReason::FestivalRest(festival.clone()) },
            };
        }
        match (is_weekend(date), self.has_notice_for(date.year())) {
            (false, true) => DayKind::Working { reason: DayReason::Weekday },
            (true, true) => DayKind::Resting { reason: DayReason::Weekend },
            (false, false) => DayKind::Working { reason: DayReason::NoNoticeForYear },
            (true, false) => DayKind::Resting { reason: DayReason::NoNoticeForYear },
        }
    }

    pub fn is_working(&self, date: NaiveDate) -> bool {
        match self.exceptions.binary_search_by_key(&date, |e| e.date) {
            Ok(index) => self.exceptions[index].worked,
            Err(_) => !is_weekend(date),
        }
    }

    /// Where a limit that starts with an event on the day `start` ends, with the
    /// explanation of every day. `due` finds the same day without it.
    pub fn add(&self, start: NaiveDate, limit: Limit) -> Deadline {
        self.add_around(start, limit, &[], 0)
    }

    /// The same for a clock that stood still at times and was extended by some
    /// working days. Stops that overlap count once.
    pub fn add_around(&self, start: NaiveDate, limit: Limit, stops: &[Stop], extension: u16) -> Deadline {
        let mut days: Vec<CountedDay> = Vec::new();
        let mut following = start.iter_days().skip(1);
        let look = |date: NaiveDate, unit: DayUnit| self.look_at(date, unit, stops);
        for (mut left, unit) in [(limit.days, limit.unit), (extension, DayUnit::WorkingDay)] {
            while left > 0
                && let Some(date) = following.next()
            {
                let day = look(date, unit);
                left -= u16::from(day.counted);
                days.push(day);
            }
            // An extension begins where the limit would have ended (民法典 203).
            let is_extended = extension > 0 && limit.days > 0 && unit == DayUnit::CalendarDay;
            while is_extended
                && days.last().is_some_and(|day| !look(day.date, DayUnit::WorkingDay).counted)
                && let Some(date) = following.next()
            {
                days.push(look(date, DayUnit::WorkingDay).passed());
            }
        }
        let last = days.last().map_or(start, |day| day.date);
        let rule = match (limit.days, limit.unit) {
            (0, DayUnit::WorkingDay | DayUnit::CalendarDay) => CountingRule::SameDay,
            (_, DayUnit::WorkingDay) => CountingRule::WorkingDays,
            (_, DayUnit::CalendarDay) if self.is_working(last) => CountingRule::CalendarDays,
            (_, DayUnit::CalendarDay) => CountingRule::MovedToWorkingDay { from: last },
        };
        let mut due = last;
        if let CountingRule::MovedToWorkingDay { .. } = rule {
            for date in following {
                due = date;
                let day = look(date, DayUnit::WorkingDay);
                let is_last = day.counted;
                days.push(day.passed());
                if is_last {
                    break;
                }
            }
        }
        Deadline { due, rule, days }
    }

    /// The days after `start` up to a day that was set and not counted, the working days
    /// (or all, of calendar days) among them counted.
    pub fn until(&self, start: NaiveDate, end: NaiveDate, unit: DayUnit, stops: &[Stop]) -> Vec<CountedDay> {
        let days = start.iter_days().skip(1).take_while(|day| *day <= end);
        days.map(|date| self.look_at(date, unit, stops)).collect()
    }

    fn look_at(&self, date: NaiveDate, unit: DayUnit, stops: &[Stop]) -> CountedDay {
        if let Some(stop) = stops.iter().find(|stop| stop.holds(date)) {
            return CountedDay { date, counted: false, reason: DayReason::ClockStopped(stop.why) };
        }
        let (counted, reason) = match (unit, self.day(date)) {
            (DayUnit::CalendarDay, _) => (true, DayReason::CalendarDay),
            (DayUnit::WorkingDay, DayKind::Working { reason }) => (true, reason),
            (DayUnit::WorkingDay, DayKind::Resting { reason }) => (false, reason),
        };
        CountedDay { date, counted, reason }
    }

    /// The day `add` finds, in time that hardly grows with the limit.
    pub fn due(&self, start: NaiveDate, limit: Limit) -> NaiveDate {
        match (limit.days, limit.unit) {
            (0, DayUnit::WorkingDay | DayUnit::CalendarDay) => start,
            (days, DayUnit::WorkingDay) => self.working_day_after(start, days),
            (days, DayUnit::CalendarDay) => {
                let last = start.checked_add_days(Days::new(days.into())).unwrap_or(NaiveDate::MAX);
                if self.is_working(last) { last } else { self.working_day_after(last, 1) }
            }
        }
    }

    /// How many working days come after `start`, up to and including `end`;
    /// negative when `end` lies before `start`.
    pub fn working_days_between(&self, start: NaiveDate, end: NaiveDate) -> i64 {
        let through = |date: NaiveDate| self.working_days_through(date.num_days_from_ce());
        i64::from(through(end)) - i64::from(through(start))
    }

    /// The `count`-th working day after `start`; `count` is at least 1.
    fn working_day_after(&self, start: NaiveDate, count: u16) -> NaiveDate {
        let start = start.num_days_from_ce();
        let wanted = self.working_days_through(start) + i32::from(count);
        // Even if every day the notices take away came next, enough weeks would do.
        let away = i32::try_from(self.exceptions.len()).unwrap_or(i32::MAX / 8);
        let weeks = (i32::from(count) + away) / 5 + 1;
        let (mut before, mut found) = (start, start + 7 * weeks);
        while found - before > 1 {
            let middle = before + (found - before) / 2;
            if self.working_days_through(middle) < wanted {
                before = middle;
            } else {
                found = middle;
            }
        }
        NaiveDate::from_num_days_from_ce_opt(found).unwrap_or(NaiveDate::MAX)
    }

    /// Working days from 0001-01-01, a Monday and day 1, through `day`. Each day
    /// adds one or nothing, so this can be searched.
    fn working_days_through(&self, day: i32) -> i32 {
        let weekdays = 5 * day.div_euclid(7) + day.rem_euclid(7).min(5);
        let past = self.exceptions.partition_point(|e| e.date.num_days_from_ce() <= day);
        let balance = past.checked_sub(1).map_or(0, |last| self.exceptions[last].balance);
        weekdays + balance
    }
}

impl DayKind {
    pub fn is_working(&self) -> bool {
        match self {
            Self::Working { .. } => true,
            Self::Resting { .. } => false,
        }
    }
}

impl DayReason {
    pub fn text(&self) -> Text {
        match self {
            Self::Weekday => Text::new("工作日", "weekday"),
            Self::Weekend => Text::new("周末", "weekend"),
            Self::FestivalRest(festival) => {
                Text::new(format!("{festival}放假"), format!("{} holiday", in_english(festival)))
            }
            Self::MakeUpWorkday(festival) => Text::new(
                format!("{festival}调休上班"),
                format!("working day in exchange for the {} holiday", in_english(festival)),
            ),
            Self::NoNoticeForYear => Text::new(
                "该年放假安排未公布，按周一至周五上班推算",
                "no holiday notice for that year yet; Monday to Friday assumed to be worked",
            ),
            Self::CalendarDay => {
                Text::new("自然日，休息日一并计入", "a calendar day; days of rest are counted as well")
            }
            Self::MovedHere => Text::new(
                "末日为休息日，顺延至本日（民法典第二百零三条）",
                "the limit's last day is one of rest, so it ends on this one (Civil Code, article 203)",
            ),
            Self::ClockStopped(Standstill::Correction) => Text::new(
                "等待申请人补正，期间中止，不计入（行政许可法第三十二条）",
                "the clock stood still: corrections were awaited (Administrative Licensing Law, article 32)",
            ),
            Self::ClockStopped(Standstill::Procedure) => Text::new(
                "特别程序所需时间，期间中止，不计入（行政许可法第四十五条）",
                "the clock stood still: a special procedure ran (Administrative Licensing Law, article 45)",
            ),
        }
    }
}

impl CountingRule {
    pub fn text(&self) -> Text {
        match self {
            Self::SameDay => Text::new("当日", "the same day"),
            Self::WorkingDays => Text::new(
                "自次日起按工作日计算，不含法定节假日（行政许可法第八十二条）",
                "counted in working days from the next day, public holidays left out (Administrative Licensing Law, article 82)",
            ),
            Self::CalendarDays => Text::new(
                "自次日起按自然日计算（民法典第二百零一条）",
                "counted in calendar days from the next day (Civil Code, article 201)",
            ),
            Self::Set => Text::new("由办理机构确定的日期", "a day the agency set"),
            Self::MovedToWorkingDay { from } => Text::new(
                format!(
                    "自次日起按自然日计算，末日 {from} 是休息日，顺延至其后的工作日（民法典第二百零三条）"
                ),
                format!(
                    "counted in calendar days from the next day; the last, {from}, is a day of rest, so the limit ends on the working day after it (Civil Code, article 203)"
                ),
            ),
        }
    }
}

/// The festivals in English; a notice may join two with `、`, or name one that
/// came only once, which stays as it is.
fn in_english(festivals: &str) -> String {
    let names = festivals.split('、').map(|festival| match festival {
        "元旦" => "New Year's Day",
        "春节" => "Spring Festival",
        "清明节" => "Qingming Festival",
        "劳动节" => "Labour Day",
        "端午节" => "Dragon Boat Festival",
        "中秋节" => "Mid-Autumn Festival",
        "国庆节" => "National Day",
        other => other,
    });
    names.collect::<Vec<_>>().join(" and ")
}

fn is_weekend(date: NaiveDate) -> bool {
    matches!(date.weekday(), Weekday::Sat | Weekday::Sun)
}

#[cfg(test)]
mod tests;
