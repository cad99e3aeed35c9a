//! The tests make `samples/`, byte for byte. This command makes them again:
//!
//! ```text
//! KRBTRIAGE_BLESS=1 cargo test --test it -- samples:: triage::
//! ```

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::support::forest;

/// Files that this module does not make. `triage` makes `report.csv`.
const BY_HAND: &[&str] = &[
    "README.md",
    "report.csv",
    ".gitattributes",
    "spark/triage.py",
    "quick-start/event.txt",
    "quick-start/SRV1.txt",
    "quick-start/SRV1-ping.txt",
    "quick-start/SRV2.txt",
];

fn samples() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/samples"))
}

#[test]
fn samples_equal_the_files_of_the_forest() {
    let bless = std::env::var_os("KRBTRIAGE_BLESS").is_some();
    for (name, made) in forest::files() {
        let path = samples().join(name);
        if bless {
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder can be made");
            fs::write(&path, &made).expect("the sample can be written");
        }
        let kept = fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        assert!(
            kept == made,
            "{} is not what tests/it/support/forest makes; KRBTRIAGE_BLESS=1 cargo test --test it samples:: makes it again",
            path.display()
        );
    }
}

#[test]
fn samples_hold_no_other_files() {
    let mut expected: BTreeSet<String> = BY_HAND.iter().map(|n| n.to_string()).collect();
    expected.extend(forest::files().into_iter().map(|(name, _)| name.to_owned()));
    for entry in walkdir::WalkDir::new(samples()).into_iter().map(|e| e.expect("samples can be listed")) {
        if entry.file_type().is_file() {
            let name = entry
                .path()
                .strip_prefix(samples())
                .expect("below samples")
                .to_string_lossy()
                .replace('\\', "/");
            // `inventories/` and `spn-inventories/` have tests of their own.
            assert!(name.contains("inventories/") || expected.contains(&name), "nobody makes samples/{name}");
        }
    }
}

#[test]
fn the_readme_lists_every_file() {
    let readme = fs::read_to_string(samples().join("README.md")).expect("a README");
    for (name, bytes) in forest::files() {
        assert!(readme.contains(name), "samples/README.md does not list {name}");
        assert!(bytes.len() < 200_000, "{name} is too large for a sample");
    }
    assert!(readme.contains("report.csv") && readme.contains("KRBTRIAGE_BLESS=1 cargo test --test it"));
}

/// Computer, record ID, time, `Server` and `Targetname` of every event 4 of the Kerberos client.
fn events4(log: &[u8]) -> Vec<(String, String, String, String, String)> {
    let between = |xml: &str, from: &str, to: &str| {
        let start = xml.find(from).map(|at| at + from.len()).unwrap_or_else(|| panic!("{from} in {xml}"));
        xml[start..start + xml[start..].find(to).expect("an end")].to_owned()
    };
    let settings = evtx::ParserSettings::new().num_threads(1).indent(false).validate_checksums(true);
    let mut parser = evtx::EvtxParser::from_buffer(log.to_vec()).expect("a log").with_configuration(settings);
    parser
        .records()
        .map(|record| record.expect("a sound record").data)
        .filter(|xml| xml.contains("\"Microsoft-Windows-Security-Kerberos\"") && xml.contains(">4</EventID>"))
        .map(|xml| {
            (
                between(&xml, "<Computer>", "</Computer>"),
                between(&xml, "<EventRecordID>", "</EventRecordID>"),
                between(&xml, "SystemTime=\"", "\""),
                between(&xml, "Name=\"Server\">", "</Data>"),
                between(&xml, "Name=\"Targetname\">", "</Data>"),
            )
        })
        .collect()
}

#[test]
fn samples_hold_one_incident_or_more_of_every_cause() {
    let mut all = Vec::new();
    for (name, bytes) in forest::files() {
        if name.ends_with(".evtx") {
            all.extend(events4(&bytes));
        }
    }
    let unique: BTreeSet<_> = all.iter().cloned().collect();
    assert_eq!(all.len() - unique.len(), 3, "the second export of SRV1's log holds three events again");
    let mut incidents: Vec<(String, usize)> = Vec::new();
    for (computer, _, _, server, target) in &unique {
        let target = if target.is_empty() { "(none)" } else { target };
        let key = format!("{computer} | {server} | {target}");
        match incidents.iter_mut().find(|(k, _)| *k == key) {
            Some((_, n)) => *n += 1,
            None => incidents.push((key, 1)),
        }
    }
    let text: Vec<String> = incidents.iter().map(|(key, n)| format!("{n} {key}")).collect();
    insta::assert_snapshot!(text.join("\n"), @r"
    6 SRV1.alpha.example.com | srv1$ | host/srv2.beta.example.com
    2 SRV10.alpha.example.com | srv10$ | host/clu1.alpha.example.com
    1 SRV12.alpha.example.com | srv11$ | (none)
    2 SRV2.beta.example.com | srv7$ | cifs/srv7.beta.example.com
    2 SRV2.beta.example.com | srv2$ | host/srv1.alpha.example.com
    3 SRV4.alpha.example.com | srv5$ | HTTP/srv5.alpha.example.com
    3 SRV4.alpha.example.com | svc_web | HTTP/portal.alpha.example.com
    2 SRV4.alpha.example.com | srv6$ | cifs/srv6.alpha.example.com
    1 SRV4.alpha.example.com | srv6$ | host/srv6.alpha.example.com
    2 SRV4.alpha.example.com | srv9$ | cifs/srv8.alpha.example.com
    3 SRV5.alpha.example.com | svc_sql | MSSQLSvc/srv3.alpha.example.com:1433
    2 SRV7.alpha.example.com | srv5$ | HTTP/srv5.alpha.example.com
    ");
}
