//! Who makes a request: a person through a client, or a client by itself.

use std::sync::Arc;

use serde_json::json;
use uuid::Uuid;

use super::{Identity, VerifiedToken, possession};
use crate::app::ctx::Ctx;
use crate::app::error::{AppError, AppResult};
use crate::domain::cases::Provenance;
use crate::domain::identity::{Aal, Channel, Client, Scope, ScopeSet};
use crate::domain::policy::{Actor, Scopes, StaffScope};

/// Somebody who signed in.
#[derive(Debug, Clone)]
pub struct Caller {
    pub actor: Actor,
    pub client: Arc<Client>,
    pub channel: Channel,
    /// None in a demo.
    pub session: Option<Uuid>,
    /// The person he acts for with this token, and for nobody else; none when it
    /// is his own.
    pub principal: Option<Uuid>,
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

/// What a request shows of the right to make it.
#[derive(Debug, Clone)]
pub enum Shown {
    /// RFC 6750
    Bearer { token: String },
    /// RFC 9449 §7: a token, and a proof that its key is at hand, made for this
    /// method and path.
    Bound { token: String, proof: String, method: String, path: String },
}

impl Shown {
    fn token(&self) -> &str {
        match self {
            Shown::Bearer { token } | Shown::Bound { token, .. } => token,
        }
    }
}

impl Caller {
    /// Through which door the request came; stored with what it causes and
    /// invisible to every rule.
    pub fn provenance(&self) -> Provenance {
        let posted = || self.actor.posts.iter().find_map(|post| post.counter.clone());
        let counter = match &self.client.counter {
            Some(counter) => Some(counter.to_string()),
            None => posted().filter(|_| self.actor.scopes.staff == StaffScope::TwoFactors),
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
        let shown = Shown::Bearer { token: token.to_owned() };
        self.caller_by(ctx, &shown, request_id).await
    }

    /// The person behind whatever a request shows.
    ///
    /// # Errors
    /// As above, and `UnfitProof` when the token is bound to a key and the key was
    /// not proven, or the other way round.
    pub async fn caller_by(&self, ctx: &Ctx, shown: &Shown, request_id: String) -> AppResult<Caller> {
        match self.authenticate(ctx, shown, request_id).await? {
            Principal::Person(caller) => Ok(caller),
            Principal::Application(_) => Err(AppError::Forbidden),
        }
    }

    /// Whoever is behind a request.
    pub async fn authenticate(&self, ctx: &Ctx, shown: &Shown, request_id: String) -> AppResult<Principal> {
        let at = ctx.clock.now();
        let token = self.verify(shown.token(), at).await?.ok_or(AppError::Unauthenticated)?;
        match (token.key, shown) {
            (None, Shown::Bearer { .. }) => {}
            (Some(key), Shown::Bound { token, proof, method, path }) => {
                possession::check_at_resource(ctx, key, token, proof, method, path).await?;
            }
            (Some(_), Shown::Bearer { .. }) => {
                return Err(AppError::UnfitProof(
                    "the token is bound to a key; send it with scheme DPoP and a proof",
                ));
            }
            (None, Shown::Bound { .. }) => {
                return Err(AppError::UnfitProof(
                    "the token is not bound to a key; send it with scheme Bearer",
                ));
            }
        }
        let client = self.client(token.client.as_str()).ok_or(AppError::Unauthenticated)?;
        match token.account {
            Some(account) => {
                let mut caller = self.person(&token, account, client, request_id).await?;
                if let Some(delegation) = &token.delegation {
                    let mandate = self.mandate_of(&token, delegation, at).await?;
                    let mandate = mandate.ok_or(AppError::Unauthenticated)?;
                    caller.principal = Some(mandate.principal);
                    // With all records of that principal, and nothing else.
                    caller.actor.mandates.retain(|other| other.id == mandate.id);
                    // Whoever speaks for somebody else holds no post.
                    caller.actor.posts.clear();
                }
                Ok(Principal::Person(caller))
            }
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
                former: rights.former.clone(),
                posts: rights.posts.clone(),
                mandates: rights.mandates.clone(),
                scopes: Scopes { cases: token.scopes.contains(Scope::Cases), staff: staff_scope(token) },
            },
            channel: client.channel,
            client,
            session: token.session,
            principal: None,
            scopes: token.scopes,
            ial: token.ial.get(),
            aal: token.aal.get(),
            request_id,
        })
    }
}

/// What the scope `staff` is worth in this token.
fn staff_scope(token: &VerifiedToken) -> StaffScope {
    match token.scopes.contains(Scope::Staff) {
        false => StaffScope::Absent,
        true if token.aal >= Aal::TWO_FACTORS => StaffScope::TwoFactors,
        true => StaffScope::OneFactor,
    }
}
