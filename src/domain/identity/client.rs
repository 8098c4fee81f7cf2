//! 接入应用: the applications people come with. A client's registration fixes
//! its channel; no request can claim another.

use std::collections::BTreeSet;
use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::jwk::KeySet;
use super::redirect_uri::RedirectUri;
use super::scope::ScopeSet;
use super::secret::Digest;
use crate::domain::codes::{CodeError, CounterCode};
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
    /// RFC 8628
    DeviceCode,
    /// RFC 8693
    TokenExchange,
}

impl Grant {
    pub const ALL: [Grant; 5] = [
        Grant::AuthorizationCode,
        Grant::RefreshToken,
        Grant::ClientCredentials,
        Grant::DeviceCode,
        Grant::TokenExchange,
    ];

    /// The `grant_type` (RFC 6749, RFC 8628 §3.4, RFC 8693 §2.1).
    pub fn as_str(self) -> &'static str {
        match self {
            Grant::AuthorizationCode => "authorization_code",
            Grant::RefreshToken => "refresh_token",
            Grant::ClientCredentials => "client_credentials",
            Grant::DeviceCode => "urn:ietf:params:oauth:grant-type:device_code",
            Grant::TokenExchange => "urn:ietf:params:oauth:grant-type:token-exchange",
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
    /// `private_key_jwt` (RFC 7523): it signs with a key whose public half is here.
    PrivateKeyJwt(KeySet),
}

impl Authentication {
    /// Whether the client can prove that it is itself.
    pub fn is_confidential(&self) -> bool {
        match self {
            Authentication::Public => false,
            Authentication::Secret(_) | Authentication::PrivateKeyJwt(_) => true,
        }
    }
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
    /// Where it wants to hear that a session of its has ended (OpenID Connect
    /// Back-Channel Logout 1.0 §2.2).
    pub backchannel_logout_uri: Option<RedirectUri>,
    pub grants: BTreeSet<Grant>,
    /// The most it may ask for.
    pub scopes: ScopeSet,
    /// The host within which a third party's subjects are told apart.
    pub sector: Option<String>,
    /// All its tokens are bound to a key of its own (RFC 9449 §5.2).
    pub require_dpop: bool,
    /// Its requests come pushed or not at all (RFC 9126 §6).
    pub require_par: bool,
    pub created_at: DateTime<Utc>,
    pub disabled_at: Option<DateTime<Utc>>,
    pub version: i64,
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

    /// Fixes the sector a third party has at its registration, so that its subjects
    /// stay the same when its addresses change.
    pub fn settle_sector(&mut self) {
        let hosts_agree = self
            .redirect_uris
            .iter()
            .all(|uri| Some(uri.host()) == self.redirect_uris.first().map(RedirectUri::host));
        if self.sector.is_none() && hosts_agree {
            self.sector = self.pairwise_sector().map(str::to_owned);
        }
    }

    /// Within what a third party's subjects are told apart (OpenID Connect Core
    /// §8.1); `None` for a first-party client, which sees the account itself.
    pub fn pairwise_sector(&self) -> Option<&str> {
        if self.is_first_party() {
            return None;
        }
        let of_redirect = || self.redirect_uris.first().map(RedirectUri::host);
        Some(self.sector.as_deref().or_else(of_redirect).unwrap_or(self.id.as_str()))
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
        backchannel_logout_uri: None,
        grants: BTreeSet::from([Grant::AuthorizationCode, Grant::RefreshToken]),
        scopes: ScopeSet::parse("openid profile cases").unwrap(),
        sector: None,
        require_dpop: false,
        require_par: false,
        created_at: DateTime::UNIX_EPOCH,
        disabled_at: None,
        version: 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn a_third_party_has_a_sector_and_nobody_else() {
        for channel in Channel::ALL {
            let client = sample(channel);
            let expected = (!client.is_first_party()).then_some("app.example.cn");
            assert_eq!(client.pairwise_sector(), expected, "{channel:?}");
        }
        let mut client = sample(Channel::ThirdParty);
        client.sector = Some("example.cn".to_owned());
        assert_eq!(client.pairwise_sector(), Some("example.cn"));
        client.sector = None;
        client.redirect_uris.clear();
        assert_eq!(client.pairwise_sector(), Some("sample"));
    }

    #[test]
    fn a_client_id_has_no_room_for_anything_else() {
        assert!(ClientId::parse("web-portal_2").is_ok());
        for text in ["", "Web", "a b", "a:b", "应用", &"a".repeat(65)] {
            assert!(ClientId::parse(text).is_err(), "{text}");
        }
    }
}
