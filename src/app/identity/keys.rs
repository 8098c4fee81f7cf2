//! Signing keys: P-256, ES256 (RFC 7518 §3.4), named by the thumbprint of their
//! public half (RFC 7638). Which of them signs is told by the time alone
//! (`domain::identity::signing_key`), so that all instances change over together.

use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Identity;
use crate::app::ctx::new_id;
use crate::app::error::{AppError, AppResult};
use crate::app::seals;
use crate::domain::audit::{AuditAction, AuditEntry, Outcome};
use crate::domain::identity::{KeyLife, KeyState, PublicKey, RotateAfter, signing_key};
use crate::domain::key_uses::Act;
use crate::store::{
    self, Changes, Epoch, IdentityWrite, KeyPurpose, KeyUses, SigningKey, SigningKeyRow, Store,
};

/// Makes a key for every purpose that has none to sign with.
pub(super) async fn ensure(store: &Store, at: DateTime<Utc>) -> AppResult<()> {
    let present = store.list_signing_keys().await?;
    let missing: Vec<KeyPurpose> = KeyPurpose::ALL
        .into_iter()
        .filter(|purpose| !present.iter().any(|key| key.purpose == *purpose && key.life.retired_at.is_none()))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let mut changes = Changes::new();
    for purpose in missing {
        make(store, purpose, at, at, &mut changes)?;
    }
    changes.write(Epoch::Identity);
    Ok(store.commit(changes).await?)
}

impl Identity {
    /// Makes new keys and lets the present ones retire once everybody knows the
    /// new; gives whether there was anything to do. A rotation under way is left
    /// to finish.
    pub async fn rotate_keys(&self, at: DateTime<Utc>) -> AppResult<bool> {
        self.rotate_where(at, |_| true).await
    }

    /// The same for keys that have signed for so long.
    pub async fn rotate_old_keys(&self, age: RotateAfter, at: DateTime<Utc>) -> AppResult<bool> {
        self.rotate_where(at, |lives| signing_key::is_due(lives, age, at)).await
    }

    async fn rotate_where(&self, at: DateTime<Utc>, due: impl Fn(&[KeyLife]) -> bool) -> AppResult<bool> {
        let keys = self.store.list_signing_keys().await?;
        let mut changes = Changes::new();
        let mut rotates = false;
        for purpose in KeyPurpose::ALL {
            let own: Vec<&SigningKey> = keys.iter().filter(|key| key.purpose == purpose).collect();
            let lives: Vec<KeyLife> = own.iter().map(|key| key.life).collect();
            let Some(rotation) = signing_key::rotate(&lives, at).filter(|_| due(&lives)) else { continue };
            let new = make(&self.store, purpose, at, rotation.signs_from, &mut changes)?;
            let from = json!({ "purpose": purpose.as_str(), "successor": new, "from": rotation.signs_from });
            for old in rotation.retires.iter().filter_map(|place| own.get(*place)) {
                let kid = old.kid.clone();
                changes.write(IdentityWrite::RetireSigningKey { kid, at: rotation.signs_from });
                for action in [AuditAction::KeyRotated, AuditAction::KeyRetired] {
                    let entry = AuditEntry::new(new_id(at), at, action, Outcome::Succeeded).on(&old.kid);
                    changes.audit(&entry.with(from.clone()));
                }
            }
            rotates = true;
        }
        if !rotates {
            return Ok(false);
        }
        changes.write(Epoch::Identity);
        let rotated = match self.store.commit(changes).await {
            Ok(()) => true,
            // Another instance rotated in the same moment.
            Err(store::Error::Stale) => false,
            Err(error) => return Err(error.into()),
        };
        self.reload(at).await?;
        Ok(rotated)
    }
}

/// Adds a new key to `changes`; gives its name.
fn make(
    store: &Store,
    purpose: KeyPurpose,
    at: DateTime<Utc>,
    signs_from: DateTime<Utc>,
    changes: &mut Changes,
) -> AppResult<String> {
    let key = generate(purpose, KeyLife { created_at: at, signs_from, retired_at: None })?;
    let entry = AuditEntry::new(new_id(at), at, AuditAction::KeyMade, Outcome::Succeeded).on(&key.kid);
    changes.write(IdentityWrite::InsertSigningKey(SigningKeyRow::seal(&key, store.vault())));
    changes.audit(&entry.with(json!({ "purpose": purpose.as_str(), "signs_from": signs_from })));
    Ok(key.kid)
}

fn generate(purpose: KeyPurpose, life: KeyLife) -> AppResult<SigningKey> {
    let broken = |_| AppError::Internal("a signing key could not be made".to_owned());
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
        .map_err(broken)?;
    let public = public_half(&read("new", document.as_ref())?)?;
    let kid = public.thumbprint().to_string();
    let mut public_jwk = public.to_json();
    for (name, value) in [("kid", kid.as_str()), ("alg", "ES256"), ("use", "sig")] {
        public_jwk.insert(name.to_owned(), json!(value));
    }
    Ok(SigningKey {
        kid,
        purpose,
        private_key: document.as_ref().to_vec(),
        public_jwk: Value::Object(public_jwk),
        life,
    })
}

fn read(kid: &str, pkcs8: &[u8]) -> AppResult<EcdsaKeyPair> {
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8)
        .map_err(|error| AppError::Internal(format!("the signing key {kid} does not read: {error}")))
}

fn public_half(pair: &EcdsaKeyPair) -> AppResult<PublicKey> {
    // An uncompressed point: 4, x, y (SEC 1 §2.3.3).
    let point = pair.public_key().as_ref();
    let coordinate = |range| point.get(range).and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    match (coordinate(1..33), coordinate(33..65)) {
        (Some(x), Some(y)) => Ok(PublicKey::P256 { x, y }),
        _ => Err(AppError::Internal("a signing key has no P-256 point".to_owned())),
    }
}

/// The keys of one purpose. Whatever they sign is counted.
pub(super) struct KeyRing {
    /// The oldest first.
    keys: Vec<RingKey>,
    uses: Arc<KeyUses>,
}

/// A compact JWS, and the key that signed it.
pub(super) struct Signed {
    pub(super) jws: String,
    pub(super) kid: String,
}

struct RingKey {
    kid: String,
    /// Read once: reading it takes longer than signing.
    signing: EcdsaKeyPair,
    verifying: DecodingKey,
    public_jwk: Value,
    life: KeyLife,
}

impl RingKey {
    fn sign(&self, claims: &impl Serialize, typ: &str) -> Result<String, String> {
        let header = json!({ "typ": typ, "alg": "ES256", "kid": self.kid }).to_string();
        let claims = serde_json::to_vec(claims).map_err(|error| error.to_string())?;
        let mut jws = URL_SAFE_NO_PAD.encode(header);
        jws.push('.');
        URL_SAFE_NO_PAD.encode_string(claims, &mut jws);
        let signature =
            self.signing.sign(&SystemRandom::new(), jws.as_bytes()).map_err(|error| error.to_string())?;
        jws.push('.');
        URL_SAFE_NO_PAD.encode_string(signature.as_ref(), &mut jws);
        Ok(jws)
    }
}

impl KeyRing {
    pub(super) fn new(keys: Vec<SigningKey>, uses: &Arc<KeyUses>) -> AppResult<Self> {
        let keys = keys.into_iter().map(|key| {
            let part = |name: &str| key.public_jwk[name].as_str().unwrap_or_default().to_owned();
            let verifying = DecodingKey::from_ec_components(&part("x"), &part("y"))
                .map_err(|error| AppError::Internal(format!("signing key {}: {error}", key.kid)))?;
            Ok(RingKey {
                signing: read(&key.kid, &key.private_key)?,
                verifying,
                kid: key.kid,
                public_jwk: key.public_jwk,
                life: key.life,
            })
        });
        Ok(Self { keys: keys.collect::<AppResult<_>>()?, uses: Arc::clone(uses) })
    }

    pub(super) fn is_same(&self, other: &KeyRing) -> bool {
        let state =
            |ring: &KeyRing| ring.keys.iter().map(|key| (key.kid.clone(), key.life)).collect::<Vec<_>>();
        state(self) == state(other)
    }

    /// All keys, as a JWK set (RFC 7517 §5).
    pub(super) fn jwks(&self) -> Value {
        self.jwks_where(|_| true)
    }

    /// The keys by which what is good now can be verified, and the next one.
    pub(super) fn jwks_at(&self, at: DateTime<Utc>) -> Value {
        self.jwks_where(|key| key.life.state(at) != KeyState::Past)
    }

    fn jwks_where(&self, wanted: impl Fn(&RingKey) -> bool) -> Value {
        let keys = self.keys.iter().filter(|key| wanted(key)).map(|key| &key.public_jwk);
        json!({ "keys": keys.collect::<Vec<_>>() })
    }

    /// A compact JWS over these claims.
    pub(super) fn sign(&self, claims: &impl Serialize, typ: &str, at: DateTime<Utc>) -> AppResult<Signed> {
        let place = signing_key::signer(self.keys.iter().map(|key| key.life), at);
        let key = place
            .and_then(|place| self.keys.get(place))
            .ok_or_else(|| AppError::Internal("there is no key to sign with".to_owned()))?;
        self.uses.count(&key.kid, Act::Sign, typ);
        let jws = key
            .sign(claims, typ)
            .map_err(|error| AppError::Internal(format!("signing with {}: {error}", key.kid)))?;
        Ok(Signed { jws, kid: key.kid.clone() })
    }

    /// Checks signature, algorithm, type, issuer and audience; the times in it are
    /// the caller's business. A key past its time at `at` is not taken any more.
    pub(super) fn verify_token<T: DeserializeOwned>(
        &self,
        jwt: &str,
        typ: &str,
        issuer: &str,
        audience: &str,
        at: Option<DateTime<Utc>>,
    ) -> Option<T> {
        let key = self.key_of(jwt, typ)?;
        if at.is_some_and(|at| key.life.state(at) == KeyState::Past) {
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
        seals::claims_signed_by(&self.key_of(jws, typ)?.verifying, jws)
    }

    fn key_of(&self, jws: &str, typ: &str) -> Option<&RingKey> {
        let kid = seals::key_named(jws, typ)?;
        self.keys.iter().find(|key| key.kid == kid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(lives: &[(i64, Option<i64>)]) -> KeyRing {
        let second = |seconds: i64| DateTime::from_timestamp(seconds, 0).unwrap();
        let life = |(from, to): &(i64, Option<i64>)| KeyLife {
            created_at: second(0),
            signs_from: second(*from),
            retired_at: to.map(second),
        };
        let keys = lives.iter().map(|each| generate(KeyPurpose::Token, life(each)).unwrap());
        KeyRing::new(keys.collect(), &Arc::default()).unwrap()
    }

    #[test]
    fn what_is_signed_by_hand_another_library_verifies() {
        let ring = ring(&[(0, Some(600)), (600, None)]);
        for second in [0, 599, 600, 5000] {
            let at = DateTime::from_timestamp(second, 0).unwrap();
            let claims = json!({"iss": "i", "aud": "a", "sub": "s", "exp": 1});
            let Signed { jws: jwt, kid } = ring.sign(&claims, "at+jwt", at).unwrap();
            let signer = &ring.keys[usize::from(second >= 600)];
            assert_eq!(kid, signer.kid);
            let header = jsonwebtoken::decode_header(&jwt).unwrap();
            assert_eq!(header.kid.as_ref(), Some(&signer.kid));
            assert_eq!((header.alg, header.typ.as_deref()), (Algorithm::ES256, Some("at+jwt")));
            assert_eq!(ring.verify_token::<Value>(&jwt, "at+jwt", "i", "a", Some(at)), Some(claims));
            assert_eq!(ring.verify_token::<Value>(&jwt, "JWT", "i", "a", Some(at)), None);
            assert_eq!(ring.verify_token::<Value>(&jwt, "at+jwt", "x", "a", Some(at)), None);
        }
    }

    #[test]
    fn the_set_shows_the_next_key_and_hides_the_past() {
        let ring = ring(&[(0, Some(600)), (600, None)]);
        let shown = |second| {
            let set = ring.jwks_at(DateTime::from_timestamp(second, 0).unwrap());
            set["keys"].as_array().unwrap().len()
        };
        assert_eq!([0, 600, 1199, 1200].map(shown), [2, 2, 2, 1]);
        assert_eq!(ring.jwks()["keys"].as_array().unwrap().len(), 2);
    }
}
