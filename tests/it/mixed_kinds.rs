//! Mixes files of all kinds: joins, cuts, interleaves and quotes them. Nothing panics, and each row that a mixture gives is
//! a row of one of its files.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use krbtriage::inventory::accounts;
use krbtriage::inventory::addresses::{LoadOptions, load_bytes};
use krbtriage::records::text::read_events;
use krbtriage::records::{EventFilter, ReadErrors, Selection};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use crate::simulation::rng::Rng;

/// The rows of a text: `own HOST ADDRESS`, `name NAME ADDRESS`, `spn ACCOUNT SPN`, or `event` and its values.
type Rows = BTreeSet<String>;

/// A file to mix.
struct Seed {
    name: String,
    text: String,
    rows: Rows,
    kind: String,
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

/// The text files of the samples, the test data and the fuzz seeds, at most 120 lines of each.
fn seeds() -> &'static [Seed] {
    static SEEDS: LazyLock<Vec<Seed>> = LazyLock::new(read_seeds);
    &SEEDS
}

fn read_seeds() -> Vec<Seed> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for folder in [
        "samples/inventories",
        "samples/spn-inventories",
        "tests/data/inputs",
        "tests/data/forms",
        "fuzz/seeds/inventory",
        "fuzz/seeds/spns",
        "fuzz/seeds/text",
    ] {
        files(&root.join(folder), &mut found);
    }
    // In this order, so that the copy of a sample among the fuzz seeds is the one that is left out.
    found.sort_by_key(|path| (path.starts_with(root.join("fuzz")), path.clone()));
    let mut texts = BTreeSet::new();
    let seeds: Vec<Seed> = found
        .iter()
        .filter_map(|path| {
            let bytes = std::fs::read(path).unwrap();
            let text = match bytes.strip_prefix(&[0xff, 0xfe]) {
                Some(utf16) => {
                    let units: Vec<u16> =
                        utf16.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
                    String::from_utf16(&units).ok()?
                }
                None => String::from_utf8(bytes).ok().filter(|text| !text.contains('\0'))?,
            };
            let whole = text;
            if !texts.insert(whole.clone()) {
                return None;
            }
            let text: String = whole.split_inclusive('\n').take(120).collect();
            let (kind, mut rows) = (kind(&text), rows_of(&text));
            // The cut may be within an object that the lines of another file complete.
            rows.extend(rows_of(&whole));
            let name = path.strip_prefix(root).unwrap().display().to_string();
            Some(Seed { name, text, rows, kind })
        })
        .collect();
    assert!(seeds.len() > 60 && seeds.iter().filter(|seed| !seed.rows.is_empty()).count() > 50);
    seeds
}

/// The format in which an address inventory of this text is read.
fn kind(text: &str) -> String {
    load_bytes("host9.txt", text.as_bytes(), &LoadOptions::default()).files[0].kind.to_owned()
}

/// All rows that any reader finds in a text. A row without a host has the host `host9`.
fn rows_of(text: &str) -> Rows {
    let inventory = load_bytes("host9.txt", text.as_bytes(), &LoadOptions::default());
    let mut rows: Rows = inventory
        .owned
        .iter()
        .map(|row| format!("own {} {}", row.host.to_lowercase(), row.address))
        .collect();
    rows.extend(
        inventory.resolved.iter().map(|row| format!("name {} {}", row.name.to_lowercase(), row.address)),
    );

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list.txt");
    std::fs::write(&path, text).unwrap();
    let lists = accounts::load(&[path]);
    for account in &lists.accounts {
        let spns = account
            .spns
            .iter()
            .map(|spn| format!("spn {} {spn}", account.name.trim_end_matches('$').to_lowercase()));
        rows.extend(spns);
    }

    let fours = Selection::new(vec![EventFilter { providers: vec![], event_ids: vec![4] }]);
    let (mut events, mut records, mut errors) = (Vec::new(), 0, ReadErrors::default());
    read_events(
        text.as_bytes(),
        None,
        &krbtriage::zone::Zone::UTC,
        &fours,
        &mut |record| events.push(record),
        &mut records,
        &mut errors,
    );
    rows.extend(events.iter().map(|record| {
        let named = ["Server", "TargetRealm", "Targetname", "ClientRealm"].map(|name| record.value(name));
        let values: Vec<&str> = match named.iter().any(Option::is_some) {
            true => named.into_iter().flatten().collect(),
            false => record.strings().take(4).collect(),
        };
        format!("event\t{}", values.join("\t"))
    }));
    rows
}

/// A message with the rows of a mixture that none of its files gives.
fn invented(what: &str, mixture: &str, seeds: &[&Seed]) -> Option<String> {
    let allowed: Rows = seeds.iter().flat_map(|seed| seed.rows.iter().cloned()).collect();
    // Without the line with the host, the row has the host in the name of the file.
    let is_unnamed = |row: &String| {
        row.strip_prefix("own host9").is_some_and(|address| allowed.iter().any(|row| row.ends_with(address)))
    };
    // Without the line with the domain, the host has its short name.
    let is_short = |row: &String| {
        let words: Vec<&str> = row.split(' ').collect();
        matches!(words[..], ["own" | "name", _, _]) && {
            let (long, address) = (format!("{} {}.", words[0], words[1]), words[2]);
            allowed.iter().any(|row| row.starts_with(&long) && row.ends_with(&format!(" {address}")))
        }
    };
    // The event is in one of the files, perhaps in a form that is not read here (XML).
    let is_event = |row: &String| {
        row.strip_prefix("event\t").is_some_and(|values| {
            seeds.iter().any(|seed| values.split('\t').all(|value| seed.text.contains(value)))
        })
    };
    let found = rows_of(mixture);
    let invented: Vec<&String> = found
        .difference(&allowed)
        .filter(|row| !is_unnamed(row) && !is_short(row) && !is_event(row))
        .collect();
    let names: Vec<&str> = seeds.iter().map(|seed| seed.name.as_str()).collect();
    let kind = if invented.is_empty() { String::new() } else { kind(mixture) };
    (!invented.is_empty())
        .then(|| format!("{what} of {names:?}, read as {kind:?}, gives {invented:?} in\n{mixture}"))
}

fn assert_none(invented: impl Iterator<Item = String>) {
    let invented: Vec<String> = invented.collect();
    assert!(
        invented.is_empty(),
        "{} mixtures; {}",
        invented.len(),
        invented[..invented.len().min(3)].join("\n")
    );
}

fn joined(a: &str, b: &str) -> String {
    format!("{}\n\n{b}", a.trim_end())
}

fn interleaved(a: &Seed, b: &Seed, size: usize) -> String {
    let (mut left, mut right) = (a.text.lines(), b.text.lines());
    let mut mixture = String::new();
    loop {
        let before = mixture.len();
        for lines in [&mut left, &mut right] {
            lines.take(size).for_each(|line| {
                mixture.push_str(line);
                mixture.push('\n');
            });
        }
        if mixture.len() == before {
            return mixture;
        }
    }
}

/// Appends every file to every other: every `step`-th pair.
pub fn pairs(step: usize) -> impl Iterator<Item = String> {
    let seeds = seeds();
    let pairs = seeds.iter().flat_map(|a| seeds.iter().map(move |b| (a, b)));
    // Two lists of one kind are one list.
    let of_two_kinds = pairs.step_by(step).filter(|(a, b)| a.kind != b.kind);
    of_two_kinds.filter_map(|(a, b)| invented("the sum", &joined(&a.text, &b.text), &[a, b]))
}

/// Quotes every file: as a comment, a mail, a JSON string or a CSV cell.
pub fn quotes() -> impl Iterator<Item = String> {
    const MARKS: [&str; 7] = ["> ", ">> ", "# ", "    ", "* ", "; ", "| "];
    seeds().iter().flat_map(|seed| {
        let mut found: Vec<String> = MARKS
            .iter()
            .filter_map(|mark| {
                let quoted: String = seed.text.lines().map(|line| format!("{mark}{line}\n")).collect();
                invented(&format!("{mark:?} before each line"), &quoted, &[seed])
            })
            .collect();
        let string = serde_json::to_string(&seed.text).unwrap();
        found.extend(invented("a string of JSON", &format!("{{\"message\":{string}}}"), &[seed]));
        let cell = seed.text.replace('"', "\"\"");
        found.extend(invented("a cell of CSV", &format!("host,note\nsrv9,\"{cell}\"\n"), &[seed]));
        found
    })
}

/// Texts that people write around a listing. None has a row.
const PROSE: [&str; 7] = [
    "Hi all,\n\nhere is what I got on SRV77 (10.77.0.7) this morning. The old server srv78 had 10.77.0.8, its gateway is \
     10.77.0.1.\nThe name srv77.alpha.example still points to 10.77.0.8?\n",
    "From: Ann Example <ann@alpha.example>\nSent: Monday, 5 October 2026 10:12\nTo: help@alpha.example\nSubject: FW: SRV77 \
     10.77.0.7\n\nDescription: see below\nServer: SRV77\nIP: 10.77.0.7 or 10.77.0.8\nDNS: 10.77.0.53\n",
    "PS C:\\Users\\ann> # on SRV77, IP 10.77.0.7\nPS C:\\Users\\ann> ping srv77\n",
    "# Servers\n\n| Name | Role | IP |\n| --- | --- | --- |\n| SRV77 | file server | 10.77.0.7 |\n\nThe SPN host/srv77 is on \
     SRV78$, see `setspn -Q host/srv77`.\n",
    "Ticket: 4711\nHost: planned to be SRV77\nAddress: Main Street 7, 10077 Example\nStatus : open\nName : Ann Example\n",
    "2026-10-05 10:12:13 INFO [10.77.0.7] srv77 connected to srv78:445\n2026-10-05 10:12:14 WARN [10.77.0.8] srv78 \
     10.77.0.255 timed out\n",
    "-- \nAnn Example\nalpha.example, Main Street 7\nTel. 030 10.77.0.7\n",
];

/// Puts prose before, after and around every file: every `step`-th such text.
pub fn prose(step: usize) -> impl Iterator<Item = String> {
    let pairs = seeds().iter().flat_map(|seed| PROSE.iter().map(move |prose| (seed, prose)));
    pairs.step_by(step).flat_map(|(seed, prose)| {
        let between = format!("{prose}\n{}\n{prose}", seed.text.trim_end());
        [
            invented("prose before", &joined(prose, &seed.text), &[seed]),
            invented("prose after", &joined(&seed.text, prose), &[seed]),
            invented("prose around", &between, &[seed]),
        ]
        .into_iter()
        .flatten()
    })
}

/// Interleaves two random files, 5 to 29 lines of each in turn.
pub fn turns(seed: u64, cases: usize) -> impl Iterator<Item = String> {
    let mut rng = Rng::new(seed);
    let seeds = seeds();
    (0..cases).filter_map(move |_| {
        let (a, b, size) = (rng.pick(seeds), rng.pick(seeds), 5 + rng.below(25));
        (a.kind != b.kind).then(|| invented("a mixture", &interleaved(a, b, size), &[a, b])).flatten()
    })
}

/// Headers of the column with host names.
const HOSTS: [&str; 10] = [
    "host",
    "Computer Name",
    "hostname",
    "Server",
    "Rechnername",
    "FQDN",
    "dNSHostName",
    "PSComputerName",
    "Name",
    "Ordinateur",
];
/// Headers of the column with addresses.
const ADDRESSES: [&str; 8] =
    ["address", "IP Address", "IPAddress", "IPv4", "ip", "IP-Adresse", "Adresse IP", "IPv4Address"];

/// Headers of other columns, each with a value.
const OTHER_COLUMNS: [(&str, &str); 16] = [
    ("Subnet Mask", "255.255.255.0"),
    ("Netmask", "255.255.255.128"),
    ("Default Gateway", "10.78.0.1"),
    ("DNS Servers", "10.78.0.53"),
    ("Broadcast", "10.78.0.255"),
    ("Network", "10.78.0.0/24"),
    ("Subnet", "10.78.0.0"),
    ("DHCP Server", "10.78.0.67"),
    ("MAC Address", "00-00-5E-00-53-07"),
    ("Last User", "ALPHA\\ann"),
    ("Contact", "ann@alpha.example"),
    ("Domain", "alpha.example"),
    ("OS", "Windows Server 2022"),
    ("Serial", "VMware-42 1d 0a"),
    ("Location", "Hall 3, rack 10.78"),
    ("Management IP", "10.78.9.9"),
];

/// Values in the column with host names that are not host names.
const NOT_HOSTS: [&str; 6] =
    ["10.78.0.9", "ALPHA\\Ann Example", "ann@alpha.example", "n/a", "00-00-5E-00-53-08", "-"];
/// Values in the column with addresses that are not addresses of a host.
const NOT_ADDRESSES: [&str; 9] = [
    "255.255.255.0",
    "255.255.255.192",
    "10.78.0.0/24",
    "10.78.0.255/24",
    "0.0.0.0",
    "DHCP",
    "10.78.0.5-10.78.0.9",
    "00-00-5E-00-53-09",
    "255.255.255.255",
];

/// Random tables of hosts and addresses: columns in any order, wrong values, rows with a cell too few or too many.
pub fn tables(seed: u64, cases: usize) -> impl Iterator<Item = String> {
    let mut rng = Rng::new(seed);
    (0..cases).filter_map(move |_| {
        let delimiter = *rng.pick(&[",", ";", "\t"]);
        let mut columns: Vec<(&str, &str)> =
            vec![(*rng.pick(&HOSTS), "host"), (*rng.pick(&ADDRESSES), "address")];
        for _ in 0..rng.below(6) {
            let other = *rng.pick(&OTHER_COLUMNS);
            if !columns.contains(&other) {
                columns.insert(rng.below(columns.len() + 1), other);
            }
        }
        if rng.chance(50) {
            columns.reverse();
        }
        let mut text = columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(delimiter) + "\n";
        let mut allowed = Rows::new();
        for row in 0..2 + rng.below(5) {
            let (mut host, mut address) = (format!("srv{row}"), format!("10.78.{row}.7"));
            match rng.below(8) {
                0 => host.push_str(".alpha.example"),
                1 => host = (*rng.pick(&NOT_HOSTS)).to_owned(),
                2 => address = (*rng.pick(&NOT_ADDRESSES)).to_owned(),
                3 => address.push_str("/24"),
                _ => {}
            }
            allowed.insert(format!("own {host} {}", address.trim_end_matches("/24")));
            let mut cells: Vec<&str> = columns
                .iter()
                .map(|(_, value)| match *value {
                    "host" => host.as_str(),
                    "address" => address.as_str(),
                    value if value.contains(delimiter) && rng.chance(70) => "",
                    value => value,
                })
                .collect();
            // A cell too many, as from a delimiter that is not quoted.
            if row > 0 && rng.chance(15) {
                cells.insert(rng.below(cells.len()), "Example Inc.");
            }
            text.push_str(&(cells.join(delimiter) + "\n"));
        }
        allowed.retain(|row| {
            let bad =
                NOT_HOSTS.iter().map(|host| format!("own {host} ")).any(|start| row.starts_with(&start))
                    || NOT_ADDRESSES
                        .iter()
                        .any(|address| row.ends_with(&format!(" {}", address.trim_end_matches("/24"))));
            !bad
        });
        let found = rows_of(&text);
        let invented: Vec<&String> = found.difference(&allowed).collect();
        (!invented.is_empty())
            .then(|| format!("a table, read as {:?}, gives {invented:?} in\n{text}", kind(&text)))
    })
}

/// 1 with `KRBTRIAGE_ALL_PAIRS=1`, otherwise `step`.
fn all_or(step: usize) -> usize {
    if std::env::var_os("KRBTRIAGE_ALL_PAIRS").is_some() { 1 } else { step }
}

#[test]
fn two_files_in_one_give_their_own_rows_only() {
    assert_none(pairs(all_or(23)));
}

#[test]
fn a_quoted_file_gives_its_own_rows_only() {
    assert_none(quotes());
}

#[test]
fn prose_around_a_file_gives_no_row() {
    assert_none(prose(all_or(11)));
}

/// The seed of `KRBTRIAGE_SEED`, or a fixed one.
fn seed() -> u64 {
    std::env::var("KRBTRIAGE_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(18)
}

#[test]
fn interleaved_lines_give_rows_of_their_files_only() {
    assert_none(turns(seed(), 60));
}

#[test]
fn a_table_gives_only_addresses_in_the_address_column() {
    assert_none(tables(seed(), 300));
}

proptest! {
    // The same mixtures in every run. `PROPTEST_CASES` and another seed look further.
    #![proptest_config(ProptestConfig {
        cases: 40,
        rng_seed: RngSeed::Fixed(18),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// The last line may be half an address; the lines before it are whole.
    #[test]
    fn a_cut_file_gives_its_own_rows_only(seed in 0usize..1000, keep in 0.0f64..1.0) {
        let seeds = seeds();
        let seed = &seeds[seed % seeds.len()];
        let lines = seed.text.lines().count();
        let kept = (lines as f64 * keep) as usize;
        // A part may have lost its host or zone, or the removal of a row, but each value is in the file.
        let beginning: String = seed.text.split_inclusive('\n').take(kept).collect();
        let end: String = seed.text.split_inclusive('\n').skip(kept).collect();
        for row in rows_of(&beginning).into_iter().chain(rows_of(&end)) {
            let (_, value) = row.rsplit_once([' ', '\t']).unwrap();
            prop_assert!(seed.text.to_lowercase().contains(&value.to_lowercase()), "{row}");
        }
    }

    /// Bytes changed, inserted and cut: no panic.
    #[test]
    fn a_damaged_file_is_survived(seed in 0usize..1000, changes in prop::collection::vec((0.0f64..1.0, any::<u8>(), 0usize..3), 1..12)) {
        let seeds = seeds();
        let mut bytes = seeds[seed % seeds.len()].text.clone().into_bytes();
        for (place, byte, how) in changes {
            let at = (bytes.len() as f64 * place) as usize;
            match how {
                0 if at < bytes.len() => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => bytes.truncate(at.max(1)),
            }
        }
        load_bytes("host9.txt", &bytes, &LoadOptions::default());
        rows_of(&String::from_utf8_lossy(&bytes));
    }
}
