//! Personal data inside stored values. Whatever can identify a person sits in a
//! `Private<T>`; before a value is stored, [`split`] takes those parts out, so
//! that the rest can be kept, hashed and shown for ever while the personal
//! parts are encrypted with the case's own key and can be destroyed.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

/// The key that marks a private part in JSON. No field of the domain is called so.
const MARK: &str = "$private";

/// Personal data, or the fact that it has been erased (数据删除).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Private<T> {
    Known(T),
    Erased,
}

impl<T> Private<T> {
    pub fn known(&self) -> Option<&T> {
        match self {
            Private::Known(value) => Some(value),
            Private::Erased => None,
        }
    }
}

impl<T> From<T> for Private<T> {
    fn from(value: T) -> Self {
        Private::Known(value)
    }
}

impl<T: Serialize> Serialize for Private<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(MARK, &self.known())?;
        map.end()
    }
}

impl<'de, T: serde::de::DeserializeOwned> Deserialize<'de> for Private<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut map = Map::<String, Value>::deserialize(deserializer)?;
        match map.remove(MARK) {
            None => Err(D::Error::missing_field(MARK)),
            Some(Value::Null) => Ok(Private::Erased),
            Some(value) => T::deserialize(value).map(Private::Known).map_err(D::Error::custom),
        }
    }
}

/// Takes every private part out of `value`, in document order, and leaves in
/// its place what `placeholder` says of it (a number, a commitment).
pub fn split(value: &mut Value, placeholder: &mut dyn FnMut(usize, &Value) -> Value) -> Vec<Value> {
    let mut parts = Vec::new();
    walk(value, &mut |slot| {
        let part = slot.take();
        *slot = placeholder(parts.len(), &part);
        parts.push(part);
    });
    parts
}

/// The reverse of [`split`]: puts `parts` back in the same order. When the
/// parts are gone (`None`), every private place reads as erased.
pub fn join(value: &mut Value, parts: Option<Vec<Value>>) {
    let mut parts = parts.map(Vec::into_iter);
    walk(value, &mut |slot| {
        *slot = parts.as_mut().and_then(Iterator::next).unwrap_or(Value::Null);
    });
}

fn walk(value: &mut Value, visit: &mut dyn FnMut(&mut Value)) {
    match value {
        Value::Object(map) => match map.get_mut(MARK) {
            Some(slot) => visit(slot),
            None => map.values_mut().for_each(|v| walk(v, visit)),
        },
        Value::Array(items) => items.iter_mut().for_each(|v| walk(v, visit)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Sample {
        open: u8,
        name: Private<String>,
        list: Vec<Private<u8>>,
    }

    fn sample() -> Sample {
        Sample { open: 1, name: "王一".to_owned().into(), list: vec![2.into(), 3.into()] }
    }

    #[test]
    fn what_is_split_and_joined_is_the_same() {
        let mut value = serde_json::to_value(sample()).unwrap();
        let parts = split(&mut value, &mut |index, _| json!(index));
        assert!(!value.to_string().contains("王一"));
        assert_eq!(parts, vec![json!(2), json!(3), json!("王一")]);
        join(&mut value, Some(parts));
        assert_eq!(serde_json::from_value::<Sample>(value).unwrap(), sample());
    }

    #[test]
    fn what_lost_its_parts_reads_as_erased() {
        let mut value = serde_json::to_value(sample()).unwrap();
        split(&mut value, &mut |_, _| json!("gone"));
        join(&mut value, None);
        let sample: Sample = serde_json::from_value(value).unwrap();
        assert_eq!(sample.name, Private::Erased);
        assert_eq!(sample.open, 1);
    }
}
