//! 基本编码: the number of an item in the basic catalogue, the same at every
//! level of government. Twelve digits are region 2 (00 for the nation), item
//! type 2, main item 5, sub-item 3; older prints leave the region out.

use serde::{Deserialize, Serialize};

use super::error::{CodeError, DIGITS, Named};
use super::{ItemType, parsed_from_text, readable_as_text};

const NAME: Named = Named { zh: "基本编码", en: "The basic code" };
/// Type, main item and sub-item: what every print has, counted from the end.
const WITHOUT_REGION: usize = 10;

/// An item's number: 12 digits, or 10 in an older print.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct BasicCode(pub(super) String);

parsed_from_text!(BasicCode);
readable_as_text!(BasicCode);

impl BasicCode {
    /// Checks length, digits, and that the type digits name a known type.
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        NAME.check_length(text, &[12, WITHOUT_REGION])?;
        NAME.check_characters(text, &DIGITS)?;
        type_digits(text).parse::<ItemType>()?;
        Ok(Self(text.to_owned()))
    }

    /// Whether it stands for an item that is not in the basic catalogue yet, as
    /// `catalog new` gives it.
    pub fn is_provisional(&self) -> bool {
        self.0.get(self.0.len() - 8..).is_some_and(|item| item.starts_with("09999"))
    }

    /// The type the code states.
    pub fn item_type(&self) -> ItemType {
        type_digits(&self.0).parse().unwrap_or(ItemType::Other)
    }
}

fn type_digits(code: &str) -> &str {
    let start = code.len() - WITHOUT_REGION;
    &code[start..start + 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_is_read_from_both_prints() {
        assert_eq!(BasicCode::parse("370117002011").unwrap().item_type(), ItemType::Licence);
        assert_eq!(BasicCode::parse("002017002011").unwrap().item_type(), ItemType::PublicService);
        assert_eq!(BasicCode::parse("0717002011").unwrap().item_type(), ItemType::Confirmation);
    }

    #[test]
    fn what_is_not_a_basic_code_is_refused() {
        for (text, code) in [
            ("37011700201", "wrong_length"),
            ("37011700201X", "wrong_character"),
            ("371117002011", "wrong_part"),
            ("1117002011", "wrong_part"),
        ] {
            assert_eq!(BasicCode::parse(text).unwrap_err().code, code, "{text}");
        }
    }
}
