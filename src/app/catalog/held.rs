//! What is kept in memory of a catalogue that may be larger than memory: the
//! things asked for lately, within a bound.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{PoisonError, RwLock};

/// Two generations: when the young are half of what may be kept they become the old,
/// and the old are forgotten, but for those that were asked for again meanwhile.
pub(super) struct Held<K, V> {
    most: usize,
    generations: RwLock<Generations<K, V>>,
}

struct Generations<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
}

impl<K: Hash + Eq + Clone, V: Clone> Held<K, V> {
    pub fn new(most: usize) -> Self {
        let generations = Generations { young: HashMap::new(), old: HashMap::new() };
        Self { most, generations: RwLock::new(generations) }
    }

    pub fn get<Q: Hash + Eq + ToOwned<Owned = K> + ?Sized>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        {
            let generations = self.generations.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(value) = generations.young.get(key) {
                return Some(value.clone());
            }
            generations.old.get(key)?;
        }
        let mut generations = self.generations.write().unwrap_or_else(PoisonError::into_inner);
        // All may have been forgotten in between.
        let value = generations.old.remove(key)?;
        generations.keep(key.to_owned(), value.clone(), self.most);
        Some(value)
    }

    /// Keeps it, if that still holds when nobody else is writing.
    pub fn insert_if(&self, key: K, value: V, still: impl FnOnce() -> bool) {
        let mut generations = self.generations.write().unwrap_or_else(PoisonError::into_inner);
        if still() {
            generations.keep(key, value, self.most);
        }
    }

    pub fn clear(&self) {
        let mut generations = self.generations.write().unwrap_or_else(PoisonError::into_inner);
        generations.young = HashMap::new();
        generations.old = HashMap::new();
    }
}

impl<K: Hash + Eq, V> Generations<K, V> {
    fn keep(&mut self, key: K, value: V, most: usize) {
        if self.young.len() >= most / 2 {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }
}

#[cfg(test)]
mod tests {
    use super::Held;

    #[test]
    fn what_is_asked_for_stays_and_the_rest_goes_within_the_bound() {
        let held: Held<u32, u32> = Held::new(20);
        for number in 0..1000 {
            held.insert_if(number, number * 2, || true);
            assert_eq!(held.get(&0), Some(0), "asked for all the time");
            assert_eq!(held.get(&number), Some(number * 2));
        }
        let kept = {
            let generations = held.generations.read().unwrap();
            generations.young.len() + generations.old.len()
        };
        assert!((10..=20).contains(&kept), "{kept} are kept");
        held.insert_if(5000, 1, || false);
        assert_eq!(held.get(&5000), None);
        held.clear();
        assert_eq!(held.get(&0), None);
    }
}
