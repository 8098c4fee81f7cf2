//! What a draft changes, told to whoever drafts and whoever is to publish it.

use serde_json::{Value, json};

use super::{AGENCY, GUIDES, ITEM, decide, hand_in, local, publish};
use crate::support::{Database, Portal};

const NEWBORN: &str = include_str!("../../../src/data/sample/bundles/newborn.yaml");

async fn diff(portal: &Portal, persona: &str, draft: &str) -> Value {
    portal.get(persona, &format!("{GUIDES}/{draft}/diff")).await.expect(200)
}

fn lines(diff: &Value) -> Vec<(&str, &str, &str)> {
    let changes = diff["changes"].as_array().unwrap().iter();
    changes
        .map(|change| {
            let text = &change["text"];
            (change["about"].as_str().unwrap(), text["zh"].as_str().unwrap(), text["en"].as_str().unwrap())
        })
        .collect()
}

async fn a_draft_is_compared_with_what_is_in_force(database: Database) {
    let portal = Portal::open(database).await;
    let item = hand_in(&portal, &[ITEM]).await.remove(0);
    let told = diff(&portal, "editor@web", &item).await;
    assert_eq!(
        (&told["is_new"], &told["against"], &told["changes"]),
        (&json!(true), &json!(null), &json!([]))
    );
    decide(&portal, &item).await.expect(200);
    publish(&portal, &local(AGENCY, "")).await;

    let sooner = local(AGENCY, "limits: { promised: { days: 3, unit: working_day } }\n");
    let draft = hand_in(&portal, &[&sooner]).await.remove(0);
    for persona in ["editor@web", "publisher@web"] {
        let told = diff(&portal, persona, &draft).await;
        assert_eq!((&told["is_new"], &told["against"]), (&json!(false), &json!(1)));
        assert_eq!(
            lines(&told),
            [("time_limit", "承诺时限 5 → 3 个工作日", "promised limit 5 → 3 working days")]
        );
    }
    for persona in ["handler@web", "resident@web", "auditor@web"] {
        portal.get(persona, &format!("{GUIDES}/{draft}/diff")).await.problem(403);
    }

    let freely = ITEM.replace(
        "applicant.age >= 60, text: { zh: 年满六十周岁, en: Aged 60 or over }",
        "applicant.age >= 55, text: { zh: 年满五十五周岁, en: Aged 55 or over }",
    );
    let draft = hand_in(&portal, &[&freely]).await.remove(0);
    let told = diff(&portal, "publisher@web", &draft).await;
    assert!(told["heading"]["en"].as_str().unwrap().contains("every guide that inherits"), "{told}");
    assert_eq!(
        lines(&told),
        [
            (
                "condition",
                "条件：年满六十周岁 → 年满五十五周岁",
                "condition: Aged 60 or over → Aged 55 or over"
            ),
            (
                "condition",
                "条件的判断规则有变：年满五十五周岁",
                "another rule for the condition: Aged 55 or over"
            )
        ]
    );
    decide(&portal, &draft).await.expect(200);
    let told = diff(&portal, "publisher@web", &draft).await;
    assert_eq!((&told["against"], &told["changes"]), (&json!(2), &json!([])), "it is in force by now");
    portal.close().await;
}

#[actix_web::test]
async fn a_draft_is_compared_with_what_is_in_force_on_sqlite() {
    a_draft_is_compared_with_what_is_in_force(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn a_draft_is_compared_with_what_is_in_force_on_postgres() {
    a_draft_is_compared_with_what_is_in_force(Database::postgres()).await;
}

/// A newer version takes the place of those to come whose day is not before its own.
async fn what_never_comes_into_force(database: Database) {
    let portal = Portal::open(database).await;
    publish(&portal, ITEM).await;
    publish(&portal, &local(AGENCY, "")).await;
    let to_come = local(AGENCY, "visits: 1\neffective_from: 2026-06-01\n");
    publish(&portal, &to_come).await;
    let never = (
        "effect",
        "原定自 2026-06-01 起施行的第 2 版不再施行",
        "version 2, in force from 2026-06-01, will not come into force",
    );
    for (file, is_told) in [
        (local(AGENCY, "visits: 2\n"), true),
        (local(AGENCY, "visits: 2\neffective_from: 2026-06-01\n"), true),
        (local(AGENCY, "visits: 2\neffective_from: 2026-06-02\n"), false),
        (to_come, false),
    ] {
        let draft = hand_in(&portal, &[&file]).await.remove(0);
        let told = diff(&portal, "publisher@web", &draft).await;
        assert_eq!(told["against"], 1);
        assert_eq!(lines(&told).contains(&never), is_told, "{told:#}");
    }
    portal.close().await;
}

#[actix_web::test]
async fn a_draft_tells_which_versions_to_come_will_not_come_into_force() {
    what_never_comes_into_force(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn a_draft_tells_which_versions_to_come_will_not_come_into_force_on_postgres() {
    what_never_comes_into_force(Database::postgres()).await;
}

#[actix_web::test]
async fn of_a_bundle_and_of_certificate_types_it_is_told_too() {
    let portal = Portal::open(Database::sqlite()).await;
    let slower = NEWBORN.replace("promised: { days: 6,", "promised: { days: 7,");
    let slower = slower.replacen("after: [registration]", "after: [registration, immunisation]", 1);
    let types = "format: 1\nkind: certificate_types\ntypes:\n  - { type: 11100000000013338W999, name: { zh: 新证, en: New card } }\n";
    let drafts = hand_in(&portal, &[&slower, types]).await;
    let told = diff(&portal, "publisher@web", &drafts[0]).await;
    let told = lines(&told);
    assert!(
        told.contains(&(
            "time_limit",
            "联合承诺时限 6 → 7 个工作日",
            "joint promised limit 6 → 7 working days"
        )),
        "{told:?}"
    );
    let (about, zh, _) = told[0];
    assert!(about == "part" && zh.contains("须等办结的事项：“"), "{told:?}");
    assert!(!zh.contains("registration"), "parts go by the names of their services: {zh}");
    let told = diff(&portal, "publisher@web", &drafts[1]).await;
    assert_eq!(
        lines(&told),
        [("result", "多一种电子证照：“新证”", "one type of certificate more: “New card”")]
    );
    portal.close().await;
}
