//! What every use case is given: the store, the clock, the ports, the caches.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::bundles::Bundles;
use super::calendar::Calendars;
use super::catalog::Catalogue;
use super::numbers::Numbers;
use super::ports::{Blobs, Registries, SignOuts, Sms};
use super::roots::Days;
use super::settings::Settings;
use crate::store::Store;

/// Shared by every request of one process. Cheap to clone.
#[derive(Clone)]
pub struct Ctx {
    pub store: Store,
    pub clock: Clock,
    pub sms: Arc<dyn Sms>,
    pub sign_outs: Arc<dyn SignOuts>,
    pub blobs: Arc<dyn Blobs>,
    pub registries: Registries,
    pub catalogue: Arc<Catalogue>,
    pub bundles: Arc<Bundles>,
    pub calendar: Arc<Calendars>,
    pub numbers: Arc<Numbers>,
    pub roots: Arc<Days>,
    pub identity: Arc<super::identity::Identity>,
    pub settings: Arc<Settings>,
    /// Whether this is a demo: the test clock may be moved.
    pub demo: bool,
}

/// The only place where the time is read. In the demo it can be moved forward,
/// for the whole process at once.
#[derive(Clone)]
pub struct Clock {
    source: fn() -> DateTime<Utc>,
    ahead_micros: Arc<AtomicI64>,
}

impl Clock {
    /// The system's time.
    pub fn system() -> Self {
        #[expect(clippy::disallowed_methods, reason = "the one place where the time is read")]
        fn now() -> DateTime<Utc> {
            Utc::now()
        }
        Self::from_source(now)
    }

    pub fn from_source(source: fn() -> DateTime<Utc>) -> Self {
        Self { source, ahead_micros: Arc::new(AtomicI64::new(0)) }
    }

    /// In whole microseconds, so that an instant read back from any of the databases
    /// equals the one that was written.
    pub fn now(&self) -> DateTime<Utc> {
        let read = (self.source)();
        let micros = read.timestamp_micros() + self.ahead_micros.load(Ordering::Relaxed);
        DateTime::from_timestamp_micros(micros).unwrap_or(read)
    }

    /// Moves the clock forward by `by`; gives the new time.
    pub fn advance(&self, by: TimeDelta) -> DateTime<Utc> {
        let micros = by.num_microseconds().unwrap_or(i64::MAX).max(0);
        self.ahead_micros.fetch_add(micros, Ordering::Relaxed);
        self.now()
    }

    /// How far it runs ahead of its source.
    pub fn ahead(&self) -> TimeDelta {
        TimeDelta::microseconds(self.ahead_micros.load(Ordering::Relaxed))
    }
}

/// A new id: time-ordered, so that rows of one moment lie together (RFC 9562 §5.7).
pub fn new_id(at: DateTime<Utc>) -> Uuid {
    let (seconds, nanos) = (at.timestamp().max(0).unsigned_abs(), at.timestamp_subsec_nanos());
    uuid::Builder::from_unix_timestamp_millis(
        seconds * 1000 + u64::from(nanos / 1_000_000),
        &crate::store::random::<10>(),
    )
    .into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nanoseconds_are_dropped_and_microseconds_kept() {
        let instant = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let clock = Clock::from_source(|| "2026-02-13T16:00:00.123456789Z".parse().unwrap());
        assert_eq!(clock.now(), instant("2026-02-13T16:00:00.123456Z"));
        assert_eq!(clock.advance(TimeDelta::microseconds(3)), instant("2026-02-13T16:00:00.123459Z"));
    }
}
