//! Two versions of an item as one and the same guide would inherit them, so that
//! what the new version changes can be told as a change of that guide.

use super::item::{ItemFile, inherit};
use super::tree::overlay;
use super::{Reading, read_whole};
use crate::domain::guides::model::Guide;
use crate::domain::guides::problem::Problems;
use crate::domain::guides::source::{Content, Entry, Node, parse};

/// What no guide goes without, though an item may leave it to each agency.
const NEEDED: [&str; 12] = [
    "summary",
    "topics",
    "service_objects",
    "handling",
    "limits/legal",
    "limits/promised",
    "fee",
    "flow",
    "results",
    "delivery",
    "telephone/enquiry",
    "telephone/complaint",
];

/// What stands for what neither version of the item says; being the same in both, it
/// shows nowhere. The form is empty where an item has none.
const ELSEWHERE: &str = "\
summary: { zh: 简介, en: Summary }
topics: [general]
service_objects: [natural_person]
handling: promised
identity: { ial: 2, aal: 1 }
limits: { legal: { days: 0, unit: working_day }, promised: { days: 0, unit: working_day } }
fee: { free: true }
form: { fields: [] }
flow: [{ code: decide, name: { zh: 审批, en: Approval }, role: approver }]
results: [{ letter: { name: { zh: 结果, en: Result } } }]
delivery: [electronic]
telephone: { enquiry: \"12345\", complaint: \"12345\" }
";

/// The same guide under both versions.
pub(in crate::domain::guides) struct Heirs {
    pub old: Guide,
    pub new: Guide,
    /// Needed parts the new version supplies that each agency gave before, as paths.
    pub gained: Vec<&'static str>,
    /// Those each agency has to give from now on.
    pub lost: Vec<&'static str>,
}

/// A guide that says nothing of its own. A needed part that only one of the versions
/// supplies is the same in both guides, and named. `None` when one of them reads as no
/// guide, which no item without a mistake does.
pub(in crate::domain::guides) fn heirs(old: &ItemFile, new: &ItemFile) -> Option<Heirs> {
    let only_in = |one: &ItemFile, other: &ItemFile| {
        let missing = |path: &&str| says(one, path) && !says(other, path);
        NEEDED.into_iter().filter(missing).collect()
    };
    Some(Heirs {
        gained: only_in(new, old),
        lost: only_in(old, new),
        old: heir(old, new)?,
        new: heir(new, old)?,
    })
}

fn says(item: &ItemFile, path: &str) -> bool {
    let start = item.tree.member("guide");
    path.split('/').try_fold(start, |node, key| Some(node?.member(key))).flatten().is_some()
}

/// What the item leaves out is taken from the other version, or else from elsewhere.
fn heir(item: &ItemFile, other: &ItemFile) -> Option<Guide> {
    let ignored = Problems::default();
    let mut unread = Vec::new();
    let elsewhere = parse(ELSEWHERE, &mut unread)?;
    // An older guide code, which goes with a basic code of any length.
    let local = format!(
        "format: 1\ncode: \"91350100M000100Y43000001\"\nagency: 91350100M000100Y43\n\
         region: \"350100000000\"\nitem: \"{}\"\n",
        item.item.basic_code
    );
    let local = parse(&local, &mut unread)?;
    let own = inherit(&local, Some(item), &ignored)?;
    let filling = match other.tree.member("guide") {
        Some(start) => overlay(&elsewhere, &needed(start), &ignored),
        None => elsewhere,
    };
    let how = Reading { register: None, is_partial: false, is_published: true, is_variant: false };
    read_whole(&overlay(&filling, &own, &ignored), &ignored, how)
}

/// The needed parts of what guides start from, and nothing else.
fn needed(start: &Node) -> Node {
    let kept = |node: &Node, above: &str| -> Vec<Entry> {
        let is_needed = |entry: &&Entry| NEEDED.contains(&format!("{above}{}", entry.key).as_str());
        node.entries().iter().filter(is_needed).cloned().collect()
    };
    let mut entries = kept(start, "");
    for entry in start.entries().iter().filter(|entry| matches!(entry.key.as_str(), "limits" | "telephone")) {
        let content = Content::Mapping(kept(&entry.value, &format!("{}/", entry.key)));
        entries.push(Entry { value: Node { content, ..entry.value.clone() }, ..entry.clone() });
    }
    Node { content: Content::Mapping(entries), ..start.clone() }
}
