//! 数据删除 Erasing personal data: the key of a case or an application is destroyed, and
//! what it sealed is dropped, with everything by which the case is found. Its folder of
//! files is doomed in the same transaction; it is deleted after that, and what a crash
//! leaves of it cannot be read. What was committed to stays, so that histories and
//! letters still verify.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use super::Store;
use super::cases::signed;
use super::conn::Conn;
use super::error::Result;
use super::schema::{
    audit, bundle_applications, case_events, case_helpers, case_keys, cases, doomed_folders, handoffs,
    letters,
};
use super::types::{At, Key};
use crate::domain::audit::AuditAction;

/// One write. It is `Stale` when what it expects is not there any more.
#[derive(Debug, Clone)]
pub enum Write {
    /// The personal data of a case, with its key, if nothing has happened to it since.
    EraseCase(Erase),
    /// The same of an application for a bundle.
    EraseApplication(Erase),
    /// A folder is deleted from then on, unless it is spared before.
    Doom { folder: Uuid, drop_at: DateTime<Utc> },
    /// A doomed folder turned out to be of use.
    Spare { folder: Uuid },
    /// It was deleted.
    Dropped { folder: Uuid },
}

#[derive(Debug, Clone, Copy)]
pub struct Erase {
    pub id: Uuid,
    pub version: u64,
    /// Nothing has happened to it after that.
    pub until: DateTime<Utc>,
    /// Where its files lie, which are deleted from now on.
    pub folder: Uuid,
    pub at: DateTime<Utc>,
}

/// Ended at that time, and still with its personal data. In the order of time and id.
pub type Due = (DateTime<Utc>, Uuid);

impl Write {
    pub(super) fn apply(&self, conn: &mut Conn) -> QueryResult<bool> {
        match self {
            Write::EraseCase(erase) => Ok(erase_case(conn, erase)? && doom(conn, erase.folder, erase.at)?),
            Write::EraseApplication(erase) => {
                Ok(erase_application(conn, erase)? && doom(conn, erase.folder, erase.at)?)
            }
            Write::Doom { folder, drop_at } => doom(conn, *folder, *drop_at),
            Write::Spare { folder } => forget(conn, *folder).map(|rows| rows == 1),
            Write::Dropped { folder } => forget(conn, *folder).map(|_| true),
        }
    }
}

fn erase_case(conn: &mut Conn, erase: &Erase) -> QueryResult<bool> {
    let (case, version) = (Key(erase.id), signed(erase.version));
    let there = cases::table
        .filter(cases::id.eq(case))
        .filter(cases::version.eq(version))
        .filter(cases::kept_since.le(At(erase.until)))
        .filter(cases::data_key.is_not_null());
    let nothing: Option<Vec<u8>> = None;
    let erased = diesel::update(there)
        .set((
            cases::data_key.eq(&nothing),
            cases::personal.eq(&nothing),
            cases::erased_to.eq(version),
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
    Ok(true)
}

fn erase_application(conn: &mut Conn, erase: &Erase) -> QueryResult<bool> {
    let there = bundle_applications::table
        .filter(bundle_applications::id.eq(Key(erase.id)))
        .filter(bundle_applications::version.eq(signed(erase.version)))
        .filter(bundle_applications::kept_since.le(At(erase.until)))
        .filter(bundle_applications::data_key.is_not_null());
    let nothing: Option<Vec<u8>> = None;
    let erased = diesel::update(there).set((
        bundle_applications::data_key.eq(&nothing),
        bundle_applications::personal.eq(&nothing),
        bundle_applications::kept_since.eq(None::<At>),
    ));
    erased.execute(conn).map(|rows| rows == 1)
}

fn doom(conn: &mut Conn, folder: Uuid, drop_at: DateTime<Utc>) -> QueryResult<bool> {
    forget(conn, folder)?;
    diesel::insert_into(doomed_folders::table)
        .values((doomed_folders::folder.eq(Key(folder)), doomed_folders::drop_at.eq(At(drop_at))))
        .execute(conn)
        .map(|rows| rows == 1)
}

fn forget(conn: &mut Conn, folder: Uuid) -> QueryResult<usize> {
    diesel::delete(doomed_folders::table.filter(doomed_folders::folder.eq(Key(folder)))).execute(conn)
}

impl Store {
    /// Cases that ended so (`issued`, `expired` …), to which nothing has happened since
    /// `until`; the earliest first, after `after`.
    pub async fn list_cases_to_erase(
        &self,
        outcome: &'static str,
        until: DateTime<Utc>,
        after: Option<Due>,
        limit: i64,
    ) -> Result<Vec<Due>> {
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

    /// The same of applications for bundles: of drafts that lapsed, or of all others.
    pub async fn list_applications_to_erase(
        &self,
        lapsed: bool,
        until: DateTime<Utc>,
        after: Option<Due>,
        limit: i64,
    ) -> Result<Vec<Due>> {
        use bundle_applications::dsl;
        self.read(move |conn| {
            let mut query = dsl::bundle_applications
                .filter(dsl::lapsed.eq(lapsed))
                .filter(dsl::kept_since.le(At(until)))
                .into_boxed();
            if let Some((at, id)) = after {
                let later = dsl::kept_since.gt(At(at));
                query = query.filter(later.or(dsl::kept_since.eq(At(at)).and(dsl::id.gt(Key(id)))));
            }
            let rows: Vec<(Option<At>, Key)> = query
                .order((dsl::kept_since, dsl::id))
                .limit(limit)
                .select((dsl::kept_since, dsl::id))
                .load(conn)?;
            Ok(rows.into_iter().map(|(at, id)| (at.map_or(until, |at| at.0), id.0)).collect())
        })
        .await
    }

    /// Folders to be deleted by then.
    pub async fn list_doomed_folders(&self, at: DateTime<Utc>, limit: i64) -> Result<Vec<Uuid>> {
        self.read(move |conn| {
            let rows: Vec<Key> = doomed_folders::table
                .filter(doomed_folders::drop_at.le(At(at)))
                .order((doomed_folders::drop_at, doomed_folders::folder))
                .limit(limit)
                .select(doomed_folders::folder)
                .load(conn)?;
            Ok(rows.into_iter().map(|key| key.0).collect())
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
