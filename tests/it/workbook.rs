//! The Excel workbook, read by calamine, which shares no code with the writer.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use calamine::{Data, Reader, Xlsx, open_workbook};

use crate::support::program::*;

type Sheets = BTreeMap<String, Vec<Vec<Data>>>;

fn sheets(path: &Path) -> Sheets {
    let mut workbook: Xlsx<_> = open_workbook(path).expect("a workbook");
    assert_eq!(workbook.sheet_names(), ["Problems", "Incidents", "Events", "Inputs"]);
    let names = workbook.sheet_names();
    names
        .into_iter()
        .map(|name| {
            assert_eq!(workbook.worksheet_formula(&name).expect("a sheet").used_cells().count(), 0, "{name}");
            let range = workbook.worksheet_range(&name).expect("a sheet");
            let rows = range.rows().map(<[Data]>::to_vec).collect();
            (name, rows)
        })
        .collect()
}

/// The column's cells below the header.
fn column<'s>(sheets: &'s Sheets, sheet: &str, title: &str) -> Vec<&'s Data> {
    let rows = &sheets[sheet];
    let at = rows[0].iter().position(|cell| *cell == title);
    let at = at.unwrap_or_else(|| panic!("{sheet} has no column {title}: {:?}", rows[0]));
    rows[1..].iter().map(|row| &row[at]).collect()
}

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox
        .write("A.evtx", log([four("A", "srv8", 1, 10), four("A", "srv8", 2, 11), four("B", "=1+1", 3, 12)]));
    sandbox
}

#[test]
fn a_workbook_holds_what_the_csv_files_hold() {
    let sandbox = sandbox();
    let arguments =
        ["triage", "A.evtx", "-o", "r.csv", "-o", "r.xlsx", "--events", "e.csv", "--problems", "p.csv"];
    sandbox.run(&arguments).exits(0);
    let sheets = sheets(&sandbox.path("r.xlsx"));
    for (sheet, csv, columns) in [
        ("Incidents", "r.csv", &[("Target SPN", "target_spn"), ("Events", "events"), ("Cause", "cause")][..]),
        (
            "Problems",
            "p.csv",
            &[("Problem ID", "problem_id"), ("Status", "status"), ("Incidents", "incidents")],
        ),
        ("Events", "e.csv", &[("Client", "client"), ("Record ID", "record_id"), ("Log", "log")]),
    ] {
        let mut reader = csv::Reader::from_path(sandbox.path(csv)).expect("a CSV file");
        let header = reader.headers().expect("a header").clone();
        let records: Vec<_> = reader.records().map(|record| record.expect("a record")).collect();
        for (title, name) in columns {
            let at = header.iter().position(|cell| cell == *name).expect("a column");
            // The CSV escapes formulas with an apostrophe.
            let want: Vec<String> = records.iter().map(|r| r[at].replace('\'', "")).collect();
            let got: Vec<String> = column(&sheets, sheet, title).iter().map(ToString::to_string).collect();
            assert!(!want.is_empty());
            assert_eq!(got, want, "{sheet}, {title}");
        }
    }
    assert_eq!(column(&sheets, "Inputs", "Path").last().map(ToString::to_string).as_deref(), Some("A.evtx"));
}

#[test]
fn times_are_excel_dates_in_utc() {
    let sandbox = sandbox();
    sandbox.run(&["triage", "A.evtx", "-o", "r.xlsx", "--events", "e.csv"]).exits(0);
    let sheets = sheets(&sandbox.path("r.xlsx"));
    let events = sandbox.text("e.csv");
    let want: jiff::Timestamp = events.lines().nth(1).unwrap().split(',').nth(1).unwrap().parse().unwrap();
    let Data::DateTime(time) = column(&sheets, "Events", "Time (UTC)")[0] else { panic!("not a date") };
    // Days since 1899-12-30.
    let seconds = ((time.as_f64() - 25_569.0) * 86_400.0).round() as i64;
    assert_eq!(seconds, want.as_second());
    for cell in column(&sheets, "Incidents", "First seen (UTC)") {
        assert!(matches!(cell, Data::DateTime(_)), "{cell:?}");
    }
}

#[test]
fn a_hostile_name_is_text_and_stays_text_when_it_is_edited() {
    let sandbox = Sandbox::new();
    let names = ["=1+1", "@SUM(A1)", "_x003D_1", "a<b>&\"c"];
    sandbox.write("A.evtx", log(names.iter().zip(1..).map(|(name, i)| four(name, "srv8", i, i * 100))));
    sandbox.run(&["triage", "A.evtx", "-o", "r.xlsx"]).exits(0);
    let sheets = sheets(&sandbox.path("r.xlsx"));
    let clients: Vec<String> = column(&sheets, "Events", "Client").iter().map(ToString::to_string).collect();
    for (name, client) in names.iter().zip(&clients) {
        assert!(client.starts_with(name), "{client}");
    }
    assert!(member(&sandbox.path("r.xlsx"), "xl/styles.xml").contains("quotePrefix=\"1\""));
}

#[test]
fn headers_are_frozen_and_filtered_and_the_bytes_repeat() {
    let sandbox = sandbox();
    for name in ["1.xlsx", "2.xlsx"] {
        sandbox.run(&["triage", "A.evtx", "-o", name]).exits(0);
    }
    let read = |name| std::fs::read(sandbox.path(name)).expect("a file");
    assert!(read("1.xlsx") == read("2.xlsx"), "two runs differ");
    for i in 1..=4 {
        let sheet = member(&sandbox.path("1.xlsx"), &format!("xl/worksheets/sheet{i}.xml"));
        assert!(sheet.contains("state=\"frozen\"") && sheet.contains("<autoFilter"), "sheet {i}");
        assert!(!sheet.contains("<f>"), "sheet {i}");
    }
}

#[test]
fn an_empty_report_is_a_workbook_too() {
    let sandbox = Sandbox::new();
    sandbox.write("A.evtx", log([]));
    sandbox.run(&["triage", "A.evtx", "-o", "r.xlsx"]).exits(0);
    let sheets = sheets(&sandbox.path("r.xlsx"));
    assert_eq!(sheets["Problems"].len(), 1, "the header");
    assert_eq!(column(&sheets, "Inputs", "Path").last().map(ToString::to_string).as_deref(), Some("A.evtx"));
}

fn member(workbook: &Path, name: &str) -> String {
    let file = std::fs::File::open(workbook).expect("a file");
    let mut archive = zip::ZipArchive::new(file).expect("a ZIP archive");
    let mut text = String::new();
    archive.by_name(name).expect("a member").read_to_string(&mut text).expect("UTF-8");
    text
}
