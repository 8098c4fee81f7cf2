//! The item (基本目录事项): what is the same at every level of government, and
//! what its guides start from.

use super::guide::check_format;
use super::keys::Keys;
use super::scalars::Name;
use super::terms::MIXED_UNITS;
use super::tree::{Codes, of_the_item, overlay};
use super::{FileKind, Read, Reader, Reading, SourceFile, read_whole};
use crate::domain::codes::{BasicCode, ItemType};
use crate::domain::guides::expr::Schema;
use crate::domain::guides::model::{Item, LegalBasis, Limit};
use crate::domain::guides::problem::{Problem, Problems};
use crate::domain::guides::register::Register;
use crate::domain::guides::source::{Content, Entry, Node, Origin, parse};
use crate::domain::guides::template::PLACEHOLDERS;
use crate::domain::text::Text;

/// The keys of an item, wherever it is written.
const KEYS: [&str; 6] = ["basic_code", "name", "type", "legal_basis", "aliases", "life_events"];
/// Where an item's file says what its guides start from.
pub(super) const START: &str = "/guide";
/// Stands for a basic code that does not read.
const ANY_CODE: &str = "000509999000";
/// How many ways of calling an item are kept, and how long each may be.
const MAX_ALIASES: usize = 40;
const MAX_ALIAS: usize = 40;

/// An item as its guides inherit from it.
#[derive(Debug, Clone)]
pub struct ItemFile {
    pub item: Item,
    /// The whole file.
    pub(super) tree: Node,
}

impl SourceFile {
    /// The item; what its guides start from is checked as a guide is.
    pub fn into_item(self, register: Option<&Register>) -> Result<ItemFile, Vec<Problem>> {
        match self.read_item(register) {
            (Some(item), problems) if problems.is_empty() => Ok(item),
            (_, problems) => Err(problems),
        }
    }

    /// The item as far as it reads, for its guides to be looked at all the same, and
    /// everything that is wrong with it.
    pub fn read_item(self, register: Option<&Register>) -> (Option<ItemFile>, Vec<Problem>) {
        debug_assert_eq!(self.kind(), FileKind::Item);
        let problems = Problems::starting_with(self.problems);
        let how = Reading { register, is_partial: true, is_published: self.is_published, is_variant: false };
        let file = self.root.and_then(|root| {
            let schema = Schema::default();
            let reader = Reader { is_published: self.is_published, ..Reader::plain(&problems, &schema) };
            let keys = Keys::of(&root, &reader)?;
            check_format(&keys, &reader);
            keys.allow(&["kind", "guide"]);
            let item = item(keys, &reader).or_else(|| as_far_as_it_reads(&root));
            if let Some(start) = root.member("guide") {
                let code = item.as_ref().map_or(ANY_CODE, |item| item.basic_code.as_str());
                check_start(start, code, how, &problems);
            }
            Some(ItemFile { item: item?, tree: of_the_item(&root) })
        });
        (file, problems.into_sorted())
    }
}

/// An item of which something was told already, for its guides to be looked at with what it
/// says besides. None whose code does not read: no guide is known to be of it.
fn as_far_as_it_reads(root: &Node) -> Option<Item> {
    let muted = Problems::default();
    let schema = Schema::default();
    let reader = Reader::plain(&muted, &schema);
    let basic_code: BasicCode = told(root, "basic_code", &reader)?;
    Some(Item {
        name: told(root, "name", &reader).unwrap_or_else(|| Text::new("本事项", "This item")),
        item_type: basic_code.item_type(),
        legal_basis: told(root, "legal_basis", &reader).unwrap_or_default(),
        aliases: Vec::new(),
        life_events: Vec::new(),
        basic_code,
    })
}

/// What stands under a key, if it reads.
pub(super) fn told<T: Read>(node: &Node, key: &str, reader: &Reader<'_>) -> Option<T> {
    T::read(node.member(key)?, reader)
}

/// Checks what guides start from as if an agency had added what is its own.
fn check_start(start: &Node, code: &str, how: Reading<'_>, problems: &Problems) {
    let schema = Schema::default();
    if Keys::of(start, &Reader::plain(problems, &schema)).is_none() {
        return;
    }
    let item_type = BasicCode::parse(code).map_or("", |code| code.item_type().as_str());
    // An older guide code, which goes with a basic code of any length.
    let local = format!(
        "format: 1\ncode: \"91350100M000100Y43000001\"\nagency: 91350100M000100Y43\nregion: \"350100000000\"\n\
         item: {{ basic_code: \"{code}\", name: {{ zh: 事项, en: Item }}, type: \"{item_type}\", legal_basis: [{{ law: {{ zh: 法, en: Law }}, article: 条, text: 文 }}] }}\n",
    );
    let mut none = Vec::new();
    let Some(local) = parse(&local, &mut none) else { return };
    let local = Node { path: START.to_owned(), ..local };
    for key in ["code", "item", "agency", "region"] {
        if let Some(node) = start.member(key) {
            problems.at(
                node,
                format!("{key} 由各部门的指南写明，请从这里删去。"),
                format!("{key} is for each agency's guide to say; remove it here."),
            );
        }
    }
    read_whole(&overlay(start, &local, problems), problems, how);
}

/// The guide's tree with its item's under it.
pub(super) fn inherit(root: &Node, item: Option<&ItemFile>, problems: &Problems) -> Option<Node> {
    let named = root.member("item")?;
    let Some(file) = item.filter(|file| named.scalar() == Some(file.item.basic_code.as_str())) else {
        let code = named.scalar().unwrap_or_default();
        problems.at(
            named,
            format!("目录中没有事项 {code}，请先发布它，或者与本文件一起给出它的文件。"),
            format!(
                "The catalogue has no item {code}; publish it first, or give its file together with this one."
            ),
        );
        return None;
    };
    let nothing = Node { content: Content::Mapping(Vec::new()), ..root.clone() };
    let mut whole = overlay(file.tree.member("guide").unwrap_or(&nothing), root, problems);
    if let Content::Mapping(entries) = &mut whole.content
        && let Some(entry) = entries.iter_mut().find(|entry| entry.key == "item")
    {
        entry.value = file.as_mapping();
    }
    Some(whole)
}

impl ItemFile {
    /// Whether nothing it says may be lost in a key that is none of its own.
    pub(super) fn is_all_there(&self) -> bool {
        let is_known = |entry: &Entry| {
            KEYS.contains(&entry.key.as_str()) || ["format", "kind", "guide"].contains(&entry.key.as_str())
        };
        let is_mapping = |start: &Node| matches!(start.content, Content::Mapping(_));
        self.tree.entries().iter().all(is_known) && self.tree.member("guide").is_none_or(is_mapping)
    }

    /// As a guide would write it out.
    fn as_mapping(&self) -> Node {
        let own = |entry: &&Entry| KEYS.contains(&entry.key.as_str());
        let entries = self.tree.entries().iter().filter(own).cloned().collect();
        Node { content: Content::Mapping(entries), path: "/item".to_owned(), ..self.tree.clone() }
    }
}

/// No guide takes longer than the law gives, as its item says: as a whole, and in each
/// scenario.
pub(super) fn check_legal(whole: &Node, file: &ItemFile, problems: &Problems) {
    let Some(start) = file.tree.member("guide") else { return };
    let muted = Problems::default();
    let schema = Schema::default();
    let reader = Reader::plain(&muted, &schema);
    let codes = Codes::of(whole).known;
    let mut seen: Vec<&str> = Vec::new();
    for scenario in codes.iter().map(|code| Some(code.as_str())).chain([None]) {
        let (Some(said), Some(given)) = (legal(whole, scenario), legal(start, scenario)) else { continue };
        if said.origin != Origin::File || seen.contains(&said.path.as_str()) {
            continue;
        }
        let limits = Limit::read(said, &reader).zip(Limit::read(given, &reader));
        if limits.is_some_and(|(said, given)| said.may_outlast(given)) {
            seen.push(&said.path);
            let name = &file.item.name;
            problems.at(
                said,
                format!("法定时限可能长于目录事项“{}”所写的；各地只能缩短，不能延长。请删去 legal 以沿用，或者改短。{}", name.zh, MIXED_UNITS.0),
                format!("This legal limit may be longer than that of the item “{}”, and nobody may take longer than the law gives; remove legal to take the item's over, or shorten it. {}", name.en, MIXED_UNITS.1),
            );
        }
    }
}

/// Where the legal limit stands, that of the scenario before that of all.
fn legal<'n>(start: &'n Node, scenario: Option<&str>) -> Option<&'n Node> {
    let of = |part: &'n Node| part.member("limits")?.member("legal");
    let scenarios = start.member("scenarios").map(Node::items).unwrap_or_default();
    let is_it = |one: &&Node| scenario.is_some() && one.member("code").and_then(Node::scalar) == scenario;
    scenarios.iter().find(is_it).and_then(of).or_else(|| of(start))
}

impl Read for Item {
    fn read(node: &Node, reader: &Reader<'_>) -> Option<Self> {
        item(Keys::of(node, reader)?, reader)
    }
}

fn item(keys: Keys<'_, '_>, reader: &Reader<'_>) -> Option<Item> {
    let basic_code = keys.need::<BasicCode>("basic_code");
    let name = keys.need("name");
    let item_type = keys.need::<ItemType>("type");
    let legal_basis = keys.need_some("legal_basis");
    let aliases = keys.or::<Vec<String>>("aliases", Vec::new());
    let life_events = keys.or::<Vec<Name>>("life_events", Vec::new());
    reader.distinct(keys.get("aliases"), "");
    reader.distinct(keys.get("life_events"), "");
    if let (Some(aliases), Some(node)) = (&aliases, keys.get("aliases"))
        && (aliases.len() > MAX_ALIASES || aliases.iter().any(|alias| alias.chars().count() > MAX_ALIAS))
    {
        reader.problems.at(
            node,
            format!("别称最多 {MAX_ALIASES} 个，每个最多 {MAX_ALIAS} 字。"),
            format!("There are {MAX_ALIASES} aliases at most, each of {MAX_ALIAS} characters at most."),
        );
    }
    if let (Some(code), Some(stated), Some(node)) = (&basic_code, item_type, keys.get("type"))
        && code.item_type() != stated
    {
        let kind = code.item_type();
        let Text { zh, en } = kind.text();
        reader.problems.at(
            node,
            format!("基本编码 {code} 表明类型是 {}（{zh}），与 type 不一致。", kind.as_str()),
            format!("The basic code {code} says type {} ({en}); make type agree.", kind.as_str()),
        );
    }
    keys.close();
    Some(Item {
        basic_code: basic_code?,
        name: name?,
        item_type: item_type?,
        legal_basis: legal_basis?,
        aliases: aliases?,
        life_events: life_events?.into_iter().map(|name| name.0).collect(),
    })
}

impl Read for LegalBasis {
    fn read(node: &Node, reader: &Reader<'_>) -> Option<Self> {
        let keys = Keys::of(node, reader)?;
        let (law, article, text) = (keys.need("law"), keys.need("article"), keys.need("text"));
        keys.close();
        let basis = Self { law: law?, article: article?, text: text? };
        let said = [&basis.law.zh, &basis.law.en, &basis.article, &basis.text];
        if !reader.is_published && said.iter().any(|said| is_to_be_filled_in(said)) {
            reader.problems.at(
                node,
                "这里还是样板文字或待补的记号，没有依据；请写明法律名称和条款，并照抄条文。",
                "This is still the template's text or a mark to be filled in, and no legal basis; name the law and the article, and quote it word for word.",
            );
        }
        Some(basis)
    }
}

/// What stands where somebody had nothing to say yet.
const NOTHING: [&str; 10] = ["无", "暂无", "没有", "略", "todo", "tbd", "n/a", "na", "none", "nil"];
/// 待补充, 待定, 待填写: longer words that begin so may be a law's own.
const LONGEST_MARK: usize = 4;

/// Whether a text of a legal basis says nothing: the template's, a mark, or signs alone.
fn is_to_be_filled_in(said: &str) -> bool {
    let bare = said.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    let is_mark = bare.starts_with('待') && bare.chars().count() <= LONGEST_MARK;
    bare.is_empty() || is_mark || NOTHING.contains(&bare.as_str()) || PLACEHOLDERS.contains(&said)
}
