//! What a dry run says firmly, and what it leaves open.

use proptest::prelude::*;

use super::*;
use crate::domain::guides::expr::{Schema, Vocabulary};
use crate::domain::text::Text;

/// The guide with these expressions for its condition and for the material asked for last.
fn asking(condition: &str, required: &str) -> Guide {
    let yaml = VALID.replace("    when: applicant.age >= 80", &format!("    when: '{condition}'"));
    let materials = "\nmaterials:\n";
    let asked = format!(
        "{materials}  - code: asked\n    name: {{ zh: 委托书, en: Authorisation }}\n    source: {{ own: true }}\n    required: '{required}'\n"
    );
    assert!(yaml.contains(condition) && yaml.contains(materials));
    // No author would be let publish some of these.
    let file = SourceFile::published(&yaml.replacen(materials, &asked, 1));
    file.into_guide(None, None).unwrap_or_else(|problems| panic!("{problems:#?}"))
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

/// Rules over these answers, and over what may not be said of the applicant.
const RULES: [&str; 12] = [
    "applicant.age >= 18",
    "applicant.age < 18",
    "applicant.gender == \"female\"",
    "applicant.gender != \"unknown\" && applicant.age > 5",
    "applicant.residence == \"\" || applicant.age == 20",
    "has(facts.f0)",
    "!has(facts.f0) || applicant.age == 20",
    "has(facts.f0) && facts.f0",
    "has(facts.f1) && facts.f1",
    "!has(facts.f1)",
    "!has(facts.f1) || facts.f1",
    "applicant.age < 18 ? has(facts.f0) : has(facts.f1)",
];

fn rule(text: &str) -> Expr {
    let mut schema = Schema::default();
    for name in ["f0", "f1"] {
        schema.add(name, Some(&FieldKind::Boolean), false);
    }
    Expr::compile(text, Vocabulary::Whole(&schema)).unwrap_or_else(|why| panic!("{text}: {why:?}"))
}

/// Three questions, each shown and needed by a rule or always, and a rule across them.
fn questions() -> impl Strategy<Value = Form> {
    let rules = || prop::option::of(prop::sample::select(RULES.to_vec()).prop_map(rule));
    let fields = prop::collection::vec((rules(), rules(), any::<bool>()), 3);
    (fields, rules(), 0..3).prop_map(|(fields, across, at)| {
        let field =
            |(index, (visible_when, needed, is_needed)): (usize, (Option<Expr>, Option<Expr>, bool))| Field {
                name: format!("f{index}"),
                label: Text::new("项", "item"),
                help: None,
                kind: FieldKind::Boolean,
                required: match (needed, is_needed) {
                    (Some(rule), _) => Requirement::When(rule),
                    (None, true) => Requirement::Required,
                    (None, false) => Requirement::Optional,
                },
                visible_when: if index == 0 { None } else { visible_when },
                prefill: None,
                scenarios: Vec::new(),
            };
        let rule = |when| FormRule {
            code: "across".to_owned(),
            when,
            at: format!("f{at}"),
            text: Text::new("规则", "rule"),
            basis: None,
            scenarios: Vec::new(),
        };
        Form {
            fields: fields.into_iter().enumerate().map(field).collect(),
            rules: across.into_iter().map(rule).collect(),
        }
    })
}

/// Everybody the one described may be.
fn whoever(described: &Applicant) -> Vec<Applicant> {
    let years = [None, Some("2026-01-01"), Some("2018-01-01"), Some("2006-01-02"), Some("1950-01-01")];
    let mut all = Vec::new();
    for born in years.map(|born| born.map(day)) {
        for gender in [None, Some(Gender::Female), Some(Gender::Male)] {
            for residence in [None, RegionCode::parse("340705005002").ok()] {
                all.push(Applicant {
                    birth_date: described.birth_date.or(born),
                    gender: described.gender.or(gender),
                    residence: described.residence.clone().or(residence),
                    ..described.clone()
                });
            }
        }
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Invariant: a fault, or a field that is shown or required, stays one whoever turns
    /// out to be meant.
    #[test]
    fn nothing_is_told_of_the_form_that_more_about_the_applicant_would_take_back(
        form in questions(),
        answers in prop::collection::vec(prop::option::of(any::<bool>()), 3),
        born in prop::option::of(Just(day("2006-01-02"))),
        gender in prop::option::of(Just(Gender::Female)),
    ) {
        let guide = Guide { form, ..guide() };
        let mut facts = Facts::new();
        for (index, answer) in answers.into_iter().enumerate() {
            facts.set(format!("f{index}"), json!(answer));
        }
        let described = Applicant { birth_date: born, gender, ..nobody_described() };
        let told = |whom: Whom<'_>| {
            let found = evaluate(&guide, &facts, whom, today(), &everywhere, None);
            let shown = found.shown.iter().map(|field| format!("{} is shown", field.name));
            let required = found.shown.iter().filter(|field| field.required);
            let required = required.map(|field| format!("{} is required", field.name));
            let wrong = found.field_errors.iter().map(|error| format!("{} {}", error.pointer, error.code));
            shown.chain(required).chain(wrong).collect::<BTreeSet<String>>()
        };
        let before = told(Whom::Described(&described));
        for known in whoever(&described) {
            let after = told(Whom::Known(&known));
            let taken_back: Vec<_> = before.difference(&after).collect();
            prop_assert!(taken_back.is_empty(), "{:?} of {:?}: {:?}", taken_back, known, facts);
        }
    }
}

#[test]
fn the_fields_to_draw_are_told_with_what_is_required_of_them() {
    let known = applicant();
    let account = |patch: Value| {
        let facts = changed(patch);
        let found = evaluate(&GUIDE, &facts, Whom::Known(&known), today(), &everywhere, None);
        let account = found.shown.into_iter().find(|field| field.name == "bank_account");
        account.map(|field| field.required)
    };
    assert_eq!(account(json!({ "pay_by": "bank" })), Some(true));
    assert_eq!(account(json!({ "pay_by": "cash" })), None);
    assert_eq!(account(json!({ "pay_by": null })), None);
}
