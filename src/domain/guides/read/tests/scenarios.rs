//! Scenarios, rows and fields nobody sees; what may not be asked, and of whom.

use super::super::SourceFile;
use super::inheritance::Files;
use crate::domain::guides::Register;
use crate::domain::guides::model::Question;

const TWO: &str = "scenarios:
  - { code: first, name: { zh: 首次, en: First } }
  - { code: change, name: { zh: 变更, en: Change }, visits: 1, limits: { promised: { days: 9, unit: working_day } } }
";

/// A guide of two scenarios with these lines besides; its example is of the first.
fn two(lines: &str) -> Files {
    let files = Files::local(&format!("{TWO}{lines}"));
    files.guide_with("    today: 2026-03-02", "    scenario: first\n    today: 2026-03-02")
}

/// A guide with these fields above the last.
fn fields(fields: &str) -> Files {
    let fields: String = fields.lines().map(|field| format!("      - {field}\n")).collect();
    Files::new().item_with("      - name: truth\n", &format!("{fields}      - name: truth\n"))
}

#[test]
fn a_scenario_is_a_guide_of_its_own() {
    let guide = two("form: { fields: [{ name: old, label: { zh: 原号, en: Old number }, type: text, scenarios: [change] }] }").guide();
    let (first, change) = (guide.handled_as(Some("first")), guide.handled_as(Some("change")));
    assert!(first.form.field("old").is_none() && change.form.field("old").is_some());
    assert_eq!((first.visits, change.visits), (0, 1));
    assert_eq!((change.limits.promised.days, change.limits.legal.days), (9, 20));
    assert_eq!(first.limits.promised.days, 5);
}

#[test]
fn an_expression_that_asks_for_anothers_field_is_told_with_the_scenarios_name() {
    let told = two(
        "form: { fields: [{ name: old, label: { zh: 原号, en: Old number }, type: text, scenarios: [change] }] }\n\
         conditions: [{ code: had, when: facts.old != \"0\", text: { zh: 有原号, en: Has one } }]",
    )
    .told();
    assert!(told.starts_with("File:/conditions/0/when: In scenario first: "), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
    let told = two(
        "form: { fields: [{ name: old, label: { zh: 原号, en: Old number }, type: text, scenarios: [change] }] }\n\
         conditions: [{ code: had, when: facts.old != \"0\", text: { zh: 有原号, en: Has one }, scenarios: [change] }]",
    );
    assert_eq!(told.told(), "");
}

#[test]
fn what_a_scenario_says_for_itself_is_checked_for_it() {
    let told = Files::local("scenarios: [{ code: slow, name: { zh: 慢, en: Slow }, limits: { promised: { days: 21, unit: working_day } } }]")
        .guide_with("    today: 2026-03-02", "    scenario: slow\n    today: 2026-03-02")
        .told();
    assert!(told.contains("/scenarios/0/limits/promised: In scenario slow: The promised limit"), "{told}");
    let told = two("").guide_with("visits: 1", "delivery: [courier]").told();
    assert!(told.contains("There is no key “delivery”"), "{told}");
}

#[test]
fn every_scenario_is_reached_and_every_name_is_known() {
    let questions =
        |answers: &str| format!("questions:\n  ask: {{ zh: 问, en: Which }}\n  answers:\n{answers}");
    let answer = |code: &str| format!("    - {{ answer: {{ zh: 答{code}, en: This }}, scenario: {code} }}\n");
    let both = two(&questions(&(answer("first") + &answer("change"))));
    let asked = both.guide().questions.unwrap();
    assert_eq!(Question::scenarios(&asked).len(), 2);
    let told = two(&questions(&answer("first"))).told();
    assert!(told.contains("/questions: No answer leads to change; add one."), "{told}");
    let told = two(&questions(&(answer("first") + &answer("change") + &answer("third")))).told();
    assert!(told.contains("There is no scenario “third”; there are first, change."), "{told}");
    let told = two("conditions: [{ code: residence, scenarios: [third] }]").told();
    assert!(told.contains("There is no scenario “third”; there are first, change."), "{told}");
    let told = Files::local(TWO).told();
    assert!(told.contains("/examples/0: Say which scenario it is: first, change."), "{told}");
}

#[test]
fn questions_lead_and_do_not_examine() {
    let mut answers = "answers: [{ answer: { zh: 答, en: This }, scenario: first }, { answer: { zh: 另一个, en: That }, scenario: change }]".to_owned();
    let mut told = Vec::new();
    for _ in 0..7 {
        told.push(two(&format!("questions: {{ ask: {{ zh: 问, en: Which }}, {answers} }}")).told());
        answers =
            format!("answers: [{{ answer: {{ zh: 答, en: On }}, ask: {{ zh: 问, en: Next }}, {answers} }}]");
    }
    assert_eq!(told[..5].concat(), "");
    assert!(told[6].contains("Questions go 5 deep at most"), "{told:?}");
}

#[test]
fn expressions_look_into_rows() {
    let with = |when: &str| {
        fields(
            "{ name: members, label: { zh: 成员, en: Members }, type: group, fields: [{ name: age, label: { zh: 年龄, en: Age }, type: number }, { name: x, label: { zh: 其他, en: Other }, type: text, required: false }] }",
        )
        .item_with("in_region(applicant.residence, guide.region)", when)
    };
    let told = |when: &str| super::inheritance::lines(with(when).item().map(drop));
    for sound in [
        "facts.members.all(m, m.age >= 18)",
        "facts.members.exists(m, has(m.x) && m.x == 'a')",
        "size(facts.members) > 1",
    ] {
        assert_eq!(told(sound), "", "{sound}");
        assert_eq!(with(sound).told(), "", "{sound}");
    }
    for wrong in [
        "facts.members.all(m, m.agee >= 18)",
        "facts.members.all(m, m.age >= 'x')",
        "facts.members.exists(m, m.x == 'a')",
        "facts.members == 2",
    ] {
        assert!(told(wrong).contains("/guide/conditions/0/when"), "{wrong}: {}", told(wrong));
    }
}

#[test]
fn a_field_nobody_can_see_is_told() {
    let choice = "{ name: kind, label: { zh: 种类, en: Kind }, type: choice, options: [{ value: a, label: { zh: 甲, en: A } }, { value: b, label: { zh: 乙, en: B } }] }";
    let told = |rest: &str| super::inheritance::lines(fields(&format!("{choice}\n{rest}")).item().map(drop));
    let seen = |name: &str, when: &str| {
        format!("{{ name: {name}, label: {{ zh: 项, en: Thing }}, type: boolean, visible_when: '{when}' }}")
    };
    let never = "No answers can ever make this field visible";
    assert!(told(&seen("x", r#"facts.kind == "a" && facts.kind == "b""#)).contains(never));
    assert!(told(&seen("x", "facts.on_behalf && !facts.on_behalf")).contains(never));
    // Through the condition of the field it hangs on.
    let chain =
        [seen("x", r#"facts.kind == "a""#), seen("y", r#"facts.kind == "b" && has(facts.x)"#)].join("\n");
    assert!(told(&chain).contains(never), "{}", told(&chain));
    let chain = [seen("x", r#"facts.kind == "a""#), seen("y", "has(facts.x) && facts.x")].join("\n");
    assert_eq!(told(&chain), "");
    // What hangs on the applicant or on free answers may be seen.
    assert_eq!(told(&seen("x", "applicant.age > 200")), "");
    assert_eq!(told(&seen("x", r#"facts.reason == "x""#)), "");
}

fn register() -> Register {
    let file = "format: 1\nkind: certificate_types\ntypes:\n  - { type: 11100000000013338W001, name: { zh: 授权书电子证照, en: Authorisation }, supplies: [授权委托书], attributes: [name] }\n";
    Register::new(SourceFile::parse(file).into_certificate_types().unwrap())
}

#[test]
fn nothing_a_certificate_supplies_is_asked_for() {
    let register = register();
    let told = Files::new().told_with(Some(&register));
    assert!(
        told.contains("Item:/guide/materials/0/source: The certificate “Authorisation” supplies"),
        "{told}"
    );
    let why = Files::local(
        "materials: [{ code: authorisation, own_because: { zh: 须当面签名, en: It is signed in person } }]",
    );
    assert_eq!(why.told_with(Some(&register)), "");
    let from = |of: &str| {
        Files::local(&format!("materials: [{{ code: authorisation, source: {{ certificate: {of} }} }}]"))
    };
    assert_eq!(from("11100000000013338W001").told_with(Some(&register)), "");
    let unknown = from("11100000000013338W002");
    let told = unknown.told_with(Some(&register));
    assert!(told.contains("no certificate type 11100000000013338W002"), "{told}");
    assert_eq!(unknown.told(), "", "without a register nothing is known");
}

#[test]
fn certificates_that_are_issued_or_prefilled_from_are_in_the_register() {
    let register = register();
    let why =
        "materials: [{ code: authorisation, own_because: { zh: 须当面签名, en: It is signed in person } }]";
    let issued = |of: &str| {
        Files::local(&format!(
            "{why}\nresults: [{{ certificate: {{ type: {of}, name: {{ zh: 证, en: Card }} }} }}]"
        ))
    };
    assert_eq!(issued("11100000000013338W001").told_with(Some(&register)), "");
    assert!(
        issued("11100000000013338W009").told_with(Some(&register)).contains("/results/0/certificate/type")
    );
    let filled = |of: &str, attribute: &str| {
        Files::local(&format!("{why}\nform: {{ fields: [{{ name: reason, prefill: {{ certificate: {of}, attribute: {attribute} }} }}] }}"))
            .told_with(Some(&register))
    };
    assert_eq!(filled("11100000000013338W001", "name"), "");
    assert!(filled("11100000000013338W001", "colour").contains("does not say “colour”; it says name."));
    assert!(filled("11100000000013338W009", "name").contains("no certificate type"));
}

#[test]
fn no_rule_rests_on_the_channel() {
    for when in ["channel == \"window\"", "facts.on_behalf || channel != \"pc\""] {
        let told = Files::local(&format!(
            "conditions: [{{ code: here, when: '{when}', text: {{ zh: 到场, en: In person }} }}]"
        ))
        .told();
        assert!(told.contains("no rule may rest on channel") && told.contains("cite the article"), "{told}");
    }
}
