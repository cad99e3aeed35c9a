//! Recognises files by their first bytes, never by their extension.

use std::path::Path;

use memchr::memmem;

use super::event_form::EventForm;
use crate::text::decode::{decode, has_mark};

/// First bytes of an .evtx file.
pub const FILE_MAGIC: &[u8; 8] = b"ElfFile\0";

/// First bytes of a chunk of an .evtx file.
pub const CHUNK_MAGIC: &[u8; 8] = b"ElfChnk\0";

/// Length of the .evtx file header, which is the offset of the first chunk.
pub const FILE_HEADER_LEN: usize = 4096;

/// The kinds of files that the program reads or recognises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `ElfFile\0`, or bare chunks (`ElfChnk\0`) without a file header.
    Evtx,
    /// Event XML: `<Events>`, `<Event`, with or without a root, UTF-8 or UTF-16.
    Xml,
    /// Text copied from Event Viewer (`Log Name:` ... `Computer:` ... `Description:`), and every other [`EventForm`] that is
    /// text.
    Text,
    /// Objects of a tool that exports events.
    Json,
    /// A table of events.
    Csv,
    /// Output of `extract --for-triage`: lines of JSON with a member `krbtriage`.
    Extract,
    Zip,
    Gzip,
    Zstd,
    Tar,
    /// `LfLe`: the log format of Windows 2000, XP and 2003. Recognised, but not read.
    LegacyEvt,
    /// A network capture: an address inventory, whatever events its packets carry.
    Capture,
    /// An archive of a kind that is not read.
    OtherArchive,
    /// Message-table archive that comes with a saved log. Not needed, skipped.
    Mta,
    Empty,
    /// Text of another kind: an inventory, a report, a script.
    OtherText,
    /// Anything else.
    Other,
}

impl Kind {
    /// As in `--summary`.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Evtx => "evtx",
            Kind::Xml => "xml",
            Kind::Text => "text",
            Kind::Json => "json",
            Kind::Csv => "csv",
            Kind::Capture => "capture",
            Kind::OtherArchive => "archive",
            Kind::Extract => "extract",
            Kind::Zip => "zip",
            Kind::Gzip => "gz",
            Kind::Zstd => "zst",
            Kind::Tar => "tar",
            Kind::LegacyEvt => "evt",
            Kind::Mta => "mta",
            Kind::Empty => "empty",
            Kind::OtherText => "other-text",
            Kind::Other => "other",
        }
    }

    const ALL: [Self; 17] = [
        Kind::Evtx,
        Kind::Xml,
        Kind::Text,
        Kind::Json,
        Kind::Csv,
        Kind::Capture,
        Kind::OtherArchive,
        Kind::Extract,
        Kind::Zip,
        Kind::Gzip,
        Kind::Zstd,
        Kind::Tar,
        Kind::LegacyEvt,
        Kind::Mta,
        Kind::Empty,
        Kind::Other,
        Kind::OtherText,
    ];

    /// Inverse of [`Kind::name`]. Another name is [`Kind::Other`].
    pub fn named(name: &str) -> Self {
        Self::ALL.into_iter().find(|kind| kind.name() == name).unwrap_or(Kind::Other)
    }

    /// Can events be read from it?
    pub fn is_read(self) -> bool {
        self.refusal().is_none()
    }

    /// Does it certainly hold events? An archive may hold an inventory instead.
    pub fn is_log(self) -> bool {
        matches!(self, Kind::Evtx | Kind::Xml | Kind::Text | Kind::Json | Kind::Csv | Kind::Extract)
    }

    /// Is it unrelated to logs? In a folder it is then skipped.
    pub fn is_foreign(self) -> bool {
        matches!(self, Kind::OtherText | Kind::Other | Kind::Capture)
    }

    /// Would a user miss this unread file in a folder's report? True for an old log, and for a file with the
    /// name but not the content of a log (a failed copy leaves nothing, or zeros).
    pub fn is_missed(self, path: &Path) -> bool {
        let named_so = || path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("evtx"));
        matches!(self, Kind::LegacyEvt | Kind::OtherArchive) || (!self.is_read() && named_so())
    }

    /// Does it hold other files that are read?
    pub fn is_archive(self) -> bool {
        matches!(self, Self::Zip | Self::Tar | Self::Gzip | Self::Zstd)
    }

    /// Is it another file, packed as a whole?
    pub fn is_packed(self) -> bool {
        matches!(self, Kind::Gzip | Kind::Zstd)
    }

    /// Why a file of this kind is not read, and what to do about it. `None` for kinds that are read.
    pub fn refusal(self) -> Option<&'static str> {
        Some(match self {
            Kind::Evtx | Kind::Xml | Kind::Text | Kind::Json | Kind::Csv | Kind::Extract => return None,
            Kind::Zip | Kind::Gzip | Kind::Zstd | Kind::Tar => return None,
            Kind::LegacyEvt => {
                "this is a log in the format of Windows 2000, XP and 2003 (.evt), which is not read; \
                 convert it on a current Windows with `wevtutil epl OLD.evt NEW.evtx /lf:true`, or open \
                 it in Event Viewer and save it as .evtx, then name the new file"
            }
            Kind::Mta => {
                "this holds the message texts of a saved log (.MTA), which are not needed; \
                 name the .evtx file next to it"
            }
            Kind::Empty => "the file is empty; export the log again",
            Kind::Capture => "this is a network capture; name it with --interfaces",
            Kind::OtherArchive => {
                "this is an archive of a kind that is not read (.7z, .xz, .rar, .cab, .bz2); unpack it and name the folder"
            }
            Kind::OtherText => {
                "this is text of no kind that the program knows; export the log with `wevtutil epl System System.evtx`, or copy \
                 the event in Event Viewer with Copy > Copy details as text"
            }
            Kind::Other => {
                "these bytes are not an event log or another file that the program knows; export the log with \
                 `wevtutil epl System System.evtx`"
            }
        })
    }
}

/// Names a common kind of file that no reader reads, with what to pass instead.
pub(crate) fn describe_unread(head: &[u8]) -> Option<&'static str> {
    const MAGICS: &[(&[u8], &str)] = &[
        (b"\x89PNG", PICTURE),
        (b"\xff\xd8\xff", PICTURE),
        (b"GIF8", PICTURE),
        (b"BM", PICTURE),
        (b"%PDF-", DOCUMENT),
        (b"{\\rtf", DOCUMENT),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", DOCUMENT),
        (b"MZ", "this is a program; pass the log, or what the program wrote"),
        (
            b"regf",
            "this is a registry hive, which has no events; export the log with `wevtutil epl System System.evtx`",
        ),
        (b"SQLite format 3", "this is a database; export its events or addresses as CSV or JSON"),
    ];
    if let Some((_, what)) = MAGICS.iter().find(|(magic, _)| head.starts_with(magic)) {
        // Two letters are a bitmap or a program only before bytes that are no text.
        return (what != &PICTURE || !head.starts_with(b"BM") || !is_text(head)).then_some(*what);
    }
    let text = decode(head);
    let start = text.trim_start_matches('\u{feff}').trim_start().to_ascii_lowercase();
    let lines: Vec<&str> = start.lines().map(str::trim).filter(|line| !line.is_empty()).take(60).collect();
    let begins = |line: &str, words: &[&str]| words.iter().any(|word| line.starts_with(word));
    if begins(&start, &["<!doctype html", "<html"]) {
        return Some("this is a web page; copy the text or the table in it to a text or CSV file");
    }
    if start.starts_with("---") && start.contains("event_attributes:") {
        return Some("this is YAML of chainsaw; search again with `chainsaw search --json`");
    }
    // Of chainsaw and others, with colours.
    if start.contains('┌') && start.contains('│') {
        return Some(
            "this is a table as a console shows it; let the tool write JSON or CSV (`chainsaw hunt --json`), and pass that",
        );
    }
    if start.contains("<nmaprun") {
        return Some(
            "this is a scan of nmap, which shows addresses and not the machines that own them; run `ipconfig /all` on the hosts",
        );
    }
    let is_log_line = |line: &&str| crate::files::event_form::is_log_line(&line.to_ascii_uppercase());
    if lines.iter().any(is_log_line) {
        return Some(
            "these are lines of syslog or CEF; export the events from the collector as JSON or CSV with time, computer and message, or \
             export the log with `wevtutil epl System System.evtx`",
        );
    }
    if lines.iter().any(|line| {
        begins(line, &["internet address", "interface list", "ipv4 route table", "active connections"])
    }) {
        return Some(
            "this is the output of arp, route or netstat, which shows the addresses of other machines; run `ipconfig /all` on the host",
        );
    }
    // The line of dashes below the header of Format-Table, and wmic's table.
    let is_rule = |line: &str| {
        line.split_whitespace().count() > 1
            && line.contains("---")
            && line.chars().all(|c| matches!(c, '-' | ' ' | '\t'))
    };
    let is_wmic = lines.first().is_some_and(|line| {
        line.contains("   ") && line.contains("ipaddress") && !line.contains([',', ';', '"'])
    });
    if is_wmic || lines.iter().skip(1).take(6).any(|line| is_rule(line)) {
        return Some(
            "this is a table as a console shows it, which cuts lists and drops columns; export it with Export-Csv or ConvertTo-Json \
             (wmic: /format:csv)",
        );
    }
    None
}

const PICTURE: &str = "this is a picture; copy the event as text in Event Viewer with Copy > Copy details as text, or save the log as .evtx";
const DOCUMENT: &str = "this is a document; copy the text in it to a text file, or export the log with \
    `wevtutil epl System System.evtx`";

/// Does a text begin like an output of this program: report, problems, events, state or audit?
pub fn is_own_output(beginning: &str) -> bool {
    ["incident_id", "problem_id", "finding_id", "\"krbtriage-", "content=\"krbtriage "]
        .iter()
        .any(|mark| beginning.contains(mark))
}

/// Number of bytes that [`sniff`] needs: if the file header is lost, they include the first chunk's magic.
pub const SNIFF_LEN: usize = FILE_HEADER_LEN + CHUNK_MAGIC.len();

/// The kind of a file that starts with `head` (up to [`SNIFF_LEN`] bytes or more).
pub fn sniff(head: &[u8]) -> Kind {
    if head.is_empty() {
        return Kind::Empty;
    }
    // POSIX and GNU have it after the header's first fields. Its members may hold a chunk within these bytes.
    if head.get(257..262) == Some(b"ustar") {
        return Kind::Tar;
    }
    if head.starts_with(FILE_MAGIC)
        || head.starts_with(CHUNK_MAGIC)
        || head.get(FILE_HEADER_LEN..).is_some_and(|rest| rest.starts_with(CHUNK_MAGIC))
    {
        return Kind::Evtx;
    }
    // 0x30 is the size of an .evt header; the magic follows it.
    if head.get(4..8) == Some(b"LfLe") {
        return Kind::LegacyEvt;
    }
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        return Kind::Zip;
    }
    if head.starts_with(&[0x1f, 0x8b, 8]) {
        return Kind::Gzip;
    }
    if is_zstd(head) {
        return Kind::Zstd;
    }
    if head.starts_with(b"MTAFile\0") {
        return Kind::Mta;
    }
    if is_capture(head) {
        return Kind::Capture;
    }
    if OTHER_ARCHIVES.iter().any(|magic| head.starts_with(magic)) {
        return Kind::OtherArchive;
    }
    match text_kind(head) {
        Some(kind) => kind,
        None if memmem::find(head, CHUNK_MAGIC).is_some() => Kind::Evtx,
        None if is_text(head) => Kind::OtherText,
        None => Kind::Other,
    }
}

/// UTF-16 with its mark, or bytes as text has them in any code page.
fn is_text(head: &[u8]) -> bool {
    head.starts_with(&[0xff, 0xfe])
        || head.starts_with(&[0xfe, 0xff])
        || head.iter().all(|&b| (b >= b' ' && b != 0x7f) || matches!(b, b'\t' | b'\n' | b'\r' | 0x0c))
}

/// A frame (RFC 8878, 3.1.1), or a skippable one (3.1.2), with which `pzstd` begins.
fn is_zstd(head: &[u8]) -> bool {
    matches!(head, [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..])
}

/// Extracted events, event XML and copied text, in UTF-8 or UTF-16 with or without a byte order mark.
fn text_kind(head: &[u8]) -> Option<Kind> {
    let ascii = narrow(head);
    let text = ascii.trim_ascii_start();
    // Check this first: the events in it may contain any text.
    if text.starts_with(b"{") && memmem::find(text, b"\"krbtriage\"").is_some() {
        return Some(Kind::Extract);
    }
    // Binary data is not a form of events, whatever words are in it.
    if !is_text(head) && !is_wide(head) {
        return None;
    }
    let text = decode(whole_characters(head));
    if is_own_output(&text) {
        return None;
    }
    let form = EventForm::of(&text)?;
    Some(match form {
        EventForm::Xml => Kind::Xml,
        EventForm::Json => Kind::Json,
        EventForm::Csv => Kind::Csv,
        EventForm::CliXml
        | EventForm::List
        | EventForm::Labels
        | EventForm::Snare
        | EventForm::View
        | EventForm::Table => Kind::Text,
    })
}

/// Is every second byte at the start zero, as in UTF-16 without a byte order mark?
fn is_wide(head: &[u8]) -> bool {
    let zeros = |odd: usize| head.iter().skip(odd).step_by(2).take(32).filter(|byte| **byte == 0).count();
    head.len() >= 8 && (zeros(0) > 24.min(head.len() / 3) || zeros(1) > 24.min(head.len() / 3))
}

/// Removes an incomplete character at the end, which would make the text look like another code page's.
fn whole_characters(head: &[u8]) -> &[u8] {
    let cut = head.iter().rev().take(4).take_while(|byte| **byte >= 0x80).count();
    match head.len() < SNIFF_LEN || cut == 4 || has_mark(head) {
        true => head,
        false => head.get(..head.len() - cut).unwrap_or(head),
    }
}

/// First bytes of 7-Zip, xz, RAR, Cabinet and bzip2.
const OTHER_ARCHIVES: [&[u8]; 5] =
    [b"7z\xbc\xaf\x27\x1c", b"\xfd7zXZ\0", b"Rar!\x1a\x07", b"MSCF\0\0\0\0", b"BZh9\x31AY"];

/// pcap in both byte orders and both resolutions, pcapng, Network Monitor.
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

/// The ASCII characters of UTF-8 or UTF-16 text, which are enough to recognise a form.
fn narrow(head: &[u8]) -> Vec<u8> {
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
            (b"".to_vec(), Kind::Empty),
            (b"ElfFile\0\0\0".to_vec(), Kind::Evtx),
            (b"ElfChnk\0\0\0".to_vec(), Kind::Evtx),
            (lost_header, Kind::Evtx),
            (b"carved junk ElfChnk\0".to_vec(), Kind::Evtx),
            (b"\x30\0\0\0LfLe\x01\0\0\0".to_vec(), Kind::LegacyEvt),
            (b"PK\x03\x04\x14\0".to_vec(), Kind::Zip),
            (b"\x1f\x8b\x08\0".to_vec(), Kind::Gzip),
            (b"\x28\xb5\x2f\xfd\x04\0".to_vec(), Kind::Zstd),
            (b"\x50\x2a\x4d\x18\x04\0".to_vec(), Kind::Zstd),
            (br#"{"krbtriage":1,"type":"begin"}"#.to_vec(), Kind::Extract),
            (br#"{"path": "<Event>", "krbtriage": 1}"#.to_vec(), Kind::Extract),
            (utf16(r#"{"krbtriage":1}"#), Kind::Extract),
            (br#"{"format": "krbtriage-report", "a": "<Event"}"#.to_vec(), Kind::OtherText),
            (event_xml.into(), Kind::Xml),
            (utf16("\r\n<Events>"), Kind::Xml),
            (b"\xEF\xBB\xBF<?xml version='1.0'?><Events>".to_vec(), Kind::Xml),
            (b"<e:Event xmlns:e='u'>".to_vec(), Kind::Xml),
            // The files of Office, and those inside them, are XML too.
            (b"<?xml version='1.0'?><workbook>".to_vec(), Kind::OtherText),
            (format!("{copied}Event Xml:\r\n{event_xml}").into(), Kind::Text),
            (copied.into(), Kind::Text),
            (utf16(copied), Kind::Text),
            (b"hello".to_vec(), Kind::OtherText),
            (b"\xff\xfeh\0e\0".to_vec(), Kind::OtherText),
            (b"h\0e\0llo".to_vec(), Kind::Other),
            (b"\x7fELF".to_vec(), Kind::Other),
        ] {
            assert_eq!(sniff(&head), kind, "{:?}", String::from_utf8_lossy(&head));
        }
    }

    #[test]
    fn an_unread_file_is_named_by_its_kind() {
        for (head, what) in [
            (&b"\x89PNG\r\n\x1a\n\0\0"[..], "a picture"),
            (b"%PDF-1.7\n", "a document"),
            (b"<!DOCTYPE html><html>", "a web page"),
            (b"MZ\x90\0", "a program"),
            (b"<?xml version=\"1.0\"?>\n<nmaprun scanner=\"nmap\">", "a scan of nmap"),
            (b"\nInterface: 192.0.2.1 --- 0x6\n  Internet Address      Physical Address\n", "arp, route or netstat"),
            (b"<11>Oct  6 21:13:09 SRV1 Kerberos[0]: The Kerberos client received a KRB_AP_ERR_MODIFIED error", "lines of syslog"),
            (b"CEF:0|Microsoft|Windows||Kerberos:4|msg=a KRB_AP_ERR_MODIFIED error", "lines of syslog"),
            (b"\nifIndex IPAddress  PrefixLength\n------- ---------  ------------\n6       192.0.2.1 24\n", "a table as a console"),
            (b"---\nEvent_attributes:\n  xmlns: u\nEvent:\n  System:\n", "YAML of chainsaw"),
            (
                "\u{1b}[32m[+] Group: Logon\u{1b}[0m\n┌────┬────┐\n│ timestamp │ Event ID │\n".as_bytes(),
                "a table as a console",
            ),
            (b"Description    DHCPServer  IPAddress       MACAddress\nvmxnet3\n", "a table as a console"),
        ] {
            let described = describe_unread(head).unwrap_or_default();
            assert!(described.contains(what), "{described:?} for {:?}", String::from_utf8_lossy(head));
        }
        for head in [
            &b"hello"[..],
            b"BM and PDQ are names\n",
            b"host,address\nsrv1,192.0.2.1\n",
            b"# Title\n\n---\n\ntext\n",
        ] {
            assert_eq!(describe_unread(head), None, "{:?}", String::from_utf8_lossy(head));
        }
    }

    #[test]
    fn what_is_not_read_says_what_to_do() {
        for kind in [Kind::LegacyEvt, Kind::Mta, Kind::Empty, Kind::OtherText, Kind::Other] {
            assert!(!kind.is_read() && kind.refusal().is_some());
        }
        assert!(Kind::ALL.into_iter().all(|kind| Kind::named(kind.name()) == kind));
        assert!(Kind::Evtx.is_read() && Kind::Evtx.refusal().is_none());
    }
}
