//! Reads inputs from front to back: XML, text, and the content of archives.

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
    BLOCK_LEN, CHUNK_LEN, CHUNK_MAGIC, CarvedItem, Carver, FILE_HEADER_LEN, FILE_MAGIC, FileBlock, slot_at,
};
use crate::files::archive::describe_archive_without_log;
use crate::files::kind::{SNIFF_LEN, sniff};
use crate::files::unpack::{Budget, each_tar_file, gunzip, unzstd};
use crate::files::{FileKind, Input};
use crate::records::{text, xml_stream};

/// Reads a file that cannot be split into blocks.
pub(super) fn read_file(input: &Input, sink: &mut Sink<'_>) -> io::Result<()> {
    let file = ProgressReader { inner: File::open(&input.path)?, progress: sink.progress(), left: input.len };
    read_content(input.kind, file, input.modified, &Budget::new(input.len), sink);
    Ok(())
}

/// Reads a member of a zip archive, or all files in it if it is an archive itself.
pub(super) fn read_member(planned: &PlannedMember, input: &Input, budget: &Budget, sink: &mut Sink<'_>) {
    planned.member.read(&input.path, budget, FileKind::is_read, &mut |index, content| {
        sink.switch_to_file(planned.file_index(index));
        let kind = planned.member.files.get(index).map_or(FileKind::Other, |file| file.kind);
        match content {
            Err(error) => sink.add_read_error(0, || format!("this part of the archive was skipped: {error}")),
            // A panic costs only this file, not the following ones in the same archive.
            Ok(content) => {
                let read = AssertUnwindSafe(|| read_content(kind, content, None, budget, sink));
                if catch_unwind(read).is_err() {
                    sink.report_panic();
                }
            }
        }
    });
    sink.advance(planned.share);
}

/// Reads the content of a `.gz` or `.zst`. A tape archive in it is read; any other archive is refused.
fn read_packed(kind: FileKind, packed: impl Read, budget: &Budget, sink: &mut Sink<'_>) {
    if kind == FileKind::Gzip {
        return read_unpacked(gunzip(packed, budget), budget, sink);
    }
    match unzstd(packed, budget) {
        Ok(content) => read_unpacked(content, budget, sink),
        Err(error) => sink.add_read_error(0, || format!("it cannot be unpacked: {error}")),
    }
}

fn read_unpacked(mut unpacked: impl Read, budget: &Budget, sink: &mut Sink<'_>) {
    let mut head = Vec::new();
    let read = unpacked.by_ref().take(SNIFF_LEN as u64).read_to_end(&mut head);
    if let (Err(error), true) = (read, head.is_empty()) {
        return sink.add_read_error(0, || format!("it cannot be unpacked: {error}; copy or make it again"));
    }
    match sniff(&head) {
        FileKind::Tar => read_tar(head.as_slice().chain(unpacked), budget, sink),
        FileKind::Zip | FileKind::Gzip | FileKind::Zstd => sink.add_read_error(0, || {
            "there is another archive in it, which is not read; unpack it once".to_owned()
        }),
        kind => match kind.refusal() {
            Some(refusal) => sink.add_read_error(0, || format!("what is in it is not read: {refusal}")),
            None => read_log(kind, head.as_slice().chain(unpacked), None, sink),
        },
    }
}

/// Reads the logs in a tape archive.
fn read_tar(packed: impl Read, budget: &Budget, sink: &mut Sink<'_>) {
    let mut others = Vec::new();
    let mut has_log = false;
    let done = each_tar_file(packed, budget, "", |file| {
        let (kind, name) = (file.kind, file.name);
        match kind {
            FileKind::Zip | FileKind::Tar => sink.add_read_error(u64::MAX, || {
                format!("{name}: an archive in an archive is not read; unpack the outer one")
            }),
            FileKind::Gzip | FileKind::Zstd => {
                read_packed_in_tar(kind, file.content, &name, budget, sink);
            }
            kind => match kind.refusal() {
                None => read_log(kind, file.content, None, sink),
                Some(refusal) if kind.is_missed(Path::new(&name)) => {
                    sink.add_read_error(u64::MAX, || format!("{name}: {refusal}"));
                }
                Some(_) => return others.push((name, kind)),
            },
        }
        has_log = true;
    });
    if let Err(error) = done {
        sink.add_read_error(u64::MAX, || error);
    } else if !has_log {
        sink.add_read_error(0, || describe_archive_without_log(&others));
    }
}

/// Reads a packed log in a tape archive. An archive inside it is refused.
fn read_packed_in_tar(kind: FileKind, packed: impl Read, name: &str, budget: &Budget, sink: &mut Sink<'_>) {
    let mut read = |mut unpacked: &mut dyn Read| {
        let mut head = Vec::new();
        // After a read error, the head is recognised like that of a shorter file.
        let _ = (&mut unpacked).take(SNIFF_LEN as u64).read_to_end(&mut head);
        let inner = sniff(&head);
        if inner.is_log() {
            read_log(inner, head.as_slice().chain(unpacked), None, sink);
        } else {
            sink.add_read_error(u64::MAX, || {
                format!("{name}: there is no log in it that can be read here; unpack it")
            });
        }
    };
    match kind {
        FileKind::Gzip => read(&mut gunzip(packed, budget)),
        _ => match unzstd(packed, budget) {
            Ok(mut unpacked) => read(&mut unpacked),
            Err(error) => sink.add_read_error(u64::MAX, || format!("{name}: it cannot be unpacked: {error}")),
        },
    }
}

/// Reads a file of any kind except a zip archive. `written` is its modification time, if known.
fn read_content(
    kind: FileKind,
    input: impl Read,
    written: Option<Timestamp>,
    budget: &Budget,
    sink: &mut Sink<'_>,
) {
    match kind {
        FileKind::Gzip | FileKind::Zstd => read_packed(kind, input, budget, sink),
        FileKind::Tar => read_tar(input, budget, sink),
        kind => read_log(kind, input, written, sink),
    }
}

/// Reads a log that is not packed. `written` is its modification time, if known.
fn read_log(kind: FileKind, input: impl Read, written: Option<Timestamp>, sink: &mut Sink<'_>) {
    match kind {
        FileKind::Evtx => read_evtx(input, sink),
        FileKind::Xml => sink.read_with(|selection, emit, records, read_errors| {
            xml_stream::read_events(input, selection, emit, records, read_errors);
        }),
        FileKind::Text | FileKind::Json | FileKind::Csv => {
            let zone = sink.zone();
            sink.read_with(|selection, emit, records, read_errors| {
                text::read_events(input, written, zone, selection, emit, records, read_errors);
            });
        }
        FileKind::Extract => sink.read_extraction(input),
        // The callers handle archives and refuse all other kinds.
        _ => {}
    }
}

/// Reads an .evtx file block by block, with one more chunk for one that starts in the block and ends after it.
fn read_evtx(mut input: impl Read, sink: &mut Sink<'_>) {
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
                sink.set_header(promised_chunks(&bytes), bytes.len() as u64);
                bytes.drain(..FILE_HEADER_LEN.min(bytes.len()));
                start = FILE_HEADER_LEN as u64;
            }
            slots
        });
        // The last block also has the chunk after it.
        let block = if ended { bytes.len() } else { BLOCK_LEN.min(bytes.len()) };
        // A whole slot follows any other block, so `reads_zero` is never asked.
        carver.find(
            FileBlock { bytes: &bytes, len: block, slots },
            |_| true,
            |found| match found {
                CarvedItem::Junk(at) => sink.read_junk(slot_at(&bytes, at), start + at as u64),
                CarvedItem::Chunk(at) => sink.read_chunk_or_beginning(slot_at(&bytes, at), start + at as u64),
            },
        );
        bytes.drain(..block);
        start += block as u64;
        if let Err(error) = read {
            sink.add_read_error(start, || format!("reading stopped at offset {start:#x}: {error}"));
        }
        if ended {
            return;
        }
    }
}

/// Are chunks in slots after a file header? The header may be overwritten. Otherwise chunks may be at any offset.
fn are_slots(head: &[u8]) -> bool {
    let chunk_at = |at: usize| head.get(at..).is_some_and(|rest| rest.starts_with(CHUNK_MAGIC));
    head.starts_with(FILE_MAGIC) || !chunk_at(0) && chunk_at(FILE_HEADER_LEN)
}

/// A reader that reports progress, up to the announced size.
struct ProgressReader<'a, R> {
    inner: R,
    progress: &'a dyn Progress,
    /// Bytes still to report.
    left: u64,
}

impl<R: Read> Read for ProgressReader<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        let counted = self.left.min(n as u64);
        self.left -= counted;
        self.progress.advance(counted);
        Ok(n)
    }
}
