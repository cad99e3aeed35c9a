//! The parties of an incident: the client that asked, the responder that answered, and the target that was asked for.
//!
//! This file turns the names of an event into hosts, and finds the hosts in the inventories. [`connection`](super::connection)
//! decides how the three relate.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::{Arc, PoisonError};

use jiff::SignedDuration;

use super::context::Context;
use super::remedy_input::IncidentName;
use crate::incidents::Incident;
use crate::inventory::Source;
use crate::inventory::addresses::OwnedAddress;
use crate::inventory::addresses::vendors::{AdapterKind, never_shared, recognise};
use crate::inventory::hosts::HostId;
use crate::names::{HostMatch, HostName, Principal, Spn, domain_key, is_flat_of};

/// How long a host is assumed to keep an address that an event shows. A DHCP lease seldom lasts less than a day.
const ADDRESS_LIFETIME: SignedDuration = SignedDuration::from_hours(24);

/// Client, responder and target, as names and as hosts.
pub(crate) struct Parties<'a> {
    pub(crate) incident: &'a Incident,
    pub(crate) context: &'a Context<'a>,
    pub(crate) target: Principal,
    pub(crate) responder: Principal,
    pub(crate) client_host: Option<HostName>,
    /// The responder as a host. Most events lack its domain.
    pub(crate) responder_host: Option<HostName>,
    /// The host in the target. A short target has no domain.
    pub(crate) target_host: Option<HostName>,
    /// TargetRealm and ClientRealm, in lower case and sorted, each once. Which of them is whose is not reliable.
    pub(crate) realms: Vec<String>,
    pub(crate) client_id: Option<HostId>,
    pub(crate) target_id: Option<HostId>,
    /// The responder, with its domain if only one realm has such a host; `None` if both realms have one.
    pub(crate) responder_in_domain: Option<HostName>,
    /// Addresses that the target's name resolves to.
    resolved_set: BTreeSet<IpAddr>,
    /// The `Computer` of the event.
    pub(crate) client_name: IncidentName,
    pub(crate) responder_name: IncidentName,
    pub(crate) target_name: IncidentName,
}

impl<'a> Parties<'a> {
    pub(crate) fn new(incident: &'a Incident, context: &'a Context<'a>) -> Self {
        let target = Principal::parse(&incident.target);
        let responder = Principal::parse(&incident.answered_by);
        let client_host = HostName::parse(&incident.client);
        let target_host = target.host().or_else(|| only_owner_of(target.address(), context));
        let responder_host = responder.host();
        let realms: BTreeSet<String> = [&incident.target_realm, &incident.client_realm]
            .into_iter()
            .filter_map(|realm| domain_key(realm))
            .collect();
        let client_id = client_host.as_ref().and_then(|host| context.hosts.find(host));
        let target_id = target_host
            .as_ref()
            .map(|host| in_client_domain(host, client_host.as_ref(), context))
            .and_then(|host| context.hosts.find(&host));
        let target_text = match (&target, &target_host) {
            (Principal::Spn(spn), Some(_)) if spn.address().is_none() => spn.host.to_string(),
            (_, Some(host)) => host.to_string(),
            _ => incident.target.to_string(),
        };
        let known_target = target_host.as_ref().is_some_and(|host| is_known(host, context));
        let responder_text = match &responder_host {
            Some(host) => host.to_string(),
            None => incident.answered_by.to_string(),
        };
        let known_responder = responder_host.as_ref().is_some_and(|host| is_known(host, context));
        let mut parties = Self {
            incident,
            context,
            client_name: IncidentName { text: (&*incident.client).into(), is_known: client_host.is_some() },
            responder_name: IncidentName { text: responder_text.into(), is_known: known_responder },
            target_name: IncidentName { text: target_text.into(), is_known: known_target },
            target,
            responder,
            client_host,
            responder_host,
            target_host,
            realms: realms.into_iter().collect(),
            client_id,
            target_id,
            responder_in_domain: None,
            resolved_set: BTreeSet::new(),
        };
        parties.responder_in_domain = parties.find_responder();
        parties.resolved_set = parties.resolved_addresses().iter().map(|(address, _)| *address).collect();
        parties
    }

    pub(crate) fn spn(&self) -> Option<&Spn> {
        self.target.spn()
    }

    /// The service class of the target in lower case; empty if the target is not an SPN.
    pub(crate) fn class(&self) -> String {
        self.spn().map(|spn| spn.class.to_lowercase()).unwrap_or_default()
    }

    /// The target's host, or the target as logged if it names no host.
    pub(crate) fn target_text(&self) -> &str {
        &self.target_name.text
    }

    /// The responder's host, or the responder as logged if it names no host.
    pub(crate) fn responder_text(&self) -> &str {
        &self.responder_name.text
    }

    pub(crate) fn client_domain(&self) -> Option<&str> {
        self.client_host.as_ref().and_then(HostName::domain)
    }

    /// Is the responder's name an SPN of another class than `host`? A service with a keytab names itself so, and Windows does not.
    pub(crate) fn responder_is_service_name(&self) -> bool {
        let host_class = |spn: &Spn| {
            ["host", "restrictedkrbhost"].iter().any(|class| spn.class.eq_ignore_ascii_case(class))
        };
        self.responder.spn().is_some_and(|spn| !host_class(spn))
    }

    /// Compares the responder with a host: by label, and by the responder's domain or the realms of the event.
    pub(crate) fn compare_responder(&self, host: &HostName) -> HostMatch {
        let Some(responder) = &self.responder_host else { return HostMatch::No };
        if !responder.same_label(host) {
            return HostMatch::No;
        }
        if responder.domain().is_some() {
            return responder.compare(host);
        }
        let Some(domain) = host.domain() else { return HostMatch::Maybe };
        if self.realms.is_empty() {
            return HostMatch::Maybe;
        }
        let own = self.domains_of_host(host, domain);
        let is_own = |realm: &str| own.iter().any(|d| d == realm);
        if let Some(foreign) = self.foreign_realm().filter(|realm| !is_own(realm)) {
            if self.is_machine_in(responder, foreign) {
                return HostMatch::No;
            }
            // An incomplete list does not show that a name does not exist.
            if !self.context.accounts.is_complete(foreign) {
                return HostMatch::Maybe;
            }
        }
        if self.realms.iter().any(|r| is_own(r)) {
            // A second machine of that name in the other realm would give the same event.
            let twin_elsewhere = self.realms.len() > 1
                && self.realms.iter().any(|r| !is_own(r) && self.is_machine_in(responder, r));
            return if twin_elsewhere { HostMatch::Maybe } else { HostMatch::Yes };
        }
        HostMatch::Maybe
    }

    /// The host's DNS domain, and the realms whose directory has this DNS name. The two differ in a disjoint namespace.
    fn domains_of_host(&self, host: &HostName, domain: &str) -> Vec<String> {
        let directory =
            |realm: &&String| self.context.accounts.computer_has_dns_name(host.label(), realm, host);
        self.realms.iter().filter(directory).cloned().chain([domain.to_owned()]).collect()
    }

    /// A realm that is neither the client's domain nor the target's, so it must be the responder's.
    fn foreign_realm(&self) -> Option<&str> {
        let domains = |host: &Option<HostName>| {
            let host = host.as_ref()?;
            Some(self.domains_of_host(host, host.domain()?))
        };
        let (client, target) = (domains(&self.client_host)?, domains(&self.target_host)?);
        let is_of = |realm: &String| {
            client.contains(realm) || target.iter().any(|domain| domain == realm || is_flat_of(domain, realm))
        };
        self.realms.iter().find(|realm| !is_of(realm)).map(String::as_str)
    }

    /// Does an inventory or an account list have a machine of this label in the domain?
    pub(crate) fn is_machine_in(&self, host: &HostName, domain: &str) -> bool {
        self.context.accounts.has_computer(host.label(), domain)
            || (domain.contains('.') && self.context.hosts.is_in_domain(host, domain))
    }

    /// May machines of two domains have the target's label, so that the event does not show which one answered?
    pub(crate) fn may_be_two_domains(&self, target: &HostName) -> bool {
        match target.domain() {
            // If the client's domain is a realm and the target's is not, the responder is in another domain than the target. If
            // neither is a realm, the suffixes more likely belong to a disjoint namespace.
            Some(domain) => {
                !self.realms.is_empty()
                    && !self.realms.iter().any(|r| r == domain || is_flat_of(domain, r))
                    && self.client_domain().is_none_or(|d| self.realms.iter().any(|r| r == d))
            }
            // The client looks a short name up in its own domain first, and connects to whatever DNS finds.
            None => {
                let elsewhere = self
                    .client_domain()
                    .is_some_and(|d| self.realms.iter().any(|r| r != d && !is_flat_of(r, d)));
                elsewhere || self.domains_with_label(target).len() > 1
            }
        }
    }

    /// Domains in which an inventory or an account list has a machine of this label, sorted.
    pub(crate) fn domains_with_label(&self, host: &HostName) -> Arc<[String]> {
        let known = || self.context.domains.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(domains) = known().get(host.label()) {
            return Arc::clone(domains);
        }
        let domains: Arc<[String]> = self.find_domains_with_label(host).into_iter().collect();
        known().insert(host.label().into(), Arc::clone(&domains));
        domains
    }

    fn find_domains_with_label(&self, host: &HostName) -> BTreeSet<String> {
        let hosts = self.context.hosts.same_label(host);
        let mut domains: BTreeSet<String> =
            hosts.iter().filter_map(|h| h.domain()).map(str::to_owned).collect();
        for domain in self.context.accounts.computer_domains(host.label()) {
            // In a disjoint namespace the address list may have the same machine under its DNS suffix.
            let same_machine = |suffix: &String| {
                HostName::parse(&format!("{}.{suffix}", host.label())).is_some_and(|name| {
                    self.context.accounts.computer_has_dns_name(host.label(), &domain, &name)
                })
            };
            if !domains.iter().any(same_machine) {
                domains.insert(domain);
            }
        }
        domains
    }

    /// Does an inventory have these two names for one host (renamed, alias, additional DNS name)?
    pub(crate) fn is_other_name_of(&self, a: &HostName, b: &HostName) -> bool {
        !a.same_label(b)
            && match (self.context.hosts.find(a), self.context.hosts.find(b)) {
                (Some(a), Some(b)) => a == b,
                _ => false,
            }
    }

    fn find_responder(&self) -> Option<HostName> {
        let host = self.responder_host.clone()?;
        if host.domain().is_some() {
            return Some(host);
        }
        let found: Vec<_> = self
            .realms
            .iter()
            .map(|realm| host.clone().in_domain(Some(realm)))
            .filter(|host| self.context.hosts.find(host).is_some())
            .collect();
        match found.as_slice() {
            [one] => Some(one.clone()),
            [] => Some(host),
            _ => None,
        }
    }

    /// Rows with addresses of the host that another host can own too.
    pub(crate) fn shareable_rows(&self, host: Option<HostId>) -> Vec<&'a OwnedAddress> {
        let owned = host.map(|id| self.context.hosts.owned(id)).unwrap_or_default();
        owned.iter().copied().filter(|row| !never_shared(row.address)).collect()
    }

    /// Rows that give the host this address.
    pub(crate) fn rows_of(&self, host: Option<HostId>, address: IpAddr) -> &'a [&'a OwnedAddress] {
        match host {
            Some(id) if !never_shared(address) => self.context.hosts.rows(id, address),
            _ => &[],
        }
    }

    /// Does the host own the address?
    pub(crate) fn owns(&self, host: Option<HostId>, address: IpAddr) -> bool {
        !self.rows_of(host, address).is_empty()
    }

    /// Addresses that both hosts own, sorted.
    pub(crate) fn common_addresses(&self, a: Option<HostId>, b: Option<HostId>) -> Vec<IpAddr> {
        let rows = a.map(|id| self.context.hosts.owned_by_address(id)).unwrap_or_default();
        let mut addresses: Vec<IpAddr> = rows.iter().map(|row| row.address).collect();
        addresses.dedup();
        addresses.retain(|&address| self.is_common(a, b, address));
        addresses
    }

    /// Do both hosts own this address?
    pub(crate) fn is_common(&self, a: Option<HostId>, b: Option<HostId>, address: IpAddr) -> bool {
        a != b
            && self.owns(a, address)
            && self.owns(b, address)
            && !self.lost_lease_to(a, b, address)
            && !self.lost_lease_to(b, a, address)
    }

    /// Did `from` lose the DHCP lease of the address to `to`? Only a log shows the address on `from`, whose export lacks it,
    /// and the export of `to` has it.
    fn lost_lease_to(&self, from: Option<HostId>, to: Option<HostId>, address: IpAddr) -> bool {
        let exports = |host| self.rows_of(host, address).iter().any(|row| row.logged_at.is_none());
        recognise(address, None, None, &[]) == AdapterKind::Other
            && self.owns(from, address)
            && !exports(from)
            && from.is_some_and(|host| self.context.hosts.is_exported(host))
            && exports(to)
    }

    /// Addresses that the target's name resolves to, each with its source: on the client if that is known, else in DNS.
    pub(crate) fn resolved_addresses(&self) -> &'a [(IpAddr, &'a Source)] {
        match self.resolved_on_client() {
            [] => self.target_id.map(|id| self.context.hosts.resolved(id)).unwrap_or_default(),
            answers => answers,
        }
    }

    /// Addresses that the client's own resolver, which includes its hosts file, returned for the target's name.
    pub(crate) fn resolved_on_client(&self) -> &'a [(IpAddr, &'a Source)] {
        let hosts = &self.context.hosts;
        self.client_id
            .zip(self.target_id)
            .map(|(client, target)| hosts.resolved_on(client, target))
            .unwrap_or_default()
    }

    pub(crate) fn resolves_to(&self, wanted: IpAddr) -> bool {
        self.resolved_set.contains(&wanted)
    }

    /// Does an address list have the target under this name, and not only under a former or additional name?
    pub(crate) fn lists_target_by_own_name(&self) -> bool {
        let Some(target) = &self.target_host else { return false };
        let label = |row: &&OwnedAddress| HostName::parse(&row.host).is_some_and(|h| h.same_label(target));
        self.shareable_rows(self.target_id).iter().any(label)
    }

    /// Did the host have the address near the time of the events? An export is assumed to be from that time.
    pub(crate) fn held_near_events(&self, row: &OwnedAddress) -> bool {
        let seen = &self.incident.occurrences;
        row.logged_at.is_none_or(|at| {
            // A crafted log may have events near the last possible time. Differences never overflow.
            seen.first.duration_since(at) <= ADDRESS_LIFETIME
                && at.duration_since(seen.last) <= ADDRESS_LIFETIME
        })
    }

    /// Finds an address that the target's name resolves to and that another host owns. The target's addresses must be known.
    pub(crate) fn resolves_elsewhere(&self) -> Option<(HostId, IpAddr, &'a Source)> {
        let target = self.target_id?;
        if self.shareable_rows(Some(target)).is_empty() {
            return None;
        }
        self.resolved_addresses().iter().filter(|(address, _)| !self.owns(Some(target), *address)).find_map(
            |(address, source)| {
                let owners = self.context.hosts.owner_set(*address)?;
                owners.first().map(|owner| (*owner, *address, *source))
            },
        )
    }

    /// Finds an address that the target's name resolves to and that only a host with the same label in another domain owns.
    pub(crate) fn resolves_to_namesake(&self) -> Option<(String, IpAddr, &'a Source)> {
        let target = self.target_host.as_ref()?;
        self.resolved_addresses().iter().filter(|(address, _)| !self.owns(self.target_id, *address)).find_map(
            |(address, source)| {
                let owners = self.context.hosts.owner_set(*address)?;
                let name = self.context.hosts.name(*owners.first()?);
                let namesake =
                    owners.len() == 1 && owners.first().copied() != self.target_id && name.same_label(target);
                namesake.then(|| (name.to_string(), *address, *source))
            },
        )
    }

    /// Does the target's name resolve to addresses that only the target owns?
    pub(crate) fn resolves_home(&self) -> bool {
        !self.resolved_addresses().is_empty()
            && self.resolved_addresses().iter().all(|(address, _)| {
                let owners = self.context.hosts.owner_set(*address);
                owners.is_some_and(|owners| owners.len() == 1 && owners.first().copied() == self.target_id)
            })
    }

    /// The first address that the target's name resolves to and that `host` owns and the target does not.
    pub(crate) fn resolves_to_host(&self, host: Option<HostId>) -> Option<(IpAddr, &'a Source)> {
        let (host, target) = (host?, self.target_id?);
        self.resolved_addresses()
            .iter()
            .find(|(address, _)| {
                host != target && self.owns(Some(host), *address) && !self.owns(Some(target), *address)
            })
            .map(|(address, source)| (*address, *source))
    }
}

/// Completes a short name with the client's domain, unless an inventory has only the short name.
fn in_client_domain(host: &HostName, client: Option<&HostName>, context: &Context<'_>) -> HostName {
    let full = host.clone().in_domain(client.and_then(HostName::domain));
    let known = |name: &HostName| context.hosts.find(name).is_some();
    if known(&full) || !known(host) { full } else { host.clone() }
}

/// Does an inventory, an account list or the `Computer` of a log have this host?
fn is_known(host: &HostName, context: &Context<'_>) -> bool {
    let listed = |domain: &str| context.accounts.has_computer(host.label(), domain);
    context.hosts.is_known(host)
        || match host.domain() {
            Some(domain) => listed(domain),
            None => context.accounts.named(host.label()).iter().any(|account| account.is_computer()),
        }
}

/// The host that owns the address which a target names instead of a host; `None` if several do.
fn only_owner_of(address: Option<IpAddr>, context: &Context<'_>) -> Option<HostName> {
    let owners = context.hosts.owners_of(address?);
    match owners.as_slice() {
        [one] => Some(context.hosts.name(*one).clone()),
        _ => None,
    }
}
