//! Signing in at a kiosk by way of one's own phone (RFC 8628).

use futures_util::future::join_all;
use serde_json::{Value, json};
use wanshitong::app::AppError;
use wanshitong::app::identity::device::{self, Guesser, Verdict};
use wanshitong::domain::identity::{Channel, Grant};

use super::desk::{
    Pairs, advance, app, audited, claims, client, me_with, post, public, put, refreshing, refused, secret,
    signed_in,
};
use crate::support::{Database, Portal};

const TOKEN: &str = "/oauth2/token";
const DEVICE: &str = "/oauth2/device_authorization";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

async fn begin(portal: &Portal) -> Value {
    let pairs = vec![("client_id", "kiosk".to_owned()), ("scope", "openid cases".to_owned())];
    post(portal, DEVICE, &pairs, None).await.expect(200)
}

fn poll(codes: &Value, mut client: Pairs) -> Pairs {
    client.extend([
        ("grant_type", GRANT.to_owned()),
        ("device_code", codes["device_code"].as_str().unwrap().to_owned()),
    ]);
    client
}

fn user_code(codes: &Value) -> &str {
    codes["user_code"].as_str().unwrap()
}

async fn guesser(portal: &Portal, persona: &str) -> Guesser {
    Guesser { account: signed_in(portal, persona).await.account, from: "192.0.2.7".parse().unwrap() }
}

async fn approve(portal: &Portal, codes: &Value, persona: &str) -> Result<(), AppError> {
    let who = signed_in(portal, persona).await;
    device::decide(&portal.city.ctx, user_code(codes), Verdict::Approve(&who)).await
}

#[actix_web::test]
async fn a_person_lets_a_kiosk_sign_in_and_it_is_left_soon() {
    let portal = Portal::open(Database::sqlite()).await;
    let ctx = &portal.city.ctx;
    let codes = begin(&portal).await;
    assert_eq!((&codes["expires_in"], &codes["interval"]), (&json!(600), &json!(5)));
    let shown = user_code(&codes);
    assert!(shown.len() == 9 && &shown[4..5] == "-", "{shown}");
    let complete = codes["verification_uri_complete"].as_str().unwrap();
    assert!(complete.starts_with(codes["verification_uri"].as_str().unwrap()) && complete.ends_with(shown));

    let asking = poll(&codes, public("kiosk"));
    refused(&post(&portal, TOKEN, &asking, None).await, 400, "authorization_pending");
    let typed = format!(" {} ", shown.to_lowercase().replace('-', " "));
    let found = device::find(ctx, &typed, guesser(&portal, "resident").await).await.unwrap().unwrap();
    assert_eq!((found.client.id.as_str(), found.scopes.to_string().as_str()), ("kiosk", "openid cases"));
    assert_eq!(found.counter.map(|counter| counter.to_string()).as_deref(), Some("kiosk-340700-1"));
    approve(&portal, &codes, "resident").await.unwrap();

    advance(&portal, 5);
    let tokens = post(&portal, TOKEN, &asking, None).await.expect(200);
    let access = claims(&tokens["access_token"]);
    assert_eq!((&access["amr"], &access["client_id"]), (&json!(["pwd", "otp", "mfa"]), &json!("kiosk")));
    assert_eq!(tokens["expires_in"], 180);
    let me = me_with(&portal, &tokens["access_token"]).await.expect(200);
    assert_eq!(me["channel"], "kiosk");
    assert!(audited(ctx).await.contains(&("device.decided", Some("kiosk".to_owned()))));
    // A kiosk rests three minutes at the most.
    advance(&portal, 180);
    let refresh = refreshing(&tokens["refresh_token"], public("kiosk"));
    refused(&post(&portal, TOKEN, &refresh, None).await, 400, "invalid_grant");
    portal.close().await;
}

#[actix_web::test]
async fn a_device_code_gives_tokens_once_and_to_its_own_client() {
    let portal = Portal::open(Database::sqlite()).await;
    let other = client("other-kiosk", Channel::Kiosk, |client| {
        client.authentication = wanshitong::domain::identity::Authentication::Public;
        client.grants = [Grant::DeviceCode].into();
    });
    put(&portal.city.ctx, vec![other]).await;
    let codes = begin(&portal).await;
    approve(&portal, &codes, "resident").await.unwrap();
    refused(&post(&portal, TOKEN, &poll(&codes, public("other-kiosk")), None).await, 400, "invalid_grant");
    let asking = poll(&codes, public("kiosk"));
    let answers = join_all((0..10).map(|_| post(&portal, TOKEN, &asking, None))).await;
    let granted: Vec<_> = answers.iter().filter(|reply| reply.status == 200).collect();
    assert_eq!(granted.len(), 1);
    for reply in answers.iter().filter(|reply| reply.status != 200) {
        refused(reply, 400, "invalid_grant");
    }
    refused(&post(&portal, TOKEN, &asking, None).await, 400, "invalid_grant");
    let mut unknown = asking.clone();
    unknown.last_mut().unwrap().1 = "x".repeat(43);
    refused(&post(&portal, TOKEN, &unknown, None).await, 400, "invalid_grant");
    portal.close().await;
}

#[actix_web::test]
async fn a_device_that_asks_too_often_is_slowed_down_for_good() {
    let portal = Portal::open(Database::sqlite()).await;
    let asking = poll(&begin(&portal).await, public("kiosk"));
    // Of the ten seconds nine are enough: the network may have taken the rest.
    for (wait, told) in [
        (0, "authorization_pending"),
        (1, "slow_down"),
        (9, "authorization_pending"),
        (15, "authorization_pending"),
        (6, "slow_down"),
    ] {
        advance(&portal, wait);
        refused(&post(&portal, TOKEN, &asking, None).await, 400, told);
    }
    portal.close().await;
}

#[actix_web::test]
async fn what_a_person_denies_or_leaves_alone_gives_nothing() {
    let portal = Portal::open(Database::sqlite()).await;
    let ctx = &portal.city.ctx;
    let codes = begin(&portal).await;
    let account = signed_in(&portal, "resident").await.account;
    device::decide(ctx, user_code(&codes), Verdict::Deny { account }).await.unwrap();
    refused(&post(&portal, TOKEN, &poll(&codes, public("kiosk")), None).await, 400, "access_denied");
    // It was decided: nobody can agree to it afterwards, or see it.
    assert!(matches!(approve(&portal, &codes, "resident").await, Err(AppError::Refused(_))));
    let me = guesser(&portal, "resident").await;
    assert!(device::find(ctx, user_code(&codes), me).await.unwrap().is_none());

    let late = begin(&portal).await;
    advance(&portal, 600);
    refused(&post(&portal, TOKEN, &poll(&late, public("kiosk")), None).await, 400, "expired_token");
    assert!(device::find(ctx, user_code(&late), me).await.unwrap().is_none());
    assert!(matches!(approve(&portal, &late, "resident").await, Err(AppError::Refused(_))));
    portal.close().await;
}

#[actix_web::test]
async fn two_who_decide_at_once_decide_once() {
    let portal = Portal::open(Database::sqlite()).await;
    let codes = begin(&portal).await;
    let decided = join_all((0..6).map(|_| approve(&portal, &codes, "resident"))).await;
    assert_eq!(decided.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    portal.close().await;
}

#[actix_web::test]
async fn codes_are_not_guessed() {
    let portal = Portal::open(Database::sqlite()).await;
    let ctx = &portal.city.ctx;
    let me = guesser(&portal, "resident").await;
    let codes = begin(&portal).await;
    // A right code costs nothing, however often.
    for _ in 0..20 {
        assert!(device::find(ctx, user_code(&codes), me).await.unwrap().is_some());
    }
    let mut wrong = 0;
    let stopped = loop {
        match device::find(ctx, "BBBB-BBBB", me).await {
            Ok(found) => assert!(found.is_none()),
            Err(error) => break error,
        }
        wrong += 1;
        assert!(wrong < 50, "guessing goes on for ever");
    };
    assert!(matches!(stopped, AppError::TooMany { .. }), "{stopped:?}");
    // Nor does the right one help now; somebody else is not concerned.
    assert!(matches!(device::find(ctx, user_code(&codes), me).await, Err(AppError::TooMany { .. })));
    let other = guesser(&portal, "second_resident").await;
    assert!(device::find(ctx, user_code(&codes), other).await.unwrap().is_some());
    assert!(matches!(device::find(ctx, "not a code", other).await, Err(AppError::Invalid(_))));

    // Deciding without having found is guessing too.
    let who = signed_in(&portal, "agent").await;
    let mut stopped = false;
    for _ in 0..50 {
        let outcome = device::decide(ctx, "BBBB-BBBB", Verdict::Approve(&who)).await;
        stopped |= matches!(outcome, Err(AppError::TooMany { .. }));
    }
    assert!(stopped);
    portal.close().await;
}

#[actix_web::test]
async fn only_a_client_that_may_begins_and_for_what_it_may() {
    let portal = Portal::open(Database::sqlite()).await;
    put(&portal.city.ctx, vec![app("app"), client("shop", Channel::ThirdParty, |_| {})]).await;
    let ask = |mut client: Pairs, scope: &str| {
        client.push(("scope", scope.to_owned()));
        client
    };
    refused(&post(&portal, DEVICE, &ask(public("web"), "cases"), None).await, 400, "unauthorized_client");
    refused(&post(&portal, DEVICE, &ask(public("shop"), "cases"), None).await, 401, "invalid_client");
    refused(&post(&portal, DEVICE, &ask(secret("shop"), "staff"), None).await, 400, "invalid_scope");
    refused(&post(&portal, DEVICE, &ask(secret("shop"), ""), None).await, 400, "invalid_scope");
    post(&portal, DEVICE, &ask(secret("shop"), "cases"), None).await.expect(200);
    portal.close().await;
}
