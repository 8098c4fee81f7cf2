//! A draft lies there while its guide goes on: whatever is put into it, and what becomes of
//! it, goes by the guide in force.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use wanshitong::domain::cases::history::hex;

use super::{PDF, RESIDENT, YAML, draft, facts, portal_with, publish};
use crate::support::{Portal, Reply, id};

/// The yearly renewal goes by another name.
fn renamed() -> String {
    let renamed = YAML.replace("code: renew,", "code: extend,").replace("code: renew\n", "code: extend\n");
    renamed
        .replace("scenario: renew ", "scenario: extend ")
        .replace("scenario: renew\n", "scenario: extend\n")
}

/// One way of handling it is left.
fn without_scenarios() -> String {
    let (from, to) = (YAML.find("scenarios:\n").unwrap(), YAML.find("\nlimits:\n").unwrap() + 1);
    let plain = YAML.replace(&YAML[from..to], "").replace("      scenarios: [new]\n", "");
    let plain = plain.replace("    scenarios: [new]\n", "");
    plain[..plain.find("examples:\n").unwrap()].to_owned()
}

/// A receipt may be handed in besides.
fn with_a_receipt() -> String {
    let receipt = "materials:\n  - code: receipt\n    name: { zh: 收款收据, en: Receipt }\n    source: { own: true }\n    required: false\n    reuse: { within_days: 30 }\n";
    YAML.replacen("materials:\n", receipt, 1)
}

async fn save(portal: &Portal, case: &str) -> Reply {
    let path = format!("/api/v1/cases/{case}/facts");
    portal.send(portal.request(RESIDENT, "PATCH", &path).json(&json!({ "rent": 90000 }))).await
}

async fn announce(portal: &Portal, case: &str, material: &str) -> Reply {
    let path = format!("/api/v1/cases/{case}/materials/{material}/uploads");
    let digest = hex(&Sha256::digest(PDF));
    portal.post(RESIDENT, &path, json!({ "size_bytes": PDF.len(), "digest_sha256": digest })).await
}

/// Everything that would fill in the draft or hand it in says the same.
async fn what_stands_in_the_way(portal: &Portal, case: &str) -> Value {
    let lease = format!("/api/v1/cases/{case}/materials/lease");
    let submit = portal.post(RESIDENT, &format!("/api/v1/cases/{case}/submit"), json!({})).await;
    let refused = submit.problem(422);
    let others = [
        save(portal, case).await,
        portal.put_file(RESIDENT, &lease, PDF).await,
        announce(portal, case, "lease").await,
    ];
    for other in others {
        let other = other.problem(422);
        assert_eq!((&other["detail"], &other["errors"]), (&refused["detail"], &refused["errors"]));
    }
    refused
}

#[actix_web::test]
async fn a_draft_whose_scenario_is_gone_is_not_filed_under_all_of_them_at_once() {
    let portal = portal_with(YAML).await;
    let case = id(&portal.open_case(RESIDENT, draft("renew")).await);
    let lease = format!("/api/v1/cases/{case}/materials/lease");
    portal.put_file(RESIDENT, &lease, PDF).await.expect(200);
    publish(&portal, &renamed()).await;

    let refused = what_stands_in_the_way(&portal, &case).await;
    let anew = portal.post(RESIDENT, "/api/v1/cases", draft("renew")).await.problem(422);
    assert_eq!(refused["errors"], anew["errors"], "as whoever opened it anew would be told");
    assert_eq!(refused["errors"][0]["pointer"], "/scenario");
    assert!(refused["detail"].as_str().unwrap().contains("重新申请"), "{refused:#}");

    let left = portal.send(portal.request(RESIDENT, "DELETE", &lease)).await.expect(200);
    assert_eq!(left["materials"], json!({}), "what is there can be taken out again");
    let read = portal.get(RESIDENT, &format!("/api/v1/cases/{case}")).await.expect(200);
    assert_eq!((&read["state"], &read["facts"]["rent"]), (&json!("draft"), &facts("renew")["rent"]));
    portal.close().await;
}

#[actix_web::test]
async fn a_draft_from_before_there_were_scenarios_is_asked_for_none_by_chance() {
    let portal = portal_with(&without_scenarios()).await;
    let mut whole = draft("new");
    whole.as_object_mut().unwrap().remove("scenario");
    let case = id(&portal.open_case(RESIDENT, whole).await);
    publish(&portal, YAML).await;
    let refused = what_stands_in_the_way(&portal, &case).await;
    assert_eq!(refused["errors"][0]["code"], "required", "{refused:#}");
    assert!(
        refused["errors"][0]["detail"].as_str().unwrap().contains("new（首次申请）、renew（年审）"),
        "{refused:#}"
    );
    portal.close().await;
}

#[actix_web::test]
async fn a_draft_takes_what_the_guide_in_force_asks_for_however_it_comes() {
    let portal = portal_with(&with_a_receipt()).await;
    let earlier = id(&portal.open_case(RESIDENT, draft("renew")).await);
    for material in ["lease", "receipt"] {
        let path = format!("/api/v1/cases/{earlier}/materials/{material}");
        portal.put_file(RESIDENT, &path, PDF).await.expect(200);
    }
    portal.act(RESIDENT, &earlier, "submit", json!({})).await;

    publish(&portal, YAML).await;
    let case = id(&portal.open_case(RESIDENT, draft("renew")).await);
    announce(&portal, &case, "receipt").await.problem(422);
    publish(&portal, &with_a_receipt()).await;
    let receipt = format!("/api/v1/cases/{case}/materials/receipt");
    let whole = portal.put_file(RESIDENT, &receipt, PDF).await.expect(200);
    assert!(whole["materials"]["receipt"].is_object());

    let begun = announce(&portal, &case, "receipt").await;
    let at = begun.header("location").unwrap().to_owned();
    begun.expect(201);
    let part = portal.request(RESIDENT, "PATCH", &at).header("upload-offset", "0");
    let part = part.header("content-type", "application/partial-upload").body(PDF);
    portal.send(part).await.expect(200);

    let again = json!({ "kind": "earlier", "case": earlier, "material": "receipt" });
    let again = portal.send(portal.request(RESIDENT, "PUT", &receipt).json(&again)).await.expect(200);
    assert_eq!(again["materials"]["receipt"]["handed_in"], "2026-03-02", "{again:#}");
    portal.close().await;
}
