//! One's own account: name, number and language changed, and 注销.

use serde_json::{Value, json};
use wanshitong::app::identity::sign_in::{Entered, Proof, sign_in};
use wanshitong::domain::identity::{Channel, Method, Methods};

use super::*;
use crate::defence::stranger;

const CLOSE: &str = "/api/v1/me/close";

/// Whether the password of the tests opens the account of this number.
async fn opens(portal: &Portal, mobile: &str) -> bool {
    let proof = Proof::Password { mobile: mobile.to_owned(), password: PASSWORD.to_owned() };
    let entered = sign_in(&portal.city.ctx, proof, Channel::Web, &stranger("192.0.2.9"), None).await;
    matches!(entered, Ok(Entered::In(_)))
}

async fn refreshed(portal: &Portal, tokens: &Value) -> u16 {
    let pairs = desk::refreshing(&tokens["refresh_token"], desk::public("app"));
    desk::post(portal, "/oauth2/token", &pairs, None).await.status
}

#[actix_web::test]
async fn a_name_is_changed_until_it_is_proven() {
    let portal = open(Database::sqlite()).await;
    let tang = newcomer(&portal, (TANG.0, "唐某", "")).await;
    let changed = tang.patch(ME, json!({"name": "唐若溪", "language": "en"})).await;
    assert_eq!(changed.header("etag"), Some("\"v2\""));
    let me = changed.expect(200);
    assert_eq!((&me["name"], &me["language"]), (&json!("唐若溪"), &json!("en")));
    let wrong = json!({"name": " ", "mobile": "1", "code": "x", "language": "tlh"});
    let problem = tang.patch(ME, wrong).await.problem(422);
    assert_eq!(pointers(&problem), ["/name", "/mobile", "/code", "/language"]);
    let request = portal.request("", "PATCH", ME).bearer_auth(tang.token.as_str().unwrap());
    portal.send(request.header("if-match", "\"v1\"").json(&json!({"language": "zh-CN"}))).await.problem(412);
    tang.patch(ME, json!({"id_number": TANG.2})).await.problem(400);
    tang.prove(TANG.1, TANG.2).await.expect(201);
    let problem = refused(tang.patch(ME, json!({"name": "唐某"})).await, 409, "wrong_state");
    assert!(problem["detail"].as_str().unwrap().contains("窗口"), "{problem:#}");
    let entries = on_record(&portal, "account.changed").await;
    assert_eq!(entries[0]["details"], json!({"name": true, "mobile": false, "language": true}));
    portal.close().await;
}

#[actix_web::test]
async fn a_new_number_counts_once_its_code_came_back_and_signs_the_rest_out() {
    let portal = open(Database::sqlite()).await;
    let other = portal.beside().await;
    let tang = proven(&portal, TANG).await;
    let elsewhere = signed_in(&portal, TANG.0, two_factors()).await;
    let new = "13930000001";
    for missing in [json!({ "mobile": new }), json!({"code": "123456"})] {
        assert_eq!(tang.patch(ME, missing).await.problem(422)["errors"].as_array().unwrap().len(), 1);
    }
    refused(tang.patch(ME, json!({"mobile": new, "code": "000000"})).await, 422, "invalid_code");
    let code = code_to(&portal, new, "new_mobile").await;
    let me = tang.patch(ME, json!({"mobile": new, "code": code})).await.expect(200);
    assert_eq!(me["mobile"], new);
    assert!(last_message(&portal, TANG.0).contains("The mobile number of your account was changed"));
    half_a_second_passes(&other).await;
    for instance in [&portal, &other] {
        tang.at(instance).get(ME).await.expect(200);
        desk::me_with(instance, &elsewhere["access_token"]).await.problem(401);
    }
    assert_eq!(refreshed(&portal, &elsewhere).await, 400);
    assert!(!opens(&portal, TANG.0).await && opens(&portal, new).await);
    // Somebody else's number is not taken, whoever reads its messages.
    let taken = code_to(&portal, "13900000002", "new_mobile").await;
    assert!(taken.len() != 6, "the message tells no code: {taken}");
    nothing_on_record_tells(&portal, &[new, TANG.0]).await;
    other.close().await;
    portal.close().await;
}

/// With one factor and no second one set up, a number is changed right after
/// signing in.
#[actix_web::test]
async fn a_number_is_not_changed_by_who_finds_the_phone_lying_open() {
    let portal = open(Database::sqlite()).await;
    let tang = proven(&portal, TANG).await;
    advance(&portal, "PT5M1S");
    let code = code_to(&portal, "13930000001", "new_mobile").await;
    let body = json!({"mobile": "13930000001", "code": code});
    let reply = tang.patch(ME, body.clone()).await;
    assert!(reply.header("www-authenticate").unwrap().contains("max_age=\"300\""));
    refused(reply, 401, "insufficient_user_authentication");
    let tokens = signed_in(&portal, TANG.0, Methods::from(Method::Password)).await;
    let again = User { token: tokens["access_token"].clone(), ..tang };
    again.patch(ME, body).await.expect(200);
    portal.close().await;
}

async fn nothing_is_left_of_a_closed_account(database: Database) {
    let portal = open(database).await;
    let other = portal.beside().await;
    let tang = proven(&portal, TANG).await;
    let tokens = signed_in(&portal, TANG.0, two_factors()).await;
    let person = tang.person().await;
    let case = id(&tang.open_for(ROAD, &person).await.expect(201));
    let plan = format!("{CASES}/{case}/materials/location_plan");
    let upload = portal.request("", "PUT", &plan).bearer_auth(tang.token.as_str().unwrap());
    portal.send(upload.header("x-file-name", "plan.pdf").body(PDF)).await.expect(200);
    let agent = persona(&portal, "agent").await;
    let mandate = tang.offer("13900000003", json!({})).await;
    agent.on(&mandate, "accept").await.expect(200);
    let waiting = persona(&portal, "second_resident").await.offer(TANG.0, json!({})).await;
    let speaking = agent.speaking_for(&person).await;

    refused(tang.post(CLOSE, json!({"code": "000000"})).await, 422, "invalid_code");
    refused(tang.post(CLOSE, json!({"code": "x"})).await, 422, "invalid_code");
    let code = code_to(&portal, TANG.0, "close_account").await;
    let closed = tang.post(CLOSE, json!({ "code": code })).await.expect(200);
    assert!(closed["detail"]["zh"].as_str().unwrap().contains("账号已注销"), "{closed:#}");
    half_a_second_passes(&other).await;
    for instance in [&portal, &other] {
        tang.at(instance).get(ME).await.problem(401);
        desk::me_with(instance, &tokens["access_token"]).await.problem(401);
        speaking.at(instance).get(ME).await.problem(401);
        agent.at(instance).open_for(ROAD, &person).await.problem(403);
    }
    assert_eq!(refreshed(&portal, &tokens).await, 400);
    assert!(!opens(&portal, TANG.0).await);
    let entries = on_record(&portal, "account.closed").await;
    let refusals = entries.iter().filter(|entry| entry["outcome"] == "refused").count();
    assert_eq!((entries.len(), refusals), (2, 1), "the wrong code too");

    // The number may be somebody else's now, who finds nothing of it…
    let stranger = newcomer(&portal, (TANG.0, "某人", "")).await;
    assert_eq!(items(stranger.get("/api/v1/me/cases").await).len(), 0);
    assert!(stranger.mandates().await.iter().all(|mandate| mandate["id"] != waiting["id"]));
    stranger.get(&format!("{CASES}/{case}")).await.problem(404);
    // …and the person finds all of it where he proves himself.
    let tang = newcomer(&portal, ("13910000011", TANG.1, TANG.2)).await;
    tang.get(&format!("{CASES}/{case}")).await.problem(404);
    tang.prove(TANG.1, TANG.2).await.expect(201);
    tang.get(&format!("{CASES}/{case}")).await.expect(200);
    assert_eq!((tang.person().await, tang.ial().await), (person, json!(2)));
    other.close().await;
    portal.close().await;
}

#[actix_web::test]
async fn closing_ends_every_sign_in_and_mandate_and_frees_the_number() {
    nothing_is_left_of_a_closed_account(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn closing_ends_every_sign_in_and_mandate_and_frees_the_number_on_postgres() {
    nothing_is_left_of_a_closed_account(Database::postgres()).await;
}

#[actix_web::test]
async fn an_account_with_cases_under_way_is_closed_and_they_go_on() {
    let portal = open(Database::sqlite()).await;
    let resident = persona(&portal, "resident").await;
    let case = crate::api::submitted_road_case(&portal, "resident@web").await;
    let closed = resident.post(CLOSE, json!({})).await.expect(200);
    assert_eq!(closed["open_cases"], 1);
    assert!(closed["detail"]["zh"].as_str().unwrap().contains("1 件正在办理"), "{closed:#}");
    let accepted = portal.act("handler@counter", &case, "accept", json!({})).await;
    assert_eq!(accepted["state"], "accepted");
    portal.close().await;
}

#[actix_web::test]
async fn an_account_is_not_closed_by_who_holds_a_post_or_signed_in_long_ago() {
    let portal = open(Database::sqlite()).await;
    let clerk = persona(&portal, "counter_officer").await;
    let problem = refused(clerk.post(CLOSE, json!({})).await, 409, "wrong_state");
    assert!(problem["detail"].as_str().unwrap().contains("管理员"), "{problem:#}");
    let tang = newcomer(&portal, TANG).await;
    advance(&portal, "PT5M1S");
    let reply = tang.post(CLOSE, json!({})).await;
    assert!(reply.header("www-authenticate").unwrap().contains("max_age=\"300\""));
    refused(reply, 401, "insufficient_user_authentication");
    let tang = tang.again().await;
    tang.post(CLOSE, json!({})).await.expect(200);
    portal.close().await;
}

/// Whoever had a closed account's number given on keeps nothing of its owner's.
async fn an_offer_stays_with_the_person(database: Database) {
    let portal = open(database).await;
    let tang = proven(&portal, TANG).await;
    let old = persona(&portal, "second_resident").await;
    let offer = old.offer(TANG.0, json!({})).await;
    assert_eq!(tang.mandates().await.len(), 1);
    tang.post(CLOSE, json!({})).await.expect(200);
    let next = newcomer(&portal, (TANG.0, XU.1, XU.2)).await;
    next.prove(XU.1, XU.2).await.expect(201);
    assert!(next.mandates().await.is_empty());
    next.on(&offer, "accept").await.problem(404);
    // It waits for the person, wherever he comes back.
    let tang = newcomer(&portal, ("13910000011", TANG.1, TANG.2)).await;
    tang.on(&offer, "accept").await.problem(404);
    tang.prove(TANG.1, TANG.2).await.expect(201);
    tang.on(&offer, "accept").await.expect(200);
    portal.close().await;
}

#[actix_web::test]
async fn what_was_offered_to_a_number_does_not_pass_to_its_next_owner() {
    an_offer_stays_with_the_person(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn what_was_offered_to_a_number_does_not_pass_to_its_next_owner_on_postgres() {
    an_offer_stays_with_the_person(Database::postgres()).await;
}

/// Registering with one number, closing, and registering again, on the database.
async fn a_number_goes_from_hand_to_hand(database: Database) {
    let portal = open(database).await;
    for _ in 0..3 {
        let tang = newcomer(&portal, TANG).await;
        tang.prove(TANG.1, TANG.2).await.expect(201);
        tang.post(CLOSE, json!({})).await.expect(200);
        advance(&portal, "PT2M");
    }
    let tang = proven(&portal, TANG).await;
    assert_eq!(items(tang.get(PROOFS).await).len(), 4);
    portal.close().await;
}

#[actix_web::test]
async fn one_number_is_registered_and_closed_again_and_again() {
    a_number_goes_from_hand_to_hand(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn one_number_is_registered_and_closed_again_and_again_on_postgres() {
    a_number_goes_from_hand_to_hand(Database::postgres()).await;
}
