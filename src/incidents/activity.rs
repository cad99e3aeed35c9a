use jiff::Timestamp;
use roaring::RoaringBitmap;

/// The seconds at which something happened.
///
/// Older Windows writes whole seconds into classic events, so nothing finer can be compared. A compressed bitmap of
/// seconds since 1970: two bytes for a single second, at most 8 KiB for 18 hours, so memory is bounded by the time a
/// log spans and not by the number of events.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ActivityTimes(RoaringBitmap);

// A bitmap equals itself; the crate does not say so.
impl Eq for ActivityTimes {}

impl ActivityTimes {
    pub fn add(&mut self, time: Timestamp) {
        self.0.insert(second(time));
    }

    pub fn merge(&mut self, other: &Self) {
        self.0 |= &other.0;
    }

    pub fn seconds(&self) -> u64 {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Removes the seconds within `slack` seconds of a moment of `other`.
    pub fn without_near(&self, other: &Self, slack: u32) -> Self {
        Self(self.0.iter().filter(|&s| !has_near(&other.0, s, slack)).collect())
    }

    /// The first moment of `self` within `window` seconds of a moment of `other`.
    pub fn first_near(&self, other: &Self, window: u32) -> Option<Timestamp> {
        // Walk the smaller set: one client's incident against a storm of signals, or the other way round.
        if self.0.len() <= other.0.len() {
            return self.0.iter().find(|&s| has_near(&other.0, s, window)).map(timestamp);
        }
        other
            .0
            .iter()
            .find_map(|s| self.0.range(s.saturating_sub(window)..=s.saturating_add(window)).next())
            .map(timestamp)
    }

    /// To the second.
    pub fn contains(&self, time: Timestamp) -> bool {
        self.0.contains(second(time))
    }

    pub fn iter(&self) -> impl Iterator<Item = Timestamp> + '_ {
        self.0.iter().map(timestamp)
    }
}

fn has_near(set: &RoaringBitmap, second: u32, window: u32) -> bool {
    set.range(second.saturating_sub(window)..=second.saturating_add(window)).next().is_some()
}

/// Seconds since 1970. Times outside 1970 to 2106 are clamped.
fn second(time: Timestamp) -> u32 {
    u32::try_from(time.as_second().max(0)).unwrap_or(u32::MAX)
}

fn timestamp(second: u32) -> Timestamp {
    Timestamp::from_second(i64::from(second)).unwrap_or(Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn activity(seconds: &[i64]) -> ActivityTimes {
        let mut m = ActivityTimes::default();
        for &s in seconds {
            m.add(Timestamp::from_second(s).unwrap());
        }
        m
    }

    #[test]
    fn near_is_the_same_from_both_sides() {
        let few = activity(&[1000]);
        let many = activity(&[10, 500, 1500, 9000, 9001]);
        assert_eq!(many.first_near(&few, 600), Timestamp::from_second(500).ok());
        assert_eq!(few.first_near(&many, 600), Timestamp::from_second(1000).ok());
        assert_eq!(few.first_near(&many, 499), None);
    }

    #[test]
    fn times_before_1970_do_not_panic() {
        let mut m = ActivityTimes::default();
        m.add(Timestamp::MIN);
        m.add(Timestamp::MAX);
        assert_eq!(m.seconds(), 2);
    }
}
