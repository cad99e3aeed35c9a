//! The set of events that earlier runs counted.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::ap_err_modified::ApErrModified;
use crate::names::fold;
use crate::records::Record;

/// The events that earlier runs have reported, so that each is counted in one run only.
///
/// Two events are the same if computer and channel (without case), record ID, TimeCreated to the second and
/// names are equal, as in [`super::DedupIndex`]. 64 bits of the SHA-256 over them identify the event. So the
/// order and overlap of exports do not matter, nor whether the log was cleared and its record IDs begin
/// again. Each event takes eight bytes permanently: ten million are 80 MB.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReportedEvents {
    /// The fingerprints in rising order, each once.
    fingerprints: Vec<u64>,
}

impl ReportedEvents {
    /// Fingerprint of a record, the same in every run and on every machine. `event` is the record's meaning, if it is event 4
    /// or its twin.
    pub fn fingerprint(record: &Record, event: Option<&ApErrModified>) -> u64 {
        let mut hash = Sha256::new();
        for text in [&record.computer, &record.channel] {
            hash.update(fold(text));
            hash.update([0]);
        }
        hash.update(record.record_id.to_le_bytes());
        if record.record_id == 0 {
            hash.update(record.time.as_nanosecond().to_le_bytes());
            hash_values(record, &mut hash);
        } else {
            hash.update(record.time.as_second().to_le_bytes());
            for name in event.map(ApErrModified::names).unwrap_or_default() {
                hash.update(fold(name));
                hash.update([0]);
            }
        }
        first_64_bits(hash)
    }

    /// The fingerprint in state files of earlier builds, which used the case of the channel and fractions of a second.
    fn old_fingerprint(record: &Record) -> u64 {
        let mut hash = Sha256::new();
        hash.update(record.computer.to_ascii_lowercase());
        hash.update([0]);
        hash.update(&*record.channel);
        hash.update([0]);
        hash.update(record.record_id.to_le_bytes());
        hash.update(record.time.as_nanosecond().to_le_bytes());
        if record.record_id == 0 {
            hash_values(record, &mut hash);
        }
        first_64_bits(hash)
    }

    /// Was this record's event reported? `fingerprint` is the record's.
    pub fn contains(&self, record: &Record, fingerprint: u64) -> bool {
        let known = |fingerprint| self.fingerprints.binary_search(&fingerprint).is_ok();
        !self.fingerprints.is_empty() && (known(fingerprint) || known(Self::old_fingerprint(record)))
    }

    /// Number of events.
    pub fn count(&self) -> usize {
        self.fingerprints.len()
    }

    pub fn add(&mut self, fingerprints: &[u64]) {
        self.fingerprints.extend_from_slice(fingerprints);
        self.fingerprints.sort_unstable();
        self.fingerprints.dedup();
    }

    /// Encodes the set as base64 of the little-endian numbers.
    pub fn to_text(&self) -> String {
        let bytes: Vec<u8> = self.fingerprints.iter().flat_map(|p| p.to_le_bytes()).collect();
        STANDARD.encode(bytes)
    }

    /// Decodes the text; `None` if it is not what [`ReportedEvents::to_text`] writes.
    pub fn from_text(text: &str) -> Option<Self> {
        let bytes = STANDARD.decode(text).ok()?;
        let (chunks, rest) = bytes.as_chunks::<8>();
        let fingerprints: Vec<u64> = chunks.iter().map(|c| u64::from_le_bytes(*c)).collect();
        (rest.is_empty() && fingerprints.is_sorted_by(|a, b| a < b)).then_some(Self { fingerprints })
    }
}

/// Copied text has no record ID, so the values distinguish events of one second.
fn hash_values(record: &Record, hash: &mut Sha256) {
    hash.update(record.event_id.to_le_bytes());
    for datum in &record.data {
        hash.update(&*datum.value);
        hash.update([0]);
    }
}

fn first_64_bits(hash: Sha256) -> u64 {
    hash.finalize().first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::Content;

    fn record(computer: &str, record_id: u64, time: &str) -> Record {
        Record { record_id, time: time.parse().unwrap(), ..Record::event_4(computer) }
    }

    #[test]
    fn a_record_is_known_again_and_no_other_is() {
        let one = record("SRV1.alpha.example.com", 7, "2026-10-06T21:13:09Z");
        let mut reported = ReportedEvents::default();
        reported.add(&[ReportedEvents::fingerprint(&one, None)]);
        let contains = |record: &Record| reported.contains(record, ReportedEvents::fingerprint(record, None));
        assert!(contains(&record("srv1.ALPHA.example.com", 7, "2026-10-06T21:13:09Z")));
        assert!(contains(&record("SRV1.alpha.example.com", 7, "2026-10-06T21:13:09.25Z")));
        let channel = |content: &mut Content| content.channel = "SYSTEM".into();
        assert!(contains(&record("SRV1.alpha.example.com", 7, "2026-10-06T21:13:09Z").with_content(channel)));
        for other in [
            record("SRV2.alpha.example.com", 7, "2026-10-06T21:13:09Z"),
            record("SRV1.alpha.example.com", 8, "2026-10-06T21:13:09Z"),
            // The log was cleared and the ID used again.
            record("SRV1.alpha.example.com", 7, "2026-10-07T21:13:09Z"),
        ] {
            assert!(!contains(&other));
        }
        // Stored in state files: it must never change.
        assert_eq!(ReportedEvents::fingerprint(&one, None), STORED);
        assert_eq!(ReportedEvents::old_fingerprint(&one), STORED_BEFORE);
    }

    const STORED: u64 = 5_115_302_161_469_807_062;
    const STORED_BEFORE: u64 = 8_458_725_043_571_609_264;

    #[test]
    fn what_an_old_state_reported_is_still_reported() {
        let one = record("SRV1.alpha.example.com", 7, "2026-10-06T21:13:09.5Z");
        let mut old = ReportedEvents::default();
        old.add(&[ReportedEvents::old_fingerprint(&one)]);
        assert!(old.contains(&one, ReportedEvents::fingerprint(&one, None)));
    }

    #[test]
    fn text_and_back() {
        let mut reported = ReportedEvents::default();
        assert_eq!(ReportedEvents::from_text(&reported.to_text()), Some(reported.clone()));
        reported.add(&[u64::MAX, 1, 1, 0]);
        assert_eq!(ReportedEvents::from_text(&reported.to_text()), Some(reported.clone()));
        assert_eq!(reported.fingerprints, [0, 1, u64::MAX]);
        for broken in ["AAAA", "!", "AQAAAAAAAAAAAAAAAAAAAA=="] {
            assert_eq!(ReportedEvents::from_text(broken), None, "{broken}");
        }
    }
}
