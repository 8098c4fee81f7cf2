//! 统一身份: who somebody is, how he signs in, what a token is worth. One
//! [`Identity`] per process keeps what every request needs in memory: clients,
//! signing keys, verified tokens, the rights of accounts, ended sessions.
//!
//! What always holds: whatever changes one of these raises `Epoch::Identity` in
//! the same transaction; every instance calls [`Identity::reload`] within a
//! second of that.

pub mod accounts;
pub mod authenticators;
pub mod browser;
mod caller;
pub mod clients;
pub mod consents;
pub mod device;
pub mod devices;
mod forms;
mod hashing;
pub mod holder;
mod key_uses;
mod keys;
pub mod oauth;
pub mod one_time_codes;
pub mod passkeys;
pub mod password_history;
pub mod passwords;
mod possession;
mod rights;
pub mod second_factor;
pub mod sessions;
pub mod sign_in;
pub mod sign_outs;
mod signatures;
pub(in crate::app) mod throttle;
mod token_cache;
mod tokens;
mod visitor;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::error::AppResult;
use crate::domain::identity::session::ACCESS_TOKEN_LIFETIME;
use crate::domain::identity::{Aal, Assurance, Client, Ial, Lifetimes, Password};
use crate::store::{Changes, Epoch, KeyPurpose, Store};

pub use caller::{Application, Caller, Principal, Shown};
pub use forms::new_form_key;
pub use hashing::HashingReport;
pub use tokens::{Delegation, VerifiedToken};
pub use visitor::Visitor;

use hashing::Hashers;
use key_uses::CountedSince;
use keys::KeyRing;
use rights::RightsCache;
use throttle::Noted;
use token_cache::TokenCache;

/// See the module.
pub struct Identity {
    store: Store,
    /// The base URL of this portal, as tokens name it.
    issuer: String,
    lifetimes: Lifetimes,
    /// Whether the tokens of a demo are good here.
    demo: bool,
    known: RwLock<Arc<Known>>,
    /// Held from reading to replacing, so that nobody replaces what is newer than
    /// what he read.
    reloading: tokio::sync::Mutex<()>,
    /// Sessions ended lately, and when: their tokens are not good any more.
    ended: RwLock<HashMap<Uuid, DateTime<Utc>>>,
    verified: TokenCache,
    rights: RightsCache,
    hashers: Hashers,
    noted: Noted,
    counted_since: CountedSince,
}

/// What changes rarely, replaced as a whole.
struct Known {
    clients: HashMap<String, Arc<Client>>,
    token_keys: KeyRing,
    seal_keys: KeyRing,
}

impl Identity {
    /// Loads everything, making the signing keys if there are none yet. `issuer`
    /// is the base URL of the portal without a slash at its end.
    pub async fn open(
        store: Store,
        issuer: impl Into<String>,
        lifetimes: Lifetimes,
        demo: bool,
        at: DateTime<Utc>,
    ) -> AppResult<Self> {
        keys::ensure(&store, at).await?;
        let known = load(&store).await?;
        let identity = Self {
            issuer: issuer.into(),
            lifetimes,
            demo,
            known: RwLock::new(Arc::new(known)),
            reloading: tokio::sync::Mutex::default(),
            ended: RwLock::default(),
            verified: TokenCache::default(),
            rights: RightsCache::default(),
            hashers: Hashers::start()?,
            noted: Noted::default(),
            counted_since: CountedSince::new(at),
            store,
        };
        identity.load_ended(at).await?;
        Ok(identity)
    }

    /// Looks again at everything kept in memory. Called when `Epoch::Identity`
    /// has moved.
    pub async fn reload(&self, at: DateTime<Utc>) -> AppResult<()> {
        self.rights.forget_all();
        self.load_ended(at).await?;
        let _turn = self.reloading.lock().await;
        let known = load(&self.store).await?;
        let keys_changed = !known.token_keys.is_same(&self.known().token_keys);
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(known);
        if keys_changed {
            self.verified.forget_all();
        }
        Ok(())
    }

    async fn load_ended(&self, at: DateTime<Utc>) -> AppResult<()> {
        let since = at - ACCESS_TOKEN_LIFETIME;
        let found = self.store.list_sessions_revoked_since(since).await?;
        let mut ended = self.ended.write().unwrap_or_else(PoisonError::into_inner);
        ended.retain(|_, ended_at| *ended_at >= since);
        for session in found {
            ended.entry(session).or_insert(at);
        }
        Ok(())
    }

    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// How long sessions rest and last here.
    pub fn lifetimes(&self) -> &Lifetimes {
        &self.lifetimes
    }

    /// An enabled client.
    pub fn client(&self, id: &str) -> Option<Arc<Client>> {
        self.known().clients.get(id).filter(|client| client.is_enabled()).cloned()
    }

    /// Any client, for showing its name.
    pub fn client_even_if_disabled(&self, id: &str) -> Option<Arc<Client>> {
        self.known().clients.get(id).cloned()
    }

    /// The keys tokens are verified with, as a JWK set (RFC 7517 §5): those that
    /// sign, will sign soon, or signed what is still good.
    pub fn token_jwks(&self, at: DateTime<Utc>) -> serde_json::Value {
        self.known().token_keys.jwks_at(at)
    }

    /// The keys receipts and certificates are verified with, retired ones included.
    pub fn seal_jwks(&self) -> serde_json::Value {
        self.known().seal_keys.jwks()
    }

    /// Signs a receipt or certificate: a compact JWS (RFC 7515), ES256.
    pub fn sign_seal(
        &self,
        claims: &impl serde::Serialize,
        typ: &str,
        at: DateTime<Utc>,
    ) -> AppResult<String> {
        Ok(self.known().seal_keys.sign(claims, typ, at)?.jws)
    }

    /// What a seal of that type says, if one of this portal's keys, retired or
    /// not, signed it.
    pub fn verify_seal(&self, jws: &str, typ: &str) -> Option<serde_json::Value> {
        self.known().seal_keys.verify_seal(jws, typ)
    }

    /// What the threads that hash passwords have done.
    pub fn hashing(&self) -> HashingReport {
        self.hashers.report()
    }

    /// The PHC string of a password, argon2id. Waits for its turn.
    ///
    /// # Errors
    /// `Unavailable` when too many are waiting.
    pub async fn hash_password(&self, password: Password) -> AppResult<String> {
        self.hashers.hash(password).await
    }

    /// Registers clients or replaces their registrations.
    pub async fn put_clients(&self, clients: Vec<Client>, at: DateTime<Utc>) -> AppResult<()> {
        let mut changes = Changes::new();
        for mut client in clients {
            client.settle_sector();
            let problems = client.problems();
            if !problems.is_empty() {
                return Err(super::AppError::Invalid(problems));
            }
            changes.write(crate::store::IdentityWrite::PutClient(client));
        }
        changes.write(Epoch::Identity);
        self.store.commit(changes).await?;
        self.reload(at).await
    }

    fn known(&self) -> Arc<Known> {
        Arc::clone(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn has_ended(&self, session: Uuid) -> bool {
        self.ended.read().unwrap_or_else(PoisonError::into_inner).contains_key(&session)
    }

    fn note_ended(&self, session: Uuid, at: DateTime<Utc>) {
        self.ended.write().unwrap_or_else(PoisonError::into_inner).insert(session, at);
    }
}

async fn load(store: &Store) -> AppResult<Known> {
    let clients = store.list_clients().await?;
    let (token, seal) =
        store.list_signing_keys().await?.into_iter().partition(|key| key.purpose == KeyPurpose::Token);
    Ok(Known {
        clients: clients.into_iter().map(|client| (client.id.to_string(), Arc::new(client))).collect(),
        token_keys: KeyRing::new(token, store.vault().uses())?,
        seal_keys: KeyRing::new(seal, store.vault().uses())?,
    })
}

/// The `acr` value that asks for these levels (RFC 9470); levels come from a
/// published guide, which was checked to keep to the scales.
pub fn acr(ial: u8, aal: u8) -> String {
    let assurance = Assurance {
        ial: Ial::new(ial).unwrap_or(Ial::DECLARED),
        aal: Aal::new(aal).unwrap_or(Aal::ONE_FACTOR),
    };
    assurance.acr()
}
