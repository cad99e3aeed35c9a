//! Readers that share no code with the test writer read its logs: the `evtx` crate, `evtxexport` and `python-evtx`.
//! `.ci/setup` installs the latter two, and `.ci/check` runs their tests.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::evtx::{CHUNK, Event, EvtxWriter, FILE_HEADER, Payload};
use crate::support::readers::corpus::{corpus, forwarded_corpus};
use crate::support::readers::read_event::{ReadEvent, expected, from_json, from_xml};

/// The least number of chunks of the corpus, so that the tables of later chunks are tested.
const CHUNKS: usize = 5;

fn written(name: &str, events: &[Event]) -> PathBuf {
    let log = EvtxWriter::new().events(events.iter().cloned()).finish();
    let chunks = (log.len() - FILE_HEADER) / CHUNK;
    assert!(chunks >= CHUNKS, "{chunks} chunks are too few to prove anything");
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, log).expect("the temporary folder can be written");
    path
}

fn compare(reader: &str, events: &[Event], read: Vec<ReadEvent>) {
    assert_eq!(read.len(), events.len(), "{reader} read another number of records");
    for (i, (event, read)) in events.iter().zip(read).enumerate() {
        let expected = expected(event, i as u64 + 1);
        assert_eq!(read, expected, "{reader}, record {}", i + 1);
    }
}

/// Runs a reader and returns its output.
fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let output = output.unwrap_or_else(|error| panic!("{program} does not start: {error}"));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(output.status.success(), "{program} fails: {text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

fn evtx_crate(path: &Path) -> Vec<ReadEvent> {
    let settings = evtx::ParserSettings::new().num_threads(1).indent(false).validate_checksums(true);
    let mut parser = evtx::EvtxParser::from_path(path).expect("a log").with_configuration(settings);
    assert!(parser.header().validate_checksum(), "the file header's checksum is wrong");
    parser.records().map(|record| from_xml(&record.expect("a record").data)).collect()
}

#[test]
fn the_evtx_crate_reads_what_was_written() {
    let events = corpus("🐎");
    compare("evtx", &events, evtx_crate(&written("crate.evtx", &events)));
}

#[test]
fn the_evtx_crate_reads_forwarded_records() {
    // Not evtxexport 20181227 and python-evtx 0.8.1: they read no record without a template, also none of a real collector
    // ("unsupported type: 0x05", "NullTypeNode").
    let events = forwarded_corpus();
    compare("evtx", &events, evtx_crate(&written("forwarded.evtx", &events)));
}

#[test]
#[ignore = "needs evtxexport (.ci/setup)"]
fn evtxexport_reads_what_was_written() {
    // evtxexport prints other characters for those outside the BMP. The other two readers check them.
    let events = corpus("é");
    let path = written("evtxexport.evtx", &events);
    let text = run("evtxexport", &["-f", "xml", path.to_str().expect("UTF-8")]);
    let read = text
        .split_inclusive("</Event>")
        .filter_map(|part| part.find("<Event ").map(|at| from_xml(&part[at..])))
        .collect();
    compare("evtxexport", &events, read);
}

#[test]
#[ignore = "needs python-evtx (.ci/setup)"]
fn python_evtx_reads_what_was_written() {
    // python-evtx reads 130 records a second. 2,000 have every layout and a dozen chunks.
    let mut events = corpus("🐎");
    events.truncate(2000);
    // It moves the empty strings of an array. The other two readers check those.
    for event in &mut events {
        if let Payload::Strings { strings, .. } = &mut event.payload {
            strings.retain(|s| !s.is_empty());
        }
    }
    let path = written("python.evtx", &events);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/support/readers/python_evtx.py");
    let text = run("python3", &[script, path.to_str().expect("UTF-8")]);
    let read: Vec<ReadEvent> = text.lines().map(from_json).collect();
    // It keeps times as floating point seconds and loses some microseconds.
    let read = read.into_iter().zip(&events).map(|(mut read, event)| {
        if read.time.abs_diff(event.time) <= 50 {
            read.time = event.time;
        }
        read
    });
    compare("python-evtx", &events, read.collect());
}
