//! Sorts rows from all workers in bounded memory, so that the result does not depend on the order of the
//! workers. Rows that do not fit are sorted in parts, spilled to an unnamed temporary file, and merged at the
//! end.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::sync::Arc;

use crate::io_util::read_full_at;

/// Most memory of all sorters of a run.
const MEMORY: usize = 32 << 20;

/// A sorter may always keep this much: 10 GiB of rows are then at most 2,560 parts.
const MIN_MEMORY: usize = 4 << 20;

/// Bytes read ahead of each part while merging.
const READ_AHEAD: usize = 16 * 1024;

/// The sort key of a row. Rows with equal keys are sorted by their bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    pub file: u64,
    pub record_id: u64,
    /// Nanoseconds since 1970.
    pub time: i128,
}

impl Key {
    const LEN: usize = 32;

    fn to_bytes(self) -> [u8; Self::LEN] {
        let mut bytes = [0; Self::LEN];
        let parts = [&self.file.to_le_bytes()[..], &self.record_id.to_le_bytes(), &self.time.to_le_bytes()];
        for (to, from) in bytes.iter_mut().zip(parts.concat()) {
            *to = from;
        }
        bytes
    }

    fn from_bytes(bytes: &[u8; Self::LEN]) -> Option<Self> {
        let (file, rest) = bytes.split_first_chunk()?;
        let (record_id, time) = rest.split_first_chunk()?;
        Some(Self {
            file: u64::from_le_bytes(*file),
            record_id: u64::from_le_bytes(*record_id),
            time: i128::from_le_bytes(time.try_into().ok()?),
        })
    }
}

type Row = (Key, Vec<u8>);

/// Accepts rows in any order. Each worker has one.
pub struct Sorter {
    rows: Vec<Row>,
    bytes: usize,
    limit: usize,
    spilled: Option<Spilled>,
    /// Why rows are missing.
    failed: Option<io::Error>,
}

/// Sorted parts in one file, one after the other.
struct Spilled {
    file: File,
    ends: Vec<u64>,
}

impl Sorter {
    /// Creates one of `sorters` that work at the same time.
    pub fn new(sorters: usize) -> Self {
        Self::with_limit((MEMORY / sorters.max(1)).max(MIN_MEMORY))
    }

    fn with_limit(limit: usize) -> Self {
        Self { rows: Vec::new(), bytes: 0, limit, spilled: None, failed: None }
    }

    /// Adds a row. A failure is reported by [`merge`].
    pub fn add(&mut self, key: Key, row: Vec<u8>) {
        if self.failed.is_some() {
            return;
        }
        self.bytes += row.len() + size_of::<Row>();
        self.rows.push((key, row));
        if self.bytes > self.limit
            && let Err(error) = self.spill()
        {
            self.fail(error);
        }
    }

    /// Drops all rows, and lets [`merge`] report why.
    pub fn fail(&mut self, error: io::Error) {
        self.rows = Vec::new();
        self.failed.get_or_insert(error);
    }

    fn spill(&mut self) -> io::Result<()> {
        self.rows.sort_unstable();
        let spilled = match &mut self.spilled {
            Some(spilled) => spilled,
            none => none.insert(Spilled { file: tempfile::tempfile()?, ends: Vec::new() }),
        };
        let mut end = spilled.ends.last().copied().unwrap_or(0);
        let mut out = io::BufWriter::with_capacity(1 << 20, &spilled.file);
        for (key, row) in self.rows.drain(..) {
            let length = u32::try_from(row.len()).map_err(io::Error::other)?;
            out.write_all(&key.to_bytes())?;
            out.write_all(&length.to_le_bytes())?;
            out.write_all(&row)?;
            end += (Key::LEN + 4 + row.len()) as u64;
        }
        out.flush()?;
        spilled.ends.push(end);
        self.bytes = 0;
        Ok(())
    }

    fn into_parts(mut self, parts: &mut Vec<Part>) -> io::Result<()> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        self.rows.sort_unstable();
        parts.push(Part::Kept(self.rows.into_iter()));
        if let Some(Spilled { file, ends }) = self.spilled {
            let file = Arc::new(file);
            let mut at = 0;
            for end in ends {
                let segment = Segment { file: Arc::clone(&file), at, end };
                parts.push(Part::Spilled(BufReader::with_capacity(READ_AHEAD, segment)));
                at = end;
            }
        }
        Ok(())
    }
}

/// Passes the rows of all sorters to `each`, sorted.
pub fn merge(sorters: Vec<Sorter>, mut each: impl FnMut(&Key, &[u8]) -> io::Result<()>) -> io::Result<()> {
    let mut parts = Vec::new();
    for sorter in sorters {
        sorter.into_parts(&mut parts)?;
    }
    let mut heap = BinaryHeap::new();
    for (index, part) in parts.iter_mut().enumerate() {
        if let Some(row) = part.next()? {
            heap.push(Reverse((row, index)));
        }
    }
    while let Some(Reverse(((key, row), index))) = heap.pop() {
        each(&key, &row)?;
        if let Some(part) = parts.get_mut(index)
            && let Some(row) = part.next()?
        {
            heap.push(Reverse((row, index)));
        }
    }
    Ok(())
}

enum Part {
    Kept(std::vec::IntoIter<Row>),
    Spilled(BufReader<Segment>),
}

impl Part {
    fn next(&mut self) -> io::Result<Option<Row>> {
        let file = match self {
            Self::Kept(rows) => return Ok(rows.next()),
            Self::Spilled(file) if file.buffer().is_empty() && file.get_ref().is_empty() => return Ok(None),
            Self::Spilled(file) => file,
        };
        let mut key = [0; Key::LEN];
        let mut length = [0; 4];
        file.read_exact(&mut key)?;
        file.read_exact(&mut length)?;
        let mut row = vec![0; u32::from_le_bytes(length) as usize];
        file.read_exact(&mut row)?;
        Ok(Key::from_bytes(&key).map(|key| (key, row)))
    }
}

struct Segment {
    file: Arc<File>,
    at: u64,
    end: u64,
}

impl Segment {
    fn is_empty(&self) -> bool {
        self.at >= self.end
    }
}

impl Read for Segment {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let room = usize::try_from(self.end - self.at).unwrap_or(usize::MAX).min(buffer.len());
        let n = read_full_at(&self.file, buffer.get_mut(..room).unwrap_or_default(), self.at)?;
        self.at += n as u64;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn merged(sorters: Vec<Sorter>) -> Vec<Row> {
        let mut rows = Vec::new();
        merge(sorters, |key, row| {
            rows.push((*key, row.to_vec()));
            Ok(())
        })
        .unwrap();
        rows
    }

    proptest! {
        #[test]
        fn any_order_and_any_limit_give_the_same(
            rows in proptest::collection::vec((0u64..3, 0u64..9, -9i128..9, "[a-c]{0,9}", 0usize..3), 0..200),
            limit in 0usize..2000,
        ) {
            let rows: Vec<(Row, usize)> = rows
                .into_iter()
                .map(|(file, record_id, time, row, to)| ((Key { file, record_id, time }, row.into_bytes()), to))
                .collect();
            let mut sorters: Vec<_> = (0..3).map(|_| Sorter::with_limit(limit)).collect();
            for ((key, row), to) in &rows {
                sorters[*to].add(*key, row.clone());
            }
            let mut expected: Vec<Row> = rows.into_iter().map(|(row, _)| row).collect();
            expected.sort();
            prop_assert_eq!(merged(sorters), expected);
        }
    }

    #[test]
    fn memory_is_bounded_and_the_rest_is_on_disk() {
        let mut sorter = Sorter::with_limit(100_000);
        for n in 0..50_000u64 {
            let key = Key { file: 0, record_id: n * 7919 % 50_000, time: 0 };
            sorter.add(key, n.to_string().into_bytes());
            assert!(sorter.bytes <= 100_000);
        }
        assert!(sorter.spilled.as_ref().unwrap().ends.len() > 20);
        let ids: Vec<_> = merged(vec![sorter]).iter().map(|(key, _)| key.record_id).collect();
        assert_eq!(ids, (0..50_000).collect::<Vec<_>>());
    }
}
