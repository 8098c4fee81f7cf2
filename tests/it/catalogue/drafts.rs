//! Four eyes: who drafts does not publish, and what is published is looked at again.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{AGENCY, GUIDES, ITEM, POLICE, decide, files, hand_in, local, local_code, pointers, shown};
use crate::support::{Database, Portal};

async fn give_post(portal: &Portal, persona: &str, role: &str, agency: Option<&str>) {
    let account = portal.city.account(persona).await;
    let body = json!({"account_id": account, "role": role, "region": "340700000000", "agency": agency});
    portal.post("admin@web", "/api/v1/admin/posts", body).await.expect(201);
}

async fn trail(portal: &Portal, action: &str) -> Vec<Value> {
    let path = format!("/api/v1/admin/audit?action={action}");
    portal.get("auditor@web", &path).await.expect(200)["items"].as_array().unwrap().clone()
}

/// A draft goes from its editor to another's decision, and all of it is on record.
async fn nobody_publishes_what_he_drafted(database: Database) {
    let portal = Portal::open(database).await;
    let guide = local(AGENCY, "");
    let drafts = hand_in(&portal, &[&guide, ITEM]).await;
    portal.post("editor@web", &format!("{GUIDES}/{}/publish", drafts[0]), json!({})).await.problem(403);

    // The publisher drafts himself, and still does not publish it.
    give_post(&portal, "publisher", "catalogue_editor", None).await;
    let own = portal.post("publisher@web", GUIDES, files(&[ITEM])).await.expect(201);
    let own = own["drafts"][0]["id"].as_str().unwrap().to_owned();
    let refused = decide(&portal, &own).await.problem(409);
    assert_eq!(refused["code"], "four_eyes");
    assert_eq!(trail(&portal, "catalogue.own_draft_refused").await[0]["subject"], json!(own));

    // The guide leans on an item that is not published yet; together they go.
    let alone = decide(&portal, &drafts[0]).await.problem(422);
    assert_eq!(pointers(&alone), ["1.yaml:3:/item"]);
    let checked = portal.post("publisher@web", &format!("{GUIDES}/{}/check", drafts[0]), json!({})).await;
    assert_eq!(checked.expect(200)["problems"][0]["line"], 3);
    // What is to be published with it is there for its check, its examples and its diff.
    let beside = async |what: &str| {
        let path = format!("{GUIDES}/{}/{what}?with={}", drafts[0], drafts[1]);
        portal.post("publisher@web", &path, json!({})).await.expect(200)
    };
    assert_eq!(beside("check").await["problems"], json!([]));
    assert_eq!(beside("test").await["problems"], json!([]), "its examples can be tried");
    let path = format!("{GUIDES}/{}/diff?with={}", drafts[0], drafts[1]);
    assert_eq!(portal.get("publisher@web", &path).await.expect(200)["is_new"], true);
    let nothing = format!("{GUIDES}/{}/check?with=x", drafts[0]);
    portal.post("publisher@web", &nothing, json!({})).await.problem(400);
    let path = format!("{GUIDES}/{}/publish", drafts[0]);
    let together = portal.post("publisher@web", &path, json!({"with": [drafts[1]]})).await.expect(200);
    let told: Vec<_> = together["published"].as_array().unwrap().iter().map(|one| &one["kind"]).collect();
    assert_eq!(told, ["item", "guide"]);
    assert_eq!(shown(&portal, AGENCY).await.expect(200)["item"]["name"]["en"], "Sample subsidy");

    let draft = portal.get("editor@web", &format!("{GUIDES}/{}", drafts[0])).await.expect(200);
    assert_eq!((&draft["draft"]["state"], &draft["draft"]["based_on"]), (&json!("published"), &json!(null)));
    assert_eq!(draft["draft"]["decided_by"], json!(portal.city.account("publisher").await));
    assert_eq!((&draft["yaml"], &draft["present_yaml"]), (&json!(guide), &json!(guide)));
    assert_eq!(decide(&portal, &drafts[0]).await.problem(409)["code"], "wrong_state");
    let changes = trail(&portal, "catalogue.changed").await;
    let entry = changes.iter().find(|entry| entry["details"]["through"] == "drafts").unwrap();
    assert_eq!(entry["account"], json!(portal.city.account("publisher").await));
    assert_eq!(entry["details"]["published"], json!(["000599001000 1", format!("{} 1", local_code(AGENCY))]));
    let entry = trail(&portal, "catalogue.drafted").await;
    assert_eq!(entry.len(), 2, "{entry:#?}");
    portal.close().await;
}

#[actix_web::test]
async fn nobody_publishes_what_he_drafted_himself() {
    nobody_publishes_what_he_drafted(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn nobody_publishes_what_he_drafted_himself_on_postgres() {
    nobody_publishes_what_he_drafted(Database::postgres()).await;
}

#[actix_web::test]
async fn registers_handed_in_at_once_are_all_kept_and_one_that_is_stale_overwrites_nothing() {
    let portal = Portal::open(Database::sqlite()).await;
    let register = |number: u8, name: &str| {
        format!(
            "format: 1\nkind: certificate_types\ntypes:\n  - {{ type: \"11100000MBWXT0001A90{number}\", name: {{ zh: {name}, en: Sample }}, supplies: [{name}], attributes: [name] }}\n"
        )
    };
    let both = hand_in(&portal, &[&register(1, "甲证"), &register(2, "乙证")]).await;
    let path = format!("{GUIDES}/{}/publish", both[0]);
    portal.post("publisher@web", &path, json!({"with": [both[1]]})).await.expect(200);
    let stale = hand_in(&portal, &[&register(1, "旧甲证")]).await.remove(0);
    let newer = vec![("newer.yaml".to_owned(), register(1, "新甲证"))];
    wanshitong::app::catalog::publish(&portal.city.ctx, newer).await.unwrap().unwrap();
    decide(&portal, &stale).await.problem(412);
    let shown = portal.get("publisher@web", &format!("{GUIDES}/{stale}")).await.expect(200);
    let present = shown["present_yaml"].as_str().unwrap();
    assert!(
        present.contains("新甲证") && present.contains("乙证") && !present.contains("旧甲证"),
        "{present}"
    );
    portal.close().await;
}

#[actix_web::test]
async fn an_agency_drafts_its_own_guides_and_sees_no_others() {
    let portal = Portal::open(Database::sqlite()).await;
    give_post(&portal, "agent", "catalogue_editor", Some(AGENCY)).await;
    super::publish(&portal, ITEM).await;
    let (own, other) = (local(AGENCY, ""), local(POLICE, ""));
    for shared in [ITEM.to_owned(), other.clone()] {
        portal.post("agent@web", GUIDES, files(&[&own, &shared])).await.problem(403);
    }
    let kept = portal.post("agent@web", GUIDES, files(&[&own])).await.expect(201);
    let others = hand_in(&portal, &[&other]).await.remove(0);
    let list = |who: &'static str, query: &'static str| {
        let portal = &portal;
        async move { portal.get(who, &format!("{GUIDES}?{query}")).await.expect(200) }
    };
    let his = list("agent@web", "").await;
    assert_eq!(his["items"].as_array().unwrap().len(), 1, "{his:#}");
    assert_eq!(his["items"][0]["id"], kept["drafts"][0]["id"]);
    portal.get("agent@web", &format!("{GUIDES}/{others}")).await.problem(404);
    portal.post("agent@web", &format!("{GUIDES}/{others}/reject"), json!({})).await.problem(404);
    assert_eq!(list("publisher@web", "").await["items"].as_array().unwrap().len(), 3);
    assert_eq!(list("publisher@web", "state=draft&limit=1").await["items"].as_array().unwrap().len(), 1);
    assert_eq!(list("editor@web", "state=published").await["items"][0]["kind"], "item");
    portal.get("editor@web", &format!("{GUIDES}?state=lost")).await.problem(400);
    for who in ["resident@web", "handler@web", "admin@web"] {
        portal.get(who, GUIDES).await.problem(403);
    }
    portal.close().await;
}

#[actix_web::test]
async fn a_draft_is_taken_back_by_its_editor_or_rejected_with_a_reason() {
    let portal = Portal::open(Database::sqlite()).await;
    let first = hand_in(&portal, &[ITEM]).await.remove(0);
    // The same editor's next draft of the same thing takes the place of the first.
    let second = hand_in(&portal, &[ITEM]).await.remove(0);
    assert_eq!(decide(&portal, &first).await.problem(409)["code"], "wrong_state");
    let reject = |who: &'static str, draft: &str, body: Value| {
        let path = format!("{GUIDES}/{draft}/reject");
        let portal = &portal;
        async move { portal.post(who, &path, body).await }
    };
    assert_eq!(reject("publisher@web", &second, json!({"reason": "依据不全"})).await.status, 204);
    assert_eq!(decide(&portal, &second).await.problem(409)["code"], "wrong_state");
    let entry = &trail(&portal, "catalogue.draft_rejected").await[0];
    assert_eq!((&entry["subject"], &entry["details"]["reason"]), (&json!(second), &json!("依据不全")));
    let third = hand_in(&portal, &[ITEM]).await.remove(0);
    assert_eq!(reject("editor@web", &third, json!({})).await.status, 204);
    reject("editor@web", &third, json!({})).await.problem(409);
    reject("publisher@web", &third, json!({"reason": "x".repeat(501)})).await.problem(400);
    portal.close().await;
}

/// Two drafts of one guide: the first that is published wins, the other is told.
async fn of_two_drafts_one_wins(database: Database) {
    let portal = Portal::open(database).await;
    super::publish(&portal, ITEM).await;
    super::publish(&portal, &local(AGENCY, "")).await;
    give_post(&portal, "agent", "catalogue_editor", None).await;
    let mut drafts = hand_in(&portal, &[&local(AGENCY, "visits: 1\n")]).await;
    let other = portal.post("agent@web", GUIDES, files(&[&local(AGENCY, "visits: 2\n")])).await.expect(201);
    drafts.push(other["drafts"][0]["id"].as_str().unwrap().to_owned());
    let unrelated = hand_in(&portal, &[&local(POLICE, "")]).await.remove(0);
    drafts.push(unrelated);
    let replies = join_all(drafts.iter().map(|draft| decide(&portal, draft))).await;
    let mut statuses: Vec<u16> = replies[..2].iter().map(|reply| reply.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412]);
    assert_eq!(replies[2].status, 200, "another guide is in nobody's way");
    assert_eq!(super::version(&portal, AGENCY).await, 2);
    portal.close().await;
}

#[actix_web::test]
async fn of_two_drafts_of_one_guide_the_first_to_be_published_wins() {
    of_two_drafts_one_wins(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn of_two_drafts_of_one_guide_the_first_to_be_published_wins_on_postgres() {
    of_two_drafts_one_wins(Database::postgres()).await;
}

#[actix_web::test]
async fn what_fails_its_own_examples_is_not_published() {
    let portal = Portal::open(Database::sqlite()).await;
    super::publish(&portal, ITEM).await;
    let example = |eligible: bool| {
        format!(
            "examples:\n  - code: young\n    name: {{ zh: 五十五岁, en: Aged 55 }}\n    today: 2026-03-02\n    \
             applicant: {{ kind: natural_person, birth_date: 1971-02-01 }}\n    facts: {{}}\n    \
             expect: {{ eligible: {eligible} }}\n"
        )
    };
    let draft = hand_in(&portal, &[&local(AGENCY, &example(true))]).await.remove(0);
    let tested = portal.post("editor@web", &format!("{GUIDES}/{draft}/test"), json!({})).await.expect(200);
    assert_eq!((&tested["examples_tried"], &tested["problems"]), (&json!(1), &json!([])));
    assert_eq!(tested["failed_examples"][0]["code"], "young");
    let refused = decide(&portal, &draft).await.problem(422);
    assert_eq!(pointers(&refused), ["1.yaml:young"]);
    assert_eq!(refused["errors"][0]["code"], "example");
    shown(&portal, AGENCY).await.problem(404);
    super::publish(&portal, &local(AGENCY, &example(false))).await;

    // Nor is an item by which an example of a guide that inherits from it would fail.
    let younger = ITEM.replace("applicant.age >= 60", "applicant.age >= 50");
    let draft = hand_in(&portal, &[&younger]).await.remove(0);
    let refused = decide(&portal, &draft).await.problem(422);
    assert_eq!(pointers(&refused), [format!("{} (示例补贴):young", local_code(AGENCY))]);
    assert_eq!(super::version(&portal, AGENCY).await, 1);
    // Together with the guide that it takes along it is.
    let guide = hand_in(&portal, &[&local(AGENCY, &example(true))]).await.remove(0);
    let path = format!("{GUIDES}/{draft}/publish");
    portal.post("publisher@web", &path, json!({"with": [guide]})).await.expect(200);
    assert_eq!(shown(&portal, AGENCY).await.expect(200)["item_version"], 2);
    portal.close().await;
}

const COMPANY: &str = include_str!("../../../src/data/sample/bundles/company.yaml");

/// A file that names another agency than what is published is of both.
async fn an_agency_takes_nothing_over(database: Database) {
    let portal = Portal::open(database).await;
    give_post(&portal, "agent", "catalogue_editor", Some(AGENCY)).await;
    give_post(&portal, "second_resident", "catalogue_publisher", Some(AGENCY)).await;
    super::publish(&portal, ITEM).await;
    // Codes of 24 characters do not say whose they are.
    let older = |agency: &str| local(agency, "").replace(&local_code(agency), "340705000599001000000001");
    super::publish(&portal, &older(POLICE)).await;
    let led = COMPANY.replace("leader: 11340705MBWXT0410B", &format!("leader: {AGENCY}"));
    assert_ne!(led, COMPANY);
    for file in [older(AGENCY), led] {
        portal.post("agent@web", GUIDES, files(&[&file])).await.problem(403);
        // Nor is one published that somebody else drafted, but by posts that look after both.
        let draft = hand_in(&portal, &[&file]).await.remove(0);
        let path = format!("{GUIDES}/{draft}/publish");
        portal.post("second_resident@web", &path, json!({})).await.problem(403);
        decide(&portal, &draft).await.expect(200);
        portal.post("agent@web", GUIDES, files(&[&file])).await.expect(201);
    }
    portal.close().await;
}

#[actix_web::test]
async fn an_agency_takes_over_no_guide_and_no_bundle_of_another() {
    an_agency_takes_nothing_over(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn an_agency_takes_over_no_guide_and_no_bundle_of_another_on_postgres() {
    an_agency_takes_nothing_over(Database::postgres()).await;
}

/// An agency serves its own region: another's posts would lose their guide to it.
async fn guides_are_of_the_portals_agencies(database: Database) {
    let portal = Portal::open(database).await;
    super::publish(&portal, ITEM).await;
    let elsewhere = |region: &str| local(AGENCY, "").replace("340705000000", region);
    for (file, place) in [
        (elsewhere("110000000000"), "1.yaml:5:/region"),
        (elsewhere("340706000000"), "1.yaml:5:/region"),
        (elsewhere("340700000000"), "1.yaml:5:/region"),
        (local("91350100M000100Y43", ""), "1.yaml:4:/agency"),
    ] {
        let refused = portal.post("editor@web", GUIDES, files(&[&file])).await.problem(422);
        assert_eq!(pointers(&refused), [place]);
        let faults = wanshitong::app::catalog::publish(&portal.city.ctx, vec![("g".to_owned(), file)]);
        assert_eq!(faults.await.unwrap().unwrap_err().problems.len(), 1);
    }
    super::publish(&portal, &elsewhere("340705005000")).await;
    assert_eq!(shown(&portal, AGENCY).await.expect(200)["region"], "340705005000");
    portal.close().await;
}

#[actix_web::test]
async fn a_guide_is_of_an_agency_of_the_portal_and_serves_its_region() {
    guides_are_of_the_portals_agencies(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn a_guide_is_of_an_agency_of_the_portal_and_serves_its_region_on_postgres() {
    guides_are_of_the_portals_agencies(Database::postgres()).await;
}
