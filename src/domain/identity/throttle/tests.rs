//! The promises of the module, kept in simulated days of a hall and of an attack.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

fn start() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH
}

fn failed(count: u32) -> Option<Failures> {
    Some(Failures { count, last_at: start() })
}

/// Everything on record, as the database keeps it.
#[derive(Default)]
struct Ledger(HashMap<(Subject, String), Failures>);

/// Somebody at an account.
#[derive(Clone, Copy)]
struct Attempt<'a> {
    approach: Approach,
    account: &'a str,
    network: &'a str,
    succeeds: bool,
}

impl Ledger {
    fn key(subject: Subject, attempt: &Attempt) -> (Subject, String) {
        let Attempt { account, network, .. } = attempt;
        let name = match subject {
            Subject::Account => (*account).to_owned(),
            Subject::AccountFromNetwork => format!("{account} {network}"),
            Subject::Device => format!("the device of {account}"),
            Subject::Network => (*network).to_owned(),
            Subject::Place => format!("the kiosk at {network}"),
            Subject::Enquirer => format!("{account} at the register"),
        };
        (subject, name)
    }

    /// The wait he is told, or `None` when the try was made.
    fn attempt(&mut self, attempt: Attempt, at: DateTime<Utc>) -> Option<TimeDelta> {
        let signal = |subject: &Subject| Signal {
            subject: *subject,
            failures: self.0.get(&Self::key(*subject, &attempt)).copied(),
        };
        let signals: Vec<Signal> = attempt.approach.subjects().iter().map(signal).collect();
        let charges = match judge(&signals, at) {
            Verdict::Wait { time, .. } => return Some(time),
            Verdict::Try(charges) => charges,
        };
        for charge in &charges {
            let failures = Failures { count: charge.after(), last_at: at };
            self.0.insert(Self::key(charge.subject, &attempt), failures);
        }
        for (subject, refund) in refunds(&charges).into_iter().filter(|_| attempt.succeeds) {
            let key = Self::key(subject, &attempt);
            match refund {
                Refund::All => drop(self.0.remove(&key)),
                Refund::Some(count) => {
                    self.0
                        .entry(key)
                        .and_modify(|failures| failures.count = failures.count.saturating_sub(count));
                }
            }
        }
        None
    }
}

/// The same numbers on every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

#[test]
fn the_first_failures_cost_nothing_and_then_the_wait_doubles() {
    let seconds =
        |count| Subject::AccountFromNetwork.wait(failed(count), start()).map(|wait| wait.num_seconds());
    assert_eq!(Subject::AccountFromNetwork.wait(None, start()), None);
    assert_eq!([0, 1, 4].map(seconds), [None; 3]);
    assert_eq!([5, 6, 7].map(seconds), [Some(30), Some(60), Some(120)]);
    assert_eq!([12, 100, u32::MAX].map(seconds), [Some(1800); 3]);
}

#[test]
fn failures_fade() {
    let left = |hours| Subject::Account.remembered(failed(24), start() + TimeDelta::hours(hours));
    assert_eq!([0, 1, 12, 23, 24, 1000].map(left), [24, 23, 12, 1, 0, 0]);
    assert_eq!(Subject::Account.wait(failed(100), start() + TimeDelta::hours(24)), None);
}

/// A working day in a hall: everybody behind one address, on machines nobody
/// knows, one in five at the kiosk. One sign-in in twenty is mistyped, and one
/// person in twenty has forgotten his password and gives up after three tries.
#[test]
fn a_hall_of_honest_people_never_locks_itself_out() {
    for seed in 0..20 {
        let (mut ledger, mut dice) = (Ledger::default(), Dice(seed));
        let mut day: Vec<(i64, u64, u32)> = Vec::new();
        for person in 0..200 {
            for _ in 0..3 {
                day.push((i64::try_from(dice.below(9 * 3600)).unwrap(), person, 0));
            }
        }
        day.sort_unstable();
        day.reverse();
        while let Some((second, person, tries)) = day.pop() {
            let forgot = person % 20 == 0;
            let account = format!("person {person}");
            let approach = if person % 5 == 0 { Approach::Place } else { Approach::UnknownDevice };
            let succeeds = !forgot && dice.below(100) >= 5;
            let attempt = Attempt { approach, account: &account, network: "hall", succeeds };
            let told = ledger.attempt(attempt, start() + TimeDelta::seconds(second));
            // Who has forgotten comes three times a day and may be told to wait; nobody else.
            assert!(told.is_none() || forgot, "seed {seed}: {account} at second {second} waits {told:?}");
            if !succeeds && tries < 2 {
                day.push((second + 15, person, tries + 1));
                day.sort_unstable_by_key(|(second, ..)| std::cmp::Reverse(*second));
            }
        }
    }
}

#[test]
fn many_networks_against_one_account_get_few_tries_and_its_owner_is_let_in_at_any_moment() {
    let mut ledger = Ledger::default();
    let mut guesses_made = [0_u32; 24];
    // 10,000 an hour for a day.
    for guess in 0_u32..240_000 {
        let second = f64::from(guess) * 0.36;
        let at = start() + TimeDelta::milliseconds((second * 1000.0) as i64);
        let network = format!("network {}", guess % 1000);
        let stranger = Attempt {
            approach: Approach::UnknownDevice,
            account: "owner",
            network: &network,
            succeeds: false,
        };
        let made = ledger.attempt(stranger, at).is_none();
        guesses_made[(second / 3600.0) as usize] += u32::from(made);
        if guess.is_multiple_of(1000) {
            let owner =
                Attempt { approach: Approach::KnownDevice, network: "home", succeeds: true, ..stranger };
            // He even mistypes now and then.
            ledger.attempt(Attempt { succeeds: false, ..owner }, at);
            assert_eq!(ledger.attempt(owner, at), None, "the owner at {at}");
        }
    }
    assert!(guesses_made[0] < 30, "{guesses_made:?}");
    assert!(guesses_made[1..].iter().all(|made| *made <= 3), "{guesses_made:?}");
}

#[test]
fn who_goes_through_many_accounts_from_one_network_is_slowed() {
    let mut ledger = Ledger::default();
    let mut made = 0;
    for guess in 0_u32..10_000 {
        let account = format!("person {guess}");
        let attempt =
            Attempt { approach: Approach::UnknownDevice, account: &account, network: "one", succeeds: false };
        let at = start() + TimeDelta::milliseconds(i64::from(guess) * 360);
        made += u32::from(ledger.attempt(attempt, at).is_none());
    }
    assert!((100..200).contains(&made), "{made} accounts were tried in an hour");
}

#[test]
fn a_success_takes_back_what_failed_here_and_nothing_that_failed_elsewhere() {
    let mut ledger = Ledger::default();
    let at = |network, succeeds| Attempt {
        approach: Approach::UnknownDevice,
        account: "owner",
        network,
        succeeds,
    };
    for _ in 0..4 {
        ledger.attempt(at("elsewhere", false), start());
        ledger.attempt(at("home", false), start());
    }
    ledger.attempt(at("home", true), start());
    let count = |subject, name: &str| ledger.0.get(&(subject, name.to_owned())).map_or(0, |f| f.count);
    assert_eq!(count(Subject::Account, "owner"), 4);
    assert_eq!(count(Subject::Network, "home"), 0);
    assert_eq!(count(Subject::AccountFromNetwork, "owner home"), 0);
    assert_eq!(count(Subject::AccountFromNetwork, "owner elsewhere"), 4);
    assert_eq!(count(Subject::Network, "elsewhere"), 8);
}

/// Whoever has an account of his own could otherwise wash a network clean with it.
#[test]
fn succeeding_at_ones_own_account_does_not_pay_for_guesses_at_others() {
    let mut ledger = Ledger::default();
    let mut guessed = 0;
    for round in 0_u32..2000 {
        let at = start() + TimeDelta::milliseconds(i64::from(round) * 100);
        let account = format!("person {round}");
        let guess =
            Attempt { approach: Approach::UnknownDevice, account: &account, network: "one", succeeds: false };
        guessed += u32::from(ledger.attempt(guess, at).is_none());
        ledger.attempt(Attempt { account: "his own", succeeds: true, ..guess }, at);
    }
    assert!(guessed < 120, "{guessed} guesses");
}

fn subjects() -> impl Strategy<Value = Subject> {
    proptest::sample::select(Subject::ALL.to_vec())
}

proptest! {
    #[test]
    fn more_failures_never_wait_less_and_time_never_makes_it_worse(
        count in 0_u32..1000, second in 0_i64..100_000, subject in subjects(),
    ) {
        let at = start() + TimeDelta::seconds(second);
        let wait = |count, at| subject.wait(failed(count), at).unwrap_or_default();
        prop_assert!(wait(count, at) <= wait(count + 1, at));
        prop_assert!(wait(count, at + TimeDelta::seconds(1)) <= wait(count, at));
        let left = |at| subject.remembered(failed(count), at);
        prop_assert!(left(at + TimeDelta::seconds(1)) <= left(at) && left(at) <= count);
    }

    #[test]
    fn whoever_waits_as_told_may_try(
        counts in proptest::collection::vec(proptest::option::of(0_u32..1000), 4),
        approach in proptest::sample::select(Approach::ALL.to_vec()),
    ) {
        let signals: Vec<Signal> = approach.subjects().iter().zip(counts)
            .map(|(subject, count)| Signal { subject: *subject, failures: count.and_then(failed) })
            .collect();
        if let Verdict::Wait { time, .. } = judge(&signals, start()) {
            prop_assert!(matches!(judge(&signals, start() + time), Verdict::Try(_)));
        }
    }

    #[test]
    fn every_failure_counts_and_a_success_leaves_no_more_than_there_was(
        tries in proptest::collection::vec((0_u8..3, 0_u8..3, any::<bool>(), 0_i64..600), 1..60),
    ) {
        let mut ledger = Ledger::default();
        let mut second = 0;
        for (account, network, succeeds, later) in tries {
            second += later;
            let at = start() + TimeDelta::seconds(second);
            let (account, network) = (format!("a{account}"), format!("n{network}"));
            let attempt =
                Attempt { approach: Approach::UnknownDevice, account: &account, network: &network, succeeds };
            let standing = |ledger: &Ledger| -> Vec<u32> {
                let left = |subject: &Subject| {
                    subject.remembered(ledger.0.get(&Ledger::key(*subject, &attempt)).copied(), at)
                };
                attempt.approach.subjects().iter().map(left).collect()
            };
            let before = standing(&ledger);
            if ledger.attempt(attempt, at).is_some() {
                continue;
            }
            for (before, after) in before.into_iter().zip(standing(&ledger)) {
                let fits = if succeeds { after <= before } else { after > before };
                prop_assert!(fits, "{} became {}", before, after);
            }
        }
    }
}
