//! The commands that answer a request.

use super::Request;
use crate::diagnosis::command::{Command, Name, is_host};

/// The newest event 4 of a host.
pub(in crate::diagnosis) const NEWEST_EVENT: &str = "Get-WinEvent -MaxEvents 1 -FilterHashtable @{LogName='System';ProviderName='Microsoft-Windows-Security-Kerberos';Id=4}";

/// Where `reg` finds the encryption types that a host allows.
pub(in crate::diagnosis) const ENCRYPTION_POLICY: &str = "reg query \
     HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Policies\\System\\Kerberos\\Parameters /v \
     SupportedEncryptionTypes";

pub(in crate::diagnosis) const HOSTS_FILE: &str = "C:\\Windows\\System32\\drivers\\etc\\hosts";

/// Every property of an account that separates one cause from another.
const ACCOUNT_PROPERTIES: &str = "objectClass, userAccountControl, primaryGroupID, operatingSystem, \
     pwdLastSet, whenChanged, msDS-SupportedEncryptionTypes, servicePrincipalName";

/// The account in the directory of this domain, by an LDAP filter: no `$` is read by a shell.
pub(in crate::diagnosis) fn account_query(account: &Name, properties: &str) -> String {
    format!("Get-ADObject -LDAPFilter '(sAMAccountName={})' -Properties {properties}", account.in_filter())
}

/// One attribute of an account on every domain controller of the domain.
pub(in crate::diagnosis) fn on_every_controller(account: &Name, attributes: &str) -> String {
    format!(
        "repadmin /showattr * ncobj:domain: /subtree '/filter:(sAMAccountName={})' /atts:{attributes}",
        account.in_filter()
    )
}

/// The owners of an SPN and of the `HOST` SPN that its class falls back to.
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

impl Request {
    /// The commands that answer it.
    pub(crate) fn commands(&self) -> Vec<Command> {
        match self {
            Self::Addresses { host } if host.is_known() => {
                let host = host.in_command();
                vec![Command::new(format!(
                    "Get-NetIPAddress -CimSession {host} | Export-Csv {host}-addresses.csv -NoTypeInformation"
                ))]
            }
            Self::Addresses { host } => {
                vec![Command::on(host, format!("ipconfig /all > {}-ipconfig.txt", host.in_command()))]
            }
            // It reads the hosts file before it asks DNS, and `-i` reads the answer back.
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
                Command::on(host, format!("wevtutil epl System {}-System.evtx", host.in_command())),
                Command::on(host, "Test-ComputerSecureChannel -Verbose"),
                Command::at("every domain controller", "wevtutil epl System <DC>-System.evtx"),
            ],
            Self::ControllerLogs { .. } => {
                vec![Command::at("every domain controller", "wevtutil epl System <DC>-System.evtx")]
            }
            Self::ClientLog { client, .. } => {
                vec![Command::on(client, format!("wevtutil epl System {}-System.evtx", client.in_command()))]
            }
            Self::ServiceLogon { account, host } => vec![
                Command::new(account_query(account, ACCOUNT_PROPERTIES)),
                Command::on(host, format!("wevtutil epl System {}-System.evtx", host.in_command())),
            ],
            Self::ServiceIdentity { host, .. } => vec![Command::on(
                host,
                "Get-CimInstance Win32_Service | Select-Object Name, StartName, State",
            )],
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
                Command::on(host, format!("Test-ADServiceAccount {}", account.in_query())),
                Command::new(format!(
                    "Get-ADServiceAccount {} -Properties PrincipalsAllowedToRetrieveManagedPassword, \
                     PasswordLastSet, msDS-ManagedPasswordInterval, msDS-SupportedEncryptionTypes",
                    account.in_query()
                )),
                Command::on(
                    host,
                    "Get-WinEvent -FilterHashtable @{LogName='Microsoft-Windows-Kerberos/Operational';Id=105}",
                ),
            ],
            Self::ClusterAccount { account, host } => vec![
                Command::on(
                    host,
                    "Get-WinEvent -FilterHashtable \
                     @{LogName='System';ProviderName='Microsoft-Windows-FailoverClustering';Id=1196, 1206, \
                     1207, 1211, 1212, 1218, 1219 }",
                ),
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
                let guid = if is_host(guid) { guid.as_str() } else { "<guid>" };
                vec![
                    Command::new(format!("Resolve-DnsName {guid}._msdcs.{}", forest.in_query())),
                    Command::new("repadmin /showrepl"),
                ]
            }
            Self::Tickets { client } => vec![
                Command::on(client, "klist sessions"),
                Command::on(client, "klist -li 0x3e7"),
                Command::on(client, "klist -li 0x3e4"),
            ],
            Self::Program { client, .. } => vec![Command::on(
                client,
                "Get-WinEvent -FilterHashtable @{LogName='Microsoft-Windows-WinRM/Operational'} -MaxEvents \
                 50",
            )],
            Self::Trust { domains } => {
                let (here, there) = two_domains(domains);
                vec![
                    Command::at(
                        "a domain controller of each side",
                        format!("netdom trust {here} /domain:{there} /verify /kerberos"),
                    ),
                    Command::at("every domain controller", "wevtutil epl System <DC>-System.evtx"),
                ]
            }
            Self::Replication { account } => vec![
                Command::new(on_every_controller(account, "pwdLastSet,whenChanged")),
                Command::new("repadmin /replsummary"),
            ],
            Self::UsnRollback { host } => vec![
                Command::on(
                    host,
                    "Get-WinEvent -FilterHashtable @{LogName='Directory Service';Id=2095, 2103}",
                ),
                Command::on(
                    host,
                    "reg query HKLM\\SYSTEM\\CurrentControlSet\\Services\\NTDS\\Parameters /v 'Dsa Not \
                     Writable'",
                ),
                Command::on(host, "repadmin /showrepl"),
            ],
            Self::StorageKeys { .. } => vec![Command::at(
                "a host with the AzFilesHybrid module",
                "Debug-AzStorageAccountAuth -StorageAccountName <storage account> -ResourceGroupName \
                 <resource group> -Verbose",
            )],
            Self::EntraKey { account } => vec![Command::new(account_query(
                account,
                "pwdLastSet, whenChanged, msDS-SupportedEncryptionTypes",
            ))],
            Self::KeyVersion { account, spn } => vec![
                Command::new(account_query(
                    account,
                    "msDS-KeyVersionNumber, pwdLastSet, msDS-SupportedEncryptionTypes",
                )),
                Command::at("the host of the keytab", "klist -kte /etc/krb5.keytab"),
                Command::at("the host of the keytab", format!("kvno {}", spn.in_query())),
            ],
            Self::NewerInventory { .. } => Vec::new(),
        }
    }

    /// The same without RSAT, WinRM or rights on the host.
    pub(crate) fn fallback(&self) -> Vec<Command> {
        match self {
            Self::Addresses { host } if host.is_known() => {
                vec![Command::on(host, format!("ipconfig /all > {}-ipconfig.txt", host.in_command()))]
            }
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

/// Kernel mode and pool identities of IIS.
fn kernel_mode(host: &Name) -> Vec<Command> {
    let place = host.with_origin();
    vec![appcmd(&place, &format!("list config '<site>' {WINDOWS_AUTHENTICATION}")), appcmd(&place, POOLS)]
}

/// Runs IIS's own tool, whose folder is not in the path.
pub(in crate::diagnosis) fn appcmd(place: &str, arguments: &str) -> Command {
    Command::at(format!("{place}, in C:\\Windows\\System32\\inetsrv"), format!(".\\appcmd.exe {arguments}"))
}

/// Lists the application pools with the accounts they run under.
pub(in crate::diagnosis) const POOLS: &str = "list apppools /config";

/// Where IIS keeps kernel mode and whose key decrypts.
pub(in crate::diagnosis) const WINDOWS_AUTHENTICATION: &str =
    "-section:system.webServer/security/authentication/windowsAuthentication";

fn adsi_query(account: &str) -> String {
    format!("([adsisearcher]'(sAMAccountName={account})').FindAll().Properties")
}

/// The two sides of a trust, or placeholders.
pub(in crate::diagnosis) fn two_domains(domains: &[Name]) -> (&str, &str) {
    let mut known = domains.iter().filter(|d| d.is_known()).map(Name::in_command);
    (known.next().unwrap_or("<domain>"), known.next().unwrap_or("<other domain>"))
}
