//! 脱敏查看: one value, for a reason, on record.

use serde_json::{Value, json};

use crate::api::submitted_road_case;
use crate::support::{Database, Portal, Reply};

async fn unmask(portal: &Portal, who: &str, case: &str, field: &str, reason: &str) -> Reply {
    let body = json!({"field": field, "reason": reason});
    portal.post(who, &format!("/api/v1/cases/{case}/unmask"), body).await
}

const REASON: &str = "核对现场负责人身份";

#[actix_web::test]
async fn an_officer_who_handles_the_case_sees_one_value_and_leaves_his_reason() {
    let portal = Portal::open(Database::sqlite()).await;
    let case = submitted_road_case(&portal, "resident@web").await;
    let shown = portal.get("handler@web", &format!("/api/v1/cases/{case}")).await.expect(200);
    assert_eq!(shown["applicant"]["id_number"], "3****************0");
    for (field, value) in [
        ("/applicant/id_number", "340705199105125280"),
        ("/applicant/mobile", "13900000001"),
        ("/applicant/name", "林晓岚"),
        ("/facts/site_manager_mobile", "13900000003"),
    ] {
        let reply = unmask(&portal, "handler@web", &case, field, REASON).await;
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        assert_eq!(reply.expect(200), json!({"field": field, "value": value}));
    }
    let after = portal.get("handler@web", &format!("/api/v1/cases/{case}")).await.expect(200);
    assert_eq!(after, shown, "everywhere else it stays masked");
    let path = format!("/api/v1/admin/audit?action=case.unmasked&subject={case}");
    let trail = portal.get("auditor@web", &path).await.expect(200);
    let entries = trail["items"].as_array().unwrap();
    assert_eq!(entries.len(), 4);
    let detail = json!({"field": "/applicant/id_number", "reason": REASON});
    let entry = entries.iter().find(|entry| entry["details"] == detail).unwrap();
    assert_eq!(entry["account"], portal.city.account("handler").await.to_string());
    portal.close().await;
}

#[actix_web::test]
async fn nothing_is_shown_without_a_field_a_reason_and_the_right() {
    let portal = Portal::open(Database::sqlite()).await;
    let case = submitted_road_case(&portal, "resident@web").await;
    let errors = |problem: Value| -> Vec<String> {
        let one = |error: &Value| {
            format!("{} {}", error["pointer"].as_str().unwrap(), error["code"].as_str().unwrap())
        };
        problem["errors"].as_array().unwrap().iter().map(one).collect()
    };
    for (field, reason, wanted) in [
        ("/applicant/id_number", "", vec!["/reason out_of_range"]),
        ("/applicant/id_number", "看", vec!["/reason out_of_range"]),
        ("/applicant/id_number", "因为 340705199105125280 不清楚", vec!["/reason names_somebody"]),
        ("/facts/reason", REASON, vec!["/field unknown"]),
        ("/applicant", "", vec!["/field unknown", "/reason out_of_range"]),
    ] {
        let problem = unmask(&portal, "handler@web", &case, field, reason).await.problem(422);
        assert_eq!(errors(problem), wanted, "{field} {reason}");
    }
    let field = "/applicant/id_number";
    for (who, status) in [
        ("supervisor@web", 403),
        ("counter_officer@counter", 403),
        ("resident@web", 403),
        ("second_resident@web", 404),
        ("admin@web", 404),
        ("auditor@web", 404),
        ("handler@third_party", 404),
    ] {
        unmask(&portal, who, &case, field, REASON).await.problem(status);
    }
    let trail = portal.get("auditor@web", "/api/v1/admin/audit?action=case.unmasked").await.expect(200);
    assert_eq!(trail["items"], json!([]));
    portal.close().await;
}

#[actix_web::test]
async fn who_looks_at_too_many_is_stopped_for_the_rest_of_the_hour() {
    let portal = Portal::open(Database::sqlite()).await;
    let case = submitted_road_case(&portal, "resident@web").await;
    let field = "/applicant/mobile";
    for _ in 0..30 {
        unmask(&portal, "handler@web", &case, field, REASON).await.expect(200);
    }
    let refused = unmask(&portal, "handler@web", &case, field, REASON).await;
    assert!(refused.header("retry-after").is_some());
    refused.problem(429);
    unmask(&portal, "reviewer@web", &case, field, REASON).await.expect(200);
    let hour = wanshitong::domain::time::parse_duration("PT1H1S").unwrap();
    portal.city.ctx.clock.advance(hour);
    unmask(&portal, "handler@web", &case, field, REASON).await.expect(200);
    portal.close().await;
}
