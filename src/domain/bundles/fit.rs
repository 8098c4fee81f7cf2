//! Whether every answer to a shared field is one to the field of a part it stands
//! for.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::domain::codes::RegionCode;
use crate::domain::guides::{Choice, Field, FieldKind, Requirement};
use crate::domain::text::Text;

/// Why an answer to `shared` may be none to `own`.
pub(super) fn unfit(shared: &FieldKind, own: &FieldKind) -> Option<Text> {
    use FieldKind as K;
    let fits = match (shared, own) {
        (
            K::Text { max_length, multiline, pattern },
            K::Text { max_length: most, multiline: lines, pattern: of },
        ) => {
            if max_length > most {
                return told(format!("最多 {most} 字"), format!("at most {most} characters long"));
            }
            if of.is_some() && pattern != of {
                return told("相同的 pattern".to_owned(), "of the same pattern".to_owned());
            }
            !multiline || *lines
        }
        // What is a code is text as well.
        (K::ResidentId | K::Uscc | K::Mobile, K::Text { max_length, pattern: None, .. }) => *max_length >= 18,
        (K::Number { min, max }, K::Number { min: least, max: most })
        | (K::Money { min, max }, K::Money { min: least, max: most }) => {
            let above = least.is_none_or(|least| min.is_some_and(|min| min >= least));
            let below = most.is_none_or(|most| max.is_some_and(|max| max <= most));
            if !above || !below {
                let show = |bound: &Option<i64>| bound.map_or("…".to_owned(), |bound| bound.to_string());
                let (least, most) = (show(least), show(most));
                return told(format!("在 {least} 与 {most} 之间"), format!("between {least} and {most}"));
            }
            true
        }
        (K::Date { past, future }, K::Date { past: over, future: ahead }) => {
            (!over || *past) && (!ahead || *future)
        }
        (K::Choice { options }, K::Choice { options: known }) => {
            return missing(options, known);
        }
        (K::MultiChoice { options, min, max }, K::MultiChoice { options: known, min: least, max: most }) => {
            if let Some(missing) = missing(options, known) {
                return Some(missing);
            }
            min >= least && most.is_none_or(|most| max.is_some_and(|max| max <= most))
        }
        (K::Region { under }, K::Region { under: within })
        | (K::Address { under }, K::Address { under: within }) => {
            if !lies_within(under.as_ref(), within.as_ref()) {
                let within = within.as_ref().map_or(String::new(), ToString::to_string);
                return told(format!("under: {within}"), format!("under: {within}"));
            }
            true
        }
        (K::Group { fields, min, max }, K::Group { fields: known, min: least, max: most }) => {
            return rows(fields, known).or_else(|| {
                (min < least || max > most)
                    .then(|| Text::new(format!("{least} 至 {most} 行"), format!("of {least} to {most} rows")))
            });
        }
        (K::Boolean, K::Boolean)
        | (K::ResidentId, K::ResidentId)
        | (K::Uscc, K::Uscc)
        | (K::Mobile, K::Mobile)
        | (K::Declaration, K::Declaration | K::Boolean) => true,
        (_, K::Text { .. } | K::Number { .. } | K::Money { .. } | K::Date { .. } | K::Boolean) => false,
        (_, K::Choice { .. } | K::MultiChoice { .. } | K::Region { .. } | K::Address { .. }) => false,
        (_, K::ResidentId | K::Uscc | K::Mobile | K::Declaration | K::Group { .. } | K::File { .. }) => false,
    };
    if fits { None } else { told(word(own).to_owned(), format!("of type {}", word(own))) }
}

fn told(zh: String, en: String) -> Option<Text> {
    Some(Text::new(zh, en))
}

fn missing(options: &[Choice], known: &[Choice]) -> Option<Text> {
    let known: BTreeSet<&str> = known.iter().map(|option| option.value.as_str()).collect();
    let strange = options.iter().find(|option| !known.contains(option.value.as_str()))?;
    let known = known.into_iter().collect::<Vec<_>>().join(", ");
    told(
        format!("选项只有 {known}（没有 {}）", strange.value),
        format!("one of the options {known} (not {})", strange.value),
    )
}

fn lies_within(under: Option<&RegionCode>, within: Option<&RegionCode>) -> bool {
    within.is_none_or(|within| under.is_some_and(|under| within.contains(under)))
}

/// Rows may have more columns than the part asks for; those it asks for must fit.
fn rows(fields: &[Field], known: &[Field]) -> Option<Text> {
    known.iter().find_map(|own| {
        let named =
            |why: Text| Text::new(format!("{}：{}", own.name, why.zh), format!("{}: {}", own.name, why.en));
        let must = matches!(own.required, Requirement::Required);
        match fields.iter().find(|field| field.name == own.name) {
            None if must => told(format!("含“{}”的行", own.name), format!("rows with “{}”", own.name)),
            None => None,
            Some(field) if must && !matches!(field.required, Requirement::Required) => {
                told(format!("{}：必填", own.name), format!("{}: required", own.name))
            }
            Some(field) => unfit(&field.kind, &own.kind).map(named),
        }
    })
}

/// An answer to a shared field as the part's own field takes it: of rows, the columns
/// it asks for.
pub(super) fn narrowed(value: &Value, own: &FieldKind) -> Value {
    match (own, value) {
        (FieldKind::Group { fields, .. }, Value::Array(rows)) => {
            let is_asked = |name: &str| fields.iter().any(|field| field.name == name);
            let narrow = |row: &Value| match row {
                Value::Object(cells) => {
                    let kept = cells.iter().filter(|(name, _)| is_asked(name));
                    Value::Object(kept.map(|(name, cell)| (name.clone(), cell.clone())).collect())
                }
                other => other.clone(),
            };
            Value::Array(rows.iter().map(narrow).collect())
        }
        (_, value) => value.clone(),
    }
}

/// As the file writes it.
pub(super) fn word(kind: &FieldKind) -> &'static str {
    match kind {
        FieldKind::Text { .. } => "text",
        FieldKind::Number { .. } => "number",
        FieldKind::Money { .. } => "money",
        FieldKind::Date { .. } => "date",
        FieldKind::Boolean => "boolean",
        FieldKind::Choice { .. } => "choice",
        FieldKind::MultiChoice { .. } => "multi_choice",
        FieldKind::Region { .. } => "region",
        FieldKind::Address { .. } => "address",
        FieldKind::ResidentId => "resident_id",
        FieldKind::Uscc => "uscc",
        FieldKind::Mobile => "mobile",
        FieldKind::Declaration => "declaration",
        FieldKind::Group { .. } => "group",
        FieldKind::File { .. } => "file",
    }
}
