//! What an expression may look like before it is parsed. The parser recurses
//! with every bracket, so how deep they go is counted first; and to count them,
//! texts must be told from code exactly as the parser will tell them. Hence
//! only the plain way to write a text is allowed: one pair of quotes on one
//! line, and the escapes `\\`, `\"`, `\'`, `\n` and `\t`.

use std::iter::Peekable;
use std::str::Chars;

use crate::domain::text::Text;

/// The longest expression, in characters.
pub const MAX_LENGTH: usize = 2_000;
/// The most operators, brackets, dots and quotes; bounds the work of the parser.
const MAX_SIGNS: usize = 400;
/// How deep brackets may be nested.
const MAX_BRACKETS: usize = 10;

/// Refuses what is too long, too deep, or written in an unusual way.
pub(super) fn within_bounds(source: &str) -> Result<(), Text> {
    if source.is_empty() {
        return refuse("表达式是空的，请写出条件。", "The expression is empty; write the condition.");
    }
    let signs = source.chars().filter(|c| !c.is_alphanumeric() && !c.is_whitespace()).count();
    if source.chars().count() > MAX_LENGTH || signs > MAX_SIGNS {
        return refuse(
            format!("表达式过长（最多 {MAX_LENGTH} 个字符、{MAX_SIGNS} 个符号），请拆成几条。"),
            format!(
                "The expression is too long (at most {MAX_LENGTH} characters and {MAX_SIGNS} signs); split it into several."
            ),
        );
    }
    scan(source)
}

fn refuse(zh: impl Into<String>, en: impl Into<String>) -> Result<(), Text> {
    Err(Text::new(zh, en))
}

fn scan(source: &str) -> Result<(), Text> {
    let mut characters = source.chars().peekable();
    let mut depth = 0_usize;
    while let Some(character) = characters.next() {
        match character {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            '"' | '\'' => skip_text(character, &mut characters)?,
            '/' if characters.peek() == Some(&'/') => {
                return refuse(
                    "表达式里不能写 // 注释，请写成 YAML 的 # 注释。",
                    "An expression has no // comments; write a YAML comment with #.",
                );
            }
            _ => {}
        }
        if depth > MAX_BRACKETS {
            return refuse(
                format!("括号嵌套超过 {MAX_BRACKETS} 层，请拆成几条。"),
                format!(
                    "Brackets are nested more than {MAX_BRACKETS} deep; split the expression into several."
                ),
            );
        }
    }
    Ok(())
}

/// Reads to the end of a text whose first quote has been read.
fn skip_text(quote: char, characters: &mut Peekable<Chars<'_>>) -> Result<(), Text> {
    let mut empty = true;
    while let Some(character) = characters.next() {
        match character {
            '\n' | '\r' => break,
            '\\' if !matches!(characters.next(), Some('\\' | '"' | '\'' | 'n' | 't')) => {
                return refuse(
                    r#"文字中的反斜杠只能写成 \\ \" \' \n \t，正则表达式里请双写：\\.。"#,
                    r#"A backslash in a text must be one of \\ \" \' \n \t; double it in a regular expression: \\.."#,
                );
            }
            _ if character == quote && empty && characters.peek() == Some(&quote) => {
                return refuse(
                    "文字只用一对引号，不用三个。",
                    "Put a text in one pair of quotes, not three.",
                );
            }
            _ if character == quote => return Ok(()),
            _ => {}
        }
        empty = false;
    }
    refuse("有一个引号没有配对，请补上。", "A quote is not closed; close it on the same line.")
}
