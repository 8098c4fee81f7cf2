//! The kinds of fields: what each may say, and what it must.

use super::keys::Keys;
use super::scalars::{Name, no_such_word};
use super::{Read, Reader};
use crate::domain::canonical::MAX_WHOLE;
use crate::domain::codes::RegionCode;
use crate::domain::guides::form::one_line;
use crate::domain::guides::model::{Choice, Field, FieldKind, Requirement};
use crate::domain::guides::pattern::Pattern;
use crate::domain::guides::source::Node;
use crate::domain::text::Text;

/// The longest text a field may ask for, in characters.
const MAX_TEXT: u32 = 10_000;
const DEFAULT_TEXT: u32 = 200;
/// The most rows of a group.
const MAX_ROWS: u32 = 100;
const DEFAULT_ROWS: u32 = 20;
const KINDS: [&str; 15] = [
    "text",
    "number",
    "money",
    "date",
    "boolean",
    "choice",
    "multi_choice",
    "region",
    "address",
    "resident_id",
    "uscc",
    "mobile",
    "declaration",
    "group",
    "file",
];
/// The keys that belong to some kind of field.
const KIND_KEYS: [&str; 11] = [
    "max_length",
    "multiline",
    "pattern",
    "min",
    "max",
    "past",
    "future",
    "options",
    "under",
    "fields",
    "material",
];

impl Keys<'_, '_> {
    /// Whether keys are there that belong to another kind of field than the one that was
    /// read.
    pub fn has_other_kinds(&self) -> bool {
        KIND_KEYS.iter().any(|key| self.has(key) && !self.is_asked(key))
    }
}

pub(super) fn kind(keys: &Keys<'_, '_>, reader: &Reader<'_>) -> Option<FieldKind> {
    let node = keys.need_node("type");
    let word = node.and_then(|node| String::read(node, reader));
    let (Some(node), Some(word)) = (node, word) else {
        keys.allow(&KIND_KEYS);
        return None;
    };
    Some(match word.as_str() {
        "text" => text_kind(keys, reader)?,
        "number" => {
            let (min, max) = bounds(keys, reader, None)?;
            FieldKind::Number { min, max }
        }
        "money" => {
            let (min, max) = bounds(keys, reader, Some(0))?;
            FieldKind::Money { min, max }
        }
        "date" => date_kind(keys, reader)?,
        "boolean" => FieldKind::Boolean,
        "choice" => FieldKind::Choice { options: options(keys, reader)? },
        "multi_choice" => multi_choice_kind(keys, reader)?,
        "region" => FieldKind::Region { under: under(keys, reader)? },
        "address" => FieldKind::Address { under: under(keys, reader)? },
        "resident_id" => FieldKind::ResidentId,
        "uscc" => FieldKind::Uscc,
        "mobile" => FieldKind::Mobile,
        "declaration" => FieldKind::Declaration,
        "group" => group_kind(keys, reader)?,
        "file" => FieldKind::File { material: keys.need::<Name>("material")?.0 },
        _ => {
            keys.allow(&KIND_KEYS);
            no_such_word(node, reader, &word, KINDS.into_iter());
            return None;
        }
    })
}

/// A region written out, or `guide`: the one the guide serves, which an item does not say.
fn under(keys: &Keys<'_, '_>, reader: &Reader<'_>) -> Option<Option<RegionCode>> {
    match keys.get("under").and_then(Node::scalar) {
        Some("guide") if reader.is_partial => Some(None),
        Some("guide") => reader.region.clone().map(Some),
        Some(_) | None => keys.optional("under"),
    }
}

fn text_kind(keys: &Keys<'_, '_>, reader: &Reader<'_>) -> Option<FieldKind> {
    let max_length = keys.or("max_length", DEFAULT_TEXT);
    let multiline = keys.or("multiline", false);
    let pattern: Option<Option<Pattern>> = keys.optional("pattern");
    if let (Some(length), Some(node)) = (max_length, keys.get("max_length"))
        && !(1..=MAX_TEXT).contains(&length)
    {
        reader.problems.at(
            node,
            format!("max_length 应为 1 到 {MAX_TEXT}。"),
            format!("max_length must be from 1 to {MAX_TEXT}."),
        );
    } else if let (Some(length), Some(Some(pattern)), false) = (max_length, &pattern, reader.is_published) {
        check_matchable(keys, reader, length, pattern);
    }
    Some(FieldKind::Text { max_length: max_length?, multiline: multiline?, pattern: pattern? })
}

/// Some text that is short enough matches.
fn check_matchable(keys: &Keys<'_, '_>, reader: &Reader<'_>, max_length: u32, pattern: &Pattern) {
    let Some(node) = keys.get("pattern") else { return };
    match pattern.shortest() {
        None => reader.problems.at(
            node,
            "没有任何文字符合这个格式，谁都无法填写；请改正。",
            "No text matches this pattern, so nobody could fill it in; correct it.",
        ),
        Some(least) if least > usize::try_from(max_length).unwrap_or(usize::MAX) => reader.problems.at(
            node,
            format!("符合这个格式的文字至少 {least} 个字，而最多只能填 {max_length} 个字；请改正格式或 max_length。"),
            format!("A text that matches has {least} characters at the least, but {max_length} is the most that can be filled in; correct the pattern or max_length."),
        ),
        Some(_) => {}
    }
}

type Bounds = (Option<i64>, Option<i64>);

fn bounds(keys: &Keys<'_, '_>, reader: &Reader<'_>, default_min: Option<i64>) -> Option<Bounds> {
    let (min, max) = (keys.optional::<i64>("min"), keys.optional::<i64>("max"));
    for key in ["min", "max"] {
        let value = if key == "min" { min } else { max };
        if let (Some(Some(value)), Some(node)) = (value, keys.get(key))
            && value.unsigned_abs() > MAX_WHOLE.unsigned_abs()
        {
            reader.problems.at(
                node,
                format!("{key} 超出 ±{MAX_WHOLE}，请改小。"),
                format!("{key} is beyond ±{MAX_WHOLE}; make it smaller."),
            );
        }
    }
    let (min, max) = (min?.or(default_min), max?);
    if let (Some(min), Some(max)) = (min, max)
        && min > max
    {
        min_above_max(keys, reader, min, max);
    }
    Some((min, max))
}

fn min_above_max<N: std::fmt::Display>(keys: &Keys<'_, '_>, reader: &Reader<'_>, min: N, max: N) {
    let node = keys.get("max").or_else(|| keys.get("min")).unwrap_or(keys.node);
    reader.problems.at(
        node,
        format!("min（{min}）大于 max（{max}），请改正。"),
        format!("min ({min}) is above max ({max}); correct them."),
    );
}

fn date_kind(keys: &Keys<'_, '_>, reader: &Reader<'_>) -> Option<FieldKind> {
    let (past, future) = (keys.or("past", false), keys.or("future", false));
    let (past, future) = (past?, future?);
    if past && future {
        reader.problems.at(
            keys.node,
            "past 和 future 只能选一个，同时为 true 就只剩当天。",
            "Choose past or future; with both true only today is left.",
        );
    }
    Some(FieldKind::Date { past, future })
}

fn options(keys: &Keys<'_, '_>, reader: &Reader<'_>) -> Option<Vec<Choice>> {
    let options = keys.need_some::<Choice>("options");
    reader.distinct(keys.get("options"), "value");
    options
}

fn multi_choice_kind(keys: &Keys<'_, '_>, reader: &Reader<'_>) -> Option<FieldKind> {
    let options = options(keys, reader);
    let (min, max) = (keys.or::<u32>("min", 1), keys.optional::<u32>("max"));
    let (options, min, max) = (options?, min?, max?);
    if let Some(max) = max
        && min > max
    {
        min_above_max(keys, reader, min, max);
    }
    if max == Some(0) && min == 0 && !reader.is_published {
        reader.problems.at(
            keys.get("max").unwrap_or(keys.node),
            "max 至少为 1；什么都不让选就不必问，请删去这个字段。",
            "max is at least 1; where nothing may be chosen nothing need be asked, so remove the field.",
        );
    }
    if u32::try_from(options.len()).is_ok_and(|count| min > count) {
        reader.problems.at(
            keys.get("min").unwrap_or(keys.node),
            format!("只有 {} 个选项，至少选 {min} 个做不到。", options.len()),
            format!("There are only {} options; choosing {min} cannot be asked.", options.len()),
        );
    }
    Some(FieldKind::MultiChoice { options, min, max })
}

/// Rows of plain fields. A row has no conditions of its own, so that whoever
/// draws it needs to know nothing of the others.
fn group_kind(keys: &Keys<'_, '_>, reader: &Reader<'_>) -> Option<FieldKind> {
    let node = keys.need_node("fields");
    let (min, max) = (keys.or::<u32>("min", 1), keys.or::<u32>("max", DEFAULT_ROWS));
    let fields = node.and_then(|node| {
        reader.distinct(Some(node), "name");
        let fields: Vec<Option<Field>> = node.items().iter().map(|item| cell(item, reader)).collect();
        fields.into_iter().collect::<Option<Vec<_>>>()
    });
    if let (Some([]), Some(node)) = (fields.as_deref(), node) {
        reader.problems.at(node, "fields 至少写一个字段。", "fields needs at least one field.");
    }
    let (min, max) = (min?, max?);
    if min > max {
        min_above_max(keys, reader, min, max);
    }
    if !(1..=MAX_ROWS).contains(&max) {
        reader.problems.at(
            keys.get("max").unwrap_or(keys.node),
            format!("最多 {MAX_ROWS} 行。"),
            format!("There are {MAX_ROWS} rows at most."),
        );
    }
    Some(FieldKind::Group { fields: fields?, min, max })
}

/// A field that stands by itself: of a row, or of what an agency determines. It is always
/// shown, and required or not whatever the rest says.
pub(super) fn cell(node: &Node, reader: &Reader<'_>) -> Option<Field> {
    let keys = Keys::of(node, reader)?;
    let name = keys.need::<Name>("name");
    let label = keys.need::<Text>("label");
    let help = keys.optional::<Text>("help");
    let required = keys.or("required", true).map(|required| match required {
        true => Requirement::Required,
        false => Requirement::Optional,
    });
    let kind = match keys.get("type").and_then(Node::scalar) {
        Some(word @ ("group" | "file" | "declaration")) => {
            keys.allow(&KIND_KEYS);
            reader.problems.at(
                keys.get("type").unwrap_or(node),
                format!("此处不能用 {word}。"),
                format!("A field of type {word} cannot stand here."),
            );
            None
        }
        Some(_) | None => kind(&keys, reader),
    };
    keys.close();
    Some(Field {
        name: name?.0,
        label: label?,
        help: help?,
        kind: kind?,
        required: required?,
        visible_when: None,
        prefill: None,
        scenarios: Vec::new(),
    })
}

impl Read for Choice {
    fn read(node: &Node, reader: &Reader<'_>) -> Option<Self> {
        let keys = Keys::of(node, reader)?;
        let (value, label) = (keys.need::<String>("value"), keys.need("label"));
        if let (Some(value), Some(node)) = (&value, keys.get("value"))
            && let canonical = one_line(value)
            && canonical != *value
            && !reader.is_published
        {
            reader.problems.at(
                node,
                format!("答案会规范为“{canonical}”（全角转半角，合并空白），与“{value}”不符；请写 value: \"{canonical}\"。"),
                format!("An answer is put as “{canonical}” (half-width letters, single blanks), which is not “{value}”; write value: \"{canonical}\"."),
            );
        }
        keys.close();
        Some(Self { value: value?, label: label? })
    }
}
