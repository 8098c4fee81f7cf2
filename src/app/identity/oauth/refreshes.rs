//! Refreshing: the hot path of identity. One look at the database, one change,
//! one signature or two.

use super::{Asker, INVALID_GRANT, Issue, TokenResult, Tokens, answer, end_replayed, narrowed};
use crate::app::ctx::Ctx;
use crate::domain::identity::{
    OAuthCode, OAuthError, Presented, RefreshToken, Rotation, Secret, Standing, digest,
};
use crate::store::{self, Changes, RefreshRecord};

/// How often a refresh that another overtook looks again. The other may still be
/// on its way to the disk.
const ATTEMPTS: usize = 10;

pub(super) async fn refresh(
    ctx: &Ctx,
    asker: &Asker,
    presented: &Secret,
    scope: Option<&str>,
) -> TokenResult<Tokens> {
    let at = ctx.clock.now();
    let used = presented.digest();
    let client = &asker.client;
    // Everybody who presents the same token computes the same successor, so it
    // need not be kept to be given again.
    let successor = successor(ctx, presented);
    for _ in 0..ATTEMPTS {
        let record = ctx.store.find_refresh_token(used).await?.ok_or(INVALID_GRANT)?;
        let RefreshRecord { token, mut session, level } = record;
        let lifetime = ctx.identity.lifetimes().of(client.channel, session.scopes);
        let over = match session.standing(lifetime, at) {
            // An unused refresh token expires with the rest it may take.
            Standing::Live | Standing::Idle => false,
            Standing::Expired | Standing::Revoked => true,
        };
        if session.client != client.id || over {
            return Err(INVALID_GRANT.into());
        }
        if session.key.is_some() && session.key != asker.key {
            let description = "the refresh token is bound to a key; send a DPoP proof made with it";
            return Err(OAuthError::new(OAuthCode::InvalidDpopProof, description).into());
        }
        let ial = ctx.identity.holder_ial(session.account, level.ok_or(INVALID_GRANT)?, at).await?;
        let scopes = narrowed(session.scopes, scope)?;
        match token.present(at) {
            Presented::Expired => return Err(INVALID_GRANT.into()),
            Presented::Replay => return Err(end_replayed(ctx, client, session.id, at).await),
            Presented::Repeat => {}
            Presented::Rotate => {
                session.last_used_at = at;
                let next = RefreshToken {
                    session: session.id,
                    created_at: at,
                    expires_at: session.refresh_until(lifetime, at),
                    rotation: Rotation::Current,
                };
                let mut changes = Changes::new();
                changes.refresh(&used, &successor.digest(), &next);
                match ctx.store.commit(changes).await {
                    Ok(()) => {}
                    // Rotated in the same moment, or the session ended: look again.
                    Err(store::Error::Stale | store::Error::Duplicate(_)) => continue,
                    Err(error) => return Err(error.into()),
                }
            }
        }
        let issue = Issue { scopes, ial, refresh_token: Some(successor), nonce: None };
        return answer(ctx, asker, &session, issue, at);
    }
    Err(INVALID_GRANT.into())
}

fn successor(ctx: &Ctx, presented: &Secret) -> Secret {
    let bytes = ctx.store.vault().blind_index("refresh_token.successor", presented.expose());
    Secret::from_bytes(digest(&bytes))
}
