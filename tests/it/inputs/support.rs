//! Writes logs to a folder and scans them.

use std::io::Write;
use std::path::{Path, PathBuf};

use krbtriage::files;
use krbtriage::files::FileIndex;
use krbtriage::records::{EventFilter, Record, Selection};
use krbtriage::scan::{FileReport, RecordVisitor, ScanOptions, scan};
use tempfile::TempDir;
use zip::write::{SimpleFileOptions, ZipWriter};

use crate::support::evtx::*;

#[derive(Default)]
struct Kept(Vec<(FileIndex, Record)>);

impl RecordVisitor for Kept {
    fn record(&mut self, input: FileIndex, record: Record) {
        self.0.push((input, record));
    }
}

/// The result of a scan: records with the name of their file, and the reports of the files.
pub struct Found {
    pub records: Vec<(String, Record)>,
    pub reports: Vec<FileReport>,
}

impl Found {
    /// Record identifiers with their files, sorted.
    pub fn ids(&self) -> Vec<(&str, u64)> {
        let mut ids: Vec<_> = self.records.iter().map(|(file, r)| (file.as_str(), r.record_id)).collect();
        ids.sort();
        ids
    }

    /// The records in an order that does not depend on their files.
    pub fn sorted(&self) -> Vec<Record> {
        let mut records: Vec<_> = self.records.iter().map(|(_, r)| r.clone()).collect();
        records.sort_by_key(|r| (r.record_id, r.time, format!("{r:?}")));
        records
    }

    #[track_caller]
    pub fn report(&self, name: &str) -> &FileReport {
        let found = self.reports.iter().find(|r| &*r.path == name);
        found.unwrap_or_else(|| panic!("no {name} in {:?}", self.reports))
    }

    #[track_caller]
    pub fn only_problem(&self, name: &str) -> &str {
        let [problem] = &self.report(name).read_errors[..] else { panic!("{:?}", self.report(name)) };
        problem
    }
}

pub fn everything() -> Selection {
    Selection::new(vec![EventFilter { providers: vec![], event_ids: vec![] }])
}

pub fn event_4() -> Selection {
    let providers = vec!["Microsoft-Windows-Security-Kerberos".into(), "Kerberos".into()];
    Selection::new(vec![EventFilter { providers, event_ids: vec![3, 4] }])
}

/// A folder with files.
pub struct Folder(TempDir);

impl Folder {
    pub fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub fn file(self, name: &str, bytes: impl AsRef<[u8]>) -> Self {
        std::fs::write(self.0.path().join(name), bytes).unwrap();
        self
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn scan(&self, selection: &Selection) -> Found {
        scan_paths(&[self.0.path().into()], selection, self.0.path())
    }
}

pub fn scan_paths(paths: &[PathBuf], selection: &Selection, root: &Path) -> Found {
    let (inputs, errors) = files::find(paths);
    assert!(errors.is_empty(), "{errors:?}");
    let options = ScanOptions { threads: 2, ..Default::default() };
    let mut done = scan(&inputs, selection, &options, &(), Kept::default);
    let root = format!("{}{}", root.display(), std::path::MAIN_SEPARATOR);
    for report in &mut done.files {
        report.path = report.path.replace(&root, "").into();
    }
    let records: Vec<_> = done
        .visitors
        .into_iter()
        .flat_map(|kept| kept.0)
        .map(|(file, record)| (done.files[file as usize].path.to_string(), record))
        .collect();
    let events: u64 = done.files.iter().map(|file| file.events).sum();
    assert_eq!(events, records.len() as u64, "the reports count every event");
    Found { records, reports: done.files }
}

/// Event 4 with `n` in its names and as its record ID.
pub fn event4(n: usize) -> Event {
    kerberos_event4(
        &format!("SRV{n}.alpha.example.com"),
        &format!("srv{n}$"),
        "ALPHA.EXAMPLE.COM",
        &format!("host/srv{}.beta.example.com", n + 1),
        "BETA.EXAMPLE.COM",
    )
    .record_id(n as u64)
}

/// A log with these events 4.
pub fn log(ids: impl IntoIterator<Item = usize>) -> Vec<u8> {
    EvtxWriter::new().events(ids.into_iter().map(event4)).finish()
}

pub fn zip_of(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in members {
        if name.ends_with('/') {
            writer.add_directory(*name, SimpleFileOptions::default()).unwrap();
        } else {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(bytes).unwrap();
        }
    }
    writer.finish().unwrap().into_inner()
}

pub fn gz_of(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
