use super::*;

fn event(json: &str) -> FlatEvent {
    let Value::Object(object) = serde_json::from_str(json).unwrap() else { panic!("{json}") };
    match flatten_object(&object) {
        ObjectContent::Event(event) => *event,
        other => panic!("{json}: {other:?}"),
    }
}

fn values(event: &FlatEvent) -> Vec<(&str, &str)> {
    event.data.iter().map(|d| (d.name.as_deref().unwrap_or(""), &*d.value)).collect()
}

#[test]
fn fields_are_found_by_the_end_of_their_path() {
    for json in [
        r#"{"_source":{"@timestamp":"T","winlog":{"event_id":"4","provider_name":"P","computer_name":"C","channel":"System","record_id":7,"event_data":{"Server":"s$"}},"event":{"code":9}}}"#,
        r#"{"@timestamp":"T","winlog.event_id":4,"winlog.provider_name":"P","winlog.computer_name":"C","winlog.channel":"System","winlog.record_id":7,"event_data":{"Server":"s$"}}"#,
        r##"{"Event":{"System":{"Provider":{"#attributes":{"Name":"P"}},"EventID":{"#attributes":{"Qualifiers":1},"#text":4},"TimeCreated":{"#attributes":{"SystemTime":"T"}},"EventRecordID":7,"Channel":"System","Computer":"C"},"EventData":{"Server":"s$"}}}"##,
        r#"{"data":{"win":{"system":{"providerName":"P","eventID":"4","systemTime":"T","eventRecordID":"7","channel":"System","computer":"C"},"eventdata":{"Server":"s$"}}}}"#,
        r#"{"EventID":4,"SourceName":"P","EventTime":"T","RecordNumber":7,"Channel":"System","Hostname":"C","Server":"s$"}"#,
    ] {
        let event = event(json);
        let got = [
            &event.provider,
            &event.event_id,
            &event.time,
            &event.record_id,
            &event.channel,
            &event.computer,
        ];
        assert_eq!(got, ["P", "4", "T", "7", "System", "C"], "{json}");
        assert!(event.data[0].name.as_deref().unwrap().eq_ignore_ascii_case("server"), "{json}");
    }
}

#[test]
fn values_without_names_keep_their_order() {
    let both = [("", "a"), ("", "b")];
    for data in [
        r##""EventData":{"Data":{"#text":["a","b"]}}"##,
        r#""event_data":{"param1":"a","param2":"b"}"#,
        r#""ReplacementStrings":["a","b"]"#,
        r#""ReplacementStrings":"{a, b}""#,
        r#""Properties":[{"Value":"a"},{"Value":"b"}]"#,
        r#""Strings":"a|b""#,
        r#""ParameterXml":"<Param>a</Param><Param>b</Param>""#,
    ] {
        assert_eq!(values(&event(&format!(r#"{{"EventID":4,"Source":"P",{data}}}"#))), both, "{data}");
    }
}

#[test]
fn what_is_no_event_is_nothing() {
    for json in [r#"{"id":"0b6","createdDateTime":"2026"}"#, r#"{"IPAddress":"192.0.2.1"}"#, "{}"] {
        let Value::Object(object) = serde_json::from_str(json).unwrap() else { panic!() };
        assert!(matches!(flatten_object(&object), ObjectContent::Nothing), "{json}");
    }
}
