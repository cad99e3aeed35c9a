//! Reads osquery's `interface_addresses`: the result log (events, snapshots, batches), a fleet export, or
//! `osqueryi --json` of one host. Uses columns joined from `interface_details` if they are present.

use std::collections::HashMap;

use serde_json::Value;

use super::collector::{AddressCollector, NewAddress};
use super::format::{Format, Reader, Refusal, Sample};
use super::json::{Object, each_object, list, property, text};
use super::values::{parse_address, parse_prefix, quoted};

pub(super) const FORMAT: Format =
    Format { name: "osquery interface_addresses", recognise, read: Reader::Text(read) };

fn recognise(sample: &Sample<'_>) -> bool {
    let key = |name: &str| sample.has_key(name);
    sample.is_json() && key("address") && key("interface") && (key("mask") || key("hostIdentifier"))
}

/// Members with the host's name, the most reliable first. The identifier may be a hardware UUID.
const HOST: &[&str] =
    &["hostname", "host_hostname", "computer_name", "host", "hostIdentifier", "host_identifier"];

/// Host, address and interface, which identify a row.
type Key = (String, std::net::IpAddr, String);

/// A row as osquery wrote it, and its line.
struct Entry {
    row: Object,
    line: u64,
}

fn read(content: &str, rows: &mut AddressCollector<'_>) -> Result<(), Refusal> {
    let mut state = CurrentRows { order: HashMap::new(), entries: Vec::new() };
    let mut problems = Vec::new();
    each_object(content, rows, |object, line, _| {
        document(object, line, &mut state, &mut problems);
        Ok(())
    })?;
    for (line, what) in problems {
        rows.report(line, what);
    }
    for ((host, address, interface), entry) in state.entries.into_iter().flatten() {
        let mask = text(&entry.row, "mask");
        let friendly = text(&entry.row, "friendly_name");
        rows.add_address(NewAddress {
            host: &host,
            address,
            prefix_length: parse_prefix(&mask, address),
            interface: if friendly.is_empty() { &interface } else { &friendly },
            description: &text(&entry.row, "description"),
            mac: &text(&entry.row, "mac"),
            line: entry.line,
        });
    }
    Ok(())
}

/// The rows that are left after additions and removals, in the order of their first appearance.
struct CurrentRows {
    order: HashMap<Key, usize>,
    entries: Vec<Option<(Key, Entry)>>,
}

/// Reads one line of the result log: a snapshot, a batch of differences, an event, or a plain row.
fn document(object: &Object, line: u64, state: &mut CurrentRows, problems: &mut Vec<(u64, String)>) {
    let host = host_of(object);
    if let Some(snapshot) = property(object, "snapshot") {
        each_row(&snapshot, |row| state.change(&host, row, line, true, problems));
    } else if let Some(Value::Object(differences)) = property(object, "diffResults").as_deref() {
        for (name, added) in [("removed", false), ("added", true)] {
            if let Some(found) = property(differences, name) {
                each_row(&found, |row| state.change(&host, row, line, added, problems));
            }
        }
    } else if let Some(Value::Object(columns)) = property(object, "columns").as_deref() {
        let added = text(object, "action") != "removed";
        state.change(&host, columns, line, added, problems);
    } else {
        state.change(&host, object, line, true, problems);
    }
}

fn each_row(value: &Value, mut each: impl FnMut(&Object)) {
    for row in list(value) {
        if let Value::Object(row) = row {
            each(row);
        }
    }
}

fn host_of(object: &Object) -> String {
    let decorations = property(object, "decorations").map(std::borrow::Cow::into_owned);
    let nested = match &decorations {
        Some(Value::Object(decorations)) => Some(decorations),
        _ => None,
    };
    let find = |name: &&str| {
        let value = nested.map_or(String::new(), |d| text(d, name));
        if value.is_empty() { text(object, name) } else { value }
    };
    HOST.iter().map(find).find(|host| !host.is_empty()).unwrap_or_default()
}

impl CurrentRows {
    fn change(
        &mut self,
        host: &str,
        row: &Object,
        line: u64,
        added: bool,
        problems: &mut Vec<(u64, String)>,
    ) {
        let cell = text(row, "address");
        let Some((address, _)) = parse_address(&cell) else {
            // The same log holds results of other queries.
            if property(row, "mask").is_some() {
                problems
                    .push((line, format!("{} is not a valid address; the row is skipped", quoted(&cell))));
            }
            return;
        };
        let key = (host.to_owned(), address, text(row, "interface"));
        if !added {
            if let Some(entry) = self.order.remove(&key).and_then(|at| self.entries.get_mut(at)) {
                *entry = None;
            }
            return;
        }
        let entry = Some((key.clone(), Entry { row: row.clone(), line }));
        match self.order.get(&key).and_then(|at| self.entries.get_mut(*at)) {
            Some(known) => *known = entry,
            None => {
                self.order.insert(key, self.entries.len());
                self.entries.push(entry);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::inventory::addresses::{LoadOptions, load_bytes};

    fn read(text: &str) -> Vec<String> {
        let inventory = load_bytes("srv9.json", text.as_bytes(), &LoadOptions::default());
        assert_eq!(inventory.files[0].kind, "osquery interface_addresses", "{:?}", inventory.files);
        let row = |o: &crate::inventory::addresses::OwnedAddress| {
            let prefix = o.prefix_length.map_or("-".to_owned(), |p| p.to_string());
            format!(
                "{} {}/{prefix} {} {}",
                o.host,
                o.address,
                o.interface.as_deref().unwrap_or("-"),
                o.source
            )
        };
        inventory.owned.iter().map(row).collect()
    }

    #[test]
    fn a_differential_log_ends_in_its_last_state() {
        let line = |host: &str, address: &str, action: &str| {
            format!(
                r#"{{"name":"nics","hostIdentifier":"{host}","columns":{{"interface":"5","address":"{address}","mask":"255.255.0.0"}},"action":"{action}"}}"#
            ) + "\n"
        };
        let text = [
            line("SRV1", "169.254.95.120", "added"),
            line("SRV2", "169.254.95.120", "added"),
            line("SRV1", "169.254.95.120", "removed"),
            line("SRV1", "192.0.2.1", "added"),
            line("SRV1", "192.0.2.1", "added"),
        ];
        assert_eq!(
            read(&text.concat()),
            ["SRV2 169.254.95.120/16 5 srv9.json:2", "SRV1 192.0.2.1/16 5 srv9.json:5"]
        );
    }

    #[test]
    fn snapshots_batches_fleet_exports_and_one_host() {
        let row =
            r#"{"interface":"5","friendly_name":"Ethernet 5","address":"192.0.2.1","mask":"255.255.255.0"}"#;
        let want = ["SRV1 192.0.2.1/24 Ethernet 5 srv9.json:1"];
        for text in [
            format!(r#"{{"snapshot":[{row}],"hostIdentifier":"SRV1","action":"snapshot"}}"#),
            format!(
                r#"{{"diffResults":{{"added":[{row}],"removed":""}},"hostIdentifier":"4C4C-1","decorations":{{"hostname":"SRV1"}}}}"#
            ),
            format!(r#"[{}]"#, row.replace("{\"interface\"", "{\"host_hostname\":\"SRV1\",\"interface\"")),
        ] {
            assert_eq!(read(&text), want);
        }
        assert_eq!(read(&format!("[{row}]")), ["srv9 192.0.2.1/24 Ethernet 5 srv9.json:1"]);
    }
}
