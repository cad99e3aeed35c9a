//! The faults: each changes the forest and says which attempts then fail.

mod addresses;
mod clusters;
mod keys;
mod names;
mod requests;
mod spns;

use std::net::IpAddr;

use super::exchange::Attempt;
use super::rng::Rng;
use super::world::{DAY, Estate, HOUR, Id, Nic, World, ordinary};

/// Declares the faults, and lists them in this order.
macro_rules! faults {
    ($($fault:ident),* $(,)?) => {
        /// A fault that [`inject`] can put into a forest.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Fault {
            $($fault),*
        }

        const ALL: &[Fault] = &[$(Fault::$fault),*];
    };
}

faults! {
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

/// Returns the faults that an estate can have. Some need what only a noisy one has.
pub fn all(estate: Estate) -> &'static [Fault] {
    match estate {
        Estate::Quiet => &ALL[..QUIET],
        Estate::Noisy => ALL,
    }
}

/// Number of faults that a quiet estate can have: those before the first one that needs a noisy estate.
const QUIET: usize = Fault::NameTakenOver as usize;

/// An event that a fault leaves in a log besides event 4.
#[derive(Clone, Debug)]
pub enum Trace {
    /// NETLOGON 3210 on the host, or 5722 on its domain controller.
    PasswordRefused(Id),
    /// KDC 14, 16, 27 or 42 for an account.
    NoKey(Id),
    /// Service Control Manager 7038 on a host for an account.
    ServiceLogon(Id, Id),
    /// EventLog 6011 on a host.
    Renamed(Id),
    /// Service Control Manager 7038 on another host than the responder, for the account of the responder's service.
    OtherServiceLogon(Id, Id),
    /// DNS-Client 8015: a host registers an address, this many seconds before the events.
    Registered(Id, std::net::IpAddr, i64),
    /// FailoverClustering 1207 on a node, for the account of a cluster name whose password was refused.
    ClusterName(Id, Id),
    /// Directory Service 2095 on a domain controller whose database was restored.
    RolledBack(Id),
}

/// Who notices a fault: the attempts to connect that it breaks, and what it leaves in other logs.
#[derive(Default)]
pub struct Effect {
    pub attempts: Vec<Attempt>,
    pub traces: Vec<Trace>,
}

impl From<Attempt> for Effect {
    fn from(attempt: Attempt) -> Self {
        Self { attempts: vec![attempt], traces: Vec::new() }
    }
}

/// Puts the fault into the forest at `when`, in seconds since 1970. `None` where the forest has no place for it.
pub fn inject(fault: Fault, world: &mut World, when: i64, rng: &mut Rng) -> Option<Effect> {
    match fault {
        Fault::SharedCardSameDomain | Fault::SharedCardTwoDomains => {
            addresses::shared_card(fault, world, rng)
        }
        Fault::SharedSwitch => addresses::shared_switch(world, rng),
        Fault::SharedBalancedAddress | Fault::SharedOrdinaryAddress => {
            addresses::shared_address(fault, world, rng)
        }
        Fault::AddressOnTwoMachines => addresses::address_on_two_machines(world, rng),
        Fault::MisplacedSpn => spns::misplaced_spn(world, when, rng),
        Fault::MisplacedHostSpn => spns::misplaced_host_spn(world, when, rng),
        Fault::DuplicateInTwoDomains => spns::duplicate_in_two_domains(world, when, rng),
        Fault::DuplicateInOneDomain => spns::duplicate_in_one_domain(world, when, rng),
        Fault::SameNameTwoDomains => spns::same_name_two_domains(world, rng),
        Fault::WrongServiceAccount => spns::wrong_service_account(world, when, rng),
        Fault::MachinePassword | Fault::MachinePasswordWithEvents => {
            keys::machine_password(fault, world, when, rng)
        }
        Fault::ServicePassword => keys::service_password(world, when, rng),
        Fault::StaleTicket => keys::stale_ticket(world, rng),
        Fault::EncryptionType => keys::encryption_type(world, rng),
        Fault::StaleDnsOther | Fault::StaleDnsClient | Fault::HostsFile => {
            names::wrong_address(fault, world, rng)
        }
        Fault::StaleDnsToService => names::stale_dns_to_service(world, when, rng),
        Fault::ReusedAddress => addresses::reused_address(world, rng),
        Fault::ClusterOwnNode | Fault::ClusterOtherNode | Fault::ClusterStaleDns => {
            clusters::cluster_name(fault, world, rng)
        }
        Fault::ClusterNodesShareCard => clusters::cluster_nodes_share_card(world, rng),
        Fault::BalancedAliasWrongAccount => clusters::balanced_alias_wrong_account(world, when, rng),
        Fault::TwoSharedAddresses => addresses::two_shared_addresses(world, rng),
        Fault::SharedAddressFromOutside => addresses::shared_address_from_outside(world, rng),
        Fault::LeaseMoved => addresses::lease_moved(world, rng),
        Fault::ManagedServicePassword => keys::managed_service_password(world, when, rng),
        Fault::EncryptionTypeAndOldLogon => keys::encryption_type_and_old_logon(world, rng),
        Fault::NameTakenOver | Fault::NameTakenOverByCname => names::name_taken_over(fault, world, rng),
        Fault::LeftoverAccount => spns::leftover_account(world, rng),
        Fault::MovedPairAddress => clusters::moved_pair_address(world, rng),
        Fault::KernelMode | Fault::WinRmBesideWebSite => spns::windows_answers(fault, world, when, rng),
        Fault::ClusterNamePassword => clusters::cluster_name_password(world, when, rng),
        Fault::ControllerRolledBack => keys::controller_rolled_back(world, when, rng),
        Fault::HostsFileInFleet => names::hosts_file_in_fleet(world, rng),
        Fault::AliasWithForeignSpn => spns::alias_with_foreign_spn(world, when, rng),
        Fault::Renamed => keys::renamed(world, when, rng),
        Fault::NameGivenAgain => names::name_given_again(world, rng),
    }
}

/// Gives the address of `target` to `responder`, with its DNS record, and `target` a new one. Returns the old address.
fn hand_over(rng: &mut Rng, world: &mut World, target: Id, responder: Id) -> Option<IpAddr> {
    if responder == target {
        return None;
    }
    let old = world.address(target);
    world.hosts[target].nics[0] = ordinary(world.free_address(world.hosts[target].domain, rng));
    world.hosts[responder].nics[0] = ordinary(old);
    let name = world.full_name(responder);
    world.set_dns(&name, old);
    Some(old)
}

/// Removes a machine and leaves its account, which is old and perhaps disabled.
fn retire(world: &mut World, host: Id, rng: &mut Rng) {
    world.hosts[host].gone = true;
    let account = &mut world.accounts[world.hosts[host].account];
    account.password_set = DAY - (100 + rng.below(600) as i64) * 24 * HOUR;
    account.when_changed = account.password_set + 24 * HOUR;
    account.disabled = rng.chance(40);
}

/// Gives both hosts the adapter, unless they own its address.
pub fn share(world: &mut World, a: Id, b: Id, nic: Nic) {
    for host in [a, b] {
        if !world.owns(host, nic.address) {
            world.hosts[host].nics.push(nic.clone());
        }
    }
}
