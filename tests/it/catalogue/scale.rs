//! Many guides: published directly by whoever holds the database, on both databases,
//! and listed without being compiled.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use chrono::TimeDelta;
use wanshitong::app::catalog::{self, FoundItem, Search};

use super::{AGENCY, ITEM, local};
use crate::support::{City, Database};

/// Thousands of variants of one agency's guide, told apart by their basic codes.
pub fn many(count: usize) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for number in 0..count {
        let code = format!("0005{:05}000", 50_000 + number);
        files.push((format!("item-{number}"), ITEM.replace("000599001000", &code)));
        files.push((format!("guide-{number}"), local(AGENCY, "").replace("000599001000", &code)));
    }
    files
}

async fn thousands_are_published(database: Database) {
    let city = City::found(database).await;
    let ctx = &city.ctx;
    let before = ctx.catalogue.lines().await.unwrap().len();
    let files = many(1100);
    let published = catalog::publish(ctx, files.clone()).await.unwrap().unwrap();
    assert_eq!(published.iter().filter(|one| one.is_new_version && one.version == 1).count(), 2200);
    let again = catalog::publish(ctx, files.clone()).await.unwrap().unwrap();
    assert!(again.iter().all(|one| !one.is_new_version), "nothing is new the second time");

    let lines = ctx.catalogue.lines().await.unwrap();
    assert_eq!(lines.len(), before + 1100);
    assert!(lines.is_sorted_by(|a, b| (&a.item, &a.code) < (&b.item, &b.code)));
    let ours: Vec<_> = lines.iter().filter(|line| line.about.aliases == ["样例补助"]).collect();
    assert_eq!(ours.len(), 1100);
    assert_eq!(ours[0].about.life_events, ["retirement"]);
    let search = Search { words: Some("样例补助".to_owned()), items: Some(7), ..Search::default() };
    let found = catalog::search(ctx, &search).await.unwrap();
    assert_eq!(found.len(), 7);
    let line = |item: &FoundItem| item.guides[0].clone();
    assert!(found.iter().all(|item| line(item).about.aliases == ["样例补助"]), "{found:?}");
    let rest = Search { after: found.last().map(|item| line(item).item.clone()), items: None, ..search };
    let rest = catalog::search(ctx, &rest).await.unwrap();
    // Words find the hundred best at the most, and no page repeats another.
    let items: BTreeSet<_> = found.iter().chain(&rest).map(|item| line(item).item.clone()).collect();
    assert_eq!(items.len(), found.len() + rest.len());
    assert!((80..=100).contains(&items.len()), "{}", items.len());
    let page = Search { items: Some(7), ..Search::default() };
    let found = catalog::search(ctx, &page).await.unwrap();
    let rest = Search { after: found.last().map(|item| line(item).item.clone()), items: None, ..page };
    let rest = catalog::search(ctx, &rest).await.unwrap();
    assert_eq!(found.iter().chain(&rest).map(|item| item.count).sum::<usize>(), lines.len());

    // One fault among them, and nothing is published.
    let mut faulty = files;
    for (_, yaml) in &mut faulty {
        yaml.push_str("# again\n");
    }
    let wrong = &mut faulty[1501].1;
    writeln!(wrong, "visits: many").unwrap();
    let faults = catalog::publish(ctx, faulty).await.unwrap().unwrap_err();
    assert_eq!((faults.problems.len(), faults.problems[0].file.as_str()), (1, "guide-750"));
    ctx.clock.advance(TimeDelta::seconds(1));
    let lines = ctx.catalogue.lines().await.unwrap();
    assert!(lines.iter().all(|line| line.version == 1));
}

#[actix_web::test]
async fn thousands_of_guides_are_published_at_once_and_listed() {
    thousands_are_published(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn thousands_of_guides_are_published_at_once_and_listed_on_postgres() {
    thousands_are_published(Database::postgres()).await;
}

/// Two instances publish at the same time: neither loses anything.
async fn two_instances_publish(database: Database) {
    let city = City::found(database).await;
    let other = city.another_instance().await;
    let files = many(40);
    let (one, two) = files.split_at(40);
    let (one, two) = futures_util::join!(
        catalog::publish(&city.ctx, one.to_vec()),
        catalog::publish(&other.ctx, two.to_vec())
    );
    assert_eq!((one.unwrap().unwrap().len(), two.unwrap().unwrap().len()), (40, 40));
    city.ctx.catalogue.forget_guides();
    let lines = city.ctx.catalogue.lines().await.unwrap();
    assert_eq!(lines.iter().filter(|line| line.about.aliases == ["样例补助"]).count(), 40);
}

#[actix_web::test]
async fn two_instances_publish_at_the_same_time() {
    two_instances_publish(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn two_instances_publish_at_the_same_time_on_postgres() {
    two_instances_publish(Database::postgres()).await;
}

#[actix_web::test]
async fn a_publication_leaves_other_guides_as_they_were_read_until_they_are_withdrawn() {
    let city = City::found(Database::sqlite()).await;
    let (files, catalogue) = (many(2), &city.ctx.catalogue);
    let publish = async |files: &[(String, String)]| {
        catalog::publish(&city.ctx, files.to_vec()).await.unwrap().unwrap();
    };
    let (first, second) = files.split_at(2);
    publish(first).await;
    let lines = catalogue.lines().await.unwrap();
    let code = &lines.iter().find(|line| line.about.aliases == ["样例补助"]).unwrap().code;
    let read = catalogue.current(code).await.unwrap().unwrap();
    publish(second).await;
    assert!(catalogue.held(code).is_none(), "which version is in force is asked anew");
    let again = catalogue.current(code).await.unwrap().unwrap();
    assert!(Arc::ptr_eq(&read, &again), "what it says is known");
    let at = city.ctx.clock.now();
    city.database.tamper(&format!("UPDATE guides SET withdrawn_at = published_at WHERE code = '{code}'"));
    catalogue.forget_guides();
    let withdrawn = catalogue.current(code).await.unwrap().unwrap();
    assert!(withdrawn.is_closed(at) && !read.is_closed(at));
}
