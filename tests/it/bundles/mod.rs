//! 一件事 over HTTP, on both databases: from one page to all certificates; a part that
//! is refused; two instances at once; a process stopped at any moment.

mod applying;
mod bad_ends;
mod erasure;
mod finding;
mod following;
mod played;
mod samples;

use serde_json::{Value, json};
use wanshitong::app::bundles;

use crate::support::{Database, PDF, Portal, id, id_number};

const BIRTH_GUIDE: &str = include_str!("birth-certificate.yaml");
const BUNDLE: &str = include_str!("newborn.yaml");
const CODE: &str = "a-child-is-born";
const RESIDENT: &str = "resident@web";
const BIRTH_CERTIFICATE: &str = "11100000MBWXT0005A001";
/// What the registration authority assigns to the company that is founded.
const COMPANY: &str = "91340705MA8WXT010Y";

async fn portal(database: Database) -> Portal {
    let portal = Portal::open(database).await;
    let files = [("birth.yaml", BIRTH_GUIDE), ("newborn.yaml", BUNDLE)];
    let published = publish(&portal, &files).await;
    assert!(published.iter().any(|one| one.code == CODE), "{published:?}");
    portal
}

/// Publishes files as the command line does.
async fn publish(portal: &Portal, files: &[(&str, &str)]) -> Vec<wanshitong::app::catalog::Published> {
    let files = files.iter().map(|(name, yaml)| ((*name).to_owned(), (*yaml).to_owned())).collect();
    wanshitong::app::catalog::publish(&portal.city.ctx, files).await.unwrap().unwrap()
}

fn answers() -> Value {
    json!({
        "child_name": "林新生", "birth_date": "2026-02-20", "wants_card": false,
        "address": { "region": "340705005002", "detail": "开源路1号" },
        "birth": { "hospital": "铜官区人民医院" },
        "registration": {
            "child_gender": "female", "child_ethnicity": "汉族", "birth_place": "340705005002",
            "parents_married": false, "settle_with": "mother",
            "householder_name": "林晓岚", "relation_to_householder": "child", "truth": true,
        },
        "insurance": { "truth": true },
    })
}

fn child_id() -> String {
    id_number("34070520260220", 21)
}

fn at(application: &str, rest: &str) -> String {
    format!("/api/v1/bundle-applications/{application}{rest}")
}

async fn draft(portal: &Portal, facts: Value) -> Value {
    let path = format!("/api/v1/bundles/{CODE}/applications");
    portal.post(RESIDENT, &path, json!({ "facts": facts })).await.expect(201)
}

async fn read(portal: &Portal, application: &str) -> Value {
    portal.get(RESIDENT, &at(application, "")).await.expect(200)
}

async fn save(portal: &Portal, application: &str, patch: Value) -> Value {
    let request = portal.request(RESIDENT, "PATCH", &at(application, "/facts")).json(&patch);
    portal.send(request).await.expect(200)
}

async fn attach(portal: &Portal, application: &str, code: &str) -> Value {
    portal.put_file(RESIDENT, &at(application, &format!("/materials/{code}")), PDF).await.expect(200)
}

async fn submit(portal: &Portal, application: &str) -> Value {
    portal.post(RESIDENT, &at(application, "/submit"), json!({})).await.expect(200)
}

/// A draft with everything in it, handed in.
async fn submitted(portal: &Portal) -> String {
    let application = id(&draft(portal, answers()).await);
    attach(portal, &application, "registration.unmarried_statement").await;
    submit(portal, &application).await;
    application
}

fn part<'v>(application: &'v Value, code: &str) -> &'v Value {
    let parts = application["parts"].as_array().unwrap();
    parts.iter().find(|part| part["code"] == code).unwrap()
}

fn states(application: &Value) -> Vec<&str> {
    application["parts"].as_array().unwrap().iter().map(|part| part["state"].as_str().unwrap()).collect()
}

fn case_of(application: &Value, code: &str) -> String {
    id(&part(application, code)["case"])
}

/// What the officers of its agency do with a case, up to the certificate, on which they
/// enter what the portal asks them for.
async fn approve(portal: &Portal, case: &str) {
    let decides = accept(portal, case).await;
    let decided = portal.act(decides, case, "approve", json!({})).await;
    let attributes = determined(&decided["issue_form"]);
    portal.act("approver@web", case, "issue", json!({ "attributes": attributes })).await;
}

/// What an agency determines, as the form asks for it.
fn determined(form: &Value) -> Value {
    let asked = form["properties"].as_object().into_iter().flat_map(|asked| asked.keys());
    let entered = asked.map(|name| {
        let value = match name.as_str() {
            "child_id" => child_id(),
            "uscc" => COMPANY.to_owned(),
            "established_on" => "2026-03-02".to_owned(),
            other => panic!("nothing is ready for {other}: add it"),
        };
        (name.clone(), Value::from(value))
    });
    Value::Object(entered.collect())
}

/// Accepted, and all steps taken but the last; gives whose that is.
async fn accept(portal: &Portal, case: &str) -> &'static str {
    let seen = portal.act("handler@web", case, "accept", json!({})).await;
    let guide = seen["guide"]["code"].as_str().unwrap();
    let shown = portal.get("", &format!("/api/v1/guides/{guide}")).await.expect(200);
    let flow = shown["flow"].as_array().unwrap();
    let (last, steps) = flow.split_last().unwrap();
    let who = |step: &Value| match step["role"].as_str().unwrap() {
        "handler" => "handler@web",
        "reviewer" => "reviewer@web",
        role => {
            assert_eq!(role, "approver");
            "approver@web"
        }
    };
    for step in steps {
        portal.act(who(step), case, "record-step", json!({ "step": step["code"] })).await;
    }
    who(last)
}

fn grounds() -> Value {
    json!({ "reason": "户口簿与申报不符", "article": "《中华人民共和国户口登记条例》第七条" })
}

/// What the worker does.
async fn follow(portal: &Portal) {
    while bundles::follow(&portal.city.ctx).await.unwrap() > 0 {}
}
