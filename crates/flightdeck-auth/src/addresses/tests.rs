use super::*;
use proptest::prelude::*;
use rstest::rstest;
use std::net::Ipv4Addr;

fn entries(list: &[&str]) -> Vec<String> {
    list.iter().map(|entry| (*entry).to_owned()).collect()
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[rstest]
#[case("192.0.2.7", "192.0.2.7", true)]
#[case("192.0.2.7", "192.0.2.8", false)]
#[case("192.0.2.0/24", "192.0.2.255", true)]
#[case("192.0.2.0/24", "192.0.3.0", false)]
#[case::bits_beyond_the_prefix("192.0.2.7/24", "192.0.2.200", true)]
#[case::white_space(" 192.0.2.7 ", "192.0.2.7", true)]
#[case("2001:db8::/32", "2001:db8:1::7", true)]
#[case("2001:db8::/32", "2001:db9::7", false)]
#[case::spelling("2001:DB8:0:0::7", "2001:db8::7", true)]
#[case::all_of_one_family("0.0.0.0/0", "198.51.100.1", true)]
#[case::not_the_other_family("0.0.0.0/0", "2001:db8::7", false)]
#[case::mapped_client("192.0.2.0/24", "::ffff:192.0.2.7", true)]
#[case::mapped_client_elsewhere("192.0.2.0/24", "::ffff:192.0.3.7", false)]
#[case::mapped_entry("::ffff:192.0.2.7", "192.0.2.7", true)]
#[case::mapped_network("::ffff:192.0.2.0/120", "192.0.2.99", true)]
#[case::mapped_network_elsewhere("::ffff:192.0.2.0/120", "192.0.3.99", false)]
#[case::all_mapped("::ffff:0:0/96", "192.0.2.7", true)]
#[case::all_of_ipv6_is_not_ipv4("::/0", "::ffff:192.0.2.7", false)]
#[case::all_of_ipv6("::/0", "2001:db8::7", true)]
#[case::compatible_is_not_mapped("::192.0.2.0/120", "192.0.2.7", false)]
fn an_entry_admits_its_addresses(#[case] entry: &str, #[case] client: &str, #[case] expected: bool) {
    let list = AllowList::parse(&entries(&["203.0.113.1", entry])).unwrap();
    assert_eq!(list.allows(ip(client)), expected);
}

#[test]
fn a_star_anywhere_admits_everybody() {
    for list in [vec!["*"], vec!["192.0.2.7", "*"], vec!["*", "192.0.2.7"]] {
        let allow_list = AllowList::parse(&entries(&list)).unwrap();
        assert!(allow_list.allows(ip("198.51.100.1")) && allow_list.allows(ip("2001:db8::7")));
    }
}

#[test]
fn every_bad_entry_is_named() {
    let bad = ["localhost", "192.0.2.0/33", "192.0.2", "", "fe80::1%eth0", "192.0.2.7:80"];
    let mut list = vec!["192.0.2.7", "*"];
    list.extend(bad);
    let expected = bad.map(|entry| AddressListError::NotAnAddress { entry: entry.to_owned() });
    assert_eq!(AllowList::parse(&entries(&list)).unwrap_err(), expected);
}

#[test]
fn an_empty_allow_list_is_an_error() {
    assert_eq!(AllowList::parse(&[]), Err(vec![AddressListError::Empty]));
}

#[test]
fn proxies_have_no_entry_for_everybody() {
    assert!(TrustedProxies::parse(&entries(&["*"])).is_err());
    assert_eq!(TrustedProxies::parse(&[]), Ok(TrustedProxies::default()));
}

const PROXY: &str = "10.0.0.1";

fn client_behind_proxies(peer: &str, headers: &[&str]) -> IpAddr {
    let proxies = TrustedProxies::parse(&entries(&["10.0.0.0/8", "2001:db8:ffff::/48"])).unwrap();
    client_address(ip(peer), headers.iter().copied(), &proxies)
}

#[rstest]
#[case::no_header(&[], PROXY)]
#[case::one_entry(&["192.0.2.7"], "192.0.2.7")]
#[case::forged_entries_stand_to_the_left(&["203.0.113.66, 192.0.2.7"], "192.0.2.7")]
#[case::forged_proxy_on_the_left(&["203.0.113.66, 10.0.0.9, 192.0.2.7, 10.0.0.2"], "192.0.2.7")]
#[case::chain_of_proxies(&["192.0.2.7, 10.0.0.3,10.0.0.2"], "192.0.2.7")]
#[case::chain_of_both_families(&["192.0.2.7, 2001:db8:ffff::2"], "192.0.2.7")]
#[case::two_headers_count_as_one(&["203.0.113.66", "192.0.2.7, 10.0.0.2"], "192.0.2.7")]
#[case::client_in_the_earlier_header(&["192.0.2.7", "10.0.0.2"], "192.0.2.7")]
#[case::nobody_but_proxies(&["10.0.0.3, 10.0.0.2"], "10.0.0.3")]
#[case::with_port(&["192.0.2.7:4711"], "192.0.2.7")]
#[case::ipv6(&["2001:db8::7"], "2001:db8::7")]
#[case::brackets(&["[2001:db8::7]"], "2001:db8::7")]
#[case::brackets_and_port(&["[2001:db8::7]:4711"], "2001:db8::7")]
#[case::mapped(&["::ffff:192.0.2.7"], "192.0.2.7")]
#[case::mapped_proxy(&["192.0.2.7, ::ffff:10.0.0.2"], "192.0.2.7")]
#[case::empty_entries(&["192.0.2.7, , ", ""], "192.0.2.7")]
#[case::garbage(&["unknown"], PROXY)]
#[case::garbage_hides_what_is_left_of_it(&["192.0.2.7, unknown, 10.0.0.2"], "10.0.0.2")]
#[case::ipv4_in_brackets(&["[192.0.2.7]"], PROXY)]
fn behind_a_trusted_proxy_the_client_is_the_first_stranger_from_the_right(
    #[case] headers: &[&str],
    #[case] expected: &str,
) {
    assert_eq!(client_behind_proxies(PROXY, headers), ip(expected));
}

#[test]
fn a_stranger_cannot_choose_an_address() {
    let allow_list = AllowList::parse(&entries(&["192.0.2.7"])).unwrap();
    let stranger = client_behind_proxies("198.51.100.1", &["192.0.2.7", "192.0.2.7, 10.0.0.1"]);
    assert_eq!(stranger, ip("198.51.100.1"));
    assert!(!allow_list.allows(stranger));
    assert!(!allow_list.allows(client_behind_proxies(PROXY, &["192.0.2.7, 198.51.100.1"])));
}

#[test]
fn without_trusted_proxies_no_header_is_believed() {
    let client = client_address(ip(PROXY), ["192.0.2.7"].into_iter(), &TrustedProxies::default());
    assert_eq!(client, ip(PROXY));
}

#[test]
fn a_mapped_peer_is_known_by_its_ipv4_address() {
    assert_eq!(client_behind_proxies("::ffff:10.0.0.1", &["192.0.2.7"]), ip("192.0.2.7"));
    assert_eq!(client_behind_proxies("::ffff:198.51.100.1", &["192.0.2.7"]), ip("198.51.100.1"));
}

proptest! {
    #[test]
    fn whatever_a_client_sends_the_proxys_entry_decides(forged in "[ -~]{0,60}", client in any::<Ipv4Addr>()) {
        prop_assume!(client.octets()[0] != 10);
        let appended = format!("{forged}, {client}");
        prop_assert_eq!(client_behind_proxies(PROXY, &[&appended]), IpAddr::V4(client));
    }

    #[test]
    fn an_ipv4_network_holds_the_addresses_with_its_first_bits(
        network in any::<u32>(), prefix_bits in 0_u32..=32, client in any::<u32>(), near in any::<bool>(),
    ) {
        let mask = u32::MAX.checked_shl(32 - prefix_bits).unwrap_or(0);
        let chosen = if near { (network & mask) | (client & !mask) } else { client };
        let list = AllowList::parse(&[format!("{}/{prefix_bits}", Ipv4Addr::from(network))]).unwrap();
        let expected = network & mask == chosen & mask;
        prop_assert_eq!(list.allows(IpAddr::V4(Ipv4Addr::from(chosen))), expected);
        prop_assert_eq!(list.allows(IpAddr::V6(Ipv4Addr::from(chosen).to_ipv6_mapped())), expected);
    }

    #[test]
    fn any_text_is_read_without_a_panic(texts in proptest::collection::vec("[0-9a-f:./,*\\[\\] x]{0,24}", 0..5)) {
        let _ = AllowList::parse(&texts);
        let _ = TrustedProxies::parse(&texts);
        let headers: Vec<&str> = texts.iter().map(String::as_str).collect();
        client_behind_proxies(PROXY, &headers);
    }
}
