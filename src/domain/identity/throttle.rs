//! How long somebody who guesses has to wait: a pure function of what failed
//! before and when, so that every instance gives the same answer from the same
//! rows.
//!
//! What always holds:
//! - a device the account knows answers for its own failures alone, so strangers
//!   cannot lock its owner out;
//! - a network slows down only far beyond what a service hall behind one address
//!   causes, and a sign-in that succeeds takes back what its failures had cost;
//! - whoever waits as long as he is told may try.

use chrono::{DateTime, TimeDelta, Utc};

/// What failures are counted against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// The account named, whether it exists or not, from devices it does not know.
    Account,
    /// That account from that network.
    AccountFromNetwork,
    /// A device the account knows.
    Device,
    /// A network, over all accounts.
    Network,
    /// A kiosk or counter desktop in its network, over all accounts.
    Place,
    /// An account that asks a registry of the state about somebody.
    Enquirer,
}

/// From where somebody tries an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Approach {
    KnownDevice,
    UnknownDevice,
    /// An unknown device by its nature: a place many people use.
    Place,
}

impl Approach {
    pub const ALL: [Approach; 3] = [Approach::KnownDevice, Approach::UnknownDevice, Approach::Place];

    /// Whose failures concern such a try.
    pub fn subjects(self) -> &'static [Subject] {
        match self {
            Approach::KnownDevice => &[Subject::Device],
            Approach::UnknownDevice => &[Subject::Account, Subject::AccountFromNetwork, Subject::Network],
            Approach::Place => {
                &[Subject::Account, Subject::AccountFromNetwork, Subject::Network, Subject::Place]
            }
        }
    }

    /// The same for asking for a message, each of which is counted: one household
    /// may ask for several in a row.
    pub fn subjects_of_messages(self) -> &'static [Subject] {
        match self {
            Approach::KnownDevice => &[Subject::Device],
            Approach::UnknownDevice => &[Subject::Account, Subject::Network],
            Approach::Place => &[Subject::Account, Subject::Network, Subject::Place],
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failures {
    pub count: u32,
    pub last_at: DateTime<Utc>,
}

/// What failed before, for one subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signal {
    pub subject: Subject,
    pub failures: Option<Failures>,
}

struct Rule {
    /// Failures that cost nothing.
    free: u32,
    /// The wait after the first that costs; it doubles with each further one.
    first: TimeDelta,
    longest: TimeDelta,
    /// Failures fade: after this long without another nothing is left of them.
    memory: TimeDelta,
}

/// What the first failure at an account weighs for its network and place; each
/// further one at the same account weighs 1. Who goes through many accounts is
/// found sooner than who mistypes his own.
const NEW_ACCOUNT: u32 = 5;

impl Subject {
    pub const ALL: [Subject; 6] = [
        Subject::Account,
        Subject::AccountFromNetwork,
        Subject::Device,
        Subject::Network,
        Subject::Place,
        Subject::Enquirer,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Subject::Account => "account",
            Subject::AccountFromNetwork => "account_from_network",
            Subject::Device => "device",
            Subject::Network => "network",
            Subject::Place => "place",
            Subject::Enquirer => "enquirer",
        }
    }

    /// The rules. A network's and a place's `free` are in weights.
    #[rustfmt::skip]
    fn rule(self) -> Rule {
        let (s, m, h) = (TimeDelta::seconds, TimeDelta::minutes, TimeDelta::hours);
        match self {
            Subject::Account => Rule { free: 15, first: s(30), longest: m(30), memory: h(24) },
            Subject::AccountFromNetwork => Rule { free: 5, first: s(30), longest: m(30), memory: h(24) },
            Subject::Device => Rule { free: 10, first: s(10), longest: m(30), memory: h(24) },
            Subject::Network => Rule { free: 500, first: s(1), longest: s(60), memory: h(1) },
            Subject::Place => Rule { free: 60, first: s(5), longest: s(60), memory: h(1) },
            Subject::Enquirer => Rule { free: 5, first: h(24), longest: h(24), memory: h(24) },
        }
    }

    /// Whether tries at the same moment must be counted one by one, each seeing
    /// the one before. Where many people meet they are only added up.
    pub fn counts_one_by_one(self) -> bool {
        match self {
            Subject::Account | Subject::AccountFromNetwork | Subject::Device | Subject::Enquirer => true,
            Subject::Network | Subject::Place => false,
        }
    }

    /// What is left of the failures.
    pub fn remembered(self, failures: Option<Failures>, at: DateTime<Utc>) -> u32 {
        let Some(Failures { count, last_at }) = failures else { return 0 };
        let micros =
            |span: TimeDelta| u128::from(span.num_microseconds().unwrap_or(i64::MAX).max(0).unsigned_abs());
        let faded = u128::from(count) * micros(at - last_at) / micros(self.rule().memory).max(1);
        count.saturating_sub(u32::try_from(faded).unwrap_or(u32::MAX))
    }

    /// How much longer to wait before the next try; `None` when it may be now.
    pub fn wait(self, failures: Option<Failures>, at: DateTime<Utc>) -> Option<TimeDelta> {
        let Failures { count, last_at } = failures?;
        let rule = self.rule();
        let beyond = count.checked_sub(rule.free).filter(|_| at < last_at + rule.memory)?;
        let doubled = 2_i32.checked_pow(beyond).and_then(|times| rule.first.checked_mul(times));
        let wait = last_at + doubled.unwrap_or(rule.longest).min(rule.longest) - at;
        (wait > TimeDelta::zero()).then_some(wait)
    }
}

/// What becomes of a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It may be made. This is what it costs, to be counted before its outcome is known.
    Try(Vec<Charge>),
    /// Not yet, because of what failed against this.
    Wait { subject: Subject, time: TimeDelta },
}

/// What a try costs one subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Charge {
    pub subject: Subject,
    pub before: Option<Failures>,
    /// How much has faded of what there was before.
    pub faded: u32,
    pub weight: u32,
}

impl Charge {
    /// What stands against the subject afterwards.
    pub fn after(&self) -> u32 {
        let before = self.before.map_or(0, |failures| failures.count);
        before.saturating_sub(self.faded).saturating_add(self.weight)
    }
}

/// Judges a try by what failed before. The longest wait counts.
pub fn judge(signals: &[Signal], at: DateTime<Utc>) -> Verdict {
    let waits = signals
        .iter()
        .filter_map(|signal| signal.subject.wait(signal.failures, at).map(|time| (signal.subject, time)));
    if let Some((subject, time)) = waits.max_by_key(|(_, time)| *time) {
        return Verdict::Wait { subject, time };
    }
    let here = signals.iter().find(|signal| signal.subject == Subject::AccountFromNetwork);
    let is_new = here.is_some_and(|here| here.subject.remembered(here.failures, at) == 0);
    let charge = |signal: &Signal| {
        let before = signal.failures.map_or(0, |failures| failures.count);
        let weight = match signal.subject {
            Subject::Network | Subject::Place if is_new => NEW_ACCOUNT,
            Subject::Account
            | Subject::AccountFromNetwork
            | Subject::Device
            | Subject::Network
            | Subject::Place
            | Subject::Enquirer => 1,
        };
        let faded = before - signal.subject.remembered(signal.failures, at);
        Charge { subject: signal.subject, before: signal.failures, faded, weight }
    };
    Verdict::Try(signals.iter().map(charge).collect())
}

/// What is taken back from one subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refund {
    All,
    /// Not more than stands there.
    Some(u32),
}

/// What a success takes back: everything that failed at this account from this
/// network (NIST SP 800-63B-4 §3.2.2), and nothing that others caused.
pub fn refunds(charges: &[Charge]) -> Vec<(Subject, Refund)> {
    let here = charges.iter().find(|charge| charge.subject == Subject::AccountFromNetwork);
    let here = here.map(|charge| charge.after().max(1));
    let refund = |charge: &Charge| match charge.subject {
        Subject::Device | Subject::AccountFromNetwork | Subject::Enquirer => Refund::All,
        Subject::Account => Refund::Some(here.unwrap_or(charge.weight)),
        Subject::Network | Subject::Place => {
            Refund::Some(here.map_or(charge.weight, |here| NEW_ACCOUNT + (here - 1)))
        }
    };
    charges.iter().map(|charge| (charge.subject, refund(charge))).collect()
}

#[cfg(test)]
mod tests;
