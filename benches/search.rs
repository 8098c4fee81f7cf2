//! The catalogue search, measured: MRR@10 on the judged list, and how long an answer
//! and an index take, for the sample catalogue, for a hundred thousand guides of its
//! items, for a hundred thousand guides that are all different items, and for bundles of
//! every region. The sample catalogue is read from its files.
//!
//! `cargo bench --bench search`. Only the quality is asserted anywhere, by the tests.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "what was measured is said, what fails ends it"
)]

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use wanshitong::app::search::{Entry, Query, SearchIndex};
use wanshitong::domain::codes::RegionCode;

#[path = "../tests/search/judged.rs"]
mod judged;

const SAMPLE: &str = "sample catalogue";
const GUIDES: usize = 100_000;
const ROUNDS: usize = 5;

fn main() {
    // Read once per process, by whoever searches first.
    let started = Instant::now();
    drop(SearchIndex::build(judged::entries().into_iter().take(1)));
    println!(
        "dictionary and first index   {:8.1} ms, {} MB resident",
        milliseconds(started.elapsed()),
        resident()
    );
    report(SAMPLE, judged::entries(), &[None, Some("340705005002")]);
    let everywhere = [None, Some("340705005002"), Some("340705000000")];
    report("100,000 guides of them", many_guides(), &everywhere);
    report("100,000 different items", many_items(), &everywhere);
    report_bundles();
}

/// Bundles are looked for with every search for items: what that adds to it.
fn report_bundles() {
    let items = SearchIndex::build(judged::entries()).unwrap();
    let sample = SearchIndex::build(judged::bundle_entries()).unwrap();
    let (count, wrong) = judged::judge_bundles(&items, &sample);
    println!("bundles: {} of {count} phrasings answered as judged", count - wrong.len());
    let entries = many_bundles();
    let count = entries.len();
    let index = SearchIndex::build(entries).unwrap();
    for code in [None, Some("340705005002")] {
        let region = code.and_then(|code| RegionCode::parse(code).ok());
        println!(
            "{count} bundles: region {:12} {}",
            code.unwrap_or("any"),
            spread(times(&index, region.as_ref()))
        );
    }
}

/// The sample city's bundles once more for each region of the province.
fn many_bundles() -> Vec<Entry> {
    let (bundles, regions) = (judged::bundle_entries(), regions());
    let all = regions.iter().flat_map(|region| bundles.iter().map(move |bundle| (region, bundle)));
    let local = all.map(|(region, bundle)| {
        let code = format!("{}-{region}", bundle.item);
        Entry { guide: code.clone(), item: code, region: region.clone(), ..bundle.clone() }
    });
    local.collect()
}

fn report(what: &str, entries: Vec<Entry>, regions: &[Option<&str>]) {
    let (count, before) = (entries.len(), resident());
    let started = Instant::now();
    let index = SearchIndex::build(entries).unwrap();
    let took = milliseconds(started.elapsed());
    println!(
        "{what}: {count} guides indexed in {took:.0} ms, {} MB resident more",
        resident().saturating_sub(before)
    );
    if what == SAMPLE {
        for (kind, (count, mean)) in judged::by_kind(&index) {
            println!("  {kind:12} {count:4}  {mean:.3}");
        }
        for typed in judged::Typed::ALL {
            let (count, mean) = judged::retyped(&index, typed);
            println!("  those in characters, typed as {typed:?} without blanks: {count}  {mean:.3}");
        }
    }
    for code in regions {
        let region = code.and_then(|code| RegionCode::parse(code).ok());
        println!(
            "  region {:12} MRR@10 {:.4}  {}",
            code.unwrap_or("any"),
            judged::mean_reciprocal_rank(&index, region.as_ref()),
            spread(times(&index, region.as_ref())),
        );
    }
}

/// What was typed, and how long the answer took.
type Took = (String, Duration);

fn spread(mut times: Vec<Took>) -> String {
    times.sort_by_key(|(_, time)| *time);
    let at = |share: f64| &times[((times.len() - 1) as f64 * share) as usize];
    let time = |share| milliseconds(at(share).1);
    let (slowest, _) = at(1.0);
    format!("median {:.3} ms  p99 {:.3} ms  most {:.3} ms ({slowest})", time(0.5), time(0.99), time(1.0))
}

/// For each query the time of the middle round, so that what else the machine does is not counted.
fn times(index: &SearchIndex, region: Option<&RegionCode>) -> Vec<Took> {
    let queries = judged::queries();
    let queries = queries.iter().map(|judged| Query {
        words: judged.words.clone(),
        region: region.cloned(),
        limit: 20,
        ..Query::default()
    });
    let took = |query: &Query| {
        let started = Instant::now();
        black_box(index.search(query)).ok();
        started.elapsed()
    };
    let typical = |query: Query| {
        let mut times: Vec<Duration> = (0..ROUNDS).map(|_| took(&query)).collect();
        times.sort();
        (query.words, times[ROUNDS / 2])
    };
    queries.map(typical).collect()
}

/// Guides of the judged items in the province, its cities, counties, towns and villages.
fn many_guides() -> Vec<Entry> {
    let items = one_of_each_item();
    let regions = regions();
    let all = regions.iter().flat_map(|region| items.iter().map(move |item| (region, item)));
    let guides = all.take(GUIDES).enumerate().map(|(serial, (region, item))| Entry {
        guide: guide_code(serial, &item.item),
        region: region.clone(),
        ..item.clone()
    });
    guides.collect()
}

/// As many items, each of one guide: judged ones with something of their own added.
fn many_items() -> Vec<Entry> {
    const OWN: [&str; 12] =
        ["预约", "延续", "补正", "复核", "备查", "年报", "登录", "撤销", "中止", "恢复", "转报", "公示"];
    let items = one_of_each_item();
    let regions = regions();
    let guides = (0..GUIDES).map(|serial| {
        let mut entry = items[serial % items.len()].clone();
        let round = serial / items.len();
        if round > 0 {
            let own = format!("{}{}第{round}类", OWN[round % 12], OWN[round / 12 % 12]);
            let description = Arc::make_mut(&mut entry.description);
            description.name.zh.push_str(&own);
            description.aliases.iter_mut().for_each(|alias| alias.push_str(&own));
            entry.item = format!("20{serial:07}000");
            entry.region = regions[serial * 7 % regions.len()].clone();
        }
        entry.guide = guide_code(serial, &entry.item);
        entry
    });
    guides.collect()
}

fn one_of_each_item() -> Vec<Entry> {
    let mut entries = judged::entries();
    let mut seen = std::collections::HashSet::new();
    entries.retain(|entry| seen.insert(entry.item.clone()));
    entries
}

fn guide_code(serial: usize, item: &str) -> String {
    format!("11{serial:06}MBWXT0111D4{item}")
}

/// About 1,430 regions of a province, the sample city's village among them.
fn regions() -> Vec<RegionCode> {
    let mut codes = vec!["340000000000".to_owned(), "340700000000".to_owned(), "340705000000".to_owned()];
    codes.extend(["340705005000", "340705005002"].map(str::to_owned));
    for city in [7, 1, 2, 3, 4, 5] {
        for county in [5, 6, 11, 22] {
            for town in 1..=7 {
                for village in 0..=8 {
                    codes.push(format!("34{city:02}{county:02}{town:03}{village:03}"));
                }
            }
        }
    }
    let mut regions: Vec<_> = codes.iter().filter_map(|code| RegionCode::parse(code).ok()).collect();
    let mut seen = std::collections::HashSet::new();
    regions.retain(|region| seen.insert(region.clone()));
    regions
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Resident memory in MB, where the system tells it.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<usize>().ok()).unwrap_or(0) / 1000
}
