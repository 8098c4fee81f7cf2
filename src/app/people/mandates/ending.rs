//! Ending a mandate, and whatever was given on from it, in one transaction.
//!
//! What always holds: either side may, but for guardians, whose place is settled at a
//! counter; an administrator's mandate and his place end together.

use serde_json::json;
use uuid::Uuid;

use super::{ShownMandate, Sides, about, concerning, show};
use crate::app::ctx::Ctx;
use crate::app::error::{AppError, AppResult};
use crate::app::identity::Caller;
use crate::app::people::{ATTEMPTS, Own, members, refused};
use crate::domain::audit::{AuditAction, AuditEntry, Outcome};
use crate::domain::mandates::{EndedBy, Mandate, MandateKind, Standing};
use crate::domain::organizations::MemberAct;
use crate::domain::refusal::RefusalCode;
use crate::store::{Changes, Epoch, MandateRow, PeopleWrite};

/// Ends a mandate, or takes an offer back; whatever was given on from it ends too.
/// The agent's reach is gone here at once and everywhere within a second.
///
/// # Errors
/// `NotFound` for strangers; `Forbidden` for a member who may not appoint; `Refused`
/// when it is over, and for guardians, whose place is settled at a counter.
pub async fn end(ctx: &Ctx, caller: &Caller, id: Uuid) -> AppResult<ShownMandate> {
    let own = Own::of(ctx, caller).await?;
    for _ in 0..ATTEMPTS {
        let (mandate, sides) = concerning(ctx, &own, id).await?;
        let ended = match mandate.kind {
            MandateKind::Guardian => return Err(settled_at_a_counter()),
            MandateKind::Agency => end_with(ctx, caller, mandate, by(sides), None).await,
            MandateKind::Administrator => end_invitation(ctx, caller, &own, mandate, sides).await,
        };
        match ended {
            Ok(mandate) => return show(ctx, mandate, sides.principal || sides.above).await,
            Err(AppError::Stale) => {}
            Err(error) => return Err(error),
        }
    }
    Err(AppError::Unavailable("the mandate keeps changing".to_owned()))
}

fn by(sides: Sides) -> EndedBy {
    if sides.agent { EndedBy::Agent } else { EndedBy::Principal }
}

/// An administrator's invitation; once accepted it is a place in the organisation,
/// and ends as places do.
async fn end_invitation(
    ctx: &Ctx,
    caller: &Caller,
    own: &Own,
    mandate: Mandate,
    sides: Sides,
) -> AppResult<Mandate> {
    if mandate.standing(ctx.clock.now()) == Standing::Accepted {
        members::end(ctx, caller, mandate.principal, mandate.id, None).await?;
        return ctx.store.find_mandate(mandate.id).await?.ok_or(AppError::NotFound);
    }
    if !sides.agent {
        members::must_be_allowed(ctx, own, mandate.principal, MemberAct::Appoint).await?;
    }
    end_with(ctx, caller, mandate, by(sides), None).await
}

fn settled_at_a_counter() -> AppError {
    refused(
        RefusalCode::WrongState,
        "监护关系的变更请双方到窗口办理。",
        "A change of guardian is settled at a counter.",
    )
}

/// Ends it with everything below it, in one transaction.
pub(in crate::app::people) async fn end_with(
    ctx: &Ctx,
    caller: &Caller,
    mandate: Mandate,
    by: EndedBy,
    reason: Option<&str>,
) -> AppResult<Mandate> {
    let at = ctx.clock.now();
    let line = |action| caller.entry(at, action, Outcome::Succeeded);
    let mut changes = Changes::new();
    let mandate = write_end(ctx, mandate, by, reason, &line, &mut changes).await?;
    changes.write(Epoch::Identity);
    ctx.store.commit(changes).await?;
    ctx.identity.forget_rights();
    Ok(mandate)
}

/// Adds the end of a mandate, and of everything below it, to `changes`; `line`
/// begins what the audit trail says of each.
pub(in crate::app::people) async fn write_end(
    ctx: &Ctx,
    mandate: Mandate,
    by: EndedBy,
    reason: Option<&str>,
    line: &dyn Fn(AuditAction) -> AuditEntry,
    changes: &mut Changes,
) -> AppResult<Mandate> {
    let at = ctx.clock.now();
    let below = ctx.store.list_mandates_below(mandate.id).await?;
    let ended = mandate.end(by, at)?;
    let mut write = |mandate: &Mandate, by: EndedBy| {
        changes.write(PeopleWrite::UpdateMandate(MandateRow::seal(mandate, ctx.store.vault())));
        let entry = about(line(AuditAction::MandateEnded), mandate);
        let details = json!({ "by": by.as_str(), "reason": reason, "of": entry.details });
        changes.audit(&AuditEntry { details, ..entry });
    };
    write(&ended, by);
    // Those that are over already stay as they are.
    for mandate in below.into_iter().filter_map(|mandate| mandate.end(EndedBy::Parent, at).ok()) {
        write(&mandate, EndedBy::Parent);
    }
    Ok(ended)
}

/// The same where it may be an administrator's: with the place it became. One that
/// is over stays as it is.
pub(in crate::app::people) async fn write_end_with_place(
    ctx: &Ctx,
    mandate: Mandate,
    by: EndedBy,
    line: &dyn Fn(AuditAction) -> AuditEntry,
    changes: &mut Changes,
) -> AppResult<()> {
    match mandate.standing(ctx.clock.now()) {
        Standing::Accepted if mandate.kind == MandateKind::Administrator => {
            let places = ctx.store.list_members(mandate.principal).await?;
            if let Some(place) = places.into_iter().find(|place| place.id == mandate.id) {
                members::write_end(ctx, place, by, line, changes).await?;
            }
        }
        Standing::Offered | Standing::Accepted => {
            write_end(ctx, mandate, by, None, line, changes).await?;
        }
        Standing::Lapsed | Standing::Declined | Standing::Ended => {}
    }
    Ok(())
}
