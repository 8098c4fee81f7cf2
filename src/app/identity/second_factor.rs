//! A further factor: whatever a sign-in lacks for what it is wanted for.
//!
//! What always holds: tries are counted apart from those at the password, so that
//! who knows the password gains no guesses by it; a code and a step are good once.

use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use super::Identity;
use super::browser::{Guest, strengthen};
use super::one_time_codes::{answer_code, request_sms_code};
use super::passkeys::{self, Answer};
use super::password_history::refuse_expired;
use super::sign_in::Entered;
use super::throttle::{Door, Tries};
use super::visitor::Visitor;
use crate::app::ctx::Ctx;
use crate::app::error::{AppError, AppResult};
use crate::domain::audit::{AuditAction, Outcome};
use crate::domain::identity::totp::RecoveryCode;
use crate::domain::identity::{Method, Password, Purpose, SmsCode};
use crate::store::{AccountRecord, Changes, TotpWrite};

/// What somebody shows beside what he showed already.
#[derive(Debug, Clone)]
pub enum Factor {
    Password(String),
    SmsCode(String),
    /// From the app.
    Totp(String),
    /// In the place of the app.
    RecoveryCode(String),
    Passkey(Answer),
}

impl Factor {
    fn method(&self) -> Method {
        match self {
            Factor::Password(_) => Method::Password,
            Factor::SmsCode(_) => Method::SmsCode,
            // A list of codes is something one has, each good once, as the app's are.
            Factor::Totp(_) | Factor::RecoveryCode(_) => Method::Totp,
            Factor::Passkey(_) => Method::Passkey,
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Factor::Password(_) => "password",
            Factor::SmsCode(_) => "sms_code",
            Factor::Totp(_) => "totp",
            Factor::RecoveryCode(_) => "recovery_code",
            Factor::Passkey(_) => "passkey",
        }
    }
}

/// Sends a code to the guest's own number.
pub async fn send_code(ctx: &Ctx, guest: &Guest, visitor: &Visitor) -> AppResult<()> {
    request_sms_code(ctx, guest.account.mobile.as_str(), Purpose::SecondFactor, visitor).await
}

/// Shows a further factor.
///
/// # Errors
/// `TooMany` after too many failures.
pub async fn show(ctx: &Ctx, guest: &Guest, factor: Factor, visitor: &Visitor) -> AppResult<Entered> {
    let at = ctx.clock.now();
    let tries = Tries::count(ctx, Door::SecondFactor, &guest.account.mobile, visitor, at).await?;
    let (name, by_recovery) = (factor.name(), matches!(factor, Factor::RecoveryCode(_)));
    let Some((method, mut changes)) = check(ctx, &guest.account, factor, at).await? else {
        return refused(ctx, guest, name, visitor).await;
    };
    tries.forgive(&mut changes);
    if by_recovery {
        let entry = visitor.entry(ctx, at, AuditAction::RecoveryCodeUsed, Outcome::Succeeded);
        changes.audit(&entry.by(guest.account.id).on(guest.account.id));
    }
    match strengthen(ctx, guest, method.into(), visitor, changes).await {
        Ok(cookie) => Ok(Entered::In(cookie)),
        // The code was used, or the sign-in changed, in the same moment.
        Err(AppError::Stale) => refused(ctx, guest, name, visitor).await,
        Err(error) => Err(error),
    }
}

async fn refused(ctx: &Ctx, guest: &Guest, factor: &str, visitor: &Visitor) -> AppResult<Entered> {
    let entry = visitor
        .entry(ctx, ctx.clock.now(), AuditAction::SecondFactor, Outcome::Refused)
        .by(guest.account.id)
        .on(guest.sign_in.id)
        .with(json!({ "factor": factor }));
    let mut changes = Changes::new();
    changes.audit(&entry);
    ctx.store.commit(changes).await?;
    Ok(Entered::Denied)
}

/// What the factor proves, and what its use leaves behind.
async fn check(
    ctx: &Ctx,
    account: &AccountRecord,
    factor: Factor,
    at: DateTime<Utc>,
) -> AppResult<Option<(Method, Changes)>> {
    let method = factor.method();
    let mut changes = Changes::new();
    match factor {
        Factor::Password(text) => {
            let Some(password) = Password::presented(&text) else { return Ok(None) };
            let fits = ctx.identity.hashers.verify(password, account.password_hash.clone()).await?;
            if fits {
                refuse_expired(ctx, account, at).await?;
            }
            return Ok(fits.then_some((method, changes)));
        }
        Factor::SmsCode(text) => {
            let Some(code) = SmsCode::parse(&text) else { return Ok(None) };
            let used = answer_code(ctx, &account.mobile, Purpose::SecondFactor, &code, at).await?;
            let Some(used) = used else { return Ok(None) };
            changes.write(used);
        }
        Factor::Totp(text) => {
            let Some(app) = ctx.store.find_totp(account.id).await? else { return Ok(None) };
            let Some(step) = app.prove(&text, at) else { return Ok(None) };
            changes.write(TotpWrite::Use { account: account.id, step });
        }
        Factor::RecoveryCode(text) => {
            let Some(code) = RecoveryCode::parse(&text) else { return Ok(None) };
            let digest = ctx.identity.recovery_digest(account.id, &code);
            // Whether it exists and is unused is told by the write.
            changes.write(TotpWrite::UseRecoveryCode { account: account.id, digest, at });
        }
        Factor::Passkey(answer) => {
            let Some(shown) = passkeys::prove(ctx, &answer, Some(account.id)).await? else { return Ok(None) };
            changes.write(shown.used);
            return Ok(Some((shown.method, changes)));
        }
    }
    Ok(Some((method, changes)))
}

impl Identity {
    /// Fifty bits could be guessed from a plain digest; a keyed one tells nothing.
    pub(super) fn recovery_digest(&self, account: Uuid, code: &RecoveryCode) -> Vec<u8> {
        self.store.vault().blind_index("recovery_code", &format!("{account}:{}", code.expose()))
    }
}
