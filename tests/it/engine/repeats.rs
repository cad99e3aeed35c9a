//! Templates at another offset in each chunk, and records with equal contents: the caches give the records of the full
//! decode.

use std::sync::Arc;

use krbtriage::chunks::header::ChunkHeader;
use krbtriage::events;
use krbtriage::records::Record;
use krbtriage::records::decode::Decoder;
use krbtriage::records::gate::Gate;
use krbtriage::scan::ScanOptions;
use krbtriage::zone::Zone;

use super::full_decode::full_decode_of;
use super::support::{Random, event, everything, read_bytes, rounds};
use crate::support::evtx::{EvtxWriter, kerberos_event3, kerberos_event4};

const ONE: ScanOptions = ScanOptions { threads: 1, recover: false, zone: Zone::UTC };

/// A log with another order of events in each chunk, so that definitions and names have other offsets.
fn shuffled_log(random: &mut Random, chunks: usize) -> Vec<u8> {
    let computers = ["SRV1.alpha.example.com", "SRV2.alpha.example.com"];
    let targets = ["host/srv7", "host/srv8", "HTTP/srv7.beta.example.com", ""];
    let mut writer = EvtxWriter::new();
    for chunk in 0..chunks {
        if chunk > 0 {
            writer = writer.next_chunk();
        }
        for n in 0..60 {
            let (computer, target) = (computers[random.below(2)], targets[random.below(4)]);
            let event = match random.below(4) {
                0 => kerberos_event4(computer, "srv1$", "ALPHA.EXAMPLE.COM", target, "ALPHA.EXAMPLE.COM"),
                1 => {
                    let code = ["0x29", "0x19", "0xd"][random.below(3)];
                    kerberos_event3(computer, code, "", "ALPHA.EXAMPLE.COM", "srv1$", target)
                }
                _ => event(random.below(10)),
            };
            writer.push(&event.at(&format!(
                "2026-03-01T{:02}:{:02}:{n:02}.5Z",
                chunk % 24,
                random.below(60)
            )));
        }
    }
    writer.finish()
}

#[test]
fn templates_of_other_chunks_give_the_full_decode() {
    let mut random = Random(0x5eed_0a11);
    for _ in 0..rounds(8) {
        let log = shuffled_log(&mut random, 12);
        let (mut found, report) = read_bytes(&log, &everything(), &ONE);
        found.sort_by_key(|r| (r.record_id, r.time));
        assert!(report.read_errors.is_empty(), "{:?}", report.read_errors);
        assert_eq!(found, full_decode_of(log));
    }
}

#[test]
fn a_triage_gets_the_same_records_from_the_caches() {
    let mut random = Random(0x5eed_0a12);
    let selection = krbtriage::events::selection();
    for _ in 0..rounds(8) {
        let log = shuffled_log(&mut random, 12);
        let (mut found, _) = read_bytes(&log, &selection, &ONE);
        found.sort_by_key(|r| (r.record_id, r.time));
        let mut expected = full_decode_of(log);
        expected.retain(|record| selection.accepts_record(record));
        assert!(expected.iter().any(|r| r.event_id == 3), "event 3 with 0x29 is in it");
        assert_eq!(found, expected);
    }
}

/// The speed of a storm depends on it.
#[test]
fn records_with_equal_contents_share_them() {
    let log = shuffled_log(&mut Random(0x5eed_0a13), 12);
    let (found, _) = read_bytes(&log, &everything(), &ONE);
    let kerberos: Vec<&Record> = found.iter().filter(|r| r.event_id == 4 && !r.data.is_empty()).collect();
    let mut different: Vec<&Record> = Vec::new();
    for record in &kerberos {
        if !different.iter().any(|other| Arc::ptr_eq(&other.content, &record.content)) {
            different.push(record);
        }
    }
    assert!(kerberos.len() > 100, "{}", kerberos.len());
    // Equal contents with another definition are decoded once more.
    assert!(different.len() * 3 < kerberos.len(), "{} of {} are decoded", different.len(), kerberos.len());
}

/// A decoder without caches rejects the same records.
#[test]
fn a_repetition_of_a_rejected_record_is_rejected_by_the_full_look() {
    let selection = events::selection();
    let (mut repeated, mut random) = (0, Random(0x4e9));
    for round in 0..rounds(120) {
        let mut writer = EvtxWriter::new();
        for n in 0..60 {
            let code = ["0x19", "0x19", "0x7", "0x29"][random.below(4)];
            let realm = ["ALPHA.EXAMPLE.COM", "BETA.EXAMPLE.COM"][random.below(2)];
            let target = "krbtgt/ALPHA.EXAMPLE.COM";
            let event = kerberos_event3("client1.alpha.example.com", code, "", realm, target, target);
            writer.push(&event.at(&format!("2026-03-01T10:00:{n:02}.0000000Z")));
        }
        let mut chunk = writer.finish()[4096..4096 + 65536].to_vec();
        // The first record is undamaged, because it has the definitions.
        for _ in 0..if round % 3 == 0 { 0 } else { random.below(60) } {
            let at = 4096 + random.below(24_000);
            match random.below(3) {
                0 => chunk[at] ^= 1 << random.below(8),
                1 => chunk[at] = random.below(256) as u8,
                _ => chunk.copy_within(at - 600..at - 560, at),
            }
        }
        let (mut gate, mut fast, mut slow) = (Gate::default(), Decoder::default(), Decoder::default());
        gate.walk(&chunk, &ChunkHeader::parse(&chunk).unwrap(), &selection);
        fast.start_chunk();
        for candidate in &gate.candidates {
            slow.start_chunk();
            let expected = format!("{:?}", slow.record(&chunk, *candidate, &selection));
            let found = format!("{:?}", fast.record(&chunk, *candidate, &selection));
            assert_eq!(found, expected, "round {round}: {candidate:?}");
            repeated += usize::from(found == "NotWanted");
        }
    }
    assert!(repeated > 1_000, "{repeated}");
}
