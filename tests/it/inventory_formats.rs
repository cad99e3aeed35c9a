//! Every address format gives the same rows of one inventory, except for what the format lacks.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::PathBuf;

use crate::support::inventories::{Export, Keeps, Record, Row, exports, name_exports};
use krbtriage::inventory::addresses::{AddressInventory, LoadOptions, OwnedAddress, load};
use proptest::prelude::*;

/// The fields of a row that a format keeps.
type KeptRow = (String, IpAddr, String, String, String, Option<u8>);

fn kept(owned: &OwnedAddress, keeps: Keeps) -> KeptRow {
    let text = |value: &Option<std::sync::Arc<str>>| value.as_deref().unwrap_or("").to_owned();
    let host = if keeps.full_name { owned.host.to_lowercase() } else { label(&owned.host) };
    let (interface, description, mac) = (text(&owned.interface), text(&owned.description), text(&owned.mac));
    (host, owned.address, interface, description, mac, owned.prefix_length)
}

fn expected(row: &Row, keeps: Keeps) -> KeptRow {
    let host = if keeps.full_name { row.host.to_lowercase() } else { label(&row.host) };
    let prefix = if row.address.is_ipv4() { keeps.v4_prefix } else { keeps.v6_prefix };
    let if_kept = |kept: bool, text: &str| if kept { text.to_owned() } else { String::new() };
    (
        host,
        row.address,
        if_kept(keeps.interface, &row.interface),
        if_kept(keeps.adapter, &row.description),
        if_kept(keeps.adapter, &row.mac),
        prefix.then_some(row.prefix),
    )
}

fn label(host: &str) -> String {
    host.split('.').next().unwrap().to_lowercase().chars().take(15).collect()
}

fn load_export(export: &Export) -> AddressInventory {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in &export.files {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    let paths: Vec<PathBuf> = export.files.iter().map(|(name, _)| folder.path().join(name)).collect();
    load(&paths, &LoadOptions::default())
}

fn check(rows: &[Row]) {
    for export in exports(rows) {
        let what = format!("{} ({})", export.kind, export.files[0].0);
        let inventory = load_export(&export);
        assert_eq!(inventory.files[0].kind, export.kind, "{what}");
        for file in &inventory.files {
            assert!(file.read_errors.is_empty(), "{what}: {:?}", file.read_errors);
        }
        let got: BTreeSet<KeptRow> = inventory.owned.iter().map(|row| kept(row, export.keeps)).collect();
        let want: BTreeSet<KeptRow> = rows.iter().map(|row| expected(row, export.keeps)).collect();
        assert_eq!(got, want, "{what}");
    }
}

fn check_names(records: &[Record]) {
    for export in name_exports(records) {
        let inventory = load_export(&export);
        assert_eq!(inventory.files[0].kind, export.kind);
        assert!(inventory.owned.is_empty(), "{}: names are not owned", export.kind);
        assert!(
            inventory.files[0].read_errors.is_empty(),
            "{}: {:?}",
            export.kind,
            inventory.files[0].read_errors
        );
        let got: BTreeSet<(String, IpAddr)> =
            inventory.resolved.iter().map(|r| (r.name.to_lowercase(), r.address)).collect();
        let want: BTreeSet<(String, IpAddr)> =
            records.iter().map(|r| (r.full_name().to_lowercase(), r.address)).collect();
        assert_eq!(got, want, "{}", export.kind);
    }
}

fn address() -> impl Strategy<Value = (IpAddr, u8)> {
    // These differ from the addresses of gateways, servers and stale rows that the writers add.
    let v4 = (any::<u32>(), 1u8..=32)
        .prop_map(|(bits, prefix)| (IpAddr::V4((bits & 0x7fff_ffff | 0x0100_0000).into()), prefix))
        .prop_filter("not loopback", |(ip, _)| !ip.is_loopback());
    let v6 = (any::<u128>(), 1u8..=128)
        .prop_map(|(bits, prefix)| (IpAddr::V6((bits >> 4 | 2 << 124).into()), prefix));
    prop_oneof![3 => v4, 1 => v6].prop_filter(
        "a host's, not the subnet or its broadcast address",
        |&(ip, prefix)| {
            let (bits, width) = match ip {
                IpAddr::V4(v4) => (u128::from(v4.to_bits()), 32),
                IpAddr::V6(v6) => (v6.to_bits(), 128),
            };
            let mask = 1_u128.checked_shl(width - u32::from(prefix)).map_or(u128::MAX, |bit| bit - 1);
            mask < 2 || !(bits & mask == 0 || bits & mask == mask)
        },
    )
}

prop_compose! {
    fn row()(
        host in "[a-z][a-z0-9]{0,20}",
        domain in prop_oneof!["alpha\\.example\\.com", "beta\\.example\\.com"],
        (address, prefix) in address(),
        number in 1u8..9,
        description in "(IBM USB Remote NDIS|Intel\\(R\\) I350|Müller, Söhne & Co\\. NIC)( #[1-9])?",
    ) -> Row {
        Row {
            // One adapter for each interface name of a host, because some formats join description and MAC by the name.
            interface: format!("Ethernet {number}"),
            mac: format!("02-00-5E-00-53-{number:02X}"),
            description: format!("{description} {number}"),
            host: format!("{host}.{domain}"),
            address,
            prefix,
        }
    }
}

/// Keeps rows that real machines can have: one description for an adapter, one host for a NetBIOS name in each domain.
fn plausible(mut rows: Vec<Row>) -> Vec<Row> {
    let mut seen = BTreeSet::new();
    let mut described = std::collections::BTreeMap::new();
    rows.retain(|r| seen.insert((r.host.clone(), r.address)));
    for r in &mut rows {
        let key = (r.host.clone(), r.interface.clone());
        r.description = described.entry(key).or_insert_with(|| r.description.clone()).clone();
    }
    rows
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_format_gives_the_same_rows(rows in prop::collection::vec(row(), 1..12)) {
        check(&plausible(rows));
    }

    #[test]
    fn every_format_gives_the_same_names(
        names in prop::collection::vec(("[a-z][a-z0-9-]{0,20}", address(), any::<bool>()), 1..12),
    ) {
        let mut records: Vec<Record> = names
            .into_iter()
            .map(|(name, (address, _), alpha)| Record {
                name,
                zone: if alpha { "alpha.example.com" } else { "beta.example.com" }.to_owned(),
                address,
            })
            .collect();
        records.sort_by(|a, b| a.zone.cmp(&b.zone));
        check_names(&records);
    }
}

#[test]
fn every_format_shows_the_reference_case() {
    let row = |host: &str, address: &str, n: u8| Row {
        host: host.to_owned(),
        address: address.parse().unwrap(),
        interface: format!("Ethernet {n}"),
        description: "IBM USB Remote NDIS Network Device".to_owned(),
        mac: format!("36-40-B5-00-53-{n:02X}"),
        prefix: 16,
    };
    check(&[
        row("srv1.alpha.example.com", "192.0.2.1", 1),
        row("srv1.alpha.example.com", "169.254.95.120", 2),
        row("srv2.beta.example.com", "203.0.113.2", 1),
        row("srv2.beta.example.com", "169.254.95.120", 3),
    ]);
}
