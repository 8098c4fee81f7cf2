//! Authorization codes (RFC 6749 §4.1.2): good for a minute, for one client, one
//! redirect URI, one verifier, once. Whoever presents a used code ends what the
//! first use obtained, because one of the two stole it (§10.5).

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::client::ClientId;
use super::jwk::Thumbprint;
use super::methods::Methods;
use super::pkce::CodeChallenge;
use super::redirect_uri::RedirectUri;
use super::scope::ScopeSet;

/// How long a code lives.
pub const LIFETIME: TimeDelta = TimeDelta::seconds(60);

/// A code as it is stored, by the digest of its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthorizationCode {
    Fresh(FreshCode),
    /// It was redeemed and opened this session.
    Redeemed {
        client: ClientId,
        session: Uuid,
    },
}

/// A code nobody has redeemed yet, and what it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FreshCode {
    /// The session it will open.
    pub session: Uuid,
    pub account: Uuid,
    pub client: ClientId,
    pub redirect_uri: RedirectUri,
    pub challenge: CodeChallenge,
    pub scopes: ScopeSet,
    pub nonce: Option<String>,
    /// The key that must be shown with it (RFC 9449 §10).
    pub key: Option<Thumbprint>,
    pub methods: Methods,
    /// The sign-in of the browser it was given to.
    pub sign_in: Option<Uuid>,
    /// When the person signed in.
    pub authenticated_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

/// What a client brings with a code.
#[derive(Debug, Clone, Copy)]
pub struct Attempt<'a> {
    pub client: &'a ClientId,
    pub redirect_uri: &'a str,
    pub verifier: &'a str,
    /// The key whose possession it proved.
    pub key: Option<Thumbprint>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Redemption {
    /// It holds; the code is used up with it.
    Granted(FreshCode),
    Refused(CodeRefusal),
    /// The session its first use opened must end.
    Replayed {
        session: Uuid,
    },
}

/// Why a code is not honoured. The client learns only that it is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeRefusal {
    OtherClient,
    OtherRedirectUri,
    Expired,
    VerifierMismatch,
    OtherKey,
}

impl AuthorizationCode {
    /// Presents the code. A code of another client tells nothing and ends
    /// nothing, whatever its state.
    pub fn redeem(self, attempt: Attempt<'_>, at: DateTime<Utc>) -> Redemption {
        match self {
            AuthorizationCode::Fresh(code) => match code.refusal(attempt, at) {
                None => Redemption::Granted(code),
                Some(refusal) => Redemption::Refused(refusal),
            },
            AuthorizationCode::Redeemed { client, session } if client == *attempt.client => {
                Redemption::Replayed { session }
            }
            AuthorizationCode::Redeemed { .. } => Redemption::Refused(CodeRefusal::OtherClient),
        }
    }
}

impl FreshCode {
    fn refusal(&self, attempt: Attempt<'_>, at: DateTime<Utc>) -> Option<CodeRefusal> {
        let checks = [
            (self.client == *attempt.client, CodeRefusal::OtherClient),
            (self.redirect_uri.as_str() == attempt.redirect_uri, CodeRefusal::OtherRedirectUri),
            (at < self.expires_at, CodeRefusal::Expired),
            (self.challenge.is_met_by(attempt.verifier), CodeRefusal::VerifierMismatch),
            (self.key.is_none() || self.key == attempt.key, CodeRefusal::OtherKey),
        ];
        checks.into_iter().find(|(holds, _)| !holds).map(|(_, refusal)| refusal)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::pkce::challenge_of;
    use super::*;

    const CALLBACK: &str = "https://app.example.cn/callback";

    fn verifier() -> String {
        "v".repeat(43)
    }

    fn client(name: &str) -> ClientId {
        ClientId::parse(name).unwrap()
    }

    fn fresh(signed_in: DateTime<Utc>) -> FreshCode {
        FreshCode {
            session: Uuid::from_u128(1),
            account: Uuid::from_u128(2),
            client: client("sample"),
            redirect_uri: RedirectUri::parse(CALLBACK).unwrap(),
            challenge: CodeChallenge::parse(&challenge_of(&verifier())).unwrap(),
            scopes: ScopeSet::EMPTY,
            nonce: None,
            key: None,
            methods: Methods::NONE,
            sign_in: None,
            authenticated_at: signed_in,
            expires_at: signed_in + LIFETIME,
        }
    }

    #[test]
    fn a_code_is_honoured_for_less_than_a_minute() {
        let start = DateTime::UNIX_EPOCH;
        let sample = client("sample");
        let verifier = verifier();
        let attempt = Attempt { client: &sample, redirect_uri: CALLBACK, verifier: &verifier, key: None };
        let redeem = |at| AuthorizationCode::Fresh(fresh(start)).redeem(attempt, at);
        assert!(matches!(redeem(start + LIFETIME - TimeDelta::microseconds(1)), Redemption::Granted(_)));
        assert_eq!(redeem(start + LIFETIME), Redemption::Refused(CodeRefusal::Expired));
    }

    #[test]
    fn a_second_use_ends_what_the_first_obtained_however_late() {
        let used = AuthorizationCode::Redeemed { client: client("sample"), session: Uuid::from_u128(1) };
        let (sample, other) = (client("sample"), client("other"));
        let attempt = Attempt { client: &sample, redirect_uri: "x", verifier: "y", key: None };
        let late = DateTime::UNIX_EPOCH + TimeDelta::days(1);
        assert_eq!(used.clone().redeem(attempt, late), Redemption::Replayed { session: Uuid::from_u128(1) });
        let stranger = Attempt { client: &other, ..attempt };
        assert_eq!(used.redeem(stranger, late), Redemption::Refused(CodeRefusal::OtherClient));
    }

    #[test]
    fn a_code_bound_to_a_key_is_worth_nothing_without_it() {
        let [own, other] = [1, 2].map(|seed| Thumbprint::parse(&challenge_of(&seed.to_string())).unwrap());
        let (sample, verifier) = (client("sample"), verifier());
        for (bound, shown, good) in [
            (Some(own), Some(own), true),
            (Some(own), Some(other), false),
            (Some(own), None, false),
            (None, Some(own), true),
        ] {
            let code = FreshCode { key: bound, ..fresh(DateTime::UNIX_EPOCH) };
            let attempt =
                Attempt { client: &sample, redirect_uri: CALLBACK, verifier: &verifier, key: shown };
            let redemption = AuthorizationCode::Fresh(code).redeem(attempt, DateTime::UNIX_EPOCH);
            assert_eq!(matches!(redemption, Redemption::Granted(_)), good, "{bound:?} {shown:?}");
        }
    }

    proptest! {
        #[test]
        fn every_part_must_hold(
            same_client in any::<bool>(), same_uri in any::<bool>(), in_time in any::<bool>(), same_verifier in any::<bool>(),
        ) {
            let start = DateTime::UNIX_EPOCH;
            let by = client(if same_client { "sample" } else { "other" });
            let verifier = if same_verifier { verifier() } else { "w".repeat(43) };
            let attempt = Attempt {
                client: &by,
                redirect_uri: if same_uri { CALLBACK } else { "https://app.example.cn/other" },
                verifier: &verifier,
                key: None,
            };
            let at = start + if in_time { TimeDelta::zero() } else { LIFETIME };
            let granted = matches!(AuthorizationCode::Fresh(fresh(start)).redeem(attempt, at), Redemption::Granted(_));
            prop_assert_eq!(granted, same_client && same_uri && in_time && same_verifier);
        }
    }
}
