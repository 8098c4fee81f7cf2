//! What is wrong with a guide file, and where.

use std::cell::RefCell;
use std::fmt;

use super::source::Node;
use crate::domain::text::Text;

/// One mistake of a guide file; the file's name is the caller's to add.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
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
        self.add(node.line, &node.path, Text::new(zh, en));
    }

    pub fn add(&self, line: usize, path: &str, reason: Text) {
        self.0.borrow_mut().push(Problem { line, path: path.to_owned(), reason });
    }

    /// In the order of the file.
    pub fn into_sorted(self) -> Vec<Problem> {
        let mut problems = self.0.into_inner();
        problems.sort_by(|a, b| (a.line, &a.path).cmp(&(b.line, &b.path)));
        problems
    }
}
