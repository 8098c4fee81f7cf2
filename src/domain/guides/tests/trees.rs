//! Files as JSON, which is YAML too: so that they can be changed part by part.

use proptest::prelude::*;
use serde_json::{Map, Value};

use crate::domain::guides::source::{Content, Node, ScalarKind, parse};

/// What a file says, without its lines. Codes stay text, numbers numbers.
pub fn json_of(yaml: &str) -> Value {
    let mut problems = Vec::new();
    let root = parse(yaml, &mut problems);
    assert!(problems.is_empty(), "{problems:?}");
    json(&root.unwrap())
}

fn json(node: &Node) -> Value {
    match &node.content {
        Content::Scalar { kind: ScalarKind::Null, .. } => Value::Null,
        Content::Scalar { text, kind: ScalarKind::Boolean } => text.eq_ignore_ascii_case("true").into(),
        Content::Scalar { text, kind: ScalarKind::Number } => serde_json::from_str(text).unwrap(),
        Content::Scalar { text, kind: ScalarKind::Text } => text.as_str().into(),
        Content::List(items) => items.iter().map(json).collect(),
        Content::Mapping(entries) => Value::Object(
            entries.iter().map(|entry| (entry.key.clone(), json(&entry.value))).collect::<Map<_, _>>(),
        ),
    }
}

/// The values within, each by its pointer.
pub fn pointers(value: &Value) -> Vec<String> {
    let mut found = vec![String::new()];
    let mut below = |key: &str, value: &Value| {
        found.extend(pointers(value).into_iter().map(|rest| format!("/{key}{rest}")));
    };
    match value {
        Value::Array(items) => items.iter().enumerate().for_each(|(at, item)| below(&at.to_string(), item)),
        Value::Object(members) => members.iter().for_each(|(key, value)| below(key, value)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    found
}

/// A small change somewhere in a file.
#[derive(Debug, Clone)]
pub enum Edit {
    /// Takes a key or an entry away.
    Remove(usize),
    /// Another word, one more, the opposite.
    Alter(usize, u8),
    /// An entry comes later by one.
    Swap(usize),
    /// Another value that stands elsewhere in the file.
    Copy(usize, usize),
    /// A key that stands elsewhere in the file is given here too.
    Give(usize, usize),
}

pub fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let place = any::<usize>;
    let edit = prop_oneof![
        2 => place().prop_map(Edit::Remove),
        4 => (place(), any::<u8>()).prop_map(|(at, how)| Edit::Alter(at, how)),
        1 => place().prop_map(Edit::Swap),
        1 => (place(), place()).prop_map(|(to, from)| Edit::Copy(to, from)),
        1 => (place(), place()).prop_map(|(to, from)| Edit::Give(to, from)),
    ];
    prop::collection::vec(edit, 1..4)
}

pub fn edited(file: &Value, edits: &[Edit]) -> Value {
    let mut file = file.clone();
    for edit in edits {
        apply(&mut file, edit);
    }
    file
}

fn apply(file: &mut Value, edit: &Edit) {
    let all = pointers(file);
    let pick = |at: &usize| all[at % all.len()].clone();
    match edit {
        Edit::Remove(at) => remove(file, &pick(at)),
        Edit::Alter(at, how) => {
            let scalars: Vec<&String> =
                all.iter().filter(|at| file.pointer(at).is_some_and(is_scalar)).collect();
            let Some(at) = scalars.get(at % scalars.len().max(1)) else { return };
            if let Some(value) = file.pointer_mut(at) {
                alter(value, *how);
            }
        }
        Edit::Swap(at) => {
            let lists: Vec<&String> =
                all.iter().filter(|at| file.pointer(at).is_some_and(Value::is_array)).collect();
            let Some(list) = lists.get(at % lists.len().max(1)) else { return };
            if let Some(Value::Array(items)) = file.pointer_mut(list)
                && items.len() > 1
            {
                let place = at % (items.len() - 1);
                items.swap(place, place + 1);
            }
        }
        Edit::Copy(to, from) => {
            let value = file.pointer(&pick(from)).cloned().unwrap_or_default();
            if let Some(place) = file.pointer_mut(&pick(to)) {
                *place = value;
            }
        }
        Edit::Give(to, from) => {
            let from = pick(from);
            let value = file.pointer(&from).cloned().unwrap_or_default();
            let key = from.rsplit('/').next().unwrap_or_default().to_owned();
            if let Some(Value::Object(members)) = file.pointer_mut(&pick(to)) {
                members.insert(key, value);
            }
        }
    }
}

fn is_scalar(value: &Value) -> bool {
    !matches!(value, Value::Array(_) | Value::Object(_))
}

fn remove(file: &mut Value, pointer: &str) {
    let Some((above, key)) = pointer.rsplit_once('/') else { return };
    match file.pointer_mut(above) {
        Some(Value::Array(items)) => drop(items.remove(key.parse().unwrap())),
        Some(Value::Object(members)) => drop(members.remove(key)),
        _ => {}
    }
}

/// Words of the language among which one is easily taken for another.
const WORDS: &[&[&str]] = &[
    &["instant", "promised"],
    &["working_day", "calendar_day"],
    &["natural_person", "enterprise", "other"],
    &["handler", "reviewer", "approver"],
    &["self_collect", "courier", "electronic"],
    &["window", "pc", "mobile", "express"],
    &["none", "city", "province", "nation"],
    &["original", "copy", "electronic"],
    &["B", "C"],
    &["inspection", "testing", "hearing"],
    &["approved", "officer", "refused"],
    &["text", "number", "money", "boolean", "mobile", "uscc", "resident_id", "region", "address"],
    &["name", "id_number", "residence"],
    &["new", "change", "stop"],
    &["340705000000", "340700000000", "340705005002"],
];

fn alter(value: &mut Value, how: u8) {
    *value = match &*value {
        Value::Bool(truth) => Value::Bool(!*truth),
        Value::Number(number) => {
            let number = number.as_i64().unwrap_or_default();
            Value::from(if how.is_multiple_of(2) { number + 1 } else { number - 1 })
        }
        Value::String(text) => {
            let word = WORDS.iter().find(|words| words.contains(&text.as_str()));
            match word {
                Some(words) => Value::from(words[usize::from(how) % words.len()]),
                None if text.contains(">=") => Value::from(text.replace(">=", ">")),
                None => Value::from(format!("{text}{}", if how.is_multiple_of(2) { "甲" } else { "1" })),
            }
        }
        other @ (Value::Null | Value::Array(_) | Value::Object(_)) => other.clone(),
    };
}
