//! Reads sequential inputs: XML, text, and the content of archives.

use std::fs::File;
use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use jiff::Timestamp;

use super::plan::PlannedMember;
use super::sink::Sink;
use super::visitor::Progress;
use crate::chunks::file_header::promised_chunks;
use crate::chunks::{
    BLOCK_LEN, Block, CHUNK_LEN, CHUNK_MAGIC, Carver, FILE_HEADER_LEN, FILE_MAGIC, Found, slot_at,
};
use crate::files::archive::{Budget, gunzip, no_log_in, spending, unzstd};
use crate::files::kind::{SNIFF_LEN, sniff};
use crate::files::{Input, Kind};
use crate::records::{text, xml_stream};

/// Reads a file that cannot be split into blocks.
pub(super) fn file(input: &Input, sink: &mut Sink<'_>) -> io::Result<()> {
    let file = Watched { inner: File::open(&input.path)?, progress: sink.progress(), left: input.len };
    match input.kind {
        kind if kind.is_packed() => packed(kind, file, &Budget::new(input.len), sink),
        Kind::Tar => tar(file, &Budget::new(input.len), sink),
        kind => content(kind, file, input.modified, sink),
    }
    Ok(())
}

/// Reads a member of an archive, or all files in it where it is an archive itself.
pub(super) fn member(planned: &PlannedMember, input: &Input, budget: &Budget, sink: &mut Sink<'_>) {
    planned.member.read(&input.path, budget, &mut |part, unpacked| {
        sink.switch_to_file(planned.file_of(part));
        let kind = planned.member.parts.get(part).map_or(Kind::Other, |part| part.kind);
        match unpacked {
            Err(error) => sink.read_error(0, || format!("this part of the archive was skipped: {error}")),
            // A panic costs only this file, not the following ones in the same archive.
            Ok(unpacked) => {
                let read = catch_unwind(AssertUnwindSafe(|| match kind {
                    kind if kind.is_packed() => packed(kind, unpacked, budget, sink),
                    Kind::Tar => tar(unpacked, budget, sink),
                    kind => content(kind, unpacked, None, sink),
                }));
                if read.is_err() {
                    sink.end_after_panic();
                }
            }
        }
    });
    sink.advance(planned.share);
}

/// Reads the content of a `.gz` or `.zst`. Does not read an archive inside it: the user can unpack that once.
fn packed(kind: Kind, packed: impl Read, budget: &Budget, sink: &mut Sink<'_>) {
    if kind == Kind::Gzip {
        return unpacked(gunzip(packed, budget), budget, sink);
    }
    match unzstd(packed, budget) {
        Ok(content) => unpacked(content, budget, sink),
        Err(error) => sink.read_error(0, || format!("it cannot be unpacked: {error}")),
    }
}

fn unpacked(mut unpacked: impl Read, budget: &Budget, sink: &mut Sink<'_>) {
    let mut head = Vec::new();
    let read = unpacked.by_ref().take(SNIFF_LEN as u64).read_to_end(&mut head);
    if let (Err(error), true) = (read, head.is_empty()) {
        return sink.read_error(0, || format!("it cannot be unpacked: {error}; copy or make it again"));
    }
    match sniff(&head) {
        Kind::Tar => tar(head.as_slice().chain(unpacked), budget, sink),
        Kind::Zip | Kind::Gzip | Kind::Zstd => sink
            .read_error(0, || "there is another archive in it, which is not read; unpack it once".to_owned()),
        kind => match kind.refusal() {
            Some(refusal) => sink.read_error(0, || format!("what is in it is not read: {refusal}")),
            None => content(kind, head.as_slice().chain(unpacked), None, sink),
        },
    }
}

/// The logs in a tape archive, from front to back. Its headers cost little, but a forged one may promise any length.
fn tar(packed: impl Read, budget: &Budget, sink: &mut Sink<'_>) {
    let mut archive = tar::Archive::new(spending(packed, budget));
    let entries = match archive.entries() {
        Ok(entries) => entries,
        Err(error) => {
            return sink
                .read_error(0, || format!("it is not a whole archive ({error}); copy or make it again"));
        }
    };
    let mut members = Vec::new();
    let mut has_log = false;
    for entry in entries {
        let mut entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                return sink.read_error(u64::MAX, || {
                    format!("reading of the archive stopped: {error}; copy or make it again")
                });
            }
        };
        let kind = entry.header().entry_type();
        if !(kind.is_file() || kind.is_gnu_sparse() || kind.is_contiguous()) {
            continue;
        }
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let mut head = Vec::new();
        if let Err(error) = entry.by_ref().take(SNIFF_LEN as u64).read_to_end(&mut head) {
            return sink
                .read_error(u64::MAX, || format!("{name}: reading stopped: {error}; copy or make it again"));
        }
        let kind = sniff(&head);
        let whole = head.as_slice().chain(entry);
        match kind {
            Kind::Zip | Kind::Tar => {
                has_log = true;
                sink.read_error(u64::MAX, || {
                    format!("{name}: an archive in an archive is not read; unpack the outer one")
                });
            }
            Kind::Gzip | Kind::Zstd => {
                has_log = true;
                packed_member(kind, whole, &name, budget, sink);
            }
            kind if kind.is_read() => {
                has_log = true;
                content(kind, whole, None, sink);
            }
            kind if kind.is_missed(Path::new(&name)) => {
                has_log = true;
                let refusal = kind.refusal().unwrap_or_default();
                sink.read_error(u64::MAX, || format!("{name}: {refusal}"));
            }
            kind => members.push((name, kind)),
        }
    }
    if !has_log {
        sink.read_error(0, || no_log_in(&members));
    }
}

/// A packed file in a tape archive. An archive inside it is not unpacked.
fn packed_member(kind: Kind, packed: impl Read, name: &str, budget: &Budget, sink: &mut Sink<'_>) {
    let mut head = Vec::new();
    let mut read = |mut unpacked: &mut dyn Read| {
        let _ = (&mut unpacked).take(SNIFF_LEN as u64).read_to_end(&mut head);
        match sniff(&head) {
            inner if inner.is_read() && !matches!(inner, Kind::Zip | Kind::Tar | Kind::Gzip | Kind::Zstd) => {
                content(inner, head.as_slice().chain(unpacked), None, sink);
            }
            _ => sink.read_error(u64::MAX, || {
                format!("{name}: there is no log in it that can be read here; unpack it")
            }),
        }
    };
    match kind {
        Kind::Gzip => read(&mut gunzip(packed, budget)),
        _ => match unzstd(packed, budget) {
            Ok(mut unpacked) => read(&mut unpacked),
            Err(error) => sink.read_error(u64::MAX, || format!("{name}: it cannot be unpacked: {error}")),
        },
    }
}

/// `written`: when the file was, if that is known.
fn content(kind: Kind, input: impl Read, written: Option<Timestamp>, sink: &mut Sink<'_>) {
    match kind {
        Kind::Evtx => evtx(input, sink),
        Kind::Xml => sink.read_with(|selection, emit, records, read_errors| {
            xml_stream::read_events(input, selection, emit, records, read_errors);
        }),
        Kind::Text | Kind::Json | Kind::Csv => {
            let zone = sink.zone();
            sink.read_with(|selection, emit, records, read_errors| {
                text::read_written_events(input, written, zone, selection, emit, records, read_errors);
            });
        }
        Kind::Extract => sink.extracted(input),
        // The plan handles or refuses these.
        Kind::Zip | Kind::Tar | Kind::Gzip | Kind::Zstd | Kind::LegacyEvt | Kind::Mta | Kind::Empty => {}
        Kind::OtherText | Kind::Other | Kind::Capture | Kind::OtherArchive => {}
    }
}

/// Reads an .evtx file as a stream: block by block, with one more chunk for one that is out of its slot.
fn evtx(mut input: impl Read, sink: &mut Sink<'_>) {
    let carver = Carver::default();
    let mut bytes = Vec::new();
    // Offset of `bytes` in the file.
    let mut start = 0u64;
    let mut slots = None;
    loop {
        let missing = (BLOCK_LEN + CHUNK_LEN + CHUNK_MAGIC.len()).saturating_sub(bytes.len());
        let read = input.by_ref().take(missing as u64).read_to_end(&mut bytes);
        let ended = !matches!(read, Ok(n) if n == missing);
        let slots = *slots.get_or_insert_with(|| {
            let slots = are_slots(&bytes);
            if slots {
                sink.header(promised_chunks(&bytes), bytes.len() as u64);
                bytes.drain(..FILE_HEADER_LEN.min(bytes.len()));
                start = FILE_HEADER_LEN as u64;
            }
            slots
        });
        // At the end, the chunk that was kept for later is the last block's.
        let block = if ended { bytes.len() } else { BLOCK_LEN.min(bytes.len()) };
        chunks(&carver, Block { bytes: &bytes, len: block, slots }, start, sink);
        bytes.drain(..block);
        start += block as u64;
        if let Err(error) = read {
            sink.read_error(start, || format!("reading stopped at offset {start:#x}: {error}"));
        }
        if ended {
            return;
        }
    }
}

/// Are chunks in slots after a file header (even a lost one), or at any offset?
fn are_slots(head: &[u8]) -> bool {
    let chunk_at = |at: usize| head.get(at..).is_some_and(|rest| rest.starts_with(CHUNK_MAGIC));
    head.starts_with(FILE_MAGIC) || !chunk_at(0) && chunk_at(FILE_HEADER_LEN)
}

fn chunks(carver: &Carver, block: Block<'_>, start: u64, sink: &mut Sink<'_>) {
    // A whole slot follows the block, unless the content ends.
    carver.find(
        block,
        |_| true,
        |found| match found {
            Found::Junk(at) => sink.junk(slot_at(block.bytes, at), start + at as u64),
            Found::Chunk(at) => sink.chunk_or_beginning(slot_at(block.bytes, at), start + at as u64),
        },
    );
}

/// Reports progress while reading, up to the announced size.
struct Watched<'a, R> {
    inner: R,
    progress: &'a dyn Progress,
    left: u64,
}

impl<R: Read> Read for Watched<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        let counted = self.left.min(n as u64);
        self.left -= counted;
        self.progress.advance(counted);
        Ok(n)
    }
}
