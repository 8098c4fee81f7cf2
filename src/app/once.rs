//! Doing once what is asked for twice (Idempotency-Key, api.md).
//!
//! The key is claimed in the transaction that does the work, so the claim is the
//! truth. Whether a request is a repetition is looked up only when it fails: the
//! repetition of one that succeeded always does, and the common path stays short.

use super::ctx::Ctx;
use super::error::{AppError, AppResult};
pub use crate::store::Claim;

/// The answer to a request, and whether it had been given before.
#[derive(Debug)]
pub struct Answer<T> {
    pub value: T,
    pub replayed: bool,
}

impl<T> Answer<T> {
    pub fn first(value: T) -> Self {
        Self { value, replayed: false }
    }

    pub fn again(value: T) -> Self {
        Self { value, replayed: true }
    }
}

/// What was kept of the first answer under this key.
///
/// # Errors
/// `error`, the failure at hand, when nothing was answered under the key yet;
/// `KeyReused` when it was used for another request.
pub async fn first_answer(ctx: &Ctx, claim: Option<&Claim>, error: AppError) -> AppResult<String> {
    let Some(claim) = claim else { return Err(error) };
    let Some(answered) = ctx.store.find_answer(claim).await? else { return Err(error) };
    if answered.request_digest != claim.request_digest {
        return Err(AppError::KeyReused);
    }
    Ok(answered.answer)
}
