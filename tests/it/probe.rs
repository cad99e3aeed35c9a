//! `krbtriage probe` against impacket's RPC server, good and hostile.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::support::program::{Run, Sandbox};
use crate::support::rpc_server::RpcServer;

/// A description of this machine, which has the management card of SRV2.
const MACHINE: &str = r#"{
  "adapters": [{"address": "169.254.95.120", "prefix_length": 16, "interface": "Ethernet 5",
    "description": "IBM USB Remote NDIS Network Device", "mac": null}]
}"#;

fn probe(mode: &str, bindings: &[&str]) -> (Run, Sandbox) {
    let server = RpcServer::start(mode, bindings);
    let sandbox = Sandbox::new();
    sandbox.write("machine.json", MACHINE);
    let port = server.port.to_string();
    let run =
        sandbox.run(&["probe", "127.0.0.1", "--port", &port, "--machine", "machine.json", "--timeout", "3s"]);
    (run, sandbox)
}

const SRV2: [&str; 3] = ["SRV2", "169.254.95.120", "203.0.113.2"];

#[test]
#[ignore = "needs impacket; run by .ci/check probe"]
fn an_answer_becomes_an_inventory_and_shows_what_this_machine_owns_too() {
    for mode in ["good", "fragments", "big-endian"] {
        let (run, sandbox) = probe(mode, &SRV2);
        assert_eq!(run.code(), 0, "{mode}: {}", run.stderr());
        let csv = run.stdout();
        let rows: Vec<&str> = csv.lines().collect();
        assert_eq!(rows[0], "host,address,interface,description,mac,prefix_length,collected", "{mode}");
        assert!(
            rows[1].starts_with("SRV2,169.254.95.120,,,,,2") && rows[2].starts_with("SRV2,203.0.113.2,"),
            "{csv}"
        );
        assert_eq!(rows.len(), 3, "{csv}");
        assert!(
            run.stderr()
                .contains("offers 169.254.95.120, which this machine owns as well on IBM USB Remote NDIS"),
            "{}",
            run.stderr()
        );
        // Another run reads the inventory.
        sandbox.write("addresses.csv", csv);
        let read = sandbox.run(&["inventory", "addresses.csv", "-q"]);
        assert_eq!(read.stdout().lines().count(), 3);
    }
}

#[test]
#[ignore = "needs impacket; run by .ci/check probe"]
fn every_other_answer_is_refused_with_its_reason() {
    let cases = [
        ("denied", "access denied"),
        ("status", "access denied"),
        ("no-interface", "no object exporter"),
        ("no-operation", "status 0x000006e4"),
        ("big-list", "more than 1,024 addresses"),
        ("endless", "larger than any list of addresses"),
        ("empty-fragments", "larger than any list of addresses"),
        ("truncated", "did not answer within"),
        ("wrong-context", "another presentation context"),
        ("wrong-call", "another call"),
        ("null", "does not hold a list of bindings"),
        ("silent", "did not answer within"),
        ("slow", "did not answer within"),
        ("closes", "closed the connection"),
        ("http", "does not speak connection-oriented RPC"),
    ];
    for (mode, sentence) in cases {
        let started = Instant::now();
        let (run, _) = probe(mode, &SRV2);
        assert!(started.elapsed() < Duration::from_secs(10), "{mode}: {:?}", started.elapsed());
        assert_eq!((run.code(), run.stdout().lines().count()), (3, 1), "{mode}: {}", run.stdout());
        assert!(run.stderr().contains(sentence), "{mode}: {sentence:?} is not in {:?}", run.stderr());
    }
}

#[test]
fn a_wrong_host_is_wrong_use() {
    let sandbox = Sandbox::new();
    for host in ["srv1:135", "http://srv1", ""] {
        let run = sandbox.run(&["probe", host]);
        assert_eq!(run.code(), 2, "{host}: {}", run.stderr());
    }
    sandbox.write("hosts.txt", "\n");
    assert_eq!(sandbox.run(&["probe", "--hosts-from", "hosts.txt"]).code(), 2);
}

#[test]
#[ignore = "needs impacket and tshark; run by hand"]
fn tshark_reads_the_request() {
    let server = RpcServer::start("good", &SRV2);
    let (port, sent) = recording_proxy(server.port);
    let sandbox = Sandbox::new();
    let run = sandbox.run(&["probe", "127.0.0.1", "--port", &port.to_string()]);
    assert_eq!(run.code(), 0, "{}", run.stderr());
    let sent = sent.recv_timeout(Duration::from_secs(5)).unwrap();
    // One packet for each PDU, as text2pcap reads them.
    let dump = |pdu: &[u8]| format!("0000 {}\n", pdu.iter().map(|b| format!(" {b:02x}")).collect::<String>());
    let (bind, request) = sent.split_at(72);
    sandbox.write("sent.txt", dump(bind) + &dump(request));
    let run = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).current_dir(sandbox.folder()).args(arguments).output();
        String::from_utf8(output.unwrap_or_else(|error| panic!("{program}: {error}")).stdout).unwrap()
    };
    run("text2pcap", &["-q", "-T", "49152,135", "sent.txt", "sent.pcap"]);
    let summary = run("tshark", &["-r", "sent.pcap"]);
    let packets: Vec<&str> = summary.lines().collect();
    assert_eq!(packets.len(), 2, "{summary}");
    assert!(
        packets[0]
            .contains("Bind: call_id: 1, Fragment: Single, 1 context items: IOXIDResolver V0.0 (32bit NDR)"),
        "{summary}"
    );
    assert!(packets[1].contains("ServerAlive2 request"), "{summary}");
    assert!(!run("tshark", &["-V", "-r", "sent.pcap"]).contains("Malformed"));
}

/// A port that forwards to another one, and the bytes that the client sent through it.
fn recording_proxy(to: u16) -> (u16, mpsc::Receiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        let mut server = TcpStream::connect(("127.0.0.1", to)).unwrap();
        let (mut answers, mut back) = (server.try_clone().unwrap(), client.try_clone().unwrap());
        std::thread::spawn(move || std::io::copy(&mut answers, &mut back));
        let (mut sent, mut bytes) = (Vec::new(), [0; 1024]);
        while let Ok(n @ 1..) = client.read(&mut bytes) {
            sent.extend_from_slice(&bytes[..n]);
            server.write_all(&bytes[..n]).unwrap();
        }
        send.send(sent).unwrap();
    });
    (port, receive)
}
