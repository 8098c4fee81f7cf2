//! A receipt and a history, looked at without the portal.

use serde_json::{Value, json};
use wanshitong::app::seals::SealKeys;
use wanshitong::app::verify::{attested, follows};

use super::{closed_road_case, events};
use crate::api::submitted_road_case;
use crate::support::{Database, Portal};

async fn receipt(portal: &Portal, who: &str, case: &str) -> String {
    let answer = portal.get(who, &format!("/api/v1/cases/{case}/receipt")).await.expect(200);
    answer["receipt"].as_str().unwrap().to_owned()
}

async fn keys(portal: &Portal) -> Value {
    portal.get("", "/.well-known/seal-keys.json").await.expect(200)
}

#[actix_web::test]
async fn a_receipt_tells_its_history_from_every_other() {
    let portal = Portal::open(Database::sqlite()).await;
    let who = "resident@web";
    let case = submitted_road_case(&portal, who).await;
    let early = receipt(&portal, who, &case).await;
    let keys = SealKeys::from_jwks(&keys(&portal).await).unwrap();
    let early = attested(&json!({ "receipt": early }).to_string(), &keys).unwrap();
    portal.act("counter_officer@counter", &case, "accept", json!({})).await;
    let history = events(&portal, who, &case).await;
    assert_eq!(follows(&early, &history.to_string()), Ok(1));

    let wrong = |history: &Value| follows(&early, &history.to_string()).unwrap_err();
    for (pointer, value) in [
        ("/items/1/event/material", json!("another")),
        ("/items/0/at", json!("2026-03-02T01:30:01Z")),
        ("/items/0/by/account", json!("00000000-0000-0000-0000-000000000000")),
        ("/items/1/provenance", json!({})),
    ] {
        let mut changed = history.clone();
        *changed.pointer_mut(pointer).unwrap() = value;
        assert!(wrong(&changed).contains("was changed"), "{pointer}");
    }
    let papers = history["items"].as_array().unwrap().iter().position(|event| event["papers"].is_array());
    let mut changed = history.clone();
    changed["items"][papers.unwrap()]["papers"][0]["sha256"] = json!("00");
    assert!(wrong(&changed).contains("was changed"));

    let mut shorter = history.clone();
    shorter["items"].as_array_mut().unwrap().truncate(2);
    assert!(wrong(&shorter).contains("taken away"));
    let mut holed = history.clone();
    holed["items"].as_array_mut().unwrap().remove(1);
    assert!(wrong(&holed).contains("record 2 is missing"));
    let other = closed_road_case(&portal).await;
    let other = events(&portal, who, &other).await;
    assert!(wrong(&other).contains("not the one attested"));
    assert!(wrong(&json!("x")).contains("does not read"));
    portal.close().await;
}

#[actix_web::test]
async fn a_receipt_no_key_of_the_portal_signed_is_none() {
    let portal = Portal::open(Database::sqlite()).await;
    let other = Portal::open(Database::elsewhere()).await;
    let who = "resident@web";
    let case = submitted_road_case(&portal, who).await;
    let jws = receipt(&portal, who, &case).await;
    let own = SealKeys::from_jwks(&keys(&portal).await).unwrap();
    assert_eq!(attested(&jws, &own).unwrap().0.case.to_string(), case);
    let foreign = SealKeys::from_jwks(&keys(&other).await).unwrap();
    assert!(attested(&jws, &foreign).is_err());
    for place in (0..jws.len()).step_by(7).chain([jws.len() - 1]) {
        let mut bytes = jws.clone().into_bytes();
        bytes[place] ^= 1;
        let Ok(changed) = String::from_utf8(bytes) else { continue };
        assert!(attested(&changed, &own).is_err(), "byte {place}");
    }
    // A key under the name of another.
    let mut mixed = keys(&portal).await;
    mixed["keys"][0]["kid"] = keys(&other).await["keys"][0]["kid"].clone();
    assert!(SealKeys::from_jwks(&mixed).err().unwrap().contains("not the one its name says"));
    portal.close().await;
    other.close().await;
}
