//! Signed statements of clients in the compact form (RFC 7515 §3.1), taken apart
//! but not believed: what they say is read only through a check that verifies
//! the signature first.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::jwk::{Algorithm, PublicKey};
use super::secret::{Digest, digest};

/// Longest statement that is looked at, in bytes.
const LONGEST: usize = 8192;

/// Whether a signature over some bytes is of that key and algorithm. Handed in,
/// because the domain knows no cryptography beyond digests.
pub type Verify<'v> = &'v dyn Fn(&PublicKey, Algorithm, &[u8], &[u8]) -> bool;

/// A compact JWS whose parts have the right form.
#[derive(Debug, Clone)]
pub struct Jws<'a> {
    header: Map<String, Value>,
    claims: Map<String, Value>,
    algorithm: Algorithm,
    /// What was signed.
    signed: &'a str,
    signature: Vec<u8>,
}

impl<'a> Jws<'a> {
    /// `None` for whatever is no JWS of an asymmetric algorithm, and for one with
    /// an extension that must be understood (RFC 7515 §4.1.11).
    pub fn parse(text: &'a str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let header = object(header)?;
        let algorithm = Algorithm::parse(header.get("alg")?.as_str()?)?;
        if header.contains_key("crit") {
            return None;
        }
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        Some(Self { header, claims: object(claims)?, algorithm, signed, signature })
    }

    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    pub fn header(&self, name: &str) -> Option<&Value> {
        self.header.get(name)
    }

    /// Whether that key made the signature.
    pub fn is_signed_by(&self, key: &PublicKey, verify: Verify<'_>) -> bool {
        key.fits(self.algorithm) && verify(key, self.algorithm, self.signed.as_bytes(), &self.signature)
    }

    /// A claim. Not believed before the signature is.
    pub fn claim(&self, name: &str) -> Option<&Value> {
        self.claims.get(name)
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        self.claim(name)?.as_str().filter(|text| !text.is_empty())
    }

    /// A time claim: seconds since 1970, fractions dropped (RFC 7519 §2).
    pub fn time(&self, name: &str) -> Option<DateTime<Utc>> {
        let value = self.claim(name)?;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a float saturates, and no calendar is that long"
        )]
        let seconds = value.as_i64().or_else(|| value.as_f64().map(|seconds| seconds as i64))?;
        DateTime::from_timestamp(seconds, 0)
    }

    /// Whether a claim is there and is no time.
    pub fn has_broken_time(&self, name: &str) -> bool {
        self.claim(name).is_some() && self.time(name).is_none()
    }
}

fn object(part: &str) -> Option<Map<String, Value>> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

/// A statement that is good once: remembered until nobody would believe it anyway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsedProof {
    pub digest: Digest,
    pub expires_at: DateTime<Utc>,
}

impl UsedProof {
    /// `holder`: the client or key whose ids must not repeat.
    pub fn new(kind: &str, holder: &str, id: &str, expires_at: DateTime<Utc>) -> Self {
        let parts = [kind, holder, id].map(|part| format!("{}:{part}", part.len()));
        Self { digest: digest(parts.concat().as_bytes()), expires_at }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    /// What a test signs with: the signature is the digest of key and text.
    pub fn sign(header: &Value, claims: &Value, key: &PublicKey) -> String {
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", encode(header), encode(claims));
        let signature = URL_SAFE_NO_PAD.encode(mark(key, signed.as_bytes()));
        format!("{signed}.{signature}")
    }

    fn mark(key: &PublicKey, signed: &[u8]) -> Digest {
        digest(&[key.thumbprint().to_string().as_bytes(), signed].concat())
    }

    pub fn verify(key: &PublicKey, _: Algorithm, signed: &[u8], signature: &[u8]) -> bool {
        mark(key, signed) == signature
    }

    pub fn key(seed: u8) -> PublicKey {
        PublicKey::P256 { x: [seed; 32], y: [seed; 32] }
    }

    #[test]
    fn a_statement_is_its_makers_and_no_others() {
        let text = sign(&json!({"alg": "ES256"}), &json!({"a": 1}), &key(1));
        let jws = Jws::parse(&text).unwrap();
        assert!(jws.is_signed_by(&key(1), &verify) && !jws.is_signed_by(&key(2), &verify));
        let other = PublicKey::Ed25519 { x: [1; 32] };
        let text = sign(&json!({"alg": "ES256"}), &json!({}), &other);
        assert!(!Jws::parse(&text).unwrap().is_signed_by(&other, &verify), "a key of another kind");
    }

    #[test]
    fn what_is_unsigned_symmetric_or_extended_is_none() {
        for header in [
            json!({}),
            json!({"alg": "none"}),
            json!({"alg": "None"}),
            json!({"alg": "HS256"}),
            json!({"alg": ["ES256"]}),
            json!({"alg": "ES256", "crit": ["b64"], "b64": false}),
            json!(["ES256"]),
        ] {
            assert!(Jws::parse(&sign(&header, &json!({}), &key(1))).is_none(), "{header}");
        }
        assert!(Jws::parse(&sign(&json!({"alg": "ES256"}), &json!([]), &key(1))).is_none());
    }

    #[test]
    fn times_are_whole_seconds_within_the_calendar() {
        let time = |value: Value| {
            Jws::parse(&sign(&json!({"alg": "ES256"}), &json!({"iat": value}), &key(1))).unwrap().time("iat")
        };
        assert_eq!(time(json!(60)), DateTime::from_timestamp(60, 0));
        assert_eq!(time(json!(60.9)), DateTime::from_timestamp(60, 0));
        assert_eq!([json!("60"), json!(null), json!(1e300)].map(time), [None; 3]);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[A-Za-z0-9_=.-]{0,60}") {
            let _ = Jws::parse(&text);
        }

        #[test]
        fn no_two_ids_are_remembered_as_one(a in "[a-c:0-9]{0,4}", b in "[a-c:0-9]{0,4}", c in "[a-c:0-9]{0,4}", d in "[a-c:0-9]{0,4}") {
            let proof = |holder: &str, id: &str| UsedProof::new("kind", holder, id, DateTime::UNIX_EPOCH);
            prop_assert_eq!(proof(&a, &b) == proof(&c, &d), (&a, &b) == (&c, &d));
        }
    }
}
