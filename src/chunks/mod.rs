//! Chunks: the 64 KiB units of an .evtx file, found and read without trusting any count in a header.
//!
//! Layout (MS-EVEN6 has none; libevtx's "Windows XML Event Log (EVTX)" has it): a file header of 4096
//! bytes, then chunks. A chunk is self-contained: its strings and templates are inside it.

pub mod blocks;
pub mod bytes;
pub mod file_header;
pub mod header;
pub mod read;

pub use blocks::{Carver, Found};

/// Length of a chunk, and of the slots that a file is divided into after its header.
pub const CHUNK_LEN: usize = 64 * 1024;

/// Length of the file header, and the offset of the first chunk.
pub const FILE_HEADER_LEN: usize = 4096;

/// First bytes of an .evtx file.
pub const FILE_MAGIC: &[u8; 8] = b"ElfFile\0";

/// First bytes of a chunk.
pub const CHUNK_MAGIC: &[u8; 8] = b"ElfChnk\0";

/// Length of a chunk's header; the first record follows.
pub const CHUNK_HEADER_LEN: usize = 512;

/// What is read at once. With the decoder's working set it stays inside a core's L2 cache (1-2 MiB on
/// current servers), so every byte comes from memory once.
pub const BLOCK_LEN: usize = 16 * CHUNK_LEN;
