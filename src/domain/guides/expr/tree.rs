//! Walking the parsed form of an expression.

use cel::common::ast::{EntryExpr, Expr, IdedExpr, LiteralValue};

use super::functions::MATCHES;
use crate::domain::guides::pattern::Pattern;

const PATTERN_PREFIX: &str = "@pattern";

/// The index in a variable name made by [`take_patterns`].
pub(super) fn pattern_index(variable: &str) -> Option<usize> {
    variable.strip_prefix(PATTERN_PREFIX)?.parse().ok()
}

/// The text of a string literal.
pub(super) fn literal_text(expression: &IdedExpr) -> Option<&str> {
    match &expression.expr {
        Expr::Literal(LiteralValue::String(text)) => Some(text.inner()),
        _ => None,
    }
}

/// Whether there are any for [`take_patterns`].
pub(super) fn has_patterns(expression: &IdedExpr) -> bool {
    matches!(&expression.expr, Expr::Call(call) if call.func_name == "matches")
        || children(expression).into_iter().any(has_patterns)
}

/// Takes the patterns of all `matches` calls out of a checked expression and
/// leaves variables in their place, so that evaluating compiles nothing.
pub(super) fn take_patterns(expression: &mut IdedExpr) -> Vec<Pattern> {
    let mut patterns = Vec::new();
    replace_patterns(expression, &mut patterns);
    patterns
}

fn replace_patterns(expression: &mut IdedExpr, patterns: &mut Vec<Pattern>) {
    if let Expr::Call(call) = &mut expression.expr
        && call.func_name == "matches"
        && let Some(pattern) = call.args.last().and_then(literal_text).map(Pattern::parse)
        && let Ok(pattern) = pattern
    {
        let name = format!("{PATTERN_PREFIX}{}", patterns.len());
        patterns.push(pattern);
        if let Some(argument) = call.args.last_mut() {
            argument.expr = Expr::Ident(name);
        }
        if let Some(target) = call.target.take() {
            call.args.insert(0, *target);
        }
        call.func_name = MATCHES.to_owned();
    }
    for child in children_mut(expression) {
        replace_patterns(child, patterns);
    }
}

/// Writes the region a guide serves in the place of `guide.region`.
pub(super) fn put_region(expression: &mut IdedExpr, region: &str) {
    if let Expr::Select(select) = &expression.expr
        && matches!(&select.operand.expr, Expr::Ident(name) if name == "guide")
    {
        expression.expr = Expr::Literal(LiteralValue::String(region.to_owned().into()));
        return;
    }
    for child in children_mut(expression) {
        put_region(child, region);
    }
}

/// No name of a field, so that asking for it finds nothing.
const UNSAID: &str = "@unsaid";

/// Puts what has no value, and whose presence cannot be told, in the place of each of these
/// members: `object.name`, and `has(object.name)`.
pub(super) fn take_out(expression: &mut IdedExpr, is_unsaid: &dyn Fn(&str, &str) -> bool) {
    if let Expr::Select(select) = &mut expression.expr
        && let Expr::Ident(object) = &mut select.operand.expr
        && is_unsaid(object, &select.field)
    {
        "facts".clone_into(object);
        UNSAID.clone_into(&mut select.field);
        select.test = false;
        return;
    }
    for child in children_mut(expression) {
        take_out(child, is_unsaid);
    }
}

/// Whether it asks for one of these names.
pub(super) fn mentions(expression: &IdedExpr, is_one: &dyn Fn(&str, &str) -> bool) -> bool {
    match &expression.expr {
        Expr::Select(select) => match &select.operand.expr {
            Expr::Ident(object) => is_one(object, &select.field),
            _ => mentions(&select.operand, is_one),
        },
        _ => children(expression).into_iter().any(|child| mentions(child, is_one)),
    }
}

/// Whether it speaks of a variable of such a name.
pub(super) fn names(expression: &IdedExpr, is_one: &dyn Fn(&str) -> bool) -> bool {
    match &expression.expr {
        Expr::Ident(name) => is_one(name),
        _ => children(expression).into_iter().any(|child| names(child, is_one)),
    }
}

/// How many levels the expression has.
pub(super) fn depth(expression: &IdedExpr) -> usize {
    1 + children(expression).into_iter().map(depth).max().unwrap_or(0)
}

fn children(expression: &IdedExpr) -> Vec<&IdedExpr> {
    match &expression.expr {
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => Vec::new(),
        Expr::Call(call) => call.target.iter().map(AsRef::as_ref).chain(&call.args).collect(),
        Expr::Comprehension(fold) => {
            vec![&fold.iter_range, &fold.accu_init, &fold.loop_cond, &fold.loop_step, &fold.result]
        }
        Expr::List(list) => list.elements.iter().collect(),
        Expr::Select(select) => vec![&select.operand],
        Expr::Map(map) => map.entries.iter().flat_map(|entry| entry_children(&entry.expr)).collect(),
        Expr::Struct(record) => record.entries.iter().flat_map(|entry| entry_children(&entry.expr)).collect(),
    }
}

fn entry_children(entry: &EntryExpr) -> Vec<&IdedExpr> {
    match entry {
        EntryExpr::StructField(field) => vec![&field.value],
        EntryExpr::MapEntry(entry) => vec![&entry.key, &entry.value],
    }
}

/// The parts of a checked expression, which has neither maps nor structs.
fn children_mut(expression: &mut IdedExpr) -> Vec<&mut IdedExpr> {
    match &mut expression.expr {
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) | Expr::Map(_) | Expr::Struct(_) => Vec::new(),
        Expr::Call(call) => call.target.iter_mut().map(AsMut::as_mut).chain(&mut call.args).collect(),
        Expr::Comprehension(fold) => vec![
            &mut fold.iter_range,
            &mut fold.accu_init,
            &mut fold.loop_cond,
            &mut fold.loop_step,
            &mut fold.result,
        ],
        Expr::List(list) => list.elements.iter_mut().collect(),
        Expr::Select(select) => vec![&mut select.operand],
    }
}
