//! Writes one inventory in every format that the program reads, as the tool of the format does.
//!
//! Where no real sample of a format was found, the writer follows the documentation and says so.

mod capture;
mod dns;
mod json;
mod text;

use std::net::IpAddr;

pub use dns::Record;

/// One address of one host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Full name, such as `srv1.alpha.example.com`.
    pub host: String,
    pub address: IpAddr,
    pub interface: String,
    pub description: String,
    /// `AA-BB-CC-DD-EE-FF`.
    pub mac: String,
    pub prefix: u8,
}

impl Row {
    pub fn label(&self) -> &str {
        self.host.split('.').next().unwrap()
    }

    /// The name that a host reports over NetBIOS and DCOM.
    pub fn netbios(&self) -> String {
        self.label().to_uppercase().chars().take(15).collect()
    }

    pub fn domain(&self) -> &str {
        self.host.split_once('.').unwrap().1
    }

    pub fn mask(&self) -> IpAddr {
        match self.address {
            IpAddr::V4(_) => IpAddr::V4((!0u32).checked_shl(32 - u32::from(self.prefix)).unwrap_or(0).into()),
            IpAddr::V6(_) => {
                IpAddr::V6((!0u128).checked_shl(128 - u32::from(self.prefix)).unwrap_or(0).into())
            }
        }
    }
}

/// The fields that a format keeps besides host and address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keeps {
    /// The full name of the host. Otherwise its first label, in some case.
    pub full_name: bool,
    pub interface: bool,
    /// Description and MAC.
    pub adapter: bool,
    pub v4_prefix: bool,
    pub v6_prefix: bool,
}

const ALL: Keeps =
    Keeps { full_name: true, interface: true, adapter: true, v4_prefix: true, v6_prefix: true };
const NO_INTERFACE: Keeps = Keeps { interface: false, ..ALL };
const ADDRESS_ONLY: Keeps =
    Keeps { full_name: true, interface: false, adapter: false, v4_prefix: false, v6_prefix: false };

/// One export: its files, and the fields that a reader gets from them.
pub struct Export {
    /// Names and contents. The program does not use the names.
    pub files: Vec<(&'static str, Vec<u8>)>,
    pub keeps: Keeps,
    /// The format of the first file, in the program's words.
    pub kind: &'static str,
}

fn export(kind: &'static str, keeps: Keeps, files: Vec<(&'static str, Vec<u8>)>) -> Export {
    Export { files, keeps, kind }
}

/// The inventory in every format that shows who owns an address.
pub fn exports(rows: &[Row]) -> Vec<Export> {
    vec![
        export("krbtriage CSV", ALL, vec![("interfaces.csv", text::project_csv(rows, ","))]),
        export(
            "krbtriage CSV",
            ALL,
            vec![("interfaces-semicolon.csv", utf16(&text::project_csv(rows, ";")))],
        ),
        export(
            "Get-NetIPAddress CSV",
            ALL,
            vec![
                ("Get-NetIPAddress.csv", text::net_ip_csv(rows)),
                ("Get-NetAdapter.csv", text::net_adapter_csv(rows)),
            ],
        ),
        export(
            "PowerShell JSON",
            ALL,
            vec![
                ("Get-NetIPAddress.ps5.json", utf16(json::net_ip(rows, true).as_bytes())),
                ("Get-NetAdapter.ps7.json", json::net_adapter(rows).into_bytes()),
            ],
        ),
        export(
            "PowerShell JSON",
            NO_INTERFACE,
            vec![("Win32_NetworkAdapterConfiguration.json", json::nic_configuration(rows).into_bytes())],
        ),
        export(
            "ipconfig /all",
            Keeps { v6_prefix: false, ..ALL },
            vec![("ipconfig.txt", text::ipconfig(rows))],
        ),
        export(
            "wmic nicconfig CSV",
            Keeps { full_name: false, ..NO_INTERFACE },
            vec![("wmic-nicconfig.csv", utf16(&text::wmic_csv(rows)))],
        ),
        export("Ansible setup facts", ALL, vec![("ansible-setup.txt", json::ansible(rows).into_bytes())]),
        export("osquery interface_addresses", ALL, vec![("osquery.log", json::osquery(rows).into_bytes())]),
        export("IOXIDResolver", ADDRESS_ONLY, vec![("ioxidresolver.txt", text::ioxid_resolver(rows))]),
        export(
            "Network Monitor ServerAlive2 text",
            ADDRESS_ONLY,
            vec![("network-monitor.txt", text::network_monitor(rows))],
        ),
        export(
            "pcap or pcapng capture",
            Keeps { full_name: false, ..ADDRESS_ONLY },
            vec![("written.pcap", capture::pcap(rows))],
        ),
    ]
}

/// The records in every format that shows what names resolve to.
pub fn name_exports(records: &[Record]) -> Vec<Export> {
    vec![
        export("Get-DnsServerResourceRecord CSV", ADDRESS_ONLY, vec![("dns-records.csv", dns::csv(records))]),
        export("PowerShell JSON", ADDRESS_ONLY, vec![("dns-records.json", dns::json(records))]),
        export("dnscmd records", ADDRESS_ONLY, vec![("dnscmd-zoneprint.txt", dns::zone_print(records))]),
        export("DHCP leases CSV", ADDRESS_ONLY, vec![("dhcp-leases.csv", dns::leases(records))]),
    ]
}

/// Encodes a text as Windows PowerShell's `>` does.
pub fn utf16(utf8: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(utf8).unwrap();
    let units = std::iter::once(0xfeff).chain(text.encode_utf16());
    units.flat_map(u16::to_le_bytes).collect()
}

/// Groups rows by host, in the order of the first row of each.
pub fn by_host(rows: &[Row]) -> Vec<Vec<&Row>> {
    grouped(rows.iter(), |a, b| a.host == b.host)
}

/// Groups the rows of a host by adapter.
pub fn by_adapter<'r>(rows: &[&'r Row]) -> Vec<Vec<&'r Row>> {
    grouped(rows.iter().copied(), |a, b| {
        (&a.interface, &a.description, &a.mac) == (&b.interface, &b.description, &b.mac)
    })
}

fn grouped<'r>(rows: impl Iterator<Item = &'r Row>, same: fn(&Row, &Row) -> bool) -> Vec<Vec<&'r Row>> {
    let mut groups: Vec<Vec<&Row>> = Vec::new();
    for row in rows {
        match groups.iter_mut().find(|group| same(group[0], row)) {
            Some(group) => group.push(row),
            None => groups.push(vec![row]),
        }
    }
    groups
}

fn csv(header: &[&str], rows: impl Iterator<Item = Vec<String>>, quote: csv::QuoteStyle) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new()
        .quote_style(quote)
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    writer.write_record(header).unwrap();
    for row in rows {
        writer.write_record(row).unwrap();
    }
    writer.into_inner().unwrap()
}
