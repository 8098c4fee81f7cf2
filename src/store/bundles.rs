//! Bundles (一件事) as they were published, and the applications for them: the open
//! part as JSON, the personal part sealed under the application's own key. An
//! application changes only at the version it was read at.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use super::Store;
use super::cases::{put_together, signed, take_apart};
use super::changes::Changes;
use super::conn::Conn;
use super::error::{Error, Result};
use super::schema::{bundle_applications, bundle_cases, bundles, cases};
use super::types::{At, Key};
use super::vault::{CaseKey, Vault};
use crate::domain::bundles::{Application, Outcome, Stage, next_tick_at};
use crate::domain::guides::Bundle;

/// A published version of a bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BundleRecord {
    pub code: String,
    pub version: u32,
    pub yaml: String,
    /// SHA-256 of the bundle's canonical form.
    pub content_hash: Vec<u8>,
    pub published_at: DateTime<Utc>,
    /// 停止办理: takes no new applications since then.
    pub withdrawn_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = bundles, treat_none_as_default_value = false)]
pub struct BundleRow {
    code: String,
    version: i32,
    yaml: String,
    content_hash: Vec<u8>,
    leader: String,
    region: String,
    published_at: At,
    published_by: Option<Key>,
    superseded_at: Option<At>,
    withdrawn_at: Option<At>,
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = bundle_applications, treat_none_as_null = true, treat_none_as_default_value = false)]
pub struct ApplicationRow {
    id: Key,
    version: i64,
    bundle: String,
    bundle_version: i32,
    party: Key,
    stage: String,
    document: String,
    personal: Option<Vec<u8>>,
    data_key: Option<Vec<u8>>,
    opened_at: At,
    updated_at: At,
    tick_at: Option<At>,
    kept_since: Option<At>,
    lapsed: bool,
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = bundle_cases, treat_none_as_default_value = false)]
pub struct FollowedRow {
    case_id: Key,
    application: Key,
    part: String,
    seen: i64,
    ended_at: Option<At>,
}

#[derive(Debug, Clone)]
pub enum Write {
    /// A new version; it supersedes the one before, if any.
    Publish(Box<BundleRow>),
    Withdraw {
        code: String,
        at: DateTime<Utc>,
    },
    Open(Box<ApplicationRow>),
    /// Applies only while the application is at this version.
    Update {
        expected_version: i64,
        row: Box<ApplicationRow>,
    },
    /// A part became this case.
    Follow(FollowedRow),
    /// The case came out; it need not be looked at again.
    Ended {
        case: Uuid,
        at: DateTime<Utc>,
    },
    /// The case was looked at in this version.
    Seen {
        case: Uuid,
        version: u64,
    },
    /// It could not go on; it is tried again then.
    Postpone {
        application: Uuid,
        until: DateTime<Utc>,
    },
}

/// An application as it was read, with what is needed to write its next version.
pub struct StoredApplication {
    pub application: Application,
    pub origin: ApplicationOrigin,
}

/// Where an application stood when it was read.
pub struct ApplicationOrigin {
    id: Uuid,
    /// 0 when it is not stored yet.
    pub version: u64,
    key: Option<CaseKey>,
}

/// A case that changed since it was last looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FollowedCase {
    pub application: Uuid,
    pub case: Uuid,
    /// The version of the case now.
    pub version: u64,
}

impl ApplicationOrigin {
    /// Of an application that is not stored yet.
    pub fn new(id: Uuid, vault: &Vault) -> Self {
        Self { id, version: 0, key: Some(vault.new_case_key(id)) }
    }

    /// Its key; none when that was destroyed.
    pub fn key(&self) -> Option<&CaseKey> {
        self.key.as_ref()
    }
}

impl Changes {
    /// Writes the next version of an application.
    pub fn record_application(
        &mut self,
        origin: &ApplicationOrigin,
        after: &Application,
        at: DateTime<Utc>,
    ) -> Result<()> {
        let row = Box::new(application_row(origin, after, at)?);
        self.write(match origin.version {
            0 => Write::Open(row),
            version => Write::Update { expected_version: signed(version), row },
        });
        Ok(())
    }
}

fn application_row(
    origin: &ApplicationOrigin,
    after: &Application,
    at: DateTime<Utc>,
) -> Result<ApplicationRow> {
    let key = origin.key.as_ref().ok_or_else(|| {
        Error::corrupt(
            "bundle_applications",
            origin.id,
            "its personal data was erased; it cannot change any more",
        )
    })?;
    let (document, parts) = take_apart("bundle_applications", after.id, after)?;
    Ok(ApplicationRow {
        id: Key(after.id),
        version: signed(after.version),
        bundle: after.opened.bundle.to_string(),
        bundle_version: i32::try_from(after.opened.bundle_version).unwrap_or(i32::MAX),
        party: Key(after.opened.party),
        stage: stage(after).to_owned(),
        document,
        personal: Some(key.seal(&format!("bundle_applications:{}", after.id), &parts)),
        data_key: Some(key.wrapped().to_vec()),
        opened_at: At(after.opened.at),
        updated_at: At(at),
        tick_at: next_tick_at(&after.progress, at).map(At),
        kept_since: after.progress.outcome().map(|_| At(at)),
        lapsed: after.progress.outcome() == Some(Outcome::Lapsed),
    })
}

fn stage(application: &Application) -> &'static str {
    match application.progress.stage {
        Stage::Draft { .. } => "draft",
        Stage::UnderWay { .. } => "under_way",
        Stage::Ended { .. } => "ended",
    }
}

fn stored(row: ApplicationRow, vault: &Vault) -> Result<StoredApplication> {
    let id = row.id.0;
    let corrupt = |why: &str| Error::corrupt("bundle_applications", id, why);
    let key = match &row.data_key {
        Some(wrapped) => {
            Some(vault.open_case_key(id, wrapped).ok_or_else(|| corrupt("its key does not open"))?)
        }
        None => None,
    };
    let parts = match (&key, &row.personal) {
        (Some(key), Some(sealed)) => Some(
            key.open(&format!("bundle_applications:{id}"), sealed)
                .ok_or_else(|| corrupt("its personal data does not open"))?,
        ),
        (None, _) => None,
        (Some(_), None) => return Err(corrupt("it has a key and no personal data")),
    };
    let application: Application = put_together("bundle_applications", id, &row.document, parts.as_deref())?;
    let agrees = application.id == id
        && signed(application.version) == row.version
        && application.opened.party == row.party.0
        && application.opened.bundle.as_str() == row.bundle
        && stage(&application) == row.stage;
    if !agrees {
        return Err(corrupt("its columns and its document disagree"));
    }
    let origin = ApplicationOrigin { id, version: application.version, key };
    Ok(StoredApplication { application, origin })
}

impl Write {
    /// `version` is one more than the present one, or 1.
    pub fn publish(bundle: &Bundle, yaml: String, version: u32, by: Option<Uuid>, at: DateTime<Utc>) -> Self {
        Write::Publish(Box::new(BundleRow {
            code: bundle.code.to_string(),
            version: i32::try_from(version).unwrap_or(i32::MAX),
            yaml,
            content_hash: bundle.content_hash().to_vec(),
            leader: bundle.leader.to_string(),
            region: bundle.region.to_string(),
            published_at: At(at),
            published_by: by.map(Key),
            superseded_at: None,
            withdrawn_at: None,
        }))
    }

    pub fn follow(application: Uuid, part: &str, case: Uuid) -> Self {
        let part = part.to_owned();
        Write::Follow(FollowedRow {
            case_id: Key(case),
            application: Key(application),
            part,
            seen: 0,
            ended_at: None,
        })
    }

    pub(super) fn apply(&self, conn: &mut Conn) -> QueryResult<bool> {
        match self {
            Write::Publish(row) => publish(conn, row),
            Write::Withdraw { code, at } => {
                let current = bundles::table
                    .filter(bundles::code.eq(code))
                    .filter(bundles::superseded_at.is_null())
                    .filter(bundles::withdrawn_at.is_null());
                diesel::update(current).set(bundles::withdrawn_at.eq(At(*at))).execute(conn).map(|n| n == 1)
            }
            Write::Open(row) => diesel::insert_into(bundle_applications::table)
                .values(row.as_ref())
                .execute(conn)
                .map(|n| n == 1),
            Write::Update { expected_version, row } => {
                let unchanged = bundle_applications::table
                    .filter(bundle_applications::id.eq(row.id))
                    .filter(bundle_applications::version.eq(expected_version));
                diesel::update(unchanged).set(row.as_ref()).execute(conn).map(|n| n == 1)
            }
            Write::Follow(row) => {
                diesel::insert_into(bundle_cases::table).values(row).execute(conn).map(|n| n == 1)
            }
            Write::Ended { case, at } => {
                let row = bundle_cases::table.filter(bundle_cases::case_id.eq(Key(*case)));
                diesel::update(row).set(bundle_cases::ended_at.eq(At(*at))).execute(conn).map(|_| true)
            }
            Write::Seen { case, version } => {
                let row = bundle_cases::table
                    .filter(bundle_cases::case_id.eq(Key(*case)))
                    .filter(bundle_cases::seen.lt(signed(*version)));
                diesel::update(row).set(bundle_cases::seen.eq(signed(*version))).execute(conn).map(|_| true)
            }
            Write::Postpone { application, until } => {
                let row = bundle_applications::table.filter(bundle_applications::id.eq(Key(*application)));
                diesel::update(row)
                    .set(bundle_applications::tick_at.eq(At(*until)))
                    .execute(conn)
                    .map(|_| true)
            }
        }
    }
}

fn publish(conn: &mut Conn, row: &BundleRow) -> QueryResult<bool> {
    let current = bundles::table.filter(bundles::code.eq(&row.code)).filter(bundles::superseded_at.is_null());
    let superseded = diesel::update(current.filter(bundles::version.eq(row.version - 1)))
        .set(bundles::superseded_at.eq(row.published_at))
        .execute(conn)?;
    if superseded == 0 && row.version != 1 {
        return Ok(false);
    }
    diesel::insert_into(bundles::table).values(row).execute(conn).map(|n| n == 1)
}

fn record(row: BundleRow) -> Result<BundleRecord> {
    Ok(BundleRecord {
        version: u32::try_from(row.version)
            .map_err(|_| Error::corrupt("bundles", &row.code, "its version is negative"))?,
        code: row.code,
        yaml: row.yaml,
        content_hash: row.content_hash,
        published_at: row.published_at.0,
        withdrawn_at: row.withdrawn_at.map(|at| at.0),
    })
}

impl Store {
    /// The version in force, or the newest when it was withdrawn.
    pub async fn find_current_bundle(&self, code: String) -> Result<Option<BundleRecord>> {
        let row: Option<BundleRow> = self
            .read(move |conn| {
                let current =
                    bundles::table.filter(bundles::code.eq(code)).filter(bundles::superseded_at.is_null());
                Ok(current.select(BundleRow::as_select()).first(conn).optional()?)
            })
            .await?;
        row.map(record).transpose()
    }

    pub async fn find_bundle(&self, code: String, version: u32) -> Result<Option<BundleRecord>> {
        let Ok(version) = i32::try_from(version) else { return Ok(None) };
        let row: Option<BundleRow> = self
            .read(move |conn| {
                let one = bundles::table.filter(bundles::code.eq(code)).filter(bundles::version.eq(version));
                Ok(one.select(BundleRow::as_select()).first(conn).optional()?)
            })
            .await?;
        row.map(record).transpose()
    }

    /// Bundles in force, in order of code.
    pub async fn list_bundles(&self, after: Option<String>, limit: i64) -> Result<Vec<BundleRecord>> {
        let rows: Vec<BundleRow> = self
            .read(move |conn| {
                let mut query = bundles::table
                    .filter(bundles::superseded_at.is_null())
                    .filter(bundles::withdrawn_at.is_null())
                    .select(BundleRow::as_select())
                    .into_boxed();
                if let Some(after) = after {
                    query = query.filter(bundles::code.gt(after));
                }
                Ok(query.order(bundles::code).limit(limit).load(conn)?)
            })
            .await?;
        rows.into_iter().map(record).collect()
    }

    pub async fn find_application(&self, id: Uuid) -> Result<Option<StoredApplication>> {
        let row: Option<ApplicationRow> = self
            .read(move |conn| {
                let one = bundle_applications::table.filter(bundle_applications::id.eq(Key(id)));
                Ok(one.select(ApplicationRow::as_select()).first(conn).optional()?)
            })
            .await?;
        row.map(|row| stored(row, self.vault())).transpose()
    }

    /// Applications for these people, newest first. A damaged one is told to the log and
    /// listed by its id alone: it must not hide all the others.
    pub async fn list_applications(
        &self,
        parties: Vec<Uuid>,
        after: Option<Uuid>,
        limit: i64,
    ) -> Result<Vec<std::result::Result<StoredApplication, Uuid>>> {
        let rows: Vec<ApplicationRow> = self
            .read(move |conn| {
                let parties: Vec<Key> = parties.into_iter().map(Key).collect();
                let mut query = bundle_applications::table
                    .filter(bundle_applications::party.eq_any(parties))
                    .select(ApplicationRow::as_select())
                    .into_boxed();
                if let Some(after) = after {
                    query = query.filter(bundle_applications::id.lt(Key(after)));
                }
                Ok(query.order(bundle_applications::id.desc()).limit(limit).load(conn)?)
            })
            .await?;
        let read = rows.into_iter().map(|row| {
            let id = row.id.0;
            stored(row, self.vault()).map_err(|error| {
                tracing::error!(%error, "an application is left out of a list");
                id
            })
        });
        Ok(read.collect())
    }

    /// Applications for which something is due, soonest first.
    pub async fn list_due_applications(&self, at: DateTime<Utc>, limit: i64) -> Result<Vec<Uuid>> {
        self.read(move |conn| {
            let rows: Vec<Key> = bundle_applications::table
                .filter(bundle_applications::tick_at.le(At(at)))
                .order((bundle_applications::tick_at, bundle_applications::id))
                .limit(limit)
                .select(bundle_applications::id)
                .load(conn)?;
            Ok(rows.into_iter().map(|key| key.0).collect())
        })
        .await
    }

    /// Followed cases that changed since they were last looked at.
    pub async fn list_changed_cases(&self, limit: i64) -> Result<Vec<FollowedCase>> {
        let rows: Vec<(Key, Key, i64)> = self
            .read(move |conn| {
                let joined =
                    bundle_cases::table.inner_join(cases::table.on(cases::id.eq(bundle_cases::case_id)));
                Ok(joined
                    .filter(bundle_cases::ended_at.is_null())
                    .filter(cases::version.gt(bundle_cases::seen))
                    .order(bundle_cases::case_id)
                    .limit(limit)
                    .select((bundle_cases::application, bundle_cases::case_id, cases::version))
                    .load(conn)?)
            })
            .await?;
        rows.into_iter()
            .map(|(application, case, version)| {
                let version = u64::try_from(version)
                    .map_err(|_| Error::corrupt("cases", case.0, "its version is negative"))?;
                Ok(FollowedCase { application: application.0, case: case.0, version })
            })
            .collect()
    }
}
