//! 居民身份证号 (GB 11643-1999): six digits of area, eight of birth date, three
//! of sequence and a check character. The same rule covers the permanent
//! residence card of a foreigner (leading 9) and the residence permits of Hong
//! Kong, Macao and Taiwan residents (81, 82, 83).
//!
//! The area is not looked up: areas are merged and withdrawn, and a number once
//! given stays valid. The number never shows in `Display` or `Debug`; read
//! [`ResidentId::expose`] to see who may have it.

use std::fmt;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use super::error::{CodeError, DIGITS, Named};
use super::mask::mask_id;
use super::parsed_from_text;

const NAME: Named = Named { zh: "居民身份证号", en: "The resident ID number" };
const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECK_CHARACTERS: [char; 11] = ['1', '0', 'X', '9', '8', '7', '6', '5', '4', '3', '2'];
/// No number was given to anybody born earlier; a year before is a slip.
const EARLIEST_BIRTH_YEAR: i32 = 1800;

/// A resident's number: 18 characters, the last a digit or `X`.
///
/// `Serialize` writes the **whole** number: it is for storage and for answers
/// to the owner. To show it to anybody else, write the `Display` form.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct ResidentId {
    number: String,
    birth_date: NaiveDate,
}

/// The gender a resident ID number states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gender {
    Male,
    Female,
}

parsed_from_text!(ResidentId);

impl ResidentId {
    /// Checks length, characters, birth date and check character, in this
    /// order. Blanks around the number are dropped; a final `x` becomes `X`.
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        let number = text.trim().to_ascii_uppercase();
        NAME.check_length(&number, &[18])?;
        let body: String = number.chars().take(17).collect();
        NAME.check_characters(&body, &DIGITS)?;
        let birth_date = date_of_digits(&body[6..14])
            .filter(|date| date.year() >= EARLIEST_BIRTH_YEAR)
            .ok_or_else(|| NAME.not_a_date(7, 14))?;
        if !number.ends_with(check_character(&body)) {
            return Err(NAME.wrong_check_digit());
        }
        Ok(Self { number, birth_date })
    }

    /// The whole number. For its owner, for an officer whose unmasking was
    /// permitted and recorded, and for encryption; never for a log, a URL or a
    /// token.
    pub fn expose(&self) -> &str {
        &self.number
    }

    pub fn birth_date(&self) -> NaiveDate {
        self.birth_date
    }

    /// An odd seventeenth digit is given to males.
    pub fn gender(&self) -> Gender {
        match self.number.as_bytes()[16] % 2 {
            1 => Gender::Male,
            _ => Gender::Female,
        }
    }

    /// The six digits of the place that first registered the person, which may
    /// exist no longer.
    pub fn area(&self) -> &str {
        &self.number[..6]
    }
}

impl fmt::Display for ResidentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&mask_id(&self.number))
    }
}

impl fmt::Debug for ResidentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ResidentId({self})")
    }
}

impl Serialize for ResidentId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.number)
    }
}

/// The date of eight digits `yyyymmdd`; `None` when there is no such day.
pub(super) fn date_of_digits(digits: &str) -> Option<NaiveDate> {
    let year = digits.get(..4)?.parse().ok()?;
    let month = digits.get(4..6)?.parse().ok()?;
    let day = digits.get(6..8)?.parse().ok()?;
    NaiveDate::from_ymd_opt(year, month, day)
}

/// ISO 7064 MOD 11-2 over 17 digits, with the weights the standard prints.
fn check_character(digits: &str) -> char {
    let sum: u32 = digits.bytes().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    CHECK_CHARACTERS[(sum % 11) as usize]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn code_of(text: &str) -> &'static str {
        ResidentId::parse(text).unwrap_err().code
    }

    #[test]
    fn the_examples_of_the_standard_are_accepted() {
        let old_lady = ResidentId::parse("11010519491231002X").unwrap();
        assert_eq!(old_lady.birth_date(), NaiveDate::from_ymd_opt(1949, 12, 31).unwrap());
        assert_eq!(old_lady.gender(), Gender::Female);
        assert_eq!(old_lady.area(), "110105");
        let man = ResidentId::parse("440524188001010014").unwrap();
        assert_eq!(man.gender(), Gender::Male);
    }

    #[test]
    fn a_small_x_and_blanks_around_are_tidied() {
        assert_eq!(ResidentId::parse(" 11010519491231002x ").unwrap().expose(), "11010519491231002X");
    }

    #[test]
    fn withdrawn_areas_permits_and_permanent_residence_cards_follow_the_same_rule() {
        for body in ["13243519900101123", "81000019900101123", "83000019900101123", "91112419900101123"] {
            let number = format!("{body}{}", check_character(body));
            assert!(ResidentId::parse(&number).is_ok(), "{body}");
        }
    }

    #[test]
    fn each_check_that_fails_says_which() {
        assert_eq!(code_of(""), "wrong_length");
        assert_eq!(code_of("11010519491231002"), "wrong_length");
        assert_eq!(code_of("1101051949123100A1"), "wrong_character");
        assert_eq!(code_of("11010519491231００2"), "wrong_length");
        assert_eq!(code_of("1101051949123100２X"), "wrong_character");
        assert_eq!(code_of("11010519490229002X"), "not_a_date");
        assert_eq!(code_of("11010500000101002X"), "not_a_date");
        assert_eq!(code_of("110105194912310021"), "wrong_check_digit");
        assert_eq!(code_of("11010519491231002é"), "wrong_check_digit");
    }

    #[test]
    fn neither_display_nor_debug_shows_the_number() {
        let id = ResidentId::parse("11010519491231002X").unwrap();
        assert_eq!(id.to_string(), "1****************X");
        assert_eq!(format!("{id:?}"), "ResidentId(1****************X)");
    }

    #[test]
    fn json_carries_the_whole_number_and_checks_it_again() {
        let id = ResidentId::parse("11010519491231002X").unwrap();
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(json, "\"11010519491231002X\"");
        assert_eq!(serde_json::from_str::<ResidentId>(&json).unwrap(), id);
        let refused = serde_json::from_str::<ResidentId>("\"110105194912310021\"").unwrap_err();
        assert!(!refused.to_string().contains("19491231"));
    }

    proptest! {
        #[test]
        fn every_number_with_its_own_check_character_is_accepted(
            area in 100_000_u32..1_000_000, day in 0_u64..80_000, sequence in 0_u32..1000,
        ) {
            let birth = NaiveDate::from_ymd_opt(1800, 1, 1).unwrap() + chrono::Days::new(day);
            let body = format!("{area}{}{sequence:03}", birth.format("%Y%m%d"));
            let number = format!("{body}{}", check_character(&body));
            let id = ResidentId::parse(&number).unwrap();
            prop_assert_eq!(id.birth_date(), birth);
            prop_assert_eq!(id.gender() == Gender::Male, sequence % 2 == 1);
            prop_assert_eq!(ResidentId::parse(id.expose()).unwrap(), id);
        }

        #[test]
        fn every_single_digit_change_is_refused(
            sequence in 0_u32..1000, position in 0_usize..18, replacement in "[0-9X]",
        ) {
            let body = format!("34070519850617{sequence:03}");
            let number = format!("{body}{}", check_character(&body));
            prop_assume!(number[position..=position] != replacement);
            let mut changed = number.clone();
            changed.replace_range(position..=position, &replacement);
            prop_assert!(ResidentId::parse(&changed).is_err());
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,30}") {
            prop_assert!(ResidentId::parse(&text).is_err());
        }

        #[test]
        fn no_error_echoes_the_number(text in "[0-9]{16,18}X?") {
            if let Err(error) = ResidentId::parse(&text) {
                prop_assert!(!error.to_string().contains(&text[6..14]));
            }
        }
    }
}
