//! TemplateCache that stand elsewhere in each chunk, and records that say again what others said: read from what is
//! remembered, and the same as the full decode.

use std::sync::Arc;

use krbtriage::records::Record;
use krbtriage::scan::ScanOptions;
use krbtriage::zone::Zone;

use super::full_decode::full_decode_of;
use super::support::{Random, event, everything, read_bytes, rounds};
use crate::support::evtx::{EvtxWriter, kerberos_event3, kerberos_event4};

const ONE: ScanOptions = ScanOptions { threads: 1, recover: false, zone: Zone::UTC };

/// Chunks in each of which the events come in another order: so every definition stands elsewhere, and names stand first
/// in another one.
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
fn what_is_remembered_from_other_chunks_is_the_full_decode() {
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
fn a_triage_sees_the_same_with_what_is_remembered() {
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

/// What the speed of a storm rests on.
#[test]
fn records_that_say_the_same_share_what_they_say() {
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
    // Where the same is written in another shape (a definition with other names in it), it is decoded once more.
    assert!(different.len() * 3 < kerberos.len(), "{} of {} are decoded", different.len(), kerberos.len());
}
