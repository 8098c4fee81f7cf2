//! The schema editors use takes what the reader takes.

use std::path::{Path, PathBuf};

use jsonschema::Validator;
use serde_json::{Map, Number, Value};

use super::VALID;
use crate::domain::guides::source::{Content, Node, ScalarKind, parse};
use crate::domain::guides::{FILE_SCHEMA, read_guide};

const MISTAKES: &str = include_str!("../read/samples/mistakes.yaml");

fn json(node: &Node) -> Value {
    match &node.content {
        Content::Scalar { kind: ScalarKind::Null, .. } => Value::Null,
        Content::Scalar { kind: ScalarKind::Boolean, text } => Value::Bool(text.eq_ignore_ascii_case("true")),
        Content::Scalar { kind: ScalarKind::Number, text } => {
            let number = text.parse::<i64>().map(Number::from).ok();
            let number = number.or_else(|| Number::from_f64(text.parse().unwrap()));
            Value::Number(number.unwrap())
        }
        Content::Scalar { kind: ScalarKind::Text, text } => Value::String(text.clone()),
        Content::List(items) => items.iter().map(json).collect(),
        Content::Mapping(entries) => Value::Object(
            entries.iter().map(|entry| (entry.key.clone(), json(&entry.value))).collect::<Map<_, _>>(),
        ),
    }
}

fn tree(yaml: &str) -> Value {
    let mut problems = Vec::new();
    let root = parse(yaml, &mut problems);
    json(&root.unwrap_or_else(|| panic!("{problems:?}")))
}

fn schema() -> Validator {
    let schema: Value = serde_json::from_str(FILE_SCHEMA).unwrap();
    assert!(jsonschema::meta::is_valid(&schema));
    jsonschema::draft202012::new(&schema).unwrap()
}

fn complaints(yaml: &str) -> Vec<String> {
    let tree = tree(yaml);
    schema().iter_errors(&tree).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

fn yaml_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("yaml" | "yml") => found.push(path),
            _ if path.is_dir() => yaml_files(&path, found),
            _ => {}
        }
    }
}

/// The texts of all sample files.
fn samples() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    yaml_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/data/sample"), &mut found);
    let read = found.into_iter().map(|path| (path.clone(), std::fs::read_to_string(path).unwrap()));
    read.collect()
}

#[test]
fn every_sample_is_what_the_schema_says() {
    let samples = samples();
    assert!(samples.len() >= 20);
    for (path, yaml) in samples {
        assert_eq!(complaints(&yaml), [""; 0], "{}", path.display());
    }
    assert_eq!(complaints(VALID), [""; 0]);
}

#[test]
fn no_sample_differs_from_itself() {
    let guides = samples().into_iter().filter_map(|(_, yaml)| read_guide(&yaml).ok());
    let mut compared = 0;
    for guide in guides {
        assert_eq!(super::diff(&guide, &guide.clone()), []);
        compared += 1;
    }
    assert!(compared >= 20);
}

#[test]
fn mistakes_are_refused() {
    let without_the_second_handling = MISTAKES.replacen("handling: instant", "# handling: instant", 1);
    assert!(complaints(&without_the_second_handling).len() > 5);
}

const ITEM: &str = r#"
format: 1
kind: item
basic_code: "000553001000"
name: { zh: 高龄津贴申领, en: Old-age allowance }
type: "05"
legal_basis: [{ law: { zh: 《法》, en: Law }, article: 第一条, text: 条文 }]
aliases: [高龄补贴]
life_events: [retirement]
guide:
  topics: [elderly]
  limits: { legal: { days: 20, unit: working_day } }
  materials:
    - { code: lease, name: { zh: 合同, en: Lease }, source: { own: true }, reuse: { within_days: 180 }, sample: { text: 样表 } }
"#;

const LOCAL: &str = r#"
format: 1
code: "11340705MBWXT061304000553001000"
item: "000553001000"
agency: 11340705MBWXT06130
region: "340705000000"
telephone: { enquiry: 0562-2806131, complaint: "12345" }
limits: { promised: { days: 3, unit: working_day } }
form: { fields: [{ name: remark, help: { zh: 说明, en: Help } }, { name: old, omit: true }] }
materials: [{ code: lease, copies: 2 }]
"#;

const TYPES: &str = r#"
format: 1
kind: certificate_types
types:
  - { type: "11100000000013338W001", name: { zh: 居民身份证, en: Identity card }, supplies: [身份证], attributes: [name] }
"#;

#[test]
fn every_kind_of_file_has_its_own_keys() {
    for right in [ITEM, LOCAL, TYPES] {
        assert_eq!(complaints(right), [""; 0], "{right}");
    }
    for (yaml, from, to) in [
        (ITEM, "topics:", "agency: 11340705MBWXT06130\n  topics:"),
        (ITEM, "aliases:", "nicknames:"),
        (ITEM, ", source: { own: true }", ""),
        (ITEM, "legal_basis: [", "legal_basis: []\nmore: ["),
        (LOCAL, "copies: 2", "copys: 2"),
        (LOCAL, "item: \"000553001000\"\n", ""),
        (LOCAL, "omit: true", "omit: false"),
        (TYPES, "supplies", "gives"),
        (TYPES, "kind: certificate_types", "kind: certificates"),
    ] {
        assert!(yaml.contains(from), "{from}");
        assert_ne!(complaints(&yaml.replace(from, to)), [""; 0], "{to}");
    }
}

#[test]
fn what_the_reader_refuses_for_its_shape_the_schema_refuses_too() {
    for (from, to) in [
        ("fee: { free: true }", "fee: { free: true }\ncolour: red"),
        ("      label: { zh: 发放方式,", "      colour: red\n      label: { zh: 发放方式,"),
        ("    copies: 2", "    colour: red"),
        ("- { code: new, name:", "- { code: new, colour: red, name:"),
        ("- { code: new, name:", "- { code: new, topics: [elderly], name:"),
        ("    when: applicant.age >= 80", "    colour: red\n    when: applicant.age >= 80"),
        ("fee: { free: true }", "fee: { amount_fen: 5 }"),
        ("fee: { free: true }", "fee: { free: false }"),
        ("type: resident_id,", "type: resident_id, max_length: 5,"),
        ("type: resident_id,", "type: passport,"),
        ("region: \"340705000000\"", "region: 340705000000"),
        ("identity: { ial: 2, aal: 1 }", "identity: { ial: 5, aal: 1 }"),
        ("identity: { ial: 2, aal: 1 }", "identity: { ial: 2 }"),
        ("source: { shared: population }", "source: { shared: population, own: true }"),
        ("delivery: [electronic]\n", ""),
        (
            "summary: { zh: 年满80周岁的本区居民可以申领高龄津贴。, en:",
            "summary: { zh: 年满80周岁的本区居民可以申领高龄津贴。, de:",
        ),
    ] {
        assert!(VALID.contains(from), "{from}");
        let wrong = VALID.replacen(from, to, 1);
        assert!(read_guide(&wrong).is_err(), "{to}");
        assert_ne!(complaints(&wrong), [""; 0], "{to}");
    }
}
