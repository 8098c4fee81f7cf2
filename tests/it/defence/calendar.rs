//! Entering a year's notice: deadlines count with it at once, on every instance.

use serde_json::json;
use wanshitong::app::upkeep::{self, Seen};

use crate::support::{Database, Portal, Reply};

const CALENDAR: &str = "/api/v1/admin/calendar";

async fn enter(portal: &Portal, who: &str, year: &str, csv: &str) -> Reply {
    let request =
        portal.request(who, "PUT", &format!("{CALENDAR}/{year}")).header("content-type", "text/csv");
    portal.send(request.body(csv.to_owned())).await
}

async fn allowance_due(portal: &Portal) -> String {
    let path = format!("/api/v1/guides/{}/evaluate", portal.city.guide("road-occupation-permit.yaml"));
    let found = portal.post("", &path, json!({ "scenario": "occupy" })).await.expect(200);
    found["legal_due"].as_str().unwrap().to_owned()
}

/// A week off that no notice has ever given.
const WEEK: &str =
    "date,kind,festival\n2026-03-03,rest,铜都节\n2026-03-04,rest,铜都节\n2026-03-05,rest,铜都节\n";

async fn a_notice_counts_everywhere_and_outlives_a_restart(database: Database) {
    let portal = Portal::open(database).await;
    let other = portal.beside().await;
    let (before, mut seen) = (allowance_due(&portal).await, Seen::default());
    let shown = portal.get("admin@web", CALENDAR).await.expect(200);
    assert!(shown["years"].as_array().unwrap().contains(&json!(2026)), "the built-in notices: {shown:#}");

    let entered = enter(&portal, "admin@web", "2026", WEEK).await;
    assert!(entered.header("etag").is_some());
    let entered = entered.expect(200);
    assert_ne!(entered["version"], shown["version"]);
    let of_the_year = |day: &&serde_json::Value| day["date"].as_str().unwrap().starts_with("2026-03");
    assert_eq!(entered["days"].as_array().unwrap().iter().filter(of_the_year).count(), 3);
    let after = allowance_due(&portal).await;
    assert!(after > before, "{before} became {after}");
    assert_eq!(allowance_due(&other).await, before);
    upkeep::catch_up(&other.city.ctx, &mut seen).await.unwrap();
    assert_eq!(allowance_due(&other).await, after);
    let restarted = portal.beside().await;
    assert_eq!(allowance_due(&restarted).await, after);

    let trail = portal.get("auditor@web", "/api/v1/admin/audit?action=calendar.changed").await.expect(200);
    assert_eq!(trail["items"][0]["details"], json!({"year": 2026, "before": shown["version"]}));
    for portal in [other, restarted, portal] {
        portal.close().await;
    }
}

#[actix_web::test]
async fn a_notice_counts_everywhere() {
    a_notice_counts_everywhere_and_outlives_a_restart(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: tests/run"]
async fn a_notice_counts_everywhere_on_postgres() {
    a_notice_counts_everywhere_and_outlives_a_restart(Database::postgres()).await;
}

#[actix_web::test]
async fn a_notice_with_a_fault_is_reported_by_line_and_changes_nothing() {
    let portal = Portal::open(Database::sqlite()).await;
    let before = portal.get("admin@web", CALENDAR).await.expect(200);
    let wrong = "date,kind,festival\n2027-01-01,rest,元旦\n2028-01-01,rest,元旦\n2027-02-30,rest,春节\n2027-01-04,off,元旦\n";
    let problem = enter(&portal, "admin@web", "2027", wrong).await.problem(422);
    let lines: Vec<&str> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["pointer"].as_str().unwrap())
        .collect();
    assert_eq!(lines, ["line 3", "line 4", "line 5"], "{problem:#}");
    enter(&portal, "admin@web", "2027", "").await.problem(422);
    enter(&portal, "admin@web", "1066", WEEK).await.problem(400);
    enter(&portal, "admin@web", "next", WEEK).await.problem(404);
    for who in ["resident@web", "handler@web", "auditor@web", "publisher@web"] {
        enter(&portal, who, "2027", WEEK).await.problem(403);
        portal.get(who, CALENDAR).await.problem(403);
    }
    assert_eq!(portal.get("admin@web", CALENDAR).await.expect(200), before);
    portal.close().await;
}
