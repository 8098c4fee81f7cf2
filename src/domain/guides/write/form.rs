//! The form of a guide as its file has it, and the words of fixed lists.

use super::{Entries, Outline, basis, both, required};
use crate::domain::guides::model::{
    Attribute, Choice, Field, FieldKind, Form, FormRule, Particular, Prefill,
};

/// What a text, a group or a choice is when nothing is said: see the reader.
const USUAL_LENGTH: u32 = 200;
const USUAL_ROWS: (u32, u32) = (1, 20);
const USUAL_LEAST: u32 = 1;

pub(super) fn form(form: &Form) -> Outline {
    let mut entries = Entries::default();
    entries.add("fields", Outline::list(&form.fields, field));
    entries.add_some("rules", &form.rules, rule);
    entries.done()
}

pub(super) fn field(field: &Field) -> Outline {
    let mut entries = Entries::default();
    entries.add("name", Outline::text(&field.name));
    entries.add("label", both(&field.label));
    entries.add_if("help", field.help.as_ref().map(both));
    kind(&mut entries, &field.kind);
    entries.add_if("required", required(&field.required));
    entries.add_if("visible_when", field.visible_when.as_ref().map(|rule| Outline::text(rule.source())));
    entries.add_if("prefill", field.prefill.as_ref().map(prefill));
    entries.add_texts("scenarios", &field.scenarios);
    entries.done()
}

fn kind(entries: &mut Entries, kind: &FieldKind) {
    let whole = |number: i64| Outline::Number(number);
    let count = |number: u32| Outline::Number(number.into());
    entries.add("type", Outline::text(kind_word(kind)));
    match kind {
        FieldKind::Text { max_length, multiline, pattern } => {
            entries.add_unless(*max_length == USUAL_LENGTH, "max_length", count(*max_length));
            entries.add_unless(!multiline, "multiline", Outline::Flag(true));
            entries.add_if("pattern", pattern.as_ref().map(|pattern| Outline::text(pattern.as_str())));
        }
        FieldKind::Number { min, max } => {
            entries.add_if("min", min.map(whole));
            entries.add_if("max", max.map(whole));
        }
        FieldKind::Money { min, max } => {
            entries.add_if("min", min.filter(|min| *min != 0).map(whole));
            entries.add_if("max", max.map(whole));
        }
        FieldKind::Date { past, future } => {
            entries.add_unless(!past, "past", Outline::Flag(true));
            entries.add_unless(!future, "future", Outline::Flag(true));
        }
        FieldKind::Choice { options } => entries.add("options", Outline::list(options, choice)),
        FieldKind::MultiChoice { options, min, max } => {
            entries.add("options", Outline::list(options, choice));
            entries.add_unless(*min == USUAL_LEAST, "min", count(*min));
            entries.add_if("max", max.map(count));
        }
        FieldKind::Region { under } | FieldKind::Address { under } => {
            entries.add_if("under", under.as_ref().map(|code| Outline::text(code.as_str())));
        }
        FieldKind::Group { fields, min, max } => {
            entries.add("fields", Outline::list(fields, field));
            entries.add_unless(*min == USUAL_ROWS.0, "min", count(*min));
            entries.add_unless(*max == USUAL_ROWS.1, "max", count(*max));
        }
        FieldKind::File { material } => entries.add("material", Outline::text(material)),
        FieldKind::Boolean
        | FieldKind::ResidentId
        | FieldKind::Uscc
        | FieldKind::Mobile
        | FieldKind::Declaration => {}
    }
}

fn kind_word(kind: &FieldKind) -> &'static str {
    match kind {
        FieldKind::Text { .. } => "text",
        FieldKind::Number { .. } => "number",
        FieldKind::Money { .. } => "money",
        FieldKind::Date { .. } => "date",
        FieldKind::Boolean => "boolean",
        FieldKind::Choice { .. } => "choice",
        FieldKind::MultiChoice { .. } => "multi_choice",
        FieldKind::Region { .. } => "region",
        FieldKind::Address { .. } => "address",
        FieldKind::ResidentId => "resident_id",
        FieldKind::Uscc => "uscc",
        FieldKind::Mobile => "mobile",
        FieldKind::Declaration => "declaration",
        FieldKind::Group { .. } => "group",
        FieldKind::File { .. } => "file",
    }
}

fn choice(choice: &Choice) -> Outline {
    Outline::mapping([("value", Outline::text(&choice.value)), ("label", both(&choice.label))])
}

fn prefill(prefill: &Prefill) -> Outline {
    match prefill {
        Prefill::Applicant(particular) => Outline::text(match particular {
            Particular::Name => "name",
            Particular::IdNumber => "id_number",
            Particular::Mobile => "mobile",
            Particular::BirthDate => "birth_date",
            Particular::Gender => "gender",
            Particular::Residence => "residence",
        }),
        Prefill::Certificate { certificate_type, attribute } => Outline::mapping([
            ("certificate", Outline::text(certificate_type.as_str())),
            ("attribute", Outline::text(attribute)),
        ]),
    }
}

fn rule(rule: &FormRule) -> Outline {
    let mut entries = Entries::default();
    entries.add("code", Outline::text(&rule.code));
    entries.add("when", Outline::text(rule.when.source()));
    entries.add("at", Outline::text(&rule.at));
    entries.add("text", both(&rule.text));
    entries.add_if("basis", rule.basis.as_ref().map(basis));
    entries.add_texts("scenarios", &rule.scenarios);
    entries.done()
}

pub(super) fn attribute(attribute: Attribute) -> &'static str {
    match attribute {
        Attribute::Name => "name",
        Attribute::IdNumber => "id_number",
        Attribute::BirthDate => "birth_date",
        Attribute::Gender => "gender",
        Attribute::Residence => "residence",
    }
}
