//! A browser without JavaScript at the sign-in page, and the client behind it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Response;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::house::{CALLBACK, House, SHOP_SECRET};

pub const VERIFIER: &str = "a-verifier-of-forty-three-characters-or-more";

/// One browser: what the server gave it to send back.
pub struct Browser<'a> {
    house: &'a House,
    pub cookie: String,
    pub request: String,
    pub form_token: String,
}

pub fn authorize_query(client: &str, scope: &str) -> Vec<(&'static str, String)> {
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
    vec![
        ("response_type", "code".to_owned()),
        ("client_id", client.to_owned()),
        ("redirect_uri", CALLBACK.to_owned()),
        ("scope", scope.to_owned()),
        ("state", "s-1".to_owned()),
        ("nonce", "n-1".to_owned()),
        ("code_challenge", challenge),
        ("code_challenge_method", "S256".to_owned()),
    ]
}

impl<'a> Browser<'a> {
    /// Follows the client's link to the sign-in page.
    pub async fn open(house: &'a House, client: &str, scope: &str) -> Self {
        let answer = visit(house, &authorize_query(client, scope)).await;
        assert_eq!(answer.status(), 200);
        let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(
            policy.contains("frame-ancestors 'none'") && policy.contains("default-src 'none'"),
            "{policy}"
        );
        let cookie = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
        let cookie = cookie.split(';').next().unwrap().to_owned();
        let page = answer.text().await.unwrap();
        Self { house, cookie, request: hidden(&page, "request"), form_token: hidden(&page, "form_token") }
    }

    /// Presses a button.
    pub async fn press(&self, action: &str, fields: &[(&str, &str)]) -> Response {
        let mut pairs =
            vec![("request", self.request.as_str()), ("form_token", &self.form_token), ("action", action)];
        pairs.extend_from_slice(fields);
        let request = self.house.form_request("/oauth2/sign_in", &pairs).header("cookie", &self.cookie);
        request.send().await.unwrap()
    }

    pub async fn try_password(&self, mobile: &str, password: &str) -> Response {
        self.press("password", &[("mobile", mobile), ("password", password)]).await
    }
}

pub async fn visit(house: &House, query: &[(&'static str, String)]) -> Response {
    let query = serde_urlencoded::to_string(query).unwrap();
    house.http.get(format!("{}/oauth2/authorize?{query}", house.url)).send().await.unwrap()
}

/// The value of a hidden field, unescaped.
fn hidden(page: &str, name: &str) -> String {
    let tail = page.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap();
    tail.split('"').next().unwrap().replace("&amp;", "&")
}

/// A parameter of the address a client is sent back to.
pub fn sent_back(answer: &Response, name: &str) -> Option<String> {
    let location = answer.headers().get("location")?.to_str().unwrap();
    let query =
        location.strip_prefix(&format!("{CALLBACK}?")).unwrap_or_else(|| panic!("sent to {location}"));
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap();
    pairs.into_iter().find(|(other, _)| other == name).map(|(_, value)| value)
}

/// Signs in, agrees if asked, and gives the code the client gets.
pub async fn code(house: &House, client: &str, scope: &str, mobile: &str) -> String {
    let mut tab = super::tab::Tab::new(house);
    tab.visit(client, scope, &[]).await.sign_in(mobile).await;
    if tab.answer.is_none() && tab.has_button("allow") {
        tab.press("allow", &[]).await;
    }
    assert_eq!(tab.sent_back("state").as_deref(), Some("s-1"));
    assert_eq!(tab.sent_back("iss").as_deref(), Some(house.url.as_str()));
    tab.code()
}

pub async fn redeem(house: &House, code: &str, verifier: &str) -> (u16, Value) {
    let pairs = [
        ("grant_type", "authorization_code"),
        ("client_id", "web"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", verifier),
    ];
    read(house.post_form("/oauth2/token", &pairs).await).await
}

/// The third party redeems a code; gives what it is answered.
pub async fn redeem_as_shop(house: &House, code: &str) -> Value {
    let pairs = [
        ("grant_type", "authorization_code"),
        ("client_id", "shop"),
        ("client_secret", SHOP_SECRET),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    read(house.post_form("/oauth2/token", &pairs).await).await.1
}

pub async fn refresh_as_shop(house: &House, token: &str) -> (u16, Value) {
    let pairs = [
        ("grant_type", "refresh_token"),
        ("client_id", "shop"),
        ("client_secret", SHOP_SECRET),
        ("refresh_token", token),
    ];
    read(house.post_form("/oauth2/token", &pairs).await).await
}

pub async fn refresh(house: &House, token: &str) -> (u16, Value) {
    let pairs = [("grant_type", "refresh_token"), ("client_id", "web"), ("refresh_token", token)];
    read(house.post_form("/oauth2/token", &pairs).await).await
}

pub async fn read(answer: Response) -> (u16, Value) {
    let status = answer.status().as_u16();
    (status, answer.json().await.unwrap_or_default())
}

/// Signs in through the website; gives its tokens.
pub async fn tokens(house: &House, mobile: &str) -> Value {
    let code = code(house, "web", "openid profile cases", mobile).await;
    let (status, tokens) = redeem(house, &code, VERIFIER).await;
    assert_eq!(status, 200, "{tokens}");
    tokens
}

pub fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}")).to_owned()
}
