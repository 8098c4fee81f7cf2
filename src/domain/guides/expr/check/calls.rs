//! Operators and functions: what they take and what they give.

use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, operators};

use super::{Checker, Known, guards, with};
use crate::domain::guides::expr::tree::literal_text;
use crate::domain::guides::expr::types::{Stands, Type};
use crate::domain::guides::pattern::Pattern;
use crate::domain::guides::suggest::closest;

const FUNCTIONS: [&str; 15] = [
    "years",
    "days",
    "in_region",
    "has",
    "size",
    "startsWith",
    "endsWith",
    "contains",
    "matches",
    "all",
    "exists",
    "exists_one",
    "map",
    "filter",
    "in",
];

impl Checker<'_> {
    pub(super) fn call(&mut self, call: &CallExpr, known: &Known) -> Type {
        let arguments = call.args.as_slice();
        match (call.func_name.as_str(), &call.target, arguments) {
            (operators::LOGICAL_AND, None, [left, right]) => {
                self.expect(&Type::Bool, left, known);
                self.expect(&Type::Bool, right, &with(known, guards(left, true)));
                Type::Bool
            }
            (operators::LOGICAL_OR, None, [left, right]) => {
                self.expect(&Type::Bool, left, known);
                self.expect(&Type::Bool, right, &with(known, guards(left, false)));
                Type::Bool
            }
            (operators::LOGICAL_NOT | operators::NOT_STRICTLY_FALSE, None, [operand]) => {
                self.expect(&Type::Bool, operand, known);
                Type::Bool
            }
            (operators::CONDITIONAL, None, [condition, yes, no]) => {
                self.expect(&Type::Bool, condition, known);
                let of_yes = self.infer(yes, &with(known, guards(condition, true)));
                let of_no = self.infer(no, &with(known, guards(condition, false)));
                self.joined(of_yes, of_no, &[yes, no])
            }
            (operators::NEGATE, None, [operand]) => {
                self.expect(&Type::Int, operand, known);
                Type::Int
            }
            (operator, None, [left, right]) => self
                .binary(operator, left, right, known)
                .unwrap_or_else(|| self.function(operator, None, arguments, known)),
            (name, target, _) => self.function(name, target.as_deref(), arguments, known),
        }
    }

    /// Comparisons and arithmetic; `None` for anything else.
    fn binary(&mut self, operator: &str, left: &IdedExpr, right: &IdedExpr, known: &Known) -> Option<Type> {
        Some(match operator {
            operators::EQUALS | operators::NOT_EQUALS => {
                let (a, b) = (self.infer(left, known), self.infer(right, known));
                self.agree(a.comparable(&b), &[left, right]);
                Type::Bool
            }
            operators::LESS | operators::LESS_EQUALS | operators::GREATER | operators::GREATER_EQUALS => {
                let (a, b) = (self.infer(left, known), self.infer(right, known));
                self.agree(a.orderable(&b), &[left, right]);
                Type::Bool
            }
            operators::IN => self.membership(left, right, known),
            operators::ADD => self.sum(left, right, known),
            operators::SUBSTRACT | operators::MULTIPLY => {
                self.expect(&Type::Int, left, known);
                self.expect(&Type::Int, right, known);
                Type::Int
            }
            operators::DIVIDE | operators::MODULO => {
                self.expect(&Type::Int, left, known);
                self.divisor(right);
                Type::Int
            }
            _ => return None,
        })
    }

    fn membership(&mut self, element: &IdedExpr, list: &IdedExpr, known: &Known) -> Type {
        let of_element = self.infer(element, known);
        match self.infer(list, known) {
            Type::List(of) => self.agree(of_element.comparable(&of), &[element, list]),
            Type::Anything => {}
            other => {
                let is = other.text();
                self.report(
                    format!("in 的右边应为列表，这里是{}。", is.zh),
                    format!("A list is needed to the right of in, not {}.", is.en),
                );
            }
        }
        Type::Bool
    }

    fn sum(&mut self, left: &IdedExpr, right: &IdedExpr, known: &Known) -> Type {
        match (self.infer(left, known), self.infer(right, known)) {
            (Type::Int | Type::Anything, Type::Int) | (Type::Int, Type::Anything) => Type::Int,
            (Type::Str(a), Type::Str(b)) => Type::Str(a.followed_by(&b)),
            (Type::List(a), Type::List(b)) => Type::list(self.joined(*a, *b, &[left, right])),
            (Type::Anything, Type::Str(_)) | (Type::Str(_), Type::Anything) => Type::Anything,
            (Type::Anything, other) | (other, Type::Anything) => other,
            (a, b) => {
                let (a, b) = (a.text(), b.text());
                self.report(
                    format!("{}与{}不能相加。", a.zh, b.zh),
                    format!("{} and {} cannot be added.", a.en, b.en),
                )
            }
        }
    }

    /// Dividing by what may be zero would fail when the rule runs.
    fn divisor(&mut self, divisor: &IdedExpr) {
        let safe = matches!(&divisor.expr, Expr::Literal(LiteralValue::Int(number)) if *number.inner() > 0);
        if !safe {
            self.report(
                "除数只能是写明的正整数。",
                "The divisor must be a positive whole number written out.",
            );
        }
    }

    fn function(
        &mut self,
        name: &str,
        target: Option<&IdedExpr>,
        arguments: &[IdedExpr],
        known: &Known,
    ) -> Type {
        match (name, target, arguments) {
            ("years" | "days", None, [from, to]) => {
                self.standing(from, &Stands::Date, known);
                self.standing(to, &Stands::Date, known);
                Type::Int
            }
            ("in_region", None, [region, ancestor]) => {
                self.standing(region, &Stands::Region, known);
                self.standing(ancestor, &Stands::Region, known);
                Type::Bool
            }
            ("size", None, [of]) | ("size", Some(of), []) => {
                match self.infer(of, known) {
                    Type::Str(_) | Type::List(_) | Type::Anything => {}
                    Type::Bool
                    | Type::Int
                    | Type::Address
                    | Type::Row(_)
                    | Type::Facts
                    | Type::Applicant
                    | Type::Guide => {
                        self.report("size() 只用于文字和列表。", "size() is for text and lists.");
                    }
                }
                Type::Int
            }
            ("startsWith" | "endsWith" | "contains", Some(text), [part]) => {
                self.any_text(text, known);
                self.any_text(part, known);
                Type::Bool
            }
            ("matches", Some(text), [pattern]) | ("matches", None, [text, pattern]) => {
                self.any_text(text, known);
                self.pattern(pattern);
                Type::Bool
            }
            (_, _, _) => {
                for part in target.into_iter().chain(arguments) {
                    self.infer(part, known);
                }
                self.no_function(name)
            }
        }
    }

    fn no_function(&mut self, name: &str) -> Type {
        let (zh, en) = match closest(name, FUNCTIONS) {
            Some(near) if near == name => (
                "用法或参数个数不对，例如 years(a, b)、has(facts.x)、facts.x.startsWith(\"a\")、list.exists(x, …)。".to_owned(),
                "its use or number of arguments is wrong; for example years(a, b), has(facts.x), facts.x.startsWith(\"a\"), list.exists(x, …).".to_owned(),
            ),
            Some(near) => (format!("是不是 {near}？"), format!("did you mean {near}?")),
            None => (
                format!("可用：{}。", FUNCTIONS.join("、")),
                format!("there are {}.", FUNCTIONS.join(", ")),
            ),
        };
        let name = match name {
            operators::INDEX | operators::OPT_INDEX | operators::OPT_SELECT => "[ ]",
            name => name,
        };
        self.report(format!("不能这样使用 {name}：{zh}"), format!("{name} cannot be used so: {en}"))
    }

    /// A text that stands for a date or a region.
    fn standing(&mut self, expression: &IdedExpr, wanted: &Stands, known: &Known) {
        match self.infer(expression, known) {
            Type::Anything => {}
            Type::Str(Stands::Literal(texts)) if !texts.contains("") => {
                self.agree(wanted.accepts(&texts), &[expression])
            }
            Type::Str(found) if found == *wanted => {}
            found => {
                let (wanted, found) = (Type::Str(wanted.clone()).text(), found.text());
                self.report(
                    format!("此处应为{}，却是{}。", wanted.zh, found.zh),
                    format!("{} is needed here, not {}.", wanted.en, found.en),
                );
            }
        }
    }

    fn any_text(&mut self, expression: &IdedExpr, known: &Known) {
        match self.infer(expression, known) {
            Type::Str(_) | Type::Anything => {}
            found => {
                let found = found.text();
                self.report(
                    format!("此处应为文字，却是{}。", found.zh),
                    format!("Text is needed here, not {}.", found.en),
                );
            }
        }
    }

    fn pattern(&mut self, pattern: &IdedExpr) {
        match literal_text(pattern).map(Pattern::parse) {
            Some(Ok(_)) => {}
            Some(Err(reason)) => {
                self.report(
                    format!("正则表达式有误（{reason}），请改正。"),
                    format!("The regular expression is wrong ({reason}); correct it."),
                );
            }
            None => {
                self.report(
                    "matches 的正则表达式要直接写成文字。",
                    "The regular expression of matches must be written out as text.",
                );
            }
        }
    }
}
