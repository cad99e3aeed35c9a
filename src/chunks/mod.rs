//! Chunks: the 64 KiB units of an .evtx file, found and read without trusting any count in a header.
//!
//! A file header of 4096 bytes comes first, then chunks. A chunk is self-contained: its strings and templates are inside
//! it. The layout is in libevtx's "Windows XML Event Log (EVTX)"; MS-EVEN6 does not describe it.
//!
//! A file imports only files listed before it: `layout` and `bytes`, `file_header` and `header`, `blocks`.

pub mod blocks;
pub mod bytes;
pub mod file_header;
pub mod header;
pub mod layout;

pub use blocks::{CarvedItem, Carver, Chunk, FileBlock, slot_at};
pub use layout::{BLOCK_LEN, CHUNK_HEADER_LEN, CHUNK_LEN};

pub use crate::files::kind::{CHUNK_MAGIC, FILE_HEADER_LEN, FILE_MAGIC};
