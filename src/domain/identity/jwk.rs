//! Public keys as clients give them (RFC 7517) and the algorithms they may sign
//! with. A key that holds a private or a shared part is refused as a whole: who
//! sends one has lost it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::secret::{Digest, digest};
use crate::domain::refusal::FieldError;
use crate::domain::text::Text;

/// What a signature was made with (RFC 7518 §3.1, RFC 8037). None that is symmetric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    Es256,
    Ps256,
    Rs256,
    EdDsa,
}

impl Algorithm {
    pub const ALL: [Algorithm; 4] = [Algorithm::Es256, Algorithm::Ps256, Algorithm::Rs256, Algorithm::EdDsa];

    /// Every name they go by: EdDSA is `Ed25519` as well since RFC 9864, and clients
    /// write the one or the other.
    pub const NAMES: [&str; 5] = ["ES256", "PS256", "RS256", "EdDSA", "Ed25519"];

    pub fn as_str(self) -> &'static str {
        match self {
            Algorithm::Es256 => "ES256",
            Algorithm::Ps256 => "PS256",
            Algorithm::Rs256 => "RS256",
            Algorithm::EdDsa => "EdDSA",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "ES256" => Some(Algorithm::Es256),
            "PS256" => Some(Algorithm::Ps256),
            "RS256" => Some(Algorithm::Rs256),
            "EdDSA" | "Ed25519" => Some(Algorithm::EdDsa),
            _ => None,
        }
    }

    /// All names with blanks between, as a DPoP challenge lists them (RFC 9449 §7.1).
    pub fn names() -> String {
        Self::NAMES.join(" ")
    }
}

/// A key that verifies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublicKey {
    P256 {
        x: [u8; 32],
        y: [u8; 32],
    },
    Ed25519 {
        x: [u8; 32],
    },
    /// Big-endian, without leading zeros.
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
}

/// Members that only private or shared keys have (RFC 7518 §6).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
/// Length of an RSA modulus, in bytes.
const MODULUS: std::ops::RangeInclusive<usize> = 256..=1024;

/// Why a JWK is no key for us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyProblem {
    /// It holds a private or a shared part.
    Private,
    /// Its type or curve is not one of those we verify with.
    Unsupported,
    /// A member is missing or not of the right form.
    Malformed,
    /// An RSA modulus of less than 2048 or more than 8192 bits.
    Modulus,
}

impl PublicKey {
    /// Reads a JWK.
    pub fn parse(jwk: &Map<String, Value>) -> Result<Self, KeyProblem> {
        if PRIVATE.iter().any(|name| jwk.contains_key(*name)) {
            return Err(KeyProblem::Private);
        }
        let text = |name: &str| jwk.get(name).and_then(Value::as_str);
        let bytes = |name: &str| {
            text(name).and_then(|text| URL_SAFE_NO_PAD.decode(text).ok()).ok_or(KeyProblem::Malformed)
        };
        let coordinate = |name: &str| <[u8; 32]>::try_from(bytes(name)?).map_err(|_| KeyProblem::Malformed);
        match (text("kty"), text("crv")) {
            (Some("EC"), Some("P-256")) => Ok(PublicKey::P256 { x: coordinate("x")?, y: coordinate("y")? }),
            (Some("OKP"), Some("Ed25519")) => Ok(PublicKey::Ed25519 { x: coordinate("x")? }),
            (Some("RSA"), None) => {
                let (n, e) = (without_zeros(&bytes("n")?), without_zeros(&bytes("e")?));
                if !MODULUS.contains(&n.len()) {
                    return Err(KeyProblem::Modulus);
                }
                let odd = e.last().is_some_and(|last| last % 2 == 1);
                if !odd || e.len() > 8 || e == [1] {
                    return Err(KeyProblem::Malformed);
                }
                Ok(PublicKey::Rsa { n, e })
            }
            _ => Err(KeyProblem::Unsupported),
        }
    }

    /// The members that make the key, in the order of their names (RFC 7638 §3.2).
    fn members(&self) -> Vec<(&'static str, String)> {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match self {
            PublicKey::P256 { x, y } => vec![
                ("crv", "P-256".to_owned()),
                ("kty", "EC".to_owned()),
                ("x", encode(x)),
                ("y", encode(y)),
            ],
            PublicKey::Ed25519 { x } => {
                vec![("crv", "Ed25519".to_owned()), ("kty", "OKP".to_owned()), ("x", encode(x))]
            }
            PublicKey::Rsa { n, e } => vec![("e", encode(e)), ("kty", "RSA".to_owned()), ("n", encode(n))],
        }
    }

    /// RFC 7638: what a key is known by.
    pub fn thumbprint(&self) -> Thumbprint {
        let members: Vec<String> =
            self.members().into_iter().map(|(name, value)| format!(r#""{name}":"{value}""#)).collect();
        Thumbprint(digest(format!("{{{}}}", members.join(",")).as_bytes()))
    }

    pub fn to_json(&self) -> Map<String, Value> {
        self.members().into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect()
    }

    /// Whether a key of this kind can have made a signature of that kind.
    pub fn fits(&self, algorithm: Algorithm) -> bool {
        match self {
            PublicKey::P256 { .. } => algorithm == Algorithm::Es256,
            PublicKey::Ed25519 { .. } => algorithm == Algorithm::EdDsa,
            PublicKey::Rsa { .. } => matches!(algorithm, Algorithm::Ps256 | Algorithm::Rs256),
        }
    }
}

fn without_zeros(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().skip_while(|byte| *byte == 0).collect()
}

/// The SHA-256 thumbprint of a key (RFC 7638); as text, 43 characters of base64url.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Thumbprint(Digest);

impl Thumbprint {
    /// `None` when it is not the base64url of 32 bytes.
    pub fn parse(text: &str) -> Option<Self> {
        URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok().map(Self)
    }
}

impl std::fmt::Display for Thumbprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl std::fmt::Debug for Thumbprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Thumbprint({self})")
    }
}

impl serde::Serialize for Thumbprint {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Thumbprint {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not the thumbprint of a key"))
    }
}

/// The keys a client registered: one to ten, for signatures alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySet(Vec<ClientKey>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct ClientKey {
    kid: Option<String>,
    /// The one algorithm it is for, where the client says so.
    algorithm: Option<Algorithm>,
    key: PublicKey,
}

const MOST_KEYS: usize = 10;

impl KeySet {
    /// Reads a JWK set; everything wrong with it is told, with pointers into the
    /// registration that holds it as `/jwks`.
    pub fn parse(set: &Value) -> Result<Self, Vec<FieldError>> {
        let keys = set["keys"].as_array().filter(|keys| (1..=MOST_KEYS).contains(&keys.len()));
        let Some(keys) = keys else {
            let words = Text::new(
                "应为含 1–10 个公钥的 JWK 集合（keys 数组）。",
                "Must be a JWK set: `keys`, an array of one to ten public keys.",
            );
            return Err(vec![FieldError::new("/jwks", "wrong_jwks", words)]);
        };
        let (mut read, mut wrong) = (Vec::new(), Vec::new());
        for (index, key) in keys.iter().enumerate() {
            match ClientKey::parse(key) {
                Ok(key) => read.push(key),
                Err(words) => wrong.push(FieldError::new(format!("/jwks/keys/{index}"), "wrong_key", words)),
            }
        }
        if wrong.is_empty() { Ok(Self(read)) } else { Err(wrong) }
    }

    /// The keys that can have made a signature of that kind; with a `kid`, those of that name.
    pub fn candidates(&self, kid: Option<&str>, algorithm: Algorithm) -> impl Iterator<Item = &PublicKey> {
        self.0
            .iter()
            .filter(move |key| kid.is_none() || key.kid.as_deref() == kid)
            .filter(move |key| key.algorithm.is_none_or(|own| own == algorithm))
            .map(|key| &key.key)
            .filter(move |key| key.fits(algorithm))
    }

    pub fn to_json(&self) -> Value {
        let keys = self.0.iter().map(|key| {
            let mut members = key.key.to_json();
            members.extend(key.kid.as_ref().map(|kid| ("kid".to_owned(), json!(kid))));
            members.extend(key.algorithm.map(|algorithm| ("alg".to_owned(), json!(algorithm.as_str()))));
            Value::Object(members)
        });
        json!({ "keys": keys.collect::<Vec<_>>() })
    }
}

impl ClientKey {
    fn parse(jwk: &Value) -> Result<Self, Text> {
        let malformed = || words(KeyProblem::Malformed);
        let members = jwk.as_object().ok_or_else(malformed)?;
        let text = |name: &str| match members.get(name) {
            None => Ok(None),
            Some(Value::String(text)) if !text.is_empty() && text.len() <= 256 => Ok(Some(text.clone())),
            Some(_) => Err(malformed()),
        };
        if text("use")?.is_some_and(|purpose| purpose != "sig") {
            return Err(words(KeyProblem::Unsupported));
        }
        let key = PublicKey::parse(members).map_err(words)?;
        let algorithm = match text("alg")? {
            None => None,
            Some(name) => Some(
                Algorithm::parse(&name)
                    .filter(|algorithm| key.fits(*algorithm))
                    .ok_or_else(|| words(KeyProblem::Unsupported))?,
            ),
        };
        Ok(Self { kid: text("kid")?, algorithm, key })
    }
}

fn words(problem: KeyProblem) -> Text {
    match problem {
        KeyProblem::Private => Text::new(
            "含有私钥或对称密钥。请立即更换该密钥，只登记公钥部分。",
            "It holds a private or shared key. Replace that key at once and register its public half alone.",
        ),
        KeyProblem::Unsupported => Text::new(
            "只支持用于签名的 P-256、Ed25519 和 RSA 公钥（ES256、EdDSA、PS256、RS256）。",
            "Only public keys for signatures are taken: P-256, Ed25519 or RSA (ES256, EdDSA, PS256, RS256).",
        ),
        KeyProblem::Malformed => Text::new(
            "不是完整的 JWK 公钥，请按 RFC 7517 填写。",
            "Not a whole public JWK; write it as RFC 7517 says.",
        ),
        KeyProblem::Modulus => Text::new("RSA 密钥应为 2048–8192 位。", "An RSA key has 2048 to 8192 bits."),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(jwk: Value) -> Result<PublicKey, KeyProblem> {
        PublicKey::parse(jwk.as_object().unwrap())
    }

    fn p256() -> Value {
        json!({
            "kty": "EC", "crv": "P-256",
            "x": URL_SAFE_NO_PAD.encode([7; 32]), "y": URL_SAFE_NO_PAD.encode([9; 32]),
        })
    }

    fn with(mut jwk: Value, name: &str, value: Value) -> Value {
        jwk[name] = value;
        jwk
    }

    #[test]
    fn every_name_that_is_told_is_read() {
        for algorithm in Algorithm::ALL {
            assert!(Algorithm::NAMES.contains(&algorithm.as_str()), "{algorithm:?}");
            assert_eq!(Algorithm::parse(algorithm.as_str()), Some(algorithm));
        }
        for name in Algorithm::NAMES {
            assert!(Algorithm::parse(name).is_some(), "{name}");
        }
        assert_eq!(Algorithm::parse("Ed448"), None);
    }

    /// RFC 7638 §3.1.
    #[test]
    fn the_example_of_the_standard_has_its_thumbprint() {
        let key = parse(json!({
            "kty": "RSA",
            "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
            "e": "AQAB",
            "alg": "RS256",
            "kid": "2011-04-29",
        }))
        .unwrap();
        assert_eq!(key.thumbprint().to_string(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    }

    #[test]
    fn a_key_with_a_private_part_is_refused() {
        for name in PRIVATE {
            assert_eq!(parse(with(p256(), name, json!("AA"))), Err(KeyProblem::Private), "{name}");
        }
        assert_eq!(parse(json!({"kty": "oct", "k": "AA"})), Err(KeyProblem::Private));
    }

    #[test]
    fn what_cannot_verify_is_refused() {
        assert_eq!(parse(with(p256(), "crv", json!("P-384"))), Err(KeyProblem::Unsupported));
        assert_eq!(parse(with(p256(), "kty", json!("RSA"))), Err(KeyProblem::Unsupported));
        assert_eq!(parse(with(p256(), "x", json!("AA"))), Err(KeyProblem::Malformed));
        let rsa = |n: &[u8], e: &[u8]| {
            let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
            parse(json!({"kty": "RSA", "n": encode(n), "e": encode(e)}))
        };
        assert_eq!(rsa(&[9; 255], &[1, 0, 1]), Err(KeyProblem::Modulus));
        assert_eq!(rsa(&[9; 256], &[1]), Err(KeyProblem::Malformed));
        assert_eq!(rsa(&[9; 256], &[1, 0, 0]), Err(KeyProblem::Malformed));
        // A leading zero changes no number, and so no thumbprint.
        let padded: Vec<u8> = [0].into_iter().chain([9; 256]).collect();
        assert_eq!(
            rsa(&padded, &[1, 0, 1]).unwrap().thumbprint(),
            rsa(&[9; 256], &[1, 0, 1]).unwrap().thumbprint()
        );
    }

    #[test]
    fn a_set_tells_everything_wrong_at_once_and_is_read_back_as_itself() {
        let wrong = json!({"keys": [p256(), with(p256(), "d", json!("x")), {"kty": "EC"}, with(p256(), "alg", json!("RS256"))]});
        let pointers: Vec<_> = KeySet::parse(&wrong).unwrap_err().into_iter().map(|e| e.pointer).collect();
        assert_eq!(pointers, ["/jwks/keys/1", "/jwks/keys/2", "/jwks/keys/3"]);
        for empty in [json!({}), json!({"keys": []}), json!([]), json!({"keys": vec![p256(); 11]})] {
            assert!(KeySet::parse(&empty).is_err(), "{empty}");
        }
        let set = KeySet::parse(
            &json!({"keys": [with(with(p256(), "kid", json!("a")), "alg", json!("ES256")), p256()]}),
        )
        .unwrap();
        assert_eq!(KeySet::parse(&set.to_json()).unwrap(), set);
        assert_eq!(set.candidates(None, Algorithm::Es256).count(), 2);
        assert_eq!(set.candidates(Some("a"), Algorithm::Es256).count(), 1);
        assert_eq!(set.candidates(Some("b"), Algorithm::Es256).count(), 0);
        assert_eq!(set.candidates(None, Algorithm::Rs256).count(), 0);
    }

    proptest! {
        #[test]
        fn two_keys_have_one_thumbprint_only_when_they_are_one(x in any::<[u8; 32]>(), y in any::<[u8; 32]>(), z in any::<[u8; 32]>()) {
            let (a, b) = (PublicKey::P256 { x, y }, PublicKey::P256 { x, y: z });
            prop_assert_eq!(a.thumbprint() == b.thumbprint(), y == z);
            prop_assert_eq!(Thumbprint::parse(&a.thumbprint().to_string()), Some(a.thumbprint()));
            prop_assert_eq!(PublicKey::parse(&a.to_json()), Ok(a));
        }
    }
}
