//! Reads what configuration tools know of a machine: Chef's Ohai (and `knife node show -F json -l`), Puppet's facter
//! (JSON, YAML or its own text, structured or flat), and Velociraptor's `Windows.Network.InterfaceAddresses`.
//!
//! Ohai's shape is that of fauxhai's Windows nodes (chefspec/fauxhai), facter's that of its documentation, and
//! Velociraptor's that of the artifact's query.

use serde_json::Value;

use super::collector::{AddressCollector, NewAddress};
use super::facter_yaml::{is_yaml, json_of_yaml};
use super::format::{Format, Reader, Refusal, Sample};
use super::json::{Object, each_object, list, plain, property, text};
use super::values::{parse_address, parse_prefix};

pub(super) const OHAI: Format =
    Format { name: "Ohai JSON", recognise: detect_ohai, read: Reader::Text(read_ohai) };

pub(super) const FACTER: Format =
    Format { name: "facter facts", recognise: detect_facter, read: Reader::Text(read_facter) };

pub(super) const VELOCIRAPTOR: Format = Format {
    name: "Velociraptor interfaces",
    recognise: detect_velociraptor,
    read: Reader::Text(read_velociraptor),
};

fn detect_ohai(sample: &Sample<'_>) -> bool {
    let any = |keys: &[&str]| keys.iter().any(|key| sample.has_key(key));
    sample.is_json()
        && any(&["ohai_time", "chef_packages", "automatic", "lladdr"])
        && any(&["fqdn", "hostname", "machinename", "kernel"])
}

/// A member that is an object.
fn object(of: &Object, name: &str) -> Option<Object> {
    match property(of, name)?.into_owned() {
        Value::Object(found) => Some(found),
        _ => None,
    }
}

fn first_text(of: &Object, names: &[&str]) -> String {
    names.iter().map(|name| text(of, name)).find(|text| !text.is_empty()).unwrap_or_default()
}

/// A full name, or a short one with its domain. A workgroup is not a domain.
fn host_name(fqdn: &str, short: &str, domain: &str) -> String {
    match () {
        () if fqdn.contains('.') || short.is_empty() => fqdn.to_owned(),
        () if domain.contains('.') && !short.contains('.') => format!("{short}.{domain}"),
        () => short.to_owned(),
    }
}

fn read_ohai(content: &str, to: &mut AddressCollector<'_>) -> Result<(), Refusal> {
    each_object(content, to, |document, line, to| {
        let nested = object(document, "automatic");
        ohai(nested.as_ref().unwrap_or(document), line, to);
        Ok(())
    })
}

fn ohai(facts: &Object, line: u64, to: &mut AddressCollector<'_>) {
    let host = host_name(
        &text(facts, "fqdn"),
        &first_text(facts, &["machinename", "hostname"]),
        &text(facts, "domain"),
    );
    to.collected(&ohai_time(facts), line);
    let interfaces = object(facts, "network").and_then(|network| object(&network, "interfaces"));
    let Some(interfaces) = interfaces else {
        to.problem(line, "the facts have no network.interfaces; run ohai with its network plugin");
        return;
    };
    for (key, interface) in &interfaces {
        let Value::Object(interface) = interface else { continue };
        let addresses = object(interface, "addresses").unwrap_or_default();
        let family = |entry: &Value| entry.as_object().map_or(String::new(), |entry| text(entry, "family"));
        let mac = addresses.iter().find(|(_, entry)| family(entry) == "lladdr").map_or("", |(mac, _)| mac);
        let instance = object(interface, "instance").unwrap_or_default();
        let configuration = object(interface, "configuration").unwrap_or_default();
        let name = first_text(&instance, &["net_connection_id"]);
        let description = [text(&configuration, "description"), text(&instance, "description")]
            .into_iter()
            .find(|d| !d.is_empty());
        for (address, entry) in &addresses {
            let Some((address, _)) = parse_address(address) else { continue };
            let entry = entry.as_object();
            let length = entry.map_or(String::new(), |entry| first_text(entry, &["prefixlen", "netmask"]));
            to.own(NewAddress {
                host: &host,
                address,
                prefix_length: parse_prefix(&length, address),
                interface: if name.is_empty() { key } else { &name },
                description: description.as_deref().unwrap_or_default(),
                mac,
                line,
            });
        }
    }
}

/// `ohai_time`, seconds since 1970, as a timestamp.
fn ohai_time(facts: &Object) -> String {
    let seconds = property(facts, "ohai_time").and_then(|time| time.as_f64());
    // Truncated: a fraction of a second means nothing here.
    let time = seconds.and_then(|seconds| jiff::Timestamp::from_second(seconds as i64).ok());
    time.map_or(String::new(), |time| time.to_string())
}

fn detect_facter(sample: &Sample<'_>) -> bool {
    let is_text = sample.text.lines().any(|line| line.starts_with("networking => {"))
        || (sample.lower.contains("\nipaddress_") || sample.lower.starts_with("ipaddress_"))
            && sample.lower.contains("\nhostname => ");
    is_text
        || is_yaml(sample.text)
        || (sample.is_json()
            && ["fqdn", "hostname"].iter().any(|key| sample.has_key(key))
            && (sample.has_key("networking") || sample.lower.contains("\"ipaddress_"))
            && ["facterversion", "bindings", "kernel", "networking"].iter().any(|key| sample.has_key(key)))
}

fn read_facter(content: &str, to: &mut AddressCollector<'_>) -> Result<(), Refusal> {
    let json = match content.trim_start_matches('\u{feff}').trim_start().starts_with('{') {
        true => None,
        false if is_yaml(content) => Some(json_of_yaml(content).to_string()),
        false => Some(json_of_text(content)),
    };
    each_object(json.as_deref().unwrap_or(content), to, |document, line, to| {
        let nested = ["facts", "values"].iter().find_map(|name| object(document, name));
        let facts = nested.as_ref().unwrap_or(document);
        // Some versions have names in `networking` and the addresses in flat facts.
        match object(facts, "networking").filter(|networking| object(networking, "interfaces").is_some()) {
            Some(networking) => structured(&networking, line, to),
            None => flat(facts, line, to),
        }
        Ok(())
    })
}

/// facter's text as JSON.
fn json_of_text(content: &str) -> String {
    let mut json = String::from("{");
    let mut depth = 0usize;
    for line in content.lines() {
        let Some((name, value)) = line.trim().split_once(" => ").or_else(|| line.trim().split_once(" =>"))
        else {
            // `}`, `],`, `{` and values of a list.
            if depth > 0 {
                json.push_str(line.trim());
                let opens = line.matches(['{', '[']).count();
                depth = (depth + opens).saturating_sub(line.matches(['}', ']']).count());
                if depth == 0 {
                    json.push(',');
                }
            }
            continue;
        };
        let is_structure = matches!(value.trim(), "{" | "[");
        json.push_str(&Value::from(name.trim_matches('"')).to_string());
        json.push(':');
        if is_structure {
            json.push_str(value.trim());
            depth += 1;
        } else if depth > 0 {
            json.push_str(value);
        } else {
            json.push_str(&Value::from(value.trim().trim_matches('"')).to_string());
            json.push(',');
        }
    }
    json.truncate(json.trim_end_matches(',').len());
    json.push('}');
    json
}

fn structured(networking: &Object, line: u64, to: &mut AddressCollector<'_>) {
    let host =
        host_name(&text(networking, "fqdn"), &text(networking, "hostname"), &text(networking, "domain"));
    for (name, interface) in object(networking, "interfaces").unwrap_or_default() {
        let Value::Object(interface) = interface else { continue };
        let mac = text(&interface, "mac");
        let mut own = |address: &str, mask: &str| {
            let Some((address, prefix_length)) = parse_address(address) else { return };
            let prefix_length = prefix_length.or_else(|| parse_prefix(mask, address));
            to.own(NewAddress {
                host: &host,
                prefix_length,
                interface: &name,
                mac: &mac,
                line,
                ..NewAddress::of(address)
            });
        };
        let mut has_bindings = false;
        for bindings in ["bindings", "bindings6"] {
            let Some(bindings) = property(&interface, bindings) else { continue };
            for binding in list(&bindings).into_iter().filter_map(Value::as_object) {
                has_bindings = true;
                own(&text(binding, "address"), &text(binding, "netmask"));
            }
        }
        if !has_bindings {
            own(&text(&interface, "ip"), &text(&interface, "netmask"));
            own(&text(&interface, "ip6"), &text(&interface, "netmask6"));
        }
    }
}

/// Facts before version 3: `ipaddress_ethernet_2`, `ipaddress6_ethernet_2`, `macaddress_ethernet_2`.
fn flat(facts: &Object, line: u64, to: &mut AddressCollector<'_>) {
    let host = host_name(&text(facts, "fqdn"), &text(facts, "hostname"), &text(facts, "domain"));
    for (fact, value) in facts {
        let fact = fact.to_lowercase();
        let (family, name) = match fact.split_once('_') {
            Some(("ipaddress", name)) => ("", name),
            Some(("ipaddress6", name)) => ("6", name),
            _ => continue,
        };
        let Some((address, _)) = parse_address(&plain(value)) else { continue };
        to.own(NewAddress {
            host: &host,
            prefix_length: parse_prefix(&text(facts, &format!("netmask{family}_{name}")), address),
            interface: name,
            mac: &text(facts, &format!("macaddress_{name}")),
            line,
            ..NewAddress::of(address)
        });
    }
}

fn detect_velociraptor(sample: &Sample<'_>) -> bool {
    sample.is_json() && ["HardwareAddr", "IP", "Mask"].iter().all(|key| sample.has_key(key))
}

fn read_velociraptor(content: &str, to: &mut AddressCollector<'_>) -> Result<(), Refusal> {
    each_object(content, to, |row, line, to| {
        let host = first_text(row, &["Fqdn", "Hostname", "Host"]);
        let cell = text(row, "IP");
        match parse_address(&cell) {
            Some((address, in_address)) => {
                let prefix_length = in_address.or_else(|| hexadecimal_mask(&text(row, "Mask"), address));
                to.own(NewAddress {
                    host: &host,
                    prefix_length,
                    interface: &text(row, "Name"),
                    mac: &text(row, "HardwareAddr"),
                    line,
                    ..NewAddress::of(address)
                });
            }
            // An interface without an address.
            None if cell.is_empty() => {}
            None => to.problem(line, format!("{cell:?} is not a valid address; the row is skipped")),
        }
        Ok(())
    })
}

/// The length of `ffffff00`, as Go writes masks.
fn hexadecimal_mask(mask: &str, address: std::net::IpAddr) -> Option<u8> {
    let bits = u32::from_str_radix(mask, 16).ok().filter(|_| mask.len() == 8 && address.is_ipv4())?;
    let length = bits.leading_ones();
    (bits.count_ones() == length).then_some(length).and_then(|length| u8::try_from(length).ok())
}

#[cfg(test)]
mod tests {
    use crate::inventory::addresses::{LoadOptions, load_bytes};

    fn rows(text: &str) -> (&'static str, Vec<String>) {
        let inventory = load_bytes("facts.txt", text.as_bytes(), &LoadOptions::default());
        assert_eq!(inventory.files[0].read_errors, [""; 0]);
        let cell = |cell: &Option<std::sync::Arc<str>>| cell.as_deref().unwrap_or("-").to_owned();
        let row = |o: &crate::inventory::addresses::OwnedAddress| {
            let length = o.prefix_length.map_or("-".to_owned(), |length| length.to_string());
            format!(
                "{} {}/{length} [{}] [{}] {}",
                o.host,
                o.address,
                cell(&o.interface),
                cell(&o.description),
                cell(&o.mac)
            )
        };
        (inventory.files[0].kind, inventory.owned.iter().map(row).collect())
    }

    #[test]
    fn ohai_has_all_interfaces() {
        let node = r#"{"chef_packages":{},"domain":"alpha.example.com","fqdn":"srv1.alpha.example.com","hostname":"SRV1","ipaddress":"192.0.2.1",
            "network":{"default_gateway":"192.0.2.254","interfaces":{"0xe":{"addresses":{"192.0.2.1":{"family":"inet","netmask":"255.255.255.0","prefixlen":"24"},
            "00:00:5E:00:53:01":{"family":"lladdr"}},"arp":{"192.0.2.254":"fe:ff:ff:ff:ff:ff"},"configuration":{"description":"Intel"},"instance":{"net_connection_id":"Ethernet"}}}},
            "ohai_time":1548885997.0}"#;
        let want = ["srv1.alpha.example.com 192.0.2.1/24 [Ethernet] [Intel] 00-00-5E-00-53-01".to_owned()];
        assert_eq!(rows(node), ("Ohai JSON", want.to_vec()));
        assert_eq!(rows(&format!("{{\"name\":\"srv1\",\"automatic\":{node}}}")).1, want);
    }

    const FACTER: &str = r#"{"hostname":"SRV1","kernel":"windows","networking":{"domain":"alpha.example.com","fqdn":"SRV1.alpha.example.com","hostname":"SRV1",
        "interfaces":{"Ethernet0":{"bindings":[{"address":"192.0.2.1","netmask":"255.255.255.0"}],"bindings6":[{"address":"fe80::1","netmask":"ffff:ffff:ffff:ffff::"}],
        "dhcp":"192.0.2.254","ip":"192.0.2.1","mac":"00:00:5E:00:53:01"}}}}"#;

    #[test]
    fn facter_in_its_forms() {
        let want = [
            "SRV1.alpha.example.com 192.0.2.1/24 [Ethernet0] [-] 00-00-5E-00-53-01",
            "SRV1.alpha.example.com fe80::1/64 [Ethernet0] [-] 00-00-5E-00-53-01",
        ];
        assert_eq!(rows(FACTER), ("facter facts", want.map(str::to_owned).to_vec()));
        let text = "disks => {\n  sda => {\n    size => \"1 GiB\"\n  }\n}\nhostname => SRV1\nnetworking => {\n  domain => \"alpha.example.com\",\n  fqdn => \"SRV1.alpha.example.com\",\n  \
            hostname => \"SRV1\",\n  interfaces => {\n    Ethernet0 => {\n      bindings => [\n        {\n          address => \"192.0.2.1\",\n          netmask => \"255.255.255.0\"\n        }\n      ],\n      \
            mac => \"00:00:5E:00:53:01\"\n    }\n  }\n}\nos => {\n  name => \"windows\"\n}\n";
        assert_eq!(rows(text), ("facter facts", want[..1].iter().map(|row| (*row).to_owned()).collect()));
        let flat = r#"{"facterversion":"2.5.1","networking":{"hostname":"SRV1"},"fqdn":"SRV1.alpha.example.com","hostname":"SRV1","ipaddress":"192.0.2.1","ipaddress_ethernet0_2":"192.0.2.1",
            "macaddress_ethernet0_2":"00:00:5E:00:53:01","netmask_ethernet0_2":"255.255.255.0"}"#;
        assert_eq!(rows(flat).1, ["SRV1.alpha.example.com 192.0.2.1/24 [ethernet0_2] [-] 00-00-5E-00-53-01"]);
    }

    #[test]
    fn velociraptor_names_the_client() {
        let rows_of = "{\"Index\":12,\"MTU\":1500,\"Name\":\"Ethernet0\",\"HardwareAddr\":\"00:00:5e:00:53:01\",\"Flags\":19,\"IP\":\"192.0.2.1\",\"Mask\":\"ffffff00\",\"ClientId\":\"C.1\",\"Fqdn\":\"SRV1.alpha.example.com\"}\n";
        assert_eq!(
            rows(rows_of),
            (
                "Velociraptor interfaces",
                vec!["SRV1.alpha.example.com 192.0.2.1/24 [Ethernet0] [-] 00-00-5E-00-53-01".to_owned()]
            )
        );
    }
}
