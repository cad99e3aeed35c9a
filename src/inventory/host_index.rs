//! Finds host names by label and then by domain, without a comparison with every name that has the label.

use std::cmp::Ordering;
use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use crate::names::HostName;

/// Indexes of the names in a list, in two orders.
#[derive(Debug, Default)]
pub(super) struct HostIndex {
    by_label: SortedNames,
    /// The names by the first 15 characters of the label.
    by_netbios: SortedNames,
}

/// The domains whose names a look-up returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DomainFilter<'d> {
    All,
    /// Hosts whose domain does not contradict this one: they have no domain, the same one, or its flat or DNS form.
    Fitting(Option<&'d str>),
    This(&'d str),
}

impl HostIndex {
    pub(super) fn new(names: &[HostName]) -> Self {
        Self {
            by_label: SortedNames::new(names, HostName::label),
            by_netbios: SortedNames::new(names, HostName::netbios),
        }
    }

    /// The names whose label agrees with that of `name`, or would if one of the two is cut to 15 characters. In no order.
    pub(super) fn find<'s>(
        &'s self,
        names: &[HostName],
        name: &HostName,
        domains: DomainFilter<'_>,
    ) -> impl Iterator<Item = u32> + use<'s> {
        let by_label = |label| self.by_label.within(names, HostName::label, label, domains);
        // A label of 15 characters may be any longer one that was cut.
        let found = match (name.may_be_cut(), name.netbios()) {
            (true, cut) => [self.by_netbios.within(names, HostName::netbios, cut, domains), NOTHING],
            (false, cut) if cut == name.label() => [by_label(cut), NOTHING],
            (false, cut) => [by_label(name.label()), by_label(cut)],
        };
        found.into_iter().flatten().flatten().copied()
    }
}

const NOTHING: [&[u32]; 3] = [&[], &[], &[]];

/// Gives one form of the label of a name.
type Label = fn(&HostName) -> &str;

/// Indexes of the names, sorted by one form of the label and then by domain.
#[derive(Debug, Default)]
struct SortedNames {
    ids: Vec<u32>,
    /// The start and the end in `ids` of the names of each label.
    labels: HashTable<(u32, u32)>,
}

impl SortedNames {
    fn new(names: &[HostName], label: Label) -> Self {
        let name = |id: &u32| names.get(*id as usize);
        let label_of = |id: &u32| name(id).map(label);
        let mut ids: Vec<u32> = (0..u32::try_from(names.len()).unwrap_or(u32::MAX)).collect();
        ids.sort_by_key(|id| name(id).map(|name| (label(name), name.domain())));
        let mut labels = HashTable::new();
        let mut start = 0;
        for same in ids.chunk_by(|a, b| label_of(a) == label_of(b)) {
            let end = start + u32::try_from(same.len()).unwrap_or(u32::MAX);
            let hash_of = |&(start, _): &(u32, u32)| hash(ids.get(start as usize).and_then(label_of));
            labels.insert_unique(hash_of(&(start, end)), (start, end), hash_of);
            start = end;
        }
        Self { ids, labels }
    }

    /// Up to three ranges of names with this label, in the domains that the filter accepts.
    fn within<'s>(
        &'s self,
        names: &[HostName],
        form: Label,
        label: &str,
        domains: DomainFilter<'_>,
    ) -> [&'s [u32]; 3] {
        let of_label = self.of_label(names, form, label);
        let within = |compare: &dyn Fn(Option<&str>) -> Ordering| {
            let order =
                |id: &u32| names.get(*id as usize).map_or(Ordering::Greater, |name| compare(name.domain()));
            let start = of_label.partition_point(|id| order(id) == Ordering::Less);
            let rest = of_label.get(start..).unwrap_or_default();
            rest.get(..rest.partition_point(|id| order(id) == Ordering::Equal)).unwrap_or_default()
        };
        let exactly = |wanted: Option<&str>| within(&|domain| domain.cmp(&wanted));
        match domains {
            _ if of_label.is_empty() => NOTHING,
            DomainFilter::All | DomainFilter::Fitting(None) => [of_label, &[], &[]],
            DomainFilter::This(domain) => [exactly(Some(domain)), &[], &[]],
            DomainFilter::Fitting(Some(domain)) => {
                let other_form = match domain.split_once('.') {
                    Some((flat, _)) => exactly(Some(flat)),
                    None => {
                        let prefix = format!("{domain}.");
                        within(&|of| match of {
                            Some(of) if of.starts_with(&prefix) => Ordering::Equal,
                            _ => of.cmp(&Some(&prefix)),
                        })
                    }
                };
                [exactly(None), exactly(Some(domain)), other_form]
            }
        }
    }

    fn of_label(&self, names: &[HostName], form: Label, label: &str) -> &[u32] {
        let is_label = |&(start, _): &(u32, u32)| {
            let first = self.ids.get(start as usize).and_then(|id| names.get(*id as usize));
            first.is_some_and(|name| form(name) == label)
        };
        let found = self.labels.find(hash(Some(label)), is_label);
        found.and_then(|&(start, end)| self.ids.get(start as usize..end as usize)).unwrap_or_default()
    }
}

/// The hash of a label. It has a fixed seed, although labels come from logs: a collision costs one comparison.
fn hash(label: Option<&str>) -> u64 {
    FixedState::default().hash_one(label)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::HostMatch;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_finds_what_comparing_every_name_finds(
            texts in proptest::collection::vec("(a{0,2}|[ab]{14,17})(\\.[ab]{1,2}){0,2}", 1..40),
            asked in "(a{1,2}|[ab]{14,17})(\\.[ab]{1,2}){0,2}",
        ) {
            let names: Vec<HostName> = texts.iter().filter_map(|text| HostName::parse(text)).collect();
            let asked = HostName::parse(&asked).unwrap();
            let index = HostIndex::new(&names);
            let found = |domains| {
                let mut found: Vec<u32> = index.find(&names, &asked, domains).collect();
                found.sort_unstable();
                found
            };
            let slow = |fits: &dyn Fn(&HostName) -> bool| -> Vec<u32> {
                (0u32..).zip(&names).filter(|(_, name)| fits(name)).map(|(id, _)| id).collect()
            };
            prop_assert_eq!(found(DomainFilter::All), slow(&|name| name.same_label(&asked)));
            prop_assert_eq!(
                found(DomainFilter::Fitting(asked.domain())),
                slow(&|name| name.compare(&asked) != HostMatch::No)
            );
            prop_assert_eq!(
                found(DomainFilter::This("a.b")),
                slow(&|name| name.same_label(&asked) && name.domain() == Some("a.b"))
            );
        }
    }
}
