//! The page where a person lets a kiosk sign in as him (RFC 8628 §3.3).

use serde_json::Value;

use super::tab::Tab;
use crate::support::{Database, Portal};

const MOBILE: &str = "13900000001";
const PASSWORD: &str = "sample-city-2026";

async fn form(portal: &Portal, path: &str, pairs: &[(&str, &str)]) -> (u16, Value) {
    let request = portal
        .request("", "POST", path)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(serde_urlencoded::to_string(pairs).unwrap());
    let reply = portal.send(request).await;
    (reply.status, reply.body)
}

async fn begin(portal: &Portal) -> (String, String) {
    let pairs = [("client_id", "kiosk"), ("scope", "openid cases")];
    let (status, begun) = form(portal, "/oauth2/device_authorization", &pairs).await;
    assert_eq!(status, 200, "{begun}");
    let text = |name: &str| begun[name].as_str().unwrap().to_owned();
    assert_eq!(text("verification_uri"), format!("{}/device", portal.base_url));
    (text("device_code"), text("user_code"))
}

async fn poll(portal: &Portal, device_code: &str) -> (u16, Value) {
    let grant = "urn:ietf:params:oauth:grant-type:device_code";
    let pairs = [("grant_type", grant), ("client_id", "kiosk"), ("device_code", device_code)];
    form(portal, "/oauth2/token", &pairs).await
}

async fn at_the_page(portal: &Portal, path: &str) -> Tab {
    let mut tab = Tab::at(&portal.base_url, "");
    tab.open(path).await;
    assert_eq!(tab.title(), "Sign in");
    tab.press("password", &[("mobile", MOBILE), ("password", PASSWORD)]).await;
    assert_eq!(tab.title(), "Sign in on a device");
    tab
}

#[actix_web::test]
async fn a_kiosk_is_signed_in_by_who_enters_its_code_and_says_so() {
    let portal = Portal::open(Database::sqlite()).await;
    let (device_code, user_code) = begin(&portal).await;
    let mut tab = at_the_page(&portal, "/device").await;
    tab.press("find", &[("user_code", "BBBB-BBBB")]).await;
    assert_eq!(tab.status, 422);
    assert!(tab.page.contains("href=\"#user_code\""));
    tab.press("find", &[("user_code", &user_code.to_lowercase())]).await;
    assert!(tab.page.contains(&user_code) && tab.page.contains("Self-service kiosk"), "{}", tab.page);
    assert!(
        tab.page.contains("Do not be tricked") && tab.page.contains("apply, read and withdraw in your name")
    );
    assert_eq!(poll(&portal, &device_code).await.1["error"], "authorization_pending");
    tab.press("approve", &[]).await;
    assert!(tab.page.contains("Go on at the device"));
    portal.city.ctx.clock.advance(chrono::TimeDelta::seconds(30));
    let (status, tokens) = poll(&portal, &device_code).await;
    assert_eq!(status, 200, "{tokens}");
    portal.close().await;
}

#[actix_web::test]
async fn a_link_with_the_code_still_asks_and_who_refuses_signs_nobody_in() {
    let portal = Portal::open(Database::sqlite()).await;
    let (device_code, user_code) = begin(&portal).await;
    let mut tab = at_the_page(&portal, &format!("/device?user_code={user_code}")).await;
    assert!(tab.has_button("approve") && tab.page.contains(&user_code));
    assert_eq!(poll(&portal, &device_code).await.1["error"], "authorization_pending");
    // Not from elsewhere.
    tab.post("/device", &[("action", "approve"), ("user_code", &user_code), ("request", "to=device")]).await;
    assert_eq!(tab.status, 422);
    tab.open(&format!("/device?user_code={user_code}")).await.press("deny", &[]).await;
    assert!(tab.page.contains("Refused"));
    portal.city.ctx.clock.advance(chrono::TimeDelta::seconds(30));
    assert_eq!(poll(&portal, &device_code).await.1["error"], "access_denied");
    portal.close().await;
}
