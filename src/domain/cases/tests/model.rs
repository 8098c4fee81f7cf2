//! An exhaustive walk over the abstract states of a case: every command, by whoever may
//! give it, now and when the next timer is due, from every state that can be reached. Two
//! cases are the same abstract state when nothing the kernel looks at tells them apart but
//! times and words.

use std::collections::{BTreeMap, BTreeSet};

use super::joint::{ELSEWHERE, JOINT};
use super::matrix::named_in_the_table;
use super::*;

/// What tells abstract states apart.
fn key(story: &Story) -> String {
    let state = &story.case.state;
    let filing = state.filing();
    let mended = match state {
        CaseState::Correcting(state) => {
            (state.answers.known().map_or(0, serde_json::Map::len), state.materials.len())
        }
        _ => (0, 0),
    };
    let there = state.materials().map_or(0, |materials| materials.len());
    let course = state.accepted().map(|accepted| {
        (
            accepted.steps.len(),
            accepted.extension.is_some(),
            accepted.deferral.as_ref().map(|deferral| deferral.owed.len()),
            accepted
                .opinions
                .iter()
                .map(|asked| (asked.answer.is_some(), asked.escalated_at.is_some()))
                .collect::<Vec<_>>(),
        )
    });
    let open = match state {
        CaseState::Paused(paused) => {
            let mut kinds: Vec<_> = paused.open.iter().map(|open| format!("{:?}", open.kind)).collect();
            kinds.sort();
            kinds
        }
        _ => Vec::new(),
    };
    let decided = state.decided().map(|decided| match &decided.decision {
        Decision::Approved { issued } => issued.len().min(1),
        Decision::Denied { .. } => 9,
    });
    let ending = state.as_closed().map(|closed| closed.ending.name());
    format!(
        "{} {:?} {:?} {:?} {mended:?} {there} {course:?} {open:?} {decided:?} {ending:?} {}",
        story.case.place().agency,
        state.name(),
        filing.map(|filing| filing.correction.is_some()),
        filing.map(|filing| filing.promised.len()),
        beside(story),
    )
}

/// What goes on beside the procedure.
fn beside(story: &Story) -> String {
    let attention = &story.case.attention;
    let asked: BTreeSet<_> =
        attention.asked.iter().map(|a| format!("{:?} {}", a.urgency, a.reply.is_some())).collect();
    let owed = |rating: &attention::Rating| rating.rectification.as_ref().map(|owed| owed.report.is_some());
    let rated: BTreeSet<_> = attention
        .ratings
        .iter()
        .map(|r| format!("{:?} {:?}", r.occasion.post().is_some(), owed(r)))
        .collect();
    let overdue: BTreeSet<_> = attention.overdue.iter().map(|missed| missed.clock).collect();
    format!("{asked:?} {rated:?} {overdue:?}")
}

/// What must hold of every case that can be reached.
fn legal(story: &Story) {
    let state = &story.case.state;
    if let CaseState::Paused(paused) = state {
        let kinds: BTreeSet<_> = paused.open.iter().map(|open| format!("{:?}", open.kind)).collect();
        assert!(!kinds.is_empty() && kinds.len() == paused.open.len(), "{story:?}");
    }
    if let CaseState::Correcting(state) = state {
        assert!(state.filing.correction.is_none() && !state.notice.items.is_empty(), "{story:?}");
    }
    let by_the_system = state.decided().is_some_and(|decided| decided.decided_by == By::System);
    if let Some(accepted) = state.accepted().filter(|_| !by_the_system) {
        assert!(accepted.steps.len() <= story.guide.flow.len(), "{story:?}");
        for (step, wanted) in accepted.steps.iter().zip(&story.guide.flow) {
            assert_eq!(step.step, wanted.code, "{story:?}");
            let unheard =
                accepted.opinions.iter().any(|asked| asked.step == step.step && asked.answer.is_none());
            assert!(!unheard, "a step was taken before all were heard: {story:?}");
        }
        let dues = accepted.dues();
        assert!(dues.promised <= dues.legal, "{story:?}");
        assert!(accepted.extension.as_ref().is_none_or(|extension| extension.days <= 10), "{story:?}");
    }
    if let Some(decided) = state.decided() {
        assert!(by_the_system || decided.accepted.steps.len() == story.guide.flow.len(), "{story:?}");
        let denied = matches!(decided.decision, Decision::Denied { .. });
        assert!(!(by_the_system && denied), "a machine said no: {story:?}");
        let owed = decided.accepted.deferral.as_ref().is_some_and(|deferral| !deferral.owed.is_empty());
        assert!(!owed || denied, "{story:?}");
    }
    let attention = &story.case.attention;
    for urgency in [Urgency::Reminder, Urgency::Supervision] {
        let waiting =
            attention.asked.iter().filter(|asked| asked.urgency == urgency && asked.reply.is_none());
        assert!(waiting.count() <= 1, "one at a time: {story:?}");
    }
    assert_eq!(story.case.case_no().is_none(), state.filing().is_none());
    if state.as_closed().is_some() && !attention.waits_for_agency() {
        assert_eq!(next_tick_at(&story.case), None, "nothing is waited for: {story:?}");
    }
}

/// Every way of giving a command that the kernel tells apart.
fn variants(story: &Story, name: CommandName) -> Vec<Command> {
    let kinds = story.guide.special_procedures.iter();
    match name {
        CommandName::Pause => kinds
            .map(|kind| {
                Command::Pause(PauseCase { kind: *kind, reason: "依法进行".to_owned(), expected_days: 3 })
            })
            .collect(),
        CommandName::Resume => kinds.map(|kind| Command::Resume(ResumeCase { kind: *kind })).collect(),
        CommandName::GiveOpinion => [joint::consenting(), joint::escalating()]
            .map(|agency| Command::GiveOpinion(GiveOpinion { agency, consents: true, text: String::new() }))
            .into(),
        CommandName::Transfer => [&JOINT, &ELSEWHERE]
            .map(|guide| {
                let to = TransferTarget::Guide {
                    guide: std::sync::Arc::new((**guide).clone()),
                    version: 3,
                    agency_name: None,
                };
                Command::Transfer(Box::new(TransferCase { to, reason: "不属本机关职权".to_owned() }))
            })
            .into_iter()
            .chain([story.command(name)])
            .collect(),
        CommandName::Rate => {
            let rate = |score| Command::Rate(RateService { score, comment: String::new() });
            vec![rate(1), rate(5)]
        }
        _ => vec![story.command(name)],
    }
}

/// Where a walk has been: every abstract state and whether it is closed, every way from
/// one to another, and who gave each command that was accepted.
#[derive(Default)]
struct Walk {
    known: BTreeMap<String, bool>,
    edges: Vec<(String, String)>,
    givers: BTreeMap<CommandName, BTreeSet<Capacity>>,
}

impl Walk {
    fn from(start: Story, is_asked: impl Fn(&CommandName) -> bool) -> Self {
        let mut walk = Self::default();
        let mut waiting = vec![start];
        while let Some(story) = waiting.pop() {
            let from = key(&story);
            if walk.known.insert(from.clone(), story.case.state.as_closed().is_some()).is_some() {
                continue;
            }
            legal(&story);
            if let Some(next) = next_tick_at(&story.case) {
                let later = Story { at: next, ..story.clone() };
                walk.step(&from, later, Command::Tick, &By::System, &mut waiting);
            }
            for name in CommandName::ALL.into_iter().filter(|name| is_asked(name)) {
                for command in variants(&story, name) {
                    walk.give(&from, &story, &command, &mut waiting);
                }
            }
        }
        walk
    }

    /// Gives a command as everybody who may give it. Only who rates makes a difference to
    /// what comes of it; four eyes have stories of their own.
    fn give(&mut self, from: &str, story: &Story, command: &Command, waiting: &mut Vec<Story>) {
        let name = command.name();
        for (index, capacity) in allowed(story, name).into_iter().enumerate() {
            let by = match somebody(capacity) {
                By::Officer { .. } if name != CommandName::Rate => officer(story.case.version.into()),
                other => other,
            };
            let done = match index == 0 || name == CommandName::Rate {
                true => self.step(from, story.clone(), command.clone(), &by, waiting),
                false => story.ask(command.clone(), &by).is_ok_and(|acts| !acts.is_empty()),
            };
            if done {
                self.givers.entry(name).or_default().insert(capacity);
            }
        }
    }

    /// Whether something came of it.
    fn step(
        &mut self,
        from: &str,
        mut story: Story,
        command: Command,
        by: &By,
        waiting: &mut Vec<Story>,
    ) -> bool {
        // The history is not what is walked over.
        story.records.truncate(1);
        let done = story.tell(command, by).is_ok_and(|acts| !acts.is_empty());
        if done {
            if story.case.place().guide == ELSEWHERE.code {
                story.guide = &ELSEWHERE;
            } else if story.case.place().guide == JOINT.code {
                story.guide = &JOINT;
            }
            self.edges.push((from.to_owned(), key(&story)));
            waiting.push(story);
        }
        done
    }

    #[track_caller]
    fn has_a_way_out_of_everything(&self) {
        let mut leads_to_an_end: BTreeSet<&String> =
            self.known.iter().filter(|(_, closed)| **closed).map(|(key, _)| key).collect();
        loop {
            let before = leads_to_an_end.len();
            for (from, to) in &self.edges {
                if leads_to_an_end.contains(to) {
                    leads_to_an_end.insert(from);
                }
            }
            if leads_to_an_end.len() == before {
                break;
            }
        }
        let stuck: Vec<_> = self.known.keys().filter(|key| !leads_to_an_end.contains(key)).collect();
        assert!(stuck.is_empty(), "no way out of {stuck:#?}");
    }
}

/// What goes on beside the procedure and changes nothing of it.
fn is_beside(name: &CommandName) -> bool {
    use CommandName as C;
    matches!(name, C::Urge | C::Supervise | C::Reply | C::Rate | C::Rectify)
}

#[test]
fn no_illegal_state_is_reached_every_open_one_leads_to_a_closed_one_and_the_table_s_people_do_it() {
    use CommandName as C;
    // Decided by an officer where the system may not.
    let unverified = Applicant { verified: BTreeSet::new(), ..applicant() };
    let starts = [
        (Story::complete(&JOINT), 4000),
        (Story::complete(&FOOD), 1000),
        (Story::complete(&IDENTITY_CARD), 100),
        (Story::complete(&OLD_AGE), 3),
        (Story { applicant: unverified, ..Story::complete(&OLD_AGE) }, 50),
        (Story::complete(&ELDERLY), 3),
    ];
    let mut givers: BTreeMap<CommandName, BTreeSet<Capacity>> = BTreeMap::new();
    let mut add = |walk: Walk, least: usize| {
        walk.has_a_way_out_of_everything();
        println!("{} abstract states, {} transitions", walk.known.len(), walk.edges.len());
        assert!(walk.known.len() >= least, "only {} states: the walk does not get far", walk.known.len());
        for (command, who) in walk.givers {
            givers.entry(command).or_default().extend(who);
        }
    };
    for (start, least) in starts {
        add(Walk::from(start, |name| !is_beside(name)), least);
    }
    // What goes on beside the procedure goes on in every state of it; a short course has them all.
    let course = [C::Submit, C::Withdraw];
    add(Walk::from(Story::complete(&IDENTITY_CARD), |name| is_beside(name) || course.contains(name)), 400);
    for command in CommandName::ALL.into_iter().filter(|command| *command != C::Tick) {
        let who = givers.get(&command).into_iter().flatten();
        let who: Vec<String> = who.map(|capacity| format!("{capacity:?}")).collect();
        let named = named_in_the_table(command);
        match command {
            // Whose turn it is the flows of these guides say, and they do not have every role.
            C::RecordStep | C::Approve | C::Deny => {
                assert!(
                    !who.is_empty() && who.iter().all(|one| named.contains(&one.as_str())),
                    "{command:?} {who:?}"
                )
            }
            _ => assert_eq!(who, named, "{command:?}"),
        }
    }
}
