//! Courses a case can take, told one by one.

use super::*;
use CommandName as C;

fn submitted() -> Story {
    Story::complete(&FOOD).then(&[C::Submit])
}

#[test]
fn corrections_are_asked_once_and_only_what_was_asked_can_be_mended() {
    let mut story = submitted();
    let nothing = RequestCorrection { items: Vec::new(), days: None };
    let empty = story.ask(Command::RequestCorrection(nothing), &officer(1)).unwrap_err();
    assert_eq!(empty.errors[0].pointer, "/items");
    story = story.then(&[C::RequestCorrection]);
    let CaseState::Correcting(state) = &story.case.state else { panic!("{story:?}") };
    assert_eq!(state.notice.items.len(), 2);
    let patch = json!({ "staff": 4 }).as_object().cloned().unwrap();
    let other = story.ask(Command::Save(SaveCase { patch }), &APPLICANT).unwrap_err();
    assert_eq!((other.errors[0].pointer.as_str(), other.errors[0].code), ("/facts/staff", "not_asked"));
    let early = story.ask(story.command(C::Correct), &APPLICANT).unwrap_err();
    let pointers: Vec<_> = early.errors.iter().filter(|e| e.code == "not_mended").collect();
    assert_eq!(pointers.len(), 2, "both at once: {early:?}");
    let story = story.then(&[C::Save, C::Attach, C::Correct]);
    assert_eq!(story.case.state.name(), StateName::Submitted);
    let again = story.ask(story.command(C::RequestCorrection), &officer(1)).unwrap_err();
    assert_eq!(again.article, Some("《中华人民共和国行政许可法》第三十二条"));
    story.then(&[C::Accept]);
}

#[test]
fn what_a_true_correction_makes_necessary_may_be_answered_and_is_asked_for() {
    const FIELDS: &str = "    - { name: gas, label: { zh: 使用燃气, en: Gas }, type: boolean }
    - { name: supplier, label: { zh: 供气单位, en: Supplier }, type: text, visible_when: facts.gas }
materials:
  - code: gas_check
    name: { zh: 燃气检验证, en: Gas inspection }
    source: { certificate: \"11100000MBWXT0004A001\" }
    required: facts.gas
";
    static GAS: LazyLock<Guide> = LazyLock::new(|| {
        let hall = include_str!("../../../../tests/it/handling/hall.yaml");
        read_guide(&hall.replace("materials:\n", FIELDS)).unwrap()
    });
    let mut story = Story::complete(&GAS);
    let Command::Submit(mut submission) = story.submission() else { panic!("it is one") };
    submission.certificates.clear();
    story.tell(Command::Submit(submission), &APPLICANT).unwrap();
    let of = Correctable::Field("gas".to_owned());
    let item = CorrectionItem { of, reason: CorrectionReason::Wrong, note: "现场有灶".to_owned().into() };
    story.must(Command::RequestCorrection(RequestCorrection { items: vec![item], days: None }));
    let save =
        |patch: serde_json::Value| Command::Save(SaveCase { patch: patch.as_object().cloned().unwrap() });
    let supplier = || save(json!({ "supplier": "示例燃气公司" }));
    assert_eq!(story.ask(supplier(), &APPLICANT).unwrap_err().errors[0].code, "not_asked");
    story.tell(save(json!({ "gas": true })), &APPLICANT).unwrap();
    let bare = || Command::Correct(Box::new(CorrectCase { certificates: Vec::new() }));
    let lacking = story.ask(bare(), &APPLICANT).unwrap_err();
    let pointers: Vec<&str> = lacking.errors.iter().map(|error| error.pointer.as_str()).collect();
    assert_eq!(pointers, ["/facts/supplier", "/materials/gas_check"]);
    story.tell(supplier(), &APPLICANT).unwrap();
    story.tell(supplier(), &APPLICANT).unwrap();
    assert_eq!(
        story.ask(bare(), &APPLICANT).unwrap_err().errors.len(),
        1,
        "the certificate is still to come"
    );
    story.tell(story.command(C::Correct), &APPLICANT).unwrap();
    let filing = story.case.state.filing().unwrap();
    assert!(filing.materials.contains_key("gas_check"), "one that he holds is not asked for");
}

#[test]
fn corrections_that_do_not_come_end_the_case() {
    let story = submitted().then(&[C::RequestCorrection]).later(TimeDelta::days(40)).then(&[C::Tick]);
    assert_eq!(story.case.state.as_closed().map(|closed| closed.ending.name()), Some("lapsed"));
}

#[test]
fn a_limit_is_extended_once_and_by_ten_working_days_at_most() {
    let story = submitted().then(&[C::Accept]);
    for days in [0, 11] {
        let extend = ExtendCase { days, reason: "案情复杂".to_owned() };
        let refused = story.ask(Command::Extend(extend), &officer(1)).unwrap_err();
        assert_eq!(refused.errors[0].pointer, "/days");
    }
    let before = story.case.state.accepted().unwrap().dues();
    let story = story.then(&[C::Extend]);
    let after = story.case.state.accepted().unwrap().dues();
    assert_eq!(CALENDAR.working_days_between(before.legal, after.legal), 10);
    assert_eq!(story.ask(story.command(C::Extend), &officer(1)).unwrap_err().code, RefusalCode::WrongState);
}

#[test]
fn what_is_void_or_revoked_says_why() {
    let void = submitted().then(&[C::Accept, C::Void]);
    assert!(results(&void.case.state).1.is_some());
    let steps = [C::Accept, C::RecordStep, C::RecordStep, C::Approve, C::Issue, C::Deliver, C::Revoke];
    let revoked = submitted().then(&steps);
    assert_eq!(revoked.case.state.as_closed().map(|closed| closed.ending.name()), Some("revoked"));
    let (issued, grounds) = results(&revoked.case.state);
    assert!(!issued.is_empty() && grounds.is_some());
}

#[test]
fn a_transfer_keeps_number_and_time_of_receipt() {
    let story = submitted();
    let mut other = (*FOOD).clone();
    other.agency = joint::escalating();
    let to = |guide: &Guide| {
        let guide = std::sync::Arc::new(guide.clone());
        let to = TransferTarget::Guide { guide, version: 8, agency_name: None };
        Command::Transfer(Box::new(TransferCase { to, reason: "不属本机关职权".to_owned() }))
    };
    let same = story.ask(to(&FOOD), &officer(1)).unwrap_err();
    assert_eq!(same.errors[0].pointer, "/guide_code");
    let mut story = story;
    let filed = story.case.state.filing().unwrap().clone();
    story.must(to(&other));
    let moved = story.case.state.filing().unwrap();
    assert_eq!((&moved.case_no, moved.at), (&filed.case_no, filed.at));
    assert_eq!((moved.guide_version, &story.case.place().agency), (8, &other.agency));
    assert_eq!(story.case.opened.place.agency, FOOD.agency, "where it was opened is not forgotten");
    story.then(&[C::Accept]);
}

#[test]
fn a_reminder_is_answered_before_the_next_and_lateness_is_permanent() {
    let mut story = submitted().then(&[C::Accept, C::Urge]);
    assert_eq!(story.ask(story.command(C::Urge), &APPLICANT).unwrap_err().code, RefusalCode::WrongState);
    assert!(story.ask(story.command(C::Supervise), &officer(5)).is_ok(), "a superior asks on his own");
    story = story.later(TimeDelta::days(7)).then(&[C::Reply]);
    assert!(story.case.attention.overdue.iter().any(|missed| missed.clock == ClockName::Reply));
    let lights = clocks(&story.case, &FOOD, &CALENDAR, story.at);
    let reply = lights.iter().find(|clock| clock.name == ClockName::Reply).unwrap();
    assert_eq!((reply.light, reply.stopped_on), (Light::Red, Some(local_date(story.at))));
    story.then(&[C::Urge]);
}

#[test]
fn a_bad_rating_is_owed_a_report_and_each_service_is_rated_once() {
    let mut story = submitted();
    let rate = |score| Command::Rate(RateService { score, comment: String::new() });
    assert_eq!(story.ask(rate(0), &APPLICANT).unwrap_err().errors[0].pointer, "/score");
    story.tell(rate(5), &APPLICANT).unwrap();
    assert_eq!(story.ask(rate(1), &APPLICANT).unwrap_err().code, RefusalCode::AlreadyExists);
    let visit = By::Assistant { account: person(3), post: person(4) };
    story.tell(rate(1), &visit).unwrap();
    assert_eq!(story.ask(rate(2), &visit).unwrap_err().code, RefusalCode::AlreadyExists);
    story.at += TimeDelta::days(1);
    story.tell(rate(2), &visit).unwrap();
    story.must(story.command(C::Rectify));
    assert_eq!(story.ask(story.command(C::Rectify), &officer(1)).unwrap_err().code, RefusalCode::WrongState);
}

#[test]
fn a_deadline_that_passes_is_put_on_record_once() {
    let story = submitted().then(&[C::Accept]).later(TimeDelta::days(120)).then(&[C::Tick]);
    let missed: Vec<_> = story.case.attention.overdue.iter().map(|missed| missed.clock).collect();
    assert_eq!(missed, [ClockName::Promised, ClockName::Legal]);
    assert!(story.ask(Command::Tick, &By::System).unwrap().is_empty());
    assert_eq!(next_tick_at(&story.case), None);
}

#[test]
fn every_letter_of_a_case_has_its_number_kind_and_article() {
    use crate::domain::cases::letters::letters_for;
    use std::fmt::Write as _;
    let courses: [(&str, &[CommandName]); 6] = [
        ("granted", &[C::Accept, C::RecordStep, C::RecordStep, C::Approve, C::Issue, C::Deliver, C::Revoke]),
        ("denied", &[C::Accept, C::RecordStep, C::RecordStep, C::Deny, C::Deliver]),
        ("refused", &[C::Refuse]),
        ("corrected", &[C::RequestCorrection, C::Save, C::Attach, C::Correct]),
        ("extended", &[C::Accept, C::Extend, C::Void]),
        ("transferred", &[C::Transfer]),
    ];
    let mut told = String::new();
    for (name, course) in courses {
        let story = submitted().then(course);
        let mut case = begin(person(7), story.records[0].act().unwrap()).unwrap();
        let mut written = 0;
        writeln!(told, "{name}").unwrap();
        for record in &story.records[1..] {
            let act = record.act().unwrap();
            let event = act.event.clone();
            case = evolve(case, act, record.at).unwrap();
            let guide = FOOD.handled_as(case.opened.scenario.as_deref());
            for letter in letters_for(&case, &case.place().agency, guide, &event, record.at, written) {
                written += 1;
                assert!(letter.number.ends_with(&format!("-{written:02}")));
                let article = letter.article.as_ref().map_or("", |article| article.zh.as_str());
                writeln!(told, "  {} {article}", letter.title.zh).unwrap();
                letter
                    .paragraphs
                    .iter()
                    .for_each(|said| writeln!(told, "    {}\n    {}", said.zh, said.en).unwrap());
            }
        }
    }
    insta::assert_snapshot!(told);
}

#[test]
fn everything_that_stands_against_a_submission_is_told_at_once() {
    let mut story = Story::complete(&OLD_AGE);
    story.applicant =
        Applicant { birth_date: "1960-01-15".parse().ok(), verified: BTreeSet::new(), ial: 1, ..applicant() };
    let told = |story: &Story| {
        let refusal = story.ask(story.command(C::Submit), &APPLICANT).unwrap_err();
        let pointers: Vec<String> = refusal.errors.into_iter().map(|error| error.pointer).collect();
        (refusal.code, pointers)
    };
    let without = |story: &mut Story, field: &str| {
        let patch = [(field.to_owned(), serde_json::Value::Null)].into_iter().collect();
        story.tell(Command::Save(SaveCase { patch }), &APPLICANT).unwrap();
    };
    // He is too young whatever he adds.
    let age = || "/conditions/age".to_owned();
    assert_eq!(told(&story), (RefusalCode::InsufficientIdentity, vec![age()]));
    without(&mut story, "account_number");
    let both = vec!["/facts/account_number".to_owned(), age()];
    assert_eq!(told(&story), (RefusalCode::InsufficientIdentity, both.clone()));
    story.applicant.ial = 2;
    assert_eq!(told(&story), (RefusalCode::ValidationFailed, both));
    let mut story = Story::complete(&OLD_AGE);
    story.applicant.birth_date = "1960-01-15".parse().ok();
    assert_eq!(told(&story), (RefusalCode::NotEligible, vec![age()]));
}

#[test]
fn what_somebody_must_look_up_is_not_decided_by_the_system() {
    static LOOKED_UP: LazyLock<Guide> = LazyLock::new(|| {
        let mut guide = OLD_AGE.clone();
        for material in &mut guide.materials {
            if let MaterialSource::Shared { register } = &mut material.source {
                "social_insurance".clone_into(register);
            }
        }
        guide
    });
    let state = |story: Story| story.then(&[C::Submit]).case.state.name();
    // The population registry was asked when he proved who he is.
    assert_eq!(state(Story::complete(&OLD_AGE)), StateName::Closed);
    assert_eq!(state(Story::complete(&LOOKED_UP)), StateName::Submitted);
}

#[test]
fn a_result_that_is_a_letter_is_written_and_its_number_is_the_result_s() {
    let story = Story::complete(&OLD_AGE);
    let acts = story.ask(story.command(C::Submit), &APPLICANT).unwrap();
    let (mut case, mut letters) = (story.case.clone(), Vec::new());
    for mut act in acts {
        letters::number_results(&case, &mut act.event, letters.len());
        case = evolve(case, act.clone(), story.at).unwrap();
        let owed =
            letters::letters_for(&case, &OLD_AGE.agency, &OLD_AGE, &act.event, story.at, letters.len());
        letters.extend(owed);
    }
    let (issued, _) = results(&case.state);
    let [Issued::Letter { name, number: Some(number) }] = issued else { panic!("{issued:?}") };
    let written = letters.iter().find(|letter| letter.number == *number).unwrap();
    assert_eq!((written.kind, &written.title), (letters::LetterKind::Result, name));
    assert!(written.paragraphs[0].zh.contains(&name.zh) && written.article.is_some());
}
