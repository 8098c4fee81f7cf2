//! The form: its fields, their kinds, and the rules across them.

use super::handling::check_registered;
use super::keys::Keys;
use super::kinds::kind;
use super::listed::Listed;
use super::scalars::Name;
use super::scenarios::belonging;
use super::{Read, Reader};
use crate::domain::codes::{CertificateType, RegionCode};
use crate::domain::guides::expr::{Expr, Schema, Vocabulary, no_such_field};
use crate::domain::guides::model::{
    Choice, Field, FieldKind, Form, FormRule, LegalBasis, Particular, Prefill, Requirement,
};
use crate::domain::guides::problem::{Problems, Rests};
use crate::domain::guides::source::{Content, Node, ScalarKind};
use crate::domain::text::Text;

/// The most fields of a form.
const MAX_FIELDS: usize = 200;

/// The fields of a file as its expressions see them, read without a word about
/// mistakes: those are told when the form itself is read.
pub(super) fn schema(root: &Node) -> Schema {
    let mut schema = Schema::default();
    let muted = Problems::default();
    let region = root.member("region").and_then(Node::scalar).and_then(|code| RegionCode::parse(code).ok());
    let none = Schema::default();
    let reader = Reader { region, ..Reader::plain(&muted, &none) };
    let form = root.member("form");
    let fields = form.and_then(|form| form.member("fields")).map(|node| &node.content);
    let Some(Content::List(items)) = fields else {
        schema.leave_open();
        return schema;
    };
    let mut named: Vec<(&str, &Node)> = Vec::new();
    for item in items {
        let name = item.member("name").and_then(Node::scalar).filter(|name| !name.is_empty());
        let Some((name, keys)) = name.zip(Keys::of(item, &reader)) else {
            schema.leave_open();
            continue;
        };
        let is_repeated = items.iter().filter_map(|other| other.member("name")?.scalar());
        let is_repeated = is_repeated.filter(|other| *other == name).count() > 1;
        if is_repeated || keys.need::<Name>("name").is_none() {
            // It is called otherwise by those that speak of it.
            schema.leave_open();
        }
        named.push((name, item));
        let always = keys.get("required").is_none_or(is_yes) && !keys.has("visible_when");
        let kind = plausible_kind(&keys, &reader).filter(|_| !is_repeated);
        schema.add(name, kind.as_ref(), always || is_repeated);
    }
    settle(&mut schema, &named);
    schema
}

fn is_yes(node: &Node) -> bool {
    matches!(&node.content, Content::Scalar { text, kind: ScalarKind::Boolean } if text.eq_ignore_ascii_case("true"))
}

/// Whether an answer may be absent cannot be told of a field whose own condition is
/// wrong; then whatever speaks of it is not wrong for that.
fn settle(schema: &mut Schema, fields: &[(&str, &Node)]) {
    let is_broken = |node: &Node| match &node.content {
        Content::Scalar { kind: ScalarKind::Boolean, .. } => false,
        Content::Scalar { text, .. } => Expr::compile(text, Vocabulary::Whole(schema)).is_err(),
        Content::List(_) | Content::Mapping(_) => true,
    };
    let uncertain = fields.iter().filter(|(_, field)| {
        ["required", "visible_when"].into_iter().any(|key| field.member(key).is_some_and(is_broken))
    });
    let uncertain: Vec<&str> = uncertain.map(|(name, _)| *name).collect();
    uncertain.into_iter().for_each(|name| schema.make_certain(name));
}

/// The kind of a field, unless something else about it says that another was meant.
fn plausible_kind(keys: &Keys<'_, '_>, reader: &Reader<'_>) -> Option<FieldKind> {
    let kind = kind(keys, reader)?;
    let prefill = keys.get("prefill").and_then(|node| Prefill::read(node, reader));
    let fits = prefill.is_none_or(|source| fitting(&source, &kind).0);
    (fits && !keys.has_other_kinds()).then_some(kind)
}

/// A form as far as it reads.
pub(super) struct FormParts {
    pub fields: Option<Listed<Field>>,
    pub rules: Option<Listed<FormRule>>,
}

impl Read for FormParts {
    fn read(node: &Node, reader: &Reader<'_>) -> Option<Self> {
        let keys = Keys::of(node, reader)?;
        let fields_node = keys.need_node("fields");
        let fields = fields_node.and_then(|node| fields(node, reader));
        reader.distinct(fields_node, "name");
        let rules = keys.or("rules", Listed::default());
        reader.distinct(keys.get("rules"), "code");
        keys.close();
        Some(Self { fields, rules })
    }
}

impl Read for Form {
    fn read(node: &Node, reader: &Reader<'_>) -> Option<Self> {
        FormParts::read(node, reader)?.whole()
    }
}

impl FormParts {
    pub fn whole(self) -> Option<Form> {
        Some(Form { fields: self.fields?.whole()?, rules: self.rules?.whole()? })
    }
}

fn fields(node: &Node, reader: &Reader<'_>) -> Option<Listed<Field>> {
    let Content::List(items) = &node.content else {
        reader.problems.at(
            node,
            "fields 应为列表，每个字段一项。",
            "fields is a list with one item per field.",
        );
        return None;
    };
    if items.len() > MAX_FIELDS {
        reader.problems.at(
            node,
            format!("表单最多 {MAX_FIELDS} 个字段，请精简。"),
            format!("A form has at most {MAX_FIELDS} fields; ask for less."),
        );
    }
    Some(Listed::of(items.iter().enumerate().map(|(index, item)| field(item, index, reader))))
}

fn field(node: &Node, index: usize, reader: &Reader<'_>) -> Option<Field> {
    let keys = Keys::of(node, reader)?;
    let name = keys.need::<Name>("name");
    let label = keys.need::<Text>("label");
    let help = keys.optional::<Text>("help");
    let required = match keys.get("required") {
        None => Some(Requirement::Required),
        Some(node) => reader.requirement(node),
    };
    let visible_when = match keys.get("visible_when") {
        None => Some(None),
        Some(node) => reader.expression(node, Vocabulary::Above(reader.schema, index)).map(Some),
    };
    let prefill = keys.optional::<Prefill>("prefill");
    let scenarios = belonging(&keys, reader);
    let kind = kind(&keys, reader);
    if let (Some(kind), Some(Some(source)), Some(node)) = (&kind, &prefill, keys.get("prefill"))
        // Of a field with keys of another kind it is the type that is wrong.
        && !keys.has_other_kinds()
    {
        check_prefill(node, source, kind, reader);
    }
    if let (Some(FieldKind::File { .. }), Some(node)) = (&kind, keys.get("required")) {
        reader.problems.at(
            node,
            "文件是否必需由 materials 中的 required 决定，请删去这里的。",
            "Whether a file is needed is said by its material; remove it here.",
        );
    }
    keys.close();
    Some(Field {
        name: name?.0,
        label: label?,
        help: help?,
        kind: kind?,
        required: required?,
        visible_when: visible_when?,
        prefill: prefill?,
        scenarios: scenarios?,
    })
}

impl Read for Prefill {
    fn read(node: &Node, reader: &Reader<'_>) -> Option<Self> {
        if node.scalar().is_some() {
            return Particular::read(node, reader).map(Self::Applicant);
        }
        let keys = Keys::of(node, reader)?;
        let (certificate_type, attribute) = (keys.need("certificate"), keys.need::<Name>("attribute"));
        if let (Some(of), Some(node)) = (&certificate_type, keys.get("certificate")) {
            check_registered(node, of, reader);
        }
        let entry = certificate_type.as_ref().and_then(|of| reader.register?.find(of));
        if let (Some(entry), Some(Name(wanted)), Some(node)) = (entry, &attribute, keys.get("attribute"))
            && !entry.attributes.contains(wanted)
        {
            let (name, all) = (&entry.name, entry.attributes.join(", "));
            reader.problems.at(
                node,
                format!("{}没有“{wanted}”这一项，只有：{all}。", name.zh),
                format!("{} does not say “{wanted}”; it says {all}.", name.en),
            );
        } else if let (Some(of), Some(Name(wanted)), Some(node)) =
            (&certificate_type, &attribute, keys.get("attribute"))
        {
            check_stated(node, of, wanted, reader);
        }
        keys.close();
        Some(Self::Certificate { certificate_type: certificate_type?, attribute: attribute?.0 })
    }
}

/// What nobody puts on the certificate would never be filled in.
fn check_stated(node: &Node, of: &CertificateType, wanted: &str, reader: &Reader<'_>) {
    let Some(stated) = reader.register.and_then(|register| register.stated(of)) else { return };
    if stated.contains(wanted) {
        return;
    }
    let all = stated.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    reader.problems.at(
        node,
        format!("签发 {of} 的指南都不在证照上载明“{wanted}”，永远填不出来。请在签发指南 results 的 attributes 中加上，改用已载明的（{all}），或者删去 prefill。"),
        format!("No guide that issues {of} puts “{wanted}” on it, so this is never filled in. Add it to the attributes of the issuing guide's result, take what is there ({all}), or remove the prefill."),
    );
}

fn check_prefill(node: &Node, source: &Prefill, kind: &FieldKind, reader: &Reader<'_>) {
    let (fits, kinds) = fitting(source, kind);
    if !fits {
        reader.problems.at(
            node,
            format!("这个预填来源只适用于类型：{kinds}。"),
            format!("This prefill is for fields of type {kinds}."),
        );
    }
}

/// Whether a field of this kind can be filled in so, and the types of those that can.
fn fitting(source: &Prefill, kind: &FieldKind) -> (bool, &'static str) {
    let has = |options: &[Choice], value: &str| options.iter().any(|option| option.value == value);
    match source {
        Prefill::Applicant(Particular::Name) => (matches!(kind, FieldKind::Text { .. }), "text"),
        Prefill::Applicant(Particular::IdNumber) => (
            matches!(kind, FieldKind::ResidentId | FieldKind::Uscc | FieldKind::Text { .. }),
            "resident_id, uscc, text",
        ),
        Prefill::Applicant(Particular::Mobile) => (matches!(kind, FieldKind::Mobile), "mobile"),
        Prefill::Applicant(Particular::BirthDate) => (matches!(kind, FieldKind::Date { .. }), "date"),
        Prefill::Applicant(Particular::Gender) => (
            matches!(kind, FieldKind::Choice { options } if has(options, "male") && has(options, "female")),
            "choice (male, female)",
        ),
        Prefill::Applicant(Particular::Residence) => {
            (matches!(kind, FieldKind::Region { .. } | FieldKind::Address { .. }), "region, address")
        }
        Prefill::Certificate { .. } => (
            !matches!(kind, FieldKind::Group { .. } | FieldKind::File { .. } | FieldKind::Declaration),
            "text, number, money, date, boolean, choice, multi_choice, region, address, resident_id, uscc, mobile",
        ),
    }
}

impl Read for FormRule {
    fn read(node: &Node, reader: &Reader<'_>) -> Option<Self> {
        let keys = Keys::of(node, reader)?;
        let code = keys.need::<Name>("code");
        let basis = keys.optional::<LegalBasis>("basis");
        let vocabulary = match keys.seems_given("basis") {
            true => Vocabulary::Cited(reader.schema),
            false => Vocabulary::Whole(reader.schema),
        };
        let when = keys.need_expression("when", vocabulary);
        let at = keys.need::<String>("at");
        let text = keys.need("text");
        if let (Some(at), Some(node)) = (&at, keys.get("at"))
            && !Vocabulary::Whole(reader.schema).has_field(at)
        {
            let reason = no_such_field(Vocabulary::Whole(reader.schema), at);
            reader.problems.add(node, reason, Rests::Another);
        }
        let scenarios = belonging(&keys, reader);
        keys.close();
        Some(Self { code: code?.0, when: when?, at: at?, text: text?, basis: basis?, scenarios: scenarios? })
    }
}
