//! Daily roots: made once for each day that is over, in an unbroken row; what is under
//! one can be shown to be, and nothing else can.

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use wanshitong::app::roots;
use wanshitong::domain::cases::merkle;
use wanshitong::domain::verification::Part;

use super::{closed_road_case, look, of_case, parts};
use crate::api::{road_draft, submitted_road_case};
use crate::support::{Database, Portal};

fn digest(text: &Value) -> [u8; 32] {
    let text = text.as_str().unwrap();
    let byte = |at: usize| u8::from_str_radix(&text[at * 2..at * 2 + 2], 16).unwrap();
    std::array::from_fn(byte)
}

fn days(portal: &Portal, days: i64) {
    portal.city.ctx.clock.advance(chrono::TimeDelta::days(days));
}

async fn roots_are_made_once(database: Database) {
    let portal = Portal::open(database).await;
    let beside = portal.beside().await;
    let [ctx, other] = [&portal.city.ctx, &beside.city.ctx];
    assert_eq!(roots::make_due(ctx).await.unwrap(), 0, "nothing has happened, and no day is over");
    for _ in 0..5 {
        submitted_road_case(&portal, "resident@web").await;
    }
    for ctx in [ctx, other] {
        ctx.clock.advance(chrono::TimeDelta::days(3));
    }
    let (here, there) = futures_util::join!(roots::make_due(ctx), roots::make_due(other));
    let (here, there) = (here.unwrap(), there.unwrap());
    assert!(here + there >= 1);
    let more = roots::make_due(ctx).await.unwrap() + roots::make_due(other).await.unwrap();
    assert_eq!(here + there + more, 3, "a day with cases and two without");
    let page = portal.get("", "/api/v1/roots").await.expect(200);
    let items = page["items"].as_array().unwrap();
    let listed: Vec<(&str, i64)> =
        items.iter().map(|root| (root["day"].as_str().unwrap(), root["cases"].as_i64().unwrap())).collect();
    assert_eq!(listed, [("2026-03-04", 0), ("2026-03-03", 0), ("2026-03-02", 5)]);
    for pair in items.windows(2) {
        let before = Sha256::digest(pair[1]["jws"].as_str().unwrap());
        assert_eq!(digest(&pair[0]["previous"]), <[u8; 32]>::from(before));
    }
    assert_eq!(look(ctx).await.1, []);
    assert_eq!(look(ctx).await.0.roots, 3);

    let next = portal.get("", "/api/v1/roots?limit=2").await.expect(200)["next"].clone();
    let rest = format!("/api/v1/roots?limit=2&after={}", next.as_str().unwrap());
    assert_eq!(portal.get("", &rest).await.expect(200)["items"][0], items[2]);
    assert_eq!(portal.get("", "/api/v1/roots/2026-03-02").await.expect(200), items[2]);
    portal.get("", "/api/v1/roots/2026-03-05").await.problem(404);
    portal.get("", "/api/v1/roots?after=x").await.problem(400);
    beside.close().await;
    portal.close().await;
}

#[actix_web::test]
async fn each_day_has_one_root_whichever_instance_comes_first() {
    roots_are_made_once(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn each_day_has_one_root_whichever_instance_comes_first_on_postgres() {
    roots_are_made_once(Database::postgres()).await;
}

#[actix_web::test]
async fn a_case_is_shown_to_be_under_its_root() {
    let portal = Portal::open(Database::sqlite()).await;
    let who = "resident@web";
    let cases = [
        submitted_road_case(&portal, who).await,
        submitted_road_case(&portal, who).await,
        road_draft(&portal, who, serde_json::json!({})).await,
    ];
    let path = |case: &str| format!("/api/v1/cases/{case}/proof");
    portal.get(who, &path(&cases[0])).await.problem(404);
    days(&portal, 1);
    let younger = submitted_road_case(&portal, who).await;
    roots::make_due(&portal.city.ctx).await.unwrap();
    for case in &cases {
        let proof = portal.get(who, &path(case)).await.expect(200);
        let leaf = merkle::Leaf {
            case: case.parse().unwrap(),
            seq: proof["seq"].as_u64().unwrap(),
            head: digest(&proof["head"]),
        };
        let events = super::events(&portal, who, case).await;
        assert_eq!(events["items"].as_array().unwrap().last().unwrap()["hash"], proof["head"]);
        assert_eq!(leaf.hash(), digest(&proof["leaf"]));
        let beside: Vec<[u8; 32]> = proof["path"].as_array().unwrap().iter().map(digest).collect();
        let number = |name: &str| usize::try_from(proof[name].as_u64().unwrap()).unwrap();
        let root = merkle::root_of_path(number("index"), number("size"), leaf.hash(), &beside);
        assert_eq!(root, Some(digest(&proof["root"]["root"])));
    }
    portal.get(who, &path(&younger)).await.problem(404);
    portal.get("second_resident@web", &path(&cases[0])).await.problem(404);
    portal.close().await;
}

#[actix_web::test]
async fn a_root_or_a_record_under_it_that_is_changed_is_named() {
    let portal = Portal::open(Database::sqlite()).await;
    let case = closed_road_case(&portal).await;
    submitted_road_case(&portal, "resident@web").await;
    days(&portal, 3);
    let ctx = &portal.city.ctx;
    roots::make_due(ctx).await.unwrap();
    let database = &portal.city.database;
    database.tamper("CREATE TABLE kept AS SELECT * FROM daily_roots");
    for (change, day) in [
        ("root = zeroblob(32) WHERE day = '2026-03-02'", "2026-03-02"),
        ("previous = zeroblob(32) WHERE day = '2026-03-03'", "2026-03-03"),
        ("cases = cases + 1 WHERE day = '2026-03-02'", "2026-03-02"),
        ("jws = jws || 'A' WHERE day = '2026-03-03'", "2026-03-03"),
        ("jws = 'x' || substr(jws, 2) WHERE day = '2026-03-04'", "2026-03-04"),
        ("day = '2026-03-09' WHERE day = '2026-03-04'", "2026-03-09"),
    ] {
        database.tamper(&format!("UPDATE daily_roots SET {change}"));
        let (_, found) = look(ctx).await;
        assert!(parts(&found).contains(&Part::Root(day.parse().unwrap())), "{change}: {found:#?}");
        database.tamper("DELETE FROM daily_roots; INSERT INTO daily_roots SELECT * FROM kept");
    }
    database.tamper("DELETE FROM daily_roots WHERE day = '2026-03-03'");
    assert!(parts(&look(ctx).await.1).contains(&Part::Root("2026-03-04".parse().unwrap())));
    database.tamper("DELETE FROM daily_roots; INSERT INTO daily_roots SELECT * FROM kept");
    assert_eq!(look(ctx).await.1, []);

    // A whole case that is taken away leaves no trace but in the root.
    for (table, column) in
        [("cases", "id"), ("case_events", "case_id"), ("letters", "case_id"), ("certificates", "case_id")]
    {
        database.tamper(&format!("DELETE FROM {table} WHERE {}", of_case(&portal, column, &case)));
    }
    assert_eq!(parts(&look(ctx).await.1), [Part::Root("2026-03-02".parse().unwrap())]);
    portal.close().await;
}
