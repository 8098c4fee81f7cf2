//! Whether a client's registration can work: everything that is wrong with it at
//! once, each with a pointer and what to do.

use super::client::{Client, Grant};
use super::redirect_uri::RedirectUri;
use super::scope::Scope;
use crate::domain::refusal::FieldError;
use crate::domain::text::Text;

/// Addresses of one kind at the most.
const MOST_URIS: usize = 20;
const LONGEST_NAME: usize = 100;

type Rule = (bool, &'static str, &'static str, &'static str, &'static str);

impl Client {
    /// Everything that makes this registration unfit, with pointers into it.
    pub fn problems(&self) -> Vec<FieldError> {
        let rules = self.grant_rules().into_iter().chain(self.address_rules()).chain(self.other_rules());
        rules
            .filter(|(broken, ..)| *broken)
            .map(|(_, pointer, code, zh, en)| FieldError::new(pointer, code, Text::new(zh, en)))
            .collect()
    }

    fn grant_rules(&self) -> [Rule; 5] {
        let signs_in = self.may_use(Grant::AuthorizationCode) || self.may_use(Grant::DeviceCode);
        [
            (
                self.grants.is_empty(),
                "/grants",
                "required",
                "请至少选择一种授权方式。",
                "Choose at least one grant.",
            ),
            (
                self.may_use(Grant::AuthorizationCode) && self.redirect_uris.is_empty(),
                "/redirect_uris",
                "required",
                "使用授权码方式的应用至少要登记一个回调地址。",
                "A client that uses authorization codes registers at least one redirect URI.",
            ),
            (
                self.may_use(Grant::ClientCredentials) && !self.authentication.is_confidential(),
                "/grants",
                "needs_a_secret",
                "没有密钥的应用不能使用 client_credentials。",
                "A client without a secret or a key cannot use client_credentials.",
            ),
            (
                self.may_use(Grant::RefreshToken) && !signs_in,
                "/grants",
                "needs_authorization_code",
                "refresh_token 须与 authorization_code 或 device_code 一起使用。",
                "refresh_token goes with authorization_code or device_code.",
            ),
            (
                self.may_use(Grant::TokenExchange) && !signs_in,
                "/grants",
                "needs_authorization_code",
                "token-exchange 须与 authorization_code 或 device_code 一起使用。",
                "token-exchange goes with authorization_code or device_code.",
            ),
        ]
    }

    fn address_rules(&self) -> [Rule; 4] {
        let mut hosts = self.redirect_uris.iter().map(RedirectUri::host);
        let first = hosts.next();
        let several_hosts = hosts.any(|host| Some(host) != first);
        let host = |text: &str| {
            (1..=253).contains(&text.len())
                && text
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-_:[]".contains(&b))
        };
        [
            (
                self.redirect_uris.len() > MOST_URIS || self.post_logout_redirect_uris.len() > MOST_URIS,
                "/redirect_uris",
                "too_many",
                "每类地址最多登记 20 个。",
                "At most twenty addresses of a kind can be registered.",
            ),
            (
                self.backchannel_logout_uri.as_ref().is_some_and(|uri| !uri.is_web()),
                "/backchannel_logout_uri",
                "not_a_web_address",
                "后台退出通知地址应以 https:// 开头，由应用的服务器接收。",
                "The back-channel logout address begins with https://; a server of the client receives it.",
            ),
            (
                !self.is_first_party() && self.sector.is_none() && several_hosts,
                "/sector",
                "required",
                "回调地址有多个主机名时，请填写 sector（应用的主域名）。",
                "With redirect URIs at several hosts, name the sector: the client's main host.",
            ),
            (
                self.sector.as_deref().is_some_and(|sector| !host(sector)),
                "/sector",
                "not_a_host",
                "sector 应为小写主机名，如 app.example.cn。",
                "The sector is a host in small letters, such as app.example.cn.",
            ),
        ]
    }

    fn other_rules(&self) -> [Rule; 3] {
        let fits = |name: &str| !name.trim().is_empty() && name.chars().count() <= LONGEST_NAME;
        [
            (
                !fits(&self.name.zh) || !fits(&self.name.en),
                "/name",
                "required",
                "请填写中英文名称，各不超过 100 个字符。",
                "Give a name in Chinese and in English, each of at most 100 characters.",
            ),
            (
                self.scopes.contains(Scope::Staff) && !self.is_first_party(),
                "/scopes",
                "first_party_only",
                "第三方应用不能使用 staff 权限范围。",
                "A third-party client cannot have the scope staff.",
            ),
            (
                self.sector.is_some() && self.is_first_party(),
                "/sector",
                "third_party_only",
                "只有第三方应用才有 sector。",
                "Only a third-party client has a sector.",
            ),
        ]
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::client::{Channel, sample};
    use super::*;

    fn codes(client: &Client) -> Vec<(String, &'static str)> {
        client.problems().into_iter().map(|problem| (problem.pointer, problem.code)).collect()
    }

    fn expect(client: &Client, expected: &[(&str, &'static str)]) {
        let expected: Vec<_> = expected.iter().map(|(at, code)| ((*at).to_owned(), *code)).collect();
        assert_eq!(codes(client), expected);
    }

    #[test]
    fn a_registration_that_can_work_has_no_problems() {
        for channel in Channel::ALL {
            expect(&sample(channel), &[]);
        }
    }

    #[test]
    fn one_that_cannot_says_why_all_at_once() {
        let mut client = sample(Channel::ThirdParty);
        client.redirect_uris.clear();
        client.grants.insert(Grant::ClientCredentials);
        client.scopes = client.scopes.with(Scope::Staff);
        client.name.en = " ".to_owned();
        client.sector = Some("App.Example".to_owned());
        client.backchannel_logout_uri = Some(RedirectUri::parse("cn.example.app:/bye").unwrap());
        expect(
            &client,
            &[
                ("/redirect_uris", "required"),
                ("/grants", "needs_a_secret"),
                ("/backchannel_logout_uri", "not_a_web_address"),
                ("/sector", "not_a_host"),
                ("/name", "required"),
                ("/scopes", "first_party_only"),
            ],
        );
    }

    #[test]
    fn what_goes_with_a_sign_in_needs_one() {
        let mut client = sample(Channel::Kiosk);
        client.grants = BTreeSet::from([Grant::RefreshToken, Grant::TokenExchange]);
        assert_eq!(codes(&client).len(), 2);
        client.grants.insert(Grant::DeviceCode);
        expect(&client, &[]);
        client.grants.clear();
        expect(&client, &[("/grants", "required")]);
    }

    #[test]
    fn a_third_party_at_several_hosts_names_its_sector_and_others_have_none() {
        let mut client = sample(Channel::ThirdParty);
        client.redirect_uris.push(RedirectUri::parse("https://other.example.cn/callback").unwrap());
        expect(&client, &[("/sector", "required")]);
        client.sector = Some("example.cn".to_owned());
        expect(&client, &[]);
        client.channel = Channel::Web;
        expect(&client, &[("/sector", "third_party_only")]);
    }
}
