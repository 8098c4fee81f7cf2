//! A guide that asks for two factors, met by somebody who showed one (RFC 9470):
//! the challenge, the one page that asks for what is missing, the same request again.

use serde_json::{Value, json};

use super::browser::VERIFIER;
use super::tab::Tab;
use crate::support::{Database, Portal, Reply, id};

/// 林晓岚, the sample city's resident.
const MOBILE: &str = "13900000001";
const PASSWORD: &str = "sample-city-2026";

async fn token(portal: &Portal, code: &str) -> String {
    let callback = format!("{}/callback", portal.base_url);
    let pairs = [
        ("grant_type", "authorization_code"),
        ("client_id", "web"),
        ("code", code),
        ("redirect_uri", &callback),
        ("code_verifier", VERIFIER),
    ];
    let form = portal
        .request("", "POST", "/oauth2/token")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(serde_urlencoded::to_string(pairs).unwrap());
    portal.send(form).await.expect(200)["access_token"].as_str().unwrap().to_owned()
}

async fn send(portal: &Portal, token: &str, method: &str, path: &str, body: Value) -> Reply {
    portal.send(portal.request("", method, path).bearer_auth(token).json(&body)).await
}

fn last_code(portal: &Portal) -> String {
    let sent = portal.city.sms.sent.lock().unwrap();
    let (_, text) = sent.iter().rev().find(|(to, _)| to.as_str() == MOBILE).unwrap();
    text.en.split(|c: char| !c.is_ascii_digit()).find(|word| word.len() == 6).unwrap().to_owned()
}

#[actix_web::test]
async fn the_same_request_goes_through_after_the_missing_factor() {
    let portal = Portal::open(Database::sqlite()).await;
    let callback = format!("{}/callback", portal.base_url);
    let mut tab = Tab::at(&portal.base_url, &callback);
    tab.visit("web", "openid cases", &[]).await;
    tab.press("password", &[("mobile", MOBILE), ("password", PASSWORD)]).await;
    let first = token(&portal, &tab.code()).await;

    let guide = portal.city.guide("identity-card-renewal.yaml");
    let draft =
        send(&portal, &first, "POST", "/api/v1/cases", json!({"guide_code": guide})).await.expect(201);
    let case = format!("/api/v1/cases/{}", id(&draft));
    let facts = json!({
        "reason": "address_change",
        "household_address": {"region": "340705005002", "detail": "长江中路 1 号"},
        "photo_by": "counter",
        "fingerprints_recorded": true,
        "fee_exemption": "none",
        "temporary_card": false,
        "receive_by": "self_collect",
        "return_old_card": true,
    });
    send(&portal, &first, "PATCH", &format!("{case}/facts"), facts).await.expect(200);
    let refused = send(&portal, &first, "POST", &format!("{case}/submit"), json!({})).await;
    let challenge = refused.header("www-authenticate").unwrap().to_owned();
    assert_eq!(refused.problem(401)["code"], "insufficient_user_authentication");
    assert!(challenge.contains("error=\"insufficient_user_authentication\""), "{challenge}");
    let wanted = challenge.split("acr_values=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert_eq!(wanted, "ial3-aal2");

    // The client sends the person back with what was named; only that is asked for.
    tab.visit("web", "openid cases", &[("acr_values", &wanted), ("login_hint", MOBILE)]).await;
    assert_eq!(tab.title(), "One more step");
    assert!(tab.has_button("send_factor") && !tab.has_button("password"));
    assert!(!tab.page.contains("type=\"password\"") && tab.page.contains("139****0001"));
    tab.press("send_factor", &[]).await;
    tab.press("show_code", &[("code", &last_code(&portal))]).await;
    let second = token(&portal, &tab.code()).await;
    let submitted = send(&portal, &second, "POST", &format!("{case}/submit"), json!({})).await.expect(200);
    assert_eq!(submitted["state"], "submitted", "{submitted:#}");
    portal.close().await;
}

#[actix_web::test]
async fn who_is_not_known_well_enough_learns_how_to_prove_it() {
    let house = super::house::House::build().await;
    house.register(MOBILE).await;
    let mut tab = Tab::new(&house);
    tab.visit("web", "openid cases", &[("acr_values", "ial3-aal2")]).await.sign_in(MOBILE).await;
    assert_eq!(tab.title(), "Your identity must be proven first");
    assert!(tab.page.contains("service counter"));
    tab.press("again", &[]).await;
    assert_eq!(tab.title(), "Your identity must be proven first");
    tab.press("unmet", &[]).await;
    assert_eq!(tab.error(), "unmet_authentication_requirements");
    // The first class that can be reached counts.
    tab.visit("web", "openid cases", &[("acr_values", "ial3-aal2 ial1-aal1")]).await;
    tab.code();
}
