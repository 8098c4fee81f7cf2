//! The expressions of a guide: CEL (Common Expression Language) booleans over
//! `facts`, `applicant` and `today`, checked against the form when the guide is
//! read. An `Expr` in hand has known names, operands of the right types, and
//! asks for no answer that may be absent without testing for it first; so
//! evaluating it does not fail, save where a date it counts from is unknown.
//!
//! The language is CEL without what a rule has no use for: no fractions, no
//! division, no maps or structs, no lists or texts made of others, no time
//! stamps, no indexing. What is left always ends, in time bounded by the length
//! of the expression and of its lists. Whoever draws a form evaluates it too, so
//! it has what docs/forms.md lists and nothing else.

mod bounds;
mod check;
mod functions;
mod schema;
mod tree;
mod types;
mod values;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, LazyLock};

use cel::common::types::CelBool;
use cel::parser::{Expression, Parser};
use cel::{Context, ExecutionError, Value};
use chrono::NaiveDate;
use serde::{Serialize, Serializer};

use super::applicant::Applicant;
use super::facts::Facts;
use super::known::Unsaid;
use super::memo::Memo;
use super::model::OfferedChannel;
use super::pattern::Pattern;
use super::problem::Rests;
use crate::domain::codes::RegionCode;
use crate::domain::text::Text;

use check::Asked;
pub(in crate::domain::guides) use check::no_such_field;
pub(in crate::domain::guides) use functions::date;
pub(in crate::domain::guides) use schema::{Schema, Vocabulary};
pub(in crate::domain::guides) use values::gender;

/// How deep conditionals may be nested, brackets included.
const MAX_NESTING: u16 = 24;

/// A checked boolean expression, with the text it was read from. Cheap to clone.
#[derive(Clone)]
pub struct Expr(Arc<Compiled>);

struct Compiled {
    source: String,
    tree: Arc<Expression>,
    /// The regular expressions of `matches`, compiled once.
    patterns: Vec<Pattern>,
    fields: BTreeSet<String>,
    asks_channel: bool,
}

/// Guides use the same expressions.
static PARSED: LazyLock<Memo<Arc<Expression>>> = LazyLock::new(|| Memo::new(2_000));
/// The longest that are remembered, in bytes: almost all are shorter, and what many long ones
/// take is nobody's to fill.
const LONGEST_REMEMBERED: usize = 200;

fn parse(source: &str) -> Result<Arc<Expression>, Text> {
    let anew = || {
        bounds::within_bounds(source)?;
        let parser = Parser::new().max_recursion_depth(MAX_NESTING);
        parser.parse(source).map(Arc::new).map_err(|errors| syntax_error(&errors))
    };
    if source.len() > LONGEST_REMEMBERED { anew() } else { PARSED.get_or(source, anew) }
}

/// What is wrong with an expression, and what that rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::domain::guides) struct Complaint {
    pub text: Text,
    pub rests: Rests,
}

impl Complaint {
    fn itself(text: Text) -> Self {
        Self { text, rests: Rests::Itself }
    }
}

/// What an expression can see. Nothing else: not the clock, and the channel only where
/// the expression's rule cites the article that demands it.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    pub facts: &'a Facts,
    pub applicant: &'a Applicant,
    pub today: NaiveDate,
    /// None: whatever asks for it is not judged.
    pub channel: Option<OfferedChannel>,
}

/// Why an expression has no value. It names no personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EvalError {
    /// The answer of this name is not there, or not of its type: the facts are incomplete.
    Absent(String),
    /// `years` or `days` was asked to count from a date that is not known.
    UnknownDate,
    /// A number beyond 64 bits.
    Overflow,
    /// The check and the evaluation disagree, which is a defect of this module.
    Internal(&'static str),
}

impl EvalError {
    /// Stable and machine-readable.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Absent(_) => "absent_answer",
            Self::UnknownDate => "unknown_date",
            Self::Overflow => "number_overflow",
            Self::Internal(_) => "internal_expression_error",
        }
    }
}

impl fmt::Display for EvalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent(name) => write!(f, "{}: {name}", self.code()),
            Self::Internal(what) => write!(f, "{}: {what}", self.code()),
            Self::UnknownDate | Self::Overflow => f.write_str(self.code()),
        }
    }
}

impl std::error::Error for EvalError {}

impl Expr {
    /// Reads and checks an expression. All that is wrong with it is told at once.
    pub(in crate::domain::guides) fn compile(
        source: &str,
        vocabulary: Vocabulary<'_>,
    ) -> Result<Self, Vec<Complaint>> {
        let source = source.trim();
        let mut tree = parse(source).map_err(|reason| vec![Complaint::itself(reason)])?;
        let Asked { fields, asks_channel } = check::check(&tree, vocabulary)?;
        let mut patterns = Vec::new();
        if tree::has_patterns(&tree) {
            patterns = tree::take_patterns(Arc::make_mut(&mut tree));
        }
        Ok(Self(Arc::new(Compiled { source: source.to_owned(), tree, patterns, fields, asks_channel })))
    }

    /// The same expression where `guide.region` is this region.
    pub(in crate::domain::guides) fn of_guide(self, region: &RegionCode) -> Self {
        match Arc::try_unwrap(self.0) {
            Ok(mut compiled) => {
                if tree::mentions(&compiled.tree, &|object, _| object == "guide") {
                    tree::put_region(Arc::make_mut(&mut compiled.tree), region.as_str());
                }
                Self(Arc::new(compiled))
            }
            Err(shared) => Self(shared),
        }
    }

    /// As the guide's author wrote it.
    pub fn source(&self) -> &str {
        &self.0.source
    }

    /// As it was parsed.
    pub(in crate::domain::guides) fn tree(&self) -> &Expression {
        &self.0.tree
    }

    /// The names of the form fields it asks about.
    pub fn fields(&self) -> &BTreeSet<String> {
        &self.0.fields
    }

    /// Whether it looks at the channel somebody applies through.
    pub fn asks_channel(&self) -> bool {
        self.0.asks_channel
    }

    /// Whether it is true of this scope. Never panics; an error is to be
    /// treated as "not met".
    pub fn holds(&self, scope: &Scope<'_>) -> Result<bool, EvalError> {
        self.value(&self.0.tree, scope)
    }

    /// Whether it is true of this scope, whatever is true of that which nobody has said;
    /// none where it may be either. What has no value for another reason is not met.
    pub fn tells(&self, scope: &Scope<'_>, unsaid: &Unsaid) -> Option<bool> {
        let value = if unsaid.is_empty() {
            self.holds(scope)
        } else {
            let mut tree = Expression::clone(&self.0.tree);
            tree::take_out(&mut tree, &|object, name| unsaid.has(object, name));
            self.value(&tree, scope)
        };
        match value {
            Ok(truth) => Some(truth),
            Err(EvalError::Absent(_)) => None,
            Err(EvalError::UnknownDate | EvalError::Overflow | EvalError::Internal(_)) => Some(false),
        }
    }

    /// Whether it has no value for want of what nobody has said.
    pub(super) fn waits_for(&self, scope: &Scope<'_>, unsaid: &Unsaid) -> bool {
        self.asks(unsaid) && self.tells(scope, unsaid).is_none()
    }

    fn asks(&self, unsaid: &Unsaid) -> bool {
        !unsaid.is_empty() && tree::mentions(&self.0.tree, &|object, name| unsaid.has(object, name))
    }

    fn value(&self, tree: &Expression, scope: &Scope<'_>) -> Result<bool, EvalError> {
        let bindings = values::Bindings { scope, patterns: &self.0.patterns };
        let mut context = Context::with_env(functions::environment());
        context.set_variable_resolver(&bindings);
        let value = Value::resolve_val(tree, &context).map_err(eval_error)?;
        value
            .downcast_ref::<CelBool>()
            .map(|truth| *truth.inner())
            .ok_or(EvalError::Internal("not a boolean"))
    }
}

/// The first complaint of the parser, with its column.
fn syntax_error(errors: &cel::ParseErrors) -> Text {
    let (column, reason) = errors
        .errors
        .first()
        .map_or((1, "not an expression"), |error| (error.pos.1.max(1), error.msg.as_str()));
    if reason.contains("Recursion limit") {
        return Text::new(
            "表达式嵌套过深，请拆成几条。",
            "The expression is nested too deeply; split it into several.",
        );
    }
    let reason = reason.lines().next().unwrap_or(reason).trim_start_matches("Syntax error: ");
    Text::new(
        format!("表达式第 {column} 个字符附近有语法错误（{reason}），请按 CEL 语法改正。"),
        format!("Syntax error near character {column} of the expression ({reason}); correct it as CEL."),
    )
}

/// CEL's own messages may quote values, which are personal; ours do not.
fn eval_error(error: ExecutionError) -> EvalError {
    match error {
        ExecutionError::NoSuchKey(name) => EvalError::Absent(name.as_str().to_owned()),
        ExecutionError::Overflow(..) => EvalError::Overflow,
        ExecutionError::FunctionError { message, .. } if message == functions::UNKNOWN_DATE => {
            EvalError::UnknownDate
        }
        ExecutionError::NoSuchOverload(_)
        | ExecutionError::ValuesNotComparable(..)
        | ExecutionError::UnexpectedType { .. }
        | ExecutionError::UnsupportedBinaryOperator(..) => EvalError::Internal("wrong type"),
        ExecutionError::UndeclaredReference(_) => EvalError::Internal("unknown name"),
        _ => EvalError::Internal("failed"),
    }
}

impl PartialEq for Expr {
    fn eq(&self, other: &Self) -> bool {
        self.source() == other.source()
    }
}

impl Eq for Expr {}

impl fmt::Debug for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Expr({:?})", self.source())
    }
}

impl Serialize for Expr {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.source())
    }
}
