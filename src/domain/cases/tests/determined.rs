//! What the agency determines when it issues: all of it and nothing else, sealed with the
//! case like everything that says something of a person.

use serde_json::{Map, Value};

use super::*;
use crate::domain::cases::CommandName as C;
use crate::domain::private::{self, Private};

/// Approved, and to be issued.
fn decided() -> Story {
    Story::complete(&REGISTRATION).then(&[C::Submit, C::Accept, C::RecordStep, C::Approve])
}

fn issuing(attributes: Value) -> Command {
    let attributes: Map<String, Value> = serde_json::from_value(attributes).unwrap();
    Command::Issue(IssueResults { attributes })
}

fn said(story: &Story) -> &Private<std::collections::BTreeMap<String, Value>> {
    match &results(&story.case.state).0[0] {
        Issued::Certificate { determined: Some(determined), .. } => determined,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_missing_unknown_or_wrong_is_told_at_its_place_and_nothing_is_issued() {
    let story = decided();
    for (given, pointer, code) in [
        (json!({}), "/attributes/child_id", "required"),
        (json!({ "child_id": null }), "/attributes/child_id", "required"),
        (json!({ "child_id": "110105194912310021" }), "/attributes/child_id", "wrong_check_digit"),
        (json!({ "child_id": 7 }), "/attributes/child_id", "wrong_type"),
    ] {
        let refusal = story.ask(issuing(given), &officer(3)).unwrap_err();
        let told: Vec<_> = refusal.errors.iter().map(|error| (error.pointer.as_str(), error.code)).collect();
        assert_eq!(told, [(pointer, code)]);
    }
    let too_much = issuing(json!({ "child_id": "11010519491231002X", "uscc": "91350100M000100Y43" }));
    let refusal = story.ask(too_much, &officer(3)).unwrap_err();
    assert_eq!(
        (refusal.errors[0].pointer.as_str(), refusal.errors[0].code),
        ("/attributes/uscc", "unknown_field")
    );
    assert!(refusal.errors[0].detail.en.contains("What is entered: child_id."));
    // Where nothing is determined, there is nothing to enter.
    let licence =
        Story::complete(&FOOD).then(&[C::Submit, C::Accept, C::RecordStep, C::RecordStep, C::Approve]);
    let refusal = licence.ask(issuing(json!({ "child_id": "x" })), &officer(3)).unwrap_err();
    assert!(refusal.errors[0].detail.zh.contains("不用填写内容"), "{refusal:?}");
}

#[test]
fn it_is_kept_in_one_way_and_goes_with_the_personal_data_of_the_case() {
    let mut story = decided();
    story.must(issuing(json!({ "child_id": " 11010519491231002x " })));
    assert_eq!(said(&story).known().unwrap()["child_id"], "11010519491231002X");
    let mut open = serde_json::to_value(&story.case).unwrap();
    private::split(&mut open, &mut |_, _| Value::Null);
    assert!(!open.to_string().contains("11010519491231002X"), "{open}");
    private::join(&mut open, None);
    let erased: Case = serde_json::from_value(open).unwrap();
    assert_eq!(*said(&Story { case: erased, ..story }), Private::Erased);
}

#[test]
fn what_was_issued_before_anything_was_determined_is_read_as_it_was() {
    let story = Story::complete(&FOOD).then(&[
        C::Submit,
        C::Accept,
        C::RecordStep,
        C::RecordStep,
        C::Approve,
        C::Issue,
    ]);
    let written = serde_json::to_value(&results(&story.case.state).0[0]).unwrap();
    assert_eq!(written.get("determined"), None, "a record of today is one of yesterday");
    let read: Issued = serde_json::from_value(written).unwrap();
    assert_eq!(read, results(&story.case.state).0[0]);
}

#[test]
fn what_somebody_has_to_determine_is_not_decided_by_the_system() {
    static AT_ONCE: LazyLock<Guide> = LazyLock::new(|| {
        let mut guide = (*ELDERLY).clone();
        if let ResultKind::Certificate { determined, .. } = &mut guide.results[0] {
            determined.extend(REGISTRATION.determined().fields);
        }
        guide
    });
    assert_eq!(AT_ONCE.determined().fields.len(), 1, "no file may say so; a rule stands behind it");
    let by_rule = Story::complete(&ELDERLY).then(&[C::Submit]);
    let by_hand = Story::complete(&AT_ONCE).then(&[C::Submit]);
    assert!(by_rule.case.state.decided().is_some());
    assert!(by_hand.case.state.as_submitted().is_some(), "{by_hand:?}");
}
