//! Every operation of the API document against everybody: nobody signed in, a
//! stranger, every persona. An operation that is missing from the table below
//! fails these tests, so that none can be added without being thought of here.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::api::{road_draft, submitted_road_case};
use crate::support::{Database, PDF, Portal, Reply};

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

/// The state a case must be in for an operation to make sense.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum In {
    Draft,
    Submitted,
    Reviewed,
    Decided,
}

/// What is sent.
enum Sent {
    Nothing,
    Json(Value),
    Form(&'static str),
    Bytes(&'static str, &'static [u8]),
}

/// How to try an operation: the state of the case, the value of the other
/// parameter of the path, and the body.
fn example(portal: &Portal, id: &str) -> Option<(In, String, Sent)> {
    let guide = |file: &str| portal.city.guide(file);
    let allowance = || guide("old-age-allowance.yaml");
    let grounds = || json!({"reason": "材料不符", "article": "第三十一条"});
    let none = String::new;
    let bare = |state| (state, none(), Sent::Nothing);
    let command = |state, body| (state, none(), Sent::Json(body));
    let csv = || (In::Draft, none(), Sent::Bytes("text/csv", b"code,name"));
    Some(match id {
        "live" | "ready" | "list_regions" | "list_agencies" | "list_items" | "list_counters" => {
            bare(In::Draft)
        }
        "me" | "list_my_cases" | "list_my_certificates" | "list_sessions" | "userinfo" => bare(In::Draft),
        "end_all_sessions" | "openid_configuration" | "jwks" | "seal_keys" | "end_session" => bare(In::Draft),
        "userinfo_by_post" | "oauth_server_metadata" => bare(In::Draft),
        "push_request" | "authorize_device" => (In::Draft, none(), Sent::Form("scope=cases")),
        "page_style" | "authorize" | "list_work" => bare(In::Draft),
        "end_own_session" => (In::Draft, "00000000-0000-0000-0000-000000000000".into(), Sent::Nothing),
        "read_region" => (In::Draft, "340705000000".into(), Sent::Nothing),
        "read_item" => (In::Draft, "000553001000".into(), Sent::Nothing),
        "read_guide" | "read_guide_version" | "read_form" => (In::Draft, allowance(), Sent::Nothing),
        "evaluate_guide" => (In::Draft, allowance(), Sent::Json(json!({}))),
        "verify_receipt" => command(In::Draft, json!({"receipt": "x"})),
        "verify_certificate" => command(In::Draft, json!({"id": "1.2.156.3005.2.x"})),
        "request_sms_code" => command(In::Draft, json!({"mobile": "13900000099", "purpose": "register"})),
        "register" => command(
            In::Draft,
            json!({"mobile": "13900000099", "code": "000000", "password": "correct horse"}),
        ),
        "authorize_by_form" | "sign_in" | "token" | "revoke_token" | "introspect_token" => {
            (In::Draft, none(), Sent::Form("token=x&grant_type=client_credentials"))
        }
        "open_case" => command(In::Draft, json!({"guide_code": allowance()})),
        "read_case" | "list_events" | "explain_clocks" | "list_letters" | "read_receipt" => {
            bare(In::Submitted)
        }
        "read_letter" => (In::Submitted, "00000000-0000-0000-0000-000000000000".into(), Sent::Nothing),
        "download_material" => (In::Submitted, "location_plan".into(), Sent::Nothing),
        "save_facts" => command(In::Draft, json!({"area": 25})),
        "attach_material" => (In::Draft, "location_plan".into(), Sent::Bytes("application/pdf", PDF)),
        "remove_material" => (In::Draft, "location_plan".into(), Sent::Nothing),
        "submit_case" => command(In::Draft, json!({})),
        "accept_case" | "withdraw_case" => command(In::Submitted, json!({})),
        "refuse_case" => command(In::Submitted, grounds()),
        "record_step" => command(In::Submitted, json!({"step": "handle"})),
        "approve_case" => command(In::Reviewed, json!({})),
        "deny_case" => command(In::Reviewed, grounds()),
        "issue_result" => command(In::Decided, json!({})),
        "deliver_result" => command(In::Decided, json!({"method": "electronic"})),
        "import_guides" => {
            let yaml = include_str!("../../src/data/sample/guides/old-age-allowance.yaml");
            command(In::Draft, json!({"files": [{"name": "old-age-allowance.yaml", "yaml": yaml}]}))
        }
        "withdraw_guide" => (In::Draft, guide("veterans-preference-card.yaml"), Sent::Nothing),
        "import_regions" | "import_agencies" | "import_counters" => csv(),
        _ => return example_of_oversight(id).or_else(|| example_of_clients(id)),
    })
}

/// Posts, the audit trail, the calendar, unmasking.
fn example_of_oversight(id: &str) -> Option<(In, String, Sent)> {
    let bare = (In::Draft, String::new(), Sent::Nothing);
    Some(match id {
        "list_posts" | "list_audit" | "export_audit" | "read_calendar" => bare,
        "give_post" => {
            let body = json!({"mobile": "13800000000", "role": "supervisor", "region": "340700000000"});
            (In::Draft, String::new(), Sent::Json(body))
        }
        "end_post" => (In::Draft, "00000000-0000-0000-0000-000000000000".into(), Sent::Nothing),
        "enter_notice" => (In::Draft, "2027".into(), Sent::Bytes("text/csv", b"date,kind")),
        "unmask" => {
            let body = json!({"field": "/applicant/mobile", "reason": "核对联系方式"});
            (In::Submitted, String::new(), Sent::Json(body))
        }
        _ => return example_of_signing_in(id),
    })
}

/// The same for the pages of a sign-in, and for what an account is proven with.
fn example_of_signing_in(id: &str) -> Option<(In, String, Sent)> {
    let none = String::new;
    let with = |body| (In::Draft, none(), Sent::Json(body));
    let nothing_of_his = || "00000000-0000-0000-0000-000000000000".to_owned();
    Some(match id {
        "page_script"
        | "sign_in_page"
        | "register_page"
        | "forgotten_password_page"
        | "account_page"
        | "password_page"
        | "totp_page"
        | "device_page"
        | "list_credentials"
        | "list_consents"
        | "begin_totp"
        | "remove_totp"
        | "begin_passkey" => (In::Draft, none(), Sent::Nothing),
        "passkey_options"
        | "choose_language"
        | "register_by_form"
        | "reset_password_by_form"
        | "change_account"
        | "change_password_by_form"
        | "confirm_totp_by_form"
        | "new_passkey_options"
        | "decide_device"
        | "end_session_by_form" => (In::Draft, none(), Sent::Form("action=x")),
        "confirm_totp" => with(json!({"code": "000000"})),
        "add_passkey" => with(json!({"ceremony": "x", "credential": {}})),
        "change_password" => with(json!({"old_password": "not it", "new_password": "correct horse battery"})),
        "rename_passkey" => (In::Draft, nothing_of_his(), Sent::Json(json!({"name": "x"}))),
        "remove_passkey" => (In::Draft, nothing_of_his(), Sent::Nothing),
        "revoke_consent" => (In::Draft, "third_party".into(), Sent::Nothing),
        _ => return None,
    })
}

/// Registering clients.
fn example_of_clients(id: &str) -> Option<(In, String, Sent)> {
    Some(match id {
        "list_clients" => (In::Draft, String::new(), Sent::Nothing),
        "read_client" => (In::Draft, "web".into(), Sent::Nothing),
        // Of an administrator's tries none changes a client.
        "disable_client" | "enable_client" => (In::Draft, "nobody".into(), Sent::Nothing),
        "rotate_client_secret" => (In::Draft, "web".into(), Sent::Nothing),
        "register_client" | "change_client" => {
            let body = json!({
                "channel": "telepathy", "name": {"zh": "应用", "en": "App"}, "authentication": "none",
                "grants": [], "scopes": [],
            });
            (In::Draft, "web".into(), Sent::Json(body))
        }
        _ => return None,
    })
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
async fn attempt(
    portal: &Portal,
    cases: &BTreeMap<In, String>,
    operation: &Operation,
    who: &str,
    guarded: bool,
) -> Reply {
    let Some((state, parameter, sent)) = example(portal, &operation.id) else {
        panic!("how is {} tried? Add it to the table in this file", operation.id);
    };
    let mut path = operation.path.replace("{version}", "1");
    if path.starts_with("/api/v1/cases/{id}") {
        path = path.replace("{id}", &cases[&state]);
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
    let cases = cases(&portal).await;
    for operation in operations() {
        let reply = attempt(&portal, &cases, &operation, "", false).await;
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
    let cases = cases(&portal).await;
    let on_a_case = |operation: &Operation| operation.path.starts_with("/api/v1/cases/{id}");
    let operations: Vec<_> = operations().into_iter().filter(on_a_case).collect();
    assert!(operations.len() >= 17, "{} operations on a case", operations.len());
    for operation in operations {
        let reply = attempt(&portal, &cases, &operation, "second_resident@web", false).await;
        assert_eq!(reply.status, 404, "{} {}: {:#}", operation.method, operation.path, reply.body);
        reply.problem(404);
    }
    portal.close().await;
}

/// 412 means: may do it, were the version right. 404: does not exist for him.
#[actix_web::test]
async fn who_may_do_what_is_as_pinned_down() {
    let portal = Portal::open(Database::sqlite()).await;
    let cases = cases(&portal).await;
    let mut matrix: BTreeMap<String, BTreeMap<&str, u16>> = BTreeMap::new();
    for operation in operations().into_iter().filter(|operation| operation.is_protected) {
        for persona in PERSONAS {
            let who = format!("{persona}@web");
            let reply = attempt(&portal, &cases, &operation, &who, true).await;
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
async fn the_served_document_is_the_same() {
    let portal = Portal::open(Database::sqlite()).await;
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
