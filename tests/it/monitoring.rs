//! The script in `docs/monitoring`: its table of event IDs, and the changes that its runs report.

use std::collections::{BTreeMap, BTreeSet};

use krbtriage::commands::audit::AuditKind;
use krbtriage::diagnosis::Kind;

use crate::support::program::{Sandbox, rows};

const SCRIPT: &str = include_str!("../../docs/monitoring/Watch-Krbtriage.ps1");
const DOCUMENT: &str = include_str!("../../docs/monitoring.md");
const TASK: &str = include_str!("../../docs/monitoring/krbtriage-here.xml");

/// Kinds and IDs in the script's table.
fn ids() -> BTreeMap<&'static str, u16> {
    let (_, rest) = SCRIPT.split_once("$EventIds = @{").unwrap();
    let (table, _) = rest.split_once('}').unwrap();
    let row = |line: &'static str| {
        let (kind, id) = line.split_once(" = ").unwrap();
        (kind.trim_matches('\''), id.parse().unwrap())
    };
    table.lines().map(str::trim).filter(|line| !line.is_empty()).map(row).collect()
}

#[test]
fn every_kind_has_one_event_id() {
    let ids = ids();
    let kinds: BTreeSet<&str> =
        Kind::ALL.map(Kind::name).into_iter().chain(AuditKind::ALL.map(AuditKind::name)).collect();
    assert_eq!(ids.keys().copied().collect::<BTreeSet<_>>(), kinds);
    assert!(ids.values().all(|id| (1101..1999).contains(id)), "{ids:?}");
    // One ID has one meaning. The audit has its own names for two kinds.
    let mut by_id: BTreeMap<u16, Vec<&str>> = BTreeMap::new();
    ids.iter().for_each(|(kind, id)| by_id.entry(*id).or_default().push(kind));
    let shared: Vec<_> = by_id.values().filter(|kinds| kinds.len() > 1).collect();
    assert_eq!(shared, [&vec!["other", "other-shared-address"], &vec!["duplicate", "duplicate-spn"]]);
}

#[test]
fn the_document_has_the_table_of_the_script() {
    let (_, rest) = DOCUMENT.split_once("<!-- event ids -->").unwrap();
    let (table, _) = rest.split_once("<!-- end of event ids -->").unwrap();
    let mut documented = BTreeMap::new();
    for line in table.lines().filter(|line| line.starts_with("| 1")) {
        let [_, id, kinds, _] = line.split('|').map(str::trim).collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        for kind in kinds.split(", ") {
            documented.insert(kind.trim_matches('`'), id.parse().unwrap());
        }
    }
    assert_eq!(documented, ids());
}

/// Alerts of users depend on the IDs. A new kind gets a new line here, and no line changes.
#[test]
fn the_ids_of_the_first_release_do_not_change() {
    for (kind, id) in [
        ("bmc-usb-nic", 1101),
        ("misplaced", 1201),
        ("machine-account", 1301),
        ("stale-dns", 1403),
        ("name-leads-elsewhere", 1404),
        ("not-enough-data", 1501),
    ] {
        assert_eq!(ids()[kind], id, "{kind}");
    }
}

#[test]
fn the_script_and_the_task_are_well_formed() {
    let mut parser = tree_sitter::Parser::new();
    parser.set_language(&tree_sitter_powershell::LANGUAGE.into()).unwrap();
    let tree = parser.parse(SCRIPT, None).unwrap();
    assert!(!tree.root_node().has_error(), "{}", tree.root_node().to_sexp());
    let mut reader = quick_xml::Reader::from_str(TASK);
    let mut elements = 0;
    loop {
        match reader.read_event().unwrap() {
            quick_xml::events::Event::Eof => break,
            quick_xml::events::Event::Start(_) => elements += 1,
            _ => {}
        }
    }
    assert!(elements > 15 && TASK.contains("Watch-Krbtriage.ps1"));
}

/// The words that the script passes to each command, with its variables.
fn commands() -> Vec<Vec<String>> {
    let calls = SCRIPT.split("Invoke-Krbtriage @(").skip(1);
    let words = |call: &str| {
        let (words, _) = call.split_once(')').unwrap();
        words.split(", ").map(|word| word.trim_matches('\'').to_owned()).collect()
    };
    calls.map(words).collect()
}

#[test]
fn an_adapter_that_is_enabled_again_is_reopened_by_the_audit_of_the_script() {
    let [_, audit, _]: [Vec<String>; 3] = commands().try_into().unwrap();
    let sandbox = Sandbox::new();
    let answer = |address: &str| {
        let row = |host: &str, address: &str| format!("{host},{address},,,,,2026-11-29T10:00:00Z\n");
        let header = "host,address,interface,description,mac,prefix_length,collected\n";
        [
            header.to_owned(),
            row("SRV1", "192.0.2.1"),
            row("SRV1", "169.254.95.120"),
            row("SRV2", "203.0.113.2"),
            row("SRV2", address),
        ]
        .concat()
    };
    let run = |address: &str| {
        sandbox.write("addresses.csv", answer(address));
        let file = |word: &String| word.strip_prefix('$').map(|name| format!("{name}.csv"));
        let words: Vec<String> =
            audit.iter().map(|word| file(word).unwrap_or_else(|| word.clone())).collect();
        let run = sandbox.run(&words.iter().map(String::as_str).collect::<Vec<_>>());
        let found: Vec<_> = rows(&sandbox.text("audit.csv"))
            .iter()
            .map(|row| (row["kind"].clone(), row["status"].clone(), row["what"].clone()))
            .collect();
        (run.code(), found)
    };
    let finding =
        |status: &str| vec![("bmc-usb-nic".to_owned(), status.to_owned(), "169.254.95.120".to_owned())];
    assert_eq!(run("169.254.95.120"), (1, finding("new")));
    assert_eq!(run("203.0.113.3"), (0, finding("resolved")));
    assert_eq!(run("169.254.95.120"), (1, finding("reopened")));
    assert_eq!(run("169.254.95.120"), (0, finding("ongoing")));
}

#[test]
fn every_command_of_the_script_is_one_that_the_program_has() {
    let sandbox = Sandbox::new();
    for mut words in commands() {
        // Only the parsing of the command line is tried.
        words.push("--help".to_owned());
        let run = sandbox.run(&words.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(run.code(), 0, "{words:?}: {}", run.stderr());
    }
}
