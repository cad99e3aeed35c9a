//! Writes the report as an Excel workbook with sheets of problems, incidents, events and inputs, for people who filter and sort.
//! Programs read the CSV instead.
//!
//! Sheets are written row by row into temporary files, so memory does not grow with the rows. The same report gives the same
//! bytes.

mod sheet;

use std::io::{self, Seek, SeekFrom, Write};

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook, XlsxError};

use super::empty_result::outside_period;
use super::events::{EventRow, SortedEvents};
use super::fix::Fix;
use super::item::RequestItem;
use super::local_time::in_zone;
use super::numbers::{group_digits, pluralize};
use super::{Problem, Reading, Report, Row, Status, left_out};
use crate::diagnosis::{Confidence, Kind};
use crate::zone::Zone;
use sheet::{Cell, Fill, Formats, LeftOut, MAX_ROWS, Sheet};

// Titles of the columns of each sheet, with their widths in characters. `(UTC)` becomes the zone of the report.

const PROBLEMS: [(&str, u16); 15] = [
    ("Problem", 60),
    ("Status", 11),
    ("Confidence", 12),
    ("Cause", 20),
    ("Kind", 22),
    ("Fix this", 32),
    ("Incidents", 10),
    ("New", 8),
    ("Events", 10),
    ("First seen (UTC)", 20),
    ("Last seen (UTC)", 20),
    ("Clients", 28),
    ("Targets", 32),
    ("Fix", 80),
    ("Problem ID", 20),
];

const INCIDENTS: [(&str, u16); 22] = [
    ("Incident", 60),
    ("Status", 11),
    ("Confidence", 12),
    ("Cause", 20),
    ("Kind", 22),
    ("Client", 24),
    ("Answered by", 20),
    ("Target SPN", 32),
    ("Shared addresses", 18),
    ("Events", 10),
    ("First seen (UTC)", 20),
    ("Last seen (UTC)", 20),
    ("Explanation", 70),
    ("Evidence", 80),
    ("Collect next", 70),
    ("Fix", 80),
    ("Fix this", 32),
    ("Target realm", 22),
    ("Client realm", 22),
    ("Logs", 40),
    ("Incident ID", 20),
    ("Problem ID", 20),
];

const EVENTS: [(&str, u16); 13] = [
    ("Time (UTC)", 20),
    ("Client", 24),
    ("Channel", 12),
    ("Record ID", 12),
    ("Event ID", 9),
    ("Provider", 36),
    ("Answered by", 20),
    ("Target SPN", 32),
    ("Target realm", 22),
    ("Client realm", 22),
    ("RecordOrigin", 8),
    ("Log", 40),
    ("Incident ID", 20),
];

const INPUTS: [(&str, u16); 9] = [
    ("Input", 14),
    ("Path", 60),
    ("Kind", 20),
    ("Bytes", 16),
    ("Records or rows", 16),
    ("Events", 10),
    ("Duplicates", 11),
    ("Not read", 70),
    ("Notes", 70),
];

/// Rows from which a sheet may be longer than 4 GiB, so that the file needs ZIP64.
const MANY_ROWS: usize = 100_000;

/// Writes the workbook.
pub fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    write_within(report, MAX_ROWS, out)
}

fn write_within(report: &Report<'_>, max_rows: u32, out: &mut dyn Write) -> io::Result<()> {
    let mut workbook = Workbook::new();
    let created = ExcelDateTime::from_ymd(2000, 1, 1).map_err(xlsx_error)?;
    let properties = DocProperties::new().set_title("krbtriage report").set_creation_datetime(&created);
    workbook.set_properties(&properties);
    let formats = Formats::new(report.zone);
    let left_out = [
        ("Problems", problems(&mut workbook, &formats, report, max_rows).map_err(xlsx_error)?),
        ("Incidents", incidents(&mut workbook, &formats, report, max_rows).map_err(xlsx_error)?),
        ("Events", events(&mut workbook, &formats, report.events, max_rows)?),
    ];
    let many = report.rows.len() > MANY_ROWS || left_out.iter().any(|(_, l)| l.rows > 0);
    inputs(&mut workbook, &formats, report, &left_out, max_rows).map_err(xlsx_error)?;
    workbook.use_zip_large_file(many);
    let mut file = tempfile::tempfile()?;
    workbook.save_to_writer(io::BufWriter::new(&mut file)).map_err(xlsx_error)?;
    file.seek(SeekFrom::Start(0))?;
    io::copy(&mut file, out).map(drop)
}

fn problems(
    workbook: &mut Workbook,
    formats: &Formats,
    report: &Report<'_>,
    max_rows: u32,
) -> Result<LeftOut, XlsxError> {
    let mut sheet = Sheet::new(workbook, "Problems", &PROBLEMS, formats, max_rows)?;
    report.problems.iter().try_for_each(|problem| sheet.row(problem_cells(problem)))?;
    sheet.finish()
}

fn problem_cells(problem: &Problem) -> Vec<Cell> {
    vec![
        Cell::Text(problem.heading().to_owned()),
        status(problem.status),
        confidence(problem.confidence),
        Cell::Text(problem.cause.to_string()),
        Cell::Text(kind(problem.kind)),
        Cell::Text(problem.name().to_owned()),
        Cell::Number(problem.incidents.len() as u64),
        Cell::Number(problem.new as u64),
        Cell::Number(problem.events),
        Cell::Time(problem.first_seen.clone()),
        Cell::Time(problem.last_seen.clone()),
        Cell::List(problem.clients.clone()),
        Cell::List(problem.targets.clone()),
        steps(&problem.fix),
        Cell::Text(problem.problem_id.clone()),
    ]
}

/// Returns the label of a kind with its identifier in the CSV.
fn kind(kind: Kind) -> String {
    format!("{} ({kind})", kind.label())
}

fn incidents(
    workbook: &mut Workbook,
    formats: &Formats,
    report: &Report<'_>,
    max_rows: u32,
) -> Result<LeftOut, XlsxError> {
    let mut sheet = Sheet::new(workbook, "Incidents", &INCIDENTS, formats, max_rows)?;
    report.rows.iter().try_for_each(|row| sheet.row(incident_cells(row, report.zone)))?;
    sheet.finish()
}

fn incident_cells(row: &Row, zone: &Zone) -> Vec<Cell> {
    let evidence = row.evidence.iter().map(|item| in_zone(&item.to_string(), zone).into_owned());
    vec![
        Cell::Text(row.title.to_string()),
        status(row.status),
        confidence(row.confidence),
        Cell::Text(row.cause.to_string()),
        Cell::Text(kind(row.kind)),
        Cell::Text(row.client.clone()),
        Cell::Text(row.answered_by.clone()),
        Cell::Text(row.target_spn.clone()),
        Cell::List(row.shared_addresses.clone()),
        Cell::Number(row.events),
        Cell::Time(row.first_seen.clone()),
        Cell::Time(row.last_seen.clone()),
        Cell::Text(row.explanation.to_string()),
        Cell::List(evidence.collect()),
        Cell::List(row.missing.iter().map(|item: &RequestItem| item.text().into_owned()).collect()),
        steps(&row.fix),
        Cell::Text(row.problem.to_string()),
        Cell::Text(row.target_realm.clone()),
        Cell::Text(row.client_realm.clone()),
        Cell::List(row.logs.clone()),
        Cell::Text(row.incident_id.clone()),
        Cell::Text(row.problem_id.clone()),
    ]
}

fn events(
    workbook: &mut Workbook,
    formats: &Formats,
    events: Option<&SortedEvents>,
    max_rows: u32,
) -> io::Result<LeftOut> {
    let mut sheet = Sheet::new(workbook, "Events", &EVENTS, formats, max_rows).map_err(xlsx_error)?;
    if let Some(events) = events {
        events.for_each(|event| sheet.row(event_cells(event)).map_err(xlsx_error))?;
    }
    sheet.finish().map_err(xlsx_error)
}

fn event_cells(event: &EventRow) -> Vec<Cell> {
    let text = |text: &str| Cell::Text(text.to_owned());
    vec![
        Cell::Time(event.time_created.to_string()),
        text(&event.client),
        text(&event.channel),
        Cell::Number(event.record_id),
        Cell::Number(event.event_id.into()),
        text(&event.provider),
        text(&event.answered_by),
        text(&event.target_spn),
        text(&event.target_realm),
        text(&event.client_realm),
        text(&event.origin),
        text(&event.log),
        text(&event.incident_id),
    ]
}

fn inputs(
    workbook: &mut Workbook,
    formats: &Formats,
    report: &Report<'_>,
    sheets: &[(&str, LeftOut)],
    max_rows: u32,
) -> Result<(), XlsxError> {
    let read = &report.read;
    let mut sheet = Sheet::new(workbook, "Inputs", &INPUTS, formats, max_rows)?;
    let text = |text: &str| Cell::Text(text.to_owned());
    let none = || Cell::Text(String::new());
    // Notes come first, because a million inputs could fill the sheet.
    for note in notes(read, report.zone, sheets) {
        let mut cells = vec![text("Note")];
        cells.extend((0..7).map(|_| none()));
        cells.push(Cell::Text(note));
        sheet.row(cells)?;
    }
    for error in read.unfound {
        let mut cells = vec![text("Not found"), Cell::Text(error.path.display().to_string())];
        cells.extend((0..5).map(|_| none()));
        cells.push(Cell::Text(error.to_string()));
        sheet.row(cells)?;
    }
    for log in read.logs {
        sheet.row(vec![
            text("Log"),
            text(&log.path),
            text(log.kind),
            Cell::Number(log.bytes),
            Cell::Number(log.records),
            Cell::Number(log.events),
            Cell::Number(log.duplicates),
            Cell::List(log.read_errors.clone()),
            Cell::List(log.notes.clone()),
        ])?;
    }
    for file in read.inventories {
        sheet.row(vec![
            text("Inventory"),
            text(&file.path),
            text(file.kind),
            none(),
            Cell::Number(file.rows),
            none(),
            none(),
            Cell::List(file.read_errors.clone()),
            Cell::List(file.notes.clone()),
        ])?;
    }
    sheet.finish().map(drop)
}

/// Returns the notes that do not belong to one input.
fn notes(read: &Reading<'_>, zone: &Zone, sheets: &[(&str, LeftOut)]) -> Vec<String> {
    let mut notes = vec![format!("Times are {zone}.")];
    notes.extend(outside_period(read, zone));
    notes.extend(read.notes.iter().cloned());
    for (name, left_out) in sheets {
        if left_out.rows > 0 {
            notes.push(format!(
                "Sheet {name}: {} did not fit, because Excel has {} rows per sheet. The CSV has them.",
                pluralize(left_out.rows, "row"),
                group_digits(MAX_ROWS.into())
            ));
        }
        if left_out.cells > 0 {
            notes.push(format!(
                "Sheet {name}: {} cut, because Excel has {} characters per cell. The CSV has the whole text.",
                pluralize(left_out.cells, "cell"),
                group_digits(sheet::MAX_CELL as u64)
            ));
        }
    }
    notes.extend(left_out(read.dropped));
    notes
}

fn steps(fix: &Fix) -> Cell {
    Cell::List(fix.steps().iter().map(|step| step.text().into_owned()).collect())
}

fn confidence(confidence: Confidence) -> Cell {
    let fill = match confidence {
        Confidence::Confirmed => Fill::Red,
        Confidence::Likely => Fill::Orange,
        Confidence::Possible => Fill::Yellow,
    };
    Cell::Coloured(confidence.to_string(), fill)
}

fn status(status: Status) -> Cell {
    let fill = match status {
        Status::New => Fill::Orange,
        Status::Reopened => Fill::Red,
        Status::Ongoing => Fill::Grey,
        Status::Resolved => Fill::Green,
    };
    Cell::Coloured(status.name().to_owned(), fill)
}

/// Converts an error of the library. An I/O error stays one, so that its kind is known.
fn xlsx_error(error: XlsxError) -> io::Error {
    match error {
        XlsxError::IoError(error) => error,
        other => io::Error::other(other.to_string()),
    }
}

#[cfg(test)]
mod tests;
