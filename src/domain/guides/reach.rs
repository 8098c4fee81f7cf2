//! Whether anybody can ever see a field, or hand in an application with an option: a
//! careful look at what the conditions together allow. What is said to be out of reach
//! is; what cannot be told counts as within it.

mod order;
mod ranges;
#[cfg(test)]
mod tests;
mod values;
mod worlds;

use std::collections::BTreeSet;

use super::expr::Expr;
use super::model::{Field, FieldKind, FormRule};
use worlds::{Solver, World};

/// A field that no complete answers make visible.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unreachable {
    /// Its place among the fields.
    pub index: usize,
    /// The fields that are out of reach only because it is.
    pub with: Vec<String>,
}

/// The fields out of reach by what is wrong with their own conditions, in their order, for
/// those who are known as well as is asked.
pub(super) fn unreachable_fields(fields: &[Field], ial: u8) -> Vec<Unreachable> {
    let mut found: Vec<Unreachable> = Vec::new();
    let mut gone = BTreeSet::new();
    for (index, field) in fields.iter().enumerate() {
        let Some(rule) = &field.visible_when else { continue };
        let is_possible = |solver: Solver<'_>| !solver.assume(rule.tree(), true, World::default()).is_empty();
        if !is_possible(Solver::new(fields).asking(ial).showing(&gone)) {
            found.push(Unreachable { index, with: Vec::new() });
        } else if !is_possible(Solver::new(fields).asking(ial).without(&gone)) {
            let causes = found.iter_mut().filter(|cause| names(fields, rule, cause));
            causes.for_each(|cause| cause.with.push(field.name.clone()));
        } else {
            continue;
        }
        gone.insert(index);
    }
    found
}

fn names(fields: &[Field], rule: &Expr, cause: &Unreachable) -> bool {
    let is_of = |name: &String| fields.get(cause.index).is_some_and(|field| field.name == *name);
    rule.fields().iter().any(|name| is_of(name) || cause.with.contains(name))
}

/// Whether some application meets all of them, as far as can be told, of those who are known
/// as well as is asked. Whether a field is ever shown is another matter, and left aside; so
/// is what speaks of the channel.
pub(super) fn can_be_met(fields: &[Field], whens: &[&Expr], ial: u8) -> bool {
    let all = (0..fields.len()).collect();
    let solver = Solver::new(fields).showing(&all).asking(ial);
    let asked = whens.iter().filter(|when| !when.asks_channel());
    !asked.fold(vec![World::default()], |worlds, when| solver.assume_in(when.tree(), worlds)).is_empty()
}

/// The options, by place of field and option, with which the rules of the form refuse
/// every application. A rule of some scenarios alone may leave an option to the others.
pub(super) fn barred_options(fields: &[Field], rules: &[FormRule], ial: u8) -> Vec<(usize, usize)> {
    let mut barred = Vec::new();
    for (index, field) in fields.iter().enumerate() {
        let FieldKind::Choice { options } = &field.kind else { continue };
        let is_judged = |rule: &&FormRule| {
            rule.scenarios.is_empty() && !rule.when.asks_channel() && rule.when.fields().contains(&field.name)
        };
        let rules: Vec<&Expr> = rules.iter().filter(is_judged).map(|rule| &rule.when).collect();
        if rules.is_empty() {
            continue;
        }
        let solver = Solver::new(fields).asking(ial);
        let shown = solver.present(&field.name, World::default());
        // Of a field out of reach that is told, and nothing of its options.
        if shown.is_empty() {
            continue;
        }
        for (place, option) in options.iter().enumerate() {
            let chosen =
                shown.iter().filter_map(|world| solver.choose(&field.name, &option.value, world.clone()));
            let filed =
                rules.iter().fold(chosen.collect(), |worlds, rule| solver.assume_in(rule.tree(), worlds));
            if filed.is_empty() {
                barred.push((index, place));
            }
        }
    }
    barred
}
