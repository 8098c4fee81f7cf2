//! How long each kind of session may rest and last: set once at the start, within
//! bounds that no configuration can leave.

use chrono::TimeDelta;

use super::client::Channel;
use super::scope::{Scope, ScopeSet};
use super::session::Lifetime;

/// The lifetimes of all sessions of this portal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetimes {
    resident: Lifetime,
    staff: Lifetime,
    kiosk: Lifetime,
}

/// A span an operator may set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    ResidentIdle,
    ResidentAbsolute,
    StaffIdle,
    StaffAbsolute,
    KioskIdle,
    KioskAbsolute,
}

/// What a span is when nobody sets it, and between what it must lie, in minutes.
struct Bounds {
    key: &'static str,
    /// Minutes in one of what the key counts.
    unit: u32,
    usual: u32,
    least: u32,
    most: u32,
}

impl Span {
    pub const ALL: [Span; 6] = [
        Span::ResidentIdle,
        Span::ResidentAbsolute,
        Span::StaffIdle,
        Span::StaffAbsolute,
        Span::KioskIdle,
        Span::KioskAbsolute,
    ];

    /// Its key in the section `[sessions]`.
    pub fn key(self) -> &'static str {
        self.bounds().key
    }

    /// Staff stay for one shift at the most; a place others use next is left soon.
    #[rustfmt::skip]
    fn bounds(self) -> Bounds {
        match self {
            Span::ResidentIdle => Bounds { key: "resident_idle_minutes", unit: 1, usual: 30, least: 5, most: 240 },
            Span::ResidentAbsolute => Bounds { key: "resident_absolute_hours", unit: 60, usual: 12, least: 1, most: 24 },
            Span::StaffIdle => Bounds { key: "staff_idle_minutes", unit: 1, usual: 15, least: 5, most: 30 },
            Span::StaffAbsolute => Bounds { key: "staff_absolute_hours", unit: 60, usual: 12, least: 1, most: 12 },
            Span::KioskIdle => Bounds { key: "kiosk_idle_minutes", unit: 1, usual: 3, least: 1, most: 5 },
            Span::KioskAbsolute => Bounds { key: "kiosk_absolute_minutes", unit: 1, usual: 10, least: 2, most: 20 },
        }
    }

    fn read(self, given: Option<u32>, wrong: &mut Vec<String>) -> TimeDelta {
        let Bounds { key, unit, usual, least, most } = self.bounds();
        let value = given.unwrap_or(usual);
        if !(least..=most).contains(&value) {
            wrong.push(format!("sessions.{key} is {value}; it must lie between {least} and {most}"));
        }
        TimeDelta::minutes(i64::from(value) * i64::from(unit))
    }
}

impl Lifetimes {
    /// The lifetimes with the spans that were given; the others are the usual ones.
    ///
    /// # Errors
    /// A sentence for every span that leaves its bounds or contradicts another.
    pub fn read(given: impl Fn(Span) -> Option<u32>) -> Result<Self, Vec<String>> {
        let mut wrong = Vec::new();
        let mut lifetime = |idle: Span, absolute: Span| {
            let read = Lifetime {
                idle: idle.read(given(idle), &mut wrong),
                absolute: absolute.read(given(absolute), &mut wrong),
            };
            if read.idle > read.absolute {
                wrong.push(format!(
                    "sessions.{} must not be longer than sessions.{}",
                    idle.key(),
                    absolute.key()
                ));
            }
            read
        };
        let lifetimes = Self {
            resident: lifetime(Span::ResidentIdle, Span::ResidentAbsolute),
            staff: lifetime(Span::StaffIdle, Span::StaffAbsolute),
            kiosk: lifetime(Span::KioskIdle, Span::KioskAbsolute),
        };
        if wrong.is_empty() { Ok(lifetimes) } else { Err(wrong) }
    }

    /// The lifetime of a session. An app the person allowed to stay signed in may
    /// rest a month; staff and kiosks never do, whatever was allowed.
    pub fn of(&self, channel: Channel, scopes: ScopeSet) -> Lifetime {
        match channel {
            Channel::Kiosk => self.kiosk,
            Channel::Web
            | Channel::MiniProgram
            | Channel::App
            | Channel::Counter
            | Channel::Hotline
            | Channel::ThirdParty => {
                if scopes.contains(Scope::Staff) {
                    self.staff
                } else if scopes.contains(Scope::OfflineAccess) {
                    Lifetime { idle: TimeDelta::days(30), absolute: TimeDelta::days(180) }
                } else {
                    self.resident
                }
            }
        }
    }
}

impl Default for Lifetimes {
    /// The usual spans.
    fn default() -> Self {
        let mut unread = Vec::new();
        let mut lifetime = |idle: Span, absolute: Span| Lifetime {
            idle: idle.read(None, &mut unread),
            absolute: absolute.read(None, &mut unread),
        };
        Self {
            resident: lifetime(Span::ResidentIdle, Span::ResidentAbsolute),
            staff: lifetime(Span::StaffIdle, Span::StaffAbsolute),
            kiosk: lifetime(Span::KioskIdle, Span::KioskAbsolute),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn minutes(lifetime: Lifetime) -> (i64, i64) {
        (lifetime.idle.num_minutes(), lifetime.absolute.num_minutes())
    }

    #[test]
    fn the_usual_spans_are_within_their_own_bounds() {
        assert_eq!(Lifetimes::read(|_| None), Ok(Lifetimes::default()));
        let usual = Lifetimes::default();
        let of = |channel, scopes: &str| minutes(usual.of(channel, ScopeSet::parse(scopes).unwrap()));
        assert_eq!(of(Channel::Web, "cases"), (30, 720));
        assert_eq!(of(Channel::Web, "cases staff"), (15, 720));
        assert_eq!(of(Channel::Web, "staff offline_access"), (15, 720));
        assert_eq!(of(Channel::Kiosk, "staff offline_access"), (3, 10));
        assert_eq!(of(Channel::App, "offline_access"), (30 * 1440, 180 * 1440));
    }

    #[test]
    fn what_leaves_its_bounds_is_told_all_at_once() {
        let wrong = Lifetimes::read(|span| match span {
            Span::StaffAbsolute => Some(13),
            Span::KioskIdle => Some(0),
            Span::ResidentIdle => Some(240),
            Span::ResidentAbsolute => Some(1),
            Span::StaffIdle | Span::KioskAbsolute => None,
        })
        .unwrap_err();
        assert_eq!(wrong.len(), 3, "{wrong:?}");
        assert!(wrong[0].contains("resident_idle_minutes") && wrong[0].contains("resident_absolute_hours"));
        assert!(wrong[1].contains("staff_absolute_hours is 13; it must lie between 1 and 12"));
        assert!(wrong[2].contains("kiosk_idle_minutes is 0"));
    }

    proptest! {
        #[test]
        fn whatever_is_set_staff_leave_after_a_shift_and_kiosks_soon(
            given in proptest::collection::vec(proptest::option::of(0_u32..2000), 6),
        ) {
            let at = |span| given[Span::ALL.iter().position(|each| *each == span).unwrap()];
            let Ok(lifetimes) = Lifetimes::read(at) else { return Ok(()) };
            for channel in Channel::ALL {
                for scopes in ["", "staff", "offline_access", "staff offline_access"] {
                    let lifetime = lifetimes.of(channel, ScopeSet::parse(scopes).unwrap());
                    prop_assert!(lifetime.idle <= lifetime.absolute);
                    if scopes.contains("staff") {
                        prop_assert!(lifetime.absolute <= TimeDelta::hours(12));
                        prop_assert!(lifetime.idle <= TimeDelta::minutes(30));
                    }
                    if channel == Channel::Kiosk {
                        prop_assert!(lifetime.absolute <= TimeDelta::minutes(20));
                    }
                }
            }
        }
    }
}
