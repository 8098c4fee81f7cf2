//! What the passing of time does, and when. Every timer of a case is read off its
//! state; the clock acts on the earliest first, as if somebody had watched.

use chrono::{DateTime, NaiveDate, Utc};

use super::attention::Overdue;
use super::case::{Accepted, Case, CaseState, Submitted};
use super::clock::ClockName;
use super::decide::{Act, Rules, act};
use super::event::{AcceptanceBasis, By, CaseEvent};
use super::evolve::{OutOfPlace, evolve};
use super::submitted::acceptance;
use crate::domain::codes::Uscc;
use crate::domain::guides::Silence;
use crate::domain::private::Private;
use crate::domain::time::{end_of_local_day, local_date};

/// Something that happens to a case by itself.
enum Timer {
    /// 草稿过期
    DraftExpires,
    /// 视为受理: nothing was said in five working days (行政许可法 32).
    SilenceAccepts,
    /// 补正或补交逾期不来
    Lapses,
    /// A consulted agency said nothing.
    OpinionDue(Uscc, Silence),
    Missed(Overdue),
}

impl Timer {
    /// Among those that are due at the same moment.
    fn order(&self) -> u8 {
        match self {
            Self::Lapses => 0,
            Self::Missed(_) => 1,
            Self::DraftExpires | Self::SilenceAccepts | Self::OpinionDue(..) => 2,
        }
    }
}

/// When the clock next has something to do with this case, if ever.
pub fn next_tick_at(case: &Case) -> Option<DateTime<Utc>> {
    timers(case).into_iter().map(|(at, _)| at).min()
}

/// Everything that has fallen due by `at`, in its order, and the case after it; no case
/// where nothing had. That a deadline was missed is put on record before silence acts,
/// and not where the applicant's own last day passed with it.
pub(super) fn catch_up(
    case: &Case,
    rules: Rules<'_>,
    at: DateTime<Utc>,
) -> Result<(Vec<Act>, Option<Case>), OutOfPlace> {
    let mut done = Vec::new();
    let mut now: Option<Case> = None;
    loop {
        let present = now.as_ref().unwrap_or(case);
        let due = timers(present)
            .into_iter()
            .filter(|(due, _)| *due <= at)
            .min_by_key(|(due, timer)| (*due, timer.order()));
        let Some((_, timer)) = due else { return Ok((done, now)) };
        for act in acts(present, timer, rules, at) {
            done.push(act.clone());
            let present = now.take().unwrap_or_else(|| case.clone());
            now = Some(evolve(present, act, at)?);
        }
    }
}

fn acts(case: &Case, timer: Timer, rules: Rules<'_>, at: DateTime<Utc>) -> Vec<Act> {
    let event = match timer {
        Timer::DraftExpires => CaseEvent::Expired,
        Timer::SilenceAccepts => return by_silence(case, rules, at),
        Timer::Lapses => CaseEvent::Lapsed,
        Timer::OpinionDue(agency, Silence::Consents) => {
            CaseEvent::OpinionGiven { agency, consents: true, text: Private::Known(String::new()) }
        }
        Timer::OpinionDue(agency, Silence::Escalates) => CaseEvent::OpinionEscalated { agency },
        Timer::Missed(overdue) => CaseEvent::DeadlinePassed(overdue),
    };
    vec![act(&By::System, event)]
}

/// Acceptance by silence counts from the day everything was there.
fn by_silence(case: &Case, rules: Rules<'_>, at: DateTime<Utc>) -> Vec<Act> {
    let Some(filing) = case.state.filing() else { return Vec::new() };
    let from = filing.complete_at();
    let promised = rules.calendar.due(local_date(from), rules.guide.limits.promised);
    let deferred_until = (!filing.promised.is_empty()).then(|| promised.max(local_date(at)));
    acceptance(rules, AcceptanceBasis::Deemed, deferred_until, &By::System, (from, at))
}

fn timers(case: &Case) -> Vec<(DateTime<Utc>, Timer)> {
    let mut timers = Vec::new();
    let mut after = |day: NaiveDate, timer| timers.push((end_of_local_day(day), timer));
    let mut missable = Vec::new();
    match &case.state {
        CaseState::Draft(draft) => return vec![(draft.expires_at, Timer::DraftExpires)],
        CaseState::Submitted(Submitted { filing }) => {
            missable.push((ClockName::Intake, None, filing.intake_due));
            after(filing.intake_due, Timer::SilenceAccepts);
        }
        CaseState::Correcting(state) => after(state.notice.due, Timer::Lapses),
        CaseState::Accepted(state) => {
            let dues = state.dues();
            missable.push((ClockName::Promised, None, dues.promised));
            missable.push((ClockName::Legal, None, dues.legal));
            while_handled(state, &mut after, &mut missable);
        }
        // The decision's clock stands still; what others owe does not.
        CaseState::Paused(state) => while_handled(&state.accepted, &mut after, &mut missable),
        CaseState::Decided(state) => missable.push((ClockName::Delivery, None, state.delivery_due)),
        CaseState::Closed(_) => {}
    }
    owed_replies(case, &mut missable);
    for (clock, of, due) in missable {
        let overdue = Overdue { clock, of, due };
        if !case.attention.overdue.contains(&overdue) {
            after(due, Timer::Missed(overdue));
        }
    }
    timers
}

type Missable = (ClockName, Option<String>, NaiveDate);

fn while_handled(state: &Accepted, after: &mut impl FnMut(NaiveDate, Timer), missable: &mut Vec<Missable>) {
    if let Some(deferral) = state.deferral.as_ref().filter(|deferral| !deferral.owed.is_empty()) {
        after(deferral.due, Timer::Lapses);
    }
    for asked in state.opinions.iter().filter(|asked| asked.answer.is_none()) {
        missable.push((ClockName::Opinion, Some(asked.agency.to_string()), asked.due));
        if asked.escalated_at.is_none() {
            after(asked.due, Timer::OpinionDue(asked.agency.clone(), asked.silence));
        }
    }
}

fn owed_replies(case: &Case, missable: &mut Vec<Missable>) {
    for (number, asked) in case.attention.asked.iter().enumerate() {
        if asked.reply.is_none() {
            missable.push((ClockName::Reply, Some(number.to_string()), asked.due));
        }
    }
    for (number, rating) in case.attention.ratings.iter().enumerate() {
        if let Some(owed) = rating.rectification.as_ref().filter(|owed| owed.report.is_none()) {
            missable.push((ClockName::Rectification, Some(number.to_string()), owed.due));
        }
    }
}
