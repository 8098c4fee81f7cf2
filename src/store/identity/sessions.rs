//! Sessions, authorization codes and refresh tokens, the latter two by the
//! SHA-256 of their text.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use crate::domain::identity::{
    AuthorizationCode, ClientId, CodeChallenge, Digest, FreshCode, Level, Methods, RedirectUri, RefreshToken,
    Rotation, ScopeSet, Session, Thumbprint,
};
use crate::store::conn::Conn;
use crate::store::error::{Error, Result};
use crate::store::people;
use crate::store::rows::{RefreshRow, RefreshTokenRow};
use crate::store::schema::{accounts, authorization_codes, refresh_tokens, sessions};
use crate::store::types::{At, Key};
use crate::store::{Changes, Store};

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = sessions, treat_none_as_default_value = false)]
struct SessionRow {
    id: Key,
    account: Key,
    client: String,
    scope: String,
    authenticated_at: At,
    created_at: At,
    last_used_at: At,
    expires_at: At,
    revoked_at: Option<At>,
    methods: String,
    sign_in: Option<Key>,
    key_thumbprint: Option<String>,
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = authorization_codes, treat_none_as_default_value = false)]
struct CodeRow {
    digest: Vec<u8>,
    session: Key,
    account: Key,
    client: String,
    redirect_uri: String,
    code_challenge: String,
    scope: String,
    nonce: Option<String>,
    authenticated_at: At,
    expires_at: At,
    redeemed_at: Option<At>,
    methods: String,
    sign_in: Option<Key>,
    key_thumbprint: Option<String>,
}

/// A refresh token with all that answering it takes, found in one look.
#[derive(Debug, Clone, PartialEq)]
pub struct RefreshRecord {
    pub token: RefreshToken,
    pub session: Session,
    /// How well the holder is known; none when the account was closed.
    pub level: Option<Level>,
}

impl SessionRow {
    fn new(session: &Session) -> Self {
        Self {
            id: Key(session.id),
            account: Key(session.account),
            client: session.client.to_string(),
            scope: session.scopes.to_string(),
            authenticated_at: At(session.authenticated_at),
            created_at: At(session.created_at),
            last_used_at: At(session.last_used_at),
            expires_at: At(session.expires_at),
            revoked_at: session.revoked_at.map(At),
            methods: session.methods.to_string(),
            sign_in: session.sign_in.map(Key),
            key_thumbprint: session.key.map(|key| key.to_string()),
        }
    }

    fn into_session(self) -> Result<Session> {
        let read = || {
            Some(Session {
                id: self.id.0,
                account: self.account.0,
                client: ClientId::parse(&self.client).ok()?,
                scopes: ScopeSet::parse(&self.scope).ok()?,
                methods: Methods::parse(&self.methods)?,
                sign_in: self.sign_in.map(|id| id.0),
                key: thumbprint(self.key_thumbprint.as_deref())?,
                authenticated_at: self.authenticated_at.0,
                created_at: self.created_at.0,
                last_used_at: self.last_used_at.0,
                expires_at: self.expires_at.0,
                revoked_at: self.revoked_at.map(|at| at.0),
            })
        };
        read().ok_or_else(|| Error::corrupt("sessions", self.id.0, "it is no session"))
    }
}

impl CodeRow {
    fn new(digest: &Digest, code: &FreshCode) -> Self {
        Self {
            digest: digest.to_vec(),
            session: Key(code.session),
            account: Key(code.account),
            client: code.client.to_string(),
            redirect_uri: code.redirect_uri.to_string(),
            code_challenge: code.challenge.as_str().to_owned(),
            scope: code.scopes.to_string(),
            nonce: code.nonce.clone(),
            authenticated_at: At(code.authenticated_at),
            expires_at: At(code.expires_at),
            redeemed_at: None,
            methods: code.methods.to_string(),
            sign_in: code.sign_in.map(Key),
            key_thumbprint: code.key.map(|key| key.to_string()),
        }
    }

    fn into_code(self) -> Result<AuthorizationCode> {
        let session = self.session.0;
        let read = || {
            let client = ClientId::parse(&self.client).ok()?;
            if self.redeemed_at.is_some() {
                return Some(AuthorizationCode::Redeemed { client, session });
            }
            Some(AuthorizationCode::Fresh(FreshCode {
                session,
                account: self.account.0,
                client,
                redirect_uri: RedirectUri::parse(&self.redirect_uri).ok()?,
                challenge: CodeChallenge::parse(&self.code_challenge)?,
                scopes: ScopeSet::parse(&self.scope).ok()?,
                key: thumbprint(self.key_thumbprint.as_deref())?,
                nonce: self.nonce,
                methods: Methods::parse(&self.methods)?,
                sign_in: self.sign_in.map(|id| id.0),
                authenticated_at: self.authenticated_at.0,
                expires_at: self.expires_at.0,
            }))
        };
        read().ok_or_else(|| Error::corrupt("authorization_codes", session, "it is no code"))
    }
}

/// The outer `None`: there is one, and it does not read.
fn thumbprint(stored: Option<&str>) -> Option<Option<Thumbprint>> {
    stored.map_or(Some(None), |text| Thumbprint::parse(text).map(Some))
}

pub(super) fn insert(conn: &mut Conn, session: &Session) -> QueryResult<bool> {
    diesel::insert_into(sessions::table).values(SessionRow::new(session)).execute(conn).map(|n| n == 1)
}

pub(super) fn revoke(conn: &mut Conn, session: Uuid, at: DateTime<Utc>) -> QueryResult<bool> {
    let live = sessions::table.filter(sessions::id.eq(Key(session))).filter(sessions::revoked_at.is_null());
    diesel::update(live).set(sessions::revoked_at.eq(At(at))).execute(conn)?;
    Ok(true)
}

pub(super) fn insert_code(conn: &mut Conn, digest: &Digest, code: &FreshCode) -> QueryResult<bool> {
    diesel::insert_into(authorization_codes::table)
        .values(CodeRow::new(digest, code))
        .execute(conn)
        .map(|n| n == 1)
}

pub(super) fn redeem_code(conn: &mut Conn, digest: &Digest, at: DateTime<Utc>) -> QueryResult<bool> {
    let fresh = authorization_codes::table
        .filter(authorization_codes::digest.eq(digest.as_slice()))
        .filter(authorization_codes::redeemed_at.is_null());
    diesel::update(fresh).set(authorization_codes::redeemed_at.eq(At(at))).execute(conn).map(|n| n == 1)
}

pub(super) fn insert_refresh(conn: &mut Conn, digest: &Digest, token: &RefreshToken) -> QueryResult<bool> {
    diesel::insert_into(refresh_tokens::table)
        .values(RefreshTokenRow::new(digest, token))
        .execute(conn)
        .map(|n| n == 1)
}

impl RefreshTokenRow {
    fn new(digest: &Digest, token: &RefreshToken) -> Self {
        Self {
            digest: digest.to_vec(),
            session: Key(token.session),
            created_at: At(token.created_at),
            expires_at: At(token.expires_at),
            rotated_at: match token.rotation {
                Rotation::Current => None,
                Rotation::Rotated { at } => Some(At(at)),
            },
        }
    }

    fn into_token(self) -> RefreshToken {
        RefreshToken {
            session: self.session.0,
            created_at: self.created_at.0,
            expires_at: self.expires_at.0,
            rotation: self.rotated_at.map_or(Rotation::Current, |at| Rotation::Rotated { at: at.0 }),
        }
    }
}

impl Changes {
    /// Replaces a refresh token by its successor and notes that the session was
    /// used, if nobody replaced the one or ended the other before. This is the
    /// hot path of identity, and goes beside the other writes.
    pub fn refresh(&mut self, used: &Digest, successor: &Digest, token: &RefreshToken) -> &mut Self {
        self.refreshes.push(RefreshRow {
            used: used.to_vec(),
            session: Key(token.session),
            at: At(token.created_at),
            successor: RefreshTokenRow::new(successor, token),
        });
        self
    }
}

pub(super) fn sweep(conn: &mut Conn, before: DateTime<Utc>) -> QueryResult<()> {
    let before = At(before);
    diesel::delete(authorization_codes::table.filter(authorization_codes::expires_at.lt(before)))
        .execute(conn)?;
    diesel::delete(refresh_tokens::table.filter(refresh_tokens::expires_at.lt(before))).execute(conn)?;
    diesel::delete(sessions::table.filter(sessions::expires_at.lt(before))).execute(conn)?;
    Ok(())
}

impl Store {
    pub async fn find_code(&self, digest: Digest) -> Result<Option<AuthorizationCode>> {
        let row: Option<CodeRow> = self
            .read(move |conn| {
                Ok(authorization_codes::table
                    .filter(authorization_codes::digest.eq(digest.as_slice()))
                    .select(CodeRow::as_select())
                    .first(conn)
                    .optional()?)
            })
            .await?;
        row.map(CodeRow::into_code).transpose()
    }

    /// A refresh token with its session and its holder's level.
    pub async fn find_refresh_token(&self, digest: Digest) -> Result<Option<RefreshRecord>> {
        type Found = (RefreshTokenRow, SessionRow, (Option<At>, i32, Option<At>));
        let found: Option<Found> = self
            .read(move |conn| {
                Ok(refresh_tokens::table
                    .inner_join(sessions::table.on(sessions::id.eq(refresh_tokens::session)))
                    .inner_join(accounts::table.on(accounts::id.eq(sessions::account)))
                    .filter(refresh_tokens::digest.eq(digest.as_slice()))
                    .select((
                        RefreshTokenRow::as_select(),
                        SessionRow::as_select(),
                        (accounts::closed_at, accounts::ial, accounts::ial_until),
                    ))
                    .first(conn)
                    .optional()?)
            })
            .await?;
        let Some((token, session, known)) = found else { return Ok(None) };
        let session = session.into_session()?;
        let level = level_of(session.account, known)?;
        Ok(Some(RefreshRecord { token: token.into_token(), session, level }))
    }

    /// How well the holder of an account is known; `None` when there is no such
    /// account, or when it was closed.
    pub async fn find_level(&self, account: Uuid) -> Result<Option<Level>> {
        let found: Option<(Option<At>, i32, Option<At>)> = self
            .read(move |conn| {
                Ok(accounts::table
                    .filter(accounts::id.eq(Key(account)))
                    .select((accounts::closed_at, accounts::ial, accounts::ial_until))
                    .first(conn)
                    .optional()?)
            })
            .await?;
        found.map_or(Ok(None), |known| level_of(account, known))
    }

    pub async fn list_sessions_by_id(&self, ids: Vec<Uuid>) -> Result<Vec<Session>> {
        let rows: Vec<SessionRow> = self
            .read(move |conn| {
                let ids: Vec<Key> = ids.into_iter().map(Key).collect();
                Ok(sessions::table
                    .filter(sessions::id.eq_any(ids))
                    .order(sessions::id)
                    .select(SessionRow::as_select())
                    .load(conn)?)
            })
            .await?;
        rows.into_iter().map(SessionRow::into_session).collect()
    }

    pub async fn find_session(&self, id: Uuid) -> Result<Option<Session>> {
        let row: Option<SessionRow> = self
            .read(move |conn| {
                Ok(sessions::table
                    .filter(sessions::id.eq(Key(id)))
                    .select(SessionRow::as_select())
                    .first(conn)
                    .optional()?)
            })
            .await?;
        row.map(SessionRow::into_session).transpose()
    }

    /// The sessions of an account that were not ended and can still be used,
    /// the youngest first.
    pub async fn list_sessions(&self, account: Uuid, at: DateTime<Utc>) -> Result<Vec<Session>> {
        let rows: Vec<SessionRow> = self
            .read(move |conn| {
                Ok(sessions::table
                    .filter(sessions::account.eq(Key(account)))
                    .filter(sessions::revoked_at.is_null())
                    .filter(sessions::expires_at.gt(At(at)))
                    .order(sessions::id.desc())
                    .select(SessionRow::as_select())
                    .load(conn)?)
            })
            .await?;
        rows.into_iter().map(SessionRow::into_session).collect()
    }

    /// Sessions ended since then: what a token may not be used for though it
    /// has not expired.
    pub async fn list_sessions_revoked_since(&self, since: DateTime<Utc>) -> Result<Vec<Uuid>> {
        self.read(move |conn| {
            let ids: Vec<Key> =
                sessions::table.filter(sessions::revoked_at.ge(At(since))).select(sessions::id).load(conn)?;
            Ok(ids.into_iter().map(|id| id.0).collect())
        })
        .await
    }
}

fn level_of(account: Uuid, (closed_at, ial, until): (Option<At>, i32, Option<At>)) -> Result<Option<Level>> {
    let level = people::level(account, ial, until)?;
    Ok(closed_at.is_none().then_some(level))
}
