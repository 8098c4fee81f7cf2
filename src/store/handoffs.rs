//! 接续码 as rows, by a keyed digest, and the officers whom one let help with a draft.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use super::Store;
use super::conn::Conn;
use super::error::Result;
use super::schema::{case_helpers, handoffs};
use super::types::{At, Key};
use super::vault::Vault;
use crate::domain::handoff::Handoff;
use crate::domain::identity::UserCode;
use crate::domain::policy::CaseHelper;

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = handoffs, treat_none_as_default_value = false)]
pub struct HandoffRow {
    digest: Vec<u8>,
    case_id: Key,
    issued_by: Key,
    issued_at: At,
    expires_at: At,
    opened_at: Option<At>,
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = case_helpers, treat_none_as_default_value = false)]
struct HelperRow {
    case_id: Key,
    account: Key,
    post: Key,
    until: At,
}

impl HandoffRow {
    pub fn new(code: &UserCode, handoff: &Handoff, vault: &Vault) -> Self {
        Self {
            digest: handoff_digest(vault, code),
            case_id: Key(handoff.case),
            issued_by: Key(handoff.issued_by),
            issued_at: At(handoff.issued_at),
            expires_at: At(handoff.expires_at),
            opened_at: handoff.opened_at.map(At),
        }
    }

    fn into_handoff(self) -> Handoff {
        Handoff {
            case: self.case_id.0,
            issued_by: self.issued_by.0,
            issued_at: self.issued_at.0,
            expires_at: self.expires_at.0,
            opened_at: self.opened_at.map(|at| at.0),
        }
    }
}

/// What a code is kept by.
pub fn handoff_digest(vault: &Vault, code: &UserCode) -> Vec<u8> {
    vault.blind_index("handoff", code.letters())
}

/// A write to one of these tables.
#[derive(Debug, Clone)]
pub enum HandoffWrite {
    /// The case's one live code; those before it are good no more.
    Issue(HandoffRow),
    /// Expects that nobody opened it.
    Open { digest: Vec<u8>, at: DateTime<Utc> },
    /// An officer helps with a case.
    Help { case: Uuid, helper: CaseHelper },
    /// Drops codes and helpers that have had their time.
    Sweep { before: DateTime<Utc> },
}

pub(super) use HandoffWrite as Write;

impl HandoffWrite {
    pub(super) fn apply(&self, conn: &mut Conn) -> QueryResult<bool> {
        match self {
            Write::Issue(row) => {
                let before = handoffs::table.filter(handoffs::case_id.eq(row.case_id));
                diesel::delete(before).execute(conn)?;
                diesel::insert_into(handoffs::table).values(row).execute(conn).map(|n| n == 1)
            }
            Write::Open { digest, at } => {
                let unopened =
                    handoffs::table.filter(handoffs::digest.eq(digest)).filter(handoffs::opened_at.is_null());
                diesel::update(unopened).set(handoffs::opened_at.eq(At(*at))).execute(conn).map(|n| n == 1)
            }
            Write::Help { case, helper } => {
                let before = case_helpers::table.filter(case_helpers::case_id.eq(Key(*case)));
                let before = before.filter(case_helpers::account.eq(Key(helper.account)));
                diesel::delete(before).execute(conn)?;
                let row = HelperRow {
                    case_id: Key(*case),
                    account: Key(helper.account),
                    post: Key(helper.post),
                    until: At(helper.until),
                };
                diesel::insert_into(case_helpers::table).values(row).execute(conn).map(|n| n == 1)
            }
            Write::Sweep { before } => {
                diesel::delete(handoffs::table.filter(handoffs::expires_at.le(At(*before)))).execute(conn)?;
                let over = case_helpers::table.filter(case_helpers::until.le(At(*before)));
                diesel::delete(over).execute(conn)?;
                Ok(true)
            }
        }
    }
}

/// The officers whom codes let help with a case.
pub(super) fn helpers(conn: &mut Conn, case: Uuid) -> QueryResult<Vec<CaseHelper>> {
    let rows: Vec<HelperRow> = case_helpers::table
        .filter(case_helpers::case_id.eq(Key(case)))
        .order(case_helpers::account)
        .select(HelperRow::as_select())
        .load(conn)?;
    let helper = |row: HelperRow| CaseHelper { account: row.account.0, post: row.post.0, until: row.until.0 };
    Ok(rows.into_iter().map(helper).collect())
}

impl Store {
    pub async fn find_handoff(&self, code: &UserCode) -> Result<Option<Handoff>> {
        let digest = handoff_digest(self.vault(), code);
        let row: Option<HandoffRow> = self
            .read(move |conn| {
                Ok(handoffs::table
                    .filter(handoffs::digest.eq(digest))
                    .select(HandoffRow::as_select())
                    .first(conn)
                    .optional()?)
            })
            .await?;
        Ok(row.map(HandoffRow::into_handoff))
    }
}
