//! The audit trail: what comes on record, who reads it, and that his reading does.

use serde_json::{Value, json};

use super::{PASSWORD, WRONG, network, stranger, try_password};
use crate::api::submitted_road_case;
use crate::support::{Database, Portal};

const AUDIT: &str = "/api/v1/admin/audit";
const OWNER: &str = "13900000001";

async fn trail(portal: &Portal, query: &str) -> Vec<Value> {
    let page = portal.get("auditor@web", &format!("{AUDIT}?{query}")).await.expect(200);
    page["items"].as_array().unwrap().clone()
}

#[actix_web::test]
async fn every_try_at_an_account_is_on_record_with_its_network() {
    let portal = Portal::open(Database::sqlite()).await;
    let (city, owner) = (&portal.city, portal.city.account("resident").await);
    for number in [0, 0, 0, 1, 0, 0, 0, 0] {
        let _ = try_password(city, &stranger(&network(number)), OWNER, WRONG).await;
    }
    let _ = try_password(city, &stranger(&network(2)), OWNER, PASSWORD).await;
    let failures = trail(&portal, &format!("action=account.signed_in&subject={owner}")).await;
    assert_eq!(failures.len(), 6, "{failures:#?}");
    assert!(failures.iter().all(|entry| entry["outcome"] == "refused" && entry["account"].is_null()));
    let networks: Vec<&str> = failures.iter().map(|entry| entry["network"].as_str().unwrap()).collect();
    assert!(networks.iter().all(|label| label.starts_with("n-") && label.len() == 12), "{networks:?}");
    let distinct: std::collections::BTreeSet<_> = networks.iter().collect();
    assert_eq!(distinct.len(), 2);
    // Knocking on while one must wait is noted once a minute.
    let waits = trail(&portal, &format!("action=account.throttled&subject={owner}")).await;
    assert_eq!(waits.len(), 1, "{waits:#?}");
    let successes = trail(&portal, &format!("action=account.signed_in&account={owner}")).await;
    assert_eq!((successes.len(), &successes[0]["outcome"]), (1, &json!("succeeded")));
    // A number without an account is told by a label that says nothing.
    city.ctx.clock.advance(wanshitong::domain::time::parse_duration("PT1S").unwrap());
    let _ = try_password(city, &stranger(&network(5)), "13877777777", WRONG).await;
    let latest = &trail(&portal, "action=account.signed_in&limit=1").await[0];
    let subject = latest["subject"].as_str().unwrap();
    assert!(subject.starts_with("mobile:") && !subject.contains("7777777"), "{subject}");
    portal.close().await;
}

#[actix_web::test]
async fn an_officer_who_reaches_for_what_is_not_his_leaves_a_trace() {
    let portal = Portal::open(Database::sqlite()).await;
    let case = submitted_road_case(&portal, "resident@web").await;
    portal.post("reviewer@web", &format!("/api/v1/cases/{case}/accept"), json!({})).await.problem(403);
    portal.post("supervisor@web", &format!("/api/v1/cases/{case}/issue"), json!({})).await.problem(403);
    // The applicant himself is no officer, and to a stranger there is no case.
    portal.post("resident@web", &format!("/api/v1/cases/{case}/accept"), json!({})).await.problem(403);
    portal.post("admin@web", &format!("/api/v1/cases/{case}/accept"), json!({})).await.problem(404);
    let entries = trail(&portal, &format!("action=case.access_refused&subject={case}")).await;
    let mut told: Vec<&str> =
        entries.iter().map(|entry| entry["details"]["operation"].as_str().unwrap()).collect();
    told.sort_unstable();
    assert_eq!(told, ["AcceptCase", "IssueResult"], "{entries:#?}");
    assert!(entries.iter().all(|entry| entry["client"] == "web" && entry["request_id"].is_string()));
    portal.close().await;
}

#[actix_web::test]
async fn reading_the_trail_is_itself_on_record_before_it_is_read() {
    let portal = Portal::open(Database::sqlite()).await;
    let auditor = portal.city.account("auditor").await;
    let read = trail(&portal, &format!("account={auditor}")).await;
    assert_eq!((read.len(), &read[0]["action"]), (1, &json!("audit.read")), "{read:#?}");
    assert_eq!(read[0]["details"]["account"], auditor.to_string());
    portal.get("auditor@web", &format!("{AUDIT}/export?action=audit.read")).await;
    let exported = trail(&portal, "action=audit.exported").await;
    assert_eq!((exported.len(), &exported[0]["details"]["action"]), (1, &json!("audit.read")));
    portal.close().await;
}

#[actix_web::test]
async fn the_trail_is_read_page_by_page_between_two_times_and_not_beyond() {
    let portal = Portal::open(Database::sqlite()).await;
    let home = stranger("192.0.2.1");
    for person in 0..12 {
        let _ = try_password(&portal.city, &home, &format!("138000{person:05}"), WRONG).await;
        let minute = wanshitong::domain::time::parse_duration("PT1M").unwrap();
        portal.city.ctx.clock.advance(minute);
    }
    let mut seen = Vec::new();
    let mut after = String::new();
    loop {
        let path = format!("{AUDIT}?action=account.signed_in&limit=5{after}");
        let page = portal.get("auditor@web", &path).await.expect(200);
        seen.extend(
            page["items"].as_array().unwrap().iter().map(|entry| entry["at"].as_str().unwrap().to_owned()),
        );
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    assert_eq!(seen.len(), 12);
    assert!(seen.windows(2).all(|pair| pair[0] > pair[1]), "the newest first: {seen:?}");
    let between = "action=account.signed_in&from=2026-03-02T01:32:00Z&to=2026-03-02T01:35:00Z";
    let found = trail(&portal, between).await;
    let times: Vec<&str> = found.iter().map(|entry| entry["at"].as_str().unwrap()).collect();
    assert_eq!(times, ["2026-03-02T01:34:00Z", "2026-03-02T01:33:00Z", "2026-03-02T01:32:00Z"]);
    for query in
        ["from=yesterday", "to=1", "account=x", "action=nothing", "limit=1000", "after=x", "network=n-1"]
    {
        portal.get("auditor@web", &format!("{AUDIT}?{query}")).await.problem(400);
    }
    portal.close().await;
}

#[actix_web::test]
async fn a_copy_holds_every_entry_once_and_no_formula() {
    let portal = Portal::open(Database::sqlite()).await;
    let home = stranger("192.0.2.1");
    for person in 0..30 {
        let _ = try_password(&portal.city, &home, &format!("138000{person:05}"), WRONG).await;
    }
    let copy = portal.get("auditor@web", &format!("{AUDIT}/export?action=account.signed_in")).await;
    assert_eq!((copy.status, copy.header("content-type")), (200, Some("text/csv; charset=utf-8")));
    let mut rows = csv::Reader::from_reader(copy.bytes.as_slice());
    assert_eq!(rows.headers().unwrap().get(3), Some("action"));
    let rows: Vec<csv::StringRecord> = rows.records().map(Result::unwrap).collect();
    let ids: std::collections::BTreeSet<&str> = rows.iter().map(|row| &row[0]).collect();
    assert_eq!((rows.len(), ids.len()), (30, 30));
    assert!(rows.iter().flatten().all(|cell| !cell.starts_with(['=', '+', '-', '@'])));
    portal.close().await;
}

#[actix_web::test]
async fn nobody_but_an_auditor_reads_it_and_an_auditor_does_nothing_else() {
    let portal = Portal::open(Database::sqlite()).await;
    for who in
        ["resident@web", "handler@web", "supervisor@web", "admin@web", "publisher@web", "auditor@third_party"]
    {
        portal.get(who, AUDIT).await.problem(403);
        portal.get(who, &format!("{AUDIT}/export")).await.problem(403);
    }
    let case = submitted_road_case(&portal, "resident@web").await;
    portal.get("auditor@web", &format!("/api/v1/cases/{case}")).await.problem(404);
    portal.get("auditor@web", "/api/v1/cases").await.problem(403);
    portal.get("auditor@web", "/api/v1/admin/posts").await.problem(403);
    portal.close().await;
}

#[actix_web::test]
async fn what_administrators_and_publishers_change_is_on_record() {
    let portal = Portal::open(Database::sqlite()).await;
    let csv = "code,name,level,parent\n340799000000,新区,county,\n";
    let import =
        portal.request("admin@web", "POST", "/api/v1/admin/regions").header("content-type", "text/csv");
    portal.send(import.body(csv)).await.expect(200);
    let allowance = portal.city.guide("old-age-allowance.yaml");
    let withdraw = format!("/api/v1/admin/guides/{allowance}/withdraw");
    assert_eq!(portal.post("publisher@web", &withdraw, json!({})).await.status, 204);
    let changed = trail(&portal, "action=organisation.changed").await;
    assert_eq!((&changed[0]["subject"], &changed[0]["details"]["rows"]), (&json!("regions"), &json!(1)));
    let withdrawn = trail(&portal, &format!("action=catalogue.changed&subject={allowance}")).await;
    assert_eq!(withdrawn.len(), 1, "{withdrawn:#?}");
    portal.close().await;
}
