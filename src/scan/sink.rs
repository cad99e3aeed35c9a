//! The sink: receives the results of a reader.

use std::collections::HashMap;
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::extracted::index_of;
use super::options::ScanOptions;
use super::plan::Plan;
use super::visitor::{Progress, RecordVisitor};
use crate::chunks::{CHUNK_LEN, FILE_HEADER_LEN};
use crate::files::FileIndex;
use crate::records::chunk::Chunk;
use crate::records::extracted::{ExtractLine, read_lines};
use crate::records::reader::{ChunkReader, Counts};
use crate::records::{Origin, ReadErrors, Record, Selection};
use crate::zone::Zone;

/// A reader's context: the selection, and the destination of records, errors and counts. Each worker has one.
/// It always belongs to one file, and [`Sink::finish`] adds its counts to that file.
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

    /// Switches to another file.
    pub(super) fn switch_to_file(&mut self, file: FileIndex) {
        if file != self.file {
            self.finish();
            self.file = file;
        }
    }

    /// Adds the counts to the file's report.
    pub(super) fn finish(&mut self) {
        if let Some(file_progress) = self.plan.file_progress(self.file) {
            file_progress.add(self.counts, self.events, &mut self.read_errors);
        }
        self.counts = Counts::default();
        self.events = 0;
    }

    /// Runs a reader of XML or text and takes its wanted records, count and errors.
    pub(super) fn read_with(
        &mut self,
        read: impl FnOnce(&Selection, &mut dyn FnMut(Record), &mut u64, &mut ReadErrors),
    ) {
        let Self { events, visitor, selection, .. } = self;
        let mut cut = Counts::default();
        let mut emit = |record| {
            if selection.conditions_hold(&record) {
                *events += 1;
                visitor.record(self.file, cut.cut(record));
            }
        };
        read(self.selection, &mut emit, &mut self.counts.records, &mut self.read_errors);
        self.counts.add_cut(cut);
    }

    /// Reads events of an extraction. Each belongs to the log it came from, not to this file.
    pub(super) fn extracted(&mut self, input: impl Read) {
        let Self { plan, selection, recover, visitor, read_errors, file, counts, .. } = self;
        let logs = &plan.extracted;
        let (mut found, mut slack) = (HashMap::new(), 0u64);
        let mut take = |line| match line {
            ExtractLine::Begin(extraction) => logs.begun(extraction, *file),
            ExtractLine::End(extraction) => logs.ended(extraction, *file),
            ExtractLine::Log(log) => logs.log(*log),
            ExtractLine::Unread(unread) => logs.unread(unread),
            ExtractLine::Event(number, record) => {
                let log = index_of(number);
                *found.entry(log).or_default() += 1;
                if record.origin == Origin::Slack && !*recover {
                    slack += 1;
                } else if selection.accepts_record(&record) {
                    visitor.record(log, counts.cut(record));
                }
                // A crafted file may mention a new log in every line.
                if found.len() > FOUND_AT_ONCE { logs.found(found.drain()) } else { Ok(()) }
            }
        };
        read_lines(input, &mut take, read_errors);
        if let Err(why) = logs.found(found) {
            read_errors.add(u64::MAX, || why);
        }
        if slack > 0 {
            read_errors.note(format!(
                "{slack} of its events were read from slack space and are left out; --recover takes them in"
            ));
        }
    }

    /// Adds a read error at offset `at` of the file.
    pub(super) fn read_error(&mut self, at: u64, read_error: impl FnOnce() -> String) {
        self.read_errors.add(at, read_error);
    }

    /// The zone of times in text that name none.
    pub(super) fn zone(&self) -> &'a Zone {
        self.zone
    }

    pub(super) fn progress(&self) -> &'a dyn Progress {
        self.progress
    }

    /// Ends the file after a panic.
    pub(super) fn end_after_panic(&mut self) {
        self.read_error(0, || {
            "reading it failed inside the program; what was found in it before is kept \
             (please report this)"
                .to_string()
        });
    }

    /// Sets the number of chunks in the file header, and the file's length (or the known part of it).
    pub(super) fn header(&mut self, promised: Option<u64>, len: u64) {
        if len < FILE_HEADER_LEN as u64 {
            self.read_error(0, || {
                "the file ends within its header; copy it again, or export the log anew".to_owned()
            });
        }
        if let (Some(promised), Some(file_progress)) = (promised, self.plan.file_progress(self.file)) {
            file_progress.promise(promised);
        }
    }

    /// Reads the chunk at `offset`, or its beginning if the file ends in it.
    pub(super) fn chunk_or_beginning(&mut self, chunk: &[u8], offset: u64) -> bool {
        if chunk.len() < CHUNK_LEN {
            self.read_error(offset, || {
                format!(
                    "chunk at offset {offset:#x}: only {} of its 65536 bytes are there; \
                     the records in them are read",
                    chunk.len()
                )
            });
        }
        self.chunk(chunk, offset)
    }

    /// Handles a `slot` that contains data other than a chunk.
    pub(super) fn junk(&mut self, slot: &[u8], offset: u64) -> bool {
        if self.recover {
            return self.chunk(slot, offset);
        }
        self.read_error(offset, || {
            format!(
                "there is no chunk at offset {offset:#x}, where one should be; \
                 --recover reads the records that are left there"
            )
        });
        false
    }

    /// Reports progress: this many more bytes are done.
    pub(super) fn advance(&self, bytes: u64) {
        self.progress.advance(bytes);
    }

    /// Reads the chunk at offset `at` of the file. Returns whether everything in it was read.
    ///
    /// A panic in it (our own or a library's) costs this chunk and nothing else.
    pub(super) fn chunk(&mut self, chunk: &[u8], at: u64) -> bool {
        let read = catch_unwind(AssertUnwindSafe(|| {
            let Self { chunks, counts, read_errors, events, visitor, .. } = self;
            let mut cut = Counts::default();
            let read = chunks.read(
                Chunk { bytes: chunk, at },
                self.selection,
                self.recover,
                counts,
                read_errors,
                |record| {
                    *events += 1;
                    visitor.record(self.file, cut.cut(record));
                },
            );
            counts.add_cut(cut);
            read
        }));
        read.unwrap_or_else(|_| {
            self.chunks = ChunkReader::default();
            self.read_error(at, || {
                format!(
                    "chunk at offset {at:#x}: reading it failed inside the program; \
                     what was found in it before is kept (please report this)"
                )
            });
            false
        })
    }
}

/// Number of logs whose counts are collected before they are passed on.
const FOUND_AT_ONCE: usize = 4096;
