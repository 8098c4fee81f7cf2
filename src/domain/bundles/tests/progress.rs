//! The state machine against random graphs, fates and orders of events.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use proptest::prelude::*;
use uuid::Uuid;

use crate::domain::bundles::*;
use crate::domain::calendar::WorkCalendar;
use crate::domain::cases::By;
use crate::domain::cases::clock::Light;
use crate::domain::guides::{DayUnit, Limit, OnRefusal};
use crate::domain::time::local_date;

static CALENDAR: LazyLock<WorkCalendar> =
    LazyLock::new(|| WorkCalendar::parse(include_str!("../../../data/calendar-cn.csv")).unwrap());

const PROMISED: Limit = Limit { days: 5, unit: DayUnit::WorkingDay };

/// A Monday morning in China.
fn monday() -> DateTime<Utc> {
    "2026-03-02T01:30:00Z".parse().unwrap()
}

fn resident() -> By {
    By::Applicant { account: Uuid::nil() }
}

fn rules(graph: &Graph) -> Rules<'_> {
    Rules { graph, promised: PROMISED, calendar: &CALENDAR }
}

/// What will become of a part when its turn comes.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fate {
    Ends(PartOutcome),
    /// It wants something the applicant never gives.
    Lapses,
    /// It wants something, gets it, and is approved.
    Hesitates,
    /// Its guide takes no cases when its turn comes.
    Closes,
}

#[derive(Debug, Clone)]
struct World {
    graph: Graph,
    fates: BTreeMap<String, Fate>,
    not_needed: BTreeSet<String>,
}

fn name(index: usize) -> String {
    format!("p{index}")
}

fn worlds() -> impl Strategy<Value = World> {
    let fate = prop_oneof![
        4 => Just(Fate::Ends(PartOutcome::Issued)),
        1 => Just(Fate::Ends(PartOutcome::Denied)),
        1 => Just(Fate::Ends(PartOutcome::Refused)),
        1 => Just(Fate::Ends(PartOutcome::Withdrawn)),
        1 => Just(Fate::Ends(PartOutcome::Expired)),
        1 => Just(Fate::Lapses),
        1 => Just(Fate::Hesitates),
        1 => Just(Fate::Closes),
    ];
    let part = (any::<[bool; 6]>(), any::<bool>(), fate, prop::bool::weighted(0.15));
    prop::collection::vec(part, 1..7).prop_map(|parts| {
        let nodes = parts.iter().enumerate().map(|(index, (after, stops, _, _))| Node {
            part: name(index),
            // Only what stands before it, so that there is no circle.
            after: (0..index).filter(|earlier| after[*earlier]).map(name).collect(),
            on_refusal: if *stops { OnRefusal::Stop } else { OnRefusal::Continue },
        });
        let graph = Graph { nodes: nodes.collect() };
        let fates = parts.iter().enumerate().map(|(index, (_, _, fate, _))| (name(index), *fate)).collect();
        // At least the first part is applied for.
        let left_out = parts.iter().enumerate().skip(1).filter(|(_, (_, _, _, left_out))| *left_out);
        World { graph, fates, not_needed: left_out.map(|(index, _)| name(index)).collect() }
    })
}

struct Run<'a> {
    world: &'a World,
    progress: Progress,
    at: DateTime<Utc>,
    hesitated: BTreeSet<String>,
}

impl<'a> Run<'a> {
    fn begin(world: &'a World) -> Self {
        let progress = Progress::new(&world.graph, monday());
        let mut run = Self { world, progress, at: monday(), hesitated: BTreeSet::new() };
        run.give(Command::Submit { by: resident(), aal: 2, not_needed: world.not_needed.clone() });
        run
    }

    fn give(&mut self, command: Command) {
        let before = self.progress.clone();
        let events = decide(&before, rules(&self.world.graph), command, self.at).unwrap();
        for event in &events {
            self.progress = evolve(self.progress.clone(), event, self.at);
            self.holds(event);
        }
    }

    /// What must be true whenever something has happened.
    fn holds(&self, event: &Event) {
        if let Event::Filed { part, .. } = event {
            for earlier in &self.world.graph.node(part).unwrap().after {
                let stops = self.world.graph.node(earlier).unwrap().on_refusal == OnRefusal::Stop;
                let state = &self.progress.parts[earlier];
                assert!(state.is_over(), "{part} was filed before {earlier} was over: {state:?}");
                let well = matches!(
                    state,
                    PartState::Ended { outcome: PartOutcome::Issued, .. }
                        | PartState::Skipped { why: WhySkipped::NotNeeded, .. }
                );
                assert!(well || !stops, "{part} was filed though {earlier} stops it: {state:?}");
            }
        }
        let all_over = self.progress.parts.values().all(PartState::is_over);
        if let Event::Finished { .. } = event {
            assert!(all_over, "it finished with a part open");
        }
    }

    fn has_ended(&self) -> bool {
        matches!(self.progress.stage, Stage::Ended { .. })
    }

    /// Everything somebody could do next.
    fn possible(&self) -> Vec<Command> {
        let mut possible = Vec::new();
        for (part, state) in &self.progress.parts {
            let fate = self.world.fates[part];
            let part = part.clone();
            match state {
                PartState::Ready => match fate {
                    Fate::Lapses => possible.push(Command::Hold { part, wants: Vec::new() }),
                    Fate::Hesitates if !self.hesitated.contains(&part) => {
                        possible.push(Command::Hold { part, wants: Vec::new() });
                    }
                    Fate::Closes => possible.push(Command::Close { part }),
                    Fate::Hesitates | Fate::Ends(_) => {
                        possible.push(Command::File { part, case: Uuid::nil() });
                    }
                },
                PartState::Filed { .. } => {
                    let outcome = match fate {
                        Fate::Ends(outcome) => outcome,
                        Fate::Lapses | Fate::Hesitates | Fate::Closes => PartOutcome::Issued,
                    };
                    possible.push(Command::End { part, outcome });
                }
                PartState::Waiting | PartState::Held { .. } => {}
                PartState::Ended { .. } | PartState::Skipped { .. } => {}
            }
        }
        possible
    }

    /// One step, chosen by `choice`; when nobody can do anything, the applicant gives
    /// what he will, and time passes.
    fn step(&mut self, choice: usize) {
        let mut possible = self.possible();
        if possible.is_empty() {
            let held =
                self.progress.parts.iter().filter(|(_, state)| matches!(state, PartState::Held { .. }));
            let held: Vec<String> = held.map(|(part, _)| part.clone()).collect();
            assert!(!held.is_empty(), "nothing can happen any more: {:?}", self.progress);
            if held.iter().any(|part| self.world.fates[part] == Fate::Hesitates) {
                self.hesitated.extend(held);
                self.give(Command::GoOn { by: resident(), aal: 2 });
            } else {
                self.at += TimeDelta::days(WAIT_DAYS);
                self.give(Command::Tick);
            }
            return;
        }
        let command = possible.swap_remove(choice % possible.len());
        self.give(command);
    }

    fn played_out(mut self, choices: &[usize]) -> Self {
        for turn in 0..200 {
            if self.has_ended() {
                return self;
            }
            self.step(choices.get(turn % choices.len().max(1)).copied().unwrap_or(0));
        }
        panic!("it does not end: {:?}", self.progress);
    }

    /// How everything came out, whenever and in whatever case.
    fn outcome(&self) -> (Option<Outcome>, Vec<String>) {
        let parts = self.progress.parts.iter().map(|(part, state)| match state {
            PartState::Ended { outcome, .. } => format!("{part} {outcome:?}"),
            PartState::Skipped { why: WhySkipped::After { .. }, .. } => format!("{part} stopped"),
            PartState::Skipped { why, .. } => format!("{part} {why:?}"),
            PartState::Waiting | PartState::Ready | PartState::Held { .. } | PartState::Filed { .. } => {
                panic!("{part} is not over: {state:?}")
            }
        });
        (self.progress.outcome(), parts.collect())
    }
}

proptest! {
    #[test]
    fn whatever_happens_first_the_outcome_is_the_same(
        world in worlds(),
        one in prop::collection::vec(0..8_usize, 40),
        other in prop::collection::vec(0..8_usize, 40),
    ) {
        let one = Run::begin(&world).played_out(&one);
        let other = Run::begin(&world).played_out(&other);
        prop_assert_eq!(one.outcome(), other.outcome());
    }

    #[test]
    fn every_state_can_still_end(
        world in worlds(),
        steps in 0..20_usize,
        choices in prop::collection::vec(0..8_usize, 20),
    ) {
        let mut run = Run::begin(&world);
        for choice in choices.into_iter().take(steps) {
            if run.has_ended() {
                break;
            }
            run.step(choice);
        }
        if !run.has_ended() {
            run.give(Command::Withdraw);
        }
        // What is with an agency comes out there; nothing new is filed.
        for command in run.possible() {
            prop_assert!(matches!(command, Command::End { .. }), "{command:?} after the withdrawal");
            run.give(command);
        }
        prop_assert!(run.has_ended(), "{:?}", run.progress);
    }

    #[test]
    fn what_is_heard_of_twice_is_heard_of_once(world in worlds(), choices in prop::collection::vec(0..8_usize, 40)) {
        let mut run = Run::begin(&world);
        for choice in choices {
            if run.has_ended() {
                break;
            }
            for command in run.possible() {
                if let Command::End { part, outcome } = command {
                    let mut again = Run { world: &world, progress: run.progress.clone(), at: run.at, hesitated: run.hesitated.clone() };
                    again.give(Command::End { part: part.clone(), outcome });
                    let once = again.progress.clone();
                    if !again.has_ended() {
                        again.give(Command::End { part, outcome });
                        prop_assert_eq!(once, again.progress);
                    }
                }
            }
            run.step(choice);
        }
    }

    #[test]
    fn there_is_something_to_do_exactly_when_the_clock_says_so(
        world in worlds(),
        choices in prop::collection::vec(0..8_usize, 40),
    ) {
        let mut run = Run::begin(&world);
        for choice in choices {
            if run.has_ended() {
                break;
            }
            let due = next_tick_at(&run.progress, run.at);
            let ready = run.progress.next_ready().is_some();
            prop_assert_eq!(ready, due.is_some_and(|due| due <= run.at), "{:?}", run.progress);
            run.step(choice);
        }
        if run.has_ended() {
            prop_assert_eq!(next_tick_at(&run.progress, run.at), None);
        }
    }
}

/// birth → registration → { insurance, card }.
fn newborn() -> Graph {
    let node = |part: &str, after: &[&str]| Node {
        part: part.to_owned(),
        after: after.iter().map(|part| (*part).to_owned()).collect(),
        on_refusal: OnRefusal::Stop,
    };
    Graph {
        nodes: vec![
            node("birth", &[]),
            node("registration", &["birth"]),
            node("insurance", &["registration"]),
            node("card", &["registration"]),
        ],
    }
}

fn world(fates: &[(&str, Fate)]) -> World {
    let graph = newborn();
    let all = graph.nodes.iter().map(|node| (node.part.clone(), Fate::Ends(PartOutcome::Issued)));
    let mut fates_of: BTreeMap<String, Fate> = all.collect();
    fates_of.extend(fates.iter().map(|(part, fate)| ((*part).to_owned(), *fate)));
    World { graph, fates: fates_of, not_needed: BTreeSet::new() }
}

#[test]
fn a_part_that_is_refused_stops_those_after_it_and_the_rest_counts() {
    let world = world(&[("registration", Fate::Ends(PartOutcome::Denied))]);
    let (outcome, parts) = Run::begin(&world).played_out(&[0]).outcome();
    assert_eq!(outcome, Some(Outcome::Partial));
    assert_eq!(parts, ["birth Issued", "card stopped", "insurance stopped", "registration Denied"]);
}

#[test]
fn the_first_part_refused_nothing_is_left_and_the_whole_has_failed() {
    let world = world(&[("birth", Fate::Ends(PartOutcome::Refused))]);
    assert_eq!(Run::begin(&world).played_out(&[0]).outcome().0, Some(Outcome::Failed));
}

#[test]
fn all_parts_approved_it_is_complete_and_nothing_can_change_any_more() {
    let world = world(&[]);
    let run = Run::begin(&world).played_out(&[0]);
    assert_eq!(run.outcome().0, Some(Outcome::Complete));
    for command in [Command::Withdraw, Command::Touch, Command::GoOn { by: resident(), aal: 1 }] {
        assert!(decide(&run.progress, rules(&world.graph), command, run.at).is_err());
    }
}

#[test]
fn a_draft_nobody_touches_lapses_and_one_that_is_touched_does_not() {
    let graph = newborn();
    let draft = Progress::new(&graph, monday());
    let later = monday() + TimeDelta::days(WAIT_DAYS);
    assert_eq!(decide(&draft, rules(&graph), Command::Tick, later - TimeDelta::seconds(1)), Ok(Vec::new()));
    let lapsed = decide(&draft, rules(&graph), Command::Tick, later).unwrap();
    assert_eq!(lapsed, [Event::Finished { outcome: Outcome::Lapsed }]);
    let touch = decide(&draft, rules(&graph), Command::Touch, monday() + TimeDelta::days(1)).unwrap();
    let touched = touch.iter().fold(draft, |progress, event| evolve(progress, event, monday()));
    assert_eq!(decide(&touched, rules(&graph), Command::Tick, later), Ok(Vec::new()));
}

#[test]
fn what_the_answers_call_for_in_no_part_cannot_be_submitted() {
    let graph = newborn();
    let all = graph.nodes.iter().map(|node| node.part.clone()).collect();
    let submit = Command::Submit { by: resident(), aal: 2, not_needed: all };
    assert!(decide(&Progress::new(&graph, monday()), rules(&graph), submit, monday()).is_err());
}

#[test]
fn the_joint_promise_does_not_run_while_the_applicant_is_waited_for() {
    let world = world(&[]);
    let mut run = Run::begin(&world);
    let due = |run: &Run<'_>| run.progress.submission().unwrap().due.to_string();
    assert_eq!(due(&run), "2026-03-09");
    run.give(Command::Hold { part: "birth".to_owned(), wants: Vec::new() });
    // Wednesday: two working days were spent waiting.
    run.at += TimeDelta::days(2);
    run.give(Command::GoOn { by: resident(), aal: 2 });
    assert_eq!(due(&run), "2026-03-11");
    assert_eq!(run.progress.submission().unwrap().waiting_since, None);
}

#[test]
fn a_part_whose_guide_is_closed_is_given_up_at_once_and_pauses_nothing() {
    let world = world(&[("registration", Fate::Closes)]);
    let mut run = Run::begin(&world);
    run.give(Command::File { part: "birth".to_owned(), case: Uuid::nil() });
    run.give(Command::End { part: "birth".to_owned(), outcome: PartOutcome::Issued });
    assert_eq!(run.progress.tally(), Tally { done: 1, stopped: 0, all: 4 });
    run.give(Command::Close { part: "registration".to_owned() });
    assert_eq!(run.outcome().1, ["birth Issued", "card stopped", "insurance stopped", "registration Closed"]);
    assert_eq!(run.progress.outcome(), Some(Outcome::Partial));
    assert_eq!(run.progress.submission().unwrap().waiting_since, None);
}

#[test]
fn what_was_answered_is_done_and_what_came_to_nothing_has_stopped() {
    let tally = |fates: &[(&str, Fate)]| {
        let tally = Run::begin(&world(fates)).played_out(&[0]).progress.tally();
        (tally.done, tally.stopped, tally.all)
    };
    let ends = |outcome| Fate::Ends(outcome);
    assert_eq!(tally(&[]), (4, 0, 4));
    assert_eq!(tally(&[("card", ends(PartOutcome::Denied))]), (4, 0, 4));
    assert_eq!(tally(&[("registration", ends(PartOutcome::Denied))]), (2, 2, 4));
    for stopped in [Fate::Lapses, Fate::Closes, ends(PartOutcome::Withdrawn), ends(PartOutcome::Expired)] {
        assert_eq!(tally(&[("card", stopped)]), (3, 1, 4), "{stopped:?}");
    }
}

#[test]
fn the_joint_promise_stands_still_while_a_case_is_corrected_and_its_light_with_it() {
    let world = world(&[]);
    let mut run = Run::begin(&world);
    let birth = || "birth".to_owned();
    run.give(Command::File { part: birth(), case: Uuid::nil() });
    run.give(Command::Stand { part: birth(), still: true });
    run.at += TimeDelta::days(14);
    let shown = |run: &Run<'_>| {
        let (unit, today) = (PROMISED.unit, local_date(run.at));
        let submission = run.progress.submission().unwrap();
        (submission.due_on(unit, &CALENDAR, today).to_string(), submission.light(unit, &CALENDAR, today))
    };
    // Ten working days later; and it is told while it lasts.
    assert_eq!(shown(&run), ("2026-03-23".to_owned(), Light::Green));
    run.give(Command::Stand { part: birth(), still: true });
    run.give(Command::Stand { part: birth(), still: false });
    assert_eq!(shown(&run), ("2026-03-23".to_owned(), Light::Green));
    run.at += TimeDelta::days(8);
    assert_eq!(shown(&run), ("2026-03-23".to_owned(), Light::Red));
}

/// How many working days an agency takes, after how many it sends the case back, and
/// for how many days the applicant mends it.
type Course = (u16, Option<(u16, u16)>);

/// Every agency takes the working days it promises, and no more; gives the last day.
fn kept(world: &World, courses: &[Course]) -> (Progress, NaiveDate) {
    // What is sent back is sent back before the last of its days.
    let course = |part: &str| {
        let (takes, back) = courses[part[1..].parse::<usize>().unwrap() % courses.len()];
        (takes, back.filter(|(after, _)| *after < takes))
    };
    let days = world.graph.longest(&|part| u32::from(course(part).0)).unwrap();
    let promised = Limit { days: u16::try_from(days).unwrap(), unit: DayUnit::WorkingDay };
    let rules = Rules { graph: &world.graph, promised, calendar: &CALENDAR };
    let (mut progress, mut at) = (Progress::new(&world.graph, monday()), monday());
    let give = |progress: &mut Progress, command: Command, at: DateTime<Utc>| {
        let events = decide(progress, rules, command, at).unwrap();
        *progress = events.iter().fold(progress.clone(), |progress, event| evolve(progress, event, at));
    };
    give(&mut progress, Command::Submit { by: resident(), aal: 2, not_needed: BTreeSet::new() }, at);
    // By part: working days left, those until it is sent back, days left to mend it.
    let mut left: BTreeMap<String, (u16, Option<u16>, u16)> = BTreeMap::new();
    loop {
        while let Some(part) = progress.next_ready().map(str::to_owned) {
            let (takes, back) = course(&part);
            left.insert(part.clone(), (takes, back.map(|(after, _)| after), 0));
            give(&mut progress, Command::File { part, case: Uuid::nil() }, at);
        }
        let filed: Vec<(String, bool)> =
            progress.filed().map(|(part, _, still)| (part.to_owned(), still)).collect();
        let mut is_quiet = true;
        for (part, still) in filed {
            let (days, back, _) = left[&part];
            let command = match (still, back) {
                (false, Some(0)) => {
                    left.insert(part.clone(), (days, None, course(&part).1.map_or(0, |(_, mends)| mends)));
                    Command::Stand { part, still: true }
                }
                (true, _) if left[&part].2 == 0 => Command::Stand { part, still: false },
                (false, _) if days == 0 => Command::End { part, outcome: PartOutcome::Issued },
                _ => continue,
            };
            is_quiet = false;
            give(&mut progress, command, at);
        }
        if progress.outcome().is_some() {
            return (progress, local_date(at));
        }
        if is_quiet && progress.next_ready().is_none() {
            let yesterday = local_date(at);
            at += TimeDelta::days(1);
            let is_worked = CALENDAR.working_days_between(yesterday, local_date(at)) == 1;
            let filed: Vec<(String, bool)> =
                progress.filed().map(|(part, _, still)| (part.to_owned(), still)).collect();
            for (part, still) in filed {
                let (days, back, mends) = left.get_mut(&part).unwrap();
                match still {
                    true => *mends -= 1,
                    false if is_worked => {
                        *days -= 1;
                        *back = back.map(|back| back.saturating_sub(1));
                    }
                    false => {}
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn where_every_agency_keeps_its_promise_the_joint_one_is_kept(
        world in worlds(),
        courses in prop::collection::vec((0..6_u16, prop::option::of((0..4_u16, 1..20_u16))), 6),
    ) {
        let (progress, last) = kept(&world, &courses);
        prop_assert_eq!(progress.outcome(), Some(Outcome::Complete));
        let due = progress.submission().unwrap().due;
        prop_assert!(last <= due, "done on {}, promised by {}", last, due);
    }
}

#[test]
fn the_longest_way_is_found_and_a_circle_has_none() {
    let graph = newborn();
    let length = |part: &str| match part {
        "birth" => 1,
        "registration" => 5,
        "insurance" => 3,
        _ => 2,
    };
    assert_eq!(graph.longest(&length), Some(9));
    assert_eq!(graph.before("card").into_iter().collect::<Vec<_>>(), ["birth", "registration"]);
    let mut circle = graph;
    circle.nodes[0].after.push("card".to_owned());
    assert_eq!(circle.longest(&length), None);
    assert!(circle.before("card").contains("card"));
}
