//! 授权委托: offering, answering, ending and giving on.
//!
//! What always holds: only the principal, or a member of the organisation that is
//! one, offers; nobody learns whether a number has an account; ending a mandate ends
//! everything given on from it, in one transaction.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use super::texts::{Notice, tell};
use super::{ATTEMPTS, Own, answered_before, members, refused, unknown_guides};
use crate::app::ctx::{Ctx, new_id};
use crate::app::error::{AppError, AppResult};
use crate::app::identity::Caller;
use crate::app::identity::throttle::charge;
use crate::app::once::{Answer, Claim};
use crate::domain::audit::{AuditAction, AuditEntry, Outcome};
use crate::domain::codes::{Mobile, mask_name};
use crate::domain::guides::ApplicantKind;
use crate::domain::identity::Subject;
use crate::domain::mandates::{
    Addressee, EndedBy, MOST_LINKS, Mandate, MandateKind, MandateState, NewMandate, Standing, Terms,
};
use crate::domain::organizations::{MemberAct, MemberRole, Membership};
use crate::domain::refusal::{FieldError, RefusalCode};
use crate::domain::text::Text;
use crate::store::{Changes, Epoch, MandateRow, PeopleWrite};

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

/// What is offered, and to whom.
#[derive(Debug, Clone)]
pub struct OfferRequest {
    /// An organisation of the caller's; left out: he himself.
    pub principal: Option<Uuid>,
    pub to: Recipient,
    pub guides: Option<BTreeSet<String>>,
    pub from: Option<DateTime<Utc>>,
    pub until: Option<DateTime<Utc>>,
    pub may_delegate: bool,
    pub claim: Option<Claim>,
}

/// An agent by his number, or one the principal had before.
#[derive(Debug, Clone)]
pub enum Recipient {
    Mobile(Mobile),
    Person(Uuid),
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

/// Offers a mandate; gives it as the principal sees it.
///
/// # Errors
/// `StepUp`; `NotFound` for an organisation that is not his; `Invalid` with
/// everything wrong at once.
pub async fn offer(ctx: &Ctx, caller: &Caller, request: OfferRequest) -> AppResult<Answer<ShownMandate>> {
    let own = Own::of(ctx, caller).await?;
    let claim = request.claim.clone();
    let error = match offer_once(ctx, caller, &own, request).await {
        Ok(shown) => return Ok(Answer::first(shown)),
        Err(error) => error,
    };
    answered_before(ctx, claim.as_ref(), error, async |id| read(ctx, caller, id).await).await
}

async fn offer_once(ctx: &Ctx, caller: &Caller, own: &Own, request: OfferRequest) -> AppResult<ShownMandate> {
    own.known_at_least(caller, NEEDED)?;
    let at = ctx.clock.now();
    let principal = request.principal.unwrap_or(own.person.id);
    if principal != own.person.id {
        members::must_be_allowed(ctx, own, principal, MemberAct::Mandate).await?;
    }
    let OfferRequest { to, guides, from, until, may_delegate, claim, .. } = request;
    let terms = Terms { guides, from: from.unwrap_or(at), until, may_delegate };
    let mut errors = terms.problems(at);
    errors.extend(unknown_guides(ctx, terms.guides.as_ref()).await?);
    let to = match addressee(ctx, own, principal, to).await? {
        Ok(to) => to,
        Err(error) => {
            errors.push(error);
            return Err(AppError::Invalid(errors));
        }
    };
    if !errors.is_empty() {
        return Err(AppError::Invalid(errors));
    }
    let new =
        NewMandate { id: new_id(at), principal, terms, evidence: None, granted_by: Some(own.account.id) };
    let mandate = Mandate::offer(new, MandateKind::Agency, to, at);
    let mut changes = Changes::new();
    changes.claim(claim.as_ref(), mandate.id.to_string(), at);
    hand_over(ctx, caller, own, mandate, changes).await
}

/// Writes an offer down and tells the one it is for.
pub(super) async fn hand_over(
    ctx: &Ctx,
    caller: &Caller,
    own: &Own,
    mandate: Mandate,
    mut changes: Changes,
) -> AppResult<ShownMandate> {
    let at = ctx.clock.now();
    let key = ctx.store.vault().blind_index("failures.mandate_offer", &own.account.id.to_string());
    charge(ctx, &[(Subject::Account, key)], at).await?;
    changes.write(PeopleWrite::InsertMandate(MandateRow::seal(&mandate, ctx.store.vault())));
    changes.audit(&entry(caller, AuditAction::MandateOffered, &mandate, at));
    ctx.store.commit(changes).await?;
    let principal = ctx.store.find_person(mandate.principal).await?;
    let principal = principal.map(|person| person.applicant);
    if let (MandateState::Offered { to: Addressee::Mobile(mobile) }, Some(principal)) =
        (&mandate.state, &principal)
    {
        let name = principal.name.as_str();
        let notice = match (mandate.kind, principal.kind) {
            (MandateKind::Administrator, ApplicantKind::Organization) => {
                Notice::Invited { organization: name }
            }
            (MandateKind::Agency | MandateKind::Guardian | MandateKind::Administrator, _) => {
                Notice::MandateOffered { principal: name }
            }
        };
        tell(ctx, mobile, notice).await;
    }
    show(ctx, mandate, true).await
}

/// Whom an offer reaches. A person by his id only where the principal knows him
/// already: else ids could be tried.
async fn addressee(
    ctx: &Ctx,
    own: &Own,
    principal: Uuid,
    to: Recipient,
) -> AppResult<Result<Addressee, FieldError>> {
    let wrong =
        |pointer: &str, code, zh: &str, en: &str| Ok(Err(FieldError::new(pointer, code, Text::new(zh, en))));
    match to {
        Recipient::Mobile(mobile) if mobile == own.account.mobile && principal == own.person.id => wrong(
            "/mobile",
            "same_person",
            "这是您自己的号码，请填写受托人的手机号码。",
            "This is your own number; give the agent's.",
        ),
        Recipient::Mobile(mobile) => Ok(Ok(Addressee::Mobile(mobile))),
        Recipient::Person(person) => {
            let given = ctx.store.list_mandates_given(vec![principal]).await?;
            let is_known = given.iter().any(|mandate| mandate.agent() == Some(person));
            match is_known && person != principal {
                true => Ok(Ok(Addressee::Person(person))),
                false => wrong(
                    "/person_id",
                    "unknown",
                    "您此前没有授权过此人，请填写其手机号码。",
                    "You never mandated this person; give the mobile number instead.",
                ),
            }
        }
    }
}

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

/// Ends a mandate, or takes an offer back; whatever was given on from it ends too.
/// The agent's reach is gone here at once and everywhere within a second.
///
/// # Errors
/// `NotFound` for strangers; `Refused` when it is over, and for guardians, whose
/// place is settled at a counter.
pub async fn end(ctx: &Ctx, caller: &Caller, id: Uuid) -> AppResult<ShownMandate> {
    let own = Own::of(ctx, caller).await?;
    for _ in 0..ATTEMPTS {
        let (mandate, sides) = concerning(ctx, &own, id).await?;
        let by = match (mandate.kind, sides) {
            (_, Sides { agent: true, .. }) => EndedBy::Agent,
            (MandateKind::Agency | MandateKind::Administrator, _) => EndedBy::Principal,
            (MandateKind::Guardian, _) => return Err(settled_at_a_counter()),
        };
        match end_with(ctx, caller, mandate, by, None).await {
            Ok(mandate) => return show(ctx, mandate, sides.principal || sides.above).await,
            Err(AppError::Stale) => {}
            Err(error) => return Err(error),
        }
    }
    Err(AppError::Unavailable("the mandate keeps changing".to_owned()))
}

fn settled_at_a_counter() -> AppError {
    refused(
        RefusalCode::WrongState,
        "监护关系的变更请双方到窗口办理。",
        "A change of guardian is settled at a counter.",
    )
}

/// Ends it with everything below it, in one transaction.
pub(super) async fn end_with(
    ctx: &Ctx,
    caller: &Caller,
    mandate: Mandate,
    by: EndedBy,
    reason: Option<&str>,
) -> AppResult<Mandate> {
    let mut changes = Changes::new();
    let mandate = write_end(ctx, caller, mandate, by, reason, &mut changes).await?;
    changes.write(Epoch::Identity);
    ctx.store.commit(changes).await?;
    ctx.identity.forget_rights();
    Ok(mandate)
}

/// Adds the end of a mandate, and of everything below it, to `changes`.
pub(super) async fn write_end(
    ctx: &Ctx,
    caller: &Caller,
    mandate: Mandate,
    by: EndedBy,
    reason: Option<&str>,
    changes: &mut Changes,
) -> AppResult<Mandate> {
    let at = ctx.clock.now();
    let below = ctx.store.list_mandates_below(mandate.id).await?;
    let ended = mandate.end(by, at)?;
    let mut write = |mandate: &Mandate, by: EndedBy| {
        changes.write(PeopleWrite::UpdateMandate(MandateRow::seal(mandate, ctx.store.vault())));
        let entry = entry(caller, AuditAction::MandateEnded, mandate, at);
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

/// 转委托: gives a mandate on to somebody, by its agent.
///
/// # Errors
/// `NotFound` for strangers; `Forbidden` for the principal, who offers directly;
/// `Refused` when it may not be given on, or not so far.
pub async fn delegate(
    ctx: &Ctx,
    caller: &Caller,
    id: Uuid,
    request: OfferRequest,
) -> AppResult<Answer<ShownMandate>> {
    let own = Own::of(ctx, caller).await?;
    let claim = request.claim.clone();
    let error = match delegate_once(ctx, caller, &own, id, request).await {
        Ok(shown) => return Ok(Answer::first(shown)),
        Err(error) => error,
    };
    answered_before(ctx, claim.as_ref(), error, async |id| read(ctx, caller, id).await).await
}

async fn delegate_once(
    ctx: &Ctx,
    caller: &Caller,
    own: &Own,
    id: Uuid,
    request: OfferRequest,
) -> AppResult<ShownMandate> {
    let at = ctx.clock.now();
    let (parent, _) = concerning(ctx, own, id).await?;
    if parent.agent() != Some(own.person.id) {
        return Err(AppError::Forbidden);
    }
    let OfferRequest { to, guides, from, until, may_delegate, claim, .. } = request;
    let terms = Terms { guides, from: from.unwrap_or(at.max(parent.terms.from)), until, may_delegate };
    let to = match to {
        Recipient::Mobile(mobile) if mobile != own.account.mobile => Addressee::Mobile(mobile),
        Recipient::Mobile(_) | Recipient::Person(_) => return Err(AppError::Invalid(vec![his_number()])),
    };
    let unknown = unknown_guides(ctx, terms.guides.as_ref()).await?;
    if !unknown.is_empty() {
        return Err(AppError::Invalid(unknown));
    }
    let new = NewMandate {
        id: new_id(at),
        principal: parent.principal,
        terms,
        evidence: None,
        granted_by: Some(own.account.id),
    };
    let links = links(ctx, &parent).await?;
    let mandate = parent.delegate(new, to, links, at)?;
    let mut changes = Changes::new();
    // It must still be in force when this is written.
    changes.write(PeopleWrite::GuardMandate { id: parent.id, expected_version: parent.version });
    changes.claim(claim.as_ref(), mandate.id.to_string(), at);
    hand_over(ctx, caller, own, mandate, changes).await
}

fn his_number() -> FieldError {
    let words = Text::new("请填写另一受托人的手机号码。", "Give the mobile number of the other agent.");
    FieldError::new("/mobile", "required", words)
}

/// How often a mandate was given on before.
async fn links(ctx: &Ctx, mandate: &Mandate) -> AppResult<usize> {
    let (mut count, mut next) = (0, mandate.parent);
    while let Some(parent) = next.filter(|_| count < MOST_LINKS) {
        count += 1;
        next = ctx.store.find_mandate(parent).await?.and_then(|mandate| mandate.parent);
    }
    Ok(count)
}

/// A line of the audit trail about a mandate: no names, no numbers.
pub(super) fn entry(
    caller: &Caller,
    action: AuditAction,
    mandate: &Mandate,
    at: DateTime<Utc>,
) -> AuditEntry {
    caller.entry(at, action, Outcome::Succeeded).on(mandate.id).with(json!({
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
