//! What a dry run says firmly, and what it leaves open.

use super::*;

/// The guide with these expressions for its condition and for the material asked for last.
fn asking(condition: &str, required: &str) -> Guide {
    let yaml = VALID.replace("    when: applicant.age >= 80", &format!("    when: '{condition}'"));
    let materials = "\nmaterials:\n";
    let asked = format!(
        "{materials}  - code: asked\n    name: {{ zh: 委托书, en: Authorisation }}\n    source: {{ own: true }}\n    required: '{required}'\n"
    );
    assert!(yaml.contains(condition) && yaml.contains(materials));
    read_guide(&yaml.replacen(materials, &asked, 1)).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

/// What is said when the condition, and whether a material is required, rest on the same.
fn said(rule: &str, facts: &Facts, whom: Whom<'_>) -> Option<bool> {
    let guide = asking(rule, rule);
    let outcome = evaluate(&guide, facts, whom, today(), &everywhere, None);
    let need = &outcome.materials[0];
    let required = (!need.open).then_some(need.required);
    let met = match (outcome.unmet.len(), outcome.open.len()) {
        (0, 0) => Some(true),
        (1, 0) => Some(false),
        _ => None,
    };
    assert_eq!((met, outcome.eligible), (required, met == Some(true)), "{rule}");
    met
}

fn nobody_described() -> Applicant {
    let nothing = Applicant { name: String::new(), birth_date: None, gender: None, ..applicant() };
    Applicant { residence: None, ial: 1, ..nothing }
}

#[test]
fn what_was_not_said_of_the_applicant_counts_neither_for_him_nor_against_him() {
    let (nobody, whole) = (nobody_described(), complete());
    for open in [
        "applicant.age < 18",
        "!(applicant.age < 18)",
        "applicant.residence == \"\"",
        "in_region(applicant.residence, guide.region)",
        "applicant.gender == \"unknown\"",
        "years(applicant.birth_date, today) >= 60",
        "applicant.ial >= 3",
        "applicant.age < 18 || facts.household < 1",
    ] {
        assert_eq!(said(open, &whole, Whom::Described(&nobody)), None, "{open}");
        assert!(said(open, &whole, Whom::Known(&nobody)).is_some(), "a decision is firm: {open}");
    }
    for (firm, truth) in [
        ("applicant.kind == \"natural_person\"", true),
        ("facts.household >= 1 || applicant.age < 18", true),
        ("applicant.age < 18 || facts.household >= 1", true),
        ("applicant.age < 18 && facts.household < 1", false),
    ] {
        assert_eq!(said(firm, &whole, Whom::Described(&nobody)), Some(truth), "{firm}");
    }
    let described = Applicant { ial: 1, ..applicant() };
    assert_eq!(said("applicant.age >= 18", &whole, Whom::Described(&described)), Some(true));
}

#[test]
fn an_answer_that_is_missing_or_wrong_leaves_open_what_rests_on_it() {
    let known = applicant();
    let told = |rule: &str, facts: &Facts| said(rule, facts, Whom::Known(&known));
    for facts in [Facts::new(), changed(json!({ "household": "many" })), changed(json!({ "household": -1 }))]
    {
        assert_eq!(told("facts.household > 2", &facts), None);
        assert_eq!(told("!(facts.household > 2)", &facts), None);
        assert_eq!(told("facts.household > 2 && applicant.age < 18", &facts), Some(false));
    }
    assert_eq!(told("facts.household > 2", &changed(json!({ "household": 3 }))), Some(true));
    assert_eq!(told("facts.household > 2", &changed(json!({ "household": 2 }))), Some(false));
}

#[test]
fn whether_there_is_an_answer_is_known_where_it_is_hidden_or_may_be_left_out() {
    let known = applicant();
    let told = |rule: &str, facts: &Facts| said(rule, facts, Whom::Known(&known));
    let account = "has(facts.bank_account)";
    assert_eq!(told(account, &Facts::new()), None, "whether it is asked for is not known");
    assert_eq!(
        told(account, &changed(json!({ "pay_by": "bank", "bank_account": null }))),
        None,
        "it is asked for"
    );
    assert_eq!(told(account, &changed(json!({ "pay_by": "cash" }))), Some(false), "it is hidden");
}
