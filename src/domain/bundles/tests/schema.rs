//! `docs/forms.md` is what people draw the joint form by: it has every word the schema
//! uses, and no other.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::plan::plan;
use crate::domain::bundles::joint_schema;

const MANUAL: &str = include_str!("../../../../docs/forms.md");
/// What every form says of itself.
const OF_EVERY_FORM: [&str; 3] = ["order", "rules", "files"];

/// The words in the first cells of the table with this head, each with its row.
fn explained(head: &str) -> Vec<(String, &'static str)> {
    let rows = MANUAL.lines().skip_while(|line| !line.starts_with(head)).skip(2);
    let rows = rows.take_while(|line| line.starts_with('|'));
    let words = |row: &'static str| {
        let cell = row.split('|').nth(1).unwrap_or_default();
        cell.split('`').skip(1).step_by(2).map(move |word| (word.to_owned(), row))
    };
    rows.flat_map(words).collect()
}

fn members(value: &Value) -> BTreeSet<String> {
    value.as_object().unwrap().keys().cloned().collect()
}

/// The members a table must explain.
fn own(value: &Value) -> BTreeSet<String> {
    let mut own = members(&value["x-wanshitong"]);
    for known in OF_EVERY_FORM {
        assert!(own.remove(known), "{known} is not produced any more");
    }
    own
}

#[track_caller]
fn agree(head: &str, produced: &BTreeSet<String>) {
    let words: BTreeSet<String> = explained(head).into_iter().map(|(word, _)| word).collect();
    assert_eq!(words, *produced, "docs/forms.md and the schema disagree");
}

/// Whether the row of a word names these as well.
#[track_caller]
fn says(head: &str, word: &str, parts: &BTreeSet<String>) {
    let row = explained(head).into_iter().find(|(known, _)| known == word).unwrap().1;
    for part in parts {
        let quoted = [format!("`{part}`"), format!("\"{part}\"")];
        assert!(
            quoted.iter().any(|quoted| row.contains(quoted)),
            "docs/forms.md: {word} does not explain {part}"
        );
    }
}

#[test]
fn the_manual_has_every_word_the_joint_form_uses() {
    const FORM: &str = "| member of the form's `x-wanshitong`";
    const SECTION: &str = "| member of a section's `x-wanshitong`";
    let schema = joint_schema(&plan());
    agree(FORM, &own(&schema));
    let listed = schema["x-wanshitong"]["sections"].as_array().unwrap();
    assert_eq!(listed.len(), 3);
    for entry in listed {
        says(FORM, "sections", &members(entry));
        let section = &schema["properties"][entry["part"].as_str().unwrap()];
        agree(SECTION, &own(section));
        for given in section["x-wanshitong"]["gives"].as_object().unwrap().values() {
            says(SECTION, "gives", &members(given));
        }
    }
}

#[test]
fn what_the_manual_says_of_the_joint_form_is_so() {
    let schema = joint_schema(&plan());
    let own = |part: &str| schema["properties"][part]["x-wanshitong"].clone();
    assert_eq!(schema["x-wanshitong"]["later"], json!({ "child_number": "registration" }));
    let whens: Vec<&Value> =
        schema["x-wanshitong"]["sections"].as_array().unwrap().iter().map(|entry| &entry["when"]).collect();
    assert_eq!(whens, [&Value::Null, &Value::Null, &json!("facts.wants_card")]);
    let insurance = own("insurance");
    assert_eq!(insurance["gives"]["born"], json!({ "shared": "born" }));
    assert_eq!(insurance["gives"]["kind"], json!({ "value": "newborn" }));
    assert_eq!(insurance["fed"], json!({ "insured": "registration" }));
    // A section that is always drawn and where something is required is itself required.
    let required: Vec<&str> =
        schema["required"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    assert_eq!(required, ["child_name", "born", "wants_card", "registration"]);
}
