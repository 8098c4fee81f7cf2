//! The whole of what an account is proven with, once around, on both databases.

use serde_json::Value;
use totp_rs::{Builder, Secret};

use super::authenticator::Passkey;
use super::tab::Tab;
use crate::support::{City, Database, Portal};

const MOBILE: &str = "13900000001";
const PASSWORD: &str = "sample-city-2026";
/// Passkeys are bound to a name.
const ORIGIN: &str = "http://localhost";

async fn signed_in(portal: &Portal) -> Tab {
    let mut tab = Tab::at(&portal.base_url, &format!("{ORIGIN}/callback"));
    tab.open("/account").await;
    tab.press("password", &[("mobile", MOBILE), ("password", PASSWORD)]).await;
    tab
}

/// What the script on a page fetches, and what it sends.
async fn use_passkey(tab: &mut Tab, action: &str, options: &str, passkey: &mut Option<Passkey>) {
    let form = tab.form(action);
    let pairs: Vec<(&str, &str)> =
        form.hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let request = tab.form_request(options, &pairs);
    let answer = tab.sent(request).await;
    assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
    let begun: Value = answer.json().await.unwrap();
    let credential = match passkey {
        Some(passkey) => passkey.answer(&begun["options"]),
        None => {
            let (made, credential) = Passkey::make(&begun["options"], ORIGIN, false);
            *passkey = Some(made);
            credential
        }
    };
    let (ceremony, credential) = (begun["ceremony"].as_str().unwrap().to_owned(), credential.to_string());
    tab.press(action, &[("ceremony", &ceremony), ("credential", &credential)]).await;
}

async fn an_account_is_proven_in_every_way(database: Database) {
    let city = City::found_at(database, ORIGIN).await;
    let portal = Portal::of(city);
    let clock = portal.city.ctx.clock.clone();
    let shown = |secret: &str| {
        let second = u64::try_from(clock.now().timestamp()).unwrap();
        let secret = Secret::try_from_base32(secret).unwrap();
        Builder::new().with_secret(secret).build().unwrap().generate(second).to_string()
    };
    let mut tab = signed_in(&portal).await;
    let mut passkey = None;
    use_passkey(&mut tab, "add_passkey", "/account/passkey", &mut passkey).await;
    assert!(tab.has_button("remove_passkey"), "{}", tab.page);

    // A passkey alone, and its counter moves.
    for _ in 0..2 {
        tab.press("sign_out", &[]).await.open("/account").await;
        use_passkey(&mut tab, "passkey", "/oauth2/passkey", &mut passkey).await;
        assert_eq!(tab.title(), "My account");
    }
    tab.press("begin_totp", &[]).await;
    let secret =
        tab.page.split("class=\"secret\">").nth(1).unwrap().split('<').next().unwrap().replace(' ', "");
    tab.press("confirm", &[("code", &shown(&secret))]).await;
    let recovery = tab.page.split("<code>").nth(1).unwrap().split('<').next().unwrap().to_owned();

    clock.advance(chrono::TimeDelta::seconds(60));
    let mut second = signed_in(&portal).await;
    second.press("totp", &[("code", &shown(&secret))]).await;
    assert_eq!(second.title(), "My account");
    for good in [true, false] {
        let mut third = signed_in(&portal).await;
        third.press("recovery", &[("recovery_code", &recovery)]).await;
        assert_eq!(third.title() == "My account", good);
    }

    second.visit("third_party", "openid cases", &[]).await;
    second.press("allow", &[]).await;
    second.code();
    second.visit("third_party", "openid cases", &[("prompt", "none")]).await;
    second.code();
    second.open("/account").await.press("revoke_consent", &[]).await;
    assert!(second.page.contains("Done.") && !second.has_button("revoke_consent"));
    second.press("remove_totp", &[]).await;
    second.press("remove_passkey", &[]).await;
    assert!(second.page.contains("None yet.") && second.has_button("begin_totp"));
    second.press("sign_out_everywhere", &[]).await;
    tab.open("/account").await;
    assert_eq!(tab.title(), "Sign in");
    portal.close().await;
}

#[actix_web::test]
async fn an_account_is_proven_in_every_way_on_sqlite() {
    an_account_is_proven_in_every_way(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: tests/run"]
async fn an_account_is_proven_in_every_way_on_postgres() {
    an_account_is_proven_in_every_way(Database::postgres()).await;
}
