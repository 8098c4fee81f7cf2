//! Work nobody asked for at this moment: watching the epochs, the clock's own
//! acts, the outbox. Drives the use cases, as the web does.

use std::collections::HashMap;
use std::time::Duration;

use tokio::sync::watch;

use crate::app::{AppError, Ctx, notices, timers};
use crate::store::Epoch;

/// How often each instance looks. Whatever another instance changed is known
/// here within this time.
const PAUSE: Duration = Duration::from_millis(500);

/// Rounds between two sweeps of what has expired: an hour.
const SWEEP_EVERY: u64 = 7200;

/// Works until `stopping` turns true.
pub async fn run(ctx: Ctx, mut stopping: watch::Receiver<bool>) {
    let mut seen = HashMap::new();
    for count in 0_u64.. {
        if *stopping.borrow() {
            return;
        }
        if count % SWEEP_EVERY == SWEEP_EVERY - 1
            && let Err(error) = ctx.identity.sweep(ctx.clock.now()).await
        {
            tracing::warn!(?error, "the sweep failed; it is tried again in an hour");
        }
        if let Err(error) = round(&ctx, &mut seen).await {
            tracing::warn!(?error, "the worker's round failed; it goes on");
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            _ = stopping.changed() => {}
        }
    }
}

async fn round(ctx: &Ctx, seen: &mut HashMap<Epoch, i64>) -> Result<(), AppError> {
    for (epoch, value) in ctx.store.epochs().await? {
        if seen.insert(epoch, value).is_some_and(|before| before != value) {
            forget(ctx, epoch).await?;
        }
    }
    timers::run(ctx).await?;
    while notices::deliver_due(ctx).await? > 0 {}
    Ok(())
}

async fn forget(ctx: &Ctx, epoch: Epoch) -> Result<(), AppError> {
    match epoch {
        Epoch::Catalogue => ctx.catalogue.forget_current(),
        Epoch::Organisation => ctx.catalogue.reload_regions().await?,
        Epoch::Identity => ctx.identity.reload(ctx.clock.now()).await?,
    }
    Ok(())
}
