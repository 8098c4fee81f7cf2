//! Guides are laid over each other as trees, before anything is read: the local
//! file over its item's, a scenario over what all scenarios share.

use crate::domain::guides::problem::{Problems, Rests};
use crate::domain::guides::source::{Content, Entry, Node, Origin, ScalarKind};
use crate::domain::guides::suggest::closest;
use crate::domain::text::Text;

/// The mappings that are laid over key by key, besides the guide itself.
pub(super) const LAID_OVER: [&str; 4] = ["limits", "identity", "telephone", "form"];

/// The lists that are laid over entry by entry, and the key that tells entries apart.
const LISTS: [(&str, &str); 6] = [
    ("fields", "name"),
    ("rules", "code"),
    ("conditions", "code"),
    ("materials", "code"),
    ("scenarios", "code"),
    ("examples", "code"),
];

/// What a scenario may say for itself.
pub(super) const OF_A_SCENARIO: [&str; 7] =
    ["handling", "limits", "fee", "results", "flow", "automatic", "visits"];

/// The local mapping over the one it starts from.
pub(super) fn overlay(base: &Node, local: &Node, problems: &Problems) -> Node {
    let mut entries: Vec<Entry> = base.entries().to_vec();
    for entry in local.entries() {
        match entries.iter_mut().find(|known| known.key == entry.key) {
            None => entries.push(Entry { value: added(&entry.key, &entry.value, problems), ..entry.clone() }),
            Some(known) => {
                known.line = entry.line;
                known.value = laid_over(&entry.key, &known.value, &entry.value, problems);
            }
        }
    }
    Node { content: Content::Mapping(entries), ..local.clone() }
}

fn laid_over(key: &str, base: &Node, local: &Node, problems: &Problems) -> Node {
    let by = LISTS.iter().find(|(list, _)| *list == key).map(|(_, by)| *by);
    match (&base.content, &local.content, by) {
        (Content::Mapping(_), Content::Mapping(_), _) if LAID_OVER.contains(&key) => {
            overlay(base, local, problems)
        }
        (Content::List(known), Content::List(own), Some(by)) => {
            Node { content: Content::List(list_over(known, own, by, problems)), ..local.clone() }
        }
        (_, _, _) => added(key, local, problems),
    }
}

/// What stands in the local file alone.
fn added(key: &str, local: &Node, problems: &Problems) -> Node {
    let by = LISTS.iter().find(|(list, _)| *list == key).map(|(_, by)| *by);
    match (&local.content, by) {
        (Content::Mapping(_), _) if LAID_OVER.contains(&key) => {
            overlay(&Node { content: Content::Mapping(Vec::new()), ..local.clone() }, local, problems)
        }
        (Content::List(own), Some(by)) => {
            Node { content: Content::List(list_over(&[], own, by, problems)), ..local.clone() }
        }
        (Content::Mapping(_) | Content::List(_) | Content::Scalar { .. }, _) => local.clone(),
    }
}

/// An entry of a known name changes the keys it gives; `omit: true` takes it
/// away; others are added at the end. One that is given twice stays, so that the second
/// is reported.
fn list_over(known: &[Node], own: &[Node], by: &str, problems: &Problems) -> Vec<Node> {
    let mut entries: Vec<(Node, bool)> = known.iter().map(|entry| (entry.clone(), false)).collect();
    for entry in own {
        #[cfg(test)]
        if !known.is_empty() {
            super::keys::asked::record(&entry.path, &["omit"]);
        }
        let name = entry.member(by).and_then(Node::scalar);
        let place = name.and_then(|name| {
            entries
                .iter()
                .position(|(known, is_own)| !is_own && known.member(by).and_then(Node::scalar) == Some(name))
        });
        if let Some(omit) = entry.member("omit") {
            match place.filter(|_| is_omitted(entry)) {
                Some(place) => drop(entries.remove(place)),
                None => {
                    let left = entries.iter().filter_map(|(left, _)| left.member(by)?.scalar());
                    nothing_omitted(entry, omit, by, &left.collect::<Vec<_>>(), problems);
                }
            }
            continue;
        }
        match place {
            Some(place) => entries[place] = (replace_keys(&entries[place].0, entry), true),
            None => entries.push((entry.clone(), true)),
        }
    }
    entries.into_iter().map(|(entry, _)| entry).collect()
}

/// Why an entry that is to be left out cannot be.
fn nothing_omitted(entry: &Node, omit: &Node, by: &str, names: &[&str], problems: &Problems) {
    let name = entry.member(by).and_then(Node::scalar).unwrap_or_default();
    if !is_omitted(entry) || name.is_empty() {
        problems.at(
            omit,
            format!("要省去事项中的一项，只写 {{ {by}: …, omit: true }}；要保留或修改，请删去 omit。"),
            format!("To leave out an entry of the item write {{ {by}: …, omit: true }} and nothing else; to keep or change it, remove omit."),
        );
        return;
    }
    let (zh, en) = match (closest(name, names.iter().copied()), names.is_empty()) {
        (Some(near), _) => (format!("是不是“{near}”？"), format!("did you mean “{near}”?")),
        (None, true) => ("这个列表没有可省去的。".to_owned(), "there is nothing to leave out.".to_owned()),
        (None, false) => (format!("有：{}。", names.join("、")), format!("it has {}.", names.join(", "))),
    };
    let reason = Text::new(
        format!("事项没有可省去的“{name}”，{zh}"),
        format!("The item has no entry “{name}” to leave out; {en}"),
    );
    // The item may have it under another name.
    problems.add(omit, reason, Rests::Absence);
}

/// It says its name and that it is to be omitted, and nothing that would then be lost.
fn is_omitted(entry: &Node) -> bool {
    entry.entries().len() == 2 && entry.member("omit").is_some_and(|omit| {
        matches!(&omit.content, Content::Scalar { text, kind: ScalarKind::Boolean } if text.eq_ignore_ascii_case("true"))
    })
}

/// The keys of `local` in place of those of `base`.
fn replace_keys(base: &Node, local: &Node) -> Node {
    let mut entries: Vec<Entry> = base.entries().to_vec();
    for entry in local.entries() {
        match entries.iter_mut().find(|known| known.key == entry.key) {
            None => entries.push(entry.clone()),
            Some(known) => *known = entry.clone(),
        }
    }
    Node { content: Content::Mapping(entries), ..local.clone() }
}

/// The guide as it is in one scenario: without what belongs to others only, and
/// with what the scenario says for itself.
pub(super) fn narrow(root: &Node, scenario: &str, all: &Codes) -> Node {
    let entries = root
        .entries()
        .iter()
        .filter(|entry| !matches!(entry.key.as_str(), "scenarios" | "questions" | "examples"))
        .map(|entry| Entry { value: narrow_part(&entry.key, &entry.value, scenario, all), ..entry.clone() })
        .collect();
    let root_alone = Node { content: Content::Mapping(entries), ..root.clone() };
    let own = root
        .member("scenarios")
        .and_then(|list| list.items().iter().find(|item| code(item) == Some(scenario)))
        .map(|item| item.entries().iter().filter(|entry| OF_A_SCENARIO.contains(&entry.key.as_str())));
    let own = Content::Mapping(own.into_iter().flatten().cloned().collect());
    let path = root.path.clone();
    overlay(&root_alone, &Node { content: own, path, ..root.clone() }, &Problems::default())
}

fn narrow_part(key: &str, part: &Node, scenario: &str, all: &Codes) -> Node {
    match (key, &part.content) {
        ("form", Content::Mapping(entries)) => {
            let entries = entries
                .iter()
                .map(|entry| Entry {
                    value: narrow_part(&entry.key, &entry.value, scenario, all),
                    ..entry.clone()
                })
                .collect();
            Node { content: Content::Mapping(entries), ..part.clone() }
        }
        ("fields" | "rules" | "conditions" | "materials", Content::List(items)) => {
            let items = items.iter().filter(|item| belongs_to(item, scenario, all)).map(common).collect();
            Node { content: Content::List(items), ..part.clone() }
        }
        (_, _) => part.clone(),
    }
}

/// What names a scenario there is none of may be meant for any: that is told once, and
/// not again of all that speaks of the entry.
fn belongs_to(item: &Node, scenario: &str, all: &Codes) -> bool {
    item.member("scenarios").is_none_or(|list| {
        let codes = || list.items().iter().filter_map(Node::scalar);
        codes().any(|code| code == scenario) || codes().count() == 0 || codes().any(|code| !all.has(code))
    })
}

/// An entry without the mark of its scenarios.
fn common(item: &Node) -> Node {
    let Content::Mapping(entries) = &item.content else { return item.clone() };
    let entries = entries.iter().filter(|entry| entry.key != "scenarios").cloned().collect();
    Node { content: Content::Mapping(entries), ..item.clone() }
}

/// The codes of the scenarios of a guide, as written.
#[derive(Debug)]
pub(super) struct Codes {
    pub known: Vec<String>,
    /// A scenario says none, so that any other name may be its.
    is_open: bool,
}

impl Codes {
    pub fn of(root: &Node) -> Self {
        let items = root.member("scenarios").map(Node::items).unwrap_or_default();
        let known: Vec<String> = items.iter().filter_map(code).map(str::to_owned).collect();
        let is_distinct = (1..known.len()).all(|index| !known[..index].contains(&known[index]));
        Self { is_open: known.len() < items.len() || !is_distinct, known }
    }

    pub fn none() -> &'static Self {
        static NONE: Codes = Codes { known: Vec::new(), is_open: false };
        &NONE
    }

    /// Whether a scenario is called so, as far as can be told.
    pub fn may_have(&self, code: &str) -> bool {
        self.is_open || self.has(code)
    }

    fn has(&self, code: &str) -> bool {
        self.known.iter().any(|known| known == code)
    }
}

fn code(item: &Node) -> Option<&str> {
    item.member("code").and_then(Node::scalar)
}

/// The tree as the item's, for a guide to be laid over it.
pub(super) fn of_the_item(node: &Node) -> Node {
    let content = match &node.content {
        Content::Scalar { text, kind } => Content::Scalar { text: text.clone(), kind: *kind },
        Content::List(items) => Content::List(items.iter().map(of_the_item).collect()),
        Content::Mapping(entries) => Content::Mapping(
            entries.iter().map(|entry| Entry { value: of_the_item(&entry.value), ..entry.clone() }).collect(),
        ),
    };
    Node { origin: Origin::Item, content, ..node.clone() }
}
