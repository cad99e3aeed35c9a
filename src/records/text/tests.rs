use super::*;
use crate::records::EventFilter;
use proptest::prelude::*;

/// Records, events seen, notes and problems.
fn read(input: &[u8]) -> (Vec<Record>, u64, Vec<String>) {
    let selection = Selection::new(vec![
        EventFilter {
            providers: vec!["Microsoft-Windows-Security-Kerberos".into(), "Kerberos".into()],
            event_ids: vec![3, 4],
        },
        EventFilter { providers: vec!["NETLOGON".into()], event_ids: vec![] },
    ]);
    let (mut found, mut records, mut read_errors) = (Vec::new(), 0, ReadErrors::default());
    read_events(
        input,
        None,
        &crate::zone::Zone::UTC,
        &selection,
        &mut |r| found.push(r),
        &mut records,
        &mut read_errors,
    );
    let notes = read_errors.take_notes();
    (found, records, [notes, read_errors.into_sentences()].concat())
}

const DESCRIPTION: &str = "The Kerberos client received a KRB_AP_ERR_MODIFIED error from the server srv1$. The target name used was host/srv2.beta.example.com. This indicates that the target server failed to decrypt the ticket provided by the client. If the server name is not fully qualified, and the target domain (ALPHA.EXAMPLE.COM) is different from the client domain (BETA.EXAMPLE.COM), check if.";

fn event(source: &str, id: &str, date: &str, description: &str) -> String {
    format!(
        "Log Name:      System\nSource:        {source}\nDate:          {date}\nEvent ID:      {id}\n\
         Task Category: None\nLevel:         Error\nKeywords:      Classic\nUser:          N/A\n\
         Computer:      SRV1.alpha.example.com\nDescription:\n{description}\n"
    )
}

fn kerberos(date: &str) -> String {
    event("Microsoft-Windows-Security-Kerberos", "4", date, DESCRIPTION)
}

fn names(record: &Record) -> Vec<(&str, &str)> {
    record.data.iter().map(|d| (d.name.as_deref().unwrap(), &*d.value)).collect()
}

/// The layout of an event in a public article (exchange12rocks.org, 2014).
#[test]
fn an_event_among_prose() {
    let text = format!(
        "Symptoms:\nNumber: 0x80070721 Facility: Win32 Description: A security error occurred.\n\
         In System log we have:\n{}\nWhy does this happen?\nSource: the web\n",
        kerberos("10/6/2013 9:13:09 PM")
    );
    let (records, _, read_errors) = read(text.as_bytes());
    assert_eq!(records.len(), 1);
    let record = &records[0];
    assert_eq!(&*record.provider, "Microsoft-Windows-Security-Kerberos");
    assert_eq!((record.event_id, record.level, record.record_id), (4, 2, 0));
    assert_eq!((&*record.channel, &*record.computer), ("System", "SRV1.alpha.example.com"));
    assert_eq!(record.time.to_string(), "2013-10-06T21:13:09Z");
    assert_eq!(
        names(record),
        [
            ("Server", "srv1$"),
            ("TargetRealm", "ALPHA.EXAMPLE.COM"),
            ("Targetname", "host/srv2.beta.example.com"),
            ("ClientRealm", "BETA.EXAMPLE.COM"),
        ]
    );
    assert_eq!(read_errors.len(), 2, "{read_errors:?}");
    assert!(read_errors[0].contains("read as UTC"));
    assert!(read_errors[1].contains("line 4") && read_errors[1].contains("month was taken"));
}

#[test]
fn any_line_ends_and_encodings() {
    let two = kerberos("16.10.2013 21:13:09") + "\n" + &kerberos("17.10.2013 21:13:09");
    for text in [
        two.clone(),
        two.replace('\n', "\r\n"),
        two.replace('\n', "\r"),
        two.replace('\n', "\n> "),
        two.replace('\n', "\n\n"),
        two.replace(":  ", ":\t"),
    ] {
        for bytes in [
            text.clone().into_bytes(),
            text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect(),
        ] {
            let (records, seen, _) = read(&bytes);
            assert_eq!(records.len(), 2, "{text}");
            assert_eq!(records[1].value("Targetname"), Some("host/srv2.beta.example.com"));
            assert_eq!(records[1].time.to_string(), "2013-10-17T21:13:09Z");
            assert_eq!(seen, 2);
        }
    }
}

/// The layout before Vista. The message texts contain line ends.
#[test]
fn the_layout_of_2003() {
    let text = "Event Type:\tError\r\nEvent Source:\tKerberos\r\nEvent Category:\tNone\r\nEvent ID:\t4\r\n\
        Date:\t\t10/16/2006\r\nTime:\t\t9:13:09 PM\r\nUser:\t\tN/A\r\nComputer:\tPC1\r\nDescription:\r\n\
        The kerberos client received a KRB_AP_ERR_MODIFIED error from the\r\nserver pc2$.  The target name used was cifs/pc3. This\r\n\
        indicates that the password used to encrypt the kerberos service ticket\r\nis different than that on the target server. Commonly, this is due to identically named \r\n\
        machine accounts in the target realm (EXAMPLE.COM), and the client realm.  \r\nPlease contact your system administrator.\r\n\r\n\
        For more information, see Help and Support Center at http://go.microsoft.com/fwlink/events.asp.\r\n";
    let (records, ..) = read(text.repeat(2).as_bytes());
    assert_eq!(records.len(), 2);
    let record = &records[0];
    assert_eq!((&*record.provider, &*record.computer, &*record.channel), ("Kerberos", "PC1", ""));
    assert_eq!(record.time.to_string(), "2006-10-16T21:13:09Z");
    assert_eq!(
        names(record),
        [("Server", "pc2$"), ("TargetRealm", "EXAMPLE.COM"), ("Targetname", "cifs/pc3")]
    );
}

/// `wevtutil qe System /f:text`. Written from the documented fields; no real output was available to compare.
#[test]
fn the_layout_of_wevtutil() {
    let text = format!(
        "Event[0]:\n  Log Name: System\n  Source: Microsoft-Windows-Security-Kerberos\n  \
         Date: 2013-10-06T21:13:09.1230000Z\n  Event ID: 4\n  Task: N/A\n  Level: Error\n  \
         Computer: SRV1\n  Description: \n{DESCRIPTION}\n\n"
    );
    let (records, _, read_errors) = read((text.clone() + &text.replace("[0]", "[1]")).as_bytes());
    assert_eq!(records.len(), 2);
    assert_eq!(records[0].time.to_string(), "2013-10-06T21:13:09.123Z");
    assert_eq!(&*records[1].computer, "SRV1");
    // With a zone, nothing is assumed.
    assert_eq!(read_errors, Vec::<String>::new());
}

#[test]
fn event_xml_is_read_instead_of_the_text() {
    let xml = "<Event xmlns=\"http://schemas.microsoft.com/win/2004/08/events/event\">\n  <System>\n    \
        <Provider Name=\"Microsoft-Windows-Security-Kerberos\" />\n    <EventID Qualifiers=\"16384\">4</EventID>\n    \
        <TimeCreated SystemTime=\"2013-10-06T18:13:09.5Z\" />\n    <EventRecordID>77</EventRecordID>\n    \
        <Computer>SRV1</Computer>\n  </System>\n  <EventData>\n    <Data Name=\"Server\">srv9$</Data>\n  </EventData>\n</Event>\n";
    let with_xml = format!("{}Event Xml:\n{xml}", kerberos("10/6/2013 9:13:09 PM"));
    let (records, _, read_errors) = read((with_xml.clone() + &with_xml).as_bytes());
    assert_eq!(records.len(), 2);
    assert_eq!((records[0].record_id, records[0].value("Server")), (77, Some("srv9$")));
    assert_eq!(records[0].time.to_string(), "2013-10-06T18:13:09.5Z");
    assert_eq!(read_errors, Vec::<String>::new());

    // If the XML is cut off, the text is used.
    let (records, ..) = read(with_xml.split_once("</System>").unwrap().0.as_bytes());
    assert_eq!(records[0].value("Server"), Some("srv1$"));
}

/// Found by fuzzing: XML of an unwanted event, broken after its `System`, hid the text before it.
#[test]
fn broken_xml_never_hides_the_text_before_it() {
    let xml = "<Event><System><Provider Name=\"P\"/><EventID>9</EventID></System><EventData><Data></Event>";
    let text = format!("{}Event Xml:\n{xml}\n", kerberos("16/10/2013 21:13:09"));
    assert_eq!(read(text.as_bytes()).0.len(), 1);
}

#[test]
fn an_unwanted_event_tells_the_order_of_day_and_month() {
    let clear = event("KDC", "4", "23/04/2009 2:08:30 PM", "x");
    let (records, ..) = read((clear + &kerberos("06/10/2013 9:13:09 PM")).as_bytes());
    assert_eq!(records[0].time.to_string(), "2013-10-06T21:13:09Z");
}

#[test]
fn lists_leave_out_the_first_part_of_the_provider() {
    let (records, ..) = read(event("Security-Kerberos", "4", "1.2.2020 3:04:05", DESCRIPTION).as_bytes());
    assert_eq!(&*records[0].provider, "Microsoft-Windows-Security-Kerberos");
}

#[test]
fn another_provider_keeps_its_description() {
    let (records, seen, _) =
        read(event("NETLOGON", "3210", "1.2.2020 3:04:05", "This  computer\ncould not").as_bytes());
    assert_eq!(names(&records[0]), [("Description", "This computer could not")]);
    assert_eq!(seen, 1);
}

#[test]
fn what_cannot_be_used_is_named_by_its_line() {
    let german = "Der Kerberos-Client hat einen KRB_AP_ERR_MODIFIED-Fehler von Server srv1$ empfangen.";
    for (text, why) in [
        (event("Kerberos", "4", "1.2.2020 3:04:05", german), "wording"),
        (kerberos("<DateTime>"), "date cannot be read"),
        (kerberos(""), "date cannot be read"),
    ] {
        let (records, seen, read_errors) = read(format!("\n\n{text}").as_bytes());
        assert_eq!((records.len(), seen), (0, 1));
        assert!(read_errors[0].starts_with("the event at line 3 was skipped: "), "{read_errors:?}");
        assert!(read_errors[0].contains(why), "{read_errors:?}");
    }
    let (_, _, read_errors) = read(b"Source: the web\nDate: today\n");
    assert!(read_errors[0].starts_with("there is no event in it"));
}

#[test]
fn unwanted_events_are_counted_and_left() {
    let text =
        event("Kerberos", "5", "x", "y") + &event("KDC", "4", "x", "y") + &kerberos("1.2.2020 3:04:05");
    let (records, seen, _) = read(text.as_bytes());
    assert_eq!((records.len(), seen), (1, 3));
}

#[test]
fn endless_lines_and_descriptions_are_bounded() {
    let long = "x".repeat(3 << 20);
    let lines = "word word\n".repeat(300_000);
    for junk in [&long, &lines] {
        let text = format!(
            "Description:\n{junk}\n{}{junk}\n{}",
            kerberos("1.2.2020 3:04:05"),
            kerberos("2.2.2020 3:04:05")
        );
        assert_eq!(read(text.as_bytes()).0.len(), 2);
    }
}

proptest! {
    #[test]
    fn nothing_panics(text in "(Log Name|Event\\[0\\]|Source|Event ID|Date|Description|Event Xml|:| |4|Kerberos|\n|\r|>|é|\u{200e}|KRB_AP_ERR_MODIFIED){0,60}") {
        read(text.as_bytes());
    }

    #[test]
    fn names_survive_the_sentence(server in "[A-Za-z0-9._-]{0,20}[A-Za-z0-9_-]\\$?", target in "[a-zA-Z]{1,12}/[A-Za-z0-9.:@_-]{0,40}[A-Za-z0-9]", realm in "[A-Z0-9.-]{1,20}") {
        let description = DESCRIPTION
            .replace("srv1$", &server)
            .replace("host/srv2.beta.example.com", &target)
            .replace("ALPHA.EXAMPLE.COM", &realm);
        let (records, ..) = read(event("Kerberos", "4", "1.2.2020 3:04:05", &description).as_bytes());
        prop_assert_eq!(records[0].value("Server"), Some(server.as_str()));
        prop_assert_eq!(records[0].value("Targetname"), Some(target.as_str()));
        prop_assert_eq!(records[0].value("TargetRealm"), Some(realm.as_str()));
    }
}
