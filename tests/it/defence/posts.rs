//! Giving and ending posts.

use serde_json::{Value, json};
use wanshitong::app::upkeep::{self, Seen};

use crate::support::{Database, Portal};

const POSTS: &str = "/api/v1/admin/posts";
const RESIDENT: &str = "13900000001";

fn officer() -> Value {
    json!({"mobile": RESIDENT, "role": "counter_officer", "region": "340700000000", "counter": "hall-340700"})
}

fn errors(problem: &Value) -> Vec<String> {
    let one =
        |error: &Value| format!("{} {}", error["pointer"].as_str().unwrap(), error["code"].as_str().unwrap());
    problem["errors"].as_array().unwrap().iter().map(one).collect()
}

async fn a_post_gives_its_rights_everywhere_and_takes_them_back(database: Database) {
    let portal = Portal::open(database).await;
    let other = portal.beside().await;
    let mut seen = Seen::default();
    let work = "/api/v1/cases";
    other.get("resident@counter", work).await.problem(403);

    let given = portal.post("admin@web", POSTS, officer()).await.expect(201);
    assert_eq!((&given["holder_name"], &given["holder_mobile"]), (&json!("林**"), &json!("139****0001")));
    assert_eq!((&given["role"], &given["is_in_force"]), (&json!("counter_officer"), &json!(true)));
    portal.get("resident@counter", work).await.expect(200);
    upkeep::catch_up(&other.city.ctx, &mut seen).await.unwrap();
    other.get("resident@counter", work).await.expect(200);

    let listed =
        portal.get("admin@web", &format!("{POSTS}?role=counter_officer&in_force=true")).await.expect(200);
    let ids: Vec<&Value> = listed["items"].as_array().unwrap().iter().map(|post| &post["id"]).collect();
    assert!(ids.contains(&&given["id"]) && ids.len() == 2, "{listed:#}");

    let end = format!("{POSTS}/{}/end", given["id"].as_str().unwrap());
    let ended = portal.post("admin@web", &end, json!({})).await.expect(200);
    assert_eq!(ended["is_in_force"], false);
    assert_eq!(portal.post("admin@web", &end, json!({})).await.expect(200), ended, "twice is the same");
    portal.get("resident@counter", work).await.problem(403);
    upkeep::catch_up(&other.city.ctx, &mut seen).await.unwrap();
    other.get("resident@counter", work).await.problem(403);

    let account = given["account_id"].as_str().unwrap();
    for action in ["post.given", "post.ended"] {
        let path = format!("/api/v1/admin/audit?action={action}&subject={account}");
        let trail = portal.get("auditor@web", &path).await.expect(200);
        let [entry] = trail["items"].as_array().unwrap().as_slice() else { panic!("{trail:#}") };
        assert_eq!((&entry["details"]["post"], &entry["details"]["role"]), (&given["id"], &given["role"]));
        assert_eq!(entry["account"], portal.city.account("admin").await.to_string());
    }
    other.close().await;
    portal.close().await;
}

#[actix_web::test]
async fn a_post_is_given_and_ended() {
    a_post_gives_its_rights_everywhere_and_takes_them_back(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: tests/run"]
async fn a_post_is_given_and_ended_on_postgres() {
    a_post_gives_its_rights_everywhere_and_takes_them_back(Database::postgres()).await;
}

#[actix_web::test]
async fn what_cannot_be_given_says_everything_that_is_wrong() {
    let portal = Portal::open(Database::sqlite()).await;
    for (change, status, wanted) in [
        (json!({"mobile": "1"}), 422, vec!["/mobile wrong_length"]),
        (json!({"role": "king", "region": "34"}), 422, vec!["/role not_an_option", "/region wrong_length"]),
        (json!({"account_id": "00000000-0000-0000-0000-000000000000"}), 422, vec!["/account_id required"]),
        (json!({"mobile": "13888888888"}), 422, vec!["/mobile unknown"]),
        (json!({"region": "990000000000"}), 422, vec!["/region unknown"]),
        (json!({"counter": "nowhere"}), 422, vec!["/counter unknown"]),
        (json!({"counter": null}), 422, vec!["/counter required"]),
        (json!({"role": "handler"}), 422, vec!["/agency required"]),
        (json!({"role": "auditor"}), 422, vec!["/counter not_allowed"]),
        (json!({"valid_until": "2026-03-01T00:00:00Z"}), 422, vec!["/valid_until out_of_range"]),
        (json!({"mobile": "13900000017"}), 422, vec!["/role conflicting_duties"]),
        (json!({"mobile": "13900000018"}), 422, vec!["/role conflicting_duties"]),
    ] {
        let mut body = officer();
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let problem = portal.post("admin@web", POSTS, body).await.problem(status);
        assert_eq!(errors(&problem), wanted, "{change}: {problem:#}");
    }
    let unknown = json!({"mobile": RESIDENT, "role": "auditor", "region": "340700000000", "power": 9});
    portal.post("admin@web", POSTS, unknown).await.problem(400);
    for query in ["role=king", "account=me", "limit=0", "after=x", "in_force=perhaps", "who=me"] {
        portal.get("admin@web", &format!("{POSTS}?{query}")).await.problem(400);
    }
    portal.close().await;
}

#[actix_web::test]
async fn an_administrator_gives_himself_nothing_and_the_last_one_stays() {
    let portal = Portal::open(Database::sqlite()).await;
    let admin = portal.city.account("admin").await;
    let himself = json!({"account_id": admin, "role": "catalogue_publisher", "region": "340700000000"});
    assert_eq!(portal.post("admin@web", POSTS, himself.clone()).await.problem(409)["code"], "four_eyes");
    let cases = json!({"account_id": admin, "role": "supervisor", "region": "340700000000"});
    assert_eq!(
        errors(&portal.post("admin@web", POSTS, cases).await.problem(422)),
        ["/role conflicting_duties"]
    );

    let own = portal.get("admin@web", &format!("{POSTS}?account={admin}")).await.expect(200);
    let end = format!("{POSTS}/{}/end", own["items"][0]["id"].as_str().unwrap());
    assert_eq!(portal.post("admin@web", &end, json!({})).await.problem(409)["code"], "wrong_state");
    let second = json!({"mobile": RESIDENT, "role": "administrator", "region": "340700000000"});
    portal.post("admin@web", POSTS, second).await.expect(201);
    portal.post("resident@web", POSTS, himself).await.expect(201);
    portal.post("resident@web", &end, json!({})).await.expect(200);
    portal.get("admin@web", POSTS).await.problem(403);
    portal.close().await;
}

#[actix_web::test]
async fn asking_twice_under_one_key_gives_one_post() {
    let portal = Portal::open(Database::sqlite()).await;
    let ask = |body: Value| {
        let request = portal.request("admin@web", "POST", POSTS).header("idempotency-key", "once");
        portal.send(request.json(&body))
    };
    let first = ask(officer()).await.expect(201);
    let again = ask(officer()).await;
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(again.expect(201), first);
    let mut other = officer();
    other["valid_until"] = json!("2027-01-01T00:00:00Z");
    assert_eq!(ask(other).await.problem(422)["code"], "idempotency_key_reused");
    portal.close().await;
}

#[actix_web::test]
async fn nobody_but_an_administrator_sees_or_gives_posts() {
    let portal = Portal::open(Database::sqlite()).await;
    for who in
        ["resident@web", "handler@web", "supervisor@web", "publisher@web", "auditor@web", "admin@third_party"]
    {
        portal.get(who, POSTS).await.problem(403);
        portal.post(who, POSTS, officer()).await.problem(403);
        let end = format!("{POSTS}/00000000-0000-0000-0000-000000000000/end");
        portal.post(who, &end, json!({})).await.problem(403);
    }
    portal.close().await;
}
