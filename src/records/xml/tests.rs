use super::*;
use proptest::prelude::*;

/// Event 4 reconstructed from the provider's manifest and a real event 5 of the same provider. No raw XML
/// of an event 4 is public to compare it with.
const EVENT_4: &str = r#"<Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event"><System><Provider Name="Microsoft-Windows-Security-Kerberos" Guid="{98E6CFCB-EE0A-41E0-A57B-622D4E1B30B1}" EventSourceName="Kerberos"/><EventID Qualifiers="16384">4</EventID><Version>0</Version><Level>2</Level><Task>0</Task><Opcode>0</Opcode><Keywords>0x80000000000000</Keywords><TimeCreated SystemTime="2013-10-06T18:13:09.1234567Z"/><EventRecordID>4711</EventRecordID><Correlation/><Execution ProcessID="0" ThreadID="0"/><Channel>System</Channel><Computer>SRV1.alpha.example.com</Computer><Security/></System><EventData><Data Name="Server">srv1$</Data><Data Name="TargetRealm">ALPHA.EXAMPLE.COM</Data><Data Name="Targetname">host/srv2.beta.example.com</Data><Data Name="ClientRealm">BETA.EXAMPLE.COM</Data><Binary>0d0000c0</Binary></EventData></Event>"#;

fn with_data(data: &str) -> String {
    format!(
        "<Event><System><Provider Name='P'/><EventID>4</EventID>\
             <TimeCreated SystemTime='2020-01-02T03:04:05Z'/></System>{data}</Event>"
    )
}

fn data_of(data: &str) -> Vec<(Option<String>, String)> {
    parse_event(&with_data(data))
        .unwrap()
        .data
        .iter()
        .map(|d| (d.name.as_deref().map(Into::into), d.value.to_string()))
        .collect()
}

fn named(name: &str, value: &str) -> (Option<String>, String) {
    (Some(name.into()), value.into())
}

fn plain(value: &str) -> (Option<String>, String) {
    (None, value.into())
}

#[test]
fn reads_the_account_that_an_event_is_logged_for() {
    let record = parse_event(&EVENT_4.replace("<Security/>", "<Security UserID=\"S-1-5-18\"/>"));
    assert_eq!(&*record.unwrap().user_id, "S-1-5-18");
    assert_eq!(&*parse_event(EVENT_4).unwrap().user_id, "");
}

#[test]
fn reads_every_field_of_event_4() {
    let record = parse_event(EVENT_4).unwrap();
    assert_eq!(&*record.provider, "Microsoft-Windows-Security-Kerberos");
    assert_eq!((record.event_id, record.version, record.level), (4, 0, 2));
    assert_eq!(&*record.channel, "System");
    assert_eq!(&*record.computer, "SRV1.alpha.example.com");
    assert_eq!(record.record_id, 4711);
    assert_eq!(record.time.to_string(), "2013-10-06T18:13:09.1234567Z");
    assert_eq!(record.value("TargetName"), Some("host/srv2.beta.example.com"));
    assert_eq!(record.data.len(), 5);
    assert_eq!(record.value("Binary"), Some("0D0000C0"));
}

#[test]
fn an_xml_declaration_and_indentation_change_nothing() {
    let indented = EVENT_4.replace("><", ">\r\n  <");
    let text = format!("\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n{indented}\r\n");
    assert_eq!(parse_event(&text).unwrap(), parse_event(EVENT_4).unwrap());
}

#[test]
fn a_namespace_prefix_changes_nothing() {
    let prefixed = EVENT_4
        .replace("xmlns=", "xmlns:e=")
        .replace("</", "\u{1}")
        .replace('<', "<e:")
        .replace('\u{1}', "</e:");
    assert_eq!(parse_event(&prefixed).unwrap(), parse_event(EVENT_4).unwrap());
}

#[test]
fn event_source_name_is_the_provider_where_there_is_no_name() {
    let xml = with_data("").replace("Name='P'", "EventSourceName='Kerberos'");
    assert_eq!(&*parse_event(&xml).unwrap().provider, "Kerberos");
}

#[test]
fn unnamed_data_keep_their_order_and_arrays_become_several() {
    assert_eq!(
        data_of("<EventData><Data>a</Data><Data/><Data> c </Data><Binary/></EventData>"),
        [plain("a"), plain(""), plain(" c "), named("Binary", "")]
    );
}

#[test]
fn leaf_elements_of_user_data_keep_their_local_names() {
    assert_eq!(
        data_of("<UserData><x:EventXML xmlns:x='u'><x:A>1</x:A><B><C>2</C><D/></B></x:EventXML></UserData>"),
        [named("A", "1"), named("C", "2"), named("D", "")]
    );
    assert_eq!(data_of("<UserData><EventXML/></UserData>"), []);
}

#[test]
fn rendering_info_is_not_trusted() {
    let data = data_of(
        "<EventData><Data>true</Data></EventData><RenderingInfo Culture='de-DE'>\
             <Message>forged</Message><Data Name='Server'>forged</Data></RenderingInfo>",
    );
    assert_eq!(data, [plain("true")]);
}

#[test]
fn a_second_system_is_passed_over() {
    let xml = with_data("<System><EventID>7</EventID><Computer>forged</Computer></System>");
    let record = parse_event(&xml).unwrap();
    assert_eq!((record.event_id, &*record.computer), (4, ""));
}

#[test]
fn entities_are_resolved_and_unknown_ones_quoted() {
    for (given, expected) in [
        ("a &amp; b &lt;c&gt; &quot;&apos;", "a & b <c> \"'"),
        ("&#x41;&#66;&#xe9;", "ABé"),
        ("&#0;", "\u{fffd}"),
        ("&lol9;", "&lol9;"),
        ("R&D", "R&D"),
        ("<![CDATA[</Event> & co]]>", "</Event> & co"),
        ("x<!-- not this -->y", "xy"),
        ("line\r\nline", "line\r\nline"),
    ] {
        assert_eq!(
            data_of(&format!("<EventData><Data>{given}</Data></EventData>")),
            [plain(expected)],
            "{given}"
        );
    }
}

#[test]
fn system_values_may_be_text_or_missing() {
    for (event_id, expected) in [("4", 4), (" 4 ", 4), ("1073741828", 4), ("65535", 65535)] {
        let xml = with_data("").replace(">4<", &format!(">{event_id}<"));
        let record = parse_event(&xml).unwrap();
        assert_eq!(record.event_id, expected, "{event_id}");
        assert_eq!((record.level, record.record_id), (0, 0));
    }
}

#[test]
fn times_are_utc_with_any_number_of_decimals() {
    for (given, expected) in [
        ("2020-01-02T03:04:05Z", "2020-01-02T03:04:05Z"),
        ("2020-01-02T03:04:05.123456700Z", "2020-01-02T03:04:05.1234567Z"),
        ("2020-01-02T03:04:05.1234567", "2020-01-02T03:04:05.1234567Z"),
        ("2020-01-02T05:04:05+02:00", "2020-01-02T03:04:05Z"),
    ] {
        let xml = with_data("").replace("2020-01-02T03:04:05Z", given);
        assert_eq!(parse_event(&xml).unwrap().time.to_string(), expected);
    }
}

#[test]
fn what_is_wrong_is_named() {
    let deep = format!("<EventData>{}", "<a>".repeat(65_000));
    for (xml, error) in [
        (String::new(), XmlError::NoEvent),
        ("<Events/>".into(), XmlError::NoEvent),
        (with_data("").replace(">4<", ">four<"), XmlError::NoEventId),
        (with_data("").replace("<EventID>4</EventID>", ""), XmlError::NoEventId),
        (with_data("").replace("2020-01-02T", ""), XmlError::NoTime),
        (with_data(&deep), XmlError::TooDeep),
    ] {
        assert_eq!(parse_event(&xml), Err(error));
    }
    for cut in (0..EVENT_4.len()).filter(|&i| EVENT_4.is_char_boundary(i)) {
        assert!(parse_event(&EVENT_4[..cut]).is_err(), "cut at {cut}");
    }
    let wrong_end = with_data("<EventData><Data>x</EventData>");
    assert!(matches!(parse_event(&wrong_end), Err(XmlError::Malformed { .. })));
}

#[test]
fn an_unwanted_record_is_left_after_its_system() {
    let selection =
        Selection::new(vec![crate::records::EventFilter { providers: vec!["p".into()], event_ids: vec![5] }]);
    // The damage is after `System`, so an unwanted record hides it.
    let xml = with_data("<EventData><Data>");
    assert_eq!(parse_wanted(&xml, &selection), Ok(None));
    let wanted = with_data("").replace(">4<", ">5<");
    assert_eq!(parse_wanted(&wanted, &selection).unwrap().unwrap().event_id, 5);
}

proptest! {
    #[test]
    fn any_text_survives_escaping(values in proptest::collection::vec("[^\u{0}]*", 0..6), name in "[^\u{0}\t\r\n]*") {
        let data: String = values
            .iter()
            .map(|v| format!(
                "<Data Name=\"{}\">{}</Data>",
                quick_xml::escape::escape(name.as_str()),
                quick_xml::escape::escape(v.as_str()),
            ))
            .collect();
        let expected: Vec<_> = values.iter().map(|v| named(&name, v)).collect();
        prop_assert_eq!(data_of(&format!("<EventData>{data}</EventData>")), expected);
    }

    #[test]
    fn nothing_panics(xml in "(<|>|/|&|;|'|=|!|\\?|Event|System|Data|[a ]|--|\\[CDATA\\[|]]){0,60}") {
        let _ = parse_event(&xml);
        let _ = parse_event(&with_data(&xml));
    }
}
