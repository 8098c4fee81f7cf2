//! 帮办码 as rows, by a keyed digest: eight letters are soon guessed from a plain one.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::domain::identity::UserCode;
use crate::domain::mandates::IssuedCode;
use crate::store::Store;
use crate::store::conn::Conn;
use crate::store::error::Result;
use crate::store::schema::helper_codes;
use crate::store::types::{At, Key};
use crate::store::vault::Vault;

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = helper_codes, treat_none_as_default_value = false)]
pub struct HelperCodeRow {
    digest: Vec<u8>,
    principal: Key,
    guides: String,
    valid_until: At,
    issued_by: Key,
    issued_at: At,
    expires_at: At,
    redeemed_at: Option<At>,
}

impl HelperCodeRow {
    pub fn new(code: &UserCode, issued: &IssuedCode, vault: &Vault) -> Self {
        Self {
            digest: helper_code_digest(vault, code),
            principal: Key(issued.principal),
            guides: issued.guides.iter().map(String::as_str).collect::<Vec<_>>().join(","),
            valid_until: At(issued.valid_until),
            issued_by: Key(issued.issued_by),
            issued_at: At(issued.issued_at),
            expires_at: At(issued.expires_at),
            redeemed_at: issued.redeemed_at.map(At),
        }
    }

    fn into_issued(self) -> IssuedCode {
        IssuedCode {
            principal: self.principal.0,
            guides: self.guides.split(',').map(str::to_owned).collect::<BTreeSet<_>>(),
            valid_until: self.valid_until.0,
            issued_by: self.issued_by.0,
            issued_at: self.issued_at.0,
            expires_at: self.expires_at.0,
            redeemed_at: self.redeemed_at.map(|at| at.0),
        }
    }
}

/// What a code is kept by.
pub fn helper_code_digest(vault: &Vault, code: &UserCode) -> Vec<u8> {
    vault.blind_index("helper_code", code.letters())
}

pub(super) fn insert(conn: &mut Conn, row: &HelperCodeRow) -> QueryResult<bool> {
    diesel::insert_into(helper_codes::table).values(row).execute(conn).map(|n| n == 1)
}

pub(super) fn redeem(conn: &mut Conn, digest: &[u8], at: DateTime<Utc>) -> QueryResult<bool> {
    let unused = helper_codes::table
        .filter(helper_codes::digest.eq(digest))
        .filter(helper_codes::redeemed_at.is_null());
    diesel::update(unused).set(helper_codes::redeemed_at.eq(Some(At(at)))).execute(conn).map(|n| n == 1)
}

pub(super) fn sweep(conn: &mut Conn, before: DateTime<Utc>) -> QueryResult<bool> {
    diesel::delete(helper_codes::table.filter(helper_codes::expires_at.lt(At(before)))).execute(conn)?;
    Ok(true)
}

impl Store {
    pub async fn find_helper_code(&self, code: &UserCode) -> Result<Option<IssuedCode>> {
        let digest = helper_code_digest(self.vault(), code);
        let row: Option<HelperCodeRow> = self
            .read(move |conn| {
                Ok(helper_codes::table
                    .filter(helper_codes::digest.eq(digest))
                    .select(HelperCodeRow::as_select())
                    .first(conn)
                    .optional()?)
            })
            .await?;
        Ok(row.map(HelperCodeRow::into_issued))
    }
}
