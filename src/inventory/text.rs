//! Text as administrators export it: encodings, delimiters, and rows found by the header's names.
//!
//! Windows PowerShell 5 writes UTF-16 with `>` and ASCII with `Export-Csv`, PowerShell 7 UTF-8 without a
//! mark, `cmd` the OEM code page, a spreadsheet any of them with the list separator of its culture.

mod table;

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_16BE, UTF_16LE, WINDOWS_1252};
use oem_cp::code_table::DECODING_TABLE_CP850;
pub use table::{Header, Row, Table, TableError, delimiter_of};

/// Bytes looked at for zeros when UTF-16 carries no mark.
const UTF16_SNIFF: usize = 4096;
/// Non-ASCII lines shown to the detector; more would not change its mind, only take time.
const DETECTOR_BYTES: usize = 64 * 1024;

/// Text of a file whose encoding nobody stated.
///
/// A byte order mark decides; else zeros tell UTF-16; else valid UTF-8 is UTF-8; else a code page is
/// guessed. A wrong guess costs the accents of a description, never an address or a delimiter: those are
/// ASCII in every candidate, and no double-byte trail byte is a digit, quote, colon, comma or semicolon.
pub fn decode(bytes: &[u8]) -> Cow<'_, str> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        let body = bytes.get(mark..).unwrap_or_default();
        return encoding.decode_without_bom_handling(body).0;
    }
    if let Some(encoding) = utf16_without_mark(bytes) {
        return encoding.decode_without_bom_handling(bytes).0;
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(error) => CodePage::guess(bytes.get(error.valid_up_to()..).unwrap_or_default()).decode(bytes),
    }
}

/// UTF-16 text of Western exports has a zero in every second byte; no other text has any.
pub(super) fn utf16_without_mark(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = bytes.get(..UTF16_SNIFF.min(bytes.len())).unwrap_or_default();
    let pairs = head.len() / 2;
    if pairs < 2 {
        return None;
    }
    let (mut even, mut odd) = (0usize, 0usize);
    for pair in head.chunks_exact(2) {
        even += usize::from(pair.first() == Some(&0));
        odd += usize::from(pair.get(1) == Some(&0));
    }
    // A third, because ideographs have no zero byte, but digits, colons and line ends beside them have.
    if odd * 3 >= pairs && even * 8 < odd {
        Some(UTF_16LE)
    } else if even * 3 >= pairs && odd * 8 < even {
        Some(UTF_16BE)
    } else {
        None
    }
}

/// What text is written in that is neither UTF-8 nor UTF-16.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum CodePage {
    /// The Western OEM page of `cmd`, which no web standard (and so not `encoding_rs`) knows.
    Oem850,
    Known(&'static Encoding),
}

impl CodePage {
    pub(super) fn decode(self, bytes: &[u8]) -> Cow<'_, str> {
        match self {
            Self::Oem850 => Cow::Owned(oem_cp::decode_string_complete_table(bytes, &DECODING_TABLE_CP850)),
            Self::Known(encoding) => encoding.decode_without_bom_handling(bytes).0,
        }
    }

    /// From the bytes at and after the first that is not UTF-8.
    pub(super) fn guess(bytes: &[u8]) -> Self {
        let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
        let mut seen = Seen::default();
        let mut fed = 0;
        for line in bytes.split(|&b| b == b'\n') {
            if line.is_ascii() {
                continue;
            }
            let line = line.get(..DETECTOR_BYTES.min(line.len())).unwrap_or_default();
            seen.count(line);
            detector.feed(line, false);
            fed += line.len();
            if fed >= DETECTOR_BYTES {
                break;
            }
        }
        detector.feed(b"", true);
        let guess = detector.guess(None, Utf8Detection::Deny);
        let latin = ["windows-1250", "windows-1252", "windows-1254", "windows-1257", "windows-1258"];
        let western = seen.is_western() || latin.contains(&guess.name());
        if western && seen.oem > seen.ansi {
            Self::Oem850
        } else if western && !latin.contains(&guess.name()) {
            Self::Known(WINDOWS_1252)
        } else {
            Self::Known(guess)
        }
    }
}

/// What the words with non-ASCII bytes look like. The detector knows the Web's encodings; of the OEM pages
/// it knows 866 alone, and takes a German `f\x81r` for the half of a Chinese character.
#[derive(Default)]
struct Seen {
    /// Bytes where the OEM pages (437, 850) have their letters.
    oem: u64,
    /// Bytes where 1252 has them.
    ansi: u64,
    high: u64,
    /// All bytes of words that have a high one.
    letters: u64,
}

impl Seen {
    fn count(&mut self, line: &[u8]) {
        for word in line.split(|b| b.is_ascii() && !b.is_ascii_alphabetic()) {
            let high = word.iter().filter(|b| !b.is_ascii()).count() as u64;
            if high > 0 {
                self.high += high;
                self.letters += word.len() as u64;
            }
        }
        self.oem += line.iter().filter(|b| (0x80..=0xa5).contains(*b)).count() as u64;
        self.ansi += line.iter().filter(|b| **b >= 0xc0).count() as u64;
    }

    /// An accented letter in a few, while other scripts have at least every second byte high.
    fn is_western(&self) -> bool {
        self.high * 5 < self.letters * 2
    }
}

/// The first `bytes` bytes of a text, or a few less so as not to cut a character.
pub fn beginning(text: &str, bytes: usize) -> &str {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// [`str::trim`], which decodes characters, only where there may be blanks.
pub fn trimmed(text: &str) -> &str {
    let visible = |b: Option<&u8>| b.is_some_and(u8::is_ascii_graphic);
    match visible(text.as_bytes().first()) && visible(text.as_bytes().last()) {
        true => text,
        false if text.is_empty() => text,
        false => text.trim(),
    }
}

/// [`str::split`] by an ASCII character.
pub fn split_by(text: &str, separator: u8) -> impl Iterator<Item = &str> {
    let ends = memchr::memchr_iter(separator, text.as_bytes()).chain([text.len()]);
    ends.scan(0, |from, end| {
        let part = text.get(*from..end);
        *from = end + 1;
        part
    })
}

/// A column name as it is compared: `Prefix Length`, `prefix_length` and `PrefixLength` are one.
pub fn column_key(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, ' ' | '_' | '-' | '\u{feff}')).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, big: bool, mark: bool) -> Vec<u8> {
        let unit = |u: u16| {
            if big { u.to_be_bytes() } else { u.to_le_bytes() }
        };
        let mark = if mark { vec![0xfeff] } else { vec![] };
        mark.into_iter().chain(text.encode_utf16()).flat_map(unit).collect()
    }

    #[test]
    fn every_unicode_encoding_gives_the_same_text() {
        let text = "host;address\r\nSRV-Ä;192.0.2.1\r\n";
        assert_eq!(decode(text.as_bytes()), text);
        assert_eq!(decode(format!("\u{feff}{text}").as_bytes()), text);
        for (big, mark) in [(false, true), (false, false), (true, true), (true, false)] {
            assert_eq!(decode(&utf16(text, big, mark)), text, "big {big}, mark {mark}");
        }
    }

    #[test]
    fn utf16_without_mark_in_japanese() {
        let text =
            "   説明. . . . . . . . : 日本語のアダプター\r\n   IPv4 アドレス . . . : 192.0.2.1(優先)\r\n";
        assert_eq!(decode(&utf16(text, false, false)), text);
    }

    #[test]
    fn german_oem_and_ansi_are_told_apart() {
        let text = "Verbindungslokale Adresse für Größe: Bevorzugt, Gültig über Zähler";
        let oem = oem_cp::encode_string_lossy(text, &oem_cp::code_table::ENCODING_TABLE_CP850);
        assert_eq!(decode(&oem), text);
        let (ansi, _, _) = encoding_rs::WINDOWS_1252.encode(text);
        assert_eq!(decode(&ansi), text);
    }

    #[test]
    fn russian_oem_and_japanese() {
        let text =
            "   Описание. . . . . . . . . . . . . : Подключение по локальной сети\r\n   Физический адрес\r\n";
        let oem = oem_cp::encode_string_lossy(text, &oem_cp::code_table::ENCODING_TABLE_CP866);
        assert_eq!(decode(&oem), text);
        let text = "   物理アドレス. . . . . . : 36-40-B5-00-00-01\r\n   説明: イーサネット アダプター\r\n";
        let (sjis, _, _) = encoding_rs::SHIFT_JIS.encode(text);
        assert_eq!(decode(&sjis), text);
    }
}
