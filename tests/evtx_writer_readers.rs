//! Readers that share no code with the test writer read what it wrote: the `evtx` crate, `evtxexport` and
//! `python-evtx`. How to install the latter two stands in tests/support/readers/python_evtx.py.

#[path = "support/readers/corpus.rs"]
mod corpus;
#[path = "support/evtx/mod.rs"]
mod evtx_writer;
#[path = "support/readers/seen.rs"]
mod seen;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use corpus::{corpus, forwarded_corpus};
use evtx_writer::{CHUNK, Event, EvtxWriter, FILE_HEADER, Payload};
use seen::{Seen, expected, from_json, from_xml};

/// Chunks the corpus fills at least, so that a new chunk's tables are tested too.
const CHUNKS: usize = 5;

fn written(name: &str, events: &[Event]) -> PathBuf {
    let log = EvtxWriter::new().events(events.iter().cloned()).finish();
    let chunks = (log.len() - FILE_HEADER) / CHUNK;
    assert!(
        chunks >= CHUNKS,
        "{chunks} chunks are too few to prove anything"
    );
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, log).expect("the temporary folder can be written");
    path
}

fn compare(reader: &str, events: &[Event], seen: Vec<Seen>) {
    assert_eq!(
        seen.len(),
        events.len(),
        "{reader} read another number of records"
    );
    for (i, (event, seen)) in events.iter().zip(seen).enumerate() {
        let expected = expected(event, i as u64 + 1);
        assert_eq!(seen, expected, "{reader}, record {}", i + 1);
    }
}

/// Runs a reader, or says why the test is skipped. In CI a reader that is not there is a failure.
fn run(program: &str, arguments: &[&str]) -> Option<Output> {
    let output = Command::new(program).args(arguments).output();
    let reason = match output {
        Ok(output) if output.status.success() => return Some(output),
        Ok(output) => {
            let message = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(
                message.contains("No module named"),
                "{program} could not read the log: {message}{}",
                String::from_utf8_lossy(&output.stdout)
            );
            message
        }
        Err(error) => error.to_string(),
    };
    let missing = format!(
        "{program} is not installed ({}); see tests/support/readers/python_evtx.py",
        reason.trim()
    );
    assert!(
        std::env::var_os("CI").is_none_or(|ci| ci != "true"),
        "{missing}"
    );
    eprintln!("skipped: {missing}");
    None
}

fn evtx_crate(path: &Path) -> Vec<Seen> {
    let settings = evtx::ParserSettings::new()
        .num_threads(1)
        .indent(false)
        .validate_checksums(true);
    let mut parser = evtx::EvtxParser::from_path(path)
        .expect("a log")
        .with_configuration(settings);
    assert!(
        parser.header().validate_checksum(),
        "the file header's checksum is wrong"
    );
    parser
        .records()
        .map(|record| from_xml(&record.expect("a record").data))
        .collect()
}

#[test]
fn try_out() {
    let dir = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let one = [
        kerberos_event4(
            "SRV1.alpha.example.com",
            "srv1$",
            "ALPHA.EXAMPLE.COM",
            "host/srv2.beta.example.com",
            "BETA.EXAMPLE.COM",
        ),
        kerberos_event5("PC01.example.corp", "pc01$", "EXAMPLE.CORP")
            .at("2019-03-18T10:28:20Z")
            .record_id(26470),
        netlogon("DC1", 5722, &["SRV3", "SRV3$", "%%5"], 0xc0000022).at("2026-10-06T12:00:00.1234567Z"),
        event_log("DC1", 6011, &["OLD", "NEW"]),
        event_log("DC1", 6005, &[]),
        user_pnp_20001(
            "SRV1",
            "netrndis.inf",
            r"USB\VID_04B3&PID_4010\5&<x>",
            "IBM USB Remote NDIS Network Device",
        ),
        user_pnp_20001("SRV1", "netrndis.inf", r"USB\VID_04B3&PID_4010\5", "IBM USB")
            .layout(Layout::ManifestWindows7),
        lsasrv_6037("SRV1", r"C:\Windows\x.exe", "host/srv2"),
        dns_client_8015("SRV1", "srv1", "alpha.example.com", &["192.0.2.1", "169.254.95.120"]),
        service_state("SRV1", "Žluťoučký 🐎", ""),
    ];
    std::fs::write(dir.join("one.evtx"), EvtxWriter::new().events(one.clone()).finish()).unwrap();
    let fwd = one.map(|e| e.forwarded("A message\r\nwith lines & <things>"));
    std::fs::write(dir.join("fwd.evtx"), EvtxWriter::new().events(fwd).finish()).unwrap();
}
