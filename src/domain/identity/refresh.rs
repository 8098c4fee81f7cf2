//! Refresh tokens (RFC 6749 §6, RFC 9700 §4.14): every use replaces the token by
//! its one successor. A client that asked twice at the same moment gets that same
//! successor again; whoever comes later with a used token shows that it was
//! copied, and the session ends.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

/// How long after its use a token still gives its successor.
pub const GRACE: TimeDelta = TimeDelta::seconds(10);

/// A refresh token as it is stored, by the digest of its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefreshToken {
    pub session: Uuid,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub rotation: Rotation,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// The youngest of its session.
    Current,
    Rotated {
        at: DateTime<Utc>,
    },
}

/// What presenting a token means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presented {
    /// Replace it by its successor.
    Rotate,
    /// It was replaced a moment ago: answer with the same successor.
    Repeat,
    /// It was replaced long ago: the session must end.
    Replay,
    Expired,
}

impl RefreshToken {
    pub fn present(&self, at: DateTime<Utc>) -> Presented {
        match self.rotation {
            Rotation::Rotated { at: rotated_at } if at < rotated_at + GRACE => Presented::Repeat,
            Rotation::Rotated { .. } => Presented::Replay,
            Rotation::Current if at >= self.expires_at => Presented::Expired,
            Rotation::Current => Presented::Rotate,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn token(rotation: Rotation) -> RefreshToken {
        RefreshToken {
            session: Uuid::from_u128(1),
            created_at: DateTime::UNIX_EPOCH,
            expires_at: DateTime::UNIX_EPOCH + TimeDelta::minutes(30),
            rotation,
        }
    }

    proptest! {
        #[test]
        fn a_current_token_rotates_until_it_expires(second in 0_i64..4000) {
            let at = DateTime::UNIX_EPOCH + TimeDelta::seconds(second);
            let expected = if second < 1800 { Presented::Rotate } else { Presented::Expired };
            prop_assert_eq!(token(Rotation::Current).present(at), expected);
        }

        #[test]
        fn a_used_token_repeats_within_the_grace_and_is_a_replay_for_ever_after(used in 0_i64..1800, later in 0_i64..100_000) {
            let used = DateTime::UNIX_EPOCH + TimeDelta::seconds(used);
            let expected = if later < 10 { Presented::Repeat } else { Presented::Replay };
            prop_assert_eq!(token(Rotation::Rotated { at: used }).present(used + TimeDelta::seconds(later)), expected);
        }
    }
}
