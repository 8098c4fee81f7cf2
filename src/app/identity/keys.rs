//! Signing keys: P-256, ES256 (RFC 7518 §3.4), named by the thumbprint of their
//! public half (RFC 7638). The youngest that is not retired signs.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::app::error::{AppError, AppResult};
use crate::domain::identity::digest;
use crate::store::{Changes, Epoch, IdentityWrite, KeyPurpose, SigningKey, SigningKeyRow, Store};

/// Makes a key for every purpose that has none to sign with.
pub(super) async fn ensure(store: &Store, at: DateTime<Utc>) -> AppResult<()> {
    let present = store.list_signing_keys().await?;
    let missing: Vec<KeyPurpose> = KeyPurpose::ALL
        .into_iter()
        .filter(|purpose| !present.iter().any(|key| key.purpose == *purpose && key.retired_at.is_none()))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let mut changes = Changes::new();
    for purpose in missing {
        let key = generate(purpose, at)?;
        changes.write(IdentityWrite::InsertSigningKey(SigningKeyRow::seal(&key, store.vault())));
    }
    changes.write(Epoch::Identity);
    Ok(store.commit(changes).await?)
}

fn generate(purpose: KeyPurpose, at: DateTime<Utc>) -> AppResult<SigningKey> {
    let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
    let broken = |_| AppError::Internal("a signing key could not be made".to_owned());
    let document = EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new()).map_err(broken)?;
    let pair = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref())
        .map_err(|error| AppError::Internal(format!("a new signing key does not read: {error}")))?;
    // An uncompressed point: 4, x, y (SEC 1 §2.3.3).
    let point = pair.public_key().as_ref();
    let (x, y) = point
        .get(1..33)
        .zip(point.get(33..65))
        .map(|(x, y)| (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y)))
        .ok_or_else(|| AppError::Internal("a new signing key has no P-256 point".to_owned()))?;
    // RFC 7638 §3: these members alone, in this order, without blanks.
    let thumbprint = digest(format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#).as_bytes());
    let kid = URL_SAFE_NO_PAD.encode(thumbprint);
    Ok(SigningKey {
        public_jwk: json!({"kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": kid, "alg": "ES256", "use": "sig"}),
        kid,
        purpose,
        private_key: document.as_ref().to_vec(),
        created_at: at,
        retired_at: None,
    })
}

/// The keys of one purpose.
pub(super) struct KeyRing {
    /// The oldest first.
    keys: Vec<RingKey>,
}

struct RingKey {
    kid: String,
    signing: EncodingKey,
    verifying: DecodingKey,
    public_jwk: Value,
    retired_at: Option<DateTime<Utc>>,
}

impl KeyRing {
    pub(super) fn new(keys: Vec<SigningKey>) -> AppResult<Self> {
        let keys = keys.into_iter().map(|key| {
            let part = |name: &str| key.public_jwk[name].as_str().unwrap_or_default().to_owned();
            let verifying = DecodingKey::from_ec_components(&part("x"), &part("y"))
                .map_err(|error| AppError::Internal(format!("signing key {}: {error}", key.kid)))?;
            Ok(RingKey {
                signing: EncodingKey::from_ec_der(&key.private_key),
                verifying,
                kid: key.kid,
                public_jwk: key.public_jwk,
                retired_at: key.retired_at,
            })
        });
        Ok(Self { keys: keys.collect::<AppResult<_>>()? })
    }

    pub(super) fn is_same(&self, other: &KeyRing) -> bool {
        let state = |ring: &KeyRing| {
            ring.keys.iter().map(|key| (key.kid.clone(), key.retired_at)).collect::<Vec<_>>()
        };
        state(self) == state(other)
    }

    pub(super) fn jwks(&self) -> Value {
        json!({ "keys": self.keys.iter().map(|key| &key.public_jwk).collect::<Vec<_>>() })
    }

    /// A compact JWS over these claims.
    pub(super) fn sign(&self, claims: &impl Serialize, typ: &str) -> AppResult<String> {
        let key = self
            .keys
            .iter()
            .rev()
            .find(|key| key.retired_at.is_none())
            .ok_or_else(|| AppError::Internal("there is no key to sign with".to_owned()))?;
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some(typ.to_owned());
        header.kid = Some(key.kid.clone());
        jsonwebtoken::encode(&header, claims, &key.signing)
            .map_err(|error| AppError::Internal(format!("signing with {}: {error}", key.kid)))
    }

    /// Checks signature, algorithm, type, issuer and audience; time is the
    /// caller's business, since it has its own clock. A key retired before
    /// `retired_before` is not taken any more.
    pub(super) fn verify_token<T: DeserializeOwned>(
        &self,
        jwt: &str,
        typ: &str,
        issuer: &str,
        audience: &str,
        retired_before: DateTime<Utc>,
    ) -> Option<T> {
        let key = self.key_of(jwt, typ)?;
        if key.retired_at.is_some_and(|retired_at| retired_at < retired_before) {
            return None;
        }
        let mut validation = Validation::new(Algorithm::ES256);
        validation.validate_exp = false;
        validation.set_issuer(&[issuer]);
        validation.set_audience(&[audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        Some(jsonwebtoken::decode(jwt, &key.verifying, &validation).ok()?.claims)
    }

    pub(super) fn verify_seal(&self, jws: &str, typ: &str) -> Option<Value> {
        let key = self.key_of(jws, typ)?;
        let mut validation = Validation::new(Algorithm::ES256);
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        Some(jsonwebtoken::decode(jws, &key.verifying, &validation).ok()?.claims)
    }

    fn key_of(&self, jws: &str, typ: &str) -> Option<&RingKey> {
        let header = jsonwebtoken::decode_header(jws).ok()?;
        let typed = header.typ.as_deref().is_some_and(|found| found.eq_ignore_ascii_case(typ));
        // RFC 7515 §4.1.11: an extension that is not understood must be refused.
        if !typed || header.crit.is_some() {
            return None;
        }
        let kid = header.kid?;
        self.keys.iter().find(|key| key.kid == kid)
    }
}
