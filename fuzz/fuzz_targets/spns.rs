//! Reads texts as SPN lists and indexes their accounts. Nothing panics or hangs, and UTF-8 and UTF-16 give the same accounts.
//!
//! `cargo +nightly fuzz run spns fuzz/corpus/spns fuzz/seeds/spns`

#![no_main]

use std::path::PathBuf;
use std::sync::LazyLock;

use krbtriage::inventory::accounts::{AccountInventory, HostAliases, SpnIndex, load};
use libfuzzer_sys::fuzz_target;

/// The path of the file that is read, one for each process. It is in memory where the system has such a folder.
static FILE: LazyLock<PathBuf> = LazyLock::new(|| {
    let memory = PathBuf::from("/dev/shm");
    let folder = if memory.is_dir() { memory } else { std::env::temp_dir() };
    folder.join(format!("krbtriage-fuzz-spns-{}", std::process::id()))
});

fn read(bytes: &[u8]) -> AccountInventory {
    std::fs::write(&*FILE, bytes).expect("a file can be written");
    load(std::slice::from_ref(&*FILE))
}

fuzz_target!(|bytes: &[u8]| {
    let inventory = read(bytes);
    let lines = bytes.iter().filter(|b| **b == b'\n').count() as u64 + 1;
    assert!(inventory.accounts.iter().filter_map(|a| a.source.as_ref()).all(|s| s.line <= lines));
    let index = SpnIndex::new(&inventory, &HostAliases::default());
    for duplicate in index.duplicates() {
        assert!(duplicate.accounts.len() + duplicate.shadowed.len() > 1, "{duplicate:?}");
    }
    if let Ok(text) = std::str::from_utf8(bytes)
        && !text.contains(['\0', '\u{feff}'])
        // UTF-16 does not have the magic of a log, an archive (that of tar is at offset 257) or a capture (pcapng).
        && !bytes.starts_with(b"\n\r\r\n")
        && bytes.get(257..262) != Some(b"ustar")
        && !inventory.files[0].read_errors.iter().any(|problem| problem.starts_with("this is"))
    {
        let utf16: Vec<u8> =
            [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        let again = read(&utf16);
        assert_eq!(again.accounts, inventory.accounts);
        assert_eq!(again.files[0].read_errors, inventory.files[0].read_errors);
    }
});
