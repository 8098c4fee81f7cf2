//! 登录凭据: what an account is proven with, seen and changed by its holder.
//!
//! What always holds: secrets are shown once, when they are made; another
//! account's authenticator does not exist; every change is on record.

use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use super::holder::Holder;
use super::passkeys::{self, Answer};
use super::password_history;
use super::throttle::{Door, Tries};
use crate::app::ctx::Ctx;
use crate::app::error::{AppError, AppResult};
use crate::domain::audit::{AuditAction, AuditEntry, Outcome};
use crate::domain::codes::mask_mobile;
use crate::domain::identity::totp::{Authenticator, RECOVERY_CODES, RecoveryCode};
use crate::domain::identity::{Method, TotpKey};
use crate::domain::refusal::{FieldError, Refusal, RefusalCode};
use crate::domain::text::Text;
use crate::store::{self, Changes, PasskeyRecord, PasskeyWrite, TotpRow, TotpWrite, random};

const ISSUER: &str = "万事通 Wanshitong";
const LONGEST_NAME: usize = 64;

/// What an account is proven with. No secret is among it.
pub struct Authenticators {
    pub has_password: bool,
    /// Set while the password must be changed soon; 0 is today.
    pub password_expires_in_days: Option<u16>,
    pub totp: Option<TotpView>,
    pub passkeys: Vec<PasskeyView>,
}

pub struct TotpView {
    pub confirmed_at: DateTime<Utc>,
    pub recovery_codes_left: i64,
}

pub struct PasskeyView {
    pub id: Uuid,
    pub name: String,
    pub created_at: DateTime<Utc>,
    pub last_used_at: Option<DateTime<Utc>>,
    /// Whether its owner's devices may copy it to each other.
    pub is_synced: bool,
}

pub async fn list(ctx: &Ctx, holder: &Holder) -> AppResult<Authenticators> {
    let account = holder.account.id;
    let confirmed = ctx.store.find_totp(account).await?.and_then(|app| app.confirmed_at);
    let totp = match confirmed {
        None => None,
        Some(confirmed_at) => {
            let recovery_codes_left = ctx.store.count_recovery_codes(account).await?;
            Some(TotpView { confirmed_at, recovery_codes_left })
        }
    };
    let passkeys = ctx.store.list_passkeys(account).await?;
    let standing = password_history::standing(ctx, &holder.account, ctx.clock.now()).await?;
    Ok(Authenticators {
        has_password: holder.account.password_hash.is_some(),
        password_expires_in_days: standing.expires_in_days(),
        totp,
        passkeys: passkeys.into_iter().map(view).collect::<AppResult<_>>()?,
    })
}

fn view(record: PasskeyRecord) -> AppResult<PasskeyView> {
    let is_synced = passkeys::method_of(&record)? == Method::Passkey;
    let PasskeyRecord { id, name, created_at, last_used_at, .. } = record;
    Ok(PasskeyView { id, name, created_at, last_used_at, is_synced })
}

/// A secret for an app, as it is shown once.
pub struct NewTotp {
    pub secret: String,
    pub uri: String,
}

/// Makes a secret for an app; nothing rests on it before its first code.
///
/// # Errors
/// `StepUp`, `SignInAgain`; `Refused` when there is an app, or no password beside
/// which it would count.
pub async fn begin_totp(ctx: &Ctx, holder: &Holder) -> AppResult<NewTotp> {
    holder.may_change(ctx).await?;
    if holder.account.password_hash.is_none() {
        let zh = "请先设置密码，再设置动态口令。";
        let en = "Set a password first; an app for codes counts beside it.";
        return Err(Refusal::new(RefusalCode::WrongState, zh, en).into());
    }
    let key = TotpKey::from_bytes(random());
    let app = Authenticator::new(key.clone(), ctx.clock.now());
    let mut changes = Changes::new();
    changes.write(TotpWrite::Put(TotpRow::seal(holder.account.id, &app, ctx.store.vault())));
    match ctx.store.commit(changes).await {
        Ok(()) => Ok(shown(&key, holder)),
        Err(store::Error::Stale | store::Error::Duplicate(_)) => Err(has_app()),
        Err(error) => Err(error.into()),
    }
}

/// The secret that waits for its first code, shown again while the page is open.
pub async fn pending_totp(ctx: &Ctx, holder: &Holder) -> AppResult<Option<NewTotp>> {
    let app = ctx.store.find_totp(holder.account.id).await?;
    let waiting = app.filter(|app| app.awaits_its_code(ctx.clock.now()));
    Ok(waiting.map(|app| shown(&app.key, holder)))
}

fn shown(key: &TotpKey, holder: &Holder) -> NewTotp {
    let account = mask_mobile(holder.account.mobile.as_str());
    NewTotp { secret: key.base32(), uri: key.uri(ISSUER, &account) }
}

fn has_app() -> AppError {
    let zh = "已设置动态口令。如需更换，请先删除原有的。";
    let en = "There is an app for codes already. Remove it first to set up another.";
    Refusal::new(RefusalCode::AlreadyExists, zh, en).into()
}

/// Confirms the app by its first code; gives the recovery codes, shown once.
///
/// # Errors
/// `Refused` (`InvalidCode`) when the code is wrong or came too late; `TooMany`.
pub async fn confirm_totp(ctx: &Ctx, holder: &Holder, code: &str) -> AppResult<Vec<RecoveryCode>> {
    holder.may_change(ctx).await?;
    let (account, at) = (holder.account.id, ctx.clock.now());
    let (mobile, visitor) = (&holder.account.mobile, &holder.visitor);
    let tries = Tries::count(ctx, Door::SecondFactor, mobile, visitor, at).await?;
    let app = ctx.store.find_totp(account).await?;
    if app.as_ref().is_some_and(Authenticator::is_confirmed) {
        return Err(has_app());
    }
    let step = app.and_then(|app| app.confirm(code, at)).ok_or_else(wrong_code)?;
    let codes: Vec<RecoveryCode> = (0..RECOVERY_CODES).map(|_| RecoveryCode::from_random(random())).collect();
    let digests = codes.iter().map(|code| ctx.identity.recovery_digest(account, code)).collect();
    let mut changes = Changes::new();
    changes.write(TotpWrite::Confirm { account, step, at });
    changes.write(TotpWrite::PutRecoveryCodes { account, digests });
    tries.forgive(&mut changes);
    changes.audit(&changed(ctx, holder, AuditAction::AuthenticatorAdded, "totp"));
    match ctx.store.commit(changes).await {
        Ok(()) => Ok(codes),
        Err(store::Error::Stale) => Err(wrong_code()),
        Err(error) => Err(error.into()),
    }
}

fn wrong_code() -> AppError {
    let zh = "动态口令不正确或已过期。请核对设备时间，输入当前显示的 6 位数字；超过 10 分钟请重新设置。";
    let en = "The code is wrong or too late. Check the clock of your device and enter the six digits it shows \
              now; after ten minutes begin again.";
    let error = FieldError::new("/code", "invalid_code", Text::new(zh, en));
    Refusal::new(RefusalCode::InvalidCode, zh, en).errors(vec![error]).into()
}

/// Removes the app with its recovery codes.
///
/// # Errors
/// `NotFound` when there is none; `StepUp`, `SignInAgain`.
pub async fn remove_totp(ctx: &Ctx, holder: &Holder) -> AppResult<()> {
    let account = holder.account.id;
    let app = ctx.store.find_totp(account).await?.ok_or(AppError::NotFound)?;
    holder.may_change(ctx).await?;
    let mut changes = Changes::new();
    changes.write(TotpWrite::Delete { account });
    if app.is_confirmed() {
        changes.audit(&changed(ctx, holder, AuditAction::AuthenticatorRemoved, "totp"));
    }
    found(ctx.store.commit(changes).await)
}

/// Begins making a passkey.
///
/// # Errors
/// `StepUp`, `SignInAgain`; see `passkeys`.
pub async fn begin_passkey(ctx: &Ctx, holder: &Holder) -> AppResult<passkeys::Begun> {
    holder.may_change(ctx).await?;
    passkeys::begin_registration(ctx, &holder.account).await
}

/// Makes it.
pub async fn add_passkey(
    ctx: &Ctx,
    holder: &Holder,
    answer: &Answer,
    name: Option<&str>,
) -> AppResult<PasskeyView> {
    holder.may_change(ctx).await?;
    let name = match name.map(str::trim).filter(|name| !name.is_empty()) {
        Some(name) => checked_name(name)?,
        None => "Passkey".to_owned(),
    };
    let record = passkeys::finish_registration(ctx, holder.account.id, answer, name).await?;
    let mut changes = Changes::new();
    changes.write(PasskeyWrite::Insert(record.clone()));
    let entry = changed(ctx, holder, AuditAction::AuthenticatorAdded, "passkey");
    changes.audit(&entry.on(record.id));
    match ctx.store.commit(changes).await {
        Ok(()) => view(record),
        Err(store::Error::Duplicate(_)) => {
            let zh = "该设备已设置过通行密钥。";
            let en = "This authenticator has a passkey for the portal already.";
            Err(Refusal::new(RefusalCode::AlreadyExists, zh, en).into())
        }
        Err(error) => Err(error.into()),
    }
}

fn checked_name(name: &str) -> AppResult<String> {
    let name = name.trim();
    let length = name.chars().count();
    if (1..=LONGEST_NAME).contains(&length) && !name.chars().any(char::is_control) {
        return Ok(name.to_owned());
    }
    let detail = Text::new(
        format!("名称应为 1 至 {LONGEST_NAME} 个字符，不含控制字符。"),
        format!("A name has 1 to {LONGEST_NAME} characters and no control characters."),
    );
    Err(AppError::Invalid(vec![FieldError::new("/name", "invalid", detail)]))
}

/// # Errors
/// `NotFound` when the account has no such passkey.
pub async fn rename_passkey(ctx: &Ctx, holder: &Holder, id: Uuid, name: &str) -> AppResult<PasskeyView> {
    let account = holder.account.id;
    let own = ctx.store.list_passkeys(account).await?.into_iter().find(|passkey| passkey.id == id);
    let own = own.ok_or(AppError::NotFound)?;
    let name = checked_name(name)?;
    let mut changes = Changes::new();
    changes.write(PasskeyWrite::Rename { id, account, name: name.clone() });
    found(ctx.store.commit(changes).await)?;
    view(PasskeyRecord { name, ..own })
}

/// # Errors
/// `NotFound` when the account has no such passkey; `StepUp`, `SignInAgain`.
pub async fn remove_passkey(ctx: &Ctx, holder: &Holder, id: Uuid) -> AppResult<()> {
    let account = holder.account.id;
    let own = ctx.store.list_passkeys(account).await?;
    if own.iter().all(|passkey| passkey.id != id) {
        return Err(AppError::NotFound);
    }
    holder.may_change(ctx).await?;
    let entry = changed(ctx, holder, AuditAction::AuthenticatorRemoved, "passkey");
    let mut changes = Changes::new();
    changes.write(PasskeyWrite::Delete { id, account });
    changes.audit(&entry.on(id));
    found(ctx.store.commit(changes).await)
}

fn changed(ctx: &Ctx, holder: &Holder, action: AuditAction, kind: &str) -> AuditEntry {
    holder.entry(ctx, action, Outcome::Succeeded).with(json!({ "kind": kind }))
}

/// What went in the same moment was not there.
fn found(committed: store::Result<()>) -> AppResult<()> {
    match committed {
        Err(store::Error::Stale) => Err(AppError::NotFound),
        other => Ok(other?),
    }
}
