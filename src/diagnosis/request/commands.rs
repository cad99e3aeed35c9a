//! The commands that answer requests. The steps of a fix use some of them, too.

use super::Request;
use crate::diagnosis::command::{Command, Name, is_safe_host};

/// Shows the newest event 4 of a host.
pub(in crate::diagnosis) const NEWEST_EVENT: &str = "Get-WinEvent -MaxEvents 1 -FilterHashtable @{LogName='System';ProviderName='Microsoft-Windows-Security-Kerberos';Id=4}";

/// Shows the encryption types that the policy of a host allows.
pub(in crate::diagnosis) const ENCRYPTION_POLICY: &str = "reg query \
     HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Policies\\System\\Kerberos\\Parameters /v \
     SupportedEncryptionTypes";

pub(in crate::diagnosis) const HOSTS_FILE: &str = "C:\\Windows\\System32\\drivers\\etc\\hosts";

/// Lists the Windows services of a host with their accounts.
pub(in crate::diagnosis) const LIST_SERVICES: &str =
    "Get-CimInstance Win32_Service | Select-Object Name, StartName, State";

/// Shows the events of a failover cluster about its network names.
pub(in crate::diagnosis) const CLUSTER_EVENTS: &str = "Get-WinEvent -FilterHashtable \
     @{LogName='System';ProviderName='Microsoft-Windows-FailoverClustering';Id=1196, 1206, 1207, 1211, 1212, \
     1218, 1219}";

/// Shows whether a host could not fetch the password of a managed service account.
pub(in crate::diagnosis) const MANAGED_PASSWORD_EVENTS: &str =
    "Get-WinEvent -FilterHashtable @{LogName='Microsoft-Windows-Kerberos/Operational';Id=105}";

/// Lists the default keytab of a Linux host with key versions and encryption types.
pub(in crate::diagnosis) const LIST_KEYTAB: &str = "klist -kte /etc/krb5.keytab";

/// Place with the commands for Azure storage accounts.
pub(in crate::diagnosis) const STORAGE_MODULE: &str = "a host with the AzFilesHybrid module";

/// Checks the key and the directory account of an Azure storage account.
pub(in crate::diagnosis) const CHECK_STORAGE_ACCOUNT: &str = "Debug-AzStorageAccountAuth -StorageAccountName <storage account> -ResourceGroupName <resource group> \
     -Verbose";

/// The properties of an account that separate causes.
const ACCOUNT_PROPERTIES: &str = "objectClass, userAccountControl, primaryGroupID, operatingSystem, \
     pwdLastSet, whenChanged, msDS-SupportedEncryptionTypes, servicePrincipalName";

/// Queries an account in the directory. An LDAP filter keeps the `$` of its name from the shell.
pub(in crate::diagnosis) fn account_query(account: &Name, properties: &str) -> String {
    format!("Get-ADObject -LDAPFilter '(sAMAccountName={})' -Properties {properties}", account.in_filter())
}

/// Shows attributes of an account as each domain controller has them.
pub(in crate::diagnosis) fn on_every_controller(account: &Name, attributes: &str) -> String {
    format!(
        "repadmin /showattr * ncobj:domain: /subtree '/filter:(sAMAccountName={})' /atts:{attributes}",
        account.in_filter()
    )
}

/// Finds the owners of an SPN, and of the `HOST` SPN that the KDC looks up instead.
pub(in crate::diagnosis) fn spn_query(spn: &Name) -> Vec<Command> {
    let mut out = vec![Command::new(format!("setspn -F -Q {}", spn.in_query()))];
    if let Some((class, rest)) = spn.in_query().split_once('/')
        && !class.eq_ignore_ascii_case("host")
    {
        let host = rest.split([':', '/']).next().unwrap_or(rest);
        out.push(Command::new(format!("setspn -F -Q HOST/{host}")));
    }
    out
}

/// Tests whether a host can fetch the password of a managed service account.
pub(in crate::diagnosis) fn test_managed_account(host: &Name, account: &Name) -> Command {
    Command::on(host, format!("Test-ADServiceAccount {}", account.in_query()))
}

/// Shows whether a domain controller noticed a USN rollback.
pub(in crate::diagnosis) fn find_rollback(host: &Name) -> [Command; 2] {
    [
        "Get-WinEvent -FilterHashtable @{LogName='Directory Service';Id=2095, 2103}",
        "reg query HKLM\\SYSTEM\\CurrentControlSet\\Services\\NTDS\\Parameters /v 'Dsa Not Writable'",
    ]
    .map(|line| Command::on(host, line))
}

/// Verifies a trust from both sides.
pub(in crate::diagnosis) fn verify_trust(domains: &[Name]) -> Command {
    let (here, there) = two_domains(domains);
    Command::at(
        "a domain controller of each side",
        format!("netdom trust {here} /domain:{there} /verify /kerberos"),
    )
}

/// Exports the System log of a host.
fn export_log(host: &Name) -> Command {
    Command::on(host, format!("wevtutil epl System {}-System.evtx", host.in_command()))
}

/// Exports the System log of every domain controller.
fn export_controller_logs() -> Command {
    Command::at("every domain controller", "wevtutil epl System <DC>-System.evtx")
}

/// Saves the addresses of a host, on the host itself.
fn save_addresses(host: &Name) -> Command {
    Command::on(host, format!("ipconfig /all > {}-ipconfig.txt", host.in_command()))
}

impl Request {
    /// The commands that answer it.
    pub(crate) fn commands(&self) -> Vec<Command> {
        match self {
            // ipconfig shows the description of an adapter, by which a management card is recognised.
            Self::Addresses { host } if host.is_known() => {
                let host = host.in_command();
                vec![Command::new(format!(
                    "Invoke-Command -ComputerName {host} {{ ipconfig /all }} > {host}-ipconfig.txt"
                ))]
            }
            Self::Addresses { host } => vec![save_addresses(host)],
            // Resolve-DnsName reads the hosts file before it asks DNS. `--interfaces` reads its output.
            Self::Resolution { name, client } => vec![Command::on(
                client,
                format!(
                    "Resolve-DnsName {} | Select-Object Name,Type,NameHost,IPAddress | Export-Csv {}-names.csv \
                     -NoTypeInformation",
                    name.in_query(),
                    client.in_command()
                ),
            )],
            Self::MeantName { name, .. } => {
                vec![Command::new(format!("Resolve-DnsName {}", name.in_query()))]
            }
            Self::SharedConnection { client, .. } => vec![Command::on(
                client,
                "Get-NetTCPConnection -State Established | Where-Object { $_.RemoteAddress -eq \
                 $_.LocalAddress }",
            )],
            Self::AddressOwner { address } => vec![Command::new(format!("Resolve-DnsName {address}"))],
            Self::SpnOwner { spn } => spn_query(spn),
            Self::HostLog { host } => vec![
                export_log(host),
                Command::on(host, "Test-ComputerSecureChannel -Verbose"),
                export_controller_logs(),
            ],
            Self::ControllerLogs { .. } => vec![export_controller_logs()],
            Self::ClientLog { client, .. } => vec![export_log(client)],
            Self::ServiceLogon { account, host } => {
                vec![Command::new(account_query(account, ACCOUNT_PROPERTIES)), export_log(host)]
            }
            Self::ServiceIdentity { host, .. } => vec![Command::on(host, LIST_SERVICES)],
            Self::KernelMode { host } => kernel_mode(host),
            Self::EncryptionTypes { account, host } => vec![
                Command::new(account_query(account, "msDS-SupportedEncryptionTypes, pwdLastSet")),
                Command::on(host, ENCRYPTION_POLICY),
            ],
            Self::AccountClass { account } => vec![Command::new(account_query(account, ACCOUNT_PROPERTIES))],
            Self::Machine { name } => vec![
                Command::new(format!("Resolve-DnsName {}", name.in_query())),
                Command::new(format!(
                    "Get-ADObject -LDAPFilter '(sAMAccountName={}$)' -Properties {ACCOUNT_PROPERTIES}",
                    name.netbios_label()
                )),
            ],
            Self::ClusterNodes { host, .. } => vec![
                Command::on(host, "Get-ClusterNode"),
                Command::on(
                    host,
                    "Get-ClusterResource | Where-Object ResourceType -eq 'Network Name' | Get-ClusterParameter",
                ),
            ],
            Self::ManagedAccount { account, host } => vec![
                test_managed_account(host, account),
                Command::new(format!(
                    "Get-ADServiceAccount {} -Properties PrincipalsAllowedToRetrieveManagedPassword, \
                     PasswordLastSet, msDS-ManagedPasswordInterval, msDS-SupportedEncryptionTypes",
                    account.in_query()
                )),
                Command::on(host, MANAGED_PASSWORD_EVENTS),
            ],
            Self::ClusterAccount { account, host } => vec![
                Command::on(host, CLUSTER_EVENTS),
                Command::new(account_query(account, ACCOUNT_PROPERTIES)),
            ],
            Self::Namesakes { host, domains } => {
                let known: Vec<&str> =
                    domains.iter().filter(|d| d.is_known()).map(Name::in_command).collect();
                let servers = match known.is_empty() {
                    true => "(Get-ADForest).Domains".to_owned(),
                    false => known.iter().map(|d| format!("'{d}'")).collect::<Vec<_>>().join(", "),
                };
                vec![Command::new(format!(
                    "{servers} | ForEach-Object {{ Get-ADComputer -LDAPFilter '(sAMAccountName={}$)' \
                     -Server $_ -Properties pwdLastSet, dNSHostName }}",
                    host.netbios_label()
                ))]
            }
            Self::Twins { host } => vec![Command::new(format!(
                "Get-ADComputer -LDAPFilter '(sAMAccountName={}$)' -Properties whenCreated, \
                 operatingSystem, lastLogonDate, PasswordLastSet",
                host.netbios_label()
            ))],
            Self::CutName { names } => names
                .iter()
                .map(|name| {
                    Command::new(format!(
                        "Get-ADComputer -LDAPFilter '(dNSHostName={})' -Properties sAMAccountName",
                        name.in_query()
                    ))
                })
                .collect(),
            Self::DirectoryServer { guid, forest } => {
                let guid = if is_safe_host(guid) { guid.as_str() } else { "<guid>" };
                vec![
                    Command::new(format!("Resolve-DnsName {guid}._msdcs.{}", forest.in_query())),
                    Command::new("repadmin /showrepl"),
                ]
            }
            Self::Tickets { client } => ["klist sessions", "klist -li 0x3e7", "klist -li 0x3e4"]
                .map(|line| Command::on(client, line))
                .into(),
            Self::Program { client, .. } => vec![Command::on(
                client,
                "Get-WinEvent -FilterHashtable @{LogName='Microsoft-Windows-WinRM/Operational'} -MaxEvents \
                 50",
            )],
            Self::Trust { domains } => vec![verify_trust(domains), export_controller_logs()],
            Self::Replication { account } => vec![
                Command::new(on_every_controller(account, "pwdLastSet,whenChanged")),
                Command::new("repadmin /replsummary"),
            ],
            Self::UsnRollback { host } => {
                find_rollback(host).into_iter().chain([Command::on(host, "repadmin /showrepl")]).collect()
            }
            Self::StorageKeys { .. } => vec![Command::at(STORAGE_MODULE, CHECK_STORAGE_ACCOUNT)],
            Self::EntraKey { account } => vec![Command::new(account_query(
                account,
                "pwdLastSet, whenChanged, msDS-SupportedEncryptionTypes",
            ))],
            Self::KeyVersion { account, spn } => vec![
                Command::new(account_query(
                    account,
                    "msDS-KeyVersionNumber, pwdLastSet, msDS-SupportedEncryptionTypes",
                )),
                Command::at("the host of the keytab", LIST_KEYTAB),
                Command::at("the host of the keytab", format!("kvno {}", spn.in_query())),
            ],
            Self::NewerInventory { .. } => Vec::new(),
        }
    }

    /// Other commands that answer it without RSAT, WinRM or rights on the host.
    pub(crate) fn fallback(&self) -> Vec<Command> {
        match self {
            Self::Addresses { host } if host.is_known() => vec![save_addresses(host)],
            Self::SpnOwner { spn } => {
                let query = format!("([adsisearcher]'(servicePrincipalName={})').FindAll()", spn.in_query());
                vec![Command::new(query)]
            }
            Self::ServiceLogon { account, .. }
            | Self::EncryptionTypes { account, .. }
            | Self::AccountClass { account }
            | Self::EntraKey { account }
            | Self::KeyVersion { account, .. } => vec![Command::new(adsi_query(account.in_filter()))],
            Self::Machine { name } => vec![Command::new(adsi_query(&format!("{}$", name.netbios_label())))],
            Self::Twins { host } | Self::Namesakes { host, .. } => {
                vec![Command::new(adsi_query(&format!("{}$", host.netbios_label())))]
            }
            Self::Resolution { name, client } => {
                let file = format!("{}-ping.txt", client.in_command());
                vec![Command::on(client, format!("ping -n 1 {} > {file}", name.in_query()))]
            }
            _ => Vec::new(),
        }
    }
}

/// Shows kernel mode and the identities of application pools.
fn kernel_mode(host: &Name) -> Vec<Command> {
    let place = host.with_origin();
    vec![
        appcmd(&place, &format!("list config '<site>' {WINDOWS_AUTHENTICATION}")),
        appcmd(&place, LIST_POOLS),
    ]
}

/// Runs the tool of IIS, whose folder is not in the path.
pub(in crate::diagnosis) fn appcmd(place: &str, arguments: &str) -> Command {
    Command::at(format!("{place}, in C:\\Windows\\System32\\inetsrv"), format!(".\\appcmd.exe {arguments}"))
}

/// Arguments that list the application pools with their accounts.
pub(in crate::diagnosis) const LIST_POOLS: &str = "list apppools /config";

/// The section of the IIS configuration with `useKernelMode` and `useAppPoolCredentials`.
pub(in crate::diagnosis) const WINDOWS_AUTHENTICATION: &str =
    "-section:system.webServer/security/authentication/windowsAuthentication";

/// Queries an account without the Active Directory module.
fn adsi_query(account: &str) -> String {
    format!("([adsisearcher]'(sAMAccountName={account})').FindAll().Properties")
}

/// The first two known domains for a command, or placeholders.
pub(in crate::diagnosis) fn two_domains(domains: &[Name]) -> (&str, &str) {
    let mut known = domains.iter().filter(|d| d.is_known()).map(Name::in_command);
    (known.next().unwrap_or("<domain>"), known.next().unwrap_or("<other domain>"))
}
