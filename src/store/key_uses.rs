//! The uses of secret keys since they were last put on record, in memory. Every
//! request counts here: a use is one increment under a lock that only the record
//! ever takes for itself alone.

use std::collections::HashMap;
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

use crate::domain::key_uses::{Act, KeyUse};

/// By key, then by what it was used on; one number for each [`Act`], in their order.
type Counts = HashMap<String, HashMap<String, [AtomicU64; Act::ALL.len()]>>;

/// See the module.
#[derive(Default)]
pub struct KeyUses(RwLock<Counts>);

impl KeyUses {
    /// Counts one use.
    pub fn count(&self, kid: &str, act: Act, what: &str) {
        {
            let counts = self.0.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(number) = counts.get(kid).and_then(|kinds| number(kinds.get(what)?, act)) {
                number.fetch_add(1, Ordering::Relaxed);
                return;
            }
        }
        self.add(kid, act, what, 1);
    }

    /// Everything counted since it was last taken. A use is in what one taking gives
    /// and in no other.
    pub fn take(&self) -> Vec<KeyUse> {
        let counts = std::mem::take(&mut *self.0.write().unwrap_or_else(PoisonError::into_inner));
        let mut taken = Vec::new();
        for (kid, kinds) in counts {
            for (what, numbers) in kinds {
                let used = Act::ALL.into_iter().zip(numbers.map(AtomicU64::into_inner));
                taken.extend(used.filter_map(|(act, count)| {
                    let count = NonZeroU64::new(count)?;
                    Some(KeyUse { kid: kid.clone(), act, what: what.clone(), count })
                }));
            }
        }
        taken.sort_unstable_by(|a, b| (&a.kid, a.act, &a.what).cmp(&(&b.kid, b.act, &b.what)));
        taken
    }

    /// Takes back what could not be put on record.
    pub fn put_back(&self, uses: Vec<KeyUse>) {
        for KeyUse { kid, act, what, count } in uses {
            self.add(&kid, act, &what, count.get());
        }
    }

    fn add(&self, kid: &str, act: Act, what: &str, count: u64) {
        let mut counts = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let kinds = counts.entry(kid.to_owned()).or_default();
        if let Some(number) = number(kinds.entry(what.to_owned()).or_default(), act) {
            number.fetch_add(count, Ordering::Relaxed);
        }
    }
}

fn number(numbers: &[AtomicU64; Act::ALL.len()], act: Act) -> Option<&AtomicU64> {
    Act::ALL.into_iter().zip(numbers).find(|(each, _)| *each == act).map(|(_, number)| number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_use_is_lost_or_told_twice_while_it_is_taken() {
        const EACH: u64 = 20_000;
        let uses = KeyUses::default();
        let told: u64 = std::thread::scope(|scope| {
            let workers: Vec<_> = ["a", "b"]
                .map(|what| {
                    let uses = &uses;
                    scope.spawn(move || (0..EACH).for_each(|_| uses.count("key", Act::Open, what)))
                })
                .into_iter()
                .collect();
            let mut told = 0;
            while workers.iter().any(|worker| !worker.is_finished()) {
                told += uses.take().iter().map(|used| used.count.get()).sum::<u64>();
            }
            told
        });
        let rest: u64 = uses.take().iter().map(|used| used.count.get()).sum();
        assert_eq!(told + rest, 2 * EACH);
        assert_eq!(uses.take(), []);
    }

    #[test]
    fn what_was_put_back_is_counted_on() {
        let uses = KeyUses::default();
        uses.count("key", Act::Sign, "at+jwt");
        uses.count("key", Act::Seal, "at+jwt");
        let taken = uses.take();
        assert_eq!(taken.len(), 2);
        uses.count("key", Act::Sign, "at+jwt");
        uses.put_back(taken);
        let counts: Vec<_> = uses.take().into_iter().map(|used| (used.act, used.count.get())).collect();
        assert_eq!(counts, [(Act::Sign, 2), (Act::Seal, 1)]);
    }
}
