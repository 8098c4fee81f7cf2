//! 行政区划代码 (GB/T 2260 + GB/T 10114): 2 digits of province, 2 of city, 2 of
//! county, 3 of town, 3 of village; a grid adds 3. What follows the deepest
//! level is zeros, so a code tells its own level, and whatever lies within a
//! region starts with that region's significant digits. A level may be skipped:
//! `441900003000` is a town straight under a city without counties.

use serde::{Deserialize, Serialize};

use super::error::{CodeError, DIGITS, Named};
use super::{parsed_from_text, readable_as_text};
use crate::domain::text::Text;

const NAME: Named = Named { zh: "行政区划代码", en: "The region code" };
const GRID_DIGITS: usize = 15;

/// A node of the region tree: 12 digits, or 15 for a grid.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct RegionCode(String);

/// How deep a region lies; a higher level is the smaller value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegionLevel {
    Province,
    City,
    County,
    Town,
    Village,
    Grid,
}

parsed_from_text!(RegionCode);
readable_as_text!(RegionCode);

impl RegionLevel {
    /// From the highest to the deepest.
    pub const ALL: [Self; 6] =
        [Self::Province, Self::City, Self::County, Self::Town, Self::Village, Self::Grid];

    /// How many leading digits carry meaning at this level.
    pub fn digits(self) -> usize {
        match self {
            Self::Province => 2,
            Self::City => 4,
            Self::County => 6,
            Self::Town => 9,
            Self::Village => 12,
            Self::Grid => GRID_DIGITS,
        }
    }

    /// The level of this word, if it is one.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.as_str() == word)
    }

    /// The word for it in files and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Province => "province",
            Self::City => "city",
            Self::County => "county",
            Self::Town => "town",
            Self::Village => "village",
            Self::Grid => "grid",
        }
    }

    pub fn text(self) -> Text {
        let zh = match self {
            Self::Province => "省级",
            Self::City => "市级",
            Self::County => "县级",
            Self::Town => "乡级",
            Self::Village => "村级",
            Self::Grid => "网格",
        };
        Text::new(zh, self.as_str())
    }
}

impl RegionCode {
    /// Checks length and digits, that a province is named, and that a grid has
    /// a number of its own.
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        NAME.check_length(text, &[12, GRID_DIGITS])?;
        NAME.check_characters(text, &DIGITS)?;
        if text.starts_with("00") {
            return Err(NAME.wrong_part(
                "前两位 00 不是省级代码。请按国家统计用区划代码填写。",
                "starts with 00, which is no province. Use the national statistical region code.",
            ));
        }
        if text.len() == GRID_DIGITS && text.ends_with("000") {
            return Err(NAME.wrong_part(
                "为 15 位时末三位是网格号，不能是 000。请填写网格号，或去掉末三位。",
                "of 15 digits ends with a grid number, which cannot be 000. Give the grid number or leave those three digits out.",
            ));
        }
        Ok(Self(text.to_owned()))
    }

    /// The deepest level whose digits are not all zero.
    pub fn level(&self) -> RegionLevel {
        let meaningful = self.0.trim_end_matches('0').len();
        RegionLevel::ALL.into_iter().find(|level| meaningful <= level.digits()).unwrap_or(RegionLevel::Grid)
    }

    /// The leading digits everything within this region shares.
    pub fn significant(&self) -> &str {
        &self.0[..self.level().digits()]
    }

    /// Whether `other` is this region or lies within it.
    pub fn contains(&self, other: &Self) -> bool {
        other.0.starts_with(self.significant())
    }

    /// The codes of all regions above this one that the numbering allows for,
    /// nearest first. A tree with skipped levels has only some of them.
    pub fn possible_ancestors(&self) -> impl Iterator<Item = Self> {
        let own = self.level();
        RegionLevel::ALL.into_iter().rev().filter(move |level| *level < own).filter_map(move |level| {
            let ancestor = Self(format!("{:0<12}", &self.0[..level.digits()]));
            (ancestor.level() == level).then_some(ancestor)
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn region(text: &str) -> RegionCode {
        RegionCode::parse(text).unwrap()
    }

    #[test]
    fn a_code_tells_its_level() {
        for (code, level, significant) in [
            ("340000000000", RegionLevel::Province, "34"),
            ("340700000000", RegionLevel::City, "3407"),
            ("340705000000", RegionLevel::County, "340705"),
            ("340705005000", RegionLevel::Town, "340705005"),
            ("340705005002", RegionLevel::Village, "340705005002"),
            ("370102013006008", RegionLevel::Grid, "370102013006008"),
            // Digits that happen to end in a zero are not a higher level.
            ("100000000000", RegionLevel::Province, "10"),
            ("341000000000", RegionLevel::City, "3410"),
            ("341010000000", RegionLevel::County, "341010"),
            ("340705100000", RegionLevel::Town, "340705100"),
            ("340705005200", RegionLevel::Village, "340705005200"),
            ("370102013006100", RegionLevel::Grid, "370102013006100"),
            ("441900003000", RegionLevel::Town, "441900003"),
        ] {
            assert_eq!(region(code).level(), level, "{code}");
            assert_eq!(region(code).significant(), significant);
        }
    }

    #[test]
    fn a_region_contains_itself_and_what_lies_below() {
        let (city, village) = (region("340700000000"), region("340705005002"));
        assert!(city.contains(&village) && city.contains(&city));
        assert!(!village.contains(&city));
        assert!(region("370102013006").contains(&region("370102013006008")));
        assert!(!region("341000000000").contains(&region("340100000000")));
    }

    #[test]
    fn what_is_not_a_region_code_is_refused() {
        for (text, code) in [
            ("340700", "wrong_length"),
            ("34070500500A", "wrong_character"),
            ("000000000000", "wrong_part"),
            ("370102013006000", "wrong_part"),
        ] {
            assert_eq!(RegionCode::parse(text).unwrap_err().code, code, "{text}");
        }
    }

    #[test]
    fn ancestors_come_nearest_first_and_skip_levels_that_are_zero() {
        let above = |code| region(code).possible_ancestors().map(|r| r.0).collect::<Vec<_>>();
        assert_eq!(above("340705005002"), ["340705005000", "340705000000", "340700000000", "340000000000"]);
        assert_eq!(above("441900003000"), ["441900000000", "440000000000"]);
        assert_eq!(above("370102013006008")[0], "370102013006");
        assert!(above("340000000000").is_empty());
    }

    /// Few digits, so that containment is common.
    fn some_region() -> impl Strategy<Value = RegionCode> {
        "1[01](0[01]){2}(00[01]){2}(00[1])?"
            .prop_filter_map("not a region", |text| RegionCode::parse(&text).ok())
    }

    proptest! {
        #[test]
        fn containment_is_a_partial_order(
            a in some_region(), b in some_region(), c in some_region(),
        ) {
            prop_assert!(a.contains(&a));
            prop_assert!(!(a.contains(&b) && b.contains(&a)) || a == b);
            prop_assert!(!(a.contains(&b) && b.contains(&c)) || a.contains(&c));
        }

        #[test]
        fn only_a_higher_level_contains_another_region(a in some_region(), b in some_region()) {
            prop_assert!(!a.contains(&b) || a == b || a.level() < b.level());
            prop_assert_eq!(
                a.contains(&b) && a != b,
                b.possible_ancestors().any(|ancestor| ancestor == a)
            );
        }

        #[test]
        fn a_valid_code_survives_the_round_trip(code in "[1-9][0-9]{11}([0-9]{2}[1-9])?") {
            let parsed = region(&code);
            prop_assert_eq!(region(parsed.as_str()), parsed);
        }
    }
}
