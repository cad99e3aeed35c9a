//! The names of an incident for the texts of its fix, and the steps and commands that several fixes share.

use std::net::IpAddr;

use super::{NameRole, RemedyInput, Step};
use crate::diagnosis::command::{Command, Name};
use crate::diagnosis::request::{
    HOSTS_FILE, LIST_POOLS, NEWEST_EVENT, appcmd, on_every_controller, spn_query,
};
use crate::diagnosis::{AccountFacts, AccountKind, IncidentName};
use crate::names::Principal;

/// The service of a service class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Service {
    Web,
    Files,
    Sql,
    /// WMI, DCOM and other RPC of Windows itself (`HOST`, `RPCSS`, `RestrictedKrbHost`).
    Windows,
    Directory,
    Other,
}

impl Service {
    fn from_class(class: &str) -> Self {
        const CLASSES: [(&str, Service); 11] = [
            ("http", Service::Web),
            ("wsman", Service::Web),
            ("cifs", Service::Files),
            ("mssqlsvc", Service::Sql),
            ("host", Service::Windows),
            ("rpcss", Service::Windows),
            ("restrictedkrbhost", Service::Windows),
            ("rpc", Service::Windows),
            ("ldap", Service::Directory),
            ("gc", Service::Directory),
            ("e3514235-4b06-11d1-ab04-00c04fc2dcd2", Service::Directory),
        ];
        CLASSES
            .into_iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(class))
            .map_or(Self::Other, |(_, service)| service)
    }

    /// The service as a noun with its article.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Web => "the web service",
            Self::Files => "the file service",
            Self::Sql => "SQL Server",
            Self::Windows | Self::Directory | Self::Other => "the service",
        }
    }
}

/// The reason for the steps: an incident, or a finding of an audit before anything failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Occasion {
    Incident,
    Audit,
}

/// Names, accounts and addresses, ready for sentences and commands.
pub(super) struct View<'a> {
    occasion: Occasion,
    pub(super) input: &'a RemedyInput,
    pub(super) client: Name,
    pub(super) target: Name,
    pub(super) spn: Name,
    /// The service class of the SPN; empty if the target is not an SPN.
    pub(super) class: Box<str>,
    pub(super) service: Service,
    /// The host that answered.
    pub(super) responder: Name,
    /// The account that answered.
    pub(super) account: Name,
    /// The first account that owns the SPN and is not the one that answered.
    pub(super) owner: Name,
    pub(super) addresses: Vec<IpAddr>,
    pub(super) domains: Vec<Name>,
}

impl<'a> View<'a> {
    pub(super) fn new(input: &'a RemedyInput, occasion: Occasion) -> Self {
        let absent = IncidentName::default();
        let target = Principal::parse(&input.target);
        let spn = target.spn();
        let account = match &input.responder_account {
            Some(facts) => Name::account(facts, NameRole::Account),
            None => Name::unverified(&input.responder.text, NameRole::Account),
        };
        let is_responder = |owner: &&AccountFacts| {
            let responder = input.responder_account.as_deref();
            responder.is_some_and(|facts| facts.name == owner.name && facts.domain == owner.domain)
        };
        let owner = input.owners.iter().find(|owner| !is_responder(owner));
        let hosts = [&input.client, &input.target_host].into_iter().filter(|host| host.is_known);
        let listed =
            input.owners.iter().chain(input.responder_account.as_deref()).filter(|account| account.listed);
        let known: Vec<&str> = hosts
            .filter_map(|host| host.text.split_once('.').map(|(_, domain)| domain))
            .chain(listed.map(|account| &*account.domain))
            .collect();
        let is_known = |realm: &str| known.iter().any(|domain| domain.eq_ignore_ascii_case(realm));
        Self {
            occasion,
            input,
            client: Name::host(&input.client, NameRole::Client),
            target: Name::target(&input.target_host),
            spn: spn.map_or_else(|| Name::unverified(&input.target, NameRole::Spn), Name::spn),
            class: spn.map(|spn| spn.class.clone()).unwrap_or_default(),
            service: spn.map_or(Service::Other, |spn| Service::from_class(&spn.class)),
            responder: Name::host(input.responder_host.as_ref().unwrap_or(&absent), NameRole::Responder),
            account,
            owner: owner.map_or(Name::absent(NameRole::Owner), |facts| Name::account(facts, NameRole::Owner)),
            addresses: input.addresses.iter().map(|shared| shared.address).collect(),
            domains: input.realms.iter().map(|realm| Name::domain(realm, is_known(realm))).collect(),
        }
    }

    /// Is the service this one, or is there no incident? In the second case the texts cover every service.
    pub(super) fn may_be_service(&self, service: Service) -> bool {
        self.service == service || self.spn.is_absent()
    }

    /// Are these the steps for an audit?
    pub(super) fn is_audit(&self) -> bool {
        self.occasion == Occasion::Audit
    }

    /// The kind of the account that answered.
    pub(super) fn account_kind(&self) -> AccountKind {
        self.input.responder_account.as_ref().map_or(AccountKind::Unknown, |facts| facts.kind)
    }

    /// The facts about [`owner`](Self::owner).
    pub(super) fn owner_facts(&self) -> Option<&AccountFacts> {
        self.input.owners.iter().find(|owner| *owner.name == *self.owner.in_sentence())
    }

    /// The host of the service: the one that answered, or the target if none did.
    pub(super) fn server(&self) -> &Name {
        if self.responder.is_absent() { &self.target } else { &self.responder }
    }

    /// The shared addresses for a sentence, such as `169.254.95.120 (IBM USB Remote NDIS Network Device)`.
    pub(super) fn address_words(&self) -> String {
        let one = |shared: &crate::diagnosis::SharedAddress| match shared.adapter.is_empty() {
            true => shared.address.to_string(),
            false => format!("{} ({})", shared.address, shared.adapter),
        };
        match &*self.input.addresses {
            [] => "the shared address".to_owned(),
            all => all.iter().take(4).map(one).collect::<Vec<_>>().join(", "),
        }
    }

    /// The first shared address for a command, or its placeholder.
    pub(super) fn address(&self) -> String {
        self.addresses.first().map_or_else(|| "<address>".to_owned(), ToString::to_string)
    }

    /// The first known domain for a command, or its placeholder.
    pub(super) fn domain(&self) -> &str {
        self.domains.iter().find(|domain| domain.is_known()).map_or("<domain>", Name::in_command)
    }

    /// Commands that show on the client whether the fix works.
    pub(super) fn verification(&self) -> Vec<Command> {
        let target = self.target.in_command();
        let test = match self.service {
            Service::Windows => Some(format!("Get-WmiObject Win32_OperatingSystem -ComputerName {target}")),
            Service::Web => {
                Some(format!("Invoke-WebRequest http://{target}/ -UseDefaultCredentials -UseBasicParsing"))
            }
            Service::Sql => Some(format!(
                "sqlcmd -S {target} -E -Q 'SELECT auth_scheme FROM sys.dm_exec_connections WHERE \
                 session_id = @@SPID'"
            )),
            Service::Files => Some(format!("net view \\\\{target}")),
            Service::Directory | Service::Other => None,
        };
        let test = test.filter(|_| self.target.is_known());
        let events = Command::on(&self.client, NEWEST_EVENT);
        test.map(|line| Command::on(&self.client, line)).into_iter().chain([events]).collect()
    }

    /// Adds to a step how to verify that the fix works.
    pub(super) fn with_verification(&self, step: Step) -> Step {
        if self.is_audit() {
            return step.verify("Export again and run krbtriage audit: it no longer lists this.", []);
        }
        let text = format!(
            "Repeat what failed on {}. No event 4 for {} is newer than the fix.",
            self.client.in_sentence(),
            self.spn.in_sentence()
        );
        step.verify(text, self.verification())
    }

    /// The last step of a fix of keys or SPNs, which empties the ticket caches of the client.
    pub(super) fn purge_tickets(&self) -> Step {
        let purge = |session: &str| Command::on(&self.client, format!("klist {session}purge"));
        let step = Step::read(format!(
            "After replication, purge the old tickets on {}: of LocalSystem (0x3e7), of NetworkService \
             (0x3e4) and of your own session. Restart services there that run under other accounts. Or \
             wait: tickets live up to 10 hours.",
            self.client.in_sentence()
        ))
        .run_all([purge("-li 0x3e7 "), purge("-li 0x3e4 "), purge("")]);
        self.with_verification(step)
    }

    /// The step that saves the SPNs of accounts before they are changed.
    pub(super) fn save_spns(&self, accounts: &[&Name]) -> Step {
        let commands = accounts.iter().enumerate().map(|(i, account)| {
            let arrow = if i == 0 { ">" } else { ">>" };
            Command::new(format!("setspn -L {} {arrow} before.txt", account.in_command()))
        });
        Step::read("Save the SPNs of every account you are going to change, so that you can restore them.")
            .run_all(commands)
    }

    /// Adds (`-S`) the SPN to an account, or removes it (`-D`).
    pub(super) fn setspn(&self, option: &str, account: &Name) -> Command {
        Command::new(format!("setspn {option} {} {}", self.spn.in_query(), account.in_command()))
    }

    /// Sets `msDS-SupportedEncryptionTypes` of the account that answered.
    pub(super) fn set_encryption_types(&self, value: &str) -> Command {
        let account =
            if self.account.is_known() { self.account.in_filter() } else { NameRole::Account.placeholder() };
        Command::new(format!(
            "Get-ADObject -LDAPFilter '(sAMAccountName={account})' | Set-ADObject -Replace \
             @{{'msDS-SupportedEncryptionTypes'={value}}}"
        ))
    }

    /// Resolves the target's name on the client.
    pub(super) fn resolve_target(&self) -> Command {
        Command::on(&self.client, format!("Resolve-DnsName {}", self.target.in_query()))
    }

    /// Finds the target's name in the hosts file of the client.
    pub(super) fn search_hosts_file(&self) -> Command {
        Command::on(&self.client, format!("Select-String {} {HOSTS_FILE}", self.target.label()))
    }

    /// The step that moves the SPN from one account to another.
    pub(super) fn move_spn(&self, from: &Name, to: &Name, condition: &str) -> Step {
        Step::directory(format!(
            "Move {} from {} to {} on one domain controller: remove it, wait until every domain controller \
             shows the change, then register it.",
            self.spn.in_sentence(),
            from.in_sentence(),
            to.in_sentence()
        ))
        .only_if(condition)
        .risk(
            "clients get no ticket for it between the two commands, and Kerberos ends for every other \
             service that uses it on the old account. Never move a computer's own HOST SPN.",
        )
        .needs("the right to write servicePrincipalName on both accounts.")
        .run(self.setspn("-D", from))
        .run(Command::new(on_every_controller(from, "servicePrincipalName")))
        .run(self.setspn("-S", to))
        .undo("Restore what before.txt shows.", [self.setspn("-D", to), self.setspn("-S", from)])
        .verify(
            format!("{} is the only owner of {}.", to.at_start(), self.spn.in_sentence()),
            spn_query(&self.spn),
        )
    }

    /// Commands that show the accounts of the services on a host.
    pub(super) fn service_accounts(&self, host: &Name) -> Vec<Command> {
        let place = host.with_origin();
        let filter = match self.service {
            Service::Sql => " | Where-Object Name -like 'MSSQL*'",
            _ => "",
        };
        let services =
            format!("Get-CimInstance Win32_Service{filter} | Select-Object Name, StartName, State");
        let pools = (self.service == Service::Web).then(|| appcmd(&place, LIST_POOLS));
        [Command::at(&*place, services)].into_iter().chain(pools).collect()
    }
}
