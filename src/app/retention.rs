//! 数据删除: the personal data of cases and applications that ended long enough ago is
//! erased, by schedule and in small batches. Histories, letters and numbers stay and
//! verify; certificates are their holders' and stay whole.
//!
//! What always holds: an erasure is on the audit trail in the same transaction, which
//! dooms the folder of files, too; the files go after that, at the latest with the next
//! round.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::ctx::{Ctx, new_id};
use super::error::AppResult;
use crate::domain::audit::{AuditAction, AuditEntry, Outcome};
use crate::domain::cases::{CaseState, Ending};
use crate::store::{self, Changes, Due, Erase, RetentionWrite};

/// Erased in one go, of each way to end: a backlog must not take the database from the
/// people who are being served.
const BATCH: i64 = 50;
/// Files are put in the folder of a case that is about to be filed for so long.
const FILING: TimeDelta = TimeDelta::days(1);

/// What is looked at together.
#[derive(Clone, Copy)]
enum Group {
    /// Cases that ended so.
    Cases(&'static str),
    /// Applications for bundles: drafts that lapsed, or all others.
    Applications { lapsed: bool },
}

/// Erases what is due; gives how many cases and applications. One that cannot be erased
/// is told to the log and tried again later.
pub async fn erase_due(ctx: &Ctx) -> AppResult<usize> {
    let at = ctx.clock.now();
    let drafts = ctx.settings.retention.drafts_until(at);
    let filed = ctx.settings.retention.cases_until(at);
    let mut erased = erase_ended(ctx, Group::Cases(Ending::Expired.name()), drafts, at).await?;
    erased += erase_ended(ctx, Group::Applications { lapsed: true }, drafts, at).await?;
    for ending in Ending::AFTER_FILING {
        erased += erase_ended(ctx, Group::Cases(ending), filed, at).await?;
    }
    erased += erase_ended(ctx, Group::Applications { lapsed: false }, filed, at).await?;
    drop_doomed(ctx, at).await?;
    Ok(erased)
}

async fn erase_ended(ctx: &Ctx, group: Group, until: DateTime<Utc>, at: DateTime<Utc>) -> AppResult<usize> {
    let mut erased = 0;
    let mut after: Option<Due> = None;
    // Past those that cannot be erased, should they fill a batch.
    while erased == 0 {
        let due = match group {
            Group::Cases(ending) => ctx.store.list_cases_to_erase(ending, until, after, BATCH).await?,
            Group::Applications { lapsed } => {
                ctx.store.list_applications_to_erase(lapsed, until, after, BATCH).await?
            }
        };
        let Some(last) = due.last().copied() else { break };
        for (_, id) in due {
            match erase(ctx, group, id, until, at).await {
                Ok(done) => erased += usize::from(done),
                Err(error) => tracing::error!(%id, ?error, "personal data could not be erased"),
            }
        }
        after = Some(last);
    }
    Ok(erased)
}

/// Erases one; false when something has happened to it, or another instance was faster.
async fn erase(
    ctx: &Ctx,
    group: Group,
    id: Uuid,
    until: DateTime<Utc>,
    at: DateTime<Utc>,
) -> AppResult<bool> {
    let (write, action) = match group {
        Group::Cases(_) => {
            let Some(stored) = ctx.store.find_case(id).await? else { return Ok(false) };
            let CaseState::Closed(_) = &stored.case.state else { return Ok(false) };
            let (version, folder) = (stored.case.version, stored.origin.folder());
            let erase = Erase { id, version, until, folder, at };
            (RetentionWrite::EraseCase(erase), AuditAction::CaseErased)
        }
        Group::Applications { .. } => {
            let Some(stored) = ctx.store.find_application(id).await? else { return Ok(false) };
            let version = stored.application.version;
            let erase = Erase { id, version, until, folder: id, at };
            (RetentionWrite::EraseApplication(erase), AuditAction::ApplicationErased)
        }
    };
    let mut changes = Changes::new();
    changes.write(write);
    if let Group::Cases(_) = group {
        changes.take_off_worklists(id, new_id(at));
    }
    changes.audit(&AuditEntry::new(new_id(at), at, action, Outcome::Succeeded).on(id));
    match ctx.store.commit(changes).await {
        Ok(()) => Ok(true),
        Err(store::Error::Stale) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Says that a folder is of no use, unless it is spared within a day.
pub async fn doom(ctx: &Ctx, folder: Uuid, at: DateTime<Utc>) -> AppResult<()> {
    let mut changes = Changes::new();
    changes.write(RetentionWrite::Doom { folder, drop_at: at + FILING });
    Ok(ctx.store.commit(changes).await?)
}

/// Deletes the folders nobody needs any more; one that cannot be is tried in the next round.
async fn drop_doomed(ctx: &Ctx, at: DateTime<Utc>) -> AppResult<()> {
    loop {
        let doomed = ctx.store.list_doomed_folders(at, BATCH).await?;
        let (listed, mut dropped) = (doomed.len(), 0);
        let mut changes = Changes::new();
        for folder in doomed {
            match ctx.blobs.drop_folder(folder).await {
                Ok(()) => {
                    changes.write(RetentionWrite::Dropped { folder });
                    dropped += 1;
                }
                Err(error) => tracing::warn!(%folder, %error, "a folder could not be deleted"),
            }
        }
        if dropped > 0 {
            ctx.store.commit(changes).await?;
        }
        if listed == 0 || dropped < listed {
            return Ok(());
        }
    }
}
