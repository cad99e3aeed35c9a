use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};

use super::*;
use crate::diagnosis::{Cause, Kind};
use crate::report::item::StepItem;
use crate::report::problem;

fn row(client: &str) -> Row {
    Row {
        incident_id: format!("i-{client}"),
        problem_id: format!("p-{client}"),
        problem: "shared address 192.0.2.1".into(),
        title: "".into(),
        status: Status::New,
        cause: Cause::LoopbackSharedIp,
        kind: Kind::BmcUsbNic,
        confidence: Confidence::Confirmed,
        client: client.into(),
        answered_by: "srv9$".into(),
        target_spn: "cifs/srv8".into(),
        service_class: "cifs".into(),
        target_host: "srv8".into(),
        target_realm: String::new(),
        client_realm: String::new(),
        shared_addresses: vec!["192.0.2.1".into(), "192.0.2.2".into()],
        events: 3,
        first_seen: "2026-10-06T10:00:00Z".into(),
        last_seen: "not a time".into(),
        explanation: "".into(),
        evidence: vec![],
        missing: vec![],
        fix: ["=first", "then"].map(StepItem::from_cell).into_iter().collect(),
        logs: vec![],
        collect: vec![],
        activity: Default::default(),
    }
}

fn read_sheet(rows: &[Row], max_rows: u32, name: &str) -> Vec<Vec<Data>> {
    let problems = problem::group(rows);
    let read = Reading::default();
    let report = Report {
        rows,
        problems: &problems,
        compared: false,
        zone: &Zone::UTC,
        read,
        title: None,
        events: None,
    };
    let mut out = Vec::new();
    write_within(&report, max_rows, &mut out).unwrap();
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(out)).unwrap();
    workbook.worksheet_range(name).unwrap().rows().map(<[Data]>::to_vec).collect()
}

fn cell(rows: &[Vec<Data>], row: usize, columns: &[(&str, u16)], title: &str) -> String {
    let at = columns.iter().position(|(name, _)| *name == title).unwrap();
    rows[row][at].to_string()
}

#[test]
fn lists_are_lines_and_what_is_not_a_time_is_text() {
    let rows = read_sheet(&[row("a")], MAX_ROWS, "Incidents");
    assert_eq!(cell(&rows, 1, &INCIDENTS, "Shared addresses"), "192.0.2.1\n192.0.2.2");
    assert_eq!(cell(&rows, 1, &INCIDENTS, "Fix"), "=first\nthen");
    assert_eq!(cell(&rows, 1, &INCIDENTS, "Last seen (UTC)"), "not a time");
    let problems = read_sheet(&[row("a")], MAX_ROWS, "Problems");
    assert_eq!(cell(&problems, 1, &PROBLEMS, "Problem"), "shared address 192.0.2.1", "without a title");
}

#[test]
fn rows_without_room_are_counted_in_inputs() {
    let incidents = [row("a"), row("b"), row("c"), row("d")];
    assert_eq!(read_sheet(&incidents, 3, "Incidents").len(), 3);
    let inputs = read_sheet(&incidents, 4, "Inputs");
    let notes: Vec<String> = (1..inputs.len()).map(|i| cell(&inputs, i, &INPUTS, "Notes")).collect();
    assert!(notes.iter().any(|n| n.starts_with("Sheet Incidents: 1 row did not fit")), "{notes:?}");
}

#[test]
fn a_long_cell_is_cut_and_says_so() {
    let explanation = |text: String| Row { explanation: text.into(), ..row("a") };
    // 🐎 takes two UTF-16 units.
    for (text, is_cut) in
        [("x".repeat(32_767), false), ("x".repeat(32_768), true), ("🐎".repeat(20_000), true)]
    {
        let row = explanation(text.clone());
        let rows = read_sheet(std::slice::from_ref(&row), MAX_ROWS, "Incidents");
        let got = cell(&rows, 1, &INCIDENTS, "Explanation");
        assert!(got.encode_utf16().count() <= sheet::MAX_CELL);
        assert_eq!(got.ends_with(" more characters; the CSV has them)"), is_cut);
        let notes = read_sheet(&[row], MAX_ROWS, "Inputs");
        let is_counted = (1..notes.len())
            .any(|i| cell(&notes, i, &INPUTS, "Notes").starts_with("Sheet Incidents: 1 cell cut"));
        assert_eq!(is_counted, is_cut);
        if !is_cut {
            assert_eq!(got, text);
        }
    }
}

#[test]
fn numbers_beyond_excels_are_text() {
    let rows = [Row { events: u64::MAX, ..row("a") }];
    assert_eq!(
        cell(&read_sheet(&rows, MAX_ROWS, "Incidents"), 1, &INCIDENTS, "Events"),
        u64::MAX.to_string()
    );
}
