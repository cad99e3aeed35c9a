//! Reads the facts that configuration tools collect about a machine: Chef's Ohai (and `knife node show -F json -l`), and Puppet's
//! facter as JSON, YAML or its own text, structured or flat.
//!
//! Ohai's shape is that of fauxhai's Windows nodes (chefspec/fauxhai), and facter's that of its documentation.

use std::borrow::Cow;

use serde_json::Value;

use super::collector::{AddressCollector, NewAddress};
use super::facter_text::{is_yaml, json_of_text, yaml_facts};
use super::format::{Format, Reader, Refusal, Sample};
use super::host_names::with_domain;
use super::json::{Object, each_object, first_text, list, nested, plain, property, text};
use super::values::{parse_address, parse_prefix};

pub(super) const OHAI: Format =
    Format { name: "Ohai JSON", recognise: detect_ohai, read: Reader::Text(read_ohai) };

pub(super) const FACTER: Format =
    Format { name: "facter facts", recognise: detect_facter, read: Reader::Text(read_facter) };

fn detect_ohai(sample: &Sample<'_>) -> bool {
    let any = |keys: &[&str]| keys.iter().any(|key| sample.has_key(key));
    sample.is_json()
        && any(&["ohai_time", "chef_packages", "automatic", "lladdr"])
        && any(&["fqdn", "hostname", "machinename", "kernel"])
}

/// The host's full name, else its short name (the first of `short`) with its domain. A workgroup is not a domain.
fn host_name(facts: &Object, short: &[&str]) -> String {
    let (fqdn, short) = (text(facts, "fqdn"), first_text(facts, short));
    let name = if fqdn.contains('.') || short.is_empty() { fqdn } else { short };
    with_domain(&name, &text(facts, "domain"))
}

fn read_ohai(content: &str, to: &mut AddressCollector<'_>) -> Result<(), Refusal> {
    each_object(content, to, |document, line, to| {
        let automatic = nested(document, "automatic");
        add_ohai(automatic.as_ref().unwrap_or(document), line, to);
        Ok(())
    })
}

fn add_ohai(facts: &Object, line: u64, to: &mut AddressCollector<'_>) {
    let host = host_name(facts, &["machinename", "hostname"]);
    to.set_collected(&ohai_time(facts), line);
    let interfaces = nested(facts, "network").and_then(|network| nested(&network, "interfaces"));
    let Some(interfaces) = interfaces else {
        to.report(line, "the facts have no network.interfaces; run ohai with its network plugin");
        return;
    };
    for (key, interface) in &interfaces {
        let Value::Object(interface) = interface else { continue };
        let addresses = nested(interface, "addresses").unwrap_or_default();
        let family = |entry: &Value| entry.as_object().map_or(String::new(), |entry| text(entry, "family"));
        let mac = addresses.iter().find(|(_, entry)| family(entry) == "lladdr").map_or("", |(mac, _)| mac);
        let instance = nested(interface, "instance").unwrap_or_default();
        let configuration = nested(interface, "configuration").unwrap_or_default();
        let name = text(&instance, "net_connection_id");
        let description = [&configuration, &instance].map(|object| text(object, "description"));
        for (address, entry) in &addresses {
            let Some((address, _)) = parse_address(address) else { continue };
            let entry = entry.as_object();
            let length = entry.map_or(String::new(), |entry| first_text(entry, &["prefixlen", "netmask"]));
            to.add_address(NewAddress {
                host: &host,
                address,
                prefix_length: parse_prefix(&length, address),
                interface: if name.is_empty() { key } else { &name },
                description: description.iter().find(|text| !text.is_empty()).map_or("", String::as_str),
                mac,
                line,
            });
        }
    }
}

/// The time of `ohai_time`, which is in seconds since 1970, as RFC 3339 text. Empty if it is missing.
fn ohai_time(facts: &Object) -> String {
    let seconds = property(facts, "ohai_time").and_then(|time| time.as_f64());
    // The fraction of a second is left out, because nothing depends on it.
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
    if is_yaml(content) {
        match yaml_facts(content) {
            Ok(document) => add_facter(&document, 1, to),
            Err((line, what)) => to.report(line, what),
        }
        return Ok(());
    }
    let is_json = content.trim_start_matches('\u{feff}').trim_start().starts_with('{');
    let json = if is_json { Cow::Borrowed(content) } else { json_of_text(content).into() };
    each_object(&json, to, |document, line, to| {
        add_facter(document, line, to);
        Ok(())
    })
}

fn add_facter(document: &Object, line: u64, to: &mut AddressCollector<'_>) {
    let inner = ["facts", "values"].iter().find_map(|name| nested(document, name));
    let facts = inner.as_ref().unwrap_or(document);
    // Some versions have names in `networking` and the addresses in flat facts.
    match nested(facts, "networking").filter(|networking| nested(networking, "interfaces").is_some()) {
        Some(networking) => add_structured(&networking, line, to),
        None => add_flat(facts, line, to),
    }
}

/// Adds the addresses of facter 3 and later: `networking` with its interfaces.
fn add_structured(networking: &Object, line: u64, to: &mut AddressCollector<'_>) {
    let host = host_name(networking, &["hostname"]);
    for (name, interface) in nested(networking, "interfaces").unwrap_or_default() {
        let Value::Object(interface) = interface else { continue };
        let mac = text(&interface, "mac");
        let mut own = |address: &str, mask: &str| {
            let Some((address, prefix_length)) = parse_address(address) else { return };
            let prefix_length = prefix_length.or_else(|| parse_prefix(mask, address));
            to.add_address(NewAddress {
                host: &host,
                prefix_length,
                interface: &name,
                mac: &mac,
                line,
                ..NewAddress::new(address)
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

/// Adds the addresses of facter before version 3: `ipaddress_ethernet_2`, `ipaddress6_ethernet_2`, `macaddress_ethernet_2`.
fn add_flat(facts: &Object, line: u64, to: &mut AddressCollector<'_>) {
    let host = host_name(facts, &["hostname"]);
    for (fact, value) in facts {
        let fact = fact.to_lowercase();
        let (family, name) = match fact.split_once('_') {
            Some(("ipaddress", name)) => ("", name),
            Some(("ipaddress6", name)) => ("6", name),
            _ => continue,
        };
        let Some((address, _)) = parse_address(&plain(value)) else { continue };
        to.add_address(NewAddress {
            host: &host,
            prefix_length: parse_prefix(&text(facts, &format!("netmask{family}_{name}")), address),
            interface: name,
            mac: &text(facts, &format!("macaddress_{name}")),
            line,
            ..NewAddress::new(address)
        });
    }
}
