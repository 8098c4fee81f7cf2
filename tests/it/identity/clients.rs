//! Administrators register and change clients.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::desk::{Key, audited, post, refused};
use crate::support::{Database, Portal, Reply};

const CLIENTS: &str = "/api/v1/clients";

fn shop() -> Value {
    json!({
        "id": "shop", "channel": "third_party", "name": {"zh": "某应用", "en": "Some app"},
        "authentication": "client_secret", "redirect_uris": ["https://shop.example.cn/callback"],
        "grants": ["authorization_code", "refresh_token", "client_credentials"], "scopes": ["openid", "cases"],
    })
}

/// The same as a change sends it.
fn change(name: &str, value: Value) -> Value {
    let mut body = shop();
    body.as_object_mut().unwrap().remove("id");
    body.as_object_mut().unwrap().remove("channel");
    body[name] = value;
    body
}

async fn put(portal: &Portal, path: &str, tag: Option<&str>, body: Value) -> Reply {
    let request = portal.request("admin@web", "PUT", path).json(&body);
    portal.send(tag.into_iter().fold(request, |request, tag| request.header("if-match", tag))).await
}

fn credentials(secret: &Value) -> super::desk::Pairs {
    vec![
        ("client_id", "shop".to_owned()),
        ("client_secret", secret.as_str().unwrap().to_owned()),
        ("grant_type", "client_credentials".to_owned()),
    ]
}

#[track_caller]
fn pointers(problem: &Value) -> Vec<&str> {
    problem["errors"].as_array().unwrap().iter().map(|error| error["pointer"].as_str().unwrap()).collect()
}

#[actix_web::test]
async fn a_registered_client_gets_its_secret_once_and_works_with_it() {
    let portal = Portal::open(Database::sqlite()).await;
    let made = portal.post("admin@web", CLIENTS, shop()).await;
    assert_eq!(
        (made.header("location"), made.header("etag")),
        (Some("/api/v1/clients/shop"), Some("\"v1\""))
    );
    assert_eq!(made.header("cache-control"), Some("no-store"));
    let made = made.expect(201);
    assert_eq!(made["sector"], "shop.example.cn", "a third party's sector is its host");
    post(&portal, "/oauth2/token", &credentials(&made["secret"]), None).await.expect(200);
    let read = portal.get("admin@web", &format!("{CLIENTS}/shop")).await.expect(200);
    assert!(read.get("secret").is_none() && !read.to_string().contains(made["secret"].as_str().unwrap()));
    assert_eq!(read["grants"], json!(["authorization_code", "refresh_token", "client_credentials"]));

    let rotated =
        portal.post("admin@web", &format!("{CLIENTS}/shop/rotate-secret"), json!({})).await.expect(200);
    refused(
        &post(&portal, "/oauth2/token", &credentials(&made["secret"]), None).await,
        401,
        "invalid_client",
    );
    post(&portal, "/oauth2/token", &credentials(&rotated["secret"]), None).await.expect(200);
    let record = audited(&portal.city.ctx).await;
    for action in ["client.registered", "client.secret_rotated"] {
        assert!(record.contains(&(action, Some("shop".to_owned()))), "{action}");
    }
    portal.close().await;
}

#[actix_web::test]
async fn clients_registered_at_once_all_work_from_the_answer_on() {
    let portal = Portal::open(Database::sqlite()).await;
    join_all((0..32).map(async |number| {
        let id = format!("shop-{number}");
        let mut body = shop();
        body["id"] = json!(id);
        let made = portal.post("admin@web", CLIENTS, body).await.expect(201);
        let mut form = credentials(&made["secret"]);
        form[0].1 = id;
        post(&portal, "/oauth2/token", &form, None).await.expect(200);
    }))
    .await;
    portal.close().await;
}

#[actix_web::test]
async fn a_repeated_registration_shows_the_client_and_not_the_secret() {
    let portal = Portal::open(Database::sqlite()).await;
    let send = |body: Value| {
        portal.request("admin@web", "POST", CLIENTS).header("idempotency-key", "one-and-the-same").json(&body)
    };
    let first = portal.send(send(shop())).await;
    assert_eq!(first.header("idempotent-replayed"), None);
    assert!(first.expect(201)["secret"].is_string());
    let again = portal.send(send(shop())).await;
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert!(again.expect(201).get("secret").is_none());
    let mut other = shop();
    other["id"] = json!("other");
    portal.send(send(other)).await.problem(422);
    let taken = portal.post("admin@web", CLIENTS, shop()).await.problem(409);
    assert_eq!(pointers(&taken), ["/id"]);
    portal.close().await;
}

#[actix_web::test]
async fn everything_wrong_with_a_registration_is_told_at_once() {
    let portal = Portal::open(Database::sqlite()).await;
    let mut wrong = shop();
    wrong["id"] = json!("Shop!");
    wrong["channel"] = json!("telepathy");
    wrong["redirect_uris"] = json!(["https://a.example/", "http://b.example/"]);
    wrong["grants"] = json!(["password"]);
    wrong["scopes"] = json!(["root"]);
    wrong["jwks"] = json!({"keys": []});
    wrong["backchannel_logout_uri"] = json!("nowhere");
    let problem = portal.post("admin@web", CLIENTS, wrong).await.problem(422);
    let expected =
        ["/id", "/channel", "/jwks", "/redirect_uris/1", "/backchannel_logout_uri", "/grants/0", "/scopes/0"];
    assert_eq!(pointers(&problem), expected);

    let mut unfit = shop();
    unfit["authentication"] = json!("none");
    unfit["scopes"] = json!(["staff"]);
    unfit["redirect_uris"] = json!([]);
    let problem = portal.post("admin@web", CLIENTS, unfit).await.problem(422);
    assert_eq!(pointers(&problem), ["/redirect_uris", "/grants", "/scopes"]);

    let mut private = Key::new().jwk();
    private["d"] = json!("AA");
    let mut leaked = shop();
    leaked["authentication"] = json!("private_key_jwt");
    leaked["jwks"] = json!({"keys": [private]});
    let problem = portal.post("admin@web", CLIENTS, leaked).await.problem(422);
    assert_eq!(pointers(&problem), ["/jwks/keys/0"]);
    portal.close().await;
}

#[actix_web::test]
async fn a_change_needs_the_version_it_was_made_for() {
    let portal = Portal::open(Database::sqlite()).await;
    let made = portal.post("admin@web", CLIENTS, shop()).await.expect(201);
    let path = format!("{CLIENTS}/shop");
    put(&portal, &path, Some("\"v7\""), change("require_par", json!(true))).await.problem(412);
    let changed = put(&portal, &path, Some("\"v1\""), change("require_par", json!(true))).await;
    assert_eq!(changed.header("etag"), Some("\"v2\""));
    let changed = changed.expect(200);
    assert_eq!((&changed["require_par"], &changed["secret"]), (&json!(true), &Value::Null));
    // The secret is still the one it had, and the sector too, whatever its addresses.
    post(&portal, "/oauth2/token", &credentials(&made["secret"]), None).await.expect(200);
    let moved = put(&portal, &path, None, change("redirect_uris", json!(["https://new.example.cn/x"]))).await;
    assert_eq!(moved.expect(200)["sector"], "shop.example.cn");

    let fixed = put(&portal, &path, None, shop()).await.problem(422);
    assert_eq!(pointers(&fixed), ["/channel"]);
    let at_once =
        join_all((0..5).map(|_| put(&portal, &path, Some("\"v3\""), change("require_dpop", json!(true)))))
            .await;
    assert_eq!(at_once.iter().filter(|reply| reply.status == 200).count(), 1);
    assert_eq!(at_once.iter().filter(|reply| reply.status == 412).count(), 4);
    put(&portal, &format!("{CLIENTS}/nobody"), None, change("require_dpop", json!(true))).await.problem(404);
    portal.close().await;
}

#[actix_web::test]
async fn a_client_changes_how_it_proves_itself() {
    let portal = Portal::open(Database::sqlite()).await;
    let made = portal.post("admin@web", CLIENTS, shop()).await.expect(201);
    let (path, key) = (format!("{CLIENTS}/shop"), Key::new());
    let mut by_key = change("authentication", json!("private_key_jwt"));
    by_key["jwks"] = json!({"keys": [key.jwk()]});
    let changed = put(&portal, &path, None, by_key).await.expect(200);
    assert_eq!(changed["jwks"]["keys"][0]["x"], key.jwk()["x"]);
    refused(
        &post(&portal, "/oauth2/token", &credentials(&made["secret"]), None).await,
        401,
        "invalid_client",
    );
    let mut pairs = key.assertion(&portal, "shop");
    pairs.push(("grant_type", "client_credentials".to_owned()));
    post(&portal, "/oauth2/token", &pairs, None).await.expect(200);
    portal.post("admin@web", &format!("{path}/rotate-secret"), json!({})).await.problem(409);
    // Back to a secret: a new one.
    let back = put(&portal, &path, None, change("authentication", json!("client_secret"))).await.expect(200);
    assert_ne!(back["secret"], made["secret"]);
    post(&portal, "/oauth2/token", &credentials(&back["secret"]), None).await.expect(200);
    portal.close().await;
}

#[actix_web::test]
async fn a_client_is_switched_off_and_on() {
    let portal = Portal::open(Database::sqlite()).await;
    let made = portal.post("admin@web", CLIENTS, shop()).await.expect(201);
    let switch = |word: &str| {
        let (portal, path) = (&portal, format!("{CLIENTS}/shop/{word}"));
        async move { portal.post("admin@web", &path, json!({})).await }
    };
    assert!(switch("disable").await.expect(200)["disabled_at"].is_string());
    refused(
        &post(&portal, "/oauth2/token", &credentials(&made["secret"]), None).await,
        401,
        "invalid_client",
    );
    let twice = switch("disable").await;
    assert_eq!(twice.header("etag"), Some("\"v2\""), "nothing changed");
    assert!(switch("enable").await.expect(200)["disabled_at"].is_null());
    post(&portal, "/oauth2/token", &credentials(&made["secret"]), None).await.expect(200);
    portal.close().await;
}

#[actix_web::test]
async fn clients_are_listed_page_by_page_and_shown_to_administrators_alone() {
    let portal = Portal::open(Database::sqlite()).await;
    let mut seen = Vec::new();
    let mut path = format!("{CLIENTS}?limit=4");
    loop {
        let page = portal.get("admin@web", &path).await.expect(200);
        seen.extend(
            page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()),
        );
        let Some(next) = page["next"].as_str() else { break };
        path = format!("{CLIENTS}?limit=4&after={next}");
    }
    assert_eq!(seen, ["counter", "hotline", "kiosk", "mini_program", "third_party", "web"]);
    for who in ["resident@web", "supervisor@web", "admin@third_party"] {
        portal.get(who, CLIENTS).await.problem(403);
        portal.post(who, CLIENTS, json!({})).await.problem(400);
        portal.post(who, CLIENTS, shop()).await.problem(403);
        portal.post(who, &format!("{CLIENTS}/web/disable"), json!({})).await.problem(403);
    }
    portal.get("", CLIENTS).await.problem(401);
    portal.close().await;
}
