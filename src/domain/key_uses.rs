//! 密钥使用台账: how often each secret key was used, for what and when, as the audit
//! trail tells it. Uses are counted as they happen and put on record once a period,
//! one entry for each key and purpose, so that no use costs a write of its own.
//!
//! What always holds: an entry names keys, kinds of data and numbers; never whose
//! data it was.

use std::num::NonZeroU64;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use uuid::Uuid;

use super::audit::{AuditAction, AuditEntry, Outcome};

/// What is counted together. A process that dies loses the counts of one at the most.
pub const PERIOD: TimeDelta = TimeDelta::minutes(1);

/// The key under which everything personal, the keys of cases and the signing keys
/// lie sealed; derived from the master key.
pub const SEALING_KEY: &str = "master.seal";
/// The key of every index and mark: what is found, or recognised, without being
/// read; derived from the master key.
pub const INDEX_KEY: &str = "master.index";

/// What is done with a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Act {
    /// 签名
    Sign,
    /// 加密
    Seal,
    /// 解密, or a try at it.
    Open,
    /// A keyed digest was made.
    Index,
}

impl Act {
    pub const ALL: [Act; 4] = [Act::Sign, Act::Seal, Act::Open, Act::Index];

    pub fn as_str(self) -> &'static str {
        match self {
            Act::Sign => "sign",
            Act::Seal => "seal",
            Act::Open => "open",
            Act::Index => "index",
        }
    }
}

/// How often one key did one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyUse {
    /// A signing key's RFC 7638 thumbprint, [`SEALING_KEY`] or [`INDEX_KEY`].
    pub kid: String,
    pub act: Act,
    /// To what: the `typ` of a JWS, or a [`sort`] of data.
    pub what: String,
    pub count: NonZeroU64,
}

/// Of what a value is sealed or indexed with (`persons:0190…`, `failures.password`),
/// the sort of data alone.
pub fn sort(context: &str) -> &str {
    context.split([':', '.']).next().unwrap_or_default()
}

/// Between when uses were counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    pub from: DateTime<Utc>,
    pub until: DateTime<Utc>,
}

impl Period {
    /// Whether it has lasted. One that seems to lie in the future has too: a clock
    /// that was set back must not keep the uses off the record.
    pub fn is_over(self) -> bool {
        self.until >= self.from + PERIOD || self.until < self.from
    }

    /// The entry of one key and purpose.
    pub fn entry(self, used: &KeyUse, id: Uuid) -> AuditEntry {
        let KeyUse { kid, act, what, count } = used;
        let details = json!({
            "purpose": format!("{}.{what}", act.as_str()),
            "count": count,
            "from": self.from,
            "until": self.until,
        });
        let entry = AuditEntry::new(id, self.until, AuditAction::KeyUsed, Outcome::Succeeded);
        entry.on(kid).with(details)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    fn period(from: i64, until: i64) -> Period {
        Period { from: second(from), until: second(until) }
    }

    #[test]
    fn of_what_was_opened_the_sort_is_told_and_never_the_row() {
        for (context, expected) in [
            ("persons:01900000-0000-7000-8000-000000000000", "persons"),
            ("cases.data_key:01900000-0000-7000-8000-000000000000", "cases"),
            ("failures.password.account", "failures"),
            ("id_number", "id_number"),
            ("", ""),
        ] {
            assert_eq!(sort(context), expected);
        }
    }

    #[test]
    fn a_period_is_over_after_a_minute_and_when_the_clock_was_set_back() {
        let over =
            [(0, 0), (0, 59), (0, 60), (0, 3600), (60, 59)].map(|(from, at)| period(from, at).is_over());
        assert_eq!(over, [false, false, true, true, true]);
    }

    #[test]
    fn an_entry_names_key_purpose_count_and_period() {
        let count = NonZeroU64::new(7).unwrap();
        let used = KeyUse { kid: "a-key".to_owned(), act: Act::Sign, what: "at+jwt".to_owned(), count };
        let entry = period(0, 60).entry(&used, Uuid::nil());
        assert_eq!(
            (entry.action, entry.subject.as_deref(), entry.at),
            (AuditAction::KeyUsed, Some("a-key"), second(60))
        );
        let expected = json!({
            "purpose": "sign.at+jwt", "count": 7,
            "from": "1970-01-01T00:00:00Z", "until": "1970-01-01T00:01:00Z",
        });
        assert_eq!(entry.details, expected);
    }
}
