//! The type check of an expression. CEL is typed only when it runs; a rule that
//! fails in front of an applicant comes too late, so every name, type and
//! missing guard is found here, all at once.
//!
//! An answer that may be absent is reached only where `has(facts.x)` is known
//! to be true: to the right of `&&` after it, to the right of `||` after its
//! negation, or in the branch of a conditional it decides.

mod calls;

use std::collections::BTreeSet;

use cel::common::ast::{ComprehensionExpr, Expr, IdedExpr, LiteralValue, operators};

use super::Complaint;
use super::schema::{Lookup, Vocabulary, attribute_names, proof_of};
use super::tree::{depth, names};
use super::types::{Cell, Type};
use crate::domain::guides::model::OfferedChannel;
use crate::domain::guides::problem::Rests;
use crate::domain::guides::suggest::closest;
use crate::domain::text::Text;

/// The deepest expression that is evaluated; evaluation recurses.
const MAX_DEPTH: usize = 40;
/// `all` and `exists` within each other.
const MAX_LOOPS: usize = 2;

/// What an expression asks about.
pub(super) struct Asked {
    /// By name.
    pub fields: BTreeSet<String>,
    pub asks_channel: bool,
}

/// What the expression asks about, or everything that is wrong with it.
pub(super) fn check(tree: &IdedExpr, vocabulary: Vocabulary<'_>) -> Result<Asked, Vec<Complaint>> {
    if depth(tree) > MAX_DEPTH {
        return Err(vec![Complaint::itself(Text::new(
            "表达式嵌套过深，请拆成几条。",
            "The expression is nested too deeply; split it into several.",
        ))]);
    }
    let asked = Asked { fields: BTreeSet::new(), asks_channel: false };
    let mut checker = Checker { vocabulary, locals: Vec::new(), asked, problems: Vec::new() };
    match checker.infer(tree, &Known::default()) {
        Type::Bool | Type::Anything => {}
        other => {
            let is = other.text();
            checker.report(
                format!("表达式的结果应为真或假，这里得到{}。", is.zh),
                format!("The expression must be true or false, but is {}.", is.en),
            );
        }
    }
    if checker.problems.is_empty() { Ok(checker.asked) } else { Err(checker.problems) }
}

/// The fields known to have an answer at some point of the expression.
type Known = BTreeSet<String>;

struct Checker<'a> {
    vocabulary: Vocabulary<'a>,
    /// The variables of the loops around, innermost last.
    locals: Vec<(String, Type)>,
    asked: Asked,
    problems: Vec<Complaint>,
}

impl Checker<'_> {
    /// The expression is wrong in itself.
    fn report(&mut self, zh: impl Into<String>, en: impl Into<String>) -> Type {
        self.complain(Text::new(zh, en), Rests::Itself)
    }

    /// The expression does not go with what the form says.
    fn astray(&mut self, text: Text) -> Type {
        self.complain(text, Rests::Another)
    }

    fn complain(&mut self, text: Text, rests: Rests) -> Type {
        let problem = Complaint { text, rests };
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
        Type::Anything
    }

    fn agree(&mut self, outcome: Result<(), Text>, of: &[&IdedExpr]) {
        if let Err(text) = outcome {
            self.disagree(text, of);
        }
    }

    /// These operands do not go together: wrong in itself, unless they speak of the form.
    fn disagree(&mut self, text: Text, of: &[&IdedExpr]) -> Type {
        let locals = &self.locals;
        let is_form = |name: &str| name == "facts" || locals.iter().any(|(local, _)| local == name);
        let rests = match of.iter().any(|operand| names(operand, &is_form)) {
            true => Rests::Another,
            false => Rests::Itself,
        };
        self.complain(text, rests)
    }

    fn infer(&mut self, expression: &IdedExpr, known: &Known) -> Type {
        match &expression.expr {
            Expr::Literal(literal) => self.literal(literal),
            Expr::Ident(name) => self.variable(name),
            Expr::Select(select) if select.test => self.has(&select.operand, &select.field, known),
            Expr::Select(select) => self.select(&select.operand, &select.field, known),
            Expr::Call(call) => self.call(call, known),
            Expr::List(list) => self.list(&list.elements, !list.optional_indices.is_empty(), known),
            Expr::Comprehension(fold) => self.fold(fold, known),
            Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => self.report(
                "此处不支持 {…}，请只用条件、列表和函数。",
                "{…} is not supported here; use conditions, lists and functions only.",
            ),
        }
    }

    fn literal(&mut self, literal: &LiteralValue) -> Type {
        match literal {
            LiteralValue::Boolean(_) => Type::Bool,
            LiteralValue::Int(_) => Type::Int,
            LiteralValue::String(text) => Type::literal(text.inner()),
            LiteralValue::Double(_) | LiteralValue::UInt(_) => self.report(
                "只支持整数，请去掉小数部分或后缀 u。",
                "Only whole numbers are supported; leave out the fraction or the suffix u.",
            ),
            LiteralValue::Bytes(_) | LiteralValue::Null => self.report(
                "不支持 null 和字节串；判断是否填写请用 has(facts.x)。",
                "null and bytes are not supported; to see whether there is an answer use has(facts.x).",
            ),
        }
    }

    fn variable(&mut self, name: &str) -> Type {
        if let Some((_, of)) = self.locals.iter().rev().find(|(local, _)| local == name) {
            return of.clone();
        }
        match name {
            "facts" => Type::Facts,
            "applicant" => Type::Applicant,
            "guide" => Type::Guide,
            "today" => Type::date(),
            "channel" if matches!(self.vocabulary, Vocabulary::Cited(_)) => {
                self.asked.asks_channel = true;
                Type::option(OfferedChannel::ALL.map(OfferedChannel::as_str))
            }
            "channel" => self.report(
                "同一事实在任何渠道得到同一结果，规则不能依据 channel；法律要求到场的，请写 channels: { only: …, basis: … }，法律只对某一渠道另有要求的，请在表单规则中写 basis，均须写明条文。",
                "The same facts get the same answer through every channel, so no rule may rest on channel; where the law demands presence write channels: { only: …, basis: … }, and where it asks more of one channel give the rule of the form its basis; cite the article in both.",
            ),
            _ => {
                let near = closest(name, ["facts", "applicant", "guide", "today"]);
                let field = matches!(self.vocabulary.field(name), Lookup::Known(_));
                let (zh, en) = match near {
                    Some(near) => (format!("是不是 {near}？"), format!("did you mean {near}?")),
                    None if field => (format!("请写 facts.{name}。"), format!("write facts.{name}.")),
                    None => (
                        "可用 facts、applicant、guide、today；文字要加引号。".to_owned(),
                        "there are facts, applicant, guide and today; put text in quotes.".to_owned(),
                    ),
                };
                self.report(format!("没有变量 {name}，{zh}"), format!("There is no variable {name}; {en}"))
            }
        }
    }

    fn has(&mut self, operand: &IdedExpr, field: &str, known: &Known) -> Type {
        if !matches!(&operand.expr, Expr::Ident(name) if name == "facts") {
            match self.infer(operand, known) {
                Type::Row(cells) => {
                    self.cell(&cells, field);
                    return Type::Bool;
                }
                Type::Anything => return Type::Bool,
                _ => {}
            }
            return self.report(
                format!("has() 只用于表单字段：has(facts.x)；{field} 总是存在的。"),
                format!("has() is for form fields: has(facts.x); {field} is always there."),
            );
        }
        self.field(field);
        Type::Bool
    }

    fn select(&mut self, operand: &IdedExpr, field: &str, known: &Known) -> Type {
        match self.infer(operand, known) {
            Type::Facts => match self.field(field) {
                Some((of, always)) if always || known.contains(field) => of,
                Some((of, _)) => {
                    self.astray(Text::new(
                        format!("facts.{field} 可能没有填写，请先判断：has(facts.{field}) && …"),
                        format!("facts.{field} may be absent; test first: has(facts.{field}) && …"),
                    ));
                    of
                }
                None => Type::Anything,
            },
            Type::Applicant => self.attribute(field),
            Type::Row(cells) => match self.cell(&cells, field) {
                Some(Cell { of, always, .. }) if always || known.contains(&known_as(operand, field)) => of,
                Some(Cell { of, .. }) => {
                    self.astray(Text::new(
                        format!("行内的 {field} 可能没有填写，请先用 has() 判断。"),
                        format!("{field} may be absent in a row; test with has() first."),
                    ));
                    of
                }
                None => Type::Anything,
            },
            Type::Guide if field == "region" => Type::region(),
            Type::Guide => self.report(
                format!("guide 没有 {field}，只有 guide.region。"),
                format!("guide has no {field}, only guide.region."),
            ),
            Type::Address => match field {
                "region" => Type::region(),
                "detail" => Type::words(),
                _ => self.report(
                    format!("地址没有 {field}，只有 region 和 detail。"),
                    format!("An address has no {field}, only region and detail."),
                ),
            },
            Type::Anything => Type::Anything,
            Type::Bool | Type::Int | Type::Str(_) | Type::List(_) => self.report(
                format!("“.{field}”之前不是 facts、applicant 或地址。"),
                format!("What stands before “.{field}” is not facts, applicant or an address."),
            ),
        }
    }

    fn cell(&mut self, cells: &[Cell], name: &str) -> Option<Cell> {
        let cell = cells.iter().find(|cell| cell.name == name).cloned();
        if cell.is_none() {
            let names: Vec<&str> = cells.iter().map(|cell| cell.name.as_str()).collect();
            self.astray(Text::new(
                format!("行内没有字段 {name}，只有：{}。", names.join("、")),
                format!("A row has no field {name}; there are {}.", names.join(", ")),
            ));
        }
        cell
    }

    /// A form field: its type, and whether it always has an answer.
    fn field(&mut self, name: &str) -> Option<(Type, bool)> {
        match (self.vocabulary.field(name), self.vocabulary) {
            (Lookup::Known(field), _) if !field.has_answer => self.astray(Text::new(
                format!("{name} 用于上传文件，没有答案，表达式不能用它。"),
                format!("{name} hands in a file and has no answer, so no expression can ask for it."),
            )),
            (Lookup::Known(field), _) => {
                self.asked.fields.insert(name.to_owned());
                return Some((field.of.clone(), field.always));
            }
            (Lookup::NotHere, Vocabulary::Verified(_)) => self.report(
                format!("自动审批只能依据已核验的申请人属性和 today，不能用 facts.{name}。"),
                format!("An automatic approval rests on verified attributes and today alone, not on facts.{name}."),
            ),
            (Lookup::NotHere, Vocabulary::Whole(_) | Vocabulary::Cited(_) | Vocabulary::Above(..)) => self.astray(Text::new(
                format!("facts.{name} 排在本字段之后；显示条件只能用前面的字段，请调整顺序。"),
                format!("facts.{name} comes after this field; visibility may depend on earlier fields only. Reorder them."),
            )),
            (Lookup::Unknown, vocabulary) => self.astray(no_such_field(vocabulary, name)),
        };
        None
    }

    fn attribute(&mut self, name: &str) -> Type {
        match self.vocabulary.attribute(name) {
            Lookup::Known(of) => of,
            Lookup::NotHere => {
                let proof = proof_of(name);
                self.report(
                    format!("applicant.{name} 依据的 {proof} 未列入 verified，请加上后再用于自动审批。"),
                    format!("applicant.{name} rests on {proof}, which is not listed under verified; add it there before a machine decides by it."),
                )
            }
            Lookup::Unknown => {
                let hint = closest(name, attribute_names());
                let all = || attribute_names().collect::<Vec<_>>();
                let (zh, en) = match hint {
                    Some(near) => (format!("是不是 {near}？"), format!("did you mean {near}?")),
                    None => {
                        (format!("只有：{}。", all().join("、")), format!("there are {}.", all().join(", ")))
                    }
                };
                self.report(
                    format!("applicant 没有属性 {name}，{zh}"),
                    format!("applicant has no {name}; {en}"),
                )
            }
        }
    }

    fn list(&mut self, elements: &[IdedExpr], optional: bool, known: &Known) -> Type {
        if optional {
            return self.report("不支持可选语法 ?。", "The optional syntax ? is not supported.");
        }
        let (mut of, all) = (Type::Anything, elements.iter().collect::<Vec<_>>());
        for element in elements {
            let next = self.infer(element, known);
            of = self.joined(of, next, &all);
        }
        Type::list(of)
    }

    fn joined(&mut self, a: Type, b: Type, of: &[&IdedExpr]) -> Type {
        a.join(b).unwrap_or_else(|text| self.disagree(text, of))
    }

    fn expect(&mut self, wanted: &Type, expression: &IdedExpr, known: &Known) {
        let found = self.infer(expression, known);
        if found != Type::Anything && found != *wanted {
            let (wanted, found) = (wanted.text(), found.text());
            self.report(
                format!("此处应为{}，却是{}。", wanted.zh, found.zh),
                format!("{} is needed here, not {}.", wanted.en, found.en),
            );
        }
    }

    /// What `all` and `exists` stand for. The parser writes `exists_one` as a fold that starts
    /// with a number, `map` and `filter` as one that starts with a list.
    fn fold(&mut self, fold: &ComprehensionExpr, known: &Known) -> Type {
        match &fold.accu_init.expr {
            Expr::Literal(LiteralValue::Boolean(_)) => {}
            Expr::List(_) => return self.no_function("map / filter"),
            _ => return self.no_function("exists_one"),
        }
        let of = match self.infer(&fold.iter_range, known) {
            Type::List(of) => *of,
            Type::Anything => Type::Anything,
            other => {
                let is = other.text();
                self.report(
                    format!("只能对列表逐项判断，这里是{}。", is.zh),
                    format!("Only a list can be gone through, not {}.", is.en),
                )
            }
        };
        if matches!(fold.iter_var.as_str(), "facts" | "applicant" | "guide" | "today" | "channel") {
            self.report(
                format!("循环变量不能叫 {}，请换一个名字。", fold.iter_var),
                format!("A loop variable cannot be called {}; choose another name.", fold.iter_var),
            );
        }
        if self.locals.len() >= 2 * MAX_LOOPS {
            return self
                .report("列表判断最多嵌套两层。", "Lists may be gone through at most two levels deep.");
        }
        // What is known of a row of this name is not known of the next.
        let shadowed = format!("{}.", fold.iter_var);
        let known = &known.iter().filter(|name| !name.starts_with(&shadowed)).cloned().collect();
        self.locals.push((fold.iter_var.clone(), of));
        self.locals.push((fold.accu_var.clone(), Type::Bool));
        self.expect(&Type::Bool, &fold.loop_step, known);
        self.locals.truncate(self.locals.len().saturating_sub(2));
        Type::Bool
    }
}

/// Told wherever a field is named that the form does not have.
pub(in crate::domain::guides) fn no_such_field(vocabulary: Vocabulary<'_>, name: &str) -> Text {
    let (zh, en) = match closest(name, vocabulary.all_names()) {
        Some(near) => (format!("是不是 {near}？"), format!("did you mean {near}?")),
        None => ("请核对 form.fields。".to_owned(), "see form.fields.".to_owned()),
    };
    Text::new(format!("表单没有字段 {name}，{zh}"), format!("The form has no field {name}; {en}"))
}

fn with(known: &Known, more: Known) -> Known {
    known.union(&more).cloned().collect()
}

/// By which name an answer is known: a field's own, or with the row it is of.
fn known_as(operand: &IdedExpr, field: &str) -> String {
    match &operand.expr {
        Expr::Ident(row) if row != "facts" => format!("{row}.{field}"),
        _ => field.to_owned(),
    }
}

/// The fields that have an answer whenever `condition` is `truth`.
fn guards(condition: &IdedExpr, truth: bool) -> Known {
    match &condition.expr {
        Expr::Select(select) if select.test && truth => {
            Known::from([known_as(&select.operand, &select.field)])
        }
        Expr::Call(call) => match (call.func_name.as_str(), call.args.as_slice()) {
            (operators::LOGICAL_NOT, [operand]) => guards(operand, !truth),
            (operators::LOGICAL_AND, [left, right]) if truth => {
                with(&guards(left, true), guards(right, true))
            }
            (operators::LOGICAL_AND, [left, right]) => {
                guards(left, false).intersection(&guards(right, false)).cloned().collect()
            }
            (operators::LOGICAL_OR, [left, right]) if truth => {
                guards(left, true).intersection(&guards(right, true)).cloned().collect()
            }
            (operators::LOGICAL_OR, [left, right]) => with(&guards(left, false), guards(right, false)),
            (_, _) => Known::new(),
        },
        _ => Known::new(),
    }
}
