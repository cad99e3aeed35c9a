//! Reads answers to a probe. Nothing panics, hangs or uses unbounded memory, and the answer does not depend on how many bytes
//! come at a time.
//!
//! `cargo +nightly fuzz run probe fuzz/corpus/probe fuzz/seeds/probe`
//!
//! The PDUs and the bindings in them are read by the code that reads captures; the target `capture` has them in TCP segments.
//! The first byte is the most that one read returns, 0 for all.

#![no_main]

use std::io::{Cursor, Read, Result, Write};

use krbtriage::probe::server_alive2;
use libfuzzer_sys::fuzz_target;

/// A connection to a host that sends some bytes at a time and ignores what it gets.
struct Host<'b> {
    sent: Cursor<&'b [u8]>,
    at_once: usize,
}

impl Read for Host<'_> {
    fn read(&mut self, to: &mut [u8]) -> Result<usize> {
        let end = to.len().min(self.at_once);
        self.sent.read(&mut to[..end])
    }
}

impl Write for Host<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Some((at_once, sent)) = bytes.split_first() else { return };
    let ask = |at_once| server_alive2(&mut Host { sent: Cursor::new(sent), at_once });
    let answer = ask(usize::MAX);
    assert_eq!(answer, ask(usize::from(*at_once).max(1)));
    let Some(entries) = answer else { return };
    // Each character of an entry has two bytes in the answer.
    assert!(entries.len() <= 1024 && entries.iter().map(String::len).sum::<usize>() <= 2 * sent.len());
    assert!(entries.iter().all(|entry| entry.len() <= 255));
});
