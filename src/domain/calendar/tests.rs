//! The golden cases were counted by hand against the notices.

use proptest::prelude::*;

use super::*;

const CALENDAR: &str = include_str!("../../data/calendar-cn.csv");

fn calendar() -> WorkCalendar {
    WorkCalendar::parse(CALENDAR).unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn working(days: u16) -> Limit {
    Limit { days, unit: DayUnit::WorkingDay }
}

fn calendar_days(days: u16) -> Limit {
    Limit { days, unit: DayUnit::CalendarDay }
}

/// What limits of different units are compared by.
#[test]
fn no_working_days_last_longer_than_half_as_much_again_and_ten_days() {
    let calendar = calendar();
    let mut longest = 0;
    for start in day("2024-01-01").iter_days().take(2 * 366) {
        for days in 1..=120 {
            let lasts = (calendar.due(start, working(days)) - start).num_days();
            assert!(2 * lasts <= 3 * i64::from(days) + 20, "{days} from {start}: {lasts}");
            longest = longest.max(2 * lasts - 3 * i64::from(days));
            assert!(calendar.due(start, calendar_days(days)) <= calendar.due(start, working(days)));
        }
    }
    assert!(longest > 10, "the longest festival is among them: {longest}");
}

#[test]
fn working_days_are_counted_around_the_long_holidays() {
    let calendar = calendar();
    for (start, days, due) in [
        // Spring Festival 2024: off 10–17 February; Sundays 4 and 18 February worked.
        ("2024-02-02", 1, "2024-02-04"),
        ("2024-02-02", 6, "2024-02-09"),
        ("2024-02-09", 1, "2024-02-18"),
        ("2024-02-09", 5, "2024-02-22"),
        ("2024-02-12", 1, "2024-02-18"),
        // Spring Festival 2025: off 28 January – 4 February; Sunday 26 January
        // and Saturday 8 February worked.
        ("2025-01-24", 1, "2025-01-26"),
        ("2025-01-24", 3, "2025-02-05"),
        ("2025-01-27", 5, "2025-02-10"),
        // Spring Festival 2026: off 15–23 February; Saturdays 14 and 28 February worked.
        ("2026-02-13", 1, "2026-02-14"),
        ("2026-02-13", 2, "2026-02-24"),
        ("2026-02-13", 6, "2026-02-28"),
        ("2026-02-13", 7, "2026-03-02"),
        // National Day 2024: off 1–7 October; Sunday 29 September and Saturday
        // 12 October worked.
        ("2024-09-27", 1, "2024-09-29"),
        ("2024-09-30", 1, "2024-10-08"),
        ("2024-09-30", 5, "2024-10-12"),
        ("2024-09-30", 6, "2024-10-14"),
        // National Day and Mid-Autumn 2025: off 1–8 October; Sunday 28 September
        // and Saturday 11 October worked.
        ("2025-09-26", 3, "2025-09-30"),
        ("2025-09-26", 4, "2025-10-09"),
        ("2025-09-30", 3, "2025-10-11"),
        // National Day 2026: off 1–7 October; Sunday 20 September and Saturday
        // 10 October worked; Mid-Autumn 25–27 September between.
        ("2026-09-18", 1, "2026-09-20"),
        ("2026-09-24", 1, "2026-09-28"),
        ("2026-09-30", 3, "2026-10-10"),
        ("2026-09-30", 20, "2026-11-03"),
    ] {
        let deadline = calendar.add(day(start), working(days));
        assert_eq!(deadline.due, day(due), "{days} working days from {start}");
        assert_eq!(deadline.rule, CountingRule::WorkingDays);
        assert_eq!(calendar.due(day(start), working(days)), day(due));
    }
}

#[test]
fn calendar_days_that_end_on_a_day_of_rest_move_on() {
    let calendar = calendar();
    for (start, days, due, moved) in [
        ("2024-02-05", 4, "2024-02-09", false),
        // The tenth is the first day off; the Sunday after the holiday is worked.
        ("2024-02-05", 5, "2024-02-18", true),
        ("2024-01-19", 30, "2024-02-18", false),
        ("2025-01-20", 15, "2025-02-05", true),
        ("2026-02-04", 10, "2026-02-14", false),
        ("2026-02-05", 10, "2026-02-24", true),
        ("2024-09-26", 3, "2024-09-29", false),
        ("2025-09-28", 3, "2025-10-09", true),
        ("2026-09-10", 7, "2026-09-17", false),
        ("2026-09-10", 9, "2026-09-20", true),
    ] {
        let deadline = calendar.add(day(start), calendar_days(days));
        assert_eq!(deadline.due, day(due), "{days} calendar days from {start}");
        let from = day(start) + Days::new(days.into());
        let rule = match moved {
            true => CountingRule::MovedToWorkingDay { from },
            false => CountingRule::CalendarDays,
        };
        assert_eq!(deadline.rule, rule, "{days} calendar days from {start}");
    }
}

#[test]
fn a_deadline_explains_every_day() {
    let deadline = calendar().add(day("2026-02-13"), working(2));
    let told: Vec<String> = deadline
        .days
        .iter()
        .map(|d| format!("{} {} {}", d.date, if d.counted { "+" } else { "-" }, d.reason.text().zh))
        .collect();
    assert_eq!(told.first().unwrap(), "2026-02-14 + 春节调休上班");
    assert_eq!(told[1], "2026-02-15 - 春节放假");
    assert_eq!(told.last().unwrap(), "2026-02-24 + 工作日");
    assert_eq!(told.len(), 11);
}

#[test]
fn nothing_is_counted_for_a_limit_of_no_days() {
    for limit in [working(0), calendar_days(0)] {
        let deadline = calendar().add(day("2026-02-17"), limit);
        assert_eq!((deadline.due, deadline.rule), (day("2026-02-17"), CountingRule::SameDay));
        assert!(deadline.days.is_empty());
    }
}

#[test]
fn a_year_without_a_notice_is_taken_as_monday_to_friday_and_says_so() {
    let calendar = calendar();
    let deadline = calendar.add(day("2030-10-01"), working(4));
    assert_eq!(deadline.due, day("2030-10-07"));
    assert!(deadline.days.iter().all(|d| d.reason == DayReason::NoNoticeForYear));
}

#[test]
fn a_notice_that_reaches_back_into_december_is_not_that_years_own() {
    let calendar = calendar();
    assert!(!calendar.has_notice_for(2018) && calendar.has_notice_for(2019));
    assert_eq!(
        calendar.day(day("2018-12-29")),
        DayKind::Working { reason: DayReason::MakeUpWorkday("元旦".to_owned()) }
    );
    assert_eq!(calendar.day(day("2018-12-27")), DayKind::Working { reason: DayReason::NoNoticeForYear });
}

#[test]
fn festivals_are_named_in_both_languages() {
    let text = DayReason::FestivalRest("国庆节、中秋节".to_owned()).text();
    assert_eq!(text.zh, "国庆节、中秋节放假");
    assert_eq!(text.en, "National Day and Mid-Autumn Festival holiday");
}

#[test]
fn the_version_is_that_of_the_content_and_not_of_the_file() {
    let one = WorkCalendar::parse("date,kind,festival\n2026-01-01,rest,元旦\n2026-01-04,work,元旦\n");
    let other = WorkCalendar::parse(
        "\u{feff}date,kind,festival\r\n2026-01-04,work,元旦\r\n\r\n 2026-01-01,rest,元旦",
    );
    let one = one.unwrap();
    assert_eq!(one, other.unwrap());
    assert_eq!(one.version().len(), 64);
    assert_ne!(one.version(), calendar().version());
}

#[test]
fn every_wrong_row_is_told_with_its_line() {
    let wrong = WorkCalendar::parse(
        "date,kind,festival\n\
         2026-01-01,rest,元旦\n\
         2026-02-30,rest,春节\n\
         2026-1-2,rest,元旦\n\
         2026-01-03,off,\n\
         2026-01-01,rest,元旦\n\
         2026-01-04\n",
    )
    .unwrap_err();
    let lines: Vec<u64> = wrong.iter().map(|error| error.line).collect();
    assert_eq!(lines, [3, 4, 5, 5, 6, 7], "{wrong:?}");
}

#[test]
fn the_ends_of_the_calendar_do_not_panic() {
    let calendar = calendar();
    for start in [NaiveDate::MIN, NaiveDate::MAX] {
        for limit in [working(3), calendar_days(3)] {
            calendar.add(start, limit);
            calendar.due(start, limit);
        }
    }
}

/// A notice of a year nobody has given yet, reaching back over New Year's Eve.
const NOTICE: &str = "date,kind,festival\n2026-12-31,rest,元旦\n2027-01-01,rest,元旦\n2027-01-09,work,元旦\n";

#[test]
fn a_notice_that_is_entered_counts_from_then_on() {
    let before = calendar();
    assert!(!before.has_notice_for(2027));
    let after = before.with_notice(2027, NOTICE).unwrap();
    assert!(after.has_notice_for(2027) && after.has_notice_for(2026));
    for (date, is_working) in [("2026-12-31", false), ("2027-01-01", false), ("2027-01-09", true)] {
        assert_eq!(after.is_working(day(date)), is_working, "{date}");
    }
    assert_ne!(after.version(), before.version());
    assert_eq!(after.with_notice(2027, NOTICE).unwrap(), after, "twice is the same");
    assert_eq!(after.noticed_years().last(), Some(2027));
    assert!(after.exceptions().any(|(date, worked, _)| date == day("2027-01-09") && worked));
}

#[test]
fn a_notice_replaces_its_own_year_and_no_other() {
    let before = calendar();
    let after = before.with_notice(2025, "date,kind,festival\n2025-05-06,rest,劳动节\n").unwrap();
    let of = |calendar: &WorkCalendar, year: i32| -> Vec<NaiveDate> {
        calendar.exceptions().map(|(date, ..)| date).filter(|date| date.year() == year).collect()
    };
    assert_eq!(of(&after, 2025), [day("2025-05-06")]);
    for year in [2023, 2024, 2026] {
        assert_eq!(of(&after, year), of(&before, year));
    }
    // What the next year's notice says of the last days of December stays.
    let next = before.with_notice(2027, NOTICE).unwrap();
    let again = next.with_notice(2026, "date,kind,festival\n2026-05-06,rest,劳动节\n").unwrap();
    assert!(!again.is_working(day("2026-12-31")));
}

#[test]
fn a_notice_with_a_fault_is_refused_by_line() {
    let lines = |year, csv: &str| -> Vec<u64> {
        calendar().with_notice(year, csv).unwrap_err().into_iter().map(|error| error.line).collect()
    };
    let head = "date,kind,festival\n";
    assert_eq!(
        lines(
            2027,
            &format!(
                "{head}2027-01-01,rest,元旦\n2028-01-01,rest,元旦\n2027-02-30,rest,x\n2027-01-02,off,x\n"
            )
        ),
        [3, 4, 5]
    );
    assert_eq!(
        lines(2027, &format!("{head}2026-11-30,rest,元旦\n2027-01-01,rest,元旦\n2027-01-01,work,元旦\n")),
        [2, 4]
    );
    assert_eq!(lines(2027, head), [1]);
    assert_eq!(lines(2027, &format!("{head}2026-12-31,rest,元旦\n")), [1]);
}

fn some_limit() -> impl Strategy<Value = Limit> {
    (0_u16..400, any::<bool>()).prop_map(
        |(days, by_working_day)| {
            if by_working_day { working(days) } else { calendar_days(days) }
        },
    )
}

/// From 2017 to 2030: years with and without a notice.
fn some_day() -> impl Strategy<Value = NaiveDate> {
    (0_u64..5000).prop_map(|days| day("2017-01-01") + Days::new(days))
}

proptest! {
    #[test]
    fn the_quick_way_finds_the_same_day(start in some_day(), limit in some_limit()) {
        let calendar = calendar();
        prop_assert_eq!(calendar.due(start, limit), calendar.add(start, limit).due);
    }

    #[test]
    fn the_explanation_is_whole(start in some_day(), limit in some_limit()) {
        let calendar = calendar();
        let deadline = calendar.add(start, limit);
        let counted = deadline.days.iter().filter(|d| d.counted).count();
        prop_assert_eq!(counted, usize::from(limit.days));
        let dates: Vec<_> = deadline.days.iter().map(|d| d.date).collect();
        let expected: Vec<_> =
            start.iter_days().skip(1).take_while(|d| *d <= deadline.due).collect();
        prop_assert_eq!(dates, expected);
        prop_assert!(limit.days == 0 || calendar.is_working(deadline.due));
    }

    #[test]
    fn an_extension_ends_so_many_working_days_after_the_limit(
        start in some_day(), limit in some_limit(), extension in 1..=10_u16,
    ) {
        prop_assume!(limit.days > 0);
        let calendar = calendar();
        let extended = calendar.add_around(start, limit, &[], extension).due;
        let more = calendar.working_days_between(calendar.due(start, limit), extended);
        prop_assert_eq!(more, i64::from(extension));
    }

    #[test]
    fn a_longer_limit_or_a_later_start_never_ends_earlier(
        start in some_day(), limit in some_limit(),
    ) {
        let calendar = calendar();
        let longer = Limit { days: limit.days + 1, ..limit };
        prop_assert!(calendar.due(start, longer) >= calendar.due(start, limit));
        let later = start + Days::new(1);
        prop_assert!(calendar.due(later, limit) >= calendar.due(start, limit));
    }

    #[test]
    fn days_between_counts_what_add_counted(start in some_day(), days in 0_u16..400) {
        let calendar = calendar();
        let due = calendar.due(start, working(days));
        prop_assert_eq!(calendar.working_days_between(start, due), i64::from(days));
        prop_assert_eq!(calendar.working_days_between(due, start), -i64::from(days));
    }

    #[test]
    fn a_day_is_working_just_when_its_kind_says_so(date in some_day()) {
        let calendar = calendar();
        prop_assert_eq!(calendar.is_working(date), calendar.day(date).is_working());
    }
}

#[test]
fn a_calendar_knows_what_was_counted_with_before_each_of_its_notices() {
    let built_in = calendar();
    let newest = built_in.with_notice(2027, NOTICE).unwrap();
    let years: Vec<Option<i32>> = newest.editions().map(|edition| edition.noticed_years().last()).collect();
    let expected = (2019..=2027).rev().map(Some).chain([None]);
    assert_eq!(years, expected.collect::<Vec<_>>());
    assert_eq!(newest.edition(built_in.version()), &built_in);
    assert_eq!(newest.edition("of no calendar"), &newest);
    // Before the notice of 2023 came nobody knew of its New Year's Eve either.
    let before_2023 = built_in.editions().find(|edition| !edition.has_notice_for(2023)).unwrap();
    assert!(before_2023.has_notice_for(2022) && !built_in.day(day("2022-12-31")).is_working());
    assert_eq!(
        before_2023.day(day("2022-12-31")),
        DayKind::Resting { reason: DayReason::Weekend },
        "a Saturday"
    );
}
