//! Putting the house together and keeping it running: opening the store, loading
//! what is kept in memory, serving, and stopping without losing anything.

use std::net::TcpListener;
use std::sync::Arc;

use tokio::sync::watch;

use crate::app::bundles::Bundles;
use crate::app::calendar::Calendars;
use crate::app::catalog::Catalogue;
use crate::app::identity::Identity;
use crate::app::numbers::Numbers;
use crate::app::ports::{Blobs, Registries, SignOuts, Sms};
use crate::app::{AppResult, Clock, Ctx, Settings, new_id};
use crate::domain::calendar::WorkCalendar;
use crate::store::Store;
use crate::{http, worker};

/// The State Council's notices on rest days and make-up working days, 2019–2026,
/// by holiday-cn (MIT, NateScarlet).
const CALENDAR: &str = include_str!("data/calendar-cn.csv");

/// What differs between a demo, production and a test.
pub struct Parts {
    pub store: Store,
    pub clock: Clock,
    pub sms: Arc<dyn Sms>,
    pub sign_outs: Arc<dyn SignOuts>,
    pub blobs: Arc<dyn Blobs>,
    pub registries: Registries,
    /// The base URL of the portal, without a slash at its end.
    pub public_url: String,
    pub settings: Settings,
    pub demo: bool,
}

/// The calendar the portal comes with.
pub fn calendar() -> AppResult<WorkCalendar> {
    WorkCalendar::parse(CALENDAR)
        .map_err(|errors| crate::app::AppError::Internal(format!("the calendar does not read: {errors:?}")))
}

/// Loads everything a process keeps in memory.
pub async fn assemble(parts: Parts) -> AppResult<Ctx> {
    let at = parts.clock.now();
    let calendar = calendar()?;
    let identity =
        Identity::open(parts.store.clone(), parts.public_url, parts.settings.lifetimes, parts.demo, at)
            .await?;
    Ok(Ctx {
        bundles: Arc::new(Bundles::default()),
        catalogue: Arc::new(
            Catalogue::load(parts.store.clone(), parts.clock.clone(), http::v1::written_guide).await?,
        ),
        numbers: Arc::new(Numbers::new(new_id(at))),
        roots: Arc::default(),
        identity: Arc::new(identity),
        calendar: Arc::new(Calendars::load(parts.store.clone(), calendar).await?),
        store: parts.store,
        clock: parts.clock,
        sms: parts.sms,
        sign_outs: parts.sign_outs,
        blobs: parts.blobs,
        registries: parts.registries,
        settings: Arc::new(parts.settings),
        demo: parts.demo,
    })
}

/// Serves until SIGTERM or SIGINT; then finishes the requests under way, writes
/// what is queued, and returns.
///
/// # Errors
/// When the listener cannot be used.
pub async fn run(ctx: Ctx, listener: TcpListener, workers: usize) -> std::io::Result<()> {
    let (stop, stopping) = watch::channel(false);
    let server = http::serve(ctx.clone(), listener, workers)?;
    let handle = server.handle();
    let working = actix_web::rt::spawn(worker::run(ctx, stopping));
    actix_web::rt::spawn(async move {
        wait_for_signal().await;
        tracing::info!("stopping: requests under way are finished first");
        handle.stop(true).await;
    });
    server.await?;
    let _ = stop.send(true);
    let _ = working.await;
    tracing::info!("stopped");
    Ok(())
}

async fn wait_for_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        tracing::error!("signals cannot be received; stop the process by force");
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
