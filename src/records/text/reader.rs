//! Takes the events that the forms give, and makes records of the wanted ones.

use jiff::Timestamp;

use super::date::{DateOrder, Reading};
use super::event_builder::{EventBuilder, Part};
use super::flat::{FlatEvent, Found, KERBEROS, MODIFIED};
use super::{message_catalog, other_languages};
use crate::records::read_errors::ReadErrors;
use crate::records::selection::Selection;
use crate::records::xml::parse_event;
use crate::records::{Content, Datum, Origin, Record};
use crate::zone::Zone;

/// Where the events of one file go, and what is known of its dates.
pub(super) struct Reader<'a> {
    pub(super) selection: &'a Selection,
    pub(super) emit: &'a mut dyn FnMut(Record),
    pub(super) records: &'a mut u64,
    pub(super) read_errors: &'a mut ReadErrors,
    pub(super) written: Option<Timestamp>,
    /// The zone of times that name none.
    zone: &'a Zone,
    order: DateOrder,
    /// A time without a zone was handed over.
    local_times: bool,
    /// The first line whose day and month are ambiguous, and whether the day was read first.
    ambiguous: Option<(u64, bool)>,
}

impl<'a> Reader<'a> {
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
}

impl Reader<'_> {
    pub(super) fn stopped(&mut self, line: u64, error: &std::io::Error) {
        self.read_errors.add(line, || format!("reading stopped after line {line}: {error}"));
    }

    pub(super) fn take_copied(&mut self, draft: EventBuilder) {
        // All of it is parsed, wanted or not: whether the text has to do must not depend on what is wanted.
        if draft.part == Part::Xml
            && let Ok(record) = parse_event(&draft.xml)
        {
            return self.take_record(record);
        }
        let line = draft.line;
        self.take(draft.flat(), line);
    }

    fn take_record(&mut self, record: Record) {
        *self.records += 1;
        if self.selection.accepts(&record.provider, record.event_id) {
            (self.emit)(record);
        }
    }

    pub(super) fn take_found(&mut self, found: Found, line: u64) {
        match found {
            Found::Event(event) => self.take(*event, line),
            Found::Record(Ok(record)) => self.take_record(record),
            Found::Record(Err(why)) => {
                *self.records += 1;
                self.skip(line, &why);
            }
            Found::Nothing => {}
        }
    }

    pub(super) fn skip(&mut self, line: u64, why: &str) {
        self.read_errors.add(line, || format!("the event at line {line} was skipped: {why}"));
    }

    /// Prose with a colon is not an event. An event has an ID and a provider, or the message of event 4.
    pub(super) fn take(&mut self, event: FlatEvent, line: u64) {
        let message = event.message.replace("\\_", "_");
        let is_modified = message.contains(MODIFIED);
        let event_id = match event_id(&event.event_id) {
            Some(id) => id,
            None if is_modified && event.event_id.is_empty() => 4,
            None => return,
        };
        let source = match event.provider.as_str() {
            "" if is_modified && event_id == 4 => KERBEROS,
            "" if event.data.is_empty() && event.channel.is_empty() => return,
            source => source,
        };
        *self.records += 1;
        // An unwanted event's date also shows the order of day and month.
        let zone = if event.is_utc { &Zone::UTC } else { self.zone };
        let date = self.order.read(&event.time, zone);
        let Some(provider) = self.wanted_provider(source, event_id) else {
            return;
        };
        match self.record(&event, &message, provider, event_id, date, line) {
            Ok(record) => (self.emit)(record),
            Err(why) => self.skip(line, &why),
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
        event: &FlatEvent,
        message: &str,
        provider: String,
        event_id: u16,
        date: Option<(Timestamp, Reading)>,
        line: u64,
    ) -> Result<Record, String> {
        let is_of_modified = event_id == 4 && message_catalog::is_known(&provider, event_id);
        let data = match event.data.is_empty() {
            // Where lines of another text stand between those of a list, they become part of a value.
            false if is_of_modified && !event.data.iter().all(message_catalog::is_plausible) => {
                return Err("its values are not names; save the log as .evtx".to_owned());
            }
            false => event.data.clone(),
            true => self.values_of(message, &provider, event_id)?,
        };
        let (time, reading) = match (date, self.written) {
            (Some((time, _)), _) if event.is_utc => (time, Reading::Zoned),
            (Some(date), _) => date,
            (None, Some(written)) if event.time.is_empty() => {
                self.read_errors.note(format!(
                    "the event at line {line} has no date: the time when the file was written is used"
                ));
                (written, Reading::Zoned)
            }
            (None, _) => return Err("its date cannot be read; write it as 2013-10-06 21:13:09".to_owned()),
        };
        match reading {
            Reading::Zoned => {}
            Reading::Local => self.local_times = true,
            Reading::Ambiguous { day_first } => {
                self.local_times = true;
                self.ambiguous.get_or_insert((line, day_first));
            }
        }
        let content = Content {
            provider: provider.into(),
            event_id,
            version: 0,
            level: level(&event.level),
            channel: event.channel.as_str().into(),
            computer: event.computer.as_str().into(),
            user_id: event.user_id.as_str().into(),
            data,
        };
        let record_id = event.record_id.parse().unwrap_or(0);
        Ok(Record { content: content.into(), record_id, time, origin: Origin::Live })
    }

    /// The values in the text of an event.
    fn values_of(&mut self, message: &str, provider: &str, event_id: u16) -> Result<Vec<Datum>, String> {
        let description = message.split_whitespace().collect::<Vec<_>>().join(" ");
        let known = message_catalog::values(provider, event_id, &description);
        if let Some(data) = known.filter(|data| !message_catalog::has_placeholders(data)) {
            return Ok(data);
        }
        if let Some(mut data) = message_catalog::values_without_message(message) {
            if event_id == 4 && message_catalog::is_known(provider, event_id) {
                // Names, realms and SPNs have no blank. What follows with one is another text.
                let is_name = |value: &str| {
                    message_catalog::is_principal(value) && !value.contains(char::is_whitespace)
                };
                let end = data.iter().position(|datum| !is_name(&datum.value));
                data.truncate(end.unwrap_or(data.len()));
            }
            return match data.is_empty() {
                true => {
                    Err("the values below its description cannot be read; save the log as .evtx".to_owned())
                }
                false => Ok(data),
            };
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

    pub(super) fn say_what_was_assumed(&mut self) {
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

/// Without qualifiers, which some tools leave in the number; `0x40000004` of `dcdiag`.
fn event_id(text: &str) -> Option<u16> {
    let text = text.trim();
    let number: u32 = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        // Tables of Excel and Velociraptor have `4.0`.
        None => text.strip_suffix(".0").unwrap_or(text).parse().ok()?,
    };
    Some((number & 0xFFFF) as u16)
}

/// The number an .evtx file has for the level; 0 where the text has none that is known.
fn level(text: &str) -> u8 {
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
