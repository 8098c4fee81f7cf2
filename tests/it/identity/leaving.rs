//! Signing out by way of a client (OpenID Connect RP-Initiated Logout).

use super::browser::{VERIFIER, redeem, text};
use super::house::House;
use super::tab::Tab;

const MOBILE: &str = "13900000001";
const OTHER: &str = "13900000002";
const BYE: &str = "https://app.example.cn/bye";

async fn signed_in(mobile: &str) -> (House, Tab, serde_json::Value) {
    let house = House::build().await;
    house.register(mobile).await;
    let mut tab = Tab::new(&house);
    tab.visit("web", "openid cases", &[]).await.sign_in(mobile).await;
    let tokens = redeem(&house, &tab.code(), VERIFIER).await.1;
    (house, tab, tokens)
}

fn address(pairs: &[(&str, &str)]) -> String {
    format!("/oauth2/end_session?{}", serde_urlencoded::to_string(pairs).unwrap())
}

#[actix_web::test]
async fn a_client_that_proves_whose_session_it_means_signs_the_browser_out_too() {
    let (house, mut tab, tokens) = signed_in(MOBILE).await;
    let mut app = tab.beside();
    app.visit("app", "openid cases", &[]).await;
    let hint = text(&tokens, "id_token");
    tab.open(&address(&[("id_token_hint", &hint), ("post_logout_redirect_uri", BYE), ("state", "x y")]))
        .await;
    assert_eq!(tab.answer.as_deref(), Some("https://app.example.cn/bye?state=x%20y"));
    assert_eq!(tab.cookie("wst_sign_in"), None);
    assert_eq!(house.get("/api/v1/me", &text(&tokens, "access_token")).await.status(), 401);
    app.visit("app", "openid cases", &[]).await;
    assert_eq!(app.title(), "Sign in");
}

#[actix_web::test]
async fn another_person_s_id_token_ends_his_session_and_not_this_browser_s_sign_in() {
    let (house, _, tokens) = signed_in(MOBILE).await;
    house.register(OTHER).await;
    let mut tab = Tab::new(&house);
    tab.visit("web", "openid cases", &[]).await.sign_in(OTHER).await;
    let hint = text(&tokens, "id_token");
    tab.open(&address(&[("id_token_hint", &hint), ("post_logout_redirect_uri", BYE)])).await;
    assert_eq!(tab.answer.as_deref(), Some(BYE));
    assert_eq!(house.get("/api/v1/me", &text(&tokens, "access_token")).await.status(), 401);
    tab.visit("web", "openid cases", &[]).await;
    tab.code();
}

#[actix_web::test]
async fn without_proof_the_person_is_asked_and_an_unregistered_address_is_not_gone_to() {
    let (house, mut tab, tokens) = signed_in(MOBILE).await;
    let access = text(&tokens, "access_token");
    for (uri, leads) in [(BYE, true), ("https://evil.example/", false)] {
        tab.open(&address(&[("client_id", "web"), ("post_logout_redirect_uri", uri)])).await;
        assert_eq!((tab.status, tab.title().as_str()), (200, "Sign out?"));
        assert!(tab.page.contains("139****0001"));
        let policy = tab.headers["content-security-policy"].to_str().unwrap();
        assert_eq!(policy.contains("https://app.example.cn"), leads, "{policy}");
        assert!(!policy.contains("evil"), "{policy}");
    }
    assert_eq!(house.get("/api/v1/me", &access).await.status(), 200);
    // Not from elsewhere.
    let form = tab.form("end");
    let mut forged: Vec<(&str, &str)> =
        form.hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    forged.retain(|(name, _)| *name != "form_token");
    forged.push(("action", "end"));
    tab.post("/oauth2/end_session", &forged).await;
    assert_eq!((tab.status, tab.title().as_str()), (422, "Sign out?"));
    tab.press("end", &[]).await;
    assert_eq!((tab.title().as_str(), tab.answer.as_ref()), ("Signed out", None));
    assert_eq!(house.get("/api/v1/me", &access).await.status(), 401);

    tab.visit("web", "openid cases", &[]).await.sign_in(MOBILE).await;
    tab.open(&address(&[("client_id", "web"), ("post_logout_redirect_uri", BYE)])).await;
    tab.press("end", &[]).await;
    assert_eq!(tab.answer.as_deref(), Some(BYE));
    tab.open(&address(&[])).await;
    assert_eq!((tab.status, tab.title().as_str()), (400, "Not signed out"));
}
