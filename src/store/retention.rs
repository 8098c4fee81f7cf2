//! Erasing personal data: the case's key is destroyed, and what it sealed is dropped, with
//! everything by which the case is found.
//! What was committed to stays, so that histories and letters still verify.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use super::Store;
use super::cases::signed;
use super::conn::Conn;
use super::dialect;
use super::error::Result;
use super::schema::{audit, case_events, case_files, case_helpers, case_keys, cases, handoffs, letters};
use super::types::{At, Key};
use crate::domain::audit::AuditAction;

/// One write. It is `Stale` when the case has changed or was erased before.
#[derive(Debug, Clone)]
pub enum Write {
    /// The personal data of a case at this version, with its key.
    Erase { case: Uuid, version: u64 },
    /// A case, or an application for a bundle, uses a file: by its keyed index.
    UseFile { file: Vec<u8>, used_by: Uuid },
}

impl Write {
    pub(super) fn apply(&self, conn: &mut Conn) -> QueryResult<bool> {
        match self {
            Write::Erase { case, version } => erase(conn, Key(*case), signed(*version)),
            Write::UseFile { file, used_by } => dialect::use_file(conn, file, Key(*used_by)).map(|()| true),
        }
    }
}

fn erase(conn: &mut Conn, case: Key, version: i64) -> QueryResult<bool> {
    let there = cases::table
        .filter(cases::id.eq(case))
        .filter(cases::version.eq(version))
        .filter(cases::data_key.is_not_null());
    let nothing: Option<Vec<u8>> = None;
    let erased = diesel::update(there)
        .set((
            cases::data_key.eq(&nothing),
            cases::personal.eq(&nothing),
            cases::kept_since.eq(None::<At>),
            cases::facts_digest.eq(&nothing),
            cases::decision.eq(None::<String>),
        ))
        .execute(conn)?;
    if erased == 0 {
        return Ok(false);
    }
    diesel::update(case_events::table.filter(case_events::case_id.eq(case)))
        .set(case_events::personal.eq(&nothing))
        .execute(conn)?;
    diesel::update(letters::table.filter(letters::case_id.eq(case)))
        .set(letters::personal.eq(&nothing))
        .execute(conn)?;
    diesel::delete(case_keys::table.filter(case_keys::case_id.eq(case))).execute(conn)?;
    diesel::delete(case_helpers::table.filter(case_helpers::case_id.eq(case))).execute(conn)?;
    diesel::delete(handoffs::table.filter(handoffs::case_id.eq(case))).execute(conn)?;
    diesel::delete(case_files::table.filter(case_files::used_by.eq(case))).execute(conn)?;
    Ok(true)
}

impl Store {
    /// Cases that ended so (`issued`, `expired` …) by then and still hold personal data,
    /// the earliest first, after `after`.
    pub async fn list_cases_to_erase(
        &self,
        outcome: &'static str,
        until: DateTime<Utc>,
        after: Option<(DateTime<Utc>, Uuid)>,
        limit: i64,
    ) -> Result<Vec<(DateTime<Utc>, Uuid)>> {
        self.read(move |conn| {
            let mut query = cases::table
                .filter(cases::outcome.eq(outcome))
                .filter(cases::kept_since.le(At(until)))
                .into_boxed();
            if let Some((at, id)) = after {
                let later = cases::kept_since.gt(At(at));
                query = query.filter(later.or(cases::kept_since.eq(At(at)).and(cases::id.gt(Key(id)))));
            }
            let rows: Vec<(Option<At>, Key)> = query
                .order((cases::kept_since, cases::id))
                .limit(limit)
                .select((cases::kept_since, cases::id))
                .load(conn)?;
            Ok(rows.into_iter().map(|(at, id)| (at.map_or(until, |at| at.0), id.0)).collect())
        })
        .await
    }

    /// Whether this case, and nothing else, uses the file with this keyed index.
    pub async fn is_only_user_of(&self, file: Vec<u8>, case: Uuid) -> Result<bool> {
        self.read(move |conn| {
            let users: Vec<Key> = case_files::table
                .filter(case_files::file.eq(file))
                .select(case_files::used_by)
                .limit(2)
                .load(conn)?;
            Ok(users == [Key(case)])
        })
        .await
    }

    /// Whether the audit trail says that the case was erased.
    pub async fn is_erasure_on_record(&self, case: Uuid) -> Result<bool> {
        self.read(move |conn| {
            let entries: i64 = audit::table
                .filter(audit::subject.eq(case.to_string()))
                .filter(audit::action.eq(AuditAction::CaseErased.as_str()))
                .count()
                .get_result(conn)?;
            Ok(entries > 0)
        })
        .await
    }
}
