//! 请假: an officer's cases go to who stands in for him, or back to the worklists.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use uuid::Uuid;

use super::claims::unfit_post;
use crate::app::ctx::Ctx;
use crate::app::error::{AppError, AppResult};
use crate::app::identity::Caller;
use crate::app::permit::permit;
use crate::domain::audit::{AuditAction, Outcome};
use crate::domain::policy::{Operation, Target};
use crate::domain::refusal::FieldError;
use crate::domain::text::Text;
use crate::domain::work::{LONGEST_LEAVE_DAYS, Leave};
use crate::store::{Changes, HeldPost, LeaveRow, WorkWrite};

/// A leave, and how many cases it moved.
pub struct ShownLeave {
    pub leave: Leave,
    pub cases: usize,
}

/// More cases than any officer works on.
const MOST_MOVED: i64 = 2000;

/// From now until then the cases of a post are its substitute's, or anybody's, those
/// given to it in the meantime as well. By its holder or his supervisor.
///
/// # Errors
/// `Invalid` with everything wrong at once.
pub async fn begin_leave(
    ctx: &Ctx,
    caller: &Caller,
    post: Uuid,
    until: DateTime<Utc>,
    substitute: Option<Uuid>,
) -> AppResult<ShownLeave> {
    let at = ctx.clock.now();
    let absent = manageable(ctx, caller, post, at).await?;
    let mut errors = Vec::new();
    if until <= at || until > at + TimeDelta::days(LONGEST_LEAVE_DAYS) {
        let words = Text::new("应晚于现在，且不超过一年。", "It must be after now, and within a year.");
        errors.push(FieldError::new("/until", "out_of_range", words));
    }
    let to = match substitute {
        None => None,
        Some(id) => match present(ctx, &absent, id, at).await? {
            Ok(held) => Some((held.post.id, held.account)),
            Err(error) => {
                errors.push(error);
                None
            }
        },
    };
    if !errors.is_empty() {
        return Err(AppError::Invalid(errors));
    }
    let leave = Leave { post, until, substitute, set_by: caller.actor.account, set_at: at };
    let moved = ctx.store.list_claimed(vec![post], MOST_MOVED).await?;
    let mut changes = Changes::new();
    changes
        .write(WorkWrite::SetLeave(LeaveRow::from(&leave)))
        .write(WorkWrite::HandOver { from: post, to, at })
        .audit(&caller.entry(at, AuditAction::LeaveBegun, Outcome::Succeeded).on(absent.account).with(
            json!({
                "post": post,
                "until": until,
                "substitute": substitute,
                "cases": moved,
            }),
        ));
    ctx.store.commit(changes).await?;
    Ok(ShownLeave { leave, cases: moved.len() })
}

/// 销假. What went to others stays theirs.
pub async fn end_leave(ctx: &Ctx, caller: &Caller, post: Uuid) -> AppResult<()> {
    let at = ctx.clock.now();
    let absent = manageable(ctx, caller, post, at).await?;
    let Some(leave) = ctx.store.find_leave(post).await? else { return Err(AppError::NotFound) };
    let mut changes = Changes::new();
    changes.write(WorkWrite::EndLeave { post }).audit(
        &caller
            .entry(at, AuditAction::LeaveEnded, Outcome::Succeeded)
            .on(absent.account)
            .with(json!({ "post": post, "until": leave.until })),
    );
    Ok(ctx.store.commit(changes).await?)
}

/// A post in force, his own or one the caller supervises. Of others nothing is told.
async fn manageable(ctx: &Ctx, caller: &Caller, id: Uuid, at: DateTime<Utc>) -> AppResult<HeldPost> {
    let held = ctx.store.find_held_post(id).await?;
    let held = held.filter(|held| held.post.in_force(at) && held.post.role.takes_cases());
    let own = held.as_ref().is_some_and(|held| held.account == caller.actor.account);
    if own && caller.acts_as_staff(at) {
        return held.ok_or(AppError::NotFound);
    }
    match held {
        Some(held) => {
            let target = Target::Officer { region: &held.post.region };
            permit(caller, Operation::ManageLeave, target, at).map_err(AppError::or_not_found)?;
            Ok(held)
        }
        None => Err(AppError::NotFound),
    }
}

/// Who is to stand in, if he can: not on leave himself.
async fn present(
    ctx: &Ctx,
    absent: &HeldPost,
    substitute: Uuid,
    at: DateTime<Utc>,
) -> AppResult<Result<HeldPost, FieldError>> {
    let held = ctx.store.find_held_post(substitute).await?;
    let fit = held.filter(|held| held.post.can_stand_in_for(&absent.post, at));
    let away = ctx.store.find_leave(substitute).await?.is_some_and(|leave| leave.lasts(at));
    Ok(fit.filter(|_| !away).ok_or_else(|| unfit_post("/to")))
}
