//! What a reader has to say of one input besides its records.

/// Problems kept per input; a log with a million broken events must not fill memory with complaints.
const KEPT: usize = 20;

/// Counts and problems of one input.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Events looked at.
    pub records: u64,
    /// Wanted records handed over.
    pub events: u64,
    problems: Vec<String>,
    left_off: u64,
}

impl Tally {
    /// Adds a problem: a sentence naming a place in the input. It is not made where it would not be kept.
    pub fn problem(&mut self, message: impl FnOnce() -> String) {
        if self.problems.len() < KEPT {
            self.problems.push(message());
        } else {
            self.left_off += 1;
        }
    }

    /// The problems, the last of them saying how many more there were.
    pub fn into_problems(mut self) -> Vec<String> {
        if self.left_off > 0 {
            self.problems.push(format!("and {} more problems of this kind", self.left_off));
        }
        self.problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_are_bounded_and_the_rest_is_counted() {
        let mut tally = Tally::default();
        for n in 0..1000 {
            tally.problem(|| format!("problem {n}"));
        }
        let problems = tally.into_problems();
        assert_eq!(problems.len(), KEPT + 1);
        assert_eq!(problems.last().unwrap(), "and 980 more problems of this kind");
    }
}
