//! Reads a hosts file (`C:\Windows\System32\drivers\etc\hosts`), by which one host resolves names without DNS.
//!
//! The file's name gives the host (`SRV1-hosts.txt`, `SRV1\hosts`), or `--host`. An entry applies only on
//! that host, so a file of an unknown host is refused.

use super::collector::AddressCollector;
use super::format::{Format, Reader, Refusal, Sample};
use super::values::parse_address;

pub(super) const FORMAT: Format = Format { name: "hosts file", recognise, read: Reader::Text(read) };

/// The address and the names of an entry, in a line of the file itself or of the output of `Select-String NAME hosts`.
fn entry(line: &str) -> Option<(std::net::IpAddr, impl Iterator<Item = &str>)> {
    let line = line.split('#').next()?;
    let line = match line.to_ascii_lowercase().find(r"\etc\hosts:") {
        Some(at) => line.get(at + r"\etc\hosts:".len()..)?.split_once(':')?.1,
        None => line,
    };
    let mut words = line.split_whitespace();
    let (address, _) = parse_address(words.next()?)?;
    Some((address, words))
}

/// Recognises a text that has only entries, and the comment that Windows writes, the entry of `localhost`, or the file's path.
fn recognise(sample: &Sample<'_>) -> bool {
    let lower = &sample.lower;
    let is_marked = lower.contains("sample hosts file used by microsoft tcp/ip")
        || lower.contains(r"\drivers\etc\hosts:")
        || lower
            .lines()
            .any(|line| entry(line).is_some_and(|(_, mut names)| names.any(|name| name == "localhost")));
    let is_content = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    is_marked && sample.text.lines().filter(is_content).all(|line| entry(line).is_some())
}

fn read(text: &str, to: &mut AddressCollector<'_>) -> Result<(), Refusal> {
    if to.host("").is_none() {
        let why = "a hosts file holds on one host, and nothing names it: name the file after the host (SRV1-hosts.txt), or add \
            --host NAME";
        return Err(Refusal::Unreadable(why.to_owned()));
    }
    to.accept_no_rows();
    for (number, line) in (1u64..).zip(text.lines()) {
        let Some((address, names)) = entry(line) else { continue };
        for name in names.filter(|name| !name.eq_ignore_ascii_case("localhost")) {
            to.add_client_name("", name, address, number);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::inventory::addresses::{AddressInventory, LoadOptions, load_bytes};

    fn read(file: &str, text: &str) -> AddressInventory {
        load_bytes(file, text.as_bytes(), &LoadOptions::default())
    }

    const WINDOWS: &str = "# Copyright (c) 1993-2009 Microsoft Corp.\r\n#\r\n# This is a sample HOSTS file used by Microsoft TCP/IP for \
        Windows.\r\n#      102.54.94.97     rhino.acme.com          # source server\r\n#\t127.0.0.1       localhost\r\n";

    #[test]
    fn an_entry_holds_on_its_host_alone() {
        let text = format!("{WINDOWS}192.0.2.1\tsrv2 srv2.beta.example.com # moved\r\n");
        let inventory = read("SRV1-hosts.txt", &text);
        let rows = inventory
            .resolved
            .iter()
            .map(|r| format!("{:?} {} {}", r.resolver.as_deref(), r.name, r.address));
        let want = ["srv2", "srv2.beta.example.com"].map(|name| format!("Some(\"SRV1\") {name} 192.0.2.1"));
        assert_eq!(rows.collect::<Vec<_>>(), want);
        assert!(inventory.owned.is_empty());
    }

    #[test]
    fn a_hosts_file_without_entries_is_no_error() {
        assert_eq!(read("SRV1-hosts.txt", WINDOWS).files[0].read_errors, [] as [&str; 0]);
    }

    #[test]
    fn a_hosts_file_of_no_host_is_refused() {
        let inventory = read("exports/hosts", &format!("{WINDOWS}192.0.2.1 srv2\n"));
        assert!(inventory.files[0].read_errors[0].contains("--host NAME"));
        assert!(inventory.resolved.is_empty());
    }

    #[test]
    fn lines_that_select_string_prints_are_entries() {
        let inventory =
            read("SRV1-hosts.txt", "C:\\Windows\\System32\\drivers\\etc\\hosts:23:192.0.2.1 srv2\n");
        assert_eq!(inventory.resolved.len(), 1);
    }
}
