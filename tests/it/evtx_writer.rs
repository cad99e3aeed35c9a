//! The tables, checksums, layouts and faults that the test writer makes. `evtx_writer_readers` has other readers read its
//! records.

use std::sync::Arc;

use crate::support::evtx::*;
use evtx::binxml::value_variant::BinXmlValue;
use evtx::{EvtxChunkData, EvtxParser, ParserSettings};

fn event4() -> Event {
    kerberos_event4(
        "SRV1.alpha.example.com",
        "srv1$",
        "ALPHA.EXAMPLE.COM",
        "host/srv2.beta.example.com",
        "BETA.EXAMPLE.COM",
    )
}

/// The records that the crate reads: record ID and XML, or the text of the error.
fn read(log: Vec<u8>, settings: ParserSettings) -> Vec<Result<(u64, String), String>> {
    let mut parser = EvtxParser::from_buffer(log).expect("a log").with_configuration(settings.num_threads(1));
    parser.records().map(|r| r.map(|r| (r.event_record_id, r.data)).map_err(|e| e.to_string())).collect()
}

fn ids(log: Vec<u8>, settings: ParserSettings) -> Vec<u64> {
    read(log, settings).into_iter().map(|r| r.expect("a record").0).collect()
}

fn u32_at(chunk: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(chunk[at..at + 4].try_into().expect("four bytes"))
}

fn contains(haystack: &[u8], needle: &str) -> bool {
    let needle: Vec<u8> = needle.encode_utf16().flat_map(u16::to_le_bytes).collect();
    haystack.windows(needle.len()).any(|w| w == needle)
}

/// Thousands of records with more templates than the table has buckets.
fn long_log() -> Vec<u8> {
    let mut writer = EvtxWriter::new();
    for i in 0..2000 {
        writer.push(&service_state(&format!("SRV{}.alpha.example.com", i % 40), "Windows Time", "running"));
    }
    writer.finish()
}

fn chunks(log: &[u8]) -> impl Iterator<Item = &[u8]> {
    log[FILE_HEADER..].chunks(CHUNK)
}

#[test]
fn classic_event_has_twenty_values_of_the_types_of_the_real_event_5() {
    let log = EvtxWriter::new().event(event4().record_id(26470)).finish();
    let mut chunk = EvtxChunkData::new(log[FILE_HEADER..].to_vec(), true).expect("a chunk");
    let mut chunk = chunk.parse(Arc::new(ParserSettings::new())).expect("tables");
    let record = chunk.iter().next().expect("one record").expect("a sound one");
    let instances = record.template_instances().expect("templates");
    assert_eq!(instances.len(), 1);
    let values = &instances[0].values;
    assert_eq!(values.len(), 20);
    use BinXmlValue::*;
    assert!(matches!(values[0], UInt8Type(2)));
    assert!(matches!(values[1], UInt8Type(0)));
    assert!(matches!(values[2], UInt16Type(0)));
    assert!(matches!(values[3], UInt16Type(4)));
    assert!(matches!(values[4], UInt16Type(16384)));
    assert!(matches!(values[5], HexInt64Type(0x0080_0000_0000_0000)));
    assert!(matches!(values[6], FileTimeType(_)));
    assert!(matches!(values[7], NullType));
    assert!(matches!(values[8], UInt32Type(0)));
    assert!(matches!(values[9], UInt32Type(0)));
    assert!(matches!(values[10], UInt64Type(26470)));
    assert!(matches!(values[11], UInt8Type(0)));
    assert!(values[12..19].iter().all(|v| matches!(v, NullType)));
    assert!(matches!(values[19], BinXmlType(_)));
}

#[test]
fn manifest_event_names_its_provider_in_value_14() {
    let event = lsasrv_6037("SRV1.alpha.example.com", "wmiprvse.exe", "host/srv2.beta.example.com");
    let log = EvtxWriter::new().event(event).finish();
    let mut chunk = EvtxChunkData::new(log[FILE_HEADER..].to_vec(), true).expect("a chunk");
    let mut chunk = chunk.parse(Arc::new(ParserSettings::new())).expect("tables");
    let record = chunk.iter().next().expect("one record").expect("a sound one");
    let values = &record.template_instances().expect("templates")[0].values;
    assert_eq!(values.len(), 18);
    assert!(matches!(&values[14], BinXmlValue::StringType(s) if s.to_string().is_ok_and(|s| s == "LsaSrv")));
    assert!(matches!(&values[16], BinXmlValue::StringType(s) if s.to_string().is_ok_and(|s| s == "System")));
}

#[test]
fn provider_channel_and_computer_of_a_classic_event_are_once_in_a_chunk() {
    let log = EvtxWriter::new().events((0..20).map(|_| event4())).finish();
    for literal in ["Microsoft-Windows-Security-Kerberos", "SRV1.alpha.example.com", "EventSourceName"] {
        let needle: Vec<u8> = literal.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(log.windows(needle.len()).filter(|w| *w == needle).count(), 1, "{literal}");
    }
}

#[test]
fn forwarded_event_has_no_template_and_keeps_system_values_as_text() {
    let log =
        EvtxWriter::new().event(event4().forwarded("The Kerberos client received").record_id(77)).finish();
    let chunk = &log[FILE_HEADER..];
    assert_eq!(chunk[512 + 28], 0x41, "an element, not a template instance, begins the record");
    assert!(contains(chunk, "77") && contains(chunk, "RenderingInfo"));
    let records = read(log, ParserSettings::new().indent(false));
    let (_, xml) = records[0].as_ref().expect("a record");
    assert!(xml.contains("<EventID Qualifiers=\"16384\">4</EventID>"), "{xml}");
    assert!(xml.contains("<RenderingInfo Culture=\"en-US\"><Message>The Kerberos client"), "{xml}");
}

#[test]
fn every_name_and_template_is_in_its_bucket() {
    let hash = |units: &[u8]| {
        units.chunks_exact(2).fold(0u32, |h, u| {
            h.wrapping_mul(65599).wrapping_add(u32::from(u16::from_le_bytes([u[0], u[1]])))
        })
    };
    let log = long_log();
    // The last chunk is not full and has fewer.
    for chunk in chunks(&log).take(5) {
        let mut names = 0;
        for bucket in 0..64 {
            let mut at = u32_at(chunk, 128 + 4 * bucket as usize) as usize;
            while at != 0 {
                let len = 2 * usize::from(u16::from_le_bytes([chunk[at + 6], chunk[at + 7]]));
                let hash = hash(&chunk[at + 8..at + 8 + len]);
                assert_eq!(hash % 64, bucket);
                assert_eq!(hash as u16, u16::from_le_bytes([chunk[at + 4], chunk[at + 5]]));
                assert_eq!(chunk[at + 8 + len..at + 10 + len], [0, 0]);
                names += 1;
                at = u32_at(chunk, at) as usize;
            }
        }
        // Event, xmlns, System, Provider, Name, Guid, EventSourceName, EventID, Qualifiers, Version, Level,
        // Task, Opcode, Keywords, TimeCreated, SystemTime, EventRecordID, Correlation, its two, Execution, its
        // two, Channel, Computer, Security, UserID, EventData, Data, Binary.
        assert_eq!(names, 30);
        let mut templates = 0;
        for bucket in 0..32 {
            let mut at = u32_at(chunk, 384 + 4 * bucket as usize) as usize;
            while at != 0 {
                assert_eq!(hash(&chunk[at + 4..at + 20]) % 32, bucket);
                templates += 1;
                at = u32_at(chunk, at) as usize;
            }
        }
        assert_eq!(templates, 41, "40 computers and one EventData");
    }
}

#[test]
fn chunks_follow_one_another_and_every_record_is_kept() {
    let log = long_log();
    assert!(chunks(&log).count() > 5);
    let mut next = 1;
    for chunk in chunks(&log) {
        assert_eq!(u64::from(u32_at(chunk, 8)), next);
        assert_eq!(u32_at(chunk, 8), u32_at(chunk, 24));
        next = u64::from(u32_at(chunk, 16)) + 1;
        assert!(u32_at(chunk, 48) < CHUNK as u32);
    }
    let settings = ParserSettings::new().validate_checksums(true);
    assert_eq!(ids(log, settings), (1..=2000).collect::<Vec<u64>>());
}

#[test]
fn renumbered_headers_keep_the_event_record_id() {
    let log = EvtxWriter::new().renumbered().event(event4().record_id(433_350)).finish();
    let records = read(log, ParserSettings::new());
    let (id, xml) = records[0].as_ref().expect("a record");
    assert_eq!(*id, 1);
    assert!(xml.contains("<EventRecordID>433350</EventRecordID>"));
}

#[test]
fn record_header_may_have_another_time() {
    let mut event = event4().at("2026-10-06T21:13:09Z");
    event.written = Some(filetime("2026-10-07T00:00:00Z"));
    let log = EvtxWriter::new().event(event).finish();
    let at = FILE_HEADER + 512 + 16;
    let written = u64::from_le_bytes(log[at..at + 8].try_into().expect("eight bytes"));
    assert_eq!(written, filetime("2026-10-07T00:00:00Z"));
    assert!(
        read(log, ParserSettings::new())[0].as_ref().expect("a record").1.contains("2026-10-06T21:13:09")
    );
}

#[test]
fn wrong_checksums_are_wrong_and_the_others_right() {
    let log = |damage: &[Damage]| {
        let mut writer = EvtxWriter::new().event(event4()).next_chunk().event(event4());
        for damage in damage {
            writer = writer.damage(*damage);
        }
        writer.finish()
    };
    let sound = |log: &[u8]| -> (bool, Vec<(bool, bool)>) {
        let header = evtx::EvtxFileHeader::from_bytes(log).expect("a header");
        let chunks = chunks(log).map(|c| {
            let chunk = EvtxChunkData::new(c.to_vec(), false).expect("a chunk");
            (chunk.validate_header_checksum(), chunk.validate_data_checksum())
        });
        (header.validate_checksum(), chunks.collect())
    };
    assert_eq!(sound(&log(&[])), (true, vec![(true, true), (true, true)]));
    assert_eq!(sound(&log(&[Damage::FileHeader])), (false, vec![(true, true), (true, true)]));
    assert_eq!(sound(&log(&[Damage::ChunkHeader(1)])), (true, vec![(true, true), (false, true)]));
    assert_eq!(sound(&log(&[Damage::Records(0)])), (true, vec![(true, false), (true, true)]));
}

#[test]
fn dirty_header_has_old_counts_of_chunks() {
    let log = EvtxWriter::new().dirty().event(event4()).next_chunk().event(event4()).finish();
    let header = evtx::EvtxFileHeader::from_bytes(&log).expect("a header");
    assert_eq!((header.chunk_count, header.last_chunk_number), (1, 0));
    assert!(header.flags.contains(evtx::HeaderFlags::DIRTY) && header.validate_checksum());
    assert_eq!(log.len(), FILE_HEADER + 2 * CHUNK);
}

#[test]
fn file_may_lack_its_header_and_end_in_junk() {
    let log = EvtxWriter::new().no_file_header().event(event4()).junk(b"junk").finish();
    assert_eq!(&log[..8], b"ElfChnk\0");
    assert_eq!(&log[CHUNK..], b"junk");
}

#[test]
fn zero_chunk_is_between_others() {
    let log = EvtxWriter::new().event(event4()).zero_chunk().event(event4()).finish();
    let slots: Vec<&[u8]> = chunks(&log).collect();
    assert_eq!(slots.len(), 3);
    assert!(slots[1].iter().all(|&b| b == 0));
    assert_eq!(ids(log, ParserSettings::new()), [1, 2]);
}

#[test]
fn stale_record_is_found_by_carving_alone() {
    let stale = kerberos_event4(
        "OLD.alpha.example.com",
        "old$",
        "ALPHA.EXAMPLE.COM",
        "cifs/new",
        "ALPHA.EXAMPLE.COM",
    );
    let log =
        || EvtxWriter::new().event(event4()).stale(stale.clone().record_id(900)).event(event4()).finish();
    assert_eq!(ids(log(), ParserSettings::new().validate_checksums(true)), [1, 2]);
    let carved = read(log(), ParserSettings::new().recover_records(true));
    assert_eq!(carved.len(), 3);
    assert!(carved.iter().flatten().any(|(id, xml)| *id == 900 && xml.contains("OLD.alpha.example.com")));
}

#[test]
fn log_without_events_is_one_empty_chunk() {
    let log = EvtxWriter::new().finish();
    assert_eq!(log.len(), FILE_HEADER + CHUNK);
    assert!(ids(log, ParserSettings::new().validate_checksums(true)).is_empty());
}

#[test]
#[should_panic(expected = "longer than a chunk")]
fn event_longer_than_a_chunk_is_refused() {
    EvtxWriter::new().event(event4().named([("Server", "x".repeat(40_000))]));
}

#[test]
fn same_events_make_the_same_bytes() {
    assert!(long_log() == long_log());
}
