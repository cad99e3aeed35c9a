//! Collects the read errors of a file in bounded memory. A hostile file may have an error in every record.

/// Maximum number of read errors of a file that are kept. The others are counted.
const MAX_KEPT: usize = 16;

/// The read errors of a file or a part of it, as sentences.
///
/// The errors with the lowest offsets are kept, so that the result does not depend on the order of the workers.
#[derive(Debug, Default)]
pub struct ReadErrors {
    /// Offsets and sentences, in order.
    kept: Vec<(u64, String)>,
    /// Number of errors that were not kept.
    more: u64,
    /// Assumptions of the reader.
    notes: Vec<String>,
}

impl ReadErrors {
    /// Adds an error at offset `at` of the file. Its sentence is made only if it may be kept.
    pub fn add(&mut self, at: u64, read_error: impl FnOnce() -> String) {
        if self.kept.len() < MAX_KEPT {
            self.insert((at, read_error()));
        } else if self.kept.last().is_some_and(|last| at <= last.0) {
            self.insert((at, read_error()));
            self.kept.truncate(MAX_KEPT);
            self.more += 1;
        } else {
            self.more += 1;
        }
    }

    fn insert(&mut self, read_error: (u64, String)) {
        let place = self.kept.partition_point(|other| *other <= read_error);
        self.kept.insert(place, read_error);
    }

    /// Adds an assumption that was made to read the file. The same note is kept once.
    pub fn note(&mut self, note: String) {
        if self.notes.len() < MAX_KEPT && !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Are there no read errors and no notes?
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty() && self.notes.is_empty()
    }

    /// Moves the errors and notes of `other` here.
    pub fn append(&mut self, other: &mut ReadErrors) {
        for (at, read_error) in other.kept.drain(..) {
            self.add(at, || read_error);
        }
        self.more += std::mem::take(&mut other.more);
        for note in other.notes.drain(..) {
            self.note(note);
        }
    }

    /// Takes the notes out.
    pub fn take_notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes)
    }

    /// The sentences in order of offset. If errors were not kept, one more sentence gives their number.
    pub fn into_sentences(self) -> Vec<String> {
        let mut kept: Vec<_> = self.kept.into_iter().map(|(_, read_error)| read_error).collect();
        if self.more > 0 {
            kept.push(format!("{} more read errors further on", self.more));
        }
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn read_errors_are_bounded_and_the_same_in_every_order() {
        let sentences = |order: &mut dyn Iterator<Item = u64>| {
            let (mut all, mut part) = (ReadErrors::default(), ReadErrors::default());
            for i in order {
                let to = if i % 3 == 0 { &mut part } else { &mut all };
                to.add(i, || format!("at {i}"));
            }
            all.append(&mut part);
            assert!(part.is_empty());
            all.into_sentences()
        };
        let kept = sentences(&mut (0..50));
        assert_eq!(kept, sentences(&mut (0..50).rev()));
        assert_eq!(kept.len(), MAX_KEPT + 1);
        assert_eq!(kept[0], "at 0");
        assert_eq!(kept[MAX_KEPT], "34 more read errors further on");
    }
}
