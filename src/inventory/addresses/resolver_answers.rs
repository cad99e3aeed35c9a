//! Reads the answers that a client gets for a name: from `Resolve-DnsName` (table, list or CSV) and `ping`, which use its
//! hosts file first, and from `nslookup`, which asks only DNS.
//!
//! The file's name gives the client, or `--host`. `Resolve-DnsName` uses the hosts file unless `-NoHostsFile`
//! is given (its documentation).

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use super::collector::AddressCollector;
use super::format::{Format, Reader, Refusal, Sample};
use super::model::NameOrigin;
use super::rows::each_row;
use super::values::parse_address;
use crate::text::decode::TextReader;
use crate::text::property_list::{DROPPED_MESSAGE, each_list};
use crate::text::row_check::ColumnFinder;

pub(super) const CSV: Format =
    Format { name: "Resolve-DnsName CSV", recognise: detect_csv, read: Reader::Text(read_csv) };
pub(super) const TEXT: Format =
    Format { name: "Resolve-DnsName text", recognise: detect_text, read: Reader::Text(read_text) };
pub(super) const NSLOOKUP: Format =
    Format { name: "nslookup text", recognise: detect_nslookup, read: Reader::Text(read_nslookup) };
pub(super) const PING: Format =
    Format { name: "ping text", recognise: detect_ping, read: Reader::Text(read_ping) };

const COMMAND: &str = "Resolve-DnsName NAME | Select-Object Name,Type,NameHost,IPAddress | Export-Csv -NoTypeInformation \
    CLIENT-names.csv";

/// Maximum number of CNAMEs followed from a name to an address. Windows follows 16.
const MAX_CHAIN: usize = 16;

const ADDRESS: &[&str] = &["IPAddress", "IP4Address", "IP6Address", "Address"];

fn detect_csv(sample: &Sample<'_>) -> bool {
    let answers = sample.has(&["name", "type"]) && sample.has_any(&["ipaddress", "ip4address", "namehost"]);
    answers && sample.has_any(&["ttl", "section", "namehost", "querytype"])
}

fn read_csv(text: &str, to: &mut AddressCollector<'_>) -> Result<(), Refusal> {
    struct Columns {
        name: Option<usize>,
        host: Option<usize>,
        resolver: Option<usize>,
        collected: Option<usize>,
        address: Vec<Option<usize>>,
    }
    let columns = |finder: &mut ColumnFinder<'_>| {
        Ok(Columns {
            name: finder.find(&["Name"]),
            host: finder.find(&["NameHost"]),
            resolver: finder.find(&["client", "PSComputerName"]),
            collected: finder.find(&["collected"]),
            address: finder.alternatives(ADDRESS),
        })
    };
    // A file may hold the answers of several clients and days.
    let mut all: BTreeMap<(String, String), Answers> = BTreeMap::new();
    each_row(text, to, columns, |columns, row, _| {
        let [resolver, collected] =
            [columns.resolver, columns.collected].map(|column| row.get(column).to_owned());
        all.entry((resolver, collected)).or_default().add(
            row.get(columns.name),
            row.get(columns.host),
            row.first(&columns.address),
            row.line,
        );
        Ok(())
    })?;
    for ((resolver, collected), answers) in all {
        to.set_collected(&collected, answers.first_line());
        answers.add_to(&resolver, to);
    }
    Ok(())
}

/// Recognises the heading of the table, or a record as a list.
fn detect_text(sample: &Sample<'_>) -> bool {
    let mut is_list = false;
    // Reading a slice cannot fail.
    let _ = each_list(TextReader::from_text(sample.text), |list, _| {
        let has = |name: &str| list.iter().any(|(key, _)| key == name);
        is_list |= has("Name") && has("Type") && has("Section");
    });
    is_list || sample.text.lines().any(|line| heading(line).is_some())
}

/// The name of the last column of the heading `Name  Type  TTL  Section  IPAddress`; `None` for another line.
fn heading(line: &str) -> Option<&str> {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words.as_slice() {
        ["Name", "Type", "TTL", "Section", last] => Some(last),
        _ => None,
    }
}

fn read_text(text: &str, to: &mut AddressCollector<'_>) -> Result<(), Refusal> {
    let mut answers = Answers::default();
    let mut last_column = None;
    let mut cut = false;
    for (number, line) in (1u64..).zip(text.lines()) {
        if let Some(column) = heading(line) {
            last_column = Some(column);
            continue;
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        if let (Some(column), [name, kind, _, _, value]) = (last_column, words.as_slice()) {
            cut |= name.ends_with("...") || name.ends_with('…');
            match *kind {
                "A" | "AAAA" => answers.add(name, "", value, number),
                "CNAME" if column == "NameHost" => answers.add(name, value, "", number),
                _ => {}
            }
        }
    }
    let list = each_list(TextReader::from_text(text), |list, line| {
        let get =
            |name: &str| list.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str());
        let address =
            ADDRESS.iter().map(|name| get(name)).find(|value| !value.is_empty()).unwrap_or_default();
        if !get("Type").is_empty() && !get("Section").is_empty() {
            answers.add(get("Name"), get("NameHost"), address, line);
        }
    });
    if let Some(line) = list.map_err(|error| Refusal::Unreadable(error.to_string()))? {
        to.report(line, DROPPED_MESSAGE);
    }
    if cut {
        return Err(Refusal::LostData { found: "a name ends with ...".to_owned(), command: COMMAND });
    }
    answers.add_to("", to);
    Ok(())
}

/// The answers of one client.
#[derive(Default)]
struct Answers {
    addresses: Vec<(String, IpAddr, u64)>,
    cnames: Vec<(String, String, u64)>,
}

impl Answers {
    fn add(&mut self, name: &str, host: &str, address: &str, line: u64) {
        let key = |name: &str| name.trim_end_matches('.').to_lowercase();
        if let Some((address, _)) = parse_address(address) {
            self.addresses.push((key(name), address, line));
        } else if !host.is_empty() {
            self.cnames.push((key(name), key(host), line));
        }
    }

    /// The first line with an answer; 0 if there is none.
    fn first_line(&self) -> u64 {
        let addresses = self.addresses.iter().map(|(_, _, line)| line);
        addresses.chain(self.cnames.iter().map(|(_, _, line)| line)).min().copied().unwrap_or_default()
    }

    /// Adds the answers. A name resolves to its own addresses, and an alias to those at the end of its chain.
    fn add_to(self, resolver: &str, to: &mut AddressCollector<'_>) {
        let next: HashMap<&str, &str> =
            self.cnames.iter().map(|(name, host, _)| (name.as_str(), host.as_str())).collect();
        let mut of: HashMap<&str, Vec<IpAddr>> = HashMap::new();
        for (name, address, line) in &self.addresses {
            of.entry(name).or_default().push(*address);
            to.add_client_name(resolver, name, *address, *line);
        }
        for (name, host, line) in &self.cnames {
            to.add_cname(name, host, *line);
            let mut end = host.as_str();
            for _ in 0..MAX_CHAIN {
                match next.get(end) {
                    Some(further) => end = further,
                    None => break,
                }
            }
            for address in of.get(end).into_iter().flatten() {
                to.add_client_name(resolver, name, *address, *line);
            }
        }
    }
}

/// Labels of the section about the server, in lower case. A blank line and a name with its addresses follow it.
///
/// These and the labels below are those of Windows in English, German, French, Spanish, Italian and Portuguese. Those of other
/// languages were not verified, so they are not read.
const SERVER: &[&str] = &["server", "serveur", "servidor", "dns request timed out"];
/// Labels of the name.
const NAME: &[&str] = &["name", "nom", "nombre", "nome"];
/// Labels of the addresses.
const ADDRESSES: &[&str] =
    &["address", "addresses", "adresse", "adresses", "indirizzo", "indirizzi", "direcciones"];

/// The label of a line in lower case, and its value.
fn label(line: &str) -> Option<(String, &str)> {
    let (label, value) = line.split_once(':')?;
    Some((label.trim().to_lowercase(), value.trim()))
}

fn detect_nslookup(sample: &Sample<'_>) -> bool {
    let has = |labels: &[&str]| {
        sample
            .text
            .lines()
            .filter_map(label)
            .any(|(label, value)| labels.contains(&label.as_str()) && !value.is_empty())
    };
    has(SERVER) && has(NAME) && has(ADDRESSES) && !sample.lower.contains("event id")
}

fn read_nslookup(text: &str, to: &mut AddressCollector<'_>) -> Result<(), Refusal> {
    let mut name: Option<String> = None;
    let mut in_addresses = false;
    for (number, line) in (1u64..).zip(text.lines()) {
        let value = match label(line) {
            // An IPv6 address in a list contains colons.
            Some((label, value)) if parse_address(line.trim()).is_none() => {
                in_addresses = ADDRESSES.contains(&label.as_str());
                if NAME.contains(&label.as_str()) {
                    name = Some(value.to_owned());
                } else if SERVER.contains(&label.as_str()) {
                    name = None;
                }
                value
            }
            _ => line.trim(),
        };
        if let (true, Some(name), Some((address, _))) = (in_addresses, &name, parse_address(value)) {
            to.add_name(name, address, number, NameOrigin::Unknown);
        }
    }
    Ok(())
}

/// Name and address in `Pinging srv2.beta.example.com [192.0.2.2] with 32 bytes of data`. In every language the name comes
/// first, then the address in brackets, then the size.
fn pinged(line: &str) -> Option<(&str, IpAddr)> {
    let (before, rest) = line.split_once(" [")?;
    let (address, after) = rest.split_once(']')?;
    let name = before.split_whitespace().next_back()?;
    let has_size = after.split_whitespace().any(|word| word.parse::<u16>().is_ok());
    let (address, _) = parse_address(address)?;
    (has_size && line.to_lowercase().contains("ping")).then_some((name, address))
}

fn detect_ping(sample: &Sample<'_>) -> bool {
    sample.text.lines().any(|line| pinged(line).is_some())
}

fn read_ping(text: &str, to: &mut AddressCollector<'_>) -> Result<(), Refusal> {
    for (number, line) in (1u64..).zip(text.lines()) {
        if let Some((name, address)) = pinged(line) {
            to.add_client_name("", name, address, number);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::inventory::addresses::{LoadOptions, load_bytes};

    /// `kind: client name address`, by line.
    fn read(file: &str, text: &str) -> Vec<String> {
        let inventory = load_bytes(file, text.as_bytes(), &LoadOptions::default());
        assert_eq!(inventory.files[0].read_errors, [] as [&str; 0]);
        assert_eq!(inventory.owned.len(), 0);
        let client = |row: &crate::inventory::addresses::ResolvedName| {
            row.resolver.as_deref().unwrap_or("DNS").to_owned()
        };
        let kind = inventory.files[0].kind;
        inventory
            .resolved
            .iter()
            .map(|row| format!("{kind}: {} {} {}", client(row), row.name, row.address))
            .collect()
    }

    #[test]
    fn answers_of_resolve_dns_name_are_those_of_the_client() {
        let table = "\r\nName                  Type   TTL   Section    IPAddress\r\n----                  ----   ---   -------    ---------\r\n\
            srv2.beta.example.com A      1200  Answer     192.0.2.2\r\n\r\n";
        let csv =
            "\"Name\",\"Type\",\"NameHost\",\"IPAddress\"\n\"srv2.beta.example.com\",\"A\",,\"192.0.2.2\"\n";
        let list = "Name       : srv2.beta.example.com\nQueryType  : A\nType       : A\nTTL        : 1200\nSection    : Answer\nIP4Address : 192.0.2.2\n";
        for (text, kind) in
            [(table, "Resolve-DnsName text"), (csv, "Resolve-DnsName CSV"), (list, "Resolve-DnsName text")]
        {
            assert_eq!(
                read("SRV1-names.txt", text),
                [format!("{kind}: SRV1 srv2.beta.example.com 192.0.2.2")]
            );
        }
    }

    #[test]
    fn an_alias_resolves_to_the_end_of_its_chain() {
        let csv = "Name,Type,TTL,Section,NameHost,IPAddress\nweb.example.com,CNAME,60,Answer,www.example.com,\n\
            www.example.com,CNAME,60,Answer,srv3.example.com,\nsrv3.example.com,A,60,Answer,,192.0.2.3\n";
        let answers = ["srv3", "web", "www"]
            .map(|name| format!("Resolve-DnsName CSV: SRV1 {name}.example.com 192.0.2.3"));
        assert_eq!(read("SRV1_names.csv", csv), answers);
    }

    #[test]
    fn each_answer_in_one_file_is_of_its_own_client() {
        let csv = "PSComputerName,Name,Type,TTL,Section,IPAddress\nSRV1,app.example.com,A,60,Answer,192.0.2.1\n\
            SRV2,app.example.com,A,60,Answer,192.0.2.2\nSRV1,db.example.com,A,60,Answer,192.0.2.3\n";
        assert_eq!(
            read("names.csv", csv),
            [
                "SRV1 app.example.com 192.0.2.1",
                "SRV1 db.example.com 192.0.2.3",
                "SRV2 app.example.com 192.0.2.2"
            ]
            .map(|answer| format!("Resolve-DnsName CSV: {answer}"))
        );
    }

    #[test]
    fn nslookup_asks_dns_alone() {
        let text = "Server:  dc1.alpha.example.com\r\nAddress:  192.0.2.10\r\n\r\nName:    srv2.beta.example.com\r\n\
            Addresses:  2001:db8::2\r\n\t  192.0.2.2\r\nAliases:  web.example.com\r\n";
        let answers =
            ["2001:db8::2", "192.0.2.2"].map(|a| format!("nslookup text: DNS srv2.beta.example.com {a}"));
        assert_eq!(read("SRV1-nslookup.txt", text), answers);
    }

    #[test]
    fn ping_shows_what_the_client_resolves() {
        for text in [
            "Pinging srv2.beta.example.com [192.0.2.2] with 32 bytes of data:\nReply from 192.0.2.2: bytes=32 time<1ms TTL=128\n",
            "Ping wird ausgeführt für srv2.beta.example.com [192.0.2.2] mit 32 Bytes Daten:\n",
        ] {
            assert_eq!(read("SRV1_ping.txt", text), ["ping text: SRV1 srv2.beta.example.com 192.0.2.2"]);
        }
    }
}
