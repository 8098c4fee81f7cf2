//! Every command in every state, and by every capacity.

use std::fmt::Write as _;

use super::*;

/// One case for everything a case can be.
pub(super) fn representatives() -> Vec<(&'static str, Story)> {
    use CommandName as C;
    let draft = Story::complete(&FOOD);
    let submitted = draft.clone().then(&[C::Submit]);
    let correcting = submitted.clone().then(&[C::RequestCorrection]);
    let accepted = submitted.clone().then(&[C::Accept]);
    let last_step = accepted.clone().then(&[C::RecordStep, C::RecordStep]);
    let approved = last_step.clone().then(&[C::Approve]);
    let issued = approved.clone().then(&[C::Issue]);
    let denied = last_step.clone().then(&[C::Deny]);
    vec![
        ("closed: issued", issued.clone().then(&[C::Deliver])),
        ("closed: denied", denied.clone().then(&[C::Deliver])),
        ("closed: refused", submitted.clone().then(&[C::Refuse])),
        ("closed: withdrawn", accepted.clone().then(&[C::Withdraw])),
        ("closed: void", accepted.clone().then(&[C::Void])),
        ("closed: transferred", submitted.clone().then(&[C::Transfer])),
        ("closed: lapsed", correcting.clone().later(TimeDelta::days(40)).then(&[C::Tick])),
        ("closed: revoked", issued.clone().then(&[C::Deliver, C::Revoke])),
        ("submitted: corrected", correcting.clone().then(&[C::Save, C::Attach, C::Correct])),
        ("correcting", correcting.clone()),
        ("correcting: mended", correcting.then(&[C::Save, C::Attach])),
        ("paused", Story::complete(&joint::JOINT).then(&[C::Submit, C::Accept, C::Pause])),
        ("submitted: a material promised", joint::promising().then(&[C::Submit])),
        ("accepted: a material owed", joint::promising().then(&[C::Submit, C::AcceptDeferred])),
        ("accepted: opinions wanted", Story::complete(&joint::JOINT).then(&[C::Submit, C::Accept])),
        ("closed: issued, by the system", Story::complete(&OLD_AGE).then(&[C::Submit])),
        ("accepted: extended", accepted.clone().then(&[C::Extend])),
        ("accepted: urged, badly rated", accepted.clone().then(&[C::Urge, C::Rate])),
        ("closed: expired", draft.clone().later(TimeDelta::days(31)).then(&[C::Tick])),
        ("draft", draft),
        ("submitted", submitted),
        ("accepted", accepted),
        ("accepted: last step", last_step),
        ("decided: approved", approved),
        ("decided: issued", issued),
        ("decided: denied", denied),
    ]
}

pub(super) fn cell(answer: &Result<Vec<Act>, Refusal>) -> String {
    match answer {
        Ok(acts) if acts.is_empty() => "nothing".to_owned(),
        Ok(acts) => acts.iter().map(|act| act.event.name()).collect::<Vec<_>>().join(", "),
        Err(refusal) => format!("refused: {:?}", refusal.code),
    }
}

/// What becomes of a command, by who asks: those of whom the same becomes together. Who
/// may not ask at all is not in it.
fn answers_by_capacity(story: &Story, command: CommandName) -> Vec<(String, Vec<String>)> {
    let mut answers: Vec<(String, Vec<String>)> = Vec::new();
    for capacity in allowed(story, command) {
        let answer = cell(&story.ask(story.command(command), &somebody(capacity)));
        let name = format!("{capacity:?}").replace("Post(", "").replace(')', "");
        match answers.iter_mut().find(|(known, _)| *known == answer) {
            Some((_, names)) => names.push(name),
            None => answers.push((answer, vec![name])),
        }
    }
    answers
}

#[test]
fn what_every_command_does_in_every_state_whoever_gives_it() {
    let mut stories = representatives();
    stories.sort_by_key(|(_, story)| (story.case.state.name(), story.case.version));
    let mut table = String::new();
    for (name, story) in stories {
        writeln!(table, "{name}").unwrap();
        let mut impossible = Vec::new();
        for command in CommandName::ALL {
            for (answer, who) in answers_by_capacity(&story, command) {
                match answer == cell(&Err(Refusal::new(RefusalCode::WrongState, "", ""))) {
                    true => impossible.push(format!("{command:?}")),
                    false => {
                        writeln!(table, "  {:<18}  {answer}  ({})", format!("{command:?}"), who.join(", "))
                            .unwrap();
                    }
                }
            }
        }
        writeln!(table, "  {:<18}  {}", "Tick", cell(&story.ask(Command::Tick, &By::System))).unwrap();
        let due = story.later(TimeDelta::days(40));
        writeln!(table, "  {:<18}  {}", "Tick, later", cell(&due.ask(Command::Tick, &By::System))).unwrap();
        writeln!(table, "  not in this state: {}", impossible.join(", ")).unwrap();
    }
    insta::assert_snapshot!(table);
}

#[test]
fn every_state_is_represented() {
    let reached: BTreeSet<_> = representatives().iter().map(|(_, story)| story.case.state.name()).collect();
    assert_eq!(reached, StateName::ALL.into_iter().collect());
}

#[test]
fn whoever_took_an_earlier_step_may_not_take_one_that_wants_other_eyes() {
    let mut story = Story::complete(&FOOD).then(&[CommandName::Submit, CommandName::Accept]);
    story.tell(story.command(CommandName::RecordStep), &officer(1)).unwrap();
    let same = story.ask(story.command(CommandName::RecordStep), &officer(1)).unwrap_err();
    assert_eq!(same.code, RefusalCode::SamePerson);
    // Another post of the same person does not make him another person.
    let other_post = By::Officer { account: person(101), post: person(999) };
    let same = story.ask(story.command(CommandName::RecordStep), &other_post).unwrap_err();
    assert_eq!(same.code, RefusalCode::SamePerson);
    story.tell(story.command(CommandName::RecordStep), &officer(2)).unwrap();
    for account in [1, 2] {
        let same = story.ask(story.command(CommandName::Deny), &officer(account)).unwrap_err();
        assert_eq!(same.code, RefusalCode::SamePerson);
    }
    story.tell(story.command(CommandName::Approve), &officer(3)).unwrap();
}

#[test]
fn a_no_without_reason_or_article_is_refused_with_both_errors_at_once() {
    let story = Story::complete(&FOOD).then(&[CommandName::Submit]);
    let blank = GiveGrounds { reason: " ".to_owned(), article: String::new(), remedy: None };
    let refusal = story.ask(Command::Refuse(blank), &officer(1)).unwrap_err();
    let pointers: Vec<_> = refusal.errors.iter().map(|error| error.pointer.as_str()).collect();
    assert_eq!(pointers, ["/reason", "/article"]);
}

#[test]
fn a_whole_number_written_as_a_fraction_is_recorded_as_the_whole_number() {
    let mut story = Story::open(&FOOD, applicant(), monday());
    let patch = json!({ "staff": 12.0 }).as_object().cloned().unwrap();
    story.tell(Command::Save(SaveCase { patch }), &APPLICANT).unwrap();
    assert_eq!(story.case.state.facts().and_then(|f| f.known()?.get("staff")), Some(&json!(12)));
}

#[test]
fn what_silence_has_accepted_nobody_refuses_though_the_timer_is_late() {
    let story = Story::complete(&FOOD).then(&[CommandName::Submit]).later(TimeDelta::days(9));
    let refusal = story.ask(story.command(CommandName::Refuse), &officer(1)).unwrap_err();
    assert_eq!(refusal.code, RefusalCode::WrongState);
    let acts = story.ask(story.command(CommandName::RecordStep), &officer(1)).unwrap();
    assert_eq!(cell(&Ok(acts)), "deadline_passed, accepted, deadline_passed, step_recorded");
}

#[test]
fn an_expired_draft_cannot_be_saved_though_the_timer_is_late() {
    let story = Story::complete(&FOOD).later(TimeDelta::days(30));
    let refusal = story.ask(story.command(CommandName::Save), &APPLICANT).unwrap_err();
    assert_eq!(refusal.code, RefusalCode::WrongState);
    assert!(story.later(-TimeDelta::microseconds(1)).ask(Command::Tick, &By::System).unwrap().is_empty());
}

/// Who may do what, as the statute book of the portal has it (domain.md §5), written
/// down apart from the policy's own table.
pub(super) fn named_in_the_table(command: CommandName) -> &'static [&'static str] {
    use CommandName as C;
    match command {
        C::Save | C::Attach | C::Remove | C::Submit | C::Correct => &["Applicant", "Agent", "Assistant"],
        C::Accept | C::AcceptDeferred | C::RequestCorrection | C::Refuse | C::Transfer => {
            &["Post(CounterOfficer)", "Post(Handler)"]
        }
        C::Pause | C::Resume | C::Reply | C::Rectify => &["Post(Handler)"],
        C::Extend | C::Void | C::Revoke => &["Post(Approver)"],
        C::RecordStep | C::Approve | C::Deny => &["Post(Handler)", "Post(Reviewer)", "Post(Approver)"],
        C::GiveOpinion => &["Consulted"],
        C::Issue => &["Post(Handler)", "Post(Approver)"],
        C::Deliver => &["Post(CounterOfficer)", "Post(Handler)"],
        C::Withdraw | C::Urge => &["Applicant", "Agent"],
        C::Supervise => &["Post(Supervisor)"],
        C::Rate => &["Applicant", "Agent", "Assistant"],
        C::Tick => &[],
    }
}

#[test]
fn no_command_is_for_anybody_the_table_does_not_name() {
    use crate::domain::policy::{Capacity, may, operation};
    for command in CommandName::ALL {
        let turns = [StepRole::Handler, StepRole::Reviewer, StepRole::Approver];
        let allowed = Capacity::ALL.into_iter().filter(|capacity| {
            turns.into_iter().any(|turn| operation(command, turn).is_some_and(|what| may(*capacity, what)))
        });
        let allowed: Vec<String> = allowed.map(|capacity| format!("{capacity:?}")).collect();
        assert_eq!(allowed, named_in_the_table(command), "{command:?}");
    }
}

#[test]
fn a_step_is_for_the_role_the_flow_names_and_for_no_other() {
    use crate::domain::policy::{Capacity, Role, may, operation};
    let roles = [
        (StepRole::Handler, Role::Handler),
        (StepRole::Reviewer, Role::Reviewer),
        (StepRole::Approver, Role::Approver),
    ];
    for command in [CommandName::RecordStep, CommandName::Approve, CommandName::Deny] {
        for (turn, role) in roles {
            let what = operation(command, turn).unwrap();
            let allowed = Capacity::ALL.into_iter().filter(|capacity| may(*capacity, what));
            assert_eq!(allowed.collect::<Vec<_>>(), [Capacity::Post(role)], "{command:?} {turn:?}");
        }
    }
}
