//! What examples name is there.

use super::inheritance::Files;
use super::{VALID, told};

/// The valid guide with an example, and what is said of it.
fn said(facts: &str, expect: &str) -> String {
    told(&with_example(VALID, facts, expect))
}

fn with_example(yaml: &str, facts: &str, expect: &str) -> String {
    format!(
        "{yaml}\nexamples:\n  - code: one\n    name: {{ zh: 例, en: Example }}\n    scenario: new\n    today: 2026-03-02\n    applicant: {{ kind: natural_person }}\n    facts: {{ {facts} }}\n    expect: {{ {expect} }}\n"
    )
}

#[test]
fn a_name_that_is_none_of_the_guides_is_told_at_its_line() {
    let line = VALID.lines().count();
    let (facts, expect) = (line + 8, line + 9);
    for (facts_say, expected, at) in [
        (
            "pay_bye: cash",
            "eligible: false",
            format!("{facts}:/examples/0/facts/pay_bye: The form has no field pay_bye; did you mean pay_by?"),
        ),
        (
            "",
            "errors: [nothing]",
            format!("{expect}:/examples/0/expect/errors/0: The form has no field nothing"),
        ),
        (
            "",
            "unmet: [agee]",
            format!("{expect}:/examples/0/expect/unmet/0: There is no condition “agee”; did you mean age?"),
        ),
        (
            "",
            "materials: [passport]",
            format!(
                "{expect}:/examples/0/expect/materials/0: There is no material “passport”; there are hukou_book, id_card, bank_card, population."
            ),
        ),
        (
            "pay_by: cheque",
            "eligible: true",
            format!("{facts}:/examples/0/facts/pay_by: There is no option “cheque”; there are bank, cash."),
        ),
        (
            "needs: [care, cares]",
            "eligible: true",
            format!("{facts}:/examples/0/facts/needs/1: There is no option “cares”; did you mean care?"),
        ),
    ] {
        let found = said(facts_say, expected);
        assert!(found.starts_with(&at) && found.lines().count() == 1, "{at}\n{found}");
    }
    // All at once, and the same words once.
    let found = said("x: 1, pay_by: cheque", "unmet: [x], materials: [x], errors: [x]");
    assert_eq!(found.lines().count(), 4, "{found}");
    assert!(
        found.contains(&format!("The form has no field x; see form.fields. (The same on line {expect}.)")),
        "{found}"
    );
}

#[test]
fn what_an_example_may_say_is_not_told() {
    for (facts, expect) in [
        ("pay_by: bank, needs: [care]", "unmet: [age], errors: [pay_by, facts], materials: [id_card]"),
        // Somebody who chooses what there is not.
        ("pay_by: cheque", "errors: [pay_by]"),
        ("pay_by: cheque", "outcome: refused"),
        ("pay_by: \" cash \"", "eligible: true"),
    ] {
        assert_eq!(said(facts, expect), "", "{facts} {expect}");
    }
}

#[test]
fn a_mistake_elsewhere_makes_no_name_of_an_example_wrong() {
    for (from, to) in [
        ("\nconditions:", "\nrequirements:"),
        ("  - code: age\n", "  - cod: age\n"),
        ("    - name: pay_by\n", "    - nam: pay_by\n"),
        ("\n  fields:", "\n  feilds:"),
        ("  - code: id_card\n", "  - code: hukou_book\n"),
        ("{ value: cash,", "{ valeu: cash,"),
    ] {
        assert!(VALID.contains(from), "{from}");
        let broken = VALID.replacen(from, to, 1);
        let example =
            with_example(&broken, "pay_by: cash", "unmet: [age], errors: [pay_by], materials: [id_card]");
        assert_eq!(told(&example), told(&broken), "{to}");
    }
}

#[test]
fn what_an_item_names_in_an_example_is_told_of_the_item() {
    let example = |facts: &str| {
        format!(
            "examples:\n  - code: of_the_item\n    name: {{ zh: 例, en: Example }}\n    today: 2026-03-02\n    applicant: {{ kind: natural_person }}\n    facts: {{ {facts} }}\n    expect: {{ eligible: true, materials: [of_an_agency] }}"
        )
    };
    let wrong = Files::new().common(&example("sinse: \"2026-01-15\"")).item().unwrap_err();
    assert!(wrong.iter().any(|told| told.path == "/guide/examples/0/facts/sinse"), "{wrong:?}");
    // A guide without the field is not told of the item's example: trying it tells.
    let files = Files::local(
        "form:\n  fields: [{ name: reason, omit: true }]\n  rules: [{ code: within_a_year, omit: true }]",
    )
    .guide_with("      reason: 需要办理\n", "")
    .common(&example("reason: 需要办理").replace(", materials: [of_an_agency]", ""));
    assert_eq!(files.told(), "");
}
