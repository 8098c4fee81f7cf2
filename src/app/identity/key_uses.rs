//! 密钥使用台账: putting on record how often each secret key of the portal was used.
//! Signatures name their key themselves; opened and indexed data does not, and of
//! neither would the data tell how often it was done.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::Identity;
use crate::app::ctx::new_id;
use crate::app::error::AppResult;
use crate::domain::key_uses::Period;
use crate::store::{Changes, KeyUses};

/// Since when the uses in memory were counted. Held while they are written, so that
/// no period begins before the one before it ended.
pub(super) struct CountedSince(tokio::sync::Mutex<DateTime<Utc>>);

impl CountedSince {
    pub(super) fn new(at: DateTime<Utc>) -> Self {
        Self(tokio::sync::Mutex::new(at))
    }
}

impl Identity {
    /// Puts on record what was counted, once a period; called more often than that.
    pub async fn record_key_uses(&self, at: DateTime<Utc>) -> AppResult<()> {
        let mut since = self.counted_since.0.lock().await;
        let period = Period { from: *since, until: at };
        if period.is_over() {
            self.record(period).await?;
            *since = at;
        }
        Ok(())
    }

    /// The same without waiting for the period to end: nothing must be left when the
    /// process stops.
    pub async fn record_last_key_uses(&self, at: DateTime<Utc>) -> AppResult<()> {
        let mut since = self.counted_since.0.lock().await;
        self.record(Period { from: *since, until: at }).await?;
        *since = at;
        Ok(())
    }

    async fn record(&self, period: Period) -> AppResult<()> {
        let uses = self.key_uses().take();
        if uses.is_empty() {
            return Ok(());
        }
        let mut changes = Changes::new();
        for used in &uses {
            changes.audit(&period.entry(used, new_id(period.until)));
        }
        let written = self.store.commit(changes).await;
        if written.is_err() {
            self.key_uses().put_back(uses);
        }
        Ok(written?)
    }

    pub(super) fn key_uses(&self) -> &Arc<KeyUses> {
        self.store.vault().uses()
    }
}
