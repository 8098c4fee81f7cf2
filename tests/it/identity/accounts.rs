//! Registering and signing in, by those who may and those who may not.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::browser::{Browser, read, sent_back};
use super::house::{House, PASSWORD};

const KNOWN: &str = "13900000001";
const UNKNOWN: &str = "13900000002";

async fn ask_code(house: &House, mobile: &str, purpose: &str) -> (u16, Value) {
    read(house.post("/api/v1/accounts/sms-codes", json!({"mobile": mobile, "purpose": purpose})).await).await
}

async fn register(house: &House, mobile: &str, code: &str) -> (u16, Value) {
    read(house.post("/api/v1/accounts", json!({"mobile": mobile, "code": code, "password": PASSWORD})).await)
        .await
}

#[actix_web::test]
async fn everything_wrong_with_a_registration_is_told_at_once() {
    let house = House::build().await;
    let body =
        json!({"mobile": "13900000001", "code": "12", "password": "1390", "id_number": "110105194912310021"});
    let (status, problem) = read(house.post("/api/v1/accounts", body).await).await;
    let pointers: Vec<&str> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["pointer"].as_str().unwrap())
        .collect();
    assert_eq!((status, pointers), (422, vec!["/code", "/id_number", "/password"]));
}

#[actix_web::test]
async fn whether_a_number_has_an_account_is_told_to_its_owner_alone() {
    let house = House::build().await;
    house.register(KNOWN).await;
    house.advance("PT61S");
    for purpose in ["register", "sign_in"] {
        let answers = (ask_code(&house, KNOWN, purpose).await, ask_code(&house, UNKNOWN, purpose).await);
        assert_eq!(answers.0, answers.1);
        assert_eq!(answers.0.0, 202);
    }
    assert!(house.last_message(UNKNOWN).contains("no account yet"));
    let (known, unknown) =
        (register(&house, KNOWN, "000000").await, register(&house, UNKNOWN, "000000").await);
    assert_eq!((known.0, &known.1["code"]), (422, &json!("invalid_code")));
    assert_eq!(
        (known.0, &known.1["code"], &known.1["errors"]),
        (unknown.0, &unknown.1["code"], &unknown.1["errors"])
    );

    // Nor does the sign-in page tell, for either way of signing in.
    for (action, field) in [("password", "password"), ("code", "code")] {
        let mut pages = Vec::new();
        for mobile in [KNOWN, UNKNOWN] {
            let browser = Browser::open(&house, "web", "cases").await;
            let answer = browser.press(action, &[("mobile", mobile), (field, "123456")]).await;
            assert_eq!(answer.status(), 422);
            let page = answer.text().await.unwrap();
            pages.push(page.replace(&browser.form_token, "").replace(mobile, ""));
        }
        assert_eq!(pages[0], pages[1]);
    }
}

#[actix_web::test]
async fn a_code_is_sent_once_a_minute() {
    let house = House::build().await;
    assert_eq!(ask_code(&house, KNOWN, "register").await.0, 202);
    house.advance("PT59S");
    assert_eq!(ask_code(&house, KNOWN, "register").await.0, 429);
    house.advance("PT1S");
    assert_eq!(ask_code(&house, KNOWN, "register").await.0, 202);
}

#[actix_web::test]
async fn a_code_registers_once() {
    let house = House::build().await;
    ask_code(&house, KNOWN, "register").await;
    let code = house.last_code(KNOWN);
    let answers = join_all((0..5).map(|_| register(&house, KNOWN, &code))).await;
    let mut statuses: Vec<u16> = answers.into_iter().map(|(status, _)| status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses[0], 201);
    assert!(statuses[1..].iter().all(|status| *status == 422 || *status == 429), "{statuses:?}");
}

#[actix_web::test]
async fn guesses_made_at_once_are_counted_one_by_one() {
    let house = House::build().await;
    ask_code(&house, KNOWN, "register").await;
    let code = house.last_code(KNOWN);
    let wrong = if code == "111111" { "222222" } else { "111111" };
    let answers = join_all((0..20).map(|_| register(&house, KNOWN, wrong))).await;
    let tried = answers.iter().filter(|(status, _)| *status == 422).count();
    assert!((1..=5).contains(&tried), "{tried} tries got through");
    assert!(answers.iter().all(|(status, _)| *status == 422 || *status == 429));
    // The right code does not help any more until the wait is over.
    assert_eq!(register(&house, KNOWN, &code).await.0, 429);
}

#[actix_web::test]
async fn passwords_guessed_at_once_are_throttled_and_the_owner_gets_in_after_the_wait() {
    let house = House::build().await;
    house.register(KNOWN).await;
    let browser = Browser::open(&house, "web", "cases").await;
    let answers = join_all((0..20).map(|_| browser.try_password(KNOWN, "wrong password"))).await;
    let tried = answers.iter().filter(|answer| answer.status() == 422).count();
    assert!((1..=5).contains(&tried), "{tried} tries got through");
    // Other numbers are not concerned.
    assert_eq!(browser.try_password(UNKNOWN, "wrong password").await.status(), 422);
    for _ in tried..5 {
        browser.try_password(KNOWN, "wrong password").await;
    }
    let answer = browser.try_password(KNOWN, PASSWORD).await;
    assert_eq!((answer.status().as_u16(), &answer.headers()["retry-after"]), (429, &"30".parse().unwrap()));
    house.advance("PT30S");
    assert_eq!(browser.try_password(KNOWN, PASSWORD).await.status(), 303);
    // And all is forgiven.
    assert_eq!(browser.try_password(KNOWN, "wrong password").await.status(), 422);
}

#[actix_web::test]
async fn a_code_by_sms_signs_in_once() {
    let house = House::build().await;
    house.register(KNOWN).await;
    let browser = Browser::open(&house, "web", "cases").await;
    let page = browser.press("send_code", &[("mobile", KNOWN)]).await;
    assert_eq!(page.status(), 200);
    assert!(page.text().await.unwrap().contains("one-time-code"));
    let code = house.last_code(KNOWN);
    let answer = browser.press("code", &[("mobile", KNOWN), ("code", &code)]).await;
    assert!(sent_back(&answer, "code").is_some());
    assert_eq!(browser.press("code", &[("mobile", KNOWN), ("code", &code)]).await.status(), 422);
}

#[actix_web::test]
async fn a_form_that_is_not_our_own_signs_nobody_in() {
    let house = House::build().await;
    house.register(KNOWN).await;
    let mut browser = Browser::open(&house, "web", "cases").await;
    let victim = Browser::open(&house, "web", "cases").await;
    let fields = [("mobile", KNOWN), ("password", PASSWORD)];
    // The attacker's own token in the victim's browser.
    browser.cookie.clone_from(&victim.cookie);
    assert_eq!(browser.press("password", &fields).await.status(), 422);
    let mut bare = Browser::open(&house, "web", "cases").await;
    bare.cookie.clear();
    assert_eq!(bare.press("password", &fields).await.status(), 422);
    let pairs = [
        ("request", victim.request.as_str()),
        ("form_token", &victim.form_token),
        ("mobile", KNOWN),
        ("password", PASSWORD),
    ];
    let cross = house.form_request("/oauth2/sign_in", &pairs).header("cookie", &victim.cookie);
    assert_eq!(cross.header("sec-fetch-site", "cross-site").send().await.unwrap().status(), 422);
    assert_eq!(victim.press("password", &fields).await.status(), 303);
}

#[actix_web::test]
async fn what_a_client_or_person_wrote_is_escaped() {
    let house = House::build().await;
    let browser = Browser::open(&house, "web", "cases").await;
    let answer =
        browser.press("password", &[("mobile", "\"><script>alert(1)</script>"), ("password", "x")]).await;
    let page = answer.text().await.unwrap();
    assert!(!page.contains("<script") && page.contains("&lt;script&gt;"));
}

#[actix_web::test]
async fn the_page_speaks_the_language_asked_for() {
    let house = House::build().await;
    let query = serde_urlencoded::to_string(super::browser::authorize_query("shop", "cases")).unwrap();
    let url = format!("{}/oauth2/authorize?{query}", house.url);
    for (header, more, lang, words) in [
        ("zh-CN", "", "zh-CN", "某应用"),
        ("en", "", "en", "Some app"),
        ("zh-CN", "&ui_locales=en", "en", "Some app"),
    ] {
        let answer =
            house.http.get(format!("{url}{more}")).header("accept-language", header).send().await.unwrap();
        assert_eq!(answer.headers()["content-language"], lang);
        assert!(answer.text().await.unwrap().contains(words));
    }
}
