//! Sessions, authorization codes and refresh tokens, the latter two by the
//! SHA-256 of their text.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use crate::domain::identity::{
    AuthorizationCode, ClientId, CodeChallenge, Digest, FreshCode, Methods, RedirectUri, RefreshToken, Rotation,
    ScopeSet, Session,
};
use crate::store::Store;
use crate::store::conn::Conn;
use crate::store::error::{Error, Result};
use crate::store::schema::{authorization_codes, refresh_tokens, sessions};
use crate::store::types::{At, Key};

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
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = refresh_tokens, treat_none_as_default_value = false)]
struct RefreshRow {
    digest: Vec<u8>,
    session: Key,
    created_at: At,
    expires_at: At,
    rotated_at: Option<At>,
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

pub(super) fn insert(conn: &mut Conn, session: &Session) -> QueryResult<bool> {
    diesel::insert_into(sessions::table).values(SessionRow::new(session)).execute(conn).map(|n| n == 1)
}

pub(super) fn touch(conn: &mut Conn, session: Uuid, at: DateTime<Utc>) -> QueryResult<bool> {
    let live = sessions::table.filter(sessions::id.eq(Key(session))).filter(sessions::revoked_at.is_null());
    diesel::update(live).set(sessions::last_used_at.eq(At(at))).execute(conn).map(|n| n == 1)
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
    let row = RefreshRow {
        digest: digest.to_vec(),
        session: Key(token.session),
        created_at: At(token.created_at),
        expires_at: At(token.expires_at),
        rotated_at: match token.rotation {
            Rotation::Current => None,
            Rotation::Rotated { at } => Some(At(at)),
        },
    };
    diesel::insert_into(refresh_tokens::table).values(row).execute(conn).map(|n| n == 1)
}

pub(super) fn rotate_refresh(conn: &mut Conn, digest: &Digest, at: DateTime<Utc>) -> QueryResult<bool> {
    let current = refresh_tokens::table
        .filter(refresh_tokens::digest.eq(digest.as_slice()))
        .filter(refresh_tokens::rotated_at.is_null());
    diesel::update(current).set(refresh_tokens::rotated_at.eq(At(at))).execute(conn).map(|n| n == 1)
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

    /// A refresh token with its session.
    pub async fn find_refresh_token(&self, digest: Digest) -> Result<Option<(RefreshToken, Session)>> {
        let found: Option<(RefreshRow, SessionRow)> = self
            .read(move |conn| {
                let row: Option<RefreshRow> = refresh_tokens::table
                    .filter(refresh_tokens::digest.eq(digest.as_slice()))
                    .select(RefreshRow::as_select())
                    .first(conn)
                    .optional()?;
                let Some(row) = row else { return Ok(None) };
                let session = sessions::table
                    .filter(sessions::id.eq(row.session))
                    .select(SessionRow::as_select())
                    .first(conn)
                    .optional()?;
                Ok(session.map(|session| (row, session)))
            })
            .await?;
        let Some((row, session)) = found else { return Ok(None) };
        let token = RefreshToken {
            session: row.session.0,
            created_at: row.created_at.0,
            expires_at: row.expires_at.0,
            rotation: row.rotated_at.map_or(Rotation::Current, |at| Rotation::Rotated { at: at.0 }),
        };
        Ok(Some((token, session.into_session()?)))
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
