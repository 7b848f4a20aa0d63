//! Which machines are connected to: those of the public internet.
//!
//! What an article links to is chosen by strangers. A link, a redirect or a name that leads to a machine of this network
//! must not make topoi ask it on their behalf (server-side request forgery). The addresses are judged where the name is
//! resolved, and only those that pass are connected to, so that a name can't answer differently the second time.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// Resolves names, and leaves out addresses that are not of the public internet.
#[derive(Debug, Default)]
pub(super) struct PublicOnly(DefaultResolver);

/// A name leads only to machines that are not of the public internet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NotPublic {
    /// One of the addresses that it leads to.
    pub(super) number: IpAddr,
    /// What that is: "a private address".
    pub(super) what: &'static str,
}

impl Resolver for PublicOnly {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let resolved = self.0.resolve(uri, config, timeout)?;
        let mut public = self.empty();
        let mut refused = None;
        for socket in &resolved {
            match not_public(socket.ip()) {
                None => public.push(*socket),
                Some(what) => {
                    refused = refused.or(Some(NotPublic {
                        number: socket.ip(),
                        what,
                    }));
                }
            }
        }
        match refused {
            Some(refused) if public.is_empty() => Err(ureq::Error::Other(Box::new(refused))),
            _ => Ok(public),
        }
    }
}

impl fmt::Display for NotPublic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {}", self.number, self.what)
    }
}

impl std::error::Error for NotPublic {}

/// What an address is, where it is not one of the public internet (IANA's registries of special-purpose addresses).
fn not_public(number: IpAddr) -> Option<&'static str> {
    match number {
        IpAddr::V4(number) => not_public_v4(number),
        IpAddr::V6(number) => not_public_v6(number),
    }
}

fn not_public_v4(number: Ipv4Addr) -> Option<&'static str> {
    match number.octets() {
        [0, ..] => Some("an unspecified address"),
        [127, ..] => Some("a loopback address"),
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => Some("a private address"),
        [169, 254, ..] => Some("a link-local address"),
        [100, 64..=127, ..] => Some("an address behind a provider's translation (CGNAT)"),
        [192, 0, 0, _] | [192, 88, 99, _] => Some("an address of the protocols"),
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => {
            Some("an address for documentation")
        }
        [198, 18..=19, ..] => Some("an address for benchmarks"),
        [224..=239, ..] => Some("a multicast address"),
        [240..=255, ..] => Some("a reserved address"),
        _ => None,
    }
}

fn not_public_v6(number: Ipv6Addr) -> Option<&'static str> {
    if let Some(mapped) = number.to_ipv4_mapped() {
        return not_public_v4(mapped);
    }
    match number.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0] => Some("an unspecified address"),
        [0, 0, 0, 0, 0, 0, 0, 1] => Some("a loopback address"),
        // NAT64: where only IPv6 is spoken, it stands for the public IPv4 address in it.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            let [a, b] = high.to_be_bytes();
            let [c, d] = low.to_be_bytes();
            not_public_v4(Ipv4Addr::new(a, b, c, d))
        }
        [0xfc00..=0xfdff, ..] => Some("a private address"),
        [0xfe80..=0xfebf, ..] => Some("a link-local address"),
        [0xff00..=0xffff, ..] => Some("a multicast address"),
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => Some("an address for documentation"),
        // Tunnels, which carry an IPv4 address that can be any.
        [0x2001, 0..=0x1ff, ..] | [0x2002, ..] => Some("an address of the protocols"),
        // The rest of what is routed at all.
        [0x2000..=0x3fff, ..] => None,
        _ => Some("a reserved address"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_machines_of_the_public_internet_pass() {
        for number in [
            "8.8.8.8",
            "93.184.216.34",
            "172.32.0.1",
            "100.128.0.1",
            "2606:4700::1111",
            "64:ff9b::808:808",
        ] {
            assert_eq!(not_public(number.parse().unwrap()), None, "{number}");
        }
        for number in [
            "0.0.0.0",
            "127.0.0.1",
            "127.255.1.2",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "192.0.0.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "2002:7f00:1::",
            "100::1",
        ] {
            assert!(not_public(number.parse().unwrap()).is_some(), "{number}");
        }
    }
}
