//! `samples/inventories/` has the samples' forest in every format. This command makes the texts,
//!
//! ```text
//! KRBTRIAGE_BLESS=1 cargo test --test it inventory_samples::
//! ```
//!
//! and `python3 tests/captures/make.py samples` the captures.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use crate::support::inventories::{Export, Record, Row, exports, name_exports};
use krbtriage::inventory::addresses::{AddressInventory, LoadOptions, load};

fn samples() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/samples"))
}

fn read(name: &str) -> AddressInventory {
    load(&[samples().join(name)], &LoadOptions::default())
}

/// The rows of `samples/interfaces.csv`.
fn rows() -> Vec<Row> {
    let inventory = read("interfaces.csv");
    assert!(inventory.files[0].read_errors.is_empty());
    inventory
        .owned
        .iter()
        .map(|owned| Row {
            host: owned.host.to_string(),
            address: owned.address,
            interface: owned.interface.as_deref().unwrap_or_default().to_owned(),
            description: owned.description.as_deref().unwrap_or_default().to_owned(),
            mac: owned.mac.as_deref().unwrap_or_default().to_owned(),
            prefix: owned.prefix_length.unwrap(),
        })
        .collect()
}

/// DNS records: the first address of each host. srv8 resolves to an address that srv9 has now, and clu1 is a cluster on
/// srv10.
fn records() -> Vec<Record> {
    let mut found: BTreeMap<(String, String), IpAddr> = BTreeMap::new();
    let rows = rows();
    for r in &rows {
        found.entry((r.domain().to_owned(), r.label().to_owned())).or_insert(r.address);
    }
    let alpha = |label: &str| ("alpha.example.com".to_owned(), label.to_owned());
    let of = |label: &str, nth: usize| {
        rows.iter().filter(|r| r.label() == label).nth(nth).expect("a host of the story").address
    };
    found.insert(alpha("srv8"), of("srv9", 0));
    found.insert(alpha("clu1"), of("srv10", 1));
    found.into_iter().map(|((zone, name), address)| Record { name, zone, address }).collect()
}

/// The exports except the captures, which scapy makes.
fn exports_of_forest() -> Vec<Export> {
    let mut all = exports(&rows());
    all.retain(|export| export.kind != "pcap or pcapng capture");
    all.extend(name_exports(&records()));
    all
}

const CAPTURES: [&str; 2] = ["serveralive2.pcap", "serveralive2.pcapng"];

#[test]
fn samples_are_what_the_writers_make() {
    let folder = samples().join("inventories");
    let mut expected: BTreeSet<String> = CAPTURES.iter().map(|n| n.to_string()).collect();
    for (name, bytes) in exports_of_forest().into_iter().flat_map(|export| export.files) {
        let path = folder.join(name);
        if std::env::var_os("KRBTRIAGE_BLESS").is_some() {
            fs::write(&path, &bytes).expect("the sample can be written");
        }
        let kept = fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        assert!(
            kept == bytes,
            "{name}: KRBTRIAGE_BLESS=1 cargo test --test it inventory_samples:: makes it again"
        );
        expected.insert(name.to_owned());
    }
    let found: BTreeSet<String> = fs::read_dir(&folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!(found, expected);
    let readme = fs::read_to_string(samples().join("README.md")).expect("a README");
    for name in &expected {
        assert!(readme.contains(name.as_str()), "samples/README.md does not list {name}");
    }
}

/// Label in lower case and address, which every format keeps.
fn pairs(inventory: &AddressInventory) -> BTreeSet<(String, IpAddr)> {
    let label = |host: &str| host.split('.').next().unwrap_or_default().to_lowercase();
    inventory.owned.iter().map(|owned| (label(&owned.host), owned.address)).collect()
}

#[test]
fn every_sample_gives_the_same_forest() {
    let want = pairs(&read("interfaces.csv"));
    for export in exports_of_forest() {
        let name = export.files[0].0;
        let paths: Vec<PathBuf> =
            export.files.iter().map(|(name, _)| samples().join("inventories").join(name)).collect();
        let inventory = load(&paths, &LoadOptions::default());
        assert_eq!(inventory.files[0].kind, export.kind, "{name}");
        assert!(inventory.files.iter().all(|f| f.read_errors.is_empty()), "{name}: {:?}", inventory.files);
        match inventory.owned.is_empty() {
            true => assert_eq!(inventory.resolved.len(), records().len(), "{name}"),
            false => {
                assert_eq!(pairs(&inventory), want, "{name}");
                let full = inventory.owned.iter().all(|owned| owned.host.contains('.'));
                assert_eq!(full, export.keeps.full_name, "{name}");
            }
        }
    }
    for name in CAPTURES {
        let inventory = read(&format!("inventories/{name}"));
        assert_eq!(inventory.files[0].kind, "pcap or pcapng capture");
        assert!(inventory.files[0].read_errors.is_empty(), "{name}: {:?}", inventory.files);
        assert_eq!(pairs(&inventory), want, "{name}");
    }
}

#[test]
fn the_whole_folder_at_once_finds_the_shared_address() {
    let inventory = read("inventories");
    let strange: Vec<_> = inventory.files.iter().filter(|f| !f.read_errors.is_empty()).collect();
    assert!(strange.is_empty(), "{strange:?}");
    let shared: IpAddr = "169.254.95.120".parse().unwrap();
    let owners: BTreeSet<String> =
        pairs(&inventory).into_iter().filter(|p| p.1 == shared).map(|p| p.0).collect();
    assert_eq!(owners, BTreeSet::from(["srv1".to_owned(), "srv2".to_owned()]));
}
