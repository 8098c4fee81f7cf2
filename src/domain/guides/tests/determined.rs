//! What an agency determines when it issues: how a file says it, and what certificates
//! say of themselves though a guide of before had its form say so.

use serde_json::json;

use super::*;
use crate::domain::canonical::canonical_json;
use crate::domain::guides::write::to_yaml;
use crate::domain::guides::{ItemFile, SourceFile};

const GUIDE: &str = include_str!("../../../data/sample/guides/newborn-registration.yaml");
const ITEM: &str = include_str!("../../../data/sample/items/enterprise-establishment.yaml");

/// What is told, each with its place, when one text of the guide is another.
fn told(from: &str, to: &str) -> Vec<(String, String)> {
    assert!(GUIDE.contains(from), "{from}");
    let problems = read_guide(&GUIDE.replacen(from, to, 1)).err().unwrap_or_default();
    problems.into_iter().map(|problem| (problem.path, problem.reason.en)).collect()
}

#[track_caller]
fn tells(from: &str, to: &str, path: &str, words: &str) {
    let told = told(from, to);
    let is_told = told.iter().any(|(at, reason)| at == path && reason.contains(words));
    assert!(is_told, "{told:#?}");
}

#[test]
fn what_is_determined_is_read_written_and_counted_as_content() {
    let guide = read_guide(GUIDE).unwrap();
    let form = guide.determined();
    assert_eq!(form.fields.len(), 1);
    assert_eq!((form.fields[0].name.as_str(), &form.fields[0].kind), ("child_id", &FieldKind::ResidentId));
    assert_eq!(guide.label_of("child_id").unwrap().zh, "编制的新生儿公民身份号码");
    assert_eq!(guide.label_of("child_name").unwrap().en, "Name of the child");
    assert_eq!(guide.statements(), ["child_name", "child_id", "number", "issued_on", "valid_from"]);
    assert_eq!(read_guide(&to_yaml(&guide)).unwrap(), guide);

    let without = GUIDE.find("      determined:").map(|at| &GUIDE[..at]).unwrap();
    let rest = &GUIDE[GUIDE.find("delivery:").unwrap()..];
    let without = read_guide(&format!("{without}{rest}")).unwrap();
    assert_ne!(without.content_hash(), guide.content_hash());
    // Guides of before have the hash they had.
    assert!(!String::from_utf8(canonical_json(&json!(without)).unwrap()).unwrap().contains("determined"));
}

#[test]
fn what_nobody_could_enter_or_understand_is_told() {
    const NAME: &str = "        - name: child_id";
    let at = |rest: &str| format!("/results/0/certificate/determined{rest}");
    let entered_by_nobody = "issued by the system, so nobody enters this";
    tells("handling: promised", "handling: instant", &at(""), entered_by_nobody);
    let rule = "automatic: { verified: [birth_date], approve_when: applicant.age >= 18 }\ndelivery:";
    tells("delivery:", rule, &at(""), entered_by_nobody);
    tells(NAME, "        - name: issued_on", &at("/0/name"), "said by the certificate itself");
    tells(NAME, "        - name: child_name", &at("/0/name"), "under attributes already");
    tells("          type: resident_id", "          type: declaration", &at("/0/type"), "cannot stand here");
    tells(
        "attributes: [child_name]",
        "attributes: [child_id]",
        "/results/0/certificate/attributes/0",
        "stands under determined",
    );
    let twice =
        "      determined:\n        - { name: child_id, label: { zh: 号码, en: Number }, type: text }";
    tells("      determined:", twice, &at("/1/name"), "is used on line");
}

#[test]
fn two_certificates_say_one_thing_in_one_way() {
    let result =
        &GUIDE[GUIDE.find("  - certificate:\n      type:").unwrap()..GUIDE.find("delivery:").unwrap()];
    let twice = |second: String| read_guide(&GUIDE.replacen("delivery:", &format!("{second}delivery:"), 1));
    assert_eq!(twice(result.to_owned()).unwrap().determined().fields.len(), 1, "it is entered once");
    let problems = twice(result.replacen("type: resident_id", "type: text", 1)).unwrap_err();
    assert_eq!(problems[0].path, "/results/1/certificate/determined/0");
    assert!(problems[0].reason.en.contains("written otherwise for another certificate"), "{}", problems[0]);
}

#[test]
fn a_guide_or_item_that_was_published_says_what_it_said_then() {
    let old = GUIDE
        .replacen("attributes: [child_name]", "attributes: [child_name, number]", 1)
        .replacen("    - name: birth_place\n", "    - { name: number, label: { zh: 编号, en: No. }, type: text, required: false }\n    - name: birth_place\n", 1);
    let problems = read_guide(&old).unwrap_err();
    let problem = &problems[0];
    assert_eq!(problem.path, "/results/0/certificate/attributes/1");
    assert!(old.lines().nth(problem.line - 1).unwrap().contains("[child_name, number]"), "{problem}");
    assert!(problem.reason.en.ends_with("entered by nobody; remove it."), "{problem}");
    let guide = SourceFile::published(&old).into_guide(None, None).unwrap();
    assert!(guide.results[0].says("number"));

    let item = ITEM
        .replacen("attributes: [company_name,", "attributes: [company_name, valid_from,", 1)
        .replacen("name: licence_copies", "name: valid_from", 1);
    let read = |file: SourceFile| -> Result<ItemFile, Vec<Problem>> { file.into_item(None) };
    let problems = read(SourceFile::parse(&item)).unwrap_err();
    assert_eq!(problems[0].path, "/guide/results/0/certificate/attributes/1", "{}", problems[0]);
    let item = read(SourceFile::published(&item)).unwrap();
    // Neither is an agency that inherits from it now told of what is not its own.
    let local = include_str!("../../../data/sample/guides/enterprise-establishment.yaml");
    let local = &local[..local.find("examples:").unwrap()];
    assert!(SourceFile::parse(local).into_guide(Some(&item), None).unwrap().results[0].says("valid_from"));
}
