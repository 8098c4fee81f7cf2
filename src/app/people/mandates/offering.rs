//! Offering a mandate, and giving one on (转委托).
//!
//! What always holds: only the principal, or a member of the organisation that is
//! one, offers; only the agent gives on; nobody learns whether a number has an account.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{NEEDED, ShownMandate, concerning, entry, read, show};
use crate::app::ctx::{Ctx, new_id};
use crate::app::error::{AppError, AppResult};
use crate::app::identity::Caller;
use crate::app::identity::throttle::charge;
use crate::app::once::{Answer, Claim};
use crate::app::people::texts::{Notice, tell};
use crate::app::people::{Own, answered_before, members, unknown_guides};
use crate::domain::audit::AuditAction;
use crate::domain::codes::Mobile;
use crate::domain::guides::ApplicantKind;
use crate::domain::identity::Subject;
use crate::domain::mandates::{Addressee, MOST_LINKS, Mandate, MandateKind, MandateState, NewMandate, Terms};
use crate::domain::organizations::MemberAct;
use crate::domain::refusal::FieldError;
use crate::domain::text::Text;
use crate::store::{Changes, MandateRow, PeopleWrite};

/// What is offered, and to whom.
#[derive(Debug, Clone)]
pub struct OfferRequest {
    /// An organisation of the caller's; left out: he himself.
    pub principal: Option<Uuid>,
    pub to: Recipient,
    /// In the order they were named, so that what is wrong with one can be shown.
    pub guides: Option<Vec<String>>,
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
    let unknown = unknown_guides(ctx, guides.as_deref()).await?;
    let terms = Terms { guides: set(guides), from: from.unwrap_or(at), until, may_delegate };
    let mut errors = terms.problems(at);
    errors.extend(unknown);
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
pub(in crate::app::people) async fn hand_over(
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
    let unknown = unknown_guides(ctx, guides.as_deref()).await?;
    let from = from.unwrap_or(at.max(parent.terms.from));
    let terms = Terms { guides: set(guides), from, until, may_delegate };
    let to = match to {
        Recipient::Mobile(mobile) if mobile != own.account.mobile => Addressee::Mobile(mobile),
        Recipient::Mobile(_) | Recipient::Person(_) => return Err(AppError::Invalid(vec![his_number()])),
    };
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

fn set(guides: Option<Vec<String>>) -> Option<BTreeSet<String>> {
    guides.map(|guides| guides.into_iter().collect())
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
