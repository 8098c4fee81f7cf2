//! What is wrong with a guide file, and where.

use std::cell::RefCell;
use std::fmt;

use super::source::{Node, Origin};
use crate::domain::text::Text;

/// One mistake of a guide file; the file's name is the caller's to add.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Whether it stands in the file that was read, or in the item's it inherits from.
    pub origin: Origin,
    /// Counted from 1.
    pub line: usize,
    /// An RFC 6901 pointer into the file; empty for the whole of it.
    pub path: String,
    /// What is wrong and what to do about it.
    pub reason: Text,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {} {}", self.line, self.path, self.reason.zh, self.reason.en)
    }
}

/// Collects problems while a file is read, so that all are told at once.
#[derive(Debug, Default)]
pub(super) struct Problems(RefCell<Vec<Problem>>);

impl Problems {
    pub fn starting_with(problems: Vec<Problem>) -> Self {
        Self(RefCell::new(problems))
    }

    /// Something is wrong with this value.
    pub fn at(&self, node: &Node, zh: impl Into<String>, en: impl Into<String>) {
        self.add(node, Text::new(zh, en));
    }

    pub fn add(&self, node: &Node, reason: Text) {
        self.push(Problem { origin: node.origin, line: node.line, path: node.path.clone(), reason });
    }

    pub fn push(&self, problem: Problem) {
        self.0.borrow_mut().push(problem);
    }

    /// Whether something is wrong at that place already.
    pub fn has(&self, other: &Problem) -> bool {
        self.0.borrow().iter().any(|problem| {
            (problem.origin, problem.line, &problem.path) == (other.origin, other.line, &other.path)
        })
    }

    /// What was read, if nothing is wrong with it.
    pub fn or<T>(self, read: Option<T>) -> Result<T, Vec<Problem>> {
        let problems = self.into_sorted();
        match read {
            Some(read) if problems.is_empty() => Ok(read),
            Some(_) | None => Err(problems),
        }
    }

    /// In the order of the file.
    pub fn into_sorted(self) -> Vec<Problem> {
        let mut problems = self.0.into_inner();
        problems.sort_by(|a, b| (a.origin, a.line, &a.path).cmp(&(b.origin, b.line, &b.path)));
        problems
    }
}
