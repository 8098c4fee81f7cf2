//! Authorization codes: given to whoever signed in, redeemed by the client for a
//! session with its first tokens.

use uuid::Uuid;

use super::{Asker, INVALID_GRANT, Issue, TokenResult, Tokens, answer, end_replayed};
use crate::app::ctx::{Ctx, new_id};
use crate::app::error::{AppError, AppResult};
use crate::app::identity::sign_in::SignedIn;
use crate::domain::identity::authorize::{AuthorizationRequest, Way};
use crate::domain::identity::device_grant::Approval;
use crate::domain::identity::{
    Attempt, FreshCode, Grant, Redemption, RefreshToken, Rotation, ScopeSet, Secret, Session, code,
};
use crate::domain::refusal::{Refusal, RefusalCode};
use crate::store::{self, Changes, IdentityWrite, ProtocolWrite, random};

/// Where to send somebody who signed in: back to the client, with a code. A
/// request that was pushed is used up with it.
///
/// # Errors
/// `InvalidCode` when a code was given for the same pushed request before.
pub async fn grant_code(
    ctx: &Ctx,
    request: &AuthorizationRequest,
    signed_in: &SignedIn,
) -> AppResult<String> {
    let at = ctx.clock.now();
    let secret = Secret::from_bytes(random());
    let code = FreshCode {
        session: new_id(at),
        account: signed_in.account,
        client: request.client.clone(),
        redirect_uri: request.redirect_uri.clone(),
        challenge: request.challenge.clone(),
        scopes: request.scopes,
        nonce: request.nonce.clone(),
        key: request.key,
        methods: signed_in.methods,
        sign_in: signed_in.sign_in,
        authenticated_at: signed_in.at,
        expires_at: at + code::LIFETIME,
    };
    let mut changes = Changes::new();
    match request.way {
        Way::Direct => {}
        Way::Pushed(digest) => {
            changes.write(ProtocolWrite::SpendPushed { digest });
        }
    }
    changes.write(IdentityWrite::InsertCode { digest: secret.digest(), code });
    match ctx.store.commit(changes).await {
        Ok(()) => Ok(request.answer(secret.expose(), ctx.identity.issuer())),
        Err(store::Error::Stale) => Err(spent()),
        Err(error) => Err(error.into()),
    }
}

fn spent() -> AppError {
    Refusal::new(
        RefusalCode::InvalidCode,
        "这次登录请求已经使用过。请返回应用重新发起登录。",
        "This sign-in was used already. Go back to the app and begin again.",
    )
    .into()
}

pub(super) async fn redeem(
    ctx: &Ctx,
    asker: &Asker,
    secret: &Secret,
    redirect_uri: &str,
    verifier: &str,
) -> TokenResult<Tokens> {
    let at = ctx.clock.now();
    let digest = secret.digest();
    let client = &asker.client;
    let code = ctx.store.find_code(digest).await?.ok_or(INVALID_GRANT)?;
    let attempt = Attempt { client: &client.id, redirect_uri, verifier, key: asker.key };
    let code = match code.redeem(attempt, at) {
        Redemption::Granted(code) => code,
        Redemption::Refused(refusal) => {
            tracing::info!(client = %client.id, ?refusal, "authorization code refused");
            return Err(INVALID_GRANT.into());
        }
        Redemption::Replayed { session } => return Err(end_replayed(ctx, client, session, at).await),
    };
    let approval = Approval {
        account: code.account,
        methods: code.methods,
        sign_in: code.sign_in,
        authenticated_at: code.authenticated_at,
    };
    let opening = Opening { session: code.session, scopes: code.scopes, approval, nonce: code.nonce };
    let mut changes = Changes::new();
    changes.write(IdentityWrite::RedeemCode { digest, at });
    match open(ctx, asker, opening, changes).await? {
        Some(tokens) => Ok(tokens),
        // Redeemed by somebody else in the same moment.
        None => Err(end_replayed(ctx, client, code.session, at).await),
    }
}

/// What a session is opened with.
pub(super) struct Opening {
    pub(super) session: Uuid,
    pub(super) scopes: ScopeSet,
    pub(super) approval: Approval,
    pub(super) nonce: Option<String>,
}

/// Opens a session and gives its first tokens. `changes` use up what it is opened
/// with; `None` when somebody else had done so.
pub(super) async fn open(
    ctx: &Ctx,
    asker: &Asker,
    opening: Opening,
    mut changes: Changes,
) -> TokenResult<Option<Tokens>> {
    let at = ctx.clock.now();
    let Asker { client, key } = asker;
    let Opening { session, scopes, approval, nonce } = opening;
    let level = ctx.store.find_level(approval.account).await?.ok_or(INVALID_GRANT)?;
    let ial = ctx.identity.holder_ial(approval.account, level, at).await?;
    let lifetime = ctx.identity.lifetimes().of(client.channel, scopes);
    let session = Session {
        id: session,
        account: approval.account,
        client: client.id.clone(),
        scopes,
        methods: approval.methods,
        sign_in: approval.sign_in,
        // A client that can prove itself may change its key.
        key: key.filter(|_| !client.authentication.is_confidential()),
        authenticated_at: approval.authenticated_at,
        created_at: at,
        last_used_at: at,
        expires_at: at + lifetime.absolute,
        revoked_at: None,
    };
    let first = client.may_use(Grant::RefreshToken).then(|| Secret::from_bytes(random()));
    changes.write(IdentityWrite::InsertSession(session.clone()));
    if let Some(first) = &first {
        let token = RefreshToken {
            session: session.id,
            created_at: at,
            expires_at: session.refresh_until(lifetime, at),
            rotation: Rotation::Current,
        };
        changes.write(IdentityWrite::InsertRefreshToken { digest: first.digest(), token });
    }
    match ctx.store.commit(changes).await {
        Ok(()) => {
            let issue = Issue { scopes, ial, refresh_token: first, nonce };
            answer(ctx, asker, &session, issue, at).map(Some)
        }
        Err(store::Error::Stale | store::Error::Duplicate(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
