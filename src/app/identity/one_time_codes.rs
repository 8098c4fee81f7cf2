//! One-time codes by SMS.
//!
//! What always holds: who asks for a code learns nothing of whether the number
//! has an account; a code is guessed at five times at the most, however many
//! guesses come at the same moment.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::throttle::{Door, Tries, named, parse_mobile, too_many};
use super::visitor::Visitor;
use crate::app::ctx::Ctx;
use crate::app::error::AppResult;
use crate::domain::audit::{AuditAction, Outcome};
use crate::domain::codes::Mobile;
use crate::domain::identity::sms_code::{Answer, message, message_without_code};
use crate::domain::identity::{PendingCode, Purpose, SmsCode};
use crate::store::{self, Changes, IdentityWrite, SmsCodeRow, random};

/// How often a write that somebody else overtook is tried again.
const ATTEMPTS: usize = 10;

/// Sends a code to a number. Whether the number has an account changes the
/// message alone, which only its owner reads.
pub async fn request_sms_code(ctx: &Ctx, mobile: &str, purpose: Purpose, visitor: &Visitor) -> AppResult<()> {
    let mobile = parse_mobile(mobile)?;
    let at = ctx.clock.now();
    if let Some(wait) = ctx.store.find_sms_code(&mobile, purpose).await?.and_then(|code| code.resend_wait(at))
    {
        return Err(too_many(wait));
    }
    let tries = Tries::count(ctx, Door::Message, &mobile, visitor, at).await?;
    let account = ctx.store.find_account_by_mobile(&mobile).await?;
    let code = SmsCode::from_random(random());
    let pending = PendingCode::new(code_digest(ctx, &mobile, purpose, &code), at);
    let mut changes = Changes::new();
    changes.write(IdentityWrite::PutSmsCode(SmsCodeRow::new(&mobile, purpose, &pending, ctx.store.vault())));
    let asked_for = named(ctx, &mobile).await?;
    let entry = visitor.entry(ctx, at, AuditAction::CodeRequested, Outcome::Succeeded);
    changes.audit(&entry.on(asked_for).with(json!({ "purpose": purpose.as_str() })));
    ctx.store.commit(changes).await?;
    let leads_somewhere = match purpose {
        Purpose::Register | Purpose::NewMobile => account.is_none(),
        Purpose::SignIn
        | Purpose::SecondFactor
        | Purpose::ResetPassword
        | Purpose::CloseAccount
        | Purpose::ProveIdentity => account.is_some(),
    };
    let text = if leads_somewhere { message(purpose, &code) } else { message_without_code(purpose) };
    if let Err(error) = ctx.sms.send(&mobile, &text).await {
        // Nothing was sent, so another may be asked for at once.
        let mut changes = Changes::new();
        changes.write(use_code(ctx, &mobile, purpose, 0));
        tries.forgive(&mut changes);
        ctx.store.commit(changes).await?;
        return Err(error.into());
    }
    Ok(())
}

/// The write that uses the code up, when it is the right one.
pub(in crate::app) async fn answer_code(
    ctx: &Ctx,
    mobile: &Mobile,
    purpose: Purpose,
    code: &SmsCode,
    at: DateTime<Utc>,
) -> AppResult<Option<IdentityWrite>> {
    let presented = code_digest(ctx, mobile, purpose, code);
    for _ in 0..ATTEMPTS {
        let Some(pending) = ctx.store.find_sms_code(mobile, purpose).await? else { return Ok(None) };
        match pending.answer(&presented, at) {
            Answer::Right => return Ok(Some(use_code(ctx, mobile, purpose, pending.failures))),
            Answer::Spent => return Ok(None),
            Answer::Wrong { .. } => {
                let mut changes = Changes::new();
                changes.write(IdentityWrite::FailSmsCode {
                    mobile_index: mobile_index(ctx, mobile),
                    purpose,
                    failures_before: pending.failures,
                });
                match ctx.store.commit(changes).await {
                    Ok(()) => return Ok(None),
                    Err(store::Error::Stale) => {}
                    Err(error) => return Err(error.into()),
                }
            }
        }
    }
    Ok(None)
}

fn mobile_index(ctx: &Ctx, mobile: &Mobile) -> Vec<u8> {
    store::mobile_index(ctx.store.vault(), mobile)
}

fn use_code(ctx: &Ctx, mobile: &Mobile, purpose: Purpose, failures: u32) -> IdentityWrite {
    IdentityWrite::UseSmsCode { mobile_index: mobile_index(ctx, mobile), purpose, failures }
}

/// Six digits are soon guessed from a plain digest; a keyed one tells nothing.
fn code_digest(ctx: &Ctx, mobile: &Mobile, purpose: Purpose, code: &SmsCode) -> Vec<u8> {
    let value = format!("{}:{}:{}", purpose.as_str(), mobile.as_str(), code.expose());
    ctx.store.vault().blind_index("sms_code", &value)
}
