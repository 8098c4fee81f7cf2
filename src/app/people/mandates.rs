//! 授权委托, seen from its sides: who may know of a mandate, and what he sees of it.
//! Offering, answering and ending have files of their own.
//!
//! What always holds: a mandate concerns its principal, or the members of the
//! organisation that is one, its agent, and who gave it on; to everybody else it
//! does not exist. Names are masked until it was accepted.

mod answering;
mod ending;
mod offering;

use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use super::{Own, members};
use crate::app::ctx::Ctx;
use crate::app::error::{AppError, AppResult};
use crate::app::identity::Caller;
use crate::domain::audit::{AuditAction, AuditEntry, Outcome};
use crate::domain::codes::{Mobile, mask_name};
use crate::domain::mandates::{Addressee, Mandate, MandateKind, MandateState, Standing};

pub use answering::{Reply, reply};
pub use ending::end;
pub(super) use ending::{end_with, write_end, write_end_with_place};
pub(super) use offering::hand_over;
pub use offering::{OfferRequest, Recipient, delegate, offer};

/// Both sides of a mandate must be known by name and number.
pub(super) const NEEDED: u8 = 2;

/// A mandate as one of its sides sees it.
pub struct ShownMandate {
    pub mandate: Mandate,
    pub standing: Standing,
    /// Whole once it was accepted, masked before.
    pub principal_name: String,
    /// None while nobody accepted it.
    pub agent_name: Option<String>,
    /// The number it was offered to, masked.
    pub mobile: Option<Mobile>,
    /// Whether the caller is on the side that gives it.
    pub is_given: bool,
}

/// Given and received, the latest first.
pub async fn list(ctx: &Ctx, caller: &Caller) -> AppResult<Vec<ShownMandate>> {
    let own = Own::of(ctx, caller).await?;
    let at = ctx.clock.now();
    let places = ctx.store.list_memberships_of(own.person.id).await?;
    let mut principals = vec![own.person.id];
    principals.extend(places.iter().filter(|place| place.in_force(at)).map(|place| place.organization));
    let given = ctx.store.list_mandates_given(principals).await?;
    let received = ctx.store.list_mandates_received(own.person.id, &own.account.mobile).await?;
    let mut shown = Vec::new();
    let all = given.into_iter().map(|mandate| (mandate, true));
    for (mandate, is_given) in all.chain(received.into_iter().map(|mandate| (mandate, false))) {
        // An administrator's place is shown where the organisation is.
        let is_place =
            mandate.kind == MandateKind::Administrator && mandate.standing(at) == Standing::Accepted;
        if !is_place {
            shown.push(show(ctx, mandate, is_given).await?);
        }
    }
    Ok(shown)
}

async fn show(ctx: &Ctx, mandate: Mandate, is_given: bool) -> AppResult<ShownMandate> {
    let name_of = async |id: Uuid| -> AppResult<String> {
        Ok(ctx.store.find_person(id).await?.map(|person| person.applicant.name).unwrap_or_default())
    };
    let accepted = match &mandate.state {
        MandateState::Accepted { agent, .. } => Some(*agent),
        MandateState::Ended { agent, accepted_at: Some(_), .. } => *agent,
        MandateState::Offered { .. } | MandateState::Declined { .. } | MandateState::Ended { .. } => None,
    };
    let principal = name_of(mandate.principal).await?;
    let mobile = match &mandate.state {
        MandateState::Offered { to: Addressee::Mobile(mobile) }
        | MandateState::Declined { to: Addressee::Mobile(mobile), .. } => Some(mobile.clone()),
        MandateState::Offered { .. } | MandateState::Declined { .. } => None,
        MandateState::Accepted { to, .. } | MandateState::Ended { to, .. } => to.clone(),
    };
    let may_know = is_given || accepted.is_some();
    Ok(ShownMandate {
        standing: mandate.standing(ctx.clock.now()),
        principal_name: if may_know { principal } else { mask_name(&principal) },
        agent_name: match accepted {
            Some(agent) => Some(name_of(agent).await?),
            None => None,
        },
        mobile: mobile.filter(|_| is_given),
        is_given,
        mandate,
    })
}

/// Where the caller stands to a mandate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Sides {
    principal: bool,
    agent: bool,
    /// He gave it on.
    above: bool,
}

async fn sides(ctx: &Ctx, own: &Own, mandate: &Mandate) -> AppResult<Sides> {
    let principal = mandate.principal == own.person.id
        || members::find(ctx, own.person.id, mandate.principal).await?.is_some();
    let above = match mandate.parent {
        Some(parent) => {
            let parent = ctx.store.find_mandate(parent).await?;
            parent.is_some_and(|parent| parent.agent() == Some(own.person.id))
        }
        None => false,
    };
    Ok(Sides { principal, agent: mandate.is_for(own.person.id, &own.account.mobile), above })
}

async fn concerning(ctx: &Ctx, own: &Own, id: Uuid) -> AppResult<(Mandate, Sides)> {
    let mandate = ctx.store.find_mandate(id).await?.ok_or(AppError::NotFound)?;
    let sides = sides(ctx, own, &mandate).await?;
    match sides.principal || sides.agent || sides.above {
        true => Ok((mandate, sides)),
        false => Err(AppError::NotFound),
    }
}

/// One that concerns the caller.
///
/// # Errors
/// `NotFound` for everybody else's.
pub async fn read(ctx: &Ctx, caller: &Caller, id: Uuid) -> AppResult<ShownMandate> {
    let own = Own::of(ctx, caller).await?;
    let (mandate, sides) = concerning(ctx, &own, id).await?;
    show(ctx, mandate, sides.principal || sides.above).await
}

/// A line of the audit trail about a mandate: no names, no numbers.
pub(super) fn entry(
    caller: &Caller,
    action: AuditAction,
    mandate: &Mandate,
    at: DateTime<Utc>,
) -> AuditEntry {
    about(caller.entry(at, action, Outcome::Succeeded), mandate)
}

/// The same, begun by somebody else.
fn about(entry: AuditEntry, mandate: &Mandate) -> AuditEntry {
    entry.on(mandate.id).with(json!({
        "kind": mandate.kind.as_str(),
        "principal": mandate.principal,
        "agent": mandate.agent(),
        "guides": mandate.terms.guides,
        "from": mandate.terms.from,
        "until": mandate.terms.until,
        "may_delegate": mandate.terms.may_delegate,
        "parent": mandate.parent,
        "evidence": mandate.evidence,
    }))
}
