//! 四级四同, and who issues what is asked for: what files are held against that are in
//! the catalogue already.

use wanshitong::app::catalog;

use super::{AGENCY, GUIDES, ITEM, POLICE, decide, files, hand_in, local, local_code, pointers, publish};
use crate::support::{Database, Portal};

/// An agency's guide that writes the item out, called so.
fn written_out(agency: &str, zh: &str) -> String {
    let local = local(agency, "");
    let item = format!(
        "item:\n  basic_code: \"000599001000\"\n  name: {{ zh: {zh}, en: Sample subsidy }}\n  type: \"05\"\n  legal_basis:\n    - {{ law: {{ zh: 《示例条例》, en: Sample Regulations }}, article: 第一条, text: 符合条件的居民可以申请补贴。 }}\n"
    );
    let (_, start) = ITEM.split_once("guide:\n").unwrap();
    let start: String =
        start.lines().map(|line| format!("{}\n", line.strip_prefix("  ").unwrap_or(line))).collect();
    local.replace("item: \"000599001000\"\n", &item) + &start
}

#[actix_web::test]
async fn a_guide_that_differs_from_the_item_in_the_catalogue_is_refused_by_every_door() {
    let portal = Portal::open(Database::sqlite()).await;
    publish(&portal, ITEM).await;
    let body = files(&[&written_out(AGENCY, "另一补贴")]);
    let refused = portal.post("editor@web", GUIDES, body).await.problem(422);
    assert!(pointers(&refused)[0].ends_with(":/item/name"), "{refused:#}");
    let by_hand = vec![("guide.yaml".to_owned(), written_out(AGENCY, "另一补贴"))];
    let faults = catalog::publish(&portal.city.ctx, by_hand).await.unwrap().unwrap_err();
    assert_eq!(faults.problems[0].problems[0].path, "/item/name", "{faults:?}");
    publish(&portal, &written_out(AGENCY, "示例补贴")).await;

    // Nor does the item change its name under such a guide.
    let renamed = ITEM.replace("zh: 示例补贴,", "zh: 另一补贴,");
    let draft = hand_in(&portal, &[&renamed]).await.remove(0);
    let refused = decide(&portal, &draft).await.problem(422);
    let at = pointers(&refused);
    assert!(at[0].starts_with(&local_code(AGENCY)) && at[0].contains("/item/name"), "{refused:#}");
    portal.close().await;
}

async fn other_guides_and_names_are_looked_at(database: Database) {
    let portal = Portal::open(database).await;
    let publishable = written_out(AGENCY, "示例补贴");
    publish(&portal, &publishable).await;
    // Another agency writes the same out under another name.
    let refused =
        portal.post("editor@web", GUIDES, files(&[&written_out(POLICE, "另一补贴")])).await.problem(422);
    assert!(pointers(&refused)[0].ends_with(":/item/name"), "{refused:#}");
    publish(&portal, &written_out(POLICE, "示例补贴")).await;
    // Both of them change it together.
    let both = [written_out(AGENCY, "另一补贴"), written_out(POLICE, "另一补贴")];
    portal.post("editor@web", GUIDES, files(&[&both[0], &both[1]])).await.expect(201);
    // The item has its file, and nobody writes it out under another code.
    publish(&portal, ITEM).await;
    let under_another = publishable.replace("000599001000", "000599002000");
    let refused = portal.post("editor@web", GUIDES, files(&[&under_another])).await.problem(422);
    assert!(pointers(&refused)[0].ends_with(":/item/basic_code"), "{refused:#}");
    let called_otherwise = written_out(AGENCY, "示例_贴").replace("000599001000", "000599002000");
    portal.post("editor@web", GUIDES, files(&[&called_otherwise])).await.expect(201);
    portal.close().await;
}

#[actix_web::test]
async fn an_item_written_out_is_held_against_what_others_wrote_and_what_is_called_so() {
    other_guides_and_names_are_looked_at(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn an_item_written_out_is_held_against_what_others_wrote_and_what_is_called_so_on_postgres() {
    other_guides_and_names_are_looked_at(Database::postgres()).await;
}

/// A certificate type of the register that nobody elsewhere issues.
const CARD: &str = "format: 1\nkind: certificate_types\ntypes:\n  - { type: \"11340000002986061B003\", name: { zh: 老年人优待证, en: Senior card }, supplies: [老年人优待证] }\n";

async fn somebody_issues_it(database: Database) {
    let portal = Portal::open(database).await;
    publish(&portal, CARD).await;
    publish(&portal, ITEM).await;
    let asks = local(
        AGENCY,
        "materials:\n  - { code: card, name: { zh: 老年人优待证, en: Senior card }, source: { certificate: \"11340000002986061B003\" } }\n",
    );
    let refused = portal.post("editor@web", GUIDES, files(&[&asks])).await.problem(422);
    assert!(pointers(&refused)[0].ends_with(":/materials/0/source/certificate"), "{refused:#}");
    let issues = local(
        POLICE,
        "results:\n  - certificate: { type: \"11340000002986061B003\", name: { zh: 老年人优待证, en: Senior card } }\n",
    );
    let until = format!("effective_until: 2026-03-05\n{issues}");
    publish(&portal, &until).await;
    portal.post("editor@web", GUIDES, files(&[&asks])).await.expect(201);
    portal.city.ctx.clock.advance(chrono::TimeDelta::days(4));
    let ended = portal.post("editor@web", GUIDES, files(&[&asks])).await.problem(422);
    assert!(pointers(&ended)[0].ends_with(":/materials/0/source/certificate"), "{ended:#}");
    publish(&portal, &issues).await;
    publish(&portal, &asks).await;
    portal.close().await;
}

#[actix_web::test]
async fn what_a_guide_asks_for_is_issued_by_another_in_the_catalogue() {
    somebody_issues_it(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn what_a_guide_asks_for_is_issued_by_another_in_the_catalogue_on_postgres() {
    somebody_issues_it(Database::postgres()).await;
}
