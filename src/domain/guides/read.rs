//! From the text of a guide file to a [`Guide`], or to everything that is wrong
//! with it. Reading never stops at the first mistake: a part that cannot be
//! read is left out, and the rest is read and checked all the same. A guide
//! comes out only when there was nothing to report.

mod form;
mod guide;
mod handling;
mod keys;
mod scalars;
mod terms;

#[cfg(test)]
mod tests;

use super::expr::{Expr, Schema, Vocabulary};
use super::model::{Guide, Requirement};
use super::problem::{Problem, Problems};
use super::source::{self, Content, Node, ScalarKind};

/// Reads and checks a guide file (format 1).
pub fn read_guide(yaml: &str) -> Result<Guide, Vec<Problem>> {
    let mut problems = Vec::new();
    let root = source::parse(yaml, &mut problems);
    let problems = Problems::starting_with(problems);
    let guide = root.and_then(|root| {
        let schema = form::schema(&root);
        let reader = Reader { problems: &problems, schema: &schema };
        Guide::read(&root, &reader)
    });
    let problems = problems.into_sorted();
    match guide {
        Some(guide) if problems.is_empty() => Ok(guide),
        Some(_) | None => Err(problems),
    }
}

/// What reading a part needs to know: where to report, and which form the
/// expressions speak of.
struct Reader<'a> {
    problems: &'a Problems,
    schema: &'a Schema,
}

/// A part of the file. `None` when it could not be read, which has then been reported.
trait Read: Sized {
    fn read(node: &Node, reader: &Reader<'_>) -> Option<Self>;
}

impl Reader<'_> {
    fn expression(&self, node: &Node, vocabulary: Vocabulary<'_>) -> Option<Expr> {
        let Content::Scalar { text, .. } = &node.content else {
            self.problems.at(
                node,
                "此处应为一条表达式，写成一行文字。",
                "Write an expression here, as one line of text.",
            );
            return None;
        };
        match Expr::compile(text, vocabulary) {
            Ok(expression) => Some(expression),
            Err(reasons) => {
                for reason in reasons {
                    self.problems.add(node.line, &node.path, reason);
                }
                None
            }
        }
    }

    /// `true`, `false` or an expression.
    fn requirement(&self, node: &Node) -> Option<Requirement> {
        match &node.content {
            Content::Scalar { kind: ScalarKind::Boolean, .. } => {
                bool::read(node, self).map(|required| match required {
                    true => Requirement::Required,
                    false => Requirement::Optional,
                })
            }
            Content::Scalar { .. } | Content::List(_) | Content::Mapping(_) => {
                self.expression(node, Vocabulary::Whole(self.schema)).map(Requirement::When)
            }
        }
    }

    /// Reports every item of a list whose `key` was used by an item before it.
    fn distinct(&self, list: Option<&Node>, key: &str) {
        let Some(Node { content: Content::List(items), .. }) = list else {
            return;
        };
        let mut seen: Vec<(&str, usize)> = Vec::new();
        for node in items.iter().filter_map(|item| named(item, key)) {
            let Content::Scalar { text, .. } = &node.content else {
                continue;
            };
            match seen.iter().find(|(earlier, _)| earlier == text) {
                None => seen.push((text, node.line)),
                Some((_, line)) => self.problems.at(
                    node,
                    format!("“{text}”与第 {line} 行重复，请改用别的名称。"),
                    format!("“{text}” is used on line {line} already; choose another."),
                ),
            }
        }
    }
}

/// The member `key` of a mapping; with no key, a scalar itself.
fn named<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    match &node.content {
        Content::Mapping(entries) => entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value),
        Content::Scalar { .. } if key.is_empty() => Some(node),
        Content::Scalar { .. } | Content::List(_) => None,
    }
}
