//! 登录: a browser somebody signed in with. Clients he opens in the same browser
//! are answered without asking him again, for as long as it lasts.
//!
//! What always holds: its secret changes with every proof; a stronger claim never
//! rests on an older proof than it says.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::assurance::Aal;
use super::methods::Methods;
use super::session::{Lifetime, Standing};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrowserSignIn {
    pub id: Uuid,
    pub account: Uuid,
    /// How the person proved who he is.
    pub methods: Methods,
    /// Names the last time he did so from the beginning: whoever must sign in anew
    /// needs another than the one he had.
    pub proof: Uuid,
    /// The age of the oldest proof that `methods` still needs for its strength.
    pub authenticated_at: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
    pub last_used_at: DateTime<Utc>,
    /// The latest it may last, however busy.
    pub expires_at: DateTime<Utc>,
    pub revoked_at: Option<DateTime<Utc>>,
    /// Browser and system in a few words; see `user_agent`.
    pub user_agent: String,
    /// Keyed index of the network it was made from.
    pub network: Vec<u8>,
}

impl BrowserSignIn {
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

    pub fn aal(&self) -> Aal {
        self.methods.aal()
    }

    /// After something more was shown. When that alone is as strong as all
    /// together, nothing rests on the older proof any more.
    #[must_use]
    pub fn strengthened(self, shown: Methods, at: DateTime<Utc>) -> Self {
        let methods = self.methods.and(shown);
        let authenticated_at = if shown.aal() >= methods.aal() { at } else { self.authenticated_at };
        Self { methods, authenticated_at, last_used_at: at, ..self }
    }
}

#[cfg(test)]
pub(super) fn resident() -> Lifetime {
    use super::{Channel, Lifetimes, ScopeSet};
    Lifetimes::default().of(Channel::Web, ScopeSet::EMPTY)
}

#[cfg(test)]
pub(super) fn sample(methods: &str, at: DateTime<Utc>) -> BrowserSignIn {
    BrowserSignIn {
        id: Uuid::from_u128(1),
        account: Uuid::from_u128(2),
        methods: Methods::parse(methods).unwrap(),
        proof: Uuid::from_u128(3),
        authenticated_at: at,
        created_at: at,
        last_used_at: at,
        expires_at: at + resident().absolute,
        revoked_at: None,
        user_agent: String::new(),
        network: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::*;

    use super::super::methods::Method;
    use super::*;

    #[test]
    fn it_rests_expires_and_ends() {
        let lifetime = resident();
        let start = DateTime::UNIX_EPOCH;
        let mut sign_in = sample("pwd", start);
        let nearly = TimeDelta::microseconds(1);
        assert_eq!(sign_in.standing(lifetime, start + lifetime.idle - nearly), Standing::Live);
        assert_eq!(sign_in.standing(lifetime, start + lifetime.idle), Standing::Idle);
        sign_in.last_used_at = start + lifetime.absolute - nearly;
        assert_eq!(sign_in.standing(lifetime, start + lifetime.absolute), Standing::Expired);
        sign_in.revoked_at = Some(start);
        assert_eq!(sign_in.standing(lifetime, start), Standing::Revoked);
    }

    #[test]
    fn a_second_factor_is_as_old_as_the_first_and_a_passkey_as_young_as_itself() {
        let (start, later) = (DateTime::UNIX_EPOCH, DateTime::UNIX_EPOCH + TimeDelta::minutes(9));
        for (before, shown, age) in [
            ("pwd", "otp", start),
            ("pwd", "sms", start),
            ("sms", "pwd", start),
            ("pwd", "swk", later),
            ("pwd", "hwk", later),
            ("pwd otp", "swk", later),
            ("hwk", "pwd", start),
            ("pwd", "pwd", later),
        ] {
            let after = sample(before, start).strengthened(Methods::parse(shown).unwrap(), later);
            assert_eq!(after.authenticated_at, age, "{before} and {shown}");
        }
    }

    proptest! {
        #[test]
        fn showing_more_never_weakens_nor_ages_a_sign_in(
            before in proptest::collection::vec(proptest::sample::select(Method::ALL.to_vec()), 1..4),
            shown in proptest::sample::select(Method::ALL.to_vec()),
            minutes in 0_i64..600,
        ) {
            let start = DateTime::UNIX_EPOCH;
            let before: Methods = before.into_iter().fold(Methods::NONE, Methods::with);
            let sign_in = BrowserSignIn { methods: before, ..sample("pwd", start) };
            let after = sign_in.clone().strengthened(shown.into(), start + TimeDelta::minutes(minutes));
            prop_assert!(after.aal() >= sign_in.aal());
            prop_assert!(after.authenticated_at >= sign_in.authenticated_at);
            prop_assert!(after.proof == sign_in.proof && after.account == sign_in.account);
        }
    }
}
