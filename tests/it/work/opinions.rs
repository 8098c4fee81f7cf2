//! Cases on the worklists of agencies that are only asked for their opinion, and of those
//! a case was passed on to.

use serde_json::{Value, json};
use wanshitong::app::timers;

use super::{ROADS, colleague_at};
use crate::handling::{self, CODE, HALL, HALL_AGENCY, HANDLER, POLICE, Played, RESIDENT};
use crate::support::{Database, Portal};

/// An officer of the consulted agency, and of no other.
const CONSULTED: &str = "editor@web";

async fn listed(portal: &Portal, who: &str, query: &str) -> Vec<Value> {
    let list = portal.get(who, &format!("/api/v1/cases?{query}")).await.expect(200);
    list["items"].as_array().unwrap().clone()
}

/// Green, yellow, red, and what no clock runs for, of a state.
async fn counted(portal: &Portal, who: &str, state: &str) -> [i64; 4] {
    let counts = portal.get(who, "/api/v1/work/counts").await.expect(200);
    let states = counts["states"].as_array().unwrap();
    let found = states.iter().find(|counts| counts["state"] == state).unwrap();
    ["green", "yellow", "red", "still"].map(|light| found[light].as_i64().unwrap())
}

/// A case on which the police are asked.
async fn asked(portal: &Portal) -> Played<'_> {
    let case = handling::accepted(portal).await;
    case.does(HANDLER, "record-step", json!({ "step": "handle" })).await;
    case
}

async fn whoever_is_asked_finds_the_case(database: Database) {
    let portal = handling::portal(database).await;
    colleague_at(&portal, "editor", "handler", POLICE).await;
    assert!(listed(&portal, CONSULTED, "").await.is_empty());
    let case = asked(&portal).await;
    let found = listed(&portal, CONSULTED, "").await;
    assert_eq!(found.len(), 1);
    assert_eq!(
        (&found[0]["id"], &found[0]["opinion_of"], &found[0]["light"], &found[0]["due_on"]),
        (&json!(case.case), &json!(POLICE), &json!("green"), &json!("2026-03-05"))
    );
    assert_eq!(counted(&portal, CONSULTED, "accepted").await, [1, 0, 0, 0]);
    for (query, expected) in [
        ("state=accepted&light=green&order=newest", 1),
        ("step=decide&assignee=none", 1),
        (&*format!("guide={CODE}&agency={HALL_AGENCY}"), 1),
        ("state=paused", 0),
        ("light=red", 0),
        ("counter=hall-340700", 0),
        ("assignee=me", 0),
        (&*format!("agency={POLICE}"), 0),
    ] {
        assert_eq!(listed(&portal, CONSULTED, query).await.len(), expected, "{query}");
    }
    // Who handles it, and is asked as well, finds it once.
    let own = listed(&portal, HANDLER, "").await;
    assert_eq!((own.len(), &own[0]["opinion_of"]), (1, &Value::Null));
    assert_eq!(counted(&portal, HANDLER, "accepted").await, [1, 0, 0, 0]);
    // To be asked is not to handle: it is not taken, and whoever took it is not in the way.
    case.is_told(CONSULTED, "claim", json!({}), 403).await;
    case.does(HANDLER, "claim", json!({})).await;
    case.does(CONSULTED, "give-opinion", json!({ "agency": POLICE, "consents": true })).await;
    assert!(listed(&portal, CONSULTED, "").await.is_empty());
    assert_eq!(counted(&portal, CONSULTED, "accepted").await, [0; 4]);
    assert_eq!(listed(&portal, HANDLER, "").await.len(), 1);
    portal.close().await;
}

#[actix_web::test]
async fn a_consulted_agency_finds_the_case_until_it_has_answered() {
    whoever_is_asked_finds_the_case(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL; tests/run starts it"]
async fn a_consulted_agency_finds_the_case_until_it_has_answered_on_postgres() {
    whoever_is_asked_finds_the_case(Database::postgres()).await;
}

#[actix_web::test]
async fn a_consulted_agency_whose_time_is_over_or_that_is_not_asked_any_more_finds_nothing() {
    let portal = handling::portal(Database::sqlite()).await;
    colleague_at(&portal, "editor", "handler", POLICE).await;
    let (kept, withdrawn) = (asked(&portal).await, asked(&portal).await);
    withdrawn.does(RESIDENT, "withdraw", json!({})).await;
    assert_eq!(listed(&portal, CONSULTED, "").await.len(), 1);
    // The case's clock stands still; that of the opinion does not.
    let pause = json!({ "kind": "inspection", "reason": "现场核查", "expected_days": 5 });
    kept.does(HANDLER, "pause", pause).await;
    portal.city.ctx.clock.advance(chrono::TimeDelta::days(3));
    let waits = listed(&portal, CONSULTED, "state=paused&light=yellow").await;
    assert_eq!((waits.len(), &waits[0]["light"]), (1, &json!("yellow")));
    assert_eq!(counted(&portal, CONSULTED, "paused").await, [0, 1, 0, 0]);
    portal.city.ctx.clock.advance(chrono::TimeDelta::days(1));
    timers::run(&portal.city.ctx).await.unwrap();
    assert!(listed(&portal, CONSULTED, "").await.is_empty());
    assert_eq!(counted(&portal, CONSULTED, "paused").await, [0; 4]);
    // Its superior takes over, and finds the case red: the opinion was due.
    let waits = listed(&portal, "supervisor@web", "state=paused").await;
    assert_eq!((waits.len(), &waits[0]["light"]), (1, &json!("red")));
    portal.close().await;
}

async fn passed_on(database: Database) {
    let portal = handling::portal(database).await;
    let files = vec![("roads.yaml".to_owned(), HALL.replace(HALL_AGENCY, ROADS))];
    wanshitong::app::catalog::publish(&portal.city.ctx, files).await.unwrap().unwrap();
    colleague_at(&portal, "editor", "handler", ROADS).await;
    let case = handling::draft(&portal).await;
    case.attach("lease").await;
    case.does(RESIDENT, "submit", json!({})).await;
    let number = case.read(RESIDENT).await["case_no"].clone();
    case.does(HANDLER, "claim", json!({})).await;
    assert!(listed(&portal, CONSULTED, "").await.is_empty());
    let search = json!({ "case_no": number });
    let found = async |who| {
        let found = portal.post(who, "/api/v1/cases/search", search.clone()).await.expect(200);
        found["items"].as_array().unwrap().len()
    };
    assert_eq!(found(CONSULTED).await, 0);
    let to = json!({ "guide_code": CODE.replace(HALL_AGENCY, ROADS), "reason": "不属本机关职权" });
    case.does(HANDLER, "transfer", to).await;
    let moved = listed(&portal, CONSULTED, "assignee=none").await;
    assert_eq!((moved.len(), &moved[0]["claims"]), (1, &json!([])));
    assert_eq!(found(CONSULTED).await, 1);
    assert_eq!(counted(&portal, CONSULTED, "submitted").await, [1, 0, 0, 0]);
    case.does(CONSULTED, "accept", json!({})).await;
    // Each letter is its writer's, though the case lies elsewhere now.
    let letters = portal.get(RESIDENT, &format!("/api/v1/cases/{}/letters", case.case)).await.expect(200);
    let letters = letters["items"].as_array().unwrap().clone();
    let written: Vec<(&Value, &Value)> =
        letters.iter().map(|letter| (&letter["kind"], &letter["agency"])).collect();
    let by = |kind: &str, agency: &str| (json!(kind), json!(agency));
    let expected = [by("receipt", HALL_AGENCY), by("transfer", HALL_AGENCY), by("acceptance", ROADS)];
    assert_eq!(written[..3], expected.each_ref().map(|(kind, agency)| (kind, agency)));
    portal.close().await;
}

#[actix_web::test]
async fn a_case_that_was_passed_on_is_on_the_lists_of_the_other_agency_and_nobody_s() {
    passed_on(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL; tests/run starts it"]
async fn a_case_that_was_passed_on_is_on_the_lists_of_the_other_agency_and_nobody_s_on_postgres() {
    passed_on(Database::postgres()).await;
}

async fn silence_consents(database: Database) {
    let portal = handling::portal(database).await;
    let files = vec![("hall.yaml".to_owned(), HALL.replace("silence: escalates", "silence: consents"))];
    wanshitong::app::catalog::publish(&portal.city.ctx, files).await.unwrap().unwrap();
    let case = asked(&portal).await;
    let approve = || json!({ "opinion": "同意" });
    case.is_told(handling::APPROVER, "approve", approve(), 409).await;
    portal.city.ctx.clock.advance(chrono::TimeDelta::days(4));
    timers::run(&portal.city.ctx).await.unwrap();
    let events = portal.get(HANDLER, &format!("/api/v1/cases/{}/events", case.case)).await.expect(200);
    let given =
        events["items"].as_array().unwrap().iter().find(|event| event["event"]["type"] == "opinion_given");
    let given = given.unwrap_or_else(|| panic!("{events:#}"));
    assert_eq!((&given["by"]["as"], &given["event"]["consents"]), (&json!("system"), &json!(true)));
    // That it was late stays on record, and nobody is waited for.
    let clocks = portal.get(HANDLER, &format!("/api/v1/cases/{}/clock", case.case)).await.expect(200);
    let opinion =
        clocks["items"].as_array().unwrap().iter().find(|clock| clock["name"] == "opinion").unwrap();
    assert_eq!((&opinion["light"], &opinion["limit_days"]), (&json!("red"), &json!(3)));
    case.is_told(HANDLER, "give-opinion", json!({ "agency": POLICE, "consents": false, "text": "不" }), 409)
        .await;
    let approved = case.does(handling::APPROVER, "approve", approve()).await;
    assert_eq!(approved["state"], "decided");
    portal.close().await;
}

#[actix_web::test]
async fn where_silence_is_consent_the_case_goes_on_without_the_agency() {
    silence_consents(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL; tests/run starts it"]
async fn where_silence_is_consent_the_case_goes_on_without_the_agency_on_postgres() {
    silence_consents(Database::postgres()).await;
}
