//! What is asked for twice is done once: `Idempotency-Key`.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::api::{road_draft, submitted_road_case};
use crate::support::{Database, PDF, Portal, Reply, allowance_facts, id, id_number, road_facts};

async fn once(portal: &Portal, who: &str, key: &str, path: &str, body: &Value) -> Reply {
    portal.send(portal.request(who, "POST", path).header("idempotency-key", key).json(body)).await
}

fn is_replay(reply: &Reply) -> bool {
    reply.header("idempotent-replayed") == Some("true")
}

/// A repetition is answered with the very bytes of the first answer.
#[track_caller]
fn assert_same(first: &Reply, again: &Reply) {
    assert!(!is_replay(first) && is_replay(again), "{:?}", again.headers);
    assert_eq!(first.status, again.status, "{:#}", again.body);
    assert_eq!(String::from_utf8_lossy(&first.bytes), String::from_utf8_lossy(&again.bytes));
    for name in ["etag", "location", "content-type"] {
        assert_eq!(first.header(name), again.header(name), "{name}");
    }
}

async fn repetitions_are_answered_as_the_first(database: Database) {
    let portal = Portal::open(database).await;
    let who = "resident@web";
    let opening = json!({
        "guide_code": portal.city.guide("road-occupation-permit.yaml"),
        "scenario": "occupy",
        "facts": road_facts(),
    });
    let opened = once(&portal, who, "open", "/api/v1/cases", &opening).await;
    let case = id(&opened.body);
    assert_same(&opened, &once(&portal, who, "open", "/api/v1/cases", &opening).await);

    let plan = format!("/api/v1/cases/{case}/materials/location_plan");
    portal.put_file(who, &plan, PDF).await.expect(200);
    let submit = format!("/api/v1/cases/{case}/submit");
    let submitted = once(&portal, who, "submit", &submit, &json!({})).await;
    assert_eq!(submitted.status, 200, "{:#}", submitted.body);
    let accept = format!("/api/v1/cases/{case}/accept");
    let accepted = once(&portal, "handler@web", "accept", &accept, &json!({})).await;
    let withdraw = format!("/api/v1/cases/{case}/withdraw");
    let withdrawn = once(&portal, who, "withdraw", &withdraw, &json!({"reason": "工程取消"})).await;
    assert_eq!((accepted.status, withdrawn.status), (200, 200));

    let all = [
        (who, "open", "/api/v1/cases".to_owned(), opening, opened),
        (who, "submit", submit, json!({}), submitted),
        ("handler@web", "accept", accept, json!({}), accepted),
        (who, "withdraw", withdraw, json!({"reason": "工程取消"}), withdrawn),
    ];
    for (who, key, path, body, first) in &all {
        assert_same(first, &once(&portal, who, key, path, body).await);
        let other = once(&portal, who, key, path, &json!({"reason": "别的"})).await;
        if *key != "open" && *key != "withdraw" {
            // The body does not even read: that is told first.
            other.problem(400);
        } else if *key == "withdraw" {
            assert_eq!(other.problem(422)["code"], "idempotency_key_reused");
        }
    }
    let before = portal.get(who, &format!("/api/v1/cases/{case}/events")).await.expect(200);
    let portal = Portal::open(portal.close().await).await;
    for (who, key, path, body, first) in &all {
        assert_same(first, &once(&portal, who, key, path, body).await);
    }
    assert_eq!(portal.get(who, &format!("/api/v1/cases/{case}/events")).await.expect(200), before);
    portal.close().await;
}

async fn twenty_at_once_open_one_case(database: Database) {
    let portal = Portal::open(database).await;
    let who = "second_resident@web";
    let code = portal.city.guide("old-age-allowance.yaml");
    let body = json!({"guide_code": code, "facts": allowance_facts(), "submit": true});
    let replies = join_all((0..20).map(|_| once(&portal, who, "a", "/api/v1/cases", &body))).await;
    let first: Vec<_> = replies.iter().filter(|reply| !is_replay(reply)).collect();
    assert_eq!(first.len(), 1, "one of them did it");
    for again in replies.iter().filter(|reply| is_replay(reply)) {
        assert_same(first[0], again);
    }
    let mine = portal.get(who, "/api/v1/me/cases").await.expect(200);
    assert_eq!(mine["items"].as_array().unwrap().len(), 1);
    portal.close().await;
}

/// Two instances on one database know of each other's keys.
async fn two_instances_open_one_case(database: Database) {
    let portal = Portal::open(database).await;
    let beside = portal.beside().await;
    let who = "second_resident@web";
    let code = portal.city.guide("old-age-allowance.yaml");
    let body = json!({"guide_code": code, "facts": allowance_facts(), "submit": true});
    let doors = [&portal, &beside];
    let replies = join_all((0..20).map(|i| once(doors[i % 2], who, "a", "/api/v1/cases", &body))).await;
    let first: Vec<_> = replies.iter().filter(|reply| !is_replay(reply)).collect();
    assert_eq!(first.len(), 1, "one of them did it");
    for again in replies.iter().filter(|reply| is_replay(reply)) {
        assert_same(first[0], again);
    }
    beside.close().await;
    portal.close().await;
}

#[actix_web::test]
async fn a_repetition_gets_the_first_answer_even_later_and_after_a_restart() {
    repetitions_are_answered_as_the_first(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn a_repetition_gets_the_first_answer_even_later_and_after_a_restart_on_postgres() {
    repetitions_are_answered_as_the_first(Database::postgres()).await;
}

#[actix_web::test]
async fn twenty_equal_requests_at_once_open_one_case() {
    twenty_at_once_open_one_case(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn twenty_equal_requests_at_once_open_one_case_on_postgres() {
    twenty_at_once_open_one_case(Database::postgres()).await;
}

#[actix_web::test]
async fn twenty_equal_requests_to_two_instances_open_one_case() {
    two_instances_open_one_case(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn twenty_equal_requests_to_two_instances_open_one_case_on_postgres() {
    two_instances_open_one_case(Database::postgres()).await;
}

/// The officer at the counter saw the applicant's own view; so does his repetition,
/// although the case is now one among those of his work.
#[actix_web::test]
async fn a_repetition_shows_the_officer_what_the_first_answer_showed_him() {
    let portal = Portal::open(Database::sqlite()).await;
    let officer = "counter_officer@counter";
    let present = json!({"applicant": {"name": "程远山", "id_number": id_number("34070519850412", 301)}});
    let case = road_draft(&portal, officer, present).await;
    let card = format!("/api/v1/cases/{case}/materials/identity_card");
    portal.put_file(officer, &card, PDF).await.expect(200);
    let submit = format!("/api/v1/cases/{case}/submit");
    let first = once(&portal, officer, "k", &submit, &json!({})).await;
    assert_eq!((first.status, &first.body["applicant"]["name"]), (200, &json!("程远山")));
    assert_same(&first, &once(&portal, officer, "k", &submit, &json!({})).await);
    portal.close().await;
}

#[actix_web::test]
async fn a_key_is_of_one_caller_and_one_address() {
    let portal = Portal::open(Database::sqlite()).await;
    let code = portal.city.guide("old-age-allowance.yaml");
    let body = json!({"guide_code": code});
    let mut seen = std::collections::BTreeSet::new();
    for who in ["resident@web", "second_resident@web", "agent@web"] {
        let opened = once(&portal, who, "same key", "/api/v1/cases", &body).await;
        assert!(!is_replay(&opened));
        seen.insert(id(&opened.expect(201)));
    }
    assert_eq!(seen.len(), 3);
    // The same person through another channel repeats himself.
    let again = once(&portal, "resident@kiosk", "same key", "/api/v1/cases", &body).await;
    assert!(is_replay(&again));
    let (one, two) = (
        submitted_road_case(&portal, "resident@web").await,
        submitted_road_case(&portal, "resident@web").await,
    );
    for case in [one, two] {
        let path = format!("/api/v1/cases/{case}/withdraw");
        let withdrawn = once(&portal, "resident@web", "same key", &path, &json!({})).await;
        assert!(!is_replay(&withdrawn));
        assert_eq!(withdrawn.expect(200)["outcome"], "withdrawn");
    }
    portal.close().await;
}

/// A key is spent by success alone: who corrects his request may keep it.
#[actix_web::test]
async fn a_refused_request_may_be_corrected_under_the_same_key() {
    let portal = Portal::open(Database::sqlite()).await;
    let who = "second_resident@web";
    let code = portal.city.guide("old-age-allowance.yaml");
    let incomplete = json!({"guide_code": code, "facts": {"pay_by": "bank"}, "submit": true});
    for _ in 0..2 {
        let refused = once(&portal, who, "k", "/api/v1/cases", &incomplete).await;
        assert!(!is_replay(&refused));
        assert_eq!(refused.problem(422)["code"], "validation_failed");
    }
    let complete = json!({"guide_code": code, "facts": allowance_facts(), "submit": true});
    let opened = once(&portal, who, "k", "/api/v1/cases", &complete).await;
    assert_eq!(opened.status, 201, "{:#}", opened.body);
    // Now it is spent, also for what failed before.
    let reused = once(&portal, who, "k", "/api/v1/cases", &incomplete).await.problem(422);
    assert_eq!(reused["code"], "idempotency_key_reused");
    portal.close().await;
}

#[actix_web::test]
async fn a_key_of_no_or_too_many_characters_is_refused() {
    let portal = Portal::open(Database::sqlite()).await;
    let body = json!({"guide_code": portal.city.guide("old-age-allowance.yaml")});
    let long = "k".repeat(129);
    for key in ["", long.as_str()] {
        let problem = once(&portal, "resident@web", key, "/api/v1/cases", &body).await.problem(400);
        assert_eq!(problem["code"], "bad_request");
    }
    once(&portal, "resident@web", &"k".repeat(128), "/api/v1/cases", &body).await.expect(201);
    let mine = portal.get("resident@web", "/api/v1/me/cases").await.expect(200);
    assert_eq!(mine["items"].as_array().unwrap().len(), 1);
    portal.close().await;
}
