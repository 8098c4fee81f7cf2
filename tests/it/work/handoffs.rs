//! Going on with a case at another channel, by a code.

use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::json;

use super::audited;
use crate::api::road_draft;
use crate::support::{Database, Portal};

async fn code(portal: &Portal, who: &str, case: &str) -> String {
    let given = portal.post(who, &format!("/api/v1/cases/{case}/handoff"), json!({})).await.expect(201);
    given["code"].as_str().unwrap().to_owned()
}

fn open(code: &str) -> String {
    format!("/api/v1/handoffs/{code}/open")
}

async fn it_goes_on_anywhere(database: Database) {
    let portal = Portal::open(database).await;
    let draft = road_draft(&portal, "resident@kiosk", json!({})).await;
    let path = format!("/api/v1/cases/{draft}");
    // From any channel to any other of his own.
    let channels = ["kiosk", "mini_program", "web", "hotline", "third_party", "kiosk"];
    for pair in channels.windows(2) {
        let code = code(&portal, &format!("resident@{}", pair[0]), &draft).await;
        let there = format!("resident@{}", pair[1]);
        let case = portal.post(&there, &open(&code.to_lowercase()), json!({})).await.expect(200);
        assert_eq!(case["id"], json!(draft));
        portal.post(&there, &open(&code), json!({})).await.problem(404);
    }
    // A stranger finds nothing, and does not use the code up; an officer helps with it.
    let code = code(&portal, "resident@web", &draft).await;
    portal.get("counter_officer@counter", &path).await.problem(404);
    for stranger in ["second_resident@web", "handler@web", "supervisor@web"] {
        portal.post(stranger, &open(&code), json!({})).await.problem(404);
    }
    let opened = portal.post("counter_officer@counter", &open(&code), json!({})).await.expect(200);
    assert_eq!(opened["applicant"]["id"], json!(portal.city.person("resident")));
    let request = portal.request("counter_officer@counter", "PATCH", &format!("{path}/facts"));
    portal.send(request.json(&json!({"area": 25}))).await.expect(200);
    portal.city.ctx.clock.advance(TimeDelta::hours(20));
    portal.get("counter_officer@counter", &path).await.problem(404);
    let events = portal.get("resident@web", &format!("{path}/events")).await.expect(200);
    assert_eq!(events["items"].as_array().unwrap().last().unwrap()["by"]["as"], "assistant");
    assert_eq!(audited(&portal, "case.handoff_issued").await.len(), 6);
    portal.close().await;
}

#[actix_web::test]
async fn a_case_goes_on_at_any_other_channel() {
    it_goes_on_anywhere(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL; tests/run starts it"]
async fn a_case_goes_on_at_any_other_channel_on_postgres() {
    it_goes_on_anywhere(Database::postgres()).await;
}

#[actix_web::test]
async fn a_code_is_good_once_for_half_an_hour_and_the_last_one_given() {
    let portal = Portal::open(Database::sqlite()).await;
    let draft = road_draft(&portal, "resident@web", json!({})).await;
    let (first, second) =
        (code(&portal, "resident@web", &draft).await, code(&portal, "resident@web", &draft).await);
    portal.post("resident@kiosk", &open(&first), json!({})).await.problem(404);
    let path = open(&second);
    let both = ["counter_officer@counter", "resident@kiosk"].map(|who| portal.post(who, &path, json!({})));
    let both = join_all(both).await;
    assert_eq!(both.iter().filter(|reply| reply.status == 200).count(), 1);
    let third = code(&portal, "resident@web", &draft).await;
    portal.city.ctx.clock.advance(TimeDelta::minutes(30));
    portal.post("resident@kiosk", &open(&third), json!({})).await.problem(404);
    // A repetition of what succeeded is answered as the first time.
    let fourth = code(&portal, "resident@web", &draft).await;
    for replayed in [None, Some("true")] {
        let request = portal.request("resident@kiosk", "POST", &open(&fourth)).header("idempotency-key", "k");
        let reply = portal.send(request).await;
        assert_eq!(reply.header("idempotent-replayed"), replayed);
        assert_eq!(reply.expect(200)["id"], json!(draft));
    }
    portal.close().await;
}

#[actix_web::test]
async fn an_officer_helps_until_the_day_ends_and_cannot_give_himself_another() {
    let portal = Portal::open(Database::sqlite()).await;
    let officer = "counter_officer@counter";
    let draft = road_draft(&portal, "resident@web", json!({})).await;
    let given = code(&portal, "resident@web", &draft).await;
    portal.post(officer, &open(&given), json!({})).await.expect(200);
    // Ten minutes before midnight in China.
    portal.city.ctx.clock.advance(TimeDelta::minutes(14 * 60 + 20));
    let his_own = code(&portal, officer, &draft).await;
    portal.city.ctx.clock.advance(TimeDelta::minutes(15));
    portal.get(officer, &format!("/api/v1/cases/{draft}")).await.problem(404);
    portal.post(officer, &open(&his_own), json!({})).await.problem(404);
    portal.post("resident@mini_program", &open(&his_own), json!({})).await.expect(200);
    portal.close().await;
}

#[actix_web::test]
async fn whoever_guesses_codes_has_to_wait() {
    let portal = Portal::open(Database::sqlite()).await;
    for _ in 0..5 {
        portal.post("second_resident@web", &open("BCDF-GHJK"), json!({})).await.problem(404);
    }
    let reply = portal.post("second_resident@web", &open("BCDF-GHJK"), json!({})).await;
    assert!(reply.header("retry-after").is_some());
    reply.problem(429);
    let draft = road_draft(&portal, "resident@web", json!({})).await;
    let code = code(&portal, "resident@web", &draft).await;
    portal.post("resident@kiosk", &open(&code), json!({})).await.expect(200);
    portal.close().await;
}
