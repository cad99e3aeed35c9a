//! Sorts the rows of all workers in bounded memory. Rows that do not fit are sorted in runs, written to an unnamed temporary file,
//! and merged at the end. The result does not depend on the order in which workers add rows.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::sync::Arc;

use crate::io_util::read_full_at;

/// Memory of all sorters of a scan together, in bytes.
const MAX_MEMORY: usize = 32 << 20;

/// Minimum memory of one sorter, in bytes. It limits 10 GiB of rows to 2,560 runs.
const MIN_MEMORY: usize = 4 << 20;

/// Bytes of each run that are read ahead while merging.
const READ_AHEAD: usize = 16 * 1024;

/// Sort key of a row. Rows with equal keys are sorted by their bytes.
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

type KeyedRow = (Key, Vec<u8>);

/// Sorter of one worker. It accepts rows in any order.
pub struct Sorter {
    rows: Vec<KeyedRow>,
    /// Memory of `rows` in bytes.
    bytes: usize,
    /// Memory in bytes from which the rows are written to the file.
    limit: usize,
    spill_file: Option<SpillFile>,
    /// The first failure, which [`merge`] reports.
    error: Option<io::Error>,
}

/// File with sorted runs, one after the other.
struct SpillFile {
    file: File,
    /// Offset of the end of each run.
    ends: Vec<u64>,
}

impl Sorter {
    /// Creates one of `sorters` sorters that share the memory.
    pub fn new(sorters: usize) -> Self {
        Self::with_limit((MAX_MEMORY / sorters.max(1)).max(MIN_MEMORY))
    }

    fn with_limit(limit: usize) -> Self {
        Self { rows: Vec::new(), bytes: 0, limit, spill_file: None, error: None }
    }

    /// Adds a row. A failure is reported by [`merge`].
    pub fn add(&mut self, key: Key, row: Vec<u8>) {
        if self.error.is_some() {
            return;
        }
        self.bytes += row.len() + size_of::<KeyedRow>();
        self.rows.push((key, row));
        if self.bytes > self.limit
            && let Err(error) = self.spill()
        {
            self.fail(error);
        }
    }

    /// Drops all rows, and makes [`merge`] fail with this error.
    pub fn fail(&mut self, error: io::Error) {
        self.rows = Vec::new();
        self.error.get_or_insert(error);
    }

    /// Writes the rows in memory to the file as a sorted run.
    fn spill(&mut self) -> io::Result<()> {
        self.rows.sort_unstable();
        let spill_file = match &mut self.spill_file {
            Some(spill_file) => spill_file,
            none => none.insert(SpillFile { file: tempfile::tempfile()?, ends: Vec::new() }),
        };
        let mut end = spill_file.ends.last().copied().unwrap_or(0);
        let mut out = io::BufWriter::with_capacity(1 << 20, &spill_file.file);
        for (key, row) in self.rows.drain(..) {
            let length = u32::try_from(row.len()).map_err(io::Error::other)?;
            out.write_all(&key.to_bytes())?;
            out.write_all(&length.to_le_bytes())?;
            out.write_all(&row)?;
            end += (Key::LEN + 4 + row.len()) as u64;
        }
        out.flush()?;
        spill_file.ends.push(end);
        self.bytes = 0;
        Ok(())
    }

    fn into_runs(mut self, runs: &mut Vec<SortedRun>) -> io::Result<()> {
        if let Some(error) = self.error {
            return Err(error);
        }
        self.rows.sort_unstable();
        runs.push(SortedRun::Memory(self.rows.into_iter()));
        if let Some(SpillFile { file, ends }) = self.spill_file {
            let file = Arc::new(file);
            let mut at = 0;
            for end in ends {
                let segment = Segment { file: Arc::clone(&file), at, end };
                runs.push(SortedRun::File(BufReader::with_capacity(READ_AHEAD, segment)));
                at = end;
            }
        }
        Ok(())
    }
}

/// Passes the rows of all sorters to `use_row` in their order. Fails with the first error of a sorter.
pub fn merge(sorters: Vec<Sorter>, mut use_row: impl FnMut(&Key, &[u8]) -> io::Result<()>) -> io::Result<()> {
    let mut runs = Vec::new();
    for sorter in sorters {
        sorter.into_runs(&mut runs)?;
    }
    let mut heap = BinaryHeap::new();
    for (index, run) in runs.iter_mut().enumerate() {
        if let Some(row) = run.next()? {
            heap.push(Reverse((row, index)));
        }
    }
    while let Some(Reverse(((key, row), index))) = heap.pop() {
        use_row(&key, &row)?;
        if let Some(run) = runs.get_mut(index)
            && let Some(row) = run.next()?
        {
            heap.push(Reverse((row, index)));
        }
    }
    Ok(())
}

/// Sorted rows, in memory or in a file.
enum SortedRun {
    Memory(std::vec::IntoIter<KeyedRow>),
    File(BufReader<Segment>),
}

impl SortedRun {
    fn next(&mut self) -> io::Result<Option<KeyedRow>> {
        let file = match self {
            Self::Memory(rows) => return Ok(rows.next()),
            Self::File(file) if file.buffer().is_empty() && file.get_ref().is_empty() => return Ok(None),
            Self::File(file) => file,
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

/// Part of a file between two offsets.
struct Segment {
    file: Arc<File>,
    /// Offset of the next byte.
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

    fn merged(sorters: Vec<Sorter>) -> Vec<KeyedRow> {
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
            let rows: Vec<(KeyedRow, usize)> = rows
                .into_iter()
                .map(|(file, record_id, time, row, to)| ((Key { file, record_id, time }, row.into_bytes()), to))
                .collect();
            let mut sorters: Vec<_> = (0..3).map(|_| Sorter::with_limit(limit)).collect();
            for ((key, row), to) in &rows {
                sorters[*to].add(*key, row.clone());
            }
            let mut expected: Vec<KeyedRow> = rows.into_iter().map(|(row, _)| row).collect();
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
        assert!(sorter.spill_file.as_ref().unwrap().ends.len() > 20);
        let ids: Vec<_> = merged(vec![sorter]).iter().map(|(key, _)| key.record_id).collect();
        assert_eq!(ids, (0..50_000).collect::<Vec<_>>());
    }
}
