//! 转委托: an agent gives on what he was given, never further than it goes.

use serde_json::{Value, json};

use super::*;

const AGENT: &str = "13900000003";

/// What the resident gave the agent, who accepted it.
async fn given(portal: &Portal, terms: Value) -> (User<'_>, User<'_>, Value) {
    let (old, agent) = (persona(portal, "second_resident").await, persona(portal, "agent").await);
    let mandate = old.offer(AGENT, terms).await;
    agent.on(&mandate, "accept").await.expect(200);
    (old, agent, mandate)
}

fn path(mandate: &Value) -> String {
    format!("{MANDATES}/{}/delegate", id(mandate))
}

#[actix_web::test]
async fn it_goes_no_further_than_what_it_rests_on() {
    let portal = open(Database::sqlite()).await;
    let until = later(&portal, "P10D");
    let road = portal.city.guide(ROAD);
    let terms = json!({
        "guides": [road], "may_delegate": true, "valid_from": later(&portal, "PT1M"), "valid_until": until,
    });
    let (old, agent, mandate) = given(&portal, terms).await;
    advance(&portal, "PT1M");
    let wide = json!({
        "mobile": TANG.0, "valid_from": later(&portal, "PT0S"), "valid_until": later(&portal, "P11D"),
    });
    let problem = agent.post(&path(&mandate), wide).await.problem(422);
    assert_eq!(pointers(&problem), ["/guides", "/valid_until"]);
    let other = json!({"mobile": TANG.0, "guides": [portal.city.guide(ALLOWANCE)], "valid_until": until});
    assert_eq!(pointers(&agent.post(&path(&mandate), other).await.problem(422)), ["/guides"]);
    let fits = json!({"mobile": TANG.0, "guides": [road], "valid_until": until});
    old.post(&path(&mandate), fits.clone()).await.problem(403);
    persona(&portal, "resident").await.post(&path(&mandate), fits.clone()).await.problem(404);

    let tang = proven(&portal, TANG).await;
    let on = agent.post(&path(&mandate), fits).await.expect(201);
    assert_eq!((&on["parent"], &on["is_given"]), (&mandate["id"], &json!(true)));
    assert_eq!(on["principal"], json!(old.person().await));
    tang.on(&on, "accept").await.expect(200);
    let case = id(&tang.open_for(ROAD, &old.person().await).await.expect(201));
    agent.get(&format!("{CASES}/{case}")).await.expect(200);
    // It may not be given on again: that was not allowed.
    let again = json!({"mobile": XU.0, "guides": [road], "valid_until": until});
    refused(tang.post(&path(&on), again).await, 409, "wrong_state");
    // The principal sees all of it, and may end it over the agent's head.
    assert_eq!(old.mandates().await.len(), 2);
    assert_eq!(old.on(&on, "end").await.expect(200)["state"], "ended");
    tang.open_for(ROAD, &old.person().await).await.problem(403);
    agent.open_for(ROAD, &old.person().await).await.expect(201);
    portal.close().await;
}

async fn a_chain_ends_with_its_beginning(database: Database) {
    let portal = open(database).await;
    let other = portal.beside().await;
    let (old, agent, mandate) = given(&portal, json!({"may_delegate": true})).await;
    let person = old.person().await;
    let (tang, xu) = (proven(&portal, TANG).await, proven(&portal, XU).await);
    let body = json!({"mobile": TANG.0, "may_delegate": true});
    let second = agent.post(&path(&mandate), body).await.expect(201);
    tang.on(&second, "accept").await.expect(200);
    let third = tang.post(&path(&second), json!({"mobile": XU.0})).await.expect(201);
    xu.on(&third, "accept").await.expect(200);
    let speaking = xu.speaking_for(&person).await;
    half_a_second_passes(&other).await;
    speaking.at(&other).open_for(ROAD, &person).await.expect(201);

    agent.on(&mandate, "end").await.expect(200);
    half_a_second_passes(&other).await;
    for instance in [&portal, &other] {
        speaking.at(instance).get(ME).await.problem(401);
        for user in [&agent, &tang, &xu] {
            user.at(instance).open_for(ROAD, &person).await.problem(403);
        }
    }
    let seen = xu.get(&format!("{MANDATES}/{}", id(&third))).await.expect(200);
    assert_eq!((&seen["state"], &seen["ended_by"]), (&json!("ended"), &json!("parent")));
    assert_eq!(on_record(&portal, "mandate.ended").await.len(), 3);
    other.close().await;
    portal.close().await;
}

#[actix_web::test]
async fn what_rests_on_an_ended_mandate_ends_with_it_on_every_instance() {
    a_chain_ends_with_its_beginning(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn what_rests_on_an_ended_mandate_ends_with_it_on_every_instance_on_postgres() {
    a_chain_ends_with_its_beginning(Database::postgres()).await;
}

#[actix_web::test]
async fn what_may_not_be_given_on_is_not() {
    let portal = open(Database::sqlite()).await;
    let (_, agent, mandate) = given(&portal, json!({})).await;
    refused(agent.post(&path(&mandate), json!({"mobile": TANG.0})).await, 409, "wrong_state");
    let own = agent.post(&path(&mandate), json!({"mobile": AGENT})).await.problem(422);
    assert_eq!(pointers(&own), ["/mobile"]);
    agent.on(&mandate, "end").await.expect(200);
    refused(agent.post(&path(&mandate), json!({"mobile": TANG.0})).await, 409, "wrong_state");
    portal.close().await;
}
