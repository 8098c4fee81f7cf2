//! One-time codes and failed sign-ins. Numbers and addresses are known by a
//! keyed index only. Every count is guarded by the count before it, so that tries
//! made at the same moment are counted one by one.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::domain::codes::Mobile;
use crate::domain::identity::{Failures, PendingCode, Purpose};
use crate::store::Store;
use crate::store::conn::Conn;
use crate::store::error::{Error, Result};
use crate::store::people::mobile_index;
use crate::store::schema::{sign_in_failures, sms_codes};
use crate::store::types::At;
use crate::store::vault::Vault;

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = sms_codes)]
pub struct SmsCodeRow {
    mobile_index: Vec<u8>,
    purpose: String,
    code_digest: Vec<u8>,
    sent_at: At,
    expires_at: At,
    failures: i32,
}

impl SmsCodeRow {
    pub fn new(mobile: &Mobile, purpose: Purpose, code: &PendingCode, vault: &Vault) -> Self {
        Self {
            mobile_index: mobile_index(vault, mobile),
            purpose: purpose.as_str().to_owned(),
            code_digest: code.digest.clone(),
            sent_at: At(code.sent_at),
            expires_at: At(code.expires_at),
            failures: signed(code.failures),
        }
    }
}

/// Counts stay far below 2³¹.
fn signed(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

pub(super) fn put_code(conn: &mut Conn, row: &SmsCodeRow) -> QueryResult<bool> {
    diesel::delete(
        sms_codes::table
            .filter(sms_codes::mobile_index.eq(&row.mobile_index))
            .filter(sms_codes::purpose.eq(&row.purpose)),
    )
    .execute(conn)?;
    diesel::insert_into(sms_codes::table).values(row).execute(conn).map(|n| n == 1)
}

pub(super) fn use_code(conn: &mut Conn, mobile: &[u8], purpose: Purpose, failures: u32) -> QueryResult<bool> {
    let expected = sms_codes::table
        .filter(sms_codes::mobile_index.eq(mobile))
        .filter(sms_codes::purpose.eq(purpose.as_str()))
        .filter(sms_codes::failures.eq(signed(failures)));
    diesel::delete(expected).execute(conn).map(|n| n == 1)
}

pub(super) fn fail_code(conn: &mut Conn, mobile: &[u8], purpose: Purpose, before: u32) -> QueryResult<bool> {
    let expected = sms_codes::table
        .filter(sms_codes::mobile_index.eq(mobile))
        .filter(sms_codes::purpose.eq(purpose.as_str()))
        .filter(sms_codes::failures.eq(signed(before)));
    let after = sms_codes::failures.eq(signed(before.saturating_add(1)));
    diesel::update(expected).set(after).execute(conn).map(|n| n == 1)
}

pub(super) fn count_try(
    conn: &mut Conn,
    subject: &[u8],
    expected: Option<Failures>,
    count: u32,
    at: DateTime<Utc>,
) -> QueryResult<bool> {
    let row = sign_in_failures::table.filter(sign_in_failures::subject.eq(subject));
    match expected {
        Some(before) => {
            let row = row.filter(sign_in_failures::failures.eq(signed(before.count)));
            let row = row.filter(sign_in_failures::last_at.eq(At(before.last_at)));
            diesel::update(row)
                .set((sign_in_failures::failures.eq(signed(count)), sign_in_failures::last_at.eq(At(at))))
                .execute(conn)
                .map(|n| n == 1)
        }
        None if row.count().get_result::<i64>(conn)? > 0 => Ok(false),
        None => insert_tries(conn, subject, count, at),
    }
}

pub(super) fn add_tries(
    conn: &mut Conn,
    subject: &[u8],
    expected: Option<Failures>,
    faded: u32,
    count: u32,
    at: DateTime<Utc>,
) -> QueryResult<bool> {
    let row = || sign_in_failures::table.filter(sign_in_failures::subject.eq(subject));
    if let Some(before) = expected.filter(|_| faded > 0) {
        let unmoved = row().filter(sign_in_failures::last_at.eq(At(before.last_at)));
        let unmoved = unmoved.filter(sign_in_failures::failures.ge(signed(faded)));
        let less = sign_in_failures::failures - signed(faded);
        diesel::update(unmoved).set(sign_in_failures::failures.eq(less)).execute(conn)?;
    }
    let more = (
        sign_in_failures::failures.eq(sign_in_failures::failures + signed(count)),
        sign_in_failures::last_at.eq(At(at)),
    );
    if diesel::update(row()).set(more).execute(conn)? == 1 {
        return Ok(true);
    }
    insert_tries(conn, subject, count, at)
}

fn insert_tries(conn: &mut Conn, subject: &[u8], count: u32, at: DateTime<Utc>) -> QueryResult<bool> {
    diesel::insert_into(sign_in_failures::table)
        .values((
            sign_in_failures::subject.eq(subject),
            sign_in_failures::failures.eq(signed(count)),
            sign_in_failures::last_at.eq(At(at)),
        ))
        .execute(conn)
        .map(|n| n == 1)
}

pub(super) fn forgive_tries(conn: &mut Conn, subject: &[u8], count: u32) -> QueryResult<bool> {
    let row = || sign_in_failures::table.filter(sign_in_failures::subject.eq(subject));
    let left = sign_in_failures::failures - signed(count);
    let enough = row().filter(sign_in_failures::failures.gt(signed(count)));
    if diesel::update(enough).set(sign_in_failures::failures.eq(left)).execute(conn)? == 0 {
        diesel::delete(row()).execute(conn)?;
    }
    Ok(true)
}

pub(super) fn forgive_all(conn: &mut Conn, subject: &[u8]) -> QueryResult<bool> {
    diesel::delete(sign_in_failures::table.filter(sign_in_failures::subject.eq(subject))).execute(conn)?;
    Ok(true)
}

/// Failures are remembered for a day at the most (`throttle`); `before` lies further back.
pub(super) fn sweep(conn: &mut Conn, before: DateTime<Utc>) -> QueryResult<()> {
    diesel::delete(sms_codes::table.filter(sms_codes::expires_at.lt(At(before)))).execute(conn)?;
    diesel::delete(sign_in_failures::table.filter(sign_in_failures::last_at.lt(At(before)))).execute(conn)?;
    Ok(())
}

impl Store {
    /// The live code of a number, sent or not.
    pub async fn find_sms_code(&self, mobile: &Mobile, purpose: Purpose) -> Result<Option<PendingCode>> {
        let index = mobile_index(self.vault(), mobile);
        let row: Option<SmsCodeRow> = self
            .read(move |conn| {
                Ok(sms_codes::table
                    .filter(sms_codes::mobile_index.eq(index))
                    .filter(sms_codes::purpose.eq(purpose.as_str()))
                    .select(SmsCodeRow::as_select())
                    .first(conn)
                    .optional()?)
            })
            .await?;
        row.map(|row| {
            Ok(PendingCode {
                digest: row.code_digest,
                sent_at: row.sent_at.0,
                expires_at: row.expires_at.0,
                failures: unsigned("sms_codes", row.failures)?,
            })
        })
        .transpose()
    }

    /// The failures counted against each of these subjects, by their keyed indexes.
    pub async fn list_failures(&self, subjects: Vec<Vec<u8>>) -> Result<Vec<Option<Failures>>> {
        let rows: Vec<Option<(i32, At)>> = self
            .read(move |conn| {
                let find = |subject: &Vec<u8>| {
                    Ok(sign_in_failures::table
                        .filter(sign_in_failures::subject.eq(subject))
                        .select((sign_in_failures::failures, sign_in_failures::last_at))
                        .first(conn)
                        .optional()?)
                };
                subjects.iter().map(find).collect()
            })
            .await?;
        let failures = |(count, last_at): (i32, At)| {
            Ok(Failures { count: unsigned("sign_in_failures", count)?, last_at: last_at.0 })
        };
        rows.into_iter().map(|row| row.map(failures).transpose()).collect()
    }
}

fn unsigned(table: &'static str, count: i32) -> Result<u32> {
    u32::try_from(count).map_err(|_| Error::corrupt(table, "?", "it counts fewer than no failures"))
}
