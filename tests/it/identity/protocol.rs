//! How clients prove themselves, push their requests, and what the portal says of
//! itself.

use futures_util::future::join_all;
use serde_json::{Value, json};
use wanshitong::app::identity::oauth;
use wanshitong::domain::identity::{Authentication, Channel, PageProblem, Rejection};

use super::desk::{
    Key, Pairs, advance, app, assertion_claims, audited, claims, client, code, code_of, header, issuer,
    me_with, parameters, post, public, put, redemption, refreshing, refused, request_of, secret, signed_in,
    tokens, with_assertion,
};
use crate::support::{Database, Portal};

const TOKEN: &str = "/oauth2/token";

async fn portal_with_keys() -> (Portal, Key) {
    let portal = Portal::open(Database::sqlite()).await;
    let key = Key::new();
    let bank = client("bank", Channel::ThirdParty, |client| {
        client.authentication = Authentication::PrivateKeyJwt(key.set());
    });
    put(&portal.city.ctx, vec![bank, app("app"), client("shop", Channel::ThirdParty, |_| {})]).await;
    (portal, key)
}

fn credentials(mut proof: Pairs) -> Pairs {
    proof.push(("grant_type", "client_credentials".to_owned()));
    proof
}

fn with(mut pairs: Pairs, name: &'static str, value: &str) -> Pairs {
    pairs.retain(|(other, _)| *other != name);
    pairs.push((name, value.to_owned()));
    pairs
}

#[actix_web::test]
async fn a_client_proves_itself_with_its_key_at_every_endpoint() {
    let (portal, key) = portal_with_keys().await;
    let statement = || key.assertion(&portal, "bank");
    let tokens = post(&portal, TOKEN, &credentials(statement()), None).await.expect(200);
    let token = tokens["access_token"].as_str().unwrap();
    let found =
        post(&portal, "/oauth2/introspect", &with(statement(), "token", token), None).await.expect(200);
    assert_eq!((&found["active"], &found["sub"]), (&json!(true), &json!("bank")));
    let pushed = [request_of("bank", "openid cases"), statement()].concat();
    post(&portal, "/oauth2/par", &pushed, None).await.expect(201);
    post(&portal, "/oauth2/device_authorization", &with(statement(), "scope", "cases"), None)
        .await
        .expect(200);
    post(&portal, "/oauth2/revoke", &with(statement(), "token", "unknown"), None).await;
    let reply = post(&portal, "/oauth2/revoke", &with(statement(), "token", "unknown"), None).await;
    assert_eq!(reply.status, 200);
    // By the token endpoint's own address too, and with its id beside it.
    let mut by_address = assertion_claims(&portal, "bank");
    by_address["aud"] = json!(format!("{}{TOKEN}", issuer(&portal)));
    let text = key.sign(&json!({"alg": "ES256"}), &by_address);
    let pairs = with(with_assertion(text), "client_id", "bank");
    post(&portal, TOKEN, &credentials(pairs), None).await.expect(200);
    portal.close().await;
}

#[actix_web::test]
async fn a_statement_is_good_once_on_whichever_instance() {
    let (portal, key) = portal_with_keys().await;
    let other = portal.beside().await;
    let statement = credentials(key.assertion(&portal, "bank"));
    let answers = join_all((0..10).map(|_| post(&portal, TOKEN, &statement, None))).await;
    let granted = answers.iter().filter(|reply| reply.status == 200).count();
    assert_eq!(granted, 1);
    refused(&post(&other, TOKEN, &statement, None).await, 401, "invalid_client");
    assert!(answers.iter().all(|reply| reply.status < 500));
    other.close().await;
    portal.close().await;
}

#[actix_web::test]
async fn what_is_no_statement_of_the_client_proves_nothing() {
    let (portal, key) = portal_with_keys().await;
    let good = || assertion_claims(&portal, "bank");
    let changed = |name: &str, value: Value| {
        let mut claims = good();
        claims[name] = value;
        key.sign(&json!({"alg": "ES256"}), &claims)
    };
    let unsigned = Key::new().sign(&json!({"alg": "none"}), &good());
    let unsigned = format!("{}.", unsigned.rsplit_once('.').unwrap().0);
    let now = portal.city.ctx.clock.now().timestamp();
    for text in [
        unsigned,
        Key::new().sign(&json!({"alg": "ES256"}), &good()),
        key.sign(&json!({"alg": "HS256"}), &good()),
        key.sign(&json!({"alg": "RS256"}), &good()),
        key.sign(&json!({"alg": "ES256", "crit": ["x"]}), &good()),
        key.sign(&json!({"alg": "ES256"}), &assertion_claims(&portal, "shop")),
        changed("aud", json!("https://elsewhere.example")),
        changed("aud", json!([issuer(&portal), "https://elsewhere.example"])),
        changed("exp", json!(now)),
        changed("exp", json!(now + 301)),
        changed("jti", Value::Null),
        changed("iss", json!("shop")),
        "e30.e30.e30".to_owned(),
        String::from("x"),
    ] {
        let reply = post(&portal, TOKEN, &credentials(with_assertion(text.clone())), None).await;
        refused(&reply, 401, "invalid_client");
    }
    // Nor does a secret, which it has not, nor a statement of a client with a secret.
    refused(&post(&portal, TOKEN, &credentials(secret("bank")), None).await, 401, "invalid_client");
    refused(&post(&portal, TOKEN, &credentials(public("bank")), None).await, 401, "invalid_client");
    let of_shop = credentials(key.assertion(&portal, "shop"));
    refused(&post(&portal, TOKEN, &of_shop, None).await, 401, "invalid_client");
    let both = credentials([secret("bank"), key.assertion(&portal, "bank")].concat());
    refused(&post(&portal, TOKEN, &both, None).await, 400, "invalid_request");
    portal.close().await;
}

#[actix_web::test]
async fn a_pushed_request_leads_to_one_code() {
    let (portal, _) = portal_with_keys().await;
    let ctx = &portal.city.ctx;
    let pushed = [request_of("shop", "openid cases"), secret("shop")[1..].to_vec()].concat();
    let reply = post(&portal, "/oauth2/par", &pushed, None).await.expect(201);
    assert_eq!(reply["expires_in"], 60);
    let uri = reply["request_uri"].as_str().unwrap().to_owned();
    assert!(uri.starts_with("urn:ietf:params:oauth:request_uri:"));
    // What the browser says beside the reference counts for nothing.
    let arriving: Pairs = vec![
        ("client_id", "shop".into()),
        ("request_uri", uri),
        ("scope", "profile".into()),
        ("state", "other".into()),
    ];
    let (request, _) = oauth::check(ctx, &parameters(&arriving)).await.unwrap().unwrap();
    assert_eq!(
        (request.scopes.to_string().as_str(), request.state.as_deref()),
        ("openid cases", Some("s-1"))
    );

    let who = signed_in(&portal, "resident").await;
    let granted = join_all((0..5).map(|_| oauth::grant_code(ctx, &request, &who))).await;
    assert_eq!(granted.iter().filter(|code| code.is_ok()).count(), 1, "one code for one request");
    let gone = oauth::check(ctx, &parameters(&arriving)).await.unwrap();
    assert_eq!(gone.unwrap_err(), Rejection::Page(PageProblem::UnknownReference));
    portal.close().await;
}

#[actix_web::test]
async fn a_reference_is_begun_within_a_minute_by_its_own_client() {
    let (portal, _) = portal_with_keys().await;
    let ctx = &portal.city.ctx;
    let push = || async {
        let reply = post(&portal, "/oauth2/par", &request_of("app", "cases"), None).await.expect(201);
        vec![
            ("client_id", "app".to_owned()),
            ("request_uri", reply["request_uri"].as_str().unwrap().to_owned()),
        ]
    };
    let begun = push().await;
    let foreign = with(begun.clone(), "client_id", "shop");
    let unknown = Rejection::Page(PageProblem::UnknownReference);
    assert_eq!(oauth::check(ctx, &parameters(&foreign)).await.unwrap().unwrap_err(), unknown);
    advance(&portal, 59);
    assert!(oauth::check(ctx, &parameters(&begun)).await.unwrap().is_ok());
    // Begun, it leaves time to sign in.
    advance(&portal, 20 * 60);
    code_of(&portal, &begun, "resident").await;

    let late = push().await;
    advance(&portal, 60);
    assert_eq!(oauth::check(ctx, &parameters(&late)).await.unwrap().unwrap_err(), unknown);
    let query = serde_urlencoded::to_string(&late).unwrap();
    let page = portal.get("", &format!("/oauth2/authorize?{query}")).await;
    assert_eq!((page.status, page.header("location")), (400, None));
    portal.close().await;
}

#[actix_web::test]
async fn what_is_wrong_with_a_pushed_request_is_told_to_the_client_at_once() {
    let (portal, _) = portal_with_keys().await;
    let good = || [request_of("shop", "cases"), secret("shop")[1..].to_vec()].concat();
    for (name, value, error) in [
        ("response_type", "token", "unsupported_response_type"),
        ("redirect_uri", "https://evil.example/", "invalid_request"),
        ("scope", "staff", "invalid_scope"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("request_uri", "urn:ietf:params:oauth:request_uri:x", "invalid_request"),
        ("request", "e30.e30.", "request_not_supported"),
        ("dpop_jkt", "short", "invalid_request"),
    ] {
        refused(&post(&portal, "/oauth2/par", &with(good(), name, value), None).await, 400, error);
    }
    let unproven = with(good(), "client_secret", "wrong");
    refused(&post(&portal, "/oauth2/par", &unproven, None).await, 401, "invalid_client");
    portal.close().await;
}

#[actix_web::test]
async fn a_client_that_must_push_cannot_send_a_browser_directly() {
    let portal = Portal::open(Database::sqlite()).await;
    let strict = client("strict", Channel::ThirdParty, |client| client.require_par = true);
    put(&portal.city.ctx, vec![strict]).await;
    let direct = oauth::check(&portal.city.ctx, &parameters(&request_of("strict", "cases"))).await.unwrap();
    assert!(matches!(direct, Err(Rejection::Redirect { .. })));
    let pushed = [request_of("strict", "cases"), secret("strict")[1..].to_vec()].concat();
    let uri = post(&portal, "/oauth2/par", &pushed, None).await.expect(201)["request_uri"].clone();
    let arriving =
        vec![("client_id", "strict".to_owned()), ("request_uri", uri.as_str().unwrap().to_owned())];
    code_of(&portal, &arriving, "resident").await;
    portal.close().await;
}

#[actix_web::test]
async fn tokens_say_how_and_when_the_person_signed_in() {
    let (portal, _) = portal_with_keys().await;
    let given = tokens(&portal, public("app"), "openid cases", "resident").await;
    let (access, id) = (claims(&given["access_token"]), claims(&given["id_token"]));
    let now = portal.city.ctx.clock.now().timestamp();
    assert_eq!(header(&given["access_token"])["typ"], "at+jwt");
    for token in [&access, &id] {
        assert_eq!((&token["acr"], &token["auth_time"]), (&json!("ial3-aal2"), &json!(now)));
        assert_eq!(token["amr"], json!(["pwd", "otp", "mfa"]));
        assert_eq!(token["sid"], access["sid"]);
    }
    // RFC 9068 §2.2.
    for name in ["iss", "exp", "aud", "sub", "client_id", "iat", "jti", "scope"] {
        assert!(!access[name].is_null(), "{name}");
    }
    assert_eq!((&access["client_id"], &access["scope"]), (&json!("app"), &json!("openid cases")));
    assert!(access["act"].is_null() && access["cnf"].is_null());
    portal.close().await;
}

#[actix_web::test]
async fn a_used_refresh_token_ends_the_session_and_is_on_record() {
    let (portal, _) = portal_with_keys().await;
    let first = tokens(&portal, public("app"), "cases", "resident").await;
    let refresh = |token: &Value| refreshing(token, public("app"));
    let pairs = refresh(&first["refresh_token"]);
    let answers = join_all((0..20).map(|_| post(&portal, TOKEN, &pairs, None))).await;
    let successors: std::collections::BTreeSet<String> = answers
        .into_iter()
        .map(|reply| reply.expect(200)["refresh_token"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(successors.len(), 1, "twenty at once give one successor");
    assert!(audited(&portal.city.ctx).await.iter().all(|(action, _)| *action != "token.replayed"));
    advance(&portal, 10);
    refused(&post(&portal, TOKEN, &refresh(&first["refresh_token"]), None).await, 400, "invalid_grant");
    let session = claims(&first["access_token"])["sid"].as_str().unwrap().to_owned();
    assert!(audited(&portal.city.ctx).await.contains(&("token.replayed", Some(session))));
    me_with(&portal, &first["access_token"]).await.problem(401);
    let successor = json!(successors.first().unwrap());
    refused(&post(&portal, TOKEN, &refresh(&successor), None).await, 400, "invalid_grant");
    portal.close().await;
}

#[actix_web::test]
async fn what_one_instance_revokes_is_worth_nothing_on_the_other_within_a_second() {
    let (portal, _) = portal_with_keys().await;
    let other = portal.beside().await;
    let mut seen = wanshitong::app::upkeep::Seen::default();
    // What the worker does twice a second.
    let ctx = &other.city.ctx;
    wanshitong::app::upkeep::catch_up(ctx, &mut seen).await.unwrap();
    let given = tokens(&portal, secret("shop"), "openid cases", "resident").await;
    let access = &given["access_token"];
    me_with(&other, access).await.expect(200);
    let ask = |token: &Value| with(secret("shop"), "token", token.as_str().unwrap());
    let introspect = |token: Value| {
        let pairs = ask(&token);
        let other = &other;
        async move { post(other, "/oauth2/introspect", &pairs, None).await.expect(200)["active"].clone() }
    };
    for token in [access, &given["refresh_token"]] {
        assert_eq!(introspect(token.clone()).await, true);
    }
    let revoked = post(&portal, "/oauth2/revoke", &ask(&given["refresh_token"]), None).await;
    assert_eq!(revoked.status, 200);
    wanshitong::app::upkeep::catch_up(ctx, &mut seen).await.unwrap();
    me_with(&other, access).await.problem(401);
    for token in [access, &given["refresh_token"]] {
        assert_eq!(introspect(token.clone()).await, false);
    }
    other.close().await;
    portal.close().await;
}

#[actix_web::test]
async fn a_client_that_was_switched_off_is_nobody() {
    let (portal, _) = portal_with_keys().await;
    let given = tokens(&portal, secret("shop"), "openid cases", "resident").await;
    let path = "/api/v1/clients/shop/disable";
    portal.post("admin@web", path, json!({})).await.expect(200);
    me_with(&portal, &given["access_token"]).await.problem(401);
    let refresh = refreshing(&given["refresh_token"], secret("shop"));
    refused(&post(&portal, TOKEN, &refresh, None).await, 401, "invalid_client");
    refused(&post(&portal, TOKEN, &credentials(secret("shop")), None).await, 401, "invalid_client");
    let request = oauth::check(&portal.city.ctx, &parameters(&request_of("shop", "cases"))).await.unwrap();
    assert_eq!(request.unwrap_err(), Rejection::Page(PageProblem::UnknownClient));
    portal.close().await;
}

/// Whatever the document names is there, and what it does not name is refused.
#[actix_web::test]
async fn the_portal_says_of_itself_what_is_so() {
    let portal = Portal::open(Database::sqlite()).await;
    let document = portal.get("", "/.well-known/openid-configuration").await.expect(200);
    let issuer = issuer(&portal);
    assert_eq!(document["issuer"], json!(issuer));
    for (name, value) in document.as_object().unwrap() {
        let Some(path) = value.as_str().filter(|_| name != "issuer") else { continue };
        let path = path.strip_prefix(&issuer).unwrap_or_else(|| panic!("{name} is elsewhere: {path}"));
        let reply = match name.as_str() {
            "token_endpoint"
            | "introspection_endpoint"
            | "revocation_endpoint"
            | "pushed_authorization_request_endpoint"
            | "device_authorization_endpoint" => {
                post(&portal, path, &vec![("token", "x".to_owned())], None).await
            }
            _ => portal.get("", path).await,
        };
        assert!(!matches!(reply.status, 404 | 405 | 500..), "{name}: {}", reply.status);
    }
    for (name, expected) in [
        ("subject_types_supported", json!(["public", "pairwise"])),
        ("code_challenge_methods_supported", json!(["S256"])),
        ("response_types_supported", json!(["code"])),
        ("backchannel_logout_supported", json!(true)),
        ("backchannel_logout_session_supported", json!(true)),
        ("authorization_response_iss_parameter_supported", json!(true)),
        ("request_parameter_supported", json!(false)),
        ("prompt_values_supported", json!(["none", "login", "consent", "select_account"])),
        ("dpop_signing_alg_values_supported", json!(["ES256", "PS256", "RS256", "EdDSA", "Ed25519"])),
    ] {
        assert_eq!(document[name], expected, "{name}");
    }
    let grants = document["grant_types_supported"].as_array().unwrap();
    assert_eq!(grants.len(), 5);
    assert_eq!(document["acr_values_supported"].as_array().unwrap().len(), 12);
    portal.close().await;
}

#[actix_web::test]
async fn a_code_is_its_clients_alone() {
    let (portal, _) = portal_with_keys().await;
    let stolen = code(&portal, "app", "cases", "resident").await;
    refused(&post(&portal, TOKEN, &redemption(&stolen, secret("shop")), None).await, 400, "invalid_grant");
    post(&portal, TOKEN, &redemption(&stolen, public("app")), None).await.expect(200);
    portal.close().await;
}
