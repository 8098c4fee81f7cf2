//! Changing a password: with the old one, or with a code to one's own number.
//!
//! What always holds: whoever has the old password, or stole a session, is signed
//! out by the change; who asks about a number learns nothing of whether it has an
//! account.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::browser::{Spared, end_everywhere};
use super::holder::Holder;
use super::one_time_codes::answer_code;
use super::password_history;
use super::sign_in::open_account;
use super::throttle::{Door, Tries, named, parse_mobile};
use super::visitor::Visitor;
use crate::app::ctx::Ctx;
use crate::app::error::{AppError, AppResult};
use crate::domain::audit::{AuditAction, Outcome};
use crate::domain::codes::Mobile;
use crate::domain::identity::{Owner, Password, Purpose, SmsCode};
use crate::domain::refusal::FieldError;
use crate::domain::text::Text;
use crate::store::{self, AccountRecord, Changes, PeopleWrite};

/// By what right somebody sets a new password.
#[derive(Debug, Clone)]
pub enum Right {
    OldPassword(String),
    /// Sent to his own number for this purpose.
    SmsCode(String),
}

impl Right {
    fn name(&self) -> &'static str {
        match self {
            Right::OldPassword(_) => "password",
            Right::SmsCode(_) => "sms_code",
        }
    }

    fn door(&self) -> Door {
        match self {
            Right::OldPassword(_) => Door::Password,
            Right::SmsCode(_) => Door::SmsCode,
        }
    }
}

/// Sets a new password of somebody signed in; everything else of the account is
/// signed out.
///
/// # Errors
/// `Invalid` with everything wrong at once; `TooMany` after too many failures.
pub async fn change(ctx: &Ctx, holder: &Holder, right: Right, new: &str) -> AppResult<()> {
    let at = ctx.clock.now();
    let account = &holder.account;
    let name = holder.person.applicant.name.as_str();
    let password = choose(ctx, new, &account.mobile, Some(name), "/new_password")?;
    let tries = Tries::count(ctx, right.door(), &account.mobile, &holder.visitor, at).await?;
    let by = right.name();
    let Some(mut changes) = check(ctx, account, &right, at).await? else {
        let mut changes = Changes::new();
        let entry = holder.entry(ctx, AuditAction::PasswordChanged, Outcome::Refused);
        changes.audit(&entry.with(json!({ "by": by })));
        ctx.store.commit(changes).await?;
        return Err(AppError::Invalid(vec![wrong(&right)]));
    };
    password_history::refuse_used(ctx, account, &password, "/new_password").await?;
    tries.forgive(&mut changes);
    let password_hash = ctx.identity.hash_password(password).await?;
    password_history::note_chosen(ctx, account.id, &password_hash, at, &mut changes);
    changes.write(set(account, password_hash));
    let entry = holder.entry(ctx, AuditAction::PasswordChanged, Outcome::Succeeded);
    changes.audit(&entry.with(json!({ "by": by })));
    match ctx.store.commit(changes).await {
        Ok(()) => end_everywhere(ctx, account.id, holder.spared, at).await,
        Err(store::Error::Stale) => Err(AppError::Invalid(vec![wrong(&right)])),
        Err(error) => Err(error.into()),
    }
}

/// What the right leaves behind when it holds.
async fn check(
    ctx: &Ctx,
    account: &AccountRecord,
    right: &Right,
    at: DateTime<Utc>,
) -> AppResult<Option<Changes>> {
    let mut changes = Changes::new();
    match right {
        Right::OldPassword(text) => {
            let Some(old) = Password::presented(text) else { return Ok(None) };
            let fits = ctx.identity.hashers.verify(old, account.password_hash.clone()).await?;
            Ok(fits.then_some(changes))
        }
        Right::SmsCode(text) => {
            let Some(code) = SmsCode::parse(text) else { return Ok(None) };
            let used = answer_code(ctx, &account.mobile, Purpose::ResetPassword, &code, at).await?;
            Ok(used.map(|used| {
                changes.write(used);
                changes
            }))
        }
    }
}

fn wrong(right: &Right) -> FieldError {
    match right {
        Right::OldPassword(_) => {
            let detail =
                Text::new("原密码不正确，请重新输入。", "The old password is wrong; enter it again.");
            FieldError::new("/old_password", "wrong_password", detail)
        }
        Right::SmsCode(_) => wrong_code(),
    }
}

fn wrong_code() -> FieldError {
    let detail = Text::new(
        "验证码不正确或已失效。请核对短信，或重新获取验证码。",
        "The code is wrong or no longer good. Compare it with the message, or ask for a new one.",
    );
    FieldError::new("/code", "invalid_code", detail)
}

/// What somebody who forgot his password brings.
#[derive(Debug, Clone)]
pub struct Forgotten {
    pub mobile: String,
    pub code: String,
    pub new_password: String,
}

/// Sets a new password by the number alone; the account is signed out everywhere.
/// A second factor stays what it was and is asked for at the next sign-in.
///
/// # Errors
/// `Invalid` with everything wrong at once, the same for every number; `TooMany`.
pub async fn reset(ctx: &Ctx, forgotten: Forgotten, visitor: &Visitor) -> AppResult<()> {
    let at = ctx.clock.now();
    let mobile = parse_mobile(&forgotten.mobile)?;
    choose(ctx, &forgotten.new_password, &mobile, None, "/new_password")?;
    let tries = Tries::count(ctx, Door::SmsCode, &mobile, visitor, at).await?;
    let used = match SmsCode::parse(&forgotten.code) {
        Some(code) => answer_code(ctx, &mobile, Purpose::ResetPassword, &code, at).await?,
        None => None,
    };
    let (Some(used), Some(account)) = (used, open_account(ctx, &mobile).await?) else {
        let mut changes = Changes::new();
        let entry = visitor.entry(ctx, at, AuditAction::PasswordChanged, Outcome::Refused);
        let entry = entry.on(named(ctx, &mobile).await?);
        changes.audit(&entry.with(json!({ "by": "sms_code" })));
        ctx.store.commit(changes).await?;
        return Err(AppError::Invalid(vec![wrong_code()]));
    };
    // Only its owner, who has the code by now, learns what his name is not to be part of.
    let person = ctx.store.find_person(account.person).await?;
    let name = person.as_ref().map(|person| person.applicant.name.as_str());
    let password = choose(ctx, &forgotten.new_password, &mobile, name, "/new_password")?;
    let mut changes = Changes::new();
    changes.write(used);
    password_history::refuse_used(ctx, &account, &password, "/new_password").await?;
    let password_hash = ctx.identity.hash_password(password).await?;
    password_history::note_chosen(ctx, account.id, &password_hash, at, &mut changes);
    changes.write(set(&account, password_hash));
    tries.forgive(&mut changes);
    let entry = visitor.entry(ctx, at, AuditAction::PasswordChanged, Outcome::Succeeded);
    changes.audit(&entry.by(account.id).on(account.id).with(json!({ "by": "sms_code" })));
    match ctx.store.commit(changes).await {
        Ok(()) => end_everywhere(ctx, account.id, Spared::default(), at).await,
        Err(store::Error::Stale) => Err(AppError::Invalid(vec![wrong_code()])),
        Err(error) => Err(error.into()),
    }
}

fn choose(ctx: &Ctx, text: &str, mobile: &Mobile, name: Option<&str>, pointer: &str) -> AppResult<Password> {
    let owner = Owner { mobile, name: name.filter(|name| !name.is_empty()) };
    ctx.settings.passwords.choose(text, owner, pointer).map_err(AppError::Invalid)
}

fn set(account: &AccountRecord, password_hash: String) -> PeopleWrite {
    PeopleWrite::SetPassword { account: account.id, password_hash, expected_version: account.version }
}
