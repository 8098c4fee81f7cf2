//! Many who edit one draft at once, from several channels.

use futures_util::future::join_all;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use crate::api::road_draft;
use crate::support::{Database, Portal, id};

const CHANNELS: [&str; 5] = ["web", "mini_program", "kiosk", "hotline", "third_party"];

/// Fields of the form, and something to enter in each.
fn edits() -> impl Strategy<Value = Vec<(&'static str, Value)>> {
    let text = || "[一-龥]{4,12}".prop_map(Value::from);
    let fields = (text(), text(), 1..200_u32, any::<bool>(), text(), 0..9_u32, any::<bool>());
    fields.prop_map(|(project, reason, area, traffic, manager, digit, promise)| {
        vec![
            ("project_name", project),
            ("reason", reason),
            ("area", json!(area)),
            ("affects_traffic", json!(traffic)),
            ("site_manager", manager),
            ("site_manager_mobile", json!(format!("1390000000{digit}"))),
            ("promise", json!(promise)),
        ]
    })
}

async fn nothing_is_lost(database: Database) {
    let portal = Portal::open(database).await;
    let mut runner = TestRunner::deterministic();
    for round in 0..6 {
        let draft = road_draft(&portal, "resident@web", json!({})).await;
        let path = format!("/api/v1/cases/{draft}/facts");
        let edits = edits().new_tree(&mut runner).unwrap().current();
        let sent = edits.iter().enumerate().map(|(n, (field, value))| {
            let who = format!("resident@{}", CHANNELS[(n + round) % CHANNELS.len()]);
            portal.send(portal.request(&who, "PATCH", &path).json(&json!({ *field: value })))
        });
        for reply in join_all(sent).await {
            reply.expect(200);
        }
        let case = portal.get("resident@web", &format!("/api/v1/cases/{draft}")).await.expect(200);
        for (field, value) in &edits {
            assert_eq!(case["facts"][*field], *value, "{field} of round {round}");
        }
        assert_eq!(case["version"], json!(2 + edits.len()), "every save is an event of its own");
    }
    portal.close().await;
}

#[actix_web::test]
async fn whatever_different_channels_enter_at_once_is_all_there() {
    nothing_is_lost(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL; tests/run starts it"]
async fn whatever_different_channels_enter_at_once_is_all_there_on_postgres() {
    nothing_is_lost(Database::postgres()).await;
}

/// Everybody adds a row to the same group; everyone's is there, once.
async fn no_row_is_lost(database: Database) {
    let portal = Portal::open(database).await;
    let guide = portal.city.guide("real-estate-transfer.yaml");
    let opening = json!({ "guide_code": guide, "scenario": "dwelling" });
    let draft = id(&portal.post("resident@web", "/api/v1/cases", opening).await.expect(201));
    let path = format!("/api/v1/cases/{draft}/facts");
    let names: Vec<String> = (0..8).map(|number| format!("买受人{number}")).collect();
    let sent = names.iter().enumerate().map(|(number, name)| {
        let who = format!("resident@{}", CHANNELS[number % CHANNELS.len()]);
        let row = json!({ "buyers": { "-": { "name": name } } });
        portal.send(portal.request(&who, "PATCH", &path).json(&row))
    });
    for reply in join_all(sent).await {
        reply.expect(200);
    }
    let case = portal.get("resident@web", &format!("/api/v1/cases/{draft}")).await.expect(200);
    let mut there: Vec<&str> =
        case["facts"]["buyers"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect();
    there.sort_unstable();
    assert_eq!(there, names);
    let wrong = portal.request("resident@web", "PATCH", &path).json(&json!({ "buyers": { "0": {} } }));
    assert_eq!(portal.send(wrong).await.problem(422)["errors"][0]["pointer"], "/facts/buyers");
    portal.close().await;
}

#[actix_web::test]
async fn rows_that_are_added_at_once_are_all_there() {
    no_row_is_lost(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL; tests/run starts it"]
async fn rows_that_are_added_at_once_are_all_there_on_postgres() {
    no_row_is_lost(Database::postgres()).await;
}
