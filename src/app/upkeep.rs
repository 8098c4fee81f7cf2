//! Keeping one instance in step with the others: whatever somebody changed
//! elsewhere is forgotten here within a second.

use std::collections::HashMap;

use chrono::TimeDelta;

use super::ctx::Ctx;
use super::error::AppResult;
use crate::store::{Changes, Epoch, Write};

/// The epochs an instance has seen.
#[derive(Default)]
pub struct Seen(HashMap<Epoch, i64>);

/// Looks whether anything kept in memory has changed, and lets go of it.
pub async fn catch_up(ctx: &Ctx, seen: &mut Seen) -> AppResult<()> {
    for (epoch, value) in ctx.store.epochs().await? {
        // The first look counts as a change: there may have been one since loading.
        if seen.0.insert(epoch, value) != Some(value) {
            match epoch {
                Epoch::Catalogue => ctx.catalogue.forget_current(),
                Epoch::Organisation => ctx.catalogue.reload_regions().await?,
                Epoch::Identity => ctx.identity.reload(ctx.clock.now()).await?,
            }
        }
    }
    Ok(())
}

/// How long a repetition is answered with the first answer (api.md).
const ANSWERS_KEPT: TimeDelta = TimeDelta::hours(24);

/// Drops what has had its time: answers to repetitions, expired codes and sessions.
pub async fn sweep(ctx: &Ctx) -> AppResult<()> {
    let at = ctx.clock.now();
    let mut changes = Changes::new();
    changes.write(Write::Forget(at - ANSWERS_KEPT));
    ctx.store.commit(changes).await?;
    ctx.identity.sweep(at).await
}

/// Whether this instance can serve: the database answers.
pub async fn ready(ctx: &Ctx) -> AppResult<()> {
    ctx.store.epochs().await?;
    Ok(())
}
