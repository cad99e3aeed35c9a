//! A worker does one task after the other until none is left.

use std::fs::File;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::options::ScanOptions;
use super::plan::{Plan, ScanTask};
use super::sink::Sink;
use super::stream;
use super::visitor::{Progress, RecordVisitor};
use crate::chunks::file_header::{FIELDS_LEN, promised_chunks};
use crate::chunks::{
    BLOCK_LEN, CHUNK_LEN, CHUNK_MAGIC, CarvedItem, Carver, FILE_HEADER_LEN, FILE_MAGIC, FileBlock, slot_at,
};
use crate::files::{Input, describe_log_error};
use crate::io_util::read_full_at;
use crate::records::Selection;

/// The state that all workers share.
pub(super) struct SharedState<'a> {
    pub plan: &'a Plan<'a>,
    pub selection: &'a Selection,
    pub options: &'a ScanOptions,
    pub progress: &'a dyn Progress,
    /// Index of the next free task.
    pub next: AtomicUsize,
}

/// A file that stays open for its next block.
struct OpenFile {
    /// Index of the input.
    input: usize,
    file: File,
    /// Are chunks in slots after a file header? Otherwise they are at any offset.
    slots: bool,
    /// Number of chunks in the header of a closed log.
    promised_chunks: Option<u64>,
}

/// A thread of a scan.
pub(super) struct Worker<'a> {
    shared: &'a SharedState<'a>,
    sink: Sink<'a>,
    open: Option<OpenFile>,
    carver: Carver,
    /// Space for a block and one more chunk, which may start in the block and end after it.
    buffer: Vec<u8>,
}

impl<'a> Worker<'a> {
    pub(super) fn new(shared: &'a SharedState<'a>, visitor: &'a mut dyn RecordVisitor) -> Self {
        Self {
            shared,
            sink: Sink::new(shared.plan, shared.selection, shared.options, shared.progress, visitor),
            open: None,
            carver: Carver::default(),
            buffer: Vec::new(),
        }
    }

    /// Does tasks until none is left. A panic loses the rest of the task, and the file is reported as incomplete.
    pub(super) fn run(mut self) {
        while let Some(task) = self.next_task() {
            if let Some(file) = self.shared.plan.file_of(task) {
                self.sink.switch_to_file(file);
            }
            if !matches!(task, ScanTask::Block { block: 1.., .. }) {
                self.shared.progress.begin_file();
            }
            match catch_unwind(AssertUnwindSafe(|| self.run_task(task))) {
                Ok(Ok(())) => {}
                Ok(Err(error)) => self.sink.add_read_error(0, || describe_log_error(&error)),
                Err(_) => self.sink.report_panic(),
            }
        }
        self.sink.flush();
    }

    fn run_task(&mut self, task: ScanTask) -> io::Result<()> {
        match task {
            ScanTask::Block { input, block } => match self.shared.plan.input(input) {
                Some(found) => self.read_block(input, found, block),
                None => Ok(()),
            },
            ScanTask::Whole { input } => {
                self.shared.plan.input(input).map_or(Ok(()), |input| stream::read_file(input, &mut self.sink))
            }
            ScanTask::Member { member } => {
                if let Some((member, archive, budget)) = self.shared.plan.member(member) {
                    stream::read_member(member, archive, budget, &mut self.sink);
                }
                Ok(())
            }
        }
    }

    fn next_task(&self) -> Option<ScanTask> {
        self.shared.plan.task(self.shared.next.fetch_add(1, Ordering::Relaxed))
    }

    fn open(&mut self, index: usize, input: &Input) -> io::Result<&OpenFile> {
        if self.open.as_ref().is_none_or(|open| open.input != index) {
            self.open = None;
            let file = File::open(&input.path)?;
            let mut fields = [0; FIELDS_LEN];
            read_full_at(&file, &mut fields, 0)?;
            let mut slots = fields.starts_with(FILE_MAGIC);
            if !slots && !fields.starts_with(CHUNK_MAGIC) {
                let mut magic = [0; 8];
                read_full_at(&file, &mut magic, FILE_HEADER_LEN as u64)?;
                slots = magic == *CHUNK_MAGIC;
            }
            self.open =
                Some(OpenFile { input: index, file, slots, promised_chunks: promised_chunks(&fields) });
        }
        self.open.as_ref().ok_or_else(|| io::Error::other("the file is not open"))
    }

    fn read_block(&mut self, index: usize, input: &Input, block: u64) -> io::Result<()> {
        let from = block * BLOCK_LEN as u64;
        let planned = (input.len - from.min(input.len)).min(BLOCK_LEN as u64);
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.resize(BLOCK_LEN + CHUNK_LEN + CHUNK_MAGIC.len(), 0);
        let done = self.open(index, input).and_then(|open| {
            let (slots, promised) = (open.slots, open.promised_chunks);
            let start = from + if slots { FILE_HEADER_LEN as u64 } else { 0 };
            // A chunk that crosses the end of the block is rare where chunks are in slots. It is read separately.
            let ahead = CHUNK_MAGIC.len() + if slots { 0 } else { CHUNK_LEN };
            let wanted = BLOCK_LEN + ahead;
            let n = read_full_at(&open.file, buffer.get_mut(..wanted).unwrap_or_default(), start)?;
            Ok((slots, promised, start, n))
        });
        let done = done.and_then(|(slots, promised, start, n)| {
            if block == 0 && slots {
                self.sink.set_header(promised, input.len);
            }
            if start + (n as u64) < input.len.min(from + planned) {
                self.sink.add_read_error(start + n as u64, || {
                    format!(
                        "the file ends at {:#x}, {} bytes earlier than when it was found; \
                         it was cut while it was read",
                        start + n as u64,
                        input.len - (start + n as u64)
                    )
                });
            }
            let bytes = buffer.get(..n).unwrap_or_default();
            self.read_chunks(FileBlock { bytes, len: n.min(BLOCK_LEN), slots }, start)
        });
        self.buffer = buffer;
        self.sink.advance(planned);
        done
    }

    /// Reads the chunks of a block that starts at offset `start` of the file.
    fn read_chunks(&mut self, block: FileBlock<'_>, start: u64) -> io::Result<()> {
        let Self { carver, sink, open, .. } = self;
        let Some(OpenFile { file, .. }) = open else { return Ok(()) };
        let mut failed = Ok(());
        let reads_zero = |at: usize| {
            let mut slot = vec![0; CHUNK_LEN];
            let n = read_full_at(file, &mut slot, start + at as u64).unwrap_or(0);
            slot.get(..n).is_some_and(|slot| slot.iter().all(|byte| *byte == 0))
        };
        carver.find(block, reads_zero, |found| match found {
            CarvedItem::Junk(at) => sink.read_junk(slot_at(block.bytes, at), start + at as u64),
            CarvedItem::Chunk(at)
                if at + CHUNK_LEN <= block.bytes.len() || block.bytes.len() <= block.len =>
            {
                sink.read_chunk_or_beginning(slot_at(block.bytes, at), start + at as u64)
            }
            // The chunk crosses the end of the buffer.
            CarvedItem::Chunk(at) => {
                let mut chunk = vec![0; CHUNK_LEN];
                let read = read_full_at(file, &mut chunk, start + at as u64).map(|n| {
                    sink.read_chunk_or_beginning(chunk.get(..n).unwrap_or_default(), start + at as u64)
                });
                read.unwrap_or_else(|error| {
                    failed = Err(error);
                    false
                })
            }
        });
        failed
    }
}
