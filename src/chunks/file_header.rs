//! Reads the number of chunks in a file header, the only field that the program uses.

use super::bytes::{u16_at, u32_at};
use crate::files::kind::FILE_MAGIC;

/// Number of bytes that the header's checksum covers. The flags and the checksum follow them.
const CHECKED_LEN: usize = 120;
/// Length of all fields of the header in bytes. Padding follows them.
pub const FIELDS_LEN: usize = 128;
/// Flag of a log that was not closed. Its counts are outdated.
const DIRTY: u32 = 1;

/// The number of chunks in the header of a closed log. `None` if the log is in use, or its header damaged or overwritten.
///
/// The field has 16 bits. In a log with more than 65,535 chunks the number is too small.
pub fn promised_chunks(header: &[u8]) -> Option<u64> {
    let fields = header.get(..FIELDS_LEN).filter(|fields| fields.starts_with(FILE_MAGIC))?;
    let closed = u32_at(fields, CHECKED_LEN)? & DIRTY == 0;
    let sound = crc32fast::hash(fields.get(..CHECKED_LEN)?) == u32_at(fields, 124)?;
    (closed && sound).then(|| u16_at(fields, 42).map(u64::from)).flatten()
}
