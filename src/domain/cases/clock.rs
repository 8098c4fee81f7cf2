//! 期限: the clocks of a case, each with its explanation. A clock is a function of
//! the case, its guide version and the calendar; nothing here is stored.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;

use super::accepted::DELIVERY_LIMIT;
use super::case::{Case, CaseState, Ending};
use super::event::AcceptanceBasis;
use super::submitted::INTAKE_LIMIT;
use crate::domain::calendar::{CountedDay, WorkCalendar};
use crate::domain::guides::Guide;
use crate::domain::guides::{DayUnit, Limit};
use crate::domain::time::local_date;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockName {
    /// 受理期限, 行政许可法 32.
    Intake,
    /// 承诺期限
    Promised,
    /// 法定期限
    Legal,
    /// 送达期限, 行政许可法 44.
    Delivery,
}

/// 红黄绿灯
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Light {
    Green,
    /// A quarter of the days, or fewer, are left.
    Yellow,
    /// Overdue. A clock that ended red stays red.
    Red,
}

/// One clock. Days are counted from the day after `started_on`.
#[derive(Debug, Clone, PartialEq)]
pub struct Clock {
    pub name: ClockName,
    pub started_on: NaiveDate,
    pub limit: Limit,
    pub due_on: NaiveDate,
    /// The day it stopped, or none while it runs.
    pub stopped_on: Option<NaiveDate>,
    pub light: Light,
    /// Every day until `due_on`, counted or left out, and why.
    pub days: Vec<CountedDay>,
    /// The edition of the working-day calendar it was counted with.
    pub calendar: String,
}

/// All clocks of a case in the order they started.
pub fn clocks(case: &Case, guide: &Guide, calendar: &WorkCalendar, at: DateTime<Utc>) -> Vec<Clock> {
    let today = local_date(at);
    let count = |name, start: DateTime<Utc>, limit, stopped: Option<DateTime<Utc>>| {
        clock(name, local_date(start), limit, stopped.map(local_date), calendar, today)
    };
    let Some(filing) = case.state.filing() else { return Vec::new() };
    let acceptance = case.state.acceptance();
    let decided = case.state.decided();
    let closed_at = closed_at(case);
    let mut all = vec![count(
        ClockName::Intake,
        filing.at,
        INTAKE_LIMIT,
        acceptance.map(|acceptance| acceptance.at).or(closed_at),
    )];
    if let Some(acceptance) = acceptance {
        let started = match acceptance.basis {
            AcceptanceBasis::Officer | AcceptanceBasis::Automatic => acceptance.at,
            AcceptanceBasis::Deemed => filing.at,
        };
        let stopped = decided.map(|decided| decided.decided_at).or(closed_at);
        all.push(count(ClockName::Promised, started, guide.limits.promised, stopped));
        all.push(count(ClockName::Legal, started, guide.limits.legal, stopped));
    }
    if let Some(decided) = decided {
        all.push(count(ClockName::Delivery, decided.decided_at, DELIVERY_LIMIT, closed_at));
    }
    all
}

/// The light of the clock that presses most; none when nothing runs.
pub fn light(clocks: &[Clock]) -> Option<Light> {
    clocks.iter().filter(|clock| clock.stopped_on.is_none()).map(|clock| clock.light).max()
}

fn closed_at(case: &Case) -> Option<DateTime<Utc>> {
    match &case.state {
        CaseState::Closed(closed) => match closed.ending {
            Ending::Expired => None,
            Ending::Issued { .. }
            | Ending::Denied { .. }
            | Ending::Refused { .. }
            | Ending::Withdrawn { .. } => Some(closed.at),
        },
        CaseState::Draft(_) | CaseState::Submitted(_) | CaseState::Accepted(_) | CaseState::Decided(_) => {
            None
        }
    }
}

fn clock(
    name: ClockName,
    started_on: NaiveDate,
    limit: Limit,
    stopped_on: Option<NaiveDate>,
    calendar: &WorkCalendar,
    today: NaiveDate,
) -> Clock {
    let deadline = calendar.add(started_on, limit);
    let seen = stopped_on.unwrap_or(today);
    Clock {
        name,
        started_on,
        limit,
        due_on: deadline.due,
        stopped_on,
        light: light_on(seen, started_on, deadline.due, limit, calendar),
        days: deadline.days,
        calendar: calendar.version().to_owned(),
    }
}

/// The light of a limit on a day.
pub fn light_on(
    day: NaiveDate,
    start: NaiveDate,
    due: NaiveDate,
    limit: Limit,
    calendar: &WorkCalendar,
) -> Light {
    if day > due {
        return Light::Red;
    }
    let (left, whole) = match limit.unit {
        DayUnit::WorkingDay => {
            (calendar.working_days_between(day, due), calendar.working_days_between(start, due))
        }
        DayUnit::CalendarDay => ((due - day).num_days(), (due - start).num_days()),
    };
    if left * 4 <= whole { Light::Yellow } else { Light::Green }
}
