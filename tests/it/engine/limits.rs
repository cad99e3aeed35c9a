//! A hostile or broken input does not affect the others.

use std::io::{Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use krbtriage::files;
use krbtriage::records::MAX_VALUE;
use krbtriage::scan::{Progress, ScanOptions, scan};

use super::support::{Kept, everything, read_path};
use crate::support::evtx::{EvtxWriter, kerberos_event4};

/// Panics once, outside the reader of chunks, as a bug of the program would.
struct PanicsOnce(AtomicBool);

impl Progress for PanicsOnce {
    fn total(&self, _: u64) {}

    fn advance(&self, _: u64) {
        assert!(self.0.swap(true, Ordering::Relaxed), "as if the program were wrong");
    }
}

fn log(server: usize) -> Vec<u8> {
    let mut writer = EvtxWriter::new();
    let answered = format!("srv{server}$");
    writer.push(&kerberos_event4("CLIENT1", &answered, "A.EXAMPLE", "host/srv2", "A.EXAMPLE"));
    writer.finish()
}

#[test]
fn a_panic_in_one_task_loses_nothing_else_and_is_a_problem() {
    const FILES: usize = 20;
    let folder = tempfile::tempdir().unwrap();
    for file in 0..FILES {
        std::fs::write(folder.path().join(format!("{file:02}.evtx")), log(file)).unwrap();
    }
    let mut zip = zip::ZipWriter::new(std::fs::File::create(folder.path().join("z.zip")).unwrap());
    for member in 0..FILES {
        zip.start_file(format!("{member}.evtx"), zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(&log(FILES + member)).unwrap();
    }
    zip.finish().unwrap();
    let (inputs, errors) = files::find(&[folder.path().into()]);
    assert!(errors.is_empty());
    for threads in [1, 3] {
        let options = ScanOptions { threads, ..Default::default() };
        let progress = PanicsOnce(AtomicBool::new(false));
        let done = scan(&inputs, &everything(), &options, &progress, Kept::default);
        let records: usize = done.visitors.iter().map(|kept| kept.0.len()).sum();
        assert_eq!(records, 2 * FILES, "what was found in the task before its panic is kept too");
        assert_eq!(done.files.iter().map(|file| file.events).sum::<u64>(), 2 * FILES as u64);
        let problems: Vec<_> = done.files.iter().flat_map(|file| &file.read_errors).collect();
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].contains("failed inside the program"));
    }
}

/// Attack 1: a template has one value 7,000 times, so that chunks of 64 KiB would become 7 MB each.
#[test]
fn attack_1_a_name_of_megabytes_is_cut_and_reported() {
    // Ten chunks, because a test build takes half a second for each.
    let packed = std::fs::File::open("tests/data/attack/huge-names.evtx.gz").unwrap();
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(packed).take(4096 + 10 * 65_536).read_to_end(&mut bytes).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("huge-names.evtx");
    std::fs::write(&log, bytes).unwrap();
    let (records, report) = read_path(&log, &everything());
    assert!(!records.is_empty());
    for record in &records {
        assert!(record.text_len() < 8 << 20, "record {}", record.record_id);
        assert!(record.data.iter().all(|datum| datum.value.len() < MAX_VALUE + 100));
    }
    assert!(
        report.read_errors.iter().any(|problem| problem.contains("were cut in")),
        "{:?}",
        report.read_errors
    );
}

#[cfg(unix)]
#[test]
fn attack_14_a_pipe_as_list_of_files_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0)
        .unwrap();
    let error = files::list::with_files_from(&[], Some(&pipe)).unwrap_err();
    assert!(error.to_string().contains("--files-from -"), "{error}");
}
