//! 实名核验 by an officer who looks at the card: levels 3 and 4, with evidence.

use serde_json::{Value, json};

use super::*;

fn seen(level: u8, method: &str) -> Value {
    json!({"level": level, "method": method, "evidence": "身份证原件，扫描件 A-17"})
}

/// What the officer enters with the code the person read out.
fn with_code(mut body: Value, mobile: &str, code: &str) -> Value {
    body["mobile"] = json!(mobile);
    body["code"] = json!(code);
    body
}

fn proofs_of(person: &str) -> String {
    format!("{PERSONS}/{person}/identity-proofs")
}

async fn card_renewal(user: &User<'_>) -> String {
    let body = json!({"guide_code": user.portal.city.guide(CARD)});
    format!("{CASES}/{}/submit", id(&user.post(CASES, body).await.expect(201)))
}

#[actix_web::test]
async fn a_guide_that_asks_for_level_three_opens_after_the_counter() {
    let portal = open(Database::sqlite()).await;
    let tang = proven(&portal, TANG).await;
    let submit = card_renewal(&tang).await;
    assert_eq!(challenged(tang.post(&submit, json!({})).await), "ial3-aal2");

    let person = identified(&portal, TANG).await;
    assert_eq!(person, tang.person().await);
    advance(&portal, "PT1S");
    let code = code_to(&portal, TANG.0, "prove_identity").await;
    let body = with_code(seen(3, "face_match"), TANG.0, &code);
    let found = officer(&portal).post(&proofs_of(&person), body).await.expect(201);
    assert_eq!((&found["ial"], &found["has_account"]), (&json!(3), &json!(true)));
    assert_eq!(found["id_number"], "3****************0", "masked for the officer too");
    assert_eq!(tang.ial().await, 3);
    // The form is still empty: the level is no reason any more.
    let problem = tang.post(&submit, json!({})).await.problem(422);
    assert_eq!(problem["code"], "validation_failed");
    let own = &items(tang.get(PROOFS).await)[0];
    assert_eq!((&own["verified_by"], &own["counts_here"]), (&json!("officer"), &json!(true)));
    let entry = &on_record(&portal, "person.proven").await[0];
    assert_eq!(entry["account"], json!(portal.city.account("counter_officer").await));
    assert_eq!((&entry["details"]["ial"], &entry["client"]), (&json!(3), &json!("counter")));
    assert!(!on_record(&portal, "person.identified").await.is_empty());
    portal.close().await;
}

/// What an officer saw says nothing of who signs in with an account.
#[actix_web::test]
async fn without_the_code_the_proof_counts_at_counters_alone() {
    let portal = open(Database::sqlite()).await;
    let tang = proven(&portal, TANG).await;
    let person = tang.person().await;
    advance(&portal, "PT1S");
    let found = officer(&portal).post(&proofs_of(&person), seen(4, "in_person")).await.expect(201);
    assert_eq!(found["ial"], 4);
    assert_eq!(tang.ial().await, 2);
    let own = items(tang.get(PROOFS).await);
    let told: Vec<_> = own.iter().map(|proof| (&proof["level"], &proof["counts_here"])).collect();
    assert_eq!(told, [(&json!(4), &json!(false)), (&json!(2), &json!(true))]);
    let submit = card_renewal(&tang).await;
    assert_eq!(challenged(tang.post(&submit, json!({})).await), "ial3-aal2");
    portal.close().await;
}

#[actix_web::test]
async fn an_officer_hears_everything_that_is_wrong_at_once() {
    let portal = open(Database::sqlite()).await;
    let officer = officer(&portal);
    let person = identified(&portal, TANG).await;
    let at = proofs_of(&person);
    let wrong = json!({"level": 5, "method": "hearsay", "evidence": "x", "valid_until": "2020-01-01"});
    let problem = officer.post(&at, wrong).await.problem(422);
    assert_eq!(pointers(&problem), ["/method", "/level", "/evidence", "/valid_until"]);
    let two = officer.post(&at, seen(2, "in_person")).await.problem(422);
    assert_eq!(pointers(&two), ["/level"], "level 2 is the registry's");
    let four = officer.post(&at, seen(4, "face_match")).await.problem(422);
    assert_eq!(pointers(&four), ["/level"]);
    let numbered = json!({"level": 4, "method": "in_person", "evidence": "证件 340705198804173260"});
    assert_eq!(pointers(&officer.post(&at, numbered).await.problem(422)), ["/evidence"]);
    for (given, missing) in [("mobile", "/code"), ("code", "/mobile")] {
        let mut half = seen(4, "in_person");
        half[given] = json!("123456");
        assert_eq!(pointers(&officer.post(&at, half).await.problem(422)), [missing]);
    }
    let guessed = with_code(seen(4, "in_person"), TANG.0, "000000");
    refused(officer.post(&at, guessed).await, 422, "invalid_code");
    let proven = on_record(&portal, "person.proven").await;
    let refusals = proven.iter().filter(|entry| entry["outcome"] == "refused").count();
    assert_eq!((proven.len(), refusals), (2, 1), "put on record, and the guessed code");
    let card = json!({"name": "唐若曦", "id_number": TANG.2});
    assert_eq!(pointers(&officer.post(PERSONS, card).await.problem(422)), ["/name"], "another name");
    let tried = on_record(&portal, "person.identified").await;
    assert_eq!(tried.iter().filter(|entry| entry["outcome"] == "refused").count(), 1);
    portal.close().await;
}

#[actix_web::test]
async fn an_officer_vouches_neither_for_himself_nor_for_whom_he_did_not_identify() {
    let portal = open(Database::sqlite()).await;
    let officer = officer(&portal);
    let own = portal.city.person("counter_officer");
    refused(officer.post(&proofs_of(&own), seen(4, "in_person")).await, 409, "four_eyes");
    let nobody = "00000000-0000-0000-0000-000000000000";
    officer.post(&proofs_of(nobody), seen(4, "in_person")).await.problem(404);
    // Somebody whose number was never proven: the officer has no card of his yet.
    let tang = newcomer(&portal, TANG).await;
    let person = tang.person().await;
    refused(officer.post(&proofs_of(&person), seen(4, "in_person")).await, 409, "wrong_state");
    // No other post does, nor does the officer's with one factor.
    for persona in ["handler@counter", "supervisor@counter", "admin@counter", "resident@counter"] {
        portal.post(persona, &proofs_of(&person), seen(4, "in_person")).await.problem(403);
    }
    portal.close().await;
}

/// Who knew name and number proved somebody else's identity first; the person
/// himself comes to a counter with his card.
async fn an_impostor_loses_what_he_claimed(database: Database) {
    let portal = open(database).await;
    let other = portal.beside().await;
    let mobile = "13920000001";
    let impostor = newcomer(&portal, (mobile, TANG.1, TANG.2)).await;
    impostor.prove(TANG.1, TANG.2).await.expect(201);
    // A principal at the counter took him for the one he said he was.
    let helped = json!({"guides": [portal.city.guide(ALLOWANCE)], "valid_until": later(&portal, "P3D")});
    let old = portal.city.person("second_resident");
    let codes = format!("{PERSONS}/{old}/helper-codes");
    let code = officer(&portal).post(&codes, helped).await.expect(201)["code"].clone();
    impostor.post(&format!("{MANDATES}/redeem"), json!({ "code": code })).await.expect(201);
    impostor.open_for(ALLOWANCE, &old).await.expect(201);
    let crony = proven(&portal, XU).await;
    let mandate = impostor.offer(XU.0, json!({})).await;
    crony.on(&mandate, "accept").await.expect(200);
    let person = impostor.person().await;
    crony.open_for(ROAD, &person).await.expect(201);

    let tang = newcomer(&portal, TANG).await;
    refused(tang.prove(TANG.1, TANG.2).await, 409, "already_exists");
    let code = code_to(&portal, TANG.0, "prove_identity").await;
    let body = with_code(seen(4, "in_person"), TANG.0, &code);
    officer(&portal).post(&proofs_of(&person), body).await.expect(201);
    assert_eq!((tang.person().await, tang.ial().await), (person.clone(), json!(4)));
    half_a_second_passes(&other).await;
    for instance in [&portal, &other] {
        impostor.at(instance).get(ME).await.problem(401);
        crony.at(instance).open_for(ROAD, &person).await.problem(403);
    }
    assert!(last_message(&portal, mobile).contains("yours is unproven now"));
    let after = impostor.again().await;
    let me = after.me().await;
    assert_eq!((&me["ial"], &me["name"], &me["id_number"]), (&json!(1), &json!(""), &Value::Null));
    assert_ne!(me["person_id"], person);
    assert_eq!(items(after.get("/api/v1/me/cases").await).len(), 0);
    assert_eq!(on_record(&portal, "account.detached").await.len(), 1);
    // What the impostor gave in his name is over; the one whose name it is sees it.
    let all = tang.mandates().await;
    assert_eq!(all.len(), 2, "{all:#?}");
    assert!(all.iter().all(|mandate| mandate["state"] == "ended" && mandate["ended_by"] == "officer"));
    assert!(all.iter().any(|other| other["id"] == mandate["id"] && other["is_given"] == true));
    tang.open_for(ALLOWANCE, &old).await.problem(403);
    refused(impostor_again(&portal, mobile).await.prove(TANG.1, TANG.2).await, 409, "already_exists");
    other.close().await;
    portal.close().await;
}

#[actix_web::test]
async fn the_person_himself_takes_his_identity_back_from_whoever_claimed_it() {
    an_impostor_loses_what_he_claimed(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn the_person_himself_takes_his_identity_back_from_whoever_claimed_it_on_postgres() {
    an_impostor_loses_what_he_claimed(Database::postgres()).await;
}

async fn impostor_again<'a>(portal: &'a Portal, mobile: &str) -> User<'a> {
    User { portal, mobile: mobile.to_owned(), token: Value::Null }.again().await
}

#[actix_web::test]
async fn a_withdrawn_proof_is_worth_nothing_at_once_and_everywhere() {
    let portal = open(Database::sqlite()).await;
    let other = portal.beside().await;
    let tang = proven(&portal, TANG).await;
    let person = tang.person().await;
    advance(&portal, "PT1S");
    let code = code_to(&portal, TANG.0, "prove_identity").await;
    let body = with_code(seen(4, "in_person"), TANG.0, &code);
    let found = officer(&portal).post(&proofs_of(&person), body).await.expect(201);
    assert_eq!(tang.ial().await, 4);
    let proof = found["identity_proofs"][0]["id"].as_str().unwrap().to_owned();
    let withdraw = |person: &str, reason: &str| {
        let path = format!("{}/{proof}/withdraw", proofs_of(person));
        let body = json!({ "reason": reason });
        let officer = officer(&portal);
        async move { officer.post(&path, body).await }
    };
    // As a proof of somebody else it does not exist.
    withdraw(&portal.city.person("resident"), "证件系冒用").await.problem(404);
    assert_eq!(pointers(&withdraw(&person, " ").await.problem(422)), ["/reason"]);
    let after = withdraw(&person, "证件系冒用").await.expect(200);
    assert_eq!(after["ial"], 2, "what the registry showed stands");
    half_a_second_passes(&other).await;
    assert_eq!((tang.ial().await, tang.at(&other).ial().await), (json!(2), json!(2)));
    let submit = card_renewal(&tang).await;
    assert_eq!(challenged(tang.post(&submit, json!({})).await), "ial3-aal2");
    assert_eq!(withdraw(&person, "证件系冒用").await.expect(200)["ial"], 2);
    let entries = on_record(&portal, "person.proof_withdrawn").await;
    assert_eq!((entries.len(), &entries[0]["details"]["reason"]), (1, &json!("证件系冒用")));
    other.close().await;
    portal.close().await;
}

#[actix_web::test]
async fn a_proof_is_believed_no_longer_than_the_card() {
    let portal = open(Database::sqlite()).await;
    let tang = proven(&portal, TANG).await;
    let person = tang.person().await;
    let code = code_to(&portal, TANG.0, "prove_identity").await;
    let mut body = with_code(seen(4, "in_person"), TANG.0, &code);
    body["valid_until"] = json!("2026-03-31");
    officer(&portal).post(&proofs_of(&person), body).await.expect(201);
    assert_eq!(tang.me().await["ial_until"], "2026-03-31T16:00:00Z", "the end of that day in China");
    advance(&portal, "P29DT14H29M");
    let tang = tang.again().await;
    assert_eq!(tang.ial().await, 4);
    advance(&portal, "PT1M");
    assert_eq!((&tang.me().await["ial"], &tang.me().await["ial_until"]), (&json!(2), &Value::Null));
    // The registry's word lasts five years.
    advance(&portal, "P1825D");
    assert_eq!(tang.again().await.ial().await, 1);
    portal.close().await;
}
