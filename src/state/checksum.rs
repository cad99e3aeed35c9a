//! The checksum of a state file: its last member, over all bytes before it.

use std::io::{self, Write};

use crc32fast::Hasher;
use memchr::memmem;

/// Begins the last member.
const MEMBER: &str = ",\n\"crc32\": \"";

/// Computes the checksum of what passes through.
pub(super) struct ChecksumWriter<W> {
    inner: W,
    hasher: Hasher,
}

impl<W: Write> ChecksumWriter<W> {
    pub(super) fn new(inner: W) -> Self {
        Self { inner, hasher: Hasher::new() }
    }

    /// Writes the checksum as the last member of the object that was begun.
    pub(super) fn finish(mut self) -> io::Result<()> {
        let checksum = self.hasher.finalize();
        write!(self.inner, "{MEMBER}{checksum:08x}\"\n}}\n")
    }
}

impl<W: Write> Write for ChecksumWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hasher.update(bytes.get(..written).unwrap_or_default());
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Does the text end with the checksum of what is before it?
pub(super) fn is_intact(text: &[u8]) -> bool {
    let Some((content, rest)) =
        memmem::rfind(text, MEMBER.as_bytes()).and_then(|at| text.split_at_checked(at))
    else {
        return false;
    };
    let stated = rest.get(MEMBER.len()..MEMBER.len() + 8).and_then(|digits| std::str::from_utf8(digits).ok());
    stated.and_then(|digits| u32::from_str_radix(digits, 16).ok()) == Some(crc32fast::hash(content))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_changed_bit_is_noticed() {
        let mut text = Vec::new();
        let mut out = ChecksumWriter::new(&mut text);
        out.write_all(b"{\n\"logs\": [],\n\"reported\": \"AAAAAAAAAAA=\"").unwrap();
        out.finish().unwrap();
        assert!(is_intact(&text));
        serde_json::from_slice::<serde_json::Value>(&text).unwrap();
        let end = text.len() - "\"\n}\n".len();
        for bit in 0..end * 8 {
            let mut changed = text.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            // A hexadecimal digit in capitals is the same digit.
            assert!(!is_intact(&changed) || changed.eq_ignore_ascii_case(&text), "bit {bit}");
        }
    }
}
