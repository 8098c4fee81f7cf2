//! One-time passwords from an app: set up, asked for, used once, lost and removed.

use serde_json::{Value, json};
use totp_rs::{Builder, Secret};
use wanshitong::domain::audit::{AuditAction, Outcome};
use wanshitong::store::AuditFilter;

use super::browser::{VERIFIER, read, redeem, text};
use super::house::House;
use super::tab::Tab;

const MOBILE: &str = "13900000001";
const OTHER: &str = "13900000002";

/// What the app shows now.
pub fn shown(house: &House, secret: &str) -> String {
    let secret = Secret::try_from_base32(secret).unwrap();
    let second = u64::try_from(house.ctx.clock.now().timestamp()).unwrap();
    Builder::new().with_secret(secret).build().unwrap().generate(second).to_string()
}

async fn post(house: &House, path: &str, token: &str, body: Value) -> (u16, Value) {
    let request = house.http.post(format!("{}/api/v1/me/credentials{path}", house.url));
    read(request.bearer_auth(token).json(&body).send().await.unwrap()).await
}

async fn token(house: &House, tab: &mut Tab, mobile: &str) -> String {
    tab.visit("web", "openid cases", &[]).await;
    if tab.answer.is_none() {
        tab.sign_in(mobile).await;
    }
    text(&redeem(house, &tab.code(), VERIFIER).await.1, "access_token")
}

/// Sets up an app; gives its secret and the recovery codes.
pub async fn enrol(house: &House, token: &str) -> (String, Vec<String>) {
    let (status, new) = post(house, "/totp", token, json!({})).await;
    assert_eq!(status, 201, "{new}");
    let secret = text(&new, "secret");
    assert!(text(&new, "uri").starts_with("otpauth://totp/"));
    let (status, codes) = post(house, "/totp/confirm", token, json!({"code": shown(house, &secret)})).await;
    assert_eq!(status, 200, "{codes}");
    let codes = codes["recovery_codes"].as_array().unwrap();
    (secret, codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect())
}

/// A person with an app, and the browser he set it up in.
async fn enrolled() -> (House, Tab, String, Vec<String>) {
    let house = House::build().await;
    house.register(MOBILE).await;
    let mut tab = Tab::new(&house);
    let token = token(&house, &mut tab, MOBILE).await;
    let (secret, codes) = enrol(&house, &token).await;
    house.advance("PT1M");
    (house, tab, secret, codes)
}

#[actix_web::test]
async fn an_app_once_confirmed_is_asked_for_at_every_sign_in_and_makes_two_factors() {
    let (house, _, secret, codes) = enrolled().await;
    assert_eq!(codes.len(), 10);
    let mut tab = Tab::new(&house);
    tab.visit("web", "openid cases", &[]).await.sign_in(MOBILE).await;
    assert_eq!(tab.title(), "One more step");
    assert!(!tab.has_button("send_factor"), "a code by SMS does not stand in for the app");
    tab.press("totp", &[("code", "000000")]).await;
    assert_eq!(tab.status, 422);
    tab.press("totp", &[("code", &shown(&house, &secret))]).await;
    let (_, tokens) = redeem(&house, &tab.code(), VERIFIER).await;
    let access = text(&tokens, "access_token");
    let (_, me) = read(house.get("/api/v1/me", &access).await).await;
    assert_eq!(me["aal"], 2);
    let (_, credentials) = read(house.get("/api/v1/me/credentials", &access).await).await;
    assert_eq!(credentials["totp"]["recovery_codes_left"], 10);
    assert!(!credentials.to_string().contains(&secret));
}

#[actix_web::test]
async fn half_a_sign_in_opens_nothing() {
    let (house, ..) = enrolled().await;
    let mut tab = Tab::new(&house);
    tab.visit("web", "openid cases", &[]).await.sign_in(MOBILE).await;
    for path in ["/account", "/account/password", "/account/totp", "/device"] {
        tab.open(path).await;
        assert_eq!(tab.title(), "One more step", "{path}");
    }
    tab.visit("web", "openid cases", &[("prompt", "none")]).await;
    assert_eq!(tab.error(), "interaction_required");
}

#[actix_web::test]
async fn a_code_is_accepted_once() {
    let (house, _, secret, _) = enrolled().await;
    let code = shown(&house, &secret);
    let (mut first, mut second) = (Tab::new(&house), Tab::new(&house));
    for tab in [&mut first, &mut second] {
        tab.visit("web", "openid cases", &[]).await.sign_in(MOBILE).await;
    }
    first.press("totp", &[("code", &code)]).await;
    first.code();
    second.press("totp", &[("code", &code)]).await;
    assert_eq!((second.status, second.answer.as_ref()), (422, None));
    // Nor is the step before it any more.
    house.advance("PT30S");
    second.press("totp", &[("code", &code)]).await;
    assert_eq!(second.status, 422);
    second.press("totp", &[("code", &shown(&house, &secret))]).await;
    second.code();
}

#[actix_web::test]
async fn a_code_used_at_the_same_moment_in_two_places_lets_one_in() {
    let (house, _, secret, _) = enrolled().await;
    let code = shown(&house, &secret);
    let mut tabs = Vec::new();
    for _ in 0..4 {
        let mut tab = Tab::new(&house);
        tab.visit("web", "openid cases", &[]).await.sign_in(MOBILE).await;
        tabs.push(tab);
    }
    let fields = [("code", code.as_str())];
    let presses = tabs.iter_mut().map(|tab| async {
        tab.press("totp", &fields).await;
        tab.answer.is_some()
    });
    let answered = futures_util::future::join_all(presses).await;
    assert_eq!(answered.into_iter().filter(|answered| *answered).count(), 1);
}

#[actix_web::test]
async fn a_lost_app_is_replaced_by_a_recovery_code_each_good_once() {
    let (house, _, _, codes) = enrolled().await;
    for (code, good) in [(&codes[0], true), (&codes[0], false), (&codes[1].to_lowercase(), true)] {
        let mut tab = Tab::new(&house);
        tab.visit("web", "openid cases", &[]).await.sign_in(MOBILE).await;
        tab.press("recovery", &[("recovery_code", code)]).await;
        assert_eq!(tab.answer.is_some(), good, "{code}");
        if good {
            let access = text(&redeem(&house, &tab.code(), VERIFIER).await.1, "access_token");
            let (_, me) = read(house.get("/api/v1/me", &access).await).await;
            assert_eq!(me["aal"], 2);
        }
    }
    let filter =
        AuditFilter { action: Some(AuditAction::RecoveryCodeUsed), limit: 9, ..AuditFilter::default() };
    let entries = house.ctx.store.list_audit(filter).await.unwrap();
    assert_eq!(entries.len(), 2);
    assert!(!format!("{entries:?}").contains(&codes[0]));
}

#[actix_web::test]
async fn who_knows_the_password_gains_no_guesses_at_the_app() {
    let (house, _, secret, _) = enrolled().await;
    let mut tried = 0;
    for _ in 0..4 {
        let mut tab = Tab::new(&house);
        tab.visit("web", "openid cases", &[]).await.sign_in(MOBILE).await;
        for _ in 0..4 {
            tab.press("totp", &[("code", "000000")]).await;
            tried += usize::from(tab.status == 422);
        }
    }
    assert!(tried <= 15, "{tried} guesses");
    let mut tab = Tab::new(&house);
    tab.visit("web", "openid cases", &[]).await.sign_in(MOBILE).await;
    tab.press("totp", &[("code", &shown(&house, &secret))]).await;
    assert_eq!(tab.status, 429);
    assert!(tab.headers.contains_key("retry-after"));
}

#[actix_web::test]
async fn setting_one_up_takes_a_fresh_sign_in_and_a_first_code_in_time() {
    let house = House::build().await;
    house.register(MOBILE).await;
    let mut tab = Tab::new(&house);
    let access = token(&house, &mut tab, MOBILE).await;
    house.advance("PT5M1S");
    let answer = house
        .http
        .post(format!("{}/api/v1/me/credentials/totp", house.url))
        .bearer_auth(&access)
        .json(&json!({}))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 401);
    let challenge = answer.headers()["www-authenticate"].to_str().unwrap().to_owned();
    assert!(challenge.contains("insufficient_user_authentication"), "{challenge}");
    assert!(challenge.contains("max_age=\"300\""), "{challenge}");

    tab.visit("web", "openid cases", &[("max_age", "300")]).await;
    let fresh = token(&house, tab.sign_in_anew(MOBILE).await, MOBILE).await;
    let (_, new) = post(&house, "/totp", &fresh, json!({})).await;
    let secret = text(&new, "secret");
    let (status, wrong) = post(&house, "/totp/confirm", &fresh, json!({"code": "000000"})).await;
    assert_eq!((status, &wrong["errors"][0]["pointer"]), (422, &json!("/code")));
    // Nothing rests on it yet.
    let mut other = Tab::new(&house);
    token(&house, &mut other, MOBILE).await;
    let (status, _) = post(&house, "/totp/confirm", &fresh, json!({"code": shown(&house, &secret)})).await;
    assert_eq!(status, 200);
    let again = post(&house, "/totp", &fresh, json!({})).await;
    assert_eq!(again.0, 401, "with an app, changing takes two factors: {}", again.1);
}

#[actix_web::test]
async fn removing_it_takes_two_factors_and_is_on_record() {
    let (house, mut tab, secret, _) = enrolled().await;
    // The browser it was set up in signed in with the password alone.
    tab.visit("web", "openid cases", &[]).await;
    tab.press("totp", &[("code", &shown(&house, &secret))]).await;
    let two = text(&redeem(&house, &tab.code(), VERIFIER).await.1, "access_token");
    let (status, again) = post(&house, "/totp", &two, json!({})).await;
    assert_eq!((status, &again["code"]), (409, &json!("already_exists")));
    assert_eq!(house.delete("/api/v1/me/credentials/totp", &two).await.status(), 204);
    assert_eq!(house.delete("/api/v1/me/credentials/totp", &two).await.status(), 404);
    let mut after = Tab::new(&house);
    after.visit("web", "openid cases", &[]).await.sign_in(MOBILE).await;
    after.code();
    for action in [AuditAction::AuthenticatorAdded, AuditAction::AuthenticatorRemoved] {
        let filter = AuditFilter { action: Some(action), limit: 9, ..AuditFilter::default() };
        let entries = house.ctx.store.list_audit(filter).await.unwrap();
        assert_eq!((entries.len(), entries[0].outcome), (1, Outcome::Succeeded));
        assert!(!format!("{entries:?}").contains(&secret));
    }
}

#[actix_web::test]
async fn one_s_app_is_nothing_to_anybody_else() {
    let (house, _, secret, codes) = enrolled().await;
    house.register(OTHER).await;
    let mut tab = Tab::new(&house);
    let stranger = token(&house, &mut tab, OTHER).await;
    assert_eq!(house.delete("/api/v1/me/credentials/totp", &stranger).await.status(), 404);
    let (own, _) = enrol(&house, &stranger).await;
    house.advance("PT1M");
    assert_ne!(own, secret);
    let mut tab = Tab::new(&house);
    tab.visit("web", "openid cases", &[]).await.sign_in(OTHER).await;
    tab.press("totp", &[("code", &shown(&house, &secret))]).await;
    assert_eq!(tab.status, 422);
    tab.press("recovery", &[("recovery_code", &codes[0])]).await;
    assert_eq!(tab.status, 422);
}

#[actix_web::test]
async fn staff_set_up_a_second_factor_before_they_act_in_their_post() {
    let house = House::build().await;
    house.register(MOBILE).await;
    let mut tab = Tab::new(&house);
    tab.visit("web", "openid staff", &[]).await.sign_in(MOBILE).await;
    assert_eq!(tab.title(), "One more step");
    assert!(tab.page.contains("href=\"/account\"") && !tab.has_button("send_factor"));
    let access = token(&house, &mut tab.beside(), MOBILE).await;
    let (secret, _) = enrol(&house, &access).await;
    house.advance("PT1M");
    tab.visit("web", "openid staff", &[]).await;
    tab.press("totp", &[("code", &shown(&house, &secret))]).await;
    tab.code();
}
