//! Authorization requests: checked, whichever way they come, and pushed.

use std::sync::Arc;

use super::{Asker, TokenResult};
use crate::app::ctx::Ctx;
use crate::app::error::AppResult;
use crate::domain::identity::authorize::{
    self, AuthorizationRequest, PageProblem, Parameters, Rejection, Way,
};
use crate::domain::identity::pushed::{self, Arrival};
use crate::domain::identity::{Client, OAuthCode, OAuthError, PushedRequest, Secret};
use crate::store::{self, Changes, ProtocolWrite, random};

/// A request that may go on, with the client that makes it.
pub type Checked = Result<(AuthorizationRequest, Arc<Client>), Rejection>;

/// Checks an authorization request. A reference to a pushed one stands for what
/// was pushed; with the first look at it the sign-in has begun. Whether the person
/// must be asked is for the sign-in to say.
pub async fn check(ctx: &Ctx, parameters: &Parameters) -> AppResult<Checked> {
    let client = parameters.get("client_id").and_then(|id| ctx.identity.client(id));
    let reference = parameters.get("request_uri").and_then(pushed::read_reference);
    let checked = match reference {
        None => authorize::check(parameters, client.as_deref()),
        Some(_) if parameters.is_repeated() => Err(Rejection::Page(PageProblem::Repeated)),
        Some(reference) => match arrive(ctx, parameters, &reference).await? {
            None => Err(Rejection::Page(PageProblem::UnknownReference)),
            Some(request) => {
                let way = Way::Pushed(reference.digest());
                authorize::check_by(way, &request.parameters, client.as_deref())
            }
        },
    };
    let unknown = Rejection::Page(PageProblem::UnknownClient);
    Ok(checked.and_then(|request| client.map(|client| (request, client)).ok_or(unknown)))
}

/// The pushed request a browser comes with. Whatever else the browser says beside
/// the reference counts for nothing (RFC 9126 §4).
async fn arrive(ctx: &Ctx, parameters: &Parameters, reference: &Secret) -> AppResult<Option<PushedRequest>> {
    let at = ctx.clock.now();
    let digest = reference.digest();
    let client = parameters.get("client_id").unwrap_or_default();
    let Some(request) = ctx.store.find_pushed_request(digest).await? else { return Ok(None) };
    match request.arrive(client, at) {
        Arrival::Refused => Ok(None),
        Arrival::GoesOn => Ok(Some(request)),
        Arrival::Begins { until } => {
            let mut changes = Changes::new();
            changes.write(ProtocolWrite::BeginPushed { digest, at, until });
            match ctx.store.commit(changes).await {
                // Or begun in the same moment, by a browser that loads the page twice.
                Ok(()) | Err(store::Error::Stale) => Ok(Some(request)),
                Err(error) => Err(error.into()),
            }
        }
    }
}

/// What a client that pushed a request is told (RFC 9126 §2.2).
pub struct Pushed {
    pub request_uri: String,
    pub expires_in_seconds: i64,
}

/// Takes a request in. It is checked at once, so that the client and not the
/// person learns what is wrong with it.
pub async fn push(ctx: &Ctx, asker: &Asker, parameters: &Parameters) -> TokenResult<Pushed> {
    let at = ctx.clock.now();
    let invalid = |description| OAuthError::new(OAuthCode::InvalidRequest, description);
    if parameters.get("request_uri").is_some() {
        return Err(invalid("a pushed request cannot refer to another by request_uri").into());
    }
    let client = &asker.client;
    let mut request = PushedRequest::new(client.id.clone(), parameters, at);
    let secret = Secret::from_bytes(random());
    let checked = authorize::check_by(Way::Pushed(secret.digest()), &request.parameters, Some(client));
    let checked = checked.map_err(|rejection| match rejection {
        Rejection::Redirect { error, .. } => error,
        Rejection::Page(PageProblem::UnknownRedirectUri) => {
            invalid("redirect_uri is missing or not registered for this client")
        }
        Rejection::Page(PageProblem::Repeated) => invalid("a parameter is given more than once"),
        Rejection::Page(PageProblem::UnknownClient | PageProblem::UnknownReference) => {
            invalid("the request is not this client's")
        }
    })?;
    // A proof beside the request binds the code to its key (RFC 9449 §10.1).
    match (checked.key, asker.key) {
        (Some(named), Some(shown)) if named != shown => {
            return Err(invalid("dpop_jkt is not the key of the DPoP proof").into());
        }
        (None, Some(shown)) => {
            let bound = ("dpop_jkt".to_owned(), shown.to_string());
            let pairs = request.parameters.pairs().iter().cloned().chain([bound]);
            request.parameters = Parameters::new(pairs);
        }
        (Some(_) | None, _) => {}
    }
    let mut changes = Changes::new();
    changes.write(ProtocolWrite::InsertPushed { digest: secret.digest(), request });
    ctx.store.commit(changes).await?;
    Ok(Pushed { request_uri: pushed::reference(&secret), expires_in_seconds: pushed::LIFETIME.num_seconds() })
}
