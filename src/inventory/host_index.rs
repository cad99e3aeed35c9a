//! Names in two orders, so that a host is found without comparing it with every name that is like it.

use std::cmp::Ordering;

use crate::names::HostName;

/// Numbers of names, in two orders.
#[derive(Debug, Default)]
pub(super) struct HostIndex {
    /// By label, then by domain.
    by_label: Vec<u32>,
    /// By the first 15 characters of the label, then by domain.
    by_netbios: Vec<u32>,
}

/// The domains that a look-up asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Domains<'d> {
    All,
    /// Those that do not contradict this one: none, the same, or its flat or DNS form.
    Fitting(Option<&'d str>),
    This(&'d str),
}

impl HostIndex {
    pub(super) fn new(names: &[HostName]) -> Self {
        let sorted = |label: fn(&HostName) -> &str| {
            let mut order: Vec<u32> = (0..u32::try_from(names.len()).unwrap_or(u32::MAX)).collect();
            order.sort_by_key(|&id| names.get(id as usize).map(|name| (label(name), name.domain())));
            order
        };
        Self { by_label: sorted(HostName::label), by_netbios: sorted(HostName::netbios) }
    }

    /// The names whose label agrees with that of `name`, also when one is cut to 15 characters, in no order.
    pub(super) fn find<'s>(
        &'s self,
        names: &[HostName],
        name: &HostName,
        domains: Domains<'_>,
    ) -> impl Iterator<Item = u32> + use<'s> {
        let by_label = Order { ids: &self.by_label, label: HostName::label, names };
        let by_netbios = Order { ids: &self.by_netbios, label: HostName::netbios, names };
        // A label of 15 characters may be any longer one that was cut.
        let found = match (name.may_be_cut(), name.netbios()) {
            (true, label) => [by_netbios.within(label, domains), NOTHING],
            (false, cut) if cut == name.label() => [by_label.within(cut, domains), NOTHING],
            (false, cut) => [by_label.within(name.label(), domains), by_label.within(cut, domains)],
        };
        found.into_iter().flatten().flatten().copied()
    }
}

const NOTHING: [&[u32]; 3] = [&[], &[], &[]];

/// Numbers of names, sorted by one form of the label and by domain.
struct Order<'s, 'n> {
    ids: &'s [u32],
    label: fn(&HostName) -> &str,
    names: &'n [HostName],
}

impl<'s> Order<'s, '_> {
    fn within(&self, label: &str, domains: Domains<'_>) -> [&'s [u32]; 3] {
        let exactly = |wanted: Option<&str>| self.equal(label, |domain| domain.cmp(&wanted));
        match domains {
            Domains::All | Domains::Fitting(None) => [self.equal(label, |_| Ordering::Equal), &[], &[]],
            Domains::This(domain) => [exactly(Some(domain)), &[], &[]],
            Domains::Fitting(Some(domain)) => {
                let other_form = match domain.split_once('.') {
                    Some((flat, _)) => exactly(Some(flat)),
                    None => {
                        let prefix = format!("{domain}.");
                        self.equal(label, |of| match of {
                            Some(of) if of.starts_with(&prefix) => Ordering::Equal,
                            _ => of.cmp(&Some(&prefix)),
                        })
                    }
                };
                [exactly(None), exactly(Some(domain)), other_form]
            }
        }
    }

    fn equal(&self, label: &str, compare: impl Fn(Option<&str>) -> Ordering) -> &'s [u32] {
        let order = |id: &u32| {
            let name = self.names.get(*id as usize);
            name.map_or(Ordering::Greater, |name| (self.label)(name).cmp(label).then(compare(name.domain())))
        };
        let start = self.ids.partition_point(|id| order(id) == Ordering::Less);
        let rest = self.ids.get(start..).unwrap_or_default();
        rest.get(..rest.partition_point(|id| order(id) == Ordering::Equal)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::Same;
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
            prop_assert_eq!(found(Domains::All), slow(&|name| name.same_label(&asked)));
            prop_assert_eq!(
                found(Domains::Fitting(asked.domain())),
                slow(&|name| name.same(&asked) != Same::No)
            );
            prop_assert_eq!(
                found(Domains::This("a.b")),
                slow(&|name| name.same_label(&asked) && name.domain() == Some("a.b"))
            );
        }
    }
}
