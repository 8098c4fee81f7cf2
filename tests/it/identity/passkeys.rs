//! Passkeys: made, signed in with, shown as a further factor, copied and removed.

use serde_json::{Value, json};

use super::authenticator::Passkey;
use super::browser::{VERIFIER, read, redeem, text};
use super::house::House;
use super::tab::Tab;

const MOBILE: &str = "13900000001";
const OTHER: &str = "13900000002";
const ROOT: &str = "/api/v1/me/credentials/passkeys";

async fn post(house: &House, path: &str, token: &str, body: Value) -> (u16, Value) {
    let request = house.http.post(format!("{}{path}", house.url));
    read(request.bearer_auth(token).json(&body).send().await.unwrap()).await
}

async fn token(house: &House, tab: &mut Tab) -> String {
    let (_, tokens) = redeem(house, &tab.code(), VERIFIER).await;
    text(&tokens, "access_token")
}

async fn signed_in(house: &House, mobile: &str) -> String {
    let mut tab = Tab::new(house);
    tab.visit("web", "openid cases", &[]).await.sign_in(mobile).await;
    token(house, &mut tab).await
}

fn origin(house: &House) -> &str {
    house.ctx.identity.issuer()
}

/// Makes a passkey for whoever has the token.
async fn make(house: &House, token: &str, is_synced: bool) -> (Passkey, String) {
    let (status, begun) = post(house, &format!("{ROOT}/options"), token, json!({})).await;
    assert_eq!(status, 201, "{begun}");
    let (passkey, credential) = Passkey::make(&begun["options"], origin(house), is_synced);
    let body = json!({"ceremony": begun["ceremony"], "credential": credential, "name": "我的钥匙"});
    let (status, made) = post(house, ROOT, token, body).await;
    assert_eq!(status, 201, "{made}");
    assert_eq!((&made["name"], &made["is_synced"]), (&json!("我的钥匙"), &json!(is_synced)));
    (passkey, text(&made, "id"))
}

async fn house() -> House {
    let house = House::build_named().await;
    house.register(MOBILE).await;
    house
}

/// What the script on the page fetches.
async fn options(tab: &mut Tab, action: &str) -> Value {
    let form = tab.form(action);
    let pairs: Vec<(&str, &str)> =
        form.hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let request = tab.form_request("/oauth2/passkey", &pairs);
    let (status, begun) = read(tab.sent(request).await).await;
    assert_eq!(status, 200, "{begun}");
    begun
}

/// What the script on the page sends.
async fn send(tab: &mut Tab, action: &str, begun: &Value, credential: &Value) {
    let (ceremony, credential) = (text(begun, "ceremony"), credential.to_string());
    tab.press(action, &[("ceremony", &ceremony), ("credential", &credential)]).await;
}

#[actix_web::test]
async fn a_passkey_signs_in_by_itself_and_is_two_factors() {
    let house = house().await;
    let first = signed_in(&house, MOBILE).await;
    for (is_synced, aal) in [(true, 2), (false, 3)] {
        let (mut passkey, id) = make(&house, &first, is_synced).await;
        let mut tab = Tab::new(&house);
        tab.visit("web", "openid cases", &[]).await;
        let begun = options(&mut tab, "passkey").await;
        assert_eq!(begun["options"]["userVerification"], "required");
        assert_eq!(begun["options"]["allowCredentials"], json!([]));
        let credential = passkey.answer(&begun["options"]);
        send(&mut tab, "passkey", &begun, &credential).await;
        let access = token(&house, &mut tab).await;
        let (_, me) = read(house.get("/api/v1/me", &access).await).await;
        assert_eq!(me["aal"], aal);
        let (_, credentials) = read(house.get("/api/v1/me/credentials", &access).await).await;
        let listed = credentials["passkeys"].as_array().unwrap().iter().find(|passkey| passkey["id"] == id);
        assert!(listed.unwrap()["last_used_at"].is_string());
        // The next may be added by who shows this one.
        assert_eq!(house.delete(&format!("{ROOT}/{id}"), &access).await.status(), 204);
    }
}

#[actix_web::test]
async fn a_passkey_made_for_this_portal_can_tell_whose_it_is() {
    let house = house().await;
    let token = signed_in(&house, MOBILE).await;
    let (_, begun) = post(&house, &format!("{ROOT}/options"), &token, json!({})).await;
    let options = &begun["options"];
    assert_eq!(options["authenticatorSelection"]["residentKey"], "required");
    assert_eq!(options["authenticatorSelection"]["userVerification"], "required");
    assert_eq!((&options["rp"]["id"], &options["attestation"]), (&json!("localhost"), &json!("none")));
    assert_eq!(options["user"]["name"], "139****0001");
}

#[actix_web::test]
async fn a_passkey_raises_a_sign_in_by_password() {
    let house = house().await;
    let token_before = signed_in(&house, MOBILE).await;
    let (mut passkey, _) = make(&house, &token_before, false).await;
    let mut tab = Tab::new(&house);
    tab.visit("web", "openid cases", &[("acr_values", "ial1-aal3")]).await.sign_in(MOBILE).await;
    assert_eq!(tab.title(), "One more step");
    let begun = options(&mut tab, "show_passkey").await;
    assert_eq!(begun["options"]["allowCredentials"].as_array().unwrap().len(), 1);
    let credential = passkey.answer(&begun["options"]);
    send(&mut tab, "show_passkey", &begun, &credential).await;
    let access = token(&house, &mut tab).await;
    assert_eq!(read(house.get("/api/v1/me", &access).await).await.1["aal"], 3);
}

#[actix_web::test]
async fn each_flaw_alone_is_enough_to_be_refused() {
    let house = house().await;
    let access = signed_in(&house, MOBILE).await;
    let (mut passkey, _) = make(&house, &access, true).await;
    let mut earlier = Value::Null;
    for flaw in ["origin", "verification", "owner", "nameless", "signature", "unknown", "challenge", "none"] {
        let mut tab = Tab::new(&house);
        tab.visit("web", "openid cases", &[]).await;
        let begun = options(&mut tab, "passkey").await;
        passkey.origin = if flaw == "origin" { "https://evil.example" } else { origin(&house) }.to_owned();
        passkey.verifies = flaw != "verification";
        let mut credential = passkey.answer(&begun["options"]);
        match flaw {
            "owner" => credential["response"]["userHandle"] = json!("AAAAAAAAAAAAAAAAAAAAAA"),
            "nameless" => credential["response"]["userHandle"] = Value::Null,
            "signature" => credential["response"]["signature"] = json!("AAAA"),
            "unknown" => (credential["id"], credential["rawId"]) = (json!("AAAA"), json!("AAAA")),
            "challenge" => credential = earlier.clone(),
            _ => earlier = credential.clone(),
        }
        send(&mut tab, "passkey", &begun, &credential).await;
        assert_eq!(tab.answer.is_some(), flaw == "none", "{flaw}: {}", tab.status);
    }
}

#[actix_web::test]
async fn a_ceremony_is_finished_once_in_time_and_for_its_purpose() {
    let house = house().await;
    let access = signed_in(&house, MOBILE).await;
    let (mut passkey, _) = make(&house, &access, true).await;
    let mut tab = Tab::new(&house);
    tab.visit("web", "openid cases", &[]).await;
    let page = tab.page.clone();
    let begun = options(&mut tab, "passkey").await;
    let credential = passkey.answer(&begun["options"]);
    send(&mut tab, "passkey", &begun, &credential).await;
    tab.code();
    let mut replayed = Tab::new(&house);
    replayed.jar = tab.jar.clone();
    replayed.page = page;
    send(&mut replayed, "passkey", &begun, &credential).await;
    assert!(replayed.answer.is_none());

    let mut late = Tab::new(&house);
    late.visit("web", "openid cases", &[]).await;
    let begun = options(&mut late, "passkey").await;
    let credential = passkey.answer(&begun["options"]);
    house.advance("PT5M");
    send(&mut late, "passkey", &begun, &credential).await;
    assert_eq!((late.status, late.answer.as_ref()), (422, None));

    // One for making a passkey makes none under another name or for another account.
    let mut fresh = Tab::new(&house);
    fresh.visit("web", "openid cases", &[]).await;
    let begun = options(&mut fresh, "passkey").await;
    let credential = passkey.answer(&begun["options"]);
    send(&mut fresh, "passkey", &begun, &credential).await;
    let strong = token(&house, &mut fresh).await;
    let (_, begun) = post(&house, &format!("{ROOT}/options"), &strong, json!({})).await;
    let mut stranger = Tab::new(&house);
    house.register(OTHER).await;
    stranger.visit("web", "openid cases", &[]).await.sign_in(OTHER).await;
    let stranger = token(&house, &mut stranger).await;
    let (_, credential) = Passkey::make(&begun["options"], origin(&house), true);
    let body = json!({"ceremony": begun["ceremony"], "credential": credential});
    assert_eq!(post(&house, ROOT, &stranger, body.clone()).await.0, 422);
    assert_eq!(post(&house, ROOT, &strong, body).await.0, 422, "spent by the stranger's try");
}

#[actix_web::test]
async fn a_copy_that_counts_behind_is_refused() {
    let house = house().await;
    let access = signed_in(&house, MOBILE).await;
    let (mut passkey, _) = make(&house, &access, false).await;
    for (counts, lets_in) in [(true, true), (false, false), (true, true)] {
        let mut tab = Tab::new(&house);
        tab.visit("web", "openid cases", &[]).await;
        let begun = options(&mut tab, "passkey").await;
        let credential = match counts {
            true => passkey.answer(&begun["options"]),
            false => passkey.answer_without_counting(&begun["options"]),
        };
        send(&mut tab, "passkey", &begun, &credential).await;
        assert_eq!(tab.answer.is_some(), lets_in);
    }
}

#[actix_web::test]
async fn another_account_s_passkey_does_not_exist() {
    let house = house().await;
    house.register(OTHER).await;
    let owner = signed_in(&house, MOBILE).await;
    let (_, id) = make(&house, &owner, true).await;
    let stranger = signed_in(&house, OTHER).await;
    let path = format!("{ROOT}/{id}");
    assert_eq!(house.delete(&path, &stranger).await.status(), 404);
    let rename = house.http.patch(format!("{}{path}", house.url)).bearer_auth(&stranger);
    assert_eq!(rename.json(&json!({"name": "x"})).send().await.unwrap().status(), 404);
    let (_, credentials) = read(house.get("/api/v1/me/credentials", &stranger).await).await;
    assert_eq!(credentials["passkeys"], json!([]));
    // Its owner renames it at will, and removes it with two factors.
    let rename = house.http.patch(format!("{}{path}", house.url)).bearer_auth(&owner);
    let (status, renamed) = read(rename.json(&json!({"name": "手机"})).send().await.unwrap()).await;
    assert_eq!((status, &renamed["name"]), (200, &json!("手机")));
    let refused = house.delete(&path, &owner).await;
    assert_eq!(refused.status(), 401);
    let challenge = refused.headers()["www-authenticate"].to_str().unwrap();
    assert!(challenge.contains("acr_values=\"ial1-aal2\""), "{challenge}");
}

#[actix_web::test]
async fn one_authenticator_makes_one_passkey_for_an_account() {
    let house = house().await;
    let access = signed_in(&house, MOBILE).await;
    let (mut passkey, _) = make(&house, &access, true).await;
    let mut tab = Tab::new(&house);
    tab.visit("web", "openid cases", &[]).await;
    let begun = options(&mut tab, "passkey").await;
    let credential = passkey.answer(&begun["options"]);
    send(&mut tab, "passkey", &begun, &credential).await;
    let strong = token(&house, &mut tab).await;
    let (_, begun) = post(&house, &format!("{ROOT}/options"), &strong, json!({})).await;
    let excluded = begun["options"]["excludeCredentials"].as_array().unwrap();
    assert_eq!(excluded.len(), 1);
}

#[actix_web::test]
async fn without_a_host_name_there_are_no_passkeys_and_nothing_offers_them() {
    let house = House::build().await;
    house.register(MOBILE).await;
    let mut tab = Tab::new(&house);
    tab.visit("web", "openid cases", &[]).await;
    assert!(!tab.page.contains("data-passkey") && !tab.page.contains("<script"));
    tab.sign_in(MOBILE).await;
    let access = token(&house, &mut tab).await;
    assert_eq!(post(&house, &format!("{ROOT}/options"), &access, json!({})).await.0, 409);
}

#[actix_web::test]
async fn the_script_is_our_own_file_and_the_page_has_no_other() {
    let house = house().await;
    let mut tab = Tab::new(&house);
    tab.visit("web", "openid cases", &[]).await;
    let policy = tab.headers["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("script-src 'self'") && !policy.contains("unsafe"), "{policy}");
    assert_eq!(tab.page.matches("<script").count(), 1);
    assert!(tab.page.contains("<script src=\"/oauth2/passkey.js\" defer></script>"));
    tab.open("/oauth2/passkey.js").await;
    assert!(tab.headers["content-type"].to_str().unwrap().starts_with("text/javascript"));
    assert_eq!(tab.headers["x-content-type-options"], "nosniff");
}
