//! What an operator chose for the whole portal: read once at the start, checked
//! there, and the same for every request.

use crate::domain::identity::{Lifetimes, PasswordProfile, RotateAfter};
use crate::domain::limits::Limits;
use crate::domain::network::Proxies;
use crate::domain::retention::Retention;

/// The choices; every one has a usual value.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    pub proxies: Proxies,
    pub lifetimes: Lifetimes,
    pub passwords: PasswordProfile,
    pub limits: Limits,
    pub rotate_keys_after: RotateAfter,
    pub retention: Retention,
}

impl Settings {
    /// For a demo and for measuring: nobody is limited.
    pub fn demo() -> Self {
        Self { limits: Limits::WIDE, ..Self::default() }
    }
}
