//! What to collect and what to do: the commands and steps of every kind.
//!
//! A name from a log is put into a command only when it cannot be anything but a name: an administrator copies
//! these lines into an elevated shell.

use super::{Cause, Kind};
use crate::names::Spn;

/// The name, if it is harmless in PowerShell and cmd; else what to put there.
fn safe<'a>(name: &'a str, instead: &'a str) -> &'a str {
    let harmless = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '$' | ':');
    match !name.is_empty() && name.len() <= 255 && !name.starts_with('-') && name.chars().all(harmless) {
        true => name,
        false => instead,
    }
}

/// The SPN in double quotes, if it is harmless there; else what to put there.
fn safe_spn(spn: &str) -> String {
    let harmless = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '/');
    let bare = Spn::parse(spn).map_or_else(
        || spn.to_owned(),
        |mut s| {
            s.realm = None;
            s.to_string()
        },
    );
    match bare.len() <= 512 && !bare.starts_with('-') && bare.chars().all(harmless) {
        true => bare,
        false => "<the target SPN>".to_owned(),
    }
}

pub(super) fn addresses_of(host: &str) -> String {
    let host = safe(host, "<host>");
    format!(
        "addresses of {host}: Get-NetIPAddress -CimSession {host} | Export-Csv {host}-addresses.csv (or on it: \
         ipconfig /all > {host}-ipconfig.txt), then --interfaces"
    )
}

pub(super) fn resolve(name: &str, client: &str) -> String {
    let (name, client) = (safe(name, "<target host>"), safe(client, "<client>"));
    format!(
        "what {name} resolves to on {client}: Invoke-Command {client} {{ Resolve-DnsName {name} }}, and its line in \
         C:\\Windows\\System32\\drivers\\etc\\hosts there"
    )
}

/// Two hosts have several addresses in common.
pub(super) fn which_address(client: &str, target: &str) -> String {
    let (client, target) = (safe(client, "<client>"), safe(target, "<target host>"));
    format!(
        "which of the shared addresses was taken: on {client}, while it asks {target}, Get-NetTCPConnection -State \
         Established | Where-Object {{ $_.RemoteAddress -eq $_.LocalAddress }}"
    )
}

pub(super) fn spn_owner(spn: &str) -> String {
    format!(
        "who owns the SPN: setspn -F -Q \"{}\" (or all of them: setspn -T * -F -Q */* > spns.txt), then --spns",
        safe_spn(spn)
    )
}

pub(super) fn netlogon(host: &str) -> String {
    let host = safe(host, "<host>");
    format!(
        "NETLOGON events of {host} and its domain controllers: wevtutil epl System \
         C:\\Windows\\Temp\\{host}-System.evtx /r:{host} (which writes it on {host}: fetch \
         \\\\{host}\\C$\\Windows\\Temp\\{host}-System.evtx), given beside this log, and on it: \
         Test-ComputerSecureChannel (on a domain controller: nltest /sc_verify:<domain>)"
    )
}

pub(super) fn service_logon(account: &str) -> String {
    let account = safe(account, "<account>");
    // A managed service account's name ends like a computer's.
    let get = if account.ends_with('$') { "Get-ADServiceAccount" } else { "Get-ADUser" };
    format!(
        "when the password was set and how the service logs on: {get} {account} -Properties PasswordLastSet, and the \
         System log of the service's host (Service Control Manager 7000, 7038)"
    )
}

pub(super) fn encryption_types(account: &str) -> String {
    let account = safe(account, "<account>").trim_end_matches('$').to_owned();
    format!(
        "the account's encryption types: Get-ADObject -Filter \"sAMAccountName -like '{account}*'\" -Properties \
         msDS-SupportedEncryptionTypes, pwdLastSet"
    )
}

pub(super) fn who_is(name: &str) -> String {
    let name = safe(name, "<name>");
    format!(
        "what {name} is: Resolve-DnsName {name}, Get-ADComputer -Filter \"Name -eq '{name}'\" -Properties \
         servicePrincipalName, Get-ClusterResource on the host that answered"
    )
}

pub(super) fn cluster_nodes(name: &str, host: &str) -> String {
    let (name, host) = (safe(name, "<cluster name>"), safe(host, "<host>"));
    format!(
        "whether {host} is a node of {name}: on {host}, Get-ClusterNode and Get-ClusterResource | Where-Object \
         ResourceType -eq 'Network Name'"
    )
}

pub(super) fn runs_where(name: &str, host: &str) -> String {
    let (name, host) = (safe(name, "<target host>"), safe(host, "<host>"));
    format!(
        "whether {host} is the machine that serves {name}, and under which account the service runs there: \
         Get-CimInstance Win32_Service -ComputerName {host} | Select-Object Name, StartName"
    )
}

pub(super) fn owner_of(address: &str) -> String {
    let address = safe(address, "<address>");
    format!(
        "which host owns {address}: Resolve-DnsName {address}, and the addresses of the hosts it may be \
         (Get-NetIPAddress -CimSession <host> | Export-Csv <host>-addresses.csv), then --interfaces"
    )
}

pub(super) fn computers_named(label: &str, domains: &[String]) -> String {
    let label = safe(label, "<name>");
    let quoted: Vec<String> = domains.iter().map(|d| format!("'{}'", safe(d, "<domain>"))).collect();
    let servers = if quoted.is_empty() { "(Get-ADForest).Domains".to_owned() } else { quoted.join(", ") };
    format!(
        "in which domains {label} exists: {servers} | ForEach-Object {{ Get-ADComputer -Filter \"Name -eq '{label}'\" \
         -Server $_ }} (all of them for --spns: setspn -T * -F -Q */* > spns.txt)"
    )
}

pub(super) fn dsa_name(spn: &Spn) -> String {
    let forest = safe(spn.service_name.as_deref().unwrap_or_default(), "<forest>");
    let guid = spn.host.split('.').next().unwrap_or_default();
    format!(
        "which domain controller that is: Resolve-DnsName {}._msdcs.{forest}, and repadmin /showrepl",
        safe(guid, "<guid>")
    )
}

pub(super) fn tickets(client: &str) -> String {
    let client = safe(client, "<client>");
    format!(
        "the target: klist on {client} at the time of the event, or Kerberos logging there (LogLevel=1, KB262177) and \
         the System log again"
    )
}

/// What the KDC itself found for the SPN.
pub(super) fn kdc_log(spn: &str) -> String {
    format!(
        "the KDC's event 11 for {}: on every domain controller, wevtutil epl System dc-System.evtx, given with the other logs",
        safe_spn(spn)
    )
}

/// Whether the trouble goes on, so that what is exported now is of its time.
pub(super) fn goes_on(client: &str) -> String {
    let client = safe(client, "<client>");
    format!(
        "the log of {client} as it is now (with such events, the inventories of the same day are proof): on it, wevtutil epl \
         System {client}-System.evtx, given with the other logs"
    )
}

const SILENCE: &str = "these logs hold no event of it, so the trouble may go on";

/// Of an incident that was not seen again: whether its client's log was among the inputs is not known.
pub fn silence(client: &str) -> String {
    let client = safe(client, "<client>");
    format!(
        "the log of {client} ({SILENCE}): on it, wevtutil epl System {client}-System.evtx, given with the other logs"
    )
}

/// Is this [`silence`] in an earlier report? It was true of that run only.
pub fn is_silence(missing: &str) -> bool {
    missing.contains(SILENCE)
}

/// What an item of `missing` asks for, as far as a script can collect it. Names are as the item has them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wanted {
    AddressesOf(String),
    LogOf(String),
    /// And of the domain controllers, whose logs tell of the same.
    ControllersLogs,
    /// All accounts with their SPNs, dates and encryption types.
    Accounts,
    /// What a name resolves to on a client.
    Resolve {
        name: String,
        client: String,
    },
}

/// Reads an item of `missing` of this or an earlier report; empty where only a person can find it out.
pub fn wanted(missing: &str) -> Vec<Wanted> {
    let word =
        |text: &str| text.split_whitespace().next().unwrap_or_default().trim_end_matches(':').to_owned();
    let Some((topic, rest)) = missing.split_once(' ') else { return Vec::new() };
    if let Some(host) = missing.strip_prefix("addresses of ") {
        return vec![Wanted::AddressesOf(word(host))];
    }
    if let Some(host) = missing.strip_prefix("NETLOGON events of ") {
        return vec![Wanted::LogOf(word(host)), Wanted::ControllersLogs];
    }
    if let Some(host) = missing.strip_prefix("the log of ") {
        return vec![Wanted::LogOf(word(host))];
    }
    if missing.starts_with("the KDC's event 11 ") {
        return vec![Wanted::ControllersLogs];
    }
    if topic == "what"
        && let Some((name, client)) = rest.split_once(" resolves to on ")
    {
        return vec![Wanted::Resolve { name: word(name), client: word(client) }];
    }
    let of_accounts = [
        "who owns the SPN",
        "when the password was set",
        "the account's encryption types",
        "in which domains ",
    ];
    match of_accounts.iter().any(|start| missing.starts_with(start))
        || (topic == "what" && rest.contains(" is: "))
    {
        true => vec![Wanted::Accounts],
        false => Vec::new(),
    }
}

/// Steps in safe order, with the risk said.
pub fn fix(cause: Cause, kind: Kind) -> &'static [&'static str] {
    match (cause, kind) {
        (Cause::LoopbackSharedIp, Kind::BmcUsbNic) => &[
            "on one of the two hosts, disable the management controller's network adapter in Windows, or the LAN-over-USB \
             interface in the controller itself",
            "or give it another address on one side",
            "check with krbtriage audit on a schedule: a firmware update or the vendor's update tool can switch the \
             adapter on again",
        ],
        (Cause::LoopbackSharedIp, Kind::VirtualSwitch) => &[
            "if nothing uses the virtual switch on one of the hosts, remove it or disable its host adapter",
            "else give it another address range on one side",
        ],
        (Cause::LoopbackSharedIp, Kind::ClusterOrNlbAddress) => &[
            "the address is shared on purpose: do not remove it",
            "let the nodes reach each other by a name that has only their own addresses, and keep the shared address out \
             of the nodes' own DNS records",
        ],
        (Cause::LoopbackSharedIp, Kind::AddressesUnknown) => &[
            "collect the addresses of both hosts first: it is loopback only if they have one in common",
            "then change or disable the shared address on one side",
        ],
        (Cause::LoopbackSharedIp, _) => &[
            "find out which of the two hosts should have the address",
            "take it from the other one, or disable that adapter there",
        ],
        (Cause::DuplicateSpn, Kind::Misplaced) => &[
            "find out which account the service really runs under",
            "if it should be the owner of the SPN: run the service under that account",
            "else register the SPN on the account it runs under: setspn -D it from the wrong account first, then setspn -S \
             (which refuses a duplicate)",
            "never move a computer's own HOST SPN: that breaks everything else on that computer",
            "tickets live up to 10 hours: klist purge on the clients, or wait",
        ],
        (Cause::DuplicateSpn, Kind::Duplicate) => &[
            "find out which account the service really runs under",
            "remove the SPN from the others with setspn -D, one at a time",
            "never remove a computer's own HOST SPN from its account",
            "setspn -F -X must then be clean, and klist purge on the clients",
        ],
        (Cause::DuplicateSpn, _) => &[
            "use the full name of the host in the client's configuration",
            "check which of the two the name leads to: DNS records, the client's DNS suffix search list",
            "if one of the two computers is old, disable its account before deleting it",
        ],
        (Cause::PasswordMismatch, Kind::MachineAccount) => &[
            "wait for one replication cycle after a password change: a short burst may be harmless",
            "on the host: Test-ComputerSecureChannel, and if it is False, Test-ComputerSecureChannel -Repair (or netdom \
             resetpwd)",
            "on a domain controller: stop its KDC service first, so that it gets its ticket from another one, then netdom \
             resetpwd, and start the service again",
            "if the host was restored from a snapshot or an image, reset before anything else relies on it",
        ],
        (Cause::PasswordMismatch, Kind::ServiceAccount) => &[
            "enter the account's password again wherever the service uses it (services, application pools, tasks), and \
             restart it",
            "if several hosts run the service, all of them must have the same password",
            "a group managed service account ends this for good",
        ],
        (Cause::PasswordMismatch, Kind::EncryptionType) => &[
            "compare msDS-SupportedEncryptionTypes of the account with what the host allows (Network security: Configure \
             encryption types allowed for Kerberos)",
            "if the account's password is older than the encryption types, set it again: new keys are made only then",
            "do not go back to RC4 or DES: repair the newer keys",
        ],
        (Cause::PasswordMismatch, _) => &[
            "nothing, if it stops within 10 hours of the password change: tickets made before it run out",
            "at once: klist purge on the clients",
            "if it goes on: the service still uses the old password, enter it again and restart it",
        ],
        (Cause::WrongHost, Kind::ClusterOrAlias) => &[
            "if clients work, this is harmless: the name is served by the node that answered",
            "bring the cluster group online and repair its computer account, or register the alias properly (netdom \
             computername /add, or setspn -S on the account that answers)",
        ],
        (Cause::WrongHost, Kind::SharedAddress) => &[
            "find out which of the two hosts should have the address",
            "take it from the other one, or disable that adapter there",
        ],
        (Cause::WrongHost, _) => &[
            "on the client: clear the cache (ipconfig /flushdns) and look for the name in the hosts file",
            "correct the DNS record, delete stale ones, and switch on scavenging",
            "if the address was given to another machine, check DHCP reservations and leases",
        ],
        (Cause::Undetermined, _) => &["collect what is missing and run again"],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_name_never_reaches_a_command() {
        for name in ["a; Remove-Item C:\\", "$(calc)", "a`b", "x|y", "-Force", "a\"b", "a b", "x\ny", "&calc"]
        {
            for line in [
                addresses_of(name),
                resolve(name, name),
                netlogon(name),
                who_is(name),
                spn_owner(name),
                goes_on(name),
                kdc_log(name),
            ] {
                assert!(!line.contains(name) || name.is_empty(), "{line}");
            }
        }
        assert!(addresses_of("srv2.beta.example.com").contains("-CimSession srv2.beta.example.com"));
    }

    #[test]
    fn what_is_missing_can_be_read_again() {
        use Wanted::{Accounts, AddressesOf, ControllersLogs, LogOf, Resolve};
        let (host, client) = ("srv2.beta.example.com", "SRV1.alpha.example.com");
        assert_eq!(wanted(&addresses_of(host)), [AddressesOf(host.into())]);
        assert_eq!(wanted(&resolve(host, client)), [Resolve { name: host.into(), client: client.into() }]);
        assert_eq!(wanted(&netlogon(host)), [LogOf(host.into()), ControllersLogs]);
        assert_eq!(wanted(&silence(host)), [LogOf(host.into())]);
        assert_eq!(wanted(&goes_on(host)), [LogOf(host.into())]);
        assert_eq!(wanted(&kdc_log("HTTP/portal")), [ControllersLogs]);
        for text in [
            spn_owner("HTTP/portal"),
            service_logon("svc_web"),
            encryption_types("svc_web"),
            computers_named("srv7", &[]),
            who_is("portal"),
        ] {
            assert_eq!(wanted(&text), [Accounts], "{text}");
        }
        for text in [tickets(client), owner_of("10.0.0.1"), String::new(), "what".into()] {
            assert_eq!(wanted(&text), [], "{text}");
        }
    }

    #[test]
    fn every_cause_has_steps_and_none_moves_a_host_spn() {
        for cause in Cause::ALL {
            for kind in Kind::ALL {
                assert!(!fix(cause, kind).is_empty());
            }
        }
        let misplaced = fix(Cause::DuplicateSpn, Kind::Misplaced).join(" ");
        assert!(misplaced.contains("never move a computer's own HOST SPN"), "trap 7");
    }
}
