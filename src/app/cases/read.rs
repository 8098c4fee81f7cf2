//! Reading cases: one, many, their history, clocks and receipts. What
//! a listing shows and what a read shows is decided by the same policy.

use chrono::DateTime;
use chrono::Utc;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Audience, CaseReply, ReplayPointer, guide_of, readable};
use crate::app::ctx::Ctx;
use crate::app::error::{AppError, AppResult};
use crate::app::identity::Caller;
use crate::app::permit::permit_work;
use crate::domain::cases::clock::{Clock, clocks};
use crate::domain::cases::history::{Record, hex};
use crate::domain::cases::{Case, StateName, begin, evolve};
use crate::domain::policy::{Operation, Target, Verdict, authorise};
use crate::domain::work::Reach;
use crate::store::{CaseFilter, StoredCase};

pub async fn read(ctx: &Ctx, caller: &Caller, id: Uuid) -> AppResult<CaseReply> {
    let (stored, audience) = readable(ctx, caller, id).await?;
    with_guide(ctx, stored.case, audience).await
}

pub(in crate::app) async fn with_guide(ctx: &Ctx, case: Case, audience: Audience) -> AppResult<CaseReply> {
    let guide = guide_of(ctx, &case).await?;
    Ok(CaseReply { case, guide, audience })
}

/// The case as the first answer showed it: the fold of its first events, for the
/// same eyes.
pub(super) async fn again(ctx: &Ctx, caller: &Caller, first: &ReplayPointer) -> AppResult<CaseReply> {
    let (stored, _) = readable(ctx, caller, first.case).await?;
    if stored.case.version == first.version {
        return with_guide(ctx, stored.case, first.audience).await;
    }
    let records = ctx.store.list_records(&stored).await?;
    let case = fold(first.case, records.into_iter().take_while(|record| record.seq <= first.version))?;
    with_guide(ctx, case, first.audience).await
}

/// A case from its records.
pub fn fold(id: Uuid, records: impl Iterator<Item = Record>) -> AppResult<Case> {
    let damaged = |why: String| AppError::Internal(format!("history of case {id}: {why}"));
    let mut case: Option<Case> = None;
    for record in records {
        let act = record.act().map_err(|error| damaged(error.to_string()))?;
        let next = match case {
            None => begin(id, act),
            Some(case) => evolve(case, act, record.at),
        };
        case = Some(next.map_err(|error| damaged(error.to_string()))?);
    }
    case.ok_or_else(|| damaged("it is empty".to_owned()))
}

pub struct ListRequest {
    pub state: Option<StateName>,
    pub guide: Option<String>,
    /// For staff.
    pub agency: Option<String>,
    pub after: Option<Uuid>,
    pub limit: i64,
}

/// The caller's own cases, and those of the people he acts for.
pub async fn list_mine(ctx: &Ctx, caller: &Caller, request: ListRequest) -> AppResult<Vec<CaseReply>> {
    let at = ctx.clock.now();
    if !caller.actor.scopes.cases {
        return Err(AppError::Forbidden);
    }
    list(ctx, caller, CaseFilter { parties: Some(parties(caller, at)), ..filter(request) }, at).await
}

/// All records of the caller, and the people he acts for now.
pub fn parties(caller: &Caller, at: DateTime<Utc>) -> Vec<Uuid> {
    let principals =
        caller.actor.mandates.iter().filter(|mandate| mandate.in_force(at)).map(|mandate| mandate.principal);
    let own = std::iter::once(caller.actor.party).chain(caller.actor.former.iter().copied());
    let mut parties: Vec<Uuid> = own.chain(principals).collect();
    parties.sort_unstable();
    parties.dedup();
    parties
}

/// Closed cases within reach of the caller's posts, newest first.
pub async fn list_closed(ctx: &Ctx, caller: &Caller, request: ListRequest) -> AppResult<Vec<CaseReply>> {
    let at = ctx.clock.now();
    permit_work(caller, at)?;
    list(
        ctx,
        caller,
        CaseFilter { reach: Some(Reach::of(caller.actor.posts.iter(), at)), ..filter(request) },
        at,
    )
    .await
}

fn filter(request: ListRequest) -> CaseFilter {
    CaseFilter {
        state: request.state,
        guide: request.guide,
        agency: request.agency,
        after: request.after,
        limit: request.limit,
        ..CaseFilter::default()
    }
}

/// The filter in the query is only a fast approximation; the policy has the last
/// word on every row, so that a listing never shows what a read would hide.
async fn list(
    ctx: &Ctx,
    caller: &Caller,
    filter: CaseFilter,
    at: DateTime<Utc>,
) -> AppResult<Vec<CaseReply>> {
    let wanted = usize::try_from(filter.limit).unwrap_or(0);
    let mut found = Vec::with_capacity(wanted);
    let mut after = filter.after;
    while found.len() < wanted {
        let page = ctx.store.list_cases(CaseFilter { after, ..filter.clone() }).await?;
        let id = |listed: &Result<StoredCase, Uuid>| {
            listed.as_ref().map_or_else(|id| *id, |stored| stored.case.id)
        };
        let Some(last) = page.last().map(id) else { break };
        let is_last_page = page.len() < wanted;
        for stored in page.into_iter().flatten() {
            if let Some(audience) = audience(caller, &stored, at).filter(|_| found.len() < wanted) {
                found.push(with_guide(ctx, stored.case, audience).await?);
            }
        }
        if is_last_page {
            break;
        }
        after = Some(last);
    }
    Ok(found)
}

pub(in crate::app) fn audience(caller: &Caller, stored: &StoredCase, at: DateTime<Utc>) -> Option<Audience> {
    let target = Target::Case(super::scope(stored));
    match authorise(&caller.actor, Operation::ReadCase, target, at) {
        Verdict::Allow(by) => Some(Audience::of(&by)),
        Verdict::Hidden | Verdict::Forbidden | Verdict::StepUp => None,
    }
}

pub async fn events(ctx: &Ctx, caller: &Caller, id: Uuid) -> AppResult<Vec<Record>> {
    let (stored, _) = readable(ctx, caller, id).await?;
    Ok(ctx.store.list_records(&stored).await?)
}

/// The explained deadlines.
pub async fn clock(ctx: &Ctx, caller: &Caller, id: Uuid) -> AppResult<Vec<Clock>> {
    let reply = read(ctx, caller, id).await?;
    Ok(clocks(&reply.case, reply.guide.for_case(&reply.case), &ctx.calendar.current(), ctx.clock.now()))
}

/// What a resident takes home: where the history of his case stood, signed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    pub case: Uuid,
    pub case_no: String,
    pub guide: String,
    pub guide_version: u32,
    pub state: StateName,
    /// Number of records in the history.
    pub seq: u64,
    /// SHA-256 of the last record, lower-case hex.
    pub head: String,
    pub submitted_at: DateTime<Utc>,
    pub issued_at: DateTime<Utc>,
}

/// The JWS type of a receipt.
pub const RECEIPT: &str = "receipt+jwt";

/// A signed receipt (compact JWS, ES256); drafts have none.
pub async fn receipt(ctx: &Ctx, caller: &Caller, id: Uuid) -> AppResult<String> {
    let (stored, _) = readable(ctx, caller, id).await?;
    let filing = stored.case.state.filing().ok_or(AppError::NotFound)?;
    let at = ctx.clock.now();
    let receipt = Receipt {
        case: stored.case.id,
        case_no: filing.case_no.to_string(),
        guide: stored.case.place().guide.to_string(),
        guide_version: filing.guide_version,
        state: stored.case.state.name(),
        seq: stored.origin.head.seq,
        head: hex(&stored.origin.head.hash),
        submitted_at: filing.at,
        issued_at: at,
    };
    ctx.identity.sign_seal(&receipt, RECEIPT, at)
}

/// What a receipt says, if this portal signed it.
pub fn verify_receipt(ctx: &Ctx, jws: &str) -> Option<Receipt> {
    let claims = ctx.identity.verify_seal(jws, RECEIPT)?;
    serde_json::from_value(claims).ok()
}
