//! The numbered traps of `docs/causes.md` that are about reading: through the program, from logs as Windows writes them.

use std::fs;
use std::path::Path;

use super::tests;
use assert_cmd::Command;

use crate::support::evtx::{
    Event, EvtxWriter, Provider, kdc, kdc_event4, kerberos, kerberos_event3, kerberos_event4,
    service_control_manager,
};

pub const TRAPS: &[&str] = tests![
    trap_03_fields_are_read_and_never_the_message,
    trap_09_a_burst_after_a_password_change_may_be_harmless_and_a_steady_beat_is_not,
    trap_11_many_providers_have_an_event_4,
    trap_14_event_3_with_0x29_is_the_twin_of_event_4,
];

const SRV1: &str = "SRV1.alpha.example.com";
const ALPHA: &str = "ALPHA.EXAMPLE.COM";
const CIFS: &str = "cifs/srv5.alpha.example.com";

/// A row of the report, by column.
struct Row(csv::StringRecord);

impl std::ops::Index<&str> for Row {
    type Output = str;

    fn index(&self, column: &str) -> &str {
        &self.0[krbtriage::report::COLUMNS.iter().position(|c| *c == column).expect("a column")]
    }
}

/// The rows that `krbtriage triage` writes of a log with these events.
fn triage(events: impl IntoIterator<Item = Event>, spns: Option<&str>) -> Vec<Row> {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("System.evtx");
    fs::write(&log, EvtxWriter::new().events(events).finish()).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_krbtriage"));
    command.env("TZ", "UTC");
    command.arg("triage").arg(&log);
    if let Some(spns) = spns {
        let path: &Path = &folder.path().join("spns.csv");
        fs::write(path, spns).unwrap();
        command.arg("-s").arg(path);
    }
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    csv::Reader::from_reader(&*output.stdout).records().map(|r| Row(r.unwrap())).collect()
}

fn srv5_answered(at: &str) -> Event {
    kerberos_event4(SRV1, "srv5$", ALPHA, CIFS, ALPHA).at(at)
}

#[test]
fn trap_03_fields_are_read_and_never_the_message() {
    // The message is in the language of the machine that rendered it, and here it names other hosts than the fields.
    let english = "The Kerberos client received a KRB_AP_ERR_MODIFIED error from the server srv9$. The target name used was \
        host/srv9.beta.example.com. If the server name is not fully qualified, and the target domain (BETA.EXAMPLE.COM) is \
        different from the client domain (BETA.EXAMPLE.COM), check if there are identically named server accounts in these \
        two domains.";
    let german = "Der Kerberos-Client hat einen KRB_AP_ERR_MODIFIED-Fehler von Server srv9$ empfangen.";
    let plain = triage([srv5_answered("2026-10-06T10:00:00Z")], None);
    for message in [english, german, ""] {
        let rows = triage([srv5_answered("2026-10-06T10:00:00Z").forwarded(message)], None);
        assert_eq!(rows.len(), 1);
        assert_eq!(&rows[0]["answered_by"], "srv5$");
        assert_eq!((&rows[0]["target_realm"], &rows[0]["client_realm"]), (ALPHA, ALPHA));
        for column in krbtriage::report::COLUMNS.iter().filter(|c| **c != "logs") {
            assert_eq!(&rows[0][column], &plain[0][column], "{column}");
        }
        assert_ne!(&rows[0]["kind"], "same-name-two-domains");
    }
}

#[test]
fn trap_09_a_burst_after_a_password_change_may_be_harmless_and_a_steady_beat_is_not() {
    let spn = "HTTP/portal.alpha.example.com";
    let spns = "account,domain,spn,password_last_set\r\n\
        svc_web,alpha.example.com,HTTP/portal.alpha.example.com,2026-10-06T08:00:00Z\r\n\
        SRV5$,alpha.example.com,HOST/srv5.alpha.example.com,2026-10-06T08:00:00Z\r\n";
    let at = |hours: &[&str]| -> Vec<Event> {
        hours
            .iter()
            .flat_map(|time| {
                [
                    kerberos_event4(SRV1, "svc_web", ALPHA, spn, ALPHA).at(time),
                    kerberos_event4(SRV1, "srv5$", ALPHA, CIFS, ALPHA).at(time),
                ]
            })
            .collect()
    };
    let row = |rows: Vec<Row>, target: &str| {
        rows.into_iter().find(|r| &r["target_spn"] == target).expect("a row of the target")
    };
    let burst = || triage(at(&["2026-10-06T08:00:05Z", "2026-10-06T08:00:20Z"]), Some(spns));
    let steady = || triage(at(&["2026-10-06T08:00:05Z", "2026-10-07T08:00:05Z"]), Some(spns));

    let service = row(burst(), spn);
    assert_eq!((&service["kind"], &service["confidence"]), ("stale-ticket", "likely"));
    assert!(service["fix"].contains("run out within 10 hours"), "{}", &service["fix"]);
    let service = row(steady(), spn);
    assert_eq!((&service["kind"], &service["confidence"]), ("service-account", "likely"));

    // The row of a computer has the date of its password, the period of the events, and the advice to wait first.
    let machine = row(burst(), CIFS);
    assert_eq!((&machine["kind"], &machine["confidence"]), ("machine-account", "likely"));
    assert!(machine["evidence"].contains("the password of SRV5$ was last set 2026-10-06T08:00:00Z"));
    assert_eq!(
        (&machine["first_seen"], &machine["last_seen"]),
        ("2026-10-06T08:00:05Z", "2026-10-06T08:00:20Z")
    );
    assert!(machine["fix"].to_lowercase().contains("replicat"), "{}", &machine["fix"]);
    assert_eq!(&row(steady(), CIFS)["last_seen"], "2026-10-07T08:00:05Z");
}

#[test]
fn trap_11_many_providers_have_an_event_4() {
    // The same values, so that only the provider differs.
    let values = [("Server", "srv9$"), ("TargetRealm", ALPHA), ("Targetname", CIFS), ("ClientRealm", ALPHA)];
    let of = |provider: Provider| {
        Event::classic(provider, 4).computer(SRV1).named(values).at("2026-10-06T10:00:00Z")
    };
    let others = [
        Provider::plain("NETLOGON"),
        Provider::plain("Kerberos-Key-Distribution-Center"),
        Provider::plain("Microsoft-Windows-Security-KerberosX"),
        Provider::plain("Microsoft-Windows-Security-Kerbero"),
        Provider::new("b57nd60a", "{98E6CFCB-EE0A-41E0-A57B-622D4E1B30B1}", Some("Kerberos")),
        kdc(),
        service_control_manager(),
    ];
    let mut events: Vec<Event> = others.into_iter().map(of).collect();
    events.push(kdc_event4("dc1.alpha.example.com", "beta"));
    // Other events of the right provider.
    events.extend([1, 5, 6, 260, 65535].map(|id| Event { event_id: id, ..of(kerberos()) }));
    assert_eq!(triage(events.clone(), None).len(), 0);
    events.push(of(kerberos()));
    let rows = triage(events, None);
    assert_eq!(rows.len(), 1);
    assert_eq!(&rows[0]["events"], "1");
}

#[test]
fn trap_14_event_3_with_0x29_is_the_twin_of_event_4() {
    let four = || srv5_answered("2026-10-06T10:00:00.7Z");
    let three = |code, target, at: &str| {
        kerberos_event3(SRV1, code, "KRB_AP_ERR_MODIFIED", ALPHA, "srv5$", target).at(at)
    };
    let counts = |events: Vec<Event>| -> Vec<String> {
        triage(events, None).iter().map(|r| r["events"].to_owned()).collect()
    };
    let same_second = "2026-10-06T10:00:00Z";
    for target in [CIFS, ""] {
        for code in ["0x29", "0x29 KRB_AP_ERR_MODIFIED"] {
            assert_eq!(counts(vec![four(), three(code, target, same_second)]), ["1"], "{target} {code}");
            assert_eq!(counts(vec![three(code, target, same_second), four()]), ["1"], "{target} {code}");
        }
    }
    // Any other error is another event.
    assert_eq!(counts(vec![four(), three("0x19", CIFS, same_second)]), ["1"]);
    assert_eq!(counts(vec![three("0x19", CIFS, same_second)]), [""; 0]);
    // Alone, or an hour later, it is an event of its own.
    assert_eq!(counts(vec![three("0x29", CIFS, same_second)]), ["1"]);
    assert_eq!(counts(vec![four(), three("0x29", CIFS, "2026-10-06T11:00:00Z")]).concat().len(), 2);
}
