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
