//! Keeping one instance in step with the others: whatever somebody changed
//! elsewhere is forgotten here within a second.

use std::collections::HashMap;

use super::ctx::Ctx;
use super::error::AppResult;
use crate::store::Epoch;

/// The epochs an instance has seen.
#[derive(Default)]
pub struct Seen(HashMap<Epoch, i64>);

/// Looks whether anything kept in memory has changed, and lets go of it.
pub async fn catch_up(ctx: &Ctx, seen: &mut Seen) -> AppResult<()> {
    for (epoch, value) in ctx.store.epochs().await? {
        if seen.0.insert(epoch, value).is_some_and(|before| before != value) {
            match epoch {
                Epoch::Catalogue => ctx.catalogue.forget_current(),
                Epoch::Organisation => ctx.catalogue.reload_regions().await?,
                Epoch::Identity => ctx.identity.reload(ctx.clock.now()).await?,
            }
        }
    }
    Ok(())
}

/// Whether this instance can serve: the database answers.
pub async fn ready(ctx: &Ctx) -> AppResult<()> {
    ctx.store.epochs().await?;
    Ok(())
}
