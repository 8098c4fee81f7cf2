//! A browser's sign-in: who is answered without being asked, for how long, and what
//! ends it.

use serde_json::json;

use super::browser::{VERIFIER, read, redeem, refresh, text};
use super::house::House;
use super::tab::Tab;

const MOBILE: &str = "13900000001";
const OTHER: &str = "13900000002";
const COOKIE: &str = "wst_sign_in";

async fn house() -> House {
    let house = House::build().await;
    house.register(MOBILE).await;
    house
}

#[actix_web::test]
async fn who_signed_in_for_one_app_is_answered_for_the_next_until_the_sign_in_rests_too_long() {
    let house = house().await;
    let mut tab = Tab::new(&house);
    tab.visit("web", "openid cases", &[]).await.sign_in(MOBILE).await;
    let first = redeem(&house, &tab.code(), VERIFIER).await.1;

    tab.visit("app", "openid cases", &[]).await;
    tab.code();
    house.advance("PT29M");
    tab.visit("web", "openid cases", &[]).await;
    let second = redeem(&house, &tab.code(), VERIFIER).await.1;
    let (_, sessions) = read(house.get("/api/v1/me/sessions", &text(&second, "access_token")).await).await;
    let browsers: Vec<_> =
        sessions["items"].as_array().unwrap().iter().map(|item| &item["browser"]).collect();
    assert_eq!(browsers.len(), 2, "the first rests, the second is live: {sessions:#}");
    assert_eq!(browsers[0]["id"], browsers[1]["id"]);
    assert_eq!(browsers[0]["user_agent"], "Chrome · Windows");
    assert_ne!(text(&first, "access_token"), text(&second, "access_token"));

    house.advance("PT30M");
    tab.visit("web", "openid cases", &[]).await;
    assert_eq!((tab.status, tab.title().as_str()), (200, "Sign in"));
}

#[actix_web::test]
async fn no_sign_in_lasts_longer_than_half_a_day_however_busy() {
    let house = house().await;
    let mut tab = Tab::new(&house);
    tab.visit("web", "cases", &[]).await.sign_in(MOBILE).await;
    for _ in 0..24 {
        tab.visit("web", "cases", &[]).await;
        tab.code();
        house.advance("PT29M59S");
    }
    house.advance("PT24S");
    tab.visit("web", "cases", &[]).await;
    assert_eq!(tab.title(), "Sign in");
}

#[actix_web::test]
async fn the_cookie_is_for_the_server_alone_and_with_tls_for_this_host_alone() {
    for (house, name, secure) in
        [(House::build().await, COOKIE, false), (House::build_behind_tls().await, "__Host-wst_sign_in", true)]
    {
        house.register(MOBILE).await;
        let mut tab = Tab::new(&house);
        tab.visit("web", "cases", &[]).await;
        let form = tab.form("password");
        let mut pairs: Vec<(&str, &str)> =
            form.hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        pairs.extend([("mobile", MOBILE), ("password", super::house::PASSWORD)]);
        let answer = tab.sent(house.form_request(&form.target, &pairs)).await;
        let all: Vec<&str> =
            answer.headers().get_all("set-cookie").iter().map(|value| value.to_str().unwrap()).collect();
        let cookie = all.iter().find(|cookie| cookie.starts_with(&format!("{name}="))).unwrap();
        assert!(cookie.contains("; HttpOnly") && cookie.contains("; SameSite=Lax"), "{cookie}");
        assert!(cookie.contains("; Path=/;") && !cookie.contains("Domain"), "{cookie}");
        assert_eq!(cookie.contains("; Secure"), secure, "{cookie}");
        assert_eq!(answer.headers()["cache-control"], "no-store");
    }
}

#[actix_web::test]
async fn a_cookie_planted_before_the_sign_in_is_worth_nothing_after_it() {
    let house = house().await;
    house.register(OTHER).await;
    // The attacker's own, and one he made up.
    let mut attacker = Tab::new(&house);
    attacker.visit("web", "cases", &[]).await.sign_in(OTHER).await;
    for planted in [attacker.cookie(COOKIE).unwrap().to_owned(), "a".repeat(43)] {
        let mut victim = Tab::new(&house);
        victim.jar.insert(COOKIE.to_owned(), planted.clone());
        victim.visit("web", "cases", &[("prompt", "login")]).await.sign_in(MOBILE).await;
        victim.code();
        assert_ne!(victim.cookie(COOKIE), Some(planted.as_str()));
        let mut thief = Tab::new(&house);
        thief.jar.insert(COOKIE.to_owned(), planted);
        thief.visit("web", "cases", &[]).await;
        assert_eq!(thief.title(), "Sign in");
    }
}

#[actix_web::test]
async fn the_secret_changes_with_every_proof_and_the_old_one_is_dead() {
    let house = house().await;
    let mut tab = Tab::new(&house);
    tab.visit("web", "cases", &[]).await.sign_in(MOBILE).await;
    let first = tab.cookie(COOKIE).unwrap().to_owned();
    tab.visit("web", "cases", &[("prompt", "login")]).await.sign_in(MOBILE).await;
    let second = tab.cookie(COOKIE).unwrap().to_owned();
    tab.visit("web", "cases", &[("acr_values", "ial1-aal2")]).await;
    tab.press("send_factor", &[]).await;
    tab.press("show_code", &[("code", &house.last_code(MOBILE))]).await;
    tab.code();
    let third = tab.cookie(COOKIE).unwrap().to_owned();
    assert!(first != second && second != third);
    for dead in [first, second] {
        let mut thief = Tab::new(&house);
        thief.jar.insert(COOKIE.to_owned(), dead);
        thief.visit("web", "cases", &[]).await;
        assert_eq!(thief.title(), "Sign in");
    }
}

#[actix_web::test]
async fn without_a_word_to_the_person_a_client_gets_a_code_or_the_reason() {
    let house = house().await;
    let mut tab = Tab::new(&house);
    tab.visit("web", "cases", &[("prompt", "none")]).await;
    assert_eq!(tab.error(), "login_required");
    tab.visit("web", "cases", &[]).await.sign_in(MOBILE).await;
    for (more, error) in [
        (vec![], None),
        (vec![("max_age", "600")], None),
        (vec![("login_hint", MOBILE)], None),
        (vec![("login_hint", OTHER)], Some("login_required")),
        (vec![("acr_values", "ial1-aal2")], Some("interaction_required")),
        (vec![("acr_values", "ial3-aal1")], Some("interaction_required")),
    ] {
        let mut asked = vec![("prompt", "none")];
        asked.extend(more);
        tab.visit("web", "cases", &asked).await;
        assert_eq!(tab.sent_back("error").as_deref(), error, "{asked:?}: {}", tab.page);
        assert_eq!(tab.sent_back("state").as_deref(), Some("s-1"));
    }
    tab.visit("shop", "cases", &[("prompt", "none")]).await;
    assert_eq!(tab.error(), "consent_required");
    house.advance("PT11M");
    tab.visit("web", "cases", &[("prompt", "none"), ("max_age", "600")]).await;
    assert_eq!(tab.error(), "login_required");
}

#[actix_web::test]
async fn who_is_asked_to_sign_in_anew_is_asked_and_the_client_learns_when() {
    let house = house().await;
    let mut tab = Tab::new(&house);
    tab.visit("web", "openid cases", &[]).await.sign_in(MOBILE).await;
    house.advance("PT5M");
    for more in [("prompt", "login"), ("prompt", "select_account"), ("max_age", "0"), ("login_hint", OTHER)] {
        tab.visit("web", "openid cases", &[more]).await;
        assert_eq!((tab.status, tab.title().as_str()), (200, "Sign in"), "{more:?}");
        assert!(tab.answer.is_none());
    }
    assert!(tab.page.contains(&format!("value=\"{OTHER}\"")));
    tab.visit("web", "openid cases", &[("prompt", "login")]).await.sign_in(MOBILE).await;
    let (_, tokens) = redeem(&house, &tab.code(), VERIFIER).await;
    let claims: serde_json::Value =
        jsonwebtoken::dangerous::insecure_decode_claims(text(&tokens, "id_token")).unwrap();
    assert_eq!(claims["auth_time"], json!(house.ctx.clock.now().timestamp()));
}

#[actix_web::test]
async fn signing_out_everywhere_ends_the_browsers_and_what_they_had_not_redeemed() {
    let house = house().await;
    let (mut here, mut there) = (Tab::new(&house), Tab::new(&house));
    here.visit("web", "cases", &[]).await.sign_in(MOBILE).await;
    let tokens = redeem(&house, &here.code(), VERIFIER).await.1;
    there.visit("web", "cases", &[]).await.sign_in(MOBILE).await;
    let waiting = there.code();
    let access = text(&tokens, "access_token");
    assert_eq!(house.delete("/api/v1/me/sessions", &access).await.status(), 204);
    assert_eq!(house.get("/api/v1/me", &access).await.status(), 401);
    assert_eq!(redeem(&house, &waiting, VERIFIER).await.0, 400);
    for tab in [&mut here, &mut there] {
        tab.visit("web", "cases", &[]).await;
        assert_eq!(tab.title(), "Sign in");
    }
}

#[actix_web::test]
async fn who_signs_in_after_another_ends_what_the_other_had_begun_in_this_browser() {
    let house = house().await;
    house.register(OTHER).await;
    let mut tab = Tab::new(&house);
    tab.visit("web", "cases", &[]).await.sign_in(MOBILE).await;
    let tokens = redeem(&house, &tab.code(), VERIFIER).await.1;
    tab.visit("web", "cases", &[("prompt", "login")]).await.sign_in(OTHER).await;
    let later = redeem(&house, &tab.code(), VERIFIER).await.1;
    assert_eq!(house.get("/api/v1/me", &text(&tokens, "access_token")).await.status(), 401);
    assert_eq!(refresh(&house, &text(&tokens, "refresh_token")).await.0, 400);
    assert_eq!(house.get("/api/v1/me", &text(&later, "access_token")).await.status(), 200);
}

#[actix_web::test]
async fn a_kiosk_s_next_user_finds_nobody_signed_in() {
    let house = house().await;
    let mut tab = Tab::new(&house);
    tab.visit("kiosk", "cases", &[]).await.sign_in(MOBILE).await;
    tab.code();
    assert_eq!(tab.cookie(COOKIE), None);
    // Nor does he who signed in elsewhere find himself signed in here unasked.
    tab.visit("web", "cases", &[]).await.sign_in(MOBILE).await;
    tab.code();
    tab.visit("kiosk", "cases", &[]).await;
    assert_eq!(tab.title(), "Sign in");
    tab.open("/account").await;
    assert_eq!(tab.title(), "My account");
}

#[actix_web::test]
async fn every_step_is_taken_from_our_own_page_in_this_browser_alone() {
    let house = house().await;
    house.register(OTHER).await;
    let (mut victim, mut attacker) = (Tab::new(&house), Tab::new(&house));
    for (tab, mobile) in [(&mut victim, MOBILE), (&mut attacker, OTHER)] {
        tab.visit("shop", "openid cases", &[]).await.sign_in(mobile).await;
        assert_eq!(tab.title(), "Do you agree?");
    }
    // The attacker's form sent by the victim's browser agrees to nothing.
    let form = attacker.form("allow");
    let mut pairs: Vec<(&str, &str)> =
        form.hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    pairs.push(("action", "allow"));
    victim.post(&form.target, &pairs).await;
    assert_eq!((victim.status, victim.answer.as_ref()), (422, None));
    // Nor does the victim's own from another site, or for another scope.
    let own = victim.form("allow");
    let tampered: Vec<(String, String)> = own
        .hidden
        .iter()
        .map(|(name, value)| (name.clone(), value.replace("openid+cases", "openid+cases+profile")))
        .collect();
    let mut pairs: Vec<(&str, &str)> =
        tampered.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    pairs.push(("action", "allow"));
    victim.post(&own.target, &pairs).await;
    assert_eq!((victim.status, victim.answer.as_ref()), (422, None));
    let mut pairs: Vec<(&str, &str)> =
        own.hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    pairs.push(("action", "allow"));
    let cross = house.form_request(&own.target, &pairs).header("sec-fetch-site", "cross-site");
    assert_eq!(victim.sent(cross).await.status(), 422);
    let account = house.ctx.store.find_account_by_mobile(&MOBILE.parse().unwrap()).await.unwrap().unwrap();
    assert!(house.ctx.store.list_consents(account.id).await.unwrap().is_empty());
    // A form shown to one person is not taken from the next at the same browser.
    victim.visit("web", "cases", &[("prompt", "login")]).await.sign_in(OTHER).await;
    victim.post(&own.target, &pairs).await;
    assert_eq!((victim.status, victim.answer.as_ref()), (422, None));
}

#[actix_web::test]
async fn the_pages_lead_nowhere_but_to_the_portal_and_the_registered_address() {
    let house = house().await;
    let mut tab = Tab::new(&house);
    for back in ["https://evil.example/", "//evil.example/", "/\\evil.example", "/account\r\nx: y", ""] {
        let answer = house.post_form("/oauth2/language", &[("language", "en"), ("back", back)]).await;
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["location"]),
            (303, &"/account".parse().unwrap())
        );
    }
    for to in ["https://evil.example/", "evil", "//evil.example"] {
        let query = serde_urlencoded::to_string([("request", format!("to={to}"))]).unwrap();
        tab.open(&format!("/oauth2/sign_in?{query}")).await;
        assert_eq!((tab.status, tab.answer.as_ref()), (400, None), "{to}");
    }
    tab.open("/oauth2/sign_in?request=to%3Ddevice%26user_code%3D%2F%2Fevil.example")
        .await
        .sign_in(MOBILE)
        .await;
    assert_eq!(tab.address, "/device");
}

#[actix_web::test]
async fn the_language_is_chosen_on_the_page_and_kept() {
    let house = house().await;
    let mut tab = Tab::new(&house);
    tab.visit("web", "cases", &[("prompt", "login")]).await;
    let form = tab.page.split("action=\"/oauth2/language\"").nth(1).unwrap();
    let back = form.split("name=\"back\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let back = super::tab::unescaped(back);
    tab.post("/oauth2/language", &[("language", "zh"), ("back", &back)]).await;
    assert_eq!((tab.status, tab.title().as_str(), tab.page.contains("lang=\"zh-CN\"")), (200, "登录", true));
    tab.sign_in(MOBILE).await;
    tab.code();
    tab.visit("web", "cases", &[("prompt", "login"), ("ui_locales", "en")]).await;
    assert_eq!(tab.title(), "登录");
}

#[actix_web::test]
async fn sign_ins_and_failures_are_on_record_without_a_secret() {
    use wanshitong::domain::audit::{AuditAction, Outcome};
    use wanshitong::store::AuditFilter;
    let house = house().await;
    let mut tab = Tab::new(&house);
    tab.visit("web", "cases", &[]).await;
    tab.press("password", &[("mobile", MOBILE), ("password", "wrong password")]).await;
    house.advance("PT1S");
    tab.sign_in(MOBILE).await;
    let filter = AuditFilter { action: Some(AuditAction::SignedIn), limit: 10, ..AuditFilter::default() };
    let entries = house.ctx.store.list_audit(filter).await.unwrap();
    let outcomes: Vec<Outcome> = entries.iter().map(|entry| entry.outcome).collect();
    assert_eq!(outcomes, [Outcome::Succeeded, Outcome::Refused]);
    assert!(entries[0].account.is_some() && entries[1].account.is_none());
    assert!(entries.iter().all(|entry| entry.network.is_some() && entry.request_id.is_some()));
    let written = format!("{entries:?}");
    for secret in [MOBILE, super::house::PASSWORD, tab.cookie(COOKIE).unwrap()] {
        assert!(!written.contains(secret), "{written}");
    }
}
