//! Which answers a condition leaves possible. A world is what is known of an
//! application; assuming that a condition holds gives the worlds in which it may.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, operators};

use super::order::Order;
use super::ranges::{Range, Relation, related};
use super::values::{Operand, TODAY};
use crate::domain::codes::{Mobile, RegionCode};
use crate::domain::guides::model::{Field, FieldKind, Requirement};

/// After so many steps nothing more is found out, and everything counts as possible.
const MAX_STEPS: usize = 3_000;

/// What is known of an application; of what is not listed, nothing.
#[derive(Debug, Clone, Default)]
pub(super) struct World {
    present: BTreeSet<usize>,
    absent: BTreeSet<usize>,
    pub values: BTreeMap<String, Range>,
    pub order: Order,
}

pub(super) struct Solver<'f> {
    fields: &'f [Field],
    /// Fields out of reach, which have no answer.
    gone: BTreeSet<usize>,
    /// Fields whose own conditions are left aside.
    shown: BTreeSet<usize>,
    /// How well an applicant must be known to hand it in.
    pub ial: u8,
    steps: Cell<usize>,
}

impl<'f> Solver<'f> {
    pub fn new(fields: &'f [Field]) -> Self {
        Self { fields, gone: BTreeSet::new(), shown: BTreeSet::new(), ial: 0, steps: Cell::new(0) }
    }

    /// These fields have no answer.
    pub fn without(self, gone: &BTreeSet<usize>) -> Self {
        Self { gone: gone.clone(), ..self }
    }

    /// These fields may have one whatever their own conditions say.
    pub fn showing(self, shown: &BTreeSet<usize>) -> Self {
        Self { shown: shown.clone(), ..self }
    }

    /// Whoever is known less well cannot hand it in.
    pub fn asking(self, ial: u8) -> Self {
        Self { ial, ..self }
    }

    pub fn kind_of(&self, name: &str) -> Option<&'f FieldKind> {
        self.fields.iter().find(|field| field.name == name).map(|field| &field.kind)
    }

    /// The worlds in which the expression has this value. Every application of the world
    /// in which it does is in one of them.
    pub fn assume(&self, expression: &IdedExpr, truth: bool, world: World) -> Vec<World> {
        self.steps.set(self.steps.get() + 1);
        if self.steps.get() > MAX_STEPS {
            return vec![world];
        }
        match &expression.expr {
            Expr::Literal(LiteralValue::Boolean(value)) if *value.inner() != truth => Vec::new(),
            Expr::Select(select) if select.test => match (facts_of(expression), truth) {
                (Some(name), true) => self.present(name, world),
                (Some(name), false) => self.absent(name, world),
                (None, _) => vec![world],
            },
            Expr::Call(call) => self.assume_call(expression, call, truth, world),
            _ => self.assume_value(expression, truth, world),
        }
    }

    /// The worlds of these in which it holds.
    pub fn assume_in(&self, rule: &IdedExpr, worlds: Vec<World>) -> Vec<World> {
        worlds.into_iter().flat_map(|world| self.assume(rule, true, world)).collect()
    }

    fn both(&self, left: &IdedExpr, right: &IdedExpr, truth: bool, world: World) -> Vec<World> {
        let left = self.assume(left, truth, world);
        left.into_iter().flat_map(|world| self.assume(right, truth, world)).collect()
    }

    fn either(&self, left: &IdedExpr, right: &IdedExpr, truth: bool, world: World) -> Vec<World> {
        let mut worlds = self.assume(left, truth, world.clone());
        worlds.extend(self.assume(right, truth, world));
        worlds
    }

    fn assume_call(&self, whole: &IdedExpr, call: &CallExpr, truth: bool, world: World) -> Vec<World> {
        use Relation::{AtMost, Equal, Less, Other};
        match (call.func_name.as_str(), call.args.as_slice(), truth) {
            (operators::LOGICAL_AND, [left, right], true) | (operators::LOGICAL_OR, [left, right], false) => {
                self.both(left, right, truth, world)
            }
            (operators::LOGICAL_AND, [left, right], false) | (operators::LOGICAL_OR, [left, right], true) => {
                self.either(left, right, truth, world)
            }
            (operators::LOGICAL_NOT, [operand], _) => self.assume(operand, !truth, world),
            (operators::CONDITIONAL, [condition, yes, no], _) => {
                let yes = self.assume(condition, true, world.clone()).into_iter().map(|world| (yes, world));
                let no = self.assume(condition, false, world).into_iter().map(|world| (no, world));
                yes.chain(no).flat_map(|(branch, world)| self.assume(branch, truth, world)).collect()
            }
            (operators::EQUALS, [a, b], true) | (operators::NOT_EQUALS, [a, b], false) => {
                self.relate(a, Equal, b, world)
            }
            (operators::EQUALS, [a, b], false) | (operators::NOT_EQUALS, [a, b], true) => {
                self.relate(a, Other, b, world)
            }
            (operators::LESS, [a, b], true) | (operators::GREATER_EQUALS, [a, b], false) => {
                self.relate(a, Less, b, world)
            }
            (operators::LESS_EQUALS, [a, b], true) | (operators::GREATER, [a, b], false) => {
                self.relate(a, AtMost, b, world)
            }
            (operators::GREATER, [a, b], true) | (operators::LESS_EQUALS, [a, b], false) => {
                self.relate(b, Less, a, world)
            }
            (operators::GREATER_EQUALS, [a, b], true) | (operators::LESS, [a, b], false) => {
                self.relate(b, AtMost, a, world)
            }
            (operators::IN, [element, list], _) => self.belongs(element, list, truth, world),
            ("in_region", [place, region], _) => self.lies(place, region, truth, world),
            ("startsWith", [start], _) => match (&call.target, text(start)) {
                (Some(of), Some(start)) => self.starts(of, start, truth, world),
                (_, _) => self.needed(whole, vec![world]),
            },
            (_, _, _) => self.needed(whole, vec![world]),
        }
    }

    /// A value that is true or false by itself.
    fn assume_value(&self, expression: &IdedExpr, truth: bool, world: World) -> Vec<World> {
        let worlds = self.needed(expression, vec![world]);
        let holds = |world: World| {
            let operand = self.operand(expression, &world);
            let (range, _) = related(&operand.range, Relation::Equal, &Range::of_truth(truth))?;
            Some(world.knowing(operand.name, range))
        };
        worlds.into_iter().filter_map(holds).collect()
    }

    fn relate(&self, left: &IdedExpr, relation: Relation, right: &IdedExpr, world: World) -> Vec<World> {
        let worlds = self.needed(right, self.needed(left, vec![world]));
        let holds = |mut world: World| {
            let (a, b) = (self.operand(left, &world), self.operand(right, &world));
            let (of_a, of_b) = related(&a.range, relation, &b.range)?;
            if let (Some(a), Some(b)) = (&a.name, &b.name) {
                world.order = world.order.with(a, relation, b)?;
            }
            Some(world.knowing(a.name, of_a).knowing(b.name, of_b))
        };
        worlds.into_iter().filter_map(holds).collect()
    }

    fn belongs(&self, element: &IdedExpr, list: &IdedExpr, truth: bool, world: World) -> Vec<World> {
        let worlds = self.needed(list, self.needed(element, vec![world]));
        if let (Some(field), Some(option)) = (facts_of(list), text(element)) {
            let told = |world: World| {
                let world = world.where_it_is(chosen(field, option), truth)?;
                self.is_number_right(field, &world).then_some(world)
            };
            return worlds.into_iter().filter_map(told).collect();
        }
        let Expr::List(list) = &list.expr else { return worlds };
        let numbers: Option<BTreeSet<i64>> = list.elements.iter().map(number).collect();
        if let Some(numbers) = numbers {
            let told = |world: World| {
                let Operand { name, range } = self.operand(element, &world);
                let Range::Whole(least, most) = range else { return Some(world) };
                let (least, most) = among(&numbers, least, most, truth)?;
                Some(world.knowing(name, Range::Whole(least, most)))
            };
            return worlds.into_iter().filter_map(told).collect();
        }
        let texts: Option<BTreeSet<String>> =
            list.elements.iter().map(|element| text(element).map(str::to_owned)).collect();
        let Some(texts) = texts else { return worlds };
        let told = |world: World| {
            let operand = self.operand(element, &world);
            let range = match (&operand.range, truth) {
                (Range::Words(_), false) => operand.range.of_words(|word| !texts.contains(word))?,
                (Range::Whole(..), _) | (_, false) => operand.range.clone(),
                (known, true) => related(known, Relation::Equal, &Range::Words(texts.clone()))?.0,
            };
            Some(world.knowing(operand.name, range))
        };
        worlds.into_iter().filter_map(told).collect()
    }

    /// As many options as must be chosen still can be, and no more are than may be. Bounds that
    /// leave nothing are told themselves.
    fn is_number_right(&self, field: &str, world: &World) -> bool {
        let Some(FieldKind::MultiChoice { options, min, max }) = self.kind_of(field) else { return true };
        let those = |truth: bool| {
            let said = Some(Range::of_truth(truth));
            let of = |option: &str| world.values.get(&chosen(field, option)) == said.as_ref();
            options.iter().filter(|option| of(&option.value)).count()
        };
        let fewest = (*min).max(1) as usize;
        let (left_out, taken) = (those(false), those(true));
        (left_out == 0 || options.len() - left_out >= fewest)
            && max.is_none_or(|most| taken <= most.max(1) as usize)
    }

    /// Whether a place lies in a region that is written out.
    fn lies(&self, place: &IdedExpr, region: &IdedExpr, truth: bool, world: World) -> Vec<World> {
        let worlds = self.needed(region, self.needed(place, vec![world]));
        let Some(code) = text(region).and_then(|code| RegionCode::parse(code).ok()) else { return worlds };
        let told = |world: World| {
            let Operand { name, range } = self.operand(place, &world);
            let range = range.lying_in(&code, truth)?;
            match name {
                Some(name) => world
                    .where_it_is(format!("{name}∈{code}"), truth)
                    .map(|world| world.knowing(Some(name), range)),
                None => Some(world),
            }
        };
        worlds.into_iter().filter_map(told).collect()
    }

    fn starts(&self, of: &IdedExpr, start: &str, truth: bool, world: World) -> Vec<World> {
        let is_mobile = matches!(facts_of(of).and_then(|name| self.kind_of(name)), Some(FieldKind::Mobile));
        let is_against = match truth {
            true => !Mobile::may_start_with(start),
            false => Mobile::must_start_with(start),
        };
        if is_mobile && is_against {
            return Vec::new();
        }
        let told = |world: World| {
            let Operand { name, range } = self.operand(of, &world);
            let range = range.of_words(|word| word.starts_with(start) == truth)?;
            Some(world.knowing(name, range))
        };
        self.needed(of, vec![world]).into_iter().filter_map(told).collect()
    }

    /// The worlds in which the field has an answer: then it is shown, too.
    pub fn present(&self, name: &str, mut world: World) -> Vec<World> {
        let Some(index) = self.fields.iter().position(|field| field.name == name) else {
            return vec![world];
        };
        if world.absent.contains(&index) || self.gone.contains(&index) {
            return Vec::new();
        }
        if !world.present.insert(index) {
            return vec![world];
        }
        let days = match self.fields[index].kind {
            FieldKind::Date { past: true, .. } => Some((name, TODAY)),
            FieldKind::Date { future: true, .. } => Some((TODAY, name)),
            _ => None,
        };
        if let Some((earlier, later)) = days {
            match world.order.with(earlier, Relation::AtMost, later) {
                Some(order) => world.order = order,
                None => return Vec::new(),
            }
        }
        match &self.fields[index].visible_when {
            Some(rule) if !self.shown.contains(&index) => self.assume(rule.tree(), true, world),
            Some(_) | None => vec![world],
        }
    }

    /// The worlds in which it has none; what is required and always shown has one.
    fn absent(&self, name: &str, mut world: World) -> Vec<World> {
        let Some(index) = self.fields.iter().position(|field| field.name == name) else {
            return vec![world];
        };
        let field = &self.fields[index];
        let is_always = matches!(field.required, Requirement::Required) && field.visible_when.is_none();
        if world.present.contains(&index) || is_always {
            return Vec::new();
        }
        world.absent.insert(index);
        vec![world]
    }

    /// The world in which this option is chosen, if it may be.
    pub fn choose(&self, field: &str, option: &str, world: World) -> Option<World> {
        let known = world.values.get(field).cloned().unwrap_or_else(|| self.range_of(field));
        let (range, _) = related(&known, Relation::Equal, &Range::of_text(option))?;
        Some(world.knowing(Some(field.to_owned()), range))
    }

    /// The worlds in which every answer is there that the value cannot do without.
    fn needed(&self, expression: &IdedExpr, worlds: Vec<World>) -> Vec<World> {
        let mut names = BTreeSet::new();
        needs(expression, &mut names);
        names.into_iter().fold(worlds, |worlds, name| {
            worlds.into_iter().flat_map(|world| self.present(name, world)).collect()
        })
    }
}

impl World {
    /// The world in which what is called so is true, or is not; `None`: it is known not to be.
    fn where_it_is(self, name: String, truth: bool) -> Option<Self> {
        let known = self.values.get(&name).cloned().unwrap_or(Range::Truth { yes: true, no: true });
        let (range, _) = related(&known, Relation::Equal, &Range::of_truth(truth))?;
        Some(self.knowing(Some(name), range))
    }

    fn knowing(mut self, name: Option<String>, range: Range) -> Self {
        if let Some(name) = name {
            self.values.insert(name, range);
        }
        self
    }
}

/// The field of `facts.field` or `has(facts.field)`.
pub(super) fn facts_of(expression: &IdedExpr) -> Option<&str> {
    match &expression.expr {
        Expr::Select(select) if matches!(&select.operand.expr, Expr::Ident(name) if name == "facts") => {
            Some(&select.field)
        }
        _ => None,
    }
}

/// What it is known by that an option is among those chosen.
fn chosen(field: &str, option: &str) -> String {
    format!("{field}∋{option}")
}

/// The whole number that is written out.
fn number(expression: &IdedExpr) -> Option<i64> {
    match &expression.expr {
        Expr::Literal(LiteralValue::Int(value)) => Some(*value.inner()),
        _ => None,
    }
}

/// The bounds of what lies within these bounds and is one of the numbers, or is none of them.
fn among(numbers: &BTreeSet<i64>, least: i64, most: i64, is_one: bool) -> Option<(i64, i64)> {
    // Of what is known one contradicts the other, which nothing had shown yet.
    if least > most {
        return None;
    }
    if is_one {
        let mut within = numbers.range(least..=most);
        let first = *within.next()?;
        return Some((first, within.next_back().copied().unwrap_or(first)));
    }
    let mut bounds = (least, most);
    while numbers.contains(&bounds.0) {
        if bounds.0 == bounds.1 {
            return None;
        }
        bounds.0 += 1;
    }
    while numbers.contains(&bounds.1) {
        bounds.1 -= 1;
    }
    Some(bounds)
}

fn text(expression: &IdedExpr) -> Option<&str> {
    match &expression.expr {
        Expr::Literal(LiteralValue::String(text)) => Some(text.inner()),
        _ => None,
    }
}

/// The fields a value cannot do without. What is decided before all of it is looked at,
/// and what is asked of each entry of a list, may do without.
fn needs<'e>(expression: &'e IdedExpr, names: &mut BTreeSet<&'e str>) {
    match &expression.expr {
        Expr::Select(select) if select.test => {}
        Expr::Select(select) => match facts_of(expression) {
            Some(name) => drop(names.insert(name)),
            None => needs(&select.operand, names),
        },
        Expr::Call(call) if is_decided_early(&call.func_name) => {}
        Expr::Call(call) => {
            call.target.iter().for_each(|target| needs(target, names));
            call.args.iter().for_each(|argument| needs(argument, names));
        }
        _ => {}
    }
}

fn is_decided_early(operator: &str) -> bool {
    [operators::LOGICAL_AND, operators::LOGICAL_OR, operators::CONDITIONAL].contains(&operator)
}
