//! 补正: nothing mended is lost, and nothing is asked that cannot be done.

use super::*;
use CommandName as C;

fn asked(of: Correctable) -> Command {
    let item = CorrectionItem { of, reason: CorrectionReason::Wrong, note: "请核对".to_owned().into() };
    Command::RequestCorrection(RequestCorrection { items: vec![item], days: None })
}

fn save(patch: serde_json::Value) -> Command {
    let serde_json::Value::Object(patch) = patch else { panic!("{patch} is no patch") };
    Command::Save(SaveCase { patch })
}

#[test]
fn two_who_mend_parts_of_one_address_lose_neither() {
    let mut story = Story::complete(&FOOD).then(&[C::Submit]);
    story.must(asked(Correctable::Field("premises".to_owned())));
    story.must(save(json!({ "premises": { "region": "340705005004" } })));
    story.must(save(json!({ "premises": { "detail": "新路 2 号" } })));
    let told = json!({ "region": "340705005004", "detail": "新路 2 号" });
    let CaseState::Correcting(state) = &story.case.state else { panic!("{story:?}") };
    assert_eq!(mended(state).get("premises"), Some(&told), "it is seen at once");
    story = story.then(&[C::Correct]);
    let filing = story.case.state.filing().unwrap();
    assert_eq!(filing.facts.known().unwrap().get("premises"), Some(&told));
}

#[test]
fn what_the_agency_looks_up_itself_is_not_asked_of_the_applicant() {
    let nobody_verified = Applicant { verified: BTreeSet::new(), ..applicant() };
    let story = Story::open(&OLD_AGE, nobody_verified, monday()).then(&[C::Submit]);
    assert_eq!(story.case.state.name(), StateName::Submitted);
    let command = asked(Correctable::Material("household_record".to_owned()));
    let refused = story.ask(command, &officer(1)).unwrap_err();
    let told: Vec<_> = refused.errors.iter().map(|error| (error.pointer.as_str(), error.code)).collect();
    assert_eq!(told, [("/items/0", "looked_up")]);
}

#[test]
fn what_the_mended_answers_make_needless_is_not_waited_for() {
    let item = |of| CorrectionItem { of, reason: CorrectionReason::Missing, note: String::new().into() };
    let mut story = Story::complete(&FOOD).then(&[C::Submit]);
    let items = vec![
        item(Correctable::Field("automatic_equipment".to_owned())),
        item(Correctable::Material("automatic_equipment_plan".to_owned())),
    ];
    story.must(Command::RequestCorrection(RequestCorrection { items, days: None }));
    story.must(save(json!({ "automatic_equipment": true })));
    let refused = story.ask(story.command(C::Correct), &APPLICANT).unwrap_err();
    assert_eq!(refused.errors[0].pointer, "/materials/automatic_equipment_plan");
    story.must(save(json!({ "automatic_equipment": false })));
    story.must(story.command(C::Correct));
}

#[test]
fn nobody_becomes_too_old_while_he_mends() {
    static UNTIL_84: LazyLock<Guide> = LazyLock::new(|| {
        let text = include_str!("../../../data/sample/guides/old-age-allowance.yaml");
        read_guide(&text.replace("applicant.age >= 80", "applicant.age < 85")).unwrap()
    });
    // He turns 85 on 15 January 2027.
    let nobody_verified = Applicant { verified: BTreeSet::new(), ..applicant() };
    let mut story = Story::open(&UNTIL_84, nobody_verified, instant("2027-01-13T02:00:00Z"));
    story = story.then(&[C::Submit]);
    story.must(asked(Correctable::Field("mobile".to_owned())));
    story = story.later(TimeDelta::days(5));
    story.must(save(json!({ "mobile": "13812345679" })));
    story.must(story.command(C::Correct));
    assert_eq!(story.case.state.name(), StateName::Submitted);
}
