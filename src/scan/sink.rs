//! The sink receives records, errors and counts from a reader.

use std::collections::HashMap;
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::extracted::index_of;
use super::options::ScanOptions;
use super::plan::Plan;
use super::visitor::{Progress, RecordVisitor};
use crate::chunks::{CHUNK_LEN, Chunk, FILE_HEADER_LEN};
use crate::files::FileIndex;
use crate::records::extracted::{ExtractLine, read_lines};
use crate::records::reader::{ChunkReader, Counts};
use crate::records::{ReadErrors, Record, RecordOrigin, Selection};
use crate::zone::Zone;

/// The context of a reader: the selection, and where records, errors and counts go. Each worker has its own.
///
/// It belongs to one file at a time. [`Sink::flush`] adds the counts to that file.
pub(super) struct Sink<'a> {
    plan: &'a Plan<'a>,
    selection: &'a Selection,
    recover: bool,
    zone: &'a Zone,
    progress: &'a dyn Progress,
    visitor: &'a mut dyn RecordVisitor,
    chunks: ChunkReader,
    file: FileIndex,
    counts: Counts,
    events: u64,
    read_errors: ReadErrors,
}

impl<'a> Sink<'a> {
    pub(super) fn new(
        plan: &'a Plan<'a>,
        selection: &'a Selection,
        options: &'a ScanOptions,
        progress: &'a dyn Progress,
        visitor: &'a mut dyn RecordVisitor,
    ) -> Self {
        Self {
            plan,
            selection,
            recover: options.recover,
            zone: &options.zone,
            progress,
            visitor,
            chunks: ChunkReader::default(),
            file: 0,
            counts: Counts::default(),
            events: 0,
            read_errors: ReadErrors::default(),
        }
    }

    /// Makes `file` the current file. If it was another one, its counts are flushed first.
    pub(super) fn switch_to_file(&mut self, file: FileIndex) {
        if file != self.file {
            self.flush();
            self.file = file;
        }
    }

    /// Adds the counts and errors to the file, and clears them.
    pub(super) fn flush(&mut self) {
        let (counts, events) = (std::mem::take(&mut self.counts), std::mem::take(&mut self.events));
        if let Some(file_progress) = self.plan.file_progress(self.file) {
            file_progress.add(counts, events, &mut self.read_errors);
        }
    }

    /// Runs a reader of XML or text, which gets the selection and the destinations of records, count and errors.
    pub(super) fn read_with(
        &mut self,
        read: impl FnOnce(&Selection, &mut dyn FnMut(Record), &mut u64, &mut ReadErrors),
    ) {
        let Self { events, visitor, selection, .. } = self;
        let mut truncated = Counts::default();
        let mut emit = |record| {
            if selection.conditions_hold(&record) {
                *events += 1;
                visitor.record(self.file, truncated.truncate(record));
            }
        };
        read(self.selection, &mut emit, &mut self.counts.records, &mut self.read_errors);
        self.counts.add(truncated);
    }

    /// Reads an extraction. An event counts for the log that it came from, not for this file.
    pub(super) fn read_extraction(&mut self, input: impl Read) {
        let Self { plan, selection, recover, visitor, read_errors, file, counts, .. } = self;
        let logs = &plan.extracted;
        let (mut found, mut slack) = (HashMap::new(), 0u64);
        let mut visit = |line| match line {
            ExtractLine::Begin(extraction) => logs.add_begin(extraction, *file),
            ExtractLine::End(extraction) => logs.add_end(extraction, *file),
            ExtractLine::Log(log) => logs.add_log(*log),
            ExtractLine::Unread(unread) => logs.add_unread(unread),
            ExtractLine::Event(number, record) => {
                let log = index_of(number);
                *found.entry(log).or_default() += 1;
                if record.origin == RecordOrigin::Slack && !*recover {
                    slack += 1;
                } else if selection.accepts_record(&record) {
                    visitor.record(log, counts.truncate(record));
                }
                // A crafted file may mention a new log in every line.
                if found.len() > MAX_UNREPORTED_LOGS { logs.add_events(found.drain()) } else { Ok(()) }
            }
        };
        read_lines(input, &mut visit, read_errors);
        if let Err(why) = logs.add_events(found) {
            read_errors.add(u64::MAX, || why);
        }
        if slack > 0 {
            read_errors.note(format!(
                "{slack} of its events were read from slack space and are left out; --recover takes them in"
            ));
        }
    }

    /// Adds a read error at offset `at` of the file.
    pub(super) fn add_read_error(&mut self, at: u64, read_error: impl FnOnce() -> String) {
        self.read_errors.add(at, read_error);
    }

    /// The zone of times in text without one.
    pub(super) fn zone(&self) -> &'a Zone {
        self.zone
    }

    pub(super) fn progress(&self) -> &'a dyn Progress {
        self.progress
    }

    /// Reports that a panic ended the reading of the file.
    pub(super) fn report_panic(&mut self) {
        self.add_read_error(0, || {
            "reading it failed inside the program; what was found in it before is kept \
             (please report this)"
                .to_string()
        });
    }

    /// Sets the content of the file header: `promised_chunks` is the number of chunks in it, `len` the length of the file (or of the
    /// part that was read) in bytes.
    pub(super) fn set_header(&mut self, promised_chunks: Option<u64>, len: u64) {
        if len < FILE_HEADER_LEN as u64 {
            self.add_read_error(0, || {
                "the file ends within its header; copy it again, or export the log anew".to_owned()
            });
        }
        if let (Some(chunks), Some(file_progress)) = (promised_chunks, self.plan.file_progress(self.file)) {
            file_progress.promise_chunks(chunks);
        }
    }

    /// Reads the chunk at `offset` of the file, or its beginning if the file ends in it. Returns whether everything in it
    /// could be read.
    pub(super) fn read_chunk_or_beginning(&mut self, chunk: &[u8], offset: u64) -> bool {
        if chunk.len() < CHUNK_LEN {
            self.add_read_error(offset, || {
                format!(
                    "chunk at offset {offset:#x}: only {} of its 65536 bytes are there; \
                     the records in them are read",
                    chunk.len()
                )
            });
        }
        self.read_chunk(chunk, offset)
    }

    /// Reads the records in a slot with data other than a chunk, with `--recover` only. Otherwise adds an error. Returns
    /// whether everything in it could be read.
    pub(super) fn read_junk(&mut self, slot: &[u8], offset: u64) -> bool {
        if self.recover {
            return self.read_chunk(slot, offset);
        }
        self.add_read_error(offset, || {
            format!(
                "there is no chunk at offset {offset:#x}, where one should be; \
                 --recover reads the records that are left there"
            )
        });
        false
    }

    /// Reports that `bytes` more bytes of the inputs are done.
    pub(super) fn advance(&self, bytes: u64) {
        self.progress.advance(bytes);
    }

    /// Reads the chunk at offset `at` of the file. Returns whether everything in it could be read.
    ///
    /// A panic, in this crate or in another, loses the rest of this chunk and nothing else.
    pub(super) fn read_chunk(&mut self, chunk: &[u8], at: u64) -> bool {
        let read = catch_unwind(AssertUnwindSafe(|| {
            let Self { chunks, counts, read_errors, events, visitor, .. } = self;
            let mut truncated = Counts::default();
            let read = chunks.read(
                Chunk { bytes: chunk, at },
                self.selection,
                self.recover,
                counts,
                read_errors,
                |record| {
                    *events += 1;
                    visitor.record(self.file, truncated.truncate(record));
                },
            );
            counts.add(truncated);
            read
        }));
        read.unwrap_or_else(|_| {
            self.chunks = ChunkReader::default();
            self.add_read_error(at, || {
                format!(
                    "chunk at offset {at:#x}: reading it failed inside the program; \
                     what was found in it before is kept (please report this)"
                )
            });
            false
        })
    }
}

/// Number of logs whose event counts a worker collects before it adds them to the shared [`ExtractedLogs`].
///
/// [`ExtractedLogs`]: super::extracted::ExtractedLogs
const MAX_UNREPORTED_LOGS: usize = 4096;
