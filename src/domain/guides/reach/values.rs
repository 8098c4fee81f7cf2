//! What the value of an expression may be, for all that is known.

use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, operators};

use super::ranges::{Range, Relation, related};
use super::worlds::{Solver, World, facts_of};
use crate::domain::canonical::MAX_WHOLE;
use crate::domain::guides::model::FieldKind;

/// What `today` is known by; no field is called so.
pub(super) const TODAY: &str = "@today";

/// An operand: what may be known by this name from now on, and what it may be.
pub(super) struct Operand {
    pub name: Option<String>,
    pub range: Range,
}

impl Solver<'_> {
    pub(super) fn operand(&self, expression: &IdedExpr, world: &World) -> Operand {
        let nameless = |range| Operand { name: None, range };
        let named = |name: String| {
            let range = world.values.get(&name).cloned().unwrap_or_else(|| self.range_of(&name));
            Operand { name: Some(name), range }
        };
        match &expression.expr {
            Expr::Select(select) if select.test => nameless(Range::Truth { yes: true, no: true }),
            Expr::Literal(LiteralValue::Boolean(value)) => nameless(Range::of_truth(*value.inner())),
            Expr::Literal(LiteralValue::Int(value)) => nameless(Range::Whole(*value.inner(), *value.inner())),
            Expr::Literal(LiteralValue::String(value)) => nameless(Range::of_text(value.inner())),
            Expr::Ident(name) if name == "today" => named(TODAY.to_owned()),
            Expr::Select(select) => match (&select.operand.expr, facts_of(&select.operand)) {
                (Expr::Ident(object), _) if object == "facts" => named(select.field.clone()),
                (Expr::Ident(object), _) if object == "applicant" => {
                    named(format!("applicant.{}", select.field))
                }
                (_, Some(address)) => named(format!("{address}.{}", select.field)),
                (_, None) => nameless(Range::Anything),
            },
            Expr::Call(call) => nameless(self.result(call, world)),
            _ => nameless(Range::Anything),
        }
    }

    /// What a sum, a difference or a product may be, and what is counted.
    fn result(&self, call: &CallExpr, world: &World) -> Range {
        let whole = |expression: &IdedExpr| match self.operand(expression, world).range {
            Range::Whole(least, most) => Some((least, most)),
            Range::Truth { .. } | Range::Words(_) | Range::Within(_) | Range::Anything => None,
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
            ("days", [from, to]) => {
                let (least, most) = self.days(from, to, world);
                Range::Whole(least, most)
            }
            // Fewer than days, and none where those are few.
            ("years", [from, to]) => {
                let (least, most) = self.days(from, to, world);
                Range::Whole(least.min(0), most.max(0))
            }
            ("size", [of]) => Range::Whole(0, self.longest(of)),
            (_, _) => Range::Anything,
        }
    }

    /// The fewest and the most days from one to the other.
    fn days(&self, from: &IdedExpr, to: &IdedExpr, world: &World) -> (i64, i64) {
        let (from, to) = (self.operand(from, world), self.operand(to, world));
        let number = |range: &Range| match related(&Range::ALL_NUMBERS, Relation::Equal, range) {
            Some((Range::Whole(least, most), _)) => (least, most),
            _ => (i64::MIN, i64::MAX),
        };
        let ((a, b), (c, d)) = (number(&from.range), number(&to.range));
        let is_at_most = |first: &Operand, second: &Operand| {
            let names = first.name.as_ref().zip(second.name.as_ref());
            names.is_some_and(|(first, second)| world.order.is_at_most(first, second))
        };
        let (least, most) = (c.saturating_sub(b), d.saturating_sub(a));
        (
            if is_at_most(&from, &to) { least.max(0) } else { least },
            if is_at_most(&to, &from) { most.min(0) } else { most },
        )
    }

    /// The most characters or entries an answer may have.
    fn longest(&self, of: &IdedExpr) -> i64 {
        match facts_of(of).and_then(|name| self.kind_of(name)) {
            Some(FieldKind::Text { max_length, .. }) => i64::from(*max_length),
            Some(FieldKind::Group { max, .. }) => i64::from(*max),
            Some(FieldKind::MultiChoice { options, max, .. }) => {
                let all = i64::try_from(options.len()).unwrap_or(i64::MAX);
                max.map_or(all, |max| all.min(i64::from(max)))
            }
            _ => i64::MAX,
        }
    }

    /// What is known by this name may be, before anything is known of it.
    pub(super) fn range_of(&self, name: &str) -> Range {
        if let Some(property) = name.strip_prefix("applicant.") {
            return self.of_applicant(property);
        }
        if name == TODAY {
            return Range::ALL_NUMBERS;
        }
        let (field, is_region) = match name.split_once('.') {
            Some((address, part)) => (address, part == "region"),
            None => (name, true),
        };
        match self.kind_of(field) {
            Some(FieldKind::Region { under } | FieldKind::Address { under }) if is_region => {
                under.clone().map_or(Range::Anything, Range::Within)
            }
            Some(FieldKind::Boolean) => Range::Truth { yes: true, no: true },
            Some(FieldKind::Declaration) => Range::of_truth(true),
            Some(FieldKind::Number { min, max } | FieldKind::Money { min, max }) => {
                let (min, max) = (min.unwrap_or(-MAX_WHOLE), max.unwrap_or(MAX_WHOLE));
                // Bounds that leave nothing are told themselves.
                if min > max { Range::ALL_NUMBERS } else { Range::Whole(min, max) }
            }
            Some(FieldKind::Choice { options }) => {
                Range::Words(options.iter().map(|option| option.value.clone()).collect())
            }
            Some(FieldKind::Date { .. }) => Range::ALL_NUMBERS,
            _ => Range::Anything,
        }
    }

    /// What may be known of an applicant who can hand it in. The age is -1 where it is not.
    fn of_applicant(&self, name: &str) -> Range {
        let words = |words: &[&str]| Range::Words(words.iter().map(|word| (*word).to_owned()).collect());
        match name {
            "kind" => words(&["natural_person", "organization"]),
            "gender" => words(&["male", "female", "unknown"]),
            "age" => Range::Whole(-1, i64::MAX),
            "ial" => Range::Whole(i64::from(self.ial), 4),
            _ => Range::Anything,
        }
    }
}
