//! The section of inputs: the files that were read, and those that could not be read.

use super::text::{sanitize, sanitize_to};
use crate::report::empty_result::outside_period;
use crate::report::numbers::{group_digits, pluralize, pluralize_as};
use crate::report::{Reading, left_out};
use crate::zone::Zone;

/// Maximum number of files in each list.
const MAX_FILES: usize = 500;
/// Maximum number of read errors of one file.
const MAX_PROBLEMS: usize = 20;

/// Longest path or read error, in characters.
const MAX_CHARS: usize = 500;

/// Content of the section.
pub(crate) struct Inputs {
    pub unread: Vec<UnreadInput>,
    pub unread_left_out: usize,
    pub notes: Vec<String>,
    pub logs: Vec<Log>,
    pub logs_left_out: usize,
    pub logs_shown: String,
    pub inventories: Vec<Inventory>,
    pub inventories_left_out: usize,
    pub inventories_shown: String,
}

/// An input that is not, or not completely, in the report.
pub(crate) struct UnreadInput {
    pub what: &'static str,
    pub path: String,
    pub problems: Vec<String>,
    /// Number of read errors that are not in `problems`.
    pub more: usize,
}

/// A log that was read.
pub(crate) struct Log {
    pub path: String,
    pub kind: String,
    pub size: String,
    pub records: String,
    pub events: String,
    pub duplicates: String,
}

/// An inventory or account list.
pub(crate) struct Inventory {
    pub path: String,
    pub kind: String,
    pub rows: String,
    pub hosts: String,
}

impl Inputs {
    pub(crate) fn new(read: &Reading<'_>, zone: &Zone) -> Self {
        let text = |t: &str| sanitize_to(t, MAX_CHARS);
        let unfound = read.unfound.iter().map(|e| UnreadInput {
            what: "not found or not readable",
            path: text(&e.path.display().to_string()),
            problems: vec![text(&e.to_string())],
            more: 0,
        });
        let file = |what, path: &str, problems: &[String]| {
            (!problems.is_empty()).then(|| UnreadInput {
                what,
                path: text(path),
                problems: problems.iter().take(MAX_PROBLEMS).map(|p| text(p)).collect(),
                more: problems.len().saturating_sub(MAX_PROBLEMS),
            })
        };
        let logs = read.logs.iter().filter_map(|f| file("log, not fully read", &f.path, &f.read_errors));
        let lists = read.inventories.iter().filter_map(|f| file("inventory", &f.path, &f.read_errors));
        let mut unread: Vec<UnreadInput> = unfound.chain(logs).chain(lists).collect();
        let unread_left_out = unread.len().saturating_sub(MAX_FILES);
        unread.truncate(MAX_FILES);

        let mut notes: Vec<String> = read.notes.iter().take(MAX_FILES).map(|n| sanitize(n)).collect();
        notes.extend(outside_period(read, zone));
        for log in read.logs.iter().take(MAX_FILES) {
            notes.extend(log.notes.iter().take(3).map(|n| format!("{}: {}", text(&log.path), text(n))));
        }
        if read.duplicates > 0 {
            let records = pluralize(read.duplicates, "record");
            notes.push(format!("{records} appeared in more than one export. Each counts once."));
        }
        if read.already_reported > 0 {
            notes.push(format!(
                "{} had been counted by an earlier run.",
                pluralize(read.already_reported, "event")
            ));
        }
        notes.extend(left_out(read.dropped));
        let logs: Vec<_> = read.logs.iter().filter(|f| f.was_read()).collect();
        Self {
            unread,
            unread_left_out,
            notes,
            logs: logs
                .iter()
                .take(MAX_FILES)
                .map(|f| Log {
                    path: text(&f.path),
                    kind: f.kind.to_owned(),
                    size: indicatif::HumanBytes(f.bytes).to_string(),
                    records: group_digits(f.records),
                    events: group_digits(f.events),
                    duplicates: group_digits(f.duplicates),
                })
                .collect(),
            logs_left_out: logs.len().saturating_sub(MAX_FILES),
            logs_shown: pluralize(logs.len() as u64, "log"),
            inventories: read
                .inventories
                .iter()
                .take(MAX_FILES)
                .map(|f| Inventory {
                    path: text(&f.path),
                    kind: if f.kind.is_empty() { "not recognised".to_owned() } else { f.kind.to_owned() },
                    rows: group_digits(f.rows),
                    hosts: group_digits(f.hosts),
                })
                .collect(),
            inventories_left_out: read.inventories.len().saturating_sub(MAX_FILES),
            inventories_shown: pluralize_as(read.inventories.len() as u64, "inventory", "inventories"),
        }
    }
}
