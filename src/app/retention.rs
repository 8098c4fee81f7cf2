//! 数据删除: the personal data of cases that ended long enough ago is erased, by
//! schedule and in small batches. Histories, letters and numbers stay and verify;
//! certificates are their holders' and stay whole.
//!
//! What always holds: an erasure is on the audit trail in the same transaction.

use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use super::ctx::{Ctx, new_id};
use super::error::{AppError, AppResult};
use crate::domain::audit::{AuditAction, AuditEntry, Outcome};
use crate::domain::cases::{CaseEvent, CaseState, Ending, Evidence};
use crate::store::{self, Changes, RetentionWrite, Vault};

/// Cases erased in one go, of each way to end: a backlog must not take the database
/// from the people who are being served.
const BATCH: i64 = 50;

/// Erases what is due; gives how many cases. One that cannot be erased is told to the
/// log and tried again later.
pub async fn erase_due(ctx: &Ctx) -> AppResult<usize> {
    let at = ctx.clock.now();
    let retention = ctx.settings.retention;
    let mut erased = erase_ended(ctx, Ending::Expired.name(), retention.drafts_until(at), at).await?;
    for ending in Ending::AFTER_FILING {
        erased += erase_ended(ctx, ending, retention.cases_until(at), at).await?;
    }
    Ok(erased)
}

async fn erase_ended(
    ctx: &Ctx,
    ending: &'static str,
    until: DateTime<Utc>,
    at: DateTime<Utc>,
) -> AppResult<usize> {
    let mut erased = 0;
    let mut after = None;
    // Past those that cannot be erased, should they fill a batch.
    while erased == 0 {
        let due = ctx.store.list_cases_to_erase(ending, until, after, BATCH).await?;
        let Some(last) = due.last().copied() else { break };
        for (_, id) in due {
            match erase(ctx, id, at).await {
                Ok(done) => erased += usize::from(done),
                Err(error) => tracing::error!(case = %id, ?error, "a case could not be erased"),
            }
        }
        after = Some(last);
    }
    Ok(erased)
}

/// Erases one closed case; false when it is not, or another instance was faster.
async fn erase(ctx: &Ctx, id: Uuid, at: DateTime<Utc>) -> AppResult<bool> {
    let Some(stored) = ctx.store.find_case(id).await? else { return Ok(false) };
    let CaseState::Closed(closed) = &stored.case.state else { return Ok(false) };
    // Files first: what is left when the process dies in between is erased next time.
    let mut files = 0_u32;
    for record in ctx.store.list_records(&stored).await? {
        let act =
            record.act().map_err(|error| AppError::Internal(format!("record of case {id}: {error}")))?;
        if let Some((_, digest)) = act.event.file()
            && ctx.store.is_only_user_of(index_of(ctx.store.vault(), digest), id).await?
        {
            ctx.blobs.delete(digest).await?;
            files += 1;
        }
    }
    let mut changes = Changes::new();
    changes.write(RetentionWrite::Erase { case: id, version: stored.case.version });
    changes.take_off_worklists(id, new_id(at));
    let entry = AuditEntry::new(new_id(at), at, AuditAction::CaseErased, Outcome::Succeeded).on(id);
    changes.audit(&entry.with(json!({ "closed_at": closed.at, "files": files })));
    match ctx.store.commit(changes).await {
        Ok(()) => Ok(true),
        Err(store::Error::Stale) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// That a case uses the file an event attaches, so that nobody deletes it before.
pub fn use_of_file(vault: &Vault, used_by: Uuid, event: &CaseEvent) -> Option<RetentionWrite> {
    event.file().map(|(_, digest)| RetentionWrite::UseFile { file: index_of(vault, digest), used_by })
}

/// The same for an application for a bundle.
pub fn use_of_evidence(vault: &Vault, used_by: Uuid, evidence: &Evidence) -> Option<RetentionWrite> {
    match evidence {
        Evidence::File { digest, .. } => {
            Some(RetentionWrite::UseFile { file: index_of(vault, digest), used_by })
        }
        Evidence::Certificate { .. } | Evidence::Promise => None,
    }
}

fn index_of(vault: &Vault, digest: &str) -> Vec<u8> {
    vault.blind_index("files", digest)
}
