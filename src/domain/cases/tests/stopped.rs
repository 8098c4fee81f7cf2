//! Clocks that stood still, ended, or were counted by a calendar of before: what they
//! show must be what was so then.

use chrono::NaiveDate;

use super::joint::{JOINT, consenting, promising};
use super::*;
use crate::domain::calendar::{CountingRule, DayReason, Standstill};
use crate::domain::cases::clock::Clock;
use CommandName as C;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// Ten in the morning of a day in China.
fn on(mut story: Story, date: &str) -> Story {
    story.at = format!("{date}T02:00:00Z").parse().unwrap();
    story
}

fn clock(story: &Story, name: ClockName) -> Clock {
    let all = clocks(&story.case, story.guide, &CALENDAR, story.at);
    all.into_iter().rfind(|clock| clock.name == name).unwrap()
}

fn overdue(story: &Story) -> Vec<(ClockName, String)> {
    story.case.attention.overdue.iter().map(|missed| (missed.clock, missed.due.to_string())).collect()
}

/// Filed on Monday, 2 March; corrections are asked for on Tuesday.
fn correcting() -> Story {
    on(Story::complete(&FOOD).then(&[C::Submit]), "2026-03-03").then(&[C::RequestCorrection])
}

#[test]
fn whoever_never_mends_leaves_the_agency_no_red_light() {
    let story = on(correcting(), "2026-03-25").then(&[C::Tick]);
    assert_eq!(story.case.state.as_closed().unwrap().ending.name(), "lapsed");
    let intake = clock(&story, ClockName::Intake);
    assert_eq!((intake.due_on, intake.light), (None, Light::Green));
    let last = intake.days.last().unwrap();
    assert_eq!(last.reason, DayReason::ClockStopped(Standstill::Correction), "{intake:?}");
    assert_eq!(last.date, day("2026-03-25"), "told to the end of the case and no further");
    let correction = clock(&story, ClockName::Correction);
    assert_eq!((correction.due_on, correction.light), (Some(day("2026-03-24")), Light::Red));
    assert_eq!(overdue(&story), [], "it was the applicant's");
    // And whoever takes his application back in time is not late either.
    let story = on(correcting(), "2026-03-23").then(&[C::Withdraw]);
    assert_eq!(clock(&story, ClockName::Correction).light, Light::Yellow);
    assert_eq!(clock(&story, ClockName::Intake).due_on, None);
}

#[test]
fn a_case_that_ends_during_a_special_procedure_was_not_late() {
    let story = Story::complete(&JOINT).then(&[C::Submit, C::Accept]);
    let story = on(on(story, "2026-03-04").then(&[C::Pause]), "2026-05-20").then(&[C::Withdraw]);
    for name in [ClockName::Promised, ClockName::Legal] {
        let clock = clock(&story, name);
        assert_eq!((clock.due_on, clock.stopped_on), (None, Some(day("2026-05-20"))));
        assert_eq!(clock.light, Light::Green);
        let counted = clock.days.iter().filter(|day| day.counted);
        assert_eq!(counted.count(), 1, "3 March alone");
    }
    assert_eq!(story.case.state.open_procedures().len(), 1, "what was under way is still known");
}

#[test]
fn acceptance_by_silence_keeps_the_day_that_was_told_and_is_on_record_as_late() {
    // Saturday 28 February 2026 is worked; 3 March was told.
    for (filed, due, accepted) in
        [("2026-02-25", "2026-03-03", "2026-03-04"), ("2026-05-06", "2026-05-12", "2026-05-13")]
    {
        let story = Story::complete_at(&FOOD, on(Story::complete(&FOOD), filed).at).then(&[C::Submit]);
        assert_eq!(clock(&story, ClockName::Intake).due_on, Some(day(due)));
        let story = on(story, accepted).then(&[C::Tick]);
        assert_eq!(story.case.state.name(), StateName::Accepted);
        assert!(overdue(&story).contains(&(ClockName::Intake, due.to_owned())), "{story:?}");
        let intake = clock(&story, ClockName::Intake);
        assert_eq!((intake.due_on, intake.light), (Some(day(due)), Light::Red), "filed {filed}");
        assert_eq!(intake.calendar, CALENDAR.version());
    }
}

#[test]
fn an_intake_that_has_ended_is_not_counted_anew_when_a_notice_comes() {
    let story = Story::complete_at(&FOOD, on(Story::complete(&FOOD), "2026-12-28").at);
    let story = on(story.then(&[C::Submit]), "2026-12-30").then(&[C::Accept]);
    let notice = CALENDAR.with_notice(2027, "date,kind,festival\n2027-01-01,rest,元旦\n").unwrap();
    let later = clocks(&story.case, &FOOD, &notice, story.at);
    assert_eq!(later[0], clock(&story, ClockName::Intake));
}

#[test]
fn the_days_a_clock_stood_still_do_not_bring_the_yellow_light_nearer() {
    let story = on(correcting(), "2026-03-24").then(&[C::Save, C::Attach, C::Correct]);
    // 25, 26, 27, 30 and 31 March: all five are left, and one on the 30th.
    let light = |date: &str| clock(&on(story.clone(), date), ClockName::Intake).light;
    assert_eq!(clock(&story, ClockName::Intake).due_on, Some(day("2026-03-31")));
    assert_eq!((light("2026-03-24"), light("2026-03-27")), (Light::Green, Light::Green));
    assert_eq!((light("2026-03-30"), light("2026-04-01")), (Light::Yellow, Light::Red));

    static UNASKED: LazyLock<Guide> = LazyLock::new(|| {
        let mut guide = JOINT.clone();
        guide.flow[0].opinions.clear();
        guide
    });
    let story = Story::complete(&UNASKED).then(&[C::Submit, C::Accept]);
    let story = on(on(story, "2026-03-03").then(&[C::Pause]), "2026-05-29").then(&[C::Resume]);
    let promised = clock(&story, ClockName::Promised);
    assert_eq!(promised.light, Light::Green, "all fifteen are left");
    let desk = desk::desk(&story.case, story.guide, &CALENDAR).unwrap();
    assert!(desk.days.unwrap().yellow_on > day("2026-05-29"), "{desk:?}");
}

#[test]
fn each_clock_tells_its_rule_and_calendar_days_count_days_of_rest() {
    // Five calendar days from Monday the 2nd end on Saturday the 7th, and so on the 9th.
    static IN_CALENDAR_DAYS: LazyLock<Guide> = LazyLock::new(|| {
        let mut guide = FOOD.handled_as(FOOD.scenarios.first().map(|s| s.code.as_str())).clone();
        guide.scenarios.clear();
        guide.limits.promised = Limit { days: 5, unit: DayUnit::CalendarDay };
        guide.limits.correction = Some(Limit { days: 5, unit: DayUnit::CalendarDay });
        guide
    });
    let filed = Story::complete(&IN_CALENDAR_DAYS).then(&[C::Submit]);
    let promised = clock(&filed.clone().then(&[C::Accept]), ClockName::Promised);
    assert_eq!(promised.rule, CountingRule::MovedToWorkingDay { from: day("2026-03-07") });
    let told: Vec<_> =
        promised.days.iter().map(|day| (day.date.to_string(), day.counted, day.reason.clone())).collect();
    let counted = |date: &str| (format!("2026-03-0{date}"), true, DayReason::CalendarDay);
    let expected = [
        counted("3"),
        counted("4"),
        counted("5"),
        counted("6"),
        counted("7"),
        ("2026-03-08".to_owned(), false, DayReason::Weekend),
        ("2026-03-09".to_owned(), false, DayReason::MovedHere),
    ];
    assert_eq!(told, expected);
    assert_eq!(clock(&filed, ClockName::Intake).rule, CountingRule::WorkingDays);
    let correction = clock(&filed.then(&[C::RequestCorrection]), ClockName::Correction);
    assert_eq!(correction.rule, CountingRule::MovedToWorkingDay { from: day("2026-03-07") });
    assert_eq!(correction.limit, Limit { days: 5, unit: DayUnit::CalendarDay });
}

#[test]
fn an_agency_that_was_late_once_begins_anew_when_it_is_asked_again() {
    static TWICE: LazyLock<Guide> = LazyLock::new(|| {
        let mut guide = JOINT.clone();
        guide.flow[0].opinions.truncate(1);
        guide.flow[1].opinions = guide.flow[0].opinions.clone();
        guide
    });
    let story = Story::complete(&TWICE).then(&[C::Submit, C::Accept]);
    // Three days: due on Thursday the 5th. Its silence is its consent.
    let story = on(story, "2026-03-06").then(&[C::Tick, C::RecordStep]);
    assert_eq!(overdue(&story), [(ClockName::Opinion, "2026-03-05".to_owned())]);
    let asked = clock(&story, ClockName::Opinion);
    assert_eq!((asked.of.clone(), asked.stopped_on), (Some(consenting().to_string()), None));
    assert_eq!((asked.due_on, asked.light), (Some(day("2026-03-11")), Light::Green));
    let desk = desk::desk(&story.case, &TWICE, &CALENDAR).unwrap();
    assert_eq!(desk.opinions[0].days.due_on, day("2026-03-11"));
    let first = clocks(&story.case, &TWICE, &CALENDAR, story.at);
    let first = first.iter().find(|clock| clock.name == ClockName::Opinion).unwrap();
    assert_eq!(first.light, Light::Red, "what was late stays late");
}

#[test]
fn what_the_applicant_did_not_bring_makes_nobody_else_late() {
    let mut story = promising().then(&[C::Submit, C::AcceptDeferred]);
    let due = clock(&story, ClockName::Deferral);
    assert_eq!((due.due_on, due.rule), (Some(day("2026-03-23")), CountingRule::Set));
    for agency in story.case.state.accepted().unwrap().opinions.clone() {
        let opinion = GiveOpinion { agency: agency.agency, consents: true, text: String::new() };
        story.must(Command::GiveOpinion(opinion));
    }
    let story = on(story, "2026-03-24").then(&[C::Tick]);
    assert_eq!(story.case.state.as_closed().unwrap().ending.name(), "lapsed");
    assert_eq!(overdue(&story), [], "the promised limit ended on the same day");
}

#[test]
fn a_promise_goes_with_the_case_only_where_the_other_guide_lets_it_wait() {
    let story = promising().then(&[C::Submit]);
    let promised = story.case.state.filing().unwrap().promised.clone();
    let transferred = |lets_wait: bool| {
        let mut guide = joint::ELSEWHERE.clone();
        for material in guide.materials.iter_mut().filter(|material| promised.contains(&material.code)) {
            material.deferrable = lets_wait;
        }
        let to = TransferTarget::Guide { guide: std::sync::Arc::new(guide), version: 3, agency_name: None };
        let mut story = story.clone();
        story.must(Command::Transfer(Box::new(TransferCase {
            to, reason: "不属本机关职权".to_owned()
        })));
        story
    };
    assert_eq!(transferred(true).case.state.filing().unwrap().promised, promised);
    let story = transferred(false);
    assert!(story.case.state.filing().unwrap().promised.is_empty());
    assert!(story.ask(Command::Accept, &officer(1)).is_ok(), "nothing is owed that cannot come");
}

#[test]
fn a_remedy_that_says_nothing_is_refused() {
    let remedy = Some(crate::domain::text::Text::new("", " "));
    let story = Story::complete(&FOOD).then(&[C::Submit]);
    let refused = story.ask(Command::Refuse(GiveGrounds { remedy, ..grounds() }), &officer(1)).unwrap_err();
    assert_eq!(refused.errors.iter().map(|error| error.pointer.as_str()).collect::<Vec<_>>(), ["/remedy"]);
}
