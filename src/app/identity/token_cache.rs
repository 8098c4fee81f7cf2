//! Tokens whose signature was found to hold, by digest: checking it costs more
//! than most requests, so it is done once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::VerifiedToken;
use crate::domain::identity::Digest;

const SHARDS: usize = 16;
/// Tokens remembered per shard; some 300 bytes each.
const PER_SHARD: usize = 1024;

/// In shards, so that threads seldom meet.
#[derive(Default)]
pub(super) struct TokenCache {
    shards: [Mutex<HashMap<Digest, Arc<VerifiedToken>>>; SHARDS],
}

impl TokenCache {
    fn shard(&self, key: &Digest) -> MutexGuard<'_, HashMap<Digest, Arc<VerifiedToken>>> {
        self.shards[usize::from(key[0]) % SHARDS].lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn find(&self, key: &Digest) -> Option<Arc<VerifiedToken>> {
        self.shard(key).get(key).cloned()
    }

    /// A full shard first drops what has expired, then everything.
    pub(super) fn keep(&self, key: Digest, verified: Arc<VerifiedToken>, second: i64) {
        let mut shard = self.shard(&key);
        if shard.len() >= PER_SHARD {
            shard.retain(|_, kept| kept.expires_at > second);
        }
        if shard.len() >= PER_SHARD {
            shard.clear();
        }
        shard.insert(key, verified);
    }

    pub(super) fn forget_all(&self) {
        for shard in &self.shards {
            shard.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
    }
}
