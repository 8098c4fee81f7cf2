//! 手机号码: eleven digits, the first 1, the second 3–9. The carrier is never
//! inferred: numbers move between carriers.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::error::{CodeError, DIGITS, Named};
use super::mask::mask_mobile;
use super::parsed_from_text;

const LENGTH: usize = 11;
const NAME: Named = Named { zh: "手机号码", en: "The mobile number" };

/// A mobile number of mainland China, without country code. `Debug` masks it,
/// so that it does not get into a log unseen; `Display` and `Serialize` do not.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Mobile(String);

parsed_from_text!(Mobile);

impl Mobile {
    /// Drops blanks, dashes and a leading `+86` or `0086`, then checks length,
    /// digits and the first two digits.
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        let dense: String = text.chars().filter(|c| !c.is_whitespace() && !"-－".contains(*c)).collect();
        let number = dense.strip_prefix("+86").or_else(|| dense.strip_prefix("0086")).unwrap_or(&dense);
        NAME.check_length(number, &[LENGTH])?;
        NAME.check_characters(number, &DIGITS)?;
        if !matches!(number.as_bytes(), [b'1', b'3'..=b'9', ..]) {
            return Err(NAME.wrong_part(
                "应以 13 至 19 开头。座机号码请填在联系电话栏。",
                "must start with 13 to 19. A landline belongs in another field.",
            ));
        }
        Ok(Self(number.to_owned()))
    }

    /// Whether some number starts so.
    pub fn may_start_with(start: &str) -> bool {
        let mut digits = start.bytes().enumerate();
        start.len() <= LENGTH
            && digits.all(|(place, digit)| match place {
                0 => digit == b'1',
                1 => (b'3'..=b'9').contains(&digit),
                _ => digit.is_ascii_digit(),
            })
    }

    /// Whether every number does.
    pub fn must_start_with(start: &str) -> bool {
        matches!(start, "" | "1")
    }

    /// The eleven digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Mobile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Mobile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mobile({})", mask_mobile(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_usual_way_of_writing_means_the_same_number() {
        for text in [
            "13800001234",
            "+8613800001234",
            "+86 138 0000 1234",
            "0086-138-0000-1234",
            " 138\u{3000}0000－1234",
        ] {
            assert_eq!(Mobile::parse(text).unwrap().as_str(), "13800001234", "{text}");
        }
    }

    #[test]
    fn what_is_not_a_mobile_number_is_refused() {
        for (text, code) in [
            ("", "wrong_length"),
            ("1380000123", "wrong_length"),
            ("8613800001234", "wrong_length"),
            ("1380000123O", "wrong_character"),
            ("12800001234", "wrong_part"),
            ("05622830000", "wrong_part"),
        ] {
            assert_eq!(Mobile::parse(text).unwrap_err().code, code, "{text}");
        }
    }

    #[test]
    fn debug_does_not_show_the_number() {
        let mobile = Mobile::parse("13800001234").unwrap();
        assert_eq!(format!("{mobile:?}"), "Mobile(138****1234)");
    }

    proptest! {
        #[test]
        fn parsing_is_idempotent(number in "1[3-9][0-9]{9}") {
            let mobile = Mobile::parse(&number).unwrap();
            prop_assert_eq!(mobile.as_str(), number.as_str());
            prop_assert_eq!(Mobile::parse(mobile.as_str()).unwrap(), mobile);
        }

        #[test]
        fn a_number_starts_as_numbers_may(number in "1[3-9][0-9]{9}", length in 0..=LENGTH, other in "[0-9]{1,3}") {
            prop_assert!(Mobile::may_start_with(&number[..length]));
            prop_assert_eq!(Mobile::may_start_with(&other), Mobile::parse(&format!("{other:0<11}")).is_ok() || other == "1");
            prop_assert!(number.starts_with(&other) || !Mobile::must_start_with(&other));
        }
    }
}
