//! Lengths of the parts of an .evtx file, in bytes.

/// Length of a chunk, and of the slots after the file header that hold one chunk each.
pub const CHUNK_LEN: usize = 64 * 1024;

/// Length of the header of a chunk. The first record follows it.
pub const CHUNK_HEADER_LEN: usize = 512;

/// Length of a block, which is read at once. Together with the decoder's data it fits into a core's L2 cache (1-2 MiB on
/// current servers), so every byte comes from memory once.
pub const BLOCK_LEN: usize = 16 * CHUNK_LEN;
