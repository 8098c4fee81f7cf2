//! What was made of a text before: thousands of guides inherit the rules of one item, and
//! parsing them is most of what reading a guide costs. What comes of a text is always the
//! same, so that remembering it changes nothing but the time, and the memory where guides
//! share it.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

/// What was made of the last texts, at the most so many.
pub(super) struct Memo<V> {
    most: usize,
    known: RwLock<HashMap<String, V>>,
}

impl<V: Clone> Memo<V> {
    pub fn new(most: usize) -> Self {
        Self { most, known: RwLock::default() }
    }

    /// What is known of the text, or is made of it now; a failure is not remembered.
    pub fn get_or<E>(&self, text: &str, make: impl FnOnce() -> Result<V, E>) -> Result<V, E> {
        if let Some(known) = self.get(text) {
            return Ok(known);
        }
        let made = make()?;
        self.put(text, made.clone());
        Ok(made)
    }

    fn get(&self, text: &str) -> Option<V> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).get(text).cloned()
    }

    fn put(&self, text: &str, made: V) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        // Those that are asked for again are soon there again.
        if known.len() >= self.most {
            known.clear();
        }
        known.insert(text.to_owned(), made);
    }
}

#[cfg(test)]
mod tests {
    use super::Memo;

    #[test]
    fn what_is_known_is_not_made_again_and_no_more_is_known_than_so_many() {
        let memo = Memo::new(10);
        for number in 0..100 {
            let text = number.to_string();
            assert_eq!(memo.get_or(&text, || text.parse::<i32>()), Ok(number));
            assert_eq!(memo.get_or(&text, || Err::<i32, &str>("made again")), Ok(number));
            assert!(memo.known.read().unwrap().len() <= 10);
        }
        assert!(memo.get_or("x", || "x".parse::<i32>()).is_err());
        assert_eq!(memo.get("x"), None);
    }
}
