//! What is filed is what was asked for: nothing needless comes into a case, and what was
//! handed in once serves again only where nobody found fault with it.

use super::*;
use crate::domain::codes::ServiceObject;
use CommandName as C;

/// The guide for food businesses, with this in the place of that.
macro_rules! food {
    ($($from:literal => $to:literal),*) => {
        LazyLock::new(|| {
            let text = include_str!("../../../data/sample/guides/food-business-licence.yaml").to_owned();
            $(assert!(text.contains($from)); let text = text.replace($from, $to);)*
            read_guide(&text).unwrap()
        })
    };
}

fn filed(story: &Story) -> Vec<&str> {
    story.case.state.filing().unwrap().materials.keys().map(String::as_str).collect()
}

#[test]
fn what_later_answers_made_needless_is_not_filed() {
    let mut story = Story::complete(&FOOD);
    story.must(story.attach("automatic_equipment_plan"));
    story.must(story.attach("status_document"));
    let there: Vec<_> = story.case.state.materials().unwrap().keys().collect();
    assert_eq!(there, ["automatic_equipment_plan", "layout_and_process", "safety_rules", "status_document"]);
    let story = story.then(&[C::Submit]);
    assert_eq!(filed(&story), ["business_licence", "layout_and_process", "safety_rules"]);
}

#[test]
fn what_is_needless_is_not_judged_either() {
    static LICENCE_SEEN: LazyLock<Guide> = food!(
        "    required: facts.automatic_equipment\n" => "    required: facts.automatic_equipment\n    reuse: { within_days: 3 }\n"
    );
    let mut story = Story::complete(&LICENCE_SEEN);
    let Evidence::File { digest, size_bytes, media_type, file_name, .. } = file() else {
        panic!("it is one")
    };
    let standing =
        Standing::Earlier { case: person(8), handed_in: local_date(story.at), original_seen: false };
    let evidence = Evidence::File { digest, size_bytes, media_type, file_name, standing };
    let material = "automatic_equipment_plan".to_owned();
    story.must(Command::Attach(AttachMaterial { material, evidence, certificate: None }));
    let old = story.later(TimeDelta::days(10));
    assert!(!filed(&old.clone().then(&[C::Submit])).contains(&"automatic_equipment_plan"));
    let mut needed = old;
    needed.must(Command::Save(SaveCase {
        patch: [("automatic_equipment".to_owned(), json!(true))].into_iter().collect(),
    }));
    let refused = needed.ask(needed.submission(), &APPLICANT).unwrap_err();
    let told: Vec<_> = refused.errors.iter().map(|error| (error.pointer.as_str(), error.code)).collect();
    assert_eq!(told, [("/materials/automatic_equipment_plan", "too_old")]);
}

#[test]
fn a_certificate_that_is_not_needed_stays_where_it_is() {
    static LEFT_OUT: LazyLock<Guide> =
        food!("facts.business_form != \"canteen\"" => "false || facts.business_form == \"catering\"");
    let story = Story::complete(&LEFT_OUT).then(&[C::Submit]);
    assert_eq!(filed(&story), ["layout_and_process", "safety_rules"]);
}

#[test]
fn a_promise_of_what_is_not_needed_is_owed_by_nobody() {
    static MAY_WAIT: LazyLock<Guide> = food!(
        "    required: facts.automatic_equipment\n" => "    required: facts.automatic_equipment\n    deferrable: true\n"
    );
    let mut story = Story::open(&MAY_WAIT, applicant(), monday());
    story.must(story.attach("layout_and_process"));
    let promised = story.promised();
    assert!(promised.contains("automatic_equipment_plan") && promised.contains("safety_rules"));
    let story = story.then(&[C::Submit]);
    let owed: Vec<_> = story.case.state.filing().unwrap().promised.iter().collect();
    assert_eq!(owed, ["safety_rules"]);
}

#[test]
fn a_certificate_serves_from_its_first_day_on() {
    let of_tomorrow = |story: &Story| {
        let Command::Submit(mut submit) = story.submission() else { panic!("it is one") };
        for known in &mut submit.certificates {
            known.valid_from = local_date(story.at + TimeDelta::days(1));
        }
        Command::Submit(submit)
    };
    let story = Story::complete(&FOOD);
    let refused = story.ask(of_tomorrow(&story), &APPLICANT).unwrap_err();
    assert_eq!(refused.errors[0].pointer, "/materials/business_licence");
}

#[test]
fn nobody_files_what_is_for_applicants_of_another_kind() {
    let company = Applicant { kind: ApplicantKind::Organization, ..applicant() };
    let opening = OpenCase {
        id: person(7),
        party: person(9),
        scenario: None,
        facts: Facts::new(),
        applicant: company,
        certificates: Vec::new(),
        sources: [].into(),
        in_bundle: false,
    };
    let persons_only = Guide { service_objects: vec![ServiceObject::NaturalPerson], ..FOOD.clone() };
    assert!(!persons_only.scenarios.is_empty(), "nor is he asked for a scenario first");
    for guide in [&OLD_AGE, &persons_only] {
        let refused = open(opening.clone(), rules(guide), APPLICANT, monday()).unwrap_err();
        assert_eq!(refused.code, RefusalCode::NotEligible);
    }
}

#[test]
fn what_was_handed_in_serves_again_from_its_own_day_unless_it_was_found_fault_with() {
    let lends =
        |story: &Story, material: &str| story.case.state.lends(material).map(|(_, day)| day.to_string());
    let mut late = Story::open(&FOOD, applicant(), monday());
    late.must(late.attach("layout_and_process"));
    let mut late = late.then(&[C::Submit, C::AcceptDeferred]).later(TimeDelta::days(2));
    late.must(late.attach("safety_rules"));
    assert_eq!(lends(&late, "layout_and_process").as_deref(), Some("2026-03-02"));
    assert_eq!(lends(&late, "safety_rules").as_deref(), Some("2026-03-04"));

    let filed = Story::complete(&FOOD).then(&[C::Submit]);
    let layout = |story: &Story| lends(story, "layout_and_process");
    assert_eq!(layout(&Story::complete(&FOOD)), None, "a draft was handed in to nobody");
    assert_eq!(layout(&filed.clone().then(&[C::Accept])).as_deref(), Some("2026-03-02"));
    for no in [&[C::Refuse][..], &[C::Accept, C::Void]] {
        assert_eq!(layout(&filed.clone().then(no)), None, "{no:?}");
    }
    let asked = filed.then(&[C::RequestCorrection]);
    let listed = asked.wanted().unwrap().to_owned();
    assert_eq!(lends(&asked, &listed), None);
    let mended = asked.later(TimeDelta::days(3));
    let mut mended = mended;
    mended.must(mended.attach(&listed));
    let mended = mended.then(&[C::Save, C::Correct]);
    assert_eq!(lends(&mended, &listed).as_deref(), Some("2026-03-05"));
}
