//! Networks: which proxies are believed, whose address a request comes from, and
//! what counts as one network.
//!
//! What always holds: a header is believed only as far as trusted proxies vouch
//! for it, so whoever comes directly cannot pass for another.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use super::codes::CodeError;

/// A block of addresses (RFC 4632, RFC 4291 §2.3): `10.0.0.0/8`, `fd00::/8`, or a
/// single address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cidr {
    /// Its first address, IPv4 as itself and never mapped into IPv6.
    base: IpAddr,
    /// How many leading bits are the block's.
    prefix: u8,
}

impl Cidr {
    /// # Errors
    /// `wrong_cidr`; the words say what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        let (address, prefix) = text.split_once('/').map_or((text, None), |(a, p)| (a, Some(p)));
        let base: IpAddr = address
            .trim()
            .parse()
            .map_err(|_| wrong(text, "斜线前不是 IP 地址", "what comes before the slash is no IP address"))?;
        if base.to_canonical() != base {
            return Err(wrong(text, "请直接写 IPv4 网段", "write the IPv4 block itself"));
        }
        let longest = if base.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => longest,
            Some(digits) => {
                digits.trim().parse().ok().filter(|prefix| *prefix <= longest).ok_or_else(|| {
                    let (zh, en) = (
                        format!("斜线后应为 0 至 {longest}"),
                        format!("the slash is followed by 0 to {longest}"),
                    );
                    wrong(text, &zh, &en)
                })?
            }
        };
        let block = Self { base, prefix };
        if block.first_bits(base) != bits(base) {
            let en = "it has bits set behind its prefix; is another block meant?";
            return Err(wrong(text, "前缀之后还有不为零的位，是否写错了网段", en));
        }
        Ok(block)
    }

    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.base.is_ipv4() && self.first_bits(address) == bits(self.base)
    }

    /// The address with everything behind the prefix cleared.
    fn first_bits(&self, address: IpAddr) -> u128 {
        let length: u32 = if address.is_ipv4() { 32 } else { 128 };
        let behind = length - u32::from(self.prefix).min(length);
        bits(address).checked_shr(behind).and_then(|kept| kept.checked_shl(behind)).unwrap_or(0)
    }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    }
}

fn wrong(text: &str, zh: &str, en: &str) -> CodeError {
    CodeError::new(
        "wrong_cidr",
        format!("“{text}”不是网段：{zh}。应写作 10.0.0.0/8 或 fd00::/8 的样式。"),
        format!("`{text}` is no block of addresses: {en}. Write it like 10.0.0.0/8 or fd00::/8."),
    )
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.base, self.prefix)
    }
}

/// In which header the proxies in front name the client. One of them: the other is
/// what a client may have sent itself, which no proxy looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ForwardingHeader {
    /// `X-Forwarded-For: client, proxy`
    #[default]
    XForwardedFor,
    /// `Forwarded: for=client, for=proxy` (RFC 7239)
    Forwarded,
}

impl ForwardingHeader {
    pub const ALL: [ForwardingHeader; 2] = [ForwardingHeader::XForwardedFor, ForwardingHeader::Forwarded];

    pub fn as_str(self) -> &'static str {
        match self {
            ForwardingHeader::XForwardedFor => "x-forwarded-for",
            ForwardingHeader::Forwarded => "forwarded",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|header| header.as_str().eq_ignore_ascii_case(text))
    }

    /// The hops one header value names, as they stand; `None` for one that names
    /// no address (`unknown`, `_hidden`, or nonsense).
    fn hops(self, value: &str) -> Vec<Option<IpAddr>> {
        match self {
            ForwardingHeader::XForwardedFor => value.split(',').map(node).collect(),
            ForwardingHeader::Forwarded => split_quoted(value, ',').into_iter().map(forwarded_for).collect(),
        }
    }
}

/// The `for` of one element of `Forwarded` (RFC 7239 §4).
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let named = split_quoted(element, ';').into_iter().find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then(|| value.trim())
    })?;
    let bare = named.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    node(bare.unwrap_or(named))
}

/// Splits where the separator stands outside of quotation marks.
fn split_quoted(text: &str, separator: char) -> Vec<&str> {
    let mut quoted = false;
    text.split(|c: char| {
        quoted ^= c == '"';
        c == separator && !quoted
    })
    .collect()
}

/// An address, with or without a port and brackets: `192.0.2.1`, `192.0.2.1:80`,
/// `2001:db8::1`, `[2001:db8::1]:80`.
fn node(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bracketed = text.strip_prefix('[').and_then(|rest| rest.split_once(']')).map(|(inside, _)| inside);
    let without_port = || text.rsplit_once(':').map(|(address, _)| address);
    let read = |text: &str| text.parse::<IpAddr>().ok().map(|address| address.to_canonical());
    match bracketed {
        Some(inside) => read(inside),
        None => read(text).or_else(|| without_port().and_then(read).filter(IpAddr::is_ipv4)),
    }
}

/// The proxies in front of the portal, and the header they name the client in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Proxies {
    trusted: Vec<Cidr>,
    header: ForwardingHeader,
}

impl Proxies {
    pub fn new(trusted: Vec<Cidr>, header: ForwardingHeader) -> Self {
        Self { trusted, header }
    }

    /// The name of the header to be looked at; `None` when no proxy is trusted.
    pub fn header(&self) -> Option<&'static str> {
        (!self.trusted.is_empty()).then(|| self.header.as_str())
    }

    fn trust(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|block| block.contains(address))
    }

    /// Whose request it is. `peer` is at the other end of the connection; `values`
    /// are those of the header, in the order they came.
    ///
    /// From the right, each trusted proxy vouches for the hop before it. The first
    /// that is not trusted is the client; where a hop cannot be read, nobody
    /// vouches for what stands before it, and the proxy that wrote it is all that
    /// is known.
    pub fn client<'a>(&self, peer: IpAddr, values: impl IntoIterator<Item = &'a str>) -> IpAddr {
        let mut known = peer.to_canonical();
        if !self.trust(known) {
            return known;
        }
        let hops: Vec<Option<IpAddr>> =
            values.into_iter().flat_map(|value| self.header.hops(value)).collect();
        for hop in hops.into_iter().rev() {
            let Some(address) = hop else { return known };
            known = address;
            if !self.trust(known) {
                return known;
            }
        }
        known
    }
}

/// What one household, office or hall has to itself: an IPv4 address, or the /64
/// of an IPv6 address (RFC 6177).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Network(IpAddr);

impl Network {
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self(IpAddr::V4(address)),
            IpAddr::V6(address) => Self(IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64))),
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(address) => address.fmt(f),
            IpAddr::V6(address) => write!(f, "{address}/64"),
        }
    }
}

#[cfg(test)]
mod tests;
