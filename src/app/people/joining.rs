//! Tying an account to the person its holder was proven to be: to its own record,
//! or to one that was there before, made at a counter or in an earlier account.
//!
//! What always holds: a number is one person's, and a person has one open account.
//! What was proven of the person elsewhere does not make this holder better known
//! than his own proof does. A stronger proof takes a person over from an account
//! that has only a weaker one; an equal one does not. What that account gave and
//! took in the person's name ends with it.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::json;
use uuid::Uuid;

use super::mandates::write_end_with_place;
use super::presence::Grounds;
use super::texts::{Notice, tell};
use super::{ATTEMPTS, refused};
use crate::app::ctx::{Ctx, new_id};
use crate::app::error::{AppError, AppResult};
use crate::app::identity::browser::{Spared, end_everywhere};
use crate::domain::audit::{AuditAction, AuditEntry};
use crate::domain::codes::{Gender, RegionCode, ResidentId};
use crate::domain::guides::{Applicant, ApplicantKind, Attribute, IdNumber};
use crate::domain::identity::{IdentityProof, Level, Of, proofing};
use crate::domain::mandates::{EndedBy, Mandate, MandateKind, MandateState};
use crate::domain::refusal::RefusalCode;
use crate::domain::registries::PersonName;
use crate::store::{self, AccountRecord, Changes, Epoch, PeopleWrite, PersonRecord, PersonRow};

/// What is known of a natural person by a registry or a card.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub name: PersonName,
    pub number: ResidentId,
    pub birth_date: NaiveDate,
    pub gender: Gender,
    pub residence: Option<RegionCode>,
}

/// Ties an account to the person with this number. `more` adds what belongs to the
/// same transaction; `entry` begins its lines in the audit trail. Gives the proof
/// as it was written.
///
/// # Errors
/// `Refused` when the account has another proven number, or the person an account
/// whose holder is as well known.
pub(super) async fn tie(
    ctx: &Ctx,
    account: Uuid,
    known: &Known,
    grounds: impl Fn() -> Grounds,
    entry: impl Fn(AuditAction) -> AuditEntry,
    more: impl Fn(&IdentityProof, &mut Changes),
) -> AppResult<IdentityProof> {
    let at = ctx.clock.now();
    for _ in 0..ATTEMPTS {
        let plan = Plan::make(ctx, account, known, grounds(), at).await?;
        let mut changes = Changes::new();
        if let Some(loser) = &plan.loser {
            undo_acts_of(ctx, loser, plan.person.id, &entry, &mut changes).await?;
        }
        plan.write(ctx, &entry, at, &mut changes)?;
        more(&plan.proof, &mut changes);
        match ctx.store.commit(changes).await {
            Ok(()) => {
                ctx.identity.forget_rights();
                if let Some(loser) = &plan.loser {
                    end_everywhere(ctx, loser.id, Spared::default(), at).await?;
                    tell(ctx, &loser.mobile, Notice::Detached).await;
                }
                return Ok(plan.proof);
            }
            // Somebody else was entered, or proved himself, in the same moment.
            Err(store::Error::Stale | store::Error::Duplicate(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(AppError::Unavailable("the person keeps changing".to_owned()))
}

struct Plan {
    account: AccountRecord,
    /// The record the account had.
    before: PersonRecord,
    /// The record it has from now on, as it will be.
    person: PersonRecord,
    proof: IdentityProof,
    holder_level: Level,
    /// The account that loses the person to this one.
    loser: Option<AccountRecord>,
}

impl Plan {
    async fn make(
        ctx: &Ctx,
        account: Uuid,
        known: &Known,
        grounds: Grounds,
        at: DateTime<Utc>,
    ) -> AppResult<Self> {
        let account = ctx.store.find_account(account).await?;
        let account =
            account.filter(|account| account.closed_at.is_none()).ok_or(AppError::Unauthenticated)?;
        let before = ctx.store.find_person(account.person).await?.ok_or(AppError::Unauthenticated)?;
        let number = IdNumber::ResidentId(known.number.clone());
        if before.applicant.ial >= 2 && before.applicant.id_number.as_ref() != Some(&number) {
            return Err(other_number());
        }
        let there = ctx.store.find_person_by_id_number(&number).await?;
        let there = there.filter(|person| person.id != before.id);
        let loser = match &there {
            None => None,
            Some(person) => match ctx.store.find_account_of(person.id).await? {
                None => None,
                Some(holder) => {
                    let ial = ctx.identity.holder_ial(holder.id, holder.level, at).await?;
                    if grounds.ial <= ial {
                        tell(ctx, &holder.mobile, Notice::IdentityTried).await;
                        return Err(taken());
                    }
                    Some(holder)
                }
            },
        };
        let target = there.unwrap_or_else(|| before.clone());
        let proof = grounds.proof(target.id, Some(account.id), at);
        let mut proofs = ctx.store.list_proofs(target.id).await?;
        proofs.push(proof.clone());
        let holder_level = proofing::level(&proofs, Of::Holder(account.id), at);
        let person = as_known_now(target, known, &account, proofing::level(&proofs, Of::Person, at));
        Ok(Self { account, before, person, proof, holder_level, loser })
    }

    fn write(
        &self,
        ctx: &Ctx,
        entry: &impl Fn(AuditAction) -> AuditEntry,
        at: DateTime<Utc>,
        changes: &mut Changes,
    ) -> AppResult<()> {
        let Self { account, before, person, proof, holder_level, loser } = self;
        let vault = ctx.store.vault();
        if let Some(loser) = loser {
            let nobody = nobody(loser, at);
            changes.write(PeopleWrite::InsertPerson(PersonRow::seal(&nobody, vault)?)).write(
                PeopleWrite::SetHolder {
                    account: loser.id,
                    person: nobody.id,
                    level: Level::DECLARED,
                    expected_version: loser.version,
                },
            );
            changes.audit(
                &entry(AuditAction::AccountDetached).on(loser.id).with(json!({ "person": person.id })),
            );
        }
        if person.id != before.id {
            changes.write(PeopleWrite::JoinPerson {
                from: before.id,
                into: person.id,
                expected_version: before.version,
            });
            let details = json!({ "person": person.id, "record": before.id });
            changes.audit(&entry(AuditAction::AccountJoined).on(account.id).with(details));
        }
        changes
            .write(PeopleWrite::UpdatePerson(PersonRow::seal(person, vault)?))
            .write(PeopleWrite::InsertProof(proof.clone()))
            .write(PeopleWrite::SetHolder {
                account: account.id,
                person: person.id,
                level: *holder_level,
                expected_version: account.version,
            })
            .write(Epoch::Identity);
        let details = json!({ "ial": proof.ial.get(), "method": proof.method.as_str(), "proof": proof.id });
        changes.audit(&entry(AuditAction::IdentityProven).on(person.id).with(details));
        Ok(())
    }
}

/// Ends what an account did in the name of somebody it was not: the mandates it gave
/// for him and his organisations, and those it accepted as him.
async fn undo_acts_of(
    ctx: &Ctx,
    loser: &AccountRecord,
    person: Uuid,
    entry: &impl Fn(AuditAction) -> AuditEntry,
    changes: &mut Changes,
) -> AppResult<()> {
    let places = ctx.store.list_memberships_of(person).await?;
    let principals = std::iter::once(person).chain(places.iter().map(|place| place.organization)).collect();
    let given = ctx.store.list_mandates_given(principals).await?;
    let received = ctx.store.list_mandates_received(person, &loser.mobile).await?;
    // A person has one account, so whatever he accepted since was accepted with this one.
    let proofs = ctx.store.list_proofs(person).await?;
    let own = proofs.iter().filter(|proof| proof.account == Some(loser.id));
    let since = own.map(|proof| proof.at).min().unwrap_or(loser.created_at);
    let by_him = |mandate: &Mandate| mandate.granted_by == Some(loser.id);
    let as_him = |mandate: &Mandate| match (mandate.kind, &mandate.state) {
        (MandateKind::Agency | MandateKind::Administrator, MandateState::Accepted { at, .. }) => since <= *at,
        // Before an officer stood the person himself.
        (MandateKind::Guardian, MandateState::Accepted { .. }) => false,
        (_, MandateState::Offered { .. } | MandateState::Declined { .. } | MandateState::Ended { .. }) => {
            false
        }
    };
    let given = given.into_iter().filter(by_him);
    let received = received.into_iter().filter(|mandate| as_him(mandate) || by_him(mandate));
    let mut ended = BTreeSet::new();
    for mandate in given.chain(received) {
        if ended.insert(mandate.id) {
            write_end_with_place(ctx, mandate, EndedBy::Officer, entry, changes).await?;
        }
    }
    Ok(())
}

/// The record with what is known now.
fn as_known_now(target: PersonRecord, known: &Known, account: &AccountRecord, level: Level) -> PersonRecord {
    let mut applicant = target.applicant;
    applicant.name = known.name.as_str().to_owned();
    applicant.id_number = Some(IdNumber::ResidentId(known.number.clone()));
    applicant.birth_date = Some(known.birth_date);
    applicant.gender = Some(known.gender);
    applicant.mobile = Some(account.mobile.clone());
    applicant.ial = level.ial.get();
    applicant.verified.extend([
        Attribute::Name,
        Attribute::IdNumber,
        Attribute::BirthDate,
        Attribute::Gender,
    ]);
    if let Some(residence) = &known.residence {
        applicant.residence = Some(residence.clone());
        applicant.verified.insert(Attribute::Residence);
    }
    PersonRecord { applicant, ial_until: level.until, version: target.version + 1, ..target }
}

/// The record of an account of which nothing is known any more.
fn nobody(account: &AccountRecord, at: DateTime<Utc>) -> PersonRecord {
    PersonRecord {
        id: new_id(at),
        applicant: Applicant {
            kind: ApplicantKind::NaturalPerson,
            name: String::new(),
            id_number: None,
            birth_date: None,
            gender: None,
            residence: None,
            mobile: Some(account.mobile.clone()),
            ial: Level::DECLARED.ial.get(),
            verified: std::collections::BTreeSet::new(),
        },
        ial_until: None,
        created_at: at,
        version: 1,
    }
}

fn other_number() -> AppError {
    refused(
        RefusalCode::WrongState,
        "您的账号已用另一身份证号码完成实名。证件号码有变更的，请携证件到窗口办理。",
        "Your account is proven with another ID number. If your number has changed, take your papers to a counter.",
    )
}

fn taken() -> AppError {
    refused(
        RefusalCode::AlreadyExists,
        "该身份已绑定另一个账号。请用该账号登录；无法登录或不是您本人注册的，请携身份证到窗口办理。",
        "This identity belongs to another account. Sign in with that one; if you cannot, or it is not yours, take your identity card to a counter.",
    )
}
