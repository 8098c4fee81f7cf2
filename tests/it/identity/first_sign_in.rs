//! Registering without an app, and a forgotten password.

use super::browser::{VERIFIER, redeem, text};
use super::house::{House, PASSWORD};
use super::tab::Tab;

const MOBILE: &str = "13900000001";
const UNKNOWN: &str = "13900000002";
const NEW: &str = "another fine password";

#[actix_web::test]
async fn a_resident_registers_on_the_way_to_an_app_and_is_signed_in() {
    let house = House::build().await;
    let mut tab = Tab::new(&house);
    tab.visit("web", "openid cases", &[]).await;
    let link = tab.page.split("href=\"/oauth2/register").nth(1).unwrap().split('"').next().unwrap();
    let link = format!("/oauth2/register{}", super::tab::unescaped(link));
    tab.open(&link).await;
    assert_eq!(tab.title(), "Register");
    tab.press("send_code", &[("mobile", MOBILE)]).await;
    let code = house.last_code(MOBILE);
    let fields = [("mobile", MOBILE), ("code", code.as_str()), ("password", "12345678"), ("name", "王小明")];
    tab.press("register", &fields).await;
    assert_eq!(tab.status, 422);
    assert!(tab.page.contains("href=\"#password\"") && tab.page.contains("value=\"王小明\""));
    let fields = [("mobile", MOBILE), ("code", code.as_str()), ("password", PASSWORD), ("name", "王小明")];
    tab.press("register", &fields).await;
    let access = text(&redeem(&house, &tab.code(), VERIFIER).await.1, "access_token");
    let me: serde_json::Value = house.get("/api/v1/me", &access).await.json().await.unwrap();
    assert_eq!((&me["name"], &me["aal"]), (&serde_json::json!("王小明"), &serde_json::json!(1)));
}

#[actix_web::test]
async fn who_comes_to_register_by_himself_ends_at_his_account() {
    let house = House::build().await;
    let mut tab = Tab::new(&house);
    tab.open("/oauth2/register").await.press("send_code", &[("mobile", MOBILE)]).await;
    let code = house.last_code(MOBILE);
    tab.press("register", &[("mobile", MOBILE), ("code", &code), ("password", PASSWORD)]).await;
    assert_eq!((tab.address.as_str(), tab.title().as_str()), ("/account", "My account"));
}

#[actix_web::test]
async fn a_forgotten_password_is_set_anew_by_the_number_and_signs_out_everywhere() {
    let house = House::build().await;
    house.register(MOBILE).await;
    let mut old = Tab::new(&house);
    old.open("/account").await.sign_in(MOBILE).await;
    let mut tab = Tab::new(&house);
    tab.open("/oauth2/password").await.press("send_code", &[("mobile", MOBILE)]).await;
    let code = house.last_code(MOBILE);
    tab.press("reset", &[("mobile", MOBILE), ("code", "000000"), ("new_password", NEW)]).await;
    assert_eq!(tab.status, 422);
    tab.press("reset", &[("mobile", MOBILE), ("code", &code), ("new_password", NEW)]).await;
    assert_eq!((tab.status, tab.title().as_str()), (200, "Sign in"));
    tab.press("password", &[("mobile", MOBILE), ("password", NEW)]).await;
    assert_eq!(tab.title(), "My account");
    assert_eq!(old.open("/account").await.title(), "Sign in");
    assert_eq!(old.sign_in(MOBILE).await.status, 422);
}

#[actix_web::test]
async fn who_asks_for_a_new_password_learns_nothing_of_the_number() {
    let house = House::build().await;
    house.register(MOBILE).await;
    let mut pages = Vec::new();
    for mobile in [MOBILE, UNKNOWN] {
        let mut tab = Tab::new(&house);
        tab.open("/oauth2/password").await.press("send_code", &[("mobile", mobile)]).await;
        let sent = (tab.status, tab.page.replace(mobile, ""));
        tab.press("reset", &[("mobile", mobile), ("code", "000000"), ("new_password", NEW)]).await;
        let tried = (tab.status, tab.page.replace(mobile, ""));
        let blank = |(status, page): (u16, String)| {
            let mut page = page;
            while let Some(at) = page.find("form_token") {
                let end = page[at..].find('>').unwrap();
                page.replace_range(at..at + end, "");
            }
            (status, page)
        };
        pages.push((blank(sent), blank(tried)));
    }
    assert_eq!(pages[0], pages[1]);
    assert!(house.last_message(UNKNOWN).contains("no account yet"));
}

#[actix_web::test]
async fn these_forms_too_are_taken_from_our_own_page_alone() {
    let house = House::build().await;
    house.register(MOBILE).await;
    for (path, action) in [("/oauth2/register", "send_code"), ("/oauth2/password", "send_code")] {
        let mut tab = Tab::new(&house);
        tab.post(path, &[("action", action), ("mobile", UNKNOWN)]).await;
        assert_eq!(tab.status, 422, "{path}");
    }
    assert_eq!(house.last_message(UNKNOWN), "");
}
