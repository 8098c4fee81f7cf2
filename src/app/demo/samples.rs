//! The files of the sample catalogue, packed into the program by `build.rs`.

use std::io::Read;

/// Name below `src/data/sample`, and YAML, in the order of names.
#[must_use]
#[expect(clippy::expect_used, reason = "the archive was packed with the program")]
pub fn files() -> Vec<(String, String)> {
    const ARCHIVE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/samples.gz"));
    let mut text = String::new();
    flate2::read::GzDecoder::new(ARCHIVE).read_to_string(&mut text).expect("a whole archive");
    let mut parts = text.split_terminator('\0').map(str::to_owned);
    std::iter::from_fn(|| Some((parts.next()?, parts.next()?))).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::files;
    use crate::app::catalog::{self, Base, Checked};
    use crate::domain::codes::{CertificateType, ServiceObject};
    use crate::domain::guides::{
        ApplicantKind, Example, ExampleOutcome, Guide, Material, MaterialSource, normalise, requirements,
    };

    fn yaml_files(folder: &Path, prefix: &str, found: &mut Vec<(String, String)>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
            if entry.path().is_dir() {
                yaml_files(&entry.path(), &format!("{name}/"), found);
            } else if name.ends_with(".yaml") {
                found.push((name, std::fs::read_to_string(entry.path()).unwrap()));
            }
        }
    }

    #[test]
    fn every_file_of_the_folder_is_packed_whole() {
        let mut found = Vec::new();
        yaml_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/data/sample"), "", &mut found);
        found.sort();
        assert_eq!(files(), found);
    }

    fn city() -> Checked {
        catalog::check(&files(), &Base::default()).unwrap_or_else(|wrong| panic!("{wrong:#?}"))
    }

    /// A guide in each of its scenarios.
    fn ways(guide: &Guide) -> Vec<&Guide> {
        match guide.scenarios.is_empty() {
            true => vec![guide],
            false => guide.scenarios.iter().map(|scenario| scenario.guide.as_ref()).collect(),
        }
    }

    fn certificate_of(material: &Material) -> Option<&CertificateType> {
        match &material.source {
            MaterialSource::Certificate { certificate_type } => Some(certificate_type),
            MaterialSource::Own | MaterialSource::Shared { .. } => None,
        }
    }

    /// Types that state somebody's citizen ID number: no organization holds one.
    fn of_persons(city: &Checked) -> BTreeSet<&CertificateType> {
        let types = city.certificate_types.iter().flat_map(|(_, types)| types);
        let of_persons = types.filter(|entry| entry.attributes.iter().any(|name| name == "id_number"));
        of_persons.map(|entry| &entry.certificate_type).collect()
    }

    #[test]
    fn no_certificate_of_the_applicant_stands_for_two_documents_of_one_application() {
        let city = city();
        let ways: Vec<&Guide> = city.guides.iter().flat_map(|(_, guide)| ways(guide)).collect();
        assert!(ways.len() > 100, "{}", ways.len());
        for guide in ways {
            let mut seen = BTreeSet::new();
            for material in &guide.materials {
                let is_first = certificate_of(material).is_none_or(|of| seen.insert(of));
                assert!(is_first, "{} {}: one of its type is asked for already", guide.code, material.code);
            }
        }
    }

    #[test]
    fn an_organization_is_asked_for_no_certificate_that_only_persons_hold() {
        let city = city();
        let persons = of_persons(&city);
        let is_a_persons =
            |material: &Material| certificate_of(material).is_some_and(|of| persons.contains(of));
        let mut applied = 0;
        for (_, guide) in &city.guides {
            if !guide.service_objects.contains(&ServiceObject::NaturalPerson) {
                let asked = guide.materials.iter().filter(|material| is_a_persons(material));
                let asked: Vec<&str> = asked.map(|material| material.code.as_str()).collect();
                assert_eq!(asked, [""; 0], "{}", guide.code);
            }
            for Example { code, scenario, applicant, facts, today, expect, .. } in &guide.examples {
                // Whom an item does not serve it refuses, whatever it asks for.
                let is_refused = expect.outcome == Some(ExampleOutcome::Refused);
                if applicant.kind != ApplicantKind::Organization || is_refused {
                    continue;
                }
                let guide = guide.handled_as(scenario.as_deref());
                let facts = normalise(&guide.form, facts, applicant, *today);
                for need in requirements(guide, &facts, applicant, *today) {
                    let is_asked = need.required && is_a_persons(need.material);
                    assert!(!is_asked, "{} {code}: {}", guide.code, need.material.code);
                }
                applied += 1;
            }
        }
        assert!(applied > 10, "{applied}");
    }

    #[test]
    fn what_is_called_somebody_elses_is_not_taken_from_the_applicants_certificates() {
        const SOMEBODY_ELSE: [&str; 9] =
            ["对方", "另一方", "卖方", "配偶", "法定代表人", "负责人", "死者", "迁入户", "其他当事人"];
        let is_anothers =
            |material: &&Material| SOMEBODY_ELSE.iter().any(|somebody| material.name.zh.contains(somebody));
        let city = city();
        let mut handed_in = BTreeSet::new();
        for (_, guide) in &city.guides {
            for material in guide.materials.iter().filter(is_anothers) {
                assert_eq!(certificate_of(material), None, "{} {}", guide.code, material.code);
                if material.own_because.is_some() {
                    handed_in.insert(material.code.as_str());
                }
            }
        }
        let two = ["spouse_identity_card", "representative_identity_card"];
        assert!(two.iter().all(|code| handed_in.contains(code)), "{handed_in:?}");
    }
}
