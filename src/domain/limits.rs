//! How often somebody may ask: the quotas by which requests are limited, as data.

use std::num::NonZeroU32;

/// Whose requests are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Counted {
    /// Everything a network sends without having signed in.
    Network,
    /// One person through one client.
    Person,
    /// A third party's client, over all its people; an application for itself.
    Client,
}

impl Counted {
    pub const ALL: [Counted; 3] = [Counted::Network, Counted::Person, Counted::Client];

    /// The name of the policy, as `RateLimit-Policy` gives it.
    pub fn as_str(self) -> &'static str {
        match self {
            Counted::Network => "network",
            Counted::Person => "person",
            Counted::Client => "client",
        }
    }
}

/// So many at once, and after that so many a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    pub per_second: NonZeroU32,
    pub burst: NonZeroU32,
}

impl Quota {
    /// Zero of either is taken for one.
    pub const fn new(per_second: u32, burst: u32) -> Self {
        Self { per_second: at_least_one(per_second), burst: at_least_one(burst) }
    }

    /// Seconds until a burst that was used up is there again.
    pub fn window_seconds(&self) -> u32 {
        self.burst.get().div_ceil(self.per_second.get()).max(1)
    }
}

const fn at_least_one(count: u32) -> NonZeroU32 {
    match NonZeroU32::new(count) {
        Some(count) => count,
        None => NonZeroU32::MIN,
    }
}

/// The quotas of this portal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub network: Quota,
    pub person: Quota,
    pub client: Quota,
}

/// The largest quota that can be set, a second or at once.
pub const MOST: u32 = 1_000_000;

impl Limits {
    /// So wide that nothing reaches them: for a demo, and for measuring.
    pub const WIDE: Limits = {
        let wide = Quota::new(MOST, MOST);
        Limits { network: wide, person: wide, client: wide }
    };

    pub fn of(&self, counted: Counted) -> Quota {
        match counted {
            Counted::Network => self.network,
            Counted::Person => self.person,
            Counted::Client => self.client,
        }
    }
}

impl Default for Limits {
    /// Generous: behind one address of a mobile carrier are thousands of people.
    fn default() -> Self {
        Self { network: Quota::new(200, 2000), person: Quota::new(20, 200), client: Quota::new(500, 5000) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_as_long_as_a_burst_takes_to_come_back() {
        assert_eq!(Quota::new(20, 200).window_seconds(), 10);
        assert_eq!(Quota::new(3, 10).window_seconds(), 4);
        assert_eq!(Quota::new(100, 1).window_seconds(), 1);
        assert_eq!(Quota::new(0, 0), Quota::new(1, 1));
    }
}
