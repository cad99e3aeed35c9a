//! `krbtriage here` on a machine that a file describes.

use std::time::Instant;

use jiff::{SignedDuration, Timestamp};

use crate::support::evtx::{EvtxWriter, event_log, kerberos_event4};
use crate::support::program::{Run, Sandbox};
use crate::support::rpc_server::RpcServer;

const CLIENT: &str = "SRV1.alpha.example.com";

/// SRV1 of the reference case: its live logs, with the fault minutes ago, its adapters, and what its resolver answers. Connections to
/// SRV2 go to `port` of this machine.
pub fn srv1(port: u16) -> Sandbox {
    srv1_with(port, "ALPHA.EXAMPLE.COM", "BETA.EXAMPLE.COM")
}

/// The same, where event 4 has other realms: `TargetRealm` is what the responder reported, `ClientRealm` what the client knows.
fn srv1_with(port: u16, target_realm: &str, client_realm: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("logs/System.evtx", log(target_realm, client_realm));
    sandbox.write("hosts", "# Sample\n127.0.0.1 localhost\n");
    sandbox.write("machine.json", machine(port));
    sandbox
}

/// SRV1's System log, with event 4 minutes ago.
fn log(target_realm: &str, client_realm: &str) -> Vec<u8> {
    let ago = |minutes| (Timestamp::now() - SignedDuration::from_mins(minutes)).to_string();
    let event4 =
        || kerberos_event4(CLIENT, "srv1$", target_realm, "host/srv2.beta.example.com", client_realm);
    EvtxWriter::new()
        .event(event_log(CLIENT, 6005, &[]).at(&ago(600)))
        .event(event4().at(&ago(20)))
        .event(event4().at(&ago(10)))
        .finish()
}

/// SRV1. Connections to SRV2 go to `port` of this machine.
fn machine(port: u16) -> String {
    format!(
        r#"{{
          "name": "{CLIENT}", "domain": "alpha.example.com", "logs": "logs", "hosts_file": "hosts",
          "adapters": [
            {{"address": "192.0.2.1", "prefix_length": 24, "interface": "Ethernet", "description": "Intel I350", "mac": null}},
            {{"address": "169.254.95.120", "prefix_length": 16, "interface": "Ethernet 5",
              "description": "IBM USB Remote NDIS Network Device", "mac": "36-40-B5-00-00-01"}}
          ],
          "names": {{"srv2.beta.example.com": ["203.0.113.2"]}},
          "redirected": {{"203.0.113.2": "127.0.0.1:{port}"}}
        }}"#
    )
}

fn here(sandbox: &Sandbox, options: &[&str]) -> Run {
    sandbox.run(&[&["here", "--machine", "machine.json"], options].concat())
}

#[test]
#[ignore = "needs impacket; run by .ci/check probe"]
fn the_reference_case_is_confirmed_by_a_probe_and_nothing_else() {
    let server = RpcServer::start("good", &["SRV2", "169.254.95.120", "203.0.113.2"]);
    is_confirmed(&srv1(server.port));
}

/// The same with the log where Windows has it, and an RPC server that runs beside Wine.
#[cfg(windows)]
#[test]
#[ignore = "puts a log where the live one is; run by tests/windows/run"]
fn the_live_log_of_this_windows_is_read_and_confirmed_by_a_probe() {
    let port = std::env::var("KRBTRIAGE_TEST_RPC_PORT").expect("tests/windows/run starts a server");
    let system = std::path::PathBuf::from(std::env::var_os("SystemRoot").unwrap()).join("System32");
    let live = system.join("winevt").join("Logs").join("System.evtx");
    assert!(!live.exists(), "{} is a log of this Windows", live.display());
    std::fs::create_dir_all(live.parent().unwrap()).unwrap();
    std::fs::write(&live, log("ALPHA.EXAMPLE.COM", "BETA.EXAMPLE.COM")).unwrap();
    let sandbox = Sandbox::new();
    // Its logs and its hosts file are those of this Windows.
    let own = machine(port.parse().unwrap()).replace(r#""logs": "logs", "hosts_file": "hosts","#, "");
    assert!(!own.contains("logs"));
    sandbox.write("machine.json", own);
    // The first program of a Wine loads its libraries.
    assert_eq!(sandbox.run(&["--version"]).code(), 0);
    is_confirmed(&sandbox);
    std::fs::remove_file(live).unwrap();
}

/// `here --probe` proves the cause in less than two seconds.
#[track_caller]
fn is_confirmed(sandbox: &Sandbox) {
    let started = Instant::now();
    let run = here(sandbox, &["--probe", "--format", "text"]);
    let took = started.elapsed();
    assert_eq!(run.code(), 0, "{}", run.stderr());
    let text = run.stdout().split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "loopback-shared-ip",
        ": confirmed, management card with a shared address (bmc-usb-nic)",
        "169.254.95.120",
        "IBM USB Remote NDIS Network Device",
        "ServerAlive2 answer of srv2.beta.example.com (203.0.113.2) at 20",
        "adapters of SRV1.alpha.example.com at 20",
    ] {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
    assert!(took.as_secs_f64() < 2.0, "{took:?}");
}

#[test]
fn without_a_probe_the_adapter_is_a_suspicion_and_nothing_is_asked() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let sandbox = srv1(listener.local_addr().unwrap().port());
    let run = here(&sandbox, &["--format", "text"]);
    assert_eq!(run.code(), 0, "{}", run.stderr());
    let text = run.stdout();
    assert!(text.contains("loopback-shared-ip") && !text.contains(": confirmed"), "{text}");
    assert!(listener.accept().is_err(), "here without --probe opened a connection");
}

#[test]
fn a_target_without_an_answer_is_reported_and_the_report_is_written() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let sandbox = srv1(listener.local_addr().unwrap().port());
    drop(listener);
    let run = here(&sandbox, &["--probe", "--format", "text"]);
    assert_eq!(run.code(), 0, "{}", run.stderr());
    assert!(
        run.stderr().contains("srv2.beta.example.com (203.0.113.2:135): the connection was refused"),
        "{}",
        run.stderr()
    );
    assert!(run.stdout().contains("loopback-shared-ip"), "{}", run.stdout());
}

#[test]
fn a_domain_that_only_the_responder_reported_is_never_probed() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    // The name resolves, as every name of a domain of the attacker's does.
    let sandbox = srv1_with(port, "BETA.EXAMPLE.COM", "ALPHA.EXAMPLE.COM");
    let run = here(&sandbox, &["--probe", "--format", "text"]);
    assert_eq!(run.code(), 0, "{}", run.stderr());
    assert!(listener.accept().is_err(), "a target of a foreign domain was probed");
    let stderr = run.stderr().split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "--probe did not ask srv2.beta.example.com",
        "krbtriage probe srv2.beta.example.com -o addresses.csv",
    ] {
        assert!(stderr.contains(part), "{part:?} is not in {stderr}");
    }
    // A list that the user passes vouches for it.
    sandbox.write("list.csv", "host,address\nsrv2.beta.example.com,203.0.113.2\n");
    listener.set_nonblocking(false).unwrap();
    let (asked, was_asked) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        // Closes the connection at once.
        asked.send(listener.accept().is_ok())
    });
    let run = here(&sandbox, &["--probe", "-i", "list.csv", "--format", "text"]);
    assert_eq!(run.code(), 0, "{}", run.stderr());
    assert!(was_asked.recv_timeout(std::time::Duration::from_secs(5)).unwrap(), "{}", run.stderr());
}

#[test]
fn triage_probes_only_hosts_that_an_inventory_or_account_list_has() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let sandbox = srv1(listener.local_addr().unwrap().port());
    let run = sandbox.run(&["triage", "--probe", "logs", "--format", "text"]);
    assert_eq!(run.code(), 0, "{}", run.stderr());
    assert!(run.stderr().contains("--probe did not ask srv2.beta.example.com"), "{}", run.stderr());
}

#[test]
fn a_machine_without_a_system_log_has_no_report() {
    let sandbox = srv1(1);
    std::fs::remove_file(sandbox.path("logs/System.evtx")).unwrap();
    let run = here(&sandbox, &[]);
    assert_eq!(run.code(), 4, "{}", run.stderr());
    assert!(run.stderr().contains("wevtutil epl System"), "{}", run.stderr());
}

#[cfg(not(windows))]
#[test]
fn another_system_is_refused_with_what_to_use_instead() {
    let run = Sandbox::new().run(&["here"]);
    assert_eq!((run.code(), run.stdout().as_str()), (2, ""));
    assert!(
        run.stderr().contains("this is not Windows") && run.stderr().contains("krbtriage triage System.evtx")
    );
}
