//! Files of all kinds, mixed: joined, cut, interleaved, quoted, read as another kind. Nothing panics, and no row
//! is invented: each row that a mixture gives is a row of one of its files.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use krbtriage::inventory::accounts;
use krbtriage::inventory::addresses::{LoadOptions, load_bytes};
use krbtriage::records::text::read_events;
use krbtriage::records::{EventFilter, ReadErrors, Selection};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

/// What a text shows: `own HOST ADDRESS`, `name NAME ADDRESS`, `spn ACCOUNT SPN`, `event` and its values.
type Rows = BTreeSet<String>;

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

/// The text files of the samples and test data, at most 16 KiB of each.
fn seeds() -> &'static [Seed] {
    static SEEDS: LazyLock<Vec<Seed>> = LazyLock::new(read_seeds);
    &SEEDS
}

fn read_seeds() -> Vec<Seed> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for folder in ["samples/inventories", "samples/spn-inventories", "tests/data/inputs", "tests/data/forms"]
    {
        files(&root.join(folder), &mut found);
    }
    found.sort();
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
            let text: String = text.split_inclusive('\n').take(120).collect();
            let (kind, rows) = (kind(&text), rows(&text));
            let name = path.strip_prefix(root).unwrap().display().to_string();
            Some(Seed { name, text, rows, kind })
        })
        .collect();
    assert!(seeds.len() > 60 && seeds.iter().filter(|seed| !seed.rows.is_empty()).count() > 50);
    seeds
}

/// What the readers call it.
fn kind(text: &str) -> String {
    load_bytes("host9.txt", text.as_bytes(), &LoadOptions::default()).files[0].kind.to_owned()
}

/// Everything that any reader finds in a text. A row without a host in it is that of `host9`.
fn rows(text: &str) -> Rows {
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
        &krbtriage::zone::Zone::UTC,
        &fours,
        &mut |record| events.push(record),
        &mut records,
        &mut errors,
    );
    rows.extend(events.iter().map(|record| {
        let named = ["Server", "TargetRealm", "Targetname", "ClientRealm"].map(|name| record.named(name));
        let values: Vec<&str> = match named.iter().any(Option::is_some) {
            true => named.into_iter().flatten().collect(),
            false => record.strings().take(4).collect(),
        };
        format!("event\t{}", values.join("\t"))
    }));
    rows
}

fn none_is_invented(what: &str, mixture: &str, of: &[&Seed]) {
    let allowed: Rows = of.iter().flat_map(|seed| seed.rows.iter().cloned()).collect();
    let names: Vec<&str> = of.iter().map(|seed| seed.name.as_str()).collect();
    // Where the line with the host is gone, the row is that of the host after which the file is named.
    let is_unnamed = |row: &String| {
        row.strip_prefix("own host9").is_some_and(|address| allowed.iter().any(|row| row.ends_with(address)))
    };
    // The event is in one of the files, perhaps in a form whose reader is not asked here (XML).
    let is_event = |row: &String| {
        row.strip_prefix("event\t").is_some_and(|values| {
            of.iter().any(|seed| values.split('\t').all(|value| seed.text.contains(value)))
        })
    };
    let found = rows(mixture);
    let invented: Vec<&String> =
        found.difference(&allowed).filter(|row| !is_unnamed(row) && !is_event(row)).collect();
    assert!(invented.is_empty(), "{what} of {names:?} gives {invented:?} in\n{mixture}");
}

fn joined(a: &Seed, b: &Seed) -> String {
    format!("{}\n\n{}", a.text.trim_end(), b.text)
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

/// Every file after every other. `KRBTRIAGE_ALL_PAIRS=1` tries all, otherwise every eleventh pair.
#[test]
fn two_files_in_one_give_their_own_rows_only() {
    let seeds = seeds();
    let step = if std::env::var_os("KRBTRIAGE_ALL_PAIRS").is_some() { 1 } else { 11 };
    let pairs = seeds.iter().flat_map(|a| seeds.iter().map(move |b| (a, b)));
    // Of two lists of one kind, the second may go on where the first ended.
    for (a, b) in pairs.step_by(step).filter(|(a, b)| a.kind != b.kind) {
        none_is_invented("the sum", &joined(a, b), &[a, b]);
    }
}

/// A file in a comment, a mail or a string of another format.
#[test]
fn a_quoted_file_gives_its_own_rows_only() {
    for seed in seeds() {
        for mark in ["> ", "# ", "    ", "* ", "; "] {
            let quoted: String = seed.text.lines().map(|line| format!("{mark}{line}\n")).collect();
            none_is_invented(&format!("{mark:?} before each line"), &quoted, &[seed]);
        }
        let string = serde_json::to_string(&seed.text).unwrap();
        none_is_invented("a string of JSON", &format!("{{\"message\":{string}}}"), &[seed]);
        let cell = seed.text.replace('"', "\"\"");
        none_is_invented("a cell of CSV", &format!("host,note\nsrv9,\"{cell}\"\n"), &[seed]);
    }
}

proptest! {
    // The same mixtures in every run. `PROPTEST_CASES` and another seed look further.
    #![proptest_config(ProptestConfig {
        cases: 40,
        rng_seed: RngSeed::Fixed(18),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn interleaved_lines_give_rows_of_their_files_only(a in 0usize..1000, b in 0usize..1000, size in 5usize..30) {
        let seeds = seeds();
        let (a, b) = (&seeds[a % seeds.len()], &seeds[b % seeds.len()]);
        prop_assume!(a.kind != b.kind);
        none_is_invented("a mixture", &interleaved(a, b, size), &[a, b]);
    }

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
        for row in rows(&beginning).into_iter().chain(rows(&end)) {
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
        rows(&String::from_utf8_lossy(&bytes));
    }
}
