//! 情形引导: the scenarios of a guide and the questions that lead to them.

use super::keys::Keys;
use super::scalars::Name;
use super::tree::OF_A_SCENARIO;
use super::{Read, Reader};
use crate::domain::guides::model::{Answer, Question};
use crate::domain::guides::source::Node;
use crate::domain::text::Text;

/// The most scenarios of a guide: each is read and checked as a guide of its own.
pub(super) const MAX_SCENARIOS: usize = 30;
/// The most questions one after another: a resident is to be led, not examined.
const MAX_DEPTH: usize = 5;

/// A scenario before its guide is made. What it says for itself is read there.
pub(super) struct ScenarioHead {
    pub code: String,
    pub name: Text,
}

impl Read for ScenarioHead {
    fn read(node: &Node, reader: &Reader<'_>) -> Option<Self> {
        let keys = Keys::of(node, reader)?;
        let (code, name) = (keys.need::<Name>("code"), keys.need("name"));
        keys.allow(&OF_A_SCENARIO);
        keys.close();
        Some(Self { code: code?.0, name: name? })
    }
}

impl Read for Question {
    fn read(node: &Node, reader: &Reader<'_>) -> Option<Self> {
        let keys = Keys::of(node, reader)?;
        let (ask, answers) = (keys.need("ask"), keys.need_some("answers"));
        check_told_apart(&keys, reader);
        keys.close();
        Some(Self { ask: ask?, answers: answers? })
    }
}

impl Read for Answer {
    fn read(node: &Node, reader: &Reader<'_>) -> Option<Self> {
        let keys = Keys::of(node, reader)?;
        let answer = keys.need("answer");
        keys.allow(&["scenario", "ask", "answers"]);
        let next = match (keys.has("scenario"), keys.has("ask") || keys.has("answers")) {
            (true, false) => {
                let scenario = keys.need::<Name>("scenario").map(|name| name.0);
                if let Some(scenario) = &scenario {
                    check_known(keys.get("scenario").unwrap_or(node), scenario, reader);
                }
                answer.zip(scenario).map(|(answer, scenario)| Self::Scenario { answer, scenario })
            }
            (false, true) if node.path.matches("/answers/").count() < MAX_DEPTH => {
                let question = keys.need("ask").zip(keys.need_some("answers"));
                check_told_apart(&keys, reader);
                let question = question.map(|(ask, answers)| Question { ask, answers });
                answer.zip(question).map(|(answer, next)| Self::Question { answer, next })
            }
            (false, true) => {
                reader.problems.at(
                    node,
                    format!("提问最多 {MAX_DEPTH} 层，请精简。"),
                    format!("Questions go {MAX_DEPTH} deep at most; ask less."),
                );
                None
            }
            (true, true) | (false, false) => {
                reader.problems.at(
                    node,
                    "一个回答要么写 scenario，要么写 ask 和 answers。",
                    "An answer has either scenario, or ask and answers.",
                );
                None
            }
        };
        keys.close();
        next
    }
}

/// Of two answers that say the same nobody would ever choose the second.
fn check_told_apart(keys: &Keys<'_, '_>, reader: &Reader<'_>) {
    let answers = keys.get("answers").map(Node::items).unwrap_or_default();
    let said = |answer: &Node| Some(answer.member("answer")?.member("zh")?.scalar()?.to_owned());
    let mut seen: Vec<(String, usize)> = Vec::new();
    for (said, place) in answers.iter().filter_map(|answer| Some((said(answer)?, answer.member("answer")?))) {
        match seen.iter().find(|(earlier, _)| *earlier == said).filter(|_| !reader.is_published) {
            None => seen.push((said, place.line)),
            Some((_, line)) => reader.problems.at(
                place,
                format!("回答“{said}”与第 {line} 行相同，没有人会选到这里；请改写其中一个。"),
                format!("The answer “{said}” is the one on line {line}, so nobody gets here; put one of them otherwise."),
            ),
        }
    }
}

/// An answer leads to a scenario there is.
pub(super) fn check_known(node: &Node, code: &str, reader: &Reader<'_>) {
    let known = &reader.scenarios.known;
    if reader.scenarios.may_have(code) {
        return;
    }
    let (zh, en) = match known.is_empty() {
        true => ("请先在 scenarios 中写明。".to_owned(), "list it under scenarios first.".to_owned()),
        false => (format!("可用：{}。", known.join("、")), format!("there are {}.", known.join(", "))),
    };
    reader.problems.astray(
        node,
        format!("没有情形“{code}”，{zh}"),
        format!("There is no scenario “{code}”; {en}"),
    );
}

/// Every scenario must be within reach of the questions.
pub(super) fn check_reach(node: &Node, questions: &Question, reader: &Reader<'_>) {
    let reached = questions.scenarios();
    let known = reader.scenarios.known.iter().map(String::as_str);
    let missed: Vec<&str> = known.filter(|code| !reached.contains(code)).collect();
    // An answer that leads to a scenario there is none of may be meant for one of these.
    let all_known = reached.iter().all(|code| reader.scenarios.known.iter().any(|known| known == code));
    if !missed.is_empty() && all_known {
        reader.problems.at(
            node,
            format!("没有一个回答通往情形 {}，请补上。", missed.join("、")),
            format!("No answer leads to {}; add one.", missed.join(", ")),
        );
    }
}

/// The scenarios an entry belongs to, under the key `scenarios`; empty: all.
pub(super) fn belonging(keys: &Keys<'_, '_>, reader: &Reader<'_>) -> Option<Vec<String>> {
    let Some(node) = keys.get("scenarios") else { return Some(Vec::new()) };
    let codes = keys.need_some::<Name>("scenarios")?;
    reader.distinct(Some(node), "");
    for (Name(code), item) in codes.iter().zip(node.items()) {
        check_known(item, code, reader);
    }
    Some(codes.into_iter().map(|code| code.0).collect())
}
