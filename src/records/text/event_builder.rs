//! An event of copied text, line by line.

/// What is kept of a description, in bytes: less than 1,500 in a Kerberos event.
const MAX_DESCRIPTION: usize = 64 * 1024;

/// What is kept of the value of a label, in bytes: computer names have at most 255.
const MAX_VALUE: usize = 1024;

/// What is kept of `Event Xml:`, in bytes, as of an event in an XML file.
const MAX_XML: usize = crate::records::xml_stream::MAX_EVENT;

/// The labels that are used. The others of a header (`User`, `Keywords`...) are passed over.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Label {
    /// `Event[7]` of `wevtutil`.
    Number,
    LogName,
    Source,
    EventId,
    EventType,
    Level,
    Date,
    Time,
    Computer,
    Description,
    EventXml,
}

impl Label {
    /// The label of a line, and what follows it.
    fn split(line: &str) -> Option<(Self, &str)> {
        const LABELS: [(&str, Label); 12] = [
            ("Log Name", Label::LogName),
            ("Source", Label::Source),
            ("Event Source", Label::Source),
            ("Event ID", Label::EventId),
            ("Event Type", Label::EventType),
            ("Level", Label::Level),
            ("Type", Label::Level),
            ("Date", Label::Date),
            ("Time", Label::Time),
            ("Computer", Label::Computer),
            ("Description", Label::Description),
            ("Event Xml", Label::EventXml),
        ];
        // Quoted in a mail or on a page, lines begin with `>`.
        let line = line.trim_start_matches(|c: char| c.is_whitespace() || c == '>');
        let (name, value) = line.split_once(':')?;
        let (name, value) = (name.trim(), value.trim());
        if name.starts_with("Event[") && value.is_empty() {
            return Some((Label::Number, value));
        }
        let (_, label) = LABELS.iter().find(|(label, _)| label.eq_ignore_ascii_case(name))?;
        Some((*label, value))
    }

    /// Does it begin an event, where a description or XML stands? No description of a Kerberos event
    /// has such a line.
    fn begins(self) -> bool {
        use Label::{EventId, EventType, LogName, Number, Source};
        matches!(self, Number | LogName | Source | EventId | EventType)
    }

    fn bit(self) -> u16 {
        1 << self as u16
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Part {
    #[default]
    Header,
    Description,
    Xml,
}

/// An event as far as it was read.
#[derive(Debug, Default)]
pub(super) struct EventBuilder {
    /// Where it begins, from 1.
    pub line: u64,
    /// What is being read of it.
    pub part: Part,
    pub log_name: String,
    pub source: String,
    pub computer: String,
    /// With white space as it was.
    pub description: String,
    pub xml: String,
    event_id: String,
    level: String,
    date: String,
    time: String,
    /// [`Label::bit`] of all labels seen.
    seen: u16,
}

impl EventBuilder {
    /// Does `line` belong to the next event?
    pub(super) fn is_complete_before(&self, line: &str) -> bool {
        let Some((label, _)) = Label::split(line) else {
            return false;
        };
        match self.part {
            Part::Header => self.seen & label.bit() != 0,
            Part::Description | Part::Xml => label.begins(),
        }
    }

    pub(super) fn add(&mut self, line: &str, number: u64) {
        let labelled = Label::split(line);
        match (self.part, labelled) {
            (Part::Header, Some((label, value))) => {
                if self.seen == 0 {
                    self.line = number;
                }
                self.set(label, value);
            }
            (Part::Header, None) => {}
            // The label stands alone in its line.
            (Part::Description, Some((Label::EventXml, ""))) => self.part = Part::Xml,
            (Part::Description, _) => {
                let line = line.trim_start_matches(|c: char| c.is_whitespace() || c == '>');
                append(&mut self.description, line, MAX_DESCRIPTION);
            }
            (Part::Xml, _) => append(&mut self.xml, line, MAX_XML),
        }
    }

    fn set(&mut self, label: Label, value: &str) {
        self.seen |= label.bit();
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

    /// Without qualifiers, which some tools leave in the number.
    pub(super) fn event_id(&self) -> Option<u16> {
        let number: u32 = self.event_id.parse().ok()?;
        Some((number & 0xFFFF) as u16)
    }

    /// The number an .evtx file has for the level; 0 where the text has none that is known.
    pub(super) fn level(&self) -> u8 {
        const LEVELS: [(&str, u8); 5] =
            [("Critical", 1), ("Error", 2), ("Warning", 3), ("Information", 4), ("Verbose", 5)];
        LEVELS.iter().find(|(name, _)| name.eq_ignore_ascii_case(&self.level)).map_or(0, |&(_, level)| level)
    }

    /// Date and time of day with single spaces, and without the marks for the direction of writing that
    /// Windows puts around the parts of a date.
    pub(super) fn date(&self) -> String {
        let text: String = [self.date.as_str(), " ", self.time.as_str()]
            .concat()
            .chars()
            .filter(|c| !matches!(c, '\u{200e}' | '\u{200f}'))
            .collect();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// Adds a line, as far as there is room.
fn append(text: &mut String, line: &str, limit: usize) {
    let room = limit.saturating_sub(text.len());
    let cut = (0..=room.min(line.len())).rev().find(|&n| line.is_char_boundary(n));
    text.push_str(line.get(..cut.unwrap_or(0)).unwrap_or_default());
    text.push('\n');
}
