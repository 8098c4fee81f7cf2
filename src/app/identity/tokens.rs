//! Issuing tokens, and telling what a presented one is worth. Verifying a
//! signature costs more than most requests; it is done once per token and
//! remembered under the token's digest.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Identity;
use crate::app::ctx::new_id;
use crate::app::error::AppResult;
use crate::domain::identity::claims::{ACCESS_TOKEN_TYPE, ID_TOKEN_TYPE, NEVER};
use crate::domain::identity::session::ACCESS_TOKEN_LIFETIME;
use crate::domain::identity::{
    Aal, AccessClaims, Assurance, Client, ClientId, Digest, Ial, IdClaims, PersonClaims, ScopeSet, Session,
    digest,
};

/// Longest token that is looked at, in bytes.
const LONGEST: usize = 4096;

/// A token whose signature, issuer and audience hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedToken {
    /// None for a client's own token.
    pub account: Option<Uuid>,
    pub client: ClientId,
    /// None for a client's own token and those of a demo.
    pub session: Option<Uuid>,
    pub scopes: ScopeSet,
    pub ial: Ial,
    pub aal: Aal,
    /// Seconds since 1970.
    pub authenticated_at: i64,
    /// Seconds since 1970.
    pub issued_at: i64,
    /// Seconds since 1970.
    pub expires_at: i64,
}

impl Identity {
    /// An access token for a session, good until `until`.
    pub(super) fn issue_access_token(
        &self,
        session: &Session,
        scopes: ScopeSet,
        ial: Ial,
        at: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> AppResult<String> {
        let assurance = Assurance { ial, aal: session.methods.aal() };
        let person = PersonClaims::new(Some(session.id), assurance, session.authenticated_at.timestamp());
        self.issue(&session.client, session.account.to_string(), scopes, Some(person), at, until.timestamp())
    }

    /// An access token of the client itself (RFC 6749 §4.4).
    pub(super) fn issue_client_token(
        &self,
        client: &Client,
        scopes: ScopeSet,
        at: DateTime<Utc>,
    ) -> AppResult<String> {
        let until = (at + ACCESS_TOKEN_LIFETIME).timestamp();
        self.issue(&client.id, client.id.to_string(), scopes, None, at, until)
    }

    /// A token for a persona of a demo. It outlasts every advance of the test
    /// clock, hangs on no session, and is good in a demo alone.
    pub fn issue_demo_token(
        &self,
        account: Uuid,
        client: &ClientId,
        scopes: ScopeSet,
        assurance: Assurance,
        at: DateTime<Utc>,
    ) -> AppResult<String> {
        let person = PersonClaims::new(None, assurance, at.timestamp());
        self.issue(client, account.to_string(), scopes, Some(person), at, NEVER)
    }

    fn issue(
        &self,
        client: &ClientId,
        sub: String,
        scopes: ScopeSet,
        person: Option<PersonClaims>,
        at: DateTime<Utc>,
        exp: i64,
    ) -> AppResult<String> {
        let claims = AccessClaims {
            iss: self.issuer.clone(),
            sub,
            aud: self.issuer.clone(),
            client_id: client.clone(),
            iat: at.timestamp(),
            exp,
            jti: new_id(at),
            scope: scopes,
            person,
            demo: exp == NEVER,
        };
        self.known().token_keys.sign(&claims, ACCESS_TOKEN_TYPE)
    }

    pub(super) fn issue_id_token(
        &self,
        session: &Session,
        ial: Ial,
        nonce: Option<String>,
        at: DateTime<Utc>,
    ) -> AppResult<String> {
        let claims = IdClaims {
            iss: self.issuer.clone(),
            sub: session.account.to_string(),
            aud: session.client.clone(),
            iat: at.timestamp(),
            exp: (at + ACCESS_TOKEN_LIFETIME).timestamp(),
            auth_time: session.authenticated_at.timestamp(),
            acr: Assurance { ial, aal: session.methods.aal() }.acr(),
            sid: session.id,
            nonce,
        };
        self.known().token_keys.sign(&claims, ID_TOKEN_TYPE)
    }

    /// The claims of an ID token this portal gave to that client, expired or not:
    /// what `id_token_hint` may be (OpenID Connect RP-Initiated Logout §2).
    pub(super) fn read_id_token(&self, jwt: &str, client: &ClientId) -> Option<IdClaims> {
        if jwt.len() > LONGEST {
            return None;
        }
        let keys = self.known();
        keys.token_keys.verify_token(
            jwt,
            ID_TOKEN_TYPE,
            &self.issuer,
            client.as_str(),
            DateTime::<Utc>::MIN_UTC,
        )
    }

    /// What a token is worth now; `None` when it is worth nothing.
    pub fn verify(&self, token: &str, at: DateTime<Utc>) -> Option<Arc<VerifiedToken>> {
        if token.len() > LONGEST {
            return None;
        }
        let key = digest(token.as_bytes());
        let verified = match self.verified.find(&key) {
            Some(verified) => verified,
            None => {
                let verified = Arc::new(self.verify_signature(token, at)?);
                self.verified.keep(key, Arc::clone(&verified), at.timestamp());
                verified
            }
        };
        let good = at.timestamp() < verified.expires_at
            && !verified.session.is_some_and(|session| self.has_ended(session))
            && self.client(verified.client.as_str()).is_some();
        good.then_some(verified)
    }

    fn verify_signature(&self, token: &str, at: DateTime<Utc>) -> Option<VerifiedToken> {
        let retired_before = at - ACCESS_TOKEN_LIFETIME;
        let claims: AccessClaims = self.known().token_keys.verify_token(
            token,
            ACCESS_TOKEN_TYPE,
            &self.issuer,
            &self.issuer,
            retired_before,
        )?;
        if !claims.is_in_force(at.timestamp(), self.demo) {
            return None;
        }
        let account = claims.account();
        let person = claims.person;
        // A person's token names an account, or it is none.
        if person.is_some() != account.is_some() {
            return None;
        }
        Some(VerifiedToken {
            account,
            client: claims.client_id,
            session: person.as_ref().and_then(|person| person.sid),
            scopes: claims.scope,
            ial: person.as_ref().map_or(Ial::DECLARED, |person| person.ial),
            aal: person.as_ref().map_or(Aal::ONE_FACTOR, |person| person.aal),
            authenticated_at: person.as_ref().map_or(claims.iat, |person| person.auth_time),
            issued_at: claims.iat,
            expires_at: claims.exp,
        })
    }
}

const SHARDS: usize = 16;
/// Tokens remembered per shard; some 300 bytes each.
const PER_SHARD: usize = 1024;

/// Verified tokens by digest, in shards so that threads seldom meet.
#[derive(Default)]
pub(super) struct TokenCache {
    shards: [Mutex<HashMap<Digest, Arc<VerifiedToken>>>; SHARDS],
}

impl TokenCache {
    fn shard(&self, key: &Digest) -> std::sync::MutexGuard<'_, HashMap<Digest, Arc<VerifiedToken>>> {
        self.shards[usize::from(key[0]) % SHARDS].lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, key: &Digest) -> Option<Arc<VerifiedToken>> {
        self.shard(key).get(key).cloned()
    }

    /// A full shard first drops what has expired, then everything.
    fn keep(&self, key: Digest, verified: Arc<VerifiedToken>, second: i64) {
        let mut shard = self.shard(&key);
        if shard.len() >= PER_SHARD {
            shard.retain(|_, kept| kept.expires_at > second);
        }
        if shard.len() >= PER_SHARD {
            shard.clear();
        }
        shard.insert(key, verified);
    }

    pub(super) fn forget_all(&self) {
        for shard in &self.shards {
            shard.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
    }
}
