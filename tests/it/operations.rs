//! Every operation of the API document against everybody: nobody signed in, a
//! stranger, every persona. An operation that is missing from the table of `examples`
//! fails these tests, so that none can be added without being thought of here.

mod examples;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::api::{road_draft, submitted_road_case};
use crate::support::{Database, Portal, Reply, id};
use examples::{In, Sent, example};

/// The personas of the sample city.
const PERSONAS: [&str; 11] = [
    "resident",
    "second_resident",
    "agent",
    "counter_officer",
    "handler",
    "reviewer",
    "approver",
    "supervisor",
    "publisher",
    "admin",
    "auditor",
];

/// Public operations that answer 401 to a client that does not prove itself.
const CLIENTS_PROVE_THEMSELVES: [&str; 5] =
    ["token", "revoke_token", "introspect_token", "push_request", "authorize_device"];

const OF_A_MANDATE: &str = "/api/v1/me/mandates/{id}";
const OF_AN_ORGANIZATION: &str = "/api/v1/me/organizations/{id}";

/// An operation of the document.
struct Operation {
    id: String,
    method: String,
    path: String,
    is_protected: bool,
}

fn operations() -> Vec<Operation> {
    let document = serde_json::to_value(wanshitong::http::openapi::document()).unwrap();
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            found.push(Operation {
                id: operation["operationId"].as_str().unwrap().to_owned(),
                method: method.to_uppercase(),
                path: path.clone(),
                is_protected: operation.get("security").is_some(),
            });
        }
    }
    found
}

/// What the resident has: one case in every state, a mandate the agent accepted,
/// an offer to him, an organisation.
struct World {
    cases: BTreeMap<In, String>,
    mandate: String,
    offer: String,
    organization: String,
}

async fn world(portal: &Portal) -> World {
    let agent = portal.get("agent@web", "/api/v1/me").await.expect(200);
    let who = "resident@web";
    let offer = portal.post(who, "/api/v1/me/mandates", json!({"mobile": "13900000003"})).await;
    let uscc = json!({"uscc": "91340705MA8000001C"});
    let organization = portal.post(who, "/api/v1/me/organizations", uscc).await;
    World {
        cases: cases(portal).await,
        mandate: id(&agent["mandates"][0]),
        offer: id(&offer.expect(201)),
        organization: id(&organization.expect(201)),
    }
}

/// One case of the resident's in every state.
async fn cases(portal: &Portal) -> BTreeMap<In, String> {
    let who = "resident@web";
    let mut cases = BTreeMap::from([
        (In::Draft, road_draft(portal, who, json!({})).await),
        (In::Submitted, submitted_road_case(portal, who).await),
    ]);
    for state in [In::Reviewed, In::Decided] {
        let case = submitted_road_case(portal, who).await;
        portal.act("handler@web", &case, "accept", json!({})).await;
        for (officer, step) in [("handler@web", "handle"), ("reviewer@web", "review")] {
            portal.act(officer, &case, "record-step", json!({"step": step})).await;
        }
        if state == In::Decided {
            portal.act("approver@web", &case, "approve", json!({})).await;
        }
        cases.insert(state, case);
    }
    cases
}

/// Tries an operation as somebody. Changes name a version no case has, so that
/// whoever may make them learns that it is stale, and nothing changes.
async fn attempt(portal: &Portal, world: &World, operation: &Operation, who: &str, guarded: bool) -> Reply {
    let Some((state, parameter, sent)) = example(portal, &operation.id) else {
        panic!("how is {} tried? Add it to the table in operations/examples.rs", operation.id);
    };
    let mut path = operation.path.replace("{version}", "1");
    if path.starts_with("/api/v1/cases/{id}") {
        path = path.replace("{id}", &world.cases[&state]);
    }
    if path.starts_with(OF_A_MANDATE) {
        let ends = operation.id == "end_mandate";
        path = path.replace("{id}", if ends { &world.offer } else { &world.mandate });
    }
    if path.starts_with(OF_AN_ORGANIZATION) {
        path = path.replace("{id}", &world.organization);
    }
    while let Some((before, rest)) = path.split_once('{') {
        let (_, after) = rest.split_once('}').unwrap();
        path = format!("{before}{parameter}{after}");
    }
    let mut request = portal.request(who, &operation.method, &path);
    if guarded && operation.path.starts_with("/api/v1/cases/{id}") && operation.method != "GET" {
        request = request.header("if-match", "\"v999\"");
    }
    let form = "application/x-www-form-urlencoded";
    portal
        .send(match sent {
            Sent::Nothing => request,
            Sent::Json(body) => request.json(&body),
            Sent::Form(body) => request.header("content-type", form).body(body),
            Sent::Bytes(media_type, bytes) => request.header("content-type", media_type).body(bytes),
        })
        .await
}

#[actix_web::test]
async fn nobody_gets_past_a_protected_operation_and_everybody_past_a_public_one() {
    let portal = Portal::open(Database::sqlite()).await;
    let world = world(&portal).await;
    for operation in operations() {
        let reply = attempt(&portal, &world, &operation, "", false).await;
        let name = format!("{} {}", operation.method, operation.path);
        if operation.is_protected {
            assert_eq!(reply.status, 401, "{name}: {:#}", reply.body);
            assert_eq!(reply.header("www-authenticate"), Some("Bearer"), "{name}");
            reply.problem(401);
        } else if CLIENTS_PROVE_THEMSELVES.contains(&operation.id.as_str()) {
            assert!(
                matches!(reply.status, 400 | 401) && reply.body["error"].is_string(),
                "{name}: {:#}",
                reply.body
            );
        } else {
            assert!(
                !matches!(reply.status, 401 | 403 | 405 | 500..),
                "{name} {}: {:#}",
                reply.status,
                reply.body
            );
        }
    }
    portal.close().await;
}

#[actix_web::test]
async fn to_a_stranger_no_operation_on_a_case_finds_it() {
    let portal = Portal::open(Database::sqlite()).await;
    let world = world(&portal).await;
    let on_a_case = |operation: &Operation| operation.path.starts_with("/api/v1/cases/{id}");
    let operations: Vec<_> = operations().into_iter().filter(on_a_case).collect();
    assert!(operations.len() >= 17, "{} operations on a case", operations.len());
    for operation in operations {
        let reply = attempt(&portal, &world, &operation, "second_resident@web", false).await;
        assert_eq!(reply.status, 404, "{} {}: {:#}", operation.method, operation.path, reply.body);
        reply.problem(404);
    }
    portal.close().await;
}

#[actix_web::test]
async fn to_a_stranger_no_operation_on_a_mandate_or_an_organisation_finds_it() {
    let portal = Portal::open(Database::sqlite()).await;
    let world = world(&portal).await;
    let theirs = |operation: &Operation| {
        [OF_A_MANDATE, OF_AN_ORGANIZATION].iter().any(|path| operation.path.starts_with(path))
    };
    let operations: Vec<_> = operations().into_iter().filter(theirs).collect();
    assert!(operations.len() >= 9, "{} operations on them", operations.len());
    for operation in operations {
        let reply = attempt(&portal, &world, &operation, "second_resident@web", false).await;
        assert_eq!(reply.status, 404, "{} {}: {:#}", operation.method, operation.path, reply.body);
        reply.problem(404);
    }
    // The agent knows of the mandate; of the organisation he does not.
    let at = format!("/api/v1/me/mandates/{}", world.mandate);
    portal.get("agent@web", &at).await.expect(200);
    portal.get("agent@web", &format!("/api/v1/me/organizations/{}", world.organization)).await.problem(404);
    portal.close().await;
}

/// What officers do at counters is no secret; whether somebody is on record is one.
#[actix_web::test]
async fn who_is_no_counter_officer_learns_nothing_of_who_is_on_record() {
    let portal = Portal::open(Database::sqlite()).await;
    let at_a_counter = |operation: &Operation| operation.path.starts_with("/api/v1/persons/{id}");
    let operations: Vec<_> = operations().into_iter().filter(at_a_counter).collect();
    assert!(operations.len() >= 5, "{} operations at a counter", operations.len());
    let known = portal.city.person("second_resident");
    for operation in operations {
        let (_, _, sent) = example(&portal, &operation.id).unwrap();
        let Sent::Json(body) = sent else { panic!("{} takes JSON", operation.id) };
        for persona in PERSONAS.into_iter().filter(|persona| *persona != "counter_officer") {
            let mut answers = Vec::new();
            for person in [known.as_str(), "00000000-0000-0000-0000-000000000000"] {
                let path = operation.path.replace("{id}", person);
                let path = path.replace("{proof}", person).replace("{mandate}", person);
                let mut problem =
                    portal.post(&format!("{persona}@web"), &path, body.clone()).await.problem(403);
                problem.as_object_mut().unwrap().remove("request_id");
                answers.push(problem);
            }
            assert_eq!(answers[0], answers[1], "{persona}: {}", operation.path);
        }
    }
    portal.close().await;
}

/// 412 means: may do it, were the version right. 404: does not exist for him.
#[actix_web::test]
async fn who_may_do_what_is_as_pinned_down() {
    let portal = Portal::open(Database::sqlite()).await;
    let world = world(&portal).await;
    let mut matrix: BTreeMap<String, BTreeMap<&str, u16>> = BTreeMap::new();
    for operation in operations().into_iter().filter(|operation| operation.is_protected) {
        for persona in PERSONAS {
            let who = format!("{persona}@web");
            let reply = attempt(&portal, &world, &operation, &who, true).await;
            assert!(reply.status < 500, "{} as {who}: {:#}", operation.id, reply.body);
            matrix.entry(operation.id.clone()).or_default().insert(persona, reply.status);
        }
    }
    let lines: BTreeMap<String, String> = matrix
        .into_iter()
        .map(|(id, row)| {
            let mut by_status: BTreeMap<u16, BTreeSet<&str>> = BTreeMap::new();
            for (persona, status) in row {
                by_status.entry(status).or_default().insert(persona);
            }
            let told = by_status
                .into_iter()
                .map(|(status, who)| format!("{status} {}", who.into_iter().collect::<Vec<_>>().join(" ")));
            (id, told.collect::<Vec<_>>().join(" · "))
        })
        .collect();
    insta::assert_json_snapshot!(lines);
    portal.close().await;
}

#[test]
fn the_committed_document_is_the_one_the_routes_give() {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi/openapi.json");
    let committed = std::fs::read_to_string(file).unwrap_or_default();
    let generated = wanshitong::http::openapi::document().to_pretty_json().unwrap();
    assert!(
        committed.trim_end() == generated,
        "the API changed; regenerate with `cargo run -- openapi > openapi/openapi.json`"
    );
}

#[actix_web::test]
async fn the_served_document_is_the_same_and_its_pages_are_where_people_are_sent() {
    let portal = Portal::open(Database::sqlite()).await;
    let docs = portal.get("", "/docs").await;
    assert_eq!((docs.status, docs.header("location")), (307, Some("/docs/")));
    let script = portal.request("", "GET", "/docs/swagger-initializer.js").send().await.unwrap();
    assert!(script.text().await.unwrap().contains("\"url\": \"/openapi.json\""));
    let style = portal.request("", "GET", "/docs/swagger-ui.css").send().await.unwrap();
    assert_eq!(style.headers()["content-encoding"], "gzip", "the pages are kept compressed");
    let served = portal.get("", "/openapi.json").await.expect(200);
    assert_eq!(served, serde_json::to_value(wanshitong::http::openapi::document()).unwrap());
    portal.close().await;
}

#[actix_web::test]
async fn only_the_administrator_moves_the_test_clock_and_only_forward() {
    let portal = Portal::open(Database::sqlite()).await;
    let path = "/api/v1/sandbox/clock";
    portal.post("", path, json!({"advance": "P1D"})).await.problem(401);
    for persona in PERSONAS.into_iter().filter(|persona| *persona != "admin") {
        portal.post(&format!("{persona}@web"), path, json!({"advance": "P1D"})).await.problem(403);
    }
    let wrong = [
        (json!({}), 400),
        (json!({"advance": "P1D", "set": "2027-01-01T00:00:00Z"}), 400),
        (json!({"advance": "-P1D"}), 400),
        (json!({"advance": "P1Y"}), 400),
        (json!({"advance": "P99999999999D"}), 422),
        (json!({"advance": "P20000D"}), 422),
        (json!({"set": "2020-01-01T00:00:00Z"}), 422),
        (json!({"set": "+250000-01-01T00:00:00Z"}), 422),
        (json!({"set": "tomorrow"}), 400),
    ];
    for (body, status) in wrong {
        let reply = portal.post("admin@web", path, body.clone()).await;
        assert_eq!(reply.status, status, "{body}: {:#}", reply.body);
        reply.problem(status);
    }
    let moved = portal.post("admin@web", path, json!({"advance": "P3D"})).await.expect(200);
    assert_eq!(moved["now"], "2026-03-05T01:30:00Z");
    let moved = portal.post("admin@web", path, json!({"set": "2026-04-01T00:00:00Z"})).await.expect(200);
    assert_eq!(moved["now"], "2026-04-01T00:00:00Z");
    portal.close().await;
}
