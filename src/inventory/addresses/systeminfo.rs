//! Reads `systeminfo` of one or more hosts in any language, as text, list (`/fo list`) or CSV (`/fo csv`).
//!
//! The reader uses no label. The following holds in every language and version:
//!
//! - the first value is the host's name;
//! - the network cards are numbered (`[01]: Intel(R) ...`), and below each, indented further or in the same cell,
//!   the first value is the connection's name and numbered addresses end it;
//! - the domain comes three lines (columns) before the cards: domain, logon server, hotfixes, network cards.
//!
//! English, Chinese and Greek outputs show this. For `/fo csv`, where commas replace line ends, it is documented.

use super::collector::{AddressCollector, NewAddress, is_host_name};
use super::format::{Format, Reader, Refusal, Sample};
use super::host_names::with_domain;
use super::rows::each_row;
use super::values::parse_address;
use crate::text::row_check::ColumnFinder;

pub(super) const TEXT: Format =
    Format { name: "systeminfo", recognise: detect_text, read: Reader::Text(read_text) };

pub(super) const CSV: Format =
    Format { name: "systeminfo CSV", recognise: detect_csv, read: Reader::Text(read_csv) };

/// Fewest columns of `systeminfo /fo csv`. Windows writes some thirty.
const MIN_COLUMNS: usize = 20;

/// The text of a numbered line, `[01]: text`.
fn numbered(line: &str) -> Option<&str> {
    let rest = line.trim_start().strip_prefix('[')?;
    let (number, text) = rest.split_once("]:")?;
    let is_number = (2..=3).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| text.trim_matches(|c: char| c.is_whitespace() || c == '"'))
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// Recognises a numbered address below a numbered card, and a value at the margin before them.
fn detect_text(sample: &Sample<'_>) -> bool {
    let mut has_value = false;
    let mut has_card = false;
    sample.text.lines().any(|line| match numbered(line) {
        Some(text) if indent(line) > 0 => {
            let is_address = parse_address(text).is_some();
            has_card |= has_value && !is_address;
            has_card && is_address
        }
        _ => {
            has_value |= margin_value(line).is_some();
            false
        }
    })
}

fn detect_csv(sample: &Sample<'_>) -> bool {
    sample.columns.len() >= MIN_COLUMNS
        && sample.text.contains(",[01]: ")
        && Card::all(sample.text.split(',')).any(|card| !card.addresses.is_empty())
}

/// The value of `Label:   value` at the margin; `None` for an indented line and one without a label.
fn margin_value(line: &str) -> Option<&str> {
    if line.starts_with([' ', '\t']) {
        return None;
    }
    // Some labels hold a colon (`Virtual Memory: Max Size:  10,112 MB`), and the values are aligned.
    let (_, value) = line.split_once(": ").or_else(|| line.split_once("：")).or_else(|| {
        let end = line.trim_end().strip_suffix(':')?;
        Some((end, ""))
    })?;
    Some(value.trim())
}

/// A network card of the listing.
#[derive(Debug, Default, Clone)]
struct Card<'t> {
    description: &'t str,
    connection: Option<&'t str>,
    /// Each address with the number of its line, from 1.
    addresses: Vec<(&'t str, u64)>,
}

impl<'t> Card<'t> {
    /// The cards in lines, or in the parts of a cell. Hotfixes are numbered too, and count as cards without addresses.
    fn all(parts: impl Iterator<Item = &'t str>) -> impl Iterator<Item = Self> {
        let mut cards: Vec<Self> = Vec::new();
        for (number, part) in (1u64..).zip(parts) {
            match numbered(part) {
                Some(text) if parse_address(text).is_some() => {
                    if let Some(card) = cards.last_mut() {
                        card.addresses.push((text, number));
                    }
                }
                Some(text) => cards.push(Self { description: text, ..Self::default() }),
                None => {
                    if let (Some(card), Some((_, value))) = (cards.last_mut(), part.split_once(':')) {
                        card.connection.get_or_insert(value.trim());
                    }
                }
            }
        }
        cards.into_iter()
    }

    fn add_to(&self, host: &str, first_line: u64, to: &mut AddressCollector<'_>) {
        for (text, number) in &self.addresses {
            let Some((address, prefix_length)) = parse_address(text) else { continue };
            to.add_address(NewAddress {
                host,
                prefix_length,
                interface: self.connection.unwrap_or_default(),
                description: self.description,
                line: first_line + number - 1,
                ..NewAddress::new(address)
            });
        }
    }
}

/// The host's name with the domain, if the value in the domain's place is one.
fn full_name(host: &str, domain: Option<&&str>) -> String {
    with_domain(host, domain.filter(|domain| is_host_name(domain)).copied().unwrap_or_default())
}

fn read_text(text: &str, to: &mut AddressCollector<'_>) -> Result<(), Refusal> {
    let lines: Vec<&str> = text.lines().collect();
    let mut block = MarginValues::default();
    for (at, line) in lines.iter().enumerate() {
        // The label of the network cards is followed by indented lines with numbered addresses.
        if let Some(value) = margin_value(line) {
            block.values.push(value);
            let follows = lines.get(at + 1..).unwrap_or_default();
            let cards: Vec<&str> =
                follows.iter().copied().take_while(|line| line.starts_with([' ', '\t'])).collect();
            if cards.iter().any(|line| numbered(line).is_some_and(|text| parse_address(text).is_some())) {
                block.add_to(&cards, at as u64 + 2, to);
                block = MarginValues::default();
            }
        } else if !line.starts_with([' ', '\t']) {
            // A blank line or a prompt ends a listing, whose lines follow each other.
            block = MarginValues::default();
        }
    }
    Ok(())
}

/// The values at the margin before the network cards of a host.
#[derive(Default)]
struct MarginValues<'t> {
    values: Vec<&'t str>,
}

impl MarginValues<'_> {
    fn add_to(&self, cards: &[&str], line: u64, to: &mut AddressCollector<'_>) {
        let domain = self.values.len().checked_sub(4).and_then(|at| self.values.get(at));
        let host = self.values.first().filter(|value| is_host_name(value)).copied().unwrap_or_default();
        let host = full_name(host, domain);
        Card::all(cards.iter().copied()).for_each(|card| card.add_to(&host, line, to));
    }
}

fn read_csv(text: &str, to: &mut AddressCollector<'_>) -> Result<(), Refusal> {
    let width = |finder: &mut ColumnFinder<'_>| Ok(finder.header().columns().len());
    each_row(text, to, width, |width, row, to| {
        let cells: Vec<&str> = (0..*width).map(|column| row.get(Some(column))).collect();
        let has_addresses = |cell: &str| Card::all(cell.split(',')).any(|card| !card.addresses.is_empty());
        let Some(at) = cells.iter().position(|cell| has_addresses(cell)) else {
            to.report(row.line, "no network card has an address; the row is skipped");
            return Ok(());
        };
        let domain = at.checked_sub(3).and_then(|at| cells.get(at));
        let host = full_name(row.get(Some(0)), domain);
        for card in Card::all(row.get(Some(at)).split(',')) {
            let one_line = Card { addresses: card.addresses.iter().map(|(a, _)| (*a, 1)).collect(), ..card };
            one_line.add_to(&host, row.line, to);
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use crate::inventory::addresses::{LoadOptions, load_bytes};

    fn rows(text: &str) -> (&'static str, Vec<String>) {
        let inventory = load_bytes("systeminfo.txt", text.as_bytes(), &LoadOptions::default());
        assert_eq!(inventory.files[0].read_errors, [""; 0]);
        let cell = |cell: &Option<std::sync::Arc<str>>| cell.as_deref().unwrap_or("-").to_owned();
        let row = |o: &crate::inventory::addresses::OwnedAddress| {
            format!(
                "{} {} [{}] [{}] {}",
                o.host,
                o.address,
                cell(&o.interface),
                cell(&o.description),
                o.source.line
            )
        };
        (inventory.files[0].kind, inventory.owned.iter().map(row).collect())
    }

    const ENGLISH: &str = "
Host Name:                 SRV1
OS Name:                   Microsoft Windows Server 2019 Standard
Virtual Memory: Max Size:  10,112 MB
Page File Location(s):     C:\\pagefile.sys
Domain:                    alpha.example.com
Logon Server:              \\\\DC1
Hotfix(s):                 2 Hotfix(s) Installed.
                           [01]: KB5020627
                           [02]: KB5019966
Network Card(s):           2 NIC(s) Installed.
                           [01]: Intel(R) 82574L Gigabit Network Connection
                                 Connection Name: Ethernet0
                                 DHCP Enabled:    Yes
                                 DHCP Server:     192.0.2.254
                                 IP address(es)
                                 [01]: 192.0.2.1
                                 [02]: fe80::1
                           [02]: IBM USB Remote NDIS Network Device
                                 Connection Name: Ethernet 5
                                 Status:          Media disconnected
Hyper-V Requirements:      A hypervisor has been detected.
";

    const WANT: [&str; 2] = [
        "SRV1.alpha.example.com 192.0.2.1 [Ethernet0] [Intel(R) 82574L Gigabit Network Connection] 17",
        "SRV1.alpha.example.com fe80::1 [Ethernet0] [Intel(R) 82574L Gigabit Network Connection] 18",
    ];

    #[test]
    fn addresses_are_the_numbered_ones_below_a_card() {
        assert_eq!(rows(ENGLISH), ("systeminfo", WANT.map(str::to_owned).to_vec()));
    }

    #[test]
    fn other_languages_have_the_same_shape() {
        let chinese = "主机名:           SRV2\nOS 名称:          Microsoft Windows 10\n域:               WORKGROUP\n登录服务器:       \\\\SRV2\n\
            修补程序:         安装了 1 个修补程序。\n                  [01]: KB5004331\n网卡:             安装了 1 个 NIC。\n                  \
            [01]: Intel(R) Dual Band\n                      连接名:      WLAN\n                      IP 地址\n                        [01]: 192.0.2.2\n";
        assert_eq!(rows(chinese).1, ["SRV2 192.0.2.2 [WLAN] [Intel(R) Dual Band] 11"]);
    }

    /// The front matter of a page has values before it, and none is the host's name.
    #[test]
    fn what_stands_before_a_listing_names_no_host() {
        let page = format!("---\nlayout: post\ntitle: notes\n---\nPS C:\\Windows> systeminfo\n{ENGLISH}");
        let rows = rows(&page).1;
        assert!(
            rows.len() == 2 && rows.iter().all(|row| row.starts_with("SRV1.alpha.example.com ")),
            "{rows:?}"
        );
    }

    #[test]
    fn a_csv_of_two_hosts() {
        let columns: Vec<String> = (0..28).map(|n| format!("\"Column {n}\"")).collect();
        let row = |host: &str, address: &str| {
            let mut cells = vec![format!("\"{host}\"")];
            cells.extend((1..23).map(|n| format!("\"{n}\"")));
            cells.push("\"alpha.example.com\",\"\\\\DC1\",\"1 Hotfix(s) Installed.,[01]: KB1\"".to_owned());
            cells.push(format!(
                "\"1 NIC(s) Installed.,[01]: Intel(R) X,      Connection Name: Ethernet0,      DHCP Enabled:    No,      IP address(es),      [01]: {address}\""
            ));
            cells.push("\"N/A\"".to_owned());
            cells.join(",")
        };
        let text = format!(
            "\r\n{}\r\n{}\r\n{}\r\n",
            columns.join(","),
            row("SRV1", "192.0.2.1"),
            row("SRV2", "192.0.2.2")
        );
        let want = [
            "SRV1.alpha.example.com 192.0.2.1 [Ethernet0] [Intel(R) X] 3",
            "SRV2.alpha.example.com 192.0.2.2 [Ethernet0] [Intel(R) X] 4",
        ];
        assert_eq!(rows(&text), ("systeminfo CSV", want.map(str::to_owned).to_vec()));
    }
}
