//! A client of the portal at its protocol's endpoints: keys of its own, proofs,
//! statements, codes without pages.

use std::collections::BTreeSet;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use wanshitong::app::Ctx;
use wanshitong::app::identity::oauth;
use wanshitong::app::identity::sign_in::SignedIn;
use wanshitong::domain::identity::{
    Authentication, Channel, Client, ClientId, Grant, Ial, KeySet, Method, Methods, Parameters, RedirectUri,
    ScopeSet, Secret,
};
use wanshitong::domain::text::Text;

use super::browser::VERIFIER;
use crate::support::{Portal, Reply};

pub const CALLBACK: &str = "https://shop.example.cn/callback";
pub const SHOP_SECRET: &str = "the secret of the shop, long enough";
const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

pub type Pairs = Vec<(&'static str, String)>;

/// A client with every grant; `change` makes it the one a test needs.
pub fn client(id: &str, channel: Channel, change: impl FnOnce(&mut Client)) -> Client {
    let mut client = Client {
        id: ClientId::parse(id).unwrap(),
        name: Text::new("某应用", "Some app"),
        channel,
        counter: None,
        authentication: Authentication::Secret(Secret::presented(SHOP_SECRET).digest()),
        redirect_uris: vec![RedirectUri::parse(CALLBACK).unwrap()],
        post_logout_redirect_uris: Vec::new(),
        backchannel_logout_uri: None,
        grants: BTreeSet::from(Grant::ALL),
        scopes: ScopeSet::parse("openid profile cases offline_access").unwrap(),
        sector: None,
        require_dpop: false,
        require_par: false,
        created_at: "2026-03-02T01:30:00Z".parse().unwrap(),
        disabled_at: None,
        version: 1,
    };
    change(&mut client);
    client
}

/// A public app.
pub fn app(id: &str) -> Client {
    client(id, Channel::App, |client| {
        client.authentication = Authentication::Public;
        client.grants.remove(&Grant::ClientCredentials);
    })
}

pub async fn put(ctx: &Ctx, clients: Vec<Client>) {
    ctx.identity.put_clients(clients, ctx.clock.now()).await.unwrap();
}

/// A P-256 key of a client.
pub struct Key(EcdsaKeyPair);

impl Key {
    pub fn new() -> Self {
        Self(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    pub fn jwk(&self) -> Value {
        let point = self.0.public_key().as_ref();
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        json!({"kty": "EC", "crv": "P-256", "x": encode(&point[1..33]), "y": encode(&point[33..])})
    }

    pub fn set(&self) -> KeySet {
        KeySet::parse(&json!({ "keys": [self.jwk()] })).unwrap()
    }

    /// RFC 7638, by hand.
    pub fn thumbprint(&self) -> String {
        let jwk = self.jwk();
        let text = format!(r#"{{"crv":"P-256","kty":"EC","x":{},"y":{}}}"#, jwk["x"], jwk["y"]);
        URL_SAFE_NO_PAD.encode(Sha256::digest(text))
    }

    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", encode(header), encode(claims));
        let signature = self.0.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    }

    /// A DPoP proof for a request to a path of the portal.
    pub fn proof(&self, portal: &Portal, method: &str, path: &str, token: Option<&str>) -> String {
        let claims = proof_claims(portal, method, path, token);
        self.sign(&json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": self.jwk()}), &claims)
    }

    /// A statement by which a client proves itself.
    pub fn assertion(&self, portal: &Portal, client: &str) -> Pairs {
        let text = self.sign(&json!({"alg": "ES256"}), &assertion_claims(portal, client));
        with_assertion(text)
    }
}

pub fn with_assertion(text: String) -> Pairs {
    vec![("client_assertion_type", ASSERTION.to_owned()), ("client_assertion", text)]
}

pub fn assertion_claims(portal: &Portal, client: &str) -> Value {
    json!({
        "iss": client, "sub": client, "aud": issuer(portal), "jti": unique(),
        "exp": now(portal).timestamp() + 60,
    })
}

pub fn proof_claims(portal: &Portal, method: &str, path: &str, token: Option<&str>) -> Value {
    let mut claims = json!({
        "htm": method, "htu": format!("{}{path}", issuer(portal)), "jti": unique(),
        "iat": now(portal).timestamp(),
    });
    if let Some(token) = token {
        claims["ath"] = json!(URL_SAFE_NO_PAD.encode(Sha256::digest(token)));
    }
    claims
}

pub fn unique() -> String {
    URL_SAFE_NO_PAD.encode(wanshitong::store::random::<12>())
}

pub fn now(portal: &Portal) -> DateTime<Utc> {
    portal.city.ctx.clock.now()
}

pub fn advance(portal: &Portal, seconds: i64) {
    portal.city.ctx.clock.advance(TimeDelta::seconds(seconds));
}

pub fn issuer(portal: &Portal) -> String {
    portal.city.ctx.identity.issuer().to_owned()
}

/// What comes of the form, with a DPoP proof where one is given.
pub async fn post(portal: &Portal, path: &str, pairs: &Pairs, proof: Option<&str>) -> Reply {
    let request = portal
        .request("", "POST", path)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(serde_urlencoded::to_string(pairs).unwrap());
    portal.send(proof.into_iter().fold(request, |request, proof| request.header("dpop", proof))).await
}

/// The error of the protocol an answer must hold.
#[track_caller]
pub fn refused(reply: &Reply, status: u16, error: &str) {
    let found = (reply.status, reply.body["error"].as_str());
    assert_eq!(found, (status, Some(error)), "{:#}", reply.body);
    assert!(reply.body["error_description"].as_str().is_some_and(|words| words.is_ascii()));
}

/// The parameters of an authorization request.
pub fn request_of(client: &str, scope: &str) -> Pairs {
    vec![
        ("response_type", "code".to_owned()),
        ("client_id", client.to_owned()),
        ("redirect_uri", CALLBACK.to_owned()),
        ("scope", scope.to_owned()),
        ("state", "s-1".to_owned()),
        ("nonce", "n-1".to_owned()),
        ("code_challenge", URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER))),
        ("code_challenge_method", "S256".to_owned()),
    ]
}

pub fn parameters(pairs: &Pairs) -> Parameters {
    Parameters::new(pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())))
}

/// A persona who signed in with two factors, as the pages would tell.
pub async fn signed_in(portal: &Portal, persona: &str) -> SignedIn {
    let ctx = &portal.city.ctx;
    let mobile = portal.city.sheet.personas[persona].account.parse().unwrap();
    let account = ctx.store.find_account_by_mobile(&mobile).await.unwrap().unwrap();
    SignedIn {
        account: account.id,
        person: account.person,
        ial: Ial::new(3).unwrap(),
        methods: Methods::from(Method::Password).with(Method::Totp),
        at: now(portal),
        sign_in: None,
    }
}

/// The code a request leads to when a persona signs in.
pub async fn code_of(portal: &Portal, pairs: &Pairs, persona: &str) -> String {
    let ctx = &portal.city.ctx;
    let (request, _) = oauth::check(ctx, &parameters(pairs)).await.unwrap().unwrap();
    let location = oauth::grant_code(ctx, &request, &signed_in(portal, persona).await).await.unwrap();
    let query = location.split_once('?').unwrap().1;
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap();
    pairs.into_iter().find(|(name, _)| name == "code").unwrap().1
}

pub async fn code(portal: &Portal, client: &str, scope: &str, persona: &str) -> String {
    code_of(portal, &request_of(client, scope), persona).await
}

pub fn redemption(code: &str, mut proof: Pairs) -> Pairs {
    proof.extend([
        ("grant_type", "authorization_code".to_owned()),
        ("code", code.to_owned()),
        ("redirect_uri", CALLBACK.to_owned()),
        ("code_verifier", VERIFIER.to_owned()),
    ]);
    proof
}

pub fn refreshing(token: &Value, mut proof: Pairs) -> Pairs {
    proof.extend([
        ("grant_type", "refresh_token".to_owned()),
        ("refresh_token", token.as_str().unwrap().to_owned()),
    ]);
    proof
}

pub fn public(client: &str) -> Pairs {
    vec![("client_id", client.to_owned())]
}

pub fn secret(client: &str) -> Pairs {
    vec![("client_id", client.to_owned()), ("client_secret", SHOP_SECRET.to_owned())]
}

/// Signs a persona in through a client; gives its tokens.
pub async fn tokens(portal: &Portal, client: Pairs, scope: &str, persona: &str) -> Value {
    let code = code(portal, &client[0].1, scope, persona).await;
    post(portal, "/oauth2/token", &redemption(&code, client), None).await.expect(200)
}

/// The claims of a token, unverified.
pub fn claims(token: &Value) -> Value {
    let part = token.as_str().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

pub fn header(token: &Value) -> Value {
    let part = token.as_str().unwrap().split('.').next().unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// Asks for one's own account with this `Authorization` header.
pub async fn me(portal: &Portal, authorization: &str, proof: Option<&str>) -> Reply {
    let request = portal.request("", "GET", "/api/v1/me").header("authorization", authorization);
    portal.send(proof.into_iter().fold(request, |request, proof| request.header("dpop", proof))).await
}

pub async fn me_with(portal: &Portal, token: &Value) -> Reply {
    me(portal, &format!("Bearer {}", token.as_str().unwrap()), None).await
}

/// The words and subjects on record, the newest first.
pub async fn audited(ctx: &Ctx) -> Vec<(&'static str, Option<String>)> {
    let filter = wanshitong::store::AuditFilter { limit: 1000, ..Default::default() };
    let entries = ctx.store.list_audit(filter).await.unwrap();
    entries.into_iter().map(|entry| (entry.action.as_str(), entry.subject)).collect()
}
