//! 登录 and 授权同意 as rows: browsers somebody signed in with, by the SHA-256 of
//! their cookie, and what people let third-party apps do.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use crate::domain::identity::{BrowserSignIn, ClientId, Digest, Methods, ScopeSet};
use crate::store::Store;
use crate::store::conn::Conn;
use crate::store::error::{Error, Result};
use crate::store::schema::{authorization_codes, consents, sessions, sign_ins};
use crate::store::types::{At, Key};

/// A write to what a browser or an agreement left behind.
#[derive(Debug, Clone)]
pub enum SignInWrite {
    Insert {
        digest: Digest,
        sign_in: BrowserSignIn,
    },
    /// Something more was shown: a new secret, if the one before is still the present one.
    Replace {
        before: Digest,
        digest: Digest,
        sign_in: BrowserSignIn,
    },
    /// It was used; one that has ended stays as it is.
    Touch {
        id: Uuid,
        at: DateTime<Utc>,
    },
    /// Ends it and what was not yet redeemed of it; one that has ended stays as it is.
    End {
        id: Uuid,
        at: DateTime<Utc>,
    },
    /// The codes of an account that were not redeemed end: all, or those of one client.
    EndCodes {
        account: Uuid,
        client: Option<ClientId>,
        at: DateTime<Utc>,
    },
    /// Replaces what was granted before.
    PutConsent {
        account: Uuid,
        client: ClientId,
        scopes: ScopeSet,
        at: DateTime<Utc>,
    },
    /// Expects that it had not been revoked.
    RevokeConsent {
        account: Uuid,
        client: ClientId,
        at: DateTime<Utc>,
    },
}

/// What a person lets a client do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentRecord {
    pub client: ClientId,
    pub scopes: ScopeSet,
    pub granted_at: DateTime<Utc>,
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = sign_ins, treat_none_as_null = true, treat_none_as_default_value = false)]
struct SignInRow {
    id: Key,
    secret_digest: Vec<u8>,
    account: Key,
    methods: String,
    proof: Key,
    authenticated_at: At,
    created_at: At,
    last_used_at: At,
    expires_at: At,
    revoked_at: Option<At>,
    user_agent: String,
    network: Vec<u8>,
}

impl SignInRow {
    fn new(digest: &Digest, sign_in: &BrowserSignIn) -> Self {
        Self {
            id: Key(sign_in.id),
            secret_digest: digest.to_vec(),
            account: Key(sign_in.account),
            methods: sign_in.methods.to_string(),
            proof: Key(sign_in.proof),
            authenticated_at: At(sign_in.authenticated_at),
            created_at: At(sign_in.created_at),
            last_used_at: At(sign_in.last_used_at),
            expires_at: At(sign_in.expires_at),
            revoked_at: sign_in.revoked_at.map(At),
            user_agent: sign_in.user_agent.clone(),
            network: sign_in.network.clone(),
        }
    }

    fn into_sign_in(self) -> Result<BrowserSignIn> {
        let id = self.id.0;
        let methods = Methods::parse(&self.methods)
            .ok_or_else(|| Error::corrupt("sign_ins", id, "its methods are unknown"))?;
        Ok(BrowserSignIn {
            id,
            account: self.account.0,
            methods,
            proof: self.proof.0,
            authenticated_at: self.authenticated_at.0,
            created_at: self.created_at.0,
            last_used_at: self.last_used_at.0,
            expires_at: self.expires_at.0,
            revoked_at: self.revoked_at.map(|at| at.0),
            user_agent: self.user_agent,
            network: self.network,
        })
    }
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = consents, treat_none_as_default_value = false)]
struct ConsentRow {
    account: Key,
    client: String,
    scope: String,
    granted_at: At,
    revoked_at: Option<At>,
}

impl ConsentRow {
    fn into_record(self) -> Result<ConsentRecord> {
        let read = || Some((ClientId::parse(&self.client).ok()?, ScopeSet::parse(&self.scope).ok()?));
        let (client, scopes) =
            read().ok_or_else(|| Error::corrupt("consents", self.account.0, "it is no agreement"))?;
        Ok(ConsentRecord { client, scopes, granted_at: self.granted_at.0 })
    }
}

/// The row, unless it has ended.
macro_rules! live {
    ($id:expr) => {
        sign_ins::table.filter(sign_ins::id.eq(Key($id))).filter(sign_ins::revoked_at.is_null())
    };
}

macro_rules! consent {
    ($account:expr, $client:expr) => {
        consents::table
            .filter(consents::account.eq(Key($account)))
            .filter(consents::client.eq($client.as_str()))
    };
}

impl SignInWrite {
    pub(in crate::store) fn apply(&self, conn: &mut Conn) -> QueryResult<bool> {
        match self {
            SignInWrite::Insert { digest, sign_in } => {
                let row = SignInRow::new(digest, sign_in);
                diesel::insert_into(sign_ins::table).values(row).execute(conn).map(|n| n == 1)
            }
            SignInWrite::Replace { before, digest, sign_in } => {
                let present = live!(sign_in.id).filter(sign_ins::secret_digest.eq(before.to_vec()));
                diesel::update(present).set(SignInRow::new(digest, sign_in)).execute(conn).map(|n| n == 1)
            }
            SignInWrite::Touch { id, at } => {
                diesel::update(live!(*id)).set(sign_ins::last_used_at.eq(At(*at))).execute(conn).map(|_| true)
            }
            SignInWrite::End { id, at } => {
                diesel::update(live!(*id)).set(sign_ins::revoked_at.eq(At(*at))).execute(conn)?;
                let codes = authorization_codes::table.filter(authorization_codes::sign_in.eq(Key(*id)));
                let ended = authorization_codes::expires_at.eq(At(*at));
                diesel::update(codes).set(ended).execute(conn).map(|_| true)
            }
            SignInWrite::EndCodes { account, client, at } => {
                let codes = authorization_codes::table.filter(authorization_codes::account.eq(Key(*account)));
                let ended = authorization_codes::expires_at.eq(At(*at));
                match client {
                    None => diesel::update(codes).set(ended).execute(conn)?,
                    Some(client) => {
                        let codes = codes.filter(authorization_codes::client.eq(client.as_str()));
                        diesel::update(codes).set(ended).execute(conn)?
                    }
                };
                Ok(true)
            }
            SignInWrite::PutConsent { account, client, scopes, at } => {
                let row = ConsentRow {
                    account: Key(*account),
                    client: client.to_string(),
                    scope: scopes.to_string(),
                    granted_at: At(*at),
                    revoked_at: None,
                };
                diesel::delete(consent!(*account, client)).execute(conn)?;
                diesel::insert_into(consents::table).values(row).execute(conn).map(|n| n == 1)
            }
            SignInWrite::RevokeConsent { account, client, at } => {
                let granted = consent!(*account, client).filter(consents::revoked_at.is_null());
                diesel::update(granted).set(consents::revoked_at.eq(At(*at))).execute(conn).map(|n| n == 1)
            }
        }
    }
}

/// Drops sign-ins that were over before then.
pub(super) fn sweep(conn: &mut Conn, before: DateTime<Utc>) -> QueryResult<()> {
    diesel::delete(sign_ins::table.filter(sign_ins::expires_at.lt(At(before)))).execute(conn).map(drop)
}

impl Store {
    /// The sign-in whose cookie has this digest, whatever its state.
    pub async fn find_sign_in(&self, digest: Digest) -> Result<Option<BrowserSignIn>> {
        let row: Option<SignInRow> = self
            .read(move |conn| {
                Ok(sign_ins::table
                    .filter(sign_ins::secret_digest.eq(digest.as_slice()))
                    .select(SignInRow::as_select())
                    .first(conn)
                    .optional()?)
            })
            .await?;
        row.map(SignInRow::into_sign_in).transpose()
    }

    /// The sign-ins of an account that were not ended and are not over, the
    /// youngest first.
    pub async fn list_sign_ins(&self, account: Uuid, at: DateTime<Utc>) -> Result<Vec<BrowserSignIn>> {
        let rows: Vec<SignInRow> = self
            .read(move |conn| {
                Ok(sign_ins::table
                    .filter(sign_ins::account.eq(Key(account)))
                    .filter(sign_ins::revoked_at.is_null())
                    .filter(sign_ins::expires_at.gt(At(at)))
                    .order(sign_ins::id.desc())
                    .select(SignInRow::as_select())
                    .load(conn)?)
            })
            .await?;
        rows.into_iter().map(SignInRow::into_sign_in).collect()
    }

    /// The sessions begun from a sign-in that were not ended.
    pub async fn list_sessions_of_sign_in(&self, sign_in: Uuid) -> Result<Vec<Uuid>> {
        self.read(move |conn| {
            let ids: Vec<Key> = sessions::table
                .filter(sessions::sign_in.eq(Key(sign_in)))
                .filter(sessions::revoked_at.is_null())
                .select(sessions::id)
                .load(conn)?;
            Ok(ids.into_iter().map(|id| id.0).collect())
        })
        .await
    }

    /// What a person lets a client do, unless he took it back.
    pub async fn find_consent(&self, account: Uuid, client: &ClientId) -> Result<Option<ConsentRecord>> {
        let client = client.clone();
        let row: Option<ConsentRow> = self
            .read(move |conn| {
                Ok(consent!(account, client)
                    .filter(consents::revoked_at.is_null())
                    .select(ConsentRow::as_select())
                    .first(conn)
                    .optional()?)
            })
            .await?;
        row.map(ConsentRow::into_record).transpose()
    }

    /// Everything a person lets clients do, by client.
    pub async fn list_consents(&self, account: Uuid) -> Result<Vec<ConsentRecord>> {
        let rows: Vec<ConsentRow> = self
            .read(move |conn| {
                Ok(consents::table
                    .filter(consents::account.eq(Key(account)))
                    .filter(consents::revoked_at.is_null())
                    .order(consents::client)
                    .select(ConsentRow::as_select())
                    .load(conn)?)
            })
            .await?;
        rows.into_iter().map(ConsentRow::into_record).collect()
    }
}
