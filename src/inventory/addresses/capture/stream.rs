//! Puts the segments of one direction of a TCP connection in order (RFC 9293 3.4). Drops retransmissions, keeps segments that
//! arrive early, and skips gaps.

use std::collections::BTreeMap;

use etherparse::TcpSlice;

/// Maximum number of early segments kept for a missing one. A longer gap was not captured.
const MAX_EARLY: usize = 64;
/// Maximum number of bytes of early segments kept for a missing one.
const MAX_EARLY_BYTES: usize = 256 * 1024;

/// The parts of a TCP segment that are needed to put it in order.
pub(super) struct Segment<'p> {
    pub sequence: u32,
    pub syn: bool,
    pub data: &'p [u8],
}

impl<'p> Segment<'p> {
    pub(super) fn new(tcp: &TcpSlice<'p>) -> Self {
        let header = tcp.header_slice().len();
        let data = tcp.slice().get(header..).unwrap_or_default();
        Segment { sequence: tcp.sequence_number(), syn: tcp.syn(), data }
    }
}

/// A direction of a TCP connection.
#[derive(Default)]
pub(super) struct Stream {
    /// Sequence number of the next byte; `None` before the first segment, which may be in the middle.
    next: Option<u32>,
    /// Ordered bytes that are not used yet.
    pub ready: Vec<u8>,
    /// Segments that arrived early, by their distance from `next`.
    early: BTreeMap<u32, Vec<u8>>,
    early_bytes: usize,
}

impl Stream {
    /// Returns the bytes that are kept in memory.
    pub(super) fn buffered_bytes(&self) -> usize {
        self.ready.len() + self.early_bytes
    }

    /// Adds a segment. Returns true if bytes before it are missing. The ready bytes were then incomplete and are dropped.
    pub(super) fn push(&mut self, segment: &Segment<'_>) -> bool {
        if segment.syn {
            *self = Stream { next: Some(segment.sequence.wrapping_add(1)), ..Stream::default() };
            return false;
        }
        if segment.data.is_empty() {
            return false;
        }
        let next = *self.next.get_or_insert(segment.sequence);
        let ahead = segment.sequence.wrapping_sub(next);
        // Sequence numbers wrap around (RFC 9293 3.4). Half of them are before `next`, half after it.
        if ahead > u32::MAX / 2 {
            let known = next.wrapping_sub(segment.sequence) as usize;
            if let Some(rest) = segment.data.get(known..) {
                self.append(next, rest);
            }
            return false;
        }
        if ahead == 0 {
            self.append(next, segment.data);
            return false;
        }
        self.early_bytes += segment.data.len();
        if let Some(old) = self.early.insert(segment.sequence, segment.data.to_vec()) {
            self.early_bytes -= old.len();
        }
        if self.early.len() <= MAX_EARLY && self.early_bytes <= MAX_EARLY_BYTES {
            return false;
        }
        self.skip_gap(next);
        true
    }

    /// Appends the bytes whose first has the number `next`, and the early segments that follow them.
    fn append(&mut self, next: u32, data: &[u8]) {
        self.ready.extend_from_slice(data);
        let mut next = next.wrapping_add(u32::try_from(data.len()).unwrap_or(u32::MAX));
        // Take the nearest early segment repeatedly. Each is checked when it is reached.
        while let Some(sequence) = self.nearest(next) {
            let ahead = sequence.wrapping_sub(next);
            if ahead != 0 && ahead <= u32::MAX / 2 {
                break;
            }
            let Some(data) = self.early.remove(&sequence) else {
                break;
            };
            self.early_bytes -= data.len();
            let known = next.wrapping_sub(sequence) as usize;
            if let Some(rest) = data.get(known..) {
                self.ready.extend_from_slice(rest);
                next = next.wrapping_add(u32::try_from(rest.len()).unwrap_or(u32::MAX));
            }
        }
        self.next = Some(next);
    }

    /// The early segment that comes first after `next`, or overlaps it.
    fn nearest(&self, next: u32) -> Option<u32> {
        self.early.keys().copied().min_by_key(|sequence| sequence.wrapping_sub(next).wrapping_add(1 << 31))
    }

    fn skip_gap(&mut self, next: u32) {
        self.ready.clear();
        if let Some(sequence) = self.nearest(next) {
            self.append(sequence, &[]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(segments: &[(u32, &str)]) -> String {
        let mut stream = Stream::default();
        for (sequence, data) in segments {
            stream.push(&Segment { sequence: *sequence, syn: false, data: data.as_bytes() });
        }
        assert_eq!(stream.early_bytes, stream.early.values().map(Vec::len).sum::<usize>());
        String::from_utf8(stream.ready).unwrap()
    }

    #[test]
    fn order_overlap_and_repetition() {
        assert_eq!(stream(&[(10, "abc"), (13, "def")]), "abcdef");
        assert_eq!(stream(&[(10, "abc"), (16, "ghi"), (13, "def")]), "abcdefghi");
        assert_eq!(stream(&[(10, "abc"), (10, "abc"), (11, "bcde")]), "abcde");
        assert_eq!(stream(&[(10, "a"), (14, "efg"), (12, "cde"), (11, "bc")]), "abcdefg");
    }

    #[test]
    fn numbers_wrap_around() {
        assert_eq!(stream(&[(u32::MAX - 1, "ab"), (2, "ef"), (0, "cd")]), "abcdef");
        assert_eq!(stream(&[(u32::MAX, "abc"), (0, "bcd")]), "abcd");
    }

    #[test]
    fn a_gap_is_given_up() {
        let mut all = Stream::default();
        all.push(&Segment { sequence: 0, syn: false, data: b"lost" });
        let mut gaps = 0;
        for i in 0..100u32 {
            gaps += u32::from(all.push(&Segment { sequence: 1000 + i, syn: false, data: b"x" }));
        }
        assert_eq!((gaps, all.ready.len(), all.early_bytes), (1, 100, 0));
    }
}
