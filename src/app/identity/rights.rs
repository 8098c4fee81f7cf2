//! What gives an account its rights: the person behind it, its posts, the
//! mandates it acts under, its places in organisations. Kept in memory until
//! `Epoch::Identity` moves. And how well its holder is known.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Identity;
use crate::app::error::AppResult;
use crate::domain::identity::{Ial, Level, Of, proofing};
use crate::domain::policy::{Actor, Mandate, Post, Scopes, StaffScope};

/// Accounts kept in memory; beyond that all are looked up anew.
const MOST: usize = 20_000;

pub(super) struct Rights {
    pub(super) party: Uuid,
    pub(super) former: Vec<Uuid>,
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
            former: self.store.list_former_records(record.person).await?,
            posts: self.store.list_posts(account).await?,
            mandates: self.store.list_reach(record.person).await?,
        });
        self.rights.keep(account, Arc::clone(&rights), generation);
        Ok(Some(rights))
    }

    /// The holder of an account as the policy sees him when he is not there: in the
    /// matters he set going himself, and in none of his posts. `None` when the
    /// account does not exist or is closed.
    pub(in crate::app) async fn standing_actor(&self, account: Uuid) -> AppResult<Option<Actor>> {
        let rights = self.rights(account).await?;
        Ok(rights.map(|rights| Actor {
            account,
            party: rights.party,
            former: rights.former.clone(),
            posts: Vec::new(),
            mandates: rights.mandates.clone(),
            scopes: Scopes { cases: true, staff: StaffScope::Absent },
        }))
    }

    /// Lets go of the rights of all accounts at once: this instance has just changed
    /// one; the others follow `Epoch::Identity`.
    pub(in crate::app) fn forget_rights(&self) {
        self.rights.forget_all();
    }

    /// How well the holder of an account is known now. What was written down is
    /// true until then; after that the proofs are looked at again.
    pub(in crate::app) async fn holder_ial(
        &self,
        account: Uuid,
        level: Level,
        at: DateTime<Utc>,
    ) -> AppResult<Ial> {
        if level.holds(at) {
            return Ok(level.ial);
        }
        let proofs = self.store.list_proofs_of_account(account).await?;
        Ok(proofing::level(&proofs, Of::Holder(account), at).ial)
    }
}
