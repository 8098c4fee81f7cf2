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
use crate::domain::calendar::{CountedDay, CountingRule, Deadline, Standstill, Stop, WorkCalendar};
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
    /// By which it was found.
    pub rule: CountingRule,
    /// Every day until `due_on` (until today, or the end of the case, while it stands
    /// still), counted or left out, and why.
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
    /// Since when it stands still, or stood when the case ended, and why.
    still: Option<(DateTime<Utc>, Standstill)>,
    extension: u16,
    /// The last day as it was told last.
    told: NaiveDate,
    ended: Option<DateTime<Utc>>,
}

impl Start {
    fn new(
        name: ClockName,
        at: DateTime<Utc>,
        (limit, told): (Limit, NaiveDate),
        ended: Option<DateTime<Utc>>,
    ) -> Self {
        Self { name, of: None, at, limit, stops: Vec::new(), still: None, extension: 0, told, ended }
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
        return vec![Start::new(ClockName::Draft, saved, (DRAFT_LIMIT, local_date(draft.expires_at)), None)];
    }
    let Some(filing) = case.state.filing() else { return Vec::new() };
    let closed_at = case.state.as_closed().map(|closed| match &closed.ending {
        Ending::Revoked { issued_at, .. } => *issued_at,
        _ => closed.at,
    });
    let accepted = case.state.accepted();
    let mut all = vec![intake(case, filing, accepted.map(|accepted| accepted.acceptance.at).or(closed_at))];
    let notice = match case.state.correcting() {
        Some(correcting) => Some((&correcting.notice, closed_at)),
        None => filing.correction.as_ref().map(|done| (&done.notice, Some(done.at))),
    };
    if let Some((notice, ended)) = notice {
        let limit = leading(notice.at, notice.due, Some(guide.limits.correction()), calendar);
        all.push(Start::new(ClockName::Correction, notice.at, (limit, notice.due), ended));
    }
    if let Some(accepted) = accepted {
        handling(case, accepted, guide, calendar, closed_at, &mut all);
    }
    if let Some(decided) = case.state.decided() {
        let limit = (DELIVERY_LIMIT, decided.delivery_due);
        all.push(Start::new(ClockName::Delivery, decided.decided_at, limit, closed_at));
    }
    owed(case, guide, &mut all);
    all
}

/// 催办、督办 and 差评整改
fn owed(case: &Case, guide: &Guide, all: &mut Vec<Start>) {
    for (number, asked) in case.attention.asked.iter().enumerate() {
        let ended = asked.reply.as_ref().map(|reply| reply.at);
        let limit = (guide.limits.reply(), asked.due);
        all.push(Start::new(ClockName::Reply, asked.at, limit, ended).of(number));
    }
    for (number, rating) in case.attention.ratings.iter().enumerate() {
        if let Some(owed) = &rating.rectification {
            let ended = owed.report.as_ref().map(|report| report.at);
            let limit = (guide.limits.rectification(), owed.due);
            all.push(Start::new(ClockName::Rectification, rating.at, limit, ended).of(number));
        }
    }
}

fn intake(case: &Case, filing: &Filing, ended: Option<DateTime<Utc>>) -> Start {
    let mut start = Start::new(ClockName::Intake, filing.at, (INTAKE_LIMIT, filing.intake_due), ended);
    if let Some(done) = &filing.correction {
        let (from, until) = (local_date(done.notice.at), local_date(done.at));
        start.stops.push(Stop { from, until, why: Standstill::Correction });
    }
    start.still = case.state.correcting().map(|state| (state.notice.at, Standstill::Correction));
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
        let limit = leading(from, deferral.due, None, calendar);
        let ended = deferral.settled_at.or(ended);
        all.push(Start::new(ClockName::Deferral, from, (limit, deferral.due), ended));
    }
    let dues = accepted.dues();
    let still_since = case.state.open_procedures().iter().map(|open| open.from).min();
    for (name, limit, due) in [
        (ClockName::Promised, guide.limits.promised, dues.promised),
        (ClockName::Legal, guide.limits.legal, dues.legal),
    ] {
        all.push(Start {
            stops: procedures::stops(accepted),
            still: still_since.map(|since| (since, Standstill::Procedure)),
            extension: procedures::extension_days(accepted),
            ..Start::new(name, procedures::counted_from(accepted), (limit, due), ended)
        });
    }
    for asked in &accepted.opinions {
        let limit = leading(asked.asked_at, asked.due, opinion_limit(guide, asked), calendar);
        let answered = asked.answer.as_ref().map(|answer| answer.at);
        let start = Start::new(ClockName::Opinion, asked.asked_at, (limit, asked.due), answered.or(ended));
        all.push(start.of(&asked.agency));
    }
}

fn opinion_limit(guide: &Guide, asked: &Consultation) -> Option<Limit> {
    let step = guide.flow.iter().find(|step| step.code == asked.step)?;
    step.opinions.iter().find(|wanted| wanted.agency == asked.agency).map(|wanted| wanted.limit)
}

/// The limit that leads from a day to the day that was told: the guide's, or else as many
/// working days.
fn leading(from: DateTime<Utc>, due: NaiveDate, own: Option<Limit>, calendar: &WorkCalendar) -> Limit {
    let from = local_date(from);
    let leads = |limit: &Limit| calendar.editions().any(|edition| edition.due(from, *limit) == due);
    own.filter(leads).unwrap_or_else(|| {
        let days = calendar.working_days_between(from, due);
        Limit { days: u16::try_from(days).unwrap_or(0), unit: DayUnit::WorkingDay }
    })
}

/// The light of the clock that presses most; none when nothing runs. What stands still
/// does not run; red it stays.
pub fn light(clocks: &[Clock]) -> Option<Light> {
    let runs =
        |clock: &&Clock| clock.stopped_on.is_none() && (clock.due_on.is_some() || clock.light == Light::Red);
    clocks.iter().filter(runs).map(|clock| clock.light).max()
}

fn clock(start: Start, case: &Case, calendar: &WorkCalendar, today: NaiveDate) -> Clock {
    let started_on = local_date(start.at);
    let stopped_on = start.ended.map(local_date);
    let day = stopped_on.unwrap_or(today);
    let (calendar, Deadline { due, rule, mut days }) = explain(calendar, &start, started_on, day);
    let Start { name, of, limit, still, .. } = start;
    let is_still = still.is_some();
    if is_still {
        days.retain(|counted| counted.date <= day);
    }
    let light = if case.attention.missed_on(name, of.as_deref(), started_on).is_some() {
        Light::Red
    } else if is_still {
        Light::Green
    } else {
        LightDays::of(due, &days).light(day)
    };
    let due_on = (!is_still).then_some(due);
    let calendar = calendar.version().to_owned();
    Clock { name, of, started_on, limit, due_on, stopped_on, light, rule, days, calendar }
}

/// The edition of the calendar that gives the day that was told, and every day up to it.
/// Where none gives it somebody set it, and the days are told up to there.
fn explain<'c>(
    calendar: &'c WorkCalendar,
    start: &Start,
    started_on: NaiveDate,
    today: NaiveDate,
) -> (&'c WorkCalendar, Deadline) {
    let Start { limit, extension, told, .. } = *start;
    let mut stops = start.stops.clone();
    let found = calendar.editions().find_map(|edition| {
        let deadline = edition.add_around(started_on, limit, &stops, extension);
        (deadline.due == told).then_some((edition, deadline))
    });
    let Some((edition, deadline)) = found else {
        let days = calendar.until(started_on, told, limit.unit, &stops);
        // A draft is kept for so many days, whether the last is worked or not.
        let rule = match start.name {
            ClockName::Draft => CountingRule::CalendarDays,
            _ => CountingRule::Set,
        };
        return (calendar, Deadline { due: told, rule, days });
    };
    let deadline = match start.still {
        Some((since, why)) => {
            stops.push(Stop { from: local_date(since), until: today, why });
            edition.add_around(started_on, limit, &stops, extension)
        }
        None if start.name == ClockName::Deferral => Deadline { rule: CountingRule::Set, ..deadline },
        None => deadline,
    };
    (edition, deadline)
}

/// When the light of a case turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LightDays {
    /// The last day; red from the next.
    pub due_on: NaiveDate,
    /// The first day on which a quarter of the days, or fewer, are left.
    pub yellow_on: NaiveDate,
}

impl LightDays {
    /// Those of a limit with these days: of a quarter, or fewer, on the day they are what
    /// is left.
    pub fn of(due_on: NaiveDate, days: &[CountedDay]) -> Self {
        let given: Vec<NaiveDate> = days.iter().filter(|day| day.is_given()).map(|day| day.date).collect();
        let first = (given.len() - given.len() / 4).checked_sub(1);
        Self { due_on, yellow_on: first.and_then(|last| given.get(last)).copied().unwrap_or(due_on) }
    }

    pub fn light(&self, today: NaiveDate) -> Light {
        if today > self.due_on {
            Light::Red
        } else if today >= self.yellow_on {
            Light::Yellow
        } else {
            Light::Green
        }
    }
}
