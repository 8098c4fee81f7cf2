//! From which day on a version is in force, and until which it takes new cases.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::{AGENCY, GUIDES, ITEM, hand_in, local, local_code, publish, shown, version};
use crate::support::{Database, Portal, id};

fn advance_to(portal: &Portal, time: &str) {
    let to: DateTime<Utc> = time.parse().unwrap();
    let clock = &portal.city.ctx.clock;
    clock.advance(to - clock.now());
}

async fn apply(portal: &Portal) -> crate::support::Reply {
    let body = json!({"guide_code": local_code(AGENCY), "submit": true});
    portal.post("second_resident@web", "/api/v1/cases", body).await
}

async fn listed(portal: &Portal) -> Option<u64> {
    let item = portal.get("", "/api/v1/items/000599001000").await;
    match item.status {
        404 => None,
        _ => item.expect(200)["guides"][0]["version"].as_u64(),
    }
}

/// Whether the dry run says that it is open, and that one may; why not, where one may not.
async fn may_apply(portal: &Portal) -> (bool, bool) {
    let path = format!("/api/v1/guides/{}/evaluate", local_code(AGENCY));
    let said = portal.post("", &path, json!({"applicant": {"birth_date": "1950-05-20"}})).await.expect(200);
    let (open, eligible) = (said["open"].as_bool().unwrap(), said["eligible"].as_bool().unwrap());
    let told = said["why_not"].as_array().unwrap().iter().all(|why| why["zh"] != "" && why["en"] != "");
    assert!(told && said["why_not"].as_array().unwrap().is_empty() == open, "{said:#}");
    (open, eligible)
}

/// A version to come is served under its number, and as the guide when its day begins.
async fn in_force_from_midnight(database: Database) {
    let portal = Portal::open(database).await;
    publish(&portal, ITEM).await;
    publish(&portal, &local(AGENCY, "visits: 1\n")).await;
    let to_come = local(AGENCY, "visits: 2\neffective_from: 2026-03-04\n");
    assert_eq!(publish(&portal, &to_come).await[0]["version"], 2);
    let case = apply(&portal).await.expect(201);
    let second = format!("/api/v1/guides/{}/versions/2", local_code(AGENCY));
    assert_eq!(portal.get("", &second).await.expect(200)["visits"], 2);
    for before in ["2026-03-02T02:00:00Z", "2026-03-03T15:59:59Z"] {
        advance_to(&portal, before);
        assert_eq!((version(&portal, AGENCY).await, listed(&portal).await), (1, Some(1)), "{before}");
    }
    // A change of the item meanwhile reaches both, each at its time.
    publish(&portal, &ITEM.replace("[elderly]", "[elderly, housing]")).await;
    assert_eq!((version(&portal, AGENCY).await, listed(&portal).await), (3, Some(3)));
    advance_to(&portal, "2026-03-03T16:00:00Z");
    let now = shown(&portal, AGENCY).await.expect(200);
    assert_eq!((&now["version"], &now["visits"]), (&json!(4), &json!(2)));
    assert_eq!(now["topics"], json!(["elderly", "housing"]));
    assert_eq!(listed(&portal).await, Some(4));
    assert_eq!(apply(&portal).await.expect(201)["guide"]["version"], 4);
    let read = portal.get("second_resident@web", &format!("/api/v1/cases/{}", id(&case))).await.expect(200);
    assert_eq!(read["guide"]["version"], 1);
    portal.close().await;
}

#[actix_web::test]
async fn a_version_to_come_is_in_force_when_its_day_begins() {
    in_force_from_midnight(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn a_version_to_come_is_in_force_when_its_day_begins_on_postgres() {
    in_force_from_midnight(Database::postgres()).await;
}

#[actix_web::test]
async fn a_guide_that_is_all_to_come_is_not_there_yet() {
    let portal = Portal::open(Database::sqlite()).await;
    publish(&portal, ITEM).await;
    publish(&portal, &local(AGENCY, "effective_from: 2026-03-03\n")).await;
    shown(&portal, AGENCY).await.problem(404);
    apply(&portal).await.problem(404);
    assert_eq!(listed(&portal).await, None);
    advance_to(&portal, "2026-03-02T16:00:00Z");
    assert_eq!((version(&portal, AGENCY).await, listed(&portal).await), (1, Some(1)));
    apply(&portal).await.expect(201);
    portal.close().await;
}

/// After its last day a guide takes no new cases; what was filed goes on.
async fn until_its_last_day(database: Database) {
    let portal = Portal::open(database).await;
    publish(&portal, ITEM).await;
    publish(&portal, &local(AGENCY, "effective_until: 2026-03-03\n")).await;
    advance_to(&portal, "2026-03-03T15:59:59Z");
    assert_eq!(may_apply(&portal).await, (true, true));
    let case = id(&apply(&portal).await.expect(201));
    let body = json!({"guide_code": local_code(AGENCY)});
    let draft = id(&portal.open_case("second_resident@web", body).await);
    advance_to(&portal, "2026-03-03T16:00:00Z");
    assert_eq!(apply(&portal).await.problem(409)["code"], "guide_closed");
    let submit = format!("/api/v1/cases/{draft}/submit");
    assert_eq!(
        portal.post("second_resident@web", &submit, json!({})).await.problem(409)["code"],
        "guide_closed"
    );
    assert_eq!(version(&portal, AGENCY).await, 1, "it is still shown");
    assert_eq!(may_apply(&portal).await, (false, false), "and the dry run says that it is over");
    assert_eq!(listed(&portal).await, None);
    portal.act("handler@web", &case, "accept", json!({})).await;
    portal.act("handler@web", &case, "record-step", json!({"step": "handle"})).await;
    let decided = portal.act("approver@web", &case, "approve", json!({})).await;
    assert_eq!(decided["guide"]["version"], 1);
    // The item goes on without it, and a version without that day opens it again.
    let published = publish(&portal, &ITEM.replace("[elderly]", "[elderly, housing]")).await;
    assert_eq!(published.as_array().unwrap().len(), 1, "{published:#}");
    assert_eq!(publish(&portal, &local(AGENCY, "")).await[0]["version"], 2);
    apply(&portal).await.expect(201);
    portal.close().await;
}

#[actix_web::test]
async fn after_its_last_day_a_guide_takes_no_new_cases_and_open_ones_go_on() {
    until_its_last_day(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn after_its_last_day_a_guide_takes_no_new_cases_and_open_ones_go_on_on_postgres() {
    until_its_last_day(Database::postgres()).await;
}

#[actix_web::test]
async fn a_withdrawal_may_be_told_before_it_takes_effect() {
    let portal = Portal::open(Database::sqlite()).await;
    publish(&portal, ITEM).await;
    publish(&portal, &local(AGENCY, "")).await;
    let withdraw = |from: &'static str| {
        let (portal, path) = (&portal, format!("{GUIDES}/{}/withdraw", local_code(AGENCY)));
        async move { portal.post("publisher@web", &path, json!({"from": from})).await }
    };
    withdraw("2026-03-01").await.problem(422);
    withdraw("tomorrow").await.problem(400);
    assert_eq!(withdraw("2026-03-06").await.status, 204);
    assert_eq!(withdraw("2026-03-04").await.status, 204, "before it begins the day may be changed");
    let told = shown(&portal, AGENCY).await.expect(200);
    assert_eq!(told["withdrawn_at"], "2026-03-03T16:00:00Z");
    // A new version of its item leaves the announcement standing.
    publish(&portal, &ITEM.replace("[elderly]", "[elderly, housing]")).await;
    let told = shown(&portal, AGENCY).await.expect(200);
    assert_eq!((&told["version"], &told["withdrawn_at"]), (&json!(2), &json!("2026-03-03T16:00:00Z")));
    advance_to(&portal, "2026-03-03T15:59:59Z");
    apply(&portal).await.expect(201);
    advance_to(&portal, "2026-03-03T16:00:00Z");
    assert_eq!(apply(&portal).await.problem(409)["code"], "guide_closed");
    assert_eq!((listed(&portal).await, may_apply(&portal).await), (None, (false, false)));
    withdraw("2026-03-09").await.problem(412);
    let lifted = hand_in(&portal, &[&local(AGENCY, "")]).await.remove(0);
    super::decide(&portal, &lifted).await.expect(200);
    apply(&portal).await.expect(201);
    portal.close().await;
}

const COMPANY: &str = include_str!("../../../src/data/sample/bundles/company.yaml");

/// Whoever drafted before a withdrawal did not know of it; whoever drafts after it does.
async fn a_withdrawal_stands_until_it_is_lifted(database: Database) {
    let portal = Portal::open(database).await;
    publish(&portal, ITEM).await;
    publish(&portal, &local(AGENCY, "")).await;
    let later = || portal.city.ctx.clock.advance(chrono::TimeDelta::seconds(1));
    let path = format!("{GUIDES}/{}/withdraw", local_code(AGENCY));
    for (when, visits) in [(json!({}), 1), (json!({"from": "2027-01-01"}), 2)] {
        let of_before = hand_in(&portal, &[&local(AGENCY, "")]).await.remove(0);
        later();
        assert_eq!(portal.post("publisher@web", &path, when).await.status, 204);
        later();
        super::decide(&portal, &of_before).await.problem(412);
        let of_after = hand_in(&portal, &[&local(AGENCY, &format!("visits: {visits}\n"))]).await.remove(0);
        let told = portal.get("publisher@web", &format!("{GUIDES}/{of_after}/diff")).await.expect(200);
        let first = &told["changes"][0]["text"];
        assert!(first["en"].as_str().unwrap().starts_with("takes new cases again: "), "{told:#}");
        assert!(first["zh"].as_str().unwrap().starts_with("恢复受理"), "{told:#}");
        let published = super::decide(&portal, &of_after).await.expect(200);
        assert_eq!(published["published"][0]["takes_cases_again"], true);
        assert_eq!(may_apply(&portal).await, (true, true));
        assert_eq!(shown(&portal, AGENCY).await.expect(200)["withdrawn_at"], json!(null));
    }
    let bundle = hand_in(&portal, &[COMPANY]).await.remove(0);
    later();
    let path = "/api/v1/admin/bundles/company/withdraw";
    assert_eq!(portal.post("publisher@web", path, json!({})).await.status, 204);
    super::decide(&portal, &bundle).await.problem(412);
    portal.close().await;
}

#[actix_web::test]
async fn a_draft_of_before_a_withdrawal_does_not_lift_it_and_one_of_after_says_that_it_will() {
    a_withdrawal_stands_until_it_is_lifted(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn a_draft_of_before_a_withdrawal_does_not_lift_it_and_one_of_after_says_that_it_will_on_postgres() {
    a_withdrawal_stands_until_it_is_lifted(Database::postgres()).await;
}

#[actix_web::test]
async fn a_catalogue_is_published_whole_again_when_some_of_it_has_ended_and_nothing_new_has() {
    let portal = Portal::open(Database::sqlite()).await;
    publish(&portal, ITEM).await;
    let guide = local(AGENCY, "effective_until: 2026-03-03\n");
    let again = |yaml: &str| {
        let files = vec![("g".to_owned(), yaml.to_owned())];
        wanshitong::app::catalog::publish(&portal.city.ctx, files)
    };
    assert!(again(&guide).await.unwrap().unwrap()[0].is_new_version);
    advance_to(&portal, "2026-03-04T02:00:00Z");
    assert!(!again(&guide).await.unwrap().unwrap()[0].is_new_version);
    let faults = again(&format!("{guide}visits: 1\n")).await.unwrap().unwrap_err();
    assert_eq!(faults.problems[0].problems[0].path, "/effective_until");
    let body = super::files(&[&format!("{guide}visits: 1\n")]);
    let refused = portal.post("editor@web", GUIDES, body).await.problem(422);
    assert_eq!(super::pointers(&refused), ["1.yaml:7:/effective_until"]);
    portal.close().await;
}
