//! The words of a request: its heading, its question, and how to read the answer.

use super::{LogReason, Request};
use crate::diagnosis::command::Name;

/// The heading of each request, by its identifier.
const TITLES: [(&str, &str); 32] = [
    ("addresses", "Addresses of hosts"),
    ("resolution", "What names resolve to on the client"),
    ("meant-name", "Names that may be aliases or virtual names"),
    ("shared-connection", "The shared address in use"),
    ("address-owner", "Owners of addresses"),
    ("spn-owner", "Owners of SPNs"),
    ("host-log", "System logs of hosts and their domain controllers"),
    ("controller-logs", "System logs of domain controllers"),
    ("client-log", "System logs of clients"),
    ("service-logon", "Logons of services"),
    ("service-identity", "Accounts that services run under"),
    ("kernel-mode", "IIS kernel-mode authentication"),
    ("encryption-types", "Encryption types"),
    ("account-class", "Classes of accounts"),
    ("machine", "Names that belong to no known host"),
    ("cluster-nodes", "Cluster nodes"),
    ("managed-account", "Managed service accounts"),
    ("cluster-account", "Accounts of cluster names"),
    ("namesakes", "Computers of one name in several domains"),
    ("twins", "Two machines with one computer account"),
    ("cut-name", "Names cut to 15 characters"),
    ("directory-server", "Domain controllers behind GUIDs"),
    ("tickets", "Tickets and unnamed targets"),
    ("program", "Programs that asked"),
    ("trust", "Trusts"),
    ("replication", "Replication of passwords"),
    ("usn-rollback", "USN rollback"),
    ("storage-keys", "Keys of storage accounts"),
    ("entra-key", "The key of Entra Seamless SSO"),
    ("key-version", "Key versions in keytabs"),
    ("newer-inventory", "Newer exports"),
    ("silent-client-log", "System logs of clients"),
];

/// The heading of the request with this identifier; `More` for one that another version wrote.
pub(crate) fn title_of(code: &str) -> &'static str {
    TITLES.iter().find(|(known, _)| *known == code).map_or("More", |(_, title)| title)
}

impl Request {
    /// The heading under which a summary groups such requests.
    pub(crate) fn title(&self) -> &'static str {
        title_of(self.code())
    }

    /// The host, account or name that it is about.
    pub(crate) fn subject(&self) -> String {
        match self {
            Self::Addresses { host }
            | Self::HostLog { host }
            | Self::KernelMode { host }
            | Self::Twins { host }
            | Self::Namesakes { host, .. }
            | Self::ServiceIdentity { host, .. }
            | Self::UsnRollback { host } => host.with_origin().into_owned(),
            Self::Resolution { name, .. }
            | Self::MeantName { name, .. }
            | Self::Machine { name }
            | Self::ClusterNodes { name, .. } => name.with_origin().into_owned(),
            Self::SharedConnection { target, .. } => target.in_sentence().to_owned(),
            Self::AddressOwner { address } => address.to_string(),
            Self::SpnOwner { spn } | Self::ControllerLogs { spn } => spn.in_sentence().to_owned(),
            Self::ClientLog { client, .. } | Self::Tickets { client } | Self::Program { client, .. } => {
                client.in_sentence().to_owned()
            }
            Self::ServiceLogon { account, .. }
            | Self::EncryptionTypes { account, .. }
            | Self::AccountClass { account }
            | Self::ManagedAccount { account, .. }
            | Self::ClusterAccount { account, .. }
            | Self::Replication { account }
            | Self::StorageKeys { account }
            | Self::EntraKey { account }
            | Self::KeyVersion { account, .. } => account.with_origin().into_owned(),
            Self::CutName { names } => join_names(names),
            Self::DirectoryServer { guid, .. } => guid.clone(),
            Self::Trust { domains } => join_names(domains),
            Self::NewerInventory { files } => files.join(", "),
        }
    }

    /// The question, with its reason if that is not clear.
    pub(crate) fn question(&self) -> String {
        match self {
            Self::Addresses { host } => format!("What are the addresses of {}?", host.with_origin()),
            Self::Resolution { name, client } => format!(
                "What does {} resolve to on {}, by DNS and by the hosts file?",
                name.in_sentence(),
                client.in_sentence()
            ),
            Self::MeantName { name, responder } => format!(
                "Is {} meant to resolve to {} (alias, virtual name, load balancer, migrated server)? Ask \
                 its owner.",
                name.in_sentence(),
                responder.with_origin()
            ),
            Self::SharedConnection { client, target } => {
                format!(
                    "Which shared address does {} use for {}?",
                    client.in_sentence(),
                    target.in_sentence()
                )
            }
            Self::AddressOwner { address } => format!("Which host owns {address}?"),
            Self::SpnOwner { spn } => format!("Which account owns {}?", spn.in_sentence()),
            Self::HostLog { host } => {
                format!("Does the domain accept the machine password of {}?", host.with_origin())
            }
            Self::ControllerLogs { spn } => {
                format!("What do the domain controllers log about {}?", spn.in_sentence())
            }
            Self::ClientLog { client, reason } => match reason {
                LogReason::Silent => format!(
                    "Does {} still log event 4? The given logs hold no later event of it.",
                    client.in_sentence()
                ),
                LogReason::Outdated => format!(
                    "Does {} log event 4 today? Then inventories of the same day count as evidence.",
                    client.in_sentence()
                ),
            },
            Self::ServiceLogon { account, .. } => {
                format!("Can the service log on as {}, and when was its password set?", account.with_origin())
            }
            Self::ServiceIdentity { host, name }
                if host.is_absent() || host.in_sentence() == name.in_sentence() =>
            {
                format!(
                    "Under which account does the service of {} run, and on which hosts?",
                    name.in_sentence()
                )
            }
            Self::ServiceIdentity { host, name } => format!(
                "Does {} serve {}, and under which account does the service run?",
                host.with_origin(),
                name.in_sentence()
            ),
            Self::KernelMode { host } => format!(
                "Does IIS on {} use kernel-mode authentication, and under which account does the \
                 application pool run?",
                host.with_origin()
            ),
            Self::EncryptionTypes { account, .. } => format!(
                "Which encryption types has {}, and which does its host or keytab allow?",
                account.with_origin()
            ),
            Self::AccountClass { account } => format!(
                "What is {}: a computer, a managed service account (gMSA), a cluster name or an appliance?",
                account.with_origin()
            ),
            Self::Machine { name } => {
                format!("What is {}: a computer, an alias, a cluster name or a leftover?", name.with_origin())
            }
            Self::ClusterNodes { name, host } => {
                format!("Is {} a node of the cluster that serves {}?", host.with_origin(), name.in_sentence())
            }
            Self::ManagedAccount { account, .. } => {
                format!("Can the host fetch the password of {}?", account.with_origin())
            }
            Self::ClusterAccount { account, .. } => format!(
                "Does the cluster hold the current password of {} (FailoverClustering 1207)?",
                account.with_origin()
            ),
            Self::Namesakes { host, .. } => {
                format!("In which domains does a computer named {} exist?", host.label())
            }
            Self::Twins { host } => {
                format!("Do two machines use the same name, {}?", host.with_origin())
            }
            Self::CutName { names } => format!(
                "Which machine answered? NetBIOS names have 15 characters, so {} share one short name.",
                join_names(names)
            ),
            Self::DirectoryServer { guid, .. } => format!("Which domain controller is {guid}?"),
            Self::Tickets { client } => format!(
                "Which target did {} ask for, and which tickets do its services hold?",
                client.in_sentence()
            ),
            Self::Program { client, target } => format!(
                "Which program on {} asks for {}: WinRM (PowerShell, Server Manager, SCVMM) or a browser?",
                client.in_sentence(),
                target.in_sentence()
            ),
            Self::Trust { domains } => match domains.is_empty() {
                true => {
                    "Do both sides of the trust have the same key, and do the tickets pass the PAC checks?"
                        .into()
                }
                false => format!(
                    "Do both sides of the trust between {} have the same key, and do the tickets pass the \
                     PAC checks?",
                    join_names_with_and(domains)
                ),
            },
            Self::Replication { account } => {
                format!("Do all domain controllers have the same password of {}?", account.with_origin())
            }
            Self::UsnRollback { host } => {
                format!("Was {}, a domain controller, restored from a snapshot?", host.with_origin())
            }
            Self::StorageKeys { account } => format!(
                "Does the kerb1 or kerb2 key of the storage account match the password of {}?",
                account.with_origin()
            ),
            Self::EntraKey { account } => format!(
                "When was the key of {} last rolled over with Update-AzureADSSOForest, and were its \
                 encryption types changed since?",
                account.with_origin()
            ),
            Self::KeyVersion { account, .. } => format!(
                "Does the keytab hold the current key version (kvno) of {}, with AES keys?",
                account.with_origin()
            ),
            Self::NewerInventory { files } => match files.is_empty() {
                true => "Do exports from the time of the events say the same?".to_owned(),
                false => {
                    format!("Do exports from the time of the events say the same as {}?", files.join(", "))
                }
            },
        }
    }

    /// Explains how to read the answer.
    pub(crate) fn how_to_read(&self) -> &'static str {
        match self {
            Self::Addresses { .. } => "It is loopback only if client and target share an address.",
            Self::Resolution { .. } => {
                "An address of the client means a loopback by name. An address of the responder means that \
                 the name resolves to another host."
            }
            Self::MeantName { .. } => {
                "If it is meant to, DNS is right and the SPN belongs on the account of the responder. If \
                 not, DNS or the hosts file is wrong."
            }
            Self::SpnOwner { .. } => {
                "The responder as only owner means that its key is wrong. Another owner means that the SPN \
                 is on another account. An SPN of an alias class falls back to HOST."
            }
            Self::HostLog { .. } => {
                "NETLOGON 3210 on the host itself shows a broken machine password. False from \
                 Test-ComputerSecureChannel shows the same. True does not exclude it. On a domain \
                 controller use nltest /sc_verify:DOMAIN instead."
            }
            Self::ControllerLogs { .. } => {
                "KDC 11 shows two owners. KDC 14, 16, 26, 27 and 201 to 209 show encryption types."
            }
            Self::ServiceLogon { .. } => {
                "Service Control Manager 7000, 7038, 7041 or WAS 5057, 5059 show a password that was \
                 refused. A password that is newer than the service's last start shows the same."
            }
            Self::ServiceIdentity { .. } => "The SPN belongs on the account that the service runs under.",
            Self::KernelMode { .. } => {
                "With kernel mode on and useAppPoolCredentials false, Windows decrypts with the machine's \
                 key, whatever account the pool runs under."
            }
            Self::EncryptionTypes { .. } => {
                "Event 4 by encryption type means that the host or keytab lacks the key: AES is 24 (0x18), \
                 RC4 is 4, both are 28 (0x1C)."
            }
            Self::AccountClass { .. } => {
                "objectClass separates them. UserAccountControl and primaryGroupID 516 or 521 show a \
                 domain controller."
            }
            Self::Twins { .. } => {
                "NETLOGON 3210 also appears when another machine joined the domain under the same name."
            }
            Self::Tickets { .. } => {
                "Plain klist shows only your own tickets: 0x3e7 is LocalSystem, 0x3e4 is NetworkService. \
                 If the target stays unknown, set LogLevel to 1 under \
                 HKLM\\SYSTEM\\CurrentControlSet\\Control\\Lsa\\Kerberos\\Parameters (KB262177), repeat \
                 the failure, export the System log, and delete LogLevel afterwards."
            }
            Self::Program { .. } => {
                "WinRM asks for HTTP/host by default and meets the web site's SPN. The site itself is then \
                 in order."
            }
            Self::Trust { .. } => {
                "KDC 28 shows a key version of the trust. KDC 18, 35 to 38, 43 and 44 show PAC signatures."
            }
            Self::Replication { .. } => {
                "Different values show that one domain controller has a password the others lack."
            }
            Self::UsnRollback { .. } => {
                "Event 2095 or 2103, or the value 4, shows USN rollback. No password reset cures it."
            }
            Self::KeyVersion { .. } => {
                "A keytab with another kvno than the directory, or without AES, cannot decrypt the ticket."
            }
            Self::ClusterNodes { .. } => "A node answers for every name that the cluster serves on it.",
            Self::Namesakes { .. } => {
                "One of them may be a leftover: an account whose password was set years ago, with the \
                 other one's address."
            }
            _ => "",
        }
    }

    /// Explains how to pass the answer to krbtriage.
    pub(crate) fn hand_over(&self) -> &'static str {
        match self {
            Self::Addresses { .. } => "Pass the file with --interfaces.",
            Self::AddressOwner { .. } => "Pass the addresses of the hosts it may be with --interfaces.",
            Self::SpnOwner { .. } | Self::Namesakes { .. } => {
                "For this program export all SPNs (minutes and much memory in a large forest): `setspn -T \
                 * -F -Q */* > spns.txt`, and pass the file with --spns."
            }
            Self::HostLog { .. } | Self::ControllerLogs { .. } | Self::ClientLog { .. } => {
                "Give the exported logs together with this one."
            }
            Self::NewerInventory { .. } => "Export them again and pass them with --interfaces or --spns.",
            _ => "",
        }
    }
}

/// Formats names as `a, b, c`.
fn join_names(names: &[Name]) -> String {
    names.iter().map(Name::in_sentence).collect::<Vec<_>>().join(", ")
}

/// Formats names as `a, b and c`.
pub(in crate::diagnosis) fn join_names_with_and(names: &[Name]) -> String {
    match names {
        [] => String::new(),
        [one] => one.in_sentence().to_owned(),
        [first @ .., last] => format!("{} and {}", join_names(first), last.in_sentence()),
    }
}
