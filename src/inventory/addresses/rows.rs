//! Where formats put what they read: names shared in memory, hosts filled in, problems counted.

use std::borrow::Cow;
use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::Arc;

use jiff::Timestamp;

use super::join::Adapter;
use super::{AddressInventory, HostAlias, OwnedAddress, ResolvedName};
use crate::inventory::times::{When, no_time, time_or_utc};
use crate::inventory::{InventoryFile, MAX_PROBLEMS, Source};

/// Equal strings share one allocation: a hundred thousand hosts have a dozen adapter descriptions.
#[derive(Debug, Default)]
pub struct Interner {
    known: HashSet<Arc<str>>,
}

impl Interner {
    pub fn get(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.known.get(text) {
            return Arc::clone(known);
        }
        let new: Arc<str> = Arc::from(text);
        self.known.insert(Arc::clone(&new));
        new
    }
}

/// An address as a format read it. Empty text means the source does not say.
#[derive(Debug, Clone, Copy)]
pub struct NewAddress<'a> {
    /// Empty: the host named with `--host`, or the one in the file's name.
    pub host: &'a str,
    pub address: IpAddr,
    pub prefix_length: Option<u8>,
    pub interface: &'a str,
    pub description: &'a str,
    /// In any notation.
    pub mac: &'a str,
    pub line: u64,
}

impl NewAddress<'_> {
    pub fn of(address: IpAddr) -> Self {
        NewAddress {
            host: "",
            address,
            prefix_length: None,
            interface: "",
            description: "",
            mac: "",
            line: 0,
        }
    }
}

/// Everything the files of a run have given so far, beside the inventory itself.
#[derive(Debug, Default)]
pub struct Collected {
    pub inventory: AddressInventory,
    pub names: Interner,
    /// Rows that name an interface and wait for an adapter's description.
    pub pending: Vec<PendingJoin>,
    pub adapters: Vec<Adapter>,
}

/// A row of `Get-NetIPAddress`, which knows neither description nor MAC.
#[derive(Debug, Clone, Copy)]
pub struct PendingJoin {
    /// Position in `AddressInventory::owned`.
    pub row: usize,
    pub if_index: Option<u32>,
}

/// The rows of one file while it is read.
pub struct Rows<'c> {
    pub all: &'c mut Collected,
    file: InventoryFile,
    default_host: Option<Arc<str>>,
    hosts: HashSet<usize>,
    last: Last,
    problems: u64,
    first: Marks,
    /// When the rows at hand were collected: as written, and as a time.
    collected: (String, Option<Timestamp>),
}

/// The cells of the row before: neighbours in an export mostly repeat them, and a comparison is cheaper
/// than a hash.
#[derive(Default)]
struct Last {
    host: Option<Arc<str>>,
    interface: Option<Arc<str>>,
    description: Option<Arc<str>>,
    mac: Option<Arc<str>>,
}

/// How much there was before this file, for a file that must be taken back.
struct Marks {
    owned: usize,
    resolved: usize,
    aliases: usize,
    pending: usize,
    adapters: usize,
}

impl<'c> Rows<'c> {
    pub fn new(all: &'c mut Collected, path: Arc<str>, default_host: Option<Arc<str>>) -> Self {
        let first = Marks {
            owned: all.inventory.owned.len(),
            resolved: all.inventory.resolved.len(),
            aliases: all.inventory.aliases.len(),
            pending: all.pending.len(),
            adapters: all.adapters.len(),
        };
        let file = InventoryFile { path, ..InventoryFile::default() };
        Rows {
            all,
            file,
            default_host,
            hosts: HashSet::new(),
            last: Last::default(),
            problems: 0,
            first,
            collected: Default::default(),
        }
    }

    pub fn set_kind(&mut self, kind: &'static str) {
        self.file.kind = kind;
    }

    /// The host to use where the source names none.
    pub fn default_host(&self) -> Option<Arc<str>> {
        self.default_host.clone()
    }

    pub fn source(&self, line: u64) -> Source {
        Source { file: Arc::clone(&self.file.path), line, collected: self.collected.1 }
    }

    /// When the rows that follow were collected; empty where the source does not say.
    pub fn collected(&mut self, text: &str, line: u64) {
        if self.collected.0 == text {
            return;
        }
        let when = time_or_utc(text);
        if when == When::Unclear && !text.is_empty() {
            self.problem(line, no_time("collected", &quoted(text)));
        }
        self.collected = (text.to_owned(), when.at());
    }

    /// Takes an address a host owns. A row whose host nobody names becomes a problem.
    /// Returns its position, for a later join.
    pub fn own(&mut self, new: NewAddress<'_>) -> Option<usize> {
        let Some(host) = self.host(new.host) else {
            self.problem(
                new.line,
                "no host: the file has no host for it, and its name tells none; use --host NAME",
            );
            return None;
        };
        let mac = normal_mac(new.mac);
        let names = &mut self.all.names;
        let row = OwnedAddress {
            host,
            address: new.address.to_canonical(),
            prefix_length: new.prefix_length,
            interface: shared(names, &mut self.last.interface, new.interface),
            description: shared(names, &mut self.last.description, new.description),
            mac: mac.and_then(|mac| shared(names, &mut self.last.mac, &mac)),
            source: self.source(new.line),
            logged_at: None,
        };
        self.file.rows += 1;
        self.all.inventory.owned.push(row);
        Some(self.all.inventory.owned.len() - 1)
    }

    /// Takes a name and the address it resolves to.
    pub fn resolve(&mut self, name: &str, address: IpAddr, line: u64) {
        let name = self.all.names.get(name.trim_end_matches('.'));
        self.count_host(&name);
        let source = self.source(line);
        self.file.rows += 1;
        self.all.inventory.resolved.push(ResolvedName { name, address: address.to_canonical(), source });
    }

    /// Notes that two names are one host's; nothing when they are equal or one is missing.
    pub fn alias(&mut self, name: &str, other: &str, line: u64) {
        self.other_name(name, other, line, false);
    }

    /// Notes that DNS leads one name to another.
    pub fn cname(&mut self, name: &str, other: &str, line: u64) {
        self.other_name(name, other, line, true);
    }

    fn other_name(&mut self, name: &str, other: &str, line: u64, cname: bool) {
        let (name, other) = (name.trim_end_matches('.'), other.trim_end_matches('.'));
        if name.is_empty() || other.is_empty() || name.eq_ignore_ascii_case(other) {
            return;
        }
        let alias = HostAlias {
            name: self.all.names.get(name),
            other: self.all.names.get(other),
            source: self.source(line),
            cname,
        };
        if self.all.inventory.aliases.last().is_none_or(|l| l.name != alias.name || l.other != alias.other) {
            self.all.inventory.aliases.push(alias);
        }
    }

    /// Takes an adapter that has no address of its own (`Get-NetAdapter`).
    pub fn adapter(&mut self, adapter: Adapter) {
        self.file.rows += 1;
        let host = adapter.host.clone();
        if let Some(host) = host {
            self.count_host(&host);
        }
        self.all.adapters.push(adapter);
    }

    /// The host as shared text, or the default one; `None` when neither is known.
    pub fn host(&mut self, name: &str) -> Option<Arc<str>> {
        let name = name.trim_start().trim_end_matches(|c: char| c == '.' || c.is_whitespace());
        // What `Invoke-Command -ComputerName localhost` writes says nothing.
        let unknown =
            name.is_empty() || name.eq_ignore_ascii_case("localhost") || name == "127.0.0.1" || name == ".";
        let host = if unknown {
            self.default_host.clone()?
        } else {
            shared(&mut self.all.names, &mut self.last.host, name)?
        };
        self.count_host(&host);
        Some(host)
    }

    fn count_host(&mut self, host: &Arc<str>) {
        // Names are interned, so equal ones have one address in memory.
        self.hosts.insert(host.as_ptr().addr());
    }

    /// Notes something wrong; line 0 means the whole file.
    pub fn problem(&mut self, line: u64, text: impl std::fmt::Display) {
        let text = if line == 0 { text.to_string() } else { format!("line {line}: {text}") };
        self.push_problem(text);
    }

    /// A problem that names its place itself.
    pub fn push_problem(&mut self, text: String) {
        self.problems += 1;
        if self.file.problems.len() < MAX_PROBLEMS - 1 {
            self.file.problems.push(text);
        }
    }

    /// Takes back every row of this file: what is left of an export that lost its data misleads.
    pub fn discard(&mut self) {
        let all = &mut *self.all;
        all.inventory.owned.truncate(self.first.owned);
        all.inventory.resolved.truncate(self.first.resolved);
        all.inventory.aliases.truncate(self.first.aliases);
        all.pending.truncate(self.first.pending);
        all.adapters.truncate(self.first.adapters);
        self.file.rows = 0;
        self.hosts.clear();
    }

    /// Closes the file and enters its line of the summary.
    pub fn finish(mut self) {
        let kept = self.file.problems.len() as u64;
        if self.problems > kept {
            self.file.problems.push(format!("and {} more problems in this file", self.problems - kept));
        }
        self.file.hosts = self.hosts.len() as u64;
        self.all.inventory.files.push(self.file);
    }
}

fn shared(names: &mut Interner, last: &mut Option<Arc<str>>, text: &str) -> Option<Arc<str>> {
    if text.is_empty() {
        return None;
    }
    if let Some(same) = last.as_ref().filter(|l| ***l == *text) {
        return Some(Arc::clone(same));
    }
    let new = names.get(text);
    *last = Some(Arc::clone(&new));
    Some(new)
}

/// An address as exports write it: `192.0.2.1`, `192.0.2.1/24`, `fe80::1%12`, `fe80::1%12/64`.
pub fn parse_address(text: &str) -> Option<(IpAddr, Option<u8>)> {
    let text = text.trim();
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix.parse::<u8>().ok()?)),
        None => (text, None),
    };
    let address: IpAddr = address.split_once('%').map_or(address, |(a, _)| a).parse().ok()?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    if prefix.is_some_and(|p| p > most) {
        return None;
    }
    Some((address, prefix))
}

/// Prefix length of a mask (`255.255.0.0`, `ffff:ffff::`) or of a plain number; `None` when it is neither.
pub fn parse_prefix(text: &str, address: IpAddr) -> Option<u8> {
    let text = text.trim();
    let most = if address.is_ipv4() { 32 } else { 128 };
    if let Ok(length) = text.parse::<u8>() {
        return (length <= most).then_some(length);
    }
    let (all, leading) = match (text.parse().ok()?, address) {
        (IpAddr::V4(mask), IpAddr::V4(_)) => (mask.to_bits().count_ones(), mask.to_bits().leading_ones()),
        (IpAddr::V6(mask), IpAddr::V6(_)) => (mask.to_bits().count_ones(), mask.to_bits().leading_ones()),
        _ => return None,
    };
    // A mask with a hole has no length.
    (all == leading).then_some(leading).and_then(|length| u8::try_from(length).ok())
}

/// `AA-BB-CC-DD-EE-FF` from any notation of six bytes; `None` for anything else, also for all zeros
/// (tunnels and adapters without a MAC show that).
pub fn normal_mac(text: &str) -> Option<Cow<'_, str>> {
    let text = text.trim();
    let bytes = text.as_bytes();
    if bytes.is_empty() || bytes.len() > 23 {
        return None;
    }
    let zero = bytes.iter().all(|b| matches!(b, b'0' | b'-' | b':' | b'.'));
    let already = bytes.len() == 17
        && bytes.iter().enumerate().all(|(i, b)| match i % 3 {
            2 => *b == b'-',
            _ => b.is_ascii_digit() || (b'A'..=b'F').contains(b),
        });
    if zero {
        return None;
    }
    if already {
        return Some(Cow::Borrowed(text));
    }
    let mut digits = String::with_capacity(17);
    for c in text.chars().filter(|c| !matches!(c, '-' | ':' | '.' | ' ')) {
        if !c.is_ascii_hexdigit() {
            return None;
        }
        if digits.len() % 3 == 2 {
            digits.push('-');
        }
        digits.push(c.to_ascii_uppercase());
    }
    (digits.len() == 17).then_some(Cow::Owned(digits))
}

/// Text from a file as a message quotes it: short, and without characters that drive a terminal.
pub fn quoted(text: &str) -> String {
    const SHOWN: usize = 60;
    let cut: String = text.chars().take(SHOWN).collect();
    let more = if cut.len() < text.len() { "..." } else { "" };
    format!("{:?}{more}", cut)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_as_exports_write_them() {
        let ip = |s: &str| s.parse::<IpAddr>().unwrap();
        assert_eq!(parse_address("192.0.2.1"), Some((ip("192.0.2.1"), None)));
        assert_eq!(parse_address(" 192.0.2.1/24 "), Some((ip("192.0.2.1"), Some(24))));
        assert_eq!(parse_address("fe80::1%12/64"), Some((ip("fe80::1"), Some(64))));
        for bad in ["", "192.0.2", "192.0.2.1/33", "192.0.2.1/x", "srv1", "192.0.2.1 192.0.2.2"] {
            assert_eq!(parse_address(bad), None, "{bad}");
        }
    }

    #[test]
    fn masks_and_prefixes() {
        let v4: IpAddr = "192.0.2.1".parse().unwrap();
        let v6: IpAddr = "fe80::1".parse().unwrap();
        assert_eq!(parse_prefix("255.255.0.0", v4), Some(16));
        assert_eq!(parse_prefix("0.0.0.0", v4), Some(0));
        assert_eq!(parse_prefix("24", v4), Some(24));
        assert_eq!(parse_prefix("64", v6), Some(64));
        assert_eq!(parse_prefix("ffff:ffff:ffff:ffff::", v6), Some(64));
        assert_eq!(parse_prefix("ffff::", v4), None);
        assert_eq!(parse_prefix("64", v4), None);
        assert_eq!(parse_prefix("255.0.255.0", v4), None);
    }

    #[test]
    fn mac_notations() {
        for text in ["36:40:b5:00:00:01", "3640.b500.0001", "3640B5000001", "36-40-B5-00-00-01"] {
            assert_eq!(normal_mac(text).as_deref(), Some("36-40-B5-00-00-01"), "{text}");
        }
        for text in ["", "00-00-00-00-00-00", "00-00-00-00-00-00-00-E0", "zz-40-B5-00-00-01", "36-40-B5"] {
            assert_eq!(normal_mac(text), None, "{text}");
        }
    }

    #[test]
    fn quoted_text_cannot_drive_a_terminal() {
        assert_eq!(quoted("a\u{1b}[31m"), "\"a\\u{1b}[31m\"");
        assert!(quoted(&"x".repeat(1000)).len() < 80);
    }
}
