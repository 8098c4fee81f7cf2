//! What the protocol does with the database, on PostgreSQL. Each statement that is
//! written apart for it is met here, many at once.

use futures_util::future::join_all;
use serde_json::{Value, json};
use wanshitong::app::identity::device::{self, Guesser, Verdict};
use wanshitong::app::identity::{oauth, sign_outs};
use wanshitong::domain::identity::{Authentication, Channel, RedirectUri};

use super::desk::{
    Key, Pairs, advance, app, claims, client, code_of, header, me, me_with, parameters, post, public, put,
    redemption, refreshing, refused, request_of, secret, signed_in, tokens,
};
use crate::support::{Database, Portal};

const TOKEN: &str = "/oauth2/token";

async fn open(key: &Key) -> Portal {
    let portal = Portal::open(Database::postgres()).await;
    let shop = client("shop", Channel::ThirdParty, |client| {
        client.backchannel_logout_uri = Some(RedirectUri::parse("http://127.0.0.1:9/x").unwrap());
    });
    let bank = client("bank", Channel::ThirdParty, |client| {
        client.authentication = Authentication::PrivateKeyJwt(key.set());
    });
    put(&portal.city.ctx, vec![shop, bank, app("app")]).await;
    portal
}

/// Many sessions refreshed at once, each by two: every pair gets one successor.
#[actix_web::test]
#[ignore = "needs PostgreSQL: tests/run"]
async fn refreshes_in_one_batch_do_not_disturb_each_other_on_postgres() {
    let portal = open(&Key::new()).await;
    let mut sessions = Vec::new();
    for _ in 0..20 {
        sessions.push(tokens(&portal, public("app"), "cases", "resident").await);
    }
    let used: Vec<Pairs> = sessions
        .iter()
        .flat_map(|tokens| {
            let pairs = refreshing(&tokens["refresh_token"], public("app"));
            [pairs.clone(), pairs]
        })
        .collect();
    let replies = join_all(used.iter().map(|pairs| post(&portal, TOKEN, pairs, None))).await;
    let next: Vec<Value> = replies.into_iter().map(|reply| reply.expect(200)).collect();
    let mut distinct: Vec<&str> =
        next.iter().map(|tokens| tokens["refresh_token"].as_str().unwrap()).collect();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), 20);
    // One is replayed among many good ones: it alone ends.
    advance(&portal, 10);
    let mut mixed = vec![used[0].clone()];
    mixed.extend(
        next.iter().skip(2).step_by(2).map(|tokens| refreshing(&tokens["refresh_token"], public("app"))),
    );
    let replies = join_all(mixed.iter().map(|pairs| post(&portal, TOKEN, pairs, None))).await;
    refused(&replies[0], 400, "invalid_grant");
    assert!(replies[1..].iter().all(|reply| reply.status == 200));
    me_with(&portal, &next[0]["access_token"]).await.problem(401);
    portal.close().await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: tests/run"]
async fn proofs_are_good_once_on_postgres() {
    let key = Key::new();
    let portal = open(&key).await;
    let other = portal.beside().await;
    let mut statement = key.assertion(&portal, "bank");
    statement.push(("grant_type", "client_credentials".to_owned()));
    let instances = [&portal, &other, &portal, &other, &portal, &other];
    let replies = join_all(instances.map(|instance| post(instance, TOKEN, &statement, None))).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 1);
    assert!(replies.iter().all(|reply| reply.status < 500));

    let code = code_of(&portal, &request_of("app", "cases"), "resident").await;
    let proof = key.proof(&portal, "POST", TOKEN, None);
    let given = post(&portal, TOKEN, &redemption(&code, public("app")), Some(&proof)).await.expect(200);
    let token = given["access_token"].as_str().unwrap();
    let proof = key.proof(&portal, "GET", "/api/v1/me", Some(token));
    let authorization = format!("DPoP {token}");
    let replies = join_all(instances.map(|instance| me(instance, &authorization, Some(&proof)))).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 1);
    advance(&portal, 120);
    wanshitong::app::upkeep::sweep_proofs(&portal.city.ctx).await.unwrap();
    other.close().await;
    portal.close().await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: tests/run"]
async fn pushed_requests_and_device_codes_are_used_once_on_postgres() {
    let portal = open(&Key::new()).await;
    let ctx = &portal.city.ctx;
    let pushed = post(&portal, "/oauth2/par", &request_of("app", "cases"), None).await.expect(201);
    let arriving: Pairs =
        vec![("client_id", "app".into()), ("request_uri", pushed["request_uri"].as_str().unwrap().into())];
    let (request, _) = oauth::check(ctx, &parameters(&arriving)).await.unwrap().unwrap();
    let who = signed_in(&portal, "resident").await;
    let granted = join_all((0..5).map(|_| oauth::grant_code(ctx, &request, &who))).await;
    assert_eq!(granted.iter().filter(|code| code.is_ok()).count(), 1);

    let mut asking = public("kiosk");
    asking.push(("scope", "cases".to_owned()));
    let codes = post(&portal, "/oauth2/device_authorization", &asking, None).await.expect(200);
    let guesser = Guesser { account: who.account, from: "192.0.2.7".parse().unwrap() };
    let user_code = codes["user_code"].as_str().unwrap();
    assert!(device::find(ctx, user_code, guesser).await.unwrap().is_some());
    let mut poll = public("kiosk");
    poll.extend([
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code".to_owned()),
        ("device_code", codes["device_code"].as_str().unwrap().to_owned()),
    ]);
    refused(&post(&portal, TOKEN, &poll, None).await, 400, "authorization_pending");
    let decided = join_all((0..4).map(|_| device::decide(ctx, user_code, Verdict::Approve(&who)))).await;
    assert_eq!(decided.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    let replies = join_all((0..6).map(|_| post(&portal, TOKEN, &poll, None))).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 1);
    portal.close().await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: tests/run"]
async fn clients_keys_and_sign_outs_are_kept_on_postgres() {
    let portal = open(&Key::new()).await;
    let ctx = &portal.city.ctx;
    let made = portal
        .post(
            "admin@web",
            "/api/v1/clients",
            json!({
                "id": "made", "channel": "third_party", "name": {"zh": "某应用", "en": "Some app"},
                "authentication": "client_secret", "grants": ["client_credentials"], "scopes": ["cases"],
            }),
        )
        .await
        .expect(201);
    let secret_of = made["secret"].as_str().unwrap().to_owned();
    let own = vec![
        ("client_id", "made".to_owned()),
        ("client_secret", secret_of),
        ("grant_type", "client_credentials".to_owned()),
    ];
    post(&portal, TOKEN, &own, None).await.expect(200);
    let switch =
        portal.request("admin@web", "POST", "/api/v1/clients/made/disable").header("if-match", "\"v1\"");
    portal.send(switch).await.expect(200);
    refused(&post(&portal, TOKEN, &own, None).await, 401, "invalid_client");

    let old = tokens(&portal, secret("shop"), "openid cases", "resident").await;
    assert!(ctx.identity.rotate_keys(ctx.clock.now()).await.unwrap());
    advance(&portal, 600);
    let new = tokens(&portal, secret("shop"), "openid cases", "resident").await;
    assert_ne!(header(&old["access_token"])["kid"], header(&new["access_token"])["kid"]);
    assert_eq!(claims(&old["access_token"])["sub"], claims(&new["access_token"])["sub"]);
    me_with(&portal, &new["access_token"]).await.expect(200);

    let mut pairs = secret("shop");
    pairs.push(("token", new["refresh_token"].as_str().unwrap().to_owned()));
    assert_eq!(post(&portal, "/oauth2/revoke", &pairs, None).await.status, 200);
    assert_eq!(sign_outs::deliver_due(ctx).await.unwrap(), 1);
    assert_eq!(sign_outs::deliver_due(ctx).await.unwrap(), 0, "nobody listens there; not before the pause");
    advance(&portal, 30);
    assert_eq!(sign_outs::deliver_due(ctx).await.unwrap(), 1);
    portal.close().await;
}
