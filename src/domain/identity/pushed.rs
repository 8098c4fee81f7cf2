//! Pushed authorization requests (RFC 9126): a client sends its request here
//! first and the browser carries a reference alone, so that nothing in it can be
//! read or changed on the way.
//!
//! What always holds: a reference is good for the client that pushed it, is begun
//! within a minute, and leads to one code.

use chrono::{DateTime, TimeDelta, Utc};

use super::authorize::Parameters;
use super::client::ClientId;
use super::secret::Secret;

/// How long a browser has to arrive with the reference.
pub const LIFETIME: TimeDelta = TimeDelta::seconds(60);
/// How long a person may then take to sign in.
pub const SIGN_IN: TimeDelta = TimeDelta::minutes(30);

/// What a reference begins with (RFC 9126 §2.2).
const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

/// What proves the client, and is no part of the request it pushes.
const NOT_CARRIED: [&str; 3] = ["client_secret", "client_assertion", "client_assertion_type"];

/// A request as it waits for its browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushedRequest {
    pub client: ClientId,
    pub parameters: Parameters,
    pub expires_at: DateTime<Utc>,
    /// When a browser first came with the reference.
    pub begun_at: Option<DateTime<Utc>>,
}

/// What coming with a reference means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// The sign-in begins; the reference is good until then.
    Begins { until: DateTime<Utc> },
    /// A step of the same sign-in, or its page loaded anew.
    GoesOn,
    /// Expired, or another client's.
    Refused,
}

impl PushedRequest {
    /// The request of an authenticated client.
    pub fn new(client: ClientId, parameters: &Parameters, at: DateTime<Utc>) -> Self {
        let kept = parameters
            .pairs()
            .iter()
            .filter(|(name, _)| !NOT_CARRIED.contains(&name.as_str()) && name != "client_id");
        let named = [("client_id".to_owned(), client.to_string())];
        let parameters = Parameters::new(named.into_iter().chain(kept.cloned()));
        Self { client, parameters, expires_at: at + LIFETIME, begun_at: None }
    }

    /// A browser arrives with the reference, sent by `client`.
    pub fn arrive(&self, client: &str, at: DateTime<Utc>) -> Arrival {
        if self.client.as_str() != client || at >= self.expires_at {
            return Arrival::Refused;
        }
        match self.begun_at {
            None => Arrival::Begins { until: at + SIGN_IN },
            Some(_) => Arrival::GoesOn,
        }
    }
}

/// The `request_uri` under which a secret is handed out.
pub fn reference(secret: &Secret) -> String {
    format!("{PREFIX}{}", secret.expose())
}

/// The secret in a `request_uri` of ours.
pub fn read_reference(text: &str) -> Option<Secret> {
    let secret = text.strip_prefix(PREFIX)?;
    (secret.len() == 43).then(|| Secret::presented(secret))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pushed() -> PushedRequest {
        let pairs =
            [("client_id", "other"), ("scope", "cases"), ("client_secret", "s"), ("client_assertion", "a")];
        let parameters = Parameters::new(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())));
        PushedRequest::new(ClientId::parse("shop").unwrap(), &parameters, DateTime::UNIX_EPOCH)
    }

    #[test]
    fn what_proves_the_client_is_not_kept() {
        let request = pushed();
        let names: Vec<&str> = request.parameters.pairs().iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["client_id", "scope"]);
        assert_eq!(request.parameters.get("client_id"), Some("shop"));
    }

    #[test]
    fn a_reference_is_read_back_and_nothing_else_is() {
        let secret = Secret::from_bytes([7; 32]);
        assert_eq!(read_reference(&reference(&secret)), Some(secret));
        for text in
            ["", PREFIX, "https://app.example.cn/request.jwt", "urn:ietf:params:oauth:request_uri:short"]
        {
            assert_eq!(read_reference(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn it_is_begun_within_a_minute_and_then_leaves_time_to_sign_in(first in 0_i64..120, later in 0_i64..4000) {
            let start = DateTime::UNIX_EPOCH;
            let mut request = pushed();
            let first = start + TimeDelta::seconds(first);
            let arrival = request.arrive("shop", first);
            prop_assert_eq!(request.arrive("other", first), Arrival::Refused);
            let Arrival::Begins { until } = arrival else {
                prop_assert!(first >= start + LIFETIME);
                return Ok(());
            };
            prop_assert!(first < start + LIFETIME);
            request.begun_at = Some(first);
            request.expires_at = until;
            let later = first + TimeDelta::seconds(later);
            let expected = if later < first + SIGN_IN { Arrival::GoesOn } else { Arrival::Refused };
            prop_assert_eq!(request.arrive("shop", later), expected);
        }
    }
}
