//! Resolves names and opens connections, each within a time limit. In tests a table replaces the resolver and redirects
//! connections.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::failure::Failure;

/// Maximum number of look-ups that run at once. Some of them exceeded their time limit, but the system's resolver cannot be
/// interrupted.
const MAX_LOOKUPS: usize = 2048;
/// Number of running look-ups.
static LOOKUPS: AtomicUsize = AtomicUsize::new(0);

/// Stack in bytes of the thread of a look-up. The resolver's plug-ins (NSS on Linux) run on it.
const STACK_BYTES: usize = 512 << 10;

/// Maximum number of addresses of one name that are used. Only a round-robin name of many hosts has more.
const MAX_ADDRESSES: usize = 16;

/// The addresses of a name, or why it does not resolve.
pub type Resolution = Result<Vec<IpAddr>, Failure>;

/// The resolver and the destinations of connections. Tests replace both.
#[derive(Debug, Clone, Default)]
pub struct Network {
    /// Addresses by name in lower case. Without it the system's resolver is asked.
    pub names: Option<HashMap<String, Vec<IpAddr>>>,
    /// The socket to connect to in place of an address.
    pub redirected: HashMap<IpAddr, SocketAddr>,
}

impl Network {
    /// Resolves `name` within `timeout`. Returns each address once. An address resolves to itself.
    pub fn resolve(&self, name: &str, timeout: Duration) -> Resolution {
        Ok(self.sockets(name, 0, timeout)?.iter().map(SocketAddr::ip).collect())
    }

    /// Resolves `name` to sockets with this port. An IPv6 address keeps its zone (`fe80::1%12`).
    pub(super) fn sockets(
        &self,
        name: &str,
        port: u16,
        timeout: Duration,
    ) -> Result<Vec<SocketAddr>, Failure> {
        let literal = name.trim_start_matches('[').trim_end_matches(']');
        let found = match (&self.names, literal.parse::<IpAddr>()) {
            (_, Ok(address)) => vec![SocketAddr::new(address, port)],
            (Some(names), Err(_)) => {
                let found = names.get(&name.trim_end_matches('.').to_lowercase());
                let none = || Failure::Unresolved(io::ErrorKind::NotFound.into());
                found.ok_or_else(none)?.iter().map(|address| SocketAddr::new(*address, port)).collect()
            }
            (None, Err(_)) => look_up(literal.to_owned(), port, timeout)?,
        };
        let mut sockets: Vec<SocketAddr> = Vec::new();
        for socket in found {
            if !sockets.contains(&socket) && sockets.len() < MAX_ADDRESSES {
                sockets.push(socket);
            }
        }
        match sockets.is_empty() {
            true => Err(Failure::Unresolved(io::ErrorKind::NotFound.into())),
            false => Ok(sockets),
        }
    }

    pub(super) fn connect(&self, to: SocketAddr, timeout: Duration) -> io::Result<TcpStream> {
        let to = self.redirected.get(&to.ip()).copied().unwrap_or(to);
        TcpStream::connect_timeout(&to, timeout)
    }
}

/// Asks the system's resolver on a thread of its own. After `timeout` the thread runs on, and its answer is ignored.
fn look_up(name: String, port: u16, timeout: Duration) -> Result<Vec<SocketAddr>, Failure> {
    if LOOKUPS.fetch_add(1, Ordering::Relaxed) >= MAX_LOOKUPS {
        LOOKUPS.fetch_sub(1, Ordering::Relaxed);
        return Err(Failure::SlowName(timeout));
    }
    let (answer, answered) = mpsc::sync_channel(1);
    let started = thread::Builder::new().stack_size(STACK_BYTES).spawn(move || {
        let found = (name.as_str(), port).to_socket_addrs().map(Vec::from_iter);
        LOOKUPS.fetch_sub(1, Ordering::Relaxed);
        // Nobody waits for a late answer.
        let _ = answer.send(found);
    });
    if let Err(error) = started {
        LOOKUPS.fetch_sub(1, Ordering::Relaxed);
        return Err(Failure::Unresolved(error));
    }
    match answered.recv_timeout(timeout) {
        Ok(found) => found.map_err(Failure::Unresolved),
        Err(_) => Err(Failure::SlowName(timeout)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_resolve_to_themselves_and_names_by_the_table() {
        let network = Network {
            names: Some([("srv2.beta.example".to_owned(), vec!["203.0.113.2".parse().unwrap()])].into()),
            ..Network::default()
        };
        let resolve = |name: &str| network.resolve(name, Duration::from_secs(1));
        for (name, want) in [
            ("192.0.2.1", "192.0.2.1"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("SRV2.beta.example.", "203.0.113.2"),
        ] {
            assert_eq!(resolve(name).unwrap(), [want.parse::<IpAddr>().unwrap()], "{name}");
        }
        assert!(matches!(resolve("srv3"), Err(Failure::Unresolved(_))));
    }

    #[test]
    fn the_system_resolves_localhost() {
        let found = Network::default().resolve("localhost", Duration::from_secs(10)).unwrap();
        assert!(found.iter().all(IpAddr::is_loopback), "{found:?}");
    }
}
