//! A chunk of 64 KiB with its records, its tables of names and templates, and its two checksums.

use std::collections::HashMap;

use super::CHUNK;
use super::value::put_utf16;

/// Size of the header in bytes. The records begin after it.
const HEADER: usize = 512;
const MAGIC: [u8; 8] = *b"ElfChnk\0";
const RECORD_MAGIC: [u8; 4] = *b"**\0\0";

/// A chunk that is being written. Offsets count from its beginning.
pub struct Chunk {
    /// Room for the header, and the bytes after it.
    pub data: Vec<u8>,
    names: HashMap<String, u32>,
    name_buckets: [u32; 64],
    templates: HashMap<[u8; 16], u32>,
    template_buckets: [u32; 32],
    added: Added,
    /// First and last record number in the file.
    numbers: Option<(u64, u64)>,
    /// First and last record ID.
    ids: Option<(u64, u64)>,
    last_record: u32,
    /// Offset of the end of the live records, if stale ones follow.
    live_end: Option<usize>,
}

/// The entries that the current record added to the tables. They are removed if the record does not fit.
#[derive(Default)]
struct Added {
    names: Vec<String>,
    templates: Vec<[u8; 16]>,
    name_buckets: Vec<(usize, u32)>,
    template_buckets: Vec<(usize, u32)>,
}

/// The checksums to make wrong.
#[derive(Default, Clone, Copy)]
pub struct Wrong {
    pub header: bool,
    pub records: bool,
}

impl Chunk {
    pub fn new() -> Self {
        let mut data = Vec::with_capacity(CHUNK);
        data.resize(HEADER, 0);
        Self {
            data,
            names: HashMap::new(),
            name_buckets: [0; 64],
            templates: HashMap::new(),
            template_buckets: [0; 32],
            added: Added::default(),
            numbers: None,
            ids: None,
            last_record: 0,
            live_end: None,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.data.len() == HEADER
    }

    pub fn holds_stale_records(&self) -> bool {
        self.live_end.is_some()
    }

    /// Writes a record around `body`. Returns false and changes nothing if it does not fit.
    pub fn try_record(&mut self, number: u64, id: u64, written: u64, body: impl FnOnce(&mut Self)) -> bool {
        assert!(self.live_end.is_none(), "no live record can follow a stale one");
        let start = self.data.len();
        if !self.put_record(id, written, body) {
            return false;
        }
        self.last_record = start as u32;
        self.numbers = Some((self.numbers.map_or(number, |n| n.0), number));
        self.ids = Some((self.ids.map_or(id, |n| n.0), id));
        true
    }

    /// Writes a record after the free space offset, like a deleted one. The tables lack its names and templates. Returns
    /// false if it does not fit.
    pub fn try_stale_record(&mut self, id: u64, written: u64, body: impl FnOnce(&mut Self)) -> bool {
        let end = self.data.len();
        let buckets = (self.name_buckets, self.template_buckets);
        if !self.put_record(id, written, body) {
            return false;
        }
        (self.name_buckets, self.template_buckets) = buckets;
        self.live_end.get_or_insert(end);
        true
    }

    fn put_record(&mut self, id: u64, written: u64, body: impl FnOnce(&mut Self)) -> bool {
        self.added = Added::default();
        let start = self.data.len();
        self.data.extend_from_slice(&RECORD_MAGIC);
        self.put_u32(0);
        self.data.extend_from_slice(&id.to_le_bytes());
        self.data.extend_from_slice(&written.to_le_bytes());
        body(self);
        // Sizes are multiples of 8, the copy of the size included.
        let size = (self.data.len() - start + 4).next_multiple_of(8);
        // The last byte stays free: no real chunk is full to the end (the fullest of 13 logs has 16 bytes
        // left), and evtxexport misses a record that ends there.
        if start + size >= CHUNK {
            self.take_back(start);
            return false;
        }
        self.data.resize(start + size - 4, 0);
        self.put_u32(size as u32);
        self.data[start + 4..start + 8].copy_from_slice(&(size as u32).to_le_bytes());
        true
    }

    fn take_back(&mut self, start: usize) {
        self.data.truncate(start);
        let added = std::mem::take(&mut self.added);
        for name in added.names {
            self.names.remove(&name);
        }
        for guid in added.templates {
            self.templates.remove(&guid);
        }
        for (bucket, head) in added.name_buckets.into_iter().rev() {
            self.name_buckets[bucket] = head;
        }
        for (bucket, head) in added.template_buckets.into_iter().rev() {
            self.template_buckets[bucket] = head;
        }
    }

    /// Returns the bytes of the chunk.
    pub fn finish(self, wrong: Wrong) -> Vec<u8> {
        let free = self.live_end.unwrap_or(self.data.len());
        let mut data = self.data;
        data.resize(CHUNK, 0);
        // Only an empty log has a chunk without records; its numbers were not seen in a real one.
        let (first_number, last_number) = self.numbers.unwrap_or((u64::MAX, u64::MAX));
        let (first_id, last_id) = self.ids.unwrap_or((u64::MAX, u64::MAX));
        data[..8].copy_from_slice(&MAGIC);
        for (i, number) in [first_number, last_number, first_id, last_id].iter().enumerate() {
            data[8 + 8 * i..16 + 8 * i].copy_from_slice(&number.to_le_bytes());
        }
        put_at(&mut data, 40, 128);
        put_at(&mut data, 44, self.last_record);
        put_at(&mut data, 48, free as u32);
        let records = crc32fast::hash(&data[HEADER..free]);
        put_at(&mut data, 52, if wrong.records { !records } else { records });
        // Every real log looked at has 1 here.
        put_at(&mut data, 120, 1);
        for (i, offset) in self.name_buckets.iter().enumerate() {
            put_at(&mut data, 128 + 4 * i, *offset);
        }
        for (i, offset) in self.template_buckets.iter().enumerate() {
            put_at(&mut data, 384 + 4 * i, *offset);
        }
        let mut crc = crc32fast::Hasher::new();
        crc.update(&data[..120]);
        crc.update(&data[128..HEADER]);
        let header = crc.finalize();
        put_at(&mut data, 124, if wrong.header { !header } else { header });
        data
    }

    pub fn position(&self) -> u32 {
        self.data.len() as u32
    }

    pub fn put_u32(&mut self, value: u32) {
        self.data.extend_from_slice(&value.to_le_bytes());
    }

    /// Writes room for a size, which [`Chunk::fill_size`] fills. Returns the offset after it.
    pub fn reserve_size(&mut self) -> usize {
        self.put_u32(0);
        self.data.len()
    }

    pub fn fill_size(&mut self, from: usize) {
        let size = (self.data.len() - from) as u32;
        put_at(&mut self.data, from - 4, size);
    }

    /// Writes the offset of a name, and at its first use the name: next in its bucket, hash, length, text, NUL.
    pub fn put_name(&mut self, name: &str) {
        if let Some(&offset) = self.names.get(name) {
            return self.put_u32(offset);
        }
        let offset = self.position() + 4;
        self.put_u32(offset);
        let units: Vec<u16> = name.encode_utf16().collect();
        let hash = hash(&units);
        let bucket = (hash % 64) as usize;
        let next = self.name_buckets[bucket];
        self.put_u32(next);
        self.data.extend_from_slice(&(hash as u16).to_le_bytes());
        self.data.extend_from_slice(&(units.len() as u16).to_le_bytes());
        put_utf16(&mut self.data, name);
        self.data.extend_from_slice(&[0, 0]);
        self.added.name_buckets.push((bucket, next));
        self.added.names.push(name.to_owned());
        self.name_buckets[bucket] = offset;
        self.names.insert(name.to_owned(), offset);
    }

    pub fn template_offset(&self, guid: &[u8; 16]) -> Option<u32> {
        self.templates.get(guid).copied()
    }

    /// Adds a template to the table. Returns the offset of the one before it in its bucket.
    pub fn add_template(&mut self, guid: [u8; 16], offset: u32) -> u32 {
        // The bucket uses the hash of names over the GUID as eight 16-bit units, as in all 332 templates of six real logs
        // (2010 to 2021).
        let units: Vec<u16> = guid.chunks_exact(2).map(|b| u16::from_le_bytes([b[0], b[1]])).collect();
        let bucket = (hash(&units) % 32) as usize;
        let next = self.template_buckets[bucket];
        self.added.template_buckets.push((bucket, next));
        self.added.templates.push(guid);
        self.template_buckets[bucket] = offset;
        self.templates.insert(guid, offset);
        next
    }
}

/// The hash of a name. The bucket uses all of it, and the name is written with its low 16 bits.
fn hash(units: &[u16]) -> u32 {
    units.iter().fold(0u32, |h, &unit| h.wrapping_mul(65599).wrapping_add(u32::from(unit)))
}

fn put_at(data: &mut [u8], at: usize, value: u32) {
    data[at..at + 4].copy_from_slice(&value.to_le_bytes());
}
