//! Where notifications may go. An address that a client names is a way to make this server knock on doors inside its
//! own network, so only hosts that the installation lists are taken, and unless a host is listed by its own name
//! the address it resolves to must be a public one.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Hosts that notifications may go to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hosts(Vec<String>);

/// An endpoint that is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint {
    pub https: bool,
    pub host: String,
    pub port: u16,
    /// Path and query.
    pub path: String,
    /// True where the host is listed by name: then its address may be one of our own network.
    listed: bool,
}

impl Hosts {
    /// From `host`, `host:port`, and `*` for every public host over HTTPS.
    pub fn new(list: impl IntoIterator<Item = String>) -> Hosts {
        Hosts(list.into_iter().map(|host| host.trim().to_lowercase()).collect())
    }

    /// The endpoint in a Subscription, or why it is not allowed.
    pub(crate) fn endpoint(&self, text: &str) -> Result<Endpoint, String> {
        let uri: hyper::Uri =
            text.parse().map_err(|_| format!("{text:?} is no URL. Write https://host/path."))?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(format!("{text:?} names no host. Write https://host/path."));
        };
        let https = match scheme {
            "https" => true,
            "http" => false,
            _ => return Err(format!("Notifications go out by https and not by {scheme}.")),
        };
        if authority.as_str().contains('@') {
            return Err("An endpoint carries no user and password. Use channel.header.".to_owned());
        }
        let host = authority.host().trim_matches(['[', ']']).to_lowercase();
        let port = authority.port_u16().unwrap_or(if https { 443 } else { 80 });
        let listed = self.0.iter().any(|one| *one == host || *one == format!("{host}:{port}"));
        if self.0.is_empty() {
            let text = "This installation sends notifications to no host. Ask its administrator to list yours \
                        (subscriptions.hosts in the configuration).";
            return Err(text.to_owned());
        }
        if !listed && !self.0.iter().any(|one| one == "*") {
            return Err(format!(
                "{host} is not among the hosts that notifications may go to. Ask an administrator."
            ));
        }
        if !listed && !https {
            return Err("Notifications go out over https only. Use an https endpoint.".to_owned());
        }
        if !listed && host.parse::<IpAddr>().is_ok_and(|address| !is_public(address)) {
            return Err(format!("{host} is an address of a private network. Use a public host."));
        }
        let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        Ok(Endpoint { https, host, port, path, listed })
    }
}

impl Endpoint {
    /// The address to connect to: the name is resolved once, judged, and what was judged is what is connected to.
    pub async fn address(&self) -> Result<SocketAddr, String> {
        let found = tokio::net::lookup_host((self.host.as_str(), self.port)).await;
        let mut found = found.map_err(|_| format!("{} cannot be resolved.", self.host))?;
        let allowed = found.find(|address| self.listed || is_public(address.ip()));
        allowed.ok_or_else(|| format!("{} resolves to no address that notifications may go to.", self.host))
    }

    /// What goes into the header Host.
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        match (self.https, self.port) {
            (true, 443) | (false, 80) => host,
            (_, port) => format!("{host}:{port}"),
        }
    }
}

/// True for an address that is nobody's own: not of this machine, its network, or a use of its own (RFC 6890).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => match embedded(address) {
            Some(inner) => is_public_v4(inner),
            // Of the whole space only 2000::/3 is given out; 2001:db8::/32 is for documents, 2001::/23 for protocols.
            None => {
                let [first, second, ..] = address.segments();
                first & 0xe000 == 0x2000 && !(first == 0x2001 && (second < 0x200 || second == 0xdb8))
            }
        },
    }
}

/// The IPv4 address that an IPv6 address stands for: mapped, or through NAT64 or 6to4.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let inner = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(inner(high, low)),
        [0x2002, high, low, ..] => Some(inner(high, low)),
        _ => None,
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let shared = a == 100 && (64..128).contains(&b);
    let reserved = a == 0 || a >= 240 || (a, b, c) == (192, 0, 0) || (a == 198 && (b == 18 || b == 19));
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        || shared
        || reserved)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(list: &[&str]) -> Hosts {
        Hosts::new(list.iter().map(|host| (*host).to_owned()))
    }

    #[test]
    fn only_listed_hosts_are_taken_and_others_only_in_public() {
        let any = hosts(&["*", "127.0.0.1:9000", "hooks.ward.example"]);
        for (url, allowed) in [
            ("https://example.org/a?b=c", true),
            ("https://8.8.8.8/", true),
            ("http://example.org/", false),
            ("http://127.0.0.1:9000/x", true),
            ("http://127.0.0.1:9001/x", false),
            ("http://hooks.ward.example/x", true),
            ("https://HOOKS.ward.example:8443/x", true),
            ("https://10.0.0.1/", false),
            ("https://192.168.1.1/", false),
            ("https://169.254.169.254/latest/meta-data", false),
            ("https://100.64.0.1/", false),
            ("https://[::1]/", false),
            ("https://[fe80::1]/", false),
            ("https://[fd00::1]/", false),
            ("https://[::ffff:10.0.0.1]/", false),
            ("https://[64:ff9b::a00:1]/", false),
            ("https://[2002:a00:1::]/", false),
            ("https://[2a00:1450:4009::1]/", true),
            ("https://0.0.0.0/", false),
            ("https://user:secret@example.org/", false),
            ("ftp://example.org/", false),
            ("file:///etc/passwd", false),
            ("example.org", false),
            ("", false),
        ] {
            assert_eq!(any.endpoint(url).is_ok(), allowed, "{url}");
        }
        assert!(hosts(&[]).endpoint("https://example.org/").unwrap_err().contains("subscriptions.hosts"));
        assert!(hosts(&["a.example"]).endpoint("https://b.example/").is_err());
    }

    #[tokio::test]
    async fn a_name_that_resolves_into_our_own_network_is_not_connected_to() {
        let endpoint = hosts(&["*"]).endpoint("https://localhost/").unwrap();
        assert!(endpoint.address().await.unwrap_err().contains("no address"));
        let listed = hosts(&["localhost"]).endpoint("http://localhost:81/").unwrap();
        assert!(listed.address().await.unwrap().ip().is_loopback());
        assert_eq!(listed.authority(), "localhost:81");
    }
}
