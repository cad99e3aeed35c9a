//! The chunk path: whatever the bytes are, the gates and the byte-level decoder end, do not panic, and find
//! every record that the `evtx` crate finds by decoding all.
//!
//! `cargo +nightly fuzz run chunk -- -max_len=65536 -timeout=10`
#![no_main]

#[path = "../../tests/support/evtx/mod.rs"]
mod evtx;

use std::cell::RefCell;
use std::sync::LazyLock;

use evtx::{
    EvtxWriter, dcom_10028, dns_client_8015, event_log, kerberos_event4, kerberos_event5, user_pnp_20001,
};
use krbtriage::records::chunk::{Chunk, ChunkReader, Counts};
use krbtriage::records::full::{FullReader, Pick};
use krbtriage::records::{Problems, Record, Selection, Wanted};
use libfuzzer_sys::fuzz_target;

const FILE_HEADER: usize = 4096;
const CHUNK: usize = 65536;

/// A sound chunk with every layout; short, so that a mutation mostly hits something.
static WHOLE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let client = "CLIENT1.alpha.example.com";
    let event4 = || kerberos_event4(client, "srv1$", "ALPHA.EXAMPLE", "host/srv2.beta.example", "BETA.EXAMPLE");
    let log = EvtxWriter::new()
        .event(event4())
        .event(event4().forwarded("The Kerberos client received"))
        .event(event_log(client, 6013, &["", "1", "60"]))
        .event(dcom_10028(client, "srv7", "svchost.exe"))
        .event(dns_client_8015(client, "client1", "alpha.example.com", &["192.0.2.1"]))
        .event(user_pnp_20001(client, "oem1.inf", "USB\\VID_04B3", "IBM USB Remote NDIS"))
        .event(kerberos_event5(client, "srv1$", "ALPHA.EXAMPLE"))
        .event(event4())
        .finish();
    log[FILE_HEADER..FILE_HEADER + CHUNK].to_vec()
});

static EVERYTHING: LazyLock<Selection> =
    LazyLock::new(|| Selection::new(vec![Wanted { providers: vec![], event_ids: vec![] }]));

thread_local! {
    static READERS: RefCell<(ChunkReader, FullReader)> = RefCell::default();
}

fuzz_target!(|data: &[u8]| {
    let Some((how, data)) = data.split_first() else { return };
    let chunk = if how % 4 == 0 {
        // The bytes themselves, behind a magic.
        [b"ElfChnk\0", data].concat()
    } else {
        // The sound chunk with the bytes as patches: place (2 bytes) and value.
        let mut chunk = WHOLE.clone();
        for patch in data.as_chunks::<3>().0 {
            let at = usize::from(u16::from_le_bytes([patch[0], patch[1]]));
            // Most of a chunk is free space; patches go where the records are.
            chunk[8 + at % 12_000] = patch[2];
        }
        chunk
    };
    READERS.with_borrow_mut(|(ours, full)| {
        let found = by_ours(ours, &chunk, false);
        by_ours(ours, &chunk, true);
        let mut left: Vec<String> = found.iter().map(|record| format!("{record:?}")).collect();
        let chunk = Chunk { bytes: &chunk, at: 0 };
        full.read(chunk, Pick::All, &EVERYTHING, &mut Problems::default(), |record| {
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
        &mut Problems::default(),
        |record| records.push(record),
    );
    records
}
