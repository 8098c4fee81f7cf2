//! The quality of the catalogue search, on the judged list.

use std::collections::HashSet;

use wanshitong::app::search::SearchIndex;

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
}

/// An item answers a phrasing because it is understood, not because it was written down.
#[test]
fn most_phrasings_stand_in_no_item() {
    let entries = judged::entries();
    let written: HashSet<&str> = entries
        .iter()
        .flat_map(|entry| entry.aliases.iter().chain([&entry.name.zh, &entry.name.en]))
        .map(String::as_str)
        .collect();
    let queries = judged::queries();
    let repeated = queries.iter().filter(|query| written.contains(query.words.as_str())).count();
    assert!(repeated * 2 <= queries.len(), "{repeated} of {} are repeated", queries.len());
    let items: HashSet<&str> = entries.iter().map(|entry| entry.item.as_str()).collect();
    let asked: HashSet<&str> = queries.iter().flat_map(|query| &query.expected).map(String::as_str).collect();
    assert_eq!(items, asked, "every item is asked for, and no other");
}
