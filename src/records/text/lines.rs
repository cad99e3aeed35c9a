//! Events in lines and columns: the Snare agent, Event Viewer's friendly view, the default view of `Get-WinEvent`.

use std::io::Read;

use super::flat::{FlatEvent, Found, MAX_LINE, read_pairs};
use super::reader::Reader;
use crate::records::Datum;
use crate::text::decode::TextReader;
use crate::text::lines::Lines;

/// Hands every line to `each`, with its number.
fn each_line(
    text: TextReader<impl Read>,
    reader: &mut Reader<'_>,
    mut each: impl FnMut(&str, u64, &mut Reader<'_>),
) {
    let mut lines = Lines::new(text, MAX_LINE);
    let mut number = 0;
    while let Some(line) = lines.next() {
        match line {
            Ok(line) => {
                number = line.number;
                each(line.text, number, reader);
            }
            Err(error) => return reader.stopped(number, &error),
        }
    }
}

/// `.. SRV1 MSWinEventLog <tab> criticality <tab> System <tab> counter <tab> date <tab> ID <tab> provider <tab> user <tab>
/// kind of user <tab> level <tab> computer <tab> category <tab> data <tab> message <tab> record ID`, as Snare's manual has it.
pub(super) fn read_snare(text: TextReader<impl Read>, reader: &mut Reader<'_>) {
    each_line(text, reader, |line, number, reader| {
        let line = line.replace("#011", "\t");
        let Some(at) = line.find("MSWinEventLog\t") else { return };
        let cells: Vec<&str> = line.get(at..).unwrap_or_default().split('\t').map(str::trim).collect();
        let [_, _, channel, _, time, event_id, provider, _, _, level, computer, _, _, message, ..] = *cells
        else {
            return reader.skip(number, "the line of Snare is cut off; export the log again");
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
        reader.take(event, number);
    });
}

/// ```text
/// + System
///   - Provider
///    [ Name]  Microsoft-Windows-Security-Kerberos
///   - EventID 4
///    Channel System
/// - EventData
///   Server srv1$
/// ```
pub(super) fn read_view(text: TextReader<impl Read>, reader: &mut Reader<'_>) {
    let mut view = View::default();
    each_line(text, reader, |line, number, reader| {
        if view.add(line, number) {
            std::mem::take(&mut view).finish(reader);
            view.add(line, number);
        }
    });
    view.finish(reader);
}

#[derive(Default)]
struct View {
    line: u64,
    fields: Vec<(String, String)>,
    data: Vec<Datum>,
    in_data: bool,
}

impl View {
    /// True when the line begins the next event.
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

    fn finish(self, reader: &mut Reader<'_>) {
        // What makes it an event is in the fields and the values together.
        let message = ("message", " ");
        let fields = self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        if let Found::Event(mut event) = read_pairs(fields.chain([message])) {
            event.data = self.data;
            reader.take(*event, self.line);
        }
    }
}

/// The default view of `Get-WinEvent`: the provider above, a header with dashes under it, the message wrapped or cut.
pub(super) fn read_table(text: TextReader<impl Read>, reader: &mut Reader<'_>) {
    let mut table = Columns::default();
    each_line(text, reader, |line, number, reader| table.add(line, number, reader));
    table.finish(reader);
}

#[derive(Default)]
struct Columns {
    provider: String,
    /// Start and name of each column.
    columns: Vec<(usize, String)>,
    row: Option<(u64, Vec<String>)>,
}

impl Columns {
    fn add(&mut self, line: &str, number: u64, reader: &mut Reader<'_>) {
        if let Some(provider) = line.trim().strip_prefix("ProviderName:") {
            self.finish(reader);
            provider.trim().clone_into(&mut self.provider);
            return;
        }
        let is_rule = !line.trim().is_empty() && line.chars().all(|c| matches!(c, '-' | ' '));
        if line.trim_end().ends_with("Message") && line.contains("Id") || line.contains("InstanceID") {
            self.finish(reader);
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
        self.finish(reader);
        let starts: Vec<usize> = self.columns.iter().map(|(at, _)| *at).collect();
        self.row = Some((number, cells(line, &starts)));
    }

    fn finish(&mut self, reader: &mut Reader<'_>) {
        let Some((line, cells)) = self.row.take() else { return };
        let names = self.columns.iter().map(|(_, name)| name.as_str());
        let pairs: Vec<(&str, &str)> = names.zip(cells.iter().map(|cell| cell.trim())).collect();
        let message = pairs.last().map_or("", |(_, message)| *message);
        if message.contains("...") || message.ends_with('…') {
            *reader.records += 1;
            let about_kerberos = self.provider.contains("Kerberos") || message.contains("Kerberos");
            if about_kerberos {
                reader.skip(
                    line,
                    "this is the default view of Get-WinEvent or Get-EventLog, which cuts the message; export it with: \
                     Get-WinEvent -FilterHashtable @{LogName='System';Id=4} | Select-Object * | Export-Csv -NoTypeInformation -Encoding UTF8 events.csv",
                );
            }
            return;
        }
        let provider = [("ProviderName", self.provider.as_str())].into_iter().filter(|(_, p)| !p.is_empty());
        reader.take_found(read_pairs(pairs.iter().copied().chain(provider)), line);
    }
}

/// The words of a header and where they begin, in characters.
fn columns(header: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut is_blank = true;
    for (at, c) in header.chars().enumerate() {
        match (is_blank, c == ' ') {
            (_, true) => is_blank = true,
            (true, false) => {
                found.push((at, c.to_string()));
                is_blank = false;
            }
            (false, false) => {
                if let Some((_, name)) = found.last_mut() {
                    name.push(c);
                }
            }
        }
    }
    found
}

/// A row's cells: numbers are right-aligned in their column, so a cell may begin before its header does.
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
