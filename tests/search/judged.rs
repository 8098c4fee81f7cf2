//! The judged lists: what residents type, and the item that each of them means.
//!
//! `queries.csv` was written before the aliases of the items, and most of its phrasings
//! stand in none of them: it measures what the search understands, not what it repeats.
//! `bundles.csv` says of each phrasing which bundle it means, if any, and whether somebody
//! who looks for an item with it is to be told of the bundle.

use std::collections::BTreeMap;
use std::path::Path;

use pinyin::ToPinyin as _;
use wanshitong::app::bundles;
use wanshitong::app::catalog::{self, Base, Checked};
use wanshitong::app::search::{Entry, Query, SearchIndex};
use wanshitong::domain::bundles::serving;
use wanshitong::domain::codes::RegionCode;
use wanshitong::domain::guides::{Bundle, Guide};

const QUERIES: &str = include_str!("queries.csv");
const BUNDLE_QUERIES: &str = include_str!("bundles.csv");

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
    check().guides.iter().map(|(_, guide)| catalog::entry_of(guide)).collect()
}

fn check() -> Checked<Guide> {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/data/sample");
    let mut files = Vec::new();
    for folder in ["items", "guides", "bundles"] {
        let entries = std::fs::read_dir(sample.join(folder)).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        files.extend(paths.map(|path| (path.display().to_string(), std::fs::read_to_string(path).unwrap())));
    }
    files.sort();
    catalog::check(&files, &Base::default()).unwrap()
}

/// The bundles of the sample city, as their files stand.
pub fn bundle_entries() -> Vec<Entry> {
    let checked = check();
    let guides: Vec<&Guide> = checked.guides.iter().map(|(_, guide)| guide).collect();
    let entry = |bundle: &Bundle| {
        bundles::entry_of(bundle, |part| serving(&part.implements, &bundle.region, guides.iter().copied()))
    };
    checked.bundles.iter().map(|(_, bundle)| entry(bundle)).collect()
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

/// A phrasing, the bundle that it means, and whether that is named beside items.
struct JudgedBundle {
    words: String,
    bundle: Option<String>,
    is_beside: bool,
}

fn bundle_queries() -> Vec<JudgedBundle> {
    let judged = |row: &csv::StringRecord| JudgedBundle {
        words: row[0].to_owned(),
        bundle: Some(row[1].to_owned()).filter(|code| !code.is_empty()),
        is_beside: &row[2] == "yes",
    };
    rows(BUNDLE_QUERIES).iter().map(judged).collect()
}

/// How many phrasings were asked of the bundles, and what was answered to those for which
/// another bundle came first, or was named beside the items or not, than was judged.
pub fn judge_bundles(items: &SearchIndex, bundles: &SearchIndex) -> (usize, Vec<String>) {
    let (all, mut wrong) = (bundle_queries(), Vec::new());
    for judged in &all {
        let query = Query { words: judged.words.clone(), limit: RANKS, ..Query::default() };
        let found = bundles.search(&query).unwrap();
        let best = items.search(&query).unwrap().first().map_or(0.0, |hit| hit.score);
        let first = found.first().map(|hit| hit.item.as_str());
        let is_named = found.first().is_some_and(|hit| bundles::answers_as_well(hit.score, best));
        if (first, is_named) != (judged.bundle.as_deref(), judged.is_beside) {
            wrong.push(format!("{}: {found:?} beside {best}", judged.words));
        }
    }
    (all.len(), wrong)
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

/// How somebody types letters who means characters, without blanks.
#[derive(Debug, Clone, Copy)]
pub enum Typed {
    Pinyin,
    /// Like sounds not told apart: `zh`, `ch`, `sh` typed as `z`, `c`, `s`, `ng` as `n`.
    AlikePinyin,
    /// Of phrasings of two to six characters.
    Initials,
}

impl Typed {
    pub const ALL: [Self; 3] = [Self::Pinyin, Self::AlikePinyin, Self::Initials];

    fn letters(self, syllables: &[String]) -> Option<String> {
        let all = syllables.concat();
        let alike = [("zh", "z"), ("ch", "c"), ("sh", "s"), ("ng", "n")];
        match self {
            Self::Pinyin => Some(all),
            Self::AlikePinyin => {
                Some(alike.iter().fold(all, |letters, (sound, like)| letters.replace(sound, like)))
            }
            Self::Initials if (2..=6).contains(&syllables.len()) => {
                Some(syllables.iter().filter_map(|syllable| syllable.chars().next()).collect())
            }
            Self::Initials => None,
        }
    }
}

/// The phrasings of Chinese characters alone, typed so: how many, and their mean
/// reciprocal rank.
pub fn retyped(index: &SearchIndex, typed: Typed) -> (usize, f64) {
    let retyped = |judged: Judged| {
        let spelt = |c: char| Some(c.to_pinyin()?.plain().replace('ü', "v"));
        let words = typed.letters(&judged.words.chars().map(spelt).collect::<Option<Vec<_>>>()?)?;
        Some(judge(index, &Judged { words, ..judged }, None).0)
    };
    let ranks: Vec<f64> = queries().into_iter().filter_map(retyped).collect();
    (ranks.len(), ranks.iter().sum::<f64>() / ranks.len() as f64)
}
