//! What the portal logs: that it is looked at, and that nothing in it is anybody's.

use serde_json::json;

use super::{WRONG, stranger, try_password};
use crate::api::{road_draft, submitted_road_case};
use crate::logs::{assert_clean, lines, told};
use crate::support::{Database, PDF, Portal};

#[test]
fn the_detective_knows_what_must_not_be_told() {
    for (line, what) in [
        ("answered 340705199105125280", Some("an ID number")),
        ("id=11010519491231002X.", Some("an ID number")),
        ("to=13900000001", Some("a mobile number")),
        ("{\"to\":\"+8613900000001\"}", Some("a mobile number")),
        ("Bearer eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJodHRw", Some("a token")),
        ("your code: 482913", Some("a one-time code")),
        ("password sample-city-2026 refused", Some("a password or secret")),
        ("path=/api/v1/cases/019cad0d-40c0-7000-8000-139000000012", None),
        ("2026-03-02T01:30:00.139000Z INFO request_id=13900000001a9000", None),
        ("n-3f9a2c71d0 202.0.113.9:45139", None),
        ("case 11340700MBWXT020XG300201400500120260302000001", None),
    ] {
        assert_eq!(told(line), what, "{line}");
    }
}

/// Every test with a portal looks at the log; this one makes sure that there is
/// something in it: the main roads, and what goes wrong on them.
#[actix_web::test]
async fn the_main_roads_are_logged_and_tell_of_nobody() {
    let portal = Portal::open(Database::sqlite()).await;
    let before = lines();
    let ask = json!({"mobile": "13811112222", "purpose": "register"});
    portal.post("", "/api/v1/accounts/sms-codes", ask.clone()).await.expect(202);
    portal.post("", "/api/v1/accounts/sms-codes", ask).await.problem(429);
    let register = json!({"mobile": "13811112222", "code": "000000", "password": "correct horse battery",
        "id_number": "340705199105125280", "name": "林晓岚"});
    portal.post("", "/api/v1/accounts", register).await.problem(422);
    for _ in 0..7 {
        let _ = try_password(&portal.city, &stranger("192.0.2.1"), "13900000001", WRONG).await;
    }
    let draft = road_draft(&portal, "resident@web", json!({})).await;
    let material = format!("/api/v1/cases/{draft}/materials/location_plan");
    portal.put_file("resident@web", &material, PDF).await.expect(200);
    let case = submitted_road_case(&portal, "resident@web").await;
    let unmask = json!({"field": "/applicant/id_number", "reason": "核对身份证件"});
    portal.post("handler@web", &format!("/api/v1/cases/{case}/unmask"), unmask).await.expect(200);
    portal.post("handler@web", &format!("/api/v1/cases/{case}/accept"), json!({})).await.expect(200);
    let present = json!({"guide_code": portal.city.guide("old-age-allowance.yaml"),
        "applicant": {"name": "周永年", "id_number": "340705194303084130"}});
    portal.post("counter_officer@counter", "/api/v1/cases", present).await.expect(201);
    for path in ["/api/v1/nothing?mobile=13900000001", "/api/v1/me?id=340705199105125280"] {
        portal.get("resident@web", path).await;
    }
    portal
        .send(portal.request("", "GET", "/api/v1/me").bearer_auth("eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJodHRw.x"))
        .await;
    // A defect inside is told with its reason, and still of nobody.
    portal.city.database.tamper("UPDATE persons SET sealed = x'00'");
    portal.get("resident@web", "/api/v1/me").await.problem(500);
    assert!(lines() > before + 10, "{} lines", lines() - before);
    assert_clean();
    portal.close().await;
}

/// An address is kept by browsers, proxies and their logs: no operation takes a number
/// or a secret of a person there.
#[test]
fn no_address_has_a_place_for_a_number_or_a_password() {
    let document = serde_json::to_value(wanshitong::http::openapi::document()).unwrap();
    let mut looked_at = 0;
    for (path, operations) in document["paths"].as_object().unwrap() {
        let parameters = operations
            .as_object()
            .unwrap()
            .values()
            .flat_map(|operation| operation["parameters"].as_array().cloned().unwrap_or_default());
        for parameter in parameters.filter(|parameter| parameter["in"] != "header") {
            looked_at += 1;
            let name = parameter["name"].as_str().unwrap();
            let words = ["id_number", "idcard", "mobile", "phone", "password", "secret", "sms"];
            assert!(!words.iter().any(|word| name.contains(word)), "{path}: {name}");
        }
    }
    assert!(looked_at > 50, "{looked_at}");
}
