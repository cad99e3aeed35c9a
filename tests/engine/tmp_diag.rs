use crate::support::*;
use krbtriage::chunks::header::Header;
use krbtriage::records::{
    Problems,
    chunk::Chunk,
    decode::{Decoded, Decoder},
    full::{FullReader, Pick},
    gate::Gate,
};
#[test]
fn diag() {
    let mut m = std::collections::BTreeMap::new();
    for path in real_logs().unwrap_or_default() {
        let bytes = std::fs::read(&path).unwrap();
        let (mut gate, mut decoder, mut full) = (Gate::default(), Decoder::default(), FullReader::default());
        for chunk in bytes[4096..].chunks(65536) {
            if !chunk.starts_with(b"ElfChnk\0") {
                continue;
            }
            let header = Header::parse(chunk).unwrap();
            let walk = gate.walk(chunk, &header, &everything());
            if !walk.clean {
                continue;
            }
            decoder.start_chunk();
            for passed in &gate.passed {
                let (start, end) = (passed.at as usize + 24, passed.end as usize - 4);
                if let Decoded::Odd = decoder.record(chunk, start, end, &everything()) {
                    full.read(
                        Chunk { bytes: chunk, at: 0 },
                        Pick::At(&[passed.at], walk.end, walk.last_id),
                        &everything(),
                        &mut Problems::default(),
                        |r| {
                            m.entry((r.provider.to_string(), r.event_id))
                                .or_insert((
                                    0,
                                    format!(
                                        "python3 /tmp/dump.py {} {:#x} {:#x}",
                                        path.display(),
                                        chunk.as_ptr() as usize - bytes.as_ptr() as usize,
                                        passed.at
                                    ),
                                ))
                                .0 += 1;
                        },
                    );
                }
            }
        }
    }
    let mut v: Vec<_> = m.into_iter().collect();
    v.sort_by_key(|x| std::cmp::Reverse(x.1.0));
    for x in v.iter().take(25) {
        println!("{:?}", x);
    }
}
