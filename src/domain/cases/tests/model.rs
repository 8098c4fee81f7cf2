//! An exhaustive walk over the abstract states of a case: every command, by whoever,
//! now and when the next timer is due, from every state that can be reached. Two cases
//! are the same abstract state when nothing the kernel looks at tells them apart but
//! times and words.

use std::collections::{BTreeMap, BTreeSet};

use super::joint::JOINT;
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
    let overdue: BTreeSet<_> = story.case.attention.overdue.iter().map(|missed| missed.clock).collect();
    format!(
        "{:?} {:?} {:?} {mended:?} {there} {course:?} {open:?} {decided:?} {ending:?} {overdue:?}",
        state.name(),
        filing.map(|filing| filing.correction.is_some()),
        filing.map(|filing| filing.promised.len()),
    )
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
    if let Some(accepted) = state.accepted() {
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
        assert_eq!(decided.accepted.steps.len(), story.guide.flow.len(), "{story:?}");
        let owed = decided.accepted.deferral.as_ref().is_some_and(|deferral| !deferral.owed.is_empty());
        assert!(!owed || matches!(decided.decision, Decision::Denied { .. }), "{story:?}");
    }
    let is_closed = state.as_closed().is_some();
    assert_eq!(story.case.case_no().is_none(), state.filing().is_none());
    if is_closed {
        assert_eq!(next_tick_at(&story.case), None, "a closed case has nothing to wait for: {story:?}");
    }
}

/// Every way of asking for a command that the kernel tells apart.
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
        _ => vec![story.command(name)],
    }
}

/// The commands that move a case along; those beside the procedure are told apart by
/// nothing else in the kernel and have their own stories.
fn of_the_procedure(name: &CommandName) -> bool {
    use CommandName as C;
    !matches!(name, C::Urge | C::Supervise | C::Reply | C::Rate | C::Rectify)
}

#[test]
fn no_illegal_state_is_reached_and_every_open_one_leads_to_a_closed_one() {
    let start = Story::complete(&JOINT);
    let mut known: BTreeMap<String, bool> = BTreeMap::new();
    let mut edges: Vec<(String, String)> = Vec::new();
    let mut waiting = vec![start];
    while let Some(story) = waiting.pop() {
        let from = key(&story);
        if known.insert(from.clone(), story.case.state.as_closed().is_some()).is_some() {
            continue;
        }
        legal(&story);
        let later = next_tick_at(&story.case).map(|next| {
            let mut later = story.clone();
            later.at = next;
            (later, vec![Command::Tick])
        });
        let asked = CommandName::ALL.into_iter().filter(of_the_procedure);
        let now = asked.flat_map(|name| variants(&story, name)).collect();
        for (before, commands) in [Some((story.clone(), now)), later].into_iter().flatten() {
            for command in commands {
                let mut next = before.clone();
                // The history is not what is walked over.
                next.records.truncate(1);
                let by = officer(next.case.version.into());
                if next.tell(command, &by).is_ok_and(|acts| !acts.is_empty()) {
                    edges.push((from.clone(), key(&next)));
                    waiting.push(next);
                }
            }
        }
    }
    let mut leads_to_an_end: BTreeSet<&String> =
        known.iter().filter(|(_, closed)| **closed).map(|(key, _)| key).collect();
    loop {
        let before = leads_to_an_end.len();
        for (from, to) in &edges {
            if leads_to_an_end.contains(to) {
                leads_to_an_end.insert(from);
            }
        }
        if leads_to_an_end.len() == before {
            break;
        }
    }
    let stuck: Vec<_> = known.keys().filter(|key| !leads_to_an_end.contains(key)).collect();
    assert!(stuck.is_empty(), "no way out of {stuck:#?}");
    assert!(known.len() > 200, "only {} states: the walk does not get far", known.len());
    println!("{} abstract states, {} transitions", known.len(), edges.len());
}
