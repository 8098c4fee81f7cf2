//! What examples name: fields and their options, conditions, materials.

use super::{Keys, Node, Reader};
use crate::domain::guides::expr::{Vocabulary, no_such_field};
use crate::domain::guides::form::one_line;
use crate::domain::guides::model::{Choice, Field, FieldKind};
use crate::domain::guides::problem::Rests;
use crate::domain::guides::read::Listed;
use crate::domain::guides::source::{Content, Origin};
use crate::domain::guides::suggest::closest;
use crate::domain::text::Text;

/// Where an error stands that is of no field.
const OF_THE_WHOLE: &str = "facts";

/// Tells every name in an example that is none of the guide's. What an item's example names
/// is told of the item: what a guide leaves out of it, trying the example finds.
pub(in crate::domain::guides::read) fn check_names(
    guide: &Keys<'_, '_>,
    reader: &Reader<'_>,
    fields: Option<&Listed<Field>>,
) {
    let examples = guide.get("examples").map(Node::items).unwrap_or_default();
    let lists = [("unmet", "conditions"), ("materials", "materials")];
    let lists = lists.map(|(key, list)| (key, codes(guide, list)));
    for example in examples {
        let expect = example.member("expect");
        let expected =
            |key| expect.and_then(|expect| expect.member(key)).map(Node::items).unwrap_or_default();
        let facts = example.member("facts").map(Node::entries).unwrap_or_default();
        for entry in facts.iter().filter(|entry| is_own(&entry.value, reader)) {
            check_field(&entry.key, &entry.value, reader);
        }
        for node in expected("errors").iter().filter(|node| is_own(node, reader)) {
            node.scalar()
                .filter(|name| *name != OF_THE_WHOLE)
                .inspect(|name| check_field(name, node, reader));
        }
        for (key, codes) in &lists {
            for node in expected(key).iter().filter(|node| is_own(node, reader)) {
                check_code(key, codes.as_deref(), node, reader);
            }
        }
        let is_refused = expect.and_then(|expect| expect.member("outcome")?.scalar()) == Some("refused");
        let is_in_error = |name: &str| expected("errors").iter().any(|node| node.scalar() == Some(name));
        let read = fields.map(|fields| fields.read.as_slice()).unwrap_or_default();
        for entry in facts.iter().filter(|entry| !is_refused && is_own(&entry.value, reader)) {
            let field = read.iter().find(|field| field.name == entry.key && !is_in_error(&field.name));
            field.inspect(|field| check_options(&field.kind, &entry.value, reader));
        }
    }
}

fn is_own(node: &Node, reader: &Reader<'_>) -> bool {
    node.origin == Origin::File || reader.is_partial
}

/// The codes of the entries of a list. None: some code cannot be read, or the list may stand
/// under a key nobody knows, so that any name may be one.
fn codes<'n>(guide: &Keys<'n, '_>, list: &'static str) -> Option<Vec<&'n str>> {
    let Some(node) = guide.get(list) else { return guide.are_all_known().then(Vec::new) };
    if !matches!(node.content, Content::List(_)) {
        return None;
    }
    let codes: Option<Vec<&str>> = node.items().iter().map(|entry| entry.member("code")?.scalar()).collect();
    codes.filter(|codes| (1..codes.len()).all(|place| !codes[..place].contains(&codes[place])))
}

fn check_field(name: &str, node: &Node, reader: &Reader<'_>) {
    let vocabulary = Vocabulary::Whole(reader.schema);
    if !vocabulary.has_field(name) {
        reader.problems.add(node, no_such_field(vocabulary, name), Rests::Another);
    }
}

fn check_code(key: &str, codes: Option<&[&str]>, node: &Node, reader: &Reader<'_>) {
    let (Some(codes), Some(code)) = (codes, node.scalar()) else { return };
    // What an item leaves to its guides they have.
    if codes.contains(&code) || (codes.is_empty() && reader.is_partial) {
        return;
    }
    let what = match key {
        "unmet" => Text::new("条件", "condition"),
        _ => Text::new("材料", "material"),
    };
    reader.problems.add(node, no_such(&what, code, codes), Rests::Another);
}

/// An answer that is none of the options, where nobody expects that to be an error.
fn check_options(kind: &FieldKind, answer: &Node, reader: &Reader<'_>) {
    let of = |node: &Node, options: &[Choice]| {
        let Some(given) = node.scalar() else { return };
        let options: Vec<&str> = options.iter().map(|option| option.value.as_str()).collect();
        if !options.contains(&one_line(given).as_str()) {
            reader.problems.add(node, no_such(&Text::new("选项", "option"), given, &options), Rests::Another);
        }
    };
    match kind {
        FieldKind::Choice { options } => of(answer, options),
        FieldKind::MultiChoice { options, .. } => answer.items().iter().for_each(|one| of(one, options)),
        FieldKind::Group { fields, .. } => {
            for entry in answer.items().iter().flat_map(Node::entries) {
                match fields.iter().find(|field| field.name == entry.key) {
                    Some(field) => check_options(&field.kind, &entry.value, reader),
                    None => {
                        let columns: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
                        let what = Text::new("列", "column");
                        reader.problems.add(
                            &entry.value,
                            no_such(&what, &entry.key, &columns),
                            Rests::Another,
                        );
                    }
                }
            }
        }
        _ => {}
    }
}

fn no_such(what: &Text, name: &str, known: &[&str]) -> Text {
    let (zh, en) = match (closest(name, known.iter().copied()), known.is_empty()) {
        (Some(near), _) => (format!("是不是 {near}？"), format!("did you mean {near}?")),
        (None, false) => {
            (format!("可用：{}。", known.join("、")), format!("there are {}.", known.join(", ")))
        }
        (None, true) => ("请从例子中删去。".to_owned(), "remove it from the example.".to_owned()),
    };
    Text::new(format!("没有{}“{name}”，{zh}", what.zh), format!("There is no {} “{name}”; {en}", what.en))
}
