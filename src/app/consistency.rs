//! 同案不同办: applications that asked for the same under one version of a guide and
//! were decided differently, for the supervisor.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::ctx::Ctx;
use super::error::{AppError, AppResult};
use super::identity::Caller;
use super::permit::permit;
use crate::domain::canonical::canonical_json;
use crate::domain::cases::alike::{Judgement, comparable};
use crate::domain::cases::history::hex;
use crate::domain::cases::{By, Case};
use crate::domain::guides::Form;
use crate::domain::policy::{CaseScope, Operation, Target};
use crate::store::{Alike, Vault};

/// Cases of each judgement that are shown of a group.
const SHOWN: i64 = 20;

/// By what a case is compared with others, under the key of the indexes: equal ones
/// can be told, nothing can be read.
pub(super) fn alike(case: &Case, form: &Form, vault: &Vault) -> AppResult<Option<Alike>> {
    let Some((judgement, asked)) = comparable(case, form) else { return Ok(None) };
    let canonical = canonical_json(&asked).map_err(|error| AppError::Internal(error.to_string()))?;
    let digest = vault.blind_index("alike", &String::from_utf8_lossy(&canonical));
    Ok(Some(Alike { digest, judgement }))
}

/// Applications that asked for the same.
pub struct Group {
    /// Names the group; the page after begins behind it.
    pub digest: Vec<u8>,
    pub approved: i64,
    pub denied: i64,
    /// The latest of each kind.
    pub cases: Vec<DecidedCase>,
}

pub struct DecidedCase {
    pub id: Uuid,
    pub case_no: String,
    pub judgement: Judgement,
    pub at: DateTime<Utc>,
    pub by: By,
}

pub struct ReportRequest {
    pub guide: String,
    pub version: u32,
    pub after: Vec<u8>,
    pub limit: i64,
}

/// Groups decided in both ways.
///
/// # Errors
/// `NotFound` when there is no such version, or the caller looks after nothing there.
pub async fn report(ctx: &Ctx, caller: &Caller, request: ReportRequest) -> AppResult<Vec<Group>> {
    let ReportRequest { guide: code, version, after, limit } = request;
    let guide = ctx.catalogue.version(&code, version).await?.ok_or(AppError::NotFound)?;
    let scope = CaseScope {
        party: Uuid::nil(),
        guide: guide.guide.code.as_str(),
        agency: &guide.guide.agency,
        region: &guide.guide.region,
        is_draft: false,
        assisted_by: None,
        helpers: &[],
        consulted: &[],
    };
    permit(caller, Operation::ReadReports, Target::Case(scope), ctx.clock.now())
        .map_err(AppError::or_not_found)?;
    let digests = ctx.store.list_decided_differently(code.clone(), version, after, limit).await?;
    let mut groups = Vec::with_capacity(digests.len());
    for digest in digests {
        groups.push(group(ctx, &code, version, digest).await?);
    }
    Ok(groups)
}

async fn group(ctx: &Ctx, guide: &str, version: u32, digest: Vec<u8>) -> AppResult<Group> {
    let judged = ctx.store.judged_alike(guide.to_owned(), version, digest.clone(), SHOWN).await?;
    let count = |of| judged.iter().find(|each| each.judgement == of).map_or(0, |each| each.count);
    let ids: Vec<Uuid> = judged.iter().flat_map(|each| each.cases.iter().copied()).collect();
    let mut found: HashMap<_, _> = ctx.store.find_cases(ids.iter().copied()).await?;
    let mut cases = Vec::with_capacity(ids.len());
    for id in ids {
        match found.remove(&id) {
            Some(Ok(stored)) => cases.extend(decided(&stored.case)),
            Some(Err(error)) => tracing::error!(%error, "left out of a report"),
            None => {}
        }
    }
    Ok(Group { approved: count(Judgement::Approved), denied: count(Judgement::Denied), digest, cases })
}

fn decided(case: &Case) -> Option<DecidedCase> {
    let decided = case.state.decided()?;
    Some(DecidedCase {
        id: case.id,
        case_no: case.case_no()?.to_string(),
        judgement: Judgement::of(&decided.decision),
        at: decided.decided_at,
        by: decided.decided_by.clone(),
    })
}

impl Group {
    /// As it is given for the page after.
    pub fn cursor(&self) -> String {
        hex(&self.digest)
    }
}
