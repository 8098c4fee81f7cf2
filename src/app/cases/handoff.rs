//! 接续码: a case goes on at another channel. Its own side finds it there; an officer at
//! a counter helps with it until the day ends, filed or not, as if its applicant stood
//! before him, which he does. To everybody else there is none, nor to an officer with a
//! code that an officer gave.
//!
//! What always holds: a code is good once, for half an hour, and a case has one at the
//! most; every code entered is counted as a guess before it is looked for.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use super::{CaseReply, read, readable, scope};
use crate::app::ctx::Ctx;
use crate::app::error::{AppError, AppResult};
use crate::app::identity::Caller;
use crate::app::identity::throttle::charge;
use crate::app::once::{Answer, Claim, first_answer};
use crate::app::permit::permit;
use crate::domain::audit::{AuditAction, Outcome};
use crate::domain::cases::By;
use crate::domain::handoff::Handoff;
use crate::domain::identity::{Subject, UserCode};
use crate::domain::network::Network;
use crate::domain::policy::{CaseHelper, Operation, Role, Target};
use crate::domain::time::{end_of_local_day, local_date};
use crate::store::{
    self, Changes, HandoffRow, HandoffWrite, IdentityWrite, PostFilter, StoredCase, handoff_digest, random,
};

/// How often another code is drawn when one is taken.
const DRAWS: usize = 5;

/// A code to be carried elsewhere; it is shown once.
pub struct HandedOn {
    pub code: UserCode,
    pub expires_at: DateTime<Utc>,
}

/// Gives a code for a case; one given before is good no more.
///
/// # Errors
/// `NotFound`; `Forbidden` for whoever is not of the applicant's side.
pub async fn hand_off(ctx: &Ctx, caller: &Caller, case: Uuid) -> AppResult<HandedOn> {
    let at = ctx.clock.now();
    let stored = ctx.store.find_case(case).await?.ok_or(AppError::NotFound)?;
    let by = permit(caller, Operation::ReadCase, Target::Case(scope(&stored)), at);
    match by.map_err(AppError::or_not_found)? {
        By::Applicant { .. } | By::Agent { .. } | By::Assistant { .. } => {}
        By::Officer { .. } | By::System => return Err(AppError::Forbidden),
    }
    let handoff = Handoff::issue(case, caller.actor.account, at);
    for _ in 0..DRAWS {
        let code = UserCode::from_random(random());
        let mut changes = Changes::new();
        changes
            .write(HandoffWrite::Issue(HandoffRow::new(&code, &handoff, ctx.store.vault())))
            .audit(&caller.entry(at, AuditAction::HandoffIssued, Outcome::Succeeded).on(case));
        match ctx.store.commit(changes).await {
            Ok(()) => return Ok(HandedOn { code, expires_at: handoff.expires_at }),
            Err(store::Error::Duplicate(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(AppError::Unavailable("no code is free".to_owned()))
}

/// Enters a code; gives the case it stands for.
///
/// # Errors
/// `NotFound` for whatever is no good, and whoever it is not for; `TooMany` after too many.
pub async fn open_handoff(
    ctx: &Ctx,
    caller: &Caller,
    from: IpAddr,
    code: &str,
    claim: Option<Claim>,
) -> AppResult<Answer<CaseReply>> {
    let error = match open_once(ctx, caller, from, code, claim.as_ref()).await {
        Ok(case) => return read(ctx, caller, case).await.map(Answer::first),
        Err(error) => error,
    };
    let case = first_answer(ctx, claim.as_ref(), error).await?;
    let case = case.parse().map_err(|_| AppError::Internal("a stored answer is no case".to_owned()))?;
    read(ctx, caller, case).await.map(Answer::again)
}

async fn open_once(
    ctx: &Ctx,
    caller: &Caller,
    from: IpAddr,
    code: &str,
    claim: Option<&Claim>,
) -> AppResult<Uuid> {
    let code = UserCode::parse(code).ok_or(AppError::NotFound)?;
    let at = ctx.clock.now();
    let counted = count(ctx, caller, from, at).await?;
    let good = ctx.store.find_handoff(&code).await?.filter(|handoff| handoff.is_good(at));
    let Some(handoff) = good else { return refused(ctx, caller, at, None).await };
    let stored = ctx.store.find_case(handoff.case).await?.ok_or(AppError::NotFound)?;
    // An officer cannot hand a case on to officers: its applicant is not there to do so.
    let helper = match is_of_an_officer(ctx, &stored, handoff.issued_by).await? {
        true => None,
        false => helper(caller, &stored, at),
    };
    match readable(ctx, caller, handoff.case).await {
        Err(AppError::NotFound) if helper.is_none() => {
            return refused(ctx, caller, at, Some(handoff.case)).await;
        }
        Ok(_) | Err(AppError::NotFound) => {}
        Err(error) => return Err(error),
    }
    let mut changes = Changes::new();
    for (subject, count) in counted {
        changes.write(IdentityWrite::ForgiveTries { subject, count });
    }
    changes.write(HandoffWrite::Open { digest: handoff_digest(ctx.store.vault(), &code), at });
    let details =
        json!({ "issued_by": handoff.issued_by, "helps_until": helper.as_ref().map(|helper| helper.until) });
    if let Some(helper) = helper {
        changes.write(HandoffWrite::Help { case: handoff.case, helper });
    }
    let entry = caller.entry(at, AuditAction::HandoffOpened, Outcome::Succeeded);
    changes.audit(&entry.on(handoff.case).with(details));
    changes.claim(claim, handoff.case.to_string(), at);
    match ctx.store.commit(changes).await {
        Ok(()) => Ok(handoff.case),
        // Entered by somebody else in the same moment.
        Err(store::Error::Stale) => Err(AppError::NotFound),
        Err(error) => Err(error.into()),
    }
}

/// Whether who gave the code did so for the applicant, at a counter.
async fn is_of_an_officer(ctx: &Ctx, stored: &StoredCase, issuer: Uuid) -> AppResult<bool> {
    let account = ctx.store.find_account(issuer).await?;
    if account.is_some_and(|account| account.person == stored.case.opened.party) {
        return Ok(false);
    }
    let role = Some(Role::CounterOfficer);
    let posts = PostFilter { account: Some(issuer), role, limit: 1, ..PostFilter::default() };
    Ok(!ctx.store.list_held_posts(posts).await?.is_empty())
}

/// The caller as a helper with this case, if the policy would have him.
fn helper(caller: &Caller, stored: &StoredCase, at: DateTime<Utc>) -> Option<CaseHelper> {
    let until = end_of_local_day(local_date(at));
    let posts = caller.actor.posts.iter().filter(|post| post.role == Role::CounterOfficer);
    let would = posts.map(|post| CaseHelper { account: caller.actor.account, post: post.id, until });
    let mut would: Vec<CaseHelper> = would.collect();
    would.retain(|helper| {
        let helpers = std::slice::from_ref(helper);
        let scope = crate::domain::policy::CaseScope { helpers, ..scope(stored) };
        let by = permit(caller, Operation::EditCase, Target::Case(scope), at);
        matches!(by, Ok(By::Assistant { post, .. }) if post == helper.post)
    });
    would.into_iter().next()
}

async fn refused(ctx: &Ctx, caller: &Caller, at: DateTime<Utc>, case: Option<Uuid>) -> AppResult<Uuid> {
    let entry = caller.entry(at, AuditAction::HandoffOpened, Outcome::Refused);
    let mut changes = Changes::new();
    changes.audit(&match case {
        Some(case) => entry.on(case),
        None => entry.on(caller.actor.account),
    });
    ctx.store.commit(changes).await?;
    Err(AppError::NotFound)
}

async fn count(
    ctx: &Ctx,
    caller: &Caller,
    from: IpAddr,
    at: DateTime<Utc>,
) -> AppResult<Vec<(Vec<u8>, u32)>> {
    let key = |subject: Subject, value: String| {
        let kind = format!("failures.handoff.{}", subject.as_str());
        (subject, ctx.store.vault().blind_index(&kind, &value))
    };
    let subjects = [
        key(Subject::AccountFromNetwork, caller.actor.account.to_string()),
        key(Subject::Network, Network::of(from).to_string()),
    ];
    let counted = charge(ctx, &subjects, at).await?;
    Ok(counted.into_iter().map(|(key, charge)| (key, charge.weight)).collect())
}

/// Drops codes and helpers that have had their time.
pub async fn sweep(ctx: &Ctx) -> AppResult<()> {
    let mut changes = Changes::new();
    changes.write(HandoffWrite::Sweep { before: ctx.clock.now() });
    Ok(ctx.store.commit(changes).await?)
}
