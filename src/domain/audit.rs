//! 审计: what is kept of who did or tried what. An entry says who acted, through
//! which client, on what, and how it ended; it never holds a secret, a name, an
//! ID number or a mobile number.

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

/// One line of the audit trail.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditEntry {
    /// Time-ordered, so that the trail is read in the order of its ids.
    pub id: Uuid,
    pub at: DateTime<Utc>,
    /// Who acted; none when nobody is known to have, e.g. at a failed sign-in.
    pub account: Option<Uuid>,
    pub action: AuditAction,
    /// What it was done to: the id of an account, person, case, client, key…
    pub subject: Option<String>,
    pub outcome: Outcome,
    /// The OAuth client it came through.
    pub client: Option<String>,
    /// Keyed index of the network it came from; equal ones can be told, none can be read.
    pub network: Option<Vec<u8>>,
    pub request_id: Option<String>,
    /// What else matters, as a JSON object.
    pub details: Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    Succeeded,
    Refused,
}

impl Outcome {
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Succeeded => "succeeded",
            Outcome::Refused => "refused",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Outcome::Succeeded, Outcome::Refused].into_iter().find(|outcome| outcome.as_str() == text)
    }
}

/// Declares the actions once, with their words.
macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident = $word:literal),+ $(,)?) => {
        /// What is kept on record.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum AuditAction {
            $($(#[$doc])* $name,)+
        }

        impl AuditAction {
            pub const ALL: &'static [AuditAction] = &[$(AuditAction::$name),+];

            pub fn as_str(self) -> &'static str {
                match self { $(AuditAction::$name => $word,)+ }
            }
        }
    };
}

actions! {
    /// 注册
    Registered = "account.registered",
    /// 登录, or a try at it.
    SignedIn = "account.signed_in",
    /// 退出
    SignedOut = "account.signed_out",
    /// A used code or refresh token came again; its session was ended.
    TokenReplayed = "token.replayed",
}

impl AuditAction {
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|action| action.as_str() == text)
    }
}

impl AuditEntry {
    /// An entry with nothing but its action; the rest is set by the caller.
    pub fn new(id: Uuid, at: DateTime<Utc>, action: AuditAction, outcome: Outcome) -> Self {
        Self {
            id,
            at,
            account: None,
            action,
            subject: None,
            outcome,
            client: None,
            network: None,
            request_id: None,
            details: Value::Object(serde_json::Map::new()),
        }
    }

    #[must_use]
    pub fn by(mut self, account: Uuid) -> Self {
        self.account = Some(account);
        self
    }

    #[must_use]
    pub fn on(mut self, subject: impl ToString) -> Self {
        self.subject = Some(subject.to_string());
        self
    }

    #[must_use]
    pub fn through(mut self, client: impl ToString) -> Self {
        self.client = Some(client.to_string());
        self
    }

    #[must_use]
    pub fn from_network(mut self, network: Vec<u8>) -> Self {
        self.network = Some(network);
        self
    }

    #[must_use]
    pub fn in_request(mut self, request_id: impl Into<String>) -> Self {
        self.request_id = Some(request_id.into());
        self
    }

    #[must_use]
    pub fn with(mut self, details: Value) -> Self {
        self.details = details;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_has_a_word_of_its_own_and_is_read_back() {
        let mut words: Vec<_> = AuditAction::ALL.iter().map(|action| action.as_str()).collect();
        for action in AuditAction::ALL {
            assert_eq!(AuditAction::parse(action.as_str()), Some(*action));
        }
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), AuditAction::ALL.len());
    }
}
