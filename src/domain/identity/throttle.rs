//! How long somebody who guesses has to wait. A pure function of how often it
//! failed and when last, so that every instance gives the same answer from the
//! same row.
//!
//! An account is guarded closely. An address only slows down: a service hall
//! behind one address must not lock itself out.

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};

/// What failures are counted against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// The account named, whether it exists or not.
    Account,
    /// The network address that asks.
    Address,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failures {
    pub count: u32,
    pub last_at: DateTime<Utc>,
}

struct Rule {
    /// Failures that cost nothing.
    free: u32,
    /// The wait after the first that costs; it doubles with each further one.
    first: TimeDelta,
    longest: TimeDelta,
    /// After this long without a failure all is forgotten.
    memory: TimeDelta,
}

impl Subject {
    pub fn as_str(self) -> &'static str {
        match self {
            Subject::Account => "account",
            Subject::Address => "address",
        }
    }

    fn rule(self) -> Rule {
        match self {
            Subject::Account => Rule {
                free: 5,
                first: TimeDelta::seconds(30),
                longest: TimeDelta::minutes(30),
                memory: TimeDelta::hours(24),
            },
            Subject::Address => Rule {
                free: 50,
                first: TimeDelta::seconds(1),
                longest: TimeDelta::seconds(60),
                memory: TimeDelta::hours(1),
            },
        }
    }

    /// Failures before this are forgotten.
    pub fn forgotten_before(self, at: DateTime<Utc>) -> DateTime<Utc> {
        at - self.rule().memory
    }

    /// The failures that still count.
    pub fn remembered(self, failures: Option<Failures>, at: DateTime<Utc>) -> u32 {
        failures
            .filter(|failures| failures.last_at > self.forgotten_before(at))
            .map_or(0, |failures| failures.count)
    }

    /// How much longer to wait before the next try; `None` when it may be now.
    pub fn wait(self, failures: Option<Failures>, at: DateTime<Utc>) -> Option<TimeDelta> {
        let last_at = failures?.last_at;
        let rule = self.rule();
        let beyond = self.remembered(failures, at).checked_sub(rule.free)?;
        let doubled = 2_i32.checked_pow(beyond).and_then(|times| rule.first.checked_mul(times));
        let wait = last_at + doubled.unwrap_or(rule.longest).min(rule.longest) - at;
        (wait > TimeDelta::zero()).then_some(wait)
    }
}

/// The network an address stands for: itself, or for IPv6 its /64, which one
/// household or hall has to itself.
pub fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn failed(count: u32) -> Option<Failures> {
        Some(Failures { count, last_at: DateTime::UNIX_EPOCH })
    }

    #[test]
    fn the_first_failures_cost_nothing_and_then_the_wait_doubles() {
        let start = DateTime::UNIX_EPOCH;
        let seconds = |count| Subject::Account.wait(failed(count), start).map(|wait| wait.num_seconds());
        assert_eq!(Subject::Account.wait(None, start), None);
        assert_eq!([0, 1, 4].map(seconds), [None; 3]);
        assert_eq!([5, 6, 7].map(seconds), [Some(30), Some(60), Some(120)]);
        assert_eq!([12, 100, u32::MAX].map(seconds), [Some(1800); 3]);
    }

    #[test]
    fn a_day_later_all_is_forgotten() {
        let later = DateTime::UNIX_EPOCH + TimeDelta::hours(24);
        assert_eq!(Subject::Account.remembered(failed(100), later), 0);
        assert_eq!(Subject::Account.wait(failed(100), later), None);
    }

    #[test]
    fn all_addresses_of_a_household_are_one_network() {
        let network = |text: &str| network(text.parse().unwrap());
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), network("2001:db8:1:2::1"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_eq!(network("::ffff:192.0.2.7"), network("192.0.2.7"));
        assert_ne!(network("192.0.2.7"), network("192.0.2.8"));
    }

    proptest! {
        #[test]
        fn more_failures_never_wait_less_and_time_never_makes_it_worse(
            count in 0_u32..200, second in 0_i64..100_000, account in any::<bool>(),
        ) {
            let subject = if account { Subject::Account } else { Subject::Address };
            let at = DateTime::UNIX_EPOCH + TimeDelta::seconds(second);
            let wait = |count, at| subject.wait(failed(count), at).unwrap_or_default();
            prop_assert!(wait(count, at) <= wait(count + 1, at));
            prop_assert!(wait(count, at + TimeDelta::seconds(1)) <= wait(count, at));
        }

        #[test]
        fn whoever_waits_as_told_may_try(count in 0_u32..200, account in any::<bool>()) {
            let subject = if account { Subject::Account } else { Subject::Address };
            let wait = subject.wait(failed(count), DateTime::UNIX_EPOCH).unwrap_or_default();
            prop_assert_eq!(subject.wait(failed(count), DateTime::UNIX_EPOCH + wait), None);
        }
    }
}
