//! Writes the file: its header, its chunks, and the faults that a test wants.

use super::chunk::{Chunk, Wrong};
use super::event::Event;
use super::layout::{Body, TemplateCache, body};
use super::{CHUNK, FILE_HEADER};

/// The fields of the file header. They are right unless a test changes them.
#[derive(Debug, Clone, Copy)]
pub struct FileHeader {
    pub first_chunk: u64,
    pub last_chunk: u64,
    pub next_record: u64,
    pub chunk_count: u16,
    /// 1 dirty, 2 full, 4 no checksum.
    pub flags: u32,
}

/// A checksum to make wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damage {
    FileHeader,
    /// The header of the chunk with this index in the file.
    ChunkHeader(usize),
    /// The records of the chunk with this index in the file.
    Records(usize),
}

type HeaderChange = Box<dyn FnOnce(&mut FileHeader)>;

/// Writes events into chunks and begins a new one when the last is full.
pub struct EvtxWriter {
    slots: Vec<Slot>,
    current: Chunk,
    definitions: TemplateCache,
    /// Number of the next record in the file.
    number: u64,
    /// `EventRecordID` of the next record.
    id: u64,
    renumbered: bool,
    file_header: bool,
    change_header: Option<HeaderChange>,
    damage: Vec<Damage>,
    junk: Vec<u8>,
}

enum Slot {
    Chunk(Box<Chunk>),
    Zero,
}

impl Default for EvtxWriter {
    fn default() -> Self {
        Self::new()
    }
}

impl EvtxWriter {
    pub fn new() -> Self {
        Self {
            slots: Vec::new(),
            current: Chunk::new(),
            definitions: TemplateCache::new(),
            number: 1,
            id: 1,
            renumbered: false,
            file_header: true,
            change_header: None,
            damage: Vec::new(),
            junk: Vec::new(),
        }
    }

    /// Adds an event. Its record identifier is the event's own, or one more than the last.
    pub fn event(mut self, event: Event) -> Self {
        self.push(&event);
        self
    }

    pub fn events(mut self, events: impl IntoIterator<Item = Event>) -> Self {
        for event in events {
            self.push(&event);
        }
        self
    }

    pub fn push(&mut self, event: &Event) {
        if self.current.holds_stale_records() {
            self.close_chunk();
        }
        let (number, id) = self.take_ids(event);
        let header_id = if self.renumbered { number } else { id };
        let body = body(event, id, &mut self.definitions);
        let written = event.written.unwrap_or(event.time);
        if !self.current.try_record(number, header_id, written, |chunk| put(chunk, &body)) {
            self.close_chunk();
            let fits = self.current.try_record(number, header_id, written, |chunk| put(chunk, &body));
            assert!(fits, "the event is longer than a chunk can hold");
        }
    }

    fn take_ids(&mut self, event: &Event) -> (u64, u64) {
        let id = event.record_id.unwrap_or(self.id);
        let number = self.number;
        self.id = id + 1;
        self.number += 1;
        (number, id)
    }

    fn close_chunk(&mut self) {
        if !self.current.is_empty() {
            let full = std::mem::replace(&mut self.current, Chunk::new());
            self.slots.push(Slot::Chunk(Box::new(full)));
        }
    }

    /// Numbers the record headers from 1 and keeps each `EventRecordID`, as a filtered export does.
    pub fn renumbered(mut self) -> Self {
        self.renumbered = true;
        self
    }

    /// Begins a new chunk.
    pub fn next_chunk(mut self) -> Self {
        self.close_chunk();
        self
    }

    /// Adds 64 KiB of zeros, like space that Windows preallocated and never used.
    pub fn zero_chunk(mut self) -> Self {
        self.close_chunk();
        self.slots.push(Slot::Zero);
        self
    }

    /// Adds an event to the slack of the current chunk. Later live events go to the next chunk.
    pub fn stale(mut self, event: Event) -> Self {
        let id = event.record_id.unwrap_or(self.id);
        let body = body(&event, id, &mut self.definitions);
        let written = event.written.unwrap_or(event.time);
        let fits = self.current.try_stale_record(id, written, |chunk| put(chunk, &body));
        assert!(fits, "no room for the stale record in this chunk");
        self
    }

    /// Changes the file header. Its checksum covers the change.
    pub fn header(mut self, change: impl FnOnce(&mut FileHeader) + 'static) -> Self {
        self.change_header = Some(Box::new(change));
        self
    }

    /// Makes the header that of a copied live log: with the dirty flag, and the counts from when the log was opened.
    pub fn dirty(self) -> Self {
        self.header(|header| {
            header.flags |= 1;
            header.last_chunk = 0;
            header.chunk_count = 1;
            header.next_record = 1;
        })
    }

    /// Leaves out the file header, as in chunks that were carved from a disk.
    pub fn no_file_header(mut self) -> Self {
        self.file_header = false;
        self
    }

    pub fn damage(mut self, damage: Damage) -> Self {
        self.damage.push(damage);
        self
    }

    /// Sets the bytes after the last chunk.
    pub fn junk(mut self, bytes: &[u8]) -> Self {
        self.junk = bytes.to_vec();
        self
    }

    /// Returns the bytes of the file.
    pub fn finish(mut self) -> Vec<u8> {
        self.close_chunk();
        if self.slots.is_empty() {
            self.slots.push(Slot::Chunk(Box::new(Chunk::new())));
        }
        let mut header = FileHeader {
            first_chunk: 0,
            last_chunk: self.slots.len() as u64 - 1,
            next_record: if self.renumbered { self.number } else { self.id },
            chunk_count: self.slots.len() as u16,
            flags: 0,
        };
        if let Some(change) = self.change_header.take() {
            change(&mut header);
        }
        let mut file = Vec::with_capacity(FILE_HEADER + self.slots.len() * CHUNK + self.junk.len());
        if self.file_header {
            put_file_header(&mut file, &header, self.damage.contains(&Damage::FileHeader));
        }
        for (i, slot) in self.slots.into_iter().enumerate() {
            match slot {
                Slot::Zero => file.resize(file.len() + CHUNK, 0),
                Slot::Chunk(chunk) => file.extend_from_slice(&chunk.finish(Wrong {
                    header: self.damage.contains(&Damage::ChunkHeader(i)),
                    records: self.damage.contains(&Damage::Records(i)),
                })),
            }
        }
        file.extend_from_slice(&self.junk);
        file
    }
}

fn put(chunk: &mut Chunk, body: &Body) {
    match body {
        Body::Instance(instance) => chunk.put_instance_stream(instance),
        Body::Inline(root) => chunk.put_inline_stream(root),
    }
}

fn put_file_header(file: &mut Vec<u8>, header: &FileHeader, wrong: bool) {
    file.extend_from_slice(b"ElfFile\0");
    file.extend_from_slice(&header.first_chunk.to_le_bytes());
    file.extend_from_slice(&header.last_chunk.to_le_bytes());
    file.extend_from_slice(&header.next_record.to_le_bytes());
    file.extend_from_slice(&128u32.to_le_bytes());
    // Version 3.1, Vista and later.
    file.extend_from_slice(&1u16.to_le_bytes());
    file.extend_from_slice(&3u16.to_le_bytes());
    file.extend_from_slice(&(FILE_HEADER as u16).to_le_bytes());
    file.extend_from_slice(&header.chunk_count.to_le_bytes());
    file.resize(120, 0);
    let crc = crc32fast::hash(file);
    file.extend_from_slice(&header.flags.to_le_bytes());
    file.extend_from_slice(&(if wrong { !crc } else { crc }).to_le_bytes());
    file.resize(FILE_HEADER, 0);
}
