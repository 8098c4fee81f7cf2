//! The device grant from the device's side (RFC 8628): it asks for a pair of
//! codes, shows one, and asks with the other until somebody has decided.

use super::codes::{Opening, open};
use super::{Asker, INVALID_GRANT, TokenResult, Tokens};
use crate::app::ctx::{Ctx, new_id};
use crate::domain::identity::device_grant::{self, Answer};
use crate::domain::identity::{
    Client, DeviceGrant, Grant, OAuthCode, OAuthError, Scope, ScopeSet, Secret, UserCode,
};
use crate::store::{self, Changes, DeviceGrantRow, ProtocolWrite, random};

/// What a device is told (RFC 8628 §3.2).
pub struct DeviceAuthorization {
    pub device_code: Secret,
    pub user_code: UserCode,
    pub verification_uri: String,
    /// The same with the code in it, for a picture to be scanned.
    pub verification_uri_complete: String,
    pub expires_in_seconds: i64,
    pub interval_seconds: u32,
}

/// How often another code is tried when one is taken.
const ATTEMPTS: usize = 5;

pub async fn authorize_device(
    ctx: &Ctx,
    client: &Client,
    scope: Option<&str>,
) -> TokenResult<DeviceAuthorization> {
    if !client.may_use(Grant::DeviceCode) {
        let error = OAuthError::new(OAuthCode::UnauthorizedClient, "this client may not use device codes");
        return Err(error.into());
    }
    let scopes = scopes(client, scope)?;
    let grant = DeviceGrant::new(client.id.clone(), scopes, ctx.clock.now());
    let device_code = Secret::from_bytes(random());
    for _ in 0..ATTEMPTS {
        let user_code = UserCode::from_random(random());
        let row = DeviceGrantRow::new(&device_code.digest(), &user_code, &grant, ctx.store.vault());
        let mut changes = Changes::new();
        changes.write(ProtocolWrite::InsertDeviceGrant(row));
        match ctx.store.commit(changes).await {
            Ok(()) => {
                let page = format!("{}/device", ctx.identity.issuer());
                return Ok(DeviceAuthorization {
                    verification_uri_complete: format!("{page}?user_code={user_code}"),
                    verification_uri: page,
                    device_code,
                    user_code,
                    expires_in_seconds: device_grant::LIFETIME.num_seconds(),
                    interval_seconds: grant.interval_seconds,
                });
            }
            Err(store::Error::Duplicate(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(OAuthError::new(OAuthCode::TemporarilyUnavailable, "no code is free; try again").into())
}

fn scopes(client: &Client, asked: Option<&str>) -> Result<ScopeSet, OAuthError> {
    let refuse = |description| OAuthError::new(OAuthCode::InvalidScope, description);
    let scopes =
        ScopeSet::parse(asked.unwrap_or_default()).map_err(|_| refuse("an unknown scope was asked for"))?;
    if scopes.is_empty() {
        return Err(refuse("scope is missing; name at least one"));
    }
    if !scopes.is_subset_of(client.scopes) {
        return Err(refuse("a scope was asked for that this client may not have"));
    }
    if scopes.contains(Scope::OfflineAccess) && !client.may_use(Grant::RefreshToken) {
        return Err(refuse("offline_access needs the grant refresh_token"));
    }
    Ok(scopes)
}

/// The device asks whether somebody has decided.
pub(super) async fn poll(ctx: &Ctx, asker: &Asker, code: &Secret) -> TokenResult<Tokens> {
    let at = ctx.clock.now();
    let digest = code.digest();
    let grant = ctx.store.find_device_grant(digest).await?.ok_or(INVALID_GRANT)?;
    let ask = |interval_seconds| ProtocolWrite::AskDeviceGrant { digest, at, interval_seconds };
    let (write, code, description) = match grant.ask(&asker.client.id, at) {
        Answer::Unknown => return Err(INVALID_GRANT.into()),
        Answer::Expired => {
            let description = "nobody entered the code in time; ask for another";
            return Err(OAuthError::new(OAuthCode::ExpiredToken, description).into());
        }
        Answer::Denied => {
            return Err(OAuthError::new(OAuthCode::AccessDenied, "the person did not agree").into());
        }
        Answer::Approved(approval) => {
            let opening = Opening { session: new_id(at), scopes: grant.scopes, approval, nonce: None };
            let mut changes = Changes::new();
            changes.write(ProtocolWrite::RedeemDeviceGrant { digest });
            return open(ctx, asker, opening, changes).await?.ok_or(INVALID_GRANT.into());
        }
        Answer::Pending => {
            let description = "nobody has decided yet; ask again after the interval";
            (ask(grant.interval_seconds), OAuthCode::AuthorizationPending, description)
        }
        Answer::SlowDown { interval_seconds } => {
            let description = "asked too soon; wait five seconds longer from now on";
            (ask(interval_seconds), OAuthCode::SlowDown, description)
        }
    };
    let mut changes = Changes::new();
    changes.write(write);
    match ctx.store.commit(changes).await {
        // Used up by another of the same device's questions.
        Ok(()) | Err(store::Error::Stale) => Err(OAuthError::new(code, description).into()),
        Err(error) => Err(error.into()),
    }
}
