//! `extract` writes the events of any input in one order.

use std::path::{Path, PathBuf};

use krbtriage::commands::extract::{COLUMNS, Config, Format, Outcome, run};
use krbtriage::output::Output;
use krbtriage::scan::ScanOptions;
use tempfile::tempdir;

use super::support::*;
use crate::support::evtx::*;

fn config(logs: &Path, output: PathBuf) -> Config {
    Config {
        logs: vec![logs.into()],
        files_from: None,
        display_name: None,
        providers: vec![],
        event_ids: vec![],
        format: Format::Csv,
        output: Output::File(output),
        compress: false,
        scan: ScanOptions::default(),
    }
}

fn extract(folder: &Folder, change: impl FnOnce(&mut Config)) -> (String, Outcome) {
    let out = tempdir().unwrap();
    let path = out.path().join("out");
    let mut config = config(folder.path(), path.clone());
    change(&mut config);
    let outcome = run(&config, &()).unwrap();
    (std::fs::read_to_string(path).unwrap(), outcome)
}

/// Event ID, record ID and name of the file of every row.
fn rows(csv: &str) -> Vec<(String, String, String)> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    assert_eq!(reader.headers().unwrap(), &COLUMNS[..]);
    let cell = |row: &csv::StringRecord, name: &str| {
        row[COLUMNS.iter().position(|column| *column == name).unwrap()].to_owned()
    };
    let name = |path: String| path.rsplit(['/', '\\']).next().unwrap().to_owned();
    reader
        .records()
        .map(|row| {
            let row = row.unwrap();
            (cell(&row, "event_id"), cell(&row, "record_id"), name(cell(&row, "file")))
        })
        .collect()
}

fn mixed() -> Folder {
    let events = [
        event4(3),
        kdc_event4("DC1", "EXAMPLE"),
        kerberos_event3("SRV1", "0x29", "KRB_AP_ERR_MODIFIED", "EXAMPLE", "srv2$", "host/srv2"),
        kerberos_event3("SRV1", "0x19", "KDC_ERR_PREAUTH_REQUIRED", "EXAMPLE", "krbtgt", ""),
        kerberos_event5("SRV1", "srv2$", "EXAMPLE"),
    ];
    let numbered = (1..).zip(events).map(|(id, event)| event.record_id(id));
    Folder::new()
        .file("b.evtx", EvtxWriter::new().events(numbered).finish())
        .file("a.zip", zip_of(&[("inner/c.evtx", &log([8]))]))
}

#[test]
fn without_options_it_is_event_4_and_its_twin() {
    let (csv, outcome) = extract(&mixed(), |_| {});
    let rows = rows(&csv);
    let rows: Vec<_> = rows.iter().map(|(e, r, f)| (e.as_str(), r.as_str(), f.as_str())).collect();
    assert_eq!(rows, [("4", "1", "b.evtx"), ("3", "3", "b.evtx"), ("4", "8", "c.evtx")]);
    assert_eq!(outcome.rows, 3);
    assert!(outcome.is_complete());
    let events: u64 = outcome.logs.iter().map(|log| log.events).sum();
    assert_eq!(events, 3, "events of the summary are rows");
}

#[test]
fn providers_and_event_ids_narrow_each_other() {
    for (providers, event_ids, expected) in [
        (vec!["microsoft-windows-security-kerberos"], vec![], 5),
        (vec!["Microsoft-Windows-Security-Kerberos"], vec![3], 2),
        (vec!["Microsoft-Windows-Security-Kerberos"], vec![3, 5], 3),
        (vec![], vec![4], 3),
        (vec!["Microsoft-Windows-Kerberos-Key-Distribution-Center"], vec![4], 1),
        (vec!["nobody"], vec![], 0),
    ] {
        let (csv, outcome) = extract(&mixed(), |config| {
            config.providers = providers.iter().map(|p| (*p).to_owned()).collect();
            config.event_ids = event_ids.clone();
        });
        assert_eq!(rows(&csv).len(), expected, "{providers:?} {event_ids:?}");
        assert_eq!(outcome.rows, expected as u64);
    }
}

#[test]
fn json_lines_hold_the_values_in_order() {
    let (json, _) = extract(&mixed(), |config| config.format = Format::JsonLines);
    let lines: Vec<serde_json::Value> = json.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let names: Vec<_> = lines[0]["data"].as_array().unwrap().iter().map(|d| d["name"].clone()).collect();
    assert_eq!(names[..4], ["Server", "TargetRealm", "Targetname", "ClientRealm"]);
    assert_eq!(lines[0]["data"][0]["value"], "srv3$");
    assert_eq!(lines[0]["computer"], "SRV3.alpha.example.com");
    assert_eq!(lines[0]["origin"], "live");
    assert!(lines[2]["file"].as_str().unwrap().ends_with("a.zip!inner/c.evtx"));
}

#[test]
fn the_order_is_the_same_with_any_number_of_workers() {
    let folder = Folder::new()
        .file("a.evtx", log((1..2500).rev()))
        .file("b.zip", zip_of(&[("2.evtx", &log(1..50)), ("1.evtx", &log(50..90))]))
        .file("c.evtx", log(1..1500));
    let one = extract(&folder, |config| config.scan.threads = 1).0;
    assert_eq!(rows(&one).len(), 2499 + 49 + 40 + 1499);
    for threads in [2, 3, 8] {
        assert_eq!(extract(&folder, |config| config.scan.threads = threads).0, one, "{threads}");
    }
}

#[test]
fn without_events_there_is_only_a_header_and_without_a_log_an_error() {
    let (csv, outcome) = extract(&Folder::new().file("a.evtx", log([])), |_| {});
    assert_eq!((rows(&csv).len(), outcome.rows), (0, 0));
    let folder = Folder::new();
    let out = folder.path().join("out.csv");
    let error = run(&config(folder.path(), out.clone()), &()).unwrap_err();
    assert!(error.to_string().contains("no log could be read"));
    assert!(!out.exists());
}
