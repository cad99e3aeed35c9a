//! Reads Ansible facts of Windows hosts (`setup`): a `--tree` of files, the lines of standard output (`host |
//! SUCCESS => {...}`), or a fact cache.
//!
//! PowerShell's unrolling makes `ipv4` an object, a list or null, for one, several or no addresses. Facts
//! from 2016 and earlier have interfaces without addresses and a flat `ansible_ip_addresses`.

use serde_json::Value;

use super::collector::{AddressCollector, NewAddress};
use super::format::{Format, Reader, Refusal, Sample};
use super::host_names::with_domain;
use super::json::{Object, each_object, list, nested, parse_first_object, plain, property, text};
use super::values::{parse_address, parse_prefix, quoted};

pub(super) const FORMAT: Format = Format { name: "Ansible setup facts", recognise, read: Reader::Text(read) };

fn recognise(sample: &Sample<'_>) -> bool {
    (sample.is_json() || sample.text.lines().any(|line| result_line(line).is_some()))
        && sample.lower.contains("\"ansible_")
}

/// The host's name in Ansible's inventory and the start of the document in a line such as `srv1 | SUCCESS => {`.
fn result_line(line: &str) -> Option<(&str, usize)> {
    let (name, rest) = line.split_once(" | ")?;
    let arrow = rest.find(" => {")?;
    let name = name.trim();
    // The word before the arrow is the state. It ends in an exclamation mark if the host failed
    // (`UNREACHABLE!`).
    let state = rest.get(..arrow)?;
    let known = ["SUCCESS", "CHANGED", "FAILED", "UNREACHABLE"].iter().any(|s| state.starts_with(s));
    (known && !name.is_empty() && !name.contains([' ', '"']))
        .then_some((name, line.len() - rest.len() + arrow + 4))
}

fn read(content: &str, rows: &mut AddressCollector<'_>) -> Result<(), Refusal> {
    if content.trim_start_matches('\u{feff}').trim_start().starts_with(['{', '[']) {
        return each_object(content, rows, |object, line, to| {
            facts(to, "", object, line);
            Ok(())
        });
    }
    let (mut at, mut line) = (0, 1u64);
    while let Some(rest) = content.get(at..).filter(|rest| !rest.is_empty()) {
        let end = memchr::memchr(b'\n', rest.as_bytes()).map_or(rest.len(), |end| end + 1);
        let mut used = end;
        if let Some((name, start)) = rest.get(..end).and_then(result_line) {
            match rest.get(start..).map(parse_first_object) {
                Some(Ok((object, length))) => {
                    facts(rows, name, &object, line);
                    used = end.max(start + length);
                }
                Some(Err(what)) => {
                    rows.report(line, format!("the facts of {} cannot be read: {what}", quoted(name)))
                }
                None => {}
            }
        }
        line += memchr::memchr_iter(b'\n', rest.get(..used).unwrap_or_default().as_bytes()).count() as u64;
        at += used;
    }
    Ok(())
}

/// A fact by its name with the prefix `ansible_`, or without it, as a play writes `ansible_facts`.
fn fact(facts: &Object, name: &str) -> Option<Value> {
    let value = property(facts, &format!("ansible_{name}")).or_else(|| property(facts, name))?;
    Some(value.into_owned())
}

fn fact_text(facts: &Object, name: &str) -> String {
    fact(facts, name).map_or(String::new(), |value| plain(&value))
}

/// The full name that the host reports, or else the best name in its facts.
fn host_name(facts: &Object, inventory_name: &str) -> String {
    let (fqdn, short) = (fact_text(facts, "fqdn"), fact_text(facts, "hostname"));
    if fqdn.contains('.') {
        fqdn
    } else if !short.is_empty() {
        with_domain(&short, &fact_text(facts, "domain"))
    } else if !inventory_name.is_empty() && parse_address(inventory_name).is_none() {
        inventory_name.to_owned()
    } else {
        // The inventory uses an address as name, and the platform's facts are missing.
        let environment = match fact(facts, "env") {
            Some(Value::Object(environment)) => text(&environment, "COMPUTERNAME"),
            _ => String::new(),
        };
        if environment.is_empty() { fact_text(facts, "netbios_name") } else { environment }
    }
}

fn facts(rows: &mut AddressCollector<'_>, inventory_name: &str, document: &Object, line: u64) {
    // The document of an unreachable host has no facts. A fact cache has nothing else.
    let ansible_facts = nested(document, "ansible_facts");
    let facts = ansible_facts.as_ref().unwrap_or(document);
    let host = host_name(facts, inventory_name);
    if parse_address(inventory_name).is_none() {
        rows.add_alias(inventory_name, &host, line);
    }
    // When the facts were collected (`date_time` of the setup module, UTC).
    let collected = match fact(facts, "date_time") {
        Some(Value::Object(time)) => text(&time, "iso8601"),
        _ => String::new(),
    };
    rows.set_collected(&collected, line);
    let mut taken = Vec::new();
    let interfaces = fact(facts, "interfaces").unwrap_or(Value::Null);
    for interface in list(&interfaces) {
        // Other systems list interface names here.
        let Value::Object(interface) = interface else {
            continue;
        };
        for family in ["ipv4", "ipv6"] {
            let Some(entries) = property(interface, family) else {
                continue;
            };
            for entry in list(&entries) {
                let (address, prefix) = match entry {
                    Value::Object(entry) => (text(entry, "address"), text(entry, "prefix")),
                    other => (plain(other), String::new()),
                };
                let Some((address, in_address)) = rows.list_address(&address, line) else {
                    continue;
                };
                taken.push(address);
                rows.add_address(NewAddress {
                    host: &host,
                    address,
                    prefix_length: in_address.or_else(|| parse_prefix(&prefix, address)),
                    interface: &text(interface, "connection_name"),
                    description: &text(interface, "interface_name"),
                    mac: &text(interface, "macaddress"),
                    line,
                });
            }
        }
    }
    for name in ["ip_addresses", "all_ipv4_addresses", "all_ipv6_addresses"] {
        let Some(addresses) = fact(facts, name) else {
            continue;
        };
        for address in list(&addresses) {
            let Some((address, _)) = parse_address(&plain(address)) else {
                continue;
            };
            if !taken.contains(&address) {
                taken.push(address);
                rows.add_address(NewAddress { host: &host, line, ..NewAddress::new(address) });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::inventory::addresses::{LoadOptions, load_bytes};

    fn read(text: &str) -> (Vec<String>, Vec<String>) {
        let inventory = load_bytes("srv1", text.as_bytes(), &LoadOptions::default());
        assert_eq!(inventory.files[0].kind, "Ansible setup facts", "{:?}", inventory.files);
        let row = |o: &crate::inventory::addresses::OwnedAddress| {
            format!(
                "{} {}/{:?} {} {}",
                o.host,
                o.address,
                o.prefix_length,
                o.description.as_deref().unwrap_or("-"),
                o.source
            )
        };
        (inventory.owned.iter().map(row).collect(), inventory.files[0].read_errors.clone())
    }

    #[test]
    fn unrolled_lists_objects_and_nulls() {
        let (rows, problems) = read(
            r#"{"ansible_facts":{"ansible_hostname":{"__ansible_unsafe":"SRV1"},"ansible_domain":"alpha.example.com",
            "ansible_interfaces":[
              {"interface_name":"Intel","ipv4":[{"address":"192.0.2.1","prefix":"24"},{"address":"192.0.2.5","prefix":24}],"ipv6":null},
              {"interface_name":"IBM USB Remote NDIS Network Device","ipv4":{"address":"169.254.95.120","prefix":16},"ipv6":{"address":"fe80::1%5","prefix":64}}],
            "ansible_ip_addresses":["192.0.2.1","192.0.2.5","169.254.95.120","fe80::1","198.51.100.1"]},"changed":false}"#,
        );
        let bmc = "IBM USB Remote NDIS Network Device srv1:1";
        let want = [
            "SRV1.alpha.example.com 192.0.2.1/Some(24) Intel srv1:1".to_owned(),
            "SRV1.alpha.example.com 192.0.2.5/Some(24) Intel srv1:1".to_owned(),
            format!("SRV1.alpha.example.com 169.254.95.120/Some(16) {bmc}"),
            format!("SRV1.alpha.example.com fe80::1/Some(64) {bmc}"),
            "SRV1.alpha.example.com 198.51.100.1/None - srv1:1".to_owned(),
        ];
        assert_eq!((rows, problems.len()), (want.to_vec(), 0));
    }

    #[test]
    fn standard_output_of_many_hosts() {
        let (rows, problems) = read(
            "web1 | SUCCESS => {\n    \"ansible_facts\": {\n        \"ansible_fqdn\": \"srv1.alpha.example.com\",\n        \"ansible_ip_addresses\": [\"192.0.2.1\"]\n    }\n}\n\
             web2 | UNREACHABLE! => {\n    \"msg\": \"no\",\n    \"unreachable\": true\n}\n\
             web3 | SUCCESS => {\"ansible_facts\": {\"ansible_ip_addresses\": \"192.0.2.3\"\n\
             web4 | SUCCESS => {\"ansible_facts\": {\"ansible_ip_addresses\": \"192.0.2.4\"}}\n",
        );
        assert_eq!(rows, ["srv1.alpha.example.com 192.0.2.1/None - srv1:1", "web4 192.0.2.4/None - srv1:12"]);
        assert_eq!(problems.len(), 1);
        assert!(problems[0].starts_with("line 11: the facts of \"web3\" cannot be read"), "{problems:?}");
    }

    #[test]
    fn facts_are_of_their_time() {
        let text = "web1 | SUCCESS => {\"ansible_facts\": {\"ansible_date_time\": {\"iso8601\": \"2026-10-06T23:30:00Z\"}, \
                    \"ansible_ip_addresses\": [\"192.0.2.1\"]}}\n\
                    web2 | SUCCESS => {\"ansible_facts\": {\"ansible_ip_addresses\": [\"192.0.2.2\"]}}\n";
        let inventory = load_bytes("facts", text.as_bytes(), &LoadOptions::default());
        let times: Vec<_> = inventory.owned.iter().map(|o| o.source.collected).collect();
        assert_eq!(times, [Some("2026-10-06T23:30:00Z".parse().unwrap()), None]);
    }

    #[test]
    fn a_fact_cache_has_facts_at_the_top() {
        let (rows, _) = read(r#"{"ansible_interfaces":["eth0"],"ansible_all_ipv4_addresses":["192.0.2.1"]}"#);
        assert_eq!(rows, ["srv1 192.0.2.1/None - srv1:1"]);
    }
}
