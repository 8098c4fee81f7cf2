//! Signing in.
//!
//! What always holds: the answer and the work are the same whether or not the
//! account exists; every try is counted before its outcome is known.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::one_time_codes::answer_code;
use super::throttle::{Tries, parse_mobile};
use crate::app::ctx::Ctx;
use crate::app::error::AppResult;
use crate::domain::codes::Mobile;
use crate::domain::identity::{Ial, Method, Methods, Password, Purpose, SmsCode};
use crate::store::{self, AccountRecord, Changes};

/// How somebody proves that an account is his.
#[derive(Debug, Clone)]
pub enum Proof {
    Password(String),
    SmsCode(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignIn {
    Granted(SignedIn),
    /// Wrong, for whatever reason.
    Denied,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    pub account: Uuid,
    pub person: Uuid,
    pub ial: Ial,
    pub methods: Methods,
    pub at: DateTime<Utc>,
}

/// Signs somebody in by number and password, or by number and code.
///
/// # Errors
/// `TooMany` after too many failures; `Unavailable` when too many sign in at once.
pub async fn sign_in(ctx: &Ctx, mobile: &str, proof: Proof, from: IpAddr) -> AppResult<SignIn> {
    let mobile = parse_mobile(mobile)?;
    let at = ctx.clock.now();
    let tries = Tries::count(ctx, &mobile, from, at).await?;
    let mut changes = Changes::new();
    let method = match &proof {
        Proof::Password(_) => Method::Password,
        Proof::SmsCode(_) => Method::SmsCode,
    };
    let proven = match proof {
        Proof::Password(text) => check_password(ctx, &mobile, &text).await?,
        Proof::SmsCode(text) => match SmsCode::parse(&text) {
            None => None,
            Some(code) => match answer_code(ctx, &mobile, Purpose::SignIn, &code, at).await? {
                None => None,
                Some(code_used) => {
                    changes.write(code_used);
                    open_account(ctx, &mobile).await?
                }
            },
        },
    };
    let Some(account) = proven else { return Ok(SignIn::Denied) };
    let person = ctx.store.find_person(account.person).await?;
    let ial = person.and_then(|person| Ial::new(person.applicant.ial)).unwrap_or(Ial::DECLARED);
    tries.forgive(&mut changes);
    match ctx.store.commit(changes).await {
        Ok(()) => Ok(SignIn::Granted(SignedIn {
            account: account.id,
            person: account.person,
            ial,
            methods: method.into(),
            at,
        })),
        // The code was used in the same moment by somebody else.
        Err(store::Error::Stale) => Ok(SignIn::Denied),
        Err(error) => Err(error.into()),
    }
}

/// The same work whether or not there is an account.
async fn check_password(ctx: &Ctx, mobile: &Mobile, text: &str) -> AppResult<Option<AccountRecord>> {
    let account = open_account(ctx, mobile).await?;
    let Some(password) = Password::presented(text) else { return Ok(None) };
    let hash = account.as_ref().and_then(|account| account.password_hash.clone());
    let fits = ctx.identity.hashers.verify(password, hash).await?;
    Ok(account.filter(|_| fits))
}

async fn open_account(ctx: &Ctx, mobile: &Mobile) -> AppResult<Option<AccountRecord>> {
    Ok(ctx.store.find_account_by_mobile(mobile).await?.filter(|account| account.closed_at.is_none()))
}
