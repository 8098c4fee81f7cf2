//! 帮办码: what an officer hands a principal at the counter, so that somebody who
//! helps him can act for him for a few days. Eight letters, ten minutes, once.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::{NewMandate, Terms};
use crate::domain::refusal::FieldError;
use crate::domain::text::Text;

pub const LIFETIME: TimeDelta = TimeDelta::minutes(10);
/// How long the help may last.
pub const LONGEST_HELP: TimeDelta = TimeDelta::days(30);

/// What a code stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedCode {
    pub principal: Uuid,
    pub guides: BTreeSet<String>,
    /// When the help ends.
    pub valid_until: DateTime<Utc>,
    /// The officer's account.
    pub issued_by: Uuid,
    pub issued_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub redeemed_at: Option<DateTime<Utc>>,
}

impl IssuedCode {
    /// # Errors
    /// Everything wrong with what it is to stand for.
    pub fn issue(
        principal: Uuid,
        guides: BTreeSet<String>,
        valid_until: DateTime<Utc>,
        issued_by: Uuid,
        at: DateTime<Utc>,
    ) -> Result<Self, Vec<FieldError>> {
        let terms = Terms { guides: Some(guides), from: at, until: Some(valid_until), may_delegate: false };
        let mut errors = terms.problems(at);
        if valid_until > at + LONGEST_HELP {
            let words = Text::new("帮办最长 30 天。", "Help lasts thirty days at the most.");
            errors.push(FieldError::new("/valid_until", "out_of_range", words));
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(Self {
            principal,
            guides: terms.guides.unwrap_or_default(),
            valid_until,
            issued_by,
            issued_at: at,
            expires_at: at + LIFETIME,
            redeemed_at: None,
        })
    }

    /// Whether a helper who enters it now gets a mandate.
    pub fn is_good(&self, at: DateTime<Utc>) -> bool {
        self.redeemed_at.is_none() && at < self.expires_at && at < self.valid_until
    }

    /// The mandate it becomes.
    pub fn mandate(&self, id: Uuid, at: DateTime<Utc>) -> NewMandate {
        NewMandate {
            id,
            principal: self.principal,
            terms: Terms {
                guides: Some(self.guides.clone()),
                from: at,
                until: Some(self.valid_until),
                may_delegate: false,
            },
            evidence: Some("helper_code".to_owned()),
            granted_by: Some(self.issued_by),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::identity::UserCode;

    fn guides() -> BTreeSet<String> {
        BTreeSet::from(["a".to_owned()])
    }

    fn issue(days: i64) -> Result<IssuedCode, Vec<FieldError>> {
        let at = DateTime::UNIX_EPOCH;
        IssuedCode::issue(Uuid::from_u128(1), guides(), at + TimeDelta::days(days), Uuid::from_u128(2), at)
    }

    #[test]
    fn help_is_for_named_guides_and_thirty_days_at_the_most() {
        let codes = |result: Result<IssuedCode, Vec<FieldError>>| {
            result.unwrap_err().into_iter().map(|error| error.pointer).collect::<Vec<_>>()
        };
        assert!(issue(30).is_ok() && issue(1).is_ok());
        assert_eq!(
            (codes(issue(31)), codes(issue(0))),
            (vec!["/valid_until".into()], vec!["/valid_until".into()])
        );
        let at = DateTime::UNIX_EPOCH;
        let nothing =
            IssuedCode::issue(Uuid::nil(), BTreeSet::new(), at + TimeDelta::days(1), Uuid::nil(), at);
        assert_eq!(codes(nothing), vec!["/guides".to_owned()]);
    }

    #[test]
    fn a_code_is_good_for_ten_minutes_and_once() {
        let code = issue(3).unwrap();
        let start = DateTime::UNIX_EPOCH;
        assert!(code.is_good(start) && code.is_good(start + LIFETIME - TimeDelta::microseconds(1)));
        assert!(!code.is_good(start + LIFETIME));
        assert!(!IssuedCode { redeemed_at: Some(start), ..code.clone() }.is_good(start));
        let mandate = code.mandate(Uuid::from_u128(3), start);
        assert_eq!((mandate.terms.guides, mandate.terms.may_delegate), (Some(guides()), false));
        assert!(
            !format!("{:?}", UserCode::from_random([7; 8])).contains(UserCode::from_random([7; 8]).letters())
        );
    }
}
