//! Keeping one instance in step with the others: whatever somebody changed
//! elsewhere is forgotten here within a second.

use std::collections::HashMap;

use chrono::TimeDelta;

use super::ctx::Ctx;
use super::error::AppResult;
use super::{cases, people, work};
use crate::domain::identity::known_device;
use crate::store::{Changes, DefenceWrite, Epoch, ProtocolWrite, Write};

/// The epochs an instance has seen.
#[derive(Default)]
pub struct Seen(HashMap<Epoch, i64>);

/// Looks whether anything kept in memory has changed, and lets go of it.
pub async fn catch_up(ctx: &Ctx, seen: &mut Seen) -> AppResult<()> {
    for (epoch, value) in ctx.store.epochs().await? {
        // The first look counts as a change: there may have been one since loading.
        if seen.0.insert(epoch, value) != Some(value) {
            match epoch {
                Epoch::Catalogue => ctx.catalogue.forget_guides(),
                Epoch::Organisation => ctx.catalogue.reload_regions().await?,
                Epoch::Identity => ctx.identity.reload(ctx.clock.now()).await?,
                Epoch::Calendar => ctx.calendar.reload().await?,
            }
        }
    }
    Ok(())
}

/// How long a repetition is answered with the first answer (api.md).
const ANSWERS_KEPT: TimeDelta = TimeDelta::hours(24);

/// What is to be done once an hour: drops what has had its time (answers to
/// repetitions, expired codes and sessions), gives old signing keys successors.
pub async fn sweep(ctx: &Ctx) -> AppResult<()> {
    let at = ctx.clock.now();
    let mut changes = Changes::new();
    changes.write(Write::Forget(at - ANSWERS_KEPT));
    changes.write(DefenceWrite::ForgetDevicesUnusedSince(at - known_device::REMEMBERED));
    ctx.store.commit(changes).await?;
    ctx.identity.sweep(at).await?;
    people::helpers::sweep(ctx).await?;
    work::sweep(ctx).await?;
    cases::sweep_handoffs(ctx).await?;
    cases::uploads::sweep(ctx).await?;
    people::organizations::check_due(ctx).await?;
    if ctx.identity.rotate_old_keys(ctx.settings.rotate_keys_after, at).await? {
        tracing::info!("signing keys were given successors; they change over in ten minutes");
    }
    Ok(())
}

/// Puts on record how often each key was used, once a minute if any was.
pub async fn record_key_uses(ctx: &Ctx) -> AppResult<()> {
    ctx.identity.record_key_uses(ctx.clock.now()).await
}

/// What is left to be written when the process stops.
pub async fn wind_up(ctx: &Ctx) -> AppResult<()> {
    ctx.identity.record_last_key_uses(ctx.clock.now()).await
}

/// Drops what is kept for minutes: proofs that are good once, pushed requests,
/// device grants.
pub async fn sweep_proofs(ctx: &Ctx) -> AppResult<()> {
    let mut changes = Changes::new();
    changes.write(ProtocolWrite::Sweep { before: ctx.clock.now() });
    Ok(ctx.store.commit(changes).await?)
}

/// Whether this instance can serve: the database answers.
pub async fn ready(ctx: &Ctx) -> AppResult<()> {
    ctx.store.epochs().await?;
    Ok(())
}
