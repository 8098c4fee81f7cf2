//! At a counter: an officer looks at the card of the person before him and puts on
//! record how well he knows him now.
//!
//! What always holds: an officer vouches for nobody who is himself; what he sees
//! counts for an account only once its owner, standing there, has read him the code
//! sent to its number.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::json;
use uuid::Uuid;

use super::applicants::person_ial;
use super::joining::{Known, tie};
use super::presence::{Grounds, present_person};
use super::{ATTEMPTS, later, refused};
use crate::app::ctx::Ctx;
use crate::app::error::{AppError, AppResult};
use crate::app::identity::Caller;
use crate::app::identity::one_time_codes::answer_code;
use crate::app::permit::permit;
use crate::domain::audit::{AuditAction, AuditEntry, Outcome};
use crate::domain::codes::{Mobile, ResidentId};
use crate::domain::guides::{ApplicantKind, Attribute, IdNumber};
use crate::domain::identity::{Ial, IdentityProof, Of, ProofMethod, Purpose, SmsCode, Verifier, proofing};
use crate::domain::policy::{Operation, Target};
use crate::domain::refusal::{FieldError, Refusal, RefusalCode};
use crate::domain::registries::PersonName;
use crate::domain::text::Text;
use crate::domain::time::end_of_local_day;
use crate::store::{self, Changes, Epoch, IdentityWrite, PeopleWrite, PersonRecord, PersonRow};

const LONGEST_EVIDENCE: usize = 200;
/// A run of digits that could be somebody's number.
const TELLING_DIGITS: usize = 11;

/// Somebody on record, as an officer sees him.
pub struct Identified {
    pub person: PersonRecord,
    /// How well the person is known now.
    pub ial: Ial,
    pub has_account: bool,
    pub proofs: Vec<IdentityProof>,
}

/// Whether the caller may do this to whoever stands at his counter.
///
/// # Errors
/// `Forbidden`, `StepUp`.
pub(super) async fn permit_at_counter(ctx: &Ctx, caller: &Caller, operation: Operation) -> AppResult<()> {
    let counter = match &caller.client.counter {
        Some(code) => ctx.store.find_counter(code.clone()).await?,
        None => None,
    };
    let region = counter.as_ref().map(|counter| &counter.region);
    permit(caller, operation, Target::Counter { region }, ctx.clock.now()).map(drop)
}

/// A natural person on record by his proven number, who is not the officer himself.
pub(super) async fn present(ctx: &Ctx, caller: &Caller, id: Uuid) -> AppResult<(PersonRecord, ResidentId)> {
    let person = ctx.store.find_person(id).await?.ok_or(AppError::NotFound)?;
    if person.id == caller.actor.party {
        return Err(refused(
            RefusalCode::SamePerson,
            "不能为本人办理，请由另一位工作人员办理。",
            "An officer vouches not for himself; let a colleague do it.",
        ));
    }
    match (&person.applicant.kind, &person.applicant.id_number) {
        (ApplicantKind::NaturalPerson, Some(IdNumber::ResidentId(number))) if person.applicant.ial >= 2 => {
            let number = number.clone();
            Ok((person, number))
        }
        (ApplicantKind::NaturalPerson | ApplicantKind::Organization, _) => Err(refused(
            RefusalCode::WrongState,
            "请先用本人证件登记姓名和号码（POST /api/v1/persons）。",
            "Enter name and number from the person's card first (POST /api/v1/persons).",
        )),
    }
}

/// Who stands at the counter: found by his card, or put on record by it.
///
/// # Errors
/// `Invalid` with everything wrong at once.
pub async fn identify(ctx: &Ctx, caller: &Caller, name: &str, number: &str) -> AppResult<Identified> {
    permit_at_counter(ctx, caller, Operation::IdentifyPerson).await?;
    let name = PersonName::parse("/name", name);
    let number =
        ResidentId::parse(number).map_err(|error| FieldError::new("/id_number", error.code, error.detail));
    let (name, number) = match (name, number) {
        (Ok(name), Ok(number)) => (name, number),
        (name, number) => {
            return Err(AppError::Invalid(name.err().into_iter().chain(number.err()).collect()));
        }
    };
    let present = present_person(ctx, caller.actor.account, &name, &number, "/name").await;
    let at = ctx.clock.now();
    let entry = |outcome| caller.entry(at, AuditAction::PersonIdentified, outcome);
    let mut changes = Changes::new();
    match &present {
        Ok(person) => changes.audit(&entry(Outcome::Succeeded).on(person.id)),
        // Officers who try names for a number are seen.
        Err(_) => changes.audit(&entry(Outcome::Refused)),
    };
    ctx.store.commit(changes).await?;
    identified(ctx, present?).await
}

async fn identified(ctx: &Ctx, person: PersonRecord) -> AppResult<Identified> {
    Ok(Identified {
        ial: person_ial(ctx, &person, ctx.clock.now()).await?,
        has_account: ctx.store.find_account_of(person.id).await?.is_some(),
        proofs: ctx.store.list_proofs(person.id).await?,
        person,
    })
}

/// What an officer saw.
#[derive(Debug, Clone)]
pub struct Seen {
    pub level: u8,
    pub method: String,
    pub evidence: String,
    /// The last day it is believed; left out: as long as the method is.
    pub valid_until: Option<NaiveDate>,
    /// The number of the person's account and the code sent to it.
    pub account: Option<(Mobile, String)>,
}

/// Puts a proof of level 3 or 4 on record.
///
/// # Errors
/// `NotFound`; `Invalid` with everything wrong at once; `Refused` when he is not
/// identified yet, or the account cannot be his.
pub async fn record_proof(ctx: &Ctx, caller: &Caller, person: Uuid, seen: Seen) -> AppResult<Identified> {
    permit_at_counter(ctx, caller, Operation::IdentifyPerson).await?;
    let (person, number) = present(ctx, caller, person).await?;
    let at = ctx.clock.now();
    let checked = check(&seen, at).map_err(AppError::Invalid)?;
    let recorded = record_checked(ctx, caller, &person, number, &seen, &checked).await;
    if matches!(recorded, Err(AppError::Refused(_))) {
        let entry = caller.entry(at, AuditAction::IdentityProven, Outcome::Refused).on(person.id);
        let mut changes = Changes::new();
        changes.audit(&entry);
        ctx.store.commit(changes).await?;
    }
    recorded?;
    identified(ctx, ctx.store.find_person(person.id).await?.ok_or(AppError::NotFound)?).await
}

async fn record_checked(
    ctx: &Ctx,
    caller: &Caller,
    person: &PersonRecord,
    number: ResidentId,
    seen: &Seen,
    checked: &Checked,
) -> AppResult<()> {
    let at = ctx.clock.now();
    let verifier = Verifier::Officer(caller.actor.account);
    let grounds = || Grounds {
        ial: checked.ial,
        method: checked.method,
        evidence: seen.evidence.trim().to_owned(),
        verifier,
        expires_at: checked.expires_at,
    };
    let entry = |action| caller.entry(at, action, Outcome::Succeeded);
    match &seen.account {
        Some((mobile, code)) => {
            let (account, used) = account(ctx, mobile, code, at).await?;
            let known = known(person, number)?;
            let more = |_: &IdentityProof, changes: &mut Changes| {
                changes.write(used.clone());
            };
            tie(ctx, account, &known, grounds, entry, more).await.map(drop)
        }
        None => of_person_alone(ctx, person.id, grounds, entry, at).await,
    }
}

struct Checked {
    ial: Ial,
    method: ProofMethod,
    expires_at: DateTime<Utc>,
}

fn check(seen: &Seen, at: DateTime<Utc>) -> Result<Checked, Vec<FieldError>> {
    let mut errors = Vec::new();
    let mut wrong = |pointer: &str, code, zh: &str, en: &str| {
        errors.push(FieldError::new(pointer, code, Text::new(zh, en)));
    };
    let method = ProofMethod::parse(&seen.method)
        .filter(|method| matches!(method, ProofMethod::FaceMatch | ProofMethod::InPerson));
    if method.is_none() {
        wrong(
            "/method",
            "not_an_option",
            "可用：face_match、in_person。",
            "Expected face_match or in_person.",
        );
    }
    let highest = method.map_or(4, ProofMethod::highest);
    let ial = Ial::new(seen.level).filter(|_| (3..=highest).contains(&seen.level));
    if ial.is_none() {
        wrong(
            "/level",
            "out_of_range",
            "人像比对为 3 级；本人持证当面核验为 3 或 4 级。",
            "A face match shows level 3; in person with the card, 3 or 4.",
        );
    }
    if let Err(AppError::Invalid(found)) = check_words("/evidence", &seen.evidence) {
        errors.extend(found);
    }
    let longest = at + method.map_or(ProofMethod::InPerson, |method| method).believed_for();
    let expires_at = seen.valid_until.map_or(longest, end_of_local_day);
    if let Err(error) = later(expires_at, at, "/valid_until") {
        errors.push(error);
    }
    match (ial, method) {
        (Some(ial), Some(method)) if errors.is_empty() => {
            Ok(Checked { ial, method, expires_at: expires_at.min(longest) })
        }
        (_, _) => Err(errors),
    }
}

/// The open account of this number, once its owner has read the code out; with
/// what uses the code up.
async fn account(
    ctx: &Ctx,
    mobile: &Mobile,
    code: &str,
    at: DateTime<Utc>,
) -> AppResult<(Uuid, IdentityWrite)> {
    let code = SmsCode::parse(code);
    let used = match &code {
        Some(code) => answer_code(ctx, mobile, Purpose::ProveIdentity, code, at).await?,
        None => None,
    };
    let account = ctx.store.find_account_by_mobile(mobile).await?;
    match (used, account) {
        (Some(used), Some(account)) => Ok((account.id, used)),
        (_, _) => {
            let zh = "验证码不正确或已失效。请本人核对短信，或重新发送。";
            let en = "The code is wrong or no longer good. Let the person compare it, or send another.";
            let error = FieldError::new("/code", "invalid_code", Text::new(zh, en));
            Err(Refusal::new(RefusalCode::InvalidCode, zh, en).errors(vec![error]).into())
        }
    }
}

fn known(person: &PersonRecord, number: ResidentId) -> AppResult<Known> {
    let name = PersonName::parse("/name", &person.applicant.name)
        .map_err(|_| AppError::Internal(format!("person {} is proven and has no name", person.id)))?;
    Ok(Known {
        name,
        birth_date: person.applicant.birth_date.unwrap_or_else(|| number.birth_date()),
        gender: person.applicant.gender.unwrap_or_else(|| number.gender()),
        number,
        residence: None,
    })
}

/// A proof that says nothing of any account.
async fn of_person_alone(
    ctx: &Ctx,
    person: Uuid,
    grounds: impl Fn() -> Grounds,
    entry: impl Fn(AuditAction) -> AuditEntry,
    at: DateTime<Utc>,
) -> AppResult<()> {
    for _ in 0..ATTEMPTS {
        let before = ctx.store.find_person(person).await?.ok_or(AppError::NotFound)?;
        let proof = grounds().proof(before.id, None, at);
        let mut proofs = ctx.store.list_proofs(before.id).await?;
        proofs.push(proof.clone());
        let mut person = relevelled(before, &proofs, at);
        person.applicant.verified.extend([Attribute::Name, Attribute::IdNumber]);
        person.applicant.verified.extend([Attribute::BirthDate, Attribute::Gender]);
        let details = json!({ "ial": proof.ial.get(), "method": proof.method.as_str(), "proof": proof.id });
        let mut changes = Changes::new();
        changes.audit(&entry(AuditAction::IdentityProven).on(person.id).with(details));
        changes
            .write(PeopleWrite::UpdatePerson(PersonRow::seal(&person, ctx.store.vault())?))
            .write(PeopleWrite::InsertProof(proof));
        match ctx.store.commit(changes).await {
            Ok(()) => return Ok(()),
            Err(store::Error::Stale) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(AppError::Unavailable("the person keeps changing".to_owned()))
}

/// The next version of a record, as these proofs make it known.
fn relevelled(before: PersonRecord, proofs: &[IdentityProof], at: DateTime<Utc>) -> PersonRecord {
    let level = proofing::level(proofs, Of::Person, at);
    let mut applicant = before.applicant;
    applicant.ial = level.ial.get();
    if level.ial == Ial::DECLARED {
        applicant.verified.clear();
    }
    PersonRecord { applicant, ial_until: level.until, version: before.version + 1, ..before }
}

/// Takes back a proof that turned out to be none; what rested on it falls at once.
///
/// # Errors
/// `NotFound`; `Invalid` without a reason.
pub async fn withdraw_proof(
    ctx: &Ctx,
    caller: &Caller,
    person: Uuid,
    proof: Uuid,
    reason: &str,
) -> AppResult<Identified> {
    permit_at_counter(ctx, caller, Operation::IdentifyPerson).await?;
    let reason = check_words("/reason", reason)?;
    let at = ctx.clock.now();
    for _ in 0..ATTEMPTS {
        let before = ctx.store.find_person(person).await?.ok_or(AppError::NotFound)?;
        let mut proofs = ctx.store.list_proofs(before.id).await?;
        let found = proofs.iter_mut().find(|other| other.id == proof).ok_or(AppError::NotFound)?;
        if found.withdrawn_at.is_some() {
            return identified(ctx, before).await;
        }
        found.withdrawn_at = Some(at);
        let mut changes = Changes::new();
        if let Some(account) = ctx.store.find_account_of(before.id).await? {
            changes.write(PeopleWrite::SetHolder {
                account: account.id,
                person: before.id,
                level: proofing::level(&proofs, Of::Holder(account.id), at),
                expected_version: account.version,
            });
        }
        let after = relevelled(before, &proofs, at);
        let entry = caller.entry(at, AuditAction::ProofWithdrawn, Outcome::Succeeded).on(after.id);
        changes.audit(&entry.with(json!({ "proof": proof, "reason": reason })));
        changes
            .write(PeopleWrite::WithdrawProof { id: proof, at })
            .write(PeopleWrite::UpdatePerson(PersonRow::seal(&after, ctx.store.vault())?))
            .write(Epoch::Identity);
        match ctx.store.commit(changes).await {
            Ok(()) => {
                ctx.identity.forget_rights();
                return identified(ctx, after).await;
            }
            Err(store::Error::Stale) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(AppError::Unavailable("the person keeps changing".to_owned()))
}

/// What is kept for good names nobody by a number.
pub(super) fn check_words<'a>(pointer: &str, text: &'a str) -> AppResult<&'a str> {
    let text = text.trim();
    let digits = text.split(|c: char| !c.is_ascii_digit()).map(str::len).max().unwrap_or(0);
    let fits = (2..=LONGEST_EVIDENCE).contains(&text.chars().count());
    if fits && digits < TELLING_DIGITS && !text.chars().any(char::is_control) {
        return Ok(text);
    }
    let words = Text::new(
        "请写明，2 至 200 个字符；将长期留存，不写证件号码或手机号码。",
        "Say it in 2 to 200 characters; it is kept for good, so leave numbers of people out of it.",
    );
    Err(AppError::Invalid(vec![FieldError::new(pointer, "invalid", words)]))
}
