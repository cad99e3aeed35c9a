//! Converts the events of a text to records and emits the wanted ones.

use jiff::Timestamp;

use super::date::{DateOrder, DateReading};
use super::event_builder::{CopiedPart, EventBuilder};
use super::flat_event::{FlatEvent, KERBEROS_PROVIDER, MODIFIED_ERROR, ObjectContent};
use super::{message_catalog, other_languages};
use crate::records::read_errors::ReadErrors;
use crate::records::selection::Selection;
use crate::records::xml::parse_event;
use crate::records::{Content, Datum, Record, RecordOrigin};
use crate::zone::Zone;

/// Converts the events of one file, and keeps what was learned about its dates.
pub(super) struct EventConverter<'a> {
    selection: &'a Selection,
    emit: &'a mut dyn FnMut(Record),
    /// Counts all events, wanted or not.
    pub(super) records: &'a mut u64,
    pub(super) read_errors: &'a mut ReadErrors,
    /// Modification time of the file, for an event without a date.
    written: Option<Timestamp>,
    /// The zone of times without one.
    zone: &'a Zone,
    order: DateOrder,
    /// Was a time without a zone used?
    local_times: bool,
    /// The first line whose day and month are ambiguous, and whether the day was read first.
    ambiguous: Option<(u64, bool)>,
}

impl<'a> EventConverter<'a> {
    pub(super) fn new(
        selection: &'a Selection,
        emit: &'a mut dyn FnMut(Record),
        records: &'a mut u64,
        read_errors: &'a mut ReadErrors,
        written: Option<Timestamp>,
        zone: &'a Zone,
    ) -> Self {
        Self {
            selection,
            emit,
            records,
            read_errors,
            written,
            zone,
            order: DateOrder::default(),
            local_times: false,
            ambiguous: None,
        }
    }

    /// Reports that reading stopped after a line.
    pub(super) fn report_io_error(&mut self, line: u64, error: &std::io::Error) {
        self.read_errors.add(line, || format!("reading stopped after line {line}: {error}"));
    }

    /// Reports that the event at a line was skipped.
    pub(super) fn report_skipped(&mut self, line: u64, why: &str) {
        self.read_errors.add(line, || format!("the event at line {line} was skipped: {why}"));
    }

    /// Converts an event that was copied from Event Viewer. Its XML wins over its text.
    pub(super) fn convert_copied(&mut self, event: EventBuilder) {
        // The XML is parsed completely even if the event is not wanted. Otherwise an event with broken XML would be read as
        // text or not, depending on the selection.
        if event.part == CopiedPart::Xml
            && let Ok(record) = parse_event(&event.xml)
        {
            return self.emit_wanted(record);
        }
        let line = event.line;
        self.convert(event.into_flat_event(), line);
    }

    /// Converts the content of a tool's object.
    pub(super) fn convert_content(&mut self, content: ObjectContent, line: u64) {
        match content {
            ObjectContent::Event(event) => self.convert(*event, line),
            ObjectContent::Record(Ok(record)) => self.emit_wanted(record),
            ObjectContent::Record(Err(why)) => {
                *self.records += 1;
                self.report_skipped(line, &why);
            }
            ObjectContent::Nothing => {}
        }
    }

    fn emit_wanted(&mut self, record: Record) {
        *self.records += 1;
        if self.selection.accepts(&record.provider, record.event_id) {
            (self.emit)(record);
        }
    }

    /// Converts an event. Text without an ID and a provider is ignored, unless it has the message of event 4.
    pub(super) fn convert(&mut self, event: FlatEvent, line: u64) {
        // Markdown escapes underscores.
        let message = event.message.replace("\\_", "_");
        let is_modified = message.contains(MODIFIED_ERROR);
        let event_id = match parse_event_id(&event.event_id) {
            Some(id) => id,
            None if is_modified && event.event_id.is_empty() => 4,
            None => return,
        };
        let source = match event.provider.as_str() {
            "" if is_modified && event_id == 4 => KERBEROS_PROVIDER,
            "" if event.data.is_empty() && event.channel.is_empty() => return,
            source => source,
        };
        *self.records += 1;
        // The date of an unwanted event also shows the order of day and month.
        let zone = if event.is_utc { &Zone::UTC } else { self.zone };
        let date = self.order.read(&event.time, zone);
        let Some(provider) = self.wanted_provider(source, event_id) else {
            return;
        };
        match self.record(&event, &message, provider, event_id, date, line) {
            Ok(record) => (self.emit)(record),
            Err(why) => self.report_skipped(line, &why),
        }
    }

    /// The name under which the provider is wanted with this event ID. Event Viewer's lists omit `Microsoft-Windows-`.
    fn wanted_provider(&self, source: &str, event_id: u16) -> Option<String> {
        [source.to_owned(), format!("Microsoft-Windows-{source}")]
            .into_iter()
            .find(|provider| self.selection.accepts(provider, event_id))
    }

    /// Makes the record of a wanted event. The error says why the event is skipped.
    fn record(
        &mut self,
        event: &FlatEvent,
        message: &str,
        provider: String,
        event_id: u16,
        date: Option<(Timestamp, DateReading)>,
        line: u64,
    ) -> Result<Record, String> {
        let is_of_modified = event_id == 4 && message_catalog::is_known(&provider, event_id);
        let data = if event.data.is_empty() {
            self.values_of(message, &provider, event_id)?
        } else if is_of_modified && !event.data.iter().all(message_catalog::is_plausible) {
            // If lines of another text are between those of a list, they become part of a value.
            return Err("its values are not names; save the log as .evtx".to_owned());
        } else {
            event.data.clone()
        };
        let (time, reading) = match (date, self.written) {
            (Some((time, _)), _) if event.is_utc => (time, DateReading::Zoned),
            (Some(date), _) => date,
            (None, Some(written)) if event.time.is_empty() => {
                self.read_errors.note(format!(
                    "the event at line {line} has no date: the time when the file was written is used"
                ));
                (written, DateReading::Zoned)
            }
            (None, _) => return Err("its date cannot be read; write it as 2013-10-06 21:13:09".to_owned()),
        };
        match reading {
            DateReading::Zoned => {}
            DateReading::Local => self.local_times = true,
            DateReading::Ambiguous { day_first } => {
                self.local_times = true;
                self.ambiguous.get_or_insert((line, day_first));
            }
        }
        let content = Content {
            provider: provider.into(),
            event_id,
            version: 0,
            level: level_number(&event.level),
            channel: event.channel.as_str().into(),
            computer: event.computer.as_str().into(),
            user_id: event.user_id.as_str().into(),
            data,
        };
        let record_id = event.record_id.parse().unwrap_or(0);
        Ok(Record { content: content.into(), record_id, time, origin: RecordOrigin::Live })
    }

    /// Reads the values of an event from its message. The error says why the event is skipped.
    fn values_of(&mut self, message: &str, provider: &str, event_id: u16) -> Result<Vec<Datum>, String> {
        let description = message.split_whitespace().collect::<Vec<_>>().join(" ");
        let known = message_catalog::values(provider, event_id, &description);
        if let Some(data) = known.filter(|data| !message_catalog::has_placeholders(data)) {
            return Ok(data);
        }
        if let Some(mut data) = message_catalog::values_without_message(message) {
            if event_id == 4 && message_catalog::is_known(provider, event_id) {
                // Names, realms and SPNs have no blank. A line with one, and all lines after it, are another text.
                let is_name = |value: &str| {
                    message_catalog::is_principal(value) && !value.contains(char::is_whitespace)
                };
                let end = data.iter().position(|datum| !is_name(&datum.value));
                data.truncate(end.unwrap_or(data.len()));
            }
            if data.is_empty() {
                return Err(
                    "the values below its description cannot be read; save the log as .evtx".to_owned()
                );
            }
            return Ok(data);
        }
        if !message_catalog::is_known(provider, event_id) {
            return Ok(vec![Datum { name: Some("Description".into()), value: description.into() }]);
        }
        if event_id == 4
            && let Some((data, is_verified)) = other_languages::values(&description)
        {
            if !is_verified {
                self.read_errors.note(
                    "the text of an event 4 is in a wording that the program does not know: its values were read by \
                     their places; compare the server and the target with the log"
                        .to_owned(),
                );
            }
            return Ok(data);
        }
        Err("the wording of its description is unknown (another language, or cut off); save the log as .evtx"
            .to_owned())
    }

    /// Adds a note about each assumption that was made.
    pub(super) fn note_assumptions(&mut self) {
        if self.local_times {
            self.read_errors.note(format!(
                "times without a zone were read as {}; --timezone names another zone",
                self.zone
            ));
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

/// Parses an event ID and removes its qualifiers, which some tools leave in the number (`0x40000004` of `dcdiag`).
fn parse_event_id(text: &str) -> Option<u16> {
    let text = text.trim();
    let number: u32 = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        // Excel and Velociraptor write `4.0`.
        None => text.strip_suffix(".0").unwrap_or(text).parse().ok()?,
    };
    Some((number & 0xFFFF) as u16)
}

/// The number of a level in an .evtx file; 0 for an unknown level.
fn level_number(text: &str) -> u8 {
    #[rustfmt::skip]
    const LEVELS: [(u8, &[&str]); 5] = [
        (1, &["Critical", "Kritisch", "Critique", "Crítico"]),
        (2, &["Error", "ERROR", "Fehler", "Erreur", "Errore", "Erro", "Fout", "Błąd", "Ошибка", "エラー", "错误", "錯誤", "Error event"]),
        (3, &["Warning", "Warnung", "Avertissement", "Advertencia", "Avviso", "Aviso", "警告"]),
        (4, &["Information", "Informationen", "Información", "Informazioni", "Informações", "情報", "信息"]),
        (5, &["Verbose"]),
    ];
    let named = LEVELS.iter().find(|(_, names)| names.iter().any(|name| name.eq_ignore_ascii_case(text)));
    named.map_or_else(|| text.parse().ok().filter(|level| *level <= 5).unwrap_or(0), |&(level, _)| level)
}
