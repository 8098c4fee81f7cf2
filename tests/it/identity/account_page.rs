//! The account page: what one signs in with, where one is signed in, which apps may
//! what; every form from our own page, for what is one's own.

use super::browser::{VERIFIER, redeem, redeem_as_shop, text};
use super::house::{House, PASSWORD};
use super::tab::Tab;
use super::totp::shown;

const MOBILE: &str = "13900000001";
const OTHER: &str = "13900000002";
const NEW: &str = "another fine password";

async fn at_home() -> (House, Tab) {
    let house = House::build().await;
    house.register(MOBILE).await;
    let mut tab = Tab::new(&house);
    tab.open("/account").await;
    assert_eq!(tab.title(), "Sign in");
    tab.sign_in(MOBILE).await;
    assert_eq!((tab.address.as_str(), tab.title().as_str()), ("/account", "My account"));
    (house, tab)
}

#[actix_web::test]
async fn a_person_sees_where_he_is_signed_in_and_ends_it() {
    let (house, mut tab) = at_home().await;
    let mut phone = Tab::new(&house);
    phone.user_agent = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 Mobile/15E148 Safari/604.1";
    phone.visit("web", "openid cases", &[]).await.sign_in(MOBILE).await;
    let access = text(&redeem(&house, &phone.code(), VERIFIER).await.1, "access_token");
    tab.open("/account").await;
    assert!(tab.page.contains("Chrome · Windows") && tab.page.contains("Safari · iPhone"));
    assert!(tab.page.contains("Website") && tab.page.contains("王**") && !tab.page.contains(MOBILE));

    tab.press_at("Apps you are signed in to", "end_session").await;
    assert!(tab.page.contains("Done."));
    assert_eq!(house.get("/api/v1/me", &access).await.status(), 401);
    phone.visit("web", "openid cases", &[]).await;
    let access = text(&redeem(&house, &phone.code(), VERIFIER).await.1, "access_token");
    tab.open("/account").await;
    tab.press("end_sign_in", &[]).await;
    assert_eq!(house.get("/api/v1/me", &access).await.status(), 401);
    phone.visit("web", "openid cases", &[]).await;
    assert_eq!(phone.title(), "Sign in");

    tab.open("/account").await.press("sign_out", &[]).await;
    assert_eq!((tab.title().as_str(), tab.cookie("wst_sign_in")), ("Signed out", None));
    tab.open("/account").await;
    assert_eq!(tab.title(), "Sign in");
}

#[actix_web::test]
async fn signing_out_everywhere_leaves_nothing_signed_in() {
    let (house, mut tab) = at_home().await;
    let mut phone = Tab::new(&house);
    phone.visit("web", "openid cases", &[]).await.sign_in(MOBILE).await;
    let access = text(&redeem(&house, &phone.code(), VERIFIER).await.1, "access_token");
    tab.press("sign_out_everywhere", &[]).await;
    assert_eq!(tab.title(), "Signed out");
    assert_eq!(house.get("/api/v1/me", &access).await.status(), 401);
    phone.open("/account").await;
    assert_eq!(phone.title(), "Sign in");
}

#[actix_web::test]
async fn an_app_for_codes_is_set_up_without_javascript() {
    let (house, mut tab) = at_home().await;
    tab.press("begin_totp", &[]).await;
    assert_eq!(
        (tab.address.as_str(), tab.title().as_str()),
        ("/account/totp", "Set up an authenticator app")
    );
    let secret =
        tab.page.split("class=\"secret\">").nth(1).unwrap().split('<').next().unwrap().replace(' ', "");
    assert!(tab.page.contains("href=\"otpauth://totp/"));
    tab.press("confirm", &[("code", "000000")]).await;
    assert_eq!(tab.status, 422);
    assert!(tab.page.contains("aria-invalid=\"true\""));
    tab.press("confirm", &[("code", &shown(&house, &secret))]).await;
    assert_eq!(tab.title(), "Keep these recovery codes");
    assert_eq!(tab.page.matches("<code>").count(), 10);
    // From now on it is asked for, here too.
    tab.open("/account").await;
    assert_eq!(tab.title(), "One more step");
    house.advance("PT30S");
    tab.press("totp", &[("code", &shown(&house, &secret))]).await;
    assert_eq!(tab.title(), "My account");
    tab.press("remove_totp", &[]).await;
    assert!(tab.has_button("begin_totp"));
}

#[actix_web::test]
async fn what_proves_the_account_is_changed_by_who_proved_himself_lately() {
    let (house, mut tab) = at_home().await;
    house.advance("PT5M1S");
    tab.press("begin_totp", &[]).await;
    assert_eq!(tab.title(), "Sign in");
    tab.sign_in(MOBILE).await;
    assert_eq!(tab.title(), "My account");
    tab.press("begin_totp", &[]).await;
    assert_eq!(tab.title(), "Set up an authenticator app");
}

#[actix_web::test]
async fn a_password_is_changed_with_the_old_one_or_a_code_and_signs_out_the_rest() {
    let (house, mut tab) = at_home().await;
    let mut phone = Tab::new(&house);
    phone.visit("web", "openid cases", &[]).await.sign_in(MOBILE).await;
    let access = text(&redeem(&house, &phone.code(), VERIFIER).await.1, "access_token");

    tab.open("/account/password").await;
    tab.press("change", &[("old_password", "wrong password"), ("new_password", NEW)]).await;
    assert_eq!(tab.status, 422);
    assert!(tab.page.contains("href=\"#old_password\""));
    tab.press("change", &[("old_password", PASSWORD), ("new_password", "12345678")]).await;
    assert!(tab.status == 422 && tab.page.contains("href=\"#new_password\""));
    tab.press("change", &[("old_password", PASSWORD), ("new_password", NEW)]).await;
    assert_eq!((tab.status, tab.title().as_str()), (200, "My account"));
    assert_eq!(house.get("/api/v1/me", &access).await.status(), 401);
    phone.open("/account").await.sign_in(MOBILE).await;
    assert_eq!(phone.status, 422, "the old password is none any more");

    tab.open("/account/password").await.press("send_code", &[]).await;
    let code = house.last_code(MOBILE);
    tab.press("change_by_code", &[("code", &code), ("new_password", PASSWORD)]).await;
    assert_eq!(tab.title(), "My account");
    phone.open("/account").await.sign_in(MOBILE).await;
    assert_eq!(phone.title(), "My account");
}

#[actix_web::test]
async fn a_password_is_changed_through_an_app_by_exactly_one_right() {
    use super::browser::read;
    use serde_json::{Value, json};
    let house = House::build().await;
    house.register(MOBILE).await;
    let (mut tab, mut other) = (Tab::new(&house), Tab::new(&house));
    for tab in [&mut tab, &mut other] {
        tab.visit("web", "openid cases", &[]).await.sign_in(MOBILE).await;
    }
    let own = text(&redeem(&house, &tab.code(), VERIFIER).await.1, "access_token");
    let elsewhere = text(&redeem(&house, &other.code(), VERIFIER).await.1, "access_token");
    let change = |body: Value| {
        let request = house.http.post(format!("{}/api/v1/me/credentials/password", house.url));
        let request = request.bearer_auth(&own).json(&body);
        async move { read(request.send().await.unwrap()).await }
    };
    assert_eq!(change(json!({"new_password": NEW})).await.0, 400);
    assert_eq!(change(json!({"old_password": PASSWORD, "code": "123456", "new_password": NEW})).await.0, 400);
    let (status, problem) = change(json!({"old_password": "not it", "new_password": NEW})).await;
    assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("/old_password")));
    let (status, problem) = change(json!({"old_password": PASSWORD, "new_password": "short"})).await;
    assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("/new_password")));
    assert_eq!(change(json!({"old_password": PASSWORD, "new_password": NEW})).await.0, 204);
    assert_eq!(house.get("/api/v1/me", &own).await.status(), 200);
    assert_eq!(house.get("/api/v1/me", &elsewhere).await.status(), 401);

    let asked = json!({"mobile": MOBILE, "purpose": "reset_password"});
    assert_eq!(house.post("/api/v1/accounts/sms-codes", asked).await.status(), 202);
    let code = house.last_code(MOBILE);
    assert_eq!(change(json!({"code": "000000", "new_password": PASSWORD})).await.0, 422);
    assert_eq!(change(json!({"code": code, "new_password": PASSWORD})).await.0, 204);
    assert_eq!(change(json!({"code": code, "new_password": NEW})).await.0, 422, "a code is good once");
}

#[actix_web::test]
async fn an_agreement_is_taken_back_on_the_page() {
    let (house, mut tab) = at_home().await;
    tab.visit("shop", "openid cases", &[]).await.press("allow", &[]).await;
    let token = text(&redeem_as_shop(&house, &tab.code()).await, "access_token");
    tab.open("/account").await;
    assert!(tab.page.contains("Some app"));
    tab.press("revoke_consent", &[]).await;
    assert!(!tab.has_button("revoke_consent"));
    assert_eq!(house.get("/oauth2/userinfo", &token).await.status(), 401);
}

#[actix_web::test]
async fn no_form_is_taken_from_elsewhere_nor_for_what_is_somebody_else_s() {
    let (house, mut tab) = at_home().await;
    house.register(OTHER).await;
    let mut attacker = Tab::new(&house);
    attacker.open("/account").await.sign_in(OTHER).await;
    let hostile = attacker.form("sign_out_everywhere");
    let pairs: Vec<(&str, &str)> =
        hostile.hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    for (path, action) in [
        ("/account", "sign_out_everywhere"),
        ("/account", "begin_totp"),
        ("/account/password", "change"),
        ("/account/totp", "confirm"),
    ] {
        // With the attacker's fields, with none, and with one's own from another site.
        let mut forged = pairs.clone();
        forged.push(("action", action));
        tab.post(path, &forged).await;
        assert!(tab.status == 422 || tab.title() == "My account", "{path} {action}: {}", tab.status);
        tab.post(path, &[("action", action), ("request", "to=account")]).await;
        assert!(tab.status == 422 || tab.title() == "My account", "{path} {action}: {}", tab.status);
    }
    tab.open("/account").await;
    let own = tab.form("sign_out_everywhere");
    let mut pairs: Vec<(&str, &str)> =
        own.hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    pairs.push(("action", "sign_out_everywhere"));
    let cross = tab.form_request("/account", &pairs).header("sec-fetch-site", "cross-site");
    assert_eq!(tab.sent(cross).await.status(), 422);
    assert_eq!(tab.open("/account").await.title(), "My account");

    // Somebody else's session, sign-in and passkey do not exist.
    let mut victim = Tab::new(&house);
    victim.visit("web", "openid cases", &[]).await.sign_in(OTHER).await;
    let account = house.ctx.store.find_account_by_mobile(&OTHER.parse().unwrap()).await.unwrap().unwrap();
    let now = house.ctx.clock.now();
    redeem(&house, &victim.code(), VERIFIER).await;
    let session = house.ctx.store.list_sessions(account.id, now).await.unwrap()[0].id.to_string();
    let sign_in = house.ctx.store.list_sign_ins(account.id, now).await.unwrap()[0].id.to_string();
    for (action, id) in [("end_session", &session), ("end_sign_in", &sign_in), ("remove_passkey", &session)] {
        let mut pairs = pairs.clone();
        pairs.retain(|(name, _)| *name != "action");
        pairs.extend([("action", action), ("id", id.as_str())]);
        tab.post("/account", &pairs).await;
        assert_eq!(tab.status, 404, "{action}");
    }
    assert_eq!(house.ctx.store.list_sign_ins(account.id, now).await.unwrap().len(), 2);
    assert_eq!(house.ctx.store.list_sessions(account.id, now).await.unwrap().len(), 1);
}
