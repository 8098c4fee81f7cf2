//! Somebody who stands at a counter with his card: found on record, or put there.

use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use crate::app::ctx::{Ctx, new_id};
use crate::app::error::{AppError, AppResult};
use crate::domain::audit::{AuditAction, AuditEntry, Outcome};
use crate::domain::codes::ResidentId;
use crate::domain::guides::{Applicant, ApplicantKind, Attribute, IdNumber};
use crate::domain::identity::{Ial, IdentityProof, ProofMethod, Verifier};
use crate::domain::refusal::FieldError;
use crate::domain::registries::PersonName;
use crate::domain::text::Text;
use crate::store::{self, Changes, PeopleWrite, PersonRecord, PersonRow};

/// The evidence of whoever was put on record with his card before an officer.
const CARD: &str = "resident_id_card";

/// What is proven when somebody is put on record.
pub(super) struct Grounds {
    pub ial: Ial,
    pub method: ProofMethod,
    pub evidence: String,
    pub verifier: Verifier,
    pub expires_at: DateTime<Utc>,
}

impl Grounds {
    /// In person, with the card, before this officer.
    pub(super) fn card(officer: Uuid, at: DateTime<Utc>) -> Self {
        let method = ProofMethod::InPerson;
        Self {
            ial: Ial::new(method.highest()).unwrap_or(Ial::DECLARED),
            method,
            evidence: CARD.to_owned(),
            verifier: Verifier::Officer(officer),
            expires_at: at + method.believed_for(),
        }
    }

    pub(super) fn proof(self, person: Uuid, account: Option<Uuid>, at: DateTime<Utc>) -> IdentityProof {
        let Grounds { ial, method, evidence, verifier, expires_at } = self;
        IdentityProof {
            id: new_id(at),
            person,
            account,
            ial,
            method,
            evidence,
            verifier,
            at,
            expires_at,
            withdrawn_at: None,
        }
    }
}

/// The person before an officer. Whoever the portal has never seen is put on
/// record: he is there with his card, which is identity level 4.
///
/// # Errors
/// `Invalid` when the number is on record with another name; `pointer` is where
/// the name was given.
pub async fn present_person(
    ctx: &Ctx,
    officer: Uuid,
    name: &PersonName,
    number: &ResidentId,
    pointer: &str,
) -> AppResult<PersonRecord> {
    let at = ctx.clock.now();
    match find_or_make(ctx, name, number, Grounds::card(officer, at)).await? {
        Found::Person(person) => Ok(person),
        Found::OtherName => Err(name_mismatch(pointer)),
    }
}

pub(super) enum Found {
    Person(PersonRecord),
    /// The number is somebody's with another name.
    OtherName,
}

/// The natural person with this number, put on record by these grounds if there
/// is none.
pub(super) async fn find_or_make(
    ctx: &Ctx,
    name: &PersonName,
    number: &ResidentId,
    grounds: Grounds,
) -> AppResult<Found> {
    let known = IdNumber::ResidentId(number.clone());
    if let Some(person) = ctx.store.find_person_by_id_number(&known).await? {
        return Ok(named(person, name));
    }
    let at = ctx.clock.now();
    let person = newcomer(name, number, &grounds, at);
    let proof = grounds.proof(person.id, None, at);
    let mut changes = Changes::new();
    changes.audit(&on_record(&proof, at));
    changes
        .write(PeopleWrite::InsertPerson(PersonRow::seal(&person, ctx.store.vault())?))
        .write(PeopleWrite::InsertProof(proof));
    match ctx.store.commit(changes).await {
        Ok(()) => Ok(Found::Person(person)),
        // Entered elsewhere a moment ago.
        Err(store::Error::Duplicate(_)) => {
            let person = ctx.store.find_person_by_id_number(&known).await?.ok_or(AppError::Stale)?;
            Ok(named(person, name))
        }
        Err(error) => Err(error.into()),
    }
}

fn on_record(proof: &IdentityProof, at: DateTime<Utc>) -> AuditEntry {
    let details = json!({ "ial": proof.ial.get(), "method": proof.method.as_str(), "proof": proof.id });
    let entry = AuditEntry::new(new_id(at), at, AuditAction::IdentityProven, Outcome::Succeeded);
    let entry = entry.on(proof.person).with(details);
    match proof.verifier {
        Verifier::Officer(account) => entry.by(account),
        Verifier::Registry => entry,
    }
}

fn named(person: PersonRecord, name: &PersonName) -> Found {
    if name.is(&person.applicant.name) { Found::Person(person) } else { Found::OtherName }
}

fn newcomer(name: &PersonName, number: &ResidentId, grounds: &Grounds, at: DateTime<Utc>) -> PersonRecord {
    PersonRecord {
        id: new_id(at),
        applicant: Applicant {
            kind: ApplicantKind::NaturalPerson,
            name: name.as_str().to_owned(),
            birth_date: Some(number.birth_date()),
            gender: Some(number.gender()),
            id_number: Some(IdNumber::ResidentId(number.clone())),
            residence: None,
            mobile: None,
            ial: grounds.ial.get(),
            verified: [Attribute::Name, Attribute::IdNumber, Attribute::BirthDate, Attribute::Gender].into(),
        },
        ial_until: Some(grounds.expires_at),
        created_at: at,
        version: 1,
    }
}

fn name_mismatch(pointer: &str) -> AppError {
    let words = Text::new(
        "姓名与该身份证号码登记的不一致，请核对证件。",
        "The name is not the one registered with this ID number; check the card.",
    );
    AppError::Invalid(vec![FieldError::new(pointer, "mismatch", words)])
}
