//! Reads `Get-DnsServerResourceRecord | Export-Csv`, in which a column has the data of the record. It shows what names resolve to,
//! and not what hosts own.

use super::collector::AddressCollector;
use super::format::{Format, Reader, Refusal, Sample};
use super::model::NameOrigin;
use super::rows::each_row;
use super::values::quoted;
use crate::text::row_check::ColumnFinder;

pub(super) const FORMAT: Format =
    Format { name: "Get-DnsServerResourceRecord CSV", recognise, read: Reader::Text(read) };

const COMMAND: &str = "Get-DnsServerResourceRecord -ZoneName ZONE | Select-Object HostName,RecordType,DistinguishedName,\
    @{n='Data';e={\"$($_.RecordData.IPv4Address)$($_.RecordData.IPv6Address)$($_.RecordData.HostNameAlias)\"}} | \
    Export-Csv -NoTypeInformation dns.csv";

/// Columns that may have the data, depending on how the export expanded it.
const DATA: &[&str] =
    &["Data", "IPv4Address", "IPv6Address", "IPAddress", "HostNameAlias", "Address", "Value", "RecordData"];

fn recognise(sample: &Sample<'_>) -> bool {
    sample.has(&["hostname", "recordtype"])
}

/// Positions of the columns.
struct Columns {
    name: Option<usize>,
    kind: Option<usize>,
    zone: Option<usize>,
    distinguished_name: Option<usize>,
    collected: Option<usize>,
    timestamp: Option<usize>,
    /// The host whose resolver or hosts file answered, as the collect script writes it.
    client: Option<usize>,
    source: Option<usize>,
    data: Vec<Option<usize>>,
}

impl Columns {
    fn find(finder: &mut ColumnFinder<'_>) -> Result<Self, Refusal> {
        Ok(Self {
            name: finder.find(&["HostName"]),
            kind: finder.find(&["RecordType"]),
            zone: finder.find(&["ZoneName", "Zone"]),
            distinguished_name: finder.find(&["DistinguishedName"]),
            collected: finder.find(&["collected"]),
            timestamp: finder.find(&["TimeStamp"]),
            client: finder.find(&["client"]),
            source: finder.find(&["source"]),
            data: finder.alternatives(DATA),
        })
    }
}

fn read(text: &str, to: &mut AddressCollector<'_>) -> Result<(), Refusal> {
    each_row(text, to, Columns::find, |columns, row, to| {
        to.set_collected(row.get(columns.collected), row.line);
        let [client, source] = [columns.client, columns.source].map(|column| row.get(column));
        if !client.is_empty() && ["hosts file", "resolver"].contains(&source) {
            // An answer of one host's resolver (including its hosts file) is not a record of the forest.
            let (name, data) = (row.get(columns.name), row.first(&columns.data));
            if let Some((address, _)) = to.row_address(data, row.line) {
                to.add_client_name(client, name, address, row.line);
            }
            return Ok(());
        }
        add_record(
            to,
            &DnsRecord {
                name: row.get(columns.name),
                kind: row.get(columns.kind),
                zone: row.get(columns.zone),
                distinguished_name: row.get(columns.distinguished_name),
                data: row.first(&columns.data),
                dynamic: is_timestamp(row.get(columns.timestamp)),
                line: row.line,
            },
        )
    })
}

/// A DNS record, from CSV, JSON or `dnscmd`.
pub(super) struct DnsRecord<'a> {
    /// Relative to the zone (`www`, `@`), or in full with a dot at the end.
    pub name: &'a str,
    /// `A`, `AAAA`, `CNAME`. Other kinds hold no address and are skipped.
    pub kind: &'a str,
    /// Empty if only the distinguished name has it.
    pub zone: &'a str,
    pub distinguished_name: &'a str,
    pub data: &'a str,
    /// The record has a timestamp: the host registered it, or DHCP did. Static records have none.
    pub dynamic: bool,
    pub line: u64,
}

pub(super) fn add_record(rows: &mut AddressCollector<'_>, record: &DnsRecord<'_>) -> Result<(), Refusal> {
    if !["A", "AAAA", "CNAME"].iter().any(|kind| kind.eq_ignore_ascii_case(record.kind)) {
        return Ok(());
    }
    if record.data.is_empty() || record.data.starts_with("DnsServerResourceRecord") {
        let found = match record.data {
            "" => "the record's data is missing".to_owned(),
            class => format!("the record's data is {}", quoted(class)),
        };
        return Err(Refusal::LostData { found, command: COMMAND });
    }
    let zone =
        if record.zone.is_empty() { zone_of(record.distinguished_name) } else { record.zone.to_owned() };
    let name = full_name(record.name, &zone);
    if name.is_empty() {
        rows.report(record.line, "a record at the zone's top, and no zone is named; the row is skipped");
        return Ok(());
    }
    if record.kind.eq_ignore_ascii_case("CNAME") {
        rows.add_cname(&name, &full_name(record.data, &zone), record.line);
        return Ok(());
    }
    let origin = if record.dynamic { NameOrigin::Dynamic } else { NameOrigin::Unknown };
    if let Some((address, _)) = rows.row_address(record.data, record.line) {
        rows.add_name(&name, address, record.line, origin);
    }
    Ok(())
}

/// Is it a record's timestamp? Static records have an empty one or 0.
pub(super) fn is_timestamp(timestamp: &str) -> bool {
    timestamp.bytes().any(|b| (b'1'..=b'9').contains(&b))
}

/// The zone of a record by its distinguished name, the second part of `DC=www,DC=alpha.example.com,cn=MicrosoftDNS,...`.
fn zone_of(distinguished_name: &str) -> String {
    let mut parts = distinguished_name.split(',').map(|part| part.split_once('=').unwrap_or(("", "")));
    match (parts.next(), parts.next(), parts.next()) {
        (Some(_), Some((_, zone)), Some((_, container)))
            if container.eq_ignore_ascii_case("MicrosoftDNS") =>
        {
            zone.to_owned()
        }
        _ => String::new(),
    }
}

/// The full name of a record. `@` is the zone itself, and a name with a final dot is already full. Without a
/// zone the name stays relative and is compared like any short name.
pub(super) fn full_name(name: &str, zone: &str) -> String {
    let zone = zone.trim_end_matches('.');
    match name {
        "@" | "." | "" => zone.to_owned(),
        full if full.ends_with('.') => full.trim_end_matches('.').to_owned(),
        relative if zone.is_empty() => relative.to_owned(),
        relative => format!("{relative}.{zone}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_may_tell_when_it_was_collected() {
        use crate::inventory::addresses::{LoadOptions, load_bytes};
        let text = "HostName,RecordType,ZoneName,Data,collected\nsrv1,A,alpha.example.com,192.0.2.1,2026-10-06T23:30:00Z\n";
        let inventory = load_bytes("dns.csv", text.as_bytes(), &LoadOptions::default());
        let times: Vec<_> = inventory.resolved.iter().map(|name| name.source.collected).collect();
        assert_eq!(times, [Some("2026-10-06T23:30:00Z".parse().unwrap())]);
    }

    #[test]
    fn names_in_zones() {
        assert_eq!(
            zone_of("DC=www,DC=alpha.example.com,cn=MicrosoftDNS,DC=DomainDnsZones,DC=alpha"),
            "alpha.example.com"
        );
        assert_eq!(zone_of("CN=www,OU=x"), "");
        assert_eq!(full_name("www", "alpha.example.com"), "www.alpha.example.com");
        assert_eq!(full_name("@", "alpha.example.com"), "alpha.example.com");
        assert_eq!(full_name("www.beta.example.com.", "alpha.example.com"), "www.beta.example.com");
        assert_eq!(full_name("www", ""), "www");
    }
}
