//! The sample city's files as they stand: its bundles against its guides, and all of
//! them against its register of certificate types.

use std::path::Path;

use wanshitong::app::catalog::{self, Base};
use wanshitong::domain::bundles::{Plan, Planned, serving};
use wanshitong::domain::guides::{Field, FieldKind, Given, Part};

fn files(folder: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/data/sample").join(folder);
    let mut found: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.sort();
    let read =
        |path: std::path::PathBuf| (path.display().to_string(), std::fs::read_to_string(path).unwrap());
    found.into_iter().filter(|path| path.extension().is_some_and(|end| end == "yaml")).map(read).collect()
}

#[test]
fn every_bundle_of_the_sample_city_fits_its_guides() {
    let all: Vec<_> = ["", "items", "guides", "bundles"].into_iter().flat_map(files).collect();
    let checked = catalog::check(&all, &Base::default()).unwrap_or_else(|wrong| panic!("{wrong:#?}"));
    assert!(checked.certificate_types.iter().any(|(_, types)| types.len() > 10), "the register is there");
    let codes: Vec<&str> = checked.bundles.iter().map(|(_, bundle)| bundle.code.as_str()).collect();
    assert_eq!(codes, ["company", "newborn", "retirement"]);
    for (_, bundle) in &checked.bundles {
        assert!(bundle.parts.len() >= 3, "{}", bundle.code);
        // What one would have been asked for by each guide alone, and is not.
        let shared = bundle.parts.iter().map(|part| part.facts.len()).sum::<usize>();
        assert!(shared > bundle.form.fields.len(), "{} shares nothing", bundle.code);
    }
}

/// The sample city's files, with one text in place of another.
fn with(what: &str, by: &str) -> Vec<(String, String)> {
    let mut all: Vec<_> = ["", "items", "guides"].into_iter().flat_map(files).collect();
    let found = all.iter_mut().find(|(_, yaml)| yaml.contains(what)).unwrap();
    found.1 = found.1.replacen(what, by, 1);
    all
}

/// Whether a file hands out business licences.
fn issues(yaml: &str) -> bool {
    ["{ type: \"11100000MBWXT0004A001\", name", "\n        type: \"11100000MBWXT0004A001\"\n"]
        .iter()
        .any(|written| yaml.contains(written))
}

#[test]
fn a_prefill_that_nobody_who_issues_the_certificate_could_fill_is_told_of() {
    let silent =
        with("attributes: [company_name, legal_representative,", "attributes: [legal_representative,");
    let wrong = catalog::check(&silent, &Base::default()).unwrap_err();
    let problem = wrong
        .iter()
        .find(|file| file.file.ends_with("items/seal-filing.yaml"))
        .and_then(|file| file.problems.iter().find(|problem| problem.path.ends_with("/prefill/attribute")))
        .unwrap_or_else(|| panic!("{wrong:#?}"));
    let (_, yaml) = silent.iter().find(|(file, _)| file.ends_with("items/seal-filing.yaml")).unwrap();
    assert!(yaml.lines().nth(problem.line - 1).unwrap().contains("attribute: company_name"), "{problem}");
    assert!(problem.path.starts_with("/guide/form/fields/"), "{problem}");
    // What to do: add it there, take what there is, or ask.
    let said = "Add it to the attributes of the issuing guide's result, take what is there (business_scope,";
    assert!(problem.reason.en.contains(said), "{problem}");

    // Where there are other guides, one of them may state it.
    let base = Base { has_others: true, ..Base::default() };
    assert!(catalog::check(&silent, &base).is_ok());
    // Where none of the files issues it, nothing is known.
    let unissued: Vec<_> = silent
        .into_iter()
        .filter(|(file, yaml)| file.ends_with("certificate-types.yaml") || !issues(yaml))
        .collect();
    let told = catalog::check(&unissued, &Base::default()).err().unwrap_or_default();
    let of_prefill =
        told.iter().flat_map(|file| &file.problems).filter(|problem| problem.path.contains("/prefill"));
    assert_eq!(of_prefill.count(), 0);
}

#[test]
fn no_form_speaks_for_the_certificate_itself() {
    let forged = with(
        "attributes: [company_name, legal_representative,",
        "attributes: [company_name, number, legal_representative,",
    );
    let wrong = catalog::check(&forged, &Base::default()).unwrap_err();
    let problem =
        wrong.iter().flat_map(|file| &file.problems).find(|problem| problem.path.ends_with("/attributes/1"));
    let problem = problem.unwrap_or_else(|| panic!("{wrong:#?}"));
    assert!(problem.reason.en.contains("“number” is said by the certificate itself"), "{problem}");
}

/// Every file of the sample city, one bundle's with one text in place of another.
fn city(what: &str, by: &str) -> Vec<(String, String)> {
    let mut all: Vec<_> = ["", "items", "guides", "bundles"].into_iter().flat_map(files).collect();
    if !what.is_empty() {
        let found = all.iter_mut().find(|(file, yaml)| file.contains("/bundles/") && yaml.contains(what));
        let (_, yaml) = found.unwrap_or_else(|| panic!("no bundle says {what}"));
        *yaml = yaml.replacen(what, by, 1);
    }
    all
}

/// The bundles bound to the guides that serve them.
fn plans(files: &[(String, String)]) -> Vec<Plan> {
    let checked = catalog::check(files, &Base::default()).unwrap_or_else(|wrong| panic!("{wrong:#?}"));
    let guides: Vec<_> = checked.guides.into_iter().map(|(_, guide)| guide).collect();
    let bound = checked.bundles.into_iter().map(|(_, bundle)| {
        let region = bundle.region.clone();
        let resolve = |part: &Part| serving(&part.implements, &region, &guides).cloned();
        Plan::bind(bundle, &resolve).0
    });
    bound.collect()
}

/// The parts that want the answer to a shared question.
fn wanting<'p>(plan: &'p Plan, field: &Field) -> Vec<&'p Planned> {
    let wants = |planned: &&Planned| {
        let is_mapped = planned.part.facts.values().any(|given| *given == Given::Shared(field.name.clone()));
        is_mapped || planned.part.when.as_ref().is_some_and(|when| when.fields().contains(&field.name))
    };
    plan.parts.iter().filter(wants).collect()
}

/// Questions of the joint form that are what another part brings: called as its agency
/// calls what it determines, or a code of the kind it assigns that nobody wants before.
fn brought_and_asked(plan: &Plan) -> Vec<String> {
    let shared = plan.bundle.form.fields.iter().map(|field| (field, wanting(plan, field)));
    let own = plan
        .parts
        .iter()
        .flat_map(|planned| planned.section.fields.iter().map(move |field| (field, vec![planned])));
    let mut found: Vec<String> = plan.bundle.later.keys().cloned().collect();
    for (field, parts) in shared.chain(own) {
        for issuing in &plan.parts {
            let comes_after = |part: &&Planned| plan.graph.before(part.code()).contains(issuing.code());
            let is_brought = |known: &Field| {
                let is_code = matches!(field.kind, FieldKind::Uscc | FieldKind::ResidentId);
                let is_assigned = is_code && known.kind == field.kind;
                known.name == field.name || known.label.zh == field.label.zh || is_assigned
            };
            let determined = issuing.guide.determined().fields;
            if !parts.is_empty() && parts.iter().all(comes_after) && determined.iter().any(is_brought) {
                found.push(field.name.clone());
            }
        }
    }
    found
}

#[test]
fn no_question_of_a_joint_form_is_what_another_part_brings() {
    let plans = plans(&city("", ""));
    assert_eq!(plans.len(), 3);
    for plan in &plans {
        assert_eq!(brought_and_asked(plan), [""; 0], "{}", plan.bundle.code);
        // What a form of its own would take from an earlier part's certificate is asked nowhere.
        for planned in &plan.parts {
            let asked = planned.section.fields.iter().filter(|field| planned.fed.contains_key(&field.name));
            assert_eq!(asked.count(), 0, "{}", planned.code());
        }
    }
    let fed = |code: &str, part: &str| {
        let plan = plans.iter().find(|plan| plan.bundle.code.as_str() == code).unwrap();
        plan.part(part).unwrap().fed.keys().cloned().collect::<Vec<_>>()
    };
    assert_eq!(fed("company", "housing_fund"), ["company_uscc", "established_on"]);
    assert_eq!(fed("newborn", "medical_insurance"), ["insured_id"]);
    assert_eq!(fed("retirement", "housing_fund"), ["retired_on"]);
}

#[test]
fn a_question_that_another_part_answers_would_be_found() {
    for (taken, asked) in [
        ("taxpayer_uscc: { part: establishment, attribute: uscc }", "taxpayer_uscc: { own: true }"),
        (
            "established_on: { part: establishment, attribute: established_on }",
            "established_on: { own: true }",
        ),
        ("insured_id: { part: registration, attribute: child_id }", "insured_id: { own: true }"),
    ] {
        let name = asked.split(':').next().unwrap();
        let found: Vec<String> = plans(&city(taken, asked)).iter().flat_map(brought_and_asked).collect();
        assert_eq!(found, [name]);
    }
    // Who does not say that he means it is told by `check`.
    let forgotten = city("      established_on: { part: establishment, attribute: established_on }\n", "");
    let wrong = catalog::check(&forgotten, &Base::default()).unwrap_err();
    let told = &wrong[0].problems[0];
    assert!(wrong[0].file.ends_with("company.yaml"), "{wrong:#?}");
    assert!(
        told.reason.en.contains("established_on: { part: establishment, attribute: established_on }"),
        "{told}"
    );
}

/// Lines and places of what is wrong with the bundle of the sample city that was changed so.
fn told(changes: &[(&str, &str)]) -> Vec<(usize, String)> {
    let mut all = city("", "");
    let (_, yaml) = all.iter_mut().find(|(file, _)| file.ends_with("bundles/newborn.yaml")).unwrap();
    for (what, by) in changes {
        assert!(yaml.contains(what), "{what}");
        *yaml = yaml.replacen(what, by, 1);
    }
    let wrong = catalog::check(&all, &Base::default()).err().unwrap_or_default();
    wrong.iter().flat_map(|file| &file.problems).map(|told| (told.line, told.path.clone())).collect()
}

#[test]
fn a_mistake_in_a_bundle_is_told_where_it_stands_and_without_what_follows_from_it() {
    const MOBILE: &str = "    - { name: mobile, label: { zh: 联系电话";
    const ASKED: &str = "    - { name: child_id, label: { zh: 孩子身份证号, en: ID number of the child }, type: resident_id }\n";
    let with_it = format!("{ASKED}{MOBILE}");
    let line = |words: &str| {
        let (_, yaml) = city("", "").into_iter().find(|(file, _)| file.ends_with("newborn.yaml")).unwrap();
        yaml.lines().position(|line| line.contains(words)).unwrap() + 1
    };
    let at = |words: &str, path: &str| vec![(line(words), path.to_owned())];
    let taken = "{ part: registration, attribute: child_id }";
    let mobile = MOBILE.trim_start();
    // The number that the registration is there to bring.
    assert_eq!(told(&[(taken, "child_id"), (MOBILE, &with_it)]), at(mobile, "/form/fields/14"));
    // What nobody uses.
    assert_eq!(told(&[(MOBILE, &with_it)]), at(mobile, "/form/fields/14"));
    // What is shared, and asked again.
    assert_eq!(told(&[("      hospital: hospital\n", "")]), at("    facts:", "/parts/0/facts"));
    // A circle, a code given twice, a scenario there is none of: that and nothing else.
    let circle =
        told(&[("    scenario: in_hospital\n", "    scenario: in_hospital\n    after: [registration]\n")]);
    assert_eq!(circle, [(line("scenario: in_hospital") + 1, "/parts/0/after".to_owned())]);
    assert_eq!(told(&[("code: immunisation", "code: birth")]), at("code: immunisation", "/parts/1/code"));
    assert_eq!(told(&[("code: registration", "code: birth")]), at("code: registration", "/parts/2/code"));
    assert_eq!(
        told(&[("scenario: in_hospital", "scenario: at_hospital")]),
        at("scenario: in_hospital", "/parts/0/scenario")
    );
    assert_eq!(told(&[("scenario: newborn", "scenario: new")]), at("scenario: newborn", "/parts/1/scenario"));
}
