//! Finding a bundle: with the words of a resident, among bundles and beside items; by what
//! its guides are; and on every instance as it is now.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use wanshitong::app::upkeep::{self, Seen};

use super::*;

const SAMPLES: [&str; 3] = ["company", "newborn", "retirement"];

fn codes(lines: &Value) -> Vec<&str> {
    lines.as_array().unwrap().iter().map(|line| line["code"].as_str().unwrap()).collect()
}

/// The codes of the bundles found by this query.
async fn found(portal: &Portal, query: &str) -> Vec<String> {
    let page = portal.get("", &format!("/api/v1/bundles?{query}")).await.expect(200);
    codes(&page["items"]).into_iter().map(str::to_owned).collect()
}

/// Those named beside the items found by it.
async fn beside(portal: &Portal, query: &str) -> Vec<String> {
    let page = portal.get("", &format!("/api/v1/items?{query}")).await.expect(200);
    codes(&page["bundles"]).into_iter().map(str::to_owned).collect()
}

async fn found_as_residents_ask(database: Database) {
    let portal = Portal::open(database).await;
    for (typed, code) in [
        ("生孩子", "newborn"),
        ("小孩出生一件事", "newborn"),
        ("shenghaizi", "newborn"),
        ("开公司", "company"),
        ("企业开半", "company"),
        ("办退休", "retirement"),
    ] {
        assert_eq!(found(&portal, &format!("q={typed}")).await.first().map(String::as_str), Some(code));
        assert_eq!(beside(&portal, &format!("q={typed}")).await, [code], "{typed}");
    }
    assert_eq!(found(&portal, "q=护照过期换新").await, [""; 0]);
    // The item alone is meant, and no item.
    assert_eq!(beside(&portal, "q=生育津贴").await, [""; 0]);
    assert_eq!(beside(&portal, "q=一件事").await.len(), 3);
    // Where it does not serve it is not named.
    for (region, is_there) in [("340705005002", true), ("340706000000", false), ("340700000000", false)] {
        let query = format!("q=生孩子&region={region}");
        assert_eq!(found(&portal, &query).await.contains(&"newborn".to_owned()), is_there, "{region}");
        assert_eq!(beside(&portal, &query).await.contains(&"newborn".to_owned()), is_there, "{region}");
    }
    portal.close().await;
}

#[actix_web::test]
async fn a_bundle_is_found_as_residents_ask_for_it() {
    found_as_residents_ask(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn a_bundle_is_found_as_residents_ask_for_it_on_postgres() {
    found_as_residents_ask(Database::postgres()).await;
}

#[actix_web::test]
async fn a_bundle_is_about_what_its_guides_are_and_for_whom_it_begins_with() {
    let portal = Portal::open(Database::sqlite()).await;
    for (filter, codes) in [
        ("", &SAMPLES[..]),
        ("topic=housing", &["company", "retirement"]),
        ("topic=children", &["newborn"]),
        ("topic=nothing", &[]),
        ("life_event=business", &["company"]),
        // Some of its guides say so, and the bundle does not.
        ("life_event=work", &[]),
        ("audience=enterprise", &["company"]),
        // Who founds a company may be a person, whoever its later parts serve.
        ("audience=natural_person", &SAMPLES[..]),
        ("audience=administrative_organ", &[]),
        ("audience=enterprise&topic=children", &[]),
        ("topic=elderly&life_event=retirement&region=340705005002&q=退休", &["retirement"]),
    ] {
        assert_eq!(found(&portal, filter).await, codes, "{filter}");
    }
    assert_eq!(beside(&portal, "q=开公司&audience=administrative_organ").await, [""; 0]);
    portal.get("", "/api/v1/bundles?audience=everybody").await.problem(400);
    portal.close().await;
}

#[actix_web::test]
async fn pages_follow_each_other_and_bundles_stand_on_the_first_page_of_items_alone() {
    let portal = Portal::open(Database::sqlite()).await;
    for words in ["", "&q=一件事"] {
        let all = found(&portal, &format!("limit=100{words}")).await;
        let (mut paged, mut after) = (Vec::new(), String::new());
        loop {
            let page = portal.get("", &format!("/api/v1/bundles?limit=1{words}{after}")).await.expect(200);
            paged.extend(codes(&page["items"]).into_iter().map(str::to_owned));
            let Some(next) = page["next"].as_str() else { break };
            after = format!("&after={next}");
        }
        assert_eq!((&paged, all.len()), (&all, 3), "{words}");
    }
    let first = portal.get("", "/api/v1/items?q=公司&limit=1").await.expect(200);
    assert_eq!(codes(&first["bundles"]), ["company"]);
    let after = first["next"].as_str().unwrap();
    assert_eq!(beside(&portal, &format!("q=公司&limit=1&after={after}")).await, [""; 0]);
    // Without words nothing says that more than the items is meant.
    assert_eq!(beside(&portal, "life_event=birth").await, [""; 0]);
    portal.close().await;
}

async fn renewed_on_every_instance(database: Database) {
    let portal = portal(database).await;
    let other = portal.beside().await;
    let mut seen = Seen::default();
    for instance in [&portal, &other] {
        assert_eq!(found(instance, "q=喜得千金").await, [""; 0]);
    }
    let named = BUNDLE.replacen("life_events: [birth]", "life_events: [birth]\naliases: [喜得千金]", 1);
    assert_ne!(named, BUNDLE);
    publish(&portal, &[("newborn.yaml", &named)]).await;
    upkeep::catch_up(&other.city.ctx, &mut seen).await.unwrap();
    for instance in [&portal, &other] {
        assert_eq!(found(instance, "q=喜得千金").await, [CODE]);
        assert_eq!(beside(instance, "q=喜得千金").await, [CODE]);
    }
    let path = format!("/api/v1/admin/bundles/{CODE}/withdraw");
    assert_eq!(portal.post("publisher@web", &path, json!({})).await.status, 204);
    upkeep::catch_up(&other.city.ctx, &mut seen).await.unwrap();
    for instance in [&portal, &other] {
        assert_eq!(found(instance, "q=喜得千金").await, [""; 0]);
        assert_eq!(found(instance, "").await, SAMPLES);
    }
    other.close().await;
    portal.close().await;
}

#[actix_web::test]
async fn what_is_published_or_withdrawn_is_found_anew_on_every_instance() {
    renewed_on_every_instance(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn what_is_published_or_withdrawn_is_found_anew_on_every_instance_on_postgres() {
    renewed_on_every_instance(Database::postgres()).await;
}

/// Nothing is published that day: it begins.
#[actix_web::test]
async fn a_bundle_closes_on_the_day_a_guide_of_it_does() {
    let portal = portal(Database::sqlite()).await;
    let birth = "/api/v1/admin/guides/11340705MBWXT0517N4000723999001/withdraw";
    let body = json!({ "from": "2026-03-04" });
    assert_eq!(portal.post("publisher@web", birth, body).await.status, 204);
    let page = format!("/api/v1/bundles/{CODE}");
    let open = |shown: &Value| shown["is_open"].as_bool().unwrap();
    assert!(open(&portal.get("", &page).await.expect(200)));
    assert!(found(&portal, "q=新生儿出生").await.contains(&CODE.to_owned()));
    let clock = &portal.city.ctx.clock;
    let midnight: DateTime<Utc> = "2026-03-03T16:00:00Z".parse().unwrap();
    clock.advance(midnight - clock.now());
    assert!(!open(&portal.get("", &page).await.expect(200)));
    assert!(!found(&portal, "q=新生儿出生").await.contains(&CODE.to_owned()));
    portal.close().await;
}

#[actix_web::test]
async fn a_damaged_bundle_does_not_hide_the_others() {
    let portal = portal(Database::sqlite()).await;
    portal.city.database.tamper(&format!("UPDATE bundles SET yaml = 'kind: bundle' WHERE code = '{CODE}'"));
    portal.city.ctx.catalogue.forget_guides();
    assert_eq!(found(&portal, "").await, SAMPLES);
    assert_eq!(beside(&portal, "q=生孩子").await, ["newborn"]);
    assert!(crate::logs::said(&format!("bundle {CODE} version 1 no longer reads")));
    portal.close().await;
}
