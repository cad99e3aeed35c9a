//! Reads events line by line: copied text, the Snare agent, Event Viewer's friendly view, and the table of `Get-WinEvent`.

use std::io::Read;

use super::converter::EventConverter;
use super::event_builder::EventBuilder;
use super::flat_event::{FlatEvent, ObjectContent};
use super::flatten::flatten_pairs;
use crate::records::Datum;
use crate::text::decode::TextReader;
use crate::text::lines::Lines;

/// Maximum number of bytes kept of a line. The longest description of a Kerberos event has fewer than 1,500 characters.
const MAX_LINE: usize = 64 * 1024;

/// Passes every line and its number, from 1, to `callback`.
fn each_line(
    text: TextReader<impl Read>,
    converter: &mut EventConverter<'_>,
    mut callback: impl FnMut(&str, u64, &mut EventConverter<'_>),
) {
    let mut lines = Lines::new(text, MAX_LINE);
    let mut number = 0;
    while let Some(line) = lines.next() {
        match line {
            Ok(line) => {
                number = line.number;
                callback(line.text, number, converter);
            }
            Err(error) => return converter.report_io_error(number, &error),
        }
    }
}

/// Reads copied text: `Label: value` lines, a description, and perhaps the event's XML.
pub(super) fn read_labels(text: TextReader<impl Read>, converter: &mut EventConverter<'_>) {
    let mut event = EventBuilder::default();
    each_line(text, converter, |line, number, converter| {
        if event.is_complete_before(line) {
            let next = event.next_event();
            converter.convert_copied(std::mem::replace(&mut event, next));
        }
        event.add(line, number);
    });
    converter.convert_copied(event);
}

/// Reads lines of the Snare agent. Its manual gives their layout: `.. SRV1 MSWinEventLog <tab> criticality <tab> System <tab> counter <tab> date <tab> ID <tab> provider <tab> user <tab>
/// kind of user <tab> level <tab> computer <tab> category <tab> data <tab> message <tab> record ID`.
pub(super) fn read_snare(text: TextReader<impl Read>, converter: &mut EventConverter<'_>) {
    each_line(text, converter, |line, number, converter| {
        let line = line.replace("#011", "\t");
        let Some(at) = line.find("MSWinEventLog\t") else { return };
        let cells: Vec<&str> = line.get(at..).unwrap_or_default().split('\t').map(str::trim).collect();
        let [_, _, channel, _, time, event_id, provider, _, _, level, computer, _, _, message, ..] = *cells
        else {
            return converter.report_skipped(number, "the line of Snare is cut off; export the log again");
        };
        let event = FlatEvent {
            provider: provider.to_owned(),
            event_id: event_id.to_owned(),
            time: time.to_owned(),
            channel: channel.to_owned(),
            computer: computer.to_owned(),
            level: level.to_owned(),
            message: message.to_owned(),
            ..FlatEvent::default()
        };
        converter.convert(event, number);
    });
}

/// Reads the friendly view of Event Viewer's details tab:
///
/// ```text
/// + System
///   - Provider
///    [ Name]  Microsoft-Windows-Security-Kerberos
///   - EventID 4
///    Channel System
/// - EventData
///   Server srv1$
/// ```
pub(super) fn read_friendly_view(text: TextReader<impl Read>, converter: &mut EventConverter<'_>) {
    let mut view = FriendlyView::default();
    each_line(text, converter, |line, number, converter| {
        if view.add(line, number) {
            std::mem::take(&mut view).finish(converter);
            view.add(line, number);
        }
    });
    view.finish(converter);
}

/// An event of the friendly view of which some lines were read.
#[derive(Default)]
struct FriendlyView {
    /// Line on which it begins, from 1.
    line: u64,
    fields: Vec<(String, String)>,
    data: Vec<Datum>,
    /// Is the line in `EventData` or `UserData`?
    in_data: bool,
}

impl FriendlyView {
    /// Adds a line. Returns true, and adds nothing, if the line begins the next event.
    fn add(&mut self, line: &str, number: u64) -> bool {
        let text = line.trim().trim_start_matches(['+', '-']).trim();
        let (name, value) = text.split_once(' ').map_or((text, ""), |(name, value)| (name, value.trim()));
        match text {
            "System" if !self.fields.is_empty() => return true,
            "System" => self.line = number,
            "" => {}
            "EventData" | "UserData" => self.in_data = true,
            _ if self.in_data => self.data.push(Datum { name: Some(name.into()), value: value.into() }),
            _ => match text.strip_prefix("[ ").and_then(|rest| rest.split_once(']')) {
                Some((attribute, value)) => {
                    let attribute = if attribute == "Name" { "ProviderName" } else { attribute };
                    self.fields.push((attribute.to_owned(), value.trim().to_owned()));
                }
                None => self.fields.push((name.to_owned(), value.to_owned())),
            },
        }
        false
    }

    fn finish(self, converter: &mut EventConverter<'_>) {
        // Flattening sees no values, so a blank message makes the fields an event.
        let message = ("message", " ");
        let fields = self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        if let ObjectContent::Event(mut event) = flatten_pairs(fields.chain([message])) {
            event.data = self.data;
            converter.convert(*event, self.line);
        }
    }
}

/// Reads the default table of `Get-WinEvent` or `Get-EventLog`: the provider, a header, a line of dashes, and rows whose
/// message is wrapped or cut off.
pub(super) fn read_table(text: TextReader<impl Read>, converter: &mut EventConverter<'_>) {
    let mut table = ConsoleTable::default();
    each_line(text, converter, |line, number, converter| table.add(line, number, converter));
    table.finish_row(converter);
}

/// A table of which some lines were read.
#[derive(Default)]
struct ConsoleTable {
    provider: String,
    /// Start in characters and name of each column.
    columns: Vec<(usize, String)>,
    /// Line and cells of the row that is being read.
    row: Option<(u64, Vec<String>)>,
}

impl ConsoleTable {
    fn add(&mut self, line: &str, number: u64, converter: &mut EventConverter<'_>) {
        if let Some(provider) = line.trim().strip_prefix("ProviderName:") {
            self.finish_row(converter);
            provider.trim().clone_into(&mut self.provider);
            return;
        }
        let is_rule = !line.trim().is_empty() && line.chars().all(|c| matches!(c, '-' | ' '));
        if line.trim_end().ends_with("Message") && line.contains("Id") || line.contains("InstanceID") {
            self.finish_row(converter);
            self.columns = columns(line);
            return;
        }
        if is_rule || self.columns.is_empty() {
            return;
        }
        let Some((message_at, _)) = self.columns.last().cloned() else { return };
        let before: String = line.chars().take(message_at).collect();
        if before.trim().is_empty() {
            if let Some((_, cells)) = &mut self.row
                && let Some(message) = cells.last_mut()
            {
                message.push(' ');
                message.push_str(line.trim());
            }
            return;
        }
        self.finish_row(converter);
        let starts: Vec<usize> = self.columns.iter().map(|(at, _)| *at).collect();
        self.row = Some((number, cells(line, &starts)));
    }

    fn finish_row(&mut self, converter: &mut EventConverter<'_>) {
        let Some((line, cells)) = self.row.take() else { return };
        let names = self.columns.iter().map(|(_, name)| name.as_str());
        let pairs: Vec<(&str, &str)> = names.zip(cells.iter().map(|cell| cell.trim())).collect();
        let message = pairs.last().map_or("", |(_, message)| *message);
        if message.contains("...") || message.ends_with('…') {
            *converter.records += 1;
            let about_kerberos = self.provider.contains("Kerberos") || message.contains("Kerberos");
            if about_kerberos {
                converter.report_skipped(
                    line,
                    "this is the default view of Get-WinEvent or Get-EventLog, which cuts the message; export it with: \
                     Get-WinEvent -FilterHashtable @{LogName='System';Id=4} | Select-Object * | Export-Csv -NoTypeInformation -Encoding UTF8 events.csv",
                );
            }
            return;
        }
        let provider = [("ProviderName", self.provider.as_str())].into_iter().filter(|(_, p)| !p.is_empty());
        converter.convert_content(flatten_pairs(pairs.iter().copied().chain(provider)), line);
    }
}

/// The words of a header and where they begin, in characters.
fn columns(header: &str) -> Vec<(usize, String)> {
    let mut next = 0;
    let words = header.split(' ').map(|word| {
        let start = next;
        next += word.chars().count() + 1;
        (start, word.to_owned())
    });
    words.filter(|(_, word)| !word.is_empty()).collect()
}

/// Splits a row into cells. Numbers are right-aligned in their column, so a cell may begin before its header does.
fn cells(line: &str, starts: &[usize]) -> Vec<String> {
    let chars: Vec<char> = line.chars().collect();
    let begin = |at: usize| {
        let mut at = at.min(chars.len());
        while at > 0 && chars.get(at - 1).is_some_and(|c| *c != ' ') {
            at -= 1;
        }
        at
    };
    let starts: Vec<usize> = starts.iter().map(|at| begin(*at)).collect();
    let end = |i: usize| starts.get(i + 1).copied().unwrap_or(chars.len());
    (0..starts.len())
        .map(|i| {
            chars.get(starts[i]..end(i)).unwrap_or_default().iter().collect::<String>().trim().to_owned()
        })
        .collect()
}
