//! The worklists of a province with a million open cases: how long a page of each list,
//! the counts and a search take. `cargo bench --bench work` measures SQLite on disk; a
//! `postgres://…` URL after `--` measures a fresh database there. A number is how many cases.
//!
//! The database is filled past the portal, with rows as it would write them but for what
//! is sealed: reading the cases of a page is measured, opening them is not.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a program that measures")]

use std::time::Instant;

use chrono::NaiveDate;
use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, PgConnection, SqliteConnection};
use wanshitong::domain::cases::StateName;
use wanshitong::domain::cases::clock::Light;
use wanshitong::domain::codes::{RegionCode, Uscc};
use wanshitong::domain::policy::Role;
use wanshitong::domain::work::Reach;
use wanshitong::store::{Assignee, Location, MasterKey, Order, Store, Tuning, Vault, WorkFilter, migrate};

const CASES: usize = 1_000_000;
const ROUNDS: usize = 100;
const OPEN: [StateName; 3] = [StateName::Submitted, StateName::Accepted, StateName::Decided];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let cases = arguments.iter().find_map(|word| word.parse().ok()).unwrap_or(CASES);
    let postgres = arguments.iter().find(|word| word.starts_with("postgres"));
    let folder = std::env::temp_dir().join(format!("wanshitong-work-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (location, server) = match postgres {
        None => (format!("sqlite:{}", folder.join("portal.db").display()), None),
        Some(url) => {
            let name = format!("wst_work_{}", std::process::id());
            execute(url, &format!("CREATE DATABASE {name}"));
            (format!("{}/{name}", url.rsplit_once('/').unwrap().0), Some((url.clone(), name)))
        }
    };
    let location = Location::parse(&location).unwrap();
    migrate(&location).unwrap();
    let agencies = agencies();
    let started = Instant::now();
    fill(&location, &agencies, cases);
    println!(
        "{cases} open cases of {} agencies filled in {:.0} s",
        agencies.len(),
        started.elapsed().as_secs_f64()
    );
    let runtime = actix_web::rt::System::new();
    let store = Store::open(&location, Vault::new(&MasterKey::random()), Tuning::default()).unwrap();
    runtime.block_on(measure(&store, &agencies));
    drop(store);
    std::fs::remove_dir_all(&folder).unwrap();
    if let Some((url, name)) = server {
        execute(&url, &format!("DROP DATABASE {name} WITH (FORCE)"));
    }
}

fn execute(url: &str, sql: &str) {
    match url.strip_prefix("sqlite:") {
        Some(path) => SqliteConnection::establish(path).unwrap().batch_execute(sql).unwrap(),
        None => PgConnection::establish(url).unwrap().batch_execute(sql).unwrap(),
    }
}

/// The agencies of a province, its 16 cities and 112 counties, the busiest first.
fn agencies() -> Vec<(Uscc, String)> {
    let mut regions = Vec::new();
    for city in 1..=16 {
        regions.extend((0..30).map(|_| format!("34{city:02}00000000")));
    }
    regions.extend((0..30).map(|_| "340000000000".to_owned()));
    for city in 1..=16 {
        for county in 1..=7 {
            regions.extend((0..20).map(|_| format!("34{city:02}{county:02}000000")));
        }
    }
    let code = |(serial, region): (usize, String)| {
        let begins = format!("11{}MB{serial:07}", &region[..6]);
        let checked = "0123456789ABCDEFGHJKLMNPQRTUWXY".chars().map(|check| format!("{begins}{check}"));
        (checked.into_iter().find_map(|code| Uscc::parse(&code).ok()).unwrap(), region)
    };
    regions.into_iter().enumerate().map(code).collect()
}

/// `{name}` stands for what the two databases write differently.
fn fill(location: &Location, agencies: &[(Uscc, String)], cases: usize) {
    let (url, postgres) = match location {
        Location::Sqlite(path) => (format!("sqlite:{path}"), false),
        Location::Postgres(url) => (url.clone(), true),
    };
    let rows: Vec<String> = agencies
        .iter()
        .enumerate()
        .map(|(n, (code, region))| format!("({n}, '{code}', '{region}')"))
        .collect();
    let words: [(&str, String, String); 6] = [
        (
            "numbers",
            format!(
                "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {} - 1)",
                cases
            ),
            format!("WITH n AS (SELECT i FROM generate_series(0::bigint, {} - 1) AS g(i))", cases),
        ),
        ("id", "unhex(printf('%032x', i))".into(), "lpad(to_hex(i), 32, '0')::uuid".into()),
        (
            "day",
            "date('2026-03-02', (offs) || ' days')".into(),
            "to_char(date '2026-03-02' + (offs)::int, 'YYYY-MM-DD')".into(),
        ),
        (
            "yellow",
            "date('2026-03-02', (offs - gap) || ' days')".into(),
            "to_char(date '2026-03-02' + (offs - gap)::int, 'YYYY-MM-DD')".into(),
        ),
        // A hundred days after it is due: thousands fall due at each midnight to come.
        (
            "tick",
            "CAST((julianday(due_on) - 2440487.5) * 86400000000 AS INTEGER)".into(),
            "(due_on::date + 100)::timestamptz".into(),
        ),
        ("now", "1772415000000000".into(), "'2026-03-02T01:30:00Z'::timestamptz".into()),
    ];
    let mut script = format!(
        "CREATE TABLE bench_agencies (n INTEGER PRIMARY KEY, code TEXT, region TEXT); INSERT INTO bench_agencies VALUES {};{}",
        rows.join(", "),
        include_str!("work.sql")
    );
    for (name, sqlite, pg) in &words {
        script = script.replace(&format!("{{{name}}}"), if postgres { pg } else { sqlite });
    }
    script = script.replace("{agencies}", &agencies.len().to_string());
    script = script.replace(
        "{bytes}",
        if postgres {
            "decode(lpad(to_hex(i % 5000), 32, '0'), 'hex')"
        } else {
            "unhex(printf('%032x', i % 5000))"
        },
    );
    script = script
        .replace(
            "decode(lpad(to_hex(i % 5000), 32, '0'), 'hex'){as_id}",
            "lpad(to_hex(i % 5000), 32, '0')::uuid",
        )
        .replace("{as_id}", "");
    script = script.replace("{blank}", if postgres { "''::bytea" } else { "x''" });
    if !postgres {
        let fast =
            "PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000; PRAGMA temp_store = MEMORY; BEGIN;";
        script = format!("{fast} {script} COMMIT;");
    }
    execute(&url, &script);
    execute(&url, if postgres { "VACUUM ANALYZE" } else { "PRAGMA wal_checkpoint(TRUNCATE)" });
}

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 3, 2).unwrap()
}

fn filter(reach: Reach) -> WorkFilter {
    WorkFilter {
        reach,
        states: OPEN.to_vec(),
        guide: None,
        agency: None,
        counter: None,
        step: None,
        light: None,
        assignee: Assignee::Anybody,
        order: Order::Due,
        after: None,
        limit: 20,
    }
}

fn region(code: &str) -> RegionCode {
    RegionCode::parse(code).unwrap()
}

async fn measure(store: &Store, agencies: &[(Uscc, String)]) {
    let below = |code: &str| Reach { below: vec![region(code)], ..Reach::default() };
    let counter = |code: &str| Reach { exactly: region(code).possible_ancestors().collect(), ..below(code) };
    let of = |n: usize| Reach { agencies: vec![agencies[n].0.clone()], ..Reach::default() };
    let several =
        Reach { agencies: agencies[..30].iter().map(|(code, _)| code.clone()).collect(), ..Reach::default() };
    let common = agencies.len() / 2;
    // Each with the county whose hall is asked for; those of a city's own agencies have theirs.
    let reaches: Vec<(&str, Reach, &str)> = vec![
        ("handler, busiest agency", of(0), &agencies[0].1),
        ("handler, common agency", of(common), &agencies[common].1),
        ("handler, 30 agencies", several, &agencies[0].1),
        ("counter officer, town", counter("340102004000"), "340102"),
        ("counter officer, county", counter("340102000000"), "340102"),
        ("supervisor, county", below("340102000000"), "340102"),
        ("supervisor, city", below("340100000000"), "340100"),
        ("supervisor, province", below("340000000000"), "340100"),
    ];
    for (who, reach, place) in reaches {
        println!("\n{who}");
        for (what, filter) in lists(&filter(reach.clone()), &format!("hall-{}", &place[..6])) {
            list(store, what, filter).await;
        }
        let mut times = Vec::new();
        for _ in 0..ROUNDS {
            let started = Instant::now();
            store.count_work(reach.clone(), today()).await.unwrap();
            times.push(milliseconds(started));
        }
        said("counts", &mut times, "");
    }
    search(store, below("340000000000"), of(0)).await;
    timers(store).await;
}

/// What officers ask of a list.
fn lists(all: &WorkFilter, hall: &str) -> Vec<(&'static str, WorkFilter)> {
    let lit = |light| WorkFilter { light: Some((light, today())), ..all.clone() };
    let of_state = |state| WorkFilter { states: vec![state], ..all.clone() };
    vec![
        ("all", all.clone()),
        ("submitted", of_state(StateName::Submitted)),
        ("decided", of_state(StateName::Decided)),
        ("red", lit(Light::Red)),
        ("yellow", lit(Light::Yellow)),
        ("green", lit(Light::Green)),
        ("step=review", WorkFilter { step: Some("review".to_owned()), ..of_state(StateName::Accepted) }),
        ("unclaimed", WorkFilter { assignee: Assignee::Nobody(vec![Role::Handler]), ..all.clone() }),
        ("of a counter", WorkFilter { counter: Some(hall.to_owned()), ..all.clone() }),
        ("newest", WorkFilter { order: Order::Newest, ..all.clone() }),
    ]
}

/// The first pages of a list, each with the rows of its cases.
async fn list(store: &Store, what: &str, mut filter: WorkFilter) {
    let first = filter.clone();
    let (mut times, mut found) = (Vec::new(), 0);
    for _ in 0..ROUNDS {
        let started = Instant::now();
        let lines = store.list_work(filter.clone()).await.unwrap();
        let cases = store.find_cases(lines.iter().map(|line| line.case)).await.unwrap();
        times.push(milliseconds(started));
        found += cases.len();
        filter.after = lines.last().map(|line| line.cursor);
        if lines.len() < 20 {
            filter = first.clone();
        }
    }
    said(what, &mut times, &format!("{found} cases"));
    if std::env::var("EXPLAIN").is_ok() {
        for step in store.explain_work(first).await.unwrap() {
            println!("      {step}");
        }
    }
}

/// What the clock costs: a tick for which nothing is due, and pages of what is.
async fn timers(store: &Store) {
    println!("\ntimers");
    let now = today().and_time(chrono::NaiveTime::MIN).and_utc();
    for (what, at) in [("nothing is due", now), ("thousands are", now + chrono::TimeDelta::days(90))] {
        let (mut times, mut found, mut after) = (Vec::new(), 0, None);
        for _ in 0..ROUNDS {
            let started = Instant::now();
            let due = store.list_cases_to_tick(at, after, 100).await.unwrap();
            times.push(milliseconds(started));
            found += due.len();
            after = due.last().copied();
        }
        said(what, &mut times, &format!("{found} cases"));
    }
}

async fn search(store: &Store, province: Reach, agency: Reach) {
    println!("\nsearch");
    for (what, reach) in [("name, province", &province), ("name, one agency", &agency)] {
        let mut times = Vec::new();
        for n in 0..ROUNDS as u128 {
            let digest = n.to_be_bytes().to_vec();
            let started = Instant::now();
            store.find_cases_by_key(digest, reach.clone(), None, 20).await.unwrap();
            times.push(milliseconds(started));
        }
        said(what, &mut times, "");
    }
}

fn milliseconds(started: Instant) -> f64 {
    started.elapsed().as_secs_f64() * 1000.0
}

fn said(what: &str, times: &mut [f64], more: &str) {
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    println!("  {what:18} median {:7.2} ms  p99 {:7.2} ms  {more}", at(0.5), at(0.99));
}
