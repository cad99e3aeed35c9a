//! A chunk as its readers receive it.

/// The bytes of a chunk and its position in the file.
#[derive(Debug, Clone, Copy)]
pub struct Chunk<'a> {
    /// 64 KiB, or less where the file is cut off.
    pub bytes: &'a [u8],
    /// Offset in the file, for messages.
    pub at: u64,
}
