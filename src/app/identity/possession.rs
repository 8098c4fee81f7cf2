//! Proofs that are good once: DPoP at every endpoint (RFC 9449), remembered in
//! the database so that no instance takes what another has taken.

use super::signatures::verify;
use crate::app::ctx::Ctx;
use crate::app::error::{AppError, AppResult};
use crate::domain::identity::dpop::{self, Expected, ProofProblem};
use crate::domain::identity::{Thumbprint, UsedProof};
use crate::store::{self, Changes, ProtocolWrite};

/// Why a proof was not taken.
pub(super) enum Unproven {
    Problem(ProofProblem),
    /// It was shown before.
    Replayed,
    App(AppError),
}

/// The key a proof shows to be at hand, for a request to one of this portal's paths.
pub(super) async fn key_of(
    ctx: &Ctx,
    proof: &str,
    method: &str,
    path: &str,
    token: Option<&str>,
) -> Result<Thumbprint, Unproven> {
    let url = format!("{}{path}", ctx.identity.issuer());
    let expected = Expected { method, url: &url, token, at: ctx.clock.now() };
    let proof = dpop::check(proof, expected, &verify).map_err(Unproven::Problem)?;
    match use_up(ctx, proof.used).await {
        Ok(true) => Ok(proof.key),
        Ok(false) => Err(Unproven::Replayed),
        Err(error) => Err(Unproven::App(error)),
    }
}

/// At a resource: the proof must be of the key the token is bound to.
pub(super) async fn check_at_resource(
    ctx: &Ctx,
    key: Thumbprint,
    token: &str,
    proof: &str,
    method: &str,
    path: &str,
) -> AppResult<()> {
    match key_of(ctx, proof, method, path, Some(token)).await {
        Ok(shown) if shown == key => Ok(()),
        Ok(_) => Err(AppError::UnfitProof("the DPoP proof is of another key than the token is bound to")),
        Err(Unproven::Problem(problem)) => Err(AppError::UnfitProof(problem.as_str())),
        Err(Unproven::Replayed) => Err(AppError::UnfitProof(REPLAYED)),
        Err(Unproven::App(error)) => Err(error),
    }
}

pub(super) const REPLAYED: &str = "the DPoP proof was used before; make one for every request";

/// Remembers a proof; gives whether it is used for the first time.
pub(super) async fn use_up(ctx: &Ctx, proof: UsedProof) -> AppResult<bool> {
    let mut changes = Changes::new();
    changes.write(ProtocolWrite::UseProof(proof));
    match ctx.store.commit(changes).await {
        Ok(()) => Ok(true),
        Err(store::Error::Stale) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
