//! Signing keys. The private half lies sealed under the master key.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::domain::identity::KeyLife;
use crate::store::Store;
use crate::store::conn::Conn;
use crate::store::error::{Error, Result};
use crate::store::schema::signing_keys;
use crate::store::types::At;
use crate::store::vault::Vault;

/// What a key signs. A signature for one purpose is none for the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyPurpose {
    /// Access and ID tokens.
    Token,
    /// Receipts and certificates.
    Seal,
}

impl KeyPurpose {
    pub const ALL: [KeyPurpose; 2] = [KeyPurpose::Token, KeyPurpose::Seal];

    pub fn as_str(self) -> &'static str {
        match self {
            KeyPurpose::Token => "token",
            KeyPurpose::Seal => "seal",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.as_str() == text)
    }
}

/// A signing key, its private half open. Not printable.
pub struct SigningKey {
    /// RFC 7638 thumbprint of the public half.
    pub kid: String,
    pub purpose: KeyPurpose,
    /// PKCS#8, DER.
    pub private_key: Vec<u8>,
    /// The public half as a JWK (RFC 7517).
    pub public_jwk: serde_json::Value,
    pub life: KeyLife,
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = signing_keys, treat_none_as_default_value = false)]
pub struct SigningKeyRow {
    kid: String,
    purpose: String,
    sealed: Vec<u8>,
    public_jwk: String,
    created_at: At,
    retired_at: Option<At>,
    signs_from: At,
}

impl SigningKeyRow {
    pub fn seal(key: &SigningKey, vault: &Vault) -> Self {
        Self {
            kid: key.kid.clone(),
            purpose: key.purpose.as_str().to_owned(),
            sealed: vault.seal(&context(&key.kid), &key.private_key),
            public_jwk: key.public_jwk.to_string(),
            created_at: At(key.life.created_at),
            retired_at: key.life.retired_at.map(At),
            signs_from: At(key.life.signs_from),
        }
    }

    fn open(self, vault: &Vault) -> Result<SigningKey> {
        let corrupt = |why: &str| Error::corrupt("signing_keys", &self.kid, why);
        Ok(SigningKey {
            purpose: KeyPurpose::parse(&self.purpose).ok_or_else(|| corrupt("its purpose is unknown"))?,
            private_key: vault
                .open(&context(&self.kid), &self.sealed)
                .ok_or_else(|| corrupt("it does not open; is this the master key it was sealed under?"))?,
            public_jwk: serde_json::from_str(&self.public_jwk)
                .map_err(|error| corrupt(&error.to_string()))?,
            kid: self.kid,
            life: KeyLife {
                created_at: self.created_at.0,
                signs_from: self.signs_from.0,
                retired_at: self.retired_at.map(|at| at.0),
            },
        })
    }
}

fn context(kid: &str) -> String {
    format!("signing_keys:{kid}")
}

pub(super) fn insert(conn: &mut Conn, row: &SigningKeyRow) -> QueryResult<bool> {
    diesel::insert_into(signing_keys::table).values(row).execute(conn).map(|n| n == 1)
}

pub(super) fn retire(conn: &mut Conn, kid: &str, at: DateTime<Utc>) -> QueryResult<bool> {
    let current =
        signing_keys::table.filter(signing_keys::kid.eq(kid)).filter(signing_keys::retired_at.is_null());
    diesel::update(current).set(signing_keys::retired_at.eq(At(at))).execute(conn).map(|n| n == 1)
}

impl Store {
    /// All signing keys, in the order in which they sign.
    pub async fn list_signing_keys(&self) -> Result<Vec<SigningKey>> {
        let rows: Vec<SigningKeyRow> = self
            .read(|conn| {
                Ok(signing_keys::table
                    .order((signing_keys::signs_from, signing_keys::created_at, signing_keys::kid))
                    .select(SigningKeyRow::as_select())
                    .load(conn)?)
            })
            .await?;
        rows.into_iter().map(|row| row.open(self.vault())).collect()
    }
}
