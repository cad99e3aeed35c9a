//! Time zones: people read and write local time, programs read UTC. The zone of the test machine does not matter.

use calamine::{Data, Reader, Xlsx, open_workbook};

use crate::support::program::*;

const BERLIN: [&str; 2] = ["--timezone", "Europe/Berlin"];

/// A log with an event at 12:10 UTC, which is 14:10 in Berlin.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("A.evtx", log([four("A", "old", 1, 730)]));
    sandbox
}

/// An event as Event Viewer copies it, without a zone.
fn copied(date: &str) -> String {
    format!(
        "Log Name:      System\nSource:        Microsoft-Windows-Security-Kerberos\nDate:          {date}\n\
         Event ID:      4\nLevel:         Error\nComputer:      SRV1.alpha.example.com\nDescription:\n\
         The Kerberos client received a KRB_AP_ERR_MODIFIED error from the server srv1$. The target name used was \
         host/srv2.beta.example.com. This indicates that the target server failed to decrypt the ticket provided by the \
         client.\n"
    )
}

/// `first_seen` of the one row.
fn first_seen(sandbox: &Sandbox, arguments: &[&str]) -> String {
    let run = sandbox.run(&[&["triage", "-q"], arguments].concat()).exits(0);
    rows(&run.stdout())[0]["first_seen"].clone()
}

#[test]
fn people_get_their_zone_and_programs_get_utc() {
    let sandbox = sandbox();
    let outputs = ["-o", "r.csv", "-o", "r.json", "-o", "r.txt", "-o", "r.xlsx", "--events", "e.csv"];
    let new = ["--state", "s.json", "--new", "new.txt"];
    sandbox.run(&[&["triage", "A.evtx"], &outputs[..], &new, &BERLIN].concat()).exits(0);
    for name in ["r.csv", "r.json", "e.csv"] {
        let text = sandbox.text(name);
        assert!(text.contains("2026-10-06T12:10:00Z") && !text.contains("14:10"), "{name}: {text}");
    }
    let text = sandbox.text("r.txt");
    assert!(text.contains("2026-10-06 14:10 +02:00 (Europe/Berlin)"), "{text}");
    assert!(sandbox.text("new.txt").contains("2026-10-06 14:10 +02:00"), "{}", sandbox.text("new.txt"));
    let mut workbook: Xlsx<_> = open_workbook(sandbox.path("r.xlsx")).unwrap();
    let events = workbook.worksheet_range("Events").unwrap();
    let header: Vec<String> = events.rows().next().unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(header[0], "Time (Europe/Berlin)");
    let Data::DateTime(time) = &events.rows().nth(1).unwrap()[0] else { panic!("not a date") };
    let minutes = ((time.as_f64() - time.as_f64().floor()) * 1440.0).round();
    assert_eq!(minutes, 14.0 * 60.0 + 10.0);
    let id = &rows(&sandbox.text("r.csv"))[0]["incident_id"];
    let story =
        sandbox.run(&["explain", "--incident", id, "r.csv", "--timezone", "-03:30"]).exits(0).stdout();
    // Lines are folded.
    let words = story.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("1 event, 2026-10-06 08:40 -03:30."), "{story}");
}

#[test]
fn the_zone_of_this_machine_is_the_default() {
    let sandbox = sandbox();
    for (zone, want) in [("Asia/Kolkata", "17:40 +05:30 (Asia/Kolkata)"), ("UTC", "12:10 UTC")] {
        for arguments in [
            &["triage", "A.evtx", "--format", "text"][..],
            &["triage", "A.evtx", "--format", "text", "--timezone", "local"],
        ] {
            let output =
                krbtriage().env("TZ", zone).current_dir(sandbox.folder()).args(arguments).output().unwrap();
            let text = String::from_utf8(output.stdout).unwrap();
            assert!(text.contains(&format!("2026-10-06 {want}")), "{zone}: {text}");
        }
    }
}

#[test]
fn times_without_a_zone_are_read_in_the_zone_of_the_option() {
    let sandbox = Sandbox::new();
    sandbox.write("event.txt", copied("06.10.2026 21:13:09"));
    assert_eq!(first_seen(&sandbox, &["event.txt"]), "2026-10-06T21:13:09Z");
    assert_eq!(first_seen(&sandbox, &[&["event.txt"], &BERLIN[..]].concat()), "2026-10-06T19:13:09Z");
    assert_eq!(first_seen(&sandbox, &["event.txt", "--timezone=-05:00"]), "2026-10-07T02:13:09Z");
    let run = sandbox.run(&[&["triage", "event.txt", "-v"], &BERLIN[..]].concat()).exits(0);
    let said = "event.txt: times without a zone were read as Europe/Berlin";
    assert!(run.stderr().contains(said), "{}", run.stderr());
    let run = sandbox.run(&[&["extract", "event.txt"], &BERLIN[..]].concat()).exits(0);
    assert!(run.stdout().contains("2026-10-06T19:13:09Z"), "{}", run.stdout());
    assert!(run.stderr().contains(said), "{}", run.stderr());
    // The times of a log are in UTC.
    sandbox.write("A.evtx", log([four("A", "old", 1, 730)]));
    assert_eq!(first_seen(&sandbox, &[&["A.evtx"], &BERLIN[..]].concat()), "2026-10-06T12:10:00Z");
}

#[test]
fn the_hour_that_comes_twice_is_its_first_pass() {
    let sandbox = Sandbox::new();
    sandbox.write("event.txt", copied("25.10.2026 02:30:00"));
    assert_eq!(first_seen(&sandbox, &[&["event.txt"], &BERLIN[..]].concat()), "2026-10-25T00:30:00Z");
}

#[test]
fn since_and_until_are_in_the_zone() {
    let sandbox = sandbox();
    let events = |arguments: &[&str]| {
        let run = sandbox.run(&[&["triage", "A.evtx", "-q"], arguments].concat()).exits(0);
        rows(&run.stdout()).len()
    };
    assert_eq!(events(&["--since", "2026-10-06T13:00"]), 0);
    assert_eq!(events(&[&["--since", "2026-10-06T13:00"], &BERLIN[..]].concat()), 1);
    assert_eq!(events(&["--until", "2026-10-06", "--timezone", "Pacific/Kiritimati"]), 0);
}

#[test]
fn an_unknown_zone_is_refused_with_the_ways_to_write_one() {
    let run = sandbox().run(&["triage", "A.evtx", "--timezone", "Berlin"]).exits(2);
    assert!(run.stderr().contains("\"Berlin\" is not a known time zone; write an IANA name (Europe/Berlin)"));
}

/// `Get-ADUser | Export-Csv` writes dates as the culture of the exporting machine does.
#[test]
fn dates_of_an_account_list_are_read_in_the_zone_and_never_guessed() {
    let sandbox = sandbox();
    let list = |dates: [&str; 2]| {
        let [first, second] = dates;
        format!(
            "\"SamAccountName\",\"objectClass\",\"servicePrincipalName\",\"pwdLastSet\"\r\n\
             \"svc_a\",\"user\",\"cifs/old.alpha.example.com\",\"{first}\"\r\n\
             \"svc_b\",\"user\",\"cifs/b.alpha.example.com\",\"{second}\"\r\n"
        )
    };
    let run = |dates, code| {
        sandbox.write("a.csv", list(dates));
        let arguments = [&["triage", "A.evtx", "-s", "a.csv", "-o", "r.xlsx"], &BERLIN[..]].concat();
        sandbox.run(&arguments).exits(code).stderr()
    };
    let said = run(["11/23/2026 10:57:50 PM", "11/4/2026 9:00:00 AM"], 0);
    assert!(said.contains("note: a.csv: times without a zone were read as Europe/Berlin"), "{said}");
    let said = run(["11/4/2026 9:00:00 AM", "11/23/2026 10:57:50 PM"], 3);
    assert!(
        said.contains("a.csv: line 2: the time \"11/4/2026 9:00:00 AM\" can be read in two ways"),
        "{said}"
    );
    let said = run(["2026-11-23T22:57:50Z", "2026-11-23T22:57:50Z"], 0);
    assert!(!said.contains("without a zone"), "{said}");
}
