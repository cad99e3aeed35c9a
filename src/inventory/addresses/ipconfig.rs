//! Reads `ipconfig /all` in any language, of one host or several in a row, and plain `ipconfig` of one.
//!
//! The reader uses no label. The following holds in every language and version:
//!
//! - the title is the line with `Windows` and `IP` in it, and begins a host; in its block the first value is
//!   the host's name and the second the primary DNS suffix;
//! - an adapter begins at a line at the margin that follows a blank one and ends with a colon;
//! - the description comes right before the physical address, which has a recognisable form;
//! - a host's own address has its state in brackets (`192.0.2.1(Preferred)`) or is followed by its mask.
//!   Gateways, name servers, DHCP and WINS servers have neither.
//!
//! Plain `ipconfig` shows no state. It accepts an IPv6 address only before the IPv4 mask of its adapter,
//! where no gateway can be.

use std::net::IpAddr;

use super::collector::{AddressCollector, NewAddress};
use super::format::{Format, Reader, Refusal, Sample};
use super::host_names::with_domain;
use super::values::{parse_address, parse_prefix};

pub(super) const FORMAT: Format = Format { name: "ipconfig /all", recognise, read: Reader::Text(read) };

fn recognise(sample: &Sample<'_>) -> bool {
    let lines = plain_lines(sample.text);
    let has_leaders = |line: &&&str| line.contains(". .") && value_of(line).is_some();
    lines.iter().filter(has_leaders).count() >= 2
        && lines.iter().any(|line| is_title(line) || is_header(line))
}

fn read(text: &str, to: &mut AddressCollector<'_>) -> Result<(), Refusal> {
    let mut host = CurrentHost { name: String::new(), block: Block::Host, titles: 0, unnamed: 0 };
    let mut values: Vec<LabelledValue<'_>> = Vec::new();
    let mut header = "";
    let mut after_blank = true;
    let lines = plain_lines(text);
    for (i, line) in lines.iter().copied().enumerate() {
        let number = i as u64 + 1;
        let may_begin = std::mem::replace(&mut after_blank, line.is_empty());
        // `findstr .` and copies from pages lose the blank lines.
        let begins = || may_begin || next_line(&lines, i).is_some_and(|next| value_of(next).is_some());
        if ends_listing(line, may_begin) {
            host.close(header, &values, to);
            values.clear();
            header = "";
            host.block = Block::Other;
        } else if let Some((label, value)) = labelled(line) {
            values.push(LabelledValue { label, text: value, line: number, is_dotted: line.contains(" .") });
        } else if is_title(line) {
            host.close(header, &values, to);
            values.clear();
            host.begin();
            header = "";
        } else if is_header(line) && begins() {
            host.close(header, &values, to);
            values.clear();
            host.block = Block::Adapter;
            header = line.trim_end_matches(':').trim_end();
        } else if let Some(last) = values.last_mut().filter(|last| last.text.is_empty()) {
            // Dutch XP puts a long value on the line below.
            last.text = line.trim();
        }
        // Another line of a list (name servers, gateways) or a remark: no address of the host.
    }
    host.close(header, &values, to);
    if host.unnamed > 1 {
        to.report(
            0,
            format!(
                "{} hosts in one file without their names: only the first is used; export them with ipconfig /all",
                host.unnamed
            ),
        );
    }
    Ok(())
}

/// The lines without the quote marks of a mail (`> `), common indentation (Markdown, YAML) and trailing blanks.
fn plain_lines(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let filled = lines.iter().filter(|line| !line.is_empty()).count();
    while lines.iter().filter(|line| line.trim_start().starts_with('>')).count() * 2 > filled {
        for line in &mut lines {
            let unquoted =
                line.trim_start().strip_prefix('>').map(|rest| rest.strip_prefix(' ').unwrap_or(rest));
            *line = unquoted.unwrap_or(line);
        }
    }
    let indent_of = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let at_margin = |i: usize, line: &str| {
        let text = line.trim_start();
        is_title(text)
            || (is_header(text)
                && next_line(&lines, i).is_some_and(|next| value_of(next.trim_start()).is_some()))
    };
    let first = lines.iter().enumerate().find(|(i, line)| at_margin(*i, line));
    let margin = first.map_or(0, |(_, line)| indent_of(line));
    lines.iter().map(|line| line.get(margin.min(indent_of(line))..).unwrap_or_default()).collect()
}

/// Does another text begin with this line, whose values are not addresses of the host?
fn ends_listing(line: &str, after_blank: bool) -> bool {
    // The line belongs to JSON, XML or a quoted CSV.
    let is_code = line.trim_start().starts_with(['{', '}', '[', ']', '<', '"']);
    let at_margin = !line.is_empty() && !line.starts_with([' ', '\t']);
    is_code || (at_margin && !is_title(line) && !is_header(line) && after_blank && labelled(line).is_none())
}

/// The next line that is not blank.
fn next_line<'t>(lines: &[&'t str], i: usize) -> Option<&'t str> {
    lines.get(i + 1..)?.iter().copied().find(|line| !line.trim().is_empty())
}

/// A value with its label.
struct LabelledValue<'t> {
    label: &'t str,
    text: &'t str,
    line: u64,
    /// Dots follow the label, as `ipconfig` writes it. Lines of another text have none.
    is_dotted: bool,
}

/// The part of the output that is being read.
enum Block {
    /// Between a title and the first adapter.
    Host,
    Adapter,
    /// After the listing.
    Other,
}

/// The host whose output is being read.
struct CurrentHost {
    /// The host's name; empty if the output does not show it.
    name: String,
    block: Block,
    /// Number of titles so far, each of which begins a host.
    titles: u64,
    /// Number of hosts without a name so far.
    unnamed: u64,
}

impl CurrentHost {
    fn begin(&mut self) {
        self.titles += 1;
        self.name.clear();
        self.block = Block::Host;
    }

    fn close(&mut self, header: &str, values: &[LabelledValue<'_>], rows: &mut AddressCollector<'_>) {
        match self.block {
            Block::Host if self.titles > 0 => {
                self.name = host_name(values);
                self.unnamed += u64::from(self.name.is_empty());
            }
            Block::Host | Block::Other => {}
            Block::Adapter if self.name.is_empty() && self.unnamed > 1 => {}
            Block::Adapter => adapter(&self.name, header, values, rows),
        }
    }
}

/// The host's name with its primary suffix, from the first two values of its block.
fn host_name(values: &[LabelledValue<'_>]) -> String {
    let is_name = |text: &&str| !text.is_empty() && !text.contains([' ', '\t', ':']);
    let name = values.first().map(|v| v.text).filter(is_name).unwrap_or_default();
    with_domain(name, values.get(1).map(|v| v.text).filter(is_name).unwrap_or_default())
}

fn adapter(host: &str, header: &str, values: &[LabelledValue<'_>], to: &mut AddressCollector<'_>) {
    let text_at = |i: usize| values.get(i).map_or("", |value| value.text);
    let is_address = |i: usize| parse_address(text_at(i).split('(').next().unwrap_or_default()).is_some();
    let physical = values.iter().position(|v| looks_physical(v.text));
    // Without a physical address (WireGuard) the value is empty, between the description and a word.
    let empty = || {
        (1..values.len().saturating_sub(1)).find(|&i| {
            let between = |i: usize| !text_at(i).is_empty() && !is_address(i);
            text_at(i).is_empty() && between(i - 1) && between(i + 1)
        })
    };
    let mac = physical.map_or("", text_at);
    let description = physical.or_else(empty).and_then(|i| i.checked_sub(1)).map_or("", text_at);
    let interface = interface_name(header);
    let last_mask = values.iter().rposition(|v| is_mask(v.text));
    // Windows XP shows IPv6 addresses after the mask, under the label of the IPv4 address.
    let own_label = last_mask.and_then(|mask| values.get(mask.checked_sub(1)?)).map(|value| value.label);
    let last_dotted = values.iter().rposition(|value| value.is_dotted);
    for (i, value) in values.iter().enumerate() {
        let (text, state) = match value.text.split_once('(') {
            Some((text, state)) => (text, Some(state.trim_end_matches(')'))),
            None => (value.text, None),
        };
        let Some((address, _)) = parse_address(text) else {
            continue;
        };
        let mask = values.get(i + 1).map(|v| v.text).filter(|text| is_mask(text));
        let owned = match (state, address, last_mask) {
            (Some(state), _, _) => is_bound(state),
            (None, IpAddr::V4(_), _) => mask.is_some() && !is_mask(text),
            (None, IpAddr::V6(_), Some(mask)) => i < mask || own_label == Some(value.label),
            // Plain `ipconfig` of an adapter without IPv4 ends with the gateway.
            (None, IpAddr::V6(_), None) => physical.is_none() && last_dotted.is_some_and(|last| i < last),
        };
        // Plain `ipconfig` after `ipconfig /all`, of the same machine.
        let is_repeated = || host.is_empty() && to.has_address(address);
        if owned && !is_repeated() {
            to.add_address(NewAddress {
                host,
                address,
                prefix_length: mask.and_then(|mask| parse_prefix(mask, address)),
                interface,
                description,
                mac,
                line: value.line,
            });
        }
    }
}

/// The value of a line with a label.
fn value_of(line: &str) -> Option<&str> {
    labelled(line).map(|(_, value)| value)
}

/// The label without its dots, and the value. A label may contain a colon (Spanish), so the colon after the dots ends it. Long
/// labels have no dots, such as the German `   IPv4-Adresse (Auto. Konfiguration): `.
fn labelled(line: &str) -> Option<(&str, &str)> {
    let split = |at: usize| {
        let label = line.get(..at).unwrap_or_default();
        (label.trim_matches(['.', ' ', '\t']), line.get(at + 1..).unwrap_or_default().trim())
    };
    let dotted = line.match_indices(':').find(|(at, _)| {
        let label = line.get(..*at).unwrap_or_default().trim_end();
        let leader = label.len() - label.trim_end_matches(['.', ' ']).len();
        label.ends_with(" .") || label.ends_with('.') && leader > 1
    });
    if let Some((at, _)) = dotted {
        return Some(split(at));
    }
    // Further values of a list are far to the right. Only a label is at a label's position.
    let indent = line.len() - line.trim_start().len();
    let (at, _) = line
        .match_indices(':')
        .find(|(at, _)| line.get(at + 1..).is_some_and(|t| t.is_empty() || t.starts_with(' ')))?;
    (1..=8).contains(&indent).then(|| split(at))
}

/// Is it a title, such as `Windows IP Configuration`, `Configuration IP de Windows` or `Windows IP 構成`?
fn is_title(line: &str) -> bool {
    line.len() < 200 && !line.starts_with([' ', '\t']) && line.contains("Windows") && line.contains("IP")
}

/// Is it the header of an adapter, such as `Ethernet adapter Ethernet 5:`?
fn is_header(line: &str) -> bool {
    let line = line.trim_end();
    line.len() > 1 && line.ends_with(':') && !line.starts_with([' ', '\t'])
}

/// Is it a physical address, six pairs of digits with `-` or `:` between them? Tunnels show eight pairs.
fn looks_physical(text: &str) -> bool {
    ['-', ':'].into_iter().any(|separator| {
        let pairs: Vec<&str> = text.split(separator).collect();
        matches!(pairs.len(), 6 | 8)
            && pairs.iter().all(|pair| pair.len() == 2 && pair.chars().all(|c| c.is_ascii_hexdigit()))
    })
}

/// Is it an IPv4 mask of at least one bit? An adapter without an address shows 0.0.0.0.
fn is_mask(text: &str) -> bool {
    matches!(text.parse::<IpAddr>(), Ok(v4 @ IpAddr::V4(_)) if parse_prefix(text, v4).is_some_and(|p| p > 0))
}

/// Is the address in use? False for the states in which the host does not answer on it (`Tentative`, `Duplicate`,
/// `Invalid`), in the languages that took these words from Latin (`Dupliziert`, `Duplicado`). In other languages the row is
/// kept.
pub(super) fn is_bound(state: &str) -> bool {
    let state = state.to_lowercase();
    !["tentativ", "dupli", "invalid"].iter().any(|word| state.starts_with(word))
}

/// Words before the interface's name in the header of an adapter. In other languages the whole header counts as the name.
const HEADERS: &[&str] = &[
    "Ethernet adapter ",
    "Wireless LAN adapter ",
    "Tunnel adapter ",
    "PPP adapter ",
    "Unknown adapter ",
    "Ethernet-Adapter ",
    "Drahtlos-LAN-Adapter ",
    "Tunneladapter ",
    "PPP-Adapter ",
    "Unbekannter Adapter ",
    "Carte Ethernet ",
    "Carte réseau sans fil ",
    "Carte Tunnel ",
    "Carte PPP ",
    "Adaptador de Ethernet ",
    "Adaptador Ethernet ",
    "Adaptador de LAN inalámbrica ",
    "Scheda Ethernet ",
    "Ethernet-kort ",
    "Karta Ethernet ",
    "Адаптер Ethernet ",
    "Ethernet adapter - ",
    "イーサネット アダプター ",
    "以太网适配器 ",
    "이더넷 어댑터 ",
];

fn interface_name(header: &str) -> &str {
    HEADERS.iter().find_map(|prefix| header.strip_prefix(prefix)).unwrap_or(header).trim()
}

#[cfg(test)]
mod tests {
    use crate::inventory::addresses::{AddressInventory, LoadOptions, load_bytes};

    fn read(bytes: &[u8]) -> AddressInventory {
        load_bytes("ipconfig.txt", bytes, &LoadOptions { host: Some("HOST9".into()) })
    }

    fn lines(inventory: &AddressInventory) -> Vec<String> {
        let cell = |c: &Option<std::sync::Arc<str>>| c.as_deref().unwrap_or("-").to_owned();
        let row = |o: &crate::inventory::addresses::OwnedAddress| {
            let prefix = o.prefix_length.map_or("-".to_owned(), |p| p.to_string());
            format!(
                "{} {}/{prefix} [{}] [{}] {}",
                o.host,
                o.address,
                cell(&o.interface),
                cell(&o.description),
                cell(&o.mac)
            )
        };
        inventory.owned.iter().map(row).collect()
    }

    // Written from the documented form of ipconfig's output. No real sample could be stored here.
    const ENGLISH: &str = r"
Windows IP Configuration

   Host Name . . . . . . . . . . . . : SRV2
   Primary Dns Suffix  . . . . . . . : beta.example.com
   Node Type . . . . . . . . . . . . : Hybrid
   IP Routing Enabled. . . . . . . . : No
   DNS Suffix Search List. . . . . . : beta.example.com
                                       alpha.example.com

Ethernet adapter Ethernet:

   Connection-specific DNS Suffix  . : 
   Description . . . . . . . . . . . : Intel(R) I350 Gigabit Network Connection
   Physical Address. . . . . . . . . : 00-00-5E-00-53-02
   DHCP Enabled. . . . . . . . . . . : No
   IPv6 Address. . . . . . . . . . . : 2001:db8::2(Preferred) 
   Link-local IPv6 Address . . . . . : fe80::1:2%12(Preferred) 
   IPv4 Address. . . . . . . . . . . : 203.0.113.2(Preferred) 
   Subnet Mask . . . . . . . . . . . : 255.255.255.0
   IPv4 Address. . . . . . . . . . . : 203.0.113.9(Duplicate) 
   Subnet Mask . . . . . . . . . . . : 255.255.255.0
   Default Gateway . . . . . . . . . : fe80::ff%12
                                       203.0.113.254
   DHCP Server . . . . . . . . . . . : 203.0.113.253
   DNS Servers . . . . . . . . . . . : 203.0.113.10
                                       203.0.113.11
   Primary WINS Server . . . . . . . : 203.0.113.12
   NetBIOS over Tcpip. . . . . . . . : Enabled

Ethernet adapter Ethernet 5:

   Connection-specific DNS Suffix  . : 
   Description . . . . . . . . . . . : IBM USB Remote NDIS Network Device
   Physical Address. . . . . . . . . : 36-40-B5-00-00-02
   Autoconfiguration IPv4 Address. . : 169.254.95.120(Preferred) 
   Subnet Mask . . . . . . . . . . . : 255.255.0.0
   Default Gateway . . . . . . . . . : 

Tunnel adapter isatap.{0}:

   Media State . . . . . . . . . . . : Media disconnected
   Connection-specific DNS Suffix  . : 
   Description . . . . . . . . . . . : Microsoft ISATAP Adapter
   Physical Address. . . . . . . . . : 00-00-00-00-00-00-00-E0
";

    #[test]
    fn english_takes_own_addresses_only() {
        let want = [
            "SRV2.beta.example.com 2001:db8::2/- [Ethernet] [Intel(R) I350 Gigabit Network Connection] 00-00-5E-00-53-02",
            "SRV2.beta.example.com fe80::1:2/- [Ethernet] [Intel(R) I350 Gigabit Network Connection] 00-00-5E-00-53-02",
            "SRV2.beta.example.com 203.0.113.2/24 [Ethernet] [Intel(R) I350 Gigabit Network Connection] 00-00-5E-00-53-02",
            "SRV2.beta.example.com 169.254.95.120/16 [Ethernet 5] [IBM USB Remote NDIS Network Device] 36-40-B5-00-00-02",
        ];
        let inventory = read(ENGLISH.as_bytes());
        assert_eq!(lines(&inventory), want);
        assert_eq!((inventory.files[0].kind, inventory.owned[2].source.line), ("ipconfig /all", 19));
        let utf16: Vec<u8> =
            ENGLISH.replace('\n', "\r\n").encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(lines(&read(&utf16)), want);
    }

    // Written from the documented form, like the English sample.
    const GERMAN: &str = r"Windows-IP-Konfiguration

   Hostname  . . . . . . . . . . . . : SRV3
   Primäres DNS-Suffix . . . . . . . : alpha.example.com
   Knotentyp . . . . . . . . . . . . : Hybrid

Ethernet-Adapter LAN-Verbindung für Büro:

   Verbindungsspezifisches DNS-Suffix: 
   Beschreibung. . . . . . . . . . . : IBM USB Remote NDIS Network Device
   Physische Adresse . . . . . . . . : 36-40-B5-00-00-03
   IPv4-Adresse (Auto. Konfiguration): 169.254.95.120(Bevorzugt) 
   Verbindungslokale IPv6-Adresse  . : fe80::3%5(Bevorzugt) 
   IPv4-Adresse  . . . . . . . . . . : 192.0.2.3(Bevorzugt) 
   Subnetzmaske  . . . . . . . . . . : 255.255.255.0
   Standardgateway . . . . . . . . . : 192.0.2.254
   DNS-Server  . . . . . . . . . . . : 192.0.2.10
";

    #[test]
    fn german_in_an_oem_code_page() {
        let bytes = oem_cp::encode_string_lossy(GERMAN, &oem_cp::code_table::ENCODING_TABLE_CP850);
        let tail = "[LAN-Verbindung für Büro] [IBM USB Remote NDIS Network Device] 36-40-B5-00-00-03";
        let want = [
            format!("SRV3.alpha.example.com 169.254.95.120/- {tail}"),
            format!("SRV3.alpha.example.com fe80::3/- {tail}"),
            format!("SRV3.alpha.example.com 192.0.2.3/24 {tail}"),
        ];
        assert_eq!(lines(&read(&bytes)), want);
    }

    // Written from the documented form. French puts the colon right after the dots and a blank before a
    // header's colon.
    const FRENCH: &str = r"Configuration IP de Windows

   Nom de l'hôte . . . . . . . . . . : SRV4
   Suffixe DNS principal . . . . . . : 

Carte Ethernet Ethernet 2 :

   Description. . . . . . . . . . . . . . : Remote NDIS Compatible Device
   Adresse physique . . . . . . . . . . . : 02-00-00-00-00-04
   Adresse IPv4. . . . . . . . . . . . . .: 169.254.0.2(préféré)
   Masque de sous-réseau. . . . . . . . . : 255.255.255.0
   Passerelle par défaut. . . . . . . . . : 169.254.0.1
";

    #[test]
    fn many_hosts_and_languages_in_one_file() {
        let text = format!("C:\\>ipconfig /all\r\n{ENGLISH}\r\n=== SRV4 ===\r\n{FRENCH}\r\n{GERMAN}");
        let inventory = read(text.as_bytes());
        let hosts: Vec<&str> = inventory.owned.iter().map(|o| &*o.host).collect();
        assert_eq!(hosts.len(), 8);
        assert_eq!(hosts[4], "SRV4");
        assert_eq!(
            lines(&inventory)[4],
            "SRV4 169.254.0.2/24 [Ethernet 2] [Remote NDIS Compatible Device] 02-00-00-00-00-04"
        );
        assert_eq!(inventory.files[0].hosts, 3);
    }

    // Written from the documented form, like the English sample.
    const PLAIN: &str = r"
Windows IP Configuration


Ethernet adapter Local Area Connection:

   Connection-specific DNS Suffix  . :
   IPv6 Address. . . . . . . . . . . : 2001:db8::7
   IP Address. . . . . . . . . . . . : 192.0.2.7
   Subnet Mask . . . . . . . . . . . : 255.255.255.0
   Default Gateway . . . . . . . . . : 192.0.2.254
                                       2001:db8::ff
";

    #[test]
    fn windows_2003_and_plain_ipconfig_mark_no_state() {
        let text = PLAIN;
        let want = [
            "HOST9 2001:db8::7/- [Local Area Connection] [-] -",
            "HOST9 192.0.2.7/24 [Local Area Connection] [-] -",
        ];
        assert_eq!(lines(&read(text.as_bytes())), want);
        let twice = read(format!("{text}{text}").as_bytes());
        assert_eq!(lines(&twice), want);
        assert!(twice.files[0].read_errors[0].starts_with("2 hosts in one file without their names"));
    }

    #[test]
    fn spanish_labels_have_a_colon() {
        let line = "   Vínculo: dirección IPv6 local. . . : fe80::1%7(Preferido) ";
        assert_eq!(super::value_of(line), Some("fe80::1%7(Preferido)"));
        assert_eq!(super::value_of("Ethernet adapter Ethernet:"), None);
        assert_eq!(super::value_of("                      2001:db8::1"), None);
    }
}
