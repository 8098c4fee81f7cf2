//! 接入应用: the applications people come with. A client's registration fixes
//! its channel; no request can claim another.

use std::collections::BTreeSet;
use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::redirect_uri::RedirectUri;
use super::scope::{Scope, ScopeSet};
use super::secret::{Digest, Secret, same_bytes};
use crate::domain::codes::{CodeError, CounterCode};
use crate::domain::refusal::FieldError;
use crate::domain::text::Text;

/// A client's id: 1–64 of `a–z`, `0–9`, `-` and `_`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct ClientId(String);

impl ClientId {
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        let named = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_".contains(&b));
        if named && (1..=64).contains(&text.len()) {
            return Ok(Self(text.to_owned()));
        }
        Err(CodeError::new(
            "wrong_client_id",
            "应用编号应为 1–64 位小写字母、数字、连字符或下划线。",
            "A client id is 1–64 small letters, digits, hyphens or underscores.",
        ))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ClientId {
    type Error = CodeError;

    fn try_from(text: String) -> Result<Self, CodeError> {
        Self::parse(&text)
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// 办理渠道, in the fine kinds the portal tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    Web,
    MiniProgram,
    App,
    Kiosk,
    Counter,
    Hotline,
    ThirdParty,
}

impl Channel {
    pub const ALL: [Channel; 7] = [
        Channel::Web,
        Channel::MiniProgram,
        Channel::App,
        Channel::Kiosk,
        Channel::Counter,
        Channel::Hotline,
        Channel::ThirdParty,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Channel::Web => "web",
            Channel::MiniProgram => "mini_program",
            Channel::App => "app",
            Channel::Kiosk => "kiosk",
            Channel::Counter => "counter",
            Channel::Hotline => "hotline",
            Channel::ThirdParty => "third_party",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.as_str() == text)
    }

    /// 办理形式 as GB/T 39046 numbers it: 1 window, 2 PC, 3 mobile, 9 other.
    pub fn number(self) -> u8 {
        match self {
            Channel::Counter => 1,
            Channel::Web => 2,
            Channel::MiniProgram | Channel::App => 3,
            Channel::Kiosk | Channel::Hotline | Channel::ThirdParty => 9,
        }
    }
}

/// How a client gets its tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Grant {
    AuthorizationCode,
    RefreshToken,
    ClientCredentials,
}

impl Grant {
    pub const ALL: [Grant; 3] = [Grant::AuthorizationCode, Grant::RefreshToken, Grant::ClientCredentials];

    /// The `grant_type` (RFC 6749).
    pub fn as_str(self) -> &'static str {
        match self {
            Grant::AuthorizationCode => "authorization_code",
            Grant::RefreshToken => "refresh_token",
            Grant::ClientCredentials => "client_credentials",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grant| grant.as_str() == text)
    }
}

/// How a client proves that it is itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authentication {
    /// It cannot keep a secret; PKCE protects its codes.
    Public,
    /// A secret of 256 bits, known here by its SHA-256 alone.
    Secret(Digest),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    pub id: ClientId,
    pub name: Text,
    pub channel: Channel,
    /// Where a kiosk or counter desktop stands.
    pub counter: Option<CounterCode>,
    pub authentication: Authentication,
    pub redirect_uris: Vec<RedirectUri>,
    pub post_logout_redirect_uris: Vec<RedirectUri>,
    pub grants: BTreeSet<Grant>,
    /// The most it may ask for.
    pub scopes: ScopeSet,
    pub created_at: DateTime<Utc>,
    pub disabled_at: Option<DateTime<Utc>>,
}

impl Client {
    /// Whether the portal's own operator runs it. Everybody else must be agreed
    /// to by the person and never acts as staff.
    pub fn is_first_party(&self) -> bool {
        match self.channel {
            Channel::Web
            | Channel::MiniProgram
            | Channel::App
            | Channel::Kiosk
            | Channel::Counter
            | Channel::Hotline => true,
            Channel::ThirdParty => false,
        }
    }

    pub fn is_enabled(&self) -> bool {
        self.disabled_at.is_none()
    }

    pub fn may_use(&self, grant: Grant) -> bool {
        self.grants.contains(&grant)
    }

    /// The registered URI that is this text, whole and exactly.
    pub fn redirect_uri(&self, text: &str) -> Option<&RedirectUri> {
        self.redirect_uris.iter().find(|uri| uri.as_str() == text)
    }

    pub fn post_logout_redirect_uri(&self, text: &str) -> Option<&RedirectUri> {
        self.post_logout_redirect_uris.iter().find(|uri| uri.as_str() == text)
    }

    /// Whether what was presented proves that the client is itself. A public
    /// client presents nothing; a secret it sends is an error, not ignored.
    pub fn is_proven_by(&self, presented: Option<&Secret>) -> bool {
        match (&self.authentication, presented) {
            (Authentication::Public, None) => true,
            (Authentication::Secret(expected), Some(secret)) => same_bytes(expected, &secret.digest()),
            (Authentication::Public, Some(_)) | (Authentication::Secret(_), None) => false,
        }
    }

    /// Everything that makes this registration unfit, with pointers into it.
    pub fn problems(&self) -> Vec<FieldError> {
        let public = self.authentication == Authentication::Public;
        let rules: [(bool, &str, &'static str, &str, &str); 5] = [
            (
                self.may_use(Grant::AuthorizationCode) && self.redirect_uris.is_empty(),
                "/redirect_uris",
                "required",
                "使用授权码方式的应用至少要登记一个回调地址。",
                "A client that uses authorization codes registers at least one redirect URI.",
            ),
            (
                self.may_use(Grant::ClientCredentials) && public,
                "/grants",
                "needs_a_secret",
                "没有密钥的应用不能使用 client_credentials。",
                "A client without a secret cannot use client_credentials.",
            ),
            (
                self.may_use(Grant::RefreshToken) && !self.may_use(Grant::AuthorizationCode),
                "/grants",
                "needs_authorization_code",
                "refresh_token 须与 authorization_code 一起使用。",
                "refresh_token goes with authorization_code.",
            ),
            (
                self.scopes.contains(Scope::Staff) && !self.is_first_party(),
                "/scopes",
                "first_party_only",
                "第三方应用不能使用 staff 权限范围。",
                "A third-party client cannot have the scope staff.",
            ),
            (
                self.grants.is_empty(),
                "/grants",
                "required",
                "请至少选择一种授权方式。",
                "Choose at least one grant.",
            ),
        ];
        rules
            .into_iter()
            .filter(|(broken, ..)| *broken)
            .map(|(_, pointer, code, zh, en)| FieldError::new(pointer, code, Text::new(zh, en)))
            .collect()
    }
}

#[cfg(test)]
pub(super) fn sample(channel: Channel) -> Client {
    Client {
        id: ClientId::parse("sample").unwrap(),
        name: Text::new("样例", "Sample"),
        channel,
        counter: None,
        authentication: Authentication::Public,
        redirect_uris: vec![RedirectUri::parse("https://app.example.cn/callback").unwrap()],
        post_logout_redirect_uris: Vec::new(),
        grants: BTreeSet::from([Grant::AuthorizationCode, Grant::RefreshToken]),
        scopes: ScopeSet::parse("openid profile cases").unwrap(),
        created_at: DateTime::UNIX_EPOCH,
        disabled_at: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(client: &Client) -> Vec<&'static str> {
        client.problems().into_iter().map(|problem| problem.code).collect()
    }

    #[test]
    fn every_name_is_read_back_as_itself() {
        for channel in Channel::ALL {
            assert_eq!(Channel::parse(channel.as_str()), Some(channel));
        }
        for grant in Grant::ALL {
            assert_eq!(Grant::parse(grant.as_str()), Some(grant));
        }
    }

    #[test]
    fn a_secret_proves_only_the_client_that_has_it() {
        let (right, wrong) = (Secret::from_bytes([1; 32]), Secret::from_bytes([2; 32]));
        let mut client = sample(Channel::ThirdParty);
        assert!(client.is_proven_by(None));
        assert!(!client.is_proven_by(Some(&right)));
        client.authentication = Authentication::Secret(right.digest());
        assert!(client.is_proven_by(Some(&right)));
        assert!(!client.is_proven_by(Some(&wrong)));
        assert!(!client.is_proven_by(None));
    }

    #[test]
    fn a_redirect_uri_is_matched_whole() {
        let client = sample(Channel::Web);
        assert!(client.redirect_uri("https://app.example.cn/callback").is_some());
        for near in [
            "https://app.example.cn/callback/",
            "https://app.example.cn/callback?x=1",
            "https://app.example.cn/Callback",
            "https://app.example.cn:443/callback",
            "https://app.example.cn/callback/../evil",
            "https://app.example.cn/callback%2f",
        ] {
            assert!(client.redirect_uri(near).is_none(), "{near}");
        }
    }

    #[test]
    fn a_registration_that_cannot_work_says_why_all_at_once() {
        assert_eq!(codes(&sample(Channel::Web)), Vec::<&str>::new());
        let mut client = sample(Channel::ThirdParty);
        client.redirect_uris.clear();
        client.grants.insert(Grant::ClientCredentials);
        client.scopes = client.scopes.with(Scope::Staff);
        assert_eq!(codes(&client), ["required", "needs_a_secret", "first_party_only"]);
        client.grants = BTreeSet::from([Grant::RefreshToken]);
        assert!(codes(&client).contains(&"needs_authorization_code"));
    }

    #[test]
    fn a_client_id_has_no_room_for_anything_else() {
        assert!(ClientId::parse("web-portal_2").is_ok());
        for text in ["", "Web", "a b", "a:b", "应用", &"a".repeat(65)] {
            assert!(ClientId::parse(text).is_err(), "{text}");
        }
    }
}
