//! Reads any CSV with a column of host names and columns of addresses: Lansweeper, PDQ, SCCM, RVTools, GLPI,
//! NetBox, Velociraptor, `Get-ADComputer`, `Get-CimInstance | Select-Object`, or a user's own, with English,
//! German or French columns.
//!
//! The names in [`HOST`] and [`ADDRESS`] identify the columns. A cell may hold several addresses, separated
//! by commas, semicolons or blanks.

use super::collector::{AddressCollector, NewAddress};
use super::format::{Format, Reader, Refusal, Sample};
use super::json::split_list;
use super::rows::each_row;
use super::values::{parse_address, quoted};
use crate::text::escape::unescape_cell;
use crate::text::row_check::ColumnFinder;

pub(super) const FORMAT: Format =
    Format { name: "CSV of hosts and addresses", recognise, read: Reader::Text(read) };

/// Columns with host names, the most reliable first, as [`column_key`](crate::text::delimited::column_key)
/// writes them.
const HOST: &[&str] = &[
    "dnshostname",
    "fqdn",
    "dnsname",
    "nomdns",
    // RVTools has the ESX host in `Host`.
    "vm",
    "vmname",
    "pscomputername",
    "computername",
    "hostname",
    "host",
    "computer",
    "assetname",
    "devicename",
    "machinename",
    "servername",
    "server",
    "machine",
    "systemname",
    "netbiosname",
    "nodename",
    "endpoint",
    "rechnername",
    "rechner",
    "gerätename",
    "servername",
    "nomdel'ordinateur",
    "nomd'ordinateur",
    "nomdhôte",
    "nomd'hôte",
    "nomdeposte",
    "nomduposte",
    "nomdelamachine",
    "ordinateur",
    "poste",
    "serveur",
    "name",
    "nom",
];

/// Columns that hold addresses of the host.
const ADDRESS: &[&str] = &[
    "ipaddress",
    "ipaddresses",
    "ip",
    "ips",
    "ipv4",
    "ipv6",
    "ipv4address",
    "ipv6address",
    "ipv4addresses",
    "ipv6addresses",
    "primaryip",
    "primaryipaddress",
    "primaryip4",
    "primaryip6",
    "ipaddress(es)",
    "lastipaddress",
    "ipadresse",
    "ipadressen",
    "ipv4adresse",
    "ipv6adresse",
    "ipv4adressen",
    "adresseip",
    "adressesip",
    "adresseipv4",
    "adresseipv6",
    "address",
    "addresses",
];

/// Columns with the MAC of the host's adapter.
const MAC: &[&str] =
    &["mac", "macaddress", "physicaladdress", "hardwareaddr", "macadresse", "adressemac", "physischeadresse"];
const DESCRIPTION: &[&str] =
    &["description", "adapter", "interfacedescription", "adapterdescription", "beschreibung", "networkcard"];
const INTERFACE: &[&str] = &["interface", "interfacename", "connectionname", "netconnectionid"];

/// Columns that only lists of interfaces have. Their column `Name` has the interface's name.
const INTERFACE_LIST_COLUMNS: &[&str] = &["hardwareaddr", "mtu", "mask"];

/// The columns in [`HOST`] that lists of other things have as well.
const AMBIGUOUS_HOST: &[&str] = &["name", "nom", "server", "serveur", "endpoint"];
/// Columns that only lists of people have.
const PEOPLE_COLUMNS: &[&str] = &[
    "email",
    "mail",
    "emailaddress",
    "userprincipalname",
    "upn",
    "phone",
    "telephone",
    "telefon",
    "department",
    "abteilung",
    "givenname",
    "surname",
    "firstname",
    "lastname",
    "vorname",
    "nachname",
    "prénom",
];

/// Columns that show a list whose addresses are not the host's own: events, connections, DNS records, leases,
/// cluster resources.
const FOREIGN_COLUMNS: &[&str] = &[
    "eventid",
    "eventrecordid",
    "channel",
    "timecreated",
    "timegenerated",
    "timestamp",
    "eventtime",
    "sourceip",
    "srcip",
    "destinationip",
    "dstip",
    "remoteaddress",
    "port",
    "url",
    "useragent",
    "logontype",
    "recordtype",
    "rrtype",
    "ttl",
    "leaseexpirytime",
    "scopeid",
    // Addresses of cluster resources move from node to node.
    "resource",
    "reportedby",
];

/// The export to advise if the addresses were lost.
const COMMAND: &str = "Get-CimInstance Win32_NetworkAdapterConfiguration -Filter IPEnabled=TRUE | Select-Object \
    PSComputerName,DNSHostName,Description,MACAddress,@{n='IPAddress';e={$_.IPAddress -join ' '}} | \
    Export-Csv -NoTypeInformation -Encoding UTF8 nics.csv";

/// Maximum number of rows that are searched for an address to recognise the file.
const SEARCHED_ROWS: usize = 50;

/// Recognises the columns, and an address, or `System.String[]` in its place, in the first rows. A list of people also has names and
/// addresses.
fn recognise(sample: &Sample<'_>) -> bool {
    let has_machines = HOST.iter().any(|name| !AMBIGUOUS_HOST.contains(name) && sample.has(&[name]));
    // A mark of a comment or a quotation (`# VM,..,Host`) hides the name of the first column, which decides what others mean.
    let is_marked = |name: &String| name.len() > 1 && name.starts_with(['#', '*', ';', '|']);
    sample.has_any(HOST)
        && sample.has_any(ADDRESS)
        && !sample.columns.first().is_some_and(is_marked)
        && !sample.has_any(FOREIGN_COLUMNS)
        && (has_machines || !sample.has_any(PEOPLE_COLUMNS))
        && has_address(sample.text)
}

fn has_address(text: &str) -> bool {
    let is_one = |part: &str| parse_address(part).is_some() || part.starts_with("System.");
    text.lines().skip(1).take(SEARCHED_ROWS).any(|line| split_list(line).iter().any(|part| is_one(part)))
}

/// The host's name without domain and `$`: `SRV1` of `ALPHA\SRV1` and of `SRV1$`.
fn plain_host(cell: &str) -> &str {
    cell.rsplit_once('\\').map_or(cell, |(_, name)| name).trim_end_matches('$')
}

fn read(text: &str, to: &mut AddressCollector<'_>) -> Result<(), Refusal> {
    let columns = |finder: &mut ColumnFinder<'_>| {
        let of_interfaces = finder.header().column(INTERFACE_LIST_COLUMNS).is_some();
        let interface = if of_interfaces { &["name"] } else { INTERFACE };
        let hosts: Vec<&str> =
            HOST.iter().copied().filter(|name| !(of_interfaces && ["name", "nom"].contains(name))).collect();
        Ok((
            finder.alternatives(&hosts),
            finder.header().all_columns(ADDRESS),
            [interface, DESCRIPTION, MAC].map(|names| finder.alternatives(names)),
            finder.header().column(&["type"]),
        ))
    };
    each_row(text, to, columns, |(hosts, addresses, [interface, description, mac], kind), row, to| {
        if ["A", "AAAA", "CNAME", "PTR"].contains(&row.get(*kind)) {
            let what = "these are DNS records; name their columns HostName, RecordType, ZoneName and Data";
            return Err(Refusal::Unreadable(what.to_owned()));
        }
        let (cell, line) = (unescape_cell(row.first(hosts)), row.line);
        let (host, interface) = (plain_host(&cell), unescape_cell(row.first(interface)));
        let description = unescape_cell(row.first(description));
        for cell in addresses.iter().map(|column| row.get(Some(*column))) {
            if cell.contains("[]") && cell.contains("System.") {
                let found = format!("a column of addresses holds {}", quoted(cell));
                return Err(Refusal::LostData { found, command: COMMAND });
            }
            for part in split_list(cell) {
                let Some((address, prefix_length)) = to.list_address(&part, line) else { continue };
                to.add_address(NewAddress {
                    host,
                    prefix_length,
                    interface: &interface,
                    description: &description,
                    mac: row.first(mac),
                    line,
                    ..NewAddress::new(address)
                });
            }
        }
        Ok(())
    })
}
