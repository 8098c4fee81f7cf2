//! Reading JSON bodies so that everything wrong is told at once.
//!
//! Serde stops at the first fault. When there is one, the body is read again and
//! again with each fault mended by a stand-in, until nothing new turns up; only
//! the faults are kept.

use std::collections::HashSet;

use serde::de::{DeserializeOwned, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::problem::{Code, Problem};
use crate::domain::refusal::FieldError;
use crate::domain::text::Text;

/// Faults told of at the most; a body with more is no accident.
const MOST: usize = 50;

/// Parses JSON into `T`, pointing at everything that does not fit.
pub fn parse_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let first = match read::<T>(bytes) {
        // A member given twice shows only in the text, where `T` takes any names.
        Ok(value) => match read::<EachOnce>(bytes) {
            // Serde takes a list for a struct, member by member; nobody means that.
            Ok(EachOnce) if !bytes.trim_ascii_start().starts_with(b"{") => return Err(not_an_object()),
            Ok(EachOnce) => return Ok(value),
            Err(fault) => return Err(fault.into_problem()),
        },
        Err(fault) => fault,
    };
    let Fault::Data(first) = first else { return Err(first.into_problem()) };
    let mut errors = vec![first];
    if let Ok(mut value) = serde_json::from_slice::<Value>(bytes) {
        collect::<T>(&mut value, &mut errors);
    }
    let unknown = errors.iter().all(|error| error.code == "unknown_field");
    Err(Problem::new(if unknown { Code::UnknownField } else { Code::InvalidField }).errors(errors))
}

fn not_an_object() -> Problem {
    let words = Text::new("请求体应为 JSON 对象。", "The body must be a JSON object.");
    Problem::new(Code::InvalidField).errors(vec![FieldError::new("", "invalid", words)])
}

/// What is wrong with a body.
enum Fault {
    /// It is JSON, and this part does not fit.
    Data(FieldError),
    /// It is no JSON: line and column.
    Syntax(usize, usize),
}

impl Fault {
    fn into_problem(self) -> Problem {
        match self {
            Fault::Data(error) => Problem::new(Code::InvalidField).errors(vec![error]),
            Fault::Syntax(line, column) => Problem::new(Code::InvalidJson).detail(
                format!("第 {line} 行第 {column} 列附近有语法错误。"),
                format!("Syntax error near line {line}, column {column}."),
            ),
        }
    }
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Fault> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let fault = |error: &serde_json::Error, pointer: &str| match error.classify() {
        serde_json::error::Category::Data => Fault::Data(field_error(&error.to_string(), pointer)),
        serde_json::error::Category::Syntax
        | serde_json::error::Category::Eof
        | serde_json::error::Category::Io => Fault::Syntax(error.line(), error.column()),
    };
    let value = serde_path_to_error::deserialize::<_, T>(&mut reader).map_err(|error| {
        let pointer = pointer(error.path());
        fault(&error.into_inner(), &format!("{pointer}/"))
    })?;
    reader.end().map_err(|error| fault(&error, "/"))?;
    Ok(value)
}

/// Any JSON in which no object has a member twice.
struct EachOnce;

impl<'de> Deserialize<'de> for EachOnce {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_any(EachOnce)
    }
}

impl<'de> Visitor<'de> for EachOnce {
    type Value = Self;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self, A::Error> {
        while items.next_element::<EachOnce>()?.is_some() {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self, A::Error> {
        let mut seen = HashSet::new();
        while let Some(name) = members.next_key::<String>()? {
            if seen.contains(&name) {
                return Err(serde::de::Error::custom(format!("duplicate field `{name}`")));
            }
            members.next_value::<EachOnce>()?;
            seen.insert(name);
        }
        Ok(self)
    }
}

/// Mends one fault after the other and notes each.
fn collect<T: DeserializeOwned>(value: &mut Value, errors: &mut Vec<FieldError>) {
    let mut tried = 0;
    let mut last = String::new();
    while errors.len() < MOST {
        let Err(error) = serde_path_to_error::deserialize::<_, T>(value.clone()) else { return };
        let path = pointer(error.path());
        let said = error.into_inner().to_string();
        let fault = field_error(&said, &format!("{path}/"));
        if errors.iter().all(|known| known.pointer != fault.pointer) {
            errors.push(fault.clone());
        }
        tried = if fault.pointer == last { tried + 1 } else { 0 };
        last.clone_from(&fault.pointer);
        if fault.code == "unknown_field" {
            if !remove(value, &fault.pointer) {
                return;
            }
        } else if !stand_in(&said, tried).is_some_and(|stand_in| put(value, &fault.pointer, stand_in)) {
            return;
        }
    }
}

/// The `tried`-th thing to put in the place of what does not fit.
fn stand_in(said: &str, tried: usize) -> Option<Value> {
    if said.starts_with("unknown variant") {
        let variant = said.split_once("expected")?.1.split('`').nth(1)?;
        return (tried < 8).then(|| Value::from(variant));
    }
    [json!(null), json!(""), json!(0), json!(false), json!([]), json!({})].into_iter().nth(tried)
}

fn remove(value: &mut Value, pointer: &str) -> bool {
    let Some((parent, name)) = pointer.rsplit_once('/') else { return false };
    let Some(Value::Object(members)) = value.pointer_mut(parent) else { return false };
    members.remove(&unescape(name)).is_some()
}

fn put(value: &mut Value, pointer: &str, stand_in: Value) -> bool {
    let Some((parent, name)) = pointer.rsplit_once('/') else { return false };
    match value.pointer_mut(parent) {
        Some(Value::Object(members)) => {
            members.insert(unescape(name), stand_in);
            true
        }
        Some(Value::Array(items)) => {
            match name.parse::<usize>().ok().and_then(|index| items.get_mut(index)) {
                Some(item) => {
                    *item = stand_in;
                    true
                }
                None => false,
            }
        }
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) | None => false,
    }
}

/// What serde says, in our words. `at` is the path up to and including the
/// separator behind which the name of a missing or unknown field goes.
pub fn field_error(said: &str, at: &str) -> FieldError {
    let said = said.split(" at line").next().unwrap_or(said);
    let name = said.split('`').nth(1).unwrap_or_default();
    let wanted = said.split("expected").nth(1).unwrap_or_default().trim();
    // "`a` or `b`", "one of `a`, `b`, `c`"
    let known: Vec<&str> = wanted.split('`').skip(1).step_by(2).collect();
    let itself = at.strip_suffix('/').unwrap_or_default().to_owned();
    // The path may end in the field already.
    let inside = if itself.ends_with(&format!("/{name}")) { itself.clone() } else { format!("{at}{name}") };
    let expected = || match known.as_slice() {
        [] => Text::new("未知，请去掉。", "Unknown; leave it out."),
        known => {
            let (zh, en) = (known.join("、"), known.join(", "));
            Text::new(format!("未知；可用：{zh}。"), format!("Unknown; there are: {en}."))
        }
    };
    if said.starts_with("unknown field") {
        FieldError::new(inside, "unknown_field", expected())
    } else if said.starts_with("unknown variant") {
        FieldError::new(itself, "not_an_option", expected())
    } else if said.starts_with("missing field") {
        FieldError::new(inside, "required", Text::new("此项必填。", "This is required."))
    } else if said.starts_with("duplicate field") {
        FieldError::new(
            inside,
            "duplicate",
            Text::new("同一字段出现多次。", "The field is given more than once."),
        )
    } else {
        FieldError::new(itself, "invalid", unfit(said, wanted))
    }
}

/// Of what is out of range, the range.
fn unfit(said: &str, wanted: &str) -> Text {
    let most = match wanted {
        "u8" => u64::from(u8::MAX),
        "u16" => u64::from(u16::MAX),
        "u32" => u64::from(u32::MAX),
        "i32" => i32::MAX.unsigned_abs().into(),
        "i64" => i64::MAX.unsigned_abs(),
        _ => u64::MAX,
    };
    let least = if wanted.starts_with('i') { format!("-{most}") } else { "0".to_owned() };
    if said.starts_with("invalid value: integer") && most < u64::MAX {
        Text::new(
            format!("此处应为 {least} 到 {most} 的整数。"),
            format!("Write a whole number from {least} to {most} here."),
        )
    } else if said == "input is out of range" {
        Text::new(
            "没有这样的日期或时间，请核对年月日。",
            "There is no such date or time; check year, month and day.",
        )
    } else if said.starts_with("number too large") {
        Text::new("数字过大，请写小一些。", "The number is too large; write a smaller one.")
    } else {
        Text::new(format!("格式不正确：{said}。"), format!("Not of the right form: {said}."))
    }
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
            Segment::Enum { variant } => format!("/{variant}"),
            Segment::Unknown => String::new(),
        })
        .collect()
}

fn unescape(name: &str) -> String {
    name.replace("~1", "/").replace("~0", "~")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read")]
    struct Sample {
        name: String,
        age: u8,
        inner: Inner,
        list: Vec<u8>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read")]
    struct Inner {
        kind: Kind,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        One,
    }

    fn faults(text: &str) -> Vec<(String, &'static str)> {
        let problem = parse_json::<Sample>(text.as_bytes()).unwrap_err();
        problem.errors.into_iter().map(|error| (error.pointer, error.code)).collect()
    }

    #[test]
    fn everything_wrong_is_told_at_once() {
        let mut told =
            faults(r#"{"age": "x", "inner": {"kind": "two", "more": 1}, "list": [1, "a"], "zzz": 1}"#);
        told.sort();
        let expected = [
            ("/age", "invalid"),
            ("/inner/kind", "not_an_option"),
            ("/inner/more", "unknown_field"),
            ("/list/1", "invalid"),
            ("/name", "required"),
            ("/zzz", "unknown_field"),
        ];
        let expected: Vec<_> = expected.into_iter().map(|(at, code)| (at.to_owned(), code)).collect();
        assert_eq!(told, expected);
    }

    #[test]
    fn what_is_out_of_range_is_told_with_the_range() {
        let told = |text: &str| parse_json::<Sample>(text.as_bytes()).unwrap_err().errors.remove(0).detail;
        assert_eq!(told(r#"{"age": 300}"#).en, "Write a whole number from 0 to 255 here.");
        assert_eq!(told(r#"{"age": -1}"#).en, "Write a whole number from 0 to 255 here.");
        let day = serde_json::from_str::<chrono::NaiveDate>("\"2026-02-30\"").unwrap_err();
        assert!(field_error(&day.to_string(), "/from").detail.en.contains("no such date"));
    }

    #[test]
    fn a_member_given_twice_is_told() {
        assert_eq!(faults(r#"{"name": "a", "name": "b"}"#)[0], ("/name".to_owned(), "duplicate"));
    }

    #[test]
    fn what_is_no_json_is_told_by_line_and_column() {
        let problem = parse_json::<Sample>(b"{\"name\": }").unwrap_err();
        assert_eq!(problem.code, Code::InvalidJson);
    }
}
