//! Scanning in memory-sized tests: inputs on disk, records in a vector.

use std::path::{Path, PathBuf};

use krbtriage::files::{self, Input};
use krbtriage::records::{Record, Selection, Wanted};
use krbtriage::scan::{Collector, FileIndex, FileReport, ScanOptions, scan};

/// Keeps every record.
#[derive(Default)]
pub struct Kept(pub Vec<(FileIndex, Record)>);

impl Collector for Kept {
    fn record(&mut self, input: FileIndex, record: Record) {
        self.0.push((input, record));
    }
}

/// The real logs, or `None` with a message.
pub fn real_logs() -> Option<Vec<PathBuf>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/evtx");
    let folder = [folder, "/work/shared/data/evtx".into()].into_iter().find(|folder| folder.is_dir());
    let Some(folder) = folder else {
        eprintln!("skipped: the real logs (../shared/data/evtx) are not on this machine");
        return None;
    };
    let mut logs: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "evtx"))
        .collect();
    logs.sort();
    assert!(logs.len() >= 12, "{logs:?}");
    Some(logs)
}

pub fn everything() -> Selection {
    Selection::new(vec![Wanted { providers: vec![], event_ids: vec![] }])
}

/// Records of all inputs in a fixed order, and the reports.
pub fn read(
    inputs: &[Input],
    selection: &Selection,
    options: &ScanOptions,
) -> (Vec<Record>, Vec<FileReport>) {
    let done = scan(inputs, selection, options, &(), Kept::default);
    let mut records: Vec<_> = done.collectors.into_iter().flat_map(|kept| kept.0).collect();
    let events: u64 = done.files.iter().map(|file| file.events).sum();
    assert_eq!(events, records.len() as u64, "the reports count every event");
    records.sort_by(|a, b| key(a).cmp(&key(b)));
    (records.into_iter().map(|(_, r)| r).collect(), done.files)
}

fn key((file, record): &(FileIndex, Record)) -> (FileIndex, u64, jiff::Timestamp, &str, String) {
    (*file, record.record_id, record.time, &record.provider, format!("{:?}", record.data))
}

pub fn read_path(path: &Path, selection: &Selection) -> (Vec<Record>, FileReport) {
    let (inputs, errors) = files::find(&[path.to_path_buf()]);
    assert!(errors.is_empty(), "{errors:?}");
    let (records, mut reports) = read(&inputs, selection, &ScanOptions::default());
    (records, reports.remove(0))
}
