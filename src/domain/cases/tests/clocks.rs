//! The clocks, against cases counted by hand with the State Council's notices.

use chrono::NaiveDate;

use super::joint::JOINT;
use super::*;
use crate::domain::calendar::{CountingRule, DayReason, Standstill};
use crate::domain::cases::clock::LightDays;
use CommandName as C;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// Ten in the morning of a day in China.
fn morning(text: &str) -> DateTime<Utc> {
    format!("{text}T02:00:00Z").parse().unwrap()
}

/// Filed on a day before the festival; the last of the five working days to accept it.
const INTAKE: [(&str, &str); 16] = [
    // 春节 2019: off 4–10 February; Saturday 2 and Sunday 3 worked.
    ("2019-02-01", "2019-02-13"),
    // 2020, lengthened: off 24 January – 2 February.
    ("2020-01-22", "2020-02-06"),
    // 2021: off 11–17 February; Saturday 20 worked.
    ("2021-02-09", "2021-02-22"),
    // 2022: off 31 January – 6 February; Saturday 29 and Sunday 30 January worked.
    ("2022-01-28", "2022-02-09"),
    // 2023: off 21–27 January; Saturday 28 and Sunday 29 worked.
    ("2023-01-19", "2023-01-31"),
    // 2024: off 10–17 February; Sunday 18 worked.
    ("2024-02-08", "2024-02-21"),
    // 2025: off 28 January – 4 February; Sunday 26 January worked.
    ("2025-01-24", "2025-02-07"),
    // 2026: off 15–23 February; Saturday 14 worked.
    ("2026-02-13", "2026-02-27"),
    // 国庆节 2019: off 1–7 October; Saturday 12 worked.
    ("2019-09-30", "2019-10-12"),
    // 2020, with 中秋节: off 1–8; Saturday 10 worked.
    ("2020-09-30", "2020-10-14"),
    // 2021: off 1–7; Saturday 9 worked.
    ("2021-09-30", "2021-10-13"),
    // 2022: off 1–7; Saturday 8 and Sunday 9 worked.
    ("2022-09-30", "2022-10-12"),
    // 2023, with 中秋节: off 29 September – 6 October; Saturday 7 and Sunday 8 worked.
    ("2023-09-28", "2023-10-11"),
    // 2024: off 1–7; Saturday 12 worked.
    ("2024-09-30", "2024-10-12"),
    // 2025, with 中秋节: off 1–8; Saturday 11 worked.
    ("2025-09-30", "2025-10-14"),
    // 2026: off 1–7; Saturday 10 worked.
    ("2026-09-30", "2026-10-13"),
];

#[test]
fn five_working_days_to_accept_and_on_the_sixth_it_is_accepted_by_itself() {
    for (filed, due) in INTAKE {
        let mut story = Story::complete_at(&FOOD, morning(filed)).then(&[C::Submit]);
        let intake = &clocks(&story.case, &FOOD, &CALENDAR, story.at)[0];
        assert_eq!((intake.name, intake.due_on), (ClockName::Intake, Some(day(due))), "filed {filed}");
        assert_eq!(intake.days.iter().filter(|day| day.counted).count(), 5);
        story.at = end_of_local_day(day(due)) - TimeDelta::microseconds(1);
        assert!(story.ask(Command::Tick, &By::System).unwrap().is_empty(), "filed {filed}");
        story.at = end_of_local_day(day(due));
        story.must(Command::Tick);
        assert_eq!(story.case.state.name(), StateName::Accepted, "filed {filed}");
    }
}

fn accepted() -> Story {
    Story::complete(&JOINT).then(&[C::Submit, C::Accept])
}

fn at(mut story: Story, on: &str) -> Story {
    story.at = morning(on);
    story
}

fn pause(story: &mut Story, kind: SpecialProcedure) {
    story.must(Command::Pause(PauseCase { kind, reason: "依法进行".to_owned(), expected_days: 5 }));
}

fn resume(story: &mut Story, kind: SpecialProcedure) {
    story.must(Command::Resume(ResumeCase { kind }));
}

#[test]
fn special_procedures_that_overlap_count_once() {
    let (inspection, hearing) = (SpecialProcedure::Inspection, SpecialProcedure::Hearing);
    let mut story = accepted();
    assert_eq!(story.case.state.accepted().unwrap().dues().promised, day("2026-03-23"));
    story = at(story, "2026-03-04");
    pause(&mut story, inspection);
    assert_eq!(
        story.ask(story.command(C::Pause), &officer(1)).unwrap_err().code,
        RefusalCode::WrongState,
        "the same one is under way"
    );
    story = at(story, "2026-03-06");
    pause(&mut story, hearing);
    let stopped = clocks(&story.case, &JOINT, &CALENDAR, story.at);
    let promised = stopped.iter().find(|clock| clock.name == ClockName::Promised).unwrap();
    assert_eq!((promised.due_on, promised.light), (None, Light::Green));
    story = at(story, "2026-03-10");
    resume(&mut story, inspection);
    assert_eq!(story.case.state.name(), StateName::Paused);
    story = at(story, "2026-03-12");
    resume(&mut story, hearing);
    // 4 to 12 March are left out once: 3, 13, 16–20, 23–27, 30, 31 March, 1 April.
    let dues = story.case.state.accepted().unwrap().dues();
    assert_eq!((dues.promised, dues.legal), (day("2026-04-01"), day("2026-04-09")));
    let clocks = clocks(&story.case, &JOINT, &CALENDAR, story.at);
    let promised = clocks.iter().find(|clock| clock.name == ClockName::Promised).unwrap();
    assert_eq!(promised.due_on, Some(dues.promised));
    let left_out =
        promised.days.iter().filter(|day| day.reason == DayReason::ClockStopped(Standstill::Procedure));
    assert_eq!(left_out.count(), 9, "each of its days says so");
}

#[test]
fn the_time_of_corrections_is_not_the_agency_s() {
    let mut story = at(Story::complete(&FOOD).then(&[C::Submit]), "2026-03-04");
    story = story.then(&[C::RequestCorrection]);
    story = at(story, "2026-03-10").then(&[C::Save, C::Attach, C::Correct]);
    // 3, then 11, 12, 13 and 16 March.
    let due = story.case.state.as_submitted().unwrap().filing.intake_due;
    assert_eq!(due, day("2026-03-16"));
    let clocks = clocks(&story.case, &FOOD, &CALENDAR, story.at);
    assert_eq!((clocks[0].name, clocks[0].due_on), (ClockName::Intake, Some(due)));
    let correction = clocks.iter().find(|clock| clock.name == ClockName::Correction).unwrap();
    assert_eq!(correction.stopped_on, Some(day("2026-03-10")));
}

#[test]
fn an_extension_adds_working_days_once_and_the_explanation_shows_them() {
    let story = accepted().then(&[C::Extend]);
    let dues = story.case.state.accepted().unwrap().dues();
    // Ten more after 23 March; 4 to 6 April are 清明节.
    assert_eq!(dues.promised, day("2026-04-07"));
    let clocks = clocks(&story.case, &JOINT, &CALENDAR, story.at);
    let promised = clocks.iter().find(|clock| clock.name == ClockName::Promised).unwrap();
    assert_eq!(promised.due_on, Some(dues.promised));
    assert_eq!(promised.days.iter().filter(|day| day.counted).count(), 25);
}

#[test]
fn a_clock_that_was_red_once_stays_red() {
    let mut story = at(accepted(), "2026-03-24");
    story.must(Command::Tick);
    assert!(story.case.attention.missed_on(ClockName::Promised, None, day("2026-03-02")).is_some());
    // An extension moves the day, not the fact.
    story = story.then(&[C::Extend]);
    let clocks = clocks(&story.case, &JOINT, &CALENDAR, story.at);
    let promised = clocks.iter().find(|clock| clock.name == ClockName::Promised).unwrap();
    assert_eq!(promised.light, Light::Red);
}

#[test]
fn what_practice_allows_is_as_the_guide_has_it() {
    static OWN: LazyLock<Guide> = LazyLock::new(|| {
        let mut guide = JOINT.clone();
        guide.limits.correction = Some(Limit::working_days(2));
        guide.limits.reply = Some(Limit::working_days(1));
        guide.limits.rectification = Some(Limit::working_days(4));
        guide
    });
    let due = |guide: &'static Guide, name: ClockName, course: &[C]| {
        let story = Story::complete_at(guide, morning("2026-03-02")).then(&[C::Submit]).then(course);
        let clocks = clocks(&story.case, guide, &CALENDAR, story.at);
        clocks.into_iter().find(|clock| clock.name == name).and_then(|clock| clock.due_on).unwrap()
    };
    for (name, course, own, usual) in [
        (ClockName::Correction, [C::RequestCorrection], "2026-03-04", "2026-03-23"),
        (ClockName::Reply, [C::Urge], "2026-03-03", "2026-03-05"),
        (ClockName::Rectification, [C::Rate], "2026-03-06", "2026-03-23"),
    ] {
        assert_eq!(
            (due(&OWN, name, &course), due(&JOINT, name, &course)),
            (day(own), day(usual)),
            "{name:?}"
        );
    }
}

/// Decided on a day; the last of the ten working days to hand the result over
/// (行政许可法 44).
const DELIVERY: [(&str, &str); 3] = [
    // 3–6, 9–13 and 16 March.
    ("2026-03-02", "2026-03-16"),
    // 29 and 30 September, 8, 9 and Saturday 10 October, 12–16.
    ("2026-09-28", "2026-10-16"),
    // 13 and Saturday 14 February, 24–28 with Saturday 28, 2–4 March.
    ("2026-02-12", "2026-03-04"),
];

#[test]
fn a_result_is_handed_over_within_ten_working_days_and_is_overdue_for_ever_after() {
    for (decided, due) in DELIVERY {
        let mut story = Story::complete_at(&FOOD, morning(decided)).then(&[C::Submit, C::Accept]);
        story = story.then(&[C::RecordStep, C::RecordStep, C::Approve]);
        let delivery = |story: &Story| {
            let clocks = clocks(&story.case, &FOOD, &CALENDAR, story.at);
            let found = clocks.into_iter().find(|clock| clock.name == ClockName::Delivery).unwrap();
            (found.due_on, found.light, found.days.iter().filter(|day| day.counted).count())
        };
        assert_eq!((delivery(&story).0, delivery(&story).2), (Some(day(due)), 10), "decided {decided}");
        story.at = end_of_local_day(day(due)) - TimeDelta::microseconds(1);
        assert_eq!(delivery(&story).1, Light::Yellow, "decided {decided}");
        story.at = end_of_local_day(day(due));
        story.must(Command::Tick);
        assert_eq!(delivery(&story).1, Light::Red, "decided {decided}");
        let late = story.then(&[C::Issue, C::Deliver]);
        assert_eq!(late.case.attention.missed_on(ClockName::Delivery, None, day(decided)), Some(day(due)));
    }
}

#[test]
fn what_was_promised_comes_by_the_day_that_was_set_and_no_later_than_the_promised_limit() {
    let story = super::joint::promising().then(&[C::Submit]);
    let material = story.promised().first().unwrap().clone();
    let by = |due: Option<&str>| Command::AcceptDeferred(AcceptDeferred { due: due.map(day) });
    // Filed on Monday, 2 March; the promised limit ends on the 23rd.
    for wrong in ["2026-03-01", "2026-03-24"] {
        let refused = story.ask(by(Some(wrong)), &officer(1)).unwrap_err();
        assert_eq!(refused.errors[0].pointer, "/due", "{wrong}");
    }
    for (set, due) in
        [(None, "2026-03-23"), (Some("2026-03-10"), "2026-03-10"), (Some("2026-03-02"), "2026-03-02")]
    {
        let mut story = story.clone();
        story.must(by(set));
        let deferral = |story: &Story| {
            let clocks = clocks(&story.case, &JOINT, &CALENDAR, story.at);
            clocks.into_iter().find(|clock| clock.name == ClockName::Deferral).unwrap()
        };
        assert_eq!(deferral(&story).due_on, Some(day(due)));
        story.at = end_of_local_day(day(due)) - TimeDelta::microseconds(1);
        let mut kept = story.clone();
        kept.must(kept.attach(&material));
        kept = kept.later(TimeDelta::days(1)).then(&[C::Tick]);
        assert_ne!(kept.case.state.name(), StateName::Closed, "it came on the last day");
        story.at = end_of_local_day(day(due));
        story.must(Command::Tick);
        assert_eq!(story.case.state.as_closed().map(|closed| closed.ending.name()), Some("lapsed"));
    }
}

#[test]
fn a_limit_turns_yellow_when_a_quarter_of_its_days_is_left() {
    let working = |days| Limit { days, unit: DayUnit::WorkingDay };
    // Twenty working days from 2 March 2026 end on the 30th; five are left on the 23rd.
    for (limit, due, green, yellow) in [
        (working(20), "2026-03-30", "2026-03-20", "2026-03-23"),
        // Ten end on the 16th; two and a half are not left before two are.
        (working(10), "2026-03-16", "2026-03-11", "2026-03-12"),
        // Eight end on the 12th; two are left on the 10th.
        (working(8), "2026-03-12", "2026-03-09", "2026-03-10"),
        // Twenty calendar days end on Sunday the 22nd, and so on the 23rd: 21 days, five left on the 18th.
        (Limit { days: 20, unit: DayUnit::CalendarDay }, "2026-03-23", "2026-03-17", "2026-03-18"),
    ] {
        let deadline = CALENDAR.add(day("2026-03-02"), limit);
        let light = |on| LightDays::of(deadline.due, &deadline.days).light(day(on));
        assert_eq!(deadline.due, day(due));
        assert_eq!((light(green), light(yellow), light(due)), (Light::Green, Light::Yellow, Light::Yellow));
        assert_eq!(light(&day(due).succ_opt().unwrap().to_string()), Light::Red);
    }
}

#[test]
fn a_day_told_before_a_notice_came_stays_and_is_explained_by_what_was_known_then() {
    let story = Story::complete_at(&JOINT, morning("2026-12-28")).then(&[C::Submit]);
    let notice = "date,kind,festival\n2027-01-01,rest,元旦\n";
    let now = CALENDAR.with_notice(2027, notice).unwrap();
    let intake = |calendar: &WorkCalendar| clocks(&story.case, &JOINT, calendar, story.at).remove(0);
    // 29, 30, 31 December, Friday 1 January, which nobody knew to be off, and Monday the 4th.
    assert_eq!(intake(&CALENDAR).due_on, Some(day("2027-01-04")));
    assert_eq!(intake(&now), intake(&CALENDAR), "neither the day nor its explanation changes");
    let new_year = intake(&now).days.into_iter().find(|counted| counted.date == day("2027-01-01")).unwrap();
    assert!(new_year.counted && new_year.reason.text().en.contains("no holiday notice"), "{new_year:?}");
    assert_eq!(desk::desk(&story.case, &JOINT, &now), desk::desk(&story.case, &JOINT, &CALENDAR));
    // What begins now is counted with the notice.
    let late = Rules { calendar: &now, ..rules(&JOINT) };
    let acts = decide(&story.case, late, Command::Accept, &officer(1), morning("2026-12-31")).unwrap();
    let CaseEvent::Accepted { promised_due, .. } = &acts[0].event else { panic!("{acts:?}") };
    assert_eq!(*promised_due, now.due(day("2026-12-31"), JOINT.limits.promised));
    assert_ne!(*promised_due, CALENDAR.due(day("2026-12-31"), JOINT.limits.promised));
}

#[test]
fn a_draft_is_kept_for_thirty_days_from_its_last_change() {
    let story = Story::complete_at(&FOOD, morning("2026-03-02"));
    let [draft] = clocks(&story.case, &FOOD, &CALENDAR, story.at).try_into().unwrap();
    assert_eq!(
        (draft.name, draft.started_on, draft.due_on),
        (ClockName::Draft, day("2026-03-02"), Some(day("2026-04-01")))
    );
    assert_eq!((draft.days.len(), draft.light), (30, Light::Green));
    assert_eq!(next_tick_at(&story.case), Some(morning("2026-04-01")));
    // Kept until 清明节, a Sunday: it is no limit of anybody's that would move on.
    let sunday = Story::complete_at(&FOOD, morning("2026-03-06"));
    let kept = clocks(&sunday.case, &FOOD, &CALENDAR, sunday.at).remove(0);
    assert_eq!((kept.due_on, kept.rule), (Some(day("2026-04-05")), CountingRule::CalendarDays));
    let later = clocks(&story.case, &FOOD, &CALENDAR, morning("2026-03-25"));
    assert_eq!(later[0].light, Light::Yellow);
}
