//! Builds an event from lines of copied text.

use super::flat::{FlatEvent, KERBEROS, MODIFIED};
use crate::files::event_form::{Label, is_log_line, names_lost_event_4};

/// Most bytes kept of a description. A Kerberos event has fewer than 1,500.
const MAX_DESCRIPTION: usize = 64 * 1024;

/// Most bytes kept of a label's value. Computer names have at most 255.
const MAX_VALUE: usize = 1024;

/// Most bytes kept of `Event Xml:`, the limit for an event in an XML file.
const MAX_XML: usize = crate::records::xml_stream::MAX_EVENT;

/// Does a label begin an event even inside a description or XML? No description of a Kerberos event has such a line.
fn begins_event(label: Label) -> bool {
    use Label::{EventId, EventType, LogName, Number, Source};
    matches!(label, Number | LogName | Source | EventId | EventType)
}

fn bit(label: Label) -> u16 {
    1 << label as u16
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Part {
    #[default]
    Header,
    Description,
    Xml,
}

/// The parts of an event read so far.
#[derive(Debug, Default)]
pub(super) struct EventBuilder {
    /// Line on which it begins, from 1.
    pub line: u64,
    /// The part that is being read.
    pub part: Part,
    pub log_name: String,
    pub source: String,
    pub computer: String,
    /// White space is unchanged.
    pub description: String,
    pub xml: String,
    event_id: String,
    level: String,
    date: String,
    time: String,
    /// [`bit`] of all labels seen.
    seen: u16,
}

impl EventBuilder {
    /// Does `line` belong to the next event?
    pub(super) fn is_complete_before(&self, line: &str) -> bool {
        let Some((label, _)) = Label::split(line) else {
            return false;
        };
        match self.part {
            Part::Header => self.seen & bit(label) != 0,
            Part::Description | Part::Xml => begins_event(label),
        }
    }

    pub(super) fn add(&mut self, line: &str, number: u64) {
        if self.part == Part::Header && self.add_special(line, number) {
            return;
        }
        let labelled = Label::split(line);
        match (self.part, labelled) {
            (Part::Header, Some((label, value))) => {
                if self.seen == 0 {
                    self.line = number;
                }
                self.set(label, value);
            }
            // Pasted without its label, or alone.
            (Part::Header, None) if line.replace('\\', "").contains(MODIFIED) && !is_log_line(line) => {
                if self.seen == 0 {
                    self.line = number;
                }
                self.set(Label::Description, line.trim_start_matches(is_quote).trim());
            }
            (Part::Header, None) if names_lost_event_4(line) && self.seen == 0 => {
                self.line = number;
                self.set(Label::Source, KERBEROS);
                self.set(Label::EventId, "4");
                self.set(Label::Description, line.trim_start_matches(is_quote).trim());
            }
            (Part::Header, None) => {}
            // The label is alone on its line.
            (Part::Description, Some((Label::EventXml, ""))) => self.part = Part::Xml,
            (Part::Description, _) => {
                let line = line.trim_start_matches(is_quote);
                append(&mut self.description, line, MAX_DESCRIPTION);
            }
            (Part::Xml, _) => append(&mut self.xml, line, MAX_XML),
        }
    }

    /// Lines of `psloglist` and `dcdiag` that are no `Label: value`.
    fn add_special(&mut self, line: &str, number: u64) -> bool {
        let line = line.trim();
        if let Some(("", rest)) = line.split_once("[").map(|(before, rest)| (before.trim(), rest))
            && let Some((record, source)) = rest.split_once("] ")
            && !record.is_empty()
            && record.bytes().all(|byte| byte.is_ascii_digit())
        {
            self.line = number;
            self.set(Label::Number, "");
            self.set(Label::Source, source.trim());
            return true;
        }
        // `Time:     10/13/2013 9:13:09 PM   ID:       4`
        if let Some((Label::Time, value)) = Label::split(line)
            && let Some((time, id)) = value.split_once("ID:")
        {
            self.set(Label::Time, time.trim());
            self.set(Label::EventId, id.trim());
            return true;
        }
        // `Testing server: Default-First-Site-Name\DC1`: the tests that follow are of its log.
        for label in ["Testing server:", "Server wird getestet:"] {
            if let Some((_, server)) = line.strip_prefix(label).and_then(|value| value.split_once('\\')) {
                self.computer.clear();
                append(&mut self.computer, server.trim(), MAX_VALUE);
                self.computer.truncate(self.computer.trim_end().len());
                return true;
            }
        }
        false
    }

    /// A value for this and the following events: the server that `dcdiag` tests.
    pub(super) fn next(&self) -> Self {
        let is_named_once = self.seen & bit(Label::Computer) == 0;
        Self {
            computer: if is_named_once { self.computer.clone() } else { String::new() },
            ..Self::default()
        }
    }

    fn set(&mut self, label: Label, value: &str) {
        self.seen |= bit(label);
        let field = match label {
            Label::LogName => &mut self.log_name,
            Label::Source => &mut self.source,
            Label::EventId => &mut self.event_id,
            Label::EventType | Label::Level => &mut self.level,
            Label::Date => &mut self.date,
            Label::Time => &mut self.time,
            Label::Computer => &mut self.computer,
            Label::Number => return,
            Label::EventXml => {
                self.part = Part::Xml;
                return;
            }
            Label::Description => {
                self.part = Part::Description;
                append(&mut self.description, value, MAX_DESCRIPTION);
                return;
            }
        };
        field.clear();
        append(field, value, MAX_VALUE);
        field.truncate(field.trim_end().len());
    }

    /// The same as other forms give it.
    pub(super) fn flat(self) -> FlatEvent {
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

    /// Date and time of day with single spaces, and without the marks for the direction of writing that
    /// Windows puts around the parts of a date.
    fn date(&self) -> String {
        let text: String = [self.date.as_str(), " ", self.time.as_str()]
            .concat()
            .chars()
            .filter(|c| !matches!(c, '\u{200e}' | '\u{200f}'))
            .collect();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// Is it a mark at the start of quoted lines, in a mail or on a page?
fn is_quote(c: char) -> bool {
    c.is_whitespace() || c == '>'
}

/// Adds a line, as far as there is room.
fn append(text: &mut String, line: &str, limit: usize) {
    let room = limit.saturating_sub(text.len());
    let cut = (0..=room.min(line.len())).rev().find(|&n| line.is_char_boundary(n));
    text.push_str(line.get(..cut.unwrap_or(0)).unwrap_or_default());
    text.push('\n');
}
