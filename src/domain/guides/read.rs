//! From the text of a file to an item, a [`Guide`] or the certificate types, or
//! to everything that is wrong with it. Reading never stops at the first mistake:
//! a part that cannot be read is left out, and the rest is read and checked all
//! the same. Something comes out only when there was nothing to report.
//!
//! A guide is read from one tree: its item's with the local file laid over it.
//! With scenarios it is read once as a whole, and once more for each scenario.

mod bundle;
mod certificate_types;
mod examples;
mod file_kind;
mod form;
mod guide;
mod handling;
mod heirs;
mod item;
mod keys;
mod kinds;
mod listed;
mod possible;
mod results;
mod same;
mod scalars;
mod scenarios;
mod terms;
mod translations;
mod tree;
mod uses;

#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use bundle::may_follow;
pub use certificate_types::{CertificateTypeEntry, register_yaml};
pub(super) use heirs::{Heirs, heirs};
pub use item::ItemFile;
#[cfg(test)]
pub(super) use keys::asked;
use listed::Listed;
pub use same::StatedItem;
use scenarios::{MAX_SCENARIOS, ScenarioHead};
pub use uses::CertificateUses;

use chrono::NaiveDate;

use super::expr::{Expr, Schema, Vocabulary};
use super::model::{Guide, Requirement, Scenario};
use super::problem::{Problem, Problems, Rests};
use super::register::{Register, Statement};
use super::source::{self, Content, Node, ScalarKind};
use crate::domain::codes::{CertificateType, RegionCode, Uscc};
use crate::domain::text::Text;

/// What a file of the catalogue holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileKind {
    Item,
    Guide,
    Bundle,
    CertificateTypes,
}

/// A file read as far as its tree: enough to see what it is and what it needs.
#[derive(Debug, Clone)]
pub struct SourceFile {
    root: Option<Node>,
    problems: Vec<Problem>,
    is_published: bool,
}

impl SourceFile {
    pub fn parse(yaml: &str) -> Self {
        let mut problems = Vec::new();
        let root = source::parse(yaml, &mut problems);
        Self { root, problems, is_published: false }
    }

    /// A file that was published: it goes on saying what it said, whatever has been
    /// asked of files since.
    pub fn published(yaml: &str) -> Self {
        Self { is_published: true, ..Self::parse(yaml) }
    }

    /// What the file says it is; without a word it is a guide.
    pub fn kind(&self) -> FileKind {
        match self.scalar("kind") {
            Some("item") => FileKind::Item,
            Some("bundle") => FileKind::Bundle,
            Some("certificate_types") => FileKind::CertificateTypes,
            Some(_) | None => FileKind::Guide,
        }
    }

    /// Whether it is to be read as a guide and is none.
    pub fn is_of_no_kind(&self) -> bool {
        self.kind() == FileKind::Guide
            && self.root.as_ref().is_none_or(|root| !file_kind::is_known(root, &Problems::default()))
    }

    /// The guide's code, as written.
    pub fn code(&self) -> Option<&str> {
        self.scalar("code")
    }

    /// Whose it is: the agency of a guide, the leader of a bundle.
    pub fn agency(&self) -> Option<Uscc> {
        self.scalar("agency").or_else(|| self.scalar("leader")).and_then(|code| Uscc::parse(code).ok())
    }

    /// The region a guide or a bundle serves.
    pub fn region(&self) -> Option<RegionCode> {
        self.scalar("region").and_then(|code| RegionCode::parse(code).ok())
    }

    /// The last day a guide takes new cases, as far as its own file says it.
    pub fn effective_until(&self) -> Option<NaiveDate> {
        self.scalar("effective_until")?.parse().ok()
    }

    /// The basic code of the item it is or implements, as written.
    pub fn item_code(&self) -> Option<&str> {
        let root = self.root.as_ref()?;
        let item = root.member("item");
        let named = item.and_then(Node::scalar).or_else(|| item?.member("basic_code")?.scalar());
        named.or_else(|| self.scalar("basic_code"))
    }

    /// What the certificates it issues will say, in any of its scenarios, as written.
    pub fn statements(&self) -> Vec<Statement> {
        let Some(root) = &self.root else { return Vec::new() };
        let start = root.member("guide").unwrap_or(root);
        let scenarios = start.member("scenarios").map(Node::items).unwrap_or_default();
        let lists = [start].into_iter().chain(scenarios).filter_map(|part| part.member("results"));
        let results = lists.flat_map(Node::items).filter_map(|result| result.member("certificate"));
        results.filter_map(stated_on).collect()
    }

    /// Whether a guide starts from an item of the catalogue, rather than writing one out.
    pub fn inherits(&self) -> bool {
        self.scalar("item").is_some()
    }

    /// The guide, given the item of its [`item_code`](Self::item_code) if the
    /// catalogue has it. With the register of certificate types, what the guide
    /// says of certificates is checked too.
    pub fn into_guide(
        self,
        item: Option<&ItemFile>,
        register: Option<&Register>,
    ) -> Result<Guide, Vec<Problem>> {
        let problems = Problems::starting_with(self.problems);
        let how = Reading { register, is_partial: false, is_published: self.is_published, is_variant: false };
        let guide = self.root.and_then(|root| {
            if !file_kind::is_known(&root, &problems) {
                return None;
            }
            let whole = match root.member("item").and_then(Node::scalar) {
                None => root,
                Some(_) => match item::inherit(&root, item, &problems) {
                    Some(whole) => whole,
                    None => {
                        read_apart(&root, &problems, how);
                        return None;
                    }
                },
            };
            let guide = read_whole(&whole, &problems, how);
            if let Some(item) = item {
                same::check_same(&whole, item, &problems);
                if !how.is_published {
                    item::check_legal(&whole, item, &problems);
                }
            }
            guide
        });
        problems.or(guide)
    }

    /// What is wrong with a guide whatever its item says: for when that has mistakes of
    /// its own, which would otherwise be told of every guide that inherits from it. What
    /// neither it nor the item says is told when this is the item as it is to be.
    pub fn own_problems(
        self,
        item: Option<&ItemFile>,
        is_to_be: bool,
        register: Option<&Register>,
    ) -> Vec<Problem> {
        let problems = Problems::starting_with(self.problems);
        if let Some(root) = self.root.filter(|root| file_kind::is_known(root, &problems)) {
            let how =
                Reading { register, is_partial: false, is_published: self.is_published, is_variant: false };
            let found = Problems::default();
            match item::inherit(&root, item, &found) {
                Some(whole) => {
                    let is_all = is_to_be && item.is_some_and(ItemFile::is_all_there);
                    found.into_own(false).into_iter().for_each(|own| problems.push(own, Rests::Itself));
                    read_own(&whole, is_all, &problems, how);
                }
                None => read_apart(&root, &problems, how),
            }
        }
        problems.into_sorted()
    }

    fn scalar(&self, key: &str) -> Option<&str> {
        self.root.as_ref()?.member(key)?.scalar()
    }
}

/// What stands under `certificate:`.
fn stated_on(certificate: &Node) -> Option<Statement> {
    let certificate_type = CertificateType::parse(certificate.member("type")?.scalar()?).ok()?;
    let items = |key| certificate.member(key).map(Node::items).unwrap_or_default().iter();
    let determined = items("determined").filter_map(|field| field.member("name")?.scalar());
    let names = items("attributes").filter_map(Node::scalar).chain(determined);
    let attributes = names.map(str::to_owned).collect();
    Some(Statement { certificate_type, attributes, expires: certificate.member("valid_months").is_some() })
}

/// Reads and checks a guide that writes its item out.
pub fn read_guide(yaml: &str) -> Result<Guide, Vec<Problem>> {
    SourceFile::parse(yaml).into_guide(None, None)
}

/// Finds what is wrong with a guide's own file without the item it names.
fn read_apart(root: &Node, problems: &Problems, how: Reading<'_>) {
    // What it leaves out is the item's, of which nothing is known.
    let nothing = Node { content: Content::Mapping(Vec::new()), ..root.clone() };
    let mut own = tree::overlay(&nothing, root, &Problems::default());
    if let Content::Mapping(entries) = &mut own.content {
        entries.retain(|entry| entry.key != "item");
    }
    read_own(&own, false, problems, how);
}

fn read_own(root: &Node, is_all: bool, problems: &Problems, how: Reading<'_>) {
    let found = Problems::default();
    read_whole(root, &found, how);
    for problem in found.into_own(is_all) {
        problems.push(problem, Rests::Itself);
    }
}

/// The guide and, where there are any, each of its scenarios as a guide of its own.
fn read_whole(root: &Node, problems: &Problems, how: Reading<'_>) -> Option<Guide> {
    let codes = tree::Codes::of(root);
    let mut guide = read_one(root, &codes, problems, how);
    let schema = Schema::default();
    let reader = Reader { scenarios: &codes, ..Reader::plain(problems, &schema) };
    let heads = root.member("scenarios").map_or(Some(Listed::default()), |node| Listed::read(node, &reader));
    let heads: Listed<ScenarioHead> = heads?;
    if let Some(node) = root.member("scenarios").filter(|_| heads.read.len() > MAX_SCENARIOS) {
        problems.at(
            node,
            format!("情形最多 {MAX_SCENARIOS} 个，请合并或拆成几份指南。"),
            format!("A guide has {MAX_SCENARIOS} scenarios at most; merge some, or write several guides."),
        );
        return guide;
    }
    let is_whole = heads.is_whole();
    let how = Reading { is_variant: true, ..how };
    let mut scenarios = Vec::new();
    for head in heads.read {
        let alone = Problems::default();
        let narrowed = tree::narrow(root, &head.code, &codes);
        let variant = read_one(&narrowed, tree::Codes::none(), &alone, how);
        problems.take_over(alone, |reason| in_scenario(reason, &head.code));
        if let Some(variant) = variant {
            scenarios.push(Scenario { code: head.code, name: head.name, guide: Arc::new(variant) });
        }
    }
    if let Some(guide) = &mut guide {
        guide.scenarios = scenarios;
    }
    guide.filter(|_| is_whole)
}

fn read_one(root: &Node, scenarios: &tree::Codes, problems: &Problems, how: Reading<'_>) -> Option<Guide> {
    let schema = form::schema(root);
    let region = root.member("region").and_then(Node::scalar).and_then(|code| RegionCode::parse(code).ok());
    let Reading { register, is_partial, is_published, is_variant } = how;
    let schema = &schema;
    let reader =
        Reader { problems, schema, region, scenarios, register, is_partial, is_published, is_variant };
    Guide::read(root, &reader)
}

fn in_scenario(Text { zh, en }: &Text, scenario: &str) -> Text {
    Text::new(format!("情形 {scenario}：{zh}"), format!("In scenario {scenario}: {en}"))
}

/// How a guide is read.
#[derive(Clone, Copy)]
struct Reading<'a> {
    register: Option<&'a Register>,
    is_partial: bool,
    /// What was published is not judged anew by what the checks have learnt since.
    is_published: bool,
    /// As it is in one of its scenarios.
    is_variant: bool,
}

/// What reading a part needs to know: where to report, and which form the
/// expressions speak of.
struct Reader<'a> {
    problems: &'a Problems,
    schema: &'a Schema,
    /// The region the guide serves; `None` when that could not be read.
    region: Option<RegionCode>,
    /// The codes of the guide's scenarios.
    scenarios: &'a tree::Codes,
    /// What certificates there are, where that is to be checked.
    register: Option<&'a Register>,
    /// An item's part of its guides: what is left out may follow.
    is_partial: bool,
    /// It was published before: it only has to read, and what was decided then stands.
    is_published: bool,
    /// A guide as it is in one of its scenarios.
    is_variant: bool,
}

/// A part of the file. `None` when it could not be read, which has then been reported.
trait Read: Sized {
    fn read(node: &Node, reader: &Reader<'_>) -> Option<Self>;
}

impl<'a> Reader<'a> {
    /// For parts that stand outside a guide.
    fn plain(problems: &'a Problems, schema: &'a Schema) -> Self {
        Self {
            problems,
            schema,
            region: None,
            scenarios: tree::Codes::none(),
            register: None,
            is_partial: false,
            is_published: false,
            is_variant: false,
        }
    }
}

impl Reader<'_> {
    fn expression(&self, node: &Node, vocabulary: Vocabulary<'_>) -> Option<Expr> {
        let Content::Scalar { text, .. } = &node.content else {
            self.problems.at(
                node,
                "此处应为一条表达式，写成一行文字。",
                "Write an expression here, as one line of text.",
            );
            return None;
        };
        match Expr::compile(text, vocabulary) {
            Ok(expression) => Some(match &self.region {
                // An item is of no region.
                Some(region) if !self.is_partial => expression.of_guide(region),
                Some(_) | None => expression,
            }),
            Err(reasons) => {
                for complaint in reasons {
                    self.problems.add(node, complaint.text, complaint.rests);
                }
                None
            }
        }
    }

    /// `true`, `false` or an expression.
    fn requirement(&self, node: &Node) -> Option<Requirement> {
        match &node.content {
            Content::Scalar { kind: ScalarKind::Boolean, .. } => {
                bool::read(node, self).map(|required| match required {
                    true => Requirement::Required,
                    false => Requirement::Optional,
                })
            }
            Content::Scalar { .. } | Content::List(_) | Content::Mapping(_) => {
                self.expression(node, Vocabulary::Whole(self.schema)).map(Requirement::When)
            }
        }
    }

    /// Reports every item of a list whose `key` was used by an item before it.
    fn distinct(&self, list: Option<&Node>, key: &str) {
        let items = list.map(Node::items).unwrap_or_default();
        let mut seen: Vec<(&str, usize)> = Vec::new();
        for node in items.iter().filter_map(|item| named(item, key)) {
            let Content::Scalar { text, .. } = &node.content else {
                continue;
            };
            match seen.iter().find(|(earlier, _)| earlier == text) {
                None => seen.push((text, node.line)),
                Some((_, line)) => self.problems.at(
                    node,
                    format!("“{text}”与第 {line} 行重复，请改用别的名称。"),
                    format!("“{text}” is used on line {line} already; choose another."),
                ),
            }
        }
    }
}

/// The member `key` of a mapping; with no key, a scalar itself.
fn named<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    if key.is_empty() { node.scalar().map(|_| node) } else { node.member(key) }
}
