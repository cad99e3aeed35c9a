//! A set of seconds, which says when an event or signal was logged.

use jiff::Timestamp;
use roaring::RoaringBitmap;

/// The seconds at which events were logged.
///
/// Older versions of Windows write whole seconds into classic events, so nothing finer can be compared. The seconds since 1970
/// are in a compressed bitmap of two bytes per second, and at most 8 KiB per 18 hours. So the time that a log spans bounds the
/// memory, not the number of events.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ActivityTimes(RoaringBitmap);

// `RoaringBitmap` lacks `Eq`, although its equality is reflexive.
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

    /// Returns the seconds of `self` that are more than `slack` seconds away from every second of `other`.
    pub fn without_near(&self, other: &Self, slack: u32) -> Self {
        Self(self.0.iter().filter(|&s| !has_near(&other.0, s, slack)).collect())
    }

    /// Returns a time of `self` that is within `window` seconds of a time of `other`. `None` if there is no such time.
    ///
    /// It belongs to the first second of the smaller set that has a near one in the other.
    pub fn first_near(&self, other: &Self, window: u32) -> Option<Timestamp> {
        // The smaller set is walked, because a storm may be on either side.
        if self.0.len() <= other.0.len() {
            return self.0.iter().find(|&s| has_near(&other.0, s, window)).map(timestamp);
        }
        other
            .0
            .iter()
            .find_map(|s| self.0.range(s.saturating_sub(window)..=s.saturating_add(window)).next())
            .map(timestamp)
    }

    /// Does the set contain the second of `time`?
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

/// Converts a time to seconds since 1970. Times outside 1970 to 2106 are clamped.
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
