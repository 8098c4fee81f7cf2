//! Codes, tokens, sessions.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::join_all;
use serde_json::{Value, json};
use wanshitong::domain::identity::{Aal, Assurance, ClientId, Ial, ScopeSet};

use super::browser::{
    self, Browser, VERIFIER, authorize_query, read, redeem, refresh, sent_back, text, visit,
};
use super::house::{House, SHOP_SECRET};

const MOBILE: &str = "13900000001";

#[actix_web::test]
async fn a_person_registers_signs_in_and_signs_out() {
    let house = House::build().await;
    house.register(MOBILE).await;
    let tokens = browser::tokens(&house, MOBILE).await;
    let access = text(&tokens, "access_token");
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("Bearer"), &json!(600)));

    let (status, me) = read(house.get("/api/v1/me", &access).await).await;
    assert_eq!(
        (status, &me["name"], &me["channel"], &me["ial"]),
        (200, &json!("王小明"), &json!("web"), &json!(1))
    );
    let (status, info) = read(house.get("/oauth2/userinfo", &access).await).await;
    assert_eq!((status, &info["phone_number"]), (200, &json!("139****0001")));

    let (_, sessions) = read(house.get("/api/v1/me/sessions", &access).await).await;
    let session = &sessions["items"][0];
    assert_eq!((&session["client_id"], &session["is_current"]), (&json!("web"), &json!(true)));
    let path = format!("/api/v1/me/sessions/{}", text(session, "id"));
    assert_eq!(house.delete(&path, &access).await.status(), 204);
    assert_eq!(house.get("/api/v1/me", &access).await.status(), 401);
    assert_eq!(refresh(&house, &text(&tokens, "refresh_token")).await.0, 400);
}

#[actix_web::test]
async fn twenty_refreshes_at_once_give_one_successor_and_sign_nobody_out() {
    let house = House::build().await;
    house.register(MOBILE).await;
    let first = text(&browser::tokens(&house, MOBILE).await, "refresh_token");

    let answers = join_all((0..20).map(|_| refresh(&house, &first))).await;
    let mut successors: Vec<String> = Vec::new();
    for (status, tokens) in answers {
        assert_eq!(status, 200, "{tokens}");
        successors.push(text(&tokens, "refresh_token"));
    }
    successors.dedup();
    assert_eq!(successors.len(), 1);
    assert_ne!(successors[0], first);
    assert_eq!(refresh(&house, &successors[0]).await.0, 200);
}

#[actix_web::test]
async fn a_used_refresh_token_after_the_grace_ends_the_session() {
    let house = House::build().await;
    house.register(MOBILE).await;
    let tokens = browser::tokens(&house, MOBILE).await;
    let first = text(&tokens, "refresh_token");
    let (_, second) = refresh(&house, &first).await;

    house.advance("PT9S");
    assert_eq!(text(&refresh(&house, &first).await.1, "refresh_token"), text(&second, "refresh_token"));
    house.advance("PT1S");
    let (status, error) = refresh(&house, &first).await;
    assert_eq!((status, &error["error"]), (400, &json!("invalid_grant")));
    assert_eq!(refresh(&house, &text(&second, "refresh_token")).await.0, 400);
    assert_eq!(house.get("/api/v1/me", &text(&second, "access_token")).await.status(), 401);
}

#[actix_web::test]
async fn a_code_used_twice_takes_back_what_it_gave() {
    let house = House::build().await;
    house.register(MOBILE).await;
    let code = browser::code(&house, "web", "openid cases", MOBILE).await;
    let (_, tokens) = redeem(&house, &code, VERIFIER).await;
    assert_eq!(house.get("/api/v1/me", &text(&tokens, "access_token")).await.status(), 200);

    let (status, error) = redeem(&house, &code, VERIFIER).await;
    assert_eq!((status, &error["error"]), (400, &json!("invalid_grant")));
    assert_eq!(house.get("/api/v1/me", &text(&tokens, "access_token")).await.status(), 401);
    assert_eq!(refresh(&house, &text(&tokens, "refresh_token")).await.0, 400);
    let record = super::desk::audited(&house.ctx).await;
    assert!(record.iter().any(|(action, _)| *action == "token.replayed"), "{record:?}");
}

#[actix_web::test]
async fn ten_redemptions_at_once_leave_nobody_signed_in() {
    let house = House::build().await;
    house.register(MOBILE).await;
    let code = browser::code(&house, "web", "openid cases", MOBILE).await;
    let answers = join_all((0..10).map(|_| redeem(&house, &code, VERIFIER))).await;
    let granted: Vec<&Value> =
        answers.iter().filter(|(status, _)| *status == 200).map(|(_, value)| value).collect();
    assert_eq!(granted.len(), 1);
    assert_eq!(house.get("/api/v1/me", &text(granted[0], "access_token")).await.status(), 401);
}

#[actix_web::test]
async fn a_code_is_worth_nothing_without_its_verifier_nor_after_a_minute() {
    let house = House::build().await;
    house.register(MOBILE).await;
    let code = browser::code(&house, "web", "cases", MOBILE).await;
    let (status, error) = redeem(&house, &code, "another-verifier-of-forty-three-characters-x").await;
    assert_eq!((status, &error["error"]), (400, &json!("invalid_grant")));
    assert_eq!(redeem(&house, &code, VERIFIER).await.0, 200);

    let late = browser::code(&house, "web", "cases", MOBILE).await;
    house.advance("PT60S");
    assert_eq!(redeem(&house, &late, VERIFIER).await.0, 400);
}

#[actix_web::test]
async fn a_token_expires_and_a_resting_session_with_it() {
    let house = House::build().await;
    house.register(MOBILE).await;
    let tokens = browser::tokens(&house, MOBILE).await;
    house.advance("PT599S");
    assert_eq!(house.get("/api/v1/me", &text(&tokens, "access_token")).await.status(), 200);
    house.advance("PT1S");
    assert_eq!(house.get("/api/v1/me", &text(&tokens, "access_token")).await.status(), 401);
    house.advance("PT20M");
    assert_eq!(refresh(&house, &text(&tokens, "refresh_token")).await.0, 400);
}

#[actix_web::test]
async fn what_is_no_access_token_of_this_portal_opens_nothing() {
    let house = House::build().await;
    house.register(MOBILE).await;
    let tokens = browser::tokens(&house, MOBILE).await;
    let access = text(&tokens, "access_token");
    let parts: Vec<&str> = access.split('.').collect();
    let none = URL_SAFE_NO_PAD.encode(r#"{"typ":"at+jwt","alg":"none"}"#);
    let now = house.ctx.clock.now();
    let seal = house.ctx.identity.sign_seal(&json!({"sub": "x"}), "at+jwt", now).unwrap();
    let forged = [
        String::new(),
        "x".repeat(5000),
        format!("{none}.{}.", parts[1]),
        format!("{none}.{}.{}", parts[1], parts[2]),
        format!("{}.{}.{}", parts[0], parts[1].replace('a', "b"), parts[2]),
        format!("{}.{}.", parts[0], parts[1]),
        text(&tokens, "id_token"),
        text(&tokens, "refresh_token"),
        seal,
    ];
    for token in forged {
        assert_eq!(house.get("/api/v1/me", &token).await.status(), 401, "{token}");
    }
}

#[actix_web::test]
async fn the_token_of_a_persona_outlasts_the_clock_in_a_demo_and_is_nothing_elsewhere() {
    let demo = House::build().await;
    demo.register(MOBILE).await;
    let account = demo.ctx.store.find_account_by_mobile(&MOBILE.parse().unwrap()).await.unwrap().unwrap();
    let assurance = Assurance { ial: Ial::new(3).unwrap(), aal: Aal::TWO_FACTORS };
    let (web, scopes) = (ClientId::parse("web").unwrap(), ScopeSet::parse("cases").unwrap());
    let issue = |house: &House| {
        house
            .ctx
            .identity
            .issue_demo_token(account.id, &web, scopes, assurance, house.ctx.clock.now())
            .unwrap()
    };
    let token = issue(&demo);
    demo.advance("P5000W");
    assert_eq!(demo.get("/api/v1/me", &token).await.status(), 200);
    let production = House::build_in(false).await;
    assert_eq!(production.get("/api/v1/me", &issue(&production)).await.status(), 401);
}

#[actix_web::test]
async fn another_instance_honours_the_same_tokens_and_learns_of_their_end() {
    let house = House::build().await;
    house.register(MOBILE).await;
    let access = text(&browser::tokens(&house, MOBILE).await, "access_token");
    let other = house.another_instance().await;
    let now = other.clock.now();
    assert_eq!(other.identity.token_jwks(now), house.ctx.identity.token_jwks(now));
    assert!(other.identity.verify(&access, now).await.unwrap().is_some());
    let before = other.store.epochs().await.unwrap();
    assert_eq!(house.delete("/api/v1/me/sessions", &access).await.status(), 204);
    assert_ne!(other.store.epochs().await.unwrap(), before);
    other.identity.reload(now).await.unwrap();
    assert!(other.identity.verify(&access, now).await.unwrap().is_none());
}

#[actix_web::test]
async fn a_client_with_a_secret_gets_checks_and_revokes_its_own_tokens() {
    let house = House::build().await;
    house.register(MOBILE).await;
    let own = [("client_id", "shop"), ("client_secret", SHOP_SECRET)];
    let ask = |path: &'static str, more: Vec<(&'static str, String)>| {
        let pairs: Vec<(&str, String)> = own.iter().map(|(n, v)| (*n, (*v).to_owned())).chain(more).collect();
        let house = &house;
        async move {
            let pairs: Vec<(&str, &str)> =
                pairs.iter().map(|(name, value)| (*name, value.as_str())).collect();
            read(house.post_form(path, &pairs).await).await
        }
    };
    let (status, tokens) = ask("/oauth2/token", vec![("grant_type", "client_credentials".into())]).await;
    assert_eq!((status, &tokens["scope"], &tokens["refresh_token"]), (200, &json!("cases"), &Value::Null));
    let access = text(&tokens, "access_token");
    assert_eq!(house.get("/api/v1/me", &access).await.status(), 403);
    let (_, found) = ask("/oauth2/introspect", vec![("token", access.clone())]).await;
    assert_eq!((&found["active"], &found["sub"]), (&json!(true), &json!("shop")));
    let (status, error) = ask("/oauth2/revoke", vec![("token", access)]).await;
    assert_eq!((status, &error["error"]), (400, &json!("unsupported_token_type")));

    let of_web = browser::tokens(&house, MOBILE).await;
    for name in ["access_token", "refresh_token"] {
        let token = text(&of_web, name);
        let (_, found) = ask("/oauth2/introspect", vec![("token", token.clone())]).await;
        assert_eq!(found, json!({"active": false}));
        assert_eq!(ask("/oauth2/revoke", vec![("token", token)]).await.0, 200);
    }
    let access = text(&of_web, "access_token");
    assert_eq!(house.get("/api/v1/me", &access).await.status(), 200);
    let revoke = [("client_id", "web"), ("token", access.as_str())];
    assert_eq!(house.post_form("/oauth2/revoke", &revoke).await.status(), 200);
    assert_eq!(house.get("/api/v1/me", &access).await.status(), 401);
}

#[actix_web::test]
async fn a_client_that_does_not_prove_itself_gets_nothing() {
    let house = House::build().await;
    for (pairs, header) in [
        (vec![("client_id", "shop")], None),
        (vec![("client_id", "shop"), ("client_secret", "wrong")], None),
        (vec![("client_id", "nobody"), ("client_secret", SHOP_SECRET)], None),
        (vec![("client_id", "web"), ("client_secret", SHOP_SECRET)], None),
        (vec![], Some("Basic c2hvcDp3cm9uZw==")),
        (vec![], None),
    ] {
        let mut pairs: Vec<(&str, &str)> = pairs;
        pairs.push(("grant_type", "client_credentials"));
        let mut request = house.form_request("/oauth2/token", &pairs);
        if let Some(header) = header {
            request = request.header("authorization", header);
        }
        let answer = request.send().await.unwrap();
        assert_eq!(answer.headers().contains_key("www-authenticate"), header.is_some());
        let (status, error) = read(answer).await;
        assert_eq!((status, &error["error"]), (401, &json!("invalid_client")), "{pairs:?}");
    }
}

#[actix_web::test]
async fn an_address_that_is_not_registered_is_never_gone_to() {
    let house = House::build().await;
    for evil in ["https://evil.example/", "https://app.example.cn/callback/x", ""] {
        let mut query = authorize_query("web", "cases");
        query.retain(|(name, _)| *name != "redirect_uri");
        query.push(("redirect_uri", evil.to_owned()));
        let answer = visit(&house, &query).await;
        assert_eq!(answer.status(), 400);
        assert!(!answer.headers().contains_key("location"));
        assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("text/html"));

        // The same smuggled into the form of a page that was shown for a good one.
        let mut browser = Browser::open(&house, "web", "cases").await;
        browser.request = serde_urlencoded::to_string(&query).unwrap();
        let answer = browser.press("cancel", &[]).await;
        assert_eq!((answer.status().as_u16(), answer.headers().contains_key("location")), (400, false));
    }
}

#[actix_web::test]
async fn an_error_goes_back_to_the_client_with_its_state() {
    let house = House::build().await;
    let mut query = authorize_query("web", "cases");
    query.push(("prompt", "none".to_owned()));
    let answer = visit(&house, &query).await;
    assert_eq!(answer.status(), 303);
    assert_eq!(sent_back(&answer, "error").as_deref(), Some("login_required"));
    assert_eq!(sent_back(&answer, "state").as_deref(), Some("s-1"));
    let answer = Browser::open(&house, "web", "cases").await.press("cancel", &[]).await;
    assert_eq!(sent_back(&answer, "error").as_deref(), Some("access_denied"));
}

#[actix_web::test]
async fn signing_out_through_a_client_needs_its_id_token() {
    let house = House::build().await;
    house.register(MOBILE).await;
    let tokens = browser::tokens(&house, MOBILE).await;
    let access = text(&tokens, "access_token");
    let visit = |query: Vec<(&'static str, String)>| {
        let url = format!("{}/oauth2/end_session?{}", house.url, serde_urlencoded::to_string(query).unwrap());
        let request = house.http.get(url);
        async move { request.send().await.unwrap() }
    };
    let bye = ("post_logout_redirect_uri", "https://app.example.cn/bye".to_owned());
    assert_eq!(visit(vec![("client_id", "web".into()), bye.clone()]).await.status(), 400);
    assert_eq!(visit(vec![("id_token_hint", access.clone()), bye.clone()]).await.status(), 400);
    assert_eq!(house.get("/api/v1/me", &access).await.status(), 200);

    let hint = ("id_token_hint", text(&tokens, "id_token"));
    let answer = visit(vec![hint.clone(), bye, ("state", "x y".into())]).await;
    assert_eq!(answer.headers()["location"], "https://app.example.cn/bye?state=x%20y");
    assert_eq!(house.get("/api/v1/me", &access).await.status(), 401);
    let evil = ("post_logout_redirect_uri", "https://evil.example/".to_owned());
    let answer = visit(vec![hint, evil]).await;
    assert_eq!((answer.status().as_u16(), answer.headers().contains_key("location")), (200, false));
}

#[actix_web::test]
async fn a_seal_is_verified_by_its_type_and_key() {
    let house = House::build().await;
    let identity = &house.ctx.identity;
    let now = house.ctx.clock.now();
    let seal = identity.sign_seal(&json!({"case_no": "1"}), "receipt+jwt", now).unwrap();
    assert_eq!(identity.verify_seal(&seal, "receipt+jwt"), Some(json!({"case_no": "1"})));
    assert_eq!(identity.verify_seal(&seal, "certificate+jwt"), None);
    assert_eq!(identity.verify_seal(&format!("{seal}x"), "receipt+jwt"), None);
    let other = House::build().await;
    assert_eq!(other.ctx.identity.verify_seal(&seal, "receipt+jwt"), None);
}
