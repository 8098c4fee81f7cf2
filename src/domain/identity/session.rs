//! 会话: one sign-in of one account through one client. Every token hangs on a
//! session; ending it ends them all.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::client::ClientId;
use super::jwk::Thumbprint;
use super::methods::Methods;
use super::scope::ScopeSet;

/// How long an access token lives at the most (RFC 9068 asks for short ones).
pub const ACCESS_TOKEN_LIFETIME: TimeDelta = TimeDelta::minutes(10);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    pub id: Uuid,
    pub account: Uuid,
    pub client: ClientId,
    pub scopes: ScopeSet,
    /// How the person proved who he is.
    pub methods: Methods,
    /// The sign-in of a browser it came from, when it came from one.
    pub sign_in: Option<Uuid>,
    /// The key a public client must show with every refresh (RFC 9449 §5).
    pub key: Option<Thumbprint>,
    /// When the person last proved who he is.
    pub authenticated_at: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
    pub last_used_at: DateTime<Utc>,
    /// The latest it may last, however busy.
    pub expires_at: DateTime<Utc>,
    pub revoked_at: Option<DateTime<Utc>>,
}

/// How long a session may rest and last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetime {
    /// Without a refresh.
    pub idle: TimeDelta,
    /// From the sign-in on.
    pub absolute: TimeDelta,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Live,
    /// Nobody used it for too long.
    Idle,
    Expired,
    Revoked,
}

impl Session {
    pub fn standing(&self, lifetime: Lifetime, at: DateTime<Utc>) -> Standing {
        if self.revoked_at.is_some() {
            Standing::Revoked
        } else if at >= self.expires_at {
            Standing::Expired
        } else if at >= self.last_used_at + lifetime.idle {
            Standing::Idle
        } else {
            Standing::Live
        }
    }

    /// Until when an access token issued now is good: never beyond the session,
    /// nor beyond the rest the session may take.
    pub fn access_until(&self, lifetime: Lifetime, at: DateTime<Utc>) -> DateTime<Utc> {
        (at + ACCESS_TOKEN_LIFETIME.min(lifetime.idle)).min(self.expires_at)
    }

    /// Until when a refresh token issued now is good.
    pub fn refresh_until(&self, lifetime: Lifetime, at: DateTime<Utc>) -> DateTime<Utc> {
        (at + lifetime.idle).min(self.expires_at)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::identity::{Channel, Lifetimes, Scope};

    fn lifetime(channel: Channel, scopes: ScopeSet) -> Lifetime {
        Lifetimes::default().of(channel, scopes)
    }

    fn session() -> Session {
        let start = DateTime::UNIX_EPOCH;
        Session {
            id: Uuid::from_u128(1),
            account: Uuid::from_u128(2),
            client: ClientId::parse("sample").unwrap(),
            scopes: ScopeSet::EMPTY,
            methods: Methods::NONE,
            sign_in: None,
            key: None,
            authenticated_at: start,
            created_at: start,
            last_used_at: start,
            expires_at: start + lifetime(Channel::Web, ScopeSet::EMPTY).absolute,
            revoked_at: None,
        }
    }

    #[test]
    fn a_session_rests_expires_and_ends() {
        let lifetime = lifetime(Channel::Web, ScopeSet::EMPTY);
        let start = DateTime::UNIX_EPOCH;
        let mut session = session();
        assert_eq!(session.standing(lifetime, start), Standing::Live);
        assert_eq!(session.standing(lifetime, start + lifetime.idle), Standing::Idle);
        assert_eq!(session.standing(lifetime, start + lifetime.absolute), Standing::Expired);
        session.revoked_at = Some(start);
        assert_eq!(session.standing(lifetime, start), Standing::Revoked);
    }

    #[test]
    fn a_kiosk_is_left_soon_even_by_staff_and_apps() {
        for scopes in ["", "staff", "offline_access"] {
            let lifetime = lifetime(Channel::Kiosk, ScopeSet::parse(scopes).unwrap());
            assert!(lifetime.idle <= TimeDelta::minutes(3) && lifetime.absolute <= TimeDelta::minutes(10));
        }
    }

    proptest! {
        #[test]
        fn no_token_outlives_its_session(
            channel in proptest::sample::select(Channel::ALL.to_vec()),
            staff in any::<bool>(), offline in any::<bool>(), minute in 0_i64..1_000_000,
        ) {
            let mut scopes = ScopeSet::EMPTY;
            if staff { scopes = scopes.with(Scope::Staff); }
            if offline { scopes = scopes.with(Scope::OfflineAccess); }
            let lifetime = lifetime(channel, scopes);
            let session = Session { expires_at: DateTime::UNIX_EPOCH + lifetime.absolute, ..session() };
            let at = DateTime::UNIX_EPOCH + TimeDelta::minutes(minute);
            prop_assert!(session.access_until(lifetime, at) <= session.expires_at);
            prop_assert!(session.refresh_until(lifetime, at) <= session.expires_at);
            prop_assert!(session.access_until(lifetime, at) <= at + ACCESS_TOKEN_LIFETIME);
        }
    }
}
