//! Builds an event from the lines of copied text.

use super::flat_event::{FlatEvent, KERBEROS_PROVIDER, MODIFIED_ERROR};
use crate::files::event_form::{EventLabel, is_log_line, is_missing_message_of_event_4};
use crate::records::xml_stream::MAX_EVENT;
use crate::text::beginning;

/// Maximum number of bytes kept of a description. A Kerberos event has fewer than 1,500.
const MAX_DESCRIPTION: usize = 64 * 1024;

/// Maximum number of bytes kept of a label's value. Computer names have at most 255.
const MAX_VALUE: usize = 1024;

/// Does a label begin the next event, even inside a description or XML? No description of a Kerberos event has such a line.
fn begins_event(label: EventLabel) -> bool {
    use EventLabel::{EventId, EventType, LogName, Number, Source};
    matches!(label, Number | LogName | Source | EventId | EventType)
}

/// The bit of a label in [`EventBuilder::labels`].
fn label_bit(label: EventLabel) -> u16 {
    1 << label as u16
}

/// A part of a copied event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum CopiedPart {
    #[default]
    Header,
    Description,
    Xml,
}

/// An event of which some lines were read.
#[derive(Debug, Default)]
pub(super) struct EventBuilder {
    /// Line on which it begins, from 1.
    pub line: u64,
    /// The part that is being read.
    pub part: CopiedPart,
    pub log_name: String,
    pub source: String,
    pub computer: String,
    /// All lines of the description, with their white space.
    pub description: String,
    pub xml: String,
    event_id: String,
    level: String,
    date: String,
    time: String,
    /// The [`label_bit`]s of all labels that were read.
    labels: u16,
}

impl EventBuilder {
    /// Does `line` belong to the next event?
    pub(super) fn is_complete_before(&self, line: &str) -> bool {
        let Some((label, _)) = EventLabel::split(line) else {
            return false;
        };
        match self.part {
            CopiedPart::Header => self.labels & label_bit(label) != 0,
            CopiedPart::Description | CopiedPart::Xml => begins_event(label),
        }
    }

    /// Adds a line with its number in the text, from 1.
    pub(super) fn add(&mut self, line: &str, number: u64) {
        if self.part == CopiedPart::Header && self.add_tool_line(line, number) {
            return;
        }
        let labelled = EventLabel::split(line);
        match (self.part, labelled) {
            (CopiedPart::Header, Some((label, value))) => {
                if self.labels == 0 {
                    self.line = number;
                }
                self.set_field(label, value);
            }
            // The message was pasted without its label.
            (CopiedPart::Header, None)
                if line.replace('\\', "").contains(MODIFIED_ERROR) && !is_log_line(line) =>
            {
                if self.labels == 0 {
                    self.line = number;
                }
                self.set_field(EventLabel::Description, line.trim_start_matches(is_quote).trim());
            }
            (CopiedPart::Header, None) if is_missing_message_of_event_4(line) && self.labels == 0 => {
                self.line = number;
                self.set_field(EventLabel::Source, KERBEROS_PROVIDER);
                self.set_field(EventLabel::EventId, "4");
                self.set_field(EventLabel::Description, line.trim_start_matches(is_quote).trim());
            }
            (CopiedPart::Header, None) => {}
            // The label of the XML has no value.
            (CopiedPart::Description, Some((EventLabel::EventXml, ""))) => self.part = CopiedPart::Xml,
            (CopiedPart::Description, _) => {
                let line = line.trim_start_matches(is_quote);
                append_line(&mut self.description, line, MAX_DESCRIPTION);
            }
            (CopiedPart::Xml, _) => append_line(&mut self.xml, line, MAX_EVENT),
        }
    }

    /// Adds a line of `psloglist` or `dcdiag` that is not a label with its value. Returns whether it was one.
    fn add_tool_line(&mut self, line: &str, number: u64) -> bool {
        let line = line.trim();
        if let Some(rest) = line.strip_prefix('[')
            && let Some((record, source)) = rest.split_once("] ")
            && !record.is_empty()
            && record.bytes().all(|byte| byte.is_ascii_digit())
        {
            self.line = number;
            self.set_field(EventLabel::Number, "");
            self.set_field(EventLabel::Source, source.trim());
            return true;
        }
        // psloglist: `Time:     10/13/2013 9:13:09 PM   ID:       4`.
        if let Some((EventLabel::Time, value)) = EventLabel::split(line)
            && let Some((time, id)) = value.split_once("ID:")
        {
            self.set_field(EventLabel::Time, time.trim());
            self.set_field(EventLabel::EventId, id.trim());
            return true;
        }
        // dcdiag: `Testing server: Default-First-Site-Name\DC1`. The events that follow are from its log.
        for label in ["Testing server:", "Server wird getestet:"] {
            if let Some((_, server)) = line.strip_prefix(label).and_then(|value| value.split_once('\\')) {
                self.computer.clear();
                append_line(&mut self.computer, server.trim(), MAX_VALUE);
                self.computer.truncate(self.computer.trim_end().len());
                return true;
            }
        }
        false
    }

    /// Starts the next event. It has the computer of this one if `dcdiag` wrote the computer for several events.
    pub(super) fn next_event(&self) -> Self {
        let is_for_several = self.labels & label_bit(EventLabel::Computer) == 0;
        let computer = if is_for_several { self.computer.clone() } else { String::new() };
        Self { computer, ..Self::default() }
    }

    fn set_field(&mut self, label: EventLabel, value: &str) {
        self.labels |= label_bit(label);
        let field = match label {
            EventLabel::LogName => &mut self.log_name,
            EventLabel::Source => &mut self.source,
            EventLabel::EventId => &mut self.event_id,
            EventLabel::EventType | EventLabel::Level => &mut self.level,
            EventLabel::Date => &mut self.date,
            EventLabel::Time => &mut self.time,
            EventLabel::Computer => &mut self.computer,
            EventLabel::Number => return,
            EventLabel::EventXml => {
                self.part = CopiedPart::Xml;
                return;
            }
            EventLabel::Description => {
                self.part = CopiedPart::Description;
                append_line(&mut self.description, value, MAX_DESCRIPTION);
                return;
            }
        };
        field.clear();
        append_line(field, value, MAX_VALUE);
        field.truncate(field.trim_end().len());
    }

    pub(super) fn into_flat_event(self) -> FlatEvent {
        FlatEvent {
            time: self.date(),
            provider: self.source,
            event_id: self.event_id,
            channel: self.log_name,
            computer: self.computer,
            level: self.level,
            message: self.description,
            ..FlatEvent::default()
        }
    }

    /// Date and time of day with single spaces, and without the direction marks that Windows writes around the parts of a
    /// date.
    fn date(&self) -> String {
        let text: String = [self.date.as_str(), " ", self.time.as_str()]
            .concat()
            .chars()
            .filter(|c| !matches!(c, '\u{200e}' | '\u{200f}'))
            .collect();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// Is it a mark that mail programs write before a quoted line?
fn is_quote(c: char) -> bool {
    c.is_whitespace() || c == '>'
}

/// Appends a line and a line end. A line that would make the text longer than `limit` bytes is cut.
fn append_line(text: &mut String, line: &str, limit: usize) {
    text.push_str(beginning(line, limit.saturating_sub(text.len())));
    text.push('\n');
}
