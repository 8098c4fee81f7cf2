//! `private_key_jwt` (RFC 7523 §3, OpenID Connect Core §9): a client proves
//! itself by signing a statement about itself, for this portal, for a few
//! minutes, once.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::client::ClientId;
use super::jwk::KeySet;
use super::jws::{Jws, UsedProof, Verify};

/// The `client_assertion_type` (RFC 7523 §2.2).
pub const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// How far ahead it may expire.
pub const LONGEST: TimeDelta = TimeDelta::minutes(5);
/// How far a client's clock may run ahead of ours.
const AHEAD: TimeDelta = TimeDelta::seconds(60);

/// A statement as it was presented.
#[derive(Debug, Clone)]
pub struct ClientAssertion<'a>(Jws<'a>);

/// Why a statement proves nothing. The client learns only that it does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AssertionProblem {
    /// It speaks of another client, or of two.
    OtherClient,
    /// None of the client's keys made the signature.
    Signature,
    /// It is not for this portal, or not for it alone.
    Audience,
    /// It has no expiry, has expired, or expires too late.
    Expiry,
    /// It is not good yet.
    Early,
    /// It has no id by which a second use could be told.
    NoId,
}

impl<'a> ClientAssertion<'a> {
    pub fn read(text: &'a str) -> Option<Self> {
        Jws::parse(text).map(Self)
    }

    /// The client it claims to be from; only for finding the keys to check it with.
    pub fn client(&self) -> Option<&str> {
        self.0.text("sub")
    }

    /// What is to be remembered of it, so that it is good once. `audiences`: the
    /// names by which this portal may be addressed.
    pub fn check(
        &self,
        client: &ClientId,
        keys: &KeySet,
        audiences: &[String],
        at: DateTime<Utc>,
        verify: Verify<'_>,
    ) -> Result<UsedProof, AssertionProblem> {
        let Self(jws) = self;
        let named = |name| jws.text(name) == Some(client.as_str());
        if !named("iss") || !named("sub") {
            return Err(AssertionProblem::OtherClient);
        }
        let kid = jws.header("kid").and_then(Value::as_str);
        if !keys.candidates(kid, jws.algorithm()).any(|key| jws.is_signed_by(key, verify)) {
            return Err(AssertionProblem::Signature);
        }
        if !is_for(jws.claim("aud"), audiences) {
            return Err(AssertionProblem::Audience);
        }
        let expires_at = jws
            .time("exp")
            .filter(|expires_at| at < *expires_at && *expires_at <= at + LONGEST)
            .ok_or(AssertionProblem::Expiry)?;
        let early = |name| jws.has_broken_time(name) || jws.time(name).is_some_and(|from| from > at + AHEAD);
        if early("nbf") || early("iat") {
            return Err(AssertionProblem::Early);
        }
        let id = jws.text("jti").ok_or(AssertionProblem::NoId)?;
        Ok(UsedProof::new("client_assertion", client.as_str(), id, expires_at))
    }
}

/// Whether all it is for is this portal: a statement that is good elsewhere too
/// could be carried there.
fn is_for(audience: Option<&Value>, audiences: &[String]) -> bool {
    let ours = |value: &Value| value.as_str().is_some_and(|text| audiences.iter().any(|own| own == text));
    match audience {
        Some(Value::Array(all)) => !all.is_empty() && all.iter().all(ours),
        Some(one) => ours(one),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::jws::tests::{key, sign, verify};
    use super::*;

    fn at() -> DateTime<Utc> {
        DateTime::from_timestamp(1000, 0).unwrap()
    }

    fn good() -> Value {
        json!({"iss": "shop", "sub": "shop", "aud": "https://portal.example", "exp": 1060, "jti": "1"})
    }

    fn with(name: &str, value: Value) -> Value {
        let mut claims = good();
        claims[name] = value;
        claims
    }

    fn check_with(header: Value, claims: &Value, seed: u8) -> Result<UsedProof, AssertionProblem> {
        let text = sign(&header, claims, &key(seed));
        let mut own = key(1).to_json();
        own.insert("kid".to_owned(), json!("k1"));
        let keys = KeySet::parse(&json!({"keys": [own]})).unwrap();
        let audiences = ["https://portal.example", "https://portal.example/oauth2/token"].map(str::to_owned);
        let client = ClientId::parse("shop").unwrap();
        ClientAssertion::read(&text).unwrap().check(&client, &keys, &audiences, at(), &verify)
    }

    fn check(claims: &Value) -> Result<UsedProof, AssertionProblem> {
        check_with(json!({"alg": "ES256"}), claims, 1)
    }

    #[test]
    fn a_good_statement_is_remembered_until_it_expires() {
        let used = check(&good()).unwrap();
        assert_eq!(used.expires_at, at() + TimeDelta::seconds(60));
        assert_eq!(check(&good()).unwrap(), used);
        assert_ne!(check(&with("jti", json!("2"))).unwrap().digest, used.digest);
    }

    #[test]
    fn what_is_wrong_with_one_is_told_apart() {
        use AssertionProblem as P;
        for (name, value, problem) in [
            ("iss", json!("other"), P::OtherClient),
            ("sub", json!("other"), P::OtherClient),
            ("sub", Value::Null, P::OtherClient),
            ("aud", json!("https://elsewhere.example"), P::Audience),
            ("aud", json!(["https://portal.example", "https://elsewhere.example"]), P::Audience),
            ("aud", json!([]), P::Audience),
            ("aud", json!("https://portal.example/"), P::Audience),
            ("aud", Value::Null, P::Audience),
            ("exp", json!(1000), P::Expiry),
            ("exp", json!(1301), P::Expiry),
            ("exp", Value::Null, P::Expiry),
            ("exp", json!("1060"), P::Expiry),
            ("nbf", json!(1061), P::Early),
            ("iat", json!(1061), P::Early),
            ("iat", json!("soon"), P::Early),
            ("jti", Value::Null, P::NoId),
            ("jti", json!(""), P::NoId),
        ] {
            assert_eq!(check(&with(name, value.clone())), Err(problem), "{name} {value}");
        }
        for fine in [
            with("aud", json!(["https://portal.example", "https://portal.example/oauth2/token"])),
            with("exp", json!(1300)),
            with("iat", json!(1060)),
        ] {
            assert!(check(&fine).is_ok(), "{fine}");
        }
    }

    #[test]
    fn only_a_registered_key_proves_the_client() {
        let header = |kid: &str| json!({"alg": "ES256", "kid": kid});
        assert!(check_with(header("k1"), &good(), 1).is_ok());
        assert_eq!(check_with(header("k2"), &good(), 1), Err(AssertionProblem::Signature));
        assert_eq!(check_with(json!({"alg": "ES256"}), &good(), 2), Err(AssertionProblem::Signature));
        assert_eq!(check_with(json!({"alg": "RS256"}), &good(), 1), Err(AssertionProblem::Signature));
    }

    proptest! {
        #[test]
        fn it_is_good_between_now_and_five_minutes_and_never_else(expires in 0_i64..3000) {
            let ok = check(&with("exp", json!(expires))).is_ok();
            prop_assert_eq!(ok, expires > 1000 && expires <= 1300);
        }
    }
}
