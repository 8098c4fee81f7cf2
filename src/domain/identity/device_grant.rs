//! The device grant (RFC 8628): a kiosk shows a short code, a person enters it on
//! a device of his own, signs in there and agrees, and the kiosk, which has been
//! asking all the while, gets the tokens.
//!
//! What always holds: a grant belongs to the client that asked for it, is decided
//! once, within ten minutes, and gives tokens once.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::client::ClientId;
use super::methods::Methods;
use super::scope::ScopeSet;

pub const LIFETIME: TimeDelta = TimeDelta::minutes(10);
/// How often a device may ask, at first.
pub const INTERVAL_SECONDS: u32 = 5;
/// What is added each time it asked too soon (RFC 8628 §3.5).
const SLOWER_SECONDS: u32 = 5;
/// What the network may take from the pause between two questions.
const LENIENCE: TimeDelta = TimeDelta::seconds(1);

/// Consonants that are hard to confuse and spell no words (RFC 8628 §6.1).
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
const LENGTH: usize = 8;

/// The code a person enters: eight letters, 2³⁴ possibilities.
#[derive(Clone, PartialEq, Eq)]
pub struct UserCode(String);

impl UserCode {
    pub fn from_random(bytes: [u8; 8]) -> Self {
        let mut number = u64::from_be_bytes(bytes);
        let mut text = String::with_capacity(LENGTH);
        for _ in 0..LENGTH {
            let (rest, letter) = (number / 20, number % 20);
            number = rest;
            text.extend(usize::try_from(letter).ok().and_then(|at| LETTERS.get(at)).copied().map(char::from));
        }
        Self(text)
    }

    /// Reads what a person typed: small letters, blanks and hyphens do not matter.
    pub fn parse(text: &str) -> Option<Self> {
        let letters: Option<String> = text
            .chars()
            .filter(|c| !c.is_whitespace() && *c != '-')
            .map(|c| Some(c.to_ascii_uppercase()).filter(|c| LETTERS.iter().any(|l| char::from(*l) == *c)))
            .collect();
        letters.filter(|letters| letters.len() == LENGTH).map(Self)
    }

    /// The letters alone, for finding the grant.
    pub fn letters(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, second) = self.0.split_at(LENGTH / 2);
        write!(f, "{first}-{second}")
    }
}

impl fmt::Debug for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserCode(…)")
    }
}

/// A grant as it is stored, by the digest of its device code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceGrant {
    pub client: ClientId,
    pub scopes: ScopeSet,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    /// The pause the device must keep between two questions.
    pub interval_seconds: u32,
    pub last_asked_at: Option<DateTime<Utc>>,
    pub decision: Decision,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    Pending,
    Denied,
    Approved(Approval),
}

/// Who agreed, and how he had signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    pub account: Uuid,
    pub methods: Methods,
    /// The sign-in of his browser.
    pub sign_in: Option<Uuid>,
    pub authenticated_at: DateTime<Utc>,
}

/// What a device that asks is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Pending,
    /// It asked too soon and must keep this pause from now on.
    SlowDown {
        interval_seconds: u32,
    },
    Denied,
    Expired,
    /// The grant is another client's: for this one it does not exist.
    Unknown,
    /// Tokens; the grant is used up with them.
    Approved(Approval),
}

impl DeviceGrant {
    pub fn new(client: ClientId, scopes: ScopeSet, at: DateTime<Utc>) -> Self {
        Self {
            client,
            scopes,
            created_at: at,
            expires_at: at + LIFETIME,
            interval_seconds: INTERVAL_SECONDS,
            last_asked_at: None,
            decision: Decision::Pending,
        }
    }

    /// The device asks.
    pub fn ask(&self, client: &ClientId, at: DateTime<Utc>) -> Answer {
        if self.client != *client {
            return Answer::Unknown;
        }
        if at >= self.expires_at {
            return Answer::Expired;
        }
        match &self.decision {
            Decision::Denied => Answer::Denied,
            Decision::Approved(approval) => Answer::Approved(approval.clone()),
            Decision::Pending if self.asks_too_soon(at) => {
                Answer::SlowDown { interval_seconds: self.interval_seconds.saturating_add(SLOWER_SECONDS) }
            }
            Decision::Pending => Answer::Pending,
        }
    }

    fn asks_too_soon(&self, at: DateTime<Utc>) -> bool {
        let pause = TimeDelta::seconds(i64::from(self.interval_seconds)) - LENIENCE;
        self.last_asked_at.is_some_and(|last| at < last + pause)
    }

    /// Whether a person may still decide.
    pub fn is_open(&self, at: DateTime<Utc>) -> bool {
        self.decision == Decision::Pending && at < self.expires_at
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn client(name: &str) -> ClientId {
        ClientId::parse(name).unwrap()
    }

    fn grant() -> DeviceGrant {
        DeviceGrant::new(client("kiosk"), ScopeSet::EMPTY, DateTime::UNIX_EPOCH)
    }

    fn after(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    fn approval() -> Approval {
        Approval {
            account: Uuid::from_u128(1),
            methods: Methods::NONE,
            sign_in: None,
            authenticated_at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        let code = UserCode::parse("WDJB-MJHT").unwrap();
        for text in ["wdjbmjht", " wdjb mjht ", "WDJB—MJHT".replace('—', "-").as_str(), "w-d-j-b-m-j-h-t"]
        {
            assert_eq!(UserCode::parse(text).as_ref(), Some(&code), "{text}");
        }
        assert_eq!(code.to_string(), "WDJB-MJHT");
        for none in ["", "WDJB-MJH", "WDJB-MJHTT", "WDJB-MJHA", "WDJB-MJH0", "万事通通通通通通"] {
            assert_eq!(UserCode::parse(none), None, "{none}");
        }
        assert!(!format!("{code:?}").contains("WDJB"));
    }

    #[test]
    fn a_device_that_asks_too_soon_is_slowed_down_and_one_that_waits_is_not() {
        let mut grant = grant();
        assert_eq!(grant.ask(&client("kiosk"), after(0)), Answer::Pending);
        grant.last_asked_at = Some(after(0));
        assert_eq!(grant.ask(&client("kiosk"), after(3)), Answer::SlowDown { interval_seconds: 10 });
        assert_eq!(grant.ask(&client("kiosk"), after(5)), Answer::Pending);
        grant.interval_seconds = 10;
        assert_eq!(grant.ask(&client("kiosk"), after(8)), Answer::SlowDown { interval_seconds: 15 });
        assert_eq!(grant.ask(&client("kiosk"), after(10)), Answer::Pending);
    }

    proptest! {
        #[test]
        fn every_code_is_read_back_as_itself(bytes in any::<[u8; 8]>()) {
            let code = UserCode::from_random(bytes);
            prop_assert_eq!(UserCode::parse(&code.to_string()), Some(code));
        }

        #[test]
        fn nobody_gets_tokens_but_the_asking_client_after_a_yes_in_time(
            own in any::<bool>(), decided in 0_u8..3, second in 0_i64..1200, asked in proptest::option::of(0_i64..1200),
        ) {
            let mut grant = grant();
            grant.decision = match decided {
                0 => Decision::Pending,
                1 => Decision::Denied,
                _ => Decision::Approved(approval()),
            };
            grant.last_asked_at = asked.map(after);
            let by = client(if own { "kiosk" } else { "other" });
            let answer = grant.ask(&by, after(second));
            let granted = own && decided == 2 && second < 600;
            prop_assert_eq!(matches!(answer, Answer::Approved(_)), granted);
            prop_assert_eq!(answer == Answer::Unknown, !own);
            prop_assert_eq!(grant.is_open(after(second)), decided == 0 && second < 600);
        }
    }
}
