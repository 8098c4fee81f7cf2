//! Everything the portal logs while the tests run is looked at as it is written:
//! no number of a person, no token and no password may be in it. Every test that
//! had a portal fails with the line, when its portal goes.

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex, Once};

use regex::Regex;

/// What everything is logged at, so that nothing hides behind a level. Of the
/// libraries' own lines those that production would show.
const FILTER: &str = "info,wanshitong=trace,actix_web=debug,actix_server=debug,actix_http=debug";

/// The passwords and secrets the tests use.
const SECRETS: &[&str] = &[
    "sample-city-2026",
    "correct horse",
    "the secret of the shop",
    "wrong password",
    "Correct-Horse-7",
    "a guess at it",
];

static LEAKS: Mutex<Vec<String>> = Mutex::new(Vec::new());
/// Warnings and errors, for tests that expect one about something of their own.
static WARNINGS: Mutex<String> = Mutex::new(String::new());
static LINES: AtomicU64 = AtomicU64::new(0);

/// Begins to look; calling it again changes nothing.
pub fn watch() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        tracing_subscriber::fmt()
            .with_ansi(false)
            .with_writer(|| Detective)
            .with_env_filter(tracing_subscriber::EnvFilter::new(FILTER))
            .init();
    });
}

/// Fails with the lines that tell what they must not.
#[track_caller]
pub fn assert_clean() {
    // A test that fails already says why.
    if std::thread::panicking() {
        return;
    }
    let leaks = LEAKS.lock().unwrap().clone();
    assert!(leaks.is_empty(), "the log tells what it must not:\n{}", leaks.join("\n"));
}

/// Whether a warning or an error said this.
pub fn said(needle: &str) -> bool {
    WARNINGS.lock().unwrap().contains(needle)
}

/// How many lines were looked at.
pub fn lines() -> u64 {
    LINES.load(Ordering::Relaxed)
}

struct Detective;

impl Write for Detective {
    /// One event is one write.
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LINES.fetch_add(1, Ordering::Relaxed);
        let line = String::from_utf8_lossy(bytes);
        if [" WARN ", "ERROR "].iter().any(|level| line.contains(level)) {
            WARNINGS.lock().unwrap().push_str(&line);
        }
        if let Some(what) = told(&line) {
            LEAKS.lock().unwrap().push(format!("{what}: {}", line.trim_end()));
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What a line tells that it must not, if anything.
pub fn told(line: &str) -> Option<&'static str> {
    static PATTERNS: LazyLock<[(&str, Regex); 4]> = LazyLock::new(|| {
        let alone = |inner: &str| Regex::new(&format!("(^|[^0-9A-Za-z])({inner})($|[^0-9A-Za-z])")).unwrap();
        [
            ("an ID number", alone(r"[1-9][0-9]{5}(19|20)[0-9]{2}(0[1-9]|1[0-2])[0-3][0-9][0-9]{3}[0-9Xx]")),
            ("a mobile number", alone(r"(\+?86)?1[3-9][0-9]{9}")),
            ("a token", Regex::new(r"eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}").unwrap()),
            ("a one-time code", Regex::new(r"(?i)(code|验证码)[ =:\x22]+[0-9]{6}\b").unwrap()),
        ]
    });
    let by_pattern = PATTERNS.iter().find(|(_, pattern)| pattern.is_match(line)).map(|(what, _)| *what);
    by_pattern
        .or_else(|| SECRETS.iter().any(|secret| line.contains(secret)).then_some("a password or secret"))
}
