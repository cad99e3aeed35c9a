use crate::files::FileIndex;
use crate::records::Record;

/// Receives the records. Each worker has one, and the caller merges them afterwards.
pub trait RecordVisitor: Send {
    /// `input` is the record's file ([`FileReport::index`](super::FileReport::index)).
    fn record(&mut self, input: FileIndex, record: Record);
}

/// Progress of the scan. The terminal shows it.
pub trait Progress: Sync {
    /// Called once, before reading: bytes of all inputs.
    fn total(&self, bytes: u64);
    /// Called from any worker: bytes done since the last call.
    fn advance(&self, bytes: u64);
    /// Called once, before reading: number of files, counting those in archives.
    fn files(&self, _files: usize) {}
    /// Called from any worker: the next file is begun.
    fn begin_file(&self) {}
}

/// No progress is shown.
impl Progress for () {
    fn total(&self, _: u64) {}
    fn advance(&self, _: u64) {}
}
