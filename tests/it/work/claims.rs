//! Taking cases from the worklist, standing in for each other, accepting many at once.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{ROADS, audited, colleague, posts};
use crate::api::submitted_road_case;
use crate::support::{Database, Portal};

async fn mine(portal: &Portal, who: &str, whose: &str) -> Vec<Value> {
    let list = portal.get(who, &format!("/api/v1/cases?assignee={whose}")).await.expect(200);
    list["items"].as_array().unwrap().iter().map(|item| item["id"].clone()).collect()
}

async fn one_of_two_gets_it(database: Database) {
    let portal = Portal::open(database).await;
    let case = submitted_road_case(&portal, "resident@web").await;
    let second = colleague(&portal, "editor", "handler").await;
    let path = format!("/api/v1/cases/{case}/claim");
    let claims = ["handler@web", "editor@web"].map(|who| portal.post(who, &path, json!({})));
    let replies = join_all(claims).await;
    let won = replies.iter().position(|reply| reply.status == 200).unwrap();
    assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 1, "{replies:#?}");
    let (winner, loser) = if won == 0 { ("handler", "editor") } else { ("editor", "handler") };
    let (winner, loser) = (&format!("{winner}@web"), &format!("{loser}@web"));
    let problem = portal.post(loser, &path, json!({})).await.problem(409);
    assert_eq!(problem["code"], "held_by_another");
    portal.post(winner, &path, json!({})).await.expect(200);
    // The colleague keeps his hands off; other roles and the applicant do not notice.
    let told = portal.post(loser, &format!("/api/v1/cases/{case}/accept"), json!({})).await.problem(409);
    assert!(told["detail"].as_str().unwrap().contains("领办"), "{told:#}");
    portal.get(loser, &format!("/api/v1/cases/{case}")).await.expect(200);
    assert_eq!(mine(&portal, winner, "me").await, [json!(case)]);
    assert!(mine(&portal, loser, "me").await.is_empty() && mine(&portal, loser, "none").await.is_empty());
    assert_eq!(mine(&portal, "reviewer@web", "none").await, [json!(case)]);
    // Given back, it is anybody's; a supervisor gives it to whom he likes.
    portal.act(winner, &case, "release", json!({})).await;
    let given = portal.act("supervisor@web", &case, "reassign", json!({"post": second.id})).await;
    assert_eq!(given["claims"][0]["post"], json!(second.id));
    portal.post("handler@web", &format!("/api/v1/cases/{case}/accept"), json!({})).await.problem(409);
    portal
        .post("handler@web", &format!("/api/v1/cases/{case}/reassign"), json!({"post": second.id}))
        .await
        .problem(403);
    portal.act("editor@web", &case, "accept", json!({})).await;
    portal.act("resident@web", &case, "withdraw", json!({})).await;
    portal.post("editor@web", &path, json!({})).await.problem(409);
    assert!(mine(&portal, "editor@web", "me").await.is_empty());
    assert_eq!(audited(&portal, "case.claimed").await.len(), 1);
    assert_eq!(audited(&portal, "case.released").await.len(), 1);
    assert_eq!(audited(&portal, "case.reassigned").await.len(), 1);
    portal.close().await;
}

#[actix_web::test]
async fn of_two_who_claim_a_case_one_gets_it_and_the_other_is_told_who() {
    one_of_two_gets_it(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL; tests/run starts it"]
async fn of_two_who_claim_a_case_one_gets_it_and_the_other_is_told_who_on_postgres() {
    one_of_two_gets_it(Database::postgres()).await;
}

#[actix_web::test]
async fn who_goes_on_leave_leaves_his_cases_to_his_substitute() {
    on_leave(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL; tests/run starts it"]
async fn who_goes_on_leave_leaves_his_cases_to_his_substitute_on_postgres() {
    on_leave(Database::postgres()).await;
}

async fn on_leave(database: Database) {
    let portal = Portal::open(database).await;
    let (first, later) = (
        submitted_road_case(&portal, "resident@web").await,
        submitted_road_case(&portal, "resident@web").await,
    );
    let second = colleague(&portal, "editor", "handler").await;
    let absent = posts(&portal.city, "handler", Some(ROADS)).await.remove(0);
    let leave = format!("/api/v1/posts/{}/leave", absent.id);
    portal.act("handler@web", &first, "claim", json!({})).await;
    let body = json!({"until": "2026-03-20T00:00:00Z", "to": second.id});
    for (who, status) in [("reviewer@web", 403), ("resident@web", 404), ("auditor@web", 403)] {
        let reply = portal.post(who, &leave, body.clone()).await;
        assert!(matches!(reply.status, 403 | 404), "{who} {status}: {:#}", reply.body);
    }
    let reviewer = posts(&portal.city, "reviewer", Some(ROADS)).await.remove(0);
    for (until, to) in [("2026-01-01T00:00:00Z", second.id), ("2026-03-20T00:00:00Z", reviewer.id)] {
        portal.post("handler@web", &leave, json!({"until": until, "to": to})).await.problem(422);
    }
    let told = portal.post("handler@web", &leave, body).await.expect(200);
    assert_eq!(told["moved_cases"], 1);
    assert_eq!(mine(&portal, "editor@web", "me").await, [json!(first)]);
    // New ones as well, and he takes none himself.
    portal.act("supervisor@web", &later, "reassign", json!({"post": absent.id})).await;
    assert_eq!(mine(&portal, "editor@web", "me").await.len(), 2);
    portal.post("handler@web", &format!("/api/v1/cases/{first}/claim"), json!({})).await.problem(409);
    portal.send(portal.request("handler@web", "DELETE", &leave)).await.expect(204);
    portal.send(portal.request("handler@web", "DELETE", &leave)).await.problem(404);
    portal.act("supervisor@web", &later, "reassign", json!({"post": absent.id})).await;
    assert_eq!(mine(&portal, "handler@web", "me").await, [json!(later)]);
    // Without a substitute they go back to the worklists.
    portal.post("supervisor@web", &leave, json!({"until": "2026-03-20T00:00:00Z"})).await.expect(200);
    assert_eq!(mine(&portal, "reviewer@web", "none").await.len(), 2);
    assert!(mine(&portal, "handler@web", "me").await.is_empty());
    assert_eq!(
        (audited(&portal, "post.leave_begun").await.len(), audited(&portal, "post.leave_ended").await.len()),
        (2, 1)
    );
    portal.close().await;
}

#[actix_web::test]
async fn whose_post_ends_holds_no_case_any_more() {
    let portal = Portal::open(Database::sqlite()).await;
    let case = submitted_road_case(&portal, "resident@web").await;
    let post = posts(&portal.city, "handler", Some(ROADS)).await.remove(0);
    colleague(&portal, "editor", "handler").await;
    portal.act("handler@web", &case, "claim", json!({})).await;
    portal.post("admin@web", &format!("/api/v1/admin/posts/{}/end", post.id), json!({})).await.expect(200);
    assert_eq!(mine(&portal, "editor@web", "none").await, [json!(case)]);
    portal.act("editor@web", &case, "accept", json!({})).await;
    portal.close().await;
}

#[actix_web::test]
async fn a_substitute_who_is_on_leave_himself_has_one_of_his_own() {
    let portal = Portal::open(Database::sqlite()).await;
    let case = submitted_road_case(&portal, "resident@web").await;
    let first = posts(&portal.city, "handler", Some(ROADS)).await.remove(0);
    let second = colleague(&portal, "editor", "handler").await;
    let third = colleague(&portal, "auditor", "handler").await;
    let path = |post: uuid::Uuid| format!("/api/v1/posts/{post}/leave");
    let on_leave = async |post: uuid::Uuid, to: uuid::Uuid| {
        let body = json!({"until": "2026-03-20T00:00:00Z", "to": to});
        portal.post("supervisor@web", &path(post), body).await.expect(200)
    };
    on_leave(first.id, second.id).await;
    on_leave(second.id, third.id).await;
    portal.act("supervisor@web", &case, "reassign", json!({"post": first.id})).await;
    assert_eq!(mine(&portal, "auditor@web", "me").await, [json!(case)]);
    // When the last of them is away as well there is nobody.
    let away = json!({"until": "2026-03-20T00:00:00Z"});
    portal.post("supervisor@web", &path(third.id), away).await.expect(200);
    let again = format!("/api/v1/cases/{case}/reassign");
    portal.post("supervisor@web", &again, json!({"post": first.id})).await.problem(409);
    portal.close().await;
}

async fn a_post_runs_out(database: Database) {
    let portal = Portal::open(database).await;
    let case = submitted_road_case(&portal, "resident@web").await;
    let post = posts(&portal.city, "handler", Some(ROADS)).await.remove(0);
    colleague(&portal, "editor", "handler").await;
    portal.act("handler@web", &case, "claim", json!({})).await;
    // It was given for a time, and nobody was there when it was over.
    let at = portal.city.ctx.clock.now();
    let mut changes = wanshitong::store::Changes::new();
    changes.write(wanshitong::store::PostWrite::End { id: post.id, at });
    portal.city.ctx.store.commit(changes).await.unwrap();
    let claimed = portal.act("editor@web", &case, "claim", json!({})).await;
    assert_eq!(claimed["claims"].as_array().map(Vec::len), Some(1), "{claimed}");
    assert_eq!(mine(&portal, "editor@web", "me").await, [json!(case)]);
    portal.close().await;
}

#[actix_web::test]
async fn a_case_of_a_post_that_ran_out_can_be_claimed() {
    a_post_runs_out(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL; tests/run starts it"]
async fn a_case_of_a_post_that_ran_out_can_be_claimed_on_postgres() {
    a_post_runs_out(Database::postgres()).await;
}

async fn many_are_accepted(database: Database) {
    let portal = Portal::open(database).await;
    let mut cases = Vec::new();
    for _ in 0..4 {
        cases.push(submitted_road_case(&portal, "resident@web").await);
    }
    portal.act("resident@web", &cases[1], "withdraw", json!({})).await;
    let nobody = "00000000-0000-0000-0000-000000000000";
    let body = json!({"cases": [cases[0], cases[1], nobody, cases[2]]});
    let send = |body: Value| {
        let request = portal.request("handler@web", "POST", "/api/v1/cases/batch/accept");
        portal.send(request.header("idempotency-key", "monday").json(&body))
    };
    let told = |reply: &Value| -> Vec<u64> {
        reply["results"].as_array().unwrap().iter().map(|item| item["status"].as_u64().unwrap()).collect()
    };
    let first = send(body.clone()).await.expect(200);
    assert_eq!(told(&first), [200, 409, 404, 200]);
    assert_eq!(first["results"][0]["accepted"]["state"], "accepted");
    assert_eq!(first["results"][1]["problem"]["code"], "wrong_state");
    let again = send(body).await.expect(200);
    assert_eq!(told(&again), [200, 409, 404, 200]);
    assert_eq!(again["results"][0]["replayed"], true);
    assert_eq!(again["results"][0]["accepted"]["version"], first["results"][0]["accepted"]["version"]);
    let other = send(json!({"cases": [cases[0], cases[3]]})).await.expect(200);
    assert_eq!(told(&other), [422, 200], "the key was used for another request");
    for wrong in [json!({"cases": []}), json!({"cases": [cases[0], cases[0]]})] {
        portal.post("handler@web", "/api/v1/cases/batch/accept", wrong).await.problem(400);
    }
    portal.close().await;
}

#[actix_web::test]
async fn of_many_cases_each_is_accepted_in_its_own_right() {
    many_are_accepted(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL; tests/run starts it"]
async fn of_many_cases_each_is_accepted_in_its_own_right_on_postgres() {
    many_are_accepted(Database::postgres()).await;
}
