//! Where a reader leaves what it finds.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::plan::Plan;
use super::{Collector, FileIndex, Progress};
use crate::records::chunk::{Chunk, ChunkReader, Counts};
use crate::records::{Problems, Record, Selection};

/// What a reader gets besides its bytes: what is wanted, and where to leave records, problems and counts.
/// One per worker; it always stands on one file, and [`Sink::finish`] adds up what was counted for it.
pub struct Sink<'a> {
    plan: &'a Plan<'a>,
    selection: &'a Selection,
    recover: bool,
    progress: &'a dyn Progress,
    collector: &'a mut dyn Collector,
    chunks: ChunkReader,
    file: FileIndex,
    counts: Counts,
    events: u64,
    problems: Problems,
}

impl<'a> Sink<'a> {
    pub(super) fn new(
        plan: &'a Plan<'a>,
        selection: &'a Selection,
        recover: bool,
        progress: &'a dyn Progress,
        collector: &'a mut dyn Collector,
    ) -> Self {
        Self {
            plan,
            selection,
            recover,
            progress,
            collector,
            chunks: ChunkReader::default(),
            file: 0,
            counts: Counts::default(),
            events: 0,
            problems: Problems::default(),
        }
    }

    /// From here on everything is about this file.
    pub(super) fn stand_on(&mut self, file: FileIndex) {
        if file != self.file {
            self.finish();
            self.file = file;
        }
    }

    /// Adds what was counted to the file's report.
    pub(super) fn finish(&mut self) {
        if let Some(tally) = self.plan.tally(self.file) {
            tally.add(self.counts, self.events, &mut self.problems);
        }
        self.counts = Counts::default();
        self.events = 0;
    }

    /// What is wanted, for readers that can tell early that a record is not.
    pub fn selection(&self) -> &'a Selection {
        self.selection
    }

    /// A record that was read; it is passed on when it is wanted.
    pub fn record(&mut self, record: Record) {
        if self.selection.accepts_record(&record) {
            self.events += 1;
            self.collector.record(self.file, record);
        }
    }

    /// Counts records that were looked at, wanted or not.
    pub fn looked_at(&mut self, records: u64) {
        self.counts.records += records;
    }

    /// Something that could not be read, `at` this offset of the file.
    pub fn problem(&mut self, at: u64, problem: impl FnOnce() -> String) {
        self.problems.add(at, problem);
    }

    /// Tells the progress that so many bytes are done.
    pub fn advance(&self, bytes: u64) {
        self.progress.advance(bytes);
    }

    /// Reads the chunk that stands `at` this offset of the file. Was everything in it read?
    ///
    /// A panic in it (our own or a library's) costs this chunk and nothing else.
    pub fn chunk(&mut self, chunk: &[u8], at: u64) -> bool {
        let read = catch_unwind(AssertUnwindSafe(|| {
            let Self { chunks, counts, problems, events, collector, .. } = self;
            chunks.read(
                Chunk { bytes: chunk, at },
                self.selection,
                self.recover,
                counts,
                problems,
                |record| {
                    *events += 1;
                    collector.record(self.file, record);
                },
            )
        }));
        read.unwrap_or_else(|_| {
            self.chunks = ChunkReader::default();
            self.problem(at, || {
                format!(
                    "chunk at offset {at:#x}: reading it failed inside the program; \
                     what was found in it before is kept (please report this)"
                )
            });
            false
        })
    }
}
