use crate::files::FileIndex;
use crate::records::Record;

/// Receives the records that one worker reads. The caller of the scan merges the visitors of all workers.
pub trait RecordVisitor: Send {
    /// Receives a wanted record of `file` ([`FileReport::index`](super::FileReport::index)).
    fn record(&mut self, file: FileIndex, record: Record);
}

/// Receives the progress of a scan, which the terminal shows.
pub trait Progress: Sync {
    /// Receives the number of bytes of all inputs, once and before reading.
    fn total(&self, bytes: u64);
    /// Receives the number of bytes that were read since the last call. Any worker calls it.
    fn advance(&self, bytes: u64);
    /// Receives the number of files, including those in archives, once and before reading.
    fn files(&self, _files: usize) {}
    /// Counts one more file whose reading has begun. Any worker calls it.
    fn begin_file(&self) {}
}

/// Shows no progress.
impl Progress for () {
    fn total(&self, _: u64) {}
    fn advance(&self, _: u64) {}
}
