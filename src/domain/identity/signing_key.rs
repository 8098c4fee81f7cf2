//! The life of a signing key: published before it signs, so that nobody meets a
//! signature of a key he does not know; published after, until the last token it
//! signed has expired. A pure function of three times, so that every instance
//! changes over at the same moment without a word.

use chrono::{DateTime, TimeDelta, Utc};

use super::session::ACCESS_TOKEN_LIFETIME;

/// How long before it signs a key is published: longer than anybody keeps the key
/// set without asking again.
pub const LEAD: TimeDelta = TimeDelta::minutes(10);
/// How long whoever fetches the key set may keep it, in seconds.
pub const CACHED_SECONDS: i64 = 300;

/// How long a key signs before it is given a successor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RotateAfter(TimeDelta);

impl RotateAfter {
    /// The days an operator may choose.
    pub const DAYS: std::ops::RangeInclusive<u32> = 1..=730;

    pub fn days(days: u32) -> Option<Self> {
        Self::DAYS.contains(&days).then(|| Self(TimeDelta::days(i64::from(days))))
    }
}

impl Default for RotateAfter {
    fn default() -> Self {
        Self(TimeDelta::days(90))
    }
}

/// When a key was made, and between when it signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyLife {
    pub created_at: DateTime<Utc>,
    pub signs_from: DateTime<Utc>,
    /// Its successor signs from then on.
    pub retired_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState {
    /// Published; signs soon.
    Next,
    Current,
    /// Signs nothing any more; what it signed is still good for a while.
    Retired,
    /// No token it signed can still be good.
    Past,
}

impl KeyLife {
    pub fn state(&self, at: DateTime<Utc>) -> KeyState {
        match self.retired_at {
            Some(retired_at) if at >= retired_at + ACCESS_TOKEN_LIFETIME => KeyState::Past,
            Some(retired_at) if at >= retired_at => KeyState::Retired,
            Some(_) | None => match at < self.signs_from {
                true => KeyState::Next,
                false => KeyState::Current,
            },
        }
    }
}

/// Which key signs, by its place in the list, where they stand in the order in which
/// they sign. An instance whose clock runs a little behind that of the one which
/// made the very first key signs with that one all the same.
pub fn signer(
    keys: impl DoubleEndedIterator<Item = KeyLife> + ExactSizeIterator + Clone,
    at: DateTime<Utc>,
) -> Option<usize> {
    let is = |wanted: KeyState| move |(_, key): &(usize, KeyLife)| key.state(at) == wanted;
    let current = keys.clone().enumerate().rev().find(is(KeyState::Current));
    current.or_else(|| keys.enumerate().find(is(KeyState::Next))).map(|(place, _)| place)
}

/// What a rotation does: a new key that signs from then on, when the present ones
/// (by their places in the list) stop. There are two where two instances began on
/// an empty database at the same moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    pub retires: Vec<usize>,
    pub signs_from: DateTime<Utc>,
}

/// Plans a rotation; `None` while one is under way, or when nothing signs.
pub fn rotate(keys: &[KeyLife], at: DateTime<Utc>) -> Option<Rotation> {
    let under_way = keys.iter().any(|key| key.state(at) == KeyState::Next);
    let current = keys.iter().enumerate().filter(|(_, key)| key.state(at) == KeyState::Current);
    let retires: Vec<usize> = current.map(|(place, _)| place).collect();
    (!under_way && !retires.is_empty()).then_some(Rotation { retires, signs_from: at + LEAD })
}

/// Whether the present key has signed for so long.
pub fn is_due(keys: &[KeyLife], RotateAfter(age): RotateAfter, at: DateTime<Utc>) -> bool {
    keys.iter()
        .any(|key| key.state(at) == KeyState::Current && at >= key.signs_from.max(key.created_at) + age)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn after(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    fn first() -> KeyLife {
        KeyLife { created_at: after(0), signs_from: after(0), retired_at: None }
    }

    /// Rotates at each of these seconds, where that is possible.
    fn rotated(seconds: &[i64]) -> Vec<KeyLife> {
        let mut keys = vec![first()];
        for second in seconds {
            if let Some(Rotation { retires, signs_from }) = rotate(&keys, after(*second)) {
                retires.into_iter().for_each(|place| keys[place].retired_at = Some(signs_from));
                keys.push(KeyLife { created_at: after(*second), signs_from, retired_at: None });
            }
        }
        keys
    }

    #[test]
    fn a_key_waits_signs_retires_and_is_gone() {
        let keys = rotated(&[0]);
        let states = |second| [keys[0].state(after(second)), keys[1].state(after(second))];
        assert_eq!(states(599), [KeyState::Current, KeyState::Next]);
        assert_eq!(states(600), [KeyState::Retired, KeyState::Current]);
        assert_eq!(states(1199), [KeyState::Retired, KeyState::Current]);
        assert_eq!(states(1200), [KeyState::Past, KeyState::Current]);
        assert_eq!(rotate(&keys, after(599)), None);
        assert_eq!(rotate(&[], after(0)), None);
    }

    #[test]
    fn a_key_is_published_for_longer_than_the_set_is_kept() {
        assert!(LEAD >= TimeDelta::seconds(CACHED_SECONDS));
    }

    #[test]
    fn the_first_key_signs_on_an_instance_whose_clock_is_behind() {
        let keys = [KeyLife { created_at: after(10), signs_from: after(10), retired_at: None }];
        assert_eq!(signer(keys.iter().copied(), after(0)), Some(0));
        assert_eq!(signer([].into_iter(), after(0)), None);
    }

    #[test]
    fn two_keys_made_at_once_retire_together() {
        assert_eq!(rotate(&[first(), first()], after(0)).unwrap().retires, [0, 1]);
    }

    #[test]
    fn a_key_is_due_by_how_long_it_signed() {
        let keys = rotated(&[0]);
        let age = RotateAfter::days(90).unwrap();
        assert_eq!(age, RotateAfter::default());
        assert!(!is_due(&keys, age, after(599 + 90 * 86_400)));
        assert!(is_due(&keys, age, after(600 + 90 * 86_400)));
        assert_eq!([0, 731].map(RotateAfter::days), [None; 2]);
    }

    proptest! {
        #[test]
        fn at_every_moment_exactly_one_key_signs_and_what_it_signs_stays_good(
            mut rotations in proptest::collection::vec(0_i64..20_000, 0..8), second in 0_i64..30_000,
        ) {
            rotations.sort_unstable();
            let keys = rotated(&rotations);
            let signing: Vec<&KeyLife> =
                keys.iter().filter(|key| key.state(after(second)) == KeyState::Current).collect();
            prop_assert_eq!(signing.len(), 1);
            let place = signer(keys.iter().copied(), after(second)).unwrap();
            prop_assert_eq!(&keys[place], signing[0]);
            // Whoever asked for the set within the last minutes knows the key…
            let asked = after(second) - TimeDelta::seconds(CACHED_SECONDS);
            prop_assert!(signing[0].created_at <= asked.max(after(0)));
            // …and knows it still when the last token expires.
            let expiry = after(second) + ACCESS_TOKEN_LIFETIME - TimeDelta::microseconds(1);
            prop_assert_ne!(signing[0].state(expiry), KeyState::Past);
        }
    }
}
