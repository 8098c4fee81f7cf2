//! What third parties call a person: a name that holds within their sector and
//! leads back to nobody.

use serde_json::{Value, json};
use wanshitong::domain::identity::{Channel, RedirectUri};

use super::desk::{app, claims, client, me_with, post, public, put, refreshing, secret, tokens};
use crate::support::{Database, Portal};

/// `shop` and `sister` share a host, `stranger` has another.
async fn open() -> Portal {
    let portal = Portal::open(Database::sqlite()).await;
    let third = |id: &str| client(id, Channel::ThirdParty, |_| {});
    let stranger =
        client("stranger", Channel::ThirdParty, |client| client.sector = Some("stranger.cn".to_owned()));
    put(&portal.city.ctx, vec![third("shop"), third("sister"), stranger, app("app")]).await;
    portal
}

async fn sub(portal: &Portal, client: &str, persona: &str) -> String {
    let given = tokens(portal, secret(client), "openid cases", persona).await;
    claims(&given["access_token"])["sub"].as_str().unwrap().to_owned()
}

#[actix_web::test]
async fn every_endpoint_gives_a_third_party_the_same_name() {
    let portal = open().await;
    let given = tokens(&portal, secret("shop"), "openid profile cases", "resident").await;
    let name = claims(&given["access_token"])["sub"].clone();
    assert_eq!(name.as_str().unwrap().len(), 43);
    assert_eq!(claims(&given["id_token"])["sub"], name);
    let token = |name: &str| given[name].as_str().unwrap().to_owned();
    let info = portal.request("", "GET", "/oauth2/userinfo").bearer_auth(token("access_token"));
    assert_eq!(portal.send(info).await.expect(200)["sub"], name);
    for kind in ["access_token", "refresh_token"] {
        let mut ask = secret("shop");
        ask.push(("token", token(kind)));
        let found = post(&portal, "/oauth2/introspect", &ask, None).await.expect(200);
        assert_eq!((&found["active"], &found["sub"]), (&json!(true), &name), "{kind}");
    }
    let next = refreshing(&given["refresh_token"], secret("shop"));
    let next = post(&portal, "/oauth2/token", &next, None).await.expect(200);
    assert_eq!(claims(&next["access_token"])["sub"], name);
    portal.close().await;
}

#[actix_web::test]
async fn names_agree_within_a_sector_and_nowhere_else() {
    let portal = open().await;
    let shop = sub(&portal, "shop", "resident").await;
    assert_eq!(sub(&portal, "shop", "resident").await, shop);
    assert_eq!(sub(&portal, "sister", "resident").await, shop);
    assert_ne!(sub(&portal, "stranger", "resident").await, shop);
    assert_ne!(sub(&portal, "shop", "second_resident").await, shop);
    let own = tokens(&portal, public("app"), "openid cases", "resident").await;
    let account = super::desk::signed_in(&portal, "resident").await.account.to_string();
    assert_eq!(claims(&own["access_token"])["sub"], json!(account));
    assert!(!shop.contains(&account));
    portal.close().await;
}

#[actix_web::test]
async fn the_name_opens_what_the_person_may_on_every_instance() {
    let portal = open().await;
    let other = portal.beside().await;
    let token = tokens(&portal, secret("shop"), "openid cases", "resident").await["access_token"].clone();
    for instance in [&portal, &other] {
        // Once looked up, once remembered.
        for _ in 0..2 {
            let me = me_with(instance, &token).await.expect(200);
            assert_eq!(me["person_id"], json!(portal.city.person("resident")));
        }
    }
    other.close().await;
    portal.close().await;
}

#[actix_web::test]
async fn a_sector_outlasts_a_change_of_addresses() {
    let portal = open().await;
    let before = sub(&portal, "shop", "resident").await;
    let mut shop = portal.city.ctx.identity.client("shop").unwrap().as_ref().clone();
    assert_eq!(shop.sector.as_deref(), Some("shop.example.cn"));
    shop.redirect_uris.insert(0, RedirectUri::parse("https://new.example.cn/callback").unwrap());
    put(&portal.city.ctx, vec![shop]).await;
    assert_eq!(sub(&portal, "shop", "resident").await, before);
    portal.close().await;
}

#[actix_web::test]
async fn no_token_holds_a_name_or_a_number() {
    let portal = open().await;
    let persona = &portal.city.sheet.personas["resident"];
    for client in [secret("shop"), public("app")] {
        let given = tokens(&portal, client, "openid profile cases", "resident").await;
        for kind in ["access_token", "id_token"] {
            let said: Value = claims(&given[kind]);
            for private in [persona.name.as_str(), persona.account.as_str(), "340705199105125280"] {
                assert!(!said.to_string().contains(private), "{kind}: {said}");
            }
        }
    }
    portal.close().await;
}
