//! Files that are not as their headers say.

use std::io::{Seek, SeekFrom, Write};

use krbtriage::files::{self, Kind};
use krbtriage::records::{Selection, Wanted};
use krbtriage::scan::ScanOptions;

use crate::support::{everything, read, read_bytes, written_log};

const HEADER: usize = 4096;
const CHUNK: usize = 65536;

fn event4() -> Selection {
    Selection::new(vec![Wanted {
        providers: vec!["microsoft-windows-security-kerberos".into()],
        event_ids: vec![4],
    }])
}

#[test]
fn chunks_are_found_without_a_file_header_and_out_of_place() {
    let log = written_log(3);
    let (expected, _) = read_bytes(&log, &event4(), &ScanOptions::default());
    assert_eq!(expected.len(), 3 * 8);
    let carved = log[HEADER..].to_vec();
    let shifted = [vec![7; 12_345], log[HEADER..].to_vec(), vec![9; 500]].concat();
    let lost_header = [vec![0; HEADER], log[HEADER..].to_vec()].concat();
    let hole = [&log[..HEADER + CHUNK], &[1; 1000], &log[HEADER + CHUNK..]].concat();
    for (what, bytes) in
        [("carved", carved), ("shifted", shifted), ("lost header", lost_header), ("hole", hole)]
    {
        let (found, report) = read_bytes(&bytes, &event4(), &ScanOptions::default());
        assert_eq!(found, expected, "{what}: {report:?}");
        assert_eq!(report.kind, "evtx");
    }
}

#[test]
fn carved_chunks_across_blocks_are_found() {
    let log = written_log(1);
    let chunk = &log[HEADER..HEADER + CHUNK];
    let (one, _) = read_bytes(&log, &event4(), &ScanOptions::default());
    // Blocks are of 1 MiB: one chunk across each of their ends.
    let mut bytes = vec![3; 4 << 20];
    for end in [1 << 20, 2 << 20, 3 << 20] {
        bytes[end - 777..][..CHUNK].copy_from_slice(chunk);
    }
    let (found, _) = read_bytes(&bytes, &event4(), &ScanOptions { threads: 2, recover: false });
    assert_eq!(found.len(), 3 * one.len());
    bytes[..8].copy_from_slice(b"ElfFile\0");
    let (found, _) = read_bytes(&bytes, &event4(), &ScanOptions { threads: 2, recover: false });
    assert_eq!(found.len(), 3 * one.len());
}

#[test]
fn a_chunk_that_is_cut_off_gives_the_records_that_are_there() {
    let log = written_log(2);
    let (all, _) = read_bytes(&log, &everything(), &ScanOptions::default());
    let mut before = 0;
    for cut in [HEADER + CHUNK + 100, HEADER + CHUNK + 3000, HEADER + CHUNK + 9000, HEADER + 2 * CHUNK - 1] {
        let (found, report) = read_bytes(&log[..cut], &everything(), &ScanOptions::default());
        assert!(found.len() >= before.max(40) && found.len() <= all.len(), "{cut}: {report:?}");
        assert!(found.iter().all(|record| all.contains(record)));
        before = found.len();
    }
    assert_eq!(before, all.len());
}

/// A header is written later than its records (a log that is copied while Windows writes it).
#[test]
fn records_behind_a_stale_chunk_header_are_read() {
    let log = written_log(1);
    let (all, _) = read_bytes(&log, &everything(), &ScanOptions::default());
    let mut stale = log.clone();
    let chunk = &mut stale[HEADER..];
    // The header of when there were ten records.
    let mut at = 512;
    for _ in 0..10 {
        at += u32::from_le_bytes(chunk[at + 4..at + 8].try_into().unwrap()) as usize;
    }
    chunk[48..52].copy_from_slice(&(at as u32).to_le_bytes());
    let first = u64::from_le_bytes(chunk[24..32].try_into().unwrap());
    chunk[32..40].copy_from_slice(&(first + 9).to_le_bytes());
    let (found, _) = read_bytes(&stale, &everything(), &ScanOptions::default());
    assert_eq!(found, all);
}

#[cfg(unix)]
#[test]
#[cfg_attr(debug_assertions, ignore = "a build without optimisation looks at the zeros for minutes")]
fn a_sparse_file_of_more_than_4_gib_is_read_to_its_end() {
    let log = written_log(1);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("System.evtx");
    let mut file = std::fs::File::create(&path).unwrap();
    file.write_all(&log).unwrap();
    file.seek(SeekFrom::Start(HEADER as u64 + (5 << 30))).unwrap();
    file.write_all(&log[HEADER..]).unwrap();
    drop(file);
    let (inputs, _) = files::find(&[path]);
    let (found, reports) = read(&inputs, &event4(), &ScanOptions::default());
    assert_eq!((found.len(), reports[0].chunks), (16, 2));
}

#[test]
fn a_file_that_shrinks_or_goes_away_is_a_problem_and_not_an_end() {
    let folder = tempfile::tempdir().unwrap();
    let log = written_log(3);
    let paths: Vec<_> = ["a.evtx", "b.evtx", "c.evtx"].iter().map(|n| folder.path().join(n)).collect();
    for path in &paths {
        std::fs::write(path, &log).unwrap();
    }
    let (inputs, _) = files::find(&[folder.path().into()]);
    std::fs::write(&paths[0], &log[..HEADER + CHUNK]).unwrap();
    std::fs::remove_file(&paths[1]).unwrap();
    let (found, reports) = read(&inputs, &event4(), &ScanOptions::default());
    assert_eq!(found.len(), 8 + 24);
    assert!(reports[0].problems[0].contains("it was cut while it was read"), "{reports:?}");
    assert!(reports[1].problems[0].contains("cannot be read"), "{reports:?}");
    assert!(reports[2].problems.is_empty());
}

#[test]
fn what_was_appended_since_is_read_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.evtx");
    let log = written_log(3);
    std::fs::write(&path, &log[..HEADER + CHUNK]).unwrap();
    let (inputs, _) = files::find(std::slice::from_ref(&path));
    std::fs::write(&path, &log).unwrap();
    let (found, _) = read(&inputs, &event4(), &ScanOptions::default());
    assert_eq!(found.len(), 24);
}

#[test]
fn every_number_of_threads_finds_the_same() {
    let log = written_log(40);
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.evtx", "b.evtx"] {
        std::fs::write(folder.path().join(name), &log).unwrap();
    }
    std::fs::write(folder.path().join("readme.txt"), "hello").unwrap();
    let (inputs, _) = files::find(&[folder.path().into()]);
    assert_eq!(inputs[2].kind, Kind::Other);
    let mut results = [1, 2, 7].map(|threads| {
        let (records, reports) = read(&inputs, &everything(), &ScanOptions { threads, recover: false });
        (records, reports.iter().map(|r| (r.chunks, r.records, r.events)).collect::<Vec<_>>())
    });
    let last = results[2].clone();
    results.iter_mut().for_each(|result| assert!(*result == last));
    assert_eq!(last.1, [(40, 1600, 1600), (40, 1600, 1600), (0, 0, 0)]);
}
