//! Reads osquery's `interface_addresses`: the result log (events, snapshots, batches), a fleet export, or
//! `osqueryi --json` of one host. Uses columns joined from `interface_details` if they are present.

use indexmap::IndexMap;
use serde_json::Value;

use super::collector::{AddressCollector, NewAddress};
use super::format::{Format, Reader, Refusal, Sample};
use super::json::{Object, each_object, list, nested, property, text};
use super::values::{parse_address, parse_prefix};

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

/// The rows in the order of their first appearance; `None` for one that was removed later.
#[derive(Default)]
struct CurrentRows(IndexMap<Key, Option<Entry>>);

fn read(content: &str, to: &mut AddressCollector<'_>) -> Result<(), Refusal> {
    let mut rows = CurrentRows::default();
    each_object(content, to, |object, line, to| {
        rows.read_object(object, line, to);
        Ok(())
    })?;
    for ((host, address, interface), entry) in rows.0 {
        let Some(Entry { row, line }) = entry else { continue };
        let friendly = text(&row, "friendly_name");
        to.add_address(NewAddress {
            host: &host,
            address,
            prefix_length: parse_prefix(&text(&row, "mask"), address),
            interface: if friendly.is_empty() { &interface } else { &friendly },
            description: &text(&row, "description"),
            mac: &text(&row, "mac"),
            line,
        });
    }
    Ok(())
}

impl CurrentRows {
    /// Reads one object of the result log: a snapshot, a batch of differences, an event, or a plain row.
    fn read_object(&mut self, object: &Object, line: u64, to: &mut AddressCollector<'_>) {
        let host = host_of(object);
        if let Some(snapshot) = property(object, "snapshot") {
            list(&snapshot)
                .into_iter()
                .filter_map(Value::as_object)
                .for_each(|row| self.change(&host, row, line, true, to));
        } else if let Some(differences) = nested(object, "diffResults") {
            for (name, is_added) in [("removed", false), ("added", true)] {
                let Some(found) = property(&differences, name) else { continue };
                list(&found)
                    .into_iter()
                    .filter_map(Value::as_object)
                    .for_each(|row| self.change(&host, row, line, is_added, to));
            }
        } else if let Some(columns) = nested(object, "columns") {
            self.change(&host, &columns, line, text(object, "action") != "removed", to);
        } else {
            self.change(&host, object, line, true, to);
        }
    }

    /// Adds or removes a row.
    fn change(&mut self, host: &str, row: &Object, line: u64, is_added: bool, to: &mut AddressCollector<'_>) {
        let cell = text(row, "address");
        let Some((address, _)) = parse_address(&cell) else {
            // The same log holds results of other queries.
            if property(row, "mask").is_some() {
                to.row_address(&cell, line);
            }
            return;
        };
        let key = (host.to_owned(), address, text(row, "interface"));
        if is_added {
            self.0.insert(key, Some(Entry { row: row.clone(), line }));
        } else if let Some(entry) = self.0.get_mut(&key) {
            *entry = None;
        }
    }
}

/// The host of an object, by its decorations or by the object itself.
fn host_of(object: &Object) -> String {
    let decorations = nested(object, "decorations").unwrap_or_default();
    let mut texts = HOST.iter().flat_map(|name| [text(&decorations, name), text(object, name)]);
    texts.find(|host| !host.is_empty()).unwrap_or_default()
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
