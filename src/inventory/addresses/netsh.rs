//! Reads `netsh interface ip show addresses` and `show config`, and `netsh interface ipv4 show ipaddresses` with its
//! IPv6 twin `netsh interface ipv6 show addresses`.
//!
//! The reader uses no label. An own address is followed by its subnet (`192.0.2.0/24 (mask 255.255.255.0)`), or ends a row of the
//! table with the five dashed columns. The output has no host, so the file's name or `--host` gives it.

use super::collector::{AddressCollector, NewAddress};
use super::format::{Format, Reader, Refusal, Sample};
use super::ipconfig::is_bound;
use super::values::parse_address;

pub(super) const FORMAT: Format = Format { name: "netsh interface", recognise, read: Reader::Text(read) };

fn recognise(sample: &Sample<'_>) -> bool {
    let lines: Vec<&str> = sample.text.lines().collect();
    lines.iter().enumerate().any(|(at, line)| {
        (subnet(value(line)).is_some() && at > 0 && own_address(&lines, at - 1).is_some())
            || (is_dashes(line) && lines.get(at + 1).is_some_and(|row| table_row(row).is_some()))
    })
}

/// The interface's name in `Configuration for interface "Ethernet 5"` or `Interface 12: Ethernet 5`.
fn interface(line: &str) -> Option<&str> {
    let line = line.trim();
    if let Some((words, name)) = line.strip_suffix('"').and_then(|rest| rest.split_once('"')) {
        return (!words.is_empty() && !words.contains(':')).then_some(name);
    }
    let (word, name) = line.split_once(": ")?;
    word.ends_with(|c: char| c.is_ascii_digit()).then(|| name.trim())
}

/// The value after the label; empty for a line without a colon.
fn value(line: &str) -> &str {
    line.split_once(':').map_or("", |(_, value)| value.trim())
}

/// The prefix length in `192.0.2.0/24 (mask 255.255.255.0)`.
fn subnet(value: &str) -> Option<u8> {
    let (prefix, mask) = value.split_once(" (")?;
    let (_, length) = parse_address(prefix)?;
    let mask = mask.trim_end().strip_suffix(')')?.rsplit(' ').next()?;
    parse_address(mask)?;
    length
}

/// The address on the line before a subnet.
fn own_address(lines: &[&str], at: usize) -> Option<std::net::IpAddr> {
    let line = lines.get(at)?;
    line.starts_with([' ', '\t']).then(|| parse_address(value(line)))?.map(|(address, _)| address)
}

/// Is it the line below the table's header, with five groups of dashes? The width of the first four distinguishes it from the
/// tables of PowerShell.
fn is_dashes(line: &str) -> bool {
    let groups: Vec<usize> = line.split_whitespace().map(str::len).collect();
    line.bytes().all(|b| matches!(b, b'-' | b' ' | b'\r')) && matches!(groups[..], [9, 11, 10, 10, _])
}

/// State and address of a row such as `Manual     Preferred    infinite   infinite 192.0.2.1`.
fn table_row(line: &str) -> Option<(&str, std::net::IpAddr)> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let (last, before) = words.split_last()?;
    let (address, _) = parse_address(last)?;
    (before.len() == 4).then_some((before.get(1).copied().unwrap_or_default(), address))
}

fn read(text: &str, to: &mut AddressCollector<'_>) -> Result<(), Refusal> {
    let lines: Vec<&str> = text.lines().collect();
    let (mut name, mut in_table) = ("", false);
    for (at, line) in lines.iter().enumerate() {
        let number = at as u64 + 1;
        if line.trim().is_empty() {
            in_table = false;
        } else if is_dashes(line) {
            in_table = true;
        } else if let Some((state, address)) = table_row(line).filter(|_| in_table) {
            if is_bound(state) {
                to.add_address(NewAddress { interface: name, line: number, ..NewAddress::new(address) });
            }
        } else if let (Some(length), Some(address)) =
            (subnet(value(line)), at.checked_sub(1).and_then(|at| own_address(&lines, at)))
        {
            to.add_address(NewAddress {
                interface: name,
                prefix_length: Some(length),
                line: number - 1,
                ..NewAddress::new(address)
            });
        } else if let Some(found) = interface(line) {
            name = found;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::inventory::addresses::{LoadOptions, load_bytes};

    fn rows(text: &str) -> Vec<String> {
        let inventory = load_bytes("SRV1-netsh.txt", text.as_bytes(), &LoadOptions::default());
        assert_eq!(
            (inventory.files[0].kind, &inventory.files[0].read_errors[..]),
            ("netsh interface", &[][..])
        );
        let row = |o: &crate::inventory::addresses::OwnedAddress| {
            let length = o.prefix_length.map_or("-".to_owned(), |length| length.to_string());
            format!(
                "{} {}/{length} [{}] {}",
                o.host,
                o.address,
                o.interface.as_deref().unwrap_or("-"),
                o.source.line
            )
        };
        inventory.owned.iter().map(row).collect()
    }

    #[test]
    fn the_address_before_its_subnet_is_own() {
        let english = "\nConfiguration for interface \"Ethernet0\"\n    DHCP enabled:                         No\n    \
            IP Address:                           192.0.2.1\n    Subnet Prefix:                        192.0.2.0/24 (mask 255.255.255.0)\n    \
            Default Gateway:                      192.0.2.254\n    Gateway Metric:                       256\n    InterfaceMetric:                      25\n    \
            Statically Configured DNS Servers:    192.0.2.10\n                                          192.0.2.11\n";
        assert_eq!(rows(english), ["SRV1 192.0.2.1/24 [Ethernet0] 4"]);
        let german = "Konfiguration der Schnittstelle \"Ethernet 5\"\n    DHCP aktiviert:                       Nein\n    \
            IP-Adresse:                           169.254.95.120\n    Subnetzpräfix:                        169.254.0.0/16 (Maske 255.255.0.0)\n    \
            Schnittstellenmetrik:                      25\n";
        assert_eq!(rows(german), ["SRV1 169.254.95.120/16 [Ethernet 5] 3"]);
    }

    #[test]
    fn the_table_ends_with_own_addresses() {
        let table = "\nInterface 12: Ethernet0\n\nAddr Type  DAD State   Valid Life Pref. Life Address\n---------  ----------- ---------- ---------- ------------------------\n\
            Manual     Preferred     infinite   infinite 192.0.2.1\nOther      Tentative     infinite   infinite 169.254.7.7\nOther      Preferred  6d23h57m58s   23h49m3s fe80::1%12\n\n\
            Interface 1: Loopback Pseudo-Interface 1\n\nAddr Type  DAD State   Valid Life Pref. Life Address\n---------  ----------- ---------- ---------- ------------------------\n\
            Other      Preferred     infinite   infinite 127.0.0.1\n";
        assert_eq!(
            rows(table),
            [
                "SRV1 192.0.2.1/- [Ethernet0] 6",
                "SRV1 fe80::1/- [Ethernet0] 8",
                "SRV1 127.0.0.1/- [Loopback Pseudo-Interface 1] 14"
            ]
        );
    }
}
