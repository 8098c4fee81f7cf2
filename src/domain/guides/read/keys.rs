//! The keys of a mapping. Whatever nobody asked for is unknown, so the list of
//! allowed keys is kept nowhere but in the code that reads them.

use std::cell::RefCell;

use super::item::START;
use super::listed::Listed;
use super::tree::LAID_OVER;
use super::{Read, Reader};
use crate::domain::guides::expr::{Expr, Vocabulary};
use crate::domain::guides::problem::{Problem, Rests};
use crate::domain::guides::source::{Content, Entry, Node, Origin};
use crate::domain::guides::suggest::closest;
use crate::domain::text::Text;

pub(super) struct Keys<'n, 'r> {
    pub node: &'n Node,
    entries: &'n [Entry],
    reader: &'r Reader<'r>,
    asked: RefCell<Vec<&'static str>>,
    /// Keys that must be there and are not.
    missing: RefCell<Vec<&'static str>>,
}

impl<'n, 'r> Keys<'n, 'r> {
    /// `None`, and a problem, when the node is not a mapping.
    pub fn of(node: &'n Node, reader: &'r Reader<'r>) -> Option<Self> {
        match &node.content {
            Content::Mapping(entries) => {
                Some(Self { node, entries, reader, asked: RefCell::default(), missing: RefCell::default() })
            }
            Content::Scalar { .. } | Content::List(_) => {
                reader.problems.at(
                    node,
                    "此处应为若干“键: 值”，例如 { code: …, name: … }。",
                    "Write `key: value` pairs here, like { code: …, name: … }.",
                );
                None
            }
        }
    }

    /// The value of a key, if it is there.
    pub fn get(&self, key: &'static str) -> Option<&'n Node> {
        self.allow(&[key]);
        self.entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    /// Keys that are allowed though nobody reads them now.
    pub fn allow(&self, keys: &[&'static str]) {
        let mut asked = self.asked.borrow_mut();
        for key in keys {
            if !asked.contains(key) {
                asked.push(key);
            }
        }
    }

    /// Whether somebody asked for every key that is there.
    pub fn are_all_known(&self) -> bool {
        self.entries.iter().all(|entry| self.is_asked(&entry.key))
    }

    pub fn is_asked(&self, key: &str) -> bool {
        self.asked.borrow().contains(&key)
    }

    pub fn need<T: Read>(&self, key: &'static str) -> Option<T> {
        self.need_node(key).and_then(|node| T::read(node, self.reader))
    }

    pub fn need_node(&self, key: &'static str) -> Option<&'n Node> {
        let node = self.get(key);
        if node.is_none() && !self.may_be_left_out() && !self.missing.borrow().contains(&key) {
            self.missing.borrow_mut().push(key);
        }
        node
    }

    /// What an item leaves out of its guides, each agency says: keys of the guide, and
    /// of the mappings that are laid over, be they a scenario's.
    fn may_be_left_out(&self) -> bool {
        self.reader.is_partial && (self.node.path == START || self.is_laid_over())
    }

    /// Whether it is one of an item's mappings that its guides lay their own keys over.
    fn is_laid_over(&self) -> bool {
        LAID_OVER.iter().any(|key| {
            let above = self.node.path.strip_suffix(key).and_then(|above| above.strip_suffix('/'));
            above.is_some_and(|above| above == START || above.starts_with(&format!("{START}/scenarios/")))
        })
    }

    /// Where what is missing is told: what an item leaves to its guides is theirs to say.
    fn place_of_the_missing(&self) -> (Origin, usize, &str) {
        let Node { origin, line, path, .. } = self.node;
        let in_the_guide = path.strip_prefix(START).filter(|_| self.is_laid_over());
        match in_the_guide.filter(|_| *origin == Origin::Item) {
            Some(path) => (Origin::File, 1, path),
            None => (*origin, *line, path),
        }
    }

    /// A list with at least one item.
    pub fn need_some<T: Read>(&self, key: &'static str) -> Option<Vec<T>> {
        self.need_each(key)?.whole()
    }

    /// The same, each entry by itself.
    pub fn need_each<T: Read>(&self, key: &'static str) -> Option<Listed<T>> {
        let node = self.need_node(key)?;
        let items = Listed::read(node, self.reader)?;
        if matches!(&node.content, Content::List(items) if items.is_empty()) {
            self.reader.problems.at(
                node,
                format!("{key} 不能为空，至少写一项。"),
                format!("{key} must not be empty; write at least one."),
            );
            return None;
        }
        Some(items)
    }

    pub fn or<T: Read>(&self, key: &'static str, default: T) -> Option<T> {
        self.get(key).map_or(Some(default), |node| T::read(node, self.reader))
    }

    pub fn optional<T: Read>(&self, key: &'static str) -> Option<Option<T>> {
        self.get(key).map_or(Some(None), |node| T::read(node, self.reader).map(Some))
    }

    pub fn need_expression(&self, key: &'static str, vocabulary: Vocabulary<'_>) -> Option<Expr> {
        self.need_node(key).and_then(|node| self.reader.expression(node, vocabulary))
    }

    pub fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|entry| entry.key == key)
    }

    /// The key that was meant by one nobody asks for: what is missing comes first, and the
    /// one missing key is meant by the one unknown.
    fn meant(&self, key: &str, is_only: bool) -> Option<&'static str> {
        let (asked, missing) = (self.asked.borrow(), self.missing.borrow());
        let lone = match missing.as_slice() {
            [lone] if is_only => Some(*lone),
            _ => None,
        };
        closest(key, missing.iter().copied()).or_else(|| closest(key, asked.iter().copied())).or(lone)
    }

    /// Whether a key of this name is there, be it misspelt.
    pub fn seems_given(&self, key: &'static str) -> bool {
        self.allow(&[key]);
        self.has(key) || self.entries.iter().any(|entry| closest(&entry.key, [key]).is_some())
    }

    /// Reports the keys nobody asked for, and those that are missing: a misspelt key is
    /// one mistake.
    pub fn close(self) {
        #[cfg(test)]
        asked::record(&self.node.path, &self.asked.borrow());
        let asked = self.asked.borrow();
        let mut misspelt = Vec::new();
        let unknown: Vec<&Entry> =
            self.entries.iter().filter(|entry| !asked.contains(&entry.key.as_str())).collect();
        for entry in &unknown {
            let key = &entry.key;
            let meant = self.meant(key, unknown.len() == 1);
            let (zh, en) = match meant {
                Some(near) => (format!("是不是 {near}？"), format!("did you mean {near}?")),
                None => (format!("可用：{}。", asked.join("、")), format!("there are {}.", asked.join(", "))),
            };
            misspelt.extend(meant);
            let problem = Problem {
                origin: entry.value.origin,
                line: entry.line,
                path: entry.value.path.clone(),
                reason: Text::new(format!("没有键“{key}”，{zh}"), format!("There is no key “{key}”; {en}")),
            };
            self.reader.problems.push(problem, Rests::Itself);
        }
        for key in self.missing.borrow().iter().filter(|key| !misspelt.contains(key)) {
            let (origin, line, path) = self.place_of_the_missing();
            let problem = Problem {
                origin,
                line,
                path: format!("{path}/{key}"),
                reason: Text::new(format!("缺少 {key}，请补上。"), format!("{key} is missing; add it.")),
            };
            self.reader.problems.push(problem, Rests::Absence);
        }
    }
}

/// Which keys are asked for at which place, so that a test can hold what is said of
/// the format against what is read.
#[cfg(test)]
pub(in crate::domain::guides) mod asked {
    use std::cell::RefCell;
    use std::collections::{BTreeMap, BTreeSet};

    /// By place: a pointer in which every index is `*`.
    pub(in crate::domain::guides) type Asked = BTreeMap<String, BTreeSet<&'static str>>;

    thread_local! {
        static ASKED: RefCell<Asked> = RefCell::default();
    }

    pub(in crate::domain::guides::read) fn record(path: &str, keys: &[&'static str]) {
        let is_index = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let parts: Vec<&str> = path.split('/').map(|part| if is_index(part) { "*" } else { part }).collect();
        ASKED.with_borrow_mut(|asked| asked.entry(parts.join("/")).or_default().extend(keys));
    }

    /// What was asked for in this thread since the last time.
    pub(in crate::domain::guides) fn take() -> Asked {
        ASKED.take()
    }
}
