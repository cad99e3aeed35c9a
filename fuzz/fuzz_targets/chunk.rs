//! Reads chunks of any bytes. The gate and the decoder end, do not panic, and find every record that the `evtx` crate finds by
//! decoding everything.
//!
//! `cargo +nightly fuzz run chunk -- -max_len=65536 -timeout=10`
#![no_main]

#[allow(dead_code, unused_imports, reason = "the tests use the rest")]
#[path = "../../tests/it/support/evtx/mod.rs"]
mod evtx;

use std::cell::RefCell;
use std::sync::LazyLock;

use evtx::chunk_of_every_layout;
use krbtriage::chunks::Chunk;
use krbtriage::records::fallback::{FallbackReader, Selector};
use krbtriage::records::reader::{ChunkReader, Counts};
use krbtriage::records::{EventFilter, ReadErrors, Record, Selection};
use libfuzzer_sys::fuzz_target;

static WHOLE: LazyLock<Vec<u8>> = LazyLock::new(chunk_of_every_layout);

static EVERYTHING: LazyLock<Selection> =
    LazyLock::new(|| Selection::new(vec![EventFilter { providers: vec![], event_ids: vec![] }]));

thread_local! {
    static READERS: RefCell<(ChunkReader, FallbackReader)> = RefCell::default();
}

fuzz_target!(|data: &[u8]| {
    let Some((how, data)) = data.split_first() else { return };
    let chunk = if how % 4 == 0 {
        // The bytes themselves, after a magic.
        [b"ElfChnk\0", data].concat()
    } else {
        // An undamaged chunk with the bytes as patches: offset (2 bytes) and value.
        let mut chunk = WHOLE.clone();
        for patch in data.as_chunks::<3>().0 {
            let at = usize::from(u16::from_le_bytes([patch[0], patch[1]]));
            // Patches go to the records, because most of the chunk is free space.
            chunk[8 + at % 12_000] = patch[2];
        }
        chunk
    };
    READERS.with_borrow_mut(|(ours, fallback)| {
        let found = by_ours(ours, &chunk, false);
        by_ours(ours, &chunk, true);
        let mut left: Vec<String> = found.iter().map(|record| format!("{record:?}")).collect();
        let chunk = Chunk { bytes: &chunk, at: 0 };
        fallback.read(chunk, Selector::All, &EVERYTHING, &mut ReadErrors::default(), |record| {
            let record = format!("{record:?}");
            let at = left.iter().position(|other| *other == record);
            left.swap_remove(at.unwrap_or_else(|| panic!("lost or changed: {record}\nfound: {left:#?}")));
        });
    });
});

fn by_ours(reader: &mut ChunkReader, chunk: &[u8], recover: bool) -> Vec<Record> {
    let mut records = Vec::new();
    reader.read(
        Chunk { bytes: chunk, at: 0 },
        &EVERYTHING,
        recover,
        &mut Counts::default(),
        &mut ReadErrors::default(),
        |record| records.push(record),
    );
    records
}
