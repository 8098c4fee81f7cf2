//! Requests with no token, a bad token, or a token for something else.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::api::submitted_road_case;
use crate::support::{Database, Portal, Reply};

/// Asks for one's own account with this `Authorization` header.
async fn me(portal: &Portal, authorization: &str) -> Reply {
    portal.send(portal.request("", "GET", "/api/v1/me").header("authorization", authorization)).await
}

fn parts(token: &str) -> (Value, Value, String) {
    let mut parts = token.split('.');
    let mut json = || {
        let bytes = URL_SAFE_NO_PAD.decode(parts.next().unwrap()).unwrap();
        serde_json::from_slice::<Value>(&bytes).unwrap()
    };
    let (header, claims) = (json(), json());
    (header, claims, parts.next().unwrap().to_owned())
}

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

#[actix_web::test]
async fn a_token_this_portal_did_not_give_opens_nothing() {
    let portal = Portal::open(Database::sqlite()).await;
    let good = portal.city.sheet.tokens["resident@web"].clone();
    let (header, claims, signature) = parts(&good);
    let mut admin = claims.clone();
    admin["sub"] = parts(&portal.city.sheet.tokens["admin@web"]).1["sub"].clone();
    let mut unsigned = header.clone();
    unsigned["alg"] = json!("none");
    let mut symmetric = header.clone();
    symmetric["alg"] = json!("HS256");
    let mut elsewhere = header.clone();
    elsewhere["jku"] = json!("http://127.0.0.1:9/keys");
    let other = Portal::open(Database::sqlite()).await;
    let of_another_portal = other.city.sheet.tokens["resident@web"].clone();
    let bad = [
        String::new(),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        "Bearer x".to_owned(),
        format!("Basic {good}"),
        format!("Bearer {good} {good}"),
        format!("Bearer {}", &good[..good.len() - 4]),
        format!("Bearer {}.{}.{signature}", encoded(&header), encoded(&admin)),
        format!("Bearer {}.{}.", encoded(&unsigned), encoded(&claims)),
        format!("Bearer {}.{}.{signature}", encoded(&unsigned), encoded(&claims)),
        format!("Bearer {}.{}.{signature}", encoded(&symmetric), encoded(&claims)),
        format!("Bearer {}.{}.{signature}", encoded(&elsewhere), encoded(&claims)),
        format!("Bearer {of_another_portal}"),
        format!("Bearer {}", "a.".repeat(10_000)),
    ];
    for authorization in bad {
        let reply = me(&portal, &authorization).await;
        assert!(reply.header("www-authenticate").is_some_and(|challenge| challenge.starts_with("Bearer")));
        assert_eq!(reply.problem(401)["code"], "unauthenticated", "{authorization}");
    }
    assert_eq!(me(&portal, &format!("bearer {good}")).await.status, 200);
    portal.close().await;
    other.close().await;
}

/// What a client gets for itself (`client_credentials`) stands for no person.
#[actix_web::test]
async fn a_token_of_a_client_alone_is_no_person_and_expires() {
    let portal = Portal::open(Database::sqlite()).await;
    let secret = portal.city.sheet.clients["third_party"].secret.clone().unwrap();
    let form =
        serde_urlencoded::to_string([("grant_type", "client_credentials"), ("scope", "cases")]).unwrap();
    let request = portal.request("", "POST", "/oauth2/token").basic_auth("third_party", Some(secret));
    let request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
    let token = portal.send(request).await.expect(200)["access_token"].as_str().unwrap().to_owned();
    let authorization = format!("Bearer {token}");
    me(&portal, &authorization).await.problem(403);
    portal.city.ctx.clock.advance(chrono::TimeDelta::hours(2));
    me(&portal, &authorization).await.problem(401);
    portal.close().await;
}

#[actix_web::test]
async fn through_a_third_party_nobody_is_staff() {
    let portal = Portal::open(Database::sqlite()).await;
    let case = submitted_road_case(&portal, "resident@third_party").await;
    for who in ["handler@third_party", "counter_officer@third_party", "supervisor@third_party"] {
        portal.get(who, "/api/v1/cases").await.problem(403);
        portal.get(who, &format!("/api/v1/cases/{case}")).await.problem(404);
        portal.post(who, &format!("/api/v1/cases/{case}/accept"), json!({})).await.problem(404);
    }
    for (who, path) in
        [("editor@third_party", "/api/v1/admin/guides"), ("admin@third_party", "/api/v1/admin/regions")]
    {
        let reply = portal.post(who, path, json!({"files": []})).await;
        assert_eq!(reply.status, 403, "{who}: {:#}", reply.body);
    }
    portal.close().await;
}

#[actix_web::test]
async fn an_officer_of_another_agency_does_not_see_the_case() {
    let portal = Portal::open(Database::sqlite()).await;
    let case = submitted_road_case(&portal, "resident@web").await;
    // The handler keeps his posts, but the one for the roads.
    portal.city.database.tamper("DELETE FROM posts WHERE role = 'handler' AND agency = '11340705MBWXT1317J'");
    portal.city.ctx.identity.reload(portal.city.ctx.clock.now()).await.unwrap();
    let who = "handler@web";
    portal.get(who, &format!("/api/v1/cases/{case}")).await.problem(404);
    portal.post(who, &format!("/api/v1/cases/{case}/accept"), json!({})).await.problem(404);
    let list = portal.get(who, "/api/v1/cases").await.expect(200);
    assert_eq!(list["items"], json!([]));
    let list = portal.get("reviewer@web", "/api/v1/cases").await.expect(200);
    assert_eq!(list["items"][0]["id"], json!(case));
    portal.close().await;
}
