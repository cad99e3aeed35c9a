//! Collects the rows and errors of one file. Shares equal names, and gives rows without a host the one of the file.

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::Arc;

use foldhash::quality::RandomState;
use jiff::Timestamp;

use super::model::{
    Adapter, AddressInventory, HostAlias, NameOrigin, OwnedAddress, PendingJoin, ResolvedName,
};
use super::values::{normal_mac, parse_address, quoted, reserved_use};
use crate::inventory::times::{ExportTime, invalid_time, time_or_utc};
use crate::inventory::{InventoryFile, MAX_READ_ERRORS, Source};

/// Gives equal strings one allocation. A hundred thousand hosts have a dozen adapter descriptions.
#[derive(Debug, Default)]
pub(crate) struct Interner {
    known: HashSet<Arc<str>, RandomState>,
}

impl Interner {
    pub(crate) fn get(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.known.get(text) {
            return Arc::clone(known);
        }
        let new: Arc<str> = Arc::from(text);
        self.known.insert(Arc::clone(&new));
        new
    }
}

/// An address as a format read it. A text is empty if the source has no value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewAddress<'a> {
    /// The host's name. If it is empty, the host is that of `--host` or of the file's name.
    pub host: &'a str,
    pub address: IpAddr,
    pub prefix_length: Option<u8>,
    pub interface: &'a str,
    pub description: &'a str,
    /// MAC in any notation.
    pub mac: &'a str,
    pub line: u64,
}

impl NewAddress<'_> {
    pub(crate) fn new(address: IpAddr) -> Self {
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

/// The rows that were read so far from all files of a run.
#[derive(Debug, Default)]
pub(crate) struct AllAddresses {
    pub inventory: AddressInventory,
    pub names: Interner,
    /// Rows that name an interface and wait for an adapter's description.
    pub pending: Vec<PendingJoin>,
    pub adapters: Vec<Adapter>,
}

/// Collects the rows and errors of one file.
pub(crate) struct AddressCollector<'c> {
    pub all: &'c mut AllAddresses,
    file: InventoryFile,
    default_host: DefaultHost,
    /// Index in the inventory and line in the file of the rows whose host is only suggested by the file's name.
    unnamed: Vec<(usize, u64)>,
    /// The hosts in the rows. Their names are interned, so the address of the text identifies a host.
    hosts: HashSet<usize, RandomState>,
    cache: InternCache,
    /// Number of errors, including those that are not kept.
    errors: u64,
    checkpoint: Checkpoint,
    /// The file may have no rows.
    may_be_empty: bool,
    /// When the next rows were collected: as written, and as a timestamp.
    collected: (String, Option<Timestamp>),
}

/// The host of rows without a host name.
#[derive(Debug, Clone, Default)]
pub(crate) struct DefaultHost {
    /// The host that `--host` states.
    pub stated: Option<Arc<str>>,
    /// The host that the name of the file or its folder suggests. It applies only if the file names no other
    /// host.
    pub suggested: Option<Arc<str>>,
}

/// Texts of the previous row. Adjacent rows usually repeat them, and a comparison is cheaper than a hash.
#[derive(Default)]
struct InternCache {
    host: Option<Arc<str>>,
    interface: Option<Arc<str>>,
    description: Option<Arc<str>>,
    mac: Option<Arc<str>>,
}

/// The numbers of rows before the current file. They allow to remove the rows of the file again.
struct Checkpoint {
    owned: usize,
    resolved: usize,
    aliases: usize,
    pending: usize,
    adapters: usize,
}

impl<'c> AddressCollector<'c> {
    pub(crate) fn new(all: &'c mut AllAddresses, file: InventoryFile, default_host: DefaultHost) -> Self {
        let checkpoint = Checkpoint {
            owned: all.inventory.owned.len(),
            resolved: all.inventory.resolved.len(),
            aliases: all.inventory.aliases.len(),
            pending: all.pending.len(),
            adapters: all.adapters.len(),
        };
        AddressCollector {
            all,
            file,
            default_host,
            unnamed: Vec::new(),
            hosts: HashSet::default(),
            cache: InternCache::default(),
            errors: 0,
            checkpoint,
            may_be_empty: false,
            collected: Default::default(),
        }
    }

    pub(crate) fn set_kind(&mut self, kind: &'static str) {
        self.file.kind = kind;
    }

    pub(crate) fn kind(&self) -> &'static str {
        self.file.kind
    }

    /// The position of a row of this file.
    pub(crate) fn source(&self, line: u64) -> Source {
        Source { file: Arc::clone(&self.file.path), line, collected: self.collected.1 }
    }

    /// Sets when the following rows were collected, by the text in the file. Empty if the source has no time.
    pub(crate) fn set_collected(&mut self, text: &str, line: u64) {
        if self.collected.0 == text {
            return;
        }
        let when = time_or_utc(text);
        if when == ExportTime::Unclear && !text.is_empty() {
            self.report(line, invalid_time("collected", &quoted(text)));
        }
        self.collected = (text.to_owned(), when.at());
    }

    /// Sets when the following rows were collected, for rows that this program collected.
    pub(crate) fn set_collected_at(&mut self, at: Timestamp) {
        self.collected = (at.to_string(), Some(at));
    }

    /// Adds an address that a host owns, and returns its index for a later join. A row without a host is reported, unless
    /// the user or the file's name gives one.
    pub(crate) fn add_address(&mut self, new: NewAddress<'_>) -> Option<usize> {
        // Windows and asset lists show 0.0.0.0 for an adapter without an address.
        if new.address.is_unspecified() {
            return None;
        }
        if let Some(why) = reserved_use(new.address.to_canonical(), new.prefix_length) {
            let length = new.prefix_length.map(|length| format!("/{length}")).unwrap_or_default();
            self.report(new.line, format!("{}{length} {why}; the row is skipped", new.address));
            return None;
        }
        let host = match self.host_of(new.host) {
            HostCell::Named(host) => host,
            HostCell::Unnamed(Some(host)) => {
                if self.default_host.stated.is_none() {
                    self.unnamed.push((self.all.inventory.owned.len(), new.line));
                }
                host
            }
            HostCell::Unnamed(None) => {
                self.report(
                    new.line,
                    "no host: neither the file nor its name has one; add it with --host NAME",
                );
                return None;
            }
            HostCell::Invalid => {
                let what = match new.host.trim().parse::<IpAddr>() {
                    Ok(_) => "is an address and no host name",
                    Err(_) => "is not a valid host name",
                };
                self.report(new.line, format!("{} {what}; the row is skipped", quoted(new.host)));
                return None;
            }
        };
        let mac = normal_mac(new.mac);
        let names = &mut self.all.names;
        let row = OwnedAddress {
            host,
            address: new.address.to_canonical(),
            prefix_length: new.prefix_length,
            interface: intern(names, &mut self.cache.interface, new.interface),
            description: intern(names, &mut self.cache.description, new.description),
            mac: mac.and_then(|mac| intern(names, &mut self.cache.mac, &mac)),
            source: self.source(new.line),
            logged_at: None,
        };
        self.file.rows += 1;
        self.all.inventory.owned.push(row);
        Some(self.all.inventory.owned.len() - 1)
    }

    /// Parses the address of a row, like [`parse_address`]. Reports other text.
    pub(crate) fn row_address(&mut self, text: &str, line: u64) -> Option<(IpAddr, Option<u8>)> {
        self.address_or_report(text, line, "the row is skipped")
    }

    /// Parses one of several addresses of a row, like [`parse_address`]. Reports other text.
    pub(crate) fn list_address(&mut self, text: &str, line: u64) -> Option<(IpAddr, Option<u8>)> {
        self.address_or_report(text, line, "it is skipped")
    }

    fn address_or_report(&mut self, text: &str, line: u64, skipped: &str) -> Option<(IpAddr, Option<u8>)> {
        let address = parse_address(text);
        if address.is_none() {
            self.report(line, format!("{} is not a valid address; {skipped}", quoted(text)));
        }
        address
    }

    /// Did this file already show which host owns the address?
    pub(crate) fn has_address(&self, address: IpAddr) -> bool {
        let rows = self.all.inventory.owned.get(self.checkpoint.owned..).unwrap_or_default();
        rows.iter().any(|row| row.address == address.to_canonical())
    }

    /// Adds a name and the address that it resolves to.
    pub(crate) fn add_name(&mut self, name: &str, address: IpAddr, line: u64, origin: NameOrigin) {
        self.push_name(name, address, line, origin, None);
    }

    /// Adds a name as the resolver of one client answers it, which reads the client's hosts file before it asks DNS. If
    /// neither `resolver` nor the file's name gives the client, the name counts as one from DNS.
    pub(crate) fn add_client_name(&mut self, resolver: &str, name: &str, address: IpAddr, line: u64) {
        let resolver = self.host(resolver);
        self.push_name(name, address, line, NameOrigin::Unknown, resolver);
    }

    fn push_name(
        &mut self,
        name: &str,
        address: IpAddr,
        line: u64,
        origin: NameOrigin,
        resolver: Option<Arc<str>>,
    ) {
        let name = self.all.names.get(name.trim_end_matches('.'));
        self.count_host(&name);
        let source = self.source(line);
        self.file.rows += 1;
        self.all.inventory.resolved.push(ResolvedName {
            name,
            address: address.to_canonical(),
            source,
            origin,
            resolver,
        });
    }

    /// Adds two names of one host. Does nothing if they are equal or one is missing.
    pub(crate) fn add_alias(&mut self, name: &str, other: &str, line: u64) {
        self.push_alias(name, other, line, false);
    }

    /// Adds a CNAME: DNS resolves one name to another.
    pub(crate) fn add_cname(&mut self, name: &str, other: &str, line: u64) {
        self.push_alias(name, other, line, true);
    }

    fn push_alias(&mut self, name: &str, other: &str, line: u64, cname: bool) {
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

    /// Adds an adapter without an address of its own (`Get-NetAdapter`).
    pub(crate) fn add_adapter(&mut self, adapter: Adapter) {
        self.file.rows += 1;
        let host = adapter.host.clone();
        if let Some(host) = host {
            self.count_host(&host);
        }
        self.all.adapters.push(adapter);
    }

    /// The host's name as shared text; `None` if it is unknown or invalid.
    pub(crate) fn host(&mut self, name: &str) -> Option<Arc<str>> {
        match self.host_of(name) {
            HostCell::Named(host) | HostCell::Unnamed(Some(host)) => Some(host),
            HostCell::Unnamed(None) | HostCell::Invalid => None,
        }
    }

    fn host_of(&mut self, name: &str) -> HostCell {
        let name = name.trim_start().trim_end_matches(|c: char| c == '.' || c.is_whitespace());
        if let Some(same) = self.cache.host.as_ref().filter(|host| ***host == *name) {
            return HostCell::Named(Arc::clone(same));
        }
        // `Invoke-Command -ComputerName localhost` writes a name that identifies no host.
        let local = ["", "localhost", "127.0.0.1", "::1", "."];
        if local.iter().any(|local| name.eq_ignore_ascii_case(local)) {
            let DefaultHost { stated, suggested } = &self.default_host;
            return HostCell::Unnamed(stated.clone().or_else(|| suggested.clone()));
        }
        if !is_host_name(name) {
            return HostCell::Invalid;
        }
        match intern(&mut self.all.names, &mut self.cache.host, name) {
            Some(host) => {
                self.count_host(&host);
                HostCell::Named(host)
            }
            None => HostCell::Invalid,
        }
    }

    fn count_host(&mut self, host: &Arc<str>) {
        self.hosts.insert(host.as_ptr().addr());
    }

    /// Reports an error. Line 0 means the whole file.
    pub(crate) fn report(&mut self, line: u64, text: impl std::fmt::Display) {
        let text = if line == 0 { text.to_string() } else { format!("line {line}: {text}") };
        self.errors += 1;
        if self.file.read_errors.len() < MAX_READ_ERRORS - 1 {
            self.file.read_errors.push(text);
        }
    }

    /// Removes every row of this file. The rest of an export that lost its data would be misleading.
    pub(crate) fn discard(&mut self) {
        let all = &mut *self.all;
        all.inventory.owned.truncate(self.checkpoint.owned);
        all.inventory.resolved.truncate(self.checkpoint.resolved);
        all.inventory.aliases.truncate(self.checkpoint.aliases);
        all.pending.truncate(self.checkpoint.pending);
        all.adapters.truncate(self.checkpoint.adapters);
        self.file.rows = 0;
        self.unnamed.clear();
        self.hosts.clear();
    }

    /// Removes the rows without a host if other rows of the file have one. The name of such a file is not that of a host.
    fn discard_unnamed(&mut self) {
        let unnamed = std::mem::take(&mut self.unnamed);
        if unnamed.is_empty() || self.hosts.is_empty() {
            if let Some((row, _)) = unnamed.first()
                && let Some(host) = self.all.inventory.owned.get(*row).map(|row| Arc::clone(&row.host))
            {
                self.count_host(&host);
            }
            return;
        }
        for (_, line) in &unnamed {
            self.report(*line, "no host, in a file that names other hosts; the row is skipped");
        }
        self.file.rows -= unnamed.len() as u64;
        let is_unnamed = |row: usize| unnamed.binary_search_by_key(&row, |(row, _)| *row);
        let mut place = 0;
        self.all.inventory.owned.retain(|_| {
            place += 1;
            is_unnamed(place - 1).is_err()
        });
        self.all.pending.retain_mut(|pending| match is_unnamed(pending.row) {
            Ok(_) => false,
            Err(before) => {
                pending.row -= before;
                true
            }
        });
    }

    /// Accepts the file without rows: a hosts file without entries is an answer.
    pub(crate) fn accept_no_rows(&mut self) {
        self.may_be_empty = true;
    }

    /// Does a file that must have rows have neither rows nor errors?
    pub(crate) fn is_silent(&self) -> bool {
        self.file.rows == 0 && self.errors == 0 && !self.may_be_empty
    }

    /// Finishes the file and adds its line of the summary.
    pub(crate) fn finish(mut self) {
        self.discard_unnamed();
        let kept = self.file.read_errors.len() as u64;
        if self.errors > kept {
            self.file.read_errors.push(format!("and {} more problems in this file", self.errors - kept));
        }
        self.file.hosts = self.hosts.len() as u64;
        self.all.inventory.files.push(self.file);
    }
}

/// Content of a host cell.
enum HostCell {
    Named(Arc<str>),
    /// No name. Holds the default host, if there is one.
    Unnamed(Option<Arc<str>>),
    /// Text that is not a host name.
    Invalid,
}

/// Is this a possible Windows computer name? It has labels of letters, digits, `-` and `_`, and is neither an address, nor a
/// MAC, nor a placeholder for a missing name.
pub(super) fn is_host_name(name: &str) -> bool {
    let is_label = |label: &str| {
        label.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'))
            && label.chars().any(char::is_alphanumeric)
    };
    let is_mac = || name.contains('-') && normal_mac(name).is_some();
    let is_placeholder = || NO_NAMES.iter().any(|no_name| name.eq_ignore_ascii_case(no_name));
    name.len() <= 255
        && name.split('.').all(is_label)
        && parse_address(name).is_none()
        && !is_mac()
        && !is_placeholder()
}

/// Texts that tools and people write for a missing value.
const NO_NAMES: &[&str] = &["null", "none", "nan", "undefined", "unknown", "unbekannt", "inconnu", "tbd"];

/// The interned copy of a text; `None` if it is empty. `last` is that of the previous row.
fn intern(names: &mut Interner, last: &mut Option<Arc<str>>, text: &str) -> Option<Arc<str>> {
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
