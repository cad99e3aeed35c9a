//! The report: converts findings to rows, and writes them in each format.
//!
//! `item`, `fix`, `row` and `problem` are the data. `numbers`, `local_time`, `text_writer`, `csv_writer`, `in_order` and
//! `external_sort` are tools of the writers. `csv`, `json`, `text`, `page` and `xlsx` each write one format, and `format` chooses
//! among them. `events`, `new_problems` and `run_summary` write the other outputs of a run. `saved_file` and `baseline` read an earlier
//! report.

pub mod baseline;
pub(crate) mod collect_next;
pub mod csv;
mod csv_writer;
pub mod empty_result;
pub mod events;
pub mod external_sort;
pub(crate) mod fix;
pub mod format;
pub(crate) mod in_order;
pub mod item;
pub mod json;
pub(crate) mod local_time;
pub mod new_problems;
pub mod numbers;
pub mod page;
pub mod problem;
pub mod row;
pub mod run_summary;
pub mod saved_file;
pub mod surroundings;
pub mod text;
pub mod text_writer;
pub mod xlsx;

pub use csv_writer::CsvWriter;
pub use events::{EventFormat, EventSpool, SortedEvents};
pub use fix::Fix;
pub use format::{Format, Target};
pub use problem::{PROBLEM_COLUMNS, Problem};
pub use row::{COLUMNS, Row, Status};
pub use surroundings::Surroundings;
pub use text_writer::TextLayout;

use crate::files::FileError;
use crate::incidents::{Dropped, OutsidePeriod, Period};
use crate::inventory::InventoryFile;
use crate::scan::FileReport;
use crate::zone::Zone;

/// Content of a report. Each format writes a part of it.
#[derive(Debug, Clone, Copy)]
pub struct Report<'a> {
    pub rows: &'a [Row],
    /// The same rows grouped into problems.
    pub problems: &'a [Problem],
    /// Whether the statuses result from a comparison with an earlier report.
    pub compared: bool,
    /// Zone of the times in formats for people.
    pub zone: &'a Zone,
    pub read: Reading<'a>,
    /// Title of the page.
    pub title: Option<&'a str>,
    /// Every event, if a format needs them ([`Format::needs_events`]).
    pub events: Option<&'a SortedEvents>,
}

/// Results of reading the inputs of a report.
#[derive(Debug, Clone, Copy)]
pub struct Reading<'a> {
    /// The period of `--since` and `--until`.
    pub period: Period,
    /// Events that the period left out.
    pub outside: OutsidePeriod,
    /// Machines and related events in the logs, apart from event 4.
    pub surroundings: &'a Surroundings,
    pub logs: &'a [FileReport],
    pub inventories: &'a [InventoryFile],
    /// Paths that could not be accessed.
    pub unfound: &'a [FileError],
    /// Notes that do not belong to one input.
    pub notes: &'a [String],
    /// Number of records that more than one log has.
    pub duplicates: u64,
    /// Number of events that an earlier run counted.
    pub already_reported: u64,
    /// Data left out because a limit was reached.
    pub dropped: Dropped,
}

impl Default for Reading<'_> {
    fn default() -> Self {
        static NOTHING: Surroundings = Surroundings { computers: Vec::new(), trouble: Vec::new() };
        Self {
            period: Period::default(),
            outside: OutsidePeriod::default(),
            surroundings: &NOTHING,
            logs: &[],
            inventories: &[],
            unfound: &[],
            notes: &[],
            duplicates: 0,
            already_reported: 0,
            dropped: Dropped::default(),
        }
    }
}

/// Makes sentences about data that was left out because a limit was reached.
pub fn left_out(dropped: Dropped) -> Vec<String> {
    let mut sentences = Vec::new();
    if dropped.events > 0 {
        sentences.push(format!(
            "{} of incidents are not in the report: there are too many incidents. Triage fewer logs at once.",
            numbers::pluralize(dropped.events, "event")
        ));
    }
    if dropped.signals > 0 {
        sentences.push(format!(
            "{} were left out: there are too many different ones. A cause may have less confidence for it.",
            numbers::pluralize(dropped.signals, "other event")
        ));
    }
    if dropped.undiagnosed > 0 {
        sentences.push(format!(
            "{} without a diagnosis: krbtriage failed, which is a bug. Report it with these inputs.",
            numbers::pluralize(dropped.undiagnosed, "incident")
        ));
    }
    sentences
}
