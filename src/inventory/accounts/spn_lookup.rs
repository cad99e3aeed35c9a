//! Finds classes, keys and hosts among the SPNs of one account without a search of all of them. A hostile list gives an account
//! thousands of SPNs, and every incident asks about them.

use std::collections::{HashMap, HashSet};

use super::spn_key::stored_key;
use crate::names::{HostName, Spn};

/// The SPNs of one account, indexed when the first question is asked.
#[derive(Debug, Default)]
pub(crate) struct SpnLookup {
    /// Service classes in lower case.
    classes: HashSet<Box<str>>,
    /// The [key](stored_key) of each SPN.
    keys: HashSet<Box<str>>,
    /// The hosts in SPNs, by label.
    hosts: HashMap<Box<str>, Vec<HostName>>,
    /// Labels by their first 15 characters.
    labels: HashMap<Box<str>, Vec<Box<str>>>,
    /// Hosts of SPNs of the class `HOST`.
    computers: HashSet<HostName>,
    /// There is an SPN of a share in Azure Files.
    pub(crate) has_azure_files: bool,
}

impl SpnLookup {
    pub(super) fn new<'t>(spns: impl Iterator<Item = &'t str>) -> Self {
        let mut lookup = Self::default();
        for text in spns {
            lookup.keys.insert(stored_key(text));
            if let Some((class, _)) = text.split_once('/') {
                lookup.classes.insert(class.to_ascii_lowercase().into());
            }
            let Some(spn) = Spn::parse(text) else { continue };
            lookup.has_azure_files |= spn.host.to_ascii_lowercase().contains(".file.core.");
            let Some(host) = HostName::parse(&spn.host) else { continue };
            if spn.class.eq_ignore_ascii_case("host") {
                lookup.computers.insert(host.clone());
            }
            lookup.add_host(host);
        }
        lookup
    }

    fn add_host(&mut self, host: HostName) {
        let hosts = self.hosts.entry(host.label().into()).or_default();
        if hosts.is_empty() {
            self.labels.entry(host.netbios().into()).or_default().push(host.label().into());
        }
        hosts.push(host);
    }

    /// Is there an SPN of this service class?
    pub(crate) fn has_class(&self, class: &str) -> bool {
        self.classes.contains(&*class.to_ascii_lowercase())
    }

    /// Is there an SPN with this [key](stored_key)?
    pub(crate) fn has_key(&self, key: &str) -> bool {
        self.keys.contains(key)
    }

    /// Is there a `HOST/` SPN of exactly this host?
    pub(crate) fn has_computer(&self, host: &HostName) -> bool {
        self.computers.contains(host)
    }

    /// The hosts of SPNs that have the [same label](HostName::same_label) as this one.
    pub(crate) fn hosts_like<'list>(
        &'list self,
        host: &HostName,
    ) -> impl Iterator<Item = &'list HostName> + use<'list> {
        let cut = Some(host.netbios()).filter(|cut| *cut != host.label());
        let longer = self.labels.get(host.label()).filter(|_| host.may_be_cut()).into_iter().flatten();
        let longer = longer.map(|label| &**label).filter(|label| *label != host.label());
        let labels = std::iter::once(host.label()).chain(cut).chain(longer);
        let found: Vec<&Vec<HostName>> = labels.filter_map(|label| self.hosts.get(label)).collect();
        found.into_iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lookup(spns: &[String]) -> SpnLookup {
        SpnLookup::new(spns.iter().map(String::as_str))
    }

    proptest! {
        /// The same as a look at every SPN.
        #[test]
        fn a_lookup_says_what_a_look_at_every_spn_says(
            listed in proptest::collection::vec("(HOST|host|http|cifs)/[ab]{1,2}c{0,1}[d]{12,15}(\\.x|\\.Y)?(:80|@Z)?", 0..12),
            asked in "[ab]{1,2}c{0,1}[d]{12,15}(\\.x|\\.y)?",
        ) {
            let spns = lookup(&listed);
            let asked = HostName::parse(&asked).unwrap();
            let parsed: Vec<Spn> = listed.iter().filter_map(|text| Spn::parse(text)).collect();
            let hosts = parsed.iter().filter_map(|spn| HostName::parse(&spn.host));
            let mut expected: Vec<HostName> = hosts.filter(|host| host.same_label(&asked)).collect();
            let mut found: Vec<HostName> = spns.hosts_like(&asked).cloned().collect();
            expected.sort();
            found.sort();
            prop_assert_eq!(found, expected);
            for class in ["Host", "http", "cifs", "x"] {
                let has = parsed.iter().any(|spn| spn.class.eq_ignore_ascii_case(class));
                prop_assert_eq!(spns.has_class(class), has);
            }
            let own = |spn: &Spn| spn.class.eq_ignore_ascii_case("host")
                && HostName::parse(&spn.host).as_ref() == Some(&asked);
            prop_assert_eq!(spns.has_computer(&asked), parsed.iter().any(own));
            for text in &listed {
                prop_assert!(spns.has_key(&stored_key(text)));
            }
        }
    }
}
