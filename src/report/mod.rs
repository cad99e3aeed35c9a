//! The report: converts findings to bytes. Files appear whole or not at all.

pub mod baseline;
pub(crate) mod collect_next;
pub mod csv;
pub mod empty_result;
mod csv_writer;
pub mod events;
pub mod external_sort;
pub(crate) mod fix;
pub mod format;
pub mod item;
pub mod new_problems;
pub(crate) mod in_order;
pub mod json;
pub(crate) mod local_time;
pub mod numbers;
pub mod page;
pub mod text_writer;
pub mod problem;
pub mod row;
pub mod run_summary;
pub mod saved;
pub mod surroundings;

pub mod text;
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

/// Everything that a report can contain. Each format writes the parts that it has a place for.
#[derive(Debug, Clone, Copy)]
pub struct Report<'a> {
    pub rows: &'a [Row],
    /// The same rows, grouped by what one fix ends.
    pub problems: &'a [Problem],
    /// The status is against an earlier report.
    pub compared: bool,
    /// The zone of the times in formats for people.
    pub zone: &'a Zone,
    pub read: Reading<'a>,
    /// `--title`, for the page.
    pub title: Option<&'a str>,
    /// Every event, where a format asks for them ([`Format::needs_events`]).
    pub events: Option<&'a SortedEvents>,
}

/// The inputs of the report, and what could not be read.
#[derive(Debug, Clone, Copy)]
pub struct Reading<'a> {
    /// The period of `--since` and `--until`.
    pub period: Period,
    /// Events that it left out.
    pub outside: OutsidePeriod,
    /// Related events and machines in the logs, apart from event 4.
    pub surroundings: &'a Surroundings,
    pub logs: &'a [FileReport],
    pub inventories: &'a [InventoryFile],
    /// Paths that could not be read.
    pub unfound: &'a [FileError],
    /// Notes from the state.
    pub notes: &'a [String],
    /// Records that an earlier input also holds.
    pub duplicates: u64,
    /// Events that an earlier run had counted.
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

/// Sentences about the data left out.
pub fn left_out(dropped: Dropped) -> Vec<String> {
    let mut sentences = Vec::new();
    if dropped.events > 0 {
        sentences.push(format!(
            "{} of incidents are not in the report: there are too many incidents. Triage fewer logs at once.",
            numbers::counted(dropped.events, "event")
        ));
    }
    if dropped.signals > 0 {
        sentences.push(format!(
            "{} were left out: there are too many different ones. A cause may have less confidence for it.",
            numbers::counted(dropped.signals, "other event")
        ));
    }
    if dropped.undiagnosed > 0 {
        sentences.push(format!(
            "{} without a diagnosis: krbtriage failed, which is a bug. Report it with these inputs.",
            numbers::counted(dropped.undiagnosed, "incident")
        ));
    }
    sentences
}
