use proptest::prelude::*;

use super::*;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn proxies(blocks: &[&str], header: ForwardingHeader) -> Proxies {
    Proxies::new(blocks.iter().map(|block| Cidr::parse(block).unwrap()).collect(), header)
}

#[test]
fn a_block_contains_its_own_addresses_and_no_others() {
    for (block, inside, outside) in [
        ("10.0.0.0/8", "10.255.255.255", "11.0.0.0"),
        ("192.0.2.7", "192.0.2.7", "192.0.2.6"),
        ("192.0.2.6/31", "192.0.2.7", "192.0.2.8"),
        ("0.0.0.0/0", "203.0.113.9", "::1"),
        ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::"),
        ("::/0", "2001:db8::1", "192.0.2.1"),
        ("fd00::/8", "fdff::1", "fe00::1"),
    ] {
        let read = Cidr::parse(block).unwrap();
        assert!(read.contains(ip(inside)) && !read.contains(ip(outside)), "{block}");
    }
    assert!(Cidr::parse("10.0.0.0/8").unwrap().contains(ip("::ffff:10.1.2.3")), "mapped into IPv6");
}

#[test]
fn what_is_no_block_is_refused_with_the_reason() {
    for (text, said) in [
        ("", "no IP address"),
        ("10.0.0", "no IP address"),
        ("proxy.example.cn", "no IP address"),
        ("10.0.0.0/33", "0 to 32"),
        ("fd00::/129", "0 to 128"),
        ("10.0.0.0/", "0 to 32"),
        ("10.0.0.0/-1", "0 to 32"),
        ("::ffff:10.0.0.0/104", "the IPv4 block itself"),
        ("10.0.0.1/8", "bits set behind"),
        ("2001:db8::1/64", "bits set behind"),
    ] {
        let error = Cidr::parse(text).unwrap_err();
        assert!(error.detail.en.contains(said), "{text}: {}", error.detail.en);
    }
}

#[test]
fn the_client_is_the_last_hop_no_trusted_proxy_stands_for() {
    let one = proxies(&["10.0.0.0/8", "fd00::/8"], ForwardingHeader::XForwardedFor);
    for (values, client) in [
        (vec!["203.0.113.9"], "203.0.113.9"),
        (vec!["203.0.113.9, 10.0.0.2"], "203.0.113.9"),
        (vec!["203.0.113.9", "10.0.0.2"], "203.0.113.9"),
        (vec!["198.51.100.1, 203.0.113.9, 10.0.0.2"], "203.0.113.9"),
        (vec!["203.0.113.9:4711"], "203.0.113.9"),
        (vec!["[2001:db8::9]:4711, fd00::2"], "2001:db8::9"),
        (vec!["2001:db8::9"], "2001:db8::9"),
        (vec!["::ffff:203.0.113.9"], "203.0.113.9"),
        // Nobody but proxies: the farthest of them.
        (vec!["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        (vec![], "10.0.0.1"),
        // What cannot be read ends the chain at the proxy that wrote it.
        (vec!["203.0.113.9, unknown"], "10.0.0.1"),
        (vec!["203.0.113.9, unknown, 10.0.0.2"], "10.0.0.2"),
        (vec![""], "10.0.0.1"),
    ] {
        assert_eq!(one.client(ip("10.0.0.1"), values.clone()), ip(client), "{values:?}");
    }
}

#[test]
fn the_standard_header_is_read_as_the_standard_says() {
    let one = proxies(&["10.0.0.0/8"], ForwardingHeader::Forwarded);
    for (value, client) in [
        ("for=203.0.113.9", "203.0.113.9"),
        ("For=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17"),
        ("for=203.0.113.9;proto=https;by=10.0.0.2, for=10.0.0.2", "203.0.113.9"),
        ("proto=https; for=203.0.113.9", "203.0.113.9"),
        ("for=198.51.100.1, for=\"203.0.113.9\"", "203.0.113.9"),
        ("for=unknown", "10.0.0.1"),
        ("for=_secret", "10.0.0.1"),
        ("proto=https", "10.0.0.1"),
        // A comma or semicolon inside quotation marks parts nothing.
        ("for=\"x, for=198.51.100.1\"", "10.0.0.1"),
        ("host=\"a;for=198.51.100.1\";for=203.0.113.9", "203.0.113.9"),
    ] {
        assert_eq!(one.client(ip("10.0.0.1"), [value]), ip(client), "{value}");
    }
}

#[test]
fn without_trusted_proxies_no_header_is_looked_at() {
    assert_eq!(Proxies::default().header(), None);
    assert_eq!(Proxies::default().client(ip("192.0.2.1"), ["203.0.113.9"]), ip("192.0.2.1"));
    for header in ForwardingHeader::ALL {
        assert_eq!(ForwardingHeader::parse(header.as_str()), Some(header));
    }
}

#[test]
fn all_addresses_of_a_household_are_one_network() {
    let network = |text: &str| Network::of(ip(text));
    assert_eq!(network("2001:db8:1:2:3:4:5:6"), network("2001:db8:1:2::1"));
    assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
    assert_eq!(network("::ffff:192.0.2.7"), network("192.0.2.7"));
    assert_ne!(network("192.0.2.7"), network("192.0.2.8"));
    assert_eq!(network("2001:db8:1:2:3:4:5:6").to_string(), "2001:db8:1:2::/64");
}

fn addresses() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        any::<u32>().prop_map(|bits| IpAddr::V4(bits.into())),
        any::<u128>().prop_map(|bits| IpAddr::V6(bits.into())),
        // Close to the proxies, where a mistake would be.
        any::<u8>().prop_map(|last| IpAddr::V4([10, 0, 0, last].into())),
    ]
}

fn headers() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,80}",
        "((for=)?\"?\\[?[0-9a-f.:]{1,20}\\]?(:[0-9]{1,5})?\"?[,; ]{0,3}){0,5}",
        "((for=)?10\\.0\\.0\\.[0-9]{1,3}, ?){0,4}(for=)?[0-9]{1,3}\\.1\\.1\\.1",
    ]
}

proptest! {
    #[test]
    fn a_forged_header_never_moves_the_address_of_somebody_who_comes_directly(
        peer in addresses(), values in proptest::collection::vec(headers(), 0..4),
        header in proptest::sample::select(ForwardingHeader::ALL.to_vec()),
    ) {
        let one = proxies(&["10.0.0.0/8"], header);
        let direct = !Cidr::parse("10.0.0.0/8").unwrap().contains(peer);
        prop_assume!(direct);
        prop_assert_eq!(one.client(peer, values.iter().map(String::as_str)), peer.to_canonical());
    }

    #[test]
    fn nothing_a_client_writes_before_the_hop_a_proxy_added_changes_who_he_is(
        forged in headers(), client in addresses(),
        header in proptest::sample::select(ForwardingHeader::ALL.to_vec()),
    ) {
        let one = proxies(&["10.0.0.0/8"], header);
        let added = match (header, client) {
            (ForwardingHeader::XForwardedFor, client) => client.to_string(),
            (ForwardingHeader::Forwarded, IpAddr::V4(client)) => format!("for={client}"),
            (ForwardingHeader::Forwarded, IpAddr::V6(client)) => format!("for=\"[{client}]\""),
        };
        // As a header of its own or behind a comma, as proxies do it.
        let peer = ip("10.0.0.1");
        let expected = one.client(peer, [added.as_str()]);
        prop_assume!(!Cidr::parse("10.0.0.0/8").unwrap().contains(expected));
        prop_assert_eq!(one.client(peer, [forged.as_str(), added.as_str()]), expected);
        if !forged.contains('"') {
            let joined = format!("{forged}, {added}");
            prop_assert_eq!(one.client(peer, [joined.as_str()]), expected);
        }
    }

    #[test]
    fn a_block_is_read_back_as_itself(address in addresses(), prefix in 0_u8..=128) {
        let text = format!("{address}/{prefix}");
        if let Ok(block) = Cidr::parse(&text) {
            prop_assert_eq!(Cidr::parse(&block.to_string()), Ok(block));
            prop_assert!(block.contains(address));
        }
    }
}
