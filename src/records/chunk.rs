//! A chunk as the readers of records take it.

/// A chunk, and where it comes from.
#[derive(Debug, Clone, Copy)]
pub struct Chunk<'a> {
    /// 64 KiB, or less where the file is cut off.
    pub bytes: &'a [u8],
    /// Offset in the file, for messages.
    pub at: u64,
}
