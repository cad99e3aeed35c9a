//! Memory grows in proportion to the unpacked input. `SECURITY.md` names this test.

use std::io::Write;

use crate::support::evtx::kerberos_event4;
use crate::support::program::*;

const CLIENT: &str = "CLIENT1.alpha.example.com";

/// The most memory that a run held, in bytes.
fn peak_memory(sandbox: &Sandbox, arguments: &[&str]) -> u64 {
    highest_until_end(&mut sandbox.start(arguments), "VmHWM") << 10
}

/// Attack 1: memory grows in proportion to the unpacked input, in every form of input.
#[test]
fn attack_1_memory_grows_in_proportion_to_the_unpacked_input() {
    const BASE: u64 = 96 << 20;
    const TIMES: u64 = 14;
    // An incident and its row in each of three outputs.
    const INCIDENT: u64 = 48 << 10;
    let sandbox = Sandbox::new();
    let gz = |bytes: &[u8]| {
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(bytes).unwrap();
        gz.finish().unwrap()
    };
    let long = |n: usize, len: usize| format!("{n}{}", "x".repeat(len));
    let xml = |target: &str, n: usize| {
        format!(
            "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Microsoft-Windows-Security-Kerberos'/><EventID>4</EventID><TimeCreated SystemTime='2026-10-06T12:00:00Z'/><EventRecordID>{n}</EventRecordID><Channel>System</Channel><Computer>{CLIENT}</Computer></System><EventData><Data Name='Server'>srv9$</Data><Data Name='TargetRealm'>A.COM</Data><Data Name='Targetname'>cifs/{target}</Data><Data Name='ClientRealm'>A.COM</Data></EventData></Event>"
        )
    };
    type Make<'m> = &'m dyn Fn(usize) -> Vec<u8>;
    let evtx = |times: usize| {
        log((0..30 * times)
            .map(|n| kerberos_event4(CLIENT, "srv9$", "A.COM", &format!("cifs/{}", long(n, 9000)), "A.COM")))
    };
    let short = |times: usize| {
        log((0..400 * times)
            .map(|n| kerberos_event4(CLIENT, "srv9$", "A.COM", &format!("cifs/srv{n}"), "A.COM")))
    };
    let huge_xml = |times: usize| {
        let events: String = (0..2 * times).map(|n| xml(&long(n, 900_000), n)).collect();
        format!("<Events>{events}</Events>").into_bytes()
    };
    let addresses = |times: usize| {
        let rows: String =
            (0..8 * times).map(|n| format!("{},192.0.2.{}\n", long(n, 100_000), n % 250)).collect();
        format!("host,address\n{rows}").into_bytes()
    };
    let json = |times: usize| {
        let rows: Vec<String> = (0..20 * times)
            .map(|n| {
                format!(
                    r#"{{"PSComputerName":"SRV{n}","IPAddress":"192.0.2.1","InterfaceAlias":"{}"}}"#,
                    long(n, 100_000)
                )
            })
            .collect();
        format!("[{}]", rows.join(",")).into_bytes()
    };
    let accounts = |times: usize| {
        let rows: String = (0..20 * times)
            .map(|n| format!("{}$,a.com,HTTP/{}\n", long(n, 30_000), long(n, 30_000)))
            .collect();
        format!("account,domain,spn\n{rows}").into_bytes()
    };
    let cases: [(Make, &str, &[&str]); 7] = [
        (&evtx, "a.evtx", &["triage", "a.evtx", "-o", "r.html", "-o", "r.csv"]),
        (&short, "a.evtx", &["triage", "a.evtx", "-o", "r.html", "-o", "r.csv", "--state", "s.json"]),
        (&huge_xml, "a.xml", &["triage", "a.xml", "-o", "r.json"]),
        (&huge_xml, "a.xml", &["extract", "a.xml", "-o", "e.csv"]),
        (&addresses, "i.csv", &["audit", "-i", "i.csv", "-o", "a.csv"]),
        (&json, "i.json", &["inventory", "i.json", "-o", "o.csv"]),
        (&accounts, "s.csv", &["audit", "-s", "s.csv", "-o", "a.csv"]),
    ];
    for (make, name, arguments) in cases {
        for times in [1, 4] {
            let bytes = make(times);
            let incidents = if name == "a.evtx" { 400 * times as u64 } else { 0 };
            for packed in [false, true] {
                // Logs are read packed, inventories are not.
                if packed && !arguments.contains(&"triage") {
                    continue;
                }
                let written = if packed { format!("{name}.gz") } else { name.to_owned() };
                sandbox.write(&written, if packed { gz(&bytes) } else { bytes.clone() });
                let all: Vec<&str> =
                    arguments.iter().map(|a| if *a == name { &*written } else { *a }).collect();
                let peak = peak_memory(&sandbox, &all);
                assert!(peak > 0, "{all:?}");
                assert!(
                    peak < BASE + TIMES * bytes.len() as u64 + INCIDENT * incidents,
                    "{all:?}: {peak} bytes for an input of {}",
                    bytes.len()
                );
                let _ = std::fs::remove_file(sandbox.path("s.json"));
            }
        }
    }
}
