//! Keeps the SPNs of one account in one allocation. A million separate strings would take more time and memory than their content.

use std::fmt;
use std::sync::OnceLock;

use super::spn_lookup::SpnLookup;

/// Separator between two SPNs. No SPN holds it (see [`SpnList::may_hold`]).
const SEPARATOR: char = '\n';

/// SPNs as written, in the order of the source.
#[derive(Default)]
pub struct SpnList {
    joined: Box<str>,
    len: u32,
    lookup: OnceLock<Box<SpnLookup>>,
}

impl Clone for SpnList {
    fn clone(&self) -> Self {
        Self { joined: self.joined.clone(), len: self.len, lookup: OnceLock::new() }
    }
}

impl PartialEq for SpnList {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len && self.joined == other.joined
    }
}

impl Eq for SpnList {}

/// Builds an [`SpnList`].
#[derive(Debug, Default)]
pub(super) struct SpnListBuilder {
    joined: String,
    len: u32,
}

/// The offset in bytes at which an SPN begins in its list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SpnOffset(u32);

impl SpnList {
    pub fn len(&self) -> usize {
        self.len as usize
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> + Clone {
        self.with_offsets().map(|(_, spn)| spn)
    }

    /// Appends another list.
    pub(super) fn append(&mut self, more: Self) {
        if self.is_empty() {
            *self = more;
        } else if !more.is_empty() {
            let mut joined = String::from(std::mem::take(&mut self.joined));
            joined.reserve_exact(more.joined.len() + 1);
            joined.push(SEPARATOR);
            joined.push_str(&more.joined);
            self.joined = joined.into_boxed_str();
            self.len += more.len;
            self.lookup = OnceLock::new();
        }
    }

    /// Can a list hold this SPN? Not if it has a line break, which no real SPN has.
    pub(super) fn may_hold(spn: &str) -> bool {
        memchr::memchr(b'\n', spn.as_bytes()).is_none()
    }

    /// The SPNs indexed by class, key and host. The index is made by the first call.
    pub(crate) fn lookup(&self) -> &SpnLookup {
        self.lookup.get_or_init(|| Box::new(SpnLookup::new(self.iter())))
    }

    /// Every SPN with its offset.
    pub(super) fn with_offsets(&self) -> impl Iterator<Item = (SpnOffset, &str)> + Clone {
        let mut at = 0u32;
        self.joined.split(SEPARATOR).take(self.len()).map(move |spn| {
            let place = SpnOffset(at);
            at = at.saturating_add(u32::try_from(spn.len()).unwrap_or(u32::MAX)).saturating_add(1);
            (place, spn)
        })
    }

    /// The SPN that begins at an offset from [`with_offsets`](Self::with_offsets).
    pub(super) fn at(&self, place: SpnOffset) -> Option<&str> {
        self.joined.get(place.0 as usize..)?.split(SEPARATOR).next()
    }
}

impl SpnListBuilder {
    /// Adds an SPN. Returns false and omits it if a list cannot [hold](SpnList::may_hold) it.
    pub(super) fn push(&mut self, spn: &str) -> bool {
        if !SpnList::may_hold(spn) {
            return false;
        }
        if self.len > 0 {
            self.joined.push(SEPARATOR);
        }
        self.joined.push_str(spn);
        self.len += 1;
        true
    }

    /// Returns the list and empties the builder, which keeps its memory for the next account.
    pub(super) fn finish_list(&mut self) -> SpnList {
        let list = SpnList { joined: self.joined.as_str().into(), len: self.len, lookup: OnceLock::new() };
        self.joined.clear();
        self.len = 0;
        list
    }
}

impl<S: AsRef<str>> FromIterator<S> for SpnList {
    fn from_iter<I: IntoIterator<Item = S>>(spns: I) -> Self {
        let mut list = SpnListBuilder::default();
        for spn in spns {
            list.push(spn.as_ref());
        }
        list.finish_list()
    }
}

impl<'l> IntoIterator for &'l SpnList {
    type Item = &'l str;
    type IntoIter = std::iter::Take<std::str::Split<'l, char>>;

    fn into_iter(self) -> Self::IntoIter {
        self.joined.split(SEPARATOR).take(self.len())
    }
}

impl fmt::Debug for SpnList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_gives_back_what_it_took() {
        for spns in [&[][..], &["HOST/a"], &["HOST/a", "", "ü/b"], &[""]] {
            let mut list: SpnList = spns.iter().collect();
            assert_eq!((list.iter().collect::<Vec<_>>(), list.len()), (spns.to_vec(), spns.len()));
            assert_eq!((&list).into_iter().collect::<Vec<_>>(), spns);
            for (place, spn) in list.with_offsets() {
                assert_eq!(list.at(place), Some(spn));
            }
            list.append(["HTTP/x"].into_iter().collect());
            assert_eq!(list.iter().last(), Some("HTTP/x"));
            assert_eq!(list.len(), spns.len() + 1);
        }
        assert_eq!(["a\nb", "c"].iter().collect::<SpnList>().iter().collect::<Vec<_>>(), ["c"]);
    }
}
