//! The form: its fields, their kinds, and the rules across them.

use super::keys::Keys;
use super::scalars::{Name, no_such_word};
use super::{Read, Reader, named};
use crate::domain::canonical::MAX_WHOLE;
use crate::domain::guides::expr::{Schema, Vocabulary};
use crate::domain::guides::model::{Choice, Field, FieldKind, Form, FormRule, Prefill, Requirement};
use crate::domain::guides::problem::Problems;
use crate::domain::guides::source::{Content, Node, ScalarKind};
use crate::domain::text::Text;

/// The most fields of a form.
const MAX_FIELDS: usize = 200;
/// The longest text a field may ask for, in characters.
const MAX_TEXT: u32 = 10_000;
const DEFAULT_TEXT: u32 = 200;
const KINDS: [&str; 13] = [
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
];
/// The keys that belong to some kind of field.
const KIND_KEYS: [&str; 9] =
    ["max_length", "multiline", "pattern", "min", "max", "past", "future", "options", "under"];

/// The fields of a file as its expressions see them, read without a word about
/// mistakes: those are told when the form itself is read.
pub(super) fn schema(root: &Node) -> Schema {
    let mut schema = Schema::default();
    let muted = Problems::default();
    let reader = Reader { problems: &muted, schema: &Schema::default() };
    let fields = named(root, "form").and_then(|form| named(form, "fields")).map(|node| &node.content);
    let Some(Content::List(items)) = fields else {
        return schema;
    };
    for item in items {
        let Some(keys) = Keys::of(item, &reader) else {
            continue;
        };
        let Some(Name(name)) = keys.need("name") else {
            continue;
        };
        let required = match keys.get("required").map(|node| &node.content) {
            None => true,
            Some(Content::Scalar { text, kind: ScalarKind::Boolean }) => text.eq_ignore_ascii_case("true"),
            Some(Content::Scalar { .. } | Content::List(_) | Content::Mapping(_)) => false,
        };
        let kind = kind(&keys, &reader);
        schema.add(&name, kind.as_ref(), required && !keys.has("visible_when"));
    }
    schema
}

impl Read for Form {
    fn read(node: &Node, reader: &Reader<'_>) -> Option<Self> {
        let keys = Keys::of(node, reader)?;
        let fields_node = keys.need_node("fields");
        let fields = fields_node.and_then(|node| fields(node, reader));
        reader.distinct(fields_node, "name");
        let rules = keys.or::<Vec<FormRule>>("rules", Vec::new());
        reader.distinct(keys.get("rules"), "code");
        keys.close();
        Some(Self { fields: fields?, rules: rules? })
    }
}

fn fields(node: &Node, reader: &Reader<'_>) -> Option<Vec<Field>> {
    let Content::List(items) = &node.content else {
        reader.problems.at(
            node,
            "fields 应为列表，每个字段一项。",
            "fields is a list with one item per field.",
        );
        return None;
    };
    if items.len() > MAX_FIELDS {
        reader.problems.at(
            node,
            format!("表单最多 {MAX_FIELDS} 个字段，请精简。"),
            format!("A form has at most {MAX_FIELDS} fields; ask for less."),
        );
    }
    let read: Vec<Option<Field>> =
        items.iter().enumerate().map(|(index, item)| field(item, index, reader)).collect();
    read.into_iter().collect()
}

fn field(node: &Node, index: usize, reader: &Reader<'_>) -> Option<Field> {
    let keys = Keys::of(node, reader)?;
    let name = keys.need::<Name>("name");
    let label = keys.need::<Text>("label");
    let help = keys.optional::<Text>("help");
    let required = match keys.get("required") {
        None => Some(Requirement::Required),
        Some(node) => reader.requirement(node),
    };
    let visible_when = match keys.get("visible_when") {
        None => Some(None),
        Some(node) => reader.expression(node, Vocabulary::Above(reader.schema, index)).map(Some),
    };
    let prefill = keys.optional::<Prefill>("prefill");
    let kind = kind(&keys, reader);
    if let (Some(kind), Some(Some(source)), Some(node)) = (&kind, &prefill, keys.get("prefill")) {
        check_prefill(node, *source, kind, reader);
    }
    keys.close();
    Some(Field {
        name: name?.0,
        label: label?,
        help: help?,
        kind: kind?,
        required: required?,
        visible_when: visible_when?,
        prefill: prefill?,
    })
}

fn kind(keys: &Keys<'_, '_>, reader: &Reader<'_>) -> Option<FieldKind> {
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
        "region" => FieldKind::Region { under: keys.optional("under")? },
        "address" => FieldKind::Address { under: keys.optional("under")? },
        "resident_id" => FieldKind::ResidentId,
        "uscc" => FieldKind::Uscc,
        "mobile" => FieldKind::Mobile,
        "declaration" => FieldKind::Declaration,
        _ => {
            keys.allow(&KIND_KEYS);
            no_such_word(node, reader, &word, KINDS.into_iter());
            return None;
        }
    })
}

fn text_kind(keys: &Keys<'_, '_>, reader: &Reader<'_>) -> Option<FieldKind> {
    let max_length = keys.or("max_length", DEFAULT_TEXT);
    let multiline = keys.or("multiline", false);
    let pattern = keys.optional("pattern");
    if let (Some(length), Some(node)) = (max_length, keys.get("max_length"))
        && !(1..=MAX_TEXT).contains(&length)
    {
        reader.problems.at(
            node,
            format!("max_length 应为 1 到 {MAX_TEXT}。"),
            format!("max_length must be from 1 to {MAX_TEXT}."),
        );
    }
    Some(FieldKind::Text { max_length: max_length?, multiline: multiline?, pattern: pattern? })
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
    if u32::try_from(options.len()).is_ok_and(|count| min > count) {
        reader.problems.at(
            keys.get("min").unwrap_or(keys.node),
            format!("只有 {} 个选项，至少选 {min} 个做不到。", options.len()),
            format!("There are only {} options; choosing {min} cannot be asked.", options.len()),
        );
    }
    Some(FieldKind::MultiChoice { options, min, max })
}

impl Read for Choice {
    fn read(node: &Node, reader: &Reader<'_>) -> Option<Self> {
        let keys = Keys::of(node, reader)?;
        let (value, label) = (keys.need("value"), keys.need("label"));
        keys.close();
        Some(Self { value: value?, label: label? })
    }
}

fn check_prefill(node: &Node, source: Prefill, kind: &FieldKind, reader: &Reader<'_>) {
    let has = |options: &[Choice], value: &str| options.iter().any(|option| option.value == value);
    let (fits, kinds) = match source {
        Prefill::Name => (matches!(kind, FieldKind::Text { .. }), "text"),
        Prefill::IdNumber => (
            matches!(kind, FieldKind::ResidentId | FieldKind::Uscc | FieldKind::Text { .. }),
            "resident_id, uscc, text",
        ),
        Prefill::Mobile => (matches!(kind, FieldKind::Mobile), "mobile"),
        Prefill::BirthDate => (matches!(kind, FieldKind::Date { .. }), "date"),
        Prefill::Gender => (
            matches!(kind, FieldKind::Choice { options } if has(options, "male") && has(options, "female")),
            "choice (male, female)",
        ),
        Prefill::Residence => {
            (matches!(kind, FieldKind::Region { .. } | FieldKind::Address { .. }), "region, address")
        }
    };
    if !fits {
        reader.problems.at(
            node,
            format!("这个预填来源只适用于类型：{kinds}。"),
            format!("This prefill is for fields of type {kinds}."),
        );
    }
}

impl Read for FormRule {
    fn read(node: &Node, reader: &Reader<'_>) -> Option<Self> {
        let keys = Keys::of(node, reader)?;
        let code = keys.need::<Name>("code");
        let when = keys.need_expression("when", Vocabulary::Whole(reader.schema));
        let at = keys.need::<String>("at");
        let text = keys.need("text");
        if let (Some(at), Some(node)) = (&at, keys.get("at"))
            && !Vocabulary::Whole(reader.schema).has_field(at)
        {
            reader.problems.at(
                node,
                format!("表单没有字段“{at}”，at 要写本规则提示所在的字段。"),
                format!("The form has no field “{at}”; at names the field the message stands at."),
            );
        }
        keys.close();
        Some(Self { code: code?.0, when: when?, at: at?, text: text? })
    }
}
