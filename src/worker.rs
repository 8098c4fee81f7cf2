//! Work nobody asked for at this moment: keeping in step with other instances,
//! the clock's own acts, the outbox. Drives the use cases, as the web does.

use std::time::Duration;

use tokio::sync::watch;

use crate::app::identity::sign_outs;
use crate::app::upkeep::{self, Seen};
use crate::app::{AppError, Ctx, bundles, notices, retention, roots, timers, work};

/// How often each instance looks. Whatever another instance changed is known
/// here within this time.
const PAUSE: Duration = Duration::from_millis(500);
/// Rounds between two sweeps of what has expired: an hour.
const SWEEP_EVERY: u64 = 7200;
/// The same for what is kept for minutes only.
const SWEEP_PROOFS_EVERY: u64 = 120;
/// Rounds between two looks whether a day has ended: half a minute.
const ROOTS_EVERY: u64 = 60;
/// The longest rest between messages: time spent waiting for a gateway is no work.
const LONGEST_REST: Duration = Duration::from_secs(2);
/// The rest after answers could not be made ready.
const READY_AGAIN: Duration = Duration::from_secs(30);
/// How long messages under way may still take when the process stops. What is cut
/// off is sent after the next start.
const LAST_MESSAGES: Duration = Duration::from_secs(2);

/// Works until `stopping` turns true. Each kind of work goes on beside the others: a
/// gateway or a client that does not answer keeps nothing else waiting, least of all
/// the news of what has ended elsewhere.
pub async fn run(ctx: Ctx, stopping: watch::Receiver<bool>) {
    tokio::join!(
        stay_in_step(&ctx, stopping.clone()),
        keep_house(&ctx, stopping.clone()),
        make_ready(&ctx, stopping.clone()),
        send_messages(&ctx, stopping.clone()),
        tell_clients(&ctx, stopping)
    );
    if let Err(error) = upkeep::wind_up(&ctx).await {
        tracing::error!(?error, "the last uses of keys could not be put on record");
    }
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
        pause(&mut stopping, PAUSE).await;
    }
}

async fn stay_in_step(ctx: &Ctx, mut stopping: watch::Receiver<bool>) {
    let mut seen = Seen::default();
    while !*stopping.borrow() {
        said("what changed elsewhere could not be learned", upkeep::catch_up(ctx, &mut seen).await);
        pause(&mut stopping, PAUSE).await;
    }
}

async fn make_ready(ctx: &Ctx, mut stopping: watch::Receiver<bool>) {
    while !*stopping.borrow() {
        let made = tokio::select! {
            made = ctx.catalogue.make_ready() => made,
            _ = stopping.changed() => return,
        };
        // Nobody waits for it, and what it reads is much.
        let rest = if made.is_ok() { PAUSE } else { READY_AGAIN };
        said("the answers of the catalogue could not all be made ready", made);
        pause(&mut stopping, rest).await;
    }
}

async fn keep_house(ctx: &Ctx, mut stopping: watch::Receiver<bool>) {
    for count in 1_u64.. {
        if *stopping.borrow() {
            return;
        }
        round(ctx, count).await;
        pause(&mut stopping, PAUSE).await;
    }
}

/// One chore that fails does not keep the others from being done.
async fn round(ctx: &Ctx, count: u64) {
    said("the clock could not act on the cases", timers::run(ctx).await);
    said("the worklists could not be summed up", work::settle(ctx).await);
    said("the parts of a bundle could not be followed", bundles::follow(ctx).await);
    said("the uses of keys could not be put on record", upkeep::record_key_uses(ctx).await);
    if count.is_multiple_of(ROOTS_EVERY) {
        said("the root of a day could not be made", roots::make_due(ctx).await);
    }
    if count.is_multiple_of(SWEEP_PROOFS_EVERY) {
        said("personal data that is due could not be erased", retention::erase_due(ctx).await);
        said("proofs that have had their time could not be dropped", upkeep::sweep_proofs(ctx).await);
    }
    if count.is_multiple_of(SWEEP_EVERY) {
        said("what has had its time could not be dropped", upkeep::sweep(ctx).await);
    }
}

fn said<T>(failure: &str, outcome: Result<T, AppError>) {
    if let Err(error) = outcome {
        tracing::warn!(?error, "{failure}; it goes on");
    }
}

/// Delivers what is due, resting thrice as long as it works: a rush of messages
/// must not take a core from the people who are being served.
async fn send_messages(ctx: &Ctx, mut stopping: watch::Receiver<bool>) {
    let mut ending = stopping.clone();
    while !*stopping.borrow() {
        let begun = std::time::Instant::now();
        tokio::select! {
            sent = notices::deliver_due(ctx) => match sent {
                Ok(0) => {}
                Ok(_) => {
                    pause(&mut stopping, (begun.elapsed() * 3).min(LONGEST_REST)).await;
                    continue;
                }
                Err(error) => tracing::warn!(?error, "messages could not be sent; it goes on"),
            },
            () = time_is_up(&mut ending) => return,
        }
        pause(&mut stopping, PAUSE).await;
    }
}

async fn time_is_up(stopping: &mut watch::Receiver<bool>) {
    // An error means that nobody is left who could stop it otherwise.
    let _ = stopping.wait_for(|stop| *stop).await;
    tokio::time::sleep(LAST_MESSAGES).await;
}

async fn pause(stopping: &mut watch::Receiver<bool>, length: Duration) {
    tokio::select! {
        () = tokio::time::sleep(length) => {}
        _ = stopping.changed() => {}
    }
}
