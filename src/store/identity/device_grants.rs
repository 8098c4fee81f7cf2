//! Device grants (RFC 8628): the device code by its SHA-256, the code a person
//! enters by a keyed index, since it is short enough to be guessed from a digest.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::domain::identity::device_grant::{Approval, Decision};
use crate::domain::identity::{ClientId, DeviceGrant, Digest, Methods, ScopeSet, UserCode};
use crate::store::Store;
use crate::store::conn::Conn;
use crate::store::error::{Error, Result};
use crate::store::schema::device_grants;
use crate::store::types::{At, Key};
use crate::store::vault::Vault;

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = device_grants, treat_none_as_default_value = false)]
pub struct DeviceGrantRow {
    digest: Vec<u8>,
    user_code_index: Vec<u8>,
    client: String,
    scope: String,
    created_at: At,
    expires_at: At,
    interval_seconds: i32,
    last_asked_at: Option<At>,
    /// `pending`, `denied`, `approved`.
    decision: String,
    account: Option<Key>,
    methods: Option<String>,
    sign_in: Option<Key>,
    authenticated_at: Option<At>,
}

/// The keyed index by which a grant is found from what a person entered.
pub fn user_code_index(vault: &Vault, code: &UserCode) -> Vec<u8> {
    vault.blind_index("device.user_code", code.letters())
}

fn word(decision: &Decision) -> &'static str {
    match decision {
        Decision::Pending => "pending",
        Decision::Denied => "denied",
        Decision::Approved(_) => "approved",
    }
}

fn approval(decision: &Decision) -> Option<&Approval> {
    match decision {
        Decision::Pending | Decision::Denied => None,
        Decision::Approved(approval) => Some(approval),
    }
}

impl DeviceGrantRow {
    pub fn new(digest: &Digest, code: &UserCode, grant: &DeviceGrant, vault: &Vault) -> Self {
        let approval = approval(&grant.decision);
        Self {
            digest: digest.to_vec(),
            user_code_index: user_code_index(vault, code),
            client: grant.client.to_string(),
            scope: grant.scopes.to_string(),
            created_at: At(grant.created_at),
            expires_at: At(grant.expires_at),
            interval_seconds: seconds(grant.interval_seconds),
            last_asked_at: grant.last_asked_at.map(At),
            decision: word(&grant.decision).to_owned(),
            account: approval.map(|approval| Key(approval.account)),
            methods: approval.map(|approval| approval.methods.to_string()),
            sign_in: approval.and_then(|approval| approval.sign_in).map(Key),
            authenticated_at: approval.map(|approval| At(approval.authenticated_at)),
        }
    }

    fn into_grant(self) -> Result<DeviceGrant> {
        let read = || {
            let decision = match self.decision.as_str() {
                "pending" => Decision::Pending,
                "denied" => Decision::Denied,
                "approved" => Decision::Approved(Approval {
                    account: self.account?.0,
                    methods: Methods::parse(self.methods.as_deref()?)?,
                    sign_in: self.sign_in.map(|id| id.0),
                    authenticated_at: self.authenticated_at?.0,
                }),
                _ => return None,
            };
            Some(DeviceGrant {
                client: ClientId::parse(&self.client).ok()?,
                scopes: ScopeSet::parse(&self.scope).ok()?,
                created_at: self.created_at.0,
                expires_at: self.expires_at.0,
                interval_seconds: u32::try_from(self.interval_seconds).ok()?,
                last_asked_at: self.last_asked_at.map(|at| at.0),
                decision,
            })
        };
        read().ok_or_else(|| Error::corrupt("device_grants", "?", "it is no grant"))
    }
}

/// Pauses stay far below 2³¹ seconds.
fn seconds(pause: u32) -> i32 {
    i32::try_from(pause).unwrap_or(i32::MAX)
}

pub(super) fn insert(conn: &mut Conn, row: &DeviceGrantRow) -> QueryResult<bool> {
    diesel::insert_into(device_grants::table).values(row).execute(conn).map(|n| n == 1)
}

pub(super) fn ask(
    conn: &mut Conn,
    digest: &Digest,
    at: DateTime<Utc>,
    interval_seconds: u32,
) -> QueryResult<bool> {
    diesel::update(device_grants::table.filter(device_grants::digest.eq(digest.as_slice())))
        .set((
            device_grants::last_asked_at.eq(At(at)),
            device_grants::interval_seconds.eq(seconds(interval_seconds)),
        ))
        .execute(conn)
        .map(|n| n == 1)
}

pub(super) fn decide(conn: &mut Conn, user_code_index: &[u8], decision: &Decision) -> QueryResult<bool> {
    let pending = device_grants::table
        .filter(device_grants::user_code_index.eq(user_code_index))
        .filter(device_grants::decision.eq(word(&Decision::Pending)));
    let approval = approval(decision);
    diesel::update(pending)
        .set((
            device_grants::decision.eq(word(decision)),
            device_grants::account.eq(approval.map(|approval| Key(approval.account))),
            device_grants::methods.eq(approval.map(|approval| approval.methods.to_string())),
            device_grants::sign_in.eq(approval.and_then(|approval| approval.sign_in).map(Key)),
            device_grants::authenticated_at.eq(approval.map(|approval| At(approval.authenticated_at))),
        ))
        .execute(conn)
        .map(|n| n == 1)
}

pub(super) fn redeem(conn: &mut Conn, digest: &Digest) -> QueryResult<bool> {
    let approved = device_grants::table
        .filter(device_grants::digest.eq(digest.as_slice()))
        .filter(device_grants::account.is_not_null());
    diesel::delete(approved).execute(conn).map(|n| n == 1)
}

pub(super) fn sweep(conn: &mut Conn, before: At) -> QueryResult<bool> {
    diesel::delete(device_grants::table.filter(device_grants::expires_at.lt(before))).execute(conn)?;
    Ok(true)
}

impl Store {
    pub async fn find_device_grant(&self, digest: Digest) -> Result<Option<DeviceGrant>> {
        let row: Option<DeviceGrantRow> = self
            .read(move |conn| {
                Ok(device_grants::table
                    .filter(device_grants::digest.eq(digest.as_slice()))
                    .select(DeviceGrantRow::as_select())
                    .first(conn)
                    .optional()?)
            })
            .await?;
        row.map(DeviceGrantRow::into_grant).transpose()
    }

    pub async fn find_device_grant_by_user_code(&self, code: &UserCode) -> Result<Option<DeviceGrant>> {
        let index = user_code_index(self.vault(), code);
        let row: Option<DeviceGrantRow> = self
            .read(move |conn| {
                Ok(device_grants::table
                    .filter(device_grants::user_code_index.eq(index))
                    .select(DeviceGrantRow::as_select())
                    .first(conn)
                    .optional()?)
            })
            .await?;
        row.map(DeviceGrantRow::into_grant).transpose()
    }
}
