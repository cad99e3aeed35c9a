//! Reads ServerAlive2 answers as text: IOXIDResolver's output and frames copied from Network Monitor.

use super::collector::AddressCollector;
use super::format::{Format, Reader, Refusal, Sample};
use super::server_alive::{Answer, add_answer};

pub(super) const IOXID_RESOLVER: Format =
    Format { name: "IOXIDResolver", recognise: detect_ioxid, read: Reader::Text(read_ioxid) };

pub(super) const NETWORK_MONITOR: Format = Format {
    name: "Network Monitor ServerAlive2 text",
    recognise: detect_netmon,
    read: Reader::Text(read_netmon),
};

fn detect_ioxid(sample: &Sample<'_>) -> bool {
    sample.text.lines().any(|line| host_in_ioxid_line(line).is_some())
        && sample.text.lines().any(|line| entry(line, "Address:").is_some())
}

fn detect_netmon(sample: &Sample<'_>) -> bool {
    sample.text.lines().any(|line| entry(line, "NetworkAddress:").is_some())
}

fn read_ioxid(text: &str, rows: &mut AddressCollector<'_>) -> Result<(), Refusal> {
    read(text, rows, "Address:", host_in_ioxid_line)
}

fn read_netmon(text: &str, rows: &mut AddressCollector<'_>) -> Result<(), Refusal> {
    read(text, rows, "NetworkAddress:", host_in_frame)
}

/// The host in a line such as `[*] Retrieving network interface of 192.0.2.1`, which begins an answer.
fn host_in_ioxid_line(line: &str) -> Option<&str> {
    let at = line.find("etrieving network interface")?;
    let (_, target) = line.get(at..)?.split_once(" of ").or_else(|| line.get(at..)?.split_once(" for "))?;
    target.split_whitespace().next().map(|word| word.trim_end_matches([':', '.']))
}

/// The host that answered in the summary of a frame: `14 14:38:55 ... srv2.beta.example.com 135 (0x87) 91.103.70.14 55535 ...
/// ServerAlive2 Response`. It is the word before port 135, and empty if the columns differ.
fn host_in_frame(line: &str) -> Option<&str> {
    if !line.contains("ServerAlive2 Response") {
        return None;
    }
    let before = line.find(" 135 (0x87)").or_else(|| line.find("\t135 (0x87)")).and_then(|at| line.get(..at));
    Some(before.and_then(|text| text.split_whitespace().next_back()).unwrap_or(""))
}

/// The value of the field `key` in a line.
fn entry<'l>(line: &'l str, key: &str) -> Option<&'l str> {
    // Network Monitor's tree puts `- ` and blanks before a field, IOXIDResolver `[+] `.
    let text = line.trim_start_matches([' ', '\t', '-', '+', '[', ']', '*', '|']);
    text.strip_prefix(key).map(str::trim).filter(|value| !value.is_empty())
}

fn read(
    text: &str,
    rows: &mut AddressCollector<'_>,
    key: &str,
    asked: fn(&str) -> Option<&str>,
) -> Result<(), Refusal> {
    let mut answer = Answer::default();
    let mut had_address = false;
    for (number, line) in (1u64..).zip(text.lines()) {
        if let Some(host) = asked(line) {
            add_answer(rows, &answer);
            answer = Answer { asked: host.to_owned(), entries: Vec::new() };
            had_address = false;
        } else if let Some(value) = entry(line, key) {
            let is_address = super::values::parse_address(value).is_some();
            if had_address && !is_address {
                // The next answer, copied without its frame's line. A host name comes first.
                add_answer(rows, &answer);
                answer = Answer::default();
                had_address = false;
            }
            had_address |= is_address;
            answer.entries.push((value.to_owned(), number));
        }
    }
    add_answer(rows, &answer);
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::inventory::addresses::{LoadOptions, load_bytes};

    fn read(text: &str) -> (&'static str, Vec<String>) {
        let inventory = load_bytes("frames.txt", text.as_bytes(), &LoadOptions::default());
        let rows =
            inventory.owned.iter().map(|o| format!("{} {} {}", o.host, o.address, o.source.line)).collect();
        assert!(inventory.aliases.is_empty());
        (inventory.files[0].kind, rows)
    }

    #[test]
    fn frames_of_the_reference_case() {
        // The text names one host before the port and another in the list. The list counts.
        let text = "Here is what network capture looks like:\n\n\
            14 14:38:55 10.01.2014 0.0111483 srv2.beta.example.com 135 (0x87) 91.103.70.14 55535 (0xD8EF) DCOM DCOM:IObjectExporter:ServerAlive2 Response {MSRPC:10, TCP:9, IPv4:8}\n\
            NetworkAddress: srv1\nNetworkAddress: 169.254.95.120\nNetworkAddress: 192.0.2.1\n\n\
            38 14:37:12 10.01.2014 37.1871388 srv2.beta.example.com 135 (0x87) 10.253.12.2 59278 (0xE78E) DCOM DCOM:IObjectExporter:ServerAlive2 Response {MSRPC:14, TCP:13, IPv4:8}\n\
            NetworkAddress: srv2\nNetworkAddress: 169.254.95.120\nNetworkAddress: 203.0.113.2\n";
        let want = [
            "srv1 169.254.95.120 5",
            "srv1 192.0.2.1 6",
            "srv2.beta.example.com 169.254.95.120 10",
            "srv2.beta.example.com 203.0.113.2 11",
        ];
        assert_eq!(read(text), ("Network Monitor ServerAlive2 text", want.map(str::to_owned).to_vec()));
    }

    #[test]
    fn lists_without_their_frames() {
        let text = "  NetworkAddress: srv1\n  NetworkAddress: 192.0.2.1\n  NetworkAddress: srv2\n  NetworkAddress: 203.0.113.2\n";
        assert_eq!(read(text).1, ["srv1 192.0.2.1 2", "srv2 203.0.113.2 4"]);
    }

    #[test]
    fn ioxid_resolver_names_and_targets() {
        let text = "[*] Retrieving network interface of 192.0.2.1\nAddress: SRV1\nAddress: 192.0.2.1\nAddress: 169.254.95.120\n\
            [*] Retrieving network interface of srv-with-long-name.alpha.example.com\nAddress: SRV-WITH-LONG-N\nAddress: 192.0.2.9\n\
            [*] Retrieving network interface of 192.0.2.7\nAddress: 192.0.2.7\n";
        // The last answer names no host: an address is not a host name.
        let want =
            ["SRV1 192.0.2.1 3", "SRV1 169.254.95.120 4", "srv-with-long-name.alpha.example.com 192.0.2.9 7"];
        assert_eq!(read(text), ("IOXIDResolver", want.map(str::to_owned).to_vec()));
    }
}
