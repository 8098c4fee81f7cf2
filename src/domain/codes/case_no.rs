//! 办件编号: the number of a case, given once at submission. The guide's code,
//! the local date of submission, and the serial number of that guide and day.

use std::fmt;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::error::{CodeError, DIGITS, Named};
use super::resident_id::date_of_digits;
use super::{GuideCode, guide_code, parsed_from_text};

const NAME: Named = Named { zh: "办件编号", en: "The case number" };
const DATE_DIGITS: usize = 8;
/// At least four; a `u32` never needs more than ten. So a number over an older
/// guide code is always shorter than one over a current guide code, and the
/// length alone says where the guide code ends.
const SERIAL_DIGITS: std::ops::RangeInclusive<usize> = 4..=10;

/// A case's number. Equal when the text is equal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CaseNo {
    text: String,
    date: NaiveDate,
    serial: u32,
    guide_length: usize,
}

parsed_from_text!(CaseNo);

impl CaseNo {
    /// Checks length, guide code, date and serial number, in this order.
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        let length = text.chars().count();
        let guide_length = [guide_code::LENGTH, guide_code::OLDER_LENGTH]
            .into_iter()
            .find(|guide| length.checked_sub(guide + DATE_DIGITS).is_some_and(|n| SERIAL_DIGITS.contains(&n)))
            .ok_or_else(|| NAME.wrong_length("43–49（旧码 36–42）", "43–49 (older: 36–42)", length))?;
        NAME.check_characters(text, &super::error::DIGITS_AND_CAPITALS)?;
        let (guide, rest) = text.split_at(guide_length);
        let (date, serial) = rest.split_at(DATE_DIGITS);
        GuideCode::parse(guide)?;
        Named { zh: "办件编号的日期和流水号", en: "The case number's date and serial number" }
            .check_characters(rest, &DIGITS)?;
        let date = date_of_digits(date)
            .ok_or_else(|| NAME.not_a_date(guide_length + 1, guide_length + DATE_DIGITS))?;
        let serial = serial.parse().map_err(|_| {
            NAME.wrong_part(
                "的流水号过大。请对照回执核对。",
                "has a serial number that is too large. Compare it with the receipt.",
            )
        })?;
        Ok(Self { text: text.to_owned(), date, serial, guide_length })
    }

    /// Puts a number together; `date` is the local date of submission. Refuses
    /// a date whose year does not have four digits.
    pub fn compose(guide: &GuideCode, date: NaiveDate, serial: u32) -> Result<Self, CodeError> {
        Self::parse(&format!("{guide}{}{serial:04}", date.format("%Y%m%d")))
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub fn guide_code(&self) -> GuideCode {
        GuideCode(self.text[..self.guide_length].to_owned())
    }

    /// The local date of submission.
    pub fn date(&self) -> NaiveDate {
        self.date
    }

    pub fn serial(&self) -> u32 {
        self.serial
    }
}

impl fmt::Display for CaseNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<CaseNo> for String {
    fn from(number: CaseNo) -> Self {
        number.text
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GUIDE: &str = "11370800MB285591843370117002011";
    const OLDER_GUIDE: &str = "113708000043245678XK0001";

    fn day(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    #[test]
    fn a_number_is_guide_date_and_serial() {
        let number = CaseNo::compose(&GuideCode::parse(GUIDE).unwrap(), day(2026, 3, 9), 7).unwrap();
        assert_eq!(number.as_str(), format!("{GUIDE}202603090007"));
        let json = serde_json::to_string(&number).unwrap();
        assert_eq!(serde_json::from_str::<CaseNo>(&json).unwrap(), number);
    }

    #[test]
    fn what_is_not_a_case_number_is_refused() {
        for (tail, code) in [
            ("2026", "wrong_length"),
            ("2026030900000000007", "wrong_length"),
            ("202602300007", "not_a_date"),
            ("20260309000A", "wrong_character"),
            ("202603094294967296", "wrong_part"),
        ] {
            assert_eq!(CaseNo::parse(&format!("{GUIDE}{tail}")).unwrap_err().code, code, "{tail}");
        }
        let wrong_agency = format!("2{}202603090007", &GUIDE[1..]);
        assert_eq!(CaseNo::parse(&wrong_agency).unwrap_err().code, "wrong_check_digit");
    }

    #[test]
    fn a_year_of_five_digits_makes_no_number() {
        let guide = GuideCode::parse(GUIDE).unwrap();
        assert!(CaseNo::compose(&guide, day(12026, 1, 1), 1).is_err());
        assert!(CaseNo::compose(&guide, day(-1, 1, 1), 1).is_err());
    }

    proptest! {
        #[test]
        fn composing_and_parsing_agree(
            older in any::<bool>(), days in 0_u64..36_500, serial in any::<u32>(),
        ) {
            let guide = GuideCode::parse(if older { OLDER_GUIDE } else { GUIDE }).unwrap();
            let date = day(1990, 1, 1) + chrono::Days::new(days);
            let composed = CaseNo::compose(&guide, date, serial).unwrap();
            let parsed = CaseNo::parse(composed.as_str()).unwrap();
            prop_assert_eq!(&parsed, &composed);
            prop_assert_eq!(
                (parsed.guide_code(), parsed.date(), parsed.serial()),
                (guide, date, serial)
            );
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{30,55}") {
            prop_assert!(CaseNo::parse(&text).is_err());
        }
    }
}
