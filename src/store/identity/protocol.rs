//! What the protocol keeps for a moment: pushed requests, proofs that are good
//! once, device grants; and the registrations administrators change.
//!
//! What always holds: each of these is used up by the write that expects it not
//! to have been.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::{clients, device_grants};
use crate::domain::identity::device_grant::Decision;
use crate::domain::identity::{Client, ClientId, Digest, Parameters, PushedRequest, UsedProof};
use crate::store::Store;
use crate::store::conn::Conn;
use crate::store::dialect;
use crate::store::error::{Error, Result};
use crate::store::schema::{pushed_requests, used_proofs};
use crate::store::types::At;

#[derive(Debug, Clone)]
pub enum ProtocolWrite {
    /// Registers a client whose id nobody has.
    InsertClient(Client),
    /// Replaces a registration that is still at the version before.
    UpdateClient(Client),
    /// Expects that it was not used before.
    UseProof(UsedProof),
    InsertPushed {
        digest: Digest,
        request: PushedRequest,
    },
    /// Expects that no browser came with it before.
    BeginPushed {
        digest: Digest,
        at: DateTime<Utc>,
        until: DateTime<Utc>,
    },
    /// Expects that it is there: it led to a code.
    SpendPushed {
        digest: Digest,
    },
    InsertDeviceGrant(device_grants::DeviceGrantRow),
    /// The device asked, and must keep this pause.
    AskDeviceGrant {
        digest: Digest,
        at: DateTime<Utc>,
        interval_seconds: u32,
    },
    /// Expects that nobody decided before.
    DecideDeviceGrant {
        user_code_index: Vec<u8>,
        decision: Decision,
    },
    /// Expects that it was approved and gave no tokens yet.
    RedeemDeviceGrant {
        digest: Digest,
    },
    /// Removes what expired before this.
    Sweep {
        before: DateTime<Utc>,
    },
}

use ProtocolWrite as Write;

impl ProtocolWrite {
    /// Whether it found what it expected.
    pub(in crate::store) fn apply(&self, conn: &mut Conn) -> QueryResult<bool> {
        match self {
            Write::InsertClient(client) => clients::insert(conn, client),
            Write::UpdateClient(client) => clients::update(conn, client),
            Write::UseProof(proof) => dialect::use_proof(conn, &proof.digest, At(proof.expires_at)),
            Write::InsertPushed { digest, request } => insert_pushed(conn, digest, request),
            Write::BeginPushed { digest, at, until } => {
                let fresh = pushed_requests::table
                    .filter(pushed_requests::digest.eq(digest.as_slice()))
                    .filter(pushed_requests::begun_at.is_null());
                diesel::update(fresh)
                    .set((pushed_requests::begun_at.eq(At(*at)), pushed_requests::expires_at.eq(At(*until))))
                    .execute(conn)
                    .map(|n| n == 1)
            }
            Write::SpendPushed { digest } => {
                diesel::delete(pushed_requests::table.filter(pushed_requests::digest.eq(digest.as_slice())))
                    .execute(conn)
                    .map(|n| n == 1)
            }
            Write::InsertDeviceGrant(row) => device_grants::insert(conn, row),
            Write::AskDeviceGrant { digest, at, interval_seconds } => {
                device_grants::ask(conn, digest, *at, *interval_seconds)
            }
            Write::DecideDeviceGrant { user_code_index, decision } => {
                device_grants::decide(conn, user_code_index, decision)
            }
            Write::RedeemDeviceGrant { digest } => device_grants::redeem(conn, digest),
            Write::Sweep { before } => {
                let before = At(*before);
                diesel::delete(used_proofs::table.filter(used_proofs::expires_at.lt(before)))
                    .execute(conn)?;
                diesel::delete(pushed_requests::table.filter(pushed_requests::expires_at.lt(before)))
                    .execute(conn)?;
                device_grants::sweep(conn, before)
            }
        }
    }
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = pushed_requests, treat_none_as_default_value = false)]
struct PushedRow {
    digest: Vec<u8>,
    client: String,
    /// Names and values as JSON.
    parameters: String,
    expires_at: At,
    begun_at: Option<At>,
}

fn insert_pushed(conn: &mut Conn, digest: &Digest, request: &PushedRequest) -> QueryResult<bool> {
    let row = PushedRow {
        digest: digest.to_vec(),
        client: request.client.to_string(),
        parameters: serde_json::json!(request.parameters.pairs()).to_string(),
        expires_at: At(request.expires_at),
        begun_at: request.begun_at.map(At),
    };
    diesel::insert_into(pushed_requests::table).values(row).execute(conn).map(|n| n == 1)
}

impl PushedRow {
    fn into_request(self) -> Result<PushedRequest> {
        let read = || {
            let pairs: Vec<(String, String)> = serde_json::from_str(&self.parameters).ok()?;
            Some(PushedRequest {
                client: ClientId::parse(&self.client).ok()?,
                parameters: Parameters::new(pairs),
                expires_at: self.expires_at.0,
                begun_at: self.begun_at.map(|at| at.0),
            })
        };
        read().ok_or_else(|| Error::corrupt("pushed_requests", "?", "it is no request"))
    }
}

impl Store {
    pub async fn find_pushed_request(&self, digest: Digest) -> Result<Option<PushedRequest>> {
        let row: Option<PushedRow> = self
            .read(move |conn| {
                Ok(pushed_requests::table
                    .filter(pushed_requests::digest.eq(digest.as_slice()))
                    .select(PushedRow::as_select())
                    .first(conn)
                    .optional()?)
            })
            .await?;
        row.map(PushedRow::into_request).transpose()
    }
}
