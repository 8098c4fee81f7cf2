//! One way to write a JSON value as bytes (JSON Canonicalization Scheme, RFC 8785),
//! so that a hash of it means the same everywhere and for ever.
//!
//! Members are sorted by their UTF-16 code units, nothing is escaped that need
//! not be, there is no white space. Numbers are whole: the portal counts in
//! fen, days and pieces, and the one hard part of the RFC, the shortest form
//! of a fraction, is left out by refusing fractions altogether.

use std::fmt;

use serde_json::{Number, Value};

/// The largest whole number every JSON reader agrees on (RFC 8785 §3.2.2.3, I-JSON): 2⁵³ − 1.
pub const MAX_WHOLE: i64 = 9_007_199_254_740_991;

/// A number that has no canonical form here: a fraction, or one beyond ±(2⁵³ − 1).
/// Such numbers are stored as strings instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotCanonical {
    /// As JSON writes it.
    pub number: String,
}

impl fmt::Display for NotCanonical {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} has no canonical form; write a whole number between ±{MAX_WHOLE}, or a string",
            self.number
        )
    }
}

impl std::error::Error for NotCanonical {}

/// The canonical bytes of `value`, in UTF-8.
pub fn canonical_json(value: &Value) -> Result<Vec<u8>, NotCanonical> {
    let mut out = String::new();
    write_value(&mut out, value)?;
    Ok(out.into_bytes())
}

/// The canonical bytes of an object of these members, which come in the order of
/// their names: as those of the whole, without its being put together first.
pub fn canonical_members(members: &[(&str, &Value)]) -> Result<Vec<u8>, NotCanonical> {
    debug_assert!(members.is_sorted_by(|(a, _), (b, _)| a.encode_utf16().lt(b.encode_utf16())));
    let mut out = String::new();
    write_members(&mut out, members.iter().copied())?;
    Ok(out.into_bytes())
}

fn write_value(out: &mut String, value: &Value) -> Result<(), NotCanonical> {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => write_number(out, number)?,
        Value::String(text) => write_string(out, text),
        Value::Array(items) => {
            let mut separator = '[';
            for item in items {
                out.push(separator);
                write_value(out, item)?;
                separator = ',';
            }
            out.push_str(if items.is_empty() { "[]" } else { "]" });
        }
        Value::Object(members) => {
            // In memory members lie in the order of their bytes, which for ASCII is that
            // of their UTF-16 code units.
            if members.keys().all(|name| name.is_ascii()) {
                write_members(out, members.iter().map(|(name, member)| (name.as_str(), member)))?;
            } else {
                let mut sorted: Vec<_> =
                    members.iter().map(|(name, member)| (name.as_str(), member)).collect();
                sorted.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
                write_members(out, sorted)?;
            }
        }
    }
    Ok(())
}

fn write_members<'a>(
    out: &mut String,
    members: impl IntoIterator<Item = (&'a str, &'a Value)>,
) -> Result<(), NotCanonical> {
    out.push('{');
    for (index, (name, member)) in members.into_iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write_string(out, name);
        out.push(':');
        write_value(out, member)?;
    }
    out.push('}');
    Ok(())
}

fn write_number(out: &mut String, number: &Number) -> Result<(), NotCanonical> {
    match number.as_i64() {
        Some(whole) if whole.unsigned_abs() <= MAX_WHOLE.unsigned_abs() => {
            out.push_str(&whole.to_string());
            Ok(())
        }
        Some(_) | None => Err(NotCanonical { number: number.to_string() }),
    }
}

/// RFC 8785 §3.2.2.2: the two-character escapes where they exist, `\u00xx` for
/// the other control characters, everything else as it is: whole stretches at once.
fn write_string(out: &mut String, text: &str) {
    // Each of them is one byte, and none is a part of a longer character.
    let must_be_escaped = |byte: u8| byte < b' ' || byte == b'"' || byte == b'\\';
    out.push('"');
    let mut rest = text;
    while let Some(at) = rest.bytes().position(must_be_escaped) {
        let (plain, from) = rest.split_at(at);
        out.push_str(plain);
        let mut characters = from.chars();
        if let Some(character) = characters.next() {
            write_escaped(out, character);
        }
        rest = characters.as_str();
    }
    out.push_str(rest);
    out.push('"');
}

fn write_escaped(out: &mut String, character: char) {
    match character {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\u{8}' => out.push_str("\\b"),
        '\t' => out.push_str("\\t"),
        '\n' => out.push_str("\\n"),
        '\u{c}' => out.push_str("\\f"),
        '\r' => out.push_str("\\r"),
        control => out.push_str(&format!("\\u{:04x}", u32::from(control))),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Map, Value, json};

    use super::{MAX_WHOLE, canonical_json};

    fn canonical(value: &Value) -> String {
        String::from_utf8(canonical_json(value).expect("whole numbers only")).expect("UTF-8")
    }

    #[test]
    fn members_are_sorted_and_nothing_is_spaced() {
        let value = json!({ "b": [1, 2, {}], "a": { "d": null, "c": true }, "": [] });
        assert_eq!(canonical(&value), r#"{"":[],"a":{"c":true,"d":null},"b":[1,2,{}]}"#);
    }

    #[test]
    fn members_sort_by_utf_16_and_not_by_code_point() {
        // The example of RFC 8785 §3.2.3: U+1F600 is a surrogate pair and comes before U+FB33.
        let value = json!({
            "\u{20ac}": "Euro Sign", "\r": "Carriage Return", "\u{fb33}": "Hebrew Letter Dalet With Dagesh",
            "1": "One", "\u{1f600}": "Emoji: Grinning Face", "\u{80}": "Control",
            "\u{f6}": "Latin Small Letter O With Diaeresis"
        });
        let text = canonical(&value);
        let order = ["Carriage", "One", "Control", "Latin", "Euro", "Emoji", "Hebrew"]
            .map(|word| text.find(word).expect(word));
        assert!(order.is_sorted(), "{text}");
    }

    #[test]
    fn strings_are_escaped_as_little_as_possible() {
        let value = json!("\u{20ac}$\u{f}\u{a}A'\u{42}\u{22}\u{5c}\\\"/");
        assert_eq!(canonical(&value), r#""€$\u000f\nA'B\"\\\\\"/""#);
        assert_eq!(canonical(&json!("高龄\u{7f}")), "\"高龄\u{7f}\"");
    }

    #[test]
    fn only_whole_numbers_everybody_agrees_on_are_written() {
        assert_eq!(
            canonical(&json!([0, -1, MAX_WHOLE, -MAX_WHOLE])),
            format!("[0,-1,{MAX_WHOLE},-{MAX_WHOLE}]")
        );
        for refused in [json!(0.5), json!(1.0), json!(MAX_WHOLE + 1), json!(u64::MAX), json!(i64::MIN)] {
            assert!(canonical_json(&json!([refused])).is_err(), "{refused}");
        }
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-MAX_WHOLE..=MAX_WHOLE).prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::vec((any::<String>(), inner), 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
            ]
        })
    }

    proptest! {
        #[test]
        fn reading_the_canonical_bytes_gives_the_value_back(value in values()) {
            let bytes = canonical_json(&value).expect("whole numbers only");
            let again: Value = serde_json::from_slice(&bytes).expect("JSON");
            prop_assert_eq!(&again, &value);
            prop_assert_eq!(canonical_json(&again).expect("whole numbers only"), bytes);
        }
    }
}
