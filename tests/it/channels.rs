//! 同源同质输出, as a property: whatever is asked of a case, in whatever order
//! and by whomever, every channel gives the same outcome, and so do both
//! databases. Random scripts are played once through each channel and their
//! outcomes compared byte for byte, ids and provenance aside.
//!
//! `WST_SCRIPTS` sets how many scripts, `WST_SEED` which; a failure names its
//! seed and script.

mod answers;
mod course;
mod meddling;
mod outcome;
mod people;
mod random;
mod script;
mod world;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use outcome::{Difference, Outcome, Reached, differences};
use serde_json::json;
use wanshitong::domain::cases::CommandName;
use world::{CHANNELS, World};

use crate::support::Database;

/// Scripts that share a city; a new wave gets a new one.
const WAVE: u64 = 250;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} is not a number")))
}

fn seed() -> u64 {
    setting("WST_SEED", 20_260_302)
}

/// How many scripts, unless the environment says otherwise: on SQLite, and where
/// every one is played on both databases.
const ON_SQLITE: u64 = 1000;
const ON_BOTH: u64 = 1000;
/// With fewer scripts than this nothing is asked of what they reached.
const ENOUGH: usize = 300;

/// Runs a future to its end on this thread.
fn wait_for<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// Plays one wave in a new city.
fn wave(database: Database, seed: u64, numbers: std::ops::Range<u64>) -> Vec<Vec<Outcome>> {
    wait_for(async { World::found(database).await.play(seed, numbers).await })
}

fn between_channels(outcomes: &[Vec<Outcome>]) -> Vec<Difference> {
    outcomes.iter().flat_map(|of_script| differences(of_script.iter().map(|o| (o.channel, o)))).collect()
}

/// Plays all waves, several at a time; `judge` looks at each.
fn play_all(
    scripts: u64,
    judge: impl Fn(std::ops::Range<u64>) -> (Reached, Vec<Difference>) + Sync,
) -> (Reached, Vec<Difference>) {
    let scripts = setting("WST_SCRIPTS", scripts);
    let (next, total) = (AtomicU64::new(0), Mutex::new((Reached::default(), Vec::new())));
    let threads = std::thread::available_parallelism().map_or(1, |threads| threads.get().min(4));
    let worker = || loop {
        let start = next.fetch_add(WAVE, Ordering::Relaxed);
        if start >= scripts {
            return;
        }
        let (reached, differences) = judge(start..scripts.min(start + WAVE));
        let mut total = total.lock().unwrap();
        total.0.join(reached);
        total.1.extend(differences);
    };
    std::thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(worker))));
    total.into_inner().unwrap()
}

fn count(outcomes: &[Vec<Outcome>]) -> Reached {
    let mut reached = Reached::default();
    outcomes.iter().for_each(|of_script| reached.count(of_script));
    reached
}

fn require_agreement(reached: &Reached, differences: &[Difference]) {
    let told: Vec<String> = differences.iter().take(5).map(ToString::to_string).collect();
    assert!(
        differences.is_empty(),
        "{} outcomes differ; repeat with WST_SEED={} WST_SCRIPTS={}\n{}",
        differences.len(),
        seed(),
        reached.scripts,
        told.join("\n")
    );
}

/// Everything that can happen to a case, by somebody or by the passing of time.
const EVENTS: [&str; 34] = [
    "opened",
    "facts_saved",
    "material_attached",
    "material_removed",
    "submitted",
    "accepted",
    "correction_requested",
    "answers_mended",
    "material_supplied",
    "corrected",
    "lapsed",
    "transferred",
    "transferred_out",
    "paused",
    "resumed",
    "extended",
    "opinions_asked",
    "opinion_given",
    "opinion_escalated",
    "deadline_passed",
    "refused",
    "step_recorded",
    "approved",
    "denied",
    "results_issued",
    "delivered",
    "withdrawn",
    "voided",
    "revoked",
    "asked",
    "replied",
    "rated",
    "rectified",
    "expired",
];

/// A generator that does not get there proves nothing.
fn require_coverage(reached: &Reached) {
    if reached.scripts < ENOUGH {
        return;
    }
    let least = (reached.scripts / 200).max(1);
    let require = |counts: &std::collections::BTreeMap<String, usize>, keys: &[&str]| {
        for key in keys {
            let count = counts.get(*key).copied().unwrap_or(0);
            assert!(count >= least, "only {count} scripts reached `{key}`, {least} are wanted\n{reached}");
        }
    };
    require(
        &reached.states,
        &["draft", "submitted", "correcting", "accepted", "paused", "decided", "closed"],
    );
    let endings =
        ["open", "issued", "denied", "refused", "withdrawn", "lapsed", "void", "transferred", "revoked"];
    require(&reached.endings, &endings);
    require(&reached.endings, &["expired"]);
    // Where every channel gives the same, what succeeded through one did through all.
    for command in CommandName::ALL.into_iter().filter(|command| *command != CommandName::Tick) {
        let command = format!("{command:?}");
        assert!(reached.commands.contains_key(&command), "no script had `{command}` succeed\n{reached}");
    }
    for event in EVENTS {
        assert!(reached.events.contains_key(event), "no script came to `{event}`\n{reached}");
    }
    require(&reached.capacities, &["applicant", "agent", "assistant", "officer", "system"]);
    require(&reached.bases, &["officer", "automatic", "deemed"]);
    require(&reached.materials, &["file", "certificate", "promise"]);
    require(&reached.doors, &CHANNELS);
    let refusals =
        ["WrongState", "ValidationFailed", "NotEligible", "SamePerson", "WrongStep", "InsufficientIdentity"];
    require(&reached.replies, &refusals);
    require(&reached.replies, &["not_found", "forbidden", "stale", "UnsupportedMaterial"]);
}

#[test]
fn every_channel_gives_the_same_outcome() {
    let (reached, differences) = play_all(ON_SQLITE, |numbers| {
        let outcomes = wave(Database::sqlite(), seed(), numbers);
        (count(&outcomes), between_channels(&outcomes))
    });
    println!("{reached}");
    require_agreement(&reached, &differences);
    require_coverage(&reached);
}

#[test]
#[ignore = "needs PostgreSQL: run tests/run"]
fn every_channel_gives_the_same_outcome_as_on_sqlite_on_postgres() {
    let (reached, differences) = play_all(ON_BOTH, |numbers| {
        let here = wave(Database::postgres(), seed(), numbers.clone());
        let there = wave(Database::sqlite(), seed(), numbers);
        let mut found = between_channels(&here);
        for (here, there) in here.iter().zip(&there) {
            found.extend(differences([("PostgreSQL", &here[0]), ("SQLite", &there[0])]));
        }
        (count(&here), found)
    });
    println!("{reached}");
    require_agreement(&reached, &differences);
    require_coverage(&reached);
}

#[test]
fn a_difference_in_a_transcript_is_found_and_named() {
    let told = |channel, status: &str| Outcome {
        channel,
        script: 7,
        guide: "a guide".to_owned(),
        seen: json!({ "replies": [{ "status": "ok" }, { "status": status, "version": 2 }] }),
        states: Default::default(),
        ending: None,
        done: Default::default(),
        doors: Default::default(),
    };
    let same = CHANNELS.map(|channel| told(channel, "ok"));
    let one_off = CHANNELS.map(|channel| told(channel, if channel == "kiosk" { "stale" } else { "ok" }));
    let found = between_channels(&[same.into(), one_off.into()]);
    let words: Vec<String> = found.iter().map(ToString::to_string).collect();
    let expected = "script 7 (guide a guide) differs between web and kiosk at /replies/1/status:\n  web: \"ok\"\n  kiosk: \"stale\"";
    assert_eq!(words, [expected]);
}

#[test]
fn a_channel_that_is_treated_otherwise_is_found() {
    // Through the hotline everybody counts as less well signed in.
    let outcomes = wait_for(async {
        let mut world = World::found(Database::sqlite()).await;
        world.planted = Some("hotline");
        world.play(seed(), 0..40).await
    });
    let found = between_channels(&outcomes);
    assert!(!found.is_empty());
    assert!(found.iter().all(|difference| difference.between[1] == "hotline"));
}
