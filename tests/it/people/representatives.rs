//! What the business registry says later: another representative, or no company.

use serde_json::{Value, json};
use wanshitong::app::upkeep;
use wanshitong::domain::registries::EntityStatus;

use super::organizations::{OWN, appointed, found};
use super::registry::{open_told, open_with};
use super::*;

const REP: (&str, &str) = ("林晓岚", "340705199105125280");

fn path(organization: &Value) -> String {
    format!("{ORGANIZATIONS}/{}", id(organization))
}

#[actix_web::test]
async fn whom_the_registry_names_no_more_loses_his_place_within_the_week() {
    let (portal, told) = open_told().await;
    let rep = persona(&portal, "resident").await;
    let company = found(&rep, OWN).await;
    let (clerk, employee) = (proven(&portal, TANG).await, proven(&portal, XU).await);
    appointed(&rep, &company, &clerk, json!({})).await;
    let offer = rep.offer(XU.0, json!({"principal": company["id"]})).await;
    employee.on(&offer, "accept").await.expect(200);

    told.says(OWN, EntityStatus::Active, "罗明霞", LUO.2);
    advance(&portal, "P6DT23H");
    upkeep::sweep(&portal.city.ctx).await.unwrap();
    let (rep, clerk, employee) = (rep.again().await, clerk.again().await, employee.again().await);
    rep.get(&path(&company)).await.expect(200);
    advance(&portal, "PT1H1M");
    told.is_away(true);
    upkeep::sweep(&portal.city.ctx).await.unwrap();
    told.is_away(false);
    let rep = rep.again().await;
    rep.get(&path(&company)).await.expect(200);
    upkeep::sweep(&portal.city.ctx).await.unwrap();
    assert_eq!(on_record(&portal, "organization.checked").await.len(), 1);
    rep.get(&path(&company)).await.problem(404);
    rep.open_for(ROAD, &id(&company)).await.problem(403);
    assert_eq!(rep.exchange(&id(&company)).await.body["error"], "invalid_grant");
    // What the company gave stays the company's.
    let (clerk, employee) = (clerk.again().await, employee.again().await);
    clerk.get(&path(&company)).await.expect(200);
    employee.open_for(ROAD, &id(&company)).await.expect(201);
    let successor = proven(&portal, LUO).await;
    assert_eq!(found(&successor, OWN).await["id"], company["id"]);
    successor.on(&offer, "end").await.expect(200);
    employee.open_for(ROAD, &id(&company)).await.problem(403);
    refused(rep.post(ORGANIZATIONS, json!({ "uscc": OWN })).await, 422, "not_confirmed");
    portal.close().await;
}

#[actix_web::test]
async fn an_invitation_by_a_former_representative_is_worth_nothing() {
    let (portal, told) = open_told().await;
    let rep = persona(&portal, "resident").await;
    let company = found(&rep, OWN).await;
    let clerk = proven(&portal, TANG).await;
    let members = format!("{}/members", path(&company));
    let invitation = rep.post(&members, json!({"mobile": TANG.0})).await.expect(201);
    told.says(OWN, EntityStatus::Active, "罗明霞", LUO.2);
    let successor = proven(&portal, LUO).await;
    found(&successor, OWN).await;
    refused(clerk.on(&invitation, "accept").await, 409, "wrong_state");
    clerk.get(&path(&company)).await.problem(404);
    portal.close().await;
}

/// 民法典 175: with the legal person ends whatever it gave.
#[actix_web::test]
async fn for_a_company_that_is_no_more_nobody_acts() {
    let (portal, told) = open_told().await;
    let rep = persona(&portal, "resident").await;
    let company = found(&rep, OWN).await;
    let (clerk, employee) = (proven(&portal, TANG).await, proven(&portal, XU).await);
    appointed(&rep, &company, &clerk, json!({})).await;
    let offer = rep.offer(XU.0, json!({"principal": company["id"]})).await;
    employee.on(&offer, "accept").await.expect(200);
    let pending = rep.offer(LUO.0, json!({"principal": company["id"]})).await;
    let members = format!("{}/members", path(&company));
    let invitation = rep.post(&members, json!({"mobile": LUO.0})).await.expect(201);
    let speaking = employee.speaking_for(&id(&company)).await;
    let luo = proven(&portal, LUO).await;

    told.says(OWN, EntityStatus::Deregistered, REP.0, REP.1);
    refused(rep.post(ORGANIZATIONS, json!({ "uscc": OWN })).await, 422, "not_eligible");
    speaking.get(ME).await.problem(401);
    for user in [&rep, &clerk, &employee] {
        user.open_for(ROAD, &id(&company)).await.problem(403);
        user.get(&path(&company)).await.problem(404);
    }
    for waiting in [&pending, &invitation] {
        refused(luo.on(waiting, "accept").await, 409, "wrong_state");
    }
    let seen = employee.get(&format!("{MANDATES}/{}", id(&offer))).await.expect(200);
    assert_eq!((&seen["state"], &seen["ended_by"]), (&json!("ended"), &json!("registry")));
    assert_eq!(on_record(&portal, "organization.member_ended").await.len(), 2);
    portal.close().await;
}

#[actix_web::test]
async fn a_registry_that_is_away_says_so_and_costs_no_try() {
    let (portal, told) = open_told().await;
    let rep = persona(&portal, "resident").await;
    told.is_away(true);
    for _ in 0..7 {
        let reply = rep.post(ORGANIZATIONS, json!({ "uscc": OWN })).await;
        assert_eq!(reply.header("retry-after"), Some("30"));
        let problem = refused(reply, 503, "unavailable");
        assert!(problem["detail"].as_str().unwrap().contains("稍后再试"), "{problem:#}");
    }
    told.is_away(false);
    found(&rep, OWN).await;
    portal.close().await;

    let portal = open_with(wanshitong::app::ports::Registries::default()).await;
    let rep = persona(&portal, "resident").await;
    let problem = rep.post(ORGANIZATIONS, json!({ "uscc": OWN })).await.problem(503);
    assert!(problem["detail"].as_str().unwrap().contains("请到窗口办理"), "{problem:#}");
    upkeep::sweep(&portal.city.ctx).await.unwrap();
    portal.close().await;
}

/// For somebody else nobody does what he is not known well enough to do for himself.
#[actix_web::test]
async fn an_agent_is_to_be_known_as_well_as_the_guide_asks() {
    let portal = open(Database::sqlite()).await;
    let rep = persona(&portal, "resident").await;
    let company = found(&rep, OWN).await;
    let clerk = proven(&portal, TANG).await;
    appointed(&rep, &company, &clerk, json!({})).await;
    let guide = portal.city.guide("food-business-licence.yaml");
    let body = json!({"guide_code": guide, "scenario": "new", "applicant": {"person_id": company["id"]}});
    let submit = format!("{CASES}/{}/submit", id(&clerk.post(CASES, body).await.expect(201)));
    assert_eq!(challenged(clerk.post(&submit, json!({})).await), "ial3-aal2");
    // The representative is; and the clerk, once an officer has seen his face.
    assert_eq!(rep.post(&submit, json!({})).await.problem(422)["code"], "validation_failed");
    let code = code_to(&portal, TANG.0, "prove_identity").await;
    let seen = json!({
        "level": 3, "method": "face_match", "evidence": "身份证，A-18", "mobile": TANG.0, "code": code,
    });
    let at = format!("{PERSONS}/{}/identity-proofs", clerk.person().await);
    officer(&portal).post(&at, seen).await.expect(201);
    assert_eq!(clerk.post(&submit, json!({})).await.problem(422)["code"], "validation_failed");
    portal.close().await;
}

/// An organisation is known as well as whoever found it, and no better.
#[actix_web::test]
async fn a_company_is_known_as_well_as_who_found_it() {
    let portal = open(Database::sqlite()).await;
    let shen = proven(&portal, ("13910000009", "沈静宜", "340705198303081843")).await;
    let company = found(&shen, "91340705MA80000385").await;
    let guide = portal.city.guide("food-business-licence.yaml");
    let body = json!({"guide_code": guide, "scenario": "new", "applicant": {"person_id": company["id"]}});
    let draft = id(&shen.post(CASES, body).await.expect(201));
    let submit = format!("{CASES}/{draft}/submit");
    assert_eq!(challenged(shen.post(&submit, json!({})).await), "ial3-aal2");
    portal.close().await;
}
