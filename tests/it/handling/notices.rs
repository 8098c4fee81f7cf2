//! What the letters tell, as data and as a page: reasons, articles and remedies.

use serde_json::{Value, json};
use wanshitong::domain::cases::letters::statutory_remedy;
use wanshitong::domain::codes::Uscc;

use super::{APPROVER, COUNTER, HANDLER, POLICE, Played, RESIDENT, accepted, draft, move_clock, portal};
use crate::handling::{CODE, HALL, HALL_AGENCY};
use crate::support::Database;
use crate::work::ROADS;

/// The letter of this kind gives these words of an officer as its reason.
async fn gives_the_reason(case: &Played<'_>, kind: &str, reason: &str) -> Value {
    let (letter, page) = case.letter(kind).await;
    let notes = json!([{ "label": { "zh": "理由", "en": "Reason" }, "text": reason }]);
    assert_eq!(letter["notes"], notes, "{kind}");
    assert!(!letter["paragraphs"].to_string().contains(reason), "{kind}: what may be personal stands apart");
    assert!(page.contains("理由") && page.contains(reason), "{kind}: {page}");
    letter
}

#[actix_web::test]
async fn the_reason_of_a_pause_and_of_an_extension_is_told() {
    let portal = portal(Database::sqlite()).await;
    let case = accepted(&portal).await;
    let pause = json!({ "kind": "inspection", "reason": "需到现场核查灶台", "expected_days": 5 });
    case.does(HANDLER, "pause", pause).await;
    case.does(HANDLER, "resume", json!({ "kind": "inspection" })).await;
    case.does(APPROVER, "extend", json!({ "days": 5, "reason": "案情复杂" })).await;
    let paused = gives_the_reason(&case, "special_procedure", "需到现场核查灶台").await;
    assert!(paused["article"]["zh"].as_str().unwrap().contains("第四十五条"), "{paused:#}");
    gives_the_reason(&case, "extension", "案情复杂").await;
    portal.close().await;
}

#[actix_web::test]
async fn a_transfer_slip_tells_why_and_names_who_is_competent() {
    let portal = portal(Database::sqlite()).await;
    let submitted = async || {
        let case = draft(&portal).await;
        case.attach("lease").await;
        case.does(RESIDENT, "submit", json!({})).await;
        case
    };
    let case = submitted().await;
    let away = json!({ "agency_name": "省民政厅", "reason": "属省级权限" });
    case.does(COUNTER, "transfer", away).await;
    gives_the_reason(&case, "transfer", "属省级权限").await;

    let theirs = HALL.replace(HALL_AGENCY, ROADS);
    let files = vec![("roads.yaml".to_owned(), theirs)];
    wanshitong::app::catalog::publish(&portal.city.ctx, files).await.unwrap().unwrap();
    let case = submitted().await;
    let to = json!({ "guide_code": CODE.replace(HALL_AGENCY, ROADS), "reason": "不属本机关职权" });
    case.does(COUNTER, "transfer", to).await;
    let slip = gives_the_reason(&case, "transfer", "不属本机关职权").await;
    let agency = portal.city.ctx.store.find_agency(Uscc::parse(ROADS).unwrap()).await.unwrap().unwrap();
    let said = slip["paragraphs"][0]["zh"].as_str().unwrap();
    for name in [&agency.name.zh, "社区食堂助餐点登记", ROADS] {
        assert!(said.contains(name), "{name} is not in {said}");
    }
    portal.close().await;
}

#[actix_web::test]
async fn notes_on_what_must_be_mended_say_on_which() {
    let portal = portal(Database::sqlite()).await;
    let case = draft(&portal).await;
    case.attach("lease").await;
    case.does(RESIDENT, "submit", json!({})).await;
    let items = json!([
        { "pointer": "/materials/plan", "reason": "expired" },
        { "pointer": "/facts/seats", "reason": "wrong", "note": "与平面图不符" },
    ]);
    case.does(COUNTER, "request-correction", json!({ "items": items })).await;
    let (letter, page) = case.letter("correction").await;
    let notes = json!([{ "label": { "zh": "第2项说明", "en": "Note on 2" }, "text": "与平面图不符" }]);
    assert_eq!(letter["notes"], notes);
    assert!(page.contains("第2项说明") && !page.contains("第1项说明"), "{page}");
    portal.close().await;
}

#[actix_web::test]
async fn a_payment_notice_rests_on_what_the_fee_rests_on() {
    let portal = portal(Database::sqlite()).await;
    let case = accepted(&portal).await;
    let (letter, page) = case.letter("payment").await;
    assert_eq!(letter["article"], json!({ "zh": "样例收费标准", "en": "Sample tariff" }));
    assert!(page.contains("依据") && page.contains("样例收费标准"), "{page}");
    portal.close().await;
}

#[actix_web::test]
async fn a_notice_that_a_case_lapsed_gives_its_basis_and_the_remedy() {
    let portal = portal(Database::sqlite()).await;
    let case = draft(&portal).await;
    case.attach("lease").await;
    case.does(RESIDENT, "submit", json!({})).await;
    let items = json!([{ "pointer": "/facts/seats", "reason": "wrong" }]);
    case.does(COUNTER, "request-correction", json!({ "items": items, "days": 5 })).await;
    move_clock(&portal, "P9D").await;
    wanshitong::app::timers::run(&portal.city.ctx).await.unwrap();
    let (letter, page) = case.letter("lapse").await;
    assert!(letter["article"]["zh"].as_str().unwrap().contains("第三十二条"), "{letter:#}");
    assert_eq!(letter["paragraphs"][1]["zh"], statutory_remedy().zh);
    assert!(page.contains(&statutory_remedy().zh) && page.contains(&statutory_remedy().en), "{page}");
    portal.close().await;
}

#[actix_web::test]
async fn what_is_handed_over_needs_proof_and_the_proof_of_service_shows_it() {
    let portal = portal(Database::sqlite()).await;
    let case = accepted(&portal).await;
    case.does(HANDLER, "record-step", json!({ "step": "handle" })).await;
    case.does(HANDLER, "give-opinion", json!({ "agency": POLICE, "consents": true })).await;
    case.does(APPROVER, "approve", json!({})).await;
    case.does(HANDLER, "issue", json!({})).await;
    for proof in [json!({ "method": "self_collect" }), json!({ "method": "self_collect", "proof": " " })] {
        let told = case.is_told(COUNTER, "deliver", proof, 422).await;
        assert_eq!(told["errors"][0]["pointer"], "/proof", "{told:#}");
        assert!(told["errors"][0]["detail"].as_str().unwrap().contains("领取人姓名"), "{told:#}");
    }
    let served = json!({ "method": "self_collect", "proof": " 方书文代领 " });
    case.does(COUNTER, "deliver", served).await;
    let (letter, page) = case.letter("proof_of_service").await;
    let notes = json!([{ "label": { "zh": "送达凭证", "en": "Proof" }, "text": "方书文代领" }]);
    assert_eq!(letter["notes"], notes);
    let said = letter["paragraphs"][0]["zh"].as_str().unwrap();
    assert!(said.contains("窗口领取") && !said.contains("方书文"), "{said}");
    assert!(page.contains("送达凭证") && page.contains("方书文代领"), "{page}");
    portal.close().await;
}
