//! Checking what the portal signed (receipts, certificates, daily roots) with nothing
//! but its public keys: those of `/.well-known/seal-keys.json`, or of the database.

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::Value;

use super::error::AppResult;
use crate::domain::identity::PublicKey;
use crate::store::{KeyPurpose, Store};

/// Public keys by their name, the RFC 7638 thumbprint.
pub struct SealKeys(Vec<(String, DecodingKey)>);

impl SealKeys {
    /// Reads a JWK set (RFC 7517 §5). A key that is not the one its name says is
    /// an error: somebody put it there.
    ///
    /// # Errors
    /// A sentence that says which key and why.
    pub fn from_jwks(set: &Value) -> Result<Self, String> {
        let keys = set["keys"].as_array().ok_or("this is no JWK set: it has no list `keys`")?;
        keys.iter().map(read).collect::<Result<_, _>>().map(Self)
    }

    /// Those in the database, the private halves of which open.
    pub async fn of_store(store: &Store) -> AppResult<Result<Self, String>> {
        let keys = store.list_signing_keys().await?;
        let seals = keys.iter().filter(|key| key.purpose == KeyPurpose::Seal);
        Ok(seals.map(|key| read(&key.public_jwk)).collect::<Result<_, _>>().map(Self))
    }

    /// What a compact JWS of that type says, if one of these keys signed it.
    pub fn verify(&self, jws: &str, typ: &str) -> Option<Value> {
        let kid = key_named(jws, typ)?;
        let (_, key) = self.0.iter().find(|(name, _)| *name == kid)?;
        claims_signed_by(key, jws)
    }
}

fn read(jwk: &Value) -> Result<(String, DecodingKey), String> {
    let kid = jwk["kid"].as_str().ok_or("a key has no name (`kid`)")?;
    let public = jwk.as_object().and_then(|members| PublicKey::parse(members).ok());
    let public = public.ok_or_else(|| format!("the key {kid} is no public key this program knows"))?;
    if public.thumbprint().to_string() != kid {
        return Err(format!("the key {kid} is not the one its name says; somebody changed it"));
    }
    let part = |name: &str| jwk[name].as_str().unwrap_or_default();
    let key = DecodingKey::from_ec_components(part("x"), part("y"));
    Ok((kid.to_owned(), key.map_err(|error| format!("the key {kid} does not read: {error}"))?))
}

/// The name of the key that signed, where the type is the wanted one.
pub(super) fn key_named(jws: &str, typ: &str) -> Option<String> {
    let header = jsonwebtoken::decode_header(jws).ok()?;
    let typed = header.typ.as_deref().is_some_and(|found| found.eq_ignore_ascii_case(typ));
    // RFC 7515 §4.1.11: an extension that is not understood must be refused.
    if typed && header.crit.is_none() { header.kid } else { None }
}

pub(super) fn claims_signed_by(key: &DecodingKey, jws: &str) -> Option<Value> {
    let mut validation = Validation::new(Algorithm::ES256);
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    Some(jsonwebtoken::decode(jws, key, &validation).ok()?.claims)
}
