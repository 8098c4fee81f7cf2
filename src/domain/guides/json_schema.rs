//! The form as JSON Schema (2020-12), so that any client can show and check it
//! without knowing the portal. What JSON Schema has no word for stands under
//! `x-wanshitong`: labels in both languages, widgets, and the conditions, as
//! CEL, under which a field is shown or required.
//!
//! For a form without conditions the schema accepts exactly the facts, in
//! canonical form, that a submission accepts, save for dates against today and
//! regions against the register.

use serde_json::{Map, Value, json};

use super::expr::Expr;
use super::model::{Choice, Field, FieldKind, Form, Guide, Requirement};
use super::value::{ADDRESS_LEVEL, MAX_DETAIL};
use crate::domain::canonical::MAX_WHOLE;
use crate::domain::cases::{MAX_DOCUMENT_BYTES, MediaType};
use crate::domain::codes::{RegionCode, RegionLevel};
use crate::domain::text::Text;

pub const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The JSON Schema of the facts a guide asks for.
pub fn json_schema(guide: &Guide) -> Value {
    let mut schema = form_schema(&guide.form);
    if let Value::Object(members) = &mut schema {
        members.insert("title".to_owned(), Value::from(guide.item.name.zh.as_str()));
        members.insert("description".to_owned(), Value::from(guide.summary.zh.as_str()));
        if let Some(Value::Object(own)) = members.get_mut("x-wanshitong") {
            own.insert("guide_code".to_owned(), Value::from(guide.code.as_str()));
            own.insert("region".to_owned(), Value::from(guide.region.as_str()));
            own.insert("title".to_owned(), json!(guide.item.name));
        }
    }
    schema
}

/// The JSON Schema of a form alone.
pub fn form_schema(form: &Form) -> Value {
    let answered = || form.fields.iter().filter(|field| field.kind.has_answer());
    let properties: Map<String, Value> =
        answered().map(|field| (field.name.clone(), property(field))).collect();
    let files: Map<String, Value> = form
        .fields
        .iter()
        .filter(|field| !field.kind.has_answer())
        .map(|field| (field.name.clone(), vocabulary(field, "file")))
        .collect();
    let required: Vec<&str> = answered()
        .filter(|field| field.visible_when.is_none() && field.scenarios.is_empty())
        .filter(|field| matches!(field.required, Requirement::Required))
        .map(|field| field.name.as_str())
        .collect();
    let rules: Vec<Value> = form.rules.iter().map(|rule| json!(rule)).collect();
    let order: Vec<&str> = form.fields.iter().map(|field| field.name.as_str()).collect();
    json!({
        "$schema": DIALECT,
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
        "x-wanshitong": { "order": order, "rules": rules, "files": files },
    })
}

fn property(field: &Field) -> Value {
    let (mut schema, widget) = shape(&field.kind);
    schema.insert("title".to_owned(), Value::from(field.label.zh.as_str()));
    if let Some(help) = &field.help {
        schema.insert("description".to_owned(), Value::from(help.zh.as_str()));
    }
    schema.insert("x-wanshitong".to_owned(), vocabulary(field, widget));
    Value::Object(schema)
}

/// What only a client that knows the portal understands of a field.
fn vocabulary(field: &Field, widget: &str) -> Value {
    let mut own = Map::new();
    own.insert("widget".to_owned(), Value::from(widget));
    own.insert("label".to_owned(), json!(field.label));
    if let Some(help) = &field.help {
        own.insert("help".to_owned(), json!(help));
    }
    if let Requirement::When(rule) = &field.required {
        own.insert("required_when".to_owned(), source(rule));
    }
    // Whether a file is needed is said by its material.
    if let Requirement::Required = &field.required
        && (field.visible_when.is_some() || !field.scenarios.is_empty())
        && field.kind.has_answer()
    {
        own.insert("required_when_visible".to_owned(), Value::Bool(true));
    }
    if let Some(rule) = &field.visible_when {
        own.insert("visible_when".to_owned(), source(rule));
    }
    if let Some(prefill) = &field.prefill {
        own.insert("prefill".to_owned(), json!(prefill));
    }
    if !field.scenarios.is_empty() {
        own.insert("scenarios".to_owned(), json!(field.scenarios));
    }
    own.extend(particulars(&field.kind));
    Value::Object(own)
}

fn source(rule: &Expr) -> Value {
    Value::from(rule.source())
}

/// What a value looks like, and what it is best entered with.
fn shape(kind: &FieldKind) -> (Map<String, Value>, &'static str) {
    let (schema, widget) = match kind {
        FieldKind::Text { max_length, multiline, pattern } => {
            let mut schema = json!({ "type": "string", "minLength": 1, "maxLength": max_length });
            if let Some(pattern) = pattern {
                schema["pattern"] = Value::from(pattern.as_str());
            }
            (schema, if *multiline { "textarea" } else { "text" })
        }
        FieldKind::Number { min, max } => (whole(*min, *max), "number"),
        FieldKind::Money { min, max } => (whole(*min, *max), "money"),
        FieldKind::Date { .. } => (json!({ "type": "string", "format": "date" }), "date"),
        FieldKind::Boolean => (json!({ "type": "boolean" }), "checkbox"),
        FieldKind::Choice { options } => (json!({ "type": "string", "enum": values(options) }), "choice"),
        FieldKind::MultiChoice { options, min, max } => {
            let mut schema = json!({
                "type": "array",
                "items": { "type": "string", "enum": values(options) },
                "uniqueItems": true,
                "minItems": min.max(&1),
            });
            if let Some(max) = max {
                schema["maxItems"] = Value::from(*max);
            }
            (schema, "multi_choice")
        }
        FieldKind::Region { under } => (region(under.as_ref(), None), "region"),
        FieldKind::Address { under } => (
            json!({
                "type": "object",
                "properties": address_parts(under.as_ref()),
                "required": ["region", "detail"],
                "additionalProperties": false,
            }),
            "address",
        ),
        FieldKind::ResidentId => (
            json!({ "type": "string", "pattern": "^[0-9]{17}[0-9X]$", "format": "resident-id" }),
            "resident_id",
        ),
        FieldKind::Uscc => {
            (json!({ "type": "string", "pattern": "^[0-9A-HJ-NPQRTUWXY]{18}$", "format": "uscc" }), "uscc")
        }
        FieldKind::Mobile => (json!({ "type": "string", "pattern": "^1[3-9][0-9]{9}$" }), "mobile"),
        FieldKind::Declaration => (json!({ "const": true }), "declaration"),
        FieldKind::Group { fields, min, max } => (rows(fields, *min, *max), "group"),
        FieldKind::File { .. } => (json!({ "not": {} }), "file"),
    };
    match schema {
        Value::Object(members) => (members, widget),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            (Map::new(), widget)
        }
    }
}

fn rows(fields: &[Field], min: u32, max: u32) -> Value {
    let properties: Map<String, Value> =
        fields.iter().map(|field| (field.name.clone(), property(field))).collect();
    let required: Vec<&str> = fields
        .iter()
        .filter(|field| matches!(field.required, Requirement::Required))
        .map(|field| field.name.as_str())
        .collect();
    json!({
        "type": "array",
        "items": {
            "type": "object",
            "properties": properties,
            "required": required,
            "minProperties": 1,
            "additionalProperties": false,
        },
        "minItems": min.max(1),
        "maxItems": max,
    })
}

fn whole(min: Option<i64>, max: Option<i64>) -> Value {
    json!({
        "type": "integer",
        "minimum": min.unwrap_or(-MAX_WHOLE),
        "maximum": max.unwrap_or(MAX_WHOLE),
    })
}

/// Everything within `under` that lies at `least` or deeper: a digit that is no zero
/// stands behind those of the level above.
fn region(under: Option<&RegionCode>, least: Option<RegionLevel>) -> Value {
    let prefix = under.map_or("", RegionCode::significant);
    let above = least.and_then(|least| RegionLevel::ALL.into_iter().rev().find(|level| *level < least));
    let rest = match above {
        Some(above) if prefix.len() <= above.digits() => {
            format!("[0-9]{{{}}}0*[1-9][0-9]*", above.digits() - prefix.len())
        }
        Some(_) | None => "[0-9]*".to_owned(),
    };
    json!({ "type": "string", "pattern": format!("^{prefix}{rest}$"), "format": "region-code" })
}

/// The two parts of an address, each to be drawn as a field of its own.
fn address_parts(under: Option<&RegionCode>) -> Value {
    let (place, detail) = (Text::new("所在地区", "Region"), Text::new("详细地址", "Street, number and room"));
    let mut region = region(under, Some(ADDRESS_LEVEL));
    region["title"] = Value::from(place.zh.as_str());
    region["x-wanshitong"] = json!({ "widget": "region", "label": place });
    if let Some(under) = under {
        region["x-wanshitong"]["under"] = Value::from(under.as_str());
    }
    json!({
        "region": region,
        "detail": {
            "type": "string", "minLength": 1, "maxLength": MAX_DETAIL, "title": detail.zh,
            "x-wanshitong": { "widget": "text", "label": detail },
        },
    })
}

fn values(options: &[Choice]) -> Vec<&str> {
    options.iter().map(|option| option.value.as_str()).collect()
}

/// What only our own clients understand about a kind of field.
fn particulars(kind: &FieldKind) -> Map<String, Value> {
    let mut own = Map::new();
    match kind {
        FieldKind::Choice { options } | FieldKind::MultiChoice { options, .. } => {
            own.insert("options".to_owned(), json!(options));
        }
        FieldKind::Region { under: Some(under) } | FieldKind::Address { under: Some(under) } => {
            own.insert("under".to_owned(), Value::from(under.as_str()));
        }
        FieldKind::Date { past, future } => {
            own.insert("past".to_owned(), Value::Bool(*past));
            own.insert("future".to_owned(), Value::Bool(*future));
        }
        FieldKind::Money { .. } => {
            own.insert("unit".to_owned(), Value::from("fen"));
        }
        FieldKind::Text { .. }
        | FieldKind::Number { .. }
        | FieldKind::Boolean
        | FieldKind::Region { under: None }
        | FieldKind::Address { under: None }
        | FieldKind::ResidentId
        | FieldKind::Uscc
        | FieldKind::Mobile
        | FieldKind::Declaration => {}
        FieldKind::Group { fields, .. } => {
            let order: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
            own.insert("order".to_owned(), json!(order));
        }
        FieldKind::File { material } => {
            own.insert("material".to_owned(), Value::from(material.as_str()));
            own.insert("accept".to_owned(), json!(MediaType::ALL.map(MediaType::as_str)));
            own.insert("max_bytes".to_owned(), Value::from(MAX_DOCUMENT_BYTES));
        }
    }
    own
}

#[cfg(test)]
mod tests;
