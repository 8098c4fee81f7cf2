//! 领办: taking a case from the worklist, giving it back, giving it to somebody.
//!
//! What always holds: of officers who claim a case at once in the same role, one gets
//! it; what an officer does to a case is asked here first, and nowhere else.

use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use crate::app::cases::scope;
use crate::app::ctx::Ctx;
use crate::app::error::{AppError, AppResult};
use crate::app::identity::Caller;
use crate::app::permit::{permit, permit_on_case};
use crate::domain::audit::{AuditAction, Outcome};
use crate::domain::cases::{By, CaseState};
use crate::domain::codes::mask_name;
use crate::domain::policy::{Operation, Post, Target};
use crate::domain::refusal::{FieldError, Refusal, RefusalCode};
use crate::domain::text::Text;
use crate::domain::time::local_date;
use crate::domain::work::{CaseClaim, held_by, in_the_way};
use crate::store::{self, Changes, ClaimRow, HeldPost, StoredCase, WorkWrite};

/// Refuses what an officer is about to do when a colleague of the same role works on the case.
pub async fn may_act(ctx: &Ctx, caller: &Caller, by: &By, case: Uuid) -> AppResult<()> {
    let By::Officer { post, .. } = by else { return Ok(()) };
    let Some(post) = caller.actor.posts.iter().find(|own| own.id == *post) else { return Ok(()) };
    let claims = ctx.store.list_claims(vec![case], ctx.clock.now()).await?;
    match in_the_way(&claims, post.role, caller.actor.account) {
        None => Ok(()),
        Some(claim) => Err(held(ctx, claim).await?),
    }
}

async fn held(ctx: &Ctx, claim: &CaseClaim) -> AppResult<AppError> {
    let account = ctx.store.find_account(claim.account).await?;
    let person = match account {
        Some(account) => ctx.store.find_person(account.person).await?,
        None => None,
    };
    let name = person.map_or_else(|| "—".to_owned(), |person| mask_name(&person.applicant.name));
    Ok(held_by(&name, claim).into())
}

/// Who works on a case, as those may know who may read it.
pub async fn claims_of(ctx: &Ctx, case: Uuid) -> AppResult<Vec<CaseClaim>> {
    Ok(ctx.store.list_claims(vec![case], ctx.clock.now()).await?)
}

/// Takes a case in one of the caller's posts: the one named, or the first that may.
///
/// # Errors
/// `NotFound`; `Refused` with who works on it when somebody of the role does, when the
/// case is closed, or when the post is on leave.
pub async fn claim(ctx: &Ctx, caller: &Caller, case: Uuid, post: Option<Uuid>) -> AppResult<Vec<CaseClaim>> {
    let at = ctx.clock.now();
    let stored = open_case(ctx, caller, Operation::ClaimCase, case).await?;
    let post = own_post(caller, &stored, post, at)?;
    if let Some(leave) = ctx.store.find_leave(post.id).await?.filter(|leave| leave.lasts(at)) {
        return Err(on_leave(leave.until).into());
    }
    let claim = CaseClaim { case, role: post.role, post: post.id, account: caller.actor.account, at };
    let mut changes = Changes::new();
    changes.write(WorkWrite::Claim(ClaimRow::from(&claim))).audit(
        &caller
            .entry(at, AuditAction::CaseClaimed, Outcome::Succeeded)
            .on(case)
            .with(json!({ "post": post.id, "role": post.role })),
    );
    match ctx.store.commit(changes).await {
        Ok(()) => claims_of(ctx, case).await,
        Err(store::Error::Stale) => {
            let claims = claims_of(ctx, case).await?;
            match in_the_way(&claims, post.role, caller.actor.account) {
                Some(other) => Err(held(ctx, other).await?),
                // It is his already.
                None => Ok(claims),
            }
        }
        Err(error) => Err(error.into()),
    }
}

/// Gives back what the caller works on; a supervisor who does not work on the case himself
/// gives back what anybody does.
pub async fn release(ctx: &Ctx, caller: &Caller, case: Uuid) -> AppResult<Vec<CaseClaim>> {
    let at = ctx.clock.now();
    let stored = ctx.store.find_case(case).await?.ok_or(AppError::NotFound)?;
    let target = Target::Case(scope(&stored));
    let supervises = matches!(permit(caller, Operation::ReassignCase, target, at), Ok(By::Officer { .. }));
    if !supervises {
        permit_on_case(ctx, caller, Operation::ClaimCase, target, case).await?;
    }
    let claims = claims_of(ctx, case).await?;
    let is_own = |claim: &CaseClaim| claim.account == caller.actor.account;
    let all = supervises && !claims.iter().any(is_own);
    let mut changes = Changes::new();
    for claim in claims.iter().filter(|claim| all || is_own(claim)) {
        changes.write(WorkWrite::Release { case, post: claim.post }).audit(
            &caller
                .entry(at, AuditAction::CaseReleased, Outcome::Succeeded)
                .on(case)
                .with(json!({ "post": claim.post, "role": claim.role })),
        );
    }
    match ctx.store.commit(changes).await {
        // Somebody else released it meanwhile.
        Ok(()) | Err(store::Error::Stale) => claims_of(ctx, case).await,
        Err(error) => Err(error.into()),
    }
}

/// To whom a case goes.
#[derive(Debug, Clone, Copy)]
pub struct Reassign {
    pub case: Uuid,
    pub post: Uuid,
}

/// Gives a case to a post, whoever of its role works on it now. On leave it goes to
/// the substitute.
///
/// # Errors
/// `Invalid` for a post that has ended or does not look after the case; `Refused` for
/// one on leave without a substitute.
pub async fn reassign(ctx: &Ctx, caller: &Caller, wanted: Reassign) -> AppResult<Vec<CaseClaim>> {
    let Reassign { case, post } = wanted;
    let at = ctx.clock.now();
    let stored = open_case(ctx, caller, Operation::ReassignCase, case).await?;
    let named =
        ctx.store.find_held_post(post).await?.ok_or_else(|| AppError::Invalid(vec![unfit_post("/post")]))?;
    let receives = standing_in(ctx, named, at).await?;
    let fits = receives.post.in_force(at) && receives.post.reaches(&scope(&stored));
    if !fits || !receives.post.role.takes_cases() {
        return Err(AppError::Invalid(vec![unfit_post("/post")]));
    }
    let claim =
        CaseClaim { case, role: receives.post.role, post: receives.post.id, account: receives.account, at };
    let mut changes = Changes::new();
    changes.write(WorkWrite::Assign(ClaimRow::from(&claim))).audit(
        &caller
            .entry(at, AuditAction::CaseReassigned, Outcome::Succeeded)
            .on(case)
            .with(json!({ "asked": post, "post": claim.post, "role": claim.role, "account": claim.account })),
    );
    ctx.store.commit(changes).await?;
    claims_of(ctx, case).await
}

/// The post itself, or who stands in for it now, or for him who would.
async fn standing_in(ctx: &Ctx, named: HeldPost, at: DateTime<Utc>) -> AppResult<HeldPost> {
    let mut seen = vec![named.post.id];
    let mut present = named;
    loop {
        let leave = ctx.store.find_leave(present.post.id).await?.filter(|leave| leave.lasts(at));
        let Some(leave) = leave else { return Ok(present) };
        let substitute = match leave.substitute.filter(|post| !seen.contains(post)) {
            Some(post) => ctx.store.find_held_post(post).await?.filter(|held| held.post.in_force(at)),
            None => None,
        };
        present = substitute.ok_or_else(|| on_leave(leave.until))?;
        seen.push(present.post.id);
    }
}

/// A case an officer may be given; whoever may not is told as of any case.
async fn open_case(ctx: &Ctx, caller: &Caller, operation: Operation, case: Uuid) -> AppResult<StoredCase> {
    let stored = ctx.store.find_case(case).await?.ok_or(AppError::NotFound)?;
    permit_on_case(ctx, caller, operation, Target::Case(scope(&stored)), case).await?;
    let case = &stored.case;
    let open = !matches!(case.state, CaseState::Draft(_) | CaseState::Closed(_));
    if open || case.attention.waits_for_agency() {
        return Ok(stored);
    }
    Err(Refusal::new(
        RefusalCode::WrongState,
        "该办件已办结或尚未提交，不能领办或改派。",
        "The case is closed, or not handed in yet; nobody can take it.",
    )
    .into())
}

fn own_post<'a>(
    caller: &'a Caller,
    stored: &StoredCase,
    wanted: Option<Uuid>,
    at: DateTime<Utc>,
) -> AppResult<&'a Post> {
    let target = scope(stored);
    let mut fit = caller.actor.posts.iter().filter(|post| {
        post.in_force(at)
            && post.role.takes_cases()
            && post.reaches(&target)
            && wanted.is_none_or(|wanted| wanted == post.id)
    });
    fit.next().ok_or_else(|| AppError::Invalid(vec![unfit_post("/post")]))
}

pub(super) fn unfit_post(pointer: &str) -> FieldError {
    let words = Text::new(
        "该岗位不存在、已终止，或不负责此办件。请另选岗位。",
        "There is no such post, it has ended, or it does not look after this. Choose another.",
    );
    FieldError::new(pointer, "unfit", words)
}

fn on_leave(until: DateTime<Utc>) -> Refusal {
    let day = local_date(until);
    Refusal::new(
        RefusalCode::WrongState,
        format!("该岗位请假至 {day}，且无人代办。请先销假，或改派其他岗位。"),
        format!(
            "The post is on leave until {day}, and nobody stands in. End the leave first, or choose another post."
        ),
    )
}
