//! 授权: offered, answered, acted by and ended, seen from both sides.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::*;

const AGENT: &str = "13900000003";
const RESIDENT: &str = "13900000001";

#[actix_web::test]
async fn an_offer_is_accepted_acted_by_and_ended() {
    let portal = open(Database::sqlite()).await;
    let (old, agent) = (persona(&portal, "second_resident").await, persona(&portal, "agent").await);
    let offer = old.offer(AGENT, json!({})).await;
    assert_eq!((&offer["state"], &offer["kind"]), (&json!("offered"), &json!("agency")));
    assert_eq!((&offer["mobile"], &offer["agent"]), (&json!("139****0003"), &Value::Null));
    assert_eq!((&offer["is_given"], &offer["principal_name"]), (&json!(true), &json!("周永年")));
    assert!(last_message(&portal, AGENT).contains("周** asks you to act for them"));
    let person = old.person().await;
    agent.open_for(ROAD, &person).await.problem(403);

    let seen = agent.get(&format!("{MANDATES}/{}", id(&offer))).await.expect(200);
    assert_eq!((&seen["principal_name"], &seen["mobile"]), (&json!("周**"), &Value::Null), "masked before");
    let accepted = agent.on(&offer, "accept").await.expect(200);
    assert_eq!((&accepted["state"], &accepted["principal_name"]), (&json!("accepted"), &json!("周永年")));
    let given = &old.mandates().await[0];
    assert_eq!((&given["agent_name"], &given["state"]), (&json!("方书文"), &json!("accepted")));
    assert_eq!(given["agent"], json!(portal.city.person("agent")));

    let case = road_draft_for(&agent, &person).await;
    let submitted = agent.post(&format!("{CASES}/{case}/submit"), json!({})).await.expect(200);
    assert_eq!(submitted["state"], "submitted");
    old.get(&format!("{CASES}/{case}")).await.expect(200);
    persona(&portal, "resident").await.get(&format!("{CASES}/{case}")).await.problem(404);

    let ended = old.on(&offer, "end").await.expect(200);
    assert_eq!((&ended["state"], &ended["ended_by"]), (&json!("ended"), &json!("principal")));
    agent.get(&format!("{CASES}/{case}")).await.problem(404);
    agent.open_for(ROAD, &person).await.problem(403);
    refused(agent.on(&offer, "end").await, 409, "wrong_state");
    refused(agent.on(&offer, "accept").await, 409, "wrong_state");
    for action in ["mandate.offered", "mandate.accepted", "mandate.ended"] {
        let entries = on_record(&portal, action).await;
        assert_eq!((entries.len(), &entries[0]["subject"]), (1, &offer["id"]), "{action}");
        assert_eq!(entries[0]["client"], "app");
    }
    nothing_on_record_tells(&portal, &["周永年", "方书文", AGENT]).await;
    portal.close().await;
}

#[actix_web::test]
async fn ending_cuts_the_agents_tokens_on_every_instance_within_a_second() {
    let portal = open(Database::sqlite()).await;
    let other = portal.beside().await;
    let (old, agent) = (persona(&portal, "second_resident").await, persona(&portal, "agent").await);
    let person = old.person().await;
    let offer = old.offer(AGENT, json!({})).await;
    agent.on(&offer, "accept").await.expect(200);
    let speaking = agent.speaking_for(&person).await;
    half_a_second_passes(&other).await;
    speaking.at(&other).get(ME).await.expect(200);
    agent.at(&other).open_for(ROAD, &person).await.expect(201);
    old.on(&offer, "end").await.expect(200);
    half_a_second_passes(&other).await;
    for instance in [&portal, &other] {
        speaking.at(instance).get(ME).await.problem(401);
        speaking.at(instance).open_for(ROAD, &person).await.problem(401);
        agent.at(instance).open_for(ROAD, &person).await.problem(403);
        assert_eq!(agent.at(instance).exchange(&person).await.body["error"], "invalid_grant");
    }
    other.close().await;
    portal.close().await;
}

#[actix_web::test]
async fn it_reaches_no_further_than_its_items_and_its_dates() {
    let portal = open(Database::sqlite()).await;
    let (old, agent) = (persona(&portal, "second_resident").await, persona(&portal, "agent").await);
    let person = old.person().await;
    let own = old.post(CASES, json!({"guide_code": portal.city.guide(ALLOWANCE)})).await.expect(201);
    let terms = json!({
        "guides": [portal.city.guide(ROAD)],
        "valid_from": later(&portal, "PT1M"), "valid_until": later(&portal, "PT5M"),
    });
    let offer = old.offer(AGENT, terms).await;
    agent.on(&offer, "accept").await.expect(200);
    agent.open_for(ROAD, &person).await.problem(403);
    advance(&portal, "PT1M");
    let case = id(&agent.open_for(ROAD, &person).await.expect(201));
    agent.open_for(ALLOWANCE, &person).await.problem(403);
    agent.get(&format!("{CASES}/{}", id(&own))).await.problem(404);
    let speaking = agent.speaking_for(&person).await;
    assert_eq!(agent.exchange(&person).await.expect(200)["expires_in"], 240, "no longer than the mandate");
    speaking.open_for(ALLOWANCE, &person).await.problem(403);
    speaking.get(&format!("{CASES}/{case}")).await.expect(200);
    advance(&portal, "PT4M");
    speaking.get(&format!("{CASES}/{case}")).await.problem(401);
    agent.get(&format!("{CASES}/{case}")).await.problem(404);
    agent.open_for(ROAD, &person).await.problem(403);
    assert_eq!(agent.exchange(&person).await.body["error"], "invalid_grant");
    let seen = agent.get(&format!("{MANDATES}/{}", id(&offer))).await.expect(200);
    assert_eq!(seen["state"], "ended");
    refused(agent.on(&offer, "end").await, 409, "wrong_state");
    portal.close().await;
}

#[actix_web::test]
async fn only_whom_it_is_offered_to_answers() {
    let portal = open(Database::sqlite()).await;
    let (old, agent) = (persona(&portal, "second_resident").await, persona(&portal, "agent").await);
    let offer = old.offer(AGENT, json!({})).await;
    old.on(&offer, "accept").await.problem(403);
    let stranger = persona(&portal, "resident").await;
    for word in ["accept", "decline", "end"] {
        stranger.on(&offer, word).await.problem(404);
    }
    assert!(stranger.mandates().await.iter().all(|mandate| mandate["id"] != offer["id"]));
    let declined = agent.on(&offer, "decline").await.expect(200);
    assert_eq!((&declined["state"], &declined["principal_name"]), (&json!("declined"), &json!("周**")));
    refused(agent.on(&offer, "accept").await, 409, "wrong_state");
    refused(old.on(&offer, "end").await, 409, "wrong_state");
    // Taken back, and waiting too long.
    let offer = old.offer(AGENT, json!({})).await;
    assert_eq!(old.on(&offer, "end").await.expect(200)["state"], "ended");
    refused(agent.on(&offer, "accept").await, 409, "wrong_state");
    let offer = old.offer(AGENT, json!({})).await;
    advance(&portal, "P30D");
    let agent = agent.again().await;
    refused(agent.on(&offer, "accept").await, 409, "wrong_state");
    let seen = agent.get(&format!("{MANDATES}/{}", id(&offer))).await.expect(200);
    assert_eq!(seen["state"], "lapsed");
    portal.close().await;
}

/// The principal does not learn whether the number has an account.
#[actix_web::test]
async fn an_offer_waits_for_who_registers_and_proves_himself_later() {
    let portal = open(Database::sqlite()).await;
    let old = persona(&portal, "second_resident").await;
    let (there, not_there) = (old.offer(AGENT, json!({})).await, old.offer(TANG.0, json!({})).await);
    let told = |offer: &Value| {
        let mut told = offer.clone();
        for name in ["id", "mobile"] {
            told.as_object_mut().unwrap().remove(name);
        }
        told
    };
    assert_eq!(told(&there), told(&not_there));
    let tang = newcomer(&portal, TANG).await;
    assert_eq!(tang.mandates().await[0]["id"], not_there["id"]);
    assert_eq!(challenged(tang.on(&not_there, "accept").await), "ial2-aal2");
    let offered = tang.post(MANDATES, json!({"mobile": AGENT})).await;
    assert_eq!(challenged(offered), "ial2-aal2", "nor offers who is not known");
    tang.prove(TANG.1, TANG.2).await.expect(201);
    tang.on(&not_there, "accept").await.expect(200);
    tang.open_for(ROAD, &old.person().await).await.expect(201);
    portal.close().await;
}

#[actix_web::test]
async fn all_that_is_wrong_with_an_offer_is_told_at_once() {
    let portal = open(Database::sqlite()).await;
    let resident = persona(&portal, "resident").await;
    let wrong = json!({
        "mobile": RESIDENT, "guides": ["nothing", portal.city.guide(ROAD)],
        "valid_from": "2029-01-01T00:00:00Z", "valid_until": "2026-01-01T00:00:00Z",
    });
    let problem = resident.post(MANDATES, wrong).await.problem(422);
    assert_eq!(pointers(&problem), ["/valid_from", "/valid_until", "/guides/0", "/mobile"]);
    let none = resident.post(MANDATES, json!({"mobile": AGENT, "guides": []})).await.problem(422);
    assert_eq!(pointers(&none), ["/guides"]);
    let both = json!({"mobile": AGENT, "person_id": portal.city.person("agent")});
    assert_eq!(pointers(&resident.post(MANDATES, both).await.problem(422)), ["/mobile"]);
    resident.post(MANDATES, json!({"mobile": AGENT, "until": "x"})).await.problem(400);
    // By id only whom he mandated before: else ids could be tried.
    let by_id = |person: &str| resident.post(MANDATES, json!({"person_id": person}));
    let officer = portal.city.person("counter_officer");
    assert_eq!(pointers(&by_id(&officer).await.problem(422)), ["/person_id"]);
    let again = by_id(&portal.city.person("agent")).await.expect(201);
    assert_eq!(again["mobile"], Value::Null);
    persona(&portal, "agent").await.on(&again, "accept").await.expect(200);
    let of_others = json!({"mobile": AGENT, "principal": portal.city.person("second_resident")});
    resident.post(MANDATES, of_others).await.problem(404);
    portal.close().await;
}

#[actix_web::test]
async fn nobody_floods_a_number_with_offers() {
    let portal = open(Database::sqlite()).await;
    let resident = persona(&portal, "resident").await;
    let mut statuses = Vec::new();
    for _ in 0..18 {
        statuses.push(resident.post(MANDATES, json!({"mobile": TANG.0})).await.status);
    }
    assert_eq!(statuses, [vec![201; 15], vec![429; 3]].concat());
    portal.close().await;
}

#[actix_web::test]
async fn an_offer_and_its_answer_are_repeated_without_effect() {
    let portal = open(Database::sqlite()).await;
    let (old, agent) = (persona(&portal, "second_resident").await, persona(&portal, "agent").await);
    let ask = |user: &User<'_>, path: String, body: Value| {
        let request = portal.request("", "POST", &path).bearer_auth(user.token.as_str().unwrap());
        portal.send(request.header("idempotency-key", "one").json(&body))
    };
    let first = ask(&old, MANDATES.to_owned(), json!({"mobile": AGENT})).await.expect(201);
    let again = ask(&old, MANDATES.to_owned(), json!({"mobile": AGENT})).await;
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(again.expect(201)["id"], first["id"]);
    assert_eq!(old.mandates().await.len(), 1);
    for replayed in [None, Some("true")] {
        let reply = ask(&agent, format!("{MANDATES}/{}/accept", id(&first)), json!({})).await;
        assert_eq!(reply.header("idempotent-replayed"), replayed);
        assert_eq!(reply.expect(200)["state"], "accepted");
    }
    portal.close().await;
}

/// One accepts while the other takes back: one of them wins, and what both read
/// afterwards is the same.
async fn of_an_accept_and_an_end_at_once_one_wins(database: Database) {
    let portal = open(database).await;
    let other = portal.beside().await;
    let (old, agent) = (persona(&portal, "second_resident").await, persona(&portal, "agent").await);
    let person = old.person().await;
    let elsewhere = agent.at(&other);
    for _ in 0..6 {
        let offer = old.offer(AGENT, json!({})).await;
        let (accepted, ended) = tokio::join!(elsewhere.on(&offer, "accept"), old.on(&offer, "end"));
        assert!(matches!(accepted.status, 200 | 409 | 412), "{}: {:#}", accepted.status, accepted.body);
        assert!(matches!(ended.status, 200), "{}: {:#}", ended.status, ended.body);
        for instance in [&portal, &other] {
            half_a_second_passes(instance).await;
            agent.at(instance).open_for(ROAD, &person).await.problem(403);
        }
        let seen = old.get(&format!("{MANDATES}/{}", id(&offer))).await.expect(200);
        assert_eq!(seen["state"], "ended");
    }
    other.close().await;
    portal.close().await;
}

/// The same offer accepted many times at once is accepted once.
async fn of_many_accepts_at_once_one_counts(database: Database) {
    let portal = open(database).await;
    let other = portal.beside().await;
    let (old, agent) = (persona(&portal, "second_resident").await, persona(&portal, "agent").await);
    let offer = old.offer(AGENT, json!({})).await;
    let users = [agent.at(&portal), agent.at(&other), agent.at(&portal), agent.at(&other)];
    let replies = join_all(users.iter().map(|user| user.on(&offer, "accept"))).await;
    let statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| matches!(status, 200 | 409 | 412)), "{statuses:?}");
    assert_eq!(on_record(&portal, "mandate.accepted").await.len(), 1);
    other.close().await;
    portal.close().await;
}

#[actix_web::test]
async fn accepting_and_taking_back_do_not_both_happen() {
    of_an_accept_and_an_end_at_once_one_wins(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn accepting_and_taking_back_do_not_both_happen_on_postgres() {
    of_an_accept_and_an_end_at_once_one_wins(Database::postgres()).await;
}

#[actix_web::test]
async fn many_accepts_are_one() {
    of_many_accepts_at_once_one_counts(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn many_accepts_are_one_on_postgres() {
    of_many_accepts_at_once_one_counts(Database::postgres()).await;
}
