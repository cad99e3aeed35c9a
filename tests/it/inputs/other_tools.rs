//! One event 4 in the forms in which people have it (`tests/data/forms`), and in those that other tools write.

use std::path::{Path, PathBuf};

use krbtriage::records::Record;

use super::support::*;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/forms")
}

/// Server, target, and both domains where the form has them.
fn values(record: &Record) -> [String; 4] {
    let unnamed: Vec<&str> = record.strings().collect();
    ["Server", "Targetname", "TargetRealm", "ClientRealm"].map(|name| {
        let at = match name {
            "Server" => 0,
            "TargetRealm" => 1,
            "Targetname" => 2,
            _ => 3,
        };
        record.value(name).or(unnamed.get(at).copied()).unwrap_or_default().to_owned()
    })
}

const BOTH: [&str; 4] = ["srv1$", "host/srv2.beta.example.com", "ALPHA.EXAMPLE.COM", "BETA.EXAMPLE.COM"];

#[test]
fn every_form_of_one_event_gives_its_values() {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() == 30, "{files:?}");
    for path in files {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if name.ends_with(".cab") {
            continue;
        }
        let found = scan_paths(std::slice::from_ref(&path), &event_4(), &folder());
        let [(_, record)] = &found.records[..] else { panic!("{name}: {:?}", found.reports) };
        let got = values(record);
        // The German and the Japanese text of the samples end before the domains.
        let without_domains = name.starts_with("26-") || name.starts_with("27-");
        assert_eq!(got[..2], BOTH[..2], "{name}");
        assert!(without_domains || got == BOTH, "{name}: {got:?}");
        assert_eq!(
            found.reports.iter().map(|r| r.read_errors.len()).sum::<usize>(),
            0,
            "{name}: {:?}",
            found.reports
        );
        let has_date = !name.starts_with("29-") && !name.starts_with("30-") && !name.starts_with("25-");
        let day = record.time.to_string();
        assert!(!has_date || day.starts_with("2013-10-13T21:13:09"), "{name}: {day}");
    }
}

/// Events in the forms of other tools, with the field names of their documentation.
const OTHERS: &[(&str, &str)] = &[
    (
        "Get-WinEvent | ConvertTo-Json",
        r#"[{"Id":4,"Version":0,"ProviderName":"Microsoft-Windows-Security-Kerberos","LogName":"System","MachineName":"SRV1","RecordId":7,"TimeCreated":"\/Date(1381698789000)\/","Message":"cut","Properties":[{"Value":"srv1$"},{"Value":"ALPHA.EXAMPLE.COM"},{"Value":"host/srv2.beta.example.com"},{"Value":"BETA.EXAMPLE.COM"}]}]"#,
    ),
    (
        "Export-Clixml",
        r#"<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04"><Obj RefId="0"><Props><S N="ProviderName">Microsoft-Windows-Security-Kerberos</S><I32 N="Id">4</I32><S N="MachineName">SRV1</S><DT N="TimeCreated">2013-10-13T21:13:09+00:00</DT><S N="Message">m</S><Obj N="Properties" RefId="1"><LST><Obj RefId="2"><Props><S N="Value">srv1$</S></Props></Obj><Obj RefId="3"><Props><S N="Value">ALPHA.EXAMPLE.COM</S></Props></Obj><Obj RefId="4"><Props><S N="Value">host/srv2.beta.example.com</S></Props></Obj><Obj RefId="5"><Props><S N="Value">BETA.EXAMPLE.COM</S></Props></Obj></LST></Obj></Props></Obj></Objs>"#,
    ),
    (
        "evtx_dump -o json, with a line before each object",
        "Record 7\n{\n  \"Event\": {\n    \"EventData\": {\"Server\": \"srv1$\", \"TargetRealm\": \"ALPHA.EXAMPLE.COM\", \"Targetname\": \"host/srv2.beta.example.com\", \"ClientRealm\": \"BETA.EXAMPLE.COM\"},\n    \"System\": {\"Channel\": \"System\", \"Computer\": \"SRV1\", \"EventID\": {\"#attributes\": {\"Qualifiers\": 16384}, \"#text\": 4}, \"Provider\": {\"#attributes\": {\"Name\": \"Microsoft-Windows-Security-Kerberos\"}}, \"TimeCreated\": {\"#attributes\": {\"SystemTime\": \"2013-10-13T21:13:09Z\"}}}\n  }\n}\nRecord 8\n{\"Event\": {\"System\": {\"EventID\": 7, \"Provider\": {\"#attributes\": {\"Name\": \"Disk\"}}}}}\n",
    ),
    (
        "API of Log Analytics",
        r#"{"tables":[{"name":"PrimaryResult","columns":[{"name":"TimeGenerated","type":"datetime"},{"name":"Source","type":"string"},{"name":"EventLog","type":"string"},{"name":"Computer","type":"string"},{"name":"EventID","type":"int"},{"name":"ParameterXml","type":"string"}],"rows":[["2013-10-13T21:13:09Z","Microsoft-Windows-Security-Kerberos","System","SRV1",4,"<Param>srv1$</Param><Param>ALPHA.EXAMPLE.COM</Param><Param>host/srv2.beta.example.com</Param><Param>BETA.EXAMPLE.COM</Param>"]]}]}"#,
    ),
    (
        "NXLog",
        r#"{"EventTime":"2013-10-13 21:13:09","Hostname":"SRV1","EventID":4,"SourceName":"Microsoft-Windows-Security-Kerberos","RecordNumber":7,"Channel":"System","Server":"srv1$","TargetRealm":"ALPHA.EXAMPLE.COM","Targetname":"host/srv2.beta.example.com","ClientRealm":"BETA.EXAMPLE.COM"}"#,
    ),
    (
        "Wazuh",
        r#"{"timestamp":"2013-10-13T21:13:10.000+0000","rule":{"level":5,"description":"Windows error","id":"60010"},"agent":{"id":"001","name":"SRV1","ip":"192.0.2.1"},"manager":{"name":"wazuh"},"data":{"win":{"system":{"providerName":"Microsoft-Windows-Security-Kerberos","eventID":"4","level":"2","systemTime":"2013-10-13T21:13:09.0000000Z","eventRecordID":"7","channel":"System","computer":"SRV1"},"eventdata":{"server":"srv1$","targetRealm":"ALPHA.EXAMPLE.COM","targetname":"host/srv2.beta.example.com","clientRealm":"BETA.EXAMPLE.COM"}}}}"#,
    ),
    (
        "Elasticsearch",
        r#"{"took":1,"hits":{"total":{"value":1},"hits":[{"_id":"a","_source":{"@timestamp":"2013-10-13T21:13:09.000Z","winlog":{"event_id":4,"provider_name":"Microsoft-Windows-Security-Kerberos","computer_name":"SRV1","channel":"System","event_data":{"param1":"srv1$","param2":"ALPHA.EXAMPLE.COM","param3":"host/srv2.beta.example.com","param4":"BETA.EXAMPLE.COM"}}}}]}}"#,
    ),
    (
        "Splunk, raw text",
        "\"_raw\",\"_time\",host\r\n\"10/13/2013 09:13:09 PM\nLogName=System\nSourceName=Microsoft-Windows-Security-Kerberos\nEventCode=4\nEventType=2\nComputerName=SRV1\nMessage=The Kerberos client received a KRB_AP_ERR_MODIFIED error from the server srv1$. The target name used was host/srv2.beta.example.com. This indicates that the target server failed to decrypt the ticket. If the target domain (ALPHA.EXAMPLE.COM) is different from the client domain (BETA.EXAMPLE.COM), check.\",2013-10-13T21:13:09.000+0000,SRV1\r\n",
    ),
    (
        "Snare",
        "<14>Oct 13 21:13:09 SRV1 MSWinEventLog\t1\tSystem\t7\tSun Oct 13 21:13:09 2013\t4\tMicrosoft-Windows-Security-Kerberos\tN/A\tN/A\tError\tSRV1\tNone\t\tThe Kerberos client received a KRB_AP_ERR_MODIFIED error from the server srv1$. The target name used was host/srv2.beta.example.com. This indicates that the target server failed to decrypt the ticket. If the target domain (ALPHA.EXAMPLE.COM) is different from the client domain (BETA.EXAMPLE.COM), check.\t7\n",
    ),
    (
        "EvtxECmd CSV",
        "RecordNumber,EventRecordId,TimeCreated,EventId,Level,Provider,Channel,ProcessId,Computer,Payload,SourceFile\n1,7,2013-10-13 21:13:09.0000000,4,Error,Microsoft-Windows-Security-Kerberos,System,0,SRV1,\"{\"\"EventData\"\":{\"\"Data\"\":[{\"\"@Name\"\":\"\"Server\"\",\"\"#text\"\":\"\"srv1$\"\"},{\"\"@Name\"\":\"\"TargetRealm\"\",\"\"#text\"\":\"\"ALPHA.EXAMPLE.COM\"\"},{\"\"@Name\"\":\"\"Targetname\"\",\"\"#text\"\":\"\"host/srv2.beta.example.com\"\"},{\"\"@Name\"\":\"\"ClientRealm\"\",\"\"#text\"\":\"\"BETA.EXAMPLE.COM\"\"}]}}\",C:\\x.evtx\n",
    ),
    (
        "XML in JSON",
        r#"[{"OuterXml":"<Event xmlns=\"http://schemas.microsoft.com/win/2004/08/events/event\"><System><Provider Name=\"Microsoft-Windows-Security-Kerberos\"/><EventID>4</EventID><TimeCreated SystemTime=\"2013-10-13T21:13:09Z\"/><EventRecordID>7</EventRecordID><Channel>System</Channel><Computer>SRV1</Computer></System><EventData><Data Name=\"Server\">srv1$</Data><Data Name=\"TargetRealm\">ALPHA.EXAMPLE.COM</Data><Data Name=\"Targetname\">host/srv2.beta.example.com</Data><Data Name=\"ClientRealm\">BETA.EXAMPLE.COM</Data></EventData></Event>"}]"#,
    ),
];

#[test]
fn events_of_other_tools_are_read() {
    for (tool, content) in OTHERS {
        let found = Folder::new().file("events", content).scan(&event_4());
        let [(_, record)] = &found.records[..] else { panic!("{tool}: {:?}", found.reports) };
        assert_eq!(values(record), BOTH, "{tool}");
        assert_eq!(&*record.computer, "SRV1", "{tool}");
        assert_eq!(record.time.to_string(), "2013-10-13T21:13:09Z", "{tool}");
        assert_eq!(found.report("events").read_errors, Vec::<String>::new(), "{tool}");
    }
}

/// F8: quotation marks doubled by a CSV.
#[test]
fn xml_in_a_csv_is_read() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/inputs/08-outerxml-in-csv.csv");
    let found = scan_paths(std::slice::from_ref(&path), &event_4(), path.parent().unwrap());
    assert_eq!(found.records.len(), 1, "{:?}", found.reports);
    // In text that is not CSV, the mark cannot be undone, and the event is reported.
    let text = std::fs::read_to_string(&path).unwrap().replace("_time,host,source,_raw", "");
    let found = Folder::new().file("x.log", text.trim_start()).scan(&event_4());
    assert_eq!((found.records.len(), found.report("x.log").read_errors.len()), (0, 1), "{:?}", found.reports);
}

/// F4, F9: an archive without a log is reported, and XML of another kind in a folder is not.
#[test]
fn an_input_that_is_not_a_log_is_reported_where_it_would_be_missed() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/inputs");
    let archive = scan_paths(&[data.join("13-no-log.zip")], &event_4(), &data);
    let errors: Vec<&String> = archive.reports.iter().flat_map(|report| &report.read_errors).collect();
    assert!(
        matches!(&errors[..], [error] if error.contains("there is no log in it, only x.json")),
        "{errors:?}"
    );
    let sysmon = std::fs::read(data.join("19-sysmon-config.xml")).unwrap();
    let found = Folder::new().file("sysmon.xml", sysmon).file("log.evtx", log([1])).scan(&event_4());
    assert_eq!(found.report("sysmon.xml").read_errors, Vec::<String>::new());
}

/// Events of another kind give no record and no read error.
#[test]
fn events_that_are_not_wanted_are_only_counted() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/inputs");
    for (name, events) in [("05-events-4624.jsonl", 2), ("05-security-4624.jsonl", 1)] {
        let found = scan_paths(&[data.join(name)], &event_4(), &data);
        let [report] = &found.reports[..] else { panic!("{name}: {:?}", found.reports) };
        assert_eq!((found.records.len(), report.records, report.read_errors.len()), (0, events, 0), "{name}");
    }
}

#[test]
fn a_table_that_was_cut_is_refused_with_the_command() {
    let text = "\n   ProviderName: Microsoft-Windows-Security-Kerberos\n\nTimeCreated             Id LevelDisplayName Message\n-----------             -- ---------------- -------\n10/13/2013 9:13:09 PM    4 Error            The Kerberos client received a KRB_AP_ERR_MOD...\n";
    let found = Folder::new().file("t.txt", text).scan(&event_4());
    assert_eq!(found.records.len(), 0);
    assert!(
        found.report("t.txt").read_errors[0].contains("export it with: Get-WinEvent"),
        "{:?}",
        found.reports
    );
}
