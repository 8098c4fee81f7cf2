//! The catalogue over the API: drafts and who publishes them, items and what inherits
//! from them, and from which day on what is in force.

mod answers;
mod diff;
mod drafts;
mod effect;
mod finding;
mod inheritance;
mod older;
mod sameness;
mod scale;
mod together;

use serde_json::{Value, json};

use crate::support::{Portal, Reply, id};

pub const GUIDES: &str = "/api/v1/admin/guides";
/// An agency of the sample city, and another.
pub const AGENCY: &str = "11340705MBWXT06130";
pub const POLICE: &str = "11340705MBWXT0111D";

pub fn files(yaml: &[&str]) -> Value {
    let file = |(n, yaml): (usize, &&str)| json!({"name": format!("{}.yaml", n + 1), "yaml": yaml});
    json!({ "files": yaml.iter().enumerate().map(file).collect::<Vec<_>>() })
}

/// Hands in drafts as the editor; gives their ids, in the order of the files.
pub async fn hand_in(portal: &Portal, yaml: &[&str]) -> Vec<String> {
    let kept = portal.post("editor@web", GUIDES, files(yaml)).await.expect(201);
    kept["drafts"].as_array().unwrap().iter().map(id).collect()
}

pub async fn decide(portal: &Portal, draft: &str) -> Reply {
    portal.post("publisher@web", &format!("{GUIDES}/{draft}/publish"), json!({})).await
}

/// Hands a file in as the editor and publishes it as the publisher; gives what was
/// published.
pub async fn publish(portal: &Portal, yaml: &str) -> Value {
    let draft = hand_in(portal, &[yaml]).await.remove(0);
    decide(portal, &draft).await.expect(200)["published"].take()
}

/// The item all guides of these tests inherit from.
pub const ITEM: &str = r#"format: 1
kind: item
basic_code: "000599001000"
name: { zh: 示例补贴, en: Sample subsidy }
type: "05"
legal_basis:
  - { law: { zh: 《示例条例》, en: Sample Regulations }, article: 第一条, text: 符合条件的居民可以申请补贴。 }
aliases: [样例补助]
life_events: [retirement]
guide:
  summary: { zh: 年满六十周岁的居民可以申请。, en: Residents aged 60 or over may apply. }
  topics: [elderly]
  service_objects: [natural_person]
  handling: promised
  limits:
    legal: { days: 20, unit: working_day }
    promised: { days: 5, unit: working_day }
  fee: { free: true }
  conditions:
    - { code: age, when: applicant.age >= 60, text: { zh: 年满六十周岁, en: Aged 60 or over } }
  form:
    fields:
      - { name: reason, label: { zh: 申请理由, en: Reason }, type: text, required: false }
  flow:
    - { code: handle, name: { zh: 承办, en: Handling }, role: handler }
    - { code: approve, name: { zh: 审批, en: Approval }, role: approver }
  results:
    - letter: { name: { zh: 补贴通知书, en: Notice of subsidy } }
  delivery: [electronic]
"#;

/// The code of an agency's guide of that item.
pub fn local_code(agency: &str) -> String {
    format!("{agency}4000599001000")
}

/// An agency's guide of the item, with more lines.
pub fn local(agency: &str, more: &str) -> String {
    format!(
        "format: 1\ncode: \"{}\"\nitem: \"000599001000\"\nagency: {agency}\nregion: \"340705000000\"\n\
         telephone: {{ enquiry: 0562-2800001, complaint: \"12345\" }}\n{more}",
        local_code(agency)
    )
}

/// What anybody reads of an agency's guide.
pub async fn shown(portal: &Portal, agency: &str) -> Reply {
    portal.get("", &format!("/api/v1/guides/{}", local_code(agency))).await
}

pub async fn version(portal: &Portal, agency: &str) -> u64 {
    shown(portal, agency).await.expect(200)["version"].as_u64().unwrap()
}

pub fn pointers(problem: &Value) -> Vec<&str> {
    problem["errors"].as_array().unwrap().iter().map(|error| error["pointer"].as_str().unwrap()).collect()
}
