//! 统一社会信用代码 (GB 32100-2015): the one identifier of every organisation.
//! Seventeen characters without I, O, S, V, Z, and a check character.

use serde::{Deserialize, Serialize};

use super::error::{Alphabet, CodeError, Named};
use super::{RegionCode, parsed_from_text, readable_as_text};

const NAME: Named = Named { zh: "统一社会信用代码", en: "The unified social credit code" };
const CHARACTERS: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
const ALPHABET: Alphabet = Alphabet {
    has: |c| CHARACTERS.contains(c),
    zh: "数字或除 I、O、S、V、Z 以外的大写字母",
    en: "digits and capital letters other than I, O, S, V and Z",
};

/// An organisation's code: 18 characters, upper-case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Uscc(pub(super) String);

parsed_from_text!(Uscc);
readable_as_text!(Uscc);

impl Uscc {
    /// Checks length, characters and check character, in this order. Blanks
    /// around the code are dropped and small letters become capital.
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        let code = text.trim().to_ascii_uppercase();
        NAME.check_length(&code, &[18])?;
        NAME.check_characters(&code, &ALPHABET)?;
        if !code.ends_with(check_character(&code[..17])) {
            return Err(NAME.wrong_check_digit());
        }
        Ok(Self(code))
    }

    /// 登记管理机关行政区划, characters 3 to 8 (GB 32100-2015): of a public body the region
    /// it belongs to.
    pub fn registered_in(&self) -> Option<RegionCode> {
        RegionCode::parse(&format!("{}000000", self.0.get(2..8)?)).ok()
    }
}

/// Position of a character in the standard's table of values.
fn value(character: char) -> usize {
    CHARACTERS.find(character).unwrap_or(0)
}

/// The eighteenth character for seventeen of the alphabet: weights are the
/// powers of 3, modulo 31.
fn check_character(body: &str) -> char {
    let (sum, _) = body
        .chars()
        .fold((0, 1), |(sum, weight), character| ((sum + value(character) * weight) % 31, weight * 3 % 31));
    char::from(CHARACTERS.as_bytes()[(31 - sum) % 31])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn code_of(text: &str) -> &'static str {
        Uscc::parse(text).unwrap_err().code
    }

    #[test]
    fn real_world_shapes_are_accepted() {
        for code in ["91350100M000100Y43", "91512081MA62K0260E", "11370800MB28559184"] {
            assert_eq!(Uscc::parse(code).unwrap().as_str(), code);
        }
        assert_eq!(Uscc::parse(" 91512081ma62k0260e").unwrap().as_str(), "91512081MA62K0260E");
    }

    #[test]
    fn each_check_that_fails_says_which() {
        assert_eq!(code_of("91350100M000100Y4"), "wrong_length");
        assert_eq!(code_of("91350100M000100Y4Z"), "wrong_character");
        assert_eq!(code_of("91350100M000100Y44"), "wrong_check_digit");
        assert_eq!(code_of("9135０100M000100Y4"), "wrong_length");
        assert_eq!(code_of("9135０100M000100Y43"), "wrong_character");
    }

    #[test]
    fn json_is_the_text_and_is_checked() {
        let code = Uscc::parse("91350100M000100Y43").unwrap();
        assert_eq!(serde_json::to_string(&code).unwrap(), "\"91350100M000100Y43\"");
        assert!(serde_json::from_str::<Uscc>("\"91350100M000100Y44\"").is_err());
    }

    proptest! {
        #[test]
        fn every_code_with_its_own_check_character_is_accepted(
            body in "[0-9A-HJ-NPQRTUWXY]{17}",
        ) {
            let code = format!("{body}{}", check_character(&body));
            let parsed = Uscc::parse(&code).unwrap();
            prop_assert_eq!(parsed.as_str(), code.as_str());
        }

        #[test]
        fn every_single_character_change_is_refused(
            body in "[0-9A-HJ-NPQRTUWXY]{17}",
            position in 0_usize..18,
            replacement in "[0-9A-Z]",
        ) {
            let code = format!("{body}{}", check_character(&body));
            prop_assume!(code[position..=position] != replacement);
            let mut changed = code.clone();
            changed.replace_range(position..=position, &replacement);
            prop_assert!(Uscc::parse(&changed).is_err());
        }
    }
}
