//! What is written reads back as what it was.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Outline, outline, to_yaml};
use crate::domain::guides::source::{Content, Node, ScalarKind, parse};
use crate::domain::guides::{Guide, read_guide};

const RICH: &str = include_str!("../../exports/samples/rich.yaml");
const VALID: &str = include_str!("../read/samples/valid.yaml");

fn read(yaml: &str) -> Guide {
    read_guide(yaml).unwrap_or_else(|problems| panic!("{problems:#?}\n{yaml}"))
}

/// The sample guides, each in the text of its file.
fn samples() -> Vec<(String, String)> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/data/sample/guides");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files
        .map(|path| (path.display().to_string(), std::fs::read_to_string(&path).unwrap()))
        .filter(|(_, yaml)| read_guide(yaml).is_ok())
        .collect()
}

#[test]
fn every_sample_guide_is_written_as_it_was_read() {
    let samples = samples();
    assert!(samples.len() >= 20, "{} samples", samples.len());
    let own = [("rich", RICH), ("valid", VALID)].map(|(name, yaml)| (name.to_owned(), yaml.to_owned()));
    for (name, yaml) in samples.into_iter().chain(own) {
        let guide = read(&yaml);
        let again = read(&to_yaml(&guide));
        assert_eq!(again, guide, "{name}");
        assert_eq!(again.content_hash(), guide.content_hash(), "{name}");
    }
}

#[test]
fn writing_twice_is_writing_once() {
    let once = to_yaml(&read(RICH));
    assert_eq!(to_yaml(&read(&once)), once);
}

#[test]
fn a_written_guide_can_be_read_by_people() {
    insta::assert_snapshot!("rich", to_yaml(&read(RICH)));
}

#[test]
fn what_is_usual_is_left_out() {
    let whole = outline(&read(VALID));
    for path in ["identity", "visits", "cross_region", "venues", "channels", "examples"] {
        assert_eq!(whole.at(path), None, "{path}");
    }
    let material = &whole.get("materials").unwrap().items()[1];
    assert!(material.get("required").is_none() && material.get("copies").is_none(), "{material:?}");
}

#[test]
fn a_value_is_put_where_its_path_leads() {
    let mut guide = Outline::Mapping(Vec::new());
    guide.put("limits.promised.days", Outline::Number(5));
    guide.put("limits.promised.unit", Outline::text("working_day"));
    guide.put("limits.promised.days", Outline::Number(6));
    assert_eq!(guide.to_json(), json!({ "limits": { "promised": { "days": 6, "unit": "working_day" } } }));
}

fn as_json(node: &Node) -> Value {
    match &node.content {
        Content::Scalar { kind: ScalarKind::Null, .. } => Value::Null,
        Content::Scalar { text, kind: ScalarKind::Boolean } => Value::from(text == "true"),
        Content::Scalar { text, kind: ScalarKind::Number } => Value::from(text.parse::<i64>().unwrap()),
        Content::Scalar { text, kind: ScalarKind::Text } => Value::from(text.as_str()),
        Content::List(items) => items.iter().map(as_json).collect(),
        Content::Mapping(entries) => {
            let members = entries.iter().map(|entry| (entry.key.clone(), as_json(&entry.value)));
            Value::Object(members.collect())
        }
    }
}

/// Texts as people write them, texts that mean something to YAML, and any others.
fn texts() -> impl Strategy<Value = String> {
    let signs = prop::sample::select(vec![
        "true",
        "~",
        "null",
        "1e5",
        "0x1F",
        ".5",
        "-",
        "- a",
        "a: b",
        "a #b",
        "#",
        "---",
        "...",
        "'",
        "\"",
        "\\",
        "{",
        "[a]",
        "&a",
        "*a",
        "!a",
        "|",
        ">",
        "%",
        "@",
        "`",
        "? a",
        "a:",
        ":a",
        "a,b",
        "<<",
        "\u{85}",
        "\u{2028}",
        "\u{feff}",
        "\u{e000}",
        "\u{0}",
        "a\nb",
        "a\n\nb",
        "a\n  b\nc",
        " a",
        "a ",
        "a\n",
        "\na",
        "a\r\nb",
        "a\tb",
        "",
        "高龄：津贴",
        "a\n \nb",
        "《法》",
        "12:30",
        "2026-03-01",
        "=1+1",
        "a\u{7f}",
        "\t",
    ]);
    prop_oneof![2 => signs.prop_map(str::to_owned), 1 => any::<String>(), 1 => "[ -~\n高，。]{0,60}"]
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        4 => texts().prop_map(Value::from),
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(texts(), inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_tree_reads_back_as_it_was_written(members in prop::collection::btree_map(texts(), values(), 0..5)) {
        let value = Value::Object(members.into_iter().collect());
        let yaml = Outline::from_json(&value).to_yaml();
        let mut problems = Vec::new();
        let node = parse(&yaml, &mut problems);
        prop_assert!(problems.is_empty(), "{:?}\n{}", problems, yaml);
        prop_assert_eq!(as_json(&node.unwrap()), value, "{}", yaml);
    }
}
