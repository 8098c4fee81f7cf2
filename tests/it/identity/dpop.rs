//! Tokens bound to a key (RFC 9449), and those who have the token without the key.

use futures_util::future::join_all;
use serde_json::{Value, json};
use wanshitong::domain::identity::Channel;

use super::desk::{
    Key, Pairs, advance, app, claims, client, code, code_of, issuer, me, now, post, proof_claims, public,
    put, redemption, refreshing, refused, request_of, secret, unique,
};
use crate::support::{Database, Portal, Reply};

const TOKEN: &str = "/oauth2/token";
const ME: &str = "/api/v1/me";

async fn open() -> Portal {
    let portal = Portal::open(Database::sqlite()).await;
    let strict = client("strict", Channel::ThirdParty, |client| client.require_dpop = true);
    put(&portal.city.ctx, vec![app("app"), client("shop", Channel::ThirdParty, |_| {}), strict]).await;
    portal
}

async fn bound(portal: &Portal, key: &Key, client: Pairs) -> Value {
    let code = code(portal, &client[0].1, "openid cases", "resident").await;
    let proof = key.proof(portal, "POST", TOKEN, None);
    post(portal, TOKEN, &redemption(&code, client), Some(&proof)).await.expect(200)
}

fn access(tokens: &Value) -> &str {
    tokens["access_token"].as_str().unwrap()
}

/// The refusal of a proof at a resource.
#[track_caller]
fn challenged(reply: Reply) {
    let challenge = reply.header("www-authenticate").unwrap_or_default().to_owned();
    assert!(challenge.starts_with("DPoP error=\"invalid_dpop_proof\""), "{challenge}");
    assert!(challenge.contains("algs=\"ES256 PS256 RS256 EdDSA Ed25519\""), "{challenge}");
    assert_eq!(reply.problem(401)["code"], "invalid_dpop_proof");
}

#[actix_web::test]
async fn a_bound_token_opens_with_a_proof_of_its_key_and_not_without() {
    let portal = open().await;
    let key = Key::new();
    let tokens = bound(&portal, &key, public("app")).await;
    assert_eq!(tokens["token_type"], "DPoP");
    assert_eq!(claims(&tokens["access_token"])["cnf"]["jkt"], json!(key.thumbprint()));
    let token = access(&tokens);
    let proof = |path: &str| key.proof(&portal, "GET", path, Some(token));
    me(&portal, &format!("DPoP {token}"), Some(&proof(ME))).await.expect(200);
    let info = portal.request("", "GET", "/oauth2/userinfo").header("authorization", format!("DPoP {token}"));
    portal.send(info.header("dpop", proof("/oauth2/userinfo"))).await.expect(200);

    challenged(me(&portal, &format!("Bearer {token}"), None).await);
    challenged(me(&portal, &format!("Bearer {token}"), Some(&proof(ME))).await);
    challenged(me(&portal, &format!("DPoP {token}"), None).await);
    let twice = portal.request("", "GET", ME).header("authorization", format!("DPoP {token}"));
    challenged(portal.send(twice.header("dpop", proof(ME)).header("dpop", proof(ME))).await);
    // A token that is no good at all is no question of proofs.
    let reply = me(&portal, "DPoP x", Some(&proof(ME))).await;
    assert!(reply.header("www-authenticate").unwrap().starts_with("DPoP algs="));
    assert_eq!(reply.problem(401)["code"], "unauthenticated");
    portal.close().await;
}

#[actix_web::test]
async fn a_stolen_token_is_worth_nothing_with_any_other_proof() {
    let portal = open().await;
    let (key, thief) = (Key::new(), Key::new());
    let tokens = bound(&portal, &key, public("app")).await;
    let token = access(&tokens);
    let header = |key: &Key| json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": key.jwk()});
    let good = || proof_claims(&portal, "GET", ME, Some(token));
    let changed = |name: &str, value: Value| {
        let mut claims = good();
        claims[name] = value;
        key.sign(&header(&key), &claims)
    };
    let unsigned = {
        let mut header = header(&key);
        header["alg"] = json!("none");
        format!("{}.", key.sign(&header, &good()).rsplit_once('.').unwrap().0)
    };
    let mut with_private_part = header(&key);
    with_private_part["jwk"]["d"] = json!("AA");
    let mut of_another_type = header(&key);
    of_another_type["typ"] = json!("JWT");
    let second = now(&portal).timestamp();
    for proof in [
        thief.proof(&portal, "GET", ME, Some(token)),
        // The victim's key in the header, the thief's under the signature.
        thief.sign(&header(&key), &good()),
        unsigned,
        key.sign(&with_private_part, &good()),
        key.sign(&of_another_type, &good()),
        changed("htm", json!("POST")),
        changed("htu", json!(format!("{}/api/v1/cases", issuer(&portal)))),
        changed("htu", json!(format!("https://elsewhere.example{ME}"))),
        changed("iat", json!(second - 61)),
        changed("iat", json!(second + 61)),
        changed("ath", json!("x")),
        changed("ath", Value::Null),
        changed("jti", Value::Null),
        // A proof for getting tokens, overheard.
        key.proof(&portal, "POST", TOKEN, None),
        "x".to_owned(),
    ] {
        challenged(me(&portal, &format!("DPoP {token}"), Some(&proof)).await);
    }
    // Query and fragment are no part of the address, nor is the case of the host.
    let same = changed("htu", json!(format!("{}{ME}", issuer(&portal).replace("http", "HTTP"))));
    me(&portal, &format!("DPoP {token}"), Some(&same)).await.expect(200);
    portal.close().await;
}

#[actix_web::test]
async fn a_proof_is_good_once_on_whichever_instance() {
    let portal = open().await;
    let other = portal.beside().await;
    let key = Key::new();
    let tokens = bound(&portal, &key, public("app")).await;
    let authorization = format!("DPoP {}", access(&tokens));
    let proof = key.proof(&portal, "GET", ME, Some(access(&tokens)));
    let answers = join_all((0..10).map(|_| me(&portal, &authorization, Some(&proof)))).await;
    assert_eq!(answers.iter().filter(|reply| reply.status == 200).count(), 1);
    challenged(me(&other, &authorization, Some(&proof)).await);
    // An expired one is swept, and its time refuses it all the same.
    advance(&portal, 62);
    wanshitong::app::upkeep::sweep_proofs(&portal.city.ctx).await.unwrap();
    challenged(me(&portal, &authorization, Some(&proof)).await);

    let code = code(&portal, "app", "cases", "resident").await;
    let proof = key.proof(&portal, "POST", TOKEN, None);
    let pairs = redemption(&code, public("app"));
    post(&portal, TOKEN, &pairs, Some(&proof)).await.expect(200);
    refused(&post(&portal, TOKEN, &pairs, Some(&proof)).await, 400, "invalid_dpop_proof");
    other.close().await;
    portal.close().await;
}

#[actix_web::test]
async fn a_token_without_a_key_is_not_dressed_up_as_one_with() {
    let portal = open().await;
    let key = Key::new();
    let tokens = super::desk::tokens(&portal, public("app"), "cases", "resident").await;
    assert_eq!(tokens["token_type"], "Bearer");
    let proof = key.proof(&portal, "GET", ME, Some(access(&tokens)));
    challenged(me(&portal, &format!("DPoP {}", access(&tokens)), Some(&proof)).await);
    me(&portal, &format!("Bearer {}", access(&tokens)), None).await.expect(200);
    portal.close().await;
}

#[actix_web::test]
async fn a_refresh_token_of_a_public_client_is_bound_and_a_confidential_one_changes_its_key() {
    let portal = open().await;
    let (key, thief) = (Key::new(), Key::new());
    let tokens = bound(&portal, &key, public("app")).await;
    let pairs = refreshing(&tokens["refresh_token"], public("app"));
    refused(&post(&portal, TOKEN, &pairs, None).await, 400, "invalid_dpop_proof");
    let proof = |key: &Key| key.proof(&portal, "POST", TOKEN, None);
    refused(&post(&portal, TOKEN, &pairs, Some(&proof(&thief))).await, 400, "invalid_dpop_proof");
    let next = post(&portal, TOKEN, &pairs, Some(&proof(&key))).await.expect(200);
    assert_eq!(claims(&next["access_token"])["cnf"]["jkt"], json!(key.thumbprint()));

    let tokens = bound(&portal, &key, secret("shop")).await;
    let pairs = refreshing(&tokens["refresh_token"], secret("shop"));
    let new = Key::new();
    let next = post(&portal, TOKEN, &pairs, Some(&proof(&new))).await.expect(200);
    assert_eq!(claims(&next["access_token"])["cnf"]["jkt"], json!(new.thumbprint()));
    let mut ask = secret("shop");
    ask.push(("token", access(&next).to_owned()));
    let found = post(&portal, "/oauth2/introspect", &ask, None).await.expect(200);
    assert_eq!((&found["token_type"], &found["cnf"]["jkt"]), (&json!("DPoP"), &json!(new.thumbprint())));
    portal.close().await;
}

#[actix_web::test]
async fn a_code_bound_to_a_key_is_redeemed_with_it_alone() {
    let portal = open().await;
    let (key, thief) = (Key::new(), Key::new());
    let proof = |key: &Key, path: &str| key.proof(&portal, "POST", path, None);
    let mut named = request_of("app", "cases");
    named.push(("dpop_jkt", key.thumbprint()));
    // The same by a proof beside the pushed request.
    let shown = request_of("app", "cases");
    let pushed = post(&portal, "/oauth2/par", &shown, Some(&proof(&key, "/oauth2/par"))).await.expect(201);
    let arriving: Pairs =
        vec![("client_id", "app".into()), ("request_uri", pushed["request_uri"].as_str().unwrap().into())];
    for request in [named.clone(), arriving] {
        let code = code_of(&portal, &request, "resident").await;
        let pairs = redemption(&code, public("app"));
        refused(&post(&portal, TOKEN, &pairs, None).await, 400, "invalid_grant");
        refused(&post(&portal, TOKEN, &pairs, Some(&proof(&thief, TOKEN))).await, 400, "invalid_grant");
        post(&portal, TOKEN, &pairs, Some(&proof(&key, TOKEN))).await.expect(200);
    }
    let two_keys = post(&portal, "/oauth2/par", &named, Some(&proof(&thief, "/oauth2/par"))).await;
    refused(&two_keys, 400, "invalid_request");
    portal.close().await;
}

#[actix_web::test]
async fn a_client_that_must_prove_a_key_gets_nothing_without() {
    let portal = open().await;
    let key = Key::new();
    let mut own = secret("strict");
    own.push(("grant_type", "client_credentials".to_owned()));
    refused(&post(&portal, TOKEN, &own, None).await, 400, "invalid_dpop_proof");
    let tokens = post(&portal, TOKEN, &own, Some(&key.proof(&portal, "POST", TOKEN, None))).await.expect(200);
    assert_eq!(tokens["token_type"], "DPoP");
    let wrong = key.sign(
        &json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": key.jwk()}),
        &json!({"htm": "POST", "htu": "https://elsewhere.example/oauth2/token", "jti": unique(), "iat": now(&portal).timestamp()}),
    );
    refused(&post(&portal, TOKEN, &own, Some(&wrong)).await, 400, "invalid_dpop_proof");
    portal.close().await;
}
