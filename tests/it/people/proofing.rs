//! 实名核验 by oneself: name and number against the population registry.

use futures_util::future::join_all;
use serde_json::{Value, json};
use wanshitong::app::ports::Registries;

use super::registry::{open_told, open_with};
use super::*;

/// The childbirth registration asks for identity level 2; this completes it.
async fn childbirth_draft(user: &User<'_>) -> String {
    let guide = user.portal.city.guide(BIRTH);
    let facts = json!({
        "stage": "pregnant", "applicant_role": "mother", "married": false, "due_date": "2026-08-01",
        "home_address": {"region": "340705005002", "detail": "样例路 2 号"},
        "living_children": 0, "mobile": user.mobile, "truth": true,
    });
    let body = json!({"guide_code": guide, "facts": facts});
    format!("{CASES}/{}", id(&user.post(CASES, body).await.expect(201)))
}

#[actix_web::test]
async fn after_name_and_number_were_matched_the_refused_request_goes_through() {
    let portal = open(Database::sqlite()).await;
    let tang = newcomer(&portal, TANG).await;
    assert_eq!(tang.ial().await, 1);
    let case = childbirth_draft(&tang).await;
    let path = format!("{case}/submit");
    let submit = || tang.post(&path, json!({}));
    assert_eq!(challenged(submit().await), "ial2-aal1");

    let proof = tang.prove(" 唐若溪 ", "340705198804173260").await.expect(201);
    assert_eq!((&proof["level"], &proof["method"]), (&json!(2), &json!("population_registry")));
    assert_eq!((&proof["verified_by"], &proof["is_in_force"]), (&json!("registry"), &json!(true)));
    assert_eq!(submit().await.expect(200)["state"], "closed", "decided by rule: all of it is verified");

    let me = tang.me().await;
    assert_eq!((&me["ial"], &me["name"]), (&json!(2), &json!("唐若溪")));
    assert_eq!(me["id_number"], "3****************0", "masked even for its owner");
    assert_eq!(me["identity_proofs"].as_array().unwrap().len(), 1);
    assert_eq!(items(tang.get(PROOFS).await)[0]["id"], proof["id"]);
    let entries = on_record(&portal, "person.proven").await;
    assert_eq!((&entries[0]["outcome"], &entries[0]["details"]["ial"]), (&json!("succeeded"), &json!(2)));
    nothing_on_record_tells(&portal, &["唐若溪", "340705198804173260", "13910000001"]).await;
    portal.close().await;
}

#[actix_web::test]
async fn whatever_does_not_match_is_answered_the_same() {
    let portal = open(Database::sqlite()).await;
    let tang = newcomer(&portal, TANG).await;
    let wrong = [
        ("唐若曦", TANG.2, "another name"),
        (TANG.1, "340705199612055424", "somebody else's number"),
        (TANG.1, "11010519491231002X", "a number nobody has"),
        ("林晓岚", "340702198802147166", "a persona's number with another's name"),
    ];
    let mut answers = Vec::new();
    for (name, number, what) in wrong {
        let mut problem = refused(tang.prove(name, number).await, 422, "not_confirmed");
        problem.as_object_mut().unwrap().remove("request_id");
        answers.push((what, problem));
    }
    for (what, answer) in &answers {
        assert_eq!(answer, &answers[0].1, "{what}");
    }
    assert_eq!(tang.ial().await, 1);
    let entries = on_record(&portal, "person.proven").await;
    assert_eq!(entries.len(), 4);
    assert!(entries.iter().all(|entry| entry["outcome"] == "refused"));
    // What is no name and no number is told at once, and is no try.
    let problem = tang.prove(" ", "340705198804173261").await.problem(422);
    assert_eq!(pointers(&problem), ["/name", "/id_number"]);
    portal.close().await;
}

#[actix_web::test]
async fn five_failures_a_day_and_a_right_one_takes_back_only_itself() {
    let portal = open(Database::sqlite()).await;
    let mut tang = newcomer(&portal, TANG).await;
    for _ in 0..5 {
        refused(tang.prove("唐若曦", TANG.2).await, 422, "not_confirmed");
    }
    for number in [TANG.2, XU.2] {
        let reply = tang.prove(TANG.1, number).await;
        assert_eq!(reply.header("retry-after"), Some("86400"));
        reply.problem(429);
    }
    // Another account is not concerned.
    let luo = proven(&portal, LUO).await;
    assert_eq!(luo.ial().await, 2);
    advance(&portal, "PT24H");
    tang = tang.again().await;
    tang.prove(TANG.1, TANG.2).await.expect(201);
    portal.close().await;
}

/// Else whoever knows a number could try names for it from many accounts.
#[actix_web::test]
async fn a_number_is_guarded_over_all_accounts() {
    let portal = open(Database::sqlite()).await;
    let mut replies = Vec::new();
    for number in 0..4 {
        let mobile = format!("1392000000{number}");
        let user = newcomer(&portal, (mobile.leak(), "某人", "")).await;
        for _ in 0..5 {
            replies.push(user.prove("唐若曦", TANG.2).await.status);
        }
    }
    assert_eq!(replies, [vec![422; 15], vec![429; 5]].concat(), "fifteen are free, then one waits");
    let luo = newcomer(&portal, LUO).await;
    luo.prove(LUO.1, LUO.2).await.expect(201);
    portal.close().await;
}

#[actix_web::test]
async fn whose_identity_has_an_account_is_not_proven_with_another() {
    let portal = open(Database::sqlite()).await;
    let thief = newcomer(&portal, TANG).await;
    let problem = refused(thief.prove("林晓岚", "340705199105125280").await, 409, "already_exists");
    assert!(problem["detail"].as_str().unwrap().contains("窗口"), "{problem:#}");
    assert_eq!(thief.ial().await, 1);
    assert!(last_message(&portal, "13900000001").contains("Somebody tried to prove your identity"));
    let entry = &on_record(&portal, "person.proven").await[0];
    assert_eq!((&entry["outcome"], &entry["details"]["matched"]), (&json!("refused"), &json!(true)));
    // Nor does an account become somebody else.
    let xu = proven(&portal, XU).await;
    refused(xu.prove(TANG.1, TANG.2).await, 409, "wrong_state");
    assert_eq!(xu.me().await["name"], "许长庚");
    portal.close().await;
}

#[actix_web::test]
async fn a_proof_asked_for_twice_under_one_key_is_made_once() {
    let portal = open(Database::sqlite()).await;
    let tang = newcomer(&portal, TANG).await;
    let ask = |body: Value| {
        let request = portal.request("", "POST", PROOFS).bearer_auth(tang.token.as_str().unwrap());
        portal.send(request.header("idempotency-key", "prove-1").json(&body))
    };
    let body = json!({"name": TANG.1, "id_number": TANG.2});
    let first = ask(body.clone()).await.expect(201);
    // As often as he likes: a repetition is no failure.
    for _ in 0..7 {
        let again = ask(body.clone()).await;
        assert_eq!(again.header("idempotent-replayed"), Some("true"));
        assert_eq!(again.expect(201)["id"], first["id"]);
    }
    assert_eq!(ask(json!({"name": XU.1, "id_number": TANG.2})).await.status, 422);
    assert_eq!(items(tang.get(PROOFS).await).len(), 1);
    tang.prove(TANG.1, TANG.2).await.expect(201);
    portal.close().await;
}

#[actix_web::test]
async fn a_registry_that_is_away_says_what_to_do_and_costs_no_try() {
    let (portal, told) = open_told().await;
    let tang = newcomer(&portal, TANG).await;
    told.is_away(true);
    for _ in 0..7 {
        let reply = tang.prove(TANG.1, TANG.2).await;
        assert_eq!(reply.header("retry-after"), Some("30"));
        let problem = refused(reply, 503, "unavailable");
        assert!(problem["detail"].as_str().unwrap().contains("携身份证到窗口"), "{problem:#}");
    }
    told.is_away(false);
    tang.prove(TANG.1, TANG.2).await.expect(201);
    portal.close().await;

    let portal = open_with(Registries::default()).await;
    let tang = newcomer(&portal, TANG).await;
    let request = portal.request("", "POST", PROOFS).bearer_auth(tang.token.as_str().unwrap());
    let request = request.header("accept-language", "en").json(&json!({"name": TANG.1, "id_number": TANG.2}));
    let problem = portal.send(request).await.problem(503);
    assert!(problem["detail"].as_str().unwrap().contains("take your identity card to a counter"));
    portal.close().await;
}

/// Whoever was put on record at a counter finds his cases when he registers.
#[actix_web::test]
async fn what_was_applied_for_at_a_counter_is_found_after_registering() {
    let portal = open(Database::sqlite()).await;
    let body = json!({
        "guide_code": portal.city.guide(ROAD), "scenario": "occupy", "facts": road_facts(),
        "applicant": {"name": TANG.1, "id_number": TANG.2},
    });
    let case = id(&officer(&portal).post(CASES, body).await.expect(201));
    let tang = newcomer(&portal, TANG).await;
    tang.get(&format!("{CASES}/{case}")).await.problem(404);
    let own = id(&tang.post(CASES, json!({"guide_code": portal.city.guide(ALLOWANCE)})).await.expect(201));
    tang.prove(TANG.1, TANG.2).await.expect(201);
    tang.get(&format!("{CASES}/{case}")).await.expect(200);
    tang.get(&format!("{CASES}/{own}")).await.expect(200);
    assert_eq!(items(tang.get("/api/v1/me/cases").await).len(), 2, "those of both records");
    assert_eq!(tang.ial().await, 2, "the card at the counter says nothing of who signs in");
    assert_eq!(on_record(&portal, "account.joined").await.len(), 1);
    portal.close().await;
}

#[actix_web::test]
async fn neither_a_third_partys_app_nor_who_speaks_for_another_changes_anything() {
    let portal = open(Database::sqlite()).await;
    let agent = persona(&portal, "agent").await;
    let speaking = agent.speaking_for(&portal.city.person("resident")).await;
    let through_shop = User {
        portal: &portal,
        mobile: String::new(),
        token: json!(portal.city.sheet.tokens["resident@third_party"]),
    };
    for user in [&speaking, &through_shop] {
        user.prove(TANG.1, TANG.2).await.problem(403);
        user.get(PROOFS).await.problem(403);
        user.get(MANDATES).await.problem(403);
        user.post(MANDATES, json!({"mobile": "13900000002"})).await.problem(403);
        user.get(ORGANIZATIONS).await.problem(403);
        user.post(ORGANIZATIONS, json!({"uscc": "91340705MA8000001C"})).await.problem(403);
        user.patch(ME, json!({"language": "en"})).await.problem(403);
        user.post("/api/v1/me/close", json!({})).await.problem(403);
        let me = user.me().await;
        assert_eq!((&me["identity_proofs"], &me["organizations"]), (&json!([]), &json!([])));
    }
    assert_eq!(through_shop.me().await["name"], "林**");
    portal.close().await;
}

/// A number is one person's, and a person has one account, however many ask at once.
async fn of_many_who_prove_one_number_at_once_one_does(database: Database) {
    let portal = open(database).await;
    let other = portal.beside().await;
    let mut users = Vec::new();
    for number in 0..6 {
        users.push(newcomer(&portal, (format!("1392000000{number}").leak(), "某人", "")).await);
    }
    let instances = [&portal, &other];
    let asked = users.iter().zip(instances.iter().cycle());
    let replies = join_all(asked.map(|(user, instance)| {
        let user = user.at(instance);
        async move { user.prove(TANG.1, TANG.2).await.status }
    }))
    .await;
    assert_eq!(replies.iter().filter(|status| **status == 201).count(), 1, "{replies:?}");
    assert_eq!(replies.iter().filter(|status| **status == 409).count(), 5, "{replies:?}");
    for instance in instances {
        half_a_second_passes(instance).await;
    }
    let levels = join_all(users.iter().map(|user| user.ial())).await;
    assert_eq!(levels.iter().filter(|level| **level == 2).count(), 1, "{levels:?}");
    other.close().await;
    portal.close().await;
}

#[actix_web::test]
async fn of_many_who_prove_one_number_one_does() {
    of_many_who_prove_one_number_at_once_one_does(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn of_many_who_prove_one_number_one_does_on_postgres() {
    of_many_who_prove_one_number_at_once_one_does(Database::postgres()).await;
}
