//! The agent's answer to an offer.
//!
//! What always holds: whom it is offered to answers, and nobody else; who accepts is
//! known by name and number.

use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use super::{NEEDED, ShownMandate, concerning, entry, read, show};
use crate::app::ctx::Ctx;
use crate::app::error::{AppError, AppResult};
use crate::app::identity::Caller;
use crate::app::once::{Answer, Claim};
use crate::app::people::{Own, answered_before};
use crate::domain::audit::{AuditAction, Outcome};
use crate::domain::mandates::{Mandate, MandateKind};
use crate::domain::organizations::{MemberRole, Membership};
use crate::store::{Changes, Epoch, MandateRow, PeopleWrite};

/// The agent's answer to an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    Accept,
    Decline,
}

/// Accepts or declines an offer to the caller.
///
/// # Errors
/// `NotFound` when it is not to him; `Refused` when it does not wait any more.
pub async fn reply(
    ctx: &Ctx,
    caller: &Caller,
    id: Uuid,
    reply: Reply,
    claim: Option<Claim>,
) -> AppResult<Answer<ShownMandate>> {
    let own = Own::of(ctx, caller).await?;
    let error = match reply_once(ctx, caller, &own, id, reply, claim.as_ref()).await {
        Ok(shown) => return Ok(Answer::first(shown)),
        Err(error) => error,
    };
    answered_before(ctx, claim.as_ref(), error, async |id| read(ctx, caller, id).await).await
}

async fn reply_once(
    ctx: &Ctx,
    caller: &Caller,
    own: &Own,
    id: Uuid,
    reply: Reply,
    claim: Option<&Claim>,
) -> AppResult<ShownMandate> {
    let at = ctx.clock.now();
    let (mandate, sides) = concerning(ctx, own, id).await?;
    if !sides.agent {
        return Err(AppError::Forbidden);
    }
    let mut changes = Changes::new();
    let (mandate, action) = match reply {
        Reply::Decline => (mandate.decline(at)?, AuditAction::MandateDeclined),
        Reply::Accept => {
            own.known_at_least(caller, NEEDED)?;
            let mandate = mandate.accept(own.person.id, at)?;
            if mandate.kind == MandateKind::Administrator {
                let place = place(&mandate, own.person.id, at);
                let details = json!({ "member": place.member, "role": place.role.as_str() });
                let entry = caller.entry(at, AuditAction::MemberAdded, Outcome::Succeeded);
                changes.audit(&entry.on(place.organization).with(details));
                changes.write(PeopleWrite::InsertMembership(place));
            }
            (mandate, AuditAction::MandateAccepted)
        }
    };
    changes
        .write(PeopleWrite::UpdateMandate(MandateRow::seal(&mandate, ctx.store.vault())))
        .write(Epoch::Identity);
    changes.audit(&entry(caller, action, &mandate, at));
    changes.claim(claim, mandate.id.to_string(), at);
    ctx.store.commit(changes).await?;
    ctx.identity.forget_rights();
    show(ctx, mandate, false).await
}

fn place(mandate: &Mandate, member: Uuid, at: DateTime<Utc>) -> Membership {
    Membership {
        id: mandate.id,
        organization: mandate.principal,
        member,
        role: MemberRole::Administrator,
        since: mandate.terms.from.max(at),
        until: mandate.terms.until,
        granted_by: mandate.granted_by,
        ended_at: None,
        version: 1,
    }
}
