//! What an expression may speak of, depending on where in the guide it stands.

use super::types::{Cell, Type};
use crate::domain::guides::model::{Attribute, Field, FieldKind, Requirement};

/// The form as expressions see it. A field whose kind could not be read is
/// known with any type, so that one mistake is told once.
#[derive(Debug, Clone, Default)]
pub(in crate::domain::guides) struct Schema {
    fields: Vec<Known>,
    /// What stands for a name that may be that of a field which could not be read; none
    /// when all could.
    unread: Option<Known>,
}

#[derive(Debug, Clone)]
pub(in crate::domain::guides) struct Known {
    pub name: String,
    pub of: Type,
    /// Required and always visible: in complete facts it is there.
    pub always: bool,
    /// A field that hands in a file has none.
    pub has_answer: bool,
}

impl Schema {
    pub fn add(&mut self, name: &str, kind: Option<&FieldKind>, always: bool) {
        let of = kind.map_or(Type::Anything, type_of);
        let has_answer = kind.is_none_or(FieldKind::has_answer);
        self.fields.push(Known { name: name.to_owned(), of, always, has_answer });
    }

    /// Some field has no name that can be read: any name that is not known may be its.
    pub fn leave_open(&mut self) {
        let (name, of) = (String::new(), Type::Anything);
        self.unread = Some(Known { name, of, always: true, has_answer: true });
    }

    /// The field always has an answer, as far as can be told.
    pub fn make_certain(&mut self, name: &str) {
        for field in self.fields.iter_mut().filter(|field| field.name == name) {
            field.always = true;
        }
    }
}

/// Where an expression stands decides what it may ask for.
#[derive(Debug, Clone, Copy)]
pub(in crate::domain::guides) enum Vocabulary<'a> {
    /// Conditions, rules, `required`: everything.
    Whole(&'a Schema),
    /// A rule that cites the article which demands it: the channel besides.
    Cited(&'a Schema),
    /// `visible_when` of the field at this index: only the fields above it, so
    /// that visibility never runs in a circle.
    Above(&'a Schema, usize),
    /// `approve_when`: nothing but these attributes of the applicant.
    Verified(&'a [Attribute]),
}

/// What became of a name.
pub(super) enum Lookup<T> {
    Known(T),
    /// It exists, but not here.
    NotHere,
    Unknown,
}

impl<'a> Vocabulary<'a> {
    pub(super) fn field(self, name: &str) -> Lookup<&'a Known> {
        let (schema, visible) = match self {
            Self::Whole(schema) | Self::Cited(schema) => (schema, schema.fields.len()),
            Self::Above(schema, index) => (schema, index),
            Self::Verified(_) => return Lookup::NotHere,
        };
        match schema.fields.iter().position(|field| field.name == name) {
            Some(index) if index < visible => Lookup::Known(&schema.fields[index]),
            Some(_) => Lookup::NotHere,
            None => schema.unread.as_ref().map_or(Lookup::Unknown, Lookup::Known),
        }
    }

    /// Whether an expression here may ask for this field.
    pub fn has_field(self, name: &str) -> bool {
        matches!(self.field(name), Lookup::Known(_))
    }

    /// Whether the field is there and its answer is among the facts.
    pub fn has_answer_to(self, name: &str) -> bool {
        matches!(self.field(name), Lookup::Known(field) if field.has_answer)
    }

    /// The names of all fields, wherever the expression stands.
    pub(in crate::domain::guides) fn all_names(self) -> Vec<&'a str> {
        match self {
            Self::Whole(schema) | Self::Cited(schema) | Self::Above(schema, _) => {
                schema.fields.iter().map(|field| field.name.as_str()).collect()
            }
            Self::Verified(_) => Vec::new(),
        }
    }

    pub(super) fn attribute(self, name: &str) -> Lookup<Type> {
        let Some((_, of, proof)) = APPLICANT.iter().find(|(known, _, _)| *known == name) else {
            return Lookup::Unknown;
        };
        match (self, proof) {
            (Self::Verified(verified), Some(proof)) if !verified.contains(proof) => Lookup::NotHere,
            (Self::Whole(_) | Self::Cited(_) | Self::Above(..) | Self::Verified(_), _) => Lookup::Known(of()),
        }
    }
}

/// An attribute's name, its type, and what must be verified for a machine to decide by it.
type Row = (&'static str, fn() -> Type, Option<Attribute>);

const APPLICANT: [Row; 7] = [
    ("kind", || Type::option(["natural_person", "organization"]), None),
    ("name", Type::words, Some(Attribute::Name)),
    ("age", || Type::Int, Some(Attribute::BirthDate)),
    ("gender", || Type::option(["male", "female", "unknown"]), Some(Attribute::Gender)),
    ("birth_date", Type::date, Some(Attribute::BirthDate)),
    ("residence", Type::region, Some(Attribute::Residence)),
    ("ial", || Type::Int, None),
];

pub(super) fn attribute_names() -> impl Iterator<Item = &'static str> {
    APPLICANT.iter().map(|(name, _, _)| *name)
}

/// The name of the attribute a property of the applicant is derived from.
pub(super) fn proof_of(property: &str) -> &'static str {
    let proof = APPLICANT.iter().find(|(name, _, _)| *name == property).and_then(|(_, _, proof)| *proof);
    match proof {
        Some(Attribute::Name) | None => "name",
        Some(Attribute::IdNumber) => "id_number",
        Some(Attribute::BirthDate) => "birth_date",
        Some(Attribute::Gender) => "gender",
        Some(Attribute::Residence) => "residence",
    }
}

fn type_of(kind: &FieldKind) -> Type {
    let options = |options: &[crate::domain::guides::model::Choice]| {
        Type::option(options.iter().map(|option| option.value.clone()))
    };
    match kind {
        FieldKind::Text { .. } | FieldKind::ResidentId | FieldKind::Uscc | FieldKind::Mobile => Type::words(),
        FieldKind::Number { .. } | FieldKind::Money { .. } => Type::Int,
        FieldKind::Date { .. } => Type::date(),
        FieldKind::Boolean | FieldKind::Declaration => Type::Bool,
        FieldKind::Choice { options: values } => options(values),
        FieldKind::MultiChoice { options: values, .. } => Type::list(options(values)),
        FieldKind::Region { .. } => Type::region(),
        FieldKind::Address { .. } => Type::Address,
        FieldKind::Group { fields, .. } => Type::list(Type::Row(fields.iter().map(cell).collect())),
        FieldKind::File { .. } => Type::Anything,
    }
}

fn cell(field: &Field) -> Cell {
    let always = matches!(field.required, Requirement::Required);
    Cell { name: field.name.clone(), of: type_of(&field.kind), always }
}
