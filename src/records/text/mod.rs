//! Reads events in text of any form that [`EventForm`] recognises, except XML.
//!
//! Event Viewer copies an event in its new and old layout, and `wevtutil qe /f:text` writes nearly the same:
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
//! Copied text has no record ID, no zone and, before Windows Vista, no log name. Event Viewer's "Copy" appends the event's
//! XML, which is read instead of the text. Other tools write objects, tables and lists.
//!
//! A file imports only files listed before it:
//!
//! 1. `flat_event`: the common form of all events. `field_names`, `flatten`: from a tool's object to this form.
//! 2. `date`, `message_catalog`, `other_languages`: dates and messages. `event_builder`: copied text.
//! 3. `converter`: from this form to a record.
//! 4. `objects`, `lines`: the readers of all forms.

mod converter;
pub(crate) mod date;
mod event_builder;
#[rustfmt::skip] // A table.
mod field_names;
mod flat_event;
mod flatten;
mod lines;
mod message_catalog;
mod objects;
mod other_languages;

use std::io::Read;

use jiff::Timestamp;

use self::converter::EventConverter;
use super::read_errors::ReadErrors;
use super::record::Record;
use super::selection::Selection;
use crate::files::event_form::EventForm;
use crate::text::beginning;
use crate::text::decode::TextReader;
use crate::zone::Zone;

/// Bytes at the start of a text by which its form is recognised.
const MAX_HEAD: usize = 4096;

/// Reads all events of `input`, passes the wanted ones to `emit` and counts all of them in `records`.
///
/// Text between events is skipped. A time without a zone is read in `zone`, and a note in `read_errors` says so. An event
/// without a date gets the time `written`, when the file was last modified.
pub fn read_events(
    input: impl Read,
    written: Option<Timestamp>,
    zone: &Zone,
    selection: &Selection,
    emit: &mut dyn FnMut(Record),
    records: &mut u64,
    read_errors: &mut ReadErrors,
) {
    let before = *records;
    let mut converter = EventConverter::new(selection, emit, records, read_errors, written, zone);
    let mut text = TextReader::new(input);
    let form = text.head().ok().and_then(|head| EventForm::recognise(beginning(head, MAX_HEAD)));
    match form {
        Some(EventForm::Json) => objects::read_json(text, &mut converter),
        Some(EventForm::Csv) => objects::read_csv(text, &mut converter),
        Some(EventForm::List) => objects::read_lists(text, &mut converter),
        Some(EventForm::CliXml) => objects::read_clixml(text, &mut converter),
        Some(EventForm::Snare) => lines::read_snare(text, &mut converter),
        Some(EventForm::FriendlyView) => lines::read_friendly_view(text, &mut converter),
        Some(EventForm::Table) => lines::read_table(text, &mut converter),
        Some(EventForm::Labels | EventForm::Xml) | None => lines::read_labels(text, &mut converter),
    }
    converter.note_assumptions();
    if *converter.records == before && converter.read_errors.is_empty() {
        converter.read_errors.add(0, || {
            "there is no event in it; copy events in Event Viewer with Copy > Copy details as text, \
             or save the log as .evtx"
                .to_owned()
        });
    }
}

#[cfg(test)]
mod tests;
