//! Positioned reads. Files are never mapped: one that shrinks, or a network share that goes away, would kill the
//! process instead of failing a read.

use std::fs::File;
use std::io;

#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, offset)
}

/// Restores the cursor, which a positioned read moves on Windows: the next sequential read begins where it would on Unix.
#[cfg(windows)]
fn read_at(mut file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    use std::io::{Seek, SeekFrom};

    let cursor = file.stream_position()?;
    let read = std::os::windows::fs::FileExt::seek_read(file, buffer, offset);
    file.seek(SeekFrom::Start(cursor))?;
    read
}

/// Reads at `offset` until `buffer` is full or the file ends. Returns the number of bytes read.
pub fn read_full_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match read_at(file, rest, offset + filled as u64) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};

    /// An inventory was empty on Windows: its first bytes were looked at for an archive's magic before it was read.
    #[test]
    fn a_positioned_read_leaves_the_cursor_where_it_was() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"host,address").unwrap();
        let mut file = file.reopen().unwrap();
        let mut head = [0; 4];
        assert_eq!(read_full_at(&file, &mut head, 5).unwrap(), 4);
        assert_eq!(&head, b"addr");
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        assert_eq!(text, "host,address");
    }
}
