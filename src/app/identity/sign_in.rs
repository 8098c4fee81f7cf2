//! Signing in from the beginning: by number and password, by number and code, or
//! with a passkey.
//!
//! What always holds: the answer and the work are the same whether or not the
//! account exists; every try is counted before its outcome is known.

use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use super::accounts::{self, RegisterRequest};
use super::browser::{self, Guest, Proven};
use super::one_time_codes::answer_code;
use super::passkeys::{self, Answer};
use super::password_history::refuse_expired;
use super::throttle::{Door, Tries, named, parse_mobile};
use super::visitor::Visitor;
use crate::app::ctx::Ctx;
use crate::app::error::{AppError, AppResult};
use crate::domain::audit::{AuditAction, Outcome};
use crate::domain::codes::Mobile;
use crate::domain::identity::{Channel, Ial, Method, Methods, Password, Purpose, Secret, SmsCode};
use crate::store::{AccountRecord, Changes};

/// How somebody proves that an account is his.
#[derive(Debug, Clone)]
pub enum Proof {
    Password { mobile: String, password: String },
    SmsCode { mobile: String, code: String },
    Passkey(Answer),
}

impl Proof {
    /// The number tried; a passkey names none.
    fn mobile(&self) -> Option<&str> {
        match self {
            Proof::Password { mobile, .. } | Proof::SmsCode { mobile, .. } => Some(mobile),
            Proof::Passkey(_) => None,
        }
    }
}

/// What came of it.
#[derive(Debug, Clone)]
pub enum Entered {
    /// The browser's new cookie.
    In(Secret),
    /// Wrong, for whatever reason.
    Denied,
}

/// Somebody who signed in, as a client is told of him.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    pub account: Uuid,
    pub person: Uuid,
    pub ial: Ial,
    pub methods: Methods,
    pub at: DateTime<Utc>,
    /// The sign-in of his browser.
    pub sign_in: Option<Uuid>,
}

/// Signs somebody in at a browser, in the place of whoever was signed in there.
///
/// # Errors
/// `TooMany` after too many failures; `Unavailable` when too many sign in at once.
pub async fn sign_in(
    ctx: &Ctx,
    proof: Proof,
    channel: Channel,
    visitor: &Visitor,
    before: Option<&Guest>,
) -> AppResult<Entered> {
    let at = ctx.clock.now();
    let tried = proof.mobile().and_then(|mobile| Mobile::parse(mobile).ok());
    let (method, proven, changes) = match proof {
        Proof::Passkey(answer) => match passkeys::prove(ctx, &answer, None).await? {
            None => (Method::Passkey, None, Changes::new()),
            Some(shown) => {
                let mut changes = Changes::new();
                changes.write(shown.used);
                let account = ctx.store.find_account(shown.account).await?;
                (shown.method, account.filter(|account| account.closed_at.is_none()), changes)
            }
        },
        Proof::Password { mobile, password } => {
            let mobile = parse_mobile(&mobile)?;
            let tries = Tries::count(ctx, Door::Password, &mobile, visitor, at).await?;
            let proven = check_password(ctx, &mobile, &password).await?;
            if let Some(account) = &proven {
                refuse_expired(ctx, account, at).await?;
            }
            let mut changes = Changes::new();
            tries.forgive(&mut changes);
            (Method::Password, proven, changes)
        }
        Proof::SmsCode { mobile, code } => {
            let mobile = parse_mobile(&mobile)?;
            let tries = Tries::count(ctx, Door::SmsCode, &mobile, visitor, at).await?;
            let mut changes = Changes::new();
            let proven = check_code(ctx, &mobile, &code, at, &mut changes).await?;
            tries.forgive(&mut changes);
            (Method::SmsCode, proven, changes)
        }
    };
    let Some(account) = proven else { return refused(ctx, method, tried, visitor).await };
    let proven = Proven { account, methods: method.into(), channel };
    match browser::begin(ctx, proven, visitor, before, changes).await {
        Ok(cookie) => Ok(Entered::In(cookie)),
        // The proof was used up, or the browser signed in elsewhere, in the same moment.
        Err(AppError::Stale) => refused(ctx, method, tried, visitor).await,
        Err(error) => Err(error),
    }
}

async fn refused(ctx: &Ctx, method: Method, tried: Option<Mobile>, visitor: &Visitor) -> AppResult<Entered> {
    let mut entry = visitor
        .entry(ctx, ctx.clock.now(), AuditAction::SignedIn, Outcome::Refused)
        .with(json!({ "methods": method.as_str() }));
    if let Some(mobile) = tried {
        entry = entry.on(named(ctx, &mobile).await?);
    }
    let mut changes = Changes::new();
    changes.audit(&entry);
    ctx.store.commit(changes).await?;
    Ok(Entered::Denied)
}

/// The same work whether or not there is an account.
async fn check_password(ctx: &Ctx, mobile: &Mobile, text: &str) -> AppResult<Option<AccountRecord>> {
    let account = open_account(ctx, mobile).await?;
    let Some(password) = Password::presented(text) else { return Ok(None) };
    let hash = account.as_ref().and_then(|account| account.password_hash.clone());
    let fits = ctx.identity.hashers.verify(password, hash).await?;
    Ok(account.filter(|_| fits))
}

async fn check_code(
    ctx: &Ctx,
    mobile: &Mobile,
    text: &str,
    at: DateTime<Utc>,
    changes: &mut Changes,
) -> AppResult<Option<AccountRecord>> {
    let Some(code) = SmsCode::parse(text) else { return Ok(None) };
    let Some(used) = answer_code(ctx, mobile, Purpose::SignIn, &code, at).await? else { return Ok(None) };
    changes.write(used);
    open_account(ctx, mobile).await
}

/// Registers somebody and signs him in: the code came to his number.
///
/// # Errors
/// As for `accounts::register`.
pub async fn register(
    ctx: &Ctx,
    request: RegisterRequest,
    channel: Channel,
    visitor: &Visitor,
    before: Option<&Guest>,
) -> AppResult<Secret> {
    let account = accounts::register(ctx, request, visitor).await?.value;
    let account = ctx.store.find_account(account).await?;
    let account = account.ok_or_else(|| AppError::Internal("a new account is not there".to_owned()))?;
    let proven = Proven { account, methods: Method::SmsCode.into(), channel };
    browser::begin(ctx, proven, visitor, before, Changes::new()).await
}

pub(super) async fn open_account(ctx: &Ctx, mobile: &Mobile) -> AppResult<Option<AccountRecord>> {
    Ok(ctx.store.find_account_by_mobile(mobile).await?.filter(|account| account.closed_at.is_none()))
}
