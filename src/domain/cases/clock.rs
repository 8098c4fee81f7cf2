//! 期限: the clocks of a case, each with its explanation. A clock is a function of
//! the case, its guide version and the calendar. The day a clock ends on was told when
//! it began and does not move when a notice comes out later: it is explained by the
//! edition of the calendar that gave it. That a clock was overdue is an event of the
//! case, and permanent.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::accepted::DELIVERY_LIMIT;
use super::case::{Accepted, Case, CaseState, Consultation, Ending, Filing};
use super::decide::DRAFT_LIMIT;
use super::procedures;
use super::submitted::INTAKE_LIMIT;
use crate::domain::calendar::{CountedDay, Stop, WorkCalendar};
use crate::domain::guides::Guide;
use crate::domain::guides::{DayUnit, Limit};
use crate::domain::time::local_date;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockName {
    /// 草稿保存期限
    Draft,
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
    /// The last day as it was told; unknown of an intake that has ended.
    told: Option<NaiveDate>,
    ended: Option<DateTime<Utc>>,
}

impl Start {
    fn new(name: ClockName, at: DateTime<Utc>, limit: Limit, ended: Option<DateTime<Utc>>) -> Self {
        let (stops, still_since) = (Vec::new(), None);
        Self { name, of: None, at, limit, stops, still_since, extension: 0, told: None, ended }
    }

    fn told(self, due: NaiveDate) -> Self {
        Self { told: Some(due), ..self }
    }

    fn of(self, of: impl ToString) -> Self {
        Self { of: Some(of.to_string()), ..self }
    }
}

/// All clocks of a case: those of the procedure in the order they started, then
/// those of replies and rectifications.
pub fn clocks(case: &Case, guide: &Guide, calendar: &WorkCalendar, at: DateTime<Utc>) -> Vec<Clock> {
    let starts = starts(case, guide, calendar);
    starts.into_iter().map(|start| clock(start, case, calendar, local_date(at))).collect()
}

fn starts(case: &Case, guide: &Guide, calendar: &WorkCalendar) -> Vec<Start> {
    if let CaseState::Draft(draft) = &case.state {
        let saved = draft.expires_at - TimeDelta::days(DRAFT_LIMIT.days.into());
        let start = Start::new(ClockName::Draft, saved, DRAFT_LIMIT, None);
        return vec![start.told(local_date(draft.expires_at))];
    }
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
        all.push(Start::new(ClockName::Correction, notice.at, limit, ended).told(notice.due));
    }
    if let Some(accepted) = accepted {
        handling(case, accepted, guide, calendar, closed_at, &mut all);
    }
    if let Some(decided) = case.state.decided() {
        let start = Start::new(ClockName::Delivery, decided.decided_at, DELIVERY_LIMIT, closed_at);
        all.push(start.told(decided.delivery_due));
    }
    owed(case, guide, &mut all);
    all
}

/// 催办、督办 and 差评整改
fn owed(case: &Case, guide: &Guide, all: &mut Vec<Start>) {
    for (number, asked) in case.attention.asked.iter().enumerate() {
        let ended = asked.reply.as_ref().map(|reply| reply.at);
        let start = Start::new(ClockName::Reply, asked.at, guide.limits.reply(), ended);
        all.push(start.told(asked.due).of(number));
    }
    for (number, rating) in case.attention.ratings.iter().enumerate() {
        if let Some(owed) = &rating.rectification {
            let ended = owed.report.as_ref().map(|report| report.at);
            let limit = guide.limits.rectification();
            let start = Start::new(ClockName::Rectification, rating.at, limit, ended);
            all.push(start.told(owed.due).of(number));
        }
    }
}

fn intake(case: &Case, filing: &Filing, ended: Option<DateTime<Utc>>) -> Start {
    let mut start = Start::new(ClockName::Intake, filing.at, INTAKE_LIMIT, ended);
    if let Some(done) = &filing.correction {
        start.stops.push(Stop { from: local_date(done.notice.at), until: local_date(done.at) });
    }
    match &case.state {
        CaseState::Submitted(state) => start.told = Some(state.intake_due),
        CaseState::Correcting(state) => start.still_since = Some(state.notice.at),
        _ => {}
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
        let start = Start::new(ClockName::Deferral, from, limit, deferral.settled_at.or(ended));
        all.push(start.told(deferral.due));
    }
    let dues = accepted.dues();
    for (name, limit, due) in [
        (ClockName::Promised, guide.limits.promised, dues.promised),
        (ClockName::Legal, guide.limits.legal, dues.legal),
    ] {
        let still_since = match &case.state {
            CaseState::Paused(paused) => paused.open.iter().map(|open| open.from).min(),
            _ => None,
        };
        all.push(Start {
            stops: procedures::stops(accepted),
            still_since,
            extension: procedures::extension_days(accepted),
            told: Some(due),
            ..Start::new(name, procedures::counted_from(accepted), limit, ended)
        });
    }
    for asked in &accepted.opinions {
        let limit =
            opinion_limit(guide, asked).unwrap_or_else(|| between(asked.asked_at, asked.due, calendar));
        let answered = asked.answer.as_ref().map(|answer| answer.at);
        let start = Start::new(ClockName::Opinion, asked.asked_at, limit, answered.or(ended));
        all.push(start.told(asked.due).of(&asked.agency));
    }
}

fn opinion_limit(guide: &Guide, asked: &Consultation) -> Option<Limit> {
    let step = guide.flow.iter().find(|step| step.code == asked.step)?;
    step.opinions.iter().find(|wanted| wanted.agency == asked.agency).map(|wanted| wanted.limit)
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
    let Start { name, of, at, limit, mut stops, still_since, extension, told, ended } = start;
    let started_on = local_date(at);
    let stopped_on = ended.map(local_date);
    let still_since = still_since.filter(|_| ended.is_none()).map(local_date);
    stops.extend(still_since.map(|from| Stop { from, until: today }));
    let told = told.filter(|_| still_since.is_none());
    let (calendar, due, mut days) =
        explain(calendar, (told, stopped_on), started_on, limit, &stops, extension);
    if still_since.is_some() {
        days.retain(|day| day.date <= today);
    }
    let light = if case.attention.was_overdue(name, of.as_deref()) {
        Light::Red
    } else if still_since.is_some() {
        Light::Green
    } else {
        light_on(stopped_on.unwrap_or(today), started_on, due, limit, calendar)
    };
    Clock {
        name,
        of,
        started_on,
        limit,
        due_on: still_since.is_none().then_some(due),
        stopped_on,
        light,
        days,
        calendar: calendar.version().to_owned(),
    }
}

/// The edition of the calendar that gives the day that was told, that day, and every day
/// up to it. Where none gives it somebody chose it, and the days are told up to there.
/// A clock of which nothing was told and that has ended was kept, under some edition.
fn explain<'c>(
    calendar: &'c WorkCalendar,
    (told, stopped_on): (Option<NaiveDate>, Option<NaiveDate>),
    started_on: NaiveDate,
    limit: Limit,
    stops: &[Stop],
    extension: u16,
) -> (&'c WorkCalendar, NaiveDate, Vec<CountedDay>) {
    let is_it = |due: NaiveDate| match told {
        Some(told) => told == due,
        None => stopped_on.is_none_or(|stopped| stopped <= due),
    };
    for edition in calendar.editions() {
        let deadline = edition.add_around(started_on, limit, stops, extension);
        if is_it(deadline.due) {
            return (edition, deadline.due, deadline.days);
        }
    }
    match told {
        Some(told) => (calendar, told, calendar.until(started_on, told, limit.unit, stops)),
        None => {
            let deadline = calendar.add_around(started_on, limit, stops, extension);
            (calendar, deadline.due, deadline.days)
        }
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
