//! The parties of an incident: the client that asked, the responder that answered, the target that was asked for.
//!
//! Names become hosts here, and hosts become rows of the inventories. Who the responder is among the three follows in
//! [`connection`](super::connection).

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::{Arc, PoisonError};

use jiff::SignedDuration;

use super::context::Context;
use super::subject::IncidentName;
use crate::incidents::Incident;
use crate::inventory::Source;
use crate::inventory::addresses::OwnedAddress;
use crate::inventory::addresses::vendors::{AdapterKind, never_shared, recognise};
use crate::inventory::hosts::HostId;
use crate::names::{HostMatch, HostName, Principal, Spn, domain_key, is_flat_of};

/// How long an address from an event is assumed to stay where it was. A lease seldom lasts less than a day.
const ADDRESS_LIFETIME: SignedDuration = SignedDuration::from_hours(24);

/// Client, responder and target, as names and as hosts.
pub(crate) struct Parties<'a> {
    pub(crate) incident: &'a Incident,
    pub(crate) context: &'a Context<'a>,
    pub(crate) target: Principal,
    pub(crate) responder: Principal,
    pub(crate) client_host: Option<HostName>,
    /// The responder as a host, in most events without its domain.
    pub(crate) responder_host: Option<HostName>,
    /// The host in the target, without a domain where the target is short.
    pub(crate) target_host: Option<HostName>,
    /// TargetRealm and ClientRealm in lower case, as a set: their order is unreliable.
    pub(crate) realms: Vec<String>,
    pub(crate) client_id: Option<HostId>,
    pub(crate) target_id: Option<HostId>,
    /// The responder with its domain, where one realm only has it; `None` where two have.
    pub(crate) responder_in_domain: Option<HostName>,
    /// Addresses of the target's name.
    resolved_set: BTreeSet<IpAddr>,
    /// The names again, with who vouches for them.
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
        parties.resolved_set = parties.resolved().iter().map(|(address, _)| *address).collect();
        parties
    }

    pub(crate) fn spn(&self) -> Option<&Spn> {
        self.target.spn()
    }

    /// The service class of the target in lower case; empty where the target is no SPN.
    pub(crate) fn class(&self) -> String {
        self.spn().map(|spn| spn.class.to_lowercase()).unwrap_or_default()
    }

    /// The target as a person names it: the host where there is one, else the target itself.
    pub(crate) fn target_text(&self) -> &str {
        &self.target_name.text
    }

    /// The responder as a host name, else as logged.
    pub(crate) fn responder_text(&self) -> &str {
        &self.responder_name.text
    }

    pub(crate) fn client_domain(&self) -> Option<&str> {
        self.client_host.as_ref().and_then(HostName::domain)
    }

    /// The responder names itself by an SPN of another class than `host`, as a keytab on another system than Windows does.
    pub(crate) fn responder_is_service_name(&self) -> bool {
        let host_class = |spn: &Spn| {
            ["host", "restrictedkrbhost"].iter().any(|class| spn.class.eq_ignore_ascii_case(class))
        };
        self.responder.spn().is_some_and(|spn| !host_class(spn))
    }

    /// Is the responder this host, by its label, and by its own domain or the realms?
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
            // A name that an incomplete list lacks may exist all the same.
            if !self.context.accounts.is_complete(foreign) {
                return HostMatch::Maybe;
            }
        }
        if self.realms.iter().any(|r| is_own(r)) {
            // With two realms, a second machine of that name in the other one would answer with the same words.
            let twin_elsewhere = self.realms.len() > 1
                && self.realms.iter().any(|r| !is_own(r) && self.is_machine_in(responder, r));
            return if twin_elsewhere { HostMatch::Maybe } else { HostMatch::Yes };
        }
        HostMatch::Maybe
    }

    /// The host's DNS domain, and the realms whose directory has the host under this name: a disjoint namespace, where the
    /// DNS suffix is not a realm.
    fn domains_of_host(&self, host: &HostName, domain: &str) -> Vec<String> {
        let directory =
            |realm: &&String| self.context.accounts.computer_has_dns_name(host.label(), realm, host);
        self.realms.iter().filter(directory).cloned().chain([domain.to_owned()]).collect()
    }

    /// A realm that is neither the client's domain nor the target's: only the responder can have brought it in.
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

    /// Does any inventory know a machine of this label in the domain?
    pub(crate) fn is_machine_in(&self, host: &HostName, domain: &str) -> bool {
        self.context.accounts.has_computer(host.label(), domain)
            || (domain.contains('.') && self.context.hosts.is_in_domain(host, domain))
    }

    /// The label of the target may belong to machines of two domains, and the event does not show which one answered.
    pub(crate) fn may_be_two_domains(&self, target: &HostName) -> bool {
        match target.domain() {
            // A domain that is not a realm, while the client's is one: the responder is of another domain than the target. A suffix
            // that no known host has as its realm is more likely a disjoint namespace or a zone of its own.
            Some(domain) => {
                !self.realms.is_empty()
                    && !self.realms.iter().any(|r| r == domain || is_flat_of(domain, r))
                    && self.client_domain().is_none_or(|d| self.realms.iter().any(|r| r == d))
            }
            // A short name is looked up in the client's domain first, and answered by whoever DNS finds.
            None => {
                let elsewhere = self
                    .client_domain()
                    .is_some_and(|d| self.realms.iter().any(|r| r != d && !is_flat_of(r, d)));
                elsewhere || self.domains_with_label(target).len() > 1
            }
        }
    }

    /// Domains in which an inventory knows a machine of this label, in order.
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
            // In a disjoint namespace it is the same machine that the addresses name by its suffix.
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

    /// An inventory says that these two names are one host (renamed, alias, additional DNS name).
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

    /// Addresses of a host that two hosts can own.
    pub(crate) fn shareable(&self, host: Option<HostId>) -> Vec<&'a OwnedAddress> {
        let owned = host.map(|id| self.context.hosts.owned(id)).unwrap_or_default();
        owned.iter().copied().filter(|row| !never_shared(row.address)).collect()
    }

    /// The rows that give a host this address.
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

    /// Addresses both hosts own, in order.
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

    /// `from` had the address by a log only, its export no longer has it, and the export of `to` has: a lease that moved.
    fn lost_lease_to(&self, from: Option<HostId>, to: Option<HostId>, address: IpAddr) -> bool {
        let exports = |host| self.rows_of(host, address).iter().any(|row| row.logged_at.is_none());
        recognise(address, None, None, &[]) == AdapterKind::Other
            && self.owns(from, address)
            && !exports(from)
            && from.is_some_and(|host| self.context.hosts.is_exported(host))
            && exports(to)
    }

    /// Addresses of the target's name with their list: as the client resolves it if that is known, else from DNS.
    pub(crate) fn resolved(&self) -> &'a [(IpAddr, &'a Source)] {
        match self.resolved_on_client() {
            [] => self.target_id.map(|id| self.context.hosts.resolved(id)).unwrap_or_default(),
            answers => answers,
        }
    }

    /// Answers of the client's own resolver for the target's name, including its hosts file.
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

    /// The address list has the target by this name, and not only by a former or additional one.
    pub(crate) fn lists_target_by_own_name(&self) -> bool {
        let Some(target) = &self.target_host else { return false };
        let label = |row: &&OwnedAddress| HostName::parse(&row.host).is_some_and(|h| h.same_label(target));
        self.shareable(self.target_id).iter().any(label)
    }

    /// An export is assumed to hold at the time of the events; an address in an event held when the event was logged.
    pub(crate) fn held_near_events(&self, row: &OwnedAddress) -> bool {
        let seen = &self.incident.occurrences;
        row.logged_at.is_none_or(|at| {
            // Differences of times never overflow: a crafted log has events at the end of all time.
            seen.first.duration_since(at) <= ADDRESS_LIFETIME
                && at.duration_since(seen.last) <= ADDRESS_LIFETIME
        })
    }

    /// Another host owns an address that the target's name resolves to, and the target, whose addresses are known, does not.
    pub(crate) fn resolves_elsewhere(&self) -> Option<(HostId, IpAddr, &'a Source)> {
        let target = self.target_id?;
        if self.shareable(Some(target)).is_empty() {
            return None;
        }
        self.resolved().iter().filter(|(address, _)| !self.owns(Some(target), *address)).find_map(
            |(address, source)| {
                let owners = self.context.hosts.owner_set(*address)?;
                owners.first().map(|owner| (*owner, *address, *source))
            },
        )
    }

    /// The target's name resolves to an address of a machine of the same label in another domain.
    pub(crate) fn resolves_to_namesake(&self) -> Option<(String, IpAddr, &'a Source)> {
        let target = self.target_host.as_ref()?;
        self.resolved().iter().filter(|(address, _)| !self.owns(self.target_id, *address)).find_map(
            |(address, source)| {
                let owners = self.context.hosts.owner_set(*address)?;
                let name = self.context.hosts.name(*owners.first()?);
                let namesake =
                    owners.len() == 1 && owners.first().copied() != self.target_id && name.same_label(target);
                namesake.then(|| (name.to_string(), *address, *source))
            },
        )
    }

    /// The target's name resolves to addresses of the target alone.
    pub(crate) fn resolves_home(&self) -> bool {
        !self.resolved().is_empty()
            && self.resolved().iter().all(|(address, _)| {
                let owners = self.context.hosts.owner_set(*address);
                owners.is_some_and(|owners| owners.len() == 1 && owners.first().copied() == self.target_id)
            })
    }

    /// The first address that the target's name resolves to, that `host` owns and the target does not.
    pub(crate) fn resolves_to_host(&self, host: Option<HostId>) -> Option<(IpAddr, &'a Source)> {
        let (host, target) = (host?, self.target_id?);
        self.resolved()
            .iter()
            .find(|(address, _)| {
                host != target && self.owns(Some(host), *address) && !self.owns(Some(target), *address)
            })
            .map(|(address, source)| (*address, *source))
    }
}

/// A short name in the client's own domain, where that or nothing is known.
fn in_client_domain(host: &HostName, client: Option<&HostName>, context: &Context<'_>) -> HostName {
    let full = host.clone().in_domain(client.and_then(HostName::domain));
    let known = |name: &HostName| context.hosts.find(name).is_some();
    if known(&full) || !known(host) { full } else { host.clone() }
}

/// An inventory, an account list or a log's `Computer` has this host.
fn is_known(host: &HostName, context: &Context<'_>) -> bool {
    let listed = |domain: &str| context.accounts.has_computer(host.label(), domain);
    context.hosts.is_known(host)
        || match host.domain() {
            Some(domain) => listed(domain),
            None => context.accounts.named(host.label()).iter().any(|account| account.is_computer()),
        }
}

/// The only host that owns the address that a target names instead of a host.
fn only_owner_of(address: Option<IpAddr>, context: &Context<'_>) -> Option<HostName> {
    let owners = context.hosts.owners_of(address?);
    match owners.as_slice() {
        [one] => Some(context.hosts.name(*one).clone()),
        _ => None,
    }
}
