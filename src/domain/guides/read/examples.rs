//! Examples: facts and what the guide must make of them.

mod names;

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::keys::Keys;
use super::scalars::Name;
use super::scenarios::check_known;
use super::{Read, Reader};
use crate::domain::codes::{Gender, RegionCode};
use crate::domain::guides::applicant::{Applicant, ApplicantKind};
use crate::domain::guides::facts::Facts;
use crate::domain::guides::model::{Attribute, Example, ExampleOutcome, Expectation};
use crate::domain::guides::source::{Content, Node, ScalarKind};

pub(super) use names::check_names;

impl Read for Example {
    fn read(node: &Node, reader: &Reader<'_>) -> Option<Self> {
        let keys = Keys::of(node, reader)?;
        let (code, name) = (keys.need::<Name>("code"), keys.need("name"));
        let scenario = keys.optional::<Name>("scenario");
        let today = keys.need("today");
        let applicant = keys.need("applicant");
        let facts = keys.get("facts").map_or(Some(Facts::new()), |node| Facts::read(node, reader));
        let expect = keys.need("expect");
        let scenario = scenario.map(|given| given.map(|name| name.0));
        if let Some(scenario) = &scenario {
            check_scenario(&keys, scenario.as_deref(), reader);
        }
        keys.close();
        Some(Self {
            code: code?.0,
            name: name?,
            scenario: scenario?,
            today: today?,
            applicant: applicant?,
            facts: facts?,
            expect: expect?,
        })
    }
}

fn check_scenario(keys: &Keys<'_, '_>, scenario: Option<&str>, reader: &Reader<'_>) {
    let all = &reader.scenarios.known;
    match scenario {
        None if all.is_empty() => {}
        None => reader.problems.at(
            keys.node,
            format!("请写明 scenario：{}。", all.join("、")),
            format!("Say which scenario it is: {}.", all.join(", ")),
        ),
        Some(code) => check_known(keys.get("scenario").unwrap_or(keys.node), code, reader),
    }
}

impl Read for Applicant {
    fn read(node: &Node, reader: &Reader<'_>) -> Option<Self> {
        let keys = Keys::of(node, reader)?;
        let kind = keys.or("kind", ApplicantKind::NaturalPerson);
        let name = keys.or("name", String::new());
        let birth_date = keys.optional("birth_date");
        let gender = keys.optional::<Gender>("gender");
        let residence = keys.optional::<RegionCode>("residence");
        let ial = keys.or::<u8>("ial", 2);
        if let (Some(level), Some(node)) = (ial, keys.get("ial"))
            && !(1..=4).contains(&level)
        {
            reader.problems.at(node, "ial 应为 1 到 4。", "ial must be from 1 to 4.");
        }
        let verified = keys.or::<Vec<Attribute>>("verified", Vec::new());
        keys.close();
        Some(Self {
            kind: kind?,
            name: name?,
            id_number: None,
            birth_date: birth_date?,
            gender: gender?,
            residence: residence?,
            mobile: None,
            ial: ial?,
            verified: BTreeSet::from_iter(verified?),
        })
    }
}

impl Read for Facts {
    fn read(node: &Node, reader: &Reader<'_>) -> Option<Self> {
        match json(node, reader)? {
            Value::Object(members) => Some(Self::from(members)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                reader.problems.at(node, "facts 应写成 { 字段: 值 }。", "Write facts as { field: value }.");
                None
            }
        }
    }
}

/// A value of the file as JSON. Fractions are not values of any field.
pub(super) fn json(node: &Node, reader: &Reader<'_>) -> Option<Value> {
    match &node.content {
        Content::Scalar { kind: ScalarKind::Null, .. } => Some(Value::Null),
        Content::Scalar { kind: ScalarKind::Boolean, .. } => bool::read(node, reader).map(Value::from),
        Content::Scalar { kind: ScalarKind::Number, .. } => i64::read(node, reader).map(Value::from),
        Content::Scalar { text, kind: ScalarKind::Text } => Some(Value::from(text.as_str())),
        Content::List(items) => {
            let values: Vec<Option<Value>> = items.iter().map(|item| json(item, reader)).collect();
            values.into_iter().collect::<Option<Vec<_>>>().map(Value::Array)
        }
        Content::Mapping(entries) => {
            let members: Vec<Option<(String, Value)>> = entries
                .iter()
                .map(|entry| json(&entry.value, reader).map(|value| (entry.key.clone(), value)))
                .collect();
            members.into_iter().collect::<Option<Map<_, _>>>().map(Value::Object)
        }
    }
}

impl Read for Expectation {
    fn read(node: &Node, reader: &Reader<'_>) -> Option<Self> {
        let keys = Keys::of(node, reader)?;
        let names = |key| {
            let list = keys.optional::<Vec<Name>>(key);
            reader.distinct(keys.get(key), "");
            list.map(|given| given.map(|names| names.into_iter().map(|name| name.0).collect()))
        };
        let eligible = keys.optional("eligible");
        let (unmet, errors, materials) = (names("unmet"), names("errors"), names("materials"));
        let fee_fen = keys.optional("fee_fen");
        let outcome = keys.optional::<ExampleOutcome>("outcome");
        let promised_due = keys.optional("promised_due");
        if keys.node.entries().is_empty() {
            reader.problems.at(
                node,
                "expect 是空的，这个例子什么也没有检验。",
                "expect is empty, so the example shows nothing.",
            );
        }
        keys.close();
        Some(Self {
            eligible: eligible?,
            unmet: unmet?,
            errors: errors?,
            materials: materials?,
            fee_fen: fee_fen?,
            outcome: outcome?,
            promised_due: promised_due?,
        })
    }
}
