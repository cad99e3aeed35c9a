//! What one input may cost the others: nothing.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

use krbtriage::files;
use krbtriage::scan::{Progress, ScanOptions, scan};

use super::support::{Kept, everything};
use crate::support::evtx::{EvtxWriter, kerberos_event4};

/// Panics once, outside of what reads a chunk: as if the program were wrong.
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
        let options = ScanOptions { threads, recover: false };
        let progress = PanicsOnce(AtomicBool::new(false));
        let done = scan(&inputs, &everything(), &options, &progress, Kept::default);
        let records: usize = done.visitors.iter().map(|kept| kept.0.len()).sum();
        assert_eq!(records, 2 * FILES, "what was found in the task before its panic is kept too");
        assert_eq!(done.files.iter().map(|file| file.events).sum::<u64>(), 2 * FILES as u64);
        let problems: Vec<_> = done.files.iter().flat_map(|file| &file.problems).collect();
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].contains("failed inside the program"));
    }
}
