//! Case numbers when the process dies in the middle of submissions and everybody
//! tries again: given once each, and every gap explained.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use super::*;

/// Applies under a new key each time until the portal is gone; gives each key with the
/// case it was answered with, none where the answer did not come.
async fn apply_under_keys(
    demo: &Demo,
    http: &reqwest::Client,
    next: &AtomicU64,
) -> Vec<(u64, Option<(String, String)>)> {
    let mut sent = Vec::new();
    loop {
        let key = next.fetch_add(1, Ordering::Relaxed);
        match apply(demo, http, key).await {
            Some(case) => sent.push((key, Some(case))),
            None => {
                sent.push((key, None));
                return sent;
            }
        }
    }
}

/// The id and the number of the case opened under this key; none when nobody answered.
async fn apply(demo: &Demo, http: &reqwest::Client, key: u64) -> Option<(String, String)> {
    let body =
        json!({"guide_code": guide("old-age-allowance.yaml"), "facts": allowance_facts(), "submit": true});
    let request = demo.request(http, "second_resident@web", "POST", "/api/v1/cases");
    let reply = request.header("idempotency-key", format!("apply-{key:06}")).json(&body).send().await.ok()?;
    assert_eq!(reply.status(), 201);
    let case: Value = reply.json().await.ok()?;
    Some((id(&case), case["case_no"].as_str().unwrap().to_owned()))
}

fn verify(folder: &Folder, what: &str) -> Output {
    program(&["verify", what, "--data", &folder.0.display().to_string()]).output().unwrap()
}

#[actix_web::test]
async fn numbers_are_given_once_though_the_process_dies_and_everybody_tries_again() {
    let folder = Folder::new();
    let next = AtomicU64::new(0);
    let mut opened: BTreeMap<u64, Option<(String, String)>> = BTreeMap::new();
    for _ in 0..2 {
        let mut demo = Demo::start(&folder);
        let http = http();
        let pid = demo.process.id().to_string();
        let killer = super::kill_when_busy(&folder, pid);
        let told = join_all((0..8).map(|_| apply_under_keys(&demo, &http, &next))).await;
        killer.join().unwrap();
        assert!(!demo.ended().success());
        opened.extend(told.into_iter().flatten());
    }
    let unanswered = opened.values().filter(|case| case.is_none()).count();
    assert!(opened.len() > 20 && unanswered >= 8, "{} sent, {unanswered} unanswered", opened.len());

    let mut demo = Demo::start(&folder);
    let http = http();
    let mut numbers = std::collections::BTreeSet::new();
    for (key, before) in &opened {
        let (case, case_no) = apply(&demo, &http, *key).await.unwrap();
        if let Some(before) = before {
            assert_eq!(before, &(case.clone(), case_no.clone()), "key {key}");
        }
        assert!(numbers.insert(case_no), "key {key}: a number was given twice");
    }
    // While it runs, and after it has stopped.
    for stops in [false, true] {
        if stops {
            demo.signal("-TERM");
            assert!(demo.ended().success());
        }
        let output = verify(&folder, "numbers");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
        assert!(said.contains(&format!("{} numbers were given, each to one case", opened.len())), "{said}");
        assert!(said.contains("no faults") && said.contains("Reserved ("), "{said}");
        let output = verify(&folder, "all");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
        assert!(said.contains("no faults"), "{said}");
    }
    every_case_is_whole(&folder, opened.len()).await;
    let all = open(&folder).list_cases(CaseFilter { limit: 100_000, ..CaseFilter::default() }).await.unwrap();
    assert_eq!(all.len(), opened.len(), "each key opened one case and no more");
}

/// What no block explains is a fault, and the exit code says so.
#[actix_web::test]
async fn a_number_nobody_reserved_and_a_hole_between_blocks_are_faults() {
    use diesel::Connection as _;
    use diesel::connection::SimpleConnection as _;
    let folder = Folder::new();
    let mut demo = Demo::start(&folder);
    for key in 0..3 {
        apply(&demo, &http(), key).await.unwrap();
    }
    demo.signal("-TERM");
    demo.ended();
    let file = folder.file("wanshitong.db");
    let tamper = |sql: &str| {
        diesel::SqliteConnection::establish(file.to_str().unwrap()).unwrap().batch_execute(sql).unwrap();
    };
    assert!(verify(&folder, "numbers").status.success());
    tamper("CREATE TABLE kept AS SELECT * FROM number_blocks; DELETE FROM number_blocks WHERE first = 1");
    let output = verify(&folder, "numbers");
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("numbers 1–1 are in no block") && said.contains("number 1 was given"), "{said}");
    tamper("DELETE FROM number_blocks; DELETE FROM number_series");
    let output = verify(&folder, "numbers");
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("nothing was ever reserved of its series"), "{said}");
    tamper(
        "INSERT INTO number_blocks SELECT * FROM kept; UPDATE case_events SET event = replace(event, '2026', '2027') WHERE seq = 2",
    );
    let output = verify(&folder, "all");
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("FAULT case") && said.contains("record 2: its content"), "{said}");
}

#[actix_web::test]
async fn a_receipt_is_verified_from_files_alone() {
    let folder = Folder::new();
    let demo = Demo::start(&folder);
    let http = http();
    let (case, case_no) = apply(&demo, &http, 1).await.unwrap();
    let get = async |who: &str, path: &str| {
        let request = match who {
            "" => http.get(demo.url(path)),
            who => demo.request(&http, who, "GET", path),
        };
        request.send().await.unwrap().text().await.unwrap()
    };
    let who = "second_resident@web";
    let receipt = folder.write("receipt.json", &get(who, &format!("/api/v1/cases/{case}/receipt")).await);
    let keys = folder.write("seal-keys.json", &get("", "/.well-known/seal-keys.json").await);
    let events = get(who, &format!("/api/v1/cases/{case}/events")).await;
    let history = folder.write("case.json", &events);
    drop(demo);
    let [receipt, keys, history] = [&receipt, &keys, &history].map(|file| file.to_str().unwrap());
    let output =
        program(&["verify", "receipt", receipt, "--keys", keys, "--case", history]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains(&case_no) && said.contains("begins with what was attested"), "{said}");

    // The keys beside the receipt are taken by themselves; without any nobody can tell.
    let alone = || program(&["verify", "receipt", receipt]).output().unwrap();
    assert!(alone().status.success());
    let away = folder.write("keys.json", &std::fs::read_to_string(keys).unwrap());
    std::fs::remove_file(keys).unwrap();
    refused(&alone(), &["--keys", "seal-keys.json"]);
    let keys = away.to_str().unwrap();
    folder.write("case.json", &events.replace("\"submitted\"", "\"accepted\""));
    let output =
        program(&["verify", "receipt", receipt, "--keys", keys, "--case", history]).output().unwrap();
    refused(&output, &["case.json", "was changed"]);
}
