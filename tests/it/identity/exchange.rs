//! Acting for a principal (RFC 8693): only by a mandate, only while it lasts.

use serde_json::{Value, json};

use super::desk::{
    Key, Pairs, advance, app, audited, claims, client, header, me_with, post, public, put, redemption,
    refused, secret, tokens,
};
use crate::api::{road_draft, submitted_road_case};
use crate::support::{Database, Portal, Reply};
use wanshitong::domain::audit::AuditAction;
use wanshitong::domain::identity::Channel;
use wanshitong::store::AuditFilter;

const TOKEN: &str = "/oauth2/token";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

fn swap(portal: &Portal, mut client: Pairs, own: &Value, principal: &str) -> Pairs {
    client.extend([
        ("grant_type", GRANT.to_owned()),
        ("subject_token", own.as_str().unwrap().to_owned()),
        ("subject_token_type", ACCESS_TOKEN.to_owned()),
        ("principal", portal.city.person(principal)),
    ]);
    client
}

async fn open() -> Portal {
    let portal = Portal::open(Database::sqlite()).await;
    put(&portal.city.ctx, vec![app("app"), client("shop", Channel::ThirdParty, |_| {})]).await;
    portal
}

async fn own(portal: &Portal, client: Pairs, persona: &str) -> Value {
    tokens(portal, client, "openid profile cases", persona).await["access_token"].clone()
}

async fn exchanged(portal: &Portal) -> Value {
    let own = own(portal, public("app"), "agent").await;
    post(portal, TOKEN, &swap(portal, public("app"), &own, "resident"), None).await.expect(200)
}

async fn get(portal: &Portal, token: &Value, path: &str) -> Reply {
    portal.send(portal.request("", "GET", path).bearer_auth(token.as_str().unwrap())).await
}

#[actix_web::test]
async fn an_agent_gets_a_token_that_speaks_for_his_principal() {
    let portal = open().await;
    let own = own(&portal, public("app"), "agent").await;
    let given = post(&portal, TOKEN, &swap(&portal, public("app"), &own, "resident"), None).await.expect(200);
    assert_eq!(given["issued_token_type"], ACCESS_TOKEN);
    assert_eq!((&given["token_type"], &given["scope"]), (&json!("Bearer"), &json!("cases")));
    assert!(given["refresh_token"].is_null() && given["id_token"].is_null());
    let (before, after) = (claims(&own), claims(&given["access_token"]));
    assert_eq!(after["sub"], json!(portal.city.person("resident")));
    assert_eq!(after["act"]["sub"], before["sub"]);
    assert!(after["mandate"].is_string());
    for name in ["sid", "acr", "amr", "auth_time"] {
        assert_eq!(after[name], before[name], "{name}");
    }
    let me = me_with(&portal, &given["access_token"]).await.expect(200);
    assert_eq!(me["principal"], json!(portal.city.person("resident")));
    assert_eq!(me["person_id"], json!(portal.city.person("agent")));
    assert_eq!(me["mandates"].as_array().unwrap().len(), 1);
    assert!(me_with(&portal, &own).await.expect(200)["principal"].is_null());
    assert!(get(&portal, &given["access_token"], "/oauth2/userinfo").await.status == 403);
    assert!(
        audited(&portal.city.ctx).await.contains(&("token.exchanged", Some(portal.city.person("resident"))))
    );
    let filter = AuditFilter { action: Some(AuditAction::TokenExchanged), limit: 1, ..Default::default() };
    let entry = portal.city.ctx.store.list_audit(filter).await.unwrap().remove(0);
    assert_eq!(entry.details["kid"], header(&given["access_token"])["kid"], "it names the key");
    portal.close().await;
}

#[actix_web::test]
async fn it_opens_the_principals_cases_and_no_third_persons() {
    let portal = open().await;
    let case = submitted_road_case(&portal, "resident@web").await;
    let strange = road_draft(&portal, "second_resident@web", json!({})).await;
    let token = exchanged(&portal).await["access_token"].clone();
    get(&portal, &token, &format!("/api/v1/cases/{case}")).await.expect(200);
    get(&portal, &token, &format!("/api/v1/cases/{strange}")).await.problem(404);
    portal.close().await;
}

#[actix_web::test]
async fn it_ends_with_its_mandate_on_every_instance() {
    let portal = open().await;
    let other = portal.beside().await;
    let token = exchanged(&portal).await["access_token"].clone();
    for instance in [&portal, &other] {
        me_with(instance, &token).await.expect(200);
    }
    portal.city.database.tamper(
        "UPDATE mandates SET ended_at = valid_from; UPDATE epochs SET value = value + 1 WHERE name = 'identity'",
    );
    for instance in [&portal, &other] {
        let mut seen = wanshitong::app::upkeep::Seen::default();
        wanshitong::app::upkeep::catch_up(&instance.city.ctx, &mut seen).await.unwrap();
        me_with(instance, &token).await.problem(401);
    }
    let own = own(&portal, public("app"), "agent").await;
    let again = post(&portal, TOKEN, &swap(&portal, public("app"), &own, "resident"), None).await;
    refused(&again, 400, "invalid_grant");
    other.close().await;
    portal.close().await;
}

#[actix_web::test]
async fn it_outlasts_neither_the_mandate_nor_the_token_it_was_given_for() {
    let portal = open().await;
    portal.city.database.tamper("UPDATE mandates SET valid_until = valid_from + 120000000");
    portal.city.ctx.identity.reload(portal.city.ctx.clock.now()).await.unwrap();
    let given = exchanged(&portal).await;
    assert_eq!(given["expires_in"], 120);
    advance(&portal, 120);
    me_with(&portal, &given["access_token"]).await.problem(401);
    portal.close().await;

    let portal = open().await;
    let own = own(&portal, public("app"), "agent").await;
    advance(&portal, 400);
    let given = post(&portal, TOKEN, &swap(&portal, public("app"), &own, "resident"), None).await.expect(200);
    assert_eq!(given["expires_in"], 200);
    portal.close().await;
}

#[actix_web::test]
async fn without_a_mandate_nobody_speaks_for_anybody() {
    let portal = open().await;
    for (agent, principal) in [
        ("resident", "agent"),
        ("second_resident", "resident"),
        ("agent", "second_resident"),
        ("agent", "agent"),
    ] {
        let own = own(&portal, public("app"), agent).await;
        let reply = post(&portal, TOKEN, &swap(&portal, public("app"), &own, principal), None).await;
        refused(&reply, 400, "invalid_grant");
    }
    portal.close().await;
}

#[actix_web::test]
async fn only_ones_own_token_of_the_same_client_is_exchanged() {
    let portal = open().await;
    let own = own(&portal, public("app"), "agent").await;
    let swap = |client: Pairs, token: &Value| swap(&portal, client, token, "resident");
    refused(&post(&portal, TOKEN, &swap(secret("shop"), &own), None).await, 400, "invalid_grant");
    let given = post(&portal, TOKEN, &swap(public("app"), &own), None).await.expect(200);
    let chained = post(&portal, TOKEN, &swap(public("app"), &given["access_token"]), None).await;
    refused(&chained, 400, "invalid_grant");
    let mut credentials = secret("shop");
    credentials.push(("grant_type", "client_credentials".to_owned()));
    let of_client = post(&portal, TOKEN, &credentials, None).await.expect(200)["access_token"].clone();
    refused(&post(&portal, TOKEN, &swap(secret("shop"), &of_client), None).await, 400, "invalid_grant");
    refused(&post(&portal, TOKEN, &swap(public("app"), &json!("x.y.z")), None).await, 400, "invalid_grant");
    let mut elsewhere = swap(public("app"), &own);
    elsewhere.push(("audience", "https://elsewhere.example".to_owned()));
    refused(&post(&portal, TOKEN, &elsewhere, None).await, 400, "invalid_target");
    let mut more = swap(public("app"), &own);
    more.push(("scope", "cases profile".to_owned()));
    refused(&post(&portal, TOKEN, &more, None).await, 400, "invalid_scope");
    portal.close().await;
}

/// Whoever stole a bound token must not get rid of the key by exchanging it.
#[actix_web::test]
async fn a_bound_token_is_exchanged_with_its_key_alone() {
    let portal = open().await;
    let (key, thief) = (Key::new(), Key::new());
    let proof = |key: &Key| key.proof(&portal, "POST", TOKEN, None);
    let code = super::desk::code(&portal, "app", "cases", "agent").await;
    let pairs = redemption(&code, public("app"));
    let own = post(&portal, TOKEN, &pairs, Some(&proof(&key))).await.expect(200)["access_token"].clone();
    let pairs = swap(&portal, public("app"), &own, "resident");
    refused(&post(&portal, TOKEN, &pairs, None).await, 400, "invalid_dpop_proof");
    refused(&post(&portal, TOKEN, &pairs, Some(&proof(&thief))).await, 400, "invalid_dpop_proof");
    let given = post(&portal, TOKEN, &pairs, Some(&proof(&key))).await.expect(200);
    assert_eq!(given["token_type"], "DPoP");
    assert_eq!(claims(&given["access_token"])["cnf"]["jkt"], json!(key.thumbprint()));
    me_with(&portal, &given["access_token"]).await.problem(401);
    portal.close().await;
}

#[actix_web::test]
async fn a_third_party_sees_neither_the_agent_nor_the_principal() {
    let portal = open().await;
    let own = own(&portal, secret("shop"), "agent").await;
    let given =
        post(&portal, TOKEN, &swap(&portal, secret("shop"), &own, "resident"), None).await.expect(200);
    let (before, after) = (claims(&own), claims(&given["access_token"]));
    assert_eq!(after["act"]["sub"], before["sub"]);
    for sub in [&after["sub"], &after["act"]["sub"]] {
        assert_eq!(sub.as_str().unwrap().len(), 43, "{sub}");
        assert_ne!(*sub, json!(portal.city.person("resident")));
    }
    me_with(&portal, &given["access_token"]).await.expect(200);
    let mut ask = secret("shop");
    ask.push(("token", given["access_token"].as_str().unwrap().to_owned()));
    let found = post(&portal, "/oauth2/introspect", &ask, None).await.expect(200);
    assert_eq!((&found["sub"], &found["act"]["sub"]), (&after["sub"], &after["act"]["sub"]));
    portal.close().await;
}
