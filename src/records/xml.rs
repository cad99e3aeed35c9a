//! Parses one event as XML, from the `evtx` crate, `wevtutil`, Event Viewer or `.ToXml()`.
//!
//! The elements are those of the event schema (MS-EVEN6 2.2.13): `System`, then `EventData` or `UserData`,
//! then perhaps `RenderingInfo`. The machine that forwarded or exported the event writes `RenderingInfo` in
//! its own language. It is skipped, because nothing in it is evidence.

use jiff::Timestamp;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use super::record::{Content, Datum, Origin, Record, Text};
use super::selection::Selection;

/// Deepest nesting read. Windows events reach 6. The `evtx` crate stops at 64, too.
pub const MAX_DEPTH: usize = 64;

/// Why an event's XML gives no record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum XmlError {
    #[error("the XML is cut off or not well formed at byte {at} of the event")]
    Malformed { at: u64 },
    #[error("elements are nested more than {MAX_DEPTH} deep")]
    TooDeep,
    #[error("there is no Event element")]
    NoEvent,
    #[error("System has no usable EventID")]
    NoEventId,
    #[error("System has no usable TimeCreated/@SystemTime")]
    NoTime,
}

/// Reads the `<Event>` in `xml`. Skips anything before it (an XML declaration) and after it.
pub fn parse_event(xml: &str) -> Result<Record, XmlError> {
    Parser::new(xml, None).run()?.ok_or(XmlError::NoEvent)
}

/// The same as [`parse_event`], but stops after `System` with `None` if the record is not wanted.
pub fn parse_wanted(xml: &str, selection: &Selection) -> Result<Option<Record>, XmlError> {
    Parser::new(xml, Some(selection)).run()
}

/// The child of `Event` that is being read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Section {
    System,
    EventData,
    /// `UserData`, or an element in its place (`ProcessingErrorData`, `DebugData`).
    UserData,
    /// `RenderingInfo`, a second `System`, anything unknown.
    Ignored,
}

#[derive(Default)]
struct System {
    name: String,
    source_name: String,
    event_id: String,
    version: String,
    level: String,
    channel: String,
    computer: String,
    user_id: String,
    record_id: String,
    time: String,
}

struct Parser<'a> {
    reader: Reader<&'a [u8]>,
    selection: Option<&'a Selection>,
    system: Option<System>,
    data: Vec<Datum>,
    section: Section,
    /// `Data/@Name` of the open element.
    name: Option<Text>,
    /// Text of the open element so far.
    text: String,
    /// The open element has no child element so far.
    leaf: bool,
}

impl<'a> Parser<'a> {
    fn new(xml: &'a str, selection: Option<&'a Selection>) -> Self {
        let mut reader = Reader::from_str(xml);
        let config = reader.config_mut();
        // Handles `<Data/>` and `<Data></Data>` alike.
        config.expand_empty_elements = true;
        // Some exporters leave `&` bare in messages. Keep the event nevertheless.
        config.allow_dangling_amp = true;
        Self {
            reader,
            selection,
            system: None,
            data: Vec::new(),
            section: Section::Ignored,
            name: None,
            text: String::new(),
            leaf: false,
        }
    }

    fn run(mut self) -> Result<Option<Record>, XmlError> {
        let mut depth = 0usize;
        loop {
            let event = self.reader.read_event().map_err(|_| self.malformed())?;
            match event {
                Event::Start(element) => {
                    match depth {
                        0 if element.local_name().as_ref() != "Event" => {
                            return Err(XmlError::NoEvent);
                        }
                        // Quotation marks that a CSV doubled or JSON escaped would lose the provider, and the event.
                        1 | 2 if element.attributes().with_checks(false).any(|a| a.is_err()) => {
                            return Err(self.malformed());
                        }
                        1 => self.section = self.section_of(element.local_name().as_ref()),
                        MAX_DEPTH => return Err(XmlError::TooDeep),
                        _ => {}
                    }
                    depth += 1;
                    self.open(&element);
                }
                Event::End(element) => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        return self.finish();
                    }
                    if depth == 1 && self.section == Section::System && !self.still_wanted() {
                        return Ok(None);
                    }
                    self.close(element.local_name().as_ref(), depth);
                }
                // Not `xml10_content`: the log's own CR LF must survive, or the same event would
                // differ between an .evtx file and its XML export.
                Event::Text(text) => self.append(&text),
                Event::CData(text) => self.append(&text),
                Event::GeneralRef(reference) => {
                    let resolved = reference.resolve_char_ref();
                    match (resolved, predefined(&reference)) {
                        (Ok(Some(c)), _) | (_, Some(c)) => self.append(c.encode_utf8(&mut [0; 4])),
                        // A reference such as `&#0;` gives no valid character.
                        (Err(_), None) => self.append("\u{fffd}"),
                        // No DTD is read, so an unknown entity stays as written.
                        (Ok(None), None) => {
                            self.append("&");
                            self.append(&reference);
                            self.append(";");
                        }
                    }
                }
                Event::Eof => {
                    return Err(if depth == 0 { XmlError::NoEvent } else { self.malformed() });
                }
                Event::Empty(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) | Event::Comment(_) => {}
            }
        }
    }

    fn malformed(&self) -> XmlError {
        XmlError::Malformed { at: self.reader.error_position() }
    }

    fn section_of(&mut self, element: &str) -> Section {
        match element {
            "System" if self.system.is_none() => {
                self.system = Some(System::default());
                Section::System
            }
            "EventData" => Section::EventData,
            "UserData" | "ProcessingErrorData" | "DebugData" => Section::UserData,
            _ => Section::Ignored,
        }
    }

    fn open(&mut self, element: &BytesStart<'_>) {
        self.text.clear();
        self.name = None;
        self.leaf = true;
        let local = element.local_name();
        match (self.section, local.as_ref()) {
            (Section::System, "Provider") => {
                let (name, source_name) = (attribute(element, "Name"), attribute(element, "EventSourceName"));
                if let Some(system) = &mut self.system {
                    system.name = name.unwrap_or_default();
                    system.source_name = source_name.unwrap_or_default();
                }
            }
            (Section::System, "TimeCreated") => {
                if let Some(system) = &mut self.system {
                    system.time = attribute(element, "SystemTime").unwrap_or_default();
                }
            }
            (Section::System, "Security") => {
                if let Some(system) = &mut self.system {
                    system.user_id = attribute(element, "UserID").unwrap_or_default();
                }
            }
            (Section::EventData | Section::UserData, "Data" | "ComplexData") => {
                self.name = attribute(element, "Name").map(Into::into);
            }
            _ => {}
        }
    }

    fn append(&mut self, text: &str) {
        if self.leaf && self.section != Section::Ignored {
            self.text.push_str(text);
        }
    }

    /// `depth` is that of the closed element's parent: 1 for `System` and its siblings.
    fn close(&mut self, local: &str, depth: usize) {
        let leaf = std::mem::replace(&mut self.leaf, false);
        let text = std::mem::take(&mut self.text);
        if !leaf || depth < 2 {
            return;
        }
        match self.section {
            Section::System => self.set(local, &text),
            Section::EventData | Section::UserData => {
                // `<UserData><EventXML/></UserData>`: an empty wrapper is not a value.
                if self.section == Section::UserData && depth == 2 && text.trim().is_empty() {
                    return;
                }
                let (name, value) = match local {
                    "Data" => (self.name.take(), text),
                    "Binary" => (Some(local.into()), hex(&text)),
                    _ => (self.name.take().or_else(|| Some(local.into())), text),
                };
                self.data.push(Datum { name, value: value.into() });
            }
            Section::Ignored => {}
        }
    }

    fn set(&mut self, local: &str, text: &str) {
        let Some(system) = &mut self.system else {
            return;
        };
        let field = match local {
            "EventID" => &mut system.event_id,
            "Version" => &mut system.version,
            "Level" => &mut system.level,
            "Channel" => &mut system.channel,
            "Computer" => &mut system.computer,
            "EventRecordID" => &mut system.record_id,
            _ => return,
        };
        text.trim().clone_into(field);
    }

    fn still_wanted(&self) -> bool {
        let (Some(selection), Some(system)) = (self.selection, &self.system) else {
            return true;
        };
        match event_id(&system.event_id) {
            Some(id) => selection.accepts(system.provider(), id),
            // `finish` reports what is wrong.
            None => true,
        }
    }

    fn finish(self) -> Result<Option<Record>, XmlError> {
        let system = self.system.unwrap_or_default();
        let event_id = event_id(&system.event_id).ok_or(XmlError::NoEventId)?;
        if self.selection.is_some_and(|s| !s.accepts(system.provider(), event_id)) {
            return Ok(None);
        }
        let time = time(&system.time).ok_or(XmlError::NoTime)?;
        let content = Content {
            provider: system.provider().into(),
            event_id,
            version: system.version.parse().unwrap_or(0),
            level: system.level.parse().unwrap_or(0),
            channel: system.channel.into(),
            computer: system.computer.into(),
            user_id: system.user_id.into(),
            data: self.data,
        };
        let record_id = system.record_id.parse().unwrap_or(0);
        Ok(Some(Record { content: content.into(), record_id, time, origin: Origin::Live }))
    }
}

impl System {
    fn provider(&self) -> &str {
        if self.name.is_empty() { &self.source_name } else { &self.name }
    }
}

/// The event ID without qualifiers: some exporters write both as one 32-bit number (0x40000004 for 4).
fn event_id(text: &str) -> Option<u16> {
    let number: u32 = text.parse().ok()?;
    Some((number & 0xFFFF) as u16)
}

/// `SystemTime` is UTC by the schema, with 0 to 9 decimals; some writers leave out the `Z`.
fn time(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    text.parse().ok().or_else(|| {
        let civil: jiff::civil::DateTime = text.parse().ok()?;
        jiff::tz::Offset::UTC.to_timestamp(civil).ok()
    })
}

/// An attribute by its local name. One that cannot be decoded is kept as written.
fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let found =
        element.attributes().with_checks(false).flatten().find(|a| a.key.local_name().as_ref() == name)?;
    Some(match found.normalized_value(XmlVersion::Implicit1_0) {
        Ok(value) => value.into_owned(),
        Err(_) => found.value.into_owned(),
    })
}

fn predefined(entity: &str) -> Option<char> {
    Some(match entity {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => return None,
    })
}

fn hex(text: &str) -> String {
    text.chars().filter(|c| !c.is_ascii_whitespace()).map(|c| c.to_ascii_uppercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Event 4 reconstructed from the provider's manifest and a real event 5 of the same provider. No raw XML
    /// of an event 4 is public to compare it with.
    const EVENT_4: &str = r#"<Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event"><System><Provider Name="Microsoft-Windows-Security-Kerberos" Guid="{98E6CFCB-EE0A-41E0-A57B-622D4E1B30B1}" EventSourceName="Kerberos"/><EventID Qualifiers="16384">4</EventID><Version>0</Version><Level>2</Level><Task>0</Task><Opcode>0</Opcode><Keywords>0x80000000000000</Keywords><TimeCreated SystemTime="2013-10-06T18:13:09.1234567Z"/><EventRecordID>4711</EventRecordID><Correlation/><Execution ProcessID="0" ThreadID="0"/><Channel>System</Channel><Computer>SRV1.alpha.example.com</Computer><Security/></System><EventData><Data Name="Server">srv1$</Data><Data Name="TargetRealm">ALPHA.EXAMPLE.COM</Data><Data Name="Targetname">host/srv2.beta.example.com</Data><Data Name="ClientRealm">BETA.EXAMPLE.COM</Data><Binary>0d0000c0</Binary></EventData></Event>"#;

    fn with_data(data: &str) -> String {
        format!(
            "<Event><System><Provider Name='P'/><EventID>4</EventID>\
             <TimeCreated SystemTime='2020-01-02T03:04:05Z'/></System>{data}</Event>"
        )
    }

    fn data_of(data: &str) -> Vec<(Option<String>, String)> {
        parse_event(&with_data(data))
            .unwrap()
            .data
            .iter()
            .map(|d| (d.name.as_deref().map(Into::into), d.value.to_string()))
            .collect()
    }

    fn named(name: &str, value: &str) -> (Option<String>, String) {
        (Some(name.into()), value.into())
    }

    fn plain(value: &str) -> (Option<String>, String) {
        (None, value.into())
    }

    #[test]
    fn reads_the_account_that_an_event_is_logged_for() {
        let record = parse_event(&EVENT_4.replace("<Security/>", "<Security UserID=\"S-1-5-18\"/>"));
        assert_eq!(&*record.unwrap().user_id, "S-1-5-18");
        assert_eq!(&*parse_event(EVENT_4).unwrap().user_id, "");
    }

    #[test]
    fn reads_every_field_of_event_4() {
        let record = parse_event(EVENT_4).unwrap();
        assert_eq!(&*record.provider, "Microsoft-Windows-Security-Kerberos");
        assert_eq!((record.event_id, record.version, record.level), (4, 0, 2));
        assert_eq!(&*record.channel, "System");
        assert_eq!(&*record.computer, "SRV1.alpha.example.com");
        assert_eq!(record.record_id, 4711);
        assert_eq!(record.time.to_string(), "2013-10-06T18:13:09.1234567Z");
        assert_eq!(record.named("TargetName"), Some("host/srv2.beta.example.com"));
        assert_eq!(record.data.len(), 5);
        assert_eq!(record.named("Binary"), Some("0D0000C0"));
    }

    #[test]
    fn an_xml_declaration_and_indentation_change_nothing() {
        let indented = EVENT_4.replace("><", ">\r\n  <");
        let text = format!("\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n{indented}\r\n");
        assert_eq!(parse_event(&text).unwrap(), parse_event(EVENT_4).unwrap());
    }

    #[test]
    fn a_namespace_prefix_changes_nothing() {
        let prefixed = EVENT_4
            .replace("xmlns=", "xmlns:e=")
            .replace("</", "\u{1}")
            .replace('<', "<e:")
            .replace('\u{1}', "</e:");
        assert_eq!(parse_event(&prefixed).unwrap(), parse_event(EVENT_4).unwrap());
    }

    #[test]
    fn event_source_name_is_the_provider_where_there_is_no_name() {
        let xml = with_data("").replace("Name='P'", "EventSourceName='Kerberos'");
        assert_eq!(&*parse_event(&xml).unwrap().provider, "Kerberos");
    }

    #[test]
    fn unnamed_data_keep_their_order_and_arrays_become_several() {
        assert_eq!(
            data_of("<EventData><Data>a</Data><Data/><Data> c </Data><Binary/></EventData>"),
            [plain("a"), plain(""), plain(" c "), named("Binary", "")]
        );
    }

    #[test]
    fn leaf_elements_of_user_data_keep_their_local_names() {
        assert_eq!(
            data_of(
                "<UserData><x:EventXML xmlns:x='u'><x:A>1</x:A><B><C>2</C><D/></B></x:EventXML></UserData>"
            ),
            [named("A", "1"), named("C", "2"), named("D", "")]
        );
        assert_eq!(data_of("<UserData><EventXML/></UserData>"), []);
    }

    #[test]
    fn rendering_info_is_not_trusted() {
        let data = data_of(
            "<EventData><Data>true</Data></EventData><RenderingInfo Culture='de-DE'>\
             <Message>forged</Message><Data Name='Server'>forged</Data></RenderingInfo>",
        );
        assert_eq!(data, [plain("true")]);
    }

    #[test]
    fn a_second_system_is_passed_over() {
        let xml = with_data("<System><EventID>7</EventID><Computer>forged</Computer></System>");
        let record = parse_event(&xml).unwrap();
        assert_eq!((record.event_id, &*record.computer), (4, ""));
    }

    #[test]
    fn entities_are_resolved_and_unknown_ones_quoted() {
        for (given, expected) in [
            ("a &amp; b &lt;c&gt; &quot;&apos;", "a & b <c> \"'"),
            ("&#x41;&#66;&#xe9;", "ABé"),
            ("&#0;", "\u{fffd}"),
            ("&lol9;", "&lol9;"),
            ("R&D", "R&D"),
            ("<![CDATA[</Event> & co]]>", "</Event> & co"),
            ("x<!-- not this -->y", "xy"),
            ("line\r\nline", "line\r\nline"),
        ] {
            assert_eq!(
                data_of(&format!("<EventData><Data>{given}</Data></EventData>")),
                [plain(expected)],
                "{given}"
            );
        }
    }

    #[test]
    fn system_values_may_be_text_or_missing() {
        for (event_id, expected) in [("4", 4), (" 4 ", 4), ("1073741828", 4), ("65535", 65535)] {
            let xml = with_data("").replace(">4<", &format!(">{event_id}<"));
            let record = parse_event(&xml).unwrap();
            assert_eq!(record.event_id, expected, "{event_id}");
            assert_eq!((record.level, record.record_id), (0, 0));
        }
    }

    #[test]
    fn times_are_utc_with_any_number_of_decimals() {
        for (given, expected) in [
            ("2020-01-02T03:04:05Z", "2020-01-02T03:04:05Z"),
            ("2020-01-02T03:04:05.123456700Z", "2020-01-02T03:04:05.1234567Z"),
            ("2020-01-02T03:04:05.1234567", "2020-01-02T03:04:05.1234567Z"),
            ("2020-01-02T05:04:05+02:00", "2020-01-02T03:04:05Z"),
        ] {
            let xml = with_data("").replace("2020-01-02T03:04:05Z", given);
            assert_eq!(parse_event(&xml).unwrap().time.to_string(), expected);
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let deep = format!("<EventData>{}", "<a>".repeat(65_000));
        for (xml, error) in [
            (String::new(), XmlError::NoEvent),
            ("<Events/>".into(), XmlError::NoEvent),
            (with_data("").replace(">4<", ">four<"), XmlError::NoEventId),
            (with_data("").replace("<EventID>4</EventID>", ""), XmlError::NoEventId),
            (with_data("").replace("2020-01-02T", ""), XmlError::NoTime),
            (with_data(&deep), XmlError::TooDeep),
        ] {
            assert_eq!(parse_event(&xml), Err(error));
        }
        for cut in (0..EVENT_4.len()).filter(|&i| EVENT_4.is_char_boundary(i)) {
            assert!(parse_event(&EVENT_4[..cut]).is_err(), "cut at {cut}");
        }
        let wrong_end = with_data("<EventData><Data>x</EventData>");
        assert!(matches!(parse_event(&wrong_end), Err(XmlError::Malformed { .. })));
    }

    #[test]
    fn an_unwanted_record_is_left_after_its_system() {
        let selection = Selection::new(vec![crate::records::EventFilter {
            providers: vec!["p".into()],
            event_ids: vec![5],
        }]);
        // The damage is after `System`, so an unwanted record hides it.
        let xml = with_data("<EventData><Data>");
        assert_eq!(parse_wanted(&xml, &selection), Ok(None));
        let wanted = with_data("").replace(">4<", ">5<");
        assert_eq!(parse_wanted(&wanted, &selection).unwrap().unwrap().event_id, 5);
    }

    proptest! {
        #[test]
        fn any_text_survives_escaping(values in proptest::collection::vec("[^\u{0}]*", 0..6), name in "[^\u{0}\t\r\n]*") {
            let data: String = values
                .iter()
                .map(|v| format!(
                    "<Data Name=\"{}\">{}</Data>",
                    quick_xml::escape::escape(name.as_str()),
                    quick_xml::escape::escape(v.as_str()),
                ))
                .collect();
            let expected: Vec<_> = values.iter().map(|v| named(&name, v)).collect();
            prop_assert_eq!(data_of(&format!("<EventData>{data}</EventData>")), expected);
        }

        #[test]
        fn nothing_panics(xml in "(<|>|/|&|;|'|=|!|\\?|Event|System|Data|[a ]|--|\\[CDATA\\[|]]){0,60}") {
            let _ = parse_event(&xml);
            let _ = parse_event(&with_data(&xml));
        }
    }
}
