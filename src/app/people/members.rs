//! The members of an organisation: finding them, inviting an administrator, saying
//! until when he stays, ending his place.
//!
//! What always holds: what an organisation is to somebody who is no member of it, it
//! does not exist; whoever loses his place acts for it nowhere within a second.

use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use super::mandates::{NEEDED, ShownMandate, hand_over};
use super::{Own, answered_before, later, mandates};
use crate::app::ctx::{Ctx, new_id};
use crate::app::error::{AppError, AppResult};
use crate::app::identity::Caller;
use crate::app::once::{Answer, Claim};
use crate::domain::audit::{AuditAction, AuditEntry, Outcome};
use crate::domain::codes::Mobile;
use crate::domain::mandates::{Addressee, EndedBy, Mandate, MandateKind, NewMandate, Terms};
use crate::domain::organizations::{MemberAct, MemberRole, Membership, may};
use crate::store::{Changes, Epoch, MandateRow, PeopleWrite};

/// Somebody's place in an organisation, where he has one now. The representative's
/// goes before any other he may have.
pub(super) async fn find(ctx: &Ctx, person: Uuid, organization: Uuid) -> AppResult<Option<Membership>> {
    let at = ctx.clock.now();
    let places = ctx.store.list_memberships_of(person).await?;
    Ok(places
        .into_iter()
        .filter(|place| place.organization == organization && place.in_force(at))
        .min_by_key(|place| place.role))
}

/// # Errors
/// `NotFound` for whoever is no member, `Forbidden` for one who may not.
pub(super) async fn must_be_allowed(
    ctx: &Ctx,
    own: &Own,
    organization: Uuid,
    act: MemberAct,
) -> AppResult<Membership> {
    let place = find(ctx, own.person.id, organization).await?.ok_or(AppError::NotFound)?;
    if may(place.role, act) { Ok(place) } else { Err(AppError::Forbidden) }
}

/// A member with his name.
pub struct ShownMember {
    pub membership: Membership,
    pub name: String,
}

pub(super) async fn list(ctx: &Ctx, organization: Uuid) -> AppResult<Vec<ShownMember>> {
    let at = ctx.clock.now();
    let mut shown = Vec::new();
    for membership in ctx.store.list_members(organization).await? {
        // One whose time has passed is a member no longer, though nobody ended it.
        if membership.until.is_none_or(|until| at < until) {
            shown.push(show(ctx, membership).await?);
        }
    }
    Ok(shown)
}

async fn show(ctx: &Ctx, membership: Membership) -> AppResult<ShownMember> {
    let person = ctx.store.find_person(membership.member).await?;
    Ok(ShownMember { name: person.map(|person| person.applicant.name).unwrap_or_default(), membership })
}

/// Invites an administrator; he becomes one when he accepts.
///
/// # Errors
/// `NotFound`, `Forbidden`, `StepUp`; `Invalid` with everything wrong at once.
pub async fn appoint(
    ctx: &Ctx,
    caller: &Caller,
    organization: Uuid,
    mobile: Mobile,
    until: Option<DateTime<Utc>>,
    claim: Option<Claim>,
) -> AppResult<Answer<ShownMandate>> {
    let own = Own::of(ctx, caller).await?;
    let error = match appoint_once(ctx, caller, &own, organization, mobile, until, claim.as_ref()).await {
        Ok(shown) => return Ok(Answer::first(shown)),
        Err(error) => error,
    };
    answered_before(ctx, claim.as_ref(), error, async |id| mandates::read(ctx, caller, id).await).await
}

async fn appoint_once(
    ctx: &Ctx,
    caller: &Caller,
    own: &Own,
    organization: Uuid,
    mobile: Mobile,
    until: Option<DateTime<Utc>>,
    claim: Option<&Claim>,
) -> AppResult<ShownMandate> {
    must_be_allowed(ctx, own, organization, MemberAct::Appoint).await?;
    own.known_at_least(caller, NEEDED)?;
    let at = ctx.clock.now();
    let terms = Terms { guides: None, from: at, until, may_delegate: false };
    let errors = terms.problems(at);
    if !errors.is_empty() {
        return Err(AppError::Invalid(errors));
    }
    let new = NewMandate {
        id: new_id(at),
        principal: organization,
        terms,
        evidence: None,
        granted_by: Some(own.account.id),
    };
    let mandate = Mandate::offer(new, MandateKind::Administrator, Addressee::Mobile(mobile), at);
    let mut changes = Changes::new();
    changes.claim(claim, mandate.id.to_string(), at);
    hand_over(ctx, caller, own, mandate, changes).await
}

/// Says until when an administrator stays; none: until his place is ended.
///
/// # Errors
/// `NotFound`, `Forbidden`; `Stale` when the place changed since it was read.
pub async fn change(
    ctx: &Ctx,
    caller: &Caller,
    organization: Uuid,
    member: Uuid,
    until: Option<DateTime<Utc>>,
    expected_version: Option<u64>,
) -> AppResult<ShownMember> {
    let own = Own::of(ctx, caller).await?;
    let at = ctx.clock.now();
    let (own_place, place) = both(ctx, &own, organization, member).await?;
    if !may(own_place.role, MemberAct::Change(place.role)) {
        return Err(AppError::Forbidden);
    }
    is_version(&place, expected_version)?;
    if let Some(until) = until {
        later(until, at, "/valid_until").map_err(|error| AppError::Invalid(vec![error]))?;
    }
    let after = Membership { until, version: place.version + 1, ..place };
    let entry = caller.entry(at, AuditAction::MemberChanged, Outcome::Succeeded);
    let mut changes = Changes::new();
    changes.write(PeopleWrite::UpdateMembership(after.clone())).write(Epoch::Identity);
    changes.audit(&entry.on(after.organization).with(details(&after)));
    ctx.store.commit(changes).await?;
    ctx.identity.forget_rights();
    show(ctx, after).await
}

/// Ends an administrator's place, or one's own.
///
/// # Errors
/// `NotFound`, `Forbidden`; `Stale` when it changed since it was read.
pub async fn end(
    ctx: &Ctx,
    caller: &Caller,
    organization: Uuid,
    member: Uuid,
    expected_version: Option<u64>,
) -> AppResult<ShownMember> {
    let own = Own::of(ctx, caller).await?;
    let at = ctx.clock.now();
    let (own_place, place) = both(ctx, &own, organization, member).await?;
    let act = MemberAct::End { role: place.role, own: place.member == own.person.id };
    if !may(own_place.role, act) {
        return Err(AppError::Forbidden);
    }
    is_version(&place, expected_version)?;
    let by = if place.member == own.person.id { EndedBy::Agent } else { EndedBy::Principal };
    let line = |action| caller.entry(at, action, Outcome::Succeeded);
    let mut changes = Changes::new();
    let after = write_end(ctx, place, by, &line, &mut changes).await?;
    changes.write(Epoch::Identity);
    ctx.store.commit(changes).await?;
    ctx.identity.forget_rights();
    show(ctx, after).await
}

/// Adds the end of a place to `changes`, and of the invitation it came from; `line`
/// begins what the audit trail says of it.
pub(super) async fn write_end(
    ctx: &Ctx,
    place: Membership,
    by: EndedBy,
    line: &dyn Fn(AuditAction) -> AuditEntry,
    changes: &mut Changes,
) -> AppResult<Membership> {
    let at = ctx.clock.now();
    let after = Membership { ended_at: Some(at), version: place.version + 1, ..place };
    changes.write(PeopleWrite::UpdateMembership(after.clone()));
    changes.audit(&line(AuditAction::MemberEnded).on(after.organization).with(details(&after)));
    // The registry's places come from no invitation.
    let invitation = ctx.store.find_mandate(after.id).await?;
    if let Some(Ok(ended)) = invitation.map(|mandate| mandate.end(by, at)) {
        changes.write(PeopleWrite::UpdateMandate(MandateRow::seal(&ended, ctx.store.vault())));
    }
    Ok(after)
}

/// The caller's place and the one named.
async fn both(ctx: &Ctx, own: &Own, organization: Uuid, member: Uuid) -> AppResult<(Membership, Membership)> {
    let own_place = find(ctx, own.person.id, organization).await?.ok_or(AppError::NotFound)?;
    let members = ctx.store.list_members(organization).await?;
    let named = members.into_iter().find(|place| place.id == member).ok_or(AppError::NotFound)?;
    Ok((own_place, named))
}

fn is_version(place: &Membership, expected: Option<u64>) -> AppResult<()> {
    let version = u64::try_from(place.version).unwrap_or_default();
    if expected.is_some_and(|expected| expected != version) { Err(AppError::Stale) } else { Ok(()) }
}

/// What the audit trail keeps of a place.
pub(super) fn details(place: &Membership) -> serde_json::Value {
    json!({
        "membership": place.id,
        "member": place.member,
        "role": place.role.as_str(),
        "until": place.until,
        "ended_at": place.ended_at,
    })
}

/// A place as the business registry gives it.
pub(super) fn representative(organization: Uuid, member: Uuid, at: DateTime<Utc>) -> Membership {
    Membership {
        id: new_id(at),
        organization,
        member,
        role: MemberRole::LegalRepresentative,
        since: at,
        until: None,
        granted_by: None,
        ended_at: None,
        version: 1,
    }
}
