//! 一件事: reading a bundle file. What it says of guides is checked against them
//! by `domain::bundles`; here it is the shape alone.

use std::collections::BTreeMap;

use super::examples::json;
use super::guide::check_format;
use super::keys::Keys;
use super::scalars::{Name, is_given};
use super::{Read, Reader, SourceFile, form};
use crate::domain::codes::RegionCode;
use crate::domain::guides::expr::Vocabulary;
use crate::domain::guides::model::{
    Bundle, BundleCode, Form, Given, Implements, Limit, OnRefusal, Part, SharedMaterial,
};
use crate::domain::guides::problem::{Problem, Problems};
use crate::domain::guides::register::Register;
use crate::domain::guides::source::{Content, Node, Origin};
use crate::domain::guides::suggest::closest;
use crate::domain::text::Text;

/// The most guides of one bundle.
const MAX_PARTS: usize = 30;

impl SourceFile {
    /// The bundle, as the file says it.
    pub fn to_bundle(&self, register: Option<&Register>) -> Result<Bundle, Vec<Problem>> {
        match self.read_bundle(register) {
            (Some(bundle), problems) if problems.is_empty() => Ok(bundle),
            (_, problems) => Err(problems),
        }
    }

    /// The bundle as far as it reads, for it to be held against the guides all the same,
    /// and everything that is wrong in it.
    pub fn read_bundle(&self, register: Option<&Register>) -> (Option<Bundle>, Vec<Problem>) {
        let problems = Problems::starting_with(self.problems.clone());
        let bundle = self.root.as_ref().and_then(|root| {
            let schema = form::schema(root);
            let region = root.member("region").and_then(Node::scalar);
            let region = region.and_then(|code| RegionCode::parse(code).ok());
            Bundle::read(root, &Reader { region, register, ..Reader::plain(&problems, &schema) })
        });
        (bundle, problems.into_sorted())
    }

    /// A problem at the place of the file this RFC 6901 pointer names, or at the
    /// nearest place around it.
    pub fn problem_at(&self, path: &str, reason: Text) -> Problem {
        let mut line = 1;
        let mut here = self.root.as_ref();
        for step in path.split('/').skip(1) {
            let step = step.replace("~1", "/").replace("~0", "~");
            let Some(node) = here else { break };
            line = node.line;
            let entry = node.entries().iter().find(|entry| entry.key == step);
            let item = || step.parse().ok().and_then(|index: usize| node.items().get(index));
            here = entry.map(|entry| &entry.value).or_else(item);
            // An entry of a list has no key to stand at.
            line = entry.map(|entry| entry.line).or(here.map(|item| item.line)).unwrap_or(line);
        }
        if let Some(node) = here
            && matches!(node.content, Content::Scalar { .. })
        {
            line = node.line;
        }
        Problem { origin: Origin::File, line, path: path.to_owned(), reason }
    }
}

/// What a misfit rests on, besides the parts.
const BOUND: [&str; 6] = ["parts", "form", "later", "materials", "region", "promised"];
/// What none does.
const FREE: [&str; 9] =
    ["format", "kind", "code", "name", "summary", "leader", "life_events", "aliases", "telephone"];

/// Whether what is said at `path` may follow from a mistake: it stands in the same part, the
/// mistake is in what all parts share, or in what a part is called. The others name it so;
/// which guide each of them is has nothing to do with that.
pub fn may_follow(path: &str, mistake: &Problem) -> bool {
    let mut steps = mistake.path.split('/').skip(1);
    let (first, second, third) = (steps.next().unwrap_or_default(), steps.next(), steps.next());
    let mut told = path.split('/').skip(1);
    let (kind, place, key) = (told.next().unwrap_or_default(), told.next(), told.next());
    match (first, second) {
        ("parts", Some(part)) => {
            let is_its_guide = kind == "parts" && matches!(key, Some("item" | "guide" | "scenario"));
            let is_there = kind == "parts" && place.is_none_or(|place| place == part);
            is_there || (third == Some("code") && !is_its_guide)
        }
        // A key nobody knows may be any that is not there.
        _ => closest(first, BOUND.into_iter().chain(FREE)).is_none_or(|key| BOUND.contains(&key)),
    }
}

impl Read for Bundle {
    fn read(node: &Node, reader: &Reader<'_>) -> Option<Self> {
        let keys = Keys::of(node, reader)?;
        check_format(&keys, reader);
        keys.allow(&["kind"]);
        let code = keys.need("code");
        let (name, summary) = (keys.need("name"), keys.need("summary"));
        let (leader, region) = (keys.need("leader"), keys.need("region"));
        let life_events = keys.or::<Vec<Name>>("life_events", Vec::new());
        let aliases = keys.or::<Vec<String>>("aliases", Vec::new());
        let parts = keys.need_some::<Part>("parts");
        let form = keys.or("form", Form { fields: Vec::new(), rules: Vec::new() });
        check_rules(&keys, form.as_ref(), reader);
        let later = keys.get("later").map_or(Some(BTreeMap::new()), |node| names(node, reader));
        let materials = keys.or("materials", Vec::<SharedMaterial>::new());
        let promised = keys.need::<Limit>("promised");
        let telephone = keys.need("telephone");
        for (list, key) in [("life_events", ""), ("aliases", ""), ("parts", "code"), ("materials", "code")] {
            reader.distinct(keys.get(list), key);
        }
        if let (Some(parts), Some(node)) = (&parts, keys.get("parts"))
            && parts.len() > MAX_PARTS
        {
            reader.problems.at(
                node,
                format!("一件事最多 {MAX_PARTS} 个事项，请拆分。"),
                format!("A bundle has at most {MAX_PARTS} parts; split it."),
            );
        }
        keys.close();
        Some(Self {
            code: code?,
            name: name?,
            summary: summary?,
            leader: leader?,
            region: region?,
            life_events: life_events?.into_iter().map(|name| name.0).collect(),
            aliases: aliases?,
            parts: parts?,
            form: form?,
            later: later?,
            materials: materials?,
            promised: promised?,
            telephone: telephone?,
        })
    }
}

/// What an article asks of one channel is for the guide of the part to say.
fn check_rules(keys: &Keys<'_, '_>, form: Option<&Form>, reader: &Reader<'_>) {
    let (Some(form), Some(node)) = (form, keys.get("form")) else { return };
    let places = node.member("rules").map(Node::items).unwrap_or_default();
    for (rule, place) in form.rules.iter().zip(places) {
        if rule.when.asks_channel() {
            reader.problems.at(
                place.member("when").unwrap_or(place),
                "一件事的共用规则不能依据办理渠道，请写在该事项自己的指南里。",
                "A rule of a bundle cannot look at how somebody applies; write it in the guide of the part it is for.",
            );
        }
    }
}

impl Read for BundleCode {
    fn read(node: &Node, reader: &Reader<'_>) -> Option<Self> {
        let text = String::read(node, reader)?;
        let code = Self::parse(&text);
        if code.is_none() {
            reader.problems.at(
                node,
                format!("“{text}”不能作一件事的编码：以小写字母开头，只用小写字母、数字和 -，最多 40 个。"),
                format!("“{text}” is no code of a bundle: start with a lower-case letter and use lower-case letters, digits and -, 40 at most."),
            );
        }
        code
    }
}

impl Read for Part {
    fn read(node: &Node, reader: &Reader<'_>) -> Option<Self> {
        let keys = Keys::of(node, reader)?;
        let code = keys.need::<Name>("code");
        keys.allow(&["item", "guide"]);
        let implements = match (keys.has("item"), keys.has("guide")) {
            (true, false) => keys.need("item").map(Implements::Item),
            (false, true) => keys.need("guide").map(Implements::Guide),
            (true, true) | (false, false) => {
                reader.problems.at(
                    node,
                    "item（事项的基本编码）和 guide（实施编码）请写且只写一个。",
                    "Write exactly one of item (a basic code) and guide (a guide's code).",
                );
                None
            }
        };
        let scenario = keys.optional::<Name>("scenario");
        let when = match keys.get("when") {
            None => Some(None),
            Some(node) => reader.expression(node, Vocabulary::Whole(reader.schema)).map(Some),
        };
        let after = keys.or::<Vec<Name>>("after", Vec::new());
        reader.distinct(keys.get("after"), "");
        let on_refusal = keys.or("on_refusal", OnRefusal::Stop);
        let facts = keys.get("facts").map_or(Some(BTreeMap::new()), |node| table(node, reader));
        keys.close();
        Some(Self {
            code: code?.0,
            implements: implements?,
            scenario: scenario?.map(|name| name.0),
            when: when?,
            after: after?.into_iter().map(|name| name.0).collect(),
            on_refusal: on_refusal?,
            facts: facts?,
        })
    }
}

impl Read for Given {
    fn read(node: &Node, reader: &Reader<'_>) -> Option<Self> {
        if node.scalar().is_some() {
            return Name::read(node, reader).map(|name| Self::Shared(name.0));
        }
        let keys = Keys::of(node, reader)?;
        keys.allow(&["value", "own", "part", "attribute"]);
        let is_stated = keys.has("part") || keys.has("attribute");
        let given = match (keys.get("value"), keys.get("own")) {
            (Some(value), None) if !is_stated => json(value, reader).map(Self::Fixed),
            (None, Some(own)) if !is_stated => is_given(own, reader).map(|()| Self::Own),
            (None, None) if is_stated => stated(&keys),
            (Some(_) | None, Some(_) | None) => {
                reader.problems.at(
                    node,
                    "请写共用字段的名称、{ value: … }、{ own: true } 或 { part: 事项, attribute: 证照内容 }。",
                    "Write the name of a shared field, { value: … }, { own: true } or { part: …, attribute: … }.",
                );
                None
            }
        };
        keys.close();
        given
    }
}

fn stated(keys: &Keys<'_, '_>) -> Option<Given> {
    let (part, attribute) = (keys.need::<Name>("part"), keys.need::<Name>("attribute"));
    Some(Given::Stated { part: part?.0, attribute: attribute?.0 })
}

impl Read for SharedMaterial {
    fn read(node: &Node, reader: &Reader<'_>) -> Option<Self> {
        let keys = Keys::of(node, reader)?;
        let (code, name) = (keys.need::<Name>("code"), keys.need("name"));
        let help = keys.optional("help");
        let serves = keys.need_node("serves").and_then(|node| names(node, reader));
        if let (Some(serves), Some(node)) = (&serves, keys.get("serves"))
            && serves.is_empty()
        {
            reader.problems.at(
                node,
                "serves 至少写一项：{ 事项: 材料 }。",
                "serves names at least one: { part: material }.",
            );
        }
        keys.close();
        Some(Self { code: code?.0, name: name?, help: help?, serves: serves? })
    }
}

/// A mapping whose keys the author chooses.
fn table<T: Read>(node: &Node, reader: &Reader<'_>) -> Option<BTreeMap<String, T>> {
    if !matches!(node.content, Content::Mapping(_)) {
        reader.problems.at(
            node,
            "此处应为若干“名称: 值”，写成 { a: b }。",
            "Write `name: value` pairs here, like { a: b }.",
        );
        return None;
    }
    let read: Vec<Option<(String, T)>> = node
        .entries()
        .iter()
        .map(|entry| T::read(&entry.value, reader).map(|value| (entry.key.clone(), value)))
        .collect();
    read.into_iter().collect()
}

fn names(node: &Node, reader: &Reader<'_>) -> Option<BTreeMap<String, String>> {
    let table: BTreeMap<String, Name> = table(node, reader)?;
    Some(table.into_iter().map(|(key, name)| (key, name.0)).collect())
}
