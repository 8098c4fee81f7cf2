//! 法人: finding an organisation of one's own in the business registry, and looking
//! again whether what was found there is still so.
//!
//! What always holds: only whom the registry names, by name and number, finds an
//! organisation; it is known as well as whoever found it, for a year at the most;
//! whom the registry does not name any more loses his place, and the mandates the
//! organisation gave stay the organisation's; for one that is no more nobody acts.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use uuid::Uuid;

use super::mandates::write_end_with_place;
use super::members::{self, ShownMember};
use super::presence::Grounds;
use super::{ATTEMPTS, Own, answered_before, refused};
use crate::app::ctx::{Ctx, new_id};
use crate::app::error::{AppError, AppResult};
use crate::app::identity::Caller;
use crate::app::identity::throttle::charge;
use crate::app::once::{Answer, Claim};
use crate::app::ports::PortError;
use crate::domain::audit::{AuditAction, AuditEntry, Outcome};
use crate::domain::codes::Uscc;
use crate::domain::guides::{Applicant, ApplicantKind, Attribute, IdNumber};
use crate::domain::identity::{Of, ProofMethod, Subject, Verifier, proofing};
use crate::domain::mandates::{EndedBy, MandateKind, Standing};
use crate::domain::organizations::{MemberRole, Membership, outdated};
use crate::domain::refusal::{Refusal, RefusalCode};
use crate::domain::registries::{Entity, EntityExtract};
use crate::domain::text::Text;
use crate::store::{
    self, Changes, Epoch, IdentityWrite, OrganizationRecord, OrganizationRow, PeopleWrite, PersonRecord,
    PersonRow,
};

/// Somebody must be known by name and number to be compared with the registry.
const NEEDED: u8 = 2;
/// How long the registry's word on who represents an organisation is not asked again.
const CHECKED_FOR: TimeDelta = TimeDelta::days(7);
/// Organisations looked at in one go.
const PAGE: i64 = 50;

/// An organisation as a member sees it.
pub struct ShownOrganization {
    pub person: PersonRecord,
    pub record: OrganizationRecord,
    /// The caller's place in it.
    pub place: Membership,
    /// Everybody's; none in a list.
    pub members: Vec<ShownMember>,
}

/// The caller's organisations.
pub async fn list(ctx: &Ctx, caller: &Caller) -> AppResult<Vec<ShownOrganization>> {
    let own = Own::of(ctx, caller).await?;
    of_member(ctx, own.person.id).await
}

/// The organisations somebody has a place in now.
pub async fn of_member(ctx: &Ctx, member: Uuid) -> AppResult<Vec<ShownOrganization>> {
    let at = ctx.clock.now();
    let mut shown: Vec<ShownOrganization> = Vec::new();
    let mut places = ctx.store.list_memberships_of(member).await?;
    places.sort_by_key(|place| (place.organization, place.role));
    for place in places.into_iter().filter(|place| place.in_force(at)) {
        let is_shown = shown.iter().any(|other| other.place.organization == place.organization);
        if !is_shown {
            shown.push(show(ctx, place, Vec::new()).await?);
        }
    }
    Ok(shown)
}

async fn show(ctx: &Ctx, place: Membership, members: Vec<ShownMember>) -> AppResult<ShownOrganization> {
    let gone = || AppError::Internal(format!("the organisation {} is gone", place.organization));
    let person = ctx.store.find_person(place.organization).await?.ok_or_else(gone)?;
    let record = ctx.store.find_organization(place.organization).await?.ok_or_else(gone)?;
    Ok(ShownOrganization { person, record, place, members })
}

/// One of the caller's organisations with its members.
///
/// # Errors
/// `NotFound` for whoever is no member.
pub async fn read(ctx: &Ctx, caller: &Caller, id: Uuid) -> AppResult<ShownOrganization> {
    let own = Own::of(ctx, caller).await?;
    let place = members::find(ctx, own.person.id, id).await?.ok_or(AppError::NotFound)?;
    let all = members::list(ctx, id).await?;
    show(ctx, place, all).await
}

/// Finds an organisation whose legal representative the caller is, or looks again.
///
/// # Errors
/// `StepUp`; `TooMany`; `Refused` with `NotConfirmed` when there is none, or he does
/// not represent it; `Away` when the registry is, or is not connected.
pub async fn find(
    ctx: &Ctx,
    caller: &Caller,
    uscc: &Uscc,
    claim: Option<Claim>,
) -> AppResult<Answer<ShownOrganization>> {
    let own = Own::of(ctx, caller).await?;
    let error = match find_once(ctx, caller, &own, uscc, claim.as_ref()).await {
        Ok(id) => return read(ctx, caller, id).await.map(Answer::first),
        Err(error) => error,
    };
    answered_before(ctx, claim.as_ref(), error, async |id| read(ctx, caller, id).await).await
}

async fn find_once(
    ctx: &Ctx,
    caller: &Caller,
    own: &Own,
    uscc: &Uscc,
    claim: Option<&Claim>,
) -> AppResult<Uuid> {
    own.known_at_least(caller, NEEDED)?;
    let at = ctx.clock.now();
    let key = ctx.store.vault().blind_index("failures.organization", &own.account.id.to_string());
    let counted = charge(ctx, &[(Subject::Enquirer, key)], at).await?;
    let forgive = |changes: &mut Changes| {
        for (subject, charge) in &counted {
            changes.write(IdentityWrite::ForgiveTries { subject: subject.clone(), count: charge.weight });
        }
    };
    let entity = match ask(ctx, uscc).await {
        Ok(entity) => entity,
        Err(error) => {
            let mut changes = Changes::new();
            forgive(&mut changes);
            ctx.store.commit(changes).await?;
            return Err(error);
        }
    };
    let is_his = entity.as_ref().is_some_and(|entity| represents(&own.person, entity));
    let (Some(entity), true) = (&entity, is_his) else {
        let mut changes = Changes::new();
        let entry = caller.entry(at, AuditAction::OrganizationFound, Outcome::Refused).on(own.person.id);
        changes.audit(&entry.with(json!({ "uscc": uscc.as_str() })));
        ctx.store.commit(changes).await?;
        // Whoever asked, what the registry says now counts.
        if let Some(entity) = &entity {
            look_again(ctx, entity, None).await?;
        }
        return Err(not_confirmed().into());
    };
    if !entity.status.exists() {
        look_again(ctx, entity, None).await?;
        return Err(refused(
            RefusalCode::NotEligible,
            "该主体已注销，不能再以其名义办事。",
            "This organisation is deregistered; nobody can act in its name any more.",
        ));
    }
    let more = |id: Uuid, changes: &mut Changes| {
        forgive(changes);
        let entry = caller.entry(at, AuditAction::OrganizationFound, Outcome::Succeeded);
        changes.audit(&entry.on(id).with(json!({ "uscc": uscc.as_str() })));
        changes.claim(claim, id.to_string(), at);
    };
    match look_again(ctx, entity, Some(Finder { own, more: &more })).await {
        Ok(found) => found.ok_or(AppError::Stale),
        Err(error) => {
            // It was found before, or could not be written: no fault of his.
            let mut changes = Changes::new();
            forgive(&mut changes);
            ctx.store.commit(changes).await?;
            Err(error)
        }
    }
}

async fn ask(ctx: &Ctx, uscc: &Uscc) -> AppResult<Option<Entity>> {
    let Some(registry) = &ctx.registries.business else { return Err(not_connected()) };
    registry.find(uscc).await.map_err(|error| away(&error))
}

/// Whether the registry means this natural person.
fn represents(person: &PersonRecord, entity: &Entity) -> bool {
    match (&person.applicant.kind, &person.applicant.id_number) {
        (ApplicantKind::NaturalPerson, Some(IdNumber::ResidentId(number))) if person.applicant.ial >= 2 => {
            entity.representative.is(&person.applicant.name, number)
        }
        (ApplicantKind::NaturalPerson | ApplicantKind::Organization, _) => false,
    }
}

/// The legal representative who asks, and what belongs to the same transaction.
struct Finder<'a> {
    own: &'a Own,
    more: &'a dyn Fn(Uuid, &mut Changes),
}

/// Brings what is on record in step with the registry; gives the organisation's
/// record, where there is one. Without a finder none is made.
async fn look_again(ctx: &Ctx, entity: &Entity, finder: Option<Finder<'_>>) -> AppResult<Option<Uuid>> {
    let at = ctx.clock.now();
    for _ in 0..ATTEMPTS {
        let number = IdNumber::Uscc(entity.uscc.clone());
        let known = ctx.store.find_person_by_id_number(&number).await?;
        if known.is_none() && finder.is_none() {
            return Ok(None);
        }
        let mut changes = Changes::new();
        let id = known.as_ref().map_or_else(|| new_id(at), |person| person.id);
        write_record(ctx, entity, id, known, finder.as_ref(), at, &mut changes).await?;
        write_members(ctx, entity, id, finder.as_ref(), at, &mut changes).await?;
        changes.write(Epoch::Identity);
        match &finder {
            Some(finder) => (finder.more)(id, &mut changes),
            None => {
                changes.audit(&checked(entity, id, at));
            }
        }
        match ctx.store.commit(changes).await {
            Ok(()) => {
                ctx.identity.forget_rights();
                return Ok(Some(id));
            }
            Err(store::Error::Stale | store::Error::Duplicate(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(AppError::Unavailable("the organisation keeps changing".to_owned()))
}

/// The portal asked by itself, or somebody who does not represent it did.
fn checked(entity: &Entity, id: Uuid, at: DateTime<Utc>) -> AuditEntry {
    let entry = AuditEntry::new(new_id(at), at, AuditAction::OrganizationChecked, Outcome::Succeeded);
    entry.on(id).with(json!({ "status": entity.status.as_str() }))
}

/// The organisation as the registry has it, with a proof where somebody found it.
async fn write_record(
    ctx: &Ctx,
    entity: &Entity,
    id: Uuid,
    known: Option<PersonRecord>,
    finder: Option<&Finder<'_>>,
    at: DateTime<Utc>,
    changes: &mut Changes,
) -> AppResult<()> {
    let mut proofs = ctx.store.list_proofs(id).await?;
    if let Some(finder) = finder {
        let method = ProofMethod::BusinessRegistry;
        let longest = at + method.believed_for();
        let holds_until = finder.own.account.level.until.filter(|until| at < *until);
        let grounds = Grounds {
            ial: finder.own.ial,
            method,
            evidence: entity.uscc.to_string(),
            verifier: Verifier::Registry,
            expires_at: holds_until.map_or(longest, |until| until.min(longest)),
        };
        let proof = grounds.proof(id, None, at);
        proofs.push(proof.clone());
        changes.write(PeopleWrite::InsertProof(proof));
    }
    // Without a new proof it is known as well as it was, for as long as it was.
    let level = match (&known, finder) {
        (Some(known), None) => known.level(),
        (None, _) | (_, Some(_)) => proofing::level(&proofs, Of::Person, at),
    };
    let applicant = Applicant {
        kind: ApplicantKind::Organization,
        name: entity.name.clone(),
        id_number: Some(IdNumber::Uscc(entity.uscc.clone())),
        birth_date: None,
        gender: None,
        residence: entity.region.clone(),
        mobile: None,
        ial: level.ial.get(),
        verified: [Attribute::Name, Attribute::IdNumber, Attribute::Residence].into(),
    };
    let vault = ctx.store.vault();
    let (created_at, version) = known.as_ref().map_or((at, 1), |known| (known.created_at, known.version + 1));
    let person = PersonRecord { id, applicant, ial_until: level.until, created_at, version };
    let row = PersonRow::seal(&person, vault)?;
    changes.write(match known {
        None => PeopleWrite::InsertPerson(row),
        Some(_) => PeopleWrite::UpdatePerson(row),
    });
    let version = ctx.store.find_organization(id).await?.map_or(1, |record| record.version + 1);
    let record = OrganizationRecord {
        person: id,
        status: entity.status,
        extract: EntityExtract::from(entity),
        checked_at: at,
        version,
    };
    changes.write(PeopleWrite::PutOrganization(OrganizationRow::seal(&record, vault)?));
    Ok(())
}

/// Ends the places the registry does not bear out any more, and gives the finder his.
async fn write_members(
    ctx: &Ctx,
    entity: &Entity,
    id: Uuid,
    finder: Option<&Finder<'_>>,
    at: DateTime<Utc>,
    changes: &mut Changes,
) -> AppResult<()> {
    let members = ctx.store.list_members(id).await?;
    let mut representatives = Vec::new();
    for place in members.iter().filter(|place| place.role == MemberRole::LegalRepresentative) {
        let person = ctx.store.find_person(place.member).await?;
        if person.is_some_and(|person| represents(&person, entity)) {
            representatives.push(place.member);
        }
    }
    let is_representative = |member: Uuid| representatives.contains(&member);
    let line = |action| AuditEntry::new(new_id(at), at, action, Outcome::Succeeded);
    let mut left = Vec::new();
    for place in outdated(&members, entity.status.exists(), is_representative, at) {
        left.extend(ctx.store.find_account_of(place.member).await?.map(|account| account.id));
        members::write_end(ctx, place.clone(), EndedBy::Registry, &line, changes).await?;
    }
    // With the organisation ends what it gave (民法典 173, 175); of one that goes on,
    // the invitations of whoever represents it no more.
    for mandate in ctx.store.list_mandates_given(vec![id]).await? {
        let is_open = mandate.standing(at) == Standing::Offered;
        let is_invitation = mandate.kind == MandateKind::Administrator;
        let by_him = mandate.granted_by.is_some_and(|account| left.contains(&account));
        let is_over = match entity.status.exists() {
            true => is_open && is_invitation && by_him,
            false => is_open || !is_invitation,
        };
        if is_over {
            write_end_with_place(ctx, mandate, EndedBy::Registry, &line, changes).await?;
        }
    }
    if let Some(Finder { own, .. }) = finder
        && !is_representative(own.person.id)
    {
        let place = members::representative(id, own.person.id, at);
        let entry = line(AuditAction::MemberAdded);
        changes.audit(&entry.by(own.account.id).on(id).with(members::details(&place)));
        changes.write(PeopleWrite::InsertMembership(place));
    }
    Ok(())
}

/// Looks again at organisations the registry was not asked about for a week: a
/// representative who left must not wait for his successor to come. Gives how many.
pub async fn check_due(ctx: &Ctx) -> AppResult<usize> {
    if ctx.registries.business.is_none() {
        return Ok(0);
    }
    let at = ctx.clock.now();
    let due = ctx.store.list_organizations_unchecked_since(at - CHECKED_FOR, PAGE).await?;
    let mut checked = 0;
    for id in due {
        let Some(IdNumber::Uscc(uscc)) =
            ctx.store.find_person(id).await?.and_then(|person| person.applicant.id_number)
        else {
            continue;
        };
        match ask(ctx, &uscc).await {
            Ok(Some(entity)) => {
                look_again(ctx, &entity, None).await?;
                checked += 1;
            }
            // A registry that has forgotten a company says nothing about who leads it.
            Ok(None) => tracing::warn!(organization = %id, "the business registry does not know it any more"),
            Err(AppError::Away { why, .. }) => {
                tracing::warn!(why, "organisations are looked at again later");
                break;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(checked)
}

fn away(error: &PortError) -> AppError {
    let words = Text::new(
        "市场主体登记库暂时无法查询，请稍后再试。",
        "The business registry cannot be asked at the moment. Try again later.",
    );
    AppError::Away { words: Box::new(words), why: format!("the business registry: {error}") }
}

fn not_connected() -> AppError {
    let words = Text::new(
        "本平台尚未接通市场主体登记库，不能在线添加法人；请到窗口办理。（管理员：请在配置的 [registries] 中设置 business_url。）",
        "This portal is not connected to the business registry, so organisations cannot be added online; go to a counter. (Operator: set `business_url` under [registries] in the configuration.)",
    );
    let why = "no business registry is configured: set business_url under [registries]".to_owned();
    AppError::Away { words: Box::new(words), why }
}

fn not_confirmed() -> Refusal {
    Refusal::new(
        RefusalCode::NotConfirmed,
        "未能核实：没有这个统一社会信用代码，或者登记的法定代表人不是您。请核对代码；刚变更登记的，请次日再试。",
        "Not confirmed: there is no such code, or its registered legal representative is not you. Check the code; after a recent change of registration try again tomorrow.",
    )
}
