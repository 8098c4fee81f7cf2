//! Cells: a value of the guide as JSON and as the text of a CSV cell, and back.

use serde_json::Value;

use super::{Cell, Kind};
use crate::domain::guides::Outline;
use crate::domain::text::Text;

type Labels = &'static [(&'static str, &'static str)];

/// What stands in the row where this kind of column looks.
pub(super) fn of(kind: Kind, row: &Outline) -> Cell {
    let Some(path) = path(kind) else { return Value::Null };
    let Some(value) = row.at(path) else { return Value::Null };
    match (kind, value) {
        (Kind::Word(_, labels), Outline::Text(word)) => Value::from(label(labels, word)),
        (Kind::Words(_, labels), Outline::List(words)) => {
            let words = words.iter().map(|word| match word {
                Outline::Text(word) => Value::from(label(labels, word)),
                other => other.to_json(),
            });
            words.collect()
        }
        _ => value.to_json(),
    }
}

/// Where a column's value is in a row; nowhere for what is only stated.
pub(super) fn path(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Text(path)
        | Kind::Number(path)
        | Kind::Flag(path)
        | Kind::Word(path, _)
        | Kind::Words(path, _)
        | Kind::Texts(path)
        | Kind::Json(path) => Some(path),
        Kind::Stated(_) => None,
    }
}

fn label(labels: Labels, word: &str) -> &str {
    labels.iter().find(|(known, _)| *known == word).map_or(word, |(_, label)| label)
}

/// A cell of a CSV file. Lists are joined by `;`, with `\` before one that is meant, before
/// the Chinese `；` that people may write in its place, and before itself.
pub(super) fn to_text(kind: Kind, cell: &Cell) -> String {
    match (kind, cell) {
        (_, Value::Null) => String::new(),
        (Kind::Json(_), cell) => cell.to_string(),
        (_, Value::Bool(true)) => "是".to_owned(),
        (_, Value::Bool(false)) => "否".to_owned(),
        (_, Value::String(text)) => text.clone(),
        (_, Value::Array(items)) => {
            let items: Vec<String> = items
                .iter()
                .map(|item| {
                    let item = item.as_str().unwrap_or_default();
                    item.replace('\\', "\\\\").replace(';', "\\;").replace('；', "\\；")
                })
                .collect();
            items.join(";")
        }
        (_, other) => other.to_string(),
    }
}

/// The cell a text of a CSV file stands for.
pub(super) fn from_text(kind: Kind, text: &str) -> Result<Cell, Text> {
    match kind {
        Kind::Text(_) | Kind::Word(..) => Ok(Value::from(text)),
        Kind::Number(_) => text.trim().parse::<i64>().map(Value::from).map_err(|_| no_number()),
        Kind::Flag(_) => match text.trim() {
            "是" | "true" | "TRUE" => Ok(Value::Bool(true)),
            "否" | "false" | "FALSE" => Ok(Value::Bool(false)),
            _ => Err(no_flag()),
        },
        Kind::Words(..) | Kind::Texts(_) => Ok(split(text).into_iter().map(Value::from).collect()),
        Kind::Json(_) => serde_json::from_str(text).map_err(|error| {
            Text::new(
                format!("此列应为 JSON（{error}）。"),
                format!("This column holds JSON, and this is none ({error})."),
            )
        }),
        Kind::Stated(_) => Ok(Value::Null),
    }
}

fn split(text: &str) -> Vec<String> {
    let mut items = vec![String::new()];
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match (character, items.last_mut()) {
            ('\\', Some(item)) => item.extend(characters.next()),
            (';' | '；', _) => items.push(String::new()),
            (character, Some(item)) => item.push(character),
            (_, None) => {}
        }
    }
    items
}

/// What a cell says of the guide.
pub(super) fn to_outline(kind: Kind, cell: &Cell) -> Result<Outline, Text> {
    match (kind, cell) {
        (Kind::Json(_), cell) => Ok(Outline::from_json(cell)),
        (Kind::Text(_), Value::String(text)) => Ok(Outline::text(text)),
        (Kind::Word(_, labels), Value::String(word)) => Ok(Outline::text(word_of(labels, word))),
        (Kind::Words(_, labels), Value::Array(words)) => {
            let words = words.iter().map(|word| match word {
                Value::String(word) => Outline::text(word_of(labels, word)),
                other => Outline::from_json(other),
            });
            Ok(Outline::List(words.collect()))
        }
        (Kind::Texts(_), Value::Array(_)) => Ok(Outline::from_json(cell)),
        (Kind::Number(_), Value::Number(_)) => Ok(Outline::from_json(cell)),
        (Kind::Flag(_), Value::Bool(flag)) => Ok(Outline::Flag(*flag)),
        (Kind::Number(_), _) => Err(no_number()),
        (Kind::Flag(_), _) => Err(no_flag()),
        (Kind::Words(..) | Kind::Texts(_), _) => {
            Err(Text::new("此列应为列表。", "This column holds a list."))
        }
        (Kind::Text(_) | Kind::Word(..) | Kind::Stated(_), _) => {
            Err(Text::new("此列应为文字。", "This column holds text."))
        }
    }
}

/// The word of the guide language for what the table writes; what is neither is
/// left to the reader, who says which words there are.
fn word_of(labels: Labels, written: &str) -> &str {
    let written = written.trim();
    labels.iter().find(|(_, label)| *label == written).map_or(written, |(word, _)| word)
}

fn no_number() -> Text {
    Text::new("此列应为整数。", "This column holds a whole number.")
}

fn no_flag() -> Text {
    Text::new("此列应填“是”或“否”。", "This column holds 是 (yes) or 否 (no).")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Kind, Value, from_text, to_text};

    proptest! {
        #[test]
        fn a_list_comes_back_whatever_marks_it_holds(items in prop::collection::vec("[;；\\\\a 医]{1,8}", 1..5)) {
            let cell: Value = items.into_iter().map(Value::from).collect();
            let kind = Kind::Texts("aliases");
            prop_assert_eq!(from_text(kind, &to_text(kind, &cell)).unwrap(), cell);
        }
    }
}
