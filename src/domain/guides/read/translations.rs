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
/// What stands where somebody had no translation yet.
const MARKS: [&str; 4] = ["todo", "tbd", "待译", "待翻译"];
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
        // 待翻译 may be what the text is about.
        let is_about_it = en.scalar().is_some_and(|en| en.to_lowercase().contains("translat"));
        let of_zh = mark(zh).filter(|_| !is_about_it).or_else(|| chinese(zh));
        problems.extend(of_zh.into_iter().chain(mark(en).or_else(|| english(en))));
        return;
    }
    node.entries().iter().for_each(|entry| look_through(&entry.value, problems));
    node.items().iter().for_each(|item| look_through(item, problems));
}

fn problem(node: &Node, zh: String, en: String) -> Problem {
    let reason = Text::new(zh, en);
    Problem { origin: Origin::File, line: node.line, path: node.path.clone(), reason }
}

/// A text of nothing but such marks.
fn mark(node: &Node) -> Option<Problem> {
    let text = node.scalar()?;
    let text_in_small = text.to_lowercase();
    let mut words =
        text_in_small.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).peekable();
    let is_one = |word: &str| MARKS.contains(&word) || (word.len() > 2 && word.bytes().all(|c| c == b'x'));
    let is_mark = words.peek().is_some() && words.all(is_one);
    is_mark.then(|| {
        problem(
            node,
            format!("“{text}”只是待补的记号，还没有译文；请写出这里的文字。"),
            format!("“{text}” only marks what is still to be translated; write the text."),
        )
    })
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
            ("户口簿", "TODO", &["en"]),
            ("户口簿", "[todo]", &["en"]),
            ("户口簿", "xxx", &["en"]),
            ("户口簿", "TBD: 待译", &["en"]),
            ("（待翻译）", "Household register", &["zh"]),
            ("TODO", "待译 todo.", &["zh", "en"]),
        ] {
            assert_eq!(told(zh, en), wrong, "{zh} {en}");
        }
    }

    #[test]
    fn names_codes_and_abbreviations_may_stand() {
        for (zh, en) in [
            ("C1", "C1"),
            ("待翻译", "To be translated"),
            ("待翻译的文件", "Documents to be translated, TBD by the court"),
            ("TODO 清单", "To-do list"),
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
