//! 接入应用: registering and changing clients, for administrators.
//!
//! What always holds: a secret is shown once, when it is made; a client's channel
//! and id are fixed at its registration; every change is put on record.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::json;

use super::Caller;
use crate::app::ctx::Ctx;
use crate::app::error::{AppError, AppResult};
use crate::app::once::{Answer, Claim, first_answer};
use crate::app::permit::permit;
use crate::domain::audit::{AuditAction, Outcome};
use crate::domain::codes::CounterCode;
use crate::domain::identity::{
    Authentication, Channel, Client, ClientId, Grant, KeySet, RedirectUri, ScopeSet, Secret,
};
use crate::domain::policy::{Operation, Target};
use crate::domain::refusal::{FieldError, Refusal, RefusalCode};
use crate::domain::text::Text;
use crate::store::{self, Changes, Epoch, ProtocolWrite, random};

/// What an administrator says of a client, every part of the right form.
#[derive(Debug, Clone)]
pub struct Registration {
    pub name: Text,
    pub counter: Option<CounterCode>,
    pub proves_itself_by: ProvesItselfBy,
    pub redirect_uris: Vec<RedirectUri>,
    pub post_logout_redirect_uris: Vec<RedirectUri>,
    pub backchannel_logout_uri: Option<RedirectUri>,
    pub grants: Vec<Grant>,
    pub scopes: ScopeSet,
    pub sector: Option<String>,
    pub require_dpop: bool,
    pub require_par: bool,
}

/// How it is to prove itself.
#[derive(Debug, Clone)]
pub enum ProvesItselfBy {
    Nothing,
    /// With a secret that is made here.
    Secret,
    Keys(KeySet),
}

/// A client as it now stands, and its secret where one was made with this.
#[derive(Debug)]
pub struct Registered {
    pub client: Arc<Client>,
    pub secret: Option<Secret>,
}

/// All clients, those switched off included, in the order of their ids.
pub async fn list(
    ctx: &Ctx,
    caller: &Caller,
    after: Option<&str>,
    limit: i64,
) -> AppResult<Vec<Arc<Client>>> {
    permit_management(ctx, caller)?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let clients = ctx.store.list_clients().await?.into_iter();
    Ok(clients
        .filter(|client| after.is_none_or(|after| client.id.as_str() > after))
        .take(limit)
        .map(Arc::new)
        .collect())
}

pub async fn find(ctx: &Ctx, caller: &Caller, id: &str) -> AppResult<Arc<Client>> {
    permit_management(ctx, caller)?;
    present(ctx, id).await.map(Arc::new)
}

/// Registers a client.
///
/// # Errors
/// `Invalid` with everything that is wrong; `AlreadyExists` when the id is taken.
pub async fn register(
    ctx: &Ctx,
    caller: &Caller,
    id: ClientId,
    channel: Channel,
    registration: Registration,
    claim: Option<&Claim>,
) -> AppResult<Answer<Registered>> {
    permit_management(ctx, caller)?;
    let error = match register_once(ctx, caller, id, channel, registration, claim).await {
        Ok(registered) => return Ok(Answer::first(registered)),
        Err(error) => error,
    };
    // The secret was shown with the first answer, and is not kept.
    let id = first_answer(ctx, claim, error).await?;
    Ok(Answer::again(Registered { client: Arc::new(present(ctx, &id).await?), secret: None }))
}

async fn register_once(
    ctx: &Ctx,
    caller: &Caller,
    id: ClientId,
    channel: Channel,
    registration: Registration,
    claim: Option<&Claim>,
) -> AppResult<Registered> {
    let at = ctx.clock.now();
    let (authentication, secret) = registration.authentication(None);
    let fixed = Fixed { id, channel, created_at: at, disabled_at: None, version: 1 };
    let mut client = registration.into_client(fixed, authentication);
    client.settle_sector();
    let client = checked(client)?;
    let mut changes = Changes::new();
    changes.write(ProtocolWrite::InsertClient(client.clone()));
    changes.claim(claim, client.id.to_string(), at);
    commit(ctx, caller, AuditAction::ClientRegistered, &client, changes).await?;
    Ok(Registered { client: Arc::new(client), secret })
}

/// Replaces a registration. A client that goes on proving itself by a secret keeps
/// the one it has.
pub async fn change(
    ctx: &Ctx,
    caller: &Caller,
    id: &str,
    expected: Option<i64>,
    registration: Registration,
) -> AppResult<Registered> {
    let before = expect(ctx, caller, id, expected).await?;
    let (authentication, secret) = registration.authentication(Some(&before.authentication));
    let fixed = Fixed {
        id: before.id,
        channel: before.channel,
        created_at: before.created_at,
        disabled_at: before.disabled_at,
        version: before.version + 1,
    };
    let mut client = registration.into_client(fixed, authentication);
    // Its subjects stay what they were unless it is said otherwise.
    client.sector = client.sector.or(before.sector);
    let client = checked(client)?;
    replace(ctx, caller, AuditAction::ClientChanged, client, secret).await
}

/// Makes a new secret; the one before is good no more.
pub async fn rotate_secret(
    ctx: &Ctx,
    caller: &Caller,
    id: &str,
    expected: Option<i64>,
) -> AppResult<Registered> {
    let before = expect(ctx, caller, id, expected).await?;
    match before.authentication {
        Authentication::Secret(_) => {}
        Authentication::Public | Authentication::PrivateKeyJwt(_) => {
            return Err(Refusal::new(
                RefusalCode::WrongState,
                "该应用不使用密钥字符串认证，没有可更换的密钥。",
                "This client proves itself without a secret; there is none to replace.",
            )
            .into());
        }
    }
    let secret = Secret::from_bytes(random());
    let client = Client {
        authentication: Authentication::Secret(secret.digest()),
        version: before.version + 1,
        ..before
    };
    replace(ctx, caller, AuditAction::ClientSecretRotated, client, Some(secret)).await
}

/// Switches a client off, with all its tokens, or on again.
pub async fn switch(
    ctx: &Ctx,
    caller: &Caller,
    id: &str,
    expected: Option<i64>,
    on: bool,
) -> AppResult<Registered> {
    let before = expect(ctx, caller, id, expected).await?;
    if before.is_enabled() == on {
        return Ok(Registered { client: Arc::new(before), secret: None });
    }
    let (action, disabled_at) = match on {
        true => (AuditAction::ClientEnabled, None),
        false => (AuditAction::ClientDisabled, Some(ctx.clock.now())),
    };
    let client = Client { disabled_at, version: before.version + 1, ..before };
    replace(ctx, caller, action, client, None).await
}

/// # Errors
/// `Forbidden` for everybody but administrators, before anything else is told them.
pub fn permit_management(ctx: &Ctx, caller: &Caller) -> AppResult<()> {
    permit(caller, Operation::ManageClients, Target::Platform, ctx.clock.now()).map(drop)
}

async fn present(ctx: &Ctx, id: &str) -> AppResult<Client> {
    let clients = ctx.store.list_clients().await?;
    clients.into_iter().find(|client| client.id.as_str() == id).ok_or(AppError::NotFound)
}

/// The client at the version the caller has seen.
async fn expect(ctx: &Ctx, caller: &Caller, id: &str, expected: Option<i64>) -> AppResult<Client> {
    permit_management(ctx, caller)?;
    let client = present(ctx, id).await?;
    match expected {
        Some(version) if version != client.version => Err(AppError::Stale),
        Some(_) | None => Ok(client),
    }
}

fn checked(client: Client) -> AppResult<Client> {
    let problems = client.problems();
    if problems.is_empty() { Ok(client) } else { Err(AppError::Invalid(problems)) }
}

async fn replace(
    ctx: &Ctx,
    caller: &Caller,
    action: AuditAction,
    client: Client,
    secret: Option<Secret>,
) -> AppResult<Registered> {
    let mut changes = Changes::new();
    changes.write(ProtocolWrite::UpdateClient(client.clone()));
    commit(ctx, caller, action, &client, changes).await?;
    Ok(Registered { client: Arc::new(client), secret })
}

async fn commit(
    ctx: &Ctx,
    caller: &Caller,
    action: AuditAction,
    client: &Client,
    mut changes: Changes,
) -> AppResult<()> {
    let at = ctx.clock.now();
    let details = json!({ "version": client.version, "channel": client.channel.as_str() });
    changes.audit(&caller.entry(at, action, Outcome::Succeeded).on(&client.id).with(details));
    changes.write(Epoch::Identity);
    ctx.store.commit(changes).await.map_err(|error| match error {
        store::Error::Duplicate(_) => taken(),
        other => other.into(),
    })?;
    ctx.identity.reload(at).await
}

fn taken() -> AppError {
    let (zh, en) = ("此应用编号已被使用，请换一个。", "This client id is taken; choose another.");
    let error = FieldError::new("/id", "taken", Text::new(zh, en));
    Refusal::new(RefusalCode::AlreadyExists, zh, en).errors(vec![error]).into()
}

/// What no change touches.
struct Fixed {
    id: ClientId,
    channel: Channel,
    created_at: DateTime<Utc>,
    disabled_at: Option<DateTime<Utc>>,
    version: i64,
}

impl Registration {
    /// What the client is known by from now on, and the secret made for it.
    fn authentication(&self, before: Option<&Authentication>) -> (Authentication, Option<Secret>) {
        match (&self.proves_itself_by, before) {
            (ProvesItselfBy::Nothing, _) => (Authentication::Public, None),
            (ProvesItselfBy::Keys(keys), _) => (Authentication::PrivateKeyJwt(keys.clone()), None),
            (ProvesItselfBy::Secret, Some(Authentication::Secret(digest))) => {
                (Authentication::Secret(*digest), None)
            }
            (ProvesItselfBy::Secret, _) => {
                let secret = Secret::from_bytes(random());
                (Authentication::Secret(secret.digest()), Some(secret))
            }
        }
    }

    fn into_client(self, fixed: Fixed, authentication: Authentication) -> Client {
        let Fixed { id, channel, created_at, disabled_at, version } = fixed;
        Client {
            id,
            name: self.name,
            channel,
            counter: self.counter,
            authentication,
            redirect_uris: self.redirect_uris,
            post_logout_redirect_uris: self.post_logout_redirect_uris,
            backchannel_logout_uri: self.backchannel_logout_uri,
            grants: self.grants.into_iter().collect(),
            scopes: self.scopes,
            sector: self.sector,
            require_dpop: self.require_dpop,
            require_par: self.require_par,
            created_at,
            disabled_at,
            version,
        }
    }
}
