//! Which answers a condition leaves possible. A world is what is known of an
//! application; assuming that a condition holds gives the worlds in which it may.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, operators};

use super::ranges::{Range, Relation, related};
use crate::domain::canonical::MAX_WHOLE;
use crate::domain::guides::model::{Field, FieldKind, Requirement};

/// After so many steps nothing more is found out, and everything counts as possible.
const MAX_STEPS: usize = 3_000;

/// What is known of an application; of what is not listed, nothing.
#[derive(Debug, Clone, Default)]
pub(super) struct World {
    present: BTreeSet<usize>,
    absent: BTreeSet<usize>,
    values: BTreeMap<String, Range>,
}

pub(super) struct Solver<'f> {
    fields: &'f [Field],
    /// Fields out of reach, which have no answer.
    gone: BTreeSet<usize>,
    /// Fields whose own conditions are left aside.
    shown: BTreeSet<usize>,
    steps: Cell<usize>,
}

/// An operand: what may be known by this name from now on, and what it may be.
struct Operand {
    name: Option<String>,
    range: Range,
}

impl<'f> Solver<'f> {
    pub fn new(fields: &'f [Field]) -> Self {
        Self { fields, gone: BTreeSet::new(), shown: BTreeSet::new(), steps: Cell::new(0) }
    }

    /// These fields have no answer.
    pub fn without(self, gone: &BTreeSet<usize>) -> Self {
        Self { gone: gone.clone(), ..self }
    }

    /// These fields may have one whatever their own conditions say.
    pub fn showing(self, shown: &BTreeSet<usize>) -> Self {
        Self { shown: shown.clone(), ..self }
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
        if relation == Relation::Less && self.is_against_today(left, right) {
            return Vec::new();
        }
        let worlds = self.needed(right, self.needed(left, vec![world]));
        let holds = |world: World| {
            let (a, b) = (self.operand(left, &world), self.operand(right, &world));
            let (of_a, of_b) = related(&a.range, relation, &b.range)?;
            Some(world.knowing(a.name, of_a).knowing(b.name, of_b))
        };
        worlds.into_iter().filter_map(holds).collect()
    }

    /// A day that is past is not after today, nor one to come before it.
    fn is_against_today(&self, earlier: &IdedExpr, later: &IdedExpr) -> bool {
        let is_today = |side: &IdedExpr| matches!(&side.expr, Expr::Ident(name) if name == "today");
        let bounds = |side: &IdedExpr| {
            let field = self.fields.iter().find(|field| Some(field.name.as_str()) == facts_of(side));
            match field.map(|field| &field.kind) {
                Some(FieldKind::Date { past, future }) => (*past, *future),
                _ => (false, false),
            }
        };
        (is_today(earlier) && bounds(later).0) || (is_today(later) && bounds(earlier).1)
    }

    fn belongs(&self, element: &IdedExpr, list: &IdedExpr, truth: bool, world: World) -> Vec<World> {
        let worlds = self.needed(list, self.needed(element, vec![world]));
        if let (Some(field), Some(option)) = (facts_of(list), text(element)) {
            let name = format!("{field}∋{option}");
            let told = |world: World| {
                let known = world.values.get(&name).cloned().unwrap_or(Range::Truth { yes: true, no: true });
                let (range, _) = related(&known, Relation::Equal, &Range::of_truth(truth))?;
                Some(world.knowing(Some(name.clone()), range))
            };
            return worlds.into_iter().filter_map(told).collect();
        }
        let Expr::List(list) = &list.expr else { return worlds };
        let texts: Option<BTreeSet<String>> =
            list.elements.iter().map(|element| text(element).map(str::to_owned)).collect();
        let Some(texts) = texts else { return worlds };
        let told = |world: World| {
            let operand = self.operand(element, &world);
            let range = match (&operand.range, truth) {
                (Range::Words(known), false) => {
                    let rest: BTreeSet<String> = known.difference(&texts).cloned().collect();
                    (!rest.is_empty()).then_some(Range::Words(rest))?
                }
                (Range::Whole(..), _) | (_, false) => operand.range.clone(),
                (known, true) => related(known, Relation::Equal, &Range::Words(texts.clone()))?.0,
            };
            Some(world.knowing(operand.name, range))
        };
        worlds.into_iter().filter_map(told).collect()
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

    fn operand(&self, expression: &IdedExpr, world: &World) -> Operand {
        let nameless = |range| Operand { name: None, range };
        if let Some(name) = facts_of(expression) {
            let known = world.values.get(name).cloned();
            return Operand {
                name: Some(name.to_owned()),
                range: known.unwrap_or_else(|| self.range_of(name)),
            };
        }
        match &expression.expr {
            Expr::Literal(LiteralValue::Boolean(value)) => nameless(Range::of_truth(*value.inner())),
            Expr::Literal(LiteralValue::Int(value)) => nameless(Range::Whole(*value.inner(), *value.inner())),
            Expr::Literal(LiteralValue::String(value)) => nameless(Range::of_text(value.inner())),
            Expr::Select(select) if matches!(&select.operand.expr, Expr::Ident(name) if name == "applicant") =>
            {
                let name = format!("applicant.{}", select.field);
                let range = world.values.get(&name).cloned().unwrap_or_else(|| of_applicant(&select.field));
                Operand { name: Some(name), range }
            }
            Expr::Call(call) => nameless(self.result(call, world)),
            _ => nameless(Range::Anything),
        }
    }

    /// What a sum, a difference or a product may be.
    fn result(&self, call: &CallExpr, world: &World) -> Range {
        let whole = |expression: &IdedExpr| match self.operand(expression, world).range {
            Range::Whole(least, most) => Some((least, most)),
            Range::Truth { .. } | Range::Words(_) | Range::Anything => None,
        };
        match (call.func_name.as_str(), call.args.as_slice()) {
            (operators::ADD, [a, b]) => whole(a).zip(whole(b)).map_or(Range::Anything, |((a, b), (c, d))| {
                Range::Whole(a.saturating_add(c), b.saturating_add(d))
            }),
            (operators::SUBSTRACT, [a, b]) => {
                whole(a).zip(whole(b)).map_or(Range::Anything, |((a, b), (c, d))| {
                    Range::Whole(a.saturating_sub(d), b.saturating_sub(c))
                })
            }
            (operators::MULTIPLY, [a, b]) => whole(a).zip(whole(b)).map_or(Range::Anything, |(a, b)| {
                let ends = [(a.0, b.0), (a.0, b.1), (a.1, b.0), (a.1, b.1)];
                let products = ends.map(|(a, b)| a.saturating_mul(b));
                let [first, ..] = products;
                let least = products.into_iter().fold(first, i64::min);
                Range::Whole(least, products.into_iter().fold(first, i64::max))
            }),
            ("size", [of]) => Range::Whole(0, self.longest(of)),
            (_, _) => Range::Anything,
        }
    }

    /// The most characters or entries an answer may have.
    fn longest(&self, of: &IdedExpr) -> i64 {
        let field = self.fields.iter().find(|field| Some(field.name.as_str()) == facts_of(of));
        match field.map(|field| &field.kind) {
            Some(FieldKind::Text { max_length, .. }) => i64::from(*max_length),
            Some(FieldKind::Group { max, .. }) => i64::from(*max),
            Some(FieldKind::MultiChoice { options, max, .. }) => {
                let all = i64::try_from(options.len()).unwrap_or(i64::MAX);
                max.map_or(all, |max| all.min(i64::from(max)))
            }
            _ => i64::MAX,
        }
    }

    /// What the answer to a field may be.
    fn range_of(&self, name: &str) -> Range {
        let Some(field) = self.fields.iter().find(|field| field.name == name) else { return Range::Anything };
        match &field.kind {
            FieldKind::Boolean => Range::Truth { yes: true, no: true },
            FieldKind::Declaration => Range::of_truth(true),
            FieldKind::Number { min, max } | FieldKind::Money { min, max } => {
                let (min, max) = (min.unwrap_or(-MAX_WHOLE), max.unwrap_or(MAX_WHOLE));
                // Bounds that leave nothing are told themselves.
                if min > max { Range::ALL_NUMBERS } else { Range::Whole(min, max) }
            }
            FieldKind::Choice { options } => {
                Range::Words(options.iter().map(|option| option.value.clone()).collect())
            }
            FieldKind::Date { .. } => Range::ALL_NUMBERS,
            FieldKind::Text { .. }
            | FieldKind::MultiChoice { .. }
            | FieldKind::Region { .. }
            | FieldKind::Address { .. }
            | FieldKind::ResidentId
            | FieldKind::Uscc
            | FieldKind::Mobile
            | FieldKind::Group { .. }
            | FieldKind::File { .. } => Range::Anything,
        }
    }
}

impl World {
    fn knowing(mut self, name: Option<String>, range: Range) -> Self {
        if let Some(name) = name {
            self.values.insert(name, range);
        }
        self
    }
}

/// What may be known of an applicant. The age is -1 where it is not.
fn of_applicant(name: &str) -> Range {
    let words = |words: &[&str]| Range::Words(words.iter().map(|word| (*word).to_owned()).collect());
    match name {
        "kind" => words(&["natural_person", "organization"]),
        "gender" => words(&["male", "female", "unknown"]),
        "age" => Range::Whole(-1, i64::MAX),
        "ial" => Range::Whole(0, 4),
        _ => Range::Anything,
    }
}

/// The field of `facts.field` or `has(facts.field)`.
fn facts_of(expression: &IdedExpr) -> Option<&str> {
    match &expression.expr {
        Expr::Select(select) if matches!(&select.operand.expr, Expr::Ident(name) if name == "facts") => {
            Some(&select.field)
        }
        _ => None,
    }
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
