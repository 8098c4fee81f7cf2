//! 通行密钥 (W3C WebAuthn Level 3): making one, signing in with one that says itself
//! whose it is, and showing one as a further factor.
//!
//! What always holds: a ceremony is finished once, within five minutes, for the
//! purpose and account it was begun for; the device checks its owner every time; a
//! passkey whose counter does not rise is refused. Without a host name there are
//! no passkeys (WebAuthn §5.1.2).

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;
use webauthn_rs::prelude::{
    AuthenticationResult, Credential, DiscoverableAuthentication, Passkey, PasskeyAuthentication,
    PasskeyRegistration, PublicKeyCredential, RegisterPublicKeyCredential, Url, Webauthn, WebauthnBuilder,
};

use crate::app::ctx::{Ctx, new_id};
use crate::app::error::{AppError, AppResult};
use crate::domain::codes::mask_mobile;
use crate::domain::identity::{Method, Secret};
use crate::domain::refusal::{Refusal, RefusalCode};
use crate::store::{self, AccountRecord, CeremonyRecord, Changes, PasskeyRecord, PasskeyWrite, random};

const GOOD_FOR: TimeDelta = TimeDelta::minutes(5);
/// Of one account.
const MOST: usize = 20;
const NAME: &str = "万事通 Wanshitong";

/// What a ceremony is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Register,
    SignIn,
    StepUp,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Kind::Register => "register",
            Kind::SignIn => "sign_in",
            Kind::StepUp => "step_up",
        }
    }
}

/// A ceremony begun.
pub struct Begun {
    /// Brought back with what the authenticator says.
    pub ceremony: Secret,
    /// The `publicKey` options for the browser, as JSON.
    pub options: Value,
}

/// What an authenticator said.
#[derive(Debug, Clone)]
pub struct Answer {
    pub ceremony: String,
    /// The browser's `PublicKeyCredential`, as JSON.
    pub credential: String,
}

/// A passkey that proved its owner.
pub(super) struct Shown {
    pub account: Uuid,
    pub method: Method,
    /// What its use leaves behind.
    pub used: PasskeyWrite,
}

/// Whether this portal has a name that passkeys can be bound to.
pub fn are_possible(ctx: &Ctx) -> bool {
    relying_party(ctx).is_some()
}

fn relying_party(ctx: &Ctx) -> Option<Webauthn> {
    let origin = Url::parse(ctx.identity.issuer()).ok()?;
    let host = origin.domain()?.to_owned();
    WebauthnBuilder::new(&host, &origin).ok()?.rp_name(NAME).build().ok()
}

fn required(ctx: &Ctx) -> AppResult<Webauthn> {
    relying_party(ctx).ok_or_else(|| {
        let zh = "本站未使用域名访问，无法使用通行密钥。请改用动态口令。";
        let en =
            "This portal has no host name, so it cannot take passkeys. Use an authenticator app instead.";
        Refusal::new(RefusalCode::WrongState, zh, en).into()
    })
}

/// Which kind of proof a passkey is: one that may be copied, or one bound to its device.
pub(super) fn method_of(record: &PasskeyRecord) -> AppResult<Method> {
    let credential: Credential = read::<Passkey>("passkeys", &record.credential)?.into();
    Ok(if credential.backup_eligible { Method::Passkey } else { Method::BoundPasskey })
}

/// Begins making a passkey for an account.
///
/// # Errors
/// `Refused` without a host name or with too many passkeys already.
pub async fn begin_registration(ctx: &Ctx, account: &AccountRecord) -> AppResult<Begun> {
    let portal = required(ctx)?;
    let present = ctx.store.list_passkeys(account.id).await?;
    if present.len() >= MOST {
        let zh = format!("最多可设置 {MOST} 个通行密钥。请先删除不用的。");
        let en = format!("An account has at most {MOST} passkeys. Remove one you do not use first.");
        return Err(Refusal::new(RefusalCode::WrongState, zh, en).into());
    }
    let shown = mask_mobile(account.mobile.as_str());
    let exclude = present.into_iter().map(|passkey| passkey.credential_id).collect();
    let (challenge, state) = portal
        .start_passkey_registration(account.id, &shown, &shown, Some(exclude))
        .map_err(|error| AppError::Internal(format!("beginning a passkey: {error}")))?;
    let mut options = written(&challenge)?["publicKey"].take();
    // It must be able to tell whose it is, or signing in would begin with a number again.
    options["authenticatorSelection"]["residentKey"] = json!("required");
    options["authenticatorSelection"]["requireResidentKey"] = json!(true);
    begin(ctx, Kind::Register, Some(account.id), &state, options).await
}

/// Makes the passkey.
///
/// # Errors
/// `Refused` (`InvalidCode`) when the answer does not fit; `AlreadyExists` when
/// the authenticator has one for this portal.
pub(super) async fn finish_registration(
    ctx: &Ctx,
    account: Uuid,
    answer: &Answer,
    name: String,
) -> AppResult<PasskeyRecord> {
    let portal = required(ctx)?;
    let at = ctx.clock.now();
    let ceremony = finish(ctx, Kind::Register, &answer.ceremony, at).await?;
    let ceremony = ceremony.filter(|ceremony| ceremony.account == Some(account)).ok_or_else(unfit)?;
    let state: PasskeyRegistration = read("ceremonies", &ceremony.state)?;
    let said: RegisterPublicKeyCredential = serde_json::from_str(&answer.credential).map_err(|_| unfit())?;
    let passkey = portal.finish_passkey_registration(&said, &state).map_err(|error| {
        tracing::info!(%error, "a passkey was refused");
        unfit()
    })?;
    Ok(PasskeyRecord {
        id: new_id(at),
        credential_id: passkey.cred_id().to_vec(),
        account,
        credential: written(&passkey)?.to_string(),
        name,
        created_at: at,
        last_used_at: None,
        version: 1,
    })
}

/// Begins a sign-in with whatever passkey the authenticator has for this portal.
pub async fn begin_sign_in(ctx: &Ctx) -> AppResult<Begun> {
    let (challenge, state) = required(ctx)?
        .start_discoverable_authentication()
        .map_err(|error| AppError::Internal(format!("beginning a sign-in: {error}")))?;
    let options = written(&challenge)?["publicKey"].take();
    begin(ctx, Kind::SignIn, None, &state, options).await
}

/// Begins showing one of an account's passkeys.
pub async fn begin_step_up(ctx: &Ctx, account: Uuid) -> AppResult<Begun> {
    let portal = required(ctx)?;
    let records = ctx.store.list_passkeys(account).await?;
    let passkeys: Vec<Passkey> =
        records.iter().map(|record| read("passkeys", &record.credential)).collect::<AppResult<_>>()?;
    if passkeys.is_empty() {
        return Err(AppError::NotFound);
    }
    let (challenge, state) = portal
        .start_passkey_authentication(&passkeys)
        .map_err(|error| AppError::Internal(format!("beginning a step-up: {error}")))?;
    let options = written(&challenge)?["publicKey"].take();
    begin(ctx, Kind::StepUp, Some(account), &state, options).await
}

/// What a passkey proved; none when it proved nothing. For a step-up `owner` is
/// whose it must be.
pub(super) async fn prove(ctx: &Ctx, answer: &Answer, owner: Option<Uuid>) -> AppResult<Option<Shown>> {
    let Some(portal) = relying_party(ctx) else { return Ok(None) };
    let at = ctx.clock.now();
    let kind = if owner.is_some() { Kind::StepUp } else { Kind::SignIn };
    let ceremony = finish(ctx, kind, &answer.ceremony, at).await?;
    let Some(ceremony) = ceremony.filter(|ceremony| ceremony.account == owner) else { return Ok(None) };
    let Ok(said) = serde_json::from_str::<PublicKeyCredential>(&answer.credential) else { return Ok(None) };
    let Some(record) = ctx.store.find_passkey(said.get_credential_id().to_vec()).await? else {
        return Ok(None);
    };
    // Whom the authenticator names must be whose the key is (WebAuthn §7.2, step 6).
    let named = said.get_user_unique_id().map(Uuid::from_slice);
    let fits = match (owner, named) {
        (Some(owner), None) => owner == record.account,
        (owner, Some(Ok(named))) => named == record.account && owner.is_none_or(|owner| owner == named),
        (None, None) | (_, Some(Err(_))) => false,
    };
    if !fits {
        return Ok(None);
    }
    let mut passkey: Passkey = read("passkeys", &record.credential)?;
    let checked = match kind {
        Kind::StepUp => {
            let state: PasskeyAuthentication = read("ceremonies", &ceremony.state)?;
            portal.finish_passkey_authentication(&said, &state)
        }
        Kind::SignIn | Kind::Register => {
            let state: DiscoverableAuthentication = read("ceremonies", &ceremony.state)?;
            portal.finish_discoverable_authentication_v2(&said, state, &passkey)
        }
    };
    let stored = Credential::from(passkey.clone());
    let result = match checked {
        Ok(result) if is_next(&result, stored.counter) => result,
        Ok(_) => return Ok(refused(&record, "its counter does not rise")),
        Err(error) => return Ok(refused(&record, &error.to_string())),
    };
    passkey.update_credential(&result);
    let method = method_of(&record)?;
    let credential = written(&passkey)?.to_string();
    let used = PasskeyWrite::Use { id: record.id, credential, version: record.version, at };
    Ok(Some(Shown { account: record.account, method, used }))
}

/// Against the counter as it is now: another use may have moved it since the
/// ceremony began. Passkeys that do not count stay at 0 (WebAuthn §6.1.1).
fn is_next(result: &AuthenticationResult, stored: u32) -> bool {
    result.counter() > stored || (result.counter() == 0 && stored == 0)
}

fn refused(record: &PasskeyRecord, why: &str) -> Option<Shown> {
    tracing::info!(passkey = %record.id, why, "a passkey was refused");
    None
}

async fn begin(
    ctx: &Ctx,
    kind: Kind,
    account: Option<Uuid>,
    state: &impl Serialize,
    options: Value,
) -> AppResult<Begun> {
    let (secret, at) = (Secret::from_bytes(random()), ctx.clock.now());
    let ceremony = CeremonyRecord {
        kind: kind.as_str().to_owned(),
        state: written(state)?.to_string(),
        account,
        expires_at: at + GOOD_FOR,
    };
    let mut changes = Changes::new();
    changes.write(PasskeyWrite::Begin { digest: secret.digest(), ceremony, at });
    ctx.store.commit(changes).await?;
    Ok(Begun { ceremony: secret, options })
}

/// Takes a ceremony off the table, whatever comes of it.
async fn finish(ctx: &Ctx, kind: Kind, secret: &str, at: DateTime<Utc>) -> AppResult<Option<CeremonyRecord>> {
    let digest = Secret::presented(secret).digest();
    let Some(ceremony) = ctx.store.find_ceremony(digest).await? else { return Ok(None) };
    let mut changes = Changes::new();
    changes.write(PasskeyWrite::Finish { digest });
    match ctx.store.commit(changes).await {
        Ok(()) => Ok(Some(ceremony).filter(|it| it.kind == kind.as_str() && at < it.expires_at)),
        // Finished by somebody else in the same moment.
        Err(store::Error::Stale) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn unfit() -> AppError {
    let zh = "通行密钥未能通过验证，请重新操作；如仍失败，请换一台设备。";
    let en = "The passkey could not be verified. Begin again; if it fails again, use another device.";
    Refusal::new(RefusalCode::InvalidCode, zh, en).into()
}

fn written(value: &impl Serialize) -> AppResult<Value> {
    serde_json::to_value(value).map_err(|error| AppError::Internal(format!("writing a passkey: {error}")))
}

fn read<T: DeserializeOwned>(table: &str, text: &str) -> AppResult<T> {
    serde_json::from_str(text).map_err(|error| AppError::Internal(format!("a row of {table}: {error}")))
}
