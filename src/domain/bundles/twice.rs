//! Nothing is asked twice: neither a question, nor rows, nor a document.
//!
//! Rows are compared with rows alone. They are others than the applicant, and several: a
//! column “name” is not answered by the applicant's name, and what one certificate says of
//! its holder is no answer for every row. But when two parts ask for the same columns, it is
//! one list copied, whatever each of them calls it.

use std::collections::{BTreeMap, BTreeSet};

use super::check::{Misfit, misfit};
use super::fit::word;
use super::plan::{Plan, Planned};
use crate::domain::guides::{Choice, Field, FieldKind};

/// What a question is known by: what it is called, and its type.
type Question<'p> = (&'p str, &'static str);

/// Fewer columns in common say nothing: name and number stand in every list of people.
const COLUMNS: usize = 3;

/// Everything that is asked already, and where.
#[derive(Default)]
struct Asked<'p> {
    questions: BTreeMap<Question<'p>, &'p str>,
    tables: Vec<(&'p Field, &'p str)>,
    documents: BTreeMap<&'p str, &'p str>,
}

pub(super) fn asked(plan: &Plan) -> Vec<Misfit> {
    let (mut found, mut asked) = (Vec::new(), Asked::default());
    for field in plan.bundle.form.fields.iter().filter(|field| field.kind.has_answer()) {
        asked.add(field, "form");
    }
    for material in &plan.bundle.materials {
        asked.documents.insert(&material.name.zh, "materials");
    }
    for (index, planned) in certain(plan) {
        for field in planned.section.fields.iter().filter(|field| field.kind.has_answer()) {
            if planned.leaves_out(field) {
                found.extend(asked.already(field, planned.code(), &format!("/parts/{index}/facts")));
            }
            asked.add(field, planned.code());
        }
        found.extend(asked.documents_of(planned, plan, &format!("/parts/{index}")));
    }
    found
}

/// The parts of which it is certain what they ask for, and where they stand in the file.
fn certain(plan: &Plan) -> impl Iterator<Item = (usize, &Planned)> {
    let parts = plan.bundle.parts.iter().enumerate();
    let planned = parts.filter_map(|(index, part)| Some((index, plan.part(&part.code)?)));
    planned.filter(|(_, planned)| plan.is_certain(planned))
}

/// Questions that a part asks by the name of a shared field, though under another label.
/// What is called alike in one file is one thing there, or it is to be called otherwise.
pub(super) fn named_as_shared(plan: &Plan) -> Vec<Misfit> {
    let mut found = Vec::new();
    for (index, planned) in certain(plan) {
        for field in planned.section.fields.iter().filter(|field| planned.leaves_out(field)) {
            let alike = plan.bundle.form.fields.iter().find(|shared| is_namesake(shared, field));
            if let Some(shared) = alike.filter(|shared| question(shared) != question(field)) {
                found.push(under_its_name(index, shared, field));
            }
        }
    }
    found
}

fn under_its_name(index: usize, shared: &Field, own: &Field) -> Misfit {
    let name = &own.name;
    misfit(
        format!("/parts/{index}/facts"),
        format!(
            "“{}”（{name}）与共用字段“{}”同名同类型，会问两次：请写 {name}: {name} 以共用；确为另一内容的，写 {name}: {{ own: true }}，或者给共用字段改名。",
            own.label.zh, shared.label.zh
        ),
        format!(
            "“{}” ({name}) has the name and type of the shared field “{}” and would be asked twice: write {name}: {name} to share it; if it is another thing, write {name}: {{ own: true }}, or rename the shared field.",
            own.label.en, shared.label.en
        ),
    )
}

/// Whether a shared field asks this already, by label or by name.
pub(super) fn is_shared(field: &Field, plan: &Plan) -> bool {
    let mut shared = plan.bundle.form.fields.iter().filter(|shared| shared.kind.has_answer());
    shared.any(|shared| question(shared) == question(field) || is_namesake(shared, field))
}

/// A question of the same name and type. What somebody declares is what the label says, and
/// a choice or rows of which neither has all that the other has are others.
fn is_namesake(shared: &Field, own: &Field) -> bool {
    let is_alike = match (&shared.kind, &own.kind) {
        (FieldKind::Declaration, _) | (FieldKind::File { .. }, _) => false,
        (FieldKind::Choice { options }, FieldKind::Choice { options: known })
        | (FieldKind::MultiChoice { options, .. }, FieldKind::MultiChoice { options: known, .. }) => {
            let values = |options: &[Choice]| options.iter().map(|one| one.value.clone()).collect();
            is_part_of(&values(options), &values(known))
        }
        (FieldKind::Group { fields, .. }, FieldKind::Group { fields: known, .. }) => {
            let names = |fields: &[Field]| fields.iter().map(|one| one.name.clone()).collect();
            is_part_of(&names(fields), &names(known))
        }
        (one, other) => word(one) == word(other),
    };
    shared.name == own.name && is_alike
}

/// Whether one of them has all that the other has.
fn is_part_of(one: &BTreeSet<String>, other: &BTreeSet<String>) -> bool {
    one.is_subset(other) || other.is_subset(one)
}

impl<'p> Asked<'p> {
    /// The first who asks is the one named.
    fn add(&mut self, field: &'p Field, by: &'p str) {
        self.questions.entry(question(field)).or_insert(by);
        if matches!(field.kind, FieldKind::Group { .. }) {
            self.tables.push((field, by));
        }
    }

    fn already(&self, field: &Field, by: &str, at: &str) -> Option<Misfit> {
        let (label, name) = (&field.label, &field.name);
        if let Some(other) = self.questions.get(&question(field)) {
            return Some(misfit(
                at,
                format!(
                    "“{}”（{name}）在 {other} 中已经问过；请共用，或写 {name}: {{ own: true }}。",
                    label.zh
                ),
                format!(
                    "“{}” ({name}) is asked in {other} already; share it, or write {name}: {{ own: true }}.",
                    label.en
                ),
            ));
        }
        // One guide that asks for two such lists, of sellers and of buyers, knows why.
        let mut others = self.tables.iter().filter(|(_, other)| *other != by);
        let (table, other) = others.find(|(table, _)| is_one_list(table, field))?;
        Some(misfit(
            at,
            format!(
                "“{}”（{name}）与 {other} 的“{}”（{}）各列相同；是同一份名单的，请共用；不是的，写 {name}: {{ own: true }}。",
                label.zh, table.label.zh, table.name
            ),
            format!(
                "“{}” ({name}) has the columns of “{}” ({}), asked in {other}; share it if it is the same list, or write {name}: {{ own: true }}.",
                label.en, table.label.en, table.name
            ),
        ))
    }

    fn documents_of(&mut self, planned: &'p Planned, plan: &'p Plan, at: &str) -> Vec<Misfit> {
        let mut found = Vec::new();
        let own = format!("{}.", planned.code());
        for joint in plan.materials.iter().filter(|joint| joint.code.starts_with(&own)) {
            match self.documents.get(joint.name.zh.as_str()) {
                Some(other) => found.push(misfit(
                    at,
                    format!("材料“{}”（{}）在 {other} 中已经要求过；请写入 materials 的 serves。", joint.name.zh, joint.code),
                    format!("The material “{}” ({}) is asked in {other} already; put it under materials with serves.", joint.name.en, joint.code),
                )),
                None => drop(self.documents.insert(&joint.name.zh, planned.code())),
            }
        }
        found
    }
}

fn question(field: &Field) -> Question<'_> {
    (&field.label.zh, word(&field.kind))
}

/// Whether all columns of the one are columns of the other.
fn is_one_list(one: &Field, other: &Field) -> bool {
    let (one, other) = (columns(one), columns(other));
    one.len().min(other.len()) >= COLUMNS && (one.is_subset(&other) || other.is_subset(&one))
}

fn columns(field: &Field) -> BTreeSet<Question<'_>> {
    match &field.kind {
        FieldKind::Group { fields, .. } => fields.iter().map(question).collect(),
        _ => BTreeSet::new(),
    }
}
