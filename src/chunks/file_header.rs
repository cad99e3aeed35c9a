//! Reads the file header. Only one of its numbers is used.

use super::bytes::{u16_at, u32_at};
use crate::files::kind::FILE_MAGIC;

/// Length of what the header's checksum covers, and of the header's own fields.
const CHECKED_LEN: usize = 120;
pub const FIELDS_LEN: usize = 128;
/// Flag of a log that was not closed: its counts are outdated.
const DIRTY: u32 = 1;

/// How many chunks the file was closed with. `None` where the header is of a log in use, damaged or lost: then nothing it
/// says can be relied on. Beyond 65,535 the number does not fit, and is too small.
pub fn promised_chunks(header: &[u8]) -> Option<u64> {
    let fields = header.get(..FIELDS_LEN).filter(|fields| fields.starts_with(FILE_MAGIC))?;
    let closed = u32_at(fields, CHECKED_LEN)? & DIRTY == 0;
    let sound = crc32fast::hash(fields.get(..CHECKED_LEN)?) == u32_at(fields, 124)?;
    (closed && sound).then(|| u16_at(fields, 42).map(u64::from)).flatten()
}
