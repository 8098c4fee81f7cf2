//! The form: its fields, their kinds, and the rules across them.

use super::handling::check_registered;
use super::keys::Keys;
use super::kinds::kind;
use super::scalars::Name;
use super::scenarios::belonging;
use super::{Read, Reader, named};
use crate::domain::codes::{CertificateType, RegionCode};
use crate::domain::guides::expr::{Schema, Vocabulary};
use crate::domain::guides::model::{
    Choice, Field, FieldKind, Form, FormRule, Particular, Prefill, Requirement,
};
use crate::domain::guides::problem::Problems;
use crate::domain::guides::reach::is_unreachable;
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
    let fields = named(root, "form").and_then(|form| named(form, "fields")).map(|node| &node.content);
    let Some(Content::List(items)) = fields else {
        return schema;
    };
    for item in items {
        let Some(keys) = Keys::of(item, &reader) else {
            continue;
        };
        let Some(Name(name)) = keys.need("name") else {
            continue;
        };
        let required = match keys.get("required").map(|node| &node.content) {
            None => true,
            Some(Content::Scalar { text, kind: ScalarKind::Boolean }) => text.eq_ignore_ascii_case("true"),
            Some(Content::Scalar { .. } | Content::List(_) | Content::Mapping(_)) => false,
        };
        let kind = kind(&keys, &reader);
        schema.add(&name, kind.as_ref(), required && !keys.has("visible_when"));
    }
    schema
}

impl Read for Form {
    fn read(node: &Node, reader: &Reader<'_>) -> Option<Self> {
        let keys = Keys::of(node, reader)?;
        let fields_node = keys.need_node("fields");
        let fields = fields_node.and_then(|node| fields(node, reader));
        reader.distinct(fields_node, "name");
        let rules = keys.or::<Vec<FormRule>>("rules", Vec::new());
        reader.distinct(keys.get("rules"), "code");
        keys.close();
        Some(Self { fields: fields?, rules: rules? })
    }
}

fn fields(node: &Node, reader: &Reader<'_>) -> Option<Vec<Field>> {
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
    let read: Vec<Option<Field>> =
        items.iter().enumerate().map(|(index, item)| field(item, index, reader)).collect();
    let fields = read.into_iter().collect::<Option<Vec<_>>>()?;
    for (index, item) in items.iter().enumerate() {
        if let (true, Some(node)) = (is_unreachable(&fields, index), item.member("visible_when")) {
            reader.problems.at(
                node,
                "没有任何一组答案能让这个字段显示，请改正条件或删去字段。",
                "No answers can ever make this field visible; correct the condition or remove the field.",
            );
        }
    }
    Some(fields)
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
    if let (Some(kind), Some(Some(source)), Some(node)) = (&kind, &prefill, keys.get("prefill")) {
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
    let has = |options: &[Choice], value: &str| options.iter().any(|option| option.value == value);
    let (fits, kinds) = match source {
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
    };
    if !fits {
        reader.problems.at(
            node,
            format!("这个预填来源只适用于类型：{kinds}。"),
            format!("This prefill is for fields of type {kinds}."),
        );
    }
}

impl Read for FormRule {
    fn read(node: &Node, reader: &Reader<'_>) -> Option<Self> {
        let keys = Keys::of(node, reader)?;
        let code = keys.need::<Name>("code");
        let when = keys.need_expression("when", Vocabulary::Whole(reader.schema));
        let at = keys.need::<String>("at");
        let text = keys.need("text");
        if let (Some(at), Some(node)) = (&at, keys.get("at"))
            && !Vocabulary::Whole(reader.schema).has_field(at)
        {
            reader.problems.at(
                node,
                format!("表单没有字段“{at}”，at 要写本规则提示所在的字段。"),
                format!("The form has no field “{at}”; at names the field the message stands at."),
            );
        }
        let scenarios = belonging(&keys, reader);
        keys.close();
        Some(Self { code: code?.0, when: when?, at: at?, text: text?, scenarios: scenarios? })
    }
}
