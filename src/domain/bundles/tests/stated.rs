//! What an agency determines, and who takes it from its certificate.

use super::plan::{BOOK, BUNDLE, bind, bind_to, complete, guides_with, try_out, wrong};
use crate::domain::bundles::*;
use crate::domain::guides::Prefill;

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
