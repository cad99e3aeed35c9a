//! Reads the project's own CSV. Its columns are `host` and `address`, and optionally `interface`, `description`, `mac`,
//! `prefix_length` and `collected` (when the row was collected), in any order and case.

use super::collector::{AddressCollector, NewAddress};
use super::format::{Format, Reader, Refusal, Sample};
use super::rows::each_row;
use super::values::{parse_address, parse_prefix, quoted};
use crate::text::escape::unescape_cell;
use crate::text::row_check::ColumnFinder;

pub(super) const FORMAT: Format = Format { name: "krbtriage CSV", recognise, read: Reader::Text(read) };

/// Names that people give the host column.
const HOST: &[&str] = &["host", "hostname", "computer", "computername", "pscomputername"];

fn recognise(sample: &Sample<'_>) -> bool {
    let known = |c: &String| {
        matches!(c.as_str(), "address" | "interface" | "description" | "mac" | "prefixlength" | "collected")
    };
    // Without a host column, accept only a table that has no other columns. `Get-NetIPAddress` also has an
    // `Address`, which is not the address.
    let ours = sample.has_any(HOST) || sample.columns.iter().all(known);
    sample.has(&["address"]) && !sample.has(&["ipaddress"]) && ours
}

fn read(text: &str, to: &mut AddressCollector<'_>) -> Result<(), Refusal> {
    const COLUMNS: [&[&str]; 7] =
        [HOST, &["address"], &["interface"], &["description"], &["mac"], &["prefix_length"], &["collected"]];
    let columns = |finder: &mut ColumnFinder<'_>| Ok(COLUMNS.map(|names| finder.find(names)));
    each_row(text, to, columns, |columns, row, to| {
        let [_, address, _, _, mac, length, collected] = columns.map(|column| row.get(column));
        let line = row.line;
        let Some((ip, in_address)) = parse_address(address) else {
            let what = match address {
                "" => "no address".to_owned(),
                text => format!("{} is not a valid address", quoted(text)),
            };
            to.report(line, format!("{what}; the row is skipped"));
            return Ok(());
        };
        // Undo the escaping that this program does for spreadsheets.
        let [host_column, _, interface, description, ..] = *columns;
        let [host, interface, description] =
            [host_column, interface, description].map(|column| unescape_cell(row.get(column)));
        if host_column.is_some() && host.is_empty() {
            to.report(line, format!("no host for address {ip}; the row is skipped"));
            return Ok(());
        }
        let prefix_length = in_address.or_else(|| parse_prefix(length, ip));
        if prefix_length.is_none() && !length.is_empty() {
            to.report(
                line,
                format!("{} is not a valid prefix length; the row is kept without", quoted(length)),
            );
        }
        to.set_collected(collected, line);
        to.add_address(NewAddress {
            host: &host,
            address: ip,
            prefix_length,
            interface: &interface,
            description: &description,
            mac,
            line,
        });
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use crate::inventory::addresses::{AddressInventory, LoadOptions, load_bytes};

    fn read(text: &str) -> AddressInventory {
        load_bytes("srv9.csv", text.as_bytes(), &LoadOptions::default())
    }

    fn lines(inventory: &AddressInventory) -> Vec<String> {
        let cell = |c: &Option<std::sync::Arc<str>>| c.as_deref().unwrap_or("-").to_owned();
        let row = |o: &crate::inventory::addresses::OwnedAddress| {
            let prefix = o.prefix_length.map_or("-".to_owned(), |p| p.to_string());
            let (interface, description, mac) = (cell(&o.interface), cell(&o.description), cell(&o.mac));
            format!("{} {}/{prefix} {interface} {description} {mac} {}", o.host, o.address, o.source)
        };
        inventory.owned.iter().map(row).collect()
    }

    #[test]
    fn any_order_case_delimiter_and_encoding() {
        let want = ["SRV1 192.0.2.1/24 Ethernet NIC 00-00-5E-00-53-01 srv9.csv:2"];
        for text in [
            "Host,Address,Interface,Description,MAC,Prefix_Length\nSRV1,192.0.2.1,Ethernet,NIC,00:00:5e:00:53:01,24\n",
            "MAC;prefix length;HOST;description;address;interface\r\n00-00-5E-00-53-01;24;SRV1;NIC;192.0.2.1;Ethernet\r\n",
            "\u{feff}host\taddress\tinterface\tdescription\tmac\nSRV1\t192.0.2.1/24\tEthernet\tNIC\t00005e005301\n",
        ] {
            assert_eq!(lines(&read(text)), want);
            let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            assert_eq!(lines(&load_bytes("srv9.csv", &utf16, &LoadOptions::default())), want);
        }
    }

    #[test]
    fn bad_rows_are_named_and_skipped() {
        let inventory = read(
            "host,address,prefix_length\nSRV1,192.0.2.1,24\nSRV2,300.1.2.3,\n,192.0.2.2,\nSRV3\n\nSRV4,fe80::1%3,99x\n",
        );
        assert_eq!(
            lines(&inventory),
            ["SRV1 192.0.2.1/24 - - - srv9.csv:2", "SRV4 fe80::1/- - - - srv9.csv:7"]
        );
        assert_eq!(
            inventory.files[0].read_errors,
            [
                "line 3: \"300.1.2.3\" is not a valid address; the row is skipped",
                "line 4: no host for address 192.0.2.2; the row is skipped",
                "line 5: no address; the row is skipped",
                "line 7: \"99x\" is not a valid prefix length; the row is kept without",
            ]
        );
        assert_eq!((inventory.files[0].rows, inventory.files[0].hosts), (2, 2));
    }

    #[test]
    fn a_row_may_tell_when_it_was_collected() {
        let inventory = read(
            "host,address,collected\nSRV1,192.0.2.1,2026-10-06T23:30:00Z\nSRV2,192.0.2.2,2026-10-06\nSRV3,192.0.2.3,\n\
             SRV4,192.0.2.4,soon\nSRV5,192.0.2.5,soon\n",
        );
        let times =
            inventory.owned.iter().map(|o| o.source.collected.map_or("-".to_owned(), |t| t.to_string()));
        let want = ["2026-10-06T23:30:00Z", "2026-10-06T00:00:00Z", "-", "-", "-"];
        assert_eq!(times.collect::<Vec<_>>(), want);
        assert_eq!(
            inventory.files[0].read_errors,
            ["line 5: collected \"soon\" is not a valid time; write it as 2026-11-23T22:57:50Z"]
        );
    }

    #[test]
    fn a_missing_host_column_takes_the_option_or_the_file_name() {
        let text = "address,interface\n192.0.2.1,Ethernet\n";
        assert_eq!(lines(&read(text)), ["srv9 192.0.2.1/- Ethernet - - srv9.csv:2"]);
        let options = LoadOptions { host: Some("SRV7".to_owned()) };
        let inventory = load_bytes("srv9.csv", text.as_bytes(), &options);
        assert_eq!(lines(&inventory), ["SRV7 192.0.2.1/- Ethernet - - srv9.csv:2"]);
    }

    #[test]
    fn a_million_bad_rows_make_few_messages() {
        let mut text = String::from("host,address\n");
        text.push_str(&"SRV1,x\n".repeat(5000));
        let problems = &read(&text).files[0].read_errors;
        assert_eq!(problems.len(), crate::inventory::MAX_READ_ERRORS);
        assert_eq!(problems.last().unwrap(), "and 4901 more problems in this file");
    }

    #[test]
    fn an_escaped_cell_reads_back() {
        let inventory = read("host,address,interface,description\nSRV1,192.0.2.1,'=x,'quoted\n");
        assert_eq!(lines(&inventory), ["SRV1 192.0.2.1/- =x 'quoted - srv9.csv:2"]);
        // Dots and blanks at the end of a name do not belong to it, in any mix; found by fuzzing.
        let inventory = read("host,address,description\nsrv1. . ,192.0.2.1,a\n");
        assert_eq!(lines(&inventory), ["srv1 192.0.2.1/- - a - srv9.csv:2"]);
        // A semicolon separates cells in some spreadsheets, so the text after it is escaped, too; found by
        // fuzzing.
        let inventory = read("host,address,description\nsrv1,192.0.2.1,a;'@B8\n");
        assert_eq!(lines(&inventory), ["srv1 192.0.2.1/- - a;@B8 - srv9.csv:2"]);
    }

    /// Bug 10: `localhost` took its host from the file's name, in a table that names other hosts.
    #[test]
    fn localhost_in_a_table_of_other_hosts_is_no_host() {
        let inventory = read("host,address\nlocalhost,10.0.0.9\nsrv1,10.0.0.9\n.,10.0.0.8\n");
        assert_eq!(lines(&inventory), ["srv1 10.0.0.9/- - - - srv9.csv:3"]);
        assert_eq!(
            inventory.files[0].read_errors,
            [
                "line 2: no host, in a file that names other hosts; the row is skipped",
                "line 4: no host, in a file that names other hosts; the row is skipped",
            ]
        );
        assert_eq!((inventory.files[0].rows, inventory.files[0].hosts), (1, 1));
        let alone = read("host,address\nlocalhost,10.0.0.9\n");
        assert_eq!(lines(&alone), ["srv9 10.0.0.9/- - - - srv9.csv:2"]);
    }

    /// Bug 11: any text was accepted as a host name.
    #[test]
    fn an_address_or_a_formula_is_no_host() {
        let inventory = read("host,address\n10.0.0.7,10.0.0.9\n=cmd,10.0.0.9\nsrv1,10.0.0.9\n");
        assert_eq!(lines(&inventory), ["srv1 10.0.0.9/- - - - srv9.csv:4"]);
        assert_eq!(
            inventory.files[0].read_errors,
            [
                "line 2: \"10.0.0.7\" is an address and no host name; the row is skipped",
                "line 3: \"=cmd\" is not a valid host name; the row is skipped",
            ]
        );
    }
}
