//! The answers to a form (表单数据): names and JSON values, sorted by name.
//! A null is never among them: an answer that is not there is absent.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::domain::canonical::{NotCanonical, canonical_json};

/// The most bytes the facts of one case may take as JSON. The longest form a
/// guide can describe stays far below; whatever is larger is not an answer.
pub const MAX_FACTS_BYTES: usize = 64 * 1024;

/// The answers given so far, complete or not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Facts(Map<String, Value>);

impl Facts {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    pub fn contains(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.0.iter()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Sets one answer; null takes it away.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<Value>) {
        let name = name.into();
        match value.into() {
            Value::Null => {
                self.0.remove(&name);
            }
            value => {
                self.0.insert(name, value);
            }
        }
    }

    /// Applies a merge patch (RFC 7396): a member replaces the answer of its
    /// name, null takes it away, an object is merged member by member.
    /// Applying the same patch twice is applying it once.
    pub fn merge(&mut self, patch: Map<String, Value>) {
        merge_into(&mut self.0, patch);
    }

    /// The size of the facts as JSON, in bytes; compare with [`MAX_FACTS_BYTES`].
    pub fn size(&self) -> usize {
        self.0.iter().map(|(name, value)| name.len() + 4 + value_size(value)).sum()
    }

    pub fn as_map(&self) -> &Map<String, Value> {
        &self.0
    }

    pub fn into_map(self) -> Map<String, Value> {
        self.0
    }

    /// The bytes to hash (RFC 8785). Fails on fractions, which no valid form holds.
    pub fn canonical(&self) -> Result<Vec<u8>, NotCanonical> {
        canonical_json(&Value::Object(self.0.clone()))
    }
}

/// Facts from JSON are a patch applied to nothing: nulls are left out.
impl From<Map<String, Value>> for Facts {
    fn from(map: Map<String, Value>) -> Self {
        let mut facts = Self::new();
        facts.merge(map);
        facts
    }
}

impl<'de> Deserialize<'de> for Facts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Map::deserialize(deserializer).map(Self::from)
    }
}

fn merge_into(target: &mut Map<String, Value>, patch: Map<String, Value>) {
    for (name, change) in patch {
        match change {
            Value::Null => {
                target.remove(&name);
            }
            Value::Object(changes) => {
                let slot = target.entry(name).or_insert(Value::Null);
                if !slot.is_object() {
                    *slot = Value::Object(Map::new());
                }
                if let Value::Object(members) = slot {
                    merge_into(members, changes);
                }
            }
            value => {
                target.insert(name, value);
            }
        }
    }
}

/// An upper bound that needs no serialisation, save for escapes.
fn value_size(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) => 5,
        Value::Number(_) => 20,
        Value::String(text) => text.len() + 2,
        Value::Array(items) => 2 + items.iter().map(|item| value_size(item) + 1).sum::<usize>(),
        Value::Object(members) => {
            2 + members.iter().map(|(name, value)| name.len() + 4 + value_size(value)).sum::<usize>()
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Map, Value, json};

    use super::Facts;

    fn facts(value: Value) -> Facts {
        serde_json::from_value(value).expect("an object")
    }

    fn map(value: Value) -> Map<String, Value> {
        serde_json::from_value(value).expect("an object")
    }

    #[test]
    fn a_member_replaces_null_removes_and_an_object_is_merged() {
        let mut answers = facts(json!({ "a": 1, "b": "x", "home": { "region": "1", "detail": "2" } }));
        answers.merge(map(json!({ "a": null, "b": "y", "home": { "detail": "3" }, "c": { "d": null } })));
        assert_eq!(answers, facts(json!({ "b": "y", "home": { "region": "1", "detail": "3" }, "c": {} })));
    }

    #[test]
    fn nulls_in_the_body_of_a_request_are_answers_not_given() {
        assert_eq!(facts(json!({ "a": null, "b": { "c": null } })), facts(json!({ "b": {} })));
    }

    #[test]
    fn answers_are_written_sorted_by_name() {
        let mut answers = Facts::new();
        answers.set("b", 1);
        answers.set("a", "x");
        assert_eq!(serde_json::to_string(&answers).expect("JSON"), r#"{"a":"x","b":1}"#);
        answers.set("a", Value::Null);
        assert!(!answers.contains("a"));
    }

    fn objects() -> impl Strategy<Value = Map<String, Value>> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            "[a-c]{0,2}".prop_map(Value::from),
        ];
        let value = leaf.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                prop::collection::btree_map("[a-d]", inner, 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        });
        prop::collection::btree_map("[a-d]", value, 0..5).prop_map(|members| members.into_iter().collect())
    }

    fn merged(target: &Facts, patch: &Map<String, Value>) -> Facts {
        let mut result = target.clone();
        result.merge(patch.clone());
        result
    }

    fn holds_null(value: &Value) -> bool {
        match value {
            Value::Null => true,
            Value::Object(members) => members.values().any(holds_null),
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => false,
        }
    }

    proptest! {
        #[test]
        fn an_empty_patch_changes_nothing(target in objects()) {
            let target = Facts::from(target);
            prop_assert_eq!(merged(&target, &Map::new()), target);
        }

        #[test]
        fn a_patch_applied_twice_is_applied_once(target in objects(), patch in objects()) {
            let once = merged(&Facts::from(target), &patch);
            prop_assert_eq!(merged(&once, &patch), once);
        }

        #[test]
        fn facts_never_hold_a_null(target in objects(), patch in objects()) {
            let result = merged(&Facts::from(target), &patch);
            prop_assert!(!result.as_map().values().any(holds_null));
        }

        #[test]
        fn patches_of_different_fields_commute(target in objects(), one in objects(), other in objects()) {
            let other: Map<_, _> = other.into_iter().map(|(name, value)| (format!("{name}{name}"), value)).collect();
            let target = Facts::from(target);
            prop_assert_eq!(
                merged(&merged(&target, &one), &other),
                merged(&merged(&target, &other), &one)
            );
        }

        #[test]
        fn the_size_is_never_below_that_of_the_json(target in objects()) {
            let target = Facts::from(target);
            prop_assert!(target.size() + 2 >= serde_json::to_string(&target).expect("JSON").len());
        }
    }
}
