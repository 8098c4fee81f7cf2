//! What a careless, broken or malicious client sends. Each such request gets its
//! problem document, and afterwards everything is as it was.

use serde_json::{Value, json};

use crate::api::{road_draft, submitted_road_case};
use crate::support::{Database, PDF, Portal, Reply, id};

const RESIDENT: &str = "resident@web";

/// Everything the portal shows of a case, read by the applicant himself.
pub async fn whole(portal: &Portal, case: &str) -> Vec<Value> {
    let mut seen = Vec::new();
    for part in ["", "/events", "/letters", "/clock"] {
        let path = format!("/api/v1/cases/{case}{part}");
        seen.push(portal.get(RESIDENT, &path).await.expect(200));
    }
    seen
}

/// Sends a body as it is, as JSON.
async fn raw(portal: &Portal, who: &str, method: &str, path: &str, body: impl Into<reqwest::Body>) -> Reply {
    let request = portal.request(who, method, path).header("content-type", "application/json");
    portal.send(request.body(body)).await
}

/// The codes of the field errors, with their pointers.
fn errors(problem: &Value) -> Vec<String> {
    let one =
        |error: &Value| format!("{} {}", error["pointer"].as_str().unwrap(), error["code"].as_str().unwrap());
    problem["errors"].as_array().unwrap().iter().map(one).collect()
}

#[actix_web::test]
async fn bodies_that_are_not_what_was_asked_for_are_refused_and_change_nothing() {
    let portal = Portal::open(Database::sqlite()).await;
    let case = road_draft(&portal, RESIDENT, json!({})).await;
    let before = whole(&portal, &case).await;
    let facts = format!("/api/v1/cases/{case}/facts");
    let submit = format!("/api/v1/cases/{case}/submit");
    let deep = format!("{{\"reason\":{}{}}}", "[".repeat(5000), "]".repeat(5000));
    let long = format!("{{\"reason\":\"{}\"}}", "长".repeat(100_000));
    let patch: &[(&[u8], u16, &str)] = &[
        (b"{", 400, "invalid_json"),
        (b"", 200, ""),
        (b"{}{}", 400, "invalid_json"),
        (b"[]", 400, "invalid_field"),
        (b"null", 400, "invalid_field"),
        (b"{\"reason\":\"\xff\xfe\"}", 400, "invalid_json"),
        (b"{\"reason\":\"\\ud800\"}", 400, "invalid_json"),
        (b"{\"reason\":1e999}", 400, "invalid_json"),
        (b"{\"reason\":\"a\",\"reason\":\"b\"}", 400, "invalid_field"),
        (b"{\"place\":{\"region\":\"1\",\"region\":\"2\"}}", 400, "invalid_field"),
        (b"{\"area\":NaN}", 400, "invalid_json"),
        (b"{\"reason\":'a'}", 400, "invalid_json"),
        (b"{\"nobody_asked\":1}", 422, "validation_failed"),
        (
            b"{\"area\":\"many\",\"parts\":\"footway\",\"start_date\":\"2026-02-30\"}",
            422,
            "validation_failed",
        ),
        (deep.as_bytes(), 400, "invalid_json"),
        (long.as_bytes(), 413, "too_large"),
    ];
    for (body, status, code) in patch.iter().filter(|(_, status, _)| *status != 200) {
        let problem = raw(&portal, RESIDENT, "PATCH", &facts, body.to_vec()).await.problem(*status);
        let start = String::from_utf8_lossy(&body[..body.len().min(60)]);
        assert_eq!(problem["code"], *code, "{start}: {problem:#}");
    }
    let all = raw(&portal, RESIDENT, "PATCH", &facts, patch[13].0.to_vec()).await.problem(422);
    assert_eq!(errors(&all).len(), 3, "all field errors at once: {all:#}");
    let commands: &[(&str, u16, &str)] = &[
        ("{\"force\":true}", 400, "unknown_field"),
        ("[]", 400, "invalid_field"),
        ("\"submit\"", 400, "invalid_field"),
    ];
    for (body, status, code) in commands {
        let problem = raw(&portal, RESIDENT, "POST", &submit, *body).await.problem(*status);
        assert_eq!(problem["code"], *code, "{body}: {problem:#}");
    }
    assert_eq!(whole(&portal, &case).await, before);
    portal.close().await;
}

async fn unreadable_openings_open_nothing(database: Database) {
    let portal = Portal::open(database).await;
    let guide = portal.city.guide("old-age-allowance.yaml");
    let bodies: &[(Value, u16, &[&str])] = &[
        (json!({}), 400, &["/guide_code required"]),
        (json!({"guide_code": 7}), 400, &["/guide_code invalid"]),
        (json!({"guide_code": guide, "channel": "counter"}), 400, &["/channel unknown_field"]),
        (
            json!({"guide_code": guide, "applicant": {"person": "x"}}),
            400,
            &["/applicant/person unknown_field"],
        ),
        (
            json!({"guide_code": guide, "applicant": {"person_id": "x"}}),
            400,
            &["/applicant/person_id invalid"],
        ),
        (json!({"guide_code": guide, "applicant": {}}), 400, &["/applicant invalid"]),
        (
            json!({"guide_code": guide, "applicant": {"name": "a", "id_number": "340705194303084131"}}),
            400,
            &["/applicant/id_number wrong_check_digit"],
        ),
        (json!({"guide_code": guide, "facts": []}), 400, &["/facts invalid"]),
        (json!({"guide_code": guide, "submit": "yes"}), 400, &["/submit invalid"]),
        (json!({"guide_code": guide, "scenario": "x"}), 422, &["/scenario unknown"]),
        (json!({"guide_code": "'; DROP TABLE cases; --"}), 404, &[]),
        (json!({"guide_code": "\u{0}"}), 404, &[]),
        (json!({"guide_code": ""}), 404, &[]),
    ];
    for (body, status, wanted) in bodies {
        let problem = portal.post(RESIDENT, "/api/v1/cases", body.clone()).await.problem(*status);
        assert_eq!(errors(&problem), *wanted, "{body}: {problem:#}");
    }
    let own = portal.get(RESIDENT, "/api/v1/me/cases").await.expect(200);
    assert_eq!(own, json!({"items": [], "next": null}));
    portal.close().await;
}

#[actix_web::test]
async fn media_types_other_than_json_are_refused() {
    let portal = Portal::open(Database::sqlite()).await;
    for media_type in ["text/plain", "application/x-www-form-urlencoded", "application/xml", "json", "*/*"] {
        let request = portal.request(RESIDENT, "POST", "/api/v1/cases").header("content-type", media_type);
        let problem = portal.send(request.body("{}")).await.problem(415);
        assert_eq!(problem["code"], "unsupported_media_type", "{media_type}");
    }
    portal.send(portal.request(RESIDENT, "POST", "/api/v1/cases").body("{}")).await.problem(415);
    let token = portal.request("", "POST", "/oauth2/token").header("content-type", "application/json");
    portal.send(token.body("{}")).await.problem(415);
    portal.close().await;
}

async fn what_nobody_offers_is_refused(database: Database) {
    let portal = Portal::open(database).await;
    let case = road_draft(&portal, RESIDENT, json!({})).await;
    let before = whole(&portal, &case).await;
    let nil = "00000000-0000-0000-0000-000000000000";
    let requests: &[(&str, String, u16)] = &[
        ("GET", "/".into(), 404),
        ("GET", "/api/v1".into(), 404),
        ("GET", "/api/v1/nothing".into(), 404),
        ("POST", "/api/v1/sandbox/clocks".into(), 404),
        ("GET", "/api/v1/cases/not-an-id".into(), 404),
        ("GET", format!("/api/v1/cases/{nil}"), 404),
        ("GET", format!("/api/v1/cases/{case}/letters/{nil}"), 404),
        ("GET", format!("/api/v1/cases/{case}/letters/x"), 404),
        ("GET", format!("/api/v1/cases/{case}/materials/nothing"), 404),
        ("GET", "/api/v1/cases/%00".into(), 404),
        ("GET", "/api/v1/guides/%00".into(), 404),
        ("GET", "/api/v1/guides/..%2F..%2Fetc%2Fpasswd".into(), 404),
        (
            "GET",
            format!("/api/v1/guides/{}/versions/9999999999", portal.city.guide("old-age-allowance.yaml")),
            404,
        ),
        (
            "GET",
            format!("/api/v1/guides/{}/versions/4294967295", portal.city.guide("old-age-allowance.yaml")),
            404,
        ),
        ("GET", format!("/api/v1/cases/{case}/receipt"), 404),
        ("DELETE", format!("/api/v1/cases/{case}"), 405),
        ("PUT", format!("/api/v1/cases/{case}/facts"), 405),
        ("GET", format!("/api/v1/cases/{case}/submit"), 405),
        ("PATCH", "/api/v1/items".into(), 405),
        ("TRACE", "/api/v1/items".into(), 405),
        ("DELETE", "/oauth2/token".into(), 405),
        ("GET", "/api/v1/me/cases?limit=0".into(), 400),
        ("GET", "/api/v1/me/cases?limit=101".into(), 400),
        ("GET", "/api/v1/me/cases?limit=-1".into(), 400),
        ("GET", "/api/v1/me/cases?limit=ten".into(), 400),
        ("GET", "/api/v1/me/cases?limit=1&limit=2".into(), 400),
        ("GET", "/api/v1/me/cases?after=yesterday".into(), 400),
        ("GET", "/api/v1/me/cases?state=lost".into(), 400),
        ("GET", "/api/v1/me/cases?offset=3".into(), 400),
        ("GET", "/api/v1/regions?parent=1".into(), 400),
        ("GET", "/api/v1/items?audience=everybody".into(), 400),
        ("GET", "/api/v1/items/abc".into(), 400),
        ("GET", format!("/api/v1/cases/{case}?expand=all"), 400),
        ("POST", format!("/api/v1/cases/{case}/submit?force=1"), 400),
    ];
    for (method, path, status) in requests {
        let reply = portal.send(portal.request(RESIDENT, method, path)).await;
        assert_eq!(reply.status, *status, "{method} {path}: {:#}", reply.body);
        if *status == 405 {
            assert!(reply.header("allow").is_some_and(|allow| !allow.is_empty()), "{method} {path}");
        }
        reply.problem(*status);
    }
    let unknown = portal.get(RESIDENT, "/api/v1/me/cases?offset=3").await.problem(400);
    assert_eq!(unknown["code"], "unknown_field");
    assert_eq!(whole(&portal, &case).await, before);
    portal.close().await;
}

/// `If-Match` names another version, a tag of somebody else's making, or none at all.
#[actix_web::test]
async fn a_stale_or_strange_if_match_changes_nothing() {
    let portal = Portal::open(Database::sqlite()).await;
    let case = road_draft(&portal, RESIDENT, json!({})).await;
    let before = whole(&portal, &case).await;
    let at = format!("/api/v1/cases/{case}");
    let routes = [
        ("PATCH", format!("{at}/facts")),
        ("POST", format!("{at}/submit")),
        ("POST", format!("{at}/withdraw")),
        ("PUT", format!("{at}/materials/location_plan")),
        ("DELETE", format!("{at}/materials/location_plan")),
    ];
    for tag in
        ["\"v1\"", "\"v3\"", "\"v18446744073709551616\"", "v2", "W/\"v2\"", "\"2\"", "\"v2\", \"v1\"", ""]
    {
        for (method, path) in &routes {
            let mut request = portal.request(RESIDENT, method, path).header("if-match", tag);
            request = match path.ends_with("plan") {
                true => request.body(PDF),
                false => request.json(&json!({})),
            };
            let problem = portal.send(request).await.problem(412);
            assert_eq!(problem["code"], "stale", "{method} {path} {tag}");
        }
    }
    assert_eq!(whole(&portal, &case).await, before);
    for tag in ["\"v2\"", "*"] {
        let request = portal.request(RESIDENT, "PATCH", &format!("{at}/facts")).header("if-match", tag);
        assert_eq!(portal.send(request.json(&json!({}))).await.status, 200, "{tag}");
    }
    portal.close().await;
}

#[actix_web::test]
async fn a_case_of_somebody_else_does_not_exist() {
    let portal = Portal::open(Database::sqlite()).await;
    let draft = road_draft(&portal, RESIDENT, json!({})).await;
    let filed = submitted_road_case(&portal, RESIDENT).await;
    let before = (whole(&portal, &draft).await, whole(&portal, &filed).await);
    let reads = ["", "/events", "/letters", "/clock", "/materials/location_plan"];
    let strangers = [
        "second_resident@web",
        "admin@web",
        "auditor@web",
        "publisher@web",
        "editor@web",
        "handler@third_party",
        "supervisor@third_party",
    ];
    for who in strangers {
        for part in reads {
            let reply = portal.get(who, &format!("/api/v1/cases/{filed}{part}")).await;
            assert_eq!(reply.status, 404, "{who} {part}");
        }
        for command in ["accept", "submit", "issue", "withdraw"] {
            let path = format!("/api/v1/cases/{filed}/{command}");
            portal.post(who, &path, json!({})).await.problem(404);
        }
    }
    for who in
        ["handler@web", "supervisor@web", "counter_officer@counter", "second_resident@web", "admin@web"]
    {
        let reply = portal.get(who, &format!("/api/v1/cases/{draft}")).await;
        assert_eq!(reply.status, 404, "a draft is nobody's business: {who}");
    }
    let grounds = json!({"reason": "一", "article": "二"});
    for command in ["refuse", "deny"] {
        let path = format!("/api/v1/cases/{filed}/{command}");
        portal.post("second_resident@web", &path, grounds.clone()).await.problem(404);
    }
    assert_eq!((whole(&portal, &draft).await, whole(&portal, &filed).await), before);
    portal.close().await;
}

async fn commands_are_only_words(database: Database) {
    let portal = Portal::open(database).await;
    let case = road_draft(&portal, RESIDENT, json!({})).await;
    let path = format!("/api/v1/cases/{case}/facts");
    let seen = |words: &str| words.replace(['\u{0}', '\u{202e}'], "");
    for words in [
        "'; DROP TABLE cases; --",
        "\" OR 1=1",
        "${jndi:ldap://x}",
        "<img src=x onerror=alert(1)>",
        "%s%n",
        "a\u{0}b",
        "\u{202e}gnp.exe",
    ] {
        let body = json!({"reason": words});
        let saved = portal.send(portal.request(RESIDENT, "PATCH", &path).json(&body)).await;
        if saved.status == 200 {
            let read = portal.get(RESIDENT, &format!("/api/v1/cases/{case}")).await.expect(200);
            assert_eq!(read["facts"]["reason"], seen(words), "without what nobody sees");
        } else {
            saved.problem(422);
        }
    }
    // What is found is what the bare words find, and far from everything.
    let search = portal.get("", "/api/v1/items?limit=100&q=%27%20OR%201=1%20--").await.expect(200);
    let words = portal.get("", "/api/v1/items?limit=100&q=or%201%201").await.expect(200);
    assert_eq!(search, words);
    let all = portal.get("", "/api/v1/items?limit=100").await.expect(200);
    let count = |page: &Value| page["items"].as_array().unwrap().len();
    assert!(count(&search) * 2 < count(&all), "{} of {}", count(&search), count(&all));
    for query in [
        "regions?after=%00",
        "agencies?after=%27",
        "counters?after=%00",
        "me/cases?guide=%00",
        "me/certificates?after=%00",
        "me/cases?guide=%27%3B--",
    ] {
        let reply = portal.get(RESIDENT, &format!("/api/v1/{query}")).await;
        assert!(matches!(reply.status, 200 | 400), "{query}: {:#}", reply.body);
    }
    assert_eq!(id(&portal.get(RESIDENT, &format!("/api/v1/cases/{case}")).await.expect(200)), case);
    portal.close().await;
}

/// An id from outside is taken over only when it is harmless.
#[actix_web::test]
async fn a_request_id_from_outside_is_taken_over_only_when_well_formed() {
    let portal = Portal::open(Database::sqlite()).await;
    for (sent, kept) in [
        ("0123456789abcdef-_AZ", true),
        ("short", false),
        ("with blanks in it", false),
        ("quotes\"and<brackets>", false),
        ("\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}", false),
        (&"x".repeat(65), false),
    ] {
        for path in ["/health/live", "/api/v1/nothing"] {
            let reply = portal.send(portal.request("", "GET", path).header("x-request-id", sent)).await;
            let id = reply.header("x-request-id").unwrap();
            assert_eq!(id == sent, kept, "{sent}");
            assert!(id.len() >= 8);
        }
    }
    let answer = portal.raw("GET /health/live HTTP/1.1\r\nhost: a\r\nx-request-id: abcdefgh\r\n set-cookie: a=b\r\nconnection: close\r\n\r\n");
    assert!(!answer.to_lowercase().contains("set-cookie"), "{answer}");
    for broken in [
        "GET / HTTP/9.9\r\n\r\n",
        "\0\0\0\0\r\n\r\n",
        "GET /health/live HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n",
    ] {
        let answer = portal.raw(broken);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400"), "{broken:?}: {answer}");
    }
    portal.close().await;
}

/// Problems speak the reader's language; the words are pinned here.
#[actix_web::test]
async fn a_problem_reads_the_same_in_both_languages() {
    let portal = Portal::open(Database::sqlite()).await;
    let case = road_draft(&portal, RESIDENT, json!({})).await;
    let requests = [
        ("not_found", portal.request(RESIDENT, "GET", "/api/v1/nothing")),
        ("unauthenticated", portal.request("", "GET", "/api/v1/me")),
        (
            "invalid_json",
            portal
                .request(RESIDENT, "POST", "/api/v1/cases")
                .header("content-type", "application/json")
                .body("{"),
        ),
        (
            "unknown_field",
            portal.request(RESIDENT, "POST", "/api/v1/cases").json(&json!({"guide_code": "1", "colour": 1})),
        ),
        (
            "stale",
            portal
                .request(RESIDENT, "POST", &format!("/api/v1/cases/{case}/submit"))
                .header("if-match", "\"v1\"")
                .json(&json!({})),
        ),
        (
            "unsupported_material",
            portal
                .request(RESIDENT, "PUT", &format!("/api/v1/cases/{case}/materials/location_plan"))
                .body("x"),
        ),
        (
            "validation_failed",
            portal
                .request(RESIDENT, "PATCH", &format!("/api/v1/cases/{case}/facts"))
                .json(&json!({"area": 0})),
        ),
        ("forbidden", portal.request(RESIDENT, "GET", "/api/v1/admin/calendar")),
        ("worklist_of_others", portal.request(RESIDENT, "GET", "/api/v1/cases")),
    ];
    for (name, request) in requests {
        for language in ["zh-CN", "en"] {
            let request = request.try_clone().unwrap().header("accept-language", language);
            let request = request.header("x-request-id", "request-of-a-test");
            let reply = portal.send(request).await;
            assert_eq!(reply.header("content-type"), Some("application/problem+json"));
            assert_eq!(reply.header("x-request-id"), Some("request-of-a-test"));
            insta::assert_json_snapshot!(format!("{name}_{language}"), reply.body);
        }
    }
    portal.close().await;
}

#[actix_web::test]
async fn addresses_methods_and_parameters_nobody_offers_are_refused() {
    what_nobody_offers_is_refused(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn addresses_methods_and_parameters_nobody_offers_are_refused_on_postgres() {
    what_nobody_offers_is_refused(Database::postgres()).await;
}

#[actix_web::test]
async fn words_that_look_like_commands_are_only_words() {
    commands_are_only_words(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn words_that_look_like_commands_are_only_words_on_postgres() {
    commands_are_only_words(Database::postgres()).await;
}

#[actix_web::test]
async fn openings_that_do_not_read_open_nothing() {
    unreadable_openings_open_nothing(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn openings_that_do_not_read_open_nothing_on_postgres() {
    unreadable_openings_open_nothing(Database::postgres()).await;
}
