//! Shares one copy of each domain name among the accounts of a file, and finds it by the end of a DN.

use std::collections::HashMap;
use std::sync::Arc;

use super::ldap_values::DistinguishedName;

/// Maximum number of endings of DNs that are kept.
const MAX_ENDS: usize = 16;

/// The domain names of a file.
#[derive(Debug, Default)]
pub(super) struct DomainNames {
    names: HashMap<Box<str>, Arc<str>>,
    /// The domain of the last account.
    last: Arc<str>,
    /// Endings of DNs from the first `DC=` on, and the domain of each.
    ends: Vec<(Box<str>, Arc<str>)>,
    /// Number of endings replaced because there was no room.
    replaced: usize,
    /// A buffer for the name that is being read.
    name: String,
}

impl DomainNames {
    /// The domain of a DN, and whether the object is deleted; `None` if it is not a DN ([`DistinguishedName::domain_of`]).
    pub(super) fn of_dn(&mut self, dn: &str) -> Option<(Arc<str>, bool)> {
        let end = DistinguishedName::plain_domain(dn);
        if let Some(end) = end
            && let Some((_, domain)) = self.ends.iter().find(|(known, _)| **known == *end)
        {
            return Some((Arc::clone(domain), false));
        }
        let mut name = std::mem::take(&mut self.name);
        let found = DistinguishedName::domain_of(dn, &mut name).map(|deleted| (self.intern(&name), deleted));
        self.name = name;
        if let (Some(end), Some((domain, _))) = (end, &found) {
            let kept = (end.into(), Arc::clone(domain));
            if self.ends.len() < MAX_ENDS {
                self.ends.push(kept);
            } else if let Some(old) = self.ends.get_mut(self.replaced % MAX_ENDS) {
                *old = kept;
                self.replaced += 1;
            }
        }
        found
    }

    /// Returns the shared copy of a domain name.
    pub(super) fn intern(&mut self, name: &str) -> Arc<str> {
        if *self.last != *name {
            self.last = match self.names.get(name) {
                Some(known) => Arc::clone(known),
                None => {
                    let shared: Arc<str> = name.into();
                    self.names.insert(name.into(), Arc::clone(&shared));
                    shared
                }
            };
        }
        Arc::clone(&self.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_endings_give_what_reading_the_whole_gives() {
        let mut dns: Vec<String> = (0..3 * MAX_ENDS)
            .flat_map(|i| {
                let domain = format!("DC=d{},DC=test", i % (2 * MAX_ENDS));
                [
                    format!("CN=a{i},OU=x,{domain}"),
                    format!("CN=a b , OU=x,{}", domain.to_lowercase()),
                    format!("CN=a\\0ADEL:{i},OU=x,{domain}"),
                    format!("CN=a\nDEL:{i},OU=x,{domain}"),
                    format!("no DN,{domain}"),
                    format!("CN=a,=x,{domain}"),
                    format!("CN=a,DC=b,OU=x,{domain}"),
                    format!("CN=a,OU=x,{domain},"),
                    domain,
                ]
            })
            .collect();
        dns.extend_from_within(..);
        let mut known = DomainNames::default();
        for dn in dns {
            let mut name = String::new();
            let whole =
                DistinguishedName::domain_of(&dn, &mut name).map(|deleted| (name.as_str().into(), deleted));
            assert_eq!(known.of_dn(&dn), whole, "{dn:?}");
        }
    }
}
