//! People and in whose name they act: real-name proofing, legal persons and their
//! members, mandates, guardians, helpers, and what one changes of one's own account.
//!
//! What always holds: whoever speaks for somebody else, and whoever comes through a
//! third party's application, changes nothing here; what concerns strangers does not
//! exist; every change is in the audit trail with what it changed; whatever takes
//! reach away raises `Epoch::Identity` in the same transaction.

pub mod account;
pub mod applicants;
pub mod closing;
pub mod counter;
pub mod guardians;
pub mod helpers;
pub mod joining;
pub mod mandates;
pub mod members;
pub mod organizations;
pub mod presence;
pub mod proving;
mod texts;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::ctx::Ctx;
use super::error::{AppError, AppResult};
use super::identity::{Caller, acr};
use super::once::{Answer, Claim, first_answer};
use crate::domain::identity::{Aal, Ial};
use crate::domain::mandates::MOST_GUIDES;
use crate::domain::refusal::{FieldError, Refusal, RefusalCode};
use crate::domain::text::Text;
use crate::store::{AccountRecord, PersonRecord};

/// How often a change that another overtook is tried again.
const ATTEMPTS: usize = 10;

/// Somebody who acts for himself through one of the portal's own clients.
pub struct Own {
    pub account: AccountRecord,
    pub person: PersonRecord,
    /// How well he is known now.
    pub ial: Ial,
}

impl Own {
    /// # Errors
    /// `Forbidden` through a third party's client, and with a token that speaks for
    /// a principal.
    pub async fn of(ctx: &Ctx, caller: &Caller) -> AppResult<Self> {
        if !caller.client.is_first_party() || caller.principal.is_some() {
            return Err(AppError::Forbidden);
        }
        let account = ctx.store.find_account(caller.actor.account).await?.ok_or(AppError::Unauthenticated)?;
        let person = ctx.store.find_person(account.person).await?.ok_or(AppError::Unauthenticated)?;
        let ial = ctx.identity.holder_ial(account.id, account.level, ctx.clock.now()).await?;
        Ok(Self { account, person, ial })
    }

    /// # Errors
    /// `StepUp` (RFC 9470) when he is not known as well as that.
    fn known_at_least(&self, caller: &Caller, needed: u8) -> AppResult<()> {
        if self.ial.get() >= needed {
            return Ok(());
        }
        let refusal = Refusal::new(
            RefusalCode::InsufficientIdentity,
            format!("此操作要求实名等级 {needed}。请先完成实名核验，再试一次。"),
            format!("This asks for identity level {needed}. Prove who you are, then try again."),
        );
        let aal = Aal::new(caller.aal).unwrap_or(Aal::ONE_FACTOR);
        Err(AppError::StepUp { refusal: Box::new(refusal), acr_values: acr(needed, aal.get()) })
    }
}

/// The answer given before to the same request, read again; or the error at hand.
async fn answered_before<T>(
    ctx: &Ctx,
    claim: Option<&Claim>,
    error: AppError,
    read: impl AsyncFnOnce(Uuid) -> AppResult<T>,
) -> AppResult<Answer<T>> {
    let kept = first_answer(ctx, claim, error).await?;
    let unreadable = |_| AppError::Internal("a stored answer is no id".to_owned());
    read(kept.parse().map_err(unreadable)?).await.map(Answer::again)
}

/// Which of these guides there are not.
async fn unknown_guides(ctx: &Ctx, guides: Option<&[String]>) -> AppResult<Vec<FieldError>> {
    let mut errors = Vec::new();
    for (index, code) in guides.into_iter().flatten().take(MOST_GUIDES).enumerate() {
        if ctx.catalogue.current(code).await?.is_none() {
            let words =
                Text::new("没有这个事项，请核对实施编码。", "There is no such guide; check the code.");
            errors.push(FieldError::new(format!("/guides/{index}"), "unknown", words));
        }
    }
    Ok(errors)
}

fn refused(code: RefusalCode, zh: &str, en: &str) -> AppError {
    Refusal::new(code, zh, en).into()
}

/// An end that must come, as tests and people write it.
fn later(until: DateTime<Utc>, at: DateTime<Utc>, pointer: &str) -> Result<(), FieldError> {
    if until > at {
        return Ok(());
    }
    let words = Text::new("应晚于现在。", "It must be later than now.");
    Err(FieldError::new(pointer, "out_of_range", words))
}
