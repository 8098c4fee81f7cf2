//! The program itself, as it is started and ended: by hand, by a service manager,
//! by a power cut.

mod authoring;
mod numbers;
mod production;
mod ten_minutes;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};
use wanshitong::domain::audit::AuditAction;
use wanshitong::domain::cases::history;
use wanshitong::store::{AuditFilter, CaseFilter, Location, MasterKey, Store, Tuning, Vault, migrate};

use crate::support::{PDF, allowance_facts, http, id, road_facts};

const PATIENCE: Duration = Duration::from_secs(60);

/// A folder of a test's own, gone at its end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let name = uuid::Uuid::from_bytes(wanshitong::store::random()).simple().to_string();
        let folder = std::env::temp_dir().join(format!("wanshitong-{name}"));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        std::fs::write(self.file(name), text).unwrap();
        self.file(name)
    }

    /// Where a program writes its log, looked at when the folder goes.
    fn log(&self) -> Stdio {
        std::fs::File::options().create(true).append(true).open(self.file("log")).unwrap().into()
    }

    fn database(&self) -> Location {
        Location::parse(&format!("sqlite:{}", self.file("wanshitong.db").display())).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let log = std::fs::read_to_string(self.file("log")).unwrap_or_default();
        let _ = std::fs::remove_dir_all(&self.0);
        if !std::thread::panicking() {
            let told = log.lines().find(|line| crate::logs::told(line).is_some());
            assert_eq!(told, None, "the log tells what it must not");
        }
    }
}

/// The program, without any setting of the one who runs the tests.
fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wanshitong"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("WST_")) {
        command.env_remove(name);
    }
    command.env_remove("RUST_LOG").args(arguments).stdin(Stdio::null());
    command
}

/// A demo under way. Killed when the test ends before it did.
struct Demo {
    process: Child,
    sheet: Value,
}

impl Demo {
    fn start(folder: &Folder) -> Self {
        let sheet = folder.file("demo.json");
        let _ = std::fs::remove_file(&sheet);
        let data = folder.0.display().to_string();
        let mut command = program(&["demo", "--data", &data, "--listen", "127.0.0.1:0"]);
        let process = command.stdout(Stdio::null()).stderr(folder.log()).spawn().unwrap();
        let mut demo = Self { process, sheet: Value::Null };
        let text = demo.wait_for(|| std::fs::read_to_string(&sheet).ok());
        demo.sheet = serde_json::from_str(&text).unwrap();
        let address = demo.address();
        demo.wait_for(|| TcpStream::connect(&address).ok());
        demo
    }

    /// Looks until something is there; the process must live meanwhile.
    fn wait_for<T>(&mut self, look: impl Fn() -> Option<T>) -> T {
        let start = Instant::now();
        loop {
            if let Some(found) = look() {
                return found;
            }
            assert_eq!(self.process.try_wait().unwrap(), None, "the demo ended by itself");
            assert!(start.elapsed() < PATIENCE, "the demo did not start");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.sheet["base_url"].as_str().unwrap())
    }

    fn address(&self) -> String {
        self.sheet["base_url"].as_str().unwrap().strip_prefix("http://").unwrap().to_owned()
    }

    fn token(&self, who: &str) -> &str {
        self.sheet["tokens"][who].as_str().unwrap()
    }

    fn request(
        &self,
        http: &reqwest::Client,
        who: &str,
        method: &str,
        path: &str,
    ) -> reqwest::RequestBuilder {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        http.request(method, self.url(path)).bearer_auth(self.token(who))
    }

    fn signal(&self, signal: &str) {
        let told = Command::new("kill").args([signal, &self.process.id().to_string()]).status().unwrap();
        assert!(told.success());
    }

    fn ended(&mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                return status;
            }
            assert!(start.elapsed() < PATIENCE, "the demo did not end");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn guide(file: &str) -> String {
    let yaml = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/data/sample/guides").join(file);
    let yaml = std::fs::read_to_string(yaml).unwrap();
    wanshitong::domain::guides::SourceFile::parse(&yaml).code().unwrap().to_owned()
}

/// Applies for allowances until the portal is gone; gives what was acknowledged.
async fn apply_until_it_dies(demo: &Demo, http: &reqwest::Client) -> Vec<(String, String)> {
    let body =
        json!({"guide_code": guide("old-age-allowance.yaml"), "facts": allowance_facts(), "submit": true});
    let mut acknowledged = Vec::new();
    loop {
        let request = demo.request(http, "second_resident@web", "POST", "/api/v1/cases").json(&body);
        let Ok(reply) = request.send().await else { return acknowledged };
        assert_eq!(reply.status(), 201);
        let Ok(case) = reply.json::<Value>().await else { return acknowledged };
        acknowledged.push((id(&case), case["case_no"].as_str().unwrap().to_owned()));
    }
}

/// Kills the process from outside as soon as the log of the database shows work.
fn kill_when_busy(folder: &Folder, pid: String) -> std::thread::JoinHandle<()> {
    let wal = folder.file("wanshitong.db-wal");
    std::thread::spawn(move || {
        let start = Instant::now();
        let size = || std::fs::metadata(&wal).map_or(0, |file| file.len());
        let before = size();
        while size() < before + 1_500_000 && start.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(Command::new("kill").args(["-9", &pid]).status().unwrap().success());
    })
}

#[actix_web::test]
async fn what_was_acknowledged_survives_a_kill_in_the_middle_of_it() {
    let folder = Folder::new();
    let mut acknowledged = Vec::new();
    for _ in 0..2 {
        let mut demo = Demo::start(&folder);
        let http = http();
        let pid = demo.process.id().to_string();
        let killer = kill_when_busy(&folder, pid);
        let told = join_all((0..8).map(|_| apply_until_it_dies(&demo, &http))).await;
        killer.join().unwrap();
        assert!(!demo.ended().success());
        acknowledged.extend(told.into_iter().flatten());
    }
    assert!(acknowledged.len() > 20, "only {} were acknowledged", acknowledged.len());

    let mut demo = Demo::start(&folder);
    let http = http();
    for (case, case_no) in &acknowledged {
        let path = format!("/api/v1/cases/{case}");
        let read: Value = demo
            .request(&http, "second_resident@web", "GET", &path)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        assert_eq!((&read["case_no"], &read["state"]), (&json!(case_no), &json!("closed")));
    }
    demo.signal("-TERM");
    assert!(demo.ended().success());
    every_case_is_whole(&folder, acknowledged.len()).await;
    // What its keys did is on record without a minute having passed.
    let used = AuditFilter { action: Some(AuditAction::KeyUsed), limit: 1000, ..AuditFilter::default() };
    let used = open(&folder).list_audit(used).await.unwrap();
    let purposes: Vec<&str> = used.iter().map(|entry| entry.details["purpose"].as_str().unwrap()).collect();
    for purpose in ["sign.at+jwt", "open.signing_keys", "open.cases"] {
        assert!(purposes.contains(&purpose), "{purposes:?}");
    }
}

fn open(folder: &Folder) -> Store {
    let key = MasterKey::parse_demo(&std::fs::read_to_string(folder.file("demo.key")).unwrap()).unwrap();
    Store::open(&folder.database(), Vault::new(&key), Tuning::default()).unwrap()
}

/// Reads the database past the program: histories verify, numbers are unique.
async fn every_case_is_whole(folder: &Folder, at_least: usize) {
    let store = open(folder);
    let all = store.list_cases(CaseFilter { limit: 100_000, ..CaseFilter::default() }).await.unwrap();
    assert!(all.len() >= at_least);
    let mut numbers = std::collections::BTreeSet::new();
    for stored in all.into_iter().map(Result::unwrap) {
        let stored = &stored;
        let records = store.list_records(stored).await.unwrap();
        assert_eq!(history::verify(&records).unwrap().seq, stored.case.version);
        assert_eq!(store.list_letters(stored).await.unwrap().len(), 5, "an allowance has five letters");
        assert!(numbers.insert(stored.case.case_no().unwrap().to_string()));
    }
}

#[actix_web::test]
async fn a_request_under_way_is_answered_before_the_program_ends() {
    let folder = Folder::new();
    let mut demo = Demo::start(&folder);
    let http = http();
    let opening = json!({"guide_code": guide("road-occupation-permit.yaml"), "scenario": "occupy", "facts": road_facts()});
    let opened =
        demo.request(&http, "resident@web", "POST", "/api/v1/cases").json(&opening).send().await.unwrap();
    let case = id(&opened.json().await.unwrap());
    drop(http);

    let mut stream = TcpStream::connect(demo.address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(
        stream,
        "PUT /api/v1/cases/{case}/materials/location_plan HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n\
         content-length: {}\r\nexpect: 100-continue\r\n\r\n",
        demo.address(),
        demo.token("resident@web"),
        PDF.len()
    )
    .unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    assert!(line.starts_with("HTTP/1.1 100"), "{line}");
    stream.write_all(&PDF[..10]).unwrap();
    demo.signal("-TERM");
    // It listens no more, and still waits for the rest.
    let address = demo.address();
    demo.wait_for(|| TcpStream::connect(&address).is_err().then_some(()));
    stream.write_all(&PDF[10..]).unwrap();
    let mut answer = String::new();
    let _ = reader.read_to_string(&mut answer);
    assert!(answer.contains("HTTP/1.1 200"), "{answer}");
    assert_eq!(demo.ended().code(), Some(0));

    let again = Demo::start(&folder);
    let path = format!("/api/v1/cases/{case}/materials/location_plan");
    let file = again.request(&self::http(), "resident@web", "GET", &path).send().await.unwrap();
    assert_eq!(file.bytes().await.unwrap(), PDF);
}

#[actix_web::test]
async fn a_second_start_keeps_the_data_and_refreshes_the_sheet() {
    let folder = Folder::new();
    let mut demo = Demo::start(&folder);
    let opening = json!({"guide_code": guide("old-age-allowance.yaml")});
    let opened =
        demo.request(&http(), "resident@web", "POST", "/api/v1/cases").json(&opening).send().await.unwrap();
    let case = id(&opened.json().await.unwrap());
    let clock = json!({"advance": "P40D"});
    let moved = demo
        .request(&http(), "admin@web", "POST", "/api/v1/sandbox/clock")
        .json(&clock)
        .send()
        .await
        .unwrap();
    assert_eq!(moved.status(), 200);
    let before = demo.sheet.clone();
    demo.signal("-TERM");
    assert_eq!(demo.ended().code(), Some(0));

    let again = Demo::start(&folder);
    assert_eq!((&again.sheet["personas"], &again.sheet["guides"]), (&before["personas"], &before["guides"]));
    let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/data/sample/guides")).unwrap();
    assert_eq!(again.sheet["guides"].as_array().unwrap().len(), files.count());
    let path = format!("/api/v1/cases/{case}");
    let read = again.request(&http(), "resident@kiosk", "GET", &path).send().await.unwrap();
    let read: Value = read.json().await.unwrap();
    assert_eq!((&read["state"], &read["outcome"]), (&json!("closed"), &json!("expired")), "forty days later");
    let opened =
        again.request(&http(), "resident@web", "POST", "/api/v1/cases").json(&opening).send().await.unwrap();
    let opened: Value = opened.json().await.unwrap();
    assert!(opened["opened_at"].as_str() > read["closed_at"].as_str(), "the clock goes on where it stood");
}

#[track_caller]
fn refused(output: &Output, words: &[&str]) {
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    for word in words {
        assert!(said.contains(word), "`{word}` is not in: {said}");
    }
    assert!(!said.contains("panicked"), "{said}");
}

#[test]
fn a_demo_does_not_start_on_data_that_is_not_the_demos() {
    use diesel::Connection as _;
    use diesel::connection::SimpleConnection as _;
    let folder = Folder::new();
    migrate(&folder.database()).unwrap();
    let file = folder.file("wanshitong.db");
    let mut conn = diesel::SqliteConnection::establish(file.to_str().unwrap()).unwrap();
    conn.batch_execute("INSERT INTO regions VALUES ('340000000000', '安徽省', 'province', NULL)").unwrap();
    let data = folder.0.display().to_string();
    let output = program(&["demo", "--data", &data, "--listen", "127.0.0.1:0"]).output().unwrap();
    refused(&output, &["not the demo's", "--data"]);

    let folder = Folder::new();
    folder.write("demo.key", &MasterKey::random().to_text());
    let data = folder.0.display().to_string();
    let output = program(&["demo", "--data", &data, "--listen", "127.0.0.1:0"]).output().unwrap();
    refused(&output, &["demo.key", "not a demo key"]);
    let output = program(&["demo", "--data", &data, "--listen", "nowhere"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
}
