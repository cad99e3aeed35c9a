//! Reads the names and addresses in the output of `dnscmd /enumrecords` and `/zoneprint`, and in zone files (RFC 1035 5) of Windows
//! DNS, BIND and `dig AXFR`.
//!
//! A record is `name [Aging:3605469] 1200 A 192.0.2.1`. Name (a blank repeats the one above), age and time to
//! live may be missing. `/zoneprint` and zone files give the zone in a comment. For `/enumrecords` it is only
//! on the command line, if the transcript has that; otherwise names stay relative.

use super::collector::AddressCollector;
use super::dns_records::{DnsRecord, add_record, full_name};
use super::format::{Format, Reader, Refusal, Sample};
use super::values::parse_address;

pub(super) const FORMAT: Format = Format { name: "dnscmd records", recognise, read: Reader::Text(read) };

fn recognise(sample: &Sample<'_>) -> bool {
    let text = &sample.lower;
    let marked = text.contains("returned records:")
        || text.contains("[aging:")
        || text.contains("dnscmd ")
        || text.contains("$origin ")
        || text.contains("<<>> dig ")
        || text.lines().take(10).any(|line| line.starts_with(';') && line.contains("zone"))
        || sample
            .text
            .lines()
            .any(|line| record(line, "").is_some_and(|r| r.kind.eq_ignore_ascii_case("SOA")));
    marked && sample.text.lines().any(|line| record(line, "").is_some_and(|found| found.is_plausible()))
}

fn read(text: &str, rows: &mut AddressCollector<'_>) -> Result<(), Refusal> {
    let mut zone = String::new();
    let mut above = String::new();
    for (number, line) in (1u64..).zip(text.lines()) {
        if let Some(origin) = line.strip_prefix("$ORIGIN").and_then(|rest| rest.split_whitespace().next()) {
            zone = full_name(origin, &zone);
            above.clear();
            continue;
        }
        if let Some(named) = zone_named(line) {
            zone = named;
            above.clear();
            continue;
        }
        let Some(found) = record(line, &above) else {
            continue;
        };
        if zone.is_empty() && found.kind.eq_ignore_ascii_case("SOA") && found.name.ends_with('.') {
            // If no line before gives the name of the zone, the first record has it.
            zone = found.name.trim_end_matches('.').to_owned();
        }
        add_record(
            rows,
            &DnsRecord {
                name: found.name,
                kind: found.kind,
                zone: &zone,
                distinguished_name: "",
                data: found.data,
                dynamic: line.contains("[Aging:"),
                line: number,
            },
        )?;
        if found.name != above {
            above = found.name.to_owned();
        }
    }
    Ok(())
}

/// A line with a record.
struct ZoneRecord<'l> {
    name: &'l str,
    kind: &'l str,
    data: &'l str,
}

impl ZoneRecord<'_> {
    /// Does the data fit the type? A sentence such as `# A small forest` also looks like a record.
    fn is_plausible(&self) -> bool {
        match self.kind.to_ascii_uppercase().as_str() {
            "A" | "AAAA" => parse_address(self.data).is_some(),
            "CNAME" | "NS" | "SOA" | "PTR" => self.data.ends_with('.') || self.data.starts_with('['),
            _ => false,
        }
    }
}

/// Types of records that the tools print.
const TYPES: &[&str] = &["A", "AAAA", "CNAME", "NS", "SOA", "SRV", "PTR", "MX", "TXT", "WINS", "HINFO", "RP"];

fn record<'l>(line: &'l str, above: &'l str) -> Option<ZoneRecord<'l>> {
    if line.trim_start().starts_with(';') {
        return None;
    }
    let mut words = line.split_whitespace().peekable();
    let is_name = |word: &&str| {
        word.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '@' | '\\' | '/'))
    };
    let name = if line.starts_with([' ', '\t']) { above } else { words.next().filter(is_name)? };
    words.next_if(|word| word.starts_with("[A") && word.ends_with(']'));
    words.next_if(|word| word.bytes().all(|b| b.is_ascii_digit()));
    words.next_if(|word| word.eq_ignore_ascii_case("IN"));
    let kind = words.next().filter(|word| TYPES.iter().any(|t| t.eq_ignore_ascii_case(word)))?;
    Some(ZoneRecord { name, kind, data: words.next()? })
}

/// The zone that a comment or a command line gives: `;  Zone:  alpha.example.com`, `; ... for alpha.example.com zone.`, `dnscmd dc1
/// /enumrecords alpha.example.com @`.
fn zone_named(line: &str) -> Option<String> {
    let words: Vec<&str> = line.split_whitespace().take(20).collect();
    let after = |word: &str| {
        let at = words.iter().position(|w| w.eq_ignore_ascii_case(word))?;
        words.get(at + 1).copied()
    };
    if line.trim_start().starts_with(';') {
        // `Database file x.dns for Default zone scope in zone example.com.` since Windows Server 2016.
        if let [.., "in", word, zone] = words.as_slice()
            && word.eq_ignore_ascii_case("zone")
        {
            return Some(zone.trim_end_matches('.').to_owned());
        }
        let is_file = words.last().is_some_and(|w| w.eq_ignore_ascii_case("zone."));
        let zone = after("Zone:").or_else(|| after("for").filter(|_| is_file))?;
        return Some(zone.trim_end_matches('.').to_owned());
    }
    let zone = after("/enumrecords").or_else(|| after("/zoneprint"))?;
    let at = words.iter().position(|w| *w == zone)?;
    match words.get(at + 1) {
        Some(node) if !node.starts_with(['@', '/', '.']) && !node.ends_with('.') => {
            Some(format!("{node}.{zone}"))
        }
        _ => Some(zone.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use crate::inventory::addresses::{LoadOptions, load_bytes};

    fn read(text: &str) -> (Vec<String>, Vec<String>) {
        let inventory = load_bytes("dns.txt", text.as_bytes(), &LoadOptions::default());
        assert_eq!(inventory.files[0].kind, "dnscmd records", "{:?}", inventory.files);
        assert!(inventory.owned.is_empty());
        let names =
            inventory.resolved.iter().map(|r| format!("{} {} {}", r.name, r.address, r.source)).collect();
        (names, inventory.aliases.iter().map(|a| format!("{} {}", a.name, a.other)).collect())
    }

    #[test]
    fn enumrecords_with_its_command_line() {
        let (names, aliases) = read(
            "C:\\>dnscmd  /EnumRecords alpha.example.com @ /type A\r\nReturned records:\r\n\
             @                [Aging:3614830] 600  A  192.0.2.10\r\n\t\t\t 600 A  192.0.2.11\r\n\
             srv1             [Aging:3614830] 1200 A  192.0.2.1\r\n\t\t 1200 AAAA 2001:db8::1\r\n\
             www              3600 CNAME  srv1.alpha.example.com.\r\n_ldap._tcp 600 SRV 0 100 389 dc1.\r\n\r\n\
             Command completed successfully.\r\n",
        );
        let want = [
            "alpha.example.com 192.0.2.10 dns.txt:3",
            "alpha.example.com 192.0.2.11 dns.txt:4",
            "srv1.alpha.example.com 192.0.2.1 dns.txt:5",
            "srv1.alpha.example.com 2001:db8::1 dns.txt:6",
        ];
        assert_eq!(names, want);
        assert_eq!(aliases, ["www.alpha.example.com srv1.alpha.example.com"]);
    }

    // Written from the documentation. No real sample of these two was available.
    #[test]
    fn zoneprint_and_zone_files() {
        let (names, _) = read(
            ";\n;  Zone:    beta.example.com\n;  Server:  dc2.beta.example.com\n;\nsrv2 [Aging:1] 1200 A\t203.0.113.2\n",
        );
        assert_eq!(names, ["srv2.beta.example.com 203.0.113.2 dns.txt:5"]);
        let (names, _) = read(
            ";\n;  Database file beta.example.com.dns for beta.example.com zone.\n;\nsrv2   1200\tA\t203.0.113.2\nsrv3 IN A 203.0.113.3\n",
        );
        assert_eq!(
            names,
            ["srv2.beta.example.com 203.0.113.2 dns.txt:4", "srv3.beta.example.com 203.0.113.3 dns.txt:5"]
        );
    }
}
