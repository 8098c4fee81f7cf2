//! How old a password is, and which were used before: what the policy `mlps3`
//! asks for and `asvs` does not.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::app::ctx::{Ctx, new_id};
use crate::app::error::{AppError, AppResult};
use crate::domain::identity::password::Fault;
use crate::domain::identity::{Password, PasswordStanding};
use crate::domain::refusal::{FieldError, Refusal, RefusalCode};
use crate::store::{AccountRecord, Changes, DefenceWrite};

/// Whether an account's password may still be used.
pub async fn standing(ctx: &Ctx, account: &AccountRecord, at: DateTime<Utc>) -> AppResult<PasswordStanding> {
    if account.password_hash.is_none() {
        return Ok(PasswordStanding::Good);
    }
    let chosen_at = ctx.store.find_password_changed_at(account.id).await?;
    Ok(ctx.settings.passwords.standing(chosen_at.unwrap_or(account.created_at), at))
}

/// Lets nobody in with a password that must be changed first. Asked once the
/// password has proven right, so a stranger learns nothing.
///
/// # Errors
/// `Refused` (`PasswordExpired`), which says how to set a new one.
pub(super) async fn refuse_expired(ctx: &Ctx, account: &AccountRecord, at: DateTime<Utc>) -> AppResult<()> {
    match standing(ctx, account, at).await? {
        PasswordStanding::Good | PasswordStanding::ExpiresSoon { .. } => Ok(()),
        PasswordStanding::Expired => Err(Refusal::new(
            RefusalCode::PasswordExpired,
            "密码已超过 90 天有效期。请通过“忘记密码”以短信验证码设置新密码后登录。",
            "Your password is older than 90 days. Set a new one with a code by SMS (“forgotten password”), then sign in.",
        )
        .into()),
    }
}

/// # Errors
/// `Invalid` at `pointer` when the account used that password not long ago.
pub(super) async fn refuse_used(
    ctx: &Ctx,
    account: &AccountRecord,
    password: &Password,
    pointer: &str,
) -> AppResult<()> {
    let remembered = ctx.settings.passwords.remembered();
    if remembered == 0 {
        return Ok(());
    }
    let mut hashes = ctx.store.list_password_hashes(account.id, remembered).await?;
    hashes.extend(account.password_hash.clone().filter(|present| !hashes.contains(present)));
    for hash in hashes {
        if ctx.identity.hashers.verify(password.clone(), Some(hash)).await? {
            let fault = Fault::UsedBefore;
            return Err(AppError::Invalid(vec![FieldError::new(pointer, fault.code(), fault.words())]));
        }
    }
    Ok(())
}

/// Notes that a password was chosen now, by adding to `changes`.
pub(super) fn note_chosen(
    ctx: &Ctx,
    account: Uuid,
    password_hash: &str,
    at: DateTime<Utc>,
    changes: &mut Changes,
) {
    changes.write(DefenceWrite::PasswordChosen { account, at });
    let keep = ctx.settings.passwords.remembered();
    if keep > 0 {
        let password_hash = password_hash.to_owned();
        changes.write(DefenceWrite::KeepPassword { id: new_id(at), account, password_hash, at, keep });
    }
}
