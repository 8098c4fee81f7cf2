//! 监护: a parent acts for a child, until it is of age.
//!
//! What always holds: it rests on a household register that names the child as the
//! holder's, or on an officer before whom both stood; it ends by itself at the
//! eighteenth birthday (民法典 17, 27).

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::counter::{check_words, permit_at_counter, present};
use super::mandates::{ShownMandate, end_with, entry};
use super::presence::{Found, Grounds, find_or_make};
use super::{Own, answered_before, mandates, proving, refused};
use crate::app::ctx::{Ctx, new_id};
use crate::app::error::{AppError, AppResult};
use crate::app::identity::Caller;
use crate::app::once::{Answer, Claim};
use crate::domain::audit::{AuditAction, Outcome};
use crate::domain::certificates::CertificateStatus;
use crate::domain::codes::{CertificateId, ResidentId};
use crate::domain::identity::{Ial, ProofMethod, Verifier};
use crate::domain::mandates::{EndedBy, Mandate, MandateKind, NewMandate, Terms, comes_of_age};
use crate::domain::policy::Operation;
use crate::domain::refusal::{FieldError, Refusal, RefusalCode};
use crate::domain::registries::PersonName;
use crate::store::{Changes, Epoch, MandateRow, PeopleWrite, PersonRecord};

/// A guardian must be known as the one whose register it is.
const NEEDED: u8 = 3;

/// A child, and the household register that names it.
#[derive(Clone)]
pub struct WardRequest {
    pub name: String,
    pub id_number: String,
    pub certificate: String,
    pub claim: Option<Claim>,
}

/// Makes the caller guardian of a child in his household register.
///
/// # Errors
/// `StepUp`; `Invalid`; `Refused` with `NotConfirmed` when the register does not
/// name the child, whatever it is that does not fit.
pub async fn claim(ctx: &Ctx, caller: &Caller, request: WardRequest) -> AppResult<Answer<ShownMandate>> {
    let own = Own::of(ctx, caller).await?;
    let error = match claim_once(ctx, caller, &own, &request).await {
        Ok(id) => return mandates::read(ctx, caller, id).await.map(Answer::first),
        Err(error) => error,
    };
    let read = async |id| mandates::read(ctx, caller, id).await;
    answered_before(ctx, request.claim.as_ref(), error, read).await
}

async fn claim_once(ctx: &Ctx, caller: &Caller, own: &Own, request: &WardRequest) -> AppResult<Uuid> {
    own.known_at_least(caller, NEEDED)?;
    let at = ctx.clock.now();
    let (name, number, certificate) = parse(request)?;
    under_age(&number, at)?;
    let evidence = certificate.to_string();
    if !is_named(ctx, own, &name, &number, &certificate).await? {
        let entry = caller.entry(at, AuditAction::GuardianRecorded, Outcome::Refused);
        let mut changes = Changes::new();
        changes.audit(&entry.on(own.person.id));
        ctx.store.commit(changes).await?;
        return Err(not_named().into());
    }
    let method = ProofMethod::HouseholdRegister;
    let grounds = Grounds {
        ial: Ial::new(method.highest()).unwrap_or(Ial::DECLARED),
        method,
        evidence: evidence.clone(),
        verifier: Verifier::Registry,
        expires_at: comes_of_age(number.birth_date()),
    };
    let Found::Person(ward) = find_or_make(ctx, &name, &number, grounds).await? else {
        return Err(not_named().into());
    };
    let evidence = format!("household_register:{evidence}");
    record(ctx, caller, own.person.id, &ward, &number, evidence, request.claim.as_ref()).await
}

fn parse(request: &WardRequest) -> AppResult<(PersonName, ResidentId, CertificateId)> {
    let name = PersonName::parse("/name", &request.name);
    let number = ResidentId::parse(&request.id_number)
        .map_err(|error| FieldError::new("/id_number", error.code, error.detail));
    let certificate = CertificateId::parse(&request.certificate)
        .map_err(|error| FieldError::new("/certificate_id", error.code, error.detail));
    match (name, number, certificate) {
        (Ok(name), Ok(number), Ok(certificate)) => Ok((name, number, certificate)),
        (name, number, certificate) => Err(AppError::Invalid(
            name.err().into_iter().chain(number.err()).chain(certificate.err()).collect(),
        )),
    }
}

/// Whether the caller's own register, in force, names this child as his.
async fn is_named(
    ctx: &Ctx,
    own: &Own,
    name: &PersonName,
    number: &ResidentId,
    certificate: &CertificateId,
) -> AppResult<bool> {
    let Some(sealed) = ctx.store.find_certificate(certificate).await? else { return Ok(false) };
    let certificate = sealed.certificate;
    let holder = ctx.store.find_person(certificate.holder).await?;
    let is_his = holder.is_some_and(|holder| holder.id == own.person.id);
    let is_valid = certificate.status(ctx.clock.now()) == CertificateStatus::Valid;
    let child = certificate.child(number);
    Ok(is_his && is_valid && child.is_some_and(|child| name.is(&child.name)))
}

fn under_age(number: &ResidentId, at: DateTime<Utc>) -> AppResult<()> {
    if at < comes_of_age(number.birth_date()) {
        return Ok(());
    }
    Err(refused(
        RefusalCode::NotEligible,
        "被监护人已满 18 周岁，请由本人办理或另行授权。",
        "The person is of age; he acts for himself or mandates somebody.",
    ))
}

/// Puts a guardian on record; gives the mandate's id.
async fn record(
    ctx: &Ctx,
    caller: &Caller,
    guardian: Uuid,
    ward: &PersonRecord,
    number: &ResidentId,
    evidence: String,
    claim: Option<&Claim>,
) -> AppResult<Uuid> {
    let at = ctx.clock.now();
    if ward.id == guardian {
        return Err(refused(RefusalCode::SamePerson, "不能监护自己。", "Nobody is his own guardian."));
    }
    let given = ctx.store.list_mandates_given(vec![ward.id]).await?;
    let stands = |mandate: &Mandate| {
        mandate.kind == MandateKind::Guardian && mandate.agent() == Some(guardian) && mandate.reaches(at)
    };
    if given.iter().any(stands) {
        return Err(refused(
            RefusalCode::AlreadyExists,
            "该监护关系已登记，无需重复办理。",
            "This guardian is on record already.",
        ));
    }
    let terms =
        Terms { guides: None, from: at, until: Some(comes_of_age(number.birth_date())), may_delegate: false };
    let new = NewMandate {
        id: new_id(at),
        principal: ward.id,
        terms,
        evidence: Some(evidence),
        granted_by: Some(caller.actor.account),
    };
    let mandate = Mandate::settled(new, MandateKind::Guardian, guardian, at);
    let mut changes = Changes::new();
    changes
        .write(PeopleWrite::InsertMandate(MandateRow::seal(&mandate, ctx.store.vault())))
        .write(Epoch::Identity);
    changes.audit(&entry(caller, AuditAction::GuardianRecorded, &mandate, at));
    changes.claim(claim, mandate.id.to_string(), at);
    ctx.store.commit(changes).await?;
    ctx.identity.forget_rights();
    Ok(mandate.id)
}

fn not_named() -> Refusal {
    Refusal {
        detail: crate::domain::text::Text::new(
            "未能核实监护关系。请核对姓名、身份证号码和户口簿证照；仍未通过的，请与孩子一同到窗口办理。",
            "The guardianship could not be confirmed. Check name, number and the household register; if it still fails, come to a counter together with the child.",
        ),
        ..proving::not_confirmed()
    }
}

/// Puts a guardian on record before whom an officer has the child, and both.
///
/// # Errors
/// `NotFound`; `Invalid`; `Refused` when either is not identified, or the child is of age.
pub async fn witness(
    ctx: &Ctx,
    caller: &Caller,
    ward: Uuid,
    guardian: Uuid,
    evidence: &str,
    claim: Option<Claim>,
) -> AppResult<Answer<Mandate>> {
    permit_at_counter(ctx, caller, Operation::WitnessPerson).await?;
    let find = async |id| ctx.store.find_mandate(id).await?.ok_or(AppError::NotFound);
    let error = match witness_once(ctx, caller, ward, guardian, evidence, claim.as_ref()).await {
        Ok(id) => return find(id).await.map(Answer::first),
        Err(error) => error,
    };
    answered_before(ctx, claim.as_ref(), error, find).await
}

async fn witness_once(
    ctx: &Ctx,
    caller: &Caller,
    ward: Uuid,
    guardian: Uuid,
    evidence: &str,
    claim: Option<&Claim>,
) -> AppResult<Uuid> {
    let (ward, number) = present(ctx, caller, ward).await?;
    let (guardian, guardians_number) = present(ctx, caller, guardian).await?;
    let evidence = check_words("/evidence", evidence)?;
    let at = ctx.clock.now();
    under_age(&number, at)?;
    if at < comes_of_age(guardians_number.birth_date()) {
        return Err(refused(RefusalCode::NotEligible, "监护人须年满 18 周岁。", "A guardian is of age."));
    }
    record(ctx, caller, guardian.id, &ward, &number, format!("counter:{evidence}"), claim).await
}

/// Ends a guardianship at a counter.
///
/// # Errors
/// `NotFound`; `Invalid` without a reason; `Refused` when it is over.
pub async fn end(ctx: &Ctx, caller: &Caller, ward: Uuid, mandate: Uuid, reason: &str) -> AppResult<Mandate> {
    permit_at_counter(ctx, caller, Operation::WitnessPerson).await?;
    let reason = check_words("/reason", reason)?;
    let (ward, _) = present(ctx, caller, ward).await?;
    let found = ctx.store.find_mandate(mandate).await?;
    let found = found.filter(|mandate| mandate.kind == MandateKind::Guardian && mandate.principal == ward.id);
    end_with(ctx, caller, found.ok_or(AppError::NotFound)?, EndedBy::Officer, Some(reason)).await
}
