//! The joint form as JSON Schema (2020-12): the shared fields, and an object for
//! each part with what is asked for it alone. How the facts of a part follow from
//! the answers stands under `x-wanshitong`.

use serde_json::{Map, Value, json};

use super::plan::{Plan, Planned};
use crate::domain::guides::{Given, form_schema};

/// The JSON Schema of the facts a bundle asks for.
pub fn joint_schema(plan: &Plan) -> Value {
    let bundle = &plan.bundle;
    let mut schema = form_schema(&bundle.form);
    let Value::Object(members) = &mut schema else { return schema };
    members.insert("title".to_owned(), json!(bundle.name.zh));
    members.insert("description".to_owned(), json!(bundle.summary.zh));
    let mut sections = Vec::new();
    let mut demanded = Vec::new();
    for planned in &plan.parts {
        let section = section(planned);
        let is_demanded = section["required"].as_array().is_some_and(|required| !required.is_empty());
        if is_demanded && planned.part.when.is_none() {
            demanded.push(json!(planned.code()));
        }
        if let Some(Value::Object(properties)) = members.get_mut("properties") {
            properties.insert(planned.part.code.clone(), section);
        }
        sections.push(
            json!({ "part": planned.code(), "title": planned.guide.item.name, "when": planned.part.when }),
        );
    }
    if let Some(Value::Array(required)) = members.get_mut("required") {
        required.retain(|name| name.as_str().is_none_or(|name| !bundle.later.contains_key(name)));
        required.extend(demanded);
    }
    if let Some(Value::Object(own)) = members.get_mut("x-wanshitong") {
        own.insert("bundle".to_owned(), json!(bundle.code));
        own.insert("region".to_owned(), json!(bundle.region));
        own.insert("sections".to_owned(), Value::Array(sections));
        own.insert("later".to_owned(), json!(bundle.later));
    }
    schema
}

fn section(planned: &Planned) -> Value {
    let mut schema = form_schema(&planned.section);
    let Value::Object(members) = &mut schema else { return schema };
    members.remove("$schema");
    members.insert("title".to_owned(), json!(planned.guide.item.name.zh));
    // Its rules see fields that are answered elsewhere; `gives` says where.
    let mut gives = Map::new();
    for (field, given) in &planned.part.facts {
        match given {
            Given::Shared(name) => drop(gives.insert(field.clone(), json!({ "shared": name }))),
            Given::Fixed(value) => drop(gives.insert(field.clone(), json!({ "value": value }))),
            // What a certificate says is under `fed`, like all that is.
            Given::Own | Given::Stated { .. } => {}
        }
    }
    if let Some(Value::Object(own)) = members.get_mut("x-wanshitong") {
        own.insert("guide_code".to_owned(), json!(planned.guide.code));
        own.insert("region".to_owned(), json!(planned.guide.region));
        own.insert("scenario".to_owned(), json!(planned.part.scenario));
        own.insert("gives".to_owned(), Value::Object(gives));
        own.insert("fed".to_owned(), json!(planned.fed));
    }
    schema
}
