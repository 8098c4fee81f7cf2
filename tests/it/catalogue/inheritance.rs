//! What a new version of an item does to the guides that inherit from it.

use serde_json::{Value, json};
use wanshitong::app::catalog;

use super::{
    AGENCY, GUIDES, ITEM, POLICE, decide, hand_in, local, local_code, pointers, publish, shown, version,
};
use crate::support::{Database, Portal, id};

/// Guides that the item changes get a new version with it, others do not, and what was
/// filed before is handled as it was.
async fn an_item_takes_its_guides_along(database: Database) {
    let portal = Portal::open(database).await;
    publish(&portal, ITEM).await;
    let own_summary = "summary: { zh: 本地说明。, en: A local summary. }\n";
    let (plain, of_its_own) = (local(AGENCY, ""), local(POLICE, own_summary));
    for guide in [&plain, &of_its_own] {
        assert_eq!(publish(&portal, guide).await[0]["version"], 1);
    }
    let body = json!({"guide_code": local_code(AGENCY), "submit": true});
    let case = portal.open_case("second_resident@web", body).await;

    let reworded = ITEM.replace("年满六十周岁的居民可以申请。", "居民年满六十周岁可以申请。");
    let published = publish(&portal, &reworded).await;
    let told: Vec<Value> = published.as_array().unwrap().clone();
    assert_eq!(told.len(), 2, "{published:#}");
    assert_eq!((&told[0]["kind"], &told[0]["version"]), (&json!("item"), &json!(2)));
    assert_eq!((&told[1]["code"], &told[1]["version"]), (&json!(local_code(AGENCY)), &json!(2)));
    assert!(told[1]["file"].is_null());
    let now = shown(&portal, AGENCY).await.expect(200);
    assert_eq!((&now["version"], &now["item_version"]), (&json!(2), &json!(2)));
    assert_eq!(now["summary"]["zh"], "居民年满六十周岁可以申请。");
    assert_eq!(version(&portal, POLICE).await, 1, "it says something else there");
    let first =
        portal.get("", &format!("/api/v1/guides/{}/versions/1", local_code(AGENCY))).await.expect(200);
    assert_eq!(first["summary"]["zh"], "年满六十周岁的居民可以申请。");
    let read = portal.get("second_resident@web", &format!("/api/v1/cases/{}", id(&case))).await.expect(200);
    assert_eq!(read["guide"]["version"], 1, "an open case keeps its version");
    let listed = portal.get("", "/api/v1/items/000599001000").await.expect(200);
    let versions: Vec<_> = listed["guides"].as_array().unwrap().iter().map(|line| &line["version"]).collect();
    assert_eq!(versions, [&json!(1), &json!(2)], "{listed:#}");

    // A draft that was written meanwhile is still on top: only the item has changed.
    let nothing_new = publish(&portal, &reworded).await;
    assert_eq!(nothing_new[0]["is_new_version"], false);
    assert_eq!(version(&portal, AGENCY).await, 2);
    portal.close().await;
}

#[actix_web::test]
async fn a_new_version_of_an_item_takes_its_guides_along() {
    an_item_takes_its_guides_along(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn a_new_version_of_an_item_takes_its_guides_along_on_postgres() {
    an_item_takes_its_guides_along(Database::postgres()).await;
}

#[actix_web::test]
async fn an_item_by_which_a_guide_no_longer_reads_is_refused_and_says_which() {
    let portal = Portal::open(Database::sqlite()).await;
    publish(&portal, ITEM).await;
    publish(&portal, &local(POLICE, "")).await;
    let leans = "conditions:\n  - code: reason\n    when: has(facts.reason)\n    text: { zh: 写明理由, en: A reason is given }\n";
    publish(&portal, &local(AGENCY, leans)).await;
    let without = ITEM.replace("name: reason", "name: grounds").replace("六十周岁的居民", "六十岁的居民");
    let draft = hand_in(&portal, &[&without]).await.remove(0);
    let refused = decide(&portal, &draft).await.problem(422);
    assert_eq!(pointers(&refused), [format!("{} (示例补贴):9:/conditions/0/when", local_code(AGENCY))]);
    let report = portal.post("editor@web", &format!("{GUIDES}/{draft}/check"), json!({})).await.expect(200);
    assert_eq!(
        (&report["problems"][0]["line"], &report["problems"][0]["in_item"]),
        (&json!(9), &json!(false))
    );
    for agency in [AGENCY, POLICE] {
        assert_eq!(version(&portal, agency).await, 1, "all or none");
    }
    portal.close().await;
}

#[actix_web::test]
async fn a_draft_written_before_its_item_changed_is_published_after_it() {
    let portal = Portal::open(Database::sqlite()).await;
    publish(&portal, ITEM).await;
    publish(&portal, &local(AGENCY, "")).await;
    let draft = hand_in(&portal, &[&local(AGENCY, "visits: 1\n")]).await.remove(0);
    publish(&portal, &ITEM.replace("topics: [elderly]", "topics: [elderly, housing]")).await;
    assert_eq!(version(&portal, AGENCY).await, 2);
    decide(&portal, &draft).await.expect(200);
    let now = shown(&portal, AGENCY).await.expect(200);
    assert_eq!((&now["version"], &now["visits"]), (&json!(3), &json!(1)));
    assert_eq!(now["topics"], json!(["elderly", "housing"]));
    portal.close().await;
}

#[actix_web::test]
async fn certificate_types_are_published_and_guides_are_checked_against_them() {
    let portal = Portal::open(Database::sqlite()).await;
    let types = "format: 1\nkind: certificate_types\ntypes:\n  - { type: \"11100000MBWXT0001A001\", name: { zh: 居民身份证, en: Identity card }, supplies: [居民身份证], attributes: [name] }\n";
    assert_eq!(publish(&portal, types).await[0]["kind"], "certificate_types");
    assert_eq!(publish(&portal, types).await[0]["is_new_version"], false);
    publish(&portal, ITEM).await;
    let asks = "materials:\n  - { code: card, name: { zh: 居民身份证, en: Identity card }, source: { own: true } }\n";
    let body = super::files(&[&local(AGENCY, asks)]);
    let refused = portal.post("editor@web", GUIDES, body).await.problem(422);
    assert!(pointers(&refused)[0].starts_with("1.yaml:8:/materials/0"), "{refused:#}");
    portal.close().await;
}

#[actix_web::test]
async fn an_item_that_gives_less_time_than_a_guide_promises_is_refused_and_tried_before() {
    let portal = Portal::open(Database::sqlite()).await;
    publish(&portal, ITEM).await;
    publish(&portal, &local(AGENCY, "limits: { promised: { days: 8, unit: working_day } }\n")).await;
    let shorter = ITEM.replace("legal: { days: 20,", "legal: { days: 6,");
    let draft = hand_in(&portal, &[&shorter]).await.remove(0);
    let refused = decide(&portal, &draft).await.problem(422);
    let told = pointers(&refused);
    assert!(told.len() == 1 && told[0].ends_with("/limits/promised"), "{told:?}");
    let files = vec![("item.yaml".to_owned(), shorter.clone())];
    let looked = catalog::look_through(&portal.city.ctx, &files).await.unwrap();
    assert_eq!(looked.problems.len(), 1, "whoever checks the item alone is told");
    assert_eq!(shown(&portal, AGENCY).await.expect(200)["item_version"], 1);

    // What was wrong already is not the new item's doing.
    let code = local_code(AGENCY);
    portal.city.database.tamper(&format!(
        "UPDATE guides SET yaml = replace(yaml, 'days: 8', 'days: 30') WHERE code = '{code}'"
    ));
    let reworded = ITEM.replace("六十周岁的居民", "六十岁的居民");
    publish(&portal, &reworded).await;
    portal.close().await;
}
