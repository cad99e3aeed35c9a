//! The kinds of signals, and the names in them.

use std::net::IpAddr;

use super::values::Values;

/// An event that shows something about the hosts and accounts of an incident.
///
/// Meaning of each: `docs/causes.md`, "The other events".
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Signal {
    pub kind: SignalKind,
    /// The provider's usual short name, as people quote it.
    pub provider: &'static str,
    pub event_id: u16,
    /// The computer that logged it.
    pub computer: Box<str>,
    /// The names in it as in the log, each with its role. Empty names are left out.
    pub names: Vec<(Role, Box<str>)>,
    pub addresses: Vec<IpAddr>,
    /// Its error: a Win32 error, an NTSTATUS, an HRESULT or an LDAP result, depending on the event.
    pub error: Option<u32>,
    /// `Security/@UserID`, if the event is about that account (GroupPolicy).
    pub user_id: Option<Box<str>>,
    /// The values to quote, without those that change with every event (process IDs).
    pub values: Box<str>,
}

/// Role of a name in an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// A host that the event is about.
    Computer,
    /// An account that the event is about, such as one that was refused.
    Account,
    /// The SPN, or the name that was requested instead of one.
    Spn,
    /// A Windows service, an application pool or a cluster resource.
    Service,
    /// The DNS or NetBIOS name of a domain.
    Domain,
    /// The domain controller that refused or was asked.
    Controller,
    /// The account that requested a ticket from the KDC or changed an account. The event is not about it.
    Requester,
    /// A device instance ID.
    Device,
}

/// The meaning of a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SignalKind {
    /// KDC 11, Kerberos/Operational 101: the KDC found an SPN on more than one account.
    DuplicateName,
    /// Kerberos/Operational 100: the KDC found no account with the SPN.
    NotRegistered,
    /// KDC 14, 16, 26, 27: the account has no key of the requested encryption type, so the KDC issued no ticket. Names the
    /// requested SPN or account and the requester. 14 and 16 also name the account to reset.
    NoSuitableKey,
    /// KDC 42: an account lacks strong keys.
    LacksStrongKeys,
    /// KDC 201, 202, 206, 207: the KDC issued a ticket with a cipher that it will refuse (CVE-2026-20833). Names the service's
    /// account and the requester.
    WeakCipherUsed,
    /// KDC 203, 204, 208, 209: the KDC refused such a cipher and issued no ticket. Names the same as
    /// [`WeakCipherUsed`](Self::WeakCipherUsed).
    WeakCipherRefused,
    /// KDC 205: the domain's default encryption types include a weak one. Logged once at each start; it names nobody.
    WeakCipherAllowed,
    /// KDC 13: the keys of an account are corrupt until its password is set again.
    CorruptKeys,
    /// KDC 28: the KDC lacks the key version of a referral ticket from another domain, because of replication or the password
    /// of the trust.
    TrustKeyVersionUnknown,
    /// KDC 18, 35 to 38, 43, 44: the PAC in a ticket lacked a signature or a field, or was modified (CVE-2021-42287,
    /// CVE-2022-37967). Names the requested SPN, the client as requester, and its domain.
    PacNotValid,
    /// KDC 7: the account database failed a request about an account. Frequent on Windows Server 2025.
    AccountLookupFailed,
    /// NETLOGON 3210: the named domain refused this computer's password. On a domain controller it may be the domain of a trust.
    PasswordRejected,
    /// NETLOGON 5722, 5805: a computer failed to authenticate to a domain controller. 5722 also names the account, which is the
    /// trust's if a trust was refused.
    SessionRefused,
    /// NETLOGON 5720, 5721, 5723: the computer has no account. 5723 names the account that was looked for.
    NoMachineAccount,
    /// NETLOGON 5719: the computer reached no domain controller of the domain. It shows nothing about keys.
    NoLogonServer,
    /// NETLOGON 5788, 5789: a computer could not write its own SPNs or host name.
    OwnNamesRefused,
    /// NETLOGON 5800: the domain controller has two accounts of one name.
    TwoAccounts,
    /// LsaSrv 6037: a program authenticated to its own machine under a target name that is not one of the machine's names.
    NotALocalName,
    /// LsaSrv 40960: authentication to the target failed.
    AuthenticationFailed,
    /// LsaSrv 6167: the machine ID in a ticket belongs to another machine, because two machines have one SID (KB5070568).
    MachineSidNotUnique,
    /// LsaSrv 40970: authentication to an SPN with three parts was denied because it would have fallen back to NTLM.
    DowngradeDenied,
    /// DistributedCOM 10006, 10009, 10028: DCOM to a peer (host or address) failed.
    DcomFailed,
    /// DistributedCOM 10026: repeated DCOM events are suppressed, so counts are lower bounds.
    DcomSuppressed,
    /// WinRM 10154: WSMAN SPNs could not be created.
    WinRmSpnRefused,
    /// Service Control Manager 7000 (with a logon error), 7038, 7041: a service could not log on. 7000 names no account.
    ServiceLogonFailed,
    /// WAS 5021, 5057, 5059: the identity of an application pool is not valid, or its worker process did not start. IIS logs
    /// this instead of [`ServiceLogonFailed`](Self::ServiceLogonFailed). It names the pool and no account.
    PoolLogonFailed,
    /// MSSQLSERVER 26037, 26067: SQL Server could not register its SPN. With error 8647 another account has it.
    SqlSpnRefused,
    /// Kerberos/Operational 105: the password of a group managed service account could not be fetched.
    ManagedPasswordNotFetched,
    /// FailoverClustering 1206, 1207, 1218: the computer object of a cluster name could not be updated or found. Names the
    /// resource as service, the cluster name as computer, and the cluster's own account as requester.
    ClusterAccountFailed,
    /// FailoverClustering 1211, 1212, 1219: no writable domain controller for a cluster name.
    ClusterNoController,
    /// FailoverClustering 1196: a cluster name is not registered in DNS.
    ClusterNotInDns,
    /// FailoverClustering 1069: a resource of the type Network Name failed.
    ClusterNameFailed,
    /// ActiveDirectory_DomainService 2095, 2103: a domain controller was restored in a way that replication does not notice (USN
    /// rollback). 2095 names the remote domain controller.
    UsnRollback,
    /// ActiveDirectory_DomainService 2168 to 2170: the virtual machine of a domain controller was cloned, or a snapshot of it was
    /// applied.
    SnapshotApplied,
    /// ActiveDirectory_DomainService 2974: an SPN was refused because another account has it.
    SpnNotUnique,
    /// ActiveDirectory_DomainService 1645: a domain controller's replication SPN is not registered.
    ControllerSpnMissing,
    /// Security 4742, 4738: the requester changed the password, the SPNs, the host name or the flags of an account.
    AccountChanged,
    /// Security 4724: the requester reset the password of an account.
    PasswordReset,
    /// GroupPolicy 1006 with invalid credentials (49), 1097: a logon failed while policy was read. It names the computer
    /// only if it was logged for the computer's own account (S-1-5-18) or does not show for whom.
    PolicyLogonFailed,
    /// EventLog 6008, 6009: the computer went down unexpectedly (6008), or started (6009).
    Restarted,
    /// EventLog 6011: the computer was renamed. Names the old and then the new computer name.
    Renamed,
    /// Security-Kerberos 7: the PAC of the client could not be validated, mostly because of a trust.
    PacRefused,
    /// DNS-Client 8015 to 8021, DnsApi 11150 to 11167: host name and addresses of an adapter at that time.
    OwnAddresses,
    /// UserPnp 20001, 20003: a USB network adapter was installed.
    UsbNicInstalled,
    /// Dhcp-Client 1007: an adapter gave itself an address (APIPA).
    SelfAssigned,
    /// Tcpip 4198, 4199: another machine on the link has this computer's address.
    AddressConflict,
}

impl Signal {
    /// The names that the event is about: not the domain, its controller, or the requester.
    pub fn subjects(&self) -> impl Iterator<Item = &str> {
        let is_about = |role: Role| match role {
            Role::Computer | Role::Account | Role::Spn | Role::Service | Role::Device => true,
            Role::Domain | Role::Controller | Role::Requester => false,
        };
        self.names.iter().filter(move |(role, _)| is_about(*role)).map(|(_, name)| &**name)
    }

    /// Every name of this role, in the event's order.
    pub fn names_of(&self, wanted: Role) -> impl Iterator<Item = &str> {
        self.names.iter().filter(move |(role, _)| *role == wanted).map(|(_, name)| &**name)
    }

    /// The first name of this role.
    pub fn first_name(&self, wanted: Role) -> Option<&str> {
        self.names_of(wanted).next()
    }

    /// Adds the names that are not empty.
    pub(super) fn add_names<'v>(&mut self, names: impl IntoIterator<Item = (Role, &'v str)>) {
        let given = names.into_iter().filter(|(_, name)| !name.is_empty());
        self.names.extend(given.map(|(role, name)| (role, name.into())));
    }

    /// Adds the names and quotes all values. `None` if the first name is missing: a signal must name its
    /// subject.
    pub(super) fn set_subjects<const N: usize>(
        &mut self,
        names: [(Role, &str); N],
        v: &Values<'_>,
    ) -> Option<()> {
        names.first().filter(|(_, name)| !name.is_empty())?;
        self.add_names(names);
        self.quote(v)
    }

    /// Quotes all values. Always `Some`, like the functions of the catalogue.
    pub(super) fn quote(&mut self, v: &Values<'_>) -> Option<()> {
        self.values = v.quote().into();
        Some(())
    }

    /// Adds the computer that logged the event as its subject.
    pub(super) fn add_this_computer(&mut self) {
        self.names.push((Role::Computer, self.computer.clone()));
    }

    /// Adds the computer that logged the event as its subject, and quotes all values.
    pub(super) fn set_this_computer(&mut self, v: &Values<'_>) -> Option<()> {
        self.add_this_computer();
        self.quote(v)
    }
}
