//! 办理点代码: the short name of a counter or kiosk, chosen by the platform.

use serde::{Deserialize, Serialize};

use super::error::{Alphabet, CodeError, Named};
use super::{parsed_from_text, readable_as_text};

const NAME: Named = Named { zh: "办理点代码", en: "The counter code" };
const ALPHABET: Alphabet = Alphabet {
    has: |c| c.is_ascii_digit() || c.is_ascii_lowercase() || c == '-',
    zh: "数字、小写字母和连字符",
    en: "digits, small letters and hyphens",
};
const LONGEST: usize = 32;

/// A counter's code: 1 to 32 of `a–z`, `0–9` and `-`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct CounterCode(String);

parsed_from_text!(CounterCode);
readable_as_text!(CounterCode);

impl CounterCode {
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        NAME.check_characters(text, &ALPHABET)?;
        match text.len() {
            1..=LONGEST => Ok(Self(text.to_owned())),
            length => Err(NAME.wrong_length("1–32", "1–32", length)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_short_lower_case_names_are_accepted() {
        assert!(CounterCode::parse("tl-340705-01").is_ok());
        assert!(CounterCode::parse("").is_err());
        assert!(CounterCode::parse("TL-01").is_err());
        assert!(CounterCode::parse(&"a".repeat(33)).is_err());
    }
}
