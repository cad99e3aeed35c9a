//! Reads events copied from Event Viewer as text, in its old and new layout, and `wevtutil qe /f:text`:
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
//! "Copy" appends `Event Xml:`. If that is present, it is read instead of the text.

//!
//! Other programs write events as objects, tables and lists; [`objects`] turns each into the same [`flat::FlatEvent`].

mod clixml;
pub(crate) mod date;
mod event_builder;
mod flat;
mod lines;
mod message_catalog;
mod objects;
mod other_languages;
mod reader;

use std::io::Read;

use jiff::Timestamp;

use self::event_builder::EventBuilder;
use self::flat::MAX_LINE;
use self::reader::Reader;
use super::read_errors::ReadErrors;
use super::record::Record;
use super::selection::Selection;
use crate::files::event_form::EventForm;
use crate::text::beginning;
use crate::text::decode::TextReader;
use crate::text::lines::Lines;
use crate::zone::Zone;

/// By how much of a text its form is recognised.
const MAX_HEAD: usize = 4096;

/// Reads all events of `input`, hands the wanted ones to `emit` and counts all of them in `records`.
///
/// Anything between events is skipped. Times without a zone are read in `zone`, and a note in `read_errors` says so.
pub fn read_events(
    input: impl Read,
    zone: &Zone,
    selection: &Selection,
    emit: &mut dyn FnMut(Record),
    records: &mut u64,
    read_errors: &mut ReadErrors,
) {
    read_written_events(input, None, zone, selection, emit, records, read_errors);
}

/// The same for a file that was written at a time: it stands for that of an event that was copied without its date.
pub fn read_written_events(
    input: impl Read,
    written: Option<Timestamp>,
    zone: &Zone,
    selection: &Selection,
    emit: &mut dyn FnMut(Record),
    records: &mut u64,
    read_errors: &mut ReadErrors,
) {
    let before = *records;
    let mut reader = Reader::new(selection, emit, records, read_errors, written, zone);
    let mut text = TextReader::new(input);
    let form = text.head().ok().and_then(|head| EventForm::of(beginning(head, MAX_HEAD)));
    match form {
        Some(EventForm::Json) => objects::read_json(text, &mut reader),
        Some(EventForm::Csv) => objects::read_csv(text, &mut reader),
        Some(EventForm::List) => objects::read_lists(text, &mut reader),
        Some(EventForm::CliXml) => clixml::read(text, &mut reader),
        Some(EventForm::Snare) => lines::read_snare(text, &mut reader),
        Some(EventForm::View) => lines::read_view(text, &mut reader),
        Some(EventForm::Table) => lines::read_table(text, &mut reader),
        Some(EventForm::Labels | EventForm::Xml) | None => read_labels(text, &mut reader),
    }
    reader.say_what_was_assumed();
    if *reader.records == before && reader.read_errors.is_empty() {
        reader.read_errors.add(0, || {
            "there is no event in it; copy events in Event Viewer with Copy > Copy details as text, \
             or save the log as .evtx"
                .to_owned()
        });
    }
}

fn read_labels(text: TextReader<impl Read>, reader: &mut Reader<'_>) {
    let mut lines = Lines::new(text, MAX_LINE);
    let mut draft = EventBuilder::default();
    let mut number = 0;
    while let Some(line) = lines.next() {
        let line = match line {
            Ok(line) => line,
            Err(error) => {
                reader.stopped(number, &error);
                break;
            }
        };
        number = line.number;
        if draft.is_complete_before(line.text) {
            let next = draft.next();
            reader.take_copied(std::mem::replace(&mut draft, next));
        }
        draft.add(line.text, number);
    }
    reader.take_copied(draft);
}

#[cfg(test)]
mod tests;
