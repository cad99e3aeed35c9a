//! Recognises the text forms of events, each by at least two independent marks.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::text::decode::TextReader;
use crate::text::delimited::{Header, column_key};
use crate::text::json::is_record_line;
use crate::text::property_list::each_list;

/// A form in which tools write events as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EventForm {
    /// `<Event>` elements.
    Xml,
    /// JSON objects of any tool, as an array or one per line.
    Json,
    /// A delimited table with a column of event IDs.
    Csv,
    /// `Export-Clixml` of `Get-WinEvent` or `Get-EventLog`.
    CliXml,
    /// Property lists: `Format-List` of PowerShell, and `Name=value` lines.
    List,
    /// `Label: value` lines and a description, as Event Viewer and `wevtutil` write in many languages. Also the output of
    /// `dcdiag` and `psloglist`, and the message of an event 4 alone.
    Labels,
    /// Lines of the Snare agent.
    Snare,
    /// The "friendly view" of Event Viewer's details tab.
    FriendlyView,
    /// The default table of `Get-WinEvent` or `Get-EventLog`: columns, the message last.
    Table,
}

/// A label in the header of a copied event, such as `Event ID:`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EventLabel {
    /// The number of the event in the output of `wevtutil`: `Event[7]:`.
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

/// The labels of Event Viewer (current and Windows XP) and `dcdiag` in English, German, French, Spanish, Italian,
/// Portuguese, Dutch, Polish, Russian, Japanese, simplified and traditional Chinese.
#[rustfmt::skip]
const LABELS: &[(EventLabel, &[&str])] = &[
    (EventLabel::LogName, &["Log Name", "Protokollname", "Nom du journal", "Nombre de registro", "Nome registro", "Nome do Log",
        "Nome do Registo", "Logboeknaam", "Nazwa dziennika", "Имя журнала", "ログの名前", "日志名称", "記錄檔名稱"]),
    (EventLabel::Source, &["Source", "Event Source", "Quelle", "Ereignisquelle", "Origen", "Origine", "Fonte", "Origem", "Bron",
        "Źródło", "Источник", "ソース", "来源", "來源"]),
    (EventLabel::EventId, &["Event ID", "EventID", "Ereignis-ID", "Ereigniskennung", "ID de l’événement", "ID de l'événement",
        "Id de l’événement", "Id. del evento", "Id. de evento", "Identificador de evento", "ID evento", "ID do Evento",
        "Identificação do Evento", "Gebeurtenis-id", "Identyfikator zdarzenia", "Код события", "イベント ID", "事件 ID",
        "事件识别码", "事件識別碼"]),
    (EventLabel::EventType, &["Event Type", "Ereignistyp"]),
    (EventLabel::Level, &["Level", "Type", "Ebene", "Niveau", "Nivel", "Livello", "Nível", "Poziom", "Уровень", "レベル", "级别",
        "等級"]),
    (EventLabel::Date, &["Date", "Time Generated", "Datum", "Erstellungszeitpunkt", "Fecha", "Data", "Дата", "日付", "日期"]),
    (EventLabel::Time, &["Time", "Zeit", "Uhrzeit"]),
    (EventLabel::Computer, &["Computer", "Ordinateur", "Equipo", "Computador", "Komputer", "Компьютер", "コンピューター",
        "コンピュータ", "计算机", "電腦"]),
    (EventLabel::Description, &["Description", "Event String", "Beschreibung", "Ereigniszeichenfolge", "Descripción",
        "Descrizione", "Descrição", "Beschrijving", "Opis", "Описание", "説明", "描述"]),
    (EventLabel::EventXml, &["Event Xml", "Ereignis-XML", "XML de l’événement", "XML de l'événement", "XML de evento",
        "XML del evento", "XML evento", "Xml de Evento", "Gebeurtenis-XML", "Kod XML zdarzenia", "Xml события",
        "イベント XML", "事件 Xml"]),
];

/// The label with each name in lower case.
static LABELS_BY_NAME: LazyLock<HashMap<String, EventLabel>> = LazyLock::new(|| {
    let names =
        LABELS.iter().flat_map(|(label, names)| names.iter().map(|name| (name.to_lowercase(), *label)));
    names.collect()
});

/// Maximum number of bytes of the name of a label. The longest has fewer.
const MAX_LABEL_NAME: usize = 64;

impl EventLabel {
    /// Splits a line into its label and value. `None` if the line does not begin with a label.
    pub(crate) fn split(line: &str) -> Option<(Self, &str)> {
        // A quoted line in a mail begins with `>`. Markdown writes labels in bold.
        let line =
            line.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '>' | '*' | '\u{feff}'));
        let colon = line.find([':', '：'])?;
        let (name, value) = line.split_at_checked(colon)?;
        let value = value.trim_start_matches([':', '：', '*']);
        let (name, value) = (name.trim().trim_matches('*'), value.trim());
        if name.starts_with("Event[") && value.is_empty() {
            return Some((Self::Number, value));
        }
        // dcdiag: `An error event occurred.  EventID: 0x40000004`.
        let name = name.rsplit_once("  ").map_or(name, |(_, last)| last);
        (name.len() <= MAX_LABEL_NAME).then_some(())?;
        Some((*LABELS_BY_NAME.get(&name.to_lowercase())?, value))
    }
}

/// Names of the JSON member or table column with the event ID.
const ID_NAMES: &[&str] =
    &["eventid", "event_id", "eventcode", "event.code", "winlog.event_id", "eventidentifier", "instanceid"];

/// Names of the event ID that objects other than events also use.
const WEAK_ID_NAMES: &[&str] = &["id", "code"];

/// Names of other members or columns of an event.
#[rustfmt::skip]
const OTHER_NAMES: &[&str] = &[
    "provider", "providername", "provider_name", "winlog.provider_name", "sourcename", "source_name", "source",
    "eventsource", "message", "channel", "computer", "computername", "computer_name", "machinename", "logname", "eventdata",
    "event_data", "eventlog", "winlog", "logfile", "rendereddescription", "leveldisplayname", "payload",
];

/// Names that only events have together with a name of [`WEAK_ID_NAMES`].
const STRONG_NAMES: &[&str] = &["providername", "machinename", "leveldisplayname", "winlog", "taskcategory"];

impl EventForm {
    /// Recognises the form of a text by its beginning.
    pub(crate) fn recognise(text: &str) -> Option<Self> {
        let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
        let text = without_record_line(text);
        if ["{", "[{", "[\n", "[\r", "[ "].iter().any(|start| text.starts_with(start)) {
            return is_json(text).then_some(Self::Json);
        }
        // The default output of chainsaw is YAML, in which an event has other names.
        if text.starts_with("---") && text.contains("Event_attributes:") {
            return None;
        }
        if text.starts_with("<Objs") {
            let marks =
                ["N=\"ProviderName\"", "Eventing.Reader", "EventLogEntry", "N=\"ReplacementStrings\""];
            return marks.iter().any(|mark| text.contains(mark)).then_some(Self::CliXml);
        }
        if is_csv(text) {
            return Some(Self::Csv);
        }
        let labels = labels(text);
        let has_header = labels.len() >= 2
            && (labels.contains(&EventLabel::EventId)
                || labels.contains(&EventLabel::EventType)
                || (labels.contains(&EventLabel::LogName) && labels.contains(&EventLabel::Source)));
        if let Some(at) = event_xml_offset(text) {
            // Event Viewer's "Copy" appends the event's XML to its text. Not every event in the text needs to have it.
            let header_first = has_header
                && text.get(..at).is_some_and(|before| {
                    before.lines().any(|line| {
                        matches!(EventLabel::split(line), Some((EventLabel::LogName | EventLabel::Source, _)))
                    })
                });
            return Some(if header_first { Self::Labels } else { Self::Xml });
        }
        if text.contains("MSWinEventLog\t") || text.contains("MSWinEventLog#011") {
            return Some(Self::Snare);
        }
        if text.contains("[ Name]") && (text.contains("[ SystemTime]") || text.contains("EventRecordID")) {
            return Some(Self::FriendlyView);
        }
        if is_table(text) {
            return Some(Self::Table);
        }
        if is_list(text) {
            return Some(Self::List);
        }
        (has_header || is_psloglist(text) || is_message(text) || is_missing_message(text))
            .then_some(Self::Labels)
    }
}

/// The offset of the first `<Event>` or `<Events>`, if it is the root or a `<System>` follows it.
fn event_xml_offset(text: &str) -> Option<usize> {
    let ends_name = |at: usize| {
        text.get(at..)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '>', '\t', '\r', '\n', '/']))
    };
    let is_event = |(at, name): (usize, &str)| {
        let end = at + name.len();
        ends_name(end) || (text.get(end..).is_some_and(|rest| rest.starts_with('s')) && ends_name(end + 1))
    };
    let prefixed = text.match_indices(":Event").filter(|_| text.starts_with('<'));
    let (at, _) = text
        .match_indices("<Event")
        .find(|&found| is_event(found))
        .or_else(|| prefixed.into_iter().find(|&found| is_event(found)))?;
    let before = text.get(..at).unwrap_or_default();
    // Only an XML declaration, comments, or the dash that a browser shows before an element come before the root.
    let is_root = text.starts_with('<')
        && before.matches('<').count()
            == before.matches("<?").count()
                + before.matches("<!").count()
                + usize::from(before.ends_with(|c: char| c.is_alphanumeric()));
    (is_root || text.get(at..).is_some_and(|rest| rest.contains("<System") || rest.contains(":System")))
        .then_some(at)
}

/// Removes the first line if it is `Record 52341`, which `evtx_dump -o json` writes before each object.
fn without_record_line(text: &str) -> &str {
    text.split_once('\n')
        .map(|(line, rest)| (line, rest.trim_start()))
        .filter(|(line, rest)| is_record_line(line) && rest.starts_with('{'))
        .map_or(text, |(_, rest)| rest)
}

fn is_json(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let has = |name: &str| {
        let key = format!("\"{name}\"");
        lower
            .match_indices(&key)
            .any(|(at, _)| lower.get(at + key.len()..).is_some_and(|rest| rest.trim_start().starts_with(':')))
    };
    let any = |names: &[&str]| names.iter().any(|name| has(name));
    event_xml_offset(text).is_some()
        || (any(ID_NAMES) && any(OTHER_NAMES))
        || (any(WEAK_ID_NAMES) && any(STRONG_NAMES))
        || (has("_raw") && lower.contains("eventcode="))
        // A query response of Log Analytics lists the column names as values.
        || (has("columns") && has("rows") && lower.contains("\"eventid\"") && lower.contains("\"timegenerated\""))
}

fn is_csv(text: &str) -> bool {
    let Some(header) = Header::parse(text) else { return false };
    let columns = header.columns();
    let has = |names: &[&str]| names.iter().any(|name| columns.contains(&column_key(name)));
    if columns.len() < 3 || columns.iter().any(|column| column.contains(['<', '>', '='])) {
        return false;
    }
    (has(ID_NAMES) && has(OTHER_NAMES))
        || (has(WEAK_ID_NAMES) && has(STRONG_NAMES))
        || (has(&["raw"]) && (event_xml_offset(text).is_some() || text.contains("EventCode=")))
        || event_xml_offset(text).is_some_and(|at| text.get(..at).is_some_and(|before| before.contains('\n')))
}

/// The distinct labels at the beginning of lines, in order of appearance.
fn labels(text: &str) -> Vec<EventLabel> {
    let mut found = Vec::new();
    for (label, _) in text.lines().filter_map(EventLabel::split) {
        if !found.contains(&label) {
            found.push(label);
        }
    }
    found
}

fn is_list(text: &str) -> bool {
    let mut names = Vec::new();
    // Reading a slice cannot fail.
    let _ = each_list(TextReader::from_text(text), |list, _| {
        names.extend(list.iter().map(|(name, _)| name.to_ascii_lowercase()));
    });
    let has = |wanted: &[&str]| wanted.iter().any(|wanted| names.iter().any(|name| name == wanted));
    (has(ID_NAMES) || has(WEAK_ID_NAMES))
        && has(&["message", "replacementstrings", "insertionstrings"])
        && has(&[
            "providername",
            "source",
            "sourcename",
            "timecreated",
            "timegenerated",
            "entrytype",
            "logname",
            "level",
        ])
}

fn is_table(text: &str) -> bool {
    let mut lines = text.lines();
    lines.by_ref().any(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let ids = ["Id", "EventID", "InstanceID"].iter().any(|id| words.contains(id));
        let time = ["TimeCreated", "Time", "TimeGenerated"].iter().any(|time| words.contains(time));
        ids && time && words.last() == Some(&"Message")
    }) && lines.next().is_some_and(|line| line.contains("--") && line.chars().all(|c| matches!(c, '-' | ' ')))
}

/// Does it have an event of `psloglist`: `[52341] Microsoft-Windows-Security-Kerberos`, then `   Type:     ERROR`?
fn is_psloglist(text: &str) -> bool {
    let numbered = |line: &str| {
        line.strip_prefix('[')
            .and_then(|rest| rest.split_once("] "))
            .is_some_and(|(number, _)| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
    };
    text.lines()
        .zip(text.lines().skip(1))
        .any(|(line, next)| numbered(line) && next.trim_start().starts_with("Type:"))
}

/// Does it begin with the message of an event 4? A text that quotes the message further on is about the event.
fn is_message(text: &str) -> bool {
    // Markdown escapes underscores.
    let text = text.replace("\\_", "_");
    let begins_with_error = text.find("KRB_AP_ERR_MODIFIED").is_some_and(|at| at < 300);
    // The message has two principal names. A text about the error rarely has.
    let start: String = text.chars().take(500).collect();
    let words = start
        .split(|c: char| c.is_whitespace() || "\"'„“”«»。，".contains(c))
        .map(|word| word.trim_end_matches(['.', ',']));
    let is_name = |word: &str| {
        word.ends_with('$')
            || word.split_once('/').is_some_and(|(class, host)| {
                class.chars().all(char::is_alphanumeric)
                    && class.len() > 2
                    && host.starts_with(char::is_alphanumeric)
            })
    };
    let first = text.lines().find(|line| line.contains("KRB_AP_ERR_MODIFIED")).unwrap_or_default();
    begins_with_error
        && !is_log_line(first)
        && !text.starts_with(['[', '#', '<'])
        && words.filter(|word| is_name(word)).count() >= 2
}

/// Does it begin with Event Viewer's sentence about an event 4 whose message is missing, followed by the event's values?
fn is_missing_message(text: &str) -> bool {
    let first = text.trim_start_matches(['>', '*', ' ', '"']).lines().next().unwrap_or_default();
    is_missing_message_of_event_4(first) && text.contains("included with the event")
}

/// Is it the sentence that Event Viewer shows for an event 4 without a message?
///
/// Current versions: `The description for Event ID 4 from source Microsoft-Windows-Security-Kerberos cannot be found.`
/// Windows XP: `The description for Event ID ( 4 ) in Source ( Kerberos ) cannot be found.`
pub(crate) fn is_missing_message_of_event_4(line: &str) -> bool {
    let plain = line.replace(['(', ')'], " ").split_whitespace().collect::<Vec<_>>().join(" ");
    ["from source", "in Source"].iter().any(|link| {
        ["Microsoft-Windows-Security-Kerberos", "Kerberos"].iter().any(|source| {
            plain.contains(&format!("description for Event ID 4 {link} {source} cannot be found"))
        })
    })
}

/// Is the message of event 4 part of a line of syslog, CEF or LEEF? Such a line is refused: the reader of messages would lose
/// the time and the machine in front of the message.
pub(crate) fn is_log_line(line: &str) -> bool {
    let before = line.find("KRB_AP_ERR_MODIFIED").and_then(|at| line.get(..at)).unwrap_or_default();
    let is_time = |word: &str| {
        let word = word.rsplit(['T', '[']).next().unwrap_or_default();
        let parts: Vec<&str> = word.split(':').collect();
        parts.len() >= 3
            && parts
                .iter()
                .take(2)
                .all(|part| matches!(part.len(), 1 | 2) && part.bytes().all(|b| b.is_ascii_digit()))
            && parts.get(2).is_some_and(|part| part.starts_with(|c: char| c.is_ascii_digit()))
    };
    before.contains("CEF:") || before.contains("LEEF:") || before.split_whitespace().any(is_time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_is_recognised_by_its_marks() {
        for (text, form) in [
            ("<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'>", Some(EventForm::Xml)),
            ("\r\n<Events>", Some(EventForm::Xml)),
            ("<?xml version='1.0'?><Events>", Some(EventForm::Xml)),
            ("<e:Event xmlns:e='u'>", Some(EventForm::Xml)),
            ("- <Event xmlns=\"u\">\n- <System>", Some(EventForm::Xml)),
            ("_time,host,_raw\nt,h,\"<Event xmlns='u'><System>\"", Some(EventForm::Csv)),
            ("<Sysmon><EventFiltering>", None),
            ("<Task><Triggers><EventTrigger>", None),
            ("# How to read\n\nAn `<Event>` has an ID", None),
            ("{\"EventID\":4,\"Channel\":\"System\"}", Some(EventForm::Json)),
            ("{\"id\":\"0b6\",\"createdDateTime\":\"2026\",\"source\":\"x\"}", None),
            ("[{\"OuterXml\":\"<Event xmlns=\\\"u\\\"><System>", Some(EventForm::Json)),
            ("Level,Date and Time,Source,Event ID,Task Category\n", Some(EventForm::Csv)),
            ("host,address,interface\n", None),
            ("Id,Name,Description\n", None),
            ("Log Name: System\r\nSource: Kerberos\r\n", Some(EventForm::Labels)),
            ("Protokollname: System\nQuelle: Kerberos\nEreignis-ID: 4\n", Some(EventForm::Labels)),
            ("Source: a\nDescription: b\n", None),
            ("Id : 4\nProviderName : P\nMessage : M\n", Some(EventForm::List)),
            ("Name : eth0\nDescription : d\n", None),
            (
                "TimeCreated  Id LevelDisplayName Message\n-----------  -- ---------------- -------\n",
                Some(EventForm::Table),
            ),
            ("<14>Oct 13 SRV1 MSWinEventLog\t1\tSystem\t", Some(EventForm::Snare)),
        ] {
            assert_eq!(EventForm::recognise(text), form, "{text}");
        }
    }

    #[test]
    fn labels_of_all_languages_are_different_or_the_same_label() {
        for (label, names) in LABELS {
            for name in *names {
                assert_eq!(
                    EventLabel::split(&format!("{name}: x")).map(|(found, _)| found),
                    Some(*label),
                    "{name}"
                );
            }
        }
    }
}
