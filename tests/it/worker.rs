//! What the worker does by itself, in real time, whatever else does not answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::watch;
use wanshitong::app::ports::{PortFuture, Sms};
use wanshitong::domain::audit::AuditAction;
use wanshitong::domain::cases::StateName;
use wanshitong::domain::codes::Mobile;
use wanshitong::domain::identity::Channel;
use wanshitong::domain::text::Text;
use wanshitong::store::AuditFilter;
use wanshitong::worker;

use crate::api::submitted_road_case;
use crate::identity::desk::{client, me_with, post, put, secret, tokens};
use crate::support::{Database, Portal};

/// A gateway that takes every message and never says a word.
#[derive(Default)]
struct Silent(AtomicUsize);

impl Sms for Silent {
    fn send<'a>(&'a self, _: &'a Mobile, _: &'a Text) -> PortFuture<'a, ()> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Box::pin(std::future::pending())
    }
}

/// Waits until something holds; gives for how long.
async fn until(mut holds: impl AsyncFnMut() -> bool) -> Duration {
    let begun = Instant::now();
    while !holds().await {
        assert!(begun.elapsed() < Duration::from_secs(30), "it does not come about");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    begun.elapsed()
}

async fn is_active(portal: &Portal, token: &Value) -> bool {
    let mut pairs = secret("shop");
    pairs.push(("token", token.as_str().unwrap().to_owned()));
    post(portal, "/oauth2/introspect", &pairs, None).await.expect(200)["active"] == json!(true)
}

/// Another instance learns of a revocation while its SMS gateway is dead, and stops
/// in order all the same.
async fn what_ended_here_is_known_there(database: Database) {
    let portal = Portal::open(database).await;
    put(&portal.city.ctx, vec![client("shop", Channel::ThirdParty, |_| {})]).await;
    let sms = Arc::new(Silent::default());
    let mut city = portal.city.another_instance().await;
    city.ctx.sms = sms.clone();
    let other = Portal::of(city);
    submitted_road_case(&portal, "resident@web").await;
    let (stop, stopping) = watch::channel(false);
    let working = actix_web::rt::spawn(worker::run(other.city.ctx.clone(), stopping));
    until(async || sms.0.load(Ordering::Relaxed) > 0).await;

    let mut took = Vec::new();
    for _ in 0..5 {
        let given = tokens(&portal, secret("shop"), "openid cases", "resident").await;
        me_with(&other, &given["access_token"]).await.expect(200);
        assert!(is_active(&other, &given["refresh_token"]).await);
        let mut pairs = secret("shop");
        pairs.push(("token", given["refresh_token"].as_str().unwrap().to_owned()));
        assert_eq!(post(&portal, "/oauth2/revoke", &pairs, None).await.status, 200);
        took.push(until(async || me_with(&other, &given["access_token"]).await.status == 401).await);
        assert!(!is_active(&other, &given["access_token"]).await);
        assert!(!is_active(&other, &given["refresh_token"]).await);
    }
    // The middle one: a machine that is busy with other tests may miss one.
    took.sort_unstable();
    assert!(took[2] < Duration::from_secs(1), "{took:?}");

    stop.send(true).unwrap();
    let begun = Instant::now();
    working.await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(20), "it waits for a gateway that never answers");
    assert_eq!(sms.0.load(Ordering::Relaxed), 1);
    other.close().await;
    portal.close().await;
}

#[actix_web::test]
async fn what_ended_here_is_known_there_within_a_second_though_the_sms_gateway_is_dead() {
    what_ended_here_is_known_there(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: tests/run"]
async fn what_ended_here_is_known_there_within_a_second_on_postgres() {
    what_ended_here_is_known_there(Database::postgres()).await;
}

/// The clock cannot look at cases that are not there; what else is due is done.
#[actix_web::test]
async fn a_chore_that_fails_keeps_no_other_from_being_done() {
    let portal = Portal::open(Database::sqlite()).await;
    let ctx = &portal.city.ctx;
    submitted_road_case(&portal, "resident@web").await;
    portal.city.database.tamper("ALTER TABLE cases RENAME TO cases_elsewhere");
    ctx.clock.advance(chrono::TimeDelta::minutes(1));
    let (stop, stopping) = watch::channel(false);
    let working = actix_web::rt::spawn(worker::run(ctx.clone(), stopping));
    let used = || AuditFilter { action: Some(AuditAction::KeyUsed), limit: 1, ..AuditFilter::default() };
    until(async || !ctx.store.list_audit(used()).await.unwrap().is_empty()).await;
    stop.send(true).unwrap();
    working.await.unwrap();
    portal.close().await;
}

/// Two instances, each with its worker: what is due happens, and once; nothing happens
/// again when they stop and another starts.
async fn what_is_due_happens_once(database: Database) {
    let portal = Portal::open(database).await;
    let other = Portal::of(portal.city.another_instance().await);
    let mut cases = Vec::new();
    for _ in 0..3 {
        cases.push(submitted_road_case(&portal, "resident@web").await);
    }
    // Five working days and a weekend, nothing said: 视为受理.
    let instances = [&portal.city.ctx, &other.city.ctx];
    for ctx in instances {
        ctx.clock.advance(chrono::TimeDelta::days(10));
    }
    let state = async |case: &str| {
        let case = case.parse().unwrap();
        instances[0].store.find_case(case).await.unwrap().unwrap().case.state.name()
    };
    let work = |ctx: &wanshitong::app::Ctx| {
        let (stop, stopping) = watch::channel(false);
        (stop, actix_web::rt::spawn(worker::run(ctx.clone(), stopping)))
    };
    let workers = instances.map(work);
    for case in &cases {
        until(async || state(case).await == StateName::Accepted).await;
    }
    for (stop, working) in workers {
        stop.send(true).unwrap();
        working.await.unwrap();
    }
    let third = portal.city.another_instance().await;
    third.ctx.clock.advance(chrono::TimeDelta::days(10));
    wanshitong::app::timers::run(&third.ctx).await.unwrap();
    for case in &cases {
        let stored = third.ctx.store.find_case(case.parse().unwrap()).await.unwrap().unwrap();
        let records = third.ctx.store.list_records(&stored).await.unwrap();
        let accepted = records.iter().filter(|record| record.event["type"] == "accepted").count();
        assert_eq!(accepted, 1, "{case}");
    }
    other.close().await;
    portal.close().await;
}

#[actix_web::test]
async fn what_is_due_happens_once_whichever_worker_gets_to_it() {
    what_is_due_happens_once(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: tests/run"]
async fn what_is_due_happens_once_whichever_worker_gets_to_it_on_postgres() {
    what_is_due_happens_once(Database::postgres()).await;
}
