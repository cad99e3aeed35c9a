//! Lengths in an .evtx file, and of what is read of one at once.

/// Length of a chunk, and of the slots that a file is divided into after its header.
pub const CHUNK_LEN: usize = 64 * 1024;

/// Length of a chunk's header; the first record follows.
pub const CHUNK_HEADER_LEN: usize = 512;

/// Bytes of one read. With the decoder's working set it stays inside a core's L2 cache (1-2 MiB on
/// current servers), so every byte comes from memory once.
pub const BLOCK_LEN: usize = 16 * CHUNK_LEN;
