//! Flips, zeroes and cuts bytes at random offsets of logs. Nothing panics or hangs, and undamaged records are found.

use std::collections::HashMap;
use std::io::Write;
use std::path::Path;

use krbtriage::chunks::Chunk;
use krbtriage::records::fallback::{FallbackReader, Selector};
use krbtriage::records::reader::{ChunkReader, Counts};
use krbtriage::records::{ReadErrors, Record, Selection};
use krbtriage::scan::ScanOptions;

use super::support::{Random, everything, read_bytes, read_path, read_path_with, rounds, written_log};
use crate::support::data::real_logs;
use crate::support::evtx::chunk_of_every_layout;

const HEADER: usize = 4096;
const CHUNK: usize = 65536;

/// Most damages of a log and most bytes of one, in turns: few that cover whole records, and many of a few bytes. An
/// ordinary run of the tests makes some 3,000.
const ROUNDS: [(usize, usize); 2] = [(3, 20_000), (40, 8)];

/// Damages at most `longest` bytes between the offsets `from` and `to`.
fn damage(bytes: &mut [u8], from: usize, to: usize, longest: usize, random: &mut Random) {
    let at = from + random.below(to - from);
    let len = match random.below(4) {
        0 => 1,
        1 => 1 + random.below(8),
        2 => 1 + random.below(600),
        _ => 1 + random.below(20_000),
    };
    let end = (at + len.min(longest)).min(to);
    match random.below(3) {
        0 => bytes[at] ^= 1 << random.below(8),
        1 => bytes[at..end].fill(0),
        _ => bytes[at..end].iter_mut().for_each(|byte| *byte = random.below(256) as u8),
    }
}

fn by_ours(reader: &mut ChunkReader, chunk: &[u8], selection: &Selection) -> (Vec<Record>, Counts) {
    let (mut records, mut counts) = (Vec::new(), Counts::default());
    let chunk = Chunk { bytes: chunk, at: 0 };
    reader.read(chunk, selection, false, &mut counts, &mut ReadErrors::default(), |r| records.push(r));
    (records, counts)
}

fn by_crate(reader: &mut FallbackReader, chunk: &[u8], selection: &Selection) -> Vec<Record> {
    let mut records = Vec::new();
    let chunk = Chunk { bytes: chunk, at: 0 };
    reader.read(chunk, Selector::All, selection, &mut ReadErrors::default(), |r| records.push(r));
    records
}

/// The chunks to damage: all of the written log, and some of every real one.
fn chunks() -> Vec<Vec<u8>> {
    let mut logs = vec![written_log(6)];
    for path in real_logs() {
        logs.push(std::fs::read(path).unwrap());
    }
    let mut chunks = Vec::new();
    for log in logs {
        let all = log[HEADER..].chunks(CHUNK).filter(|c| c.starts_with(b"ElfChnk\0"));
        chunks.extend(all.take(6).map(<[u8]>::to_vec));
    }
    chunks
}

/// Our reader finds every record of a damaged chunk that the crate finds. It may find more, because it does not drop a
/// record for a value that it does not need.
#[test]
fn a_damaged_chunk_loses_nothing_that_the_full_decode_finds() {
    let chunks = chunks();
    let (mut ours, mut full) = (ChunkReader::default(), FallbackReader::default());
    let mut random = Random(0x5eed);
    for round in 0..rounds(200) {
        let mut chunk = chunks[random.below(chunks.len())].clone();
        let (places, longest) = ROUNDS[round % ROUNDS.len()];
        for _ in 0..1 + random.below(places) {
            // A third of the damage hits the header.
            let from = if random.below(3) == 0 { 8 } else { 512 };
            damage(&mut chunk, from, CHUNK, longest, &mut random);
        }
        if random.below(8) == 0 {
            chunk.truncate(600 + random.below(CHUNK - 600));
        }
        let (found, _) = by_ours(&mut ours, &chunk, &everything());
        let mut counted: HashMap<String, usize> = HashMap::new();
        for record in &found {
            *counted.entry(format!("{record:?}")).or_default() += 1;
        }
        for record in by_crate(&mut full, &chunk, &everything()) {
            let left = counted.get_mut(&format!("{record:?}")).filter(|left| **left > 0);
            let left = left.unwrap_or_else(|| panic!("round {round}: lost or changed {record:#?}"));
            *left -= 1;
        }
    }
}

/// A find of the fuzzer: a damaged offset gives `Provider` two attributes called `Name`.
#[test]
fn of_two_provider_names_the_same_counts_as_in_the_full_decode() {
    let mut chunk = chunk_of_every_layout();
    chunk[8 + 0xee79 % 12_000] = 0x79;
    chunk[8 + 0x3a59 % 12_000] = 0x1b;
    let mut found: Vec<_> = by_ours(&mut ChunkReader::default(), &chunk, &everything()).0;
    let full = by_crate(&mut FallbackReader::default(), &chunk, &everything());
    found.sort_by_key(|record| record.record_id);
    assert_eq!(
        found.iter().filter(|record| full.contains(record)).count(),
        full.len(),
        "{found:#?} {full:#?}"
    );
}

/// Scans damaged files. Chunks without damage give all their events.
#[test]
fn undamaged_chunks_give_all_events_whatever_happens_to_the_others() {
    let log = written_log(6);
    let (all, _) = read_bytes(&log, &everything(), &ScanOptions::default());
    assert_eq!(all.len(), 6 * 40);
    let mut reader = ChunkReader::default();
    let whole: Vec<Vec<Record>> =
        log[HEADER..].chunks(CHUNK).map(|chunk| by_ours(&mut reader, chunk, &everything()).0).collect();
    let mut random = Random(0xfee1);
    for round in 0..rounds(50) {
        let mut bytes = log.clone();
        let mut hit = [false; 6];
        let few = [random.below(6), random.below(6), random.below(6)];
        let (places, longest) = ROUNDS[round % ROUNDS.len()];
        for _ in 0..1 + random.below(places) {
            let chunk = few[random.below(few.len())];
            hit[chunk] = true;
            damage(&mut bytes, HEADER + chunk * CHUNK, HEADER + (chunk + 1) * CHUNK, longest, &mut random);
        }
        // The file header is only recognised, and none of its values is trusted.
        damage(&mut bytes, 8, HEADER, longest, &mut random);
        if random.below(4) == 0 {
            let cut = random.below(6 * CHUNK);
            bytes.truncate(HEADER + cut);
            hit[cut / CHUNK..].fill(true);
        }
        let (found, report) = read_bytes(&bytes, &everything(), &ScanOptions::default());
        let found: std::collections::HashSet<_> = found.iter().map(|r| format!("{r:?}")).collect();
        for (records, hit) in whole.iter().zip(hit) {
            for record in records.iter().filter(|_| !hit) {
                assert!(found.contains(&format!("{record:?}")), "round {round}: {record:?} {report:?}");
            }
        }
    }
}

/// The bytes in the packing that the extension of the name says.
fn packed(path: &Path, bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("gz") => {
            let mut gz = flate2::write::GzEncoder::new(&mut out, flate2::Compression::fast());
            gz.write_all(bytes).unwrap();
            gz.finish().unwrap();
        }
        Some("zip") => {
            let mut zip = zip::ZipWriter::new(std::io::Cursor::new(&mut out));
            zip.start_file("System.evtx", zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(bytes).unwrap();
            zip.finish().unwrap();
        }
        _ => out.extend(bytes),
    }
    out
}

/// Bytes of a file are missing, doubled or inserted. All other chunks are read, although they moved.
#[test]
fn undamaged_chunks_give_all_events_where_bytes_are_missing_doubled_or_inserted() {
    // More than one block of 16 chunks.
    const CHUNKS: usize = 19;
    let log = written_log(CHUNKS);
    let mut reader = ChunkReader::default();
    let whole: Vec<Vec<Record>> =
        log[HEADER..].chunks(CHUNK).map(|chunk| by_ours(&mut reader, chunk, &everything()).0).collect();
    let mut random = Random(0xde1e7e);
    let folder = tempfile::tempdir().unwrap();
    for round in 0..rounds(48) {
        // At any offset, also in the free space of a chunk, and every third time near the end of a block.
        let from = match round % 3 {
            0 => HEADER + 15 * CHUNK + random.below(2 * CHUNK),
            _ => HEADER + random.below((CHUNKS - 2) * CHUNK),
        };
        let len = [1, 2, 8, 100, 4096, CHUNK - 1, CHUNK, CHUNK + 1, 100_000][random.below(9)];
        let piece = log[from..(from + len).min(log.len())].to_vec();
        let mut bytes = log.clone();
        // The last byte that is damaged. Bytes inserted before the first byte of a chunk do not damage it.
        let last = match random.below(3) {
            0 => {
                bytes.drain(from..from + piece.len());
                from + piece.len() - 1
            }
            1 => {
                bytes.splice(from..from, piece);
                from
            }
            _ => {
                bytes.splice(from..from, (0..len).map(|n| n as u8));
                from
            }
        };
        let hit = (from - HEADER) / CHUNK..=(last - HEADER) / CHUNK;
        let path = folder.path().join(["log.evtx", "log.evtx.gz", "logs.zip"][round / 2 % 3]);
        std::fs::write(&path, packed(&path, &bytes)).unwrap();
        let options = ScanOptions { recover: round % 2 == 1, ..Default::default() };
        let (found, reports) = read_path_with(&path, &everything(), &options);
        let found: std::collections::HashSet<_> = found.iter().map(|r| format!("{r:?}")).collect();
        for (_, records) in whole.iter().enumerate().filter(|(chunk, _)| !hit.contains(chunk)) {
            for record in records {
                assert!(
                    found.contains(&format!("{record:?}")),
                    "round {round} {len}: {record:?} {reports:?}"
                );
            }
        }
        let lost = whole.iter().flatten().filter(|record| !found.contains(&format!("{record:?}"))).count();
        let is_reported = reports.iter().any(|report| !report.read_errors.is_empty());
        assert!(lost == 0 || is_reported, "round {round}: {lost} records, not reported");
    }
}

/// Attack 4: a byte is missing in the third of five chunks.
#[test]
fn attack_4_a_chunk_after_one_that_lacks_a_byte_is_read() {
    let (records, report) = read_path(Path::new("tests/data/attack/delete1.evtx.gz"), &everything());
    let ids: std::collections::BTreeSet<_> = records.iter().map(|record| record.record_id).collect();
    assert!((670..=892).all(|id| ids.contains(&id)), "the whole fourth chunk");
    assert!(!report.read_errors.is_empty());
}

/// Random bytes after the magic of a log.
#[test]
fn noise_ends() {
    let mut random = Random(7);
    for _ in 0..rounds(6) {
        let mut bytes: Vec<u8> = (0..3 * CHUNK).map(|_| random.below(256) as u8).collect();
        bytes[..8].copy_from_slice(b"ElfFile\0");
        for slot in 0..2 {
            bytes[HEADER + slot * CHUNK..][..8].copy_from_slice(b"ElfChnk\0");
        }
        for recover in [false, true] {
            let options = ScanOptions { recover, ..Default::default() };
            read_bytes(&bytes, &everything(), &options);
        }
    }
}

/// A chunk of 8,192 magics, each of which could begin a chunk. The time must not grow with their square.
#[test]
fn a_file_of_nothing_but_magics_is_read_in_reasonable_time() {
    let bytes = b"ElfChnk\0".repeat(2 * CHUNK / 8);
    let start = std::time::Instant::now();
    read_bytes(&bytes, &everything(), &ScanOptions::default());
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
}

#[test]
fn wrong_checksums_are_counted_and_drop_nothing() {
    let log = written_log(2);
    let (all, report) = read_bytes(&log, &everything(), &ScanOptions::default());
    assert_eq!(report.bad_checksums, 0);
    let mut bytes = log.clone();
    // The header's checksum of the second chunk.
    bytes[HEADER + CHUNK + 124] ^= 1;
    let (found, report) = read_bytes(&bytes, &everything(), &ScanOptions::default());
    assert_eq!((found, report.bad_checksums), (all, 1));
}
