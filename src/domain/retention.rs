//! 保存期限: how long personal data of cases is kept after they have ended.

use std::ops::RangeInclusive;

use chrono::{DateTime, Days, Months, Utc};

/// What the operator chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    case_years: u32,
    draft_days: u32,
}

impl Retention {
    /// Years a case may be kept after its closing.
    pub const CASE_YEARS: RangeInclusive<u32> = 1..=100;
    /// Days a draft may be kept after it lapsed.
    pub const DRAFT_DAYS: RangeInclusive<u32> = 1..=3650;

    /// # Errors
    /// Every value that lies outside of its range, one sentence each.
    pub fn read(case_years: Option<u32>, draft_days: Option<u32>) -> Result<Self, Vec<String>> {
        let usual = Self::default();
        let mut wrong = Vec::new();
        let mut read = |name: &str, given: Option<u32>, usual: u32, range: RangeInclusive<u32>| {
            let value = given.unwrap_or(usual);
            if !range.contains(&value) {
                let (least, most) = (range.start(), range.end());
                wrong.push(format!("retention.{name} is {value}; it must lie between {least} and {most}"));
            }
            value
        };
        let case_years = read("case_years", case_years, usual.case_years, Self::CASE_YEARS);
        let draft_days = read("draft_days", draft_days, usual.draft_days, Self::DRAFT_DAYS);
        if wrong.is_empty() { Ok(Self { case_years, draft_days }) } else { Err(wrong) }
    }

    /// The personal data of cases closed by then is to be erased at `at`.
    pub fn cases_until(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        at.checked_sub_months(Months::new(self.case_years * 12)).unwrap_or(DateTime::<Utc>::MIN_UTC)
    }

    /// The same for drafts that lapsed by then.
    pub fn drafts_until(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        at.checked_sub_days(Days::new(u64::from(self.draft_days))).unwrap_or(DateTime::<Utc>::MIN_UTC)
    }
}

impl Default for Retention {
    /// Ten years, the shorter of the terms in which records of administrative services
    /// are kept (国家档案局令第8号: 10 and 30 years); a month for what was never handed in.
    fn default() -> Self {
        Self { case_years: 10, draft_days: 30 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn years_and_days_are_counted_back() {
        let at: DateTime<Utc> = "2036-02-29T01:30:00Z".parse().unwrap();
        let usual = Retention::default();
        assert_eq!(usual.cases_until(at).to_string(), "2026-02-28 01:30:00 UTC");
        assert_eq!(usual.drafts_until(at).to_string(), "2036-01-30 01:30:00 UTC");
        let long = Retention::read(Some(100), Some(1)).unwrap();
        assert_eq!(long.cases_until(at).to_string(), "1936-02-29 01:30:00 UTC");
        assert_eq!(Retention::read(None, None), Ok(usual));
    }

    #[test]
    fn everything_out_of_range_is_told() {
        let wrong = Retention::read(Some(0), Some(3651)).unwrap_err();
        assert_eq!(
            wrong,
            [
                "retention.case_years is 0; it must lie between 1 and 100",
                "retention.draft_days is 3651; it must lie between 1 and 3650"
            ]
        );
    }
}
