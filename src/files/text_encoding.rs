//! Text as Windows writes it: UTF-8 or UTF-16, with or without a byte order mark.

use std::borrow::Cow;
use std::io::{self, Read};

use encoding_rs::{Decoder, Encoding, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// Bytes read from a UTF-16 source at once.
const BLOCK: usize = 64 * 1024;

/// Bytes looked at to recognise UTF-16 without a mark: enough for `<Event`.
const SNIFF: usize = 16;

/// Gives the text of `inner` as UTF-8. What is not UTF-16 passes through byte for byte (it may be in a
/// code page: see [`text_of`]); a lone surrogate of UTF-16 becomes U+FFFD.
pub struct TextReader<R> {
    inner: R,
    /// `None` until the first read, then what the first bytes say.
    state: Option<State>,
    /// Bytes from `inner` not yet given out or decoded.
    raw: Vec<u8>,
    /// Decoded text, and how much of it was given out.
    text: Vec<u8>,
    given: usize,
}

enum State {
    /// What was read for sniffing comes first.
    Bytes,
    Utf16 {
        decoder: Decoder,
        ended: bool,
    },
}

impl<R: Read> TextReader<R> {
    pub fn new(inner: R) -> Self {
        Self { inner, state: None, raw: Vec::new(), text: Vec::new(), given: 0 }
    }

    /// True when positions in this reader are positions in `inner` (but for a mark of three bytes).
    pub fn is_utf16(&self) -> bool {
        matches!(self.state, Some(State::Utf16 { .. }))
    }

    fn start(&mut self) -> io::Result<State> {
        let mut head = Vec::with_capacity(SNIFF);
        self.inner.by_ref().take(SNIFF as u64).read_to_end(&mut head)?;
        let (encoding, mark) = sniff(&head);
        head.drain(..mark);
        self.raw = head;
        Ok(match encoding {
            Some(encoding) => {
                let decoder = encoding.new_decoder_without_bom_handling();
                State::Utf16 { decoder, ended: false }
            }
            None => State::Bytes,
        })
    }
}

impl<R: Read> Read for TextReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.state.is_none() {
            self.state = Some(self.start()?);
        }
        match &mut self.state {
            Some(State::Utf16 { decoder, ended }) => {
                while self.given == self.text.len() && !*ended {
                    self.text.clear();
                    self.given = 0;
                    let read = self.inner.by_ref().take(BLOCK as u64).read_to_end(&mut self.raw)?;
                    *ended = read == 0;
                    decode(decoder, &self.raw, *ended, &mut self.text);
                    self.raw.clear();
                }
                let mut rest = self.text.get(self.given..).unwrap_or_default();
                let n = rest.read(buffer)?;
                self.given += n;
                Ok(n)
            }
            _ if self.raw.is_empty() => self.inner.read(buffer),
            _ => {
                let n = self.raw.as_slice().read(buffer)?;
                self.raw.drain(..n);
                Ok(n)
            }
        }
    }
}

/// The UTF-16 flavour, if it is UTF-16, and the length of the mark to pass over.
fn sniff(head: &[u8]) -> (Option<&'static Encoding>, usize) {
    match head {
        [0xEF, 0xBB, 0xBF, ..] => return (None, 3),
        [0xFF, 0xFE, ..] => return (Some(UTF_16LE), 2),
        [0xFE, 0xFF, ..] => return (Some(UTF_16BE), 2),
        _ => {}
    }
    // Both formats start with ASCII, whose other byte is 0 in UTF-16; UTF-8 text has no zero bytes.
    let units: Vec<[u8; 2]> = head.chunks_exact(2).map(|u| [u[0], u[1]]).collect();
    if units.is_empty() {
        return (None, 0);
    }
    if units.iter().all(|[low, high]| *low != 0 && *high == 0) {
        return (Some(UTF_16LE), 0);
    }
    if units.iter().all(|[high, low]| *low != 0 && *high == 0) {
        return (Some(UTF_16BE), 0);
    }
    (None, 0)
}

fn decode(decoder: &mut Decoder, raw: &[u8], last: bool, text: &mut Vec<u8>) {
    // `max_utf8_buffer_length` is `None` only where the sum overflows; a block is 64 KiB.
    let room = decoder.max_utf8_buffer_length(raw.len()).unwrap_or(raw.len() * 3 + 16);
    text.resize(room, 0);
    let (_, _, written, _) = decoder.decode_to_utf8(raw, text, last);
    text.truncate(written);
}

/// The text of `bytes` where a byte order mark says what they are.
pub fn marked_text(bytes: &[u8]) -> Option<String> {
    let (_, mark) = sniff(bytes);
    let mut text = Vec::new();
    TextReader::new(bytes).read_to_end(&mut text).ok().filter(|_| mark > 0)?;
    String::from_utf8(text).ok()
}

/// The text of `bytes`: UTF-8, or Windows-1252 where it is not (Notepad's "ANSI" of Western machines).
pub fn text_of(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => WINDOWS_1252.decode_without_bom_handling(bytes).0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte at a time, as a slow pipe may.
    struct Drip<'a>(&'a [u8]);

    impl Read for Drip<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let n = buffer.len().min(1);
            self.0.read(&mut buffer[..n])
        }
    }

    fn read(bytes: &[u8]) -> String {
        let mut whole = Vec::new();
        TextReader::new(bytes).read_to_end(&mut whole).unwrap();
        let mut dripped = Vec::new();
        TextReader::new(Drip(bytes)).read_to_end(&mut dripped).unwrap();
        assert_eq!(whole, dripped);
        String::from_utf8(whole).unwrap()
    }

    fn utf16(text: &str, bytes_of: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes_of).collect()
    }

    #[test]
    fn every_encoding_gives_the_same_text() {
        let text = "<Events>\r\n<Data>é 漢 🔑</Data>".repeat(5000);
        assert_eq!(read(text.as_bytes()), text);
        assert_eq!(read(format!("\u{feff}{text}").as_bytes()), text);
        for mark in ["", "\u{feff}"] {
            let marked = format!("{mark}{text}");
            assert_eq!(read(&utf16(&marked, u16::to_le_bytes)), text);
            assert_eq!(read(&utf16(&marked, u16::to_be_bytes)), text);
        }
    }

    #[test]
    fn broken_utf16_is_replaced_and_never_an_error() {
        let mut bytes = utf16("\u{feff}<a>", u16::to_le_bytes);
        bytes.extend([0x00, 0xD8, b'x', 0, 0x3D]);
        assert_eq!(read(&bytes), "<a>\u{fffd}x\u{fffd}");
    }

    #[test]
    fn short_inputs() {
        for (bytes, text) in [
            (&b""[..], ""),
            (b"a", "a"),
            (b"\xFF\xFE", ""),
            (b"\xFF\xFEa", "\u{fffd}"),
            (b"\xEF\xBB\xBF", ""),
        ] {
            assert_eq!(read(bytes), text, "{bytes:?}");
        }
    }

    #[test]
    fn text_in_a_code_page_is_readable() {
        assert_eq!(text_of(b"M\xFCller"), "Müller");
        assert_eq!(text_of("Müller".as_bytes()), "Müller");
    }
}
