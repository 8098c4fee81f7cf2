//! Going on by itself: by two instances at once, and after being stopped anywhere.

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::json;
use wanshitong::app::bundles;

use super::*;

/// The cases of the resident with this guide.
async fn cases_of(portal: &Portal, guide: &str) -> usize {
    let cases = portal.get(RESIDENT, &format!("/api/v1/me/cases?guide={guide}&limit=100")).await.expect(200);
    cases["items"].as_array().unwrap().len()
}

async fn two_instances_file_a_part_once(portal: Portal) {
    let beside = portal.beside().await;
    let application = submitted(&portal).await;
    approve(&portal, &case_of(&read(&portal, &application).await, "birth")).await;
    let (one, other) = (&portal.city.ctx, &beside.city.ctx);
    let (a, b, c, d) = tokio::join!(
        bundles::follow(one),
        bundles::follow(other),
        bundles::follow(one),
        bundles::follow(other)
    );
    for looked_at in [a, b, c, d] {
        looked_at.unwrap();
    }
    follow(&portal).await;
    let on = read(&beside, &application).await;
    assert_eq!(states(&on)[..2], ["ended", "filed"]);
    assert_eq!(cases_of(&portal, &portal.city.guide("newborn-registration.yaml")).await, 1);
    // There is nothing left to do.
    assert_eq!(bundles::follow(one).await.unwrap(), 0);
    assert_eq!(bundles::follow(other).await.unwrap(), 0);
    beside.close().await;
    portal.close().await;
}

#[actix_web::test]
async fn two_instances_at_once_file_a_part_once() {
    two_instances_file_a_part_once(portal(Database::sqlite()).await).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn two_instances_at_once_file_a_part_once_on_postgres() {
    two_instances_file_a_part_once(portal(Database::postgres()).await).await;
}

/// Whatever was under way when it stops is found again, and nothing is done twice.
async fn stopped_at_any_moment(portal: Portal) {
    let mut applications = Vec::new();
    for _ in 0..6 {
        applications.push(submitted(&portal).await);
    }
    for application in &applications {
        approve(&portal, &case_of(&read(&portal, application).await, "birth")).await;
    }
    for micros in [0, 200, 900, 2_000, 4_000, 7_000, 11_000, 18_000] {
        // A new process that dies after so long.
        let dying = portal.city.another_instance().await;
        tokio::select! {
            followed = bundles::follow(&dying.ctx) => drop(followed.unwrap()),
            () = tokio::time::sleep(Duration::from_micros(micros)) => {}
        }
    }
    follow(&portal).await;
    for application in &applications {
        let on = read(&portal, application).await;
        assert_eq!(states(&on), ["ended", "filed", "waiting", "skipped"], "{on:#}");
    }
    assert_eq!(cases_of(&portal, &portal.city.guide("newborn-registration.yaml")).await, applications.len());
    portal.close().await;
}

#[actix_web::test]
async fn a_process_stopped_at_any_moment_loses_nothing_and_repeats_nothing() {
    stopped_at_any_moment(portal(Database::sqlite()).await).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn a_process_stopped_at_any_moment_loses_nothing_and_repeats_nothing_on_postgres() {
    stopped_at_any_moment(portal(Database::postgres()).await).await;
}

#[actix_web::test]
async fn one_damaged_application_is_told_of_and_holds_up_no_other() {
    let portal = portal(Database::sqlite()).await;
    let (damaged, sound) = (submitted(&portal).await, submitted(&portal).await);
    for application in [&damaged, &sound] {
        approve(&portal, &case_of(&read(&portal, application).await, "birth")).await;
    }
    let hex = damaged.replace('-', "");
    portal
        .city
        .database
        .tamper(&format!("UPDATE bundle_applications SET personal = x'00' WHERE id = x'{hex}'"));
    follow(&portal).await;
    assert_eq!(states(&read(&portal, &sound).await)[1], "filed");
    portal.get(RESIDENT, &at(&damaged, "")).await.problem(500);
    assert!(crate::logs::said(&format!("corrupt row {damaged} in bundle_applications")));
    let mine = portal.get(RESIDENT, "/api/v1/me/bundle-applications").await.expect(200);
    assert_eq!(mine["items"].as_array().unwrap().len(), 1);
    portal.close().await;
}

#[actix_web::test]
async fn a_guide_that_changes_under_a_bundle_closes_it_until_the_bundle_follows() {
    let portal = portal(Database::sqlite()).await;
    let renamed = BIRTH_GUIDE
        .replace("name: child_name,", "name: name_of_child,")
        .replace("[child_name,", "[name_of_child,");
    let published = publish(&portal, &[("birth.yaml", &renamed)]).await;
    let closed = bundles::closed(&portal.city.ctx, &published).await;
    let told: Vec<_> = closed.iter().map(|one| (one.code.as_str(), one.misfit.path.as_str())).collect();
    assert_eq!(told, [(CODE, "/parts/0/facts/child_name")], "whoever publishes the guide is told");
    let page = portal.get("", &format!("/api/v1/bundles/{CODE}")).await.expect(200);
    assert_eq!(page["is_open"], false);
    let path = format!("/api/v1/bundles/{CODE}/applications");
    assert_eq!(portal.post(RESIDENT, &path, json!({})).await.problem(409)["code"], "guide_closed");
    let follows = BUNDLE.replacen("child_name: child_name", "name_of_child: child_name", 1);
    let published = publish(&portal, &[("newborn.yaml", &follows), ("birth.yaml", &renamed)]).await;
    assert_eq!(bundles::closed(&portal.city.ctx, &published).await, []);
    portal.post(RESIDENT, &path, json!({ "facts": answers() })).await.expect(201);
    portal.close().await;
}

#[actix_web::test]
async fn a_guide_is_published_though_a_bundle_that_names_it_is_damaged() {
    let portal = portal(Database::sqlite()).await;
    portal.city.database.tamper(&format!("UPDATE bundles SET yaml = 'x: ' || yaml WHERE code = '{CODE}'"));
    let reworded = BIRTH_GUIDE.replacen("handling:", "effective_until: 2030-12-31\nhandling:", 1);
    let published = publish(&portal, &[("birth.yaml", &reworded)]).await;
    assert_eq!(bundles::closed(&portal.city.ctx, &published).await, []);
    assert!(crate::logs::said(&format!("bundle {CODE} version 1 no longer reads")));
    portal.close().await;
}

async fn is_open(portal: &Portal) -> bool {
    let page = portal.get("", &format!("/api/v1/bundles/{CODE}")).await.expect(200);
    page["is_open"].as_bool().unwrap()
}

async fn a_bundle_is_what_its_guides_are_on_the_day(portal: Portal) {
    let beside = portal.beside().await;
    let until = BIRTH_GUIDE.replacen("handling:", "effective_until: 2026-03-03\nhandling:", 1);
    publish(&portal, &[("birth.yaml", &until)]).await;
    let follows = portal.post(RESIDENT, &format!("/api/v1/bundles/{CODE}/applications"), json!({})).await;
    assert_eq!(follows.status, 201);
    for instance in [&portal, &beside] {
        assert!(is_open(instance).await, "the last day of the guide has not passed");
    }
    // Midnight passes in China, and nothing else happens.
    for instance in [&portal, &beside] {
        instance.city.ctx.clock.advance(TimeDelta::hours(39));
        assert!(!is_open(instance).await, "a part of it takes no cases any more");
    }
    beside.close().await;
    portal.close().await;
}

#[actix_web::test]
async fn a_bundle_closes_when_the_last_day_of_a_guide_has_passed() {
    a_bundle_is_what_its_guides_are_on_the_day(portal(Database::sqlite()).await).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn a_bundle_closes_when_the_last_day_of_a_guide_has_passed_on_postgres() {
    a_bundle_is_what_its_guides_are_on_the_day(portal(Database::postgres()).await).await;
}

#[actix_web::test]
async fn a_version_of_a_guide_that_begins_one_day_is_in_the_joint_form_from_that_day() {
    let portal = portal(Database::sqlite()).await;
    let next = BIRTH_GUIDE.replacen("handling:", "effective_from: 2026-03-04\nhandling:", 1).replacen(
        "flow:",
        "    - { name: midwife, label: { zh: 接生人, en: Midwife }, type: text }\nflow:",
        1,
    );
    publish(&portal, &[("birth.yaml", &next)]).await;
    let asks = async || {
        let page = portal.get("", &format!("/api/v1/bundles/{CODE}")).await.expect(200);
        page["form"]["properties"]["birth"]["properties"].get("midwife").is_some()
    };
    assert!(!asks().await);
    portal.city.ctx.clock.advance(TimeDelta::hours(39));
    assert!(asks().await, "the form is that of the version in force");
    portal.close().await;
}

async fn she_mends_what_was_sent_back(portal: Portal) {
    let application = submitted(&portal).await;
    let shown = async || {
        let seen = read(&portal, &application).await;
        (seen["promised_due"].as_str().unwrap().to_owned(), seen["light"].clone())
    };
    assert_eq!(shown().await, ("2026-03-09".to_owned(), json!("green")));
    let birth = case_of(&read(&portal, &application).await, "birth");
    let items = json!([{ "pointer": "/facts/hospital", "reason": "wrong" }]);
    portal.act("handler@web", &birth, "request-correction", json!({ "items": items })).await;
    follow(&portal).await;
    // Ten working days, in which no agency can do anything.
    portal.city.ctx.clock.advance(TimeDelta::days(14));
    follow(&portal).await;
    assert_eq!(shown().await, ("2026-03-23".to_owned(), json!("green")));
    let facts = portal.request(RESIDENT, "PATCH", &format!("/api/v1/cases/{birth}/facts"));
    portal.send(facts.json(&json!({ "hospital": "铜陵市人民医院" }))).await.expect(200);
    portal.act(RESIDENT, &birth, "correct", json!({})).await;
    follow(&portal).await;
    assert_eq!(shown().await, ("2026-03-23".to_owned(), json!("green")));
    portal.city.ctx.clock.advance(TimeDelta::days(8));
    follow(&portal).await;
    assert_eq!(shown().await, ("2026-03-23".to_owned(), json!("red")));
    portal.close().await;
}

#[actix_web::test]
async fn the_joint_promise_moves_by_the_days_a_case_was_sent_back() {
    she_mends_what_was_sent_back(portal(Database::sqlite()).await).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn the_joint_promise_moves_by_the_days_a_case_was_sent_back_on_postgres() {
    she_mends_what_was_sent_back(portal(Database::postgres()).await).await;
}
