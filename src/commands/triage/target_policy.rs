//! Decides which targets may be probed.

use std::collections::{HashMap, HashSet};

use crate::incidents::Incident;
use crate::inventory::accounts::AccountInventory;
use crate::inventory::addresses::AddressInventory;
use crate::live::Machine;
use crate::names::{HostName, domain_key};

/// Rule that decides which targets get a connection.
///
/// The name of a target comes from a log, and whoever writes a log or answers a client can invent names. So a target gets a
/// connection only if something else has its name or its domain: an inventory or account list that the user passed, or with
/// `here` this machine. Then two fields of the event count as well, because this machine's own Kerberos client wrote them:
/// `Computer` and `ClientRealm`. The responder chooses `Server` and `TargetRealm`.
#[derive(Debug)]
pub(super) struct TargetPolicy {
    /// The hosts of the lists, under all their names.
    hosts: HashSet<HostName>,
    /// The same hosts by NetBIOS name.
    by_netbios: HashMap<Box<str>, Vec<HostName>>,
    /// The domains of these hosts, normalised by [`domain_key`].
    domains: HashSet<String>,
    /// The domain of this machine, if it has one; outer `None` without `here`.
    here: Option<Option<String>>,
}

impl TargetPolicy {
    /// Makes the rule from inputs that the user passed. `interfaces` must not have addresses from logs yet.
    pub(super) fn new(
        interfaces: &AddressInventory,
        accounts: &AccountInventory,
        machine: Option<&Machine>,
    ) -> Self {
        let mut policy = Self {
            hosts: HashSet::new(),
            by_netbios: HashMap::new(),
            domains: HashSet::new(),
            here: machine.map(|machine| machine.domain.as_deref().and_then(domain_key)),
        };
        for row in &interfaces.owned {
            policy.add(HostName::parse(&row.host), true);
        }
        for row in &interfaces.resolved {
            // The name is listed, but its domain may belong to anybody.
            policy.add(HostName::parse(&row.name), false);
        }
        for account in &accounts.accounts {
            for name in account.dns_host_name.iter().chain(&account.additional_dns_host_names) {
                policy.add(HostName::parse(name), true);
            }
            policy.domains.extend(domain_key(&account.domain));
            if account.is_computer() {
                let name = HostName::parse(account.name.trim_end_matches('$'));
                policy.add(name.map(|name| name.in_domain(Some(&account.domain))), true);
            }
        }
        policy
    }

    fn add(&mut self, host: Option<HostName>, with_domain: bool) {
        let Some(host) = host else { return };
        if with_domain {
            self.domains.extend(host.domain().map(str::to_owned));
        }
        if self.hosts.insert(host.clone()) {
            self.by_netbios.entry(host.netbios().into()).or_default().push(host);
        }
    }

    /// Returns the name under which the target is asked, or `None` if it must not be asked.
    pub(super) fn name_to_ask(&self, incident: &Incident, target: &HostName) -> Option<HostName> {
        let Some(domain) = target.domain() else { return self.full_name(target) };
        let is_listed = self.hosts.contains(target) || self.domains.contains(domain);
        (is_listed || self.is_domain_of_this_machine(incident, domain)).then(|| target.clone())
    }

    /// Reports whether `domain` is the domain of this machine, a domain below it, or the event's `ClientRealm`.
    fn is_domain_of_this_machine(&self, incident: &Incident, domain: &str) -> bool {
        let Some(own) = &self.here else { return false };
        let computer = HostName::parse(&incident.client);
        let mut own = own.as_deref().into_iter().chain(computer.as_ref().and_then(HostName::domain));
        let is_own = own.any(|own| {
            domain.strip_suffix(own).is_some_and(|above| above.is_empty() || above.ends_with('.'))
        });
        is_own || domain_key(&incident.client_realm).is_some_and(|realm| realm == domain)
    }

    /// Completes a short name to that of the only listed host with this label, else in the domain of this machine. A short
    /// name would be resolved by broadcast, and any host in the network could answer.
    fn full_name(&self, target: &HostName) -> Option<HostName> {
        let listed = self.by_netbios.get(target.netbios()).into_iter().flatten();
        let mut same = listed.filter(|host| host.same_label(target) && host.domain().is_some());
        match (same.next(), same.next(), &self.here) {
            (Some(one), None, _) => Some(one.clone()),
            (None, _, Some(Some(own))) => Some(target.clone().in_domain(Some(own))),
            // The user passed a list with this short name.
            (None, _, _) if self.hosts.contains(target) => Some(target.clone()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    use jiff::Timestamp;

    use crate::incidents::{ActivityTimes, Occurrences};
    use crate::inventory::Source;
    use crate::inventory::addresses::OwnedAddress;
    use crate::probe::Network;

    fn machine(domain: Option<&str>) -> Machine {
        Machine {
            name: "SRV1.alpha.example.com".to_owned(),
            domain: domain.map(str::to_owned),
            logs: "logs".into(),
            hosts_file: "hosts".into(),
            adapters: Vec::new(),
            network: Network::default(),
        }
    }

    fn list(hosts: &[&str]) -> AddressInventory {
        let owned = hosts.iter().map(|host| OwnedAddress {
            host: (*host).into(),
            address: "192.0.2.1".parse().unwrap(),
            prefix_length: None,
            interface: None,
            description: None,
            mac: None,
            source: Source { file: "list.csv".into(), line: 2, collected: None },
            logged_at: None,
        });
        AddressInventory { owned: owned.collect(), ..AddressInventory::default() }
    }

    fn incident(computer: &str, target_realm: &str, client_realm: &str) -> Incident {
        Incident {
            client: computer.into(),
            answered_by: "srv1$".into(),
            target: "".into(),
            target_realm: target_realm.into(),
            client_realm: client_realm.into(),
            occurrences: Occurrences {
                events: 1,
                first: Timestamp::UNIX_EPOCH,
                last: Timestamp::UNIX_EPOCH,
                activity: ActivityTimes::default(),
                reported: ActivityTimes::default(),
                files: BTreeSet::new(),
                from_slack: 0,
            },
        }
    }

    /// Under which name `target` is asked.
    fn asked(
        listed: &[&str],
        machine: Option<&Machine>,
        incident: &Incident,
        target: &str,
    ) -> Option<String> {
        let policy = TargetPolicy::new(&list(listed), &AccountInventory::default(), machine);
        policy.name_to_ask(incident, &HostName::parse(target).unwrap()).map(|name| name.to_string())
    }

    const COMPUTER: &str = "SRV1.alpha.example.com";

    #[test]
    fn a_realm_that_only_the_responder_reported_gets_no_connection() {
        let here = machine(Some("alpha.example.com"));
        let hostile = incident(COMPUTER, "EVIL.EXAMPLE.NET", "ALPHA.EXAMPLE.COM");
        assert_eq!(asked(&[], Some(&here), &hostile, "srv2.evil.example.net"), None);
        // Nor does a name that only ends like the machine's domain.
        assert_eq!(asked(&[], Some(&here), &hostile, "srv2.evilalpha.example.com"), None);
    }

    #[test]
    fn on_the_machine_its_domain_its_computer_name_and_its_client_realm_count() {
        let here = machine(Some("Alpha.Example.com"));
        let event = incident(COMPUTER, "ALPHA.EXAMPLE.COM", "BETA.EXAMPLE.COM");
        for target in ["srv2.alpha.example.com", "srv2.sub.alpha.example.com", "srv2.beta.example.com"] {
            assert_eq!(asked(&[], Some(&here), &event, target).as_deref(), Some(target));
        }
        // A machine whose suffix is not known has it in the name it logs.
        assert!(asked(&[], Some(&machine(None)), &event, "srv2.alpha.example.com").is_some());
        assert_eq!(asked(&[], Some(&here), &event, "srv2.example.com"), None);
    }

    #[test]
    fn an_exported_log_vouches_for_nobody() {
        let event = incident(COMPUTER, "ALPHA.EXAMPLE.COM", "BETA.EXAMPLE.COM");
        for target in ["srv2.alpha.example.com", "srv2.beta.example.com", "srv2", COMPUTER] {
            assert_eq!(asked(&[], None, &event, target), None, "{target}");
        }
    }

    #[test]
    fn a_list_vouches_for_its_hosts_and_their_domains() {
        let event = incident(COMPUTER, "", "");
        for target in ["srv2.beta.example.com", "SRV3.BETA.example.com."] {
            assert!(asked(&["srv2.beta.example.com"], None, &event, target).is_some(), "{target}");
        }
        assert_eq!(asked(&["srv2.beta.example.com"], None, &event, "srv2.gamma.example.com"), None);
    }

    #[test]
    fn a_short_name_gets_a_domain_so_that_no_broadcast_resolves_it() {
        let event = incident(COMPUTER, "", "");
        let here = machine(Some("alpha.example.com"));
        for (listed, machine, want) in [
            (&[][..], Some(&here), Some("srv2.alpha.example.com")),
            (&["srv2.beta.example.com"], Some(&here), Some("srv2.beta.example.com")),
            (&["srv2.beta.example.com"], None, Some("srv2.beta.example.com")),
            (&["srv2.beta.example.com", "srv2.gamma.example.com"], Some(&here), None),
            (&["srv2"], None, Some("srv2")),
            (&[], None, None),
            (&[], Some(&super::tests::machine(None)), None),
        ] {
            assert_eq!(asked(listed, machine, &event, "srv2").as_deref(), want, "{listed:?}");
        }
    }
}
