//! Where a client wants its answers. A URI is compared as text, whole (RFC 9700
//! §2.1): no prefix, no wildcard, no normalising, so nothing can be smuggled in.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::codes::CodeError;

const LONGEST: usize = 512;

/// A registered redirect URI: `https://…`, `http://` to the loopback, or a
/// private-use scheme with a dot in it (RFC 8252 §7.1). No fragment, no user.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct RedirectUri(String);

impl RedirectUri {
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        let printable = text.bytes().all(|b| b.is_ascii_graphic() && !b"\"'<>\\^`{|}#;,".contains(&b));
        if !printable || text.len() > LONGEST {
            return Err(wrong(
                "只能由可见的 ASCII 字符组成，不含片段（#），且不超过 512 个字符。",
                "must be printable ASCII without a fragment (#) and at most 512 characters.",
            ));
        }
        let (scheme, rest) = text.split_once(':').ok_or_else(no_scheme)?;
        let named =
            scheme.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+.-".contains(&b));
        if !named || !scheme.starts_with(|c: char| c.is_ascii_lowercase()) {
            return Err(no_scheme());
        }
        match scheme {
            "https" | "http" => {
                let authority = authority(rest).ok_or_else(no_scheme)?;
                if authority.contains('@') || !is_host_and_port(authority) {
                    return Err(wrong("的主机名不正确。", "has a host that cannot be right."));
                }
                if scheme == "http" && !is_loopback(authority) {
                    return Err(wrong(
                        "应使用 https；http 只可用于本机回环地址。",
                        "must be https; http is for the loopback address alone.",
                    ));
                }
                Ok(Self(text.to_owned()))
            }
            private if private.contains('.') && rest.starts_with('/') => Ok(Self(text.to_owned())),
            _ => Err(no_scheme()),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The URI with these parameters added to its query.
    pub fn with_query(&self, parameters: &[(&str, &str)]) -> String {
        let mut uri = self.0.clone();
        for (name, value) in parameters {
            uri.push(if uri.contains('?') { '&' } else { '?' });
            uri.push_str(name);
            uri.push('=');
            percent_encode(value, &mut uri);
        }
        uri
    }

    /// The host, without its port; for an app the scheme of its own.
    pub fn host(&self) -> &str {
        let Some((scheme, rest)) = self.0.split_once(':') else { return &self.0 };
        authority(rest).map_or(scheme, |authority| split_port(authority).0)
    }

    /// Whether a server can be asked there.
    pub fn is_web(&self) -> bool {
        self.0.starts_with("https://") || self.0.starts_with("http://")
    }

    /// What a content security policy calls it (CSP3 §2.3.1): scheme and
    /// authority, or the scheme alone for an app.
    pub fn origin(&self) -> &str {
        let Some((scheme, rest)) = self.0.split_once(':') else { return &self.0 };
        match authority(rest) {
            Some(authority) => &self.0[..scheme.len() + 3 + authority.len()],
            None => &self.0[..=scheme.len()],
        }
    }
}

/// The part between `//` and the path.
fn authority(rest: &str) -> Option<&str> {
    let rest = rest.strip_prefix("//")?;
    let authority = rest.split(['/', '?']).next().unwrap_or(rest);
    (!authority.is_empty()).then_some(authority)
}

fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        Some(_) | None => (authority, None),
    }
}

fn is_host_and_port(authority: &str) -> bool {
    let (host, port) = split_port(authority);
    let is_name = !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
    let is_address = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .is_some_and(|address| address.parse::<std::net::Ipv6Addr>().is_ok());
    (is_name || is_address) && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0))
}

fn is_loopback(authority: &str) -> bool {
    matches!(split_port(authority).0, "127.0.0.1" | "[::1]" | "localhost")
}

/// Escapes everything but the unreserved characters (RFC 3986 §2.3).
fn percent_encode(value: &str, into: &mut String) {
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            into.push(char::from(byte));
        } else {
            const HEX: &[u8; 16] = b"0123456789ABCDEF";
            into.push('%');
            into.push(char::from(HEX[usize::from(byte >> 4)]));
            into.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}

fn no_scheme() -> CodeError {
    wrong(
        "应以 https:// 开头，或使用应用自有的协议（含点，如 cn.example.app:/callback）。",
        "must begin with https://, or with a scheme of the app's own that has a dot (cn.example.app:/callback).",
    )
}

fn wrong(zh: &str, en: &str) -> CodeError {
    CodeError::new("wrong_redirect_uri", format!("回调地址{zh}"), format!("The redirect URI {en}"))
}

impl TryFrom<String> for RedirectUri {
    type Error = CodeError;

    fn try_from(text: String) -> Result<Self, CodeError> {
        Self::parse(&text)
    }
}

impl fmt::Display for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn web_loopback_and_app_addresses_are_accepted_with_their_origin() {
        for (uri, origin) in [
            ("https://app.example.cn/callback", "https://app.example.cn"),
            ("https://app.example.cn:8443/a?b=c", "https://app.example.cn:8443"),
            ("https://app.example.cn", "https://app.example.cn"),
            ("http://127.0.0.1:5173/callback", "http://127.0.0.1:5173"),
            ("http://[::1]:9/x", "http://[::1]:9"),
            ("http://localhost/x", "http://localhost"),
            ("cn.example.app:/callback", "cn.example.app:"),
        ] {
            let read = RedirectUri::parse(uri).unwrap();
            assert_eq!(read.origin(), origin, "{uri}");
            assert!(!read.is_web() || origin.contains(&format!("://{}", read.host())), "{uri}");
        }
    }

    #[test]
    fn what_could_carry_an_answer_astray_is_refused() {
        for uri in [
            "",
            "app",
            "//app.example.cn",
            "/callback",
            "https:",
            "https://",
            "https:///x",
            "http://app.example.cn/x",
            "https://app.example.cn/x#y",
            "https://user@app.example.cn/x",
            "https://app.example.cn@evil.example/x",
            "https://app.example.cn\\@evil.example",
            "https://app .cn/",
            "https://应用.cn/",
            "javascript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "HTTPS://app.example.cn/",
            "myapp:/callback",
            "http://127.0.0.1.evil.example/",
            "https://app.example.cn:0/",
            "https://app.example.cn:port/",
            "cn.example.app:callback",
            "http://localhost:99999/",
            "https://a.example/;x",
            "https://a.example/x\r\nSet-Cookie: a",
        ] {
            assert!(RedirectUri::parse(uri).is_err(), "{uri}");
        }
    }

    #[test]
    fn parameters_join_the_query_that_is_there() {
        let plain = RedirectUri::parse("https://a.example/cb").unwrap();
        assert_eq!(
            plain.with_query(&[("code", "x"), ("state", "a b&c=d")]),
            "https://a.example/cb?code=x&state=a%20b%26c%3Dd"
        );
        let query = RedirectUri::parse("https://a.example/cb?t=1").unwrap();
        assert_eq!(
            query.with_query(&[("iss", "https://p.cn")]),
            "https://a.example/cb?t=1&iss=https%3A%2F%2Fp.cn"
        );
    }

    proptest! {
        #[test]
        fn no_value_breaks_out_of_its_parameter(value in "\\PC{0,40}") {
            let uri = RedirectUri::parse("https://a.example/cb").unwrap().with_query(&[("state", &value)]);
            let tail = uri.strip_prefix("https://a.example/cb?state=").unwrap();
            prop_assert!(tail.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~%".contains(&b)));
        }

        #[test]
        fn no_text_makes_it_panic(text in "(https?|[a-z.]{1,8})?:?/{0,3}[\\[\\]@:a-z0-9./?#]{0,30}") {
            if let Ok(uri) = RedirectUri::parse(&text) {
                prop_assert!(text.starts_with(uri.origin()));
            }
        }
    }
}
