//! 接续码: goes on with a case at another channel, or lets an officer help with it.
//! Eight letters, thirty minutes, once.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

pub const LIFETIME: TimeDelta = TimeDelta::minutes(30);

/// What a code stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handoff {
    pub case: Uuid,
    pub issued_by: Uuid,
    pub issued_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub opened_at: Option<DateTime<Utc>>,
}

impl Handoff {
    pub fn issue(case: Uuid, issued_by: Uuid, at: DateTime<Utc>) -> Self {
        Self { case, issued_by, issued_at: at, expires_at: at + LIFETIME, opened_at: None }
    }

    pub fn is_good(&self, at: DateTime<Utc>) -> bool {
        self.opened_at.is_none() && at < self.expires_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::identity::UserCode;

    #[test]
    fn a_code_is_good_for_half_an_hour_and_once() {
        let at = DateTime::UNIX_EPOCH;
        let handoff = Handoff::issue(Uuid::nil(), Uuid::nil(), at);
        assert!(handoff.is_good(at) && handoff.is_good(at + LIFETIME - TimeDelta::microseconds(1)));
        assert!(!handoff.is_good(at + LIFETIME));
        assert!(!Handoff { opened_at: Some(at), ..handoff }.is_good(at));
        let code = UserCode::from_random([7; 8]);
        assert_eq!(UserCode::parse(&code.to_string().to_lowercase()), Some(code.clone()));
        assert!(!format!("{code:?}").contains(code.letters()));
    }
}
