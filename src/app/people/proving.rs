//! 实名核验 by oneself: name and number, against the population registry.
//!
//! What always holds: whatever does not match, the answer is the same; every try is
//! counted before the registry is asked, against the account and against the number.

use serde_json::json;
use uuid::Uuid;

use super::joining::{Known, tie};
use super::presence::Grounds;
use super::{Own, answered_before};
use crate::app::ctx::Ctx;
use crate::app::error::{AppError, AppResult};
use crate::app::identity::Caller;
use crate::app::identity::throttle::charge;
use crate::app::once::{Answer, Claim};
use crate::app::ports::PortError;
use crate::domain::audit::{AuditAction, Outcome};
use crate::domain::codes::ResidentId;
use crate::domain::identity::{Ial, IdentityProof, ProofMethod, Subject, Verifier};
use crate::domain::refusal::{FieldError, Refusal, RefusalCode};
use crate::domain::registries::{PersonName, Resident};
use crate::domain::text::Text;
use crate::store::{Changes, IdentityWrite};

/// What two-element matching shows.
const MATCHED: u8 = 2;

/// A proof as its owner sees it.
pub struct OwnProof {
    pub proof: IdentityProof,
    pub is_in_force: bool,
    /// Whether it counts when he signs in, and not only when he stands at a counter.
    pub counts_here: bool,
}

/// The proofs of the caller's person, the latest first.
pub async fn list(ctx: &Ctx, caller: &Caller) -> AppResult<Vec<OwnProof>> {
    let own = Own::of(ctx, caller).await?;
    let proofs = ctx.store.list_proofs(own.person.id).await?;
    Ok(proofs.into_iter().map(|proof| shown(ctx, proof, own.account.id)).collect())
}

fn shown(ctx: &Ctx, proof: IdentityProof, account: Uuid) -> OwnProof {
    OwnProof {
        is_in_force: proof.in_force(ctx.clock.now()),
        counts_here: proof.account == Some(account),
        proof,
    }
}

/// Somebody's word on who he is.
#[derive(Clone)]
pub struct ProveRequest {
    pub name: String,
    pub id_number: String,
    pub claim: Option<Claim>,
}

/// Proves the caller's identity; gives the proof.
///
/// # Errors
/// `Refused` with `NotConfirmed` for whatever does not match; `TooMany`; `Away` when
/// the registry is, or is not connected.
pub async fn prove(ctx: &Ctx, caller: &Caller, request: ProveRequest) -> AppResult<Answer<OwnProof>> {
    let own = Own::of(ctx, caller).await?;
    let error = match prove_once(ctx, caller, &own, &request).await {
        Ok(proof) => return Ok(Answer::first(shown(ctx, proof, own.account.id))),
        Err(error) => error,
    };
    answered_before(ctx, request.claim.as_ref(), error, async |id| {
        let proof = ctx.store.find_proof(id).await?.ok_or(AppError::NotFound)?;
        Ok(shown(ctx, proof, own.account.id))
    })
    .await
}

async fn prove_once(
    ctx: &Ctx,
    caller: &Caller,
    own: &Own,
    request: &ProveRequest,
) -> AppResult<IdentityProof> {
    let (name, number) = parse(&request.name, &request.id_number)?;
    let at = ctx.clock.now();
    let counted = count(ctx, own, &number).await?;
    let forgive = |changes: &mut Changes| {
        for (subject, count) in &counted {
            changes.write(IdentityWrite::ForgiveTries { subject: subject.clone(), count: *count });
        }
    };
    let resident = match ask(ctx, &name, &number).await {
        Ok(resident) => resident,
        Err(error) => {
            // It was not his fault.
            let mut changes = Changes::new();
            forgive(&mut changes);
            ctx.store.commit(changes).await?;
            return Err(error);
        }
    };
    let Some(Resident { name, birth_date, gender, residence }) = resident else {
        let entry = caller.entry(at, AuditAction::IdentityProven, Outcome::Refused);
        let mut changes = Changes::new();
        changes.audit(&entry.on(own.person.id));
        ctx.store.commit(changes).await?;
        return Err(not_confirmed().into());
    };
    let known = Known { name, number, birth_date, gender, residence };
    let grounds = || {
        let method = ProofMethod::PopulationRegistry;
        Grounds {
            ial: Ial::new(MATCHED).unwrap_or(Ial::DECLARED),
            method,
            evidence: "name_and_number".to_owned(),
            verifier: Verifier::Registry,
            expires_at: at + method.believed_for(),
        }
    };
    let entry = |action| caller.entry(at, action, Outcome::Succeeded);
    let more = |proof: &IdentityProof, changes: &mut Changes| {
        forgive(changes);
        changes.claim(request.claim.as_ref(), proof.id.to_string(), at);
    };
    match tie(ctx, own.account.id, &known, grounds, entry, more).await {
        Ok(proof) => Ok(proof),
        Err(AppError::Refused(refusal)) => {
            let entry = caller.entry(at, AuditAction::IdentityProven, Outcome::Refused).on(own.person.id);
            let mut changes = Changes::new();
            changes.audit(&entry.with(json!({ "matched": true })));
            ctx.store.commit(changes).await?;
            Err(refusal.into())
        }
        Err(error) => {
            // It was proven before, or could not be written: no fault of his.
            let mut changes = Changes::new();
            forgive(&mut changes);
            ctx.store.commit(changes).await?;
            Err(error)
        }
    }
}

fn parse(name: &str, number: &str) -> AppResult<(PersonName, ResidentId)> {
    let name = PersonName::parse("/name", name);
    let number =
        ResidentId::parse(number).map_err(|error| FieldError::new("/id_number", error.code, error.detail));
    match (name, number) {
        (Ok(name), Ok(number)) => Ok((name, number)),
        (name, number) => Err(AppError::Invalid(name.err().into_iter().chain(number.err()).collect())),
    }
}

async fn count(ctx: &Ctx, own: &Own, number: &ResidentId) -> AppResult<Vec<(Vec<u8>, u32)>> {
    let vault = ctx.store.vault();
    let subjects = [
        (Subject::Enquirer, vault.blind_index("failures.proofing.enquirer", &own.account.id.to_string())),
        (Subject::Account, vault.blind_index("failures.proofing.number", number.expose())),
    ];
    let counted = charge(ctx, &subjects, ctx.clock.now()).await?;
    Ok(counted.into_iter().map(|(key, charge)| (key, charge.weight)).collect())
}

async fn ask(ctx: &Ctx, name: &PersonName, number: &ResidentId) -> AppResult<Option<Resident>> {
    match &ctx.registries.population {
        Some(registry) => registry.find(name, number).await.map_err(|error| away(&error)),
        None => Err(not_connected()),
    }
}

fn away(error: &PortError) -> AppError {
    let words = Text::new(
        "人口库暂时无法核验，请稍后再试；急需办理的，请携身份证到窗口。",
        "The population registry cannot be asked at the moment. Try again later, or take your identity card to a counter.",
    );
    AppError::Away { words: Box::new(words), why: format!("the population registry: {error}") }
}

fn not_connected() -> AppError {
    let words = Text::new(
        "本平台尚未接通人口库，不能在线实名核验；请携身份证到窗口办理。（管理员：请在配置的 [registries] 中设置 population_url。）",
        "This portal is not connected to the population registry, so identity cannot be proven online; take your identity card to a counter. (Operator: set `population_url` under [registries] in the configuration.)",
    );
    let why = "no population registry is configured: set population_url under [registries]".to_owned();
    AppError::Away { words: Box::new(words), why }
}

pub(super) fn not_confirmed() -> Refusal {
    Refusal::new(
        RefusalCode::NotConfirmed,
        "未能核实您的身份。请核对姓名和身份证号码是否与证件一致；确认无误仍未通过的，请携身份证到窗口办理。",
        "Your identity could not be confirmed. Compare name and number with your card; if both are right, take the card to a counter.",
    )
}
