//! A guide with everything a procedure can have: opinions of two agencies, two special
//! procedures, a material that may wait.

use std::sync::LazyLock;

use super::*;
use crate::domain::codes::Uscc;

/// Its silence is consent.
pub(super) fn consenting() -> Uscc {
    Uscc::parse("11340705MBWXT0111D").unwrap()
}

/// Its silence goes to its superior.
pub(super) fn escalating() -> Uscc {
    Uscc::parse("11340700MBWXT0103A").unwrap()
}

/// The food licence, as it would be where others have a say.
pub(super) static JOINT: LazyLock<Guide> = LazyLock::new(|| {
    let mut guide = FOOD.handled_as(FOOD.scenarios.first().map(|s| s.code.as_str())).clone();
    guide.scenarios.clear();
    guide.special_procedures = vec![SpecialProcedure::Inspection, SpecialProcedure::Hearing];
    let wanted = |agency, days, silence| OpinionWanted {
        agency,
        name: crate::domain::text::Text::new("某局", "Some bureau"),
        limit: Limit { days, unit: DayUnit::WorkingDay },
        silence,
    };
    guide.flow.truncate(2);
    guide.flow[0].opinions =
        vec![wanted(consenting(), 3, Silence::Consents), wanted(escalating(), 5, Silence::Escalates)];
    let own = guide.materials.iter_mut().find(|material| material.source == MaterialSource::Own);
    let own = own.expect("a material of the applicant's own");
    (own.deferrable, own.required) = (true, Requirement::Required);
    guide.limits = Limits {
        legal: Limit { days: 20, unit: DayUnit::WorkingDay },
        promised: Limit { days: 15, unit: DayUnit::WorkingDay },
        ..guide.limits
    };
    guide
});

/// The same procedure at another agency, to which a case can be transferred; nothing may
/// wait there.
pub(super) static ELSEWHERE: LazyLock<Guide> = LazyLock::new(|| {
    let mut guide = JOINT.clone();
    let code = guide.code.as_str().replace(guide.agency.as_str(), consenting().as_str());
    guide.code = crate::domain::codes::GuideCode::parse(&code).unwrap();
    guide.agency = consenting();
    guide.materials.iter_mut().for_each(|material| material.deferrable = false);
    guide
});

/// An application for which one material is to come later.
pub(super) fn promising() -> Story {
    let mut story = Story::complete(&JOINT);
    let material = story.guide.materials.iter().find(|material| material.deferrable).unwrap().code.clone();
    story.must(Command::Remove(RemoveMaterial { material }));
    story
}

fn accepted() -> Story {
    Story::complete(&JOINT).then(&[CommandName::Submit, CommandName::Accept])
}

fn give(agency: Uscc, consents: bool) -> Command {
    let text = if consents { "" } else { "消防通道不符合要求" };
    Command::GiveOpinion(GiveOpinion { agency, consents, text: text.to_owned() })
}

#[test]
fn the_agencies_of_a_step_are_asked_when_its_turn_comes_each_with_a_clock_of_its_own() {
    let story = accepted();
    let opinions = &story.case.state.accepted().unwrap().opinions;
    let due: Vec<_> = opinions.iter().map(|asked| asked.due.to_string()).collect();
    // From Monday 2026-03-02: Thursday, and Monday of the next week.
    assert_eq!(due, ["2026-03-05", "2026-03-09"]);
    let clocks = clocks(&story.case, &JOINT, &CALENDAR, story.at);
    let clocks: Vec<_> = clocks.iter().filter(|clock| clock.name == ClockName::Opinion).collect();
    assert_eq!(
        clocks.iter().map(|clock| clock.of.clone().unwrap()).collect::<Vec<_>>(),
        [consenting().to_string(), escalating().to_string()]
    );
}

#[test]
fn a_step_waits_for_every_opinion_and_an_objection_needs_words() {
    let mut story = accepted();
    let refused = story.ask(story.command(CommandName::RecordStep), &officer(1)).unwrap_err();
    assert_eq!(refused.code, RefusalCode::WrongStep);
    let wordless = GiveOpinion { agency: consenting(), consents: false, text: " ".to_owned() };
    assert_eq!(
        story.ask(Command::GiveOpinion(wordless), &officer(1)).unwrap_err().code,
        RefusalCode::ValidationFailed
    );
    story.tell(give(consenting(), false), &officer(1)).unwrap();
    let twice = story.ask(give(consenting(), true), &officer(1)).unwrap_err();
    assert_eq!(twice.code, RefusalCode::WrongState, "an opinion is given once");
    story.tell(give(escalating(), true), &officer(2)).unwrap();
    story.tell(story.command(CommandName::RecordStep), &officer(3)).unwrap();
}

#[test]
fn silence_is_consent_of_the_one_and_goes_to_the_superior_of_the_other() {
    let story = accepted().later(TimeDelta::days(9)).then(&[CommandName::Tick]);
    let accepted = story.case.state.accepted().unwrap();
    let [consented, escalated] = &accepted.opinions[..] else { panic!("{accepted:?}") };
    let answer = consented.answer.as_ref().unwrap();
    assert_eq!((answer.consents, &answer.by), (true, &By::System));
    assert!(escalated.answer.is_none() && escalated.escalated_at.is_some());
    // That both were late stays on record.
    let overdue: Vec<_> = story.case.attention.overdue.iter().map(|missed| missed.of.clone()).collect();
    assert_eq!(overdue, [Some(consenting().to_string()), Some(escalating().to_string())]);
    let story = story.then(&[CommandName::GiveOpinion, CommandName::RecordStep]);
    assert_eq!(story.case.state.accepted().unwrap().steps.len(), 1);
}

#[test]
fn the_slowest_is_who_has_not_answered_and_is_due_first() {
    let slowest = |story: &Story| {
        story.case.state.accepted().and_then(Accepted::slowest).map(|asked| asked.agency.clone())
    };
    let story = accepted();
    assert_eq!(slowest(&story), Some(consenting()));
    let story = story.later(TimeDelta::days(9)).then(&[CommandName::Tick]);
    assert_eq!(slowest(&story), Some(escalating()), "the other's silence was its answer");
    assert_eq!(slowest(&story.then(&[CommandName::GiveOpinion])), None);
}

#[test]
fn a_material_may_wait_where_it_was_promised_and_nothing_is_granted_before_it_came() {
    let mut story = Story::complete(&JOINT);
    let material = story.guide.materials.iter().find(|material| material.deferrable).unwrap().code.clone();
    story.must(Command::Remove(RemoveMaterial { material: material.clone() }));
    let mut unpromised = story.submission();
    if let Command::Submit(submit) = &mut unpromised {
        submit.promised.clear();
    }
    let refused = story.ask(unpromised, &APPLICANT).unwrap_err();
    assert!(refused.errors.iter().any(|error| error.pointer == format!("/materials/{material}")));
    story = story.then(&[CommandName::Submit]);
    let plainly = story.ask(Command::Accept, &officer(1)).unwrap_err();
    assert_eq!(plainly.code, RefusalCode::WrongState);
    story = story.then(&[CommandName::AcceptDeferred]);
    story.must(give(consenting(), true));
    story.must(give(escalating(), true));
    story = story.then(&[CommandName::RecordStep]);
    let early = story.ask(story.command(CommandName::Approve), &officer(77)).unwrap_err();
    assert_eq!(early.code, RefusalCode::WrongState);
    let other = story.ask(story.attach("no_such"), &APPLICANT).unwrap_err();
    assert_eq!(other.errors[0].code, "not_asked");
    let late = story.clone().later(TimeDelta::days(60)).then(&[CommandName::Tick]);
    assert_eq!(late.case.state.as_closed().map(|closed| closed.ending.name()), Some("lapsed"));
    let story = story.then(&[CommandName::Attach, CommandName::Approve]);
    assert_eq!(story.case.state.name(), StateName::Decided);
}
