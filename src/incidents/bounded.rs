//! A map that keeps a bounded number of entries, whatever the order in which they arrive.

use std::hash::Hash;

use foldhash::fast::RandomState;
use indexmap::IndexMap;
use indexmap::map::Entry;

/// A map that keeps the entries with the smallest keys, up to a total weight of `max`.
///
/// The result does not depend on the order of the entries or on their distribution over workers. An entry is
/// only dropped when smaller keys fill the map, and those also fill the merged map.
pub(super) struct BoundedMap<K, V> {
    entries: IndexMap<K, V, RandomState>,
    /// Weight of an entry with this key. It may be the memory that the entry needs.
    weigh: fn(&K) -> usize,
    max: usize,
    weight: usize,
    /// The largest key that was kept when entries were last dropped.
    largest: Option<K>,
}

impl<K: Ord + Hash + Clone, V> BoundedMap<K, V> {
    pub(super) fn new(max: usize, weigh: fn(&K) -> usize) -> Self {
        Self { entries: IndexMap::default(), weigh, max, weight: 0, largest: None }
    }

    /// Returns the index of the key's entry, and inserts the entry if it is missing. `None` if there is no room.
    ///
    /// Indexes change when entries are dropped: see [`BoundedMap::trim`].
    pub(super) fn index_of(&mut self, key: K, new: impl FnOnce() -> V) -> Option<usize> {
        if self.largest.as_ref().is_some_and(|largest| key > *largest) {
            return None;
        }
        let entry = self.entries.entry(key);
        if let Entry::Vacant(vacant) = &entry {
            self.weight += (self.weigh)(vacant.key());
        }
        let index = entry.index();
        entry.or_insert_with(new);
        Some(index)
    }

    pub(super) fn value_at(&mut self, index: usize) -> Option<&mut V> {
        self.entries.get_index_mut(index).map(|(_, value)| value)
    }

    /// Drops entries if the weight exceeds `max` by a quarter. Returns whether it did, which changes indexes.
    pub(super) fn trim(&mut self) -> bool {
        let full = self.weight > self.max + self.max / 4;
        if full {
            self.trim_to_max();
        }
        full
    }

    fn trim_to_max(&mut self) {
        if self.weight <= self.max {
            return;
        }
        let mut keys: Vec<&K> = self.entries.keys().collect();
        keys.sort_unstable();
        let mut weight = 0;
        let kept = keys.iter().take_while(|key| {
            weight += (self.weigh)(key);
            weight <= self.max
        });
        let largest = kept.last().map(|key| (*key).clone());
        self.entries.retain(|key, _| largest.as_ref().is_some_and(|largest| key <= largest));
        self.weight = self.entries.keys().map(self.weigh).sum();
        self.largest = largest;
    }

    /// Adds the entries of `other`. `join` merges two values of one key.
    pub(super) fn merge(&mut self, other: Self, mut join: impl FnMut(&mut V, V)) {
        for (key, value) in other.entries {
            match self.entries.entry(key) {
                Entry::Vacant(entry) => {
                    self.weight += (self.weigh)(entry.key());
                    entry.insert(value);
                }
                Entry::Occupied(mut entry) => join(entry.get_mut(), value),
            }
        }
    }

    /// Returns the kept entries, unsorted.
    pub(super) fn into_entries(mut self) -> impl Iterator<Item = (K, V)> {
        self.trim_to_max();
        self.entries.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(shares: &[&[u32]], max: usize) -> Vec<(u32, u32)> {
        let mut all = BoundedMap::new(max, |_| 1);
        for share in shares {
            let mut map = BoundedMap::new(max, |_: &u32| 1);
            for key in *share {
                if let Some(index) = map.index_of(*key, || 0) {
                    *map.value_at(index).unwrap() += 1;
                }
                map.trim();
            }
            all.merge(map, |count, other| *count += other);
        }
        let mut kept: Vec<_> = all.into_entries().collect();
        kept.sort_unstable();
        kept
    }

    proptest::proptest! {
        #[test]
        fn what_is_kept_does_not_depend_on_order_or_shares(
            keys in proptest::collection::vec(0..40u32, 0..200),
            cut in 0..200usize,
            max in 1..20usize,
        ) {
            let (a, b) = keys.split_at(cut.min(keys.len()));
            let reversed: Vec<u32> = keys.iter().rev().copied().collect();
            let expected = kept(&[&keys], max);
            assert_eq!(kept(&[a, b], max), expected);
            assert_eq!(kept(&[&reversed], max), expected);
            assert!(expected.len() <= max);
        }
    }
}
