//! The rules of the house, checked on its own source: which room may know which,
//! what the innermost room never touches, how long things may be.
//!
//! Each guard is a function of a tree of files, and each is shown one offender:
//! a guard that never failed guards nothing.

mod promises;
mod schema;
mod source;

use std::path::Path as FilePath;
use std::sync::LazyLock;

use source::{Source, item_end};

/// Each room and those it may know besides itself.
const ROOMS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("store", &["domain"]),
    ("app", &["store", "domain"]),
    ("gateways", &["app", "domain"]),
    ("worker", &["app", "domain"]),
    ("http", &["app", "domain"]),
    ("config", ALL),
    ("boot", ALL),
    ("cli", ALL),
    ("lib", ALL),
    ("main", ALL),
];
const ALL: &[&str] = &["domain", "store", "app", "gateways", "worker", "http", "config", "boot", "cli"];

/// Crates that only some rooms may know.
const CRATES: &[(&str, &[&str])] = &[
    ("diesel", &["store"]),
    ("diesel_migrations", &["store"]),
    ("libsqlite3_sys", &["store"]),
    ("pq_sys", &["store"]),
    ("actix_web", &["http", "boot", "cli", "main"]),
    ("maud", &["http"]),
    ("utoipa", &["http"]),
    ("utoipa_actix_web", &["http"]),
    ("utoipa_swagger_ui", &["http"]),
    ("object_store", &["gateways"]),
    ("reqwest", &["gateways"]),
    ("clap", &["cli", "main"]),
];

/// What would make the domain's answers depend on more than its arguments.
const IMPURE: &[&[&str]] = &[
    &["async"],
    &["await"],
    &["aws_lc_rs"],
    &["getrandom"],
    &["rand"],
    &["std", "env"],
    &["std", "fs"],
    &["std", "io"],
    &["std", "process"],
    &["std", "thread"],
    &["tokio"],
    &["TcpListener"],
    &["TcpStream"],
    &["ToSocketAddrs"],
    &["UdpSocket"],
    &["Instant", "now"],
    &["Local", "now"],
    &["SystemTime", "now"],
    &["Utc", "now"],
    &["new_v4"],
    &["now_v7"],
    &["thread_rng"],
];

const FILE_LINES: usize = 450;
const FUNCTION_LINES: usize = 70;

// ── The guards ──────────────────────────────────────────────────────────────

fn program(files: &[Source]) -> impl Iterator<Item = &Source> {
    files.iter().filter(|file| file.is_program())
}

/// The room a path leads to, when it starts at the crate's root.
fn destination<'a>(file: &Source, parts: &'a [String]) -> Option<&'a str> {
    let climbs = parts.iter().take_while(|part| *part == "super").count();
    let at_root = climbs > 0 && climbs == file.modules().len();
    let below = if parts[0] == "crate" { 1 } else { climbs };
    (parts[0] == "crate" || at_root).then(|| parts.get(below).map(String::as_str)).flatten()
}

fn imports_that_run_up(files: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for file in program(files) {
        let room = file.room();
        let Some((_, known)) = ROOMS.iter().find(|(name, _)| *name == room) else {
            found
                .push(format!("{}: `{room}` is no room of the house; give it its place in ROOMS", file.path));
            continue;
        };
        for path in file.paths() {
            let Some(other) = destination(file, &path.parts) else { continue };
            if other != room && other != "*" && !known.contains(&other) {
                found.push(format!("{}: `{room}` may not know `{other}`", file.place(path.at)));
            }
        }
    }
    found
}

/// `ctx.store` outside of the use cases is the forbidden import by another door.
fn reaching_through_to_the_store(files: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for file in program(files).filter(|file| ["http", "worker", "gateways"].contains(&file.room())) {
        for window in file.tokens().windows(3) {
            if window.iter().map(|token| token.text.as_str()).eq(["ctx", ".", "store"]) {
                found.push(format!("{}: let a use case ask the store", file.place(window[0].at)));
            }
        }
    }
    found
}

fn crates_out_of_their_room(files: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for file in program(files) {
        for path in file.paths() {
            let owned = CRATES.iter().find(|(name, _)| path.parts[0] == *name && path.parts.len() > 1);
            if let Some((name, rooms)) = owned.filter(|(_, rooms)| !rooms.contains(&file.room())) {
                found.push(format!("{}: `{name}` belongs in {}", file.place(path.at), rooms.join(", ")));
            }
        }
    }
    found
}

fn impurities_of_the_domain(files: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for file in program(files).filter(|file| file.room() == "domain") {
        for path in file.paths() {
            let says = |words: &&&[&str]| path.parts.windows(words.len()).any(|window| window == **words);
            if let Some(words) = IMPURE.iter().find(says) {
                let words = words.join("::");
                found.push(format!("{}: the domain is pure, `{words}` is not", file.place(path.at)));
            }
        }
    }
    found
}

/// Cases and guides cannot treat channels differently if they cannot name them.
fn rooms_that_see_the_channel(files: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    let blind = |path: &str| path.starts_with("src/domain/cases") || path.starts_with("src/domain/guides");
    for file in program(files).filter(|file| blind(&file.path)) {
        let said: String = file.said.iter().collect();
        for (number, line) in said.lines().enumerate() {
            // A guide says through which channels it is offered. Of its rules only one of
            // the form that cites the article which demands it may ask for one, and that
            // is judged at the door, apart from all others.
            let stated = [
                "OfferedChannel",
                "ChannelLimit",
                "channels",
                "asks_channel",
                "check_channel",
                "channel: None",
            ];
            let rest = stated.iter().fold(line.to_owned(), |line, word| line.replace(word, ""));
            let of_cited_rules =
                ["/expr.rs", "/expr/check.rs", "/expr/values.rs", "/validate.rs", "/evaluate.rs"];
            let judges = of_cited_rules.iter().any(|end| file.path == format!("src/domain/guides{end}"));
            if rest.to_lowercase().contains("channel") && !judges {
                found.push(format!(
                    "{}:{}: cases and guides are blind to the channel",
                    file.path,
                    number + 1
                ));
            }
        }
        let keeps_history = ["cases/history.rs", "cases/mod.rs"].iter().any(|end| file.path.ends_with(end));
        for path in file.paths().iter().filter(|_| !keeps_history) {
            if path.parts.iter().any(|part| part == "Provenance") {
                found.push(format!("{}: only the history keeps the provenance", file.place(path.at)));
            }
        }
    }
    found
}

fn files_too_long(files: &[Source]) -> Vec<String> {
    let written = |file: &&Source| file.path != "src/store/schema.rs";
    let lines = |file: &Source| file.text.lines().count() - file.test_lines;
    let long = program(files).filter(written).filter(|file| lines(file) > FILE_LINES);
    long.map(|file| format!("{}: {} lines, at most {FILE_LINES}", file.path, lines(file))).collect()
}

fn functions_too_long(files: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for file in files.iter().filter(|file| file.path.ends_with(".rs")) {
        for window in
            file.tokens().windows(2).filter(|window| window[0].text == "fn" && window[1].text != "(")
        {
            let [start, end] = [window[0].at, item_end(&file.code, window[0].at)].map(|at| file.line(at));
            let lines = end - start + 1;
            if lines > FUNCTION_LINES {
                let name = &window[1].text;
                found.push(format!("{}:{start}: {name}: {lines} lines, at most {FUNCTION_LINES}", file.path));
            }
        }
    }
    found
}

fn modules_without_an_opening(files: &[Source]) -> Vec<String> {
    let silent = program(files).filter(|file| file.path != "src/main.rs" && !file.text.starts_with("//!"));
    silent
        .map(|file| format!("{}: open with `//!`, what it is and what always holds in it", file.path))
        .collect()
}

/// The repository speaks of no machine it was written on.
fn traces_of_a_machine(files: &[Source]) -> Vec<String> {
    // Put together here, so that this file does not accuse itself.
    let folders = ["work", "root", "home"].map(|name| format!("/{name}/"));
    let hosts = [("index.crates", "io"), ("static.crates", "io"), ("pypi", "org"), ("pythonhosted", "org")]
        .into_iter()
        .chain([("npmjs", "org"), ("deb.debian", "org"), ("proxy.golang", "org")])
        .map(|(name, end)| format!("{name}.{end}"));
    let words: Vec<String> = hosts.chain([["..", "shared", ""].join("/")]).collect();
    let mut found = Vec::new();
    for file in files.iter().filter(|file| file.path != "Cargo.lock") {
        for (number, line) in file.text.lines().enumerate() {
            let absolute = |folder: &&String| {
                let inside = |c: char| c.is_alphanumeric() || "._-}~*)".contains(c);
                // The path of a route is no folder.
                let named = |at: usize| line[..at].ends_with(inside) || line[..at].ends_with("#[get(\"");
                line.match_indices(*folder).any(|(at, _)| !named(at))
            };
            let said =
                folders.iter().find(absolute).or_else(|| words.iter().find(|word| line.contains(*word)));
            found.extend(said.map(|said| format!("{}:{}: mentions `{said}`", file.path, number + 1)));
        }
    }
    found
}

// ── The tree ────────────────────────────────────────────────────────────────

static TREE: LazyLock<Vec<Source>> = LazyLock::new(|| {
    let mut files = Vec::new();
    walk(FilePath::new(env!("CARGO_MANIFEST_DIR")), "", &mut files);
    assert!(files.iter().any(|file| file.path == "src/lib.rs"), "the guards found no source to read");
    files
});

/// Every text file but what git, cargo and the demo keep there.
fn walk(folder: &FilePath, prefix: &str, files: &mut Vec<Source>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        // In a second working tree of one repository it is a file.
        if path == ".git" {
            continue;
        }
        if entry.file_type().unwrap().is_dir() {
            let kept = ["data", "target"].contains(&path.as_str());
            if !kept && !entry.path().join("CACHEDIR.TAG").exists() {
                walk(&entry.path(), &format!("{path}/"), files);
            }
        } else if let Ok(text) = std::fs::read_to_string(entry.path()) {
            files.push(Source::new(path, text));
        }
    }
}

#[track_caller]
fn holds(guard: fn(&[Source]) -> Vec<String>) {
    let found = guard(&TREE);
    assert!(found.is_empty(), "{} found:\n{}", found.len(), found.join("\n"));
}

/// The guard reports exactly one thing in the first file, which says this, and nothing in the second.
#[track_caller]
fn reports(guard: fn(&[Source]) -> Vec<String>, said: &str, wrong: (&str, &str), right: (&str, &str)) {
    let found = guard(&[Source::new(wrong.0, wrong.1)]);
    assert!(matches!(found.as_slice(), [one] if one.contains(said)), "expected `{said}`, found {found:?}");
    assert_eq!(guard(&[Source::new(right.0, right.1)]), Vec::<String>::new());
}

#[test]
fn imports_only_go_down() {
    let (inner, outer) = ("src/domain/cases/case.rs", "src/http/v1/cases.rs");
    let down = "use crate::{app::{Ctx, cases}, domain::Text};\n// crate::store\nfn f() { super::g(\"crate::store\") }";
    for (line, said) in [
        ("use crate::store::Claim;", "`http` may not know `store`"),
        ("use crate::{domain::Text, worker};", "`http` may not know `worker`"),
        ("fn f() { crate::gateways::send() }", ":1: `http` may not know `gateways`"),
        ("\n\nuse super::super::super::store;", ":3: `http` may not know `store`"),
    ] {
        reports(imports_that_run_up, said, (outer, line), (outer, down));
    }
    let tested = "#[cfg(test)]\nmod tests {\n    use crate::app::Ctx;\n}";
    reports(imports_that_run_up, "may not know `app`", (inner, "use crate::app::Ctx;"), (inner, tested));
    reports(imports_that_run_up, "no room", ("src/attic.rs", ""), ("src/cli.rs", "use crate::http::serve;"));
    holds(imports_that_run_up);
}

#[test]
fn only_use_cases_ask_the_store() {
    let wrong = "async fn ready(ctx: Ctx) { ctx\n    .store.epochs().await }";
    let right = "async fn ready(ctx: Ctx) { health::ready(&ctx).await }";
    reports(
        reaching_through_to_the_store,
        "http/health.rs:1",
        ("src/http/health.rs", wrong),
        ("src/http/health.rs", right),
    );
    holds(reaching_through_to_the_store);
}

#[test]
fn a_crate_stays_in_its_room() {
    let line = "use diesel::prelude::*;";
    reports(
        crates_out_of_their_room,
        "belongs in store",
        ("src/app/cases.rs", line),
        ("src/store/cases.rs", line),
    );
    holds(crates_out_of_their_room);
}

#[test]
fn the_domain_is_pure() {
    let (path, right) =
        ("src/domain/time.rs", "use std::net::IpAddr; // never Utc::now()\nfn f(now: Time) {}");
    for line in [
        "fn f() { chrono::Utc::now() }",
        "use std::{fs, fmt};",
        "use tokio::sync::watch;",
        "async fn f() {}",
        "fn f() { Uuid::now_v7() }",
    ] {
        reports(impurities_of_the_domain, "the domain is pure", (path, line), (path, right));
    }
    holds(impurities_of_the_domain);
}

#[test]
fn cases_and_guides_are_blind_to_the_channel() {
    let path = "src/domain/cases/decide.rs";
    let right = "//! Blind to the channel.\n/* Channel /* nested */ Channel */ fn decide() { '\"'; }";
    for line in [
        "fn decide(by: Channel) {}",
        "const NAME: &str = r#\"the \"channel\"\"#;",
        "fn decide(p: &Provenance) {}",
        "fn decide(guide: &Guide) { guide.channels.contains(channel) }",
    ] {
        reports(rooms_that_see_the_channel, "decide.rs:1: ", (path, line), (path, right));
    }
    holds(rooms_that_see_the_channel);
}

#[test]
fn files_stay_short() {
    let [long, short] = [FILE_LINES + 1, FILE_LINES].map(|lines| "//\n".repeat(lines));
    let tested = format!("{short}#[cfg(test)]\nmod tests {{\n{long}}}\n");
    reports(files_too_long, "451 lines", ("src/app/cases.rs", &long), ("src/app/cases.rs", &tested));
    holds(files_too_long);
}

#[test]
fn functions_stay_short() {
    let [long, short] = [69, 68].map(|lines| {
        format!(
            "fn one(\n    a: [u8; 3]) -> fn(u8) {{ \"}}\"\n{}}}\nfn two() {{}}\n",
            "    ';';\n".repeat(lines - 1)
        )
    });
    reports(
        functions_too_long,
        ":1: one: 71 lines",
        ("src/app/cases.rs", &long),
        ("src/app/cases.rs", &short),
    );
    holds(functions_too_long);
}

#[test]
fn every_module_says_what_it_is() {
    let (wrong, right) = ("use std::fmt;\n//! Late.", "//! Cases.\nuse std::fmt;");
    reports(
        modules_without_an_opening,
        "open with",
        ("src/app/cases.rs", wrong),
        ("src/app/cases.rs", right),
    );
    holds(modules_without_an_opening);
}

#[test]
fn both_databases_have_the_same_tables() {
    let up = "-- a; b\nCREATE TABLE cases (id BLOB NOT NULL, note TEXT, PRIMARY KEY (id));\nCREATE INDEX by_note ON cases (note);";
    let told = "diesel::table! {\n    use a::{Id};\n    /// x (y) {\n    cases (id) {\n        id -> Id,\n        note -> Nullable<Text>,\n    }\n}";
    let agree = |postgres: &str, told: &str| {
        schema::agree(&[
            Source::new("migrations/sqlite/1_portal/up.sql", up),
            Source::new("migrations/postgres/1_portal/up.sql", postgres),
            Source::new("src/store/schema.rs", told),
        ])
    };
    let same = up.replace("BLOB", "NUMERIC(3, 2)");
    assert_eq!(agree(&same, told), Vec::<String>::new());
    assert_eq!(agree(&same.replace("TEXT", "TEXT NOT NULL"), told).len(), 2);
    assert_eq!(agree(&same.replace("note TEXT, ", ""), told), ["columns: postgres lacks `cases.note`"]);
    assert_eq!(agree(&same.replace("CREATE INDEX", "CREATE UNIQUE INDEX"), told).len(), 2);
    assert_eq!(agree(&same, &told.replace("Nullable<Text>", "Text")).len(), 2);
    assert_eq!(agree(&format!("{same} CREATE TRIGGER x;"), told).len(), 1);
    let alone = schema::agree(&[Source::new("migrations/sqlite/1_portal/up.sql", "")]);
    assert_eq!(alone, ["migrations: postgres lacks `1_portal/up.sql`"]);
    holds(schema::agree);
}

#[test]
fn the_tree_mentions_no_machine() {
    let (path, right) = ("README.md", "see ${HOME}/work/ and /api/v1/work/ and crates.io");
    for folder in ["work", "root", "home"] {
        reports(traces_of_a_machine, "README.md:2", (path, &format!("\ncd /{folder}/main")), (path, right));
    }
    reports(
        traces_of_a_machine,
        "mentions",
        (path, &["https://pypi", "org/simple"].join(".")),
        (path, right),
    );
    holds(traces_of_a_machine);
}
