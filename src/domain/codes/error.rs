//! Why a text is not a code. The wording is made here once, so that every code
//! says the same thing in the same way: what is wrong, where, and what to do.
//! No message echoes more than one character of the text that was given.

use std::fmt;

use crate::domain::text::Text;

/// A text is not the code it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeError {
    /// Stable and machine-readable, one for each kind of check:
    /// `wrong_length`, `wrong_character`, `wrong_check_digit`, `not_a_date`,
    /// `wrong_part` (a part has the right shape but no meaning) or
    /// `wrong_duration`.
    pub code: &'static str,
    /// What is wrong and what to do about it.
    pub detail: Text,
}

impl CodeError {
    pub(in crate::domain) fn new(code: &'static str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { code, detail: Text::new(zh, en) }
    }
}

impl fmt::Display for CodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.detail.zh, self.detail.en)
    }
}

impl std::error::Error for CodeError {}

/// What a code, or a part of one, is called in messages.
pub(super) struct Named {
    pub zh: &'static str,
    pub en: &'static str,
}

/// The characters a code is made of, as a test and in words.
pub(super) struct Alphabet {
    pub has: fn(char) -> bool,
    pub zh: &'static str,
    pub en: &'static str,
}

pub(super) const DIGITS: Alphabet =
    Alphabet { has: |c| c.is_ascii_digit(), zh: "数字 0–9", en: "digits 0–9" };

pub(super) const DIGITS_AND_CAPITALS: Alphabet = Alphabet {
    has: |c| c.is_ascii_digit() || c.is_ascii_uppercase(),
    zh: "数字 0–9 和大写字母 A–Z",
    en: "digits 0–9 and capital letters A–Z",
};

impl Named {
    /// Accepts a text with as many characters as one of `lengths` says.
    pub fn check_length(&self, text: &str, lengths: &[usize]) -> Result<(), CodeError> {
        let found = text.chars().count();
        if lengths.contains(&found) {
            return Ok(());
        }
        let list = |or: &str| lengths.iter().map(usize::to_string).collect::<Vec<_>>().join(or);
        Err(self.wrong_length(&list(" 或 "), &list(" or "), found))
    }

    /// The error for a text of `found` characters; `zh` and `en` say how many
    /// there must be.
    pub fn wrong_length(&self, zh: &str, en: &str, found: usize) -> CodeError {
        CodeError::new(
            "wrong_length",
            format!("{}应为 {zh} 位，现为 {found} 位。请对照原件核对后重新填写。", self.zh),
            format!(
                "{} must have {en} characters, but has {found}. Compare it with the original and enter it again.",
                self.en
            ),
        )
    }

    /// Accepts a text made of `alphabet` only. Positions are told from 1.
    pub fn check_characters(&self, text: &str, alphabet: &Alphabet) -> Result<(), CodeError> {
        match text.chars().enumerate().find(|(_, c)| !(alphabet.has)(*c)) {
            None => Ok(()),
            Some((index, found)) => Err(self.wrong_character(index + 1, found, alphabet)),
        }
    }

    fn wrong_character(&self, position: usize, found: char, alphabet: &Alphabet) -> CodeError {
        let found = found.escape_debug();
        CodeError::new(
            "wrong_character",
            format!("{}第 {position} 位“{found}”不可用，此处只能是{}。请改正这一位。", self.zh, alphabet.zh),
            format!(
                "{}: character {position} is “{found}”; only {} may stand there. Correct that character.",
                self.en, alphabet.en
            ),
        )
    }

    /// The error for digits that name no day of the calendar.
    pub fn not_a_date(&self, first: usize, last: usize) -> CodeError {
        CodeError::new(
            "not_a_date",
            format!("{}第 {first}–{last} 位应是真实存在的日期（年年年年月月日日）。请核对这几位。", self.zh),
            format!(
                "{}: characters {first}–{last} must be a date that exists (yyyymmdd). Check those digits.",
                self.en
            ),
        )
    }

    /// The error for a check character that does not fit the others.
    pub fn wrong_check_digit(&self) -> CodeError {
        CodeError::new(
            "wrong_check_digit",
            format!("{}的校验位与其余各位不符，可能有一位写错。请对照原件逐位核对。", self.zh),
            format!(
                "{}: the check character does not fit the others, so one of them is probably mistyped. Compare each with the original.",
                self.en
            ),
        )
    }

    /// The error for a part of the right shape that means nothing; `zh` and
    /// `en` complete the sentence after the name.
    pub fn wrong_part(&self, zh: impl fmt::Display, en: impl fmt::Display) -> CodeError {
        CodeError::new("wrong_part", format!("{}{zh}", self.zh), format!("{} {en}", self.en))
    }
}
