//! `krbtriage probe` asks hosts which addresses they offer to DCOM clients, and reports those that this machine owns too.

use std::collections::HashMap;
use std::net::IpAddr;
use std::path::PathBuf;

use super::inventory::write_csv;
use super::paths::protect_inputs;
use super::silent_hosts::describe_silent_hosts;
use crate::files::list::{self, ListError};
use crate::inventory::addresses::AddressInventory;
use crate::inventory::addresses::vendors::never_shared;
use crate::live::Adapter;
use crate::output::{Output, OutputError};
use crate::probe::{self, HostProgress, Options, Probe};
use crate::report::numbers::{pluralize, pluralize_as};
use crate::report::text_writer::{TextLayout, TextRole, TextWriter};

/// Options of a probe.
#[derive(Debug, Clone)]
pub struct Config {
    /// Names or addresses of the hosts.
    pub hosts: Vec<String>,
    /// A file with more hosts, one per line.
    pub hosts_from: Option<PathBuf>,
    pub options: Options,
    pub output: Output,
    /// Layout of a text for a person. Standard output gets this text instead of CSV.
    pub view: Option<TextLayout>,
    /// Adapters of this machine. Their addresses are compared with the answers.
    pub adapters: Vec<Adapter>,
    /// Report every address that did not answer, even if many hosts have the same failure.
    pub every_failure: bool,
}

impl Config {
    /// Reports whether a person reads the answers on standard output.
    pub fn is_viewed(&self) -> bool {
        self.view.is_some() && self.output == Output::Stdout
    }
}

/// Maximum number of hosts with the same failure that are reported one by one.
const MAX_FAILURES: usize = 5;

/// Result of a probe.
#[derive(Debug)]
pub struct Outcome {
    /// The answers, in the order of the hosts.
    pub probes: Vec<Probe>,
    /// Sentences about hosts without an answer, and about addresses that this machine owns too.
    pub notes: Vec<String>,
    /// The file written; `None` for standard output. It differs from `output` if another program holds that open.
    pub written: Option<PathBuf>,
}

/// Why no host was asked, or no answer written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("\"{0}\" is not a host name or an address. Write the port as --port.")]
    NotAHost(String),
    #[error("the list of hosts is empty")]
    NoHosts,
    #[error(transparent)]
    List(#[from] ListError),
    #[error(transparent)]
    Output(#[from] OutputError),
}

impl Error {
    /// Reports whether the command line itself is wrong, so that it fails with any input.
    pub fn is_wrong_use(&self) -> bool {
        match self {
            Self::Output(error) => error.is_wrong_use(),
            Self::NotAHost(_) | Self::NoHosts => true,
            Self::List(_) => false,
        }
    }
}

/// Asks each host once, and writes the answers as an address inventory.
pub fn run(config: &Config, progress: &dyn HostProgress) -> Result<Outcome, Error> {
    config.output.check()?;
    let inputs = config.hosts_from.iter().map(PathBuf::as_path);
    let protected = protect_inputs(config.output.path(), inputs)?;
    let hosts = hosts(config)?;
    let probes = probe::probe(&hosts, &config.options, progress);
    let own = own_by_address(&config.adapters);
    let most = if config.every_failure { usize::MAX } else { MAX_FAILURES };
    let mut notes: Vec<String> = probes.iter().flat_map(|probe| shared_notes(probe, &own)).collect();
    notes.extend(describe_silent_hosts(&probes, most));
    let written = match config.view {
        Some(layout) if config.is_viewed() => {
            crate::output::write_terminal(&view(&probes, &own, layout))?;
            None
        }
        _ => {
            let mut all = AddressInventory::default();
            for mut one in probes.iter().map(Probe::inventory) {
                all.owned.append(&mut one.owned);
            }
            config.output.write(&protected, |out| write_csv(&all, out))?
        }
    };
    Ok(Outcome { probes, notes, written })
}

fn hosts(config: &Config) -> Result<Vec<String>, Error> {
    let listed = config.hosts_from.as_deref().map(|file| list::read("--hosts-from", file)).transpose()?;
    let listed = listed.into_iter().flatten().map(|name| name.to_string_lossy().trim().to_owned());
    let hosts: Vec<String> = config.hosts.iter().cloned().chain(listed).collect();
    if hosts.is_empty() {
        return Err(Error::NoHosts);
    }
    match hosts.iter().find(|host| !is_host(host)) {
        Some(wrong) => Err(Error::NotAHost(wrong.clone())),
        None => Ok(hosts),
    }
}

/// Accepts a name, an IPv4 address, and an IPv6 address with or without brackets and zone.
fn is_host(text: &str) -> bool {
    let literal = text.trim_start_matches('[').trim_end_matches(']');
    let address = literal.split('%').next().unwrap_or_default();
    if address.parse::<IpAddr>().is_ok() {
        return true;
    }
    let is_label = |label: &str| {
        !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'))
    };
    text.len() <= 255 && text.trim_end_matches('.').split('.').all(is_label)
}

fn own_by_address(adapters: &[Adapter]) -> HashMap<IpAddr, &Adapter> {
    adapters.iter().map(|adapter| (adapter.address, adapter)).collect()
}

/// Returns the adapter of this machine that has the address of this entry, if both can own it.
fn own_adapter<'a>(entry: &str, own: &HashMap<IpAddr, &'a Adapter>) -> Option<&'a Adapter> {
    let address = entry.parse().ok().filter(|address| !never_shared(*address))?;
    own.get(&address).copied()
}

/// Makes a sentence for each address of an answer that this machine owns too.
fn shared_notes(probe: &Probe, own: &HashMap<IpAddr, &Adapter>) -> Vec<String> {
    let note = |adapter: &Adapter| {
        let name = adapter.description.as_deref().or(adapter.interface.as_deref());
        let on = name.map_or(String::new(), |name| format!(" on {name}"));
        format!(
            "{}: it offers {}, which this machine owns as well{on}. DCOM on this machine can choose it and connect to itself.",
            probe.host, adapter.address
        )
    };
    let entries = probe.answer.iter().flat_map(|answer| &answer.entries);
    entries.filter_map(|entry| own_adapter(entry, own)).map(note).collect()
}

/// Formats the answers for a person.
fn view(probes: &[Probe], own: &HashMap<IpAddr, &Adapter>, layout: TextLayout) -> String {
    let mut writer = TextWriter::new(layout);
    let answered = probes.iter().filter(|probe| probe.answer.is_some()).count();
    writer.say(&format!("{} of {} answered.", answered, pluralize(probes.len() as u64, "host")));
    for probe in probes {
        let Some(answer) = &probe.answer else { continue };
        writer.blank_line();
        let name = writer.styled(TextRole::Strong, &probe.host);
        let count = answer.entries.iter().filter(|entry| entry.parse::<IpAddr>().is_ok()).count();
        let count = pluralize_as(count as u64, "address", "addresses");
        writer.line("", &format!("{name} ({} answered) offers {count}:", answer.from));
        for entry in &answer.entries {
            match own_adapter(entry, own) {
                Some(_) => {
                    writer.hanging_line("  ", "    ", &format!("{entry}  also an address of this machine"))
                }
                None => writer.line("  ", entry),
            }
        }
    }
    writer.into_text()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_names_and_addresses_without_a_port() {
        for host in
            ["SRV1", "srv1.alpha.example.com.", "192.0.2.1", "2001:db8::1", "[2001:db8::1]", "fe80::1%12"]
        {
            assert!(is_host(host), "{host}");
        }
        for host in ["", "srv1:135", "http://srv1", "192.0.2.0/24", "srv 1", "a..b", "-o=x/../y"] {
            assert!(!is_host(host), "{host}");
        }
    }
}
