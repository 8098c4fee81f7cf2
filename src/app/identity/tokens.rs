//! Issuing tokens, and telling what a presented one is worth.
//!
//! What always holds: a third party is given a name for a person that leads back
//! to nobody; a token for a principal is worth nothing once its mandate is over.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::Identity;
use super::keys::Signed;
use crate::app::ctx::new_id;
use crate::app::error::AppResult;
use crate::domain::identity::claims::{ACCESS_TOKEN_TYPE, ID_TOKEN_TYPE, LOGOUT_TOKEN_TYPE, NEVER};
use crate::domain::identity::session::ACCESS_TOKEN_LIFETIME;
use crate::domain::identity::{
    Aal, AccessClaims, ActorClaim, Assurance, Client, ClientId, Confirmation, Holder, Ial, IdClaims,
    LogoutClaims, Methods, PersonClaims, ScopeSet, Session, Thumbprint, digest,
};
use crate::domain::policy::Mandate;

/// Longest token that is looked at, in bytes.
const LONGEST: usize = 4096;
/// How long a logout token is good (Back-Channel Logout 1.0 §2.4 asks for two
/// minutes at the most).
const LOGOUT_LIFETIME: TimeDelta = TimeDelta::minutes(2);

/// A token whose signature, issuer and audience hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedToken {
    /// The `sub`, as its client sees it.
    pub subject: String,
    /// None for a client's own token.
    pub account: Option<Uuid>,
    pub client: ClientId,
    /// None for a client's own token and those of a demo.
    pub session: Option<Uuid>,
    pub scopes: ScopeSet,
    /// The key it is bound to.
    pub key: Option<Thumbprint>,
    pub ial: Ial,
    pub aal: Aal,
    pub acr: Option<String>,
    pub amr: Vec<String>,
    /// For whom it acts, and who acts.
    pub delegation: Option<Delegation>,
    /// Seconds since 1970.
    pub authenticated_at: i64,
    /// Seconds since 1970.
    pub issued_at: i64,
    /// Seconds since 1970.
    pub expires_at: i64,
}

/// What makes a token one for a principal (RFC 8693 §4.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delegation {
    /// The `act.sub`, as the client sees it.
    pub actor: String,
    pub mandate: Uuid,
}

/// What every access token is made of.
pub(super) struct Grounds<'a> {
    pub(super) client: &'a Client,
    pub(super) scopes: ScopeSet,
    /// The key it is to be bound to.
    pub(super) key: Option<Thumbprint>,
    pub(super) at: DateTime<Utc>,
    pub(super) until: DateTime<Utc>,
}

impl Identity {
    /// What an account or person is called before that client: its id, or for a
    /// third party a name that holds within its sector alone (OpenID Connect Core §8.1).
    pub fn subject(&self, client: &Client, id: Uuid) -> String {
        match client.pairwise_sector() {
            None => id.to_string(),
            Some(sector) => {
                URL_SAFE_NO_PAD.encode(self.store.vault().blind_index("pairwise", &format!("{sector}\n{id}")))
            }
        }
    }

    /// An access token for a session.
    pub(super) fn issue_access_token(
        &self,
        grounds: &Grounds<'_>,
        session: &Session,
        ial: Ial,
    ) -> AppResult<String> {
        let assurance = Assurance { ial, aal: session.methods.aal() };
        let signed_in_at = session.authenticated_at.timestamp();
        let person = PersonClaims::new(Some(session.id), assurance, session.methods, signed_in_at);
        Ok(self.issue(grounds, self.subject(grounds.client, session.account), Some(person))?.jws)
    }

    /// An access token of the client itself (RFC 6749 §4.4).
    pub(super) fn issue_client_token(&self, grounds: &Grounds<'_>) -> AppResult<String> {
        Ok(self.issue(grounds, grounds.client.id.to_string(), None)?.jws)
    }

    /// The token of an agent, exchanged for one that speaks for his principal.
    pub(super) fn issue_exchanged_token(
        &self,
        grounds: &Grounds<'_>,
        own: &VerifiedToken,
        mandate: &Mandate,
    ) -> AppResult<Signed> {
        let assurance = Assurance { ial: own.ial, aal: own.aal };
        let mut person = PersonClaims::new(own.session, assurance, Methods::NONE, own.authenticated_at);
        person.amr.clone_from(&own.amr);
        person.act = Some(ActorClaim { sub: own.subject.clone() });
        person.mandate = Some(mandate.id);
        self.issue(grounds, self.subject(grounds.client, mandate.principal), Some(person))
    }

    /// A token for a persona of a demo. It outlasts every advance of the test
    /// clock, hangs on no session, and is good in a demo alone. Without a session
    /// there is nothing that would lead from a pairwise name to the account: even
    /// for a third party its subject is the account.
    pub fn issue_demo_token(
        &self,
        account: Uuid,
        client: &ClientId,
        scopes: ScopeSet,
        assurance: Assurance,
        at: DateTime<Utc>,
    ) -> AppResult<String> {
        let person = PersonClaims::new(None, assurance, Methods::NONE, at.timestamp());
        let claims = AccessClaims {
            exp: NEVER,
            demo: true,
            ..self.claims(client, account.to_string(), scopes, Some(person), at)
        };
        Ok(self.known().token_keys.sign(&claims, ACCESS_TOKEN_TYPE, at)?.jws)
    }

    fn issue(&self, grounds: &Grounds<'_>, sub: String, person: Option<PersonClaims>) -> AppResult<Signed> {
        let Grounds { client, scopes, key, at, until } = grounds;
        let claims = AccessClaims {
            exp: until.timestamp(),
            cnf: key.map(|jkt| Confirmation { jkt }),
            ..self.claims(&client.id, sub, *scopes, person, *at)
        };
        self.known().token_keys.sign(&claims, ACCESS_TOKEN_TYPE, *at)
    }

    fn claims(
        &self,
        client: &ClientId,
        sub: String,
        scope: ScopeSet,
        person: Option<PersonClaims>,
        at: DateTime<Utc>,
    ) -> AccessClaims {
        AccessClaims {
            iss: self.issuer.clone(),
            sub,
            aud: self.issuer.clone(),
            client_id: client.clone(),
            iat: at.timestamp(),
            exp: at.timestamp(),
            jti: new_id(at),
            scope,
            cnf: None,
            person,
            demo: false,
        }
    }

    pub(super) fn issue_id_token(
        &self,
        client: &Client,
        session: &Session,
        ial: Ial,
        nonce: Option<String>,
        at: DateTime<Utc>,
    ) -> AppResult<String> {
        let claims = IdClaims {
            iss: self.issuer.clone(),
            sub: self.subject(client, session.account),
            aud: session.client.clone(),
            iat: at.timestamp(),
            exp: (at + ACCESS_TOKEN_LIFETIME).timestamp(),
            auth_time: session.authenticated_at.timestamp(),
            acr: Assurance { ial, aal: session.methods.aal() }.acr(),
            amr: session.methods.amr().into_iter().map(str::to_owned).collect(),
            sid: session.id,
            nonce,
        };
        Ok(self.known().token_keys.sign(&claims, ID_TOKEN_TYPE, at)?.jws)
    }

    /// Tells a client that a session of its has ended.
    pub(super) fn issue_logout_token(
        &self,
        client: &Client,
        account: Uuid,
        session: Uuid,
        at: DateTime<Utc>,
    ) -> AppResult<String> {
        let claims = LogoutClaims {
            iss: self.issuer.clone(),
            sub: self.subject(client, account),
            aud: client.id.clone(),
            iat: at.timestamp(),
            exp: (at + LOGOUT_LIFETIME).timestamp(),
            jti: new_id(at),
            sid: session,
            events: LogoutClaims::event(),
        };
        Ok(self.known().token_keys.sign(&claims, LOGOUT_TOKEN_TYPE, at)?.jws)
    }

    /// The claims of an ID token this portal gave to that client, expired or not:
    /// what `id_token_hint` may be (OpenID Connect RP-Initiated Logout §2).
    pub(super) fn read_id_token(&self, jwt: &str, client: &ClientId) -> Option<IdClaims> {
        if jwt.len() > LONGEST {
            return None;
        }
        self.known().token_keys.verify_token(jwt, ID_TOKEN_TYPE, &self.issuer, client.as_str(), None)
    }

    /// What a token is worth now; `None` when it is worth nothing.
    pub async fn verify(&self, token: &str, at: DateTime<Utc>) -> AppResult<Option<Arc<VerifiedToken>>> {
        if token.len() > LONGEST {
            return Ok(None);
        }
        let key = digest(token.as_bytes());
        let verified = match self.verified.find(&key) {
            Some(verified) => verified,
            None => {
                let Some(verified) = self.verify_signature(token, at).await? else { return Ok(None) };
                let verified = Arc::new(verified);
                self.verified.keep(key, Arc::clone(&verified), at.timestamp());
                verified
            }
        };
        let good = at.timestamp() < verified.expires_at
            && !verified.session.is_some_and(|session| self.has_ended(session))
            && self.client(verified.client.as_str()).is_some();
        let lasts = good
            && match &verified.delegation {
                None => true,
                Some(delegation) => self.mandate_of(&verified, delegation, at).await?.is_some(),
            };
        Ok(lasts.then_some(verified))
    }

    /// The mandate a token acts by, while it is in force.
    pub(super) async fn mandate_of(
        &self,
        token: &VerifiedToken,
        delegation: &Delegation,
        at: DateTime<Utc>,
    ) -> AppResult<Option<Mandate>> {
        let Some(account) = token.account else { return Ok(None) };
        let Some(rights) = self.rights(account).await? else { return Ok(None) };
        let found = rights.mandates.iter().find(|mandate| mandate.id == delegation.mandate);
        Ok(found.filter(|mandate| mandate.in_force(at)).cloned())
    }

    async fn verify_signature(&self, token: &str, at: DateTime<Utc>) -> AppResult<Option<VerifiedToken>> {
        // The tokens of a demo are good for ever, and with them the keys.
        let keys_at = (!self.demo).then_some(at);
        let known = self.known();
        let claims: Option<AccessClaims> =
            known.token_keys.verify_token(token, ACCESS_TOKEN_TYPE, &self.issuer, &self.issuer, keys_at);
        let Some(claims) = claims.filter(|claims| claims.is_in_force(at.timestamp(), self.demo)) else {
            return Ok(None);
        };
        let account = match claims.holder() {
            None => return Ok(None),
            Some(Holder::Client) => None,
            Some(Holder::Account(account)) => Some(account),
            Some(Holder::AccountOf { session }) => match self.store.find_session(session).await? {
                Some(session) if session.client == claims.client_id => Some(session.account),
                Some(_) | None => return Ok(None),
            },
        };
        Ok(VerifiedToken::new(claims, account))
    }
}

impl VerifiedToken {
    /// `None` when it names an actor without a mandate, or the other way round.
    fn new(claims: AccessClaims, account: Option<Uuid>) -> Option<Self> {
        let person = claims.person;
        let delegation = match person.as_ref().map(|person| (&person.act, person.mandate)) {
            None | Some((None, None)) => None,
            Some((Some(act), Some(mandate))) => Some(Delegation { actor: act.sub.clone(), mandate }),
            Some((Some(_), None) | (None, Some(_))) => return None,
        };
        Some(Self {
            subject: claims.sub,
            account,
            client: claims.client_id,
            session: person.as_ref().and_then(|person| person.sid),
            scopes: claims.scope,
            key: claims.cnf.map(|cnf| cnf.jkt),
            ial: person.as_ref().map_or(Ial::DECLARED, |person| person.ial),
            aal: person.as_ref().map_or(Aal::ONE_FACTOR, |person| person.aal),
            acr: person.as_ref().map(|person| person.acr.clone()),
            delegation,
            authenticated_at: person.as_ref().map_or(claims.iat, |person| person.auth_time),
            amr: person.map(|person| person.amr).unwrap_or_default(),
            issued_at: claims.iat,
            expires_at: claims.exp,
        })
    }
}
