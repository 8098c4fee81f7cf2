//! Proof of possession (RFC 9449): with every request a client signs its method
//! and address with a key of its own. A token bound to that key is worth nothing
//! to whoever has the token alone, and a proof is good once.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::jwk::{PublicKey, Thumbprint};
use super::jws::{Jws, UsedProof, Verify};
use super::secret::{digest, same_bytes};

/// The `typ` of a proof (RFC 9449 §4.2).
const TYPE: &str = "dpop+jwt";
/// How far the time of a proof may lie from ours, either way.
pub const TOLERANCE: TimeDelta = TimeDelta::seconds(60);
/// Longest id that is taken, in bytes.
const LONGEST_ID: usize = 512;

/// The request a proof must be about.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    pub method: &'a str,
    /// Its address as the client knows it, without query and fragment.
    pub url: &'a str,
    /// The access token beside it, at a resource.
    pub token: Option<&'a str>,
    pub at: DateTime<Utc>,
}

/// A proof that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// The key whose possession is proven.
    pub key: Thumbprint,
    /// To be remembered, so that the proof is good once.
    pub used: UsedProof,
}

/// Why a proof does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProofProblem {
    Malformed,
    Key,
    Signature,
    Method,
    Address,
    Time,
    Token,
    NoId,
}

impl ProofProblem {
    /// For the developer of the client.
    pub fn as_str(self) -> &'static str {
        match self {
            ProofProblem::Malformed => "the DPoP proof is no JWS with typ dpop+jwt and a supported alg",
            ProofProblem::Key => "the jwk of the DPoP proof is missing, private or of an unsupported kind",
            ProofProblem::Signature => "the DPoP proof is not signed by its jwk",
            ProofProblem::Method => "the htm of the DPoP proof is not the method of this request",
            ProofProblem::Address => "the htu of the DPoP proof is not the address of this request",
            ProofProblem::Time => "the iat of the DPoP proof is missing or more than 60 seconds from now",
            ProofProblem::Token => "the ath of the DPoP proof is not the digest of the access token",
            ProofProblem::NoId => "the jti of the DPoP proof is missing or too long",
        }
    }
}

/// Checks a proof against the request it came with (RFC 9449 §4.3).
pub fn check(text: &str, expected: Expected<'_>, verify: Verify<'_>) -> Result<Proof, ProofProblem> {
    let jws = Jws::parse(text).ok_or(ProofProblem::Malformed)?;
    if jws.header("typ").and_then(Value::as_str) != Some(TYPE) {
        return Err(ProofProblem::Malformed);
    }
    let key = jws.header("jwk").and_then(Value::as_object).ok_or(ProofProblem::Key)?;
    let key = PublicKey::parse(key).map_err(|_| ProofProblem::Key)?;
    if !jws.is_signed_by(&key, verify) {
        return Err(ProofProblem::Signature);
    }
    if jws.text("htm") != Some(expected.method) {
        return Err(ProofProblem::Method);
    }
    let addressed = jws.text("htu").and_then(normal);
    if addressed.is_none() || addressed != normal(expected.url) {
        return Err(ProofProblem::Address);
    }
    let made_at = jws.time("iat").ok_or(ProofProblem::Time)?;
    if (made_at - expected.at).abs() > TOLERANCE {
        return Err(ProofProblem::Time);
    }
    if let Some(token) = expected.token {
        let wanted = URL_SAFE_NO_PAD.encode(digest(token.as_bytes()));
        if !same_bytes(jws.text("ath").unwrap_or_default().as_bytes(), wanted.as_bytes()) {
            return Err(ProofProblem::Token);
        }
    }
    let id = jws.text("jti").filter(|id| id.len() <= LONGEST_ID).ok_or(ProofProblem::NoId)?;
    let key = key.thumbprint();
    // Past this instant its time alone refuses it.
    let forgotten_at = made_at + TOLERANCE + TimeDelta::seconds(1);
    Ok(Proof { used: UsedProof::new("dpop", &key.to_string(), id, forgotten_at), key })
}

/// An http(s) address in its normal form (RFC 3986 §6.2.2–6.2.3), without query
/// and fragment; `None` for anything else.
fn normal(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    let usual_port = match scheme.as_str() {
        "https" => ":443",
        "http" => ":80",
        _ => return None,
    };
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let authority = authority.to_ascii_lowercase();
    let authority = authority.strip_suffix(usual_port).unwrap_or(&authority);
    if authority.is_empty() || authority.contains('@') || authority.ends_with(usual_port) {
        return None;
    }
    let path = if path.is_empty() { "/".to_owned() } else { normal_path(path)? };
    Some(format!("{scheme}://{authority}{path}"))
}

/// Escapes that need not be are undone; the others are written in capitals.
fn normal_path(path: &str) -> Option<String> {
    let mut normal = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('%') {
        let digits = after.get(..2).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))?;
        let byte = u8::from_str_radix(digits, 16).ok()?;
        normal.push_str(before);
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            normal.push(char::from(byte));
        } else {
            normal.push_str(&format!("%{byte:02X}"));
        }
        rest = &after[2..];
    }
    Some(normal + rest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::jws::tests::{key, sign, verify};
    use super::*;

    const URL: &str = "https://portal.example/oauth2/token";
    const TOKEN: &str = "an-access-token";

    fn expected(token: Option<&'static str>) -> Expected<'static> {
        Expected { method: "POST", url: URL, token, at: DateTime::from_timestamp(1000, 0).unwrap() }
    }

    fn header() -> Value {
        json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": key(1).to_json()})
    }

    fn claims() -> Value {
        let ath = URL_SAFE_NO_PAD.encode(digest(TOKEN.as_bytes()));
        json!({"htm": "POST", "htu": URL, "iat": 1000, "jti": "1", "ath": ath})
    }

    fn with(mut value: Value, name: &str, member: Value) -> Value {
        value[name] = member;
        value
    }

    fn checked(header: &Value, claims: &Value) -> Result<Proof, ProofProblem> {
        check(&sign(header, claims, &key(1)), expected(Some(TOKEN)), &verify)
    }

    #[test]
    fn a_good_proof_names_its_key_and_is_remembered_until_its_time_refuses_it() {
        let proof = checked(&header(), &claims()).unwrap();
        assert_eq!(proof.key, key(1).thumbprint());
        assert_eq!(proof.used.expires_at, DateTime::from_timestamp(1061, 0).unwrap());
        let other_id = checked(&header(), &with(claims(), "jti", json!("2"))).unwrap();
        assert_ne!(proof.used, other_id.used);
        // Whatever else it says is not asked for.
        assert!(checked(&header(), &with(claims(), "nonce", json!("x"))).is_ok());
    }

    #[test]
    fn every_part_must_hold() {
        use ProofProblem as P;
        for (name, value, problem) in [
            ("typ", json!("JWT"), P::Malformed),
            ("typ", Value::Null, P::Malformed),
            ("alg", json!("none"), P::Malformed),
            ("alg", json!("HS256"), P::Malformed),
            ("alg", json!("RS256"), P::Signature),
            ("crit", json!(["x"]), P::Malformed),
            ("jwk", Value::Null, P::Key),
            ("jwk", json!("x"), P::Key),
            ("jwk", json!({"kty": "oct", "k": "AA"}), P::Key),
            ("jwk", Value::Object(key(2).to_json()), P::Signature),
            ("jwk", with(Value::Object(key(1).to_json()), "d", json!("AA")), P::Key),
        ] {
            assert_eq!(
                checked(&with(header(), name, value.clone()), &claims()),
                Err(problem),
                "{name} {value}"
            );
        }
        for (name, value, problem) in [
            ("htm", json!("GET"), P::Method),
            ("htm", json!("post"), P::Method),
            ("htu", json!("https://portal.example/oauth2/par"), P::Address),
            ("htu", json!("https://elsewhere.example/oauth2/token"), P::Address),
            ("htu", json!("http://portal.example/oauth2/token"), P::Address),
            ("htu", json!("/oauth2/token"), P::Address),
            ("htu", Value::Null, P::Address),
            ("iat", json!(939), P::Time),
            ("iat", json!(1061), P::Time),
            ("iat", json!("1000"), P::Time),
            ("iat", Value::Null, P::Time),
            ("ath", json!("x"), P::Token),
            ("ath", Value::Null, P::Token),
            ("jti", json!(""), P::NoId),
            ("jti", json!("x".repeat(513)), P::NoId),
            ("jti", Value::Null, P::NoId),
        ] {
            assert_eq!(
                checked(&header(), &with(claims(), name, value.clone())),
                Err(problem),
                "{name} {value}"
            );
        }
    }

    #[test]
    fn a_token_is_asked_for_only_where_one_is_presented() {
        let text = sign(&header(), &with(claims(), "ath", Value::Null), &key(1));
        assert!(check(&text, expected(None), &verify).is_ok());
        assert_eq!(check(&text, expected(Some(TOKEN)), &verify), Err(ProofProblem::Token));
    }

    #[test]
    fn addresses_are_compared_in_their_normal_form() {
        for (same, as_this) in [
            ("HTTPS://Portal.Example/oauth2/token", URL),
            ("https://portal.example:443/oauth2/token?x=1#y", URL),
            ("https://portal.example/%6Fauth2/token", URL),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080/"),
            ("http://a.example:80/x%2fy", "http://a.example/x%2Fy"),
        ] {
            assert_eq!(normal(same), normal(as_this), "{same}");
        }
        assert_ne!(normal("https://portal.example/OAuth2/token"), normal(URL));
        assert_ne!(normal("https://portal.example/oauth2%2Ftoken"), normal(URL));
        assert_ne!(normal("https://portal.example:8443/oauth2/token"), normal(URL));
        for none in
            ["", "portal.example/x", "ftp://portal.example/", "https://", "https://me@portal.example/"]
        {
            assert_eq!(normal(none), None, "{none}");
        }
    }

    proptest! {
        #[test]
        fn a_proof_is_good_for_a_minute_either_way(iat in 800_i64..1200) {
            let good = checked(&header(), &with(claims(), "iat", json!(iat))).is_ok();
            prop_assert_eq!(good, (940..=1060).contains(&iat));
        }

        #[test]
        fn no_address_makes_it_panic_and_the_normal_form_is_final(url in "(https?://)?[a-z%A-F0-9./:?#é@]{0,24}") {
            if let Some(once) = normal(&url) {
                prop_assert_eq!(normal(&once), Some(once));
            }
        }
    }
}
