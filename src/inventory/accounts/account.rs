//! An account of a list, and what its attributes show about it. Lists lack attributes: `setspn` prints only distinguished
//! names and SPNs.

use std::sync::Arc;

use jiff::Timestamp;

use super::spn_list::SpnList;
use crate::inventory::{InventoryFile, Source};
use crate::names::HostName;

/// ADS_UF_ACCOUNT_DISABLE, a bit of userAccountControl like those below (MS-ADTS 2.2.16).
const ACCOUNT_DISABLED: u32 = 0x2;
/// ADS_UF_INTERDOMAIN_TRUST_ACCOUNT.
const INTERDOMAIN_TRUST: u32 = 0x800;
/// ADS_UF_SERVER_TRUST_ACCOUNT: a writable domain controller.
const SERVER_TRUST: u32 = 0x2000;
/// ADS_UF_PARTIAL_SECRETS_ACCOUNT: a read-only domain controller.
const PARTIAL_SECRETS: u32 = 0x0400_0000;

/// primaryGroupID of writable domain controllers (MS-DTYP 2.4.2.4).
pub(super) const DOMAIN_CONTROLLERS: u32 = 516;
/// primaryGroupID of read-only domain controllers (MS-DTYP 2.4.2.4).
pub(super) const READ_ONLY_DOMAIN_CONTROLLERS: u32 = 521;

/// Class of the replication SPN that only a domain controller has (MS-DRSR 2.2.3.2).
pub(super) const REPLICATION: &str = "e3514235-4b06-11d1-ab04-00c04fc2dcd2";

/// A directory account (computer, user, managed service account) and its SPNs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Account {
    /// sAMAccountName as written (`SRV1$`, `svc_web`). If the source has none (`setspn` prints only DNs), it is the `CN` of
    /// the DN.
    pub name: Arc<str>,
    /// The name is the `CN` of the DN. That of a computer then has no `$`.
    pub name_is_cn: bool,
    /// DNS domain, from the DN or the source's column; empty when unknown.
    pub domain: Arc<str>,
    pub distinguished_name: Option<Arc<str>>,
    /// The SPNs as written.
    pub spns: SpnList,
    /// May the account have more SPNs than these? `setspn -X` lists duplicates only.
    pub spns_are_partial: bool,
    /// dNSHostName.
    pub dns_host_name: Option<Arc<str>>,
    /// msDS-AdditionalDnsHostName.
    pub additional_dns_host_names: Vec<Arc<str>>,
    /// pwdLastSet; `None` when unknown or never (0).
    pub password_last_set: Option<Timestamp>,
    pub when_changed: Option<Timestamp>,
    /// userAccountControl (MS-ADTS 2.2.16).
    pub user_account_control: Option<u32>,
    /// msDS-SupportedEncryptionTypes (MS-KILE 2.2.7).
    pub supported_encryption_types: Option<u32>,
    /// The most specific objectClass; `None` when unknown.
    pub object_class: Option<ObjectClass>,
    /// primaryGroupID: 515 for computers, 516 for domain controllers, 521 for read-only ones.
    pub primary_group_id: Option<u32>,
    /// operatingSystem, as the machine or whoever joined it wrote it.
    pub operating_system: Option<Arc<str>>,
    pub when_created: Option<Timestamp>,
    /// `Enabled` of Get-AD and SharpHound. It is false if userAccountControl has [`ACCOUNT_DISABLED`].
    pub enabled: Option<bool>,
    pub source: Option<Source>,
}

impl Account {
    /// Is it a computer (or managed service) account? Its name ends in `$`, or it has a host's name, or only
    /// its CN is known and it has a host's SPN (`setspn` shows computers without `$`).
    pub fn is_computer(&self) -> bool {
        self.name.ends_with('$')
            || self.dns_host_name.is_some()
            || (self.name_is_cn
                && ["host", "restrictedkrbhost"].iter().any(|class| self.spns.lookup().has_class(class)))
    }

    /// Does it have the `HOST/` SPN of this host? Every computer registers it for itself. It replaces dNSHostName, which
    /// `setspn` does not show.
    pub fn has_host_spn(&self, host: &HostName) -> bool {
        self.spns.lookup().has_computer(host)
    }

    /// Is logon disabled? The KDC still issues tickets for its SPNs.
    pub fn is_disabled(&self) -> bool {
        self.has_flag(ACCOUNT_DISABLED).or(self.enabled.map(|enabled| !enabled)).unwrap_or(false)
    }

    /// Is it a domain controller, writable or read-only? userAccountControl and primaryGroupID decide. If a list has
    /// neither, the organizational unit of controllers or the replication SPN decides.
    pub fn is_domain_controller(&self) -> bool {
        let by_group =
            self.primary_group_id.map(|id| matches!(id, DOMAIN_CONTROLLERS | READ_ONLY_DOMAIN_CONTROLLERS));
        self.has_flag(SERVER_TRUST | PARTIAL_SECRETS).or(by_group).unwrap_or_else(|| {
            self.dn_has(",ou=domain controllers,") || self.spns.lookup().has_class(REPLICATION)
        })
    }

    /// Is it a read-only domain controller? It has the passwords of few accounts.
    pub fn is_read_only_dc(&self) -> bool {
        let by_group = self.primary_group_id.map(|id| id == READ_ONLY_DOMAIN_CONTROLLERS);
        self.has_flag(PARTIAL_SECRETS).or(by_group).unwrap_or(false)
    }

    /// Is it the account of a trust, such as `BETA$` in the domain that trusts beta?
    pub fn is_trust(&self) -> bool {
        self.has_flag(INTERDOMAIN_TRUST).unwrap_or(false)
    }

    /// Is it a managed service account of any kind? Decided by objectClass. Without it, by the container that
    /// New-ADServiceAccount uses, or because it has SPNs but none of those that every computer registers for
    /// itself.
    pub fn is_managed_service_account(&self) -> bool {
        if let Some(class) = self.object_class {
            return class > ObjectClass::Computer;
        }
        self.dn_has(",cn=managed service accounts,")
            || (self.name.ends_with('$')
                && !self.spns_are_partial
                && self.distinguished_name.is_some()
                && !self.spns.is_empty()
                && !self.spns.lookup().has_class("host")
                && !self.spns.lookup().has_class("restrictedkrbhost"))
    }

    /// Does its SPN suggest the name of a failover cluster or of a role in one (CNO, VCO)? The nodes share
    /// its key.
    pub fn is_cluster_name(&self) -> bool {
        CLUSTER_CLASSES.iter().any(|class| self.spns.lookup().has_class(class))
    }

    /// Does the account have an SPN of the class `MSServerClusterMgmtAPI`, as the accounts of a cluster's name and nodes have?
    pub fn manages_cluster(&self) -> bool {
        self.spns.lookup().has_class("MSServerClusterMgmtAPI")
    }

    /// Is it the account of an Azure storage account?
    pub fn is_azure_storage(&self) -> bool {
        self.spns.lookup().has_azure_files
    }

    /// Does it run Windows? `None` if no list has operatingSystem. Samba and appliances write their own name, and Microsoft's
    /// hypervisor is `Hyper-V Server 2019`.
    pub fn is_windows(&self) -> Option<bool> {
        let name = self.operating_system.as_deref()?.trim_start();
        let starts =
            |with: &str| name.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with));
        Some(starts("windows") || starts("hyper-v server"))
    }

    /// Number of attributes in the list that show what the account is.
    pub(in crate::inventory) fn attributes_listed(&self) -> usize {
        [
            self.object_class.is_some(),
            self.user_account_control.is_some() || self.enabled.is_some(),
            self.primary_group_id.is_some(),
            self.operating_system.is_some(),
            self.supported_encryption_types.is_some(),
        ]
        .into_iter()
        .filter(|listed| *listed)
        .count()
    }

    /// Is one of these bits of userAccountControl set? `None` when unknown.
    fn has_flag(&self, bits: u32) -> Option<bool> {
        self.user_account_control.map(|flags| flags & bits != 0)
    }

    fn dn_has(&self, part: &str) -> bool {
        self.distinguished_name.as_ref().is_some_and(|dn| dn.to_lowercase().contains(part))
    }
}

/// All account lists of a run, before any merge.
#[derive(Debug, Clone, Default)]
pub struct AccountInventory {
    pub accounts: Vec<Account>,
    pub files: Vec<InventoryFile>,
    /// Domains of which some file has every SPN (`setspn -Q */*`, or an LDIF with the filter `servicePrincipalName=*`). An
    /// SPN that is absent is not registered in them.
    pub complete_domains: Vec<Arc<str>>,
    /// The path of each such file, as in [`files`](Self::files), and its domain.
    pub complete_files: Vec<(Arc<str>, Arc<str>)>,
}

/// objectClass of an account. The order is from general to specific: a computer is a user, a managed service
/// account a computer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ObjectClass {
    User,
    Computer,
    /// msDS-ManagedServiceAccount, for one computer.
    ManagedService,
    /// msDS-GroupManagedServiceAccount (gMSA).
    GroupManagedService,
    /// msDS-DelegatedManagedServiceAccount (dMSA, Windows Server 2025).
    DelegatedManagedService,
}

impl ObjectClass {
    /// Parses a lDAPDisplayName in any case; `None` for classes that do not decide (`top`, `person`) or are
    /// not accounts.
    pub fn named(name: &str) -> Option<Self> {
        const NAMES: [(&str, ObjectClass); 6] = [
            ("user", ObjectClass::User),
            ("inetOrgPerson", ObjectClass::User),
            ("computer", ObjectClass::Computer),
            ("msDS-ManagedServiceAccount", ObjectClass::ManagedService),
            ("msDS-GroupManagedServiceAccount", ObjectClass::GroupManagedService),
            ("msDS-DelegatedManagedServiceAccount", ObjectClass::DelegatedManagedService),
        ];
        NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, class)| *class)
    }
}

/// SPN classes that only the computer objects of a failover cluster and its roles have.
const CLUSTER_CLASSES: [&str; 2] = ["MSClusterVirtualServer", "MSServerCluster"];

/// Does the SPN have one of the classes of a failover cluster's names?
pub fn is_cluster_spn(spn: &str) -> bool {
    spn.split_once('/')
        .is_some_and(|(class, _)| CLUSTER_CLASSES.iter().any(|known| class.eq_ignore_ascii_case(known)))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::inventory::accounts::load;

    /// The only account of a list.
    fn account(text: &str) -> Account {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list");
        std::fs::write(&path, text).unwrap();
        let mut inventory = load(&[path]);
        assert_eq!(inventory.files[0].read_errors, [""; 0], "{text}");
        assert_eq!(inventory.accounts.len(), 1, "{text}");
        inventory.accounts.remove(0)
    }

    /// A read-only domain controller as a format shows it.
    fn assert_is_rodc(text: &str) {
        let rodc = account(text);
        assert_eq!(rodc.object_class, Some(ObjectClass::Computer), "{text}");
        assert_eq!(rodc.user_account_control, Some(0x0500_1000), "{text}");
        assert_eq!(rodc.primary_group_id, Some(521), "{text}");
        assert_eq!(rodc.operating_system.as_deref(), Some("Windows Server 2022 Standard"), "{text}");
        assert_eq!(rodc.supported_encryption_types, Some(28), "{text}");
        assert_eq!(rodc.dns_host_name.as_deref(), Some("rodc1.alpha.com"), "{text}");
        assert_eq!(rodc.additional_dns_host_names, [Arc::from("old1.alpha.com")], "{text}");
        assert_eq!(&*rodc.name, "RODC1$", "{text}");
        assert_eq!(rodc.distinguished_name.as_deref(), Some("CN=RODC1,OU=DCs,DC=alpha,DC=com"), "{text}");
        let times = [rodc.password_last_set, rodc.when_changed, rodc.when_created];
        assert_eq!(
            times.map(|t| t.unwrap().to_string()),
            ["2024-05-01T12:00:00Z", "2024-05-02T12:00:00Z", "2023-01-01T12:00:00Z",]
        );
        assert!(rodc.is_domain_controller() && rodc.is_read_only_dc() && rodc.is_computer(), "{text}");
        assert!(!rodc.is_disabled() && !rodc.is_trust() && !rodc.is_managed_service_account(), "{text}");
        assert_eq!(rodc.is_windows(), Some(true), "{text}");
    }

    #[test]
    fn every_attribute_of_ldif() {
        assert_is_rodc(
            "dn: CN=RODC1,OU=DCs,DC=alpha,DC=com\nobjectClass: top\nobjectClass: person\nobjectClass: user\n\
             objectClass: computer\nsAMAccountName: RODC1$\nuserAccountControl: 83890176\nprimaryGroupID: 521\n\
             operatingSystem: Windows Server 2022 Standard\nmsDS-SupportedEncryptionTypes: 28\n\
             dNSHostName: rodc1.alpha.com\nmsDS-AdditionalDnsHostName: old1.alpha.com\n\
             pwdLastSet: 133590384000000000\nwhenChanged: 20240502120000.0Z\nwhenCreated: 20230101120000.0Z\n\
             servicePrincipalName: HOST/rodc1\n",
        );
    }

    #[test]
    fn every_attribute_of_csvde() {
        assert_is_rodc(
            "DN,objectClass,sAMAccountName,userAccountControl,primaryGroupID,operatingSystem,\
             msDS-SupportedEncryptionTypes,dNSHostName,msDS-AdditionalDnsHostName,pwdLastSet,whenChanged,whenCreated,\
             servicePrincipalName\n\
             \"CN=RODC1,OU=DCs,DC=alpha,DC=com\",top;person;organizationalPerson;user;computer,RODC1$,83890176,521,\
             Windows Server 2022 Standard,28,rodc1.alpha.com,old1.alpha.com,133590384000000000,20240502120000.0Z,\
             20230101120000.0Z,HOST/rodc1\n",
        );
    }

    #[test]
    fn every_attribute_of_get_ad_csv() {
        assert_is_rodc(
            "\"ObjectClass\",\"sAMAccountName\",\"DistinguishedName\",\"dNSHostName\",\"pwdLastSet\",\
             \"userAccountControl\",\"msDS-SupportedEncryptionTypes\",\"primaryGroupID\",\"operatingSystem\",\
             \"Modified\",\"Created\",\"msDS-AdditionalDnsHostName\",\"servicePrincipalName\"\n\
             \"computer\",\"RODC1$\",\"CN=RODC1,OU=DCs,DC=alpha,DC=com\",\"rodc1.alpha.com\",\"133590384000000000\",\
             \"83890176\",\"28\",\"521\",\"Windows Server 2022 Standard\",\"2024-05-02T12:00:00Z\",\
             \"2023-01-01T12:00:00Z\",\"old1.alpha.com\",\"HOST/rodc1\"\n",
        );
    }

    #[test]
    fn every_attribute_of_get_ad_json() {
        assert_is_rodc(
            r#"[{"ObjectClass":"computer","sAMAccountName":"RODC1$","DistinguishedName":"CN=RODC1,OU=DCs,DC=alpha,DC=com",
             "dNSHostName":"rodc1.alpha.com","pwdLastSet":133590384000000000,"whenChanged":"\/Date(1714651200000)\/",
             "whenCreated":"2023-01-01T12:00:00Z","userAccountControl":83890176,"msDS-SupportedEncryptionTypes":28,
             "primaryGroupID":521,"operatingSystem":"Windows Server 2022 Standard",
             "msDS-AdditionalDnsHostName":["old1.alpha.com"],"servicePrincipalName":["HOST/rodc1"]}]"#,
        );
    }

    #[test]
    fn what_sharphound_has() {
        let node = |properties: &str, rest: &str| {
            account(&format!(
                r#"{{"data":[{{"Properties":{{"domain":"ALPHA.COM","distinguishedname":"CN=X,DC=ALPHA,DC=COM",{properties}}}{rest}}}],
                "meta":{{"type":"computers"}}}}"#
            ))
        };
        let dc = node(
            r#""samaccountname":"DC1$","operatingsystem":"Windows Server 2019 Standard","enabled":true,
               "whencreated":1672574400,"supportedencryptiontypes":["RC4-HMAC-MD5","AES256-CTS-HMAC-SHA1-96"]"#,
            r#","PrimaryGroupSID":"S-1-5-21-1-2-3-516""#,
        );
        assert!(dc.is_domain_controller() && !dc.is_read_only_dc() && !dc.is_disabled());
        assert_eq!((dc.is_windows(), dc.supported_encryption_types), (Some(true), Some(0x14)));
        assert_eq!(dc.when_created.unwrap().to_string(), "2023-01-01T12:00:00Z");
        let rodc = node(r#""samaccountname":"DC2$","isdc":true,"isreadonlydc":true,"enabled":false"#, "");
        assert!(rodc.is_domain_controller() && rodc.is_read_only_dc() && rodc.is_disabled());
        let gmsa = node(r#""samaccountname":"gmsa1$","gmsa":true,"isdc":false"#, "");
        assert!(gmsa.is_managed_service_account() && !gmsa.is_domain_controller());
    }

    /// `setspn` prints only names: the account's name, its container and its SPNs show what it is.
    #[test]
    fn what_setspn_shows() {
        let listed =
            |dn: &str, spns: &str| account(&format!("Checking domain DC=alpha,DC=com\n{dn}\n{spns}\n"));
        let dc = listed("CN=DC1,OU=Domain Controllers,DC=alpha,DC=com", "\tHOST/dc1.alpha.com");
        assert!(dc.is_domain_controller() && !dc.is_disabled() && dc.is_windows().is_none());
        let moved = listed(
            "CN=DC1,OU=x,DC=alpha,DC=com",
            "\tHOST/dc1\n\tE3514235-4B06-11D1-AB04-00C04FC2DCD2/1/alpha.com",
        );
        assert!(moved.is_domain_controller());
        let cluster = listed("CN=sql,OU=x,DC=alpha,DC=com", "\tMSClusterVirtualServer/sql\n\tHOST/sql");
        assert!(cluster.is_cluster_name() && !cluster.is_domain_controller());
        let managed = listed("CN=g,CN=Managed Service Accounts,DC=alpha,DC=com", "\tHTTP/web");
        assert!(managed.is_managed_service_account());
    }

    #[test]
    fn an_object_class_decides_before_any_hint() {
        let of = |class: &str, name: &str| {
            account(&format!(
                "dn: CN=x,CN=Managed Service Accounts,DC=alpha,DC=com\nobjectClass: {class}\nsAMAccountName: {name}\n\
                 servicePrincipalName: host/sts\n"
            ))
        };
        for class in [
            "msDS-ManagedServiceAccount",
            "msDS-GroupManagedServiceAccount",
            "msDS-DelegatedManagedServiceAccount",
        ] {
            assert!(of(class, "sts$").is_managed_service_account(), "{class}");
        }
        assert!(!of("computer", "sts$").is_managed_service_account());
        let trust = account(
            "dn: CN=BETA$,CN=Users,DC=alpha,DC=com\nobjectClass: user\nsAMAccountName: BETA$\nuserAccountControl: 2080\n",
        );
        assert!(trust.is_trust() && !trust.is_domain_controller());
        let old = account(
            "dn: CN=svc_old,DC=alpha,DC=com\nsAMAccountName: svc_old\nuserAccountControl: 514\noperatingSystem: Samba\n",
        );
        assert!(old.is_disabled());
        assert_eq!(old.is_windows(), Some(false));
    }
}
