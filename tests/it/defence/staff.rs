//! Posts ask for two factors: with one they rest, and the answer says what to show.

use serde_json::json;
use wanshitong::domain::identity::{Aal, Assurance, ClientId, Ial, ScopeSet};

use crate::api::submitted_road_case;
use crate::support::{Database, Portal, Reply};

/// A token of a persona with that many factors.
async fn token(portal: &Portal, persona: &str, aal: u8) -> String {
    let city = &portal.city;
    let assurance = Assurance { ial: Ial::new(3).unwrap(), aal: Aal::new(aal).unwrap() };
    let scopes = ScopeSet::parse("openid profile cases staff").unwrap();
    let (account, client) = (city.account(persona).await, ClientId::parse("web").unwrap());
    city.ctx.identity.issue_demo_token(account, &client, scopes, assurance, city.ctx.clock.now()).unwrap()
}

async fn ask(portal: &Portal, token: &str, method: &str, path: &str) -> Reply {
    let request = portal.request("", method, path).bearer_auth(token);
    portal.send(if method == "POST" { request.json(&json!({})) } else { request }).await
}

#[actix_web::test]
async fn with_one_factor_a_post_rests_and_a_second_is_asked_for() {
    let portal = Portal::open(Database::sqlite()).await;
    let case = submitted_road_case(&portal, "resident@web").await;
    let one = token(&portal, "handler", 1).await;
    for (method, path) in [
        ("GET", "/api/v1/cases".to_owned()),
        ("GET", format!("/api/v1/cases/{case}")),
        ("POST", format!("/api/v1/cases/{case}/accept")),
    ] {
        let reply = ask(&portal, &one, method, &path).await;
        let challenge = reply.header("www-authenticate").unwrap().to_owned();
        assert!(challenge.contains("insufficient_user_authentication"), "{path}: {challenge}");
        assert!(challenge.contains("acr_values=\"ial3-aal2\""), "{path}: {challenge}");
        assert_eq!(reply.problem(401)["code"], "insufficient_user_authentication");
    }
    // What is his own he does with one factor.
    ask(&portal, &one, "GET", "/api/v1/me").await.expect(200);
    ask(&portal, &one, "GET", "/api/v1/me/cases").await.expect(200);
    let two = token(&portal, "handler", 2).await;
    ask(&portal, &two, "POST", &format!("/api/v1/cases/{case}/accept")).await.expect(200);
    portal.close().await;
}

#[actix_web::test]
async fn a_second_factor_is_asked_for_only_where_it_would_help() {
    let portal = Portal::open(Database::sqlite()).await;
    let case = submitted_road_case(&portal, "resident@web").await;
    let resident = token(&portal, "second_resident", 1).await;
    ask(&portal, &resident, "GET", &format!("/api/v1/cases/{case}")).await.problem(404);
    ask(&portal, &resident, "GET", "/api/v1/cases").await.problem(403);
    let admin = token(&portal, "admin", 1).await;
    ask(&portal, &admin, "GET", &format!("/api/v1/cases/{case}")).await.problem(404);
    ask(&portal, &admin, "GET", "/api/v1/admin/posts").await.problem(401);
    ask(&portal, &admin, "GET", "/api/v1/admin/audit").await.problem(403);
    portal.close().await;
}
