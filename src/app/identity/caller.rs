//! Who makes a request: a person through a client, or a client by itself.

use std::sync::Arc;

use serde_json::json;
use uuid::Uuid;

use super::{Identity, VerifiedToken};
use crate::app::ctx::Ctx;
use crate::app::error::{AppError, AppResult};
use crate::domain::cases::Provenance;
use crate::domain::identity::{Channel, Client, Scope, ScopeSet};
use crate::domain::policy::{Actor, Scopes};

/// Somebody who signed in.
#[derive(Debug, Clone)]
pub struct Caller {
    pub actor: Actor,
    pub client: Arc<Client>,
    pub channel: Channel,
    /// None in a demo.
    pub session: Option<Uuid>,
    /// Everything the token allows, beyond what concerns cases.
    pub scopes: ScopeSet,
    /// How well he is known, 1–4, and how well he signed in, 1–3.
    pub ial: u8,
    pub aal: u8,
    pub request_id: String,
}

/// A client acting for itself (`client_credentials`).
#[derive(Debug, Clone)]
pub struct Application {
    pub client: Arc<Client>,
    pub scopes: ScopeSet,
    pub request_id: String,
}

#[derive(Debug, Clone)]
pub enum Principal {
    Person(Caller),
    Application(Application),
}

impl Caller {
    /// Through which door the request came; stored with what it causes and
    /// invisible to every rule.
    pub fn provenance(&self) -> Provenance {
        let posted = || self.actor.posts.iter().find_map(|post| post.counter.clone());
        let counter = match &self.client.counter {
            Some(counter) => Some(counter.to_string()),
            None => posted().filter(|_| self.actor.scopes.staff),
        };
        Provenance::new(json!({
            "channel": self.channel.as_str(),
            "channel_number": self.channel.number(),
            "client": self.client.id.as_str(),
            "counter": counter,
            "request": self.request_id,
        }))
    }
}

impl Identity {
    /// The person behind a bearer token.
    ///
    /// # Errors
    /// `Unauthenticated` when the token is not good; `Forbidden` when no person
    /// stands behind it.
    pub async fn caller(&self, ctx: &Ctx, token: &str, request_id: String) -> AppResult<Caller> {
        match self.authenticate(ctx, token, request_id).await? {
            Principal::Person(caller) => Ok(caller),
            Principal::Application(_) => Err(AppError::Forbidden),
        }
    }

    /// Whoever is behind a bearer token.
    pub async fn authenticate(&self, ctx: &Ctx, token: &str, request_id: String) -> AppResult<Principal> {
        let token = self.verify(token, ctx.clock.now()).ok_or(AppError::Unauthenticated)?;
        let client = self.client(token.client.as_str()).ok_or(AppError::Unauthenticated)?;
        match token.account {
            Some(account) => self.person(&token, account, client, request_id).await.map(Principal::Person),
            None => Ok(Principal::Application(Application { client, scopes: token.scopes, request_id })),
        }
    }

    async fn person(
        &self,
        token: &VerifiedToken,
        account: Uuid,
        client: Arc<Client>,
        request_id: String,
    ) -> AppResult<Caller> {
        let rights = self.rights(account).await?.ok_or(AppError::Unauthenticated)?;
        Ok(Caller {
            actor: Actor {
                account,
                party: rights.party,
                posts: rights.posts.clone(),
                mandates: rights.mandates.clone(),
                scopes: Scopes {
                    cases: token.scopes.contains(Scope::Cases),
                    staff: token.scopes.contains(Scope::Staff),
                },
            },
            channel: client.channel,
            client,
            session: token.session,
            scopes: token.scopes,
            ial: token.ial.get(),
            aal: token.aal.get(),
            request_id,
        })
    }
}
