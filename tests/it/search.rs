//! The quality of the catalogue search, on the judged list.

use std::collections::HashSet;

use wanshitong::app::catalog::{self, Search};
use wanshitong::app::search::{Query, SearchIndex};
use wanshitong::domain::codes::RegionCode;

use crate::support::{Database, Portal};

#[path = "../search/judged.rs"]
mod judged;

/// What is wrong is printed with every phrasing that was not answered first.
#[test]
fn residents_find_what_they_mean() {
    let index = SearchIndex::build(judged::entries()).unwrap();
    let queries = judged::queries();
    assert!(queries.len() >= 150);
    for query in &queries {
        let (rank, first) = judged::judge(&index, query, None);
        if rank < 1.0 {
            println!("{rank:.2} {} expected {:?}, first {first:?}", query.words, query.expected);
        }
    }
    for (kind, (count, mean)) in judged::by_kind(&index) {
        println!("{kind:12} {count:4} {mean:.3}");
    }
    let mean = judged::mean_reciprocal_rank(&index, None);
    println!("MRR@10 {mean:.4}");
    assert!(mean >= 0.9, "MRR@10 is {mean:.3}");
    for (typed, least) in judged::Typed::ALL.into_iter().zip([0.9, 0.9, 0.75]) {
        let (count, mean) = judged::retyped(&index, typed);
        println!("{count} typed as {typed:?} without blanks {mean:.4}");
        assert!(mean >= least, "typed as {typed:?} it is {mean:.3}");
    }
}

/// An item answers a phrasing because it is understood, not because it was written down.
#[test]
fn most_phrasings_stand_in_no_item() {
    let entries = judged::entries();
    let written: HashSet<&str> = entries
        .iter()
        .flat_map(|entry| {
            entry.description.aliases.iter().chain([&entry.description.name.zh, &entry.description.name.en])
        })
        .map(String::as_str)
        .collect();
    let queries = judged::queries();
    let repeated = queries.iter().filter(|query| written.contains(query.words.as_str())).count();
    assert!(repeated * 2 <= queries.len(), "{repeated} of {} are repeated", queries.len());
    let items: HashSet<&str> = entries.iter().map(|entry| entry.item.as_str()).collect();
    let asked: HashSet<&str> = queries.iter().flat_map(|query| &query.expected).map(String::as_str).collect();
    assert_eq!(items, asked, "every item is asked for, and no other");
}

/// Somebody who looks for one item is told of the bundle when he means all of it, and not
/// when he means the item: the judged list says which.
#[test]
fn residents_find_the_bundles_they_mean() {
    let items = SearchIndex::build(judged::entries()).unwrap();
    let index = SearchIndex::build(judged::bundle_entries()).unwrap();
    let (count, wrong) = judged::judge_bundles(&items, &index);
    assert!(count >= 40);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What all bundles are called finds all of them; beside other words it finds none.
#[test]
fn what_every_bundle_is_called_leads_to_all_of_them() {
    let index = SearchIndex::build(judged::bundle_entries()).unwrap();
    let found = |words: &str| {
        let query = Query { words: words.to_owned(), limit: 10, ..Query::default() };
        let mut codes: Vec<String> = index.search(&query).unwrap().into_iter().map(|hit| hit.item).collect();
        codes.sort();
        codes
    };
    for words in ["一件事", "高效办成一件事", "一件事一次办", "yijianshi"] {
        assert_eq!(found(words), ["company", "newborn", "retirement"], "{words}");
    }
    assert_eq!(found("退休一件事"), ["retirement"]);
    assert_eq!(found("结婚一件事"), [""; 0]);
}

/// What is found, and in which order, hangs on the catalogue and on nothing else.
#[actix_web::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn every_phrasing_is_answered_alike_on_both_databases_on_postgres() {
    let portals = [Portal::open(Database::sqlite()).await, Portal::open(Database::postgres()).await];
    let regions =
        ["340705005002", "340711000000", "340722000000"].map(|code| RegionCode::parse(code).unwrap());
    for (number, query) in judged::queries().into_iter().enumerate() {
        let search = Search {
            words: Some(query.words.clone()),
            region: Some(regions[number % regions.len()].clone()).filter(|_| number % 4 != 0),
            items: Some(10),
            ..Search::default()
        };
        let mut answers = Vec::new();
        for portal in &portals {
            let found = catalog::search(&portal.city.ctx, &search).await.unwrap();
            let guides = found
                .iter()
                .map(|item| (item.count, item.guides.iter().map(|line| line.code.clone()).collect()));
            answers.push(guides.collect::<Vec<(usize, Vec<String>)>>());
        }
        assert_eq!(answers[0], answers[1], "{}", query.words);
    }
    for portal in portals {
        portal.close().await;
    }
}
