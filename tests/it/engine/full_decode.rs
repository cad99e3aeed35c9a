//! The gate and the decoder find exactly the records that the `evtx` crate finds by decoding everything.

use std::collections::BTreeSet;
use std::path::Path;

use evtx::{EvtxParser, ParserSettings};
use krbtriage::chunks::header::ChunkHeader;
use krbtriage::records::decode::{DecodeResult, Decoder};
use krbtriage::records::gate::Gate;
use krbtriage::records::{EventFilter, Record, RecordOrigin, Selection, xml};

use super::support::{everything, read_path};
use crate::support::data::real_logs;

/// Every record of a log, read by the crate alone. A chunk that it refuses is read again with an empty name table, because
/// the crate then reads names where they are used.
fn full_decode(path: &Path) -> Vec<Record> {
    full_decode_of(std::fs::read(path).unwrap())
}

pub fn full_decode_of(log: Vec<u8>) -> Vec<Record> {
    let mut parser = EvtxParser::from_buffer(log)
        .unwrap()
        .with_configuration(ParserSettings::new().indent(false).num_threads(1));
    let mut records = Vec::new();
    for record in parser.records() {
        let Ok(record) = record else { continue };
        // Zeros without a time and a provider are not records.
        if let Ok(record) = xml::parse_event(&record.data) {
            records.push(record);
        }
    }
    records.sort_by_key(|r| (r.record_id, r.time));
    records
}

#[test]
fn a_scan_for_everything_is_the_full_decode() {
    let mut all = 0;
    let mut for_an_account = 0;
    for path in real_logs() {
        let expected = full_decode(&path);
        all += expected.len();
        let (mut found, report) = read_path(&path, &everything());
        found.sort_by_key(|r| (r.record_id, r.time));
        assert_eq!(found.len(), expected.len(), "{path:?} {report:?}");
        for (found, expected) in found.iter().zip(&expected) {
            assert_eq!(found, expected, "{path:?}");
            for_an_account += usize::from(found.user_id.starts_with("S-1-"));
        }
        println!(
            "{}: {} records, {} chunks, {} bad checksums, {:?}",
            path.display(),
            report.records,
            report.chunks,
            report.bad_checksums,
            report.read_errors
        );
    }
    // There were records to compare.
    assert!(all > 12_000, "{all} records");
    assert!(for_an_account > 100, "{for_an_account} records with Security/@UserID");
}

#[test]
fn every_provider_and_event_id_alone_is_the_full_decode() {
    for path in real_logs() {
        let all = full_decode(&path);
        let pairs: BTreeSet<_> = all.iter().map(|r| (&*r.provider, r.event_id)).collect();
        for (provider, id) in pairs {
            let selection = Selection::new(vec![EventFilter {
                providers: vec![provider.to_string()],
                event_ids: vec![id],
            }]);
            let (mut found, _) = read_path(&path, &selection);
            found.sort_by_key(|r| (r.record_id, r.time));
            let expected: Vec<_> =
                all.iter().filter(|r| selection.accepts(&r.provider, r.event_id)).collect();
            assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{provider} {id} in {path:?}");
        }
    }
}

#[test]
fn records_in_slack_are_read_on_request_and_marked() {
    for path in real_logs() {
        let (inputs, _) = krbtriage::files::find(std::slice::from_ref(&path));
        let options = krbtriage::scan::ScanOptions { recover: true, ..Default::default() };
        let (live, _) = read_path(&path, &everything());
        let (all, _) = super::support::read(&inputs, &everything(), &options);
        let slack: Vec<_> = all.iter().filter(|r| r.origin == RecordOrigin::Slack).collect();
        assert!(all.len() - slack.len() >= live.len(), "{path:?}");
        println!("{}: {} live, {} in slack", path.display(), live.len(), slack.len());
        if path.ends_with("kerberos-event5-in-slack.evtx") {
            println!("{slack:#?}");
            let found: Vec<_> =
                slack.iter().filter(|r| &*r.provider == "Microsoft-Windows-Security-Kerberos").collect();
            let [event] = &found[..] else { panic!("{found:?}") };
            assert_eq!((event.event_id, event.record_id), (5, 26470));
            assert_eq!(event.value("Server"), Some("pc01$"));
            assert_eq!(event.value("KDCRealm"), Some("EXAMPLE.CORP"));
            assert_eq!(event.time.to_string(), "2019-03-18T10:28:20Z");
        }
    }
}

/// The crate takes some 30 µs for a chunk of which one record is wanted, so few records may need it.
#[test]
fn few_records_need_the_crate() {
    let (mut all, mut odd) = (0, 0);
    for path in real_logs() {
        let bytes = std::fs::read(&path).unwrap();
        let (mut gate, mut decoder) = (Gate::default(), Decoder::default());
        let before = (all, odd);
        for chunk in bytes[4096..].chunks(65536) {
            if !chunk.starts_with(b"ElfChnk\0") {
                continue;
            }
            let header = ChunkHeader::parse(chunk).unwrap();
            let walk = gate.walk(chunk, &header, &everything());
            if !walk.clean {
                continue;
            }
            decoder.start_chunk();
            for candidate in &gate.candidates {
                all += 1;
                if let DecodeResult::Unsupported = decoder.record(chunk, *candidate, &everything()) {
                    odd += 1;
                }
            }
        }
        println!("{}: {} of {} odd", path.display(), odd - before.1, all - before.0);
    }
    assert!(odd * 50 <= all, "{odd} of {all} records are not in the usual shape");
}
