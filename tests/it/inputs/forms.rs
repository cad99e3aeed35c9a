//! The same events as .evtx, XML and text.

use std::sync::Arc;

use evtx::{EvtxParser, ParserSettings};

use super::support::*;
use crate::support::data::real_logs_folder;
use crate::support::evtx::*;

/// The events of a log as XML, without declarations, as the `evtx` crate renders them.
fn rendered(log: Vec<u8>) -> Vec<String> {
    let mut parser = EvtxParser::from_buffer(log)
        .unwrap()
        .with_configuration(ParserSettings::new().num_threads(1).indent(false));
    let rendered = parser.records().filter_map(Result::ok);
    rendered.map(|r| r.data[r.data.find("<Event").unwrap()..].to_owned()).collect()
}

fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes).collect()
}

/// These events in every form of an XML export.
fn documents(events: &[String]) -> Vec<(&'static str, Vec<u8>)> {
    let events_root = format!(
        "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\" standalone=\"yes\"?>\r\n<Events>{}</Events>",
        events.concat()
    );
    let bare = events.join("\r\n");
    vec![
        ("root.xml", events_root.clone().into()),
        ("root-utf16.xml", utf16(&events_root, u16::to_le_bytes)),
        ("bare.xml", bare.clone().into()),
        ("bare-utf16le.xml", utf16(&bare, u16::to_le_bytes)),
        ("bare-utf16be.xml", utf16(&format!("\u{feff}{bare}"), u16::to_be_bytes)),
        ("one-line.xml", events.concat().into()),
    ]
}

#[test]
fn an_xml_export_gives_the_records_of_its_log() {
    let events = (1..200).flat_map(|n| {
        [
            event4(n),
            event4(n).forwarded("Nachricht mit <Event> & KRB_AP_ERR_MODIFIED"),
            kdc_event4("DC1", "B & <C> \"é\" 漢"),
            netlogon("DC1", 3210, &["one", "", "three"], 0xC000_0022),
        ]
    });
    let numbered = (1..).zip(events).map(|(id, event)| event.record_id(id));
    let log = EvtxWriter::new().events(numbered).finish();
    let expected = Folder::new().file("log.evtx", &log).scan(&everything());
    assert_eq!(expected.records.len(), 4 * 199);
    for (name, document) in documents(&rendered(log)) {
        let found = Folder::new().file(name, document).scan(&everything());
        assert_eq!(found.sorted(), expected.sorted(), "{name}");
        let report = found.report(name);
        assert_eq!((report.kind, report.records, report.chunks), ("xml", 4 * 199, 0));
        assert_eq!(report.read_errors, Vec::<String>::new());
    }
}

#[test]
fn xml_exports_of_real_logs_give_the_records_of_the_logs() {
    let folder = real_logs_folder();
    // Undamaged logs, because the crate reads less of a damaged one.
    for name in ["System-2015-dc.evtx", "System-winrm-10154.evtx", "forwarded-no-templates.evtx"] {
        let log = folder.join(name);
        let events = rendered(std::fs::read(&log).unwrap());
        let expected = scan_paths(&[log], &everything(), folder);
        assert_eq!(expected.records.len(), events.len());
        let (name, document) = documents(&events).swap_remove(1);
        let found = Folder::new().file(name, document).scan(&everything());
        assert_eq!(found.sorted(), expected.sorted(), "{name}");
    }
}

#[test]
fn copied_text_gives_the_event_of_the_log_except_for_fields_that_it_lacks() {
    let log = Folder::new().file("log.evtx", log([1])).scan(&event_4());
    let [(_, from_log)] = &log.records[..] else { panic!() };
    let time = from_log.time.strftime("%m/%d/%Y %I:%M:%S %p");
    let text = format!(
        "Log Name:      System\r\nSource:        Microsoft-Windows-Security-Kerberos\r\n\
         Date:          {time}\r\nEvent ID:      4\r\nTask Category: None\r\nLevel:         Error\r\n\
         Keywords:      Classic\r\nUser:          N/A\r\nComputer:      SRV1.alpha.example.com\r\n\
         Description:\r\nThe Kerberos client received a KRB_AP_ERR_MODIFIED error from the server srv1$. \
         The target name used was host/srv2.beta.example.com. This indicates that the target server \
         failed to decrypt the ticket provided by the client. If the server name is not fully qualified, \
         and the target domain (ALPHA.EXAMPLE.COM) is different from the client domain \
         (BETA.EXAMPLE.COM), check.\r\n"
    );
    let found = Folder::new().file("copied.txt", text).scan(&event_4());
    let [(_, from_text)] = &found.records[..] else { panic!("{:?}", found.reports) };
    let mut expected = from_log.clone();
    expected.record_id = 0;
    let said = Arc::make_mut(&mut expected.content);
    said.data.retain(|d| d.name.as_deref() != Some("Binary"));
    said.version = 0;
    let from_text = from_text.clone();
    // Copied text has whole seconds.
    expected.time = from_text.time;
    assert_eq!(from_text.time.as_second(), from_log.time.as_second());
    assert_eq!(from_text, expected);
    assert_eq!(found.report("copied.txt").read_errors, Vec::<String>::new());
    assert!(found.report("copied.txt").notes[0].contains("read as UTC"));
}

#[test]
fn other_xml_in_a_folder_is_not_a_log_and_not_reported() {
    let found = Folder::new()
        .file("book.xml", "<?xml version='1.0'?><workbook/>")
        .file("log.evtx", log([1]))
        .scan(&event_4());
    assert_eq!(found.ids(), [("log.evtx", 1)]);
    assert_eq!(found.report("book.xml").kind, "other-text");
    assert_eq!(found.report("book.xml").read_errors, Vec::<String>::new());
}
