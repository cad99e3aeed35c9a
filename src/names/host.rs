//! Host names, and whether two of them may name one host.

use super::{domain_key, fold, same_domain, without_dot};

/// Longest NetBIOS name, in characters (MS-NBTE 2.2.1). A computer's sAMAccountName is its name truncated to this, plus `$`.
const NETBIOS_LEN: usize = 15;

/// A host name, folded for comparison: its first label, and its domain if the source has one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HostName {
    label: Box<str>,
    domain: Option<Box<str>>,
}

/// Result of comparing two host names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum HostMatch {
    /// The names are those of two hosts.
    No,
    /// The labels agree, and a domain is missing or a NetBIOS name: `srv1` may be `srv1.alpha.example.com`.
    Maybe,
    /// The names are those of one host.
    Yes,
}

impl HostName {
    /// Parses `srv1` or `SRV1.alpha.example.com.`; `None` if the first label is empty.
    pub fn parse(text: &str) -> Option<Self> {
        let text = without_dot(text.trim());
        let (label, domain) = match text.split_once('.') {
            Some((label, domain)) => (label, domain_key(domain)),
            None => (text, None),
        };
        if label.is_empty() {
            return None;
        }
        Some(Self { label: fold(label).into(), domain: domain.map(Into::into) })
    }

    /// The first label, in lower case.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The domain in lower case: a DNS or NetBIOS name.
    pub fn domain(&self) -> Option<&str> {
        self.domain.as_deref()
    }

    /// Sets the domain if the name has none.
    pub fn in_domain(mut self, domain: Option<&str>) -> Self {
        if self.domain.is_none() {
            self.domain = domain.and_then(domain_key).map(Into::into);
        }
        self
    }

    /// The label as a computer's sAMAccountName has it, without `$`.
    pub fn netbios(&self) -> &str {
        match self.label.char_indices().nth(NETBIOS_LEN) {
            Some((end, _)) => &self.label[..end],
            None => &self.label,
        }
    }

    /// Is the label as long as a truncated NetBIOS name?
    pub(crate) fn may_be_cut(&self) -> bool {
        self.label.chars().count() == NETBIOS_LEN
    }

    /// Are the labels equal, or is one the first 15 characters of the other?
    pub fn same_label(&self, other: &Self) -> bool {
        let is_cut = |cut: &Self, full: &Self| cut.may_be_cut() && full.netbios() == &*cut.label;
        self.label == other.label || is_cut(self, other) || is_cut(other, self)
    }

    /// Can both names belong to one host? Compares only the names.
    pub fn compare(&self, other: &Self) -> HostMatch {
        if !self.same_label(other) {
            return HostMatch::No;
        }
        match (&self.domain, &other.domain) {
            (Some(a), Some(b)) if a == b => HostMatch::Yes,
            (Some(a), Some(b)) if same_domain(a, b) => HostMatch::Maybe,
            (Some(_), Some(_)) => HostMatch::No,
            _ => HostMatch::Maybe,
        }
    }
}

impl std::fmt::Display for HostName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.domain {
            Some(domain) => write!(f, "{}.{domain}", self.label),
            None => f.write_str(&self.label),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn host(text: &str) -> HostName {
        HostName::parse(text).unwrap()
    }

    #[test]
    fn case_and_trailing_dot_do_not_matter() {
        assert_eq!(host("SRV1.Alpha.Example.COM."), host("srv1.alpha.example.com"));
    }

    #[test]
    fn two_domains_are_two_hosts() {
        assert_eq!(host("srv1.alpha.example.com").compare(&host("srv1.beta.example.com")), HostMatch::No);
    }

    #[test]
    fn a_short_name_may_be_the_full_one() {
        assert_eq!(host("srv1").compare(&host("srv1.alpha.example.com")), HostMatch::Maybe);
        assert_eq!(host("srv1").compare(&host("srv2.alpha.example.com")), HostMatch::No);
    }

    #[test]
    fn the_netbios_cut_is_the_same_host() {
        let full = host("srv-long-hostname.alpha.example.com");
        assert_eq!(full.netbios(), "srv-long-hostna");
        let cut = host("SRV-LONG-HOSTNA").in_domain(Some("ALPHA.EXAMPLE.COM"));
        assert_eq!(full.compare(&cut), HostMatch::Yes);
        assert_eq!(full.compare(&host("srv-long-host.alpha.example.com")), HostMatch::No);
    }

    #[test]
    fn a_netbios_domain_may_be_the_dns_domain() {
        let flat = host("srv1").in_domain(Some("ALPHA"));
        assert_eq!(flat.compare(&host("srv1.alpha.example.com")), HostMatch::Maybe);
        assert_eq!(flat.compare(&host("srv1.beta.example.com")), HostMatch::No);
    }

    proptest! {
        #[test]
        fn comparison_is_symmetric_and_folds_case(a in "[a-zA-Z0-9-]{1,20}(\\.[a-c]{1,3}){0,2}", b in "[a-zA-Z0-9-]{1,20}(\\.[a-c]{1,3}){0,2}") {
            let (a, b) = (host(&a), host(&b));
            prop_assert_eq!(a.compare(&b), b.compare(&a));
            prop_assert_ne!(a.compare(&a), HostMatch::No);
        }

        #[test]
        fn any_text_parses_without_panic(text in any::<String>()) {
            if let Some(host) = HostName::parse(&text) {
                let upper = HostName::parse(&text.to_uppercase());
                let _ = (host.netbios().len(), upper);
            }
        }
    }
}
