//! Writes a forest as files and runs the program on them: logs as EVTX, addresses as CSV, DNS as zones, accounts as LDIF.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use assert_cmd::Command;
use jiff::Timestamp;
use krbtriage::diagnosis::Finding;
use krbtriage::inventory::accounts::ObjectClass;

use super::scenario::Scenario;
use super::snapshots::attributes;
use super::world::World;
use crate::support::evtx::EvtxWriter;

/// Writes the logs and inventories of a forest into a folder.
pub fn write(scenario: &Scenario, folder: &Path) {
    let world = &scenario.now;
    let mut logs: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for entry in &scenario.entries {
        logs.entry(entry.computer.to_lowercase()).or_default().push(entry.event());
    }
    fs::create_dir(folder.join("logs")).unwrap();
    for (computer, events) in logs {
        let log = EvtxWriter::new().events(events).finish();
        fs::write(folder.join("logs").join(format!("{computer}-System.evtx")), log).unwrap();
    }
    fs::create_dir(folder.join("addresses")).unwrap();
    fs::write(folder.join("addresses/hosts.csv"), addresses(world)).unwrap();
    for suffix in &world.suffixes {
        fs::write(folder.join("addresses").join(format!("{suffix}.dns.txt")), zone(world, suffix)).unwrap();
    }
    fs::create_dir(folder.join("spns")).unwrap();
    for domain in 0..world.domains.len() {
        let file = format!("{}.ldif", world.domains[domain]);
        fs::write(folder.join("spns").join(file), ldif(world, domain)).unwrap();
    }
    // The files have the date of the inventories.
    let exported = SystemTime::UNIX_EPOCH + Duration::from_secs(scenario.exported[1].unsigned_abs());
    for kind in ["logs", "addresses", "spns"] {
        for file in fs::read_dir(folder.join(kind)).unwrap() {
            let file = fs::File::options().write(true).open(file.unwrap().path()).unwrap();
            file.set_modified(exported).unwrap();
        }
    }
}

fn addresses(world: &World) -> String {
    let mut out = String::from("host,address,interface,description\n");
    for (id, host) in world.hosts.iter().enumerate().filter(|(_, h)| !h.gone) {
        for nic in &host.nics {
            let name = world.full_name(id);
            writeln!(out, "{name},{},{},{}", nic.address, nic.interface, nic.description).unwrap();
        }
    }
    out
}

/// A zone in the form of `dnscmd /zoneprint`.
fn zone(world: &World, suffix: &str) -> String {
    let mut out = format!(";\n;  Zone:    {suffix}\n;  Server:  dc.{suffix}\n;\n");
    for (name, address) in &world.dns {
        if let Some(label) = name.strip_suffix(&format!(".{suffix}")) {
            writeln!(out, "{label:16} [Aging:3705469] 1200 A\t{address}").unwrap();
        }
    }
    for (alias, name) in &world.cnames {
        if let Some(label) = alias.strip_suffix(&format!(".{suffix}")) {
            writeln!(out, "{label:16} [Aging:3705469] 1200 CNAME\t{name}.").unwrap();
        }
    }
    out
}

/// The accounts of a domain in the form of `ldapsearch`.
fn ldif(world: &World, domain: usize) -> String {
    let base = format!("DC={}", world.domains[domain].replace('.', ",DC="));
    let mut out = format!(
        "# extended LDIF\n#\n# LDAPv3\n# base <{base}> with scope subtree\n# filter: (servicePrincipalName=*)\n#\n"
    );
    for account in world.accounts.iter().filter(|a| a.domain == domain && !a.gone && !a.spns.is_empty()) {
        let (folder, cn) = match (&account.dns, account.name.strip_suffix('$')) {
            (Some(dns), _) => ("Computers", dns.split('.').next().unwrap()),
            (None, Some(name)) => ("Managed Service Accounts", name),
            (None, None) => ("Users", account.name.as_str()),
        };
        let time = |seconds: i64| Timestamp::from_second(seconds).unwrap();
        writeln!(out, "\ndn: CN={cn},CN={folder},{base}\nsAMAccountName: {}", account.name).unwrap();
        // FILETIME: hundreds of nanoseconds since 1601.
        writeln!(out, "pwdLastSet: {}", (account.password_set + 11_644_473_600) * 10_000_000).unwrap();
        writeln!(out, "whenChanged: {}", time(account.when_changed).strftime("%Y%m%d%H%M%S.0Z")).unwrap();
        if let Some(dns) = &account.dns {
            writeln!(out, "dNSHostName: {dns}").unwrap();
        }
        let (class, control, group) = attributes(account);
        let classes: &[&str] = match class {
            ObjectClass::User => &["top", "person", "organizationalPerson", "user"],
            ObjectClass::GroupManagedService => &[
                "top",
                "person",
                "organizationalPerson",
                "user",
                "computer",
                "msDS-GroupManagedServiceAccount",
            ],
            _ => &["top", "person", "organizationalPerson", "user", "computer"],
        };
        for class in classes {
            writeln!(out, "objectClass: {class}").unwrap();
        }
        writeln!(out, "userAccountControl: {control}\nprimaryGroupID: {group}").unwrap();
        for spn in &account.spns {
            writeln!(out, "servicePrincipalName: {spn}").unwrap();
        }
    }
    out
}

/// Runs the program on the folder and returns cause, kind and confidence by incident ID.
pub fn triage(folder: &Path) -> BTreeMap<String, [String; 3]> {
    let output = Command::new(env!("CARGO_BIN_EXE_krbtriage"))
        .env("TZ", "UTC")
        .current_dir(folder)
        .args(["triage", "--interfaces", "addresses", "--spns", "spns", "logs"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let mut reader = csv::Reader::from_reader(&*output.stdout);
    let columns = reader.headers().unwrap().clone();
    let column = |name: &str| columns.iter().position(|c| c == name).unwrap();
    let [id, cause, kind, confidence] = ["incident_id", "cause", "kind", "confidence"].map(column);
    let rows = reader.records().map(Result::unwrap);
    rows.map(|row| (row[id].to_owned(), [cause, kind, confidence].map(|n| row[n].to_owned()))).collect()
}

/// Returns the same from findings.
pub fn verdicts(findings: &[Finding]) -> BTreeMap<String, [String; 3]> {
    let verdict = |f: &Finding| [f.cause.to_string(), f.kind.to_string(), f.confidence.to_string()];
    findings.iter().map(|f| (f.incident_id.clone(), verdict(f))).collect()
}
