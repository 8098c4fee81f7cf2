//! 监护: parents act for their children, by their household register or by what an
//! officer witnessed.

use serde_json::{Value, json};

use super::*;

const WARDS: &str = "/api/v1/me/wards";
/// Thirteen years old, and named in the resident's household register.
const CHILD: Resident = ("", "林亦辰", "340705201208144513");
const INSURANCE: &str = "resident-medical-insurance.yaml";

async fn register_of(user: &User<'_>) -> String {
    let held = user.get("/api/v1/me/certificates").await.expect(200);
    let mut held = held["items"].as_array().unwrap().iter();
    id(held.find(|own| own["name"]["zh"] == "居民户口簿").unwrap())
}

async fn claim(user: &User<'_>, name: &str, number: &str, certificate: &str) -> Reply {
    let body = json!({"name": name, "id_number": number, "certificate_id": certificate});
    user.post(WARDS, body).await
}

#[actix_web::test]
async fn a_parent_acts_for_the_child_his_household_register_names() {
    let portal = open(Database::sqlite()).await;
    let parent = persona(&portal, "resident").await;
    let register = register_of(&parent).await;
    let ward = claim(&parent, CHILD.1, CHILD.2, &register).await.expect(201);
    assert_eq!((&ward["kind"], &ward["state"]), (&json!("guardian"), &json!("accepted")));
    assert_eq!(ward["valid_until"], "2030-08-13T16:00:00Z", "the eighteenth birthday in China");
    assert_eq!((&ward["principal_name"], &ward["is_given"]), (&json!("林亦辰"), &json!(false)));
    let child = ward["principal"].as_str().unwrap();
    let case = id(&parent.open_for(INSURANCE, child).await.expect(201));
    let speaking = parent.speaking_for(child).await;
    speaking.get(&format!("{CASES}/{case}")).await.expect(200);
    refused(claim(&parent, CHILD.1, CHILD.2, &register).await, 409, "already_exists");
    // Nobody else does.
    let agent = persona(&portal, "agent").await;
    agent.open_for(INSURANCE, child).await.problem(403);
    agent.get(&format!("{CASES}/{case}")).await.problem(404);
    let entry = &on_record(&portal, "mandate.guardian_recorded").await[0];
    assert_eq!((&entry["outcome"], &entry["details"]["principal"]), (&json!("succeeded"), &json!(child)));
    nothing_on_record_tells(&portal, &[CHILD.1, CHILD.2]).await;
    // Of age, it acts for itself.
    portal
        .city
        .ctx
        .clock
        .advance("2030-08-13T15:59:59Z".parse::<DateTime<Utc>>().unwrap() - portal.city.ctx.clock.now());
    let parent = parent.again().await;
    parent.get(&format!("{CASES}/{case}")).await.expect(200);
    advance(&portal, "PT1S");
    parent.get(&format!("{CASES}/{case}")).await.problem(404);
    parent.open_for(INSURANCE, child).await.problem(403);
    portal.close().await;
}

#[actix_web::test]
async fn whatever_does_not_fit_is_answered_the_same() {
    let portal = open(Database::sqlite()).await;
    let (parent, old) = (persona(&portal, "resident").await, persona(&portal, "second_resident").await);
    let (own, others) = (register_of(&parent).await, register_of(&old).await);
    let mut answers = Vec::new();
    for (user, name, number, register, what) in [
        (&parent, "林亦晨", CHILD.2, &own, "another name"),
        (&parent, "林知微", "340705200805206247", &own, "a child that is not in it"),
        (&parent, CHILD.1, CHILD.2, &others, "somebody else's register"),
        (&old, CHILD.1, CHILD.2, &own, "the parent's register in another's hands"),
    ] {
        let mut problem = refused(claim(user, name, number, register).await, 422, "not_confirmed");
        problem.as_object_mut().unwrap().remove("request_id");
        answers.push((what, problem));
    }
    for (what, answer) in &answers {
        assert_eq!(answer, &answers[0].1, "{what}");
    }
    let problem = claim(&parent, "", "1", "x").await.problem(422);
    assert_eq!(pointers(&problem), ["/name", "/id_number", "/certificate_id"]);
    refused(claim(&parent, "钱穆清", "340722196505059131", &own).await, 422, "not_eligible");
    let tang = proven(&portal, TANG).await;
    assert_eq!(challenged(claim(&tang, CHILD.1, CHILD.2, &own).await), "ial3-aal2");
    let refusals = on_record(&portal, "mandate.guardian_recorded").await;
    assert_eq!(refusals.iter().filter(|entry| entry["outcome"] == "refused").count(), 4);
    portal.close().await;
}

#[actix_web::test]
async fn an_officer_witnesses_a_guardian_and_settles_his_end() {
    let portal = open(Database::sqlite()).await;
    let other = portal.beside().await;
    let officer = officer(&portal);
    let guardian = persona(&portal, "agent").await;
    let child = identified(&portal, ("", "林知微", "340705200805206247")).await;
    let guardians = format!("{PERSONS}/{child}/guardians");
    let body = json!({"guardian": guardian.person().await, "evidence": "出生医学证明，扫描件 B-3"});
    let witnessed = officer.post(&guardians, body.clone()).await.expect(201);
    assert_eq!((&witnessed["state"], &witnessed["ward"]), (&json!("accepted"), &json!(child)));
    assert_eq!(witnessed["valid_until"], "2026-05-19T16:00:00Z");
    refused(officer.post(&guardians, body).await, 409, "already_exists");
    let speaking = guardian.speaking_for(&child).await;
    half_a_second_passes(&other).await;
    speaking.at(&other).open_for(INSURANCE, &child).await.expect(201);
    // 监护 is no mandate one lays down by oneself.
    refused(guardian.on(&witnessed, "end").await, 409, "wrong_state");
    guardian.open_for(INSURANCE, &child).await.expect(201);

    let end = format!("{guardians}/{}/end", id(&witnessed));
    assert_eq!(pointers(&officer.post(&end, json!({"reason": ""})).await.problem(422)), ["/reason"]);
    let elsewhere = end.replace(&child, &portal.city.person("resident"));
    officer.post(&elsewhere, json!({"reason": "监护人变更"})).await.problem(404);
    portal.post("handler@counter", &end, json!({"reason": "监护人变更"})).await.problem(403);
    let ended = officer.post(&end, json!({"reason": "监护人变更"})).await.expect(200);
    assert_eq!(ended["state"], "ended");
    half_a_second_passes(&other).await;
    for instance in [&portal, &other] {
        speaking.at(instance).get(ME).await.problem(401);
        guardian.at(instance).open_for(INSURANCE, &child).await.problem(403);
    }
    refused(officer.post(&end, json!({"reason": "监护人变更"})).await, 409, "wrong_state");
    let entry = &on_record(&portal, "mandate.ended").await[0];
    assert_eq!(
        (&entry["details"]["by"], &entry["details"]["reason"]),
        (&json!("officer"), &json!("监护人变更"))
    );
    other.close().await;
    portal.close().await;
}

#[actix_web::test]
async fn no_guardian_is_witnessed_who_cannot_be_one() {
    let portal = open(Database::sqlite()).await;
    let officer = officer(&portal);
    let (child, sibling) =
        (identified(&portal, CHILD).await, identified(&portal, ("", "林知微", "340705200805206247")).await);
    let witness = |ward: &str, guardian: &str, evidence: &str| {
        let path = format!("{PERSONS}/{ward}/guardians");
        let body = json!({"guardian": guardian, "evidence": evidence});
        let officer = officer.at(&portal);
        async move { officer.post(&path, body).await }
    };
    let adult = portal.city.person("agent");
    refused(witness(&child, &sibling, "户口簿").await, 422, "not_eligible");
    refused(witness(&adult, &portal.city.person("resident"), "户口簿").await, 422, "not_eligible");
    refused(witness(&child, &portal.city.person("counter_officer"), "户口簿").await, 409, "four_eyes");
    witness(&child, "00000000-0000-0000-0000-000000000000", "户口簿").await.problem(404);
    let numbered = witness(&child, &adult, "证件 340705201208144513").await.problem(422);
    assert_eq!(pointers(&numbered), ["/evidence"]);
    portal.close().await;
}

/// A claim repeated under its key is made once.
#[actix_web::test]
async fn a_child_claimed_twice_under_one_key_is_claimed_once() {
    let portal = open(Database::sqlite()).await;
    let parent = persona(&portal, "resident").await;
    let register = register_of(&parent).await;
    let body: Value = json!({"name": CHILD.1, "id_number": CHILD.2, "certificate_id": register});
    let ask = || {
        let request = portal.request("", "POST", WARDS).bearer_auth(parent.token.as_str().unwrap());
        portal.send(request.header("idempotency-key", "ward-1").json(&body))
    };
    let first = ask().await.expect(201);
    let again = ask().await;
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(again.expect(201)["id"], first["id"]);
    portal.close().await;
}
