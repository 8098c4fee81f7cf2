//! Clients hear of it when a session of theirs ends (OpenID Connect Back-Channel
//! Logout 1.0), sooner or later, whatever happens in between.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};
use wanshitong::app::identity::sign_outs::deliver_due;
use wanshitong::domain::identity::{Channel, RedirectUri};

use super::desk::{
    advance, app, claims, client, code, header, issuer, post, public, put, redemption, refreshing, secret,
    tokens,
};
use crate::support::{City, Database, Portal, http};

/// The server of a client: keeps what it is told and answers as it is set to.
struct Receiver {
    uri: String,
    told: Arc<Mutex<Vec<String>>>,
    status: Arc<Mutex<u16>>,
}

impl Receiver {
    fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let uri = format!("http://{}/signed-out", listener.local_addr().unwrap());
        let (told, status) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(200)));
        let (keep, answer) = (Arc::clone(&told), Arc::clone(&status));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                let body = body(&mut stream);
                let status = *answer.lock().unwrap();
                if status == 200 {
                    keep.lock().unwrap().push(body);
                }
                let location = "location: http://127.0.0.1:9/elsewhere\r\n";
                let answer = format!(
                    "HTTP/1.1 {status} X\r\n{location}content-length: 0\r\nconnection: close\r\n\r\n"
                );
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        Self { uri, told, status }
    }

    fn set(&self, status: u16) {
        *self.status.lock().unwrap() = status;
    }

    /// What it was told since it was last asked: logout tokens.
    fn take(&self) -> Vec<String> {
        let bodies = std::mem::take(&mut *self.told.lock().unwrap());
        bodies.into_iter().map(|body| body.strip_prefix("logout_token=").unwrap().to_owned()).collect()
    }
}

fn body(stream: &mut TcpStream) -> String {
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return body.to_owned();
            }
        }
        match stream.read(&mut chunk) {
            Ok(0) | Err(_) => return String::new(),
            Ok(read) => bytes.extend_from_slice(&chunk[..read]),
        }
    }
}

async fn open(receiver: &Receiver) -> Portal {
    let portal = Portal::open(Database::sqlite()).await;
    let shop = client("shop", Channel::ThirdParty, |client| {
        client.backchannel_logout_uri = Some(RedirectUri::parse(&receiver.uri).unwrap());
    });
    put(&portal.city.ctx, vec![shop, app("app")]).await;
    portal
}

async fn deliver(portal: &Portal) -> usize {
    deliver_due(&portal.city.ctx).await.unwrap()
}

async fn revoke(portal: &Portal, tokens: &Value) {
    let mut pairs = secret("shop");
    pairs.push(("token", tokens["refresh_token"].as_str().unwrap().to_owned()));
    assert_eq!(post(portal, "/oauth2/revoke", &pairs, None).await.status, 200);
}

/// Verified with the published keys, by another library, as a client would.
async fn verified(portal: &Portal, token: &str) -> Value {
    let said = header(&json!(token));
    assert_eq!((&said["typ"], &said["alg"]), (&json!("logout+jwt"), &json!("ES256")));
    let set = portal.get("", "/oauth2/jwks").await.expect(200);
    let key = set["keys"].as_array().unwrap().iter().find(|key| key["kid"] == said["kid"]).unwrap().clone();
    let key =
        DecodingKey::from_ec_components(key["x"].as_str().unwrap(), key["y"].as_str().unwrap()).unwrap();
    let mut validation = Validation::new(Algorithm::ES256);
    validation.validate_exp = false;
    validation.set_audience(&["shop"]);
    validation.set_issuer(&[issuer(portal)]);
    jsonwebtoken::decode(token, &key, &validation).unwrap().claims
}

#[actix_web::test]
async fn a_client_is_told_which_session_of_whom_has_ended() {
    let receiver = Receiver::open();
    let portal = open(&receiver).await;
    let given = tokens(&portal, secret("shop"), "openid cases", "resident").await;
    assert_eq!(deliver(&portal).await, 0);
    revoke(&portal, &given).await;
    assert_eq!(deliver(&portal).await, 1);
    let told = receiver.take();
    let said = verified(&portal, &told[0]).await;
    let id = claims(&given["id_token"]);
    assert_eq!((&said["sub"], &said["sid"]), (&id["sub"], &id["sid"]), "as its ID token named them");
    assert_eq!(said["events"], json!({"http://schemas.openid.net/event/backchannel-logout": {}}));
    assert!(said["jti"].is_string() && said["nonce"].is_null());
    let lifetime = said["exp"].as_i64().unwrap() - said["iat"].as_i64().unwrap();
    assert!((1..=120).contains(&lifetime));
    assert_eq!(deliver(&portal).await, 0, "once is enough");
    portal.close().await;
}

#[actix_web::test]
async fn whichever_way_a_session_ends_its_client_hears_of_it() {
    let receiver = Receiver::open();
    let portal = open(&receiver).await;
    let begin = || tokens(&portal, secret("shop"), "openid cases", "resident");
    let sid = |tokens: &Value| claims(&tokens["access_token"])["sid"].as_str().unwrap().to_owned();
    let heard = |expected: Vec<String>| {
        let told = receiver.take();
        let mut found: Vec<_> =
            told.iter().map(|token| claims(&json!(token))["sid"].as_str().unwrap().to_owned()).collect();
        found.sort();
        let mut expected = expected;
        expected.sort();
        assert_eq!(found, expected);
    };
    let bearer = |method: &str, path: &str, tokens: &Value| {
        portal.request("", method, path).bearer_auth(tokens["access_token"].as_str().unwrap())
    };
    // By its owner, one and all.
    let first = begin().await;
    let path = format!("/api/v1/me/sessions/{}", sid(&first));
    assert_eq!(portal.send(bearer("DELETE", &path, &first)).await.status, 204);
    deliver(&portal).await;
    heard(vec![sid(&first)]);
    let (second, third) = (begin().await, begin().await);
    assert_eq!(portal.send(bearer("DELETE", "/api/v1/me/sessions", &second)).await.status, 204);
    deliver(&portal).await;
    heard(vec![sid(&second), sid(&third)]);
    // By the client's own sign-out.
    let fourth = begin().await;
    let hint = fourth["id_token"].as_str().unwrap();
    assert!(portal.get("", &format!("/oauth2/end_session?id_token_hint={hint}")).await.status < 400);
    deliver(&portal).await;
    heard(vec![sid(&fourth)]);
    // By a refresh token used again, and by a code used again.
    let fifth = begin().await;
    let again = refreshing(&fifth["refresh_token"], secret("shop"));
    post(&portal, "/oauth2/token", &again, None).await.expect(200);
    advance(&portal, 10);
    post(&portal, "/oauth2/token", &again, None).await.expect(400);
    deliver(&portal).await;
    heard(vec![sid(&fifth)]);
    let code = code(&portal, "shop", "openid cases", "resident").await;
    let pairs = redemption(&code, secret("shop"));
    let sixth = post(&portal, "/oauth2/token", &pairs, None).await.expect(200);
    post(&portal, "/oauth2/token", &pairs, None).await.expect(400);
    deliver(&portal).await;
    heard(vec![sid(&sixth)]);
    // One that has ended ends no second time; a client without an address hears nothing.
    revoke(&portal, &sixth).await;
    let silent = tokens(&portal, public("app"), "openid cases", "resident").await;
    assert_eq!(portal.send(bearer("DELETE", "/api/v1/me/sessions", &silent)).await.status, 204);
    assert_eq!(deliver(&portal).await, 0);
    heard(Vec::new());
    portal.close().await;
}

#[actix_web::test]
async fn a_client_that_does_not_answer_is_asked_again_ever_more_seldom() {
    let receiver = Receiver::open();
    let portal = open(&receiver).await;
    let given = tokens(&portal, secret("shop"), "openid cases", "resident").await;
    revoke(&portal, &given).await;
    for (status, pause) in [(500, 30), (302, 60), (400, 120), (503, 240)] {
        receiver.set(status);
        assert_eq!(deliver(&portal).await, 1);
        advance(&portal, pause - 1);
        assert_eq!(deliver(&portal).await, 0, "not before {pause} seconds");
        advance(&portal, 1);
    }
    receiver.set(200);
    assert_eq!(deliver(&portal).await, 1);
    assert_eq!(receiver.take().len(), 1);
    portal.close().await;
}

#[actix_web::test]
async fn what_was_not_told_is_told_after_a_restart() {
    let receiver = Receiver::open();
    let portal = open(&receiver).await;
    let given = tokens(&portal, secret("shop"), "openid cases", "resident").await;
    receiver.set(503);
    revoke(&portal, &given).await;
    assert_eq!(deliver(&portal).await, 1);
    let database = portal.close().await;
    receiver.set(200);
    let city = City::found(database).await;
    city.ctx.clock.advance(chrono::TimeDelta::hours(1));
    assert_eq!(deliver_due(&city.ctx).await.unwrap(), 1);
    assert_eq!(receiver.take().len(), 1);
}

#[actix_web::test]
async fn a_client_that_never_answers_is_given_up_and_delays_nobody() {
    let receiver = Receiver::open();
    let portal = open(&receiver).await;
    let silent = client("silent", Channel::ThirdParty, |client| {
        // Nobody listens there.
        client.backchannel_logout_uri = Some(RedirectUri::parse("http://127.0.0.1:9/x").unwrap());
    });
    put(&portal.city.ctx, vec![silent]).await;
    for name in ["silent", "shop"] {
        let given = tokens(&portal, secret(name), "openid cases", "resident").await;
        let mut pairs = secret(name);
        pairs.push(("token", given["refresh_token"].as_str().unwrap().to_owned()));
        post(&portal, "/oauth2/revoke", &pairs, None).await;
    }
    assert_eq!(deliver(&portal).await, 2);
    assert_eq!(receiver.take().len(), 1);
    let mut attempts = 1;
    while attempts < 50 {
        advance(&portal, 12 * 3600);
        if deliver(&portal).await == 0 {
            break;
        }
        attempts += 1;
    }
    assert_eq!(attempts, 16);
    portal.close().await;
}

#[actix_web::test]
async fn a_logout_token_is_no_access_token() {
    let receiver = Receiver::open();
    let portal = open(&receiver).await;
    let given = tokens(&portal, secret("shop"), "openid cases", "resident").await;
    revoke(&portal, &given).await;
    deliver(&portal).await;
    let token = receiver.take().remove(0);
    let me = http().get(format!("{}/api/v1/me", portal.base_url)).bearer_auth(&token).send().await.unwrap();
    assert_eq!(me.status(), 401);
    portal.close().await;
}
