//! Which part comes after which. A graph in hand may come from a file with
//! mistakes, so nothing here loops for ever on a circle.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::guides::{Bundle, DayUnit, Limit, OnRefusal};

/// The order of the parts, and what holds when one ends badly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Graph {
    /// In the order of the file.
    pub nodes: Vec<Node>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    pub part: String,
    pub after: Vec<String>,
    pub on_refusal: OnRefusal,
}

impl From<&Bundle> for Graph {
    fn from(bundle: &Bundle) -> Self {
        let nodes = bundle.parts.iter().map(|part| Node {
            part: part.code.clone(),
            after: part.after.clone(),
            on_refusal: part.on_refusal,
        });
        Self { nodes: nodes.collect() }
    }
}

impl Graph {
    pub fn node(&self, part: &str) -> Option<&Node> {
        self.nodes.iter().find(|node| node.part == part)
    }

    /// Every part that must have ended before this one begins. A part in a circle
    /// comes before itself.
    pub fn before(&self, part: &str) -> BTreeSet<&str> {
        let mut found = BTreeSet::new();
        let mut open: Vec<&str> = vec![part];
        while let Some(next) = open.pop() {
            for earlier in self.node(next).iter().flat_map(|node| &node.after) {
                if found.insert(earlier.as_str()) {
                    open.push(earlier);
                }
            }
        }
        found
    }

    /// Whether it is known what comes before it: parts all of them, and not itself.
    pub(super) fn is_settled(&self, part: &str) -> bool {
        let before = self.before(part);
        !before.contains(part) && before.iter().all(|earlier| self.node(earlier).is_some())
    }

    /// The parts that wait for one another in a circle with this one, itself included, in
    /// the order of the file.
    pub(super) fn circle(&self, part: &str) -> Vec<&str> {
        let before = self.before(part);
        let parts = self.nodes.iter().map(|node| node.part.as_str());
        parts.filter(|other| before.contains(other) && self.before(other).contains(part)).collect()
    }

    /// The longest way through the parts, each as long as `length` says. Of a
    /// graph with a circle, nothing.
    pub fn longest(&self, length: &dyn Fn(&str) -> u32) -> Option<u32> {
        let mut ends: BTreeMap<&str, u32> = BTreeMap::new();
        while ends.len() < self.nodes.len() {
            let ready = self.nodes.iter().find(|node| {
                let known = |part: &String| ends.contains_key(part.as_str()) || self.node(part).is_none();
                !ends.contains_key(node.part.as_str()) && node.after.iter().all(known)
            })?;
            let begins = ready.after.iter().filter_map(|part| ends.get(part.as_str())).max().copied();
            ends.insert(&ready.part, begins.unwrap_or(0).saturating_add(length(&ready.part)));
        }
        ends.values().max().copied()
    }
}

/// How long a limit is, so that limits of both units can be added and compared:
/// 5 working days are 7 calendar days.
pub(super) fn length(limit: Limit) -> u32 {
    let days = u32::from(limit.days);
    match limit.unit {
        DayUnit::WorkingDay => days * 7,
        DayUnit::CalendarDay => days * 5,
    }
}

/// So many whole working days.
pub(super) fn working_days(length: u32) -> u32 {
    length.div_ceil(7)
}
