//! What holds of every case, whatever is asked of it.

use chrono::Days;
use proptest::prelude::*;

use super::super::history::verify;
use super::matrix::cell;
use super::*;
use crate::domain::private::Private;

const GUIDES: [fn() -> &'static Guide; 4] = [|| &FOOD, || &OLD_AGE, || &ELDERLY, || &IDENTITY_CARD];

/// What may be asked next: mostly what fits, by one of a few people, some time later.
#[derive(Debug, Clone, Copy)]
struct Asked {
    what: u8,
    who: u8,
    minutes: u32,
}

fn asked() -> impl Strategy<Value = Asked> {
    let minutes = prop_oneof![4 => 0..600u32, 3 => 600..4000u32, 1 => 4000..50_000u32];
    (any::<u8>(), 0..5u8, minutes).prop_map(|(what, who, minutes)| Asked { what, who, minutes })
}

fn fitting(story: &Story) -> CommandName {
    match &story.case.state {
        CaseState::Draft(_) => CommandName::Submit,
        CaseState::Submitted(state) if !state.filing.promised.is_empty() => CommandName::AcceptDeferred,
        CaseState::Submitted(_) => CommandName::Accept,
        CaseState::Correcting(_) => CommandName::Correct,
        CaseState::Paused(_) => CommandName::Resume,
        CaseState::Accepted(state) if state.steps.len() + 1 < story.guide.flow.len() => {
            CommandName::RecordStep
        }
        CaseState::Accepted(_) => CommandName::Approve,
        CaseState::Decided(decided) => match &decided.decision {
            Decision::Approved { issued } if issued.is_empty() => CommandName::Issue,
            Decision::Approved { .. } | Decision::Denied { .. } => CommandName::Deliver,
        },
        CaseState::Closed(_) => CommandName::Tick,
    }
}

/// A case after everything that was asked of it; refusals change nothing.
fn told(guide: usize, script: &[Asked]) -> Story {
    let mut story = Story::complete(GUIDES[guide]());
    for asked in script {
        story.at += TimeDelta::minutes(asked.minutes.into());
        let name = match asked.what {
            0..160 => fitting(&story),
            other => CommandName::ALL[usize::from(other) % CommandName::ALL.len()],
        };
        let by = match (name, asked.who) {
            (CommandName::Tick, _) => By::System,
            (_, 0) => APPLICANT,
            (_, who) => officer(who.into()),
        };
        let before = story.case.clone();
        match story.tell(story.command(name), &by) {
            Ok(acts) => assert!(acts.iter().all(|act| act.by == by || act.by == By::System)),
            Err(_) => assert_eq!(story.case, before),
        }
    }
    story
}

fn stories() -> impl Strategy<Value = Story> {
    (0..GUIDES.len(), prop::collection::vec(asked(), 0..16)).prop_map(|(guide, script)| told(guide, &script))
}

fn fold(records: &[Record]) -> Case {
    let mut records = records.iter();
    let first = records.next().unwrap();
    let case = begin(person(7), first.act().unwrap()).unwrap();
    records.fold(case, |case, record| evolve(case, record.act().unwrap(), record.at).unwrap())
}

fn events(story: &Story) -> Vec<Act> {
    story.records.iter().map(|record| record.act().unwrap()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_case_is_the_fold_of_its_verified_records(story in stories()) {
        prop_assert_eq!(story.case.version, story.records.len() as u64);
        let head = verify(&story.records);
        prop_assert_eq!(head.map(|head| head.seq), Ok(story.case.version));
        prop_assert_eq!(&fold(&story.records), &story.case);
        let written = serde_json::to_string(&story.case).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Case>(&written).unwrap(), &story.case);
    }

    #[test]
    fn nothing_that_is_due_is_left_undone(story in stories()) {
        let mut story = story;
        story.tell(Command::Tick, &By::System).unwrap();
        prop_assert!(next_tick_at(&story.case).is_none_or(|next| next > story.at));
        if let Some(next) = next_tick_at(&story.case) {
            story.at = next - TimeDelta::microseconds(1);
            prop_assert!(story.ask(Command::Tick, &By::System).unwrap().is_empty());
            story.at = next;
            prop_assert!(!story.ask(Command::Tick, &By::System).unwrap().is_empty());
        }
    }

    #[test]
    fn no_step_that_wants_other_eyes_is_taken_by_eyes_that_saw_it_before(story in stories()) {
        let taken = story.case.state.accepted().map(|accepted| accepted.steps.clone()).unwrap_or_default();
        let by_rule = taken.iter().any(|step| step.by == By::System);
        for (index, step) in taken.iter().enumerate().filter(|_| !by_rule) {
            let wanted = &story.guide.flow[index];
            prop_assert_eq!(&step.step, &wanted.code);
            let seen = taken[..index].iter().any(|earlier| earlier.by.account() == step.by.account());
            prop_assert!(!(wanted.four_eyes && seen));
        }
    }

    #[test]
    fn a_machine_accepts_approves_and_lets_lapse_but_never_says_no(story in stories()) {
        for act in events(&story).iter().filter(|act| act.by == By::System) {
            let allowed = [
                "accepted", "approved", "results_issued", "delivered", "expired", "lapsed", "deadline_passed",
                "opinions_asked", "opinion_given", "opinion_escalated",
            ];
            prop_assert!(allowed.contains(&act.event.name()), "{}", act.event.name());
        }
    }

    #[test]
    fn the_clocks_explain_the_very_days_that_were_pinned(story in stories()) {
        let clocks = clocks(&story.case, story.guide, &CALENDAR, story.at);
        let due = |name| clocks.iter().find(|clock| clock.name == name).and_then(|clock| clock.due_on);
        // The day each clock was given last; none while it stands still.
        let mut last = std::collections::BTreeMap::new();
        for act in events(&story) {
            match act.event {
                CaseEvent::Submitted { intake_due, .. } | CaseEvent::Corrected { intake_due, .. } => {
                    last.insert(ClockName::Intake, intake_due);
                }
                CaseEvent::Accepted { promised_due, legal_due, .. } => {
                    last.extend([(ClockName::Promised, promised_due), (ClockName::Legal, legal_due)]);
                }
                CaseEvent::Resumed { dues: Some(dues), .. } | CaseEvent::Extended { dues, .. } => {
                    last.extend([(ClockName::Promised, dues.promised), (ClockName::Legal, dues.legal)]);
                }
                _ => {}
            }
        }
        for (name, told) in last {
            let still = match name {
                ClockName::Intake => story.case.state.correcting().is_some(),
                _ => !story.case.state.open_procedures().is_empty(),
            };
            prop_assert_eq!(due(name), (!still).then_some(told), "{:?}", name);
        }
        let moved = events(&story).iter().any(|act| {
            matches!(act.event, CaseEvent::Paused { .. } | CaseEvent::Extended { .. } | CaseEvent::CorrectionRequested { .. })
        });
        if moved {
            return Ok(());
        }
        for (act, record) in events(&story).iter().zip(&story.records) {
            match &act.event {
                CaseEvent::Submitted { intake_due, .. } => prop_assert_eq!(due(ClockName::Intake), Some(*intake_due)),
                CaseEvent::Accepted { promised_due, legal_due, basis, .. } => {
                    prop_assert_eq!(due(ClockName::Promised), Some(*promised_due));
                    prop_assert_eq!(due(ClockName::Legal), Some(*legal_due));
                    let from = match basis {
                        AcceptanceBasis::Deemed => story.case.state.filing().unwrap().at,
                        AcceptanceBasis::Officer | AcceptanceBasis::Automatic => record.at,
                    };
                    let limits = story.guide.limits;
                    prop_assert_eq!(*promised_due, CALENDAR.due(local_date(from), limits.promised));
                    prop_assert_eq!(*legal_due, CALENDAR.due(local_date(from), limits.legal));
                }
                CaseEvent::Approved { delivery_due, .. } | CaseEvent::Denied { delivery_due, .. } => {
                    prop_assert_eq!(due(ClockName::Delivery), Some(*delivery_due));
                    prop_assert_eq!(*delivery_due, CALENDAR.due(local_date(record.at), DELIVERY_LIMIT));
                }
                _ => {}
            }
        }
    }

    #[test]
    fn every_day_that_was_told_is_one_that_was_counted(story in stories()) {
        for clock in clocks(&story.case, story.guide, &CALENDAR, story.at) {
            // These two end on a day that somebody chose, or that nobody counted in working days.
            let chosen = matches!(clock.name, ClockName::Draft | ClockName::Deferral);
            if chosen || clock.due_on.is_none() {
                continue;
            }
            let decision = matches!(clock.name, ClockName::Promised | ClockName::Legal);
            let longer = story.case.state.accepted().map_or(0, crate::domain::cases::procedures::extension_days);
            let counted = clock.days.iter().filter(|day| day.counted).count();
            let wanted = clock.limit.days + if decision { longer } else { 0 };
            prop_assert_eq!(counted, usize::from(wanted), "{:?}", clock.name);
            prop_assert_eq!(clock.calendar.as_str(), CALENDAR.version());
        }
    }

    #[test]
    fn a_change_to_any_byte_of_any_record_is_found(
        story in stories(), which in any::<prop::sample::Index>(), part in 0..9u8,
        place in any::<prop::sample::Index>(), mask in 1..=255u8,
    ) {
        let mut records = story.records;
        let record = &mut records[which.index(story.case.version as usize)];
        let sound = record.clone();
        let spoil = |value: &mut serde_json::Value| {
            let mut bytes = value.to_string().into_bytes();
            bytes[place.index(value.to_string().len())] ^= mask;
            if let Ok(spoiled) = serde_json::from_slice(&bytes) {
                *value = spoiled;
            }
        };
        match part {
            0 => spoil(&mut record.by),
            1 => spoil(&mut record.event),
            2 => spoil(&mut record.provenance),
            3 => record.at += TimeDelta::microseconds(i64::from(mask)),
            4 => record.seq ^= u64::from(mask),
            5 => record.hash[place.index(32)] ^= mask,
            6 => record.previous[place.index(32)] ^= mask,
            7 => record.sealed.iter_mut().flat_map(|sealed| &mut sealed.parts).take(1).for_each(spoil),
            _ => if let Some(sealed) = record.sealed.as_mut().filter(|sealed| !sealed.parts.is_empty()) {
                sealed.salt.insert(place.index(32), 'f');
            },
        }
        let changed = *record != sound;
        prop_assert_eq!(verify(&records).is_err(), changed);
    }

    #[test]
    fn a_record_left_out_put_twice_or_moved_is_found(
        story in stories(), one in any::<prop::sample::Index>(), other in any::<prop::sample::Index>(),
    ) {
        let records = &story.records;
        let (one, other) = (one.index(records.len()), other.index(records.len()));
        let mut twice = records.clone();
        twice.insert(other, records[one].clone());
        prop_assert!(verify(&twice).is_err());
        let mut swapped = records.clone();
        swapped.swap(one, other);
        prop_assert_eq!(verify(&swapped).is_err(), one != other);
        let mut missing = records.clone();
        missing.remove(one);
        // The last record's absence shows in the head, which a receipt carries.
        let head = verify(&missing);
        prop_assert!(head.is_err() || head != verify(records));
    }

    #[test]
    fn what_was_erased_reads_as_erased_and_still_verifies(story in stories(), kept in any::<prop::sample::Index>()) {
        let mut records = story.records.clone();
        let kept = kept.index(records.len());
        records.iter_mut().enumerate().filter(|(index, _)| *index != kept).for_each(|(_, r)| r.sealed = None);
        prop_assert_eq!(verify(&records), verify(&story.records));
        records[kept].sealed = None;
        prop_assert_eq!(verify(&records), verify(&story.records));
        let erased = fold(&records);
        prop_assert_eq!(erased.version, story.case.version);
        prop_assert_eq!(erased.state.name(), story.case.state.name());
        prop_assert!(erased.state.facts().is_none_or(|facts| *facts == Private::Erased));
        let known = serde_json::to_string(&erased).unwrap();
        prop_assert!(!known.contains("钱多多"), "{}", known);
    }

    #[test]
    fn an_event_out_of_place_is_refused_and_never_panics(
        story in stories(), other in stories(), which in any::<prop::sample::Index>(),
    ) {
        let act = events(&other).swap_remove(which.index(other.records.len()));
        let name = act.event.name();
        let out_of_place = OutOfPlace { event: name, version: story.case.version };
        match evolve(story.case.clone(), act, story.at) {
            Ok(next) => prop_assert_eq!(next.version, story.case.version + 1),
            Err(refused) => prop_assert_eq!(refused, out_of_place),
        }
        let opening = story.records[0].act().unwrap();
        prop_assert!(evolve(story.case.clone(), opening, story.at).is_err());
    }

    #[test]
    fn silence_becomes_acceptance_exactly_when_the_fifth_working_day_has_ended(
        minutes in 0..525_600i64, late in 0..10_000i64,
    ) {
        let filed_at = instant("2026-01-01T00:00:00Z") + TimeDelta::minutes(minutes);
        let story = Story::complete_at(&FOOD, filed_at).then(&[CommandName::Submit]);
        let filed = local_date(story.at);
        let fifth = filed.iter_days().skip(1).filter(|day| CALENDAR.is_working(*day)).nth(4).unwrap();
        let mut waiting = story.clone();
        waiting.at = end_of_local_day(fifth) - TimeDelta::microseconds(1);
        prop_assert!(waiting.ask(Command::Tick, &By::System).unwrap().is_empty());
        prop_assert!(waiting.ask(waiting.command(CommandName::Refuse), &officer(1)).is_ok());
        waiting.at = end_of_local_day(fifth) + TimeDelta::minutes(late);
        let mut acts = waiting.ask(Command::Tick, &By::System).unwrap();
        // Its limits run from the day it was filed, and may be over.
        acts.retain(|act| !matches!(act.event, CaseEvent::DeadlinePassed(_)));
        let limits = FOOD.limits;
        let expected = CaseEvent::Accepted {
            promised_due: CALENDAR.due(filed, limits.promised),
            legal_due: CALENDAR.due(filed, limits.legal),
            basis: AcceptanceBasis::Deemed,
            deferred_until: None,
        };
        prop_assert_eq!(acts, vec![Act { by: By::System, event: expected }]);
    }

    #[test]
    fn the_rule_decides_only_on_verified_facts_and_only_in_favour(
        age in 60..100u64, near in any::<bool>(), proven in any::<(bool, bool)>(), with_file in any::<bool>(),
    ) {
        let attributes = [(proven.0, Attribute::BirthDate), (proven.1, Attribute::Residence)];
        let applicant = Applicant {
            birth_date: Some(local_date(monday()) - Days::new(age * 36_525 / 100)),
            residence: RegionCode::parse(if near { "340705005002" } else { "340100000000" }).ok(),
            verified: attributes.iter().filter(|(proven, _)| *proven).map(|(_, attribute)| *attribute).collect(),
            ..applicant()
        };
        let of_age = applicant.age(local_date(monday())).unwrap() >= 80;
        let mut story = Story::open(&OLD_AGE, applicant, monday());
        if with_file {
            // Shared records are looked up; nothing can be attached in their place.
            let refusal = story.tell(story.command(CommandName::Attach), &APPLICANT).unwrap_err();
            prop_assert_eq!(refusal.code, RefusalCode::ValidationFailed);
        }
        let said = story.tell(story.submission(), &APPLICANT);
        match said {
            Err(refusal) => {
                prop_assert!(!of_age || !near);
                prop_assert_eq!(refusal.code, RefusalCode::NotEligible);
            }
            Ok(acts) => {
                prop_assert!(of_age && near);
                let told = cell(&Ok(acts));
                let at_once = "submitted, accepted, approved, results_issued, delivered";
                prop_assert_eq!(told, if proven.0 && proven.1 { at_once } else { "submitted" });
            }
        }
    }

    #[test]
    fn an_instant_item_waits_for_an_officer_only_when_a_file_must_be_looked_at(file in any::<bool>()) {
        let mut story = Story::open(&ELDERLY, applicant(), monday());
        if file {
            story.tell(story.attach("identity_card"), &APPLICANT).unwrap();
        }
        let acts = story.tell(story.submission(), &APPLICANT).unwrap();
        prop_assert_eq!(acts.iter().any(|act| act.by == By::System), !file);
    }
}
