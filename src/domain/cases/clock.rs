//! 期限: the clocks of a case, each with its explanation. A clock is a function of
//! the case, its guide version and the calendar; nothing here is stored but the fact
//! that one was overdue, which is an event of the case and permanent.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::accepted::DELIVERY_LIMIT;
use super::case::{Accepted, Case, CaseState, Ending, Filing};
use super::procedures;
use super::submitted::INTAKE_LIMIT;
use crate::domain::calendar::{CountedDay, Stop, WorkCalendar};
use crate::domain::guides::Guide;
use crate::domain::guides::{DayUnit, Limit};
use crate::domain::time::local_date;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockName {
    /// 受理期限, 行政许可法 32.
    Intake,
    /// 补正期限
    Correction,
    /// 容缺补交期限
    Deferral,
    /// 承诺期限
    Promised,
    /// 法定期限
    Legal,
    /// 征求意见期限, one for each agency asked.
    Opinion,
    /// 送达期限, 行政许可法 44.
    Delivery,
    /// 答复催办、督办
    Reply,
    /// 差评整改
    Rectification,
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
    /// Which one, where a case can have several: an agency, the number of a reminder.
    pub of: Option<String>,
    pub started_on: NaiveDate,
    pub limit: Limit,
    /// None while the clock stands still.
    pub due_on: Option<NaiveDate>,
    /// The day it stopped for good, or none while it runs.
    pub stopped_on: Option<NaiveDate>,
    pub light: Light,
    /// Every day until `due_on` (until today, while it stands still), counted or left
    /// out, and why.
    pub days: Vec<CountedDay>,
    /// The edition of the working-day calendar it was counted with.
    pub calendar: String,
}

/// What a clock is made from.
struct Start {
    name: ClockName,
    of: Option<String>,
    at: DateTime<Utc>,
    limit: Limit,
    stops: Vec<Stop>,
    /// Since when it stands still, if it does.
    still_since: Option<DateTime<Utc>>,
    extension: u16,
    ended: Option<DateTime<Utc>>,
}

impl Start {
    fn new(name: ClockName, at: DateTime<Utc>, limit: Limit, ended: Option<DateTime<Utc>>) -> Self {
        Self { name, of: None, at, limit, stops: Vec::new(), still_since: None, extension: 0, ended }
    }
}

/// All clocks of a case: those of the procedure in the order they started, then
/// those of replies and rectifications.
pub fn clocks(case: &Case, guide: &Guide, calendar: &WorkCalendar, at: DateTime<Utc>) -> Vec<Clock> {
    let starts = starts(case, guide, calendar);
    starts.into_iter().map(|start| clock(start, case, calendar, local_date(at))).collect()
}

fn starts(case: &Case, guide: &Guide, calendar: &WorkCalendar) -> Vec<Start> {
    let Some(filing) = case.state.filing() else { return Vec::new() };
    let closed_at = case.state.as_closed().map(|closed| match &closed.ending {
        Ending::Revoked { issued_at, .. } => *issued_at,
        _ => closed.at,
    });
    let accepted = case.state.accepted();
    let mut all = vec![intake(case, filing, accepted.map(|accepted| accepted.acceptance.at).or(closed_at))];
    let notice = match &case.state {
        CaseState::Correcting(state) => Some((&state.notice, closed_at)),
        _ => filing.correction.as_ref().map(|done| (&done.notice, Some(done.at))),
    };
    if let Some((notice, ended)) = notice {
        let limit = between(notice.at, notice.due, calendar);
        all.push(Start::new(ClockName::Correction, notice.at, limit, ended));
    }
    if let Some(accepted) = accepted {
        handling(case, accepted, guide, calendar, closed_at, &mut all);
    }
    if let Some(decided) = case.state.decided() {
        all.push(Start::new(ClockName::Delivery, decided.decided_at, DELIVERY_LIMIT, closed_at));
    }
    for (number, asked) in case.attention.asked.iter().enumerate() {
        let ended = asked.reply.as_ref().map(|reply| reply.at);
        let limit = guide.limits.reply();
        let start = Start::new(ClockName::Reply, asked.at, limit, ended);
        all.push(Start { of: Some(number.to_string()), ..start });
    }
    for (number, rating) in case.attention.ratings.iter().enumerate() {
        if let Some(owed) = &rating.rectification {
            let ended = owed.report.as_ref().map(|report| report.at);
            let limit = guide.limits.rectification();
            let start = Start::new(ClockName::Rectification, rating.at, limit, ended);
            all.push(Start { of: Some(number.to_string()), ..start });
        }
    }
    all
}

fn intake(case: &Case, filing: &Filing, ended: Option<DateTime<Utc>>) -> Start {
    let mut start = Start::new(ClockName::Intake, filing.at, INTAKE_LIMIT, ended);
    if let Some(done) = &filing.correction {
        start.stops.push(Stop { from: local_date(done.notice.at), until: local_date(done.at) });
    }
    if let CaseState::Correcting(state) = &case.state {
        start.still_since = Some(state.notice.at);
    }
    start
}

fn handling(
    case: &Case,
    accepted: &Accepted,
    guide: &Guide,
    calendar: &WorkCalendar,
    closed_at: Option<DateTime<Utc>>,
    all: &mut Vec<Start>,
) {
    let decided_at = case.state.decided().map(|decided| decided.decided_at);
    let ended = decided_at.or(closed_at);
    if let Some(deferral) = &accepted.deferral {
        let from = accepted.acceptance.at;
        let limit = between(from, deferral.due, calendar);
        all.push(Start::new(ClockName::Deferral, from, limit, deferral.settled_at.or(ended)));
    }
    for (name, limit) in
        [(ClockName::Promised, guide.limits.promised), (ClockName::Legal, guide.limits.legal)]
    {
        let still_since = match &case.state {
            CaseState::Paused(paused) => paused.open.iter().map(|open| open.from).min(),
            _ => None,
        };
        all.push(Start {
            stops: procedures::stops(accepted),
            still_since,
            extension: procedures::extension_days(accepted),
            ..Start::new(name, procedures::counted_from(accepted), limit, ended)
        });
    }
    for asked in &accepted.opinions {
        let limit = between(asked.asked_at, asked.due, calendar);
        let answered = asked.answer.as_ref().map(|answer| answer.at);
        let start = Start::new(ClockName::Opinion, asked.asked_at, limit, answered.or(ended));
        all.push(Start { of: Some(asked.agency.to_string()), ..start });
    }
}

/// The limit that leads from a day to the day that was told, in working days.
fn between(from: DateTime<Utc>, due: NaiveDate, calendar: &WorkCalendar) -> Limit {
    let days = calendar.working_days_between(local_date(from), due);
    Limit { days: u16::try_from(days).unwrap_or(0), unit: DayUnit::WorkingDay }
}

/// The light of the clock that presses most; none when nothing runs. What stands still
/// does not run; red it stays.
pub fn light(clocks: &[Clock]) -> Option<Light> {
    let runs =
        |clock: &&Clock| clock.stopped_on.is_none() && (clock.due_on.is_some() || clock.light == Light::Red);
    clocks.iter().filter(runs).map(|clock| clock.light).max()
}

fn clock(start: Start, case: &Case, calendar: &WorkCalendar, today: NaiveDate) -> Clock {
    let Start { name, of, at, limit, mut stops, still_since, extension, ended } = start;
    let started_on = local_date(at);
    let stopped_on = ended.map(local_date);
    let still_since = still_since.filter(|_| ended.is_none()).map(local_date);
    stops.extend(still_since.map(|from| Stop { from, until: today }));
    let deadline = calendar.add_around(started_on, limit, &stops, extension);
    let mut days = deadline.days;
    if still_since.is_some() {
        days.retain(|day| day.date <= today);
    }
    let light = if case.attention.was_overdue(name, of.as_deref()) {
        Light::Red
    } else if still_since.is_some() {
        Light::Green
    } else {
        light_on(stopped_on.unwrap_or(today), started_on, deadline.due, limit, calendar)
    };
    Clock {
        name,
        of,
        started_on,
        limit,
        due_on: still_since.is_none().then_some(deadline.due),
        stopped_on,
        light,
        days,
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
