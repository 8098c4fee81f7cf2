//! The judged list: what residents type, and the item that each of them means.
//!
//! `queries.csv` was written before the aliases of the items, and most of its phrasings
//! stand in none of them: it measures what the search understands, not what it repeats.

use std::collections::BTreeMap;
use std::path::Path;

use wanshitong::app::catalog::{self, Base};
use wanshitong::app::search::{Entry, Query, SearchIndex};
use wanshitong::domain::codes::RegionCode;

const QUERIES: &str = include_str!("queries.csv");

/// How far down a resident looks.
const RANKS: usize = 10;

/// A phrasing and the items that answer it, the expected one first.
pub struct Judged {
    pub words: String,
    pub expected: Vec<String>,
    pub note: String,
}

/// The guides of the sample city, as their files stand.
pub fn entries() -> Vec<Entry> {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/data/sample");
    let mut files = Vec::new();
    for folder in ["items", "guides"] {
        let entries = std::fs::read_dir(sample.join(folder)).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        files.extend(paths.map(|path| (path.display().to_string(), std::fs::read_to_string(path).unwrap())));
    }
    files.sort();
    let checked = catalog::check(&files, &Base::default()).unwrap();
    checked.guides.iter().map(|(_, guide)| catalog::entry_of(guide)).collect()
}

pub fn queries() -> Vec<Judged> {
    let judged = |row: &csv::StringRecord| Judged {
        words: row[0].to_owned(),
        expected: format!("{};{}", &row[1], &row[2])
            .split(';')
            .filter(|code| !code.is_empty())
            .map(str::to_owned)
            .collect(),
        note: row[3].to_owned(),
    };
    rows(QUERIES).iter().map(judged).collect()
}

fn rows(text: &str) -> Vec<csv::StringRecord> {
    csv::Reader::from_reader(text.as_bytes()).records().collect::<Result<_, _>>().unwrap()
}

/// The reciprocal rank of the first right answer among ten, and what came first instead.
pub fn judge(index: &SearchIndex, judged: &Judged, region: Option<&RegionCode>) -> (f64, Option<String>) {
    let query =
        Query { words: judged.words.clone(), region: region.cloned(), limit: RANKS, ..Query::default() };
    let hits = index.search(&query).unwrap();
    let rank = hits.iter().position(|hit| judged.expected.contains(&hit.item));
    (rank.map_or(0.0, |rank| 1.0 / (rank + 1) as f64), hits.first().map(|hit| hit.item.clone()))
}

/// MRR@10: the mean of the reciprocal ranks.
pub fn mean_reciprocal_rank(index: &SearchIndex, region: Option<&RegionCode>) -> f64 {
    let all = queries();
    all.iter().map(|judged| judge(index, judged, region).0).sum::<f64>() / all.len() as f64
}

/// How many phrasings there are of each kind, and their mean reciprocal rank.
pub fn by_kind(index: &SearchIndex) -> BTreeMap<String, (usize, f64)> {
    let mut kinds = BTreeMap::<String, (usize, f64)>::new();
    for judged in queries() {
        let (rank, _) = judge(index, &judged, None);
        let (count, mean) = kinds.entry(judged.note).or_default();
        *mean = (*mean * *count as f64 + rank) / (*count + 1) as f64;
        *count += 1;
    }
    kinds
}
