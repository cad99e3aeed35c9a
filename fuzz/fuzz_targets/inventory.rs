//! Reads texts as address inventories. Nothing panics or hangs, UTF-8 and UTF-16 give the same rows, and the output of
//! `krbtriage inventory` reads back the same.
//!
//! `cargo +nightly fuzz run inventory fuzz/corpus/inventory fuzz/seeds/inventory`

#![no_main]

use krbtriage::commands::inventory::write_csv;
use krbtriage::inventory::addresses::{AddressInventory, LoadOptions, OwnedAddress, load_bytes};
use krbtriage::text::escape::escape_control;
use libfuzzer_sys::fuzz_target;

fn read(bytes: &[u8]) -> AddressInventory {
    load_bytes("srv9.txt", bytes, &LoadOptions::default())
}

/// A row without its line. Control characters are visible escapes, as in a file that the program writes.
fn rows(inventory: &AddressInventory) -> Vec<OwnedAddress> {
    let mut rows = inventory.owned.clone();
    for row in &mut rows {
        row.source.line = 0;
        row.host = escape_control(&row.host).into();
        for text in [&mut row.interface, &mut row.description].into_iter().flatten() {
            *text = escape_control(text).into();
        }
    }
    rows
}

/// Removes the apostrophe before a formula, also after a `;`, because `'=x` and `=x` are both written as `'=x`.
fn is_guarded(row: &OwnedAddress) -> bool {
    [Some(&row.host), row.interface.as_ref(), row.description.as_ref()]
        .into_iter()
        .flatten()
        .flat_map(|text| text.split(';'))
        .any(|part| part.trim_start_matches(' ').starts_with('\''))
}

fuzz_target!(|bytes: &[u8]| {
    let read_once = read(bytes);
    let lines = bytes.iter().filter(|b| **b == b'\n').count() as u64 + 1;
    let file = &read_once.files[0];
    assert!(read_once.owned.iter().all(|row| row.source.line <= lines && !row.host.is_empty()));
    assert!(file.rows > 0 || read_once.owned.is_empty());

    // A text is the same text in another encoding. (UTF-16 without a mark is recognised by its zeros.)
    if let Ok(text) = std::str::from_utf8(bytes)
        && !text.contains(['\0', '\u{feff}'])
        && !file.kind.contains("capture")
        // UTF-16 does not have the magic of a log or an archive (that of tar is at offset 257).
        && bytes.get(257..262) != Some(b"ustar")
        && !file.read_errors.iter().any(|problem| problem.starts_with("this is"))
    {
        let utf16: Vec<u8> =
            [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        let again = read(&utf16);
        assert_eq!(again.files[0].kind, file.kind);
        assert_eq!(again.owned, read_once.owned);
        assert_eq!(again.files[0].read_errors, file.read_errors);
    }

    if !read_once.owned.is_empty() && !read_once.owned.iter().any(is_guarded) {
        let mut written = Vec::new();
        write_csv(&read_once, &mut written).expect("memory takes all");
        let again = read(&written);
        assert_eq!(again.files[0].read_errors, Vec::<String>::new());
        assert_eq!(rows(&again), rows(&read_once));
    }
});
