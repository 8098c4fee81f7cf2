//! What a mandate may become, and what it never allows.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::select;

use super::*;

fn day(number: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(number)
}

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn mobile() -> Mobile {
    Mobile::parse("13900000009").unwrap()
}

const GUIDES: [&str; 3] = ["a", "b", "c"];

fn terms() -> impl Strategy<Value = Terms> {
    let guides = prop::option::of(prop::collection::btree_set(select(GUIDES.to_vec()), 1..4));
    (guides, 0..20_i64, prop::option::of(1..60_i64), any::<bool>()).prop_map(
        |(guides, from, until, may_delegate)| Terms {
            guides: guides.map(|guides| guides.into_iter().map(str::to_owned).collect()),
            from: day(from),
            until: until.map(day),
            may_delegate,
        },
    )
}

fn new(terms: Terms) -> NewMandate {
    NewMandate { id: id(9), principal: id(1), terms, evidence: None, granted_by: None }
}

fn addressees() -> impl Strategy<Value = Addressee> {
    prop_oneof![
        (1..5_u128).prop_map(|number| Addressee::Person(id(number))),
        Just(Addressee::Mobile(mobile()))
    ]
}

/// What may happen to a mandate.
#[derive(Debug, Clone, Copy)]
enum Step {
    Accept(u128),
    Decline,
    End(EndedBy),
}

fn steps() -> impl Strategy<Value = Vec<(i64, Step)>> {
    let step = prop_oneof![
        (1..5_u128).prop_map(Step::Accept),
        Just(Step::Decline),
        select(EndedBy::ALL.to_vec()).prop_map(Step::End)
    ];
    prop::collection::vec((0..50_i64, step), 0..6).prop_map(|mut steps| {
        steps.sort_by_key(|(day, _)| *day);
        steps
    })
}

fn take(mandate: Mandate, step: Step, at: DateTime<Utc>) -> Result<Mandate, Refusal> {
    match step {
        Step::Accept(agent) => mandate.accept(id(agent), at),
        Step::Decline => mandate.decline(at),
        Step::End(by) => mandate.end(by, at),
    }
}

#[test]
fn words_are_read_back() {
    for kind in MandateKind::ALL {
        assert_eq!(MandateKind::parse(kind.as_str()), Some(kind));
    }
    for by in EndedBy::ALL {
        assert_eq!(EndedBy::parse(by.as_str()), Some(by));
    }
}

#[test]
fn a_child_comes_of_age_on_its_birthday() {
    let born = |text: &str| comes_of_age(text.parse().unwrap()).to_rfc3339();
    assert_eq!(born("2010-05-06"), "2028-05-05T16:00:00+00:00");
    assert_eq!(born("2008-02-29"), "2026-02-28T16:00:00+00:00", "1 March");
    assert_eq!(born("2012-01-01"), "2029-12-31T16:00:00+00:00");
}

#[test]
fn terms_say_everything_that_is_wrong_with_them() {
    let terms =
        Terms { guides: Some(BTreeSet::new()), from: day(400), until: Some(day(3)), may_delegate: false };
    let pointers: Vec<String> = terms.problems(day(0)).into_iter().map(|error| error.pointer).collect();
    assert_eq!(pointers, ["/guides", "/valid_from", "/valid_until"]);
}

#[test]
fn an_administrators_invitation_gives_no_reach_of_its_own() {
    let terms = Terms { guides: None, from: day(0), until: None, may_delegate: false };
    let mandate = Mandate::settled(new(terms), MandateKind::Administrator, id(2), day(0));
    assert!(!mandate.reaches(day(1)));
}

#[test]
fn nobody_mandates_himself() {
    let terms = Terms { guides: None, from: day(0), until: None, may_delegate: false };
    let mandate = Mandate::offer(new(terms), MandateKind::Agency, Addressee::Mobile(mobile()), day(0));
    assert_eq!(mandate.accept(id(1), day(1)).unwrap_err().code, RefusalCode::SamePerson);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn nobody_acts_but_who_accepted_in_time_and_before_the_end(
        terms in terms(), to in addressees(), steps in steps(), asked in 0..80_i64,
    ) {
        let mut mandate = Mandate::offer(new(terms.clone()), MandateKind::Agency, to, day(0));
        let mut accepted = None;
        let mut over = false;
        for (at, step) in steps {
            let (before, standing) = (mandate.clone(), mandate.standing(day(at)));
            match take(mandate, step, day(at)) {
                Ok(after) => {
                    prop_assert!(!over, "what is over stays over");
                    prop_assert_eq!(after.version, before.version + 1);
                    match step {
                        Step::Accept(agent) => {
                            prop_assert!(standing == Standing::Offered && at < 30);
                            prop_assert!(agent != 1);
                            accepted = Some(id(agent));
                        }
                        Step::Decline => {
                            prop_assert_eq!(standing, Standing::Offered);
                            over = true;
                        }
                        Step::End(_) => over = true,
                    }
                    mandate = after;
                }
                Err(_) => mandate = before,
            }
            let allowed = accepted.is_some()
                && !over
                && terms.from <= day(at)
                && terms.until.is_none_or(|until| day(at) < until);
            prop_assert_eq!(mandate.reaches(day(at)), allowed);
            prop_assert!(!allowed || mandate.agent() == accepted);
        }
        if over {
            prop_assert!(!mandate.reaches(day(asked)));
        }
    }

    #[test]
    fn nothing_is_allowed_after_the_last_day(terms in terms(), later in 0..100_i64) {
        let mandate = Mandate::settled(new(terms.clone()), MandateKind::Guardian, id(2), day(0));
        if let Some(until) = terms.until {
            let after = until + TimeDelta::hours(later);
            prop_assert!(!mandate.reaches(after));
            prop_assert_eq!(mandate.standing(after), Standing::Ended);
            prop_assert!(mandate.end(EndedBy::Agent, after).is_err());
        }
    }

    #[test]
    fn what_is_given_on_is_never_wider_or_longer(
        parent in terms(), child in terms(), at in 0..40_i64, asked in 0..100_i64, links in 0..6_usize,
        guide in select(GUIDES.to_vec()),
    ) {
        let whole = Mandate::settled(new(parent.clone()), MandateKind::Agency, id(2), day(0));
        let given = whole.delegate(new(child), Addressee::Person(id(3)), links, day(at));
        let Ok(given) = given else { return Ok(()) };
        prop_assert!(parent.may_delegate && whole.reaches(day(at)) && links < MOST_LINKS);
        prop_assert_eq!((given.principal, given.parent), (whole.principal, Some(whole.id)));
        let accepted = given.accept(id(3), day(at)).unwrap();
        let covers = |mandate: &Mandate| {
            mandate.reaches(day(asked))
                && mandate.terms.guides.as_ref().is_none_or(|guides| guides.contains(guide))
        };
        prop_assert!(!covers(&accepted) || covers(&whole));
        prop_assert!(!accepted.terms.may_delegate || whole.terms.may_delegate);
    }

    #[test]
    fn a_mandate_that_may_not_be_given_on_is_not(parent in terms(), child in terms(), at in 0..40_i64) {
        let parent = Terms { may_delegate: false, ..parent };
        let agency = Mandate::settled(new(parent.clone()), MandateKind::Agency, id(2), day(0));
        prop_assert!(agency.delegate(new(child.clone()), Addressee::Person(id(3)), 0, day(at)).is_err());
        let parent = Terms { may_delegate: true, ..parent };
        let guardian = Mandate::settled(new(parent), MandateKind::Guardian, id(2), day(0));
        prop_assert!(guardian.delegate(new(child), Addressee::Person(id(3)), 0, day(at)).is_err());
    }

    #[test]
    fn of_age_is_the_first_day_eighteen_years_are_full(days in 0..20_000_i64) {
        let born = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap() + TimeDelta::days(days);
        let first = crate::domain::time::local_date(comes_of_age(born));
        prop_assert_eq!(first.years_since(born), Some(18));
        prop_assert_eq!(first.pred_opt().unwrap().years_since(born), Some(17));
    }
}
