//! Texts that are there in both languages and yet are not translated: English in the
//! place of Chinese, a copy, Chinese words left standing in the English. Told when a file
//! is checked; what is published already reads all the same.

use super::SourceFile;
use super::scalars::is_han;
use crate::domain::guides::problem::Problem;
use crate::domain::guides::source::{Node, Origin};
use crate::domain::text::Text;

/// Letters in a row that make a word, and not a code, a class or an abbreviation.
const A_WORD: usize = 4;
/// So many English words are a sentence, whatever names stand in it.
const A_SENTENCE: usize = 5;
/// What may stand around a Chinese name in an English text.
const PAIRS: [(char, char); 8] =
    [('(', ')'), ('（', '）'), ('“', '”'), ('《', '》'), ('「', '」'), ('[', ']'), ('"', '"'), ('‘', '’')];

impl SourceFile {
    /// The texts of the file that look untranslated, whatever kind of file it is.
    pub fn untranslated(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if let Some(root) = &self.root {
            look_through(root, &mut problems);
        }
        problems
    }
}

fn look_through(node: &Node, problems: &mut Vec<Problem>) {
    if let (Some(zh), Some(en)) = (node.member("zh"), node.member("en")) {
        problems.extend(chinese(zh).into_iter().chain(english(en)));
        return;
    }
    node.entries().iter().for_each(|entry| look_through(&entry.value, problems));
    node.items().iter().for_each(|item| look_through(item, problems));
}

fn problem(node: &Node, zh: String, en: String) -> Problem {
    let reason = Text::new(zh, en);
    Problem { origin: Origin::File, line: node.line, path: node.path.clone(), reason }
}

fn chinese(node: &Node) -> Option<Problem> {
    let text = node.scalar()?;
    let words = words(text);
    let is_english = match text.chars().any(is_han) {
        // An abbreviation or a number may stand in either language.
        false => text.contains(|c: char| c.is_ascii_lowercase()),
        true => words.len() >= A_SENTENCE && words.len() > text.chars().filter(|c| is_han(*c)).count(),
    };
    is_english.then(|| {
        problem(
            node,
            format!("zh 应为中文，“{text}”像是英文；请写中文（也许与 en 写反了）。"),
            format!("zh must be Chinese, and “{text}” looks English; translate it (it may have changed places with en)."),
        )
    })
}

fn english(node: &Node) -> Option<Problem> {
    let text = node.scalar()?;
    // What has no English at all is told when it is read.
    if !text.contains(|c: char| c.is_ascii_alphanumeric()) {
        return None;
    }
    let left = left_standing(text);
    (!left.is_empty()).then(|| {
        problem(
            node,
            format!("en 里的“{left}”没有译出；请译成英文，须保留的名称请放在括号或引号里。"),
            format!("“{left}” in en is not translated; translate it, and put a name that must stay in brackets or quotation marks."),
        )
    })
}

fn words(text: &str) -> Vec<&str> {
    let words = text.split(|c: char| !c.is_ascii_alphabetic());
    words.filter(|word| word.chars().filter(char::is_ascii_lowercase).count() >= A_WORD).collect()
}

/// The first Chinese words that nothing encloses and no explanation in brackets follows.
fn left_standing(text: &str) -> String {
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| is_han(c) || PAIRS.iter().any(|(open, _)| *open == c)) {
        let found = &rest[start..];
        let Some(first) = found.chars().next() else { break };
        if let Some((_, close)) = PAIRS.iter().find(|(open, _)| *open == first) {
            let inside = &found[first.len_utf8()..];
            rest = inside.find(*close).map_or(inside, |end| &inside[end + close.len_utf8()..]);
            continue;
        }
        let end = found.find(|c: char| !is_han(c)).unwrap_or(found.len());
        let (name, after) = found.split_at(end);
        if !after.trim_start().starts_with(['(', '（']) {
            return name.to_owned();
        }
        rest = after;
    }
    String::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(zh: &str, en: &str) -> Vec<&'static str> {
        let file = serde_json::json!({ "a": [{ "label": { "zh": zh, "en": en } }] });
        let problems = SourceFile::parse(&file.to_string()).untranslated();
        let place = |problem: &Problem| match problem.path.as_str() {
            "/a/0/label/zh" => "zh",
            "/a/0/label/en" => "en",
            other => panic!("{other}"),
        };
        problems.iter().map(place).collect()
    }

    #[test]
    fn what_is_not_translated_is_told_where_it_stands() {
        for (zh, en, wrong) in [
            ("Bank card", "Bank card", &["zh"][..]),
            ("Bank card", "银行卡 card", &["zh", "en"]),
            ("Fee", "Fee", &["zh"]),
            ("ID No. and Age", "ID No. and Age", &["zh"]),
            ("Please give the number of your bank card 卡号", "Number", &["zh"]),
            ("户口簿", "Copy of the 户口簿", &["en"]),
            ("户口簿", "居民户口簿 copy", &["en"]),
        ] {
            assert_eq!(told(zh, en), wrong, "{zh} {en}");
        }
    }

    #[test]
    fn names_codes_and_abbreviations_may_stand() {
        for (zh, en) in [
            ("C1", "C1"),
            ("VIN", "VIN"),
            ("12345", "12345"),
            ("户口簿", "Household register (户口簿)"),
            ("“有限公司”字样", "The words 有限公司 (company limited)"),
            ("《户口登记条例》", "Regulations 《户口登记条例》 on households"),
            ("用 Word 或 Excel 填写", "Fill it in with Word or Excel"),
        ] {
            assert_eq!(told(zh, en), [""; 0], "{zh} {en}");
        }
    }
}
