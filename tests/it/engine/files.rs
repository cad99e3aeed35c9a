//! Files whose headers are wrong.

#[cfg(unix)]
use std::io::{Seek, SeekFrom, Write};

use krbtriage::files::{self, FileKind};
use krbtriage::records::{EventFilter, Selection};
use krbtriage::scan::ScanOptions;

use super::support::{event, everything, read, read_bytes, written_log};
use crate::support::evtx::EvtxWriter;

const HEADER: usize = 4096;
const CHUNK: usize = 65536;

fn event4() -> Selection {
    Selection::new(vec![EventFilter {
        providers: vec!["microsoft-windows-security-kerberos".into()],
        event_ids: vec![4],
    }])
}

#[test]
fn chunks_are_found_without_a_file_header_and_at_any_offset() {
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
    // One chunk crosses each end of a block of 1 MiB.
    let mut bytes = vec![3; 4 << 20];
    for end in [1 << 20, 2 << 20, 3 << 20] {
        bytes[end - 777..][..CHUNK].copy_from_slice(chunk);
    }
    let (found, _) = read_bytes(&bytes, &event4(), &ScanOptions { threads: 2, ..Default::default() });
    assert_eq!(found.len(), 3 * one.len());
    bytes[..8].copy_from_slice(b"ElfFile\0");
    let (found, _) = read_bytes(&bytes, &event4(), &ScanOptions { threads: 2, ..Default::default() });
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

/// A copy that ends after a chunk, or has zeros in place of later ones.
#[test]
fn chunks_that_a_closed_log_had_and_are_not_there_are_reported() {
    let log = written_log(3);
    let reported = |bytes: &[u8]| read_bytes(bytes, &event4(), &ScanOptions::default()).1.read_errors;
    assert_eq!(reported(&log), [""; 0]);
    let cut = &log[..HEADER + CHUNK];
    let zeros = [cut, &[0; 2 * CHUNK]].concat();
    for bytes in [cut, &zeros[..]] {
        let problems = reported(bytes);
        assert!(problems[0].contains("gives 3 chunks, but only 1"), "{problems:?}");
    }
    assert!(reported(&log[..100])[0].contains("ends within its header"));
    // The header of a log in use has earlier counts.
    let mut in_use = cut.to_vec();
    in_use[120] |= 1;
    assert_eq!(reported(&in_use), [""; 0]);
    // The counts of a damaged header are ignored.
    let mut damaged = cut.to_vec();
    damaged[42] = 200;
    assert_eq!(reported(&damaged), [""; 0]);
}

/// A header is written later than its records (a log that is copied while Windows writes it).
#[test]
fn records_after_a_stale_chunk_header_are_read() {
    let log = written_log(1);
    let (all, _) = read_bytes(&log, &everything(), &ScanOptions::default());
    let mut stale = log.clone();
    let chunk = &mut stale[HEADER..];
    // The header is from when there were ten records.
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

/// Logs that other tools joined can repeat record IDs.
#[test]
fn repeated_record_ids_do_not_end_a_chunk() {
    let log = EvtxWriter::new().events((0..796).map(|n| event(n).record_id([7, 8, 9, 7][n % 4]))).finish();
    let (found, report) = read_bytes(&log, &everything(), &ScanOptions::default());
    assert_eq!((found.len(), report.records, report.record_ids), (796, 796, Some((7, 9))), "{report:?}");
    assert_eq!(report.read_errors, Vec::<String>::new());
    // Damage to the first record of each chunk makes the reader search for records.
    let mut damaged = log.clone();
    let chunks = damaged[HEADER..].chunks_mut(CHUNK).map(|chunk| chunk[512] = 0).count();
    let (found, _) = read_bytes(&damaged, &everything(), &ScanOptions::default());
    assert_eq!(found.len(), 796 - chunks);
    // A record of an unusual shape, which the crate reads.
    let odd =
        EvtxWriter::new().events([7, 7, 7].map(|id| event(0).strings(["\u{1}"]).record_id(id))).finish();
    let (found, _) = read_bytes(&odd, &everything(), &ScanOptions::default());
    assert_eq!(found.len(), 3);
}

/// Each offset of a chunk header is wrong, alone and together with another.
#[test]
fn chunk_headers_that_lie_hide_no_record() {
    let log = written_log(1);
    let (all, _) = read_bytes(&log, &everything(), &ScanOptions::default());
    let chunk = &log[HEADER..HEADER + CHUNK];
    let ids: [u64; 2] = [24, 32].map(|at| u64::from_le_bytes(chunk[at..at + 8].try_into().unwrap()));
    let free = u32::from_le_bytes(chunk[48..52].try_into().unwrap());
    for free in [0, 100, 512, 600, free / 2, free, 65_536, 70_000, u32::MAX] {
        for (first, last) in
            [(ids[0], ids[1]), (ids[0], ids[0]), (0, 0), (ids[1], u64::MAX), (ids[0], ids[0] + 5)]
        {
            for sound in [false, true] {
                // A header with a right checksum that counts no records makes them slack.
                if sound && (free == 512 && !(first..=last).contains(&ids[0])) {
                    continue;
                }
                let mut lying = log.clone();
                let chunk = &mut lying[HEADER..HEADER + CHUNK];
                chunk[24..32].copy_from_slice(&first.to_le_bytes());
                chunk[32..40].copy_from_slice(&last.to_le_bytes());
                chunk[44..48].fill(0);
                chunk[48..52].copy_from_slice(&free.to_le_bytes());
                let checksum = crc32fast::hash(&[&chunk[..120], &chunk[128..512]].concat());
                chunk[124..128].copy_from_slice(&(checksum ^ u32::from(!sound)).to_le_bytes());
                let (found, report) = read_bytes(&lying, &everything(), &ScanOptions::default());
                assert_eq!(found, all, "free space {free}, records {first} to {last}, {sound}: {report:?}");
            }
        }
    }
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
fn a_file_that_shrinks_or_disappears_is_reported() {
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
    assert!(reports[0].read_errors[0].contains("it was cut while it was read"), "{reports:?}");
    assert!(reports[1].read_errors[0].contains("cannot be read"), "{reports:?}");
    assert!(reports[2].read_errors.is_empty());
}

#[test]
fn records_appended_during_a_scan_are_read() {
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
    assert_eq!(inputs[2].kind, FileKind::OtherText);
    let mut results = [1, 2, 7].map(|threads| {
        let (records, reports) = read(&inputs, &everything(), &ScanOptions { threads, ..Default::default() });
        (records, reports.iter().map(|r| (r.chunks, r.records, r.events)).collect::<Vec<_>>())
    });
    let last = results[2].clone();
    results.iter_mut().for_each(|result| assert!(*result == last));
    assert_eq!(last.1, [(40, 1600, 1600), (40, 1600, 1600), (0, 0, 0)]);
}
