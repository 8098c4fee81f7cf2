//! Operators and functions: what they take and what they give.

use cel::common::ast::{CallExpr, IdedExpr, operators};

use super::{Checker, Known, guards, with};
use crate::domain::guides::expr::tree::literal_text;
use crate::domain::guides::expr::types::{Stands, Type};
use crate::domain::guides::pattern::Pattern;
use crate::domain::guides::suggest::closest;
use crate::domain::text::Text;

const FUNCTIONS: [&str; 10] =
    ["years", "days", "in_region", "has", "size", "startsWith", "matches", "all", "exists", "in"];

/// All an expression can be made of, as the documents list it.
const LANGUAGE: &str = r#"== != < <= > >= && || ! ?: in + - *, has(facts.x), size(x), x.matches("…"), x.startsWith("…"), years(a, b), days(a, b), in_region(a, b), list.all(x, …), list.exists(x, …)"#;

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
            (operators::LOGICAL_NOT, None, [operand]) => {
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
            operators::ADD | operators::SUBSTRACT | operators::MULTIPLY => {
                self.expect(&Type::Int, left, known);
                self.expect(&Type::Int, right, known);
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
            ("size", None, [of]) => {
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
            ("startsWith", Some(text), [part]) => {
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

    /// What the language does not have, or not in this way.
    pub(super) fn no_function(&mut self, name: &str) -> Type {
        let hint = match name {
            "contains" => Some((r#"请写 x.matches("…")"#, r#"write x.matches("…")"#)),
            "endsWith" => Some((r#"请写 x.matches("…$")"#, r#"write x.matches("…$")"#)),
            operators::DIVIDE => {
                Some(("请把除法改成另一边的乘法", "multiply the other side instead of dividing"))
            }
            _ => None,
        };
        let (zh, en) = match (hint, closest(name, FUNCTIONS)) {
            (Some((zh, en)), _) => (format!("{zh}；"), format!("{en}; ")),
            (None, Some(near)) if near != name => {
                (format!("是不是 {near}？"), format!("did you mean {near}? "))
            }
            (None, _) => Default::default(),
        };
        let name = match name {
            operators::INDEX | operators::OPT_INDEX | operators::OPT_SELECT => "[ ]",
            operators::DIVIDE => "/",
            operators::MODULO => "%",
            name => name,
        };
        self.report(
            format!("不能这样使用 {name}：{zh}可用 {LANGUAGE}。"),
            format!("{name} cannot be used so: {en}there are {LANGUAGE}."),
        )
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
            Some(Err(Text { zh, en })) => {
                self.report(
                    format!("正则表达式有误：{zh}。"),
                    format!("The regular expression is wrong: {en}."),
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
