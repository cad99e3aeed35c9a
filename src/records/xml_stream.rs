//! Reads XML of any number of events: `wevtutil qe /f:xml` without a root, Event Viewer's `<Events>`, lines of `.ToXml()`.
//!
//! The reader cuts events out of the stream by their tags. Therefore a broken event does not affect other events, and only one
//! event is in memory at a time. No DTD is read, so no entity can expand.

use std::io::Read;

use memchr::{memchr, memchr2, memmem};

use super::read_errors::ReadErrors;
use super::record::Record;
use super::selection::Selection;
use super::sliding_buffer::SlidingBuffer;
use super::xml::parse_wanted;

/// Longest event in bytes of UTF-8. A record in an .evtx file is shorter than 64 KiB, the length of a chunk. Names, escapes
/// and `RenderingInfo` do not make it 16 times as long.
pub const MAX_EVENT: usize = 1024 * 1024;

/// Maximum number of bytes from `<` to the end of the name of a tag.
const MAX_NAME: usize = 64;

/// Maximum number of bytes from `<Event` to `<System`, between which there are only namespaces.
const MAX_START_TAG: usize = 4096;

/// Reads all events of `input`, passes the wanted ones to `emit` and counts all of them in `records`.
///
/// An event that cannot be read is reported with its line. Reading continues with the next event.
pub fn read_events(
    input: impl Read,
    selection: &Selection,
    emit: &mut dyn FnMut(Record),
    records: &mut u64,
    read_errors: &mut ReadErrors,
) {
    let before = *records;
    let mut cutter = Cutter { window: SlidingBuffer::new(input), at: 0, open: None, searched: [0; 2] };
    cutter.run(&mut |window, at, cut| {
        let why = match cut {
            CutterItem::Whole(text) => match parse_wanted(text, selection) {
                Ok(None) => None,
                Ok(Some(record)) => {
                    emit(record);
                    None
                }
                Err(error) => Some(error.to_string()),
            },
            CutterItem::TooLong => Some(format!("it is longer than {} KiB", MAX_EVENT / 1024)),
            CutterItem::Unfinished => Some("its end is missing".to_owned()),
            CutterItem::Failed(error) => {
                return read_errors.add(window.offset(at), || {
                    format!("reading stopped at {}: {error}", window.position(at))
                });
            }
        };
        *records += 1;
        if let Some(why) = why {
            read_errors.add(window.offset(at), || {
                format!("the event at {} was skipped: {why}", window.position(at))
            });
        }
    });
    if *records == before {
        read_errors.add(0, || {
            "there is no Event element in it; export with `wevtutil qe System /f:xml` or save as .evtx"
                .to_owned()
        });
    }
}

/// An event in the stream, or the reason why one cannot be cut out.
enum CutterItem<'a> {
    Whole(&'a str),
    TooLong,
    Unfinished,
    Failed(std::io::Error),
}

/// Receives an item of the cutter, the buffer, and the index in the buffer at which the item starts.
type CutterCallback<'f, R> = dyn FnMut(&SlidingBuffer<R>, usize, CutterItem<'_>) + 'f;

/// An event of which only the start was found.
struct OpenEvent {
    /// Index of its `<` in the window.
    start: usize,
    /// Number of open `Event` elements inside it (in `UserData`).
    inner: usize,
}

/// Cuts events out of a stream.
struct Cutter<R> {
    window: SlidingBuffer<R>,
    /// Index in the window of the next tag to check.
    at: usize,
    open: Option<OpenEvent>,
    /// For each of [`SECTIONS`], the index in the window up to which its end was searched in vain. It keeps the search linear
    /// if many comments have no end.
    searched: [usize; 2],
}

/// The start and end marks of comments and CDATA, in which tags are only text.
const SECTIONS: [(&[u8], &[u8]); 2] = [(b"<!--", b"-->"), (b"<![CDATA[", b"]]>")];

/// A tag of the stream.
enum XmlTag {
    /// More bytes are needed to recognise the tag.
    Unknown,
    /// `<Event ...>`. `record` is true if `<System` follows, as in every event and in no other element.
    Start { record: bool },
    /// `</Event>` of this length in bytes.
    End(usize),
    /// Any other tag, a comment or text. This number of bytes is skipped.
    Other(usize),
}

impl<R: Read> Cutter<R> {
    fn run(&mut self, callback: &mut CutterCallback<'_, R>) {
        loop {
            let Some(tag) = self.next_tag() else {
                if !self.read_more(callback) {
                    return;
                }
                continue;
            };
            match tag {
                XmlTag::Unknown => {
                    if !self.read_more(callback) {
                        return;
                    }
                }
                XmlTag::Other(length) => self.at += length,
                XmlTag::Start { record } => {
                    match &mut self.open {
                        Some(open) if !record => open.inner += 1,
                        Some(open) => {
                            callback(&self.window, open.start, CutterItem::Unfinished);
                            *open = OpenEvent { start: self.at, inner: 0 };
                        }
                        None => self.open = Some(OpenEvent { start: self.at, inner: 0 }),
                    }
                    self.at += 1;
                }
                XmlTag::End(length) => {
                    self.at += length;
                    match &mut self.open {
                        Some(open) if open.inner > 0 => open.inner -= 1,
                        Some(open) => {
                            let whole = open.start..self.at;
                            let text = self.window.bytes().get(whole).unwrap_or_default();
                            let cut = match std::str::from_utf8(text) {
                                // The cut is between two tags, so it splits no character.
                                Ok(text) if text.len() <= MAX_EVENT => CutterItem::Whole(text),
                                _ => CutterItem::TooLong,
                            };
                            callback(&self.window, open.start, cut);
                            self.open = None;
                        }
                        None => {}
                    }
                }
            }
        }
    }

    /// Moves `at` to the next `<` and classifies it; `None` if the window has none.
    fn next_tag(&mut self) -> Option<XmlTag> {
        let rest = self.window.bytes().get(self.at..).unwrap_or_default();
        match memchr(b'<', rest) {
            Some(skip) => self.at += skip,
            None => {
                self.at = self.window.bytes().len();
                return None;
            }
        }
        Some(self.classify())
    }

    fn classify(&mut self) -> XmlTag {
        let rest = self.window.bytes().get(self.at..).unwrap_or_default();
        let ended = self.window.ended();
        match rest.get(1) {
            None if ended => XmlTag::Other(1),
            None => XmlTag::Unknown,
            Some(b'!') => self.section(),
            Some(b'/') => match local_name(rest.get(2..).unwrap_or_default(), ended) {
                LocalName::Unknown => XmlTag::Unknown,
                LocalName::Is(b"Event", length) => end_tag(rest, 2 + length, ended),
                LocalName::Is(_, length) => XmlTag::Other(2 + length),
            },
            Some(_) => match local_name(rest.get(1..).unwrap_or_default(), ended) {
                LocalName::Unknown => XmlTag::Unknown,
                LocalName::Is(b"Event", length) => start_tag(rest, 1 + length, ended),
                LocalName::Is(_, length) => XmlTag::Other(1 + length),
            },
        }
    }

    /// Classifies a tag that begins with `<!`. A comment or CDATA is skipped completely, unless it is longer than an event.
    fn section(&mut self) -> XmlTag {
        let bytes = self.window.bytes();
        let rest = bytes.get(self.at..).unwrap_or_default();
        if rest.len() < 9 && !self.window.ended() {
            return XmlTag::Unknown;
        }
        for ((opening, closing), searched) in SECTIONS.iter().zip(&mut self.searched) {
            if !rest.starts_with(opening) {
                continue;
            }
            let from = (self.at + opening.len()).max(*searched);
            let unsearched = bytes.get(from..).unwrap_or_default();
            if let Some(end) = memmem::find(unsearched, closing) {
                return XmlTag::Other(from + end + closing.len() - self.at);
            }
            // The last bytes may be the start of the closing mark.
            *searched = bytes.len().saturating_sub(closing.len() - 1).max(from);
            if rest.len() > MAX_EVENT || self.window.ended() {
                return XmlTag::Other(opening.len());
            }
            return XmlTag::Unknown;
        }
        XmlTag::Other(2)
    }

    /// Reads another block of the input. Returns false at the end.
    fn read_more(&mut self, callback: &mut CutterCallback<'_, R>) -> bool {
        if let Some(open) = &self.open
            && self.window.bytes().len() - open.start > MAX_EVENT
        {
            callback(&self.window, open.start, CutterItem::TooLong);
            self.open = None;
        }
        if self.window.ended() {
            if let Some(open) = self.open.take() {
                callback(&self.window, open.start, CutterItem::Unfinished);
            }
            return false;
        }
        let done = self.open.as_ref().map_or(self.at, |open| open.start);
        self.window.drop_front(done);
        self.at -= done;
        self.searched = self.searched.map(|s| s.saturating_sub(done));
        if let Some(open) = &mut self.open {
            open.start = 0;
        }
        if let Err(error) = self.window.grow() {
            callback(&self.window, self.window.bytes().len(), CutterItem::Failed(error));
        }
        true
    }
}

/// The name of an element.
enum LocalName<'a> {
    /// More bytes are needed.
    Unknown,
    /// The local name, and the length of the name with its prefix in bytes.
    Is(&'a [u8], usize),
}

/// The name at the start of `bytes`. A name longer than [`MAX_NAME`] is not that of an event.
fn local_name(bytes: &[u8], ended: bool) -> LocalName<'_> {
    let head = bytes.get(..MAX_NAME).unwrap_or(bytes);
    let end = head.iter().position(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n' | b'>' | b'/' | b'<'));
    let whole = match end {
        Some(end) => head.get(..end).unwrap_or_default(),
        None if head.len() == MAX_NAME => return LocalName::Is(b"", MAX_NAME),
        None if ended => head,
        None => return LocalName::Unknown,
    };
    let local = match memchr(b':', whole) {
        Some(colon) => whole.get(colon + 1..).unwrap_or_default(),
        None => whole,
    };
    LocalName::Is(local, whole.len())
}

/// Classifies an end tag. `rest` starts with `</Event`, which has `name_end` bytes.
fn end_tag(rest: &[u8], name_end: usize, ended: bool) -> XmlTag {
    let head = rest.get(..MAX_NAME).unwrap_or(rest);
    match head.iter().skip(name_end).position(|b| !b.is_ascii_whitespace()) {
        Some(space) if head.get(name_end + space) == Some(&b'>') => XmlTag::End(name_end + space + 1),
        None if head.len() < MAX_NAME && !ended => XmlTag::Unknown,
        _ => XmlTag::Other(name_end),
    }
}

/// Classifies a start tag. `rest` starts with `<Event`, which has `name_end` bytes.
fn start_tag(rest: &[u8], name_end: usize, ended: bool) -> XmlTag {
    let head = rest.get(..MAX_START_TAG).unwrap_or(rest);
    let whole = head.len() == MAX_START_TAG || ended;
    let Some(end) = memchr2(b'>', b'<', head.get(1..).unwrap_or_default()).map(|end| end + 1) else {
        return if whole { XmlTag::Start { record: false } } else { XmlTag::Unknown };
    };
    // A tag cannot contain `<`, so the end of this tag is missing.
    if head.get(end) == Some(&b'<') {
        return XmlTag::Other(end);
    }
    if end > name_end && head.get(end - 1) == Some(&b'/') {
        return XmlTag::Other(end + 1);
    }
    let after = head.get(end + 1..).unwrap_or_default().trim_ascii_start();
    match after.strip_prefix(b"<").map(|tag| local_name(tag, whole)) {
        Some(LocalName::Is(name, _)) => XmlTag::Start { record: name == b"System" },
        Some(LocalName::Unknown) => XmlTag::Unknown,
        None if after.is_empty() && !whole => XmlTag::Unknown,
        None => XmlTag::Start { record: false },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::EventFilter;
    use proptest::prelude::*;

    fn event(id: u16, computer: &str) -> String {
        format!(
            "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>\
             <Provider Name='Kerberos'/><EventID Qualifiers='16384'>{id}</EventID>\
             <TimeCreated SystemTime='2020-01-02T03:04:05.5Z'/><EventRecordID>1</EventRecordID>\
             <Computer>{computer}</Computer></System><EventData><Data>é &lt;</Data></EventData></Event>"
        )
    }

    fn read(input: impl Read) -> (Vec<String>, u64, Vec<String>) {
        let selection =
            Selection::new(vec![EventFilter { providers: vec!["Kerberos".into()], event_ids: vec![4] }]);
        let (mut computers, mut records, mut read_errors) = (Vec::new(), 0, ReadErrors::default());
        let mut emit = |r: Record| computers.push(r.computer.to_string());
        read_events(input, &selection, &mut emit, &mut records, &mut read_errors);
        (computers, records, read_errors.into_sentences())
    }

    fn read_text(text: &str) -> (Vec<String>, u64, Vec<String>) {
        read(text.as_bytes())
    }

    #[test]
    fn every_shape_of_document_is_read() {
        let three = [event(4, "a"), event(5, "b"), event(4, "c")];
        for document in [
            three.concat(),
            three.join("\r\n"),
            format!("<?xml version='1.0' encoding='utf-16'?>\r\n<Events>{}</Events>", three.concat()),
            format!("<!DOCTYPE x [<!ENTITY a 'b'>]><!-- {} --><r>{}", event(4, "z"), three.join("&amp;")),
            three.concat().replace("><", ">\r\n\t<"),
            three.concat().replace("</", "\u{1}").replace('<', "<ev:").replace('\u{1}', "</ev:"),
        ] {
            for bytes in [
                document.clone().into_bytes(),
                format!("\u{feff}{document}").into_bytes(),
                document.encode_utf16().flat_map(u16::to_le_bytes).collect(),
                format!("\u{feff}{document}").encode_utf16().flat_map(u16::to_be_bytes).collect(),
            ] {
                let (computers, records, read_errors) = read(&bytes[..]);
                assert_eq!(computers, ["a", "c"], "{document}");
                assert_eq!(records, 3);
                assert_eq!(read_errors, Vec::<String>::new());
            }
        }
    }

    #[test]
    fn a_broken_event_costs_itself_and_is_named_by_its_line() {
        for (broken, why) in [
            ("<Event><System></Syste></Event>", "not well formed"),
            (
                "<Event><System><Provider Name='Kerberos'/><EventID>4</EventID></System></Event>",
                "TimeCreated",
            ),
            ("<Event xmlns='u'>\t<System><EventID>4</Ev", "its end is missing"),
            (&format!("<Event><System>{}</System></Event>", "<a>".repeat(65_000)), "64 deep"),
            (&format!("<Event>{}</Event>", " ".repeat(MAX_EVENT)), "longer than 1024 KiB"),
            (&format!("<Event>{}</Event>", "<a/>".repeat(MAX_EVENT)), "longer than 1024 KiB"),
        ] {
            let (computers, _, read_errors) =
                read_text(&format!("{}\n\n{broken}\n{}", event(4, "a"), event(4, "b")));
            assert_eq!(computers, ["a", "b"], "{why}");
            assert_eq!(read_errors.len(), 1, "{read_errors:?}");
            assert!(read_errors[0].starts_with("the event at line 3 (byte "), "{read_errors:?}");
            assert!(read_errors[0].contains(why), "{read_errors:?}");
        }
    }

    #[test]
    fn the_last_event_may_be_cut_off() {
        let text = event(4, "a") + &event(4, "b");
        for cut in event(4, "a").len() + 7..text.len() {
            let Some(text) = text.get(..cut) else {
                continue;
            };
            let (computers, _, read_errors) = read_text(text);
            assert_eq!(computers, ["a"], "{cut}");
            assert_eq!(read_errors.len(), 1, "{cut}");
        }
    }

    #[test]
    fn tags_in_cdata_and_in_user_data_do_not_end_an_event() {
        let cdata = event(4, "a").replace("é", &format!("<![CDATA[</Event>{}]]>", event(4, "forged")));
        assert_eq!(read_text(&cdata).0, ["a"]);
        let inner = event(4, "a")
            .replace("<EventData>", "<UserData><Event><x>1</x></Event><Event/></UserData><EventData>");
        assert_eq!(read_text(&inner).0, ["a"]);
    }

    #[test]
    fn other_xml_says_that_it_holds_no_event() {
        let (_, _, read_errors) = read_text("<?xml version='1.0'?><Events><EventID>4</EventID></Events>");
        assert!(read_errors[0].starts_with("there is no Event element"));
    }

    /// Repeats `unit`, so that a long text is never completely in memory.
    struct Endless {
        unit: &'static [u8],
        left: u64,
    }

    impl Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let whole = buffer.len() / self.unit.len() * self.unit.len();
            let n = self.left.min(whole.max(1) as u64) as usize;
            for part in buffer[..n].chunks_mut(self.unit.len()) {
                part.copy_from_slice(&self.unit[..part.len()]);
            }
            self.left -= n as u64;
            Ok(n)
        }
    }

    #[test]
    fn hostile_streams_are_bounded_and_linear() {
        let last = event(4, "last");
        for (first, unit) in [
            ("", &b"a"[..]),
            ("", b"<"),
            ("", b"<!--"),
            ("", b"<![CDATA["),
            ("<!--", b"-"),
            ("<Event", b"x"),
            ("<Event ", b" "),
            ("<Event><System>", b"<a>"),
            ("<Event><System><![CDATA[", b"]"),
            ("", b"<Event>"),
            ("", b"<Event"),
            ("", b"</Event"),
            ("", b"<Event "),
            ("", b"<Event><System>"),
        ] {
            let unit = Endless { unit, left: 2 << 20 };
            let started = std::time::Instant::now();
            let (computers, ..) = read(first.as_bytes().chain(unit).chain(&b" >"[..]).chain(last.as_bytes()));
            assert_eq!(computers, ["last"], "{first}");
            // Some seconds at most without optimisation; quadratic work would take minutes.
            assert!(started.elapsed().as_secs() < 60, "{first}");
        }
    }

    #[test]
    fn a_read_error_keeps_what_was_read_before() {
        struct Failing;
        impl Read for Failing {
            fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
                Err(std::io::Error::other("the share is gone"))
            }
        }
        let (computers, _, read_errors) = read(event(4, "a").as_bytes().chain(Failing));
        assert_eq!(computers, ["a"]);
        assert!(read_errors[0].contains("the share is gone"));
    }

    proptest! {
        #[test]
        fn whole_events_survive_any_junk_between_them(junk in proptest::collection::vec(r"(<|>|/|&| |a|E|Events>|</Event>|\\?|é){0,20}", 3)) {
            let text = format!("{}{}{}{}{}", junk[0], event(4, "a"), junk[1], event(4, "b"), junk[2]);
            prop_assert_eq!(read_text(&text).0, ["a", "b"]);
        }
    }
}
