use super::*;
use crate::records::EventFilter;
use crate::records::binxml::{FRAGMENT, MORE, OPEN};
use crate::records::damaged_chunks::each_chunk;
use crate::records::decode::{DecodeResult, Decoder};

/// [`Gate::rejects`] is the fast path of [`Gate::check_closely`].
#[test]
fn what_is_rejected_at_a_glance_is_rejected_by_a_closer_look() {
    let selection = Selection::new(vec![EventFilter {
        providers: vec!["Service Control Manager".into(), "Microsoft-Windows-DistributedCOM".into()],
        event_ids: vec![7036, 10_016, 10_028],
    }]);
    let (mut gate, mut rejected, mut taken) = (Gate::default(), 0, 0);
    each_chunk(40, |chunk| {
        let header = ChunkHeader::parse(chunk).unwrap();
        gate.walk(chunk, &header, &selection);
        taken += gate.candidates.len();
        let mut at = CHUNK_HEADER_LEN;
        while let Some(record) = RecordHeader::at(chunk, at) {
            let end = at + record.size;
            if end <= chunk.len() && gate.rejects(chunk, at + RECORD_HEADER, end, &selection) {
                gate.candidates.clear();
                gate.check_closely(chunk, at, record.size, &selection);
                assert_eq!(gate.candidates, [], "at {at}");
                rejected += 1;
            }
            at = end;
        }
    });
    assert!(rejected > 1_000 && taken > 100, "{rejected} {taken}");
}
/// [`inline_event_id`] is the fast path of the decoder for records without a template.
#[test]
fn a_record_without_a_template_that_is_rejected_is_not_wanted() {
    let filter = |providers: &[&str], event_ids: Vec<u16>| EventFilter {
        providers: providers.iter().map(ToString::to_string).collect(),
        event_ids,
    };
    let (even, odd) = (0..u16::MAX).partition(|id| id % 2 == 0);
    let selection = Selection::new(vec![filter(&[], even), filter(&["Service Control Manager"], odd)]);
    let (mut gate, mut decoder, mut rejected, mut taken) = (Gate::default(), Decoder::default(), 0, 0);
    each_chunk(300, |chunk| {
        let header = ChunkHeader::parse(chunk).unwrap();
        gate.walk(chunk, &header, &selection);
        decoder.start_chunk();
        let mut at = CHUNK_HEADER_LEN;
        while let Some(record) = RecordHeader::at(chunk, at) {
            let end = at + record.size;
            if end <= chunk.len() && chunk[at + RECORD_HEADER + FRAGMENT.len()] & !MORE == OPEN {
                gate.candidates.clear();
                gate.check_closely(chunk, at, record.size, &selection);
                let all = Candidate { at: at as u32, end: end as u32, provider: ProviderCheck::Unknown };
                let decoded = decoder.record(chunk, all, &selection);
                match (gate.candidates.is_empty(), decoded) {
                    (true, DecodeResult::Wanted(record)) => panic!("at {at}: {record:?}"),
                    (true, DecodeResult::NotWanted | DecodeResult::Unsupported) => rejected += 1,
                    (false, _) => taken += 1,
                }
            }
            at = end;
        }
    });
    assert!(rejected > 150 && taken > 20, "{rejected} {taken}");
}
