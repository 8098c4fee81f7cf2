//! Work nobody asked for at this moment: keeping in step with other instances,
//! the clock's own acts, the outbox. Drives the use cases, as the web does.

use std::time::Duration;

use tokio::sync::watch;

use crate::app::identity::sign_outs;
use crate::app::upkeep::{self, Seen};
use crate::app::{AppError, Ctx, bundles, notices, timers};

/// How often each instance looks. Whatever another instance changed is known
/// here within this time.
const PAUSE: Duration = Duration::from_millis(500);
/// Rounds between two sweeps of what has expired: an hour.
const SWEEP_EVERY: u64 = 7200;
/// The same for what is kept for minutes only.
const SWEEP_PROOFS_EVERY: u64 = 120;

/// Works until `stopping` turns true.
pub async fn run(ctx: Ctx, stopping: watch::Receiver<bool>) {
    // Clients are told of sign-outs on the side: one that does not answer must
    // not keep anything else waiting.
    tokio::join!(rounds(&ctx, stopping.clone()), tell_clients(&ctx, stopping));
}

/// What is not told when the process stops is told after its next start.
async fn tell_clients(ctx: &Ctx, mut stopping: watch::Receiver<bool>) {
    while !*stopping.borrow() {
        tokio::select! {
            told = sign_outs::deliver_due(ctx) => match told {
                Ok(0) => {}
                Ok(_) => continue,
                Err(error) => tracing::warn!(?error, "clients could not be told of sign-outs; it goes on"),
            },
            _ = stopping.changed() => return,
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            _ = stopping.changed() => {}
        }
    }
}

async fn rounds(ctx: &Ctx, mut stopping: watch::Receiver<bool>) {
    let mut seen = Seen::default();
    for count in 1_u64.. {
        if *stopping.borrow() {
            return;
        }
        if let Err(error) = round(ctx, &mut seen, count, &stopping).await {
            tracing::warn!(?error, "the worker's round failed; it goes on");
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            _ = stopping.changed() => {}
        }
    }
}

/// Delivers what is due, resting thrice as long as it works: a rush of messages
/// must not take a core from the people who are being served.
async fn deliver(ctx: &Ctx, stopping: &watch::Receiver<bool>) -> Result<(), AppError> {
    while !*stopping.borrow() {
        let begun = std::time::Instant::now();
        if notices::deliver_due(ctx).await? == 0 {
            break;
        }
        tokio::time::sleep(begun.elapsed() * 3).await;
    }
    Ok(())
}

async fn round(
    ctx: &Ctx,
    seen: &mut Seen,
    count: u64,
    stopping: &watch::Receiver<bool>,
) -> Result<(), AppError> {
    upkeep::catch_up(ctx, seen).await?;
    timers::run(ctx).await?;
    bundles::follow(ctx).await?;
    deliver(ctx, stopping).await?;
    if count.is_multiple_of(SWEEP_PROOFS_EVERY) {
        upkeep::sweep_proofs(ctx).await?;
    }
    if count.is_multiple_of(SWEEP_EVERY) {
        upkeep::sweep(ctx).await?;
    }
    Ok(())
}
