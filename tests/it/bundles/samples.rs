//! The sample city's files as they stand: its bundles against its guides, and all of
//! them against its register of certificate types.

use std::path::Path;

use wanshitong::app::catalog::{self, Base};

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
        .filter(|(_, yaml)| !yaml.contains("certificate: { type: \"11100000MBWXT0004A001\""))
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
