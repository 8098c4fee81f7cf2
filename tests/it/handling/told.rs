//! What the applicant is told by SMS, event by event, and what is the agency's own.

use serde_json::{Value, json};

use super::{APPROVER, COUNTER, HANDLER, POLICE, Played, RESIDENT, accepted, draft, move_clock, portal};
use crate::handling::{CODE, HALL, HALL_AGENCY};
use crate::support::{Database, Portal};
use crate::work::ROADS;

const GROUNDS: (&str, &str) = ("重复申请", "第六条");

/// What was sent since this was last asked, in Chinese.
async fn sent(portal: &Portal) -> Vec<String> {
    while wanshitong::app::notices::deliver_due(&portal.city.ctx).await.unwrap() > 0 {}
    let sent = std::mem::take(&mut *portal.city.sms.sent.lock().unwrap());
    sent.into_iter().map(|(_, text)| text.zh).collect()
}

/// One message follows from the command, with these words and the case's number.
async fn tells(case: &Played<'_>, who: &str, what: &str, body: Value, words: &str) {
    case.does(who, what, body).await;
    one(case, what, words).await;
}

async fn one(case: &Played<'_>, what: &str, words: &str) {
    let number = case.read(RESIDENT).await["case_no"].as_str().unwrap().to_owned();
    let sent = sent(case.portal).await;
    let [text] = sent.as_slice() else { panic!("{what}: {sent:?}") };
    assert!(text.contains(words) && text.contains(&number), "{what}: {text}");
}

async fn is_silent(case: &Played<'_>, who: &str, what: &str, body: Value) {
    case.does(who, what, body).await;
    assert_eq!(sent(case.portal).await, [""; 0], "{what}");
}

async fn submitted(portal: &Portal) -> Played<'_> {
    let case = draft(portal).await;
    case.attach("lease").await;
    tells(&case, RESIDENT, "submit", json!({}), "申请已收到").await;
    case
}

fn grounds() -> Value {
    json!({ "reason": GROUNDS.0, "article": GROUNDS.1 })
}

#[actix_web::test]
async fn whatever_wants_something_of_the_applicant_or_moves_his_case_is_one_message() {
    let portal = portal(Database::sqlite()).await;
    let case = accepted(&portal).await;
    sent(&portal).await;
    let pause = json!({ "kind": "inspection", "reason": "现场核查", "expected_days": 5 });
    tells(&case, HANDLER, "pause", pause, "特别程序").await;
    is_silent(&case, HANDLER, "resume", json!({ "kind": "inspection" })).await;
    tells(&case, APPROVER, "extend", json!({ "days": 5, "reason": "案情复杂" }), "期限已延长").await;
    is_silent(&case, HANDLER, "record-step", json!({ "step": "handle" })).await;
    is_silent(&case, HANDLER, "give-opinion", json!({ "agency": POLICE, "consents": true })).await;
    tells(&case, APPROVER, "approve", json!({}), "已准予").await;
    is_silent(&case, HANDLER, "issue", json!({})).await;
    let served = json!({ "method": "self_collect", "proof": "本人" });
    tells(&case, COUNTER, "deliver", served, "已送达").await;
    tells(&case, APPROVER, "revoke", grounds(), "已撤销").await;

    let case = submitted(&portal).await;
    is_silent(&case, RESIDENT, "urge", json!({ "text": "什么时候能办好？" })).await;
    tells(&case, COUNTER, "refuse", grounds(), "不予受理").await;
    portal.close().await;
}

#[actix_web::test]
async fn whatever_ends_or_moves_a_case_away_is_one_message() {
    let portal = portal(Database::sqlite()).await;
    let case = accepted(&portal).await;
    sent(&portal).await;
    tells(&case, APPROVER, "void", grounds(), "已作废").await;

    let case = submitted(&portal).await;
    let away = json!({ "agency_name": "省民政厅", "reason": "属省级权限" });
    tells(&case, COUNTER, "transfer", away, "转交其他机关").await;

    let files = vec![("roads.yaml".to_owned(), HALL.replace(HALL_AGENCY, ROADS))];
    wanshitong::app::catalog::publish(&portal.city.ctx, files).await.unwrap().unwrap();
    let case = submitted(&portal).await;
    let to = json!({ "guide_code": CODE.replace(HALL_AGENCY, ROADS), "reason": "不属本机关职权" });
    tells(&case, COUNTER, "transfer", to, "转交其他机关").await;

    let case = submitted(&portal).await;
    let items = json!([{ "pointer": "/facts/seats", "reason": "wrong", "note": "与平面图不符" }]);
    let asked = json!({ "items": items, "days": 5 });
    tells(&case, COUNTER, "request-correction", asked, "需要补正").await;
    move_clock(&portal, "P9D").await;
    wanshitong::app::timers::run(&portal.city.ctx).await.unwrap();
    let number = case.read(RESIDENT).await["case_no"].as_str().unwrap().to_owned();
    let sent = sent(&portal).await;
    let of_it: Vec<_> = sent.iter().filter(|text| text.contains(&number)).collect();
    assert!(matches!(of_it.as_slice(), [text] if text.contains("已终止办理")), "{sent:?}");
    portal.close().await;
}

/// An application that was never handed in is nobody's business.
#[actix_web::test]
async fn a_draft_that_expires_is_told_nobody() {
    let portal = portal(Database::sqlite()).await;
    let case = draft(&portal).await;
    move_clock(&portal, "P400D").await;
    wanshitong::app::timers::run(&portal.city.ctx).await.unwrap();
    assert_eq!(case.read(RESIDENT).await["outcome"], "expired");
    assert_eq!(sent(&portal).await, [""; 0]);
    portal.close().await;
}
