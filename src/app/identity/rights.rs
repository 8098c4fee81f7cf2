//! What gives an account its rights: the person behind it, its posts, the
//! mandates it acts under. Kept in memory until `Epoch::Identity` moves.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use uuid::Uuid;

use super::Identity;
use crate::app::error::AppResult;
use crate::domain::policy::{Mandate, Post};

/// Accounts kept in memory; beyond that all are looked up anew.
const MOST: usize = 20_000;

pub(super) struct Rights {
    pub(super) party: Uuid,
    pub(super) posts: Vec<Post>,
    pub(super) mandates: Vec<Mandate>,
}

#[derive(Default)]
pub(super) struct RightsCache {
    kept: RwLock<HashMap<Uuid, Arc<Rights>>>,
    /// Counts the times all was forgotten, so that what was read before is not
    /// kept after.
    generation: AtomicU64,
}

impl RightsCache {
    pub(super) fn forget_all(&self) {
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        self.generation.fetch_add(1, Ordering::SeqCst);
        kept.clear();
    }

    fn find(&self, account: Uuid) -> Option<Arc<Rights>> {
        self.kept.read().unwrap_or_else(PoisonError::into_inner).get(&account).cloned()
    }

    fn keep(&self, account: Uuid, rights: Arc<Rights>, generation: u64) {
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        if self.generation.load(Ordering::SeqCst) != generation {
            return;
        }
        if kept.len() >= MOST {
            kept.clear();
        }
        kept.insert(account, rights);
    }
}

impl Identity {
    /// `None` when the account does not exist or is closed.
    pub(super) async fn rights(&self, account: Uuid) -> AppResult<Option<Arc<Rights>>> {
        if let Some(rights) = self.rights.find(account) {
            return Ok(Some(rights));
        }
        let generation = self.rights.generation.load(Ordering::SeqCst);
        let Some(record) =
            self.store.find_account(account).await?.filter(|record| record.closed_at.is_none())
        else {
            return Ok(None);
        };
        let rights = Arc::new(Rights {
            party: record.person,
            posts: self.store.list_posts(account).await?,
            mandates: self.store.list_mandates_of_agent(record.person).await?,
        });
        self.rights.keep(account, Arc::clone(&rights), generation);
        Ok(Some(rights))
    }
}
