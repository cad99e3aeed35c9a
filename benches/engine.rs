//! Measures each step of reading one chunk of 64 KiB: `cargo bench --bench engine`.
//!
//! For comparison, a plain read of a chunk from the page cache takes some 7 us on one core.

#[allow(dead_code, unused_imports, reason = "the tests use the rest")]
#[path = "../tests/it/support/evtx/mod.rs"]
mod evtx;

use divan::{Bencher, black_box};
use evtx::{EvtxWriter, dcom_10028, event_log, kerberos_event4, kerberos_event5, service_state};
use krbtriage::chunks::header::ChunkHeader;
use krbtriage::chunks::{CHUNK_LEN, Carver, Chunk, FILE_HEADER_LEN, FileBlock};
use krbtriage::events;
use krbtriage::events::DedupIndex;
use krbtriage::incidents::{IncidentBuilder, Period};
use krbtriage::records::fallback::{FallbackReader, Selector};
use krbtriage::records::gate::Gate;
use krbtriage::records::reader::{ChunkReader, Counts};
use krbtriage::records::{ReadErrors, Record, Selection};
use krbtriage::scan::RecordVisitor;

fn main() {
    divan::main();
}

/// Kinds of chunks by the events in them.
const KINDS: [&str; 3] = ["no Kerberos", "one event 4 in ten", "event 4 only"];

fn chunk(kind: &str) -> Vec<u8> {
    let client = "CLIENT1.alpha.example.com";
    let event4 = |n: usize| {
        let (server, target) = (format!("srv{n:03}$"), format!("host/srv{:03}.beta.example.com", n + 1));
        kerberos_event4(client, &server, "ALPHA.EXAMPLE.COM", &target, "BETA.EXAMPLE.COM")
    };
    let mut writer = EvtxWriter::new();
    for n in 0..110 {
        writer.push(&match (kind, n % 10) {
            ("no Kerberos", 0..4) => service_state(client, "Windows Update", "running"),
            ("no Kerberos", 4..7) => dcom_10028(client, "srv7", "svchost.exe"),
            ("no Kerberos", _) => event_log(client, 6013, &["", "", "", "", "86400", "60", "0"]),
            ("event 4 only", _) | (_, 0) => event4(n),
            _ => kerberos_event5(client, "srv1$", "ALPHA.EXAMPLE.COM"),
        });
    }
    writer.finish()[FILE_HEADER_LEN..FILE_HEADER_LEN + CHUNK_LEN].to_vec()
}

/// Finds the chunks of a block by the magic at the start of each slot.
#[divan::bench]
fn find_16_chunks(bencher: Bencher<'_, '_>) {
    let block = chunk(KINDS[0]).repeat(16);
    let carver = Carver::default();
    let block = FileBlock { bytes: &block, len: block.len(), slots: true };
    bencher.bench_local(|| {
        carver.find(
            black_box(block),
            |_| true,
            |found| {
                black_box(found);
                true
            },
        )
    });
}

/// Verifies a checksum: the header's, which is verified for every chunk, or the records', only after an error.
#[divan::bench(args = ["header", "records"])]
fn checksum(bencher: Bencher<'_, '_>, which: &str) {
    let bytes = chunk(KINDS[0]);
    let header = ChunkHeader::parse(&bytes).unwrap();
    bencher.bench_local(|| match which {
        "header" => header.header_is_sound(black_box(&bytes)),
        _ => header.records_are_sound(black_box(&bytes)),
    });
}

/// Runs the gate with the selection of a triage.
#[divan::bench(args = KINDS)]
fn gate(bencher: Bencher<'_, '_>, kind: &str) {
    let (bytes, selection) = (chunk(kind), events::selection());
    let header = ChunkHeader::parse(&bytes).unwrap();
    let mut gate = Gate::default();
    bencher.bench_local(|| gate.walk(black_box(&bytes), &header, &selection));
}

fn read(bencher: Bencher<'_, '_>, kind: &str, selection: &Selection, mut each: impl FnMut(Record)) {
    let bytes = chunk(kind);
    let mut reader = ChunkReader::default();
    bencher.bench_local(|| {
        let chunk = Chunk { bytes: black_box(&bytes), at: 0 };
        reader.read(chunk, selection, false, &mut Counts::default(), &mut ReadErrors::default(), &mut each)
    });
}

/// Runs the gate and decodes the records that pass it.
#[divan::bench(args = KINDS)]
fn gate_and_decode(bencher: Bencher<'_, '_>, kind: &str) {
    read(bencher, kind, &events::selection(), |record| drop(black_box(record)));
}

/// Runs the gate, decodes, and builds incidents. After the first round every record is a duplicate.
#[divan::bench(args = KINDS)]
fn gate_decode_and_group(bencher: Bencher<'_, '_>, kind: &str) {
    let seen = DedupIndex::default();
    let mut builder = IncidentBuilder::new(&seen, Period::default());
    read(bencher, kind, &events::selection(), |record| builder.record(0, record));
}

/// Decodes all records and renders them as XML with the `evtx` crate.
#[divan::bench(args = KINDS)]
fn full_decode(bencher: Bencher<'_, '_>, kind: &str) {
    let (bytes, selection) = (chunk(kind), events::selection());
    let mut reader = FallbackReader::default();
    bencher.bench_local(|| {
        let chunk = Chunk { bytes: black_box(&bytes), at: 0 };
        reader.read(chunk, Selector::All, &selection, &mut ReadErrors::default(), |record| {
            drop(black_box(record))
        })
    });
}
