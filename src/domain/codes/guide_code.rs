//! 实施编码: the number of one agency's implementation of an item. Thirty-one
//! characters are the agency's unified social credit code 18, the level it
//! exercises the item at 1, the item's basic code 12. Older ones have
//! twenty-four characters with no structure to rely on.

use serde::{Deserialize, Serialize};

use super::error::{CodeError, DIGITS_AND_CAPITALS, Named};
use super::{BasicCode, Uscc, parsed_from_text, readable_as_text};

const NAME: Named = Named { zh: "实施编码", en: "The guide code" };
pub(super) const LENGTH: usize = 31;
pub(super) const OLDER_LENGTH: usize = 24;

/// A guide's code: 31 characters, or an older one of 24.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct GuideCode(pub(super) String);

/// 行使层级: the level of government that exercises the item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GuideLevel {
    Nation,
    Province,
    City,
    County,
    Town,
    Village,
}

parsed_from_text!(GuideCode);
readable_as_text!(GuideCode);

impl GuideLevel {
    pub const ALL: [Self; 6] =
        [Self::Nation, Self::Province, Self::City, Self::County, Self::Town, Self::Village];

    /// The standard's number, 1 to 6.
    pub fn code(self) -> u8 {
        match self {
            Self::Nation => 1,
            Self::Province => 2,
            Self::City => 3,
            Self::County => 4,
            Self::Town => 5,
            Self::Village => 6,
        }
    }

    fn of(digit: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.code().to_string() == digit)
    }
}

impl GuideCode {
    /// Checks length, characters and, of a 31-character code, each part.
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        NAME.check_length(text, &[LENGTH, OLDER_LENGTH])?;
        NAME.check_characters(text, &DIGITS_AND_CAPITALS)?;
        if text.len() == LENGTH {
            Uscc::parse(&text[..18])?;
            if GuideLevel::of(&text[18..19]).is_none() {
                return Err(NAME.wrong_part(
                    "第 19 位是行使层级，应为 1（国家级）至 6（村级）。请改正这一位。",
                    "has its level as character 19, which must be 1 (nation) to 6 (village). Correct that character.",
                ));
            }
            BasicCode::parse(&text[19..])?;
        }
        Ok(Self(text.to_owned()))
    }

    /// The code a text begins with, e.g. a case number or its beginning.
    pub fn that_begins(text: &str) -> Option<Self> {
        let code = |length| Self::parse(text.get(..length)?).ok();
        code(LENGTH).or_else(|| code(OLDER_LENGTH))
    }

    /// Puts the code of an agency's implementation together.
    pub fn compose(agency: &Uscc, level: GuideLevel, item: &BasicCode) -> Result<Self, CodeError> {
        Self::parse(&format!("{agency}{}{item}", level.code()))
    }

    /// The agency; an older code names none.
    pub fn agency(&self) -> Option<Uscc> {
        self.structured().map(|code| Uscc(code[..18].to_owned()))
    }

    /// The level; an older code names none.
    pub fn level(&self) -> Option<GuideLevel> {
        self.structured().and_then(|code| GuideLevel::of(&code[18..19]))
    }

    /// The item's basic code; an older code names none.
    pub fn basic_code(&self) -> Option<BasicCode> {
        self.structured().map(|code| BasicCode(code[19..].to_owned()))
    }

    fn structured(&self) -> Option<&str> {
        (self.0.len() == LENGTH).then_some(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: &str = "11370800MB285591843370117002011";

    #[test]
    fn a_code_tells_agency_level_and_item() {
        let code = GuideCode::parse(CODE).unwrap();
        assert_eq!(code.agency().unwrap().as_str(), "11370800MB28559184");
        assert_eq!(code.level(), Some(GuideLevel::City));
        assert_eq!(code.basic_code().unwrap().as_str(), "370117002011");
        let again =
            GuideCode::compose(&code.agency().unwrap(), GuideLevel::City, &code.basic_code().unwrap());
        assert_eq!(again.unwrap(), code);
    }

    #[test]
    fn an_older_code_is_taken_as_it_is() {
        let code = GuideCode::parse("113708000043245678XK0001").unwrap();
        assert_eq!((code.agency(), code.level(), code.basic_code()), (None, None, None));
    }

    #[test]
    fn a_basic_code_of_an_older_print_makes_no_guide_code() {
        let code = GuideCode::parse(CODE).unwrap();
        let older = BasicCode::parse("0117002011").unwrap();
        let refused = GuideCode::compose(&code.agency().unwrap(), GuideLevel::City, &older);
        assert_eq!(refused.unwrap_err().code, "wrong_length");
    }

    #[test]
    fn each_part_is_checked() {
        for (text, code) in [
            ("11370800MB28559184337011700201", "wrong_length"),
            ("11370800mb285591843370117002011", "wrong_character"),
            ("11370800MB285591853370117002011", "wrong_check_digit"),
            ("11370800MB285591840370117002011", "wrong_part"),
            ("11370800MB285591847370117002011", "wrong_part"),
            ("11370800MB285591843371217002011", "wrong_part"),
            ("11370800MB28559184337011700201A", "wrong_character"),
        ] {
            assert_eq!(GuideCode::parse(text).unwrap_err().code, code, "{text}");
        }
    }
}
