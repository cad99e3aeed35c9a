//! Events copied from Event Viewer as text, in both layouts it had, and `wevtutil qe /f:text`:
//!
//! ```text
//! Log Name:      System            Event Type:     Error
//! Source:        ...               Event Source:   Kerberos
//! Date:          10/6/2013 ...     Event ID:       4
//! Event ID:      4                 Date:           10/6/2013
//! Level:         Error             Time:           9:13:09 PM
//! Computer:      SRV1...           Computer:       SRV1
//! Description:                     Description:
//! The Kerberos client ...          The kerberos client ...
//! ```
//!
//! The text has no record ID, no zone for its time and, before Vista, not the log's name. Event Viewer's
//! "Copy" puts `Event Xml:` behind it; where that is there, it is read and the text is not.

mod date;
mod event_builder;
mod message_catalog;

use std::io::Read;

use jiff::Timestamp;

use self::date::{DateOrder, Reading};
use self::event_builder::{EventBuilder, Part};
use super::read_errors::ReadErrors;
use super::record::{Content, Datum, Origin, Record};
use super::selection::Selection;
use super::xml::parse_event;
use crate::text::decode::TextReader;
use crate::text::lines::Lines;

/// What is kept of a line; the longest description of a Kerberos event has less than 1,500 characters.
const MAX_LINE: usize = 64 * 1024;

/// Reads all events of `input`, hands the wanted ones to `emit` (they have record ID 0) and counts all of
/// them in `records`.
///
/// Anything between events is passed over. What is assumed of their times is a note in `read_errors`.
pub fn read_events(
    input: impl Read,
    selection: &Selection,
    emit: &mut dyn FnMut(Record),
    records: &mut u64,
    read_errors: &mut ReadErrors,
) {
    let before = *records;
    let mut reader = Reader {
        selection,
        emit,
        records,
        read_errors,
        order: DateOrder::default(),
        local_times: false,
        ambiguous: None,
    };
    let mut lines = Lines::new(TextReader::new(input), MAX_LINE);
    let mut draft = EventBuilder::default();
    let mut number = 0;
    while let Some(line) = lines.next() {
        let line = match line {
            Ok(line) => line,
            Err(error) => {
                reader.read_errors.add(number, || format!("reading stopped behind line {number}: {error}"));
                break;
            }
        };
        number = line.number;
        if draft.is_complete_before(line.text) {
            reader.take(std::mem::take(&mut draft));
        }
        draft.add(line.text, number);
    }
    reader.take(draft);
    reader.say_what_was_assumed();
    if *reader.records == before {
        reader.read_errors.add(0, || {
            "there is no event in it; copy events in Event Viewer with Copy > Copy details as text, \
             or save the log as .evtx"
                .to_owned()
        });
    }
}

struct Reader<'a> {
    selection: &'a Selection,
    emit: &'a mut dyn FnMut(Record),
    records: &'a mut u64,
    read_errors: &'a mut ReadErrors,
    order: DateOrder,
    /// A time without a zone was handed over.
    local_times: bool,
    /// The first line whose day and month could not be told apart, and whether the day was taken first.
    ambiguous: Option<(u64, bool)>,
}

impl Reader<'_> {
    fn take(&mut self, draft: EventBuilder) {
        // All of it is parsed, wanted or not: whether the text has to do must not depend on what is wanted.
        if draft.part == Part::Xml
            && let Ok(record) = parse_event(&draft.xml)
        {
            *self.records += 1;
            if self.selection.accepts(&record.provider, record.event_id) {
                (self.emit)(record);
            }
            return;
        }
        // Prose with a colon is no event: these two make one.
        let Some(event_id) = draft.event_id() else {
            return;
        };
        if draft.source.is_empty() {
            return;
        }
        *self.records += 1;
        // An unwanted event's date tells the order of day and month too.
        let date = self.order.read(&draft.date());
        let Some(provider) = self.wanted_provider(&draft.source, event_id) else {
            return;
        };
        match self.record(&draft, provider, event_id, date) {
            Ok(record) => (self.emit)(record),
            Err(why) => self
                .read_errors
                .add(draft.line, || format!("the event at line {} was passed over: {why}", draft.line)),
        }
    }

    /// Lists of Event Viewer leave out the first part of Microsoft's provider names.
    fn wanted_provider(&self, source: &str, event_id: u16) -> Option<String> {
        [source.to_owned(), format!("Microsoft-Windows-{source}")]
            .into_iter()
            .find(|provider| self.selection.accepts(provider, event_id))
    }

    fn record(
        &mut self,
        draft: &EventBuilder,
        provider: String,
        event_id: u16,
        date: Option<(Timestamp, Reading)>,
    ) -> Result<Record, &'static str> {
        let description = draft.description.split_whitespace().collect::<Vec<_>>().join(" ");
        let data = match message_catalog::values(&provider, event_id, &description) {
            Some(values) => values,
            None if message_catalog::is_known(&provider, event_id) => {
                return Err("its description is not in a wording the program knows (another language, or \
                     cut off); save the log as .evtx");
            }
            None => vec![Datum { name: Some("Description".into()), value: description.into() }],
        };
        let (time, reading) = date.ok_or("its date cannot be read; write it as 2013-10-06 21:13:09")?;
        match reading {
            Reading::Zoned => {}
            Reading::Local => self.local_times = true,
            Reading::Ambiguous { day_first } => {
                self.local_times = true;
                self.ambiguous.get_or_insert((draft.line, day_first));
            }
        }
        let content = Content {
            provider: provider.into(),
            event_id,
            version: 0,
            level: draft.level(),
            channel: draft.log_name.as_str().into(),
            computer: draft.computer.as_str().into(),
            // Event Viewer's copied text shows the account's name, in the language of the machine.
            user_id: Default::default(),
            data,
        };
        Ok(Record { content: content.into(), record_id: 0, time, origin: Origin::Live })
    }

    fn say_what_was_assumed(&mut self) {
        if self.local_times {
            self.read_errors.note(
                "times in copied text name no zone: they are the local time of whoever copied it, and \
                 were taken as UTC"
                    .to_owned(),
            );
        }
        if let Some((line, day_first)) = self.ambiguous {
            let first = if day_first { "day" } else { "month" };
            self.read_errors.note(format!(
                "the date of the event at line {line} can be read in two ways; the {first} was taken to \
                 be first, here and in dates like it"
            ));
        }
    }
}

#[cfg(test)]
mod tests;
