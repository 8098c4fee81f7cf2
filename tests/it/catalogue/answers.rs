//! What lies ready to be given says what somebody reads who asks the database, whatever
//! has happened to the catalogue meanwhile.

use std::sync::Arc;

use chrono::TimeDelta;
use serde_json::json;
use wanshitong::app::catalog::{self, Answer, GuideLine};
use wanshitong::domain::time::local_date;

use super::GUIDES;
use super::scale::many;
use crate::support::{City, Database, Portal};

fn unpacked(answer: &Answer) -> Vec<u8> {
    let mut text = Vec::new();
    let file = answer.body.gzip();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&file[..]), &mut text).unwrap();
    text
}

/// Every guide that takes cases lies ready, and says what an instance says that was just
/// started.
async fn is_up_to_date(city: &City, ready: &City, what: &str) {
    ready.ctx.catalogue.forget_guides();
    ready.ctx.catalogue.make_ready().await.unwrap();
    let new = city.another_instance().await;
    new.ctx.clock.advance(city.ctx.clock.now() - new.ctx.clock.now());
    let lines = new.ctx.catalogue.lines().await.unwrap();
    assert!(lines.len() > 3);
    for line in lines.iter() {
        let held = ready.ctx.catalogue.answer_held(&line.code).expect("lies ready");
        let read = new.ctx.catalogue.answer(&line.code).await.unwrap().unwrap();
        let of_version = new.ctx.catalogue.answer_of(&line.code, line.version).await.unwrap().unwrap();
        let text = read.body.plain();
        assert_eq!((held.version, held.withdrawn_at), (line.version, line.withdrawn_at), "{what}");
        for same in
            [held.body.plain(), of_version.body.plain(), unpacked(&held).into(), unpacked(&read).into()]
        {
            assert_eq!(same, text, "{what}: {}", line.code);
        }
    }
}

async fn what_lies_ready_is_true(database: Database) {
    let portal = Portal::open(database).await;
    let city = &portal.city;
    let ready = city.another_instance().await;
    let mut files = many(3);
    let publish = async |files: &[(String, String)]| {
        catalog::publish(&city.ctx, files.to_vec()).await.unwrap().unwrap();
    };
    let advance = |time: TimeDelta| [city, &ready].map(|instance| instance.ctx.clock.advance(time));
    publish(&files).await;
    is_up_to_date(city, &ready, "new guides").await;
    files[0].1 = files[0].1.replace("[elderly]", "[elderly, housing]");
    publish(&files[..1]).await;
    is_up_to_date(city, &ready, "an item has another version").await;
    let today = local_date(city.ctx.clock.now());
    let next_week = today + TimeDelta::days(7);
    files[3].1.push_str(&format!("effective_from: {next_week}\n"));
    publish(&files[3..4]).await;
    is_up_to_date(city, &ready, "a version is to come").await;
    advance(TimeDelta::days(8));
    is_up_to_date(city, &ready, "its day has come").await;

    let lines = city.ctx.catalogue.lines().await.unwrap();
    let code = &lines.iter().find(|line| line.about.aliases == ["样例补助"]).unwrap().code;
    let withdrawn = json!({"from": today + TimeDelta::days(10)});
    let done = portal.post("publisher@web", &format!("{GUIDES}/{code}/withdraw"), withdrawn).await;
    assert_eq!(done.status, 204);
    is_up_to_date(city, &ready, "a withdrawal is to come").await;
    let told = ready.ctx.catalogue.answer_held(code).unwrap();
    assert!(String::from_utf8_lossy(&told.body.plain()).contains("\"withdrawn_at\":\"20"));
    advance(TimeDelta::days(3));
    is_up_to_date(city, &ready, "it is withdrawn").await;
    assert!(ready.ctx.catalogue.answer_held(code).is_none(), "takes no cases, and is read when asked for");
    let asked = ready.ctx.catalogue.answer(code).await.unwrap().unwrap();
    assert_eq!(asked.withdrawn_at, told.withdrawn_at);
    assert!(ready.ctx.catalogue.answer_held(code).is_some());
    portal.close().await;
}

#[actix_web::test]
async fn what_lies_ready_is_what_somebody_reads_whatever_is_published_or_withdrawn() {
    what_lies_ready_is_true(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn what_lies_ready_is_what_somebody_reads_whatever_is_published_or_withdrawn_on_postgres() {
    what_lies_ready_is_true(Database::postgres()).await;
}

/// A guide that no longer reads, which does not happen, keeps the others from nothing.
#[actix_web::test]
async fn what_cannot_be_read_keeps_the_others_from_nothing() {
    let city = City::found(Database::sqlite()).await;
    catalog::publish(&city.ctx, many(3)).await.unwrap().unwrap();
    let lines = city.ctx.catalogue.lines().await.unwrap();
    let bad = lines.iter().find(|line| line.about.aliases == ["样例补助"]).unwrap().code.clone();
    city.database.tamper(&format!("UPDATE guides SET yaml = 'format: 99' WHERE code = '{bad}'"));
    city.ctx.catalogue.make_ready().await.unwrap();
    for line in lines.iter() {
        assert_eq!(city.ctx.catalogue.answer_held(&line.code).is_some(), line.code != bad);
    }
}

#[actix_web::test]
async fn what_is_made_of_the_lines_stays_when_none_of_them_changed() {
    let city = City::found(Database::sqlite()).await;
    let catalogue = &city.ctx.catalogue;
    catalog::publish(&city.ctx, many(2)).await.unwrap().unwrap();
    catalogue.make_ready().await.unwrap();
    let lines = catalogue.lines().await.unwrap();
    catalogue.forget_guides();
    assert!(Arc::ptr_eq(&lines, &catalogue.lines().await.unwrap()));
    catalog::publish(&city.ctx, many(3)).await.unwrap().unwrap();
    catalogue.make_ready().await.unwrap();
    let more = catalogue.lines().await.unwrap();
    assert_eq!(more.len(), lines.len() + 1);
    let same = |line: &Arc<GuideLine>| more.iter().any(|other| Arc::ptr_eq(line, other));
    assert!(lines.iter().all(same));
}
