//! The keys of a mapping. Whatever nobody asked for is unknown, so the list of
//! allowed keys is kept nowhere but in the code that reads them.

use std::cell::RefCell;

use super::item::START;
use super::tree::LAID_OVER;
use super::{Read, Reader};
use crate::domain::guides::expr::{Expr, Vocabulary};
use crate::domain::guides::problem::Problem;
use crate::domain::guides::source::{Content, Entry, Node};
use crate::domain::guides::suggest::closest;
use crate::domain::text::Text;

pub(super) struct Keys<'n, 'r> {
    pub node: &'n Node,
    entries: &'n [Entry],
    reader: &'r Reader<'r>,
    asked: RefCell<Vec<&'static str>>,
}

impl<'n, 'r> Keys<'n, 'r> {
    /// `None`, and a problem, when the node is not a mapping.
    pub fn of(node: &'n Node, reader: &'r Reader<'r>) -> Option<Self> {
        match &node.content {
            Content::Mapping(entries) => Some(Self { node, entries, reader, asked: RefCell::default() }),
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

    pub fn need<T: Read>(&self, key: &'static str) -> Option<T> {
        self.need_node(key).and_then(|node| T::read(node, self.reader))
    }

    pub fn need_node(&self, key: &'static str) -> Option<&'n Node> {
        let node = self.get(key);
        if node.is_none() && !self.may_be_left_out() {
            self.reader.problems.push(Problem {
                origin: self.node.origin,
                line: self.node.line,
                path: format!("{}/{key}", self.node.path),
                reason: Text::new(format!("缺少 {key}，请补上。"), format!("{key} is missing; add it.")),
            });
        }
        node
    }

    /// What an item leaves out of its guides, each agency says: keys of the guide, and
    /// of the mappings that are laid over, be they a scenario's.
    fn may_be_left_out(&self) -> bool {
        let path = &self.node.path;
        let laid_over = LAID_OVER.iter().any(|key| {
            let above = path.strip_suffix(key).and_then(|above| above.strip_suffix('/'));
            above.is_some_and(|above| above == START || above.starts_with(&format!("{START}/scenarios/")))
        });
        self.reader.is_partial && (path == START || laid_over)
    }

    /// A list with at least one item.
    pub fn need_some<T: Read>(&self, key: &'static str) -> Option<Vec<T>> {
        let node = self.need_node(key)?;
        let items = Vec::read(node, self.reader)?;
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

    /// Reports the keys nobody asked for.
    pub fn close(self) {
        let asked = self.asked.into_inner();
        #[cfg(test)]
        asked::record(&self.node.path, &asked);
        for entry in self.entries.iter().filter(|entry| !asked.contains(&entry.key.as_str())) {
            let key = &entry.key;
            let (zh, en) = match closest(key, asked.iter().copied()) {
                Some(near) => (format!("是不是 {near}？"), format!("did you mean {near}?")),
                None => (format!("可用：{}。", asked.join("、")), format!("there are {}.", asked.join(", "))),
            };
            self.reader.problems.push(Problem {
                origin: entry.value.origin,
                line: entry.line,
                path: entry.value.path.clone(),
                reason: Text::new(format!("没有键“{key}”，{zh}"), format!("There is no key “{key}”; {en}")),
            });
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
