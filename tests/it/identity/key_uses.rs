//! How often each secret key was used, for what and when, is in the audit trail; and
//! no use costs a write of its own.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use wanshitong::app::{Ctx, upkeep};
use wanshitong::domain::audit::{AuditAction, AuditEntry};
use wanshitong::domain::identity::Channel;
use wanshitong::store::AuditFilter;

use super::desk::{
    advance, app, audited, client, header, now, post, public, put, refreshing, secret, tokens,
};
use crate::api::submitted_road_case;
use crate::support::{Database, Portal};

const TOKEN: &str = "/oauth2/token";

async fn open(database: Database) -> Portal {
    let portal = Portal::open(database).await;
    put(&portal.city.ctx, vec![app("app"), client("shop", Channel::ThirdParty, |_| {})]).await;
    // What founding the city took is on record and out of the way.
    upkeep::wind_up(&portal.city.ctx).await.unwrap();
    portal
}

async fn entries(ctx: &Ctx) -> Vec<AuditEntry> {
    let filter = AuditFilter { action: Some(AuditAction::KeyUsed), limit: 1000, ..AuditFilter::default() };
    ctx.store.list_audit(filter).await.unwrap()
}

/// By key and purpose, what the entries of the period that ended now count.
async fn counted(portal: &Portal) -> BTreeMap<(String, String), u64> {
    let mut counted = BTreeMap::new();
    for entry in entries(&portal.city.ctx).await.into_iter().filter(|entry| entry.at == now(portal)) {
        let purpose = entry.details["purpose"].as_str().unwrap().to_owned();
        let count = entry.details["count"].as_u64().unwrap();
        assert!(count > 0, "{entry:?}");
        let place = (entry.subject.unwrap(), purpose);
        assert_eq!(counted.insert(place, count), None, "one entry for each key and purpose");
    }
    counted
}

fn kid(token: &Value) -> String {
    header(token)["kid"].as_str().unwrap().to_owned()
}

async fn refreshed(portal: &Portal, given: &Value) -> Value {
    let pairs = refreshing(&given["refresh_token"], public("app"));
    post(portal, TOKEN, &pairs, None).await.expect(200)
}

async fn every_signature_is_counted(database: Database) {
    let portal = open(database).await;
    let ctx = &portal.city.ctx;
    advance(&portal, 60);
    upkeep::record_key_uses(ctx).await.unwrap();
    let mut given = tokens(&portal, public("app"), "openid cases", "resident").await;
    let before = audited(ctx).await;
    for _ in 0..5 {
        given = refreshed(&portal, &given).await;
    }
    let case = submitted_road_case(&portal, "resident@web").await;
    let receipt = portal.get("resident@web", &format!("/api/v1/cases/{case}/receipt")).await.expect(200);
    advance(&portal, 59);
    upkeep::record_key_uses(ctx).await.unwrap();
    assert_eq!(audited(ctx).await, before, "the minute is not over, and no use is a write");

    advance(&portal, 1);
    upkeep::record_key_uses(ctx).await.unwrap();
    let counted = counted(&portal).await;
    let times = |kid: &str, purpose: &str| counted.get(&(kid.to_owned(), purpose.to_owned())).copied();
    let token_key = kid(&given["access_token"]);
    assert_eq!(times(&token_key, "sign.at+jwt"), Some(6), "{counted:#?}");
    assert_eq!(times(&token_key, "sign.JWT"), Some(6), "{counted:#?}");
    assert_eq!(times(&kid(&receipt["receipt"]), "sign.receipt+jwt"), Some(1), "{counted:#?}");
    // A person's name and number were opened, a case's key made; numbers were looked up.
    for (key, purpose) in
        [("master.seal", "open.persons"), ("master.seal", "seal.cases"), ("master.index", "index.mobile")]
    {
        assert!(times(key, purpose).is_some(), "{purpose}: {counted:#?}");
    }
    let one =
        entries(ctx).await.into_iter().find(|entry| entry.subject.as_deref() == Some(&token_key)).unwrap();
    assert_eq!(one.details["from"], json!("2026-03-02T01:31:00Z"));
    assert_eq!(one.details["until"], json!("2026-03-02T01:32:00Z"));

    // Nobody did anything: nothing is written, and the next period begins later.
    let before = audited(ctx).await;
    advance(&portal, 60);
    upkeep::record_key_uses(ctx).await.unwrap();
    assert_eq!(audited(ctx).await, before);
    refreshed(&portal, &given).await;
    advance(&portal, 5);
    upkeep::wind_up(ctx).await.unwrap();
    let last =
        entries(ctx).await.into_iter().find(|entry| entry.subject.as_deref() == Some(&token_key)).unwrap();
    let told = [&last.details["count"], &last.details["from"], &last.details["until"]];
    assert_eq!(told, [&json!(1), &json!("2026-03-02T01:33:00Z"), &json!("2026-03-02T01:33:05Z")]);
    portal.close().await;
}

#[actix_web::test]
async fn every_signature_is_counted_and_put_on_record_once_a_minute() {
    every_signature_is_counted(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: tests/run"]
async fn every_signature_is_counted_and_put_on_record_on_postgres() {
    every_signature_is_counted(Database::postgres()).await;
}

#[actix_web::test]
async fn each_instance_tells_what_it_did() {
    let portal = open(Database::sqlite()).await;
    let other = portal.beside().await;
    upkeep::wind_up(&other.city.ctx).await.unwrap();
    let given = tokens(&portal, public("app"), "cases", "resident").await;
    let given = refreshed(&other, &given).await;
    refreshed(&other, &given).await;
    let place = (kid(&given["access_token"]), "sign.at+jwt".to_owned());
    let mut told = Vec::new();
    for instance in [&portal, &other] {
        advance(&portal, 60);
        advance(&other, 60);
        upkeep::record_key_uses(&instance.city.ctx).await.unwrap();
        told.push(counted(&portal).await[&place]);
    }
    assert_eq!(told, [1, 2]);
    other.close().await;
    portal.close().await;
}

#[actix_web::test]
async fn what_could_not_be_put_on_record_is_counted_on() {
    let portal = open(Database::sqlite()).await;
    let ctx = &portal.city.ctx;
    let given = tokens(&portal, public("app"), "cases", "resident").await;
    portal.city.database.tamper("ALTER TABLE audit RENAME TO audit_away");
    advance(&portal, 60);
    upkeep::record_key_uses(ctx).await.unwrap_err();
    refreshed(&portal, &given).await;
    portal.city.database.tamper("ALTER TABLE audit_away RENAME TO audit");
    advance(&portal, 1);
    upkeep::record_key_uses(ctx).await.unwrap();
    let place = (kid(&given["access_token"]), "sign.at+jwt".to_owned());
    assert_eq!(counted(&portal).await[&place], 2);
    let entry = entries(ctx).await.into_iter().find(|entry| entry.subject.as_deref() == Some(&place.0));
    assert_eq!(
        entry.unwrap().details["from"],
        json!("2026-03-02T01:30:00Z"),
        "since the last that was written"
    );
    portal.close().await;
}

#[actix_web::test]
async fn a_logout_token_is_a_use_too_and_a_retired_key_is_told_from_its_successor() {
    let portal = Portal::open(Database::sqlite()).await;
    let ctx = &portal.city.ctx;
    let shop = client("shop", Channel::ThirdParty, |client| {
        let nobody = wanshitong::domain::identity::RedirectUri::parse("http://127.0.0.1:9/x");
        client.backchannel_logout_uri = Some(nobody.unwrap());
    });
    put(ctx, vec![shop]).await;
    let old = tokens(&portal, secret("shop"), "openid cases", "resident").await;
    ctx.identity.rotate_keys(now(&portal)).await.unwrap();
    upkeep::wind_up(ctx).await.unwrap();
    advance(&portal, 600);
    let new = tokens(&portal, secret("shop"), "openid cases", "resident").await;
    let (old_kid, new_kid) = (kid(&old["access_token"]), kid(&new["access_token"]));
    assert_ne!(old_kid, new_kid);
    let mut pairs = secret("shop");
    pairs.push(("token", new["refresh_token"].as_str().unwrap().to_owned()));
    assert_eq!(post(&portal, "/oauth2/revoke", &pairs, None).await.status, 200);
    wanshitong::app::identity::sign_outs::deliver_due(ctx).await.unwrap();
    upkeep::record_key_uses(ctx).await.unwrap();
    let counted = counted(&portal).await;
    let purposes: Vec<&str> =
        counted.keys().filter(|(kid, _)| *kid == new_kid).map(|(_, purpose)| purpose.as_str()).collect();
    assert_eq!(purposes, ["sign.JWT", "sign.at+jwt", "sign.logout+jwt"]);
    assert!(counted.keys().all(|(kid, _)| *kid != old_kid), "{counted:#?}");
    portal.close().await;
}

/// An auditor asks for a key and finds its making and its uses; he learns nothing of
/// whose data it opened.
#[actix_web::test]
async fn an_auditor_reads_how_often_a_key_was_used_and_nothing_of_whom() {
    let portal = open(Database::sqlite()).await;
    let given = tokens(&portal, public("app"), "cases", "resident").await;
    advance(&portal, 60);
    upkeep::record_key_uses(&portal.city.ctx).await.unwrap();
    let path = format!("/api/v1/admin/audit?subject={}", kid(&given["access_token"]));
    let page = portal.get("auditor@web", &path).await.expect(200);
    let actions: Vec<&str> =
        page["items"].as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert!(actions[0] == "key.used" && actions.contains(&"key.made"), "{actions:?}");
    let account = portal.city.account("resident").await.to_string();
    for entry in entries(&portal.city.ctx).await {
        let text = entry.details.to_string();
        assert!(entry.account.is_none() && !text.contains(&account), "{text}");
        let purpose = entry.details["purpose"].as_str().unwrap();
        let (act, what) = purpose.split_once('.').unwrap();
        assert!(["sign", "seal", "open", "index"].contains(&act), "{purpose}");
        assert!(what.chars().all(|c| c.is_ascii_alphabetic() || "_+-".contains(c)), "{purpose}");
    }
    portal.close().await;
}
