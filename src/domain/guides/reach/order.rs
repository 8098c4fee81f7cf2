//! Which of two values comes first, whatever they are.

use std::collections::{BTreeMap, BTreeSet};

use super::ranges::Relation;

/// What is known of values by their names, with all that follows from it.
#[derive(Debug, Clone, Default)]
pub(super) struct Order {
    /// The first is no more than the second; true: it is less.
    before: BTreeMap<(String, String), bool>,
    apart: BTreeSet<(String, String)>,
}

impl Order {
    /// With this known besides; `None`: it contradicts what is.
    pub fn with(mut self, left: &str, relation: Relation, right: &str) -> Option<Self> {
        match relation {
            Relation::Less => self.put(left, true, right),
            Relation::AtMost => self.put(left, false, right),
            Relation::Equal => {
                self.put(left, false, right);
                self.put(right, false, left);
            }
            Relation::Other => drop(self.apart.insert((left.to_owned(), right.to_owned()))),
        }
        let is_less_than_itself = self.before.iter().any(|((a, b), is_less)| *is_less && a == b);
        let are_equal = |(a, b): &(String, String)| self.is_at_most(a, b) && self.is_at_most(b, a);
        let is_possible = !is_less_than_itself && !self.apart.iter().any(are_equal);
        is_possible.then_some(self)
    }

    pub fn is_at_most(&self, left: &str, right: &str) -> bool {
        left == right || self.before.contains_key(&(left.to_owned(), right.to_owned()))
    }

    /// Whatever is below the left is now below all that is above the right.
    fn put(&mut self, left: &str, is_less: bool, right: &str) {
        let entries = || self.before.iter();
        let below =
            entries().filter(|((_, above), _)| above == left).map(|((a, _), less)| (a.clone(), *less));
        let above =
            entries().filter(|((below, _), _)| below == right).map(|((_, b), less)| (b.clone(), *less));
        let below: Vec<_> = below.chain([(left.to_owned(), false)]).collect();
        let above: Vec<_> = above.chain([(right.to_owned(), false)]).collect();
        for (a, is_first_less) in &below {
            for (b, is_last_less) in &above {
                let known = self.before.entry((a.clone(), b.clone())).or_default();
                *known |= is_less || *is_first_less || *is_last_less;
            }
        }
    }
}
