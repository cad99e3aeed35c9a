//! Decodes text whose encoding nobody stated.
//!
//! Windows PowerShell 5 writes UTF-16 with `>`, PowerShell 7 UTF-8 without a mark, `cmd` the OEM code page, Notepad any of
//! them. A byte order mark decides. Without one, zero bytes show UTF-16. Other text is UTF-8, and a line that is not valid
//! UTF-8 is in the code page that the first such lines suggest. A wrong guess costs the accents of a description, never an
//! address or a delimiter: those are ASCII in every candidate, and no double-byte trail byte is a digit, quote, colon, comma
//! or semicolon.

use std::borrow::Cow;
use std::io::{self, Read};

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{CoderResult, Decoder, Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use memchr::{memchr, memrchr};
use oem_cp::code_table::DECODING_TABLE_CP850;

/// Bytes read at once, and at most the length of [`TextReader::head`].
const BLOCK: usize = 128 * 1024;
/// Bytes searched for zeros when UTF-16 has no mark.
const UTF16_SAMPLE: usize = 4096;
/// Bytes of non-ASCII lines given to the detector; more would not change the guess.
const DETECTOR_BYTES: usize = 64 * 1024;

/// Decodes `bytes`. Borrows them if they are UTF-8 without a byte order mark.
pub(crate) fn decode(bytes: &[u8]) -> Cow<'_, str> {
    if utf16_or_mark(bytes).is_none()
        && let Ok(text) = std::str::from_utf8(bytes)
    {
        return Cow::Borrowed(text);
    }
    let (mut reader, mut text) = (TextReader::new(bytes), String::new());
    // Reading a slice does not fail.
    while let Ok(true) = reader.append_to(&mut text) {}
    Cow::Owned(text)
}

/// Does the text begin with a byte order mark?
pub(crate) fn has_mark(bytes: &[u8]) -> bool {
    Encoding::for_bom(bytes).is_some()
}

/// Reads bytes of any encoding as text, block by block. As a [`Read`] it gives the text in UTF-8.
pub(crate) struct TextReader<R> {
    inner: R,
    /// `None` until the first block is read.
    encoding: Option<Unicode>,
    /// The code page of lines that are not UTF-8; `None` until such a line was read.
    page: Option<CodePage>,
    /// Bytes read and not yet decoded: a split character or line.
    raw: Vec<u8>,
    /// The decoded block, and how much of it was consumed.
    text: String,
    consumed: usize,
    ended: bool,
    /// The error that ended reading. It is returned when the text before it is consumed.
    failure: Option<io::Error>,
}

/// The encoding of the input. UTF-8 may have lines in a code page.
enum Unicode {
    Utf8,
    Utf16(Box<Decoder>),
}

impl<'t> TextReader<&'t [u8]> {
    /// Reads text that is decoded already.
    pub(crate) fn from_text(text: &'t str) -> Self {
        Self { encoding: Some(Unicode::Utf8), ..Self::new(text.as_bytes()) }
    }
}

impl<R: Read> TextReader<R> {
    pub(crate) fn new(inner: R) -> Self {
        Self {
            inner,
            encoding: None,
            page: None,
            raw: Vec::new(),
            text: String::new(),
            consumed: 0,
            ended: false,
            failure: None,
        }
    }

    /// The first block of the text, by which formats are recognised. It is not consumed.
    pub(crate) fn head(&mut self) -> io::Result<&str> {
        self.fill()
    }

    /// The text that is decoded and not consumed; reads a block when there is none. Empty at the end.
    pub(crate) fn fill(&mut self) -> io::Result<&str> {
        while self.consumed >= self.text.len() && !self.ended {
            self.read_block();
        }
        match self.failure.take_if(|_| self.consumed >= self.text.len()) {
            Some(error) => Err(error),
            None => Ok(self.buffered()),
        }
    }

    /// The text that is decoded and not consumed.
    pub(crate) fn buffered(&self) -> &str {
        self.text.get(self.consumed..).unwrap_or_default()
    }

    /// Consumes `bytes` bytes of [`buffered`](Self::buffered).
    pub(crate) fn consume(&mut self, bytes: usize) {
        self.consumed = (self.consumed + bytes).min(self.text.len());
    }

    /// [`buffered`](Self::buffered), as bytes.
    pub(crate) fn buffered_bytes(&self) -> &[u8] {
        self.text.as_bytes().get(self.consumed..).unwrap_or_default()
    }

    /// Appends the next block to `text`; false at the end.
    pub(crate) fn append_to(&mut self, text: &mut String) -> io::Result<bool> {
        let block = self.fill()?;
        text.push_str(block);
        let len = block.len();
        self.consume(len);
        Ok(len > 0)
    }

    /// Is a position in the text the same in the input, counted after a byte order mark? True if nothing was converted.
    pub(crate) fn keeps_positions(&self) -> bool {
        self.page.is_none() && !matches!(self.encoding, Some(Unicode::Utf16(_)))
    }

    fn read_block(&mut self) {
        self.text.clear();
        self.consumed = 0;
        let read = self.inner.by_ref().take(BLOCK as u64).read_to_end(&mut self.raw);
        self.ended = !matches!(read, Ok(n) if n == BLOCK);
        self.failure = read.err();
        if self.encoding.is_none() {
            let (encoding, mark) = utf16_or_mark(&self.raw).unwrap_or((UTF_8, 0));
            self.raw.drain(..mark);
            self.encoding = Some(match encoding == UTF_8 {
                true => Unicode::Utf8,
                false => Unicode::Utf16(Box::new(encoding.new_decoder_without_bom_handling())),
            });
        }
        match &mut self.encoding {
            Some(Unicode::Utf16(decoder)) => {
                decode_utf16(decoder, &self.raw, self.ended, &mut self.text);
                self.raw.clear();
            }
            _ => self.decode_utf8(),
        }
    }

    /// Moves text from `raw` to `text`: valid UTF-8 unchanged, and other lines decoded by the code page once they are complete.
    fn decode_utf8(&mut self) {
        let error = match String::from_utf8(std::mem::take(&mut self.raw)) {
            Ok(valid) => {
                self.raw = std::mem::replace(&mut self.text, valid).into_bytes();
                self.raw.clear();
                return;
            }
            Err(error) => error,
        };
        self.raw = error.into_bytes();
        let mut at = 0;
        while let Some(rest) = self.raw.get(at..).filter(|rest| !rest.is_empty()) {
            let (valid, wrong) = match std::str::from_utf8(rest) {
                Ok(text) => {
                    self.text.push_str(text);
                    at = self.raw.len();
                    break;
                }
                Err(error) => (error.valid_up_to(), error.error_len()),
            };
            let before = rest.get(..valid).unwrap_or_default();
            if wrong.is_none() && !self.ended {
                // The block ends within a character.
                self.text.push_str(std::str::from_utf8(before).unwrap_or_default());
                at += valid;
                break;
            }
            let line = memrchr(b'\n', before).map_or(0, |end| end + 1);
            self.text
                .push_str(std::str::from_utf8(before.get(..line).unwrap_or_default()).unwrap_or_default());
            at += line;
            let rest = rest.get(line..).unwrap_or_default();
            let len = match memchr(b'\n', rest) {
                Some(end) => end + 1,
                None if self.ended || rest.len() >= BLOCK => rest.len(),
                None => break,
            };
            let page = *self.page.get_or_insert_with(|| CodePage::guess(rest));
            self.text.push_str(&page.decode(rest.get(..len).unwrap_or_default()));
            at += len;
        }
        self.raw.drain(..at);
    }
}

impl<R: Read> Read for TextReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.consumed >= self.text.len() {
            self.fill()?;
        }
        // Read bytes, because the buffer may end within a character.
        let n = self.buffered_bytes().read(buffer)?;
        self.consumed += n;
        Ok(n)
    }
}

fn decode_utf16(decoder: &mut Decoder, raw: &[u8], last: bool, text: &mut String) {
    let mut at = 0;
    loop {
        let rest = raw.get(at..).unwrap_or_default();
        text.reserve(rest.len() + 64);
        let (result, read, _) = decoder.decode_to_string(rest, text, last);
        at += read;
        if result == CoderResult::InputEmpty {
            return;
        }
    }
}

/// The encoding that a byte order mark states and the length of the mark in bytes, or UTF-16 that has no mark. `None` for
/// other text without a mark.
fn utf16_or_mark(bytes: &[u8]) -> Option<(&'static Encoding, usize)> {
    Encoding::for_bom(bytes).or_else(|| utf16_without_mark(bytes).map(|encoding| (encoding, 0)))
}

/// Recognises UTF-16 by its zero bytes. Western text has one in every second byte, and text in other encodings has none.
fn utf16_without_mark(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = bytes.get(..UTF16_SAMPLE.min(bytes.len())).unwrap_or_default();
    let (units, _) = head.as_chunks::<2>();
    let pairs = units.len();
    if pairs < 2 {
        return None;
    }
    let even = units.iter().filter(|unit| unit[0] == 0).count();
    let odd = units.iter().filter(|unit| unit[1] == 0).count();
    // A third: ideographs have no zero byte, but the digits, colons and line ends between them have.
    if odd * 3 >= pairs && even * 8 < odd {
        Some(UTF_16LE)
    } else if even * 3 >= pairs && odd * 8 < even {
        Some(UTF_16BE)
    } else {
        None
    }
}

/// An encoding that is neither UTF-8 nor UTF-16.
#[derive(Debug, Clone, Copy, PartialEq)]
enum CodePage {
    /// The Western OEM page of `cmd`, which no web standard (and so not `encoding_rs`) knows.
    Oem850,
    Web(&'static Encoding),
}

impl CodePage {
    fn decode(self, bytes: &[u8]) -> Cow<'_, str> {
        match self {
            Self::Oem850 => Cow::Owned(oem_cp::decode_string_complete_table(bytes, &DECODING_TABLE_CP850)),
            Self::Web(encoding) => encoding.decode_without_bom_handling(bytes).0,
        }
    }

    /// Guesses the code page of bytes that begin with a line that is not UTF-8.
    fn guess(bytes: &[u8]) -> Self {
        let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
        let mut letters = HighBytes::default();
        let mut fed = 0;
        for line in bytes.split(|&b| b == b'\n') {
            if line.is_ascii() {
                continue;
            }
            let line = line.get(..DETECTOR_BYTES.min(line.len())).unwrap_or_default();
            letters.count(line);
            detector.feed(line, false);
            fed += line.len();
            if fed >= DETECTOR_BYTES {
                break;
            }
        }
        detector.feed(b"", true);
        let guess = detector.guess(None, Utf8Detection::Deny);
        let latin = ["windows-1250", "windows-1252", "windows-1254", "windows-1257", "windows-1258"];
        let western = letters.are_western() || latin.contains(&guess.name());
        if western && letters.oem > letters.ansi {
            Self::Oem850
        } else if western && !latin.contains(&guess.name()) {
            Self::Web(WINDOWS_1252)
        } else {
            Self::Web(guess)
        }
    }
}

/// Counts of non-ASCII bytes, which distinguish OEM from ANSI pages. The detector knows only the Web's encodings. The only OEM
/// page among them is 866, so it reads the German `f\x81r` of page 850 as a part of a Chinese character.
#[derive(Default)]
struct HighBytes {
    /// Bytes where the OEM pages (437, 850) have their letters.
    oem: u64,
    /// Bytes where the ANSI page 1252 has its letters.
    ansi: u64,
    /// Non-ASCII bytes in words.
    high: u64,
    /// All bytes of words that have a non-ASCII byte.
    in_words: u64,
}

impl HighBytes {
    fn count(&mut self, line: &[u8]) {
        for word in line.split(|b| b.is_ascii() && !b.is_ascii_alphabetic()) {
            let high = word.iter().filter(|b| !b.is_ascii()).count() as u64;
            if high > 0 {
                self.high += high;
                self.in_words += word.len() as u64;
            }
        }
        self.oem += line.iter().filter(|b| (0x80..=0xa5).contains(*b)).count() as u64;
        self.ansi += line.iter().filter(|b| **b >= 0xc0).count() as u64;
    }

    /// Is the text in a Western language? Few of its letters have an accent. In other scripts at least every second byte is
    /// non-ASCII.
    fn are_western(&self) -> bool {
        self.high * 5 < self.in_words * 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives a few bytes at a time, as a pipe or a network share may.
    struct Trickle<'a>(&'a [u8], usize);

    impl Read for Trickle<'_> {
        fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
            let n = self.1.min(to.len());
            self.0.read(&mut to[..n])
        }
    }

    fn all(bytes: &[u8]) -> String {
        let text = decode(bytes).into_owned();
        for at_once in [1, 1000] {
            let mut streamed = String::new();
            TextReader::new(Trickle(bytes, at_once)).read_to_string(&mut streamed).unwrap();
            assert!(streamed == text, "{at_once} bytes at a time");
        }
        text
    }

    fn utf16(text: &str, bytes_of: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes_of).collect()
    }

    #[test]
    fn every_unicode_encoding_gives_the_same_text() {
        for text in ["host;address\r\nSRV-Ä;192.0.2.1\r\n", &"<Events>\r\n<Data>é 漢 🔑</Data>".repeat(9000)]
        {
            assert_eq!(all(text.as_bytes()), text);
            for mark in ["", "\u{feff}"] {
                let marked = format!("{mark}{text}");
                assert_eq!(all(marked.as_bytes()), text);
                assert_eq!(all(&utf16(&marked, u16::to_le_bytes)), text);
                assert_eq!(all(&utf16(&marked, u16::to_be_bytes)), text);
            }
        }
    }

    #[test]
    fn utf16_without_mark_in_japanese() {
        let text =
            "   説明. . . . . . . . : 日本語のアダプター\r\n   IPv4 アドレス . . . : 192.0.2.1(優先)\r\n";
        assert_eq!(all(&utf16(text, u16::to_le_bytes)), text);
    }

    #[test]
    fn broken_utf16_is_replaced_and_never_an_error() {
        let mut bytes = utf16("\u{feff}<a>", u16::to_le_bytes);
        bytes.extend([0x00, 0xD8, b'x', 0, 0x3D]);
        assert_eq!(all(&bytes), "<a>\u{fffd}x\u{fffd}");
    }

    #[test]
    fn short_inputs() {
        for (bytes, text) in [
            (&b""[..], ""),
            (b"a", "a"),
            (b"\xFF\xFE", ""),
            (b"\xFF\xFEa", "\u{fffd}"),
            (b"\xEF\xBB\xBF", ""),
            (b"a\xC3", "aĂ"),
        ] {
            assert_eq!(all(bytes), text, "{bytes:?}");
        }
    }

    #[test]
    fn german_oem_and_ansi_are_told_apart() {
        let text = "Verbindungslokale Adresse für Größe: Bevorzugt, Gültig über Zähler";
        let oem = oem_cp::encode_string_lossy(text, &oem_cp::code_table::ENCODING_TABLE_CP850);
        assert_eq!(all(&oem), text);
        let (ansi, _, _) = WINDOWS_1252.encode(text);
        assert_eq!(all(&ansi), text);
        assert_eq!(all(b"M\xFCller"), "Müller");
    }

    #[test]
    fn russian_oem_and_japanese() {
        let text =
            "   Описание. . . . . . . . . . . . . : Подключение по локальной сети\r\n   Физический адрес\r\n";
        let oem = oem_cp::encode_string_lossy(text, &oem_cp::code_table::ENCODING_TABLE_CP866);
        assert_eq!(all(&oem), text);
        let text = "   物理アドレス. . . . . . : 36-40-B5-00-00-01\r\n   説明: イーサネット アダプター\r\n";
        let (sjis, _, _) = encoding_rs::SHIFT_JIS.encode(text);
        assert_eq!(all(&sjis), text);
    }

    #[test]
    fn a_code_page_that_shows_late_is_still_found() {
        let ascii = "CN=srv1,DC=alpha\r\n".repeat(40_000);
        let (ansi, _, _) = WINDOWS_1252.encode("CN=Grüße aus München, schöne Größen\r\n");
        assert!(
            all(&[ascii.as_bytes(), &ansi].concat()).ends_with("CN=Grüße aus München, schöne Größen\r\n")
        );
    }

    #[test]
    fn a_line_in_a_code_page_costs_no_line_of_utf8() {
        assert_eq!(all(b"Gr\xFC\xDFe\nGr\xC3\xBC\xC3\x9Fe\nM\xFCller"), "Grüße\nGrüße\nMüller");
    }

    #[test]
    fn a_line_without_end_in_a_code_page_is_read_on() {
        let bytes = b"\xFC".repeat(3 * BLOCK + 1);
        assert_eq!(all(&bytes).chars().count(), bytes.len());
    }
}
