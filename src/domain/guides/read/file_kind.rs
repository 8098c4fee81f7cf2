//! What a file says it is. A word that is none, or a missing one, is the only thing
//! told of a file: read as what it is not, nothing of it would be right.

use super::scalars::no_such_word;
use super::{Reader, tree::Codes};
use crate::domain::guides::expr::Schema;
use crate::domain::guides::problem::{Problem, Problems, Rests};
use crate::domain::guides::source::Node;
use crate::domain::text::Text;

const KINDS: [&str; 4] = ["item", "guide", "bundle", "certificate_types"];
/// Keys no guide has at its top, and what has them.
const TELLING: [(&str, &str); 7] = [
    ("basic_code", "item"),
    ("legal_basis", "item"),
    ("guide", "item"),
    ("parts", "bundle"),
    ("leader", "bundle"),
    ("later", "bundle"),
    ("types", "certificate_types"),
];

/// Whether a file that is to be read as a guide is one.
pub(super) fn is_known(root: &Node, problems: &Problems) -> bool {
    match (root.member("kind"), meant(root)) {
        (Some(node), _) if node.scalar() == Some("guide") => true,
        (Some(node), _) => {
            let schema = Schema::default();
            let reader = Reader { scenarios: Codes::none(), ..Reader::plain(problems, &schema) };
            no_such_word(node, &reader, node.scalar().unwrap_or_default(), KINDS.into_iter());
            false
        }
        (None, None) => true,
        (None, Some(kind)) => {
            let problem = Problem {
                origin: root.origin,
                line: root.line,
                path: "/kind".to_owned(),
                reason: Text::new(
                    format!("缺少 kind，没有它就会当作指南读取；请写 kind: {kind}。"),
                    format!(
                        "kind is missing, and without it the file is read as a guide; write kind: {kind}."
                    ),
                ),
            };
            problems.push(problem, Rests::Itself);
            false
        }
    }
}

/// What a file without a kind looks like, if it is not a guide.
fn meant(root: &Node) -> Option<&'static str> {
    let has = |key: &str| root.member(key).is_some();
    let telling = TELLING.iter().find(|(key, _)| has(key)).map(|(_, kind)| *kind);
    telling.filter(|_| !has("item"))
}
