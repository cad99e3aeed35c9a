use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::net::IpAddr;

use jiff::SignedDuration;

use super::age::{FileDates, LogCoverage};
use super::ownership::{KeyOf, Ownership};
use super::patterns::Patterns;
use super::signals::{NearSignal, SignalIndex};
use crate::incidents::{Incident, RecordedSignal};
use crate::inventory::Source;
use crate::inventory::addresses::OwnedAddress;
use crate::inventory::addresses::vendors::{AdapterKind, never_shared, recognise};
use crate::inventory::directory::Directory;
use crate::inventory::hosts::{HostId, Hosts};
use crate::names::{HostName, Principal, Same, domain_key};

/// How long an address that a log tells of is taken to stay where it was: a lease often lasts days, seldom less than one.
const NEAR: SignedDuration = SignedDuration::from_hours(24);

/// Everything that is known beside the incident itself.
pub struct Knowledge<'a> {
    pub hosts: Hosts<'a>,
    pub accounts: Directory<'a>,
    pub(super) signals: SignalIndex,
    /// How far a signal may lie from an event of the incident (`--window`).
    pub window: SignedDuration,
    /// How old the inventories are; without [`Knowledge::dated`] nothing is known of it.
    pub dates: FileDates,
}

impl<'a> Knowledge<'a> {
    pub fn new(
        hosts: Hosts<'a>,
        accounts: Directory<'a>,
        signals: Vec<RecordedSignal>,
        window: SignedDuration,
    ) -> Self {
        Self { hosts, accounts, signals: SignalIndex::new(signals), window, dates: FileDates::default() }
    }

    /// When the inventories were written.
    #[must_use]
    pub fn dated(mut self, dates: FileDates) -> Self {
        self.dates = dates;
        self
    }
}

/// How the three names of an event stand to each other: A the client, B who answered, C who was meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Shape {
    /// B is A, C is another host: the client reached itself.
    ClientAnswered,
    /// B is a third machine.
    OtherAnswered,
    /// B and C have one short name, and not surely one domain.
    SameShortName,
    /// B is C: the right machine answered.
    TargetAnswered,
    /// B is an account with no machine of its name.
    ServiceAnswered,
    /// A name is missing, or leads to no host.
    Unclear,
}

impl Shape {
    /// As the decision table says it.
    pub fn text(self) -> &'static str {
        match self {
            Self::ClientAnswered => "B is A, C is another host",
            Self::OtherAnswered => "B is a third machine",
            Self::SameShortName => "B and C have the same short name in different domains",
            Self::TargetAnswered => "B is C",
            Self::ServiceAnswered => "B is a service account",
            Self::Unclear => "a name is missing or names no host",
        }
    }
}

/// One incident with the three questions answered as far as names and inventories do.
pub struct Case<'a> {
    pub incident: &'a Incident,
    pub know: &'a Knowledge<'a>,
    pub target: Principal,
    pub answerer: Principal,
    /// A, B and C as hosts. B has no domain of its own in most events; C has none where the target is short.
    pub client_host: Option<HostName>,
    pub answerer_host: Option<HostName>,
    pub target_host: Option<HostName>,
    /// TargetRealm and ClientRealm as a set: which is which is not reliable (`docs/causes.md`, "Realms").
    pub realms: Vec<String>,
    pub shape: Shape,
    /// B is A (or C) and nothing speaks for another machine of that name.
    pub sure_who_answered: bool,
    pub client_id: Option<HostId>,
    pub answerer_id: Option<HostId>,
    pub target_id: Option<HostId>,
    pub ownership: Ownership<'a>,
    /// Other classes that fail for the same host.
    pub failing_classes: usize,
    /// Until when the client's logs are known.
    pub coverage: Option<LogCoverage>,
    near: OnceCell<Vec<NearSignal<'a>>>,
    answerer_in_domain: OnceCell<Option<HostName>>,
}

impl<'a> Case<'a> {
    pub fn new(incident: &'a Incident, know: &'a Knowledge<'a>, patterns: &Patterns) -> Self {
        let target = Principal::parse(&incident.target);
        let answerer = Principal::parse(&incident.answered_by);
        let client_host = HostName::parse(&incident.client);
        let target_host = target.host().or_else(|| owner_of(target.address(), know));
        let realms: Vec<String> = BTreeSet::from_iter(
            [&incident.target_realm, &incident.client_realm].into_iter().filter_map(|r| domain_key(r)),
        )
        .into_iter()
        .collect();
        let mut case = Self {
            incident,
            know,
            answerer_host: answerer.host(),
            target,
            answerer,
            client_host,
            target_host,
            realms,
            shape: Shape::Unclear,
            sure_who_answered: false,
            client_id: None,
            answerer_id: None,
            target_id: None,
            ownership: Ownership::default(),
            failing_classes: 0,
            coverage: patterns.logs_of(&incident.client).and_then(|files| know.dates.coverage(files)),
            near: OnceCell::new(),
            answerer_in_domain: OnceCell::new(),
        };
        case.client_id = case.client_host.as_ref().and_then(|h| know.hosts.find(h));
        case.target_id = case.target_in_domain().and_then(|h| know.hosts.find(&h));
        (case.shape, case.sure_who_answered) = case.find_shape();
        case.answerer_id = match case.shape {
            Shape::ClientAnswered => case.client_id,
            Shape::TargetAnswered => case.target_id,
            _ => case.answerer_in_domain().and_then(|h| know.hosts.find(&h)),
        };
        case.ownership = Ownership::of(&case);
        if matches!(case.shape, Shape::ClientAnswered | Shape::OtherAnswered)
            && case.answered_by_another_name()
            && case.ownership.key_of(&case) == KeyOf::Answerer
        {
            // C is B under another name, and the ticket was B's: whoever was meant answered.
            case.shape = Shape::TargetAnswered;
        }
        case.failing_classes = case.target_host.as_ref().map_or(0, |host| patterns.failing_classes(host));
        case
    }

    fn find_shape(&self) -> (Shape, bool) {
        let (Some(client), Some(target), false) =
            (&self.client_host, &self.target_host, self.answerer == Principal::Missing)
        else {
            return (Shape::Unclear, false);
        };
        let Some(answerer) = &self.answerer_host else {
            return (Shape::Unclear, false);
        };
        let client_is_target = client.same(target) != Same::No || self.is_other_name_of(client, target);
        let from_client = self.answers_as(client);
        let from_target = self.answers_as(target);
        if let Principal::Name { .. } = &self.answerer
            && answerer.domain().is_none_or(|d| !d.contains('.'))
            && !answerer.same_label(client)
            && !answerer.same_label(target)
            && self.know.hosts.find(answerer).is_none()
        {
            return (Shape::ServiceAnswered, true);
        }
        if !answerer.same_label(client) && !answerer.same_label(target) && self.answered_by_managed_service()
        {
            return (Shape::ServiceAnswered, true);
        }
        if client.same(target) != Same::No && from_client != Same::No {
            // A ticket to itself: whatever is wrong, the connection went where it should.
            return (Shape::TargetAnswered, from_client == Same::Yes);
        }
        if answerer.same_label(target) {
            if answerer.same_label(client) {
                // `srv1` in alpha asks `srv1` in beta: B may be either.
                return match (from_client, from_target) {
                    (Same::Yes, Same::No) => (Shape::ClientAnswered, true),
                    (Same::No, Same::Yes) => (Shape::TargetAnswered, true),
                    _ => (Shape::SameShortName, false),
                };
            }
            if self.leads_to_namesake().is_some() {
                return (Shape::SameShortName, true);
            }
            return match from_target {
                Same::Yes => (Shape::TargetAnswered, true),
                Same::Maybe if self.leads_home() || !self.may_be_two_domains(target) => {
                    (Shape::TargetAnswered, false)
                }
                _ => (Shape::SameShortName, false),
            };
        }
        if from_client != Same::No && !client_is_target {
            return (Shape::ClientAnswered, from_client == Same::Yes);
        }
        if from_client != Same::No {
            // C is another name of A, and A answered: the name was followed as the inventory says.
            return (Shape::ClientAnswered, true);
        }
        (Shape::OtherAnswered, true)
    }

    /// B is a managed service account, whose name ends in `$` like a computer's, and no machine of that name is known.
    fn answered_by_managed_service(&self) -> bool {
        let Principal::Machine { name, .. } = &self.answerer else { return false };
        let accounts = self.know.accounts.named(name);
        !accounts.is_empty()
            && accounts.iter().all(|account| account.is_managed_service_account())
            && self.answerer_host.as_ref().is_some_and(|h| self.usable(self.know.hosts.find(h)).is_empty())
    }

    /// Is the one who answered this host? By label, and by its own domain or the set of realms.
    fn answers_as(&self, host: &HostName) -> Same {
        let Some(answerer) = &self.answerer_host else { return Same::No };
        if !answerer.same_label(host) {
            return Same::No;
        }
        if answerer.domain().is_some() {
            return answerer.same(host);
        }
        let Some(domain) = host.domain() else { return Same::Maybe };
        if self.realms.is_empty() {
            return Same::Maybe;
        }
        let own = self.domains_known_of(host, domain);
        let is_own = |realm: &str| own.iter().any(|d| d == realm);
        if let Some(foreign) = self.foreign_realm().filter(|realm| !is_own(realm)) {
            if self.exists_in(answerer, foreign) {
                return Same::No;
            }
            // What a list has not got may be there all the same, unless the list is whole.
            if !self.know.accounts.is_complete(foreign) {
                return Same::Maybe;
            }
        }
        if self.realms.iter().any(|r| is_own(r)) {
            // With two realms, a second machine of that name in the other one would answer with the same words.
            let twin_elsewhere = self.realms.len() > 1
                && self.realms.iter().any(|r| !is_own(r) && self.exists_in(answerer, r));
            return if twin_elsewhere { Same::Maybe } else { Same::Yes };
        }
        Same::Maybe
    }

    /// The host's DNS domain, and those of the realms whose directory has it under this name: a disjoint namespace, where
    /// the DNS suffix is no realm.
    fn domains_known_of(&self, host: &HostName, domain: &str) -> Vec<String> {
        let directory = |realm: &&String| self.know.accounts.computer_has_dns_name(host.label(), realm, host);
        self.realms.iter().filter(directory).cloned().chain([domain.to_owned()]).collect()
    }

    /// A realm that is neither the client's domain nor the target's: only the one who answered can have brought it in.
    fn foreign_realm(&self) -> Option<&str> {
        let domains = |host: &Option<HostName>| {
            let host = host.as_ref()?;
            Some(self.domains_known_of(host, host.domain()?))
        };
        let (client, target) = (domains(&self.client_host)?, domains(&self.target_host)?);
        let is_of = |realm: &String| {
            client.contains(realm) || target.iter().any(|domain| domain == realm || flat_of(domain, realm))
        };
        self.realms.iter().find(|realm| !is_of(realm)).map(String::as_str)
    }

    /// Does a machine of this label exist in the domain, as any inventory knows?
    pub fn exists_in(&self, host: &HostName, domain: &str) -> bool {
        self.know.accounts.has_computer(host.label(), domain)
            || self.know.hosts.same_label(host).iter().any(|h| h.domain() == Some(domain))
    }

    /// The label of C may belong to machines of two domains, and the event does not tell which one answered.
    fn may_be_two_domains(&self, target: &HostName) -> bool {
        match target.domain() {
            // A domain that is none of the realms, while the client's is: B is of another domain than C.
            Some(domain) => {
                !self.realms.is_empty()
                    && !self.realms.iter().any(|r| r == domain || flat_of(domain, r))
                    && self
                        .client_host
                        .as_ref()
                        .and_then(HostName::domain)
                        .is_none_or(|d| self.realms.iter().any(|r| r == d))
            }
            // A short name is looked up in the client's domain first, and answered by whoever DNS finds.
            None => {
                let elsewhere = self
                    .client_host
                    .as_ref()
                    .and_then(HostName::domain)
                    .is_some_and(|d| self.realms.iter().any(|r| r != d && !flat_of(r, d)));
                elsewhere || self.domains_of(target).len() > 1
            }
        }
    }

    /// Domains in which an inventory knows a machine of this label.
    pub fn domains_of(&self, host: &HostName) -> Vec<String> {
        let mut domains: BTreeSet<String> =
            self.know.hosts.same_label(host).iter().filter_map(|h| h.domain()).map(str::to_owned).collect();
        for domain in self.know.accounts.computer_domains(host.label()) {
            // In a disjoint namespace it is the same machine that the addresses name by its suffix.
            let same_machine = |suffix: &String| {
                HostName::parse(&format!("{}.{suffix}", host.label()))
                    .is_some_and(|n| self.know.accounts.computer_has_dns_name(host.label(), &domain, &n))
            };
            if !domains.iter().any(same_machine) {
                domains.insert(domain);
            }
        }
        domains.into_iter().collect()
    }

    fn answered_by_another_name(&self) -> bool {
        let pair = self.answerer_host.as_ref().zip(self.target_host.as_ref());
        pair.is_some_and(|(answerer, target)| self.is_other_name_of(answerer, target))
    }

    /// An inventory says that these two names are one host (renamed, alias, additional DNS name).
    pub fn is_other_name_of(&self, a: &HostName, b: &HostName) -> bool {
        !a.same_label(b)
            && match (self.know.hosts.find(a), self.know.hosts.find(b)) {
                (Some(a), Some(b)) => a == b,
                _ => false,
            }
    }

    /// C with the domain it must have where the target is short: the client's own.
    fn target_in_domain(&self) -> Option<HostName> {
        let domain = self.client_host.as_ref().and_then(HostName::domain);
        let host = self.target_host.clone()?;
        let full = host.clone().in_domain(domain);
        let known = |name: &HostName| self.know.hosts.find(name).is_some();
        Some(if known(&full) || !known(&host) { full } else { host })
    }

    /// B with its domain, where only one realm is named.
    pub fn answerer_in_domain(&self) -> Option<HostName> {
        self.answerer_in_domain.get_or_init(|| self.find_answerer_in_domain()).clone()
    }

    fn find_answerer_in_domain(&self) -> Option<HostName> {
        let host = self.answerer_host.clone()?;
        if host.domain().is_some() {
            return Some(host);
        }
        match self.realms.as_slice() {
            [realm] => {
                let full = host.clone().in_domain(Some(realm));
                Some(if self.know.hosts.find(&full).is_some() { full } else { host })
            }
            realms => {
                let known: Vec<_> = realms
                    .iter()
                    .map(|r| host.clone().in_domain(Some(r)))
                    .filter(|h| self.know.hosts.find(h).is_some())
                    .collect();
                match known.as_slice() {
                    [one] => Some(one.clone()),
                    [] => Some(host),
                    _ => None,
                }
            }
        }
    }

    /// Addresses a host owns that can be shared at all.
    pub fn usable(&self, host: Option<HostId>) -> Vec<&'a OwnedAddress> {
        host.map(|h| self.know.hosts.owned(h))
            .unwrap_or_default()
            .iter()
            .copied()
            .filter(|row| !never_shared(row.address))
            .collect()
    }

    /// Addresses both hosts own, in order.
    pub fn common(&self, a: Option<HostId>, b: Option<HostId>) -> Vec<IpAddr> {
        if a.is_none() || a == b {
            return Vec::new();
        }
        let of_a: BTreeSet<IpAddr> = self.usable(a).iter().map(|r| r.address).collect();
        let of_b: BTreeSet<IpAddr> = self.usable(b).iter().map(|r| r.address).collect();
        let moved = |address: &&IpAddr| self.gave_away(a, b, **address) || self.gave_away(b, a, **address);
        of_a.intersection(&of_b).filter(|address| !moved(address)).copied().collect()
    }

    /// `from` had the address by a log only, its export no longer has it, and the export of `to` has: a lease that moved.
    fn gave_away(&self, from: Option<HostId>, to: Option<HostId>, address: IpAddr) -> bool {
        let (from, to) = (self.usable(from), self.usable(to));
        let has = |rows: &[&OwnedAddress], exported: bool| {
            rows.iter().any(|row| row.address == address && row.logged_at.is_none() == exported)
        };
        let leased = recognise(address, None, None, &[]) == AdapterKind::Other;
        leased
            && from.iter().any(|row| row.logged_at.is_none())
            && !has(&from, true)
            && has(&from, false)
            && has(&to, true)
    }

    /// What C's name resolves to, and who says so.
    pub fn resolved(&self) -> &'a [(IpAddr, &'a Source)] {
        self.target_id.map(|id| self.know.hosts.resolved(id)).unwrap_or_default()
    }

    /// The address list knows C by this name, and not only by one that it had or has besides.
    pub fn target_by_own_name(&self) -> bool {
        let Some(target) = &self.target_host else { return false };
        let label = |row: &&OwnedAddress| HostName::parse(&row.host).is_some_and(|h| h.same_label(target));
        self.usable(self.target_id).iter().any(label)
    }

    /// An export is taken to be true at the time of the events; what a log says of an address was true when it was
    /// written.
    pub fn near(&self, row: &OwnedAddress) -> bool {
        let seen = &self.incident.occurrences;
        row.logged_at.is_none_or(|at| {
            // Differences of times, which never overflow: a crafted log has events at the end of all time.
            seen.first.duration_since(at) <= NEAR && at.duration_since(seen.last) <= NEAR
        })
    }

    /// Another host than C owns an address that C's name resolves to, and C, whose addresses are known, does not.
    pub fn leads_elsewhere(&self) -> Option<(HostId, IpAddr, String)> {
        let target = self.target_id?;
        let own: BTreeSet<IpAddr> = self.usable(Some(target)).iter().map(|r| r.address).collect();
        if own.is_empty() {
            return None;
        }
        self.resolved().iter().filter(|(address, _)| !own.contains(address)).find_map(|(address, source)| {
            let owners = self.know.hosts.owners_of(*address);
            owners.first().map(|owner| (*owner, *address, source.to_string()))
        })
    }

    /// C's name resolves to an address of a machine of C's name in another domain: that machine, the address, who says so.
    pub fn leads_to_namesake(&self) -> Option<(String, IpAddr, String)> {
        let target = self.target_host.as_ref()?;
        let own: BTreeSet<IpAddr> = self.usable(self.target_id).iter().map(|r| r.address).collect();
        self.resolved().iter().filter(|(address, _)| !own.contains(address)).find_map(|(address, source)| {
            let owners = self.know.hosts.owners_of(*address);
            let name = self.know.hosts.name(*owners.first()?);
            let namesake =
                owners.len() == 1 && owners.first().copied() != self.target_id && name.same_label(target);
            namesake.then(|| (name.to_string(), *address, source.to_string()))
        })
    }

    /// C's name resolves to addresses of C alone.
    fn leads_home(&self) -> bool {
        !self.resolved().is_empty()
            && self.resolved().iter().all(|(address, _)| {
                let owners = self.know.hosts.owners_of(*address);
                owners.len() == 1 && owners.first().copied() == self.target_id
            })
    }

    /// The first address that C's name resolves to, that `host` owns and C does not.
    pub fn name_leads_to(&self, host: Option<HostId>) -> Option<(IpAddr, String)> {
        let (host, target) = (host?, self.target_id?);
        let own: BTreeSet<IpAddr> = self.usable(Some(target)).iter().map(|r| r.address).collect();
        let theirs: BTreeSet<IpAddr> = self.usable(Some(host)).iter().map(|r| r.address).collect();
        self.resolved()
            .iter()
            .find(|(address, _)| host != target && theirs.contains(address) && !own.contains(address))
            .map(|(address, source)| (*address, source.to_string()))
    }

    /// Clues near the incident in time. Proofs, doubts and the story all ask for them.
    pub fn signals(&self) -> impl Iterator<Item = NearSignal<'a>> + '_ {
        self.near.get_or_init(|| self.know.signals.near(self)).iter().copied()
    }
}

/// `alpha` is the flat name of `alpha.example.com`.
fn flat_of(flat: &str, dns: &str) -> bool {
    !flat.contains('.') && dns.split('.').next() == Some(flat)
}

/// The only host that owns the address a target names instead of a host.
fn owner_of(address: Option<IpAddr>, know: &Knowledge<'_>) -> Option<HostName> {
    let owners = know.hosts.owners_of(address?);
    match owners.as_slice() {
        [one] => Some(know.hosts.name(*one).clone()),
        _ => None,
    }
}
