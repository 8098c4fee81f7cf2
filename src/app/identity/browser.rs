//! 登录: a browser's sign-in as use cases: who sits there, a sign-in begun, made
//! stronger, listed and ended.
//!
//! What always holds: the cookie's secret changes with every proof; a browser is
//! signed in as one person at a time; ending a sign-in ends every session begun
//! from it and every code not yet redeemed.

use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use super::devices;
use super::sign_in::SignedIn;
use super::visitor::Visitor;
use crate::app::ctx::{Ctx, new_id};
use crate::app::error::{AppError, AppResult};
use crate::domain::audit::{AuditAction, Outcome};
use crate::domain::codes::Mobile;
use crate::domain::identity::{
    BrowserSignIn, Channel, Digest, Facts, Ial, Lifetime, Method, Methods, Present, ScopeSet, Secret,
    Session, Standing,
};
use crate::store::{self, AccountRecord, Changes, PersonRecord, SignInWrite, random};

/// Somebody who signed in at this browser.
#[derive(Debug, Clone)]
pub struct Guest {
    pub sign_in: BrowserSignIn,
    /// Of the cookie he came with.
    digest: Digest,
    pub account: AccountRecord,
    pub person: PersonRecord,
    /// What he could show.
    pub enrolled: Methods,
    /// How well he is known now.
    ial: Ial,
}

/// Who sits at the browser that sent this cookie. None when nobody does any more.
pub async fn current(ctx: &Ctx, cookie: &str) -> AppResult<Option<Guest>> {
    let digest = Secret::presented(cookie).digest();
    let Some(sign_in) = ctx.store.find_sign_in(digest).await? else { return Ok(None) };
    if sign_in.standing(resident(ctx), ctx.clock.now()) != Standing::Live {
        return Ok(None);
    }
    let account = ctx.store.find_account(sign_in.account).await?;
    let Some(account) = account.filter(|account| account.closed_at.is_none()) else { return Ok(None) };
    let Some(person) = ctx.store.find_person(account.person).await? else { return Ok(None) };
    let enrolled = enrolled(ctx, &account).await?;
    let ial = ctx.identity.holder_ial(account.id, account.level, ctx.clock.now()).await?;
    Ok(Some(Guest { sign_in, digest, account, person, enrolled, ial }))
}

/// What an account's owner could show.
pub(super) async fn enrolled(ctx: &Ctx, account: &AccountRecord) -> AppResult<Methods> {
    let mut enrolled = Methods::from(Method::SmsCode);
    if account.password_hash.is_some() {
        enrolled = enrolled.with(Method::Password);
    }
    if ctx.store.find_totp(account.id).await?.is_some_and(|app| app.is_confirmed()) {
        enrolled = enrolled.with(Method::Totp);
    }
    for passkey in ctx.store.list_passkeys(account.id).await? {
        enrolled = enrolled.with(super::passkeys::method_of(&passkey)?);
    }
    Ok(enrolled)
}

fn resident(ctx: &Ctx) -> Lifetime {
    ctx.identity.lifetimes().of(Channel::Web, ScopeSet::EMPTY)
}

impl Guest {
    pub fn ial(&self) -> Ial {
        self.ial
    }

    /// For the decision what to ask him. `hint` is what a client said of whom it
    /// expects: a mobile number or the id of an account; anything else is no hint.
    pub fn present(&self, hint: Option<&str>) -> Present<'_> {
        let is_hinted = match hint {
            None => true,
            Some(hint) => match (Mobile::parse(hint), hint.parse::<Uuid>()) {
                (Ok(mobile), _) => mobile == self.account.mobile,
                (Err(_), Ok(id)) => id == self.account.id,
                (Err(_), Err(_)) => true,
            },
        };
        let facts = Facts { ial: self.ial(), enrolled: self.enrolled, is_hinted };
        Present { sign_in: &self.sign_in, facts }
    }

    /// As whom and how well he signed in.
    pub fn signed_in(&self) -> SignedIn {
        SignedIn {
            account: self.account.id,
            person: self.account.person,
            ial: self.ial(),
            methods: self.sign_in.methods,
            at: self.sign_in.authenticated_at,
            sign_in: Some(self.sign_in.id),
        }
    }
}

/// Whoever proved from the beginning who he is.
pub(super) struct Proven {
    pub account: AccountRecord,
    pub methods: Methods,
    /// Where he signs in: a place others use next is left soon.
    pub channel: Channel,
}

/// Begins a sign-in, in the place of the one this browser had; gives the new
/// cookie. `changes` are what the proof itself leaves behind.
///
/// # Errors
/// `Stale` when what the proof rests on was used up in the same moment.
pub(super) async fn begin(
    ctx: &Ctx,
    proven: Proven,
    visitor: &Visitor,
    before: Option<&Guest>,
    mut changes: Changes,
) -> AppResult<Secret> {
    let at = ctx.clock.now();
    let secret = Secret::from_bytes(random());
    let Proven { account, methods, channel } = proven;
    let same = before.filter(|guest| guest.account.id == account.id);
    let sign_in = BrowserSignIn {
        id: same.map_or_else(|| new_id(at), |guest| guest.sign_in.id),
        account: account.id,
        methods,
        proof: new_id(at),
        authenticated_at: at,
        created_at: same.map_or(at, |guest| guest.sign_in.created_at),
        last_used_at: at,
        expires_at: at + ctx.identity.lifetimes().of(channel, ScopeSet::EMPTY).absolute,
        revoked_at: None,
        user_agent: visitor.user_agent.clone(),
        network: visitor.network(ctx),
    };
    let entry = visitor
        .entry(ctx, at, AuditAction::SignedIn, Outcome::Succeeded)
        .by(account.id)
        .on(sign_in.id)
        .with(json!({ "methods": sign_in.methods.to_string() }));
    changes.audit(&entry);
    devices::remember(ctx, visitor, &account, (methods, enrolled(ctx, &account).await?), at, &mut changes);
    let digest = secret.digest();
    changes.write(match same {
        Some(guest) => SignInWrite::Replace { before: guest.digest, digest, sign_in },
        None => SignInWrite::Insert { digest, sign_in },
    });
    ctx.store.commit(changes).await?;
    if let Some(other) = before.filter(|guest| guest.account.id != account.id) {
        end(ctx, other.account.id, other.sign_in.id, visitor).await?;
    }
    Ok(secret)
}

/// Adds what was shown to a sign-in; gives the new cookie.
///
/// # Errors
/// `Stale` when it was used up, or the sign-in changed, in the same moment.
pub(super) async fn strengthen(
    ctx: &Ctx,
    guest: &Guest,
    shown: Methods,
    visitor: &Visitor,
    mut changes: Changes,
) -> AppResult<Secret> {
    let at = ctx.clock.now();
    let secret = Secret::from_bytes(random());
    let sign_in = guest.sign_in.clone().strengthened(shown, at);
    let entry = visitor
        .entry(ctx, at, AuditAction::SecondFactor, Outcome::Succeeded)
        .by(guest.account.id)
        .on(sign_in.id)
        .with(json!({ "methods": shown.to_string() }));
    changes.audit(&entry);
    devices::remember(ctx, visitor, &guest.account, (sign_in.methods, guest.enrolled), at, &mut changes);
    changes.write(SignInWrite::Replace { before: guest.digest, digest: secret.digest(), sign_in });
    ctx.store.commit(changes).await?;
    Ok(secret)
}

/// It was used to answer a client or to show a page.
pub async fn touch(ctx: &Ctx, guest: &Guest) -> AppResult<()> {
    let mut changes = Changes::new();
    changes.write(SignInWrite::Touch { id: guest.sign_in.id, at: ctx.clock.now() });
    Ok(ctx.store.commit(changes).await?)
}

/// Lets go of the cookie while the sessions go on: in a place others use next.
pub async fn forget(ctx: &Ctx, guest: &Guest) -> AppResult<()> {
    let nobody_knows = Secret::from_bytes(random()).digest();
    let mut changes = Changes::new();
    let sign_in = guest.sign_in.clone();
    changes.write(SignInWrite::Replace { before: guest.digest, digest: nobody_knows, sign_in });
    match ctx.store.commit(changes).await {
        // Somebody else let go of it first.
        Ok(()) | Err(store::Error::Stale) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// The live sign-ins of an account, the youngest first.
pub async fn list(ctx: &Ctx, account: Uuid) -> AppResult<Vec<BrowserSignIn>> {
    let at = ctx.clock.now();
    let lifetime = resident(ctx);
    let mut found = ctx.store.list_sign_ins(account, at).await?;
    found.retain(|sign_in| sign_in.standing(lifetime, at) == Standing::Live);
    Ok(found)
}

/// Ends a sign-in of an account.
///
/// # Errors
/// `NotFound` when the account has no such sign-in.
pub async fn end_own(ctx: &Ctx, account: Uuid, sign_in: Uuid, visitor: &Visitor) -> AppResult<()> {
    let own = ctx.store.list_sign_ins(account, ctx.clock.now()).await?;
    if own.iter().all(|other| other.id != sign_in) {
        return Err(AppError::NotFound);
    }
    end(ctx, account, sign_in, visitor).await
}

/// Ends a sign-in, and with it everything begun from it.
pub async fn end(ctx: &Ctx, account: Uuid, sign_in: Uuid, visitor: &Visitor) -> AppResult<()> {
    let at = ctx.clock.now();
    let entry = visitor.entry(ctx, at, AuditAction::SignedOut, Outcome::Succeeded).by(account).on(sign_in);
    let mut changes = Changes::new();
    changes.write(SignInWrite::End { id: sign_in, at });
    changes.audit(&entry);
    ctx.store.commit(changes).await?;
    // Only now: no session can be begun from it any more.
    let sessions = ctx.store.list_sessions_of_sign_in(sign_in).await?;
    ctx.identity.end_sessions(&sessions, at).await
}

/// What of an account goes on when everything else is ended: a browser's sign-in
/// with what was begun from it, a session.
#[derive(Debug, Clone, Copy, Default)]
pub struct Spared {
    pub sign_in: Option<Uuid>,
    pub session: Option<Uuid>,
}

/// Ends every sign-in, code and session of an account but those spared.
pub async fn end_everywhere(ctx: &Ctx, account: Uuid, spared: Spared, at: DateTime<Utc>) -> AppResult<()> {
    let mut changes = Changes::new();
    devices::forget_all(account, &mut changes);
    changes.write(SignInWrite::EndCodes { account, client: None, at });
    for sign_in in ctx.store.list_sign_ins(account, at).await? {
        if spared.sign_in != Some(sign_in.id) {
            changes.write(SignInWrite::End { id: sign_in.id, at });
        }
    }
    ctx.store.commit(changes).await?;
    let sessions = ctx.store.list_sessions(account, at).await?;
    let is_spared = |session: &Session| {
        spared.session == Some(session.id) || (spared.sign_in.is_some() && spared.sign_in == session.sign_in)
    };
    let ended: Vec<Uuid> =
        sessions.iter().filter(|session| !is_spared(session)).map(|session| session.id).collect();
    ctx.identity.end_sessions(&ended, at).await
}
