//! Recognises files by their first bytes, never by their extension.

use std::fs::File;
use std::io;
use std::path::Path;

use memchr::memmem;

use super::event_form::EventForm;
use crate::io_util::read_full_at;
use crate::text::decode::{decode, has_mark};

/// First bytes of an .evtx file.
pub const FILE_MAGIC: &[u8; 8] = b"ElfFile\0";

/// First bytes of a chunk of an .evtx file.
pub const CHUNK_MAGIC: &[u8; 8] = b"ElfChnk\0";

/// Length of the .evtx file header, which is the offset of the first chunk.
pub const FILE_HEADER_LEN: usize = 4096;

/// A kind of file that the program reads or recognises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// `ElfFile\0`, or bare chunks (`ElfChnk\0`) without a file header.
    Evtx,
    /// Event XML, with or without a root element.
    Xml,
    /// Text copied from Event Viewer (`Log Name:` ... `Computer:` ... `Description:`), or any other [`EventForm`] without a
    /// kind of its own.
    Text,
    /// Events as JSON objects, from any export tool.
    Json,
    /// Events as a table, one per row.
    Csv,
    /// Output of `extract --for-triage`: lines of JSON with a member `krbtriage`.
    Extract,
    Zip,
    Gzip,
    Zstd,
    Tar,
    /// A log (`LfLe`) of Windows 2000, XP or 2003. It is not read.
    LegacyEvt,
    /// A network capture, which is read as an address inventory.
    Capture,
    /// An archive of a kind that is not read.
    OtherArchive,
    /// An .MTA file, in which Event Viewer saves the message texts of a log. It is not needed.
    Mta,
    Empty,
    /// Text of any other kind: an inventory, a report, a script.
    OtherText,
    /// Binary data of any other kind.
    Other,
}

impl FileKind {
    /// The name in `--summary`.
    pub fn name(self) -> &'static str {
        match self {
            FileKind::Evtx => "evtx",
            FileKind::Xml => "xml",
            FileKind::Text => "text",
            FileKind::Json => "json",
            FileKind::Csv => "csv",
            FileKind::Capture => "capture",
            FileKind::OtherArchive => "archive",
            FileKind::Extract => "extract",
            FileKind::Zip => "zip",
            FileKind::Gzip => "gz",
            FileKind::Zstd => "zst",
            FileKind::Tar => "tar",
            FileKind::LegacyEvt => "evt",
            FileKind::Mta => "mta",
            FileKind::Empty => "empty",
            FileKind::OtherText => "other-text",
            FileKind::Other => "other",
        }
    }

    /// All kinds, in no particular order.
    const ALL: [Self; 17] = [
        FileKind::Evtx,
        FileKind::Xml,
        FileKind::Text,
        FileKind::Json,
        FileKind::Csv,
        FileKind::Capture,
        FileKind::OtherArchive,
        FileKind::Extract,
        FileKind::Zip,
        FileKind::Gzip,
        FileKind::Zstd,
        FileKind::Tar,
        FileKind::LegacyEvt,
        FileKind::Mta,
        FileKind::Empty,
        FileKind::Other,
        FileKind::OtherText,
    ];

    /// The kind with this [`name`](Self::name). An unknown name gives [`FileKind::Other`].
    pub fn from_name(name: &str) -> Self {
        Self::ALL.into_iter().find(|kind| kind.name() == name).unwrap_or(FileKind::Other)
    }

    /// Can events be read from it?
    pub fn is_read(self) -> bool {
        self.refusal().is_none()
    }

    /// Does it certainly hold events? An archive may hold an inventory instead.
    pub fn is_log(self) -> bool {
        self.is_read() && !self.is_archive()
    }

    /// Is it unrelated to logs? In a folder of logs, such a file is skipped.
    pub fn is_foreign(self) -> bool {
        matches!(self, FileKind::OtherText | FileKind::Other | FileKind::Capture)
    }

    /// Would a user miss this file if a folder's report did not mention that it is not read? True for an old log, an
    /// archive of another kind, and an `.evtx` file without the content of one: a failed copy is empty or all zeros.
    pub fn is_missed(self, path: &Path) -> bool {
        let has_extension =
            || path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("evtx"));
        matches!(self, FileKind::LegacyEvt | FileKind::OtherArchive) || (!self.is_read() && has_extension())
    }

    /// Is it an archive or packed file whose content is read?
    pub fn is_archive(self) -> bool {
        matches!(self, Self::Zip | Self::Tar | Self::Gzip | Self::Zstd)
    }

    /// Why a file of this kind is not read, and what to do about it. `None` for kinds that are read.
    pub fn refusal(self) -> Option<&'static str> {
        Some(match self {
            FileKind::Evtx
            | FileKind::Xml
            | FileKind::Text
            | FileKind::Json
            | FileKind::Csv
            | FileKind::Extract => return None,
            FileKind::Zip | FileKind::Gzip | FileKind::Zstd | FileKind::Tar => return None,
            FileKind::LegacyEvt => {
                "this is a log in the format of Windows 2000, XP and 2003 (.evt), which is not read; \
                 convert it on a current Windows with `wevtutil epl OLD.evt NEW.evtx /lf:true`, or open \
                 it in Event Viewer and save it as .evtx, then name the new file"
            }
            FileKind::Mta => {
                "this holds the message texts of a saved log (.MTA), which are not needed; \
                 name the .evtx file next to it"
            }
            FileKind::Empty => "the file is empty; export the log again",
            FileKind::Capture => "this is a network capture; name it with --interfaces",
            FileKind::OtherArchive => {
                "this is an archive of a kind that is not read (.7z, .xz, .rar, .cab, .bz2); unpack it and name the folder"
            }
            FileKind::OtherText => {
                "this is text of no kind that the program knows; export the log with `wevtutil epl System System.evtx`, or copy \
                 the event in Event Viewer with Copy > Copy details as text"
            }
            FileKind::Other => {
                "these bytes are not an event log or another file that the program knows; export the log with \
                 `wevtutil epl System System.evtx`"
            }
        })
    }
}

/// Is it the start of an output of this program (report, problems, events, state or audit)?
pub fn is_own_output(beginning: &str) -> bool {
    ["incident_id", "problem_id", "finding_id", "\"krbtriage-", "content=\"krbtriage "]
        .iter()
        .any(|mark| beginning.contains(mark))
}

/// Number of bytes that [`sniff`] needs. They include the first chunk's magic where the file header is overwritten.
pub const SNIFF_LEN: usize = FILE_HEADER_LEN + CHUNK_MAGIC.len();

/// Reads the first [`SNIFF_LEN`] bytes of a file, or all of a shorter one. The file's cursor does not move.
pub(super) fn read_head(file: &File) -> io::Result<Vec<u8>> {
    let mut head = vec![0; SNIFF_LEN];
    let len = read_full_at(file, &mut head, 0)?;
    head.truncate(len);
    Ok(head)
}

/// Recognises an open file. The file's cursor does not move.
pub(super) fn sniff_open(file: &File) -> io::Result<FileKind> {
    Ok(sniff(&read_head(file)?))
}

/// Recognises a file by `head`, its first [`SNIFF_LEN`] bytes or all of a shorter one. More bytes do no harm.
pub fn sniff(head: &[u8]) -> FileKind {
    if head.is_empty() {
        return FileKind::Empty;
    }
    // The magic of POSIX and GNU tar (pax, "ustar Interchange Format"). A member may hold a chunk within these bytes, so
    // this comes first.
    if head.get(257..262) == Some(b"ustar") {
        return FileKind::Tar;
    }
    if head.starts_with(FILE_MAGIC)
        || head.starts_with(CHUNK_MAGIC)
        || head.get(FILE_HEADER_LEN..).is_some_and(|rest| rest.starts_with(CHUNK_MAGIC))
    {
        return FileKind::Evtx;
    }
    // The magic of an .evt file follows the size of its header.
    if head.get(4..8) == Some(b"LfLe") {
        return FileKind::LegacyEvt;
    }
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        return FileKind::Zip;
    }
    if head.starts_with(&[0x1f, 0x8b, 8]) {
        return FileKind::Gzip;
    }
    if is_zstd(head) {
        return FileKind::Zstd;
    }
    if head.starts_with(b"MTAFile\0") {
        return FileKind::Mta;
    }
    if is_capture(head) {
        return FileKind::Capture;
    }
    if OTHER_ARCHIVES.iter().any(|magic| head.starts_with(magic)) {
        return FileKind::OtherArchive;
    }
    match sniff_text(head) {
        Some(kind) => kind,
        None if memmem::find(head, CHUNK_MAGIC).is_some() => FileKind::Evtx,
        None if is_text(head) => FileKind::OtherText,
        None => FileKind::Other,
    }
}

/// Is it UTF-16 with a byte order mark, or text in any code page without control characters?
pub(super) fn is_text(head: &[u8]) -> bool {
    head.starts_with(&[0xff, 0xfe])
        || head.starts_with(&[0xfe, 0xff])
        || head.iter().all(|&b| (b >= b' ' && b != 0x7f) || matches!(b, b'\t' | b'\n' | b'\r' | 0x0c))
}

/// Does it begin with a Zstandard frame (RFC 8878, 3.1.1) or a skippable frame (3.1.2)? `pzstd` writes the latter first.
fn is_zstd(head: &[u8]) -> bool {
    matches!(head, [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..])
}

/// Recognises events in text, which may be UTF-8 or UTF-16 with or without a byte order mark. `None` for other text and
/// for binary data.
fn sniff_text(head: &[u8]) -> Option<FileKind> {
    let ascii = ascii_of(head);
    let text = ascii.trim_ascii_start();
    // An extraction comes first, because its events may contain any text.
    if text.starts_with(b"{") && memmem::find(text, b"\"krbtriage\"").is_some() {
        return Some(FileKind::Extract);
    }
    // Binary data may contain the words by which a form is recognised.
    if !is_text(head) && !is_utf16_without_mark(head) {
        return None;
    }
    let text = decode(whole_characters(head));
    if is_own_output(&text) {
        return None;
    }
    let form = EventForm::recognise(&text)?;
    Some(match form {
        EventForm::Xml => FileKind::Xml,
        EventForm::Json => FileKind::Json,
        EventForm::Csv => FileKind::Csv,
        EventForm::CliXml
        | EventForm::List
        | EventForm::Labels
        | EventForm::Snare
        | EventForm::FriendlyView
        | EventForm::Table => FileKind::Text,
    })
}

/// Is nearly every second byte at the start zero, as in UTF-16 without a byte order mark?
fn is_utf16_without_mark(head: &[u8]) -> bool {
    let zeros = |odd: usize| head.iter().skip(odd).step_by(2).take(32).filter(|byte| **byte == 0).count();
    head.len() >= 8 && (zeros(0) > 24.min(head.len() / 3) || zeros(1) > 24.min(head.len() / 3))
}

/// Removes an incomplete UTF-8 character at the end, which would make the text look like another encoding.
fn whole_characters(head: &[u8]) -> &[u8] {
    let cut = head.iter().rev().take(4).take_while(|byte| **byte >= 0x80).count();
    if head.len() < SNIFF_LEN || cut == 4 || has_mark(head) {
        return head;
    }
    head.get(..head.len() - cut).unwrap_or(head)
}

/// First bytes of 7-Zip, xz, RAR, Cabinet and bzip2.
const OTHER_ARCHIVES: [&[u8]; 5] =
    [b"7z\xbc\xaf\x27\x1c", b"\xfd7zXZ\0", b"Rar!\x1a\x07", b"MSCF\0\0\0\0", b"BZh9\x31AY"];

/// Does it begin as a network capture: pcap in both byte orders and both resolutions, pcapng, or Network Monitor?
fn is_capture(head: &[u8]) -> bool {
    const MAGICS: [&[u8]; 6] = [
        &[0xd4, 0xc3, 0xb2, 0xa1],
        &[0xa1, 0xb2, 0xc3, 0xd4],
        &[0x4d, 0x3c, 0xb2, 0xa1],
        &[0xa1, 0xb2, 0x3c, 0x4d],
        &[0x0a, 0x0d, 0x0d, 0x0a],
        b"GMBU",
    ];
    MAGICS.iter().any(|magic| head.starts_with(magic))
}

/// Reduces UTF-8 or UTF-16 text to its ASCII characters, which are enough to recognise an extraction.
fn ascii_of(head: &[u8]) -> Vec<u8> {
    let rest = |n: usize| head.get(n..).unwrap_or_default();
    let utf16 = |bytes: &[u8], high: usize| {
        bytes.chunks_exact(2).map(|unit| if unit[high] == 0 { unit[1 - high] } else { b'?' }).collect()
    };
    match head {
        [0xEF, 0xBB, 0xBF, ..] => rest(3).to_vec(),
        [0xFF, 0xFE, ..] => utf16(rest(2), 1),
        [0xFE, 0xFF, ..] => utf16(rest(2), 0),
        [b'<' | b'{' | b'L' | b'E' | b'\r' | b'\n' | b' ', 0, ..] => utf16(head, 1),
        [0, b'<' | b'{' | b'L' | b'E' | b'\r' | b'\n' | b' ', ..] => utf16(head, 0),
        _ => head.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str) -> Vec<u8> {
        let mut bytes = vec![0xFF, 0xFE];
        bytes.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
        bytes
    }

    #[test]
    fn kinds_are_recognised_by_their_first_bytes() {
        let mut lost_header = vec![0; FILE_HEADER_LEN];
        lost_header.extend_from_slice(CHUNK_MAGIC);
        let event_xml = "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'>";
        let copied = "Log Name:      System\r\nSource:        Kerberos\r\n";
        for (head, kind) in [
            (b"".to_vec(), FileKind::Empty),
            (b"ElfFile\0\0\0".to_vec(), FileKind::Evtx),
            (b"ElfChnk\0\0\0".to_vec(), FileKind::Evtx),
            (lost_header, FileKind::Evtx),
            (b"carved junk ElfChnk\0".to_vec(), FileKind::Evtx),
            (b"\x30\0\0\0LfLe\x01\0\0\0".to_vec(), FileKind::LegacyEvt),
            (b"PK\x03\x04\x14\0".to_vec(), FileKind::Zip),
            (b"\x1f\x8b\x08\0".to_vec(), FileKind::Gzip),
            (b"\x28\xb5\x2f\xfd\x04\0".to_vec(), FileKind::Zstd),
            (b"\x50\x2a\x4d\x18\x04\0".to_vec(), FileKind::Zstd),
            (br#"{"krbtriage":1,"type":"begin"}"#.to_vec(), FileKind::Extract),
            (br#"{"path": "<Event>", "krbtriage": 1}"#.to_vec(), FileKind::Extract),
            (utf16(r#"{"krbtriage":1}"#), FileKind::Extract),
            (br#"{"format": "krbtriage-report", "a": "<Event"}"#.to_vec(), FileKind::OtherText),
            (event_xml.into(), FileKind::Xml),
            (utf16("\r\n<Events>"), FileKind::Xml),
            (b"\xEF\xBB\xBF<?xml version='1.0'?><Events>".to_vec(), FileKind::Xml),
            (b"<e:Event xmlns:e='u'>".to_vec(), FileKind::Xml),
            // An Office document and its members are XML too.
            (b"<?xml version='1.0'?><workbook>".to_vec(), FileKind::OtherText),
            (format!("{copied}Event Xml:\r\n{event_xml}").into(), FileKind::Text),
            (copied.into(), FileKind::Text),
            (utf16(copied), FileKind::Text),
            (b"hello".to_vec(), FileKind::OtherText),
            (b"\xff\xfeh\0e\0".to_vec(), FileKind::OtherText),
            (b"h\0e\0llo".to_vec(), FileKind::Other),
            (b"\x7fELF".to_vec(), FileKind::Other),
        ] {
            assert_eq!(sniff(&head), kind, "{:?}", String::from_utf8_lossy(&head));
        }
    }

    #[test]
    fn what_is_not_read_says_what_to_do() {
        for kind in
            [FileKind::LegacyEvt, FileKind::Mta, FileKind::Empty, FileKind::OtherText, FileKind::Other]
        {
            assert!(!kind.is_read() && kind.refusal().is_some());
        }
        assert!(FileKind::ALL.into_iter().all(|kind| FileKind::from_name(kind.name()) == kind));
        assert!(FileKind::Evtx.is_read() && FileKind::Evtx.refusal().is_none());
    }
}
