//! What a third-party app may, asked once, remembered, taken back.

use serde_json::json;
use wanshitong::domain::audit::{AuditAction, Outcome};
use wanshitong::store::AuditFilter;

use super::browser::{VERIFIER, read, redeem, redeem_as_shop, refresh_as_shop, text};
use super::house::House;
use super::tab::Tab;

const MOBILE: &str = "13900000001";

async fn house() -> House {
    let house = House::build().await;
    house.register(MOBILE).await;
    house
}

/// Signs in to the website in the same browser; gives the token.
async fn website(house: &House, tab: &Tab) -> String {
    let mut tab = tab.beside();
    tab.visit("web", "openid cases", &[]).await;
    text(&redeem(house, &tab.code(), VERIFIER).await.1, "access_token")
}

#[actix_web::test]
async fn an_app_is_agreed_to_once_and_again_for_more() {
    let house = house().await;
    let mut tab = Tab::new(&house);
    tab.visit("shop", "openid cases", &[]).await.sign_in(MOBILE).await;
    assert_eq!(tab.title(), "Do you agree?");
    assert!(tab.page.contains("Some app") && tab.page.contains("139****0001"));
    assert!(tab.page.contains("apply, read and withdraw in your name"));
    assert!(tab.page.contains("https://app.example.cn"));
    tab.press("allow", &[]).await;
    tab.code();

    tab.visit("shop", "openid cases", &[]).await;
    tab.code();
    tab.visit("shop", "openid", &[("prompt", "none")]).await;
    tab.code();
    tab.visit("shop", "openid cases profile", &[]).await;
    assert!(tab.page.contains("see parts of your name") && tab.page.contains("You let it before:"));
    tab.press("allow", &[]).await;
    tab.code();
    tab.visit("shop", "openid profile", &[("prompt", "consent")]).await;
    assert_eq!(tab.title(), "Do you agree?");
    tab.press("allow", &[]).await;
    tab.code();
    // What was agreed to before is not lost by agreeing to less.
    tab.visit("shop", "cases", &[("prompt", "none")]).await;
    tab.code();
}

#[actix_web::test]
async fn who_does_not_agree_goes_back_without_a_code_and_is_asked_again() {
    let house = house().await;
    let mut tab = Tab::new(&house);
    tab.visit("shop", "openid cases", &[]).await.sign_in(MOBILE).await;
    tab.press("deny", &[]).await;
    assert_eq!((tab.error().as_str(), tab.sent_back("code")), ("access_denied", None));
    tab.visit("shop", "openid cases", &[]).await;
    assert_eq!(tab.title(), "Do you agree?");
    let filter = AuditFilter { action: Some(AuditAction::ConsentGiven), limit: 9, ..AuditFilter::default() };
    let entries = house.ctx.store.list_audit(filter).await.unwrap();
    assert_eq!(entries.len(), 1);
    assert_eq!((entries[0].outcome, entries[0].client.as_deref()), (Outcome::Refused, Some("shop")));
}

#[actix_web::test]
async fn an_agreement_taken_back_ends_what_the_app_held_and_nothing_else() {
    let house = house().await;
    let mut tab = Tab::new(&house);
    tab.visit("shop", "openid cases", &[]).await.sign_in(MOBILE).await;
    tab.press("allow", &[]).await;
    let shop = redeem_as_shop(&house, &tab.code()).await;
    let mut second = tab.beside();
    second.visit("shop", "openid cases", &[]).await;
    let waiting = second.code();
    let own = website(&house, &tab).await;

    let (status, consents) = read(house.get("/api/v1/me/consents", &own).await).await;
    assert_eq!((status, &consents["next"]), (200, &json!(null)));
    let consent = &consents["items"][0];
    assert_eq!((&consent["client_id"], &consent["scope"]), (&json!("shop"), &json!("openid cases")));
    assert_eq!(consent["client_name"]["en"], "Some app");

    assert_eq!(house.delete("/api/v1/me/consents/web", &own).await.status(), 404);
    assert_eq!(house.delete("/api/v1/me/consents/shop", &own).await.status(), 204);
    assert_eq!(house.delete("/api/v1/me/consents/shop", &own).await.status(), 404);
    assert_eq!(house.get("/oauth2/userinfo", &text(&shop, "access_token")).await.status(), 401);
    assert_eq!(refresh_as_shop(&house, &text(&shop, "refresh_token")).await.0, 400);
    assert_eq!(redeem_as_shop(&house, &waiting).await["error"], "invalid_grant");
    assert_eq!(house.get("/api/v1/me", &own).await.status(), 200);
    let (_, consents) = read(house.get("/api/v1/me/consents", &own).await).await;
    assert_eq!(consents["items"], json!([]));
    tab.visit("shop", "openid cases", &[]).await;
    assert_eq!(tab.title(), "Do you agree?");
    let filter =
        AuditFilter { action: Some(AuditAction::ConsentRevoked), limit: 9, ..AuditFilter::default() };
    assert_eq!(house.ctx.store.list_audit(filter).await.unwrap().len(), 1);
}

#[actix_web::test]
async fn a_third_party_neither_sees_nor_changes_what_its_user_signs_in_with() {
    let house = house().await;
    let mut tab = Tab::new(&house);
    tab.visit("shop", "openid cases", &[]).await.sign_in(MOBILE).await;
    tab.press("allow", &[]).await;
    let token = text(&redeem_as_shop(&house, &tab.code()).await, "access_token");
    for path in ["/api/v1/me/credentials", "/api/v1/me/consents"] {
        assert_eq!(house.get(path, &token).await.status(), 403, "{path}");
    }
    // Of the sessions it knows its own, and neither the others nor the browser.
    let own = website(&house, &tab).await;
    let (_, sessions) = read(house.get("/api/v1/me/sessions", &token).await).await;
    let sessions = sessions["items"].as_array().unwrap().clone();
    assert_eq!((sessions.len(), &sessions[0]["client_id"]), (1, &json!("shop")));
    assert_eq!(sessions[0]["browser"], json!(null));
    let (_, all) = read(house.get("/api/v1/me/sessions", &own).await).await;
    let website = all["items"].as_array().unwrap().iter().find(|item| item["client_id"] == "web").unwrap();
    let path = format!("/api/v1/me/sessions/{}", text(website, "id"));
    assert_eq!(house.delete(&path, &token).await.status(), 404);
    for path in ["/api/v1/me/consents/shop", "/api/v1/me/credentials/totp"] {
        assert_eq!(house.delete(path, &token).await.status(), 403, "{path}");
    }
    for (path, body) in [
        ("/api/v1/me/credentials/totp", json!({})),
        ("/api/v1/me/credentials/passkeys/options", json!({})),
        ("/api/v1/me/credentials/password", json!({"old_password": "x", "new_password": "y"})),
    ] {
        let answer = house.http.post(format!("{}{path}", house.url)).bearer_auth(&token).json(&body);
        assert_eq!(answer.send().await.unwrap().status(), 403, "{path}");
    }
    assert_eq!(house.delete("/api/v1/me/sessions", &token).await.status(), 204);
    assert_eq!(house.get("/oauth2/userinfo", &token).await.status(), 401);
    assert_eq!(house.get("/api/v1/me", &own).await.status(), 200);
}
