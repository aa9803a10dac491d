//! Lists of addresses and networks, and the address that a request really comes from.
//!
//! An IPv4 address written as IPv6 (`::ffff:192.0.2.7`) counts as the IPv4 address it is, in lists and in
//! requests alike. A name is never looked up.

#[cfg(test)]
mod tests;

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use ipnet::{IpNet, Ipv4Net};

use crate::error::AddressListError;

/// The entry that stands for every address.
const EVERYBODY: &str = "*";
/// Length in bits of the prefix `::ffff:0:0/96`, below which IPv6 holds the IPv4 addresses (RFC 4291, 2.5.5.2).
const MAPPED_PREFIX_BITS: u8 = 96;

/// Who may come in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowList(Allowed);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Allowed {
    Everybody,
    Networks(Vec<IpNet>),
}

impl AllowList {
    /// Reads a list of addresses and networks of both families, such as `192.0.2.7` and `2001:db8::/32`. The
    /// entry `*`, in whatever place, allows everybody. Bits of a network beyond its prefix do not count.
    ///
    /// # Errors
    ///
    /// Every entry that makes no sense, also when another one is `*`; or that the list is empty.
    pub fn parse(entries: &[String]) -> Result<Self, Vec<AddressListError>> {
        if entries.is_empty() {
            return Err(vec![AddressListError::Empty]);
        }
        let named = entries.iter().map(String::as_str).filter(|entry| entry.trim() != EVERYBODY);
        let networks = parse_networks(named)?;
        if networks.len() < entries.len() {
            return Ok(Self(Allowed::Everybody));
        }
        Ok(Self(Allowed::Networks(networks)))
    }

    /// The list that allows every address, as `*` does.
    #[must_use]
    pub const fn everybody() -> Self {
        Self(Allowed::Everybody)
    }

    /// Whether everybody may come in, so that nobody's address has to be found out.
    #[must_use]
    pub const fn allows_all(&self) -> bool {
        matches!(self.0, Allowed::Everybody)
    }

    /// Whether a client with this address may come in.
    #[must_use]
    pub fn allows(&self, client: IpAddr) -> bool {
        match &self.0 {
            Allowed::Everybody => true,
            Allowed::Networks(networks) => any_contains(networks, client.to_canonical()),
        }
    }
}

/// Which peers are believed when they say for whom they speak. By default none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Reads a list of addresses and networks of both families; an empty one trusts nobody. There is no entry
    /// for everybody, because then every client could choose its address.
    ///
    /// # Errors
    ///
    /// Every entry that makes no sense.
    pub fn parse(entries: &[String]) -> Result<Self, Vec<AddressListError>> {
        parse_networks(entries.iter().map(String::as_str)).map(Self)
    }

    fn trusts(&self, address: IpAddr) -> bool {
        any_contains(&self.0, address)
    }
}

/// The address that a request comes from, given the address at the other end of the connection and the values
/// of its headers `X-Forwarded-For` in the order in which they came.
///
/// The header is believed from a trusted peer only. Each proxy appends whom it serves, so the entries are read
/// from the right: the first one that is not itself a trusted proxy is the client. An entry that is not an
/// address ends the search at the last one that was. Entries may have a port; empty ones do not count.
pub fn client_address<'a>(
    peer: IpAddr,
    forwarded_for: impl Iterator<Item = &'a str>,
    trusted_proxies: &TrustedProxies,
) -> IpAddr {
    let mut client = peer.to_canonical();
    if !trusted_proxies.trusts(client) {
        return client;
    }
    let header_values: Vec<&str> = forwarded_for.collect();
    let entries_from_the_right = header_values
        .iter()
        .rev()
        .flat_map(|value| value.rsplit(','))
        .map(str::trim)
        .filter(|entry| !entry.is_empty());
    for entry in entries_from_the_right {
        let Some(address) = parse_forwarded(entry) else {
            return client;
        };
        client = address;
        if !trusted_proxies.trusts(client) {
            return client;
        }
    }
    client
}

/// Reads `192.0.2.7`, `192.0.2.7:4711`, `2001:db8::7`, `[2001:db8::7]` and `[2001:db8::7]:4711`.
fn parse_forwarded(entry: &str) -> Option<IpAddr> {
    if let Ok(address) = entry.parse::<IpAddr>() {
        return Some(address.to_canonical());
    }
    if let Ok(with_port) = entry.parse::<SocketAddr>() {
        return Some(with_port.ip().to_canonical());
    }
    let bracketed = entry.strip_prefix('[')?.strip_suffix(']')?;
    let address = bracketed.parse::<Ipv6Addr>().ok()?;
    Some(address.to_canonical())
}

fn parse_networks<'a>(entries: impl Iterator<Item = &'a str>) -> Result<Vec<IpNet>, Vec<AddressListError>> {
    let mut networks = Vec::new();
    let mut errors = Vec::new();
    for entry in entries {
        match parse_network(entry.trim()) {
            Some(network) => networks.push(network),
            None => errors.push(AddressListError::NotAnAddress { entry: entry.to_owned() }),
        }
    }
    if errors.is_empty() { Ok(networks) } else { Err(errors) }
}

fn parse_network(entry: &str) -> Option<IpNet> {
    if let Ok(address) = entry.parse::<IpAddr>() {
        return Some(IpNet::from(address.to_canonical()));
    }
    entry.parse::<IpNet>().ok().map(canonical_network)
}

/// Turns a network within `::ffff:0:0/96` into the IPv4 network it stands for. A wider one, such as `::/0`,
/// stays what it is and holds IPv6 addresses alone.
fn canonical_network(network: IpNet) -> IpNet {
    let Some(ipv4_prefix_bits) = network.prefix_len().checked_sub(MAPPED_PREFIX_BITS) else {
        return network;
    };
    let (IpNet::V6(_), IpAddr::V4(ipv4_address)) = (network, network.addr().to_canonical()) else {
        return network;
    };
    Ipv4Net::new(ipv4_address, ipv4_prefix_bits).map_or(network, IpNet::V4)
}

fn any_contains(networks: &[IpNet], address: IpAddr) -> bool {
    networks.iter().any(|network| network.contains(&address))
}
