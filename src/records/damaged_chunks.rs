//! Gives tests the chunks of real logs, intact and damaged, to compare a fast path with a slow one.

use crate::chunks::header::ChunkHeader;
use crate::chunks::{CHUNK_HEADER_LEN, CHUNK_LEN, CHUNK_MAGIC, FILE_HEADER_LEN};

/// A linear congruential generator, so that every run has the same chunks.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }
}

/// Passes chunks of the logs in `tests/data/evtx` to `check`, then `rounds` damaged copies of each. In a copy some bytes are
/// changed, copied or zeroed. Every second copy has right checksums.
pub(crate) fn each_chunk(rounds: usize, mut check: impl FnMut(&[u8])) {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/evtx");
    let (mut random, mut chunks) = (Random(0x5ca9), 0);
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if !path.to_string_lossy().ends_with(".evtx.zst") {
            continue;
        }
        let log = zstd::decode_all(std::fs::File::open(&path).unwrap()).unwrap();
        let found = log[FILE_HEADER_LEN..].chunks_exact(CHUNK_LEN).filter(|c| c.starts_with(CHUNK_MAGIC));
        for chunk in found.take(4) {
            chunks += 1;
            check(chunk);
            for round in 0..rounds {
                let mut damaged = chunk.to_vec();
                for _ in 0..1 + random.below(30) {
                    damage(&mut damaged, &mut random);
                }
                if round % 2 == 0 {
                    correct_checksums(&mut damaged);
                }
                check(&damaged);
            }
        }
    }
    assert!(chunks > 10, "{chunks}");
}

fn damage(chunk: &mut [u8], random: &mut Random) {
    let at = CHUNK_HEADER_LEN + random.below(CHUNK_LEN - CHUNK_HEADER_LEN - 64);
    let from = CHUNK_HEADER_LEN + random.below(CHUNK_LEN - CHUNK_HEADER_LEN - 64);
    match random.below(4) {
        0 => chunk[at] ^= 1 << random.below(8),
        1 => chunk[at] = random.below(256) as u8,
        2 => chunk[at..at + 1 + random.below(60)].fill(0),
        _ => chunk.copy_within(from..from + 1 + random.below(60), at),
    }
}

fn correct_checksums(chunk: &mut [u8]) {
    let end = ChunkHeader::parse(chunk).unwrap().live_end(chunk);
    let records = crc32fast::hash(&chunk[CHUNK_HEADER_LEN..end]);
    chunk[52..56].copy_from_slice(&records.to_le_bytes());
    let header = crc32fast::hash(&[&chunk[..120], &chunk[128..CHUNK_HEADER_LEN]].concat());
    chunk[124..128].copy_from_slice(&header.to_le_bytes());
}
