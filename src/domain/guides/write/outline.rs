//! A tree of plain values and its text as YAML. What is written reads back as
//! the same tree, whatever the texts hold; short values stand on one line, long
//! ones below each other, and a text of several lines is written as it looks.

use serde_json::{Map, Number, Value};

use crate::domain::guides::source::{ScalarKind, kind_of};

/// The longest line a value in brackets may make.
const LONGEST_LINE: usize = 110;

/// A value of a guide file. Mappings keep their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outline {
    Null,
    Flag(bool),
    Number(i64),
    Text(String),
    List(Vec<Outline>),
    Mapping(Vec<(String, Outline)>),
}

impl Outline {
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub fn list<T>(items: impl IntoIterator<Item = T>, outline: impl Fn(T) -> Self) -> Self {
        Self::List(items.into_iter().map(outline).collect())
    }

    pub fn mapping<'k>(entries: impl IntoIterator<Item = (&'k str, Self)>) -> Self {
        Self::Mapping(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    }

    /// The entries of a mapping; none of anything else.
    pub fn entries(&self) -> &[(String, Self)] {
        match self {
            Self::Mapping(entries) => entries,
            Self::Null | Self::Flag(_) | Self::Number(_) | Self::Text(_) | Self::List(_) => &[],
        }
    }

    /// The items of a list; none of anything else.
    pub fn items(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            Self::Null | Self::Flag(_) | Self::Number(_) | Self::Text(_) | Self::Mapping(_) => &[],
        }
    }

    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entries().iter().find(|(known, _)| known == key).map(|(_, value)| value)
    }

    /// What stands at `limits.promised.days`.
    pub fn at(&self, path: &str) -> Option<&Self> {
        path.split('.').try_fold(self, |value, key| value.get(key))
    }

    /// Puts a value at such a path, with the mappings that lead there.
    pub fn put(&mut self, path: &str, value: Self) {
        let (key, below) = match path.split_once('.') {
            Some((key, below)) => (key, Some(below)),
            None => (path, None),
        };
        if !matches!(self, Self::Mapping(_)) {
            *self = Self::Mapping(Vec::new());
        }
        let Self::Mapping(entries) = self else { return };
        let place = entries.iter().position(|(known, _)| known == key).unwrap_or_else(|| {
            entries.push((key.to_owned(), Self::Null));
            entries.len() - 1
        });
        let slot = &mut entries[place].1;
        match below {
            Some(below) => slot.put(below, value),
            None => *slot = value,
        }
    }

    /// Takes a key out of a mapping.
    pub fn take(&mut self, key: &str) -> Option<Self> {
        let Self::Mapping(entries) = self else { return None };
        let place = entries.iter().position(|(known, _)| known == key)?;
        Some(entries.remove(place).1)
    }

    /// As JSON, whose objects know no order.
    pub fn to_json(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Flag(flag) => Value::Bool(*flag),
            Self::Number(number) => Value::from(*number),
            Self::Text(text) => Value::from(text.as_str()),
            Self::List(items) => items.iter().map(Self::to_json).collect(),
            Self::Mapping(entries) => {
                let members = entries.iter().map(|(key, value)| (key.clone(), value.to_json()));
                Value::Object(members.collect::<Map<_, _>>())
            }
        }
    }

    /// From JSON. Fractions, which no guide holds, become texts for the reader to refuse.
    pub fn from_json(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(flag) => Self::Flag(*flag),
            Value::Number(number) => from_number(number),
            Value::String(text) => Self::text(text),
            Value::Array(items) => Self::list(items, Self::from_json),
            Value::Object(members) => {
                Self::mapping(members.iter().map(|(key, value)| (key.as_str(), Self::from_json(value))))
            }
        }
    }

    /// As a document of its own.
    pub fn to_yaml(&self) -> String {
        let mut out = String::new();
        match self {
            Self::Mapping(entries) if !entries.is_empty() => write_entries(&mut out, entries, 0, false),
            other => {
                out.push_str(&in_brackets(other));
                out.push('\n');
            }
        }
        out
    }
}

fn from_number(number: &Number) -> Outline {
    number.as_i64().map_or_else(|| Outline::text(number.to_string()), Outline::Number)
}

/// The entries of a mapping, each on lines of its own; the first may stand after
/// what is there already.
fn write_entries(out: &mut String, entries: &[(String, Outline)], indent: usize, after_dash: bool) {
    for (index, (key, value)) in entries.iter().enumerate() {
        if index > 0 || !after_dash {
            out.push_str(&" ".repeat(indent));
        }
        out.push_str(&key_of(key));
        out.push(':');
        write_after(out, value, indent);
    }
}

/// A value after its key.
fn write_after(out: &mut String, value: &Outline, indent: usize) {
    let line = out.len() - out.rfind('\n').map_or(0, |at| at + 1);
    if let Outline::Text(text) = value
        && is_drawn(text)
    {
        out.push_str(" |-\n");
        for line in text.split('\n') {
            if !line.is_empty() {
                out.push_str(&" ".repeat(indent + 2));
                out.push_str(line);
            }
            out.push('\n');
        }
        return;
    }
    let short = in_brackets(value);
    let fits = line + 1 + short.chars().count() <= LONGEST_LINE && is_short(value);
    match value {
        Outline::Mapping(entries) if !fits && !entries.is_empty() => {
            out.push('\n');
            write_entries(out, entries, indent + 2, false);
        }
        Outline::List(items) if !fits && !items.is_empty() => {
            out.push('\n');
            write_items(out, items, indent + 2);
        }
        _ => {
            out.push(' ');
            out.push_str(&short);
            out.push('\n');
        }
    }
}

fn write_items(out: &mut String, items: &[Outline], indent: usize) {
    for item in items {
        out.push_str(&" ".repeat(indent));
        out.push_str("- ");
        let short = in_brackets(item);
        let fits = indent + 2 + short.chars().count() <= LONGEST_LINE && is_short(item);
        match item {
            Outline::Mapping(entries) if !fits && !entries.is_empty() => {
                write_entries(out, entries, indent + 2, true);
            }
            _ => {
                out.push_str(&short);
                out.push('\n');
            }
        }
    }
}

/// Whether a value may stand in brackets: no list of mappings, no text of several lines.
fn is_short(value: &Outline) -> bool {
    match value {
        Outline::Null | Outline::Flag(_) | Outline::Number(_) => true,
        Outline::Text(text) => !is_drawn(text),
        Outline::List(items) => {
            items.iter().all(|item| !matches!(item, Outline::Mapping(_)) && is_short(item))
        }
        Outline::Mapping(entries) => entries.iter().all(|(_, value)| is_short(value)),
    }
}

/// A value on one line.
fn in_brackets(value: &Outline) -> String {
    match value {
        Outline::Null => "null".to_owned(),
        Outline::Flag(flag) => flag.to_string(),
        Outline::Number(number) => number.to_string(),
        Outline::Text(text) => scalar(text),
        Outline::List(items) => {
            let items: Vec<String> = items.iter().map(in_brackets).collect();
            format!("[{}]", items.join(", "))
        }
        Outline::Mapping(entries) if entries.is_empty() => "{}".to_owned(),
        Outline::Mapping(entries) => {
            let entries: Vec<String> = entries
                .iter()
                .map(|(key, value)| format!("{}: {}", key_of(key), in_brackets(value)))
                .collect();
            format!("{{ {} }}", entries.join(", "))
        }
    }
}

fn key_of(key: &str) -> String {
    let plain = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if plain { key.to_owned() } else { escaped(key) }
}

/// Whether a text can be drawn as it looks (YAML 1.2.2 §8.1.2).
fn is_drawn(text: &str) -> bool {
    let begins = |c: char| c.is_whitespace();
    text.contains('\n')
        && !text.starts_with(begins)
        && !text.ends_with(begins)
        && !text.chars().any(|c| c != '\n' && must_be_escaped(c))
        && !text.split('\n').any(|line| !line.is_empty() && line.trim().is_empty())
}

/// A text in the least quotes that keep it what it is.
fn scalar(text: &str) -> String {
    if is_plain(text) {
        text.to_owned()
    } else if text.chars().any(must_be_escaped) || !text.contains(['"', '\\']) {
        escaped(text)
    } else {
        format!("'{}'", text.replace('\'', "''"))
    }
}

/// Whether it reads as the same text without quotes, in brackets as well. Letters
/// and digits of any script and these marks mean nothing to YAML. Codes are quoted,
/// and what older YAML takes for true or false.
fn is_plain(text: &str) -> bool {
    let harmless =
        |c: char| c.is_alphanumeric() || " _-./()+%'=<>;《》〈〉（）、，。；：！？“”·—…【】".contains(c);
    let begins = |c: char| c.is_alphanumeric() || "《（“".contains(c);
    let is_code = text.starts_with(|c: char| c.is_ascii_digit()) && !text.contains(['-', ' ']);
    let is_word = ["y", "n", "yes", "no", "on", "off"].iter().any(|word| text.eq_ignore_ascii_case(word));
    text.starts_with(begins)
        && !is_code
        && !is_word
        && !text.ends_with(' ')
        && text.chars().all(harmless)
        && kind_of(text) == ScalarKind::Text
}

/// Whether a character cannot stand in quotes as it is (YAML 1.2.2 §5.1, §5.4).
fn must_be_escaped(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
        || ('\u{e000}'..='\u{f8ff}').contains(&c)
}

fn escaped(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if must_be_escaped(c) => out.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
