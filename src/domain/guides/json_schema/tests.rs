//! `docs/forms.md` is what people draw forms by: it has every word the schema
//! uses, and its example is the schema.

use std::collections::BTreeSet;

use serde_json::Value;

use super::*;
use crate::domain::guides::read_guide;

const MANUAL: &str = include_str!("../../../../docs/forms.md");

/// A guide but for its form.
const HEAD: &str = r#"
format: 1
code: "11340705MBWXT061304002009999001"
item:
  basic_code: "002009999001"
  name: { zh: 事项, en: Item }
  type: "20"
  legal_basis: [{ law: { zh: 法, en: Law }, article: 条, text: 文 }]
agency: 11340705MBWXT06130
region: "340705000000"
summary: { zh: 说明, en: Summary }
topics: [general]
service_objects: [natural_person]
handling: promised
limits: { legal: { days: 9, unit: working_day }, promised: { days: 9, unit: working_day } }
fee: { free: true }
materials: [{ code: contract, name: { zh: 劳动合同, en: Contract }, source: { own: true } }]
flow: [{ code: approve, name: { zh: 审批, en: Approval }, role: approver }]
results: [{ letter: { name: { zh: 通知书, en: Notice } } }]
delivery: [electronic]
telephone: { enquiry: "12345", complaint: "12345" }
"#;

/// Every kind of field, and everything that can be said of one.
const EVERYTHING: &str = r#"
scenarios: [{ code: first, name: { zh: 首次, en: First } }]
form:
  fields:
    - { name: a, label: &l , type: text, help: { zh: 说明, en: Help }, pattern: "^[a-z]+$", prefill: name, scenarios: [first] }
    - { name: b, label: &l , type: text, multiline: true, prefill: { certificate: 11100000000013338W001, attribute: name } }
    - { name: c, label: &l , type: number }
    - { name: d, label: &l , type: money, required: facts.c > 1 }
    - { name: e, label: &l , type: date, past: true }
    - { name: f, label: &l , type: boolean }
    - { name: g, label: &l , type: choice, options: [{ value: x, label: &l }], visible_when: facts.f }
    - { name: h, label: &l , type: multi_choice, max: 1, options: [{ value: x, label: &l }], required: false }
    - { name: i, label: &l , type: region, under: guide }
    - { name: j, label: &l , type: address, under: guide }
    - { name: k, label: &l , type: resident_id }
    - { name: l, label: &l , type: uscc }
    - { name: m, label: &l , type: mobile }
    - { name: n, label: &l , type: declaration }
    - { name: o, label: &l , type: group, fields: [{ name: p, label: &l , type: text }] }
    - { name: q, label: &l , type: file, material: contract, visible_when: facts.f }
  rules: [{ code: r, when: facts.c > 0, at: c, text: { zh: 规则, en: Rule }, scenarios: [first] }]
"#;

fn guide(form: &str) -> Guide {
    let form = form.replace("&l", "{ zh: 名称, en: Label }");
    read_guide(&format!("{HEAD}{form}")).unwrap_or_else(|problems| panic!("{problems:?}"))
}

/// The members of everything under `x-wanshitong`, and the widgets.
#[derive(Default)]
struct Words {
    members: BTreeSet<String>,
    widgets: BTreeSet<String>,
}

impl Words {
    fn of(schema: &Value) -> Self {
        let mut words = Self::default();
        words.walk(schema);
        words
    }

    fn walk(&mut self, value: &Value) {
        match value {
            Value::Object(members) => {
                for (key, value) in members {
                    match key.as_str() {
                        "x-wanshitong" => self.own(value),
                        _ => self.walk(value),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.walk(item)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn own(&mut self, value: &Value) {
        match value {
            Value::Object(members) => {
                for (key, value) in members {
                    self.members.insert(key.clone());
                    match (key.as_str(), value) {
                        ("widget", Value::String(widget)) => drop(self.widgets.insert(widget.clone())),
                        ("files", Value::Object(files)) => files.values().for_each(|file| self.own(file)),
                        (_, value) => self.own(value),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.own(item)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

/// Which kind it is; a new one does not compile before it is thought of here.
fn place(kind: &FieldKind) -> usize {
    match kind {
        FieldKind::Text { .. } => 0,
        FieldKind::Number { .. } => 1,
        FieldKind::Money { .. } => 2,
        FieldKind::Date { .. } => 3,
        FieldKind::Boolean => 4,
        FieldKind::Choice { .. } => 5,
        FieldKind::MultiChoice { .. } => 6,
        FieldKind::Region { .. } => 7,
        FieldKind::Address { .. } => 8,
        FieldKind::ResidentId => 9,
        FieldKind::Uscc => 10,
        FieldKind::Mobile => 11,
        FieldKind::Declaration => 12,
        FieldKind::Group { .. } => 13,
        FieldKind::File { .. } => 14,
    }
}

/// The first cells of the rows of the table with this head.
fn first_cells(head: &str) -> BTreeSet<String> {
    let rows = MANUAL.lines().skip_while(|line| !line.starts_with(head)).skip(2);
    let rows = rows.take_while(|line| line.starts_with('|'));
    rows.filter_map(|row| row.split('`').nth(1)).map(str::to_owned).collect()
}

fn block(language: &str, starts: &str) -> &'static str {
    let blocks = MANUAL.split("```").skip(1).step_by(2).filter_map(|block| block.strip_prefix(language));
    blocks.map(str::trim).find(|block| block.starts_with(starts)).unwrap()
}

#[test]
fn the_manual_has_every_word_the_schema_uses() {
    let guide = guide(EVERYTHING);
    let kinds: BTreeSet<usize> = guide.form.fields.iter().map(|field| place(&field.kind)).collect();
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), (0..15).collect::<Vec<_>>());
    let words = Words::of(&json_schema(&guide));
    assert_eq!(words.widgets, first_cells("| `widget` | field type |"));
    for member in &words.members {
        let quoted = [format!("`{member}`"), format!("\"{member}\""), format!(" {member}")];
        assert!(quoted.iter().any(|word| MANUAL.contains(word)), "docs/forms.md does not explain {member}");
    }
    for told in [
        "required_when",
        "required_when_visible",
        "prefill",
        "scenarios",
        "under",
        "material",
        "accept",
        "rules",
    ] {
        assert!(words.members.contains(told), "{told} is not produced any more");
    }
}

#[test]
fn the_example_of_the_manual_is_what_is_produced() {
    let written: Value = serde_json::from_str(block("json", "{")).unwrap();
    assert_eq!(form_schema(&guide(block("yaml", "form:")).form), written);
}

#[test]
fn a_rule_says_which_scenarios_it_belongs_to() {
    let schema = json_schema(&guide(EVERYTHING));
    assert_eq!(schema["x-wanshitong"]["rules"][0]["scenarios"], json!(["first"]));
    assert_eq!(schema["properties"]["a"]["x-wanshitong"]["scenarios"], json!(["first"]));
}

#[test]
fn a_field_of_one_scenario_is_required_in_its_own_form_alone() {
    let guide = guide(EVERYTHING);
    let (whole, own) = (json_schema(&guide), json_schema(guide.handled_as(Some("first"))));
    let requires = |schema: &Value, name: &str| schema["required"].as_array().unwrap().contains(&json!(name));
    assert!(!requires(&whole, "a") && requires(&whole, "b"));
    assert_eq!(whole["properties"]["a"]["x-wanshitong"]["required_when_visible"], json!(true));
    assert!(requires(&own, "a") && requires(&own, "b"), "{:#}", own["required"]);
}

#[test]
fn whether_a_file_is_needed_is_left_to_its_material() {
    let schema = json_schema(&guide(EVERYTHING));
    assert_eq!(schema["properties"]["g"]["x-wanshitong"]["required_when_visible"], json!(true));
    let file = &schema["x-wanshitong"]["files"]["q"];
    assert_eq!((&file["visible_when"], &file["required_when_visible"]), (&json!("facts.f"), &Value::Null));
}
