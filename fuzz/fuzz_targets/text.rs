//! Reads texts as events. Nothing panics or hangs, and the result does not depend on how many bytes come at a time.
//!
//! `cargo +nightly fuzz run text fuzz/corpus/text fuzz/seeds/text`

#![no_main]

use std::io::Read;

use krbtriage::files::kind::{FileKind, sniff};
use krbtriage::records::text::read_events;
use krbtriage::records::{EventFilter, ReadErrors, Record, Selection};
use krbtriage::zone::Zone;
use libfuzzer_sys::fuzz_target;

/// A reader that gives a few bytes at a time.
struct Drip<'a>(&'a [u8]);

impl Read for Drip<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = buffer.len().min(7);
        self.0.read(&mut buffer[..n])
    }
}

fn read(input: impl Read, selection: &Selection) -> (Vec<Record>, u64, Vec<String>) {
    let (mut found, mut records, mut read_errors) = (Vec::new(), 0, ReadErrors::default());
    read_events(input, None, &Zone::UTC, selection, &mut |r| found.push(r), &mut records, &mut read_errors);
    (found, records, read_errors.into_sentences())
}

fuzz_target!(|bytes: &[u8]| {
    let kind = sniff(bytes);
    assert_eq!(FileKind::from_name(kind.name()), kind);

    let everything = Selection::new(vec![EventFilter { providers: vec![], event_ids: vec![] }]);
    let whole = read(bytes, &everything);
    assert!(whole.0.len() as u64 <= whole.1);
    assert_eq!(whole, read(Drip(bytes), &everything));

    // Event 4 is the same wanted alone or among all.
    let fours = Selection::new(vec![EventFilter { providers: vec![], event_ids: vec![4] }]);
    let of_all: Vec<_> = whole.0.into_iter().filter(|r| r.event_id == 4).collect();
    assert_eq!(read(bytes, &fours).0, of_all);
});
