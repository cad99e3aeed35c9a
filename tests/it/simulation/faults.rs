//! What goes wrong: every fault changes the forest, and says who notices.

use super::exchange::Ask;
use super::rng::Rng;
use super::world::*;
use std::net::IpAddr;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    SharedCardSameDomain,
    SharedCardTwoDomains,
    SharedSwitch,
    SharedBalancedAddress,
    SharedOrdinaryAddress,
    AddressOnTwoMachines,
    MisplacedSpn,
    MisplacedHostSpn,
    DuplicateInTwoDomains,
    DuplicateInOneDomain,
    SameNameTwoDomains,
    WrongServiceAccount,
    MachinePassword,
    MachinePasswordWithEvents,
    ServicePassword,
    StaleTicket,
    EncryptionType,
    StaleDnsOther,
    StaleDnsClient,
    HostsFile,
    StaleDnsToService,
    ReusedAddress,
    ClusterOwnNode,
    ClusterOtherNode,
    AliasWithForeignSpn,
    Renamed,
    NameGivenAgain,
    ClusterNodesShareCard,
    ClusterStaleDns,
    BalancedAliasWrongAccount,
    TwoSharedAddresses,
    LeaseMoved,
    ManagedServicePassword,
    EncryptionTypeAndOldLogon,
    SharedAddressFromOutside,
    NameTakenOver,
    NameTakenOverByCname,
    LeftoverAccount,
    MovedPairAddress,
    KernelMode,
    WinRmBesideWebSite,
    ClusterNamePassword,
    ControllerRolledBack,
    HostsFileInFleet,
}

/// Faults of a quiet forest, and those that need what a real estate has.
pub fn all(estate: Estate) -> &'static [Fault] {
    match estate {
        Estate::Quiet => &ALL[..QUIET],
        Estate::Noisy => &ALL,
    }
}

const QUIET: usize = 35;

const ALL: [Fault; 44] = {
    use Fault::*;
    [
        SharedCardSameDomain,
        SharedCardTwoDomains,
        SharedSwitch,
        SharedBalancedAddress,
        SharedOrdinaryAddress,
        AddressOnTwoMachines,
        MisplacedSpn,
        MisplacedHostSpn,
        DuplicateInTwoDomains,
        DuplicateInOneDomain,
        SameNameTwoDomains,
        WrongServiceAccount,
        MachinePassword,
        MachinePasswordWithEvents,
        ServicePassword,
        StaleTicket,
        EncryptionType,
        StaleDnsOther,
        StaleDnsClient,
        HostsFile,
        StaleDnsToService,
        ReusedAddress,
        ClusterOwnNode,
        ClusterOtherNode,
        AliasWithForeignSpn,
        Renamed,
        NameGivenAgain,
        ClusterNodesShareCard,
        ClusterStaleDns,
        BalancedAliasWrongAccount,
        TwoSharedAddresses,
        LeaseMoved,
        ManagedServicePassword,
        EncryptionTypeAndOldLogon,
        SharedAddressFromOutside,
        NameTakenOver,
        NameTakenOverByCname,
        LeftoverAccount,
        MovedPairAddress,
        KernelMode,
        WinRmBesideWebSite,
        ClusterNamePassword,
        ControllerRolledBack,
        HostsFileInFleet,
    ]
};

/// What the fault leaves in other logs beside the event 4s it causes.
#[derive(Clone, Debug)]
pub enum Trace {
    /// NETLOGON 3210 on the host, 5722 or 5805 on its controller.
    PasswordRefused(Id),
    /// KDC 14, 16, 27 or 42 for an account.
    NoKey(Id),
    /// Service Control Manager 7038 on a host for an account.
    ServiceLogon(Id, Id),
    /// EventLog 6011 on a host.
    Renamed(Id),
    /// Service Control Manager 7038 on another host than the one that answers, for an account that is right here.
    OtherServiceLogon(Id, Id),
    /// DNS-Client 8015: a host registers an address, so long before the events.
    Registered(Id, std::net::IpAddr, i64),
    /// FailoverClustering 1207 on a node: the cluster's password of a name was refused.
    ClusterName(Id, Id),
    /// Directory Service 2095 on a domain controller: its database was put back.
    RolledBack(Id),
}

fn ask(rng: &mut Rng, world: &World, client: Id, class: &'static str, host: Id) -> Ask {
    // A short name from another domain would mean a namesake or nothing.
    let short = rng.chance(25) && world.hosts[client].domain == world.hosts[host].domain;
    let name = if short { world.hosts[host].label.clone() } else { world.full_name(host) };
    Ask { client, class, name, port: "", dcom: is_dcom(rng, class), cached: None }
}

/// WMI and the like ask for these classes; now and then another program does.
fn is_dcom(rng: &mut Rng, class: &str) -> bool {
    class == "RPCSS" || (class == "host" && rng.chance(90))
}

fn two(rng: &mut Rng, of: &[Id]) -> Option<(Id, Id)> {
    let a = *rng.pick(of);
    let rest: Vec<Id> = of.iter().copied().filter(|x| *x != a).collect();
    (!rest.is_empty()).then(|| (a, *rng.pick(&rest)))
}

/// Two members of one domain, or of two.
fn pair(rng: &mut Rng, world: &World, same: bool) -> Option<(Id, Id)> {
    let (a, b) = two(rng, &world.all_members())?;
    let mates: Vec<Id> = world
        .all_members()
        .into_iter()
        .filter(|&h| h != a && (world.hosts[h].domain == world.hosts[a].domain) == same)
        .collect();
    if mates.contains(&b) { Some((a, b)) } else { (!mates.is_empty()).then(|| (a, *rng.pick(&mates))) }
}

fn any_pair(rng: &mut Rng, world: &World) -> Option<(Id, Id)> {
    let same = rng.chance(65);
    pair(rng, world, same)
}

/// Classes that stand on the computer's account, if only as HOST.
const MACHINE: [&str; 5] = ["cifs", "host", "TERMSRV", "WSMAN", "RestrictedKrbHost"];

fn machine_class(rng: &mut Rng, world: &World, host: Id) -> &'static str {
    let http = world.services.iter().any(|s| s.host == host && s.class == "HTTP");
    if !http && rng.chance(20) { "HTTP" } else { rng.pick::<&str>(&MACHINE) }
}

fn port_of(class: &str) -> &'static str {
    if class == "MSSQLSvc" { ":1433" } else { "" }
}

fn service_ask(rng: &mut Rng, world: &World, client: Id, service: Id) -> Ask {
    let s = &world.services[service];
    Ask { port: port_of(s.class), ..ask(rng, world, client, s.class, s.host) }
}

/// A client that is not the host, of the same domain more often than not.
fn client_of(rng: &mut Rng, world: &World, host: Id) -> Option<Id> {
    let mates: Vec<Id> = world.members(world.hosts[host].domain).into_iter().filter(|&h| h != host).collect();
    let others: Vec<Id> = world.all_members().into_iter().filter(|&h| h != host).collect();
    let from = if rng.chance(70) && !mates.is_empty() { mates } else { others };
    (!from.is_empty()).then(|| *rng.pick(&from))
}

/// Sets SPNs of a service right from the wrong one: every form of its name.
fn forms(world: &World, class: &str, host: Id) -> [String; 2] {
    let port = port_of(class);
    [format!("{class}/{}{port}", world.hosts[host].label), format!("{class}/{}{port}", world.full_name(host))]
}

/// `c` gets another address, and `b`, another host, the one it had, where DNS leads its name now. The address handed over.
fn hand_over(rng: &mut Rng, world: &mut World, c: Id, b: Id) -> Option<IpAddr> {
    if b == c {
        return None;
    }
    let old = world.address(c);
    world.hosts[c].nics[0] = ordinary(world.free_address(world.hosts[c].domain, rng));
    world.hosts[b].nics[0] = ordinary(old);
    let name = world.full_name(b);
    world.set_dns(&name, old);
    Some(old)
}

/// Puts the fault into the forest at `when`. `None` where the forest has no place for it.
pub fn inject(fault: Fault, world: &mut World, when: i64, rng: &mut Rng) -> Option<(Vec<Ask>, Vec<Trace>)> {
    let mut asks = Vec::new();
    let mut traces = Vec::new();
    match fault {
        Fault::SharedCardSameDomain | Fault::SharedCardTwoDomains => {
            let (a, b) = pair(rng, world, fault == Fault::SharedCardSameDomain)?;
            let which = rng.below(CARDS.len());
            share(world, a, b, card(which));
            let class = *rng.pick(&["host", "host", "RPCSS"]);
            asks.push(ask(rng, world, a, class, b));
            if rng.chance(50) {
                asks.push(ask(rng, world, b, "host", a));
            }
            // The card registered its address in DNS, so that every program reaches itself.
            if rng.chance(15) {
                let name = world.full_name(b);
                world.set_dns(&name, card(which).address);
                asks.push(ask(rng, world, a, "cifs", b));
            }
        }
        Fault::SharedSwitch => {
            let (a, b) = any_pair(rng, world)?;
            let which = rng.below(SWITCHES.len());
            share(world, a, b, switch(which));
            asks.push(ask(rng, world, a, "host", b));
        }
        Fault::SharedBalancedAddress | Fault::SharedOrdinaryAddress => {
            let balanced = fault == Fault::SharedBalancedAddress;
            let (a, b) = pair(rng, world, true)?;
            let mut nic = ordinary(world.free_address(world.hosts[a].domain, rng));
            if balanced {
                nic.interface = "Ethernet 2";
                nic.description = "Microsoft Network Load Balancing Filter Device";
            }
            let address = nic.address;
            share(world, a, b, nic);
            asks.push(ask(rng, world, a, "host", b));
            if rng.chance(40) {
                let name = world.full_name(b);
                world.set_dns(&name, address);
                asks.push(ask(rng, world, a, "cifs", b));
            }
        }
        Fault::AddressOnTwoMachines => {
            let (b, c) = pair(rng, world, true)?;
            let client = client_of(rng, world, c).filter(|&x| x != b)?;
            // B was given C's address, and is the one that answers.
            let (b, c) = if (b > c) == world.last_reached { (b, c) } else { (c, b) };
            let client = if client == b || client == c { return None } else { client };
            let nic = ordinary(world.address(c));
            world.hosts[b].nics.push(nic);
            let class = machine_class(rng, world, c);
            asks.push(ask(rng, world, client, class, c));
        }
        Fault::MisplacedSpn => {
            let host = *rng.pick(&world.all_members());
            let class = *rng.pick(&["HTTP", "HTTP", "cifs", "MSSQLSvc", "WSMAN"]);
            if world.services.iter().any(|s| s.host == host && s.class == class) {
                return None;
            }
            let client = client_of(rng, world, host)?;
            let account = if rng.chance(70) {
                let domain =
                    if rng.chance(80) { world.hosts[host].domain } else { rng.below(world.domains.len()) };
                world.add_user(format!("svc_old{host}{}", class.to_lowercase()), domain, Vec::new(), rng)
            } else {
                let others: Vec<Id> = world.all_members().into_iter().filter(|&h| h != host).collect();
                world.hosts[*rng.pick(&others)].account
            };
            let own = world.hosts[host].account;
            for spn in forms(world, class, host) {
                world.unregister(own, &spn, when);
                world.register(account, spn, when);
            }
            asks.push(Ask { port: port_of(class), ..ask(rng, world, client, class, host) });
        }
        Fault::MisplacedHostSpn => {
            let (host, other) = pair(rng, world, true)?;
            let client = client_of(rng, world, host)?;
            let (own, wrong) = (world.hosts[host].account, world.hosts[other].account);
            for spn in forms(world, "HOST", host) {
                world.unregister(own, &spn, when);
                world.register(wrong, spn, when);
            }
            let class = *rng.pick(&["cifs", "host"]);
            asks.push(ask(rng, world, client, class, host));
        }
        Fault::DuplicateInTwoDomains => {
            let host = *rng.pick(&world.all_members());
            let (class, own) = match world.services.iter().find(|s| s.host == host) {
                Some(s) if rng.chance(60) => (s.class, s.account),
                _ => (machine_class(rng, world, host), world.hosts[host].account),
            };
            if own == world.hosts[host].account
                && world.services.iter().any(|s| s.host == host && s.class == class)
            {
                return None;
            }
            let other = (world.hosts[host].domain + 1) % world.domains.len();
            let clients = world.members(other);
            let client = *rng.pick(&clients);
            let wrong = world.add_user(format!("svc_dup{host}"), other, Vec::new(), rng);
            for spn in forms(world, class, host) {
                if !world.accounts[own].spns.iter().any(|s| s.eq_ignore_ascii_case(&spn)) {
                    world.register(own, spn.clone(), when);
                }
                world.register(wrong, spn, when);
            }
            asks.push(Ask { port: port_of(class), ..ask(rng, world, client, class, host) });
        }
        Fault::DuplicateInOneDomain => {
            let service = rng.below(world.services.len());
            let s = world.services[service].clone();
            let client = client_of(rng, world, s.host)?;
            let wrong =
                world.add_user(format!("svc_twin{service}"), world.hosts[s.host].domain, Vec::new(), rng);
            for spn in forms(world, s.class, s.host) {
                world.register(wrong, spn, when);
            }
            asks.push(service_ask(rng, world, client, service));
        }
        Fault::SameNameTwoDomains => {
            let host = *rng.pick(&world.all_members());
            let other = (world.hosts[host].domain + 1) % world.domains.len();
            let label = world.hosts[host].label.clone();
            if world.hosts.iter().any(|h| h.domain == other && h.label == label) {
                return None;
            }
            let twin = world.add_host(label.clone(), other, rng);
            // The suffix search of clients of `other` finds no record of their own, or the record is wrong.
            let client =
                *rng.pick(&world.members(other).into_iter().filter(|&h| h != twin).collect::<Vec<_>>());
            let twin_name = world.full_name(twin).to_lowercase();
            let class = machine_class(rng, world, host);
            if world.services.iter().any(|s| s.host == host && s.class == class) {
                return None;
            }
            if rng.chance(60) {
                world.dns.retain(|d| d.0 != twin_name);
                let dcom = is_dcom(rng, class);
                asks.push(Ask { client, class, name: label, port: "", dcom, cached: None });
            } else {
                let address = world.address(host);
                world.set_dns(&twin_name, address);
                let third: Vec<Id> =
                    world.all_members().into_iter().filter(|&h| h != host && h != twin).collect();
                let client = *rng.pick(&third);
                let dcom = is_dcom(rng, class);
                asks.push(Ask { client, class, name: twin_name, port: "", dcom, cached: None });
            }
        }
        Fault::WrongServiceAccount => {
            let service = rng.below(world.services.len());
            let s = world.services[service].clone();
            let client = client_of(rng, world, s.host)?;
            // Somebody let it run under another account; the SPN was not moved, or only partly.
            let account = world.add_user(
                format!("svc_new{service}"),
                world.accounts[s.account].domain,
                Vec::new(),
                rng,
            );
            if rng.chance(40) {
                let spn = format!("{}/{}:8080", s.class, world.full_name(s.host));
                world.register(account, spn, when);
            }
            world.services[service].account = account;
            asks.push(service_ask(rng, world, client, service));
        }
        Fault::MachinePassword | Fault::MachinePasswordWithEvents => {
            let host = *rng.pick(&world.all_members());
            // A snapshot of weeks ago was put back: two changes are missing.
            world.hosts[host].held = 3;
            let account = world.hosts[host].account;
            world.accounts[account].set = world.accounts[account].set.min(when - HOUR);
            for _ in 0..1 + rng.below(3) {
                let client = client_of(rng, world, host)?;
                let class = machine_class(rng, world, host);
                asks.push(ask(rng, world, client, class, host));
            }
            if rng.chance(15) {
                let client = client_of(rng, world, host)?;
                let name = world.hosts[host].label.clone();
                if world.hosts[client].domain == world.hosts[host].domain && name.len() <= 15 {
                    asks.push(Ask { client, class: "$", name, port: "", dcom: false, cached: None });
                }
            }
            if fault == Fault::MachinePasswordWithEvents {
                traces.push(Trace::PasswordRefused(host));
            }
        }
        Fault::ServicePassword => {
            let service = rng.below(world.services.len());
            let s = world.services[service].clone();
            let client = client_of(rng, world, s.host)?;
            world.accounts[s.account].version += 1;
            world.accounts[s.account].set = when;
            world.accounts[s.account].changed = when;
            asks.push(service_ask(rng, world, client, service));
            if rng.chance(40) {
                traces.push(Trace::ServiceLogon(s.host, s.account));
            }
        }
        Fault::StaleTicket => {
            let service = rng.below(world.services.len());
            let s = world.services[service].clone();
            let client = client_of(rng, world, s.host)?;
            let account = &mut world.accounts[s.account];
            // Reset twice, so that the previous key does not help.
            let old = account.version;
            account.version += 2;
            account.set = DAY - 10 * 60;
            account.changed = account.set;
            world.services[service].held = account.version;
            asks.push(Ask { cached: Some(old), ..service_ask(rng, world, client, service) });
        }
        Fault::EncryptionType => {
            if rng.chance(50) {
                let host = *rng.pick(&world.all_members());
                world.hosts[host].etypes = RC4;
                let client = client_of(rng, world, host)?;
                let class = machine_class(rng, world, host);
                asks.push(ask(rng, world, client, class, host));
                traces.push(Trace::NoKey(world.hosts[host].account));
            } else {
                let service = rng.below(world.services.len());
                world.services[service].etypes = RC4;
                let client = client_of(rng, world, world.services[service].host)?;
                asks.push(service_ask(rng, world, client, service));
                traces.push(Trace::NoKey(world.services[service].account));
            }
        }
        Fault::StaleDnsOther | Fault::StaleDnsClient | Fault::HostsFile => {
            let (client, target) = any_pair(rng, world)?;
            let third: Vec<Id> =
                world.all_members().into_iter().filter(|&h| h != client && h != target).collect();
            let reached = if fault == Fault::StaleDnsClient { client } else { *rng.pick(&third) };
            let (name, address) = (world.full_name(target), world.address(reached));
            if fault == Fault::HostsFile {
                let reached = if rng.chance(40) { world.address(client) } else { address };
                world.hosts_files.push((client, name.to_lowercase(), reached));
            } else {
                world.set_dns(&name, address);
            }
            let class = machine_class(rng, world, target);
            asks.push(ask(rng, world, client, class, target));
        }
        Fault::StaleDnsToService => {
            // The name of one web server leads to another, whose service runs under an account of its own.
            let service = rng.below(world.services.len());
            let s = world.services[service].clone();
            let (other, client) = two(
                rng,
                &world
                    .members(world.hosts[s.host].domain)
                    .into_iter()
                    .filter(|&h| h != s.host)
                    .collect::<Vec<_>>(),
            )?;
            if world.services.iter().any(|x| x.host == other && x.class == s.class) {
                return None;
            }
            let account =
                world.add_user(format!("svc_far{other}"), world.hosts[other].domain, Vec::new(), rng);
            if rng.chance(60) {
                for spn in forms(world, s.class, other) {
                    world.register(account, spn, when - 900 * HOUR);
                }
            }
            world.services.push(Service { host: other, class: s.class, account, held: 2, etypes: RC4 | AES });
            let (name, address) = (world.full_name(s.host), world.address(other));
            world.set_dns(&name, address);
            asks.push(service_ask(rng, world, client, service));
        }
        Fault::ReusedAddress => {
            let (a, c) = any_pair(rng, world)?;
            let b = if rng.chance(30) { a } else { *rng.pick(&world.all_members()) };
            hand_over(rng, world, c, b)?;
            let class = machine_class(rng, world, c);
            asks.push(ask(rng, world, a, class, c));
        }
        Fault::ClusterOwnNode | Fault::ClusterOtherNode | Fault::ClusterStaleDns => {
            let (node, client) = pair(rng, world, true)?;
            let (label, full) = add_cluster(rng, world, node)?;
            let astray = world.members(world.hosts[node].domain).into_iter().find(|h| {
                let n = &world.names[world.names.len() - 1];
                !n.nodes.contains(h) && *h != client
            });
            if fault == Fault::ClusterStaleDns {
                let wrong = if rng.chance(40) { client } else { astray? };
                if world.names[world.names.len() - 1].nodes.contains(&wrong) {
                    return None;
                }
                let address = world.address(wrong);
                world.set_dns(&full, address);
            }
            let client = if fault == Fault::ClusterOwnNode { node } else { client };
            let (class, name) =
                if rng.chance(20) { ("", label) } else { (*rng.pick(&["host", "cifs", "HTTP"]), full) };
            if world.services.iter().any(|s| s.host == node && s.class == class) {
                return None;
            }
            asks.push(Ask { client, class, name, port: "", dcom: false, cached: None });
        }
        Fault::ClusterNodesShareCard => {
            // Both are nodes of one cluster, so their own accounts have a cluster's SPN too.
            let (node, _) = pair(rng, world, true)?;
            add_cluster(rng, world, node)?;
            let nodes = world.names[world.names.len() - 1].nodes.clone();
            let (a, b) = two(rng, &nodes)?;
            share(world, a, b, card(rng.below(CARDS.len())));
            asks.push(ask(rng, world, a, "host", b));
        }
        Fault::BalancedAliasWrongAccount => {
            // One name for two web servers; the SPN is on the account the sites should run under, and do not.
            let (a, b) = pair(rng, world, true)?;
            let domain = world.hosts[a].domain;
            if world.services.iter().any(|s| [a, b].contains(&s.host) && s.class == "HTTP") {
                return None;
            }
            let mut nic = ordinary(world.free_address(domain, rng));
            nic.interface = "Ethernet 2";
            nic.description = "Microsoft Network Load Balancing Filter Device";
            let address = nic.address;
            share(world, a, b, nic);
            let label = format!("farm{domain}{}", world.names.len());
            let full = world.name_in(&label, domain);
            world.dns.push((full.to_lowercase(), address));
            let reached = if world.last_reached { a.max(b) } else { a.min(b) };
            world.names.push(Name {
                label,
                domain,
                host: reached,
                cluster: None,
                online: false,
                held: 0,
                purpose: Purpose::Service,
                nodes: vec![a, b],
            });
            let account = world.add_user(format!("svc_farm{a}"), domain, vec![format!("HTTP/{full}")], rng);
            world.accounts[account].changed = when;
            let client = client_of(rng, world, reached).filter(|&c| c != a && c != b)?;
            asks.push(Ask { client, class: "HTTP", name: full, port: "", dcom: false, cached: None });
        }
        Fault::TwoSharedAddresses => {
            let (a, b) = any_pair(rng, world)?;
            let first = card(rng.below(CARDS.len()));
            let second = match rng.below(3) {
                0 => switch(rng.below(SWITCHES.len())),
                1 => card(rng.below(CARDS.len())),
                _ => {
                    let mut nic = ordinary(world.free_address(world.hosts[a].domain, rng));
                    nic.description = "Microsoft Network Load Balancing Filter Device";
                    nic
                }
            };
            let order = if rng.chance(50) { [first, second] } else { [second, first] };
            for nic in order {
                share(world, a, b, nic);
            }
            asks.push(ask(rng, world, a, "host", b));
        }
        Fault::SharedAddressFromOutside => {
            // The nodes' common address is in DNS under one node's own name, and the other one answers.
            let (a, b) = pair(rng, world, true)?;
            let mut nic = ordinary(world.free_address(world.hosts[a].domain, rng));
            nic.interface = "Ethernet 2";
            nic.description = "Microsoft Network Load Balancing Filter Device";
            let address = nic.address;
            share(world, a, b, nic);
            let meant = if world.last_reached { a.min(b) } else { a.max(b) };
            let client = client_of(rng, world, meant).filter(|&c| c != a && c != b)?;
            let name = world.full_name(meant);
            world.set_dns(&name, address);
            let class = machine_class(rng, world, meant);
            asks.push(ask(rng, world, client, class, meant));
        }
        Fault::LeaseMoved => {
            // A lease ended, another host has the address now, and DNS has the old name. Both registered it themselves.
            let (client, c) = any_pair(rng, world)?;
            let b = if rng.chance(40) { client } else { *rng.pick(&world.all_members()) };
            let old = hand_over(rng, world, c, b)?;
            let class = machine_class(rng, world, c);
            asks.push(ask(rng, world, client, class, c));
            traces.push(Trace::Registered(c, old, 20 * HOUR));
            traces.push(Trace::Registered(b, old, 3 * HOUR));
        }
        Fault::ManagedServicePassword => {
            // The host could not fetch the new password of its managed service account.
            let service = (0..world.services.len())
                .find(|&s| world.accounts[world.services[s].account].name.ends_with('$'))?;
            let s = world.services[service].clone();
            let client = client_of(rng, world, s.host)?;
            world.accounts[s.account].version += 2;
            world.accounts[s.account].set = when;
            world.accounts[s.account].changed = when;
            asks.push(service_ask(rng, world, client, service));
        }
        Fault::EncryptionTypeAndOldLogon => {
            // The service lacks an encryption type; another host of the account has an old password of it.
            let service = rng.below(world.services.len());
            let s = world.services[service].clone();
            if world.accounts[s.account].name.ends_with('$') {
                return None;
            }
            world.services[service].etypes = RC4;
            let client = client_of(rng, world, s.host)?;
            let other = *world.members(world.hosts[s.host].domain).iter().find(|&&h| h != s.host)?;
            asks.push(service_ask(rng, world, client, service));
            traces.push(Trace::OtherServiceLogon(other, s.account));
        }
        Fault::NameTakenOver | Fault::NameTakenOverByCname => {
            // A machine was retired. Its name leads to its successor, and its account still has HOST/name.
            let (old, heir) = pair(rng, world, true)?;
            if world.services.iter().any(|s| s.host == old || s.host == heir) {
                return None;
            }
            let client = client_of(rng, world, heir).filter(|&c| c != old)?;
            let (label, domain, full) = (
                world.hosts[old].label.clone(),
                world.hosts[old].domain,
                world.full_name(old).to_lowercase(),
            );
            retire(world, old, rng);
            if fault == Fault::NameTakenOver {
                let address = world.address(heir);
                world.set_dns(&full, address);
            } else {
                world.dns.retain(|d| d.0 != full);
                let target = world.full_name(heir).to_lowercase();
                world.cnames.push((full.clone(), target));
            }
            world.names.push(Name {
                label,
                domain,
                host: heir,
                cluster: None,
                online: false,
                held: 0,
                purpose: Purpose::TakenOver,
                nodes: vec![heir],
            });
            let class = *rng.pick(&["cifs", "cifs", "host"]);
            asks.push(Ask { client, class, name: full, port: "", dcom: false, cached: None });
        }
        Fault::LeftoverAccount => {
            // A service moved to another machine; its SPN stayed on the account of the machine that is gone.
            let (old, heir) = pair(rng, world, true)?;
            if world.services.iter().any(|s| s.host == old || (s.host == heir && s.class == "HTTP")) {
                return None;
            }
            let client = client_of(rng, world, heir).filter(|&c| c != old)?;
            let (account, domain) = (world.hosts[old].account, world.hosts[old].domain);
            let label = format!("app{domain}{}", world.names.len());
            let full = world.name_in(&label, domain).to_lowercase();
            world.register(account, format!("HTTP/{full}"), DAY - 900 * 24 * HOUR);
            retire(world, old, rng);
            let address = world.address(heir);
            world.dns.push((full.clone(), address));
            world.names.push(Name {
                label,
                domain,
                host: heir,
                cluster: None,
                online: false,
                held: 0,
                purpose: Purpose::Moved,
                nodes: vec![heir],
            });
            asks.push(Ask { client, class: "HTTP", name: full, port: "", dcom: false, cached: None });
        }
        Fault::MovedPairAddress => {
            // Two nodes, one name, one address that moves. The SPN is on the account of the node that had it before.
            let (before, active) = pair(rng, world, true)?;
            let client = client_of(rng, world, active).filter(|&c| c != before)?;
            let domain = world.hosts[active].domain;
            let label = format!("files{domain}{}", world.names.len());
            let full = world.name_in(&label, domain).to_lowercase();
            let mut nic = ordinary(world.free_address(domain, rng));
            nic.interface = "Ethernet";
            world.dns.push((full.clone(), nic.address));
            world.hosts[active].nics.push(nic);
            let account = world.hosts[before].account;
            for form in [label.clone(), full.clone()] {
                world.register(account, format!("HOST/{form}"), DAY - 90 * 24 * HOUR);
            }
            world.names.push(Name {
                label,
                domain,
                host: active,
                cluster: None,
                online: false,
                held: 0,
                purpose: Purpose::Pair,
                nodes: vec![before, active],
            });
            asks.push(Ask { client, class: "cifs", name: full, port: "", dcom: false, cached: None });
        }
        Fault::KernelMode | Fault::WinRmBesideWebSite => {
            // The pool's account rightly has HTTP/host. What answers is Windows, with the machine's key.
            let host = *rng.pick(&world.all_members());
            if world.services.iter().any(|s| s.host == host && s.class == "HTTP") {
                return None;
            }
            let client = client_of(rng, world, host)?;
            let account = world.add_user(format!("svc_web{host}"), world.hosts[host].domain, Vec::new(), rng);
            for spn in forms(world, "HTTP", host) {
                world.register(account, spn, when);
            }
            let web = if fault == Fault::KernelMode { Web::KernelMode } else { Web::BesideWinRm };
            world.webs.push((host, account, web));
            asks.push(ask(rng, world, client, "HTTP", host));
        }
        Fault::ClusterNamePassword => {
            let (node, client) = pair(rng, world, true)?;
            let (_, full) = add_cluster(rng, world, node)?;
            if world.services.iter().any(|s| s.host == node && s.class == "HTTP") {
                return None;
            }
            let name = world.names.last_mut()?;
            name.online = true;
            let account = name.cluster?;
            // Somebody reset the account, twice, or put it back from the recycle bin.
            world.accounts[account].version += 2;
            world.accounts[account].set = when;
            world.accounts[account].changed = when;
            let class = *rng.pick(&["host", "cifs"]);
            asks.push(Ask { client, class, name: full, port: "", dcom: false, cached: None });
            traces.push(Trace::ClusterName(node, account));
        }
        Fault::ControllerRolledBack => {
            let domain = rng.below(world.domains.len());
            let controller = world.controller(domain);
            world.hosts[controller].held = world.accounts[world.hosts[controller].account].version - 2;
            let account = world.hosts[controller].account;
            world.accounts[account].set = world.accounts[account].set.min(when - HOUR);
            let client = *rng.pick(&world.members(domain));
            asks.push(ask(rng, world, client, "cifs", controller));
            traces.push(Trace::RolledBack(controller));
        }
        Fault::HostsFileInFleet => {
            // All have the same card, which harms nobody. A line in the client's hosts file is the fault.
            let (client, target) = any_pair(rng, world)?;
            let which = rng.below(CARDS.len());
            for host in 0..world.hosts.len() {
                if !world.owns(host, card(which).address) {
                    world.hosts[host].nics.push(card(which));
                }
            }
            world.takes_common = false;
            let (name, address) = (world.full_name(target), world.address(client));
            world.hosts_files.push((client, name.to_lowercase(), address));
            asks.push(ask(rng, world, client, "host", target));
        }
        Fault::AliasWithForeignSpn => {
            let host = *rng.pick(&world.all_members());
            if world.services.iter().any(|s| s.host == host && s.class == "HTTP") {
                return None;
            }
            let domain = world.hosts[host].domain;
            let label = format!("portal{domain}{}", world.names.len());
            let full = world.name_in(&label, domain);
            let address = world.address(host);
            world.dns.push((full.to_lowercase(), address));
            world.names.push(Name {
                label,
                domain,
                host,
                cluster: None,
                online: false,
                held: 0,
                purpose: Purpose::Service,
                nodes: vec![host],
            });
            let client = client_of(rng, world, host)?;
            let account =
                world.add_user(format!("svc_portal{host}"), domain, vec![format!("HTTP/{full}")], rng);
            world.accounts[account].changed = when;
            asks.push(Ask { client, class: "HTTP", name: full, port: "", dcom: false, cached: None });
        }
        Fault::Renamed => {
            // A rename is not a fault; the machine's password is, and the events have the new name.
            let host = *rng.pick(&world.all_members());
            if world.hosts[host].former.is_some() {
                return None;
            }
            world.hosts[host].former = Some(format!("WIN-{host}X{}", rng.below(90)));
            traces.push(Trace::Renamed(host));
            let (more, _) = inject(Fault::MachinePassword, world, when, rng)?;
            asks.extend(more);
        }
        Fault::NameGivenAgain => {
            // A machine was renamed and another one has its old name now; DNS still leads to the renamed one.
            let host = *rng.pick(&world.all_members());
            if world.hosts[host].former.is_some() {
                return None;
            }
            let old = format!("web{host}");
            let domain = world.hosts[host].domain;
            let heir = world.add_host(old.clone(), domain, rng);
            world.hosts[host].former = Some(old);
            traces.push(Trace::Renamed(host));
            let (name, address) = (world.full_name(heir), world.address(host));
            world.set_dns(&name, address);
            let client = client_of(rng, world, host)?;
            if client == heir {
                return None;
            }
            let class = machine_class(rng, world, host);
            asks.push(ask(rng, world, client, class, heir));
        }
    }
    Some((asks, traces))
}

/// The machine is gone for a long time, and its account is still there.
fn retire(world: &mut World, host: Id, rng: &mut Rng) {
    world.hosts[host].gone = true;
    let account = &mut world.accounts[world.hosts[host].account];
    account.set = DAY - (100 + rng.below(600) as i64) * 24 * HOUR;
    account.changed = account.set + 24 * HOUR;
    account.disabled = rng.chance(40);
}

/// A failover cluster of two or three nodes whose group is on `node`: its name object, and what nodes have of it.
fn add_cluster(rng: &mut Rng, world: &mut World, node: Id) -> Option<(String, String)> {
    let domain = world.hosts[node].domain;
    let mates: Vec<Id> = world.members(domain).into_iter().filter(|&h| h != node).collect();
    let nodes = vec![node, *mates.get(rng.below(mates.len().max(1)))?];
    let label = format!("clu{domain}{}", world.names.len());
    let full = world.name_in(&label, domain);
    let address = world.free_address(domain, rng);
    let account = world.add_user(format!("{}$", label.to_uppercase()), domain, Vec::new(), rng);
    world.accounts[account].dns = Some(full.clone());
    world.accounts[account].class = Class::ClusterName;
    for form in [&label, &full] {
        for class in ["HOST", "MSClusterVirtualServer", "MSServerClusterMgmtAPI", "RestrictedKrbHost"] {
            world.accounts[account].spns.push(format!("{class}/{form}"));
        }
    }
    for &n in &nodes {
        let (label, full) = (world.hosts[n].label.clone(), world.full_name(n));
        for form in [label, full] {
            let spns = &mut world.accounts[world.hosts[n].account].spns;
            spns.push(format!("MSServerClusterMgmtAPI/{form}"));
        }
    }
    world.hosts[node].nics.push(ordinary(address));
    world.dns.push((full.to_lowercase(), address));
    world.names.push(Name {
        label: label.clone(),
        domain,
        host: node,
        cluster: Some(account),
        online: false,
        held: 2,
        purpose: Purpose::Service,
        nodes,
    });
    Some((label, full))
}

pub fn share(world: &mut World, a: Id, b: Id, nic: Nic) {
    for host in [a, b] {
        if !world.owns(host, nic.address) {
            world.hosts[host].nics.push(nic.clone());
        }
    }
}
