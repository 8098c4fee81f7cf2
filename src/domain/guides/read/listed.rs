//! Lists of which each entry is read by itself, so that a mistake in one does not keep
//! the others from being checked.

use super::{Read, Reader};
use crate::domain::guides::source::{Content, Node};

/// The entries of a list that read, each with its place in the file.
#[derive(Debug)]
pub(super) struct Listed<T> {
    pub read: Vec<T>,
    places: Vec<usize>,
    /// How many there are, be they read or not.
    count: usize,
}

impl<T> Default for Listed<T> {
    fn default() -> Self {
        Self { read: Vec::new(), places: Vec::new(), count: 0 }
    }
}

impl<T> Listed<T> {
    /// What each entry was read as, in the order of the file.
    pub fn of(entries: impl ExactSizeIterator<Item = Option<T>>) -> Self {
        let count = entries.len();
        let (places, read) = entries.enumerate().filter_map(|(place, entry)| Some((place, entry?))).unzip();
        Self { read, places, count }
    }

    pub fn is_whole(&self) -> bool {
        self.read.len() == self.count
    }

    /// All entries, if all could be read.
    pub fn whole(self) -> Option<Vec<T>> {
        self.is_whole().then_some(self.read)
    }

    /// The first entry of the file, if it is one that reads.
    pub fn first(&self) -> Option<&T> {
        self.read.first().filter(|_| self.places.first() == Some(&0))
    }

    /// The last one, if it reads.
    pub fn last(&self) -> Option<&T> {
        self.read.last().filter(|_| self.places.last().is_some_and(|place| place + 1 == self.count))
    }

    /// Where in the file an entry that reads stands.
    pub fn place(&self, index: usize) -> usize {
        self.places.get(index).copied().unwrap_or(index)
    }

    /// Each that reads, with its node in the list.
    pub fn placed<'a>(&'a self, list: &'a Node) -> impl Iterator<Item = (&'a T, &'a Node)> {
        let nodes = self.places.iter().filter_map(|place| list.items().get(*place));
        self.read.iter().zip(nodes)
    }

    /// The nodes of those that could not be read.
    pub fn unread<'a>(&'a self, list: &'a Node) -> impl Iterator<Item = &'a Node> {
        let nodes = list.items().iter().enumerate();
        nodes.filter(|(place, _)| !self.places.contains(place)).map(|(_, node)| node)
    }
}

impl<T: Read> Read for Listed<T> {
    fn read(node: &Node, reader: &Reader<'_>) -> Option<Self> {
        let Content::List(items) = &node.content else {
            reader.problems.at(
                node,
                "此处应为列表，写成 [a, b] 或每行一个“- ”。",
                "A list is needed here, as [a, b] or with one `- ` per line.",
            );
            return None;
        };
        Some(Self::of(items.iter().map(|item| T::read(item, reader))))
    }
}

impl<T: Read> Read for Vec<T> {
    fn read(node: &Node, reader: &Reader<'_>) -> Option<Self> {
        Listed::read(node, reader)?.whole()
    }
}
