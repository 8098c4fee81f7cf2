//! 帮办码: handed to a principal at a counter, entered by whoever helps him. Once.

use futures_util::future::join_all;
use serde_json::json;

use super::*;

const REDEEM: &str = "/api/v1/me/mandates/redeem";

/// The code the officer hands to the old resident, and his id.
async fn handed(portal: &Portal) -> (String, String) {
    let person = portal.city.person("second_resident");
    let body = json!({"guides": [portal.city.guide(ALLOWANCE)], "valid_until": later(portal, "P3D")});
    let reply = officer(portal).post(&format!("{PERSONS}/{person}/helper-codes"), body).await;
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    (reply.expect(201)["code"].as_str().unwrap().to_owned(), person)
}

async fn enter(user: &User<'_>, code: &str) -> Reply {
    user.post(REDEEM, json!({ "code": code })).await
}

#[actix_web::test]
async fn a_helper_acts_for_a_few_days_by_a_code_that_works_once() {
    let portal = open(Database::sqlite()).await;
    let (code, person) = handed(&portal).await;
    let helper = persona(&portal, "agent").await;
    let typed = code.to_lowercase().replace('-', " ");
    let mandate = enter(&helper, &typed).await.expect(201);
    assert_eq!((&mandate["state"], &mandate["principal_name"]), (&json!("accepted"), &json!("周永年")));
    assert_eq!(mandate["guides"], json!([portal.city.guide(ALLOWANCE)]));
    let case = id(&helper.open_for(ALLOWANCE, &person).await.expect(201));
    helper.open_for(ROAD, &person).await.problem(403);
    helper.speaking_for(&person).await.get(&format!("{CASES}/{case}")).await.expect(200);
    // The second time it is no good, to him and to anybody.
    let second = persona(&portal, "resident").await;
    for user in [&helper, &second] {
        refused(enter(user, &code).await, 422, "invalid_code");
    }
    // The one who is helped sees it and ends it.
    let old = persona(&portal, "second_resident").await;
    assert_eq!(old.mandates().await[0]["agent_name"], "方书文");
    old.on(&mandate, "end").await.expect(200);
    helper.open_for(ALLOWANCE, &person).await.problem(403);
    let issued = &on_record(&portal, "mandate.helper_code_issued").await[0];
    assert_eq!(issued["subject"], json!(person));
    let redeemed = on_record(&portal, "mandate.helper_code_redeemed").await;
    let good = redeemed.iter().filter(|entry| entry["outcome"] == "succeeded");
    assert_eq!((redeemed.len(), good.count()), (3, 1));
    nothing_on_record_tells(&portal, &[&code, &code.replace('-', ""), "周永年"]).await;
    portal.close().await;
}

#[actix_web::test]
async fn help_is_over_after_its_days_and_an_old_code_is_none() {
    let portal = open(Database::sqlite()).await;
    let (code, _) = handed(&portal).await;
    let (fresh, person) = handed(&portal).await;
    let helper = persona(&portal, "agent").await;
    advance(&portal, "PT9M59S");
    enter(&helper, &fresh).await.expect(201);
    advance(&portal, "PT1S");
    let helper = helper.again().await;
    refused(enter(&helper, &code).await, 422, "invalid_code");
    wanshitong::app::upkeep::sweep(&portal.city.ctx).await.unwrap();
    helper.open_for(ALLOWANCE, &person).await.expect(201);
    advance(&portal, "P3D");
    helper.again().await.open_for(ALLOWANCE, &person).await.problem(403);
    portal.close().await;
}

#[actix_web::test]
async fn codes_are_not_guessed() {
    let portal = open(Database::sqlite()).await;
    let (code, _) = handed(&portal).await;
    let guesser = persona(&portal, "agent").await;
    assert_eq!(pointers(&enter(&guesser, "ABC").await.problem(422)), ["/code"]);
    let mut statuses = Vec::new();
    for _ in 0..7 {
        statuses.push(enter(&guesser, "BCDFGHJK").await.status);
    }
    assert_eq!(statuses, [422, 422, 422, 422, 422, 429, 429], "five are free, then one waits");
    let reply = enter(&guesser, &code).await;
    assert_eq!(reply.header("retry-after"), Some("30"));
    reply.problem(429);
    // Who helps from the same network with another account is not in his way.
    let helper = persona(&portal, "resident").await;
    enter(&helper, &code).await.expect(201);
    portal.close().await;
}

#[actix_web::test]
async fn who_may_not_hand_one_out_and_who_may_not_enter_it() {
    let portal = open(Database::sqlite()).await;
    let (code, person) = handed(&portal).await;
    let old = persona(&portal, "second_resident").await;
    refused(enter(&old, &code).await, 409, "four_eyes");
    let tang = newcomer(&portal, TANG).await;
    assert_eq!(challenged(enter(&tang, &code).await), "ial2-aal2");
    let path = format!("{PERSONS}/{person}/helper-codes");
    let body =
        |days: &str| json!({"guides": [portal.city.guide(ALLOWANCE)], "valid_until": later(&portal, days)});
    for who in ["handler@counter", "resident@counter", "admin@counter"] {
        portal.post(who, &path, body("P3D")).await.problem(403);
    }
    let officer = officer(&portal);
    let long = officer.post(&path, body("P31D")).await.problem(422);
    assert_eq!(pointers(&long), ["/valid_until"]);
    let nothing = json!({"guides": [], "valid_until": "2020-01-01T00:00:00Z"});
    assert_eq!(pointers(&officer.post(&path, nothing).await.problem(422)), ["/guides", "/valid_until"]);
    let unknown = json!({"guides": ["nothing"], "valid_until": later(&portal, "P3D")});
    assert_eq!(pointers(&officer.post(&path, unknown).await.problem(422)), ["/guides/0"]);
    let own = path.replace(&person, &portal.city.person("counter_officer"));
    refused(officer.post(&own, body("P3D")).await, 409, "four_eyes");
    portal.close().await;
}

/// Two who overheard one code enter it in the same moment.
async fn of_two_who_enter_a_code_at_once_one_helps(database: Database) {
    let portal = open(database).await;
    let other = portal.beside().await;
    let (code, person) = handed(&portal).await;
    let users = [persona(&portal, "agent").await, persona(&portal, "resident").await];
    let elsewhere = users[1].at(&other);
    let replies = join_all([enter(&users[0], &code), enter(&elsewhere, &code)]).await;
    let mut statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 422]);
    half_a_second_passes(&portal).await;
    let opened = join_all(users.iter().map(|user| user.open_for(ALLOWANCE, &person))).await;
    assert_eq!(opened.iter().filter(|reply| reply.status == 201).count(), 1);
    other.close().await;
    portal.close().await;
}

#[actix_web::test]
async fn a_code_entered_twice_at_once_helps_one() {
    of_two_who_enter_a_code_at_once_one_helps(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn a_code_entered_twice_at_once_helps_one_on_postgres() {
    of_two_who_enter_a_code_at_once_one_helps(Database::postgres()).await;
}
