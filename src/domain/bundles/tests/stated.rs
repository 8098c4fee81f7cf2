//! What an agency determines, and who takes it from its certificate.

use super::plan::{
    BOOK, BUNDLE, bind, bind_published, bind_to, complete, guides, guides_with, try_out, wrong,
};
use crate::domain::bundles::*;
use crate::domain::guides::{FieldKind, Guide, Prefill, Requirement, ResultKind};

#[test]
fn what_an_earlier_agency_determines_is_asked_nowhere_and_taken_from_its_certificate() {
    let yaml = BUNDLE.replacen(
        "number: child_number, born",
        "number: { part: registration, attribute: child_id }, born",
        1,
    );
    let (plan, misfits) = bind(&yaml);
    assert_eq!(misfits, []);
    let insurance = plan.part("insurance").unwrap();
    assert_eq!(insurance.fed["number"], "registration");
    let source =
        Prefill::Certificate { certificate_type: BOOK.parse().unwrap(), attribute: "child_id".to_owned() };
    assert_eq!(insurance.sources["number"], source);
    assert!(insurance.section.fields.is_empty());
    // Nothing is missing before the certificate is there.
    let found = try_out(&plan, &complete());
    assert_eq!(found.field_errors, []);
}

#[test]
fn what_cannot_be_taken_from_an_earlier_certificate_is_told() {
    let number = "number: child_number, born";
    let taken = |part: &str, attribute: &str| {
        wrong(number, &format!("number: {{ part: {part}, attribute: {attribute} }}, born"))
    };
    let at = |key: &str| vec![format!("/parts/1/facts/number/{key}")];
    assert_eq!(taken("registry", "child_id"), at("part"));
    assert_eq!(taken("registration", "child_no"), at("attribute"));
    assert_eq!(taken("registration", "child_name"), at("attribute"), "a name is no number");
    // Neither what comes after nor what may not be applied for.
    assert_eq!(taken("card", "number"), [at("attribute"), at("part")].concat());
    let of_itself =
        wrong("child_name: child_name, born", "child_name: { part: insurance, attribute: number }, born");
    assert!(of_itself.contains(&"/parts/0/facts/child_name/part".to_owned()), "{of_itself:?}");
}

#[test]
fn a_question_that_an_earlier_agency_answers_is_told_of() {
    let called_alike = guides_with("参保人证件号码", "编制的号码");
    let asks = BUNDLE.replacen("number: child_number, born", "born", 1);
    let (_, misfits) = bind_to(&asks, &called_alike);
    let told: Vec<&Misfit> = misfits.iter().filter(|misfit| misfit.path == "/parts/1/facts").collect();
    assert_eq!(told.len(), 1, "{misfits:?}");
    assert!(told[0].reason.en.contains("write number: { part: registration, attribute: child_id }"));
    let meant = BUNDLE.replacen("number: child_number, born", "number: { own: true }, born", 1);
    assert_eq!(bind_to(&meant, &called_alike).1, []);
}

#[test]
fn so_is_one_that_it_answers_with_what_it_was_told_itself() {
    // The register page says the name, which the registration asks for.
    let called_alike = guides_with("银行", "新生儿姓名");
    let (_, misfits) = bind_to(BUNDLE, &called_alike);
    let told: Vec<&Misfit> = misfits.iter().filter(|misfit| misfit.path == "/parts/2/facts").collect();
    assert_eq!(told.len(), 1, "{misfits:?}");
    assert!(told[0].reason.en.contains("write bank: { part: registration, attribute: child_name }"));
    let taken = BUNDLE.replacen(
        "facts: { number: child_number }",
        "facts: { number: child_number, bank: { part: registration, attribute: child_name } }",
        1,
    );
    assert_eq!(bind_to(&taken, &called_alike).1, []);
}

/// The bundle, that asks at submission for the number the registration is to determine.
fn asking_at_submission() -> String {
    BUNDLE.replace("child_number", "child_id").replace("later: { child_id: registration }\n", "")
}

fn told_of(yaml: &str, guides: &[Guide]) -> Vec<Misfit> {
    bind_to(yaml, guides).1
}

#[test]
fn a_shared_question_that_an_agency_answers_before_anybody_needs_it_is_told_of() {
    let told = told_of(&asking_at_submission(), &guides());
    assert_eq!(told.len(), 1, "{told:#?}");
    assert_eq!(told[0].path, "/form/fields/3");
    for said in [&told[0].reason.zh, &told[0].reason.en] {
        for taken in ["insurance", "card"] {
            let taken = format!("{taken}: number: {{ part: registration, attribute: child_id }}");
            assert!(said.contains(&taken), "{said}");
        }
    }
    // It closes no bundle that was published with it.
    assert_eq!(bind_published(&asking_at_submission(), &guides()).1, []);
    // What it says to do is taken.
    let asked =
        "    - { name: child_id, label: { zh: 孩子身份号码, en: Number of the child }, type: resident_id }\n";
    assert!(asking_at_submission().contains(asked));
    let taken = "number: { part: registration, attribute: child_id }";
    let follows = asking_at_submission().replace(asked, "").replace("number: child_id", taken);
    // The card may be applied for or not, but the registration always is.
    assert_eq!(told_of(&follows, &guides()), []);
}

#[test]
fn a_shared_question_whose_answer_is_known_before_is_asked() {
    let asking = asking_at_submission();
    let with = |what: &str, by: &str| {
        assert!(asking.contains(what), "{what}");
        told_of(&asking.replacen(what, by, 1), &guides())
    };
    // A part that does not come after needs it.
    assert_eq!(
        with("    after: [registration]\n    facts: { number: child_id }", "    facts: { number: child_id }"),
        []
    );
    // So does a condition.
    assert_eq!(with("when: facts.wants_card", "when: facts.wants_card && facts.child_id != \"\""), []);
    assert_eq!(with("type: resident_id }", "type: resident_id, prefill: id_number }"), []);
    // It is asked when it exists.
    assert_eq!(with("promised: {", "later: { child_id: registration }\npromised: {"), []);
    // Another name is another thing.
    let renamed = asking.replace("child_id", "other_id");
    assert_eq!(told_of(&renamed, &guides()), []);
}

#[test]
fn what_a_certificate_says_of_another_kind_or_only_sometimes_is_no_answer() {
    let asking = asking_at_submission();
    let with = |change: fn(&mut crate::domain::guides::Field)| {
        let mut guides = guides();
        let ResultKind::Certificate { determined, .. } = &mut guides[0].results[0] else {
            panic!("a certificate")
        };
        change(&mut determined[0]);
        told_of(&asking, &guides)
    };
    assert_eq!(with(|field| field.kind = FieldKind::Uscc), []);
    assert_eq!(with(|field| field.required = Requirement::Optional), []);
    // What the applicant answers for the earlier part is not determined by it.
    let of_its_own = BUNDLE
        .replacen("{ child_name: child_name, born: born }", "{ child_name: { own: true }, born: born }", 1)
        .replacen("{ number: child_number }", "{ number: child_number, bank: child_name }", 1);
    assert_eq!(told_of(&of_its_own, &guides()), []);
}
