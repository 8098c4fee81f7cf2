//! A bundle against guides: what is asked where, and what is wrong with it.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::NaiveDate;
use serde_json::{Value, json};

use crate::domain::bundles::*;
use crate::domain::codes::ServiceObject;
use crate::domain::guides::{
    Applicant, ApplicantKind, Facts, Guide, Scenario, SourceFile, Whom, may_follow, read_guide,
};
use crate::domain::text::Text;

/// A small guide: its item, fields, materials, what it issues, its promised days.
fn guide(basic: &str, name: &str, fields: &str, materials: &str, issues: &str, days: u8) -> Guide {
    let yaml = format!(
        "format: 1\ncode: \"11340705MBWXT061304{basic}\"\n\
         item:\n  basic_code: \"{basic}\"\n  name: {{ zh: {name}, en: Item {basic} }}\n  type: \"07\"\n  legal_basis: [{{ law: {{ zh: 法, en: Law }}, article: 第一条, text: 文 }}]\n\
         agency: 11340705MBWXT06130\nregion: \"340705000000\"\nsummary: {{ zh: 简介, en: Summary }}\ntopics: [birth]\n\
         service_objects: [natural_person]\nhandling: promised\n\
         limits: {{ legal: {{ days: 20, unit: working_day }}, promised: {{ days: {days}, unit: working_day }} }}\n\
         fee: {{ amount_fen: 500, basis: {{ zh: 标准, en: Tariff }} }}\nform:\n  fields:\n{fields}\n\
         materials:\n{materials}\n\
         flow: [{{ code: approve, name: {{ zh: 审批, en: Approval }}, role: approver }}]\n\
         results: [{issues}]\ndelivery: [electronic]\ntelephone: {{ enquiry: \"12345\", complaint: \"12345\" }}\n"
    );
    read_guide(&yaml).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

pub(super) const BOOK: &str = "11100000MBWXT0001A002";

pub(super) fn guides() -> Vec<Guide> {
    let registration = guide(
        "000709010001",
        "出生登记",
        "    - { name: child_name, label: { zh: 新生儿姓名, en: Name }, type: text, max_length: 30 }\n\
         \x20   - { name: born, label: { zh: 出生日期, en: Born }, type: date, past: true }\n\
         \x20   - { name: with, label: { zh: 随谁落户, en: With }, type: choice, options: [{ value: mother, label: { zh: 母, en: Mother } }, { value: father, label: { zh: 父, en: Father } }] }\n\
         \x20   - { name: truth, label: { zh: 登记属实, en: It is so }, type: declaration }",
        "  - { code: birth_certificate, name: { zh: 出生医学证明, en: Birth certificate }, source: { own: true } }",
        &format!(
            "{{ certificate: {{ type: \"{BOOK}\", name: {{ zh: 户口簿, en: Book }}, attributes: [child_name], determined: [{{ name: child_id, label: {{ zh: 编制的号码, en: Number }}, type: resident_id }}] }} }}"
        ),
        5,
    );
    let insurance = guide(
        "000736001002",
        "参保登记",
        &format!(
            "    - {{ name: insured, label: {{ zh: 参保人, en: Insured }}, type: text, max_length: 50, prefill: {{ certificate: \"{BOOK}\", attribute: child_name }} }}\n\
             \x20   - {{ name: number, label: {{ zh: 参保人证件号码, en: Number }}, type: resident_id }}\n\
             \x20   - {{ name: kind, label: {{ zh: 类别, en: Kind }}, type: choice, options: [{{ value: newborn, label: {{ zh: 新生儿, en: Newborn }} }}, {{ value: other, label: {{ zh: 其他, en: Other }} }}] }}\n\
             \x20   - {{ name: born, label: {{ zh: 参保人出生日期, en: Born }}, type: date, past: true }}"
        ),
        &format!(
            "  - {{ code: book, name: {{ zh: 户口簿, en: Book }}, source: {{ certificate: \"{BOOK}\" }} }}\n\
             \x20 - {{ code: birth, name: {{ zh: 出生证, en: Birth certificate }}, source: {{ own: true }} }}"
        ),
        "{ letter: { name: { zh: 参保凭证, en: Proof } } }",
        3,
    );
    let card = guide(
        "000714021001",
        "社保卡申领",
        "    - { name: number, label: { zh: 证件号码, en: Number }, type: resident_id }\n\
         \x20   - { name: bank, label: { zh: 银行, en: Bank }, type: text }",
        "  - { code: photo, name: { zh: 相片, en: Photograph }, required: facts.bank == \"x\", source: { own: true } }",
        "{ letter: { name: { zh: 社保卡, en: Card } } }",
        2,
    );
    vec![registration, insurance, card]
}

pub(super) const BUNDLE: &str = r#"format: 1
kind: bundle
code: newborn
name: { zh: 新生儿出生一件事, en: A child is born }
summary: { zh: 一次办好, en: All at once }
leader: 11340705MBWXT06130
region: "340705005002"
life_events: [birth]
parts:
  - code: registration
    item: "000709010001"
    facts: { child_name: child_name, born: born }
  - code: insurance
    item: "000736001002"
    after: [registration]
    facts: { number: child_number, born: born, kind: { value: newborn } }
  - code: card
    item: "000714021001"
    when: facts.wants_card
    after: [registration]
    facts: { number: child_number }
form:
  fields:
    - { name: child_name, label: { zh: 孩子姓名, en: Child }, type: text, max_length: 30 }
    - { name: born, label: { zh: 孩子出生日期, en: Born }, type: date, past: true }
    - { name: wants_card, label: { zh: 同时申领社保卡, en: A card too }, type: boolean }
    - { name: child_number, label: { zh: 孩子身份号码, en: Number of the child }, type: resident_id }
later: { child_number: registration }
materials:
  - { code: birth, name: { zh: 出生医学证明原件, en: Birth certificate }, serves: { registration: birth_certificate, insurance: birth } }
promised: { days: 8, unit: working_day }
telephone: { enquiry: "12345", complaint: "12345" }
"#;

pub(super) fn bind(yaml: &str) -> (Plan, Vec<Misfit>) {
    bind_to(yaml, &guides())
}

/// As a new file is checked.
pub(super) fn bind_to(yaml: &str, guides: &[Guide]) -> (Plan, Vec<Misfit>) {
    let (plan, mut misfits) = bind_published(yaml, guides);
    misfits.extend(plan.faults_of_a_new_file());
    (plan, misfits)
}

/// As what was published is read.
pub(super) fn bind_published(yaml: &str, guides: &[Guide]) -> (Plan, Vec<Misfit>) {
    let source = SourceFile::parse(yaml);
    let bundle = source.to_bundle(None).unwrap_or_else(|problems| panic!("{problems:#?}"));
    let region = bundle.region.clone();
    Plan::bind(bundle, &|part| serving(&part.implements, &region, guides).cloned())
}

/// The guides, with the label of a field another.
pub(super) fn guides_with(label: &str, other: &str) -> Vec<Guide> {
    let mut guides = guides();
    let mut fields = guides.iter_mut().flat_map(|guide| &mut guide.form.fields);
    fields.find(|field| field.label.zh == label).unwrap().label.zh = other.to_owned();
    guides
}

pub(super) fn plan() -> Plan {
    let (plan, misfits) = bind(BUNDLE);
    assert_eq!(misfits, []);
    plan
}

/// What is wrong when the first text is replaced by the second: the places, in order.
#[track_caller]
pub(super) fn wrong(what: &str, by: &str) -> Vec<String> {
    assert!(BUNDLE.contains(what), "{what}");
    let yaml = BUNDLE.replacen(what, by, 1);
    let misfits = bind(&yaml).1;
    for misfit in &misfits {
        assert!(!misfit.reason.zh.is_empty() && !misfit.reason.en.is_empty());
        assert!(
            SourceFile::parse(&yaml).problem_at(&misfit.path, misfit.reason.clone()).line > 1,
            "{misfit:?}"
        );
    }
    misfits.into_iter().map(|misfit| misfit.path).collect()
}

fn facts(value: Value) -> Facts {
    serde_json::from_value(value).unwrap()
}

fn applicant() -> Applicant {
    Applicant {
        kind: ApplicantKind::NaturalPerson,
        name: "陈示例".to_owned(),
        id_number: None,
        birth_date: None,
        gender: None,
        residence: None,
        mobile: None,
        ial: 3,
        verified: BTreeSet::new(),
    }
}

fn today() -> NaiveDate {
    "2026-03-02".parse().unwrap()
}

pub(super) fn complete() -> Facts {
    facts(json!({
        "child_name": "陈新生", "born": "2026-02-20", "wants_card": true,
        "registration": { "with": "mother", "truth": true },
        "card": { "bank": "徽商银行" },
    }))
}

pub(super) fn try_out<'p>(plan: &'p Plan, facts: &Facts) -> Found<'p> {
    evaluate(plan, facts, &[], Whom::Known(&applicant()), today(), &|_| true, None)
}

#[test]
fn nothing_shared_fixed_or_supplied_is_asked_in_a_section() {
    let plan = plan();
    let sections: Vec<Vec<&str>> = plan
        .parts
        .iter()
        .map(|planned| planned.section.fields.iter().map(|field| field.name.as_str()).collect())
        .collect();
    assert_eq!(sections, [vec!["with", "truth"], vec![], vec!["bank"]]);
    assert_eq!(plan.part("insurance").unwrap().fed["insured"], "registration");
    let materials: Vec<&str> = plan.materials.iter().map(|joint| joint.code.as_str()).collect();
    assert_eq!(materials, ["birth", "card.photo"]);
    assert_eq!(plan.part("insurance").unwrap().fed_materials["book"], "registration");
}

#[test]
fn the_facts_of_a_case_are_put_together_from_what_was_asked_once() {
    let plan = plan();
    let mut joint = complete();
    joint.set("child_number", "11010519491231002x");
    let of = |code: &str| {
        let planned = plan.part(code).unwrap();
        serde_json::to_value(plan.facts_of(planned, &joint, Whom::Known(&applicant()), today())).unwrap()
    };
    assert_eq!(
        of("registration"),
        json!({ "child_name": "陈新生", "born": "2026-02-20", "with": "mother", "truth": true })
    );
    assert_eq!(
        of("insurance"),
        json!({ "number": "11010519491231002X", "born": "2026-02-20", "kind": "newborn" })
    );
    assert_eq!(of("card"), json!({ "number": "11010519491231002X", "bank": "徽商银行" }));
}

#[test]
fn what_an_earlier_part_brings_is_waited_for_and_everything_else_is_told_at_once() {
    let plan = plan();
    let found = try_out(&plan, &complete());
    assert_eq!(found.field_errors, []);
    assert!(found.eligible);
    assert_eq!(found.required.iter().collect::<Vec<_>>(), ["birth"]);
    assert_eq!(found.fee_fen, 1500);
    let faults = found.faults(&plan, &|_| false);
    assert_eq!(faults.iter().map(|fault| fault.pointer.as_str()).collect::<Vec<_>>(), ["/materials/birth"]);
    assert_eq!(found.faults(&plan, &|code| code == "birth"), []);

    let nothing = try_out(&plan, &Facts::new());
    let pointers: Vec<&str> = nothing.field_errors.iter().map(|error| error.pointer.as_str()).collect();
    let expected = [
        "/facts/child_name",
        "/facts/born",
        "/facts/wants_card",
        "/facts/registration/with",
        "/facts/registration/truth",
    ];
    assert_eq!(pointers, expected);
    assert_eq!(nothing.parts[2].needed, None);
    let shown = |found: &Found<'_>| -> Vec<String> {
        found.shown.iter().filter(|field| field.required).map(|field| field.pointer.clone()).collect()
    };
    assert_eq!(shown(&nothing), expected);
    assert_eq!(shown(&found), [&expected[..], &["/facts/card/bank"]].concat());
}

/// The bundle, whose card is given out on this condition.
fn plan_where_the_card_asks(when: &str) -> Plan {
    let number = "    - { name: number, label: { zh: 证件号码, en: Number }, type: resident_id }";
    let asks = format!(
        "  []\nconditions:\n  - {{ code: asked, when: '{when}', text: {{ zh: 条件, en: Condition }} }}"
    );
    let letter = "{ letter: { name: { zh: 社保卡, en: Card } } }";
    let mut guides = guides();
    guides[2].conditions = guide("000714021001", "社保卡申领", number, &asks, letter, 2).conditions;
    bind_to(BUNDLE, &guides).0
}

#[test]
fn nobody_is_eligible_by_what_was_not_said_of_him_and_what_a_part_will_supply_is_not_held_against_him() {
    let found = |when: &str, whom: Whom<'_>| {
        let plan = plan_where_the_card_asks(when);
        let found = evaluate(&plan, &complete(), &[], whom, today(), &|_| true, None);
        (found.eligible, found.parts[2].unmet.len(), found.parts[2].open.len())
    };
    let applicant = applicant();
    let (known, described) = (Whom::Known(&applicant), Whom::Described(&applicant));
    assert_eq!(found("applicant.age >= 18", described), (false, 0, 1));
    assert_eq!(found("applicant.age >= 18", known), (false, 1, 0));
    assert_eq!(found("facts.number.startsWith(\"1\")", known), (true, 0, 1));
}

#[test]
fn a_part_the_answers_do_not_call_for_asks_nothing_and_costs_nothing() {
    let plan = plan();
    let mut joint = complete();
    joint.set("wants_card", false);
    joint.set("card", Value::Null);
    let found = try_out(&plan, &joint);
    assert_eq!(found.field_errors, []);
    assert_eq!(found.not_needed().into_iter().collect::<Vec<_>>(), ["card"]);
    assert_eq!((found.fee_fen, found.parts[2].needed), (1000, Some(false)));
}

#[test]
fn a_pointer_into_a_case_leads_to_where_it_was_answered() {
    let plan = plan();
    let insurance = plan.part("insurance").unwrap();
    for (inside, joint) in [
        ("/facts/number", "/facts/child_number"),
        ("/facts/insured", "/facts/insurance/insured"),
        ("/facts/kind", "/facts/insurance/kind"),
        ("/materials/birth", "/materials/birth"),
        ("/materials/book", "/materials/insurance.book"),
        ("/conditions/age", "/parts/insurance/conditions/age"),
    ] {
        assert_eq!(plan.joint_pointer(insurance, inside), joint);
    }
}

#[test]
fn drafts_are_checked_for_what_is_there() {
    let plan = plan();
    assert_eq!(plan.check_partial(&complete()), []);
    let wrong = facts(json!({
        "born": "yesterday", "nobody_asks": 1, "registration": { "with": "uncle", "born": "2026-01-01" }, "card": 7,
    }));
    let pointers: BTreeSet<String> =
        plan.check_partial(&wrong).into_iter().map(|error| error.pointer).collect();
    let expected = [
        "/facts/born",
        "/facts/card",
        "/facts/nobody_asks",
        "/facts/registration/born",
        "/facts/registration/with",
    ];
    assert_eq!(pointers.into_iter().collect::<Vec<_>>(), expected);
}

#[test]
fn the_joint_schema_has_each_question_once() {
    let schema = joint_schema(&plan());
    let properties: Vec<&String> = schema["properties"].as_object().unwrap().keys().collect();
    assert_eq!(
        properties,
        ["born", "card", "child_name", "child_number", "insurance", "registration", "wants_card"]
    );
    assert_eq!(schema["required"], json!(["child_name", "born", "wants_card", "registration"]));
    assert_eq!(schema["properties"]["registration"]["required"], json!(["with", "truth"]));
    assert_eq!(schema["x-wanshitong"]["later"], json!({ "child_number": "registration" }));
    let gives = &schema["properties"]["insurance"]["x-wanshitong"]["gives"];
    assert_eq!(
        *gives,
        json!({ "born": { "shared": "born" }, "kind": { "value": "newborn" }, "number": { "shared": "child_number" } })
    );
    let validator = jsonschema::validator_for(&schema).unwrap();
    assert!(validator.is_valid(&serde_json::to_value(complete()).unwrap()));
}

/// What is replaced, by what, and the places of what is wrong then.
#[rustfmt::skip]
const MISFITS: &[(&str, &str, &[&str])] = &[
        // Parts.
        ("item: \"000736001002\"", "item: \"000736001999\"", &["/parts/1/item"]),
        ("code: card\n", "code: born\n", &["/parts/2/code"]),
        (
            "facts: { child_name: child_name, born: born }",
            "scenario: new\n    facts: { child_name: child_name, born: born }",
            &["/parts/0/scenario"],
        ),
        // Order.
        (
            "after: [registration]\n    facts: { number: child_number }",
            "after: [birth]\n    facts: { number: child_number }",
            &["/parts/2/after"],
        ),
        (
            "item: \"000709010001\"\n",
            "item: \"000709010001\"\n    after: [insurance]\n",
            &["/parts/0/after"],
        ),
        (
            "item: \"000709010001\"\n",
            "item: \"000709010001\"\n    after: [registration]\n",
            &["/parts/0/after"],
        ),
        // Mappings.
        (
            "{ child_name: child_name, born: born }",
            "{ child_name: child_name, bron: born }",
            &["/parts/0/facts/bron"],
        ),
        (
            "{ number: child_number, born: born,",
            "{ numbre: child_number, born: born,",
            &["/parts/1/facts/numbre"],
        ),
        (
            "{ child_name: child_name, born: born }",
            "{ child_name: child_nam, born: born }",
            &["/parts/0/facts/child_name", "/form/fields/0"],
        ),
        (
            "{ child_name: child_name, born: born }",
            "{ child_name: born, born: born }",
            &["/parts/0/facts/child_name", "/form/fields/0"],
        ),
        ("kind: { value: newborn }", "kind: { value: grown_up }", &["/parts/1/facts/kind/value"]),
        (
            "{ child_name: child_name, born: born }",
            "{ child_name: child_name, born: born, truth: { value: true } }",
            &["/parts/0/facts/truth/value"],
        ),
        ("type: text, max_length: 30", "type: text, max_length: 99", &["/parts/0/facts/child_name"]),
        (
            "type: text, max_length: 30",
            "type: text, max_length: 30, required: false",
            &["/parts/0/facts/child_name"],
        ),
        (
            "type: text, max_length: 30",
            "type: text, max_length: 30, visible_when: applicant.ial > 1",
            &["/parts/0/facts/child_name"],
        ),
        ("type: date, past: true", "type: date", &["/parts/0/facts/born", "/parts/1/facts/born"]),
        // The shared form.
        (
            "    - { name: wants_card,",
            "    - { name: idle, label: { zh: 无用, en: Idle }, type: boolean }\n    - { name: wants_card,",
            &["/form/fields/2"],
        ),
        (
            "{ child_number: registration }",
            "{ child_number: nobody }",
            &["/later/child_number", "/parts/1/facts/number", "/parts/2/facts/number"],
        ),
        (
            "{ child_number: registration }",
            "{ child_number: card }",
            &["/parts/1/facts/number", "/parts/2/facts/number"],
        ),
        (
            "{ child_number: registration }",
            "{ child_number: registration, wants_card: registration }",
            &["/parts/2/when"],
        ),
        (
            "facts: { child_name: child_name, born: born }",
            "on_refusal: continue\n    facts: { child_name: child_name, born: born }",
            &["/later/child_number"],
        ),
        // Materials.
        ("insurance: birth }", "insurance: birht }", &["/materials/0/serves/insurance"]),
        ("insurance: birth }", "insurance: book }", &["/materials/0/serves/insurance"]),
        ("insurance: birth }", "nobody: birth }", &["/materials/0/serves/nobody"]),
        // Nothing twice.
        ("facts: { child_name: child_name, born: born }", "facts: { child_name: child_name }", &["/parts/0/facts"]),
        ("facts: { child_name: child_name, born: born }", "facts: { child_name: child_name, born: { own: true } }", &[]),
        ("label: { zh: 孩子姓名, en: Child }", "label: { zh: 银行, en: Bank }", &["/parts/2/facts"]),
        // The joint promise: between the longest way and all parts one by one.
        ("promised: { days: 8", "promised: { days: 7", &["/promised"]),
        ("promised: { days: 8", "promised: { days: 11", &["/promised"]),
        ("promised: { days: 8", "promised: { days: 10", &[]),
];

#[test]
fn everything_that_does_not_fit_is_told_at_its_place() {
    for (what, by, places) in MISFITS {
        let mut found = wrong(what, by);
        let mut expected: Vec<String> = places.iter().map(|place| (*place).to_owned()).collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{what} → {by}");
    }
}

#[test]
fn a_circle_is_told_once_and_nothing_that_follows_from_it() {
    let yaml =
        BUNDLE.replacen("number: child_number", "number: { part: registration, attribute: child_id }", 1);
    let yaml =
        yaml.replacen("item: \"000709010001\"\n", "item: \"000709010001\"\n    after: [insurance]\n", 1);
    let misfits = bind(&yaml).1;
    assert_eq!(misfits.len(), 1, "{misfits:#?}");
    assert_eq!(misfits[0].path, "/parts/0/after");
    assert!(misfits[0].reason.en.contains("“registration”, “insurance”"), "{misfits:#?}");
    assert!(misfits[0].reason.zh.contains("“registration”、“insurance”"), "{misfits:#?}");
}

#[test]
fn a_scenario_there_is_none_of_is_told_without_what_follows_from_it() {
    let mut guides = guides();
    let scenario = Scenario {
        code: "in_hospital".to_owned(),
        name: Text::new("医院", "Hospital"),
        guide: Arc::new(guides[0].clone()),
    };
    // What all scenarios have in common is nothing of this.
    guides[0].scenarios = vec![scenario];
    guides[0].limits.promised.days = 20;
    (guides[0].form.fields, guides[0].results) = (Vec::new(), Vec::new());
    let paths = |scenario: &str| -> Vec<String> {
        let yaml = BUNDLE
            .replacen("number: child_number", "number: { part: registration, attribute: child_id }", 1)
            .replacen("    item: \"000709010001\"\n", &format!("    item: \"000709010001\"\n{scenario}"), 1);
        bind_to(&yaml, &guides).1.into_iter().map(|misfit| misfit.path).collect()
    };
    assert_eq!(paths("    scenario: in_hospital\n"), [""; 0]);
    assert_eq!(paths("    scenario: in_hospitl\n"), ["/parts/0/scenario"]);
    assert_eq!(paths(""), ["/parts/0/scenario"]);
}

#[test]
fn what_rests_on_the_code_of_a_part_is_not_told_while_that_is_wrong() {
    let follows = |mistake: &str, path: &str| {
        let mistake = SourceFile::parse(BUNDLE).problem_at(mistake, Text::new("误", "Wrong"));
        may_follow(path, &mistake)
    };
    for path in
        ["/parts/0/facts", "/parts/2/after", "/materials/0/serves/card", "/form/fields/1", "/promised"]
    {
        assert!(follows("/parts/1/code", path), "{path}");
    }
    // Which guide another part is does not.
    assert!(!follows("/parts/1/code", "/parts/2/item") && !follows("/parts/1/code", "/parts/2/scenario"));
    assert!(follows("/parts/1/code", "/parts/1/scenario"));
    // What is wrong otherwise in a part is its own affair, not that of a material with its number.
    assert!(follows("/parts/0/when", "/parts/0/facts") && !follows("/parts/0/when", "/parts/1/facts"));
    assert!(!follows("/parts/0/when", "/materials/0/serves/card"));
}

#[test]
fn what_is_wrong_with_an_entry_of_a_list_is_told_on_its_line() {
    let source = SourceFile::parse(BUNDLE);
    let line = |path: &str| source.problem_at(path, Text::new("误", "Wrong")).line;
    let of = |words: &str| BUNDLE.lines().position(|line| line.contains(words)).unwrap() + 1;
    assert_eq!(line("/form/fields/2"), of("name: wants_card"));
    assert_eq!(line("/parts/2"), of("code: card"));
    assert_eq!(line("/parts/2/scenario"), of("code: card"), "what is not there stands at what is around it");
    // What has a key stands at it.
    assert_eq!(line("/parts/1/facts"), of("kind: { value: newborn }"));
    assert_eq!(line("/form/fields"), of("  fields:"));
    assert_eq!(line("/promised"), of("promised:"));
}

#[test]
fn a_promise_that_a_guide_outgrew_is_for_the_next_file_and_closes_no_bundle() {
    let mut slower = guides();
    slower[1].limits.promised.days = 9;
    assert_eq!(bind_published(BUNDLE, &slower).1, []);
    let told: Vec<String> = bind_to(BUNDLE, &slower).1.into_iter().map(|misfit| misfit.path).collect();
    assert_eq!(told, ["/promised"]);
}

#[test]
fn the_shape_of_the_file_is_told_with_lines() {
    for (what, by, path, line) in [
        ("code: newborn", "code: New", "/code", 3),
        ("leader: 11340705MBWXT06130", "leader: 12345", "/leader", 6),
        ("when: facts.wants_card", "when: facts.wants_crad", "/parts/2/when", 19),
        ("{ zh: 一次办好, en: All at once }", "一次办好", "/summary", 5),
        ("    item: \"000709010001\"\n", "", "/parts/0", 10),
        ("kind: { value: newborn }", "kind: { own: false }", "/parts/1/facts/kind/own", 16),
        ("life_events: [birth]", "life_event: [birth]", "/life_event", 8),
        ("code: card\n", "code: insurance\n", "/parts/2/code", 17),
    ] {
        let problems = SourceFile::parse(&BUNDLE.replacen(what, by, 1)).to_bundle(None).unwrap_err();
        let found: Vec<(&str, usize)> = problems.iter().map(|p| (p.path.as_str(), p.line)).collect();
        assert!(found.contains(&(path, line)), "{by}: {problems:#?}");
    }
}

#[test]
fn the_nearest_agency_serves_the_part() {
    let mut all = guides();
    let mut city = all[2].clone();
    city.region = "340700000000".parse().unwrap();
    city.code = "11340700MBWXT020XG3000714021001".parse().unwrap();
    all.insert(0, city);
    let bundle = plan().bundle;
    let found = serving(&bundle.parts[2].implements, &bundle.region, &all).unwrap();
    assert_eq!(found.region.as_str(), "340705000000");
    let elsewhere = "340706000000".parse().unwrap();
    assert_eq!(
        serving(&bundle.parts[2].implements, &elsewhere, &all).unwrap().region.as_str(),
        "340700000000"
    );
    assert!(serving(&bundle.parts[0].implements, &elsewhere, &all).is_none());
}

#[test]
fn rows_are_asked_once_and_each_part_gets_its_columns() {
    use crate::domain::bundles::fit::{narrowed, unfit};
    let columns = |rows: &str| {
        let fields = format!(
            "    - {{ name: staff, label: {{ zh: 职工, en: Staff }}, type: group, fields: [{rows}] }}"
        );
        let letter = "{ letter: { name: { zh: 函, en: Letter } } }";
        guide("000709010001", "登记", &fields, "  []", letter, 1).form.fields[0].kind.clone()
    };
    let (name, wage, since) = (
        "{ name: name, label: { zh: 姓名, en: Name }, type: text }",
        "{ name: wage, label: { zh: 工资, en: Wage }, type: money }",
        "{ name: since, label: { zh: 入职, en: Since }, type: date, required: false }",
    );
    let all = columns(&format!("{name}, {wage}, {since}"));
    let narrow = columns(&format!("{name}, {since}"));
    assert_eq!(unfit(&all, &narrow), None);
    assert_eq!(unfit(&columns(name), &narrow), None, "what is optional may be missing");
    assert_eq!(unfit(&columns(wage), &narrow).unwrap().en, "rows with “name”");
    let row = json!([{ "name": "陈示例", "wage": 500000, "since": "2026-01-05" }]);
    assert_eq!(narrowed(&row, &narrow), json!([{ "name": "陈示例", "since": "2026-01-05" }]));
}

#[test]
fn an_answer_that_came_to_exist_is_asked_for_also_where_the_part_would_do_without() {
    let plan = plan();
    let insurance = plan.part("insurance").unwrap();
    let faults = |joint: &Facts| {
        let found = plan.later_faults(insurance, joint, &applicant(), today(), &|_| true);
        found.into_iter().map(|fault| (fault.pointer, fault.code)).collect::<Vec<_>>()
    };
    assert_eq!(faults(&Facts::new()), [("/facts/child_number".to_owned(), "required")]);
    let mut joint = complete();
    joint.set("child_number", "11010519491231002X");
    assert_eq!(faults(&joint), []);
}

#[test]
fn a_bundle_is_about_what_its_guides_are_and_for_whom_it_begins_with() {
    let bundle = plan().bundle;
    let mut all = guides();
    for (guide, (topic, served)) in all.iter_mut().zip([
        ("household", ServiceObject::NaturalPerson),
        ("birth", ServiceObject::Enterprise),
        ("household", ServiceObject::Other),
    ]) {
        (guide.topics, guide.service_objects) = (vec![topic.to_owned()], vec![served]);
    }
    let of = |guides: &[Guide]| Scope::of(&bundle, |part| serving(&part.implements, &bundle.region, guides));
    let (topics, service_objects) =
        (vec!["birth".to_owned(), "household".to_owned()], vec![ServiceObject::NaturalPerson]);
    assert_eq!(of(&all), Scope { topics, service_objects });
    // Without the guide it begins with nobody knows whom it is for.
    assert_eq!(of(&all[1..]).service_objects, []);
    assert_eq!(of(&[]), Scope::default());
}
