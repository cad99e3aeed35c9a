//! Probes many hosts at once.

use std::collections::HashSet;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::exchange::{ExchangeError, call};
use super::failure::Failure;
use super::network::Network;
use crate::inventory::addresses::AddressInventory;
use crate::inventory::addresses::server_alive::{Answer, inventory_of};

/// The object resolver's well-known port (MS-DCOM 1.9).
const PORT: u16 = 135;

/// Maximum number of hosts asked at once. 900 silent hosts of 1,000 take two rounds.
const WORKERS: usize = 500;
/// Stack of a worker in bytes. A worker mostly waits, and its answer of at most 160 KiB is on the heap.
const STACK_BYTES: usize = 256 << 10;

/// Options of a probe.
#[derive(Debug, Clone)]
pub struct Options {
    pub port: u16,
    /// Limit for resolving the name of a host, and again for asking all its addresses.
    pub timeout: Duration,
    pub network: Network,
}

impl Default for Options {
    fn default() -> Self {
        Self { port: PORT, timeout: Duration::from_secs(5), network: Network::default() }
    }
}

/// The outcome of probing one host.
#[derive(Debug)]
pub struct Probe {
    /// The name or address that was passed.
    pub host: String,
    /// When the answer came, or the last attempt failed.
    pub at: Timestamp,
    /// The addresses that were tried without success, and why. A name that does not resolve gives one failure without an
    /// address.
    pub failures: Vec<(Option<SocketAddr>, Failure)>,
    pub answer: Option<HostAnswer>,
}

/// The answer of a host to ServerAlive2.
#[derive(Debug)]
pub struct HostAnswer {
    /// The address that answered.
    pub from: SocketAddr,
    /// Names and addresses in the order of the answer: the host's own preference.
    pub entries: Vec<String>,
}

impl Probe {
    /// The answer as an inventory that was collected when it came. Empty if there is no answer.
    pub fn inventory(&self) -> AddressInventory {
        let Some(HostAnswer { from, entries }) = &self.answer else { return AddressInventory::default() };
        let entries = entries.iter().map(|entry| (entry.clone(), 0)).collect();
        inventory_of(&self.source(from), &Answer { asked: self.host.clone(), entries }, self.at)
    }

    /// Says why an address of this host gave no answer.
    pub fn sentence(&self, (socket, failure): &(Option<SocketAddr>, Failure)) -> String {
        match socket {
            Some(socket) if socket.ip().to_string() != self.host => {
                format!("{} ({socket}): {failure}", self.host)
            }
            _ => format!("{}: {failure}", self.host),
        }
    }

    /// The name of this answer in evidence.
    fn source(&self, from: &SocketAddr) -> String {
        let address = from.ip().to_string();
        let host = match self.host == address {
            true => address,
            false => format!("{} ({address})", self.host),
        };
        format!("ServerAlive2 answer of {host} at {:.0}", self.at)
    }
}

/// Receives the progress of a run.
pub trait HostProgress: Sync {
    /// Called once, with the number of hosts that will be asked.
    fn hosts(&self, count: usize);
    /// Called after each host.
    fn host_done(&self);
}

/// Ignores the progress.
impl HostProgress for () {
    fn hosts(&self, _: usize) {}
    fn host_done(&self) {}
}

/// Asks every host once, many at a time. Returns them in the order they were passed, each name once.
pub fn probe(hosts: &[String], options: &Options, progress: &dyn HostProgress) -> Vec<Probe> {
    let mut names = HashSet::new();
    let hosts: Vec<&String> = hosts.iter().filter(|host| names.insert(host.to_lowercase())).collect();
    progress.hosts(hosts.len());
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::with_capacity(hosts.len()));
    let work = || {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(host) = hosts.get(index) else { break };
            let probe = ask(host, options);
            if let Ok(mut results) = results.lock() {
                results.push((index, probe));
            }
            progress.host_done();
        }
    };
    thread::scope(|scope| {
        // If the system refuses a thread, the others do its work.
        for _ in 1..hosts.len().min(WORKERS) {
            if thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, work).is_err() {
                break;
            }
        }
        work();
    });
    let mut results = results.into_inner().unwrap_or_default();
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, probe)| probe).collect()
}

/// Asks the addresses of a host one after the other until one answers.
fn ask(host: &str, options: &Options) -> Probe {
    let mut failures = Vec::new();
    let sockets = options.network.sockets(host, options.port, options.timeout).unwrap_or_else(|failure| {
        failures.push((None, failure));
        Vec::new()
    });
    let start = Instant::now();
    let mut answer = None;
    for (tried, socket) in sockets.iter().enumerate() {
        // A silent address leaves time for those after it.
        let left = options.timeout.saturating_sub(start.elapsed());
        let share = left / u32::try_from(sockets.len() - tried).unwrap_or(1);
        match ask_address(*socket, share.max(Duration::from_millis(1)), options) {
            Ok(entries) => {
                answer = Some(HostAnswer { from: *socket, entries });
                break;
            }
            Err(failure) => failures.push((Some(*socket), failure)),
        }
    }
    Probe { host: host.to_owned(), at: Timestamp::now(), failures, answer }
}

fn ask_address(to: SocketAddr, time: Duration, options: &Options) -> Result<Vec<String>, Failure> {
    let end = Instant::now() + time;
    let stream = options.network.connect(to, time).map_err(|error| Failure::from_connect(error, time))?;
    let mut stream = TimedStream { stream, end };
    call(&mut stream).map_err(|error| match error {
        ExchangeError::Io(error) => Failure::from_exchange(error, time),
        ExchangeError::Answer(failure) => failure,
    })
}

/// A connection that ends at a fixed time, however slowly the host sends.
struct TimedStream {
    stream: TcpStream,
    end: Instant,
}

impl TimedStream {
    fn left(&self) -> io::Result<Option<Duration>> {
        match self.end.saturating_duration_since(Instant::now()) {
            Duration::ZERO => Err(io::ErrorKind::TimedOut.into()),
            left => Ok(Some(left)),
        }
    }
}

impl Read for TimedStream {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(self.left()?)?;
        self.stream.read(to)
    }
}

impl Write for TimedStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(self.left()?)?;
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    fn options(listener: &TcpListener, milliseconds: u64) -> Options {
        Options {
            port: listener.local_addr().unwrap().port(),
            timeout: Duration::from_millis(milliseconds),
            network: Network::default(),
        }
    }

    #[test]
    fn each_host_is_asked_once_and_a_silent_one_ends_in_time() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let start = Instant::now();
        let hosts: Vec<String> = (0..300).map(|_| "127.0.0.1".to_owned()).collect();
        let probes = probe(&hosts, &options(&listener, 200), &());
        assert_eq!(probes.len(), 1);
        assert!(matches!(probes[0].failures[..], [(Some(_), Failure::Silent(_))]), "{probes:?}");
        assert!(start.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn a_host_that_sends_a_byte_at_a_time_ends_in_time() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let options = options(&listener, 300);
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            while stream.write_all(&[5]).is_ok() {
                thread::sleep(Duration::from_millis(50));
            }
        });
        let start = Instant::now();
        let probes = probe(&["127.0.0.1".to_owned()], &options, &());
        assert!(probes[0].answer.is_none());
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    }

    #[test]
    fn a_closed_port_is_refused() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let options = options(&listener, 2000);
        drop(listener);
        let probes = probe(&["127.0.0.1".to_owned()], &options, &());
        assert!(matches!(probes[0].failures[..], [(Some(_), Failure::Refused)]), "{probes:?}");
    }
}
