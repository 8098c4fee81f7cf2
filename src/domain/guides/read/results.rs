//! What an approved case issues, and what its certificates say.

use super::handling::{check_registered, one_of};
use super::keys::Keys;
use super::kinds::cell;
use super::listed::Listed;
use super::scalars::Name;
use super::{Read, Reader};
use crate::domain::guides::expr::{Vocabulary, no_such_field};
use crate::domain::guides::model::{Field, Handling, OF_ITSELF, ResultKind};
use crate::domain::guides::problem::Rests;
use crate::domain::guides::source::{Node, Origin};
use crate::domain::guides::suggest::closest;
use crate::domain::text::Text;

impl Read for ResultKind {
    fn read(node: &Node, reader: &Reader<'_>) -> Option<Self> {
        let keys = Keys::of(node, reader)?;
        let result = match one_of(&keys, reader, &["certificate", "letter"]) {
            Some("certificate") => keys.need::<IssuedCertificate>("certificate").map(|issued| issued.0),
            Some(_) => keys.need::<IssuedLetter>("letter").map(|letter| Self::Letter { name: letter.0 }),
            None => None,
        };
        keys.close();
        result
    }
}

/// What stands under `certificate:`.
struct IssuedCertificate(ResultKind);

impl Read for IssuedCertificate {
    fn read(node: &Node, reader: &Reader<'_>) -> Option<Self> {
        let keys = Keys::of(node, reader)?;
        let (certificate_type, name) = (keys.need("type"), keys.need("name"));
        if let (Some(of), Some(node)) = (&certificate_type, keys.get("type")) {
            check_registered(node, of, reader);
        }
        let valid_months = keys.optional::<u16>("valid_months");
        if let (Some(Some(0)), Some(node)) = (valid_months, keys.get("valid_months")) {
            reader.problems.at(
                node,
                "有效期至少 1 个月；长期有效请删去 valid_months。",
                "A certificate is valid for at least 1 month; leave valid_months out if it does not expire.",
            );
        }
        let attributes = keys.or::<Vec<Name>>("attributes", Vec::new());
        let determined = keys.or::<Vec<Determined>>("determined", Vec::new());
        reader.distinct(keys.get("attributes"), "");
        reader.distinct(keys.get("determined"), "name");
        for (named, item) in attributes.iter().flatten().zip(items(&keys, "attributes")) {
            check_attribute(&named.0, item, reader);
        }
        for (entered, item) in determined.iter().flatten().zip(items(&keys, "determined")) {
            let name = entered.0.name.as_str();
            let is_answered = attributes.iter().flatten().any(|attribute| attribute.0 == name);
            check_determined(name, is_answered, item.member("name").unwrap_or(item), reader);
        }
        keys.close();
        Some(Self(ResultKind::Certificate {
            certificate_type: certificate_type?,
            name: name?,
            valid_months: valid_months?,
            attributes: attributes?.into_iter().map(|name| name.0).collect(),
            determined: determined?.into_iter().map(|entered| entered.0).collect(),
        }))
    }
}

fn items<'n>(keys: &Keys<'n, '_>, key: &'static str) -> &'n [Node] {
    keys.get(key).map(Node::items).unwrap_or_default()
}

/// What was published before certificates stated these of themselves, the guide or its
/// item, goes on saying what the form says: the answer, as it was decided then.
fn check_attribute(name: &str, item: &Node, reader: &Reader<'_>) {
    let is_new = !reader.is_published && item.origin == Origin::File;
    let vocabulary = Vocabulary::Whole(reader.schema);
    if OF_ITSELF.contains(&name) && is_new {
        by_itself(name, item, reader);
    } else if !vocabulary.has_field(name) && closest(name, vocabulary.all_names()).is_some() {
        // A slip is told in the words of whoever else speaks of the field.
        reader.problems.add(item, no_such_field(vocabulary, name), Rests::Another);
    } else if !vocabulary.has_answer_to(name) {
        let rests = if vocabulary.has_field(name) { Rests::Itself } else { Rests::Another };
        let reason = Text::new(
            format!(
                "表单没有字段“{name}”。证照内容取自表单的答案；由部门签发时认定的，请写在 determined 中。"
            ),
            format!(
                "The form has no answer “{name}”; a certificate says what the form says. What the agency determines when it issues stands under determined."
            ),
        );
        reader.problems.add(item, reason, rests);
    }
}

fn check_determined(name: &str, is_answered: bool, item: &Node, reader: &Reader<'_>) {
    if OF_ITSELF.contains(&name) {
        by_itself(name, item, reader);
    } else if is_answered {
        reader.problems.at(
            item,
            format!("“{name}”已在 attributes 中取自表单，请删去一处。"),
            format!("“{name}” is under attributes already, as an answer of the form; remove one of them."),
        );
    }
}

fn by_itself(name: &str, item: &Node, reader: &Reader<'_>) {
    reader.problems.at(
        item,
        format!("“{name}”由证照自己载明，不用填写，请删去。"),
        format!("“{name}” is said by the certificate itself and entered by nobody; remove it."),
    );
}

/// What whoever issues enters, in the language of a row's fields.
struct Determined(Field);

impl Read for Determined {
    fn read(node: &Node, reader: &Reader<'_>) -> Option<Self> {
        cell(node, reader).map(Self)
    }
}

/// Rules between the results, and between them and how the guide is handled.
pub(super) fn check_results(
    keys: &Keys<'_, '_>,
    reader: &Reader<'_>,
    handling: Option<Handling>,
    results: Option<&Listed<ResultKind>>,
) {
    let (Some(node), Some(results)) = (keys.get("results"), results) else { return };
    let is_decided_by_rule = keys.has("automatic") || handling == Some(Handling::Instant);
    let mut others: Vec<&Field> = Vec::new();
    for (result, place) in results.placed(node) {
        let entered = place.member("certificate").and_then(|certificate| certificate.member("determined"));
        let Some(entered) = entered else { continue };
        if is_decided_by_rule && !result.determined().is_empty() {
            reader.problems.at(
                entered,
                "即办件和按规则自动办结的事项由系统签发，没有人填写 determined；请删去 determined，或者改为 handling: promised 并删去 automatic。",
                "What is instant or automatic is issued by the system, so nobody enters this; remove determined, or write handling: promised and remove automatic.",
            );
        }
        for (field, item) in result.determined().iter().zip(entered.items()) {
            if others.iter().any(|other| other.name == field.name && *other != field) {
                reader.problems.at(
                    item,
                    format!("“{}”在另一份证照中的写法不同；签发时只填一次，请写成相同的。", field.name),
                    format!("“{}” is written otherwise for another certificate; it is entered once, so make them the same.", field.name),
                );
            }
        }
        others.extend(result.determined());
    }
}

/// What stands under `letter:`.
struct IssuedLetter(Text);

impl Read for IssuedLetter {
    fn read(node: &Node, reader: &Reader<'_>) -> Option<Self> {
        let keys = Keys::of(node, reader)?;
        let name = keys.need("name");
        keys.close();
        name.map(Self)
    }
}
