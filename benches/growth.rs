//! Finds work that grows faster than its input: a triage of N, 2 N and 4 N things that could be compared with each other.
//!
//! ```text
//! cargo bench --bench growth [-- CASE [FOLDER [N]]]
//! ```
//!
//! CASE is part of the name of a case. FOLDER keeps the inputs. The variable KRBTRIAGE is the path of another program to
//! measure.
//!
//! Times are the median of three runs of the whole program. Four times the input may take little more than four times as
//! long. Two cases have a limit: 2,000 shared addresses take 0.1 s, 400,000 events about one dead server 3 s.

#[allow(dead_code, unused_imports, reason = "the tests use the rest")]
#[path = "../tests/it/support/evtx/mod.rs"]
mod evtx;

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use evtx::{Event, EvtxWriter, dcom_10028, distributed_com, kerberos_event4, lsasrv};

const ALPHA: &str = "ALPHA.EXAMPLE.COM";

/// The inputs of a triage.
#[derive(Default)]
struct Inputs {
    events: Vec<Event>,
    addresses: String,
    accounts: String,
}

/// A kind of input whose size grows.
struct GrowthCase {
    name: &'static str,
    /// The smallest number of things, N.
    start: usize,
    make: fn(usize) -> Inputs,
}

const CASES: [GrowthCase; 12] = [
    GrowthCase {
        name: "addresses that the client and the target share",
        start: 500,
        make: shared_with_client,
    },
    GrowthCase {
        name: "addresses that a third host and the target share",
        start: 500,
        make: shared_with_third,
    },
    GrowthCase { name: "DCOM 10009 of all clients about one server", start: 100_000, make: dead_server },
    GrowthCase {
        name: "LsaSrv 40960 of all clients about one server",
        start: 100_000,
        make: dead_server_lsa,
    },
    GrowthCase { name: "DCOM 10028 of one client about many servers", start: 20_000, make: one_client },
    GrowthCase { name: "accounts of one SPN, with as many incidents", start: 5_000, make: accounts_of_spn },
    GrowthCase { name: "SPNs of one account, with as many incidents", start: 2_500, make: spns_of_account },
    GrowthCase { name: "domains of one short name, asked by full name", start: 5_000, make: domains_full },
    GrowthCase { name: "domains of one short name, asked by short name", start: 5_000, make: domains_short },
    GrowthCase { name: "targets alike in 15 characters", start: 5_000, make: alike },
    GrowthCase { name: "hosts alike in 15 characters, with addresses", start: 5_000, make: alike_known },
    GrowthCase { name: "domains of one account name", start: 5_000, make: account_name_in_domains },
];

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with('-'));
    let wanted = arguments.next().unwrap_or_default();
    let temporary = tempfile::tempdir().unwrap();
    let folder = arguments.next().map_or_else(|| temporary.path().to_owned(), PathBuf::from);
    let start = arguments.next().and_then(|n| n.parse().ok());
    println!("{:52} {:>8} {:>9} {:>9} {:>9}  4 N / N", "", "N", "N, s", "2 N, s", "4 N, s");
    for case in CASES.iter().filter(|case| case.name.contains(&wanted)) {
        let start = start.unwrap_or(case.start);
        let took = [1, 2, 4].map(|factor| {
            let files = write_inputs(&folder, &(case.make)(start * factor));
            median([(); 3].map(|()| seconds_of_triage(&files)))
        });
        println!(
            "{:52} {:>8} {:>9.3} {:>9.3} {:>9.3} {:>8.1}",
            case.name,
            start,
            took[0],
            took[1],
            took[2],
            took[2] / took[0]
        );
    }
}

fn median(mut times: [f64; 3]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[1]
}

fn seconds_of_triage(files: &[PathBuf]) -> f64 {
    let program = std::env::var("KRBTRIAGE").unwrap_or_else(|_| env!("CARGO_BIN_EXE_krbtriage").to_owned());
    let start = Instant::now();
    let run = Command::new(program)
        .args(["triage", "--quiet", "-o"])
        .arg(files[0].with_file_name("report.csv"))
        .arg(&files[0])
        .args(files[1..].iter().flat_map(|file| {
            let option = if file.ends_with("spns.csv") { "-s" } else { "-i" };
            [option.as_ref(), file.as_os_str()]
        }))
        .output()
        .unwrap();
    // 3: the report is there, and some of the signals were too many.
    assert!(matches!(run.status.code(), Some(0 | 3)), "{}", String::from_utf8_lossy(&run.stderr));
    start.elapsed().as_secs_f64()
}

/// Writes the log and the inventories that are not empty. Returns their paths, the log first.
fn write_inputs(folder: &Path, inputs: &Inputs) -> Vec<PathBuf> {
    let mut writer = EvtxWriter::new();
    inputs.events.iter().for_each(|event| writer.push(event));
    fs::create_dir_all(folder).unwrap();
    let mut files = vec![folder.join("System.evtx")];
    fs::write(&files[0], writer.finish()).unwrap();
    for (name, heads, rows) in [
        ("addresses.csv", "host,address", &inputs.addresses),
        ("spns.csv", "account,domain,spn", &inputs.accounts),
    ] {
        if !rows.is_empty() {
            files.push(folder.join(name));
            fs::write(folder.join(name), format!("{heads}\n{rows}")).unwrap();
        }
    }
    files
}

/// Sets the time of the `n`th event of a log. Each minute has 1,000 events, so that all are near each other.
fn at(event: Event, n: usize) -> Event {
    event.at(&format!("2026-10-06T{:02}:{:02}:00.{:07}Z", n / 60_000, n / 1000 % 60, n % 1000))
}

fn event4(n: usize, client: &str, server: &str, target: &str) -> Event {
    at(kerberos_event4(client, server, ALPHA, target, ALPHA), n)
}

fn shared(n: usize, client: &str) -> Inputs {
    let mut addresses = String::new();
    for host in ["a", "b"] {
        for i in 0..n {
            let _ = writeln!(addresses, "{host}.alpha.example.com,10.0.{}.{}", i / 256, i % 256);
        }
    }
    Inputs {
        events: vec![event4(0, client, "a$", "host/b.alpha.example.com")],
        addresses,
        ..Inputs::default()
    }
}

fn shared_with_client(n: usize) -> Inputs {
    shared(n, "a.alpha.example.com")
}

fn shared_with_third(n: usize) -> Inputs {
    shared(n, "c.alpha.example.com")
}

fn about_one_server(n: usize, signal: impl Fn(&str) -> Event) -> Inputs {
    let client = |i: usize| format!("client{i}.alpha.example.com");
    let incidents =
        (0..n / 10).map(|i| event4(i, &client(i), &format!("srv{i}$"), "host/dead.alpha.example.com"));
    let signals = (0..n).map(|i| at(signal(&client(i)), i));
    Inputs { events: incidents.chain(signals).collect(), ..Inputs::default() }
}

fn dead_server(n: usize) -> Inputs {
    let signal = |client: &str| {
        Event::classic(distributed_com(), 10009)
            .computer(client)
            .named([("param1", "dead.alpha.example.com")])
            .binary(&[])
    };
    about_one_server(n, signal)
}

fn dead_server_lsa(n: usize) -> Inputs {
    let signal = |client: &str| {
        Event::classic(lsasrv(), 40960).computer(client).named([
            ("Target", "cifs/dead.alpha.example.com"),
            ("Protocol", "Kerberos"),
            ("Error", "\"refused\r\n (0xc000006d)\""),
        ])
    };
    about_one_server(n, signal)
}

fn one_client(n: usize) -> Inputs {
    let client = "client.alpha.example.com";
    let server = |i: usize| format!("server{i}.alpha.example.com");
    let incidents =
        (0..n / 10).map(|i| event4(i, client, &format!("srv{i}$"), &format!("host/{}", server(i))));
    let signals = (0..n).map(|i| at(dcom_10028(client, &server(i), "mmc.exe"), i));
    Inputs { events: incidents.chain(signals).collect(), ..Inputs::default() }
}

fn accounts_of_spn(n: usize) -> Inputs {
    let mut accounts = String::new();
    for i in 0..n {
        let _ = writeln!(accounts, "svc{i},alpha.example.com,HTTP/web.alpha.example.com");
    }
    let client = |i: usize| format!("client{i}.alpha.example.com");
    let events = (0..n).map(|i| event4(i, &client(i), "svc1", "HTTP/web.alpha.example.com")).collect();
    Inputs { events, accounts, ..Inputs::default() }
}

/// Makes `srv1` in `n` domains, each with a client.
fn one_name(n: usize, target: impl Fn(usize) -> String) -> Inputs {
    let mut addresses = String::new();
    let mut events = Vec::new();
    for i in 0..n {
        let _ = writeln!(addresses, "srv1.d{i}.example.com,10.{}.{}.1", i / 256, i % 256);
        let realm = format!("D{i}.EXAMPLE.COM");
        let client = format!("client.d{i}.example.com");
        events.push(at(kerberos_event4(&client, "srv1$", &realm, &target(i), &realm), i));
    }
    Inputs { events, addresses, ..Inputs::default() }
}

fn spns_of_account(n: usize) -> Inputs {
    let mut inputs = Inputs::default();
    for i in 0..n {
        let target = format!("cifs/srv{i}.alpha.example.com");
        inputs.events.push(event4(i, "client.alpha.example.com", &format!("srv{i}$"), &target));
        let _ = writeln!(inputs.accounts, "svc,alpha.example.com,{target}");
    }
    inputs
}

fn domains_full(n: usize) -> Inputs {
    one_name(n, |i| format!("host/srv1.d{i}.example.com"))
}

fn domains_short(n: usize) -> Inputs {
    one_name(n, |_| "host/srv1".to_owned())
}

fn alike(n: usize) -> Inputs {
    let events = (0..n)
        .map(|i| event4(i, "client.alpha.example.com", "srv1$", &format!("server-long-name{i}")))
        .collect();
    Inputs { events, ..Inputs::default() }
}

fn alike_known(n: usize) -> Inputs {
    let mut inputs = Inputs::default();
    for i in 0..n {
        let name = format!("server-long-name{i}");
        let _ = writeln!(inputs.addresses, "{name}.alpha.example.com,10.{}.{}.1", i / 256, i % 256);
        inputs.events.push(event4(i, &format!("{name}.alpha.example.com"), "srv1$", &format!("host/{name}")));
    }
    inputs
}

fn account_name_in_domains(n: usize) -> Inputs {
    let mut inputs = Inputs::default();
    for i in 0..n {
        let _ = writeln!(inputs.accounts, "srv1$,d{i}.example.com,host/srv1.d{i}.example.com");
        let client = format!("client{i}.d{i}.example.com");
        let realm = format!("D{i}.EXAMPLE.COM");
        let target = format!("host/srv1.d{i}.example.com");
        inputs.events.push(at(kerberos_event4(&client, "srv1$", &realm, &target, &realm), i));
    }
    inputs
}
