//! Parses the XML of one event, from the `evtx` crate, `wevtutil`, Event Viewer or `.ToXml()`.
//!
//! An event has the elements of the event schema (MS-EVEN6 2.2.13): `System`, then `EventData` or `UserData`, then perhaps
//! `RenderingInfo`, which the machine that forwarded or exported the event writes in its language. `RenderingInfo` is skipped,
//! because nothing in it is evidence.

use jiff::Timestamp;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use super::compile::event_id_of;
use super::record::{Content, Datum, Record, RecordOrigin, Section, Text};
use super::selection::Selection;

/// Deepest nesting of elements. Windows events reach 6. The `evtx` crate has the same limit.
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

/// Parses the `<Event>` in `xml`. An XML declaration before it and anything after it are skipped.
pub fn parse_event(xml: &str) -> Result<Record, XmlError> {
    Parser::new(xml, None).run()?.ok_or(XmlError::NoEvent)
}

/// Like [`parse_event`], but stops after `System` with `None` if the record is not wanted.
pub fn parse_wanted(xml: &str, selection: &Selection) -> Result<Option<Record>, XmlError> {
    Parser::new(xml, Some(selection)).run()
}

/// The fields of `System` as text.
#[derive(Default)]
struct SystemFields {
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

/// An event that is being parsed.
struct Parser<'a> {
    reader: Reader<&'a [u8]>,
    selection: Option<&'a Selection>,
    system: Option<SystemFields>,
    data: Vec<Datum>,
    section: Section,
    /// `Data/@Name` of the open element.
    name: Option<Text>,
    /// Text of the open element so far.
    text: String,
    /// Has the open element no child element so far?
    leaf: bool,
}

impl<'a> Parser<'a> {
    fn new(xml: &'a str, selection: Option<&'a Selection>) -> Self {
        let mut reader = Reader::from_str(xml);
        let config = reader.config_mut();
        // `<Data/>` becomes `<Data></Data>`.
        config.expand_empty_elements = true;
        // Some exporters do not escape `&` in messages.
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
                        // An attribute with quotation marks that a CSV doubled, or JSON escaped, cannot be read. Without this
                        // check, the provider would be lost without an error.
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
                // `xml10_content` would replace CR LF, and the event would differ between an .evtx file and its XML export.
                Event::Text(text) => self.append(&text),
                Event::CData(text) => self.append(&text),
                Event::GeneralRef(reference) => {
                    let resolved = reference.resolve_char_ref();
                    match (resolved, predefined(&reference)) {
                        (Ok(Some(c)), _) | (_, Some(c)) => self.append(c.encode_utf8(&mut [0; 4])),
                        // A reference such as `&#0;` is not a valid character.
                        (Err(_), None) => self.append("\u{fffd}"),
                        // No DTD is read, so an unknown entity remains unchanged.
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

    /// The section that a child of `Event` begins.
    fn section_of(&mut self, element: &str) -> Section {
        match element {
            "System" if self.system.is_none() => {
                self.system = Some(SystemFields::default());
                Section::System
            }
            "EventData" => Section::EventData,
            "UserData" | "ProcessingErrorData" | "DebugData" => Section::UserData,
            _ => Section::Ignored,
        }
    }

    /// Handles a start tag.
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

    /// Handles an end tag. `depth` is the number of open elements around the closed one: 1 for `System`.
    fn close(&mut self, local: &str, depth: usize) {
        let leaf = std::mem::replace(&mut self.leaf, false);
        let text = std::mem::take(&mut self.text);
        if !leaf || depth < 2 {
            return;
        }
        match self.section {
            Section::System => self.set_system_field(local, &text),
            Section::EventData | Section::UserData => {
                // An empty child of `UserData` wraps the values and is not one of them.
                if self.section == Section::UserData && depth == 2 && text.trim().is_empty() {
                    return;
                }
                let (name, value) = match local {
                    "Data" => (self.name.take(), text),
                    "Binary" => (Some(local.into()), normal_hex(&text)),
                    _ => (self.name.take().or_else(|| Some(local.into())), text),
                };
                self.data.push(Datum { name, value: value.into() });
            }
            Section::Ignored => {}
        }
    }

    /// Sets a field of `System`.
    fn set_system_field(&mut self, local: &str, text: &str) {
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

    /// Can the record still be wanted after `System`?
    fn still_wanted(&self) -> bool {
        let (Some(selection), Some(system)) = (self.selection, &self.system) else {
            return true;
        };
        match event_id_of(&system.event_id) {
            Some(id) => selection.accepts(system.provider(), id),
            // `finish` reports what is wrong.
            None => true,
        }
    }

    fn finish(self) -> Result<Option<Record>, XmlError> {
        let system = self.system.unwrap_or_default();
        let event_id = event_id_of(&system.event_id).ok_or(XmlError::NoEventId)?;
        if self.selection.is_some_and(|s| !s.accepts(system.provider(), event_id)) {
            return Ok(None);
        }
        let time = parse_time(&system.time).ok_or(XmlError::NoTime)?;
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
        Ok(Some(Record { content: content.into(), record_id, time, origin: RecordOrigin::Live }))
    }
}

impl SystemFields {
    fn provider(&self) -> &str {
        if self.name.is_empty() { &self.source_name } else { &self.name }
    }
}

/// Parses `SystemTime`, which is UTC with 0 to 9 decimals. Some writers omit the `Z`.
fn parse_time(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    text.parse().ok().or_else(|| {
        let civil: jiff::civil::DateTime = text.parse().ok()?;
        jiff::tz::Offset::UTC.to_timestamp(civil).ok()
    })
}

/// The value of an attribute by its local name. A value that cannot be decoded is returned unchanged.
fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let found =
        element.attributes().with_checks(false).flatten().find(|a| a.key.local_name().as_ref() == name)?;
    Some(match found.normalized_value(XmlVersion::Implicit1_0) {
        Ok(value) => value.into_owned(),
        Err(_) => found.value.into_owned(),
    })
}

/// The character of an entity that XML predefines.
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

/// Writes hexadecimal digits without spaces and in upper case.
fn normal_hex(text: &str) -> String {
    text.chars().filter(|c| !c.is_ascii_whitespace()).map(|c| c.to_ascii_uppercase()).collect()
}

#[cfg(test)]
mod tests;
